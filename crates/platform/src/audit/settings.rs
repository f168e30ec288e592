//! Settings of what proves the records: where copies lie, how long records stay, how many there may be.

use domain::evidence::retention;
use serde::Deserialize;
use std::path::PathBuf;

/// Fewest records a quota may allow: a busy day.
const LEAST_RECORDS: i64 = 100_000;

/// 存证 and 审计留存.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceSettings {
    /// Folder of signed checkpoints, archives and public keys, on a machine of another zone; empty: none are kept.
    pub directory: PathBuf,
    /// Days audit records stay online; never fewer than 180 (L-11).
    pub audit_days: i64,
    /// Audit records online at which nothing is changed any more (S-15).
    pub audit_records: i64,
    /// Bytes that must stay free on the disk.
    pub free_bytes: u64,
    /// A folder on that disk; empty: that of uploaded files.
    pub disk: PathBuf,
}

impl Default for EvidenceSettings {
    fn default() -> Self {
        Self {
            directory: PathBuf::new(),
            audit_days: 1095,
            audit_records: 50_000_000,
            free_bytes: 2 * 1024 * 1024 * 1024,
            disk: PathBuf::new(),
        }
    }
}

impl EvidenceSettings {
    /// Faults, in words an administrator understands; empty when good.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(refusal) = retention(self.audit_days) {
            let article = refusal.article.unwrap_or_default();
            faults.push(format!("[evidence] audit_days：{}（{article}）", refusal.message));
        }
        if self.audit_records < LEAST_RECORDS {
            faults.push(format!("[evidence] audit_records 不能少于 {LEAST_RECORDS} 条"));
        }
        faults
    }
}
