//! The "unreachable case" monitor: no case may be open without a work list that shows it and an act that moves it on.

use super::{Act, Case, Owed};

/// How a case got lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It has not ended, but nobody owes anything: no work list shows it.
    NobodyOwes,
    /// Somebody owes something, but no act of theirs is possible.
    NothingToDo,
    /// It has ended, but a work list still shows it.
    StillListed,
}

/// Whose acts move a case on.
fn is_of_organ(act: Act) -> bool {
    !matches!(act, Act::Supply | Act::Withdraw | Act::AskHearing | Act::AskAmendment)
}

/// How a case is lost; `None` for every case that a work list shows as long as it is open, and no longer.
/// That it has ended is taken from the moment of its end, not from what is owed: the two must agree.
pub fn lost(case: &Case) -> Option<Lost> {
    case.application.as_ref()?;
    let owed = case.stage.owed();
    if case.ended_at.is_some() {
        return (owed != Owed::Nothing).then_some(Lost::StillListed);
    }
    let acts = case.stage.acts();
    match owed {
        Owed::Nothing => Some(Lost::NobodyOwes),
        Owed::Correct => (!acts.contains(&Act::Supply)).then_some(Lost::NothingToDo),
        _ => (!acts.iter().any(|act| is_of_organ(*act))).then_some(Lost::NothingToDo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, case::Stage};

    fn case(stage: Stage, ended: bool) -> Case {
        let application = serde_json::from_value(serde_json::json!({
            "id": "c", "project": "p", "project_name": "", "code": "", "unit": "u", "unit_name": "", "item": "", "item_name": "",
            "agency": "water-150402", "agency_name": "", "rulebook": "", "materials": [],
            "limit": {"days": 20, "unit": "working", "basis": "", "certainty": "seen"}
        }));
        Case { application: Some(application.unwrap()), stage, ended_at: ended.then_some(Moment(1)), ..Case::default() }
    }

    #[test]
    fn art14_every_open_stage_has_a_holder_and_every_ended_one_has_none() {
        for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Decided) {
            assert_eq!(lost(&case(stage, stage.is_ended())), None, "{stage:?}");
        }
    }

    #[test]
    fn art14_the_monitor_finds_what_it_looks_for() {
        assert_eq!(lost(&case(Stage::Decided, false)), Some(Lost::NobodyOwes), "decided but never completed");
        assert_eq!(lost(&case(Stage::Withdrawn, false)), Some(Lost::NobodyOwes));
        assert_eq!(lost(&case(Stage::Processing, true)), Some(Lost::StillListed));
        assert_eq!(lost(&Case::default()), None, "there is no case");
    }
}
