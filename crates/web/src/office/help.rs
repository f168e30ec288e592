//! 使用手册 of the office: lights, acts and their articles.

use super::frame;
use crate::{Access, OfficeContext, Page, Route, WebError, html};
use askama::Template;
use axum::response::Html;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/help", help)]
}

#[derive(Template)]
#[template(path = "office/help.html")]
struct HelpPage {
    page: Page,
}

async fn help(ctx: OfficeContext) -> Result<Html<String>, WebError> {
    Ok(Html(HelpPage { page: frame(&ctx, "help", "帮助").await? }.render()?))
}
