//! A posted form: opened only after its token was verified; nothing typed is lost.

use crate::{App, WebError, context::Context, csrf};
use axum::{
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::{HeaderMap, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::declaration::Answers;
use zeroize::Zeroize;

/// A context extractor of one face.
pub trait FaceContext: FromRequestParts<App, Rejection = WebError> + Send {
    /// What all faces share.
    fn context(&self) -> &Context;
    /// The same, to be changed.
    fn context_mut(&mut self) -> &mut Context;
}

/// Fields of a form, in the order they were sent; names may repeat.
///
/// Among them are passwords and codes: never printed, wiped when dropped (S-31).
#[derive(Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

domain::never_shown!(Fields);

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl Fields {
    /// The last value of a field; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().rev().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// Whether a field was sent with something in it.
    pub fn has(&self, name: &str) -> bool {
        !self.get(name).trim().is_empty()
    }

    /// Every field but our own (`_…`), several values joined by a comma: what a declaration page was filled with.
    pub fn answers(&self) -> Answers {
        let mut answers = Answers::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !name.starts_with('_')) {
            answers
                .entry(name.clone())
                .and_modify(|old: &mut String| {
                    if !value.is_empty() {
                        if !old.is_empty() {
                            old.push(',');
                        }
                        old.push_str(value);
                    }
                })
                .or_insert_with(|| value.clone());
        }
        answers
    }
}

/// A context together with a form whose token fits it. The form's idempotency key (`_once`) is already in the call.
pub struct Posted<C> {
    /// Who.
    pub ctx: C,
    /// What.
    pub form: Fields,
}

impl<C: FaceContext> FromRequest<App> for Posted<C> {
    type Rejection = WebError;

    async fn from_request(request: Request, app: &App) -> Result<Self, WebError> {
        let (mut parts, body) = request.into_parts();
        let ctx = C::from_request_parts(&mut parts, app).await?;
        if !kind(&parts.headers).starts_with("application/x-www-form-urlencoded") {
            return Err(domain::Refusal::new("form.type", "提交的内容不是表单，请刷新页面后重试。").into());
        }
        let headers = parts.headers.clone();
        let bytes = axum::body::Bytes::from_request(Request::from_parts(parts, body), app).await.map_err(|_| {
            WebError::from(domain::Refusal::new("form.size", "提交的内容过长或传输中断，请精简后重试。"))
        })?;
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes).map_err(|_| {
            WebError::from(domain::Refusal::new("form.encoding", "提交的内容编码有误，请刷新页面后重试。"))
        })?;
        opened(ctx, &headers, fields).map(|(ctx, form)| Self { ctx, form })
    }
}

fn kind(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Opens a form: its token must fit the session, and its idempotency key goes into the call.
fn opened<C: FaceContext>(
    mut ctx: C,
    headers: &HeaderMap,
    fields: Vec<(String, String)>,
) -> Result<(C, Fields), WebError> {
    let form = Fields(fields);
    let context = ctx.context_mut();
    if context.has_session() {
        csrf::verify(&context.token, headers, Some(form.get(csrf::FIELD)).filter(|t| !t.is_empty()))
            .map_err(WebError::Forbidden)?;
    }
    let once = form.get("_once");
    if !once.is_empty() && once.len() <= 64 {
        context.call.once = Some(once.to_owned());
    }
    Ok((ctx, form))
}

/// The same for a form that may carry small files, such as a key or a signature: a file of text comes as its text, any other
/// as base 64, under the field's name.
pub struct PostedFiles<C> {
    /// Who.
    pub ctx: C,
    /// What.
    pub form: Fields,
}

impl<C: FaceContext> FromRequest<App> for PostedFiles<C> {
    type Rejection = WebError;

    async fn from_request(request: Request, app: &App) -> Result<Self, WebError> {
        if !kind(request.headers()).starts_with("multipart/form-data") {
            return Posted::from_request(request, app).await.map(|Posted { ctx, form }| Self { ctx, form });
        }
        let (mut parts, body) = request.into_parts();
        let ctx = C::from_request_parts(&mut parts, app).await?;
        let headers = parts.headers.clone();
        let broken = || WebError::from(domain::Refusal::new("form.size", "提交的内容过长或传输中断，请精简后重试。"));
        let mut sent = Multipart::from_request(Request::from_parts(parts, body), app).await.map_err(|_| broken())?;
        let mut fields = Vec::new();
        while let Some(part) = sent.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(|_| broken())?;
            let value = String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| BASE64_STANDARD.encode(&bytes));
            fields.push((name, value));
        }
        opened(ctx, &headers, fields).map(|(ctx, form)| Self { ctx, form })
    }
}
