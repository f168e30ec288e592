//! Rows of parallel groups: the lead's list, which case belongs to which group, papers, messages to the unit.

use super::{NewMessage, Projected, document_row};
use crate::Rulebook;
use domain::{
    Meta, Moment,
    group::{Formation, Group, GroupEvent},
};
use ledger::{Row, Value};

impl Projected for Group {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &GroupEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(f) = &after.formation else { return vec![] };
        let mut rows = match event {
            GroupEvent::GroupFormed(_) => formed(f, after, meta),
            _ => vec![touch(f, after, meta)],
        };
        if let GroupEvent::GroupReceived { document } | GroupEvent::GroupHandedBack { document } = event {
            rows.push(document_row(document, f.project.as_str(), "", f.unit.as_str(), meta.at));
        }
        if let Some((title, body)) = message(f, event) {
            let link = format!("/groups/{}", f.id);
            rows.push(NewMessage { stream, version, unit: f.unit.as_str(), at: meta.at, title, body, link }.row());
        }
        rows
    }
}

/// What the unit is told (办法第十四条: 并告知项目单位; 许可法第四十二条第二款 for the extension's reason).
fn message(f: &Formation, event: &GroupEvent) -> Option<(String, String)> {
    let about = format!("“{}”的{}（{} 项）", f.project_name, f.kind.title(), f.branches.len());
    let (title, body) = match event {
        GroupEvent::GroupFormed(_) => return None,
        GroupEvent::GroupReceived { .. } => (
            "并联申请已联合收件",
            format!("{}已统一收到{about}的材料并转告各办理部门，联合收件凭证可以下载。", f.lead_name),
        ),
        GroupEvent::JointLimitExtended { extension, reason } => (
            "联合办理期限已延长",
            format!(
                "{about}的联合办理期限依据{}延长 {} 个工作日（{}）。理由：{reason}",
                extension.article, extension.days, extension.document
            ),
        ),
        GroupEvent::GroupHandedBack { .. } => (
            "并联申请已全部办理完毕",
            format!("{about}已全部办理完毕，{}统一告知结果，联合办结告知书可以下载。", f.lead_name),
        ),
    };
    Some((title.to_owned(), body))
}

fn at(moment: Option<Moment>) -> Value {
    moment.map_or(0, |m| m.0).into()
}

fn formed(f: &Formation, group: &Group, meta: &Meta) -> Vec<Row> {
    let mut rows = vec![Row::new(
        "INSERT INTO case_groups(id, project_id, project_code, project_name, unit_id, unit_name, stage, title, lead_department, lead_region, \
         branches, formed_at, received_at, extended, handed_back_at, updated_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $12)",
        [
            f.id.as_str().into(),
            f.project.as_str().into(),
            f.code.clone().into(),
            f.project_name.clone().into(),
            f.unit.as_str().into(),
            f.unit_name.clone().into(),
            f.kind.stage().into(),
            f.kind.title().into(),
            f.lead.department.clone().into(),
            f.lead.region.as_str().into(),
            i64::try_from(f.branches.len()).unwrap_or(0).into(),
            meta.at.0.into(),
            at(group.received_at),
            i64::from(group.extension.is_some()).into(),
            at(group.handed_back_at),
        ],
    )];
    rows.extend((0i64..).zip(&f.branches).map(|(position, branch)| {
        Row::new(
            "INSERT INTO case_group_branches(case_id, group_id, position) VALUES($1, $2, $3)",
            [branch.case.as_str().into(), f.id.as_str().into(), position.into()],
        )
    }));
    rows
}

fn touch(f: &Formation, group: &Group, meta: &Meta) -> Row {
    Row::new(
        "UPDATE case_groups SET received_at = $2, extended = $3, handed_back_at = $4, updated_at = $5 WHERE id = $1",
        [
            f.id.as_str().into(),
            at(group.received_at),
            i64::from(group.extension.is_some()).into(),
            at(group.handed_back_at),
            meta.at.0.into(),
        ],
    )
}
