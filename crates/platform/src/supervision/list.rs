//! Lists of cards and orders, filtered, by keyset; and the counts a department sees above its work list.

use super::does_case_work;
use crate::{
    Action, Call, Failure, Object, Platform, permission,
    read::{day_number, from_day_number},
    work_list::Cursor,
};
use domain::{
    Moment,
    account::Role,
    ids::{CaseId, ExpeditingOrderId, SupervisionCardId},
    region::RegionCode,
    supervision::{CardState, OrderState, Severity},
};
use jiff::civil::Date;
use ledger::{
    QueryResult, Value,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement},
};

/// Rows of one page.
pub const PAGE: u64 = 20;

/// Which cards or orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owing {
    /// Not closed, not replied: somebody owes something.
    #[default]
    Running,
    /// The department owes the answer.
    Department,
    /// The department's day has passed.
    Late,
    /// The supervisor owes the finding.
    Supervisor,
    /// Closed, replied.
    Done,
}

impl Owing {
    /// Tabs of the list of cards.
    pub const OF_CARDS: [Self; 5] = [Self::Running, Self::Department, Self::Late, Self::Supervisor, Self::Done];
    /// Tabs of the list of orders.
    pub const OF_ORDERS: [Self; 3] = [Self::Running, Self::Late, Self::Done];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "未办结",
            Self::Department => "待部门答复",
            Self::Late => "逾期未答复",
            Self::Supervisor => "待监察核查",
            Self::Done => "已办结",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Department => "department",
            Self::Late => "late",
            Self::Supervisor => "supervisor",
            Self::Done => "done",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::OF_CARDS.into_iter().find(|o| o.slug() == slug)
    }

    fn of_cards(self, today: i64) -> Cond {
        match self {
            Self::Running => Cond::all().add(column("state").ne(CardState::Closed.slug())),
            Self::Department => Cond::all().add(column("state").eq(CardState::Open.slug())),
            Self::Late => Self::Department.of_cards(today).add(column("reply_day").lt(today)),
            Self::Supervisor => Cond::all().add(column("state").eq(CardState::Answered.slug())),
            Self::Done => Cond::all().add(column("state").eq(CardState::Closed.slug())),
        }
    }

    fn of_orders(self, today: i64) -> Cond {
        let state = |state: OrderState| Cond::all().add(column("state").eq(state.slug()));
        match self {
            Self::Late => state(OrderState::Issued).add(column("reply_day").lt(today)),
            Self::Done => state(OrderState::Replied),
            _ => state(OrderState::Issued),
        }
    }
}

/// Filters of the list of cards.
#[derive(Debug, Clone, Default)]
pub struct CardFilter {
    /// Who owes what.
    pub owing: Owing,
    /// Code of a rule.
    pub rule: Option<String>,
    /// Colour.
    pub severity: Option<Severity>,
    /// Region with all below.
    pub region: Option<RegionCode>,
    /// Code of a department.
    pub department: Option<String>,
    /// Only this case.
    pub case: Option<CaseId>,
}

/// One row of a list of cards.
#[derive(Debug, Clone)]
pub struct CardRow {
    /// Its id.
    pub id: SupervisionCardId,
    /// Code of the rule.
    pub rule: String,
    /// Name of the rule.
    pub rule_name: String,
    /// Colour.
    pub severity: Severity,
    /// State.
    pub state: CardState,
    /// The hit in one sentence.
    pub sentence: String,
    /// The case.
    pub case: CaseId,
    /// Project.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Item.
    pub item_name: String,
    /// Department code.
    pub department: String,
    /// Region code.
    pub region: String,
    /// Last day for the answer.
    pub reply_by: Option<Date>,
    /// When it was opened.
    pub opened_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// Machine name of the finding.
    pub finding: String,
}

/// One page of cards.
#[derive(Debug, Clone)]
pub struct Cards {
    /// Rows, most urgent first; closed ones latest first.
    pub rows: Vec<CardRow>,
    /// Begin of the next page.
    pub next: Option<Cursor>,
    /// Counts of the tabs, capped.
    pub counts: Vec<(Owing, u64)>,
}

/// One row of a list of orders.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// Its id.
    pub id: ExpeditingOrderId,
    /// The case.
    pub case: CaseId,
    /// Project.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Item.
    pub item_name: String,
    /// Department code.
    pub department: String,
    /// Region code.
    pub region: String,
    /// Who ordered.
    pub issuer_organ: String,
    /// State.
    pub state: OrderState,
    /// Last day for the reply.
    pub reply_by: Option<Date>,
    /// When it was ordered.
    pub issued_at: Moment,
}

/// One page of orders.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Rows, most urgent first; replied ones latest first.
    pub rows: Vec<OrderRow>,
    /// Begin of the next page.
    pub next: Option<Cursor>,
    /// Counts of the tabs, capped.
    pub counts: Vec<(Owing, u64)>,
}

/// What supervision asks of the caller's own departments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mine {
    /// Cards to answer.
    pub cards: u64,
    /// Of these, red ones.
    pub red: u64,
    /// Orders to reply to.
    pub orders: u64,
}

fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

fn text(row: &QueryResult, column: &str) -> Result<String, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

fn number(row: &QueryResult, column: &str) -> Result<i64, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

const CARD_COLUMNS: [&str; 16] = [
    "id",
    "rule",
    "rule_name",
    "severity",
    "state",
    "sentence",
    "case_id",
    "project_name",
    "project_code",
    "item_name",
    "department",
    "region",
    "reply_day",
    "opened_at",
    "closed_at",
    "finding",
];

impl CardRow {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        Ok(Self {
            id: SupervisionCardId(text(row, "id")?),
            rule: text(row, "rule")?,
            rule_name: text(row, "rule_name")?,
            severity: Severity::parse(&text(row, "severity")?).unwrap_or(Severity::Yellow),
            state: CardState::parse(&text(row, "state")?).unwrap_or_default(),
            sentence: text(row, "sentence")?,
            case: CaseId(text(row, "case_id")?),
            project_name: text(row, "project_name")?,
            project_code: text(row, "project_code")?,
            item_name: text(row, "item_name")?,
            department: text(row, "department")?,
            region: text(row, "region")?,
            reply_by: from_day_number(number(row, "reply_day")?),
            opened_at: Moment(number(row, "opened_at")?),
            closed_at: Some(number(row, "closed_at")?).filter(|at| *at > 0).map(Moment),
            finding: text(row, "finding")?,
        })
    }
}

const ORDER_COLUMNS: [&str; 12] = [
    "id",
    "case_id",
    "project_name",
    "project_code",
    "item_name",
    "department",
    "region",
    "issuer_organ",
    "state",
    "reply_day",
    "issued_at",
    "replied_at",
];

impl OrderRow {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        Ok(Self {
            id: ExpeditingOrderId(text(row, "id")?),
            case: CaseId(text(row, "case_id")?),
            project_name: text(row, "project_name")?,
            project_code: text(row, "project_code")?,
            item_name: text(row, "item_name")?,
            department: text(row, "department")?,
            region: text(row, "region")?,
            issuer_organ: text(row, "issuer_organ")?,
            state: OrderState::parse(&text(row, "state")?).unwrap_or_default(),
            reply_by: from_day_number(number(row, "reply_day")?),
            issued_at: Moment(number(row, "issued_at")?),
        })
    }
}

fn keyset(select: &mut SelectStatement, key: &'static str, latest: bool, after: Option<&Cursor>) {
    if let Some(cursor) = after {
        let beyond = if latest { column(key).lt(cursor.key) } else { column(key).gt(cursor.key) };
        let same = column(key).eq(cursor.key).and(column("id").gt(cursor.id.clone()));
        select.and_where(beyond.or(same));
    }
    let order = if latest { Order::Desc } else { Order::Asc };
    select.order_by(Alias::new(key), order).order_by(Alias::new("id"), Order::Asc).limit(PAGE + 1);
}

impl Platform {
    /// Whose cards the caller sees: the territory of a supervising post, the own organ of a case-work post.
    fn card_scope(&self, call: &Call) -> Cond {
        let mut any = self.own_organs(call, does_case_work);
        let supervised: Vec<Value> = self.supervised(call).iter().map(|r| r.as_str().to_owned().into()).collect();
        if !supervised.is_empty() {
            any = any.add(column("region").is_in(supervised));
        }
        nothing_if_empty(any)
    }

    /// Whose orders the caller sees: as with cards, and those to the departments below a manager.
    fn order_scope(&self, call: &Call) -> Cond {
        let mut any = Cond::any().add(self.card_scope(call));
        for post in call.actor.posts().iter().filter(|post| post.role == Role::DepartmentManager) {
            let below: Vec<Value> = self.with_below(post.region).map(|r| r.as_str().to_owned().into()).collect();
            any = any.add(
                Cond::all().add(column("department").eq(post.department.clone())).add(column("region").is_in(below)),
            );
        }
        any
    }

    fn own_organs(&self, call: &Call, counts: impl Fn(Role) -> bool) -> Cond {
        let mut organs: Vec<_> = call
            .actor
            .posts()
            .iter()
            .filter(|post| counts(post.role))
            .map(|post| (post.department.clone(), post.region.as_str().to_owned()))
            .collect();
        organs.sort_unstable();
        organs.dedup();
        organs.into_iter().fold(Cond::any(), |any, (department, region)| {
            any.add(Cond::all().add(column("department").eq(department)).add(column("region").eq(region)))
        })
    }

    /// Cards in reach, filtered, most urgent first.
    pub async fn cards(&self, call: &Call, filter: &CardFilter, after: Option<&Cursor>) -> Result<Cards, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadCard, Object::default(), self.rules.regions)?;
        let today = day_number(self.clock.now().date());
        let scope = self.card_scope(call);
        let done = filter.owing == Owing::Done;
        let key = if done { "closed_at" } else { "reply_day" };
        let mut select = Query::select();
        select.from(Alias::new("supervision_cards")).columns(CARD_COLUMNS.map(Alias::new));
        select.cond_where(scope.clone()).cond_where(filter.owing.of_cards(today)).cond_where(self.narrowed(filter));
        keyset(&mut select, key, done, after);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(CardRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor {
            key: if done { row.closed_at.map_or(0, |at| at.0) } else { row.reply_by.map_or(0, day_number) },
            id: row.id.to_string(),
        });
        let mut counts = Vec::new();
        for owing in Owing::OF_CARDS.into_iter().filter(|owing| *owing != Owing::Done) {
            counts.push((owing, self.capped("supervision_cards", scope.clone().add_all(owing.of_cards(today))).await?));
        }
        Ok(Cards { rows, next, counts })
    }

    fn narrowed(&self, filter: &CardFilter) -> Cond {
        let mut all = Cond::all();
        if let Some(rule) = &filter.rule {
            all = all.add(column("rule").eq(rule.clone()));
        }
        if let Some(severity) = filter.severity {
            all = all.add(column("severity").eq(severity.slug()));
        }
        if let Some(region) = filter.region {
            let regions: Vec<Value> = self.with_below(region).map(|r| r.as_str().to_owned().into()).collect();
            all = all.add(column("region").is_in(regions));
        }
        if let Some(department) = &filter.department {
            all = all.add(column("department").eq(department.clone()));
        }
        if let Some(case) = &filter.case {
            all = all.add(column("case_id").eq(case.as_str().to_owned()));
        }
        all
    }

    /// Orders in reach, most urgent first.
    pub async fn orders(&self, call: &Call, owing: Owing, after: Option<&Cursor>) -> Result<Orders, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadOrder, Object::default(), self.rules.regions)?;
        let today = day_number(self.clock.now().date());
        let scope = self.order_scope(call);
        let done = owing == Owing::Done;
        let key = if done { "issued_at" } else { "reply_day" };
        let mut select = Query::select();
        select.from(Alias::new("expediting_orders")).columns(ORDER_COLUMNS.map(Alias::new));
        select.cond_where(scope.clone()).cond_where(owing.of_orders(today));
        keyset(&mut select, key, done, after);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(OrderRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor {
            key: if done { row.issued_at.0 } else { row.reply_by.map_or(0, day_number) },
            id: row.id.to_string(),
        });
        let mut counts = Vec::new();
        for owing in [Owing::Running, Owing::Late] {
            counts
                .push((owing, self.capped("expediting_orders", scope.clone().add_all(owing.of_orders(today))).await?));
        }
        Ok(Orders { rows, next, counts })
    }

    /// What waits for an answer of the caller's own departments.
    pub async fn asked_of_mine(&self, call: &Call) -> Result<Mine, Failure> {
        let own = self.own_organs(call, does_case_work);
        if own.is_empty() {
            return Ok(Mine::default());
        }
        let cards = own.clone().add_all(Owing::Department.of_cards(0));
        let red = cards.clone().add(column("severity").eq(Severity::Red.slug()));
        Ok(Mine {
            cards: self.capped("supervision_cards", cards).await?,
            red: self.capped("supervision_cards", red).await?,
            orders: self.capped("expediting_orders", own.add_all(Owing::Running.of_orders(0))).await?,
        })
    }

    /// What the mark beside 电子监察 counts: answers owed by the caller's departments, findings owed by the supervisor.
    /// `None` for whoever has nothing to do with supervision.
    pub async fn supervision_tasks(&self, call: &Call) -> Result<Option<u64>, Failure> {
        let supervised = !self.supervised(call).is_empty();
        if !supervised && !call.actor.posts().iter().any(|post| does_case_work(post.role)) {
            return Ok(None);
        }
        let mine = self.asked_of_mine(call).await?;
        let scope = self.card_scope(call).add_all(Owing::Supervisor.of_cards(0));
        let to_close = if supervised { self.capped("supervision_cards", scope).await? } else { 0 };
        Ok(Some(mine.cards + mine.orders + to_close))
    }
}

/// A condition that holds together with another one.
trait Both {
    fn add_all(self, other: Cond) -> Cond;
}

impl Both for Cond {
    fn add_all(self, other: Cond) -> Cond {
        Cond::all().add(self).add(other)
    }
}

fn nothing_if_empty(any: Cond) -> Cond {
    if any.is_empty() { Cond::all().add(Expr::val(1).eq(0)) } else { any }
}
