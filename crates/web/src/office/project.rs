//! 项目: the list of the territory, one project with everything in it, and taking its code out of force.

use super::{contact, frame, query, show, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, Empty, Facts, Field, Markup, Note, Pager, Pill, Plate, Task, Tasks, Timeline, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{Refusal, declaration::Kind, export::What, ids::ProjectId, region::RegionCode};
use platform::{
    desk::ProjectFilter,
    document::PaperRow,
    project::{ProjectPage, ProjectRow},
    public::regime_name,
    work_list::Cursor,
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/projects", list),
        Route::get(Access::Owner, "/projects/{id}", show_project).audited(),
        Route::get(Access::Owner, "/projects/{id}/void", void_form),
        Route::post(Access::Owner, "/projects/{id}/void", void),
    ]
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    words: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn terms(&self, after: &str) -> String {
        let pairs =
            [("words", self.words.trim().to_owned()), ("region", self.region.clone()), ("after", after.to_owned())];
        query(pairs)
    }

    fn address(&self, after: &str) -> String {
        format!("/projects{}", self.terms(after))
    }
}

/// One project of the list.
pub struct Line {
    pub href: String,
    pub name: String,
    pub code: String,
    pub unit: String,
    pub region: String,
    pub regime: &'static str,
    pub total: String,
    pub state: Pill,
    pub declared: String,
}

impl Line {
    /// A row of the list.
    pub fn new(ctx: &OfficeContext, row: &ProjectRow) -> Self {
        Self {
            href: format!("/projects/{}", row.id),
            name: row.name.clone(),
            code: row.code.clone(),
            unit: row.unit_name.clone(),
            region: ctx.platform.region_name(&row.region),
            regime: regime_name(&row.regime),
            total: row.total.wan(),
            state: show::project_state(row.state),
            declared: row.declared_at.date().to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "office/projects.html")]
struct ProjectsPage {
    page: Page,
    /// Where this list is exported; `None` for whoever may not.
    export: Option<String>,
    asked: Asked,
    regions: Vec<Choice>,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "projects", "项目").await?;
    let filter = ProjectFilter { words: asked.words.clone(), region: RegionCode::parse(&asked.region) };
    let (rows, next) = ctx.platform.office_projects(&ctx.call, &filter, Cursor::parse(&asked.after)).await?;
    let narrowed = !asked.words.trim().is_empty() || !asked.region.is_empty();
    let empty = match narrowed {
        true => Empty::new("search", "没有找到项目", "可以换一个关键词，或者输入完整的 24 位项目代码。")
            .link("查看全部项目", "/projects"),
        false => Empty::new("building", "辖区内还没有项目", "项目单位申报取得项目代码后，项目会出现在这里。"),
    };
    let may = page.exports.is_some() && !rows.is_empty();
    let shown = ProjectsPage {
        page,
        export: may.then(|| super::export::address(What::Projects, &asked.terms(""))),
        regions: ctx.platform.choices(&ctx.call).regions.into_iter().map(|(v, t)| Choice::new(v, t)).collect(),
        lines: rows.iter().map(|row| Line::new(&ctx, row)).collect(),
        empty: rows.is_empty().then_some(empty),
        pager: Pager::new(format!("本页 {} 个", rows.len()))
            .first((!asked.after.is_empty()).then(|| asked.address("")))
            .next(next.map(|cursor| asked.address(&cursor.to_string()))),
        asked,
    };
    Ok(Html(shown.render()?))
}

/// What has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

struct CaseLine {
    href: String,
    item: String,
    stage: Pill,
    light: html::Light,
    due: String,
    paper: String,
}

struct PaperLine {
    title: &'static str,
    number: String,
    at: String,
    href: String,
}

#[derive(Template)]
#[template(path = "office/project.html")]
struct ProjectView {
    page: Page,
    name: String,
    lead: String,
    plate: Plate,
    state: Pill,
    reason: Option<Note>,
    void: Option<String>,
    as_of: String,
    /// Contact persons, masked.
    contact: Option<Facts>,
    /// Asking for them in full; for whoever may.
    unmask: Option<Markup>,
    id: ProjectId,
    facts: Facts,
    groups: Vec<(String, Facts)>,
    tasks: Tasks,
    count: usize,
    cases: Vec<CaseLine>,
    papers: Vec<PaperLine>,
    trail: Timeline,
    proofs: Vec<(String, String)>,
}

fn project_id(text: &str) -> Result<ProjectId, WebError> {
    ProjectId::parse(text).ok_or(WebError::NotFound)
}

async fn show_project(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Html<String>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = project_id(&id)?;
    let found = ctx.platform.project_page(&ctx.call, &id).await?;
    let d = &found.declared;
    let page = frame(&ctx, "projects", d.name.clone()).await?.crumb("项目", "/projects");
    let active = found.project.state == domain::project::ProjectState::Active;
    let page = match said.said.as_str() {
        "voided" if !active => page.flash(Tone::Green, "项目代码已作废，并已告知项目单位。"),
        "taken" => page.flash(Tone::Yellow, "项目的状态已经变化，可能已被他人处理，请按最新情况办理。"),
        _ => page,
    };
    let region = ctx.platform.region_name(&d.region);
    let papers = ctx.platform.papers_of_project(&ctx.call, &id).await?;
    let people = ctx.platform.masked_contact(&ctx.call, &id).await?;
    let unmasks = !people.is_empty() && ctx.platform.may_unmask(&ctx.call, &id).await;
    let (trail, proofs) = trail(&found);
    let shown = ProjectView {
        page,
        name: d.name.clone(),
        lead: format!("{} · {region} · {} 申报", d.unit_name, found.project.declared_at.date()),
        plate: Plate::new("项目代码", &d.code),
        state: show::project_state(found.project.state),
        reason: found.project.reason.as_ref().map(|r| Note::new(Tone::Red, found.project.state.name(), r)),
        void: (active && ctx.platform.may_void(&ctx.call, &d.region)).then(|| format!("/projects/{id}/void")),
        as_of: format!("/projects/{id}/as-of"),
        contact: (!people.is_empty()).then(|| contact::facts(&people)),
        unmask: unmasks.then(|| contact::reason(&crate::Fields::default(), &[])),
        id: id.clone(),
        facts: Facts::new()
            .row("项目单位", &d.unit_name)
            .row("建设地点", region)
            .row("管理方式", d.regime.name())
            .row("总投资", format!("{} 万元", d.total_investment.wan()))
            .row("申报时间", found.project.declared_at.display())
            .row("规则版本", &d.rulebook),
        groups: groups(&ctx, &found),
        tasks: tasks(&ctx, &found),
        count: found.tasks.len(),
        cases: cases(&ctx, &found),
        papers: papers.into_iter().map(|paper| paper_line(&ctx, &found, paper)).collect(),
        trail,
        proofs,
    };
    Ok(Html(shown.render()?))
}

/// The declaration, page by page, as it was filled in; personal answers are sealed and never here.
fn groups(ctx: &OfficeContext, found: &ProjectPage) -> Vec<(String, Facts)> {
    let form = ctx.platform.form();
    let answers = &found.declared.answers;
    let groups = form.shown_groups(answers).filter_map(|group| {
        let shown = group.fields.iter().filter(|field| form.is_shown(field, answers));
        let rows: Vec<_> = shown
            .filter_map(|field| {
                Some((field, answers.get(&field.id).map(|a| a.trim()).filter(|a| !matches!(*a, "" | "0"))?))
            })
            .map(|(field, raw)| (&field.label, words(ctx, field, raw)))
            .collect();
        (!rows.is_empty()).then(|| {
            let facts = rows.into_iter().fold(Facts::new(), |facts, (label, text)| match text.chars().count() {
                0..=30 => facts.row(label, text),
                _ => facts.wide(label, text),
            });
            (group.title.clone(), facts)
        })
    });
    groups.collect()
}

/// An answer in words; codes of regions and industries by their names.
fn words(ctx: &OfficeContext, field: &domain::declaration::Field, raw: &str) -> String {
    match field.kind {
        Kind::Region => ctx.platform.region_name(raw),
        Kind::Industry => ctx.platform.rules.industries.path_name(raw).unwrap_or_else(|| raw.to_owned()),
        _ => field.display(raw),
    }
}

fn tasks(ctx: &OfficeContext, found: &ProjectPage) -> Tasks {
    Tasks::new(found.tasks.iter().map(|task| {
        let readable = task.case.as_ref().filter(|case| ctx.platform.may_read(&ctx.call, case));
        let href = readable.map_or_else(String::new, |case| format!("/cases/{}", case.id));
        let mut shown = Task::new(&task.item.name, href, show::task_state(task.state))
            .meta(&task.agency_name)
            .meta(format!("时限 {}", task.limit.words()));
        if let Some(due) = task.case.as_ref().and_then(|c| c.due.map(|due| show::due_words(Some(due), c.provisional))) {
            shown = shown.meta(format!("应于 {due} 前办完本步"));
        }
        let blocked: Vec<_> = task.blockers.iter().map(|b| b.because.clone()).collect();
        shown.why(if blocked.is_empty() { task.because.clone() } else { blocked.join(" ") })
    }))
}

fn cases(ctx: &OfficeContext, found: &ProjectPage) -> Vec<CaseLine> {
    let today = ctx.platform.clock.now().date();
    let line = |row: &platform::case::CaseRow| CaseLine {
        href: if ctx.platform.may_read(&ctx.call, row) { format!("/cases/{}", row.id) } else { String::new() },
        item: row.item_name.clone(),
        stage: Pill::new(show::stage_tone(row.stage, row.outcome), show::stage_words(row.stage, row.outcome)),
        light: show::row_light(&ctx.platform, row, today),
        due: show::due_words(row.due, row.provisional),
        paper: row.document_number.clone(),
    };
    found.cases.iter().map(line).collect()
}

/// A paper of another department is named, but only its own officers and the unit open it.
fn paper_line(ctx: &OfficeContext, found: &ProjectPage, paper: PaperRow) -> PaperLine {
    let case = found.cases.iter().find(|case| case.id.as_str() == paper.case);
    let open = case.is_none_or(|case| ctx.platform.may_read(&ctx.call, case));
    PaperLine {
        title: paper.title,
        at: paper.issued_at.display(),
        href: if open { format!("/papers/{}/pdf", crate::percent_encoded(&paper.number)) } else { String::new() },
        number: paper.number,
    }
}

fn trail(found: &ProjectPage) -> (Timeline, Vec<(String, String)>) {
    let timeline = found.trail.iter().rev().fold(Timeline::new(), |timeline, entry| {
        let (icon, tone) = show::lane(entry.lane);
        let parts = [entry.item.clone(), entry.actor.clone(), entry.detail.clone()];
        let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        timeline.entry_with(icon, tone, &entry.title, entry.at.display(), text)
    });
    let proofs = found.trail.iter().map(|entry| (entry.title.clone(), entry.proof.clone())).collect();
    (timeline, proofs)
}

async fn draw_void(
    ctx: &OfficeContext,
    id: &ProjectId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let found = ctx.platform.project_page(&ctx.call, id).await?;
    let d = &found.declared;
    if !ctx.platform.may_void(&ctx.call, &d.region) {
        let refusal = Refusal::new("permission.denied", "作废项目代码由综合管理部门办理，您的岗位没有此项权限。");
        return Err(WebError::Forbidden(refusal.article("办法第七条")));
    }
    let failed = !errors.is_empty();
    let page = frame(ctx, "projects", "作废项目代码").await?.failed(failed);
    let page = page.crumb("项目", "/projects").crumb(d.name.clone(), format!("/projects/{id}"));
    let running = found.cases.iter().filter(|c| !c.stage.is_ended()).count();
    let field = Field::textarea("reason", "作废原因", 4)
        .value(form.get("reason"))
        .required()
        .max(500)
        .hint("4 至 500 个字，会告知项目单位并留痕。")
        .errors(&errors);
    let shown = step::Step {
        page,
        lead: format!("{} · {}", d.code, d.unit_name),
        parts: vec![Markup::of(
            Note::new(
                Tone::Yellow,
                "作废后不能恢复，代码也不再给别的项目",
                format!("以该代码提出的申请不能再受理。目前有 {running} 件正在办理的办件。"),
            )
            .article("办法第十一条、第十四条第（二）项"),
        )],
        fields: vec![Markup::of(field)],
        errors,
        once: ctx.once(),
        action: format!("/projects/{id}/void"),
        back: format!("/projects/{id}"),
        submit: "作废项目代码",
        danger: true,
        confirm: ("确认作废项目代码？", format!("“{}”的代码 {} 将永久失效。", d.name, d.code)),
    };
    step::drawn(shown, failed)
}

async fn void_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_void(&ctx, &project_id(&id)?, &Fields::default(), vec![]).await
}

async fn void(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    match refusals(ctx.platform.void_code(&ctx.call, &id, form.get("reason")).await)? {
        Ok(()) => Ok(to(format!("/projects/{id}?said=voided"))),
        Err(errors) if errors.iter().any(|r| r.code == "project.wrong_state") => {
            Ok(to(format!("/projects/{id}?said=taken")))
        }
        Err(errors) => draw_void(&ctx, &id, &form, errors).await,
    }
}
