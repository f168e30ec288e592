//! Proving that the ledger is what was once written: every event re-chained and re-folded, every stream row, secret
//! and checkpoint compared, in bounded memory and without a long transaction.

use std::{collections::HashMap, path::Path};

use crate::{
    Checkpoint, Event, Fold, Loaded, Merkle, Result, Root, Sealed, Sealer, Store,
    chain::{event_hash, sealed_commitment},
    checkpoint::KeptCheckpoint,
    sql,
    store::{Snapshot, read_events, read_secret, stream_row},
};

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// An event is missing: the versions of a stream do not follow one another.
    Gap,
    /// An event's hash does not follow from its content and the hash before it.
    Hash,
    /// An event cannot be folded into the state.
    Fold,
    /// Events without a stream row.
    MissingStream,
    /// A stream row without events.
    ExtraStream,
    /// The stream row's version is not that of its last event.
    Version,
    /// The stream row's head is not the hash of its last event.
    Head,
    /// The stream row's working state is not the fold of its events.
    State,
    /// The secrets beside an event are not those it is bound to, or a secret belongs to no event.
    Commitment,
    /// A secret does not open to what it was committed to.
    Secret,
    /// The events up to a checkpoint do not give the root that was kept then.
    Checkpoint,
    /// A checkpoint was changed, taken away or put in: its number or hash does not follow.
    CheckpointChain,
    /// An audit record is missing: the numbers do not follow one another.
    AuditGap,
    /// An audit record's hash does not follow from its content and the hash before it.
    AuditHash,
    /// The audit chain ends elsewhere than its head says.
    AuditHead,
    /// The audit record a checkpoint covers is not the one kept then.
    AuditCheckpoint,
    /// The note of an archive was changed, taken away or put in, or does not go on where the one before ended.
    ArchiveChain,
    /// An archive file is missing or is not what was noted of it.
    Archive,
    /// A signed checkpoint kept outside says otherwise than the database, or is missing there.
    Outside,
    /// What was kept outside, or the note of an archive, is not signed by a key that is known.
    Signature,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What does not fit.
    pub kind: FaultKind,
    /// The stream, `audit` or `checkpoint`; for a checkpoint whose root differs the time it was taken, ms UTC.
    pub stream: String,
    /// The event's version, or the record's number.
    pub version: i64,
    /// More about it, in English, for the administrator.
    pub detail: String,
}

/// What a verification has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The root over the events seen.
    pub root: Root,
    /// Secrets seen, erased ones included.
    pub secrets: u64,
    /// Secrets opened and compared.
    pub opened: u64,
    /// Checkpoints computed again: the newest ones.
    pub checkpoints: u64,
    /// Audit records seen, those in archive files included.
    pub audited: u64,
    /// Audit records that lie in archive files which were not looked into.
    pub elsewhere: u64,
    /// Number of findings.
    pub found: u64,
    /// The first thousand of them.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Adds what was found elsewhere.
    pub fn add(&mut self, faults: Vec<Fault>) {
        self.found += faults.len() as u64;
        self.faults.extend(faults);
        self.faults.truncate(FAULTS);
    }

    /// Whether everything fits.
    pub fn is_sound(&self) -> bool {
        self.found == 0
    }
}

/// Events read at a time.
const PAGE: usize = 1000;
/// Findings kept.
const FAULTS: usize = 1000;
/// Checkpoints computed again.
const CHECKPOINTS: i64 = 64;

impl Store {
    /// Reads every event, re-chains and re-folds it and compares with the stream rows, the commitments of the
    /// secrets and the newest checkpoints. May run beside writers.
    ///
    /// # Errors
    /// When the database cannot answer. What does not fit is not an error but in the report.
    pub async fn verify(&self, fold: &dyn Fold) -> Result<Report> {
        self.verify_with(fold, None).await
    }

    /// As [`Store::verify`], and opens every secret that is still there.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub async fn verify_with(&self, fold: &dyn Fold, sealer: Option<&Sealer>) -> Result<Report> {
        self.verify_all(fold, sealer, None).await
    }

    /// As [`Store::verify_with`], and follows the audit chain through the archive files in a folder, too.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub async fn verify_all(
        &self,
        fold: &dyn Fold,
        sealer: Option<&Sealer>,
        archives: Option<&Path>,
    ) -> Result<Report> {
        let checkpoints = self.query(sql::LAST_CHECKPOINTS, [CHECKPOINTS.into()]).await?;
        let checkpoints =
            checkpoints.iter().map(|row| Ok(KeptCheckpoint::read(row)?.checkpoint)).collect::<Result<Vec<_>>>()?;
        let mut pass = Pass::new(fold, sealer, checkpoints);
        // Everything about streams before `from` has been compared; `cursor` is the last event read.
        let (mut cursor, mut from) = ((String::new(), i64::MIN), String::new());
        loop {
            let snapshot = self.snapshot().await?;
            let events = read_page(&snapshot, &cursor).await?;
            let last = events.last().map(|event| (event.stream.clone(), event.version));
            let until = last.clone().filter(|_| events.len() == PAGE);
            let secrets = read_secrets(&snapshot, &cursor, until.as_ref()).await?;
            let finished = pass.page(&events, secrets, until.is_none());
            compare(&snapshot, &mut pass.findings, &finished, &from, until.as_ref().map(|(stream, _)| stream.as_str()))
                .await?;
            snapshot.end().await?;
            match until {
                None => break,
                Some(last) => (from, cursor) = (last.0.clone(), last),
            }
        }
        let mut report = pass.report();
        let chains = self.verify_chains(archives).await?;
        (report.audited, report.elsewhere) = (chains.audited, chains.elsewhere);
        report.found += chains.findings.found;
        report.faults.extend(chains.findings.faults);
        report.faults.truncate(FAULTS);
        Ok(report)
    }
}

async fn read_page(snapshot: &Snapshot, (stream, version): &(String, i64)) -> Result<Vec<Event>> {
    let values = [stream.as_str().into(), (*version).into(), (PAGE as i64).into()];
    read_events(snapshot.query(snapshot.texts().events_by_stream, values).await?)
}

type Secrets = HashMap<(String, i64), Vec<Sealed>>;

/// The secrets after the event `after`, up to those of `until`, or to the end.
async fn read_secrets(snapshot: &Snapshot, after: &(String, i64), until: Option<&(String, i64)>) -> Result<Secrets> {
    let start = [after.0.as_str().into(), after.1.into()];
    let rows = match until {
        Some((stream, version)) => {
            snapshot
                .query(sql::SECRETS_BETWEEN, start.into_iter().chain([stream.as_str().into(), (*version).into()]))
                .await?
        }
        None => snapshot.query(sql::SECRETS_AFTER, start).await?,
    };
    let mut secrets = Secrets::new();
    for row in &rows {
        let (stream, version, sealed) = read_secret(row)?;
        secrets.entry((stream, version)).or_default().push(sealed);
    }
    Ok(secrets)
}

/// Compares the stream rows from `from` (inclusive) to `until` (exclusive, or the end) with what was folded.
async fn compare(
    snapshot: &Snapshot,
    findings: &mut Findings,
    folded: &[Folded],
    from: &str,
    until: Option<&str>,
) -> Result<()> {
    let mut folded = folded.iter().peekable();
    let mut after = String::new();
    loop {
        let start = [after.as_str().into(), from.into()];
        let limit = PAGE as i64;
        let rows = match until {
            Some(until) => {
                snapshot.query(sql::STREAMS_BETWEEN, start.into_iter().chain([until.into(), limit.into()])).await?
            }
            None => snapshot.query(sql::STREAMS_TO_END, start.into_iter().chain([limit.into()])).await?,
        };
        for row in &rows {
            let row = stream_row(row)?;
            while let Some(missing) = folded.next_if(|folded| folded.stream.stream < row.stream) {
                findings.add(
                    FaultKind::MissingStream,
                    &missing.stream.stream,
                    missing.stream.version,
                    "events without a stream row",
                );
            }
            match folded.next_if(|folded| folded.stream.stream == row.stream) {
                None => findings.add(FaultKind::ExtraStream, &row.stream, row.version, "a stream row without events"),
                Some(folded) => findings.compare(folded, &row),
            }
            after = row.stream;
        }
        if rows.len() < PAGE {
            break;
        }
    }
    for missing in folded {
        findings.add(
            FaultKind::MissingStream,
            &missing.stream.stream,
            missing.stream.version,
            "events without a stream row",
        );
    }
    Ok(())
}

/// A stream as its events say it is.
struct Folded {
    stream: Loaded,
    /// The state is not known when an event could not be folded.
    foldable: bool,
}

#[derive(Default, Clone)]
pub(crate) struct Findings {
    pub found: u64,
    pub faults: Vec<Fault>,
}

impl Findings {
    pub fn add(&mut self, kind: FaultKind, stream: &str, version: i64, detail: impl Into<String>) {
        self.found += 1;
        if self.faults.len() < FAULTS {
            self.faults.push(Fault { kind, stream: stream.to_owned(), version, detail: detail.into() });
        }
    }

    fn compare(&mut self, Folded { stream, foldable }: &Folded, row: &Loaded) {
        if row.version != stream.version {
            self.add(FaultKind::Version, &row.stream, stream.version, format!("the stream row says {}", row.version));
        }
        if row.head != stream.head {
            self.add(FaultKind::Head, &row.stream, stream.version, "the stream row has another head");
        }
        if *foldable && row.state != stream.state {
            self.add(FaultKind::State, &row.stream, stream.version, "the stream row has another state");
        }
    }
}

/// A checkpoint on its way to be computed again.
struct Recount {
    checkpoint: Checkpoint,
    tree: Merkle,
    /// Where the current stream stood then.
    mark: Option<(i64, [u8; 32])>,
}

/// One walk over all events in the order of the streams.
struct Pass<'a> {
    fold: &'a dyn Fold,
    sealer: Option<&'a Sealer>,
    current: Option<Folded>,
    tree: Merkle,
    recounts: Vec<Recount>,
    secrets: u64,
    opened: u64,
    findings: Findings,
}

impl<'a> Pass<'a> {
    fn new(fold: &'a dyn Fold, sealer: Option<&'a Sealer>, checkpoints: Vec<Checkpoint>) -> Self {
        let recounts =
            checkpoints.into_iter().map(|checkpoint| Recount { checkpoint, tree: Merkle::new(), mark: None }).collect();
        Self {
            fold,
            sealer,
            current: None,
            tree: Merkle::new(),
            recounts,
            secrets: 0,
            opened: 0,
            findings: Findings::default(),
        }
    }

    /// Walks one page; returns the streams that ended in it.
    fn page(&mut self, events: &[Event], mut secrets: Secrets, end: bool) -> Vec<Folded> {
        let mut finished = Vec::new();
        for event in events {
            let other = |folded: &mut Folded| folded.stream.stream != event.stream;
            if let Some(done) = self.current.take_if(other) {
                finished.push(self.finish(done));
            }
            self.event(event, secrets.remove(&(event.stream.clone(), event.version)).unwrap_or_default());
        }
        if end && let Some(done) = self.current.take() {
            finished.push(self.finish(done));
        }
        for (stream, version) in secrets.into_keys() {
            self.findings.add(FaultKind::Commitment, &stream, version, "a secret without its event");
        }
        finished
    }

    fn event(&mut self, event: &Event, secrets: Vec<Sealed>) {
        let current =
            self.current.take().unwrap_or_else(|| Folded { stream: Loaded::none(&event.stream), foldable: true });
        let Folded { stream: Loaded { version, head, state, .. }, mut foldable } = current;
        let place = (event.stream.as_str(), event.version);
        if event.version != version.saturating_add(1) {
            self.findings.add(FaultKind::Gap, place.0, place.1, format!("follows version {version}"));
        } else if event_hash(&head, event) != event.hash {
            self.findings.add(FaultKind::Hash, place.0, place.1, "content, order or predecessor was changed");
        }
        self.secrets(event, &secrets);
        let state = match self.fold.fold(state.as_deref(), event) {
            Ok(state) => Some(state),
            Err(error) => {
                // One finding per stream: what follows stands on a state that is not there.
                if foldable {
                    self.findings.add(FaultKind::Fold, place.0, place.1, error.to_string());
                }
                foldable = false;
                state
            }
        };
        for recount in &mut self.recounts {
            if event.position <= recount.checkpoint.position {
                recount.mark = Some((event.version, event.hash));
            }
        }
        self.current = Some(Folded {
            stream: Loaded { version: event.version, head: event.hash, state, ..Loaded::none(&event.stream) },
            foldable,
        });
    }

    fn secrets(&mut self, event: &Event, secrets: &[Sealed]) {
        self.secrets += secrets.len() as u64;
        if sealed_commitment(secrets.iter().map(|sealed| (sealed.name.as_str(), sealed.commitment))) != event.commitment
        {
            self.findings.add(
                FaultKind::Commitment,
                &event.stream,
                event.version,
                "other secrets than the event is bound to",
            );
        }
        for sealed in secrets {
            match self.sealer.map(|sealer| sealer.open(&event.stream, event.version, sealed)) {
                None | Some(Ok(None)) => {}
                Some(Ok(Some(_))) => self.opened += 1,
                Some(Err(error)) => {
                    self.findings.add(FaultKind::Secret, &event.stream, event.version, error.to_string())
                }
            }
        }
    }

    fn finish(&mut self, done: Folded) -> Folded {
        let Loaded { stream, version, head, .. } = &done.stream;
        self.tree.push(stream, *version, head);
        for recount in &mut self.recounts {
            if let Some((version, head)) = recount.mark.take() {
                recount.tree.push(stream, version, &head);
            }
        }
        done
    }

    fn report(mut self) -> Report {
        for recount in &self.recounts {
            if recount.tree.root() != recount.checkpoint.root {
                self.findings.add(
                    FaultKind::Checkpoint,
                    &recount.checkpoint.at.to_string(),
                    0,
                    "the events give another root",
                );
            }
        }
        Report {
            root: self.tree.root(),
            secrets: self.secrets,
            opened: self.opened,
            checkpoints: self.recounts.len() as u64,
            audited: 0,
            elsewhere: 0,
            found: self.findings.found,
            faults: self.findings.faults,
        }
    }
}
