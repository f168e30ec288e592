//! Settings of one installation. Few; each has a default that is safe.

use serde::Deserialize;
use std::path::PathBuf;

/// Settings, read once by the binary from a TOML file.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of the portal as the public sees it; printed into QR codes.
    pub portal_url: String,
    /// Address of the office as officers see it; links in what is sent to them begin with it.
    pub office_url: String,
    /// Folder of uploaded files.
    pub files: PathBuf,
    /// Folder of uploads under way (same file system as `files`).
    pub temp: PathBuf,
    /// Two-digit code of the central guiding department in codes issued here (GB/T 40058 4.4; data, not law).
    pub code_department: String,
    /// argon2 memory in KiB, passes, lanes.
    pub password_cost: (u32, u32, u32),
    /// Bytes one unit may upload per day (U-02).
    pub upload_per_day: u64,
    /// Shows the banner "simulated data".
    pub demo: bool,
    /// The `clamd` address (`unix:/path` or `host:port`); empty = no scanner, files are marked as not scanned.
    pub clamd: String,
    /// Serve cookies with `Secure` and the `__Host-` prefix; off only for plain-HTTP trials on loopback.
    pub secure_cookies: bool,
    /// How many reverse proxies of our own stand in front: so many entries of `X-Forwarded-For` are believed.
    pub trusted_proxies: u8,
    /// Codes that do not exist which one source may ask for within ten minutes; then it waits.
    pub code_misses: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            portal_url: "http://127.0.0.1:8080".into(),
            office_url: "http://127.0.0.1:8081".into(),
            files: "var/files".into(),
            temp: "var/temp".into(),
            code_department: "04".into(),
            password_cost: (64 * 1024, 3, 1),
            upload_per_day: 2 * 1024 * 1024 * 1024,
            demo: false,
            clamd: String::new(),
            secure_cookies: true,
            trusted_proxies: 0,
            code_misses: 30,
        }
    }
}

impl Settings {
    /// Faults of the settings, in words an administrator understands; empty when good.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, url) in [("portal_url", &self.portal_url), ("office_url", &self.office_url)] {
            if !(url.starts_with("https://") || url.starts_with("http://")) || url.ends_with('/') {
                faults.push(format!("{name} 应以 https:// 开头，末尾不带斜杠"));
            }
        }
        if self.code_department.len() != 2 || !self.code_department.bytes().all(|b| b.is_ascii_digit()) {
            faults.push("code_department 应为两位数字".into());
        }
        let (memory, passes, lanes) = self.password_cost;
        if memory < 8 * lanes || passes == 0 || lanes == 0 {
            faults.push("password_cost 应为 [内存KiB, 次数, 并行度]，内存不少于并行度的 8 倍".into());
        }
        faults
    }
}
