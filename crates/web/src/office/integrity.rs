//! 数据完整性 (S-25): what was changed behind the platform, what was restored, and what must be restored by hand. For the security
//! administrators of the autonomous region.

use super::{frame, query};
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{Empty, Note, Pager, Pill, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use platform::integrity::{IntegrityFault, PAGE};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Owner, "/integrity", list).audited()]
}

/// From where on: moment and id of the last row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    at: String,
    after: String,
}

struct Line {
    place: String,
    key: String,
    what: &'static str,
    found: String,
    times: i64,
    state: Pill,
    mended: String,
}

#[derive(Template)]
#[template(path = "office/integrity.html")]
struct IntegrityPage {
    page: Page,
    lost: Option<Note>,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

fn words(what: &str) -> &'static str {
    match what {
        "missing" => "缺失",
        "differs" => "与台账不一致",
        "orphan" => "不是平台写入的",
        "events" => "台账记录被改动",
        _ => "内容被改动，校验值不符",
    }
}

fn line(fault: IntegrityFault) -> Line {
    Line {
        what: words(&fault.what),
        key: if fault.name.is_empty() { fault.key } else { fault.name },
        place: fault.place,
        found: fault.found_at.display(),
        times: fault.times,
        state: match fault.mended_at {
            Some(_) => Pill::new(Tone::Green, "已恢复"),
            None => Pill::new(Tone::Red, "不能自动恢复"),
        },
        mended: fault.mended_at.map(|at| at.display()).unwrap_or_default(),
    }
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let before = asked.at.parse().ok().map(|at| (at, asked.after.clone()));
    let narrowed = before.is_some();
    let found = ctx.platform.integrity_faults(&ctx.call, before).await?;
    let lost = ctx.platform.unmended_faults(&ctx.call).await?.unwrap_or_default();
    let full = i64::try_from(found.len()).is_ok_and(|shown| shown >= PAGE);
    let next = found
        .last()
        .filter(|_| full)
        .map(|last| format!("/integrity{}", query([("at", last.found_at.0.to_string()), ("after", last.id.clone())])));
    let view = IntegrityPage {
        page: frame(&ctx, "organs", "数据完整性").await?,
        lost: (lost > 0).then(|| {
            Note::new(
                Tone::Red,
                "有内容不能自动恢复",
                format!("{lost} 项没有可用的第二份。请立即停止对数据库和文件目录的直接操作，由系统管理员从备份恢复；恢复后下一次核验会自动确认。"),
            )
        }),
        empty: found.is_empty().then(|| {
            Empty::new("shield-check", "没有发现改动", "平台每天核验一次，读取项目代码、文书、文件和登录时也随时核验。发现改动会列在这里，并发出安全告警。")
        }),
        pager: Pager::new(format!("本页 {} 项", found.len())).first(narrowed.then_some("/integrity")).next(next),
        lines: found.into_iter().map(line).collect(),
    };
    Ok(Html(view.render()?))
}
