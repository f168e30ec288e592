//! `[release]` of the configuration: where the signed manifest lies and whose signatures count.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// 发布清单和配置封签 (S-23). Everything empty: the program starts with a warning and checks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReleaseSettings {
    /// The manifest; its signature lies beside it (`.sig`).
    pub manifest: PathBuf,
    /// Public key of whoever made the release (PEM).
    pub public_key: PathBuf,
    /// The seal over this configuration; its signature lies beside it (`.sig`). Empty: the configuration is not checked.
    pub seal: PathBuf,
    /// Public key of whoever sealed the configuration (PEM).
    pub seal_public_key: PathBuf,
    /// Seconds between two checks while it runs.
    pub check_seconds: u64,
}

impl Default for ReleaseSettings {
    fn default() -> Self {
        let none = PathBuf::new;
        Self { manifest: none(), public_key: none(), seal: none(), seal_public_key: none(), check_seconds: 3600 }
    }
}

impl ReleaseSettings {
    /// Whether anything is checked at all.
    pub fn is_set(&self) -> bool {
        is_set(&self.manifest)
    }

    /// Faults in words an administrator understands.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if is_set(&self.manifest) != is_set(&self.public_key) {
            faults.push("[release] manifest（发布清单）和 public_key（发布公钥）应当同时填写".to_owned());
        }
        if is_set(&self.seal) != is_set(&self.seal_public_key) || (is_set(&self.seal) && !self.is_set()) {
            faults.push(
                "[release] seal（配置封签）和 seal_public_key（封签公钥）应当同时填写，并以 manifest 为前提".to_owned(),
            );
        }
        if !(1..=86_400).contains(&self.check_seconds) {
            faults.push("[release] check_seconds 应为 1 至 86400 秒".to_owned());
        }
        faults
    }
}

/// Whether a path was given.
pub fn is_set(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}
