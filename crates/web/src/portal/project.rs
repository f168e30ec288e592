//! 我的项目: the list, one project with its tasks, the confirmation after the declaration.

use super::{application, declare, group, paper};
use crate::{
    Access, Page, Posted, Route, WebError,
    app::refusals,
    context::PortalContext,
    html::{self, ClockSheet, Facts, Field, Lanes, Light, Pager, Pill, Plate, Tasks, Timeline, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{Refusal, ids::ProjectId, item::PrecedenceKind, project::ProjectState, region::RegionCode};
use jiff::civil::Date;
use platform::{
    case::CaseRow,
    document::PaperRow,
    project::{OpenCases, ProjectPage, ProjectRow, Task, TaskState},
    trail::{Lane, TrailEntry},
};
use serde::Deserialize;

/// Projects on one page of the list.
const LISTED: u64 = 20;

/// Entries of the trail shown without being asked for.
const NEWEST: usize = 6;

/// Pages of projects.
pub fn routes() -> Vec<Route> {
    use Access::{Owner, SignedIn};
    vec![
        Route::get(SignedIn, "/projects", list),
        Route::get(Owner, "/projects/{id}", show),
        Route::get(Owner, "/projects/{id}/declared", declared).audited(),
        Route::get(Owner, "/projects/{id}/withdraw", ask_withdrawal),
        Route::post(Owner, "/projects/{id}/withdraw", withdraw),
    ]
}

pub(super) fn project_id(text: &str) -> Result<ProjectId, WebError> {
    ProjectId::parse(text).ok_or(WebError::NotFound)
}

/// Colour of a project's state.
pub(super) fn state_pill(state: ProjectState) -> Pill {
    let (tone, meaning) = match state {
        ProjectState::Active => (Tone::Green, "项目代码有效，可以凭代码办理各项审批。"),
        ProjectState::Voided => (Tone::Red, "项目代码已由综合管理部门作废，不能再用来办理审批。"),
        ProjectState::Withdrawn => (Tone::Grey, "项目单位已撤回本项目，代码保留在册，不再给其他项目使用。"),
    };
    Pill::new(tone, state.name()).meaning(meaning)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
    before: String,
    done: String,
}

/// A project as the list shows it.
struct Listed {
    id: ProjectId,
    name: String,
    code: String,
    regime: String,
    place: String,
    total: String,
    declared: Date,
    state: Pill,
    open: OpenCases,
}

#[derive(Template)]
#[template(path = "portal/project_list.html")]
struct List {
    page: Page,
    words: String,
    drafts: Vec<declare::DraftRow>,
    rows: Vec<Listed>,
    pager: Pager,
}

/// A regime by its machine name.
pub(super) fn regime_name(slug: &str) -> &'static str {
    domain::regime::Regime::ALL.into_iter().find(|r| r.as_str() == slug).map_or("", |r| r.name())
}

async fn list(ctx: PortalContext, Query(query): Query<ListQuery>) -> Result<Html<String>, WebError> {
    let before =
        query.before.split_once('.').and_then(|(at, id)| Some((at.parse::<i64>().ok()?, ProjectId::parse(id)?.0)));
    let first_page = before.is_none();
    let words: String = query.q.trim().chars().take(60).collect();
    let mut rows = ctx.platform.my_projects(&ctx.call, &words, before, LISTED.saturating_add(1)).await?;
    let more = rows.len() as u64 > LISTED;
    rows.truncate(LISTED as usize);
    let search = crate::percent_encoded(&words);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/projects?q={search}&before={}.{}", last.declared_at.0, last.id));
    let open = ctx.platform.my_open_cases(&ctx.call).await?;
    let drafts = match first_page && words.is_empty() {
        true => {
            ctx.platform.drafts(&ctx.call).await?.into_iter().map(|draft| declare::DraftRow::of(&ctx, draft)).collect()
        }
        false => Vec::new(),
    };
    let regions = ctx.platform.rules.regions;
    let listed = |row: ProjectRow| Listed {
        open: open.get(&row.id).copied().unwrap_or_default(),
        name: row.name,
        code: row.code,
        regime: regime_name(&row.regime).to_owned(),
        place: RegionCode::parse(&row.region).map_or(row.region, |code| regions.full_name(code)),
        total: row.total.wan(),
        declared: row.declared_at.date(),
        state: state_pill(row.state),
        id: row.id,
    };
    let rows: Vec<Listed> = rows.into_iter().map(listed).collect();
    let back = (!first_page).then(|| format!("/projects?q={search}"));
    let pager = Pager::new(format!("本页 {} 个项目", rows.len())).first(back).next(next);
    let mut page = ctx.page("projects", "我的项目").await?.crumb("首页", "/");
    if query.done == "registered" {
        page = page.flash(Tone::Green, "单位注册成功，现在可以申报项目。");
    }
    Ok(Html(List { page, words, drafts, rows, pager }.render()?))
}

/// One group of the declared facts.
struct DeclaredGroup {
    title: &'static str,
    facts: Facts,
}

/// A period that runs, with its days.
struct Running {
    title: String,
    light: Light,
    explanation: String,
    sheet: ClockSheet,
    href: String,
}

/// A joint application of the project.
struct GroupLine {
    title: String,
    href: String,
    note: String,
    state: Pill,
}

#[derive(Template)]
#[template(path = "portal/project.html")]
struct Show {
    page: Page,
    id: ProjectId,
    name: String,
    state: Pill,
    reason: Option<String>,
    active: bool,
    plate: Plate,
    facts: Facts,
    tasks: Tasks,
    counts: Vec<(TaskState, usize)>,
    groups_filed: Vec<GroupLine>,
    running: Vec<Running>,
    lanes: Lanes,
    papers: Vec<PaperRow>,
    trail: Timeline,
    older: Timeline,
    hidden: usize,
    groups: Vec<DeclaredGroup>,
    others: Vec<(String, String)>,
}

impl Show {
    fn paper(&self, row: &PaperRow) -> String {
        paper::href(&row.number)
    }

    fn tone(&self, state: &TaskState) -> Tone {
        task_tone(*state)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    pub done: String,
}

async fn show(ctx: PortalContext, Path(id): Path<String>, Query(query): Query<Done>) -> Result<Html<String>, WebError> {
    let id = project_id(&id)?;
    let project = ctx.platform.project_page(&ctx.call, &id).await?;
    let papers = ctx.platform.papers_of_project(&ctx.call, &id).await?;
    let mut running = Vec::new();
    for row in project.cases.iter().filter(|row| row.due.is_some() || row.suspended) {
        let case = ctx.platform.case_page(&ctx.call, &row.id).await?;
        if let Some(sheet) = case.running_sheet() {
            running.push(Running {
                title: row.item_name.clone(),
                light: application::light(sheet),
                explanation: sheet.explanation.clone(),
                sheet: application::clock_sheet(&row.item_name, sheet),
                href: format!("/cases/{}", row.id),
            });
        }
    }
    let mut page =
        ctx.page("projects", &project.declared.name).await?.crumb("首页", "/").crumb("我的项目", "/projects");
    if query.done == "withdrawn" {
        page = page.flash(Tone::Green, "项目已撤回。");
    }
    let rules = &ctx.platform.rules;
    let name_of = |code: &str| rules.catalogue.item(code).map_or_else(|| code.to_owned(), |item| item.name.clone());
    let older = project.trail.len().saturating_sub(NEWEST);
    let html = Show {
        page,
        name: project.declared.name.clone(),
        state: state_pill(project.project.state),
        reason: project.project.reason.clone(),
        active: project.project.state == ProjectState::Active,
        plate: plate(&ctx, &project),
        facts: head(&ctx, &project),
        tasks: Tasks::new(project.tasks.iter().map(|task| row(&id, task, &name_of))),
        counts: counts(&project.tasks),
        groups_filed: groups_filed(&ctx, &id).await?,
        running,
        lanes: lanes(&project.trail),
        papers,
        older: timeline(project.trail.get(..older).unwrap_or_default()),
        trail: timeline(project.trail.get(older..).unwrap_or_default()),
        hidden: older,
        groups: declared_groups(&ctx, &project),
        others: project.derivation.not_needed.iter().map(|n| (name_of(&n.item), n.would_change.clone())).collect(),
        id,
    };
    Ok(Html(html.render()?))
}

async fn groups_filed(ctx: &PortalContext, id: &ProjectId) -> Result<Vec<GroupLine>, WebError> {
    let rows = ctx.platform.groups_of_project(&ctx.call, id).await?;
    let line = |row: platform::group::GroupRow| GroupLine {
        state: group::state_pill(&row),
        href: format!("/groups/{}", row.id),
        note: format!("{} 项 · {} 提交", row.branches, row.formed_at.date()),
        title: row.title,
    };
    Ok(rows.into_iter().map(line).collect())
}

fn plate(ctx: &PortalContext, project: &ProjectPage) -> Plate {
    let code = &project.declared.code;
    Plate::new("项目代码", code)
        .text("办理审批、公开查询都凭这个代码。")
        .qr(format!("{}/public/{code}", ctx.platform.settings.portal_url))
}

fn head(ctx: &PortalContext, project: &ProjectPage) -> Facts {
    let declared = &project.declared;
    let regions = ctx.platform.rules.regions;
    let place =
        RegionCode::parse(&declared.region).map_or_else(|| declared.region.clone(), |code| regions.full_name(code));
    Facts::new()
        .row("项目单位", &declared.unit_name)
        .row("建设地点", place)
        .row("总投资", format!("{} 万元", declared.total_investment.wan()))
        .row("办理方式", declared.regime.name())
        .row("国民经济行业", ctx.platform.rules.industries.path_name(&declared.industry).unwrap_or_default())
        .row("申报日期", project.project.declared_at.date())
}

fn task_tone(state: TaskState) -> Tone {
    match state {
        TaskState::CannotStartYet => Tone::Grey,
        TaskState::Ready | TaskState::InProgress => Tone::Blue,
        TaskState::ActionRequired => Tone::Yellow,
        TaskState::Done => Tone::Green,
        TaskState::Failed => Tone::Red,
    }
}

fn counts(tasks: &[Task]) -> Vec<(TaskState, usize)> {
    use TaskState::{ActionRequired, CannotStartYet, Done, Failed, InProgress, Ready};
    [ActionRequired, Ready, InProgress, CannotStartYet, Failed, Done]
        .into_iter()
        .map(|state| (state, tasks.iter().filter(|t| t.state == state).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// One row of the task list.
fn row(id: &ProjectId, task: &Task, name_of: &impl Fn(&str) -> String) -> html::Task {
    let meaning = match task.state {
        TaskState::CannotStartYet => "依法要先办完前面的事项，办完后这里会变为“可以申请”。",
        TaskState::Ready => "现在就可以提交申请。",
        TaskState::ActionRequired => "办理部门在等您补正材料，请尽快处理。",
        TaskState::InProgress => "办理部门正在办理，您暂时不需要做什么。",
        TaskState::Done => "已经办结，结果文件可以下载。",
        TaskState::Failed => "未获准予或未受理，问题解决后可以重新申请。",
    };
    let href = match (&task.case, task.state) {
        (Some(case), state) if !state.may_apply() && state != TaskState::CannotStartYet => {
            format!("/cases/{}", case.id)
        }
        (_, state) if state.may_apply() => format!("/projects/{id}/items/{}/apply", task.item.code),
        _ => String::new(),
    };
    let mut made =
        html::Task::new(&task.item.name, href, Pill::new(task_tone(task.state), task.state.name()).meaning(meaning))
            .meta(format!("办理部门：{}", task.agency_name))
            .meta(format!("办理时限：{}", task.limit.words()));
    if let Some(case) = task.case.as_ref().filter(|c| !c.stage.is_ended()) {
        made = made.meta(format!("当前：{}", case.stage.name()));
        made = match (case.suspended, case.due) {
            (true, _) => made.meta("已暂停计时"),
            (false, Some(due)) => {
                made.meta(format!("应于 {due} 前办理{}", if case.provisional { "（暂定）" } else { "" }))
            }
            (false, None) => made,
        };
    }
    made.why(why(task, name_of))
}

fn why(task: &Task, name_of: &impl Fn(&str) -> String) -> String {
    let names = |kind: PrecedenceKind| {
        let names: Vec<String> =
            task.blockers.iter().filter(|b| b.kind == kind).map(|b| format!("“{}”", name_of(&b.item))).collect();
        names.join("、")
    };
    let (law, advice) = (names(PrecedenceKind::Law), names(PrecedenceKind::Usual));
    match task.state {
        TaskState::CannotStartYet => format!("先办结{law}，才能申请。{}", task.because),
        TaskState::Ready if !advice.is_empty() => format!("{}建议先办{advice}。", task.because),
        TaskState::ActionRequired => "请打开本事项，逐条回应补正要求。".to_owned(),
        _ => task.because.clone(),
    }
}

/// The tracker: what one side did about one item without the other acting in between is one stretch.
fn lanes(trail: &[TrailEntry]) -> Lanes {
    let lane = |entry: &TrailEntry| match entry.lane {
        Lane::Applicant => html::Lane::Applicant,
        Lane::Departments | Lane::Platform => html::Lane::Department,
        Lane::Excluded => html::Lane::Excluded,
    };
    trail.chunk_by(|a, b| lane(a) == lane(b) && a.item == b.item).fold(Lanes::new(), |lanes, stretch| {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return lanes };
        let when = match first.at.date() == last.at.date() {
            true => first.at.date().to_string(),
            false => format!("{} 至 {}", first.at.date(), last.at.date()),
        };
        let what = stretch.iter().map(|entry| entry.title.as_str()).collect::<Vec<_>>().join("、");
        match first.item.is_empty() {
            true => lanes.stretch(lane(first), when, what, ""),
            false => lanes.stretch(lane(first), when, &first.item, what),
        }
    })
}

/// 痕迹, newest first, each with what an outsider can verify.
pub(super) fn timeline(trail: &[TrailEntry]) -> Timeline {
    trail.iter().rev().fold(Timeline::new(), |timeline, entry| {
        let (icon, tone) = match entry.lane {
            Lane::Applicant => ("user", Tone::Yellow),
            Lane::Departments => ("building", Tone::Blue),
            Lane::Platform => ("circle-check", Tone::Green),
            Lane::Excluded => ("clock", Tone::Grey),
        };
        let title =
            if entry.item.is_empty() { entry.title.clone() } else { format!("{}\u{ff1a}{}", entry.item, entry.title) };
        let text = match entry.detail.is_empty() {
            true => format!("{} · 存证 {}", entry.actor, entry.proof),
            false => format!("{} · {} · 存证 {}", entry.actor, entry.detail, entry.proof),
        };
        timeline.entry_with(icon, tone, title, entry.at.display(), text)
    })
}

/// What the public query shows of a declaration (办法第十八条); the rest stays inside.
const PUBLIC: [&str; 3] = ["project_name", "unit_name", "region"];

fn declared_groups(ctx: &PortalContext, project: &ProjectPage) -> Vec<DeclaredGroup> {
    let rules = &ctx.platform.rules;
    let answers = &project.declared.answers;
    let groups = rules.form.groups.iter().map(|group| {
        let answered = group
            .fields
            .iter()
            .filter_map(|field| Some((field, answers.get(&field.id).filter(|raw| !raw.is_empty())?)));
        let facts = answered.fold(Facts::new().single(), |facts, (field, raw)| {
            let value = declare::readable(rules, field, raw);
            let label = if PUBLIC.contains(&field.id.as_str()) {
                format!("{}（公开）", field.label)
            } else {
                field.label.clone()
            };
            if field.kind.is_multiline() { facts.wide(label, value) } else { facts.row(label, value) }
        });
        let any = group.fields.iter().any(|field| answers.get(&field.id).is_some_and(|raw| !raw.is_empty()));
        any.then_some(DeclaredGroup { title: &group.title, facts })
    });
    groups.flatten().collect()
}

/// What happens to one item after the declaration.
struct NextStep {
    name: String,
    agency: String,
    limit: String,
    order: String,
    href: String,
}

#[derive(Template)]
#[template(path = "portal/project_declared.html")]
struct DeclaredPage {
    page: Page,
    id: ProjectId,
    name: String,
    plate: Plate,
    certificate: Option<String>,
    regime: &'static str,
    now: Vec<NextStep>,
    later: Vec<NextStep>,
}

async fn declared(ctx: PortalContext, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    let id = project_id(&id)?;
    let project = ctx.platform.project_page(&ctx.call, &id).await?;
    let rules = &ctx.platform.rules;
    let name_of = |code: &str| rules.catalogue.item(code).map_or_else(|| code.to_owned(), |item| item.name.clone());
    let step = |task: &Task| NextStep {
        name: task.item.name.clone(),
        agency: task.agency_name.clone(),
        limit: task.limit.words(),
        order: why(task, &name_of),
        href: if task.state.may_apply() {
            format!("/projects/{id}/items/{}/apply", task.item.code)
        } else {
            String::new()
        },
    };
    let (now, later): (Vec<&Task>, Vec<&Task>) =
        project.tasks.iter().partition(|task| task.state != TaskState::CannotStartYet);
    let html = DeclaredPage {
        page: ctx.page("projects", "申报成功").await?.crumb("首页", "/").crumb("我的项目", "/projects"),
        name: project.declared.name.clone(),
        plate: plate(&ctx, &project),
        certificate: project.project.certificate.as_deref().map(paper::href),
        regime: project.declared.regime.name(),
        now: now.into_iter().map(step).collect(),
        later: later.into_iter().map(step).collect(),
        id: id.clone(),
    };
    Ok(Html(html.render()?))
}

#[derive(Template)]
#[template(path = "portal/project_withdraw.html")]
struct Withdraw {
    page: Page,
    title: &'static str,
    subject: String,
    consequence: String,
    action: String,
    back: String,
    once: String,
    typed: String,
    refusals: Vec<Refusal>,
}

/// The page that asks for the reason before something is given up.
pub(super) struct Withdrawal<'a> {
    pub title: &'static str,
    pub subject: String,
    pub consequence: String,
    pub action: String,
    pub back: String,
    pub typed: &'a str,
    pub refusals: Vec<Refusal>,
}

pub(super) async fn draw_withdrawal(ctx: &PortalContext, of: Withdrawal<'_>) -> Result<Html<String>, WebError> {
    let page = ctx
        .page("projects", of.title)
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(of.subject.clone(), of.back.clone())
        .failed(!of.refusals.is_empty());
    let html = Withdraw {
        page,
        title: of.title,
        subject: of.subject,
        consequence: of.consequence,
        action: of.action,
        back: of.back,
        once: ctx.once(),
        typed: of.typed.to_owned(),
        refusals: of.refusals,
    };
    Ok(Html(html.render()?))
}

async fn withdrawal(
    ctx: &PortalContext,
    id: &ProjectId,
    typed: &str,
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let project = ctx.platform.project_page(&ctx.call, id).await?;
    let running = project.cases.iter().filter(|case: &&CaseRow| !case.stage.is_ended()).count();
    let more =
        if running == 0 { String::new() } else { format!("正在办理的 {running} 个事项请另行撤回。") };
    let of = Withdrawal {
        title: "撤回项目",
        subject: project.declared.name.clone(),
        consequence: format!(
            "撤回后，项目代码 {} 不能再用来办理审批，也不会再给其他项目使用；此操作不能恢复。{more}",
            project.declared.code
        ),
        action: format!("/projects/{id}/withdraw"),
        back: format!("/projects/{id}"),
        typed,
        refusals,
    };
    draw_withdrawal(ctx, of).await
}

async fn ask_withdrawal(ctx: PortalContext, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    withdrawal(&ctx, &project_id(&id)?, "", Vec::new()).await
}

async fn withdraw(Path(id): Path<String>, Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    let reason = form.get("reason");
    match refusals(ctx.platform.withdraw_project(&ctx.call, &id, reason).await)? {
        Ok(()) => Ok(Redirect::to(&format!("/projects/{id}?done=withdrawn")).into_response()),
        Err(wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, withdrawal(&ctx, &id, reason, wrong).await?).into_response())
        }
    }
}
