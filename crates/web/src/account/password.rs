//! Changing the own password (S-01).

use super::{AccountFace, Asked, draw, to};
use crate::{
    Posted, WebError,
    app::refusals,
    html::{Field, Markup},
};
use askama::{Template, filters::HtmlSafe};
use axum::{extract::Query, response::Response};
use domain::Refusal;
use platform::account::Owed;

const TITLE: &str = "修改密码";

#[derive(Template)]
#[template(path = "kit/account_password.html")]
struct PasswordForm {
    csrf: String,
    next: String,
    /// Whether nothing else is open before.
    owed: bool,
    days: i64,
    fields: Vec<Field>,
}

impl HtmlSafe for PasswordForm {}

async fn form<C: AccountFace>(ctx: &C, next: &str, refused: &[Refusal]) -> Result<Response, WebError> {
    let context = ctx.context();
    if !context.is_signed_in() && context.owed != Owed::Password {
        return Err(WebError::SignInNeeded);
    }
    let hint = format!(
        "至少 {} 个字符，大写字母、小写字母、数字、符号中至少三类；不含常见口令和登录名；不能是最近 5 次用过的。",
        C::FACE.password_length()
    );
    let field = |name, label, complete| Field::password(name, label, complete).errors(refused).required().max(128);
    let content = PasswordForm {
        csrf: context.csrf(),
        next: next.to_owned(),
        owed: context.owed == Owed::Password,
        days: context.platform.settings.sign_in.password_days,
        fields: vec![
            field("password", "现在的密码", "current-password"),
            field("new_password", "新密码", "new-password").hint(hint),
            field("again", "再输一次新密码", "new-password"),
        ],
    };
    draw(ctx, TITLE, Markup::of(content), refused, None).await
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    form(&ctx, &asked.next, &[]).await
}

pub async fn change<C: AccountFace>(Posted { ctx, form: sent }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    if sent.get("new_password") != sent.get("again") {
        let differs = Refusal::field("again", "account.password_again", "两次输入的新密码不一致，请重新输入。");
        return form(&ctx, sent.get("next"), &[differs]).await;
    }
    let words = (sent.get("password"), sent.get("new_password"));
    let changed =
        context.platform.change_password(&context.call, C::FACE, &context.token, words, &context.source()).await;
    match refusals(changed)? {
        Ok(()) if context.owed == Owed::Password => Ok(to(C::local(sent.get("next")))),
        Ok(()) => Ok(to("/account?done=password")),
        Err(refused) => form(&ctx, sent.get("next"), &refused).await,
    }
}
