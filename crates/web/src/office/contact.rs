//! 联系信息: the people of a declaration, shown in full after a reason was given (S-34).

use super::{frame, step};
use crate::{
    Access, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{ErrorSummary, Facts, Markup, Note, Tone},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use domain::{Refusal, ids::ProjectId};
use platform::contact::ContactLine;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::post(Access::Owner, "/projects/{id}/contact", show)]
}

#[derive(Template)]
#[template(path = "office/contact.html")]
struct ContactPage {
    page: Page,
    summary: ErrorSummary,
    id: ProjectId,
    name: String,
    facts: Facts,
    note: Option<Markup>,
    /// Asking for them; `None` once they are shown.
    reason: Option<Markup>,
}

/// Names and answers.
pub fn facts(lines: &[ContactLine]) -> Facts {
    lines.iter().fold(Facts::new(), |facts, line| facts.row(&line.label, &line.text))
}

async fn show(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = ProjectId::parse(&id).ok_or(WebError::NotFound)?;
    let (lines, errors): (_, Vec<Refusal>) =
        match refusals(ctx.platform.unmask_contact(&ctx.call, &id, form.get("reason")).await)? {
            Ok(lines) => (lines, vec![]),
            Err(errors) => (ctx.platform.masked_contact(&ctx.call, &id).await?, errors),
        };
    let failed = !errors.is_empty();
    let name = ctx.platform.project_page(&ctx.call, &id).await?.declared.name.clone();
    let page = frame(&ctx, "projects", "联系信息").await?.failed(failed);
    let words = "本次查看的人员、时间和理由已写入安全审计。请只用于办理本项目，不要抄录、转发。";
    let view = ContactPage {
        page: page.crumb("项目", "/projects").crumb(name.clone(), format!("/projects/{id}")),
        summary: ErrorSummary::new(&errors),
        facts: facts(&lines),
        note: (!failed).then(|| Markup::of(Note::new(Tone::Yellow, "个人信息", words).article("个人信息保护法第六条"))),
        reason: failed.then(|| reason(&form, &errors)),
        name,
        id,
    };
    step::drawn(view, failed)
}

/// The field that asks why.
pub fn reason(form: &crate::Fields, errors: &[Refusal]) -> Markup {
    step::line_field(
        "reason",
        "查看的理由",
        100,
        "例如：电话告知补正内容。查看的人员、时间和理由写入安全审计。",
        form,
        errors,
    )
}
