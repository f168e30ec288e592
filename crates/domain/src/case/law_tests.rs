//! Article by article: given facts, when somebody acts, then events and dates. Days of 2026 by the shipped calendar: the
//! Qingming holiday is Saturday 4 to Monday 6 April, Labour Day is 1 to 5 May with 9 May worked.

use super::*;
use crate::{
    Refusal,
    calendar::{Calendar, default_calendar},
    clock::{ClockFacts, Ground, Mark},
    department::Agency,
    ids::AccountId,
    item::catalogue,
    region::RegionCode,
};
use jiff::civil::date;

/// A case that people act on, day by day.
struct Story {
    case: Case,
    today: Date,
}

const UNIT: &str = "a-unit";
const WINDOW: &str = "a-window";
const UNDERTAKER: &str = "a-undertaker";
const REVIEWER: &str = "a-reviewer";
const APPROVER: &str = "a-approver";
const MANAGER: &str = "a-manager";

fn calendar() -> &'static Calendar {
    default_calendar()
}

fn application(item: &str) -> Application {
    let item = catalogue().item(item).unwrap();
    let agency = Agency::new(item.department.clone(), RegionCode::parse("150402").unwrap());
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
        procedure: procedures().of(item),
        materials: vec![Given {
            material: "plan".into(),
            name: "方案".into(),
            files: vec![File { id: AttachmentId::from_random([1; 16]), name: "方案.pdf".into() }],
            result_of: None,
        }],
    }
}

impl Story {
    /// Submitted on Monday 2 March 2026.
    fn submitted(application: Application) -> Self {
        let mut story = Self { case: Case::default(), today: date(2026, 3, 2) };
        story.happened(UNIT, vec![CaseEvent::CaseSubmitted(Arc::new(application))]);
        story
    }

    /// Received on the same day.
    fn received(item: &str) -> Self {
        let mut story = Self::submitted(application(item));
        story.then(WINDOW, |case, _, papers| receive(case, papers));
        story
    }

    /// Accepted on the same day.
    fn accepted(item: &str) -> Self {
        let mut story = Self::received(item);
        story.accept();
        story
    }

    fn accept(&mut self) {
        let accepted =
            accept(&self.case, CodeCheck::Verified, Some(super::tests::somebody("a-window")), None, &self.papers());
        let Ok(Acceptance::Accepted(events)) = accepted else { panic!("{accepted:?}") };
        self.happened(WINDOW, events);
    }

    /// Proposed and agreed to on the day it stands at.
    fn reviewed(mut self, outcome: Outcome) -> Self {
        self.then(UNDERTAKER, |case, scene, _| {
            propose(case, Proposal { outcome, opinion: "经审查，拟办如上。".into() }, scene)
        });
        self.then(REVIEWER, |case, scene, _| review(case, "同意拟办意见。", scene));
        self
    }

    /// Granted on the day it stands at.
    fn granted(self) -> Self {
        let mut story = self.reviewed(Outcome::Granted);
        let events = story.decide(APPROVER, Outcome::Granted).unwrap();
        story.happened(APPROVER, events);
        story
    }

    fn decide(&self, by: &str, outcome: Outcome) -> Result<Vec<CaseEvent>, Vec<Refusal>> {
        let decision = Decision {
            outcome,
            opinion: "符合条件".into(),
            document_number: "赤审〔2026〕1号".into(),
            title: "关于本事项的决定".into(),
            decided_on: self.today,
            valid_until: None,
            unreviewed: None,
        };
        decide(&self.case, decision, &self.scene(by), &self.papers())
    }

    fn on(&mut self, day: Date) -> &mut Self {
        self.today = day;
        self
    }

    fn scene<'a>(&self, by: &'a str) -> Scene<'a> {
        Scene { by, now: Moment::at(self.today, 10, 0), calendar: calendar() }
    }

    fn papers(&self) -> Papers {
        Papers { date: self.today, serial: "000000001".into() }
    }

    fn happened(&mut self, by: &str, events: Vec<CaseEvent>) {
        let now = Moment::at(self.today, 10, 0);
        for event in events {
            self.case.apply(&event, &Meta { at: now, recorded_at: now, actor: by.to_owned() });
        }
    }

    /// Somebody acts: the names of the events that follow.
    fn then(
        &mut self,
        by: &str,
        act: impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal>,
    ) -> Vec<String> {
        let events = act(&self.case, &self.scene(by), &self.papers()).unwrap_or_else(|r| panic!("{}: {r}", r.code));
        let kinds = kinds(&events);
        self.happened(by, events);
        kinds
    }

    /// Somebody is refused: the rule's name.
    fn refused(&self, by: &str, act: impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal>) -> String {
        act(&self.case, &self.scene(by), &self.papers()).unwrap_err().code.into_owned()
    }
}

fn kinds(events: &[CaseEvent]) -> Vec<String> {
    let kind = |event: &CaseEvent| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
    events.iter().map(kind).collect()
}

fn due(clock: Option<ClockFacts>) -> Date {
    clock.unwrap().due(calendar()).unwrap().date
}

fn point(text: &str) -> Point {
    Point { material: None, text: text.into() }
}

fn not_accepted(story: &Story, ground: NotAcceptedGround, right: Option<&str>) -> Result<Vec<CaseEvent>, Refusal> {
    not_accept(&story.case, ground, "理由", right.and_then(Agency::parse), &story.papers())
}

#[test]
fn art32_1_no_licence_needed_is_said_at_once() {
    let story = Story::submitted(application("soil_water"));
    let events = not_accepted(&story, NotAcceptedGround::NotNeeded, None).unwrap();
    assert_eq!(kinds(&events), ["CaseNotAccepted"], "without waiting for a receipt");
    let CaseEvent::CaseNotAccepted { document, .. } = &events[0] else { panic!() };
    assert!(document.paragraphs[0].contains("第三十二条第一款第（一）项"));
}

#[test]
fn art32_2_a_wrong_organ_names_the_right_one_by_its_code() {
    let story = Story::received("soil_water");
    let refused = |right| not_accepted(&story, NotAcceptedGround::WrongOrgan, right).unwrap_err().code.into_owned();
    assert_eq!(refused(None), "not_accept.right_organ");
    assert_eq!(refused(Some("water-150402")), "not_accept.right_organ", "itself is not another organ");
    let events = not_accepted(&story, NotAcceptedGround::WrongOrgan, Some("water-150400")).unwrap();
    let [CaseEvent::CaseNotAccepted { right_agency, right_organ, .. }] = events.as_slice() else { panic!() };
    assert_eq!(right_agency.as_ref().unwrap().to_string(), "water-150400");
    assert_eq!(*right_organ, Some(right_agency.as_ref().unwrap().name()));
}

#[test]
fn art32_3_an_error_is_corrected_on_the_spot_and_the_case_goes_on() {
    let mut story = Story::received("soil_water");
    let fix = |material: Option<&str>, right: &str| SpotCorrection {
        material: material.map(str::to_owned),
        wrong: "法定代表人姓名".into(),
        right: right.into(),
        by: "李工".into(),
    };
    assert_eq!(story.refused(WINDOW, |c, _, _| correct_on_spot(c, fix(None, " "))), "text.required");
    assert_eq!(story.refused(WINDOW, |c, _, _| correct_on_spot(c, fix(Some("no"), "王"))), "correction.material");
    let events = story.then(WINDOW, |c, _, _| correct_on_spot(c, fix(Some("plan"), "王建国")));
    assert_eq!(events, ["CorrectedOnSpot"]);
    assert_eq!((story.case.stage, story.case.spot_corrections.len()), (Stage::Received, 1));
    assert_eq!(due(check_clock(&story.case)), date(2026, 3, 9), "the five days go on as before");
}

#[test]
fn art32_4_all_points_are_told_once_and_a_second_time_only_with_a_reason() {
    let mut story = Story::received("soil_water");
    story.on(date(2026, 3, 5)).then(WINDOW, |c, _, p| ask_correction(c, vec![point("补盖公章")], p));
    assert_eq!(check_clock(&story.case).unwrap().finished, Some(date(2026, 3, 5)));
    let answer = Answer { text: "已补".into(), files: vec![] };
    story.on(date(2026, 3, 12)).then(UNIT, |c, _, _| supply(c, vec![answer.clone()]).map_err(|mut r| r.remove(0)));
    assert_eq!(due(check_clock(&story.case)), date(2026, 3, 19), "five days anew");
    let first = |c: &Case, _: &Scene<'_>, p: &Papers| ask_correction(c, vec![point("补附图")], p);
    assert_eq!(story.refused(WINDOW, first), "case.wrong_state");
    let again = |reason: &'static str| {
        move |c: &Case, _: &Scene<'_>, p: &Papers| ask_again(c, vec![point("补附图")], reason, p)
    };
    assert_eq!(story.refused(WINDOW, again(" ")), "text.required");
    let events = ask_again(&story.case, vec![point("补附图")], "补正后的附图与方案不符", &story.papers()).unwrap();
    let CaseEvent::CorrectionAsked { repeated, .. } = &events[0] else { panic!() };
    assert_eq!(repeated.as_deref(), Some("补正后的附图与方案不符"), "the supervision counts it");
    story.on(date(2026, 3, 16)).then(WINDOW, again("补正后的附图与方案不符"));
    let clock = check_clock(&story.case).unwrap();
    assert_eq!((clock.start, clock.finished), (date(2026, 3, 12), Some(date(2026, 3, 16))));
    story.on(date(2026, 3, 17)).then(UNIT, |c, _, _| supply(c, vec![answer.clone()]).map_err(|mut r| r.remove(0)));
    assert_eq!(story.refused(WINDOW, again("还有")), "correction.twice", "never a third time");
}

#[test]
fn art32_5_a_complete_application_is_accepted() {
    let mut story = Story::received("soil_water");
    assert_eq!(due(check_clock(&story.case)), date(2026, 3, 9));
    story.on(date(2026, 3, 9)).accept();
    assert_eq!((story.case.stage, story.case.accepted_at.unwrap().date()), (Stage::Processing, date(2026, 3, 9)));
    assert_eq!(check_clock(&story.case).unwrap().finished, Some(date(2026, 3, 9)));
}

#[test]
fn art32_last_acceptance_and_refusal_are_in_writing_with_organ_and_date() {
    let story = Story::received("soil_water");
    let Ok(Acceptance::Accepted(events)) =
        accept(&story.case, CodeCheck::Verified, Some(super::tests::somebody("a-window")), None, &story.papers())
    else {
        panic!()
    };
    let CaseEvent::CaseAccepted { document } = &events[2] else { panic!() };
    assert_eq!((document.issued_on, &document.issuer), (date(2026, 3, 2), &application("soil_water").agency_name));
    let events = not_accepted(&story, NotAcceptedGround::NotNeeded, None).unwrap();
    let CaseEvent::CaseNotAccepted { document, .. } = &events[0] else { panic!() };
    assert!(document.is_intact() && document.closing.iter().any(|words| words.contains("行政诉讼")));
}

fn order(days: u32) -> ExtensionOrder {
    ExtensionOrder {
        days,
        reason: "方案涉及两个流域，情况复杂。".into(),
        approved_by: "张局长".into(),
        approval: "赤水签〔2026〕8号".into(),
    }
}

fn extended(days: u32) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    move |case, scene, papers| {
        let due = decision_clock(case).and_then(|c| c.due(scene.calendar)).map(|d| d.date);
        extend(case, order(days), due, scene, papers)
    }
}

#[test]
fn art42_1_twenty_days_and_once_ten_more_by_the_head_with_the_reason_told() {
    let mut story = Story::accepted("soil_water");
    assert_eq!(due(decision_clock(&story.case)), date(2026, 3, 30));
    assert_eq!(story.refused(MANAGER, extended(0)), "extension.cap");
    assert_eq!(story.refused(MANAGER, extended(11)), "extension.cap");
    let blank =
        |c: &Case, s: &Scene<'_>, p: &Papers| extend(c, ExtensionOrder { reason: " ".into(), ..order(10) }, None, s, p);
    assert_eq!(story.refused(MANAGER, blank), "text.required");
    let events = extended(10)(&story.case, &story.scene(MANAGER), &story.papers()).unwrap();
    let [CaseEvent::LimitExtended { by, document, extension, .. }] = events.as_slice() else { panic!() };
    assert_eq!((*by, extension.days), (Authority::Head, 10));
    assert!(document.rows.iter().any(|(_, value)| value.contains("两个流域")), "the reason is told");
    story.on(date(2026, 3, 30)).then(MANAGER, extended(10));
    assert_eq!(due(decision_clock(&story.case)), date(2026, 4, 14), "30 working days, Qingming left out");
    assert_eq!(story.refused(MANAGER, extended(1)), "extension.twice");
    let sheet = decision_clock(&story.case).unwrap().sheet(calendar(), date(2026, 4, 1), Default::default());
    assert!(sheet.explanation.contains("延长10个工作日"), "{}", sheet.explanation);
}

#[test]
fn art42_1_a_limit_that_has_passed_is_not_extended() {
    let mut story = Story::accepted("soil_water");
    story.on(date(2026, 3, 31));
    assert_eq!(story.refused(MANAGER, extended(10)), "extension.late");
}

#[test]
fn art42_2_joint_handling_takes_forty_five_days_and_fifteen_more_by_the_government() {
    // One item that several organs handle together; a group of items has its own clock (`domain::group`).
    let mut joint = application("soil_water");
    joint.procedure.extension = Some(ExtensionRule {
        days: 15,
        by: Authority::Government,
        article: "行政许可法第四十二条第二款".into(),
        certainty: crate::item::Certainty::Seen,
    });
    joint.limit.days = u16::try_from(crate::clock::default_deadlines().get("joint_decision").unwrap().days).unwrap();
    let mut story = Story::submitted(joint);
    story.then(WINDOW, |case, _, papers| receive(case, papers));
    story.accept();
    assert_eq!(due(decision_clock(&story.case)), calendar().add_working_days(date(2026, 3, 2), 45));
    assert_eq!(story.refused(MANAGER, extended(16)), "extension.cap");
    let events = extended(15)(&story.case, &story.scene(MANAGER), &story.papers()).unwrap();
    let [CaseEvent::LimitExtended { by, extension, .. }] = events.as_slice() else { panic!() };
    assert_eq!((*by, extension.article.contains("第二款")), (Authority::Government, true));
    story.then(MANAGER, extended(15));
    assert_eq!(due(decision_clock(&story.case)), calendar().add_working_days(date(2026, 3, 2), 60));
}

fn plan(kind: &str, from: Date, planned_until: Date) -> SpecialPlan {
    SpecialPlan {
        kind: special_kinds().get(kind).unwrap().clone(),
        from,
        planned_until,
        paper: "关于启动程序的通知".into(),
        told_on: from,
        told_by: Way::Platform,
        longer: String::new(),
    }
}

fn begin(plan: SpecialPlan) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    move |case, scene, _| begin_special(case, plan.clone(), scene)
}

fn end(at: usize, ended_on: Date) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let result = SpecialResult { ended_on, result: "可行".into(), paper: "意见书".into() };
    move |case, scene, _| end_special(case, at, result.clone(), scene)
}

#[test]
fn art43_a_lower_level_reviews_within_twenty_days() {
    let mut story = Story::accepted("soil_water");
    let day = date(2026, 3, 2);
    let late = plan("preliminary_review", day, date(2026, 3, 31));
    assert_eq!(story.refused(UNDERTAKER, begin(late)), "special.too_long");
    let events = story.then(UNDERTAKER, begin(plan("preliminary_review", day, date(2026, 3, 30))));
    assert_eq!(events, ["SpecialBegun"], "its days count");
    assert_eq!(due(story.case.specials[0].clock()), date(2026, 3, 30));
    assert_eq!(due(decision_clock(&story.case)), date(2026, 3, 30));
}

#[test]
fn art44_the_licence_is_delivered_within_ten_days_of_the_decision() {
    let mut story = Story::accepted("soil_water");
    story.on(date(2026, 3, 25));
    let mut story = story.granted();
    assert_eq!((story.case.stage, story.case.owed()), (Stage::Completed, Owed::Deliver));
    assert_eq!(due(delivery_clock(&story.case)), date(2026, 4, 9), "Qingming is left out");
    let delivered = |on: Date, receiver: &'static str| {
        move |case: &Case, scene: &Scene<'_>, _: &Papers| {
            deliver(case, Delivery { on, by: Way::Mail, receiver: receiver.into() }, scene)
        }
    };
    story.on(date(2026, 3, 27));
    assert_eq!(story.refused(WINDOW, delivered(date(2026, 3, 28), "李工")), "date.future");
    assert_eq!(story.refused(WINDOW, delivered(date(2026, 3, 24), "李工")), "date.too_early");
    assert_eq!(story.refused(WINDOW, delivered(date(2026, 3, 27), " ")), "text.required");
    assert_eq!(story.then(WINDOW, delivered(date(2026, 3, 27), "李工")), ["LicenceDelivered"]);
    assert_eq!(delivery_clock(&story.case).unwrap().finished, Some(date(2026, 3, 27)));
    assert_eq!(story.case.owed(), Owed::Nothing);
    assert_eq!(story.refused(WINDOW, delivered(date(2026, 3, 27), "李工")), "delivery.twice");
}

#[test]
fn art44_what_is_no_licence_and_what_was_refused_is_not_delivered() {
    let filed = Story::accepted("ent_file");
    assert_eq!(filed.case.owed(), Owed::Decide, "one person decides on a filing");
    let events = filed.decide(APPROVER, Outcome::Granted).unwrap();
    let mut filed = filed;
    filed.happened(APPROVER, events);
    assert_eq!(filed.case.owed(), Owed::Nothing);
    let mut refused = Story::accepted("soil_water").reviewed(Outcome::Refused);
    let events = refused.decide(APPROVER, Outcome::Refused).unwrap();
    refused.happened(APPROVER, events);
    assert_eq!(refused.case.owed(), Owed::Nothing);
    assert!(delivery_clock(&refused.case).is_none());
}

#[test]
fn art45_a_suspension_has_ground_paper_and_proof_that_the_applicant_was_told_how_long() {
    let mut story = Story::accepted("soil_water");
    story.on(date(2026, 3, 9));
    let stop = |told_on: Option<Date>, planned: Date, document: &'static str| {
        move |case: &Case, scene: &Scene<'_>, _: &Papers| {
            let from = date(2026, 3, 9);
            let document = document.to_owned();
            let suspension = Suspension { from, to: None, ground: Ground::Appraisal, document, told_on };
            suspend(case, suspension, Notice::new(planned, Way::Mail, vec![]), scene.today())
        }
    };
    let (today, later) = (Some(date(2026, 3, 9)), date(2026, 3, 20));
    assert_eq!(story.refused(UNDERTAKER, stop(None, later, "鉴定告知书")), "clock.not_told");
    assert_eq!(story.refused(UNDERTAKER, stop(Some(later), later, "鉴定告知书")), "date.future");
    assert_eq!(story.refused(UNDERTAKER, stop(today, date(2026, 3, 8), "鉴定告知书")), "clock.planned");
    assert_eq!(story.refused(UNDERTAKER, stop(today, later, " ")), "clock.no_paper");
    assert_eq!(story.then(UNDERTAKER, stop(today, later, "鉴定告知书")), ["ClockSuspended"]);
    assert!(decision_clock(&story.case).unwrap().due(calendar()).is_none());
    story.on(date(2026, 3, 14)).then(UNDERTAKER, |case, _, _| resume(case, date(2026, 3, 13)));
    assert_eq!(due(decision_clock(&story.case)), date(2026, 4, 7), "five working days were not counted");
}

#[test]
fn art45_every_procedure_of_the_list_stops_the_clock_and_no_other_does() {
    for kind in special_kinds().iter() {
        let mut story = Story::accepted("soil_water");
        story.on(date(2026, 3, 9));
        let listed = ["hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal"];
        let stops = listed.contains(&kind.id.as_str()) || ["expert_review", "evaluation"].contains(&kind.id.as_str());
        let begun = story.then(UNDERTAKER, begin(plan(&kind.id, date(2026, 3, 9), date(2026, 3, 13))));
        assert_eq!(begun.contains(&"ClockSuspended".to_owned()), stops, "{}", kind.id);
        assert_eq!(story.case.is_suspended(), stops);
        story.on(date(2026, 3, 13));
        let ended = story.then(UNDERTAKER, end(0, date(2026, 3, 13)));
        assert_eq!(ended.contains(&"ClockResumed".to_owned()), stops, "{}", kind.id);
        let expected = if stops { date(2026, 4, 7) } else { date(2026, 3, 30) };
        assert_eq!(due(decision_clock(&story.case)), expected, "{}", kind.id);
    }
}

#[test]
fn art45_procedures_that_overlap_stop_the_clock_once() {
    let mut story = Story::accepted("soil_water");
    story.on(date(2026, 3, 9)).then(UNDERTAKER, begin(plan("expert_review", date(2026, 3, 9), date(2026, 3, 13))));
    story.on(date(2026, 3, 11));
    let begun = story.then(UNDERTAKER, begin(plan("testing", date(2026, 3, 11), date(2026, 3, 20))));
    assert_eq!(begun, ["SpecialBegun"], "it stands still already");
    assert_eq!(story.refused(UNDERTAKER, begin(plan("testing", story.today, story.today))), "special.running");
    story.on(date(2026, 3, 20));
    assert_eq!(story.then(UNDERTAKER, end(1, date(2026, 3, 20))), ["SpecialEnded"], "the review still runs");
    assert_eq!(story.refused(UNDERTAKER, |case, _, _| resume(case, date(2026, 3, 20))), "special.running");
    let ended = story.then(UNDERTAKER, end(0, date(2026, 3, 13)));
    assert_eq!(ended, ["SpecialEnded", "ClockResumed"]);
    assert_eq!(story.case.suspensions[0].to, Some(date(2026, 3, 20)), "to the end of the longer one");
    assert_eq!(due(decision_clock(&story.case)), calendar().add_working_days(date(2026, 3, 20), 16));
    assert_eq!(story.refused(UNDERTAKER, end(0, date(2026, 3, 13))), "special.not_running");
}

#[test]
fn art45_nothing_is_decided_while_a_procedure_runs() {
    let mut story = Story::accepted("soil_water");
    story.then(UNDERTAKER, begin(plan("site_visit", date(2026, 3, 2), date(2026, 3, 4))));
    let story = story.reviewed(Outcome::Granted);
    assert_eq!(story.decide(APPROVER, Outcome::Granted).unwrap_err()[0].code, "special.running");
}

fn offer(told_on: Date) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    move |case, scene, _| offer_hearing(case, told_on, Way::Platform, "听证告知书", scene)
}

fn ask(case: &Case, scene: &Scene<'_>, _: &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    ask_hearing(case, scene)
}

#[test]
fn art47_a_hearing_is_asked_within_five_days_of_being_told() {
    let mut story = Story::accepted("soil_water");
    assert_eq!(story.refused(UNIT, ask), "hearing.not_told");
    story.then(UNDERTAKER, offer(date(2026, 3, 2)));
    assert_eq!(story.refused(UNDERTAKER, offer(date(2026, 3, 2))), "hearing.told_twice");
    assert_eq!(due(hearing_request_clock(&story.case)), date(2026, 3, 9));
    story.on(date(2026, 3, 10));
    assert_eq!(story.refused(UNIT, ask), "hearing.late");
    story.on(date(2026, 3, 9));
    assert_eq!(story.then(UNIT, ask), ["HearingAsked"]);
    assert_eq!(hearing_request_clock(&story.case).unwrap().finished, Some(date(2026, 3, 9)));
    assert_eq!(story.refused(UNIT, ask), "hearing.asked_twice");
}

#[test]
fn art47_the_organ_holds_it_within_twenty_days_and_decides_after_it() {
    let mut story = Story::accepted("soil_water");
    story.then(UNDERTAKER, offer(date(2026, 3, 2)));
    story.on(date(2026, 3, 3)).then(UNIT, ask);
    assert_eq!(due(hearing_clock(&story.case)), date(2026, 3, 31));
    let mut story = story.reviewed(Outcome::Granted);
    assert_eq!(story.decide(APPROVER, Outcome::Granted).unwrap_err()[0].code, "hearing.not_held");
    let late = plan("hearing", date(2026, 3, 3), date(2026, 4, 1));
    assert_eq!(story.refused(UNDERTAKER, begin(late)), "special.hearing_late");
    story.then(UNDERTAKER, begin(plan("hearing", date(2026, 3, 3), date(2026, 3, 31))));
    story.on(date(2026, 3, 17)).then(UNDERTAKER, end(0, date(2026, 3, 17)));
    assert_eq!(hearing_clock(&story.case).unwrap().finished, Some(date(2026, 3, 17)));
    assert!(story.decide(APPROVER, Outcome::Granted).is_ok());
}

#[test]
fn art47_nothing_is_decided_before_the_five_days_are_over() {
    let mut story = Story::accepted("soil_water");
    story.then(UNDERTAKER, offer(date(2026, 3, 2)));
    let mut story = story.reviewed(Outcome::Granted);
    story.on(date(2026, 3, 9));
    assert_eq!(story.decide(APPROVER, Outcome::Granted).unwrap_err()[0].code, "hearing.waiting");
    story.on(date(2026, 3, 10));
    assert!(story.decide(APPROVER, Outcome::Granted).is_ok());
}

fn request(kind: AmendmentKind, until: Option<Date>) -> AmendmentRequest {
    AmendmentRequest { kind, reason: "情况说明".into(), until }
}

fn asked(
    kind: AmendmentKind,
    until: Option<Date>,
) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    move |case, scene, _| ask_amendment(case, request(kind, until), scene)
}

fn amended(on: Date, outcome: Outcome) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let decision =
        AmendmentDecision { outcome, opinion: "同意".into(), document_number: "赤审变〔2026〕1号".into(), on };
    move |case, scene, papers| decide_amendment(case, decision.clone(), scene, papers)
}

/// A pre-examination granted on 2 March 2026: three years, renewal by 许可法第五十条.
fn site_opinion() -> Story {
    let story = Story::accepted("land_preexam_site").granted();
    assert_eq!(story.case.decision.as_ref().unwrap().valid_until, Some(date(2029, 3, 2)), "the term is filled in");
    story
}

#[test]
fn art50_a_renewal_is_asked_thirty_days_before_the_end() {
    let mut story = site_opinion();
    let last = story.case.last_day_to_renew(calendar()).unwrap();
    assert_eq!(calendar().working_days_between(last, date(2029, 3, 2)), 30);
    story.on(last.tomorrow().unwrap());
    while !calendar().is_working(story.today) {
        story.today = story.today.tomorrow().unwrap();
    }
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, None)), "renewal.late");
    story.on(last);
    let far = Some(date(2033, 1, 1));
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, far)), "renewal.until");
    assert_eq!(story.then(UNIT, asked(AmendmentKind::Renewal, None)), ["AmendmentAsked"]);
    assert_eq!(story.case.amendments[0].request.until, Some(date(2032, 3, 2)), "the same term again");
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, None)), "amendment.running");
}

#[test]
fn art50_silence_by_the_end_is_renewal() {
    let mut story = site_opinion();
    story.on(date(2028, 12, 1)).then(UNIT, asked(AmendmentKind::Renewal, None));
    assert_eq!(story.case.force(date(2029, 3, 2)), Some(Force::InForce(Some(date(2029, 3, 2)))));
    assert_eq!(story.case.force(date(2029, 3, 3)), Some(Force::RenewedBySilence(date(2032, 3, 2))));
    assert!(settle(&story.case, calendar(), date(2029, 3, 2)).is_empty(), "whoever has asked needs no reminder");
    story.on(date(2029, 3, 3));
    assert_eq!(story.refused(APPROVER, amended(date(2029, 3, 3), Outcome::Refused)), "renewal.over");
    let events = settle(&story.case, calendar(), story.today);
    assert_eq!(kinds(&events), ["RenewedBySilence"]);
    story.happened("system", events);
    assert_eq!(story.case.force(story.today), Some(Force::InForce(Some(date(2032, 3, 2)))));
    assert!(settle(&story.case, calendar(), story.today).is_empty(), "noted once");
}

#[test]
fn art50_a_renewal_decided_in_time_is_what_was_decided() {
    let mut story = site_opinion();
    story.on(date(2028, 12, 1)).then(UNIT, asked(AmendmentKind::Renewal, Some(date(2030, 3, 2))));
    let mut refused = Story { case: story.case.clone(), today: date(2028, 12, 20) };
    assert_eq!(refused.then(APPROVER, amended(refused.today, Outcome::Refused)), ["AmendmentDecided"]);
    assert_eq!(refused.case.force(date(2029, 3, 3)), Some(Force::Lapsed(date(2029, 3, 2))));
    story.on(date(2028, 12, 20)).then(APPROVER, amended(date(2028, 12, 20), Outcome::Granted));
    assert_eq!(story.case.force(date(2029, 3, 3)), Some(Force::InForce(Some(date(2030, 3, 2)))));
}

#[test]
fn art50_the_unit_is_reminded_once_while_it_can_still_ask_for_a_renewal() {
    let mut story = site_opinion();
    let last = story.case.last_day_to_renew(calendar()).unwrap();
    let day = story.case.reminder_day(calendar()).unwrap();
    assert_eq!((last - day).get_days(), 30);
    assert_eq!(story.case.settled_until(calendar()), day.yesterday().ok());
    assert!(settle(&story.case, calendar(), day.yesterday().unwrap()).is_empty());
    let events = settle(&story.case, calendar(), day);
    assert_eq!(events, [CaseEvent::ExpiryReminded { until: date(2029, 3, 2), renew_by: Some(last) }]);
    let late = settle(&story.case, calendar(), last.tomorrow().unwrap());
    assert_eq!(
        late,
        [CaseEvent::ExpiryReminded { until: date(2029, 3, 2), renew_by: None }],
        "nothing is promised any more"
    );
    story.on(day).happened("system", events);
    assert!(settle(&story.case, calendar(), day).is_empty(), "once");
    assert_eq!(story.case.settled_until(calendar()), Some(date(2029, 3, 2)), "next, its end");
    story.then(UNIT, asked(AmendmentKind::Renewal, None));
    story.then(APPROVER, amended(day, Outcome::Granted));
    let next = story.case.reminder_day(calendar()).unwrap();
    assert!(next > date(2031, 12, 1), "a new term has its own reminder: {next}");
}

#[test]
fn art50_without_a_renewal_it_lapses_by_itself() {
    let story = site_opinion();
    assert_eq!(story.case.force(date(2029, 3, 3)), Some(Force::Lapsed(date(2029, 3, 2))));
    assert_eq!(kinds(&settle(&story.case, calendar(), date(2029, 3, 3))), ["LicenceLapsed"]);
}

fn revoked(
    ground: RevocationGround,
    on: Date,
) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let revocation = Revocation { ground, reason: "经查证".into(), document_number: "赤审撤1号".into(), on };
    move |case, scene, papers| revoke(case, revocation.clone(), scene, papers)
}

#[test]
fn art69_a_decision_is_annulled_on_its_ground_and_stands_in_nobodys_way() {
    let mut story = site_opinion();
    assert!(story.case.is_live());
    story.on(date(2026, 5, 8));
    assert_eq!(story.refused(APPROVER, revoked(RevocationGround::Fraud, date(2026, 3, 1))), "date.too_early");
    let events =
        revoked(RevocationGround::Fraud, story.today)(&story.case, &story.scene(APPROVER), &story.papers()).unwrap();
    let [CaseEvent::LicenceRevoked { document, .. }] = events.as_slice() else { panic!() };
    assert!(document.paragraphs[0].contains("第六十九条第二款") && document.paragraphs[0].contains("撤销"));
    story.happened(APPROVER, events);
    assert_eq!(story.case.force(story.today), Some(Force::Revoked(date(2026, 5, 8))));
    assert!(!story.case.is_live() && story.case.owed() == Owed::Nothing);
    assert_eq!(story.refused(APPROVER, revoked(RevocationGround::Abuse, story.today)), "licence.revoked");
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Change, None)), "licence.revoked");
}

#[test]
fn art70_only_what_has_expired_is_struck_off_for_it() {
    let mut story = site_opinion();
    story.on(date(2029, 3, 2));
    assert_eq!(story.refused(APPROVER, revoked(RevocationGround::Expired, story.today)), "revoke.not_expired");
    story.on(date(2029, 3, 5));
    assert_eq!(story.then(APPROVER, revoked(RevocationGround::Expired, story.today)), ["LicenceRevoked"]);
}

#[test]
fn art82_periods_are_working_days_and_the_first_day_is_not_counted() {
    let story = Story::accepted("soil_water");
    let clock = decision_clock(&story.case).unwrap();
    let sheet = clock.sheet(calendar(), date(2026, 3, 30), Default::default());
    assert_eq!(sheet.rows[0].date, date(2026, 3, 3), "the day after acceptance is the first");
    assert!(sheet.rows.iter().filter(|r| !calendar().is_working(r.date)).all(|r| r.status.counted().is_none()));
}

#[test]
fn o673_art8_an_application_is_transferred_within_five_days_and_received_anew() {
    let mut story = Story::received("ent_ratify");
    assert_eq!(due(transfer_clock(&story.case)), date(2026, 3, 9));
    let to = |agency: &'static str| {
        move |case: &Case, _: &Scene<'_>, papers: &Papers| {
            transfer(case, &Agency::parse(agency).unwrap(), "由自治区核准", papers)
        }
    };
    assert_eq!(story.refused(WINDOW, to("development_reform-150402")), "transfer.same");
    story.on(date(2026, 3, 5));
    assert_eq!(story.then(WINDOW, to("development_reform-150000")), ["CaseTransferred"]);
    assert_eq!((story.case.stage, story.case.owed()), (Stage::Submitted, Owed::Receive));
    assert_eq!(story.case.application.as_ref().unwrap().agency.region.as_str(), "150000");
    assert_eq!(transfer_clock(&story.case).unwrap().finished, Some(date(2026, 3, 5)));
    story.on(date(2026, 3, 6)).then(WINDOW, |case, _, papers| receive(case, papers));
    assert_eq!(due(check_clock(&story.case)), date(2026, 3, 13), "its own five days");
    let other = Story::received("soil_water");
    assert_eq!(other.refused(WINDOW, to("water-150400")), "transfer.none");
}

#[test]
fn o673_art9_an_evaluation_takes_thirty_days_and_longer_only_when_complex() {
    let mut story = Story::accepted("ent_ratify");
    let day = date(2026, 3, 9);
    story.on(day);
    let limit = calendar().add_working_days(day, 30);
    let over = plan("evaluation", day, limit.tomorrow().unwrap());
    assert_eq!(story.refused(UNDERTAKER, begin(over.clone())), "special.too_long");
    let complex = SpecialPlan { longer: "跨流域调水，模型计算量大".into(), ..over };
    assert!(begin(complex)(&story.case, &story.scene(UNDERTAKER), &story.papers()).is_ok());
    let events = story.then(UNDERTAKER, begin(plan("evaluation", day, limit)));
    assert_eq!(events, ["SpecialBegun", "ClockSuspended"]);
    assert_eq!(due(story.case.specials[0].clock()), limit);
    assert_eq!(story.case.suspensions[0].ground.article(), "企业投资项目核准和备案管理条例第十条");
}

#[test]
fn o673_art10_ratification_takes_twenty_days_without_the_evaluation() {
    let mut story = Story::accepted("ent_ratify");
    assert_eq!(due(decision_clock(&story.case)), date(2026, 3, 30));
    story.on(date(2026, 3, 9)).then(UNDERTAKER, begin(plan("evaluation", date(2026, 3, 9), date(2026, 3, 20))));
    story.on(date(2026, 3, 20)).then(UNDERTAKER, end(0, date(2026, 3, 20)));
    assert_eq!(due(decision_clock(&story.case)), date(2026, 4, 14), "ten working days later");
}

#[test]
fn o673_art10_ratification_is_extended_by_forty_days_at_most() {
    let mut story = Story::accepted("ent_ratify");
    assert_eq!(story.refused(MANAGER, extended(41)), "extension.cap");
    story.then(MANAGER, extended(40));
    assert_eq!(due(decision_clock(&story.case)), calendar().add_working_days(date(2026, 3, 2), 60));
    assert!(story.case.extensions[0].article.contains("管理条例第十条"));
}

#[test]
fn o673_art11_a_change_is_decided_within_twenty_days() {
    let mut story = Story::accepted("ent_ratify").granted();
    story.on(date(2026, 5, 8)).then(UNIT, asked(AmendmentKind::Change, None));
    assert_eq!(due(amendment_clock(&story.case)), calendar().add_working_days(date(2026, 5, 8), 20));
    let delivery = Delivery { on: date(2026, 5, 8), by: Way::InPerson, receiver: "李工".into() };
    story.then(WINDOW, |case, scene, _| deliver(case, delivery.clone(), scene));
    assert_eq!(story.case.owed(), Owed::Amend);
    story.on(date(2026, 5, 20));
    assert_eq!(story.then(APPROVER, amended(story.today, Outcome::Granted)), ["AmendmentDecided"]);
    assert_eq!(amendment_clock(&story.case).unwrap().finished, Some(date(2026, 5, 20)));
    assert_eq!(story.refused(APPROVER, amended(story.today, Outcome::Granted)), "amendment.not_asked");
}

/// Ratified on 2 March 2026: two years.
fn ratified() -> Story {
    let story = Story::accepted("ent_ratify").granted();
    assert_eq!(story.case.decision.as_ref().unwrap().valid_until, Some(date(2028, 3, 2)));
    story
}

#[test]
fn o673_art12_it_lapses_by_itself_two_years_after_when_nothing_was_begun() {
    let mut story = ratified();
    assert_eq!(story.case.force(date(2028, 3, 2)), Some(Force::InForce(Some(date(2028, 3, 2)))));
    assert_eq!(story.case.force(date(2028, 3, 3)), Some(Force::Lapsed(date(2028, 3, 2))));
    story.on(date(2027, 5, 10)).then(WINDOW, |case, scene, _| note_start(case, date(2027, 5, 6), scene));
    assert_eq!(story.case.force(date(2030, 1, 1)), Some(Force::InForce(None)), "construction has begun");
    assert_eq!(story.refused(WINDOW, |case, scene, _| note_start(case, date(2027, 5, 6), scene)), "start.twice");
}

#[test]
fn o673_art12_the_extension_is_asked_thirty_working_days_before_and_decided_within_twenty() {
    let mut story = ratified();
    let last = story.case.last_day_to_renew(calendar()).unwrap();
    assert_eq!(calendar().working_days_between(last, date(2028, 3, 2)), 30);
    story.on(date(2028, 2, 29));
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, None)), "renewal.late");
    story.on(last).then(UNIT, asked(AmendmentKind::Renewal, None));
    assert_eq!(due(amendment_clock(&story.case)), calendar().add_working_days(last, 20));
    assert_eq!(story.case.amendments[0].request.until, Some(date(2029, 3, 2)));
}

#[test]
fn o673_art12_it_is_extended_once_and_by_one_year_at_most() {
    let mut story = ratified();
    story.on(date(2027, 12, 1));
    let long = Some(date(2029, 3, 3));
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, long)), "renewal.until");
    story.then(UNIT, asked(AmendmentKind::Renewal, Some(date(2029, 3, 2))));
    story.then(APPROVER, amended(date(2027, 12, 1), Outcome::Granted));
    assert_eq!(story.case.force(date(2029, 3, 2)), Some(Force::InForce(Some(date(2029, 3, 2)))));
    story.on(date(2028, 12, 1));
    assert_eq!(story.refused(UNIT, asked(AmendmentKind::Renewal, None)), "renewal.again");
    assert_eq!(story.case.force(date(2029, 3, 3)), Some(Force::Lapsed(date(2029, 3, 2))));
}

#[test]
fn o673_art12_silence_on_an_extension_is_no_extension() {
    let mut story = ratified();
    story.on(date(2027, 12, 1)).then(UNIT, asked(AmendmentKind::Renewal, None));
    assert_eq!(story.case.force(date(2028, 3, 3)), Some(Force::Lapsed(date(2028, 3, 2))));
    let events = settle(&story.case, calendar(), date(2028, 3, 3));
    story.happened("system", events);
    assert!(!story.case.is_live(), "a new application is free");
    assert_eq!(story.case.owed(), Owed::Deliver, "the delivery is still owed");
}

fn proposed(by: &str, story: &mut Story) {
    story.then(by, |case, scene, _| {
        propose(case, Proposal { outcome: Outcome::Granted, opinion: "拟准予".into() }, scene)
    });
}

#[test]
fn art37_no_person_takes_two_of_the_three_steps() {
    let agree = |case: &Case, scene: &Scene<'_>, _: &Papers| review(case, "同意", scene);
    let mut story = Story::accepted("soil_water");
    proposed(UNDERTAKER, &mut story);
    assert_eq!(story.refused(UNDERTAKER, agree), "case.four_eyes");
    assert_eq!(story.refused(UNDERTAKER, |case, scene, _| send_back(case, "不妥", scene)), "case.four_eyes");
    story.then(REVIEWER, agree);
    for person in [UNDERTAKER, REVIEWER] {
        let refusals = story.decide(person, Outcome::Granted).unwrap_err();
        assert_eq!(refusals[0].code, "case.four_eyes");
        assert!(refusals[0].message.contains("四眼原则") && refusals[0].article.is_some());
    }
    assert!(story.decide(APPROVER, Outcome::Granted).is_ok());
}

#[test]
fn art37_the_decision_is_what_was_proposed_and_agreed_to_or_it_goes_back() {
    let mut story = Story::accepted("soil_water").reviewed(Outcome::Granted);
    assert_eq!(story.decide(APPROVER, Outcome::Refused).unwrap_err()[0].code, "decision.differs");
    assert_eq!(story.then(APPROVER, |case, scene, _| send_back(case, "理由不足", scene)), ["ProposalSentBack"]);
    assert_eq!((story.case.stage, story.case.owed()), (Stage::Processing, Owed::Propose));
    assert_eq!(story.case.sent_back.as_ref().unwrap().what, "理由不足");
    assert!(story.case.proposal.is_none() && story.case.review.is_none());
    let mut story = story.reviewed(Outcome::Refused);
    story.on(date(2026, 3, 10));
    assert!(story.decide(APPROVER, Outcome::Refused).is_ok());
}

#[test]
fn art37_without_proposal_and_review_nothing_is_decided_but_a_filing() {
    let story = Story::accepted("soil_water");
    assert_eq!(story.decide(APPROVER, Outcome::Granted).unwrap_err()[0].code, "case.wrong_state");
    let filing = Story::accepted("ent_file");
    assert!(filing.case.may(Act::Decide) && !filing.case.may(Act::Propose));
    assert!(filing.decide(WINDOW, Outcome::Granted).is_ok());
}

#[test]
fn a_case_has_one_holder_who_hands_it_over() {
    let holder = |account: &str| Undertaker { account: AccountId(account.into()), name: account.to_owned() };
    let claimed = |account: &'static str| move |case: &Case, _: &Scene<'_>, _: &Papers| claim(case, holder(account));
    let handed = |to: &'static str, manager: bool, reason: &'static str| {
        move |case: &Case, scene: &Scene<'_>, _: &Papers| hand_over(case, holder(to), reason, manager, scene)
    };
    let mut story = Story::accepted("soil_water");
    assert_eq!(story.refused(UNDERTAKER, handed("a-other", false, "休假")), "case.unclaimed");
    assert_eq!(story.then(UNDERTAKER, claimed(UNDERTAKER)), ["CaseClaimed"]);
    assert_eq!(story.refused(UNDERTAKER, claimed(UNDERTAKER)), "case.claimed_already");
    assert_eq!(story.refused("a-other", claimed("a-other")), "case.claimed");
    let propose_now = |case: &Case, scene: &Scene<'_>, _: &Papers| {
        propose(case, Proposal { outcome: Outcome::Granted, opinion: "拟准予".into() }, scene)
    };
    assert_eq!(story.refused("a-other", propose_now), "case.not_holder");
    assert_eq!(story.refused("a-other", handed("a-other", false, "休假")), "case.not_holder");
    assert_eq!(story.refused(UNDERTAKER, handed(UNDERTAKER, false, "休假")), "case.same_holder");
    assert_eq!(story.refused(UNDERTAKER, handed("a-other", false, " ")), "text.required");
    assert_eq!(story.then(UNDERTAKER, handed("a-other", false, "休假")), ["CaseHandedOver"]);
    assert_eq!(story.then(MANAGER, handed(UNDERTAKER, true, "调整分工")), ["CaseHandedOver"]);
    proposed(UNDERTAKER, &mut story);
    assert_eq!(story.case.proposal.as_ref().unwrap().by, UNDERTAKER);
}

#[test]
fn states_and_events_of_before_are_read() {
    let mut json = serde_json::to_value(Story::accepted("soil_water").case).unwrap();
    for newer in ["undertaker", "proposal", "extensions", "specials", "amendments", "notices", "delivery"] {
        json.as_object_mut().unwrap().remove(newer);
    }
    json["application"].as_object_mut().unwrap().remove("procedure");
    let case: Case = serde_json::from_value(json).unwrap();
    assert_eq!(case.stage, Stage::Processing);
    let old = r#"{"kind":"ClockSuspended","data":{"suspension":{"from":"2026-03-09","to":null,"ground":"hearing","document":"函","told_on":null}}}"#;
    assert!(matches!(serde_json::from_str(old), Ok(CaseEvent::ClockSuspended { notice: None, .. })));
}

const PROMISED: ApplicationWay = ApplicationWay::Commitment { promised: true };

fn promised() -> Story {
    let application = application("soil_water");
    let mut story = Story::submitted(application.clone());
    let event = promise_commitment(&application, PROMISED, &story.papers()).unwrap().unwrap();
    story.happened(UNIT, vec![event]);
    story.then(WINDOW, |case, _, papers| receive(case, papers));
    story.accept();
    story
}

fn checked(
    finding: Finding,
    rectify_by: Option<Date>,
) -> impl Fn(&Case, &Scene<'_>, &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    move |case, scene, papers| {
        let facts = "现场核查，措施已经落实。".to_owned();
        check_commitment(case, CommitmentCheck { on: scene.today(), finding, facts, rectify_by }, scene, papers)
    }
}

fn promised_and_granted() -> Story {
    let mut story = promised();
    let events = story.decide(APPROVER, Outcome::Granted).unwrap();
    story.happened(APPROVER, events);
    story
}

#[test]
fn gbf42_on_a_promise_one_person_grants_and_the_letter_says_what_was_promised() {
    let story = promised();
    let letter = story.case.documents.first().unwrap();
    assert_eq!(letter.kind, DocumentKind::CommitmentLetter);
    assert_eq!((story.case.owed(), story.case.may(Act::Propose)), (Owed::Decide, true));
    let refused = story.decide(APPROVER, Outcome::Refused).unwrap_err();
    assert_eq!((refused[0].code.as_ref(), refused[0].field.as_deref()), ("commitment.refusal", Some("outcome")));
    let story = promised_and_granted();
    assert_eq!(story.case.owed(), Owed::Deliver, "first the licence, then the check");
}

#[test]
fn gbf42_a_refusal_on_a_promise_takes_the_three_steps() {
    let mut story = promised().reviewed(Outcome::Refused);
    let events = story.decide(APPROVER, Outcome::Refused).unwrap();
    story.happened(APPROVER, events);
    assert!(!story.case.awaits_commitment_check(), "nothing was granted on the promise");
}

#[test]
fn gbf42_an_item_without_a_rule_takes_no_promise() {
    let story = Story::submitted(application("eia"));
    let refusal = promise_commitment(story.case.application.as_ref().unwrap(), PROMISED, &story.papers()).unwrap_err();
    assert_eq!((refusal.code.as_ref(), refusal.field.as_deref()), ("commitment.none", Some("way")));
    let (allowed, papers) = (application("soil_water"), story.papers());
    let unread = promise_commitment(&allowed, ApplicationWay::Commitment { promised: false }, &papers).unwrap_err();
    assert_eq!((unread.code.as_ref(), unread.field.as_deref()), ("commitment.not_promised", Some("promised")));
    assert_eq!(promise_commitment(&allowed, ApplicationWay::Ordinary, &papers), Ok(None));
    let ordinary = Story::accepted("soil_water").granted();
    assert_eq!(ordinary.refused(UNDERTAKER, checked(Finding::Kept, None)), "commitment.none");
}

#[test]
fn gbf42_the_organ_checks_within_sixty_days_of_the_decision() {
    let mut story = promised_and_granted();
    assert_eq!(due(commitment_clock(&story.case)), date(2026, 5, 6), "the sixtieth day falls into a holiday");
    let running: Vec<_> = running_clocks(&story.case).into_iter().map(|clock| clock.kind.id).collect();
    assert_eq!(running, ["delivery", "commitment_check"], "both run, what is owed first");
    story.on(date(2026, 3, 20));
    assert_eq!(story.then(UNDERTAKER, checked(Finding::Kept, None)), ["CommitmentChecked"]);
    assert_eq!(story.case.owed(), Owed::Deliver);
    assert_eq!(story.refused(UNDERTAKER, checked(Finding::Kept, None)), "commitment.checked");
    assert_eq!(commitment_clock(&story.case).unwrap().finished, Some(date(2026, 3, 20)));
    assert_eq!(story.case.documents.last().unwrap().kind, DocumentKind::CommitmentCheckNotice);
}

#[test]
fn gbf42_a_rectification_is_ordered_once_and_checked_again_after_its_last_day() {
    let mut story = promised_and_granted();
    story.on(date(2026, 3, 20));
    for day in [None, Some(date(2026, 3, 20))] {
        assert_eq!(story.refused(UNDERTAKER, checked(Finding::Rectify, day)), "commitment.rectify_by");
    }
    story.then(UNDERTAKER, checked(Finding::Rectify, Some(date(2026, 4, 20))));
    assert!(story.case.awaits_commitment_check());
    assert_eq!(commitment_clock(&story.case).unwrap().start, date(2026, 4, 20));
    story.on(date(2026, 4, 21));
    assert_eq!(story.refused(UNDERTAKER, checked(Finding::Rectify, Some(date(2026, 6, 1)))), "commitment.rectified");
    story.then(UNDERTAKER, checked(Finding::Broken, None));
    assert!(!story.case.awaits_commitment_check() && story.case.is_in_force(), "revoking it is for a person to decide");
    let rule = story.case.commitment().unwrap();
    assert_eq!(rule.barred_until(date(2026, 4, 21)), date(2028, 4, 21));
}

#[test]
fn gbf42_what_is_out_of_force_or_not_yet_decided_is_not_checked() {
    assert_eq!(promised().refused(UNDERTAKER, checked(Finding::Kept, None)), "case.wrong_state");
    let mut story = promised_and_granted();
    story.then(APPROVER, revoked(RevocationGround::Fraud, date(2026, 3, 2)));
    assert!(!story.case.awaits_commitment_check());
    assert_eq!(story.refused(UNDERTAKER, checked(Finding::Kept, None)), "licence.revoked");
}

#[test]
fn art15_special_procedures_run_out_beside_the_decision() {
    let mut story = Story::accepted("ent_ratify");
    story.on(date(2026, 3, 3));
    story.then(UNDERTAKER, begin(plan("evaluation", date(2026, 3, 3), date(2026, 4, 10))));
    let running: Vec<_> = running_clocks(&story.case).into_iter().map(|clock| clock.kind.id).collect();
    assert_eq!(running, ["item_working", "evaluation"]);
    let late = elapse(&story.case, calendar(), date(2026, 6, 1), &CodeCheck::Verified, &story.papers());
    let periods: Vec<_> = late
        .iter()
        .map(|event| match event {
            CaseEvent::DeadlinePrompted { period, mark, .. } => (period.as_str(), *mark),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(periods, [("evaluation", Mark::Red)], "the decision's own clock stands still meanwhile");
    story.on(date(2026, 4, 1));
    story.then(UNDERTAKER, end(0, date(2026, 4, 1)));
    assert_eq!(running_clocks(&story.case).len(), 1);
}

#[test]
fn k11_nothing_is_accepted_before_the_tick() {
    let story = Story::received("soil_water");
    let refusal = accept(&story.case, CodeCheck::Verified, None, None, &story.papers()).unwrap_err();
    assert_eq!((refusal.code.as_ref(), refusal.field.as_deref()), ("contents.not_reviewed", Some("reviewed")));
    let by = super::tests::somebody("a-window");
    let Ok(Acceptance::Accepted(events)) =
        accept(&story.case, CodeCheck::Verified, Some(by.clone()), None, &story.papers())
    else {
        panic!()
    };
    assert_eq!(events[0], CaseEvent::ContentsReviewed { by });
}
