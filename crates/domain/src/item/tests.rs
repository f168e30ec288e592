use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The codes of the list the catalogue was made from: none may get lost.
const CODES: [&str; 71] = [
    "gov_proposal",
    "gov_feasibility",
    "gov_prelim_design",
    "ent_ratify",
    "ent_ratify_change",
    "ent_ratify_extend",
    "ent_file",
    "tech_file",
    "energy_ratify",
    "land_preexam_site",
    "energy_saving",
    "social_risk",
    "airspace_defence",
    "bidding_approval",
    "eia",
    "eia_form",
    "eia_register",
    "eia_recheck",
    "land_use_planning",
    "construction_planning",
    "rural_planning",
    "temp_construction",
    "state_land_supply",
    "mineral_overlay",
    "geo_hazard",
    "flood_impact",
    "water_abstraction",
    "soil_water",
    "irrigation_occupy",
    "resettlement",
    "water_prelim_design",
    "outfall",
    "forest_land",
    "grassland",
    "temp_grassland",
    "nature_reserve",
    "agri_project",
    "navigation",
    "port_shoreline",
    "road_crossing",
    "highway_design",
    "highway_permit",
    "waterway_design",
    "railway_or_airport",
    "fire_design",
    "fire_other",
    "quake_highrise",
    "green_occupy",
    "sewer_alter",
    "road_dig",
    "historic_street",
    "construction_permit",
    "quality_supervision",
    "civil_defence",
    "hazchem_condition",
    "safety_design",
    "weather_env",
    "lightning",
    "seismic_eval",
    "relics",
    "national_security",
    "religious",
    "radiation",
    "pipeline",
    "planning_verify",
    "fire_accept",
    "completion_file",
    "archive_accept",
    "lightning_accept",
    "drainage_complete",
    "gas_complete",
];

fn facts(pairs: &[(&str, Fact)]) -> Facts {
    pairs.iter().map(|(id, fact)| ((*id).to_owned(), fact.clone())).collect()
}

fn yes(ids: &[&str]) -> Facts {
    ids.iter().map(|id| ((*id).to_owned(), Fact::Bool(true))).collect()
}

fn with(mut facts: Facts, id: &str, fact: impl Into<Fact>) -> Facts {
    facts.insert(id.to_owned(), fact.into());
    facts
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn not_needed<'a>(derivation: &'a Derivation, code: &str) -> &'a NotNeeded {
    derivation.not_needed.iter().find(|item| item.item == code).unwrap()
}

/// A small catalogue, to break on purpose.
const ITEMS: &str = r#"
version = "t"
[facts]
land = { label = "用地", kind = "bool" }
area = { label = "面积", kind = "number", unit = "亩" }
regime = { label = "方式", kind = "text", values = { approval = "审批", x = "其他" } }
[departments]
water = { name = "水行政主管部门" }
[kinds.licence]
process = ["申请"]
supervision = []
[[item]]
code = "one"
name = "甲"
department = "water"
stage = "application"
level = "county"
kind = "licence"
applies = "land && area > 5"
rule = "one@1"
basis = "法"
why = "因为用地"
content = "用地"
conditions = ["有地"]
limit = { days = 20, unit = "working", basis = "法", certainty = "seen" }
materials = ["form"]
after = []
certainty = { basis = "seen", level = "seen", materials = "seen" }
source = "test"
"#;

const MATERIALS: &str = r#"
[[material]]
id = "form"
name = "申请表"
formats = ["pdf"]
max_mb = 10
copies = "original"
source = "applicant"
"#;

fn broken(from: &str, to: &str) -> CatalogueError {
    assert!(ITEMS.contains(from), "{from}");
    Catalogue::parse(&ITEMS.replacen(from, to, 1), MATERIALS).unwrap_err()
}

fn broken_material(from: &str, to: &str) -> CatalogueError {
    assert!(MATERIALS.contains(from), "{from}");
    Catalogue::parse(ITEMS, &MATERIALS.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn art8_every_item_of_the_list_is_complete() {
    let codes: Vec<&str> = catalogue().items().iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, CODES);
    for item in catalogue().items() {
        assert!(!item.applies.source().is_empty() && !item.rule.is_empty(), "{}", item.code);
        assert!(!item.materials.is_empty() && item.basis.contains(['法', '例', '定']), "{}", item.code);
        assert!(!item.limit.basis.is_empty() && !item.source.is_empty(), "{}", item.code);
        assert!(item.why.starts_with("因为"), "{}", item.code);
        assert_eq!(item.limit.certainty == Certainty::Fallback, item.limit.basis.starts_with("行政许可法第四十二条"));
    }
}

#[test]
fn art8_limits_verified_in_law_keep_number_and_unit() {
    let limit = |code: &str| {
        let limit = &catalogue().item(code).unwrap().limit;
        (limit.days, limit.unit, limit.certainty)
    };
    use Certainty::{Fallback, Remembered, Seen};
    use LimitUnit::{Calendar, Working};
    assert_eq!(limit("ent_ratify"), (20, Working, Seen));
    assert_eq!(limit("eia"), (60, Calendar, Seen));
    assert_eq!(limit("eia_form"), (30, Calendar, Seen));
    assert_eq!(limit("eia_recheck"), (10, Calendar, Seen));
    assert_eq!(limit("water_abstraction"), (45, Working, Seen));
    assert_eq!(limit("construction_permit"), (7, Calendar, Seen));
    assert_eq!(limit("seismic_eval"), (15, Calendar, Seen));
    assert_eq!(limit("hazchem_condition"), (45, Calendar, Seen));
    assert_eq!(limit("road_crossing"), (20, Calendar, Seen));
    assert_eq!(limit("radiation"), (30, Calendar, Seen));
    assert_eq!(limit("fire_design"), (15, Working, Remembered));
    assert_eq!(limit("grassland"), (20, Working, Fallback));
    assert_eq!(catalogue().item("ent_file").unwrap().limit.words(), "当场办结");
    assert_eq!(catalogue().item("eia").unwrap().limit.words(), "60日");
}

#[test]
fn art8_a_guide_has_all_nine_elements_and_no_invented_telephone() {
    for item in catalogue().items() {
        let guide = catalogue().guide(&item.code).unwrap();
        assert!(!guide.basis.is_empty() && !guide.content.is_empty() && !guide.conditions.is_empty());
        assert!(!guide.materials.is_empty() && !guide.process.is_empty() && !guide.supervision.is_empty());
        assert!(!guide.fee.text.is_empty() && guide.contacts[0].window.ends_with("政务服务窗口"));
        assert_eq!(guide.materials.len(), item.materials.len(), "{}", item.code);
        assert_eq!(guide.contacts[0].phone_words(), "以受理机关公布为准");
    }
    assert!(catalogue().guide("nothing").is_none());
}

#[test]
fn art14_1_a_filed_project_on_new_land_gets_its_items_with_reasons() {
    let facts =
        with(with(yes(&["land", "building", "in_planning_area"]), "regime", "record_filing"), "energy_tce", 1500.0);
    let derivation = catalogue().derive(&facts);
    let codes = derivation.codes();
    for code in ["ent_file", "land_preexam_site", "energy_saving", "state_land_supply", "construction_permit"] {
        assert!(codes.contains(&code), "{code}");
    }
    for code in ["gov_proposal", "tech_file", "ent_ratify", "fire_design", "eia"] {
        assert!(!codes.contains(&code), "{code}");
    }
    let energy = derivation.needed.iter().find(|needed| needed.item == "energy_saving").unwrap();
    assert_eq!(energy.rule, "energy_saving@1");
    assert_eq!(energy.fired.len(), 1);
    assert_eq!(energy.fired[0].value, "1500吨标准煤");
    assert!(energy.because.contains("综合能源消费量"));
    assert!(energy.because.ends_with("。"));
}

#[test]
fn art14_1_every_item_is_either_needed_or_explained() {
    for facts in [Facts::new(), yes(&["land", "mine", "uses_grassland"])] {
        let derivation = catalogue().derive(&facts);
        assert_eq!(derivation.needed.len() + derivation.not_needed.len(), CODES.len());
        for item in &derivation.not_needed {
            assert!(item.would_change.starts_with("如果") && item.would_change.ends_with("则需要办理。"));
            assert!(item.failed.chars().count() > 3, "{}", item.item);
        }
    }
}

#[test]
fn art14_1_the_first_failed_condition_and_its_change_are_named() {
    let derivation = catalogue().derive(&with(yes(&["land"]), "energy_tce", 999.5));
    let planning = not_needed(&derivation, "land_use_planning");
    assert_eq!(planning.failed, "“位于城市、镇规划区内”为“否”。");
    assert_eq!(planning.changes.len(), 1);
    assert_eq!(planning.changes[0].fact, "in_planning_area");
    assert_eq!(planning.changes[0].to, Fact::Bool(true));

    let energy = not_needed(&derivation, "energy_saving");
    assert!(energy.failed.contains("“999.5吨标准煤”"), "{}", energy.failed);
    assert!(energy.would_change.contains("达到或者超过1000吨标准煤"), "{}", energy.would_change);
    assert_eq!(energy.changes[0].to, Fact::Number(1000.0));
}

#[test]
fn art14_1_conditions_that_exclude_each_other_are_not_both_needed() {
    for (kind, expected) in [("02", "tech_file"), ("01", "ent_file")] {
        let facts = with(with(Facts::new(), "regime", "record_filing"), "project_type", kind);
        let derivation = catalogue().derive(&facts);
        let filings: Vec<&str> = derivation.codes().into_iter().filter(|c| c.ends_with("_file")).collect();
        assert_eq!(filings, [expected]);
    }
    let energy = with(yes(&["energy_sector"]), "regime", "ratification");
    let codes = catalogue().derive(&energy);
    assert!(codes.codes().contains(&"energy_ratify") && !codes.codes().contains(&"ent_ratify"));
}

#[test]
fn art14_1_a_filed_project_that_must_invite_tenders_needs_no_approved_scheme() {
    let filed = with(yes(&["must_bid"]), "regime", "record_filing");
    let derivation = catalogue().derive(&filed);
    let scheme = not_needed(&derivation, "bidding_approval");
    assert_eq!(scheme.changes[0].fact, "regime");
    let approved = with(filed, "regime", "approval");
    assert!(catalogue().derive(&approved).codes().contains(&"bidding_approval"));
}

#[test]
fn art14_1_matters_of_later_life_are_explained_but_never_derived() {
    let derivation = catalogue().derive(&with(Facts::new(), "regime", "ratification"));
    for code in ["ent_ratify_change", "ent_ratify_extend"] {
        let item = not_needed(&derivation, code);
        assert!(item.changes.is_empty() && item.would_change.contains("核准后"));
        assert_eq!(catalogue().item(code).unwrap().trigger, Trigger::Change);
    }
    assert!(derivation.codes().contains(&"ent_ratify"));
}

#[test]
fn art14_1_odd_facts_count_as_not_given_and_are_named() {
    let odd = facts(&[
        ("land", Fact::from("yes")),
        ("energy_tce", Fact::Number(f64::INFINITY)),
        ("regime", Fact::Bool(true)),
        ("weather", Fact::Bool(true)),
    ]);
    assert_eq!(catalogue().derive(&odd), catalogue().derive(&Facts::new()));
    let named: Vec<(Option<String>, String)> =
        catalogue().check_facts(&odd).into_iter().map(|refusal| (refusal.field, refusal.code.into_owned())).collect();
    let expected = [("land", "facts.wrong_kind"), ("regime", "facts.wrong_kind"), ("weather", "facts.unknown")];
    assert_eq!(named, expected.map(|(field, code)| (Some(field.to_owned()), code.to_owned())));
}

#[test]
fn art14_1_materials_depend_on_the_facts() {
    let item = catalogue().item("gov_feasibility").unwrap();
    let required = |facts: &Facts| -> Vec<&str> {
        let all = catalogue().materials(item, facts);
        all.iter().filter(|(_, required)| *required).map(|(material, _)| material.id.as_str()).collect()
    };
    assert!(!required(&Facts::new()).contains(&"site_opinion"));
    assert!(required(&yes(&["land"])).contains(&"site_opinion"));
    assert!(required(&Facts::new()).contains(&"feasibility_report"));
    assert!(!required(&yes(&["land", "major"])).contains(&"other_legal"));
}

#[test]
fn art14_1_a_result_given_once_names_the_item_that_gives_it() {
    let opinion = catalogue().material("site_opinion").unwrap();
    assert_eq!(opinion.issued_by, ["land_preexam_site"]);
    assert_eq!(opinion.source, MaterialSource::Government);
    for material in catalogue().all_materials() {
        let users = catalogue().items().iter().filter(|item| item.materials.contains(&material.id)).count();
        assert!(users > 0, "no item asks for {}", material.id);
    }
    let names: BTreeSet<&str> = catalogue().all_materials().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names.len(), catalogue().all_materials().len(), "one name, one id");
}

#[test]
fn art17_items_come_in_a_lawful_order() {
    let all: Vec<&str> = CODES.iter().rev().copied().collect();
    let order = catalogue().order(&all);
    assert_eq!(order.len(), CODES.len());
    let at = |code: &str| order.iter().position(|other| *other == code).unwrap();
    for item in catalogue().items() {
        for before in &item.after {
            assert!(at(&before.item) < at(&item.code), "{} before {}", before.item, item.code);
        }
    }
    assert_eq!(
        catalogue().order(&["completion_file", "nothing", "ent_file", "ent_file"]),
        ["ent_file", "completion_file"]
    );
}

#[test]
fn art17_only_needed_and_unfinished_items_block() {
    let needed = set(&["gov_proposal", "gov_feasibility", "land_preexam_site"]);
    let blockers = catalogue().blocked_by("gov_feasibility", &needed, &set(&["gov_proposal"]));
    assert_eq!(blockers.len(), 1);
    assert_eq!(blockers[0].item, "land_preexam_site");
    assert_eq!(blockers[0].kind, PrecedenceKind::Law);
    assert!(blockers[0].because.starts_with("须先办结“建设项目用地预审与选址意见书核发”"));
    assert!(catalogue().blocked_by("gov_feasibility", &needed, &needed).is_empty());
    assert!(catalogue().blocked_by("nothing", &needed, &needed).is_empty());
}

#[test]
fn catalogue_refuses_every_broken_reference() {
    assert!(Catalogue::parse(ITEMS, MATERIALS).is_ok());
    let unknown = |error| matches!(error, CatalogueError::Unknown { .. });
    assert!(unknown(broken("[\"form\"]", "[\"other\"]")));
    assert!(unknown(broken("department = \"water\"", "department = \"fire\"")));
    assert!(unknown(broken("after = []", "after = [{ item = \"two\", kind = \"law\", why = \"法\" }]")));
    assert!(unknown(broken("[kinds.licence]", "[kinds.review]")));
    assert!(unknown(broken_material("\"applicant\"", "\"government\"\nissued_by = [\"two\"]")));
    assert!(matches!(broken("code = \"one\"", "kode = \"one\""), CatalogueError::Syntax { .. }));
    let cycle = broken("after = []", "after = [{ item = \"one\", kind = \"law\", why = \"法\" }]");
    assert_eq!(cycle, CatalogueError::Cycle(vec!["one".to_owned()]));
    let twice = format!("{MATERIALS}{MATERIALS}");
    let error = Catalogue::parse(ITEMS, &twice).unwrap_err();
    assert_eq!(error, CatalogueError::Duplicate("form".to_owned()));
}

#[test]
fn catalogue_refuses_faulty_rows() {
    let fault = |error| matches!(error, CatalogueError::Fault { .. });
    assert!(fault(broken("why = \"因为用地\"", "why = \"\"")));
    assert!(fault(broken("conditions = [\"有地\"]", "conditions = []")));
    assert!(fault(broken("materials = [\"form\"]", "materials = []")));
    assert!(fault(broken("after = []", "trigger = \"change\"")));
    assert!(fault(broken_material("max_mb = 10", "max_mb = 51")));
    assert!(fault(broken_material("[\"pdf\"]", "[]")));
    assert!(fault(broken_material("\"applicant\"", "\"applicant\"\nissued_by = [\"one\"]")));
    assert!(fault(broken_material("max_mb = 10", "max_mb = 10\nwhen = \"land\"")));
}

#[test]
fn catalogue_refuses_rules_it_cannot_explain() {
    let rule = "land && area > 5";
    let kind = |to: &str| match broken(rule, to) {
        CatalogueError::Rule { error, .. } => error,
        other => panic!("{to}: {other}"),
    };
    assert!(matches!(kind("water"), RuleError::UnknownFact { .. }));
    assert!(matches!(kind("area"), RuleError::WrongKind { .. }));
    assert!(matches!(kind("land > 5"), RuleError::WrongKind { .. }));
    assert!(matches!(kind("regime == 5"), RuleError::WrongKind { .. }));
    assert!(matches!(kind("land && !land"), RuleError::Contradiction { .. }));
    for unexplainable in ["area + 1 > 5", "size(regime) > 2", "land &&", "true", "area > regime", "regime in regime"] {
        assert!(matches!(broken(rule, unexplainable), CatalogueError::Syntax { .. }), "{unexplainable}");
    }
}

#[test]
fn rules_negate_and_nest_as_cel_does() {
    let nested = "!(land && area > 5) || regime in ['approval'] && !(regime == 'x' || area < 2)";
    let catalogue = Catalogue::parse(&ITEMS.replacen("land && area > 5", nested, 1), MATERIALS).unwrap();
    let item = catalogue.item("one").unwrap();
    assert_eq!(item.applies.facts(), ["area", "land", "regime"]);
    for land in [true, false] {
        for area in [0.0, 2.0, 5.0, 5.5] {
            for regime in ["approval", "x", ""] {
                let facts = facts(&[("land", land.into()), ("area", area.into()), ("regime", regime.into())]);
                let expected = !(land && area > 5.0) || (regime == "approval" && !(regime == "x" || area < 2.0));
                assert_eq!(catalogue.applies(item, &facts), expected, "{facts:?}");
                assert_eq!(item.applies.explained_as_true(&facts), expected, "{facts:?}");
            }
        }
    }
}

#[test]
fn art14_1_every_form_of_condition_has_its_words() {
    let explain = |rule: &str, facts: &Facts| {
        let text = ITEMS.replacen("land && area > 5", rule, 1).replacen(
            "[departments]",
            "industry = { label = \"行业\", kind = \"text\" }\n[departments]",
            1,
        );
        let derivation = Catalogue::parse(&text, MATERIALS).unwrap().derive(facts);
        let item = &derivation.not_needed[0];
        (item.failed.clone(), item.would_change.clone())
    };
    let given = with(with(with(yes(&["land"]), "area", 7.25), "regime", "x"), "industry", "A01");
    let cases = [
        ("!land", "“用地”为“是”", "“用地”为“否”"),
        ("land != true", "“用地”为“是”", "“用地”为“否”"),
        ("area < 5", "“面积”为“7.25亩”（标准：不满5亩）", "“面积”不满5亩"),
        ("area <= 5.5", "“面积”为“7.25亩”（标准：不超过5.5亩）", "“面积”不超过5.5亩"),
        ("area > 8", "“面积”为“7.25亩”（标准：超过8亩）", "“面积”超过8亩"),
        ("!(area < 8)", "“面积”为“7.25亩”（标准：达到或者超过8亩）", "“面积”达到或者超过8亩"),
        ("regime == 'approval'", "“方式”为“其他”", "“方式”为“审批”"),
        ("regime != 'x'", "“方式”为“其他”", "“方式”不是“其他”"),
        ("industry in ['B', 'C']", "“行业”为“A01”", "“行业”是“B”“C”之一"),
        ("industry.startsWith('C')", "“行业”为“A01”（标准：以“C”开头）", "“行业”以“C”开头"),
        ("!industry.startsWith('A')", "“行业”为“A01”（标准：不以“A”开头）", "“行业”不以“A”开头"),
        ("!land || area > 9 && land", "“用地”为“是”，“面积”为“7.25亩”（标准：超过9亩）", "“用地”为“否”"),
        ("land && !land || area == 3", "“用地”为“是”，“面积”为“7.25亩”", "“面积”为“3亩”"),
    ];
    for (rule, failed, would_change) in cases {
        let expected = (format!("{failed}。"), format!("如果{would_change}，则需要办理。"));
        assert_eq!(explain(rule, &given), expected, "{rule}");
    }
}

/// The shipped catalogue read a second time: nothing may depend on one reading of it.
static READ_AGAIN: std::sync::LazyLock<Catalogue> = std::sync::LazyLock::new(|| {
    Catalogue::parse(include_str!("../../../../data/items.toml"), include_str!("../../../../data/materials.toml"))
        .unwrap()
});

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        4 => any::<bool>().prop_map(Fact::Bool),
        1 => any::<f64>().prop_map(Fact::Number),
        1 => (0.0..3000.0).prop_map(Fact::Number),
        1 => ".{0,8}".prop_map(Fact::Text),
        2 => prop::sample::select(vec!["approval", "ratification", "record_filing", "02", "01", "report", "form"])
            .prop_map(Fact::from),
    ]
}

fn any_id() -> impl Strategy<Value = String> {
    let known: Vec<String> = catalogue().facts().keys().cloned().collect();
    prop_oneof![9 => prop::sample::select(known), 1 => "[a-z]{1,6}"]
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let odd = prop::collection::btree_map(any_id(), any_fact(), 0..60);
    (odd, prop::sample::select(vec!["", "approval", "ratification", "record_filing"]))
        .prop_map(|(facts, regime)| with(facts, "regime", regime))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn art14_1_the_same_facts_give_the_same_bytes(facts in any_facts()) {
        let bytes = |catalogue: &Catalogue| serde_json::to_string(&catalogue.derive(&facts)).unwrap();
        prop_assert_eq!(bytes(catalogue()), bytes(&READ_AGAIN));
    }

    #[test]
    fn art14_1_the_explanation_agrees_with_cel(facts in any_facts()) {
        let complete = super::facts::complete(catalogue().facts(), &facts);
        for item in catalogue().items() {
            prop_assert_eq!(catalogue().applies(item, &facts), item.applies.explained_as_true(&complete), "{}", &item.code);
        }
    }

    #[test]
    fn art14_1_the_named_change_really_makes_the_item_needed(facts in any_facts()) {
        for item in catalogue().derive(&facts).not_needed {
            if catalogue().item(&item.item).unwrap().trigger == Trigger::Change {
                continue;
            }
            prop_assert!(!item.changes.is_empty(), "{}", &item.item);
            let mut changed = facts.clone();
            for change in &item.changes {
                changed.insert(change.fact.clone(), change.to.clone());
            }
            let after = catalogue().derive(&changed);
            prop_assert!(after.codes().contains(&item.item.as_str()), "{} {:?}", &item.item, &item.changes);
        }
    }

    #[test]
    fn art14_1_a_fact_outside_the_rule_changes_nothing(facts in any_facts(), id in any_id()) {
        let mut without = facts.clone();
        without.remove(&id);
        for item in catalogue().items() {
            if !item.applies.facts().contains(&id.as_str()) {
                prop_assert_eq!(catalogue().applies(item, &facts), catalogue().applies(item, &without));
            }
        }
    }

    #[test]
    fn rules_of_any_text_never_panic(source in ".{0,40}") {
        if let Ok(rule) = Rule::compile(&source) {
            prop_assert_eq!(rule.source(), source);
        }
    }
}

#[test]
fn art08_every_rule_is_told_in_words() {
    let catalogue = catalogue();
    let words = |code: &str| catalogue.item(code).map(|item| item.applies.in_words(catalogue.facts()));
    assert_eq!(words("gov_proposal"), Some(Demand::One("“项目管理方式”为“审批”".to_owned())));
    assert_eq!(
        words("nature_reserve"),
        Some(Demand::Any(vec![
            Demand::One("“位于自然保护区内”为“是”".to_owned()),
            Demand::One("“位于风景名胜区或者旅游景点”为“是”".to_owned()),
        ]))
    );
    assert!(matches!(words("tech_file"), Some(Demand::All(parts)) if parts.len() == 2));
    fn clauses(demand: &Demand) -> Vec<&str> {
        match demand {
            Demand::All(parts) | Demand::Any(parts) => parts.iter().flat_map(clauses).collect(),
            Demand::One(clause) => vec![clause],
        }
    }
    for item in catalogue.items() {
        let demand = item.applies.in_words(catalogue.facts());
        assert!(clauses(&demand).iter().all(|c| c.starts_with('“') && !c.contains('_')), "{}: {demand:?}", item.code);
    }
}
