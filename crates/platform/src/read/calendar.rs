//! The working calendar has no read table: its versions are its stream's state, and the dates it moves are the cases' own facts.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    calendar::{CalendarEvent, WorkCalendar},
};
use ledger::Row;

impl Projected for WorkCalendar {
    fn rows(_: &str, _: i64, _: &Self, _: &CalendarEvent, _: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        vec![]
    }
}
