//! 电子签章 of papers: each paper is signed once after it was issued, by whichever node comes first; the public keys are published
//! and stay published, so that an old paper verifies after the key was replaced (P-07; ).

mod sm2;
pub mod stamp;
mod stamping;

pub use sm2::{Sm2Error, Sm2Signer, USER_ID, verifies};
pub use stamping::StampCheck;

use crate::{Action, Call, Failure, Object, Platform, permission, ports::Signer, stream::refused};
use domain::{
    Moment,
    document::Document,
    seal::{PaperSeal, PaperSealEvent, PublicKey, Seal, SealKey, SealKeyEvent},
};
use std::{collections::BTreeMap, sync::Arc};

/// Papers signed in one commit.
const BATCH: i64 = 50;

/// What the check page says about the seal of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealCheck {
    /// The key that signed.
    pub key: PublicKey,
    /// The signature, DER.
    pub signature: Vec<u8>,
    /// When it was signed.
    pub at: Moment,
    /// It fits the text and the published key.
    pub valid: bool,
    /// 时间戳; `None` while there is none.
    pub stamp: Option<StampCheck>,
}

/// Keys of organs, by their full names: each seals the papers it issues (电子签名法第十三条: 由电子签名人控制). An organ without one has its
/// papers sealed by the platform's key.
#[derive(Default)]
pub struct OrganSeals(BTreeMap<String, Arc<dyn Signer>>);

impl OrganSeals {
    /// Of signers that name their organ.
    pub fn new(signers: impl IntoIterator<Item = Arc<dyn Signer>>) -> Self {
        Self(signers.into_iter().map(|signer| (signer.public_key().organ.clone(), signer)).collect())
    }

    /// Who signs the papers of an organ.
    fn of(&self, organ: &str) -> Option<&Arc<dyn Signer>> {
        self.0.get(organ)
    }
}

/// A paper that waits for its seal.
struct Waiting {
    issued_at: i64,
    document: Document,
}

impl Platform {
    /// Signs what was issued and is not signed yet. How many papers were signed; none without a key.
    pub async fn seal_papers(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::SealPapers, Object::default(), self.rules.regions)?;
        if self.signer.is_none() && self.organ_seals.0.is_empty() {
            return Ok(0);
        }
        for signer in self.signer.iter().chain(self.organ_seals.0.values()) {
            self.publish_key(call, signer.public_key()).await?;
        }
        let (mut signed, mut after) = (0, (i64::MIN, String::new()));
        loop {
            let page = self.unsigned(&after).await?;
            let Some(last) = page.last() else { return Ok(signed) };
            after = (last.issued_at, last.document.number.clone());
            signed += match self.seal_batch(call, page).await {
                // Another node signed one of them in the meantime; the rest is the next round's.
                Err(Failure::Conflict) => 0,
                other => other?,
            };
        }
    }

    async fn publish_key(&self, call: &Call, key: &PublicKey) -> Result<(), Failure> {
        let stream = self.load::<SealKey>(&key.id).await?;
        if stream.exists() {
            return Ok(());
        }
        let mut change = self.change(call);
        change.append(stream, &[SealKeyEvent::SealKeyPublished(key.clone())])?;
        match change.commit_or(&key.id, refused).await {
            Err(Failure::Conflict) => Ok(()),
            other => other,
        }
    }

    async fn unsigned(&self, after: &(i64, String)) -> Result<Vec<Waiting>, Failure> {
        let sql = "SELECT issued_at, data FROM documents WHERE seal_key = '' AND (issued_at > $1 OR (issued_at = $1 AND number > $2)) \
                   ORDER BY issued_at, number LIMIT $3";
        let rows = self.store.query(sql, [after.0.into(), after.1.clone().into(), BATCH.into()]).await;
        let read = |row: &ledger::QueryResult| {
            let data: String = row.try_get("", "data").map_err(Failure::fault)?;
            let document = serde_json::from_str(&data).map_err(Failure::fault)?;
            Ok(Waiting { issued_at: row.try_get("", "issued_at").map_err(Failure::fault)?, document })
        };
        rows.map_err(Failure::fault)?.iter().map(read).collect()
    }

    async fn seal_batch(&self, call: &Call, page: Vec<Waiting>) -> Result<u64, Failure> {
        let signer =
            |waiting: &Waiting| self.organ_seals.of(&waiting.document.issuer).or(self.signer.as_ref()).cloned();
        let page: Vec<_> = page.into_iter().filter_map(|waiting| Some((signer(&waiting)?, waiting))).collect();
        let seals = tokio::task::spawn_blocking(move || seals(&page)).await.map_err(Failure::fault)?;
        let mut change = self.change(call);
        let mut count = 0;
        for seal in seals.map_err(Failure::Fault)? {
            let stream = self.load::<PaperSeal>(&seal.number).await?;
            if !stream.exists() {
                change.append(stream, &[PaperSealEvent::PaperSealed(seal)])?;
                count += 1;
            }
        }
        if count > 0 {
            change.commit_or("seal", refused).await?;
        }
        Ok(count)
    }

    /// The seal of a stored paper; `None` while it is not signed.
    pub(crate) async fn seal_of(&self, document: &Document) -> Result<Option<SealCheck>, Failure> {
        let sql = "SELECT d.seal_key, d.signature, d.sealed_at, k.pem, k.organ, k.certificate FROM documents d JOIN seal_keys k ON k.id = d.seal_key WHERE d.number = $1";
        let row = self.store.query_one(sql, [document.number.clone().into()]).await.map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let key = PublicKey {
            id: text("seal_key")?,
            pem: text("pem")?,
            organ: text("organ")?,
            certificate: text("certificate")?,
        };
        let signature = hex::decode(text("signature")?).map_err(Failure::fault)?;
        let at = Moment(row.try_get("", "sealed_at").map_err(Failure::fault)?);
        let valid = verifies(&key.pem, &document.text(), &signature);
        let stamp = self.stamp_of(document, &signature).await?;
        Ok(Some(SealCheck { key, signature, at, valid, stamp }))
    }
}

/// Signatures over papers that still say what they were issued with; a paper that does not is left unsigned and logged.
fn seals(page: &[(Arc<dyn Signer>, Waiting)]) -> Result<Vec<Seal>, Box<dyn std::error::Error + Send + Sync>> {
    let intact = page.iter().map(|(signer, waiting)| (signer, &waiting.document)).filter(|(_, document)| {
        let intact = document.is_intact();
        if !intact {
            tracing::error!(number = %document.number, "a paper does not fit its check value and is not sealed");
        }
        intact
    });
    intact
        .map(|(signer, document)| {
            Ok(Seal {
                number: document.number.clone(),
                key: signer.public_key().id.clone(),
                signature: hex::encode(signer.sign(&document.text())?),
            })
        })
        .collect()
}
