//! 通知: messages and prompts on their way to mail, short message and other channels.
//!
//! `queue` follows the ledger's feed and queues what was said, once for each person and channel; `send` takes what is due,
//! hands it to the [`crate::ports::Courier`] and records the result; `choose` is what a person prefers; `result` is what
//! pages show. Ids follow from message, person and channel, so a restart or a second node queues nothing twice. Sending is
//! at least once: after a crash between a channel's answer and its record the same id goes out again.

mod choose;
mod queue;
mod result;
mod send;

pub use choose::{ChannelView, PreferencesPage};
pub use result::DeliveryResult;
pub use send::Delivered;

use crate::{Action, Call, Failure, Object, Platform, permission};

impl Platform {
    /// Queues what was said since the last time and sends what is due, `at_once` letters at a time.
    pub async fn deliver_due(&self, call: &Call, at_once: usize) -> Result<Delivered, Failure> {
        let queued = self.queue_notifications(call).await?;
        self.take_due_addresses(call).await?;
        self.tell_addresses(call).await?;
        let sent = self.send_due(call, at_once.max(1)).await?;
        Ok(Delivered { queued, ..sent })
    }

    /// Queues what was said since the last time. How many deliveries were queued.
    pub async fn queue_notifications(&self, call: &Call) -> Result<u64, Failure> {
        let _permit =
            permission::decide(&call.actor, Action::DeliverNotifications, Object::default(), self.rules.regions)?;
        self.queue_messages(call).await
    }
}
