//! The door: open, load, commit, query.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel, TransactionTrait, Value,
    sea_query::SelectStatement,
};
use tempfile::TempDir;

use crate::{
    Backend, Durability, Event, LedgerError, Loaded, Migration, Position, QueryResult, Refused, Result, Row, Sealed,
    Sealer, Unit, ZERO,
    connect::{connect, is_memory, sqlite_aside, sqlite_file},
    counters::{Counters, Tally},
    direct::Direct,
    event::digest,
    migrate::migrate,
    sql::{self, Texts},
    writer::{self, Gate, statement, wide},
};

/// A ledger on SQLite or PostgreSQL. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    backend: Backend,
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// The group writer and the small reads, on SQLite.
    sqlite: Option<(writer::sqlite::Writer, Direct)>,
    /// Where a database of this process only lies; it goes with the store.
    _folder: Option<TempDir>,
    tally: Arc<Tally>,
    gate: Arc<Gate>,
    /// Statements of the units committed since [`Store::start_trace`].
    trace: OnceLock<Mutex<Vec<TracedUnit>>>,
}

/// The statements one unit was committed with: text and values.
pub type TracedUnit = Vec<(&'static str, Vec<Value>)>;

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.inner.backend).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a ledger and brings its own tables up to date. `url` is `sqlite:PATH`, `sqlite://PATH?…`,
    /// `sqlite::memory:` (a file that goes with the store) or `postgres://…`. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When the URL names no known engine, the database cannot be reached, or a migration is refused.
    pub async fn open(url: &str, durability: Durability) -> Result<Self> {
        let backend = Backend::of(url)?;
        let folder = (backend == Backend::Sqlite && is_memory(url)).then(tempfile::tempdir).transpose()?;
        let url = match &folder {
            Some(folder) => format!("sqlite:{}", folder.path().join("ledger.db").display()),
            None => url.to_owned(),
        };
        let (write, read) = connect(&url, backend, durability).await?;
        migrate(&write, backend, "ledger", &sql::MIGRATIONS).await?;
        let (tally, gate) = (Arc::new(Tally::default()), Arc::new(Gate::open()));
        let sqlite = match backend {
            Backend::Postgres => None,
            Backend::Sqlite => {
                let (path, read_only) = sqlite_file(&url)?;
                let writer = writer::sqlite::Writer::start(&path, read_only, durability, gate.clone(), tally.clone())?;
                Some((writer, Direct::new(path, read_only)))
            }
        };
        let trace = OnceLock::new();
        Ok(Self { inner: Arc::new(Inner { url, backend, read, write, sqlite, _folder: folder, tally, gate, trace }) })
    }

    /// Applies the steps of a room's own tables that are not in the database yet, each in a transaction, and records
    /// them in table `migration`. Doing it again does nothing.
    ///
    /// # Errors
    /// [`LedgerError::Migration`] when an applied step's text changed, versions do not ascend, or the database holds
    /// a step this program does not know.
    pub async fn migrate(&self, name: &str, steps: &[Migration]) -> Result<()> {
        migrate(&self.inner.write, self.inner.backend, name, steps).await
    }

    /// Where a stream stands and its working state: one row, however long its history.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn load(&self, stream: &str) -> Result<Loaded> {
        match self.query_one(sql::LOAD, [stream.into()]).await? {
            None => Ok(Loaded::none(stream)),
            Some(row) => loaded(stream.to_owned(), &row, 0),
        }
    }

    /// As [`Store::load`] for several streams, in the order asked for.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn load_many(&self, streams: &[String]) -> Result<Vec<Loaded>> {
        let rows = self.query(self.texts().load_many, [json(streams)?]).await?;
        let found =
            rows.iter().map(stream_row).map(|row| Ok((row.as_ref().map_err(Clone::clone)?.stream.clone(), row?)));
        let found: std::collections::HashMap<String, Loaded> = found.collect::<Result<_>>()?;
        Ok(streams.iter().map(|id| found.get(id).cloned().unwrap_or_else(|| Loaded::none(id))).collect())
    }

    /// Streams as their rows stand, by name, after a name: for comparing them with their events.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn streams_after(&self, after: &str, limit: u64) -> Result<Vec<Loaded>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query(sql::STREAMS_TO_END, [after.into(), "".into(), limit.into()]).await?.iter().map(stream_row).collect()
    }

    /// Streams that have events and no row, at most so many.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn streams_gone(&self, limit: u64) -> Result<Vec<String>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query(sql::STREAMS_GONE, [limit.into()]).await?.iter().map(|row| row.try_get_by(0)).collect()
    }

    /// All events of a stream in order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn events(&self, stream: &str) -> Result<Vec<Event>> {
        read_events(self.query(self.texts().events, [stream.into()]).await?)
    }

    /// All events of several streams (the trail of a project and its cases) by the time they were recorded, then by
    /// their place in the feed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn events_of(&self, streams: &[String]) -> Result<Vec<Event>> {
        read_events(self.query(self.texts().events_of, [json(streams)?]).await?)
    }

    /// A sealed field of the event at `stream`, `version`, opened. `None` when there is none or it was erased.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when it does not open; otherwise when the database cannot answer.
    pub async fn secret(&self, stream: &str, version: i64, name: &str, sealer: &Sealer) -> Result<Option<Vec<u8>>> {
        match self.query_one(sql::SECRET, [stream.into(), version.into(), name.into()]).await? {
            None => Ok(None),
            Some(row) => sealer.open(stream, version, &read_secret(&row)?.2),
        }
    }

    /// Erases a sealed field for good; the chain stays verifiable. Whether there was something to erase.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn erase_secret(&self, stream: &str, version: i64, name: &str) -> std::result::Result<bool, Refused> {
        let mut unit = Unit::new();
        unit.exactly_one(Row::new(sql::ERASE, [stream.into(), version.into(), name.into()]));
        self.changed(unit).await
    }

    /// Seals up to `limit` fields that older keys sealed under the current key of `sealer`; `nonce` is the caller's
    /// random port. Returns how many: 0 when the rotation is complete.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when a field does not open; otherwise as [`Store::commit`].
    pub async fn reseal(
        &self,
        sealer: &Sealer,
        limit: u64,
        mut nonce: impl FnMut() -> [u8; 12] + Send,
    ) -> std::result::Result<u64, Refused> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut done = 0;
        for row in self.query(sql::SECRETS_OF_OTHER_KEYS, [sealer.key_id().into(), limit.into()]).await? {
            let (stream, version, old) = read_secret(&row)?;
            let Some(new) = sealer.reseal(&stream, version, &old, nonce())? else {
                continue;
            };
            let mut unit = Unit::new();
            let values = [
                new.key_id.into(),
                new.nonce.to_vec().into(),
                new.sealed.into(),
                stream.into(),
                version.into(),
                old.name.into(),
                old.nonce.to_vec().into(),
            ];
            unit.exactly_one(Row::new(sql::RESEAL, values));
            done += u64::from(self.changed(unit).await?);
        }
        Ok(done)
    }

    /// Commits a unit: all of it or nothing. On SQLite it shares a transaction with the units that wait beside it
    /// (each in its own savepoint) and is answered after their COMMIT; on PostgreSQL it is a transaction of its own.
    /// Once called, the unit runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn commit(&self, unit: Unit) -> std::result::Result<(), Refused> {
        if unit.is_empty() {
            return Ok(());
        }
        let traced = self.inner.trace.get().map(|trace| (trace, writer::traced(self.inner.backend, unit.clone())));
        match &self.inner.sqlite {
            Some((writer, _)) => writer.submit(unit).await,
            None => {
                writer::postgres::run(self.inner.write.clone(), unit, self.inner.gate.clone(), self.inner.tally.clone())
                    .await
            }
        }?;
        if let Some((trace, statements)) = traced {
            trace.lock().unwrap_or_else(PoisonError::into_inner).push(statements);
        }
        Ok(())
    }

    /// Reads rows. The text is the same on both engines and cannot write on either.
    ///
    /// # Errors
    /// When the database cannot answer or the text tries to write.
    pub async fn query(&self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>> {
        self.inner.tally.statement();
        Ok(found(self.inner.read.query_all_raw(statement(self.inner.backend, sql, values)).await?))
    }

    /// Reads few rows that an index leads to, such as a project's cases: on SQLite at once, in the caller's thread.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn query_few(
        &self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        match &self.inner.sqlite {
            None => self.query(sql, values).await,
            Some((_, direct)) => {
                self.inner.tally.statement();
                direct.read(sql, &values.into_iter().map(wide).collect::<Vec<_>>(), usize::MAX)
            }
        }
    }

    /// Reads the first row, if any, found by an index: on SQLite at once, in the caller's thread.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn query_one(
        &self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<QueryResult>> {
        self.inner.tally.statement();
        match &self.inner.sqlite {
            None => {
                let row = self.inner.read.query_one_raw(statement(self.inner.backend, sql, values)).await?;
                Ok(row.map(QueryResult::from))
            }
            Some((_, direct)) => Ok(direct.read(sql, &values.into_iter().map(wide).collect::<Vec<_>>(), 1)?.pop()),
        }
    }

    /// Reads the rows of a built query: for lists with optional filters.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn select(&self, select: &SelectStatement) -> Result<Vec<QueryResult>> {
        self.inner.tally.statement();
        Ok(found(self.inner.read.query_all(select).await?))
    }

    /// The next events for a follower that has seen all up to `after`. On PostgreSQL it ends before the oldest
    /// transaction still writing, so nothing can appear behind a follower's cursor later.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn feed(&self, after: Position, limit: u64) -> Result<Vec<Event>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        read_events(self.query(self.texts().feed, [after.tx.to_string().into(), after.seq.into(), limit.into()]).await?)
    }

    /// Where the audit stands (`last`) and may go: writes no audit record above number `usual`, and none of a unit that may use the reserve above `reserve`: such a unit
    /// is [`Refused::Full`], with everything in it. Holds for this node; numbers only grow, so what a node knows late is too strict,
    /// never too lax.
    pub fn limit_audit(&self, last: i64, usual: i64, reserve: i64) {
        self.inner.gate.set(last, usual, reserve);
    }

    /// Whether the next record of a usual unit would be refused, as far as this node knows. Asks nothing of the database.
    pub fn audit_is_full(&self) -> bool {
        self.inner.gate.is_full()
    }

    /// Begins to keep the statements of every committed unit, in memory: the benchmark replays the same rows without
    /// the product around them.
    pub fn start_trace(&self) {
        let _ = self.inner.trace.set(Mutex::default());
    }

    /// Takes what was kept since the last call.
    pub fn take_trace(&self) -> Vec<TracedUnit> {
        let kept = self
            .inner
            .trace
            .get()
            .map(|trace| std::mem::take(&mut *trace.lock().unwrap_or_else(PoisonError::into_inner)));
        kept.unwrap_or_default()
    }

    /// The engine.
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// What the store has done since it was opened.
    pub fn counters(&self) -> Counters {
        self.inner.tally.read()
    }

    /// Writes a consistent copy of a SQLite ledger to a new file while writers go on. PostgreSQL has its own tools.
    ///
    /// # Errors
    /// On PostgreSQL, when the file exists, or when the disk is full.
    pub async fn backup(&self, path: &Path) -> Result<()> {
        let (Backend::Sqlite, Some(path)) = (self.inner.backend, path.to_str()) else {
            return Err(LedgerError::Url("backup copies a SQLite ledger to a path that is valid text".to_owned()));
        };
        let copy = statement(self.inner.backend, "VACUUM INTO $1", [path.into()]);
        let aside = sqlite_aside(&self.inner.url).await?;
        let copied = aside.execute_raw(copy).await;
        aside.close().await?;
        copied?;
        Ok(())
    }

    /// Brings what was erased out of the write-ahead log too, where SQLite keeps older pages: the log is written into the file and cut.
    /// Whether it could be cut; a long read holds it, then it is tried again later. PostgreSQL forgets by its own vacuum.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn forget_erased(&self) -> Result<bool> {
        if self.inner.backend != Backend::Sqlite {
            return Ok(true);
        }
        let aside = sqlite_aside(&self.inner.url).await?;
        let row = aside.query_one_raw(statement(self.inner.backend, "PRAGMA wal_checkpoint(TRUNCATE)", [])).await;
        aside.close().await?;
        let busy = row?.map(|row| row.try_get_by::<i64, _>(0)).transpose()?;
        Ok(busy == Some(0))
    }

    /// Finishes what is being written and closes the connections of all clones; callers hear `Busy` from then on.
    ///
    /// # Errors
    /// When a connection cannot be closed in order.
    pub async fn close(&self) -> Result<()> {
        if let Some((writer, direct)) = &self.inner.sqlite {
            direct.close();
            writer.close().await;
        }
        self.inner.write.close_by_ref().await?;
        Ok(self.inner.read.close_by_ref().await?)
    }

    /// A read transaction that sees one moment of the database. Keep it short.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot> {
        let transaction = match self.inner.backend {
            Backend::Sqlite => self.inner.read.begin().await?,
            Backend::Postgres => {
                self.inner
                    .read
                    .begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
                    .await?
            }
        };
        Ok(Snapshot { transaction, backend: self.inner.backend })
    }

    pub(crate) fn texts(&self) -> &'static Texts {
        sql::texts(self.inner.backend)
    }

    /// Commits a unit whose only statement either finds its row or has nothing to do.
    async fn changed(&self, unit: Unit) -> std::result::Result<bool, Refused> {
        match self.commit(unit).await {
            Ok(()) => Ok(true),
            Err(Refused::Conflict) => Ok(false),
            Err(refused) => Err(refused),
        }
    }
}

/// One moment of the database.
pub(crate) struct Snapshot {
    transaction: DatabaseTransaction,
    backend: Backend,
}

impl Snapshot {
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        Ok(found(self.transaction.query_all_raw(statement(self.backend, sql, values)).await?))
    }

    pub(crate) fn texts(&self) -> &'static Texts {
        sql::texts(self.backend)
    }

    pub(crate) async fn end(self) -> Result<()> {
        Ok(self.transaction.rollback().await?)
    }
}

fn found(rows: Vec<sea_orm::QueryResult>) -> Vec<QueryResult> {
    rows.into_iter().map(QueryResult::from).collect()
}

pub(crate) fn read_events(rows: Vec<QueryResult>) -> Result<Vec<Event>> {
    rows.iter().map(Event::read).collect()
}

/// Reads `stream_id, version, name, key_id, nonce, sealed, commitment`.
pub(crate) fn read_secret(row: &QueryResult) -> Result<(String, i64, Sealed)> {
    let (stream, version): (String, i64) = (row.try_get_by(0)?, row.try_get_by(1)?);
    let nonce: Vec<u8> = row.try_get_by(4)?;
    let sealed = Sealed {
        name: row.try_get_by(2)?,
        key_id: row.try_get_by(3)?,
        nonce: nonce.try_into().map_err(|_| LedgerError::broken(&stream, version, "a nonce has 12 bytes"))?,
        sealed: row.try_get_by(5)?,
        commitment: digest(&row.try_get_by::<Vec<u8>>(6)?, &stream, version)?,
    };
    Ok((stream, version, sealed))
}

/// Reads `id, version, head, state, mac`.
pub(crate) fn stream_row(row: &QueryResult) -> Result<Loaded> {
    loaded(row.try_get_by(0)?, row, 1)
}

/// Reads `version, head, state, mac` from column `first` on.
fn loaded(stream: String, row: &QueryResult, first: usize) -> Result<Loaded> {
    let version = row.try_get_by(first)?;
    // A head that is none fits no event, and no check value.
    let head = digest(&row.try_get_by::<Vec<u8>>(first + 1)?, &stream, version).unwrap_or(ZERO);
    Ok(Loaded { version, head, state: Some(row.try_get_by(first + 2)?), mac: row.try_get_by(first + 3)?, stream })
}

/// A list as the one text both engines can unpack.
pub(crate) fn json(value: &(impl serde::Serialize + ?Sized)) -> Result<Value> {
    serde_json::to_string(value).map(Value::from).map_err(|error| LedgerError::Unit(error.to_string()))
}
