//! Marks of a period: the days on which its light changes by the mere passing of time (办法第十五条).

use super::{ClockFacts, Thresholds};
use crate::calendar::Calendar;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 时限节点, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// 黄灯: little time left.
    Yellow,
    /// 今日到期: the last day.
    LastDay,
    /// 红灯: the limit is passed.
    Red,
}

impl Mark {
    /// Every mark, in order.
    pub const ALL: [Self; 3] = [Self::Yellow, Self::LastDay, Self::Red];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yellow => "黄灯预警",
            Self::LastDay => "今日到期",
            Self::Red => "红灯超期",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Yellow => "yellow",
            Self::LastDay => "last_day",
            Self::Red => "red",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.slug() == slug)
    }
}

/// The three days of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The first yellow day.
    pub yellow: Date,
    /// The last day, still in time.
    pub due: Date,
}

impl Marks {
    /// The day on which a mark is reached.
    pub fn day(self, mark: Mark) -> Date {
        match mark {
            Mark::Yellow => self.yellow.min(self.due),
            Mark::LastDay => self.due,
            Mark::Red => self.due.tomorrow().unwrap_or(Date::MAX),
        }
    }

    /// The latest mark reached on that day.
    pub fn on(self, today: Date) -> Option<Mark> {
        Mark::ALL.into_iter().rev().find(|mark| today >= self.day(*mark))
    }
}

impl ClockFacts {
    /// The days of the marks; `None` when the period is over, or an open suspension stands before its end.
    pub fn marks(&self, calendar: &Calendar, thresholds: Thresholds) -> Option<Marks> {
        if self.finished.is_some() {
            return None;
        }
        let due = self.due(calendar)?.date;
        Some(Marks { yellow: self.first_yellow_day(calendar, thresholds)?, due })
    }

    /// The day at whose end no more is left than the yellow threshold: the due day of a limit that much shorter.
    pub fn first_yellow_day(&self, calendar: &Calendar, thresholds: Thresholds) -> Option<Date> {
        let limit = self.limit();
        let mut shorter = self.clone();
        shorter.days = limit.saturating_sub(thresholds.yellow_at(limit));
        shorter.extensions.clear();
        shorter.kind.roll = false;
        shorter.due(calendar).map(|due| due.date)
    }
}
