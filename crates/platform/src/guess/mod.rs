//! 防枚举: whoever asks again and again for codes that do not exist proves some work first, or names the project's unit; and
//! whoever goes on guessing has to wait. Misses are counted in the database, for each source and for its network, so that a restart
//! forgets nothing; who has to do what is kept in memory, so that an answer costs no statement more.

mod work;

pub use work::BITS;

use crate::{Actor, Call, Failure, Platform, detection::Noticed};
use domain::{Moment, Refusal};
use ipnet::IpNet;
use ledger::{Row, Unit};
use sm3::{Digest, Sm3};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Misses are counted for so long, and whoever has too many is watched as long; milliseconds.
const WINDOW: i64 = 10 * 60_000;
/// Sources remembered at most; beyond it those whose time is over are forgotten.
const REMEMBERED: usize = 10_000;
/// A network may miss so many times what one source may before it proves work.
const NETWORK: i64 = 3;
/// Whoever misses so many times what is free has to wait, proof or not.
const WAIT: i64 = 10;

/// What a source has to do before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Prove work, or name the unit.
    Prove,
    /// Wait.
    Wait,
}

/// Who has to do what, until when. One for each node.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<IpNet, (Level, Moment)>>);

/// What the person showed beside the question.
#[derive(Debug, Default)]
pub struct Shown {
    /// A proof of work: challenge and answer, as [`Platform::work_challenge`] asks for it.
    pub work: String,
    /// The unit of the project, as the certificate and each notice name it.
    pub unit: String,
    /// Whether the work was found good: once is enough for one request.
    granted: OnceLock<bool>,
}

impl Shown {
    /// What was typed or computed.
    pub fn new(work: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { work: work.into(), unit: unit.into(), granted: OnceLock::new() }
    }
}

/// Whose address it is: a household or an office holds a whole IPv6 network, and would have an address for every guess.
fn source_of(address: IpAddr) -> IpNet {
    part(address, 32, 64)
}

/// The network around it: of one provider, of one rented rack.
pub(crate) fn network_of(address: IpAddr) -> IpNet {
    part(address, 24, 56)
}

fn part(address: IpAddr, four: u8, six: u8) -> IpNet {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { four } else { six };
    IpNet::new(address, bits).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}

impl Guesses {
    fn level(&self, whose: IpNet, now: Moment) -> Option<Level> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.get(&whose).filter(|(_, until)| now < *until).map(|(level, _)| *level)
    }

    /// Whether it is new, or graver than before.
    fn raise(&self, whose: IpNet, level: Level, now: Moment) -> bool {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.len() >= REMEMBERED {
            watched.retain(|_, (_, until)| now < *until);
        }
        let before = watched.insert(whose, (level, Moment(now.0 + WINDOW)));
        before.is_none_or(|(known, until)| until <= now || known < level)
    }
}

/// A source is kept as a digest: the table is about behaviour, not about addresses.
fn key(whose: IpNet) -> String {
    hex::encode(Sm3::digest(format!("guess|{whose}")).as_slice()).chars().take(32).collect()
}

fn wait() -> Failure {
    Failure::Wait(
        Refusal::new(
            "query.wait",
            "查询了很多不存在的项目代码，请 10 分钟后再试。代码可以从代码证、受理通知书上核对。",
        )
        .article("办法第十三条"),
    )
}

fn prove() -> Failure {
    let words =
        "您所在的网络查询了很多不存在的项目代码。请在门户的“公开查询”中完成一次核对，或者填写项目单位的名称后再查询。";
    Failure::Wait(Refusal::new("query.proof", words).article("办法第十三条"))
}

/// How an answer may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answering {
    /// As it is.
    Freely,
    /// Only about a project of the unit that was named; everything else is as if it did not exist.
    OfNamedUnit,
}

impl Answering {
    /// Whether the project may be told: the second fact fits.
    pub fn tells(self, call: &Call, unit_name: &str) -> bool {
        let plain = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
        self == Self::Freely || plain(&call.shown.unit) == plain(unit_name)
    }
}

impl Platform {
    /// Where an anonymous question comes from, if that is known: only these are limited.
    fn asking(call: &Call) -> Option<IpAddr> {
        call.source.filter(|_| call.actor == Actor::Public)
    }

    /// Refuses a source that has to wait, whatever it asks for, and one that proves nothing where it has to.
    pub(crate) async fn let_ask(&self, call: &Call) -> Result<Answering, Failure> {
        let Some(source) = Self::asking(call) else { return Ok(Answering::Freely) };
        let now = self.clock.now();
        let levels = [source_of(source), network_of(source)].map(|whose| self.guesses.level(whose, now));
        match levels.into_iter().flatten().max() {
            None => Ok(Answering::Freely),
            Some(Level::Wait) => Err(wait()),
            Some(Level::Prove) if self.has_worked(call, source).await? => Ok(Answering::Freely),
            Some(Level::Prove) if !call.shown.unit.trim().is_empty() => Ok(Answering::OfNamedUnit),
            Some(Level::Prove) => Err(prove()),
        }
    }

    async fn has_worked(&self, call: &Call, source: IpAddr) -> Result<bool, Failure> {
        if let Some(granted) = call.shown.granted.get() {
            return Ok(*granted);
        }
        let good = self.spend_work(&call.shown.work, &source_of(source).to_string()).await?;
        Ok(*call.shown.granted.get_or_init(|| good))
    }

    /// What the script of a page has to solve for this source.
    pub fn work_challenge(&self, call: &Call) -> String {
        let source = Self::asking(call).map(|source| source_of(source).to_string()).unwrap_or_default();
        self.new_work(&source)
    }

    /// Counts a question for a code that does not exist; too many and the source, or its network, has to prove work or to wait.
    pub(crate) async fn note_miss(&self, call: &Call) -> Result<(), Failure> {
        let Some(source) = Self::asking(call) else { return Ok(()) };
        let now = self.clock.now();
        let free = i64::from(self.settings.code_misses);
        let whose = [(source_of(source), free), (network_of(source), free * NETWORK)];
        let mut unit = Unit::new();
        for (whose, _) in &whose {
            unit.row(Row::new(
                "INSERT INTO query_misses(source, missed, since) VALUES($1, 1, $2) ON CONFLICT(source) DO UPDATE SET \
                 missed = CASE WHEN query_misses.since <= $3 THEN 1 ELSE query_misses.missed + 1 END, \
                 since = CASE WHEN query_misses.since <= $3 THEN $2 ELSE query_misses.since END",
                [key(*whose).into(), now.0.into(), (now.0 - WINDOW).into()],
            ));
        }
        // What no longer counts goes, so that the table is as long as the last ten minutes.
        unit.row(Row::new("DELETE FROM query_misses WHERE since <= $1", [(now.0 - WINDOW).into()]));
        self.store.commit(unit).await.map_err(crate::stream::refused)?;
        let mut worse = false;
        for (whose, most) in whose {
            let missed = self.missed(whose).await?;
            let level =
                if missed >= free * WAIT { Some(Level::Wait) } else { (missed >= most).then_some(Level::Prove) };
            worse |= level.is_some_and(|level| self.guesses.raise(whose, level, now));
        }
        if worse {
            let mut unit = Unit::new();
            unit.audit(Noticed::Enumeration.entry(now.0, &source.to_string(), String::new()));
            self.store.commit(unit).await.map_err(crate::stream::refused)?;
        }
        Ok(())
    }

    async fn missed(&self, whose: IpNet) -> Result<i64, Failure> {
        let row = self.store.query_one("SELECT missed FROM query_misses WHERE source = $1", [key(whose).into()]).await;
        row.map_err(Failure::fault)?.map_or(Ok(0), |row| row.try_get("", "missed")).map_err(Failure::fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a07_an_ipv6_network_counts_as_one_source() {
        let at = |text: &str| source_of(text.parse().unwrap());
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:203.0.113.7"), at("203.0.113.7"));
        assert_ne!(at("203.0.113.7"), at("203.0.113.8"));
    }

    #[test]
    fn a07_the_addresses_of_one_network_count_together() {
        let at = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(at("203.0.113.7"), at("203.0.113.250"));
        assert_ne!(at("203.0.113.7"), at("203.0.114.7"));
        assert_eq!(at("2001:db8:1:200::1"), at("2001:db8:1:2ff::1"));
        assert_ne!(at("2001:db8:1:200::1"), at("2001:db8:1:300::1"));
    }
}
