//! 安全审计 (S-12…S-14): one record around every request that changes something, apart from the trail.
//!
//! A change and its record commit together; a request that changed nothing (refused, denied, failed) leaves its record
//! when the request ends. Chaining and checkpoints of this table belong to issue 4's audit log.

use crate::{Actor, Platform};
use domain::Moment;
use ledger::Row;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the web knows of a request before it is carried out.
#[derive(Debug)]
pub struct Attempt {
    /// Request id.
    pub request: String,
    /// `portal`, `office` or `api`.
    pub face: &'static str,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Source address.
    pub source: String,
    /// Hash of the session id, empty without one.
    pub session: String,
    /// When it began.
    pub at: Moment,
    written: AtomicBool,
}

impl Attempt {
    /// A request begins.
    pub fn new(
        request: String,
        face: &'static str,
        method: String,
        path: String,
        source: String,
        session: String,
        at: Moment,
    ) -> Self {
        Self { request, face, method, path, source, session, at, written: AtomicBool::new(false) }
    }

    /// Whether its record is already committed with a change.
    pub fn is_written(&self) -> bool {
        self.written.load(Ordering::Acquire)
    }

    pub(crate) fn mark_written(&self) {
        self.written.store(true, Ordering::Release);
    }

    /// The record as a row. `outcome` is `done`, `refused`, `denied`, `failed` or `read`.
    pub(crate) fn row(&self, actor: &Actor, outcome: &str, object: &str) -> Row {
        let role = match actor {
            Actor::Officer { posts, .. } => {
                let mut roles: Vec<_> =
                    posts.iter().map(|p| format!("{}@{}-{}", p.role.name(), p.department, p.region)).collect();
                roles.dedup();
                roles.join(" ")
            }
            Actor::Unit { unit, .. } => unit.to_string(),
            Actor::Public | Actor::System => String::new(),
        };
        Row::new(
            "INSERT INTO audit(request, at, face, method, path, source, session, actor, role, object, outcome) \
             VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                self.request.clone().into(),
                self.at.0.into(),
                self.face.into(),
                self.method.clone().into(),
                self.path.clone().into(),
                self.source.clone().into(),
                self.session.clone().into(),
                actor.tag().into(),
                role.into(),
                object.into(),
                outcome.into(),
            ],
        )
    }
}

impl Platform {
    /// Writes the record of a request that committed no change. Call when the request ends.
    pub async fn close_attempt(&self, attempt: &Attempt, actor: &Actor, outcome: &str) -> Result<(), crate::Failure> {
        if attempt.is_written() {
            return Ok(());
        }
        let mut unit = ledger::Unit::new();
        unit.row(attempt.row(actor, outcome, ""));
        self.store.commit(unit).await.map_err(crate::stream::refused)?;
        attempt.mark_written();
        Ok(())
    }
}
