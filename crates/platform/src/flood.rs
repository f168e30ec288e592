//! 防洪: how much one account, and one network, may ask for in a while, and how many files one account may send at once. Kept
//! in memory, for each node by itself: a flood is over in minutes, and counting it must cost nothing.

use crate::{Failure, Platform, detection::Noticed, guess::network_of};
use domain::{Moment, Refusal, ids::AccountId};
use ipnet::IpNet;
use ledger::Unit;
use serde::Deserialize;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;
/// Buckets remembered at most; beyond it the full ones go.
const REMEMBERED: usize = 50_000;
/// A flood is noted for the detection at most so often, in milliseconds.
const NOTED_EVERY: i64 = 10 * MINUTE;

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FloodLimits {
    /// Requests of one account in a minute.
    pub account_requests: u32,
    /// Requests of one network in a minute, signed in or not.
    pub network_requests: u32,
    /// Files one account sends at the same time.
    pub uploads_at_once: u32,
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self { account_requests: 600, network_requests: 6000, uploads_at_once: 4 }
    }
}

impl FloodLimits {
    /// For demonstrations and tests whose clock stands still.
    pub fn lenient() -> Self {
        Self { account_requests: u32::MAX, network_requests: u32::MAX, uploads_at_once: 100 }
    }

    /// Faults of the settings, in words an administrator understands.
    pub fn validate(&self) -> Vec<String> {
        let limits = [
            ("account_requests", self.account_requests, 60..=6000),
            ("network_requests", self.network_requests, 600..=1_000_000),
            ("uploads_at_once", self.uploads_at_once, 1..=20),
        ];
        let wrong = limits.into_iter().filter(|(_, value, range)| !range.contains(value));
        wrong
            .map(|(name, _, range)| format!("[platform.floods] {name} 应为 {} 至 {}", range.start(), range.end()))
            .collect()
    }
}

/// Tokens of one account or network: as many as a minute's requests, coming back evenly. Counted in thousandths.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: i64,
    at: i64,
    noted: i64,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It may pass.
    Passes,
    /// It has to wait so many seconds; `first`: nobody was told yet.
    Waits { seconds: u32, first: bool },
}

#[derive(Debug)]
struct Buckets<K>(Mutex<HashMap<K, Bucket>>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn take(&self, whose: K, most: u32, now: Moment) -> Taken {
        let full = i64::from(most) * 1000;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| now.0 - bucket.at < MINUTE);
        }
        let bucket = buckets.entry(whose).or_insert(Bucket { left: full, at: now.0, noted: i64::MIN / 2 });
        let passed = (now.0 - bucket.at).clamp(0, MINUTE);
        bucket.left = full.min(bucket.left + passed * i64::from(most) / 60);
        bucket.at = now.0;
        if bucket.left >= 1000 {
            bucket.left -= 1000;
            return Taken::Passes;
        }
        let first = now.0 - bucket.noted >= NOTED_EVERY;
        if first {
            bucket.noted = now.0;
        }
        let missing = 1000 - bucket.left;
        let seconds = (missing * 60 / i64::from(most.max(1))).div_euclid(1000) + 1;
        Taken::Waits { seconds: u32::try_from(seconds).unwrap_or(60), first }
    }
}

/// What was asked lately, on this node.
#[derive(Debug, Default)]
pub struct Floods {
    accounts: Buckets<AccountId>,
    networks: Buckets<IpNet>,
    uploads: Arc<Mutex<HashMap<AccountId, u32>>>,
}

/// A file under way; dropped when it has come, or its sender has gone.
#[derive(Debug)]
pub(crate) struct Uploading {
    account: AccountId,
    all: Arc<Mutex<HashMap<AccountId, u32>>>,
}

impl Drop for Uploading {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.account);
            }
        }
    }
}

/// Too much: what is said, and after how many seconds to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flooded {
    /// What the person reads.
    pub refusal: Refusal,
    /// When to try again.
    pub seconds: u32,
}

fn too_much(code: &'static str, who: &str, seconds: u32) -> Flooded {
    let words = format!("{who}的操作过于频繁，请 {seconds} 秒后再试。已经提交的内容不会丢失，不要反复刷新。");
    Flooded { refusal: Refusal::new(code, words), seconds }
}

impl Platform {
    /// Counts a request of a network. What is too much is answered without a statement.
    pub async fn let_network(&self, source: IpAddr) -> Result<Option<Flooded>, Failure> {
        let whose = network_of(source);
        match self.floods.networks.take(whose, self.settings.floods.network_requests, self.clock.now()) {
            Taken::Passes => Ok(None),
            Taken::Waits { seconds, first } => {
                if first {
                    self.note_flood(Noticed::NetworkFlood, Some(source), "", "").await?;
                }
                Ok(Some(too_much("request.flood_network", "您所在的网络", seconds)))
            }
        }
    }

    /// Counts a request of an account on a face.
    pub async fn let_account(
        &self,
        account: &AccountId,
        face: &str,
        source: Option<IpAddr>,
    ) -> Result<Option<Flooded>, Failure> {
        match self.floods.accounts.take(account.clone(), self.settings.floods.account_requests, self.clock.now()) {
            Taken::Passes => Ok(None),
            Taken::Waits { seconds, first } => {
                if first {
                    self.note_flood(Noticed::AccountFlood, source, account.as_str(), face).await?;
                }
                Ok(Some(too_much("request.flood_account", "您的账号", seconds)))
            }
        }
    }

    async fn note_flood(
        &self,
        what: Noticed,
        source: Option<IpAddr>,
        account: &str,
        face: &str,
    ) -> Result<(), Failure> {
        let source = source.map(|source| source.to_string()).unwrap_or_default();
        let mut entry = what.entry(self.clock.now().0, &source, String::new());
        if !account.is_empty() {
            account.clone_into(&mut entry.actor);
            face.clone_into(&mut entry.face);
            entry.object = format!("account:{account}");
        }
        let mut unit = Unit::new();
        unit.audit(entry);
        self.store.commit(unit).await.map_err(crate::stream::refused)
    }

    /// A file begins to come in.
    pub(crate) fn begin_upload(&self, account: &AccountId) -> Result<Uploading, Refusal> {
        let most = self.settings.floods.uploads_at_once;
        let mut all = self.floods.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(account.clone()).or_insert(0);
        if *count >= most {
            let words = format!("您正在同时上传 {most} 个文件，请等其中一个完成后再传下一个。");
            return Err(Refusal::field("file", "file.at_once", words));
        }
        *count += 1;
        Ok(Uploading { account: account.clone(), all: self.floods.uploads.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a17_a_bucket_lets_a_minutes_worth_through_and_fills_again() {
        let buckets = Buckets::<u8>::default();
        let mut now = Moment(1_790_000_000_000);
        let passed = (0..100).filter(|_| buckets.take(1, 60, now) == Taken::Passes).count();
        assert_eq!(passed, 60);
        assert_eq!(buckets.take(1, 60, now), Taken::Waits { seconds: 2, first: false }, "told once");
        assert_eq!(buckets.take(2, 60, now), Taken::Passes, "another one's is another bucket");
        now.0 += 10_000;
        let passed = (0..100).filter(|_| buckets.take(1, 60, now) == Taken::Passes).count();
        assert_eq!(passed, 10, "one a second comes back");
        now.0 += 10 * MINUTE;
        let passed = (0..100).filter(|_| buckets.take(1, 60, now) == Taken::Passes).count();
        assert_eq!(passed, 60, "never more than a minute's worth");
        assert_eq!(
            buckets.take(1, 60, Moment(now.0 - 5000)),
            Taken::Waits { seconds: 2, first: false },
            "a clock that goes back"
        );
    }
}
