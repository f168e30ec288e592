//! Settings of one installation. Few; each has a default that is safe.

use crate::account::Face;
use domain::account::PostLimits;
use serde::Deserialize;
use std::path::PathBuf;

/// Whether people of a face must have a second factor, or may (S-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Without one the first sign-in leads to its enrolment and to nothing else.
    Required,
    /// Whoever has one is asked for it.
    Offered,
}

/// A setting that each face with accounts has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerFace<T> {
    /// For project units.
    pub portal: T,
    /// For officers.
    pub office: T,
}

impl<T: Copy> PerFace<T> {
    /// The value of one face.
    pub fn of(&self, face: Face) -> T {
        match face {
            Face::Portal => self.portal,
            Face::Office => self.office,
        }
    }
}

/// Rules of signing in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInRules {
    /// Days after which a password must be changed (S-01).
    pub password_days: i64,
    /// Whether a second factor is required (S-04).
    pub second_factor: PerFace<Demand>,
    /// Days without use after which an account signs in no more (S-07).
    pub unused_days: PerFace<i64>,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self {
            password_days: 90,
            second_factor: PerFace { portal: Demand::Required, office: Demand::Required },
            unused_days: PerFace { portal: 90, office: 60 },
        }
    }
}

impl SignInRules {
    /// For demonstrations and tests whose clock leaps: nothing is required, nothing runs out.
    pub fn lenient() -> Self {
        Self {
            password_days: 36_500,
            second_factor: PerFace { portal: Demand::Offered, office: Demand::Offered },
            unused_days: PerFace { portal: 36_500, office: 36_500 },
        }
    }

    fn validate(&self) -> Vec<String> {
        let days = [
            ("password_days", self.password_days, 90),
            ("unused_days.portal", self.unused_days.portal, 90),
            ("unused_days.office", self.unused_days.office, 60),
        ];
        let wrong = days.into_iter().filter(|(_, days, most)| !(1..=*most).contains(days));
        wrong.map(|(name, _, most)| format!("[platform.sign_in] {name} 应为 1 至 {most} 天")).collect()
    }
}

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
    /// Rules of signing in.
    pub sign_in: SignInRules,
    /// How long posts are given for.
    pub posts: PostLimits,
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
            sign_in: SignInRules::default(),
            posts: PostLimits::default(),
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
        // A demonstration runs on loopback with made-up people only.
        if !self.demo {
            faults.extend(self.sign_in.validate());
            faults.extend(self.posts.validate());
        }
        faults
    }
}
