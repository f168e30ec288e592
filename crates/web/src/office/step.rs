//! What the steps of a case share: opening the page of an act, finishing it, and a plain form.

use super::{frame, to};
use crate::{
    Fields, OfficeContext, Page, WebError,
    app::refusals,
    html::{Choice, ErrorSummary, Field, Markup},
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    case::{Act, Way},
    department::Agency,
    ids::CaseId,
    region::RegionCode,
};
use jiff::civil::Date;
use platform::{Failure, case::CasePage};

/// The case of a path.
pub fn case_id(text: &str) -> Result<CaseId, WebError> {
    CaseId::parse(text).ok_or(WebError::NotFound)
}

/// Back to the case, saying what was done.
pub fn back(id: &CaseId, said: &str) -> Response {
    to(format!("/cases/{id}?said={said}"))
}

/// The case an act is to be done on. When its state does not allow the act any more, somebody else was faster: the
/// case page says so. Without the permission: forbidden.
pub async fn open(ctx: &OfficeContext, id: &CaseId, act: Act) -> Result<Result<CasePage, Response>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    Ok(match ctx.platform.check_act(&ctx.call, act, &case)? {
        true => Ok(case),
        false => Err(back(id, "taken")),
    })
}

/// What became of an act: on to the case page, or the refusals to draw the form with.
pub fn finish(
    result: Result<(), Failure>,
    id: &CaseId,
    said: &str,
) -> Result<Result<Response, Vec<Refusal>>, WebError> {
    Ok(match refusals(result)? {
        Ok(()) => Ok(back(id, said)),
        Err(list) if list.iter().any(|r| r.code == "case.wrong_state") => Ok(back(id, "taken")),
        Err(list) => Err(list),
    })
}

/// A day typed into a form.
pub fn day(field: &'static str, text: &str) -> Result<Date, Refusal> {
    let wrong = || Refusal::field(field, "date.format", "请按“2026-11-24”的格式填写日期。");
    text.trim().parse().map_err(|_| wrong())
}

/// A day that may be left out.
pub fn day_or_none(field: &'static str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.trim().is_empty() { Ok(None) } else { day(field, text).map(Some) }
}

/// A page around a drawn form; with refusals it says 422.
pub fn drawn(page: impl Template, failed: bool) -> Result<Response, WebError> {
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(page.render()?)).into_response())
}

/// The frame of an act's page, with its way back.
pub async fn act_frame(ctx: &OfficeContext, case: &CasePage, title: &str, failed: bool) -> Result<Page, WebError> {
    let page = frame(ctx, "work", title).await?.failed(failed);
    Ok(page.crumb("待办", "/").crumb(case.application.item_name.clone(), format!("/cases/{}", case.id)))
}

/// An act as a page of its own: what it means, a few fields, one button.
#[derive(Template)]
#[template(path = "office/step.html")]
pub struct Step {
    /// Frame.
    pub page: Page,
    /// Which project, unit and item.
    pub lead: String,
    /// Before the form: notes, facts.
    pub parts: Vec<Markup>,
    /// Fields.
    pub fields: Vec<Markup>,
    /// What is wrong.
    pub errors: Vec<Refusal>,
    /// Idempotency key.
    pub once: String,
    /// Where the form goes.
    pub action: String,
    /// Where 返回 goes.
    pub back: String,
    /// The button.
    pub submit: &'static str,
    /// It takes something away.
    pub danger: bool,
    /// Question and consequence, asked before.
    pub confirm: (&'static str, String),
}

impl Step {
    fn summary(&self) -> ErrorSummary {
        ErrorSummary::new(&self.errors)
    }
}

/// `项目 · 事项 · 单位`.
pub fn lead(case: &CasePage) -> String {
    let a = &case.application;
    format!("{} · {} · {}", a.project_name, a.item_name, a.unit_name)
}

/// What an act's page says around its fields.
pub struct Words {
    /// The act.
    pub act: Act,
    /// Last segment of its address.
    pub place: &'static str,
    /// Title and button.
    pub title: &'static str,
    /// It takes something away.
    pub danger: bool,
    /// What follows, asked before.
    pub consequence: &'static str,
    /// What the case page says afterwards.
    pub said: &'static str,
}

/// What is drawn between title and button: notes and facts, then fields.
#[derive(Default)]
pub struct Body {
    /// Notes, facts.
    pub parts: Vec<Markup>,
    /// Fields.
    pub fields: Vec<Markup>,
}

/// Draws the body of an act's page from the case, what was typed and what is wrong with it.
pub type Draw = fn(&OfficeContext, &CasePage, &Fields, &[Refusal]) -> Body;

/// The page of an act.
pub async fn page_of(
    ctx: &OfficeContext,
    open: &CasePage,
    words: &Words,
    body: Body,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let id = &open.id;
    let shown = Step {
        page: act_frame(ctx, open, words.title, failed).await?,
        lead: lead(open),
        parts: body.parts,
        fields: body.fields,
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/{}", words.place),
        back: format!("/cases/{id}"),
        submit: words.title,
        danger: words.danger,
        confirm: ("请确认", words.consequence.into()),
    };
    drawn(shown, failed)
}

/// The empty form of an act.
pub async fn form_of(ctx: &OfficeContext, id: &str, words: &Words, draw: Draw) -> Result<Response, WebError> {
    match open(ctx, &case_id(id)?, words.act).await? {
        Ok(open) => page_of(ctx, &open, words, draw(ctx, &open, &Fields::default(), &[]), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// What became of a form: on to the case, or the form again with what was typed.
pub async fn answer(
    ctx: &OfficeContext,
    id: &CaseId,
    words: &Words,
    draw: Draw,
    form: &Fields,
    done: Result<Result<(), Failure>, Vec<Refusal>>,
) -> Result<Response, WebError> {
    let errors = match done {
        Err(errors) => errors,
        Ok(result) => match finish(result, id, words.said)? {
            Ok(response) => return Ok(response),
            Err(errors) => errors,
        },
    };
    match open(ctx, id, words.act).await? {
        Ok(open) => page_of(ctx, &open, words, draw(ctx, &open, form, &errors), errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// What was typed, or what stands there to begin with.
pub fn or<'a>(typed: &'a str, otherwise: &'a str) -> &'a str {
    if typed.is_empty() { otherwise } else { typed }
}

/// Today, as a date field shows it.
pub fn today(ctx: &OfficeContext) -> String {
    ctx.platform.clock.now().date().to_string()
}

/// How something was told or delivered.
pub fn way_field(name: &'static str, label: &'static str, form: &Fields, errors: &[Refusal]) -> Markup {
    let ways = Way::ALL.map(|w| Choice::new(w.slug(), w.name()));
    Markup::of(
        Field::select(name, label, ways).value(or(form.get(name), Way::Platform.slug())).required().errors(errors),
    )
}

/// Reads it.
pub fn way(field: &'static str, form: &Fields) -> Result<Way, Refusal> {
    Way::parse(form.get(field)).ok_or_else(|| Refusal::field(field, "way", "请选择方式。"))
}

/// A date that begins with today.
pub fn day_field(
    ctx: &OfficeContext,
    name: &'static str,
    label: &'static str,
    form: &Fields,
    errors: &[Refusal],
) -> Field {
    Field::date(name, label).value(or(form.get(name), &today(ctx))).required().errors(errors)
}

/// A longer text that must be there.
pub fn text_field(
    name: &'static str,
    label: &'static str,
    most: usize,
    hint: &'static str,
    form: &Fields,
    errors: &[Refusal],
) -> Markup {
    let field = Field::textarea(name, label, 4).value(form.get(name)).required().max(most).errors(errors);
    Markup::of(if hint.is_empty() { field } else { field.hint(hint) })
}

/// A short text that must be there.
pub fn line_field(
    name: &'static str,
    label: &'static str,
    most: usize,
    hint: &'static str,
    form: &Fields,
    errors: &[Refusal],
) -> Markup {
    let field = Field::text(name, label).value(form.get(name)).required().max(most).errors(errors);
    Markup::of(if hint.is_empty() { field } else { field.hint(hint) })
}

/// The organs an application can be sent to or referred to: department and region.
pub fn agency_fields(
    ctx: &OfficeContext,
    open: &CasePage,
    required: bool,
    form: &Fields,
    errors: &[Refusal],
) -> [Markup; 2] {
    let needed = |field: Field| if required { field.required() } else { field };
    let rules = &ctx.platform.rules;
    let departments = rules.departments.owners().map(|d| Choice::new(&d.code, &d.short));
    let here = open.application.agency.region;
    let above = std::iter::once(here).chain(rules.regions.ancestors(here).into_iter().map(|r| r.code));
    let same = rules.regions.below(here.prefecture()).map(|r| r.code);
    let mut codes: Vec<_> = above.chain(same).collect();
    codes.sort_unstable();
    codes.dedup();
    let regions = codes.into_iter().map(|code| Choice::new(code, rules.regions.full_name(code)));
    [
        Markup::of(needed(
            Field::select("department", "机关所属部门", departments).value(form.get("department")).errors(errors),
        )),
        Markup::of(needed(
            Field::select("region", "机关所在地区", regions)
                .value(or(form.get("region"), here.as_str()))
                .errors(errors),
        )),
    ]
}

/// Reads them; `None` when no department is chosen.
pub fn agency(form: &Fields) -> Option<Agency> {
    let region = RegionCode::parse(form.get("region"))?;
    (!form.get("department").is_empty()).then(|| Agency::new(form.get("department"), region))
}
