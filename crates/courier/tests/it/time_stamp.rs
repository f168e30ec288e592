use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::IntoResponse,
    routing::post,
};
use courier::{TimeStampSettings, Tsa};
use domain::time_stamp::StampDigest;
use platform::{
    ports::TimeStamper,
    seal::stamp::{StampError, read_answer, request},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use testkit::LocalTsa;

async fn serve(router: Router) -> String {
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = door.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(door, router).await });
    format!("http://{address}/tsa")
}

fn tsa(url: &str) -> Tsa {
    Tsa::open(&TimeStampSettings { url: url.into(), digest: StampDigest::Sm3, timeout: 5 }).unwrap().unwrap()
}

#[tokio::test]
async fn p07_a_time_stamp_is_fetched_over_http_and_openssl_verifies_it() {
    for digest in [StampDigest::Sm3, StampDigest::Sha256] {
        let authority = Arc::new(LocalTsa::new(digest));
        let local = authority.clone();
        let answer = async move |headers: HeaderMap, body: Bytes| {
            assert_eq!(headers["content-type"], "application/timestamp-query");
            let answer = tokio::task::spawn_blocking(move || local.answer(&body)).await.unwrap();
            ([("content-type", "application/timestamp-reply")], answer)
        };
        let url = serve(Router::new().route("/tsa", post(answer))).await;
        let text = "清单".as_bytes();
        let answer = tsa(&url).ask(&request(digest, text, 9)).await.unwrap();
        assert!(read_answer(&answer, digest, text, Some(9)).unwrap().0 > 0);
        assert_eq!(read_answer(&answer, digest, b"another list", Some(9)), Err(StampError::Imprint));
        assert_eq!(read_answer(&answer, digest, text, Some(90)), Err(StampError::Nonce));
        assert!(authority.verifies(text, &answer) && !authority.verifies(b"another list", &answer));
    }
}

#[tokio::test]
async fn p07_only_the_configured_authority_is_asked() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = asked.clone();
    let elsewhere = async move || {
        counter.fetch_add(1, Ordering::Relaxed);
        "stamped"
    };
    let other = serve(Router::new().route("/tsa", post(elsewhere))).await;
    let redirect = move || {
        let answer = (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, other.clone())]).into_response();
        std::future::ready(answer)
    };
    let url = serve(Router::new().route("/tsa", post(redirect))).await;
    assert!(tsa(&url).ask(b"request").await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 0, "no redirect is followed");
    let long = serve(Router::new().route("/tsa", post(|| async { vec![0_u8; 100_000] }))).await;
    assert!(tsa(&long).ask(b"request").await.is_err(), "an answer is not longer than it may be");
    let broken = serve(Router::new().route("/tsa", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))).await;
    assert!(tsa(&broken).ask(b"request").await.is_err());
}

#[test]
fn p07_an_authority_is_asked_over_tls_or_on_this_machine() {
    let faults =
        |url: &str, timeout: u64| TimeStampSettings { url: url.into(), timeout, ..Default::default() }.validate();
    assert!(faults("", 10).is_empty() && faults("https://tsa.example", 10).is_empty());
    assert!(faults("http://127.0.0.1:3000/tsa", 10).is_empty());
    for (url, timeout) in
        [("http://tsa.example", 10), ("ftp://x", 10), ("https://user@tsa.example", 10), ("", 0), ("", 61)]
    {
        assert_eq!(faults(url, timeout).len(), 1, "{url} {timeout}");
    }
    assert!(Tsa::open(&TimeStampSettings::default()).unwrap().is_none());
}
