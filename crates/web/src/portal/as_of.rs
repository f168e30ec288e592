//! 回溯查看 on the portal: the unit's own projects, cases and parallel groups as they stood.

use super::project::{project_id, regime_name, state_pill};
use crate::{
    Access, Page, Route, WebError,
    as_of::{CaseBody, GroupBody, LookForm, ProjectBody, address, banner, look, pairs},
    context::PortalContext,
    html::{self, Field, Markup, Note, Pager, Pill},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::{
    as_of::Asked,
    ids::{CaseId, GroupId},
};
use platform::{as_of::ProjectsThen, project::OpenCases, work_list::Cursor};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/as-of", show_case),
        Route::get(Access::Owner, "/projects/{id}/as-of", show_project),
        Route::get(Access::SignedIn, "/projects/as-of", list),
        Route::get(Access::Owner, "/groups/{id}/as-of", show_group),
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

async fn show_group(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let id = GroupId::parse(&id).ok_or(WebError::NotFound)?;
    let formation = ctx.platform.group_page(&ctx.call, &id).await?.formation;
    let past = |as_of| ctx.platform.group_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, ctx.platform.clock.now(), past).await?;
    let base = format!("/groups/{id}");
    let page = frame(&ctx, !errors.is_empty()).await?;
    let view = LookBack {
        page: page
            .crumb(formation.project_name.clone(), format!("/projects/{}", formation.project))
            .crumb(formation.kind.title(), base.clone()),
        name: formation.kind.title(),
        lead: format!("{} · {}", formation.project_name, formation.code),
        body: then.map(|then| Markup::of(GroupBody::new(&ctx.platform, &then, &asked, &base))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    drawn(view, !errors.is_empty())
}

/// What the address of the list asks for: the moments, and which projects.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    #[serde(flatten)]
    moments: Asked,
    q: String,
    after: String,
}

impl Wanted {
    fn words(&self) -> String {
        self.q.trim().chars().take(60).collect()
    }

    fn page(&self, after: &str) -> String {
        let moments = pairs(&self.moments).map(|(name, text)| format!("{name}={}&", crate::percent_encoded(&text)));
        format!(
            "/projects/as-of?{}q={}&after={}",
            moments.concat(),
            crate::percent_encoded(&self.words()),
            crate::percent_encoded(after)
        )
    }
}

/// A project as the list shows it.
struct Line {
    href: String,
    name: String,
    code: String,
    regime: &'static str,
    place: String,
    total: String,
    declared: jiff::civil::Date,
    state: Pill,
    open: OpenCases,
}

/// The list found.
struct Listed {
    lines: Vec<Line>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "portal/as_of_projects.html")]
struct ListPage {
    page: Page,
    banner: Option<Note>,
    form: LookForm,
    listed: Option<Listed>,
}

fn listed(ctx: &PortalContext, wanted: &Wanted, found: &ProjectsThen) -> Listed {
    let asked = &wanted.moments;
    let line = |row: &platform::project::ProjectRow| Line {
        href: address(&format!("/projects/{}/as-of", row.id), asked),
        name: row.name.clone(),
        code: row.code.clone(),
        regime: regime_name(&row.regime),
        place: ctx.platform.region_name(&row.region),
        total: row.total.wan(),
        declared: row.declared_at.date(),
        state: state_pill(row.state),
        open: found.open.get(&row.id).copied().unwrap_or_default(),
    };
    Listed {
        lines: found.rows.iter().map(line).collect(),
        pager: Pager::new(format!("本页 {} 个项目", found.rows.len()))
            .first((!wanted.after.is_empty()).then(|| wanted.page("")))
            .next(found.next.as_ref().map(|cursor| wanted.page(&cursor.to_string()))),
    }
}

async fn list(ctx: PortalContext, Query(wanted): Query<Wanted>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (asked, words) = (&wanted.moments, wanted.words());
    let past = |as_of| ctx.platform.my_projects_as_of(&ctx.call, &words, as_of, Cursor::parse(&wanted.after));
    let (found, errors) = look(asked, ctx.platform.clock.now(), past).await?;
    let failed = !errors.is_empty();
    let narrowing = vec![Markup::of(Field::text("q", "项目名称或代码").value(&words).max(60))];
    let view = ListPage {
        page: frame(&ctx, failed).await?,
        banner: found.as_ref().map(|found| banner(found.then.as_of, "/projects")),
        form: LookForm::narrowed("/projects/as-of", asked, narrowing, &errors),
        listed: found.as_ref().map(|found| listed(&ctx, &wanted, found)),
    };
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(view.render()?)).into_response())
}
