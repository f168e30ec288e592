//! The first version of each item's guide: the nine elements of 办法第八条 as far as the catalogue knows them.

use super::catalogue::{Catalogue, Item, kind_key};
use crate::guide::{Contact, GuideMaterial, ServiceGuide};

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
            contacts: vec![Contact {
                window: format!("{}{}政务服务窗口", item.level.label(), self.department_name(item)),
                phone: String::new(),
                address: String::new(),
            }],
            samples: Vec::new(),
            faqs: Vec::new(),
            mistakes: Vec::new(),
            certainty: item.certainty.basis,
        })
    }

    /// The materials of the unified list a guide of this item may demand (发改投资〔2019〕268号: nothing beyond it).
    pub fn guide_materials(&self, item: &Item) -> Vec<GuideMaterial> {
        item.materials
            .iter()
            .filter_map(|id| self.material(id))
            .map(|material| GuideMaterial {
                id: material.id.clone(),
                name: material.name.clone(),
                hint: material.hint.clone(),
                condition: material.condition.clone(),
                formats: material.formats.clone(),
                max_mb: material.max_mb,
                copies: material.copies,
                source: material.source,
            })
            .collect()
    }
}
