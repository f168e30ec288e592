//! 作出决定: opinion, number, title, date, validity (办法第十四条第四项); then the notice is read once more before it goes out.

use super::{case, processing, step};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, ErrorSummary, Facts, Field, Markup, Note, Tone},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, Case, Decision, Outcome, Stage},
    document::Document,
    time::chinese_date,
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/decision", form),
        Route::post(Access::Owner, "/cases/{id}/decision", decide),
    ]
}

/// Fields carried from the form over the preview to the decision.
const FIELDS: [&str; 7] = ["outcome", "opinion", "document_number", "title", "decided_on", "valid_until", "unreviewed"];

#[derive(Template)]
#[template(path = "office/decision.html")]
struct DecisionPage {
    page: Page,
    lead: String,
    base: String,
    facts: Markup,
    steps_taken: Option<Facts>,
    outcomes: Vec<Choice>,
    form: Fields,
    /// Nobody has reviewed the proposal: what that means, and the field for the reason.
    unreviewed: Option<(Note, Field)>,
    decided_on: String,
    errors: Vec<Refusal>,
    summary: ErrorSummary,
}

#[derive(Template)]
#[template(path = "office/decision_preview.html")]
struct PreviewPage {
    page: Page,
    lead: String,
    base: String,
    once: String,
    /// Why nobody reviewed the proposal.
    unreviewed: Option<Note>,
    notice: Document,
    issued_on: String,
    fields: Vec<(&'static str, String)>,
}

/// What may be decided; on a promise one person may only grant.
fn outcomes(case: &Case) -> Vec<Choice> {
    let granted = Choice::new(Outcome::Granted.slug(), "准予");
    if case.stands_on_promise() {
        let note = "凭项目单位的承诺准予，办结后核查。拟不予的，请返回，由经办岗提出拟办意见，经审核后决定。";
        return vec![granted.note(note)];
    }
    let refused = "说明理由，并告知申请人依法申请行政复议或者提起行政诉讼的权利（行政许可法第三十八条）。";
    vec![
        granted.note("符合法定条件、标准，作出准予的书面决定。"),
        Choice::new(Outcome::Refused.slug(), "不予").note(refused),
    ]
}

async fn draw(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let shown = DecisionPage {
        page: step::act_frame(ctx, open, title(open), failed).await?,
        lead: step::lead(open),
        base: format!("/cases/{}", open.id),
        facts: case::summary_facts(open),
        steps_taken: processing::steps_taken(open),
        outcomes: outcomes(&open.case),
        unreviewed: (open.case.stage == Stage::Proposed).then(|| unreviewed(form, &errors)),
        decided_on: match form.get("decided_on") {
            "" => ctx.platform.clock.now().date().to_string(),
            typed => typed.to_owned(),
        },
        form: form.clone(),
        summary: ErrorSummary::new(&errors),
        errors,
    };
    step::drawn(shown, failed)
}

/// The page says from the beginning when a step is left out.
fn title(open: &CasePage) -> &'static str {
    if open.case.stage == Stage::Proposed { "未经审核直接决定" } else { "作出决定" }
}

/// What it means to leave the review out, and the reason for it (四眼原则: 许可法第三十七条).
fn unreviewed(form: &Fields, errors: &[Refusal]) -> (Note, Field) {
    let note = Note::new(
        Tone::Yellow,
        "拟办意见还没有审核",
        "一般应当等待审核岗审核。确需直接决定的（例如审核人不在岗、办理期限即将届满），请写明原因：原因记入台账，电子监察自动出卡核查。",
    )
    .article("行政许可法第三十七条（拟办、审核、决定三岗分离）");
    let field = Field::textarea("unreviewed", "未经审核直接决定的原因", 2)
        .value(form.get("unreviewed"))
        .required()
        .max(500)
        .hint("不写进办结告知书。例如：审核人 11 月 24 日至 27 日出差，办理期限 11 月 25 日届满。")
        .errors(errors);
    (note, field)
}

async fn form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::Decide).await? {
        Ok(open) => draw(&ctx, &open, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn read_decision(form: &Fields) -> Result<Decision, Vec<Refusal>> {
    let outcome = [Outcome::Granted, Outcome::Refused].into_iter().find(|o| o.slug() == form.get("outcome"));
    let outcome = outcome.ok_or_else(|| {
        Refusal::field("outcome", "decision.outcome", "请选择办理结果。").article("办法第十四条第（四）项")
    });
    let decided_on = step::day("decided_on", form.get("decided_on"));
    let valid_until = step::day_or_none("valid_until", form.get("valid_until"));
    match (outcome, decided_on, valid_until) {
        (Ok(outcome), Ok(decided_on), Ok(valid_until)) => Ok(Decision {
            outcome,
            opinion: form.get("opinion").to_owned(),
            document_number: form.get("document_number").to_owned(),
            title: form.get("title").to_owned(),
            decided_on,
            valid_until,
            unreviewed: Some(form.get("unreviewed").to_owned()).filter(|reason| !reason.trim().is_empty()),
        }),
        (outcome, decided_on, valid_until) => {
            Err([outcome.err(), decided_on.err(), valid_until.err()].into_iter().flatten().collect())
        }
    }
}

/// First the preview; with `_step=confirm` the decision; with `_step=back` the form again.
async fn decide(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let errors = match (form.get("_step"), read_decision(&form)) {
        ("back", _) => vec![],
        (_, Err(errors)) => errors,
        ("confirm", Ok(decision)) => {
            match step::finish(ctx.platform.decide_case(&ctx.call, &id, decision).await, &id, "decided")? {
                Ok(response) => return Ok(response),
                Err(errors) => errors,
            }
        }
        (_, Ok(decision)) => match refusals(ctx.platform.preview_decision(&ctx.call, &id, decision).await)? {
            Ok(notice) => return preview(&ctx, &id, &form, notice).await,
            Err(errors) if errors.iter().any(|r| r.code == "case.wrong_state") => return Ok(step::back(&id, "taken")),
            Err(errors) => errors,
        },
    };
    match step::open(&ctx, &id, Act::Decide).await? {
        Ok(open) => draw(&ctx, &open, &form, errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn preview(
    ctx: &OfficeContext,
    id: &domain::ids::CaseId,
    form: &Fields,
    notice: Document,
) -> Result<Response, WebError> {
    let open = match step::open(ctx, id, Act::Decide).await? {
        Ok(open) => open,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let shown = PreviewPage {
        page: step::act_frame(ctx, &open, "核对办结告知书", false).await?,
        lead: step::lead(&open),
        base: format!("/cases/{id}"),
        once: ctx.once(),
        unreviewed: (open.case.stage == Stage::Proposed).then(|| {
            let why = format!("原因：{}", form.get("unreviewed").trim());
            Note::new(Tone::Yellow, "未经审核直接决定，电子监察将予以核查", why)
        }),
        issued_on: chinese_date(notice.issued_on),
        notice,
        fields: FIELDS.map(|name| (name, form.get(name).to_owned())).into(),
    };
    step::drawn(shown, false)
}
