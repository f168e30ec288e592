//! 统一身份认证: to the provider and back, and the binding of the own account (S-04). Nothing changes by opening an address: the
//! way there and the way back each end in a form of ours, which scripts send by themselves.

use super::{
    AccountFace, Asked, draw,
    proofs::{ASK, Places, Proofs, offered},
    to, with_session,
};
use crate::{
    Fields, Posted, PostedFiles, WebError,
    app::refusals,
    cookie,
    html::{Facts, Field, Markup, Tone},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::Query,
    http::{HeaderMap, header::SET_COOKIE},
    response::{IntoResponse, Response},
};
use domain::Refusal;
use platform::account::{Arrived, Brought, Journey};
use serde::Deserialize;

const TITLE: &str = "统一身份认证";

/// The way there.
#[derive(Template)]
#[template(path = "kit/account_outside_go.html")]
struct Leaving {
    provider: String,
    host: String,
    address: String,
}

impl HtmlSafe for Leaving {}

/// The way back.
#[derive(Template)]
#[template(path = "kit/account_outside_return.html")]
struct Returning {
    csrf: String,
    back: Back,
}

impl HtmlSafe for Returning {}

/// It did not work.
#[derive(Template)]
#[template(path = "kit/account_outside_failed.html")]
struct Failed {
    signed_in: bool,
}

impl HtmlSafe for Failed {}

/// The binding of the own account.
#[derive(Template)]
#[template(path = "kit/account_outside.html")]
struct Own {
    csrf: String,
    provider: String,
    bound: Option<Facts>,
    password: Field,
    proofs: Proofs,
}

impl HtmlSafe for Own {}

/// What the provider's answer says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    state: String,
    code: String,
    iss: String,
}

async fn failed<C: AccountFace>(ctx: &C, refused: &[Refusal]) -> Result<Response, WebError> {
    let content = Failed { signed_in: ctx.context().is_signed_in() };
    draw(ctx, TITLE, Markup::of(content), refused, None).await
}

/// The page that leads to the provider. A link, because the policy lets no form of ours end elsewhere.
async fn leaving<C: AccountFace>(ctx: &C, journey: Journey) -> Result<Response, WebError> {
    let host = journey.address.split('/').nth(2).unwrap_or_default().to_owned();
    let content = Leaving { provider: journey.provider, host, address: journey.address };
    let page = draw(ctx, TITLE, Markup::of(content), &[], None).await?;
    let cookie = cookie::write_journey(C::COOKIE, ctx.context().platform.settings.secure_cookies, &journey.browser);
    Ok(([(SET_COOKIE, cookie)], page).into_response())
}

pub async fn leave<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let journey = context.platform.leave_to_sign_in(&context.call, C::FACE, C::local(sent.get("next"))).await;
    match refusals(journey)? {
        Ok(journey) => leaving(&ctx, journey).await,
        Err(refused) => failed(&ctx, &refused).await,
    }
}

pub async fn returned<C: AccountFace>(ctx: C, Query(back): Query<Back>) -> Result<Response, WebError> {
    let content = Returning { csrf: ctx.context().csrf(), back };
    draw(&ctx, TITLE, Markup::of(content), &[], None).await
}

pub async fn arrive<C: AccountFace>(
    headers: HeaderMap,
    Posted { ctx, form: sent }: Posted<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let secure = context.platform.settings.secure_cookies;
    let text = |name: &str| sent.get(name).to_owned();
    let brought = Brought {
        browser: cookie::read_journey(C::COOKIE, secure, &headers).unwrap_or_default(),
        state: text("state"),
        code: text("code"),
        issuer: Some(text("iss")).filter(|issuer| !issuer.is_empty()),
    };
    let arrived = context.platform.arrive(&context.call, C::FACE, &brought, &context.source()).await;
    let mut response = match refusals(arrived)? {
        Ok(Arrived::SignedIn(session, next)) => with_session(&ctx, &session, C::local(&next)),
        Ok(Arrived::Bound) => to("/account/outside?done=bound"),
        Err(refused) => failed(&ctx, &refused).await?,
    };
    response.headers_mut().append(SET_COOKIE, cookie::write_journey(C::COOKIE, secure, ""));
    Ok(response)
}

async fn own<C: AccountFace>(
    ctx: &C,
    refused: &[Refusal],
    said: Option<(Tone, &'static str)>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let bound = context.platform.outside_binding(&context.call, C::FACE, &context.token).await?;
    let Some(provider) = context.platform.outside_name().map(str::to_owned) else {
        return Err(Refusal::new("outside.off", "本平台没有开通统一身份认证。").into());
    };
    let ways = context.platform.ways(&context.call, C::FACE, &context.token).await?;
    let places =
        Places { download: "/account/factor/challenge.txt", passkey: "/account/factor/passkey/ask", submit: false };
    let content = Own {
        csrf: context.csrf(),
        provider,
        bound: bound.map(|bound| {
            let used = bound.used_at.map_or_else(|| "还没有".to_owned(), |at| at.display());
            Facts::new().single().row("统一身份", bound.name).row("绑定时间", bound.at.display()).row("最近登录", used)
        }),
        password: Field::password("password", "密码", "current-password").errors(refused).required().max(128),
        proofs: Proofs::new(ways, places, context.platform.passkey_origin(C::FACE), refused),
    };
    draw(ctx, TITLE, Markup::of(content), refused, said).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let said = match asked.done.as_str() {
        "bound" => Some((Tone::Green, "已绑定，下次可以用统一身份认证登录。")),
        "unbound" => Some((Tone::Yellow, "已解除绑定，以后用登录名和密码登录。")),
        _ => None,
    };
    own(&ctx, &[], said).await
}

fn proofs(sent: &Fields) -> (&str, &str) {
    (sent.get("password"), offered(sent))
}

pub async fn bind<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let source = context.source();
    let journey = context.platform.leave_to_bind(&context.call, C::FACE, &context.token, proofs(&sent), &source).await;
    match refusals(journey)? {
        Ok(journey) => leaving(&ctx, journey).await,
        Err(refused) => own(&ctx, &refused, None).await,
    }
}

pub async fn unbind<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let source = context.source();
    let unbound = context.platform.unbind_outside(&context.call, C::FACE, &context.token, proofs(&sent), &source).await;
    match refusals(unbound)? {
        Ok(()) => Ok(to("/account/outside?done=unbound")),
        Err(refused) => own(&ctx, &refused, None).await,
    }
}
