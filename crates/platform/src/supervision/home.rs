//! The supervisor's home: the territory by lights, departments and banners ranked, red cases.

use crate::{
    Action, Call, Failure, Object, Platform,
    case::{CASE_COLUMNS, CaseRow},
    permission,
    read::day_number,
};
use domain::region::{Level, RegionCode};
use ledger::{
    QueryResult, Value,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use std::collections::BTreeMap;

/// Red cases shown on the home page.
const RED_CASES: u64 = 10;

/// How running cases and cards stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lights {
    /// Running cases.
    pub open: i64,
    /// Past their last day.
    pub red: i64,
    /// Little time left.
    pub yellow: i64,
    /// Clock stands still.
    pub suspended: i64,
    /// Cards not closed.
    pub cards: i64,
    /// Cards whose answer is late.
    pub late: i64,
    /// Cards ever upheld.
    pub upheld: i64,
}

impl Lights {
    fn add(&mut self, other: Self) {
        self.open += other.open;
        self.red += other.red;
        self.yellow += other.yellow;
        self.suspended += other.suspended;
        self.cards += other.cards;
        self.late += other.late;
        self.upheld += other.upheld;
    }

    /// In time: neither red nor yellow nor standing still.
    pub fn green(&self) -> i64 {
        self.open - self.red - self.yellow - self.suspended
    }
}

/// One part of the map.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Region.
    pub region: RegionCode,
    /// Its name; for the root's own organs 本级.
    pub name: String,
    /// Everything in it.
    pub lights: Lights,
    /// The root's own organs, not a part below.
    pub own_level: bool,
}

/// What is ranked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RankBy {
    /// 部门.
    #[default]
    Department,
    /// 旗县市区.
    Banner,
}

impl RankBy {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Department, Self::Banner];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Department => "部门",
            Self::Banner => "旗县市区",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Banner => "banner",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.slug() == slug)
    }
}

/// By which figure; the highest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortBy {
    /// 红灯.
    #[default]
    Red,
    /// 黄灯.
    Yellow,
    /// 在办.
    Open,
    /// 监察卡.
    Cards,
    /// 逾期未答复.
    Late,
    /// 属实.
    Upheld,
}

impl SortBy {
    /// All, in the order of the columns.
    pub const ALL: [Self; 6] = [Self::Open, Self::Red, Self::Yellow, Self::Cards, Self::Late, Self::Upheld];

    /// Chinese name, with the unit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "红灯（件）",
            Self::Yellow => "黄灯（件）",
            Self::Open => "在办（件）",
            Self::Cards => "未销号卡（张）",
            Self::Late => "逾期未答复（张）",
            Self::Upheld => "累计属实（张）",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Open => "open",
            Self::Cards => "cards",
            Self::Late => "late",
            Self::Upheld => "upheld",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }

    /// The figure.
    pub fn of(self, lights: &Lights) -> i64 {
        match self {
            Self::Red => lights.red,
            Self::Yellow => lights.yellow,
            Self::Open => lights.open,
            Self::Cards => lights.cards,
            Self::Late => lights.late,
            Self::Upheld => lights.upheld,
        }
    }
}

/// One row of a ranking.
#[derive(Debug, Clone)]
pub struct Rank {
    /// Code of the department or region.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Figures.
    pub lights: Lights,
}

/// Everything on the supervisor's home.
#[derive(Debug, Clone)]
pub struct Home {
    /// The region looked at.
    pub root: RegionCode,
    /// The region above it that the caller supervises, too.
    pub above: Option<RegionCode>,
    /// The whole of it.
    pub total: Lights,
    /// Its parts.
    pub tiles: Vec<Tile>,
    /// Departments or banners, the worst first.
    pub ranks: Vec<Rank>,
    /// Red cases, the longest overdue first.
    pub red_cases: Vec<CaseRow>,
}

fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

/// How many rows a condition holds for.
fn count_if(select: &mut SelectStatement, condition: Expr, name: &'static str) {
    let one = Expr::case(condition, 1).finally(0);
    let sum = Func::cast_as(Func::sum(one), Alias::new("BIGINT"));
    select.expr_as(sum, Alias::new(name));
}

fn number(row: &QueryResult, column: &str) -> Result<i64, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

/// Figures by region and department.
type Matrix = BTreeMap<(RegionCode, String), Lights>;

impl Platform {
    /// The home of a supervisor for a region of the own territory; without one, the highest supervised.
    pub async fn supervision_home(
        &self,
        call: &Call,
        region: Option<RegionCode>,
        by: RankBy,
        sort: SortBy,
    ) -> Result<Home, Failure> {
        let highest = self.supervised_root(call);
        let about = Object { unit: None, department: None, region: region.or(highest) };
        let _permit = permission::decide(&call.actor, Action::ReadSupervision, about, self.rules.regions)?;
        let root = region.or(highest).filter(|r| self.rules.regions.exists(*r)).ok_or(Failure::NotThere)?;
        let supervised = self.supervised(call);
        let territory: Vec<RegionCode> = self.with_below(root).filter(|r| supervised.contains(r)).collect();
        let matrix = self.matrix(&territory).await?;
        let above = self.rules.regions.get(root).and_then(|r| r.parent).filter(|r| supervised.contains(r));
        Ok(Home {
            root,
            above,
            total: sum(matrix.values()),
            tiles: self.tiles(root, &matrix),
            ranks: self.ranks(&matrix, &territory, by, sort),
            red_cases: self.red_cases(&territory).await?,
        })
    }

    async fn matrix(&self, territory: &[RegionCode]) -> Result<Matrix, Failure> {
        let mut matrix = Matrix::new();
        for (select, read) in [
            (self.cases_by_light(territory), read_lights as fn(&QueryResult) -> Result<Lights, Failure>),
            (self.cards_by_state(territory), read_cards),
        ] {
            for row in self.store.select(&select).await.map_err(Failure::fault)? {
                let region: String = row.try_get("", "region").map_err(Failure::fault)?;
                let department: String = row.try_get("", "department").map_err(Failure::fault)?;
                if let Some(region) = RegionCode::parse(&region) {
                    matrix.entry((region, department)).or_default().add(read(&row)?);
                }
            }
        }
        Ok(matrix)
    }

    /// Running cases by region, department and light, from one covering index.
    fn cases_by_light(&self, territory: &[RegionCode]) -> SelectStatement {
        let today = day_number(self.clock.now().date());
        let mut select = by_organ("cases", territory);
        select.and_where(column("owed").ne("nothing"));
        let runs = || column("suspended").eq(0);
        count_if(&mut select, Expr::val(1).eq(1), "open");
        count_if(&mut select, runs().and(column("due_day").lt(today)), "red");
        let yellow = runs().and(column("yellow_day").lte(today)).and(column("due_day").gte(today));
        count_if(&mut select, yellow, "yellow");
        count_if(&mut select, column("suspended").eq(1), "standing");
        select
    }

    fn cards_by_state(&self, territory: &[RegionCode]) -> SelectStatement {
        let today = day_number(self.clock.now().date());
        let mut select = by_organ("supervision_cards", territory);
        count_if(&mut select, column("state").ne("closed"), "cards");
        count_if(&mut select, column("state").eq("open").and(column("reply_day").lt(today)), "late");
        count_if(&mut select, column("finding").eq("upheld"), "upheld");
        select
    }

    fn tiles(&self, root: RegionCode, matrix: &Matrix) -> Vec<Tile> {
        let regions = self.rules.regions;
        let own = sum(matrix.iter().filter(|((region, _), _)| *region == root).map(|(_, lights)| lights));
        let name = format!("{}本级", regions.name(root).unwrap_or(root.as_str()));
        let own = Tile { region: root, name, lights: own, own_level: true };
        let parts = regions.children(root).map(|part| Tile {
            region: part.code,
            name: part.name.clone(),
            lights: sum(matrix.iter().filter(|((r, _), _)| regions.within(part.code, *r)).map(|(_, lights)| lights)),
            own_level: false,
        });
        // Zones without a case are left out: the map shows where something is.
        let shown = |tile: &Tile| regions.level(tile.region) != Some(Level::Zone) || tile.lights != Lights::default();
        std::iter::once(own).chain(parts.filter(shown)).collect()
    }

    fn ranks(&self, matrix: &Matrix, territory: &[RegionCode], by: RankBy, sort: SortBy) -> Vec<Rank> {
        let mut ranks: Vec<Rank> = match by {
            RankBy::Department => self
                .rules
                .departments
                .owners()
                .map(|d| Rank {
                    code: d.code.clone(),
                    name: d.short.clone(),
                    lights: sum(matrix.iter().filter(|((_, code), _)| *code == d.code).map(|(_, lights)| lights)),
                })
                .collect(),
            RankBy::Banner => territory
                .iter()
                .filter(|region| self.rules.regions.level(**region) == Some(Level::County))
                .map(|region| Rank {
                    code: region.to_string(),
                    name: self.rules.regions.full_name(*region),
                    lights: sum(matrix.iter().filter(|((r, _), _)| r == region).map(|(_, lights)| lights)),
                })
                .collect(),
        };
        let key = |rank: &Rank| {
            let l = &rank.lights;
            std::cmp::Reverse((sort.of(l), l.red, l.yellow, l.cards, l.open))
        };
        ranks.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code)));
        ranks
    }

    async fn red_cases(&self, territory: &[RegionCode]) -> Result<Vec<CaseRow>, Failure> {
        let today = day_number(self.clock.now().date());
        let mut select = Query::select();
        select.from(Alias::new("cases")).columns(CASE_COLUMNS.split(',').map(|name| Alias::new(name.trim())));
        select
            .and_where(column("region").is_in(values(territory)))
            .and_where(column("owed").ne("nothing"))
            .and_where(column("suspended").eq(0))
            .and_where(column("due_day").lt(today))
            .order_by(Alias::new("due_day"), Order::Asc)
            .order_by(Alias::new("id"), Order::Asc)
            .limit(RED_CASES);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(CaseRow::read).collect()
    }
}

fn values(territory: &[RegionCode]) -> Vec<Value> {
    territory.iter().map(|region| region.as_str().to_owned().into()).collect()
}

fn by_organ(table: &'static str, territory: &[RegionCode]) -> SelectStatement {
    let mut select = Query::select();
    select
        .column(Alias::new("region"))
        .column(Alias::new("department"))
        .from(Alias::new(table))
        .and_where(column("region").is_in(values(territory)))
        .group_by_col(Alias::new("region"))
        .group_by_col(Alias::new("department"));
    select
}

fn sum<'a>(parts: impl Iterator<Item = &'a Lights>) -> Lights {
    parts.fold(Lights::default(), |mut total, part| {
        total.add(*part);
        total
    })
}

fn read_lights(row: &QueryResult) -> Result<Lights, Failure> {
    Ok(Lights {
        open: number(row, "open")?,
        red: number(row, "red")?,
        yellow: number(row, "yellow")?,
        suspended: number(row, "standing")?,
        ..Lights::default()
    })
}

fn read_cards(row: &QueryResult) -> Result<Lights, Failure> {
    Ok(Lights {
        cards: number(row, "cards")?,
        late: number(row, "late")?,
        upheld: number(row, "upheld")?,
        ..Lights::default()
    })
}
