//! 我的个人信息: what the platform keeps about the people of a unit, a copy of it, and requests for correction or deletion (L-06).

use crate::{
    Access, Fields, Page, PortalContext, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, Empty, ErrorSummary, Field, Pill, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    ids::ProjectId,
    personal::{Answer, MOST_WORDS, Wish},
};
use platform::rights::{PersonalCopy, RightsRow};
use serde::Deserialize;

/// Routes of this module. Whoever looks leaves a record.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/personal", show).audited(),
        Route::get(Access::SignedIn, "/personal/copy", copy).audited(),
        Route::post(Access::SignedIn, "/personal", ask),
    ]
}

struct Line {
    wish: &'static str,
    field: String,
    code: String,
    asked: String,
    due: String,
    state: Pill,
    reason: String,
}

fn line(ctx: &PortalContext, row: RightsRow) -> Line {
    Line {
        wish: row.wish.name(),
        field: label(ctx, &row.field),
        code: row.project_code,
        asked: row.asked_at.date().to_string(),
        due: row.due.map(|day| day.to_string()).unwrap_or_default(),
        state: pill(row.answer),
        reason: row.reason,
    }
}

/// 正在处理, or the answer.
pub(crate) fn pill(answer: Option<Answer>) -> Pill {
    match answer {
        None => Pill::new(Tone::Yellow, "正在处理"),
        Some(Answer::Done) => Pill::new(Tone::Green, Answer::Done.name()),
        Some(Answer::Locked) => Pill::new(Tone::Grey, Answer::Locked.name()),
        Some(Answer::Refused) => Pill::new(Tone::Red, Answer::Refused.name()),
    }
}

fn label(ctx: &PortalContext, field: &str) -> String {
    ctx.platform.form().field(field).map_or_else(|| field.to_owned(), |field| field.label.clone())
}

#[derive(Template)]
#[template(path = "portal/personal.html")]
struct Personal {
    page: Page,
    summary: ErrorSummary,
    once: String,
    copy: PersonalCopy,
    lines: Vec<Line>,
    fields: Vec<Field>,
    days: u32,
    empty: Empty,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    done: String,
}

async fn show(ctx: PortalContext, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, &Fields::default(), vec![], &said.done).await
}

async fn draw(ctx: &PortalContext, form: &Fields, errors: Vec<Refusal>, done: &str) -> Result<Response, WebError> {
    let copy = ctx.platform.personal_copy(&ctx.call).await?;
    let rows = ctx.platform.own_rights(&ctx.call).await?;
    let failed = !errors.is_empty();
    let page = ctx.page("", "我的个人信息").await?.crumb("首页", "/").crumb("账户中心", "/account").failed(failed);
    let days = ctx.platform.settings.personal_request_days;
    let page = match done {
        "asked" => page.flash(Tone::Green, format!("请求已提交，将在 {days} 个工作日内答复，并发送消息。")),
        _ => page,
    };
    let values = copy.projects.iter().flat_map(|project| {
        project.values.iter().filter(|value| !value.locked).map(move |value| {
            Choice::new(format!("{}.{}", project.id, value.field), format!("{}（{}）", value.label, project.code))
        })
    });
    let fields = vec![
        Field::select("field", "哪一项信息", values.collect::<Vec<_>>())
            .value(form.get("field"))
            .required()
            .errors(&errors),
        Field::radios("wish", "请求", Wish::ALL.map(|wish| Choice::new(wish.slug(), wish.name())))
            .value(form.get("wish"))
            .required()
            .errors(&errors),
        Field::text("value", "正确的内容")
            .value(form.get("value"))
            .max(100)
            .hint("请求更正的填写；请求删除的留空。")
            .errors(&errors),
        Field::textarea("words", "理由和要求", 3)
            .value(form.get("words"))
            .required()
            .max(MOST_WORDS)
            .hint("加密保存，只有办理请求的工作人员可以看到。")
            .errors(&errors),
    ];
    let html = Personal {
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        lines: rows.into_iter().map(|row| line(ctx, row)).collect(),
        fields,
        days,
        empty: Empty::new("user", "没有登记个人信息", "申报项目时填写的联系人等信息会列在这里。"),
        copy,
        page,
    };
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(html.render()?)).into_response())
}

/// 副本, as a file a machine reads too.
async fn copy(ctx: PortalContext) -> Result<Response, WebError> {
    let copy = ctx.platform.personal_copy(&ctx.call).await?;
    let text = serde_json::to_string_pretty(&copy).map_err(WebError::fault)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"personal-data.json\""),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, text).into_response())
}

async fn ask(Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let chosen = form.get("field").split_once('.');
    let chosen = chosen.and_then(|(project, field)| Some((ProjectId::parse(project)?, field)));
    let Some((project, field)) = chosen else {
        let refusal = Refusal::field("field", "rights.field", "请选择要更正或者删除的信息。");
        return draw(&ctx, &form, vec![refusal], "").await;
    };
    let Some(wish) = Wish::parse(form.get("wish")) else {
        let refusal = Refusal::field("wish", "rights.wish", "请选择更正或者删除。");
        return draw(&ctx, &form, vec![refusal], "").await;
    };
    let words = (form.get("words"), form.get("value"));
    match refusals(ctx.platform.ask_rights(&ctx.call, &project, field, wish, words).await)? {
        Ok(_) => Ok(Redirect::to("/personal?done=asked").into_response()),
        Err(errors) => draw(&ctx, &form, errors, "").await,
    }
}
