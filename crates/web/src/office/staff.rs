//! 人员名册导入: a spreadsheet is previewed row by row, then opens accounts and proposes posts, a hundred rows at a time; each
//! post still waits for the second security administrator (S-05, S-08).

use super::{frame, signed_in, step};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{ErrorSummary, Markup, Note, Pill, Tone},
    slot::{self, FileSlot},
};
use askama::Template;
use async_trait::async_trait;
use axum::{
    extract::{Multipart, multipart::Field},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use domain::{Refusal, account::Role, ids::AttachmentId};
use futures_util::StreamExt;
use platform::{
    Failure,
    staff::{AT_ONCE, COLUMNS, MOST_BYTES, MOST_ROWS, StaffDone, StaffLine, StaffOutcome, StaffPreview},
};
use std::sync::{Mutex, PoisonError};

/// Largest form with a list typed into it.
const BODY: usize = 4 * 1024 * 1024;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/staff", show),
        Route::get(Access::SignedIn, "/staff/template", template),
        Route::post(Access::SignedIn, "/staff/preview", preview).body_limit(BODY),
        Route::post(Access::SignedIn, "/staff/apply", apply).body_limit(BODY),
    ]
}

/// A row of the preview.
struct Line {
    number: usize,
    name: String,
    login: String,
    post: String,
    days: String,
    state: Pill,
    why: Vec<String>,
}

struct Shown {
    lines: Vec<Line>,
    to_do: usize,
    same: usize,
    refused: usize,
    text: String,
    /// What was carried out so far.
    done: usize,
    total: usize,
}

#[derive(Template)]
#[template(path = "office/staff.html")]
struct StaffPage {
    page: Page,
    summary: ErrorSummary,
    wrong: Vec<Refusal>,
    note: Markup,
    roles: String,
    at_once: usize,
    most: usize,
    shown: Option<Shown>,
}

fn line(line: &StaffLine) -> Line {
    let cell = |at: usize| line.cells.get(at).cloned().unwrap_or_default();
    let (state, why) = match &line.outcome {
        StaffOutcome::Open => (Pill::new(Tone::Green, "开设账号并提出任职"), vec![]),
        StaffOutcome::Propose => (Pill::new(Tone::Green, "提出任职"), vec![]),
        StaffOutcome::Same => (Pill::new(Tone::Grey, "已经如此，不变"), vec![]),
        StaffOutcome::Refused(faults) => {
            (Pill::new(Tone::Red, "不能办理"), faults.iter().map(|fault| fault.message.clone()).collect())
        }
    };
    let until = if cell(6).is_empty() { "默认任期".to_owned() } else { cell(6) };
    Line {
        number: line.number,
        name: cell(0),
        login: cell(1),
        post: if line.post.is_empty() { format!("{} {} {}", cell(2), cell(3), cell(4)) } else { line.post.clone() },
        days: format!("{} 至 {until}", cell(5)),
        state,
        why,
    }
}

fn shown(found: &StaffPreview, done: usize) -> Shown {
    let count = |wanted: fn(&StaffOutcome) -> bool| found.lines.iter().filter(|line| wanted(&line.outcome)).count();
    let to_do = found.to_do();
    Shown {
        to_do,
        same: count(|outcome| *outcome == StaffOutcome::Same),
        refused: count(|outcome| matches!(outcome, StaffOutcome::Refused(_))),
        text: found.text(),
        lines: found.lines.iter().map(line).collect(),
        done,
        total: done + to_do,
    }
}

async fn draw(ctx: &OfficeContext, found: Option<Shown>, mut errors: Vec<Refusal>) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    for error in &mut errors {
        error.field = Some("file".to_owned());
    }
    let page = frame(ctx, "organs", "导入人员名册").await?.crumb("机构人员", "/organs").failed(failed);
    let page = match &found {
        Some(shown) if shown.done > 0 && shown.to_do == 0 => page.flash(
            Tone::Green,
            format!("名册已处理完毕，共办理 {} 行。任职须由另一位安全管理员逐项确认后生效。", shown.done),
        ),
        _ => page,
    };
    let how = "导入只开设账号、提出任职，不产生权限；每项任职仍须另一位安全管理员确认。同一份名册可以重复导入，已经办理的行不会重复。";
    let view = StaffPage {
        summary: ErrorSummary::new(&errors),
        wrong: errors,
        note: Markup::of(Note::new(Tone::Blue, "先预览，后办理", how)),
        roles: Role::ALL.map(Role::name).join("、"),
        at_once: AT_ONCE,
        most: MOST_ROWS,
        shown: found,
        page,
    };
    step::drawn(view, failed)
}

async fn show(ctx: OfficeContext) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    ctx.platform.check_importing(&ctx.call)?;
    draw(&ctx, None, vec![]).await
}

/// The empty list with two sample rows that are refused when they are left in; only plain text, so that no spreadsheet runs
/// anything.
async fn template(ctx: OfficeContext) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    ctx.platform.check_importing(&ctx.call)?;
    let today = ctx.platform.clock.now().date();
    let last = ctx.platform.settings.posts.last_day(today);
    let mut table = format!("\u{feff}{}\r\n", COLUMNS.join(","));
    for role in [Role::Receptionist, Role::Undertaker] {
        table += &format!("示例（请删除本行）,（登录名）,150402,水利,{},{today},{last},任职文件文号\r\n", role.name());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"staff-template.csv\""),
    ];
    Ok((headers, table).into_response())
}

/// Takes the file into memory, no more than its limit.
#[derive(Default)]
struct Taken(Mutex<Vec<u8>>);

#[async_trait]
impl FileSlot for Taken {
    async fn add(&self, _: &str, _: &str, mut content: Field<'_>) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        while let Some(piece) = content.next().await {
            let broken = |_| Refusal::field("file", "file.broken", "文件没有传完，请检查网络后重新上传。");
            bytes.extend_from_slice(&piece.map_err(broken)?);
            if bytes.len() > MOST_BYTES {
                // The reader says that it is too large.
                break;
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        Ok(())
    }

    async fn remove(&self, _: &AttachmentId) -> Result<(), Failure> {
        Err(Failure::NotThere)
    }
}

async fn preview(ctx: OfficeContext, headers: HeaderMap, form: Multipart) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let taken = Taken::default();
    let errors = match slot::take(&ctx.token, &headers, form, &taken).await? {
        Err(errors) => {
            ctx.platform.check_importing(&ctx.call)?;
            errors
        }
        Ok(()) => {
            let content = taken.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            match refusals(ctx.platform.preview_staff(&ctx.call, &content).await)? {
                Ok(found) => return draw(&ctx, Some(shown(&found, 0)), vec![]).await,
                Err(errors) => errors,
            }
        }
    };
    draw(&ctx, None, errors).await
}

async fn apply(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let text = form.get("list");
    let before = done_before(&form);
    match refusals(ctx.platform.apply_staff(&ctx.call, text).await)? {
        Err(errors) => draw(&ctx, None, errors).await,
        Ok(StaffDone { done, .. }) => match refusals(ctx.platform.preview_staff(&ctx.call, text.as_bytes()).await)? {
            Ok(found) => draw(&ctx, Some(shown(&found, before + done)), vec![]).await,
            Err(errors) => draw(&ctx, None, errors).await,
        },
    }
}

fn done_before(form: &Fields) -> usize {
    form.get("done").parse().unwrap_or(0).min(MOST_ROWS)
}
