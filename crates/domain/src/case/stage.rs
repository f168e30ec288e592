//! Where a case stands, who owes the next act, and which acts are possible: one total table.

use serde::{Deserialize, Serialize};

/// 办件阶段.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 待收件: the unit applied, the organ has not yet taken the materials.
    #[default]
    Submitted,
    /// 已收件, 待受理: the five-day check runs.
    Received,
    /// 待补正: the unit has the list of points.
    CorrectionAsked,
    /// 已补正, 待复核: a new five-day check runs.
    Supplemented,
    /// 办理中, 待拟办: accepted, the decision clock runs, the undertaker proposes.
    Processing,
    /// 办理中, 待审核: a proposal lies before the reviewer.
    Proposed,
    /// 办理中, 待决定: the reviewer agreed, the approver decides.
    Reviewed,
    /// 已决定 (within one commit; the platform completes at once. A look back may show it alone).
    Decided,
    /// 已办结.
    Completed,
    /// 不予受理.
    NotAccepted,
    /// 已撤回.
    Withdrawn,
}

/// Who owes the next act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// 待收件 by the organ.
    Receive,
    /// 待受理审查 by the organ.
    Check,
    /// 待补正复核 by the organ.
    Recheck,
    /// 待拟办 by the organ's undertaker.
    Propose,
    /// 待审核 by the organ's reviewer.
    Review,
    /// 待决定 by the organ's approver.
    Decide,
    /// 待送达 by the organ, after the decision.
    Deliver,
    /// 待决定变更或者延续 by the organ, after the decision.
    Amend,
    /// 待核查承诺 by the organ's undertaker, after the decision.
    CheckCommitment,
    /// 待补正 by the unit.
    Correct,
    /// Nothing is owed.
    Nothing,
}

impl Owed {
    /// What organs can owe, in the order of the work list.
    pub const BY_ORGAN: [Self; 9] = [
        Self::Receive,
        Self::Check,
        Self::Recheck,
        Self::Propose,
        Self::Review,
        Self::Decide,
        Self::Deliver,
        Self::Amend,
        Self::CheckCommitment,
    ];

    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Receive,
        Self::Check,
        Self::Recheck,
        Self::Propose,
        Self::Review,
        Self::Decide,
        Self::Deliver,
        Self::Amend,
        Self::CheckCommitment,
        Self::Correct,
        Self::Nothing,
    ];

    /// Whether it is a step towards the decision: the decision clock runs.
    pub fn is_deciding(self) -> bool {
        matches!(self, Self::Propose | Self::Review | Self::Decide)
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "待收件",
            Self::Check => "待受理",
            Self::Recheck => "待补正复核",
            Self::Propose => "待拟办",
            Self::Review => "待审核",
            Self::Decide => "待决定",
            Self::Deliver => "待送达",
            Self::Amend => "待变更延续",
            Self::CheckCommitment => "待核查承诺",
            Self::Correct => "待申请人补正",
            Self::Nothing => "无待办",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Check => "check",
            Self::Recheck => "recheck",
            Self::Propose => "propose",
            Self::Review => "review",
            Self::Decide => "decide",
            Self::Deliver => "deliver",
            Self::Amend => "amend",
            Self::CheckCommitment => "check_commitment",
            Self::Correct => "correct",
            Self::Nothing => "nothing",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.slug() == slug)
    }
}

/// What a person can do to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// 收件.
    Receive,
    /// 核验项目代码.
    VerifyCode,
    /// 告知补正.
    AskCorrection,
    /// 补正.
    Supply,
    /// 受理.
    Accept,
    /// 不予受理.
    NotAccept,
    /// 暂停计时.
    Suspend,
    /// 恢复计时.
    Resume,
    /// 作出决定.
    Decide,
    /// 撤回申请.
    Withdraw,
    /// 当场更正.
    CorrectOnSpot,
    /// 再次告知补正, with its reason.
    AskAgain,
    /// 转送 to the organ that decides.
    Transfer,
    /// 领办.
    Claim,
    /// 转办 within the department.
    HandOver,
    /// 拟办.
    Propose,
    /// 审核同意.
    Review,
    /// 退回重新拟办.
    SendBack,
    /// 延长办理期限.
    Extend,
    /// 启动特别程序.
    BeginSpecial,
    /// 结束特别程序.
    EndSpecial,
    /// 告知听证权利.
    OfferHearing,
    /// 申请听证.
    AskHearing,
    /// 送达.
    Deliver,
    /// 登记开工建设.
    NoteStart,
    /// 撤销, 撤回, 注销.
    Revoke,
    /// 申请变更或者延续.
    AskAmendment,
    /// 决定变更或者延续.
    DecideAmendment,
    /// 核查承诺.
    CheckCommitment,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 29] = [
        Self::Receive,
        Self::VerifyCode,
        Self::AskCorrection,
        Self::Supply,
        Self::Accept,
        Self::NotAccept,
        Self::Suspend,
        Self::Resume,
        Self::Decide,
        Self::Withdraw,
        Self::CorrectOnSpot,
        Self::AskAgain,
        Self::Transfer,
        Self::Claim,
        Self::HandOver,
        Self::Propose,
        Self::Review,
        Self::SendBack,
        Self::Extend,
        Self::BeginSpecial,
        Self::EndSpecial,
        Self::OfferHearing,
        Self::AskHearing,
        Self::Deliver,
        Self::NoteStart,
        Self::Revoke,
        Self::AskAmendment,
        Self::DecideAmendment,
        Self::CheckCommitment,
    ];

    /// Chinese name, as on a button.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "收件",
            Self::VerifyCode => "核验项目代码",
            Self::AskCorrection => "告知补正",
            Self::Supply => "提交补正",
            Self::Accept => "受理",
            Self::NotAccept => "不予受理",
            Self::Suspend => "暂停计时",
            Self::Resume => "恢复计时",
            Self::Decide => "作出决定",
            Self::Withdraw => "撤回申请",
            Self::CorrectOnSpot => "当场更正",
            Self::AskAgain => "再次告知补正",
            Self::Transfer => "转送",
            Self::Claim => "领办",
            Self::HandOver => "转办",
            Self::Propose => "提出拟办意见",
            Self::Review => "审核同意",
            Self::SendBack => "退回拟办",
            Self::Extend => "延长办理期限",
            Self::BeginSpecial => "启动特别程序",
            Self::EndSpecial => "结束特别程序",
            Self::OfferHearing => "告知听证权利",
            Self::AskHearing => "申请听证",
            Self::Deliver => "登记送达",
            Self::NoteStart => "登记开工",
            Self::Revoke => "撤销、撤回或注销",
            Self::AskAmendment => "申请变更或延续",
            Self::DecideAmendment => "决定变更或延续",
            Self::CheckCommitment => "核查承诺",
        }
    }
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 11] = [
        Self::Submitted,
        Self::Received,
        Self::CorrectionAsked,
        Self::Supplemented,
        Self::Processing,
        Self::Proposed,
        Self::Reviewed,
        Self::Decided,
        Self::Completed,
        Self::NotAccepted,
        Self::Withdrawn,
    ];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "已提交",
            Self::Received => "已收件",
            Self::CorrectionAsked => "待补正",
            Self::Supplemented => "已补正",
            Self::Processing => "办理中",
            Self::Proposed => "审核中",
            Self::Reviewed => "待决定",
            Self::Decided => "已决定",
            Self::Completed => "已办结",
            Self::NotAccepted => "不予受理",
            Self::Withdrawn => "已撤回",
        }
    }

    /// One sentence for "what does this mean".
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Submitted => "申请已提交，等待受理机关收件。",
            Self::Received => "受理机关已收件，应在 5 个工作日内决定是否受理或一次性告知补正。",
            Self::CorrectionAsked => "材料需要补正，请项目单位按通知书逐条补正。",
            Self::Supplemented => "补正材料已提交，受理机关正在复核。",
            Self::Processing => "已受理，正在办理，办理时限正在计算。",
            Self::Proposed => "经办人已提出拟办意见，审核人正在审核，办理时限正在计算。",
            Self::Reviewed => "审核已经同意，等待作出决定，办理时限正在计算。",
            Self::Decided => "已作出决定，正在生成办结告知书。",
            Self::Completed => "已办结，可下载办结告知书。",
            Self::NotAccepted => "未予受理，理由和救济途径见通知书。",
            Self::Withdrawn => "项目单位已撤回申请。",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Received => "received",
            Self::CorrectionAsked => "correction_asked",
            Self::Supplemented => "supplemented",
            Self::Processing => "processing",
            Self::Proposed => "proposed",
            Self::Reviewed => "reviewed",
            Self::Decided => "decided",
            Self::Completed => "completed",
            Self::NotAccepted => "not_accepted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }

    /// Who owes the next act.
    pub fn owed(self) -> Owed {
        match self {
            Self::Submitted => Owed::Receive,
            Self::Received => Owed::Check,
            Self::CorrectionAsked => Owed::Correct,
            Self::Supplemented => Owed::Recheck,
            Self::Processing => Owed::Propose,
            Self::Proposed => Owed::Review,
            Self::Reviewed => Owed::Decide,
            Self::Decided | Self::Completed | Self::NotAccepted | Self::Withdrawn => Owed::Nothing,
        }
    }

    /// Which acts are possible: the one table. An item that one person decides adds to it, see [`super::Case::may`].
    pub fn acts(self) -> &'static [Act] {
        use Act as A;
        match self {
            Self::Submitted => &[A::Receive, A::NotAccept, A::Withdraw],
            Self::Received => &[
                A::VerifyCode,
                A::CorrectOnSpot,
                A::AskCorrection,
                A::Accept,
                A::NotAccept,
                A::Transfer,
                A::Claim,
                A::HandOver,
                A::Withdraw,
            ],
            Self::CorrectionAsked => &[A::Supply, A::NotAccept, A::Withdraw],
            Self::Supplemented => &[
                A::VerifyCode,
                A::CorrectOnSpot,
                A::AskAgain,
                A::Accept,
                A::NotAccept,
                A::Transfer,
                A::Claim,
                A::HandOver,
                A::Withdraw,
            ],
            Self::Processing => &[
                A::Claim,
                A::HandOver,
                A::Propose,
                A::Suspend,
                A::Resume,
                A::Extend,
                A::BeginSpecial,
                A::EndSpecial,
                A::OfferHearing,
                A::AskHearing,
                A::Withdraw,
            ],
            Self::Proposed => &[
                A::Review,
                A::Decide,
                A::SendBack,
                A::Suspend,
                A::Resume,
                A::Extend,
                A::BeginSpecial,
                A::EndSpecial,
                A::OfferHearing,
                A::AskHearing,
                A::Withdraw,
            ],
            Self::Reviewed => &[
                A::Decide,
                A::SendBack,
                A::Suspend,
                A::Resume,
                A::Extend,
                A::BeginSpecial,
                A::EndSpecial,
                A::OfferHearing,
                A::AskHearing,
                A::Withdraw,
            ],
            Self::Completed => {
                &[A::Deliver, A::NoteStart, A::Revoke, A::AskAmendment, A::DecideAmendment, A::CheckCommitment]
            }
            Self::Decided | Self::NotAccepted | Self::Withdrawn => &[],
        }
    }

    /// Accepted and not yet decided: the decision clock runs.
    pub fn is_processing(self) -> bool {
        self.owed().is_deciding()
    }

    /// The application is at its end; what follows concerns the decision that was made.
    pub fn is_ended(self) -> bool {
        self.owed() == Owed::Nothing
    }
}
