//! Rows of cases: the work list row, papers, messages to the unit.

use super::{NEVER, NewMessage, Projected, day_number, deadline, document_row};
use crate::Rulebook;
use domain::{
    Meta,
    case::{Application, Case, CaseEvent, CommitmentCheck, File, Finding, Notice, Outcome, owed_clock},
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
        rows.push(proved(application, after));
        match event {
            CaseEvent::CaseSubmitted(a) => rows.extend(under_guide(a)),
            CaseEvent::CommitmentChecked { check, .. } => rows.extend(broken(application, check)),
            _ => {}
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

    fn hands_in(event: &CaseEvent) -> Vec<&File> {
        match event {
            CaseEvent::CaseSubmitted(a) => a.materials.iter().flat_map(|given| &given.files).collect(),
            CaseEvent::CorrectionSupplied { answers } => answers.iter().flat_map(|answer| &answer.files).collect(),
            CaseEvent::ClockSuspended { notice: Some(notice), .. } => notice.files.iter().collect(),
            _ => Vec::new(),
        }
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
        | CaseEvent::CaseCompleted { document }
        | CaseEvent::CaseTransferred { document, .. }
        | CaseEvent::LimitExtended { document, .. }
        | CaseEvent::LicenceRevoked { document, .. }
        | CaseEvent::AmendmentDecided { document, .. }
        | CaseEvent::CommitmentGiven { document }
        | CaseEvent::CommitmentChecked { document, .. } => Some(document),
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
        CaseEvent::ClockSuspended { suspension, notice } => (
            "办理时限暂停计算",
            format!(
                "{}办理{about}期间因{}暂停计时（依据{}，文书：{}）{}。",
                a.agency_name,
                suspension.ground.name(),
                suspension.ground.article(),
                suspension.document,
                notice.as_ref().map(|n| format!("，预计至 {}{}", n.planned_until, papers(n))).unwrap_or_default()
            ),
        ),
        CaseEvent::ClockResumed { to } => ("办理时限恢复计算", format!("{about}自 {to} 的次日起恢复计时。")),
        CaseEvent::CaseCompleted { .. } => {
            ("事项已办结", format!("{}已办结{about}，办结告知书可以下载。", a.agency_name))
        }
        CaseEvent::DeadlinePrompted { .. } | CaseEvent::CaseDeemedAccepted { .. } | CaseEvent::DueDateMoved(_) => {
            deadline::unit_words(a, &about, event)?
        }
        CaseEvent::CaseTransferred { to_name, .. } => {
            ("申请已转送", format!("{about}已转送{to_name}，由其收件后继续办理，不需要您另行提交。"))
        }
        CaseEvent::LimitExtended { extension, by, order, .. } => (
            "办理期限延长",
            format!(
                "{}办理{about}，经{}批准延长 {} {}（{}）。理由：{}",
                a.agency_name,
                by.name(),
                extension.days,
                a.limit.unit.label(),
                extension.article,
                order.reason
            ),
        ),
        CaseEvent::SpecialBegun { plan } => (
            "启动特别程序",
            format!("{}办理{about}，启动{}，预计至 {}。", a.agency_name, plan.kind.name, plan.planned_until),
        ),
        CaseEvent::SpecialEnded { name, result, .. } => {
            ("特别程序结束", format!("{about}的{name}已于 {} 结束。结果：{}", result.ended_on, result.result))
        }
        CaseEvent::HearingOffered { told_on, .. } => (
            "您有权申请听证",
            format!("{}就{about}告知听证权利。您可以自 {told_on} 起五个工作日内申请听证。", a.agency_name),
        ),
        CaseEvent::LicenceDelivered { delivery } => (
            "许可证件已送达",
            format!(
                "{about}的许可证件已于 {} 以{}方式送达，签收人：{}。",
                delivery.on,
                delivery.by.name(),
                delivery.receiver
            ),
        ),
        CaseEvent::LicenceRevoked { revocation, .. } => (
            "许可被撤销、撤回或者注销",
            format!(
                "{}对{about}作出{}决定。理由：{}",
                a.agency_name,
                revocation.ground.revoking().name(),
                revocation.reason
            ),
        ),
        CaseEvent::AmendmentDecided { decision, .. } => (
            "变更或者延续申请已办结",
            format!("{}对{about}的变更或者延续申请作出决定：{}。", a.agency_name, decision.outcome.name()),
        ),
        CaseEvent::CommitmentChecked { check, .. } => (
            "承诺核查结果",
            match (check.finding, check.rectify_by) {
                (Finding::Rectify, Some(day)) => format!(
                    "{}核查{about}的承诺履行情况，责令限期整改，请于 {day} 前（含当日）改正。情况：{}",
                    a.agency_name, check.facts
                ),
                (finding, _) => format!(
                    "{}核查{about}的承诺履行情况，结论：{}。情况：{}",
                    a.agency_name,
                    finding.name(),
                    check.facts
                ),
            },
        ),
        CaseEvent::RenewedBySilence { until } => {
            ("视为准予延续", format!("{about}的延续申请逾期未作决定，依法视为准予延续，有效期至 {until}。"))
        }
        CaseEvent::ExpiryReminded { until, renew_by } => (
            "许可有效期将届满",
            match renew_by {
                Some(last) => format!(
                    "{about}的许可有效期至 {until}。需要延续的，请在 {last} 前（含当日）提出申请；届满未延续的失效。"
                ),
                None => format!(
                    "{about}的许可有效期至 {until}，届满后失效。有效期与开工有关的，请在届满前开工并告知办理机关。"
                ),
            },
        ),
        CaseEvent::LicenceLapsed { on } => {
            ("许可已失效", format!("{about}的许可已于 {on} 届满失效，需要时请重新申请。"))
        }
        CaseEvent::CaseSubmitted(_)
        | CaseEvent::CommitmentGiven { .. }
        | CaseEvent::ContentsReviewed { .. }
        | CaseEvent::CodeVerified { .. }
        | CaseEvent::CorrectionSupplied { .. }
        | CaseEvent::CaseDecided(_)
        | CaseEvent::CaseWithdrawn { .. }
        | CaseEvent::CorrectedOnSpot { .. }
        | CaseEvent::CaseClaimed { .. }
        | CaseEvent::CaseHandedOver { .. }
        | CaseEvent::DecisionProposed { .. }
        | CaseEvent::ProposalReviewed { .. }
        | CaseEvent::ProposalSentBack { .. }
        | CaseEvent::HearingAsked { .. }
        | CaseEvent::StartNoted { .. }
        | CaseEvent::AmendmentAsked { .. } => return None,
    };
    Some((title.to_owned(), body))
}

/// Where the paper of a suspension is.
fn papers(notice: &Notice) -> &'static str {
    if notice.files.is_empty() { "" } else { "，文书可在办件页面下载" }
}

/// Columns that change with each event, in the order of `$1…$20`.
fn moving(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> [Value; 20] {
    let clock = owed_clock(case);
    let due = clock.as_ref().and_then(|c| c.due(rules.calendar));
    let yellow = clock.as_ref().and_then(|c| deadline::first_yellow_day(c, rules));
    let decision = case.decision.as_deref();
    let text = |f: fn(&domain::case::Decision) -> String| decision.map(f).unwrap_or_default();
    [
        a.id.as_str().into(),
        case.stage.slug().into(),
        case.owed().slug().into(),
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
        case.undertaker.as_ref().map(|u| u.account.to_string()).unwrap_or_default().into(),
        case.undertaker.as_ref().map(|u| u.name.clone()).unwrap_or_default().into(),
        i64::from(case.is_in_force()).into(),
        case.settled_until(rules.calendar).map_or(NEVER, day_number).into(),
        a.agency.department.clone().into(),
        a.agency.region.as_str().into(),
    ]
}

fn insert(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> Row {
    let fixed: [Value; 8] = [
        a.project.as_str().into(),
        a.code.clone().into(),
        a.project_name.clone().into(),
        a.unit.as_str().into(),
        a.unit_name.clone().into(),
        a.item.clone().into(),
        a.item_name.clone().into(),
        case.submitted_at.0.into(),
    ];
    Row::new(
        "INSERT INTO cases(id, stage, owed, live, due_day, yellow_day, provisional, suspended, outcome, document_number, document_title, \
         decided_day, ended_at, updated_at, holder, holder_name, in_force, settled_day, department, region, project_id, project_code, \
         project_name, unit_id, unit_name, item, item_name, submitted_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, \
         $28)",
        moving(a, case, meta, rules).into_iter().chain(fixed),
    )
}

/// What a decision stands on, with its check value.
fn proved(a: &Application, case: &Case) -> Row {
    let decision = case.decision.as_deref();
    Row::guarded(
        "cases",
        "UPDATE cases SET project_id = $2, project_code = $3, unit_id = $4, item = $5, department = $6, region = $7, stage = $8, outcome = $9, \
         document_number = $10, document_title = $11, decided_day = $12, mac = $13 WHERE id = $1",
        [
            a.id.as_str().into(),
            a.project.as_str().into(),
            a.code.clone().into(),
            a.unit.as_str().into(),
            a.item.clone().into(),
            a.agency.department.clone().into(),
            a.agency.region.as_str().into(),
            case.stage.slug().into(),
            decision.map(|d| d.outcome.slug()).unwrap_or_default().into(),
            decision.map(|d| d.document_number.clone()).unwrap_or_default().into(),
            decision.map(|d| d.title.clone()).unwrap_or_default().into(),
            decision.map_or(0, |d| day_number(d.decided_on)).into(),
        ],
    )
}

/// The version of the guide the case stands under.
fn under_guide(a: &Application) -> Option<Row> {
    let number = i64::from(a.guide?);
    Some(Row::new("UPDATE cases SET guide_version = $2 WHERE id = $1", [a.id.as_str().into(), number.into()]))
}

/// A broken promise, by the day of the check.
fn broken(a: &Application, check: &CommitmentCheck) -> Option<Row> {
    let values = [a.id.as_str().into(), day_number(check.on).into()];
    (check.finding == Finding::Broken).then(|| Row::new("UPDATE cases SET broken_day = $2 WHERE id = $1", values))
}

fn update(a: &Application, case: &Case, meta: &Meta, rules: &Rulebook) -> Row {
    Row::standing(
        "UPDATE cases SET stage = $2, owed = $3, live = $4, due_day = $5, yellow_day = $6, provisional = $7, suspended = $8, outcome = $9, \
         document_number = $10, document_title = $11, decided_day = $12, ended_at = $13, updated_at = $14, holder = $15, holder_name = $16, \
         in_force = $17, settled_day = $18, department = $19, region = $20 WHERE id = $1",
        moving(a, case, meta, rules),
    )
}

/// Machine name of an outcome, for queries.
pub(crate) fn outcome_of(slug: &str) -> Option<Outcome> {
    [Outcome::Granted, Outcome::Refused].into_iter().find(|o| o.slug() == slug)
}
