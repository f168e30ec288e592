//! The second step of signing in: whichever factor the account has (S-04).

use super::{
    AccountFace, Asked, draw,
    proofs::{ASK, Places, Proofs, offered},
    with_session,
};
use crate::{PostedFiles, WebError, app::refusals, html::Markup};
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
    proofs: Proofs,
}

impl HtmlSafe for CodeForm {}

pub async fn form<C: AccountFace>(ctx: &C, next: &str, refused: &[Refusal]) -> Result<Response, WebError> {
    let context = ctx.context();
    if context.owed != Owed::Code {
        return Err(WebError::SignInNeeded);
    }
    let ways = context.platform.ways(&context.call, C::FACE, &context.token).await?;
    let places = Places { download: "/sign-in/challenge.txt", passkey: "/sign-in/passkey", submit: true };
    let proofs = Proofs::new(ways, places, context.platform.passkey_origin(C::FACE), refused);
    let content = CodeForm { csrf: context.csrf(), next: C::local(next).to_owned(), proofs };
    draw(ctx, TITLE, Markup::of(content), refused, None).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    form(&ctx, &asked.next, &[]).await
}

pub async fn prove<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let source = context.source();
    let proved = context.platform.prove_code(&context.call, C::FACE, &context.token, offered(&sent), &source).await;
    match refusals(proved)? {
        Ok(session) => Ok(with_session(&ctx, &session, C::local(sent.get("next")))),
        Err(refused) => form(&ctx, sent.get("next"), &refused).await,
    }
}
