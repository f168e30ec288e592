//! 委托: the own post handed to a colleague for a time, and taken back.

use super::{frame, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{Action, Choice, Empty, ErrorSummary, Field, Markup, Note, Pager, Pill, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use domain::{
    Refusal,
    account::{Delegating, LONGEST, Role},
    department::Agency,
    ids::AccountId,
    region::RegionCode,
};
use jiff::civil::Date;
use platform::{account::DelegationRow, work_list::Cursor};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/delegations", show),
        Route::post(Access::SignedIn, "/delegations", delegate),
        Route::post(Access::SignedIn, "/delegations/end", end),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
    /// Where the page of the list begins.
    after: String,
}

/// One delegation of the list.
struct Line {
    title: String,
    state: Pill,
    reason: String,
    days: String,
    /// Taking it back; only for whoever gave it, while it is not over.
    end: Option<Action>,
}

#[derive(Template)]
#[template(path = "office/delegations.html")]
struct DelegationsPage {
    page: Page,
    summary: ErrorSummary,
    once: String,
    /// The form; `None` for whoever has no post to delegate.
    fields: Option<Vec<Markup>>,
    lines: Vec<Line>,
    pager: Pager,
    empty: Empty,
}

/// Organ and role in one choice.
fn post_value(agency: &Agency, role: Role) -> String {
    let role = serde_json::to_value(role).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    format!("{}/{}/{role}", agency.department, agency.region)
}

fn read_post(text: &str) -> Option<(Agency, Role)> {
    let (department, rest) = text.split_once('/')?;
    let (region, role) = rest.split_once('/')?;
    Some((Agency::new(department, RegionCode::parse(region)?), Role::parse(role)?))
}

fn line(ctx: &OfficeContext, row: &DelegationRow, csrf: &str, today: Date) -> Line {
    let mine = ctx.call.actor.tag() == row.by.as_str();
    let (tone, words) = match () {
        () if today > row.until || row.until < row.from => (Tone::Grey, "已结束"),
        () if today < row.from => (Tone::Blue, "未开始"),
        () => (Tone::Green, "委托中"),
    };
    let title = if mine {
        format!("委托{}代行{}{}职责", row.name, row.agency.name(), row.role.name())
    } else {
        format!("受{}委托，代行{}{}职责", row.by_name, row.agency.name(), row.role.name())
    };
    let end = (mine && words != "已结束").then(|| {
        Action::post("/delegations/end", csrf, "收回")
            .danger()
            .with("_once", ctx.once())
            .with("account", &row.account)
            .with("at", row.at)
            .confirm("确认收回委托？", "收回后立即生效，受委托人不能再办理这个岗位的事项；已经办理的不受影响。")
    });
    let days =
        if row.until < row.from { "未开始即收回".to_owned() } else { format!("{} 至 {}", row.from, row.until) };
    Line { title, state: Pill::new(tone, words), reason: row.reason.clone(), days, end }
}

async fn fields(ctx: &OfficeContext, form: &Fields, errors: &[Refusal]) -> Result<Option<Vec<Markup>>, WebError> {
    let found = ctx.platform.delegable(&ctx.call).await?;
    if found.posts.is_empty() {
        return Ok(None);
    }
    let posts: Vec<_> = found
        .posts
        .iter()
        .map(|(agency, role)| Choice::new(post_value(agency, *role), format!("{} · {}", agency.name(), role.name())))
        .collect();
    let first = posts.first().map(|choice| choice.value.clone()).unwrap_or_default();
    let people = found.colleagues.iter().map(|(id, name)| Choice::new(id, name)).collect::<Vec<_>>();
    Ok(Some(vec![
        Markup::of(
            Field::select("role", "委托的岗位", posts)
                .value(step::or(form.get("role"), &first))
                .required()
                .errors(errors),
        ),
        Markup::of(
            Field::select("to", "受委托人", people)
                .value(form.get("to"))
                .required()
                .hint("本机关在岗的其他人员。拟办、审核、决定仍须由三个人分别办理。")
                .errors(errors),
        ),
        Markup::of(step::day_field(ctx, "from", "起始日", form, errors)),
        Markup::of(
            Field::date("until", "截止日")
                .value(form.get("until"))
                .required()
                .hint(format!("含当日，到期自动结束，最长 {LONGEST} 日。"))
                .errors(errors),
        ),
        step::line_field("reason", "委托的原因", 200, "例如：外出培训。", form, errors),
    ]))
}

async fn draw(ctx: &OfficeContext, form: &Fields, errors: Vec<Refusal>, said: &Said) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let page = frame(ctx, "work", "岗位委托").await?.crumb("待办", "/").failed(failed);
    let page = match said.said.as_str() {
        "delegated" => page.flash(Tone::Green, "委托已登记，到起始日自动生效。"),
        "ended" => page.flash(Tone::Green, "委托已收回。"),
        _ => page,
    };
    let today = ctx.platform.clock.now().date();
    let (rows, next) = ctx.platform.delegations(&ctx.call, Cursor::parse(&said.after)).await?;
    let pager = Pager::new(format!("本页 {} 项", rows.len()))
        .first((!said.after.is_empty()).then_some("/delegations"))
        .next(next.map(|cursor| format!("/delegations?after={cursor}")));
    let lines = rows.iter().map(|row| line(ctx, row, &page.csrf, today)).collect();
    let view = DelegationsPage {
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        fields: fields(ctx, form, &errors).await?,
        lines,
        pager,
        empty: Empty::new("user", "没有委托", "不在岗期间可以把审核岗、审批岗、部门负责人岗位委托给本机关的同志。"),
        page,
    };
    step::drawn(view, failed)
}

/// Above the work list: for whom the officer stands in.
pub async fn standing_in(ctx: &OfficeContext) -> Result<Option<Note>, WebError> {
    let rows = ctx.platform.standing_in(&ctx.call).await?;
    let words: Vec<_> = rows
        .iter()
        .map(|row| format!("受{}委托，代行{}{}职责至 {}", row.by_name, row.agency.name(), row.role.name(), row.until))
        .collect();
    Ok((!words.is_empty()).then(|| {
        Note::new(Tone::Blue, "岗位委托", format!("您{}。", words.join("；"))).link("查看委托", "/delegations")
    }))
}

async fn show(ctx: OfficeContext, Query(said): Query<Said>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    draw(&ctx, &Fields::default(), vec![], &said).await
}

fn read_form(form: &Fields) -> Result<(AccountId, Delegating), Vec<Refusal>> {
    let post =
        read_post(form.get("role")).ok_or_else(|| Refusal::field("role", "delegation.post", "请选择委托的岗位。"));
    let colleague =
        AccountId::parse(form.get("to")).ok_or_else(|| Refusal::field("to", "delegation.to", "请选择受委托人。"));
    let (from, until) = (step::day("from", form.get("from")), step::day("until", form.get("until")));
    match (post, colleague, from, until) {
        (Ok((agency, role)), Ok(colleague), Ok(from), Ok(until)) => {
            Ok((colleague, Delegating { agency, role, from, until, reason: form.get("reason").to_owned() }))
        }
        (post, colleague, from, until) => {
            Err([post.err(), colleague.err(), from.err(), until.err()].into_iter().flatten().collect())
        }
    }
}

async fn delegate(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let errors = match read_form(&form) {
        Err(errors) => errors,
        Ok((colleague, wish)) => match refusals(ctx.platform.delegate_post(&ctx.call, &colleague, &wish).await)? {
            Ok(()) => return Ok(to("/delegations?said=delegated")),
            Err(errors) => errors,
        },
    };
    draw(&ctx, &form, errors, &Said::default()).await
}

async fn end(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let account = AccountId::parse(form.get("account")).ok_or(WebError::NotFound)?;
    let at = form.get("at").parse().map_err(|_| WebError::NotFound)?;
    match refusals(ctx.platform.end_delegation(&ctx.call, &account, at).await)? {
        Ok(()) => Ok(to("/delegations?said=ended")),
        Err(errors) => draw(&ctx, &Fields::default(), errors, &Said::default()).await,
    }
}
