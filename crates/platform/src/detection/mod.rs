//! 入侵检测 (S-21): what follows the security audit, the alarms it raises, and what a security administrator does with them.
//!
//! `watch` reads the records that came since the last time and counts those that fit a rule; the marks of what was counted
//! lie in a table, so that several nodes and a restart count everything once.

mod alarm;
mod list;
mod watch;

pub use alarm::{AlarmLine, AlarmPage};
pub use list::{AlarmFilter, AlarmRow, Alarms, PAGE};

use crate::{Action, Call, Failure, Object, Platform, permission, stream::refused};
use domain::{Moment, evidence::Zone, region::INNER_MONGOLIA};
use ledger::{AuditEntry, Store, Unit};

/// A wall clock may differ from the time that passed by so much, in milliseconds, before it is said to have jumped.
const JUMP: i64 = 2000;

/// Alarms are the platform's as a whole: only a post at the autonomous region reaches them.
fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}

/// What the platform itself notices and no request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noticed {
    /// A source asked for too many codes that do not exist.
    Enumeration,
    /// A verification found places that do not fit (S-25).
    BrokenRecords,
    /// The clock jumped.
    ClockJump,
    /// An account asks for too much.
    AccountFlood,
    /// A network asks for too much.
    NetworkFlood,
    /// A session of the office turned up in another network.
    MovedSession,
    /// The program or its configuration is not as it was signed (S-23).
    ReleaseChanged,
    /// The store of the audit is four fifths full (S-15).
    AuditFilling,
    /// It is full: nothing changes any more.
    AuditFull,
    /// The collector missed records, or holds others (S-40).
    ForwardGap,
}

impl Noticed {
    /// Its record in the security audit.
    pub fn entry(self, at: i64, source: &str, object: String) -> AuditEntry {
        let (path, outcome, reason) = match self {
            Self::Enumeration => ("codes", "refused", "query.wait"),
            Self::BrokenRecords => ("records", "failed", "audit.broken"),
            Self::ClockJump => ("clock", "failed", "clock.jump"),
            Self::AccountFlood => ("requests", "refused", "request.flood_account"),
            Self::NetworkFlood => ("requests", "refused", "request.flood_network"),
            Self::MovedSession => ("sessions", "denied", "session.moved"),
            Self::ReleaseChanged => ("release", "failed", "release.changed"),
            Self::AuditFilling => ("audit", "failed", "audit.filling"),
            Self::AuditFull => ("audit", "failed", "audit.full"),
            Self::ForwardGap => ("forward", "failed", "audit.gap"),
        };
        AuditEntry {
            at,
            face: Zone::Platform.slug().to_owned(),
            source: source.to_owned(),
            actor: "system".to_owned(),
            method: "NOTICE".to_owned(),
            path: path.to_owned(),
            object,
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            ..AuditEntry::default()
        }
    }
}

/// Characters of a record's object that tell what was found changed.
const FAULT_WORDS: usize = 500;

/// Writes down that the program or its configuration is not as it was signed (S-23); the next look at the audit raises the alarm.
/// Also for a program that refuses to start and has no platform yet.
pub async fn note_release(store: &Store, at: Moment, faults: &[String]) -> Result<(), Failure> {
    let words: String = faults.join("；").chars().take(FAULT_WORDS).collect();
    let mut unit = Unit::new();
    unit.audit(Noticed::ReleaseChanged.entry(at.0, "", words));
    store.commit(unit).await.map_err(refused).map(|_| ())
}

impl Platform {
    /// Notes what a check while the program runs found changed.
    pub async fn watch_release(&self, call: &Call, faults: &[String]) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::WatchAudit, Object::default(), self.rules.regions)?;
        note_release(&self.store, self.clock.now(), faults).await
    }

    /// Notes a jump of the clock: `wall` milliseconds went by on it while `passed` did. Whether it was one.
    pub async fn watch_clock(&self, call: &Call, wall: i64, passed: i64) -> Result<bool, Failure> {
        let _permit = permission::decide(&call.actor, Action::WatchAudit, Object::default(), self.rules.regions)?;
        let off = wall - passed;
        if off.abs() <= JUMP {
            return Ok(false);
        }
        let mut unit = Unit::new();
        unit.audit(Noticed::ClockJump.entry(self.clock.now().0, "", format!("{off:+} 毫秒")));
        unit.use_reserve();
        self.store.commit(unit).await.map_err(refused)?;
        Ok(true)
    }
}
