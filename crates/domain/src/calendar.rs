//! The calendar of working days 工作日历: Monday to Friday, corrected by the yearly notices of the State Council.
//!
//! A year without a notice falls back to Monday to Friday and makes every date that rests on it provisional.

mod notice;

pub use notice::{CalendarEvent, CalendarVersion, HolidayNotice, SpecialDay, WorkCalendar, load_notice, read_notice};

use crate::{Refusal, tsv};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Days since 1970-01-01: what counting works on.
pub(crate) type DayNumber = i64;

/// What a date is in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum DayKind<'a> {
    /// Monday to Friday, nothing special.
    Workday,
    /// 调休上班: a Saturday or Sunday worked for the named holiday.
    MakeUpWorkday(&'a str),
    /// Saturday or Sunday.
    Weekend,
    /// A day off by the notice, with the holiday's name.
    Holiday(&'a str),
}

impl DayKind<'_> {
    /// Whether offices work on it.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Workday | Self::MakeUpWorkday(_))
    }
}

/// 工作日历, one version of it.
#[derive(Debug, Clone)]
pub struct Calendar {
    version: String,
    special: BTreeMap<Date, (bool, String)>,
    published: BTreeSet<i16>,
    /// First day of the span below; days outside it follow the week alone.
    first: DayNumber,
    /// Working days up to and including each day of the span, on the axis of `weekdays_through`.
    through: Vec<i64>,
    /// Every working day of the span, in order.
    working: Vec<DayNumber>,
}

impl Calendar {
    /// Reads `holidays.tsv`. A year with any row counts as published. Refuses bad dates, unknown kinds and doubled days.
    pub fn parse(version: impl Into<String>, text: &str) -> Result<Self, Refusal> {
        let mut special = BTreeMap::new();
        for (at, [date, kind, name]) in tsv::rows(text, ["date", "kind", "name"])?.into_iter().enumerate() {
            let date: Date = date.parse().map_err(|_| tsv::fault(at + 1, "日期有误"))?;
            let working = match kind {
                "workday" => true,
                "holiday" => false,
                _ => return Err(tsv::fault(at + 1, "日类应为 holiday 或 workday")),
            };
            if special.insert(date, (working, name.to_owned())).is_some() {
                return Err(tsv::fault(at + 1, "日期重复"));
            }
        }
        Ok(Self::new(version.into(), special))
    }

    fn new(version: String, special: BTreeMap<Date, (bool, String)>) -> Self {
        let published: BTreeSet<i16> = special.keys().map(|date| notice_year(*date)).collect();
        let mut calendar = Self { version, special, published, first: 0, through: Vec::new(), working: Vec::new() };
        let ends = (calendar.special.keys().next(), calendar.special.keys().next_back());
        if let (Some(first), Some(last)) = ends {
            let (first, last) = (day_number(*first), day_number(*last));
            calendar.first = first;
            calendar.working = (first..=last).filter(|day| calendar.is_working(date_of(*day))).collect();
            let mut count = weekdays_through(first - 1);
            let mut working = calendar.working.iter().peekable();
            calendar.through = (first..=last)
                .map(|day| {
                    count += i64::from(working.next_if_eq(&&day).is_some());
                    count
                })
                .collect();
        }
        calendar
    }

    /// This calendar with other notices for some years; days of these years' earlier notices are forgotten.
    #[must_use]
    pub fn with(&self, version: String, years: &BTreeMap<i16, Vec<SpecialDay>>) -> Self {
        let mut special = self.special.clone();
        special.retain(|date, _| !years.contains_key(&notice_year(*date)));
        special.extend(years.values().flatten().map(|day| (day.date, (day.working, day.name.clone()))));
        Self::new(version, special)
    }

    /// The first day of a year's notice that is another day in the other calendar; `None` when all are the same.
    pub fn first_difference(&self, other: &Self, year: i16) -> Option<Date> {
        let days = self.special.keys().chain(other.special.keys()).filter(|date| notice_year(**date) == year);
        days.filter(|date| self.kind(**date) != other.kind(**date)).min().copied()
    }

    /// The name of this version, such as `2026`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the notice for this year is in the calendar.
    pub fn published(&self, year: i16) -> bool {
        self.published.contains(&year)
    }

    /// The years with a notice, in order.
    pub fn published_years(&self) -> impl Iterator<Item = i16> {
        self.published.iter().copied()
    }

    /// What a date is.
    pub fn kind(&self, date: Date) -> DayKind<'_> {
        match self.special.get(&date) {
            Some((true, name)) => DayKind::MakeUpWorkday(name),
            Some((false, name)) => DayKind::Holiday(name),
            None if is_weekday(day_number(date)) => DayKind::Workday,
            None => DayKind::Weekend,
        }
    }

    /// Whether offices work on a date.
    pub fn is_working(&self, date: Date) -> bool {
        self.kind(date).is_working()
    }

    /// Working days after `from`, up to and including `to`; negative when `to` is earlier.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        self.through(day_number(to)) - self.through(day_number(from))
    }

    /// The `n`-th working day after `from`; of 0, `from` itself. Constant time.
    pub fn add_working_days(&self, from: Date, n: u32) -> Date {
        match n {
            0 => from,
            _ => date_of(self.nth(self.through(day_number(from)) + i64::from(n))),
        }
    }

    /// The date itself if offices work on it, else the next on which they do.
    pub fn next_working_day(&self, date: Date) -> Date {
        if self.is_working(date) { date } else { self.add_working_days(date, 1) }
    }

    /// Whether anything between two dates (both included) rests on a year without a notice.
    pub fn is_provisional(&self, from: Date, to: Date) -> bool {
        (from.year()..=to.year()).any(|year| !self.published(year))
    }

    /// Working days up to and including a day, on an axis whose zero is far away and does not matter.
    pub(crate) fn through(&self, day: DayNumber) -> i64 {
        if day < self.first {
            return weekdays_through(day);
        }
        let at = usize::try_from(day - self.first).unwrap_or(usize::MAX);
        match self.through.get(at) {
            Some(count) => *count,
            None => weekdays_through(day) + self.shift(),
        }
    }

    /// The day on which [`Calendar::through`] reaches `count`.
    pub(crate) fn nth(&self, count: i64) -> DayNumber {
        let before = weekdays_through(self.first - 1);
        if count <= before {
            return weekday_number(count);
        }
        let at = usize::try_from(count - before - 1).unwrap_or(usize::MAX);
        match self.working.get(at) {
            Some(day) => *day,
            None => weekday_number(count - self.shift()),
        }
    }

    /// By how much the notices together change the number of working days.
    fn shift(&self) -> i64 {
        let last = self.first + i64::try_from(self.through.len()).unwrap_or(0) - 1;
        self.through.last().map_or(0, |count| count - weekdays_through(last))
    }
}

/// Single decisions that changed days after the annual notice: first day, last day, title.
const AMENDMENTS: [(Date, Date, &str); 2] = [
    (Date::constant(2019, 4, 28), Date::constant(2019, 5, 5), "国务院办公厅关于调整2019年劳动节假期安排的通知"),
    (Date::constant(2020, 1, 31), Date::constant(2020, 2, 2), "国务院办公厅关于延长2020年春节假期的通知"),
];

/// The notice a special day rests on. The last days of December belong to next year's New Year.
pub fn notice(date: Date) -> String {
    let amended = AMENDMENTS.iter().find(|(from, to, _)| (*from..=*to).contains(&date));
    match amended {
        Some((_, _, title)) => (*title).to_owned(),
        None => {
            format!("国务院办公厅关于{}年部分节假日安排的通知", notice_year(date))
        }
    }
}

/// The year whose notice names a special day.
fn notice_year(date: Date) -> i16 {
    date.year() + i16::from(date.month() == 12)
}

/// The calendar shipped with the product (`data/holidays.tsv`, notices for 2016 to 2026); a test proves that it reads.
pub fn default_calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
        Calendar::parse("2026", include_str!("../../../data/holidays.tsv"))
            .unwrap_or_else(|_| Calendar::new(String::new(), BTreeMap::new()))
    });
    &CALENDAR
}

const EPOCH: Date = Date::constant(1970, 1, 1);

pub(crate) fn day_number(date: Date) -> DayNumber {
    date.duration_since(EPOCH).as_secs().div_euclid(86_400)
}

/// The date of a day number; beyond the range of dates, its nearest end.
pub(crate) fn date_of(day: DayNumber) -> Date {
    let nearest = if day < 0 { Date::MIN } else { Date::MAX };
    match day.checked_mul(86_400) {
        Some(seconds) => EPOCH.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(nearest),
        None => nearest,
    }
}

/// Day 0 was a Thursday; Monday is 0 here.
fn is_weekday(day: DayNumber) -> bool {
    (day + 3).rem_euclid(7) < 5
}

/// Mondays to Fridays up to and including a day, from Monday 1969-12-29 on.
fn weekdays_through(day: DayNumber) -> i64 {
    let day = day + 3;
    day.div_euclid(7) * 5 + (day.rem_euclid(7) + 1).min(5)
}

/// The inverse: the `count`-th of those days.
fn weekday_number(count: i64) -> DayNumber {
    (count - 1).div_euclid(5) * 7 + (count - 1).rem_euclid(5) - 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn art82_the_shipped_calendar_reads_and_covers_2016_to_2026() {
        let years: Vec<i16> = default_calendar().published_years().collect();
        assert_eq!(years, (2016..=2026).collect::<Vec<i16>>());
    }

    #[test]
    fn art82_working_days_of_every_published_year() {
        // Counted from the notices: 365 days, less 104 or 105 weekend days, less holidays, plus make-up days.
        let calendar = default_calendar();
        for (year, days) in [(2018, 250), (2019, 250), (2023, 249), (2024, 251), (2025, 248)] {
            let count = calendar.working_days_between(date(year - 1, 12, 31), date(year, 12, 31));
            assert_eq!(count, days, "{year}");
        }
    }

    #[test]
    fn art82_kinds_of_days() {
        let calendar = default_calendar();
        assert_eq!(calendar.kind(date(2025, 10, 1)), DayKind::Holiday("国庆节、中秋节"));
        assert!(matches!(calendar.kind(date(2025, 9, 28)), DayKind::MakeUpWorkday(_)));
        assert_eq!(calendar.kind(date(2025, 9, 27)), DayKind::Weekend);
        assert_eq!(calendar.kind(date(2025, 9, 26)), DayKind::Workday);
    }

    #[test]
    fn art82_every_special_day_names_its_notice() {
        for (day, title) in [
            (date(2025, 10, 1), "国务院办公厅关于2025年部分节假日安排的通知"),
            (date(2018, 12, 29), "国务院办公厅关于2019年部分节假日安排的通知"),
            (date(2020, 1, 30), "国务院办公厅关于2020年部分节假日安排的通知"),
            (date(2020, 1, 31), "国务院办公厅关于延长2020年春节假期的通知"),
        ] {
            assert_eq!(notice(day), title);
        }
    }

    #[test]
    fn a_year_without_a_notice_is_provisional_and_counts_monday_to_friday() {
        let calendar = default_calendar();
        assert!(!calendar.published(2027));
        assert!(calendar.is_working(date(2027, 1, 1)), "a Friday");
        assert_eq!(calendar.add_working_days(date(2026, 12, 31), 1), date(2027, 1, 1));
        assert!(calendar.is_provisional(date(2026, 12, 31), date(2027, 1, 1)));
        assert!(!calendar.is_provisional(date(2026, 1, 1), date(2026, 12, 31)));
    }

    #[test]
    fn counting_equals_walking_for_every_day_of_the_calendar() {
        let calendar = default_calendar();
        let mut count = calendar.through(day_number(date(2014, 12, 31)));
        let mut day = date(2015, 1, 1);
        while day < date(2029, 1, 1) {
            let number = day_number(day);
            assert_eq!(date_of(number), day);
            count += i64::from(calendar.is_working(day));
            assert_eq!(calendar.through(number), count, "{day}");
            if calendar.is_working(day) {
                assert_eq!(calendar.nth(count), number, "{day}");
            }
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn outside_tables_are_refused_not_believed() {
        for row in
            ["2026-02-30\tholiday\t甲", "2026-02-03\tfeast\t甲", "2026-02-03\tholiday\t甲\n2026-02-03\tworkday\t甲"]
        {
            let text = format!("date\tkind\tname\n{row}\n");
            assert_eq!(Calendar::parse("x", &text).unwrap_err().code, "table.row");
        }
    }

    proptest! {
        #[test]
        fn any_calendar_counts_like_walking(rows in proptest::collection::btree_map(-400..400i64, any::<bool>(), 0..60), start in -500..500i64, n in 1..60u32) {
            let special = rows.into_iter().map(|(day, works)| (date_of(day), (works, "节".to_owned()))).collect();
            let calendar = Calendar::new("x".to_owned(), special);
            let (mut left, mut day) = (n, start);
            while left > 0 {
                day += 1;
                left -= u32::from(calendar.is_working(date_of(day)));
            }
            prop_assert_eq!(calendar.add_working_days(date_of(start), n), date_of(day));
            prop_assert_eq!(calendar.working_days_between(date_of(start), date_of(day)), i64::from(n));
        }
    }
}
