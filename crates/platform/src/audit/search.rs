//! Search in the security audit, for the audit administrator alone (S-36).

use super::evidence::whole;
use crate::{Action, Call, Failure, Platform, permission, work_list::column};
use domain::{Moment, evidence::Zone};
use jiff::civil::Date;
use ledger::{
    AuditRecord, Value,
    sea_query::{Alias, Cond, ExprTrait, LikeExpr, Order, Query},
};

/// Records of one page.
pub const PAGE: u64 = 50;
/// Accounts a name may mean.
const NAMESAKES: u64 = 50;
/// Longest text a search takes.
const LONGEST: usize = 200;

/// Which records. What is empty does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// First day.
    pub from: Option<Date>,
    /// Last day, included.
    pub until: Option<Date>,
    /// Name, sign-in name or id of the person.
    pub person: String,
    /// From where.
    pub zone: Option<Zone>,
    /// `done`, `read`, `refused`, `denied` or `failed`.
    pub outcome: String,
    /// Part of the path or of the object.
    pub what: String,
    /// Source address.
    pub source: String,
}

/// A record with the name of its person.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// As it was kept.
    pub record: AuditRecord,
    /// Name of the person today; empty when the account has none, or nobody was signed in.
    pub name: String,
}

/// One page of the search.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// The next page begins before this number.
    pub next: Option<i64>,
    /// How many there are in each zone, whatever zone is asked for, counted up to [`crate::work_list::COUNT_CAP`].
    pub zones: Vec<(Zone, u64)>,
    /// How those of the zone asked for ended.
    pub outcomes: Vec<(&'static str, u64)>,
}

impl Platform {
    /// Whether the caller is the audit administrator of the platform.
    pub fn may_read_audit(&self, call: &Call) -> bool {
        permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions).is_ok()
    }

    /// Records that fit, newest first, before a number.
    pub async fn audit_page(
        &self,
        call: &Call,
        filter: &AuditFilter,
        before: Option<i64>,
    ) -> Result<AuditPage, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions)?;
        let mut rows = self.audit_rows(filter, before, PAGE + 1).await?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| row.record.seq);
        let (mut zones, mut outcomes) = (Vec::new(), Vec::new());
        for zone in Zone::ALL {
            let filter = AuditFilter { zone: Some(zone), ..filter.clone() };
            zones.push((zone, self.capped(AuditRecord::TABLE, self.audit_condition(&filter).await?).await?));
        }
        for outcome in
            OUTCOMES.into_iter().filter(|one| filter.outcome.trim().is_empty() || filter.outcome.trim() == *one)
        {
            let filter = AuditFilter { outcome: outcome.to_owned(), ..filter.clone() };
            outcomes.push((outcome, self.capped(AuditRecord::TABLE, self.audit_condition(&filter).await?).await?));
        }
        Ok(AuditPage { rows, next, zones, outcomes })
    }

    async fn audit_rows(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<AuditRow>, Failure> {
        let mut select = Query::select();
        select.from(Alias::new(AuditRecord::TABLE)).columns(AuditRecord::COLUMNS.map(Alias::new));
        select.cond_where(self.audit_condition(filter).await?);
        if let Some(before) = before {
            select.and_where(column("seq").lt(before));
        }
        select.order_by(Alias::new("seq"), Order::Desc).limit(limit);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let records = rows.iter().map(AuditRecord::read).collect::<ledger::Result<Vec<_>>>().map_err(Failure::fault)?;
        let names = self.names_of(records.iter().map(|record| record.entry.actor.as_str())).await?;
        let row = |record: AuditRecord| AuditRow {
            name: names.get(&record.entry.actor).cloned().unwrap_or_default(),
            record,
        };
        Ok(records.into_iter().map(row).collect())
    }

    /// Which records fit.
    pub(crate) async fn audit_condition(&self, filter: &AuditFilter) -> Result<Cond, Failure> {
        let mut all = Cond::all();
        if let Some(from) = filter.from {
            all = all.add(column("at").gte(Moment::at(from, 0, 0).0));
        }
        if let Some(after) = filter.until.and_then(|until| until.tomorrow().ok()) {
            all = all.add(column("at").lt(Moment::at(after, 0, 0).0));
        }
        match filter.zone {
            // Before there were zones the platform's own records had none.
            Some(Zone::Platform) => all = all.add(column("face").is_in([Zone::Platform.slug(), ""])),
            Some(zone) => all = all.add(column("face").eq(zone.slug())),
            None => {}
        }
        for (name, wanted) in [("outcome", &filter.outcome), ("source", &filter.source)] {
            let wanted = wanted.trim();
            if !wanted.is_empty() {
                all = all.add(column(name).eq(wanted.to_owned()));
            }
        }
        let person = filter.person.trim();
        if !person.is_empty() {
            let ids = self.accounts_called(person).await?;
            all = all.add(column("actor").is_in(ids));
        }
        let what: String = filter.what.trim().chars().take(LONGEST).collect();
        if !what.is_empty() {
            let escaped = what.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let like = |name| column(name).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'));
            all = all.add(Cond::any().add(like("path")).add(like("object")));
        }
        Ok(all)
    }

    /// What stands in records for the persons of that name; the text itself, too, for it may be the id.
    async fn accounts_called(&self, text: &str) -> Result<Vec<Value>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id FROM accounts WHERE login = $1 OR name = $2 ORDER BY id LIMIT $3",
                [text.to_lowercase().into(), text.into(), i64::try_from(NAMESAKES).unwrap_or_default().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let id = |row: &ledger::QueryResult| row.try_get::<String>("", "id").map(Value::from).map_err(Failure::fault);
        let mut ids = rows.iter().map(id).collect::<Result<Vec<_>, _>>()?;
        ids.push(text.into());
        Ok(ids)
    }
}

/// 结果 in words.
pub fn outcome_name(outcome: &str) -> &'static str {
    match outcome {
        "done" => "已办理",
        "read" => "已查看",
        "refused" => "不符合规则",
        "denied" => "无权限",
        "failed" => "系统故障",
        _ => "其他",
    }
}

/// Outcomes a search may ask for.
pub const OUTCOMES: [&str; 5] = ["done", "read", "refused", "denied", "failed"];

/// `2026-11-24T09:30:05.123+08:00`.
pub fn exact_time(at: i64) -> String {
    let local = Moment(at).local();
    format!(
        "{}T{:02}:{:02}:{:02}.{:03}+08:00",
        local.date(),
        local.hour(),
        local.minute(),
        local.second(),
        local.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s13_the_time_of_a_record_shows_its_offset() {
        assert_eq!(exact_time(1_700_000_000_123), "2023-11-15T06:13:20.123+08:00");
    }
}
