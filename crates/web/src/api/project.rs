//! 项目公开信息 (办法第十八条): what the disclosure policy of `platform::public` names, nothing more.

use super::problem::Problem;
use crate::{ApiContext, WebError};
use axum::{Json, extract::Path};
use platform::public;
use serde::Serialize;
use utoipa::ToSchema;

/// 项目的公开信息。
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicProject {
    /// 项目代码。
    code: String,
    /// 项目名称。
    name: String,
    /// 项目单位。
    unit: String,
    /// 管理方式：审批、核准或备案。
    regime: String,
    /// 建设地点。
    region: String,
    /// 代码状态。
    state: String,
    /// 申报日期。
    declared_on: String,
    /// 办理过程及结果。
    results: Vec<PublicResult>,
}

/// 一个事项的办理情况。
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicResult {
    /// 事项。
    item: String,
    /// 办理机关。
    agency: String,
    /// 办理状态。
    stage: String,
    /// 办理结果；办结后公开。
    outcome: Option<String>,
    /// 审批文件文号；办结后公开。
    document_number: Option<String>,
    /// 审批文件标题；办结后公开。
    title: Option<String>,
    /// 决定日期；办结后公开。
    decided_on: Option<String>,
}

impl From<public::PublicProject> for PublicProject {
    fn from(p: public::PublicProject) -> Self {
        let public::PublicProject { code, name, unit, regime, region, state, declared_on, results } = p;
        let results = results.into_iter().map(PublicResult::from).collect();
        Self { code, name, unit, regime, region, state, declared_on, results }
    }
}

impl From<public::PublicResult> for PublicResult {
    fn from(r: public::PublicResult) -> Self {
        let public::PublicResult { item, agency, stage, outcome, document_number, title, decided_on } = r;
        Self { item, agency, stage, outcome, document_number, title, decided_on }
    }
}

/// 查询项目公开信息。
///
/// 只含依法公开的内容，不含个人信息、金额明细和材料。
#[utoipa::path(
    get,
    path = "/api/v1/projects/{code}",
    tag = "项目",
    params(("code" = String, Path, description = "项目代码", example = "2611-150402-04-01-123456")),
    responses(
        (status = 200, description = "公开信息", body = PublicProject),
        (status = 404, description = "没有该代码对应的项目", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "查询了过多不存在的代码，10 分钟后再试", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "暂时繁忙", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_project(ctx: ApiContext, Path(code): Path<String>) -> Result<Json<PublicProject>, WebError> {
    Ok(Json(ctx.platform.public_project(&ctx.call, &code).await?.into()))
}
