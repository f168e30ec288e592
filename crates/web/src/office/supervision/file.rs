//! Files of a department's answer: taken one at a time, drawn anew for a script, a redirect for a plain form.

use super::{card::card_id, to};
use crate::{
    Access, OfficeContext, Route, WebError,
    html::{Tone, Upload, UploadedFile},
    office::paper,
    slot::{self, FileSlot},
};
use async_trait::async_trait;
use axum::{
    extract::{Multipart, Path, multipart::Field},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    ids::{AttachmentId, SupervisionCardId},
};
use platform::{Failure, attachment::AttachmentRow, supervision::CardPage};

/// Largest form: the file and a little around it.
const BODY: usize = 21 * 1024 * 1024;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(Access::Owner, "/supervision/cards/{id}/attachments", upload).body_limit(BODY),
        Route::get(Access::Owner, "/supervision/cards/{id}/attachments/{file}", download).audited(),
    ]
}

/// The slot of the answer's files.
pub fn slot(csrf: &str, card: &CardPage, wrong: &[Refusal]) -> Upload {
    let base = format!("/supervision/cards/{}/attachments", card.opened.id);
    let file = |row: &AttachmentRow| UploadedFile {
        id: row.id.to_string(),
        name: row.name.clone(),
        size: row.size_words(),
        state: if row.state.is_usable() { "已检查" } else { "检查中" }.into(),
        tone: if row.state.is_usable() { Tone::Green } else { Tone::Yellow },
        href: if row.state.is_usable() { format!("{base}/{}", row.id) } else { String::new() },
    };
    Upload::new("attachments", "附件", &base, csrf)
        .hint("证明材料，随下面的情况说明一起提交。没有可以不传。")
        .accept(".pdf,.jpg,.png,.docx")
        .max_mb(20)
        .files(card.fresh.iter().map(file).collect::<Vec<_>>())
        .errors(wrong)
}

/// Where the files of a card go.
struct Answer<'a> {
    ctx: &'a OfficeContext,
    id: &'a SupervisionCardId,
}

#[async_trait]
impl FileSlot for Answer<'_> {
    async fn add(&self, name: &str, kind: &str, content: Field<'_>) -> Result<(), Failure> {
        let Self { ctx, id } = self;
        ctx.platform.upload_card_file(&ctx.call, id, (name, kind), content).await.map(drop)
    }

    async fn remove(&self, file: &AttachmentId) -> Result<(), Failure> {
        self.ctx.platform.remove_card_file(&self.ctx.call, self.id, file).await
    }
}

async fn upload(
    ctx: OfficeContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response, WebError> {
    let id = card_id(&id)?;
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let answer = Answer { ctx: &ctx, id: &id };
    let wrong = slot::take(&ctx.token, &headers, form, &answer).await?.err().unwrap_or_default();
    let card = ctx.platform.card_page(&ctx.call, &id).await?;
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    if headers.contains_key("hx-request") {
        return Ok((status, Html(slot(&ctx.csrf(), &card, &wrong).to_string())).into_response());
    }
    if wrong.is_empty() {
        return Ok(to(format!("/supervision/cards/{id}#field-attachments")));
    }
    super::card::draw_upload(&ctx, &id, wrong).await
}

async fn download(ctx: OfficeContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (card_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    paper::sent(ctx.platform.download_card_file(&ctx.call, &id, &file).await?)
}
