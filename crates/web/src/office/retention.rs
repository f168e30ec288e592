//! 保存期限: the register of personal data with what is due and what was erased, for the security administrators (S-33, L-02).

use super::{frame, step};
use crate::{Access, OfficeContext, Page, Route, WebError, html::Empty};
use askama::Template;
use axum::response::Response;
use platform::retention::{ErasedRow, Term};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Owner, "/retention", show)]
}

struct Entry {
    label: String,
    purpose: String,
    basis: String,
    retention: String,
}

#[derive(Template)]
#[template(path = "office/retention.html")]
struct Retention {
    page: Page,
    register: Vec<Entry>,
    terms: Vec<Term>,
    erased: Vec<ErasedRow>,
    empty: Empty,
}

async fn show(ctx: OfficeContext) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let found = ctx.platform.retention_page(&ctx.call).await?;
    let register = ctx.platform.form().personal_register().map(|(field, entry)| Entry {
        label: field.label.clone(),
        purpose: entry.purpose.clone(),
        basis: entry.basis.clone(),
        retention: entry.retention.clone(),
    });
    let view = Retention {
        page: frame(&ctx, "retention", "个人信息保存期限").await?,
        register: register.collect(),
        terms: found.terms,
        erased: found.erased,
        empty: Empty::new(
            "clock",
            "还没有清除记录",
            "项目撤回或者代码作废后，保存期限届满的个人信息自动清除并列在这里。",
        ),
    };
    step::drawn(view, false)
}
