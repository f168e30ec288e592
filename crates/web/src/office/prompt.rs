//! 提醒: what the platform told this officer's posts about the periods of their cases.

use super::{frame, query, to};
use crate::{
    Access, OfficeContext, Page, Posted, Route, WebError,
    html::{self, Empty, Pager, Pill, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    response::{Html, Response},
};
use platform::{prompt::Prompt, work_list::Cursor};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/prompts", list), Route::post(Access::SignedIn, "/prompts/seen", see)]
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    after: String,
    #[serde(default)]
    said: String,
}

/// One line.
struct Line {
    href: String,
    title: String,
    body: String,
    at: String,
    mark: Pill,
    seen: bool,
}

#[derive(Template)]
#[template(path = "office/prompts.html")]
struct Prompts {
    page: Page,
    once: String,
    lines: Vec<Line>,
    empty: Empty,
    pager: Pager,
}

fn mark(mark: &str) -> Pill {
    match mark {
        "yellow" => Pill::new(Tone::Yellow, "黄灯"),
        "last_day" => Pill::new(Tone::Yellow, "今日到期"),
        "red" => Pill::new(Tone::Red, "红灯"),
        "deemed_acceptance" => Pill::new(Tone::Red, "视为受理"),
        "card" => Pill::new(Tone::Red, "监察卡"),
        "order" => Pill::new(Tone::Red, "督办"),
        "consultation" => Pill::new(Tone::Blue, "征求意见"),
        "export" => Pill::new(Tone::Yellow, "导出待确认"),
        _ => Pill::new(Tone::Blue, "届满日调整"),
    }
}

fn line(prompt: Prompt) -> Line {
    Line {
        // Whoever is asked for an opinion has no part in the case itself.
        href: match prompt.mark.as_str() {
            "consultation" => "/consultations".to_owned(),
            "export" => "/exports?tab=waiting".to_owned(),
            _ => format!("/cases/{}", prompt.case),
        },
        title: prompt.title,
        body: prompt.body,
        at: prompt.at.display(),
        mark: mark(&prompt.mark),
        seen: prompt.seen,
    }
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "prompts", "提醒").await?;
    let (prompts, next) = ctx.platform.prompts(&ctx.call, Cursor::parse(&asked.after)).await?;
    let page = if asked.said == "seen" { page.flash(Tone::Green, "已全部标为看过。") } else { page };
    let pager = Pager::new(format!("本页 {} 条", prompts.len()))
        .first((!asked.after.is_empty()).then_some("/prompts"))
        .next(next.map(|cursor| format!("/prompts{}", query([("after", cursor.to_string())]))));
    let view = Prompts {
        page,
        once: ctx.once(),
        lines: prompts.into_iter().map(line).collect(),
        empty: Empty::new(
            "bell",
            "没有提醒",
            "办件变灯、今日到期、视为受理或者届满日调整时，平台会在这里提醒您的岗位。",
        ),
        pager,
    };
    Ok(Html(view.render()?))
}

async fn see(Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    ctx.platform.see_prompts(&ctx.call).await?;
    Ok(to("/prompts?said=seen"))
}
