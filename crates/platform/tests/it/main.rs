//! The use cases, on both engines. Each test ends with a verified ledger and read tables equal to what the events say.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod acts;
mod apply;
mod as_of;
mod as_of_lists;
mod audit;
mod calendar;
mod codes;
mod commitment;
mod concurrency;
mod consultation;
mod crash;
mod deadline;
mod declare;
mod delegation;
mod group;
mod guess;
mod guide;
mod kit;
mod lists;
mod moving;
mod notification;
mod path;
mod permission;
mod post;
mod process;
mod processing;
mod public;
mod seal;
mod sealed;
mod sign_in;
mod staff;
mod supervision;
mod suspension;
