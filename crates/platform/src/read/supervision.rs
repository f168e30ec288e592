//! Rows of supervision cards and expediting orders.

use super::{Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    account::Role,
    case::File,
    department::Agency,
    ids::CaseId,
    region::RegionCode,
    supervision::{Card, CardEvent, ExpeditingOrder, OrderEvent},
};
use ledger::Row;

impl Projected for Card {
    fn hands_in(event: &CardEvent) -> Vec<&File> {
        if let CardEvent::CardAnswered { files, .. } = event { files.iter().collect() } else { Vec::new() }
    }

    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &CardEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(o) = &after.opened else { return vec![] };
        let id = o.id.as_str();
        let notice = Notice { stream, version, meta, case: &o.case, mark: "card" };
        let row = match event {
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
            CardEvent::CardEscalated { to, .. } => {
                Row::new("UPDATE supervision_cards SET held_by = $2 WHERE id = $1", [id.into(), to.as_str().into()])
            }
            CardEvent::CardClosed { finding, .. } => Row::new(
                "UPDATE supervision_cards SET state = $2, closed_at = $3, finding = $4 WHERE id = $1",
                [id.into(), after.state.slug().into(), meta.at.0.into(), finding.slug().into()],
            ),
        };
        let about = format!("“{}”的“{}”", o.project_name, o.item_name);
        let told = match event {
            CardEvent::CardOpened(_) => notice.to_organ(
                &o.agency,
                format!("收到{}监察卡：{}", o.severity.name(), o.name),
                format!("{about}：{}请在 {} 前说明情况（{}）。", o.sentence, o.reply_by, o.article),
            ),
            CardEvent::CardAnswered { .. } => notice.to_supervisor(
                after.held_by.unwrap_or(o.agency.region),
                format!("监察卡待核查：{}", o.name),
                format!("{}已就{about}说明情况，请核查销号。", o.agency_name),
            ),
            CardEvent::CardEscalated { to, reason } => notice.to_supervisor(
                *to,
                format!("上报的监察卡：{}", o.name),
                format!("{}的{about}的监察卡已上报，请核查销号。上报理由：{reason}", o.agency_name),
            ),
            CardEvent::CardClosed { finding, opinion } => notice.to_organ(
                &o.agency,
                format!("监察卡已销号：{}", o.name),
                format!("{about}的监察卡已销号，结论：{}。{opinion}", finding.name()),
            ),
        };
        std::iter::once(row).chain(told).collect()
    }
}

impl Projected for ExpeditingOrder {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &OrderEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(o) = &after.issued else { return vec![] };
        let notice = Notice { stream, version, meta, case: &o.case, mark: "order" };
        let row = match event {
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
        };
        let about = format!("“{}”的“{}”", o.project_name, o.item_name);
        let told = match event {
            OrderEvent::OrderIssued(_) => notice.to_organ(
                &o.agency,
                "收到督办".to_owned(),
                format!("{}就{about}督办：{}请在 {} 前回复。", o.issuer_organ, o.text, o.reply_by),
            ),
            OrderEvent::OrderReplied { text } => notice.to_supervisor(
                o.agency.region,
                "督办已回复".to_owned(),
                format!("{}就{about}回复：{text}", o.agency_name),
            ),
        };
        std::iter::once(row).chain(told).collect()
    }
}

/// Who answers for an organ and is told what supervision asks of it.
const ANSWERING: [Role; 3] = [Role::Undertaker, Role::Approver, Role::DepartmentManager];

/// A notice to posts; its ids follow from the event, so a rebuild gives the same ones.
pub(super) struct Notice<'a> {
    pub stream: &'a str,
    pub version: i64,
    pub meta: &'a Meta,
    pub case: &'a CaseId,
    pub mark: &'a str,
}

impl Notice<'_> {
    pub fn to_organ(&self, agency: &Agency, title: String, body: String) -> Vec<Row> {
        let to = |role| self.row(&agency.department, agency.region, role, &title, &body);
        ANSWERING.into_iter().map(to).collect()
    }

    fn to_supervisor(&self, region: RegionCode, title: String, body: String) -> Vec<Row> {
        vec![self.row("", region, Role::Supervisor, &title, &body)]
    }

    fn row(&self, department: &str, region: RegionCode, role: Role, title: &str, body: &str) -> Row {
        let role = super::slug(&role);
        Row::new(
            "INSERT INTO prompts(id, at, case_id, department, region, role, mark, title, body) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                format!("{}-{}-{role}", self.stream.replace(':', "-"), self.version).into(),
                self.meta.at.0.into(),
                self.case.as_str().into(),
                department.into(),
                region.as_str().into(),
                role.into(),
                self.mark.into(),
                title.into(),
                body.into(),
            ],
        )
    }
}
