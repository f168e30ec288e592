//! What may be done to a group: form it, receive all branches at once, prolong the joint limit, hand back together.

use super::{Candidate, Formation, Group, GroupEvent, JointClock, ParallelRules, joint_clock};
use crate::{
    Refusal,
    case::{Act, Case, CaseEvent, Papers, receive as receive_case},
    clock::Extension,
    ids::CaseId,
};

/// The unit applies for several items together. Every item must be free to join; what hinders one is named at its box.
pub fn form(
    formation: Formation,
    candidates: &[Candidate],
    rules: &ParallelRules,
) -> Result<Vec<GroupEvent>, Vec<Refusal>> {
    let wrong: Vec<Refusal> = formation
        .branches
        .iter()
        .filter_map(|branch| match candidates.iter().find(|c| c.item == branch.item) {
            Some(candidate) => candidate.hindrance.clone(),
            None => Some(
                Refusal::field(
                    format!("item-{}", branch.item),
                    "item.not_needed",
                    format!("本项目不需要办理“{}”，不能申请。", branch.item_name),
                )
                .article("办法第十四条第（一）项"),
            ),
        })
        .collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (fewest, most) = (rules.joint.fewest, rules.joint.most);
    if !(fewest..=most).contains(&formation.branches.len()) {
        let message = format!("并联申请应当包含 {fewest} 至 {most} 个事项。只办一个事项的，请直接申请该事项。");
        return Err(vec![Refusal::field("items", "group.size", message)]);
    }
    Ok(vec![GroupEvent::GroupFormed(Box::new(formation))])
}

/// What a joint receipt leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// Facts of the group.
    pub group: Vec<GroupEvent>,
    /// Facts of each case that is received by it; cases in another state are left as they are.
    pub cases: Vec<(CaseId, Vec<CaseEvent>)>,
}

fn formed(group: &Group) -> Result<&Formation, Refusal> {
    group.formation.as_deref().ok_or_else(|| Refusal::new("group.not_there", "没有这个并联审批组。"))
}

/// 联合收件: the lead receives every branch that still waits for it, and gives one slip that lists all (许可法第二十六条
/// 第二款). `papers` draws a number of its own for each paper. `cases` are the group's, in its order.
pub fn receive(group: &Group, cases: &[Case], mut papers: impl FnMut() -> Papers) -> Result<Reception, Refusal> {
    let formation = formed(group)?;
    if group.received_at.is_some() {
        return Err(Refusal::new("group.received", "本组已联合收件，收件凭证见“文书”，不需要重复收件。"));
    }
    if cases.iter().all(|case| case.ended_at.is_some()) {
        return Err(Refusal::new("group.all_ended", "本组的事项都已结束，没有可以收件的申请。"));
    }
    let mut received = Vec::new();
    for (branch, case) in formation.branches.iter().zip(cases) {
        if case.stage.acts().contains(&Act::Receive) {
            received.push((branch.case.clone(), receive_case(case, &papers())?));
        }
    }
    let document = papers().joint_receipt(formation, cases);
    Ok(Reception { group: vec![GroupEvent::GroupReceived { document: Box::new(document) }], cases: received })
}

/// What an extension needs: days, the government's paper, the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prolongation {
    /// Working days added.
    pub days: u32,
    /// 文号 of the approval by the government at that level.
    pub document: String,
    /// Why; told to the applicant.
    pub reason: String,
}

/// The joint limit is prolonged once, with the approval of the government at that level (许可法第四十二条第二款).
pub fn extend(
    group: &Group,
    cases: &[Case],
    wanted: &Prolongation,
    rules: &ParallelRules,
) -> Result<Vec<GroupEvent>, Vec<Refusal>> {
    formed(group).map_err(|r| vec![r])?;
    let article = rules.joint.extension_article.clone();
    let lawful = |refusal: Refusal| vec![refusal.article(article.clone())];
    if group.extension.is_some() {
        return Err(lawful(Refusal::new("group.extended", "联合办理期限只能延长一次，本组已经延长过。")));
    }
    match joint_clock(group, cases, rules) {
        JointClock::Running(facts) if facts.finished.is_none() => {}
        JointClock::Running(_) | JointClock::Never => {
            return Err(lawful(Refusal::new("group.all_ended", "本组的事项都已结束，不需要延长期限。")));
        }
        JointClock::Waiting(open) => {
            let message = format!("还有 {open} 个事项没有受理，联合办理期限尚未起算，不能延长。");
            return Err(lawful(Refusal::new("group.not_running", message)));
        }
    }
    let most = rules.joint.extension_days;
    let mut wrong = Vec::new();
    if !(1..=most).contains(&wanted.days) {
        let message = format!("延长天数应为 1 至 {most} 个工作日。");
        wrong.push(Refusal::field("days", "group.extension_days", message).article(article.clone()));
    }
    let mut text = |field: &str, value: &str, what: &str, most: usize| {
        let value = value.trim().to_owned();
        match value.chars().count() {
            0 => wrong.push(Refusal::field(field, "text.required", format!("请填写{what}。")).article(article.clone())),
            n if n > most => wrong.push(Refusal::field(
                field,
                "text.too_long",
                format!("{what}不能超过 {most} 个字，现为 {n} 个字。"),
            )),
            _ => {}
        }
        value
    };
    let document = text("document", &wanted.document, "本级人民政府批准文件的文号", 100);
    let reason = text("reason", &wanted.reason, "延长期限的理由", 500);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let extension = Extension { days: wanted.days, article, document };
    Ok(vec![GroupEvent::JointLimitExtended { extension, reason }])
}

/// 统一出件: when every branch has ended, one notice lists all results. Nothing while one is open, and nothing twice.
pub fn hand_back(group: &Group, cases: &[Case], papers: &Papers) -> Vec<GroupEvent> {
    let Some(formation) = group.formation.as_deref() else { return Vec::new() };
    if group.handed_back_at.is_some() || cases.iter().any(|case| case.ended_at.is_none()) {
        return Vec::new();
    }
    vec![GroupEvent::GroupHandedBack { document: Box::new(papers.joint_completion(formation, cases)) }]
}
