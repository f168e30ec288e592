//! A proof of work: a number that makes the SM3 of the challenge begin with so many zero bits. It takes a browser about a second and
//! tells nobody who a person is. A challenge is bound to its source, good for ten minutes and used up once.

use crate::{Failure, Platform};
use ledger::{Refused, Row, Unit, Value};
use sm3::{Digest, Sm3};

/// Zero bits the digest begins with.
pub const BITS: u32 = 16;
/// How long a challenge is good, in milliseconds.
const GOOD: i64 = 10 * 60_000;
/// Longest proof, in characters.
const LONGEST: usize = 300;

/// The name check values are made under.
const NAME: &str = "work";

/// Zero bits at the beginning.
fn zero_bits(digest: &[u8]) -> u32 {
    let whole = digest.iter().take_while(|byte| **byte == 0).count();
    let rest = digest.get(whole).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(whole).unwrap_or(0) * 8 + rest
}

/// Whether the answer solves the challenge.
fn solves(challenge: &str, answer: &str) -> bool {
    let number = !answer.is_empty() && answer.len() <= 12 && answer.bytes().all(|b| b.is_ascii_digit());
    number && zero_bits(Sm3::digest(format!("{challenge}:{answer}")).as_slice()) >= BITS
}

impl Platform {
    fn work_values(until: i64, nonce: &str, source: &str) -> [Value; 3] {
        [until.into(), nonce.into(), source.into()]
    }

    /// `until.nonce.check value`.
    pub(super) fn new_work(&self, source: &str) -> String {
        let (until, nonce) = (self.clock.now().0 + GOOD, hex::encode(self.chance.id()));
        let mac = self.sealer.mac(NAME, &Self::work_values(until, &nonce, source));
        format!("{until}.{nonce}.{mac}")
    }

    /// Whether the proof is good for that source; it is used up by it.
    pub(super) async fn spend_work(&self, proof: &str, source: &str) -> Result<bool, Failure> {
        let Some((challenge, answer)) = proof.trim().rsplit_once(':').filter(|_| proof.len() <= LONGEST) else {
            return Ok(false);
        };
        let mut parts = challenge.splitn(3, '.');
        let (Some(until), Some(nonce), Some(mac)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(false);
        };
        let Ok(until) = until.parse::<i64>() else { return Ok(false) };
        let now = self.clock.now().0;
        let ours = self.sealer.made(NAME, &Self::work_values(until, nonce, source), mac);
        if until < now || !ours || !solves(challenge, answer) {
            return Ok(false);
        }
        let mut unit = Unit::new();
        unit.row(Row::new("INSERT INTO work_spent(id, until) VALUES($1, $2)", [nonce.into(), until.into()]));
        unit.row(Row::new("DELETE FROM work_spent WHERE until < $1", [now.into()]));
        match self.store.commit(unit).await {
            Ok(()) => Ok(true),
            Err(Refused::Taken(_)) => Ok(false),
            Err(other) => Err(crate::stream::refused(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a07_work_is_counted_in_zero_bits() {
        assert_eq!(zero_bits(&[0, 0, 0x80]), 16);
        assert_eq!(zero_bits(&[0, 0x01]), 15);
        assert_eq!(zero_bits(&[0xff]), 0);
        let challenge = "1790000000000.00112233445566778899aabbccddeeff00.test:00";
        let solution = (0u64..).map(|n| n.to_string()).find(|answer| solves(challenge, answer));
        let solution = solution.unwrap_or_default();
        assert!(solves(challenge, &solution) && !solves(challenge, "") && !solves(challenge, "x"));
        assert!(!solves("1790000000000.other.test:00", &solution));
    }
}
