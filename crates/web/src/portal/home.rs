//! 首页: one search box, the ways in, the figures and the latest results (办法第四、十八条).

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{Stats, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use domain::{case::Outcome, item::Item};
use serde::Deserialize;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Public, "/", home)]
}

/// Guides that most projects look for first.
const COMMON: [&str; 7] = [
    "ent_file",
    "ent_ratify",
    "gov_feasibility",
    "land_preexam_site",
    "eia_form",
    "energy_saving",
    "construction_permit",
];

/// How many results stand on the page.
const RESULTS: u64 = 8;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    page: Page,
    stats: Stats,
    results: Vec<Latest>,
    guides: Vec<(&'static Item, String)>,
}

/// A result that became final lately.
struct Latest {
    code: String,
    project: String,
    item: String,
    agency: String,
    outcome: String,
    tone: Tone,
    number: String,
    day: String,
}

/// What an act before this page tells it.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    done: String,
}

async fn home(ctx: PortalContext, Query(told): Query<Told>) -> Result<Html<String>, WebError> {
    let mut page = ctx.page("home", "首页").await?;
    if told.done == "signed_out" {
        page = page.flash(Tone::Green, "您已安全退出。");
    }
    let figures = ctx.platform.figures(&ctx.call).await?;
    let stats = Stats::new()
        .card(Tone::Blue, "已赋码项目", figures.projects, "一项一码，终身不变", "/public")
        .card(Tone::Yellow, "正在办理", figures.running, "每件都有届满日", "")
        .card(Tone::Green, "已经办结", figures.completed, "结果向社会公开", "")
        .card(Tone::Grey, "事项与指南", figures.items, "依据、材料、时限逐项列明", "/items");
    let results = ctx.platform.latest_results(&ctx.call, RESULTS).await?.into_iter().map(|(case, result)| Latest {
        code: case.project_code,
        project: case.project_name,
        item: result.item,
        agency: result.agency,
        outcome: result.outcome.unwrap_or(result.stage),
        tone: outcome_tone(case.outcome),
        number: result.document_number.unwrap_or_default(),
        day: result.decided_on.unwrap_or_default(),
    });
    let in_force = ctx.platform.guides_in_force(&ctx.call).await?;
    let common = COMMON.iter().filter_map(|code| ctx.platform.rules.catalogue.item(code));
    let guides = common.map(|item| (item, in_force.limit(item).words())).collect();
    Ok(Html(Home { page, stats, results: results.collect(), guides }.render()?))
}

fn outcome_tone(outcome: Option<Outcome>) -> Tone {
    match outcome {
        Some(Outcome::Granted) => Tone::Green,
        Some(Outcome::Refused) => Tone::Red,
        None => Tone::Grey,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn art08_every_guide_on_the_first_page_exists() {
        assert!(COMMON.iter().all(|code| domain::item::catalogue().item(code).is_some()));
    }
}
