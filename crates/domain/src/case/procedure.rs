//! 办理程序 as data (`data/procedures.toml`): steps, extension, delivery, transfer, change and validity of an item's cases.
//! A case carries the procedure under which it was applied for, so that a later version of the rules never moves it.

use super::CommitmentRule;
use crate::{
    Refusal,
    clock::{DeadlineKind, Unit},
    item::{Certainty, Item, ItemKind},
};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// How many persons a decision takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// 简易事项: one person decides.
    One,
    /// 拟办, 审核, 审批 by three persons.
    #[default]
    Three,
}

/// Who may extend a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// 本行政机关负责人.
    Head,
    /// 本级人民政府 (办理涉及多个机关的).
    Government,
}

impl Authority {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "本机关负责人",
            Self::Government => "本级人民政府",
        }
    }
}

/// A number of days with its article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// How many.
    pub days: u32,
    /// Which days.
    pub unit: Unit,
    /// The article.
    pub article: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl Term {
    /// The deadline it makes: what it is called, the day that starts it, the act that ends it.
    pub fn deadline(&self, id: &str, name: &str, start: &str, end: &str) -> DeadlineKind {
        DeadlineKind {
            id: id.to_owned(),
            name: name.to_owned(),
            unit: self.unit,
            days: self.days,
            start: start.to_owned(),
            end: end.to_owned(),
            roll: self.unit == Unit::Calendar,
            article: self.article.clone(),
            certainty: match self.certainty {
                Certainty::Seen => "seen",
                _ => "inferred",
            }
            .to_owned(),
        }
    }

    /// The limit in words: 20个工作日.
    pub fn words(&self) -> String {
        format!("{}{}", self.days, self.unit.name())
    }
}

/// 延长办理期限: how far, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRule {
    /// Most days that may be added, in the unit of the limit.
    pub days: u32,
    /// Who approves.
    pub by: Authority,
    /// The article.
    pub article: String,
    /// How sure we are.
    pub certainty: Certainty,
}

/// What makes a granted decision end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// 期限届满.
    Expiry,
    /// 期限届满而未开工建设: once construction has begun it stays.
    Unstarted,
}

/// What an organ's silence on a renewal means once the term is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// 视为准予延续 (许可法第五十条第二款).
    Renewed,
    /// 自动失效 (673号令第十二条).
    Lapsed,
}

/// 延续.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewalRule {
    /// It must be asked at least so long before the end.
    pub ask_before: u32,
    /// In which days.
    pub unit: Unit,
    /// Working days for the decision; `None`: before the term ends.
    #[serde(default)]
    pub decide: Option<u32>,
    /// Most months that may be added; `None`: the same term again.
    #[serde(default)]
    pub months: Option<u32>,
    /// Only once.
    #[serde(default)]
    pub once: bool,
    /// So often at most.
    #[serde(default)]
    pub most: Option<u32>,
    /// What silence means.
    pub silence: Silence,
    /// The article.
    pub article: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl RenewalRule {
    /// How often a decision may be renewed; `None` is without limit.
    pub fn times(&self) -> Option<u32> {
        if self.once { Some(1) } else { self.most }
    }
}

/// 有效期.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityRule {
    /// Months from the decision.
    pub months: u32,
    /// What ends it.
    pub lapses: Lapse,
    /// Whether and how it can be renewed.
    #[serde(default)]
    pub renewal: Option<RenewalRule>,
    /// Calendar days before the last day on which something can be done about it, at which the unit is reminded. No law sets
    /// a number (inferred).
    #[serde(default = "remind_before")]
    pub remind_before: u32,
    /// The article.
    pub article: String,
    /// How sure we are.
    pub certainty: Certainty,
}

fn remind_before() -> u32 {
    30
}

/// 办理程序 of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// How many persons a decision takes.
    pub steps: Steps,
    /// 延长.
    pub extension: Option<ExtensionRule>,
    /// 送达.
    pub delivery: Option<Term>,
    /// 转送.
    pub transfer: Option<Term>,
    /// 变更.
    pub change: Option<Term>,
    /// 有效期.
    pub validity: Option<ValidityRule>,
    /// 告知承诺, where the item allows it.
    #[serde(default)]
    pub commitment: Option<CommitmentRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    kinds: Vec<ItemKind>,
    #[serde(default)]
    items: Vec<String>,
    steps: Option<Steps>,
    extension: Option<ExtensionRule>,
    delivery: Option<Term>,
    transfer: Option<Term>,
    change: Option<Term>,
    validity: Option<ValidityRule>,
    commitment: Option<CommitmentRule>,
}

impl Rule {
    fn fits(&self, item: &Item) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&item.kind))
            && (self.items.is_empty() || self.items.contains(&item.code))
    }

    fn lay_over(&self, procedure: &mut Procedure) {
        fn take<T: Clone>(from: &Option<T>, to: &mut Option<T>) {
            if from.is_some() {
                to.clone_from(from);
            }
        }
        procedure.steps = self.steps.unwrap_or(procedure.steps);
        take(&self.extension, &mut procedure.extension);
        take(&self.delivery, &mut procedure.delivery);
        take(&self.transfer, &mut procedure.transfer);
        take(&self.change, &mut procedure.change);
        take(&self.validity, &mut procedure.validity);
        take(&self.commitment, &mut procedure.commitment);
    }
}

/// All procedures.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedures {
    rule: Vec<Rule>,
}

impl Procedures {
    /// Reads `procedures.toml`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        toml::from_str(text).map_err(|e| Refusal::new("procedures.format", format!("办理程序表有误：{e}")))
    }

    /// The procedure of an item.
    pub fn of(&self, item: &Item) -> Procedure {
        let mut procedure = Procedure::default();
        self.rule.iter().filter(|rule| rule.fits(item)).for_each(|rule| rule.lay_over(&mut procedure));
        procedure
    }

    /// Codes of items that a rule names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.rule.iter().flat_map(|rule| rule.items.iter().map(String::as_str))
    }
}

/// What the product ships (`data/procedures.toml`); a test proves that it reads.
pub fn procedures() -> &'static Procedures {
    static TABLE: LazyLock<Procedures> =
        LazyLock::new(|| Procedures::parse(include_str!("../../../../data/procedures.toml")).unwrap_or_default());
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::catalogue;

    #[test]
    fn the_shipped_procedures_read_and_name_only_items_there_are() {
        let table = Procedures::parse(include_str!("../../../../data/procedures.toml")).unwrap();
        for code in table.named() {
            assert!(catalogue().item(code).is_some(), "{code}");
        }
        for item in catalogue().items() {
            let procedure = table.of(item);
            assert!(procedure.extension.is_some(), "{}", item.code);
            assert_eq!(procedure.delivery.is_some(), item.kind == ItemKind::Licence, "{}", item.code);
            assert_eq!(procedure.steps == Steps::One, item.kind == ItemKind::RecordFiling, "{}", item.code);
        }
    }

    #[test]
    fn a_later_rule_wins_for_what_it_names() {
        let of = |code| procedures().of(catalogue().item(code).unwrap());
        assert_eq!(of("soil_water").extension.unwrap().days, 10);
        assert_eq!(of("ent_ratify").extension.unwrap().days, 40);
        assert_eq!(of("ent_ratify").delivery.unwrap().days, 10, "what the later rule does not name stays");
        assert!(of("soil_water").transfer.is_none());
    }

    #[test]
    fn a_faulty_table_is_refused() {
        assert_eq!(Procedures::parse("[[rule]]\nsteps = \"two\"").unwrap_err().code, "procedures.format");
    }
}
