//! 放假安排: a year's notice of the State Council as it is loaded in the office, and the calendar as a stream of its own.

use super::{Calendar, notice_year};
use crate::{Aggregate, Meta, Refusal, time::chinese_date};
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day that is not what its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialDay {
    /// The day.
    pub date: Date,
    /// 调休上班 (true) or 放假 (false).
    pub working: bool,
    /// The holiday it belongs to.
    pub name: String,
}

/// One year's notice, complete: it replaces whatever was loaded for that year before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayNotice {
    /// The year.
    pub year: i16,
    /// Title or number of the notice.
    pub title: String,
    /// Its days, in order.
    pub days: Vec<SpecialDay>,
}

/// Facts about the working calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum CalendarEvent {
    /// A year's notice was put in force.
    NoticeLoaded {
        /// Number of the calendar from now on, from 1; the shipped one is 0.
        number: i64,
        /// The notice.
        notice: HolidayNotice,
        /// Periods that end before this day are not touched by it.
        touches_from: Date,
    },
}

/// One version of the calendar, for the list of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarVersion {
    /// Its number.
    pub number: i64,
    /// The year whose notice was loaded.
    pub year: i16,
    /// Title of the notice.
    pub title: String,
    /// Days off and made-up working days in it.
    pub days: usize,
    /// Periods that end before this day are not touched by it.
    pub touches_from: Date,
    /// When.
    pub at: crate::Moment,
    /// By whom.
    pub actor: String,
}

/// 工作日历, as its events leave it: what was loaded on top of the shipped calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCalendar {
    /// Versions, oldest first.
    pub versions: Vec<CalendarVersion>,
    /// Days of each loaded year.
    pub years: BTreeMap<i16, Vec<SpecialDay>>,
}

impl WorkCalendar {
    /// Number of the version in force; 0 while only the shipped calendar is.
    pub fn number(&self) -> i64 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// The calendar in force, on top of the shipped one.
    pub fn on(&self, shipped: &Calendar) -> Calendar {
        match self.versions.last() {
            None => shipped.clone(),
            Some(last) => shipped.with(format!("{}-{}", last.year, last.number), &self.years),
        }
    }
}

impl Aggregate for WorkCalendar {
    const KIND: &'static str = "calendar";
    type Event = CalendarEvent;

    fn apply(&mut self, event: &CalendarEvent, meta: &Meta) {
        let CalendarEvent::NoticeLoaded { number, notice, touches_from } = event;
        self.versions.push(CalendarVersion {
            number: *number,
            year: notice.year,
            title: notice.title.clone(),
            days: notice.days.len(),
            touches_from: *touches_from,
            at: meta.at,
            actor: meta.actor.clone(),
        });
        self.years.insert(notice.year, notice.days.clone());
    }
}

/// Holidays on fixed days of the solar calendar (全国年节及纪念日放假办法第二条): a notice without them is not one.
const FIXED: [(i8, i8, &str); 3] = [(1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节")];
const ARTICLE: &str = "全国年节及纪念日放假办法第二条";
const MAX_DAYS: usize = 120;

/// Reads a notice in the form of `holidays.tsv` (date, kind, name; cells apart by a tab or blanks; a header line may stand above).
/// Names every wrong line at once.
pub fn read_notice(year: &str, title: &str, text: &str) -> Result<HolidayNotice, Vec<Refusal>> {
    let mut faults = Vec::new();
    let year = year.trim().parse::<i16>().ok().filter(|year| (2016..=2099).contains(year));
    if year.is_none() {
        faults.push(Refusal::field("year", "calendar.year", "请填写四位年份，例如 2027。"));
    }
    let title = title.trim();
    if !(4..=200).contains(&title.chars().count()) {
        let message = "请填写通知的标题或文号（4 至 200 个字），例如“国务院办公厅关于2027年部分节假日安排的通知”。";
        faults.push(Refusal::field("title", "calendar.title", message));
    }
    let mut days: Vec<SpecialDay> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if line.trim_start().starts_with("date") {
            continue;
        }
        match read_line(line, year, &days) {
            Ok(day) => days.push(day),
            Err(fault) => {
                faults.push(Refusal::field("days", "calendar.line", format!("第 {} 行：{fault}", at + 1)));
            }
        }
    }
    days.sort_by_key(|day| day.date);
    let no_line_is_wrong = faults.iter().all(|fault| fault.code != "calendar.line");
    if let Some(year) = year.filter(|_| no_line_is_wrong) {
        faults.extend(missing(year, &days));
    }
    match year {
        Some(year) if faults.is_empty() => Ok(HolidayNotice { year, title: title.to_owned(), days }),
        _ => Err(faults),
    }
}

fn read_line(line: &str, year: Option<i16>, before: &[SpecialDay]) -> Result<SpecialDay, String> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    let [date, kind, name] = cells.as_slice() else {
        return Err("应有三列：日期、类别、节日名称，用制表符或空格隔开。".to_owned());
    };
    let date: Date = date.parse().map_err(|_| format!("“{date}”不是日期，应形如 2027-02-06。"))?;
    let working = match *kind {
        "workday" | "上班" => true,
        "holiday" | "放假" => false,
        other => return Err(format!("类别“{other}”有误，应为 holiday（放假）或 workday（调休上班）。")),
    };
    if year.is_some_and(|year| notice_year(date) != year) {
        return Err(format!(
            "{}不属于这一年的通知（一年的通知包括上一年 12 月和本年 1 月至 11 月的日子）。",
            chinese_date(date)
        ));
    }
    if working && !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return Err(format!("{}本来就是工作日，调休上班日应为周六或周日。", chinese_date(date)));
    }
    if before.iter().any(|day| day.date == date) {
        return Err(format!("{}已在前面出现过。", chinese_date(date)));
    }
    if before.len() >= MAX_DAYS {
        return Err(format!("一年的特殊日子不会超过 {MAX_DAYS} 天。"));
    }
    if name.chars().count() > 30 {
        return Err("节日名称不能超过 30 个字。".to_owned());
    }
    Ok(SpecialDay { date, working, name: (*name).to_owned() })
}

fn missing(year: i16, days: &[SpecialDay]) -> Option<Refusal> {
    let is_off = |month, day| {
        let date = Date::new(year, month, day).ok();
        days.iter().any(|special| Some(special.date) == date && !special.working)
    };
    let missing: Vec<&str> =
        FIXED.iter().filter(|(month, day, _)| !is_off(*month, *day)).map(|(.., name)| *name).collect();
    let message = || format!("通知里没有{}的放假日，请核对年份和内容是否完整。", missing.join("、"));
    (!missing.is_empty()).then(|| Refusal::field("days", "calendar.incomplete", message()).article(ARTICLE))
}

/// Puts a notice in force on top of the calendar that is. One that changes nothing is refused.
pub fn load_notice(
    stream: &WorkCalendar,
    current: &Calendar,
    notice: HolidayNotice,
) -> Result<Vec<CalendarEvent>, Refusal> {
    let years = BTreeMap::from([(notice.year, notice.days.clone())]);
    let next = current.with(String::new(), &years);
    let Some(first) = current.first_difference(&next, notice.year) else {
        let message = format!("现行日历中 {} 年的放假安排与此相同，不需要重新装载。", notice.year);
        return Err(Refusal::field("days", "calendar.same", message));
    };
    // From the first of January on, a date may stop being provisional even where no day changes.
    let new_year = Date::new(notice.year, 1, 1).unwrap_or(first);
    let touches_from = if current.published(notice.year) { first } else { first.min(new_year) };
    Ok(vec![CalendarEvent::NoticeLoaded { number: stream.number() + 1, notice, touches_from }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, calendar::default_calendar};
    use jiff::civil::date;

    const NOTICE: &str = "date\tkind\tname\n2027-01-01\tholiday\t元旦\n2027-05-01\tholiday\t劳动节\n2027-05-03\tholiday\t劳动节\n\
                          2027-05-08\tworkday\t劳动节\n2027-10-01\tholiday\t国庆节\n";
    const TITLE: &str = "国务院办公厅关于2027年部分节假日安排的通知";

    fn codes(result: Result<HolidayNotice, Vec<Refusal>>) -> Vec<(String, String)> {
        let refusals = result.unwrap_err();
        refusals.into_iter().map(|r| (r.code.into_owned(), r.message)).collect()
    }

    #[test]
    fn art15_a_notice_is_read_and_makes_the_next_calendar() {
        let notice = read_notice(" 2027 ", TITLE, NOTICE).unwrap();
        assert_eq!((notice.year, notice.days.len()), (2027, 5));
        let spaced = NOTICE.replace('\t', "  ").replace("workday", "上班").replace("holiday", "放假");
        assert_eq!(read_notice("2027", TITLE, &spaced).unwrap(), notice);
        let shipped = default_calendar();
        let mut stream = WorkCalendar::default();
        let events = load_notice(&stream, shipped, notice.clone()).unwrap();
        let CalendarEvent::NoticeLoaded { number, touches_from, .. } = &events[0];
        assert_eq!((*number, *touches_from), (1, date(2027, 1, 1)));
        let at = Moment::at(date(2026, 11, 24), 9, 0);
        stream.apply(&events[0], &Meta { at, recorded_at: at, actor: "a1".into() });
        let calendar = stream.on(shipped);
        assert!(calendar.published(2027) && !shipped.published(2027));
        assert!(!calendar.is_working(date(2027, 5, 3)) && calendar.is_working(date(2027, 5, 8)));
        assert_eq!(calendar.working_days_between(date(2027, 4, 30), date(2027, 5, 9)), 5);
        assert_eq!(calendar.version(), "2027-1");
        assert_eq!(load_notice(&stream, &calendar, notice).unwrap_err().code, "calendar.same");
        for year in shipped.published_years() {
            let day = date(year, 10, 1);
            assert_eq!(calendar.kind(day), shipped.kind(day), "other years stay as they were");
        }
    }

    #[test]
    fn art15_a_corrected_notice_replaces_the_whole_year_and_touches_only_what_follows() {
        let mut days = Vec::new();
        for month in 1..=12 {
            for day in 1..=31 {
                let Ok(date) = Date::new(2026, month, day) else { continue };
                match default_calendar().kind(date) {
                    crate::calendar::DayKind::Holiday(name) => days.push(format!("{date} holiday {name}")),
                    crate::calendar::DayKind::MakeUpWorkday(name) => days.push(format!("{date} workday {name}")),
                    _ => {}
                }
            }
        }
        let same = read_notice("2026", TITLE, &days.join("\n")).unwrap();
        assert_eq!(load_notice(&WorkCalendar::default(), default_calendar(), same).unwrap_err().code, "calendar.same");
        days.push("2026-09-30 holiday 国庆节".to_owned());
        let more = read_notice("2026", TITLE, &days.join("\n")).unwrap();
        let events = load_notice(&WorkCalendar::default(), default_calendar(), more).unwrap();
        let CalendarEvent::NoticeLoaded { touches_from, .. } = &events[0];
        assert_eq!(*touches_from, date(2026, 9, 30));
    }

    #[test]
    fn every_wrong_line_is_named_with_its_number() {
        let text = "2027-01-01 holiday 元旦\n2027-02-30 holiday 春节\n2027-02-06 feast 春节\n2026-05-01 holiday 劳动节\n\
                    2027-02-08 workday 春节\n2027-01-01 holiday 元旦\n2027-02-06\n";
        let found = codes(read_notice("2027", TITLE, text));
        let lines: Vec<&str> = found.iter().filter_map(|(_, m)| m.split('：').next()).collect();
        assert_eq!(lines, ["第 2 行", "第 3 行", "第 4 行", "第 5 行", "第 6 行", "第 7 行"]);
        assert!(found.iter().all(|(code, _)| code == "calendar.line"));
    }

    #[test]
    fn a_notice_without_the_fixed_holidays_is_not_complete() {
        let found = codes(read_notice("2027", TITLE, "2027-01-01 holiday 元旦\n"));
        assert_eq!(found[0].0, "calendar.incomplete");
        assert!(found[0].1.contains("劳动节、国庆节"), "{}", found[0].1);
        let found = codes(read_notice("next", "", ""));
        assert_eq!(
            found.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(),
            ["calendar.year", "calendar.title"]
        );
    }

    #[test]
    fn the_last_days_of_december_belong_to_the_next_years_notice() {
        let text = format!("2026-12-31 holiday 元旦\n{}", &NOTICE[NOTICE.find('\n').unwrap() + 1..]);
        assert!(read_notice("2027", TITLE, &text).is_ok());
        let late = format!("{text}2027-12-31 holiday 元旦\n");
        assert_eq!(codes(read_notice("2027", TITLE, &late))[0].0, "calendar.line");
    }
}
