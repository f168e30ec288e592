//! Use case of the shortest lawful path: a project's items, its cases and a question, as a plan.

use crate::{Action, Call, Failure, Platform};
use domain::{
    Refusal,
    case::Case,
    clock::Unit,
    ids::ProjectId,
    item::{Item, LimitUnit, Stage},
    path::{self, Node, Order, Plan, Progress, Step, WhatIf, progress_of},
    project::Declared,
};
use std::sync::Arc;

/// One item of the page.
#[derive(Debug, Clone)]
pub struct PathStep {
    /// The item.
    pub item: &'static Item,
    /// Who handles it.
    pub agency_name: String,
    /// Its place in the plan.
    pub step: Step,
    /// Where it stands today.
    pub progress: Progress,
}

/// Everything the page of the shortest lawful path needs.
#[derive(Debug, Clone)]
pub struct PathPage {
    /// What was declared.
    pub declared: Arc<Declared>,
    /// The answer to the question; without one the plan itself.
    pub plan: Plan,
    /// Its items, in lawful order.
    pub steps: Vec<PathStep>,
    /// The plan without the question.
    pub base: Plan,
    /// The plan in the usual order, one after the other.
    pub usual: Plan,
    /// Why the question makes no sense; then `plan` is the plan without it.
    pub refusal: Option<Refusal>,
}

impl Platform {
    /// 最短合法路径 of a project as of today, and the answer to a question about it. Items of the completion stage follow
    /// construction and are no part of it.
    pub async fn path_page(&self, call: &Call, project: &ProjectId, what_if: &WhatIf) -> Result<PathPage, Failure> {
        let (_, declared) = self.load_project(call, Action::ReadProject, project).await?;
        let nodes = self.path_nodes(&declared, project).await?;
        let today = self.clock.now().date();
        let ask = |question: &WhatIf| path::plan(&nodes, self.rules.calendar, today, question);
        let base = ask(&WhatIf::default())?;
        let usual = ask(&WhatIf { order: Order::Usual, ..WhatIf::default() })?;
        let (plan, refusal) = match ask(what_if) {
            Ok(plan) => (plan, None),
            Err(refusal) => (base.clone(), Some(refusal)),
        };
        let steps = plan.steps.iter().zip(&nodes).filter_map(|(step, node)| {
            let item = self.rules.catalogue.item(&step.item)?;
            let agency_name = self.agency_for(item, &declared).name();
            Some(PathStep { item, agency_name, step: step.clone(), progress: node.progress })
        });
        Ok(PathPage { steps: steps.collect(), declared, plan, base, usual, refusal })
    }

    async fn path_nodes(&self, declared: &Declared, project: &ProjectId) -> Result<Vec<Node>, Failure> {
        let cases = self.cases_of_project(project).await?;
        let today = self.clock.now().date();
        let codes: Vec<&str> = declared.needed.iter().map(String::as_str).collect();
        let mut nodes = Vec::new();
        for code in self.rules.catalogue.order(&codes) {
            let Some(item) = self.rules.catalogue.item(code).filter(|item| item.stage != Stage::Completion) else {
                continue;
            };
            let latest = cases.iter().filter(|case| case.item == code).max_by_key(|case| case.submitted_at);
            let progress = match latest {
                Some(row) => {
                    let case = self.load::<Case>(row.id.as_str()).await?.state;
                    progress_of(&case, self.rules.calendar, today)
                }
                None => Progress::ToApply,
            };
            nodes.push(node(item, progress));
        }
        Ok(nodes)
    }
}

fn node(item: &Item, progress: Progress) -> Node {
    let limit = item.effective_limit();
    Node {
        item: item.code.clone(),
        days: u32::from(limit.days),
        unit: match limit.unit {
            LimitUnit::Working => Unit::Working,
            LimitUnit::Calendar => Unit::Calendar,
        },
        after: item.after.iter().map(|before| (before.item.clone(), before.kind)).collect(),
        progress,
    }
}
