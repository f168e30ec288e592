//! 集中收集 (S-40): every record goes to a collector in another zone, in order, once. Where the collector has confirmed is a row; one
//! node sends under a lease. What the collector misses raises an alarm and is sent again.

use crate::{Action, Call, Failure, Object, Platform, detection::Noticed, permission, stream::refused};
use domain::Moment;
use ledger::{
    AuditRecord, Refused, Row, Unit,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};

/// How long a node sends alone after it last said so, in milliseconds.
const LEASE: i64 = 30_000;
/// Records of one page.
const PAGE: u64 = 200;

/// How far the collector has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded {
    /// Number of the record confirmed last; 0 for none.
    pub seq: i64,
    /// When.
    pub at: Moment,
}

impl Platform {
    /// Takes the lease, or keeps it. How far the collector has confirmed; `None` while another node sends.
    pub async fn lease_forwarding(&self, call: &Call, node: &str) -> Result<Option<Forwarded>, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let now = self.clock.now().0;
        let mut unit = Unit::new();
        unit.exactly_one(Row::new(
            "UPDATE forwarding SET holder = $1, lease = $2 WHERE stream = 'audit' AND (holder = $1 OR lease <= $3)",
            [node.into(), (now + LEASE).into(), now.into()],
        ));
        match self.store.commit(unit).await {
            Err(Refused::Conflict) => Ok(None),
            other => {
                other.map_err(refused)?;
                self.forwarded().await.map(Some)
            }
        }
    }

    async fn forwarded(&self) -> Result<Forwarded, Failure> {
        let row = self.store.query_one("SELECT seq, at FROM forwarding WHERE stream = 'audit'", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        let number = |column| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Forwarded { seq: number("seq")?, at: Moment(number("at")?) })
    }

    /// Gives the lease back, so that another node need not wait.
    pub async fn end_forwarding(&self, call: &Call, node: &str) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let mut unit = Unit::new();
        let sql = "UPDATE forwarding SET lease = 0 WHERE stream = 'audit' AND holder = $1";
        unit.row(Row::new(sql, [node.into()]));
        self.store.commit(unit).await.map_err(refused)
    }

    /// The next records after a number, in order.
    pub async fn records_to_forward(&self, call: &Call, after: i64) -> Result<Vec<AuditRecord>, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let mut select = Query::select();
        select.from(Alias::new(AuditRecord::TABLE)).columns(AuditRecord::COLUMNS.map(Alias::new));
        select.and_where(Expr::col(Alias::new("seq")).gt(after)).order_by(Alias::new("seq"), Order::Asc).limit(PAGE);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(AuditRecord::read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    /// Hash of a record, online or archived last; `None` when it is not here (any more).
    pub async fn hash_to_forward(&self, call: &Call, seq: i64) -> Result<Option<Vec<u8>>, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let row = self.store.query_one("SELECT hash FROM audit_entry WHERE seq = $1", [seq.into()]).await;
        if let Some(row) = row.map_err(Failure::fault)? {
            return row.try_get("", "hash").map(Some).map_err(Failure::fault);
        }
        let archived = self.store.last_archive().await.map_err(Failure::fault)?.map(|kept| kept.mark);
        Ok(archived.filter(|mark| mark.last == seq).map(|mark| mark.head.to_vec()))
    }

    /// Notes what the collector has confirmed and keeps the lease. Whether this node still holds it.
    pub async fn confirm_forwarded(&self, call: &Call, node: &str, until: i64) -> Result<bool, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let now = self.clock.now().0;
        let mut unit = Unit::new();
        unit.exactly_one(Row::new(
            "UPDATE forwarding SET seq = $2, at = $3, lease = $4 WHERE stream = 'audit' AND holder = $1 AND seq <= $2",
            [node.into(), until.into(), now.into(), (now + LEASE).into()],
        ));
        match self.store.commit(unit).await {
            Err(Refused::Conflict) => Ok(false),
            other => other.map(|()| true).map_err(refused),
        }
    }

    /// Notes that the collector misses records, or holds others: an alarm follows.
    pub async fn note_forward_gap(&self, call: &Call, what: String) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let mut unit = Unit::new();
        unit.audit(Noticed::ForwardGap.entry(self.clock.now().0, "", what));
        unit.use_reserve();
        self.store.commit(unit).await.map_err(refused)
    }

    /// How far the collector has confirmed, for the audit administrator.
    pub async fn forwarding(&self, call: &Call) -> Result<Forwarded, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, super::evidence::whole(), self.rules.regions)?;
        self.forwarded().await
    }
}
