//! How errors look to other systems.

use serde::Serialize;
use utoipa::ToSchema;

/// 错误（RFC 9457，`application/problem+json`）。
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// 固定为 `about:blank`。
    r#type: String,
    /// 错误的名称。
    title: String,
    /// HTTP 状态码。
    status: u16,
    /// 给人看的说明。
    detail: String,
    /// 问题编号，与响应头 `x-request-id` 相同；联系平台时请提供。
    instance: String,
    /// 逐条原因。
    errors: Vec<ProblemError>,
}

/// 一条原因。
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemError {
    /// 稳定的错误代码。
    code: String,
    /// 有关的字段。
    field: Option<String>,
    /// 说明，及下一步怎么办。
    message: String,
    /// 依据的条款。
    article: Option<String>,
}
