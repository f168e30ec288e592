//! The list of projects as it stood.

use super::{LookForm, look};
use crate::{
    OfficeContext, Page, WebError,
    as_of::{address, banner, pairs},
    html::{self, Choice, Empty, Field, Markup, Note, Pager},
    office::{frame, project::Line, query, step},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use domain::{as_of::Asked, region::RegionCode};
use platform::{as_of::ProjectsThen, desk::ProjectFilter, project::ProjectRow, work_list::Cursor};
use serde::Deserialize;

/// What the address asks for: the moments, and which projects.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    #[serde(flatten)]
    moments: Asked,
    words: String,
    region: String,
    after: String,
}

impl Wanted {
    fn filter(&self) -> ProjectFilter {
        ProjectFilter { words: self.words.clone(), region: RegionCode::parse(&self.region) }
    }

    fn page(&self, after: &str) -> String {
        let more =
            [("words", self.words.trim().to_owned()), ("region", self.region.clone()), ("after", after.to_owned())];
        format!("/projects/as-of{}", query(pairs(&self.moments).into_iter().chain(more)))
    }
}

/// The list found.
struct Listed {
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "office/as_of_projects.html")]
struct ProjectsPage {
    page: Page,
    banner: Option<Note>,
    form: LookForm,
    listed: Option<Listed>,
}

/// The fields that narrow the list.
fn narrowing(ctx: &OfficeContext, wanted: &Wanted) -> Vec<Markup> {
    let regions = ctx.platform.choices(&ctx.call).regions;
    let mut fields = vec![Field::text("words", "项目、单位或代码").value(&wanted.words).max(50)];
    if regions.len() > 1 {
        let regions = regions.into_iter().map(|(value, text)| Choice::new(value, text));
        fields.push(Field::select("region", "建设地点", regions).value(&wanted.region));
    }
    fields.into_iter().map(Markup::of).collect()
}

fn listed(ctx: &OfficeContext, wanted: &Wanted, found: &ProjectsThen) -> Listed {
    let asked = &wanted.moments;
    let line =
        |row: &ProjectRow| Line { href: address(&format!("/projects/{}/as-of", row.id), asked), ..Line::new(ctx, row) };
    let empty = || Empty::new("filter", "当时没有符合条件的项目", "可以换一个时点，或者放宽条件再看。");
    Listed {
        lines: found.rows.iter().map(line).collect(),
        empty: found.rows.is_empty().then(empty),
        pager: Pager::new(format!("本页 {} 个", found.rows.len()))
            .first((!wanted.after.is_empty()).then(|| wanted.page("")))
            .next(found.next.as_ref().map(|cursor| wanted.page(&cursor.to_string()))),
    }
}

/// The page.
pub async fn list(ctx: OfficeContext, Query(wanted): Query<Wanted>) -> Result<Response, WebError> {
    let page = frame(&ctx, "projects", "回溯查看").await?.crumb("项目", "/projects");
    let (asked, filter) = (&wanted.moments, wanted.filter());
    let past = |as_of| ctx.platform.projects_as_of(&ctx.call, &filter, as_of, Cursor::parse(&wanted.after));
    let (found, errors) = look(asked, ctx.platform.clock.now(), past).await?;
    let failed = !errors.is_empty();
    let view = ProjectsPage {
        page: page.failed(failed),
        banner: found.as_ref().map(|found| banner(found.then.as_of, "/projects")),
        form: LookForm::narrowed("/projects/as-of", asked, narrowing(&ctx, &wanted), &errors),
        listed: found.as_ref().map(|found| listed(&ctx, &wanted, found)),
    };
    step::drawn(view, failed)
}
