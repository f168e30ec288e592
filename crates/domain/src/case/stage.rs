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
    /// 办理中: accepted, the decision clock runs.
    Processing,
    /// 已决定 (only within one commit; the platform completes at once).
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
    /// 待决定 by the organ.
    Decide,
    /// 待补正 by the unit.
    Correct,
    /// Nothing is owed.
    Nothing,
}

impl Owed {
    /// What organs can owe, in the order of the work list.
    pub const BY_ORGAN: [Self; 4] = [Self::Receive, Self::Check, Self::Recheck, Self::Decide];

    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Receive, Self::Check, Self::Recheck, Self::Decide, Self::Correct, Self::Nothing];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "待收件",
            Self::Check => "待受理",
            Self::Recheck => "待补正复核",
            Self::Decide => "待决定",
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
            Self::Decide => "decide",
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
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 10] = [
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
        }
    }
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Received,
        Self::CorrectionAsked,
        Self::Supplemented,
        Self::Processing,
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
            Self::Processing => Owed::Decide,
            Self::Decided | Self::Completed | Self::NotAccepted | Self::Withdrawn => Owed::Nothing,
        }
    }

    /// Which acts are possible: the one table.
    pub fn acts(self) -> &'static [Act] {
        match self {
            Self::Submitted => &[Act::Receive, Act::NotAccept, Act::Withdraw],
            Self::Received => &[Act::VerifyCode, Act::AskCorrection, Act::Accept, Act::NotAccept, Act::Withdraw],
            Self::CorrectionAsked => &[Act::Supply, Act::NotAccept, Act::Withdraw],
            Self::Supplemented => &[Act::VerifyCode, Act::Accept, Act::NotAccept, Act::Withdraw],
            Self::Processing => &[Act::Suspend, Act::Resume, Act::Decide, Act::Withdraw],
            Self::Decided | Self::Completed | Self::NotAccepted | Self::Withdrawn => &[],
        }
    }

    /// No act follows any more.
    pub fn is_ended(self) -> bool {
        self.owed() == Owed::Nothing
    }
}
