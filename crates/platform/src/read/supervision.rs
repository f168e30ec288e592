//! Rows of supervision cards and expediting orders.

use super::{Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    supervision::{Card, CardEvent, ExpeditingOrder, OrderEvent},
};
use ledger::Row;

impl Projected for Card {
    fn rows(_: &str, _: i64, _: &Self, event: &CardEvent, meta: &Meta, after: &Self, _: &Rulebook) -> Vec<Row> {
        let Some(o) = &after.opened else { return vec![] };
        let id = o.id.as_str();
        vec![match event {
            CardEvent::CardOpened(_) => Row::new(
                "INSERT INTO supervision_cards(id, rule, rule_name, severity, state, occurrence, sentence, case_id, project_name, project_code, \
                 item_name, department, region, held_by, reply_day, opened_at, answered_at, closed_at, finding) \
                 VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, 0, 0, '')",
                [
                    id.into(),
                    o.rule.clone().into(),
                    o.name.clone().into(),
                    o.severity.slug().into(),
                    after.state.slug().into(),
                    o.occurrence.clone().into(),
                    o.sentence.clone().into(),
                    o.case.as_str().into(),
                    o.project_name.clone().into(),
                    o.project_code.clone().into(),
                    o.item_name.clone().into(),
                    o.agency.department.clone().into(),
                    o.agency.region.as_str().into(),
                    day_number(o.reply_by).into(),
                    meta.at.0.into(),
                ],
            ),
            CardEvent::CardAnswered { .. } => Row::new(
                "UPDATE supervision_cards SET state = $2, answered_at = $3 WHERE id = $1",
                [id.into(), after.state.slug().into(), meta.at.0.into()],
            ),
            CardEvent::CardEscalated { to, .. } => Row::new(
                "UPDATE supervision_cards SET held_by = $2 WHERE id = $1",
                [id.into(), to.as_str().into()],
            ),
            CardEvent::CardClosed { finding, .. } => Row::new(
                "UPDATE supervision_cards SET state = $2, closed_at = $3, finding = $4 WHERE id = $1",
                [id.into(), after.state.slug().into(), meta.at.0.into(), finding.slug().into()],
            ),
        }]
    }
}

impl Projected for ExpeditingOrder {
    fn rows(_: &str, _: i64, _: &Self, event: &OrderEvent, meta: &Meta, after: &Self, _: &Rulebook) -> Vec<Row> {
        let Some(o) = &after.issued else { return vec![] };
        vec![match event {
            OrderEvent::OrderIssued(_) => Row::new(
                "INSERT INTO expediting_orders(id, case_id, project_name, project_code, item_name, department, region, issuer_organ, state, \
                 reply_day, issued_at, replied_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)",
                [
                    o.id.as_str().into(),
                    o.case.as_str().into(),
                    o.project_name.clone().into(),
                    o.project_code.clone().into(),
                    o.item_name.clone().into(),
                    o.agency.department.clone().into(),
                    o.agency.region.as_str().into(),
                    o.issuer_organ.clone().into(),
                    after.state.slug().into(),
                    day_number(o.reply_by).into(),
                    meta.at.0.into(),
                ],
            ),
            OrderEvent::OrderReplied { .. } => Row::new(
                "UPDATE expediting_orders SET state = $2, replied_at = $3 WHERE id = $1",
                [o.id.as_str().into(), after.state.slug().into(), meta.at.0.into()],
            ),
        }]
    }
}
