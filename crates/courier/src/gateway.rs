//! 短信 and other channels: one signed HTTP call per letter. Only the configured address is ever called: no redirect is
//! followed, no proxy of the environment is used, and nothing of a letter becomes part of the address.

use crate::{GatewaySettings, NotOpened, for_a_while, for_good};
use domain::{Moment, hidden::Hidden};
use hmac::{Hmac, KeyInit, Mac};
use platform::ports::{Clock, Courier, Letter, Receipt, Undelivered};
use reqwest::{Client, StatusCode, Url, redirect::Policy};
use serde::{Deserialize, Serialize};
use sm3::Sm3;
use std::{sync::Arc, time::Duration};

/// Most bytes read of an answer.
const ANSWER: usize = 64 * 1024;

/// One gateway.
pub struct Gateway {
    channel: String,
    client: Client,
    url: Url,
    key: Hidden<Vec<u8>>,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    channel: &'a str,
    to: &'a str,
    title: &'a str,
    text: &'a str,
}

/// What a gateway may answer; both are optional.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    /// Its own number of the message.
    reference: String,
    /// When it took it over, ms UTC.
    sent_at: Option<i64>,
}

/// HMAC-SM3 in lower-case hexadecimal over time stamp, line feed, idempotency key, line feed, body.
pub fn signature(key: &[u8], timestamp: &str, id: &str, body: &[u8]) -> String {
    // A key of any length is taken: HMAC hashes a long one and fills a short one up.
    let Ok(mut mac) = Hmac::<Sm3>::new_from_slice(key) else { return String::new() };
    for part in [timestamp.as_bytes(), b"\n", id.as_bytes(), b"\n", body] {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// Calls what it is told to and nothing else: no redirect, no proxy of the environment, roots of the public web.
pub(crate) fn client(timeout: u64) -> Result<Client, Box<dyn std::error::Error>> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(timeout))
        .build()?;
    Ok(client)
}

impl Gateway {
    /// From the settings; nothing is connected yet.
    pub fn open(settings: &GatewaySettings, clock: Arc<dyn Clock>) -> Result<Self, NotOpened> {
        let name = &settings.channel;
        let fault = |what: &str, why: &dyn std::fmt::Display| {
            NotOpened(format!("[[notification.gateway]] {name} {what}：{why}"))
        };
        let url = Url::parse(&settings.url).map_err(|e| fault("url 不正确", &e))?;
        let text = Hidden::new(std::fs::read(&settings.key_file).map_err(|e| fault("key_file 不能读取", &e))?);
        let key = Hidden::new(text.trim_ascii().to_vec());
        if key.len() < 16 {
            return Err(fault("key_file", &"密钥不应少于 16 个字节"));
        }
        let client = client(settings.timeout).map_err(|e| fault("不能使用", &e))?;
        Ok(Self { channel: name.clone(), client, url, key, clock })
    }

    async fn call(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        let body = Body {
            id: &letter.id,
            channel: &letter.channel,
            to: &letter.address,
            title: &letter.subject,
            text: &letter.text,
        };
        let body = serde_json::to_vec(&body).map_err(|_| for_good("内容不能编码。"))?;
        let timestamp = self.clock.now().0.to_string();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("idempotency-key", &letter.id)
            .header("x-tzxm-timestamp", &timestamp)
            .header("x-tzxm-signature", format!("hmac-sm3={}", signature(&self.key, &timestamp, &letter.id, &body)))
            .body(body);
        let response = request.send().await.map_err(|error| {
            let words =
                if error.is_timeout() { "网关没有在规定时间内答复。" } else { "连接不上网关。" };
            for_a_while(words)
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(undelivered(status));
        }
        let learnt = self.clock.now();
        let answer: Answer = match read(response).await {
            Some(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            None => Answer::default(),
        };
        Ok(Receipt {
            reference: answer.reference.chars().filter(|c| !c.is_control()).take(200).collect(),
            happened_at: answer.sent_at.map_or(learnt, |at| plausible(Moment(at), learnt)),
        })
    }
}

/// A clock that is a day off is not believed.
fn plausible(said: Moment, learnt: Moment) -> Moment {
    let is_near = (learnt.0.saturating_sub(86_400_000)..=learnt.0).contains(&said.0);
    if is_near { said } else { learnt }
}

/// The answer, if it is short.
pub(crate) async fn read(mut response: reqwest::Response) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER {
            return None;
        }
    }
    Some(bytes)
}

fn undelivered(status: StatusCode) -> Undelivered {
    let code = status.as_u16();
    match code {
        400 | 404 | 410 | 422 => for_good(format!("网关拒收：接收人不存在或者内容不被接受（{code}）。")),
        401 | 403 => for_a_while(format!("网关拒绝平台的签名（{code}），请系统管理员核对密钥。")),
        300..=399 => for_a_while(format!("网关要求转到别处（{code}），平台只访问配置的地址。")),
        _ => for_a_while(format!("网关暂时不能接收（{code}）。")),
    }
}

#[async_trait::async_trait]
impl Courier for Gateway {
    fn serves(&self, channel: &str) -> bool {
        channel == self.channel
    }

    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        let result = self.call(letter).await;
        if let Err(why) = &result {
            tracing::warn!(letter.id = %letter.id, channel = %self.channel, permanent = why.permanent, reason = %why.reason, "not delivered");
        }
        result
    }
}
