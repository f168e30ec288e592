//! 督办: a supervisor or a superior department orders an organ to get on with a case, with a day for the reply.

use super::words;
use crate::{
    Aggregate, Meta, Moment, Refusal,
    case::Application,
    department::Agency,
    ids::{CaseId, ExpeditingOrderId, ProjectId},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// 待回复.
    #[default]
    Issued,
    /// 已回复.
    Replied,
}

impl OrderState {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Issued, Self::Replied];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issued => "待回复",
            Self::Replied => "已回复",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Replied => "replied",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }
}

/// What is fixed when an order is issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedOrder {
    /// Its id.
    pub id: ExpeditingOrderId,
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
    /// The organ that has to act.
    pub agency: Agency,
    /// Its full name.
    pub agency_name: String,
    /// Who ordered.
    pub issuer: String,
    /// For which organ.
    pub issuer_organ: String,
    /// What has to be done.
    pub text: String,
    /// Last day for the reply.
    pub reply_by: Date,
}

/// Facts about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum OrderEvent {
    /// 督办.
    OrderIssued(Box<IssuedOrder>),
    /// The organ replied.
    OrderReplied {
        /// What was done.
        text: String,
    },
}

/// 督办件, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpeditingOrder {
    /// What was ordered; `None` before `OrderIssued`.
    pub issued: Option<Box<IssuedOrder>>,
    /// When.
    pub issued_at: Moment,
    /// Where it stands.
    pub state: OrderState,
    /// The reply.
    pub reply: Option<String>,
    /// When it came.
    pub replied_at: Option<Moment>,
}

impl Aggregate for ExpeditingOrder {
    const KIND: &'static str = "expediting";
    type Event = OrderEvent;

    fn apply(&mut self, event: &OrderEvent, meta: &Meta) {
        match event {
            OrderEvent::OrderIssued(issued) => {
                self.issued = Some(issued.clone());
                self.issued_at = meta.at;
            }
            OrderEvent::OrderReplied { text } => {
                self.state = OrderState::Replied;
                self.reply = Some(text.clone());
                self.replied_at = Some(meta.at);
            }
        }
    }
}

/// Orders an organ to get on with a case of which anything is still owed, delivery included.
pub fn issue(
    id: ExpeditingOrderId,
    about: &Application,
    is_over: bool,
    issuer: (&str, &str),
    text: &str,
    reply_by: Date,
    today: Date,
) -> Result<Vec<OrderEvent>, Vec<Refusal>> {
    let mut faults = Vec::new();
    if is_over {
        let ended = Refusal::new("order.ended", "办件已经办完，不需要督办。").article("办法第十七条");
        return Err(vec![ended]);
    }
    let text = words("text", text, "督办要求", 1000).map_err(|fault| faults.push(fault)).unwrap_or_default();
    if reply_by < today {
        faults.push(Refusal::field("reply_by", "order.past", "回复期限不能早于今天。").article("办法第十七条"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(vec![OrderEvent::OrderIssued(Box::new(IssuedOrder {
        id,
        case: about.id.clone(),
        project: about.project.clone(),
        project_name: about.project_name.clone(),
        project_code: about.code.clone(),
        item_name: about.item_name.clone(),
        agency: about.agency.clone(),
        agency_name: about.agency_name.clone(),
        issuer: issuer.0.to_owned(),
        issuer_organ: issuer.1.to_owned(),
        text,
        reply_by,
    }))])
}

/// The organ replies, once.
pub fn reply(order: &ExpeditingOrder, text: &str) -> Result<Vec<OrderEvent>, Refusal> {
    match (&order.issued, order.state) {
        (None, _) => Err(Refusal::new("order.not_there", "没有这件督办。")),
        (Some(_), OrderState::Replied) => {
            Err(Refusal::new("order.replied", "这件督办已经回复。请刷新页面查看。").article("办法第十七条"))
        }
        (Some(_), OrderState::Issued) => {
            Ok(vec![OrderEvent::OrderReplied { text: words("text", text, "办理情况", 2000)? }])
        }
    }
}
