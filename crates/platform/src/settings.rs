//! Settings of one installation. Few; each has a default that is safe.

use crate::{account::Face, flood::FloodLimits};
use domain::{
    account::{Post, PostLimits},
    publication::ReviewedKind,
};
use ipnet::IpNet;
use serde::Deserialize;
use std::{net::IpAddr, path::PathBuf};

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

/// How far a session of the office reaches from where it began: so many leading bits of the address are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionNetwork {
    /// Bits of an IPv4 address.
    pub ipv4: u8,
    /// Bits of an IPv6 address.
    pub ipv6: u8,
}

impl Default for SessionNetwork {
    fn default() -> Self {
        Self { ipv4: 24, ipv6: 56 }
    }
}

impl SessionNetwork {
    /// Whether a session that began there may be used from here.
    pub fn holds(self, began: IpAddr, now: IpAddr) -> bool {
        // What reaches an IPv6 listener from IPv4 is written as an IPv6 address.
        let (began, now) = (began.to_canonical(), now.to_canonical());
        let bits = if began.is_ipv4() { self.ipv4 } else { self.ipv6 };
        IpNet::new(began, bits).is_ok_and(|network| network.contains(&now))
    }

    fn validate(self) -> Option<String> {
        let fits = (16..=32).contains(&self.ipv4) && (32..=128).contains(&self.ipv6);
        (!fits).then(|| "[platform.sign_in] session_network 应为 ipv4 16 至 32 位，ipv6 32 至 128 位".to_owned())
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
    /// How far a session of the office reaches from where it began.
    pub session_network: SessionNetwork,
    /// Hours after which another address of notifications counts; 0: at once and without both factors, only where nothing is
    /// required.
    pub address_hours: i64,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self {
            password_days: 90,
            second_factor: PerFace { portal: Demand::Required, office: Demand::Required },
            unused_days: PerFace { portal: 90, office: 60 },
            session_network: SessionNetwork::default(),
            address_hours: 24,
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
            session_network: SessionNetwork::default(),
            address_hours: 0,
        }
    }

    fn validate(&self) -> Vec<String> {
        let days = [
            ("password_days", self.password_days, 90),
            ("unused_days.portal", self.unused_days.portal, 90),
            ("unused_days.office", self.unused_days.office, 60),
        ];
        let wrong = days.into_iter().filter(|(_, days, most)| !(1..=*most).contains(days));
        let days = wrong.map(|(name, _, most)| format!("[platform.sign_in] {name} 应为 1 至 {most} 天"));
        let hours = (!(24..=168).contains(&self.address_hours))
            .then(|| "[platform.sign_in] address_hours 应为 24 至 168 小时".to_owned());
        days.chain(hours).chain(self.session_network.validate()).collect()
    }
}

/// How much of what people may see they may carry away or look into in one day (A-21, S-34).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Rows one person may export in a day.
    pub export_rows: u64,
    /// Rows above which a second person confirms an export.
    pub second_person_rows: u64,
    /// Hours within which a confirmed export may be downloaded.
    pub download_hours: i64,
    /// How often one person may see contact data in full in a day.
    pub unmask: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { export_rows: 10_000, second_person_rows: 1000, download_hours: 24, unmask: 50 }
    }
}

impl Quotas {
    fn validate(&self) -> Vec<String> {
        let wrong = [
            ("export_rows", self.export_rows, 100_000),
            ("second_person_rows", self.second_person_rows, 1000),
            ("download_hours", self.download_hours.try_into().unwrap_or(0), 72),
            ("unmask", self.unmask, 1000),
        ];
        let wrong = wrong.into_iter().filter(|(_, value, most)| !(1..=*most).contains(value));
        wrong.map(|(name, _, most)| format!("[platform.quotas] {name} 应为 1 至 {most}")).collect()
    }
}

/// What becomes of a file that shows what no rule can read, such as a scan (K-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scans {
    /// A security administrator decides about each.
    Held,
    /// The unit's own declaration that nothing is classified is enough.
    Declared,
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
    /// Folder of the second copy of each file: on another disk or machine; empty: there is none (S-25).
    pub files_copy: PathBuf,
    /// Folder of uploads under way (same file system as `files`).
    pub temp: PathBuf,
    /// Folder of the keys of sealed content: on a disk of its own, in no backup (K-09).
    pub held_keys: PathBuf,
    /// Scans and pictures nothing could read.
    pub scans: Scans,
    /// Program that reads the head of scans and pictures (K-06); empty or not installed: `scans` decides at once.
    pub ocr: PathBuf,
    /// Folder of its language data; `chi_sim.traineddata` must be there.
    pub ocr_data: PathBuf,
    /// Hours within which sealed content must be reported to the secrecy office (保密法: 24; data, not code).
    pub secrecy_report_hours: i64,
    /// Two-digit code of the central guiding department in codes issued here (GB/T 40058 4.4; data, not law).
    pub code_department: String,
    /// argon2 memory in KiB, passes, lanes.
    pub password_cost: (u32, u32, u32),
    /// Bytes one account may upload within 24 hours (U-02).
    pub upload_per_day: u64,
    /// Bytes the files of one application may have together (U-02).
    pub upload_per_item: u64,
    /// Shows the banner "simulated data".
    pub demo: bool,
    /// The `clamd` address (`unix:/path` or `host:port`); empty = no scanner, files are marked as not scanned.
    pub clamd: String,
    /// Serve cookies with `Secure` and the `__Host-` prefix; off only for plain-HTTP trials on loopback.
    pub secure_cookies: bool,
    /// How many reverse proxies of our own stand in front: so many entries of `X-Forwarded-For` are believed.
    pub trusted_proxies: u8,
    /// Codes that do not exist which one source may ask for within ten minutes; then it proves work or names the unit, and after
    /// ten times as many it waits. Its network may ask for three times as many.
    pub code_misses: u32,
    /// Networks from which administrators' accounts work (S-18); empty = from anywhere.
    pub administrator_networks: Vec<IpNet>,
    /// Hours within which a security incident has to be reported (L-09: four for most, two for central organs, one for
    /// critical infrastructure).
    pub incident_report_hours: u32,
    /// Kinds of results whose disclosure was reviewed once: they are public with their completion (S-55).
    pub disclosure_reviewed: Vec<ReviewedKind>,
    /// Working days within which a request about personal data is answered (个人信息保护法第五十条 says "timely"; data, not law).
    pub personal_request_days: u32,
    /// Rules of signing in.
    pub sign_in: SignInRules,
    /// How long posts are given for.
    pub posts: PostLimits,
    /// How much one person may carry away in a day.
    pub quotas: Quotas,
    /// How much is too much at once.
    pub floods: FloodLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            portal_url: "http://127.0.0.1:8080".into(),
            office_url: "http://127.0.0.1:8081".into(),
            files: "var/files".into(),
            files_copy: PathBuf::new(),
            temp: "var/temp".into(),
            held_keys: "var/held-keys".into(),
            scans: Scans::Held,
            ocr: "/usr/bin/tesseract".into(),
            ocr_data: "/usr/share/tesseract-ocr/5/tessdata".into(),
            secrecy_report_hours: 24,
            code_department: "04".into(),
            password_cost: (64 * 1024, 3, 1),
            upload_per_day: 2 * 1024 * 1024 * 1024,
            upload_per_item: 500 * 1024 * 1024,
            demo: false,
            clamd: String::new(),
            secure_cookies: true,
            trusted_proxies: 0,
            code_misses: 10,
            administrator_networks: Vec::new(),
            incident_report_hours: 4,
            disclosure_reviewed: Vec::new(),
            personal_request_days: 15,
            sign_in: SignInRules::default(),
            posts: PostLimits::default(),
            quotas: Quotas::default(),
            floods: FloodLimits::default(),
        }
    }
}

impl Settings {
    /// Whether whoever holds these posts may work from there: an administrator only from the networks named for
    /// administrators (S-18).
    pub fn may_work_from(&self, posts: &[Post], source: Option<IpAddr>) -> bool {
        let administers = posts.iter().any(|post| post.role.is_administrator());
        // What reaches an IPv6 listener from IPv4 is written as an IPv6 address.
        let source = source.map(|source| source.to_canonical());
        !administers
            || self.administrator_networks.is_empty()
            || source.is_some_and(|source| self.administrator_networks.iter().any(|network| network.contains(&source)))
    }

    /// Whether clamd, if there is one, listens on this machine: it speaks no TLS (S-26).
    fn clamd_is_here(&self) -> bool {
        let host = self.clamd.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
        self.clamd.is_empty()
            || self.clamd.starts_with("unix:")
            || host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }

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
        if !(1..=4).contains(&self.incident_report_hours) {
            faults.push("incident_report_hours 应为 1 至 4 小时（关键信息基础设施 1，中央机关 2，其他 4）".into());
        }
        if !(1..=24 * 7).contains(&self.secrecy_report_hours) {
            faults.push("secrecy_report_hours 应为 1 至 168 小时".into());
        }
        if self.held_keys.starts_with(&self.files) || self.files.starts_with(&self.held_keys) {
            faults.push("held_keys 不能与 files 相互包含：封存内容的密钥不得随文件一起备份".into());
        }
        if !self.clamd_is_here() {
            faults.push("clamd 只能在本机：unix:/路径 或 127.0.0.1:3310；上传的内容不得以明文送到别的机器".into());
        }
        if !(1..=30).contains(&self.personal_request_days) {
            faults.push("personal_request_days 应为 1 至 30 个工作日".into());
        }
        let (memory, passes, lanes) = self.password_cost;
        if memory < 8 * lanes || passes == 0 || lanes == 0 {
            faults.push("password_cost 应为 [内存KiB, 次数, 并行度]，内存不少于并行度的 8 倍".into());
        }
        // A demonstration runs on loopback with made-up people only.
        if !self.demo {
            faults.extend(self.sign_in.validate());
            faults.extend(self.posts.validate());
            faults.extend(self.floods.validate());
        }
        faults.extend(self.quotas.validate());
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a22_a_session_reaches_as_far_as_its_network() {
        let network = SessionNetwork::default();
        let holds = |began: &str, now: &str| network.holds(began.parse().unwrap(), now.parse().unwrap());
        assert!(holds("10.1.2.3", "10.1.2.250") && holds("10.1.2.3", "::ffff:10.1.2.4"));
        assert!(!holds("10.1.2.3", "10.1.3.3") && !holds("10.1.2.3", "2001:db8::1"));
        assert!(holds("2001:db8:1:200::1", "2001:db8:1:2ff::9") && !holds("2001:db8:1:200::1", "2001:db8:1:300::1"));
    }
}
