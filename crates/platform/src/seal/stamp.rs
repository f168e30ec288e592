//! RFC 3161: what a time stamp authority is asked, and what its answer says. The signature inside the answer is verified by anybody with
//! `openssl ts -verify`; here is checked that the answer is about what was asked.

use crate::read::day_number;
use domain::{Moment, time_stamp::StampDigest};
use jiff::civil::Date;
use sha2::Sha256;
use sm3::{Digest, Sm3};

/// Why an answer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// It is no TimeStampResp.
    #[error("not a time stamp response")]
    Unreadable,
    /// The authority refused.
    #[error("the authority refused, status {0}")]
    Refused(u8),
    /// It is over something else.
    #[error("the time stamp is over another digest")]
    Imprint,
    /// It answers another request.
    #[error("the time stamp answers another request")]
    Nonce,
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const CONTENT: u8 = 0xa0;
/// 1.2.156.10197.1.401 and 2.16.840.1.101.3.4.2.1.
const SM3_OID: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11];
const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.2.840.113549.1.7.2 (signedData) and 1.2.840.113549.1.9.16.1.4 (TSTInfo).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

fn oid(digest: StampDigest) -> &'static [u8] {
    match digest {
        StampDigest::Sm3 => SM3_OID,
        StampDigest::Sha256 => SHA256_OID,
    }
}

/// The digest of what is to be stamped.
pub fn digest_of(digest: StampDigest, text: &[u8]) -> Vec<u8> {
    match digest {
        StampDigest::Sm3 => Sm3::digest(text).to_vec(),
        StampDigest::Sha256 => Sha256::digest(text).to_vec(),
    }
}

/// One element: tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0));
            out.extend(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

/// A positive number of eight bytes that needs no leading zero.
fn nonce_bytes(nonce: u64) -> [u8; 8] {
    ((nonce >> 2) | (1 << 62)).to_be_bytes()
}

/// TimeStampReq, asking for the certificate too.
pub fn request(digest: StampDigest, text: &[u8], nonce: u64) -> Vec<u8> {
    let algorithm = element(SEQUENCE, &[element(OID, oid(digest)), vec![0x05, 0x00]].concat());
    let imprint = element(SEQUENCE, &[algorithm, element(OCTETS, &digest_of(digest, text))].concat());
    let nonce = element(INTEGER, &nonce_bytes(nonce));
    element(SEQUENCE, &[element(INTEGER, &[1]), imprint, nonce, vec![0x01, 0x01, 0xff]].concat())
}

/// Reads DER, one element after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The next element, if it has that tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn inside(&mut self, tag: u8) -> Option<Der<'a>> {
        self.take(tag).map(Der)
    }
}

/// What the authority signed.
struct Said<'a> {
    algorithm: &'a [u8],
    imprint: &'a [u8],
    at: Moment,
    nonce: Option<&'a [u8]>,
}

/// `20261124230233Z`, perhaps with parts of a second.
fn moment(text: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() != 14 || !whole.bytes().chain(parts.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| whole.get(range)?.parse::<i64>().ok();
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(i16::try_from(number(0..4)?).ok()?, small(4..6)?, small(6..8)?).ok()?;
    let seconds = number(8..10)? * 3600 + number(10..12)? * 60 + number(12..14)?;
    let millis = format!("{parts:0<3}").get(..3)?.parse::<i64>().ok()?;
    Some(Moment((day_number(date) * 86_400 + seconds) * 1000 + millis))
}

fn said(token: &[u8]) -> Option<Said<'_>> {
    let mut token = Der(token);
    (token.take(OID)? == SIGNED_DATA).then_some(())?;
    let mut signed = token.inside(CONTENT)?.inside(SEQUENCE)?;
    signed.take(INTEGER)?;
    signed.take(0x31)?;
    let mut content = signed.inside(SEQUENCE)?;
    (content.take(OID)? == TST_INFO).then_some(())?;
    let mut info = content.inside(CONTENT)?.inside(OCTETS)?.inside(SEQUENCE)?;
    info.take(INTEGER)?;
    info.take(OID)?;
    let mut imprint = info.inside(SEQUENCE)?;
    let algorithm = imprint.inside(SEQUENCE)?.take(OID)?;
    let imprint = imprint.take(OCTETS)?;
    info.take(INTEGER)?;
    let at = moment(info.take(TIME)?)?;
    let mut nonce = None;
    while let Some((tag, content)) = info.next() {
        if tag == INTEGER {
            nonce = Some(content);
        }
    }
    Some(Said { algorithm, imprint, at, nonce })
}

/// When an answer (TimeStampResp) says the text was there; `nonce` is that of the request, `None` to look at an old answer.
pub fn read_answer(answer: &[u8], digest: StampDigest, text: &[u8], nonce: Option<u64>) -> Result<Moment, StampError> {
    let mut response = Der(answer).inside(SEQUENCE).ok_or(StampError::Unreadable)?;
    let mut status = response.inside(SEQUENCE).ok_or(StampError::Unreadable)?;
    match status.take(INTEGER) {
        Some([0 | 1]) => {}
        Some([other, ..]) => return Err(StampError::Refused(*other)),
        _ => return Err(StampError::Unreadable),
    }
    let token = response.take(SEQUENCE).ok_or(StampError::Unreadable)?;
    let said = said(token).ok_or(StampError::Unreadable)?;
    if said.algorithm != oid(digest) || said.imprint != digest_of(digest, text) {
        return Err(StampError::Imprint);
    }
    match nonce {
        Some(nonce) if said.nonce != Some(&nonce_bytes(nonce)) => Err(StampError::Nonce),
        _ => Ok(said.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer without a signature, as far as it is read here.
    fn answer(status: u8, digest: StampDigest, text: &[u8], nonce: u64) -> Vec<u8> {
        let algorithm = element(SEQUENCE, &element(OID, oid(digest)));
        let imprint = element(SEQUENCE, &[algorithm, element(OCTETS, &digest_of(digest, text))].concat());
        let info = [
            element(INTEGER, &[1]),
            element(OID, &[0x2a, 3, 4]),
            imprint,
            element(INTEGER, &[7]),
            element(TIME, b"20260302010203.5Z"),
            element(SEQUENCE, &element(INTEGER, &[1])),
            element(INTEGER, &nonce_bytes(nonce)),
        ];
        let content = element(CONTENT, &element(OCTETS, &element(SEQUENCE, &info.concat())));
        let encapsulated = element(SEQUENCE, &[element(OID, TST_INFO), content].concat());
        let signed = element(SEQUENCE, &[element(INTEGER, &[3]), element(0x31, &[]), encapsulated].concat());
        let token = element(SEQUENCE, &[element(OID, SIGNED_DATA), element(CONTENT, &signed)].concat());
        element(SEQUENCE, &[element(SEQUENCE, &element(INTEGER, &[status])), token].concat())
    }

    #[test]
    fn p07_an_answer_counts_for_its_own_text_digest_and_request_only() {
        for digest in [StampDigest::Sm3, StampDigest::Sha256] {
            let good = answer(0, digest, b"list", 5);
            let at = read_answer(&good, digest, b"list", Some(5)).unwrap();
            assert_eq!(at.0, (day_number(Date::constant(2026, 3, 2)) * 86_400 + 3723) * 1000 + 500);
            assert_eq!(read_answer(&good, digest, b"list.", Some(5)), Err(StampError::Imprint));
            assert_eq!(read_answer(&good, digest, b"list", Some(500)), Err(StampError::Nonce));
            assert_eq!(
                read_answer(&answer(2, digest, b"list", 5), digest, b"list", Some(5)),
                Err(StampError::Refused(2))
            );
            for cut in 0..good.len() {
                assert!(read_answer(&good[..cut], digest, b"list", Some(5)).is_err(), "{cut}");
            }
        }
        let sm3 = answer(0, StampDigest::Sm3, b"list", 5);
        assert_eq!(read_answer(&sm3, StampDigest::Sha256, b"list", Some(5)), Err(StampError::Imprint));
        assert_eq!(read_answer(b"", StampDigest::Sm3, b"", None), Err(StampError::Unreadable));
    }
}
