//! `[identity]` of the configuration file: off unless an issuer is named.

use serde::Deserialize;
use std::path::PathBuf;

/// A provider of unified identity (OpenID Connect).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// Its issuer, exactly as its documents say; empty: unified identity is off. Nothing but its host is ever called.
    pub issuer: String,
    /// What the sign-in page calls it.
    pub name: String,
    /// Who we are to it.
    pub client_id: String,
    /// File with our secret, readable by the owner only.
    pub client_secret_file: PathBuf,
    /// Values of `acr` that stand for a second factor; none: ours stays owed.
    pub second_factor_acr: Vec<String>,
    /// Values of `amr` one of which stands for a second factor; none: ours stays owed.
    pub second_factor_amr: Vec<String>,
    /// Most seconds for one call; 0 means 10.
    pub timeout: u64,
}

/// Whether an address may be called: TLS, or this machine.
pub(crate) fn is_safe(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_loopback = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.username().is_empty()
        && url.password().is_none()
        && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
}

impl IdentitySettings {
    /// Whether unified identity is offered.
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// Faults in words an administrator understands.
    pub fn validate(&self) -> Vec<String> {
        if !self.is_on() {
            return Vec::new();
        }
        let mut faults = Vec::new();
        if !reqwest::Url::parse(&self.issuer).is_ok_and(|url| is_safe(&url)) {
            faults.push("[identity] issuer 应以 https:// 开头（http 只能用于本机服务）".into());
        }
        if self.client_id.is_empty() || self.client_secret_file.as_os_str().is_empty() {
            faults.push("[identity] 应写明 client_id 和 client_secret_file".into());
        }
        if self.name.is_empty() || self.name.chars().count() > 20 {
            faults.push("[identity] name 应为 1 至 20 个字，显示在登录页上".into());
        }
        if self.timeout > 15 {
            faults.push("[identity] timeout 应为 1 至 15 秒".into());
        }
        faults
    }
}
