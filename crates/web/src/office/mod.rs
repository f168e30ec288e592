//! 审批监管系统: officers receive, check, accept and decide; supervisors watch.

mod acceptance;
mod accounts;
mod alarm;
mod as_of;
mod audit;
mod calendar;
pub(crate) mod case;
mod clock;
mod consultation;
mod contact;
mod correction;
mod decision;
mod delegation;
mod export;
mod form_box;
pub(crate) mod group;
mod guide;
mod help;
mod hold;
mod ics;
mod integrity;
mod licence;
mod notification;
mod organ;
mod paper;
mod person;
mod processing;
mod project;
mod prompt;
mod publication;
mod refusal;
mod retention;
mod rights;
pub(crate) mod show;
pub(crate) mod sign_in;
mod special;
mod staff;
mod step;
mod supervision;
mod suspension;
mod verify;
mod window;
mod work;

use form_box::FormBox;

use crate::{App, Face, OfficeContext, Page, Route, WebError, door, route};
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
};

/// Every route of the office.
pub fn routes() -> Vec<Route> {
    [
        sign_in::routes(),
        crate::account::routes::<OfficeContext>(),
        accounts::routes(),
        organ::routes(),
        person::routes(),
        staff::routes(),
        work::routes(),
        case::routes(),
        as_of::routes(),
        acceptance::routes(),
        correction::routes(),
        refusal::routes(),
        clock::routes(),
        suspension::routes(),
        decision::routes(),
        group::routes(),
        window::routes(),
        processing::routes(),
        special::routes(),
        consultation::routes(),
        delegation::routes(),
        licence::routes(),
        project::routes(),
        contact::routes(),
        verify::routes(),
        guide::routes(),
        paper::routes(),
        supervision::routes(),
        prompt::routes(),
        notification::routes(),
        ics::routes(),
        integrity::routes(),
        calendar::routes(),
        alarm::routes(),
        audit::routes(),
        export::routes(),
        hold::routes(),
        publication::routes(),
        retention::routes(),
        rights::routes(),
        help::routes(),
    ]
    .concat()
}

/// The office, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes(), Face::Office, &app);
    door::protect(router, Face::Office, door::Limits::default(), Some(app))
}

/// The frame of a page, with the mark of open tasks; only for whoever is signed in.
pub(crate) async fn frame(ctx: &OfficeContext, nav: &'static str, title: impl Into<String>) -> Result<Page, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let mut page = ctx.page(nav, title).await?;
    page.alarms = ctx.platform.waiting_alarms(&ctx.call).await?;
    page.audits = ctx.platform.may_read_audit(&ctx.call);
    page.exports = ctx.platform.waiting_exports(&ctx.call).await?;
    page.holds = ctx.platform.waiting_holds(&ctx.call).await?;
    page.rights = ctx.platform.waiting_rights(&ctx.call).await?;
    page.retention = ctx.platform.reads_retention(&ctx.call);
    page.publications = ctx.platform.waiting_publications(&ctx.call).await?;
    page.organs = ctx.platform.reads_posts(&ctx.call);
    page.supervision = ctx.platform.supervision_tasks(&ctx.call).await?;
    page.tasks = u32::try_from(ctx.platform.open_tasks(&ctx.call).await?).unwrap_or(u32::MAX);
    page.unread = u32::try_from(ctx.platform.unseen_prompts(&ctx.call).await?).unwrap_or(u32::MAX);
    Ok(page)
}

/// Whether somebody is signed in; asked before a form is read.
fn signed_in(ctx: &OfficeContext) -> Result<(), WebError> {
    if ctx.is_signed_in() { Ok(()) } else { Err(WebError::SignInNeeded) }
}

/// On to another page after a change (POST → GET).
fn to(address: impl AsRef<str>) -> Response {
    Redirect::to(address.as_ref()).into_response()
}

/// A query string of what is not empty; with its `?`, or nothing.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(&pairs) {
        Ok(text) if !text.is_empty() => format!("?{text}"),
        _ => String::new(),
    }
}
