//! 证书和通行密钥 in the account centre: register, name, remove (S-04, P-01).

use super::{
    AccountFace,
    factor::{confirmed, enrolling, form},
    proofs::{offered, signature},
    to,
};
use crate::{Fields, Posted, PostedFiles, WebError, app::refusals, html::Field};
use axum::{extract::Path, response::Response};
use domain::{Refusal, account::factor::NAME};
use platform::account::NewSm2;

/// Fields of a new key, with what was typed.
pub fn name_field(sent: &Fields, refused: &[Refusal]) -> Field {
    Field::text("name", "名称")
        .value(sent.get("name"))
        .errors(refused)
        .required()
        .max(NAME)
        .hint("便于您自己分辨，例如“办公室 USB Key”“我的笔记本电脑”。")
}

pub fn public_key_field(sent: &Fields, refused: &[Refusal]) -> Field {
    let typed = sent.get("public_key");
    // A private key pasted by mistake is not sent over the line once more.
    let shown = if typed.contains("PRIVATE KEY") { "" } else { typed };
    Field::textarea("public_key", "证书或者公钥", 5)
        .value(shown)
        .errors(refused)
        .max(16_000)
        .hint("粘贴 PEM 文本（以“-----BEGIN CERTIFICATE-----”或“-----BEGIN PUBLIC KEY-----”开头）；也可以在下面选择文件。绝不要粘贴私钥。")
}

pub async fn begin_sm2<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), offered(&sent));
    let begun = context.platform.begin_sm2(&context.call, C::FACE, &context.token, proofs, &context.source()).await;
    match refusals(begun)? {
        Ok(()) => Ok(enrolling::<C>(sent.get("next"))),
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

pub async fn confirm_sm2<C: AccountFace>(
    PostedFiles { ctx, form: sent }: PostedFiles<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let file = if sent.has("public_key_file") { "public_key_file" } else { "public_key" };
    let new = NewSm2 {
        name: sent.get("name").to_owned(),
        public_key: sent.get(file).to_owned(),
        signature: signature(&sent).to_owned(),
    };
    let source = context.source();
    let done = context.platform.confirm_sm2(&context.call, C::FACE, &context.token, &new, &source).await;
    match refusals(done)? {
        Ok(done) => confirmed(&ctx, done, sent.get("next"), "/account?done=key").await,
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

pub async fn begin_passkey<C: AccountFace>(
    PostedFiles { ctx, form: sent }: PostedFiles<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let (proofs, source) = ((sent.get("password"), offered(&sent)), context.source());
    let begun = context.platform.begin_passkey(&context.call, C::FACE, &context.token, proofs, &source).await;
    match refusals(begun)? {
        Ok(()) => Ok(enrolling::<C>(sent.get("next"))),
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

pub async fn confirm_passkey<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let (new, source) = ((sent.get("name"), sent.get("passkey")), context.source());
    let done = context.platform.confirm_passkey(&context.call, C::FACE, &context.token, new, &source).await;
    match refusals(done)? {
        Ok(done) => confirmed(&ctx, done, sent.get("next"), "/account?done=key").await,
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

pub async fn rename<C: AccountFace>(
    Path(id): Path<String>,
    Posted { ctx, form: sent }: Posted<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let renamed = context.platform.rename_key(&context.call, C::FACE, &context.token, &id, sent.get("name")).await;
    match refusals(renamed)? {
        Ok(()) => Ok(to("/account/factor?done=named")),
        Err(refused) => form(&ctx, "", &Fields::default(), &refused).await,
    }
}

pub async fn remove<C: AccountFace>(
    Path(id): Path<String>,
    PostedFiles { ctx, form: sent }: PostedFiles<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let source = context.source();
    let proofs = ((sent.get("password"), offered(&sent)), source.as_str());
    let removed = context.platform.remove_key(&context.call, C::FACE, &context.token, &id, proofs).await;
    match refusals(removed)? {
        Ok(()) => Ok(to("/account?done=key_removed")),
        Err(refused) => form(&ctx, "", &sent, &refused).await,
    }
}
