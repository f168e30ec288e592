//! Files of a department's answer: taken one at a time, drawn anew for a script, a redirect for a plain form.

use super::{card::card_id, to};
use crate::{
    Access, OfficeContext, Route, WebError,
    app::refusals,
    csrf,
    html::{Tone, Upload, UploadedFile},
    office::paper,
};
use axum::{
    extract::{Multipart, Path},
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

/// The form was cut off on its way.
fn broken(_: axum::extract::multipart::MultipartError) -> Refusal {
    Refusal::field("file", "file.broken", "文件没有传完，请检查网络后重新上传。")
}

async fn take(
    ctx: &OfficeContext,
    id: &SupervisionCardId,
    headers: &HeaderMap,
    mut form: Multipart,
) -> Result<(), Failure> {
    let missing = || Refusal::field("file", "file.missing", "请先选择文件，再点“上传”。");
    // A script proves itself by the header; without one the token comes as the first part of the form.
    let mut proved = csrf::verify(&ctx.token, headers, None);
    while let Some(part) = form.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            csrf::FIELD => {
                let token = part.text().await.map_err(broken)?;
                proved = csrf::verify(&ctx.token, headers, Some(&token));
            }
            "_remove" => {
                proved.clone()?;
                let file = AttachmentId::parse(&part.text().await.map_err(broken)?).ok_or(Failure::NotThere)?;
                return ctx.platform.remove_card_file(&ctx.call, id, &file).await;
            }
            "file" => {
                proved.clone()?;
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    return Err(missing().into());
                }
                let kind = part.content_type().unwrap_or_default().to_owned();
                return ctx.platform.upload_card_file(&ctx.call, id, (&name, &kind), part).await.map(drop);
            }
            _ => {}
        }
    }
    proved?;
    Err(missing().into())
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
    let wrong = refusals(take(&ctx, &id, &headers, form).await)?.err().unwrap_or_default();
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
