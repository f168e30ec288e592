//! Unified identity.
