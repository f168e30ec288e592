//! One command's outcome as pure data. No SQL runs here.

use std::{collections::BTreeSet, fmt};

use sea_orm::Value;

use crate::{
    ArchiveMark, AuditEntry, Backend, Checkpoint, LedgerError, Position, Result,
    audit::Chained,
    chain::{ZERO, sealed_commitment},
    event::Event,
    seal::{Sealed, Sealer},
    sql,
};

/// A read-table, job or outbox statement as pure data: static SQL with `$1…$n`, and the bound values.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The text, the same on both engines unless `sqlite` says otherwise.
    pub sql: &'static str,
    /// The text for SQLite, where the engines differ (search only).
    pub sqlite: Option<&'static str>,
    /// One value per placeholder (SQLite would bind a missing one as NULL, silently). Numbers are bound as BIGINT and
    /// flags as 0 or 1 on both engines.
    pub values: Vec<Value>,
    /// Says how the thing named by `$1` stands at the end: a later one of the same text in the unit takes its place.
    pub standing: bool,
    /// Table of a row that carries rights, and how many values its check value covers: it comes right after them (see [`Row::guarded`]).
    pub guard: Option<(&'static str, usize)>,
}

impl Row {
    /// A statement with its values in the order of the placeholders.
    pub fn new(sql: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql, sqlite: None, values: values.into_iter().collect(), standing: false, guard: None }
    }

    /// A statement that sets the row of the thing `$1` to how it stands: of several in one unit only the last is run.
    pub fn standing(sql: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { standing: true, ..Self::new(sql, values) }
    }

    /// A row that carries rights: after the given values one more placeholder takes the check value over them, which
    /// [`Row::keyed`] fills in. Without it the row counts as not made by the platform.
    pub fn guarded(table: &'static str, sql: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        let mut row = Self::new(sql, values);
        row.guard = Some((table, row.values.len()));
        row.values.push("".into());
        row
    }

    /// Values of further placeholders, which the check value does not cover.
    #[must_use]
    pub fn beside(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.values.extend(values);
        self
    }

    /// Fills the check value in, where the row takes one.
    #[must_use]
    pub fn keyed(mut self, sealer: &Sealer) -> Self {
        if let Some((table, covered)) = self.guard
            && let Some((mac, values)) = self.values.get_mut(..=covered).and_then(<[Value]>::split_last_mut)
        {
            *mac = sealer.mac(table, values).into();
        }
        self
    }

    /// Whether `later` makes this one superfluous.
    fn is_replaced_by(&self, later: &Self) -> bool {
        self.standing && later.standing && self.sql == later.sql && self.values.first() == later.values.first()
    }

    /// A statement that each engine needs in its own words.
    pub fn per_engine(sqlite: &'static str, postgres: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sqlite: Some(sqlite), ..Self::new(postgres, values) }
    }

    /// The text for an engine.
    pub(crate) fn text(&self, backend: Backend) -> &'static str {
        match (backend, self.sqlite) {
            (Backend::Sqlite, Some(sqlite)) => sqlite,
            _ => self.sql,
        }
    }
}

/// Something that happened, not yet recorded.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What happened, a name the rooms above know.
    pub kind: String,
    /// JSON text, hashed byte for byte.
    pub data: String,
    /// When it happened, ms UTC.
    pub at: i64,
    /// When it is written down, ms UTC.
    pub recorded_at: i64,
    /// Who did it.
    pub actor: String,
    /// The request's idempotency or trace id.
    pub cause: String,
    /// Fields that are sealed beside the event and can be erased later.
    pub sealed: Vec<Secret>,
}

/// A field to be sealed. Salt and nonce come from the caller's random port; a nonce is used once per key.
#[derive(Clone)]
pub struct Secret {
    /// Name of the field, unique in its event.
    pub name: String,
    /// The plain value.
    pub value: Vec<u8>,
    /// Hides the value in its commitment.
    pub salt: [u8; 16],
    /// The GCM nonce.
    pub nonce: [u8; 12],
}

/// Shows the name only: secrets do not belong in logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A stream as a command finds it: where it stands and its folded working state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The stream's name.
    pub stream: String,
    /// Number of events; 0 when the stream does not exist.
    pub version: i64,
    /// Hash of the last event; zeros when the stream does not exist.
    pub head: [u8; 32],
    /// The working state; `None` when the stream does not exist.
    pub state: Option<String>,
    /// Check value over all of it, under a key outside of the database (S-25); empty when nobody gave one.
    pub mac: String,
}

impl Loaded {
    /// A stream that does not exist yet.
    pub fn none(stream: impl Into<String>) -> Self {
        Self { stream: stream.into(), version: 0, head: ZERO, state: None, mac: String::new() }
    }

    /// Whether the stream has events.
    pub fn exists(&self) -> bool {
        self.version > 0
    }

    fn covered(&self) -> [Value; 4] {
        [
            self.stream.as_str().into(),
            self.version.into(),
            hex::encode(self.head).into(),
            self.state.as_deref().unwrap_or_default().into(),
        ]
    }

    /// With its check value.
    #[must_use]
    pub fn keyed(mut self, sealer: &Sealer) -> Self {
        self.mac = sealer.mac("stream", &self.covered());
        self
    }

    /// Whether the row is as somebody with the key wrote it, or is not there at all.
    pub fn is_proved(&self, sealer: &Sealer) -> bool {
        !self.exists() && self.state.is_none() || sealer.made("stream", &self.covered(), &self.mac)
    }
}

/// A stream's step from where it was loaded to where the unit leaves it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub from: (i64, [u8; 32]),
    pub to: Loaded,
}

/// A secret with its place.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub stream: String,
    pub version: i64,
    pub sealed: Sealed,
}

/// All one command changes, committed together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    pub(crate) steps: Vec<Step>,
    pub(crate) events: Vec<Event>,
    pub(crate) secrets: Vec<Placed>,
    /// Statement, and whether it must change exactly one row.
    pub(crate) rows: Vec<(Row, bool)>,
    /// Records that get their number and hash when the unit commits.
    pub(crate) chained: Vec<Chained>,
    /// Events keep their recorded place in an earlier ledger: transaction 0 on PostgreSQL.
    pub(crate) imported: bool,
    /// Its audit records may take what is kept back for when the audit is full.
    pub(crate) reserve: bool,
}

impl Unit {
    /// An empty unit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether committing it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.rows.is_empty() && self.chained.is_empty()
    }

    /// Appends facts after `loaded`, computes versions and the SM3 chain, seals secrets with `sealer` and sets the
    /// stream's new working state. Returns the stream as it will be, to append more to it in the same unit.
    ///
    /// # Errors
    /// [`LedgerError::Unit`] without facts or a stream name, with two secrets of one name, or when `loaded` is not where this unit
    /// has already brought the stream; [`LedgerError::Seal`] when sealing fails. The unit is unchanged then.
    pub fn append(&mut self, loaded: &Loaded, facts: Vec<Fact>, new_state: String, sealer: &Sealer) -> Result<Loaded> {
        if facts.is_empty() {
            return Err(LedgerError::Unit(format!("no facts for {}", loaded.stream)));
        }
        if loaded.stream.is_empty() {
            return Err(LedgerError::Unit("a stream has a name".to_owned()));
        }
        let mut after = loaded.clone();
        let (mut events, mut secrets) = (Vec::with_capacity(facts.len()), Vec::new());
        for fact in facts {
            let (event, placed) = record(&after, fact, sealer)?;
            (after.version, after.head) = (event.version, event.hash);
            events.push(event);
            secrets.extend(placed);
        }
        after.state = Some(new_state);
        let after = after.keyed(sealer);
        self.step(loaded, after.clone())?;
        self.events.extend(events);
        self.secrets.extend(secrets);
        Ok(after)
    }

    /// Adds a statement that may change any number of rows. A unique violation in it is [`crate::Refused::Taken`].
    pub fn row(&mut self, row: Row) {
        match self.rows.iter_mut().find(|(earlier, _)| earlier.is_replaced_by(&row)) {
            Some((earlier, _)) => *earlier = row,
            None => self.rows.push((row, false)),
        }
    }

    /// Adds a statement that must change exactly one row, else the unit is refused as
    /// [`crate::Refused::Conflict`] (compare-and-set).
    pub fn exactly_one(&mut self, row: Row) {
        self.rows.push((row, true));
    }

    /// Adds a record to the audit chain: it commits with the rest of the unit, or alone.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.chained.push(Chained::Audit(Box::new(entry)));
    }

    /// Lets the unit's audit records take what [`Store::limit_audit`](crate::Store::limit_audit) keeps back.
    pub fn use_reserve(&mut self) {
        self.reserve = true;
    }

    /// Notes an archive file of audit records and takes these out of their table: the only way out of it. The file
    /// must lie safely in its place before.
    pub fn archive(&mut self, mark: ArchiveMark) {
        self.chained.push(Chained::Archive(Box::new(mark)));
    }

    /// Writes a stream's row as its events give it over the one that was found; refused as a conflict when another one stands there
    /// by now. `right` is `None` for a row without events.
    pub fn mend_stream(&mut self, found: &Loaded, right: Option<&Loaded>) {
        let old = [found.version.into(), found.mac.clone().into()];
        let Some(right) = right else {
            return self
                .exactly_one(Row::new(sql::DROP_STREAM, std::iter::once(found.stream.as_str().into()).chain(old)));
        };
        let state = right.state.clone().unwrap_or_default().into();
        let new: [Value; 5] = [
            right.stream.as_str().into(),
            right.version.into(),
            right.head.to_vec().into(),
            state,
            right.mac.clone().into(),
        ];
        self.exactly_one(match found.state {
            None => Row::new(sql::NEW_STREAM, new),
            Some(_) => Row::new(sql::MEND_STREAM, new.into_iter().chain(old)),
        });
    }

    pub(crate) fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.chained.push(Chained::Checkpoint(checkpoint));
    }

    /// Adds events as another ledger recorded them. The caller has checked that they follow.
    pub(crate) fn import(
        &mut self,
        loaded: &Loaded,
        event: Event,
        secrets: Vec<Sealed>,
        state: String,
    ) -> Result<Loaded> {
        let after =
            Loaded { version: event.version, head: event.hash, state: Some(state), ..Loaded::none(&event.stream) };
        self.imported = true;
        self.step(loaded, after.clone())?;
        self.secrets.extend(secrets.into_iter().map(|sealed| Placed {
            stream: event.stream.clone(),
            version: event.version,
            sealed,
        }));
        self.events.push(event);
        Ok(after)
    }

    fn step(&mut self, loaded: &Loaded, to: Loaded) -> Result<()> {
        match self.steps.iter_mut().find(|step| step.to.stream == loaded.stream) {
            None => self.steps.push(Step { from: (loaded.version, loaded.head), to }),
            Some(step) if (step.to.version, step.to.head) == (loaded.version, loaded.head) => step.to = to,
            Some(_) => {
                return Err(LedgerError::Unit(format!(
                    "{} was already appended to: go on from what append returned",
                    loaded.stream
                )));
            }
        }
        Ok(())
    }
}

/// The event that records `fact` after `loaded`, and its sealed secrets.
fn record(loaded: &Loaded, fact: Fact, sealer: &Sealer) -> Result<(Event, Vec<Placed>)> {
    let stream = &loaded.stream;
    let version = loaded.version.checked_add(1).ok_or_else(|| LedgerError::Unit(format!("{stream} is full")))?;
    let names: BTreeSet<_> = fact.sealed.iter().map(|secret| secret.name.as_str()).collect();
    if names.len() < fact.sealed.len() {
        return Err(LedgerError::Unit(format!("{stream} v{version} has two secrets of one name")));
    }
    let place = |secret| Ok(Placed { stream: stream.clone(), version, sealed: sealer.seal(stream, version, secret)? });
    let secrets = fact.sealed.iter().map(place).collect::<Result<Vec<_>>>()?;
    let mut event = Event {
        position: Position::default(),
        stream: stream.clone(),
        version,
        kind: fact.kind,
        data: fact.data,
        at: fact.at,
        recorded_at: fact.recorded_at,
        actor: fact.actor,
        cause: fact.cause,
        commitment: sealed_commitment(
            secrets.iter().map(|placed| (placed.sealed.name.as_str(), placed.sealed.commitment)),
        ),
        hash: ZERO,
    };
    event.hash = event.link().hash(&loaded.head);
    Ok((event, secrets))
}
