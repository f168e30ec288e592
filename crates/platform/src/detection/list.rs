//! The list of alarms, newest first.

use super::whole;
use crate::{Action, Call, Failure, Platform, permission, work_list::column};
use domain::{
    Moment,
    detection::{AlarmState, Severity},
    ids::AlarmId,
};
use ledger::{
    QueryResult,
    sea_query::{Alias, Cond, ExprTrait, Order, Query},
};

/// Rows of one page.
pub const PAGE: u64 = 30;

/// Which alarms. What is empty does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AlarmFilter {
    /// Where they stand.
    pub state: AlarmState,
    /// How grave.
    pub severity: Option<Severity>,
    /// Code of the rule.
    pub rule: Option<String>,
}

/// One row.
#[derive(Debug, Clone)]
pub struct AlarmRow {
    /// Its id.
    pub id: AlarmId,
    /// Its number.
    pub number: i64,
    /// Name of the rule on that day.
    pub rule_name: String,
    /// How grave.
    pub severity: Severity,
    /// The subject in words: the person's name, else its value.
    pub about: String,
    /// Where it stands.
    pub state: AlarmState,
    /// Records in all.
    pub count: i64,
    /// When it was raised.
    pub raised_at: Moment,
    /// The last record.
    pub last_at: Moment,
    /// By when the report of its incident is due, while it was not made.
    pub report_by: Option<Moment>,
}

/// One page.
#[derive(Debug, Clone)]
pub struct Alarms {
    /// Newest first.
    pub rows: Vec<AlarmRow>,
    /// The next page begins before this number.
    pub next: Option<i64>,
    /// How many there are in each state, counted up to [`crate::work_list::COUNT_CAP`].
    pub counts: Vec<(AlarmState, u64)>,
}

const COLUMNS: [&str; 11] = [
    "id",
    "number",
    "rule_name",
    "severity",
    "about",
    "state",
    "count",
    "raised_at",
    "last_at",
    "report_by",
    "reported_at",
];

fn read(row: &QueryResult) -> ledger::Result<AlarmRow> {
    let text = |name| row.try_get::<String>("", name);
    let number = |name| row.try_get::<i64>("", name);
    let (report_by, reported_at) = (number("report_by")?, number("reported_at")?);
    Ok(AlarmRow {
        id: AlarmId(text("id")?),
        number: number("number")?,
        rule_name: text("rule_name")?,
        severity: Severity::parse(&text("severity")?).unwrap_or(Severity::High),
        about: text("about")?,
        state: AlarmState::parse(&text("state")?).unwrap_or_default(),
        count: number("count")?,
        raised_at: Moment(number("raised_at")?),
        last_at: Moment(number("last_at")?),
        report_by: (report_by > 0 && reported_at == 0).then_some(Moment(report_by)),
    })
}

fn condition(filter: &AlarmFilter, state: AlarmState) -> Cond {
    let mut all = Cond::all().add(column("state").eq(state.slug()));
    if let Some(severity) = filter.severity {
        all = all.add(column("severity").eq(severity.slug()));
    }
    if let Some(rule) = &filter.rule {
        all = all.add(column("rule").eq(rule.clone()));
    }
    all
}

impl Platform {
    /// Whether the caller may read alarms.
    pub fn may_read_alarms(&self, call: &Call) -> bool {
        permission::decide(&call.actor, Action::ReadAlarms, whole(), self.rules.regions).is_ok()
    }

    /// Alarms nobody has acknowledged yet; `None` for whoever may not read them.
    pub async fn waiting_alarms(&self, call: &Call) -> Result<Option<u64>, Failure> {
        if !self.may_read_alarms(call) {
            return Ok(None);
        }
        self.capped("alarms", condition(&AlarmFilter::default(), AlarmState::Open)).await.map(Some)
    }

    /// Alarms that fit, newest first, before a number.
    pub async fn alarms(&self, call: &Call, filter: &AlarmFilter, before: Option<i64>) -> Result<Alarms, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAlarms, whole(), self.rules.regions)?;
        let mut select = Query::select();
        select.from(Alias::new("alarms")).columns(COLUMNS.map(Alias::new));
        select.cond_where(condition(filter, filter.state));
        if let Some(before) = before {
            select.and_where(column("number").lt(before));
        }
        select.order_by(Alias::new("number"), Order::Desc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(read).collect::<ledger::Result<Vec<_>>>().map_err(Failure::fault)?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| row.number);
        let account = |about: &str| about.trim_start_matches("account:").to_owned();
        let names = self.names_of(rows.iter().map(|row| row.about.trim_start_matches("account:"))).await?;
        for row in &mut rows {
            row.about = names.get(&account(&row.about)).cloned().unwrap_or_default();
        }
        let mut counts = Vec::with_capacity(AlarmState::ALL.len());
        for state in AlarmState::ALL {
            counts.push((state, self.capped("alarms", condition(filter, state)).await?));
        }
        Ok(Alarms { rows, next, counts })
    }
}
