//! 时间戳 (RFC 3161, GB/T 20520): a time stamp authority outside of the house signs that a list of sealed papers was there at a moment, so
//! that no key of ours can date a paper back (P-07, A-24). Asking it is a port; here is what is kept.

use crate::{Aggregate, Meta, Moment};
use serde::{Deserialize, Serialize};

/// The digest a time stamp is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StampDigest {
    /// SM3 (GB/T 32905).
    #[default]
    Sm3,
    /// SHA-256, for authorities that know no SM3.
    Sha256,
}

/// One time stamp over a list of papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Its id.
    pub id: String,
    /// The moment the authority says.
    pub said: Moment,
    /// Digest of the list.
    pub digest: StampDigest,
    /// 文号 of the papers.
    pub papers: Vec<String>,
    /// What was stamped: a line for each paper, see [`line_of`].
    pub list: String,
    /// The authority's whole answer (TimeStampResp, DER) in hexadecimal.
    pub answer: String,
}

/// A paper's line of the list: SM3 of what the paper says and the seal's signature. No number: whoever reads the list for one paper
/// learns of no other.
pub fn line_of(sm3: &str, signature: &str) -> String {
    format!("{sm3}\t{signature}\n")
}

/// Facts about a time stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum TimeStampEvent {
    /// 加盖时间戳.
    PapersStamped(Stamped),
}

/// A time stamp: given once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeStamp {
    /// How many papers; `None` before.
    pub papers: Option<usize>,
}

impl Aggregate for TimeStamp {
    const KIND: &'static str = "time_stamp";
    type Event = TimeStampEvent;

    fn is_platform_act(_: &TimeStampEvent) -> bool {
        true
    }

    fn apply(&mut self, event: &TimeStampEvent, _: &Meta) {
        let TimeStampEvent::PapersStamped(stamped) = event;
        self.papers = Some(stamped.papers.len());
    }
}
