//! 归档: the audit administrator sees what is old enough, confirms, and follows the progress.

use super::{Said, filling, frame, step, to};
use crate::{
    OfficeContext, Page, Posted, WebError,
    app::refusals,
    html::{Action, Empty, ErrorSummary, Note, Pill, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use domain::Refusal;
use platform::audit::Archiving;

/// One archiving of the list.
struct Line {
    by: String,
    asked: String,
    state: Pill,
    progress: String,
    fault: String,
}

impl Line {
    fn new(archiving: Archiving) -> Self {
        let Archiving { total, done, files, .. } = archiving;
        let state = match (&archiving.ended_at, archiving.fault.is_empty()) {
            (None, _) => Pill::new(Tone::Blue, format!("归档中 {} %", done * 100 / total.max(1))),
            (Some(_), true) => Pill::new(Tone::Green, "已归档"),
            (Some(_), false) => Pill::new(Tone::Red, "没有完成"),
        };
        let ended = archiving.ended_at.map(|at| format!("，{} 完成", at.display())).unwrap_or_default();
        Self {
            by: archiving.asked_by,
            asked: format!("{} 开始{ended}", archiving.asked_at.display()),
            state,
            progress: format!("{total} 条中已归档 {done} 条，文件 {files} 个"),
            fault: archiving.fault,
        }
    }
}

#[derive(Template)]
#[template(path = "office/audit_archive.html")]
struct ArchivePage {
    page: Page,
    summary: ErrorSummary,
    space: Option<Note>,
    plan: Note,
    action: Option<Action>,
    lines: Vec<Line>,
    empty: Empty,
}

async fn draw(ctx: &OfficeContext, errors: Vec<Refusal>, said: &str) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let plan = ctx.platform.archive_plan(&ctx.call).await?;
    let archivings = ctx.platform.archivings(&ctx.call).await?;
    let space = ctx.platform.audit_space(&ctx.call).await?;
    let page = frame(ctx, "audit", "归档").await?.crumb("安全审计", "/audit").failed(failed);
    let page = match said {
        "asked" => page.flash(Tone::Green, "已开始归档，进度列在下面，刷新本页即可看到。"),
        _ => page,
    };
    let running = archivings.iter().any(|archiving| archiving.ended_at.is_none());
    let before = plan.before.date();
    let note = if plan.records == 0 {
        Note::new(Tone::Blue, "没有可以归档的记录", format!("{before} 以前的记录都已归档，或者还没有这么早的记录。"))
    } else {
        let words = format!(
            "{before} 以前的 {} 条记录（到第 {} 号）可以归档：写入存证目录中签名的文件，核对无误后才从数据库移出。移出后在“安全审计”中查不到，需要时查归档文件。",
            plan.records, plan.until
        );
        Note::new(Tone::Yellow, "确认归档", words)
    };
    let ask = || {
        Action::post("/audit/archive", &page.csrf, format!("归档 {} 条记录", plan.records)).with("_once", ctx.once())
    };
    let view = ArchivePage {
        summary: ErrorSummary::new(&errors),
        space: filling(&space),
        plan: note,
        action: (!running && plan.records > 0).then(ask),
        lines: archivings.into_iter().map(Line::new).collect(),
        empty: Empty::new("file", "还没有归档", "记录在线留存期满以后才需要归档。"),
        page,
    };
    step::drawn(view, failed)
}

pub(super) async fn page(ctx: OfficeContext, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, vec![], &said.said).await
}

pub(super) async fn ask(Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    match refusals(ctx.platform.ask_archiving(&ctx.call).await)? {
        Ok(()) => Ok(to("/audit/archive?said=asked")),
        Err(errors) => draw(&ctx, errors, "").await,
    }
}
