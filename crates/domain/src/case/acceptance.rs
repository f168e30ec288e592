//! What acceptance knows beside yes and no: errors corrected on the spot, a second notice with its reason, transfer to the
//! organ that decides (许可法第三十二条; 673号令第八条).

use super::{Act, Case, CaseEvent, Papers, Point, allowed, commands::checked_points, words};
use crate::{Moment, Refusal, clock::ClockFacts, department::Agency};
use serde::{Deserialize, Serialize};

/// 当场更正 (许可法第三十二条第一款第三项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpotCorrection {
    /// The material it is in; `None` for the application as a whole.
    pub material: Option<String>,
    /// What was wrong.
    pub wrong: String,
    /// How it reads now.
    pub right: String,
    /// Who corrected it for the applicant.
    pub by: String,
}

/// 转送.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// From which organ.
    pub from: Agency,
    /// To which.
    pub to: Agency,
    /// When the first organ had received it.
    pub received_at: Option<Moment>,
    /// When it went on.
    pub at: Moment,
}

/// 当场更正.
pub fn correct_on_spot(case: &Case, correction: SpotCorrection) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::CorrectOnSpot)?;
    const ARTICLE: &str = "行政许可法第三十二条第一款第（三）项";
    let text = |field, value: &str, what, most| words(field, value, what, most).map_err(|r| r.article(ARTICLE));
    if let Some(id) = &correction.material
        && !application.materials.iter().any(|g| g.material == *id)
    {
        let message = "请从本申请的材料中选择，或者选择“整个申请”。";
        return Err(Refusal::field("material", "correction.material", message));
    }
    let correction = SpotCorrection {
        wrong: text("wrong", &correction.wrong, "错误的内容", 500)?,
        right: text("right", &correction.right, "更正后的内容", 500)?,
        by: text("by", &correction.by, "更正人", 50)?,
        ..correction
    };
    Ok(vec![CaseEvent::CorrectedOnSpot { correction }])
}

/// 再次告知补正: the law wants all points told once, so a second notice carries its reason and is counted (电子监察).
pub fn ask_again(case: &Case, points: Vec<Point>, reason: &str, papers: &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::AskAgain)?;
    const ARTICLE: &str = "行政许可法第三十二条第一款第（四）项";
    if !case.earlier_corrections.is_empty() {
        let message = "补正要求已经告知过两次，不能再次告知。请受理，或者作出不予受理的决定。";
        return Err(Refusal::new("correction.twice", message).article(ARTICLE));
    }
    let points = checked_points(application, points)?;
    let reason = words("reason", reason, "再次告知补正的理由", 500).map_err(|r| r.article(ARTICLE))?;
    let document = Box::new(papers.correction_notice(application, &points));
    Ok(vec![CaseEvent::CorrectionAsked { points, document, repeated: Some(reason) }])
}

/// 转送: the application goes on to the organ that decides, which receives it anew.
pub fn transfer(case: &Case, to: &Agency, reason: &str, papers: &Papers) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::Transfer)?;
    let Some(rule) = &application.procedure.transfer else {
        let message = "本事项不适用转送。不属于本机关职权范围的，请作出不予受理的决定并告知应当向哪个机关申请。";
        return Err(Refusal::new("transfer.none", message).article("行政许可法第三十二条第一款第（二）项"));
    };
    if *to == application.agency || !to.is_known() {
        let message = "请从列表中选择本机关以外的机关。";
        return Err(Refusal::field("department", "transfer.same", message).article(rule.article.clone()));
    }
    let reason = words("reason", reason, "转送的理由", 500).map_err(|r| r.article(rule.article.clone()))?;
    let document = Box::new(papers.transfer_notice(application, to, &reason, &rule.article));
    Ok(vec![CaseEvent::CaseTransferred { to: to.clone(), to_name: to.name(), reason, document }])
}

/// The five working days in which an application to be transferred goes on; ends with the transfer.
pub fn transfer_clock(case: &Case) -> Option<ClockFacts> {
    let rule = case.application.as_ref()?.procedure.transfer.as_ref()?;
    let kind = rule.deadline("ratification_transfer", "转送核准申请", "收到项目申请书之日", "转送核准机关");
    match case.transfers.first() {
        Some(done) => {
            let start = done.received_at?.date();
            Some(ClockFacts { finished: Some(done.at.date()), ..ClockFacts::new(kind, start) })
        }
        None => {
            let finished = case.accepted_at.or(case.ended_at).map(|at| at.date());
            Some(ClockFacts { finished, ..ClockFacts::new(kind, case.received_at?.date()) })
        }
    }
}
