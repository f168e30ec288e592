//! 项目代码核验 (办法第十三条): is this code real and in force?

use super::problem::Problem;
use crate::{ApiContext, WebError};
use axum::{Json, extract::Path};
use domain::{
    project::ProjectState,
    project_code::{Generation, ProjectCode},
};
use platform::public;
use serde::Serialize;
use utoipa::ToSchema;

/// 核验结果。
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeAnswer {
    /// 代码真实存在且有效。
    valid: bool,
    /// 规范写法的代码；写法有误时为空。
    code: Option<String>,
    /// 代码后所附的子项目标识（如 `000`），不参与核验。
    suffix: Option<String>,
    /// 无效的原因：`length`、`character`、`grouping`、`generation`、`province`、`check_digit`、`suffix` 为写法有误；
    /// `unknown` 为平台没有该代码的项目；`not_in_force` 为代码已失效。有效时为空。
    fault: Option<&'static str>,
    /// 给人看的说明。
    message: String,
    /// 代码的代次：1 为 2015 年起的规则，2 为 2020 年 11 月起的规则。
    generation: Option<u8>,
    /// 项目名称。
    project_name: Option<String>,
    /// 代码状态：`active` 有效，`voided` 已作废，`withdrawn` 项目已撤回。
    state: Option<&'static str>,
}

/// 核验项目代码。
///
/// 无论代码是否有效都返回 200，以 `valid` 和 `fault` 区分。写法有误的代码不查数据库即可答复；末尾的子项目标识可带可不带。
#[utoipa::path(
    get,
    path = "/api/v1/codes/{code}",
    tag = "项目代码",
    params(("code" = String, Path, description = "项目代码", example = "2611-150402-04-01-123456")),
    responses(
        (status = 200, description = "核验结果", body = CodeAnswer),
        (status = 429, description = "查询了过多不存在的代码，10 分钟后再试", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "暂时繁忙", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn verify_code(ctx: ApiContext, Path(text): Path<String>) -> Result<Json<CodeAnswer>, WebError> {
    let answer = ctx.platform.verify_code(&ctx.call, &text).await?;
    let parsed = ProjectCode::parse(&text).ok();
    let of = |fault: Option<&'static str>, message: String, generation: Option<Generation>| CodeAnswer {
        valid: fault.is_none(),
        suffix: parsed.as_ref().and_then(|parsed| parsed.suffix.clone()),
        code: parsed.as_ref().map(|parsed| parsed.code.to_string()),
        fault,
        message,
        generation: generation.map(Generation::number),
        project_name: None,
        state: None,
    };
    Ok(Json(match answer {
        public::CodeAnswer::Fault(fault) => of(Some(fault.name()), fault.to_string(), None),
        public::CodeAnswer::Unknown(generation) => {
            of(Some("unknown"), "代码写法正确，但在线平台没有该代码对应的项目。".to_owned(), Some(generation))
        }
        public::CodeAnswer::Known { generation, name, state } => {
            let (fault, message) = match state {
                ProjectState::Active => (None, "代码真实有效。".to_owned()),
                other => (Some("not_in_force"), format!("代码真实，但已失效（{}）。", other.name())),
            };
            CodeAnswer { project_name: Some(name), state: Some(state.slug()), ..of(fault, message, Some(generation)) }
        }
    }))
}
