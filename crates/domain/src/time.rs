//! Moments and dates. The platform lives in one time zone, UTC+8, all year.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::Offset};
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// China Standard Time, UTC+8, without daylight saving.
const CST: Offset = Offset::constant(8);

impl Moment {
    /// The wall-clock date and time in UTC+8. Values outside jiff's range (year ±9999) give its nearest end.
    pub fn local(self) -> DateTime {
        let timestamp =
            Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
        CST.to_datetime(timestamp)
    }

    /// The calendar date in UTC+8, on which all legal periods are counted.
    pub fn date(self) -> Date {
        self.local().date()
    }

    /// The given wall-clock time in UTC+8.
    pub fn at(date: Date, hour: i8, minute: i8) -> Self {
        let wall = date.at(hour.clamp(0, 23), minute.clamp(0, 59), 0, 0);
        Self(CST.to_timestamp(wall).map_or(0, |t| t.as_millisecond()))
    }

    /// `2026-11-24 09:30`, in UTC+8.
    pub fn display(self) -> String {
        let local = self.local();
        format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
    }
}

/// `2026年11月24日`.
pub fn chinese_date(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}
