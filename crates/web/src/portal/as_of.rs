//! 回溯查看 on the portal: the unit's own project and case as they stood.

use super::project::project_id;
use crate::{
    Access, Page, Route, WebError,
    as_of::{CaseBody, LookForm, ProjectBody, look},
    context::PortalContext,
    html::Markup,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{as_of::Asked, ids::CaseId};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/as-of", show_case),
        Route::get(Access::Owner, "/projects/{id}/as-of", show_project),
    ]
}

#[derive(Template)]
#[template(path = "portal/as_of.html")]
struct LookBack {
    page: Page,
    name: String,
    lead: String,
    back: String,
    body: Option<Markup>,
    form: LookForm,
}

fn drawn(view: LookBack, failed: bool) -> Result<Response, WebError> {
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(view.render()?)).into_response())
}

async fn frame(ctx: &PortalContext, failed: bool) -> Result<Page, WebError> {
    let page = ctx.page("projects", "回溯查看").await?.failed(failed);
    Ok(page.crumb("首页", "/").crumb("我的项目", "/projects"))
}

async fn show_case(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let id = CaseId::parse(&id).ok_or(WebError::NotFound)?;
    let application = ctx.platform.case_page(&ctx.call, &id).await?.application;
    let now = ctx.platform.clock.now();
    let past = |as_of| ctx.platform.case_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, now, past).await?;
    let base = format!("/cases/{id}");
    let page = frame(&ctx, !errors.is_empty()).await?;
    let view = LookBack {
        page: page
            .crumb(application.project_name.clone(), format!("/projects/{}", application.project))
            .crumb(application.item_name.clone(), base.clone()),
        name: application.item_name.clone(),
        lead: format!("{} · {}", application.project_name, application.code),
        body: then.map(|then| Markup::of(CaseBody::new(&then, &asked, &base, now.date()))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    drawn(view, !errors.is_empty())
}

async fn show_project(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    let declared = ctx.platform.project_page(&ctx.call, &id).await?.declared;
    let past = |as_of| ctx.platform.project_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, ctx.platform.clock.now(), past).await?;
    let base = format!("/projects/{id}");
    let page = frame(&ctx, !errors.is_empty()).await?;
    let view = LookBack {
        page: page.crumb(declared.name.clone(), base.clone()),
        name: declared.name.clone(),
        lead: format!("项目代码 {}", declared.code),
        body: then.map(|then| Markup::of(ProjectBody::new(&ctx.platform, &then, &asked, &base, |_| true))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    drawn(view, !errors.is_empty())
}
