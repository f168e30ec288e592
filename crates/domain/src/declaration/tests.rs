use super::*;
use crate::regime::{RatificationCatalogue, Regime, choose};
use jiff::civil::date;
use proptest::prelude::*;

/// The tables of the reference data, as plain lists.
struct Tables;

impl Places for Tables {
    fn has_region(&self, code: &str) -> bool {
        code.starts_with("15") && listed(include_str!("../../../../data/regions.tsv"), code)
    }
}

impl Industries for Tables {
    fn has_industry(&self, code: &str) -> bool {
        listed(include_str!("../../../../data/industries.tsv"), code)
    }
}

fn listed(table: &str, code: &str) -> bool {
    table.lines().skip(1).any(|line| line.split('\t').next() == Some(code))
}

fn context() -> Context<'static> {
    Context { regions: &Tables, industries: &Tables, today: date(2026, 11, 24) }
}

const PLANT: &[(&str, &str)] = &[
    ("touches_secrets", "no"),
    ("foreign_kind", "domestic"),
    ("project_name", "昆都仑区新材料公司年产3万吨负极材料项目"),
    ("content", "建设生产车间2座、综合楼1栋。\r\n购置石墨化炉等设备120台(套)。"),
    ("scale", "年产负极材料3万吨"),
    ("construction_nature", "new"),
    ("project_type", "01"),
    ("project_stage", "not_started"),
    ("industry", "3091"),
    ("industrial_policy", "permitted"),
    ("catalogue_item", "none"),
    ("planned_start", "2027-04"),
    ("planned_end", "2029年6月"),
    ("region", "150203"),
    ("place_detail", "金属深加工园区纬三路以北"),
    ("in_zone", "yes"),
    ("zone_name", "金属深加工园区"),
    ("total_investment", "12,000"),
    ("civil_cost", "4500"),
    ("equipment_cost", "5200"),
    ("installation_cost", "800"),
    ("other_cost", "900"),
    ("build_interest", "200"),
    ("working_capital", "400"),
    ("funding", "no"),
    ("fund_own", "5000"),
    ("fund_bank_loan", "7000"),
    ("project_capital", "5000"),
    ("land_method", "grant"),
    ("above_ground_area_m2", "18000"),
    ("land", "on"),
    ("land_area_mu", "120.5"),
    ("building", "yes"),
    ("building_area_m2", "21000"),
    ("in_planning_area", "yes"),
    ("eia_class", "report"),
    ("energy_tce", "1860.25"),
    ("unit_name", "包头市某某新材料有限公司"),
    ("unit_credit_code", "91150200ma0n1234xx"),
    ("unit_nature", "private"),
    ("unit_address", "包头市昆都仑区钢铁大街1号"),
    ("legal_representative", "张三"),
    ("contact_name", "李四"),
    ("contact_mobile", "13800000000"),
    ("contact_email", "lisi@example.com"),
    ("policy_commitment", "yes"),
    ("truth_commitment", "yes"),
];

const FOREIGN: &[(&str, &str)] = &[
    ("foreign_kind", "foreign"),
    ("investment_mode", "new_company"),
    ("total_usd_wan", "1690.1408"),
    ("exchange_rate", "7.1"),
    ("contributions", "某某香港有限公司;中国香港;货币;3000;25.5\n\n某某新材料公司;中国;实物;9000;74.5%"),
    ("security_review", "no"),
];

fn answers(changes: &[(&str, &str)]) -> Answers {
    let pairs = PLANT.iter().chain(changes);
    pairs.map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}

fn declare(changes: &[(&str, &str)]) -> Result<Declaration, Vec<Refusal>> {
    Declaration::from_answers(form(), &answers(changes), &context())
}

/// Codes and fields of the refusals.
fn refused(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let refusals = declare(changes).unwrap_err();
    refusals.into_iter().map(|r| (r.code.into_owned(), r.field.unwrap_or_default())).collect()
}

fn only(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

#[test]
fn art14_1_a_complete_declaration_is_typed() {
    let declaration = declare(&[]).unwrap();
    assert_eq!(declaration.form_version, form().version);
    assert_eq!(declaration.content, "建设生产车间2座、综合楼1栋。\n购置石墨化炉等设备120台(套)。");
    assert_eq!(declaration.investment.total, Money::parse_wan("12000").unwrap());
    assert_eq!(declaration.end.to_string(), "2029-06");
    assert_eq!(declaration.unit_credit_code, "91150200MA0N1234XX");
    assert_eq!((declaration.catalogue_item.as_deref(), declaration.foreign.as_ref()), (None, None));
    assert_eq!(declaration.extra.get("zone_name").map(String::as_str), Some("金属深加工园区"));
    let facts = declaration.facts();
    assert_eq!(facts["land"], Fact::Bool(true));
    assert_eq!(facts["river"], Fact::Bool(false));
    assert_eq!(facts["land_area_mu"], Fact::Number(120.5));
    assert_eq!(facts["electricity_wan_kwh"], Fact::Number(0.0));
    assert_eq!(facts["eia_class"], Fact::Text("report".to_owned()));
    assert_eq!(facts["funding_government"], Fact::Bool(false));
    assert_eq!(facts["total_investment_wan"], Fact::Number(12_000.0));
    assert_eq!(facts["foreign_kind"], Fact::Text("domestic".to_owned()));
    let choice = choose(&declaration.regime_facts(), RatificationCatalogue::shipped()).unwrap();
    assert_eq!(choice.regime, Regime::RecordFiling);
}

#[test]
fn art14_1_every_required_field_is_asked_for_by_name() {
    for (id, _) in PLANT {
        let field = form().field(id).unwrap();
        let mut without = answers(&[]);
        without.remove(*id);
        let result = Declaration::from_answers(form(), &without, &context());
        if form().is_required(field, &without) {
            let refusals = result.unwrap_err();
            let mine = refusals.iter().find(|r| r.field.as_deref() == Some(id)).expect(id);
            assert_eq!(mine.code, "declaration.required", "{id}");
            assert!(mine.message.contains(&field.label));
        }
    }
    let nothing = Declaration::from_answers(form(), &Answers::new(), &context()).unwrap_err();
    assert!(nothing.iter().all(|r| r.code == "declaration.required"));
    assert_eq!(nothing.first().and_then(|r| r.field.as_deref()), Some("touches_secrets"));
}

#[test]
fn art14_1_refusals_come_in_form_order_and_page_by_page() {
    let broken =
        answers(&[("planned_end", "2020-01"), ("industry", "9999"), ("region", "110101"), ("civil_cost", "1")]);
    let all = Declaration::from_answers(form(), &broken, &context()).unwrap_err();
    let order: Vec<&str> = all.iter().filter_map(|r| r.field.as_deref()).collect();
    assert_eq!(order, ["industry", "planned_end", "region", "civil_cost"]);
    let paged: Vec<Refusal> =
        form().groups.iter().flat_map(|g| validate_group(form(), &g.id, &broken, &context())).collect();
    assert_eq!(paged, all);
    assert_eq!(validate_group(form(), "nowhere", &broken, &context())[0].code, "declaration.unknown_group");
}

#[test]
fn art3_a_classified_project_has_no_declaration() {
    assert_eq!(refused(&[("touches_secrets", "yes")]), only("declaration.classified", "touches_secrets"));
}

#[test]
fn art14_1_money_must_add_up() {
    assert_eq!(refused(&[("civil_cost", "4500.0001")]), only("declaration.costs_sum", "civil_cost"));
    assert_eq!(refused(&[("fund_other", "1")]), only("declaration.funds_sum", "fund_budget"));
    let message = &declare(&[("fund_own", "4000")]).unwrap_err()[0].message;
    assert!(message.contains("11000万元") && message.contains("少1000万元"), "{message}");
    assert_eq!(
        refused(&[("project_capital", "12000.5")]),
        only("declaration.capital_exceeds_total", "project_capital")
    );
    assert_eq!(refused(&[("equipment_cost", "-5")]), only("money.format", "equipment_cost"));
    let zero: Vec<(&str, &str)> = COST_AND_FUND_FIELDS.iter().map(|id| (*id, "0")).collect();
    assert_eq!(refused(&zero), only("declaration.total_zero", "total_investment"));
}

const COST_AND_FUND_FIELDS: [&str; 10] = [
    "total_investment",
    "civil_cost",
    "equipment_cost",
    "installation_cost",
    "other_cost",
    "build_interest",
    "working_capital",
    "fund_own",
    "fund_bank_loan",
    "project_capital",
];

#[test]
fn government_investment_regulation_art9_needs_its_money() {
    assert_eq!(refused(&[("funding", "yes")]), only("declaration.government_money_missing", "funding"));
    let funded = declare(&[("funding", "yes"), ("fund_budget", "7000"), ("fund_bank_loan", "")]).unwrap();
    let choice = choose(&funded.regime_facts(), RatificationCatalogue::shipped()).unwrap();
    assert_eq!(choice.regime, Regime::Approval);
}

#[test]
fn enterprise_regulation_art13_is_declared_before_the_start() {
    assert_eq!(refused(&[("planned_start", "2026-10")]), only("declaration.start_in_past", "planned_start"));
    assert!(declare(&[("planned_start", "2026-11")]).is_ok());
    assert!(declare(&[("planned_start", "2026-10"), ("project_stage", "started")]).is_ok());
    assert_eq!(refused(&[("project_stage", "started")]), only("declaration.start_in_future", "planned_start"));
    assert_eq!(refused(&[("planned_end", "2027-03")]), only("declaration.end_before_start", "planned_end"));
}

#[test]
fn art14_1_facts_may_not_contradict_each_other() {
    for (changes, code, field) in [
        (&[("land_area_mu", "0")][..], "declaration.land_area", "land_area_mu"),
        (&[("land", "")], "declaration.land_area", "land_area_mu"),
        (&[("building_area_m2", "0"), ("above_ground_area_m2", "")], "declaration.building_area", "building_area_m2"),
        (&[("above_ground_area_m2", "21000.01")], "declaration.above_ground_area", "building_area_m2"),
        (
            &[("building", ""), ("building_area_m2", ""), ("above_ground_area_m2", ""), ("civil_building", "yes")],
            "declaration.building_missing",
            "civil_building",
        ),
        (&[("construction_nature", "technical_transformation")], "declaration.type_contradicts_nature", "project_type"),
        (&[("project_type", "02")], "declaration.type_contradicts_nature", "project_type"),
    ] {
        assert_eq!(refused(changes), only(code, field), "{changes:?}");
    }
    assert_eq!(refused(&[("land_area_mu", "")]), only("declaration.required", "land_area_mu"));
}

#[test]
fn s19_answers_are_bounded_and_visible() {
    let long = "长".repeat(101);
    let bidi = "某项目\u{202e}目项";
    for (changes, code, field) in [
        (&[("project_name", long.as_str())][..], "declaration.too_long", "project_name"),
        (&[("project_name", bidi)], "declaration.control_character", "project_name"),
        (&[("project_name", "某\u{0}项目")], "declaration.control_character", "project_name"),
        (&[("project_name", "某\n项目")], "declaration.control_character", "project_name"),
        (&[("unit_nature", "kingdom")], "declaration.option", "unit_nature"),
        (&[("private_capital", "perhaps")], "declaration.option", "private_capital"),
        (&[("energy_tce", "1e9")], "declaration.number", "energy_tce"),
        (&[("energy_tce", "NaN")], "declaration.number", "energy_tce"),
        (&[("energy_tce", "1.234")], "declaration.number", "energy_tce"),
        (&[("energy_tce", "1234567890")], "declaration.number", "energy_tce"),
        (&[("planned_end", "2029-13")], "declaration.month", "planned_end"),
        (&[("planned_end", "2029-06-01")], "declaration.month", "planned_end"),
        (&[("industry", "30")], "declaration.industry", "industry"),
        (&[("unit_credit_code", "91150200MA0N1234XO")], "declaration.credit_code", "unit_credit_code"),
        (&[("contact_mobile", "12345")], "declaration.phone", "contact_mobile"),
        (&[("contact_phone", "0472-51234567890")], "declaration.phone", "contact_phone"),
        (&[("contact_email", "lisi@example")], "declaration.email", "contact_email"),
        (&[("contact_email", "a@b@c.com")], "declaration.email", "contact_email"),
        (&[("no_such_field", "x")], "declaration.unknown_field", "no_such_field"),
    ] {
        assert_eq!(refused(changes), only(code, field), "{changes:?}");
    }
    let wide: String = "13800000000".chars().filter_map(|c| char::from_u32(c as u32 + 0xfee0)).collect();
    let folded = declare(&[("contact_mobile", &wide), ("contact_phone", "0472-5123456-8001")]).unwrap();
    assert_eq!(folded.personal.get("contact_mobile"), Some("13800000000"));
    assert!(declare(&[("project_name", &"长".repeat(100))]).is_ok());
}

#[test]
fn foreign_projects_answer_their_own_page_and_others_do_not() {
    let shown = |answers: &Answers| form().shown_groups(answers).any(|group| group.id == "foreign");
    assert!(!shown(&answers(&[])) && shown(&answers(FOREIGN)));
    let foreign = declare(FOREIGN).unwrap().foreign.unwrap();
    assert_eq!(foreign.total_usd, Money::parse_wan("1690.1408").unwrap());
    let ratios: Vec<u16> = foreign.contributions.iter().map(|c| c.ratio).collect();
    assert_eq!(ratios, [2550, 7450]);
    let mut over = FOREIGN.to_vec();
    over.push(("contributions", "甲;中国;货币;1;60\n乙;中国;货币;1;40.01"));
    assert_eq!(refused(&over), only("declaration.ratios_exceed_whole", "contributions"));
    over.push(("contributions", "甲;中国;货币;1"));
    assert_eq!(refused(&over), only("declaration.contributions", "contributions"));
    assert_eq!(
        refused(&[("foreign_kind", "foreign")])[0],
        ("declaration.required".to_owned(), "investment_mode".to_owned())
    );

    let mut hidden = FOREIGN.to_vec();
    hidden.push(("foreign_kind", "domestic"));
    let domestic = declare(&hidden).unwrap();
    assert_eq!(domestic, declare(&[]).unwrap(), "hidden answers stay in the draft only");
    let merger = [FOREIGN, &[("investment_mode", "merger")]].concat();
    assert_eq!(refused(&merger).len(), 2);
    let overseas =
        [FOREIGN, &[("foreign_kind", "overseas"), ("overseas_country", "蒙古国"), ("overseas_sensitive", "yes")]]
            .concat();
    let choice = choose(&declare(&overseas).unwrap().regime_facts(), RatificationCatalogue::shipped()).unwrap();
    assert_eq!(choice.rule, "regime.overseas_sensitive");
}

#[test]
fn s33_personal_answers_are_registered_and_leave_only_by_split() {
    let register: Vec<&str> = form().personal_register().map(|(field, _)| field.id.as_str()).collect();
    assert_eq!(register, ["legal_representative", "contact_name", "contact_mobile", "contact_phone", "contact_email"]);
    let declaration = declare(&[]).unwrap();
    let printed = format!("{declaration:?}{}", serde_json::to_string(&declaration).unwrap());
    for secret in ["张三", "李四", "13800000000", "lisi@example.com"] {
        assert!(!printed.contains(secret), "{secret}");
        assert!(!declaration.facts().values().any(|fact| *fact == Fact::Text(secret.to_owned())));
    }
    let (public, personal) = declaration.clone().split_personal();
    assert_eq!(personal.len(), 4);
    assert_eq!(public.personal, PersonalAnswers::default());
    assert_eq!(public.with_personal(personal), declaration);

    let shipped = include_str!("../../../../data/declaration.toml");
    let unregistered = shipped.replacen("purpose = \"核对项目单位身份，制作法律文书\"", "purpose = \" \"", 1);
    assert_ne!(shipped, unregistered);
    assert_eq!(Form::parse(&unregistered).unwrap_err().code, "form.format");
    let untagged = shipped.replacen(
        "id = \"legal_representative\"\nlabel",
        "id = \"legal_representative\"\nkind = \"text\"\nlabel",
        1,
    );
    assert!(Form::parse(&untagged.replacen("kind = \"person\"\n", "", 1)).is_err());
}

#[test]
fn art12_changes_name_the_field_and_both_answers() {
    let before = declare(&[]).unwrap();
    let after = declare(&[
        ("total_investment", "13000"),
        ("civil_cost", "5500"),
        ("fund_own", "6000"),
        ("construction_nature", "expansion"),
        ("contact_name", "王五"),
        ("river", "yes"),
    ])
    .unwrap();
    assert!(changes(form(), &before, &before).is_empty());
    let list = changes(form(), &before, &after);
    let fields: Vec<&str> = list.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(fields, ["construction_nature", "total_investment", "civil_cost", "fund_own", "river"]);
    assert_eq!((list[0].before.as_str(), list[0].after.as_str()), ("新建", "扩建"));
    assert_eq!((list[1].label.as_str(), list[1].after.as_str()), ("总投资", "13000万元"));
    assert_eq!((list[4].before.as_str(), list[4].after.as_str()), ("否", "是"));
}

#[test]
fn art10_a_second_declaration_of_the_same_project_is_noticed() {
    let first = declare(&[]).unwrap();
    let score = |changes: &[(&str, &str)]| {
        let second = declare(changes).unwrap();
        let score = similarity(&first.likeness(), &second.likeness());
        assert_eq!(score, similarity(&second.likeness(), &first.likeness()));
        score
    };
    assert_eq!(score(&[]), 100);
    assert!(score(&[("project_name", "新材料公司年产3万吨负极材料建设项目")]) >= PROBABLE_DUPLICATE);
    assert!(score(&[("unit_credit_code", "91150200MA0N5678XX")]) >= PROBABLE_DUPLICATE);
    assert!(score(&[("project_name", "青山区体育公园提升改造工程")]) < PROBABLE_DUPLICATE);
    let second_phase = declare(&[("project_name", "负极材料项目二期")]).unwrap();
    let first_phase = declare(&[("project_name", "负极材料项目一期")]).unwrap();
    assert!(similarity(&first_phase.likeness(), &second_phase.likeness()) < PROBABLE_DUPLICATE);
    let strange = Likeness { unit_credit_code: "1", region: "11", place: "", name: "", total: Money(i64::MIN) };
    assert_eq!(similarity(&first.likeness(), &strange), 0);
}

#[test]
fn the_facts_page_has_the_fields_the_item_rules_name() {
    let expected = "land land_area_mu building building_area_m2 in_planning_area rural temporary civil_building \
        special_building highrise_over_limit eia_class energy_tce electricity_wan_kwh near_military must_bid over_mineral \
        hazard_area river flood_area takes_water disturbs_soil occupies_irrigation water_project large_water_project outfall \
        uses_forest uses_grassland temp_grassland reserve scenic agri crosses_waterway port crosses_road road waterway airport \
        green sewer city_road historic hazchem mine metallurgy near_met_station flammable major seismic relic_area \
        large_footprint security_zone religious medical_radiation near_pipeline gas eia_approved_over_5y energy_sector";
    let mut expected: Vec<&str> = expected.split_whitespace().collect();
    let group = form().group("facts").unwrap();
    let mut ids: Vec<&str> = group.fields.iter().map(|f| f.id.as_str()).collect();
    expected.sort_unstable();
    ids.sort_unstable();
    assert_eq!(ids, expected);
    let headings: Vec<&str> = group.sections().iter().map(|(heading, _)| *heading).collect();
    assert_eq!(headings, ["用地规划", "环境与资源", "水利", "交通", "住建", "安全", "其他"]);
    let declared: Vec<String> = declare(&[]).unwrap().features.into_keys().collect();
    assert_eq!(declared, ids);
}

#[test]
fn the_form_explains_every_question_and_its_examples_are_good_answers() {
    for field in form().fields() {
        assert!(!field.help.is_empty() && !field.measure.is_empty(), "{}", field.id);
        let Some(example) = &field.example else {
            continue;
        };
        let typed = match field.kind {
            Kind::YesNo => {
                if example == "是" {
                    "yes"
                } else {
                    "no"
                }
            }
            Kind::Choice => field.options.iter().find(|o| o.label == *example).map_or("?", |o| o.value.as_str()),
            _ => example,
        };
        assert!(value::read(field, typed, &context()).unwrap().is_some(), "{}: {example}", field.id);
    }
    for (id, values) in [
        ("industrial_policy", Policy::ALL.map(|(value, _)| value).to_vec()),
        ("foreign_kind", ForeignKind::ALL.map(|(value, _)| value).to_vec()),
    ] {
        let options: Vec<&str> = form().field(id).unwrap().options.iter().map(|o| o.value.as_str()).collect();
        assert_eq!(options, values);
    }
    let items = &RatificationCatalogue::shipped().items;
    assert_eq!(form().field("catalogue_item").unwrap().options.len(), items.len() + 1);
}

#[test]
fn a_broken_form_is_refused() {
    let shipped = include_str!("../../../../data/declaration.toml");
    for (from, to) in [
        ("id = \"scale\"", "id = \"content\""),
        ("id = \"scale\"", "id = \"Scale\""),
        ("kind = \"person\"", "kind = \"text\""),
        ("required = true", "requierd = true"),
        ("show_when = { field = \"in_zone\"", "show_when = { field = \"zone_name\""),
        ("id = \"money\"", "id = \"place\""),
        ("decimals = 4", "decimals = 9"),
        ("options_from = \"ratification_catalogue\"", "options = []"),
    ] {
        let broken = shipped.replacen(from, to, 1);
        assert_ne!(broken, shipped, "{from}");
        assert_eq!(Form::parse(&broken).unwrap_err().code, "form.format", "{to}");
    }
    let bare = "version = \"1\"\n[[group]]\nid = \"a\"\ntitle = \"甲\"\nintro = \"\"\n[[group.field]]\nid = \"b\"\nlabel = \"乙\"\nkind = \"text\"\nhelp = \"\"\nmeasure = \"\"";
    let bare = Form::parse(bare).unwrap();
    let refusals = Declaration::from_answers(&bare, &Answers::new(), &context()).unwrap_err();
    assert_eq!(refusals[0].code, "declaration.form_incomplete");
}

#[test]
fn a_declaration_survives_answers_and_json() {
    for changes in [&[][..], FOREIGN] {
        let declaration = declare(changes).unwrap();
        let again = Declaration::from_answers(form(), &declaration.to_answers(), &context()).unwrap();
        assert_eq!(again, declaration);
        let (public, _) = declaration.split_personal();
        let json = serde_json::to_string(&public).unwrap();
        assert_eq!(serde_json::from_str::<Declaration>(&json).unwrap(), public);
    }
}

/// Answers near to good ones: a few fields replaced by anything at all.
fn near_answers() -> impl Strategy<Value = Answers> {
    let ids: Vec<String> = form().fields().map(|f| f.id.clone()).collect();
    let text = prop_oneof![
        Just("yes".to_owned()),
        Just("foreign".to_owned()),
        Just("merger".to_owned()),
        "[0-9]{1,12}(\\.[0-9]{0,6})?",
        "[0-9]{4}[-年/.][0-9]{1,3}月?",
        "([一-龥a-z]{0,6};){0,6}[0-9.]{0,7}",
        "\\PC{0,40}",
        any::<String>(),
    ];
    let replaced = prop::collection::vec((prop::sample::select(ids), text), 0..12);
    replaced.prop_map(|replaced| {
        let mut answers = answers(&[]);
        answers.extend(replaced);
        answers
    })
}

proptest! {
    #[test]
    fn judging_never_panics_and_what_passes_comes_back_the_same(answers in near_answers()) {
        let paged: usize = form().groups.iter().map(|g| validate_group(form(), &g.id, &answers, &context()).len()).sum();
        match Declaration::from_answers(form(), &answers, &context()) {
            Err(refusals) => prop_assert_eq!(refusals.len(), paged),
            Ok(declaration) => {
                prop_assert_eq!(paged, 0);
                let again = Declaration::from_answers(form(), &declaration.to_answers(), &context());
                prop_assert_eq!(again, Ok(declaration));
            }
        }
        for field in form().fields() {
            field.display(answers.get(&field.id).map_or("", String::as_str));
        }
    }

    #[test]
    fn quantities_come_back_the_same(total in 1i64..1_000_000_000_000, area in 1u32..99_999_999, month in 0i64..1200) {
        // 万元 carry four decimals, areas in 亩 four.
        let total = Money(total * 100).wan();
        let area = format!("{}.{:04}", area / 10_000, area % 10_000);
        let start = format!("{:04}-{:02}", 2027 + month / 12, month % 12 + 1);
        let declaration = declare(&[
            ("total_investment", &total), ("civil_cost", &total), ("equipment_cost", ""), ("installation_cost", ""),
            ("other_cost", ""), ("build_interest", ""), ("working_capital", ""), ("fund_own", &total),
            ("fund_bank_loan", ""), ("project_capital", "0"), ("land_area_mu", &area), ("planned_start", &start),
            ("planned_end", &start),
        ]).unwrap();
        prop_assert_eq!(declaration.investment.total.wan(), total);
        prop_assert_eq!(declaration.start.to_string(), start);
        prop_assert_eq!(&declaration.features["land_area_mu"], &Fact::Number(area.parse().unwrap()));
        let again = Declaration::from_answers(form(), &declaration.to_answers(), &context());
        prop_assert_eq!(again, Ok(declaration));
    }
}
