//! Signing in and out, and the first password with a one-time secret.

use super::to;
use crate::{
    Access, Face, OfficeContext, Page, Posted, Route, WebError, account,
    app::refusals,
    cookie,
    html::{self, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use domain::Refusal;
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Public, "/login", form),
        Route::post(Access::Public, "/login", sign_in),
        Route::post(Access::Public, "/logout", sign_out),
        Route::get(Access::Public, "/setup", setup_form),
        Route::post(Access::Public, "/setup", setup),
    ]
}

/// What the address of the form says.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    said: String,
}

#[derive(Template)]
#[template(path = "office/sign_in.html")]
struct SignInPage {
    page: Page,
    errors: Vec<Refusal>,
    login: String,
    next: String,
    /// What the provider of unified identity is called, where there is one.
    outside: Option<String>,
}

#[derive(Template)]
#[template(path = "office/setup.html")]
struct SetupPage {
    page: Page,
    errors: Vec<Refusal>,
}

/// A place on this face to go on to; everything else becomes the first page.
pub(crate) fn local(next: &str) -> &str {
    let safe = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '@'])
        && !next.contains(char::is_control)
        && next.is_ascii();
    if safe { next } else { "/" }
}

fn said(page: Page, key: &str) -> Page {
    match key {
        "out" => page.flash(Tone::Green, "您已安全退出。"),
        "set" => page.flash(Tone::Green, "密码已设置，请用登录名和新密码登录。"),
        _ => page,
    }
}

fn outside(ctx: &OfficeContext) -> Option<String> {
    ctx.platform.outside_name().map(str::to_owned)
}

async fn form(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let next = local(&asked.next).to_owned();
    if ctx.has_session() {
        return Ok(to(account::next_page(ctx.owed, &next)));
    }
    let page = said(ctx.page("", "工作人员登录").await?, &asked.said);
    let farewell = ctx.platform.farewell(platform::account::Face::Office, &ctx.ended).await?;
    let page = if let Some(words) = farewell {
        page.flash(Tone::Yellow, words)
    } else if asked.said.is_empty() && next != "/" {
        page.flash(Tone::Blue, "请先登录。登录后会回到您要打开的页面。")
    } else {
        page
    };
    Ok(Html(SignInPage { page, errors: vec![], login: String::new(), next, outside: outside(&ctx) }.render()?)
        .into_response())
}

async fn sign_in(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let source = ctx.source();
    let (login, next) = (form.get("login"), local(form.get("next")));
    let result =
        ctx.platform.sign_in(&ctx.call, platform::account::Face::Office, login, form.get("password"), &source).await;
    match refusals(result)? {
        Ok(session) => {
            let cookie = cookie::write(Face::Office, ctx.platform.settings.secure_cookies, &session.token);
            Ok(([(header::SET_COOKIE, cookie)], to(account::after_sign_in(&session, next))).into_response())
        }
        Err(errors) => {
            let page = ctx.page("", "工作人员登录").await?.failed(true);
            let shown =
                SignInPage { page, errors, login: login.to_owned(), next: next.to_owned(), outside: outside(&ctx) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
    }
}

async fn sign_out(Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    if ctx.has_session() {
        ctx.platform.sign_out(&ctx.call, &ctx.token).await?;
    }
    let cookie = cookie::write(Face::Office, ctx.platform.settings.secure_cookies, "");
    Ok(([(header::SET_COOKIE, cookie)], to("/login?said=out")).into_response())
}

async fn setup_form(ctx: OfficeContext) -> Result<Html<String>, WebError> {
    let page = ctx.page("", "首次登录：设置密码").await?;
    Ok(Html(SetupPage { page, errors: vec![] }.render()?))
}

async fn setup(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let (secret, password) = (form.get("secret"), form.get("password"));
    let result = if password == form.get("again") {
        refusals(ctx.platform.use_setup_secret(&ctx.call, secret, password).await)?
    } else {
        Err(vec![Refusal::field("again", "setup.again", "两次输入的密码不一致，请重新输入。")])
    };
    match result {
        Ok(()) => Ok(to("/login?said=set")),
        Err(errors) => {
            let page = ctx.page("", "首次登录：设置密码").await?.failed(true);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(SetupPage { page, errors }.render()?)).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a24_after_sign_in_nobody_is_sent_to_another_site() {
        assert_eq!(local("/cases/c1?said=x"), "/cases/c1?said=x");
        for evil in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nset-cookie: b", "/a@b"] {
            assert_eq!(local(evil), "/", "{evil}");
        }
    }
}
