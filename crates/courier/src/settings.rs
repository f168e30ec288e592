//! `[notification]` of the configuration file. A channel that is not named there is not open.

use serde::Deserialize;
use std::path::PathBuf;

/// Every channel of this installation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// 电子邮件.
    pub mail: Option<MailSettings>,
    /// 短信 and others, one gateway for each channel.
    pub gateway: Vec<GatewaySettings>,
}

/// How the mail server is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte (port 465).
    #[default]
    Tls,
    /// TLS after STARTTLS, which must succeed (port 587).
    Starttls,
    /// No TLS: only for a server on this machine.
    Plain,
}

/// A mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS.
    #[serde(default)]
    pub security: Security,
    /// Sender: an address alone.
    pub from: String,
    /// Sign-in name; empty = without sign-in.
    #[serde(default)]
    pub user: String,
    /// File with the password, readable by the owner only.
    #[serde(default)]
    pub password_file: PathBuf,
    /// Most seconds for one step of the conversation.
    #[serde(default = "ten")]
    pub timeout: u64,
}

/// A gateway for short messages or a messenger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Channel of `data/notification.toml`.
    pub channel: String,
    /// Address; nothing else is ever called, redirects are not followed.
    pub url: String,
    /// File with the key both sides sign with, readable by the owner only.
    pub key_file: PathBuf,
    /// Most seconds for the whole call.
    #[serde(default = "ten")]
    pub timeout: u64,
}

pub(crate) fn ten() -> u64 {
    10
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether an address may be called: encrypted, or on this machine.
pub(crate) fn is_safe(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        url.username().is_empty() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(host)))
    })
}

impl NotificationSettings {
    /// Faults in words an administrator understands; `known` are the channels of the rules.
    pub fn validate(&self, known: &[&str]) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(mail) = &self.mail {
            if mail.from.parse::<lettre::Address>().is_err() {
                faults.push("[notification.mail] from 应为一个电子邮件地址".into());
            }
            if mail.security == Security::Plain && !is_loopback(&mail.host) {
                faults.push(
                    "[notification.mail] security = \"plain\" 只能用于本机邮件服务，其他服务请用 tls 或 starttls"
                        .into(),
                );
            }
            if !(1..=15).contains(&mail.timeout) {
                faults.push("[notification.mail] timeout 应为 1 至 15 秒".into());
            }
        }
        for (at, gateway) in self.gateway.iter().enumerate() {
            let name = &gateway.channel;
            if !known.contains(&name.as_str()) || name == "mail" {
                faults.push(format!("[[notification.gateway]] channel = \"{name}\" 不在通知规则的渠道中"));
            }
            if self.gateway.iter().take(at).any(|other| other.channel == *name) {
                faults.push(format!("[[notification.gateway]] 渠道 {name} 重复"));
            }
            if !is_safe(&gateway.url) {
                faults.push(format!(
                    "[[notification.gateway]] {name} 的 url 应以 https:// 开头（http 只能用于本机服务）"
                ));
            }
            if !(1..=60).contains(&gateway.timeout) {
                faults.push(format!("[[notification.gateway]] {name} 的 timeout 应为 1 至 60 秒"));
            }
        }
        faults
    }
}
