//! 最短办理路径: the earliest lawful start of construction, as a table, a chart and a question.

use super::project::project_id;
use crate::{
    Access, Page, Route, WebError,
    context::PortalContext,
    html::{self, Choice, ErrorSummary, Field, Note, Pill, Tone},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    ids::ProjectId,
    path::{Order, Plan, Progress, WhatIf},
    time::chinese_date,
};
use jiff::civil::Date;
use platform::path::{PathPage, PathStep};
use std::collections::BTreeMap;

/// The one page.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Owner, "/projects/{id}/path", show)]
}

/// The question of an address.
struct Asked {
    order: String,
    item: String,
    days: String,
    with: Vec<String>,
}

impl Asked {
    fn of(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
        let last = |name: &str| all(name).pop().unwrap_or_default();
        Self { order: last("order"), item: last("item"), days: last("days"), with: all("with") }
    }

    fn is_question(&self) -> bool {
        self.order == "usual" || !self.item.is_empty() || !self.days.trim().is_empty() || !self.with.is_empty()
    }

    /// The question as the plan takes it, or what is wrong with what was typed.
    fn read(&self) -> Result<WhatIf, Refusal> {
        let days = self.days.trim();
        let corrections = match (self.item.as_str(), days) {
            ("", "") => BTreeMap::new(),
            ("", _) => return Err(Refusal::field("item", "path.item", "请选择假设补正的事项。")),
            (item, days) => {
                let wrong = || Refusal::field("days", "path.days", "补正天数请填写整数，例如 8。");
                BTreeMap::from([(item.to_owned(), days.parse::<u32>().map_err(|_| wrong())?)])
            }
        };
        if self.with.len() == 1 {
            return Err(Refusal::field("with", "path.with", "一并申请请至少选择两个事项。"));
        }
        let order = if self.order == "usual" { Order::Usual } else { Order::Lawful };
        Ok(WhatIf { order, corrections, together: self.with.iter().cloned().collect() })
    }
}

/// One row of the table.
struct Line {
    number: usize,
    name: String,
    agency: String,
    state: Pill,
    file: String,
    finish: String,
    limit: String,
    slack: String,
    in_chain: bool,
    waits_for: String,
}

#[derive(Template)]
#[template(path = "portal/path.html")]
struct Show {
    page: Page,
    id: ProjectId,
    name: String,
    code: String,
    start: String,
    provisional: bool,
    summary: Note,
    answer: Option<Note>,
    chain: Vec<String>,
    chart: Option<Chart>,
    lines: Vec<Line>,
    order: Field,
    item: Field,
    days: Field,
    with: Option<Field>,
    asked: bool,
    refusals: Vec<Refusal>,
    today: Date,
}

async fn show(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    let asked = Asked::of(&query);
    let (what_if, mut refusals) = match asked.read() {
        Ok(what_if) => (what_if, Vec::new()),
        Err(refusal) => (WhatIf::default(), vec![refusal]),
    };
    let found = ctx.platform.path_page(&ctx.call, &id, &what_if).await?;
    refusals.extend(found.refusal.clone());
    let failed = !refusals.is_empty();
    let page = ctx
        .page("projects", "最短办理路径")
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(found.declared.name.clone(), format!("/projects/{id}"))
        .failed(failed);
    let name_of = |code: &str| {
        let step = found.steps.iter().find(|step| step.item.code == code);
        step.map_or_else(|| code.to_owned(), |step| step.item.name.clone())
    };
    let calendar = ctx.platform.rules.calendar;
    let open: Vec<&PathStep> = found.steps.iter().filter(|step| can_be_returned(step.progress)).collect();
    let to_apply: Vec<&PathStep> = found.steps.iter().filter(|s| s.progress == Progress::ToApply).collect();
    let choice = |step: &&PathStep| Choice::new(&step.item.code, &step.item.name);
    let html = Show {
        page,
        name: found.declared.name.clone(),
        code: found.declared.code.clone(),
        start: chinese_date(found.plan.start),
        provisional: found.plan.provisional,
        summary: summary(&found, &name_of),
        answer: (asked.is_question() && !failed).then(|| answer(&found, calendar)),
        chain: found.plan.chain.iter().map(|code| name_of(code)).collect(),
        chart: Chart::of(&found),
        lines: found.steps.iter().enumerate().map(|(at, step)| line(at, step, &found.plan, &name_of)).collect(),
        order: Field::radios(
            "order",
            "先后顺序",
            [Choice::new("lawful", "只按法定先后，能并行的都并行"), Choice::new("usual", "按通常顺序，一项接一项")],
        )
        .value(if asked.order == "usual" { "usual" } else { "lawful" }),
        item: Field::select("item", "假设这一项要补正", open.iter().map(choice).collect::<Vec<_>>())
            .value(&asked.item)
            .errors(&refusals),
        days: Field::number("days", "补正用几天", "个工作日")
            .value(&asked.days)
            .hint("补正后部门重新审查 5 个工作日，已一并计入。")
            .errors(&refusals),
        with: (to_apply.len() > 1).then(|| {
            Field::checkboxes("with", "假设这几项一并申请", to_apply.iter().map(choice).collect::<Vec<_>>())
                .values(&asked.with)
                .hint("通常有先后的，一并申请后可以不再等待；法律规定有先后的不能一并申请。")
                .errors(&refusals)
        }),
        asked: asked.is_question(),
        refusals,
        today: found.plan.today,
        id,
    };
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(html.render()?)).into_response())
}

/// A correction can still be asked: nothing is accepted yet.
fn can_be_returned(progress: Progress) -> bool {
    matches!(progress, Progress::ToApply | Progress::Accepting(_))
}

fn summary(found: &PathPage, name_of: &impl Fn(&str) -> String) -> Note {
    let base = &found.base;
    if base.start == base.today && base.chain.is_empty() {
        return Note::new(Tone::Green, "开工前的事项都已办结", "依法可以开工；请及时报送开工信息。");
    }
    let first = base.chain.first().map(|code| name_of(code)).unwrap_or_default();
    let mark = if base.provisional { "（含放假安排尚未公布的年份，为暂定）" } else { "" };
    let usual = match found.usual.start == base.start {
        true => "按通常顺序一项接一项办，也是这一天。".to_owned(),
        false => format!("按通常顺序一项接一项办，要到 {}。", chinese_date(found.usual.start)),
    };
    let text = format!(
        "今天起立即申请、各部门用满法定时限，最早 {}{mark}可以开工。决定这个日期的第一项是“{first}”。{usual}",
        chinese_date(base.start)
    );
    Note::new(Tone::Blue, "这是依法可以指望的日期", text)
        .article("行政许可法第三十二条、第四十二条，办法第十四条、第十五条")
}

/// How the answer differs from the plan without the question.
fn answer(found: &PathPage, calendar: &domain::calendar::Calendar) -> Note {
    let days = calendar.working_days_between(found.base.start, found.plan.start);
    let to = chinese_date(found.plan.start);
    match days {
        0 => Note::new(Tone::Green, "开工日期不变", format!("这样办理，最早开工日期仍为 {to}。")),
        1.. => Note::new(Tone::Yellow, format!("推迟 {days} 个工作日"), format!("这样办理，最早开工日期变为 {to}。")),
        _ => Note::new(Tone::Green, format!("提前 {} 个工作日", -days), format!("这样办理，最早开工日期变为 {to}。")),
    }
}

fn line(at: usize, found: &PathStep, plan: &Plan, name_of: &impl Fn(&str) -> String) -> Line {
    let step = &found.step;
    let state = match found.progress {
        Progress::Granted(_) => Pill::new(Tone::Green, "已办结"),
        Progress::Deciding(_) => Pill::new(Tone::Blue, "办理中"),
        Progress::Accepting(_) => Pill::new(Tone::Blue, "受理审查"),
        Progress::ToApply if step.file == Some(plan.today) => Pill::new(Tone::Blue, "今天就可以申请"),
        Progress::ToApply => Pill::new(Tone::Grey, "待申请"),
    };
    let mark = if step.provisional { "（暂定）" } else { "" };
    Line {
        number: at + 1,
        name: found.item.name.clone(),
        agency: found.agency_name.clone(),
        state,
        file: match (step.file, step.done) {
            (Some(file), _) => file.to_string(),
            (None, true) => "—".to_owned(),
            (None, false) => "已申请".to_owned(),
        },
        finish: format!("{}{mark}", step.finish),
        limit: found.item.effective_limit().words(),
        slack: if step.done { "—".to_owned() } else { format!("{} 个工作日", step.slack) },
        in_chain: plan.chain.contains(&step.item),
        waits_for: step.waits_for.as_deref().map(name_of).unwrap_or_default(),
    }
}

/// One bar of the chart; numbers are places in the drawing.
struct Bar {
    number: usize,
    label: String,
    y: i64,
    text_y: i64,
    x: i64,
    width: i64,
    slack_width: i64,
    slack_x: i64,
    fill: &'static str,
    critical: bool,
    finish: Date,
    finish_x: i64,
}

/// A month's line.
struct Month {
    x: i64,
    label: String,
}

/// The bar chart, drawn on the server: attributes only, no style. The table beside it says the same in words.
#[derive(Template)]
#[template(path = "portal/path_chart.html")]
struct Chart {
    title: String,
    bars: Vec<Bar>,
    months: Vec<Month>,
    height: i64,
}

impl HtmlSafe for Chart {}

/// Where the bars begin and how wide they may be; the rest is for labels.
const LEFT: i64 = 300;
const WIDE: i64 = 560;
const ROW: i64 = 30;
const TOP: i64 = 34;

impl Chart {
    /// Nothing is drawn when nothing is left to do.
    fn of(found: &PathPage) -> Option<Self> {
        let plan = &found.plan;
        let days = |date: Date| i64::from((date - plan.today).get_days());
        let span = days(plan.start).max(1);
        if plan.start == plan.today {
            return None;
        }
        let x = |date: Date| LEFT + days(date).clamp(0, span) * WIDE / span;
        let open = found.steps.iter().enumerate().filter(|(_, step)| !step.step.done);
        let bars: Vec<Bar> = (0i64..)
            .zip(open)
            .map(|(row, (at, step))| {
                let from = x(step.step.file.unwrap_or(plan.today));
                let end = x(step.step.finish);
                let critical = plan.chain.contains(&step.step.item);
                let label: String = step.item.name.chars().take(16).collect();
                let cut = if step.item.name.chars().count() > 16 { "…" } else { "" };
                Bar {
                    number: at + 1,
                    label: format!("{label}{cut}"),
                    y: TOP + row * ROW + 5,
                    text_y: TOP + row * ROW + 20,
                    x: from,
                    width: (end - from).max(3),
                    slack_x: end,
                    slack_width: if critical { 0 } else { (LEFT + WIDE - end).clamp(0, slack_width(step, span)) },
                    fill: if critical { "#a3141d" } else { "#1f6fc4" },
                    critical,
                    finish: step.step.finish,
                    finish_x: end + 6,
                }
            })
            .collect();
        let rows = i64::try_from(bars.len()).unwrap_or(0);
        Some(Self {
            title: format!("各事项最早申请日和最晚办结日，{} 至 {}", plan.today, plan.start),
            months: months(plan.today, plan.start, x),
            height: TOP + rows * ROW + 12,
            bars,
        })
    }
}

/// Slack in the drawing's measure: five working days are seven days.
fn slack_width(step: &PathStep, span: i64) -> i64 {
    i64::from(step.step.slack) * 7 / 5 * WIDE / span
}

/// The first of each month between two days; at most about ten are named.
fn months(from: Date, to: Date, x: impl Fn(Date) -> i64) -> Vec<Month> {
    let first = std::iter::successors(from.last_of_month().tomorrow().ok(), |day| day.last_of_month().tomorrow().ok());
    let all: Vec<Date> = first.take_while(|day| *day <= to).take(120).collect();
    let every = all.len().div_ceil(10).max(1);
    all.into_iter()
        .step_by(every)
        .map(|day| Month { x: x(day), label: format!("{}年{}月", day.year(), day.month()) })
        .collect()
}
