//! Given a group and its cases, when a command, then events or a refusal.

use super::*;
use crate::{
    Refusal,
    case::{self, Application, Case, CaseEvent, Decision, NotAcceptedGround, Outcome, Papers, Proposal, Scene},
    clock::{Ground, Suspension},
    document::DocumentKind,
    item::{Certainty, PrecedenceKind, catalogue},
    region::RegionCode,
};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const DAY: Date = date(2026, 3, 2);

pub(super) fn moment(days: i64) -> Moment {
    Moment(Moment::at(DAY, 9, 0).0 + days * 86_400_000)
}

pub(super) fn meta(days: i64) -> Meta {
    Meta { at: moment(days), recorded_at: moment(days), actor: "a-test".into() }
}

pub(super) fn papers() -> Papers {
    Papers { date: DAY, serial: "000000001".into() }
}

/// An application for an item, in 红山区 whatever the level.
pub(super) fn application(at: u8, item: &str) -> Application {
    let item = catalogue().item(item).unwrap();
    let agency = Agency::new(item.department.clone(), RegionCode::parse("150402").unwrap());
    Application {
        unclassified: true,
        id: CaseId::from_random([at; 16]),
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
        procedure: case::procedures().of(item),
        materials: vec![],
    }
}

pub(super) fn formation(items: &[&str]) -> Formation {
    let branches: Vec<Branch> = (0u8..)
        .zip(items)
        .map(|(at, item)| {
            let a = application(at, item);
            Branch { case: a.id, item: a.item, item_name: a.item_name, agency: a.agency, agency_name: a.agency_name }
        })
        .collect();
    let place = RegionCode::parse("150402").unwrap();
    let lead = lead_of(ParallelRules::shipped(), &GroupKind::Free, &branches, place).unwrap();
    let a = application(0, items[0]);
    Formation {
        id: GroupId::from_random([9; 16]),
        project: a.project,
        project_name: a.project_name,
        code: a.code,
        unit: a.unit,
        unit_name: a.unit_name,
        kind: GroupKind::Free,
        lead_name: lead.name(),
        lead,
        branches,
        materials: vec!["项目批准文件".into()],
        rulebook: "1".into(),
    }
}

/// A group just formed, with its cases just submitted.
pub(super) fn formed(items: &[&str]) -> (Group, Vec<Case>) {
    let mut group = Group::default();
    group.apply(&GroupEvent::GroupFormed(Box::new(formation(items))), &meta(0));
    let cases = (0u8..).zip(items).map(|(at, item)| {
        let mut case = Case::default();
        case.apply(&CaseEvent::CaseSubmitted(Arc::new(application(at, item))), &meta(0));
        case
    });
    (group, cases.collect())
}

fn rules() -> &'static ParallelRules {
    ParallelRules::shipped()
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn run(case: &mut Case, events: &[CaseEvent], day: i64) {
    events.iter().for_each(|event| case.apply(event, &meta(day)));
}

fn run_group(group: &mut Group, events: &[GroupEvent], day: i64) {
    events.iter().for_each(|event| group.apply(event, &meta(day)));
}

fn accept(case: &mut Case, day: i64) {
    let document = Box::new(papers().acceptance_notice(case.application.as_ref().unwrap(), None));
    run(case, &[CaseEvent::CaseAccepted { document }], day);
}

/// What three persons do, one after the other: propose, review, decide; of an item that one person decides, the last only.
pub(super) fn decided(case: &Case, decision: Decision, now: Moment) -> Option<Vec<CaseEvent>> {
    let calendar = crate::calendar::default_calendar();
    let scene = |by| Scene { by, now, calendar };
    let (mut case, mut all) = (case.clone(), Vec::new());
    let mut done = |case: &mut Case, by: &str, events: Vec<CaseEvent>| {
        let meta = Meta { at: now, recorded_at: now, actor: by.into() };
        events.iter().for_each(|event| case.apply(event, &meta));
        all.extend(events);
    };
    if !case.is_one_step() {
        let proposal = Proposal { outcome: decision.outcome, opinion: "拟办如上".into() };
        let proposed = case::propose(&case, proposal, &scene("a-undertaker")).ok()?;
        done(&mut case, "a-undertaker", proposed);
        let reviewed = case::review(&case, "同意", &scene("a-reviewer")).ok()?;
        done(&mut case, "a-reviewer", reviewed);
    }
    let events = case::decide(&case, decision, &scene("a-approver"), &papers()).ok()?;
    done(&mut case, "a-approver", events);
    Some(all)
}

fn decide(case: &mut Case, outcome: Outcome, day: i64) {
    let decision = Decision {
        outcome,
        opinion: "经审查作出决定".into(),
        document_number: "赤水许〔2026〕1号".into(),
        title: "决定".into(),
        decided_on: moment(day).date(),
        valid_until: None,
        unreviewed: None,
    };
    let events = decided(case, decision, moment(day)).unwrap();
    run(case, &events, day);
}

fn all_received(items: &[&str]) -> (Group, Vec<Case>) {
    let (mut group, mut cases) = formed(items);
    let reception = receive(&group, &cases, papers).unwrap();
    for (case, (_, events)) in cases.iter_mut().zip(&reception.cases) {
        run(case, events, 1);
    }
    run_group(&mut group, &reception.group, 1);
    (group, cases)
}

const THREE: [&str; 3] = ["soil_water", "eia_form", "water_abstraction"];

#[test]
fn notice2019_11_every_item_stands_in_one_stage_with_a_lead() {
    let rules = rules();
    assert_eq!(
        rules.stages.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
        ["立项用地规划许可", "工程建设许可", "施工许可", "竣工验收"]
    );
    assert_eq!(rules.stage_of("construction_permit").unwrap().lead, "housing");
    assert_eq!(rules.stage_of("land_use_planning").unwrap().code, "initiation_land");
    assert!(rules.stages.iter().all(|s| s.lead_certainty == Certainty::Remembered), "said, not hidden");
    assert!(rules.stage_of("ent_ratify_change").is_none(), "comes up only later");
    assert_eq!(rules.deadline().unwrap().days, 45);
}

#[test]
fn stages_that_do_not_fit_the_catalogue_are_refused() {
    let text = include_str!("../../../../data/parallel_stages.toml");
    for (from, to, word) in [
        ("\"gas_complete\",", "", "no stage"),
        ("\"gas_complete\",", "\"gas_complete\", \"eia\",", "two stages"),
        ("\"gas_complete\",", "\"nonsense\",", "no item"),
        ("lead = \"housing\"", "lead = \"nobody\"", "no department"),
        ("\"joint_decision\"", "\"nonsense\"", "no kind of deadline"),
        ("fewest = 2", "fewest = \"two\"", "fewest"),
    ] {
        let wrong = ParallelRules::parse(&text.replacen(from, to, 1), catalogue()).unwrap_err();
        assert!(wrong.contains(word), "{wrong}");
    }
}

#[test]
fn art14_what_the_law_puts_first_hinders_joining_and_what_is_usual_is_only_shown() {
    let standing = Standing {
        needed: set(&["ent_file", "land_use_planning", "construction_planning", "civil_defence", "soil_water"]),
        ..Standing::default()
    };
    let found = candidates(catalogue(), &standing);
    let of = |code: &str| found.iter().find(|c| c.item == code).unwrap();
    assert!(of("ent_file").may_join() && of("soil_water").may_join());
    let hindrance = of("land_use_planning").hindrance.clone().unwrap();
    assert_eq!(hindrance.code, "item.blocked");
    assert_eq!(hindrance.article.unwrap(), "城乡规划法第三十七条、第三十八条");
    assert!(hindrance.message.contains("企业投资项目备案"));
    let planning = of("construction_planning");
    assert!(planning.may_join(), "no land supply is needed here, the planning permit is only usual");
    assert_eq!(planning.advice.len(), 1);
    assert_eq!(of("civil_defence").advice[0].kind, PrecedenceKind::Usual);
}

#[test]
fn a14_what_is_done_or_running_cannot_join_again() {
    let standing = Standing {
        needed: set(&["ent_file", "soil_water", "eia_form"]),
        done: set(&["ent_file"]),
        running: set(&["soil_water"]),
    };
    let found = candidates(catalogue(), &standing);
    let code = |item: &str| {
        let candidate = found.iter().find(|c| c.item == item).unwrap();
        candidate.hindrance.as_ref().map(|r| r.code.to_string())
    };
    assert_eq!(code("ent_file").unwrap(), "group.done");
    assert_eq!(code("soil_water").unwrap(), "group.running");
    assert_eq!(code("eia_form"), None);
}

fn refused(formation: Formation, standing: &Standing) -> Vec<Refusal> {
    form(formation, &candidates(catalogue(), standing), rules()).unwrap_err()
}

#[test]
fn art26_a_group_has_two_items_at_least_all_free_to_join() {
    let standing =
        Standing { needed: set(&["soil_water", "eia_form", "land_use_planning", "ent_file"]), ..Standing::default() };
    let candidates = candidates(catalogue(), &standing);
    let events = form(formation(&["soil_water", "eia_form"]), &candidates, rules()).unwrap();
    assert!(matches!(&events[..], [GroupEvent::GroupFormed(f)] if f.branches.len() == 2));
    assert_eq!(refused(formation(&["soil_water"]), &standing)[0].code, "group.size");
    let both = refused(formation(&["soil_water", "land_use_planning", "outfall"]), &standing);
    let codes: Vec<_> = both.iter().map(|r| r.code.as_ref()).collect();
    assert_eq!(codes, ["item.blocked", "item.not_needed"], "all at once");
    assert_eq!(both[1].field.as_deref(), Some("item-outfall"));
}

#[test]
fn notice2019_11_the_lead_is_the_stages_or_the_organ_with_most_branches() {
    let place = RegionCode::parse("150402").unwrap();
    let branches = formation(&["eia_form", "soil_water", "water_abstraction"]).branches;
    let stage = GroupKind::Stage { code: "construction".into(), name: "施工许可".into() };
    assert_eq!(lead_of(rules(), &stage, &branches, place).unwrap().to_string(), "housing-150402");
    assert_eq!(lead_of(rules(), &GroupKind::Free, &branches, place).unwrap().department, "water");
    assert_eq!(lead_of(rules(), &GroupKind::Free, &branches[..2], place).unwrap().department, "ecology", "the first");
    assert_eq!(lead_of(rules(), &GroupKind::Free, &[], place), None);
}

#[test]
fn art26_2_the_lead_receives_all_at_once_with_one_slip() {
    let (group, mut cases) = formed(&THREE);
    let withdrawn = case::withdraw(&cases[1], "材料要重做").unwrap();
    run(&mut cases[1], &withdrawn, 0);
    let reception = receive(&group, &cases, papers).unwrap();
    assert_eq!(reception.cases.len(), 2, "the withdrawn branch is left as it is");
    let [GroupEvent::GroupReceived { document }] = &reception.group[..] else { panic!() };
    assert_eq!((document.kind, document.points.len()), (DocumentKind::JointReceipt, 3));
    assert!(document.points[1].ends_with("已撤回，未收件") && document.is_intact());
    assert!(document.number.contains("联收"), "{}", document.number);
}

#[test]
fn art26_2_the_joint_receipt_is_given_once_and_leaves_received_cases_alone() {
    let (mut group, mut cases) = formed(&THREE);
    let early = case::receive(&cases[0], &papers()).unwrap();
    run(&mut cases[0], &early, 0);
    let reception = receive(&group, &cases, papers).unwrap();
    assert_eq!(reception.cases.len(), 2, "one was received by its own window before");
    run_group(&mut group, &reception.group, 1);
    assert_eq!(receive(&group, &cases, papers).unwrap_err().code, "group.received");
    assert_eq!(receive(&Group::default(), &[], papers).unwrap_err().code, "group.not_there");
    let (group, mut cases) = formed(&THREE);
    for case in &mut cases {
        let events = case::withdraw(case, "不办了").unwrap();
        run(case, &events, 0);
    }
    assert_eq!(receive(&group, &cases, papers).unwrap_err().code, "group.all_ended");
}

#[test]
fn art42_2_the_joint_clock_starts_with_the_last_acceptance_and_counts_45_working_days() {
    let (group, mut cases) = all_received(&THREE);
    assert_eq!(joint_clock(&group, &cases, rules()), JointClock::Waiting(3));
    accept(&mut cases[0], 2);
    accept(&mut cases[1], 3);
    assert_eq!(joint_clock(&group, &cases, rules()), JointClock::Waiting(1));
    let events = case::not_accept(&cases[2], NotAcceptedGround::NotNeeded, "不需要", None, &papers()).unwrap();
    run(&mut cases[2], &events, 4);
    let clock = joint_clock(&group, &cases, rules());
    let facts = clock.facts().unwrap();
    assert_eq!((facts.start, facts.limit(), facts.finished), (moment(3).date(), 45, None));
    // 2026-03-05 and 45 working days: Qingming on April 6 (one day off) and Labour Day (May 1, 4, 5 off; May 9 worked).
    let calendar = crate::calendar::default_calendar();
    assert_eq!(facts.due(calendar).unwrap().date, calendar.add_working_days(date(2026, 3, 5), 45));
    decide(&mut cases[0], Outcome::Granted, 9);
    assert_eq!(joint_clock(&group, &cases, rules()).facts().unwrap().finished, None);
    decide(&mut cases[1], Outcome::Refused, 12);
    let facts = joint_clock(&group, &cases, rules()).facts().unwrap().clone();
    assert_eq!(facts.finished, Some(moment(12).date()));
}

#[test]
fn art45_what_is_excluded_for_one_branch_is_excluded_for_the_whole() {
    let (group, mut cases) = all_received(&THREE);
    cases.iter_mut().for_each(|case| accept(case, 1));
    let suspension = |from, to| Suspension {
        from,
        to,
        ground: Ground::ExpertReview,
        document: "专家评审告知书".into(),
        told_on: Some(from),
    };
    let stop =
        [CaseEvent::ClockSuspended { suspension: suspension(date(2026, 3, 9), Some(date(2026, 3, 13))), notice: None }];
    run(&mut cases[0], &stop, 7);
    let stop = [CaseEvent::ClockSuspended { suspension: suspension(date(2026, 3, 11), None), notice: None }];
    run(&mut cases[1], &stop, 9);
    let calendar = crate::calendar::default_calendar();
    assert_eq!(joint_clock(&group, &cases, rules()).facts().unwrap().due(calendar), None, "one stands still");
    let events = case::withdraw(&cases[1], "不办了").unwrap();
    run(&mut cases[1], &events, 15);
    let due = joint_clock(&group, &cases, rules()).facts().unwrap().due(calendar).unwrap();
    // Stopped from Monday the 9th to Tuesday the 17th, on which the other branch was withdrawn: seven working days.
    assert_eq!(due.date, calendar.add_working_days(date(2026, 3, 3), 45 + 7));
}

#[test]
fn art42_2_nothing_is_counted_when_no_branch_was_ever_accepted() {
    let (group, mut cases) = all_received(&THREE);
    for case in &mut cases {
        let events = case::withdraw(case, "不办了").unwrap();
        run(case, &events, 2);
    }
    assert_eq!(joint_clock(&group, &cases, rules()), JointClock::Never);
}

fn wanted(days: u32) -> Prolongation {
    Prolongation { days, document: "红政函〔2026〕8号".into(), reason: "涉及专家论证".into() }
}

#[test]
fn art42_2_the_government_prolongs_once_by_15_days_at_most_with_paper_and_reason() {
    let (mut group, mut cases) = all_received(&THREE);
    assert_eq!(extend(&group, &cases, &wanted(15), rules()).unwrap_err()[0].code, "group.not_running");
    cases.iter_mut().for_each(|case| accept(case, 1));
    for days in [0, 16] {
        assert_eq!(extend(&group, &cases, &wanted(days), rules()).unwrap_err()[0].code, "group.extension_days");
    }
    let empty = extend(&group, &cases, &Prolongation::default(), rules()).unwrap_err();
    let fields: Vec<_> = empty.iter().map(|r| r.field.as_deref().unwrap()).collect();
    assert_eq!(fields, ["days", "document", "reason"], "all at once");
    let long = Prolongation { reason: "长".repeat(501), ..wanted(5) };
    assert_eq!(extend(&group, &cases, &long, rules()).unwrap_err()[0].code, "text.too_long");
    let events = extend(&group, &cases, &wanted(15), rules()).unwrap();
    run_group(&mut group, &events, 2);
    assert_eq!(joint_clock(&group, &cases, rules()).facts().unwrap().limit(), 60);
    assert_eq!(extend(&group, &cases, &wanted(1), rules()).unwrap_err()[0].code, "group.extended");
}

#[test]
fn art42_2_an_ended_group_is_not_prolonged() {
    let (group, mut cases) = all_received(&THREE);
    for case in &mut cases {
        accept(case, 1);
        decide(case, Outcome::Granted, 2);
    }
    assert_eq!(extend(&group, &cases, &wanted(5), rules()).unwrap_err()[0].code, "group.all_ended");
}

#[test]
fn art14_5_one_notice_hands_back_all_results_when_the_last_branch_has_ended() {
    let (mut group, mut cases) = all_received(&THREE);
    cases.iter_mut().for_each(|case| accept(case, 1));
    decide(&mut cases[0], Outcome::Granted, 5);
    decide(&mut cases[1], Outcome::Refused, 6);
    assert_eq!(hand_back(&group, &cases, &papers()), []);
    let events = case::withdraw(&cases[2], "不再取水").unwrap();
    run(&mut cases[2], &events, 7);
    let events = hand_back(&group, &cases, &papers());
    let [GroupEvent::GroupHandedBack { document }] = &events[..] else { panic!() };
    assert!(document.points[0].contains("准予") && document.points[1].contains("不予"), "{:?}", document.points);
    assert!(document.points[2].ends_with("已撤回"));
    assert!(document.closing[0].contains("行政复议"), "许可法第三十八条: the remedy is told");
    run_group(&mut group, &events, 7);
    assert_eq!(group.handed_back_at, Some(moment(7)));
    assert_eq!(hand_back(&group, &cases, &papers()), [], "once");
    assert_eq!(hand_back(&Group::default(), &[], &papers()), []);
}

#[test]
fn events_of_a_group_read_back() {
    let (group, mut cases) = all_received(&THREE);
    cases.iter_mut().for_each(|case| accept(case, 1));
    let events = [
        GroupEvent::GroupFormed(Box::new(formation(&THREE))),
        extend(&group, &cases, &wanted(5), rules()).unwrap().remove(0),
    ];
    for event in events {
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<GroupEvent>(&json).unwrap(), event);
    }
    let json = serde_json::to_string(&group).unwrap();
    assert_eq!(serde_json::from_str::<Group>(&json).unwrap(), group);
}
