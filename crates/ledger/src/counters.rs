//! What the store has done so far: the benchmark's statements and commits per step.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Totals since the store was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Units committed.
    pub commits: u64,
    /// SQL statements sent, reads and writes, without BEGIN, SAVEPOINT and COMMIT.
    pub statements: u64,
    /// Transactions committed: on SQLite one group may hold many units, on PostgreSQL groups = commits.
    pub groups: u64,
    /// Events committed.
    pub events: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    commits: AtomicU64,
    statements: AtomicU64,
    groups: AtomicU64,
    events: AtomicU64,
}

impl Tally {
    pub(crate) fn statement(&self) {
        self.statements.fetch_add(1, Relaxed);
    }

    pub(crate) fn group(&self, units: u64, events: u64) {
        self.groups.fetch_add(1, Relaxed);
        self.commits.fetch_add(units, Relaxed);
        self.events.fetch_add(events, Relaxed);
    }

    pub(crate) fn read(&self) -> Counters {
        Counters {
            commits: self.commits.load(Relaxed),
            statements: self.statements.load(Relaxed),
            groups: self.groups.load(Relaxed),
            events: self.events.load(Relaxed),
        }
    }
}
