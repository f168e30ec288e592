//! The list of cards: of the territory for a supervisor, of the own organ for a department.

use super::{CardLine, frame, query};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{self, Choice, Empty, Pager, Tabs},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use domain::{region::RegionCode, supervision::Severity};
use platform::{
    supervision::{CardFilter, Cards, Owing},
    work_list::{COUNT_CAP, Cursor},
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/supervision/cards", cards)]
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    owing: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    department: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn filter(&self) -> CardFilter {
        let given = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
        CardFilter {
            owing: Owing::parse(&self.owing).unwrap_or_default(),
            rule: given(&self.rule),
            severity: Severity::parse(&self.severity),
            region: RegionCode::parse(&self.region),
            department: given(&self.department),
            case: None,
        }
    }

    fn is_narrowed(&self) -> bool {
        [&self.rule, &self.severity, &self.region, &self.department].iter().any(|text| !text.is_empty())
    }

    fn address(&self, owing: Owing, after: &str) -> String {
        let pairs = [
            ("owing", owing.slug().to_owned()),
            ("rule", self.rule.clone()),
            ("severity", self.severity.clone()),
            ("region", self.region.clone()),
            ("department", self.department.clone()),
            ("after", after.to_owned()),
        ];
        format!("/supervision/cards{}", query(pairs))
    }
}

struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "office/supervision_cards.html")]
struct CardsPage {
    page: Page,
    lead: &'static str,
    tabs: Tabs,
    asked: Asked,
    filters: Vec<Filter>,
    narrowed: bool,
    now: &'static str,
    cards: Vec<CardLine>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn cards(ctx: OfficeContext, Query(mut asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "supervision", "监察卡").await?;
    let filter = asked.filter();
    asked.owing = filter.owing.slug().to_owned();
    let found = ctx.platform.cards(&ctx.call, &filter, Cursor::parse(&asked.after).as_ref()).await?;
    let watches = !ctx.platform.supervised(&ctx.call).is_empty();
    let today = ctx.platform.clock.now().date();
    let narrowed = asked.is_narrowed();
    let first = (!asked.after.is_empty()).then(|| asked.address(filter.owing, ""));
    let next = found.next.as_ref().map(|cursor| asked.address(filter.owing, &cursor.to_string()));
    let shown = CardsPage {
        page: if watches { page.crumb("电子监察", "/supervision") } else { page },
        lead: if watches {
            "辖区内各部门的监察卡，答复期限早的在前。"
        } else {
            "规则命中本部门办件时自动出卡，请在期限内说明情况。"
        },
        tabs: tabs(&asked, &filter, &found),
        filters: filters(&ctx, &asked, watches),
        narrowed,
        now: filter.owing.name(),
        empty: found.rows.is_empty().then(|| empty(&asked, narrowed)),
        cards: found.rows.iter().map(|row| CardLine::new(row, today)).collect(),
        pager: Pager::new(format!("本页 {} 张", found.rows.len())).first(first).next(next),
        asked,
    };
    Ok(Html(shown.render()?))
}

fn tabs(asked: &Asked, filter: &CardFilter, found: &Cards) -> Tabs {
    Owing::OF_CARDS.into_iter().fold(Tabs::new("按状态归集"), |tabs, owing| {
        let (href, now) = (asked.address(owing, ""), owing == filter.owing);
        match found.counts.iter().find(|(o, _)| *o == owing) {
            Some((_, n)) if *n >= COUNT_CAP => tabs.tab(owing.name(), format!("{COUNT_CAP}+"), href, now),
            Some((_, n)) => tabs.tab(owing.name(), n, href, now),
            None => tabs.plain(owing.name(), href, now),
        }
    })
}

fn filters(ctx: &OfficeContext, asked: &Asked, watches: bool) -> Vec<Filter> {
    let rules = &ctx.platform.rules;
    let named = rules.supervision.iter().map(|rule| Choice::new(&rule.code, &rule.name)).collect();
    let colours = Severity::ALL.map(|s| Choice::new(s.slug(), s.name())).to_vec();
    let mut filters = vec![
        Filter { name: "rule", label: "监察事由", value: asked.rule.clone(), choices: named },
        Filter { name: "severity", label: "颜色", value: asked.severity.clone(), choices: colours },
    ];
    if watches {
        let regions = ctx.platform.supervised(&ctx.call);
        let regions = regions.iter().map(|code| Choice::new(code, rules.regions.full_name(*code))).collect();
        let departments = rules.departments.owners().map(|d| Choice::new(&d.code, &d.short)).collect();
        filters.push(Filter { name: "region", label: "地区", value: asked.region.clone(), choices: regions });
        filters.push(Filter {
            name: "department",
            label: "部门",
            value: asked.department.clone(),
            choices: departments,
        });
    }
    filters
}

fn empty(asked: &Asked, narrowed: bool) -> Empty {
    if narrowed {
        let plain = format!("/supervision/cards?owing={}", asked.owing);
        return Empty::new("filter", "没有符合条件的监察卡", "可以放宽筛选条件，或者清除筛选再看。")
            .link("清除筛选", plain);
    }
    Empty::new("circle-check", "没有监察卡", "规则命中后会自动出卡，并列在这里。")
}
