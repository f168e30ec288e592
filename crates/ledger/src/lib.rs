//! The ledger: append-only streams of events with an SM3 chain, a folded working state per stream, a global feed,
//! sealed (and erasable) fields, and the only place that runs SQL. It knows no domain word: what an event means is
//! taught by the rooms above through [`Fold`].
//!
//! One command = one [`Unit`] of pure data = one atomic change. Deciding builds it, [`Store::commit`] runs it.

mod archive;
mod audit;
mod chain;
mod checkpoint;
mod connect;
mod counters;
mod direct;
mod error;
mod event;
mod export;
mod mac;
mod merkle;
mod migrate;
mod object;
mod row;
mod seal;
mod sql;
mod store;
mod unit;
mod verify;
mod verify_chains;
mod writer;

pub use archive::{ArchiveFault, ArchiveMark, KeptArchive, read_archive};
pub use audit::{AuditEntry, AuditRecord, Head, audit_hash};
pub use chain::{ZERO, event_hash, sealed_commitment, secret_commitment};
pub use checkpoint::{Checkpoint, KeptCheckpoint, Root};
pub use connect::{Backend, Durability};
pub use counters::Counters;
pub use error::{LedgerError, Refused, Result};
pub use event::{Event, Fold, Position};
pub use export::Imported;
pub use merkle::Merkle;
pub use migrate::{Migration, migrations};
pub use object::{DataKey, ObjectCipher};
pub use row::{Column, QueryResult};
pub use sea_orm::{Value, sea_query};
pub use seal::{Sealed, Sealer};
pub use store::{Store, TracedUnit};
pub use unit::{Fact, Loaded, Row, Secret, Unit};
pub use verify::{Fault, FaultKind, Report};
