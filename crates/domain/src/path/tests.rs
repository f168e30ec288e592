//! The plan against a naive enumeration: every chain of items walked day by day.

use super::*;
use crate::{
    Aggregate, Meta, Moment,
    calendar::default_calendar,
    case::{self, Application, Case, CaseEvent, Papers},
    ids::CaseId,
    item::{LimitUnit, catalogue},
};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;
use std::sync::Arc;

const TODAY: Date = date(2026, 3, 2);

fn node(item: &str, days: u32, after: &[(&str, PrecedenceKind)]) -> Node {
    Node {
        item: item.into(),
        days,
        unit: Unit::Working,
        after: after.iter().map(|(item, kind)| ((*item).to_owned(), *kind)).collect(),
        progress: Progress::ToApply,
    }
}

use PrecedenceKind::{Law, Usual};

fn ask(nodes: &[Node], what_if: &WhatIf) -> Plan {
    plan(nodes, default_calendar(), TODAY, what_if).unwrap()
}

fn working(from: Date, days: u32) -> Date {
    default_calendar().add_working_days(from, days)
}

/// Filing (at once) → land (20) → permit (7 calendar days); beside them a report (30 calendar days) and a usual tip.
fn sample() -> Vec<Node> {
    vec![
        node("filing", 0, &[]),
        node("land", 20, &[("filing", Law)]),
        Node { unit: Unit::Calendar, ..node("report", 30, &[("filing", Usual)]) },
        node("tip", 5, &[("land", Usual)]),
        Node { unit: Unit::Calendar, ..node("permit", 7, &[("land", Law), ("report", Law), ("tip", Usual)]) },
    ]
}

#[test]
fn art14_the_start_is_the_end_of_the_longest_lawful_chain() {
    let plan = ask(&sample(), &WhatIf::default());
    let step = |item: &str| plan.steps.iter().find(|s| s.item == item).unwrap();
    assert_eq!((step("filing").file, step("filing").finish), (Some(TODAY), TODAY), "filed at once");
    let land = working(working(TODAY, 5), 20);
    assert_eq!((step("land").file, step("land").finish), (Some(TODAY), land), "the filing is decided the same day");
    // Accepted on March 9, thirty days later it is April 8, a Wednesday.
    assert_eq!(step("report").finish, date(2026, 4, 8));
    let filed = land.max(date(2026, 4, 8));
    assert_eq!(step("permit").file, Some(filed));
    assert_eq!(plan.start, step("permit").finish);
    assert_eq!(plan.chain, ["report", "permit"]);
    assert_eq!(step("permit").waits_for.as_deref(), Some("report"));
    assert_eq!(step("report").slack, 0);
    let late = u32::try_from(default_calendar().working_days_between(land, filed)).unwrap();
    assert_eq!(step("land").slack, late, "it may be as late as the report");
    assert!(!plan.provisional);
}

#[test]
fn art14_what_is_only_usual_need_not_be_waited_for() {
    let lawful = ask(&sample(), &WhatIf::default());
    let usual = ask(&sample(), &WhatIf { order: Order::Usual, ..WhatIf::default() });
    let file = |plan: &Plan| plan.steps[3].file.unwrap();
    assert_eq!(file(&lawful), TODAY);
    assert_eq!(file(&usual), usual.steps[1].finish);
    assert!(usual.start > lawful.start);
}

#[test]
fn art32_4_a_correction_costs_its_days_and_a_new_check() {
    let base = ask(&sample(), &WhatIf::default());
    let what_if = WhatIf { corrections: BTreeMap::from([("report".to_owned(), 8)]), ..WhatIf::default() };
    let plan = ask(&sample(), &what_if);
    // Asked on March 9, supplied eight working days later, checked for five more, then thirty days.
    let accepted = working(working(date(2026, 3, 9), 8), 5);
    assert_eq!(accepted, date(2026, 3, 26));
    assert_eq!(plan.steps[2].finish, date(2026, 4, 27), "April 25 is a Saturday");
    assert!(plan.start > base.start);
    let what_if = WhatIf { corrections: BTreeMap::from([("tip".to_owned(), 8)]), ..WhatIf::default() };
    assert_eq!(ask(&sample(), &what_if).start, base.start, "it has slack enough");
    let what_if = WhatIf { corrections: BTreeMap::from([("tip".to_owned(), 251)]), ..WhatIf::default() };
    let refusal = super::plan(&sample(), default_calendar(), TODAY, &what_if).unwrap_err();
    assert_eq!(refusal.code, "path.correction");
}

#[test]
fn art14_filing_together_undoes_the_usual_order_but_never_the_lawful_one() {
    let together = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<BTreeSet<_>>();
    let usual = WhatIf { order: Order::Usual, ..WhatIf::default() };
    let with = WhatIf { together: together(&["land", "tip"]), ..usual.clone() };
    let (apart, joint) = (ask(&sample(), &usual), ask(&sample(), &with));
    assert_eq!(joint.steps[3].file, joint.steps[1].file, "filed on one day");
    assert!(joint.start < apart.start);
    for items in [["land", "permit"], ["filing", "permit"]] {
        let with = WhatIf { together: together(&items), ..WhatIf::default() };
        let refusal = super::plan(&sample(), default_calendar(), TODAY, &with).unwrap_err();
        assert_eq!(refusal.code, "path.not_together", "{items:?}, directly or through others");
    }
    // A companion waits for what the other must wait for.
    let with = WhatIf { together: together(&["tip", "land"]), ..WhatIf::default() };
    let mut nodes = sample();
    nodes[0].progress = Progress::Accepting(date(2026, 3, 20));
    assert_eq!(ask(&nodes, &with).steps[3].file, Some(date(2026, 3, 20)));
    assert_eq!(ask(&nodes, &with).steps[3].waits_for.as_deref(), Some("filing"));
}

#[test]
fn what_is_done_or_under_way_is_taken_as_it_stands() {
    let mut nodes = sample();
    nodes[0].progress = Progress::Granted(date(2026, 1, 5));
    nodes[1].progress = Progress::Deciding(date(2026, 5, 20));
    let plan = ask(&nodes, &WhatIf::default());
    assert!(plan.steps[0].done && plan.steps[0].file.is_none());
    assert_eq!(plan.steps[4].file, Some(date(2026, 5, 20)));
    assert_eq!(plan.chain, ["land", "permit"]);
    for node in &mut nodes {
        node.progress = Progress::Granted(date(2026, 1, 5));
    }
    let plan = ask(&nodes, &WhatIf::default());
    assert_eq!((plan.start, plan.chain), (TODAY, vec![]), "construction may start");
    assert_eq!(ask(&[], &WhatIf::default()).start, TODAY);
}

#[test]
fn a_start_in_a_year_without_a_notice_is_provisional() {
    let plan = plan(&sample(), default_calendar(), date(2026, 11, 24), &WhatIf::default()).unwrap();
    assert_eq!(plan.start.year(), 2027);
    assert!(plan.provisional && plan.steps[4].provisional && !plan.steps[0].provisional);
}

fn case_at(events: &[(&CaseEvent, Date)]) -> Case {
    let mut case = Case::default();
    for (event, day) in events {
        let at = Moment::at(*day, 9, 0);
        case.apply(event, &Meta { at, recorded_at: at, actor: "a".into() });
    }
    case
}

#[test]
fn progress_is_read_from_the_latest_case() {
    let item = catalogue().item("soil_water").unwrap();
    assert_eq!(item.limit.unit, LimitUnit::Working);
    let application: Application = serde_json::from_value(serde_json::json!({
        "id": CaseId::from_random([1; 16]), "project": "p", "project_name": "", "code": "", "unit": "u", "unit_name": "",
        "item": item.code, "item_name": item.name, "agency": "water-150402", "agency_name": "", "rulebook": "", "materials": [],
        "limit": item.limit
    }))
    .unwrap();
    let papers = Papers { date: TODAY, serial: "1".into() };
    let submitted = CaseEvent::CaseSubmitted(Arc::new(application.clone()));
    let received = CaseEvent::CaseReceived { document: Box::new(papers.receipt_slip(&application)) };
    let asked = CaseEvent::CorrectionAsked {
        points: vec![],
        document: Box::new(papers.correction_notice(&application, &[])),
        repeated: None,
    };
    let accepted = CaseEvent::CaseAccepted { document: Box::new(papers.acceptance_notice(&application, None)) };
    let stop = |to| CaseEvent::ClockSuspended {
        suspension: crate::clock::Suspension {
            from: date(2026, 3, 4),
            to,
            ground: crate::clock::Ground::ExpertReview,
            document: "告知书".into(),
            told_on: None,
        },
        notice: None,
    };
    let withdrawn = CaseEvent::CaseWithdrawn { reason: "重做".into() };
    let of = |events: &[(&CaseEvent, Date)], today| progress_of(&case_at(events), default_calendar(), today);
    let (day, later) = (TODAY, date(2026, 3, 6));
    assert_eq!(of(&[(&submitted, day)], later), Progress::Accepting(date(2026, 3, 13)));
    assert_eq!(of(&[(&submitted, day), (&received, day)], later), Progress::Accepting(date(2026, 3, 9)));
    let returned = [(&submitted, day), (&received, day), (&asked, day)];
    assert_eq!(of(&returned, later), Progress::Accepting(date(2026, 3, 13)), "as if supplied today");
    let deciding = [(&submitted, day), (&received, day), (&accepted, day)];
    assert_eq!(of(&deciding, later), Progress::Deciding(date(2026, 3, 30)));
    assert_eq!(of(&deciding, date(2026, 4, 25)), Progress::Deciding(date(2026, 4, 27)), "late: the next working day");
    let open = stop(None);
    let stopped = [(&submitted, day), (&received, day), (&accepted, day), (&open, day)];
    // As if resumed on the 6th: the 4th to the 6th are not counted, three working days.
    assert_eq!(of(&stopped, later), Progress::Deciding(date(2026, 4, 2)));
    assert_eq!(of(&[(&submitted, day), (&withdrawn, day)], later), Progress::ToApply);
    let decision = case::Decision {
        outcome: case::Outcome::Granted,
        opinion: String::new(),
        document_number: String::new(),
        title: String::new(),
        decided_on: later,
        valid_until: None,
        unreviewed: None,
    };
    let decided = CaseEvent::CaseDecided(Box::new(decision.clone()));
    let completed = CaseEvent::CaseCompleted { document: Box::new(papers.completion_notice(&application, &decision)) };
    let granted = [(&submitted, day), (&decided, later), (&completed, later)];
    assert_eq!(of(&granted, date(2026, 5, 6)), Progress::Granted(later));
}

/// The naive enumeration. It knows days, and chains; no dates computed, no memory, no order.
struct Naive<'a> {
    nodes: &'a [Node],
    what_if: &'a WhatIf,
    late: Option<(usize, u32)>,
}

impl Naive<'_> {
    fn walk(day: Date, working_days: u32) -> Date {
        let (mut day, mut left) = (day, working_days);
        while left > 0 {
            day = day.tomorrow().unwrap();
            left -= u32::from(default_calendar().is_working(day));
        }
        day
    }

    fn rest(mut day: Date) -> Date {
        while !default_calendar().is_working(day) {
            day = day.tomorrow().unwrap();
        }
        day
    }

    fn decided(&self, node: &Node, accepted: Date) -> Date {
        match (node.days, node.unit) {
            (0, _) => accepted,
            (days, Unit::Working) => Self::walk(accepted, days),
            (days, Unit::Calendar) => Self::rest(accepted.checked_add(i64::from(days).days()).unwrap()),
        }
    }

    fn finish(&self, at: usize, filed: Date) -> Date {
        let node = &self.nodes[at];
        let check = if node.days == 0 { 0 } else { 5 };
        let accepted = |day: Date| match self.what_if.corrections.get(&node.item) {
            Some(days) if *days > 0 => Self::walk(Self::walk(day, *days), check),
            _ => day,
        };
        let end = match node.progress {
            Progress::Granted(on) => on,
            Progress::Deciding(until) => until,
            Progress::Accepting(on) => self.decided(node, accepted(on)),
            Progress::ToApply if check == 0 => self.decided(node, accepted(Self::rest(filed))),
            Progress::ToApply => self.decided(node, accepted(Self::walk(filed, check))),
        };
        match self.late {
            Some((which, days)) if which == at => Self::walk(end, days),
            _ => end,
        }
    }

    fn is_edge(&self, from: usize, to: usize) -> bool {
        self.nodes[to]
            .after
            .iter()
            .any(|(item, kind)| *item == self.nodes[from].item && (*kind == Law || self.what_if.order == Order::Usual))
    }

    /// The end of every chain that begins anywhere, ends at `at` and is walked on its own.
    fn ends(&self, at: usize) -> Vec<Date> {
        let mut ends = vec![self.finish(at, TODAY)];
        for from in (0..self.nodes.len()).filter(|from| self.is_edge(*from, at)) {
            ends.extend(self.ends(from).into_iter().map(|ready| self.finish(at, ready.max(TODAY))));
        }
        ends
    }

    fn start(&self) -> Date {
        (0..self.nodes.len()).flat_map(|at| self.ends(at)).max().unwrap_or(TODAY).max(TODAY)
    }

    fn slack(&self, at: usize) -> u32 {
        let start = self.start();
        (1..).find(|days| Naive { late: Some((at, *days)), ..*self }.start() > start).unwrap() - 1
    }
}

fn progress() -> impl Strategy<Value = Progress> {
    prop_oneof![
        6 => Just(Progress::ToApply),
        1 => (0..60i64).prop_map(|days| Progress::Granted(TODAY.checked_sub(days.days()).unwrap())),
        1 => (0..60i64).prop_map(|days| Progress::Deciding(TODAY.checked_add(days.days()).unwrap())),
        1 => (0..9i64).prop_map(|days| Progress::Accepting(TODAY.checked_add(days.days()).unwrap())),
    ]
}

fn graph() -> impl Strategy<Value = Vec<Node>> {
    let one = (0..3u8, 0..45u32, progress(), proptest::collection::vec((0..3u8, any::<bool>()), 6));
    proptest::collection::vec(one, 1..7).prop_map(|rows| {
        rows.into_iter()
            .enumerate()
            .map(|(at, (kind, days, progress, edges))| Node {
                item: format!("i{at}"),
                days: if kind == 0 { 0 } else { days },
                unit: if kind == 1 { Unit::Calendar } else { Unit::Working },
                after: edges
                    .into_iter()
                    .take(at)
                    .enumerate()
                    .filter(|(_, (chance, _))| *chance == 0)
                    .map(|(from, (_, law))| (format!("i{from}"), if law { Law } else { Usual }))
                    .collect(),
                progress,
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn art14_start_dates_and_slack_equal_the_naive_enumeration(
        nodes in graph(),
        usual in any::<bool>(),
        corrections in proptest::collection::btree_map((0..6u8).prop_map(|n| format!("i{n}")), 0..20u32, 0..3),
    ) {
        let order = if usual { Order::Usual } else { Order::Lawful };
        let what_if = WhatIf { order, corrections, ..WhatIf::default() };
        let plan = ask(&nodes, &what_if);
        let naive = Naive { nodes: &nodes, what_if: &what_if, late: None };
        prop_assert_eq!(plan.start, naive.start());
        for (at, step) in plan.steps.iter().enumerate() {
            prop_assert_eq!(step.finish, naive.ends(at).into_iter().max().unwrap(), "{}", at);
            if !step.done {
                prop_assert_eq!(step.slack, naive.slack(at), "{}", at);
            }
        }
        // The chain explains the start: every link begins on the day the one before ends, and the last ends on it.
        let step = |item: &String| plan.steps.iter().find(|s| s.item == *item).unwrap();
        for pair in plan.chain.windows(2) {
            prop_assert_eq!(step(&pair[1]).file, Some(step(&pair[0]).finish));
        }
        if let Some(last) = plan.chain.last() {
            prop_assert_eq!(step(last).finish, plan.start);
            prop_assert_eq!(step(last).slack, 0); // the others may gain a day where a limit in calendar days ends on a rest day
        }
    }
}
