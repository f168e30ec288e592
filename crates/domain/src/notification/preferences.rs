//! 通知设置: which channels reach a person, and when. The addresses themselves are sealed beside the event, never in its data.

use super::{AddressKind, Channel, Class, Rules};
use crate::{Aggregate, Meta, Moment, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// 免打扰时段: whole hours of the wall clock; `from == to` is no quiet at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// First quiet hour.
    pub from: i8,
    /// First hour after.
    pub to: i8,
}

impl Quiet {
    /// Whether an hour is quiet; the hours may go over midnight.
    pub fn covers(self, hour: i8) -> bool {
        if self.from <= self.to { (self.from..self.to).contains(&hour) } else { hour >= self.from || hour < self.to }
    }

    /// The first moment from `at` on that is not quiet.
    pub fn end(self, at: Moment) -> Moment {
        let local = at.local();
        if !self.covers(local.hour()) {
            return at;
        }
        let today = Moment::at(local.date(), self.to, 0);
        if today > at { today } else { next_day(local.date(), self.to) }
    }
}

/// What a person chose. The keys of `channels` are those with an address; the value says whether reminders go there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Channels with a registered address → reminders too.
    pub channels: BTreeMap<String, bool>,
    /// 免打扰时段.
    pub quiet: Quiet,
    /// 每日汇总: reminders wait for this hour and go out as one text.
    pub digest: Option<i8>,
}

/// Facts about what a person chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum PreferencesEvent {
    /// Chosen anew, as a whole. Addresses are sealed under [`sealed_name`].
    PreferencesChosen(Choice),
}

/// Name under which the address of a channel is sealed.
pub fn sealed_name(channel: &str) -> String {
    format!("address_{channel}")
}

/// 通知设置 of one account, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// What was chosen last; `None` before the first time: the message centre alone.
    pub choice: Option<Choice>,
    /// When the person first chose: what was said before is not sent after.
    pub since: Moment,
    /// Number of the event that seals the present addresses.
    pub version: i64,
}

impl Aggregate for Preferences {
    const KIND: &'static str = "preferences";
    type Event = PreferencesEvent;

    fn apply(&mut self, event: &PreferencesEvent, meta: &Meta) {
        let PreferencesEvent::PreferencesChosen(choice) = event;
        if self.choice.is_none() {
            self.since = meta.at;
        }
        self.choice = Some(choice.clone());
        self.version += 1;
    }
}

/// When a message goes out on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// By itself, from that moment.
    At(Moment),
    /// With the other reminders, at that moment.
    Digest(Moment),
    /// Not on this channel.
    Never,
}

/// The plan for a message of a class on a channel, decided at `now`. Quiet hours put everything off and stop nothing: the
/// message centre has told it already.
pub fn when_to_send(preferences: &Preferences, channel: &str, class: Class, now: Moment) -> Plan {
    let Some(choice) = &preferences.choice else { return Plan::Never };
    match (choice.channels.get(channel), class, choice.digest) {
        (None, ..) | (Some(false), Class::Reminder, _) => Plan::Never,
        (Some(true), Class::Reminder, Some(hour)) => Plan::Digest(next_at(now, hour)),
        _ => Plan::At(choice.quiet.end(now)),
    }
}

/// The next time the clock shows that hour, from `now` on.
fn next_at(now: Moment, hour: i8) -> Moment {
    let today = Moment::at(now.date(), hour, 0);
    if today >= now { today } else { next_day(now.date(), hour) }
}

fn next_day(date: jiff::civil::Date, hour: i8) -> Moment {
    Moment::at(date.tomorrow().unwrap_or(date), hour, 0)
}

/// What a person filled in: addresses by channel (empty = none), whether reminders go there, hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Channel → address and whether reminders go there too.
    pub channels: BTreeMap<String, (String, bool)>,
    /// First quiet hour.
    pub quiet_from: String,
    /// First hour after.
    pub quiet_to: String,
    /// Hour of the digest; empty = each reminder by itself.
    pub digest: String,
}

/// Addresses by the names they are sealed under.
pub type Addresses = Vec<(String, String)>;

/// Checks what was filled in: the choice, and the addresses to be sealed.
pub fn choose(form: &Form, rules: &Rules) -> Result<(Choice, Addresses), Vec<Refusal>> {
    let mut faults = Vec::new();
    let (mut channels, mut addresses) = (BTreeMap::new(), Vec::new());
    for channel in &rules.channels {
        let Some((text, reminders)) = form.channels.get(&channel.id).filter(|(text, _)| !text.trim().is_empty()) else {
            continue;
        };
        match check_address(channel, text) {
            Ok(address) => {
                channels.insert(channel.id.clone(), *reminders);
                addresses.push((sealed_name(&channel.id), address));
            }
            Err(fault) => faults.push(fault),
        }
    }
    let mut hour = |field: &str, text: &str| {
        let read = text.trim().parse::<i8>().ok().filter(|hour| (0..24).contains(hour));
        read.unwrap_or_else(|| {
            faults.push(Refusal::field(field, "notification.hour", "请选择 0 至 23 之间的整点。"));
            0
        })
    };
    let quiet = Quiet { from: hour("quiet_from", &form.quiet_from), to: hour("quiet_to", &form.quiet_to) };
    let digest = (!form.digest.trim().is_empty()).then(|| hour("digest", &form.digest));
    if digest.is_some_and(|hour| quiet.covers(hour)) {
        faults.push(Refusal::field(
            "digest",
            "notification.digest_quiet",
            "汇总的发送时间在免打扰时段之内，请另选一个整点。",
        ));
    }
    if faults.is_empty() { Ok((Choice { channels, quiet, digest }, addresses)) } else { Err(faults) }
}

/// An address as its channel needs it. Control characters never pass: nothing typed here can become a header of a mail.
pub fn check_address(channel: &Channel, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let field = |code, message: &str| Err(Refusal::field(channel.id.clone(), code, message));
    match channel.address {
        AddressKind::Mail if is_mail(text) => Ok(text.to_owned()),
        AddressKind::Mail => field("notification.mail", "请填写完整的电子邮件地址，例如 zhangsan@example.com。"),
        AddressKind::Phone if is_phone(text) => Ok(text.to_owned()),
        AddressKind::Phone => field("notification.phone", "请填写 11 位手机号码，例如 13800000000。"),
        AddressKind::Name if is_name(text) => Ok(text.to_owned()),
        AddressKind::Name => {
            field("notification.name", "请填写 2 至 64 位的用户名，可以用字母、数字、点、下划线和短横线。")
        }
    }
}

/// `local@host.domain` in ASCII: dots never first, last or doubled, each label of the host a word.
fn is_mail(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let word = |part: &str, more: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    let label = |part: &str| word(part, b"-") && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-');
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(|part| word(part, b"!#$%&'*+-/=?^_`{|}~"))
        && host.contains('.')
        && host.split('.').all(label)
}

fn is_phone(text: &str) -> bool {
    text.len() == 11 && text.starts_with('1') && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
