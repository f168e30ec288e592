//! 办理: 领办, 转办, and the three steps to a decision by three persons (许可法第三十七条; 四眼原则).

use super::{Act, Case, CaseEvent, Outcome, Scene, allowed, commitment, words};
use crate::{Moment, Refusal, ids::AccountId};
use serde::{Deserialize, Serialize};

/// 领办人.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undertaker {
    /// The account.
    pub account: AccountId,
    /// The name on that day.
    pub name: String,
}

/// 拟办意见.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What is proposed.
    pub outcome: Outcome,
    /// Facts, grounds, conclusion.
    pub opinion: String,
}

/// A step that was taken by somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken<T> {
    /// What.
    pub what: T,
    /// Account of who took it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// The rule that every refusal of a second step by the same person names.
const FOUR_EYES: &str = "行政许可法第三十七条（拟办、审核、决定三岗分离）";

/// 领办.
pub fn claim(case: &Case, undertaker: Undertaker) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Claim)?;
    match &case.undertaker {
        Some(held) if held.account == undertaker.account => {
            Err(Refusal::new("case.claimed_already", "您已经领办本办件。"))
        }
        Some(held) => Err(Refusal::new(
            "case.claimed",
            format!("本办件已由{}领办。需要换人的，请由其转办，或者由部门负责人转办。", held.name),
        )),
        None => Ok(vec![CaseEvent::CaseClaimed { undertaker }]),
    }
}

/// 转办 within the department: by whoever holds the case, or by the department's manager.
pub fn hand_over(
    case: &Case,
    to: Undertaker,
    reason: &str,
    by_manager: bool,
    scene: &Scene<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::HandOver)?;
    let reason = words("reason", reason, "转办的原因", 500)?;
    match &case.undertaker {
        Some(held) if held.account == to.account => {
            Err(Refusal::field("to", "case.same_holder", format!("本办件已由{}领办，请选择其他经办人。", held.name)))
        }
        Some(held) if held.account.as_str() != scene.by && !by_manager => Err(not_holder(&held.name)),
        None if !by_manager => Err(Refusal::new("case.unclaimed", "本办件还没有人领办，请先领办。")),
        _ => Ok(vec![CaseEvent::CaseHandedOver { to, reason }]),
    }
}

fn not_holder(name: &str) -> Refusal {
    Refusal::new("case.not_holder", format!("本办件由{name}领办。请由其办理，或者先转办。"))
}

/// 提出拟办意见.
pub fn propose(case: &Case, proposal: Proposal, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Propose)?;
    if let Some(held) = case.undertaker.as_ref().filter(|u| u.account.as_str() != scene.by) {
        return Err(not_holder(&held.name));
    }
    let opinion =
        words("opinion", &proposal.opinion, "拟办意见", 2000).map_err(|r| r.article("行政许可法第三十四条"))?;
    Ok(vec![CaseEvent::DecisionProposed { proposal: Proposal { opinion, ..proposal } }])
}

/// 审核同意.
pub fn review(case: &Case, opinion: &str, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Review)?;
    four_eyes(case, scene)?;
    Ok(vec![CaseEvent::ProposalReviewed { opinion: words("opinion", opinion, "审核意见", 1000)? }])
}

/// 退回重新拟办, by the reviewer or the approver.
pub fn send_back(case: &Case, opinion: &str, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::SendBack)?;
    four_eyes(case, scene)?;
    Ok(vec![CaseEvent::ProposalSentBack { opinion: words("opinion", opinion, "退回的意见", 1000)? }])
}

/// Whoever takes a step took none of those before it (四眼原则).
pub(super) fn four_eyes(case: &Case, scene: &Scene<'_>) -> Result<(), Refusal> {
    let proposed = case.proposal.as_ref().filter(|p| p.by == scene.by).map(|_| "提出拟办意见");
    let reviewed = case.review.as_ref().filter(|r| r.by == scene.by).map(|_| "审核");
    match proposed.or(reviewed) {
        Some(step) => Err(Refusal::new(
            "case.four_eyes",
            format!("您已对本办件{step}，同一人不能再办理后续步骤，请由其他人员办理（四眼原则）。"),
        )
        .article(FOUR_EYES)),
        None => Ok(()),
    }
}

/// Without a review an approver may decide a proposal only with a reason, which the supervision sees: somebody else must
/// have looked at every case, but a person on leave must not make it late. `Ok(None)`: reviewed, or one person decides.
pub(super) fn review_left_out(case: &Case, reason: Option<&str>) -> Result<Option<String>, Refusal> {
    if case.stage != super::Stage::Proposed {
        return Ok(None);
    }
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => words("unreviewed", reason, "未经审核直接决定的原因", 500).map(Some),
        None => Err(Refusal::field(
            "unreviewed",
            "decision.no_review",
            "拟办意见还没有审核。请等待审核；确需直接决定的，请填写原因，电子监察将予以核查。",
        )
        .article(FOUR_EYES)),
    }
}

/// What a decision of three steps must fit: other persons, and the outcome that was proposed and agreed to.
pub(super) fn follows(case: &Case, outcome: Outcome, scene: &Scene<'_>) -> Result<(), Refusal> {
    four_eyes(case, scene)?;
    commitment::decides_alone(case, outcome)?;
    match &case.proposal {
        Some(proposal) if proposal.what.outcome != outcome => Err(Refusal::field(
            "outcome",
            "decision.differs",
            format!(
                "拟办意见为“{}”，办理结果应当与其一致。不同意该意见的，请退回重新拟办。",
                proposal.what.outcome.name()
            ),
        )
        .article(FOUR_EYES)),
        _ => Ok(()),
    }
}

impl Case {
    /// 简易事项 (data of the procedure), or a promise was given: one person may decide.
    pub fn is_one_step(&self) -> bool {
        self.is_simple() || self.commitment().is_some()
    }

    fn is_simple(&self) -> bool {
        self.application.as_ref().is_some_and(|a| a.procedure.steps == super::Steps::One)
    }

    /// Whether the state lets the act through: the one table, and where one person may decide the decision at once.
    pub fn may(&self, act: Act) -> bool {
        match (self.stage, act) {
            (super::Stage::Processing, Act::Decide) => self.is_one_step(),
            (super::Stage::Processing, Act::Propose) => !self.is_simple(),
            (stage, act) => stage.acts().contains(&act),
        }
    }
}
