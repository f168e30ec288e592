//! The two chains that run through the whole database: audit records and checkpoints, record by record to their heads.

use std::collections::BTreeMap;

use crate::{
    AuditRecord, FaultKind, Head, QueryResult, Result, Store,
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
    pub findings: Findings,
    /// Where checkpoints say the audit chain stood: number of the record, its hash, number of the checkpoint.
    marks: BTreeMap<i64, Vec<([u8; 32], i64)>>,
}

impl Store {
    pub(crate) async fn verify_chains(&self) -> Result<Chains> {
        let mut chains = Chains::default();
        // Checkpoints first: whatever they cover was there before them.
        let last = self.walk(Chain::Checkpoint, sql::CHECKPOINTS_AFTER, &mut chains, Chains::checkpoint).await?;
        chains.end(Chain::Checkpoint, last, FaultKind::CheckpointChain);
        let last = self.walk(Chain::Audit, sql::AUDIT_AFTER, &mut chains, Chains::audit).await?;
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
        Ok(chains)
    }

    /// Reads a chain page by page; returns where it ends and where its head says it ends, seen at the same moment.
    async fn walk(
        &self,
        chain: Chain,
        page: &'static str,
        chains: &mut Chains,
        step: fn(&mut Chains, &QueryResult, Head) -> Result<Head>,
    ) -> Result<(Head, Head)> {
        // A forger may have put records before the first.
        let (mut last, mut cursor) = (Head::NONE, i64::MIN);
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

    fn audit(&mut self, row: &QueryResult, last: Head) -> Result<Head> {
        let AuditRecord { seq, entry, hash } = AuditRecord::read(row)?;
        let expected = audit_hash(&last.hash, seq, &entry);
        self.audited += 1;
        if last.seq.checked_add(1) != Some(seq) {
            self.add(FaultKind::AuditGap, Chain::Audit, seq, format!("follows number {}", last.seq));
        } else if hash != expected {
            self.add(FaultKind::AuditHash, Chain::Audit, seq, "content or predecessor was changed");
        }
        let hash = hash.try_into().unwrap_or(expected);
        for (kept, number) in self.marks.remove(&seq).unwrap_or_default() {
            if kept != hash {
                let detail = format!("checkpoint {number} covers another record");
                self.add(FaultKind::AuditCheckpoint, Chain::Audit, seq, detail);
            }
        }
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
