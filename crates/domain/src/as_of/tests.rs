//! Two times of a fact, and what follows from them.

use super::*;
use crate::{
    case::{Decision, Delivery, Outcome, SpecialPlan, SpecialResult, Stage, Undertaker, Way, special_kinds},
    clock::{Ground, Suspension},
    document::{Document, DocumentKind},
    ids::AccountId,
};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;

const FIRST: Date = date(2026, 3, 2);

fn day(after: i64) -> Date {
    FIRST.saturating_add(after.days())
}

fn noon(after: i64) -> Moment {
    Moment::at(day(after), 12, 0)
}

fn entered(after: i64) -> Meta {
    Meta { at: noon(after), recorded_at: noon(after), actor: "a-test".into() }
}

fn on(after: i64) -> AsOf {
    AsOf { stood: end_of(day(after)), known: end_of(day(after)) }
}

fn document() -> Box<Document> {
    Box::new(Document {
        kind: DocumentKind::AcceptanceNotice,
        number: "1".into(),
        issuer: String::new(),
        addressee: String::new(),
        issued_on: FIRST,
        project_name: String::new(),
        project_code: String::new(),
        paragraphs: vec![],
        rows: vec![],
        points: vec![],
        closing: vec![],
        check_value: String::new(),
        verify_url: String::new(),
    })
}

fn decided(on: Date) -> CaseEvent {
    CaseEvent::CaseDecided(Box::new(Decision {
        outcome: Outcome::Granted,
        opinion: String::new(),
        document_number: "1".into(),
        title: String::new(),
        decided_on: on,
        valid_until: None,
        unreviewed: None,
    }))
}

fn begun(from: Date) -> CaseEvent {
    CaseEvent::SpecialBegun {
        plan: Box::new(SpecialPlan {
            kind: special_kinds().get("site_visit").unwrap().clone(),
            from,
            planned_until: from,
            paper: String::new(),
            told_on: from,
            told_by: Way::Platform,
            longer: String::new(),
        }),
    }
}

fn ended(at: usize, on: Date) -> CaseEvent {
    let result = SpecialResult { ended_on: on, result: "完成".into(), paper: String::new() };
    CaseEvent::SpecialEnded { at, name: String::new(), result }
}

/// Any kind of event, with a legal day somewhere around its entry.
fn event(kind: u8, on: Date) -> CaseEvent {
    let suspension =
        Suspension { from: on, to: None, ground: Ground::ExpertReview, document: "1".into(), told_on: Some(on) };
    match kind {
        0 => CaseEvent::CaseReceived { document: document() },
        1 => CaseEvent::CaseAccepted { document: document() },
        2 => CaseEvent::ClockSuspended { suspension, notice: None },
        3 => CaseEvent::ClockResumed { to: on },
        4 => decided(on),
        5 => CaseEvent::CaseCompleted { document: document() },
        6 => begun(on),
        7 => ended(0, on),
        8 => ended(1, on),
        9 => CaseEvent::LicenceDelivered { delivery: Delivery { on, by: Way::Platform, receiver: "甲".into() } },
        10 => CaseEvent::StartNoted { on },
        11 => CaseEvent::CaseClaimed { undertaker: Undertaker { account: AccountId("a".into()), name: "甲".into() } },
        _ => CaseEvent::CaseWithdrawn { reason: "不办了".into() },
    }
}

/// Entries one after the other, each with a legal day up to twelve days before or three days after it.
fn histories() -> impl Strategy<Value = Vec<(CaseEvent, Meta)>> {
    prop::collection::vec((0..13u8, 0..4i64, -12..=3i64), 0..16).prop_map(|steps| {
        let mut today = 0;
        steps
            .into_iter()
            .map(|(kind, later, legal)| {
                today += later;
                (event(kind, day(today + legal)), entered(today))
            })
            .collect()
    })
}

fn naive(history: &[(CaseEvent, Meta)]) -> Case {
    let mut case = Case::default();
    for (event, meta) in history {
        case.apply(event, meta);
    }
    case
}

proptest! {
    #[test]
    fn as_of_now_is_the_present_state(history in histories()) {
        let ever = AsOf { stood: Moment(i64::MAX), known: Moment(i64::MAX) };
        prop_assert_eq!(fold_case(&history, ever), naive(&history));
        let now = history.last().map_or(Moment(0), |(_, meta)| meta.recorded_at);
        prop_assert_eq!(fold_case(&history, AsOf { stood: now, known: now }), naive(&history));
    }

    #[test]
    fn as_of_one_moment_is_what_the_platform_showed_then(history in histories(), after in 0..40i64) {
        let entered = history.iter().filter(|(_, meta)| meta.recorded_at <= on(after).known).count();
        prop_assert_eq!(fold_case(&history, on(after)), naive(&history[..entered]));
    }

    #[test]
    fn who_knew_earlier_saw_a_prefix_of_what_was_known_later(
        history in histories(), stood in 0..40i64, one in 0..40i64, two in 0..40i64,
    ) {
        let seen = |known: i64| counted::<Case>(&history, on(stood).known(end_of(day(known))));
        let (early, late) = (seen(one.min(two)), seen(one.max(two)));
        prop_assert!(late.starts_with(&early));
    }

    #[test]
    fn what_has_happened_stays_happened(history in histories(), one in 0..40i64, two in 0..40i64) {
        let seen = |stood: i64| counted::<Case>(&history, on(stood).known(Moment(i64::MAX)));
        let (early, late) = (seen(one.min(two)), seen(one.max(two)));
        prop_assert!(early.iter().all(|fact| late.contains(fact)));
    }
}

#[test]
fn a_decision_entered_late_stood_earlier_than_it_was_known() {
    let history = vec![
        (CaseEvent::CaseReceived { document: document() }, entered(0)),
        (CaseEvent::CaseAccepted { document: document() }, entered(1)),
        (decided(day(10)), entered(18)),
        (CaseEvent::CaseCompleted { document: document() }, entered(18)),
    ];
    let stage = |as_of| fold_case(&history, as_of).stage;
    assert_eq!(stage(on(13)), Stage::Processing, "as known then");
    assert_eq!(stage(on(13).known(noon(30))), Stage::Decided, "as it stood: the notice of completion came later");
    assert_eq!(stage(on(9).known(noon(30))), Stage::Processing, "not before its day");
    let midday = AsOf { stood: noon(10), known: noon(30) };
    assert_eq!(stage(midday), Stage::Processing, "a day counts once it is over");
    assert_eq!(stage(on(18)), Stage::Completed);
}

#[test]
fn the_end_of_a_procedure_finds_it_when_an_earlier_entry_is_left_out() {
    let history = vec![
        (begun(day(10)), entered(10)),
        (begun(day(3)), entered(11)),
        (ended(1, day(5)), entered(12)),
        (ended(0, day(12)), entered(13)),
    ];
    let case = fold_case(&history, on(6).known(noon(30)));
    let ends: Vec<_> = case.specials.iter().map(|s| s.result.as_ref().map(|r| r.ended_on)).collect();
    assert_eq!(ends, [Some(day(5))]);
}

fn asked(on: &str, at: &str, known_on: &str, known_at: &str) -> Result<AsOf, Vec<String>> {
    let [on, at, known_on, known_at] = [on, at, known_on, known_at].map(str::to_owned);
    let asked = Asked { on, at, known_on, known_at };
    asked.read(noon(20)).map_err(|faults| faults.into_iter().map(|fault| fault.code.into_owned()).collect())
}

#[test]
fn a_moment_is_read_from_a_day_and_perhaps_a_time() {
    let whole = asked("2026-03-04", "", "", "").unwrap();
    assert_eq!(whole, on(2));
    assert!(!whole.is_hindsight());
    let minute = asked("2026-03-04", "09:30", "2026-03-10", "").unwrap();
    assert_eq!(minute.stood.0, Moment::at(day(2), 9, 30).0 + MINUTE);
    assert_eq!(minute.known, end_of(day(8)));
    assert!(minute.is_hindsight());
    assert_eq!(asked("2026-03-22", "", "", "").unwrap().stood, noon(20), "today ends now");
    assert_eq!(asked("2026-03-22", "12:00", "", "").unwrap().stood, noon(20), "and so does this minute");
    assert_eq!(asked("2026-03-22", "12:01", "", ""), Err(codes(&["as_of.future"])));
    assert_eq!(asked("2026-03-23", "", "", ""), Err(codes(&["as_of.future"])));
    assert_eq!(asked("2026-02-30", "", "", ""), Err(codes(&["as_of.day"])));
    assert_eq!(asked("", "25:00", "2026-03-04", "25:00"), Err(codes(&["as_of.day", "as_of.time"])));
    assert_eq!(asked("2026-03-04", "9点", "", ""), Err(codes(&["as_of.time"])));
    assert_eq!(asked("2026-03-04", "", "2026-03-03", ""), Err(codes(&["as_of.order"])));
    assert_eq!(asked("2026-03-04", "", "", "10:00"), Err(codes(&["as_of.day"])));
    assert!(Asked::default().is_empty());
}

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}
