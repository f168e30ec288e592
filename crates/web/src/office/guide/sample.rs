//! 样表 of the draft: a slot for each listed material, through the same inspection as files of applications.

use super::{
    edit::{tabs, writable},
    inner,
};
use crate::{
    OfficeContext, Page, WebError,
    html::{self, ErrorSummary, Note, Tabs, Tone, Upload, UploadedFile, size_words},
    office::{paper, step, to},
    slot::{self, FileSlot},
};
use askama::Template;
use async_trait::async_trait;
use axum::{
    extract::{Multipart, Path, Query, multipart::Field},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    guide::{GuideMaterial, ServiceGuide},
    ids::AttachmentId,
};
use platform::{Failure, guide::SAMPLE_MB};
use serde::Deserialize;

/// Endings the file dialog offers.
const ACCEPT: &str = ".pdf,.docx,.xlsx,.jpg,.png";

/// The material a file is for.
#[derive(Debug, Default, Deserialize)]
pub struct Target {
    #[serde(default)]
    material: String,
    #[serde(default)]
    said: String,
}

#[derive(Template)]
#[template(path = "office/guide_samples.html")]
struct SamplesPage {
    page: Page,
    lead: String,
    base: String,
    tabs: Tabs,
    summary: ErrorSummary,
    note: Note,
    slots: Vec<Upload>,
}

impl SamplesPage {
    fn materials_page(&self) -> String {
        format!("{}/edit/materials", self.base)
    }
}

fn key(material: &str) -> String {
    format!("sample-{material}")
}

fn slot(text: &ServiceGuide, material: &GuideMaterial, csrf: &str, wrong: &[Refusal]) -> Upload {
    let base = format!("/guides/{}/samples", text.item);
    let files = text.samples.iter().filter(|sample| sample.material == material.id).map(|sample| UploadedFile {
        id: sample.id.to_string(),
        name: sample.name.clone(),
        size: size_words(sample.size),
        state: "已检查".to_owned(),
        tone: Tone::Green,
        href: format!("{base}/{}", sample.id),
    });
    let key = key(&material.id);
    Upload::new(&key, &material.name, format!("{base}?material={}", material.id), csrf)
        .hint("空白表格或者填好的范本。")
        .otherwise("选填")
        .accept(ACCEPT)
        .max_mb(SAMPLE_MB)
        .files(files.collect::<Vec<_>>())
        .errors(wrong.iter().filter(|r| r.field.as_deref() == Some(key.as_str())))
}

async fn draw(ctx: &OfficeContext, item: &str, wrong: Vec<Refusal>, saved: bool) -> Result<Response, WebError> {
    let (guide, text, _) = match writable(ctx, item).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let failed = !wrong.is_empty();
    let page = inner(ctx, &guide, "修订：样表范本", failed).await?;
    let base = format!("/guides/{}", guide.item.code);
    let shown = SamplesPage {
        lead: format!("{} · 修订稿", guide.item.name),
        tabs: tabs(&base, "samples"),
        summary: ErrorSummary::new(&wrong),
        note: Note::new(
            Tone::Blue,
            "文件发布后任何人都可以下载",
            "请不要上传含有个人信息、商业秘密或者涉密内容的文件；范本请使用虚构的单位和数据。",
        )
        .article("办法第三条"),
        slots: text.materials.iter().map(|m| slot(&text, m, &page.csrf, &wrong)).collect(),
        page: if saved { page.flash(Tone::Green, "已保存。") } else { page },
        base,
    };
    step::drawn(shown, failed)
}

pub async fn show(
    ctx: OfficeContext,
    Path(item): Path<String>,
    Query(target): Query<Target>,
) -> Result<Response, WebError> {
    draw(&ctx, &item, vec![], target.said == "saved").await
}

/// Where the samples of a material go.
struct Samples<'a> {
    ctx: &'a OfficeContext,
    item: &'a str,
    material: &'a str,
}

#[async_trait]
impl FileSlot for Samples<'_> {
    async fn add(&self, name: &str, kind: &str, content: Field<'_>) -> Result<(), Failure> {
        let Self { ctx, item, material } = self;
        ctx.platform.add_guide_sample(&ctx.call, item, material, name, kind, content).await
    }

    async fn remove(&self, file: &AttachmentId) -> Result<(), Failure> {
        self.ctx.platform.remove_guide_sample(&self.ctx.call, self.item, file).await
    }
}

/// Takes one file into a slot, or takes one out of it. A script gets the slot drawn anew, a plain form the page.
pub async fn upload(
    ctx: OfficeContext,
    Path(item): Path<String>,
    Query(target): Query<Target>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let key = key(&target.material);
    let samples = Samples { ctx: &ctx, item: &item, material: &target.material };
    let wrong = slot::take(&ctx.token, &headers, form, &samples).await?.err().unwrap_or_default();
    let wrong: Vec<_> = wrong.into_iter().map(|r| Refusal { field: Some(key.clone()), ..r }).collect();
    if headers.contains_key("hx-request")
        && let Ok((_, text, _)) = writable(&ctx, &item).await?
    {
        let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let material = text.materials.iter().find(|m| m.id == target.material).ok_or(WebError::NotFound)?;
        let html = slot(&text, material, &ctx.csrf(), &wrong).to_string();
        return Ok((status, Html(html)).into_response());
    }
    if wrong.is_empty() {
        return Ok(to(format!("/guides/{item}/samples#{}", html::field_id(&key))));
    }
    draw(&ctx, &item, wrong, false).await
}

/// A sample of the draft or of a version, for the department.
pub async fn download(ctx: OfficeContext, Path((item, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = AttachmentId::parse(&file).ok_or(WebError::NotFound)?;
    paper::sent(ctx.platform.guide_sample(&ctx.call, &item, &id).await?)
}
