//! The department's guides with version, completeness and draft.

use super::frame;
use crate::{
    OfficeContext, Page, WebError,
    html::{self, Empty, Pill, Stats, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use domain::guide::DraftStage;
use platform::guide::GuideRow;
use serde::Deserialize;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    words: String,
    #[serde(default)]
    state: String,
}

/// States to filter by.
const STATES: [(&str, &str); 6] = [
    ("writing", "编写中"),
    ("in_review", "待审核"),
    ("approved", "待发布"),
    ("scheduled", "待生效"),
    ("incomplete", "不完整"),
    ("retired", "已停用"),
];

fn is_in(row: &GuideRow, state: &str) -> bool {
    let stage = row.draft.map(|(stage, _)| stage);
    match state {
        "writing" => stage.is_some_and(DraftStage::is_open),
        "in_review" => stage == Some(DraftStage::InReview),
        "approved" => stage == Some(DraftStage::Approved),
        "scheduled" => row.scheduled.is_some(),
        "incomplete" => row.in_force.is_some_and(|(_, _, score)| score < 100),
        "retired" => row.in_force.is_none(),
        _ => true,
    }
}

struct Line {
    href: String,
    name: String,
    agency: String,
    version: String,
    score: Option<u8>,
    draft: Option<Pill>,
    more: String,
}

#[derive(Template)]
#[template(path = "office/guides.html")]
struct GuidesPage {
    page: Page,
    asked: Asked,
    stats: Stats,
    lines: Vec<Line>,
    empty: Option<Empty>,
    several: bool,
}

pub async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "guides", "办事指南").await?;
    let rows = ctx.platform.guides(&ctx.call).await?;
    let words = asked.words.trim().to_lowercase();
    let found: Vec<&GuideRow> =
        rows.iter().filter(|row| is_in(row, &asked.state) && row.name.to_lowercase().contains(&words)).collect();
    let shown = GuidesPage {
        page,
        stats: stats(&rows),
        empty: found.is_empty().then(|| empty(rows.is_empty())),
        several: rows.iter().any(|row| Some(&row.agency) != rows.first().map(|first| &first.agency)),
        lines: found.into_iter().map(line).collect(),
        asked,
    };
    Ok(Html(shown.render()?))
}

fn stats(rows: &[GuideRow]) -> Stats {
    let count = |state: &str| rows.iter().filter(|row| is_in(row, state)).count();
    Stats::new()
        .card(Tone::Blue, "全部指南", rows.len(), "", "/guides")
        .card(Tone::Blue, "编写中", count("writing"), "", "/guides?state=writing")
        .card(Tone::Yellow, "待审核", count("in_review"), "", "/guides?state=in_review")
        .card(Tone::Green, "待发布", count("approved"), "", "/guides?state=approved")
        .card(Tone::Grey, "不完整", count("incomplete"), "现行版本不足 100 分", "/guides?state=incomplete")
}

/// Colour of a draft's stage.
pub fn draft_pill(stage: DraftStage) -> Pill {
    let tone = match stage {
        DraftStage::Writing => Tone::Blue,
        DraftStage::InReview => Tone::Yellow,
        DraftStage::Returned => Tone::Red,
        DraftStage::Approved => Tone::Green,
    };
    Pill::new(tone, stage.name())
}

fn line(row: &GuideRow) -> Line {
    let version = match row.in_force {
        Some((number, from, _)) => format!("第 {number} 版，{from} 起"),
        None => "没有在用的版本".to_owned(),
    };
    let scheduled = row.scheduled.map(|(number, from)| format!("第 {number} 版将于 {from} 生效"));
    let retired = row.retired.map(|on| format!("{on} 起停用"));
    Line {
        href: format!("/guides/{}", row.item),
        name: row.name.clone(),
        agency: row.agency.name(),
        version,
        score: row.in_force.map(|(_, _, score)| score),
        draft: row.draft.map(|(stage, _)| draft_pill(stage)),
        more: scheduled.or(retired).unwrap_or_default(),
    }
}

fn empty(nothing_at_all: bool) -> Empty {
    if nothing_at_all {
        let text = "办事指南由自治区级主管部门统一编制和修订，各级共用。您的岗位不在自治区级主管部门，可以在门户“事项与指南”查看现行指南；\
                    发现差错请向自治区级主管部门反映。";
        return Empty::new("book", "没有由您的部门编制的指南", text);
    }
    Empty::new("filter", "没有符合条件的指南", "可以放宽筛选条件，或者清除筛选再看。").link("清除筛选", "/guides")
}
