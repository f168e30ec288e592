//! The two papers of a group, as data: one receipt for all items, one hand-back for all results.

use super::{Branch, Formation};
use crate::{
    case::{Case, Outcome, Papers, REMEDY, Stage},
    document::{Document, DocumentKind},
    time::chinese_date,
};

impl Papers {
    fn joint_paper(&self, kind: DocumentKind, f: &Formation) -> Document {
        Document {
            kind,
            number: self.number(kind, f.lead.region.as_str()),
            issuer: f.lead_name.clone(),
            addressee: f.unit_name.clone(),
            issued_on: self.date,
            project_name: f.project_name.clone(),
            project_code: f.code.clone(),
            paragraphs: vec![],
            rows: vec![
                ("项目名称".into(), f.project_name.clone()),
                ("项目代码".into(), f.code.clone()),
                ("并联方式".into(), f.kind.title()),
                ("牵头部门".into(), f.lead_name.clone()),
                ("事项数量".into(), format!("{} 项", f.branches.len())),
            ],
            points: vec![],
            closing: vec![],
            check_value: String::new(),
            verify_url: String::new(),
        }
    }

    /// 联合收件凭证: one slip for all items (许可法第二十六条第二款).
    pub fn joint_receipt(&self, f: &Formation, cases: &[Case]) -> Document {
        let point = |(branch, case): (&Branch, &Case)| {
            let organ = format!("{}（{}）", branch.item_name, branch.agency_name);
            match case.ended_at {
                Some(_) => format!("{organ}：{}，未收件", case.stage.name()),
                None => format!("{organ}：材料 {} 项", case.application.as_ref().map_or(0, |a| a.materials.len())),
            }
        };
        let mut paper = self.joint_paper(DocumentKind::JointReceipt, f);
        paper.paragraphs = vec![
            "你单位于在线平台提交的并联申请材料已由牵头部门统一收件，并已转告各办理部门。各部门将自收件之日起五个工作日内分别作出是否受理的决定，或者一次性告知需要补正的全部内容；逾期不告知的，自收到申请材料之日起即为受理。各事项分别办理，其中一项补正、暂停或者撤回，不影响其他事项。".into(),
        ];
        paper.points = f.branches.iter().zip(cases).map(point).collect();
        paper.closing = vec![
            format!("共收到材料 {} 项，同一材料只需提交一份，由各部门共享。", f.materials.len()),
            "收件凭证不代表申请已被受理。".into(),
        ];
        paper.sealed_with_check_value()
    }

    /// 联合办结告知书: one notice with the result of every item (办法第十四条第五项).
    pub fn joint_completion(&self, f: &Formation, cases: &[Case]) -> Document {
        let mut paper = self.joint_paper(DocumentKind::JointCompletionNotice, f);
        paper.paragraphs = vec![
            "你单位并联申请的事项已全部办理完毕，现由牵头部门统一告知办理结果。各事项的审批文件和办结告知书由办理部门分别出具，可在在线平台下载。"
                .into(),
        ];
        paper.points = f.branches.iter().zip(cases).map(|(branch, case)| result(branch, case)).collect();
        paper.closing = match cases.iter().all(granted) {
            true => vec!["请及时通过在线平台报送项目开工建设、建设进度和竣工的基本信息。".into()],
            false => vec![REMEDY.into(), "未获准予或者已撤回的事项，问题解决后可以重新申请。".into()],
        };
        paper.sealed_with_check_value()
    }
}

fn granted(case: &Case) -> bool {
    case.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted)
}

fn result(branch: &Branch, case: &Case) -> String {
    let organ = format!("{}（{}）", branch.item_name, branch.agency_name);
    match (&case.decision, case.stage) {
        (Some(d), _) => format!(
            "{organ}：{}，{}《{}》，{}",
            d.outcome.name(),
            d.document_number,
            d.title,
            chinese_date(d.decided_on)
        ),
        (None, Stage::NotAccepted) => {
            format!("{organ}：不予受理，{}", case.end_reason.as_deref().unwrap_or_default())
        }
        (None, stage) => format!("{organ}：{}", stage.name()),
    }
}
