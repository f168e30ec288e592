//! Rows of exports, and the prompt that asks a second person.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    account::Role,
    export::{Asked, Export, ExportEvent, State, What},
    region::INNER_MONGOLIA,
};
use ledger::Row;

fn new_row(asked: &Asked, export: &Export) -> Row {
    Row::new(
        "INSERT INTO exports(id, what, account_id, by_name, department, region, rows_asked, reason, state, asked_at, ready_at, taken_at) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)",
        [
            asked.id.as_str().into(),
            asked.what.slug().into(),
            asked.by.as_str().into(),
            asked.by_name.clone().into(),
            asked.department.clone().into(),
            asked.region.as_str().into(),
            i64::try_from(asked.rows).unwrap_or(i64::MAX).into(),
            asked.reason.clone().into(),
            export.state.slug().into(),
            export.at.0.into(),
            export.ready_at.0.into(),
        ],
    )
}

/// Whoever may confirm it is told.
fn prompt(stream: &str, version: i64, asked: &Asked, meta: &Meta) -> Row {
    let (role, department, region) = match asked.what {
        What::Audit => (Role::SecurityAdministrator, "", INNER_MONGOLIA),
        What::Cases | What::Projects => (Role::DepartmentManager, asked.department.as_str(), asked.region),
    };
    let role = super::slug(&role);
    Row::new(
        "INSERT INTO prompts(id, at, case_id, department, region, role, mark, title, body) VALUES($1, $2, '', $3, $4, $5, 'export', $6, $7)",
        [
            format!("{}-{version}-{role}", stream.replace(':', "-")).into(),
            meta.at.0.into(),
            department.into(),
            region.as_str().into(),
            role.into(),
            "有一项数据导出待确认".into(),
            format!(
                "{}申请导出{} {} 行，用途：{}。请在“数据导出”中核对后确认或者退回。",
                asked.by_name,
                asked.what.name(),
                asked.rows,
                asked.reason
            )
            .into(),
        ],
    )
}

impl Projected for Export {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &ExportEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(asked) = &after.asked else { return vec![] };
        if let ExportEvent::ExportAsked(_) = event {
            let waits = after.state == State::Waiting;
            let prompt = waits.then(|| prompt(stream, version, asked, meta));
            return std::iter::once(new_row(asked, after)).chain(prompt).collect();
        }
        vec![Row::new(
            "UPDATE exports SET state = $2, ready_at = $3, taken_at = $4 WHERE id = $1",
            [
                asked.id.as_str().into(),
                after.state.slug().into(),
                after.ready_at.0.into(),
                after.taken.as_ref().map_or(0, |(at, ..)| at.0).into(),
            ],
        )]
    }
}
