//! 待办 and 办件: lists of cases, with what is owed, until when, and whose.

use super::{consultation, delegation, frame, query, show, supervision, to};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{self, Choice, Empty, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    response::{Html, IntoResponse, Response},
};
use domain::{department, export::What, region::RegionCode};
use platform::{
    Actor,
    case::CaseRow,
    work_list::{COUNT_CAP, Cursor, Filter, Tab, WorkList},
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/", desk), Route::get(Access::SignedIn, "/cases", all)]
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn filter(&self, otherwise: Tab) -> Filter {
        Filter {
            tab: Tab::parse(&self.tab).unwrap_or(otherwise),
            item: Some(self.item.clone()).filter(|i| !i.is_empty()),
            region: RegionCode::parse(&self.region),
            words: self.words.clone(),
        }
    }

    fn is_narrowed(&self) -> bool {
        !(self.item.is_empty() && self.region.is_empty() && self.words.trim().is_empty())
    }

    fn address(&self, path: &str, tab: Tab, after: &str) -> String {
        let tab = tab.slug().to_owned();
        let pairs = [
            ("tab", tab),
            ("item", self.item.clone()),
            ("region", self.region.clone()),
            ("words", self.words.trim().to_owned()),
            ("after", after.to_owned()),
        ];
        format!("{path}{}", query(pairs))
    }
}

/// One line of the table.
struct Line {
    href: String,
    project: String,
    code: String,
    item: String,
    unit: String,
    agency: String,
    stage: Pill,
    owed: &'static str,
    light: html::Light,
    due: String,
}

#[derive(Template)]
#[template(path = "office/work.html")]
struct WorkPage {
    page: Page,
    lead: &'static str,
    /// Where this list is exported; `None` for whoever may not.
    export: Option<String>,
    asked_of_mine: Option<Note>,
    to_reply: Option<Note>,
    standing_in: Option<Note>,
    /// Own posts that end soon.
    ending: Option<Note>,
    path: &'static str,
    tabs: Tabs,
    tab: &'static str,
    now: &'static str,
    items: Vec<Choice>,
    regions: Vec<Choice>,
    asked: Asked,
    narrowed: bool,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
    ended: bool,
}

/// The first page. Administrators have no cases: they begin with the audit, the alarms, or organs and people; whoever has
/// no post yet, with the manual.
async fn desk(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    match &ctx.call.actor {
        Actor::Officer { posts, .. } if posts.is_empty() => Ok(to("/help#posts")),
        Actor::Officer { posts, .. } if posts.iter().all(|post| post.role.is_administrator()) => {
            let first = match &ctx.platform {
                platform if platform.may_read_audit(&ctx.call) => "/audit",
                platform if platform.may_read_alarms(&ctx.call) => "/alarms",
                _ => "/organs",
            };
            Ok(to(first))
        }
        _ => Ok(list(ctx, asked, "/", Tab::All).await?.into_response()),
    }
}

/// Above the work list: own posts that end soon.
async fn own_ending(ctx: &OfficeContext) -> Result<Option<Note>, WebError> {
    let posts = ctx.platform.own_ending_posts(&ctx.call).await?;
    let words: Vec<_> = posts
        .iter()
        .filter_map(|post| {
            Some(format!("{}{}的任期到 {} 为止", post.key.agency.name(), post.key.role.name(), post.to?))
        })
        .collect();
    Ok((!words.is_empty()).then(|| {
        let text = format!("您{}，到期自动结束。需要继续任职的，请联系本地区的安全管理员办理续任。", words.join("；"));
        Note::new(Tone::Yellow, "岗位即将到期", text)
    }))
}

fn watches(ctx: &OfficeContext) -> bool {
    matches!(&ctx.call.actor, Actor::Officer { posts, .. } if posts.iter().all(|post| post.role.is_territorial()))
}

async fn all(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    list(ctx, asked, "/cases", Tab::Every).await
}

async fn list(ctx: OfficeContext, asked: Asked, path: &'static str, otherwise: Tab) -> Result<Html<String>, WebError> {
    let (nav, title, lead) = if path == "/" {
        (
            "work",
            "待办",
            if watches(&ctx) {
                "辖区内各部门应办的办件，最急的排在最前。"
            } else {
                "按应办事项归集，最急的排在最前。"
            },
        )
    } else {
        ("cases", "办件", "您的岗位可以查看的全部办件，包括已结束的。")
    };
    let page = frame(&ctx, nav, title).await?;
    let filter = asked.filter(otherwise);
    let work = ctx.platform.work_list(&ctx.call, &filter, Cursor::parse(&asked.after)).await?;
    let choices = ctx.platform.choices(&ctx.call);
    let choice = |(value, text): (String, String)| Choice::new(value, text);
    let today = ctx.platform.clock.now().date();
    let first = (!asked.after.is_empty()).then(|| asked.address(path, filter.tab, ""));
    let next = work.next.as_ref().map(|cursor| asked.address(path, filter.tab, &cursor.to_string()));
    let narrowed = asked.is_narrowed();
    let asked_of_mine = match path {
        "/" => supervision::asked_of_mine(ctx.platform.asked_of_mine(&ctx.call).await?),
        _ => None,
    };
    let (to_reply, standing_in) = match path {
        "/" => (consultation::to_reply(&ctx).await?, delegation::standing_in(&ctx).await?),
        _ => (None, None),
    };
    let ending = if path == "/" { own_ending(&ctx).await? } else { None };
    let ended = matches!(filter.tab, Tab::Ended);
    let export = (page.exports.is_some() && !work.rows.is_empty())
        .then(|| super::export::address(What::Cases, &asked.address("", filter.tab, "")));
    let shown = WorkPage {
        page,
        lead,
        export,
        asked_of_mine,
        to_reply,
        standing_in,
        ending,
        path,
        tabs: tabs(&asked, path, &filter, &work),
        tab: filter.tab.slug(),
        now: filter.tab.name(),
        items: choices.items.into_iter().map(choice).collect(),
        regions: choices.regions.into_iter().map(choice).collect(),
        empty: work.rows.is_empty().then(|| empty(filter.tab, narrowed, path)),
        lines: work.rows.iter().map(|row| line(&ctx, row, today, ended)).collect(),
        pager: Pager::new(format!("本页 {} 件", work.rows.len())).first(first).next(next),
        ended,
        narrowed,
        asked,
    };
    Ok(Html(shown.render()?))
}

fn tabs(asked: &Asked, path: &str, filter: &Filter, work: &WorkList) -> Tabs {
    // Counts are of the whole territory; the links keep the filter.
    let every = (path == "/cases").then_some(Tab::Every);
    every.into_iter().chain(Tab::ALL).fold(Tabs::new("按应办归集"), |tabs, tab| {
        let (href, now) = (asked.address(path, tab, ""), tab == filter.tab);
        match work.counts.iter().find(|(t, _)| *t == tab) {
            Some((_, n)) if *n >= COUNT_CAP => tabs.tab(tab.name(), format!("{COUNT_CAP}+"), href, now),
            Some((_, n)) => tabs.tab(tab.name(), n, href, now),
            None => tabs.plain(tab.name(), href, now),
        }
    })
}

/// `ended`: the list shows the day of the end; else a case that has ended and still owes something shows its last day.
fn line(ctx: &OfficeContext, row: &CaseRow, today: jiff::civil::Date, ended: bool) -> Line {
    let agency = RegionCode::parse(&row.region).and_then(|region| department::agency_name(&row.department, region));
    let due = match row.ended_at.filter(|_| ended || row.due.is_none()) {
        Some(at) => format!("{} 结束", at.date()),
        None => show::due_words(row.due, row.provisional),
    };
    Line {
        href: format!("/cases/{}", row.id),
        project: row.project_name.clone(),
        code: row.project_code.clone(),
        item: row.item_name.clone(),
        unit: row.unit_name.clone(),
        agency: agency.unwrap_or_default(),
        stage: Pill::new(show::stage_tone(row.stage, row.outcome), show::stage_words(row.stage, row.outcome)),
        owed: row.owed.name(),
        light: show::row_light(&ctx.platform, row, today),
        due,
    }
}

/// Nothing to do is good news, unless a filter hides it.
fn empty(tab: Tab, narrowed: bool, path: &str) -> Empty {
    if narrowed {
        let plain = format!("{path}{}", query([("tab", tab.slug().to_owned())]));
        return Empty::new("filter", "没有符合条件的办件", "可以放宽筛选条件，或者清除筛选再看。")
            .link("清除筛选", plain);
    }
    let (title, text) = match tab {
        Tab::All => ("都办完了", "目前没有待办的办件。新的申请提交后会出现在这里。"),
        Tab::Mine => ("还没有您领办的办件", "打开一个办件并点“领办”，它就会出现在这里。"),
        Tab::DueToday => ("今天没有到期的办件", "可以从容安排其他工作。"),
        Tab::Yellow => ("没有黄灯", "所有办件的时限都还充裕。"),
        Tab::Red => ("没有红灯", "没有超期的办件，请继续保持。"),
        Tab::Waiting => ("没有等待补正的办件", "申请人已经全部回应。"),
        Tab::Ended => ("还没有已结束的办件", "办结、不予受理和撤回的办件会归集到这里。"),
        Tab::Every => ("还没有办件", "项目单位提交申请后，办件会出现在这里。"),
        Tab::Owed(_) => ("这里已经清空", "目前没有需要您办理的这类办件。"),
    };
    Empty::new("circle-check", title, text)
}
