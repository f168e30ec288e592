//! What can go wrong: faults of the ledger, and refusals of a unit.

use std::sync::Arc;

use rusqlite::ffi::{
    SQLITE_BUSY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE, SQLITE_LOCKED,
};
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// A result of a read or a maintenance task.
pub type Result<T> = std::result::Result<T, LedgerError>;

/// A fault: the machine, the file or the caller's program is wrong, not the citizen's request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// The database answered with an error or could not be reached.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// SQLite refused a write.
    #[error("database: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The URL names no engine this ledger knows.
    #[error("database URL: {0}")]
    Url(String),
    /// A PostgreSQL on another machine without TLS that checks certificate and name (S-26).
    #[error("a database on another machine needs sslmode=verify-full")]
    Plain,
    /// A migration was refused: its text changed, its order is wrong, or the database is newer than the program.
    #[error("migration {room}/{version}: {reason}")]
    Migration {
        /// Who brought the migration (`ledger`, `platform`).
        room: String,
        /// The step.
        version: i64,
        /// Why.
        reason: String,
    },
    /// A secret could not be sealed or opened: unknown key, wrong key, or changed ciphertext.
    #[error("seal: {0}")]
    Seal(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A unit was built wrongly (no facts, two secrets of one name, a stale `Loaded`).
    #[error("unit: {0}")]
    Unit(String),
    /// The rooms above could not fold an event into the state.
    #[error("fold: {0}")]
    Fold(String),
    /// A stored or imported value is not what the ledger writes.
    #[error("{stream} v{version}: {reason}")]
    Broken {
        /// The stream.
        stream: String,
        /// The event's version, 0 when the whole stream is meant.
        version: i64,
        /// What does not follow.
        reason: String,
    },
    /// An export file is not one, is cut off, or its root differs.
    #[error("export line {line}: {reason}")]
    Format {
        /// Line number from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Another transaction of the PostgreSQL cluster stays open and holds the feed back.
    #[error("a transaction that was open before stays open; end it and try again")]
    Unsettled,
    /// Import needs an empty ledger.
    #[error("the ledger is not empty")]
    NotEmpty,
    /// Reading or writing a file failed.
    #[error("file: {0}")]
    Io(Arc<std::io::Error>),
}

impl From<std::io::Error> for LedgerError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl LedgerError {
    /// Whether trying again later may help: the database is locked, full of callers, restarting or away.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Database(error) => busy(error),
            Self::Sqlite(error) => error.sqlite_error().is_some_and(|cause| busy_code(cause.extended_code)),
            _ => false,
        }
    }

    /// An event that cannot be folded, said by the rooms above.
    pub fn fold(reason: impl std::fmt::Display) -> Self {
        Self::Fold(reason.to_string())
    }

    pub(crate) fn broken(stream: &str, version: i64, reason: impl Into<String>) -> Self {
        Self::Broken { stream: stream.to_owned(), version, reason: reason.into() }
    }
}

/// Why a unit was not committed. Nothing of it is in the database, except after a [`Refused::Busy`] whose COMMIT got
/// lost on the way: so a caller that retries does it under the same idempotency key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// Someone was faster on the same stream or compare-and-set: reload and decide again.
    #[error("conflict: reload and decide again")]
    Conflict,
    /// Someone has that unique value already. Holds the constraint (PostgreSQL) or the columns (SQLite), if named.
    #[error("taken: {}", .0.as_deref().unwrap_or("unique value"))]
    Taken(Option<String>),
    /// The database is locked, overloaded or away: try later.
    #[error("busy: try later")]
    Busy,
    /// There is no room for its audit record: nothing may change until older ones are archived (S-15).
    #[error("the audit is full")]
    Full,
    /// A fault.
    #[error(transparent)]
    Failed(#[from] LedgerError),
}

impl From<DbErr> for Refused {
    fn from(error: DbErr) -> Self {
        if retry(&error) {
            Self::Conflict
        } else if busy(&error) {
            Self::Busy
        } else {
            Self::Failed(LedgerError::Database(error))
        }
    }
}

/// Whether the error is a unique violation.
pub(crate) fn is_unique(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// The violated constraint by name, or, as SQLite names none, the columns (`table.column, table.column`).
pub(crate) fn constraint(error: &DbErr) -> Option<String> {
    let sqlx::Error::Database(error) = sqlx_error(error)? else {
        return None;
    };
    error.constraint().map(str::to_owned).or_else(|| columns(error.message()))
}

/// The columns (`table.column, table.column`, if SQLite names them) of a unique violation.
pub(crate) fn sqlite_unique(error: &rusqlite::Error) -> Option<Option<String>> {
    const UNIQUE: [i32; 3] = [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID];
    match error {
        rusqlite::Error::SqliteFailure(cause, message) if UNIQUE.contains(&cause.extended_code) => {
            Some(message.as_deref().and_then(columns))
        }
        _ => None,
    }
}

/// `UNIQUE constraint failed: cases.id` → `cases.id`.
fn columns(message: &str) -> Option<String> {
    message.rsplit_once("failed: ").map(|(_, columns)| columns.to_owned())
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// PostgreSQL undid the transaction for the sake of another one: serialization failure, deadlock.
fn retry(error: &DbErr) -> bool {
    match sqlx_error(error) {
        Some(sqlx::Error::Database(e)) => matches!(e.code().as_deref(), Some("40001" | "40P01")),
        _ => false,
    }
}

fn busy(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match sqlx_error(error) {
        Some(sqlx::Error::Database(e)) => e.code().is_some_and(|code| busy_state(&code)),
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        _ => false,
    }
}

/// SQLite codes are numbers, PostgreSQL's have five characters.
fn busy_state(code: &str) -> bool {
    const POSTGRES: [&str; 9] = ["53300", "53400", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "25P03"];
    match code.len() {
        5 => POSTGRES.contains(&code) || code.starts_with("08"),
        _ => code.parse().is_ok_and(busy_code),
    }
}

/// BUSY or LOCKED, extended or not.
pub(crate) fn busy_code(code: i32) -> bool {
    matches!(code & 0xff, SQLITE_BUSY | SQLITE_LOCKED)
}
