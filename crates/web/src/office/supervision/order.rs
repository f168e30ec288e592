//! 督办: the form on a case, the list, one order with its reply.

use super::{FormBox, agency_name, frame, query, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Empty, ErrorSummary, Facts, Field, Markup, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{
    Refusal,
    ids::{CaseId, ExpeditingOrderId},
    supervision::OrderState,
};
use platform::{
    supervision::{OrderRow, Owing},
    work_list::{COUNT_CAP, Cursor},
};
use serde::Deserialize;

/// Working days proposed for the reply.
const REPLY_DAYS: u32 = 3;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/expedite", expedite_form),
        Route::post(Access::Owner, "/cases/{id}/expedite", expedite),
        Route::get(Access::SignedIn, "/supervision/orders", orders),
        Route::get(Access::Owner, "/supervision/orders/{id}", show_order),
        Route::post(Access::Owner, "/supervision/orders/{id}/reply", reply),
    ]
}

async fn draw_form(
    ctx: &OfficeContext,
    id: &CaseId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (_, about) = ctx.platform.case_to_expedite(&ctx.call, id).await?;
    let failed = !errors.is_empty();
    let page = frame(ctx, "supervision", "督办").await?.failed(failed);
    let today = ctx.platform.clock.now().date();
    let proposed = ctx.platform.rules.calendar.add_working_days(today, REPLY_DAYS).to_string();
    let day = if form.get("reply_by").is_empty() { proposed.as_str() } else { form.get("reply_by") };
    let shown = step::Step {
        page: page.crumb("电子监察", "/supervision").crumb(about.item_name.clone(), format!("/cases/{id}")),
        lead: format!("{} · {} · {}", about.project_name, about.item_name, about.agency_name),
        parts: vec![Markup::of(
            Note::new(
                Tone::Blue,
                "限期办理并回复",
                "督办告知办理机关，要求在期限内办理并回复办理情况。督办不代替办理机关作出决定。",
            )
            .article("办法第十五条、第十七条"),
        )],
        fields: vec![
            Markup::of(
                Field::textarea("text", "督办要求", 4)
                    .value(form.get("text"))
                    .required()
                    .max(1000)
                    .hint("写明要办什么、到什么程度。")
                    .errors(&errors),
            ),
            Markup::of(Field::date("reply_by", "回复期限").value(day).required().errors(&errors)),
        ],
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/expedite"),
        back: format!("/cases/{id}"),
        submit: "发出督办",
        danger: false,
        confirm: ("确认发出督办？", "督办将告知办理机关，并记入监察台账。".into()),
    };
    step::drawn(shown, failed)
}

async fn expedite_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_form(&ctx, &step::case_id(&id)?, &Fields::default(), vec![]).await
}

async fn expedite(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let day = match step::day("reply_by", form.get("reply_by")) {
        Ok(day) => day,
        Err(error) => return draw_form(&ctx, &id, &form, vec![error]).await,
    };
    match refusals(ctx.platform.issue_order(&ctx.call, &id, form.get("text"), day).await)? {
        Ok(order) => Ok(to(format!("/supervision/orders/{order}?said=issued"))),
        Err(errors) => draw_form(&ctx, &id, &form, errors).await,
    }
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    owing: String,
    #[serde(default)]
    after: String,
}

struct OrderLine {
    href: String,
    project: String,
    item: String,
    code: String,
    state: Pill,
    due: String,
    agency: String,
    issuer: String,
    issued: String,
}

#[derive(Template)]
#[template(path = "office/supervision_orders.html")]
struct OrdersPage {
    page: Page,
    tabs: Tabs,
    now: &'static str,
    orders: Vec<OrderLine>,
    empty: Option<Empty>,
    pager: Pager,
}

fn address(owing: Owing, after: &str) -> String {
    let pairs = [("owing", owing.slug().to_owned()), ("after", after.to_owned())];
    format!("/supervision/orders{}", query(pairs))
}

async fn orders(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "supervision", "督办件").await?;
    let owing = Owing::parse(&asked.owing).filter(|o| Owing::OF_ORDERS.contains(o)).unwrap_or_default();
    let found = ctx.platform.orders(&ctx.call, owing, Cursor::parse(&asked.after).as_ref()).await?;
    let today = ctx.platform.clock.now().date();
    let tabs = Owing::OF_ORDERS.into_iter().fold(Tabs::new("按状态归集"), |tabs, one| {
        let (href, now) = (address(one, ""), one == owing);
        match found.counts.iter().find(|(o, _)| *o == one) {
            Some((_, n)) if *n >= COUNT_CAP => tabs.tab(name(one), format!("{COUNT_CAP}+"), href, now),
            Some((_, n)) => tabs.tab(name(one), n, href, now),
            None => tabs.plain(name(one), href, now),
        }
    });
    let shown = OrdersPage {
        page: page.crumb("电子监察", "/supervision"),
        tabs,
        now: name(owing),
        empty: found
            .rows
            .is_empty()
            .then(|| Empty::new("circle-check", "没有督办件", "在办件页或者监察卡上可以发出督办。")),
        pager: Pager::new(format!("本页 {} 件", found.rows.len()))
            .first((!asked.after.is_empty()).then(|| address(owing, "")))
            .next(found.next.as_ref().map(|cursor| address(owing, &cursor.to_string()))),
        orders: found.rows.iter().map(|row| line(row, today)).collect(),
    };
    Ok(Html(shown.render()?))
}

fn name(owing: Owing) -> &'static str {
    match owing {
        Owing::Late => "逾期未回复",
        Owing::Done => "已回复",
        _ => "待回复",
    }
}

fn state(state: OrderState, late: bool) -> Pill {
    match state {
        OrderState::Issued if late => Pill::new(Tone::Red, "逾期未回复"),
        OrderState::Issued => Pill::new(Tone::Yellow, state.name()),
        OrderState::Replied => Pill::new(Tone::Green, state.name()),
    }
}

fn line(row: &OrderRow, today: jiff::civil::Date) -> OrderLine {
    let late = row.state == OrderState::Issued && row.reply_by.is_some_and(|day| today > day);
    OrderLine {
        href: format!("/supervision/orders/{}", row.id),
        project: row.project_name.clone(),
        item: row.item_name.clone(),
        code: row.project_code.clone(),
        state: state(row.state, late),
        due: row.reply_by.map(|day| day.to_string()).unwrap_or_default(),
        agency: agency_name(&row.department, &row.region),
        issuer: row.issuer_organ.clone(),
        issued: row.issued_at.display(),
    }
}

#[derive(Template)]
#[template(path = "office/supervision_order.html")]
struct OrderView {
    page: Page,
    summary: ErrorSummary,
    case_href: String,
    case_name: String,
    state: Pill,
    facts: Facts,
    reply: Option<FormBox>,
}

/// What the address says has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

fn order_id(text: &str) -> Result<ExpeditingOrderId, WebError> {
    ExpeditingOrderId::parse(text).ok_or(WebError::NotFound)
}

async fn show_order(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, WebError> {
    draw(&ctx, &order_id(&id)?, &Fields::default(), vec![], &said.said).await
}

async fn reply(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = order_id(&id)?;
    match refusals(ctx.platform.reply_order(&ctx.call, &id, form.get("text")).await)? {
        Ok(()) => Ok(to(format!("/supervision/orders/{id}?said=replied"))),
        Err(errors) => draw(&ctx, &id, &form, errors, "").await,
    }
}

async fn draw(
    ctx: &OfficeContext,
    id: &ExpeditingOrderId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let order = ctx.platform.order_page(&ctx.call, id).await?;
    let o = &order.issued;
    let failed = !errors.is_empty();
    let page = frame(ctx, "supervision", "督办件").await?.crumb("督办件", "/supervision/orders").failed(failed);
    let page = match said {
        "issued" => page.flash(Tone::Green, "督办已发出，并已告知办理机关。"),
        "replied" if order.order.replied_at.is_some() => page.flash(Tone::Green, "已回复。"),
        _ => page,
    };
    let facts = Facts::new()
        .row("督办机关", &o.issuer_organ)
        .row("督办人员", &o.issuer)
        .row("办理机关", &o.agency_name)
        .row("督办时间", order.order.issued_at.display())
        .row("回复期限", o.reply_by)
        .row("项目代码", &o.project_code)
        .wide("督办要求", &o.text);
    let facts = match (&order.order.reply, order.order.replied_at) {
        (Some(text), Some(at)) => facts.row("回复时间", at.display()).wide("办理情况", text),
        _ => facts,
    };
    let reply = order.may_reply.then(|| FormBox {
        id: "reply",
        title: "回复办理情况",
        lead: format!("请在 {} 前回复。", o.reply_by),
        action: format!("/supervision/orders/{id}/reply"),
        fields: vec![Markup::of(
            Field::textarea("text", "办理情况", 4).value(form.get("text")).required().max(2000).errors(&errors),
        )],
        submit: "回复",
        class: "btn-primary",
        confirm: ("确认回复？", "回复后告知督办机关，不能撤回。"),
        csrf: ctx.csrf(),
        once: ctx.once(),
    });
    let view = OrderView {
        page,
        summary: ErrorSummary::new(&errors),
        case_href: format!("/cases/{}#trail", o.case),
        case_name: format!("{} · {}", o.project_name, o.item_name),
        state: state(order.order.state, order.late),
        facts,
        reply,
    };
    step::drawn(view, failed)
}
