//! Which items may be applied for together, and why others cannot join yet.

use super::{Branch, GroupKind, ParallelRules};
use crate::{
    Refusal,
    department::Agency,
    item::{Blocker, Catalogue, PrecedenceKind},
    region::RegionCode,
};
use std::collections::BTreeSet;

/// Where a project's items stand, as far as joining asks.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Items the project needs.
    pub needed: BTreeSet<String>,
    /// Items granted.
    pub done: BTreeSet<String>,
    /// Items with a running application.
    pub running: BTreeSet<String>,
}

/// One needed item and whether it may join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Item code.
    pub item: String,
    /// Why it cannot join now; `None` when it can.
    pub hindrance: Option<Refusal>,
    /// Earlier items that are only usual: shown, never enforced.
    pub advice: Vec<Blocker>,
}

impl Candidate {
    /// Whether it may join.
    pub fn may_join(&self) -> bool {
        self.hindrance.is_none()
    }
}

/// Every item the project needs, in lawful order, each with the reason why it cannot join if it cannot. What the law puts
/// first must be granted first, inside and outside of the group; what is only usual may run in parallel.
pub fn candidates(catalogue: &Catalogue, standing: &Standing) -> Vec<Candidate> {
    let codes: Vec<&str> = standing.needed.iter().map(String::as_str).collect();
    catalogue
        .order(&codes)
        .into_iter()
        .map(|code| {
            let (law, advice): (Vec<_>, Vec<_>) = catalogue
                .blocked_by(code, &standing.needed, &standing.done)
                .into_iter()
                .partition(|blocker| blocker.kind == PrecedenceKind::Law);
            Candidate { item: code.to_owned(), hindrance: hindrance(catalogue, code, standing, &law), advice }
        })
        .collect()
}

fn hindrance(catalogue: &Catalogue, code: &str, standing: &Standing, law: &[Blocker]) -> Option<Refusal> {
    let name = catalogue.item(code).map_or(code, |item| item.name.as_str());
    let refusal = |rule, message: String| Some(Refusal::field(format!("item-{code}"), rule, message));
    if standing.done.contains(code) {
        return refusal("group.done", format!("“{name}”已经办结，不需要再申请。"));
    }
    if standing.running.contains(code) {
        return refusal("group.running", format!("“{name}”已有正在办理的申请，不能重复申请。"));
    }
    let first = law.first()?;
    let words: String = law.iter().map(|blocker| blocker.because.as_str()).collect();
    refusal("item.blocked", words).map(|r| r.article(article_of(catalogue, code, &first.item)))
}

/// The article inside the reason of a precedence, or 办法第十四条 when the reason names none.
fn article_of(catalogue: &Catalogue, code: &str, earlier: &str) -> String {
    let why = catalogue.item(code).and_then(|item| item.after.iter().find(|p| p.item == earlier)).map(|p| &p.why);
    let inside = why.and_then(|why| why.split_once('（')?.1.strip_suffix('）'));
    inside.unwrap_or("办法第十四条").to_owned()
}

/// 牵头部门: of a stage what the rules say, at the place of construction; of a free group the organ with most branches,
/// the first of them in lawful order when several have as many (inferred).
pub fn lead_of(rules: &ParallelRules, kind: &GroupKind, branches: &[Branch], place: RegionCode) -> Option<Agency> {
    if let GroupKind::Stage { code, .. } = kind {
        return rules.stage(code).map(|stage| Agency::new(stage.lead.clone(), place));
    }
    let count = |agency: &Agency| branches.iter().filter(|b| b.agency == *agency).count();
    let most = branches.iter().map(|b| count(&b.agency)).max()?;
    branches.iter().map(|b| &b.agency).find(|agency| count(agency) == most).cloned()
}
