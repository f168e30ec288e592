//! 回溯: how a thing stood at a moment, as far as it was known at another.
//!
//! Every fact has two times. *Recorded* is when the platform wrote it down ([`Meta::recorded_at`]). *Happened* is when it came
//! about: the moment of the entry ([`Meta::at`]), or the legal day the event itself carries when that lies before it
//! ([`Aggregate::happened_on`]): a decision entered on the 20th and dated the 12th happened on the 12th. A day has no hour,
//! so such a fact counts once its day is over; nothing that is dated ahead counts later than it was entered.
//! Facts that count are applied in the order they were recorded.

use crate::{
    Aggregate, Meta, Moment, Refusal,
    case::{Case, CaseEvent},
};
use jiff::civil::{Date, Time};
use serde::Deserialize;

/// The last millisecond of a minute.
const MINUTE: i64 = 59_999;

/// The two moments of a look back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// 当时的实际状态: what had happened by then.
    pub stood: Moment,
    /// 系统已登记: what had been written down by then.
    pub known: Moment,
}

/// The two moments as typed: days as `2026-11-15`, times as `09:30`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The day to look at.
    pub on: String,
    /// The time of that day; empty for its end.
    pub at: String,
    /// By which day written down; empty for the moment looked at.
    pub known_on: String,
    /// The time of that day; empty for its end.
    pub known_at: String,
}

impl Asked {
    /// Nothing was typed yet.
    pub fn is_empty(&self) -> bool {
        [&self.on, &self.at, &self.known_on, &self.known_at].into_iter().all(|text| text.trim().is_empty())
    }

    /// The two moments, or what is wrong with them. What lies ahead is refused; what is left out has its plain meaning.
    pub fn read(&self, now: Moment) -> Result<AsOf, Vec<Refusal>> {
        let stood = moment("on", &self.on, "at", &self.at, now);
        let known = match (self.known_on.trim(), self.known_at.trim()) {
            ("", "") => stood.clone(),
            _ => moment("known_on", &self.known_on, "known_at", &self.known_at, now),
        };
        match (stood, known) {
            (Ok(stood), Ok(known)) if known < stood => {
                let words = "“登记截至”不能早于要查看的时点：当时还没有登记的事，那时无从知道。";
                Err(vec![Refusal::field("known_on", "as_of.order", words)])
            }
            (Ok(stood), Ok(known)) => Ok(AsOf { stood, known }),
            (Err(one), Err(two)) if one != two => Err(vec![one, two]),
            (Err(wrong), _) | (_, Err(wrong)) => Err(vec![wrong]),
        }
    }
}

/// The end of the minute or of the day; the present one ends now.
fn moment(day_field: &str, day: &str, time_field: &str, time: &str, now: Moment) -> Result<Moment, Refusal> {
    let (day, time) = (day.trim(), time.trim());
    let no_day = |_| Refusal::field(day_field, "as_of.day", "请填写日期，例如 2026-11-15。");
    let no_time = |_| Refusal::field(time_field, "as_of.time", "请填写时间，例如 09:30；不填则按当天结束时。");
    let day: Date = day.parse().map_err(no_day)?;
    let (begun, end) = match time {
        "" => (Moment::at(day, 0, 0), end_of(day)),
        _ => {
            let time: Time = time.parse().map_err(no_time)?;
            let begun = Moment::at(day, time.hour(), time.minute());
            (begun, Moment(begun.0.saturating_add(MINUTE)))
        }
    };
    match begun > now {
        true => Err(Refusal::field(day_field, "as_of.future", "不能查看将来：请选择现在或者过去的时点。")),
        false => Ok(end.min(now)),
    }
}

/// The last millisecond of a day.
fn end_of(day: Date) -> Moment {
    Moment(Moment::at(day, 23, 59).0.saturating_add(MINUTE))
}

/// When an event happened: when it was entered, or at the end of its own legal day if that was before.
pub fn happened<A: Aggregate>(event: &A::Event, meta: &Meta) -> Moment {
    A::happened_on(event).map_or(meta.at, |day| end_of(day).min(meta.at))
}

impl AsOf {
    /// The same moment looked at, as known at another.
    pub fn known(self, known: Moment) -> Self {
        Self { known, ..self }
    }

    /// Whether what was known differs from what is being looked at.
    pub fn is_hindsight(self) -> bool {
        self.known > self.stood
    }

    /// Whether an event counts.
    pub fn counts<A: Aggregate>(self, event: &A::Event, meta: &Meta) -> bool {
        happened::<A>(event, meta) <= self.stood && meta.recorded_at <= self.known
    }
}

/// Events that count, in the order they were recorded.
pub fn counted<A: Aggregate>(history: &[(A::Event, Meta)], as_of: AsOf) -> Vec<&(A::Event, Meta)> {
    history.iter().filter(|(event, meta)| as_of.counts::<A>(event, meta)).collect()
}

/// The state they leave.
pub fn fold<A: Aggregate>(history: &[(A::Event, Meta)], as_of: AsOf) -> A {
    let mut state = A::default();
    for (event, meta) in counted::<A>(history, as_of) {
        state.apply(event, meta);
    }
    state
}

/// The state of a case. The end of a special procedure names it by its place among all of them; with one left out, the
/// places behind it move up.
pub fn fold_case(history: &[(CaseEvent, Meta)], as_of: AsOf) -> Case {
    let mut case = Case::default();
    let mut places = Vec::new();
    for (event, meta) in history {
        let counts = as_of.counts::<Case>(event, meta);
        match event {
            CaseEvent::SpecialBegun { .. } => places.push(counts.then_some(case.specials.len())),
            CaseEvent::SpecialEnded { at, name, result } if counts => {
                if let Some(at) = places.get(*at).copied().flatten() {
                    let (name, result) = (name.clone(), result.clone());
                    case.apply(&CaseEvent::SpecialEnded { at, name, result }, meta);
                }
                continue;
            }
            _ => {}
        }
        if counts {
            case.apply(event, meta);
        }
    }
    case
}

#[cfg(test)]
mod tests;
