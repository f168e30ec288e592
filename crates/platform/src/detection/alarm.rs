//! 安全告警: read, acknowledged, turned into an incident, reported, closed.

use super::whole;
use crate::{
    Action, Call, Failure, Platform,
    failure::again,
    permission,
    stream::{Stream, join, stream_id},
};
use domain::{
    Moment, Refusal,
    detection::{self, Alarm, AlarmEvent, AlarmFinding, AlarmState, Raised, Rule},
    ids::AlarmId,
};
use ledger::{
    AuditRecord,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// One entry of an alarm's timeline.
#[derive(Debug, Clone)]
pub struct AlarmLine {
    /// When.
    pub at: Moment,
    /// Who.
    pub actor: String,
    /// What happened.
    pub event: AlarmEvent,
}

/// Everything about one alarm.
#[derive(Debug, Clone)]
pub struct AlarmPage {
    /// Its state.
    pub alarm: Alarm,
    /// What it is about.
    pub raised: Raised,
    /// The subject in words: the person's name, else its value.
    pub about: String,
    /// The rule as it is today; `None` when it was taken out of force.
    pub rule: Option<Rule>,
    /// Records of the security audit it rests on.
    pub records: Vec<AuditRecord>,
    /// Names of the accounts in them.
    pub names: BTreeMap<String, String>,
    /// What happened, oldest first.
    pub timeline: Vec<AlarmLine>,
    /// The caller may act on it.
    pub may_handle: bool,
    /// The report of its incident is overdue.
    pub late: bool,
}

impl Platform {
    async fn load_alarm(&self, call: &Call, action: Action, id: &AlarmId) -> Result<(Stream<Alarm>, Raised), Failure> {
        let _permit = permission::decide(&call.actor, action, whole(), self.rules.regions)?;
        let stream = self.load::<Alarm>(id.as_str()).await?;
        let raised = stream.state.raised.as_deref().cloned().ok_or(Failure::NotThere)?;
        Ok((stream, raised))
    }

    /// An alarm with the records it rests on and its timeline.
    pub async fn alarm_page(&self, call: &Call, id: &AlarmId) -> Result<AlarmPage, Failure> {
        let (stream, raised) = self.load_alarm(call, Action::ReadAlarms, id).await?;
        let events = self.store.events(&stream_id::<Alarm>(id.as_str())).await.map_err(Failure::fault)?;
        let records = self.audit_records(&raised.records).await?;
        let account = raised.about.trim_start_matches("account:");
        let actors = records.iter().map(|record| record.entry.actor.as_str());
        let people = actors.chain(events.iter().map(|event| event.actor.as_str())).chain([account]);
        let names = self.names_of(people).await?;
        let name = |id: &str| names.get(id).cloned().unwrap_or_default();
        let line = |event: &ledger::Event| {
            Ok(AlarmLine {
                at: Moment(event.at),
                actor: name(&event.actor),
                event: join(&event.kind, &event.data).map_err(Failure::fault)?,
            })
        };
        let running = stream.state.state != AlarmState::Closed;
        let due = stream.state.incident.as_ref().filter(|incident| incident.reported.is_none());
        Ok(AlarmPage {
            timeline: events.iter().map(line).collect::<Result<_, Failure>>()?,
            about: name(account),
            rule: self.rules.detection.get(&raised.rule).cloned(),
            may_handle: running
                && permission::decide(&call.actor, Action::HandleAlarm, whole(), self.rules.regions).is_ok(),
            late: due.is_some_and(|incident| incident.report_by < self.clock.now()),
            alarm: stream.state,
            raised,
            records,
            names,
        })
    }

    async fn audit_records(&self, numbers: &[i64]) -> Result<Vec<AuditRecord>, Failure> {
        let mut select = Query::select();
        select.from(Alias::new(AuditRecord::TABLE)).columns(AuditRecord::COLUMNS.map(Alias::new));
        select.and_where(Expr::col(Alias::new("seq")).is_in(numbers.iter().copied()));
        select.order_by(Alias::new("seq"), Order::Asc).limit(Raised::RECORDS as u64);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(AuditRecord::read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    async fn act_on_alarm(
        &self,
        call: &Call,
        id: &AlarmId,
        decide: impl Fn(&Alarm) -> Result<Vec<AlarmEvent>, Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_alarm(call, Action::HandleAlarm, id).await?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 确认.
    pub async fn acknowledge_alarm(&self, call: &Call, id: &AlarmId) -> Result<(), Failure> {
        self.act_on_alarm(call, id, detection::acknowledge).await
    }

    /// It was real: its report is due within the hours of the installation's grade (L-09).
    pub async fn open_incident(&self, call: &Call, id: &AlarmId, what: &str) -> Result<(), Failure> {
        let (now, hours) = (self.clock.now(), self.settings.incident_report_hours);
        self.act_on_alarm(call, id, |alarm| detection::open_incident(alarm, what, now, hours)).await
    }

    /// The report was made.
    pub async fn report_incident(&self, call: &Call, id: &AlarmId, to: &str, number: &str) -> Result<(), Failure> {
        self.act_on_alarm(call, id, |alarm| detection::report_incident(alarm, to, number)).await
    }

    /// 办结.
    pub async fn close_alarm(
        &self,
        call: &Call,
        id: &AlarmId,
        finding: AlarmFinding,
        measures: &str,
    ) -> Result<(), Failure> {
        self.act_on_alarm(call, id, |alarm| detection::close(alarm, finding, measures)).await
    }
}
