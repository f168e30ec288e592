//! Facts of a declaration: what the rules of the catalogue look at.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One fact: what the project unit answered to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Bool(bool),
    /// A quantity in the unit of its [`FactDefinition`].
    Number(f64),
    /// A code or word.
    Text(String),
}

impl Fact {
    /// The kind of this value.
    pub fn kind(&self) -> FactKind {
        match self {
            Self::Bool(_) => FactKind::Bool,
            Self::Number(_) => FactKind::Number,
            Self::Text(_) => FactKind::Text,
        }
    }
}

impl From<bool> for Fact {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Fact {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Fact {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// Facts by id. A missing fact counts as no, zero or empty.
pub type Facts = BTreeMap<String, Fact>;

/// What kind of value a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Yes or no.
    Bool,
    /// A quantity.
    Number,
    /// A code or word.
    Text,
}

impl FactKind {
    /// What a person has to give.
    pub fn words(self) -> &'static str {
        match self {
            Self::Bool => "是或者否",
            Self::Number => "数字",
            Self::Text => "文字或者代码",
        }
    }

    fn missing(self) -> Fact {
        match self {
            Self::Bool => Fact::Bool(false),
            Self::Number => Fact::Number(0.0),
            Self::Text => Fact::Text(String::new()),
        }
    }
}

/// The definition of one fact: its kind and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactDefinition {
    /// Chinese label, such as 需要新增建设用地.
    pub label: String,
    /// Kind of its value.
    pub kind: FactKind,
    /// Unit of a quantity, such as 吨标准煤.
    #[serde(default)]
    pub unit: String,
    /// Chinese words for the codes of a text.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

impl FactDefinition {
    /// The value as the rules see it: a missing fact, a fact of another kind or an infinite number counts as
    /// no, zero or empty.
    pub(super) fn value(&self, given: Option<&Fact>) -> Fact {
        match given {
            Some(Fact::Number(number)) if !number.is_finite() => self.kind.missing(),
            Some(fact) if fact.kind() == self.kind => fact.clone(),
            _ => self.kind.missing(),
        }
    }

    /// The value in Chinese words.
    pub fn words(&self, value: &Fact) -> String {
        match value {
            Fact::Bool(true) => "是".to_owned(),
            Fact::Bool(false) => "否".to_owned(),
            Fact::Number(number) => format!("{number}{}", self.unit),
            Fact::Text(text) if text.is_empty() => "未填写".to_owned(),
            Fact::Text(text) => self.values.get(text).unwrap_or(text).clone(),
        }
    }
}

/// Every defined fact with the value the rules see.
pub(super) fn complete(definitions: &BTreeMap<String, FactDefinition>, given: &Facts) -> Facts {
    definitions.iter().map(|(id, definition)| (id.clone(), definition.value(given.get(id)))).collect()
}
