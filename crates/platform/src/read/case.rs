//! Rows of cases: the work list row, papers, messages to the unit.

use super::{NEVER, NewMessage, Projected, day_number, deadline, document_row};
use crate::Rulebook;
use domain::{
    Meta,
    case::{Application, Case, CaseEvent, Outcome, owed_clock},
    document::Document,
};
use ledger::{Row, Value};

impl Projected for Case {
    fn rows(
        stream: &str,
        version: i64,
        before: &Self,
        event: &CaseEvent,
        meta: &Meta,
        after: &Self,
        rules: &Rulebook,
    ) -> Vec<Row> {
        let Some(application) = &after.application else { return vec![] };
        let mut rows = vec![match event {
            CaseEvent::CaseSubmitted(_) => insert(application, after, meta, rules),
            _ => update(application, after, meta, rules),
        }];
        if let CaseEvent::CaseSubmitted(a) = event {
            rows.extend(under_guide(a));
        }
        rows.extend(deadline::rows(application, before, event, after, rules));
        rows.extend(deadline::prompts(stream, version, application, event, meta));
        if let Some(document) = paper(event) {
            let a = application;
            rows.push(document_row(document, a.project.as_str(), a.id.as_str(), a.unit.as_str(), meta.at));
        }
        if let Some((title, body)) = message(application, event) {
            let link = format!("/cases/{}", application.id);
            rows.push(
                NewMessage { stream, version, unit: application.unit.as_str(), at: meta.at, title, body, link }.row(),
            );
        }
        rows
    }
}

/// The paper an event hands out.
fn paper(event: &CaseEvent) -> Option<&Document> {
    match event {
        CaseEvent::CaseReceived { document }
        | CaseEvent::CorrectionAsked { document, .. }
        | CaseEvent::CaseAccepted { document }
        | CaseEvent::CaseDeemedAccepted { document }
        | CaseEvent::CaseNotAccepted { document, .. }
        | CaseEvent::CaseCompleted { document } => Some(document),
        _ => None,
    }
}

/// What the unit is told (办法第十四条: 并告知项目单位).
fn message(a: &Application, event: &CaseEvent) -> Option<(String, String)> {
    let about = format!("“{}”的“{}”", a.project_name, a.item_name);
    let (title, body) = match event {
        CaseEvent::CaseReceived { .. } => {
            ("申请已收件", format!("{}已收到{about}申请，将在 5 个工作日内决定是否受理。", a.agency_name))
        }
        CaseEvent::CodeNotVerified { code, message, .. } => (
            "项目代码未通过核验",
            format!(
                "{}在办理{about}时核验项目代码 {code} 未通过：{message}依据办法第十四条第（二）项，未通过项目代码核验的不得受理。请核对项目代码后重新申请。",
                a.agency_name
            ),
        ),
        CaseEvent::CorrectionAsked { points, .. } => {
            ("申请需要补正", format!("{}就{about}一次性告知 {} 条补正内容，请逐条补正。", a.agency_name, points.len()))
        }
        CaseEvent::CaseAccepted { .. } => {
            ("申请已受理", format!("{}已受理{about}，办理时限为{}。", a.agency_name, a.limit.words()))
        }
        CaseEvent::CaseNotAccepted { reason, .. } => {
            ("申请未被受理", format!("{}对{about}不予受理。理由：{reason}", a.agency_name))
        }
        CaseEvent::ClockSuspended { suspension } => (
            "办理时限暂停计算",
            format!(
                "{}办理{about}期间因{}暂停计时（依据{}，文书：{}）。",
                a.agency_name,
                suspension.ground.name(),
                suspension.ground.article(),
                suspension.document
            ),
        ),
        CaseEvent::ClockResumed { to } => ("办理时限恢复计算", format!("{about}自 {to} 的次日起恢复计时。")),
        CaseEvent::CaseCompleted { .. } => {
            ("事项已办结", format!("{}已办结{about}，办结告知书可以下载。", a.agency_name))
        }
        CaseEvent::DeadlinePrompted { .. } | CaseEvent::CaseDeemedAccepted { .. } | CaseEvent::DueDateMoved(_) => {
            deadline::unit_words(a, &about, event)?
        }
        CaseEvent::CaseSubmitted(_)
        | CaseEvent::CodeVerified { .. }
        | CaseEvent::CorrectionSupplied { .. }
        | CaseEvent::CaseDecided(_)
        | CaseEvent::CaseWithdrawn { .. } => return None,
    };
    Some((title.to_owned(), body))
}

/// Columns that change with each event, in the order of `$2…$15`.
fn moving(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> [Value; 14] {
    let clock = owed_clock(case);
    let due = clock.as_ref().and_then(|c| c.due(rules.calendar));
    let yellow = clock.as_ref().and_then(|c| deadline::first_yellow_day(c, rules));
    let decision = case.decision.as_deref();
    let text = |f: fn(&domain::case::Decision) -> String| decision.map(f).unwrap_or_default();
    [
        a.id.as_str().into(),
        case.stage.slug().into(),
        case.stage.owed().slug().into(),
        i64::from(case.is_live()).into(),
        due.map_or(NEVER, |d| day_number(d.date)).into(),
        yellow.map_or(NEVER, day_number).into(),
        i64::from(due.is_some_and(|d| d.provisional)).into(),
        i64::from(case.is_suspended()).into(),
        text(|d| d.outcome.slug().into()).into(),
        text(|d| d.document_number.clone()).into(),
        text(|d| d.title.clone()).into(),
        decision.map_or(0, |d| day_number(d.decided_on)).into(),
        case.ended_at.map_or(0, |m| m.0).into(),
        meta.at.0.into(),
    ]
}

fn insert(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> Row {
    let fixed: [Value; 10] = [
        a.project.as_str().into(),
        a.code.clone().into(),
        a.project_name.clone().into(),
        a.unit.as_str().into(),
        a.unit_name.clone().into(),
        a.item.clone().into(),
        a.item_name.clone().into(),
        a.agency.department.clone().into(),
        a.agency.region.as_str().into(),
        case.submitted_at.0.into(),
    ];
    Row::new(
        "INSERT INTO cases(id, stage, owed, live, due_day, yellow_day, provisional, suspended, outcome, document_number, document_title, \
         decided_day, ended_at, updated_at, project_id, project_code, project_name, unit_id, unit_name, item, item_name, department, region, submitted_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)",
        moving(a, case, meta, rules).into_iter().chain(fixed),
    )
}

/// The version of the guide the case stands under.
fn under_guide(a: &Application) -> Option<Row> {
    let number = i64::from(a.guide?);
    Some(Row::new("UPDATE cases SET guide_version = $2 WHERE id = $1", [a.id.as_str().into(), number.into()]))
}

fn update(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> Row {
    Row::standing(
        "UPDATE cases SET stage = $2, owed = $3, live = $4, due_day = $5, yellow_day = $6, provisional = $7, suspended = $8, outcome = $9, \
         document_number = $10, document_title = $11, decided_day = $12, ended_at = $13, updated_at = $14 WHERE id = $1",
        moving(a, case, meta, rules),
    )
}

/// Machine name of an outcome, for queries.
pub(crate) fn outcome_of(slug: &str) -> Option<Outcome> {
    [Outcome::Granted, Outcome::Refused].into_iter().find(|o| o.slug() == slug)
}
