//! Small reads from SQLite in the caller's own thread.
//!
//! A row found by its key takes SQLite a few microseconds; handing it to another thread and back takes ten times that
//! (docs/decisions/0007). Lists and searches go through the pool, where they may take their time.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OpenFlags};
use sea_orm::Value;

use crate::{
    Durability, LedgerError, QueryResult, Result,
    connect::{PREPARED, sqlite_pragmas},
    writer::sqlite::bind,
};

/// Connections that wait for a reader; `None` once the store is closed.
pub(crate) struct Direct {
    path: PathBuf,
    read_only: bool,
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Direct {
    pub(crate) fn new(path: PathBuf, read_only: bool) -> Self {
        Self { path, read_only, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Rows of a query that finds few by an index, at most `limit`.
    pub(crate) fn read(&self, text: &'static str, values: &[Value], limit: usize) -> Result<Vec<QueryResult>> {
        let connection = self.idle().as_mut().ok_or(LedgerError::Closed)?.pop();
        let db = connection.map_or_else(|| self.open(), Ok)?;
        let rows = rows(&db, text, values, limit);
        if let Some(idle) = self.idle().as_mut() {
            idle.push(db);
        }
        Ok(rows?)
    }

    pub(crate) fn close(&self) {
        *self.idle() = None;
    }

    /// As many are opened as read at once: no more than the runtime has threads.
    fn open(&self) -> rusqlite::Result<Connection> {
        // A reader may be the one that has to restore the index of the write-ahead log, so it may write, but for `query_only`.
        let access = if self.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let db = Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.execute_batch(&sqlite_pragmas(Durability::Full))?;
        db.execute_batch("PRAGMA query_only = ON")?;
        db.set_prepared_statement_cache_capacity(PREPARED);
        Ok(db)
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rows(db: &Connection, text: &'static str, values: &[Value], limit: usize) -> rusqlite::Result<Vec<QueryResult>> {
    let mut statement = db.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let (mut found, mut rows) = (Vec::new(), statement.raw_query());
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let columns = names.iter().enumerate().map(|(place, name)| Ok((name.clone(), row.get(place)?)));
        found.push(QueryResult::direct(columns.collect::<rusqlite::Result<_>>()?));
    }
    Ok(found)
}
