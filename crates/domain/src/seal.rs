//! 电子签章: a signature over a paper's text, made by the platform's key once the paper was issued, and the keys it was made with
//! (电子签名法第十三条; GB/T 39786 non-repudiation, P-07). Signing itself is a port; here is what is kept.

use crate::{Aggregate, Meta};
use serde::{Deserialize, Serialize};

/// A signature over a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// 文号 of the paper.
    pub number: String,
    /// Id of the key.
    pub key: String,
    /// The signature in hexadecimal (DER).
    pub signature: String,
}

/// Facts about the seal of one paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum PaperSealEvent {
    /// 签章.
    PaperSealed(Seal),
}

/// The seal of one paper: given once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSeal {
    /// The signature; `None` before.
    pub seal: Option<Seal>,
}

impl Aggregate for PaperSeal {
    const KIND: &'static str = "paper_seal";
    type Event = PaperSealEvent;

    fn is_platform_act(_: &PaperSealEvent) -> bool {
        true
    }

    fn apply(&mut self, event: &PaperSealEvent, _: &Meta) {
        let PaperSealEvent::PaperSealed(seal) = event;
        self.seal = Some(seal.clone());
    }
}

/// A public key, as anybody may use it to verify.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its id.
    pub id: String,
    /// PEM (SubjectPublicKeyInfo).
    pub pem: String,
    /// 机关全称 whose key it is; empty: the platform's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organ: String,
    /// The certificate (PEM) a licensed authority gave for it (电子签名法第十三条); empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub certificate: String,
}

impl PublicKey {
    /// Whose key it is, for people.
    pub fn holder(&self) -> &str {
        if self.organ.is_empty() { "平台" } else { &self.organ }
    }
}

/// Facts about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum SealKeyEvent {
    /// 公布公钥: before its first signature; kept after the key was replaced.
    SealKeyPublished(PublicKey),
}

/// A key of the seal: published once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealKey {
    /// The key; `None` before.
    pub published: Option<PublicKey>,
}

impl Aggregate for SealKey {
    const KIND: &'static str = "seal_key";
    type Event = SealKeyEvent;

    fn is_platform_act(_: &SealKeyEvent) -> bool {
        true
    }

    fn apply(&mut self, event: &SealKeyEvent, _: &Meta) {
        let SealKeyEvent::SealKeyPublished(key) = event;
        self.published = Some(key.clone());
    }
}
