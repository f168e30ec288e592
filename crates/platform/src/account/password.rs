//! Passwords: the national profile of S-01, hashed by argon2 on a bounded blocking pool.

use crate::{Failure, Platform};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use domain::{Refusal, hidden::Hidden, ids::AccountId};
use ledger::Row;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Hashes that may run at once: each takes 64 MiB.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(4));

/// Words no password may be built around.
const COMMON: [&str; 16] = [
    "password",
    "passw0rd",
    "admin",
    "qwerty",
    "123456",
    "111111",
    "abc123",
    "iloveyou",
    "welcome",
    "letmein",
    "neimenggu",
    "tzxm",
    "woaini",
    "5201314",
    "88888888",
    "asdfgh",
];

/// A sign-in name: 4 to 40 letters, digits, `.`, `_`, `-`, `@`.
pub fn check_login(login: &str) -> Result<String, Refusal> {
    let login = login.trim().to_lowercase();
    let fits =
        (4..=40).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b));
    if fits {
        Ok(login)
    } else {
        Err(Refusal::field("login", "account.login", "登录名为 4 至 40 个字母、数字或 . _ - @。"))
    }
}

/// S-01: long enough, three of four classes, not a common word, not the sign-in name.
pub fn check_password(password: &str, login: &str, least: usize) -> Result<(), Refusal> {
    let refuse = |message: String| {
        Err(Refusal::field("password", "account.password", message).article("GB/T 22239-2019 8.1.4.1"))
    };
    let length = password.chars().count();
    if length < least || length > 128 {
        return refuse(format!("密码应为 {least} 至 128 个字符。"));
    }
    let has = |test: fn(&char) -> bool| usize::from(password.chars().any(|c| test(&c)));
    let classes = has(char::is_ascii_lowercase)
        + has(char::is_ascii_uppercase)
        + has(char::is_ascii_digit)
        + has(|c| !c.is_ascii_alphanumeric());
    if classes < 3 {
        return refuse("密码应包含大写字母、小写字母、数字、符号中的至少三类。".into());
    }
    let lower = password.to_lowercase();
    let login = login.trim().to_lowercase();
    let reversed: String = login.chars().rev().collect();
    if COMMON.iter().any(|word| lower.contains(word))
        || (!login.is_empty() && (lower.contains(&login) || lower.contains(&reversed)))
    {
        return refuse("密码不能包含常见口令或登录名，请换一个。".into());
    }
    Ok(())
}

impl Platform {
    fn hasher(&self) -> Result<Argon2<'static>, Failure> {
        let (memory, passes, lanes) = self.settings.password_cost;
        let params = Params::new(memory, passes, lanes, None).map_err(|e| Failure::fault(e.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// The PHC string of a password.
    pub(crate) async fn hash_password(&self, password: &str) -> Result<String, Failure> {
        let hasher = self.hasher()?;
        let salt = self.chance.id();
        let password = Hidden::from(password);
        let _place = HASHING.acquire().await.map_err(Failure::fault)?;
        self.count_hash();
        let hash = tokio::task::spawn_blocking(move || {
            let hash: Result<PasswordHash, _> = hasher.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|h| h.to_string())
        });
        hash.await.map_err(Failure::fault)?.map_err(|e| Failure::fault(e.to_string()))
    }

    /// Whether the password fits. An unknown account costs the same time as a known one.
    pub(crate) async fn verify_password(&self, password: &str, phc: Option<String>) -> Result<bool, Failure> {
        let known = phc.is_some();
        let phc = match phc {
            Some(phc) => phc,
            None => self.hash_password("nobody has this password").await?,
        };
        if !known {
            return Ok(false);
        }
        let hasher = self.hasher()?;
        let password = Hidden::from(password);
        let _place = HASHING.acquire().await.map_err(Failure::fault)?;
        self.count_hash();
        let fits = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&phc).is_ok_and(|hash| hasher.verify_password(password.as_bytes(), &hash).is_ok())
        });
        fits.await.map_err(Failure::fault)
    }

    /// Stores a password hash.
    pub(crate) fn credential_rows(&self, account: &AccountId, phc: String) -> Result<[Row; 2], Failure> {
        self.kept_rows("credentials", vec![account.as_str().into(), phc.into(), self.clock.now().0.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s01_passwords_follow_the_national_profile() {
        for good in ["Chifeng#2026", "long enough 1 A", "Aa1!Aa1!Aa1!"] {
            assert!(check_password(good, "somebody", 10).is_ok(), "{good}");
        }
        for bad in [
            "Short1!",
            "alllowercase",
            "ALLUPPER1234",
            "Password#2026",
            "Somebody#2026",
            "Ydobemos#2026",
            &"Aa1!".repeat(40),
        ] {
            assert!(check_password(bad, "somebody", 10).is_err(), "{bad}");
        }
    }

    #[test]
    fn logins_are_plain_names() {
        assert_eq!(check_login(" Zhang.San ").unwrap(), "zhang.san");
        for bad in ["abc", "张三张三", "a b c d", "x'; --", &"a".repeat(41)] {
            assert!(check_login(bad).is_err(), "{bad}");
        }
    }
}
