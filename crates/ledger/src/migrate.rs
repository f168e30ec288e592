//! Schema steps: plain SQL per engine, applied once, in order, each in a transaction.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sm3::{Digest, Sm3};

use crate::{Backend, LedgerError, Result, writer::statement};

/// One step of a room's schema. Once released it is never edited.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, ascending.
    pub version: i64,
    /// What the step does.
    pub name: &'static str,
    /// Its text for SQLite; may hold several statements.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL; may hold several statements.
    pub postgres: &'static str,
}

impl Migration {
    fn text(&self, backend: Backend) -> &'static str {
        match backend {
            Backend::Sqlite => self.sqlite,
            Backend::Postgres => self.postgres,
        }
    }
}

/// The steps of the ledger's own room.
pub fn migrations() -> &'static [Migration] {
    &crate::sql::MIGRATIONS
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration(room TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, sm3 TEXT NOT NULL, PRIMARY KEY(room, version))";
const EXISTS_SQLITE: &str = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'";
const EXISTS_POSTGRES: &str = "SELECT 1 WHERE to_regclass('migration') IS NOT NULL";
const APPLIED: &str = "SELECT version, sm3 FROM migration WHERE room = $1 ORDER BY version";
const RECORD: &str = "INSERT INTO migration(room, version, name, sm3) VALUES($1, $2, $3, $4)";
/// Two nodes that start together migrate one after the other. The number is an arbitrary constant.
const LOCK_POSTGRES: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(861014002)) l";

/// Applies the steps of `room` that are not in the database yet.
pub(crate) async fn migrate(db: &DatabaseConnection, backend: Backend, room: &str, steps: &[Migration]) -> Result<()> {
    let refuse = |version, reason: &str| {
        Err(LedgerError::Migration { room: room.to_owned(), version, reason: reason.to_owned() })
    };
    if let Some(pair) = steps.windows(2).find(|pair| matches!(pair, [a, b] if a.version >= b.version)) {
        return refuse(pair.last().map_or(0, |step| step.version), "versions must ascend");
    }
    // The serving role may not create tables: look before touching anything.
    if !table_exists(db, backend).await? {
        let transaction = begin(db, backend).await?;
        transaction.execute_unprepared(TABLE).await?;
        transaction.commit().await?;
    }
    let known = applied(db, backend, room).await?;
    for (version, sm3) in &known {
        match steps.iter().find(|step| step.version == *version) {
            None => return refuse(*version, "the database is newer than this program"),
            Some(step) if digest(step.text(backend)) != *sm3 => {
                return refuse(*version, "its text changed after it was applied: add a new step instead");
            }
            Some(_) => {}
        }
    }
    for step in steps.iter().filter(|step| known.iter().all(|(version, _)| *version != step.version)) {
        if known.last().is_some_and(|(last, _)| step.version < *last) {
            return refuse(step.version, "a later step was applied already");
        }
        apply(db, backend, room, step).await?;
    }
    Ok(())
}

async fn apply(db: &DatabaseConnection, backend: Backend, room: &str, step: &Migration) -> Result<()> {
    let transaction = begin(db, backend).await?;
    // Another process may have been faster while this one waited for the lock.
    if applied(&transaction, backend, room).await?.iter().all(|(version, _)| *version != step.version) {
        let text = step.text(backend);
        transaction.execute_unprepared(text).await?;
        let values = [room.into(), step.version.into(), step.name.into(), digest(text).into()];
        transaction.execute_raw(statement(backend, RECORD, values)).await?;
    }
    Ok(transaction.commit().await?)
}

/// A transaction that holds the schema for itself.
async fn begin(db: &DatabaseConnection, backend: Backend) -> Result<DatabaseTransaction> {
    let immediate =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let transaction = db.begin_with_options(immediate).await?;
    if backend == Backend::Postgres {
        transaction.query_one_raw(statement(backend, LOCK_POSTGRES, [])).await?;
    }
    Ok(transaction)
}

async fn table_exists(db: &DatabaseConnection, backend: Backend) -> Result<bool> {
    let text = match backend {
        Backend::Sqlite => EXISTS_SQLITE,
        Backend::Postgres => EXISTS_POSTGRES,
    };
    Ok(db.query_one_raw(statement(backend, text, [])).await?.is_some())
}

async fn applied(db: &impl ConnectionTrait, backend: Backend, room: &str) -> Result<Vec<(i64, String)>> {
    let rows = db.query_all_raw(statement(backend, APPLIED, [room.into()])).await?;
    rows.iter().map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?))).collect()
}

fn digest(text: &str) -> String {
    hex::encode(Sm3::digest(text.as_bytes()))
}
