//! Checkpoints outside of the database, signed: whoever rewrites records, heads and the table of checkpoints together still
//! contradicts them (S-14, A-06).

use super::folder::{EvidenceFolder, SignedLine, signed_lines};
use crate::{Action, Call, Failure, Object, Platform, permission, ports::Signer, seal::verifies};
use domain::Moment;
use ledger::{Fault, FaultKind, KeptCheckpoint, Store};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::Arc,
};
use tokio::task::spawn_blocking;

/// Checkpoints signed, or compared, at a time.
const PAGE: u64 = 500;
/// Lines whose signature is checked: the newest, and each that contradicts. The chain covers what is before them.
const NEWEST: usize = 64;

/// Signs a text as a line.
pub(super) fn sign(signer: &dyn Signer, text: String) -> io::Result<SignedLine> {
    let signature = signer.sign(text.as_bytes()).map_err(io::Error::other)?;
    Ok(SignedLine { key: signer.public_key().id.clone(), signature: hex::encode(signature), text })
}

impl Platform {
    /// Writes the checkpoints that are not outside yet there, signed. How many; none without a folder and a key.
    pub async fn keep_outside(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let (Some(folder), Some(signer)) = (self.evidence.folder.clone(), self.evidence.signer.clone()) else {
            return Ok(0);
        };
        let mut written = 0;
        loop {
            let there = folder.clone();
            let last = blocking(move || there.last_checkpoint()).await?;
            let page = self.store.checkpoints_after(last.unwrap_or(0), PAGE).await.map_err(Failure::fault)?;
            if page.is_empty() {
                return Ok(written);
            }
            let (folder, signer) = (folder.clone(), signer.clone());
            written += blocking(move || keep(&folder, &signer, last, &page)).await?;
        }
    }
}

fn keep(
    folder: &EvidenceFolder,
    signer: &Arc<dyn Signer>,
    last: Option<i64>,
    page: &[KeptCheckpoint],
) -> io::Result<u64> {
    folder.publish(signer.public_key())?;
    let at = page.first().map_or(0, |kept| kept.checkpoint.at);
    let month: String = Moment(at).date().to_string().chars().take(7).collect();
    let lines = page.iter().map(|kept| sign(signer.as_ref(), kept.text())).collect::<io::Result<Vec<_>>>()?;
    Ok(if folder.append(last, &month, &lines)? { lines.len() as u64 } else { 0 })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(Failure::fault)?.map_err(Failure::fault)
}

fn fault(kind: FaultKind, chain: &str, number: i64, detail: &str) -> Fault {
    Fault { kind, stream: chain.to_owned(), version: number, detail: detail.to_owned() }
}

/// Compares the database with what lies outside: signed checkpoints and the notes of archives.
pub async fn outside_faults(store: &Store, folder: &EvidenceFolder) -> Result<Vec<Fault>, Failure> {
    let there = folder.clone();
    let (keys, files) = blocking(move || Ok((there.keys()?, there.checkpoint_files()?))).await?;
    let mut check = Check { keys, before: None, newest: VecDeque::new(), faults: Vec::new() };
    for path in files {
        let lines = blocking(move || signed_lines(&path)?.collect::<io::Result<Vec<_>>>()).await?;
        for page in lines.chunks(PAGE as usize) {
            let first = page.first().and_then(SignedLine::number).unwrap_or(1);
            let kept = store.checkpoints_after(first - 1, PAGE).await.map_err(Failure::fault)?;
            let kept: BTreeMap<i64, String> = kept.into_iter().map(|kept| (kept.number, kept.text())).collect();
            page.iter().for_each(|line| check.line(line, &kept));
        }
    }
    let mut after = 0;
    loop {
        let archives = store.archives_after(after, PAGE).await.map_err(Failure::fault)?;
        let Some(last) = archives.last() else { break };
        after = last.mark.number;
        for kept in archives {
            let mark = kept.mark;
            let line = SignedLine { text: mark.text(), key: mark.key.clone(), signature: mark.signature.clone() };
            if !check.is_signed(&line) {
                let detail = "the note of an archive is not signed by a known key";
                check.faults.push(fault(FaultKind::Signature, "archive", mark.number, detail));
            }
        }
    }
    Ok(check.end())
}

/// On the way through the lines.
struct Check {
    keys: BTreeMap<String, String>,
    before: Option<i64>,
    /// The newest lines that say the same as the database.
    newest: VecDeque<SignedLine>,
    faults: Vec<Fault>,
}

impl Check {
    fn is_signed(&self, SignedLine { text, key, signature }: &SignedLine) -> bool {
        let signature = hex::decode(signature).ok();
        self.keys.get(key).zip(signature).is_some_and(|(pem, signature)| verifies(pem, text.as_bytes(), &signature))
    }

    fn line(&mut self, line: &SignedLine, kept: &BTreeMap<i64, String>) {
        let number = line.number().unwrap_or_default();
        let follows = self.before.is_none_or(|before| before.checked_add(1) == Some(number));
        self.before = Some(number);
        let same = kept.get(&number) == Some(&line.text);
        if !same && !self.is_signed(line) {
            self.unsigned(number);
        } else if !same {
            let detail = "the database holds another checkpoint than the one signed then, or none";
            self.faults.push(fault(FaultKind::Outside, "checkpoint", number, detail));
        } else if !follows {
            self.faults.push(fault(
                FaultKind::Outside,
                "checkpoint",
                number,
                "a signed checkpoint before it is missing",
            ));
        }
        if same {
            self.newest.push_back(line.clone());
            if self.newest.len() > NEWEST {
                self.newest.pop_front();
            }
        }
    }

    fn unsigned(&mut self, number: i64) {
        let detail = "a checkpoint outside is not signed by a known key";
        self.faults.push(fault(FaultKind::Signature, "checkpoint", number, detail));
    }

    fn end(mut self) -> Vec<Fault> {
        for line in std::mem::take(&mut self.newest) {
            if !self.is_signed(&line) {
                self.unsigned(line.number().unwrap_or_default());
            }
        }
        self.faults
    }
}
