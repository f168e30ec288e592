//! The only code that changes the database: a unit becomes a list of statements here; each engine runs it in its own way.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use sea_orm::{Statement, Value};

use std::sync::atomic::{AtomicI64, Ordering};

use crate::{Backend, Head, LedgerError, Refused, Unit, audit::Chained, event::Event, sql, unit::Placed, unit::Step};

type Outcome = std::result::Result<(), Refused>;

/// Which part of a unit a statement belongs to: says what its refusal means.
#[derive(Clone, Copy)]
enum Part {
    Stream,
    Event,
    Secret,
    Chain,
    Row { exactly_one: bool },
}

impl Part {
    /// What a unique violation in this part means; `constraint` is its name, or its columns.
    fn taken(self, constraint: Option<String>) -> Refused {
        match self {
            Self::Stream | Self::Event | Self::Chain => Refused::Conflict,
            Self::Secret => Refused::Failed(LedgerError::Seal("nonce used twice".to_owned())),
            Self::Row { .. } => Refused::Taken(constraint),
        }
    }

    /// Whether so many changed rows are as they should be.
    fn accepts(self, changed: u64) -> bool {
        !matches!(self, Self::Stream | Self::Row { exactly_one: true }) || changed == 1
    }
}

/// One statement of a unit.
struct Planned {
    part: Part,
    text: &'static str,
    values: Vec<Value>,
}

/// The statements of a unit in their order. Streams first: whoever lost the race learns it before anything is written.
/// Its chained records follow them, see [`follow`].
fn plan(backend: Backend, unit: Unit) -> Vec<Planned> {
    let Unit { mut steps, events, secrets, rows, chained: _, imported, reserve: _ } = unit;
    // The same order everywhere, so two units on the same streams cannot wait for each other.
    steps.sort_unstable_by(|a, b| a.to.stream.cmp(&b.to.stream));
    let append = if imported && backend == Backend::Postgres { sql::APPEND_IMPORTED } else { sql::APPEND };
    let streams = steps.into_iter().map(step_stream);
    let events =
        events.into_iter().map(|event| Planned { part: Part::Event, text: append, values: event_values(event) });
    let secrets = secrets.into_iter().map(|secret| Planned {
        part: Part::Secret,
        text: sql::SEAL,
        values: secret_values(secret),
    });
    let rows = rows.into_iter().map(|(row, exactly_one)| Planned {
        part: Part::Row { exactly_one },
        text: row.text(backend),
        values: row.values.into_iter().map(wide).collect(),
    });
    streams.chain(events).chain(secrets).chain(rows).collect()
}

/// Up to which number audit records are written: whoever changes something waits at it, so nothing unaudited commits (S-15).
#[derive(Debug)]
pub(crate) struct Gate {
    /// The number seen last.
    last: AtomicI64,
    usual: AtomicI64,
    reserve: AtomicI64,
}

impl Gate {
    /// Lets everything through.
    pub fn open() -> Self {
        Self { last: AtomicI64::new(0), usual: AtomicI64::new(i64::MAX), reserve: AtomicI64::new(i64::MAX) }
    }

    pub fn is_full(&self) -> bool {
        self.last.load(Ordering::Acquire) >= self.usual.load(Ordering::Acquire)
    }

    pub fn set(&self, last: i64, usual: i64, reserve: i64) {
        self.last.fetch_max(last, Ordering::AcqRel);
        self.usual.store(usual, Ordering::Release);
        self.reserve.store(reserve, Ordering::Release);
    }

    fn admits(&self, chained: &Chained, last: &Head, reserve: bool) -> Result<(), Refused> {
        if matches!(chained, Chained::Audit(_)) {
            self.last.fetch_max(last.seq, Ordering::AcqRel);
        }
        let limit = if reserve { &self.reserve } else { &self.usual };
        match chained {
            Chained::Audit(_) if last.seq >= limit.load(Ordering::Acquire) => Err(Refused::Full),
            // Another node archived in the meantime.
            Chained::Archive(mark) if mark.number != last.seq.saturating_add(1) => Err(Refused::Conflict),
            _ => Ok(()),
        }
    }
}

/// The statements that put a record at the end of its chain.
fn follow(backend: Backend, chained: &Chained, last: &Head) -> Vec<Planned> {
    let (head, text, values) = chained.follow(last);
    let place = vec![head.seq.into(), head.hash.to_vec().into(), chained.chain().name().into()];
    let mut planned = vec![
        Planned { part: Part::Chain, text, values },
        Planned { part: Part::Row { exactly_one: true }, text: sql::MOVE_HEAD, values: place },
    ];
    if let Some((text, values)) = chained.afterwards(backend) {
        planned.push(Planned { part: Part::Row { exactly_one: false }, text, values });
    }
    planned
}

/// The statements of a unit as text and values, without its chained records: for the benchmark's limit, which runs them without this crate.
pub(crate) fn traced(backend: Backend, unit: Unit) -> Vec<(&'static str, Vec<Value>)> {
    plan(backend, unit).into_iter().map(|planned| (planned.text, planned.values)).collect()
}

/// The one place where text becomes a statement of SeaORM.
#[allow(clippy::disallowed_methods)]
pub(crate) fn statement(backend: Backend, text: &'static str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(backend.orm(), text, values.into_iter().map(wide))
}

/// Every number as BIGINT, every flag as 0 or 1: PostgreSQL prepares a text once, for the types it was first bound
/// with, and refuses an INT where it has seen a BIGINT.
pub(crate) fn wide(value: Value) -> Value {
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

fn step_stream(step: Step) -> Planned {
    let Step { from: (version, head), to } = step;
    let state = to.state.unwrap_or_default();
    let (text, values) = if version == 0 {
        (
            sql::NEW_STREAM,
            vec![to.stream.into(), to.version.into(), to.head.to_vec().into(), state.into(), to.mac.into()],
        )
    } else {
        let values = vec![
            to.version.into(),
            to.head.to_vec().into(),
            state.into(),
            to.stream.into(),
            version.into(),
            head.to_vec().into(),
            to.mac.into(),
        ];
        (sql::STEP_STREAM, values)
    };
    Planned { part: Part::Stream, text, values }
}

fn event_values(event: Event) -> Vec<Value> {
    vec![
        event.stream.into(),
        event.version.into(),
        event.kind.into(),
        event.data.into(),
        event.at.into(),
        event.recorded_at.into(),
        event.actor.into(),
        event.cause.into(),
        event.commitment.map(|bytes| bytes.to_vec()).into(),
        event.hash.to_vec().into(),
    ]
}

fn secret_values(Placed { stream, version, sealed }: Placed) -> Vec<Value> {
    vec![
        stream.into(),
        version.into(),
        sealed.name.into(),
        sealed.key_id.into(),
        sealed.nonce.to_vec().into(),
        sealed.sealed.into(),
        sealed.commitment.to_vec().into(),
    ]
}
