//! What the passing of time does to a case: prompts at each change of light, and deemed acceptance (许可法第三十二条第一款第四项).

use super::{Case, CaseEvent, CodeCheck, Papers, Stage, clocks::clocks_beside, decision_clock, owed_clock};
use crate::{
    calendar::Calendar,
    clock::{ClockFacts, Due, Mark, Thresholds},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What was last said about a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompted {
    /// The due day it was about: when that moves, it is said again.
    pub due: Date,
    /// Which mark.
    pub mark: Mark,
}

/// The due day of a running period moved because the calendar changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueMoved {
    /// Number of the calendar that moved it.
    pub calendar: i64,
    /// The notice behind it.
    pub notice: String,
    /// Name of the period.
    pub period: String,
    /// The due day before.
    pub from: Date,
    /// The due day now.
    pub to: Date,
    /// Whether it rests on a year without a notice.
    pub provisional: bool,
}

/// What happens next to a running period if nobody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A mark is reached.
    Mark(Mark),
    /// 视为受理.
    DeemedAcceptance,
}

impl Change {
    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Mark(mark) => mark.slug(),
            Self::DeemedAcceptance => "deemed_acceptance",
        }
    }
}

/// Every period that runs and can run out: that of what is owed now first, then those beside it; of each kind one.
pub fn running_clocks(case: &Case) -> Vec<ClockFacts> {
    let mut running: Vec<ClockFacts> = Vec::new();
    for clock in owed_clock(case).into_iter().chain(clocks_beside(case)).filter(|clock| clock.finished.is_none()) {
        if running.iter().all(|other| other.kind.id != clock.kind.id) {
            running.push(clock);
        }
    }
    running
}

/// Whether silence accepts the application when this period ends. Only the first check: after a correction notice the organ
/// has told what is missing, and the law presumes nothing any more.
fn silence_accepts(case: &Case, clock: &ClockFacts) -> bool {
    case.stage == Stage::Received && case.correction.is_none() && clock.kind.id == "correction_check"
}

fn said(case: &Case, clock: &ClockFacts, due: Date) -> Option<Mark> {
    case.prompted.get(&clock.kind.id).filter(|last| last.due == due).map(|last| last.mark)
}

/// The next day on which something changes for a running period, and what; `None` when nothing will.
pub fn next_change(case: &Case, clock: &ClockFacts, calendar: &Calendar) -> Option<(Date, Change)> {
    let marks = clock.marks(calendar, Thresholds::default())?;
    let said = said(case, clock, marks.due);
    let next = Mark::ALL.into_iter().find(|mark| Some(*mark) > said)?;
    let change = match next {
        Mark::Red if silence_accepts(case, clock) => Change::DeemedAcceptance,
        mark => Change::Mark(mark),
    };
    Some((marks.day(next), change))
}

/// Whether the law already takes the application for accepted, and only the record of it is missing.
pub fn is_accepted_by_silence(case: &Case, calendar: &Calendar, today: Date) -> bool {
    running_clocks(case).iter().any(|clock| {
        let next = next_change(case, clock, calendar);
        next.is_some() && silence_accepts(case, clock) && clock.due(calendar).is_some_and(|due| today > due.date)
    })
}

/// What time has done to a case as of `today`: facts that are not recorded yet. Recording them makes the next answer empty.
pub fn elapse(case: &Case, calendar: &Calendar, today: Date, check: &CodeCheck, papers: &Papers) -> Vec<CaseEvent> {
    running_clocks(case).iter().flat_map(|clock| elapse_clock(case, clock, calendar, today, check, papers)).collect()
}

fn elapse_clock(
    case: &Case,
    clock: &ClockFacts,
    calendar: &Calendar,
    today: Date,
    check: &CodeCheck,
    papers: &Papers,
) -> Vec<CaseEvent> {
    let Some(marks) = clock.marks(calendar, Thresholds::default()) else { return vec![] };
    let reached = marks.on(today).filter(|mark| Some(*mark) > said(case, clock, marks.due));
    match reached {
        None => vec![],
        Some(Mark::Red) if silence_accepts(case, clock) => deem_accepted(case, marks.due, check, calendar, papers),
        Some(mark) => vec![prompt(clock, marks.due, mark)],
    }
}

fn prompt(clock: &ClockFacts, due: Date, mark: Mark) -> CaseEvent {
    CaseEvent::DeadlinePrompted {
        period: clock.kind.id.clone(),
        name: clock.kind.name.clone(),
        article: clock.kind.article.clone(),
        due,
        mark,
    }
}

/// 视为受理, from the day of receipt. A code that does not verify stands in the way (办法第十四条第二项): then the failed check
/// and the red light are recorded, and the organ still has to answer.
fn deem_accepted(case: &Case, due: Date, check: &CodeCheck, calendar: &Calendar, papers: &Papers) -> Vec<CaseEvent> {
    let (Some(application), Some(received)) = (&case.application, case.received_at) else { return vec![] };
    let code = application.code.clone();
    match check {
        CodeCheck::Verified => {
            let limit = decision_due(case, calendar);
            let document = papers.deemed_acceptance_notice(application, received.date(), due, limit);
            vec![CaseEvent::CodeVerified { code }, CaseEvent::CaseDeemedAccepted { document: Box::new(document) }]
        }
        CodeCheck::Fault { fault, message } => {
            let told = CaseEvent::CodeNotVerified { code, fault: (*fault).into(), message: message.clone() };
            let clocks = running_clocks(case);
            std::iter::once(told).chain(clocks.first().map(|clock| prompt(clock, due, Mark::Red))).collect()
        }
    }
}

/// The last day of the limit when the application counts as accepted from the day of receipt.
fn decision_due(case: &Case, calendar: &Calendar) -> Option<Due> {
    decision_clock(&Case { accepted_at: case.received_at, ..case.clone() })?.due(calendar)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, events_to, given, kinds, papers};
    use super::*;
    use crate::{
        Aggregate, Meta, Moment,
        calendar::default_calendar,
        clock::{Ground, Light, Suspension},
        document::DocumentKind,
    };
    use jiff::civil::date;

    fn meta(day: Date) -> Meta {
        let at = Moment::at(day, 0, 5);
        Meta { at, recorded_at: at, actor: "system".into() }
    }

    fn elapsed(case: &Case, today: Date) -> Vec<CaseEvent> {
        elapse(case, default_calendar(), today, &CodeCheck::Verified, &papers())
    }

    fn pass(case: &mut Case, today: Date) -> Vec<CaseEvent> {
        let events = elapsed(case, today);
        for event in &events {
            case.apply(event, &meta(today));
        }
        assert_eq!(elapsed(case, today), vec![], "what is recorded is not recorded again");
        events
    }

    fn marks(events: &[CaseEvent]) -> Vec<Mark> {
        let mark = |event: &CaseEvent| match event {
            CaseEvent::DeadlinePrompted { mark, .. } => Some(*mark),
            _ => None,
        };
        events.iter().filter_map(mark).collect()
    }

    #[test]
    fn art32_4_five_days_of_silence_accept_from_the_day_of_receipt() {
        // Received on Tuesday 3 March: the fifth working day is Tuesday 10 March.
        let mut case = at(Stage::Received);
        assert_eq!(marks(&pass(&mut case, date(2026, 3, 9))), [Mark::Yellow]);
        assert_eq!(marks(&pass(&mut case, date(2026, 3, 10))), [Mark::LastDay]);
        assert!(!is_accepted_by_silence(&case, default_calendar(), date(2026, 3, 10)));
        assert!(is_accepted_by_silence(&case, default_calendar(), date(2026, 3, 11)));
        let events = pass(&mut case, date(2026, 3, 11));
        assert_eq!(kinds(&events), ["CodeVerified", "CaseDeemedAccepted"]);
        let CaseEvent::CaseDeemedAccepted { document } = &events[1] else { panic!() };
        assert_eq!(document.kind, DocumentKind::DeemedAcceptanceNotice);
        assert!(document.is_intact() && document.paragraphs[0].contains("第三十二条"));
        assert_eq!(case.stage, Stage::Processing);
        assert_eq!(case.accepted_at, case.received_at);
        assert_eq!(case.deemed_at.map(|at| at.date()), Some(date(2026, 3, 11)));
        let clock = decision_clock(&case).unwrap();
        assert_eq!((clock.start, clock.due(default_calendar()).unwrap().date), (date(2026, 3, 3), date(2026, 3, 31)));
        let check = super::super::check_clock(&case).unwrap();
        let sheet = check.sheet(default_calendar(), date(2026, 4, 1), Thresholds::default());
        assert_eq!((sheet.light, sheet.overdue), (Light::Red, 1), "the organ let the check run out");
    }

    #[test]
    fn art32_4_a_machine_that_slept_records_the_last_mark_only() {
        let mut case = at(Stage::Received);
        let long_after = date(2026, 5, 1);
        let events = elapsed(&case, long_after);
        assert_eq!(kinds(&events), ["CodeVerified", "CaseDeemedAccepted"]);
        for event in &events {
            case.apply(event, &meta(long_after));
        }
        assert_eq!(case.accepted_at.map(|at| at.date()), Some(date(2026, 3, 3)));
        assert_eq!(marks(&pass(&mut case, long_after)), [Mark::Red], "the decision is late as well by now");
    }

    #[test]
    fn art32_4_an_answer_in_time_leaves_nothing_to_silence() {
        for stage in [Stage::CorrectionAsked, Stage::Processing, Stage::NotAccepted, Stage::Withdrawn] {
            let case = at(stage);
            assert!(!is_accepted_by_silence(&case, default_calendar(), date(2027, 1, 1)), "{stage:?}");
            let events = elapsed(&case, date(2026, 3, 12));
            assert!(!kinds(&events).contains(&"CaseDeemedAccepted".to_owned()), "{stage:?}");
        }
    }

    #[test]
    fn art32_4_after_a_correction_notice_silence_turns_red_and_accepts_nothing() {
        let mut case = at(Stage::Supplemented);
        let events = pass(&mut case, date(2026, 6, 1));
        assert_eq!(marks(&events), [Mark::Red]);
        assert_eq!(case.stage, Stage::Supplemented);
    }

    #[test]
    fn art14_2_silence_never_accepts_a_code_that_does_not_verify() {
        let mut case = at(Stage::Received);
        let check = CodeCheck::Fault { fault: "not_in_force", message: "该项目代码已失效。".into() };
        let today = date(2026, 3, 11);
        let events = elapse(&case, default_calendar(), today, &check, &papers());
        assert_eq!(kinds(&events), ["CodeNotVerified", "DeadlinePrompted"]);
        for event in &events {
            case.apply(event, &meta(today));
        }
        assert_eq!((case.stage, case.accepted_at), (Stage::Received, None));
        assert_eq!(elapse(&case, default_calendar(), date(2026, 4, 1), &check, &papers()), vec![], "said once");
    }

    #[test]
    fn art15_each_change_of_light_is_said_once_and_again_when_the_due_day_moves() {
        let mut case = at(Stage::Processing);
        let due = decision_clock(&case).unwrap().due(default_calendar()).unwrap().date;
        assert_eq!(due, date(2026, 4, 2));
        let calendar = default_calendar();
        let next = |case: &Case| next_change(case, &running_clocks(case)[0], calendar);
        assert_eq!(next(&case), Some((date(2026, 3, 27), Change::Mark(Mark::Yellow))));
        assert_eq!(elapsed(&case, date(2026, 3, 26)), vec![]);
        assert_eq!(marks(&pass(&mut case, date(2026, 3, 27))), [Mark::Yellow]);
        assert_eq!(next(&case), Some((due, Change::Mark(Mark::LastDay))));
        let hearing = Suspension {
            from: date(2026, 3, 30),
            to: None,
            ground: Ground::Hearing,
            document: "听证通知书".into(),
            told_on: None,
        };
        case.apply(&CaseEvent::ClockSuspended { suspension: hearing, notice: None }, &meta(date(2026, 3, 30)));
        assert_eq!(next(&case), None, "a clock that stands still has no next day");
        assert_eq!(elapsed(&case, date(2026, 5, 1)), vec![]);
        case.apply(&CaseEvent::ClockResumed { to: date(2026, 4, 3) }, &meta(date(2026, 4, 3)));
        assert_eq!(marks(&pass(&mut case, date(2026, 4, 8))), [Mark::Yellow], "for the new due day");
        assert_eq!(marks(&pass(&mut case, date(2026, 6, 1))), [Mark::Red], "the last day passed unseen");
        assert_eq!(next(&case), None);
    }

    #[test]
    fn art15_ended_cases_and_cases_with_the_applicant_are_left_alone() {
        for stage in Stage::ALL {
            let case = given(&events_to(stage));
            let decides = matches!(stage, Stage::Processing | Stage::Proposed | Stage::Reviewed);
            let delivers = stage == Stage::Completed;
            let runs = decides || delivers || matches!(stage, Stage::Received | Stage::Supplemented);
            assert_eq!(!running_clocks(&case).is_empty(), runs, "{stage:?}");
            assert_eq!(!elapsed(&case, date(2030, 1, 1)).is_empty(), runs, "{stage:?}");
        }
    }
}
