//! Files of the paper that tells the applicant of a suspension: taken one at a time before the clock is stopped, drawn anew
//! for a script, a redirect for a plain form.

use super::{clock, paper, step};
use crate::{
    Access, OfficeContext, Route, WebError,
    html::{Tone, Upload, UploadedFile},
    slot::{self, FileSlot},
};
use async_trait::async_trait;
use axum::{
    extract::{Multipart, Path, multipart::Field},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    ids::{AttachmentId, CaseId},
};
use platform::{Failure, attachment::AttachmentRow};

/// Largest form: the file and a little around it.
const BODY: usize = 21 * 1024 * 1024;

/// Key of the slot.
pub const SLOT: &str = "papers";

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(Access::Owner, "/cases/{id}/suspend/papers", upload).body_limit(BODY),
        Route::get(Access::Owner, "/cases/{id}/suspend/papers/{file}", download).audited(),
    ]
}

/// The slot of the paper's files.
pub fn slot(csrf: &str, id: &CaseId, fresh: &[AttachmentRow], wrong: &[Refusal]) -> Upload {
    let base = format!("/cases/{id}/suspend/papers");
    let file = |row: &AttachmentRow| UploadedFile {
        id: row.id.to_string(),
        name: row.name.clone(),
        size: row.size_words(),
        state: if row.state.is_usable() { "已检查" } else { "检查中" }.into(),
        tone: if row.state.is_usable() { Tone::Green } else { Tone::Yellow },
        href: if row.state.is_usable() { format!("{base}/{}", row.id) } else { String::new() },
    };
    Upload::new(SLOT, "告知申请人的文书", &base, csrf)
        .otherwise("应当上传")
        .hint("请先上传文书原件或者扫描件，再填写下面的内容。文书随暂停记录保存，项目单位可以下载；只登记名称、没有上传的，电子监察自动出卡。")
        .accept(".pdf,.jpg,.png,.docx,.ofd")
        .max_mb(20)
        .files(fresh.iter().map(file).collect::<Vec<_>>())
        .errors(wrong)
}

/// What was wrong with a file: it stands at the slot, whose key the summary links to.
pub fn at_slot(errors: &mut [Refusal]) -> Vec<Refusal> {
    let wrong = errors.iter_mut().filter(|e| e.code.starts_with("file."));
    wrong
        .map(|error| {
            error.field = Some(SLOT.into());
            error.clone()
        })
        .collect()
}

/// Where the paper's files go.
struct Papers<'a> {
    ctx: &'a OfficeContext,
    id: &'a CaseId,
}

#[async_trait]
impl FileSlot for Papers<'_> {
    async fn add(&self, name: &str, kind: &str, content: Field<'_>) -> Result<(), Failure> {
        let Self { ctx, id } = self;
        ctx.platform.upload_suspension_paper(&ctx.call, id, (name, kind), content).await.map(drop)
    }

    async fn remove(&self, file: &AttachmentId) -> Result<(), Failure> {
        self.ctx.platform.remove_suspension_paper(&self.ctx.call, self.id, file).await
    }
}

async fn upload(
    ctx: OfficeContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let papers = Papers { ctx: &ctx, id: &id };
    let mut wrong = slot::take(&ctx.token, &headers, form, &papers).await?.err().unwrap_or_default();
    if headers.contains_key("hx-request") {
        let fresh = ctx.platform.suspension_papers(&ctx.call, &id).await?;
        let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        return Ok((status, Html(slot(&ctx.csrf(), &id, &fresh, &wrong).to_string())).into_response());
    }
    if wrong.is_empty() {
        return Ok(Redirect::to(&format!("/cases/{id}/suspend#field-{SLOT}")).into_response());
    }
    at_slot(&mut wrong);
    clock::draw_upload(&ctx, &id, wrong).await
}

async fn download(ctx: OfficeContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (step::case_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    paper::sent(ctx.platform.download_suspension_paper(&ctx.call, &id, &file).await?)
}
