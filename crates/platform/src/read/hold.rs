//! Rows of sealed content, and the words its unit is told when it was a false alarm.

use super::{NewMessage, Projected};
use crate::Rulebook;
use domain::{
    Meta,
    account::Role,
    hold::{Content, Hold, HoldEvent, What},
    marking,
    region::INNER_MONGOLIA,
};
use ledger::Row;

fn what(content: &Content) -> &'static str {
    match content.what {
        What::File(_) => "file",
        What::Sample(_) => "sample",
    }
}

/// What the unit is told: neutral words, no name (K-08).
fn told(stream: &str, version: i64, content: &Content, hold: &Hold, meta: &Meta, rules: &Rulebook) -> Option<Row> {
    let unit = content.unit.as_ref()?;
    let material = rules.catalogue.material(&content.material).map_or("材料", |material| material.name.as_str());
    let next = if content.clean { "现在可以使用" } else { "安全检查完成后可以使用" };
    let message = NewMessage {
        stream,
        version,
        unit: unit.as_str(),
        at: meta.at,
        title: "上传的文件已核验完毕".to_owned(),
        body: format!("您于 {} 为“{material}”上传的文件已核验完毕，{next}，不需要重新上传。", hold.at.display()),
        link: content.project.as_ref().map_or_else(|| "/projects".to_owned(), |project| format!("/projects/{project}")),
    };
    Some(message.row())
}

/// What the unit is told when reading a scan found something after the upload: neutral words, no name (K-08).
fn told_later(stream: &str, version: i64, content: &Content, meta: &Meta, rules: &Rulebook) -> Option<Row> {
    let unit = content.unit.as_ref().filter(|_| content.later)?;
    let material = rules.catalogue.material(&content.material).map_or("材料", |material| material.name.as_str());
    let body =
        marking::neutral(content.blocked).message.replacen("该内容", &format!("为“{material}”上传的一份文件"), 1);
    let link =
        content.project.as_ref().map_or_else(|| "/projects".to_owned(), |project| format!("/projects/{project}"));
    let title = "上传的文件暂时不能使用".to_owned();
    Some(NewMessage { stream, version, unit: unit.as_str(), at: meta.at, title, body, link }.row())
}

/// Security administrators of the region are told that something was sealed, and nothing else (K-08).
fn alarm(stream: &str, version: i64, content: &Content, meta: &Meta) -> Row {
    let role = super::slug(&Role::SecurityAdministrator);
    let found = if content.blocked { "带有疑似密级标志的文件" } else { "待核验的文件" };
    Row::new(
        "INSERT INTO prompts(id, at, case_id, department, region, role, mark, title, body) VALUES($1, $2, '', '', $3, $4, 'hold', $5, $6)",
        [
            format!("{}-{version}-{role}", stream.replace(':', "-")).into(),
            meta.at.0.into(),
            INNER_MONGOLIA.as_str().into(),
            role.into(),
            "有文件被封存，请核验".into(),
            format!("系统封存了一份{found}，请在“涉密核验”中处理，并按期限报告。").into(),
        ],
    )
}

impl Projected for Hold {
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &HoldEvent,
        meta: &Meta,
        after: &Self,
        rules: &Rulebook,
    ) -> Vec<Row> {
        let Some(content) = &after.content else { return vec![] };
        let id = content.id.as_str();
        let row = match event {
            HoldEvent::ContentHeld(_) => Row::new(
                "INSERT INTO holds(id, file_id, what, blocked, rule, sm3, size, unit_id, account_id, source, state, held_at, reported_at, \
                 ended_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0)",
                [
                    id.into(),
                    content.what.file().as_str().into(),
                    what(content).into(),
                    i64::from(content.blocked).into(),
                    content.rule.clone().into(),
                    content.sm3.clone().into(),
                    content.size.into(),
                    content.unit.as_ref().map_or("", |unit| unit.as_str()).into(),
                    content.by.as_str().into(),
                    content.source.clone().into(),
                    after.state.slug().into(),
                    meta.at.0.into(),
                ],
            ),
            HoldEvent::HoldReported { .. } => {
                Row::new("UPDATE holds SET reported_at = $2 WHERE id = $1", [id.into(), meta.at.0.into()])
            }
            HoldEvent::HoldReleased { .. } | HoldEvent::ContentPurged { .. } => Row::new(
                "UPDATE holds SET state = $2, ended_at = $3 WHERE id = $1",
                [id.into(), after.state.slug().into(), meta.at.0.into()],
            ),
            _ => Row::new("UPDATE holds SET state = $2 WHERE id = $1", [id.into(), after.state.slug().into()]),
        };
        let told = match event {
            HoldEvent::HoldReleased { .. } => told(stream, version, content, after, meta, rules),
            HoldEvent::ContentHeld(_) => told_later(stream, version, content, meta, rules),
            _ => None,
        };
        let alarmed = matches!(event, HoldEvent::ContentHeld(_)).then(|| alarm(stream, version, content, meta));
        [Some(row), told, alarmed].into_iter().flatten().collect()
    }
}
