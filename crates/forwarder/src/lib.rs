//! Carries the security audit to a collector in another zone (S-40), and is that collector: RFC 5424 records over TLS, counted by
//! RFC 6587. Numbers without holes and the hashes of the chain show at the other end what was lost on the way, and what was changed
//! before it. Only `tzxm` depends on it.
//!
//! The collector answers in lines of text: `READY audit N HASH` where it stands, `KEPT audit N` once a record is on its disk,
//! `MISSING audit FROM TO` when numbers are left out, `CONFLICT audit N` when a record does not chain onto the one it keeps.

mod collect;
mod frame;
mod keep;
mod send;
mod settings;
mod syslog;
mod tls;

pub use collect::{collect, serve};
pub use keep::{Keeper, Taken};
pub use send::{Forwarder, session};
pub use settings::ForwardSettings;
pub use syslog::{Carried, message, parse};
pub use tls::{TlsFiles, acceptor, connector};

/// The one stream of records.
pub(crate) const STREAM: &str = "audit";

/// Why nothing can be sent or collected; the words are for an administrator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(pub String);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The line.
    #[error("the connection broke")]
    Line(#[from] std::io::Error),
    /// The other side does not speak as it should, or not in time.
    #[error("the other side: {0}")]
    Peer(String),
    /// Our own side.
    #[error("the platform")]
    Platform(#[from] platform::Failure),
}
