//! 通知: how what the message centre holds reaches a person by mail, short message and other channels.
//!
//! What the law says must be told (法定告知) goes to every channel the person registered an address for and cannot be
//! switched off; reminders (提醒) can, and may wait for one digest a day. Quiet hours put off, they stop nothing. The
//! message centre has every message at once, whatever the channels do.

mod delivery;
mod preferences;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use delivery::{DeliveryState, Notification, NotificationEvent, Queued, failed, give_up, sent};
pub use preferences::{
    Addresses, Choice, Form, Pending, Plan, Preferences, PreferencesEvent, Quiet, Revised, check_address, choose,
    leaving_name, revise, sealed_name, taken, when_to_send,
};
pub use table::{AddressKind, Channel, Class, Frame, FrameKind, Rules, Statutory, default_rules};
pub use text::{Text, compose};
