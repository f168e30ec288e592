//! 事项与指南: the public catalogue, and the nine elements of 办法第八条 for each item.

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{Empty, Facts, Pill, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Html,
};
use domain::item::{Catalogue, Certainty, Demand, Item, LimitUnit, PrecedenceKind, ServiceGuide, Stage, Trigger};
use serde::Deserialize;

/// Every route of these pages.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Public, "/items", list), Route::get(Access::Public, "/items/{code}", guide)]
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
    /// Every word must stand somewhere in the item; an unknown stage or department filters nothing out.
    fn takes(&self, catalogue: &Catalogue, item: &Item) -> bool {
        let stage = stage_of(&self.stage).is_none_or(|stage| stage == item.stage);
        let department = !catalogue.departments().contains_key(&self.department) || item.department == self.department;
        stage && department && self.q.split_whitespace().all(|word| mentions(catalogue, item, &word.to_lowercase()))
    }
}

fn mentions(catalogue: &Catalogue, item: &Item, word: &str) -> bool {
    let own = [&item.name, &item.basis, &item.content, &item.why, &item.code];
    let materials = item.materials.iter().filter_map(|id| catalogue.material(id)).map(|m| &m.name);
    own.into_iter().chain(materials).any(|text| text.to_lowercase().contains(word))
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
    let found: Vec<&'static Item> = catalogue.items().iter().filter(|item| filter.takes(catalogue, item)).collect();
    let group = |stage| Group {
        stage,
        rows: found.iter().filter(|i| i.stage == stage).map(|&item| Row { item, department: catalogue.department_name(item) }).collect(),
    };
    let departments = catalogue.departments().iter().filter(|(slug, _)| catalogue.items().iter().any(|i| i.department == **slug));
    let view = List {
        page: ctx.page("items", "事项与办事指南").await?.crumb("首页", "/"),
        stages: Stage::ALL.map(|s| (slug(s), s.label())),
        departments: departments.map(|(slug, d)| (slug.as_str(), d.name.as_str())).collect(),
        groups: Stage::ALL.into_iter().map(group).filter(|g| !g.rows.is_empty()).collect(),
        shown: found.len(),
        all: catalogue.items().len(),
        filtered: found.len() < catalogue.items().len(),
        empty: Empty::new("book", "没有符合条件的事项", "请减少条件，或者换一个词，例如“用地”“环境”“施工许可”。").link("查看全部事项", "/items"),
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
    guide: ServiceGuide,
    department: &'static str,
    summary: Facts,
    need: Need,
    materials: Vec<Asked>,
    before: Vec<Neighbour>,
    after: Vec<Neighbour>,
    version: String,
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

/// A material and where it comes from.
struct Asked {
    name: String,
    hint: String,
    condition: String,
    formats: String,
    copies: &'static str,
    source: &'static str,
    issued_by: Vec<&'static Item>,
}

/// An item before or after this one.
struct Neighbour {
    item: &'static Item,
    by_law: bool,
    why: &'static str,
}

async fn guide(ctx: PortalContext, Path(code): Path<String>) -> Result<Html<String>, WebError> {
    let catalogue = ctx.platform.rules.catalogue;
    let (Some(item), Some(guide)) = (catalogue.item(&code), ctx.platform.guide(&code)) else { return Err(WebError::NotFound) };
    let view = Guide {
        page: ctx.page("items", item.name.clone()).await?.crumb("首页", "/").crumb("事项与办事指南", "/items"),
        department: catalogue.department_name(item),
        summary: summary(item, &guide),
        need: Need { demand: item.applies.in_words(catalogue.facts()) },
        materials: guide.materials.iter().map(|m| material(catalogue, m)).collect(),
        before: before(catalogue, item),
        after: after(catalogue, item),
        version: ctx.platform.rules.version(),
        item,
        guide,
    };
    Ok(Html(view.render()?))
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

fn material(catalogue: &'static Catalogue, material: &domain::item::GuideMaterial) -> Asked {
    let issued_by = catalogue.material(&material.id).map(|m| m.issued_by.as_slice()).unwrap_or_default();
    Asked {
        name: material.name.clone(),
        hint: material.hint.clone(),
        condition: material.condition.clone(),
        formats: format!("{}，单个不超过 {} MB", material.formats.join("、").to_uppercase(), material.max_mb),
        copies: material.copies.label(),
        source: material.source.label(),
        issued_by: issued_by.iter().filter_map(|code| catalogue.item(code)).collect(),
    }
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

/// How sure the platform is of a statement, as a pill.
fn sure(certainty: &Certainty) -> Pill {
    let (tone, meaning) = match certainty {
        Certainty::Seen => (Tone::Green, "已经对照法律法规原文核对。"),
        Certainty::Remembered => (Tone::Yellow, "内容来自通行做法，尚未逐字对照原文，以受理机关公布为准。"),
        Certainty::Inferred => (Tone::Yellow, "由相关规定推定得出，以受理机关公布为准。"),
        Certainty::Fallback => (Tone::Grey, "没有专门规定，按一般规定执行；部门另有承诺时限的从其承诺。"),
    };
    Pill::new(tone, certainty.label()).meaning(meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::item::catalogue;

    fn found(q: &str, stage: &str, department: &str) -> Vec<&'static str> {
        let filter = Filter { q: q.into(), stage: stage.into(), department: department.into() };
        let catalogue = catalogue();
        catalogue.items().iter().filter(|i| filter.takes(catalogue, i)).map(|i| i.code.as_str()).collect()
    }

    #[test]
    fn art08_items_are_found_by_words_stage_and_department() {
        assert_eq!(found("", "", "").len(), catalogue().items().len());
        assert!(found("施工许可", "", "").contains(&"construction_permit"));
        assert!(found("环境影响 报告书", "application", "ecology").contains(&"eia"));
        assert!(found("", "completion", "").iter().all(|code| catalogue().item(code).unwrap().stage == Stage::Completion));
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
