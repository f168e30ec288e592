//! 一次性告知补正: every point in one notice, each tied to a material or to the whole application.

use super::step;
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    html::{self, Choice, ErrorSummary, Field},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, Point, Stage},
    ids::CaseId,
};
use platform::case::CasePage;

/// Rows of an empty form.
const ROWS: usize = 8;
/// Rows added at a time.
const MORE: usize = 4;
/// Most rows; the rule allows no more points.
const MOST: usize = 50;

/// Stands for the application as a whole where a material can be chosen.
const WHOLE: &str = "whole";

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/correction", form),
        Route::post(Access::Owner, "/cases/{id}/correction", ask),
    ]
}

#[derive(Template)]
#[template(path = "office/correction.html")]
struct CorrectionPage {
    page: Page,
    lead: String,
    base: String,
    once: String,
    rows: Vec<Row>,
    full: bool,
    /// Why points are told a second time; `None` for the first notice.
    again: Option<Field>,
    summary: ErrorSummary,
}

/// The act a case is at: the one notice of the law, or a second one with its reason.
fn act_of(case: &CasePage) -> Act {
    if case.case.stage == Stage::Supplemented { Act::AskAgain } else { Act::AskCorrection }
}

/// The case, when points can be told now.
async fn open(ctx: &OfficeContext, id: &CaseId) -> Result<Result<CasePage, Response>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let act = act_of(&ctx.platform.case_page(&ctx.call, id).await?);
    step::open(ctx, id, act).await
}

/// One row as it is drawn.
struct Row {
    number: usize,
    material: Field,
    text: Field,
}

/// One row as it was typed.
#[derive(Debug, Clone, Default)]
struct Typed {
    material: String,
    text: String,
}

fn typed(form: &Fields, rows: usize) -> Vec<Typed> {
    (0..rows)
        .map(|i| Typed {
            material: form.get(&format!("material-{i}")).to_owned(),
            text: form.get(&format!("point-{i}")).to_owned(),
        })
        .collect()
}

fn rows(form: &Fields) -> usize {
    form.get("_rows").parse().unwrap_or(ROWS).clamp(ROWS, MOST)
}

fn row(case: &CasePage, at: usize, typed: Typed, errors: &[Refusal]) -> Row {
    let materials = case.application.materials.iter().map(|g| Choice::new(&g.material, &g.name));
    let places = std::iter::once(Choice::new(WHOLE, "整个申请")).chain(materials);
    let place = if typed.material.is_empty() { WHOLE } else { &typed.material };
    let text = Field::textarea(format!("point-{at}"), "需要补正什么", 2);
    Row {
        number: at + 1,
        material: Field::select(format!("material-{at}"), "关于哪份材料", places)
            .value(place)
            .required()
            .errors(errors),
        text: text.value(&typed.text).max(500).errors(errors),
    }
}

async fn draw(
    ctx: &OfficeContext,
    case: &CasePage,
    rows: Vec<Typed>,
    reason: &str,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let again = (act_of(case) == Act::AskAgain).then(|| {
        Field::textarea("reason", "再次告知补正的理由", 3)
            .value(reason)
            .required()
            .max(500)
            .hint("法律要求一次性告知。再次告知须写明理由，并计入对本部门的电子监察。")
            .errors(&errors)
    });
    let title = if again.is_some() { "再次告知补正" } else { "一次性告知补正" };
    let shown = CorrectionPage {
        page: step::act_frame(ctx, case, title, failed).await?,
        again,
        lead: step::lead(case),
        base: format!("/cases/{}", case.id),
        once: ctx.once(),
        full: rows.len() >= MOST,
        rows: rows.into_iter().enumerate().map(|(at, typed)| row(case, at, typed, &errors)).collect(),
        summary: ErrorSummary::new(&errors),
    };
    step::drawn(shown, failed)
}

async fn form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match open(&ctx, &step::case_id(&id)?).await? {
        Ok(case) => draw(&ctx, &case, vec![Typed::default(); ROWS], "", vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn ask(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let rows = rows(&form);
    let errors = if form.get("_action") == "more" {
        None
    } else {
        let given = typed(&form, rows).into_iter();
        let points = given
            .map(|row| Point { material: Some(row.material).filter(|m| !m.is_empty() && m != WHOLE), text: row.text });
        let points = points.collect();
        let done = match open(&ctx, &id).await? {
            Err(elsewhere) => return Ok(elsewhere),
            Ok(case) if act_of(&case) == Act::AskAgain => {
                ctx.platform.ask_correction_again(&ctx.call, &id, points, form.get("reason")).await
            }
            Ok(_) => ctx.platform.ask_correction(&ctx.call, &id, points).await,
        };
        match step::finish(done, &id, "asked")? {
            Ok(response) => return Ok(response),
            Err(errors) => Some(errors),
        }
    };
    let rows = if errors.is_none() { (rows + MORE).min(MOST) } else { rows };
    match open(&ctx, &id).await? {
        Ok(case) => draw(&ctx, &case, typed(&form, rows), form.get("reason"), errors.unwrap_or_default()).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}
