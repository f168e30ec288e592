use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::IntoResponse,
    routing::post,
};
use courier::{Couriers, GatewaySettings, NotificationSettings, signature};
use domain::Moment;
use platform::ports::{Clock, Courier, Letter, ManualClock, Undelivered};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

const KEY: &str = "a key both sides know, 32 bytes.";
const NOW: i64 = 1_767_225_600_000;

/// What the gateway took over: the idempotency keys and the bodies.
#[derive(Default)]
struct Taken {
    ids: BTreeSet<String>,
    bodies: Vec<serde_json::Value>,
}

/// Serves a router on a port of its own.
async fn serve(router: Router) -> String {
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = door.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(door, router).await });
    format!("http://{address}")
}

fn couriers(url: &str) -> Couriers {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, format!("{KEY}\n")).unwrap();
    let gateway = GatewaySettings { channel: "sms".into(), url: url.into(), key_file, timeout: 1 };
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Moment(NOW)));
    Couriers::open(&NotificationSettings { mail: None, gateway: vec![gateway] }, &clock).unwrap()
}

fn letter() -> Letter {
    Letter {
        id: "case-c1-2-sms-a1".into(),
        channel: "sms".into(),
        address: "13800000000".into(),
        subject: "申请已受理".into(),
        text: "赤峰市水利局已受理“供水工程”。".into(),
    }
}

async fn refusal(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Undelivered {
    let url = serve(Router::new().route("/", post(|| async move { answer }))).await;
    couriers(&url).deliver(&letter()).await.unwrap_err()
}

#[tokio::test]
async fn s28_each_call_is_signed_and_the_same_letter_is_taken_once() {
    let taken = Arc::new(Mutex::new(Taken::default()));
    let inside = taken.clone();
    let take = move |headers: HeaderMap, body: Bytes| async move {
        let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        let (id, timestamp) = (header("idempotency-key"), header("x-tzxm-timestamp"));
        let expected = format!("hmac-sm3={}", signature(KEY.as_bytes(), &timestamp, &id, &body));
        if header("x-tzxm-signature") != expected {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let mut taken = inside.lock().unwrap();
        if taken.ids.insert(id) {
            taken.bodies.push(serde_json::from_slice(&body).unwrap());
        }
        axum::Json(serde_json::json!({"reference": "SM-77", "sent_at": NOW - 1500})).into_response()
    };
    let url = serve(Router::new().route("/send", post(take))).await;
    let couriers = couriers(&format!("{url}/send"));
    for _ in 0..2 {
        let receipt = couriers.deliver(&letter()).await.unwrap();
        assert_eq!((receipt.reference.as_str(), receipt.happened_at), ("SM-77", Moment(NOW - 1500)));
    }
    let taken = taken.lock().unwrap();
    assert_eq!(taken.bodies.len(), 1);
    assert_eq!(taken.bodies[0]["to"], "13800000000");
    assert_eq!(taken.bodies[0]["text"], "赤峰市水利局已受理“供水工程”。");
    assert!(couriers.serves("sms") && !couriers.serves("mail"));
}

/// GB/T 32905 gives no HMAC sample; this is that of openssl 3 (`openssl dgst -sm3 -hmac`).
#[test]
fn s28_the_signature_is_hmac_sm3() {
    let mine = signature(b"key", "1", "id", b"body");
    let mut child = std::process::Command::new("openssl")
        .args(["dgst", "-sm3", "-hmac", "key"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"1\nid\nbody").unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(output.trim_end().ends_with(&mine), "{mine} {output}");
}

#[tokio::test]
async fn s30_only_the_configured_address_is_called() {
    let elsewhere = Arc::new(Mutex::new(0));
    let seen = elsewhere.clone();
    let other = serve(Router::new().route("/", post(move || async move { *seen.lock().unwrap() += 1 }))).await;
    let why = refusal((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, format!("{other}/"))])).await;
    assert!(!why.permanent && why.reason.contains("只访问配置的地址"), "{}", why.reason);
    assert_eq!(*elsewhere.lock().unwrap(), 0, "no redirect is followed");
}

#[tokio::test]
async fn a_refusal_is_for_good_and_everything_else_is_tried_again() {
    for (status, permanent) in
        [(400, true), (404, true), (422, true), (401, false), (429, false), (500, false), (503, false)]
    {
        let why = refusal(StatusCode::from_u16(status).unwrap()).await;
        assert_eq!(why.permanent, permanent, "{status}");
        assert!(why.reason.contains(&status.to_string()) && !why.reason.contains("138"), "{}", why.reason);
    }
    let slow = serve(Router::new().route("/", post(|| async { std::future::pending::<()>().await }))).await;
    let why = couriers(&slow).deliver(&letter()).await.unwrap_err();
    assert_eq!((why.permanent, why.reason.as_str()), (false, "网关没有在规定时间内答复。"));
    let gone = couriers(&format!("http://127.0.0.1:{}", crate::smtp::free_port()));
    assert_eq!(gone.deliver(&letter()).await.unwrap_err().reason, "连接不上网关。");
}

#[tokio::test]
async fn a_clock_that_is_off_and_an_endless_answer_are_not_believed() {
    for sent_at in [NOW + 60_000, NOW - 90_000_000, i64::MIN, i64::MAX] {
        let answer = axum::Json(serde_json::json!({ "sent_at": sent_at }));
        let url = serve(Router::new().route("/", post(|| async move { answer }))).await;
        assert_eq!(couriers(&url).deliver(&letter()).await.unwrap().happened_at, Moment(NOW), "{sent_at}");
    }
    let endless = "x".repeat(200_000);
    let url = serve(Router::new().route("/", post(|| async move { endless }))).await;
    assert_eq!(couriers(&url).deliver(&letter()).await.unwrap().reference, "");
}
