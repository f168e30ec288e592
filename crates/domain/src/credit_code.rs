//! Unified social credit codes 统一社会信用代码 (GB 32100-2015) of project units and intermediaries.

use crate::Refusal;
use crate::region::RegionCode;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// 统一社会信用代码: eighteen characters with right check characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode([u8; LENGTH]);

/// What is wrong with a text that should be a credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not eighteen characters.
    #[error("统一社会信用代码应为18位，请与营业执照核对。")]
    Length,
    /// A character outside the thirty-one of the standard (which leaves out I, O, S, V and Z).
    #[error("统一社会信用代码只含数字和大写字母（不含I、O、S、V、Z），请与营业执照核对。")]
    Character,
    /// Places 3 to 8 are not a region number.
    #[error("统一社会信用代码第3至8位应为登记机关行政区划码，请与营业执照核对。")]
    Region,
    /// The last character does not match the others.
    #[error("统一社会信用代码校验码不符，至少有一位有误，请与营业执照逐位核对。")]
    CheckCharacter,
}

impl Fault {
    /// Stable name for programs: `check_character`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Character => "character",
            Self::Region => "region",
            Self::CheckCharacter => "check_character",
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let code = match fault {
            Fault::Length => "credit_code.length",
            Fault::Character => "credit_code.character",
            Fault::Region => "credit_code.region",
            Fault::CheckCharacter => "credit_code.check_character",
        };
        Self::field("credit_code", code, fault.to_string()).article("GB 32100-2015")
    }
}

const LENGTH: usize = 18;
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Longest text looked at.
const LONGEST_INPUT: usize = 64;

impl CreditCode {
    /// Reads a code as people write it: full-width or lower-case characters, blanks around it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.chars().nth(LONGEST_INPUT).is_some() {
            return Err(Fault::Length);
        }
        let plain: String = text.nfkc().collect::<String>().to_ascii_uppercase();
        let plain = plain.trim();
        if plain.chars().count() != LENGTH {
            return Err(Fault::Length);
        }
        let bytes = <[u8; LENGTH]>::try_from(plain.as_bytes()).map_err(|_| Fault::Character)?;
        let values = values(&bytes).ok_or(Fault::Character)?;
        let [_, _, region @ .., _, _, _, _, _, _, _, _, _, _] = bytes;
        if !region.iter().all(u8::is_ascii_digit) {
            return Err(Fault::Region);
        }
        let [body @ .., check] = values;
        if check_value(&body) != check {
            return Err(Fault::CheckCharacter);
        }
        Ok(Self(bytes))
    }

    /// A code for simulation: an enterprise (`91`) of a region, told apart by `serial`; both check characters are right.
    pub fn simulated(region: RegionCode, serial: u32) -> Self {
        let number = format!("{:08}", serial % 100_000_000);
        let mut bytes = [b'0'; LENGTH];
        let head = b"91".iter().copied().chain(region.bytes()).chain(number.bytes());
        for (place, byte) in bytes.iter_mut().zip(head) {
            *place = byte;
        }
        let [_, _, _, _, _, _, _, _, organization @ .., _] = &mut bytes;
        close_organization(organization);
        let values = values(&bytes).unwrap_or_default();
        let [body @ .., _] = values;
        if let ([.., last], Some(check)) = (&mut bytes, ALPHABET.get(usize::from(check_value(&body)))) {
            *last = *check;
        }
        Self(bytes)
    }

    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Check character of the organization code in places 9 to 17 (GB 11714): weights 3, 7, 9, 10, 5, 8, 4, 2 modulo 11.
fn close_organization(organization: &mut [u8; 9]) {
    let [body @ .., check] = organization;
    let weights = [3u32, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.iter().zip(weights).map(|(b, w)| u32::from(b.wrapping_sub(b'0')) * w).sum();
    *check = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or(0),
    };
}

fn values(bytes: &[u8; LENGTH]) -> Option<[u8; LENGTH]> {
    let mut values = [0; LENGTH];
    for (value, byte) in values.iter_mut().zip(bytes) {
        let at = ALPHABET.iter().position(|letter| letter == byte)?;
        *value = u8::try_from(at).ok()?;
    }
    Some(values)
}

/// Weights 3^i modulo 31 over the first seventeen values.
fn check_value(body: &[u8]) -> u8 {
    let (sum, _) =
        body.iter().fold((0u32, 1u32), |(sum, weight), value| (sum + u32::from(*value) * weight, weight * 3 % 31));
    u8::try_from((31 - sum % 31) % 31).unwrap_or(0)
}

impl std::fmt::Display for CreditCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<String> for CreditCode {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        Self::parse(&text)
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The standard's own example, then published codes of well-known companies.
    const REAL: [&str; 6] = [
        "91350100M000100Y43",
        "914403001922038216",
        "9144030071526726XG",
        "91330100799655058B",
        "91110000802100433B",
        "91310000132200821H",
    ];

    fn fault(text: &str) -> &'static str {
        CreditCode::parse(text).unwrap_err().name()
    }

    #[test]
    fn gb32100_real_codes_verify() {
        for text in REAL {
            assert_eq!(CreditCode::parse(text).map(|c| c.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn gb32100_codes_are_read_as_people_write_them() {
        let plain = CreditCode::parse(REAL[0]).unwrap();
        for text in [" 91350100m000100y43\u{3000}", "\u{ff19}\u{ff11}350100\u{ff2d}000100Y43"] {
            assert_eq!(CreditCode::parse(text), Ok(plain));
        }
    }

    #[test]
    fn gb32100_every_fault_has_its_name() {
        for (text, name) in [
            ("", "length"),
            ("91350100M000100Y4", "length"),
            ("91350100M000100Y430", "length"),
            ("91350100I000100Y43", "character"),
            ("91350100M000100Y4三", "character"),
            ("9135010AM000100Y43", "region"),
            ("91350100M000100Y44", "check_character"),
        ] {
            assert_eq!(fault(text), name, "{text}");
        }
        assert_eq!(fault(&"9".repeat(1_000_000)), "length");
    }

    #[test]
    fn gb32100_every_single_wrong_character_is_detected() {
        for at in 0..LENGTH {
            for letter in ALPHABET {
                let mut bytes = REAL[0].as_bytes().to_vec();
                if std::mem::replace(&mut bytes[at], *letter) != *letter {
                    let wrong = String::from_utf8(bytes).unwrap();
                    assert!(CreditCode::parse(&wrong).is_err(), "{wrong}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn parsing_is_total(text in any::<String>()) {
            let _ = CreditCode::parse(&text);
        }

        #[test]
        fn simulated_codes_verify(serial in any::<u32>()) {
            let region = RegionCode::parse("150404").unwrap();
            let code = CreditCode::simulated(region, serial);
            prop_assert_eq!(CreditCode::parse(code.as_str()), Ok(code));
        }
    }
}
