//! 核验代码并受理: the platform checks the code; without a good one there is no acceptance (办法第十四条第二项).

use super::{case, show, step};
use crate::{
    Access, OfficeContext, Posted, Route, WebError,
    html::{Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, CodeCheck},
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/accept", form),
        Route::post(Access::Owner, "/cases/{id}/accept", accept),
    ]
}

async fn form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::Accept).await? {
        Ok(open) => page(&ctx, &open, vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn page(ctx: &OfficeContext, open: &CasePage, errors: Vec<Refusal>) -> Result<Response, WebError> {
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
        case::summary_facts(open),
        Markup::of(Note::new(
            Tone::Blue,
            "受理后",
            format!(
                "系统出具受理通知书并告知项目单位；办理时限 {} 从次日起算，今日受理的应于 {due} 前办结。",
                open.application.limit.words()
            ),
        )),
    ];
    let reviewed = Field::check("reviewed", "涉密审查", "材料已核对，不含涉密内容")
        .hint("请逐份打开申请材料核对。系统的自动检查只是辅助；您的确认连同姓名和时间记入痕迹。发现疑似涉密内容的，不要受理，立即告知安全管理员。")
        .required()
        .errors(&errors);
    let (failed, id) = (!errors.is_empty(), &open.id);
    let shown = step::Step {
        page: step::act_frame(ctx, open, "核验代码并受理", failed).await?,
        lead: step::lead(open),
        parts,
        fields: vec![Markup::of(reviewed)],
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/accept"),
        back: format!("/cases/{id}"),
        submit: "核验代码并受理",
        danger: false,
        confirm: ("确认受理？", "受理后不能再告知补正；办理时限开始计算。".into()),
    };
    step::drawn(shown, failed)
}

async fn accept(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let reviewed = form.get("reviewed") == "yes";
    let errors = match step::finish(ctx.platform.accept_case(&ctx.call, &id, reviewed).await, &id, "accepted")? {
        Ok(response) => return Ok(response),
        Err(errors) => errors,
    };
    // A box that was forgotten is ticked on the same page; whatever else is wrong is a matter of the case.
    match step::open(&ctx, &id, Act::Accept).await? {
        Ok(open) if errors.iter().all(|error| error.code == "contents.not_reviewed") => page(&ctx, &open, errors).await,
        _ => case::redraw(&ctx, &id, errors).await,
    }
}
