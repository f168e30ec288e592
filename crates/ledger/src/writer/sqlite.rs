//! SQLite: one thread writes; whatever queued up during the last flush shares the next one.
//!
//! The thread holds a connection of its own and calls SQLite directly: a statement costs what SQLite takes for it, not
//! also two hand-overs between threads (docs/decisions/0007).

use std::{path::Path, sync::Arc, thread};

use rusqlite::{Connection, OpenFlags, types::ToSqlOutput, types::ValueRef};
use sea_orm::Value;
use tokio::sync::{mpsc, oneshot};

use super::{Gate, Outcome, Planned, follow, plan};
use crate::{
    Backend, Durability, Head, LedgerError, Refused, Result, Unit,
    audit::{Chain, Chained},
    connect::{PREPARED, sqlite_pragmas},
    counters::Tally,
    error::{busy_code, sqlite_unique},
    event::digest,
    sql,
};

/// Units waiting for the writer; more callers than this wait before they may queue.
const QUEUE: usize = 1024;
/// Units that share one transaction and its flush.
const GROUP: usize = 256;

/// A unit's statements and who waits for them.
struct Job {
    statements: Vec<Planned>,
    chained: Vec<Chained>,
    reserve: bool,
    events: u64,
    reply: oneshot::Sender<Outcome>,
}

enum Message {
    Job(Job),
    /// Write what was queued before, then close the connection.
    Close(oneshot::Sender<()>),
}

/// The door to the writing thread. The thread ends when it is closed or its last door is dropped.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Message>);

impl Writer {
    /// Opens the file's write connection and starts its thread.
    pub(crate) fn start(
        path: &Path,
        read_only: bool,
        durability: Durability,
        gate: Arc<Gate>,
        tally: Arc<Tally>,
    ) -> Result<Self> {
        let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        if !read_only {
            db.execute_batch(&sqlite_pragmas(durability))?;
        }
        db.set_prepared_statement_cache_capacity(PREPARED);
        let (sender, messages) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || write_groups(&db, messages, &gate, &tally))?;
        Ok(Self(sender))
    }

    /// Queues a unit and waits for its fate.
    pub(crate) async fn submit(&self, unit: Unit) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let (events, chained, reserve) = (unit.events.len() as u64, unit.chained.clone(), unit.reserve);
        let job = Job { statements: plan(Backend::Sqlite, unit), chained, reserve, events, reply };
        self.0.send(Message::Job(job)).await.map_err(|_| Refused::Busy)?;
        outcome.await.map_err(|_| Refused::Busy)?
    }

    /// Ends the thread after what is queued; callers hear `Busy` from then on.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            // An error means it was closed already, by another caller.
            let _ = closed.await;
        }
    }
}

fn write_groups(db: &Connection, mut messages: mpsc::Receiver<Message>, gate: &Gate, tally: &Tally) {
    let mut queued = Vec::with_capacity(GROUP);
    while messages.blocking_recv_many(&mut queued, GROUP) > 0 {
        let (mut jobs, mut closing) = (Vec::with_capacity(queued.len()), Vec::new());
        for message in queued.drain(..) {
            match message {
                Message::Job(job) if closing.is_empty() => jobs.push(job),
                Message::Job(job) => answer(job, Err(Refused::Busy)),
                Message::Close(done) => closing.push(done),
            }
        }
        if !jobs.is_empty() {
            write_group(db, jobs, gate, tally);
        }
        if !closing.is_empty() {
            // Dropping the receiver answers everybody who comes later.
            messages.close();
            for done in closing {
                // A caller that went away does not want to know.
                let _ = done.send(());
            }
            return;
        }
    }
}

/// Commits what can be committed of a group, then answers every one of its callers: who was refused for the sake of
/// another unit of the group finds that unit's rows when it looks again.
fn write_group(db: &Connection, jobs: Vec<Job>, gate: &Gate, tally: &Tally) {
    let alone = jobs.len() == 1;
    let (mut done, mut refusals, mut fault) = (Vec::with_capacity(jobs.len()), Vec::new(), begin(db).err());
    for job in jobs {
        if let Some(fault) = &fault {
            answer(job, Err(fault.clone()));
            continue;
        }
        match if alone { apply_all(db, &job, gate, tally) } else { in_savepoint(db, &job, gate, tally) } {
            Ok(()) => done.push(job),
            Err(refused) => {
                // The transaction itself may be gone (disk full): then nobody in it is saved.
                if !alone && db.is_autocommit() {
                    fault = Some(refused.clone());
                }
                refusals.push((job, refused));
            }
        }
    }
    let outcome = match fault {
        Some(fault) => Err(fault),
        None if done.is_empty() => Err(Refused::Conflict),
        None => run(db, "COMMIT"),
    };
    if outcome.is_err() {
        roll_back(db);
    } else {
        tally.group(done.len() as u64, done.iter().map(|job| job.events).sum());
    }
    for job in done {
        answer(job, outcome.clone());
    }
    for (job, refused) in refusals {
        answer(job, Err(refused));
    }
}

fn answer(job: Job, outcome: Outcome) {
    // A caller that went away does not change what was committed.
    let _ = job.reply.send(outcome);
}

fn begin(db: &Connection) -> Outcome {
    // A group that could not be undone (disk full, a fault of the file) must not hold the next one.
    roll_back(db);
    run(db, "BEGIN IMMEDIATE")
}

fn roll_back(db: &Connection) {
    if !db.is_autocommit()
        && let Err(refused) = run(db, "ROLLBACK")
    {
        tracing::error!(error = %refused, "a group could not be rolled back");
    }
}

fn run(db: &Connection, text: &'static str) -> Outcome {
    db.prepare_cached(text)?.raw_execute()?;
    Ok(())
}

/// Applies a unit so that its refusal leaves the group as it was.
fn in_savepoint(db: &Connection, job: &Job, gate: &Gate, tally: &Tally) -> Outcome {
    run(db, "SAVEPOINT unit")?;
    let outcome = apply_all(db, job, gate, tally);
    if outcome.is_err() {
        run(db, "ROLLBACK TO unit")?;
    }
    run(db, "RELEASE unit")?;
    outcome
}

fn apply_all(db: &Connection, job: &Job, gate: &Gate, tally: &Tally) -> Outcome {
    apply(db, &job.statements, tally)?;
    for record in &job.chained {
        tally.statement();
        let last = head(db, record.chain())?;
        gate.admits(record, &last, job.reserve)?;
        apply(db, &follow(Backend::Sqlite, record, &last), tally)?;
    }
    Ok(())
}

/// Where a chain stands in this transaction.
fn head(db: &Connection, chain: Chain) -> Result<Head> {
    let mut statement = db.prepare_cached(sql::HEAD)?;
    let (seq, hash): (i64, Vec<u8>) = statement.query_row([chain.name()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Head { seq, hash: digest(&hash, chain.name(), seq)? })
}

fn apply(db: &Connection, statements: &[Planned], tally: &Tally) -> Outcome {
    for planned in statements {
        tally.statement();
        let changed = execute(db, planned).map_err(|error| match sqlite_unique(&error) {
            Some(columns) => planned.part.taken(columns),
            None => error.into(),
        })?;
        if !planned.part.accepts(changed as u64) {
            return Err(Refused::Conflict);
        }
    }
    Ok(())
}

fn execute(db: &Connection, Planned { text, values, .. }: &Planned) -> rusqlite::Result<usize> {
    let mut statement = db.prepare_cached(text)?;
    bind(&mut statement, values)?;
    statement.raw_execute()
}

/// Binds the value `$n` means to every placeholder of that name.
pub(crate) fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    // `$3` is a name to SQLite: it need not be the third to appear, and may appear twice.
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?)).map(bound);
        let value = value.flatten().ok_or(rusqlite::Error::InvalidParameterCount(values.len(), index))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// A value as SQLite takes it; `None` for a type the ledger does not write.
fn bound(value: &Value) -> Option<ToSqlOutput<'_>> {
    let value = match value {
        Value::BigInt(Some(n)) => ValueRef::Integer(*n),
        Value::Double(Some(n)) => ValueRef::Real(*n),
        Value::String(Some(text)) => ValueRef::Text(text.as_bytes()),
        Value::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
        Value::BigInt(None) | Value::Double(None) | Value::String(None) | Value::Bytes(None) => ValueRef::Null,
        _ => return None,
    };
    Some(ToSqlOutput::Borrowed(value))
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(cause) if busy_code(cause.extended_code) => Self::Busy,
            _ => Self::Failed(error.into()),
        }
    }
}
