//! Given events, when a command, then events or a refusal.

use super::*;
use crate::{
    Refusal,
    calendar::default_calendar,
    clock::{Ground, default_deadlines},
    department::Agency,
    item::catalogue,
    project::{Project, ProjectState},
    region::RegionCode,
};
use jiff::civil::date;
use proptest::prelude::*;

const DAY: Date = date(2026, 3, 2);

fn moment(days: i64) -> Moment {
    Moment(Moment::at(DAY, 9, 0).0 + days * 86_400_000)
}

fn meta(days: i64) -> Meta {
    Meta { at: moment(days), recorded_at: moment(days), actor: "a-test".into() }
}

fn application() -> Application {
    let item = catalogue().item("soil_water").unwrap();
    let agency = Agency::new("water", RegionCode::parse("150402").unwrap());
    let file = File { id: AttachmentId::from_random([1; 16]), name: "方案.pdf".into() };
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
        guide: Some(1),
        procedure: procedures().of(item),
        materials: vec![Given {
            material: "soil_water_plan".into(),
            name: "水土保持方案".into(),
            files: vec![file],
            result_of: None,
        }],
    }
}

pub(super) fn papers() -> Papers {
    Papers { date: DAY, serial: "000000001".into() }
}

/// The case these events leave, one day apart; the tick belongs to the day of the acceptance.
pub(super) fn given(events: &[CaseEvent]) -> Case {
    let (mut case, mut day) = (Case::default(), 0);
    for event in events {
        case.apply(event, &meta(day));
        day += i64::from(!matches!(event, CaseEvent::ContentsReviewed { .. }));
    }
    case
}

/// A completed case that this account decided.
pub(crate) fn completed(by: &str) -> Case {
    let project = CaseEvent::CaseSubmitted(std::sync::Arc::new(application()));
    let mut case = given(&[project]);
    let notice = Box::new(papers().receipt_slip(&application()));
    let decided = [CaseEvent::CaseDecided(Box::new(decision())), CaseEvent::CaseCompleted { document: notice }];
    for event in &decided {
        case.apply(event, &Meta { actor: by.into(), ..meta(9) });
    }
    case
}

fn point(text: &str) -> Point {
    Point { material: None, text: text.into() }
}

fn answer(text: &str) -> Answer {
    Answer { text: text.into(), files: vec![] }
}

fn decision() -> Decision {
    Decision {
        outcome: Outcome::Granted,
        opinion: "符合条件".into(),
        document_number: "赤水许〔2026〕1号".into(),
        title: "关于水土保持方案的决定".into(),
        decided_on: date(2026, 3, 10),
        valid_until: None,
        unreviewed: None,
    }
}

/// Somebody on the twentieth day, by the shipped calendar.
fn scene(by: &str) -> Scene<'_> {
    Scene { by, now: moment(20), calendar: default_calendar() }
}

fn suspension() -> Suspension {
    Suspension {
        from: date(2026, 3, 9),
        to: None,
        ground: Ground::ExpertReview,
        document: "专家评审通知".into(),
        told_on: Some(date(2026, 3, 8)),
    }
}

fn accepted(case: &Case) -> Result<Vec<CaseEvent>, Refusal> {
    match accept(case, CodeCheck::Verified, Some(somebody("a-window")), None, &papers())? {
        Acceptance::Accepted(events) => Ok(events),
        Acceptance::CodeRefused(_, refusal) => Err(refusal),
    }
}

fn plan() -> SpecialPlan {
    SpecialPlan {
        kind: special_kinds().get("site_visit").unwrap().clone(),
        from: date(2026, 3, 9),
        planned_until: date(2026, 3, 12),
        paper: "现场踏勘通知".into(),
        told_on: date(2026, 3, 9),
        told_by: Way::Platform,
        longer: String::new(),
    }
}

pub(crate) fn somebody(account: &str) -> Undertaker {
    Undertaker { account: crate::ids::AccountId(account.into()), name: "王经办".into() }
}

fn stop(case: &Case, suspension: Suspension) -> Result<Vec<CaseEvent>, Refusal> {
    suspend(case, suspension, Notice::new(date(2026, 3, 20), Way::Platform, vec![]), moment(20).date())
}

/// Does an act with good arguments; the first refusal counts. The check of a code alone has no command of its own.
fn perform(case: &Case, act: Act) -> Option<Result<Vec<CaseEvent>, Refusal>> {
    let first = |refusals: Vec<Refusal>| refusals.into_iter().next().unwrap();
    let outcome = Outcome::Granted;
    Some(match act {
        Act::Receive => receive(case, &papers()),
        Act::VerifyCode => return None,
        Act::AskCorrection => ask_correction(case, vec![point("补盖公章")], &papers()),
        Act::Supply => supply(case, vec![answer("已补")]).map_err(first),
        Act::Accept => accepted(case),
        Act::NotAccept => not_accept(case, NotAcceptedGround::NotNeeded, "不需要办理", None, &papers()),
        Act::Suspend => stop(case, suspension()),
        Act::Resume => resume(case, date(2026, 3, 12)),
        Act::Decide => decide(case, decision(), &scene("a-approver"), &papers()).map_err(first),
        Act::Withdraw => withdraw(case, "不再建设"),
        Act::CorrectOnSpot => correct_on_spot(
            case,
            SpotCorrection { material: None, wrong: "日期".into(), right: "三月".into(), by: "李工".into() },
        ),
        Act::AskAgain => ask_again(case, vec![point("补附图")], "补正材料带来新的问题", &papers()),
        Act::Transfer => {
            let region = RegionCode::parse("150400").unwrap();
            transfer(case, &Agency::new("water", region), "由上级核准", &papers())
        }
        Act::Claim => claim(case, somebody("a-undertaker")),
        Act::HandOver => hand_over(case, somebody("a-other"), "休假", true, &scene("a-manager")),
        Act::Propose => propose(case, Proposal { outcome, opinion: "拟准予".into() }, &scene("a-undertaker")),
        Act::Review => review(case, "同意", &scene("a-reviewer")),
        Act::SendBack => send_back(case, "请补充理由", &scene("a-approver")),
        Act::Extend => {
            let order = ExtensionOrder {
                days: 10,
                reason: "情况复杂".into(),
                approved_by: "张局长".into(),
                approval: "签报1号".into(),
            };
            extend(case, order, None, &scene("a-manager"), &papers())
        }
        Act::BeginSpecial => begin_special(case, plan(), &scene("a-undertaker")),
        Act::EndSpecial => {
            let result =
                SpecialResult {
                    ended_on: date(2026, 3, 12), result: "符合要求".into(), paper: "踏勘记录".into()
                };
            end_special(case, 0, result, &scene("a-undertaker"))
        }
        Act::OfferHearing => {
            offer_hearing(case, date(2026, 3, 20), Way::Platform, "听证告知书", &scene("a-undertaker"))
        }
        Act::AskHearing => ask_hearing(case, &scene("a-unit")),
        Act::Deliver => {
            let delivery = Delivery { on: date(2026, 3, 11), by: Way::InPerson, receiver: "李工".into() };
            deliver(case, delivery, &scene("a-window"))
        }
        Act::NoteStart => note_start(case, date(2026, 3, 12), &scene("a-window")),
        Act::Revoke => {
            let revocation = Revocation {
                ground: RevocationGround::Fraud,
                reason: "材料虚假".into(),
                document_number: "赤水撤〔2026〕1号".into(),
                on: date(2026, 3, 12),
            };
            revoke(case, revocation, &scene("a-approver"), &papers())
        }
        Act::AskAmendment => {
            let request =
                AmendmentRequest { kind: AmendmentKind::Change, reason: "变更弃渣场位置".into(), until: None };
            ask_amendment(case, request, &scene("a-unit"))
        }
        Act::DecideAmendment => {
            let decision = AmendmentDecision {
                outcome,
                opinion: "同意变更".into(),
                document_number: "赤水变〔2026〕1号".into(),
                on: date(2026, 3, 20),
            };
            decide_amendment(case, decision, &scene("a-approver"), &papers())
        }
        Act::CheckCommitment => {
            let check = CommitmentCheck {
                on: date(2026, 3, 20),
                finding: Finding::Kept,
                facts: "现场核查，措施已落实".into(),
                rectify_by: None,
            };
            check_commitment(case, check, &scene("a-undertaker"), &papers())
        }
    })
}

/// Events that lead to a stage, the shortest way.
pub(super) fn events_to(stage: Stage) -> Vec<CaseEvent> {
    let way: &[Act] = match stage {
        Stage::Submitted => &[],
        Stage::Received => &[Act::Receive],
        Stage::CorrectionAsked => &[Act::Receive, Act::AskCorrection],
        Stage::Supplemented => &[Act::Receive, Act::AskCorrection, Act::Supply],
        Stage::Processing => &[Act::Receive, Act::Accept],
        Stage::Proposed => &[Act::Receive, Act::Accept, Act::Propose],
        Stage::Reviewed => &[Act::Receive, Act::Accept, Act::Propose, Act::Review],
        Stage::Decided | Stage::Completed => &[Act::Receive, Act::Accept, Act::Propose, Act::Review, Act::Decide],
        Stage::NotAccepted => &[Act::NotAccept],
        Stage::Withdrawn => &[Act::Withdraw],
    };
    let mut events = vec![CaseEvent::CaseSubmitted(Arc::new(application()))];
    for act in way {
        events.extend(perform(&given(&events), *act).unwrap().unwrap());
    }
    if stage == Stage::Decided {
        events.pop();
    }
    events
}

pub(super) fn at(stage: Stage) -> Case {
    let case = given(&events_to(stage));
    assert_eq!(case.stage, stage);
    case
}

pub(super) fn kinds(events: &[CaseEvent]) -> Vec<String> {
    let kind = |event: &CaseEvent| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
    events.iter().map(kind).collect()
}

#[test]
fn a34_only_the_listed_acts_pass_in_each_stage() {
    // Written down a second time on purpose: the law's table, not the code's.
    use Stage as S;
    let checking = |stage| matches!(stage, S::Received | S::Supplemented);
    let deciding = |stage| matches!(stage, S::Processing | S::Proposed | S::Reviewed);
    let listed = |stage, act| match act {
        Act::Receive => matches!(stage, S::Submitted),
        Act::AskCorrection => matches!(stage, S::Received),
        Act::AskAgain => matches!(stage, S::Supplemented),
        Act::Supply => matches!(stage, S::CorrectionAsked),
        Act::VerifyCode | Act::Accept | Act::CorrectOnSpot | Act::Transfer => checking(stage),
        Act::NotAccept => checking(stage) || matches!(stage, S::Submitted | S::CorrectionAsked),
        Act::Claim | Act::HandOver => checking(stage) || matches!(stage, S::Processing),
        Act::Propose => matches!(stage, S::Processing),
        Act::Review => matches!(stage, S::Proposed),
        Act::Decide => matches!(stage, S::Proposed | S::Reviewed),
        Act::SendBack => matches!(stage, S::Proposed | S::Reviewed),
        Act::Suspend | Act::Resume | Act::Extend | Act::BeginSpecial | Act::EndSpecial => deciding(stage),
        Act::OfferHearing | Act::AskHearing => deciding(stage),
        Act::Withdraw => checking(stage) || deciding(stage) || matches!(stage, S::Submitted | S::CorrectionAsked),
        Act::Deliver | Act::NoteStart | Act::Revoke | Act::AskAmendment | Act::DecideAmendment => {
            matches!(stage, S::Completed)
        }
        Act::CheckCommitment => matches!(stage, S::Completed),
    };
    for stage in Stage::ALL {
        for act in Act::ALL {
            let expected = listed(stage, act);
            assert_eq!(stage.acts().contains(&act), expected, "{stage:?} {act:?}");
            match perform(&readied(at(stage), act), act) {
                Some(Err(refusal)) => {
                    let unreviewed = (stage, act) == (S::Proposed, Act::Decide) && refusal.code == "decision.no_review";
                    assert!(!expected || unreviewed, "{stage:?} {act:?}: {refusal}");
                    assert!(unreviewed || refusal.code == "case.wrong_state", "{stage:?} {act:?}: {refusal}");
                }
                Some(Ok(events)) => assert!(expected && !events.is_empty(), "{stage:?} {act:?}"),
                None => {}
            }
        }
    }
}

/// The case with what the act needs besides its stage.
fn readied(mut case: Case, act: Act) -> Case {
    let procedure = |case: &mut Case, item: &str| {
        let application = Arc::make_mut(case.application.as_mut().unwrap());
        application.procedure = procedures().of(catalogue().item(item).unwrap());
    };
    match act {
        Act::Resume => case.suspensions.push(suspension()),
        Act::Transfer => procedure(&mut case, "ent_ratify"),
        Act::NoteStart => procedure(&mut case, "water_abstraction"),
        Act::CheckCommitment => case.committed_at = Some(case.submitted_at),
        Act::EndSpecial => case.specials.push(Special { plan: plan(), result: None }),
        Act::AskHearing => {
            let told_on = date(2026, 3, 20);
            let paper = "听证告知书".into();
            case.hearing = Some(Hearing { told_on, told_by: Way::Platform, paper, asked_on: None });
        }
        Act::DecideAmendment => {
            let request = AmendmentRequest { kind: AmendmentKind::Change, reason: "变更".into(), until: None };
            case.amendments.push(Amendment { request, asked_at: moment(15), decision: None });
        }
        _ => {}
    }
    case
}

#[test]
fn nothing_can_be_done_to_a_case_that_does_not_exist() {
    for act in Act::ALL {
        if let Some(result) = perform(&Case::default(), act) {
            assert_eq!(result.unwrap_err().code, "case.not_there", "{act:?}");
        }
    }
}

#[test]
fn art14_1_an_application_without_its_materials_names_each_missing_one() {
    let project = Project::default();
    let required = [("soil_water_plan".to_owned(), "方案".to_owned()), ("seal".to_owned(), "公章".to_owned())];
    let refusals = submit(application(), &project, &required).unwrap_err();
    let fields: Vec<_> = refusals.iter().filter_map(|r| r.field.as_deref()).collect();
    assert_eq!(fields, ["material-seal"]);
    assert_eq!(kinds(&submit(application(), &project, &required[..1]).unwrap()), ["CaseSubmitted"]);
    let empty =
        Application { materials: vec![Given { files: vec![], ..application().materials[0].clone() }], ..application() };
    assert_eq!(submit(empty, &project, &required[..1]).unwrap_err().len(), 1, "a material without a file is not there");
}

#[test]
fn art14_1_nothing_can_be_applied_for_without_a_code_in_force() {
    for state in [ProjectState::Voided, ProjectState::Withdrawn] {
        let project = Project { state, ..Project::default() };
        assert_eq!(submit(application(), &project, &[]).unwrap_err()[0].code, "project.wrong_state");
    }
}

#[test]
fn licence32_a_correction_says_what_is_missing() {
    let case = at(Stage::Received);
    let refuse = |points| ask_correction(&case, points, &papers()).unwrap_err().code.into_owned();
    assert_eq!(refuse(vec![]), "correction.points");
    assert_eq!(refuse(vec![point("  "), point("")]), "correction.points");
    assert_eq!(refuse(vec![point("补"); 51]), "correction.points");
    assert_eq!(refuse(vec![point(&"补".repeat(501))]), "text.too_long");
    let events = ask_correction(&case, vec![point(" 补盖公章 "), point(" ")], &papers()).unwrap();
    let [CaseEvent::CorrectionAsked { points, document, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(points, &[point("补盖公章")]);
    assert_eq!(document.points, ["补盖公章"]);
}

#[test]
fn licence32_every_point_is_answered_at_its_place() {
    let asked = CaseEvent::CorrectionAsked {
        points: vec![point("一"), point("二"), point("三")],
        document: Box::new(papers().correction_notice(&application(), &[])),
        repeated: None,
    };
    let mut events = events_to(Stage::Received);
    events.push(asked);
    let case = given(&events);
    let refusals = supply(&case, vec![answer("已补"), answer(" ")]).unwrap_err();
    let fields: Vec<_> = refusals.iter().filter_map(|r| r.field.as_deref()).collect();
    assert_eq!(fields, ["answer-1", "answer-2"]);
    let file = Answer { text: String::new(), files: application().materials[0].files.clone() };
    let events = supply(&case, vec![answer("已补"), file, answer("已补"), answer("多余")]).unwrap();
    let [CaseEvent::CorrectionSupplied { answers }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(answers.len(), 3);
}

#[test]
fn art14_2_a_bad_code_is_recorded_and_nothing_is_accepted() {
    let case = at(Stage::Received);
    let check = CodeCheck::Fault { fault: "not_in_force", message: "该项目代码已失效。".into() };
    let Acceptance::CodeRefused(events, refusal) =
        accept(&case, check, Some(somebody("a-window")), None, &papers()).unwrap()
    else {
        panic!()
    };
    assert_eq!(kinds(&events), ["CodeNotVerified"]);
    assert_eq!(refusal.code, "case.code_not_verified");
    assert!(refusal.article.unwrap().contains("第十四条"));
    let mut after = case;
    after.apply(&events[0], &meta(9));
    assert_eq!((after.stage, after.accepted_at), (Stage::Received, None));
    assert!(after.code_check.unwrap().is_err());
}

#[test]
fn a18_a_code_must_be_real_in_force_and_the_applicants_own() {
    let code = crate::project_code::Issue {
        region: RegionCode::parse("150402").unwrap(),
        department: 4,
        project_type: 1,
        year: 2026,
        month: 3,
        random: 7,
    };
    let application = Application { code: code.code().unwrap().to_string(), ..application() };
    let declared = crate::project::Declared {
        id: application.project.clone(),
        unit: application.unit.clone(),
        unit_name: "甲公司".into(),
        code: application.code.clone(),
        regime: crate::regime::Regime::RecordFiling,
        regime_rule: String::new(),
        name: "项目".into(),
        region: "150402".into(),
        industry: "3091".into(),
        total_investment: crate::Money(0),
        answers: Default::default(),
        facts: Default::default(),
        needed: vec![],
        rulebook: "1".into(),
    };
    let project = Project { declared: Some(Arc::new(declared.clone())), ..Project::default() };
    assert_eq!(CodeCheck::of(&application, &project), CodeCheck::Verified);
    let fault = |application: &Application, project: &Project| match CodeCheck::of(application, project) {
        CodeCheck::Fault { fault, .. } => fault,
        CodeCheck::Verified => "verified",
    };
    let other = |d: crate::project::Declared| Project { declared: Some(Arc::new(d)), ..Project::default() };
    let stranger = crate::project::Declared { unit: UnitId::from_random([9; 16]), ..declared.clone() };
    let twin = crate::project::Declared { code: "2603-150402-04-01-000000".into(), ..declared };
    assert_eq!(fault(&application, &Project::default()), "unknown");
    assert_eq!(fault(&application, &other(stranger)), "owner");
    assert_eq!(fault(&application, &other(twin)), "mismatch");
    assert_eq!(fault(&application, &Project { state: ProjectState::Voided, ..project.clone() }), "not_in_force");
    assert_ne!(fault(&Application { code: "26".into(), ..application }, &project), "verified");
}

#[test]
fn licence32_not_accepting_needs_its_ground() {
    let received = at(Stage::Received);
    let refuse = |case: &Case, ground, reason: &str, organ: Option<&str>| {
        not_accept(case, ground, reason, organ.and_then(Agency::parse), &papers()).unwrap_err().code.into_owned()
    };
    use NotAcceptedGround::{Incomplete, NotNeeded, WrongOrgan};
    assert_eq!(refuse(&received, NotNeeded, " ", None), "text.required");
    assert_eq!(refuse(&received, WrongOrgan, "不属于", None), "not_accept.right_organ");
    assert_eq!(refuse(&received, WrongOrgan, "不属于", Some("water-150402")), "not_accept.right_organ", "its own");
    assert_eq!(refuse(&received, Incomplete, "不齐", None), "not_accept.no_correction");
    let events = not_accept(&received, WrongOrgan, "不属于", Agency::parse("water-150000"), &papers()).unwrap();
    let [CaseEvent::CaseNotAccepted { document, .. }] = events.as_slice() else { panic!("{events:?}") };
    let right = Agency::parse("water-150000").unwrap().name();
    assert!(document.rows.iter().any(|(_, value)| *value == right), "{:?}", document.rows);
    assert!(document.closing.iter().any(|words| words.contains("行政复议")), "the remedy is named");
    let supplemented = at(Stage::Supplemented);
    assert!(not_accept(&supplemented, Incomplete, "仍不齐", None, &papers()).is_ok());
}

#[test]
fn art14_4_a_decision_has_opinion_number_and_title() {
    let case = at(Stage::Reviewed);
    let blank = Decision { opinion: " ".into(), document_number: String::new(), title: "\n".into(), ..decision() };
    let refusals = decide(&case, blank, &scene("a-approver"), &papers()).unwrap_err();
    let mut fields: Vec<_> = refusals.iter().filter_map(|r| r.field.as_deref()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["document_number", "opinion", "title"]);
    assert!(refusals.iter().all(|r| r.article.as_deref().is_some_and(|a| a.contains("第十四条"))));
}

#[test]
fn art14_4_a_decision_fits_its_dates() {
    let case = at(Stage::Reviewed);
    let refuse = |decision| {
        let refusals = decide(&case, decision, &scene("a-approver"), &papers()).unwrap_err();
        refusals.into_iter().map(|r| r.code.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refuse(Decision { decided_on: date(2026, 3, 23), ..decision() }), ["decision.future"]);
    assert_eq!(refuse(Decision { decided_on: date(2026, 3, 3), ..decision() }), ["decision.before_acceptance"]);
    let until = |day| Some(date(2026, 3, day));
    assert_eq!(refuse(Decision { valid_until: until(10), ..decision() }), ["decision.validity"]);
    let refusal = Decision { outcome: Outcome::Refused, valid_until: until(30), ..decision() };
    let mut proposed = at(Stage::Reviewed);
    proposed.proposal.as_mut().unwrap().what.outcome = Outcome::Refused;
    let refusals = decide(&proposed, refusal, &scene("a-approver"), &papers()).unwrap_err();
    assert_eq!(refusals[0].code, "decision.validity");
    assert!(decide(&case, Decision { valid_until: until(11), ..decision() }, &scene("a-approver"), &papers()).is_ok());
}

#[test]
fn art37_an_unreviewed_proposal_is_decided_only_with_a_reason_and_by_another_person() {
    let case = at(Stage::Proposed);
    let with = |reason: &str| Decision { unreviewed: Some(reason.into()), ..decision() };
    let refused = |decision, by| decide(&case, decision, &scene(by), &papers()).unwrap_err().remove(0).code;
    assert_eq!(refused(decision(), "a-approver"), "decision.no_review");
    assert_eq!(refused(with(" "), "a-approver"), "decision.no_review");
    let proposer = case.proposal.as_ref().unwrap().by.clone();
    assert_eq!(refused(with("审核人出差"), &proposer), "case.four_eyes");
    let events = decide(&case, with(" 审核人出差，明日届满 "), &scene("a-approver"), &papers()).unwrap();
    let CaseEvent::CaseDecided(made) = &events[0] else { panic!() };
    assert_eq!(made.unreviewed.as_deref(), Some("审核人出差，明日届满"));
    let reviewed = decide(&at(Stage::Reviewed), with("多余"), &scene("a-approver"), &papers()).unwrap();
    let CaseEvent::CaseDecided(made) = &reviewed[0] else { panic!() };
    assert_eq!(made.unreviewed, None, "it was reviewed");
}

#[test]
fn art14_5_a_decided_case_completes_by_itself_with_its_notice() {
    for outcome in [Outcome::Granted, Outcome::Refused] {
        let mut case = at(Stage::Reviewed);
        case.proposal.as_mut().unwrap().what.outcome = outcome;
        let events = decide(&case, Decision { outcome, ..decision() }, &scene("a-approver"), &papers()).unwrap();
        assert_eq!(kinds(&events), ["CaseDecided", "CaseCompleted"]);
        let CaseEvent::CaseCompleted { document } = &events[1] else { panic!() };
        assert_eq!(document.kind, DocumentKind::CompletionNotice);
        let remedy = document.closing.iter().any(|words| words.contains("行政复议"));
        assert_eq!(remedy, outcome == Outcome::Refused);
    }
}

#[test]
fn art15_the_clock_stops_only_on_paper_and_once() {
    let case = at(Stage::Reviewed);
    let refuse = |case: &Case, s| stop(case, s).unwrap_err().code.into_owned();
    assert_eq!(refuse(&case, Suspension { document: " ".into(), ..suspension() }), "clock.no_paper");
    assert_eq!(refuse(&case, Suspension { from: date(2026, 3, 3), ..suspension() }), "clock.before_acceptance");
    assert_eq!(resume(&case, date(2026, 3, 12)).unwrap_err().code, "clock.running");
    let mut stopped = case;
    stopped.apply(&stop(&stopped, suspension()).unwrap()[0], &meta(7));
    assert!(stopped.is_suspended());
    assert_eq!(refuse(&stopped, suspension()), "clock.suspended");
    assert_eq!(decide(&stopped, decision(), &scene("a-approver"), &papers()).unwrap_err()[0].code, "clock.suspended");
    assert_eq!(resume(&stopped, date(2026, 3, 8)).unwrap_err().code, "clock.order");
    stopped.apply(&resume(&stopped, date(2026, 3, 12)).unwrap()[0], &meta(10));
    assert!(!stopped.is_suspended());
    assert_eq!(stopped.suspensions[0].to, Some(date(2026, 3, 12)));
}

#[test]
fn licence32_the_five_days_count_anew_after_a_supplement() {
    let five = default_deadlines().get("correction_check").unwrap().clone();
    let clock = check_clock(&at(Stage::Received)).unwrap();
    assert_eq!((clock.start, clock.finished, clock.kind.days), (date(2026, 3, 3), None, five.days));
    let asked = check_clock(&at(Stage::CorrectionAsked)).unwrap();
    assert_eq!(asked.finished, Some(date(2026, 3, 4)), "asking ends the first five days");
    let again = check_clock(&at(Stage::Supplemented)).unwrap();
    assert_eq!((again.start, again.finished), (date(2026, 3, 5), None));
    assert!(check_clock(&at(Stage::Submitted)).is_none());
}

#[test]
fn art14_2_the_decision_clock_starts_with_acceptance() {
    assert!(decision_clock(&at(Stage::Received)).is_none());
    let clock = decision_clock(&at(Stage::Processing)).unwrap();
    assert_eq!(clock.limit(), 20);
    assert!(clock.finished.is_none());
    assert!(decision_clock(&at(Stage::Completed)).unwrap().finished.is_some());
}

#[test]
fn art15_the_ledger_of_days_names_the_organ_and_the_unit() {
    // Applied on Monday 2 March, received on 3, corrections asked on 4, supplied on 5.
    let case = at(Stage::Supplemented);
    let ledger = history(&case).unwrap().ledger(default_calendar(), date(2026, 3, 12));
    let days: Vec<_> = ledger.by_bearer().into_iter().map(|(bearer, days)| (bearer.name.as_str(), days)).collect();
    assert_eq!(days, [("赤峰市红山区水利局", 7), ("甲公司", 1)]);
    assert_eq!(ledger.total(), 8);
}

#[test]
fn only_what_runs_or_was_granted_stands_in_the_way_of_another_application() {
    for stage in Stage::ALL {
        let expected = !matches!(stage, Stage::NotAccepted | Stage::Withdrawn);
        assert_eq!(at(stage).is_live(), expected, "{stage:?}");
    }
    let refused = Decision { outcome: Outcome::Refused, ..decision() };
    let case = Case { decision: Some(Box::new(refused)), ..at(Stage::Completed) };
    assert!(!case.is_live());
}

#[test]
fn papers_carry_a_check_value_that_any_change_breaks() {
    let a = application();
    let all = [
        papers().receipt_slip(&a),
        papers().correction_notice(&a, &[point("补盖公章")]),
        papers().acceptance_notice(&a, Some((date(2026, 3, 31), true))),
        papers().deemed_acceptance_notice(&a, date(2026, 3, 3), date(2026, 3, 10), None),
        papers().non_acceptance_notice(&a, NotAcceptedGround::NotNeeded, "不需要", None),
        papers().completion_notice(&a, &decision()),
    ];
    for paper in all {
        assert!(paper.is_intact(), "{:?}", paper.kind);
        let linked = Document { verify_url: "https://tzxm.example/check".into(), ..paper.clone() };
        assert!(linked.is_intact(), "the address is not part of what the paper says");
        let forged = [
            Document { project_code: "2603-150402-04-01-654321".into(), ..paper.clone() },
            Document { addressee: "乙公司".into(), ..paper.clone() },
            Document { issued_on: date(2026, 3, 1), ..paper.clone() },
            Document { points: vec!["无".into(), "无".into()], ..paper.clone() },
            Document { rows: vec![], ..paper.clone() },
            Document { number: format!("{}-1", paper.number), ..paper.clone() },
        ];
        for forged in forged {
            assert!(!forged.is_intact(), "{:?}", forged.kind);
        }
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    proptest::sample::select(Act::ALL.to_vec())
}

proptest! {
    #[test]
    fn whatever_people_try_the_case_keeps_its_order(acts in proptest::collection::vec(any_act(), 0..60)) {
        let mut events = vec![CaseEvent::CaseSubmitted(Arc::new(application()))];
        for act in acts {
            if let Some(Ok(more)) = perform(&given(&events), act) {
                events.extend(more);
            }
        }
        let case = given(&events);
        let kinds = kinds(&events);
        let at = |kind: &str| kinds.iter().position(|k| k == kind);
        let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
        prop_assert!(count("CorrectionAsked") <= 2 && count("LimitExtended") <= 1, "{kinds:?}");
        for kind in ["CaseReceived", "CaseAccepted", "CaseDecided", "CaseCompleted", "LicenceDelivered", "LicenceRevoked"] {
            prop_assert!(count(kind) <= 1, "{kind} twice: {kinds:?}");
        }
        for (first, then) in [("CaseReceived", "CaseAccepted"), ("CodeVerified", "CaseAccepted"), ("CaseAccepted", "DecisionProposed"), ("DecisionProposed", "ProposalReviewed"), ("ProposalReviewed", "CaseDecided"), ("CorrectionAsked", "CorrectionSupplied")] {
            if let Some(then) = at(then) {
                prop_assert!(at(first).is_some_and(|first| first < then), "{kinds:?}");
            }
        }
        prop_assert_eq!(case.stage.is_ended(), case.ended_at.is_some());
        prop_assert_eq!(case.stage == Stage::Completed, case.decision.is_some());
        // What is stored is the fold: it survives its own JSON.
        let json = serde_json::to_string(&case).unwrap();
        prop_assert_eq!(serde_json::from_str::<Case>(&json).unwrap(), case);
    }
}
