//! The channels against real servers: aiosmtpd for mail, axum for a gateway.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up must stop")]

mod gateway;
mod mail;
mod settings;
mod smtp;
mod time_stamp;
