//! Read tables: what lists and pages read. Each row follows from events by a pure function, so they can be rebuilt.

mod account;
mod alarm;
mod calendar;
mod case;
mod consultation;
mod deadline;
mod export;
mod fold;
mod group;
mod guide;
mod hold;
mod migrations;
mod notification;
mod project;
mod publication;
mod rights;
mod seal;
mod supervision;
mod unit;

pub(crate) use account::{POSTS, used_row};
pub(crate) use case::outcome_of;
pub(crate) use deadline::{deadlines, recounted};
pub use fold::PlatformFold;
pub(crate) use fold::{Replayed, replayed};
pub use migrations::MIGRATIONS;

use crate::Rulebook;
use domain::{Aggregate, Meta, Moment, case::File, document::Document};
use jiff::civil::Date;
use ledger::Row;

/// A day so far away that nothing is ever due on it.
pub(crate) const NEVER: i64 = 9_999_999;

/// An aggregate whose events leave rows in read tables.
pub trait Projected: Aggregate + Clone {
    /// The rows that follow from one event.
    fn rows(
        id: &str,
        version: i64,
        before: &Self,
        event: &Self::Event,
        meta: &Meta,
        after: &Self,
        rules: &Rulebook,
    ) -> Vec<Row>;

    /// Files an event hands in: from then on nobody takes them away, and none was taken away meanwhile (S-32).
    fn hands_in(_: &Self::Event) -> Vec<&File> {
        Vec::new()
    }
}

/// Days since 1970-01-01: how dates are stored in read tables.
pub fn day_number(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    i64::from((date - epoch).get_days())
}

/// Reads [`day_number`] back.
pub fn from_day_number(days: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(days).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

fn document_row(document: &Document, project: &str, case: &str, unit: &str, at: Moment) -> Row {
    Row::guarded(
        "documents",
        "INSERT INTO documents(number, kind, project_id, case_id, unit_id, issued_at, data, mac) VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            document.number.clone().into(),
            slug(&document.kind).into(),
            project.into(),
            case.into(),
            unit.into(),
            at.0.into(),
            serde_json::to_string(document).unwrap_or_default().into(),
        ],
    )
}

/// A message to a unit; its id follows from the event, so a rebuild gives the same one.
struct NewMessage<'a> {
    stream: &'a str,
    version: i64,
    unit: &'a str,
    at: Moment,
    title: String,
    body: String,
    link: String,
}

impl NewMessage<'_> {
    fn row(self) -> Row {
        Row::new(
            "INSERT INTO messages(id, unit_id, at, title, body, link, read_at) VALUES($1, $2, $3, $4, $5, $6, 0)",
            [
                format!("{}-{}", self.stream.replace(':', "-"), self.version).into(),
                self.unit.into(),
                self.at.0.into(),
                self.title.into(),
                self.body.into(),
                self.link.into(),
            ],
        )
    }
}

/// Machine name of a unit-like enum, as serde writes it.
pub(crate) fn slug<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
