//! How states, lights and periods look in the office. Words and colours only; no rule.

use crate::html::{ClockSheet, DayKind, Light, Pill, Tone};
use domain::{
    case::{Case, Outcome, Owed, Stage},
    clock::{self, Holder, Sheet, Status},
    item::LimitUnit,
    project::ProjectState,
};
use jiff::civil::Date;
use platform::{
    Platform,
    case::{CasePage, CaseRow},
    desk::DaysLeft,
    project::TaskState,
    trail::Lane,
};

/// Colour of a stage.
pub fn stage_tone(stage: Stage, outcome: Option<Outcome>) -> Tone {
    match (stage, outcome) {
        (Stage::Completed, Some(Outcome::Refused)) | (Stage::NotAccepted, _) => Tone::Red,
        (Stage::Completed, _) => Tone::Green,
        (Stage::CorrectionAsked, _) => Tone::Yellow,
        (Stage::Withdrawn, _) => Tone::Grey,
        _ => Tone::Blue,
    }
}

/// 已办结（准予）.
pub fn stage_words(stage: Stage, outcome: Option<Outcome>) -> String {
    match (stage, outcome) {
        (Stage::Completed, Some(outcome)) => format!("{}（{}）", stage.name(), outcome.name()),
        _ => stage.name().to_owned(),
    }
}

/// A stage as a pill that explains itself.
pub fn stage(case: &Case) -> Pill {
    let outcome = case.decision.as_ref().map(|d| d.outcome);
    Pill::new(stage_tone(case.stage, outcome), stage_words(case.stage, outcome)).meaning(case.stage.meaning())
}

/// A project's state as a pill.
pub fn project_state(state: ProjectState) -> Pill {
    let tone = if state == ProjectState::Active { Tone::Green } else { Tone::Red };
    Pill::new(tone, state.name())
}

/// A task's state as a pill; it is written for the unit, so the words that address it are put differently.
pub fn task_state(state: TaskState) -> Pill {
    let (tone, name) = match state {
        TaskState::CannotStartYet => (Tone::Grey, state.name()),
        TaskState::Ready => (Tone::Grey, "尚未申请"),
        TaskState::ActionRequired => (Tone::Yellow, "待申请人补正"),
        TaskState::InProgress => (Tone::Blue, state.name()),
        TaskState::Done => (Tone::Green, state.name()),
        TaskState::Failed => (Tone::Red, state.name()),
    };
    Pill::new(tone, name)
}

fn days_words(left: DaysLeft) -> String {
    let unit = if left.working { "个工作日" } else { "日" };
    match left {
        DaysLeft { late: true, days, .. } => format!("超期 {days} {unit}"),
        DaysLeft { days: 0, .. } => "今日到期".to_owned(),
        DaysLeft { days, .. } => format!("剩余 {days} {unit}"),
    }
}

/// The light of a row, with the days left in words.
pub fn row_light(platform: &Platform, row: &CaseRow, today: Date) -> Light {
    light_of(row, today, platform.days_left(row))
}

/// The light of a row as of a day, with the days left then.
pub fn light_of(row: &CaseRow, today: Date, left: Option<DaysLeft>) -> Light {
    let words = left.map(days_words).unwrap_or_default();
    match row.light(today) {
        Some(clock::Light::Normal) => Light::green(words),
        Some(clock::Light::Yellow) => Light::yellow(words),
        Some(clock::Light::Red) => Light::red(words),
        Some(clock::Light::Suspended) => Light::grey("暂停计时"),
        None => Light::grey(match row.owed {
            Owed::Receive => "收件后计时",
            Owed::Correct => "等待申请人",
            _ => "计时结束",
        }),
    }
}

/// The light of a case, with the days left in the unit of its period.
pub fn case_light(case: &CasePage) -> Option<Light> {
    let sheet = case.running_sheet()?;
    let unit = match case.case.owed() {
        owed if owed.is_deciding() => case.application.limit.unit.label(),
        Owed::CheckCommitment => case.case.commitment().map_or("日", |rule| rule.check.unit.name()),
        _ => LimitUnit::Working.label(),
    };
    let left = match sheet.remaining {
        0 => "今日到期".to_owned(),
        days => format!("剩余 {days} {unit}"),
    };
    Some(match sheet.light {
        clock::Light::Normal => Light::green(left),
        clock::Light::Yellow => Light::yellow(left),
        clock::Light::Red => Light::red(format!("超期 {} {unit}", sheet.overdue)),
        clock::Light::Suspended => Light::grey("暂停计时"),
    })
}

/// The due date with its mark, or what stands in for it.
pub fn due_words(due: Option<Date>, provisional: bool) -> String {
    match due {
        Some(due) if provisional => format!("{due}（暂定）"),
        Some(due) => due.to_string(),
        None => String::new(),
    }
}

/// 计时单: one row per day from the day it starts with, whose day it was, and why.
pub fn sheet(caption: &str, start: Date, event: &str, sheet: &Sheet) -> ClockSheet {
    let begun = ClockSheet::new(caption).day(start, DayKind::Start, event);
    sheet.rows.iter().fold(begun, |printed, row| {
        let due = sheet.due.is_some_and(|due| due.date == row.date);
        let kind = match (&row.status, row.status.counted()) {
            (_, Some(n)) if due => DayKind::Due(n),
            (_, Some(n)) => DayKind::Counted(n),
            (Status::Suspended { .. }, None) => DayKind::Paused,
            (_, None) => DayKind::Off,
        };
        let holder = row.holder.map(|h| format!("计入：{}", h.name())).unwrap_or_default();
        let why = match &row.status {
            Status::Counted { .. } => "工作日".to_owned(),
            Status::MakeUpWorkday { name, notice, .. } => format!("{name}调休上班（{notice}）"),
            other => other.describe(),
        };
        let future = if row.elapsed { "" } else { "（尚未到）" };
        let parts: Vec<_> = [why, holder].into_iter().filter(|p| !p.is_empty()).collect();
        printed.day(row.date, kind, format!("{}{future}", parts.join("，")))
    })
}

/// Whose the elapsed days were, in words: only those who had any.
pub fn holders(sheet: &Sheet) -> String {
    let days = sheet.ledger_of_days();
    let parts = [
        (Holder::Department, days.department),
        (Holder::Applicant, days.applicant),
        (Holder::Intermediary, days.intermediary),
        (Holder::LegallyExcluded, days.legally_excluded),
    ];
    let parts = parts.into_iter().filter(|(_, n)| *n > 0).map(|(holder, n)| format!("{} {n} 日", holder.name()));
    parts.collect::<Vec<_>>().join("、")
}

/// Colour and icon of an entry of the trail, by whose lane it stands in.
pub fn lane(lane: Lane) -> (&'static str, Tone) {
    match lane {
        Lane::Applicant => ("user", Tone::Yellow),
        Lane::Departments => ("building", Tone::Blue),
        Lane::Platform => ("database", Tone::Green),
        Lane::Excluded => ("player-pause", Tone::Grey),
    }
}
