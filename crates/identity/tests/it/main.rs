//! A provider that answers as it should, and one that does not: nothing but a right token of the configured provider vouches
//! for anybody (S-04, A-10).
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Moment;
use identity::{IdentitySettings, Provider};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use platform::ports::{Arrival, Departure, IdentityProvider, ManualClock, NotVouched, OutsideIdentity};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    process::Command,
    sync::{Arc, Mutex},
};

const NOW: i64 = 1_800_000_000;

struct Server {
    issuer: String,
    key: CoreRsaPrivateSigningKey,
    other: CoreRsaPrivateSigningKey,
    /// What was asked for, in order.
    calls: Mutex<Vec<String>>,
    /// What discovery says instead.
    metadata: Mutex<Value>,
}

fn key(id: &str) -> CoreRsaPrivateSigningKey {
    let made = Command::new("openssl").args(["genrsa", "-traditional", "2048"]).output().unwrap();
    let pem = String::from_utf8(made.stdout).unwrap();
    CoreRsaPrivateSigningKey::from_pem(&pem, Some(JsonWebKeyId::new(id.to_owned()))).unwrap()
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

impl Server {
    /// A right token but for what the code asks to be wrong.
    fn token(&self, code: &str) -> String {
        let mut header = json!({ "alg": "RS256", "kid": "k1" });
        let mut claims = json!({
            "iss": self.issuer, "sub": "person-1", "aud": "tzxm", "iat": NOW, "exp": NOW + 300, "nonce": "nonce-1",
            "preferred_username": "王某", "acr": "level2", "amr": ["pwd", "hwk"],
        });
        let mut signing = &self.key;
        match code {
            "wrong nonce" => claims["nonce"] = json!("nonce-2"),
            "no nonce" => drop(claims.as_object_mut().unwrap().remove("nonce")),
            "wrong audience" => claims["aud"] = json!("another system"),
            "two audiences" => claims["aud"] = json!(["tzxm", "another system"]),
            "expired" => claims["exp"] = json!(NOW - 1),
            "old" => claims["iat"] = json!(NOW - 3600),
            "from the future" => claims["iat"] = json!(NOW + 3600),
            "other issuer" => claims["iss"] = json!("https://evil.example"),
            "other key" => signing = &self.other,
            "none" => header["alg"] = json!("none"),
            "our own secret" => header["alg"] = json!("HS256"),
            _ => {}
        }
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = match code {
            "none" => String::new(),
            "our own secret" => {
                // HMAC-SHA256 with the client secret, as a provider that knows it could make it.
                let mac = Command::new("sh")
                    .args([
                        "-c",
                        "printf %s \"$1\" | openssl dgst -sha256 -hmac 'a long client secret' -binary | base64 -w0",
                        "-",
                        &text,
                    ])
                    .output()
                    .unwrap();
                let mac = base64::prelude::BASE64_STANDARD.decode(mac.stdout).unwrap();
                BASE64_URL_SAFE_NO_PAD.encode(mac)
            }
            _ => {
                let alg = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
                BASE64_URL_SAFE_NO_PAD.encode(signing.sign(&alg, text.as_bytes()).unwrap())
            }
        };
        let signature = if code == "bent" { signature.replace(['a', 'b', 'c'], "d") } else { signature };
        format!("{text}.{signature}")
    }
}

type Shared = State<Arc<Server>>;

async fn discovery(State(server): Shared) -> Json<Value> {
    server.calls.lock().unwrap().push("discovery".into());
    let issuer = &server.issuer;
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    });
    for (name, value) in server.metadata.lock().unwrap().as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Json(metadata)
}

async fn keys(State(server): Shared) -> Json<Value> {
    Json(json!({ "keys": [serde_json::to_value(server.key.as_verification_key()).unwrap()] }))
}

async fn token(State(server): Shared, Form(form): Form<HashMap<String, String>>) -> Response {
    let code = form.get("code").cloned().unwrap_or_default();
    server.calls.lock().unwrap().push(format!("token verifier={}", form["code_verifier"]));
    let answer = match code.as_str() {
        "refused" => return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
        "elsewhere" => return Redirect::temporary("/stolen").into_response(),
        "no token" => json!({ "access_token": "a", "token_type": "Bearer" }),
        "long" => json!({ "access_token": "a".repeat(300_000), "token_type": "Bearer" }),
        code => json!({ "access_token": "a", "token_type": "Bearer", "id_token": server.token(code) }),
    };
    Json(answer).into_response()
}

async fn stolen(State(server): Shared) -> StatusCode {
    server.calls.lock().unwrap().push("stolen".into());
    StatusCode::OK
}

async fn start() -> (Arc<Server>, tempfile::TempDir) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let (key, other) = (key("k1"), key("k1"));
    let server = Arc::new(Server { issuer, key, other, calls: Mutex::default(), metadata: Mutex::new(json!({})) });
    let app = Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .route("/stolen", get(stolen).post(stolen))
        .with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "a long client secret\n").unwrap();
    (server, folder)
}

fn settings(server: &Server, folder: &tempfile::TempDir) -> IdentitySettings {
    IdentitySettings {
        issuer: server.issuer.clone(),
        name: "自治区统一身份认证".into(),
        client_id: "tzxm".into(),
        client_secret_file: folder.path().join("secret"),
        ..IdentitySettings::default()
    }
}

fn open(settings: &IdentitySettings) -> Provider {
    Provider::open(settings, Arc::new(ManualClock::at(Moment(NOW * 1000)))).unwrap().unwrap()
}

fn leave() -> Departure {
    Departure {
        redirect: "https://tzxm.example/sign-in/outside/return".into(),
        state: "state-1".into(),
        nonce: "nonce-1".into(),
        verifier: "0123456789abcdef0123456789abcdef0123456789abcdef".into(),
    }
}

async fn arrive(provider: &Provider, code: &str) -> Result<OutsideIdentity, NotVouched> {
    provider.arrival(&Arrival { leave: leave(), code: code.into(), issuer: None }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s04_only_a_right_token_of_the_provider_vouches() {
    let (server, folder) = start().await;
    let provider = open(&settings(&server, &folder));
    let identity = arrive(&provider, "good").await.unwrap();
    assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (server.issuer.as_str(), "person-1"));
    assert_eq!((identity.name.as_str(), identity.second_factor), ("王某", false));
    assert!(server.calls.lock().unwrap().last().unwrap().ends_with(&leave().verifier), "PKCE");
    for code in [
        "wrong nonce",
        "no nonce",
        "wrong audience",
        "two audiences",
        "expired",
        "old",
        "from the future",
        "other issuer",
        "other key",
        "none",
        "our own secret",
        "bent",
        "no token",
        "refused",
        "long",
    ] {
        assert!(arrive(&provider, code).await.is_err(), "{code}");
    }
    let arrival = Arrival { leave: leave(), code: "good".into(), issuer: Some("https://evil.example".into()) };
    assert_eq!(provider.arrival(&arrival).await, Err(NotVouched::Refused), "mixed up with another provider");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_only_the_configured_host_is_called_and_no_redirect_followed() {
    let (server, folder) = start().await;
    let provider = open(&settings(&server, &folder));
    assert!(arrive(&provider, "elsewhere").await.is_err());
    assert!(!server.calls.lock().unwrap().iter().any(|call| call == "stolen"));
    for endpoint in ["token_endpoint", "jwks_uri", "authorization_endpoint"] {
        *server.metadata.lock().unwrap() =
            json!({ endpoint: server.issuer.replace("127.0.0.1", "localhost") + "/stolen" });
        assert!(arrive(&provider, "good").await.is_err(), "{endpoint}");
    }
    *server.metadata.lock().unwrap() = json!({ "issuer": "https://evil.example" });
    assert_eq!(provider.departure(&leave()).await, Err(NotVouched::Unavailable));
    assert!(!server.calls.lock().unwrap().iter().any(|call| call == "stolen"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s04_the_way_there_carries_state_nonce_and_the_hash_of_the_verifier() {
    let (server, folder) = start().await;
    let address = open(&settings(&server, &folder)).departure(&leave()).await.unwrap();
    assert!(address.starts_with(&format!("{}/auth?", server.issuer)), "{address}");
    for part in ["response_type=code", "client_id=tzxm", "state=state-1", "nonce=nonce-1", "code_challenge_method=S256"]
    {
        assert!(address.contains(part), "{part} in {address}");
    }
    assert!(!address.contains(&leave().verifier) && !address.contains("secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s04_a_second_factor_of_the_provider_counts_only_where_it_is_named() {
    let (server, folder) = start().await;
    let list = |word: &str| vec![word.to_owned()];
    for (acr, amr, counts) in [("level3", "otp", false), ("level2", "otp", true), ("level3", "hwk", true)] {
        let named = IdentitySettings {
            second_factor_acr: list(acr),
            second_factor_amr: list(amr),
            ..settings(&server, &folder)
        };
        assert_eq!(arrive(&open(&named), "good").await.unwrap().second_factor, counts, "{acr} {amr}");
    }
}

#[test]
fn unsafe_settings_are_named_and_nothing_is_off_by_mistake() {
    let good = IdentitySettings {
        issuer: "https://sso.example.gov.cn".into(),
        name: "统一身份认证".into(),
        client_id: "tzxm".into(),
        client_secret_file: "var/oidc.secret".into(),
        ..IdentitySettings::default()
    };
    assert!(IdentitySettings::default().validate().is_empty() && good.validate().is_empty());
    for (bad, word) in [
        (IdentitySettings { issuer: "http://sso.example.gov.cn".into(), ..good.clone() }, "issuer"),
        (IdentitySettings { issuer: "https://a:b@sso.example.gov.cn".into(), ..good.clone() }, "issuer"),
        (IdentitySettings { client_id: String::new(), ..good.clone() }, "client_id"),
        (IdentitySettings { name: String::new(), ..good.clone() }, "name"),
        (IdentitySettings { timeout: 60, ..good.clone() }, "timeout"),
    ] {
        let faults = bad.validate();
        assert!(faults.len() == 1 && faults[0].contains(word), "{faults:?}");
    }
    assert!(Provider::open(&good, Arc::new(ManualClock::default())).is_err(), "without its secret it does not open");
}
