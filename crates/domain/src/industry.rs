//! industry
