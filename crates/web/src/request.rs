//! What every request gets: a number, a line in the log, the proof that a change comes from our own pages.

use crate::{csrf, error::WebError, page::Face};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::Instrument;

/// 问题编号: names one request in answers, audit entries and the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// As text: sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The next number: a counter scrambled with a key of this process, so that it tells nothing of our traffic.
    fn next() -> Self {
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

/// Layer: gives the request its number (one sent by the client is ignored) and its span in the log.
pub async fn number(mut request: Request, next: Next) -> Response {
    let id = RequestId::next();
    request.extensions_mut().insert(id.clone());
    // Without the query: it may carry what people typed.
    let span =
        tracing::info_span!("request", request.id = %id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// Layer: a change must come from our own pages. Systems on the API sign in with every request and send
/// no cookie, so there is nothing to ride on.
pub async fn origin(State(face): State<Face>, request: Request, next: Next) -> Response {
    match csrf::same_origin(request.method(), request.headers()) {
        Err(refusal) if face != Face::Api => WebError::Forbidden(refusal).into_response(),
        _ => next.run(request).await,
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
