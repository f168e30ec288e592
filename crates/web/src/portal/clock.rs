//! 期限计算: the engine of the real clock, for anybody, with its working day by day (办法第十五条).

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{self, Choice, ClockSheet, ErrorSummary, Field, Note, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    clock::{
        ClockFacts, DeadlineKind, DeadlineKinds, Ground, Row, Sheet, Status, Suspension, Thresholds, Unit,
        default_deadlines,
    },
    time::chinese_date,
};
use jiff::civil::Date;
use serde::Deserialize;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Public, "/clock", clock)]
}

/// The longest limit and the longest pause the page counts, in days: beyond them its table helps nobody.
const LONGEST: u32 = 400;

#[derive(Template)]
#[template(path = "portal/clock.html")]
struct Clock {
    page: Page,
    summary: ErrorSummary,
    fields: Vec<Field>,
    pause: Vec<Field>,
    paused: bool,
    answer: Option<Answer>,
    today: Date,
    kinds: &'static DeadlineKinds,
    published: String,
}

/// The last day, and how it came about.
struct Answer {
    due: String,
    iso: Date,
    weekday: &'static str,
    sentence: String,
    provisional: Option<Note>,
    sheet: ClockSheet,
}

/// The form as it was sent.
#[derive(Deserialize, Default)]
struct Form {
    start: Option<String>,
    #[serde(default)]
    days: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    ground: String,
}

impl Form {
    fn parse(&self) -> Result<ClockFacts, Vec<Refusal>> {
        let mut faults = Vec::new();
        let refuse = |field: &'static str, message: &str| Refusal::field(field, "clock.input", message);
        let start = day(self.start.as_deref().unwrap_or_default());
        if start.is_none() {
            faults.push(refuse("start", "请填写起算日，例如 2026-09-28。"));
        }
        let days = self.days.trim().parse().ok().filter(|n| (1..=LONGEST).contains(n));
        if days.is_none() {
            faults.push(refuse("days", "请填写 1 至 400 之间的天数。"));
        }
        let unit = Unit::parse(&self.unit);
        if unit.is_none() {
            faults.push(refuse("unit", "请选择按工作日还是按自然日计算。"));
        }
        let pause = self.pause();
        match (start, days, unit, pause) {
            (Some(start), Some(days), Some(unit), Ok(pause)) => {
                let mut facts = ClockFacts::new(DeadlineKind::item(unit, days), start);
                facts.suspensions.extend(pause);
                Ok(facts)
            }
            (.., pause) => {
                faults.extend(pause.err());
                Err(faults)
            }
        }
    }

    /// The pause, if one is given: all three of its fields or none.
    fn pause(&self) -> Result<Option<Suspension>, Refusal> {
        if [&self.from, &self.to, &self.ground].iter().all(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        let missing = |field: &'static str, message: &str| {
            Refusal::field(field, "clock.pause", message).article("行政许可法第四十五条")
        };
        let ground = ground(&self.ground).ok_or_else(|| missing("ground", "请选择停止计时的法定事由。"))?;
        let from = day(&self.from).ok_or_else(|| missing("from", "请填写停止计时的第一天。"))?;
        let to = day(&self.to).ok_or_else(|| missing("to", "请填写停止计时的最后一天。"))?;
        let length = from.until(to).map_or(-1, |span| i64::from(span.get_days()));
        if !(0..=i64::from(LONGEST)).contains(&length) {
            return Err(missing("to", "最后一天应当不早于第一天，且停止计时不超过 400 天。"));
        }
        Ok(Some(Suspension { from, to: Some(to), ground, document: "试算".to_owned(), told_on: None }))
    }
}

/// A day of the years the engine knows.
fn day(text: &str) -> Option<Date> {
    text.trim().parse::<Date>().ok().filter(|d| (2016..=2099).contains(&d.year()))
}

fn slug(ground: Ground) -> String {
    serde_json::to_value(ground).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn ground(text: &str) -> Option<Ground> {
    Ground::ALL.into_iter().find(|g| slug(*g) == text)
}

async fn clock(ctx: PortalContext, Query(form): Query<Form>) -> Result<Response, WebError> {
    let calendar = ctx.platform.rules.calendar;
    let today = ctx.platform.clock.now().date();
    let parsed = form.start.is_some().then(|| form.parse());
    let (facts, refused) = match parsed {
        None => (None, Vec::new()),
        Some(Ok(facts)) => (Some(facts), Vec::new()),
        Some(Err(refused)) => (None, refused),
    };
    let page = ctx
        .page("items", "期限计算")
        .await?
        .crumb("首页", "/")
        .crumb("事项与办事指南", "/items")
        .failed(!refused.is_empty());
    let or = |text: &str, usual: &str| {
        if form.start.is_none() && text.is_empty() { usual.to_owned() } else { text.to_owned() }
    };
    let start = form.start.clone().unwrap_or_else(|| today.to_string());
    let units = [
        Choice::new("working", "工作日").note("扣除周末和法定节假日，计入调休上班日"),
        Choice::new("calendar", "自然日").note("每天都算；末日遇休息日顺延"),
    ];
    let grounds = Ground::ALL.map(|g| Choice::new(slug(g), format!("{}（{}）", g.name(), g.article())));
    let view = Clock {
        page,
        summary: ErrorSummary::new(&refused),
        fields: vec![
            Field::date("start", "起算日")
                .value(start)
                .errors(&refused)
                .required()
                .hint("受理、收到材料等事件发生的当天，当天不计，从次日起算。"),
            Field::number("days", "期限", "天").value(or(&form.days, "20")).errors(&refused).required().max(3),
            Field::radios("unit", "计算单位", units).value(or(&form.unit, "working")).errors(&refused).required(),
        ],
        pause: vec![
            Field::select("ground", "法定事由", grounds).value(&form.ground).errors(&refused),
            Field::date("from", "第一天").value(&form.from).errors(&refused),
            Field::date("to", "最后一天").value(&form.to).errors(&refused),
        ],
        paused: !(form.from.is_empty() && form.to.is_empty() && form.ground.is_empty()),
        answer: facts.and_then(|facts| Answer::new(&facts, calendar)),
        today,
        kinds: default_deadlines(),
        published: years(calendar),
    };
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(view.render()?)).into_response())
}

/// The published years in words: `2016 至 2026 年`.
fn years(calendar: &domain::calendar::Calendar) -> String {
    let mut years = calendar.published_years();
    match (years.next(), years.last()) {
        (Some(first), Some(last)) => format!("{first} 至 {last} 年"),
        (Some(only), None) => format!("{only} 年"),
        _ => String::new(),
    }
}

impl Answer {
    /// `None` only while a pause without an end stands before the last day, which the form does not take.
    fn new(facts: &ClockFacts, calendar: &domain::calendar::Calendar) -> Option<Self> {
        let sheet = facts.sheet(calendar, facts.start, Thresholds::default());
        let due = sheet.due?;
        let (limit, unit) = (facts.limit(), facts.kind.unit.name());
        let first = facts.start.tomorrow().map(chinese_date).unwrap_or_default();
        let caption = format!("{}起算 {limit} {unit}，自{first}起逐日计算", chinese_date(facts.start));
        Some(Self {
            due: chinese_date(due.date),
            iso: due.date,
            weekday: weekday(due.date),
            sentence: sentence(facts, &sheet),
            provisional: due.provisional.then(|| {
                Note::new(
                    Tone::Yellow,
                    "预计日期，尚待确定",
                    "这段期限跨入了放假安排尚未公布的年份，暂按周末休息推算。国务院办公厅公布放假安排后，日期可能变动。",
                )
            }),
            sheet: drawn(facts, &sheet, caption),
        })
    }
}

/// How many days were left out, and why.
fn sentence(facts: &ClockFacts, sheet: &Sheet) -> String {
    let count = |test: fn(&Status) -> bool| sheet.rows.iter().filter(|r| test(&r.status)).count();
    let parts = [
        (count(|s| matches!(s, Status::Weekend)), "个周末休息日"),
        (count(|s| matches!(s, Status::Holiday { .. })), "个法定节假日"),
        (count(|s| matches!(s, Status::Suspended { .. })), "天停止计时"),
    ];
    let left_out: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let made_up = count(|s| matches!(s, Status::MakeUpWorkday { .. }));
    let mut text =
        format!("从起算日到届满日共 {} 天，计入 {} {}", sheet.rows.len(), facts.limit(), facts.kind.unit.name());
    if !left_out.is_empty() {
        text += &format!("，不计 {}", left_out.join("、"));
    }
    if made_up > 0 && facts.kind.unit == Unit::Working {
        text += &format!("；其中 {made_up} 天是调休上班日，照常计入");
    }
    text + "。"
}

/// The engine's sheet as a table of the page; the first row is the day of the event itself.
fn drawn(facts: &ClockFacts, sheet: &Sheet, caption: String) -> ClockSheet {
    let last = sheet.due.map(|due| due.date);
    let start = ClockSheet::new(caption).day(
        facts.start,
        html::DayKind::Start,
        "起算当日不计，从次日起算（民法典第二百零一条）",
    );
    sheet.rows.iter().fold(start, |table, row| {
        let (kind, why) = drawn_day(row, facts.limit(), last == Some(row.date));
        table.day(row.date, kind, why)
    })
}

fn drawn_day(row: &Row, limit: u32, due: bool) -> (html::DayKind, String) {
    let moved = "末日遇休息日，顺延到下一个工作日（民法典第二百零三条）";
    match (&row.status, row.status.counted()) {
        (Status::Suspended { ground, .. }, _) => {
            (html::DayKind::Paused, format!("{}（{}）", ground.name(), ground.article()))
        }
        (_, Some(n)) if due && n > limit => (html::DayKind::Due(limit), moved.to_owned()),
        (_, Some(n)) if n > limit => (html::DayKind::Off, moved.to_owned()),
        (Status::MakeUpWorkday { name, notice, .. }, Some(n)) => {
            (counted(n, due), format!("{name}调休，照常上班（{notice}）"))
        }
        (_, Some(n)) => (counted(n, due), String::new()),
        (Status::Holiday { name, notice }, None) => (html::DayKind::Off, format!("{name}放假（{notice}）")),
        (_, None) => (html::DayKind::Off, "周末".to_owned()),
    }
}

fn counted(n: u32, due: bool) -> html::DayKind {
    if due { html::DayKind::Due(n) } else { html::DayKind::Counted(n) }
}

fn weekday(date: Date) -> &'static str {
    const NAMES: [&str; 7] = ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"];
    NAMES.get(usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calendar::default_calendar;
    use jiff::civil::date;

    fn form(start: &str, days: &str, unit: &str) -> Form {
        Form { start: Some(start.into()), days: days.into(), unit: unit.into(), ..Form::default() }
    }

    #[test]
    fn art15_the_page_gives_the_engines_last_day_with_every_day_before_it() {
        let facts = form("2026-09-28", "5", "working").parse().unwrap();
        let answer = Answer::new(&facts, default_calendar()).unwrap();
        assert_eq!(answer.iso, facts.due(default_calendar()).unwrap().date);
        let printed = answer.sheet.to_string();
        assert!(printed.contains("国庆节") && printed.contains("届满") && printed.contains("起算日，不计"));
        assert!(answer.provisional.is_none());
    }

    #[test]
    fn art15_a_pause_moves_the_last_day_and_says_why() {
        let mut asked = form("2026-03-02", "10", "working");
        (asked.ground, asked.from, asked.to) = ("hearing".into(), "2026-03-04".into(), "2026-03-10".into());
        let answer = Answer::new(&asked.parse().unwrap(), default_calendar()).unwrap();
        let plain = Answer::new(&form("2026-03-02", "10", "working").parse().unwrap(), default_calendar()).unwrap();
        assert!(answer.iso > plain.iso && answer.sheet.to_string().contains("听证"));
    }

    #[test]
    fn a_period_in_plain_days_that_ends_on_a_day_of_rest_moves_on() {
        let answer = Answer::new(&form("2026-09-24", "10", "calendar").parse().unwrap(), default_calendar()).unwrap();
        assert_eq!(answer.iso, date(2026, 10, 8));
        assert!(answer.sheet.to_string().contains("顺延"));
    }

    #[test]
    fn a_year_without_a_notice_gives_a_forecast_not_a_fact() {
        let answer = Answer::new(&form("2098-12-20", "20", "working").parse().unwrap(), default_calendar()).unwrap();
        assert!(answer.provisional.is_some());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let faults = form("yesterday", "0", "moons").parse().unwrap_err();
        assert_eq!(faults.iter().filter_map(|f| f.field.as_deref()).collect::<Vec<_>>(), ["start", "days", "unit"]);
        let half = Form { from: "2026-03-04".into(), ..form("2026-03-02", "10", "working") };
        assert_eq!(half.parse().unwrap_err().first().and_then(|f| f.field.clone()).as_deref(), Some("ground"));
    }
}
