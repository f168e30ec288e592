//! Carries letters out of the house: mail by SMTP, short messages and every other channel by one HTTP gateway each.
//! Answers the port [`platform::ports::Courier`]; only `tzxm` depends on it. Secrets and addresses are never logged.

mod gateway;
mod mail;
mod settings;
mod time_stamp;

pub use gateway::{Gateway, signature};
pub use mail::Mail;
pub use settings::{GatewaySettings, MailSettings, NotificationSettings, Security};
pub use time_stamp::{TimeStampSettings, Tsa};

use platform::ports::{Courier, Letter, Receipt, Undelivered};
use std::{collections::BTreeMap, sync::Arc};

/// Why the channels could not be opened; the words are for an administrator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(pub String);

/// Every open channel.
#[derive(Default)]
pub struct Couriers(BTreeMap<String, Arc<dyn Courier>>);

impl Couriers {
    /// Opens what the settings name. `now` tells the time: the signature of a gateway carries it.
    pub fn open(settings: &NotificationSettings, clock: &Arc<dyn platform::ports::Clock>) -> Result<Self, NotOpened> {
        let mut channels: BTreeMap<String, Arc<dyn Courier>> = BTreeMap::new();
        if let Some(mail) = &settings.mail {
            channels.insert("mail".into(), Arc::new(Mail::open(mail, clock.clone())?));
        }
        for gateway in &settings.gateway {
            channels.insert(gateway.channel.clone(), Arc::new(Gateway::open(gateway, clock.clone())?));
        }
        Ok(Self(channels))
    }
}

#[async_trait::async_trait]
impl Courier for Couriers {
    fn serves(&self, channel: &str) -> bool {
        self.0.contains_key(channel)
    }

    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        match self.0.get(&letter.channel) {
            Some(courier) => courier.deliver(letter).await,
            None => Err(for_a_while("渠道未开通。")),
        }
    }
}

fn for_a_while(reason: impl Into<String>) -> Undelivered {
    Undelivered { reason: reason.into(), permanent: false }
}

fn for_good(reason: impl Into<String>) -> Undelivered {
    Undelivered { reason: reason.into(), permanent: true }
}
