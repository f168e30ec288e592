//! 暂停计时 and 恢复计时: only on legal ground, with a paper, with proof that the applicant was told, and how long it is to
//! take (许可法第四十五条; 673号令第十条; 办法第十五条).

use super::{Act, Case, CaseEvent, File, allowed, special};
use crate::{Refusal, clock::Suspension};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 告知方式, 送达方式.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// 在线平台.
    Platform,
    /// 当面.
    InPerson,
    /// 邮寄.
    Mail,
    /// 电子送达.
    Electronic,
    /// 公告.
    PublicNotice,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Platform, Self::InPerson, Self::Mail, Self::Electronic, Self::PublicNotice];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Platform => "在线平台",
            Self::InPerson => "当面交付",
            Self::Mail => "邮寄",
            Self::Electronic => "电子送达",
            Self::PublicNotice => "公告",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::InPerson => "in_person",
            Self::Mail => "mail",
            Self::Electronic => "electronic",
            Self::PublicNotice => "public_notice",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.slug() == slug)
    }
}

/// What the applicant was told about a suspension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Until when it is to last (许可法第四十五条: 应当将所需时间书面告知申请人).
    pub planned_until: Date,
    /// How the applicant was told; on which day stands in the suspension.
    pub told_by: Way,
    /// It belongs to a special procedure and ends with it.
    pub special: bool,
    /// The paper itself, as it was uploaded; empty in records that only named it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
}

impl Notice {
    /// Of a suspension on its own, with the files of its paper.
    pub fn new(planned_until: Date, told_by: Way, files: Vec<File>) -> Self {
        Self { planned_until, told_by, special: false, files }
    }
}

/// The suspension that lasts, with what the applicant was told.
pub(super) fn stopped(case: &Case) -> Option<(&Suspension, Option<&Notice>)> {
    let (at, open) = case.suspensions.iter().enumerate().rev().find(|(_, s)| s.to.is_none())?;
    Some((open, case.notices.get(at).and_then(Option::as_ref)))
}

/// 暂停计时.
pub fn suspend(case: &Case, suspension: Suspension, notice: Notice, today: Date) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Suspend)?;
    const ART45: &str = "行政许可法第四十五条";
    let fault = |field, code, words: &str| Err(Refusal::field(field, code, words).article(ART45));
    if case.is_suspended() {
        return Err(Refusal::new("clock.suspended", "计时已经暂停，请先恢复计时。").article("办法第十五条"));
    }
    if suspension.document.trim().is_empty() {
        return fault("document", "clock.no_paper", "暂停计时须有告知申请人的文书，请填写文书名称或文号。");
    }
    if case.accepted_at.is_some_and(|at| suspension.from < at.date()) {
        return Err(
            Refusal::field("from", "clock.before_acceptance", "暂停的起始日不能早于受理日。").article("办法第十五条")
        );
    }
    match suspension.told_on {
        None => return fault("told_on", "clock.not_told", "应当将所需时间书面告知申请人，请填写告知日期。"),
        Some(told) if told > today => return fault("told_on", "date.future", "告知日期不能晚于今天。"),
        Some(_) => {}
    }
    if notice.planned_until < suspension.from {
        return fault("planned_until", "clock.planned", "预计结束日不能早于暂停的起始日。");
    }
    Ok(vec![CaseEvent::ClockSuspended { suspension, notice: Some(notice) }])
}

/// 恢复计时: `to` is the last day not counted.
pub fn resume(case: &Case, to: Date) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Resume)?;
    let refuse = |refusal: Refusal| Err(refusal.article("办法第十五条"));
    match stopped(case) {
        None => refuse(Refusal::new("clock.running", "计时没有暂停，不需要恢复。")),
        Some((open, _)) if to < open.from => {
            refuse(Refusal::field("to", "clock.order", "恢复日不能早于暂停的起始日。"))
        }
        Some(_) => match special::stopping(case) {
            Some(refusal) => Err(refusal),
            None => Ok(vec![CaseEvent::ClockResumed { to }]),
        },
    }
}
