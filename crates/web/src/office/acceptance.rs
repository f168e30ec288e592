//! 核验代码并受理: the platform checks the code; without a good one there is no acceptance (办法第十四条第二项).

use super::{case, show, step};
use crate::{
    Access, OfficeContext, Posted, Route, WebError,
    html::{Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::case::{Act, CodeCheck};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/accept", form),
        Route::post(Access::Owner, "/cases/{id}/accept", accept),
    ]
}

async fn form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let open = match step::open(&ctx, &id, Act::Accept).await? {
        Ok(open) => open,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let due = ctx.platform.due_if_accepted_today(&open.case);
    let due = due.map(|(date, provisional)| show::due_words(Some(date), provisional)).unwrap_or_default();
    let checked = match &open.code_check {
        CodeCheck::Verified => Note::new(
            Tone::Green,
            "项目代码核验通过",
            format!("{} 真实、有效，与项目和申请单位一致。", open.application.code),
        ),
        CodeCheck::Fault { message, .. } => {
            let text = format!("{message}受理将被系统拒绝并留痕，同时告知项目单位。您也可以返回选择“不予受理”。");
            Note::new(Tone::Red, "项目代码未通过核验，不得受理", text)
        }
    };
    let parts = vec![
        Markup::of(checked.article("办法第十三条、第十四条第（二）项")),
        case::summary_facts(&open),
        Markup::of(Note::new(
            Tone::Blue,
            "受理后",
            format!(
                "系统出具受理通知书并告知项目单位；办理时限 {} 从次日起算，今日受理的应于 {due} 前办结。",
                open.application.limit.words()
            ),
        )),
    ];
    let shown = step::Step {
        page: step::act_frame(&ctx, &open, "核验代码并受理", false).await?,
        lead: step::lead(&open),
        parts,
        fields: vec![],
        errors: vec![],
        once: ctx.once(),
        action: format!("/cases/{id}/accept"),
        back: format!("/cases/{id}"),
        submit: "核验代码并受理",
        danger: false,
        confirm: ("确认受理？", "受理后不能再告知补正；办理时限开始计算。".into()),
    };
    step::drawn(shown, false)
}

async fn accept(Path(id): Path<String>, Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    match step::finish(ctx.platform.accept_case(&ctx.call, &id).await, &id, "accepted")? {
        Ok(response) => Ok(response),
        Err(errors) => case::redraw(&ctx, &id, errors).await,
    }
}
