//! Use cases after the decision: delivery, start of construction, revocation, change and renewal.

use crate::{Action, Call, Failure, Platform};
use domain::{
    case::{self, AmendmentDecision, AmendmentRequest, Delivery, Revocation},
    ids::CaseId,
};
use jiff::civil::Date;

impl Platform {
    /// 登记送达.
    pub async fn deliver_licence(&self, call: &Call, id: &CaseId, delivery: Delivery) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::DeliverLicence, id, |case| Ok(case::deliver(case, delivery.clone(), &self.scene(&by))?))
            .await
    }

    /// 登记开工建设.
    pub async fn note_start(&self, call: &Call, id: &CaseId, on: Date) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::DeliverLicence, id, |case| Ok(case::note_start(case, on, &self.scene(&by))?)).await
    }

    /// 撤销、撤回、注销.
    pub async fn revoke_licence(&self, call: &Call, id: &CaseId, revocation: Revocation) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::RevokeLicence, id, |case| {
            Ok(case::revoke(case, revocation.clone(), &self.scene(&by), &self.papers())?)
        })
        .await
    }

    /// 申请变更或者延续, by the unit.
    pub async fn ask_amendment(&self, call: &Call, id: &CaseId, request: AmendmentRequest) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::AskAmendment, id, |case| {
            Ok(case::ask_amendment(case, request.clone(), &self.scene(&by))?)
        })
        .await
    }

    /// 决定变更或者延续.
    pub async fn decide_amendment(&self, call: &Call, id: &CaseId, decision: AmendmentDecision) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::DecideCase, id, |case| {
            Ok(case::decide_amendment(case, decision.clone(), &self.scene(&by), &self.papers())?)
        })
        .await
    }
}
