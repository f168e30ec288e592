//! Use cases of parallel groups: apply for several items at once (`apply`), what the lead does (`acts`), what is shown
//! (`view`).

mod acts;
mod apply;
mod view;

pub use acts::GroupAct;
pub(crate) use apply::required;
pub use apply::{ApplyForGroup, GroupForm, JoinItem, JoiningPage, SharedNeed};
pub(crate) use view::COLUMNS;
pub use view::{BranchView, GroupPage, GroupRow, GroupTab};

use crate::{Action, Call, Failure, Object, Platform, permission, stream::Stream};
use domain::{
    case::Case,
    group::{Branch, Formation, Group},
    ids::GroupId,
};

/// A group as it was read, with its cases in the order of its branches.
pub(crate) struct Loaded {
    pub stream: Stream<Group>,
    pub formation: Formation,
    pub cases: Vec<Stream<Case>>,
}

impl Loaded {
    /// The states of the cases.
    pub fn states(&self) -> Vec<Case> {
        self.cases.iter().map(|stream| stream.state.clone()).collect()
    }
}

/// The lead's part of a group, for permission.
pub(crate) fn lead_object(f: &Formation) -> Object<'_> {
    Object { unit: Some(&f.unit), department: Some(&f.lead.department), region: Some(f.lead.region) }
}

/// A branch's part, for permission.
pub(crate) fn branch_object<'a>(f: &'a Formation, branch: &'a Branch) -> Object<'a> {
    Object { unit: Some(&f.unit), department: Some(&branch.agency.department), region: Some(branch.agency.region) }
}

impl Platform {
    /// The group and its cases, for whoever may do that to the group as its lead.
    pub(crate) async fn load_group(&self, call: &Call, action: Action, id: &GroupId) -> Result<Loaded, Failure> {
        let stream = self.load::<Group>(id.as_str()).await?;
        let formation = stream.state.formation.as_deref().cloned().ok_or(Failure::NotThere)?;
        let _permit = permission::decide(&call.actor, action, lead_object(&formation), self.rules.regions)?;
        self.with_cases(stream, formation).await
    }

    /// The same for reading: the lead, and every organ that handles a branch.
    pub(crate) async fn read_group(&self, call: &Call, id: &GroupId) -> Result<Loaded, Failure> {
        let stream = self.load::<Group>(id.as_str()).await?;
        let formation = stream.state.formation.as_deref().cloned().ok_or(Failure::NotThere)?;
        let may = |object| permission::decide(&call.actor, Action::ReadGroup, object, self.rules.regions);
        let as_branch = || formation.branches.iter().any(|branch| may(branch_object(&formation, branch)).is_ok());
        match may(lead_object(&formation)) {
            Err(_) if as_branch() => {}
            other => drop(other?),
        }
        self.with_cases(stream, formation).await
    }

    pub(crate) async fn with_cases(&self, stream: Stream<Group>, formation: Formation) -> Result<Loaded, Failure> {
        let mut cases = Vec::with_capacity(formation.branches.len());
        for branch in &formation.branches {
            cases.push(self.load::<Case>(branch.case.as_str()).await?);
        }
        Ok(Loaded { stream, formation, cases })
    }
}
