//! What every stream of the ledger has in common: events folded into a working state.

use crate::Moment;
use jiff::civil::Date;
use serde::{Serialize, de::DeserializeOwned};

/// Who recorded an event and when: the same for every kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// When it happened (a fact entered by hand may have happened earlier).
    pub at: Moment,
    /// When the platform wrote it down.
    pub recorded_at: Moment,
    /// Who: `account:…` or `system`.
    pub actor: String,
}

/// A thing with a life of its own: one stream in the ledger, whose state is the fold of its events.
pub trait Aggregate: Default + Serialize + DeserializeOwned + Send + Sync {
    /// First part of the stream id, such as `case`.
    const KIND: &'static str;
    /// Past-tense facts. Serialized adjacently tagged: `{"kind": "CaseAccepted", "data": {…}}`.
    type Event: Serialize + DeserializeOwned + Send + Sync;

    /// Whether the platform does this by itself, whoever set it off: such an act is recorded under the platform's own name,
    /// never under the person's (a completion notice is issued by the platform, not by the officer who decided).
    fn is_platform_act(_event: &Self::Event) -> bool {
        false
    }

    /// The legal day an event carries inside itself, when that is another thing than the moment of its entry: the date of a
    /// decision, the first day of a suspension. See [`crate::as_of`].
    fn happened_on(_event: &Self::Event) -> Option<Date> {
        None
    }

    /// Takes one event into the state. Total: an event once recorded is never refused.
    fn apply(&mut self, event: &Self::Event, meta: &Meta);
}
