//! One-time codes of an authenticator app: RFC 6238 with SHA-1, thirty seconds and six digits, which every app knows.

use crate::document::percent_encoded;
use domain::Moment;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Bytes of a seed: as long as the hash (RFC 4226, section 4).
pub const SEED: usize = 20;
/// Length of a step, in milliseconds.
const STEP: i64 = 30_000;
/// How many steps the person's clock may be off, either way.
const DRIFT: i64 = 1;

/// Letters of base 32 (RFC 4648).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base 32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let value = (0..5).fold(0_u64, |all, at| all << 8 | u64::from(group.get(at).copied().unwrap_or(0)));
        let letters = (group.len() * 8).div_ceil(5);
        text.extend(
            (0..letters).map(|at| char::from(BASE32[usize::try_from(value >> (35 - 5 * at) & 31).unwrap_or(0)])),
        );
    }
    text
}

/// The step a moment lies in.
pub fn step_at(at: Moment) -> i64 {
    at.0.div_euclid(STEP)
}

/// HOTP (RFC 4226) of one step, six digits.
pub fn code(seed: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(seed) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 15);
    let four = hash.iter().skip(offset).take(4).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
    format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
}

/// The latest step after `used` whose code this is, the clocks being a step apart at most.
pub fn matching_step(seed: &[u8], sent: &str, now: Moment, used: i64) -> Option<i64> {
    let present = step_at(now);
    (present - DRIFT..=present + DRIFT).rev().filter(|step| *step > used).find(|step| code(seed, *step) == sent)
}

/// What the QR code says to the app; hash, digits and period are what every app takes for granted.
pub fn address(seed: &[u8], issuer: &str, login: &str) -> String {
    let (issuer, secret, login) = (percent_encoded(issuer), base32(seed), percent_encoded(login));
    format!("otpauth://totp/{login}?secret={secret}&issuer={issuer}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// RFC 6238, appendix B (SHA-1), and RFC 4226, appendix D; the last six of the eight digits.
    #[test]
    fn s04_codes_are_those_of_rfc_6238_and_rfc_4226() {
        let seed = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(seed, step_at(Moment(seconds * 1000))), expected[2..], "{seconds}");
        }
        let counted =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (count, expected) in (0..).zip(counted) {
            assert_eq!(code(seed, count), expected, "{count}");
        }
    }

    /// The same, written a second time by other hands: Python's standard library.
    const PYTHON: &str = r"
import base64, hashlib, hmac, struct, sys
for line in sys.stdin.read().split():
    secret, seconds = line.split(',')
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack('>Q', int(seconds) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    print('%06d' % ((struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000))
";

    #[test]
    fn s04_codes_and_seeds_are_those_of_an_independent_implementation() {
        use std::io::Write;
        let mut samples = Vec::new();
        for n in 0..500_u32 {
            let seed: Vec<u8> = (0..SEED)
                .map(|at| sm3::Digest::finalize(<sm3::Sm3 as sm3::Digest>::new_with_prefix(n.to_be_bytes()))[at])
                .collect();
            samples.push((seed, i64::from(n) * 7_919_777 + 13));
        }
        let mut python = Command::new("python3")
            .args(["-c", PYTHON])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines: String = samples.iter().map(|(seed, seconds)| format!("{},{seconds}\n", base32(seed))).collect();
        python.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success());
        let theirs: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        let ours: Vec<_> = samples.iter().map(|(seed, seconds)| code(seed, step_at(Moment(seconds * 1000)))).collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn s04_a_code_fits_one_step_either_way_and_never_again() {
        let seed = [7; SEED];
        let now = Moment(1_800_000_000_000);
        let present = step_at(now);
        for off in -1..=1 {
            assert_eq!(matching_step(&seed, &code(&seed, present + off), now, 0), Some(present + off));
            assert_eq!(matching_step(&seed, &code(&seed, present + off), now, present + off), None, "used");
        }
        for off in [-2, 2] {
            assert_eq!(matching_step(&seed, &code(&seed, present + off), now, 0), None);
        }
        assert_eq!(matching_step(&seed, "", now, 0), None);
    }

    #[test]
    fn the_address_names_issuer_and_person() {
        let address = address(b"12345678901234567890", "投资平台", "li.si@x");
        assert_eq!(
            address,
            "otpauth://totp/li.si%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E6%8A%95%E8%B5%84%E5%B9%B3%E5%8F%B0"
        );
    }

    proptest! {
        #[test]
        fn base32_has_a_letter_for_every_five_bits(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = base32(&bytes);
            prop_assert_eq!(text.len(), (bytes.len() * 8).div_ceil(5));
            let bits: String = text.bytes().map(|b| format!("{:05b}", BASE32.iter().position(|c| *c == b).unwrap())).collect();
            let expected: String = bytes.iter().map(|b| format!("{b:08b}")).collect();
            prop_assert!(bits.starts_with(&expected));
        }
    }
}
