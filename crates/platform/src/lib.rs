//! Use cases: who may do what, commands, read tables and queries. Knows no HTTP.
//!
//! A use case takes a [`Call`] (who, when, why), asks [`permission`] once, loads streams, lets a pure function of
//! `domain` decide, and commits events, read rows, messages and the audit record in one unit of the ledger.

pub mod account;
pub mod as_of;
pub mod attachment;
pub mod audit;
pub mod calendar;
pub mod call;
pub mod case;
pub mod check;
pub mod commitment;
pub mod consultation;
pub mod contact;
mod daily;
pub mod deadline;
pub mod desk;
pub mod detection;
pub mod document;
pub mod draft;
pub mod export;
pub mod failure;
pub mod flood;
pub mod group;
pub mod guess;
pub mod guide;
pub mod hold;
pub mod integrity;
pub mod licence;
pub mod message;
pub mod notification;
mod object;
pub mod path;
pub mod permission;
pub mod ports;
pub mod processing;
pub mod project;
pub mod prompt;
pub mod public;
pub mod publication;
pub mod read;
pub mod retention;
pub mod rights;
pub mod rulebook;
pub mod seal;
mod sealed;
pub mod settings;
pub mod staff;
mod stream;
pub mod supervision;
mod suspension;
pub mod trail;
pub mod unit;
pub mod upload;
pub mod work_list;

pub use call::{Actor, Call};
pub use failure::Failure;
pub use permission::{Action, Object};
pub use rulebook::{Rulebook, Rules};
pub use settings::Settings;

use domain::Refusal;
use ledger::{Sealer, Store};
use ports::{Chance, Clock, Courier, Printer, Signer};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use upload::{FileStore, Inspector, Reader, Scanner};

/// The platform: the use cases, over the [`Parts`] it was built from. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Passwords hashed so far: what signing in costs.
    hashed: AtomicU64,
}

/// Everything a use case needs from outside, in one place.
#[derive(Clone)]
pub struct Parts {
    /// The ledger.
    pub store: Store,
    /// Seals personal data.
    pub sealer: Arc<Sealer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The rules in force.
    pub rules: Rules,
    /// Settings of this installation.
    pub settings: Arc<Settings>,
    /// Files of applications.
    pub files: Arc<dyn FileStore>,
    /// Looks through files before they are stored.
    pub inspector: Arc<dyn Inspector>,
    /// Looks for malware in files.
    pub scanner: Arc<dyn Scanner>,
    /// Reads the head of scans.
    pub reader: Arc<dyn Reader>,
    /// Prints papers.
    pub printer: Arc<dyn Printer>,
    /// Signs papers; `None`: papers carry no seal.
    pub signer: Option<Arc<dyn Signer>>,
    /// Sign the papers of their organs in its place.
    pub organ_seals: Arc<seal::OrganSeals>,
    /// Asks a time stamp authority; `None`: papers carry no time stamp.
    pub stamper: Option<Arc<dyn ports::TimeStamper>>,
    /// Who asked for too many codes that do not exist.
    pub guesses: Arc<guess::Guesses>,
    /// Who asks for too much.
    pub floods: Arc<flood::Floods>,
    /// Carries messages out of the house.
    pub courier: Arc<dyn Courier>,
    /// What proves the records.
    pub evidence: audit::Evidence,
    /// Vouches for people outside of the house; `None`: unified identity is not offered.
    pub identity: Option<Arc<dyn ports::IdentityProvider>>,
}

impl std::ops::Deref for Platform {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Platform {
    /// Puts the platform together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, hashed: AtomicU64::new(0) }))
    }

    /// How many passwords were hashed since the start, for verifying and for setting one: the work that tells nobody whether an account
    /// exists.
    pub fn passwords_hashed(&self) -> u64 {
        self.0.hashed.load(Ordering::Relaxed)
    }

    pub(crate) fn count_hash(&self) {
        self.0.hashed.fetch_add(1, Ordering::Relaxed);
    }

    /// Brings the read tables and the rules up to date. Idempotent; run once at start.
    pub async fn migrate(&self) -> Result<(), Failure> {
        self.store.migrate("platform", read::MIGRATIONS).await.map_err(Failure::fault)?;
        let merged = self.separation_faults().await?;
        if !merged.is_empty() {
            let words = format!(
                "账号 {} 同时担任互不相容的岗位（系统、安全、审计管理员互不兼任，也不兼任业务岗位）。数据库可能被改动或者恢复了错误的备份，\
                 平台拒绝启动。请用正确的备份恢复，并查明原因。",
                merged.join("、")
            );
            return Err(Refusal::new("start.separation", words).article("GB/T 22239-2019 8.1.4.2").into());
        }
        self.measure_audit().await?;
        self.begin_check_values().await?;
        self.begin_post_macs().await?;
        self.refresh_calendar().await
    }

    /// Whether the database answers. Tells nothing about anybody, so it asks no permission.
    pub async fn check_ready(&self) -> Result<(), Failure> {
        self.store.query_one("SELECT 1 AS one", []).await.map(drop).map_err(Failure::fault)
    }
}
