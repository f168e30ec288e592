//! 通知设置 of whoever is signed in, as the page shows them. Changing them: [`crate::account`], for an address takes both factors.

use crate::{Action, Actor, Call, Failure, Object, Platform, permission};
use domain::{
    ids::AccountId,
    notification::{AddressKind, Preferences, Quiet},
};

/// A channel as its owner sees it.
#[derive(Debug, Clone)]
pub struct ChannelView {
    /// Machine name.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// What it needs.
    pub address_kind: AddressKind,
    /// Whether this installation has opened it.
    pub open: bool,
    /// The registered address; empty when there is none.
    pub address: String,
    /// Whether reminders go there too.
    pub reminders: bool,
}

/// The page of preferences.
#[derive(Debug, Clone)]
pub struct PreferencesPage {
    /// Every channel of the rules.
    pub channels: Vec<ChannelView>,
    /// 免打扰时段.
    pub quiet: Quiet,
    /// 每日汇总.
    pub digest: Option<i8>,
    /// Whether anything was ever chosen.
    pub chosen: bool,
}

impl Platform {
    pub(crate) fn recipient<'a>(&self, call: &'a Call) -> Result<&'a AccountId, Failure> {
        let _permit =
            permission::decide(&call.actor, Action::ChooseNotifications, Object::default(), self.rules.regions)?;
        match &call.actor {
            Actor::Unit { account, .. } | Actor::Officer { account, .. } => Ok(account),
            Actor::Public | Actor::System => Err(Failure::NotThere),
        }
    }

    /// What the person chose, with the addresses opened for their owner.
    pub async fn notification_preferences(&self, call: &Call) -> Result<PreferencesPage, Failure> {
        let account = self.recipient(call)?;
        let preferences = self.load::<Preferences>(account.as_str()).await?.state;
        let rules = self.rules.notification;
        let mut channels = Vec::with_capacity(rules.channels.len());
        for channel in &rules.channels {
            let chosen = preferences.choice.as_ref().and_then(|choice| choice.channels.get(&channel.id)).copied();
            let address = match chosen {
                Some(_) => self.sealed_address(account, &preferences, &channel.id).await?.unwrap_or_default(),
                None => String::new(),
            };
            channels.push(ChannelView {
                id: channel.id.clone(),
                name: channel.name.clone(),
                address_kind: channel.address,
                open: self.courier.serves(&channel.id),
                address,
                reminders: chosen.unwrap_or(true),
            });
        }
        let choice = preferences.choice;
        Ok(PreferencesPage {
            channels,
            quiet: choice.as_ref().map_or(Quiet { from: rules.quiet_from, to: rules.quiet_to }, |choice| choice.quiet),
            digest: choice.as_ref().and_then(|choice| choice.digest),
            chosen: choice.is_some(),
        })
    }
}
