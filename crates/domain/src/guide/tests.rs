use super::*;
use crate::{
    Refusal,
    item::{Certainty, Item, Limit, LimitUnit, catalogue},
    region::INNER_MONGOLIA,
};
use jiff::civil::date;

const ITEM: &str = "soil_water";
const DAY: Date = date(2026, 3, 2);

fn item() -> &'static Item {
    catalogue().item(ITEM).unwrap()
}

fn unified() -> Vec<GuideMaterial> {
    catalogue().guide_materials(item())
}

fn first() -> ServiceGuide {
    catalogue().guide(ITEM).unwrap()
}

/// Applies the events, all by one person on one day.
fn then(mut guide: Guide, events: Vec<GuideEvent>, actor: &str) -> Guide {
    let at = Moment::at(DAY, 9, 0);
    for event in events {
        guide.apply(&event, &Meta { at, recorded_at: at, actor: actor.into() });
    }
    guide
}

fn loaded() -> Guide {
    let agency = Agency::new("water", INNER_MONGOLIA);
    let events = load(&Guide::default(), first(), agency, DAY, "1".into());
    then(Guide::default(), events, "system")
}

fn oversight() -> Page {
    let contact =
        Contact {
            window: "水利厅窗口".into(), phone: "0471-1234567".into(), address: "呼和浩特市，工作日".into()
        };
    Page::Oversight { supervision: vec!["按批复实施".into()], contacts: vec![contact] }
}

fn written() -> Guide {
    let guide = loaded();
    let events = begin(&guide).unwrap();
    let guide = then(guide, events, "writer");
    let events = revise(&guide, oversight(), 0, &unified()).unwrap();
    then(guide, events, "writer")
}

fn in_review() -> Guide {
    let events = submit(&written(), "补充联系方式").unwrap();
    then(written(), events, "writer")
}

fn approved() -> Guide {
    let events = approve(&in_review(), "reviewer", "").unwrap();
    then(in_review(), events, "reviewer")
}

fn published(from: Date) -> Guide {
    let events = publish(&approved(), from, DAY).unwrap();
    then(approved(), events, "manager")
}

fn code(result: Result<Vec<GuideEvent>, Refusal>) -> String {
    result.unwrap_err().code.into_owned()
}

fn codes(result: Result<Vec<GuideEvent>, Vec<Refusal>>) -> Vec<String> {
    result.unwrap_err().into_iter().map(|r| r.code.into_owned()).collect()
}

#[test]
fn art8_loading_the_catalogue_makes_a_first_version_of_each_item_once() {
    for item in catalogue().items() {
        let guide = catalogue().guide(&item.code).unwrap();
        let agency = Agency::new(item.department.clone(), INNER_MONGOLIA);
        let events = load(&Guide::default(), guide.clone(), agency.clone(), DAY, "1".into());
        let loaded = then(Guide::default(), events, "system");
        assert_eq!(*loaded.in_force(DAY).unwrap().guide, guide);
        assert!(loaded.in_force(date(2026, 3, 1)).is_none(), "nothing is in force before its first day");
        assert!(load(&loaded, guide, agency, DAY, "2".into()).is_empty(), "a second loading changes nothing");
    }
}

#[test]
fn art8_a_version_goes_from_draft_through_review_into_force_on_its_day() {
    let next = date(2026, 3, 10);
    let guide = published(next);
    assert_eq!(guide.in_force(DAY).unwrap().number, 1);
    assert_eq!(guide.in_force(date(2026, 3, 9)).unwrap().number, 1);
    assert_eq!(guide.in_force(next).unwrap().number, 2);
    assert_eq!(guide.in_force(date(2030, 1, 1)).unwrap().guide.contacts[0].phone, "0471-1234567");
    assert_eq!(guide.scheduled(DAY).unwrap().number, 2);
    assert!(guide.scheduled(next).is_none() && guide.draft.is_none());
    assert_eq!(guide.version(2).unwrap().note, "补充联系方式");
    let vouched = &guide.version(2).unwrap().guide;
    assert_eq!((vouched.certainty, vouched.fee.certainty), (Certainty::Seen, Certainty::Seen));
    assert_eq!(
        vouched.limit.certainty,
        first().limit.certainty,
        "the law's limit is not the department's to vouch for"
    );
    assert_eq!(guide.version(1).unwrap().until, Some(next));
}

#[test]
fn art8_on_each_day_at_most_one_version_is_in_force() {
    for from in [DAY, date(2026, 3, 3), date(2026, 12, 1)] {
        let guide = published(from);
        for days in 0..400 {
            let day = DAY.saturating_add(jiff::Span::new().days(days));
            assert_eq!(guide.versions.iter().filter(|v| v.is_in_force(day)).count(), 1, "{from} {day}");
        }
    }
}

#[test]
fn art8_whoever_wrote_in_a_draft_does_not_review_it() {
    assert_eq!(code(approve(&in_review(), "writer", "同意")), "guide.four_eyes");
    assert_eq!(code(send_back(&in_review(), "writer", "不同意")), "guide.four_eyes");
    assert!(approve(&in_review(), "reviewer", "同意").is_ok());
    // Whoever hands it in vouches for it, and whoever had written before it was sent back stays an author.
    let guide = then(written(), submit(&written(), "说明").unwrap(), "another");
    assert_eq!(code(approve(&guide, "another", "")), "guide.four_eyes");
    let guide = then(guide.clone(), send_back(&guide, "reviewer", "写明地址").unwrap(), "reviewer");
    assert_eq!(guide.draft.as_ref().unwrap().stage, DraftStage::Returned);
    let guide = then(guide.clone(), submit(&guide, "已改").unwrap(), "another");
    assert_eq!(code(approve(&guide, "writer", "")), "guide.four_eyes");
}

#[test]
fn art8_a_draft_without_all_nine_elements_is_not_submitted() {
    let guide = loaded();
    let guide = then(guide.clone(), begin(&guide).unwrap(), "writer");
    assert_eq!(codes(submit(&guide, "说明")), ["guide.incomplete"], "the catalogue knows no telephone");
    let empty = Page::Basics { basis: " ".into(), content: String::new(), conditions: vec![" ".into()] };
    let guide = then(guide.clone(), revise(&guide, empty, 0, &unified()).unwrap(), "writer");
    assert_eq!(codes(submit(&guide, " ")).len(), 5, "four elements and the note");
    assert_eq!(codes(submit(&written(), " ")), ["text.required"]);
}

#[test]
fn art8_every_command_in_every_other_state_is_refused() {
    type Does = fn(&Guide) -> bool;
    let draft_acts: [(&str, Does); 6] = [
        ("revise", |g| revise(g, oversight(), g.draft.as_ref().map_or(0, |d| d.revision), &[]).is_ok()),
        ("submit", |g| submit(g, "说明").is_ok()),
        ("approve", |g| approve(g, "reviewer", "").is_ok()),
        ("send_back", |g| send_back(g, "reviewer", "理由").is_ok()),
        ("publish", |g| publish(g, DAY, DAY).is_ok()),
        ("drop", |g| drop_draft(g).is_ok()),
    ];
    let allowed = [
        (loaded(), ""),
        (written(), "revise submit drop"),
        (in_review(), "approve send_back drop"),
        (approved(), "publish drop"),
    ];
    for (guide, names) in allowed {
        for (name, act) in draft_acts {
            let stage = guide.draft.as_ref().map(|d| d.stage);
            assert_eq!(act(&guide), names.split(' ').any(|n| n == name), "{name} at {stage:?}");
        }
    }
    assert_eq!(code(begin(&Guide::default())), "guide.not_there");
    assert!(begin(&written()).unwrap().is_empty(), "a second beginning changes nothing");
}

#[test]
fn art8_a_page_written_over_somebody_elses_words_is_refused() {
    let mistakes = Page::Help { faqs: vec![], mistakes: vec!["漏盖公章".into()] };
    assert_eq!(codes(revise(&written(), mistakes.clone(), 0, &unified())), ["guide.changed"]);
    assert!(revise(&written(), mistakes, 1, &unified()).is_ok());
}

#[test]
fn art8_what_is_typed_is_trimmed_and_checked() {
    let try_page = |page| revise(&written(), page, 1, &unified());
    let list = vec![" 甲 ".to_owned(), String::new(), "甲".to_owned()];
    let clean = Page::Help { faqs: vec![Faq::default()], mistakes: list };
    let kept = Page::Help { faqs: vec![], mistakes: vec!["甲".into()] };
    assert_eq!(try_page(clean).unwrap(), [GuideEvent::GuideRevised { page: kept }]);
    let half = Faq { question: "问".into(), answer: " ".into() };
    assert_eq!(codes(try_page(Page::Help { faqs: vec![half], mistakes: vec![] })), ["guide.faq"]);
    let long = Page::Help { faqs: vec![], mistakes: vec!["长".repeat(1001)] };
    assert_eq!(codes(try_page(long)), ["text.too_long"]);
    let many = Page::Help { faqs: vec![], mistakes: (0..51).map(|n| n.to_string()).collect() };
    assert_eq!(codes(try_page(many)), ["guide.list"]);
    let contact = Contact { phone: "请致电".into(), ..Contact::default() };
    let page = Page::Oversight { supervision: vec![], contacts: vec![contact] };
    assert_eq!(codes(try_page(page)), ["guide.contact", "guide.phone"]);
}

#[test]
fn art8_a_guide_demands_nothing_beyond_the_unified_list() {
    let stranger = GuideMaterial { id: "red_line".into(), name: "红线图".into(), ..unified()[0].clone() };
    let page = Page::Materials { materials: vec![unified()[0].clone(), stranger] };
    assert_eq!(codes(revise(&written(), page, 1, &unified())), ["guide.material_outside"]);
    let renamed = GuideMaterial { name: "别的名称".into(), hint: "一式三份".into(), ..unified()[0].clone() };
    let events = revise(&written(), Page::Materials { materials: vec![renamed] }, 1, &unified()).unwrap();
    let guide = then(written(), events, "writer").draft.unwrap().guide;
    assert_eq!(guide.materials[0].name, unified()[0].name, "unified names stay");
    assert_eq!(guide.materials[0].hint, "一式三份");
}

#[test]
fn art15_a_promise_is_never_longer_than_the_law() {
    let process = |days, unit| Page::Process {
        process: vec!["申请".into()],
        committed: Some(Limit { days, unit, basis: String::new(), certainty: Certainty::Seen }),
        excluded: vec![],
        fee: "不收费".into(),
    };
    let law = first().limit;
    let try_days = |days| revise(&written(), process(days, law.unit), 1, &unified());
    assert!(try_days(law.days).is_ok());
    assert_eq!(codes(try_days(law.days + 1)), ["guide.committed_longer"]);
    let other = match law.unit {
        LimitUnit::Working => LimitUnit::Calendar,
        LimitUnit::Calendar => LimitUnit::Working,
    };
    assert_eq!(codes(revise(&written(), process(1, other), 1, &unified())), ["guide.committed_unit"]);
    let guide = then(written(), try_days(1).unwrap(), "writer").draft.unwrap().guide;
    assert_eq!(guide.effective_limit().days, 1);
    assert_eq!(guide.effective_limit().basis, "本部门公开承诺");
}

#[test]
fn art8_a_scheduled_version_can_be_taken_back_and_nothing_is_lost() {
    let next = date(2026, 3, 10);
    let guide = published(next);
    assert_eq!(code(unschedule(&guide, "有误", next)), "guide.wrong_state", "in force is in force");
    assert_eq!(code(unschedule(&guide, " ", DAY)), "text.required");
    let guide = then(guide.clone(), unschedule(&guide, "有误", DAY).unwrap(), "manager");
    assert_eq!(guide.in_force(next).unwrap().number, 1);
    let draft = guide.draft.as_ref().unwrap();
    assert_eq!(draft.guide.contacts[0].phone, "0471-1234567");
    let guide = then(guide.clone(), submit(&guide, "改正").unwrap(), "writer");
    let guide = then(guide.clone(), approve(&guide, "reviewer", "").unwrap(), "reviewer");
    let guide = then(guide.clone(), publish(&guide, next, DAY).unwrap(), "manager");
    assert_eq!(guide.in_force(next).unwrap().number, 3, "a number is never given twice");
}

#[test]
fn art8_a_second_version_waits_for_the_scheduled_one() {
    let guide = published(date(2026, 3, 10));
    let guide = then(guide.clone(), begin(&guide).unwrap(), "writer");
    let guide = then(guide.clone(), submit(&guide, "再改").unwrap(), "writer");
    let guide = then(guide.clone(), approve(&guide, "reviewer", "").unwrap(), "reviewer");
    assert_eq!(code(publish(&guide, date(2026, 3, 20), DAY)), "guide.scheduled");
    assert!(publish(&guide, date(2026, 3, 20), date(2026, 3, 10)).is_ok());
    assert_eq!(code(publish(&approved(), date(2026, 3, 1), DAY)), "guide.past");
    assert_eq!(code(publish(&approved(), date(2027, 6, 1), DAY)), "guide.far");
}

#[test]
fn art8_a_retired_guide_ends_on_its_day_and_can_begin_again() {
    let on = date(2026, 4, 1);
    let guide = loaded();
    assert_eq!(code(retire(&guide, on, " ", DAY)), "text.required");
    let guide = then(guide.clone(), retire(&guide, on, "事项取消", DAY).unwrap(), "manager");
    assert!(guide.in_force(date(2026, 3, 31)).is_some() && guide.in_force(on).is_none());
    assert_eq!(code(retire(&guide, on, "再停", DAY)), "guide.wrong_state");
    let guide = then(guide.clone(), begin(&guide).unwrap(), "writer");
    let guide = then(guide.clone(), revise(&guide, oversight(), 0, &unified()).unwrap(), "writer");
    let guide = then(guide.clone(), submit(&guide, "恢复").unwrap(), "writer");
    let guide = then(guide.clone(), approve(&guide, "reviewer", "").unwrap(), "reviewer");
    let guide = then(guide.clone(), publish(&guide, date(2026, 5, 1), DAY).unwrap(), "manager");
    assert!(guide.in_force(date(2026, 4, 30)).is_none() && guide.in_force(date(2026, 5, 1)).is_some());
    let guide = then(guide.clone(), unschedule(&guide, "暂缓", DAY).unwrap(), "manager");
    assert_eq!(guide.retired_on(), Some(on), "the retirement stands");
    assert!(guide.in_force(date(2026, 5, 1)).is_none());
}

fn sample(material: &str) -> Sample {
    Sample {
        id: AttachmentId::from_random([7; 16]),
        material: material.into(),
        name: "空白表.pdf".into(),
        size: 9,
        sm3: "0".into(),
    }
}

#[test]
fn art8_samples_belong_to_listed_materials_of_an_open_draft() {
    let material = unified()[0].id.clone();
    assert_eq!(code(add_sample(&written(), sample("red_line"))), "guide.sample_material");
    assert_eq!(code(add_sample(&in_review(), sample(&material))), "guide.wrong_state");
    let guide = then(written(), add_sample(&written(), sample(&material)).unwrap(), "writer");
    let draft = guide.draft.as_ref().unwrap();
    assert_eq!((draft.guide.samples.len(), draft.revision), (1, 2));
    let without = Page::Materials { materials: unified().into_iter().skip(1).collect() };
    let dropped = then(guide.clone(), revise(&guide, without, 2, &unified()).unwrap(), "writer");
    assert!(dropped.draft.unwrap().guide.samples.is_empty(), "a sample goes with its material");
    let id = sample(&material).id;
    let guide = then(guide.clone(), remove_sample(&guide, &id).unwrap(), "writer");
    assert_eq!(code(remove_sample(&guide, &id)), "guide.wrong_state");
}

#[test]
fn art8_completeness_is_the_weight_of_what_is_there() {
    let weights = default_weights();
    let all: u32 = Element::ALL.into_iter().map(|e| u32::from(weights.of(e))).sum();
    assert_eq!(all, 100, "the shipped weights read");
    let mut guide = *written().draft.unwrap().guide;
    guide.samples.push(sample(&unified()[0].id));
    guide.faqs.push(Faq { question: "问".into(), answer: "答".into() });
    guide.mistakes.push("漏盖公章".into());
    assert_eq!(score(&guide, weights), Score { points: 100, missing: vec![] });
    type Take = fn(&mut ServiceGuide);
    let without: [(Element, Take); 12] = [
        (Element::Basis, |g| g.basis.clear()),
        (Element::Content, |g| g.content.clear()),
        (Element::Conditions, |g| g.conditions.clear()),
        (Element::Materials, |g| g.materials.clear()),
        (Element::Process, |g| g.process.clear()),
        (Element::Limit, |g| g.limit.basis.clear()),
        (Element::Fee, |g| g.fee.text.clear()),
        (Element::Supervision, |g| g.supervision.clear()),
        (Element::Contact, |g| g.contacts[0].phone.clear()),
        (Element::Samples, |g| g.samples.clear()),
        (Element::Faqs, |g| g.faqs.clear()),
        (Element::Mistakes, |g| g.mistakes.clear()),
    ];
    for (element, take) in without {
        let mut less = ServiceGuide { committed: None, ..guide.clone() };
        take(&mut less);
        let scored = score(&less, weights);
        assert_eq!(scored, Score { points: 100 - weights.of(element), missing: vec![element] });
    }
    for item in catalogue().items() {
        let scored = score(&catalogue().guide(&item.code).unwrap(), weights);
        assert!(scored.missing.contains(&Element::Contact), "the catalogue invents no telephone");
        assert!((60..100).contains(&scored.points), "{}: {}", item.code, scored.points);
    }
}

#[test]
fn art8_weights_that_do_not_add_up_are_refused() {
    let text = include_str!("../../../../data/guide_score.tsv");
    assert!(Weights::parse(text).is_ok());
    for broken in [
        text.replace("faqs\t6", "faqs\t7"),
        text.replace("faqs\t6", "questions\t6"),
        text.replace("faqs\t6", "basis\t6"),
        text.replace("faqs\t6\tinferred\n", ""),
        text.replace("faqs\t6", "faqs\tsix"),
    ] {
        assert!(Weights::parse(&broken).is_err(), "{broken}");
    }
}

#[test]
fn art8_two_versions_are_compared_element_by_element() {
    let older = first();
    assert!(compare(&older, &older).iter().all(|c| !c.differs()));
    let mut newer = older.clone();
    newer.basis = "新的依据".into();
    let gone = newer.conditions.remove(0);
    newer.mistakes.push("漏盖公章".into());
    newer.materials[0].hint = "一式三份".into();
    let changes: Vec<_> = compare(&older, &newer)
        .into_iter()
        .flat_map(|c| c.lines.into_iter().map(move |line| (c.element, line)))
        .filter(|(_, line)| line.fate() != Fate::Same)
        .collect();
    let fates: Vec<_> = changes.iter().map(|(element, line)| (*element, line.fate())).collect();
    assert_eq!(
        fates,
        [
            (Element::Basis, Fate::Changed),
            (Element::Conditions, Fate::Removed),
            (Element::Materials, Fate::Changed),
            (Element::Mistakes, Fate::Added),
        ]
    );
    assert_eq!(changes[1].1.before, Some(gone));
    // The other way round, added is removed.
    let back = compare(&newer, &older);
    assert!(
        back.iter()
            .flat_map(|c| &c.lines)
            .any(|l| l.fate() == Fate::Removed && l.before.as_deref() == Some("漏盖公章"))
    );
}

#[test]
fn art8_a_demand_beyond_the_guide_is_recognised() {
    let mut guide = first();
    let dropped = guide.materials.pop().unwrap();
    let listed = guide.materials[0].clone();
    let other = catalogue()
        .all_materials()
        .iter()
        .find(|m| unified().iter().all(|u| u.id != m.id && !u.name.contains(&m.name) && !m.name.contains(&u.name)))
        .unwrap();
    let about = |id: &str| Point { material: Some(id.into()), text: "请补充".into() };
    let words = |text: String| Point { material: None, text };
    let points = [
        about(&listed.id),
        about(&dropped.id),
        words(format!("请另行提交{}一份", other.name)),
        words(format!("{}未盖章", listed.name)),
        words("请核对联系电话".into()),
    ];
    let found = demands_outside(&guide, catalogue(), &points);
    assert_eq!(
        found,
        [Outside { point: 1, material: dropped.name }, Outside { point: 2, material: other.name.clone() },]
    );
    assert!(demands_outside(&first(), catalogue(), &points[..2]).is_empty());
}

#[test]
fn s02_the_state_is_read_back_from_what_is_stored() {
    let guide = published(date(2026, 3, 10));
    let json = serde_json::to_string(&guide).unwrap();
    assert_eq!(serde_json::from_str::<Guide>(&json).unwrap(), guide);
    let page = GuideEvent::GuideRevised { page: oversight() };
    let json = serde_json::to_string(&page).unwrap();
    assert!(json.starts_with("{\"kind\":\"GuideRevised\",\"data\":"));
    assert_eq!(serde_json::from_str::<GuideEvent>(&json).unwrap(), page);
}
