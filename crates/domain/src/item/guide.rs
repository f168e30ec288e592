//! 办事指南: the nine elements of 办法第八条 for one item, from the catalogue alone.

use super::catalogue::{Catalogue, Certainty, Copies, Fee, Item, Limit, MaterialSource, kind_key};
use serde::Serialize;

/// One material as the guide lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GuideMaterial {
    /// Id of the material.
    pub id: String,
    /// Unified name.
    pub name: String,
    /// What it should show.
    pub hint: String,
    /// When it is required; empty means always.
    pub condition: String,
    /// Accepted file extensions.
    pub formats: Vec<&'static str>,
    /// Largest size of one file in MB.
    pub max_mb: u16,
    /// Original or copy.
    pub copies: Copies,
    /// Who makes it.
    pub source: MaterialSource,
}

/// Where to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// Whose window.
    pub window: String,
    /// Telephone; `None` until the handling organ publishes it.
    pub phone: Option<String>,
}

impl Contact {
    /// Telephone, or the sentence that stands for it.
    pub fn phone_words(&self) -> &str {
        self.phone.as_deref().unwrap_or("以受理机关公布为准")
    }
}

/// 办事指南 (办法第八条).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceGuide {
    /// Code of the item.
    pub item: String,
    /// Name of the item.
    pub name: String,
    /// 审批依据.
    pub basis: String,
    /// 审批内容.
    pub content: String,
    /// 受理条件.
    pub conditions: Vec<String>,
    /// 申报材料.
    pub materials: Vec<GuideMaterial>,
    /// 办理流程.
    pub process: Vec<String>,
    /// 办理时限, by law.
    pub limit: Limit,
    /// 承诺时限, if any.
    pub committed: Option<Limit>,
    /// Steps outside the limit.
    pub excluded: Vec<String>,
    /// 收费标准.
    pub fee: Fee,
    /// 监管要求.
    pub supervision: Vec<String>,
    /// 联系方式.
    pub contact: Contact,
    /// How sure we are of name and basis.
    pub certainty: Certainty,
}

impl Catalogue {
    /// The guide of an item; `None` when the catalogue has no such item.
    pub fn guide(&self, code: &str) -> Option<ServiceGuide> {
        let item = self.item(code)?;
        let common = self.kinds.get(kind_key(item.kind))?;
        Some(ServiceGuide {
            item: item.code.clone(),
            name: item.name.clone(),
            basis: item.basis.clone(),
            content: item.content.clone(),
            conditions: item.conditions.clone(),
            materials: self.guide_materials(item),
            process: common.process.clone(),
            limit: item.limit.clone(),
            committed: item.committed.clone(),
            excluded: item.excluded.clone(),
            fee: item.fee.clone(),
            supervision: item.supervision.iter().chain(&common.supervision).cloned().collect(),
            contact: Contact {
                window: format!("{}{}政务服务窗口", item.level.label(), self.department_name(item)),
                phone: None,
            },
            certainty: item.certainty.basis,
        })
    }

    fn guide_materials(&self, item: &Item) -> Vec<GuideMaterial> {
        item.materials
            .iter()
            .filter_map(|id| self.material(id))
            .map(|material| GuideMaterial {
                id: material.id.clone(),
                name: material.name.clone(),
                hint: material.hint.clone(),
                condition: material.condition.clone(),
                formats: material.formats.iter().map(|format| format.extension()).collect(),
                max_mb: material.max_mb,
                copies: material.copies,
                source: material.source,
            })
            .collect()
    }
}
