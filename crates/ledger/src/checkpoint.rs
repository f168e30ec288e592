//! The root over all streams, and the roots kept for later.

use sea_orm::Value;

use crate::{
    Head, Merkle, Position, QueryResult, Refused, Result, Store, Unit,
    audit::{Chain, read_head},
    chain::Hasher,
    event::{digest, transaction},
    sql,
    store::Snapshot,
};

/// How often [`Store::settle`] looks before it gives up.
const SETTLE_TRIES: u32 = 600;
/// How long it waits between two looks.
const SETTLE_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// The Merkle root over the heads of all streams by name: the same whatever the order of commits and the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// SM3 Merkle root, see docs/decisions/0002-chain.md.
    pub hash: [u8; 32],
    /// Number of streams.
    pub streams: u64,
    /// Number of events.
    pub events: u64,
}

/// A root with the prefix of the feed it covers, so that it can be computed again at any later time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// When it was taken, ms UTC.
    pub at: i64,
    /// The root over the events up to `position`.
    pub root: Root,
    /// The last event covered.
    pub position: Position,
    /// Where the audit chain stood.
    pub audit: Head,
}

/// A checkpoint as it was kept, with its place in the chain of checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// From 1 without gaps.
    pub number: i64,
    /// SM3 over the hash of the one before and this one; 32 bytes unless somebody changed it.
    pub hash: Vec<u8>,
}

/// Stream heads read at a time.
const PAGE: i64 = 4096;

impl Store {
    /// The root over everything committed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn root(&self) -> Result<Root> {
        let snapshot = self.snapshot().await?;
        let root = root(&snapshot, &[]).await?;
        snapshot.end().await?;
        Ok(root)
    }

    /// Takes the root over every event no running transaction can get ahead of and keeps it in table `checkpoint`,
    /// which like `event` can only grow. `at` is the caller's clock, ms UTC.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn checkpoint(&self, at: i64) -> std::result::Result<Checkpoint, Refused> {
        let (position, root) = self.settled().await?;
        let audit = self.audit_head().await?;
        let checkpoint = Checkpoint { at, root, position, audit };
        let mut unit = Unit::new();
        unit.checkpoint(checkpoint);
        self.commit(unit).await?;
        Ok(checkpoint)
    }

    /// All checkpoints, oldest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        self.query(sql::CHECKPOINTS, []).await?.iter().map(|row| Ok(KeptCheckpoint::read(row)?.checkpoint)).collect()
    }

    /// Kept checkpoints after a number, oldest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn checkpoints_after(&self, number: i64, limit: u64) -> Result<Vec<KeptCheckpoint>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.query(sql::CHECKPOINTS_AFTER, [number.into(), limit.into()]).await?;
        rows.iter().map(KeptCheckpoint::read).collect()
    }

    /// The checkpoint taken last.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>> {
        let row = self.query_one(sql::LAST_CHECKPOINTS, [1.into()]).await?;
        row.map(|row| Ok(KeptCheckpoint::read(&row)?.checkpoint)).transpose()
    }

    /// Where the audit chain stands.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn audit_head(&self) -> Result<Head> {
        let row = self.query_one(sql::HEAD, [Chain::Audit.name().into()]).await?;
        read_head(row.as_ref(), Chain::Audit)
    }

    /// The newest position nothing can be written before any more.
    pub(crate) async fn horizon(&self) -> Result<Position> {
        horizon(self.query_one(self.texts().horizon, []).await?.as_ref())
    }

    /// Waits until everything committed before this call is settled: on PostgreSQL another transaction of the same
    /// cluster, of whatever database, holds the horizon back while it is open.
    ///
    /// # Errors
    /// [`LedgerError::Unsettled`] when one stays open for half a minute.
    pub(crate) async fn settle(&self) -> Result<()> {
        if self.backend() == crate::Backend::Sqlite {
            return Ok(());
        }
        let begun = self.query_one(sql::SNAPSHOT_END, []).await?.map(|row| row.try_get_by::<String>(0)).transpose()?;
        let begun = begun.unwrap_or_default();
        for _ in 0..SETTLE_TRIES {
            if self.query_one(sql::SNAPSHOT_PASSED, [begun.clone().into()]).await?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        Err(crate::LedgerError::Unsettled)
    }

    /// The newest position nothing can be written before any more, and the root over the events up to it.
    pub(crate) async fn settled(&self) -> Result<(Position, Root)> {
        let snapshot = self.snapshot().await?;
        let position = horizon(snapshot.query(snapshot.texts().horizon, []).await?.first())?;
        let late = snapshot.query(snapshot.texts().late, [position.tx.to_string().into(), position.seq.into()]).await?;
        let mut late = late.iter().map(late_row).collect::<Result<Vec<_>>>()?;
        late.sort_unstable();
        let root = root(&snapshot, &late).await?;
        snapshot.end().await?;
        Ok((position, root))
    }
}

impl Checkpoint {
    /// The hash checkpoint `number` must have when the one before it has the hash `prev`.
    pub(crate) fn hash(&self, prev: &[u8; 32], number: i64) -> [u8; 32] {
        Hasher::new(b"ledger/checkpoint/1")
            .fixed(prev)
            .int(number)
            .int(self.at)
            .fixed(&self.root.hash)
            .int(count(self.root.streams))
            .int(count(self.root.events))
            .field(self.position.tx.to_string().as_bytes())
            .int(self.position.seq)
            .int(self.audit.seq)
            .fixed(&self.audit.hash)
            .finish()
    }

    pub(crate) fn values(&self, number: i64, hash: &[u8; 32]) -> Vec<Value> {
        let Root { hash: root, streams, events } = self.root;
        vec![
            self.at.into(),
            root.to_vec().into(),
            count(streams).into(),
            count(events).into(),
            self.position.tx.to_string().into(),
            self.position.seq.into(),
            self.audit.seq.into(),
            self.audit.hash.to_vec().into(),
            number.into(),
            hash.to_vec().into(),
        ]
    }
}

impl KeptCheckpoint {
    /// It as one line, to be signed and kept elsewhere.
    pub fn text(&self) -> String {
        let Self { checkpoint: Checkpoint { at, root, position, audit }, number, hash } = self;
        format!(
            "tzxm/checkpoint/1 number={number} at={at} streams={} events={} root={} tx={} seq={} audit={} head={} hash={}",
            root.streams,
            root.events,
            hex::encode(root.hash),
            position.tx,
            position.seq,
            audit.seq,
            hex::encode(audit.hash),
            hex::encode(hash)
        )
    }

    /// Reads `at, root, streams, events, tx, seq, audit_seq, audit_hash, number, hash`.
    pub(crate) fn read(row: &QueryResult) -> Result<Self> {
        let count = |column| Ok::<_, crate::LedgerError>(row.try_get_by::<i64>(column)?.unsigned_abs());
        let number = row.try_get_by(8)?;
        let audit =
            Head { seq: row.try_get_by(6)?, hash: digest(&row.try_get_by::<Vec<u8>>(7)?, "checkpoint", number)? };
        let checkpoint = Checkpoint {
            at: row.try_get_by(0)?,
            root: Root {
                hash: digest(&row.try_get_by::<Vec<u8>>(1)?, "checkpoint", number)?,
                streams: count(2)?,
                events: count(3)?,
            },
            position: Position { tx: transaction(row, 4)?, seq: row.try_get_by(5)? },
            audit,
        };
        Ok(Self { checkpoint, number, hash: row.try_get_by(9)? })
    }
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn horizon(row: Option<&QueryResult>) -> Result<Position> {
    row.map_or(Ok(Position::default()), |row| Ok(Position { tx: transaction(row, 0)?, seq: row.try_get_by(1)? }))
}

/// A stream that has gone further: its name, and where it stood before (version 0: nowhere).
type Late = (String, i64, [u8; 32]);

fn late_row(row: &QueryResult) -> Result<Late> {
    let (stream, version): (String, i64) = (row.try_get_by(0)?, row.try_get_by(1)?);
    let head = row.try_get_by::<Option<Vec<u8>>>(2)?.map_or(Ok(crate::ZERO), |hash| digest(&hash, &stream, version))?;
    Ok((stream, version, head))
}

/// The root over all stream rows, those of `late` (sorted) taken back to where they stood before.
async fn root(snapshot: &Snapshot, late: &[Late]) -> Result<Root> {
    let mut tree = Merkle::new();
    let mut after = String::new();
    loop {
        let rows = snapshot.query(sql::HEADS_AFTER, [after.as_str().into(), PAGE.into()]).await?;
        for row in &rows {
            let (stream, version): (String, i64) = (row.try_get_by(0)?, row.try_get_by(1)?);
            match late.binary_search_by(|(name, ..)| name.as_str().cmp(&stream)).ok().and_then(|i| late.get(i)) {
                None => tree.push(&stream, version, &digest(&row.try_get_by::<Vec<u8>>(2)?, &stream, version)?),
                Some((_, 0, _)) => {}
                Some((_, version, head)) => tree.push(&stream, *version, head),
            }
            after = stream;
        }
        if (rows.len() as i64) < PAGE {
            return Ok(tree.root());
        }
    }
}
