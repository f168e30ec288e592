//! 封存: content that carries a marking is sealed, never shown, and decided about by security administrators (K-04, K-08, K-09).
//!
//! What is known of it is where it came from, how large it is, its digest and the rule that found it; never a word of it, nor its
//! name. One person may report it, release a false alarm, or propose its purge with the order of the secrecy office; another one
//! confirms the purge; then the platform destroys key and content and says so.

use crate::{
    Aggregate, Meta, Moment, Refusal,
    ids::{AccountId, AttachmentId, HoldId, ProjectId, UnitId},
    refusal::words,
};
use serde::{Deserialize, Serialize};

/// What all refusals rest on.
const ARTICLE: &str = "办法第三条";

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A file of a unit, or one an organ added to something of its own.
    File(AttachmentId),
    /// A sample file of a guide.
    Sample(AttachmentId),
}

impl What {
    /// Chinese name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "上传的材料",
            Self::Sample(_) => "样表文件",
        }
    }

    /// The object in the store.
    pub fn file(&self) -> &AttachmentId {
        match self {
            Self::File(file) | Self::Sample(file) => file,
        }
    }
}

/// Everything that may be recorded of sealed content (K-08).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its id.
    pub id: HoldId,
    /// What it is.
    pub what: What,
    /// A mark (K-03), or only a trace of one (K-04).
    pub blocked: bool,
    /// The rule that found it.
    pub rule: String,
    /// SM3 of the content.
    pub sm3: String,
    /// Bytes.
    pub size: i64,
    /// Type of the file.
    pub file_type: String,
    /// Whose it is, where it is a unit's.
    pub unit: Option<UnitId>,
    /// The project it was meant for.
    pub project: Option<ProjectId>,
    /// The material it was meant for.
    pub material: String,
    /// Who handed it in.
    pub by: AccountId,
    /// From where: the address.
    pub source: String,
    /// The scanner found it clean; a released file then may be used at once.
    pub clean: bool,
    /// Found only after it was taken in, by reading a scan (K-06): its uploader must be told.
    #[serde(default)]
    pub later: bool,
}

/// A purge that waits for another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeProposal {
    /// Who proposed.
    pub by: AccountId,
    /// The name on that day.
    pub by_name: String,
    /// 保密行政管理部门 that ordered it.
    pub office: String,
    /// Number of its order.
    pub order: String,
    /// When.
    pub at: Moment,
}

/// A report to the secrecy office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// To which office.
    pub office: String,
    /// How and with which number.
    pub note: String,
    /// When it was entered.
    pub at: Moment,
    /// Who entered it.
    pub by_name: String,
}

/// Facts about sealed content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum HoldEvent {
    /// 封存.
    ContentHeld(Box<Content>),
    /// 已报告.
    HoldReported {
        /// To which office.
        office: String,
        /// How and with which number.
        note: String,
        /// Who entered it.
        by_name: String,
    },
    /// 解除封存: a false alarm.
    HoldReleased {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// Why.
        reason: String,
    },
    /// 提出销毁.
    PurgeProposed {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// The secrecy office.
        office: String,
        /// Number of its order.
        order: String,
    },
    /// 不同意销毁, or the proposal taken back.
    PurgeRejected {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// Why.
        reason: String,
    },
    /// 确认销毁, by another person.
    PurgeConfirmed {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
    /// 已销毁: data key and content are gone.
    ContentPurged {
        /// Number of the order.
        order: String,
        /// SM3 of the wrapped key that was destroyed, so that a copy of it could be recognised.
        key_digest: String,
    },
}

/// Where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 待处理.
    #[default]
    Open,
    /// 待确认销毁.
    Proposed,
    /// 销毁中.
    Confirmed,
    /// 已销毁.
    Purged,
    /// 已解除.
    Released,
}

impl State {
    /// Every state, in the order of a list's tabs.
    pub const ALL: [Self; 5] = [Self::Open, Self::Proposed, Self::Confirmed, Self::Purged, Self::Released];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "待处理",
            Self::Proposed => "待确认销毁",
            Self::Confirmed => "销毁中",
            Self::Purged => "已销毁",
            Self::Released => "已解除",
        }
    }

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Confirmed => "confirmed",
            Self::Purged => "purged",
            Self::Released => "released",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }

    /// Whether somebody still has to do something.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Proposed)
    }
}

/// 封存件.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What was sealed; `None` before.
    pub content: Option<Content>,
    /// When.
    pub at: Moment,
    /// Where it stands.
    pub state: State,
    /// The report.
    pub report: Option<Report>,
    /// The purge that is proposed or was carried out.
    pub purge: Option<PurgeProposal>,
    /// Who confirmed the purge, and when.
    pub confirmed: Option<(String, Moment)>,
    /// What was destroyed, and when.
    pub purged: Option<(String, Moment)>,
    /// Who released it, why and when.
    pub released: Option<(String, String, Moment)>,
    /// Why the last proposal was not followed, and by whom.
    pub rejected: Option<(String, String)>,
}

impl Aggregate for Hold {
    const KIND: &'static str = "hold";
    type Event = HoldEvent;

    fn is_platform_act(event: &HoldEvent) -> bool {
        matches!(event, HoldEvent::ContentPurged { .. })
    }

    fn apply(&mut self, event: &HoldEvent, meta: &Meta) {
        match event {
            HoldEvent::ContentHeld(content) => {
                self.content = Some((**content).clone());
                self.at = meta.at;
            }
            HoldEvent::HoldReported { office, note, by_name } => {
                let (office, note, by_name) = (office.clone(), note.clone(), by_name.clone());
                self.report = Some(Report { office, note, at: meta.at, by_name });
            }
            HoldEvent::HoldReleased { by_name, reason, .. } => {
                self.state = State::Released;
                self.released = Some((by_name.clone(), reason.clone(), meta.at));
            }
            HoldEvent::PurgeProposed { by, by_name, office, order } => {
                self.state = State::Proposed;
                let (by, by_name) = (by.clone(), by_name.clone());
                self.purge =
                    Some(PurgeProposal { by, by_name, office: office.clone(), order: order.clone(), at: meta.at });
            }
            HoldEvent::PurgeRejected { by_name, reason, .. } => {
                self.state = State::Open;
                self.purge = None;
                self.rejected = Some((by_name.clone(), reason.clone()));
            }
            HoldEvent::PurgeConfirmed { by_name, .. } => {
                self.state = State::Confirmed;
                self.confirmed = Some((by_name.clone(), meta.at));
            }
            HoldEvent::ContentPurged { key_digest, .. } => {
                self.state = State::Purged;
                self.purged = Some((key_digest.clone(), meta.at));
            }
        }
    }
}

/// An officer: account and name.
pub type Who<'a> = (&'a AccountId, &'a str);

fn refuse(code: &'static str, message: &'static str) -> Refusal {
    Refusal::new(code, message).article(ARTICLE)
}

/// Seals content; once.
pub fn hold(hold: &Hold, content: Content) -> Result<Vec<HoldEvent>, Refusal> {
    if hold.content.is_some() {
        return Err(refuse("hold.twice", "这份内容已经封存。"));
    }
    Ok(vec![HoldEvent::ContentHeld(Box::new(content))])
}

/// Enters the report to the secrecy office.
pub fn report(hold: &Hold, by: Who<'_>, office: &str, note: &str) -> Result<Vec<HoldEvent>, Refusal> {
    if hold.report.is_some() {
        return Err(refuse("hold.reported", "已经登记过报告，不能重复登记。"));
    }
    if hold.state == State::Released {
        return Err(refuse("hold.over", "封存已经解除，不需要报告。"));
    }
    let office = words("office", office, "保密行政管理部门", 100)?;
    let note = words("note", note, "报告方式和文号", 200)?;
    Ok(vec![HoldEvent::HoldReported { office, note, by_name: by.1.to_owned() }])
}

fn open(hold: &Hold) -> Result<(), Refusal> {
    match hold.state {
        State::Open => Ok(()),
        State::Proposed => {
            Err(refuse("hold.proposed", "已有一项待确认的销毁申请，请先由另一位安全管理员确认或者退回。"))
        }
        State::Confirmed | State::Purged | State::Released => Err(refuse("hold.over", "这份内容已经处理完毕。")),
    }
}

/// A false alarm: the content goes back to whoever handed it in.
pub fn release(hold: &Hold, by: Who<'_>, reason: &str) -> Result<Vec<HoldEvent>, Refusal> {
    open(hold)?;
    let reason = words("reason", reason, "解除封存的理由", 200)?;
    Ok(vec![HoldEvent::HoldReleased { by: by.0.clone(), by_name: by.1.to_owned(), reason }])
}

/// The first of two persons: the order of the secrecy office in hand.
pub fn propose_purge(hold: &Hold, by: Who<'_>, office: &str, order: &str) -> Result<Vec<HoldEvent>, Refusal> {
    open(hold)?;
    let office = words("office", office, "保密行政管理部门", 100)?;
    let order = words("order", order, "销毁通知的文号", 100)?;
    Ok(vec![HoldEvent::PurgeProposed { by: by.0.clone(), by_name: by.1.to_owned(), office, order }])
}

fn proposal(hold: &Hold) -> Result<&PurgeProposal, Refusal> {
    let waiting = hold.purge.as_ref().filter(|_| hold.state == State::Proposed);
    waiting.ok_or_else(|| refuse("hold.no_proposal", "没有待确认的销毁申请，请刷新页面查看最新状态。"))
}

/// The second person, who must be another one, and who reads the order's number from the paper.
pub fn confirm_purge(hold: &Hold, by: Who<'_>, order: &str) -> Result<Vec<HoldEvent>, Refusal> {
    let proposal = proposal(hold)?;
    if proposal.by == *by.0 {
        return Err(refuse("hold.four_eyes", "提出销毁的人不能自己确认，请另一位安全管理员核对通知后确认。"));
    }
    if proposal.order != words("order", order, "销毁通知的文号", 100)? {
        let message = "文号与提出销毁时填写的不一致，请对照通知原件核对；确有错误的，退回后重新提出。";
        return Err(Refusal::field("order", "hold.order", message).article(ARTICLE));
    }
    Ok(vec![HoldEvent::PurgeConfirmed { by: by.0.clone(), by_name: by.1.to_owned() }])
}

/// Either person says no; the content stays sealed.
pub fn reject_purge(hold: &Hold, by: Who<'_>, reason: &str) -> Result<Vec<HoldEvent>, Refusal> {
    proposal(hold)?;
    let reason = words("reason", reason, "退回的理由", 200)?;
    Ok(vec![HoldEvent::PurgeRejected { by: by.0.clone(), by_name: by.1.to_owned(), reason }])
}

/// The platform destroyed key and content.
pub fn purged(hold: &Hold, key_digest: String) -> Result<Vec<HoldEvent>, Refusal> {
    match (&hold.purge, hold.state) {
        (Some(proposal), State::Confirmed) => {
            Ok(vec![HoldEvent::ContentPurged { order: proposal.order.clone(), key_digest }])
        }
        _ => Err(refuse("hold.not_confirmed", "销毁尚未经过两人确认。")),
    }
}

/// Until when it must be reported; `None` once it was, or is not due any more.
pub fn report_by(hold: &Hold, hours: i64) -> Option<Moment> {
    let due = hold.report.is_none() && hold.state != State::Released && hold.content.is_some();
    due.then_some(Moment(hold.at.0 + hours * 3_600_000))
}

#[cfg(test)]
mod tests;
