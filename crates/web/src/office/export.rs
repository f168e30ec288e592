//! 数据导出 (A-21, S-34): asked for with a reason, confirmed by a second person above the threshold, downloaded once.

use super::{frame, query, signed_in, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Empty, ErrorSummary, Facts, Field, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::header,
    response::{Html, IntoResponse, Response},
};
use domain::{
    Refusal,
    export::{State, What},
    ids::ExportId,
};
use platform::{
    Failure,
    export::{ExportFilter, ExportPage, ExportRow, Preview, Wanted},
    work_list::Cursor,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Routes of this module. Whoever looks at an export leaves a record that names it.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/exports", list).audited(),
        Route::get(Access::SignedIn, "/exports/new", form),
        Route::post(Access::SignedIn, "/exports/new", ask),
        Route::get(Access::Owner, "/exports/{id}", show).audited(),
        Route::post(Access::Owner, "/exports/{id}/confirm", confirm),
        Route::post(Access::Owner, "/exports/{id}/reject", reject),
        Route::post(Access::Owner, "/exports/{id}/withdraw", withdraw),
        Route::post(Access::Owner, "/exports/{id}/file", take),
    ]
}

/// Where the form to export a list is; the list's own filter goes along.
pub fn address(what: What, terms: &str) -> String {
    let terms = terms.strip_prefix('?').unwrap_or_default();
    format!("/exports/new?kind={}{}{terms}", what.slug(), if terms.is_empty() { "" } else { "&" })
}

fn export_id(text: &str) -> Result<ExportId, WebError> {
    ExportId::parse(text).ok_or(WebError::NotFound)
}

fn pill(state: State) -> Pill {
    let tone = match state {
        State::Waiting => Tone::Yellow,
        State::Ready => Tone::Green,
        State::Taken => Tone::Blue,
        State::Rejected => Tone::Red,
        State::Withdrawn => Tone::Grey,
    };
    Pill::new(tone, state.name())
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    number: String,
    after: String,
}

impl Asked {
    fn filter(&self) -> ExportFilter {
        match self.tab.as_str() {
            "waiting" => ExportFilter::Waiting,
            "every" => ExportFilter::Every,
            _ => ExportFilter::Mine,
        }
    }

    fn address(&self, after: &str) -> String {
        format!("/exports{}", query([("tab", self.tab.clone()), ("after", after.to_owned())]))
    }
}

struct Line {
    href: String,
    what: &'static str,
    id: String,
    by: String,
    rows: i64,
    reason: String,
    asked: String,
    state: Pill,
    taken: String,
}

fn line(row: ExportRow) -> Line {
    Line {
        href: format!("/exports/{}", row.id),
        what: row.what.name(),
        id: row.id.to_string(),
        by: row.by_name,
        rows: row.rows,
        reason: row.reason,
        asked: row.asked_at.display(),
        state: pill(row.state),
        taken: row.taken_at.map(|at| at.display()).unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "office/exports.html")]
struct ListPage {
    page: Page,
    tabs: Tabs,
    number: String,
    missing: bool,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let number = asked.number.trim().to_lowercase();
    let found = match ExportId::parse(&number) {
        Some(id) => ctx.platform.export_page(&ctx.call, &id).await.is_ok().then_some(id),
        None => None,
    };
    if let Some(id) = found {
        return Ok(to(format!("/exports/{id}")));
    }
    let filter = asked.filter();
    let (rows, next) = ctx.platform.exports(&ctx.call, filter, Cursor::parse(&asked.after)).await?;
    let page = frame(&ctx, "exports", "数据导出").await?;
    let waiting = page.exports.unwrap_or(0);
    let tabs = Tabs::new("按归属").plain("我的导出", "/exports", filter == ExportFilter::Mine).tab(
        "待我确认",
        waiting,
        "/exports?tab=waiting",
        filter == ExportFilter::Waiting,
    );
    let tabs = match page.audits {
        true => tabs.plain("全部导出", "/exports?tab=every", filter == ExportFilter::Every),
        false => tabs,
    };
    let (title, text) = match filter {
        ExportFilter::Waiting => ("没有待您确认的导出", "他人申请导出的行数超过限额时，会列在这里请您核对用途后确认。"),
        _ => ("还没有导出", "在办件、项目或者安全审计的列表上点“导出”即可申请。"),
    };
    let view = ListPage {
        tabs,
        missing: !number.is_empty(),
        number: asked.number.clone(),
        empty: rows.is_empty().then(|| Empty::new("download", title, text)),
        pager: Pager::new(format!("本页 {} 项", rows.len()))
            .first((!asked.after.is_empty()).then(|| asked.address("")))
            .next(next.map(|cursor| asked.address(&cursor.to_string()))),
        lines: rows.into_iter().map(line).collect(),
        page,
    };
    Ok(Html(view.render()?).into_response())
}

/// What the address or the form says is to be exported.
fn wanted(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Wanted, WebError> {
    let mut terms: BTreeMap<_, _> = pairs.into_iter().filter(|(name, _)| !name.starts_with('_')).collect();
    let what = terms.remove("kind").and_then(|kind| What::parse(&kind)).ok_or(WebError::NotFound)?;
    terms.remove("reason");
    terms.remove("after");
    terms.remove("before");
    Ok(Wanted { what, terms })
}

#[derive(Template)]
#[template(path = "office/export_new.html")]
struct NewPage {
    page: Page,
    summary: ErrorSummary,
    once: String,
    kind: &'static str,
    terms: Vec<(String, String)>,
    facts: Facts,
    note: Note,
    reason: Field,
    possible: bool,
    back: &'static str,
}

fn back(what: What) -> &'static str {
    match what {
        What::Cases => "/cases",
        What::Projects => "/projects",
        What::Audit => "/audit",
    }
}

fn filter_words(words: &[(&'static str, String)]) -> String {
    let words: Vec<_> = words.iter().map(|(name, value)| format!("{name}：{value}")).collect();
    if words.is_empty() { "不限".to_owned() } else { words.join("；") }
}

fn note(preview: &Preview, second: u64, hours: i64) -> Note {
    let left = preview.quota.saturating_sub(preview.used);
    if preview.rows == 0 {
        return Note::new(Tone::Yellow, "没有数据", "没有符合条件的数据，请返回列表放宽条件。");
    }
    if preview.rows > left {
        let words = format!(
            "今天还可以导出 {left} 行，本次超过了。请返回列表缩小范围，或者明天再导出；确需当天使用的，请本部门另一位同志办理。"
        );
        return Note::new(Tone::Red, "超过每天的限额", words);
    }
    if preview.second_person {
        let words = format!(
            "超过 {second} 行的导出，由部门负责人或者综合管理岗（安全审计由另一位审计管理员或者安全管理员）核对用途后确认。确认后 {hours} 小时内由您本人下载一次。"
        );
        return Note::new(Tone::Yellow, "需要另一人确认", words);
    }
    let words = format!("申请后 {hours} 小时内由您本人下载一次。文件带有导出编号，凭编号可以查到导出人、时间和用途。");
    Note::new(Tone::Blue, "可以直接下载", words)
}

async fn draw_new(
    ctx: &OfficeContext,
    wanted: Wanted,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let preview = ctx.platform.preview_export(&ctx.call, &wanted).await?;
    let failed = !errors.is_empty();
    let quotas = &ctx.platform.settings.quotas;
    let rows = if preview.rows > preview.quota {
        format!("超过 {} 行", preview.quota)
    } else {
        format!("{} 行", preview.rows)
    };
    let view = NewPage {
        page: frame(ctx, "exports", "申请导出").await?.crumb("数据导出", "/exports").failed(failed),
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        kind: wanted.what.slug(),
        facts: Facts::new()
            .row("导出内容", wanted.what.name())
            .row("行数", rows)
            .wide("条件", filter_words(&preview.words))
            .wide("今天的用量", format!("已导出 {} 行，每人每天 {} 行", preview.used, preview.quota)),
        note: note(&preview, quotas.second_person_rows, quotas.download_hours),
        reason: Field::text("reason", "导出的用途")
            .value(form.get("reason"))
            .required()
            .max(200)
            .hint("例如：月度办件情况通报。写入安全审计和文件本身。")
            .errors(&errors),
        possible: preview.rows > 0 && preview.used + preview.rows <= preview.quota,
        back: back(wanted.what),
        terms: wanted.terms.into_iter().collect(),
    };
    step::drawn(view, failed)
}

async fn form(ctx: OfficeContext, Query(pairs): Query<Vec<(String, String)>>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let pairs =
        if pairs.iter().any(|(name, _)| name == "kind") { pairs } else { vec![("kind".into(), "cases".into())] };
    draw_new(&ctx, wanted(pairs)?, &Fields::default(), vec![]).await
}

async fn ask(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let wanted = wanted(form.0.iter().cloned())?;
    match refusals(ctx.platform.ask_export(&ctx.call, &wanted, form.get("reason")).await)? {
        Ok(id) => Ok(to(format!("/exports/{id}?said=asked"))),
        Err(errors) => draw_new(&ctx, wanted, &form, errors).await,
    }
}

/// One thing to be done, as a card with a form.
struct Act {
    path: &'static str,
    title: &'static str,
    lead: String,
    fields: Vec<Field>,
    submit: &'static str,
    class: &'static str,
    /// Asked before; empty: not asked.
    confirm: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "office/export.html")]
struct ShowPage {
    page: Page,
    summary: ErrorSummary,
    once: String,
    id: ExportId,
    state: Pill,
    facts: Facts,
    story: Option<Facts>,
    acts: Vec<Act>,
}

fn facts(found: &ExportPage) -> Facts {
    let asked = &found.asked;
    let agency = domain::department::agency_name(&asked.department, asked.region).unwrap_or_default();
    Facts::new()
        .row("导出内容", asked.what.name())
        .row("行数", format!("{} 行", asked.rows))
        .wide("条件", filter_words(&found.words))
        .wide("用途", &asked.reason)
        .row("申请人", format!("{} {agency}", asked.by_name).trim().to_owned())
        .row("申请时间", found.export.at.display())
        .wide("导出编号", asked.id.to_string())
}

fn story(found: &ExportPage) -> Option<Facts> {
    let export = &found.export;
    let mut facts = Facts::new();
    if let Some((by, at)) = &export.decided {
        facts = match export.rejected.as_str() {
            "" => facts.wide("确认", format!("{} 由{by}确认", at.display())),
            why => facts.wide("未同意", format!("{} {by}：{why}", at.display())),
        };
    }
    if let Some((at, rows, sm3)) = &export.taken {
        facts = facts.wide("下载", format!("{} 由本人下载，共 {rows} 行", at.display())).wide("文件哈希（SM3）", sm3);
    }
    (export.decided.is_some() || export.taken.is_some()).then_some(facts)
}

fn acts(found: &ExportPage, form: &Fields, errors: &[Refusal]) -> Vec<Act> {
    let mut acts = Vec::new();
    let state = found.export.state;
    if found.own && state == State::Ready {
        acts.push(Act {
            path: "file",
            title: "下载",
            lead: format!(
                "请在 {} 前下载，只能下载一次。文件的首行、末行、页脚和文件名带有导出编号；请妥善保管，不得转发，用完删除。",
                found.until.display()
            ),
            fields: vec![],
            submit: "下载文件",
            class: "btn-primary",
            confirm: ("", ""),
        });
    }
    if found.may_confirm {
        acts.push(Act {
            path: "confirm",
            title: "确认导出",
            lead: "请与申请人核对用途、范围和行数，确属工作需要的，再予确认。确认记入安全审计。".to_owned(),
            fields: vec![],
            submit: "确认导出",
            class: "btn-primary",
            confirm: ("确认这项导出？", "确认后申请人可以下载一次。"),
        });
        acts.push(Act {
            path: "reject",
            title: "不同意",
            lead: "用途不明或者范围过大的，写明理由退回。".to_owned(),
            fields: vec![Field::text("why", "不同意的理由").value(form.get("why")).required().max(200).errors(errors)],
            submit: "不同意",
            class: "btn-outline-danger",
            confirm: ("不同意这项导出？", "申请人将看到理由。"),
        });
    }
    if found.own && matches!(state, State::Waiting | State::Ready) {
        acts.push(Act {
            path: "withdraw",
            title: "撤回",
            lead: "不再需要的，请撤回。".to_owned(),
            fields: vec![],
            submit: "撤回申请",
            class: "btn-outline-primary",
            confirm: ("撤回这项导出？", "撤回后不能下载，需要的另行申请。"),
        });
    }
    acts
}

async fn draw(
    ctx: &OfficeContext,
    id: &ExportId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    let found = ctx.platform.export_page(&ctx.call, id).await?;
    let failed = !errors.is_empty();
    let page = frame(ctx, "exports", "导出").await?.crumb("数据导出", "/exports").failed(failed);
    let page = match (said, found.export.state) {
        ("asked", State::Waiting) => page.flash(Tone::Green, "申请已提交，请等待另一位同志确认，确认后回到本页下载。"),
        ("asked", _) => page.flash(Tone::Green, "申请已登记，可以下载。"),
        ("confirm", _) => page.flash(Tone::Green, "已确认，申请人可以下载。"),
        ("reject", _) => page.flash(Tone::Yellow, "已退回，申请人将看到理由。"),
        ("withdraw", _) => page.flash(Tone::Green, "已撤回。"),
        _ => page,
    };
    let view = ShowPage {
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
        id: id.clone(),
        state: pill(found.export.state),
        facts: facts(&found),
        story: story(&found),
        acts: acts(&found, form, &errors),
        page,
    };
    step::drawn(view, failed)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
}

async fn show(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw(&ctx, &export_id(&id)?, &Fields::default(), vec![], &said.said).await
}

/// Back to the page, saying what was done; or with the refusals, nothing lost.
async fn finish(
    ctx: &OfficeContext,
    id: &ExportId,
    form: &Fields,
    result: Result<(), Failure>,
    done: &str,
) -> Result<Response, WebError> {
    match refusals(result)? {
        Ok(()) => Ok(to(format!("/exports/{id}?said={done}"))),
        Err(errors) => draw(ctx, id, form, errors, "").await,
    }
}

async fn confirm(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = export_id(&id)?;
    let result = ctx.platform.confirm_export(&ctx.call, &id).await;
    finish(&ctx, &id, &form, result, "confirm").await
}

async fn reject(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = export_id(&id)?;
    let result = ctx.platform.reject_export(&ctx.call, &id, form.get("why")).await;
    finish(&ctx, &id, &form, result, "reject").await
}

async fn withdraw(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = export_id(&id)?;
    let result = ctx.platform.withdraw_export(&ctx.call, &id).await;
    finish(&ctx, &id, &form, result, "withdraw").await
}

async fn take(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = export_id(&id)?;
    match refusals(ctx.platform.take_export(&ctx.call, &id).await)? {
        Ok(file) => {
            let headers = [
                (header::CONTENT_TYPE, file.kind.to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            Ok((headers, file.content).into_response())
        }
        Err(errors) => draw(&ctx, &id, &form, errors, "").await,
    }
}
