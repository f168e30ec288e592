//! The door before every face: number, audit record, origin check, time and size limits, caught panics, friendly
//! errors, security headers. The strict policy needs no exception but `data:` images (Bootstrap's arrows and check marks).

use crate::{App, audit, csrf, error, error::WebError, page::Face, request::RequestId, source};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::FutureExt;
use std::{any::Any, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tower::ServiceBuilder;
use tracing::Instrument;

/// What a page may load: our own files only.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'; report-uri /csp-report";

const CSP_REPORT: &str = "/csp-report";

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Limits of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest processing time.
    pub time: Duration,
    /// The same for a form with a file: fifty megabytes over the line of a county town.
    pub upload_time: Duration,
    /// Largest body in bytes; an upload route sets its own `DefaultBodyLimit`.
    pub body: usize,
}

impl Default for Limits {
    /// 30 s (15 min for files), 1 MiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), upload_time: Duration::from_secs(15 * 60), body: 1 << 20 }
    }
}

/// Puts the door before the routes of a face and adds the assets and the policy's report address.
/// Unknown addresses get the face's friendly page. Without an `app` (the page kit) nothing is audited.
pub fn protect(routes: Router, face: Face, limits: Limits, app: Option<App>) -> Router {
    let door = Arc::new(Door { face, limits, app });
    // One layer: each one costs every request a copy of all that lies inside it.
    let layers = ServiceBuilder::new().layer(from_fn_with_state(door, pass)).layer(DefaultBodyLimit::max(limits.body));
    routes
        .merge(crate::assets::routes())
        .route(CSP_REPORT, post(csp_report))
        .fallback(|| async { WebError::NotFound })
        .layer(layers)
}

struct Door {
    face: Face,
    limits: Limits,
    app: Option<App>,
}

/// Layer: the way of every request in and of every answer out.
async fn pass(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::next();
    request.extensions_mut().insert(id.clone());
    if let Some(app) = &door.app {
        source::believe_proxies(app.platform.settings.trusted_proxies, &mut request);
    }
    // Without the query: it may carry what people typed.
    let span =
        tracing::info_span!("request", request.id = %id, method = %request.method(), path = request.uri().path());
    let mut response = async {
        let asked = error::Asked::of(door.face, &request, id.clone());
        let changes = !request.method().is_safe() && request.uri().path() != CSP_REPORT;
        // A flood is stopped before anything is written about each of its requests.
        let stopped = match &door.app {
            Some(app) => flooded(app, source::of(&request)).await,
            None => None,
        };
        let answer = match &door.app {
            _ if stopped.is_some() => stopped.unwrap_or_default(),
            Some(app) if changes => {
                audit::around(&app.platform, door.face, request, |request| admit(&door, request, next)).await
            }
            _ => admit(&door, request, next).await,
        };
        error::present(&asked, answer)
    }
    .instrument(span)
    .await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// What a network that asks too much at once is answered with.
async fn flooded(app: &App, source: Option<IpAddr>) -> Option<Response> {
    match app.platform.let_network(source?).await {
        Ok(None) => None,
        Ok(Some(flooded)) => Some(WebError::Flooded(flooded).into_response()),
        Err(failure) => Some(WebError::from(failure).into_response()),
    }
}

/// Lets a request in that comes from our own pages; ends what takes too long; catches panics.
/// Systems on the API sign in with every request and send no cookie, so there is nothing to ride on.
async fn admit(door: &Door, request: Request, next: Next) -> Response {
    match csrf::same_origin(request.method(), request.headers()) {
        Err(refusal) if door.face != Face::Api => return WebError::Forbidden(refusal).into_response(),
        _ => {}
    }
    let limit = if is_upload(&request) { door.limits.upload_time } else { door.limits.time };
    let answer = AssertUnwindSafe(tokio::time::timeout(limit, next.run(request))).catch_unwind().await;
    match answer {
        Ok(in_time) => in_time.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response()),
        Err(panic) => caught(panic),
    }
}

fn is_upload(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

fn caught(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    WebError::fault(format!("panic: {}", text.unwrap_or_default())).into_response()
}

/// Browsers report here what the policy stopped: a sign of an attack, or of a fault of ours.
async fn csp_report(body: String) -> StatusCode {
    let start: String = body.chars().take(2000).collect();
    tracing::warn!(report = %start.escape_debug(), "content security policy report");
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Method, routing::get};
    use domain::Refusal;
    use tower::ServiceExt;

    fn app(face: Face) -> Router {
        let routes = Router::new()
            .route("/ok", get(|| async { "ok" }).post(|| async { "done" }))
            .route(
                "/panic",
                get(|| async {
                    if true {
                        panic!("secret detail")
                    }
                }),
            )
            .route("/slow", get(|| tokio::time::sleep(Duration::from_millis(300))))
            .route("/large", post(|body: String| async move { body.len().to_string() }))
            .route("/private", get(|| async { WebError::SignInNeeded }))
            .route(
                "/no",
                get(|| async {
                    WebError::from(Refusal::new("test.no", "不符合<条件>。").article("办法第十四条"))
                }),
            );
        protect(
            routes,
            face,
            Limits { time: Duration::from_millis(50), upload_time: Duration::from_secs(5), body: 1000 },
            None,
        )
    }

    async fn ask(
        face: Face,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, axum::http::HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app(face).oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a19_every_answer_carries_the_headers() {
        for path in ["/ok", "/missing", "/panic", "/slow", "/no"] {
            let (_, headers, _) = ask(Face::Portal, Method::GET, path, &[], "").await;
            for (name, value) in HEADERS {
                assert_eq!(headers[&name], value, "{path}");
            }
            assert!(headers.contains_key("x-request-id"), "{path}");
        }
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }

    #[tokio::test]
    async fn a09_a_change_from_elsewhere_is_403_on_the_faces_with_cookies() {
        for face in [Face::Portal, Face::Office] {
            for (headers, status) in [
                (vec![], StatusCode::FORBIDDEN),
                (vec![("origin", "https://evil.example")], StatusCode::FORBIDDEN),
                (vec![("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
                (vec![("sec-fetch-site", "same-origin")], StatusCode::OK),
            ] {
                assert_eq!(ask(face, Method::POST, "/ok", &headers, "").await.0, status, "{headers:?}");
            }
        }
        assert_eq!(ask(Face::Api, Method::POST, "/ok", &[], "").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn errors_are_friendly_pages_with_a_number_and_without_our_secrets() {
        for (path, status, words) in [
            ("/missing", StatusCode::NOT_FOUND, "没有找到"),
            ("/panic", StatusCode::INTERNAL_SERVER_ERROR, "系统出现问题"),
            ("/slow", StatusCode::REQUEST_TIMEOUT, "处理超时"),
            ("/no", StatusCode::UNPROCESSABLE_ENTITY, "不符合&#60;条件&#62;"),
        ] {
            for face in [Face::Portal, Face::Office] {
                let (got, headers, body) = ask(face, Method::GET, path, &[("accept", "text/html")], "").await;
                assert_eq!(got, status, "{path}");
                assert!(
                    body.contains(words) && body.contains(headers["x-request-id"].to_str().unwrap()),
                    "{path}: {body}"
                );
                assert!(!body.contains("secret detail"));
            }
        }
        let same = [("sec-fetch-site", "same-origin")];
        let (status, _, body) = ask(Face::Portal, Method::POST, "/large", &same, &"x".repeat(1001)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(body.contains("内容过大"));
    }

    #[tokio::test]
    async fn systems_get_problem_json() {
        let (status, headers, body) = ask(Face::Api, Method::GET, "/no", &[("accept", "text/html")], "").await;
        assert_eq!(
            (status, &headers[header::CONTENT_TYPE]),
            (StatusCode::UNPROCESSABLE_ENTITY, &HeaderValue::from_static("application/problem+json"))
        );
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["errors"][0]["code"], "test.no");
        assert_eq!(problem["errors"][0]["article"], "办法第十四条");
        assert_eq!(ask(Face::Api, Method::GET, "/private", &[], "").await.0, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_person_without_a_session_is_led_to_the_sign_in_page_and_back() {
        let (status, headers, _) = ask(Face::Portal, Method::GET, "/private?page=2", &[], "").await;
        assert_eq!(
            (status, headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/login?next=%2Fprivate%3Fpage%3D2")
        );
        let (status, headers, _) = ask(Face::Portal, Method::GET, "/private", &[("hx-request", "true")], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers["hx-redirect"], "/login?next=%2Fprivate");
    }

    #[tokio::test]
    async fn u02_a_file_over_a_slow_line_is_given_more_time() {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=x")];
        let (status, ..) = ask(Face::Portal, Method::GET, "/slow", &headers, "").await;
        assert_eq!(status, StatusCode::OK);
        let (status, ..) = ask(Face::Portal, Method::GET, "/slow", &headers[..1], "").await;
        assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    }
}
