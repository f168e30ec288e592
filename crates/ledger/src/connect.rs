//! Opening the two engines with the settings the storage spike measured.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbBackend,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use crate::{LedgerError, Result};

/// The engine behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file, one writer, group commit.
    Sqlite,
    /// A server, a transaction per unit.
    Postgres,
}

impl Backend {
    pub(crate) fn of(url: &str) -> Result<Self> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(LedgerError::Url("expected sqlite:… or postgres://…".to_owned())),
        }
    }

    pub(crate) fn orm(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// What an acknowledged commit survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut.
    #[default]
    Full,
    /// The end of the process only: for bulk simulation, never for a service.
    Relaxed,
}

/// Connections: how long a caller waits for one before it hears `Busy`.
const ACQUIRE: Duration = Duration::from_secs(15);
/// The most a single statement may take on PostgreSQL before the server gives up on it.
const STATEMENT_MS: &str = "60000";
/// Statements of all rooms together, prepared once per connection.
const PREPARED: usize = 512;

/// The writer's pool and the readers' pool. Readers cannot write on either engine.
pub(crate) async fn connect(
    url: &str,
    backend: Backend,
    durability: Durability,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    match backend {
        // Every connection to a memory database must be the same one.
        Backend::Sqlite if url.contains(":memory:") || url.contains("mode=memory") => {
            let one = Database::connect(sqlite(url, durability, Access::Write)).await?;
            Ok((one.clone(), one))
        }
        Backend::Sqlite => {
            let write = Database::connect(sqlite(url, durability, Access::Write)).await?;
            Ok((write, Database::connect(sqlite(url, durability, Access::Read)).await?))
        }
        Backend::Postgres => {
            let write = Database::connect(postgres(url, durability, Access::Write)).await?;
            Ok((write, Database::connect(postgres(url, durability, Access::Read)).await?))
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Access {
    Read,
    Write,
}

/// A connection outside the pools, for tasks that would hold one of theirs too long.
pub(crate) async fn sqlite_aside(url: &str) -> Result<DatabaseConnection> {
    Ok(Database::connect(sqlite(url, Durability::Full, Access::Write)).await?)
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).record_stmt_in_spans(false).test_before_acquire(false).acquire_timeout(ACQUIRE);
    options
}

fn sqlite(url: &str, durability: Durability, access: Access) -> ConnectOptions {
    let mut options = options(url);
    let connections = if access == Access::Read { 4 } else { 1 };
    options.max_connections(connections).max_lifetime(None).idle_timeout(None);
    let read_only_url = url.contains("mode=ro");
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(if durability == Durability::Full { SqliteSynchronous::Full } else { SqliteSynchronous::Off })
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .statement_cache_capacity(PREPARED)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "1073741824")
            .pragma("temp_store", "MEMORY")
            .pragma("journal_size_limit", "67108864");
        let options = if read_only_url { options } else { options.create_if_missing(true) };
        match access {
            // What is erased is overwritten in its page, not left in the free space of it.
            Access::Write => options.pragma("secure_delete", "FAST"),
            Access::Read => options.pragma("query_only", "ON"),
        }
    });
    options
}

fn postgres(url: &str, durability: Durability, access: Access) -> ConnectOptions {
    // The same scheme has two spellings; SeaORM knows one.
    let url = url.strip_prefix("postgresql:").map_or_else(|| url.to_owned(), |rest| format!("postgres:{rest}"));
    let mut options = options(&url);
    options.max_connections(16).test_before_acquire_if_idle_for(Duration::from_secs(30));
    options.map_sqlx_postgres_opts(move |options| {
        options.statement_cache_capacity(PREPARED).options([
            ("statement_timeout", STATEMENT_MS),
            ("idle_in_transaction_session_timeout", STATEMENT_MS),
            ("synchronous_commit", if durability == Durability::Full { "on" } else { "off" }),
            ("default_transaction_read_only", if access == Access::Read { "on" } else { "off" }),
        ])
    });
    options
}
