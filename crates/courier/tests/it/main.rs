//! The channels against real servers: aiosmtpd for mail, axum for a gateway.

mod gateway;
mod mail;
mod settings;
mod smtp;
