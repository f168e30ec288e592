//! 第二因素: what besides the password proves a person, and the rules all kinds share (S-04, P-01). How each kind is verified
//! is the platform's business; here is what may be added, named and taken away, and what is signed.

use crate::{Refusal, refusal::words};
use serde::{Deserialize, Serialize};

/// What all refusals rest on.
const ARTICLE: &str = "GB/T 22239-2019 8.1.4.1";
/// Most keys of one account.
pub const MOST_KEYS: usize = 10;
/// Longest name of a key, in characters.
pub const NAME: usize = 30;
/// How long a challenge waits for its answer, in milliseconds.
pub const ANSWER_WITHIN: i64 = 10 * 60_000;
/// How long an enrolment that was begun waits for its first proof, in milliseconds.
pub const ENROL_WITHIN: i64 = 30 * 60_000;

/// Kinds of keys; the authenticator app with its seed is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// SM2 证书 on a USB key or in a file: signs a challenge.
    Sm2,
    /// 通行密钥 (WebAuthn) in a device or a security key.
    Passkey,
}

impl KeyKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sm2, Self::Passkey];

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Sm2 => "sm2",
            Self::Passkey => "passkey",
        }
    }

    /// What people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sm2 => "SM2 证书",
            Self::Passkey => "通行密钥",
        }
    }

    /// Reads the machine name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == text)
    }
}

/// What a signature over a challenge is good for: one made for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The second step of signing in.
    SignIn,
    /// A change of the own factors.
    Change,
    /// The first proof of a new key.
    Enrol,
}

impl Purpose {
    /// Machine name; part of what is signed.
    pub fn slug(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Change => "change",
            Self::Enrol => "enrol",
        }
    }

    /// How long the challenge waits, in milliseconds.
    pub fn within(self) -> i64 {
        match self {
            Self::SignIn | Self::Change => ANSWER_WITHIN,
            Self::Enrol => ENROL_WITHIN,
        }
    }
}

/// 挑战: the one line that is signed. It names the purpose, the site and the account, so that a signature lured from a person
/// elsewhere opens nothing here. One line of ASCII without an end of line, so that every tool signs the same bytes.
pub fn challenge(purpose: Purpose, site: &str, login: &str, nonce: &[u8; 32]) -> String {
    let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("tzxm|{}|{site}|{login}|{nonce}", purpose.slug())
}

/// The name a person gives a key, to tell it from others.
pub fn key_name(name: &str) -> Result<String, Refusal> {
    words("name", name, "名称", NAME)
}

/// Whether another key may be added to so many.
pub fn may_add_key(keys: usize) -> Result<(), Refusal> {
    if keys < MOST_KEYS {
        return Ok(());
    }
    let words = format!("一个账号最多登记 {MOST_KEYS} 个证书和通行密钥，请先移除不再使用的。");
    Err(Refusal::new("key.too_many", words).article(ARTICLE))
}

/// Whether one of so many factors may be taken away by its owner: where one is required, the last one stays.
pub fn may_remove(factors: usize, required: bool) -> Result<(), Refusal> {
    if factors > 1 || !required {
        return Ok(());
    }
    let words = "本平台要求双因素认证，不能停用最后一种。请先添加另一种；换手机的，请用“更换验证器”。";
    Err(Refusal::new("factor.required", words).article(ARTICLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s04_where_a_factor_is_required_the_last_one_stays() {
        for (factors, required, fits) in [(1, true, false), (2, true, true), (1, false, true), (3, true, true)] {
            assert_eq!(may_remove(factors, required).is_ok(), fits, "{factors} {required}");
        }
        assert!(may_add_key(MOST_KEYS - 1).is_ok() && may_add_key(MOST_KEYS).is_err());
    }

    #[test]
    fn p01_what_is_signed_names_purpose_site_and_account_in_one_line() {
        let line = |purpose| challenge(purpose, "https://tzxm.example", "wang", &[7; 32]);
        assert_eq!(line(Purpose::SignIn), format!("tzxm|sign-in|https://tzxm.example|wang|{}", "07".repeat(32)));
        assert_ne!(line(Purpose::SignIn), line(Purpose::Change));
        assert_ne!(line(Purpose::Change), line(Purpose::Enrol));
        assert!(line(Purpose::Enrol).bytes().all(|b| b.is_ascii_graphic()));
    }

    #[test]
    fn a_key_has_a_name_of_a_sensible_length() {
        assert_eq!(key_name(" 办公室 USB Key ").unwrap(), "办公室 USB Key");
        assert!(key_name("").is_err() && key_name(&"长".repeat(NAME + 1)).is_err());
        assert_eq!(KeyKind::parse("sm2"), Some(KeyKind::Sm2));
        assert_eq!(KeyKind::parse("rsa"), None);
    }
}
