//! The way of audit records to the collector (S-40): over a line that loses, cuts and lies, and over TLS.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod line;
mod tls;
