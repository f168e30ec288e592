//! 事项与办事指南 (办法第八条), from the catalogue in force.

use super::problem::Problem;
use crate::{ApiContext, WebError};
use axum::{Json, extract::Path};
use domain::{
    guide::{Contact, Faq, GuideMaterial, Sample},
    item::{Catalogue, Item, Limit},
};
use serde::Serialize;
use utoipa::ToSchema;

/// 事项清单。
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemList {
    /// 清单的版本。
    version: String,
    /// 全部事项。
    items: Vec<ItemSummary>,
}

/// 一个事项。
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemSummary {
    /// 事项代码。
    code: String,
    /// 事项名称。
    name: String,
    /// 办理阶段。
    stage: String,
    /// 办理层级。
    level: String,
    /// 主管部门。
    department: String,
    /// 审批依据。
    basis: String,
    /// 办理时限（有承诺时限的为承诺时限）。
    limit: TimeLimit,
}

/// 办理时限。
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeLimit {
    /// 天数；0 为当场办结。
    days: u16,
    /// 以文字表示，例如“20个工作日”。
    words: String,
    /// 依据。
    basis: String,
}

/// 办事指南。
#[derive(Debug, Serialize, ToSchema)]
pub struct Guide {
    /// 事项代码。
    code: String,
    /// 事项名称。
    name: String,
    /// 审批依据。
    basis: String,
    /// 审批内容。
    content: String,
    /// 受理条件。
    conditions: Vec<String>,
    /// 申报材料。
    materials: Vec<MaterialNeed>,
    /// 办理流程。
    process: Vec<String>,
    /// 法定时限。
    limit: TimeLimit,
    /// 承诺时限。
    committed: Option<TimeLimit>,
    /// 不计入时限的环节。
    excluded: Vec<String>,
    /// 收费标准。
    fee: String,
    /// 监管要求。
    supervision: Vec<String>,
    /// 办理窗口（首个联系方式）。
    window: String,
    /// 联系电话（首个联系方式）。
    phone: Option<String>,
    /// 全部联系方式。
    contacts: Vec<ContactPoint>,
    /// 样表。
    samples: Vec<SampleFile>,
    /// 常见问题。
    faqs: Vec<Question>,
    /// 常见错误。
    mistakes: Vec<String>,
    /// 指南的版本号。
    version: u32,
    /// 本版本生效的日期。
    in_force_from: String,
    /// 本版本失效的日期（当日起不再适用）；没有的为空。
    in_force_until: Option<String>,
}

/// 联系方式。
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactPoint {
    /// 窗口。
    window: String,
    /// 电话；空为尚未公布。
    phone: String,
    /// 地址和办公时间。
    address: String,
}

/// 样表。
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleFile {
    /// 材料编号。
    material: String,
    /// 文件名。
    name: String,
    /// 字节数。
    size: i64,
    /// 内容的 SM3 摘要。
    sm3: String,
    /// 下载地址。
    href: String,
}

/// 常见问题。
#[derive(Debug, Serialize, ToSchema)]
pub struct Question {
    /// 问。
    question: String,
    /// 答。
    answer: String,
}

/// 一种申报材料。
#[derive(Debug, Serialize, ToSchema)]
pub struct MaterialNeed {
    /// 材料编号。
    id: String,
    /// 材料名称。
    name: String,
    /// 要求。
    hint: String,
    /// 何时需要；空为必须。
    condition: String,
    /// 可以上传的格式。
    formats: Vec<&'static str>,
    /// 单个文件的上限（MB）。
    max_mb: u16,
}

impl From<&Limit> for TimeLimit {
    fn from(limit: &Limit) -> Self {
        Self { days: limit.days, words: limit.words(), basis: limit.basis.clone() }
    }
}

impl ItemSummary {
    fn of(catalogue: &Catalogue, item: &Item, limit: &Limit) -> Self {
        Self {
            code: item.code.clone(),
            name: item.name.clone(),
            stage: item.stage.label().to_owned(),
            level: item.level.label().to_owned(),
            department: catalogue.department_name(item).to_owned(),
            basis: item.basis.clone(),
            limit: limit.into(),
        }
    }
}

impl From<GuideMaterial> for MaterialNeed {
    fn from(material: GuideMaterial) -> Self {
        let GuideMaterial { id, name, hint, condition, formats, max_mb, .. } = material;
        Self { id, name, hint, condition, formats: formats.into_iter().map(|f| f.extension()).collect(), max_mb }
    }
}

impl From<Contact> for ContactPoint {
    fn from(Contact { window, phone, address }: Contact) -> Self {
        Self { window, phone, address }
    }
}

impl From<Faq> for Question {
    fn from(Faq { question, answer }: Faq) -> Self {
        Self { question, answer }
    }
}

impl SampleFile {
    fn of(portal: &str, item: &str, sample: Sample) -> Self {
        let href = format!("{portal}/items/{item}/samples/{}", sample.id);
        let Sample { material, name, size, sm3, .. } = sample;
        Self { material, name, size, sm3, href }
    }
}

/// 列出全部事项。
#[utoipa::path(
    get,
    path = "/api/v1/items",
    tag = "事项",
    responses((status = 200, description = "事项清单", body = ItemList))
)]
pub async fn list_items(ctx: ApiContext) -> Result<Json<ItemList>, WebError> {
    let catalogue = ctx.platform.rules.catalogue;
    let guides = ctx.platform.guides_in_force(&ctx.call).await?;
    let items = catalogue.items().iter().map(|item| ItemSummary::of(catalogue, item, guides.limit(item))).collect();
    Ok(Json(ItemList { version: catalogue.version().to_owned(), items }))
}

/// 查询事项现行有效的办事指南。
#[utoipa::path(
    get,
    path = "/api/v1/items/{code}",
    tag = "事项",
    params(("code" = String, Path, description = "事项代码", example = "land_preexam_site")),
    responses(
        (status = 200, description = "现行有效的办事指南", body = Guide),
        (status = 404, description = "没有这个事项，或者指南已停用", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_item(ctx: ApiContext, Path(code): Path<String>) -> Result<Json<Guide>, WebError> {
    let public = ctx.platform.public_guide(&ctx.call, &code, None).await?;
    let (in_force, guide) = (public.in_force().cloned().ok_or(WebError::NotFound)?, public.shown.guide);
    let portal = &ctx.platform.settings.portal_url;
    let first = guide.contacts.first().cloned().unwrap_or_default();
    Ok(Json(Guide {
        name: guide.name,
        basis: guide.basis,
        content: guide.content,
        conditions: guide.conditions,
        materials: guide.materials.into_iter().map(MaterialNeed::from).collect(),
        process: guide.process,
        limit: (&guide.limit).into(),
        committed: guide.committed.as_ref().map(TimeLimit::from),
        excluded: guide.excluded,
        fee: guide.fee.text,
        supervision: guide.supervision,
        window: first.window,
        phone: Some(first.phone).filter(|phone| !phone.is_empty()),
        contacts: guide.contacts.into_iter().map(ContactPoint::from).collect(),
        samples: guide.samples.into_iter().map(|s| SampleFile::of(portal, &guide.item, s)).collect(),
        faqs: guide.faqs.into_iter().map(Question::from).collect(),
        mistakes: guide.mistakes,
        version: in_force.number,
        in_force_from: in_force.from.to_string(),
        in_force_until: in_force.until.map(|day| day.to_string()),
        code: guide.item,
    }))
}
