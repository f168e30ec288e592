//! 审计不得中断 (S-15): how full the store of the audit is, the warning before it is full, and what happens then: nothing changes any
//! more, for nothing may change without its record. Only the audit administrator still comes in, to archive.

use super::Attempt;
use crate::{Action, Call, Failure, Object, Platform, account::Face, detection::Noticed, permission, stream::refused};
use domain::{
    account::{Post, Role},
    evidence::{FULL_AT, WARN_AT, fullness},
};
use ledger::{Refused, Row, Unit};

/// Records kept back for the audit administrator and for what the platform itself notices.
const RESERVE: i64 = 10_000;
/// A warning is repeated after this long, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// How full the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSpace {
    /// Percent; at 100 nothing changes any more.
    pub percent: u8,
    /// Records online.
    pub records: i64,
    /// Records allowed.
    pub most: i64,
    /// Bytes free on the disk, where that can be said.
    pub free: Option<u64>,
    /// Bytes that must stay free.
    pub least: u64,
}

impl AuditSpace {
    /// Whether nothing changes any more.
    pub fn is_full(&self) -> bool {
        self.percent >= FULL_AT
    }

    /// Whether somebody should archive soon.
    pub fn is_filling(&self) -> bool {
        self.percent >= WARN_AT
    }
}

/// Whether somebody with these posts may still come in when the store is full.
pub(super) fn may_archive(posts: &[Post]) -> bool {
    posts.iter().any(|post| post.role == Role::AuditAdministrator)
}

impl Platform {
    /// Measures the store and tells the ledger where it ends. Every node does it at its start and every few seconds: what it
    /// knows late is too strict, never too lax.
    pub(crate) async fn measure_audit(&self) -> Result<AuditSpace, Failure> {
        let archived = self.store.last_archive().await.map_err(Failure::fault)?.map_or(0, |kept| kept.mark.last);
        let head = self.store.audit_head().await.map_err(Failure::fault)?.seq;
        let settings = &self.evidence.settings;
        let (most, least, free) = (settings.audit_records, settings.free_bytes, self.evidence.space.free());
        let records = head.saturating_sub(archived);
        let space = AuditSpace { percent: fullness(records, most, free, least), records, most, free, least };
        let until = archived.saturating_add(most);
        // A full disk stops at once, however many records there are.
        let usual = if free.is_some_and(|free| free <= least) { 0 } else { until };
        self.store.limit_audit(head, usual, until.saturating_add(RESERVE));
        Ok(space)
    }

    /// Measures, and warns once a day from four fifths on.
    pub async fn watch_audit_space(&self, call: &Call) -> Result<AuditSpace, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let space = self.measure_audit().await?;
        if space.is_full() {
            self.warn("full", Noticed::AuditFull, space).await?;
        } else if space.is_filling() {
            self.warn("filling", Noticed::AuditFilling, space).await?;
        }
        Ok(space)
    }

    /// How full the store is, for the audit administrator.
    pub async fn audit_space(&self, call: &Call) -> Result<AuditSpace, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, super::evidence::whole(), self.rules.regions)?;
        self.measure_audit().await
    }

    async fn warn(&self, name: &'static str, notice: Noticed, space: AuditSpace) -> Result<(), Failure> {
        let now = self.clock.now().0;
        let mut unit = Unit::new();
        let sql = "UPDATE evidence_notices SET at = $2 WHERE name = $1 AND at <= $3";
        unit.exactly_one(Row::new(sql, [name.into(), now.into(), (now - DAY).into()]));
        unit.audit(notice.entry(now, "", format!("{} %", space.percent)));
        unit.use_reserve();
        match self.store.commit(unit).await {
            // Said already, by this node or another.
            Err(Refused::Conflict) => Ok(()),
            other => other.map_err(refused),
        }
    }

    /// Whether there is room for the record of a request, before anything of it is done. When the store is full it is the audit
    /// administrator's alone, and that of a sign-in, which asks again as soon as it knows whose it is.
    pub async fn has_room(&self, attempt: &Attempt, token: &str) -> Result<bool, Failure> {
        if !self.store.audit_is_full() {
            return Ok(true);
        }
        if attempt.face != Face::Office.slug() {
            return Ok(false);
        }
        if let Some(session) = self.session(Face::Office, token).await? {
            let archives = may_archive(session.actor.posts());
            if archives {
                attempt.use_reserve();
            }
            return Ok(archives);
        }
        Ok(attempt.method == "POST" && attempt.path == "/login")
    }

    /// Refuses the sign-in of anybody but an audit administrator while the store is full.
    pub(crate) async fn room_to_sign_in(
        &self,
        call: &Call,
        account: Option<&domain::ids::AccountId>,
    ) -> Result<(), Failure> {
        if !self.store.audit_is_full() {
            return Ok(());
        }
        let archives = match account {
            Some(account) => may_archive(&self.posts_today(account).await?),
            None => false,
        };
        match &call.attempt {
            Some(attempt) if archives => {
                attempt.use_reserve();
                Ok(())
            }
            _ => Err(Failure::AuditFull),
        }
    }
}
