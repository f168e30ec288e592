//! The supervisor's home: the territory by lights, cards to chase, red cases, rankings. Departments begin with their cards.

use super::{CardLine, agency_name, frame, query, show, to};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{self, Light, Pager, Stats, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    response::{Html, IntoResponse, Response},
};
use domain::region::{INNER_MONGOLIA, RegionCode};
use platform::supervision::{CardFilter, Home, Lights, Rank, RankBy, SortBy, Tile};
use serde::Deserialize;

/// Rows of a ranking on one page.
const RANKS: usize = 12;
/// Cards to chase.
const CARDS: usize = 8;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/supervision", home)]
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    region: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    sort: String,
    /// Code of the last row of the page before.
    #[serde(default)]
    after: String,
}

impl Asked {
    fn address(&self, by: RankBy, sort: SortBy, after: &str) -> String {
        let pairs = [
            ("region", self.region.clone()),
            ("by", by.slug().to_owned()),
            ("sort", sort.slug().to_owned()),
            ("after", after.to_owned()),
        ];
        format!("/supervision{}#ranks", query(pairs))
    }
}

struct TileLine {
    code: String,
    own: bool,
    name: String,
    href: String,
    tone: &'static str,
    open: i64,
    lights: Vec<Light>,
}

struct CaseLine {
    href: String,
    project: String,
    item: String,
    agency: String,
    light: Light,
    due: String,
}

struct Column {
    name: &'static str,
    href: String,
    now: bool,
}

struct RankLine {
    place: usize,
    name: String,
    href: String,
    figures: Vec<i64>,
}

#[derive(Template)]
#[template(path = "office/supervision.html")]
struct HomePage {
    page: Page,
    lead: String,
    above: Option<(String, String)>,
    stats: Stats,
    geographic: bool,
    tiles: Vec<TileLine>,
    cards: Vec<CardLine>,
    cards_href: String,
    red: Vec<CaseLine>,
    by: &'static str,
    tabs: Tabs,
    columns: Vec<Column>,
    ranks: Vec<RankLine>,
    pager: Pager,
}

async fn home(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let page = frame(&ctx, "supervision", "电子监察").await?;
    if ctx.platform.supervised_root(&ctx.call).is_none() && page.supervision.is_some() {
        return Ok(to("/supervision/cards"));
    }
    let region = RegionCode::parse(&asked.region);
    let by = RankBy::parse(&asked.by).unwrap_or_default();
    let sort = SortBy::parse(&asked.sort).unwrap_or_default();
    let home = ctx.platform.supervision_home(&ctx.call, region, by, sort).await?;
    let filter = CardFilter { region: Some(home.root), ..CardFilter::default() };
    let cards = ctx.platform.cards(&ctx.call, &filter, None).await?;
    let today = ctx.platform.clock.now().date();
    let name = |code: RegionCode| ctx.platform.rules.regions.full_name(code);
    let (ranks, pager) = ranked(&asked, by, sort, &home.ranks);
    let shown = HomePage {
        lead: format!("{}，截至 {}。灯按办件的应办结日期，卡按监察规则自动生成。", name(home.root), today),
        above: home.above.map(|code| (name(code), format!("/supervision?region={code}"))),
        stats: stats(&home),
        geographic: home.root == INNER_MONGOLIA,
        tiles: home.tiles.iter().map(tile).collect(),
        cards: cards.rows.iter().take(CARDS).map(|row| CardLine::new(row, today)).collect(),
        cards_href: format!("/supervision/cards?region={}", home.root),
        red: home
            .red_cases
            .iter()
            .map(|row| CaseLine {
                href: format!("/cases/{}#trail", row.id),
                project: row.project_name.clone(),
                item: row.item_name.clone(),
                agency: agency_name(&row.department, &row.region),
                light: show::row_light(&ctx.platform, row, today),
                due: show::due_words(row.due, row.provisional),
            })
            .collect(),
        by: by.name(),
        tabs: RankBy::ALL.into_iter().fold(Tabs::new("排名对象"), |tabs, one| {
            tabs.plain(format!("{}排名", one.name()), asked.address(one, sort, ""), one == by)
        }),
        columns: SortBy::ALL
            .into_iter()
            .map(|one| Column { name: one.name(), href: asked.address(by, one, ""), now: one == sort })
            .collect(),
        ranks,
        pager,
        page,
    };
    Ok(Html(shown.render()?).into_response())
}

fn stats(home: &Home) -> Stats {
    let t = &home.total;
    let region = home.root;
    let cards = |owing: &str| format!("/supervision/cards?owing={owing}&region={region}");
    Stats::new()
        .card(Tone::Blue, "在办办件", format!("{} 件", t.open), format!("其中暂停计时 {} 件", t.suspended), "")
        .card(Tone::Red, "红灯", format!("{} 件", t.red), "已超期仍未办结", "/cases?tab=red")
        .card(Tone::Yellow, "黄灯", format!("{} 件", t.yellow), "剩余时间不多", "/cases?tab=yellow")
        .card(Tone::Blue, "未销号监察卡", format!("{} 张", t.cards), "待答复或待核查", cards("running"))
        .card(Tone::Red, "逾期未答复", format!("{} 张", t.late), "部门应答复而未答复", cards("late"))
        .card(Tone::Grey, "累计属实", format!("{} 张", t.upheld), "计入考核", cards("done"))
}

fn tone(lights: &Lights) -> &'static str {
    match lights {
        Lights { red: 1.., .. } => "map-red",
        Lights { yellow: 1.., .. } => "map-yellow",
        Lights { open: 1.., .. } => "map-green",
        _ => "map-grey",
    }
}

fn tile(tile: &Tile) -> TileLine {
    let l = &tile.lights;
    TileLine {
        code: tile.region.to_string(),
        own: tile.own_level,
        name: tile.name.clone(),
        href: if tile.own_level {
            format!("/cases?tab=red&region={}", tile.region)
        } else {
            format!("/supervision?region={}", tile.region)
        },
        tone: tone(l),
        open: l.open,
        lights: [
            (l.red, Light::red(l.red)),
            (l.yellow, Light::yellow(l.yellow)),
            (l.green(), Light::green(l.green())),
            (l.suspended, Light::grey(l.suspended)),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, light)| light)
        .collect(),
    }
}

/// One page of the ranking, going on after the row the address names.
fn ranked(asked: &Asked, by: RankBy, sort: SortBy, ranks: &[Rank]) -> (Vec<RankLine>, Pager) {
    let begin = ranks.iter().position(|rank| rank.code == asked.after).map_or(0, |at| at + 1);
    let shown = ranks.iter().enumerate().skip(begin).take(RANKS);
    let lines: Vec<RankLine> = shown
        .map(|(at, rank)| RankLine {
            place: at + 1,
            name: rank.name.clone(),
            href: match by {
                RankBy::Department => format!(
                    "/supervision/cards{}",
                    query([("department", rank.code.clone()), ("region", asked.region.clone()),])
                ),
                RankBy::Banner => format!("/supervision?region={}", rank.code),
            },
            figures: SortBy::ALL.iter().map(|sort| sort.of(&rank.lights)).collect(),
        })
        .collect();
    let end = begin + lines.len();
    let last = ranks.get(end.saturating_sub(1)).filter(|_| end < ranks.len());
    let pager = Pager::new(format!("第 {}–{end} 名，共 {} 个", begin + 1, ranks.len()))
        .first((begin > 0).then(|| asked.address(by, sort, "")))
        .next(last.map(|rank| asked.address(by, sort, &rank.code)));
    (lines, pager)
}
