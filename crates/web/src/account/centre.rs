//! 账户中心: password, second factor, sessions, sign-in history (S-02, S-04, S-07).

use super::{AccountFace, Asked, draw, to};
use crate::{
    Posted, WebError,
    app::refusals,
    html::{Action, Facts, Markup, Pill, Tone},
    notification::Pending,
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::{Path, Query},
    response::Response,
};
use platform::account::{AccountPage, Outcome};

pub const TITLE: &str = "账户中心";

/// One live session.
struct Place {
    source: String,
    since: String,
    seen: String,
    /// Ending it; `None` for the present one.
    end: Option<Action>,
}

/// One line of the history.
struct Line {
    at: String,
    source: String,
    outcome: Pill,
}

#[derive(Template)]
#[template(path = "kit/account.html")]
struct Centre {
    password: Facts,
    factor: Facts,
    has_factor: bool,
    places: Vec<Place>,
    end_others: Option<Action>,
    history: Vec<Line>,
    /// New addresses of notifications that do not count yet.
    pending: Option<Pending>,
    /// What the provider of unified identity is called, where there is one.
    outside: Option<String>,
    /// On the portal: the way to the person's own data.
    personal: bool,
}

impl HtmlSafe for Centre {}

/// A source as people read it.
fn from(source: &str) -> String {
    if source.is_empty() { "未记录".to_owned() } else { source.to_owned() }
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Done | Outcome::Outside => Tone::Green,
        Outcome::Recovered | Outcome::Reset => Tone::Yellow,
        _ => Tone::Red,
    }
}

fn draw_centre(account: AccountPage, csrf: &str, outside: Option<String>, personal: bool) -> Centre {
    let single = account.sessions.len() < 2;
    let places = account.sessions.iter().map(|row| Place {
        source: from(&row.source),
        since: row.created_at.display(),
        seen: row.seen_at.display(),
        end: (row.id != account.current).then(|| {
            Action::post(format!("/account/sessions/{}/end", row.id), csrf, "结束")
                .danger()
                .confirm("结束这次登录？", "那一处会立即退出，没有提交的内容会丢失。")
        }),
    });
    let end_others = (!single).then(|| {
        Action::post("/account/sessions/end-others", csrf, "结束其他全部登录")
            .danger()
            .confirm("结束其他全部登录？", "除本处以外都会立即退出。发现不是本人的登录时，请同时修改密码。")
    });
    let until = account.password_until.map_or_else(|| "演示环境不限期".to_owned(), |at| at.date().to_string());
    let password = Facts::new()
        .single()
        .row("登录名", &account.login)
        .row("上次设置", account.password_at.display())
        .row("须在此前修改", until);
    let mut ways: Vec<String> = account.factor_since.iter().map(|_| "手机验证器".to_owned()).collect();
    ways.extend(account.keys.iter().map(|key| format!("{}“{}”", key.kind.name(), key.name)));
    let has_factor = !ways.is_empty();
    let state = match (has_factor, account.factor_required) {
        (true, _) => format!("已启用：{}", ways.join("、")),
        (false, true) => "未启用，本平台要求启用".to_owned(),
        (false, false) => "未启用，建议启用".to_owned(),
    };
    let mut factor = Facts::new().single().row("状态", state);
    if has_factor {
        factor = factor.row("没有用过的恢复代码", format!("{} 个", account.codes_left));
    }
    let history = account.history.iter().map(|line| Line {
        at: line.at.display(),
        source: from(&line.source),
        outcome: Pill::new(tone(line.outcome), line.outcome.name()),
    });
    let pending = account.pending.as_ref().map(|pending| Pending::new(pending, csrf));
    Centre {
        password,
        factor,
        has_factor,
        places: places.collect(),
        end_others,
        history: history.collect(),
        pending,
        outside,
        personal,
    }
}

fn said(done: &str) -> Option<(Tone, &'static str)> {
    Some(match done {
        "password" => (Tone::Green, "密码已修改，其他地方的登录已全部退出。"),
        "factor" => (Tone::Green, "双因素认证已启用，其他地方的登录已全部退出。"),
        "removed" => (Tone::Yellow, "双因素认证已停用。"),
        "key" => (Tone::Green, "登记成功，下次登录就可以使用。其他地方的登录已全部退出。"),
        "key_removed" => (Tone::Yellow, "已移除，以后不能再用它登录。其他地方的登录已全部退出。"),
        "ended" => (Tone::Green, "已结束所选的登录。"),
        "stopped" => (Tone::Green, "已停止，继续使用原来的通知地址。如果不是您本人申请的，请立即修改密码。"),
        "replaced" => (
            Tone::Yellow,
            "您在另一处的登录已被结束：管理员账号同一时间只能在一处登录。如果那不是您本人，请立即修改密码。",
        ),
        _ => return None,
    })
}

pub async fn show<C: AccountFace>(ctx: C, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let context = ctx.context();
    let account = context.platform.account_page(&context.call, C::FACE, &context.token).await?;
    let content = draw_centre(
        account,
        &context.csrf(),
        context.platform.outside_name().map(str::to_owned),
        C::COOKIE == crate::Face::Portal,
    );
    draw(&ctx, TITLE, Markup::of(content), &[], said(&asked.done)).await
}

pub async fn end<C: AccountFace>(Path(id): Path<String>, Posted { ctx, .. }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    context.platform.end_session(&context.call, C::FACE, &context.token, &id).await?;
    Ok(to("/account?done=ended"))
}

pub async fn end_others<C: AccountFace>(Posted { ctx, .. }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    context.platform.end_other_sessions(&context.call, C::FACE, &context.token).await?;
    Ok(to("/account?done=ended"))
}

pub async fn stop_addresses<C: AccountFace>(Posted { ctx, .. }: Posted<C>) -> Result<Response, WebError> {
    let context = ctx.context();
    match refusals(context.platform.stop_addresses(&context.call).await)? {
        Ok(()) => Ok(to("/account?done=stopped")),
        Err(refused) => {
            let account = context.platform.account_page(&context.call, C::FACE, &context.token).await?;
            let outside = context.platform.outside_name().map(str::to_owned);
            let content = draw_centre(account, &context.csrf(), outside, C::COOKIE == crate::Face::Portal);
            draw(&ctx, TITLE, Markup::of(content), &refused, None).await
        }
    }
}
