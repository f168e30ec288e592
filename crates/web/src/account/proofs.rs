//! What a person proves the second factor with: whichever ways the account has, in one form. The same block at the second step
//! of signing in and before every change of the own factors (S-04, P-01).

use super::{AccountFace, to};
use crate::{Fields, Posted, WebError, app::refusals, html::Field};
use askama::{Template, filters::HtmlSafe};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{Refusal, account::factor::Purpose};
use platform::account::{Challenge, Ways};

/// The challenge of an SM2 key and where its signature goes.
#[derive(Template)]
#[template(path = "kit/account_sign.html")]
pub struct Sign {
    text: String,
    until: String,
    download: &'static str,
    signature: Field,
}

impl HtmlSafe for Sign {}

impl Sign {
    /// From the challenge that waits; `download`: where its file is.
    pub fn new(challenge: Challenge, download: &'static str, refused: &[Refusal]) -> Self {
        Self {
            until: challenge.until.display(),
            text: challenge.text,
            download,
            signature: Field::textarea("signature", "签名结果", 3)
                .errors(refused)
                .max(1000)
                .hint("粘贴 Base64 文本；也可以不粘贴，在下面选择签名文件。"),
        }
    }
}

/// Where the browser asks for the challenge of a passkey.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// The challenge of an SM2 key as a file.
    pub download: &'static str,
    /// The challenge of a passkey.
    pub passkey: &'static str,
    /// Whether the answer of a passkey sends the form at once: where there is only one thing to do.
    pub submit: bool,
}

/// The button that asks a passkey.
struct AskPasskey {
    address: &'static str,
    origin: String,
    submit: bool,
    refused: Vec<Refusal>,
}

/// The block of one form.
#[derive(Template)]
#[template(path = "kit/account_proofs.html")]
pub struct Proofs {
    app: bool,
    code: Option<Field>,
    sm2: bool,
    sign: Option<Sign>,
    passkey: Option<AskPasskey>,
    /// Whether there is more than one way.
    choice: bool,
}

impl HtmlSafe for Proofs {}

/// Those of the refusals that are about a passkey.
pub fn about_passkey(refused: &[Refusal]) -> Vec<Refusal> {
    refused.iter().filter(|refusal| refusal.field.as_deref() == Some("passkey")).cloned().collect()
}

/// Id of the form beside that asks for a challenge.
pub const ASK: &str = "ask-challenge";

impl Proofs {
    /// The block for the ways an account has; `origin`: where passkeys belong, if they are offered.
    pub fn new(ways: Ways, places: Places, origin: Option<String>, refused: &[Refusal]) -> Self {
        let code = ways.app || ways.recovery;
        let choice = usize::from(code) + usize::from(ways.sm2) + usize::from(ways.passkey) > 1;
        let (label, hint) = if ways.app {
            ("验证码", "验证器现在显示的 6 位数字。手机不在身边的，输入一个没有用过的恢复代码。")
        } else {
            ("恢复代码", "证书、通行密钥不在身边的，输入一个没有用过的恢复代码。")
        };
        let field = Field::text("code", label).errors(refused).max(30).autocomplete("one-time-code").hint(hint);
        Self {
            app: ways.app,
            code: code.then(|| if choice { field } else { field.required() }),
            sm2: ways.sm2,
            sign: ways.challenge.map(|challenge| Sign::new(challenge, places.download, refused)),
            passkey: origin.filter(|_| ways.passkey).map(|origin| AskPasskey {
                address: places.passkey,
                origin,
                submit: places.submit,
                refused: about_passkey(refused),
            }),
            choice,
        }
    }

    /// Whether a challenge may be asked for, by the form beside.
    pub fn asks(&self) -> bool {
        self.sm2
    }
}

/// What was filled in: the answer of a passkey, a signature, pasted or as a file, or else a code.
pub fn offered(form: &Fields) -> &str {
    if form.has("passkey") {
        return form.get("passkey");
    }
    let signature = signature(form);
    if signature.trim().is_empty() { form.get("code") } else { signature }
}

/// A signature, pasted or as a file.
pub fn signature(form: &Fields) -> &str {
    if form.has("signature_file") { form.get("signature_file") } else { form.get("signature") }
}

async fn ask<C: AccountFace>(ctx: &C, purpose: Purpose) -> Result<Result<(), Vec<Refusal>>, WebError> {
    let context = ctx.context();
    refusals(context.platform.issue_challenge(&context.call, C::FACE, &context.token, purpose).await)
}

/// A challenge at the second step of signing in.
pub async fn ask_at_sign_in<C: AccountFace>(Posted { ctx, form }: Posted<C>) -> Result<Response, WebError> {
    match ask(&ctx, Purpose::SignIn).await? {
        Ok(()) => {
            let query = serde_urlencoded::to_string([("next", C::local(form.get("next")))]).unwrap_or_default();
            Ok(to(&format!("/sign-in/code?{query}#sign")))
        }
        Err(refused) => super::code::form(&ctx, form.get("next"), &refused).await,
    }
}

/// A challenge before a change of the own factors.
pub async fn ask_for_change<C: AccountFace>(Posted { ctx, form }: Posted<C>) -> Result<Response, WebError> {
    match ask(&ctx, Purpose::Change).await? {
        Ok(()) if form.get("back") == "outside" => Ok(to("/account/outside#sign")),
        Ok(()) if form.get("back") == "notifications" => Ok(to("/notifications#sign")),
        Ok(()) => Ok(to("/account/factor#sign")),
        Err(refused) => super::factor::form(&ctx, "", &Fields::default(), &refused).await,
    }
}

/// A challenge for a passkey, for the script of the page.
async fn ask_passkey<C: AccountFace>(ctx: &C, purpose: Purpose) -> Result<Response, WebError> {
    let context = ctx.context();
    let options = context.platform.ask_passkey(&context.call, C::FACE, &context.token, purpose).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], options).into_response())
}

pub async fn passkey_at_sign_in<C: AccountFace>(Posted { ctx, .. }: Posted<C>) -> Result<Response, WebError> {
    ask_passkey(&ctx, Purpose::SignIn).await
}

pub async fn passkey_for_change<C: AccountFace>(Posted { ctx, .. }: Posted<C>) -> Result<Response, WebError> {
    ask_passkey(&ctx, Purpose::Change).await
}

/// The challenge as a file, without an end of line.
async fn file<C: AccountFace>(ctx: &C, purpose: Purpose) -> Result<Response, WebError> {
    let context = ctx.context();
    let waiting = context.platform.challenge(&context.call, C::FACE, &context.token, purpose).await?;
    let Some(challenge) = waiting else {
        let words = "没有等待签名的挑战，或者已经超时。请回到上一页，重新取得挑战。";
        return Err(Refusal::new("key.no_challenge", words).into());
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"challenge.txt\"")),
    ];
    Ok((headers, challenge.text).into_response())
}

pub async fn file_at_sign_in<C: AccountFace>(ctx: C) -> Result<Response, WebError> {
    file(&ctx, Purpose::SignIn).await
}

pub async fn file_for_change<C: AccountFace>(ctx: C) -> Result<Response, WebError> {
    file(&ctx, Purpose::Change).await
}

pub async fn file_of_enrolment<C: AccountFace>(ctx: C) -> Result<Response, WebError> {
    file(&ctx, Purpose::Enrol).await
}
