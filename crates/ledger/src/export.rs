//! The whole ledger as JSON lines, and back into an empty one on either engine.
//!
//! The first line names the format; then one line per event in feed order, with its sealed secrets; a checkpoint
//! stands after the last event it covers; the last line is the root, so that a file cut off is known for one.
//! Tables that do not follow from events (sessions, jobs, idempotency keys) are not in it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    Checkpoint, Event, Fold, Head, LedgerError, Loaded, Position, Refused, Result, Root, Sealed, Store, Unit,
    chain::{event_hash, sealed_commitment},
    event::digest,
    store::{json, read_events, read_secret},
};

/// The format's name and version.
const FORMAT: &str = "ledger/1";
/// Events read or committed at a time.
const PAGE: usize = 500;
/// Streams kept in memory during an import before they are read back when needed.
const KEPT: usize = 20_000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Format(String),
    Event(EventLine),
    Checkpoint(RootLine),
    Root(RootLine),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine {
    stream: String,
    version: i64,
    kind: String,
    data: String,
    at: i64,
    recorded_at: i64,
    actor: String,
    cause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
    hash: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretLine {
    name: String,
    key: String,
    nonce: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    commitment: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RootLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    root: String,
    streams: u64,
    events: u64,
}

/// What an import brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The root, equal to that of the exported ledger.
    pub root: Root,
    /// Checkpoints brought along.
    pub checkpoints: u64,
}

impl Store {
    /// Writes every event committed before this call to `writer` and returns the root over them. Reads page by page, so
    /// writers go on and no transaction stays open; what is committed after it began may or may not be in it.
    ///
    /// # Errors
    /// When the database cannot answer or the writer fails.
    pub async fn export(&self, writer: &mut (dyn AsyncWrite + Unpin + Send)) -> Result<Root> {
        self.settle().await?;
        let (until, root) = self.settled().await?;
        let mut checkpoints =
            self.checkpoints().await?.into_iter().filter(|checkpoint| checkpoint.position <= until).peekable();
        write(writer, &Line::Format(FORMAT.to_owned())).await?;
        let (mut after, mut count) = (Position::default(), 0);
        loop {
            while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.root.events <= count) {
                write(writer, &Line::Checkpoint(RootLine::of(&checkpoint.root, Some(checkpoint.at)))).await?;
            }
            // A page ends where a checkpoint stands.
            let limit = checkpoints
                .peek()
                .map_or(PAGE as u64, |checkpoint| checkpoint.root.events.saturating_sub(count).min(PAGE as u64));
            let events = self.feed_until(after, until, limit).await?;
            let Some(last) = events.last().map(|event| event.position) else {
                break;
            };
            let mut secrets = self.secrets_of(&events).await?;
            for event in events {
                let secrets = secrets.remove(&(event.stream.clone(), event.version)).unwrap_or_default();
                write(writer, &Line::Event(EventLine::of(event, secrets))).await?;
                count += 1;
            }
            after = last;
        }
        write(writer, &Line::Root(RootLine::of(&root, None))).await?;
        writer.flush().await?;
        Ok(root)
    }

    /// Fills an empty ledger from an export: checks every hash and commitment, folds every event, builds the read
    /// rows with [`Fold::rows`], and compares the root. On PostgreSQL imported events lie before all later ones
    /// (transaction 0); followers start again from the beginning of the feed. Needs the owner's role there.
    ///
    /// # Errors
    /// [`LedgerError::NotEmpty`]; [`LedgerError::Format`] or [`LedgerError::Broken`] for a damaged file, after which
    /// the ledger holds the part before the damage and is to be thrown away; otherwise as [`Store::commit`].
    pub async fn import(
        &self,
        reader: &mut (dyn AsyncBufRead + Unpin + Send),
        fold: &dyn Fold,
    ) -> std::result::Result<Imported, Refused> {
        if self.root().await?.streams > 0 || !self.feed(Position::default(), 1).await?.is_empty() {
            return Err(LedgerError::NotEmpty.into());
        }
        let mut import =
            Import { store: self, fold, streams: HashMap::new(), unit: Unit::new(), events: 0, checkpoints: 0 };
        let mut lines = Lines { reader, number: 0 };
        match lines.next().await? {
            Some(Line::Format(format)) if format == FORMAT => {}
            _ => return Err(lines.fault("not a ledger export").into()),
        }
        loop {
            match lines.next().await? {
                Some(Line::Event(line)) => import.event(line).await?,
                Some(Line::Checkpoint(line)) => import.checkpoint(&line, &lines).await?,
                Some(Line::Root(line)) => return import.finish(&line, &mut lines).await,
                Some(Line::Format(_)) => return Err(lines.fault("a second export begins").into()),
                None => return Err(lines.fault("the file is cut off").into()),
            }
        }
    }

    async fn feed_until(&self, after: Position, until: Position, limit: u64) -> Result<Vec<Event>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [
            after.tx.to_string().into(),
            after.seq.into(),
            limit.into(),
            until.tx.to_string().into(),
            until.seq.into(),
        ];
        read_events(self.query(self.texts().feed_until, values).await?)
    }

    async fn secrets_of(&self, events: &[Event]) -> Result<HashMap<(String, i64), Vec<Sealed>>> {
        let places: Vec<_> = events
            .iter()
            .filter(|event| event.commitment.is_some())
            .map(|event| (&event.stream, event.version))
            .collect();
        let mut secrets: HashMap<_, Vec<Sealed>> = HashMap::new();
        if places.is_empty() {
            return Ok(secrets);
        }
        for row in self.query(self.texts().secrets_of, [json(&places)?]).await? {
            let (stream, version, sealed) = read_secret(&row)?;
            secrets.entry((stream, version)).or_default().push(sealed);
        }
        Ok(secrets)
    }
}

async fn write(writer: &mut (dyn AsyncWrite + Unpin + Send), line: &Line) -> Result<()> {
    let mut text = serde_json::to_string(line).map_err(std::io::Error::other)?;
    text.push('\n');
    Ok(writer.write_all(text.as_bytes()).await?)
}

/// The export's lines, counted.
struct Lines<'a> {
    reader: &'a mut (dyn AsyncBufRead + Unpin + Send),
    number: u64,
}

impl Lines<'_> {
    async fn next(&mut self) -> Result<Option<Line>> {
        let mut text = String::new();
        self.number += 1;
        if self.reader.read_line(&mut text).await? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&text).map(Some).map_err(|error| self.fault(&error.to_string()))
    }

    fn fault(&self, reason: &str) -> LedgerError {
        LedgerError::Format { line: self.number, reason: reason.to_owned() }
    }
}

/// An import under way.
struct Import<'a> {
    store: &'a Store,
    fold: &'a dyn Fold,
    /// Streams as the events so far leave them.
    streams: HashMap<String, Loaded>,
    unit: Unit,
    events: u64,
    checkpoints: u64,
}

impl Import<'_> {
    async fn event(&mut self, line: EventLine) -> std::result::Result<(), Refused> {
        let (event, secrets) = line.parse()?;
        let before = match self.streams.remove(&event.stream) {
            Some(loaded) => loaded,
            None => self.store.load(&event.stream).await?,
        };
        let (stream, version) = (event.stream.clone(), event.version);
        if version != before.version.saturating_add(1) || event_hash(&before.head, &event) != event.hash {
            return Err(LedgerError::broken(&stream, version, "does not follow the event before it").into());
        }
        if sealed_commitment(secrets.iter().map(|sealed| (sealed.name.as_str(), sealed.commitment))) != event.commitment
        {
            return Err(LedgerError::broken(&stream, version, "other secrets than the event is bound to").into());
        }
        let state = self.fold.fold(before.state.as_deref(), &event)?;
        for row in self.fold.rows(before.state.as_deref(), &event, &state)? {
            self.unit.row(row);
        }
        let after = self.unit.import(&before, event, secrets, state)?;
        self.streams.insert(stream, after);
        self.events += 1;
        if self.unit.events.len() >= PAGE {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> std::result::Result<(), Refused> {
        self.store.commit(std::mem::take(&mut self.unit)).await?;
        if self.streams.len() > KEPT {
            self.streams.clear();
        }
        Ok(())
    }

    /// Keeps a checkpoint with the place its last event has here; [`Store::verify`] computes its root again.
    async fn checkpoint(&mut self, line: &RootLine, lines: &Lines<'_>) -> std::result::Result<(), Refused> {
        let Some(at) = line.at.filter(|_| line.events == self.events) else {
            return Err(lines.fault("a checkpoint in the wrong place").into());
        };
        self.flush().await?;
        let position = self.store.horizon().await?;
        // The audit chain belongs to the place it was kept at: it is not in an export.
        self.unit.checkpoint(Checkpoint { at, root: line.parse()?, position, audit: Head::NONE });
        self.checkpoints += 1;
        self.flush().await
    }

    async fn finish(mut self, line: &RootLine, lines: &mut Lines<'_>) -> std::result::Result<Imported, Refused> {
        self.flush().await?;
        let root = self.store.root().await?;
        if root != line.parse()? {
            return Err(lines.fault("the root differs").into());
        }
        if lines.next().await?.is_some() {
            return Err(lines.fault("lines after the root").into());
        }
        Ok(Imported { root, checkpoints: self.checkpoints })
    }
}

impl EventLine {
    fn of(event: Event, secrets: Vec<Sealed>) -> Self {
        let secret = |sealed: Sealed| SecretLine {
            name: sealed.name,
            key: sealed.key_id,
            nonce: hex::encode(sealed.nonce),
            sealed: sealed.sealed.map(hex::encode),
            commitment: hex::encode(sealed.commitment),
        };
        Self {
            stream: event.stream,
            version: event.version,
            kind: event.kind,
            data: event.data,
            at: event.at,
            recorded_at: event.recorded_at,
            actor: event.actor,
            cause: event.cause,
            commitment: event.commitment.map(hex::encode),
            hash: hex::encode(event.hash),
            secrets: secrets.into_iter().map(secret).collect(),
        }
    }

    fn parse(self) -> Result<(Event, Vec<Sealed>)> {
        let Self { stream, version, .. } = self;
        let hash = |text: &str| digest(&bytes(text, &stream, version)?, &stream, version);
        let secret = |line: SecretLine| {
            let nonce = bytes(&line.nonce, &stream, version)?.try_into();
            Ok(Sealed {
                nonce: nonce.map_err(|_| LedgerError::broken(&stream, version, "a nonce has 12 bytes"))?,
                sealed: line.sealed.map(|text| bytes(&text, &stream, version)).transpose()?,
                commitment: hash(&line.commitment)?,
                name: line.name,
                key_id: line.key,
            })
        };
        let secrets = self.secrets.into_iter().map(secret).collect::<Result<_>>()?;
        let (commitment, hash) = (self.commitment.as_deref().map(hash).transpose()?, hash(&self.hash)?);
        let Self { kind, data, at, recorded_at, actor, cause, .. } = self;
        Ok((
            Event {
                position: Position::default(),
                stream,
                version,
                kind,
                data,
                at,
                recorded_at,
                actor,
                cause,
                commitment,
                hash,
            },
            secrets,
        ))
    }
}

impl RootLine {
    fn of(root: &Root, at: Option<i64>) -> Self {
        Self { at, root: hex::encode(root.hash), streams: root.streams, events: root.events }
    }

    fn parse(&self) -> Result<Root> {
        Ok(Root {
            hash: digest(&bytes(&self.root, "root", 0)?, "root", 0)?,
            streams: self.streams,
            events: self.events,
        })
    }
}

fn bytes(text: &str, stream: &str, version: i64) -> Result<Vec<u8>> {
    hex::decode(text).map_err(|_| LedgerError::broken(stream, version, "not hexadecimal"))
}
