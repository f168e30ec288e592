//! 防枚举: whoever asks again and again for codes that do not exist has to wait. Misses are counted in the database, so
//! that a restart forgets nothing; who has to wait is kept in memory, so that an answer costs no statement more.

use crate::{Actor, Call, Failure, Platform, detection::Noticed};
use domain::{Moment, Refusal};
use ledger::{Row, Unit};
use sm3::{Digest, Sm3};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// Misses are counted for so long, and whoever has too many waits as long; milliseconds.
const WINDOW: i64 = 10 * 60_000;
/// Sources remembered at most; beyond it those that are done waiting are forgotten.
const REMEMBERED: usize = 10_000;

/// Who has to wait, until when. One for each node.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<IpAddr, Moment>>);

/// Whose address it is: a household or an office holds a whole IPv6 network, and would have an address for every guess.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => Ipv6Addr::from(u128::from(six) >> 64 << 64).into(),
        },
    }
}

impl Guesses {
    fn must_wait(&self, source: IpAddr, now: Moment) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&source).is_some_and(|until| now < *until)
    }

    fn make_wait(&self, source: IpAddr, now: Moment) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= REMEMBERED {
            waiting.retain(|_, until| now < *until);
        }
        waiting.insert(source, Moment(now.0 + WINDOW));
    }
}

/// A source is kept as a digest: the table is about behaviour, not about addresses.
fn key(source: IpAddr) -> String {
    hex::encode(Sm3::digest(format!("guess|{source}")).as_slice()).chars().take(32).collect()
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

impl Platform {
    /// Where an anonymous question comes from, if that is known: only these are limited.
    fn asking(call: &Call) -> Option<IpAddr> {
        call.source.filter(|_| call.actor == Actor::Public).map(network)
    }

    /// Refuses a source that has to wait, whatever it asks for.
    pub(crate) fn let_ask(&self, call: &Call) -> Result<(), Failure> {
        match Self::asking(call) {
            Some(source) if self.guesses.must_wait(source, self.clock.now()) => Err(wait()),
            _ => Ok(()),
        }
    }

    /// Counts a question for a code that does not exist; too many make the source wait from the next question on.
    pub(crate) async fn note_miss(&self, call: &Call) -> Result<(), Failure> {
        let Some(source) = Self::asking(call) else { return Ok(()) };
        let (now, id) = (self.clock.now(), key(source));
        let mut unit = Unit::new();
        unit.row(Row::new(
            "INSERT INTO query_misses(source, missed, since) VALUES($1, 1, $2) ON CONFLICT(source) DO UPDATE SET \
             missed = CASE WHEN query_misses.since <= $3 THEN 1 ELSE query_misses.missed + 1 END, \
             since = CASE WHEN query_misses.since <= $3 THEN $2 ELSE query_misses.since END",
            [id.clone().into(), now.0.into(), (now.0 - WINDOW).into()],
        ));
        // What no longer counts goes, so that the table is as long as the last ten minutes.
        unit.row(Row::new("DELETE FROM query_misses WHERE since <= $1", [(now.0 - WINDOW).into()]));
        self.store.commit(unit).await.map_err(crate::stream::refused)?;
        let row = self.store.query_one("SELECT missed FROM query_misses WHERE source = $1", [id.into()]).await;
        let missed: i64 = match row.map_err(Failure::fault)? {
            Some(row) => row.try_get("", "missed").map_err(Failure::fault)?,
            None => 0,
        };
        if missed >= i64::from(self.settings.code_misses) {
            self.guesses.make_wait(source, now);
            let mut unit = Unit::new();
            unit.audit(Noticed::Enumeration.entry(now.0, &source.to_string(), String::new()));
            self.store.commit(unit).await.map_err(crate::stream::refused)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a07_an_ipv6_network_counts_as_one_source() {
        let at = |text: &str| network(text.parse().unwrap());
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:203.0.113.7"), at("203.0.113.7"));
        assert_ne!(at("203.0.113.7"), at("203.0.113.8"));
    }
}
