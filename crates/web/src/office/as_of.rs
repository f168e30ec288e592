//! 回溯查看 in the office: one case, one project, one parallel group, and their lists.

mod group;
mod project;

use super::{frame, step};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    as_of::{CaseBody, LookForm, ProjectBody, RowThen, banner, counted_with, look, pairs},
    html::{self, Choice, Empty, Field, Markup, Note, Pager},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{as_of::Asked, ids::ProjectId, region::RegionCode};
use platform::{
    as_of::CasesThen,
    work_list::{Cursor, Filter, Tab},
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/as-of", list),
        Route::get(Access::Owner, "/cases/{id}/as-of", show_case).audited(),
        Route::get(Access::Owner, "/projects/{id}/as-of", show_project).audited(),
        Route::get(Access::SignedIn, "/projects/as-of", project::list),
        Route::get(Access::Owner, "/groups/{id}/as-of", group::show),
        Route::get(Access::SignedIn, "/groups/as-of", group::list),
    ]
}

#[derive(Template)]
#[template(path = "office/as_of.html")]
struct LookBack {
    page: Page,
    name: String,
    lead: String,
    back: String,
    body: Option<Markup>,
    form: LookForm,
}

async fn show_case(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = step::case_id(&id)?;
    let application = ctx.platform.case_page(&ctx.call, &id).await?.application;
    let now = ctx.platform.clock.now();
    let past = |as_of| ctx.platform.case_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, now, past).await?;
    let base = format!("/cases/{id}");
    let page = frame(&ctx, "cases", "回溯查看").await?.failed(!errors.is_empty());
    let view = LookBack {
        page: page.crumb("办件", "/cases").crumb(application.item_name.clone(), base.clone()),
        name: application.item_name.clone(),
        lead: format!("{} · {} · {}", application.project_name, application.code, application.unit_name),
        body: then.map(|then| Markup::of(CaseBody::new(&then, &asked, &base, now.date()))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    step::drawn(view, !errors.is_empty())
}

async fn show_project(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = ProjectId::parse(&id).ok_or(WebError::NotFound)?;
    let declared = ctx.platform.project_page(&ctx.call, &id).await?.declared;
    let past = |as_of| ctx.platform.project_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, ctx.platform.clock.now(), past).await?;
    let base = format!("/projects/{id}");
    let page = frame(&ctx, "projects", "回溯查看").await?.failed(!errors.is_empty());
    let opens = |row: &platform::case::CaseRow| ctx.platform.may_read(&ctx.call, row);
    let view = LookBack {
        page: page.crumb("项目", "/projects").crumb(declared.name.clone(), base.clone()),
        name: declared.name.clone(),
        lead: format!("{} · {}", declared.code, declared.unit_name),
        body: then.map(|then| Markup::of(ProjectBody::new(&ctx.platform, &then, &asked, &base, opens))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    step::drawn(view, !errors.is_empty())
}

/// What the address of the list asks for: the moments, and which cases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    #[serde(flatten)]
    moments: Asked,
    tab: String,
    item: String,
    region: String,
    words: String,
    after: String,
}

impl Wanted {
    fn filter(&self) -> Filter {
        Filter {
            tab: Tab::parse(&self.tab).unwrap_or(Tab::Every),
            item: Some(self.item.clone()).filter(|item| !item.is_empty()),
            region: RegionCode::parse(&self.region),
            words: self.words.clone(),
        }
    }

    fn page(&self, after: &str) -> String {
        let more = [
            ("tab", self.tab.clone()),
            ("item", self.item.clone()),
            ("region", self.region.clone()),
            ("words", self.words.trim().to_owned()),
            ("after", after.to_owned()),
        ];
        format!("/as-of{}", super::query(pairs(&self.moments).into_iter().chain(more)))
    }
}

/// The list found.
struct Listed {
    title: String,
    cases: Vec<RowThen>,
    empty: Option<Empty>,
    pager: Pager,
    counted_with: String,
}

#[derive(Template)]
#[template(path = "office/as_of_list.html")]
struct ListPage {
    page: Page,
    banner: Option<Note>,
    form: LookForm,
    listed: Option<Listed>,
}

/// The fields that narrow the list.
fn narrowing(ctx: &OfficeContext, wanted: &Wanted) -> Vec<Markup> {
    let choices = ctx.platform.choices(&ctx.call);
    let choice = |(value, text): (String, String)| Choice::new(value, text);
    let tabs = std::iter::once(Tab::Every).chain(Tab::ALL).map(|tab| Choice::new(tab.slug(), tab.name()));
    let mut fields = vec![
        Field::select("tab", "当时的状态", tabs).value(wanted.filter().tab.slug()),
        Field::select("item", "事项", choices.items.into_iter().map(choice)).value(&wanted.item),
    ];
    if choices.regions.len() > 1 {
        fields.push(
            Field::select("region", "当时的办理地区", choices.regions.into_iter().map(choice)).value(&wanted.region),
        );
    }
    fields.push(Field::text("words", "项目、单位或代码").value(&wanted.words).max(50));
    fields.into_iter().map(Markup::of).collect()
}

fn listed(ctx: &OfficeContext, wanted: &Wanted, found: &CasesThen) -> Listed {
    let asked = &wanted.moments;
    let opens = |row: &platform::case::CaseRow| ctx.platform.may_read(&ctx.call, row);
    let row = |row| RowThen::new(&ctx.platform, &found.then, asked, row, opens(row));
    let empty = match &found.next {
        Some(_) => Empty::new("history", "这一段没有符合条件的办件", "还有更早提交的办件没有查，请点“下一页”继续。"),
        None => Empty::new("filter", "当时没有符合条件的办件", "可以换一个时点，或者放宽条件再看。"),
    };
    let first = (!wanted.after.is_empty()).then(|| wanted.page(""));
    let next = found.next.as_ref().map(|cursor| wanted.page(&cursor.to_string()));
    Listed {
        title: wanted.filter().tab.name().to_owned(),
        cases: found.rows.iter().map(row).collect(),
        empty: found.rows.is_empty().then_some(empty),
        pager: Pager::new(format!("本页 {} 件，查了 {} 件", found.rows.len(), found.looked_at)).first(first).next(next),
        counted_with: counted_with(&found.then),
    }
}

async fn list(ctx: OfficeContext, Query(wanted): Query<Wanted>) -> Result<Response, WebError> {
    let page = frame(&ctx, "cases", "回溯查看").await?.crumb("办件", "/cases");
    let asked = &wanted.moments;
    let filter = wanted.filter();
    let past = |as_of| ctx.platform.cases_as_of(&ctx.call, &filter, as_of, Cursor::parse(&wanted.after));
    let (found, errors) = look(asked, ctx.platform.clock.now(), past).await?;
    let failed = !errors.is_empty();
    let view = ListPage {
        page: page.failed(failed),
        banner: found.as_ref().map(|found| banner(found.then.as_of, "/cases")),
        form: LookForm::narrowed("/as-of", asked, narrowing(&ctx, &wanted), &errors),
        listed: found.as_ref().map(|found| listed(&ctx, &wanted, found)),
    };
    step::drawn(view, failed)
}
