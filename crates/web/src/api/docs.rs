//! 接口说明: the OpenAPI document, made from the handlers themselves, and the page that shows it.

use super::{code, health, item, project};
use crate::{ApiContext, Page, WebError};
use askama::Template;
use axum::{Json, response::Html};
use utoipa::OpenApi;

/// Address of the document.
pub const ADDRESS: &str = "/api/v1/openapi.json";

/// Everything of the interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "内蒙古自治区投资项目在线审批监管平台 数据交换接口",
        description = "供其他系统核验项目代码、查询依法公开的信息。只读，不需要登录。错误以 application/problem+json（RFC 9457）返回。",
        license(name = "Apache-2.0 OR MulanPSL-2.0"),
    ),
    paths(
        code::verify_code,
        project::read_project,
        item::list_items,
        item::read_item,
        read_document,
        health::check_live,
        health::check_ready,
    )
)]
struct Interface;

/// The OpenAPI 3.1 document.
pub fn document() -> utoipa::openapi::OpenApi {
    Interface::openapi()
}

/// 读取本接口说明。
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "接口说明",
    responses((status = 200, description = "OpenAPI 3.1 文件", body = Object))
)]
pub async fn read_document() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

#[derive(Template)]
#[template(path = "api.html")]
struct DocsPage {
    page: Page,
    openapi: &'static str,
}

/// The document for people.
pub async fn page(ctx: ApiContext) -> Result<Html<String>, WebError> {
    let page = ctx.page("", "接口说明").await?;
    Ok(Html(DocsPage { page, openapi: ADDRESS }.render()?))
}
