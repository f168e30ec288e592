//! 最短合法路径: the earliest day on which construction may lawfully start, if the unit files at once and every organ
//! takes all the time the law gives it; how much slack each item has; what a correction or filing together changes.
//!
//! Only what the law puts first must be waited for; what is merely usual may run in parallel (办法第十四条). Nothing here is
//! stored: the plan is a function of the items, the states of the cases, the calendar and today.

mod progress;
#[cfg(test)]
mod tests;

pub use progress::{Progress, progress_of};

use crate::{
    Refusal,
    calendar::Calendar,
    clock::{ClockFacts, DeadlineKind, Unit, default_deadlines},
    item::PrecedenceKind,
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Longest correction a question may suppose, in working days.
pub const LONGEST_CORRECTION: u32 = 250;

/// One item of the plan. Nodes are given in an order that respects every precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Item code.
    pub item: String,
    /// Limit of the decision, from acceptance; 0 is at once.
    pub days: u32,
    /// Which days.
    pub unit: Unit,
    /// Earlier items and how strong each precedence is; those that are no node of the plan are ignored.
    pub after: Vec<(String, PrecedenceKind)>,
    /// Where it stands.
    pub progress: Progress,
}

/// Which precedences a plan respects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Only what the law demands: everything else at once.
    #[default]
    Lawful,
    /// The usual order as well: one after the other.
    Usual,
}

/// A question: what if.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Which precedences.
    pub order: Order,
    /// Items the organ returns once for correction, and the working days the unit takes.
    pub corrections: BTreeMap<String, u32>,
    /// Items filed on one day; between them the usual order does not count.
    pub together: BTreeSet<String>,
}

/// One item in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Item code.
    pub item: String,
    /// The day it is filed; `None` for what is filed already.
    pub file: Option<Date>,
    /// The last day of the decision.
    pub finish: Date,
    /// The dates rest on a year whose holidays are not published yet.
    pub provisional: bool,
    /// Working days it can be late without moving the start of construction. An item of the chain can have a day or two
    /// where a later limit in calendar days ends on a rest day.
    pub slack: u32,
    /// The item it waits for, if it cannot be filed today.
    pub waits_for: Option<String>,
    /// Granted already.
    pub done: bool,
}

/// The plan as of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The day it was asked on.
    pub today: Date,
    /// In the order of the nodes.
    pub steps: Vec<Step>,
    /// The earliest day on which everything that must precede construction is decided.
    pub start: Date,
    /// It rests on a year whose holidays are not published yet.
    pub provisional: bool,
    /// The chain that decides the start, first to last.
    pub chain: Vec<String>,
}

/// What every computation of a plan needs.
struct Board<'a> {
    nodes: &'a [Node],
    calendar: &'a Calendar,
    today: Date,
    what_if: &'a WhatIf,
    /// Members of `what_if.together` that are still to be filed.
    together: BTreeSet<usize>,
    check_days: u32,
}

/// When each node is filed and decided.
#[derive(Clone, Copy)]
struct Times {
    file: Option<Date>,
    finish: Date,
}

/// The plan, or why the question makes no sense.
pub fn plan(nodes: &[Node], calendar: &Calendar, today: Date, what_if: &WhatIf) -> Result<Plan, Refusal> {
    let board = Board::new(nodes, calendar, today, what_if)?;
    let times = board.times(None);
    let start = board.start(&times);
    let steps: Vec<Step> = nodes
        .iter()
        .enumerate()
        .zip(&times)
        .map(|((at, node), time)| {
            let done = matches!(node.progress, Progress::Granted(_));
            let from = time.file.unwrap_or(today);
            Step {
                item: node.item.clone(),
                file: time.file,
                finish: time.finish,
                provisional: !done && calendar.is_provisional(from.min(time.finish), time.finish),
                slack: if done { 0 } else { board.slack(at, time.finish, start) },
                waits_for: board.waits_for(at, &times).map(|earlier| board.name(earlier)),
                done,
            }
        })
        .collect();
    let chain = board.chain(&times, start).into_iter().map(|at| board.name(at)).collect();
    let provisional = start > today && calendar.is_provisional(today, start);
    Ok(Plan { today, steps, start, provisional, chain })
}

impl<'a> Board<'a> {
    fn new(nodes: &'a [Node], calendar: &'a Calendar, today: Date, what_if: &'a WhatIf) -> Result<Self, Refusal> {
        let check_days = default_deadlines().get("correction_check").map_or(0, |kind| kind.days);
        let open = |node: &Node| node.progress == Progress::ToApply && what_if.together.contains(&node.item);
        let together = (0..).zip(nodes).filter(|(_, node)| open(node)).map(|(at, _)| at).collect();
        let board = Self { nodes, calendar, today, what_if, together, check_days };
        board.check()?;
        Ok(board)
    }

    fn check(&self) -> Result<(), Refusal> {
        if let Some((_, days)) = self.what_if.corrections.iter().find(|(_, days)| **days > LONGEST_CORRECTION) {
            let message = format!("补正天数请填写 0 至 {LONGEST_CORRECTION} 个工作日，现为 {days} 个。");
            return Err(Refusal::field("days", "path.correction", message));
        }
        for &first in &self.together {
            if let Some(&second) = self.together.iter().find(|&&second| second != first && self.reaches(first, second))
            {
                let message =
                    "所选事项之间有法定先后顺序，前一事项办结之前不能申请后一事项，不能一并申请。请重新选择。";
                let refusal = Refusal::field("with", "path.not_together", message).article("办法第十四条");
                debug_assert_ne!(first, second);
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn name(&self, at: usize) -> String {
        self.nodes.get(at).map(|node| node.item.clone()).unwrap_or_default()
    }

    /// The nodes a node must wait for, by position.
    fn earlier(&self, at: usize) -> Vec<usize> {
        let Some(node) = self.nodes.get(at) else { return Vec::new() };
        let waits = |earlier: usize, kind: PrecedenceKind| {
            let both = self.together.contains(&at) && self.together.contains(&earlier);
            kind == PrecedenceKind::Law || (self.what_if.order == Order::Usual && !both)
        };
        let found = node.after.iter().filter_map(|(item, kind)| {
            let earlier = self.nodes.iter().take(at).position(|n| n.item == *item)?;
            waits(earlier, *kind).then_some(earlier)
        });
        found.collect()
    }

    /// Whether `later` waits for `first`, directly or through others.
    fn reaches(&self, first: usize, later: usize) -> bool {
        self.earlier(later).into_iter().any(|at| at == first || (at > first && self.reaches(first, at)))
    }

    /// Everything that must be decided before a node is filed: with its companions, what any of them waits for.
    fn awaited(&self, at: usize) -> Vec<usize> {
        if !self.together.contains(&at) {
            return self.earlier(at);
        }
        let mut all: Vec<usize> = self.together.iter().flat_map(|&member| self.earlier(member)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The nodes in an order in which everything awaited comes first. Companions may wait for a node that stands behind one
    /// of them, so the given order alone does not do.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(self.nodes.len());
        while order.len() < self.nodes.len() {
            let ready = |at: &usize| !order.contains(at) && self.awaited(*at).iter().all(|e| order.contains(e));
            match (0..self.nodes.len()).find(ready) {
                Some(next) => order.push(next),
                None => break, // cannot be: what waits for itself was refused
            }
        }
        order
    }

    /// When everything is filed and decided; `late` is a node whose decision comes so many working days later.
    fn times(&self, late: Option<(usize, u32)>) -> Vec<Times> {
        let mut times = vec![Times { file: None, finish: self.today }; self.nodes.len()];
        for at in self.order() {
            let Some(node) = self.nodes.get(at) else { continue };
            let ready = self.awaited(at).into_iter().filter_map(|e| times.get(e)).map(|t| t.finish).max();
            let file = ready.map_or(self.today, |ready| ready.max(self.today));
            let mut time = match node.progress {
                Progress::Granted(on) => Times { file: None, finish: on },
                Progress::Deciding(until) => Times { file: None, finish: until },
                Progress::Accepting(on) => Times { file: None, finish: self.decided(node, self.corrected(node, on)) },
                Progress::ToApply => Times { file: Some(file), finish: self.decided_when_filed(node, file) },
            };
            if let Some((_, days)) = late.filter(|(which, _)| *which == at) {
                time.finish = self.calendar.add_working_days(time.finish, days);
            }
            if let Some(slot) = times.get_mut(at) {
                *slot = time;
            }
        }
        times
    }

    /// The day of acceptance when it would otherwise be `on`: a correction is asked on that last day, and the supplement
    /// is checked anew (许可法第三十二条).
    fn corrected(&self, node: &Node, on: Date) -> Date {
        match self.what_if.corrections.get(&node.item) {
            Some(days) if *days > 0 => {
                let supplied = self.calendar.add_working_days(on, *days);
                self.calendar.add_working_days(supplied, self.check_of(node))
            }
            _ => on,
        }
    }

    /// Days of the check: none for what is done at once (a record filing is filed when its information is complete).
    fn check_of(&self, node: &Node) -> u32 {
        if node.days == 0 { 0 } else { self.check_days }
    }

    fn decided_when_filed(&self, node: &Node, file: Date) -> Date {
        let checked = match self.check_of(node) {
            0 => self.calendar.next_working_day(file),
            days => self.calendar.add_working_days(file, days),
        };
        self.decided(node, self.corrected(node, checked))
    }

    /// The last day of the limit, by the same clock that runs for cases.
    fn decided(&self, node: &Node, accepted: Date) -> Date {
        if node.days == 0 {
            return accepted;
        }
        let facts = ClockFacts::new(DeadlineKind::item(node.unit, node.days), accepted);
        facts.due(self.calendar).map_or(accepted, |due| due.date)
    }

    fn start(&self, times: &[Times]) -> Date {
        times.iter().map(|time| time.finish).max().map_or(self.today, |last| last.max(self.today))
    }

    /// The most working days a node can be late without moving the start: the start is monotone in them.
    fn slack(&self, at: usize, finish: Date, start: Date) -> u32 {
        let most = self.calendar.working_days_between(finish, start);
        let (mut fits, mut too_many) = (0, u32::try_from(most).unwrap_or(0).saturating_add(1));
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            match self.start(&self.times(Some((at, middle)))) > start {
                true => too_many = middle,
                false => fits = middle,
            }
        }
        fits
    }

    /// The first awaited node whose decision decides the day of filing.
    fn waits_for(&self, at: usize, times: &[Times]) -> Option<usize> {
        let file = times.get(at)?.file.filter(|file| *file > self.today)?;
        self.awaited(at).into_iter().find(|&earlier| times.get(earlier).is_some_and(|time| time.finish == file))
    }

    fn chain(&self, times: &[Times], start: Date) -> Vec<usize> {
        let open = |at: &usize| self.nodes.get(*at).is_some_and(|n| !matches!(n.progress, Progress::Granted(_)));
        let last = (0..times.len()).find(|at| open(at) && times.get(*at).is_some_and(|time| time.finish == start));
        let mut chain: Vec<usize> = std::iter::successors(last, |&at| self.waits_for(at, times)).collect();
        chain.reverse();
        chain
    }
}
