//! One card: what was found, what was answered, and the forms of whoever has to act.

use super::{FormBox, file, frame, severity, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, ErrorSummary, Facts, Field, Markup, Note, Pill, Timeline, Tone, Upload},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    ids::SupervisionCardId,
    supervision::{CardEvent, CardState, Finding},
};
use platform::supervision::CardPage;
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/supervision/cards/{id}", show_card),
        Route::post(Access::Owner, "/supervision/cards/{id}/answer", answer),
        Route::post(Access::Owner, "/supervision/cards/{id}/close", close),
        Route::post(Access::Owner, "/supervision/cards/{id}/escalate", escalate),
    ]
}

/// What the address says has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

#[derive(Template)]
#[template(path = "office/supervision_card.html")]
struct CardView {
    page: Page,
    summary: ErrorSummary,
    case_href: String,
    case_name: String,
    code: String,
    agency: String,
    severity: Pill,
    state: Pill,
    expedite: Option<String>,
    article: String,
    sentence: String,
    facts: Facts,
    hint: Option<Note>,
    upload: Option<Upload>,
    forms: Vec<FormBox>,
    files: Vec<(String, String)>,
    timeline: Timeline,
}

/// The card of a path.
pub fn card_id(text: &str) -> Result<SupervisionCardId, WebError> {
    SupervisionCardId::parse(text).ok_or(WebError::NotFound)
}

async fn show_card(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, &card_id(&id)?, &Fields::default(), vec![], &said.said).await
}

async fn answer(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = card_id(&id)?;
    let result = ctx.platform.answer_card(&ctx.call, &id, form.get("text")).await;
    finish(&ctx, &id, &form, refusals(result)?, "answered").await
}

async fn close(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = card_id(&id)?;
    let Some(finding) = Finding::parse(form.get("finding")) else {
        // The permission comes first: whoever may not close is told nothing about the form.
        ctx.platform.card_page(&ctx.call, &id).await?;
        let choose = Refusal::field("finding", "card.finding", "请选择核查结论。").article("办法第十七条");
        return draw(&ctx, &id, &form, vec![choose], "").await;
    };
    let result = ctx.platform.close_card(&ctx.call, &id, finding, form.get("opinion")).await;
    finish(&ctx, &id, &form, refusals(result)?, "closed").await
}

async fn escalate(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = card_id(&id)?;
    let result = ctx.platform.escalate_card(&ctx.call, &id, form.get("reason")).await;
    finish(&ctx, &id, &form, refusals(result)?, "escalated").await
}

async fn finish(
    ctx: &OfficeContext,
    id: &SupervisionCardId,
    form: &Fields,
    result: Result<(), Vec<Refusal>>,
    said: &str,
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(to(format!("/supervision/cards/{id}?said={said}"))),
        Err(errors) => draw(ctx, id, form, errors, "").await,
    }
}

async fn draw(
    ctx: &OfficeContext,
    id: &SupervisionCardId,
    form: &Fields,
    mut errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let card = ctx.platform.card_page(&ctx.call, id).await?;
    let o = &card.opened;
    // A file that was not taken stands at its slot, whose key the summary links to.
    let upload_errors: Vec<_> = errors.iter().filter(|e| e.code.starts_with("file.")).cloned().collect();
    for error in errors.iter_mut().filter(|e| e.code.starts_with("file.")) {
        error.field = Some("attachments".into());
    }
    let failed = !errors.is_empty();
    let page = frame(ctx, "supervision", o.name.clone()).await?.crumb("监察卡", "/supervision/cards").failed(failed);
    let page = match flash(said, &card) {
        Some(text) => page.flash(Tone::Green, text),
        None => page,
    };
    let facts = o.facts.iter().fold(Facts::new(), |facts, (name, value)| facts.row(name, value));
    let view = CardView {
        page,
        summary: ErrorSummary::new(&errors),
        case_href: format!("/cases/{}#trail", o.case),
        case_name: format!("{} · {}", o.project_name, o.item_name),
        code: o.project_code.clone(),
        agency: o.agency_name.clone(),
        severity: severity(o.severity),
        state: state(&card),
        expedite: card.may_expedite.then(|| format!("/cases/{}/expedite", o.case)),
        article: o.article.clone(),
        sentence: o.sentence.clone(),
        facts: facts.row("出卡时间", card.card.opened_at.display()).row("答复期限", o.reply_by),
        hint: hint(ctx, &card),
        upload: card.may_answer.then(|| file::slot(&ctx.csrf(), &card, &upload_errors)),
        files: files(&card),
        forms: forms(ctx, &card, form, &errors),
        timeline: timeline(ctx, &card),
    };
    step::drawn(view, failed)
}

/// The page with what was wrong with a file.
pub async fn draw_upload(
    ctx: &OfficeContext,
    id: &SupervisionCardId,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    draw(ctx, id, &Fields::default(), errors, "").await
}

/// Files of all answers: name and address.
fn files(card: &CardPage) -> Vec<(String, String)> {
    let sent = card.timeline.iter().filter_map(|line| match &line.event {
        CardEvent::CardAnswered { files, .. } => Some(files),
        _ => None,
    });
    let base = format!("/supervision/cards/{}/attachments", card.opened.id);
    sent.flatten().map(|file| (file.name.clone(), format!("{base}/{}", file.id))).collect()
}

fn state(card: &CardPage) -> Pill {
    match (card.card.state, card.card.closed) {
        (CardState::Closed, Some((_, finding))) => Pill::new(Tone::Green, format!("已销号：{}", finding.name())),
        (CardState::Answered, _) => Pill::new(Tone::Blue, CardState::Answered.name()),
        _ if card.late => Pill::new(Tone::Red, "逾期未答复"),
        (state, _) => Pill::new(Tone::Yellow, state.name()),
    }
}

fn flash(said: &str, card: &CardPage) -> Option<&'static str> {
    match said {
        "answered" if card.card.answered_at.is_some() => Some("情况说明已提交，等待电子监察岗核查。"),
        "closed" if card.card.closed.is_some() => Some("监察卡已销号，结论已告知办理机关。"),
        "escalated" if card.card.escalations > 0 => Some("监察卡已上报上级电子监察岗。"),
        _ => None,
    }
}

/// Whose turn it is, when it is not the reader's.
fn hint(ctx: &OfficeContext, card: &CardPage) -> Option<Note> {
    if card.may_answer || card.may_close || card.card.state == CardState::Closed {
        return None;
    }
    let held_by = card.card.held_by.map(|r| ctx.platform.rules.regions.full_name(r)).unwrap_or_default();
    let text = match card.card.state {
        CardState::Open => {
            format!("由{}的经办岗、审批岗或者负责人在 {} 前说明情况。", card.opened.agency_name, card.opened.reply_by)
        }
        _ => format!("由{held_by}或者上级的电子监察岗核查销号。"),
    };
    Some(Note::new(Tone::Blue, "等待其他人员办理", text))
}

fn forms(ctx: &OfficeContext, card: &CardPage, form: &Fields, errors: &[Refusal]) -> Vec<FormBox> {
    let base = format!("/supervision/cards/{}", card.opened.id);
    let mut forms = Vec::new();
    if card.may_answer {
        let again = card.card.state == CardState::Answered;
        forms.push(FormBox {
            id: "answer",
            title: if again { "补充说明" } else { "说明情况" },
            lead: format!("请在 {} 前说明原因和已采取的措施。销号前可以补充说明。", card.opened.reply_by),
            action: format!("{base}/answer"),
            fields: vec![Markup::of(
                Field::textarea("text", "情况说明", 5)
                    .value(form.get("text"))
                    .required()
                    .max(2000)
                    .hint("写明事实、原因、整改措施和完成日期。")
                    .errors(errors),
            )],
            submit: "提交说明",
            class: "btn-primary",
            confirm: ("确认提交说明？", "提交后由电子监察岗核查，说明不能撤回。"),
            csrf: ctx.csrf(),
            once: ctx.once(),
        });
    }
    if card.may_close {
        let choices = Finding::BY_SUPERVISOR.map(|f| Choice::new(f.slug(), f.name()));
        forms.push(FormBox {
            id: "close",
            title: "核查销号",
            lead: "听取部门说明后作出结论。结论告知办理机关；认定属实的计入考核。".into(),
            action: format!("{base}/close"),
            fields: vec![
                Markup::of(
                    Field::radios("finding", "核查结论", choices).value(form.get("finding")).required().errors(errors),
                ),
                Markup::of(
                    Field::textarea("opinion", "核查意见", 3)
                        .value(form.get("opinion"))
                        .required()
                        .max(2000)
                        .errors(errors),
                ),
            ],
            submit: "销号",
            class: "btn-primary",
            confirm: ("确认销号？", "销号后不能再答复或者改变结论。"),
            csrf: ctx.csrf(),
            once: ctx.once(),
        });
    }
    if let Some(superior) = card.superior.filter(|_| card.may_close) {
        let name = ctx.platform.rules.regions.full_name(superior);
        forms.push(FormBox {
            id: "escalate",
            title: "上报",
            lead: format!("部门不答复、拒不整改或者情况复杂的，上报{name}的电子监察岗办理。"),
            action: format!("{base}/escalate"),
            fields: vec![Markup::of(
                Field::textarea("reason", "上报理由", 2).value(form.get("reason")).required().max(1000).errors(errors),
            )],
            submit: "上报",
            class: "btn-outline-danger",
            confirm: ("确认上报？", "上报后由上级电子监察岗核查销号。"),
            csrf: ctx.csrf(),
            once: ctx.once(),
        });
    }
    forms
}

fn timeline(ctx: &OfficeContext, card: &CardPage) -> Timeline {
    card.timeline.iter().rev().fold(Timeline::new(), |shown, line| {
        let (icon, tone, title, text) = match &line.event {
            CardEvent::CardOpened(o) => ("flag", Tone::Red, "自动出卡".to_owned(), o.article.clone()),
            CardEvent::CardAnswered { text, .. } => ("message", Tone::Blue, "部门说明".to_owned(), text.clone()),
            CardEvent::CardEscalated { to, reason } => {
                let name = ctx.platform.rules.regions.full_name(*to);
                ("arrow-right", Tone::Yellow, format!("上报{name}"), reason.clone())
            }
            CardEvent::CardClosed { finding, opinion } => {
                ("circle-check", Tone::Green, format!("销号：{}", finding.name()), opinion.clone())
            }
        };
        shown.entry_with(icon, tone, title, format!("{} {}", line.at.display(), line.actor), text)
    })
}
