//! The chains that run through the whole database: checkpoints, archives and audit records, record by record to their heads.

use std::{collections::BTreeMap, path::Path};

use crate::{
    ArchiveFault, ArchiveMark, AuditRecord, FaultKind, Head, KeptArchive, QueryResult, Result, Store,
    archive::read_archive,
    audit::{Chain, audit_hash, read_head},
    checkpoint::KeptCheckpoint,
    sql,
    verify::Findings,
};

/// Records read at a time.
const PAGE: i64 = 1000;

/// What the walk along the chains found.
#[derive(Default)]
pub(crate) struct Chains {
    pub audited: u64,
    pub elsewhere: u64,
    pub findings: Findings,
    /// Where checkpoints say the audit chain stood: number of the record, its hash, number of the checkpoint.
    marks: BTreeMap<i64, Vec<([u8; 32], i64)>>,
    /// Archives noted, in order.
    archives: Vec<ArchiveMark>,
}

impl Store {
    pub(crate) async fn verify_chains(&self, archives: Option<&Path>) -> Result<Chains> {
        let mut chains = Chains::default();
        // Checkpoints first: whatever they cover was there before them.
        let last =
            self.walk(Chain::Checkpoint, sql::CHECKPOINTS_AFTER, Head::NONE, &mut chains, Chains::checkpoint).await?;
        chains.end(Chain::Checkpoint, last, FaultKind::CheckpointChain);
        // An archive written meanwhile takes records from under the walk: then both are walked again.
        loop {
            let Chains { marks, findings, .. } = &chains;
            let mut round = Chains { marks: marks.clone(), findings: findings.clone(), ..Chains::default() };
            let noted = self.verify_audit(archives, &mut round).await?;
            if self
                .query_one(sql::HEAD, [Chain::Archive.name().into()])
                .await?
                .map(|row| row.try_get_by(0))
                .transpose()?
                == Some(noted)
            {
                return Ok(round);
            }
        }
    }

    /// The notes of archives, the archive files where they are, and the records after them. Where the notes' head stood.
    async fn verify_audit(&self, files: Option<&Path>, chains: &mut Chains) -> Result<i64> {
        let ends = self.walk(Chain::Archive, sql::ARCHIVES_AFTER, Head::NONE, chains, Chains::archive).await?;
        chains.end(Chain::Archive, ends, FaultKind::ArchiveChain);
        let mut start = Head::NONE;
        for mark in std::mem::take(&mut chains.archives) {
            start = Head { seq: mark.last, hash: mark.head };
            match files {
                Some(folder) => {
                    let (path, looked_for) = (folder.join(&mark.file), mark.clone());
                    let read = tokio::task::spawn_blocking(move || read_archive(&path, &looked_for)).await;
                    let read = read.map_err(|error| crate::LedgerError::Unit(error.to_string()))?;
                    chains.archived(&mark, read);
                }
                None => chains.elsewhere(&mark),
            }
        }
        let last = self.walk(Chain::Audit, sql::AUDIT_AFTER, start, chains, Chains::audit).await?;
        chains.end(Chain::Audit, last, FaultKind::AuditHead);
        for (seq, marks) in std::mem::take(&mut chains.marks) {
            for (_, number) in marks {
                chains.findings.add(
                    FaultKind::AuditCheckpoint,
                    Chain::Audit.name(),
                    seq,
                    format!("checkpoint {number} covers a record that is not there"),
                );
            }
        }
        Ok(ends.1.seq)
    }

    /// Reads a chain page by page; returns where it ends and where its head says it ends, seen at the same moment.
    async fn walk(
        &self,
        chain: Chain,
        page: &'static str,
        start: Head,
        chains: &mut Chains,
        step: fn(&mut Chains, &QueryResult, Head) -> Result<Head>,
    ) -> Result<(Head, Head)> {
        // A forger may have put records before the first.
        let (mut last, mut cursor) = (start, i64::MIN);
        loop {
            let snapshot = self.snapshot().await?;
            let rows = snapshot.query(page, [cursor.into(), PAGE.into()]).await?;
            let head = snapshot.query(sql::HEAD, [chain.name().into()]).await?;
            snapshot.end().await?;
            for row in &rows {
                last = step(chains, row, last)?;
                cursor = last.seq;
            }
            if (rows.len() as i64) < PAGE {
                return Ok((last, read_head(head.first(), chain)?));
            }
        }
    }
}

impl Chains {
    fn checkpoint(&mut self, row: &QueryResult, last: Head) -> Result<Head> {
        let KeptCheckpoint { checkpoint, number, hash } = KeptCheckpoint::read(row)?;
        let expected = checkpoint.hash(&last.hash, number);
        if last.seq.checked_add(1) != Some(number) {
            self.add(FaultKind::CheckpointChain, Chain::Checkpoint, number, format!("follows number {}", last.seq));
        } else if hash != expected {
            self.add(FaultKind::CheckpointChain, Chain::Checkpoint, number, "content or predecessor was changed");
        }
        if checkpoint.audit.seq > 0 {
            self.marks.entry(checkpoint.audit.seq).or_default().push((checkpoint.audit.hash, number));
        }
        Ok(Head { seq: number, hash: hash.try_into().unwrap_or(expected) })
    }

    fn archive(&mut self, row: &QueryResult, last: Head) -> Result<Head> {
        let KeptArchive { mark, hash } = KeptArchive::read(row)?;
        let expected = mark.hash(&last.hash, mark.number);
        let (first, prev) =
            self.archives.last().map_or((1, crate::ZERO), |before| (before.last.saturating_add(1), before.head));
        if last.seq.checked_add(1) != Some(mark.number) {
            self.add(FaultKind::ArchiveChain, Chain::Archive, mark.number, format!("follows number {}", last.seq));
        } else if hash != expected {
            self.add(FaultKind::ArchiveChain, Chain::Archive, mark.number, "content or predecessor was changed");
        } else if (mark.first, mark.prev) != (first, prev) || mark.last < mark.first {
            self.add(FaultKind::ArchiveChain, Chain::Archive, mark.number, "does not go on where the one before ended");
        }
        let head = Head { seq: mark.number, hash: hash.try_into().unwrap_or(expected) };
        self.archives.push(mark);
        Ok(head)
    }

    /// What an archive file holds.
    fn archived(&mut self, mark: &ArchiveMark, read: std::result::Result<Vec<AuditRecord>, ArchiveFault>) {
        match read {
            Err(fault) => {
                self.add(FaultKind::Archive, Chain::Archive, mark.number, format!("{}: {fault}", mark.file));
                self.elsewhere(mark);
            }
            Ok(records) => {
                for AuditRecord { seq, hash, .. } in records {
                    self.audited += 1;
                    self.covered(seq, &hash);
                }
            }
        }
    }

    /// An archive that is not looked into: only its ends are known.
    fn elsewhere(&mut self, mark: &ArchiveMark) {
        self.elsewhere += mark.last.abs_diff(mark.first).saturating_add(1);
        let later = self.marks.split_off(&mark.last);
        self.marks = later;
        self.covered(mark.last, &mark.head);
    }

    /// Compares a record with what checkpoints say of it.
    fn covered(&mut self, seq: i64, hash: &[u8]) {
        for (kept, number) in self.marks.remove(&seq).unwrap_or_default() {
            if kept != *hash {
                let detail = format!("checkpoint {number} covers another record");
                self.add(FaultKind::AuditCheckpoint, Chain::Audit, seq, detail);
            }
        }
    }

    fn audit(&mut self, row: &QueryResult, last: Head) -> Result<Head> {
        let AuditRecord { seq, entry, hash } = AuditRecord::read(row)?;
        let expected = audit_hash(&last.hash, seq, &entry);
        self.audited += 1;
        if last.seq.checked_add(1) != Some(seq) {
            self.add(FaultKind::AuditGap, Chain::Audit, seq, format!("follows number {}", last.seq));
        } else if hash != expected {
            self.add(FaultKind::AuditHash, Chain::Audit, seq, "content or predecessor was changed");
        }
        let hash: [u8; 32] = hash.try_into().unwrap_or(expected);
        self.covered(seq, &hash);
        Ok(Head { seq, hash })
    }

    fn end(&mut self, chain: Chain, (last, head): (Head, Head), kind: FaultKind) {
        if last != head {
            self.add(kind, chain, last.seq, format!("the chain's head says number {}", head.seq));
        }
    }

    fn add(&mut self, kind: FaultKind, chain: Chain, seq: i64, detail: impl Into<String>) {
        self.findings.add(kind, chain.name(), seq, detail);
    }
}
