//! Two versions side by side, element by element: what was added, removed, changed.

use super::{Element, ServiceGuide};
use std::collections::BTreeMap;

/// One statement in both versions; at least one side is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In the older version.
    pub before: Option<String>,
    /// In the newer version.
    pub after: Option<String>,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Says the same.
    Same,
    /// Only in the newer version.
    Added,
    /// Only in the older version.
    Removed,
    /// Says something else.
    Changed,
}

impl Fate {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "未变",
            Self::Added => "新增",
            Self::Removed => "删除",
            Self::Changed => "修改",
        }
    }
}

impl Line {
    /// What became of it.
    pub fn fate(&self) -> Fate {
        match (&self.before, &self.after) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Removed,
            (before, after) if before == after => Fate::Same,
            _ => Fate::Changed,
        }
    }
}

/// One element in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Which.
    pub element: Element,
    /// Its statements: those of the newer version in order, then what was removed.
    pub lines: Vec<Line>,
}

impl Comparison {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        self.lines.iter().any(|line| line.fate() != Fate::Same)
    }
}

/// Compares two versions, all twelve elements.
pub fn compare(older: &ServiceGuide, newer: &ServiceGuide) -> Vec<Comparison> {
    Element::ALL
        .into_iter()
        .map(|element| Comparison { element, lines: pair(&statements(older, element), &statements(newer, element)) })
        .collect()
}

/// Statements with the same key are the same statement.
fn pair(older: &[(String, String)], newer: &[(String, String)]) -> Vec<Line> {
    let before: BTreeMap<&str, &str> = older.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let now: BTreeMap<&str, &str> = newer.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let kept = newer.iter().map(|(key, text)| Line {
        before: before.get(key.as_str()).map(|t| (*t).to_owned()),
        after: Some(text.clone()),
    });
    let gone = older
        .iter()
        .filter(|(key, _)| !now.contains_key(key.as_str()))
        .map(|(_, text)| Line { before: Some(text.clone()), after: None });
    kept.chain(gone).collect()
}

/// The statements of an element: key and text. A single text has one key; of a plain list the text is the key.
fn statements(guide: &ServiceGuide, element: Element) -> Vec<(String, String)> {
    let single = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let list = |texts: &[String]| texts.iter().map(|t| (t.clone(), t.clone())).collect();
    match element {
        Element::Basis => vec![single("basis", &guide.basis)],
        Element::Content => vec![single("content", &guide.content)],
        Element::Conditions => list(&guide.conditions),
        Element::Materials => guide.materials.iter().map(|m| (m.id.clone(), material(m))).collect(),
        Element::Process => list(&guide.process),
        Element::Limit => limits(guide),
        Element::Fee => vec![single("fee", &guide.fee.text)],
        Element::Supervision => list(&guide.supervision),
        Element::Contact => {
            guide.contacts.iter().map(|c| (c.window.clone(), joined(&[&c.window, &c.phone, &c.address]))).collect()
        }
        Element::Samples => guide
            .samples
            .iter()
            .map(|s| (s.id.to_string(), format!("{}：{}", guide.material_name(&s.material), s.name)))
            .collect(),
        Element::Faqs => {
            guide.faqs.iter().map(|f| (f.question.clone(), format!("问：{} 答：{}", f.question, f.answer))).collect()
        }
        Element::Mistakes => list(&guide.mistakes),
    }
}

fn material(material: &super::GuideMaterial) -> String {
    let condition = if material.condition.is_empty() { "必交" } else { &material.condition };
    joined(&[&material.name, material.copies.label(), condition, &material.hint])
}

fn limits(guide: &ServiceGuide) -> Vec<(String, String)> {
    let words = |name: &str, limit: &crate::item::Limit| format!("{name} {}（{}）", limit.words(), limit.basis);
    let mut lines = vec![("limit".to_owned(), words("法定", &guide.limit))];
    lines.extend(guide.committed.iter().map(|limit| ("committed".to_owned(), words("承诺", limit))));
    lines.extend(guide.excluded.iter().map(|step| (format!("excluded-{step}"), format!("不计入时限：{step}"))));
    lines
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("；")
}
