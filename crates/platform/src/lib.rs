//! platform

pub mod upload;
