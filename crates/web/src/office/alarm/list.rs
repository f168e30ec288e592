//! The list of alarms.

use super::{frame, query, severity, state};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{self, Choice, Empty, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use domain::detection::{AlarmState, Severity};
use platform::{
    detection::{AlarmFilter, AlarmRow, Alarms},
    work_list::COUNT_CAP,
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Owner, "/alarms", list).audited()]
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: String,
    severity: String,
    rule: String,
    before: String,
}

impl Asked {
    fn filter(&self) -> AlarmFilter {
        AlarmFilter {
            state: AlarmState::parse(&self.state).unwrap_or_default(),
            severity: Severity::parse(&self.severity),
            rule: Some(self.rule.clone()).filter(|rule| !rule.is_empty()),
        }
    }

    fn is_narrowed(&self) -> bool {
        !self.severity.is_empty() || !self.rule.is_empty()
    }

    fn address(&self, state: AlarmState, before: &str) -> String {
        let pairs = [
            ("state", state.slug().to_owned()),
            ("severity", self.severity.clone()),
            ("rule", self.rule.clone()),
            ("before", before.to_owned()),
        ];
        format!("/alarms{}", query(pairs))
    }
}

struct Line {
    href: String,
    number: i64,
    name: String,
    about: String,
    severity: Pill,
    state: Pill,
    count: i64,
    raised: String,
    last: String,
    report: Option<Pill>,
}

#[derive(Template)]
#[template(path = "office/alarms.html")]
struct AlarmsPage {
    page: Page,
    overdue: Option<Note>,
    tabs: Tabs,
    asked: Asked,
    severities: Vec<Choice>,
    rules: Vec<Choice>,
    narrowed: bool,
    now: &'static str,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(mut asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let filter = asked.filter();
    asked.state = filter.state.slug().to_owned();
    let found = ctx.platform.alarms(&ctx.call, &filter, asked.before.parse().ok()).await?;
    let now = ctx.platform.clock.now();
    let late = found.rows.iter().filter(|row| row.report_by.is_some_and(|by| by < now)).count();
    let narrowed = asked.is_narrowed();
    let first = (!asked.before.is_empty()).then(|| asked.address(filter.state, ""));
    let next = found.next.map(|number| asked.address(filter.state, &number.to_string()));
    let view = AlarmsPage {
        page: frame(&ctx, "alarms", "安全告警").await?,
        overdue: (late > 0).then(|| {
            Note::new(Tone::Red, "有安全事件逾期未报告", format!("{late} 起事件超过报告时限，请立即报告并登记。"))
        }),
        tabs: tabs(&asked, &filter, &found),
        severities: Severity::ALL.map(|s| Choice::new(s.slug(), s.name())).to_vec(),
        rules: ctx.platform.rules.detection.iter().map(|rule| Choice::new(&rule.code, &rule.name)).collect(),
        narrowed,
        now: filter.state.name(),
        empty: found.rows.is_empty().then(|| empty(&asked, filter.state, narrowed)),
        pager: Pager::new(format!("本页 {} 条", found.rows.len())).first(first).next(next),
        lines: found.rows.into_iter().map(|row| line(row, now)).collect(),
        asked,
    };
    Ok(Html(view.render()?))
}

fn line(row: AlarmRow, now: domain::Moment) -> Line {
    Line {
        href: format!("/alarms/{}", row.id),
        number: row.number,
        name: row.rule_name,
        about: if row.about == "platform" { "平台整体".to_owned() } else { row.about },
        severity: severity(row.severity),
        state: state(row.state),
        count: row.count,
        raised: row.raised_at.display(),
        last: row.last_at.display(),
        report: row.report_by.map(|by| {
            let tone = if by < now { Tone::Red } else { Tone::Yellow };
            Pill::new(tone, format!("{} 前报告", by.display()))
        }),
    }
}

fn tabs(asked: &Asked, filter: &AlarmFilter, found: &Alarms) -> Tabs {
    found.counts.iter().fold(Tabs::new("按状态归集"), |tabs, (state, n)| {
        let count = if *n >= COUNT_CAP { format!("{COUNT_CAP}+") } else { n.to_string() };
        tabs.tab(state.name(), count, asked.address(*state, ""), *state == filter.state)
    })
}

fn empty(asked: &Asked, state: AlarmState, narrowed: bool) -> Empty {
    if narrowed {
        let plain = format!("/alarms?state={}", asked.state);
        return Empty::new("filter", "没有符合条件的告警", "可以放宽筛选条件，或者清除筛选再看。")
            .link("清除筛选", plain);
    }
    match state {
        AlarmState::Open => {
            Empty::new("shield-check", "没有待确认的告警", "平台每隔几秒检查一遍安全审计，发现异常会自动列在这里。")
        }
        _ => Empty::new("shield-check", "没有这种状态的告警", "可以切换上面的状态查看。"),
    }
}
