//! 征求意见: the organ that handles a case asks another department what it thinks, with a day for the reply and with what
//! silence means (办法第十七条: departments work together; its days count in the limit of the case, 办法第十五条).

#[cfg(test)]
mod tests;

use crate::{
    Aggregate, Meta, Moment, Refusal,
    case::Application,
    department::Agency,
    ids::{CaseId, ConsultationId, ProjectId},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What no reply by the day means. It is stated when asking, never afterwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// 须收到书面意见: the case cannot be decided without the reply.
    #[default]
    Awaited,
    /// 逾期不回复视为无意见.
    NoObjection,
}

impl Silence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Awaited, Self::NoObjection];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Awaited => "须收到书面意见",
            Self::NoObjection => "逾期不回复视为无意见",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::NoObjection => "no_objection",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }
}

/// 回复意见.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// 同意.
    Agree,
    /// 修改后同意.
    AgreeIf,
    /// 不同意.
    Object,
    /// 无意见.
    None,
}

impl View {
    /// Every view.
    pub const ALL: [Self; 4] = [Self::Agree, Self::AgreeIf, Self::Object, Self::None];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agree => "同意",
            Self::AgreeIf => "修改后同意",
            Self::Object => "不同意",
            Self::None => "无意见",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::AgreeIf => "agree_if",
            Self::Object => "object",
            Self::None => "none",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.slug() == slug)
    }
}

/// What is fixed when a department is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its id.
    pub id: ConsultationId,
    /// The case.
    pub case: CaseId,
    /// Its project.
    pub project: ProjectId,
    /// Name of the project.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Name of the item.
    pub item_name: String,
    /// The organ that handles the case and asks.
    pub from: Agency,
    /// Its full name.
    pub from_name: String,
    /// Who asked.
    pub asker: String,
    /// The organ that is asked.
    pub to: Agency,
    /// Its full name.
    pub to_name: String,
    /// What it is asked.
    pub question: String,
    /// Last day for the reply.
    pub reply_by: Date,
    /// What silence means.
    pub silence: Silence,
    /// On which rule silence counts as no objection; empty when it does not.
    pub basis: String,
}

/// The reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Yes, no, or with changes.
    pub view: View,
    /// Opinion in words, with its grounds.
    pub opinion: String,
    /// Who replied.
    pub replier: String,
}

/// Facts about a consultation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum ConsultationEvent {
    /// 征求意见.
    ConsultationAsked(Box<Asked>),
    /// 回复.
    ConsultationReplied(Box<Reply>),
    /// 撤回征求.
    ConsultationRecalled {
        /// Why.
        reason: String,
    },
}

/// Where a consultation stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// 待回复.
    Waiting,
    /// 逾期未回复: the reply is still needed.
    Late,
    /// 逾期未回复, 视为无意见.
    Silent,
    /// 已回复.
    Replied,
    /// 已撤回.
    Recalled,
}

impl Standing {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "待回复",
            Self::Late => "逾期未回复",
            Self::Silent => "逾期未回复（视为无意见）",
            Self::Replied => "已回复",
            Self::Recalled => "已撤回",
        }
    }

    /// Nothing stands in the way of a decision any more.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Silent | Self::Replied | Self::Recalled)
    }
}

/// What the records say; the day decides the rest, see [`standing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked, not replied.
    #[default]
    Asked,
    /// Replied.
    Replied,
    /// Taken back.
    Recalled,
}

impl State {
    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Replied => "replied",
            Self::Recalled => "recalled",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        [Self::Asked, Self::Replied, Self::Recalled].into_iter().find(|s| s.slug() == slug)
    }
}

/// Where a consultation stands on a day.
pub fn standing(state: State, silence: Silence, reply_by: Date, today: Date) -> Standing {
    match state {
        State::Replied => Standing::Replied,
        State::Recalled => Standing::Recalled,
        State::Asked if today <= reply_by => Standing::Waiting,
        State::Asked if silence == Silence::NoObjection => Standing::Silent,
        State::Asked => Standing::Late,
    }
}

/// 征求意见, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consultation {
    /// What was asked; `None` before `ConsultationAsked`.
    pub asked: Option<Box<Asked>>,
    /// When.
    pub asked_at: Moment,
    /// Where it stands.
    pub state: State,
    /// The reply.
    pub reply: Option<Box<Reply>>,
    /// Why it was taken back.
    pub recalled: Option<String>,
    /// When it was replied to or taken back.
    pub ended_at: Option<Moment>,
}

impl Aggregate for Consultation {
    const KIND: &'static str = "consultation";
    type Event = ConsultationEvent;

    fn apply(&mut self, event: &ConsultationEvent, meta: &Meta) {
        match event {
            ConsultationEvent::ConsultationAsked(asked) => {
                self.asked = Some(asked.clone());
                self.asked_at = meta.at;
            }
            ConsultationEvent::ConsultationReplied(reply) => {
                self.state = State::Replied;
                self.reply = Some(reply.clone());
                self.ended_at = Some(meta.at);
            }
            ConsultationEvent::ConsultationRecalled { reason } => {
                self.state = State::Recalled;
                self.recalled = Some(reason.clone());
                self.ended_at = Some(meta.at);
            }
        }
    }
}

/// The article every refusal here rests on, if no other is named.
const ARTICLE: &str = "办法第十七条";

fn words(field: &str, text: &str, what: &str, most: usize) -> Result<String, Refusal> {
    crate::refusal::words(field, text, what, most).map_err(|refusal| refusal.article(ARTICLE))
}

/// What an officer fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The organ that is asked.
    pub to: Agency,
    /// What it is asked.
    pub text: String,
    /// Last day for the reply.
    pub reply_by: Date,
    /// What silence means.
    pub silence: Silence,
    /// On which rule.
    pub basis: String,
}

/// Asks another organ about a case in work. `due` is the case's own last day, if it is known: the days of a consultation
/// count in it, so the reply must come before.
pub fn ask(
    id: ConsultationId,
    about: &Application,
    in_work: bool,
    question: &Question,
    asker: &str,
    due: Option<Date>,
    today: Date,
) -> Result<Vec<ConsultationEvent>, Vec<Refusal>> {
    if !in_work {
        let refusal =
            Refusal::new("consultation.not_in_work", "办件已受理、尚未作出决定时，才可以征求其他部门的意见。");
        return Err(vec![refusal.article(ARTICLE)]);
    }
    let mut faults = Vec::new();
    if question.to == about.agency {
        faults
            .push(Refusal::field("to", "consultation.self", "不能向本机关征求意见，请选择其他部门。").article(ARTICLE));
    }
    let text = words("text", &question.text, "征求意见的内容", 2000).map_err(|fault| faults.push(fault));
    if question.reply_by < today {
        faults.push(Refusal::field("reply_by", "consultation.past", "回复期限不能早于今天。").article(ARTICLE));
    }
    if let Some(due) = due.filter(|due| question.reply_by > *due) {
        let words = format!("征求意见的时间计入办理时限，回复期限不能晚于本办件的届满日 {due}。");
        faults.push(Refusal::field("reply_by", "consultation.after_due", words).article("办法第十五条"));
    }
    let basis = match question.silence {
        Silence::Awaited => Ok(String::new()),
        Silence::NoObjection => {
            words("basis", &question.basis, "逾期不回复视为无意见的依据", 200).map_err(|fault| faults.push(fault))
        }
    };
    match (text, basis) {
        (Ok(text), Ok(basis)) if faults.is_empty() => Ok(vec![ConsultationEvent::ConsultationAsked(Box::new(Asked {
            id,
            case: about.id.clone(),
            project: about.project.clone(),
            project_name: about.project_name.clone(),
            project_code: about.code.clone(),
            item_name: about.item_name.clone(),
            from: about.agency.clone(),
            from_name: about.agency_name.clone(),
            asker: asker.to_owned(),
            to_name: question.to.name(),
            to: question.to.clone(),
            question: text,
            reply_by: question.reply_by,
            silence: question.silence,
            basis,
        }))]),
        _ => Err(faults),
    }
}

fn waiting(consultation: &Consultation) -> Result<(), Refusal> {
    let refuse = |code, words: &str| Err(Refusal::new(code, words).article(ARTICLE));
    match (&consultation.asked, consultation.state) {
        (None, _) => Err(Refusal::new("consultation.not_there", "没有这件征求意见。")),
        (_, State::Replied) => refuse("consultation.replied", "这件征求意见已经回复。请刷新页面查看。"),
        (_, State::Recalled) => refuse("consultation.recalled", "征求意见的部门已经撤回，不需要回复。"),
        (_, State::Asked) => Ok(()),
    }
}

/// The asked organ replies, once; also after its day, as long as the case is in work.
pub fn reply(consultation: &Consultation, reply: &Reply, in_work: bool) -> Result<Vec<ConsultationEvent>, Refusal> {
    waiting(consultation)?;
    if !in_work {
        return Err(Refusal::new("consultation.over", "办件已经结束，不再需要回复。").article(ARTICLE));
    }
    let opinion = words("opinion", &reply.opinion, "意见和理由", 2000)?;
    Ok(vec![ConsultationEvent::ConsultationReplied(Box::new(Reply { opinion, ..reply.clone() }))])
}

/// The asking organ takes its question back.
pub fn recall(consultation: &Consultation, reason: &str) -> Result<Vec<ConsultationEvent>, Refusal> {
    waiting(consultation)?;
    Ok(vec![ConsultationEvent::ConsultationRecalled { reason: words("reason", reason, "撤回的原因", 500)? }])
}
