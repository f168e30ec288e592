//! 每一天算谁的: every working day of a case from application to end, charged to exactly one holder.
//!
//! The day of an event still belongs to whoever held the case that morning: periods begin on the day after their event.
//! A whole day inside a suspension is charged to whom its ground says, whoever holds the case.

use super::suspension::charged;
use super::{Holder, Suspension};
use crate::calendar::{Calendar, DayNumber, date_of, day_number};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Whose days they are: the kind of holder, and by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bearer {
    /// What kind of holder.
    pub holder: Holder,
    /// By name: the organ, the unit; the ground of a suspension.
    pub name: String,
}

impl Bearer {
    /// A holder with its name.
    pub fn new(holder: Holder, name: impl Into<String>) -> Self {
        Self { holder, name: name.into() }
    }
}

/// From the day after `on`, the case is in these hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The day of the event.
    pub on: Date,
    /// Whose turn it then is.
    pub to: Bearer,
}

/// What the ledger of days is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The day of the application; not counted itself.
    pub submitted: Date,
    /// Who holds the case from then on.
    pub first: Bearer,
    /// In the order in which they happened; of several on one day the last one counts.
    pub handovers: Vec<Handover>,
    /// When the clock stands still, in any order; may overlap.
    pub suspensions: Vec<Suspension>,
    /// The day it ended; counted.
    pub ended: Option<Date>,
}

/// Working days in a row with one bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// First working day.
    pub from: Date,
    /// Last working day.
    pub to: Date,
    /// Working days in it, at least one.
    pub days: u32,
    /// Whose they are.
    pub bearer: Bearer,
}

/// 逐日责任台账.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayLedger {
    /// In the order of time, without gap or overlap.
    pub stretches: Vec<Stretch>,
}

impl DayLedger {
    /// All days.
    pub fn total(&self) -> u32 {
        self.stretches.iter().map(|stretch| stretch.days).sum()
    }

    /// Days by bearer, most first.
    pub fn by_bearer(&self) -> Vec<(&Bearer, u32)> {
        let mut sums: BTreeMap<&Bearer, u32> = BTreeMap::new();
        for stretch in &self.stretches {
            *sums.entry(&stretch.bearer).or_default() += stretch.days;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        sums
    }
}

impl History {
    /// The last day that is charged to anybody, as of `today`.
    pub fn until(&self, today: Date) -> Date {
        self.ended.unwrap_or(today).max(self.submitted)
    }

    /// The ledger as of `today`. Its total is the working days that have passed, always.
    pub fn ledger(&self, calendar: &Calendar, today: Date) -> DayLedger {
        let (start, end) = (day_number(self.submitted) + 1, day_number(self.until(today)));
        // Nothing changes between two cuts: each piece is charged by its first day and counted without walking.
        let mut cuts: Vec<DayNumber> = self.cuts().into_iter().filter(|cut| (start..=end).contains(cut)).collect();
        cuts.push(end + 1);
        let (mut ledger, mut from) = (DayLedger::default(), start);
        for cut in cuts {
            let (before, last) = (calendar.through(from - 1), calendar.through(cut - 1));
            if last > before {
                ledger.add(Stretch {
                    from: date_of(calendar.nth(before + 1)),
                    to: date_of(calendar.nth(last)),
                    days: u32::try_from(last - before).unwrap_or(0),
                    bearer: self.bearer(date_of(from)),
                });
            }
            from = cut;
        }
        ledger
    }

    /// Whose a day is.
    fn bearer(&self, day: Date) -> Bearer {
        if let Some(suspension) = charged(&self.suspensions, day) {
            return Bearer::new(suspension.ground.holder(), suspension.ground.name());
        }
        let held = self.handovers.iter().filter(|handover| handover.on < day).max_by_key(|handover| handover.on);
        held.map_or(&self.first, |handover| &handover.to).clone()
    }

    /// Days on which the bearer may change, in order.
    fn cuts(&self) -> BTreeSet<DayNumber> {
        let handovers = self.handovers.iter().map(|handover| day_number(handover.on) + 1);
        let begins = self.suspensions.iter().map(|s| day_number(s.from));
        let ends = self.suspensions.iter().filter_map(|s| s.to).map(|to| day_number(to) + 1);
        handovers.chain(begins).chain(ends).collect()
    }
}

impl DayLedger {
    /// Adds what follows; joined with the last one when it is in the same hands.
    fn add(&mut self, next: Stretch) {
        match self.stretches.last_mut() {
            Some(last) if last.bearer == next.bearer => {
                last.to = next.to;
                last.days += next.days;
            }
            _ => self.stretches.push(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::default_calendar, clock::Ground};
    use jiff::{ToSpan, civil::date};

    /// Numbers from a seed, so that a failing history can be made again.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: i64) -> i64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            i64::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
        }
    }

    const BEGIN: Date = date(2025, 9, 1);

    fn bearers() -> Vec<Bearer> {
        vec![
            Bearer::new(Holder::Department, "水利局"),
            Bearer::new(Holder::Department, "生态环境局"),
            Bearer::new(Holder::Applicant, "甲公司"),
            Bearer::new(Holder::Intermediary, "评估公司"),
            Bearer::new(Holder::LegallyExcluded, "依法不计"),
        ]
    }

    fn any_history(numbers: &mut Numbers) -> History {
        let bearers = bearers();
        let bearer = |numbers: &mut Numbers| bearers[numbers.below(5) as usize].clone();
        let submitted = BEGIN + numbers.below(30).days();
        let mut days: Vec<i64> = (0..numbers.below(6)).map(|_| numbers.below(50)).collect();
        days.sort_unstable();
        let first = bearer(numbers);
        let handovers =
            days.into_iter().map(|day| Handover { on: submitted + day.days(), to: bearer(numbers) }).collect();
        let suspensions = (0..numbers.below(4))
            .map(|_| {
                let from = submitted + (numbers.below(50) - 3).days();
                let to = (numbers.below(8) > 0).then(|| from + numbers.below(15).days());
                let ground = Ground::ALL[numbers.below(10) as usize];
                Suspension { from, to, ground, document: format!("通知{}", numbers.below(3)), told_on: None }
            })
            .collect();
        let ended = (numbers.below(2) == 0).then(|| submitted + numbers.below(70).days());
        History { submitted, first, handovers, suspensions, ended }
    }

    /// The oracle: every day is looked at once; who holds it is read off the events with no cleverness at all.
    fn walk(history: &History, calendar: &Calendar, today: Date) -> Vec<(Date, Bearer)> {
        let mut days = Vec::new();
        let mut day = history.submitted;
        let last = history.ended.unwrap_or(today).max(history.submitted);
        while day < last {
            day = day.tomorrow().unwrap();
            if !calendar.is_working(day) {
                continue;
            }
            let mut holds = history.first.clone();
            for handover in &history.handovers {
                if handover.on < day {
                    holds = handover.to.clone();
                }
            }
            let mut over: Vec<&Suspension> = history.suspensions.iter().filter(|s| s.covers(day)).collect();
            over.sort_by_key(|s| s.ground);
            if let Some(suspension) = over.first() {
                holds = Bearer::new(suspension.ground.holder(), suspension.ground.name());
            }
            days.push((day, holds));
        }
        days
    }

    #[test]
    fn art15_a_hundred_thousand_histories_sum_to_the_days_that_passed_and_equal_walking() {
        let calendar = default_calendar();
        let mut numbers = Numbers(0x861);
        for n in 0..100_000 {
            let history = any_history(&mut numbers);
            let today = history.submitted + numbers.below(70).days();
            let ledger = history.ledger(calendar, today);
            let passed = calendar.working_days_between(history.submitted, history.until(today));
            assert_eq!(i64::from(ledger.total()), passed, "history {n}: {history:?} on {today}");
            let mut walked: BTreeMap<Bearer, u32> = BTreeMap::new();
            for (_, bearer) in walk(&history, calendar, today) {
                *walked.entry(bearer).or_default() += 1;
            }
            let counted: BTreeMap<Bearer, u32> =
                ledger.by_bearer().into_iter().map(|(bearer, days)| (bearer.clone(), days)).collect();
            assert_eq!(counted, walked, "history {n}: {history:?} on {today}");
            let apart = ledger.stretches.windows(2).all(|pair| pair[0].to < pair[1].from);
            assert!(apart, "history {n}: stretches follow each other");
        }
    }

    #[test]
    fn art15_cutting_a_suspension_in_two_changes_nothing() {
        let calendar = default_calendar();
        let mut numbers = Numbers(0x862);
        for _ in 0..2_000 {
            let history = any_history(&mut numbers);
            let today = history.submitted + numbers.below(90).days();
            let mut pieces = history.clone();
            pieces.suspensions = history
                .suspensions
                .iter()
                .flat_map(|s| match s.to {
                    Some(to) if to > s.from => {
                        let middle = s.from + numbers.below(1 + i64::from((to - s.from).get_days())).days();
                        let first = Suspension { to: Some(middle), ..s.clone() };
                        let second = Suspension { from: middle + 1.day(), ..s.clone() };
                        if middle < to { vec![second, first] } else { vec![first] }
                    }
                    _ => vec![s.clone()],
                })
                .collect();
            assert_eq!(history.ledger(calendar, today), pieces.ledger(calendar, today), "{history:?}");
        }
    }

    #[test]
    fn art15_time_only_adds_days_and_never_takes_one_from_anybody() {
        let calendar = default_calendar();
        let mut numbers = Numbers(0x863);
        for _ in 0..500 {
            let history = any_history(&mut numbers);
            let mut before: BTreeMap<Bearer, u32> = BTreeMap::new();
            for later in 0..80 {
                let today = history.submitted + later.days();
                let ledger = history.ledger(calendar, today);
                let now: BTreeMap<Bearer, u32> =
                    ledger.by_bearer().into_iter().map(|(bearer, days)| (bearer.clone(), days)).collect();
                for (bearer, days) in &before {
                    assert!(now.get(bearer) >= Some(days), "{bearer:?} lost days on {today}: {history:?}");
                }
                before = now;
            }
        }
    }

    #[test]
    fn art15_the_day_of_an_event_belongs_to_whoever_held_the_case_that_morning() {
        let [water, applicant] = [0, 2].map(|n: usize| bearers()[n].clone());
        let history = History {
            submitted: date(2026, 3, 2),
            first: water.clone(),
            handovers: vec![
                Handover { on: date(2026, 3, 4), to: applicant.clone() },
                Handover { on: date(2026, 3, 6), to: water.clone() },
            ],
            suspensions: vec![],
            ended: Some(date(2026, 3, 10)),
        };
        let ledger = history.ledger(default_calendar(), date(2026, 6, 1));
        let days: Vec<_> = ledger.stretches.iter().map(|s| (s.bearer.clone(), s.from, s.to, s.days)).collect();
        let expected = [
            (water.clone(), date(2026, 3, 3), date(2026, 3, 4), 2),
            (applicant, date(2026, 3, 5), date(2026, 3, 6), 2),
            (water, date(2026, 3, 9), date(2026, 3, 10), 2),
        ];
        assert_eq!(days, expected);
        assert_eq!(ledger.total(), 6);
    }
}
