//! Facts about a case: what the ledger keeps, each with the words of its article.

use super::{
    AmendmentDecision, AmendmentRequest, Answer, Application, Authority, CommitmentCheck, Decision, Delivery, DueMoved,
    ExtensionOrder, NotAcceptedGround, Notice, Point, Proposal, Revocation, SpecialPlan, SpecialResult, SpotCorrection,
    Undertaker, Way,
};
use crate::{
    clock::{Extension, Mark, Suspension},
    department::Agency,
    document::Document,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Facts about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum CaseEvent {
    /// The unit applied.
    CaseSubmitted(Arc<Application>),
    /// 告知承诺: the unit promised, together with its application, to meet what it was told.
    CommitmentGiven {
        /// 告知承诺书.
        document: Box<Document>,
    },
    /// 收件: the organ has the materials; the five-day check begins.
    CaseReceived {
        /// 收件凭证.
        document: Box<Document>,
    },
    /// 材料已核对，不含涉密内容: the officer who accepts has looked through the materials (K-11; 办法第三条).
    ContentsReviewed {
        /// Who says so.
        by: Undertaker,
    },
    /// The project code was checked and is good (办法第十四条第二项).
    CodeVerified {
        /// The code.
        code: String,
    },
    /// The project code was checked and is not good: no acceptance.
    CodeNotVerified {
        /// The code.
        code: String,
        /// Named fault.
        fault: String,
        /// Chinese sentence.
        message: String,
    },
    /// 一次性告知补正.
    CorrectionAsked {
        /// All points at once.
        points: Vec<Point>,
        /// 补正材料通知书.
        document: Box<Document>,
        /// Why a second notice was needed; `None` for the first. Counted by the supervision.
        #[serde(default)]
        repeated: Option<String>,
    },
    /// The unit answered the points.
    CorrectionSupplied {
        /// One answer for each point.
        answers: Vec<Answer>,
    },
    /// 受理: the decision clock starts (办法第十四条第二项、第十五条).
    CaseAccepted {
        /// 受理通知书.
        document: Box<Document>,
    },
    /// 视为受理: five working days passed in silence, the application counts as accepted from the day of receipt
    /// (许可法第三十二条第一款第四项).
    CaseDeemedAccepted {
        /// 视为受理通知书.
        document: Box<Document>,
    },
    /// 不予受理.
    CaseNotAccepted {
        /// Legal ground.
        ground: NotAcceptedGround,
        /// Reason in words.
        reason: String,
        /// The organ that is competent, by its full name, if another is.
        right_organ: Option<String>,
        /// The same by its code.
        #[serde(default)]
        right_agency: Option<Agency>,
        /// 不予受理通知书.
        document: Box<Document>,
    },
    /// The decision clock stops counting (许可法第四十五条).
    ClockSuspended {
        /// From when, on which legal ground, by which paper.
        suspension: Suspension,
        /// How long it is to take, and how the applicant was told.
        #[serde(default)]
        notice: Option<Notice>,
    },
    /// It counts again after that day.
    ClockResumed {
        /// Last day not counted.
        to: Date,
    },
    /// 催办: a running period reached a mark, and everybody concerned was told (办法第十五条).
    DeadlinePrompted {
        /// Id of the period's kind, such as `correction_check`.
        period: String,
        /// Its name.
        name: String,
        /// Its article.
        article: String,
        /// Its last day.
        due: Date,
        /// Which mark.
        mark: Mark,
    },
    /// A new version of the working calendar moved the due day of a running period.
    DueDateMoved(DueMoved),
    /// 决定.
    CaseDecided(Box<Decision>),
    /// 办结: the platform issued the completion notice by itself (办法第十四条第五项).
    CaseCompleted {
        /// 办结告知书.
        document: Box<Document>,
    },
    /// The unit took the application back.
    CaseWithdrawn {
        /// Why.
        reason: String,
    },
    /// 当场更正.
    CorrectedOnSpot {
        /// What was wrong, what is right.
        correction: SpotCorrection,
    },
    /// 转送.
    CaseTransferred {
        /// To which organ.
        to: Agency,
        /// Its full name.
        to_name: String,
        /// Why.
        reason: String,
        /// 转送告知书.
        document: Box<Document>,
    },
    /// 领办.
    CaseClaimed {
        /// By whom.
        undertaker: Undertaker,
    },
    /// 转办.
    CaseHandedOver {
        /// To whom.
        to: Undertaker,
        /// Why.
        reason: String,
    },
    /// 拟办.
    DecisionProposed {
        /// What is proposed.
        proposal: Proposal,
    },
    /// 审核同意.
    ProposalReviewed {
        /// The reviewer's opinion.
        opinion: String,
    },
    /// 退回重新拟办.
    ProposalSentBack {
        /// Why.
        opinion: String,
    },
    /// 延长办理期限.
    LimitExtended {
        /// Days, article, number of the notice.
        extension: Extension,
        /// Who approved.
        by: Authority,
        /// What was approved.
        order: ExtensionOrder,
        /// 延长办理期限通知书.
        document: Box<Document>,
    },
    /// 启动特别程序.
    SpecialBegun {
        /// Which, from when, until when, by which paper.
        plan: Box<SpecialPlan>,
    },
    /// 特别程序结束.
    SpecialEnded {
        /// Which of the case's, from 0.
        at: usize,
        /// Its name.
        name: String,
        /// What came of it.
        result: SpecialResult,
    },
    /// 告知听证权利.
    HearingOffered {
        /// On which day.
        told_on: Date,
        /// How.
        told_by: Way,
        /// By which paper.
        paper: String,
    },
    /// 申请听证.
    HearingAsked {
        /// On which day.
        asked_on: Date,
    },
    /// 送达.
    LicenceDelivered {
        /// When, how, to whom.
        delivery: Delivery,
    },
    /// 开工建设.
    StartNoted {
        /// The day.
        on: Date,
    },
    /// 承诺核查: whether the promise was kept.
    CommitmentChecked {
        /// Day, finding, facts.
        check: CommitmentCheck,
        /// 告知承诺核查告知书.
        document: Box<Document>,
    },
    /// 撤销、撤回、注销.
    LicenceRevoked {
        /// Ground, reason, paper.
        revocation: Revocation,
        /// 告知书.
        document: Box<Document>,
    },
    /// 申请变更或者延续.
    AmendmentAsked {
        /// What is asked.
        request: AmendmentRequest,
    },
    /// 决定变更或者延续.
    AmendmentDecided {
        /// What was decided.
        decision: AmendmentDecision,
        /// 告知书.
        document: Box<Document>,
    },
    /// 视为准予延续 (许可法第五十条第二款): noted by the platform.
    RenewedBySilence {
        /// In force to that day.
        until: Date,
    },
    /// 有效期届满提醒, before it is too late for a renewal: by the platform.
    ExpiryReminded {
        /// Last day of the validity.
        until: Date,
        /// Last day on which a renewal can be asked; `None` when it cannot.
        renew_by: Option<Date>,
    },
    /// 自动失效: noted by the platform.
    LicenceLapsed {
        /// Last day of its validity.
        on: Date,
    },
}

impl CaseEvent {
    /// The day the law counts this event from, where the event carries one of its own; everything else happened when it was
    /// entered. The one list of legal dates that may lie before the entry (see [`crate::as_of`]). A deemed acceptance has
    /// none: it works back to the day of receipt, but came about when the five days had passed.
    pub fn happened_on(&self) -> Option<Date> {
        match self {
            Self::ClockSuspended { suspension, .. } => Some(suspension.from),
            Self::ClockResumed { to } => Some(*to),
            Self::CaseDecided(decision) => Some(decision.decided_on),
            Self::SpecialBegun { plan } => Some(plan.from),
            Self::SpecialEnded { result, .. } => Some(result.ended_on),
            Self::HearingOffered { told_on, .. } => Some(*told_on),
            Self::HearingAsked { asked_on } => Some(*asked_on),
            Self::LicenceDelivered { delivery } => Some(delivery.on),
            Self::StartNoted { on } | Self::LicenceLapsed { on } => Some(*on),
            Self::LicenceRevoked { revocation, .. } => Some(revocation.on),
            Self::AmendmentDecided { decision, .. } => Some(decision.on),
            Self::CommitmentChecked { check, .. } => Some(check.on),
            Self::CaseSubmitted(_)
            | Self::CommitmentGiven { .. }
            | Self::CaseReceived { .. }
            | Self::ContentsReviewed { .. }
            | Self::CodeVerified { .. }
            | Self::CodeNotVerified { .. }
            | Self::CorrectionAsked { .. }
            | Self::CorrectionSupplied { .. }
            | Self::CaseAccepted { .. }
            | Self::CaseDeemedAccepted { .. }
            | Self::CaseNotAccepted { .. }
            | Self::DeadlinePrompted { .. }
            | Self::ExpiryReminded { .. }
            | Self::DueDateMoved(_)
            | Self::CaseCompleted { .. }
            | Self::CaseWithdrawn { .. }
            | Self::CorrectedOnSpot { .. }
            | Self::CaseTransferred { .. }
            | Self::CaseClaimed { .. }
            | Self::CaseHandedOver { .. }
            | Self::DecisionProposed { .. }
            | Self::ProposalReviewed { .. }
            | Self::ProposalSentBack { .. }
            | Self::LimitExtended { .. }
            | Self::AmendmentAsked { .. }
            | Self::RenewedBySilence { .. } => None,
        }
    }
}
