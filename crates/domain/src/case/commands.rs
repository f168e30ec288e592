//! What may be done to a case. Each command takes the state and gives events, or a refusal.

use super::{
    Act, Answer, Application, Case, CaseEvent, Decision, Given, NotAcceptedGround, Outcome, Papers, Point, Undertaker,
    licence, processing, special, words,
};
use crate::{
    Moment, Refusal,
    calendar::Calendar,
    department::Agency,
    project::{Project, ProjectState},
    project_code::ProjectCode,
};
use jiff::civil::Date;
use std::sync::Arc;

/// Who acts, when, and by which calendar: what rules about persons and days need from outside.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Account of who acts, as written into events.
    pub by: &'a str,
    /// When.
    pub now: Moment,
    /// Working days.
    pub calendar: &'a Calendar,
}

impl Scene<'_> {
    /// The day it happens.
    pub fn today(&self) -> Date {
        self.now.date()
    }
}

/// Most points one correction notice may carry.
const MAX_POINTS: usize = 50;

/// The result of checking a project code before acceptance (办法第十四条第二项).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeCheck {
    /// The code is real, in force and belongs to the applicant's project.
    Verified,
    /// It is not.
    Fault {
        /// Stable name of the fault.
        fault: &'static str,
        /// Chinese sentence for both sides.
        message: String,
    },
}

impl CodeCheck {
    /// Checks form, existence, force and owner of the code an application carries.
    pub fn of(application: &Application, project: &Project) -> Self {
        let fault = |fault, message: String| Self::Fault { fault, message };
        if let Err(found) = ProjectCode::parse(&application.code) {
            return fault(found.name(), found.to_string());
        }
        match &project.declared {
            None => fault("unknown", "在线平台没有该项目代码对应的项目。".into()),
            Some(declared) if declared.code != application.code => {
                fault("mismatch", "申请所填项目代码与项目的代码不一致。".into())
            }
            Some(declared) if declared.unit != application.unit => fault("owner", "该项目代码不属于申请单位。".into()),
            Some(_) if project.state != ProjectState::Active => {
                fault("not_in_force", format!("该项目代码已失效（{}）。", project.state.name()))
            }
            Some(_) => Self::Verified,
        }
    }
}

/// Outcome of an attempt to accept.
#[derive(Debug, Clone, PartialEq)]
pub enum Acceptance {
    /// The code is good: the case is accepted.
    Accepted(Vec<CaseEvent>),
    /// The code is not good: the failed check is recorded, the unit is told, nothing is accepted.
    CodeRefused(Vec<CaseEvent>, Refusal),
}

pub(super) fn allowed(case: &Case, act: Act) -> Result<&Application, Refusal> {
    match &case.application {
        Some(application) if case.may(act) => Ok(application),
        Some(_) => Err(Refusal::new(
            "case.wrong_state",
            format!("办件当前为“{}”，不能进行“{}”。请刷新页面查看最新状态。", case.stage.name(), act.name()),
        )),
        None => Err(Refusal::new("case.not_there", "没有这个办件。")),
    }
}

/// The unit applies for an item with all required materials.
pub fn submit(
    application: Application,
    project: &Project,
    required: &[(String, String)],
) -> Result<Vec<CaseEvent>, Vec<Refusal>> {
    if project.state != ProjectState::Active {
        let refusal =
            Refusal::new("project.wrong_state", format!("项目当前为“{}”，不能申请事项。", project.state.name()));
        return Err(vec![refusal.article("办法第十四条")]);
    }
    let has = |id: &str| application.materials.iter().any(|g: &Given| g.material == id && g.is_there());
    // The check of the platform helps; it proves nothing. The unit says so itself, and it is kept (K-11).
    let undeclared = (!application.unclassified).then(|| {
        Refusal::field(
            "unclassified",
            "material.unclassified",
            "请确认所提交的材料不含国家秘密；涉密材料不得通过本平台提交。",
        )
        .article("办法第三条")
    });
    let missing: Vec<_> = required
        .iter()
        .filter(|(id, _)| !has(id))
        .map(|(id, name)| {
            Refusal::field(format!("material-{id}"), "material.missing", format!("请上传“{name}”。"))
                .article("办法第十四条第（一）项")
        })
        .chain(undeclared)
        .collect();
    if missing.is_empty() { Ok(vec![CaseEvent::CaseSubmitted(Arc::new(application))]) } else { Err(missing) }
}

/// 收件.
pub fn receive(case: &Case, papers: &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::Receive)?;
    Ok(vec![CaseEvent::CaseReceived { document: Box::new(papers.receipt_slip(application)) }])
}

/// 一次性告知补正: all points in one notice (许可法第三十二条第一款第四项); for a second one see [`super::ask_again`].
pub fn ask_correction(case: &Case, points: Vec<Point>, papers: &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::AskCorrection)?;
    let points = checked_points(application, points)?;
    let document = Box::new(papers.correction_notice(application, &points));
    Ok(vec![CaseEvent::CorrectionAsked { points, document, repeated: None }])
}

/// The points of a notice without the empty ones, each about a material of the application.
pub(super) fn checked_points(application: &Application, points: Vec<Point>) -> Result<Vec<Point>, Refusal> {
    let given = |id: &String| application.materials.iter().any(|g| g.material == *id);
    let points = points
        .into_iter()
        .enumerate()
        .filter(|(_, point)| !point.text.trim().is_empty())
        .map(|(i, point)| match &point.material {
            Some(id) if !given(id) => {
                let message = "请从本申请的材料中选择，或者选择“整个申请”。";
                Err(Refusal::field(format!("material-{i}"), "correction.material", message))
            }
            _ => Ok(Point { text: words(&format!("point-{i}"), &point.text, "补正内容", 500)?, ..point }),
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    if points.is_empty() || points.len() > MAX_POINTS {
        return Err(Refusal::field(
            "point-0",
            "correction.points",
            format!("请逐条写明需要补正的内容（1 至 {MAX_POINTS} 条）。"),
        )
        .article("行政许可法第三十二条第一款第（四）项"));
    }
    Ok(points)
}

/// The unit answers every marked point.
pub fn supply(case: &Case, answers: Vec<Answer>) -> Result<Vec<CaseEvent>, Vec<Refusal>> {
    allowed(case, Act::Supply).map_err(|r| vec![r])?;
    let points = case.correction.as_ref().map_or(0, |c| c.points.len());
    let open: Vec<_> = (0..points)
        .filter(|&i| answers.get(i).is_none_or(|a| a.text.trim().is_empty() && a.files.is_empty()))
        .map(|i| {
            Refusal::field(
                format!("answer-{i}"),
                "correction.open_point",
                format!("第 {} 条还没有补正：请上传材料或填写说明。", i + 1),
            )
        })
        .collect();
    let long = answers.iter().take(points).enumerate().filter(|(_, a)| a.text.chars().count() > 1000).map(|(i, _)| {
        Refusal::field(format!("answer-{i}"), "text.too_long", format!("第 {} 条的说明不能超过 1000 个字。", i + 1))
    });
    let faults: Vec<_> = open.into_iter().chain(long).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(vec![CaseEvent::CorrectionSupplied { answers: answers.into_iter().take(points).collect() }])
}

/// 受理. The code is checked first; with a bad code there is no acceptance (办法第十四条第二项). `reviewed`: who has looked through the
/// materials and says that nothing in them is classified (K-11); without it there is none either.
pub fn accept(
    case: &Case,
    check: CodeCheck,
    reviewed: Option<Undertaker>,
    due: Option<(Date, bool)>,
    papers: &Papers,
) -> Result<Acceptance, Refusal> {
    let application = allowed(case, Act::Accept)?;
    let code = application.code.clone();
    Ok(match check {
        CodeCheck::Verified => Acceptance::Accepted(vec![
            CaseEvent::ContentsReviewed { by: reviewed.ok_or_else(not_reviewed)? },
            CaseEvent::CodeVerified { code },
            CaseEvent::CaseAccepted { document: Box::new(papers.acceptance_notice(application, due)) },
        ]),
        CodeCheck::Fault { fault, message } => {
            let refusal = Refusal::new(
                "case.code_not_verified",
                format!("项目代码未通过核验，不得受理：{message}系统已将此情况告知项目单位。"),
            )
            .article("办法第十四条第（二）项");
            Acceptance::CodeRefused(vec![CaseEvent::CodeNotVerified { code, fault: fault.into(), message }], refusal)
        }
    })
}

fn not_reviewed() -> Refusal {
    let message =
        "请逐份核对申请材料，确认不含涉密内容后勾选。发现疑似涉密内容的，不要受理或下载传播，立即告知安全管理员。";
    Refusal::field("reviewed", "contents.not_reviewed", message).article("办法第三条")
}

/// 不予受理, with ground and reason; for a wrong organ the right one is named by its code.
pub fn not_accept(
    case: &Case,
    ground: NotAcceptedGround,
    reason: &str,
    right_organ: Option<Agency>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::NotAccept)?;
    let reason = words("reason", reason, "不予受理的理由", 1000)?;
    let right_agency = right_organ.filter(|_| ground == NotAcceptedGround::WrongOrgan);
    if ground == NotAcceptedGround::WrongOrgan
        && right_agency.as_ref().is_none_or(|o| *o == application.agency || !o.is_known())
    {
        return Err(Refusal::field(
            "department",
            "not_accept.right_organ",
            "不属于本机关职权范围的，请选择应当向哪个机关申请（本机关以外的机关）。",
        )
        .article(ground.article()));
    }
    let right_organ = right_agency.as_ref().map(Agency::name);
    if ground == NotAcceptedGround::Incomplete && case.correction.is_none() {
        return Err(Refusal::field(
            "ground",
            "not_accept.no_correction",
            "材料不齐全的，应当先一次性告知补正，不能直接不予受理。",
        )
        .article(ground.article()));
    }
    let document = Box::new(papers.non_acceptance_notice(application, ground, &reason, right_organ.as_deref()));
    Ok(vec![CaseEvent::CaseNotAccepted { ground, reason, right_organ, right_agency, document }])
}

/// 作出决定 with opinion, document number, title, date and validity (办法第十四条第四项), then the case completes by itself.
/// A decision of three steps follows the agreed proposal and is made by a third person; a term the rulebook sets is filled in.
pub fn decide(
    case: &Case,
    decision: Decision,
    scene: &Scene<'_>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Vec<Refusal>> {
    let application = allowed(case, Act::Decide).map_err(|r| vec![r])?;
    processing::follows(case, decision.outcome, scene).map_err(|r| vec![r])?;
    let mut faults = Vec::new();
    let unreviewed = processing::review_left_out(case, decision.unreviewed.as_deref());
    let unreviewed = unreviewed.map_err(|refusal| faults.push(refusal)).unwrap_or_default();
    let mut text = |field, value: &str, what, most| {
        words(field, value, what, most).map_err(|r| faults.push(r.article("办法第十四条第（四）项")))
    };
    let opinion = text("opinion", &decision.opinion, "办结意见", 2000);
    let document_number = text("document_number", &decision.document_number, "审批文件文号", 100);
    let title = text("title", &decision.title, "审批文件标题", 200);
    if decision.decided_on > scene.today() {
        faults.push(Refusal::field("decided_on", "decision.future", "决定日期不能晚于今天。"));
    }
    if case.accepted_at.is_some_and(|at| decision.decided_on < at.date()) {
        faults.push(Refusal::field("decided_on", "decision.before_acceptance", "决定日期不能早于受理日期。"));
    }
    if decision.valid_until.is_some_and(|until| until <= decision.decided_on) {
        faults.push(Refusal::field("valid_until", "decision.validity", "有效期截止日应当晚于决定日期。"));
    }
    if decision.valid_until.is_some() && decision.outcome == Outcome::Refused {
        faults.push(Refusal::field("valid_until", "decision.validity", "不予许可的决定没有有效期，请清空有效期。"));
    }
    if case.suspensions.iter().any(|s| s.to.is_none()) {
        faults.push(
            Refusal::new("clock.suspended", "计时处于暂停状态，请先恢复计时再作出决定。").article("办法第十五条"),
        );
    }
    faults.extend(special::running(case));
    faults.extend(special::hearing_open(case, scene));
    match (opinion, document_number, title) {
        (Ok(opinion), Ok(document_number), Ok(title)) if faults.is_empty() => {
            let term = licence::valid_until(case, decision.decided_on).filter(|_| decision.outcome == Outcome::Granted);
            let valid_until = decision.valid_until.or(term);
            let decision = Decision {
                opinion,
                document_number,
                title,
                decided_on: decision.decided_on,
                outcome: decision.outcome,
                valid_until,
                unreviewed,
            };
            let notice = papers.completion_notice(application, &decision);
            Ok(vec![
                CaseEvent::CaseDecided(Box::new(decision)),
                CaseEvent::CaseCompleted { document: Box::new(notice) },
            ])
        }
        _ => Err(faults),
    }
}

/// The unit takes its application back.
pub fn withdraw(case: &Case, reason: &str) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::Withdraw)?;
    Ok(vec![CaseEvent::CaseWithdrawn { reason: words("reason", reason, "撤回的原因", 500)? }])
}
