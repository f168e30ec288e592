//! 账户中心 and the steps of signing in after the password: the same pages on both faces.

mod centre;
mod code;
mod factor;
mod keys;
mod outside;
mod password;
mod proofs;

pub use proofs::{ASK, Places, Proofs, offered};

use crate::{
    Access, Face, OfficeContext, Page, PortalContext, Route, WebError, cookie,
    html::{ErrorSummary, Markup, Tone},
    office, portal,
    posted::FaceContext,
};
use askama::Template;
use axum::{
    http::{StatusCode, header::SET_COOKIE},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::Refusal;
use platform::account::{self, Owed, SignedIn};
use serde::Deserialize;

/// Every route of these pages.
pub fn routes<C: AccountFace>() -> Vec<Route> {
    vec![
        Route::get(Access::Code, "/sign-in/code", code::show::<C>),
        Route::post(Access::Code, "/sign-in/code", code::prove::<C>),
        Route::post(Access::Code, "/sign-in/challenge", proofs::ask_at_sign_in::<C>),
        Route::post(Access::Code, "/sign-in/passkey", proofs::passkey_at_sign_in::<C>),
        Route::get(Access::Code, "/sign-in/challenge.txt", proofs::file_at_sign_in::<C>),
        Route::post(Access::Public, "/sign-in/outside", outside::leave::<C>),
        Route::get(Access::Public, account::RETURN, outside::returned::<C>),
        Route::post(Access::Public, account::RETURN, outside::arrive::<C>),
        Route::get(Access::SignedIn, "/account/outside", outside::show::<C>),
        Route::post(Access::SignedIn, "/account/outside/bind", outside::bind::<C>),
        Route::post(Access::SignedIn, "/account/outside/unbind", outside::unbind::<C>),
        Route::get(Access::SignedIn, "/account", centre::show::<C>).audited(),
        Route::post(Access::SignedIn, "/account/addresses/stop", centre::stop_addresses::<C>),
        Route::post(Access::SignedIn, "/account/sessions/end-others", centre::end_others::<C>),
        Route::post(Access::Owner, "/account/sessions/{id}/end", centre::end::<C>),
        Route::get(Access::Password, "/account/password", password::show::<C>),
        Route::post(Access::Password, "/account/password", password::change::<C>),
        Route::get(Access::Enrolment, "/account/factor", factor::show::<C>),
        Route::post(Access::Enrolment, "/account/factor", factor::begin::<C>),
        Route::post(Access::Enrolment, "/account/factor/confirm", factor::confirm::<C>),
        Route::post(Access::SignedIn, "/account/factor/remove", factor::remove::<C>),
        Route::post(Access::SignedIn, "/account/factor/codes", factor::renew_codes::<C>),
        Route::post(Access::Enrolment, "/account/factor/cancel", factor::cancel::<C>),
        Route::post(Access::SignedIn, "/account/factor/challenge", proofs::ask_for_change::<C>),
        Route::get(Access::SignedIn, "/account/factor/challenge.txt", proofs::file_for_change::<C>),
        Route::post(Access::Enrolment, "/account/factor/sm2", keys::begin_sm2::<C>),
        Route::get(Access::Enrolment, "/account/factor/sm2/challenge.txt", proofs::file_of_enrolment::<C>),
        Route::post(Access::Enrolment, "/account/factor/sm2/confirm", keys::confirm_sm2::<C>),
        Route::post(Access::Enrolment, "/account/factor/passkey", keys::begin_passkey::<C>),
        Route::post(Access::Enrolment, "/account/factor/passkey/confirm", keys::confirm_passkey::<C>),
        Route::post(Access::SignedIn, "/account/factor/passkey/ask", proofs::passkey_for_change::<C>),
        Route::post(Access::Owner, "/account/keys/{id}/name", keys::rename::<C>),
        Route::post(Access::Owner, "/account/keys/{id}/remove", keys::remove::<C>),
    ]
}

/// A face whose people have accounts.
pub trait AccountFace: FaceContext + Sync + 'static {
    /// As the platform names it.
    const FACE: account::Face;
    /// As its cookie names it.
    const COOKIE: Face;

    /// A place of this face to go on to; everything else becomes its first page.
    fn local(next: &str) -> &str;

    /// The page around a content.
    fn page(&self, title: &'static str) -> impl Future<Output = Result<Page, WebError>> + Send;

    /// Prints the page with its content.
    fn print(&self, page: Page, summary: ErrorSummary, content: Markup) -> Result<String, WebError>;
}

#[derive(Template)]
#[template(path = "portal/account.html")]
struct PortalPage {
    page: Page,
    summary: ErrorSummary,
    content: Markup,
}

#[derive(Template)]
#[template(path = "office/account.html")]
struct OfficePage {
    page: Page,
    summary: ErrorSummary,
    content: Markup,
}

/// A step of signing in: without the frame, which opens nothing yet.
#[derive(Template)]
#[template(path = "office/account_step.html")]
struct OfficeStep {
    page: Page,
    summary: ErrorSummary,
    content: Markup,
}

impl AccountFace for PortalContext {
    const FACE: account::Face = account::Face::Portal;
    const COOKIE: Face = Face::Portal;

    fn local(next: &str) -> &str {
        portal::account::local(next)
    }

    async fn page(&self, title: &'static str) -> Result<Page, WebError> {
        let page = self.0.page("", title).await?.crumb("首页", "/");
        let inside = self.is_signed_in() && title != centre::TITLE;
        Ok(if inside { page.crumb(centre::TITLE, "/account") } else { page })
    }

    fn print(&self, page: Page, summary: ErrorSummary, content: Markup) -> Result<String, WebError> {
        Ok(PortalPage { page, summary, content }.render()?)
    }
}

impl AccountFace for OfficeContext {
    const FACE: account::Face = account::Face::Office;
    const COOKIE: Face = Face::Office;

    fn local(next: &str) -> &str {
        office::sign_in::local(next)
    }

    async fn page(&self, title: &'static str) -> Result<Page, WebError> {
        if !self.is_signed_in() {
            return self.0.page("", title).await;
        }
        let page = office::frame(self, "", title).await?.crumb("待办", "/");
        Ok(if title == centre::TITLE { page } else { page.crumb(centre::TITLE, "/account") })
    }

    fn print(&self, page: Page, summary: ErrorSummary, content: Markup) -> Result<String, WebError> {
        if self.is_signed_in() {
            Ok(OfficePage { page, summary, content }.render()?)
        } else {
            Ok(OfficeStep { page, summary, content }.render()?)
        }
    }
}

/// What the address of a page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    done: String,
}

/// Where somebody goes who owes that much.
pub fn next_page(owed: Owed, next: &str) -> String {
    let step = match owed {
        Owed::Nothing => return next.to_owned(),
        Owed::Code => "/sign-in/code",
        Owed::Enrolment => "/account/factor",
        Owed::Password => "/account/password",
    };
    serde_urlencoded::to_string([("next", next)]).map_or(step.to_owned(), |query| format!("{step}?{query}"))
}

/// Where a sign-in leads; whoever was signed in elsewhere is told first (S-07).
pub fn after_sign_in(session: &SignedIn, next: &str) -> String {
    if session.owed == Owed::Nothing && session.ended_elsewhere {
        return "/account?done=replaced".to_owned();
    }
    next_page(session.owed, next)
}

/// On to a page with the cookie of a new session.
fn with_session<C: AccountFace>(ctx: &C, session: &SignedIn, next: &str) -> Response {
    ([new_cookie(ctx, session)], Redirect::to(&after_sign_in(session, next))).into_response()
}

fn new_cookie<C: AccountFace>(ctx: &C, session: &SignedIn) -> (axum::http::HeaderName, axum::http::HeaderValue) {
    (SET_COOKIE, cookie::write(C::COOKIE, ctx.context().platform.settings.secure_cookies, &session.token))
}

fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Draws a page; with refusals as 422.
async fn draw<C: AccountFace>(
    ctx: &C,
    title: &'static str,
    content: Markup,
    refused: &[Refusal],
    said: Option<(Tone, &'static str)>,
) -> Result<Response, WebError> {
    let mut page = ctx.page(title).await?.failed(!refused.is_empty());
    if let Some((tone, words)) = said {
        page = page.flash(tone, words);
    }
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(ctx.print(page, ErrorSummary::new(refused), content)?)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s04_what_is_owed_names_the_only_page() {
        assert_eq!(next_page(Owed::Nothing, "/cases/1?a=b"), "/cases/1?a=b");
        assert_eq!(next_page(Owed::Code, "/cases/1?a=b"), "/sign-in/code?next=%2Fcases%2F1%3Fa%3Db");
        assert_eq!(next_page(Owed::Enrolment, "/"), "/account/factor?next=%2F");
        assert_eq!(next_page(Owed::Password, "/"), "/account/password?next=%2F");
    }
}
