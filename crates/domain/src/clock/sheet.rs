//! The sheet: one row per day, so that everyone can follow how a due date came about and whose day was whose.

use super::suspension::charged;
use super::{ClockFacts, Due, Ground, Holder, Unit, count};
use crate::calendar::{Calendar, DayKind, notice};
use crate::time::chinese_date;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Longest sheet, in days: twenty years. Later days are left out of it, never out of the counts.
const LONGEST_SHEET: usize = 7_320;

/// What one day was for the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Status {
    /// The n-th counted day.
    Counted {
        /// From 1.
        n: u32,
    },
    /// A Saturday or Sunday worked by notice, and the n-th counted day.
    MakeUpWorkday {
        /// From 1.
        n: u32,
        /// The holiday it makes up for.
        name: String,
        /// The notice that orders it.
        notice: String,
    },
    /// Saturday or Sunday, not counted.
    Weekend,
    /// A day off by notice, not counted.
    Holiday {
        /// The holiday.
        name: String,
        /// The notice that grants it.
        notice: String,
    },
    /// The clock stood still.
    Suspended {
        /// The legal ground.
        ground: Ground,
        /// The paper that orders it.
        document: String,
    },
}

impl Status {
    /// Which counted day it is, if it is one.
    pub fn counted(&self) -> Option<u32> {
        match self {
            Self::Counted { n } | Self::MakeUpWorkday { n, .. } => Some(*n),
            _ => None,
        }
    }

    /// Chinese description for the row.
    pub fn describe(&self) -> String {
        match self {
            Self::Counted { n } => format!("第{n}日"),
            Self::MakeUpWorkday { n, name, notice } => {
                format!("第{n}日，{name}调休上班（{notice}）")
            }
            Self::Weekend => "周末，不计入".to_owned(),
            Self::Holiday { name, notice } => format!("{name}放假，不计入（{notice}）"),
            Self::Suspended { ground, document } => {
                format!("中止计时：{}（{}；{document}）", ground.name(), ground.article())
            }
        }
    }
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The day.
    pub date: Date,
    /// What it was.
    pub status: Status,
    /// Whom it is charged to; `None` for days on which nobody owes anything.
    pub holder: Option<Holder>,
    /// False for days still to come (or after the period was finished).
    pub elapsed: bool,
}

/// 红黄灯.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// 正常.
    Normal,
    /// 暂停计时.
    Suspended,
    /// 黄灯: little time left.
    Yellow,
    /// 红灯: the limit is passed.
    Red,
}

impl Light {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "正常",
            Self::Suspended => "暂停计时",
            Self::Yellow => "黄灯",
            Self::Red => "红灯",
        }
    }
}

/// When the yellow light comes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Yellow when no more than this share of the limit is left, in percent, rounded up to whole days.
    pub yellow_percent: u32,
    /// Yellow at the latest when this many days are left.
    pub yellow_days: u32,
}

impl Default for Thresholds {
    /// One fifth, and at least one day.
    fn default() -> Self {
        Self { yellow_percent: 20, yellow_days: 1 }
    }
}

impl Thresholds {
    /// Days left at which the yellow light comes on.
    pub fn yellow_at(self, limit: u32) -> u32 {
        let share = u64::from(limit) * u64::from(self.yellow_percent);
        u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX).max(self.yellow_days)
    }
}

/// Elapsed days by whom they are charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DaysByHolder {
    /// 办理部门.
    pub department: u32,
    /// 申请人.
    pub applicant: u32,
    /// 中介机构.
    pub intermediary: u32,
    /// 依法不计入.
    pub legally_excluded: u32,
}

impl DaysByHolder {
    /// All days.
    pub fn total(self) -> u32 {
        self.department + self.applicant + self.intermediary + self.legally_excluded
    }
}

/// 计时单: the whole working of one period as of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// One row per day after the start, to the due date or today, whichever is later; to the end, if it is finished.
    pub rows: Vec<Row>,
    /// The limit with extensions.
    pub limit: u32,
    /// Days counted up to today or the end.
    pub used: u32,
    /// Days left; 0 on the last day and when overdue.
    pub remaining: u32,
    /// Counted days beyond the limit.
    pub overdue: u32,
    /// The last day; `None` while a suspension without an end stands before it.
    pub due: Option<Due>,
    /// The light.
    pub light: Light,
    /// Why it shows that: a Chinese sentence with the article.
    pub explanation: String,
}

impl Sheet {
    /// Elapsed days by whom they are charged to.
    pub fn ledger_of_days(&self) -> DaysByHolder {
        let mut days = DaysByHolder::default();
        for holder in self.rows.iter().filter(|r| r.elapsed).filter_map(|r| r.holder) {
            *match holder {
                Holder::Department => &mut days.department,
                Holder::Applicant => &mut days.applicant,
                Holder::Intermediary => &mut days.intermediary,
                Holder::LegallyExcluded => &mut days.legally_excluded,
            } += 1;
        }
        days
    }
}

pub(super) fn build(facts: &ClockFacts, calendar: &Calendar, today: Date, thresholds: Thresholds) -> Sheet {
    let due = facts.due(calendar);
    let until = facts.finished.unwrap_or(today);
    let limit = facts.limit();
    let used = count::used(facts, calendar, until);
    let late = due.is_some_and(|due| until > due.date);
    // A last day that moved off a rest day leaves more days than the limit has; the light goes by the limit.
    let left = limit.saturating_sub(used);
    let to_due = due.map_or(left, |due| count::used(facts, calendar, due.date).saturating_sub(used));
    let mut sheet = Sheet {
        rows: rows(facts, calendar, until, due),
        limit,
        used,
        remaining: if late { 0 } else { to_due },
        overdue: match due {
            Some(due) if late => used.saturating_sub(count::used(facts, calendar, due.date)),
            _ => 0,
        },
        due,
        light: Light::Normal,
        explanation: String::new(),
    };
    let still = charged(&facts.suspensions, until).filter(|_| facts.finished.is_none() && until > facts.start);
    sheet.light = match still {
        _ if late => Light::Red,
        _ if facts.finished.is_some() => Light::Normal,
        Some(_) => Light::Suspended,
        None if left <= thresholds.yellow_at(limit) => Light::Yellow,
        None => Light::Normal,
    };
    sheet.explanation = explain(facts, &sheet, still.map(|s| s.ground), thresholds);
    sheet
}

fn rows(facts: &ClockFacts, calendar: &Calendar, until: Date, due: Option<Due>) -> Vec<Row> {
    let last = match facts.finished {
        Some(finished) => finished,
        None => due.map_or(until, |due| due.date.max(until)),
    };
    let mut n = 0;
    std::iter::successors(facts.start.tomorrow().ok(), |day| day.tomorrow().ok())
        .take_while(|day| *day <= last)
        .take(LONGEST_SHEET)
        .map(|date| {
            let (status, holder) = day(facts, calendar, date, &mut n);
            let elapsed = date <= until;
            Row { date, status, holder, elapsed }
        })
        .collect()
}

/// What one day is; `n` is the number of days counted before it and grows when it is counted.
fn day(facts: &ClockFacts, calendar: &Calendar, date: Date, n: &mut u32) -> (Status, Option<Holder>) {
    let kind = calendar.kind(date);
    let due_on_it = facts.kind.unit == Unit::Calendar || kind.is_working();
    if let Some(suspension) = charged(&facts.suspensions, date).filter(|_| due_on_it) {
        let status = Status::Suspended { ground: suspension.ground, document: suspension.document.clone() };
        return (status, Some(suspension.ground.holder()));
    }
    let notice = notice(date);
    let status = match kind {
        DayKind::Weekend if !due_on_it => Status::Weekend,
        DayKind::Holiday(name) if !due_on_it => Status::Holiday { name: name.to_owned(), notice },
        kind => {
            *n += 1;
            match kind {
                DayKind::MakeUpWorkday(name) => Status::MakeUpWorkday { n: *n, name: name.to_owned(), notice },
                _ => Status::Counted { n: *n },
            }
        }
    };
    (status, due_on_it.then_some(Holder::Department))
}

fn explain(facts: &ClockFacts, sheet: &Sheet, ground: Option<Ground>, thresholds: Thresholds) -> String {
    let (unit, kind) = (facts.kind.unit.name(), &facts.kind);
    let basis = format!(
        "{}期限{}{unit}（{}{}），自{}（{}）的次日起计算",
        kind.name,
        sheet.limit,
        kind.article,
        extended(facts),
        kind.start,
        chinese_date(facts.start)
    );
    let due = match sheet.due {
        Some(due) if due.provisional => format!("预计{}届满（当年放假安排尚未公布，日期待定）", chinese_date(due.date)),
        Some(due) => format!("{}届满", chinese_date(due.date)),
        None => "届满日待恢复计时后确定".to_owned(),
    };
    let state = match (sheet.light, facts.finished) {
        (Light::Red, Some(day)) => {
            format!("{}办结，逾期{}{unit}", chinese_date(day), sheet.overdue)
        }
        (Light::Red, None) => format!("已逾期{}{unit}仍未{}，请立即办理", sheet.overdue, kind.end),
        (_, Some(day)) => format!("{}按期办结，用时{}{unit}", chinese_date(day), sheet.used),
        (Light::Suspended, None) => {
            let (name, article) = ground.map_or(("", ""), |g| (g.name(), g.article()));
            format!("因{name}暂停计时（{article}），已用{}{unit}", sheet.used)
        }
        (Light::Yellow, None) => format!(
            "剩余{}{unit}，已到预警线（{}{unit}），请抓紧办理",
            sheet.remaining,
            thresholds.yellow_at(sheet.limit)
        ),
        (Light::Normal, None) => format!("已用{}{unit}，剩余{}{unit}", sheet.used, sheet.remaining),
    };
    format!("{basis}，{due}；{state}。")
}

/// `；其中依…延长10个工作日，…号`, once for each extension.
fn extended(facts: &ClockFacts) -> String {
    let unit = facts.kind.unit.name();
    let words = |e: &super::Extension| format!("；其中依{}延长{}{unit}，{}", e.article, e.days, e.document);
    facts.extensions.iter().map(words).collect()
}
