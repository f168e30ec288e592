//! 办事指南 as people read it: the nine elements of 办法第八条, then questions and mistakes. The same on every face.

use super::{Pill, Tone};
use askama::{Template, filters::HtmlSafe};
use domain::{
    guide::{Contact, Faq, GuideMaterial, ServiceGuide},
    item::{Catalogue, Certainty, Item, Limit, LimitUnit},
};

/// What one version of a guide says.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/guide.html")]
pub struct GuideText {
    guide: ServiceGuide,
    materials: Vec<Asked>,
    materials_certainty: Certainty,
    on_portal: bool,
}

/// A material as it is listed.
#[derive(Debug, Clone)]
struct Asked {
    material: GuideMaterial,
    formats: String,
    issued_by: Vec<(String, String)>,
    samples: Vec<(String, String, String)>,
}

impl GuideText {
    /// With links for everybody (`on_portal`), or for the department's own pages.
    pub fn new(catalogue: &Catalogue, item: &Item, guide: &ServiceGuide, on_portal: bool) -> Self {
        let base = if on_portal { "/items" } else { "/guides" };
        let asked = |material: &GuideMaterial| {
            let issued_by = catalogue.material(&material.id).map(|m| m.issued_by.as_slice()).unwrap_or_default();
            let samples = guide.samples.iter().filter(|sample| sample.material == material.id);
            Asked {
                formats: format!("{}，单个不超过 {} MB", formats(material), material.max_mb),
                issued_by: issued_by
                    .iter()
                    .filter_map(|code| catalogue.item(code))
                    .map(|item| (item.code.clone(), item.name.clone()))
                    .collect(),
                samples: samples
                    .map(|s| (format!("{base}/{}/samples/{}", guide.item, s.id), s.name.clone(), size_words(s.size)))
                    .collect(),
                material: material.clone(),
            }
        };
        Self {
            materials: guide.materials.iter().map(asked).collect(),
            materials_certainty: item.certainty.materials,
            guide: guide.clone(),
            on_portal,
        }
    }
}

impl HtmlSafe for GuideText {}

/// `PDF、JPG`.
pub fn formats(material: &GuideMaterial) -> String {
    material.formats.iter().map(|f| f.extension().to_uppercase()).collect::<Vec<_>>().join("、")
}

/// `1.2 MB`.
pub fn size_words(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} 字节"),
        1024..1_048_576 => format!("{:.0} KB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

/// Where the deadline calculator works a limit out.
pub fn calculator(limit: &Limit) -> String {
    let unit = if limit.unit == LimitUnit::Working { "working" } else { "calendar" };
    format!("/clock?days={}&unit={unit}", limit.days)
}

/// How sure the platform is of a statement, as a pill.
pub fn sure(certainty: &Certainty) -> Pill {
    let (tone, meaning) = match certainty {
        Certainty::Seen => (Tone::Green, "已经对照法律法规原文核对，或者由主管部门编写并审核。"),
        Certainty::Remembered => (Tone::Yellow, "内容来自通行做法，尚未逐字对照原文，以受理机关公布为准。"),
        Certainty::Inferred => (Tone::Yellow, "由相关规定推定得出，以受理机关公布为准。"),
        Certainty::Fallback => (Tone::Grey, "没有专门规定，按一般规定执行；部门另有承诺时限的从其承诺。"),
    };
    Pill::new(tone, certainty.label()).meaning(meaning)
}
