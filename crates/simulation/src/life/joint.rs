//! Parallel approval in the simulated life: some projects apply for several items together, and the lead receives them at
//! once. Afterwards each case goes its own way like any other.

use super::{CaseLife, Life, Next};
use crate::SimulationError;
use domain::{
    department::Agency,
    ids::{CaseId, GroupId},
};
use platform::{Failure, group::ApplyForGroup};
use std::collections::BTreeMap;

/// A joint application.
pub(super) struct GroupLife {
    id: GroupId,
    lead: Agency,
    cases: Vec<usize>,
}

impl Life<'_> {
    /// The unit applies for several items together.
    pub(super) async fn join(&mut self, project: usize, items: &[String]) -> Result<(), SimulationError> {
        let Some(life) = self.projects.get(project) else { return Ok(()) };
        let (unit, id) = (life.unit, life.id.clone());
        let Some(actor) = self.units.get(unit).map(|u| u.actor.clone()) else { return Ok(()) };
        let call = self.act(&actor, "join");
        let page = match self.platform.group_form(&call, &id, "", items).await {
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("open a joint application", other)?,
        };
        let mut materials = BTreeMap::new();
        for shared in page.materials.iter().filter(|s| s.need.required && s.need.shared.is_none()) {
            let material = shared.need.material;
            let file = self.file(unit, &id, &material.id, &material.name).await?;
            materials.insert(material.id.clone(), vec![file]);
        }
        let form = ApplyForGroup { stage: String::new(), items: items.to_vec(), materials, unclassified: true };
        let group = match self.platform.apply_for_group(&call, &id, &form).await {
            // The project's code was taken out of force meanwhile.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("apply for items together", other)?,
        };
        let page = self.platform.group_page(&call, &group).await;
        let page = self.tried("read a group", page)?;
        let mut cases = Vec::new();
        for branch in page.branches {
            let Some(item) = self.platform.rules.catalogue.item(&branch.branch.item) else { continue };
            self.summary.cases += 1;
            let agency = branch.branch.agency;
            self.cases.push(CaseLife {
                project,
                id: branch.row.id,
                item,
                agency,
                suspended_until: None,
                accepted_on: None,
                proposed: None,
                unreviewed: false,
                promised: false,
            });
            cases.push(self.cases.len() - 1);
        }
        self.summary.groups += 1;
        self.groups.push(GroupLife { id: group, lead: page.formation.lead, cases });
        self.after_working_days(1, Next::ReceiveTogether { group: self.groups.len() - 1 });
        Ok(())
    }

    /// The lead's window receives every branch, and each organ goes on with its own.
    pub(super) async fn receive_together(&mut self, group: usize) -> Result<(), SimulationError> {
        let Some(life) = self.groups.get(group) else { return Ok(()) };
        let (id, lead, cases) = (life.id.clone(), life.lead.clone(), life.cases.clone());
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &lead).await?;
        let call = self.act(&desk.window, "receive together");
        let received = self.platform.receive_group(&call, &id).await;
        self.tried("receive a group", received)?;
        for case in cases {
            self.after_receipt(case);
        }
        Ok(())
    }

    /// The first case that no work list shows, if there is one: there must be none.
    pub(super) async fn check_lists(&self) -> Result<(), SimulationError> {
        let lost: Vec<CaseId> = self.tried("look for lost cases", self.platform.unreachable_cases().await)?;
        match lost.into_iter().next() {
            Some(case) => Err(SimulationError::Lost { case: case.to_string(), at: self.now() }),
            None => Ok(()),
        }
    }
}
