//! Papers as PDF, and files of applications; permission is decided each time (U-09).

use super::{frame, step};
use crate::{Access, OfficeContext, Page, Route, WebError, html::PageView};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::ids::AttachmentId;
use platform::attachment::Download;
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/papers/{number}/pdf", pdf).audited(),
        Route::get(Access::Owner, "/cases/{id}/files/{file}", file).audited(),
        Route::get(Access::Owner, "/cases/{id}/pictures/{file}", picture).audited(),
        Route::get(Access::Owner, "/cases/{id}/pages/{file}", pages).audited(),
    ]
}

/// The PDF of a paper of our own making, opened by the browser's reader.
async fn pdf(ctx: OfficeContext, Path(number): Path<String>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (document, bytes) = ctx.platform.print_document(&ctx.call, &number).await?;
    let name = crate::percent_encoded(&format!("{}.pdf", document.number));
    let disposition = format!("inline; filename=\"paper.pdf\"; filename*=UTF-8''{name}");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(WebError::fault)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    page: Option<u16>,
}

#[derive(Template)]
#[template(path = "office/pages.html")]
struct Pages {
    page: Page,
    view: PageView,
}

/// A PDF, page by page as pictures (U-05).
async fn pages(
    ctx: OfficeContext,
    Path((id, file)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (step::case_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    let number = asked.page.unwrap_or(1);
    let (row, painted) = ctx.platform.view_case_page(&ctx.call, &id, &file, number).await?;
    let page = frame(&ctx, "cases", row.name).await?.crumb("办件", "/cases").crumb("本件", format!("/cases/{id}"));
    let base = format!("/cases/{id}");
    let view = PageView::new(format!("{base}/pages/{file}"), format!("{base}/files/{file}"), number, &painted);
    step::drawn(Pages { page, view }, false)
}

/// A file somebody else made: only ever as an attachment, in a sandbox.
async fn file(ctx: OfficeContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (step::case_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    sent(ctx.platform.download_case_file(&ctx.call, &id, &file).await?)
}

/// The re-encoded copy of a picture, shown in a tab of its own, in a sandbox.
async fn picture(ctx: OfficeContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (step::case_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    sent(ctx.platform.view_case_picture(&ctx.call, &id, &file).await?)
}

/// A file somebody else made, with its own headers.
pub fn sent(download: Download) -> Result<Response, WebError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &download.headers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(WebError::fault)?);
    }
    Ok((headers, download.bytes).into_response())
}
