//! 不予受理: only on a ground of the law, with its reason, and the right organ where there is one.

use super::{case, step};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, CodeCheck, NotAcceptedGround},
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/refuse", form),
        Route::post(Access::Owner, "/cases/{id}/refuse", refuse),
    ]
}

async fn draw(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let choices = NotAcceptedGround::ALL.map(|g| Choice::new(g.slug(), g.name()).note(g.article()));
    let ground = match form.get("ground") {
        "" if matches!(open.code_check, CodeCheck::Fault { .. }) => NotAcceptedGround::CodeNotVerified.slug(),
        typed => typed,
    };
    let [department, region] = step::agency_fields(ctx, open, false, form, &errors);
    let fields = vec![
        Markup::of(Field::radios("ground", "不予受理的情形", choices).value(ground).required().errors(&errors)),
        Markup::of(
            Field::textarea("reason", "具体理由", 4)
                .value(form.get("reason"))
                .required()
                .max(1000)
                .hint("写进不予受理通知书，请写明事实和依据。")
                .errors(&errors),
        ),
        Markup::of(Note::new(
            Tone::Grey,
            "应当向哪个机关申请",
            "只有“不属于本机关职权范围”的需要选择，通知书写明该机关的全称。",
        )),
        department,
        region,
    ];
    let id = &open.id;
    let shown = step::Step {
        page: step::act_frame(ctx, open, "不予受理", failed).await?,
        lead: step::lead(open),
        parts: vec![
            case::summary_facts(open),
            Markup::of(
                Note::new(
                    Tone::Yellow,
                    "请先考虑能否补正",
                    "材料不齐全、不符合法定形式的，应当先一次性告知补正，不能直接不予受理。",
                )
                .article("行政许可法第三十二条第一款第（四）项"),
            ),
        ],
        fields,
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/refuse"),
        back: format!("/cases/{id}"),
        submit: "作出不予受理",
        danger: true,
        confirm: (
            "确认不予受理？",
            "办件将结束，系统出具不予受理通知书并告知项目单位救济途径。此操作不能撤回。".into(),
        ),
    };
    step::drawn(shown, failed)
}

async fn form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::NotAccept).await? {
        Ok(open) => draw(&ctx, &open, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn refuse(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let errors = match NotAcceptedGround::parse(form.get("ground")) {
        None => vec![
            Refusal::field("ground", "not_accept.ground", "请选择不予受理的情形。").article("行政许可法第三十二条"),
        ],
        Some(ground) => {
            let organ = step::agency(&form);
            let result = ctx.platform.not_accept_case(&ctx.call, &id, ground, form.get("reason"), organ).await;
            match step::finish(result, &id, "not-accepted")? {
                Ok(response) => return Ok(response),
                Err(errors) => errors,
            }
        }
    };
    match step::open(&ctx, &id, Act::NotAccept).await? {
        Ok(open) => draw(&ctx, &open, &form, errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}
