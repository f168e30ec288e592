//! The ledger on both engines: SQLite always, PostgreSQL when `TZXM_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy.toml allows them in tests, but does not see helpers as such

mod archive;
mod audit;
mod concurrency;
mod engine;
mod evidence;
mod moving;
mod schema;
mod secrets;
mod tampering;
mod units;
mod wire;
