//! Rows of projects.

use super::{NewMessage, Projected, document_row};
use crate::Rulebook;
use domain::{
    Meta,
    project::{Project, ProjectEvent},
};
use ledger::Row;

impl Projected for Project {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &ProjectEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let Some(d) = &after.declared else { return vec![] };
        let touch = Row::standing(
            "UPDATE projects SET state = $2, version = $3, updated_at = $4 WHERE id = $1",
            [d.id.as_str().into(), after.state.slug().into(), version.into(), meta.at.0.into()],
        );
        let ended =
            Row::new("UPDATE projects SET ended_at = $2 WHERE id = $1", [d.id.as_str().into(), meta.at.0.into()]);
        let proved = Row::guarded(
            "projects",
            "UPDATE projects SET code = $2, name = $3, regime = $4, state = $5, region = $6, unit_id = $7, unit_name = $8, total_fen = $9, \
             mac = $10 WHERE id = $1",
            [
                d.id.as_str().into(),
                d.code.clone().into(),
                d.name.clone().into(),
                super::slug(&d.regime).into(),
                after.state.slug().into(),
                d.region.clone().into(),
                d.unit.as_str().into(),
                d.unit_name.clone().into(),
                d.total_investment.0.into(),
            ],
        );
        let message = |title: &str, body: String| {
            NewMessage {
                stream,
                version,
                unit: d.unit.as_str(),
                at: meta.at,
                title: title.into(),
                body,
                link: format!("/projects/{}", d.id),
            }
            .row()
        };
        match event {
            ProjectEvent::ProjectDeclared(_) => vec![
                Row::new(
                    "INSERT INTO projects(id, code, name, regime, state, region, industry, unit_id, unit_name, total_fen, version, checks, declared_at, updated_at) \
                     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $12)",
                    [
                        d.id.as_str().into(),
                        d.code.clone().into(),
                        d.name.clone().into(),
                        super::slug(&d.regime).into(),
                        after.state.slug().into(),
                        d.region.clone().into(),
                        d.industry.clone().into(),
                        d.unit.as_str().into(),
                        d.unit_name.clone().into(),
                        d.total_investment.0.into(),
                        version.into(),
                        meta.at.0.into(),
                    ],
                ),
                proved,
                Row::per_engine(
                    "INSERT INTO project_search(id, words) VALUES($1, $2)",
                    "INSERT INTO project_search(id, words) VALUES($1, array_to_tsvector(string_to_array($2, ' ')))",
                    [d.id.as_str().into(), crate::public::bigrams(&d.name).join(" ").into()],
                ),
                message(
                    "项目已取得代码",
                    format!("“{}”的项目代码为 {}。需要办理的事项和先后顺序请在项目页面查看。", d.name, d.code),
                ),
            ],
            ProjectEvent::CodeCertificateIssued { document } => {
                vec![document_row(document, d.id.as_str(), "", d.unit.as_str(), meta.at), touch]
            }
            ProjectEvent::CodeVoided { reason } => vec![
                touch,
                ended,
                proved,
                message("项目代码已作废", format!("“{}”（代码 {}）的项目代码已作废。原因：{reason}", d.name, d.code)),
            ],
            ProjectEvent::ProjectWithdrawn { .. } => vec![touch, proved, ended],
            ProjectEvent::PersonalCorrected { .. } | ProjectEvent::PersonalLocked { .. } => vec![touch],
            ProjectEvent::PersonalErased { years, .. } => vec![
                touch,
                Row::new(
                    "UPDATE projects SET erased_years = $2, erased_at = $3 WHERE id = $1",
                    [d.id.as_str().into(), i64::from(*years).into(), meta.at.0.into()],
                ),
            ],
        }
    }
}
