//! When records that count are enough for an alarm.

use super::Rule;
use crate::Moment;
use std::collections::BTreeSet;

/// A record that counts towards an alarm of one rule about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Number of the record.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// What is counted, where different values are; else empty.
    pub what: String,
}

/// Enough of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Records, or different values.
    pub count: u32,
    /// The first of the records.
    pub first: Moment,
    /// The last.
    pub last: Moment,
    /// Their numbers, in order.
    pub records: Vec<i64>,
}

/// Looks at the marks of one rule and subject, the newest of which has just come. Those outside the window that ends with
/// it do not count.
pub fn hit(rule: &Rule, marks: &[Mark]) -> Option<Hit> {
    let last = marks.iter().map(|mark| mark.at).max()?;
    let mut within: Vec<&Mark> = marks.iter().filter(|mark| last.0 - mark.at.0 < rule.window()).collect();
    within.sort_by_key(|mark| mark.seq);
    let count = if rule.distinct.is_some() {
        within.iter().map(|mark| mark.what.as_str()).collect::<BTreeSet<_>>().len()
    } else {
        within.len()
    };
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    (count >= rule.count).then(|| Hit {
        count,
        first: within.iter().map(|mark| mark.at).min().unwrap_or(last),
        last,
        records: within.iter().map(|mark| mark.seq).collect(),
    })
}
