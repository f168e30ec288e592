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
    /// Chosen anew, as a whole. Addresses are sealed under [`sealed_name`], those that leave under [`leaving_name`].
    PreferencesChosen(Choice),
    /// New addresses that count later, sealed under [`sealed_name`].
    AddressesProposed {
        /// Channels → reminders too.
        channels: BTreeMap<String, bool>,
        /// From when on they count.
        due: Moment,
    },
    /// Their time has come: the choice with them, all addresses sealed anew.
    AddressesTaken(Choice),
    /// Their owner stopped them, or withdrew the channel.
    AddressesStopped {
        /// Their channels.
        channels: Vec<String>,
    },
}

/// Name under which the address of a channel is sealed.
pub fn sealed_name(channel: &str) -> String {
    format!("address_{channel}")
}

/// Name under which an address that leaves is sealed until it was told.
pub fn leaving_name(channel: &str) -> String {
    format!("leaving_{channel}")
}

/// New addresses that do not count yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Channels → reminders too.
    pub channels: BTreeMap<String, bool>,
    /// From when on they count.
    pub due: Moment,
    /// Number of the event that seals them.
    pub version: i64,
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
    /// Number of the last event; 0 in what was written before there were others than choices.
    #[serde(default)]
    pub number: i64,
    /// New addresses that do not count yet.
    #[serde(default)]
    pub pending: Option<Pending>,
}

impl Aggregate for Preferences {
    const KIND: &'static str = "preferences";
    type Event = PreferencesEvent;

    fn is_platform_act(event: &PreferencesEvent) -> bool {
        matches!(event, PreferencesEvent::AddressesTaken(_))
    }

    fn apply(&mut self, event: &PreferencesEvent, meta: &Meta) {
        self.number = self.number.max(self.version) + 1;
        match event {
            PreferencesEvent::PreferencesChosen(choice) | PreferencesEvent::AddressesTaken(choice) => {
                if self.choice.is_none() {
                    self.since = meta.at;
                }
                self.choice = Some(choice.clone());
                self.version = self.number;
                if matches!(event, PreferencesEvent::AddressesTaken(_)) {
                    self.pending = None;
                }
            }
            PreferencesEvent::AddressesProposed { channels, due } => {
                self.pending = Some(Pending { channels: channels.clone(), due: *due, version: self.number });
            }
            PreferencesEvent::AddressesStopped { .. } => self.pending = None,
        }
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

/// What a choice changes about the addresses of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised {
    /// What counts at once.
    pub now: Choice,
    /// Addresses of it, by the names they are sealed under; those that leave, too.
    pub sealed: Addresses,
    /// Channels with another address that count later → reminders too.
    pub later: BTreeMap<String, bool>,
    /// Their addresses.
    pub sealed_later: Addresses,
    /// An address is new, another one or gone: the person proves who they are once more.
    pub proof: bool,
    /// An address that was there is replaced or gone: it is told.
    pub told: bool,
    /// What was pending is no more.
    pub stops: bool,
}

/// Splits a choice into what counts at once and what counts later. `present`: the addresses of before, by channel. The very
/// first choice counts at once, for there is nobody else to be asked; so does taking an address back (个人信息保护法第十五条).
pub fn revise(
    before: &Preferences,
    present: &BTreeMap<String, String>,
    choice: Choice,
    addresses: Addresses,
    delayed: bool,
) -> Revised {
    let given: BTreeMap<&str, &str> =
        addresses.iter().map(|(name, address)| (name.as_str(), address.as_str())).collect();
    let address = |channel: &str| given.get(sealed_name(channel).as_str()).copied();
    let fresh = |channel: &str| present.get(channel).map(String::as_str) != address(channel);
    let new: Vec<String> = choice.channels.keys().filter(|channel| fresh(channel)).cloned().collect();
    let gone: Vec<String> = present.keys().filter(|channel| !choice.channels.contains_key(*channel)).cloned().collect();
    let wait = delayed && before.choice.is_some();
    let mut now = choice.clone();
    let (mut later, mut sealed_later) = (BTreeMap::new(), Vec::new());
    let mut sealed: Addresses = Vec::new();
    for (channel, reminders) in &choice.channels {
        let Some(address) = address(channel) else { continue };
        let waits = wait && new.contains(channel);
        if !waits {
            sealed.push((sealed_name(channel), address.to_owned()));
            continue;
        }
        later.insert(channel.clone(), *reminders);
        sealed_later.push((sealed_name(channel), address.to_owned()));
        match present.get(channel) {
            Some(old) => sealed.push((sealed_name(channel), old.clone())),
            None => {
                now.channels.remove(channel);
            }
        }
    }
    let replaced = new.iter().filter(|channel| present.contains_key(*channel) && !later.contains_key(*channel));
    let leaving: Vec<&String> = gone.iter().chain(replaced).collect();
    for channel in &leaving {
        sealed.extend(present.get(*channel).map(|old| (leaving_name(channel), old.clone())));
    }
    let told = !present.is_empty() && (!later.is_empty() || !leaving.is_empty());
    let overlaps = |pending: &Pending| pending.channels.keys().any(|c| gone.contains(c) || new.contains(c));
    let stops = before.pending.as_ref().is_some_and(overlaps);
    Revised { now, sealed, later, sealed_later, proof: !new.is_empty() || !gone.is_empty(), told, stops }
}

/// The choice once what was pending counts.
pub fn taken(before: &Preferences) -> Option<Choice> {
    let pending = before.pending.as_ref()?;
    let mut choice = before.choice.clone()?;
    choice.channels.extend(pending.channels.iter().map(|(channel, reminders)| (channel.clone(), *reminders)));
    Some(choice)
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
