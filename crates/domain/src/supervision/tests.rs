//! Each rule with an example that hits and one that does not; the life of cards and orders.

use super::*;
use crate::{
    Aggregate, Meta, Moment,
    calendar::default_calendar,
    case::{
        Application, Case, CaseEvent, Decision, File, Given, NotAcceptedGround, Notice, Outcome, Papers, Point, Way,
    },
    clock::{Ground, Suspension},
    consultation::{self, Consultation, Question, Reply, Silence, View, ask},
    department::Agency,
    ids::{AttachmentId, CaseId, ConsultationId, ExpeditingOrderId, ProjectId, UnitId},
    item::catalogue,
    region::{INNER_MONGOLIA, RegionCode, default_regions},
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use std::sync::Arc;

/// A Monday; the limit of the sample item is 20 working days.
const DAY: Date = date(2026, 3, 2);

fn rule(code: &str) -> Rule {
    default_rules().get(code).unwrap().clone()
}

fn application() -> Application {
    let item = catalogue().item("soil_water").unwrap();
    let agency = Agency::new("water", RegionCode::parse("150402").unwrap());
    Application {
        unclassified: true,
        id: CaseId::from_random([2; 16]),
        project: ProjectId::from_random([3; 16]),
        project_name: "负极材料项目".into(),
        code: "2603-150402-04-01-123456".into(),
        unit: UnitId::from_random([4; 16]),
        unit_name: "甲公司".into(),
        item: item.code.clone(),
        item_name: item.name.clone(),
        agency_name: agency.name(),
        agency,
        limit: item.effective_limit().clone(),
        rulebook: "1".into(),
        guide: None,
        procedure: crate::case::procedures().of(item),
        materials: vec![Given {
            material: "soil_water_plan".into(),
            name: "水土保持方案".into(),
            files: vec![],
            result_of: None,
        }],
    }
}

fn papers() -> Papers {
    Papers { date: DAY, serial: "000000001".into() }
}

fn at(day: Date, hour: i8, minute: i8) -> Meta {
    let moment = Moment::at(day, hour, minute);
    Meta { at: moment, recorded_at: moment, actor: "a-officer".into() }
}

/// What happened to a case, and what a rule is told about the last of it.
struct Story {
    events: Vec<(CaseEvent, Meta)>,
    entries: Vec<Moment>,
    code_in_force: bool,
}

impl Story {
    /// Submitted and received on the first day.
    fn received() -> Self {
        let a = application();
        let slip = CaseEvent::CaseReceived { document: Box::new(papers().receipt_slip(&a)) };
        let submitted = CaseEvent::CaseSubmitted(Arc::new(a));
        let events = vec![(submitted, at(DAY, 9, 0)), (slip, at(DAY, 9, 30))];
        Self { events, entries: vec![], code_in_force: true }
    }

    fn then(mut self, event: CaseEvent, meta: Meta) -> Self {
        self.events.push((event, meta));
        self
    }

    /// And accepted the next day.
    fn accepted() -> Self {
        Self::received().then(accepted(), at(date(2026, 3, 3), 10, 0))
    }

    /// The same by 告知承诺.
    fn promised() -> Self {
        let way = crate::case::ApplicationWay::Commitment { promised: true };
        let promise = crate::case::promise_commitment(&application(), way, &papers()).unwrap().unwrap();
        let mut story = Self::accepted();
        story.events.insert(1, (promise, at(DAY, 9, 0)));
        story
    }

    fn case(&self) -> Case {
        let mut case = Case::default();
        self.events.iter().for_each(|(event, meta)| case.apply(event, meta));
        case
    }

    /// Shows the last event to a rule.
    fn show(&self, code: &str) -> Option<Hit> {
        let (last, earlier) = self.events.split_last().unwrap();
        let tagged = serde_json::to_value(&last.0).unwrap();
        let kind = tagged["kind"].as_str().unwrap().to_owned();
        self.show_as(code, &kind, &tagged["data"], &last.1, earlier)
    }

    /// Shows an event that only its name and data describe.
    fn show_as(&self, code: &str, kind: &str, data: &Value, meta: &Meta, earlier: &[(CaseEvent, Meta)]) -> Option<Hit> {
        let mut before = Case::default();
        earlier.iter().for_each(|(event, meta)| before.apply(event, meta));
        let earlier: Vec<Earlier> = earlier
            .iter()
            .map(|(event, meta)| Earlier {
                kind: serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned(),
                at: meta.at,
                actor: meta.actor.clone(),
            })
            .collect();
        self.ask(code, kind, data, meta, &before, &earlier)
    }

    fn ask(
        &self,
        code: &str,
        kind: &str,
        data: &Value,
        meta: &Meta,
        before: &Case,
        earlier: &[Earlier],
    ) -> Option<Hit> {
        let item = catalogue().item("soil_water").unwrap();
        let pair = |m: &crate::item::Material| (m.id.clone(), m.name.clone());
        let known: Vec<_> = catalogue().all_materials().iter().map(pair).collect();
        let listed: Vec<_> = known.iter().filter(|(id, _)| item.materials.contains(id)).cloned().collect();
        let happening = Happening {
            kind,
            data,
            version: i64::try_from(earlier.len()).unwrap() + 1,
            meta,
            person: "张明",
            before,
            earlier,
            calendar: default_calendar(),
            listed: &listed,
            known: &known,
            code_in_force: self.code_in_force,
            entries: &self.entries,
        };
        match consumer(code) {
            Some(Consumer::Event(look)) => look(&rule(code), &happening),
            _ => panic!("{code} looks at no event"),
        }
    }

    fn on(&self, code: &str, today: Date, consultation: Option<&Consultation>) -> Option<Hit> {
        let case = self.case();
        let standing = Standing { case: &case, today, calendar: default_calendar(), consultation };
        match consumer(code) {
            Some(Consumer::Time(look)) => look(&rule(code), &standing),
            _ => panic!("{code} looks at no day"),
        }
    }
}

fn accepted() -> CaseEvent {
    CaseEvent::CaseAccepted { document: Box::new(papers().acceptance_notice(&application(), None)) }
}

fn asked(material: Option<&str>, text: &str) -> CaseEvent {
    let points = vec![Point { material: material.map(str::to_owned), text: text.into() }];
    let document = Box::new(papers().correction_notice(&application(), &points));
    CaseEvent::CorrectionAsked { points, document, repeated: None }
}

fn suspended(document: &str, told_on: Option<Date>, from: Date) -> CaseEvent {
    let ground = Ground::ExpertReview;
    let suspension = Suspension { from, to: None, ground, document: document.into(), told_on };
    CaseEvent::ClockSuspended { suspension, notice: None }
}

fn decision(decided_on: Date) -> Decision {
    Decision {
        outcome: Outcome::Granted,
        opinion: "符合条件".into(),
        document_number: "赤水许〔2026〕1号".into(),
        title: "许可决定".into(),
        decided_on,
        valid_until: None,
        unreviewed: None,
    }
}

fn decided(decided_on: Date) -> CaseEvent {
    CaseEvent::CaseDecided(Box::new(decision(decided_on)))
}

fn value<'a>(hit: &'a Hit, name: &str) -> &'a str {
    hit.facts.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
}

#[test]
fn art17_every_loaded_rule_has_a_consumer_that_looks_where_the_rule_says() {
    let shipped = Rules::parse(include_str!("../../../../data/supervision.toml")).unwrap();
    assert!(shipped.iter().count() >= 10);
    for rule in shipped.iter() {
        match consumer(&rule.code) {
            Some(Consumer::Time(_)) => assert!(rule.looks_at_time(), "{} has no day to look at", rule.code),
            Some(Consumer::Event(_)) => assert!(!rule.looks_at_time(), "{} has no event to look at", rule.code),
            None => panic!("nothing consumes {}", rule.code),
        }
        assert!(rule.article.contains('条') || rule.article.contains('号'), "{} rests on nothing", rule.code);
    }
    assert!(consumer("something_else").is_none());
}

#[test]
fn art17_a_rule_file_with_a_doubled_or_unknown_word_is_refused() {
    let shipped = include_str!("../../../../data/supervision.toml");
    let twice = format!("{shipped}{shipped}");
    assert_eq!(Rules::parse(&twice).unwrap_err().code, "supervision.rules");
    let strange = shipped.replace("reply_days", "answer_days");
    assert_eq!(Rules::parse(&strange).unwrap_err().code, "supervision.rules");
}

#[test]
fn art15_overdue_is_a_running_case_after_its_last_day() {
    let story = Story::accepted();
    assert_eq!(story.on("overdue", date(2026, 3, 31), None), None, "the last day is in time");
    let hit = story.on("overdue", date(2026, 4, 2), None).unwrap();
    assert_eq!(value(&hit, "届满日"), "2026年3月31日");
    assert_eq!(value(&hit, "已超期"), "2个工作日");
    assert!(hit.sentence.contains("行政许可法") || hit.sentence.contains("第"), "{}", hit.sentence);
    let next_day = story.on("overdue", date(2026, 4, 3), None).unwrap();
    assert_eq!(hit.occurrence, next_day.occurrence, "one card, however long it lasts");
    let paused = story.then(suspended("通知", Some(DAY), date(2026, 3, 20)), at(date(2026, 3, 20), 9, 0));
    assert_eq!(paused.on("overdue", date(2026, 4, 2), None), None, "the clock stands still");
}

#[test]
fn art15_near_overdue_is_a_yellow_light() {
    let story = Story::accepted();
    assert_eq!(story.on("near_overdue", date(2026, 3, 20), None), None);
    let hit = story.on("near_overdue", date(2026, 3, 30), None).unwrap();
    assert_eq!(value(&hit, "剩余"), "1个工作日");
    assert_eq!(story.on("near_overdue", date(2026, 4, 2), None), None, "red is another rule");
}

#[test]
fn art15_a_consultation_without_reply_hits_after_its_day() {
    let question = Question {
        to: Agency::new("forestry_grassland", RegionCode::parse("150400").unwrap()),
        text: "是否占用林地？".into(),
        reply_by: date(2026, 3, 11),
        silence: Silence::Awaited,
        basis: String::new(),
    };
    let id = ConsultationId::from_random([9; 16]);
    let asked = ask(id.clone(), &application(), true, &question, "张三", None, date(2026, 3, 4)).unwrap();
    let mut open = Consultation::default();
    open.apply(&asked[0], &at(date(2026, 3, 4), 9, 0));
    let story = Story::accepted();
    assert_eq!(story.on("unanswered_consultation", date(2026, 3, 11), Some(&open)), None);
    let hit = story.on("unanswered_consultation", date(2026, 3, 12), Some(&open)).unwrap();
    assert!(hit.sentence.contains("2026年3月11日") && hit.sentence.contains(&question.to.name()), "{}", hit.sentence);
    assert_eq!(hit.occurrence, id.to_string(), "one card for each consultation");
    assert_eq!(story.on("unanswered_consultation", date(2026, 3, 12), None), None);
    let reply = Reply { view: View::None, opinion: "不占用林地。".into(), replier: "李四".into() };
    open.apply(&consultation::reply(&open, &reply, true).unwrap()[0], &at(date(2026, 3, 12), 9, 0));
    assert_eq!(story.on("unanswered_consultation", date(2026, 3, 13), Some(&open)), None, "late, but replied");
}

#[test]
fn art15_a_check_answered_after_five_working_days_is_late() {
    for event in [
        accepted(),
        asked(None, "补盖公章"),
        CaseEvent::CaseNotAccepted {
            ground: NotAcceptedGround::NotNeeded,
            reason: "不需要".into(),
            right_organ: None,
            right_agency: None,
            document: Box::new(papers().non_acceptance_notice(
                &application(),
                NotAcceptedGround::NotNeeded,
                "不需要",
                None,
            )),
        },
    ] {
        let in_time = Story::received().then(event.clone(), at(date(2026, 3, 9), 17, 0));
        assert_eq!(in_time.show("late_check"), None);
        let hit = Story::received().then(event, at(date(2026, 3, 11), 9, 0)).show("late_check").unwrap();
        assert_eq!(value(&hit, "应当作出"), "2026年3月9日");
        assert_eq!(value(&hit, "超过"), "2 个工作日");
    }
}

#[test]
fn art17_a_second_correction_hits_by_its_flag_or_by_the_history() {
    let once = Story::received().then(asked(None, "补盖公章"), at(date(2026, 3, 3), 9, 0));
    assert_eq!(once.show("second_correction"), None);
    let data = json!({"points": [], "repeated": "上次漏写"});
    let flagged =
        once.show_as("second_correction", "CorrectionAsked", &data, &at(date(2026, 3, 5), 9, 0), &once.events).unwrap();
    assert_eq!(value(&flagged, "告知次数"), "2 次");
    assert_eq!(value(&flagged, "部门说明"), "上次漏写");
    let twice = once.then(asked(None, "补充附图"), at(date(2026, 3, 5), 9, 0)).show("second_correction").unwrap();
    assert!(twice.sentence.contains("2026年3月3日"));
}

#[test]
fn art15_a_suspension_in_the_last_two_days_hits() {
    let early = Story::accepted().then(suspended("通知", Some(DAY), date(2026, 3, 20)), at(date(2026, 3, 20), 9, 0));
    assert_eq!(early.show("suspension_near_due"), None);
    let late = Story::accepted().then(suspended("通知", Some(DAY), date(2026, 3, 30)), at(date(2026, 3, 30), 9, 0));
    let hit = late.show("suspension_near_due").unwrap();
    assert_eq!(value(&hit, "暂停时剩余"), "1 个工作日");
    assert_eq!(value(&hit, "暂停依据"), "专家评审");
}

#[test]
fn art15_a_suspension_without_paper_or_proof_of_telling_hits() {
    let day = date(2026, 3, 10);
    let good = Story::accepted().then(suspended("评审通知", Some(day), day), at(day, 9, 0));
    assert_eq!(good.show("suspension_without_paper"), None);
    let untold = Story::accepted().then(suspended("评审通知", None, day), at(day, 9, 0));
    assert!(untold.show("suspension_without_paper").unwrap().sentence.contains("没有书面告知"));
    let bare = Story::accepted().then(suspended(" ", Some(day), day), at(day, 9, 0));
    assert_eq!(value(&bare.show("suspension_without_paper").unwrap(), "文书"), "没有");
}

#[test]
fn art15_a_suspension_whose_paper_was_only_named_hits() {
    let day = date(2026, 3, 10);
    let stop = |notice: Option<Notice>| {
        let CaseEvent::ClockSuspended { suspension, .. } = suspended("评审通知", Some(day), day) else {
            unreachable!()
        };
        Story::accepted().then(CaseEvent::ClockSuspended { suspension, notice }, at(day, 9, 0))
    };
    let file = File { id: AttachmentId::from_random([1; 16]), name: "评审通知.pdf".into() };
    let told = |files| Notice::new(date(2026, 3, 20), Way::Platform, files);
    assert_eq!(stop(Some(told(vec![file]))).show("suspension_without_paper"), None);
    let hit = stop(Some(told(vec![]))).show("suspension_without_paper").unwrap();
    assert!(hit.sentence.contains("没有上传文书"));
    assert_eq!((value(&hit, "文书"), value(&hit, "上传的文书")), ("评审通知", "没有"));
    // A special procedure has its own paper, and older records only name it.
    assert_eq!(stop(Some(Notice { special: true, ..told(vec![]) })).show("suspension_without_paper"), None);
    assert_eq!(stop(None).show("suspension_without_paper"), None);
}

#[test]
fn art17_a_material_outside_the_guide_hits_by_id_and_by_name() {
    let day = at(date(2026, 3, 3), 9, 0);
    let item = catalogue().item("soil_water").unwrap();
    let inside = item.materials.first().unwrap();
    let listed = catalogue().material(inside).unwrap();
    let asks = format!("“{}”缺少附图，请补充。", listed.name);
    let good = Story::received().then(asked(Some(inside), &asks), day.clone());
    assert_eq!(good.show("material_outside"), None);
    let strange = catalogue()
        .all_materials()
        .iter()
        .find(|m| !item.materials.contains(&m.id) && m.name.chars().count() > 5 && !listed.name.contains(&m.name))
        .unwrap();
    let by_name = Story::received().then(asked(None, &format!("请另外提交{}一份。", strange.name)), day.clone());
    assert_eq!(value(&by_name.show("material_outside").unwrap(), "指南外材料"), strange.name);
    let by_id = Story::received().then(asked(Some(&strange.id), "请提交"), day);
    assert_eq!(value(&by_id.show("material_outside").unwrap(), "指南外材料"), strange.name);
}

#[test]
fn art17_accepted_and_decided_within_a_minute_hits() {
    let day = date(2026, 3, 3);
    let slow = Story::accepted().then(decided(day), at(day, 10, 1));
    assert_eq!(slow.show("instant_decision"), None);
    let quick = Story::accepted().then(decided(day), at(day, 10, 0));
    assert_eq!(value(&quick.show("instant_decision").unwrap(), "相隔"), "0 秒");
    let promised = Story::promised().then(decided(day), at(day, 10, 0));
    assert_eq!(promised.show("instant_decision"), None, "a promise is meant to be decided on the spot");
}

#[test]
fn art14_4_a_result_dated_or_happened_days_before_its_entry_hits() {
    let day = date(2026, 3, 16);
    let fresh = Story::accepted().then(decided(date(2026, 3, 11)), at(day, 10, 0));
    assert_eq!(fresh.show("back_entered"), None, "three working days are in time");
    let dated = Story::accepted().then(decided(date(2026, 3, 10)), at(day, 10, 0)).show("back_entered").unwrap();
    assert_eq!(value(&dated, "相隔"), "4 个工作日");
    let stated = Meta { at: Moment::at(date(2026, 3, 6), 9, 0), ..at(day, 10, 0) };
    let happened = Story::accepted().then(decided(day), stated).show("back_entered").unwrap();
    assert_eq!(value(&happened, "结果形成日期"), "2026年3月6日");
}

#[test]
fn art17_a_decision_nobody_else_reviewed_hits() {
    let story = Story::accepted();
    let before = story.case();
    let meta = at(date(2026, 3, 10), 9, 0);
    let reviewed = |actor: &str| {
        vec![Earlier { kind: "ProposalReviewed".into(), at: Moment::at(date(2026, 3, 9), 9, 0), actor: actor.into() }]
    };
    let ask = |earlier: &[Earlier]| story.ask("no_reviewer", "CaseDecided", &json!({}), &meta, &before, earlier);
    assert_eq!(ask(&reviewed("a-reviewer")), None);
    assert!(ask(&reviewed("a-officer")).is_some(), "one's own review is none");
    assert!(ask(&[]).is_some());
    let promised = Story::promised().then(decided(date(2026, 3, 10)), meta);
    assert_eq!(promised.show("no_reviewer"), None, "on a promise one person may grant");
}

#[test]
fn art17_many_entries_of_one_person_in_minutes_hit_once_a_day() {
    let day = date(2026, 3, 3);
    let mut story = Story::received().then(accepted(), at(day, 10, 5));
    story.entries = [0, 1, 2, 3, 5].map(|minute| Moment::at(day, 10, minute)).to_vec();
    assert_eq!(story.show("burst"), None, "the first is five minutes old");
    story.entries.extend([4, 5].map(|minute| Moment::at(day, 10, minute)));
    let hit = story.show("burst").unwrap();
    assert_eq!(value(&hit, "操作数"), "6 项");
    assert_eq!(hit.occurrence, "a-officer/2026-03-03");
}

#[test]
fn art32_4_deemed_acceptance_always_hits_and_names_both_days() {
    let story = Story::received();
    let meta = Meta { actor: "system".into(), ..at(date(2026, 3, 10), 0, 5) };
    let hit = story.show_as("deemed_acceptance", "CaseDeemedAccepted", &json!({}), &meta, &story.events).unwrap();
    assert_eq!((value(&hit, "收件日期"), value(&hit, "应当告知")), ("2026年3月2日", "2026年3月9日"));
    let nothing = Story { events: vec![], ..Story::received() };
    assert_eq!(nothing.show_as("deemed_acceptance", "CaseDeemedAccepted", &json!({}), &meta, &[]), None);
}

#[test]
fn art13_a_paper_with_a_code_out_of_force_or_refused_hits() {
    let day = at(date(2026, 3, 10), 9, 0);
    assert_eq!(Story::accepted().show("code_not_verified"), None);
    let mut voided = Story::accepted();
    voided.code_in_force = false;
    assert!(voided.show("code_not_verified").unwrap().sentence.contains("作废"));
    let failed =
        CaseEvent::CodeNotVerified { code: "x".into(), fault: "unknown".into(), message: "没有此代码。".into() };
    let went_on = Story::received().then(failed, day.clone()).then(asked(None, "补盖公章"), day);
    assert_eq!(value(&went_on.show("code_not_verified").unwrap(), "原因"), "最近一次核验未通过：没有此代码");
}

fn opened() -> Opened {
    let hit = Story::accepted().on("overdue", date(2026, 4, 2), None).unwrap();
    open(&rule("overdue"), hit, &application(), date(2026, 4, 2), default_calendar())
}

fn card(events: &[CardEvent]) -> Card {
    let mut card = Card::default();
    card.apply(&CardEvent::CardOpened(Box::new(opened())), &at(date(2026, 4, 2), 20, 0));
    events.iter().for_each(|event| card.apply(event, &at(date(2026, 4, 3), 9, 0)));
    card
}

#[test]
fn art17_the_same_hit_opens_the_same_card_and_another_rule_another() {
    let hit = Story::accepted().on("overdue", date(2026, 4, 2), None).unwrap();
    let again = open(&rule("overdue"), hit.clone(), &application(), date(2026, 4, 9), default_calendar());
    assert_eq!(opened().id, again.id);
    assert_ne!(opened().id, open(&rule("late_check"), hit, &application(), DAY, default_calendar()).id);
    assert_eq!(opened().reply_by, date(2026, 4, 8), "three working days, with 清明 between");
}

#[test]
fn art17_a_card_is_answered_then_closed_and_then_rests() {
    let answered = answer(&card(&[]), " 已办理 ", vec![]).unwrap();
    assert_eq!(answered, vec![CardEvent::CardAnswered { text: "已办理".into(), files: vec![] }]);
    let card_answered = card(&answered);
    assert_eq!(card_answered.state, CardState::Answered);
    assert!(answer(&card_answered, "补充说明", vec![]).is_ok(), "more may be said until it is closed");
    let closed = close(&card_answered, Finding::Upheld, "属实", date(2026, 4, 3)).unwrap();
    let rested = card(&[answered, closed].concat());
    assert_eq!(rested.state, CardState::Closed);
    let regions = default_regions();
    let county = opened().agency.region;
    assert_eq!(answer(&rested, "x", vec![]).unwrap_err().code, "card.closed");
    assert_eq!(close(&rested, Finding::Explained, "x", DAY).unwrap_err().code, "card.closed");
    assert_eq!(escalate(&rested, county, "x", regions).unwrap_err().code, "card.closed");
    assert!(lapse(&rested, "x").is_empty());
}

#[test]
fn art17_nobody_is_found_at_fault_unheard() {
    let open_card = card(&[]);
    let early = close(&open_card, Finding::Upheld, "属实", date(2026, 4, 8)).unwrap_err();
    assert_eq!((early.code.as_ref(), early.field.as_deref()), ("card.unheard", Some("finding")));
    assert!(close(&open_card, Finding::Upheld, "逾期未答复", date(2026, 4, 9)).is_ok());
    assert!(close(&open_card, Finding::Explained, "不属实", date(2026, 4, 3)).is_ok());
}

#[test]
fn art17_a_card_goes_up_level_by_level_to_the_region() {
    let regions = default_regions();
    let mut events = Vec::new();
    for (from, to) in [("150402", "150400"), ("150400", "150000")] {
        let from = RegionCode::parse(from).unwrap();
        events.extend(escalate(&card(&events), from, "部门没有说明", regions).unwrap());
        assert_eq!(card(&events).held_by, RegionCode::parse(to));
    }
    let top = escalate(&card(&events), INNER_MONGOLIA, "再上报", regions);
    assert_eq!(top.unwrap_err().code, "card.highest");
    assert_eq!(card(&events).escalations, 2);
}

#[test]
fn art17_blank_texts_are_refused_at_their_field() {
    let regions = default_regions();
    let county = opened().agency.region;
    let field = |refusal: crate::Refusal| refusal.field.unwrap_or_default();
    assert_eq!(field(answer(&card(&[]), " ", vec![]).unwrap_err()), "text");
    assert_eq!(field(close(&card(&[]), Finding::Explained, "", DAY).unwrap_err()), "opinion");
    assert_eq!(field(escalate(&card(&[]), county, "", regions).unwrap_err()), "reason");
    assert_eq!(field(answer(&card(&[]), &"长".repeat(2001), vec![]).unwrap_err()), "text");
}

#[test]
fn art17_an_order_has_a_day_and_is_answered_once() {
    let id = ExpeditingOrderId::from_random([9; 16]);
    let issuer = ("斯琴高娃", "内蒙古自治区发展和改革委员会");
    let order = |ended, text, day| issue(id.clone(), &application(), ended, issuer, text, day, DAY);
    assert_eq!(order(true, "请办理", DAY).unwrap_err()[0].code, "order.ended");
    let faults = order(false, "", date(2026, 3, 1)).unwrap_err();
    let fields: Vec<_> = faults.iter().filter_map(|f| f.field.as_deref()).collect();
    assert_eq!(fields, ["text", "reply_by"]);
    let mut state = ExpeditingOrder::default();
    assert_eq!(reply(&state, "x").unwrap_err().code, "order.not_there");
    order(false, "请尽快作出决定。", DAY).unwrap().iter().for_each(|event| state.apply(event, &at(DAY, 9, 0)));
    assert_eq!(reply(&state, " ").unwrap_err().code, "text.required");
    reply(&state, "已作出决定。").unwrap().iter().for_each(|event| state.apply(event, &at(DAY, 10, 0)));
    assert_eq!((state.state, state.reply.as_deref()), (OrderState::Replied, Some("已作出决定。")));
    assert_eq!(reply(&state, "再答").unwrap_err().code, "order.replied");
}
