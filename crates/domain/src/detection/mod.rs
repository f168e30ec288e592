//! 入侵检测 (S-21, S-42): rules as data over the records of the security audit, the alarms they raise, and the incident an
//! alarm may turn into, with the time its report is due (L-09).
//!
//! `table` reads the rules and says which records count, `count` says when there are enough of them, `alarm` is the life of
//! an alarm.

mod alarm;
mod count;
mod table;
#[cfg(test)]
mod tests;

pub use alarm::{
    Alarm, AlarmEvent, AlarmFinding, AlarmState, Incident, Raised, acknowledge, close, open_incident, repeat,
    report_incident,
};
pub use count::{Hit, Mark, hit};
pub use table::{Fact, Rule, Rules, Severity, Subject, When, default_rules};

use crate::Refusal;

/// A text that must be there and not too long.
fn words(field: &str, text: &str, what: &str, most: usize) -> Result<String, Refusal> {
    crate::refusal::words(field, text, what, most).map_err(|refusal| refusal.article("办法第二十二条"))
}
