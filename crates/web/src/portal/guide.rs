//! 事项与指南: the public catalogue, and for each item the guide in force with its other versions (办法第八条).

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{Empty, Facts, GuideText, Note, Tone},
    portal::paper,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{
    guide::ServiceGuide,
    ids::AttachmentId,
    item::{Catalogue, Demand, Item, PrecedenceKind, Stage, Trigger},
};
use platform::guide::{PublicGuide, VersionRow};
use serde::Deserialize;

/// Every route of these pages.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Public, "/items", list),
        Route::get(Access::Public, "/items/{code}", guide),
        Route::get(Access::Public, "/items/{code}/versions/{number}", version),
        Route::get(Access::Public, "/items/{code}/samples/{file}", sample),
    ]
}

// ── 目录 ──

#[derive(Template)]
#[template(path = "portal/guide_list.html")]
struct List {
    page: Page,
    q: String,
    stage: String,
    department: String,
    stages: [(&'static str, &'static str); 4],
    departments: Vec<(&'static str, &'static str)>,
    groups: Vec<Group>,
    shown: usize,
    all: usize,
    filtered: bool,
    empty: Empty,
}

/// The items of one stage.
struct Group {
    stage: Stage,
    rows: Vec<Row>,
}

struct Row {
    item: &'static Item,
    department: &'static str,
    limit: String,
}

#[derive(Deserialize, Default)]
struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    department: String,
}

impl Filter {
    /// Every word must stand somewhere in the guide in force (`said`) or in why the item is needed; an unknown stage or
    /// department filters nothing out.
    fn takes(&self, catalogue: &Catalogue, item: &Item, said: &str) -> bool {
        let stage = stage_of(&self.stage).is_none_or(|stage| stage == item.stage);
        let department = !catalogue.departments().contains_key(&self.department) || item.department == self.department;
        let mentions = |word: String| {
            said.contains(&word) || [&item.name, &item.why, &item.code].iter().any(|t| t.to_lowercase().contains(&word))
        };
        stage && department && self.q.split_whitespace().all(|word| mentions(word.to_lowercase()))
    }
}

fn slug(stage: Stage) -> &'static str {
    match stage {
        Stage::Initiation => "initiation",
        Stage::Application => "application",
        Stage::BeforeStart => "before_start",
        Stage::Completion => "completion",
    }
}

fn stage_of(text: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| slug(*stage) == text)
}

async fn list(ctx: PortalContext, Query(filter): Query<Filter>) -> Result<Html<String>, WebError> {
    let catalogue = ctx.platform.rules.catalogue;
    let in_force = ctx.platform.guides_in_force(&ctx.call).await?;
    let found: Vec<&'static Item> =
        catalogue.items().iter().filter(|item| filter.takes(catalogue, item, in_force.words(&item.code))).collect();
    let group = |stage| Group {
        stage,
        rows: found
            .iter()
            .filter(|i| i.stage == stage)
            .map(|&item| Row { item, department: catalogue.department_name(item), limit: in_force.limit(item).words() })
            .collect(),
    };
    let departments =
        catalogue.departments().iter().filter(|(slug, _)| catalogue.items().iter().any(|i| i.department == **slug));
    let view = List {
        page: ctx.page("items", "事项与办事指南").await?.crumb("首页", "/"),
        stages: Stage::ALL.map(|s| (slug(s), s.label())),
        departments: departments.map(|(slug, d)| (slug.as_str(), d.name.as_str())).collect(),
        groups: Stage::ALL.into_iter().map(group).filter(|g| !g.rows.is_empty()).collect(),
        shown: found.len(),
        all: catalogue.items().len(),
        filtered: found.len() < catalogue.items().len(),
        empty: Empty::new("book", "没有符合条件的事项", "请减少条件，或者换一个词，例如“用地”“环境”“施工许可”。")
            .link("查看全部事项", "/items"),
        q: filter.q,
        stage: filter.stage,
        department: filter.department,
    };
    Ok(Html(view.render()?))
}

// ── 指南 ──

#[derive(Template)]
#[template(path = "portal/guide.html")]
struct Guide {
    page: Page,
    item: &'static Item,
    text: GuideText,
    department: &'static str,
    summary: Facts,
    notes: Vec<Note>,
    need: Need,
    before: Vec<Neighbour>,
    after: Vec<Neighbour>,
    shown: VersionRow,
    history: Vec<Edition>,
    version: String,
}

/// One version in the list of versions.
struct Edition {
    name: String,
    href: String,
    note: String,
    state: &'static str,
    tone: Tone,
    now: bool,
}

/// A rule in words, as nested lists.
#[derive(Template)]
#[template(path = "portal/guide_need.html")]
struct Need {
    demand: Demand,
}

impl askama::filters::HtmlSafe for Need {}

impl Need {
    fn of(demand: &Demand) -> Self {
        Self { demand: demand.clone() }
    }
}

/// An item before or after this one.
struct Neighbour {
    item: &'static Item,
    by_law: bool,
    why: &'static str,
}

async fn guide(ctx: PortalContext, Path(code): Path<String>) -> Result<Html<String>, WebError> {
    draw(ctx, &code, None).await
}

async fn version(ctx: PortalContext, Path((code, number)): Path<(String, String)>) -> Result<Html<String>, WebError> {
    let number: u32 = number.parse().map_err(|_| WebError::NotFound)?;
    draw(ctx, &code, Some(number)).await
}

async fn draw(ctx: PortalContext, code: &str, number: Option<u32>) -> Result<Html<String>, WebError> {
    let catalogue = ctx.platform.rules.catalogue;
    let item = catalogue.item(code).ok_or(WebError::NotFound)?;
    let public = ctx.platform.public_guide(&ctx.call, code, number).await?;
    let shown = public.shown.row.clone();
    let view = Guide {
        page: ctx.page("items", item.name.clone()).await?.crumb("首页", "/").crumb("事项与办事指南", "/items"),
        text: GuideText::new(catalogue, item, &public.shown.guide, true),
        department: catalogue.department_name(item),
        summary: summary(item, &public.shown.guide),
        notes: notes(&public),
        need: Need { demand: item.applies.in_words(catalogue.facts()) },
        before: before(catalogue, item),
        after: after(catalogue, item),
        history: public.history.iter().map(|row| edition(&public, row)).collect(),
        version: ctx.platform.rules.version(),
        shown,
        item,
    };
    Ok(Html(view.render()?))
}

/// A file of a published version.
async fn sample(ctx: PortalContext, Path((code, file)): Path<(String, String)>) -> Result<Response, WebError> {
    let id = AttachmentId::parse(&file).ok_or(WebError::NotFound)?;
    Ok(paper::file(ctx.platform.public_guide_sample(&ctx.call, &code, &id).await?))
}

/// What a reader must know before relying on the version shown.
fn notes(public: &PublicGuide) -> Vec<Note> {
    let shown = &public.shown.row;
    let href = |row: &VersionRow| format!("/items/{}/versions/{}", public.shown.guide.item, row.number);
    let mut notes = Vec::new();
    match public.in_force() {
        None if shown.from <= public.today => {
            let until = shown.until.map_or_else(String::new, |until| format!("自 {until} 起"));
            let text = format!("本指南{until}已停用，以下是停用前的内容，仅供查阅。如需办理，请先咨询主管部门。");
            notes.push(Note::new(Tone::Red, "本指南已停用", text).article("办法第八条"));
        }
        Some(now) if now.number != shown.number && shown.from <= public.today => {
            let text = format!(
                "您正在查看第 {} 版，现行的是第 {} 版。此前申请的办件仍按当时的版本办理。",
                shown.number, now.number
            );
            notes.push(Note::new(Tone::Yellow, "这不是现行版本", text).link("查看现行版本", href(now)));
        }
        _ => {}
    }
    match public.scheduled() {
        Some(next) if next.number == shown.number => {
            let text = format!("第 {} 版将于 {} 生效。在此之前申请的，按现行版本办理。", next.number, next.from);
            notes.push(Note::new(Tone::Yellow, "本版本尚未生效", text));
        }
        Some(next) => {
            let text = format!("第 {} 版将于 {} 生效。", next.number, next.from);
            notes.push(Note::new(Tone::Blue, "指南即将更新", text).link("提前查看", href(next)));
        }
        None => {}
    }
    notes
}

fn edition(public: &PublicGuide, row: &VersionRow) -> Edition {
    let (state, tone) = match row {
        row if row.is_in_force(public.today) => ("现行", Tone::Green),
        row if row.from > public.today => ("待生效", Tone::Blue),
        _ => ("已失效", Tone::Grey),
    };
    let until = row.until.map_or_else(String::new, |until| format!("，至 {until} 前"));
    let note = if row.note.is_empty() { String::new() } else { format!("。{}", row.note.trim_end_matches('。')) };
    Edition {
        name: format!("第 {} 版", row.number),
        href: format!("/items/{}/versions/{}", public.shown.guide.item, row.number),
        note: format!("{} 起{until}{note}", row.from),
        state,
        tone,
        now: row.number == public.shown.row.number,
    }
}

fn summary(item: &Item, guide: &ServiceGuide) -> Facts {
    let limit = guide.committed.as_ref().map_or_else(
        || guide.limit.words(),
        |committed| format!("承诺 {}（法定 {}）", committed.words(), guide.limit.words()),
    );
    Facts::new()
        .row("事项类别", item.kind.label())
        .row("办理阶段", item.stage.label())
        .row("受理层级", item.level.label())
        .row("办理时限", limit)
        .row("收费", &guide.fee.text)
        .row("材料", format!("{} 种", guide.materials.len()))
}

fn before(catalogue: &'static Catalogue, item: &'static Item) -> Vec<Neighbour> {
    let neighbour = |p: &'static domain::item::Precedence| {
        Some(Neighbour { item: catalogue.item(&p.item)?, by_law: p.kind == PrecedenceKind::Law, why: &p.why })
    };
    item.after.iter().filter_map(neighbour).collect()
}

fn after(catalogue: &'static Catalogue, item: &Item) -> Vec<Neighbour> {
    let follows = |later: &'static Item| {
        let p = later.after.iter().find(|p| p.item == item.code)?;
        Some(Neighbour { item: later, by_law: p.kind == PrecedenceKind::Law, why: &p.why })
    };
    catalogue.items().iter().filter_map(follows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::item::catalogue;

    fn found(q: &str, stage: &str, department: &str) -> Vec<&'static str> {
        let filter = Filter { q: q.into(), stage: stage.into(), department: department.into() };
        let catalogue = catalogue();
        let says = |item: &Item| catalogue.guide(&item.code).unwrap().words();
        let found = catalogue.items().iter().filter(|i| filter.takes(catalogue, i, &says(i)));
        found.map(|i| i.code.as_str()).collect()
    }

    #[test]
    fn art08_items_are_found_by_words_stage_and_department() {
        assert_eq!(found("", "", "").len(), catalogue().items().len());
        assert!(found("施工许可", "", "").contains(&"construction_permit"));
        assert!(found("环境影响 报告书", "application", "ecology").contains(&"eia"));
        assert!(
            found("", "completion", "").iter().all(|code| catalogue().item(code).unwrap().stage == Stage::Completion)
        );
        assert!(found("没有这样的词", "", "").is_empty());
        assert_eq!(found("", "nowhere", "nobody").len(), catalogue().items().len());
    }

    #[test]
    fn art08_what_comes_after_is_what_names_this_item_as_before() {
        for item in catalogue().items() {
            for neighbour in after(catalogue(), item) {
                assert!(before(catalogue(), neighbour.item).iter().any(|n| n.item.code == item.code));
            }
        }
    }
}
