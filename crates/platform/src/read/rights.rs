//! Rows of requests about personal data, and what the unit is told.

use super::{NewMessage, Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    personal::{Rights, RightsEvent},
};
use ledger::Row;

impl Projected for Rights {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &RightsEvent,
        meta: &Meta,
        after: &Self,
        rules: &Rulebook,
    ) -> Vec<Row> {
        let Some(asked) = &after.asked else { return vec![] };
        match event {
            RightsEvent::RightsAsked(_) => vec![Row::new(
                "INSERT INTO rights_requests(id, unit_id, unit_name, project_id, project_code, region, wish, field, state, reason, due_day, \
                 asked_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, '', '', $9, $10)",
                [
                    asked.id.as_str().into(),
                    asked.unit.as_str().into(),
                    asked.unit_name.clone().into(),
                    asked.project.as_str().into(),
                    asked.project_code.clone().into(),
                    asked.region.as_str().into(),
                    asked.wish.slug().into(),
                    asked.field.clone().into(),
                    day_number(asked.due).into(),
                    meta.at.0.into(),
                ],
            )],
            RightsEvent::RightsAnswered { answer, reason, .. } => {
                let field = rules.form.field(&asked.field).map_or("个人信息", |field| field.label.as_str());
                let (wish, answer_name) = (asked.wish.name(), answer.name());
                let message = NewMessage {
                    stream,
                    version,
                    unit: asked.unit.as_str(),
                    at: meta.at,
                    title: format!("{wish}个人信息的请求已答复：{answer_name}"),
                    body: format!("您于 {} 请求{wish}“{field}”，答复：{answer_name}。理由：{reason}", after.at.date()),
                    link: "/personal".to_owned(),
                };
                vec![
                    Row::new(
                        "UPDATE rights_requests SET state = $2, reason = $3 WHERE id = $1",
                        [asked.id.as_str().into(), answer.slug().into(), reason.clone().into()],
                    ),
                    message.row(),
                ]
            }
        }
    }
}
