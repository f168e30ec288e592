//! The page of 通知设置, the same on both faces; each gives its frame.

use super::{PreferencesForm, filled};
use crate::{
    Access, Fields, Page, PostedFiles, Route, WebError,
    account::{AccountFace, Places, Proofs, offered},
    app::refusals,
    html::{ErrorSummary, Tone},
};
use axum::{
    extract::Query,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::Refusal;
use platform::account::{Chosen, Proving};
use serde::Deserialize;

/// A face that has the page.
pub trait PreferencesFace: AccountFace {
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
    draw(&face, None, &[], &place.done).await
}

async fn save<C: PreferencesFace>(PostedFiles { ctx: face, form, .. }: PostedFiles<C>) -> Result<Response, WebError> {
    let ctx = face.context();
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let chosen = filled(&form, ctx.platform.rules.notification);
    let source = ctx.source();
    let proofs = (form.get("password"), offered(&form));
    let by = Proving { face: C::FACE, token: &ctx.token, proofs, source: &source };
    match refusals(ctx.platform.choose_own_notifications(&ctx.call, &chosen, &by).await)? {
        Ok(Chosen::Now) => Ok(Redirect::to("/notifications?done=saved").into_response()),
        Ok(Chosen::Later(_)) => Ok(Redirect::to("/notifications?done=later").into_response()),
        Err(refused) => draw(&face, Some(&form), &refused, "").await,
    }
}

async fn draw<C: PreferencesFace>(
    face: &C,
    typed: Option<&Fields>,
    refused: &[Refusal],
    done: &str,
) -> Result<Response, WebError> {
    let ctx = face.context();
    let chosen = ctx.platform.notification_preferences(&ctx.call).await?;
    let pending = ctx.platform.pending_addresses(&ctx.call).await?;
    let mut page = face.preferences_frame().await?.failed(!refused.is_empty());
    page = match done {
        "saved" => page.flash(Tone::Green, "通知设置已保存。"),
        "later" => page.flash(Tone::Yellow, "设置已保存。新的地址在核对期满后生效，原地址会收到告知。"),
        _ => page,
    };
    let hours = ctx.platform.settings.sign_in.address_hours;
    let proofs = if hours > 0 {
        let ways = ctx.platform.ways(&ctx.call, C::FACE, &ctx.token).await?;
        let places =
            Places { download: "/account/factor/challenge.txt", passkey: "/account/factor/passkey/ask", submit: false };
        Some((hours, Proofs::new(ways, places, ctx.platform.passkey_origin(C::FACE), refused)))
    } else {
        None
    };
    let form = PreferencesForm::new(&chosen, typed, refused, ctx.platform.rules.notification, &page.csrf, ctx.once());
    let form = form.pending(pending, &page.csrf).proofs(proofs, refused);
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let html = C::preferences_page(page, ErrorSummary::new(refused), form)?;
    Ok((status, Html(html)).into_response())
}
