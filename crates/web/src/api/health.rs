//! For the machines that watch this one.

use super::problem::Problem;
use crate::{ApiContext, WebError};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// 运行状态。
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// 固定为 `ok`。
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// 进程在运行。
#[utoipa::path(get, path = "/health/live", tag = "运行状态", responses((status = 200, description = "在运行", body = Health)))]
pub async fn check_live() -> Json<Health> {
    OK
}

/// 可以提供服务：数据库能够应答。
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "运行状态",
    responses(
        (status = 200, description = "可以提供服务", body = Health),
        (status = 503, description = "暂不能提供服务", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn check_ready(ctx: ApiContext) -> Result<Json<Health>, WebError> {
    match ctx.platform.check_ready().await {
        Ok(()) => Ok(OK),
        Err(cause) => {
            tracing::error!(error = %cause, "not ready");
            Err(WebError::Busy)
        }
    }
}
