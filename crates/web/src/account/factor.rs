//! 双因素认证 of the own account: what there is, enrol, change the phone, new recovery codes, switch off where that is allowed (S-04).

use super::{
    AccountFace, Asked, after_sign_in, draw,
    keys::{name_field, public_key_field},
    new_cookie,
    proofs::{ASK, Places, Proofs, Sign, about_passkey, offered},
    to,
};
use crate::{
    Fields, Posted, PostedFiles, WebError,
    app::refusals,
    html::{self, Field, Markup, Note, Pill, Tone},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::Query,
    response::{IntoResponse, Response},
};
use domain::{Moment, Refusal};
use platform::account::{Confirmed, Key};

const TITLE: &str = "双因素认证";

/// A factor as it stands in the list.
struct Held {
    name: String,
    kind: &'static str,
    since: String,
    used: String,
    state: Pill,
    /// Id of a key; empty for the app.
    id: String,
}

/// A passkey that is about to be created.
struct NewPasskey {
    name: Field,
    options: String,
    origin: String,
    refused: Vec<Refusal>,
}

/// An SM2 key that is about to be registered.
struct NewSm2 {
    name: Field,
    public_key: Field,
    sign: Sign,
}

#[derive(Template)]
#[template(path = "kit/account_factor.html")]
struct FactorForm {
    csrf: String,
    next: String,
    /// Whether nothing else is open before.
    owed: bool,
    /// Whether there is an app.
    app: bool,
    held: Vec<Held>,
    /// Whether the last one may be taken away.
    removable: bool,
    codes_left: u64,
    told: Option<Note>,
    /// Seed, picture and field of the first code while an enrolment waits.
    enrolling: Option<(String, Markup, Field)>,
    new_sm2: Option<NewSm2>,
    new_passkey: Option<NewPasskey>,
    /// Whether passkeys can be used at this address.
    passkeys: bool,
    password: Field,
    proofs: Option<Proofs>,
    /// Renaming refused.
    rename: Vec<Refusal>,
}

impl HtmlSafe for FactorForm {}

#[derive(Template)]
#[template(path = "kit/account_codes.html")]
struct Codes {
    codes: Vec<String>,
    next: String,
}

impl HtmlSafe for Codes {}

fn day(at: Option<Moment>) -> String {
    at.map_or_else(|| "还没有".to_owned(), Moment::display)
}

fn held(key: &Key, now: Moment) -> Held {
    let state = match key.until {
        Some(_) if key.is_over(now) => Pill::new(Tone::Red, "证书已到期"),
        Some(until) => Pill::new(Tone::Green, format!("证书有效至 {}", until.date())),
        None => Pill::new(Tone::Green, "可以使用"),
    };
    let (id, name) = (key.id.clone(), key.name.clone());
    Held { name, kind: key.kind.name(), since: key.at.display(), used: day(key.used_at), state, id }
}

pub async fn form<C: AccountFace>(
    ctx: &C,
    next: &str,
    sent: &Fields,
    refused: &[Refusal],
) -> Result<Response, WebError> {
    draw_form(ctx, next, sent, refused, None).await
}

async fn draw_form<C: AccountFace>(
    ctx: &C,
    next: &str,
    sent: &Fields,
    refused: &[Refusal],
    said: Option<(Tone, &'static str)>,
) -> Result<Response, WebError> {
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
        Note::new(Tone::Yellow, "原来的验证器和证书已失效", words)
    });
    let now = context.platform.clock.now();
    let app = stands.since.map(|since| Held {
        name: "手机验证器".to_owned(),
        kind: "动态口令",
        since: since.display(),
        used: String::new(),
        state: Pill::new(Tone::Green, "可以使用"),
        id: String::new(),
    });
    let list: Vec<_> = app.into_iter().chain(stands.keys.iter().map(|key| held(key, now))).collect();
    let origin = context.platform.passkey_origin(C::FACE);
    let proofs = if stands.owed || list.is_empty() {
        None
    } else {
        let ways = context.platform.ways(&context.call, C::FACE, &context.token).await?;
        let places =
            Places { download: "/account/factor/challenge.txt", passkey: "/account/factor/passkey/ask", submit: false };
        Some(Proofs::new(ways, places, origin.clone(), refused))
    };
    let content = FactorForm {
        csrf: context.csrf(),
        next: C::local(next).to_owned(),
        owed: stands.owed,
        app: stands.since.is_some(),
        removable: list.len() > 1 || !stands.required,
        held: list,
        codes_left: stands.codes_left,
        told,
        enrolling: stands.enrolling.map(|new| {
            (
                (*new.secret).clone(),
                html::qr((*new.address).clone(), "供验证器扫描的二维码，内容与下面的密钥相同"),
                first_code,
            )
        }),
        new_sm2: stands.new_sm2.map(|challenge| NewSm2 {
            name: name_field(sent, refused),
            public_key: public_key_field(sent, refused),
            sign: Sign::new(challenge, "/account/factor/sm2/challenge.txt", refused),
        }),
        new_passkey: stands.new_passkey.map(|options| NewPasskey {
            name: name_field(sent, refused),
            options,
            origin: origin.clone().unwrap_or_default(),
            refused: about_passkey(refused),
        }),
        passkeys: origin.is_some(),
        password: Field::password("password", "密码", "current-password").errors(refused).required().max(128),
        proofs,
        rename: refused.iter().filter(|refusal| refusal.field.as_deref() == Some("name")).cloned().collect(),
    };
    draw(ctx, TITLE, Markup::of(content), refused, said).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let said = (asked.done == "named").then_some((Tone::Green, "名称已修改。"));
    draw_form(&ctx, &asked.next, &Fields::default(), &[], said).await
}

/// On to the page of the enrolment that was begun.
pub fn enrolling<C: AccountFace>(next: &str) -> Response {
    let query = serde_urlencoded::to_string([("next", C::local(next))]).unwrap_or_default();
    to(&format!("/account/factor?{query}"))
}

pub async fn begin<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), offered(&sent));
    let begun = context.platform.begin_factor(&context.call, C::FACE, &context.token, proofs, &context.source()).await;
    match refusals(begun)? {
        Ok(()) => Ok(enrolling::<C>(sent.get("next"))),
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

pub async fn cancel<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    context.platform.cancel_enrolment(&context.call, C::FACE, &context.token).await?;
    Ok(enrolling::<C>(sent.get("next")))
}

pub async fn confirm<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let (code, source) = (sent.get("code"), context.source());
    let done = context.platform.confirm_factor(&context.call, C::FACE, &context.token, code, &source).await;
    match refusals(done)? {
        Ok(done) => confirmed(&ctx, done, sent.get("next"), "/account?done=factor").await,
        Err(refused) => form(&ctx, sent.get("next"), &sent, &refused).await,
    }
}

/// What follows on a confirmed enrolment: new recovery codes if there are any, the cookie of a session that became whole.
pub async fn confirmed<C: AccountFace>(
    ctx: &C,
    done: Confirmed,
    next: &str,
    centre: &'static str,
) -> Result<Response, WebError> {
    let next = match &done.session {
        None => centre.to_owned(),
        Some(session) => after_sign_in(session, C::local(next)),
    };
    let page = if done.codes.is_empty() { to(&next) } else { show_codes(ctx, done.codes, next).await? };
    Ok(match &done.session {
        None => page,
        Some(session) => ([new_cookie(ctx, session)], page).into_response(),
    })
}

/// The recovery codes, shown this once.
async fn show_codes<C: AccountFace>(ctx: &C, codes: Vec<String>, next: String) -> Result<Response, WebError> {
    let said = Some((Tone::Green, "双因素认证已启用。请先保存恢复代码，再继续。"));
    draw(ctx, TITLE, Markup::of(Codes { codes, next }), &[], said).await
}

pub async fn renew_codes<C: AccountFace>(
    PostedFiles { ctx, form: sent }: PostedFiles<C>,
) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), offered(&sent));
    let source = context.source();
    let codes = context.platform.renew_recovery_codes(&context.call, C::FACE, &context.token, proofs, &source).await;
    match refusals(codes)? {
        Ok(codes) => {
            let said = Some((Tone::Green, "新的恢复代码已生成，原来的全部作废。"));
            let content = Markup::of(Codes { codes, next: "/account".to_owned() });
            draw(&ctx, TITLE, content, &[], said).await
        }
        Err(refused) => form(&ctx, "", &sent, &refused).await,
    }
}

pub async fn remove<C: AccountFace>(PostedFiles { ctx, form: sent }: PostedFiles<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    let proofs = (sent.get("password"), offered(&sent));
    let removed =
        context.platform.remove_factor(&context.call, C::FACE, &context.token, proofs, &context.source()).await;
    match refusals(removed)? {
        Ok(()) => Ok(to("/account?done=removed")),
        Err(refused) => form(&ctx, "", &sent, &refused).await,
    }
}
