//! 安全告警 (S-21, S-42): the list and one alarm, for the security administrator; the audit administrator reads along.

mod list;
mod show;

use super::{FormBox, frame, query, step, to};
use crate::{
    Route,
    html::{Pill, Tone},
};
use domain::detection::{AlarmState, Severity};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    [list::routes(), show::routes()].concat()
}

fn severity(severity: Severity) -> Pill {
    Pill::new(if severity == Severity::High { Tone::Red } else { Tone::Yellow }, severity.name())
}

fn state(state: AlarmState) -> Pill {
    let tone = match state {
        AlarmState::Open => Tone::Yellow,
        AlarmState::Acknowledged => Tone::Blue,
        AlarmState::Incident => Tone::Red,
        AlarmState::Closed => Tone::Green,
    };
    Pill::new(tone, state.name())
}
