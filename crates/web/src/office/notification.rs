//! 通知设置: which channels reach the person who is signed in, and when.

use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{ErrorSummary, Tone},
    notification::{PreferencesForm, filled},
};
use askama::Template;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::Refusal;
use serde::Deserialize;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/notifications", show).audited(),
        Route::post(Access::SignedIn, "/notifications", save),
    ]
}

#[derive(Template)]
#[template(path = "office/notification.html")]
struct Preferences {
    page: Page,
    summary: ErrorSummary,
    form: PreferencesForm,
}

#[derive(Default, Deserialize)]
struct Place {
    #[serde(default)]
    done: String,
}

async fn show(ctx: OfficeContext, Query(place): Query<Place>) -> Result<Response, WebError> {
    draw(&ctx, None, &[], place.done == "saved").await
}

async fn save(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let chosen = filled(&form, ctx.platform.rules.notification);
    match refusals(ctx.platform.choose_notifications(&ctx.call, &chosen).await)? {
        Ok(()) => Ok(Redirect::to("/notifications?done=saved").into_response()),
        Err(refused) => draw(&ctx, Some(&form), &refused, false).await,
    }
}

async fn draw(
    ctx: &OfficeContext,
    typed: Option<&Fields>,
    refused: &[Refusal],
    saved: bool,
) -> Result<Response, WebError> {
    let chosen = ctx.platform.notification_preferences(&ctx.call).await?;
    let mut page = super::frame(ctx, "prompts", "通知设置").await?.failed(!refused.is_empty());
    if saved {
        page = page.flash(Tone::Green, "通知设置已保存。");
    }
    let form = PreferencesForm::new(&chosen, typed, refused, ctx.platform.rules.notification, &page.csrf, ctx.once());
    let view = Preferences { summary: ErrorSummary::new(refused), form, page };
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(view.render()?)).into_response())
}
