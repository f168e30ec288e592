//! 监察卡: opened by a hit, answered by the department, closed by the supervisor or handed up.

use super::{Hit, Rule, Severity, words};
use crate::{
    Aggregate, Meta, Moment, Refusal,
    calendar::Calendar,
    case::{Application, File},
    department::Agency,
    ids::{AttachmentId, CaseId, ProjectId, SupervisionCardId},
    region::{RegionCode, Regions},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a card stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// 待答复: the department owes an answer.
    #[default]
    Open,
    /// 待核查: the supervisor owes a finding.
    Answered,
    /// 已销号.
    Closed,
}

impl CardState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Closed];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "待部门答复",
            Self::Answered => "待监察核查",
            Self::Closed => "已销号",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }
}

/// What the supervisor found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// 属实: counts against the department.
    Upheld,
    /// 不属实: explained.
    Explained,
    /// 自动销号: the step it warned of was done, or a red card took its place; the platform closes it.
    Lapsed,
}

impl Finding {
    /// What a supervisor can find.
    pub const BY_SUPERVISOR: [Self; 2] = [Self::Upheld, Self::Explained];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upheld => "属实，计入考核",
            Self::Explained => "情况已说明，不计入考核",
            Self::Lapsed => "自动销号",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Explained => "explained",
            Self::Lapsed => "lapsed",
        }
    }

    /// Reads the machine name of what a supervisor can find.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::BY_SUPERVISOR.into_iter().find(|f| f.slug() == slug)
    }
}

/// What is fixed when a card is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id: follows from rule and occurrence, so that one hit opens one card.
    pub id: SupervisionCardId,
    /// Code of the rule.
    pub rule: String,
    /// Its name on that day.
    pub name: String,
    /// The article.
    pub article: String,
    /// Colour.
    pub severity: Severity,
    /// What makes the hit one of a kind.
    pub occurrence: String,
    /// The hit in one sentence.
    pub sentence: String,
    /// The facts it rests on.
    pub facts: Vec<(String, String)>,
    /// The case.
    pub case: CaseId,
    /// Its project.
    pub project: ProjectId,
    /// Name of the project.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Name of the item.
    pub item_name: String,
    /// The organ that answers.
    pub agency: Agency,
    /// Its full name.
    pub agency_name: String,
    /// Last day for the answer.
    pub reply_by: Date,
}

/// Facts about a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum CardEvent {
    /// A rule hit.
    CardOpened(Box<Opened>),
    /// The department explained itself.
    CardAnswered {
        /// Words.
        text: String,
        /// Files, if any.
        files: Vec<File>,
    },
    /// Handed up to the supervisor of a superior region.
    CardEscalated {
        /// That region.
        to: RegionCode,
        /// Why.
        reason: String,
    },
    /// 销号.
    CardClosed {
        /// What was found.
        finding: Finding,
        /// The supervisor's opinion.
        opinion: String,
    },
}

/// 监察卡, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is about; `None` before `CardOpened`.
    pub opened: Option<Box<Opened>>,
    /// When it was opened.
    pub opened_at: Moment,
    /// Where it stands.
    pub state: CardState,
    /// Region whose supervisor has to close it.
    pub held_by: Option<RegionCode>,
    /// Times it was handed up.
    pub escalations: u32,
    /// Last answer.
    pub answered_at: Option<Moment>,
    /// Files of all answers.
    pub files: Vec<AttachmentId>,
    /// When it was closed, and what was found.
    pub closed: Option<(Moment, Finding)>,
}

impl Aggregate for Card {
    const KIND: &'static str = "supervision";
    type Event = CardEvent;

    fn is_platform_act(event: &CardEvent) -> bool {
        matches!(event, CardEvent::CardOpened(_) | CardEvent::CardClosed { finding: Finding::Lapsed, .. })
    }

    fn apply(&mut self, event: &CardEvent, meta: &Meta) {
        match event {
            CardEvent::CardOpened(opened) => {
                self.held_by = Some(opened.agency.region);
                self.opened = Some(opened.clone());
                self.opened_at = meta.at;
            }
            CardEvent::CardAnswered { files, .. } => {
                self.files.extend(files.iter().map(|file| file.id.clone()));
                self.state = CardState::Answered;
                self.answered_at = Some(meta.at);
            }
            CardEvent::CardEscalated { to, .. } => {
                self.held_by = Some(*to);
                self.escalations += 1;
            }
            CardEvent::CardClosed { finding, .. } => {
                self.state = CardState::Closed;
                self.closed = Some((meta.at, *finding));
            }
        }
    }
}

/// The id of the card that a hit of a rule opens.
fn id_of(rule: &str, occurrence: &str) -> SupervisionCardId {
    use sm3::{Digest, Sm3};
    let digest = Sm3::digest(format!("{rule}\n{occurrence}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    SupervisionCardId::from_random(bytes)
}

/// The card of a hit: assigned to the organ that handles the case, to be answered within the rule's working days.
pub fn open(rule: &Rule, hit: Hit, about: &Application, today: Date, calendar: &Calendar) -> Opened {
    Opened {
        id: id_of(&rule.code, &hit.occurrence),
        rule: rule.code.clone(),
        name: rule.name.clone(),
        article: rule.article.clone(),
        severity: rule.severity,
        occurrence: hit.occurrence,
        sentence: hit.sentence,
        facts: hit.facts,
        case: about.id.clone(),
        project: about.project.clone(),
        project_name: about.project_name.clone(),
        project_code: about.code.clone(),
        item_name: about.item_name.clone(),
        agency: about.agency.clone(),
        agency_name: about.agency_name.clone(),
        reply_by: calendar.add_working_days(today, rule.reply_days.max(1)),
    }
}

fn running(card: &Card) -> Result<&Opened, Refusal> {
    match &card.opened {
        Some(opened) if card.state != CardState::Closed => Ok(opened),
        Some(_) => {
            Err(Refusal::new("card.closed", "监察卡已经销号，不能再办理。请刷新页面查看结果。").article("办法第十七条"))
        }
        None => Err(Refusal::new("card.not_there", "没有这张监察卡。")),
    }
}

/// The department explains itself; it may add to its answer until the card is closed.
pub fn answer(card: &Card, text: &str, files: Vec<File>) -> Result<Vec<CardEvent>, Refusal> {
    running(card)?;
    Ok(vec![CardEvent::CardAnswered { text: words("text", text, "情况说明", 2000)?, files }])
}

/// 销号 by the supervisor. Upholding needs an answer first, or that the time for one has passed: the other side is heard.
pub fn close(card: &Card, finding: Finding, opinion: &str, today: Date) -> Result<Vec<CardEvent>, Refusal> {
    let opened = running(card)?;
    let opinion = words("opinion", opinion, "核查意见", 2000)?;
    if finding == Finding::Upheld && card.state == CardState::Open && today <= opened.reply_by {
        let message = format!("部门的答复期限到 {}，期限内应当先听取部门说明，再认定属实。", opened.reply_by);
        return Err(Refusal::field("finding", "card.unheard", message).article("办法第十七条"));
    }
    Ok(vec![CardEvent::CardClosed { finding, opinion }])
}

/// The platform closes a card whose warning came in time; nothing when it is closed already.
pub fn lapse(card: &Card, what: &str) -> Vec<CardEvent> {
    match running(card) {
        Ok(_) => vec![CardEvent::CardClosed { finding: Finding::Lapsed, opinion: what.to_owned() }],
        Err(_) => Vec::new(),
    }
}

/// Handed up by the supervisor of a region to the supervisor of the region above.
pub fn escalate(card: &Card, from: RegionCode, reason: &str, regions: &Regions) -> Result<Vec<CardEvent>, Refusal> {
    running(card)?;
    let reason = words("reason", reason, "上报理由", 1000)?;
    match regions.ancestors(from).first() {
        Some(above) => Ok(vec![CardEvent::CardEscalated { to: above.code, reason }]),
        None => {
            Err(Refusal::new("card.highest", "本卡由自治区监察岗办理，没有上级监察岗可以上报。")
                .article("办法第十七条"))
        }
    }
}
