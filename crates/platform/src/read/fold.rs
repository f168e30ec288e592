//! What the ledger needs to re-fold and rebuild: from stored events to states and rows, for every kind of stream.

use super::Projected;
use crate::{Rulebook, stream::join};
use domain::{
    Aggregate, Meta, Moment,
    account::Account,
    calendar::WorkCalendar,
    case::Case,
    consultation::Consultation,
    detection::Alarm,
    export::Export,
    group::Group,
    guide::Guide,
    hold::Hold,
    notification::{Notification, Preferences},
    personal::Rights,
    project::Project,
    publication::Publication,
    seal::{PaperSeal, SealKey},
    supervision::{Card, ExpeditingOrder},
    time_stamp::TimeStamp,
    unit::ProjectUnit,
};
use ledger::{Event, Fold, LedgerError, Row};

/// Folds every kind of stream the platform writes.
pub struct PlatformFold {
    /// The rules that read rows are made with.
    pub rules: Rulebook,
}

fn parse<A: Aggregate>(state: Option<&str>, event: &Event) -> Result<(A, A::Event, Meta), LedgerError> {
    let state = match state {
        Some(json) => serde_json::from_str(json).map_err(LedgerError::fold)?,
        None => A::default(),
    };
    let parsed = join::<A::Event>(&event.kind, &event.data).map_err(LedgerError::fold)?;
    let meta = Meta { at: Moment(event.at), recorded_at: Moment(event.recorded_at), actor: event.actor.clone() };
    Ok((state, parsed, meta))
}

fn fold<A: Aggregate>(state: Option<&str>, event: &Event) -> Result<String, LedgerError> {
    let (mut state, parsed, meta) = parse::<A>(state, event)?;
    state.apply(&parsed, &meta);
    serde_json::to_string(&state).map_err(LedgerError::fold)
}

fn rows<A: Projected>(rules: &Rulebook, before: Option<&str>, event: &Event) -> Result<Vec<Row>, LedgerError> {
    let (before, parsed, meta) = parse::<A>(before, event)?;
    let mut after = before.clone();
    after.apply(&parsed, &meta);
    Ok(A::rows(&event.stream, event.version, &before, &parsed, &meta, &after, rules))
}

/// A stream as its events give it, whatever the tables say.
pub(crate) struct Replayed {
    /// The working state.
    pub state: String,
    /// Every row that followed from an event, in order.
    pub rows: Vec<Row>,
}

fn replay<A: Projected>(rules: &Rulebook, events: &[Event]) -> Result<Replayed, LedgerError> {
    let (mut state, mut all) = (A::default(), Vec::new());
    for event in events {
        let parsed = join::<A::Event>(&event.kind, &event.data).map_err(LedgerError::fold)?;
        let meta = Meta { at: Moment(event.at), recorded_at: Moment(event.recorded_at), actor: event.actor.clone() };
        let before = state.clone();
        state.apply(&parsed, &meta);
        all.extend(A::rows(&event.stream, event.version, &before, &parsed, &meta, &state, rules));
    }
    Ok(Replayed { state: serde_json::to_string(&state).map_err(LedgerError::fold)?, rows: all })
}

/// Calls a generic function for the aggregate a stream belongs to.
macro_rules! by_kind {
    ($event:expr, $function:ident($($argument:expr),*)) => {
        match $event.stream.split(':').next().unwrap_or_default() {
            ProjectUnit::KIND => $function::<ProjectUnit>($($argument),*),
            Account::KIND => $function::<Account>($($argument),*),
            Project::KIND => $function::<Project>($($argument),*),
            Case::KIND => $function::<Case>($($argument),*),
            Guide::KIND => $function::<Guide>($($argument),*),
            Group::KIND => $function::<Group>($($argument),*),
            Card::KIND => $function::<Card>($($argument),*),
            Rights::KIND => $function::<Rights>($($argument),*),
            Publication::KIND => $function::<Publication>($($argument),*),
            Export::KIND => $function::<Export>($($argument),*),
            Hold::KIND => $function::<Hold>($($argument),*),
            Consultation::KIND => $function::<Consultation>($($argument),*),
            ExpeditingOrder::KIND => $function::<ExpeditingOrder>($($argument),*),
            Preferences::KIND => $function::<Preferences>($($argument),*),
            Notification::KIND => $function::<Notification>($($argument),*),
            PaperSeal::KIND => $function::<PaperSeal>($($argument),*),
            Alarm::KIND => $function::<Alarm>($($argument),*),
            TimeStamp::KIND => $function::<TimeStamp>($($argument),*),
            SealKey::KIND => $function::<SealKey>($($argument),*),
            WorkCalendar::KIND => $function::<WorkCalendar>($($argument),*),
            other => Err(LedgerError::fold(format!("unknown kind of stream: {other}"))),
        }
    };
}

/// Replays a stream from its first event.
pub(crate) fn replayed(rules: &Rulebook, events: &[Event]) -> Result<Replayed, LedgerError> {
    let Some(first) = events.first() else { return Err(LedgerError::fold("no events")) };
    by_kind!(first, replay(rules, events))
}

impl Fold for PlatformFold {
    fn fold(&self, state: Option<&str>, event: &Event) -> Result<String, LedgerError> {
        by_kind!(event, fold(state, event))
    }

    fn rows(&self, before: Option<&str>, event: &Event, _after: &str) -> Result<Vec<Row>, LedgerError> {
        by_kind!(event, rows(&self.rules, before, event))
    }
}
