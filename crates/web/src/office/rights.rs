//! 个人信息请求: the desk that answers requests for correction and deletion (L-06).

use super::{frame, query, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{Choice, Empty, ErrorSummary, Facts, Field, Pager, Pill, Tabs, Tone},
    portal::personal::pill,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    ids::RightsId,
    personal::{Answer, MOST_WORDS, Wish},
};
use platform::{rights::RightsRow, work_list::Cursor};
use serde::Deserialize;

/// Routes of this module. Whoever looks leaves a record.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/rights", list),
        Route::get(Access::Owner, "/rights/{id}", show).audited(),
        Route::post(Access::Owner, "/rights/{id}/answer", answer),
    ]
}

fn label(ctx: &OfficeContext, field: &str) -> String {
    ctx.platform.form().field(field).map_or_else(|| field.to_owned(), |field| field.label.clone())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    answered: String,
    after: String,
    said: String,
}

fn address(answered: bool, after: &str) -> String {
    let answered = if answered { "yes" } else { "" };
    format!("/rights{}", query([("answered", answered.to_owned()), ("after", after.to_owned())]))
}

struct Line {
    href: String,
    what: String,
    unit: String,
    code: String,
    asked: String,
    due: String,
    state: Pill,
}

fn line(ctx: &OfficeContext, row: &RightsRow) -> Line {
    let late = row.answer.is_none() && row.due.is_some_and(|due| due < ctx.platform.clock.now().date());
    Line {
        href: format!("/rights/{}", row.id),
        what: format!("{}：{}", row.wish.name(), label(ctx, &row.field)),
        unit: row.unit_name.clone(),
        code: row.project_code.clone(),
        asked: row.asked_at.date().to_string(),
        due: row.due.map(|day| day.to_string()).unwrap_or_default(),
        state: if late { Pill::new(Tone::Red, "逾期未答复") } else { pill(row.answer) },
    }
}

#[derive(Template)]
#[template(path = "office/rights_list.html")]
struct ListPage {
    page: Page,
    tabs: Tabs,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let answered = asked.answered == "yes";
    let (rows, next) = ctx.platform.rights_list(&ctx.call, !answered, Cursor::parse(&asked.after)).await?;
    let page = frame(&ctx, "rights", "个人信息请求").await?;
    let view = ListPage {
        tabs: Tabs::new("按状态").tab("待答复", page.rights.unwrap_or(0), address(false, ""), !answered).plain(
            "已答复",
            address(true, ""),
            answered,
        ),
        empty: rows.is_empty().then(|| {
            Empty::new("user", "没有请求", "项目单位在门户“我的个人信息”中提出的更正、删除请求列在这里，期限近的在前。")
        }),
        pager: Pager::new(format!("本页 {} 件", rows.len()))
            .first((!asked.after.is_empty()).then(|| address(answered, "")))
            .next(next.map(|cursor| address(answered, &cursor.to_string()))),
        lines: rows.iter().map(|row| line(&ctx, row)).collect(),
        page,
    };
    step::drawn(view, false)
}

#[derive(Template)]
#[template(path = "office/rights.html")]
struct View {
    page: Page,
    summary: ErrorSummary,
    id: RightsId,
    once: String,
    state: Pill,
    facts: Facts,
    given: Option<Facts>,
    fields: Vec<Field>,
}

fn rights_id(text: &str) -> Result<RightsId, WebError> {
    RightsId::parse(text).ok_or(WebError::NotFound)
}

async fn show(ctx: OfficeContext, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    draw(&ctx, &rights_id(&id)?, &Fields::default(), vec![], &asked.said).await
}

async fn draw(
    ctx: &OfficeContext,
    id: &RightsId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let found = ctx.platform.rights_page(&ctx.call, id).await?;
    let asked = found.rights.asked.as_ref().ok_or(WebError::NotFound)?;
    let failed = !errors.is_empty();
    let page = frame(ctx, "rights", "个人信息请求").await?.crumb("个人信息请求", "/rights").failed(failed);
    let page =
        if said == "answered" { page.flash(Tone::Green, "已答复，项目单位已收到消息。") } else { page };
    let facts = Facts::new()
        .row("请求", format!("{}“{}”", asked.wish.name(), label(ctx, &asked.field)))
        .row("项目单位", &asked.unit_name)
        .row("项目代码", &asked.project_code)
        .row("项目状态", if found.in_force { "正在办理" } else { "已经结束" })
        .row("提出时间", found.rights.at.display())
        .row("答复期限", asked.due)
        .row("现在的内容", if found.now.is_empty() { "（已清除或者已锁定）" } else { &found.now });
    let facts = if asked.wish == Wish::Correct { facts.row("更正为", &found.value) } else { facts };
    let given = found.rights.given.as_ref();
    let answers = Answer::ALL.into_iter().filter(|answer| match answer {
        Answer::Locked => asked.wish == Wish::Delete,
        Answer::Done => asked.wish == Wish::Correct || !found.in_force,
        Answer::Refused => true,
    });
    let view = View {
        summary: ErrorSummary::new(&errors),
        id: id.clone(),
        once: ctx.once(),
        state: pill(given.map(|given| given.answer)),
        facts: facts.wide("理由和要求", &found.words),
        given: given.map(|given| {
            Facts::new()
                .row("答复", given.answer.name())
                .row("答复人", &given.by_name)
                .row("答复时间", given.at.display())
                .wide("理由", &given.reason)
        }),
        fields: if given.is_some() {
            vec![]
        } else {
            vec![
                Field::radios(
                    "answer",
                    "答复",
                    answers.map(|answer| Choice::new(answer.slug(), answer.name())).collect::<Vec<_>>(),
                )
                .value(form.get("answer"))
                .required()
                .errors(&errors),
                Field::textarea("reason", "理由", 3)
                    .value(form.get("reason"))
                    .required()
                    .max(MOST_WORDS)
                    .hint("告知项目单位；不要写个人信息的内容。法律要求保存的（如档案），写明依据。")
                    .errors(&errors),
            ]
        },
        page,
    };
    step::drawn(view, failed)
}

async fn answer(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = rights_id(&id)?;
    let Some(answer) = Answer::parse(form.get("answer")) else {
        let refusal = Refusal::field("answer", "rights.answer", "请选择答复。");
        return draw(&ctx, &id, &form, vec![refusal], "").await;
    };
    match refusals(ctx.platform.answer_rights(&ctx.call, &id, answer, form.get("reason")).await)? {
        Ok(()) => Ok(to(format!("/rights/{id}?said=answered"))),
        Err(errors) => draw(&ctx, &id, &form, errors, "").await,
    }
}
