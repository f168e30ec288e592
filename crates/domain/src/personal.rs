//! 个人信息权利: a person asks for a correction or a deletion; the organ answers within its time, with the reason (个人信息保护法第四十五条至第四十七条、
//! 第五十条; L-06).
//!
//! What was asked in words, and the new value, lie sealed beside the event. Where the law on archives keeps a value, it is locked
//! instead of deleted: kept, and processed no more.

use crate::{
    Aggregate, Meta, Moment, Refusal,
    ids::{AccountId, ProjectId, RightsId, UnitId},
    refusal::words,
    region::RegionCode,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Name under which what was asked lies sealed.
pub const WORDS: &str = "words";
/// Name under which the new value lies sealed.
pub const VALUE: &str = "value";
/// Longest words, in characters.
pub const MOST_WORDS: usize = 500;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// 更正 (第四十六条).
    Correct,
    /// 删除 (第四十七条).
    Delete,
}

impl Wish {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Correct, Self::Delete];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correct => "更正",
            Self::Delete => "删除",
        }
    }

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Delete => "delete",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wish| wish.slug() == slug)
    }

    /// The article.
    pub fn article(self) -> &'static str {
        match self {
            Self::Correct => "个人信息保护法第四十六条",
            Self::Delete => "个人信息保护法第四十七条",
        }
    }
}

/// How it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// 已办理: corrected or deleted.
    Done,
    /// 锁定，不再处理: the law keeps it.
    Locked,
    /// 不予办理.
    Refused,
}

impl Answer {
    /// All.
    pub const ALL: [Self; 3] = [Self::Done, Self::Locked, Self::Refused];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "已办理",
            Self::Locked => "锁定，不再处理",
            Self::Refused => "不予办理",
        }
    }

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Locked => "locked",
            Self::Refused => "refused",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.slug() == slug)
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its id.
    pub id: RightsId,
    /// What is asked for.
    pub wish: Wish,
    /// Who asks.
    pub account: AccountId,
    /// For which unit.
    pub unit: UnitId,
    /// Its name on that day.
    pub unit_name: String,
    /// The project the value belongs to.
    pub project: ProjectId,
    /// Its code.
    pub project_code: String,
    /// Where it lies: who answers.
    pub region: RegionCode,
    /// Field of the declaration form.
    pub field: String,
    /// Last day for the answer.
    pub due: Date,
}

/// Facts about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum RightsEvent {
    /// 提出.
    RightsAsked(Box<Asked>),
    /// 答复.
    RightsAnswered {
        /// How.
        answer: Answer,
        /// Why, for the person.
        reason: String,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// How.
    pub answer: Answer,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by_name: String,
    /// When.
    pub at: Moment,
}

/// 个人信息请求.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// What was asked; `None` before.
    pub asked: Option<Asked>,
    /// When.
    pub at: Moment,
    /// The answer.
    pub given: Option<Given>,
}

impl Aggregate for Rights {
    const KIND: &'static str = "rights";
    type Event = RightsEvent;

    fn apply(&mut self, event: &RightsEvent, meta: &Meta) {
        match event {
            RightsEvent::RightsAsked(asked) => {
                self.asked = Some((**asked).clone());
                self.at = meta.at;
            }
            RightsEvent::RightsAnswered { answer, reason, by_name, .. } => {
                let (answer, reason, by_name) = (*answer, reason.clone(), by_name.clone());
                self.given = Some(Given { answer, reason, by_name, at: meta.at });
            }
        }
    }
}

/// Asks. `value` is the new value of a correction. Gives the event and what is sealed beside it.
pub fn ask(asked: Asked, why: &str, value: &str) -> Result<(RightsEvent, Vec<(String, String)>), Refusal> {
    let article = asked.wish.article();
    let why = words("words", why, "理由和要求", MOST_WORDS).map_err(|refusal| refusal.article(article))?;
    let mut sealed = vec![(WORDS.to_owned(), why)];
    if asked.wish == Wish::Correct {
        let value = words("value", value, "正确的内容", 100).map_err(|refusal| refusal.article(article))?;
        sealed.push((VALUE.to_owned(), value));
    }
    Ok((RightsEvent::RightsAsked(Box::new(asked)), sealed))
}

/// Answers, once. What belongs to a project in force is needed for it: it can be locked or corrected, not deleted.
pub fn answer(
    rights: &Rights,
    project_in_force: bool,
    answer: Answer,
    reason: &str,
    (by, by_name): (&AccountId, &str),
) -> Result<Vec<RightsEvent>, Refusal> {
    let Some(asked) = &rights.asked else {
        return Err(Refusal::new("rights.not_there", "没有这个请求。"));
    };
    if rights.given.is_some() {
        return Err(Refusal::new("rights.answered", "该请求已经答复。请刷新页面查看最新状态。"));
    }
    match (asked.wish, answer) {
        (Wish::Correct, Answer::Locked) => {
            let message = "更正请求不能以锁定答复，请选择已办理或者不予办理。";
            return Err(Refusal::field("answer", "rights.locked", message).article(asked.wish.article()));
        }
        (Wish::Delete, Answer::Done) if project_in_force => {
            let message = "项目仍在办理，履行法定职责需要这项信息，不能删除。可以锁定，或者不予办理并说明理由。";
            return Err(Refusal::field("answer", "rights.in_force", message).article("个人信息保护法第四十七条第二款"));
        }
        _ => {}
    }
    let reason = words("reason", reason, "答复的理由", MOST_WORDS).map_err(|r| r.article("个人信息保护法第五十条"))?;
    Ok(vec![RightsEvent::RightsAnswered { answer, reason, by: by.clone(), by_name: by_name.to_owned() }])
}
