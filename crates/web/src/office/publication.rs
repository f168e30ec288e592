//! 公开审核: results that wait for a second person, what would be published of each, and what is public (办法第十八条; S-55).

use super::{frame, query, signed_in, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Empty, ErrorSummary, Facts, Field, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    ids::CaseId,
    publication::{PublicationState, Shown},
};
use platform::{publication::PublicationPage, work_list::Cursor};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/publications", list),
        Route::post(Access::SignedIn, "/publications", confirm_all),
        Route::get(Access::Owner, "/publications/{id}", page),
        Route::post(Access::Owner, "/publications/{id}/confirm", confirm),
        Route::post(Access::Owner, "/publications/{id}/hold", hold_back),
    ]
}

fn pill(state: PublicationState) -> Pill {
    let tone = match state {
        PublicationState::Waiting => Tone::Yellow,
        PublicationState::Public => Tone::Green,
        PublicationState::HeldBack | PublicationState::Withdrawn => Tone::Grey,
    };
    Pill::new(tone, state.name())
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: String,
    after: String,
    said: String,
    done: usize,
    left: usize,
}

fn address(state: PublicationState, after: &str) -> String {
    let state = if state == PublicationState::Waiting { "" } else { state.slug() };
    format!("/publications{}", query([("state", state.to_owned()), ("after", after.to_owned())]))
}

struct Line {
    id: CaseId,
    href: String,
    case: String,
    project: String,
    code: String,
    shown: Shown,
    ended: String,
    state: Pill,
    /// Nobody reviews the own decision.
    is_own: bool,
    last: String,
}

fn line(row: PublicationPage) -> Line {
    let last = row.publication.story.last();
    Line {
        href: format!("/publications/{}", row.case.id),
        case: format!("/cases/{}", row.case.id),
        project: row.case.project_name.clone(),
        code: row.case.project_code.clone(),
        ended: row.case.ended_at.map(|at| at.date().to_string()).unwrap_or_default(),
        state: pill(row.publication.state),
        is_own: row.is_own,
        last: last.map(|step| format!("{} {} {}", step.at.date(), step.by, step.reason)).unwrap_or_default(),
        id: row.case.id,
        shown: row.shown,
    }
}

#[derive(Template)]
#[template(path = "office/publications.html")]
struct ListPage {
    page: Page,
    summary: ErrorSummary,
    tabs: Tabs,
    waiting: bool,
    once: String,
    kinds: Vec<String>,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    draw_list(&ctx, &asked, vec![]).await
}

async fn draw_list(ctx: &OfficeContext, asked: &Asked, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let state = PublicationState::parse(&asked.state).unwrap_or_default();
    let (rows, next) = ctx.platform.publications(&ctx.call, state, Cursor::parse(&asked.after)).await?;
    let page = frame(ctx, "publications", "公开审核").await?.failed(!errors.is_empty());
    let page = match asked.said.as_str() {
        "confirmed" if asked.left == 0 => page.flash(Tone::Green, format!("已公开 {} 项结果。", asked.done)),
        "confirmed" => page.flash(
            Tone::Yellow,
            format!(
                "已公开 {} 项结果；另有 {} 项未能公开（本人决定的，或者状态已经变化），仍列在下面。",
                asked.done, asked.left
            ),
        ),
        _ => page,
    };
    let waiting = page.publications.unwrap_or(0);
    let first = Tabs::new("按状态").tab(
        PublicationState::Waiting.name(),
        waiting,
        address(PublicationState::Waiting, ""),
        state == PublicationState::Waiting,
    );
    let tabs = PublicationState::ALL
        .into_iter()
        .skip(1)
        .fold(first, |tabs, other| tabs.plain(other.name(), address(other, ""), other == state));
    let count = rows.len();
    let view = ListPage {
        summary: ErrorSummary::new(&errors),
        tabs,
        waiting: state == PublicationState::Waiting,
        once: ctx.once(),
        kinds: kinds(ctx),
        empty: rows.is_empty().then(|| match state {
            PublicationState::Waiting => {
                Empty::new("check", "没有等待审核的结果", "办件办结后，结果列在这里，由决定人以外的人审核后公开。")
            }
            _ => Empty::new("file-text", "没有结果", "换一个状态看看。"),
        }),
        pager: Pager::new(format!("本页 {count} 项"))
            .first((!asked.after.is_empty()).then(|| address(state, "")))
            .next(next.map(|cursor| address(state, &cursor.to_string()))),
        lines: rows.into_iter().map(line).collect(),
        page,
    };
    step::drawn(view, !errors.is_empty())
}

/// The kinds that need no review of each result, in words.
fn kinds(ctx: &OfficeContext) -> Vec<String> {
    let name = |item: &str| match item {
        "*" => "全部事项".to_owned(),
        code => ctx.platform.rules.catalogue.item(code).map_or(code.to_owned(), |item| item.name.clone()),
    };
    let kinds = &ctx.platform.settings.disclosure_reviewed;
    kinds.iter().map(|kind| format!("{}：{} {} 审查", name(&kind.item), kind.by, kind.on)).collect()
}

async fn confirm_all(Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let ids: Vec<CaseId> = form.all("case").into_iter().filter_map(CaseId::parse).collect();
    if ids.is_empty() {
        let refusal = Refusal::new("publication.none", "请先勾选要公开的结果。");
        return draw_list(&ctx, &Asked::default(), vec![refusal]).await;
    }
    let done = ctx.platform.publish_results(&ctx.call, &ids).await?;
    Ok(to(format!("/publications?said=confirmed&done={}&left={}", done.published, done.refused.len())))
}

#[derive(Template)]
#[template(path = "office/publication.html")]
struct View {
    page: Page,
    summary: ErrorSummary,
    id: CaseId,
    once: String,
    state: Pill,
    lead: String,
    case: String,
    shown: Facts,
    story: Vec<(String, String)>,
    own: Option<Note>,
    may_confirm: bool,
    may_hold: bool,
    is_public: bool,
    reason: Field,
}

async fn page(ctx: OfficeContext, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    draw(&ctx, &step::case_id(&id)?, &Fields::default(), vec![], &asked.said).await
}

async fn draw(
    ctx: &OfficeContext,
    id: &CaseId,
    form: &Fields,
    errors: Vec<Refusal>,
    said: &str,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let found = ctx.platform.publication_page(&ctx.call, id).await?;
    let failed = !errors.is_empty();
    let page = frame(ctx, "publications", "公开审核").await?.crumb("公开审核", "/publications").failed(failed);
    let page = match said {
        "confirm" => page.flash(Tone::Green, "结果已公开，公众可以按项目代码查询到。"),
        "hold" => page.flash(Tone::Yellow, "已登记不公开，公众查询不到该结果。"),
        _ => page,
    };
    let state = found.publication.state;
    let is_public = state == PublicationState::Public;
    let view = View {
        summary: ErrorSummary::new(&errors),
        id: id.clone(),
        once: ctx.once(),
        state: pill(state),
        lead: format!("{} · {}", found.case.project_name, found.case.project_code),
        case: format!("/cases/{id}"),
        shown: facts(&found.shown),
        story: found
            .publication
            .story
            .iter()
            .map(|step| {
                (format!("{} {}", step.at.display(), step.state.name()), format!("{} {}", step.by, step.reason))
            })
            .collect(),
        own: (found.is_own && !is_public).then(|| {
            let words = "该结果由您作出决定。公开前应当由本部门的另一人或者综合管理岗审核；您可以登记暂不公开。";
            Note::new(Tone::Yellow, "需要另一人审核", words).article("保守国家秘密法实施条例第四十二条")
        }),
        may_confirm: !is_public && !found.is_own,
        may_hold: matches!(state, PublicationState::Waiting | PublicationState::Public),
        is_public,
        reason: Field::textarea("reason", if is_public { "撤下的理由" } else { "暂不公开的理由" }, 3)
            .value(form.get("reason"))
            .hint("写明依据，例如含商业秘密、个人信息。写入记录，不能修改；不要写涉密内容。")
            .required()
            .max(500)
            .errors(&errors),
        page,
    };
    step::drawn(view, failed)
}

/// Exactly what the public sees.
fn facts(shown: &Shown) -> Facts {
    Facts::new()
        .row("事项", &shown.item_name)
        .row("办理机关", &shown.agency_name)
        .row("办理结果", shown.outcome.name())
        .row("决定日期", shown.decided_on)
        .row("审批文件文号", &shown.document_number)
        .wide("审批文件标题", &shown.title)
}

async fn confirm(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = step::case_id(&id)?;
    match refusals(ctx.platform.publish_result(&ctx.call, &id).await)? {
        Ok(()) => Ok(to(format!("/publications/{id}?said=confirm"))),
        Err(errors) => draw(&ctx, &id, &form, errors, "").await,
    }
}

async fn hold_back(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    signed_in(&ctx)?;
    let id = step::case_id(&id)?;
    match refusals(ctx.platform.hold_result_back(&ctx.call, &id, form.get("reason")).await)? {
        Ok(()) => Ok(to(format!("/publications/{id}?said=hold"))),
        Err(errors) => draw(&ctx, &id, &form, errors, "").await,
    }
}
