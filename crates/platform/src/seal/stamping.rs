//! 时间戳 over papers: every sealed paper gets into a list that a time stamp authority signs, in batches.

use super::stamp::{read_answer, request};
use crate::{Action, Call, Failure, Object, Platform, permission, stream::refused};
use domain::{
    Moment,
    document::Document,
    time_stamp::{StampDigest, Stamped, TimeStamp, TimeStampEvent, line_of},
};
use sm3::{Digest, Sm3};

/// Papers of one list.
const BATCH: i64 = 200;

/// The time stamp of a paper, as the check page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampCheck {
    /// The moment the authority says.
    pub at: Moment,
    /// What was stamped.
    pub list: String,
    /// The authority's answer (TimeStampResp, DER).
    pub answer: Vec<u8>,
    /// The list names this very paper and seal, and the answer is over this list.
    pub valid: bool,
}

/// A paper's line in the list it was stamped with.
fn line(document: &Document, signature: &[u8]) -> String {
    line_of(&hex::encode(Sm3::digest(document.text())), &hex::encode(signature))
}

impl Platform {
    /// Has the papers stamped that were sealed since the last time. How many; none without an authority.
    pub async fn stamp_papers(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::SealPapers, Object::default(), self.rules.regions)?;
        let Some(stamper) = self.stamper.clone() else { return Ok(0) };
        let mut stamped = 0;
        loop {
            let (papers, list) = self.unstamped().await?;
            if papers.is_empty() {
                return Ok(stamped);
            }
            let mut nonce = [0; 8];
            self.chance.fill(&mut nonce);
            let nonce = u64::from_be_bytes(nonce);
            let digest = stamper.digest();
            let answer = stamper.ask(&request(digest, list.as_bytes(), nonce)).await.map_err(Failure::Fault)?;
            let said = read_answer(&answer, digest, list.as_bytes(), Some(nonce)).map_err(Failure::fault)?;
            let count = papers.len() as u64;
            let id = hex::encode(self.chance.id());
            let stream = self.load::<TimeStamp>(&id).await?;
            let stamp = Stamped { id: id.clone(), said, digest, papers, list, answer: hex::encode(answer) };
            let mut change = self.change(call);
            change.append(stream, &[TimeStampEvent::PapersStamped(stamp)])?;
            change.commit_or(&id, refused).await?;
            stamped += count;
        }
    }

    /// Sealed papers without a time stamp, and the list of them.
    async fn unstamped(&self) -> Result<(Vec<String>, String), Failure> {
        let sql = "SELECT number, data, signature FROM documents WHERE stamp = '' AND seal_key <> '' ORDER BY sealed_at, number LIMIT $1";
        let (mut papers, mut list) = (Vec::new(), String::new());
        for row in &self.store.query(sql, [BATCH.into()]).await.map_err(Failure::fault)? {
            let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
            let document: Document = serde_json::from_str(&text("data")?).map_err(Failure::fault)?;
            list.push_str(&line(&document, &hex::decode(text("signature")?).map_err(Failure::fault)?));
            papers.push(document.number);
        }
        Ok((papers, list))
    }

    /// The time stamp of a sealed paper; `None` while it has none.
    pub(crate) async fn stamp_of(&self, document: &Document, signature: &[u8]) -> Result<Option<StampCheck>, Failure> {
        let sql = "SELECT s.said, s.digest, s.list, s.answer FROM time_stamps s JOIN documents d ON d.stamp = s.id WHERE d.number = $1";
        let row = self.store.query_one(sql, [document.number.clone().into()]).await.map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let digest: StampDigest = serde_json::from_value(text("digest")?.into()).map_err(Failure::fault)?;
        let (list, answer) = (text("list")?, hex::decode(text("answer")?).map_err(Failure::fault)?);
        let at = Moment(row.try_get("", "said").map_err(Failure::fault)?);
        let named = list.contains(&line(document, signature));
        let valid = named && read_answer(&answer, digest, list.as_bytes(), None) == Ok(at);
        Ok(Some(StampCheck { at, list, answer, valid }))
    }
}
