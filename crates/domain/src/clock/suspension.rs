//! When the clock stands still, on what ground, and whose days those are.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whose time a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// 办理部门.
    Department,
    /// 申请人.
    Applicant,
    /// 中介机构.
    Intermediary,
    /// 依法不计入.
    LegallyExcluded,
}

impl Holder {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Department => "办理部门",
            Self::Applicant => "申请人",
            Self::Intermediary => "中介机构",
            Self::LegallyExcluded => "依法不计入",
        }
    }
}

/// 中止计时的法定情形. The order is the order of precedence on a day that several cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// 听证.
    Hearing,
    /// 招标.
    Tender,
    /// 拍卖.
    Auction,
    /// 检验.
    Inspection,
    /// 检测.
    Testing,
    /// 检疫.
    Quarantine,
    /// 鉴定.
    Appraisal,
    /// 专家评审.
    ExpertReview,
    /// 委托评估 (673号令第九、十条).
    CommissionedEvaluation,
    /// 委托中介服务.
    Intermediary,
    /// 等待申请人补正.
    ApplicantCorrection,
}

impl Ground {
    /// All grounds, in order of precedence.
    pub const ALL: [Self; 11] = [
        Self::Hearing,
        Self::Tender,
        Self::Auction,
        Self::Inspection,
        Self::Testing,
        Self::Quarantine,
        Self::Appraisal,
        Self::ExpertReview,
        Self::CommissionedEvaluation,
        Self::Intermediary,
        Self::ApplicantCorrection,
    ];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hearing => "听证",
            Self::Tender => "招标",
            Self::Auction => "拍卖",
            Self::Inspection => "检验",
            Self::Testing => "检测",
            Self::Quarantine => "检疫",
            Self::Appraisal => "鉴定",
            Self::ExpertReview => "专家评审",
            Self::CommissionedEvaluation => "委托评估",
            Self::Intermediary => "委托中介服务",
            Self::ApplicantCorrection => "等待申请人补正",
        }
    }

    /// The article it rests on.
    pub fn article(self) -> &'static str {
        match self {
            Self::ApplicantCorrection => "行政许可法第三十二条",
            Self::CommissionedEvaluation => "企业投资项目核准和备案管理条例第十条",
            Self::Intermediary => "办法第十五、十六条",
            _ => "行政许可法第四十五条",
        }
    }

    /// Machine name.
    pub fn slug(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.slug() == slug)
    }

    /// Who the days are charged to.
    pub fn holder(self) -> Holder {
        match self {
            Self::ApplicantCorrection => Holder::Applicant,
            Self::CommissionedEvaluation | Self::Intermediary => Holder::Intermediary,
            _ => Holder::LegallyExcluded,
        }
    }
}

/// One interval during which the clock stands still: whole days, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// First day not counted.
    pub from: Date,
    /// Last day not counted; `None` while it lasts.
    pub to: Option<Date>,
    /// The legal ground.
    pub ground: Ground,
    /// Title or number of the paper that orders it.
    pub document: String,
    /// The day the applicant was told in writing; the proof is the paper.
    pub told_on: Option<Date>,
}

impl Suspension {
    /// Whether the day lies in it.
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// Of all suspensions, the one a day is charged to: by ground, then by paper, never by how intervals are cut.
pub(super) fn charged(suspensions: &[Suspension], day: Date) -> Option<&Suspension> {
    suspensions.iter().filter(|s| s.covers(day)).min_by(|a, b| (a.ground, &a.document).cmp(&(b.ground, &b.document)))
}
