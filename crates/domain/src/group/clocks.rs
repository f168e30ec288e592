//! The joint clock (许可法第四十二条第二款): 45 working days for joint handling. It bounds the whole; each case keeps its own.

use super::{Group, ParallelRules};
use crate::{case::Case, clock::ClockFacts};

/// Where the joint clock stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JointClock {
    /// Not begun: so many branches are neither accepted nor ended.
    Waiting(usize),
    /// Begun on the day the last branch was accepted.
    Running(Box<ClockFacts>),
    /// No branch was accepted and none can be any more: nothing is counted.
    Never,
}

impl JointClock {
    /// The period, if one runs or ran.
    pub fn facts(&self) -> Option<&ClockFacts> {
        match self {
            Self::Running(facts) => Some(facts),
            Self::Waiting(_) | Self::Never => None,
        }
    }
}

/// The joint clock of a group. Times that 许可法第四十五条 excludes for any branch are excluded for the whole. A branch that
/// ended without acceptance no longer counts.
pub fn joint_clock(group: &Group, cases: &[Case], rules: &ParallelRules) -> JointClock {
    let waiting = cases.iter().filter(|case| case.accepted_at.is_none() && case.ended_at.is_none()).count();
    if waiting > 0 {
        return JointClock::Waiting(waiting);
    }
    let start = cases.iter().filter_map(|case| case.accepted_at).max();
    let (Some(start), Some(kind)) = (start, rules.deadline()) else { return JointClock::Never };
    let mut facts = ClockFacts::new(kind.clone(), start.date());
    facts.extensions.extend(group.extension.clone());
    let accepted = || cases.iter().filter(|case| case.accepted_at.is_some());
    for case in accepted() {
        let ended = case.ended_at.map(|at| at.date());
        facts.suspensions.extend(case.suspensions.iter().cloned().map(|mut suspension| {
            suspension.to = suspension.to.or(ended);
            suspension
        }));
    }
    let ends: Option<Vec<_>> = accepted().map(|case| case.ended_at).collect();
    facts.finished = ends.and_then(|ends| ends.into_iter().max()).map(|at| at.date());
    JointClock::Running(Box::new(facts))
}
