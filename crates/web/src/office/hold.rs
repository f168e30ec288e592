//! 涉密核验: the desk of the security administrators over sealed content (K-04, K-08, K-09). It never shows a word of it.

use super::{frame, query, signed_in, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, Empty, ErrorSummary, Facts, Field, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{
    Moment, Refusal,
    hold::{Hold, State},
    ids::HoldId,
};
use platform::{
    Failure,
    hold::{HoldFilter, HoldPage, HoldRow},
    work_list::Cursor,
};
use serde::Deserialize;

/// Routes of this module. Whoever looks leaves a record.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/holds", list).audited(),
        Route::get(Access::Owner, "/holds/{id}", show).audited(),
        Route::post(Access::Owner, "/holds/{id}/report", report),
        Route::post(Access::Owner, "/holds/{id}/release", release),
        Route::post(Access::Owner, "/holds/{id}/purge", propose),
        Route::post(Access::Owner, "/holds/{id}/purge/confirm", confirm),
        Route::post(Access::Owner, "/holds/{id}/purge/reject", reject),
    ]
}

fn hold_id(text: &str) -> Result<HoldId, WebError> {
    HoldId::parse(text).ok_or(WebError::NotFound)
}

fn pill(state: State) -> Pill {
    let tone = match state {
        State::Open => Tone::Yellow,
        State::Proposed | State::Confirmed => Tone::Red,
        State::Purged => Tone::Grey,
        State::Released => Tone::Green,
    };
    Pill::new(tone, state.name())
}

/// A mark, or a trace of one.
fn level(blocked: bool) -> &'static str {
    if blocked { "疑似密级标志" } else { "待核验" }
}

/// What a rule looks for, in words an administrator understands. Never what was found.
fn rule(rule: &str) -> String {
    let words = match rule {
        "marking.level_star" => "密级与★标志相连",
        "marking.level_term" => "密级与保密期限相连",
        "marking.lone_level" => "文首单独标有密级",
        "marking.copy_number" => "份号与密级同行",
        "marking.level_in_name" => "文件名、页眉页脚、属性或者扫描件首页上部有密级",
        "marking.phrase" => "文首有涉密、内部资料等字样",
        "marking.scan_trace" => "扫描件首页上部有形似密级标志的文字",
        "marking.unread" => "扫描件或图片，无法自动读取文字",
        other => return other.to_owned(),
    };
    format!("{words}（{rule}）")
}

fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} 字节"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

fn source(text: &str) -> &str {
    if text.is_empty() { "未记录" } else { text }
}

/// Until when a report is owed.
fn owed(report_by: Option<Moment>, now: Moment) -> Option<Pill> {
    let by = report_by?;
    let (tone, words) = if by < now { (Tone::Red, "逾期未报告") } else { (Tone::Yellow, "待报告") };
    Some(Pill::new(tone, format!("{words}，期限 {}", by.display())))
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: String,
    level: String,
    after: String,
}

impl Asked {
    fn filter(&self) -> HoldFilter {
        let blocked = match self.level.as_str() {
            "blocked" => Some(true),
            "held" => Some(false),
            _ => None,
        };
        HoldFilter { state: State::parse(&self.state), blocked }
    }

    fn address(&self, state: &str, after: &str) -> String {
        let pairs = [("state", state.to_owned()), ("level", self.level.clone()), ("after", after.to_owned())];
        format!("/holds{}", query(pairs))
    }
}

struct Line {
    href: String,
    title: String,
    at: String,
    level: Pill,
    rule: String,
    size: String,
    sm3: String,
    who: String,
    source: String,
    state: Pill,
    owed: Option<Pill>,
}

fn line(row: &HoldRow, now: Moment) -> Line {
    Line {
        href: format!("/holds/{}", row.id),
        title: row.held_at.display(),
        at: row.id.to_string(),
        level: Pill::new(if row.blocked { Tone::Red } else { Tone::Yellow }, level(row.blocked)),
        rule: rule(&row.rule),
        size: size(row.size),
        sm3: row.sm3.chars().take(16).collect(),
        who: format!("{} {}", row.unit_name, row.login).trim().to_owned(),
        source: source(&row.source).to_owned(),
        state: pill(row.state),
        owed: owed(row.report_by, now),
    }
}

#[derive(Template)]
#[template(path = "office/holds.html")]
struct ListPage {
    page: Page,
    tabs: Tabs,
    state: String,
    levels: Vec<Choice>,
    level: String,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let filter = asked.filter();
    let (rows, next) = ctx.platform.held_content(&ctx.call, filter, Cursor::parse(&asked.after)).await?;
    let page = frame(&ctx, "holds", "涉密核验").await?;
    let now = ctx.platform.clock.now();
    let waiting = page.holds.unwrap_or(0);
    let tabs = Tabs::new("按状态").tab("需要处理", waiting, asked.address("", ""), filter.state.is_none());
    let tabs = [State::Purged, State::Released].into_iter().fold(tabs, |tabs, state| {
        tabs.plain(state.name(), asked.address(state.slug(), ""), filter.state == Some(state))
    });
    let shown = ListPage {
        tabs,
        state: asked.state.clone(),
        levels: vec![Choice::new("blocked", level(true)), Choice::new("held", level(false))],
        level: asked.level.clone(),
        empty: rows.is_empty().then(|| {
            Empty::new(
                "shield-check",
                "没有封存的内容",
                "上传的文件带有密级标志或者疑似涉密时，系统自动封存并列在这里。",
            )
        }),
        pager: Pager::new(format!("本页 {} 件", rows.len()))
            .first((!asked.after.is_empty()).then(|| asked.address(&asked.state, "")))
            .next(next.map(|cursor| asked.address(&asked.state, &cursor.to_string()))),
        lines: rows.iter().map(|row| line(row, now)).collect(),
        page,
    };
    Ok(Html(shown.render()?))
}

/// One thing to be done, as a card with a form.
struct Act {
    path: &'static str,
    title: &'static str,
    lead: &'static str,
    fields: Vec<Field>,
    submit: &'static str,
    class: &'static str,
    confirm: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "office/hold.html")]
struct HoldView {
    page: Page,
    summary: ErrorSummary,
    once: String,
    id: HoldId,
    state: Pill,
    owed: Option<Pill>,
    note: Note,
    facts: Facts,
    story: Option<Facts>,
    acts: Vec<Act>,
}

fn facts(page: &HoldPage) -> Facts {
    let c = &page.content;
    let facts = Facts::new()
        .row("封存时间", page.hold.at.display())
        .row("种类", format!("{}（{}）", c.what.name(), c.file_type.to_uppercase()))
        .row("级别", level(c.blocked))
        .row("大小", size(c.size))
        .wide("命中规则", rule(&c.rule))
        .wide("内容哈希（SM3）", &c.sm3)
        .row("上传账号", &page.login)
        .row("来源地址", source(&c.source));
    let facts = if page.unit_name.is_empty() { facts } else { facts.row("单位", &page.unit_name) };
    if page.project_code.is_empty() { facts } else { facts.row("项目代码", &page.project_code) }
}

fn story(hold: &Hold) -> Option<Facts> {
    let mut story = Facts::new();
    let mut any = false;
    let mut add = |name: &str, words: String| {
        story = std::mem::take(&mut story).wide(name, words);
        any = true;
    };
    if let Some(report) = &hold.report {
        add(
            "报告",
            format!("{} 由{}登记：已报告{}，{}", report.at.display(), report.by_name, report.office, report.note),
        );
    }
    if let Some((by, why)) = &hold.rejected {
        add("退回销毁申请", format!("{by}：{why}"));
    }
    if let Some(purge) = &hold.purge {
        add("提出销毁", format!("{} 由{}提出，依据{}{}", purge.at.display(), purge.by_name, purge.office, purge.order));
    }
    if let Some((by, at)) = &hold.confirmed {
        add("确认销毁", format!("{} 由{by}确认", at.display()));
    }
    if let Some((digest, at)) = &hold.purged {
        add("销毁记录", format!("{} 已销毁数据密钥和内容，密钥摘要（SM3）{digest}", at.display()));
    }
    if let Some((by, why, at)) = &hold.released {
        add("解除封存", format!("{} 由{by}解除：{why}", at.display()));
    }
    any.then_some(story)
}

fn acts(page: &HoldPage, form: &Fields, errors: &[Refusal]) -> Vec<Act> {
    let text = |name: &'static str, label: &'static str, hint: &'static str, max: usize| {
        Field::text(name, label).value(form.get(name)).required().max(max).hint(hint).errors(errors)
    };
    let office = || text("office", "保密行政管理部门", "例如：内蒙古自治区国家保密局。", 100);
    let mut acts = Vec::new();
    if !page.may_decide {
        return acts;
    }
    if page.hold.state == State::Proposed {
        if page.may_confirm {
            acts.push(Act {
                path: "purge/confirm",
                title: "确认销毁",
                lead: "请对照保密行政管理部门的通知原件填写文号，与提出时一致才能确认。确认后立即销毁数据密钥和内容，任何备份中的副本也不能再打开。",
                fields: vec![text("order", "销毁通知的文号", "照原件填写。", 100)],
                submit: "确认销毁",
                class: "btn-danger",
                confirm: ("确认销毁？", "销毁后不能恢复，并留下销毁记录。"),
            });
        }
        acts.push(Act {
            path: "purge/reject",
            title: "退回销毁申请",
            lead: "文号有误或者不应销毁的，退回后内容继续封存，可以重新提出。",
            fields: vec![text("reason", "退回的理由", "写入记录，不能修改。", 200)],
            submit: "退回",
            class: "btn-outline-primary",
            confirm: ("退回这项销毁申请？", "内容继续封存。"),
        });
    }
    if page.report_by.is_some() {
        acts.push(Act {
            path: "report",
            title: "登记报告",
            lead: "发现疑似国家秘密进入平台的，应当在期限内报告保密行政管理部门。报告通过线下渠道进行，这里只登记报告的去向和文号。",
            fields: vec![office(), text("note", "报告方式和文号", "例如：机要交换，内发改密报〔2026〕3号。不要写内容。", 200)],
            submit: "登记报告",
            class: "btn-primary",
            confirm: ("登记报告？", "登记后不能修改。"),
        });
    }
    if page.hold.state == State::Open {
        acts.push(Act {
            path: "release",
            title: "解除封存（误报）",
            lead: "线下向上传人核实确属误报的，解除封存：文件恢复为正常材料，上传单位在消息中收到通知，可以继续办理。",
            fields: vec![text(
                "reason",
                "解除封存的理由",
                "写明核实的方式和结论，不要写文件内容。写入记录，不能修改。",
                200,
            )],
            submit: "解除封存",
            class: "btn-primary",
            confirm: ("解除封存？", "解除后上传单位和办理部门可以看到该文件。"),
        });
        acts.push(Act {
            path: "purge",
            title: "提出销毁",
            lead: "收到保密行政管理部门的销毁通知后，由一位安全管理员提出，另一位安全管理员核对通知后确认，才会销毁。",
            fields: vec![office(), text("order", "销毁通知的文号", "照原件填写。", 100)],
            submit: "提出销毁",
            class: "btn-outline-danger",
            confirm: ("提出销毁？", "提出后由另一位安全管理员确认。"),
        });
    }
    acts
}

async fn draw(
    ctx: &OfficeContext,
    id: &HoldId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    let found = ctx.platform.hold_page(&ctx.call, id).await?;
    let failed = !errors.is_empty();
    let page = frame(ctx, "holds", "封存件").await?.crumb("涉密核验", "/holds").failed(failed);
    let page = match said {
        "report" => page.flash(Tone::Green, "报告已登记。"),
        "release" => page.flash(Tone::Green, "封存已解除，上传单位已收到消息。"),
        "purge" => page.flash(Tone::Green, "销毁申请已提出，请另一位安全管理员核对通知后确认。"),
        "confirm" => page.flash(Tone::Green, "数据密钥和内容已销毁，销毁记录已留存。"),
        "reject" => page.flash(Tone::Yellow, "销毁申请已退回，内容继续封存。"),
        _ => page,
    };
    let words = "这里只有来源和规则，没有文件名和内容。内容以单独的密钥加密封存，平台上任何人都不能打开；请在线下按保密规定核实。";
    let view = HoldView {
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        id: id.clone(),
        state: pill(found.hold.state),
        owed: owed(found.report_by, ctx.platform.clock.now()),
        note: Note::new(Tone::Blue, "内容不可查看", words).article("办法第三条"),
        facts: facts(&found),
        story: story(&found.hold),
        acts: acts(&found, form, &errors),
        page,
    };
    step::drawn(view, failed)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
}

async fn show(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, &hold_id(&id)?, &Fields::default(), vec![], &said.said).await
}

/// Back to the page, saying what was done; or with the refusals, nothing lost.
async fn finish(
    ctx: &OfficeContext,
    id: &HoldId,
    form: &Fields,
    result: Result<(), Failure>,
    done: &str,
) -> Result<Response, WebError> {
    match refusals(result)? {
        Ok(()) => Ok(to(format!("/holds/{id}?said={done}"))),
        Err(errors) => draw(ctx, id, form, errors, "").await,
    }
}

async fn report(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = hold_id(&id)?;
    let result = ctx.platform.report_hold(&ctx.call, &id, form.get("office"), form.get("note")).await;
    finish(&ctx, &id, &form, result, "report").await
}

async fn release(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = hold_id(&id)?;
    let result = ctx.platform.release_hold(&ctx.call, &id, form.get("reason")).await;
    finish(&ctx, &id, &form, result, "release").await
}

async fn propose(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = hold_id(&id)?;
    let result = ctx.platform.propose_purge(&ctx.call, &id, form.get("office"), form.get("order")).await;
    finish(&ctx, &id, &form, result, "purge").await
}

async fn confirm(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = hold_id(&id)?;
    let result = ctx.platform.confirm_purge(&ctx.call, &id, form.get("order")).await;
    finish(&ctx, &id, &form, result, "confirm").await
}

async fn reject(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = hold_id(&id)?;
    let result = ctx.platform.reject_purge(&ctx.call, &id, form.get("reason")).await;
    finish(&ctx, &id, &form, result, "reject").await
}
