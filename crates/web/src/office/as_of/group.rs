//! The list of parallel groups as it stood, and one group.

use super::{LookBack, LookForm, look};
use crate::{
    OfficeContext, Page, WebError,
    as_of::{GroupBody, banner, group_address, pairs},
    html::{self, Choice, Empty, Field, Markup, Note, Pager},
    office::{
        frame,
        group::{Line, group_id},
        query, step,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::as_of::Asked;
use platform::{
    as_of::GroupsThen,
    group::{GroupRow, GroupTab},
    work_list::Cursor,
};
use serde::Deserialize;

/// One group.
pub async fn show(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = group_id(&id)?;
    let formation = ctx.platform.group_page(&ctx.call, &id).await?.formation;
    let past = |as_of| ctx.platform.group_as_of(&ctx.call, &id, as_of);
    let (then, errors) = look(&asked, ctx.platform.clock.now(), past).await?;
    let base = format!("/groups/{id}");
    let page = frame(&ctx, "groups", "回溯查看").await?.failed(!errors.is_empty());
    let view = LookBack {
        page: page.crumb("并联审批", "/groups").crumb(formation.kind.title(), base.clone()),
        name: formation.kind.title(),
        lead: format!("{} · {} · {}", formation.project_name, formation.code, formation.unit_name),
        body: then.map(|then| Markup::of(GroupBody::new(&ctx.platform, &then, &asked, &base))),
        form: LookForm::new(&format!("{base}/as-of"), &asked, &errors),
        back: base,
    };
    step::drawn(view, !errors.is_empty())
}

/// What the address asks for: the moments, and which groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    #[serde(flatten)]
    moments: Asked,
    tab: String,
    after: String,
}

impl Wanted {
    fn tab(&self) -> GroupTab {
        GroupTab::parse(&self.tab).unwrap_or_default()
    }

    fn page(&self, after: &str) -> String {
        let more = [("tab", self.tab().slug().to_owned()), ("after", after.to_owned())];
        format!("/groups/as-of{}", query(pairs(&self.moments).into_iter().chain(more)))
    }
}

/// The list found.
struct Listed {
    title: &'static str,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "office/as_of_groups.html")]
struct GroupsPage {
    page: Page,
    banner: Option<Note>,
    form: LookForm,
    listed: Option<Listed>,
}

fn listed(wanted: &Wanted, found: &GroupsThen) -> Listed {
    let asked = &wanted.moments;
    let line = |row: &GroupRow| Line { href: group_address(&row.id, asked), ..Line::new(row) };
    let empty = match &found.next {
        Some(_) => Empty::new("history", "这一段没有符合条件的并联申请", "还有更早提交的没有查，请点“下一页”继续。"),
        None => Empty::new("filter", "当时没有符合条件的并联申请", "可以换一个时点，或者换一个状态再看。"),
    };
    Listed {
        title: wanted.tab().name(),
        lines: found.rows.iter().map(line).collect(),
        empty: found.rows.is_empty().then_some(empty),
        pager: Pager::new(format!("本页 {} 组，查了 {} 组", found.rows.len(), found.looked_at))
            .first((!wanted.after.is_empty()).then(|| wanted.page("")))
            .next(found.next.as_ref().map(|cursor| wanted.page(&cursor.to_string()))),
    }
}

/// The list.
pub async fn list(ctx: OfficeContext, Query(wanted): Query<Wanted>) -> Result<Response, WebError> {
    let page = frame(&ctx, "groups", "回溯查看").await?.crumb("并联审批", "/groups");
    let (asked, tab) = (&wanted.moments, wanted.tab());
    let past = |as_of| ctx.platform.groups_as_of(&ctx.call, tab, as_of, Cursor::parse(&wanted.after));
    let (found, errors) = look(asked, ctx.platform.clock.now(), past).await?;
    let failed = !errors.is_empty();
    let tabs = GroupTab::ALL.map(|tab| Choice::new(tab.slug(), tab.name()));
    let narrowing = vec![Markup::of(Field::select("tab", "当时的状态", tabs).value(tab.slug()))];
    let view = GroupsPage {
        page: page.failed(failed),
        banner: found.as_ref().map(|found| banner(found.then.as_of, "/groups")),
        form: LookForm::narrowed("/groups/as-of", asked, narrowing, &errors),
        listed: found.as_ref().map(|found| listed(&wanted, found)),
    };
    step::drawn(view, failed)
}
