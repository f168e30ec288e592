//! Where an item stands, as far as a plan asks, read from its latest case.

use crate::{
    calendar::Calendar,
    case::{Case, Outcome, check_clock, decision_clock},
    clock::default_deadlines,
};
use jiff::civil::Date;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Granted on that day.
    Granted(Date),
    /// Accepted; the limit ends on that day.
    Deciding(Date),
    /// Filed; accepted on that day at the latest.
    Accepting(Date),
    /// Not filed, or to be filed again.
    ToApply,
}

/// The progress of an item's latest case, if the clock went on today without another stop. What is late counts as done today.
pub fn progress_of(case: &Case, calendar: &Calendar, today: Date) -> Progress {
    let today_at_work = calendar.next_working_day(today);
    let in_time = |due: Option<Date>| due.map_or(today_at_work, |due| due.max(today_at_work));
    if case.ended_at.is_some() {
        return match &case.decision {
            Some(decision) if decision.outcome == Outcome::Granted => Progress::Granted(decision.decided_on),
            _ => Progress::ToApply,
        };
    }
    if let Some(mut clock) = decision_clock(case) {
        for stop in clock.suspensions.iter_mut().filter(|stop| stop.to.is_none()) {
            stop.to = Some(today.max(stop.from));
        }
        return Progress::Deciding(in_time(clock.due(calendar).map(|due| due.date)));
    }
    let check_days = default_deadlines().get("correction_check").map_or(0, |kind| kind.days);
    match check_clock(case).filter(|clock| clock.finished.is_none()) {
        Some(clock) => Progress::Accepting(in_time(clock.due(calendar).map(|due| due.date))),
        // Not received yet, or with the unit for correction: as if that were done today.
        None => Progress::Accepting(calendar.add_working_days(today, check_days)),
    }
}
