//! Where a request comes from (S-13, A-31). Behind proxies of our own the connection is the last proxy's; each proxy appends
//! the address it was called from to `X-Forwarded-For`, so only as many entries are believed as there are proxies, from the
//! right. Whatever a caller writes into the header himself stands further left and is never read.

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName},
};
use std::net::{IpAddr, SocketAddr};

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that the outermost of `proxies` trusted proxies was called from; `None` when the header does not go so far.
fn forwarded_for(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let lines = headers.get_all(&FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    let entries: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let at = entries.len().checked_sub(proxies.max(1))?;
    entries.get(at)?.parse().ok()
}

/// The address a request comes from, once [`believe_proxies`] has seen it.
pub fn of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// Puts the caller's address in the place of the last proxy's, for everything behind (audit, sign-in, limits).
pub fn believe_proxies(proxies: u8, request: &mut Request) {
    if proxies == 0 {
        return;
    }
    if let Some(caller) = forwarded_for(request.headers(), usize::from(proxies)) {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(caller, 0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::HeaderValue};

    fn seen(proxies: u8, lines: &[&str]) -> String {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4711))));
        for line in lines {
            request.headers_mut().append(&FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        believe_proxies(proxies, &mut request);
        request.extensions().get::<ConnectInfo<SocketAddr>>().unwrap().0.ip().to_string()
    }

    #[test]
    fn a31_without_a_proxy_of_our_own_no_header_is_believed() {
        for lines in [&["1.2.3.4"][..], &["1.2.3.4, 5.6.7.8"], &["unknown", "::1"]] {
            assert_eq!(seen(0, lines), "10.0.0.1", "{lines:?}");
        }
    }

    #[test]
    fn a31_only_the_entries_of_our_own_proxies_are_believed_from_the_right() {
        assert_eq!(seen(1, &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(seen(1, &["6.6.6.6, 203.0.113.7"]), "203.0.113.7", "what the caller wrote stands left");
        assert_eq!(seen(1, &["6.6.6.6", "203.0.113.7"]), "203.0.113.7", "also on a line of its own");
        assert_eq!(seen(2, &["6.6.6.6, 203.0.113.7, 192.0.2.1"]), "203.0.113.7");
        assert_eq!(seen(1, &["2001:db8::7"]), "2001:db8::7");
        for odd in [&[][..], &[""], &["203.0.113.7, unknown"], &["203.0.113.7, 1.2.3.4:80"], &["<script>"]] {
            assert_eq!(seen(1, odd), "10.0.0.1", "{odd:?}: then it is the connection's");
        }
        assert_eq!(seen(3, &["203.0.113.7"]), "10.0.0.1", "fewer entries than proxies");
    }
}
