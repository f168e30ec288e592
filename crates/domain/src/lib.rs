//! The law as pure code: codes, calendar, clocks, regimes, declarations, items, cases, projects.
//!
//! No I/O, no clock, no randomness, no async: everything a rule needs is an argument.

pub mod account;
pub mod aggregate;
pub mod as_of;
pub mod calendar;
pub mod case;
pub mod clock;
pub mod consultation;
pub mod credit_code;
pub mod declaration;
pub mod department;
pub mod detection;
pub mod document;
pub mod evidence;
pub mod export;
pub mod group;
pub mod guide;
pub mod hidden;
pub mod hold;
pub mod ids;
pub mod industry;
pub mod item;
mod lookup;
pub mod marking;
pub mod money;
pub mod notification;
pub mod path;
pub mod personal;
pub mod project;
pub mod project_code;
pub mod publication;
pub mod refusal;
pub mod regime;
pub mod region;
pub mod seal;
pub mod shipped;
pub mod supervision;
pub mod time;
pub mod time_stamp;
mod tsv;
pub mod unit;

pub use aggregate::{Aggregate, Meta};
pub use money::Money;
pub use refusal::Refusal;
pub use time::Moment;
