//! What a request tells about itself: its number, and how its answer should look.

use axum::http::{HeaderMap, header};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// 问题编号: names one request in answers, audit entries and the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// As text: sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The next number: a counter scrambled with a key of this process, so that it tells nothing of our traffic.
    pub fn next() -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(format!("{:016x}", KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed))))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a part of a page is wanted (htmx), and not the whole page for the browser's history.
pub fn wants_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request")
}

/// Whether the client reads HTML; scripts that want JSON say so.
pub fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !accepted.contains("json") || accepted.contains("html")
}
