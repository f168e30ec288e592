//! 数据导出: many rows leave the platform only for a reason, within a quota, above a threshold with a second person, and marked
//! (A-21, S-34).
//!
//! Every export is a stream of its own. Its id is the watermark: it stands in the file, in the file's name, in the address of each
//! request about it and so in the security audit.

use crate::{
    Aggregate, Meta, Moment, Refusal,
    ids::{AccountId, ExportId},
    refusal::words,
    region::RegionCode,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What all refusals rest on.
const ARTICLE: &str = "个人信息保护法第五十一条";
/// Longest reason, in characters.
const REASON: usize = 200;
/// Shortest reason, in characters.
const SHORTEST: usize = 4;

/// What is exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Cases the person's posts reach.
    #[default]
    Cases,
    /// Projects of the person's territory.
    Projects,
    /// Records of the security audit.
    Audit,
}

impl What {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Cases, Self::Projects, Self::Audit];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cases => "办件清单",
            Self::Projects => "项目清单",
            Self::Audit => "安全审计记录",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Projects => "projects",
            Self::Audit => "audit",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.slug() == slug)
    }
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its id: the watermark.
    pub id: ExportId,
    /// What.
    pub what: What,
    /// Which of them: the filter as it stood in the address.
    pub terms: BTreeMap<String, String>,
    /// Rows there were when it was asked for; never more leave.
    pub rows: u64,
    /// Nothing that came after this leaves: a moment, or a number of the audit.
    pub bound: i64,
    /// What for.
    pub reason: String,
    /// Who.
    pub by: AccountId,
    /// The name on that day.
    pub by_name: String,
    /// For which department.
    pub department: String,
    /// In which region.
    pub region: RegionCode,
    /// Another person has to confirm it.
    pub second_person: bool,
}

/// Facts about an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum ExportEvent {
    /// 申请导出.
    ExportAsked(Box<Asked>),
    /// 确认导出, by another person.
    ExportConfirmed {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
    /// 不同意导出.
    ExportRejected {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// Why.
        reason: String,
    },
    /// 撤回申请.
    ExportWithdrawn {
        /// Who.
        by: AccountId,
    },
    /// 已下载.
    ExportTaken {
        /// Rows in the file.
        rows: u64,
        /// SM3 of the file.
        sm3: String,
    },
}

/// Where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 待确认.
    #[default]
    Waiting,
    /// 可下载.
    Ready,
    /// 已下载.
    Taken,
    /// 未同意.
    Rejected,
    /// 已撤回.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Ready, Self::Taken, Self::Rejected, Self::Withdrawn];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "待确认",
            Self::Ready => "可下载",
            Self::Taken => "已下载",
            Self::Rejected => "未同意",
            Self::Withdrawn => "已撤回",
        }
    }

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Taken => "taken",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }
}

/// 导出.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// What was asked for; `None` before.
    pub asked: Option<Box<Asked>>,
    /// When.
    pub at: Moment,
    /// Where it stands.
    pub state: State,
    /// Since when it may be downloaded.
    pub ready_at: Moment,
    /// Who confirmed or refused it, and when.
    pub decided: Option<(String, Moment)>,
    /// Why it was refused.
    pub rejected: String,
    /// When it was downloaded, how many rows, SM3 of the file.
    pub taken: Option<(Moment, u64, String)>,
}

impl Aggregate for Export {
    const KIND: &'static str = "export";
    type Event = ExportEvent;

    fn apply(&mut self, event: &ExportEvent, meta: &Meta) {
        match event {
            ExportEvent::ExportAsked(asked) => {
                self.at = meta.at;
                self.ready_at = meta.at;
                self.state = if asked.second_person { State::Waiting } else { State::Ready };
                self.asked = Some(asked.clone());
            }
            ExportEvent::ExportConfirmed { by_name, .. } => {
                self.state = State::Ready;
                self.ready_at = meta.at;
                self.decided = Some((by_name.clone(), meta.at));
            }
            ExportEvent::ExportRejected { by_name, reason, .. } => {
                self.state = State::Rejected;
                self.decided = Some((by_name.clone(), meta.at));
                self.rejected.clone_from(reason);
            }
            ExportEvent::ExportWithdrawn { .. } => self.state = State::Withdrawn,
            ExportEvent::ExportTaken { rows, sm3 } => {
                self.state = State::Taken;
                self.taken = Some((meta.at, *rows, sm3.clone()));
            }
        }
    }
}

/// An officer: account and name.
pub type Who<'a> = (&'a AccountId, &'a str);

fn refuse(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(code, message).article(ARTICLE)
}

/// What for: asked of everybody, also for a few rows.
pub fn reason(text: &str) -> Result<String, Refusal> {
    let text = words("reason", text, "导出的用途", REASON)?;
    if text.chars().count() < SHORTEST || text.chars().any(char::is_control) {
        let message = format!("请写明导出的用途（{SHORTEST} 至 {REASON} 个字），例如：月度办件情况通报。");
        return Err(Refusal::field("reason", "export.reason", message).article(ARTICLE));
    }
    Ok(text)
}

/// Whether so many rows may leave today, when so many have left already.
pub fn within_quota(used: u64, rows: u64, quota: u64) -> Result<(), Refusal> {
    if used.saturating_add(rows) <= quota {
        return Ok(());
    }
    let message = format!(
        "您今天已导出 {used} 行，本次 {rows} 行，超过每人每天 {quota} 行的上限。请缩小范围后再导出，或者明天再导出；\
         确需当天使用的，请本部门另一位同志办理，并告知安全管理员。"
    );
    Err(refuse("export.quota", message))
}

/// Begins one.
pub fn ask(export: &Export, asked: Asked) -> Result<Vec<ExportEvent>, Refusal> {
    if export.asked.is_some() {
        return Err(refuse("export.twice", "这项导出已经申请过，请在“数据导出”中查看。"));
    }
    if asked.rows == 0 {
        return Err(refuse("export.nothing", "没有符合条件的数据，请放宽条件后再导出。"));
    }
    Ok(vec![ExportEvent::ExportAsked(Box::new(asked))])
}

fn waiting(export: &Export) -> Result<&Asked, Refusal> {
    match &export.asked {
        Some(asked) if export.state == State::Waiting => Ok(asked),
        _ => Err(refuse("export.over", format!("这项导出现在是“{}”，不能再处理。", export.state.name()))),
    }
}

/// The second person, who must be another one.
pub fn confirm(export: &Export, by: Who<'_>) -> Result<Vec<ExportEvent>, Refusal> {
    if waiting(export)?.by == *by.0 {
        return Err(refuse("export.four_eyes", "申请导出的人不能自己确认，请另一位有权限的同志核对用途后确认。"));
    }
    Ok(vec![ExportEvent::ExportConfirmed { by: by.0.clone(), by_name: by.1.to_owned() }])
}

/// The second person says no.
pub fn reject(export: &Export, by: Who<'_>, why: &str) -> Result<Vec<ExportEvent>, Refusal> {
    if waiting(export)?.by == *by.0 {
        return Err(refuse("export.four_eyes", "这是您自己的申请，不需要的，请撤回。"));
    }
    let reason = words("why", why, "不同意的理由", REASON)?;
    Ok(vec![ExportEvent::ExportRejected { by: by.0.clone(), by_name: by.1.to_owned(), reason }])
}

/// Whoever asked takes it back.
pub fn withdraw(export: &Export, by: Who<'_>) -> Result<Vec<ExportEvent>, Refusal> {
    let open = matches!(export.state, State::Waiting | State::Ready);
    if export.asked.is_none() || !open {
        return Err(refuse("export.over", format!("这项导出现在是“{}”，不能再处理。", export.state.name())));
    }
    Ok(vec![ExportEvent::ExportWithdrawn { by: by.0.clone() }])
}

/// Until when it may be downloaded.
pub fn ready_until(export: &Export, hours: i64) -> Moment {
    Moment(export.ready_at.0 + hours * 3_600_000)
}

/// Whether whoever asked may download it now: once, and within the hours.
pub fn may_take<'a>(export: &'a Export, by: &AccountId, now: Moment, hours: i64) -> Result<&'a Asked, Refusal> {
    let Some(asked) = export.asked.as_ref().filter(|asked| asked.by == *by) else {
        return Err(refuse("export.foreign", "只有申请导出的人本人可以下载。"));
    };
    match export.state {
        State::Ready if now > ready_until(export, hours) => {
            Err(refuse("export.late", format!("下载期限（{hours} 小时）已过，请重新申请。")))
        }
        State::Ready => Ok(asked),
        State::Taken => Err(refuse("export.taken", "这份文件已经下载过，每项导出只能下载一次。需要的，请重新申请。")),
        State::Waiting => Err(refuse("export.waiting", "这项导出还在等待另一位同志确认。")),
        State::Rejected | State::Withdrawn => {
            Err(refuse("export.over", format!("这项导出现在是“{}”，不能下载。", export.state.name())))
        }
    }
}

/// It was downloaded.
pub fn take(rows: u64, sm3: String) -> Vec<ExportEvent> {
    vec![ExportEvent::ExportTaken { rows, sm3 }]
}

#[cfg(test)]
mod tests;
