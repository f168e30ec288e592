//! Which item comes before which: the order of a project's formalities and what still blocks one.

use super::catalogue::{Catalogue, CatalogueError, Item};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How strong a precedence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrecedenceKind {
    /// Law demands it.
    Law,
    /// It is usual; one may apply in parallel.
    Usual,
}

/// One item that comes before another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precedence {
    /// Code of the earlier item.
    pub item: String,
    /// How strong.
    pub kind: PrecedenceKind,
    /// Chinese reason with the article.
    pub why: String,
}

/// An earlier item that is needed too and not yet done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// Code of the earlier item.
    pub item: String,
    /// How strong: only [`PrecedenceKind::Law`] forbids to go on.
    pub kind: PrecedenceKind,
    /// Chinese sentence: what must be finished first, and why.
    pub because: String,
}

impl Catalogue {
    /// The given items in an order that respects every precedence (ties in order of the catalogue). Codes that are
    /// not in the catalogue are left out.
    pub fn order<'a>(&self, items: &[&'a str]) -> Vec<&'a str> {
        let mut ranked: Vec<(usize, &str)> =
            items.iter().filter_map(|code| self.ranks.get(*code).map(|rank| (*rank, *code))).collect();
        ranked.sort_unstable();
        ranked.dedup();
        ranked.into_iter().map(|(_, code)| code).collect()
    }

    /// What still stands before `item`: the earlier items among `needed` that are not in `done`.
    pub fn blocked_by(&self, item: &str, needed: &BTreeSet<String>, done: &BTreeSet<String>) -> Vec<Blocker> {
        let earlier = self.item(item).map_or(&[][..], |item| &item.after);
        earlier
            .iter()
            .filter(|before| needed.contains(&before.item) && !done.contains(&before.item))
            .map(|before| Blocker {
                item: before.item.clone(),
                kind: before.kind,
                because: self.blocking_sentence(before),
            })
            .collect()
    }

    fn blocking_sentence(&self, before: &Precedence) -> String {
        let name = self.item(&before.item).map_or("", |item| item.name.as_str());
        match before.kind {
            PrecedenceKind::Law => format!("须先办结“{name}”：{}。", before.why),
            PrecedenceKind::Usual => format!("通常先办“{name}”：{}。可以并行申请。", before.why),
        }
    }
}

/// Positions in a topological order, ties in order of the catalogue.
pub(super) fn ranks(items: &[Item]) -> Result<BTreeMap<String, usize>, CatalogueError> {
    let codes: BTreeSet<&str> = items.iter().map(|item| item.code.as_str()).collect();
    for item in items {
        if let Some(unknown) = item.after.iter().find(|before| !codes.contains(before.item.as_str())) {
            return Err(CatalogueError::Unknown { place: item.code.clone(), id: unknown.item.clone() });
        }
    }
    let mut ranks = BTreeMap::new();
    let mut waiting: Vec<&Item> = items.iter().collect();
    while !waiting.is_empty() {
        let ready = |item: &&Item| item.after.iter().all(|before| ranks.contains_key(&before.item));
        let Some(next) = waiting.iter().position(ready) else {
            return Err(CatalogueError::Cycle(waiting.iter().map(|item| item.code.clone()).collect()));
        };
        let item = waiting.remove(next);
        ranks.insert(item.code.clone(), ranks.len());
    }
    Ok(ranks)
}
