//! 办理: 领办, 转办, 拟办, 审核, 退回: the three steps to a decision by three persons (许可法第三十七条).

use super::step::{self, Body, Words};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Facts, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, Outcome, Proposal},
    ids::AccountId,
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(Access::Owner, "/cases/{id}/claim", claim),
        Route::get(Access::Owner, "/cases/{id}/hand-over", hand_over_form),
        Route::post(Access::Owner, "/cases/{id}/hand-over", hand_over),
        Route::get(Access::Owner, "/cases/{id}/proposal", proposal_form),
        Route::post(Access::Owner, "/cases/{id}/proposal", propose),
        Route::get(Access::Owner, "/cases/{id}/review", review_form),
        Route::post(Access::Owner, "/cases/{id}/review", review),
        Route::get(Access::Owner, "/cases/{id}/send-back", send_back_form),
        Route::post(Access::Owner, "/cases/{id}/send-back", send_back),
    ]
}

async fn claim(Path(id): Path<String>, Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    match step::finish(ctx.platform.claim_case(&ctx.call, &id).await, &id, "claimed")? {
        Ok(response) => Ok(response),
        Err(errors) => super::case::redraw(&ctx, &id, errors).await,
    }
}

const HAND_OVER: Words = Words {
    act: Act::HandOver,
    place: "hand-over",
    title: "转办",
    danger: false,
    consequence: "转办后由选定的经办人办理，并记入痕迹。",
    said: "handed-over",
};

async fn draw_hand_over(
    ctx: &OfficeContext,
    open: &CasePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let held = open.case.undertaker.as_ref();
    let people = ctx.platform.undertakers(&ctx.call, &open.id).await?;
    let choices: Vec<_> = people
        .iter()
        .filter(|person| held.is_none_or(|held| held.account != person.account))
        .map(|person| Choice::new(&person.account, &person.name))
        .collect();
    let now = held.map_or_else(|| "尚无人领办。".to_owned(), |held| format!("现由{}领办。", held.name));
    let lonely = choices.is_empty();
    let mut body = Body {
        parts: vec![Markup::of(Note::new(Tone::Blue, "转给本机关的其他经办人", now))],
        fields: vec![
            Markup::of(Field::select("to", "转给", choices).value(form.get("to")).required().errors(&errors)),
            step::text_field("reason", "转办的原因", 500, "例如：休假、调整分工、回避。", form, &errors),
        ],
    };
    if lonely {
        let words = "本机关没有其他在岗的经办人。请联系系统管理员增加经办岗后再转办。";
        body.parts.push(Markup::of(Note::new(Tone::Yellow, "没有可以转办的人", words)));
    }
    step::page_of(ctx, open, &HAND_OVER, body, errors).await
}

async fn hand_over_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::HandOver).await? {
        Ok(open) => draw_hand_over(&ctx, &open, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn hand_over(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let to = AccountId(form.get("to").to_owned());
    let done = ctx.platform.hand_over_case(&ctx.call, &id, &to, form.get("reason")).await;
    let errors = match step::finish(done, &id, HAND_OVER.said)? {
        Ok(response) => return Ok(response),
        Err(errors) => errors,
    };
    match step::open(&ctx, &id, Act::HandOver).await? {
        Ok(open) => draw_hand_over(&ctx, &open, &form, errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

const PROPOSAL: Words = Words {
    act: Act::Propose,
    place: "proposal",
    title: "提交拟办意见",
    danger: false,
    consequence: "提交后由审核岗审核；您不能再审核或者决定本办件。",
    said: "proposed",
};

/// Granted or refused, as radios.
pub fn outcomes(name: &'static str, label: &'static str, form: &Fields, errors: &[Refusal]) -> Markup {
    let choices = [Outcome::Granted, Outcome::Refused].map(|o| Choice::new(o.slug(), o.name()));
    Markup::of(Field::radios(name, label, choices).value(form.get(name)).required().errors(errors))
}

/// Reads them.
pub fn outcome(field: &'static str, form: &Fields) -> Result<Outcome, Refusal> {
    let chosen = [Outcome::Granted, Outcome::Refused].into_iter().find(|o| o.slug() == form.get(field));
    chosen.ok_or_else(|| Refusal::field(field, "outcome", "请选择结果。"))
}

fn draw_proposal(_: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let mut parts = vec![super::case::summary_facts(open)];
    if let Some(back) = &open.case.sent_back {
        let title = format!("{} 退回重新拟办", back.at.display());
        parts.push(Markup::of(Note::new(Tone::Yellow, title, &back.what)));
    }
    Body {
        parts,
        fields: vec![
            outcomes("outcome", "拟办结果", form, errors),
            step::text_field(
                "opinion",
                "拟办意见",
                2000,
                "写明审查的事实、依据和结论，供审核人和审批人参考。",
                form,
                errors,
            ),
        ],
    }
}

async fn proposal_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &PROPOSAL, draw_proposal).await
}

async fn propose(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match outcome("outcome", &form) {
        Ok(outcome) => {
            let proposal = Proposal { outcome, opinion: form.get("opinion").to_owned() };
            Ok(ctx.platform.propose_decision(&ctx.call, &id, proposal).await)
        }
        Err(error) => Err(vec![error]),
    };
    step::answer(&ctx, &id, &PROPOSAL, draw_proposal, &form, done).await
}

const REVIEW: Words = Words {
    act: Act::Review,
    place: "review",
    title: "审核同意",
    danger: false,
    consequence: "同意后由审批岗决定；您不能再决定本办件。",
    said: "reviewed",
};

const SEND_BACK: Words = Words {
    act: Act::SendBack,
    place: "send-back",
    title: "退回拟办",
    danger: true,
    consequence: "退回后由经办人重新拟办，办理时限继续计算。",
    said: "sent-back",
};

/// 拟办与审核, as a card of the case page and above the next step.
pub fn steps_taken(open: &CasePage) -> Option<Facts> {
    let case = &open.case;
    let proposal = case.proposal.as_ref()?;
    let who = |account: &str| open.names.get(account).cloned().unwrap_or_default();
    let facts = Facts::new()
        .row("拟办结果", proposal.what.outcome.name())
        .row("拟办人", format!("{}，{}", who(&proposal.by), proposal.at.display()))
        .wide("拟办意见", &proposal.what.opinion);
    Some(match &case.review {
        Some(review) => {
            facts.row("审核人", format!("{}，{}", who(&review.by), review.at.display())).wide("审核意见", &review.what)
        }
        None => match case.decision.as_ref().and_then(|decision| decision.unreviewed.as_ref()) {
            Some(reason) => facts.wide("审核", format!("没有审核，直接决定。原因：{reason}")),
            None => facts,
        },
    })
}

fn opinion_on_proposal(open: &CasePage, label: &'static str, form: &Fields, errors: &[Refusal]) -> Body {
    let parts = steps_taken(open).map(Markup::of).into_iter().collect();
    Body { parts, fields: vec![step::text_field("opinion", label, 1000, "", form, errors)] }
}

fn draw_review(_: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    opinion_on_proposal(open, "审核意见", form, errors)
}

fn draw_send_back(_: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    opinion_on_proposal(open, "退回的意见", form, errors)
}

async fn review_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &REVIEW, draw_review).await
}

async fn review(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = ctx.platform.review_proposal(&ctx.call, &id, form.get("opinion")).await;
    step::answer(&ctx, &id, &REVIEW, draw_review, &form, Ok(done)).await
}

async fn send_back_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &SEND_BACK, draw_send_back).await
}

async fn send_back(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = ctx.platform.send_back_proposal(&ctx.call, &id, form.get("opinion")).await;
    step::answer(&ctx, &id, &SEND_BACK, draw_send_back, &form, Ok(done)).await
}
