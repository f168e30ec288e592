//! Files of applications: taken one at a time as they stream in, sent back with their own headers.

use super::{case, draw, material_slot, slot_key};
use crate::{
    Page, WebError,
    context::PortalContext,
    html::PageView,
    portal::{group, paper, project::project_id},
    slot::{self, FileSlot},
};
use askama::Template;
use async_trait::async_trait;
use axum::{
    extract::{Multipart, Path, Query, multipart::Field},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    ids::{AttachmentId, CaseId, ProjectId},
};
use platform::{Failure, case::ApplyForItem};
use serde::Deserialize;

/// What a file is uploaded for.
pub enum For {
    /// The application for an item.
    Item {
        /// Item code.
        item: String,
    },
    /// A joint application.
    Join {
        /// Code of the stage; empty for the unit's own choice.
        stage: String,
        /// Item codes.
        items: Vec<String>,
    },
    /// The answer to a point of a correction notice.
    Point {
        /// The case.
        case: CaseId,
        /// Position of the point.
        point: usize,
    },
}

impl For {
    /// Where the file is posted to.
    pub fn address(&self, project: &ProjectId, material: &str) -> String {
        match self {
            Self::Item { item } => format!("/projects/{project}/files?material={material}&item={item}"),
            Self::Join { stage, items } => {
                let joined = crate::percent_encoded(&format!("{stage},{}", items.join(",")));
                format!("/projects/{project}/files?material={material}&join={joined}")
            }
            Self::Point { case, point } => {
                format!("/projects/{project}/files?material={material}&case={case}&point={point}")
            }
        }
    }

    /// The page that shows it, at its slot.
    fn page(&self, project: &ProjectId, key: &str) -> String {
        let place = crate::html::field_id(key);
        match self {
            Self::Item { item } => format!("/projects/{project}/items/{}/apply#{place}", crate::percent_encoded(item)),
            Self::Join { stage, items } => format!("{}#{place}", group::form_address(project, stage, items)),
            Self::Point { case, .. } => format!("/cases/{case}#{place}"),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    material: String,
    item: String,
    /// Stage and items of a joint application, joined by commas.
    join: String,
    case: String,
    point: usize,
}

impl Target {
    fn read(&self) -> Result<For, WebError> {
        match CaseId::parse(&self.case) {
            Some(case) => Ok(For::Point { case, point: self.point }),
            None if !self.join.is_empty() => {
                let mut parts = self.join.split(',').map(str::to_owned);
                Ok(For::Join { stage: parts.next().unwrap_or_default(), items: parts.collect() })
            }
            None if !self.item.is_empty() => Ok(For::Item { item: self.item.clone() }),
            None => Err(WebError::NotFound),
        }
    }
}

/// Where the files of a material go.
struct MaterialFiles<'a> {
    ctx: &'a PortalContext,
    project: &'a ProjectId,
    material: &'a str,
}

#[async_trait]
impl FileSlot for MaterialFiles<'_> {
    async fn add(&self, name: &str, kind: &str, content: Field<'_>) -> Result<(), Failure> {
        let Self { ctx, project, material } = self;
        ctx.platform.upload_file(&ctx.call, project, material, name, kind, content).await.map(drop)
    }

    async fn remove(&self, file: &AttachmentId) -> Result<(), Failure> {
        self.ctx.platform.remove_file(&self.ctx.call, file).await
    }
}

/// Takes one file into a slot, or takes one out of it. A script gets the slot drawn anew, a plain form the page.
pub(super) async fn upload(
    ctx: PortalContext,
    Path(project): Path<String>,
    Query(target): Query<Target>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response, WebError> {
    let project = project_id(&project)?;
    let wanted = target.read()?;
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let key = match &wanted {
        For::Item { .. } | For::Join { .. } => format!("material-{}", target.material),
        For::Point { point, .. } => format!("files-{point}"),
    };
    let files = MaterialFiles { ctx: &ctx, project: &project, material: &target.material };
    let wrong = slot::take(&ctx.token, &headers, form, &files).await?.err().unwrap_or_default();
    let wrong: Vec<_> = wrong.into_iter().map(|r| Refusal { field: Some(key.clone()), ..r }).collect();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let by_script = headers.contains_key("hx-request");
    if by_script {
        let html = slot_alone(&ctx, &project, &target.material, &wanted, &wrong).await?;
        return Ok((status, Html(html)).into_response());
    }
    if wrong.is_empty() {
        return Ok(Redirect::to(&wanted.page(&project, &key)).into_response());
    }
    let page = match &wanted {
        For::Item { item } => draw(&ctx, &project, item, &ApplyForItem::default(), wrong).await?,
        For::Join { stage, items } => return group::after_upload(&ctx, &project, stage, items, wrong).await,
        For::Point { case, .. } => case::draw(&ctx, case, "", &[], wrong).await?,
    };
    Ok((status, page).into_response())
}

async fn slot_alone(
    ctx: &PortalContext,
    project: &ProjectId,
    material: &str,
    wanted: &For,
    wrong: &[Refusal],
) -> Result<String, WebError> {
    match wanted {
        For::Item { item } => {
            let page = ctx.platform.application_page(&ctx.call, project, item).await?;
            let need = page.materials.iter().find(|need| need.material.id == material).ok_or(WebError::NotFound)?;
            debug_assert_eq!(slot_key(need.material), format!("material-{material}"));
            Ok(material_slot(need, project, item, &ctx.csrf(), wrong).to_string())
        }
        For::Join { stage, items } => group::slot_alone(ctx, project, stage, items, material, wrong).await,
        For::Point { case, point } => {
            let needs = ctx.platform.correction_needs(&ctx.call, case).await?;
            let need = needs.get(*point).ok_or(WebError::NotFound)?;
            Ok(case::point_slot(need, *point, project, case, &ctx.csrf(), wrong).to_string())
        }
    }
}

pub(super) async fn download(ctx: PortalContext, Path(file): Path<String>) -> Result<Response, WebError> {
    let id = AttachmentId::parse(&file).ok_or(WebError::NotFound)?;
    Ok(paper::file(ctx.platform.download_own_file(&ctx.call, &id).await?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    page: Option<u16>,
}

#[derive(Template)]
#[template(path = "portal/pages.html")]
struct Pages {
    page: Page,
    view: PageView,
}

/// A PDF of the unit's own, page by page as pictures (U-05).
pub(super) async fn pages(
    ctx: PortalContext,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let (id, number) = (AttachmentId::parse(&file).ok_or(WebError::NotFound)?, asked.page.unwrap_or(1));
    let (row, painted) = ctx.platform.view_own_page(&ctx.call, &id, number).await?;
    let project = format!("/projects/{}", row.project);
    let page = ctx.page("projects", row.name).await?.crumb("首页", "/").crumb("项目", project);
    let view = PageView::new(format!("/files/{id}/pages"), format!("/files/{id}"), number, &painted);
    Ok(Html(Pages { page, view }.render()?))
}
