//! The second step of signing in: the code of the app, or a recovery code (S-04).

use super::{AccountFace, Asked, draw, with_session};
use crate::{
    Posted, WebError,
    app::refusals,
    html::{Field, Markup},
};
use askama::{Template, filters::HtmlSafe};
use axum::{extract::Query, response::Response};
use domain::Refusal;
use platform::account::Owed;

const TITLE: &str = "登录：双因素认证";

#[derive(Template)]
#[template(path = "kit/account_code.html")]
struct CodeForm {
    csrf: String,
    next: String,
    code: Field,
}

impl HtmlSafe for CodeForm {}

/// A field that takes either kind of code.
pub fn code_field(refused: &[Refusal]) -> Field {
    Field::text("code", "验证码")
        .errors(refused)
        .required()
        .max(30)
        .autocomplete("one-time-code")
        .hint("验证器现在显示的 6 位数字。手机不在身边的，输入一个没有用过的恢复代码。")
}

async fn form<C: AccountFace>(ctx: &C, next: &str, refused: &[Refusal]) -> Result<Response, WebError> {
    if ctx.context().owed != Owed::Code {
        return Err(WebError::SignInNeeded);
    }
    let content = CodeForm { csrf: ctx.context().csrf(), next: C::local(next).to_owned(), code: code_field(refused) };
    draw(ctx, TITLE, Markup::of(content), refused, None).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    form(&ctx, &asked.next, &[]).await
}

pub async fn prove<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let (code, source) = (sent.get("code"), context.source());
    let proved = context.platform.prove_code(&context.call, C::FACE, &context.token, code, &source).await;
    match refusals(proved)? {
        Ok(session) => Ok(with_session(&ctx, &session, C::local(sent.get("next")))),
        Err(refused) => form(&ctx, sent.get("next"), &refused).await,
    }
}
