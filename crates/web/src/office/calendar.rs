//! 工作日历: load a year's notice, see every running case whose date moves, put it in force (办法第十五条).

use super::{frame, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, ErrorSummary, Field, Markup, Tone},
};
use askama::Template;
use axum::{
    extract::Query,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{Refusal, calendar::CalendarVersion, department, region::RegionCode};
use platform::calendar::{CalendarPreview, LoadNotice, MovedCase};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/calendar", show),
        Route::post(Access::SignedIn, "/calendar/preview", preview),
        Route::post(Access::SignedIn, "/calendar/moved", moved),
        Route::post(Access::SignedIn, "/calendar/load", load),
    ]
}

/// Moved cases shown on the page; all of them are in the table to download.
const SHOWN: usize = 200;

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    said: String,
    #[serde(default)]
    moved: u64,
}

/// A running case whose date moves.
struct MovedLine {
    href: String,
    project: String,
    item: String,
    agency: String,
    period: String,
    from: String,
    to: String,
}

/// What a notice would do.
struct Preview {
    year: i16,
    title: String,
    days: String,
    off: usize,
    worked: usize,
    looked_at: u64,
    total: usize,
    lines: Vec<MovedLine>,
}

#[derive(Template)]
#[template(path = "office/calendar.html")]
struct CalendarPage {
    page: Page,
    summary: ErrorSummary,
    years: String,
    version: String,
    versions: Vec<CalendarVersion>,
    fields: Vec<Markup>,
    preview: Option<Preview>,
    once: String,
}

fn asked(form: &Fields) -> LoadNotice {
    LoadNotice {
        year: form.get("year").to_owned(),
        title: form.get("title").to_owned(),
        days: form.get("days").to_owned(),
    }
}

async fn show(ctx: OfficeContext, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, &Fields::default(), vec![], None, &said).await
}

async fn preview(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    match refusals(ctx.platform.preview_calendar(&ctx.call, &asked(&form)).await)? {
        Ok(found) => draw(&ctx, &form, vec![], Some(found), &Said::default()).await,
        Err(wrong) => draw(&ctx, &form, wrong, None, &Said::default()).await,
    }
}

/// Every case that moves, as a table for a spreadsheet.
async fn moved(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let found = match refusals(ctx.platform.preview_calendar(&ctx.call, &asked(&form)).await)? {
        Ok(found) => found,
        Err(wrong) => return draw(&ctx, &form, wrong, None, &Said::default()).await,
    };
    let cell = |text: &str| text.replace(['\t', '\r', '\n'], " ");
    let mut table = String::from("\u{feff}项目\t项目单位\t事项\t办理机关\t期限\t原届满日\t新届满日\r\n");
    for case in &found.moved {
        let cells =
            [&case.project_name, &case.unit_name, &case.item_name, &agency(case), &case.period].map(|t| cell(t));
        table += &format!("{}\t{}\t{}\r\n", cells.join("\t"), case.from, case.to);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/tab-separated-values; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"moved.tsv\""),
    ];
    Ok((headers, table).into_response())
}

async fn load(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    match refusals(ctx.platform.load_calendar(&ctx.call, &asked(&form)).await)? {
        Ok((_, done)) => Ok(to(format!("/calendar?said=loaded&moved={}", done.moved))),
        Err(wrong) => draw(&ctx, &form, wrong, None, &Said::default()).await,
    }
}

fn agency(case: &MovedCase) -> String {
    let region = RegionCode::parse(&case.region);
    region.and_then(|region| department::agency_name(&case.department, region)).unwrap_or_default()
}

fn line(case: &MovedCase) -> MovedLine {
    MovedLine {
        href: format!("/cases/{}", case.case),
        project: case.project_name.clone(),
        item: case.item_name.clone(),
        agency: agency(case),
        period: case.period.clone(),
        from: case.from.to_string(),
        to: case.to.to_string(),
    }
}

fn fields(form: &Fields, errors: &[Refusal]) -> Vec<Markup> {
    vec![
        Markup::of(
            Field::digits("year", "年份")
                .value(form.get("year"))
                .required()
                .max(4)
                .hint("四位数字，例如 2027。")
                .errors(errors),
        ),
        Markup::of(
            Field::text("title", "通知的标题或文号")
                .value(form.get("title"))
                .required()
                .max(200)
                .hint("例如“国务院办公厅关于2027年部分节假日安排的通知”。届满日调整的通知会引用它。")
                .errors(errors),
        ),
        Markup::of(
            Field::textarea("days", "放假和调休上班的日子", 14)
                .value(form.get("days"))
                .required()
                .hint("每行一天：日期、类别（holiday 放假，workday 调休上班）、节日名称，用制表符或空格隔开。请粘贴全年的内容，它替换该年度原有的安排。")
                .errors(errors),
        ),
    ]
}

fn previewed(found: CalendarPreview, days: &str) -> Preview {
    let worked = found.notice.days.iter().filter(|day| day.working).count();
    Preview {
        year: found.notice.year,
        title: found.notice.title,
        days: days.to_owned(),
        off: found.notice.days.len() - worked,
        worked,
        looked_at: found.looked_at,
        total: found.moved.len(),
        lines: found.moved.iter().take(SHOWN).map(line).collect(),
    }
}

async fn draw(
    ctx: &OfficeContext,
    form: &Fields,
    errors: Vec<Refusal>,
    found: Option<CalendarPreview>,
    said: &Said,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let page = frame(ctx, "help", "工作日历").await?.failed(failed);
    let versions = ctx.platform.calendar_versions(&ctx.call).await?;
    let page = match (said.said.as_str(), versions.first()) {
        ("loaded", Some(last)) => page.flash(
            Tone::Green,
            format!(
                "第 {} 版工作日历已生效。{} 件在办办件的届满日已重新确定，并已通知项目单位和办理岗位。",
                last.number, said.moved
            ),
        ),
        _ => page,
    };
    let calendar = ctx.platform.rules.calendar;
    let years: Vec<String> = calendar.published_years().map(|year| year.to_string()).collect();
    let shown = CalendarPage {
        page,
        summary: ErrorSummary::new(&errors),
        years: years.join("、"),
        version: calendar.version().to_owned(),
        versions,
        fields: fields(form, &errors),
        preview: found.map(|found| previewed(found, form.get("days"))),
        once: ctx.once(),
    };
    step::drawn(shown, failed)
}
