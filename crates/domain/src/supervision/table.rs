//! 监察规则 as data (`data/supervision.toml`).

use crate::{Refusal, item::Certainty};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// How grave a hit is: the colour of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 黄牌: to be explained.
    Yellow,
    /// 红牌: a breach of a period or a duty.
    Red,
}

impl Severity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Red, Self::Yellow];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yellow => "黄牌",
            Self::Red => "红牌",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Machine name; the function of `rules` with this name consumes it.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// The article it rests on.
    pub article: String,
    /// Colour of its cards.
    pub severity: Severity,
    /// Kinds of events it looks at; empty: it looks at time.
    #[serde(default)]
    pub events: Vec<String>,
    /// Numbers that an administrator can change.
    #[serde(default)]
    pub parameters: BTreeMap<String, u32>,
    /// Working days in which the department answers.
    pub reply_days: u32,
    /// Its cards close by themselves once the step they warn of is done.
    #[serde(default)]
    pub lapses: bool,
    /// How sure its numbers are.
    pub certainty: Certainty,
}

impl Rule {
    /// A parameter, or what it is without one.
    pub fn number(&self, name: &str, otherwise: u32) -> u32 {
        self.parameters.get(name).copied().unwrap_or(otherwise)
    }

    /// Whether it looks at time, not at events.
    pub fn looks_at_time(&self) -> bool {
        self.events.is_empty()
    }
}

/// All rules in force, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

impl Rules {
    /// Reads `supervision.toml`. Refuses a doubled code.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let fault = |message: String| Refusal::new("supervision.rules", message);
        let file: File = toml::from_str(text).map_err(|e| fault(format!("监察规则不能读取：{}", e.message())))?;
        for (at, rule) in file.rule.iter().enumerate() {
            if file.rule.iter().take(at).any(|other| other.code == rule.code) {
                return Err(fault(format!("监察规则“{}”重复，请删除其中一条。", rule.code)));
            }
        }
        Ok(Self { rules: file.rule })
    }

    /// The rule of a code.
    pub fn get(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }

    /// All rules.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Rules that look at this kind of event.
    pub fn about(&self, kind: &str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.events.iter().any(|event| event == kind))
    }
}

/// The rules shipped with the product (`data/supervision.toml`); a test proves that they read.
pub fn default_rules() -> &'static Rules {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::parse(include_str!("../../../../data/supervision.toml")).unwrap_or_default());
    &RULES
}
