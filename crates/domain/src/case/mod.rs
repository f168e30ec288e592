//! 办件: one item applied for by one project. A machine of its own: nothing that happens to one case touches another.
//!
//! `event` lists the facts; `stage` says where a case stands and who owes the next act; `commands`, `acceptance`, `processing`,
//! `suspension`, `special`, `extension`, `licence` and `commitment` what may be done; `papers` what is handed out; `clocks` which periods
//! run; `deadline` what their running out does; `procedure` what the rulebook says about an item's cases.

mod acceptance;
mod clocks;
mod commands;
mod commitment;
mod deadline;
mod event;
mod extension;
#[cfg(test)]
mod law_tests;
mod licence;
mod papers;
mod procedure;
mod processing;
mod reach;
mod special;
mod stage;
mod suspension;
#[cfg(test)]
pub(crate) mod tests;

pub use acceptance::{SpotCorrection, Transfer, ask_again, correct_on_spot, transfer, transfer_clock};
pub use clocks::{check_clock, decision_clock, history, owed_clock};
pub use commands::{
    Acceptance, CodeCheck, Scene, accept, ask_correction, decide, not_accept, receive, submit, supply, withdraw,
};
pub use commitment::{
    ApplicationWay, CommitmentCheck, CommitmentRule, Finding, check_commitment, commitment_clock,
    promise as promise_commitment,
};
pub use deadline::{Change, DueMoved, Prompted, elapse, is_accepted_by_silence, next_change, running_clocks};
pub use event::CaseEvent;
pub use extension::{ExtensionOrder, extend};
pub use licence::{
    Amendment, AmendmentDecision, AmendmentKind, AmendmentRequest, Delivery, Force, Revocation, RevocationGround,
    Revoking, amendment_clock, ask_amendment, decide_amendment, deliver, delivery_clock, note_start, revoke, settle,
    valid_until,
};
pub use papers::Papers;
pub(crate) use papers::REMEDY;
pub use procedure::{
    Authority, ExtensionRule, Lapse, Procedure, Procedures, RenewalRule, Silence, Steps, Term, ValidityRule, procedures,
};
pub use processing::{Proposal, Taken, Undertaker, claim, hand_over, propose, review, send_back};
pub use reach::{Lost, lost};
pub use special::{
    HEARING, Hearing, Special, SpecialKind, SpecialKinds, SpecialPlan, SpecialResult, ask_hearing, begin_special,
    end_special, hearing_clock, hearing_request_clock, offer_hearing, special_kinds,
};
pub use stage::{Act, Owed, Stage};
pub use suspension::{Notice, Way, resume, suspend};

use commands::allowed;

use crate::{
    Aggregate, Meta, Moment,
    clock::{Extension, Suspension},
    department::Agency,
    document::{Document, DocumentKind},
    ids::{AttachmentId, CaseId, ProjectId, UnitId},
    item::Limit,
    refusal::words,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// One material handed in: which, and the files that make it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Material id of the catalogue.
    pub material: String,
    /// Its unified name.
    pub name: String,
    /// The files, in order.
    pub files: Vec<File>,
    /// The case whose result it is: shared on the platform, not asked again (发改投资〔2019〕268号).
    pub result_of: Option<CaseId>,
}

impl Given {
    /// Whether anything stands behind it.
    pub fn is_there(&self) -> bool {
        self.result_of.is_some() || !self.files.is_empty()
    }
}

/// A file by its id, with the name the applicant gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its id.
    pub id: AttachmentId,
    /// File name.
    pub name: String,
}

/// What is fixed when an item is applied for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The case's id.
    pub id: CaseId,
    /// The project.
    pub project: ProjectId,
    /// Its name on that day.
    pub project_name: String,
    /// The code the unit gave.
    pub code: String,
    /// Applicant.
    pub unit: UnitId,
    /// The applicant's name on that day.
    pub unit_name: String,
    /// Item code of the catalogue.
    pub item: String,
    /// Its unified name.
    pub item_name: String,
    /// The organ that handles it.
    pub agency: Agency,
    /// The organ's full name.
    pub agency_name: String,
    /// Limit of the decision under this version of the rulebook.
    pub limit: Limit,
    /// Version of the rulebook.
    pub rulebook: String,
    /// Number of the version of the item's guide it was applied for and is received under (办法第八条); `None` before guides.
    #[serde(default)]
    pub guide: Option<u32>,
    /// How the case is worked under this version.
    #[serde(default)]
    pub procedure: Procedure,
    /// Materials handed in.
    pub materials: Vec<Given>,
    /// The unit declared that nothing it hands in is classified (K-11).
    #[serde(default)]
    pub unclassified: bool,
}

/// One marked point of a correction notice, answerable at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The material it is about; `None` for the application as a whole.
    pub material: Option<String>,
    /// What has to be corrected.
    pub text: String,
}

/// The unit's answer to one point, by position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Words.
    pub text: String,
    /// New files.
    pub files: Vec<File>,
}

/// 补正: asked, answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The complete list of points (许可法第三十二条: told once).
    pub points: Vec<Point>,
    /// When it was asked.
    pub asked_at: Moment,
    /// Answers, one for each point, once supplied.
    pub answers: Vec<Answer>,
    /// When they came.
    pub supplied_at: Option<Moment>,
}

/// 办理结果.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 准予.
    Granted,
    /// 不予.
    Refused,
}

impl Outcome {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "准予",
            Self::Refused => "不予",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }
}

/// 办结意见及审批文件 (办法第十四条第四项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Granted or refused.
    pub outcome: Outcome,
    /// 办结意见; for a refusal its reason.
    pub opinion: String,
    /// 审批文件文号.
    pub document_number: String,
    /// 审批文件标题.
    pub title: String,
    /// Date of the paper.
    pub decided_on: Date,
    /// Last day of validity; `None` when the law sets none.
    pub valid_until: Option<Date>,
    /// Why it is made without a review of the proposal; counted by the supervision. `None`: it was reviewed, or need not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreviewed: Option<String>,
}

/// Why an application was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAcceptedGround {
    /// 项目代码未通过核验 (办法第十四条第二项).
    CodeNotVerified,
    /// 依法不需要取得行政许可 (许可法第三十二条第一款第一项).
    NotNeeded,
    /// 不属于本机关职权范围 (第二项).
    WrongOrgan,
    /// 材料不齐全或不符合法定形式,经一次告知仍未补正 (第四项).
    Incomplete,
}

impl NotAcceptedGround {
    /// All grounds.
    pub const ALL: [Self; 4] = [Self::CodeNotVerified, Self::NotNeeded, Self::WrongOrgan, Self::Incomplete];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CodeNotVerified => "项目代码未通过核验",
            Self::NotNeeded => "依法不需要办理该事项",
            Self::WrongOrgan => "不属于本机关职权范围",
            Self::Incomplete => "经一次性告知后材料仍不齐全或不符合法定形式",
        }
    }

    /// The article.
    pub fn article(self) -> &'static str {
        match self {
            Self::CodeNotVerified => "办法第十四条第（二）项",
            Self::NotNeeded => "行政许可法第三十二条第一款第（一）项",
            Self::WrongOrgan => "行政许可法第三十二条第一款第（二）项",
            Self::Incomplete => "行政许可法第三十二条第一款第（四）项",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::CodeNotVerified => "code_not_verified",
            Self::NotNeeded => "not_needed",
            Self::WrongOrgan => "wrong_organ",
            Self::Incomplete => "incomplete",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.slug() == slug)
    }
}

/// A paper handed out in this case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Which.
    pub kind: DocumentKind,
    /// 文号.
    pub number: String,
    /// When.
    pub at: Moment,
}

/// 办件, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// What was applied for; `None` before `CaseSubmitted`.
    pub application: Option<Arc<Application>>,
    /// Where it stands.
    pub stage: Stage,
    /// When it was applied for.
    pub submitted_at: Moment,
    /// When the unit gave its promise: the case is handled by 告知承诺.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Moment>,
    /// Checks of the promise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitment_checks: Vec<CommitmentCheck>,
    /// 收件.
    pub received_at: Option<Moment>,
    /// Last result of the code check: `Ok` or the Chinese fault.
    pub code_check: Option<Result<(), String>>,
    /// 材料已核对，不含涉密内容: the officer's tick before acceptance (K-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents_reviewed: Option<Taken<String>>,
    /// Errors corrected on the spot.
    pub spot_corrections: Vec<SpotCorrection>,
    /// The latest correction.
    pub correction: Option<Correction>,
    /// Corrections before it: more than the law wants.
    pub earlier_corrections: Vec<Correction>,
    /// Organs it went through.
    pub transfers: Vec<Transfer>,
    /// 受理; of a deemed acceptance, the day of receipt.
    pub accepted_at: Option<Moment>,
    /// When the platform recorded that silence had accepted the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deemed_at: Option<Moment>,
    /// What was last said about each kind of running period.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prompted: BTreeMap<String, Prompted>,
    /// Number of the last calendar that moved a due day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<i64>,
    /// 领办人.
    pub undertaker: Option<Undertaker>,
    /// 拟办意见 that lies before the reviewer or the approver.
    pub proposal: Option<Taken<Proposal>>,
    /// 审核意见 on it.
    pub review: Option<Taken<String>>,
    /// Why the last proposal came back.
    pub sent_back: Option<Taken<String>>,
    /// Extensions of the limit.
    pub extensions: Vec<Extension>,
    /// Intervals that do not count.
    pub suspensions: Vec<Suspension>,
    /// What the applicant was told about each of them.
    pub notices: Vec<Option<Notice>>,
    /// 特别程序.
    pub specials: Vec<Special>,
    /// 听证 told and asked for.
    pub hearing: Option<Hearing>,
    /// 决定.
    pub decision: Option<Box<Decision>>,
    /// When it was decided, on the platform.
    pub decided_at: Option<Moment>,
    /// Account of who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When it ended: completed, not accepted or withdrawn.
    pub ended_at: Option<Moment>,
    /// Reason of an end without decision.
    pub end_reason: Option<String>,
    /// 送达.
    pub delivery: Option<Delivery>,
    /// 开工建设, as far as the validity depends on it.
    pub started_on: Option<Date>,
    /// 撤销、撤回、注销.
    pub revocation: Option<Revocation>,
    /// 变更, 延续.
    pub amendments: Vec<Amendment>,
    /// For which end of validity the unit was reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Date>,
    /// Last day of validity, once it is noted that it lapsed.
    pub lapsed_on: Option<Date>,
    /// Papers handed out.
    pub documents: Vec<Issued>,
}

impl Case {
    fn issue(&mut self, document: &Document, at: Moment) {
        self.documents.push(Issued { kind: document.kind, number: document.number.clone(), at });
    }

    /// Goes on to another organ, which receives it anew.
    fn go_on(&mut self, to: &Agency, to_name: &str, document: &Document, at: Moment) {
        if let Some(application) = &mut self.application {
            let application = Arc::make_mut(application);
            let from = std::mem::replace(&mut application.agency, to.clone());
            to_name.clone_into(&mut application.agency_name);
            self.transfers.push(Transfer { from, to: to.clone(), received_at: self.received_at.take(), at });
        }
        self.stage = Stage::Submitted;
        (self.correction, self.undertaker) = (None, None);
        self.earlier_corrections.clear();
        self.issue(document, at);
    }
}

impl Meta {
    fn taken<T>(&self, what: T) -> Taken<T> {
        Taken { what, by: self.actor.clone(), at: self.at }
    }
}

impl Aggregate for Case {
    const KIND: &'static str = "case";
    type Event = CaseEvent;

    fn is_platform_act(event: &CaseEvent) -> bool {
        matches!(
            event,
            CaseEvent::CaseCompleted { .. }
                | CaseEvent::CaseDeemedAccepted { .. }
                | CaseEvent::DeadlinePrompted { .. }
                | CaseEvent::DueDateMoved(_)
                | CaseEvent::RenewedBySilence { .. }
                | CaseEvent::ExpiryReminded { .. }
                | CaseEvent::LicenceLapsed { .. }
        )
    }

    fn happened_on(event: &CaseEvent) -> Option<Date> {
        event.happened_on()
    }

    fn apply(&mut self, event: &CaseEvent, meta: &Meta) {
        match event {
            CaseEvent::CaseSubmitted(application) => {
                self.application = Some(application.clone());
                self.stage = Stage::Submitted;
                self.submitted_at = meta.at;
            }
            CaseEvent::CommitmentGiven { document } => {
                self.committed_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            CaseEvent::CommitmentChecked { check, document } => {
                self.commitment_checks.push(check.clone());
                self.issue(document, meta.at);
            }
            CaseEvent::CaseReceived { document } => {
                self.stage = Stage::Received;
                self.received_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            CaseEvent::ContentsReviewed { by } => self.contents_reviewed = Some(meta.taken(by.name.clone())),
            CaseEvent::CodeVerified { .. } => self.code_check = Some(Ok(())),
            CaseEvent::CodeNotVerified { message, .. } => self.code_check = Some(Err(message.clone())),
            CaseEvent::CorrectionAsked { points, document, .. } => {
                self.stage = Stage::CorrectionAsked;
                let asked =
                    Correction { points: points.clone(), asked_at: meta.at, answers: vec![], supplied_at: None };
                self.earlier_corrections.extend(self.correction.replace(asked));
                self.issue(document, meta.at);
            }
            CaseEvent::CorrectionSupplied { answers } => {
                self.stage = Stage::Supplemented;
                if let Some(correction) = &mut self.correction {
                    correction.answers = answers.clone();
                    correction.supplied_at = Some(meta.at);
                }
            }
            CaseEvent::CaseAccepted { document } => {
                self.stage = Stage::Processing;
                self.accepted_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            CaseEvent::CaseDeemedAccepted { document } => {
                self.stage = Stage::Processing;
                self.accepted_at = self.received_at;
                self.deemed_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            CaseEvent::DeadlinePrompted { period, due, mark, .. } => {
                self.prompted.insert(period.clone(), Prompted { due: *due, mark: *mark });
            }
            CaseEvent::DueDateMoved(moved) => self.moved_by = Some(moved.calendar),
            CaseEvent::CaseNotAccepted { reason, document, .. } => {
                self.stage = Stage::NotAccepted;
                self.ended_at = Some(meta.at);
                self.end_reason = Some(reason.clone());
                self.issue(document, meta.at);
            }
            CaseEvent::ClockSuspended { suspension, notice } => {
                self.notices.resize(self.suspensions.len(), None);
                self.suspensions.push(suspension.clone());
                self.notices.push(notice.clone());
            }
            CaseEvent::ClockResumed { to } => {
                if let Some(open) = self.suspensions.iter_mut().rev().find(|s| s.to.is_none()) {
                    open.to = Some(*to);
                }
            }
            CaseEvent::CaseDecided(decision) => {
                self.stage = Stage::Decided;
                self.decision = Some(decision.clone());
                self.decided_at = Some(meta.at);
                self.decided_by = Some(meta.actor.clone());
            }
            CaseEvent::CaseCompleted { document } => {
                self.stage = Stage::Completed;
                self.ended_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            CaseEvent::CaseWithdrawn { reason } => {
                self.stage = Stage::Withdrawn;
                self.ended_at = Some(meta.at);
                self.end_reason = Some(reason.clone());
            }
            CaseEvent::CorrectedOnSpot { correction } => self.spot_corrections.push(correction.clone()),
            CaseEvent::CaseTransferred { to, to_name, document, .. } => self.go_on(to, to_name, document, meta.at),
            CaseEvent::CaseClaimed { undertaker: to } | CaseEvent::CaseHandedOver { to, .. } => {
                self.undertaker = Some(to.clone());
            }
            CaseEvent::DecisionProposed { proposal } => {
                self.stage = Stage::Proposed;
                self.proposal = Some(meta.taken(proposal.clone()));
            }
            CaseEvent::ProposalReviewed { opinion } => {
                self.stage = Stage::Reviewed;
                self.review = Some(meta.taken(opinion.clone()));
            }
            CaseEvent::ProposalSentBack { opinion } => {
                self.stage = Stage::Processing;
                (self.proposal, self.review) = (None, None);
                self.sent_back = Some(meta.taken(opinion.clone()));
            }
            CaseEvent::LimitExtended { extension, document, .. } => {
                self.extensions.push(extension.clone());
                self.issue(document, meta.at);
            }
            CaseEvent::SpecialBegun { plan } => {
                self.specials.push(Special { plan: (**plan).clone(), result: None });
            }
            CaseEvent::SpecialEnded { at, result, .. } => {
                if let Some(special) = self.specials.get_mut(*at) {
                    special.result = Some(result.clone());
                }
            }
            CaseEvent::HearingOffered { told_on, told_by, paper } => {
                self.hearing =
                    Some(Hearing { told_on: *told_on, told_by: *told_by, paper: paper.clone(), asked_on: None });
            }
            CaseEvent::HearingAsked { asked_on } => {
                if let Some(hearing) = &mut self.hearing {
                    hearing.asked_on = Some(*asked_on);
                }
            }
            CaseEvent::LicenceDelivered { delivery } => self.delivery = Some(delivery.clone()),
            CaseEvent::StartNoted { on } => self.started_on = Some(*on),
            CaseEvent::LicenceRevoked { revocation, document } => {
                self.revocation = Some(revocation.clone());
                self.issue(document, meta.at);
            }
            CaseEvent::AmendmentAsked { request } => {
                let request = request.clone();
                self.amendments.push(Amendment { request, asked_at: meta.at, decision: None });
            }
            CaseEvent::AmendmentDecided { decision, document } => {
                if let Some(amendment) = self.amendments.last_mut() {
                    amendment.decision = Some(decision.clone());
                }
                self.issue(document, meta.at);
            }
            CaseEvent::RenewedBySilence { until } => {
                if let Some(amendment) = self.amendments.last_mut() {
                    amendment.request.until = Some(*until);
                    amendment.decision = Some(AmendmentDecision {
                        outcome: Outcome::Granted,
                        opinion: "有效期届满前未作决定，视为准予延续。".into(),
                        document_number: String::new(),
                        on: meta.at.date(),
                    });
                }
            }
            CaseEvent::ExpiryReminded { until, .. } => self.reminded = Some(*until),
            CaseEvent::LicenceLapsed { on } => self.lapsed_on = Some(*on),
        }
    }
}
