//! What the lead does: receive together, prolong the joint limit. The platform hands back by itself.

use super::{Loaded, lead_object};
use crate::{Action, Call, Failure, Platform, failure::again, permission, project::taken_is_conflict};
use domain::{
    case::Case,
    group::{self, Group, JointClock, Prolongation},
    ids::{CaseId, GroupId},
};

/// What a person can do to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupAct {
    /// 联合收件.
    Receive,
    /// 延长联合办理期限.
    Extend,
}

impl Platform {
    /// Acts open to the caller now: what the state allows, as far as the person's posts do.
    pub(crate) fn open_group_acts(&self, call: &Call, loaded: &Loaded) -> Vec<GroupAct> {
        let object = lead_object(&loaded.formation);
        let may = |action| permission::decide(&call.actor, action, object, self.rules.regions).is_ok();
        let group = &loaded.stream.state;
        let cases = loaded.states();
        let mut acts = Vec::new();
        let all_ended = cases.iter().all(|case| case.ended_at.is_some());
        if group.received_at.is_none() && !all_ended && may(Action::ReceiveGroup) {
            acts.push(GroupAct::Receive);
        }
        let clock = group::joint_clock(group, &cases, self.rules.parallel);
        let running = matches!(&clock, JointClock::Running(facts) if facts.finished.is_none());
        if running && group.extension.is_none() && may(Action::ExtendGroup) {
            acts.push(GroupAct::Extend);
        }
        acts
    }

    /// 联合收件 by the lead's window: every branch that still waits, and one slip for all, in one commit.
    pub async fn receive_group(&self, call: &Call, id: &GroupId) -> Result<(), Failure> {
        let act = again(|| async {
            let loaded = self.load_group(call, Action::ReceiveGroup, id).await?;
            let reception = group::receive(&loaded.stream.state, &loaded.states(), || self.papers())?;
            let mut change = self.change(call);
            change.append(loaded.stream, &reception.group)?;
            for (stream, branch) in loaded.cases.into_iter().zip(&loaded.formation.branches) {
                if let Some((_, events)) = reception.cases.iter().find(|(case, _)| *case == branch.case) {
                    change.append(stream, events)?;
                }
            }
            change.commit_or(id.as_str(), taken_is_conflict).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// The joint limit is prolonged with the approval of the government at that level (许可法第四十二条第二款).
    pub async fn extend_group(&self, call: &Call, id: &GroupId, wanted: &Prolongation) -> Result<(), Failure> {
        let act = again(|| async {
            let loaded = self.load_group(call, Action::ExtendGroup, id).await?;
            let events = group::extend(&loaded.stream.state, &loaded.states(), wanted, self.rules.parallel)?;
            let mut change = self.change(call);
            change.append(loaded.stream, &events)?;
            change.commit_or(id.as_str(), taken_is_conflict).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 统一出件 after an act on a case: when it was the last open branch of its group, one notice hands all results back.
    /// The act itself is committed already; what fails here is made up for by [`Self::hand_back_complete_groups`].
    pub(crate) async fn hand_back_after(&self, call: &Call, case: &CaseId) {
        let done = async {
            match self.group_of_case(case).await? {
                Some(group) => self.hand_back(&call.cause, &group).await,
                None => Ok(false),
            }
        };
        if let Err(error) = done.await {
            tracing::error!(case.id = %case, error = ?error, "a group was not handed back");
        }
    }

    /// Hands a group back if all its branches have ended; says whether it did.
    async fn hand_back(&self, cause: &str, id: &GroupId) -> Result<bool, Failure> {
        let call = Call::system(cause);
        again(|| async {
            let stream = self.load::<Group>(id.as_str()).await?;
            let formation = stream.state.formation.as_deref().cloned().ok_or(Failure::NotThere)?;
            let loaded = self.with_cases(stream, formation).await?;
            let events = group::hand_back(&loaded.stream.state, &loaded.states(), &self.papers());
            if events.is_empty() {
                return Ok(false);
            }
            let mut change = self.change(&call);
            change.append(loaded.stream, &events)?;
            change.commit_or(id.as_str(), taken_is_conflict).await?;
            Ok(true)
        })
        .await
    }

    /// The group a case belongs to, if it belongs to one.
    pub async fn group_of_case(&self, case: &CaseId) -> Result<Option<GroupId>, Failure> {
        let row = self
            .store
            .query_one("SELECT group_id FROM case_group_branches WHERE case_id = $1", [case.as_str().into()])
            .await
            .map_err(Failure::fault)?;
        row.map(|row| row.try_get("", "group_id").map(GroupId)).transpose().map_err(Failure::fault)
    }

    /// Hands back every group whose branches have all ended, also after a crash between the last decision and its notice.
    /// Idempotent; run at start and by the daily sweep. Says how many.
    pub async fn hand_back_complete_groups(&self) -> Result<u64, Failure> {
        let rows = self
            .store
            .query(
                "SELECT g.id FROM case_groups g WHERE g.handed_back_at = 0 AND NOT EXISTS (SELECT 1 FROM case_group_branches b \
                 JOIN cases c ON c.id = b.case_id WHERE b.group_id = g.id AND c.ended_at = 0) ORDER BY g.formed_at, g.id",
                [],
            )
            .await
            .map_err(Failure::fault)?;
        let mut done = 0;
        for row in &rows {
            let id: String = row.try_get("", "id").map_err(Failure::fault)?;
            done += u64::from(self.hand_back("hand-back", &GroupId(id)).await?);
        }
        Ok(done)
    }

    /// Whether any case of these is one the caller may open on its own page.
    pub(crate) fn may_open_case(&self, call: &Call, case: &Case) -> bool {
        case.application.as_deref().is_some_and(|application| {
            let object = crate::case::object(application);
            permission::decide(&call.actor, Action::ReadCase, object, self.rules.regions).is_ok()
        })
    }
}
