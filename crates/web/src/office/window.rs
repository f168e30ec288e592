//! What the window does beside accepting: 当场更正 and 转送 (许可法第三十二条第一款第三项; 673号令第八条).

use super::step::{self, Body, Words};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, SpotCorrection},
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/spot", spot_form),
        Route::post(Access::Owner, "/cases/{id}/spot", correct),
        Route::get(Access::Owner, "/cases/{id}/transfer", transfer_form),
        Route::post(Access::Owner, "/cases/{id}/transfer", transfer),
    ]
}

/// Stands for the application as a whole where a material can be chosen.
const WHOLE: &str = "whole";

const SPOT: Words = Words {
    act: Act::CorrectOnSpot,
    place: "spot",
    title: "登记当场更正",
    danger: false,
    consequence: "更正内容记入办件痕迹，受理审查期限照常计算。",
    said: "spot",
};

fn draw_spot(_: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let materials = open.application.materials.iter().map(|g| Choice::new(&g.material, &g.name));
    let places = std::iter::once(Choice::new(WHOLE, "整个申请")).chain(materials);
    Body {
        parts: vec![Markup::of(
            Note::new(Tone::Blue, "可以当场更正的错误", "应当允许申请人当场更正，不必为此出具补正通知。")
                .article("行政许可法第三十二条第一款第（三）项"),
        )],
        fields: vec![
            Markup::of(
                Field::select("material", "关于哪份材料", places)
                    .value(step::or(form.get("material"), WHOLE))
                    .required()
                    .errors(errors),
            ),
            step::text_field("wrong", "错误的内容", 500, "", form, errors),
            step::text_field("right", "更正后的内容", 500, "", form, errors),
            step::line_field("by", "更正人", 50, "当场更正的申请人经办人姓名。", form, errors),
        ],
    }
}

async fn spot_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &SPOT, draw_spot).await
}

async fn correct(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let text = |name: &str| form.get(name).to_owned();
    let material = Some(text("material")).filter(|m| !m.is_empty() && m != WHOLE);
    let correction = SpotCorrection { material, wrong: text("wrong"), right: text("right"), by: text("by") };
    let done = ctx.platform.correct_on_spot(&ctx.call, &id, correction).await;
    step::answer(&ctx, &id, &SPOT, draw_spot, &form, Ok(done)).await
}

const TRANSFER: Words = Words {
    act: Act::Transfer,
    place: "transfer",
    title: "转送",
    danger: false,
    consequence: "申请材料转由选定的机关收件办理，系统出具转送告知书并告知项目单位。",
    said: "transferred",
};

fn draw_transfer(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let rule = open.application.procedure.transfer.as_ref();
    let [department, region] = step::agency_fields(ctx, open, true, form, errors);
    let words = rule.map(|r| format!("自收到申请之日起 {}内转送有权决定的机关。", r.words())).unwrap_or_default();
    let article = rule.map(|r| r.article.clone()).unwrap_or_default();
    Body {
        parts: vec![Markup::of(Note::new(Tone::Blue, "转送期限", words).article(article))],
        fields: vec![department, region, step::text_field("reason", "转送的理由", 500, "", form, errors)],
    }
}

async fn transfer_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &TRANSFER, draw_transfer).await
}

/// Afterwards the case lies with the other organ, so the way leads back to the list.
async fn transfer(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match step::agency(&form) {
        Some(to) => Ok(ctx.platform.transfer_case(&ctx.call, &id, &to, form.get("reason")).await),
        None => Err(vec![Refusal::field("department", "transfer.to", "请选择转送给哪个机关。")]),
    };
    match done {
        Ok(Ok(())) => Ok(super::to("/")),
        other => step::answer(&ctx, &id, &TRANSFER, draw_transfer, &form, other).await,
    }
}
