//! The page of 通知设置, the same on both faces; each gives its frame.

use super::{PreferencesForm, filled};
use crate::{
    Access, Fields, Page, Posted, Route, WebError,
    app::refusals,
    html::{ErrorSummary, Tone},
    posted::FaceContext,
};
use axum::{
    extract::Query,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::Refusal;
use serde::Deserialize;

/// A face that has the page.
pub trait PreferencesFace: FaceContext + Sync + 'static {
    /// The frame around it, only for whoever is signed in.
    fn preferences_frame(&self) -> impl Future<Output = Result<Page, WebError>> + Send;

    /// The page in that frame.
    fn preferences_page(page: Page, summary: ErrorSummary, form: PreferencesForm) -> Result<String, askama::Error>;
}

/// Its routes.
pub fn routes<C: PreferencesFace>() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/notifications", show::<C>).audited(),
        Route::post(Access::SignedIn, "/notifications", save::<C>),
    ]
}

#[derive(Default, Deserialize)]
struct Place {
    #[serde(default)]
    done: String,
}

async fn show<C: PreferencesFace>(face: C, Query(place): Query<Place>) -> Result<Response, WebError> {
    draw(&face, None, &[], place.done == "saved").await
}

async fn save<C: PreferencesFace>(Posted { ctx: face, form }: Posted<C>) -> Result<Response, WebError> {
    let ctx = face.context();
    let chosen = filled(&form, ctx.platform.rules.notification);
    match refusals(ctx.platform.choose_notifications(&ctx.call, &chosen).await)? {
        Ok(()) => Ok(Redirect::to("/notifications?done=saved").into_response()),
        Err(refused) => draw(&face, Some(&form), &refused, false).await,
    }
}

async fn draw<C: PreferencesFace>(
    face: &C,
    typed: Option<&Fields>,
    refused: &[Refusal],
    saved: bool,
) -> Result<Response, WebError> {
    let ctx = face.context();
    let chosen = ctx.platform.notification_preferences(&ctx.call).await?;
    let mut page = face.preferences_frame().await?.failed(!refused.is_empty());
    if saved {
        page = page.flash(Tone::Green, "通知设置已保存。");
    }
    let form = PreferencesForm::new(&chosen, typed, refused, ctx.platform.rules.notification, &page.csrf, ctx.once());
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let html = C::preferences_page(page, ErrorSummary::new(refused), form)?;
    Ok((status, Html(html)).into_response())
}
