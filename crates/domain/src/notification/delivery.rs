//! 通知的发送: one message to one person on one channel, from the queue to its result.

use super::{Class, Rules};
use crate::{
    Aggregate, Meta, Moment,
    ids::{AccountId, MessageId},
};
use serde::{Deserialize, Serialize};

/// What is fixed when a message is queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The message (or the prompt) it carries.
    pub message: MessageId,
    /// The case it is about; empty when it is about none.
    pub case: String,
    /// To whom.
    pub account: AccountId,
    /// Whether to an officer: the link leads to the office then, not to the portal.
    pub officer: bool,
    /// Channel.
    pub channel: String,
    /// Class.
    pub class: Class,
    /// Whether it waits for the others of its digest.
    pub digest: bool,
    /// When the message was written.
    pub said_at: Moment,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Path of the page it is about.
    pub link: String,
    /// When it is to go out.
    pub due: Moment,
}

/// Facts about a delivery. `at` of the first two results is what the channel says, `recorded_at` when the platform learnt it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum NotificationEvent {
    /// 待发送.
    NotificationQueued(Box<Queued>),
    /// 已发送: the channel took it over.
    NotificationSent {
        /// What the channel calls it.
        reference: String,
    },
    /// 发送失败.
    NotificationFailed {
        /// Why, in words.
        reason: String,
        /// Whether another attempt can help.
        permanent: bool,
        /// When it is tried again; `None`: never.
        next: Option<Moment>,
    },
    /// 不再发送.
    NotificationGivenUp {
        /// Why, in words.
        reason: String,
    },
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// 待发送.
    #[default]
    Waiting,
    /// 已发送.
    Sent,
    /// 未送达.
    GivenUp,
}

impl DeliveryState {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "待发送",
            Self::Sent => "已发送",
            Self::GivenUp => "未送达",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        [Self::Waiting, Self::Sent, Self::GivenUp].into_iter().find(|state| state.slug() == slug)
    }
}

/// One delivery, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// What was queued; `None` before that.
    pub queued: Option<Box<Queued>>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that failed.
    pub failures: u32,
    /// When it is to go out.
    pub due: Moment,
    /// When the last result happened, as the channel says.
    pub happened_at: Moment,
    /// When the platform learnt it.
    pub recorded_at: Moment,
    /// What the channel calls it.
    pub reference: String,
    /// Why the last attempt failed.
    pub reason: String,
}

impl Aggregate for Notification {
    const KIND: &'static str = "notification";
    type Event = NotificationEvent;

    fn is_platform_act(_: &NotificationEvent) -> bool {
        true
    }

    fn apply(&mut self, event: &NotificationEvent, meta: &Meta) {
        if let NotificationEvent::NotificationQueued(queued) = event {
            self.due = queued.due;
            self.queued = Some(queued.clone());
            return;
        }
        (self.happened_at, self.recorded_at) = (meta.at, meta.recorded_at);
        match event {
            NotificationEvent::NotificationQueued(_) => {}
            NotificationEvent::NotificationSent { reference } => {
                self.state = DeliveryState::Sent;
                self.reference.clone_from(reference);
                self.reason.clear();
            }
            NotificationEvent::NotificationFailed { reason, next, .. } => {
                self.failures += 1;
                self.reason.clone_from(reason);
                self.due = next.unwrap_or(self.due);
            }
            NotificationEvent::NotificationGivenUp { reason } => {
                self.state = DeliveryState::GivenUp;
                self.reason.clone_from(reason);
            }
        }
    }
}

/// The channel took it over.
pub fn sent(delivery: &Notification, reference: &str) -> Vec<NotificationEvent> {
    if is_waiting(delivery) {
        vec![NotificationEvent::NotificationSent { reference: reference.to_owned() }]
    } else {
        vec![]
    }
}

/// An attempt failed at `now`: tried again by the plan, given up after its last attempt or when nothing can help.
pub fn failed(
    delivery: &Notification,
    reason: &str,
    permanent: bool,
    now: Moment,
    rules: &Rules,
) -> Vec<NotificationEvent> {
    if !is_waiting(delivery) {
        return vec![];
    }
    let minutes = rules.retry_minutes.get(delivery.failures as usize).filter(|_| !permanent);
    let next = minutes.map(|minutes| Moment(now.0 + minutes * 60_000));
    let mut events = vec![NotificationEvent::NotificationFailed { reason: reason.to_owned(), permanent, next }];
    if next.is_none() {
        let reason = if permanent {
            reason.to_owned()
        } else {
            format!("尝试 {} 次仍未成功，不再发送。最后一次：{reason}", delivery.failures + 1)
        };
        events.push(NotificationEvent::NotificationGivenUp { reason });
    }
    events
}

/// Nobody wants it any more, or nothing can carry it.
pub fn give_up(delivery: &Notification, reason: &str) -> Vec<NotificationEvent> {
    if is_waiting(delivery) {
        vec![NotificationEvent::NotificationGivenUp { reason: reason.to_owned() }]
    } else {
        vec![]
    }
}

fn is_waiting(delivery: &Notification) -> bool {
    delivery.queued.is_some() && delivery.state == DeliveryState::Waiting
}
