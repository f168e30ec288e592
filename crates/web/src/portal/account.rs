//! 单位注册、登录、退出.

use crate::{
    Access, Face, Fields, Page, PortalContext, Posted, Route, WebError, account as own,
    app::refusals,
    cookie,
    html::{Choice, ErrorSummary, Field, Note, Options, Tone},
};
use askama::Template;
use axum::{
    Extension,
    extract::{ConnectInfo, Query},
    http::{StatusCode, header::SET_COOKIE},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    region::{INNER_MONGOLIA, Level, RegionCode, Regions},
};
use platform::{
    Call, account,
    unit::{NATURES, PRIVACY_NOTICE, RegisterUnit},
};
use serde::Deserialize;
use std::net::SocketAddr;

/// Every route of these pages.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Public, "/register", register_form),
        Route::post(Access::Public, "/register", register),
        Route::get(Access::Public, "/register/places", places),
        Route::get(Access::Public, "/login", login_form),
        Route::post(Access::Public, "/login", login),
        Route::post(Access::Public, "/logout", logout),
    ]
}

/// Where a connection comes from, when it comes from a socket.
type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

fn address(peer: Peer) -> String {
    peer.map(|Extension(ConnectInfo(address))| address.ip().to_string()).unwrap_or_default()
}

// ── 注册 ──

#[derive(Template)]
#[template(path = "portal/account_register.html")]
struct Register {
    page: Page,
    once: String,
    summary: ErrorSummary,
    unit: Vec<Field>,
    contact: Vec<Field>,
    access: Vec<Field>,
    consent: Field,
    notice: &'static str,
}

async fn register_form(ctx: PortalContext) -> Result<Response, WebError> {
    draw_register(&ctx, &Fields::default(), &[]).await
}

async fn register(peer: Peer, Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    if form.get("_action") == "refresh" {
        return draw_register(&ctx, &form, &[]).await;
    }
    if form.get("password") != form.get("password_again") {
        let differs = Refusal::field("password_again", "account.password_again", "两次输入的密码不一致，请重新输入。");
        return draw_register(&ctx, &form, &[differs]).await;
    }
    let text = |name: &str| form.get(name).to_owned();
    let command = RegisterUnit {
        name: text("name"),
        credit_code: text("credit_code"),
        region: text("region"),
        nature: text("nature"),
        contact_name: text("contact_name"),
        contact_phone: text("contact_phone"),
        login: text("login"),
        password: Some(form.get("password").into()),
        privacy_agreed: form.get("privacy_agreed") == "yes",
    };
    match refusals(ctx.platform.register_unit(&ctx.call, &command).await)? {
        Err(refused) => draw_register(&ctx, &form, &refused).await,
        Ok(_) => begin(&ctx, peer, &command.login, form.get("password"), "/projects?done=registered").await,
    }
}

/// Signs a person in whose password was just proved or set, and goes on.
async fn begin(ctx: &PortalContext, peer: Peer, login: &str, password: &str, next: &str) -> Result<Response, WebError> {
    // The form's key stands for the registration, which is committed already.
    let call = Call { once: None, ..ctx.call.clone() };
    let signed_in = ctx.platform.sign_in(&call, account::Face::Portal, login, password, &address(peer)).await?;
    Ok(with_cookie(ctx, &signed_in.token, &own::after_sign_in(&signed_in, next)))
}

fn with_cookie(ctx: &PortalContext, token: &str, next: &str) -> Response {
    let cookie = cookie::write(Face::Portal, ctx.platform.settings.secure_cookies, token);
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(next)).into_response()
}

async fn draw_register(ctx: &PortalContext, form: &Fields, refused: &[Refusal]) -> Result<Response, WebError> {
    let page = ctx.page("", "单位注册").await?.crumb("首页", "/").failed(!refused.is_empty());
    let regions = ctx.platform.rules.regions;
    let text = |name: &'static str, label: &'static str| {
        Field::text(name, label).value(form.get(name)).errors(refused).required()
    };
    let page = Register {
        page,
        once: ctx.once(),
        summary: ErrorSummary::new(refused),
        unit: vec![
            text("name", "单位全称")
                .max(100)
                .autocomplete("organization")
                .hint("与营业执照或登记证书一致，将印在项目代码证和审批文件上。"),
            text("credit_code", "统一社会信用代码").max(18).hint("18 位数字和大写字母，提交时自动核验校验位。").guide(
                "一个单位只注册一次，代码用来认定项目单位，也用于与信用、公共资源交易等平台共享办理结果。",
                "办法第十九条；GB 32100-2015",
                "照抄营业执照或登记证书右上角的代码；不含字母 I、O、S、V、Z。",
            ),
            Field::select("nature", "单位性质", NATURES.map(|(slug, name)| Choice::new(slug, name)))
                .value(form.get("nature"))
                .errors(refused)
                .required(),
            Field::region(
                "city",
                "region",
                "单位所在地",
                areas(regions),
                seats(regions, form.get("city")),
                "/register/places",
            )
            .value(form.get("city"))
            .value(form.get("region"))
            .errors(refused)
            .required()
            .hint("单位注册地。区外单位也可以注册，项目建设地点在申报时另填。"),
        ],
        contact: vec![
            text("contact_name", "联系人").max(50).autocomplete("name"),
            text("contact_phone", "联系电话").max(20).autocomplete("tel").hint("固定电话带区号，或 11 位手机号。"),
        ],
        access: vec![
            text("login", "登录名")
                .max(40)
                .autocomplete("username")
                .hint("4 至 40 个字母、数字或 . _ - @，不区分大小写。"),
            Field::password("password", "密码", "new-password")
                .errors(refused)
                .required()
                .max(128)
                .hint("至少 10 个字符，大写字母、小写字母、数字、符号中至少三类；不含常见口令和登录名。"),
            Field::password("password_again", "再输一次密码", "new-password").errors(refused).required().max(128),
        ],
        consent: Field::check(
            "privacy_agreed",
            "告知与同意",
            format!("我已阅读并理解个人信息处理告知（{PRIVACY_NOTICE} 版），同意按其处理联系人信息。"),
        )
        .value(form.get("privacy_agreed"))
        .errors(refused)
        .required(),
        notice: PRIVACY_NOTICE,
    };
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(page.render()?)).into_response())
}

/// First list: the region itself and its prefectures, then the other provinces.
fn areas(regions: &Regions) -> Vec<Choice> {
    let own = regions.get(INNER_MONGOLIA).into_iter().chain(regions.children(INNER_MONGOLIA));
    let others = regions.iter().filter(|r| r.level == Level::Province && r.code != INNER_MONGOLIA);
    own.chain(others).map(|r| Choice::new(r.code.as_str(), &r.name)).collect()
}

/// Second list: the chosen area itself and what lies directly below; the autonomous region alone has its prefectures above.
fn seats(regions: &Regions, area: &str) -> Vec<Choice> {
    let Some(area) = RegionCode::parse(area).and_then(|code| regions.get(code)) else { return Vec::new() };
    let itself = Choice::new(area.code.as_str(), format!("{}本级", area.name));
    let below = regions.children(area.code).filter(|_| area.code != INNER_MONGOLIA);
    std::iter::once(itself).chain(below.map(|r| Choice::new(r.code.as_str(), &r.name))).collect()
}

#[derive(Deserialize)]
struct Area {
    #[serde(default)]
    city: String,
}

async fn places(ctx: PortalContext, Query(area): Query<Area>) -> Html<String> {
    Html(Options::new(seats(ctx.platform.rules.regions, &area.city), "").to_string())
}

// ── 登录、退出 ──

#[derive(Template)]
#[template(path = "portal/account_login.html")]
struct Login {
    page: Page,
    next: String,
    summary: ErrorSummary,
    login: Field,
    password: Field,
    note: Option<Note>,
    /// What the provider of unified identity is called, where there is one.
    outside: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn login_form(ctx: PortalContext, Query(next): Query<Next>) -> Result<Response, WebError> {
    let next = local(&next.next);
    if ctx.has_session() {
        return Ok(Redirect::to(&own::next_page(ctx.owed, next)).into_response());
    }
    draw_login(&ctx, next, "", &[]).await
}

async fn login(peer: Peer, Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    let (next, name) = (local(form.get("next")), form.get("login"));
    let signed_in =
        ctx.platform.sign_in(&ctx.call, account::Face::Portal, name, form.get("password"), &address(peer)).await;
    match refusals(signed_in)? {
        Ok(signed_in) => Ok(with_cookie(&ctx, &signed_in.token, &own::after_sign_in(&signed_in, next))),
        Err(refused) => draw_login(&ctx, next, name, &refused).await,
    }
}

async fn draw_login(ctx: &PortalContext, next: &str, name: &str, refused: &[Refusal]) -> Result<Response, WebError> {
    let mut page = ctx.page("", "单位登录").await?.crumb("首页", "/").failed(!refused.is_empty());
    if refused.is_empty()
        && let Some(words) = ctx.platform.farewell(account::Face::Portal, &ctx.ended).await?
    {
        page = page.flash(Tone::Yellow, words);
    }
    let asked = next != PROJECTS && refused.is_empty();
    let page = Login {
        page,
        next: next.to_owned(),
        summary: ErrorSummary::new(refused),
        login: Field::text("login", "登录名").value(name).errors(refused).required().max(40).autocomplete("username"),
        password: Field::password("password", "密码", "current-password").required().max(128),
        outside: ctx.platform.outside_name().map(str::to_owned),
        note: asked
            .then(|| Note::new(Tone::Blue, "请先登录", "登录后将回到您刚才要打开的页面。尚未注册的单位请先注册。")),
    };
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(page.render()?)).into_response())
}

async fn logout(Posted { ctx, .. }: Posted<PortalContext>) -> Result<Response, WebError> {
    if ctx.has_session() {
        ctx.platform.sign_out(&ctx.call, &ctx.token).await?;
    }
    Ok(with_cookie(&ctx, "", "/?done=signed_out"))
}

/// Where a unit goes after signing in.
const PROJECTS: &str = "/projects";

/// A path on this site, or the list of projects: nobody is sent elsewhere by a link to the sign-in page.
pub(crate) fn local(next: &str) -> &str {
    let path = next.starts_with('/') && !next.starts_with("//") && next.len() <= 500;
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if path && plain && !next.starts_with("/login") { next } else { PROJECTS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::region::default_regions;

    #[test]
    fn a08_after_signing_in_only_paths_of_this_site_are_followed() {
        for good in ["/projects/1", "/declare?draft=3", "/public?q=%E5%85%89"] {
            assert_eq!(local(good), good);
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nx: y", "/login?next=/", "/光"]
        {
            assert_eq!(local(bad), PROJECTS, "{bad}");
        }
    }

    #[test]
    fn every_place_offered_is_a_region_that_registration_takes() {
        let regions = default_regions();
        let areas = areas(regions);
        assert_eq!(areas.first().map(|c| c.value.as_str()), Some("150000"));
        for area in &areas {
            let seats = seats(regions, &area.value);
            assert!(!seats.is_empty(), "{}", area.text);
            assert!(seats.iter().all(|s| RegionCode::parse(&s.value).is_some_and(|c| regions.exists(c))));
        }
        assert!(seats(regions, "nowhere").is_empty());
        assert!(seats(regions, "150400").iter().any(|s| s.value == "150402"));
    }
}
