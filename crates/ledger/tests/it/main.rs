//! The ledger on both engines: SQLite always, PostgreSQL when `TZXM_TEST_POSTGRES` names a server.

mod concurrency;
mod engine;
mod evidence;
mod moving;
mod schema;
mod secrets;
mod units;
