//! 办事指南 in the office (办法第八条): the department's list, one guide with its draft and versions, the steps to a new
//! version.

mod act;
mod edit;
mod list;
mod read;
mod sample;

use super::{frame, to};
use crate::{Access, OfficeContext, Page, Route, WebError};
use axum::response::Response;
use platform::guide::GuidePage;

/// Largest request of an upload, in bytes: the largest sample and its wrapping.
const UPLOAD: usize = 12 << 20;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    use Access::{Owner, SignedIn};
    vec![
        Route::get(SignedIn, "/guides", list::list),
        Route::get(Owner, "/guides/{item}", read::show),
        Route::get(Owner, "/guides/{item}/preview", read::preview),
        Route::get(Owner, "/guides/{item}/compare", read::compare),
        Route::get(Owner, "/cases/{id}/guide", read::of_case),
        Route::post(Owner, "/guides/{item}/draft", act::begin),
        Route::get(Owner, "/guides/{item}/edit/{page}", edit::form),
        Route::post(Owner, "/guides/{item}/edit/{page}", edit::save),
        Route::get(Owner, "/guides/{item}/samples", sample::show),
        Route::post(Owner, "/guides/{item}/samples", sample::upload).body_limit(UPLOAD),
        Route::get(Owner, "/guides/{item}/samples/{file}", sample::download),
        Route::get(Owner, "/guides/{item}/submit", act::submit_form),
        Route::post(Owner, "/guides/{item}/submit", act::submit),
        Route::get(Owner, "/guides/{item}/review", act::review_form),
        Route::post(Owner, "/guides/{item}/review", act::review),
        Route::get(Owner, "/guides/{item}/publish", act::publish_form),
        Route::post(Owner, "/guides/{item}/publish", act::publish),
        Route::get(Owner, "/guides/{item}/unschedule", act::unschedule_form),
        Route::post(Owner, "/guides/{item}/unschedule", act::unschedule),
        Route::get(Owner, "/guides/{item}/retire", act::retire_form),
        Route::post(Owner, "/guides/{item}/retire", act::retire),
        Route::get(Owner, "/guides/{item}/drop", act::drop_form),
        Route::post(Owner, "/guides/{item}/drop", act::drop_draft),
    ]
}

/// The guide of a path, for whoever is signed in and may read it.
async fn open(ctx: &OfficeContext, item: &str) -> Result<GuidePage, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    Ok(ctx.platform.guide_page(&ctx.call, item).await?)
}

/// Back to the guide, saying what was done.
fn back(item: &str, said: &str) -> Response {
    to(format!("/guides/{}?said={said}", crate::percent_encoded(item)))
}

/// The frame of a page about one guide, with its way back.
async fn inner(ctx: &OfficeContext, guide: &GuidePage, title: &str, failed: bool) -> Result<Page, WebError> {
    let page = frame(ctx, "guides", title).await?.failed(failed);
    Ok(page.crumb("办事指南", "/guides").crumb(guide.item.name.clone(), format!("/guides/{}", guide.item.code)))
}
