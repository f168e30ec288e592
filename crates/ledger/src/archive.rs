//! Archives of the audit chain: files that hold its oldest records, so that the table need not grow for ever.
//!
//! A file is JSON lines: where it begins, its records, where it ends. What is noted of it in table `audit_archive` is a chain
//! of its own, and the audit chain goes on from the head of the last one (docs/decisions/0002-chain.md).

use std::path::Path;

use sea_orm::Value;
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use tokio::{fs::File, io::AsyncWriteExt};

use crate::{
    AuditEntry, AuditRecord, LedgerError, QueryResult, Result, Store, audit_hash, chain::Hasher, event::digest, sql,
};

/// The format's name and version.
const FORMAT: &str = "audit/1";
/// Records read at a time.
const PAGE: i64 = 1000;

/// What is noted of an archive file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveMark {
    /// From 1 without gaps.
    pub number: i64,
    /// When, ms UTC.
    pub at: i64,
    /// Number of its first record.
    pub first: i64,
    /// Number of its last record.
    pub last: i64,
    /// Hash of the record before the first; zeros for none.
    pub prev: [u8; 32],
    /// Hash of the last record.
    pub head: [u8; 32],
    /// Name of the file, without folder.
    pub file: String,
    /// SM3 of the file.
    pub digest: [u8; 32],
    /// Which key signed [`ArchiveMark::text`].
    pub key: String,
    /// Its signature, hexadecimal.
    pub signature: String,
}

impl ArchiveMark {
    /// What is signed: one line that names the file and everything that identifies its content.
    pub fn text(&self) -> String {
        format!(
            "tzxm/archive/1 number={} at={} first={} last={} prev={} head={} file={} sm3={}",
            self.number,
            self.at,
            self.first,
            self.last,
            hex::encode(self.prev),
            hex::encode(self.head),
            self.file,
            hex::encode(self.digest)
        )
    }

    /// The hash its note must have when the note before has the hash `prev`.
    pub(crate) fn hash(&self, prev: &[u8; 32], number: i64) -> [u8; 32] {
        Hasher::new(b"ledger/archive/1")
            .fixed(prev)
            .int(number)
            .field(self.text().as_bytes())
            .field(self.key.as_bytes())
            .field(self.signature.as_bytes())
            .finish()
    }

    pub(crate) fn values(&self, number: i64, hash: &[u8; 32]) -> Vec<Value> {
        vec![
            number.into(),
            self.at.into(),
            self.first.into(),
            self.last.into(),
            self.prev.to_vec().into(),
            self.head.to_vec().into(),
            self.file.clone().into(),
            self.digest.to_vec().into(),
            self.key.clone().into(),
            self.signature.clone().into(),
            hash.to_vec().into(),
        ]
    }
}

/// A note as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptArchive {
    /// What it says.
    pub mark: ArchiveMark,
    /// SM3 over the hash of the note before and this one; 32 bytes unless somebody changed it.
    pub hash: Vec<u8>,
}

impl KeptArchive {
    pub(crate) fn read(row: &QueryResult) -> Result<Self> {
        let number = row.try_get_by(0)?;
        let bytes = |place| digest(&row.try_get_by::<Vec<u8>>(place)?, "archive", number);
        let mark = ArchiveMark {
            number,
            at: row.try_get_by(1)?,
            first: row.try_get_by(2)?,
            last: row.try_get_by(3)?,
            prev: bytes(4)?,
            head: bytes(5)?,
            file: row.try_get_by(6)?,
            digest: bytes(7)?,
            key: row.try_get_by(8)?,
            signature: row.try_get_by(9)?,
        };
        Ok(Self { mark, hash: row.try_get_by(10)? })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Begin(Begin),
    Record(Box<RecordLine>),
    End(End),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    format: String,
    first: i64,
    prev: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    last: i64,
    head: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordLine {
    seq: i64,
    at: i64,
    request: String,
    face: String,
    source: String,
    session: String,
    actor: String,
    role: String,
    organisation: String,
    method: String,
    path: String,
    object: String,
    outcome: String,
    reason: String,
    before: String,
    after: String,
    hash: String,
}

impl RecordLine {
    fn of(AuditRecord { seq, entry, hash }: AuditRecord) -> Self {
        Self {
            seq,
            at: entry.at,
            request: entry.request,
            face: entry.face,
            source: entry.source,
            session: entry.session,
            actor: entry.actor,
            role: entry.role,
            organisation: entry.organisation,
            method: entry.method,
            path: entry.path,
            object: entry.object,
            outcome: entry.outcome,
            reason: entry.reason,
            before: entry.before,
            after: entry.after,
            hash: hex::encode(hash),
        }
    }

    fn record(self) -> std::result::Result<AuditRecord, ArchiveFault> {
        let hash = hex::decode(&self.hash).map_err(|_| ArchiveFault::at(self.seq, "its hash is not hexadecimal"))?;
        let entry = AuditEntry {
            at: self.at,
            request: self.request,
            face: self.face,
            source: self.source,
            session: self.session,
            actor: self.actor,
            role: self.role,
            organisation: self.organisation,
            method: self.method,
            path: self.path,
            object: self.object,
            outcome: self.outcome,
            reason: self.reason,
            before: self.before,
            after: self.after,
        };
        Ok(AuditRecord { seq: self.seq, entry, hash })
    }
}

/// Why an archive file is not what was noted of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: {reason}")]
pub struct ArchiveFault {
    /// Number of the record where it shows; 0 for the file as a whole.
    pub seq: i64,
    /// What is wrong, in English.
    pub reason: String,
}

impl ArchiveFault {
    fn at(seq: i64, reason: impl Into<String>) -> Self {
        Self { seq, reason: reason.into() }
    }
}

/// Reads a file and proves every record of it: numbers, hashes, both ends, and the digest of the whole.
///
/// # Errors
/// The first thing that does not fit `mark`.
pub fn read_archive(path: &Path, mark: &ArchiveMark) -> std::result::Result<Vec<AuditRecord>, ArchiveFault> {
    let text = std::fs::read(path).map_err(|error| ArchiveFault::at(0, format!("cannot be read: {error}")))?;
    let whole = <[u8; 32]>::from(Sm3::digest(&text));
    let text = String::from_utf8(text).map_err(|_| ArchiveFault::at(0, "is no text"))?;
    let mut lines = text.lines().map(|line| {
        serde_json::from_str::<Line>(line).map_err(|error| ArchiveFault::at(0, format!("not an archive: {error}")))
    });
    match lines.next().transpose()? {
        Some(Line::Begin(begin))
            if begin.format == FORMAT && begin.first == mark.first && begin.prev == hex::encode(mark.prev) => {}
        _ => return Err(ArchiveFault::at(0, "begins elsewhere")),
    }
    let (mut last, mut head, mut records) = (mark.first.saturating_sub(1), mark.prev, Vec::new());
    loop {
        match lines.next().transpose()? {
            Some(Line::Record(line)) => {
                let record = line.record()?;
                let expected = audit_hash(&head, record.seq, &record.entry);
                if last.checked_add(1) != Some(record.seq) {
                    return Err(ArchiveFault::at(record.seq, format!("follows number {last}")));
                }
                if record.hash != expected {
                    return Err(ArchiveFault::at(record.seq, "content or predecessor was changed"));
                }
                (last, head) = (record.seq, expected);
                records.push(record);
            }
            Some(Line::End(end)) if end.last == last && end.head == hex::encode(head) && lines.next().is_none() => {
                break;
            }
            _ => return Err(ArchiveFault::at(last, "ends elsewhere")),
        }
    }
    if (last, head) != (mark.last, mark.head) {
        return Err(ArchiveFault::at(last, "ends elsewhere"));
    }
    if whole != mark.digest {
        return Err(ArchiveFault::at(0, "is another file"));
    }
    Ok(records)
}

impl Store {
    /// The archive noted last.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_archive(&self) -> Result<Option<KeptArchive>> {
        self.query_one(sql::LAST_ARCHIVE, []).await?.map(|row| KeptArchive::read(&row)).transpose()
    }

    /// Notes of archives after a number, oldest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn archives_after(&self, number: i64, limit: u64) -> Result<Vec<KeptArchive>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.query(sql::ARCHIVES_AFTER, [number.into(), limit.into()]).await?;
        rows.iter().map(KeptArchive::read).collect()
    }

    /// Writes the records up to number `last` that are not archived yet into a new file, and it to the disk. The
    /// mark has everything but `file`, `key` and `signature`. Nothing is removed: that is [`crate::Unit::archive`].
    ///
    /// # Errors
    /// When a record is missing or does not fit its hash (then nothing may be archived), the database cannot answer or the
    /// disk is full.
    pub async fn write_archive(&self, path: &Path, last: i64, at: i64) -> Result<ArchiveMark> {
        let before = self.last_archive().await?.map(|kept| kept.mark);
        let (number, first, prev) = before.map_or((1, 1, crate::ZERO), |mark| {
            (mark.number.saturating_add(1), mark.last.saturating_add(1), mark.head)
        });
        let mut file = Digesting { file: File::create(path).await?, digest: Sm3::new() };
        file.line(&Line::Begin(Begin { format: FORMAT.to_owned(), first, prev: hex::encode(prev) })).await?;
        let (mut next, mut head) = (first, prev);
        while next <= last {
            let rows = self.query(sql::AUDIT_BETWEEN, [next.into(), last.into(), PAGE.into()]).await?;
            let mut text = Vec::new();
            for row in &rows {
                let record = AuditRecord::read(row)?;
                let expected = audit_hash(&head, next, &record.entry);
                if record.seq != next || record.hash != expected {
                    return Err(LedgerError::broken("audit", next, "is missing or was changed: not archived"));
                }
                (next, head) = (next + 1, expected);
                line(&mut text, &Line::Record(Box::new(RecordLine::of(record))))?;
            }
            if rows.is_empty() {
                return Err(LedgerError::broken("audit", next, "is missing: not archived"));
            }
            file.write(&text).await?;
        }
        file.line(&Line::End(End { last, head: hex::encode(head) })).await?;
        let digest = file.finish().await?;
        let (file, key, signature) = (String::new(), String::new(), String::new());
        Ok(ArchiveMark { number, at, first, last, prev, head, file, digest, key, signature })
    }
}

fn line(text: &mut Vec<u8>, line: &Line) -> Result<()> {
    serde_json::to_writer(&mut *text, line).map_err(|error| LedgerError::Unit(error.to_string()))?;
    text.push(b'\n');
    Ok(())
}

/// A file that counts its digest as it grows.
struct Digesting {
    file: File,
    digest: Sm3,
}

impl Digesting {
    async fn line(&mut self, of: &Line) -> Result<()> {
        let mut text = Vec::new();
        line(&mut text, of)?;
        self.write(&text).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.digest.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }

    async fn finish(mut self) -> Result<[u8; 32]> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(self.digest.finalize().into())
    }
}
