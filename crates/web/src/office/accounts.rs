//! 账号管理: find an account, enable a disused one, take a second factor away by two administrators (S-07, A-08).

use super::{frame, signed_in, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{Action, Empty, ErrorSummary, Facts, Field, Note, Pill, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{Refusal, ids::AccountId};
use platform::account::{AccountRow, Face, FoundAccounts, SHOWN};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/accounts", show).audited(),
        Route::post(Access::SignedIn, "/accounts/{id}/enable", enable),
        Route::post(Access::SignedIn, "/accounts/{id}/reset", propose),
        Route::post(Access::SignedIn, "/accounts/{id}/reset/confirm", confirm),
        Route::post(Access::SignedIn, "/accounts/{id}/reset/reject", reject),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    done: String,
}

/// An account with what the caller may do to it.
struct Line {
    id: AccountId,
    title: String,
    state: Pill,
    facts: Facts,
    /// The reason that enabling or proposing asks for.
    reason: Option<Field>,
    may_enable: bool,
    may_propose: bool,
    /// Confirming and refusing the proposal.
    answers: Vec<Action>,
    /// Where it stands alone, with its form; empty when it does already.
    alone: String,
}

#[derive(Template)]
#[template(path = "office/accounts.html")]
struct AccountsPage {
    page: Page,
    summary: ErrorSummary,
    once: String,
    words: String,
    query: Field,
    waiting: Vec<Line>,
    found: Vec<Line>,
    /// There may be more than are shown.
    more: Option<Note>,
    nothing: Empty,
}

/// `alone`: the only one found; a form stands on the page once.
fn line(ctx: &OfficeContext, row: AccountRow, alone: bool, errors: &[Refusal]) -> Line {
    let state = match () {
        () if row.disabled => Pill::new(Tone::Red, "已停用"),
        () if row.unused => Pill::new(Tone::Red, "长期未使用，已停用"),
        () if row.used_at.is_none() => Pill::new(Tone::Grey, "没有设置密码"),
        () => Pill::new(Tone::Green, "可以登录"),
    };
    let face = if row.face == Face::Portal { "门户" } else { "审批监管系统" };
    let mut facts = Facts::new()
        .row("登录名", format!("{}（{face}）", row.login))
        .row("所在", &row.place)
        .row("最近使用", row.used_at.map_or("从未使用".to_owned(), |at| at.display()))
        .row("双因素认证", if row.has_factor { "已启用" } else { "未启用" });
    let mut answers = Vec::new();
    if let Some(reset) = &row.reset {
        let words = format!("{} 于 {} 提出：{}", reset.by_name, reset.at.display(), reset.reason);
        facts = facts.wide("重置申请", words);
        if row.may_confirm {
            let post = |path: &str, label: &'static str| {
                Action::post(format!("/accounts/{}/reset/{path}", row.id), ctx.csrf(), label).with("_once", ctx.once())
            };
            let warning = "确认后原来的验证器和恢复代码立即失效，该账号全部退出，下次登录须用密码登录并重新启用。";
            answers.push(post("confirm", "确认重置").danger().confirm("确认重置双因素认证？", warning));
            let kept = "不同意后原来的验证器和恢复代码仍然有效；确需重置的，由系统管理员重新提出。";
            answers.push(post("reject", "不同意").confirm("不同意这项重置申请？", kept));
        }
    }
    let may_enable = alone && row.may_enable && (row.unused || row.disabled);
    let may_propose = alone && row.may_propose && row.has_factor && row.reset.is_none();
    let reason = (may_enable || may_propose).then(|| {
        Field::text("reason", "核对身份的方式和理由")
            .required()
            .max(200)
            .errors(errors)
            .hint("例如：本人持工作证到场；手机丢失，已挂失。写入账号的记录，不能修改。")
    });
    let alone = if alone { String::new() } else { format!("/accounts?q={}", row.id) };
    Line { title: row.name.clone(), id: row.id, state, facts, reason, may_enable, may_propose, answers, alone }
}

async fn draw(ctx: &OfficeContext, words: &str, errors: Vec<Refusal>, done: &str) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let failed = !errors.is_empty();
    let waiting = ctx.platform.open_resets(&ctx.call).await?;
    let FoundAccounts { rows: found, more } = ctx.platform.find_accounts(&ctx.call, words).await?;
    let page = frame(ctx, "", "账号管理").await?.crumb("待办", "/").failed(failed);
    let page = match done {
        "enabled" => page.flash(Tone::Green, "账号已重新启用，本人现在可以登录。"),
        "proposed" => page.flash(Tone::Green, "重置申请已提出，请安全管理员在 7 天内确认。"),
        "reset" => page.flash(Tone::Green, "双因素认证已重置，本人下次登录时会看到说明并重新启用。"),
        "rejected" => page.flash(Tone::Yellow, "已不同意这项重置申请，原来的验证器仍然有效。"),
        _ => page,
    };
    let nothing = if words.is_empty() {
        Empty::new("search", "先查找账号", "输入完整的登录名、工作人员姓名或者单位全称。")
    } else {
        Empty::new("search", "没有找到", "没有这个登录名、姓名或者单位，或者不在您的管理范围内。请核对后再查。")
    };
    let alone = found.len() == 1;
    let view = AccountsPage {
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        words: words.to_owned(),
        query: Field::text("q", "查找")
            .value(words)
            .required()
            .max(100)
            .hint("完整的登录名、工作人员姓名或者单位全称。"),
        more: more.then(|| {
            let words = format!("同名的账号较多，只查了前 {SHOWN} 个。请改用登录名查找。");
            Note::new(Tone::Yellow, "还有没有列出的账号", words)
        }),
        // An account that was searched for stands below, once.
        waiting: waiting
            .into_iter()
            .filter(|row| !found.iter().any(|other| other.id == row.id))
            .map(|row| line(ctx, row, false, &[]))
            .collect(),
        found: found.into_iter().map(|row| line(ctx, row, alone, &errors)).collect(),
        nothing,
        page,
    };
    step::drawn(view, failed)
}

async fn show(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    draw(&ctx, asked.q.trim(), vec![], &asked.done).await
}

fn account(id: &str) -> Result<AccountId, WebError> {
    AccountId::parse(id).ok_or(WebError::NotFound)
}

/// Back to the account that was searched for, saying what was done; or the refusals.
async fn finish(
    ctx: &OfficeContext,
    form: &Fields,
    result: Result<(), platform::Failure>,
    done: &str,
) -> Result<Response, WebError> {
    match refusals(result)? {
        Ok(()) => {
            let query = super::query([("q", form.get("q").to_owned()), ("done", done.to_owned())]);
            Ok(to(format!("/accounts{query}")))
        }
        Err(errors) => draw(ctx, form.get("q"), errors, "").await,
    }
}

async fn enable(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let result = ctx.platform.enable_account(&ctx.call, &account(&id)?, form.get("reason")).await;
    finish(&ctx, &form, result, "enabled").await
}

async fn propose(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let result = ctx.platform.propose_factor_reset(&ctx.call, &account(&id)?, form.get("reason")).await;
    finish(&ctx, &form, result, "proposed").await
}

async fn confirm(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let result = ctx.platform.confirm_factor_reset(&ctx.call, &account(&id)?).await;
    finish(&ctx, &form, result, "reset").await
}

async fn reject(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let result = ctx.platform.reject_factor_reset(&ctx.call, &account(&id)?).await;
    finish(&ctx, &form, result, "rejected").await
}
