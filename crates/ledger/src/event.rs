//! Events as they are read back, and what the rooms above teach about them.

use crate::{LedgerError, QueryResult, Result, Row, chain::Link};

/// Place in the global feed: (transaction, seq) on PostgreSQL, (0, seq) on SQLite and for imported events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Transaction id (xid8), 0 on SQLite.
    pub tx: u64,
    /// Number of the row.
    pub seq: i64,
}

/// One recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Place in the global feed.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: String,
    /// Its number in the stream, from 1 without gaps.
    pub version: i64,
    /// What happened, a name the rooms above know.
    pub kind: String,
    /// JSON text, hashed byte for byte.
    pub data: String,
    /// When it happened, ms UTC.
    pub at: i64,
    /// When it was written down, ms UTC.
    pub recorded_at: i64,
    /// Who did it.
    pub actor: String,
    /// The request's idempotency or trace id.
    pub cause: String,
    /// Binds the secrets sealed with this event, see [`crate::sealed_commitment`].
    pub commitment: Option<[u8; 32]>,
    /// SM3 over the previous event's hash and this event, see [`crate::event_hash`].
    pub hash: [u8; 32],
}

impl Event {
    pub(crate) fn link(&self) -> Link<'_> {
        Link {
            stream: &self.stream,
            version: self.version,
            kind: &self.kind,
            at: self.at,
            recorded_at: self.recorded_at,
            actor: &self.actor,
            cause: &self.cause,
            data: &self.data,
            commitment: self.commitment.as_ref(),
        }
    }

    /// Reads the columns in the order every statement of `sql.rs` that returns events lists them.
    pub(crate) fn read(row: &QueryResult) -> Result<Self> {
        let stream: String = row.try_get_by(2)?;
        let version = row.try_get_by(3)?;
        let commitment: Option<Vec<u8>> = row.try_get_by(10)?;
        Ok(Self {
            position: Position { tx: transaction(row, 0)?, seq: row.try_get_by(1)? },
            kind: row.try_get_by(4)?,
            data: row.try_get_by(5)?,
            at: row.try_get_by(6)?,
            recorded_at: row.try_get_by(7)?,
            actor: row.try_get_by(8)?,
            cause: row.try_get_by(9)?,
            commitment: commitment.map(|bytes| digest(&bytes, &stream, version)).transpose()?,
            hash: digest(&row.try_get_by::<Vec<u8>>(11)?, &stream, version)?,
            stream,
            version,
        })
    }
}

/// A transaction id, which both engines hand over as text (xid8 has no binding of its own).
pub(crate) fn transaction(row: &QueryResult, column: usize) -> Result<u64> {
    let text: String = row.try_get_by(column)?;
    text.parse().map_err(|_| LedgerError::broken("", 0, format!("transaction id {text:?}")))
}

pub(crate) fn digest(bytes: &[u8], stream: &str, version: i64) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| LedgerError::broken(stream, version, "a hash has 32 bytes"))
}

/// What the rooms above teach the ledger: how a stream's state grows and which read rows follow.
pub trait Fold: Send + Sync {
    /// The state after `event`, byte for byte what the command that recorded it stored.
    ///
    /// # Errors
    /// When the event does not fit the state or is of an unknown kind.
    fn fold(&self, state: Option<&str>, event: &Event) -> Result<String>;

    /// The read-table rows that follow from `event`, run when a ledger is imported.
    ///
    /// # Errors
    /// When the event does not fit the state or is of an unknown kind.
    fn rows(&self, before: Option<&str>, event: &Event, after: &str) -> Result<Vec<Row>>;
}
