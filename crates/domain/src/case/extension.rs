//! 延长办理期限: once, within the legal cap, by whom the law says, with its reason told to the applicant by a paper
//! (许可法第四十二条; 673号令第十条).

use super::{Act, Authority, Case, CaseEvent, Papers, Scene, allowed, words};
use crate::{Refusal, clock::Extension};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What the approver ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionOrder {
    /// Days added, in the unit of the limit.
    pub days: u32,
    /// Told to the applicant.
    pub reason: String,
    /// Who approved: the head's name, or the government.
    pub approved_by: String,
    /// Number of the paper with the approval.
    pub approval: String,
}

/// 延长办理期限. `due` is the last day of the limit as it stands; afterwards nothing can be extended.
pub fn extend(
    case: &Case,
    order: ExtensionOrder,
    due: Option<Date>,
    scene: &Scene<'_>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::Extend)?;
    let rule = application.procedure.extension.as_ref().filter(|_| application.limit.days > 0);
    let Some(rule) = rule else {
        return Err(Refusal::new("extension.none", "本事项的办理时限依法不能延长。").article("办法第十五条"));
    };
    let fault = |refusal: Refusal| Err(refusal.article(rule.article.clone()));
    if !case.extensions.is_empty() {
        return fault(Refusal::new("extension.twice", "办理期限已经延长过一次，不能再次延长。"));
    }
    if let Some(due) = due.filter(|due| scene.today() > *due) {
        return fault(Refusal::new("extension.late", format!("办理期限已于 {due} 届满，不能再延长。")));
    }
    if !(1..=rule.days).contains(&order.days) {
        let unit = application.limit.unit.label();
        let words = format!("最多可以延长 {} {unit}，请填写 1 至 {} 之间的数。", rule.days, rule.days);
        return fault(Refusal::field("days", "extension.cap", words));
    }
    let text =
        |field, value: &str, what, most| words(field, value, what, most).map_err(|r| r.article(rule.article.clone()));
    let order = ExtensionOrder {
        days: order.days,
        reason: text("reason", &order.reason, "延长的理由（将告知申请人）", 1000)?,
        approved_by: text("approved_by", &order.approved_by, approver_words(rule.by), 100)?,
        approval: text("approval", &order.approval, "批准文书的文号或名称", 200)?,
    };
    let document = papers.extension_notice(application, &order, rule);
    let extension = Extension { days: order.days, article: rule.article.clone(), document: document.number.clone() };
    Ok(vec![CaseEvent::LimitExtended { extension, by: rule.by, order, document: Box::new(document) }])
}

fn approver_words(by: Authority) -> &'static str {
    match by {
        Authority::Head => "批准延长的本机关负责人",
        Authority::Government => "批准延长的本级人民政府",
    }
}
