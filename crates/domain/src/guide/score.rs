//! 完整度: how much of what a guide should say it does say, 0 to 100, by weights that are data (`data/guide_score.tsv`).

use super::{Element, ServiceGuide};
use crate::{Refusal, item::MaterialSource, tsv};
use std::{collections::BTreeMap, sync::LazyLock};

/// What each element counts for; all together 100.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights(BTreeMap<Element, u8>);

/// Completeness of one guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// 0 to 100.
    pub points: u8,
    /// What is missing, in the order of the article.
    pub missing: Vec<Element>,
}

impl Weights {
    /// Reads `guide_score.tsv`. Refuses unknown, doubled or forgotten elements and a sum other than 100.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut weights = BTreeMap::new();
        for (at, [element, weight, _certainty]) in
            tsv::rows(text, ["element", "weight", "certainty"])?.into_iter().enumerate()
        {
            let element = Element::parse(element).ok_or_else(|| tsv::fault(at + 1, "没有这个要素"))?;
            let weight = weight.parse().map_err(|_| tsv::fault(at + 1, "分值应为 0 至 100 的整数"))?;
            if weights.insert(element, weight).is_some() {
                return Err(tsv::fault(at + 1, "要素重复"));
            }
        }
        let sum: u32 = weights.values().copied().map(u32::from).sum();
        if sum != 100 || weights.len() != Element::ALL.len() {
            return Err(Refusal::new(
                "guide.weights",
                "指南完整度的分值应当覆盖全部要素，合计 100 分，请核对数据文件。",
            ));
        }
        Ok(Self(weights))
    }

    /// What an element counts for.
    pub fn of(&self, element: Element) -> u8 {
        self.0.get(&element).copied().unwrap_or(0)
    }
}

/// The weights shipped with the product; a test proves that they read.
pub fn default_weights() -> &'static Weights {
    static WEIGHTS: LazyLock<Weights> =
        LazyLock::new(|| Weights::parse(include_str!("../../../../data/guide_score.tsv")).unwrap_or_default());
    &WEIGHTS
}

/// Scores a guide.
pub fn score(guide: &ServiceGuide, weights: &Weights) -> Score {
    let (there, missing): (Vec<_>, Vec<_>) = Element::ALL.into_iter().partition(|e| is_complete(guide, *e));
    Score { points: there.into_iter().map(|e| weights.of(e)).sum(), missing }
}

/// Whether one element says what it should.
pub fn is_complete(guide: &ServiceGuide, element: Element) -> bool {
    match element {
        Element::Basis => !guide.basis.is_empty(),
        Element::Content => !guide.content.is_empty(),
        Element::Conditions => !guide.conditions.is_empty(),
        Element::Materials => !guide.materials.is_empty(),
        Element::Process => !guide.process.is_empty(),
        Element::Limit => !guide.effective_limit().basis.is_empty(),
        Element::Fee => !guide.fee.text.is_empty(),
        Element::Supervision => !guide.supervision.is_empty(),
        Element::Contact => guide.contacts.iter().any(super::Contact::is_complete),
        Element::Samples => {
            let asked = guide.materials.iter().any(|m| m.source == MaterialSource::Applicant);
            !asked || !guide.samples.is_empty()
        }
        Element::Faqs => !guide.faqs.is_empty(),
        Element::Mistakes => !guide.mistakes.is_empty(),
    }
}
