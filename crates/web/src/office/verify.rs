//! 核验代码: form, existence and force of a code, with the fault by its name (办法第十三条).

use super::frame;
use crate::{
    Access, OfficeContext, Page, Route, WebError,
    html::{self, Facts, Note, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Html};
use domain::{project::ProjectState, project_code::Generation};
use platform::{desk::ProjectFilter, public::CodeAnswer};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/verify", verify)]
}

/// The code to be checked.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "office/verify.html")]
struct VerifyPage {
    page: Page,
    code: String,
    answer: Option<Note>,
    facts: Option<Facts>,
    project: Option<String>,
    outside: bool,
}

fn generation(generation: Generation) -> &'static str {
    match generation {
        Generation::First => "第一代编码（2020 年 11 月以前）",
        Generation::Second => "第二代编码（GB/T 40058）",
    }
}

async fn verify(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "verify", "核验项目代码").await?;
    let code: String = asked.code.trim().chars().take(100).collect();
    let mut shown = VerifyPage { page, answer: None, facts: None, project: None, outside: false, code };
    if !shown.code.is_empty() {
        match ctx.platform.verify_code(&ctx.call, &shown.code).await? {
            CodeAnswer::Fault(fault) => {
                let text = format!("{fault}（错误类别：{}）", fault.name());
                shown.answer = Some(Note::new(Tone::Red, "核验未通过：不是有效的项目代码", text));
            }
            CodeAnswer::Unknown(kind) => {
                let text = format!(
                    "格式和校验码正确（{}），但在线平台没有该代码对应的项目。不得据此受理申请。",
                    generation(kind)
                );
                shown.answer = Some(Note::new(Tone::Yellow, "核验未通过：没有对应的项目", text));
            }
            CodeAnswer::Known { generation: kind, name, state } => {
                let good = state == ProjectState::Active;
                let (tone, title, text) = if good {
                    (Tone::Green, "核验通过", "代码真实、有效。办理具体申请时，系统还会核对代码与申请单位是否一致。")
                } else {
                    (Tone::Red, "核验未通过：代码已失效", "该代码不再有效，不得据此受理申请。")
                };
                shown.answer = Some(Note::new(tone, title, text).article("办法第十三条、第十四条第（二）项"));
                shown.facts = Some(
                    Facts::new()
                        .row("项目名称", name)
                        .part("代码状态", super::show::project_state(state))
                        .row("编码规则", generation(kind))
                        .row("项目代码", &shown.code),
                );
                let filter = ProjectFilter { words: shown.code.clone(), region: None };
                let (rows, _) = ctx.platform.office_projects(&ctx.call, &filter, None).await?;
                shown.project = rows.first().map(|row| format!("/projects/{}", row.id));
                shown.outside = shown.project.is_none();
            }
        }
    }
    Ok(Html(shown.render()?))
}
