//! The platform on a fresh database, with named people, for tests through use cases and through the router.
//!
//! A test is an `async fn name(world: &World)`; [`both_engines!`] runs it on SQLite always and on PostgreSQL when
//! `TZXM_TEST_POSTGRES` holds a server's URL (`scripts/postgres.sh start DIR` prints one). Each gets an empty database,
//! and [`World::finish`] proves at the end that the ledger still is what was written.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

pub mod answers;
mod authenticator;
mod client;
mod database;
pub mod files;
pub mod outcome;
mod patience;
mod people;
mod ports;
mod steps;
mod tsa;
mod usb_key;
mod world;

pub use authenticator::{Authenticator, Enrolled, face};
pub use client::{Answer, Client};
pub use database::Database;
pub use patience::patiently;
pub use people::{PASSWORD, Person};
pub use ports::{FewDraws, MemoryFiles, PlainPrinter, Postbox};
pub use steps::{GuideKeepers, PROMISED, decision, guide_contact, point, supplied};
pub use tsa::LocalTsa;
pub use usb_key::UsbKey;
pub use world::{World, platform, signer};

/// Runs each `async fn name(world: &World)` once per engine, on a database of its own, and verifies it afterwards.
#[macro_export]
macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let world = $crate::World::sqlite().await;
                super::$name(&world).await;
                world.finish().await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(world) = $crate::World::postgres().await else { return };
                super::$name(&world).await;
                world.finish().await;
            })+
        }
    };
}
