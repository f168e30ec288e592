//! 通知规则 as data (`data/notification.toml`): channels, what the law says must be told, quiet hours, retries, the frame of a text.

use crate::Refusal;
use serde::Deserialize;
use std::sync::LazyLock;

/// What kind of address a channel needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// `name@host`.
    Mail,
    /// A mobile phone of the mainland.
    Phone,
    /// A user name of a messenger.
    Name,
}

/// How a text is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// With a subject and an end.
    Letter,
    /// One paragraph.
    Short,
}

/// 渠道.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Machine name, such as `mail`.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// What it needs to know of a person.
    pub address: AddressKind,
    /// How its texts look.
    pub frame: FrameKind,
    /// A text is cut after so many characters.
    pub bounded: usize,
}

/// A kind of message the law prescribes, by the event it tells of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statutory {
    /// Kind of the event.
    pub event: String,
    /// Chinese name.
    pub name: String,
    /// The article that prescribes it.
    pub article: String,
}

/// The words around a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// A letter: `{body}`, `{link}`.
    pub letter: String,
    /// A short text: `{title}`, `{body}`, `{link}`.
    pub short: String,
    /// Subject of a digest: `{count}`.
    pub digest_subject: String,
    /// One reminder of a digest: `{at}`, `{title}`, `{body}`, `{link}`.
    pub digest_line: String,
}

/// Everything of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// First quiet hour, where a person chose none.
    pub quiet_from: i8,
    /// First hour after the quiet ones.
    pub quiet_to: i8,
    /// Minutes to wait after each failed attempt.
    pub retry_minutes: Vec<i64>,
    /// Messages older than this are not sent any more.
    pub stale_hours: i64,
    /// Words around a text.
    pub frame: Frame,
    /// Channels, in the order they are shown.
    #[serde(rename = "channel")]
    pub channels: Vec<Channel>,
    /// What must be told.
    pub statutory: Vec<Statutory>,
}

/// 通知类别.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 法定告知: cannot be switched off.
    Statutory,
    /// 提醒: can be switched off, may wait for a digest.
    #[default]
    Reminder,
}

impl Class {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Statutory => "法定告知",
            Self::Reminder => "提醒",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Statutory => "statutory",
            Self::Reminder => "reminder",
        }
    }
}

impl Rules {
    /// Reads `notification.toml`. Refuses a doubled channel, an hour that is none and a plan without a second attempt.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let fault = |message: String| Refusal::new("notification.rules", message);
        let rules: Self = toml::from_str(text).map_err(|e| fault(format!("通知规则不能读取：{}", e.message())))?;
        for (at, channel) in rules.channels.iter().enumerate() {
            if rules.channels.iter().take(at).any(|other| other.id == channel.id) {
                return Err(fault(format!("通知渠道“{}”重复，请删除其中一条。", channel.id)));
            }
        }
        let hours = [rules.quiet_from, rules.quiet_to];
        if hours.iter().any(|hour| !(0..24).contains(hour)) || rules.retry_minutes.iter().any(|m| *m <= 0) {
            return Err(fault("免打扰时段应为 0 至 23 的整点，重试间隔应为正整数。".into()));
        }
        Ok(rules)
    }

    /// The channel of a machine name.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// Name of a channel; its machine name once it has left the file.
    pub fn channel_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.channel(id).map_or(id, |channel| &channel.name)
    }

    /// To which class a message about this kind of event belongs.
    pub fn class(&self, event: &str) -> Class {
        if self.statutory.iter().any(|s| s.event == event) { Class::Statutory } else { Class::Reminder }
    }
}

/// The rules shipped with the product (`data/notification.toml`); a test proves that they read.
pub fn default_rules() -> &'static Rules {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::parse(include_str!("../../../../data/notification.toml")).unwrap_or_default());
    &RULES
}
