//! Rows of consultations, and the words both sides are told.

use super::{Projected, day_number, supervision::Notice};
use crate::Rulebook;
use domain::{
    Meta,
    consultation::{Consultation, ConsultationEvent},
};
use ledger::Row;

impl Projected for Consultation {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &ConsultationEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(a) = &after.asked else { return vec![] };
        let row = match event {
            ConsultationEvent::ConsultationAsked(_) => Row::new(
                "INSERT INTO consultations(id, case_id, project_name, project_code, item_name, from_department, from_region, department, \
                 region, silence, state, reply_day, asked_at, ended_at) \
                 VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)",
                [
                    a.id.as_str().into(),
                    a.case.as_str().into(),
                    a.project_name.clone().into(),
                    a.project_code.clone().into(),
                    a.item_name.clone().into(),
                    a.from.department.clone().into(),
                    a.from.region.as_str().into(),
                    a.to.department.clone().into(),
                    a.to.region.as_str().into(),
                    a.silence.slug().into(),
                    after.state.slug().into(),
                    day_number(a.reply_by).into(),
                    meta.at.0.into(),
                ],
            ),
            _ => Row::new(
                "UPDATE consultations SET state = $2, ended_at = $3 WHERE id = $1",
                [a.id.as_str().into(), after.state.slug().into(), meta.at.0.into()],
            ),
        };
        let notice = Notice { stream, version, meta, case: &a.case, mark: "consultation" };
        let about = format!("“{}”的“{}”", a.project_name, a.item_name);
        let told = match event {
            ConsultationEvent::ConsultationAsked(_) => notice.to_organ(
                &a.to,
                format!("{}征求意见", a.from_name),
                format!("{}就{about}征求意见，请在 {} 前回复（{}）。", a.from_name, a.reply_by, a.silence.name()),
            ),
            ConsultationEvent::ConsultationReplied(reply) => notice.to_organ(
                &a.from,
                format!("征求意见已回复：{}", reply.view.name()),
                format!("{}就{about}回复：{}。{}", a.to_name, reply.view.name(), reply.opinion),
            ),
            ConsultationEvent::ConsultationRecalled { reason } => notice.to_organ(
                &a.to,
                "征求意见已撤回".to_owned(),
                format!("{}就{about}的征求意见已撤回，不需要回复。原因：{reason}", a.from_name),
            ),
        };
        std::iter::once(row).chain(told).collect()
    }
}
