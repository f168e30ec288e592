//! One security-audit record around every request that may change something or reads what is restricted, also when it is
//! refused or fails (S-12, S-13).

use crate::{App, Face, WebError, cookie, error, request::RequestId};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform::{Actor, Failure, Platform, audit::Attempt};
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

/// Who the handler's context found; read again when the request ends.
#[derive(Clone, Default)]
pub struct Seen(Arc<OnceLock<Actor>>);

impl Seen {
    /// Notes the actor; the first one stays.
    pub fn set(&self, actor: Actor) {
        let _ = self.0.set(actor);
    }
}

tokio::task_local! {
    /// The codes of the refusals a form of this request is drawn again with: its answer is a page and carries no error.
    static DRAWN_AGAIN: OnceLock<String>;
}

/// Notes the refusals a form is drawn again with; the first ones stay.
pub(crate) fn note_refusals(refusals: &[domain::Refusal]) {
    // Outside a request that is recorded there is nothing to note.
    let _ = DRAWN_AGAIN.try_with(|codes| codes.set(error::codes(refusals)));
}

/// The codes of the refusals an answer carries or was drawn with, or the status when it says nothing itself.
fn reason(response: &Response, drawn_again: Option<String>) -> String {
    match response.extensions().get::<Arc<WebError>>() {
        Some(error) => error.code(),
        None if response.status() == StatusCode::UNPROCESSABLE_ENTITY && drawn_again.is_some() => {
            drawn_again.unwrap_or_default()
        }
        None if response.status().is_client_error() || response.status().is_server_error() => {
            format!("http.{}", response.status().as_u16())
        }
        None => String::new(),
    }
}

/// Layer of a route that shows restricted data.
pub async fn read(State((app, face)): State<(App, Face)>, request: Request, next: Next) -> Response {
    around(&app.platform, face, request, |request| next.run(request)).await
}

/// Opens the record before, closes it after. Without a record there is no answer but 503 (S-15).
pub async fn around<F: Future<Output = Response>>(
    platform: &Platform,
    face: Face,
    mut request: Request,
    run: impl FnOnce(Request) -> F,
) -> Response {
    let source =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_string()).unwrap_or_default();
    let session = cookie::read(face, platform.settings.secure_cookies, request.headers())
        .map(|token| crate::csrf::csrf_token(&token).chars().take(16).collect())
        .unwrap_or_default();
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let attempt = Arc::new(Attempt::new(
        id.as_str().to_owned(),
        face.slug(),
        request.method().to_string(),
        request.uri().path().chars().take(300).collect(),
        source,
        session,
        platform.clock.now(),
    ));
    let token = cookie::read(face, platform.settings.secure_cookies, request.headers()).unwrap_or_default();
    match platform.has_room(&attempt, &token).await {
        Ok(true) => {}
        // Nothing of it is done: neither it nor its record would be there.
        Ok(false) => return WebError::AuditFull.into_response(),
        Err(failure) => return WebError::from(failure).into_response(),
    }
    let seen = Seen::default();
    request.extensions_mut().insert(attempt.clone());
    request.extensions_mut().insert(seen.clone());
    let method = request.method().clone();
    let (response, drawn_again) = DRAWN_AGAIN
        .scope(OnceLock::new(), async {
            let response = run(request).await;
            (response, DRAWN_AGAIN.try_with(|codes| codes.get().cloned()).ok().flatten())
        })
        .await;
    let reads = method.is_safe();
    let outcome = match response.status().as_u16() {
        // Nothing of the thing was shown: the person was sent to sign in.
        300..=399 if reads => "denied",
        200..=399 if reads => "read",
        200..=399 => "done",
        401 | 403 | 404 => "denied",
        400..=499 => "refused",
        _ => "failed",
    };
    let actor = seen.0.get().cloned().unwrap_or(Actor::Public);
    match platform.close_attempt(&attempt, &actor, outcome, &reason(&response, drawn_again)).await {
        Ok(()) => response,
        Err(failure) => {
            tracing::error!(request.id = %id, error = %failure, "the audit record could not be written");
            match failure {
                Failure::AuditFull => WebError::AuditFull.into_response(),
                _ => WebError::Busy.into_response(),
            }
        }
    }
}
