//! The only code that changes the database.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, ExecResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, Value,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    LedgerError, Refused, Unit,
    counters::Tally,
    error::{constraint, is_unique},
    event::Event,
    sql,
    unit::{Placed, Step},
};

type Outcome = std::result::Result<(), Refused>;

/// A unit and who waits for it.
pub(crate) struct Job {
    unit: Unit,
    reply: oneshot::Sender<Outcome>,
}

/// Units waiting for the SQLite writer; more callers than this wait before they may queue.
const QUEUE: usize = 1024;
/// Units that share one transaction and its flush.
const GROUP: usize = 256;
/// After this long a PostgreSQL transaction is given up: a lost peer must not hold a caller for ever.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts the SQLite writer. It ends when the last sender is dropped.
pub(crate) fn start(db: DatabaseConnection, tally: Arc<Tally>) -> mpsc::Sender<Job> {
    let (sender, jobs) = mpsc::channel(QUEUE);
    tokio::spawn(write_groups(db, jobs, tally));
    sender
}

/// Queues a unit with the SQLite writer and waits for its fate.
pub(crate) async fn submit(writer: &mpsc::Sender<Job>, unit: Unit) -> Outcome {
    let (reply, outcome) = oneshot::channel();
    writer.send(Job { unit, reply }).await.map_err(|_| Refused::Busy)?;
    outcome.await.map_err(|_| Refused::Busy)?
}

/// Runs a unit as a PostgreSQL transaction of its own, to its end even if the caller goes away.
pub(crate) async fn run(db: DatabaseConnection, unit: Unit, tally: Arc<Tally>) -> Outcome {
    let task = tokio::spawn(tokio::time::timeout(PATIENCE, async move {
        let transaction = db.begin().await?;
        match apply(&transaction, &unit, &tally).await {
            Ok(()) => transaction.commit().await?,
            Err(refused) => {
                // The refusal is what matters; a transaction that cannot be rolled back goes down with its connection.
                let _ = transaction.rollback().await;
                return Err(refused);
            }
        }
        tally.group(1, unit.events.len() as u64);
        Ok(())
    }));
    match task.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(Refused::Busy),
    }
}

/// SQLite has one writer: whatever queued up during the last flush shares the next one.
async fn write_groups(db: DatabaseConnection, mut jobs: mpsc::Receiver<Job>, tally: Arc<Tally>) {
    let mut batch = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut batch, GROUP).await > 0 {
        write_group(&db, batch.drain(..).collect(), &tally).await;
    }
}

/// Commits what can be committed of a group and answers every one of its callers.
async fn write_group(db: &DatabaseConnection, mut batch: VecDeque<Job>, tally: &Tally) {
    let immediate =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let mut done = Vec::with_capacity(batch.len());
    let outcome = async {
        let transaction = db.begin_with_options(immediate).await?;
        while let Some(job) = batch.pop_front() {
            match in_savepoint(&transaction, &job.unit, tally).await {
                Ok(Ok(())) => done.push(job),
                Ok(Err(refused)) => answer(job, Err(refused)),
                Err(fault) => {
                    // The transaction itself is gone (disk full, lost connection): nobody in it is saved.
                    answer(job, Err(fault.clone()));
                    return Err(fault);
                }
            }
        }
        transaction.commit().await?;
        Ok(())
    }
    .await;
    if outcome.is_ok() && !done.is_empty() {
        tally.group(done.len() as u64, done.iter().map(|job| job.unit.events.len() as u64).sum());
    }
    for job in done {
        answer(job, outcome.clone());
    }
    for job in batch {
        answer(job, Err(outcome.clone().err().unwrap_or(Refused::Busy)));
    }
}

fn answer(job: Job, outcome: Outcome) {
    // A caller that went away does not change what was committed.
    let _ = job.reply.send(outcome);
}

/// Applies a unit so that its refusal leaves the group as it was. The outer error means the group is lost.
async fn in_savepoint(
    group: &DatabaseTransaction,
    unit: &Unit,
    tally: &Tally,
) -> std::result::Result<Outcome, Refused> {
    let savepoint = group.begin().await?;
    match apply(&savepoint, unit, tally).await {
        Ok(()) => savepoint.commit().await.map(Ok).map_err(Refused::from),
        Err(refused) => savepoint.rollback().await.map(|()| Err(refused)).map_err(Refused::from),
    }
}

/// Which part of a unit a statement belongs to: says what its refusal means.
enum Part<'a> {
    Stream,
    Event,
    Secret(&'a Placed),
    Row { exactly_one: bool },
}

/// The statements of a unit in their order. Streams first: whoever lost the race learns it before anything is written.
fn plan(backend: sea_orm::DbBackend, unit: &Unit) -> Vec<(Part<'_>, &'static str, Vec<Value>)> {
    let mut steps: Vec<&Step> = unit.steps.iter().collect();
    // The same order everywhere, so two units on the same streams cannot wait for each other.
    steps.sort_unstable_by(|a, b| a.to.stream.cmp(&b.to.stream));
    let append =
        if unit.imported && backend == sea_orm::DbBackend::Postgres { sql::APPEND_IMPORTED } else { sql::APPEND };
    let streams = steps.into_iter().map(|step| {
        let (text, values) = step_stream(step);
        (Part::Stream, text, values)
    });
    let events = unit.events.iter().map(|event| (Part::Event, append, event_values(event).to_vec()));
    let secrets = unit.secrets.iter().map(|secret| (Part::Secret(secret), sql::SEAL, secret_values(secret).to_vec()));
    let rows = unit
        .rows
        .iter()
        .map(|(row, exactly_one)| (Part::Row { exactly_one: *exactly_one }, row.text(backend), row.values.clone()));
    streams.chain(events).chain(secrets).chain(rows).collect()
}

/// The statements of a unit as text and values: for the benchmark's limit, which runs them without this crate.
pub(crate) fn traced(backend: sea_orm::DbBackend, unit: &Unit) -> Vec<(&'static str, Vec<Value>)> {
    plan(backend, unit).into_iter().map(|(_, text, values)| (text, values.into_iter().map(wide).collect())).collect()
}

async fn apply(db: &DatabaseTransaction, unit: &Unit, tally: &Tally) -> Outcome {
    let backend = db.get_database_backend();
    for (part, text, values) in plan(backend, unit) {
        let changed = execute(db, statement(backend, text, values), tally).await.map_err(|error| {
            let refused = match part {
                Part::Stream | Part::Event => Refused::Conflict,
                Part::Secret(secret) => reused_nonce(secret),
                Part::Row { .. } => Refused::Taken(constraint(&error)),
            };
            conflict(error, refused)
        })?;
        if matches!(part, Part::Stream | Part::Row { exactly_one: true }) && changed.rows_affected() != 1 {
            return Err(Refused::Conflict);
        }
    }
    Ok(())
}

async fn execute(
    db: &DatabaseTransaction,
    statement: Statement,
    tally: &Tally,
) -> std::result::Result<ExecResult, sea_orm::DbErr> {
    tally.statement();
    db.execute_raw(statement).await
}

/// A unique violation means `unique`, anything else what it is.
fn conflict(error: sea_orm::DbErr, unique: Refused) -> Refused {
    if is_unique(&error) { unique } else { error.into() }
}

fn reused_nonce(secret: &Placed) -> Refused {
    Refused::Failed(LedgerError::Seal(format!("nonce used twice, at {} v{}", secret.stream, secret.version)))
}

/// The one place where text becomes a statement.
#[allow(clippy::disallowed_methods)]
pub(crate) fn statement(
    backend: sea_orm::DbBackend,
    text: &'static str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(backend, text, values.into_iter().map(wide))
}

/// Every number as BIGINT, every flag as 0 or 1: PostgreSQL prepares a text once, for the types it was first bound
/// with, and refuses an INT where it has seen a BIGINT.
fn wide(value: Value) -> Value {
    match value {
        Value::Bool(flag) => flag.map(i64::from).into(),
        Value::TinyInt(n) => n.map(i64::from).into(),
        Value::SmallInt(n) => n.map(i64::from).into(),
        Value::Int(n) => n.map(i64::from).into(),
        Value::TinyUnsigned(n) => n.map(i64::from).into(),
        Value::SmallUnsigned(n) => n.map(i64::from).into(),
        Value::Unsigned(n) => n.map(i64::from).into(),
        other => other,
    }
}

fn step_stream(step: &Step) -> (&'static str, Vec<Value>) {
    let Step { from: (version, head), to } = step;
    let state = to.state.clone().unwrap_or_default();
    if *version == 0 {
        (sql::NEW_STREAM, vec![to.stream.clone().into(), to.version.into(), to.head.to_vec().into(), state.into()])
    } else {
        let values = vec![
            to.version.into(),
            to.head.to_vec().into(),
            state.into(),
            to.stream.clone().into(),
            (*version).into(),
            head.to_vec().into(),
        ];
        (sql::STEP_STREAM, values)
    }
}

fn event_values(event: &Event) -> [Value; 10] {
    [
        event.stream.clone().into(),
        event.version.into(),
        event.kind.clone().into(),
        event.data.clone().into(),
        event.at.into(),
        event.recorded_at.into(),
        event.actor.clone().into(),
        event.cause.clone().into(),
        event.commitment.map(|bytes| bytes.to_vec()).into(),
        event.hash.to_vec().into(),
    ]
}

fn secret_values(Placed { stream, version, sealed }: &Placed) -> [Value; 7] {
    [
        stream.clone().into(),
        (*version).into(),
        sealed.name.clone().into(),
        sealed.key_id.clone().into(),
        sealed.nonce.to_vec().into(),
        sealed.sealed.clone().into(),
        sealed.commitment.to_vec().into(),
    ]
}
