//! Requests that change something must come from our own page (abuse case A-09): the browser says where a
//! request comes from, and each form carries a token that only our page for this session could know.

use axum::http::{HeaderMap, Method, header};
use domain::Refusal;
use sm3::{Digest, Sm3};

/// Name of the hidden form field that carries the token.
pub const FIELD: &str = "_csrf";
/// Name of the header that carries it when a script sends the request.
pub const HEADER: &str = "x-csrf-token";

/// The token of a session. The id is secret, so its digest is as hard to guess and gives nothing away.
pub fn csrf_token(session_id: &str) -> String {
    let mut digest = Sm3::new();
    digest.update(b"tzxm csrf 1\0");
    digest.update(session_id.as_bytes());
    hex::encode(digest.finalize())
}

/// Checks a token from a form field or from the header; refuses when neither is the session's.
pub fn verify(session_id: &str, headers: &HeaderMap, field: Option<&str>) -> Result<(), Refusal> {
    let sent = field.or_else(|| headers.get(HEADER).and_then(|value| value.to_str().ok())).unwrap_or_default();
    if equal(sent.as_bytes(), csrf_token(session_id).as_bytes()) { Ok(()) } else { Err(foreign()) }
}

/// Whether the browser says that this request comes from our own pages. Reading is always allowed; a change
/// needs `Sec-Fetch-Site: same-origin` (or `none`: typed or reloaded by the person), or, from browsers that
/// do not send it, an `Origin` equal to the host asked for. With neither there is no proof: refused.
pub fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin"), text(header::HOST.as_str())) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
        _ => false,
    };
    if ours { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> Refusal {
    Refusal::new(
        "request.foreign",
        "本次提交不是从本平台当前页面发出的，为保护您的账号已停止处理。请刷新页面后重新提交。",
    )
}

/// Compares without telling, by its duration, where the first difference is.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a09_a_token_opens_only_its_own_session() {
        let token = csrf_token("session-one");
        let none = HeaderMap::new();
        assert!(verify("session-one", &none, Some(&token)).is_ok());
        assert!(verify("session-two", &none, Some(&token)).is_err());
        assert!(verify("session-one", &none, Some("")).is_err());
        assert!(verify("session-one", &none, None).is_err());
        let carried = HeaderMap::from_iter([(HEADER.parse().unwrap(), token.parse().unwrap())]);
        assert!(verify("session-one", &carried, None).is_ok());
    }

    #[test]
    fn a09_a_change_without_proof_of_our_origin_is_refused() {
        let host = ("host", "tzxm.example:8080");
        for (pairs, allowed) in [
            (vec![host], false),
            (vec![host, ("sec-fetch-site", "same-origin")], true),
            (vec![host, ("sec-fetch-site", "none")], true),
            (vec![host, ("sec-fetch-site", "same-site")], false),
            (vec![host, ("sec-fetch-site", "cross-site"), ("origin", "http://tzxm.example:8080")], false),
            (vec![host, ("origin", "http://tzxm.example:8080")], true),
            (vec![host, ("origin", "http://tzxm.example")], false),
            (vec![host, ("origin", "https://evil.example")], false),
            (vec![host, ("origin", "null")], false),
        ] {
            assert_eq!(same_origin(&Method::POST, &headers(&pairs)).is_ok(), allowed, "{pairs:?}");
            assert!(same_origin(&Method::GET, &headers(&pairs)).is_ok());
        }
    }
}
