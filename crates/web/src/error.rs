//! One error type, two faces: a friendly Chinese page for people, `application/problem+json` for systems.
//!
//! A handler returns [`WebError`]; [`present`] (called by the door) gives it its form, because only there face and request
//! number are known. It also dresses what axum and tower answer by themselves (unknown address, too large, …).

use crate::{
    page::{Face, Page},
    request::{RequestId, wants_html},
};
use askama::Template;
use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::Refusal;
use platform::flood::Flooded;
use std::sync::Arc;

/// Why a request gets no ordinary answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is no such thing, or even its existence is not this person's to know.
    #[error("not found")]
    NotFound,
    /// Nobody is signed in, or the session has ended.
    #[error("sign-in needed")]
    SignInNeeded,
    /// The person is known and may not.
    #[error("forbidden")]
    Forbidden(#[source] Refusal),
    /// The rules say no; forms are best drawn again with these instead.
    #[error("refused: {}", codes(.0))]
    Refused(Vec<Refusal>),
    /// This caller has asked too often.
    #[error("must wait")]
    Wait(#[source] Refusal),
    /// This account or network asks too much at once.
    #[error("too much at once")]
    Flooded(Flooded),
    /// Too much at the moment; trying again later helps.
    #[error("busy")]
    Busy,
    /// Nothing may change: its audit record would have no room (S-15).
    #[error("the audit is full")]
    AuditFull,
    /// Our own fault.
    #[error("fault")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl WebError {
    /// Any error as our own fault.
    pub fn fault(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fault(error.into())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignInNeeded => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Wait(_) | Self::Flooded(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::AuditFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Codes of the refusals, for the audit record.
    pub fn code(&self) -> String {
        codes(&self.refusals())
    }

    /// What the person reads.
    fn refusals(&self) -> Vec<Refusal> {
        match self {
            Self::Forbidden(refusal) | Self::Wait(refusal) => vec![refusal.clone()],
            Self::Flooded(flooded) => vec![flooded.refusal.clone()],
            Self::Refused(refusals) => refusals.clone(),
            Self::AuditFull => vec![audit_full().1],
            Self::NotFound | Self::SignInNeeded | Self::Busy | Self::Fault(_) => {
                vec![words(self.status()).1]
            }
        }
    }
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Vec<Refusal>> for WebError {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::fault(error)
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

pub(crate) fn codes(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| refusal.code.as_ref()).collect::<Vec<_>>().join(", ")
}

/// Title and sentence for a bare status.
fn words(status: StatusCode) -> (&'static str, Refusal) {
    let (title, code, message) = match status {
        StatusCode::UNAUTHORIZED => ("请先登录", "http.sign_in_needed", "您还没有登录，或登录已过期。请登录后再试。"),
        StatusCode::FORBIDDEN => {
            ("没有权限", "http.forbidden", "您没有权限进行此项操作。如确需办理，请联系本单位管理员。")
        }
        StatusCode::NOT_FOUND => {
            ("没有找到", "http.not_found", "您要找的内容不存在，或不在您的查看范围内。请核对网址，或从首页重新进入。")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("操作方式不正确", "http.method", "此地址不支持这种操作。请从页面上的按钮或链接进入。")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("内容过大", "http.too_large", "提交的内容超过上限。请压缩或拆分文件后再提交。")
        }
        StatusCode::UNPROCESSABLE_ENTITY => ("未能办理", "http.refused", "提交的内容不符合要求。请返回修改后再提交。"),
        StatusCode::REQUEST_TIMEOUT => {
            ("处理超时", "http.timeout", "处理时间过长，本次操作没有完成。请稍后再试；如已提交，请先查看是否已生效。")
        }
        StatusCode::TOO_MANY_REQUESTS => ("操作过于频繁", "http.too_many", "操作过于频繁。请稍等片刻再试。"),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("系统繁忙", "http.busy", "当前办理人数较多。请稍等片刻再试，已保存的内容不会丢失。")
        }
        status if status.is_client_error() => {
            ("请求有误", "http.bad_request", "提交的内容无法识别。请返回上一页，检查后重新提交。")
        }
        _ => (
            "系统出现问题",
            "http.fault",
            "系统出现问题，本次操作没有完成，我们已记录。请稍后再试；如仍不行，请提供下面的问题编号咨询。",
        ),
    };
    (title, Refusal::new(code, message))
}

/// Title and sentence while the store of the audit is full: what happens, and whom to call.
fn audit_full() -> (&'static str, Refusal) {
    let words = "平台的安全审计存储空间已满。按照规定，没有审计记录就不能办理任何事项，也不能查看敏感信息，因此本次操作没有进行，您填写的内容没有提交。\
                 公开信息仍可查询。请稍后再试；工作人员请立即联系自治区的审计管理员归档审计记录，归档后自动恢复。";
    ("暂停办理", Refusal::new("audit.full", words).article("GB/T 22239-2019 8.1.4.3"))
}

fn icon_name(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "search",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "lock",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => "hourglass",
        _ => "alert-triangle",
    }
}

/// A problem page in the frame of its face.
macro_rules! problem_page {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            page: Page,
            icon: &'static str,
            refusals: &'a [Refusal],
            request_id: &'a str,
        }
    };
}
problem_page!(PortalProblem, "error_portal.html");
problem_page!(OfficeProblem, "error_office.html");

/// What the form of an error depends on: kept from the request, which is gone when the answer is there.
pub struct Asked {
    face: Face,
    id: RequestId,
    html: bool,
    htmx: bool,
    read: bool,
    uri: Uri,
}

impl Asked {
    /// Reads a request.
    pub fn of(face: Face, request: &Request, id: RequestId) -> Self {
        Self {
            face,
            id,
            html: face != Face::Api && wants_html(request.headers()),
            htmx: request.headers().contains_key("hx-request"),
            read: request.method().is_safe(),
            uri: request.uri().clone(),
        }
    }
}

/// Gives errors their form and writes the chain of causes to the log, once, with the request number.
pub fn present(asked: &Asked, response: Response) -> Response {
    let Asked { face, id, html, htmx, read, uri } = asked;
    let (face, html) = (*face, *html);
    let error = response.extensions().get::<Arc<WebError>>().cloned();
    if error.is_none() && !bare(&response) {
        return response;
    }
    let status = response.status();
    log(status, error.as_deref(), id);
    if status == StatusCode::UNAUTHORIZED && html {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        return to_sign_in(face, *htmx, if *read { target } else { "/" });
    }
    let (title, refusal) = match error.as_deref() {
        Some(WebError::AuditFull) => audit_full(),
        _ => words(status),
    };
    let retry = match error.as_deref() {
        Some(WebError::Wait(_)) => 600,
        Some(WebError::Flooded(flooded)) => flooded.seconds,
        _ => 10,
    };
    let refusals = error.map_or_else(|| vec![refusal], |error| error.refusals());
    let mut dressed =
        if html { page(face, status, title, &refusals, id) } else { problem_json(status, title, &refusals, id) };
    *dressed.status_mut() = status;
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        dressed.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry));
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        dressed.headers_mut().insert(header::ALLOW, allow.clone());
    }
    dressed
}

/// An error that no handler of ours has dressed: without a body, or the plain English of axum and tower.
fn bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    (status.is_client_error() || status.is_server_error()) && kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

fn log(status: StatusCode, error: Option<&WebError>, id: &RequestId) {
    let chain = error.map_or_else(String::new, |error| {
        let mut chain = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            chain += &format!(": {inner}");
            cause = inner.source();
        }
        chain
    });
    // Escaped, so that no text of a person can begin a line of its own in the log.
    let chain = chain.escape_debug().to_string();
    if status.is_server_error() {
        tracing::error!(request.id = %id, status = status.as_u16(), error = chain, "request failed");
    } else {
        tracing::info!(request.id = %id, status = status.as_u16(), error = chain, "request refused");
    }
}

fn to_sign_in(face: Face, htmx: bool, target: &str) -> Response {
    let next = serde_urlencoded::to_string([("next", target)]).unwrap_or_default();
    let address = format!("{}?{next}", face.sign_in());
    match HeaderValue::from_str(&address) {
        // htmx would follow a redirect and put the sign-in page into a corner of this one.
        Ok(value) if htmx => (StatusCode::UNAUTHORIZED, [("hx-redirect", value)]).into_response(),
        _ => Redirect::to(&address).into_response(),
    }
}

fn page(face: Face, status: StatusCode, title: &str, refusals: &[Refusal], id: &RequestId) -> Response {
    let (page, icon, request_id) = (Page::new(face, "", title), icon_name(status), id.as_str());
    let printed = match face {
        Face::Office => OfficeProblem { page, icon, refusals, request_id }.render(),
        Face::Portal | Face::Api => PortalProblem { page, icon, refusals, request_id }.render(),
    };
    match printed {
        Ok(printed) => Html(printed).into_response(),
        Err(_) => problem_json(status, title, refusals, id),
    }
}

/// RFC 9457, with our refusals as `errors`.
fn problem_json(status: StatusCode, title: &str, refusals: &[Refusal], id: &RequestId) -> Response {
    let detail = refusals.iter().map(|refusal| refusal.message.as_str()).collect::<Vec<_>>().join("");
    let body = serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "instance": id.as_str(),
        "errors": refusals,
    });
    ([(header::CONTENT_TYPE, "application/problem+json")], Json(body).into_response().into_body()).into_response()
}
