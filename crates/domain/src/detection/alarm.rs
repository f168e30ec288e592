//! 安全告警: raised by a rule, acknowledged by the security administrator, closed with a finding, or turned into an incident
//! whose report is due within hours.

use super::{Hit, Rule, Severity, Subject, words};
use crate::{Aggregate, Meta, Moment, Refusal, ids::AlarmId};
use serde::{Deserialize, Serialize};

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// 待确认: nobody has seen it yet.
    #[default]
    Open,
    /// 处置中: somebody looks into it.
    Acknowledged,
    /// 安全事件: it was real, a report is due.
    Incident,
    /// 已办结.
    Closed,
}

impl AlarmState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Acknowledged, Self::Incident, Self::Closed];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "待确认",
            Self::Acknowledged => "处置中",
            Self::Incident => "安全事件",
            Self::Closed => "已办结",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Incident => "incident",
            Self::Closed => "closed",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }
}

/// What was found about an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmFinding {
    /// 误报: it was everyday work.
    Harmless,
    /// 已处置: it was real and has been dealt with.
    Handled,
}

impl AlarmFinding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Harmless, Self::Handled];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Harmless => "误报，属于正常工作",
            Self::Handled => "属实，已经处置",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::Handled => "handled",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.slug() == slug)
    }
}

/// What is fixed when an alarm is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Its id.
    pub id: AlarmId,
    /// Its number, from 1 without gaps: a missing alarm is noticed.
    pub number: i64,
    /// Code of the rule.
    pub rule: String,
    /// Its name on that day.
    pub name: String,
    /// How grave.
    pub severity: Severity,
    /// What the records have in common.
    pub subject: Subject,
    /// Its value.
    pub about: String,
    /// Records, or different values where the rule counts these.
    pub count: u32,
    /// The first record.
    pub first: Moment,
    /// The last record.
    pub last: Moment,
    /// Numbers of the records, at most [`Raised::RECORDS`].
    pub records: Vec<i64>,
}

impl Raised {
    /// Record numbers an alarm names.
    pub const RECORDS: usize = 20;

    /// The alarm of a hit.
    pub fn new(id: AlarmId, number: i64, rule: &Rule, about: &str, mut hit: Hit) -> Self {
        hit.records.truncate(Self::RECORDS);
        Self {
            id,
            number,
            rule: rule.code.clone(),
            name: rule.name.clone(),
            severity: rule.severity,
            subject: rule.subject,
            about: about.to_owned(),
            count: hit.count,
            first: hit.first,
            last: hit.last,
            records: hit.records,
        }
    }
}

/// 网络安全事件: what an alarm turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What happened.
    pub what: String,
    /// When it was found to be one.
    pub at: Moment,
    /// By when it has to be reported (L-09).
    pub report_by: Moment,
    /// When, to whom and under which number it was.
    pub reported: Option<(Moment, String, String)>,
}

/// Facts about an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum AlarmEvent {
    /// A rule was hit.
    AlarmRaised(Box<Raised>),
    /// The same again, while nobody has closed it.
    AlarmRepeated {
        /// Records since.
        count: u32,
        /// The last of them.
        last: Moment,
    },
    /// Somebody looks into it.
    AlarmAcknowledged,
    /// It was real and is to be reported.
    IncidentOpened {
        /// What happened.
        what: String,
        /// By when it has to be reported.
        report_by: Moment,
    },
    /// It was reported.
    IncidentReported {
        /// To whom.
        to: String,
        /// Number or name of the report.
        number: String,
    },
    /// 办结.
    AlarmClosed {
        /// What was found.
        finding: AlarmFinding,
        /// What was done.
        measures: String,
    },
}

/// 安全告警, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is about; `None` before `AlarmRaised`.
    pub raised: Option<Box<Raised>>,
    /// When it was raised.
    pub raised_at: Moment,
    /// Where it stands.
    pub state: AlarmState,
    /// Records in all.
    pub count: u32,
    /// The last record.
    pub last: Moment,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Moment>,
    /// What it turned out to be.
    pub incident: Option<Incident>,
    /// When it was closed, and with what finding.
    pub closed: Option<(Moment, AlarmFinding)>,
}

impl Aggregate for Alarm {
    const KIND: &'static str = "alarm";
    type Event = AlarmEvent;

    fn is_platform_act(event: &AlarmEvent) -> bool {
        matches!(event, AlarmEvent::AlarmRaised(_) | AlarmEvent::AlarmRepeated { .. })
    }

    fn apply(&mut self, event: &AlarmEvent, meta: &Meta) {
        match event {
            AlarmEvent::AlarmRaised(raised) => {
                (self.count, self.last) = (raised.count, raised.last);
                self.raised = Some(raised.clone());
                self.raised_at = meta.at;
            }
            AlarmEvent::AlarmRepeated { count, last } => {
                self.count = self.count.saturating_add(*count);
                self.last = *last;
            }
            AlarmEvent::AlarmAcknowledged => {
                self.state = AlarmState::Acknowledged;
                self.acknowledged_at = Some(meta.at);
            }
            AlarmEvent::IncidentOpened { what, report_by } => {
                self.state = AlarmState::Incident;
                self.incident =
                    Some(Incident { what: what.clone(), at: meta.at, report_by: *report_by, reported: None });
            }
            AlarmEvent::IncidentReported { to, number } => {
                if let Some(incident) = &mut self.incident {
                    incident.reported = Some((meta.at, to.clone(), number.clone()));
                }
            }
            AlarmEvent::AlarmClosed { finding, .. } => {
                self.state = AlarmState::Closed;
                self.closed = Some((meta.at, *finding));
            }
        }
    }
}

fn running(alarm: &Alarm) -> Result<&Raised, Refusal> {
    match &alarm.raised {
        Some(raised) if alarm.state != AlarmState::Closed => Ok(raised),
        Some(_) => Err(Refusal::new("alarm.closed", "这条告警已经办结，不能再办理。请刷新页面查看结果。")),
        None => Err(Refusal::new("alarm.not_there", "没有这条告警。")),
    }
}

/// The same again. Noted at most once in a window, so that a long attack fills no ledger.
pub fn repeat(alarm: &Alarm, rule: &Rule, hit: &Hit) -> Vec<AlarmEvent> {
    let due = running(alarm).is_ok() && hit.last.0 - alarm.last.0 >= rule.window();
    if due { vec![AlarmEvent::AlarmRepeated { count: hit.count, last: hit.last }] } else { vec![] }
}

/// 确认: from now on somebody looks into it.
pub fn acknowledge(alarm: &Alarm) -> Result<Vec<AlarmEvent>, Refusal> {
    running(alarm)?;
    match alarm.state {
        AlarmState::Open => Ok(vec![AlarmEvent::AlarmAcknowledged]),
        _ => Err(Refusal::new("alarm.acknowledged", "这条告警已经有人确认，请刷新页面查看。")),
    }
}

/// It was real: a report is due within `hours` from now (L-09).
pub fn open_incident(alarm: &Alarm, what: &str, now: Moment, hours: u32) -> Result<Vec<AlarmEvent>, Refusal> {
    running(alarm)?;
    match alarm.state {
        AlarmState::Open => Err(Refusal::new("alarm.unseen", "请先确认这条告警，查明情况后再认定为安全事件。")),
        AlarmState::Incident => Err(Refusal::new("alarm.incident", "这条告警已经认定为安全事件，请刷新页面查看。")),
        _ => Ok(vec![AlarmEvent::IncidentOpened {
            what: words("what", what, "事件经过", 2000)?,
            report_by: Moment(now.0 + i64::from(hours) * 3_600_000),
        }]),
    }
}

/// The report was made.
pub fn report_incident(alarm: &Alarm, to: &str, number: &str) -> Result<Vec<AlarmEvent>, Refusal> {
    running(alarm)?;
    match &alarm.incident {
        None => Err(Refusal::new("alarm.no_incident", "这条告警没有认定为安全事件，不需要报告。")),
        Some(incident) if incident.reported.is_some() => {
            Err(Refusal::new("alarm.reported", "这起事件已经登记过报告，请刷新页面查看。"))
        }
        Some(_) => Ok(vec![AlarmEvent::IncidentReported {
            to: words("to", to, "报告对象", 100)?,
            number: words("number", number, "报告编号", 100)?,
        }]),
    }
}

/// 办结. An incident is closed after its report; nothing is closed unseen.
pub fn close(alarm: &Alarm, finding: AlarmFinding, measures: &str) -> Result<Vec<AlarmEvent>, Refusal> {
    running(alarm)?;
    let measures = words("measures", measures, "处置情况", 2000)?;
    if alarm.state == AlarmState::Open {
        return Err(Refusal::new("alarm.unseen", "请先确认这条告警，查明情况后再办结。"));
    }
    if let Some(incident) = &alarm.incident {
        if incident.reported.is_none() {
            let message = "认定为安全事件的，先登记向主管部门的报告，再办结。";
            return Err(Refusal::new("alarm.unreported", message).article("网络安全事件报告管理办法"));
        }
        if finding == AlarmFinding::Harmless {
            return Err(Refusal::field("finding", "alarm.was_incident", "已经认定为安全事件，不能按误报办结。"));
        }
    }
    Ok(vec![AlarmEvent::AlarmClosed { finding, measures }])
}
