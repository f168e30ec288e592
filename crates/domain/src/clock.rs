//! The clock 计时 (办法第十五条; 行政许可法第三十二、四十二至四十五、八十二条).
//!
//! Nothing here is stored: a due date, a light and a sheet are functions of the facts, the calendar and today.
//! The day of the event that starts a period is not counted. Whole days inside a suspension are not counted either.

mod count;
mod holding;
mod kinds;
mod mark;
mod sheet;
mod suspension;

pub use count::Due;
pub use holding::{Bearer, DayLedger, Handover, History, Stretch};
pub use kinds::{DeadlineKind, DeadlineKinds, Unit, default_deadlines};
pub use mark::{Mark, Marks};
pub use sheet::{DaysByHolder, Light, Row, Sheet, Status, Thresholds};
pub use suspension::{Ground, Holder, Suspension};

use crate::calendar::Calendar;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The longest limit the clock counts, in days; a longer one is taken as this.
pub const LONGEST_LIMIT: u32 = 3_650;

/// An extension of the limit, granted and told to the applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Days added, in the unit of the deadline.
    pub days: u32,
    /// The article that allows it, such as `行政许可法第四十二条`.
    pub article: String,
    /// The paper that grants it.
    pub document: String,
}

/// Everything one period depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockFacts {
    /// What kind of period.
    pub kind: DeadlineKind,
    /// The day of the event that starts it; not counted itself.
    pub start: Date,
    /// The limit without extensions, in the unit of the kind.
    pub days: u32,
    /// Extensions granted.
    pub extensions: Vec<Extension>,
    /// When the clock stands still, in any order; may overlap.
    pub suspensions: Vec<Suspension>,
    /// The day the act that ends the period was done.
    pub finished: Option<Date>,
}

impl ClockFacts {
    /// A running period with the usual limit of its kind.
    pub fn new(kind: DeadlineKind, start: Date) -> Self {
        Self { days: kind.days, kind, start, extensions: Vec::new(), suspensions: Vec::new(), finished: None }
    }

    /// The limit with its extensions, at most [`LONGEST_LIMIT`].
    pub fn limit(&self) -> u32 {
        let added = self.extensions.iter().map(|e| e.days);
        added.fold(self.days, u32::saturating_add).min(LONGEST_LIMIT)
    }

    /// The last day of the period, without building its sheet: logarithmic at worst, and linear in the suspensions.
    /// `None` while a suspension without an end stands before it.
    pub fn due(&self, calendar: &Calendar) -> Option<Due> {
        count::due(self, calendar)
    }

    /// The period day by day as of `today`, with its light and whose days they were.
    pub fn sheet(&self, calendar: &Calendar, today: Date, thresholds: Thresholds) -> Sheet {
        sheet::build(self, calendar, today, thresholds)
    }
}

#[cfg(test)]
mod tests;
