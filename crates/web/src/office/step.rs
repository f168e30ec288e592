//! What the steps of a case share: opening the page of an act, finishing it, and a plain form.

use super::{frame, to};
use crate::{
    OfficeContext, Page, WebError,
    app::refusals,
    html::{ErrorSummary, Markup},
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{Refusal, case::Act, ids::CaseId};
use jiff::civil::Date;
use platform::{Failure, case::CasePage};

/// The case of a path.
pub fn case_id(text: &str) -> Result<CaseId, WebError> {
    CaseId::parse(text).ok_or(WebError::NotFound)
}

/// Back to the case, saying what was done.
pub fn back(id: &CaseId, said: &str) -> Response {
    to(format!("/cases/{id}?said={said}"))
}

/// The case an act is to be done on. When its state does not allow the act any more, somebody else was faster: the
/// case page says so. Without the permission: forbidden.
pub async fn open(ctx: &OfficeContext, id: &CaseId, act: Act) -> Result<Result<CasePage, Response>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    Ok(match ctx.platform.check_act(&ctx.call, act, &case)? {
        true => Ok(case),
        false => Err(back(id, "taken")),
    })
}

/// What became of an act: on to the case page, or the refusals to draw the form with.
pub fn finish(
    result: Result<(), Failure>,
    id: &CaseId,
    said: &str,
) -> Result<Result<Response, Vec<Refusal>>, WebError> {
    Ok(match refusals(result)? {
        Ok(()) => Ok(back(id, said)),
        Err(list) if list.iter().any(|r| r.code == "case.wrong_state") => Ok(back(id, "taken")),
        Err(list) => Err(list),
    })
}

/// A day typed into a form.
pub fn day(field: &'static str, text: &str) -> Result<Date, Refusal> {
    let wrong = || Refusal::field(field, "date.format", "请按“2026-11-24”的格式填写日期。");
    text.trim().parse().map_err(|_| wrong())
}

/// A day that may be left out.
pub fn day_or_none(field: &'static str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.trim().is_empty() { Ok(None) } else { day(field, text).map(Some) }
}

/// A page around a drawn form; with refusals it says 422.
pub fn drawn(page: impl Template, failed: bool) -> Result<Response, WebError> {
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(page.render()?)).into_response())
}

/// The frame of an act's page, with its way back.
pub async fn act_frame(ctx: &OfficeContext, case: &CasePage, title: &str, failed: bool) -> Result<Page, WebError> {
    let page = frame(ctx, "work", title).await?.failed(failed);
    Ok(page.crumb("待办", "/").crumb(case.application.item_name.clone(), format!("/cases/{}", case.id)))
}

/// An act as a page of its own: what it means, a few fields, one button.
#[derive(Template)]
#[template(path = "office/step.html")]
pub struct Step {
    /// Frame.
    pub page: Page,
    /// Which project, unit and item.
    pub lead: String,
    /// Before the form: notes, facts.
    pub parts: Vec<Markup>,
    /// Fields.
    pub fields: Vec<Markup>,
    /// What is wrong.
    pub errors: Vec<Refusal>,
    /// Idempotency key.
    pub once: String,
    /// Where the form goes.
    pub action: String,
    /// Where 返回 goes.
    pub back: String,
    /// The button.
    pub submit: &'static str,
    /// It takes something away.
    pub danger: bool,
    /// Question and consequence, asked before.
    pub confirm: (&'static str, String),
}

impl Step {
    fn summary(&self) -> ErrorSummary {
        ErrorSummary::new(&self.errors)
    }
}

/// `项目 · 事项 · 单位`.
pub fn lead(case: &CasePage) -> String {
    let a = &case.application;
    format!("{} · {} · {}", a.project_name, a.item_name, a.unit_name)
}
