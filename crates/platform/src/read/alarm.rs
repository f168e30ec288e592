//! Rows of security alarms.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    detection::{Alarm, AlarmEvent},
};
use ledger::Row;

impl Projected for Alarm {
    fn rows(_: &str, _: i64, _: &Self, event: &AlarmEvent, meta: &Meta, after: &Self, _: &Rulebook) -> Vec<Row> {
        let Some(raised) = &after.raised else { return vec![] };
        let (id, state) = (raised.id.as_str(), after.state.slug());
        let row = match event {
            AlarmEvent::AlarmRaised(_) => Row::new(
                "INSERT INTO alarms(id, number, rule, rule_name, severity, subject, about, state, count, first_at, last_at, raised_at, \
                 report_by, reported_at, closed_at, finding) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, '')",
                [
                    id.into(),
                    raised.number.into(),
                    raised.rule.clone().into(),
                    raised.name.clone().into(),
                    raised.severity.slug().into(),
                    super::slug(&raised.subject).into(),
                    raised.about.clone().into(),
                    state.into(),
                    i64::from(after.count).into(),
                    raised.first.0.into(),
                    after.last.0.into(),
                    meta.at.0.into(),
                ],
            ),
            AlarmEvent::AlarmRepeated { .. } => Row::new(
                "UPDATE alarms SET count = $2, last_at = $3 WHERE id = $1",
                [id.into(), i64::from(after.count).into(), after.last.0.into()],
            ),
            AlarmEvent::AlarmAcknowledged => {
                Row::new("UPDATE alarms SET state = $2 WHERE id = $1", [id.into(), state.into()])
            }
            AlarmEvent::IncidentOpened { report_by, .. } => Row::new(
                "UPDATE alarms SET state = $2, report_by = $3 WHERE id = $1",
                [id.into(), state.into(), report_by.0.into()],
            ),
            AlarmEvent::IncidentReported { .. } => {
                Row::new("UPDATE alarms SET reported_at = $2 WHERE id = $1", [id.into(), meta.at.0.into()])
            }
            AlarmEvent::AlarmClosed { finding, .. } => Row::new(
                "UPDATE alarms SET state = $2, closed_at = $3, finding = $4 WHERE id = $1",
                [id.into(), state.into(), meta.at.0.into(), finding.slug().into()],
            ),
        };
        vec![row]
    }
}
