//! 双因素认证 of the own account: enrol, change the phone, new recovery codes, switch off where that is allowed (S-04).

use super::{AccountFace, Asked, after_sign_in, code::code_field, draw, new_cookie, to};
use crate::{
    Posted, WebError,
    app::refusals,
    html::{self, Field, Markup, Note, Tone},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::Query,
    response::{IntoResponse, Response},
};
use domain::Refusal;
use platform::account::Confirmed;

const TITLE: &str = "双因素认证";

#[derive(Template)]
#[template(path = "kit/account_factor.html")]
struct FactorForm {
    csrf: String,
    next: String,
    /// Whether nothing else is open before.
    owed: bool,
    required: bool,
    since: Option<String>,
    codes_left: u64,
    told: Option<Note>,
    /// Seed, picture and field of the first code while an enrolment waits.
    enrolling: Option<(String, Markup, Field)>,
    password: Field,
    code: Field,
}

impl HtmlSafe for FactorForm {}

#[derive(Template)]
#[template(path = "kit/account_codes.html")]
struct Codes {
    codes: Vec<String>,
    next: String,
}

impl HtmlSafe for Codes {}

async fn form<C: AccountFace>(ctx: &C, next: &str, refused: &[Refusal]) -> Result<Response, WebError> {
    let context = ctx.context();
    let stands = context.platform.factor_page(&context.call, C::FACE, &context.token).await?;
    let first_code = Field::digits("code", "验证码")
        .errors(refused)
        .required()
        .max(8)
        .autocomplete("one-time-code")
        .hint("添加后验证器显示的 6 位数字，每 30 秒变一次。");
    let told = stands.reset_at.map(|at| {
        let words = format!(
            "您原来的双因素认证于 {} 由系统管理员提出、安全管理员确认重置。如不是您申请的，请立即联系本单位管理员。",
            at.display()
        );
        Note::new(Tone::Yellow, "原来的验证器已失效", words)
    });
    let content = FactorForm {
        csrf: context.csrf(),
        next: C::local(next).to_owned(),
        owed: stands.owed,
        required: stands.required,
        since: stands.since.map(|at| at.display()),
        codes_left: stands.codes_left,
        told,
        enrolling: stands
            .enrolling
            .map(|new| (new.secret, html::qr(new.address, "供验证器扫描的二维码，内容与下面的密钥相同"), first_code)),
        password: Field::password("password", "密码", "current-password").errors(refused).required().max(128),
        code: code_field(refused),
    };
    draw(ctx, TITLE, Markup::of(content), refused, None).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    form(&ctx, &asked.next, &[]).await
}

pub async fn begin<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), sent.get("code"));
    let begun = context.platform.begin_factor(&context.call, C::FACE, &context.token, proofs, &context.source()).await;
    match refusals(begun)? {
        Ok(()) => {
            let query = serde_urlencoded::to_string([("next", C::local(sent.get("next")))]).unwrap_or_default();
            Ok(to(&format!("/account/factor?{query}")))
        }
        Err(refused) => form(&ctx, sent.get("next"), &refused).await,
    }
}

pub async fn confirm<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let (code, source) = (sent.get("code"), context.source());
    let confirmed = context.platform.confirm_factor(&context.call, C::FACE, &context.token, code, &source).await;
    match refusals(confirmed)? {
        Ok(Confirmed { codes, session: None }) => show_codes(&ctx, codes, "/account?done=factor".to_owned()).await,
        Ok(Confirmed { codes, session: Some(session) }) => {
            let next = after_sign_in(&session, C::local(sent.get("next")));
            let page = show_codes(&ctx, codes, next).await?;
            Ok(([new_cookie(&ctx, &session)], page).into_response())
        }
        Err(refused) => form(&ctx, sent.get("next"), &refused).await,
    }
}

/// The recovery codes, shown this once.
async fn show_codes<C: AccountFace>(ctx: &C, codes: Vec<String>, next: String) -> Result<Response, WebError> {
    let said = Some((Tone::Green, "双因素认证已启用。请先保存恢复代码，再继续。"));
    draw(ctx, TITLE, Markup::of(Codes { codes, next }), &[], said).await
}

pub async fn renew_codes<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), sent.get("code"));
    let source = context.source();
    let codes = context.platform.renew_recovery_codes(&context.call, C::FACE, &context.token, proofs, &source).await;
    match refusals(codes)? {
        Ok(codes) => {
            let said = Some((Tone::Green, "新的恢复代码已生成，原来的全部作废。"));
            let content = Markup::of(Codes { codes, next: "/account".to_owned() });
            draw(&ctx, TITLE, content, &[], said).await
        }
        Err(refused) => form(&ctx, "", &refused).await,
    }
}

pub async fn remove<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), sent.get("code"));
    let removed =
        context.platform.remove_factor(&context.call, C::FACE, &context.token, proofs, &context.source()).await;
    match refusals(removed)? {
        Ok(()) => Ok(to("/account?done=removed")),
        Err(refused) => form(&ctx, "", &refused).await,
    }
}
