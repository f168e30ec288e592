//! 待办: lists of cases defined by what is owed, not by a status word (lessons 10), and the counts above them.

use crate::{Action, Actor, Call, Failure, Object, Platform, case::CaseRow, permission, read::day_number};
use domain::{account::Post, case::Owed, ids::CaseId, region::RegionCode};
use jiff::civil::Date;
use ledger::{
    Value,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement},
};

/// Rows of one page.
pub const PAGE: u64 = 20;
/// Counts stop here.
pub const COUNT_CAP: u64 = 1000;

/// Which tab of the work list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Everything the organ owes.
    #[default]
    All,
    /// 我领办的: what the officer has claimed and the organ still owes.
    Mine,
    /// One kind of what is owed.
    Owed(Owed),
    /// 今日到期.
    DueToday,
    /// 黄灯.
    Yellow,
    /// 红灯.
    Red,
    /// 等待申请人补正: owed by the unit.
    Waiting,
    /// 已结束.
    Ended,
    /// Every case in reach, running or ended.
    Every,
}

impl Tab {
    /// Tabs in their order.
    pub const ALL: [Self; 16] = [
        Self::All,
        Self::Mine,
        Self::Owed(Owed::Receive),
        Self::Owed(Owed::Check),
        Self::Owed(Owed::Recheck),
        Self::Owed(Owed::Propose),
        Self::Owed(Owed::Review),
        Self::Owed(Owed::Decide),
        Self::Owed(Owed::Deliver),
        Self::Owed(Owed::Amend),
        Self::Owed(Owed::CheckCommitment),
        Self::DueToday,
        Self::Yellow,
        Self::Red,
        Self::Waiting,
        Self::Ended,
    ];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "全部待办",
            Self::Mine => "我领办的",
            Self::Owed(owed) => owed.name(),
            Self::DueToday => "今日到期",
            Self::Yellow => "黄灯",
            Self::Red => "红灯",
            Self::Waiting => "待申请人补正",
            Self::Ended => "已结束",
            Self::Every => "全部办件",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mine => "mine",
            Self::Owed(owed) => owed.slug(),
            Self::DueToday => "today",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Waiting => "waiting",
            Self::Ended => "ended",
            Self::Every => "every",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Every]).find(|tab| tab.slug() == slug)
    }

    /// The column its rows are ordered by, and whether the latest come first.
    fn order(self) -> (&'static str, bool) {
        match self {
            Self::Ended => ("ended_at", true),
            Self::Every => ("updated_at", true),
            _ => ("due_day", false),
        }
    }
}

/// Filters of the work list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Tab.
    pub tab: Tab,
    /// Item code.
    pub item: Option<String>,
    /// Region below the officer's own.
    pub region: Option<RegionCode>,
    /// Part of a project's or unit's name, or a project code.
    pub words: String,
}

/// Where the next page begins: the last row's day (or moment) and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Due day, or the moment of the end for ended cases.
    pub key: i64,
    /// Case id.
    pub id: String,
}

impl Cursor {
    /// Reads `20779.c01…`.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, id) = text.split_once('.')?;
        Some(Self { key: key.parse().ok()?, id: id.to_owned() })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.key, self.id)
    }
}

/// One page.
#[derive(Debug, Clone)]
pub struct WorkList {
    /// Rows, most urgent first.
    pub rows: Vec<CaseRow>,
    /// Begin of the next page, if there is one.
    pub next: Option<Cursor>,
    /// Counts of the tabs, capped at [`COUNT_CAP`].
    pub counts: Vec<(Tab, u64)>,
}

pub(crate) fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

impl Platform {
    /// Cases the officer's posts reach, filtered, most urgent first (keyset by due day and id).
    pub async fn work_list(&self, call: &Call, filter: &Filter, after: Option<Cursor>) -> Result<WorkList, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadWorkList, Object::default(), self.rules.regions)?;
        let Actor::Officer { posts, .. } = &call.actor else { return Err(Failure::NotThere) };
        let today = self.clock.now().date();
        let scope = self.scope(posts);
        let (key, latest) = filter.tab.order();
        let mut select = Query::select();
        select.from(Alias::new("cases")).cond_where(scope.clone()).cond_where(tab_condition(
            filter.tab,
            today,
            &call.actor.tag(),
        ));
        for name in crate::case::CASE_COLUMNS.split(',').map(str::trim) {
            select.column(Alias::new(name));
        }
        narrow(&mut select, filter);
        if let Some(cursor) = &after {
            let beyond = |e: Expr| if latest { e.lt(cursor.key) } else { e.gt(cursor.key) };
            let same = column(key).eq(cursor.key).and(column("id").gt(cursor.id.clone()));
            select.and_where(beyond(column(key)).or(same));
        }
        let order = if latest { Order::Desc } else { Order::Asc };
        select.order_by(Alias::new(key), order).order_by(Alias::new("id"), Order::Asc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(CaseRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor {
            key: match filter.tab {
                Tab::Ended => row.ended_at.map_or(0, |at| at.0),
                Tab::Every => row.updated_at.0,
                _ => row.due.map_or(crate::read::NEVER, day_number),
            },
            id: row.id.to_string(),
        });
        Ok(WorkList { rows, next, counts: self.counts(&scope, today, &call.actor.tag()).await? })
    }

    /// What the posts reach: the same department in the own region and below; territory-wide posts everything there.
    pub(crate) fn scope(&self, posts: &[Post]) -> Cond {
        self.scope_on(posts, "department", "region")
    }

    /// The same over other columns.
    pub(crate) fn scope_on(&self, posts: &[Post], department: &'static str, region: &'static str) -> Cond {
        let mut any = Cond::any();
        for post in posts.iter().filter(|p| !p.role.is_administrator()) {
            let regions: Vec<Value> = std::iter::once(post.region)
                .chain(self.rules.regions.below(post.region).map(|r| r.code))
                .map(|code| code.as_str().to_owned().into())
                .collect();
            let mut one = Cond::all().add(column(region).is_in(regions));
            if !post.role.is_territorial() {
                one = one.add(column(department).eq(post.department.clone()));
            }
            any = any.add(one);
        }
        if any.is_empty() { Cond::all().add(Expr::val(1).eq(0)) } else { any }
    }

    /// Cases the officer's organ owes something on, for the mark beside the navigation; 0 for whoever has no work list.
    pub async fn open_tasks(&self, call: &Call) -> Result<u64, Failure> {
        match &call.actor {
            Actor::Officer { posts, .. } => self.count(&self.scope(posts), Tab::All, self.clock.now().date(), "").await,
            _ => Ok(0),
        }
    }

    /// Cases that have not ended and that no work list shows: always none (a monitor, not a page; see [`domain::case::lost`]).
    pub async fn unreachable_cases(&self) -> Result<Vec<CaseId>, Failure> {
        let today = self.clock.now().date();
        let shown = Cond::any().add(tab_condition(Tab::All, today, "")).add(tab_condition(Tab::Waiting, today, ""));
        let mut select = Query::select();
        select.column(Alias::new("id")).from(Alias::new("cases")).and_where(column("ended_at").eq(0));
        select.cond_where(shown.not()).order_by(Alias::new("id"), Order::Asc).limit(COUNT_CAP);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(|row| row.try_get("", "id").map(CaseId).map_err(Failure::fault)).collect()
    }

    async fn counts(&self, scope: &Cond, today: Date, me: &str) -> Result<Vec<(Tab, u64)>, Failure> {
        let mut counts = Vec::new();
        for tab in Tab::ALL.into_iter().filter(|tab| *tab != Tab::Ended) {
            counts.push((tab, self.count(scope, tab, today, me).await?));
        }
        Ok(counts)
    }

    async fn count(&self, scope: &Cond, tab: Tab, today: Date, me: &str) -> Result<u64, Failure> {
        self.capped("cases", Cond::all().add(scope.clone()).add(tab_condition(tab, today, me))).await
    }

    /// How many rows of a table a condition holds for, capped at [`COUNT_CAP`].
    pub(crate) async fn capped(&self, table: &'static str, condition: Cond) -> Result<u64, Failure> {
        let mut inner = Query::select();
        inner.expr_as(Expr::val(1), Alias::new("one")).from(Alias::new(table)).cond_where(condition).limit(COUNT_CAP);
        let mut outer = Query::select();
        outer.expr_as(Expr::cust("COUNT(*)"), Alias::new("n")).from_subquery(inner, Alias::new("capped"));
        let rows = self.store.select(&outer).await.map_err(Failure::fault)?;
        let n: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        Ok(u64::try_from(n).unwrap_or(0))
    }
}

pub(crate) fn tab_condition(tab: Tab, today: Date, me: &str) -> Cond {
    let today = day_number(today);
    let by_organ = || column("owed").is_in(Owed::BY_ORGAN.map(|o| o.slug()));
    let running = || Cond::all().add(by_organ()).add(column("suspended").eq(0));
    match tab {
        Tab::All => Cond::all().add(by_organ()),
        Tab::Mine => Cond::all().add(by_organ()).add(column("holder").eq(me.to_owned())),
        Tab::Owed(owed) => Cond::all().add(column("owed").eq(owed.slug())),
        Tab::DueToday => running().add(column("due_day").eq(today)),
        Tab::Yellow => running().add(column("yellow_day").lte(today)).add(column("due_day").gte(today)),
        Tab::Red => running().add(column("due_day").lt(today)),
        Tab::Waiting => Cond::all().add(column("owed").eq(Owed::Correct.slug())),
        Tab::Ended => Cond::all().add(column("ended_at").gt(0)),
        Tab::Every => Cond::all(),
    }
}

pub(crate) fn narrow(select: &mut SelectStatement, filter: &Filter) {
    select.cond_where(narrowed(filter));
}

/// What the filter leaves beside its tab.
pub(crate) fn narrowed(filter: &Filter) -> Cond {
    let mut all = Cond::all();
    if let Some(item) = &filter.item {
        all = all.add(column("item").eq(item.clone()));
    }
    if let Some(region) = filter.region {
        all = all.add(column("region").eq(region.as_str().to_owned()));
    }
    let words: String = filter.words.trim().chars().filter(|c| !matches!(c, '%' | '_' | '\\')).take(50).collect();
    if !words.is_empty() {
        let pattern = format!("%{words}%");
        let like = |name| column(name).like(pattern.clone());
        let found = Cond::any().add(like("project_name")).add(like("unit_name")).add(column("project_code").eq(words));
        all = all.add(found);
    }
    all
}
