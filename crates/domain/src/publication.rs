//! 公开审核: a result becomes public when somebody else than who decided has looked at what is published of it (办法第十八条；
//! 保守国家秘密法实施条例第四十二条).
//!
//! Kinds of results whose disclosure was reviewed once are published by that review ([`ReviewedKind`]): who and when goes into the
//! event. What is published is a fact of its own, field by field; withdrawing it takes nothing away but its being shown.

use crate::{
    Aggregate, Meta, Moment, Refusal,
    case::{Case, Outcome},
    ids::{AccountId, CaseId, ProjectId},
    refusal::words,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What all refusals rest on.
const ARTICLE: &str = "办法第十八条；保守国家秘密法实施条例第四十二条";

/// What the public is shown of a result, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The case; its id is not shown.
    pub case: CaseId,
    /// The project; its id is not shown.
    pub project: ProjectId,
    /// 事项.
    pub item_name: String,
    /// 办理机关.
    pub agency_name: String,
    /// 办理结果.
    pub outcome: Outcome,
    /// 审批文件文号.
    pub document_number: String,
    /// 审批文件标题.
    pub title: String,
    /// 决定日期.
    pub decided_on: Date,
}

impl Shown {
    /// What would be published of a case; `None` before it is completed.
    pub fn of(case: &Case) -> Option<Self> {
        let (application, decision) = (case.application.as_deref()?, case.decision.as_deref()?);
        case.ended_at?;
        Some(Self {
            case: application.id.clone(),
            project: application.project.clone(),
            item_name: application.item_name.clone(),
            agency_name: application.agency_name.clone(),
            outcome: decision.outcome,
            document_number: decision.document_number.clone(),
            title: decision.title.clone(),
            decided_on: decision.decided_on,
        })
    }
}

/// A kind of results whose disclosure was reviewed once; data of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewedKind {
    /// Item code; `*`: every item.
    pub item: String,
    /// Who reviewed it: organ and name.
    pub by: String,
    /// When.
    pub on: Date,
}

impl ReviewedKind {
    /// Whether results of the item are of this kind.
    pub fn covers(&self, item: &str) -> bool {
        self.item == "*" || self.item == item
    }
}

/// Who looked at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// A second person.
    Person {
        /// The account.
        account: AccountId,
        /// The name on that day.
        name: String,
    },
    /// Nobody this time: the kind was reviewed before.
    Kind(ReviewedKind),
}

impl Reviewer {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Person { name, .. } => name.clone(),
            Self::Kind(kind) => format!("按类别预审（{}，{}）", kind.by, kind.on),
        }
    }
}

/// Facts about the publication of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum PublicationEvent {
    /// 公开.
    ResultPublished {
        /// What is shown from now on.
        shown: Box<Shown>,
        /// Who looked at it.
        reviewer: Reviewer,
    },
    /// 暂不公开.
    ResultHeldBack {
        /// The case.
        case: CaseId,
        /// Why.
        reason: String,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
    /// 撤下: it was public and is no more.
    ResultWithdrawn {
        /// Why.
        reason: String,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
}

/// Where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicationState {
    /// 待审核.
    #[default]
    Waiting,
    /// 已公开.
    Public,
    /// 暂不公开.
    HeldBack,
    /// 已撤下.
    Withdrawn,
}

impl PublicationState {
    /// Every state, in the order of a list's tabs.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Public, Self::HeldBack, Self::Withdrawn];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "待审核",
            Self::Public => "已公开",
            Self::HeldBack => "暂不公开",
            Self::Withdrawn => "已撤下",
        }
    }

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Public => "public",
            Self::HeldBack => "held_back",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }
}

/// A step of its story, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The state it led to.
    pub state: PublicationState,
    /// Who.
    pub by: String,
    /// Why; empty for a publication.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// 公开审核 of one result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Where it stands.
    pub state: PublicationState,
    /// What is or was shown.
    pub shown: Option<Shown>,
    /// What was done, in order.
    pub story: Vec<Taken>,
}

impl Aggregate for Publication {
    const KIND: &'static str = "publication";
    type Event = PublicationEvent;

    fn is_platform_act(event: &PublicationEvent) -> bool {
        matches!(event, PublicationEvent::ResultPublished { reviewer: Reviewer::Kind(_), .. })
    }

    fn apply(&mut self, event: &PublicationEvent, meta: &Meta) {
        let (state, by, reason) = match event {
            PublicationEvent::ResultPublished { shown, reviewer } => {
                self.shown = Some((**shown).clone());
                (PublicationState::Public, reviewer.words(), String::new())
            }
            PublicationEvent::ResultHeldBack { reason, by_name, .. } => {
                (PublicationState::HeldBack, by_name.clone(), reason.clone())
            }
            PublicationEvent::ResultWithdrawn { reason, by_name, .. } => {
                (PublicationState::Withdrawn, by_name.clone(), reason.clone())
            }
        };
        self.state = state;
        self.story.push(Taken { state, by, reason, at: meta.at });
    }
}

fn wrong_state(state: PublicationState, what: &str) -> Refusal {
    let message = format!("该结果当前为“{}”，不能{what}。请刷新页面查看最新状态。", state.name());
    Refusal::new("publication.wrong_state", message).article(ARTICLE)
}

/// 确认公开, by another person than who decided, or by a review of its kind.
pub fn publish(publication: &Publication, case: &Case, reviewer: Reviewer) -> Result<Vec<PublicationEvent>, Refusal> {
    if publication.state == PublicationState::Public {
        return Err(wrong_state(publication.state, "再次公开"));
    }
    let Some(shown) = Shown::of(case) else {
        return Err(Refusal::new("publication.not_final", "办件还没有办结，没有可以公开的结果。").article(ARTICLE));
    };
    match &reviewer {
        Reviewer::Person { account, .. } if case.decided_by.as_deref() == Some(account.as_str()) => {
            let message = "该结果由您作出决定，应当由本部门的另一人或者综合管理岗审核后公开。";
            return Err(Refusal::new("publication.same_person", message).article(ARTICLE));
        }
        Reviewer::Kind(_) if publication.state != PublicationState::Waiting => {
            return Err(wrong_state(publication.state, "按类别预审公开"));
        }
        _ => {}
    }
    Ok(vec![PublicationEvent::ResultPublished { shown: Box::new(shown), reviewer }])
}

/// 暂不公开, with the reason; or 撤下 of what is public.
pub fn hold_back(
    publication: &Publication,
    case: &Case,
    (by, by_name): (&AccountId, &str),
    reason: &str,
) -> Result<Vec<PublicationEvent>, Refusal> {
    let Some(shown) = Shown::of(case) else {
        return Err(Refusal::new("publication.not_final", "办件还没有办结，没有可以公开的结果。").article(ARTICLE));
    };
    let (by, by_name) = (by.clone(), by_name.to_owned());
    let reason = words("reason", reason, "不公开的理由", 500).map_err(|refusal| refusal.article(ARTICLE))?;
    Ok(vec![match publication.state {
        PublicationState::Waiting => PublicationEvent::ResultHeldBack { case: shown.case, reason, by, by_name },
        PublicationState::Public => PublicationEvent::ResultWithdrawn { reason, by, by_name },
        other => return Err(wrong_state(other, "再次登记不公开")),
    }])
}

#[cfg(test)]
mod tests;
