//! 安全审计 (S-12…S-14): one record around every request that changes something, or reads what is
//! restricted, apart from the trail.
//!
//! A change and its record commit together; a request that changed nothing (refused, denied, failed) leaves its record
//! when the request ends. Reads of restricted data leave one too. The ledger numbers and chains the records.

mod archiving;
mod evidence;
mod folder;
mod forward;
mod outside;
mod sealed_export;
mod search;
mod settings;
mod space;

pub use archiving::{ArchivePlan, Archiving};
pub use evidence::{Verification, VerificationResult};
pub use folder::{EvidenceFolder, SignedLine};
pub use forward::Forwarded;
pub use outside::outside_faults;
pub(crate) use sealed_export::signed;
pub use search::{AuditFilter, AuditPage, AuditRow, OUTCOMES, exact_time, outcome_name};
pub use settings::EvidenceSettings;
pub use space::AuditSpace;

use crate::{
    Actor, Platform,
    ports::{Signer, Space},
};
use domain::{Moment, evidence::Zone};
use ledger::AuditEntry;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// What proves the records: settings, a folder outside of the database, the key that signs what lies there, the free disk.
#[derive(Clone)]
pub struct Evidence {
    /// How long, how many.
    pub settings: EvidenceSettings,
    /// Outside; `None`: nothing is kept there.
    pub folder: Option<EvidenceFolder>,
    /// Signs; `None`: nothing is signed and nothing is kept outside.
    pub signer: Option<Arc<dyn Signer>>,
    /// Free bytes on the disk of the audit.
    pub space: Arc<dyn Space>,
    /// Whether records go to a collector: what it has not confirmed is not archived.
    pub forwards: bool,
    /// Records of one archive file.
    pub archive_records: i64,
}

/// Records of one archive file, unless a test wants fewer.
const ARCHIVE_RECORDS: i64 = 20_000;

impl Evidence {
    /// Nothing outside, nothing signed, a disk that never fills: simulation and tests that are about something else.
    pub fn none() -> Self {
        let space = Arc::new(crate::ports::NoSpace);
        Self::new(EvidenceSettings::default(), None, None, space)
    }

    /// From its parts; nothing is forwarded.
    pub fn new(
        settings: EvidenceSettings,
        folder: Option<EvidenceFolder>,
        signer: Option<Arc<dyn Signer>>,
        space: Arc<dyn Space>,
    ) -> Self {
        Self { settings, folder, signer, space, forwards: false, archive_records: ARCHIVE_RECORDS }
    }
}

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
    /// What it tries to get at, should it change nothing.
    aim: OnceLock<String>,
    written: AtomicBool,
    /// Its record may take what is kept back when the store is full.
    reserve: AtomicBool,
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
        Self {
            request,
            face,
            method,
            path,
            source,
            session,
            at,
            aim: OnceLock::new(),
            written: AtomicBool::new(false),
            reserve: AtomicBool::new(false),
        }
    }

    /// What the request tries to get at, should it change nothing: the account somebody signs in to. The first one stays.
    pub(crate) fn aims_at(&self, object: String) {
        let _ = self.aim.set(object);
    }

    /// Whether its record is already committed with a change.
    pub fn is_written(&self) -> bool {
        self.written.load(Ordering::Acquire)
    }

    pub(crate) fn use_reserve(&self) {
        self.reserve.store(true, Ordering::Release);
    }

    /// Adds its record to a unit.
    pub(crate) fn write(&self, unit: &mut ledger::Unit, entry: AuditEntry) {
        unit.audit(entry);
        if self.reserve.load(Ordering::Acquire) {
            unit.use_reserve();
        }
    }

    pub(crate) fn mark_written(&self) {
        self.written.store(true, Ordering::Release);
    }

    /// The record. `reason` is the code of a refusal.
    pub(crate) fn entry(&self, actor: &Actor, outcome: &str, reason: &str) -> AuditEntry {
        let (role, organisation) = standing(actor);
        AuditEntry {
            at: self.at.0,
            request: self.request.clone(),
            face: Zone::of(self.face, actor.posts().iter().any(|post| post.role.is_administrator())).slug().to_owned(),
            source: self.source.clone(),
            session: self.session.clone(),
            actor: actor.tag(),
            role,
            organisation,
            method: self.method.clone(),
            path: self.path.clone(),
            object: self.aim.get().cloned().unwrap_or_default(),
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            ..AuditEntry::default()
        }
    }
}

/// Roles held and the organisations they are held for; several are separated by spaces.
fn standing(actor: &Actor) -> (String, String) {
    let joined = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>().join(" ");
    match actor {
        Actor::Officer { posts, .. } => (
            joined(posts.iter().map(|post| post.role.name().to_owned()).collect()),
            joined(posts.iter().map(|post| format!("{}@{}", post.department, post.region)).collect()),
        ),
        Actor::Unit { unit, .. } => ("项目单位".to_owned(), unit.to_string()),
        Actor::Public => ("未登录".to_owned(), String::new()),
        Actor::System => ("系统".to_owned(), String::new()),
    }
}

impl Platform {
    /// Writes the record of a request that committed no change. Call when the request ends.
    pub async fn close_attempt(
        &self,
        attempt: &Attempt,
        actor: &Actor,
        outcome: &str,
        reason: &str,
    ) -> Result<(), crate::Failure> {
        if attempt.is_written() {
            return Ok(());
        }
        let mut unit = ledger::Unit::new();
        attempt.write(&mut unit, attempt.entry(actor, outcome, reason));
        self.store.commit(unit).await.map_err(crate::stream::refused)?;
        attempt.mark_written();
        Ok(())
    }
}
