//! 时间戳机构 (RFC 3161 over HTTP, section 3.4). The same rules as for gateways: only the configured address, no redirect.

use crate::{NotOpened, gateway, settings};
use domain::time_stamp::StampDigest;
use platform::ports::TimeStamper;
use reqwest::{Client, Url};
use serde::Deserialize;

/// `[time_stamp]` of the configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeStampSettings {
    /// Address of the authority; nothing else is ever called. Empty: no time stamps.
    pub url: String,
    /// The digest that is stamped.
    pub digest: StampDigest,
    /// Most seconds for the whole call.
    pub timeout: u64,
}

impl Default for TimeStampSettings {
    fn default() -> Self {
        Self { url: String::new(), digest: StampDigest::Sm3, timeout: settings::ten() }
    }
}

impl TimeStampSettings {
    /// Faults in words an administrator understands.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.url.is_empty() && !settings::is_safe(&self.url) {
            faults.push("[time_stamp] url 应以 https:// 开头（http 只能用于本机服务）".into());
        }
        if !(1..=60).contains(&self.timeout) {
            faults.push("[time_stamp] timeout 应为 1 至 60 秒".into());
        }
        faults
    }
}

/// A time stamp authority.
pub struct Tsa {
    client: Client,
    url: Url,
    digest: StampDigest,
}

impl Tsa {
    /// From the settings; nothing is connected yet. `None` when there is none.
    pub fn open(settings: &TimeStampSettings) -> Result<Option<Self>, NotOpened> {
        if settings.url.is_empty() {
            return Ok(None);
        }
        let fault = |why: &dyn std::fmt::Display| NotOpened(format!("[time_stamp] 不能使用：{why}"));
        let url = Url::parse(&settings.url).map_err(|error| fault(&error))?;
        let client = gateway::client(settings.timeout).map_err(|error| fault(&error))?;
        Ok(Some(Self { client, url, digest: settings.digest }))
    }
}

#[async_trait::async_trait]
impl TimeStamper for Tsa {
    fn digest(&self) -> StampDigest {
        self.digest
    }

    async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let call = self.client.post(self.url.clone()).header("content-type", "application/timestamp-query");
        let response = call.body(request.to_vec()).send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("the time stamp authority answered {status}").into());
        }
        gateway::read(response).await.ok_or_else(|| "the time stamp authority's answer is too long".into())
    }
}
