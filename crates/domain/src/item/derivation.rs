//! 应办事项告知: from the facts of a declaration to the items needed, with reasons (办法第十四条第一项).

use super::catalogue::{Catalogue, Item, Material, Trigger};
use super::facts::{Fact, Facts, complete};
use super::rule::{Leaf, bind};
use crate::{Refusal, guide::ServiceGuide};
use cel::Context;
use serde::Serialize;
use std::sync::Arc;

/// One fact that made a rule true.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FiredFact {
    /// Id of the fact.
    pub fact: String,
    /// Its label.
    pub label: String,
    /// Its value in words.
    pub value: String,
}

/// An item the project needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Needed {
    /// Code of the item.
    pub item: String,
    /// Id of the rule that said so.
    pub rule: String,
    /// Legal basis.
    pub article: String,
    /// The facts that made the rule true.
    pub fired: Vec<FiredFact>,
    /// Chinese sentence: 因为……。
    pub because: String,
}

/// One change of a fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Id of the fact.
    pub fact: String,
    /// Its label.
    pub label: String,
    /// A value with which the condition is met.
    pub to: Fact,
}

/// An item the project does not need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotNeeded {
    /// Code of the item.
    pub item: String,
    /// Id of the rule that said so.
    pub rule: String,
    /// Legal basis.
    pub article: String,
    /// The first condition that failed, in words.
    pub failed: String,
    /// Chinese sentence: 如果……,则需要办理。
    pub would_change: String,
    /// The facts of that sentence; empty for an item that comes up only later in the project's life.
    pub changes: Vec<Change>,
}

/// Every item of the catalogue, needed or not, in order of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Derivation {
    /// Version of the catalogue.
    pub catalogue: String,
    /// Items needed.
    pub needed: Vec<Needed>,
    /// Items not needed.
    pub not_needed: Vec<NotNeeded>,
}

impl Derivation {
    /// Codes of the items needed.
    pub fn codes(&self) -> Vec<&str> {
        self.needed.iter().map(|needed| needed.item.as_str()).collect()
    }
}

impl Catalogue {
    /// The items these facts call for, and why each other item is not called for. The same facts give the same
    /// answer, byte for byte. Missing facts, unknown facts and facts of the wrong kind count as not given.
    pub fn derive(&self, facts: &Facts) -> Derivation {
        let facts = complete(&self.facts, facts);
        let context = self.context(&facts);
        let mut derivation = Derivation { catalogue: self.version.clone(), needed: Vec::new(), not_needed: Vec::new() };
        for item in &self.items {
            if item.trigger == Trigger::Change {
                derivation.not_needed.push(later(item));
            } else if item.applies.holds(&context) {
                derivation.needed.push(self.needed(item, &facts));
            } else {
                derivation.not_needed.push(self.not_needed(item, &facts));
            }
        }
        derivation
    }

    /// What is wrong with the facts themselves: those nobody asks for and those of the wrong kind. Deriving goes on
    /// without them.
    pub fn check_facts(&self, facts: &Facts) -> Vec<Refusal> {
        facts
            .iter()
            .filter_map(|(id, fact)| match self.facts.get(id) {
                None => Some(Refusal::field(
                    id,
                    "facts.unknown",
                    format!("没有“{id}”这一申报信息，请核对名称后删除或者更正。"),
                )),
                Some(definition) if definition.kind != fact.kind() => Some(Refusal::field(
                    id,
                    "facts.wrong_kind",
                    format!("“{}”应当填写{}，请更正。", definition.label, definition.kind.words()),
                )),
                Some(_) => None,
            })
            .collect()
    }

    /// Whether one item's rule is true of these facts, whatever triggers it.
    pub fn applies(&self, item: &Item, facts: &Facts) -> bool {
        let facts = complete(&self.facts, facts);
        item.applies.holds(&self.context(&facts))
    }

    /// The materials of an item for a project with these facts, each with whether it is required.
    pub fn materials(&self, item: &Item, facts: &Facts) -> Vec<(&Material, bool)> {
        let facts = complete(&self.facts, facts);
        let context = self.context(&facts);
        let required = |material: &Material| match &material.when {
            Some(rule) => rule.holds(&context),
            None => material.condition.is_empty(),
        };
        item.materials
            .iter()
            .filter_map(|id| self.material(id))
            .map(|material| (material, required(material)))
            .collect()
    }

    /// The same, but only what this version of the item's guide demands, in its order (办法第八条: nothing else is asked for).
    pub fn demanded(&self, item: &Item, facts: &Facts, guide: &ServiceGuide) -> Vec<(&Material, bool)> {
        let unified = self.materials(item, facts);
        let of = |id: &str| unified.iter().find(|(material, _)| material.id == id).copied();
        guide.materials.iter().filter_map(|listed| of(&listed.id)).collect()
    }

    fn context(&self, facts: &Facts) -> Context<'static, 'static> {
        let mut context = Context::with_env(Arc::clone(&self.environment));
        bind(&mut context, facts);
        context
    }

    fn needed(&self, item: &Item, facts: &Facts) -> Needed {
        let mut fired: Vec<FiredFact> = Vec::new();
        for leaf in item.applies.fired(facts) {
            let known = fired.iter().any(|fact| fact.fact == leaf.fact);
            if let (false, Some((definition, value))) = (known, self.of(leaf, facts)) {
                fired.push(FiredFact {
                    fact: leaf.fact.clone(),
                    label: definition.label.clone(),
                    value: definition.words(value),
                });
            }
        }
        let reasons: Vec<String> = fired.iter().map(|fact| format!("“{}”为“{}”", fact.label, fact.value)).collect();
        Needed {
            item: item.code.clone(),
            rule: item.rule.clone(),
            article: item.basis.clone(),
            because: format!("{}（申报信息：{}）。", item.why, reasons.join("，")),
            fired,
        }
    }

    fn not_needed(&self, item: &Item, facts: &Facts) -> NotNeeded {
        let failed: Vec<String> = item
            .applies
            .failed(facts)
            .into_iter()
            .filter_map(|leaf| self.of(leaf, facts).map(|(definition, value)| leaf.stands(definition, value)))
            .collect();
        let repair = item.applies.repair(facts, &self.facts);
        let demands: Vec<String> =
            repair.iter().filter_map(|(leaf, to)| Some(leaf.demands(self.facts.get(&leaf.fact)?, to))).collect();
        let changes = repair
            .into_iter()
            .filter_map(|(leaf, to)| {
                Some(Change { fact: leaf.fact.clone(), label: self.facts.get(&leaf.fact)?.label.clone(), to })
            })
            .collect();
        NotNeeded {
            item: item.code.clone(),
            rule: item.rule.clone(),
            article: item.basis.clone(),
            failed: format!("{}。", failed.join("，")),
            would_change: format!("如果{}，则需要办理。", demands.join("，且")),
            changes,
        }
    }

    fn of<'a>(&'a self, leaf: &Leaf, facts: &'a Facts) -> Option<(&'a super::FactDefinition, &'a Fact)> {
        Some((self.facts.get(&leaf.fact)?, facts.get(&leaf.fact)?))
    }
}

fn later(item: &Item) -> NotNeeded {
    NotNeeded {
        item: item.code.clone(),
        rule: item.rule.clone(),
        article: item.basis.clone(),
        failed: "申报时尚未发生需要办理本事项的情形。".to_owned(),
        would_change: format!("如果{}，则需要办理。", item.trigger_when),
        changes: Vec::new(),
    }
}
