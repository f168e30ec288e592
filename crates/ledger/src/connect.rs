//! Opening the two engines with the settings the storage spike measured.

use std::{net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbBackend,
    sqlx::{
        postgres::{PgConnectOptions, PgSslMode},
        sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
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
/// How often, and how far apart, a database that is busy while it is opened is asked again.
const BUSY_TRIES: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// The most a single statement may take on PostgreSQL before the server gives up on it.
const STATEMENT_MS: &str = "60000";
/// Statements of all rooms together, prepared once per connection.
pub(crate) const PREPARED: usize = 512;

/// The writer's pool and the readers' pool. Readers cannot write on either engine.
pub(crate) async fn connect(
    url: &str,
    backend: Backend,
    durability: Durability,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    match backend {
        Backend::Sqlite => {
            let write = open(sqlite(url, durability, Access::Write)).await?;
            Ok((write, open(sqlite(url, durability, Access::Read)).await?))
        }
        Backend::Postgres => {
            check_wire(url)?;
            let write = open(postgres(url, durability, Access::Write)).await?;
            Ok((write, open(postgres(url, durability, Access::Read)).await?))
        }
    }
}

/// A server on another machine is reached over TLS, with its certificate and name checked, or not at all (S-26).
fn check_wire(url: &str) -> Result<()> {
    let options = PgConnectOptions::from_str(url).map_err(|error| LedgerError::Url(error.to_string()))?;
    let host = options.get_host();
    let loopback =
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    let here = options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || loopback;
    if here || matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) { Ok(()) } else { Err(LedgerError::Plain) }
}

/// Opens a pool. A database that is busy is asked again for a while: SQLite answers "locked" at once, past its busy
/// timeout, where another process is just switching the new file to WAL.
async fn open(options: ConnectOptions) -> Result<DatabaseConnection> {
    for _ in 0..BUSY_TRIES {
        match Database::connect(options.clone()).await.map_err(LedgerError::from) {
            Err(error) if error.is_busy() => tokio::time::sleep(BUSY_PAUSE).await,
            opened => return opened,
        }
    }
    Ok(Database::connect(options).await?)
}

/// Settings of every SQLite connection.
fn sqlite_settings(durability: Durability) -> [(&'static str, &'static str); 7] {
    [
        ("busy_timeout", "5000"),
        ("synchronous", if durability == Durability::Full { "FULL" } else { "OFF" }),
        ("foreign_keys", "ON"),
        ("cache_size", "-65536"),
        ("temp_store", "MEMORY"),
        ("journal_size_limit", "67108864"),
        // What is erased is overwritten, in its page and in pages that become free (S-32).
        ("secure_delete", "ON"),
    ]
}

/// The same as one text, for the writer's own connection.
pub(crate) fn sqlite_pragmas(durability: Durability) -> String {
    sqlite_settings(durability).map(|(name, value)| format!("PRAGMA {name} = {value};")).concat()
}

/// The file behind a SQLite URL, and whether it may only be read.
pub(crate) fn sqlite_file(url: &str) -> Result<(PathBuf, bool)> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| LedgerError::Url(error.to_string()))?;
    Ok((options.get_filename().to_owned(), url.contains("mode=ro")))
}

/// Whether the URL asks for a database that ends with the process.
pub(crate) fn is_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

#[derive(Clone, Copy, PartialEq)]
enum Access {
    Read,
    Write,
}

/// A connection outside the pools, for tasks that would hold one of theirs too long.
pub(crate) async fn sqlite_aside(url: &str) -> Result<DatabaseConnection> {
    open(sqlite(url, Durability::Full, Access::Write)).await
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
        let options = options.journal_mode(SqliteJournalMode::Wal).statement_cache_capacity(PREPARED);
        let options = sqlite_settings(durability).into_iter().fold(options, |o, (name, value)| o.pragma(name, value));
        let options = if read_only_url { options } else { options.create_if_missing(true) };
        match access {
            Access::Write => options,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s26_another_machine_is_reached_over_verified_tls_or_not_at_all() {
        for here in [
            "postgres://tzxm@127.0.0.1/tzxm",
            "postgres://tzxm@[::1]:5433/tzxm",
            "postgres://tzxm@localhost/tzxm?sslmode=disable",
            "postgres:///tzxm?host=/var/run/postgresql",
            "postgres://tzxm@%2Fvar%2Frun%2Fpostgresql/tzxm",
        ] {
            assert!(check_wire(here).is_ok(), "{here}");
        }
        for mode in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"] {
            for host in ["10.20.0.5", "db.example", "[2001:db8::5]", "127.0.0.1.example", "localhost.example"] {
                let url = format!("postgres://tzxm@{host}/tzxm{mode}");
                assert!(matches!(check_wire(&url), Err(LedgerError::Plain)), "{url}");
            }
        }
        assert!(check_wire("postgres://tzxm@db.example/tzxm?sslmode=verify-full&sslrootcert=/etc/tzxm/ca.pem").is_ok());
    }
}
