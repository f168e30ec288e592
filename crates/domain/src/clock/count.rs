//! Counting without walking: the due date by jumping from suspension to suspension.

use super::{ClockFacts, Suspension, Unit};
use crate::calendar::{Calendar, DayNumber, date_of, day_number};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The last day of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The day itself, still in time.
    pub date: Date,
    /// True when it rests on a year whose holidays are not published yet: a forecast, not a fact.
    pub provisional: bool,
}

/// Whole days on which the clock stands still, both ends included.
type Still = (DayNumber, DayNumber);

/// The end of an interval that still lasts.
const OPEN: DayNumber = DayNumber::MAX;

/// Days counted up to and including a day, and the way back, in one of the two units.
struct Axis<'a> {
    unit: Unit,
    calendar: &'a Calendar,
}

impl Axis<'_> {
    fn through(&self, day: DayNumber) -> i64 {
        match self.unit {
            Unit::Working => self.calendar.through(day),
            Unit::Calendar => day,
        }
    }

    fn nth(&self, count: i64) -> DayNumber {
        match self.unit {
            Unit::Working => self.calendar.nth(count),
            Unit::Calendar => count,
        }
    }
}

pub(super) fn due(facts: &ClockFacts, calendar: &Calendar) -> Option<Due> {
    let axis = Axis { unit: facts.kind.unit, calendar };
    let start = day_number(facts.start);
    let still = merge(&facts.suspensions, start);
    let limit = i64::from(facts.limit());
    let end = if limit == 0 { start } else { jump(&axis, &still, axis.through(start) + limit)? };
    let due = if facts.kind.roll { roll(calendar, &still, end)? } else { end };
    let (rests_on_calendar, first) = match facts.kind.unit {
        Unit::Working => (limit > 0 || facts.kind.roll, (start + 1).min(due)),
        Unit::Calendar => (facts.kind.roll, end),
    };
    Some(Due {
        date: date_of(due),
        provisional: rests_on_calendar && calendar.is_provisional(date_of(first), date_of(due)),
    })
}

/// Days counted after the start up to and including `day`.
pub(super) fn used(facts: &ClockFacts, calendar: &Calendar, day: Date) -> u32 {
    let axis = Axis { unit: facts.kind.unit, calendar };
    let (start, day) = (day_number(facts.start), day_number(day));
    let all = axis.through(day.max(start)) - axis.through(start);
    let still: i64 = merge(&facts.suspensions, start)
        .into_iter()
        .take_while(|(from, _)| *from <= day)
        .map(|(from, to)| axis.through(to.min(day)) - axis.through(from - 1))
        .sum();
    u32::try_from(all - still).unwrap_or(0)
}

/// Sorted, disjoint intervals after the start; what overlaps or touches becomes one.
fn merge(suspensions: &[Suspension], start: DayNumber) -> Vec<Still> {
    let mut all: Vec<Still> = suspensions
        .iter()
        .map(|s| (day_number(s.from).max(start + 1), s.to.map_or(OPEN, day_number)))
        .filter(|(from, to)| from <= to)
        .collect();
    all.sort_unstable();
    let mut merged: Vec<Still> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match merged.last_mut() {
            Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The day on which the count is reached, pushed on by every interval that begins before it; `None` if that one is open.
fn jump(axis: &Axis<'_>, still: &[Still], mut count: i64) -> Option<DayNumber> {
    for (from, to) in still {
        if axis.nth(count) < *from {
            break;
        }
        count += axis.through(closed(*to)?) - axis.through(from - 1);
    }
    Some(axis.nth(count))
}

/// The day itself if offices work on it and the clock runs, else the next such day; `None` if that is not known yet.
fn roll(calendar: &Calendar, still: &[Still], day: DayNumber) -> Option<DayNumber> {
    let working = |day| calendar.nth(calendar.through(day - 1) + 1);
    let mut day = working(day);
    for (from, to) in still {
        if (*from..=*to).contains(&day) {
            day = working(closed(*to)? + 1);
        }
    }
    Some(day)
}

fn closed(to: DayNumber) -> Option<DayNumber> {
    (to != OPEN).then_some(to)
}
