//! One alarm: what was seen, what it means, what to do, and the forms of whoever has to act.

use super::{FormBox, frame, severity, state, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{Choice, ErrorSummary, Facts, Field, Markup, Note, Pill, Timeline, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    detection::{AlarmEvent, AlarmFinding, AlarmState},
    ids::AlarmId,
};
use platform::{
    audit::{exact_time, outcome_name},
    detection::AlarmPage,
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/alarms/{id}", show_alarm).audited(),
        Route::post(Access::Owner, "/alarms/{id}/acknowledge", acknowledge),
        Route::post(Access::Owner, "/alarms/{id}/incident", incident),
        Route::post(Access::Owner, "/alarms/{id}/report", report),
        Route::post(Access::Owner, "/alarms/{id}/close", close),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
}

/// One audit record the alarm rests on.
struct Line {
    seq: i64,
    at: String,
    who: String,
    action: String,
    outcome: &'static str,
    reason: String,
    source: String,
}

#[derive(Template)]
#[template(path = "office/alarm.html")]
struct AlarmView {
    page: Page,
    summary: ErrorSummary,
    severity: Pill,
    state: Pill,
    late: Option<Note>,
    meaning: String,
    advice: String,
    facts: Facts,
    incident: Option<Facts>,
    forms: Vec<FormBox>,
    hint: Option<Note>,
    lines: Vec<Line>,
    timeline: Timeline,
}

fn alarm_id(text: &str) -> Result<AlarmId, WebError> {
    AlarmId::parse(text).ok_or(WebError::NotFound)
}

async fn show_alarm(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, WebError> {
    draw(&ctx, &alarm_id(&id)?, &Fields::default(), vec![], &said.said).await
}

async fn acknowledge(
    Path(id): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    let id = alarm_id(&id)?;
    let result = ctx.platform.acknowledge_alarm(&ctx.call, &id).await;
    finish(&ctx, &id, &form, refusals(result)?, "acknowledged").await
}

async fn incident(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = alarm_id(&id)?;
    let result = ctx.platform.open_incident(&ctx.call, &id, form.get("what")).await;
    finish(&ctx, &id, &form, refusals(result)?, "incident").await
}

async fn report(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = alarm_id(&id)?;
    let result = ctx.platform.report_incident(&ctx.call, &id, form.get("to"), form.get("number")).await;
    finish(&ctx, &id, &form, refusals(result)?, "reported").await
}

async fn close(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = alarm_id(&id)?;
    let Some(finding) = AlarmFinding::parse(form.get("finding")) else {
        // The permission comes first: whoever may not close is told nothing about the form.
        ctx.platform.alarm_page(&ctx.call, &id).await?;
        let choose = Refusal::field("finding", "alarm.finding", "请选择处置结论。");
        return draw(&ctx, &id, &form, vec![choose], "").await;
    };
    let result = ctx.platform.close_alarm(&ctx.call, &id, finding, form.get("measures")).await;
    finish(&ctx, &id, &form, refusals(result)?, "closed").await
}

async fn finish(
    ctx: &OfficeContext,
    id: &AlarmId,
    form: &Fields,
    result: Result<(), Vec<Refusal>>,
    said: &str,
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(to(format!("/alarms/{id}?said={said}"))),
        Err(errors) => draw(ctx, id, form, errors, "").await,
    }
}

async fn draw(
    ctx: &OfficeContext,
    id: &AlarmId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let alarm = ctx.platform.alarm_page(&ctx.call, id).await?;
    let failed = !errors.is_empty();
    let title = format!("第 {} 号告警：{}", alarm.raised.number, alarm.raised.name);
    let page = frame(ctx, "alarms", title).await?.crumb("安全告警", "/alarms").failed(failed);
    let page = match flash(said, &alarm) {
        Some(text) => page.flash(Tone::Green, text),
        None => page,
    };
    let rule = alarm.rule.as_ref();
    let view = AlarmView {
        page,
        summary: ErrorSummary::new(&errors),
        severity: severity(alarm.raised.severity),
        state: state(alarm.alarm.state),
        late: alarm.late.then(|| Note::new(Tone::Red, "报告已经逾期", "请立即向主管部门报告，并在下面登记。")),
        meaning: rule.map(|rule| rule.meaning.clone()).unwrap_or_default(),
        advice: rule.map(|rule| rule.advice.clone()).unwrap_or_default(),
        facts: facts(&alarm),
        incident: incident_facts(&alarm),
        forms: forms(ctx, &alarm, form, &errors),
        hint: (!alarm.may_handle && alarm.alarm.state != AlarmState::Closed)
            .then(|| Note::new(Tone::Blue, "由安全管理员处置", "您可以查看经过，不能更改处置情况。")),
        lines: lines(&alarm),
        timeline: timeline(&alarm),
    };
    step::drawn(view, failed)
}

fn flash(said: &str, alarm: &AlarmPage) -> Option<&'static str> {
    match said {
        "acknowledged" if alarm.alarm.acknowledged_at.is_some() => Some("已确认，请按建议查明情况后办结。"),
        "incident" if alarm.alarm.incident.is_some() => Some("已认定为安全事件，请在时限内报告并登记。"),
        "reported" if alarm.alarm.incident.as_ref().is_some_and(|i| i.reported.is_some()) => Some("报告已登记。"),
        "closed" if alarm.alarm.closed.is_some() => Some("告警已办结。"),
        _ => None,
    }
}

fn facts(alarm: &AlarmPage) -> Facts {
    let raised = &alarm.raised;
    let about = if alarm.about == "platform" { "平台整体" } else { &alarm.about };
    let facts = Facts::new()
        .row(raised.subject.name(), about)
        .row("次数", alarm.alarm.count)
        .row("最早一次", raised.first.display())
        .row("最近一次", alarm.alarm.last.display())
        .row("告警时间", alarm.alarm.raised_at.display());
    match &alarm.rule {
        Some(rule) => facts.row("规则", format!("{} 分钟内达到 {} 次", rule.minutes, rule.count)),
        None => facts.row("规则", "已停用"),
    }
}

fn incident_facts(alarm: &AlarmPage) -> Option<Facts> {
    let incident = alarm.alarm.incident.as_ref()?;
    let facts = Facts::new()
        .wide("事件经过", &incident.what)
        .row("认定时间", incident.at.display())
        .row("报告时限", incident.report_by.display());
    Some(match &incident.reported {
        Some((at, to, number)) => facts.row("已报告", at.display()).row("报告对象", to).row("报告编号", number),
        None => facts.row("已报告", "尚未报告"),
    })
}

fn lines(alarm: &AlarmPage) -> Vec<Line> {
    let line = |record: &ledger::AuditRecord| {
        let entry = &record.entry;
        let name = alarm.names.get(&entry.actor).cloned().unwrap_or_default();
        Line {
            seq: record.seq,
            at: exact_time(entry.at).replace('T', " "),
            who: if entry.actor == "public" { "未登录".to_owned() } else { name },
            action: format!("{} {}", entry.method, entry.path),
            outcome: outcome_name(&entry.outcome),
            reason: entry.reason.clone(),
            source: entry.source.clone(),
        }
    };
    alarm.records.iter().map(line).collect()
}

fn forms(ctx: &OfficeContext, alarm: &AlarmPage, form: &Fields, errors: &[Refusal]) -> Vec<FormBox> {
    if !alarm.may_handle {
        return Vec::new();
    }
    let base = format!("/alarms/{}", alarm.raised.id);
    let (once, hours) = (ctx.once(), ctx.platform.settings.incident_report_hours);
    let area = |name, label, most| {
        Markup::of(Field::textarea(name, label, 3).value(form.get(name)).required().max(most).errors(errors))
    };
    let acknowledge = || FormBox {
        id: "acknowledge",
        title: "确认告警",
        lead: "确认表示您已经看到并开始处置。确认后再查明情况、办结。".into(),
        action: format!("{base}/acknowledge"),
        fields: vec![],
        submit: "确认，开始处置",
        class: "btn-primary",
        confirm: ("确认这条告警？", "您将被记录为处置人。"),
        csrf: ctx.csrf(),
        once: once.clone(),
    };
    let report = || {
        let text =
            |name, label| Markup::of(Field::text(name, label).value(form.get(name)).required().max(100).errors(errors));
        FormBox {
            id: "report",
            title: "登记报告",
            lead: "向网信、公安等主管部门报告后，在这里登记。".into(),
            action: format!("{base}/report"),
            fields: vec![text("to", "报告对象"), text("number", "报告编号")],
            submit: "登记报告",
            class: "btn-primary",
            confirm: ("登记这次报告？", "登记后不能更改。"),
            csrf: ctx.csrf(),
            once: once.clone(),
        }
    };
    let incident = || FormBox {
        id: "incident",
        title: "认定为安全事件",
        lead: format!("造成或者可能造成危害的，认定为网络安全事件，{hours} 小时内向主管部门报告。"),
        action: format!("{base}/incident"),
        fields: vec![area("what", "事件经过", 2000)],
        submit: "认定为安全事件",
        class: "btn-outline-danger",
        confirm: ("认定为安全事件？", "认定后开始计算报告时限，不能撤回。"),
        csrf: ctx.csrf(),
        once: once.clone(),
    };
    let close = || {
        let real = alarm.alarm.incident.is_some();
        let findings = AlarmFinding::ALL.into_iter().filter(|finding| !real || *finding == AlarmFinding::Handled);
        let choices: Vec<_> = findings.map(|f| Choice::new(f.slug(), f.name())).collect();
        FormBox {
            id: "close",
            title: "办结",
            lead: "写明查到的情况和采取的措施，供审计管理员和检查人员查看。".into(),
            action: format!("{base}/close"),
            fields: vec![
                Markup::of(
                    Field::radios("finding", "处置结论", choices).value(form.get("finding")).required().errors(errors),
                ),
                area("measures", "处置情况", 2000),
            ],
            submit: "办结",
            class: "btn-primary",
            confirm: ("办结这条告警？", "办结后不能更改；同样的情况再次发生会产生新的告警。"),
            csrf: ctx.csrf(),
            once: once.clone(),
        }
    };
    match (alarm.alarm.state, &alarm.alarm.incident) {
        (AlarmState::Open, _) => vec![acknowledge()],
        (AlarmState::Incident, Some(incident)) if incident.reported.is_none() => vec![report()],
        (AlarmState::Incident, _) => vec![close()],
        _ => vec![close(), incident()],
    }
}

fn timeline(alarm: &AlarmPage) -> Timeline {
    alarm.timeline.iter().rev().fold(Timeline::new(), |shown, line| {
        let (icon, tone, title, text) = match &line.event {
            AlarmEvent::AlarmRaised(raised) => {
                ("flag", Tone::Red, "自动告警".to_owned(), format!("{} 次，达到规则的次数", raised.count))
            }
            AlarmEvent::AlarmRepeated { count, .. } => {
                ("flag", Tone::Red, "再次发生".to_owned(), format!("又发生 {count} 次"))
            }
            AlarmEvent::AlarmAcknowledged => ("eye", Tone::Blue, "确认".to_owned(), String::new()),
            AlarmEvent::IncidentOpened { what, report_by } => (
                "alert-circle",
                Tone::Red,
                "认定为安全事件".to_owned(),
                format!("{what}（{} 前报告）", report_by.display()),
            ),
            AlarmEvent::IncidentReported { to, number } => {
                ("message", Tone::Blue, "登记报告".to_owned(), format!("{to}，{number}"))
            }
            AlarmEvent::AlarmClosed { finding, measures } => {
                ("circle-check", Tone::Green, format!("办结：{}", finding.name()), measures.clone())
            }
        };
        shown.entry_with(icon, tone, title, format!("{} {}", line.at.display(), line.actor), text)
    })
}
