//! 安全审计: one chain of records over the whole database, apart from the streams (S-12…S-14).
//!
//! A record says who tried what and how it ended, also when nothing changed. Its number and its hash are given by the
//! writer inside the commit, so the numbers have no gap and follow the order of the commits.

use sea_orm::Value;

use crate::{ArchiveMark, Backend, Checkpoint, LedgerError, QueryResult, Result, chain::Hasher, event::digest, sql};

/// One record, not yet numbered: what happened, as S-13 asks. Absent texts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it began, ms UTC.
    pub at: i64,
    /// Request id.
    pub request: String,
    /// Which door it came through.
    pub face: String,
    /// Source address.
    pub source: String,
    /// Hash of the session.
    pub session: String,
    /// Who: the account.
    pub actor: String,
    /// Roles held.
    pub role: String,
    /// For which organisation.
    pub organisation: String,
    /// HTTP method, or the kind of an act without HTTP.
    pub method: String,
    /// Path without query; with the method it is the action.
    pub path: String,
    /// The thing it was about.
    pub object: String,
    /// `done`, `read`, `refused`, `denied`, `failed`.
    pub outcome: String,
    /// Code of the refusal.
    pub reason: String,
    /// Head of the object's stream before the change, hexadecimal.
    pub before: String,
    /// Head of the object's stream after the change, hexadecimal.
    pub after: String,
}

impl AuditEntry {
    /// All texts, in the order they are hashed and stored.
    fn texts(&self) -> [&str; 14] {
        [
            &self.request,
            &self.face,
            &self.source,
            &self.session,
            &self.actor,
            &self.role,
            &self.organisation,
            &self.method,
            &self.path,
            &self.object,
            &self.outcome,
            &self.reason,
            &self.before,
            &self.after,
        ]
    }
}

/// The hash record number `seq` must have when the record before it has the hash `prev`.
pub fn audit_hash(prev: &[u8; 32], seq: i64, entry: &AuditEntry) -> [u8; 32] {
    let start = Hasher::new(b"ledger/audit/1").fixed(prev).int(seq).int(entry.at);
    entry.texts().into_iter().fold(start, |hasher, text| hasher.field(text.as_bytes())).finish()
}

/// A record as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// What it says.
    pub entry: AuditEntry,
    /// SM3 over the hash of the record before and this record; 32 bytes unless somebody changed it.
    pub hash: Vec<u8>,
}

impl AuditRecord {
    /// Columns in the order [`AuditRecord::read`] wants them, of table [`AuditRecord::TABLE`].
    pub const COLUMNS: [&str; 17] = [
        "seq",
        "at",
        "request",
        "face",
        "source",
        "session",
        "actor",
        "role",
        "organisation",
        "method",
        "path",
        "object",
        "outcome",
        "reason",
        "before",
        "after",
        "hash",
    ];
    /// The table.
    pub const TABLE: &str = "audit_entry";

    /// Reads a row of [`AuditRecord::COLUMNS`].
    ///
    /// # Errors
    /// When the row has other columns.
    pub fn read(row: &QueryResult) -> Result<Self> {
        let text = |place| row.try_get_by::<String>(place);
        let entry = AuditEntry {
            at: row.try_get_by(1)?,
            request: text(2)?,
            face: text(3)?,
            source: text(4)?,
            session: text(5)?,
            actor: text(6)?,
            role: text(7)?,
            organisation: text(8)?,
            method: text(9)?,
            path: text(10)?,
            object: text(11)?,
            outcome: text(12)?,
            reason: text(13)?,
            before: text(14)?,
            after: text(15)?,
        };
        Ok(Self { seq: row.try_get_by(0)?, entry, hash: row.try_get_by(16)? })
    }
}

/// Where a chain stands: the number and the hash of its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last record, 0 for none.
    pub seq: i64,
    /// Its hash; zeros for none.
    pub hash: [u8; 32],
}

impl Head {
    /// A chain without records.
    pub const NONE: Self = Self { seq: 0, hash: crate::ZERO };
}

/// The chains that run through the whole database; each has its head in table `chain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    Audit,
    Checkpoint,
    Archive,
}

impl Chain {
    pub fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Checkpoint => "checkpoint",
            Self::Archive => "archive",
        }
    }
}

/// Reads `seq, head` of table `chain`.
pub(crate) fn read_head(row: Option<&QueryResult>, chain: Chain) -> Result<Head> {
    let row = row.ok_or_else(|| LedgerError::broken(chain.name(), 0, "the chain has no head"))?;
    let seq = row.try_get_by(0)?;
    Ok(Head { seq, hash: digest(&row.try_get_by::<Vec<u8>>(1)?, chain.name(), seq)? })
}

/// A record on its way to the end of its chain.
#[derive(Debug, Clone)]
pub(crate) enum Chained {
    Audit(Box<AuditEntry>),
    Checkpoint(Checkpoint),
    Archive(Box<ArchiveMark>),
}

impl Chained {
    pub fn chain(&self) -> Chain {
        match self {
            Self::Audit(_) => Chain::Audit,
            Self::Checkpoint(_) => Chain::Checkpoint,
            Self::Archive(_) => Chain::Archive,
        }
    }

    /// The chain's next head and the row, after `last`.
    pub fn follow(&self, last: &Head) -> (Head, &'static str, Vec<Value>) {
        let seq = last.seq.saturating_add(1);
        match self {
            Self::Audit(entry) => {
                let hash = audit_hash(&last.hash, seq, entry);
                let mut values = vec![seq.into(), entry.at.into()];
                values.extend(entry.texts().map(Value::from));
                values.push(hash.to_vec().into());
                (Head { seq, hash }, sql::AUDIT, values)
            }
            Self::Checkpoint(checkpoint) => {
                let hash = checkpoint.hash(&last.hash, seq);
                (Head { seq, hash }, sql::CHECKPOINT, checkpoint.values(seq, &hash))
            }
            Self::Archive(mark) => {
                let hash = mark.hash(&last.hash, seq);
                (Head { seq, hash }, sql::ARCHIVE, mark.values(seq, &hash))
            }
        }
    }

    /// What has to happen once the record is there: the records an archive took leave their table.
    pub fn afterwards(&self, backend: Backend) -> Option<(&'static str, Vec<Value>)> {
        match self {
            Self::Archive(mark) => Some((sql::texts(backend).prune, vec![mark.last.into()])),
            Self::Audit(_) | Self::Checkpoint(_) => None,
        }
    }
}
