//! 并联申请: choose items, one form with one set of materials, and the group afterwards.

use super::{
    application::{self, Wanted},
    paper,
    project::{Done, project_id, timeline},
};
use crate::{
    Access, Page, Posted, Route, WebError,
    app::refusals,
    context::PortalContext,
    html::{self, ClockSheet, ErrorSummary, Facts, Field, Light, Note, Pill, Tabs, Timeline, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    case::Stage,
    group::JointClock,
    ids::{AttachmentId, GroupId, ProjectId},
};
use platform::{
    case::CaseRow,
    group::{ApplyForGroup, GroupForm, GroupPage, GroupRow, JoinItem, JoiningPage},
};

/// Pages of joint applications.
pub fn routes() -> Vec<Route> {
    use Access::Owner;
    vec![
        Route::get(Owner, "/projects/{id}/join", choose),
        Route::get(Owner, "/projects/{id}/join/form", form),
        Route::post(Owner, "/projects/{id}/join", apply),
        Route::get(Owner, "/groups/{id}", show),
    ]
}

/// Stands for the unit's own choice where a stage can be named.
const FREE: &str = "free";

/// What an address asks for: a stage and items, each as often as it is named.
struct Asked {
    stage: String,
    items: Vec<String>,
}

impl Asked {
    fn of(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
        let stage = all("stage").pop().unwrap_or_default();
        Self { stage, items: all("item") }
    }

    /// Code of the stage for the use case: empty for a free choice.
    fn code(&self) -> &str {
        if self.stage == FREE { "" } else { &self.stage }
    }
}

/// Address of the joint form with these items.
pub(super) fn form_address(project: &ProjectId, stage: &str, items: &[String]) -> String {
    let stage = if stage.is_empty() { FREE } else { stage };
    let pairs = items.iter().map(|item| format!("&item={}", crate::percent_encoded(item))).collect::<String>();
    format!("/projects/{project}/join/form?stage={}{pairs}", crate::percent_encoded(stage))
}

/// An item to choose.
struct Choosable {
    code: String,
    name: String,
    agency: String,
    limit: String,
    chosen: bool,
    /// Why it cannot join; empty when it can.
    hindrance: String,
    /// What that rests on, unless the reason says so itself.
    article: Option<std::borrow::Cow<'static, str>>,
    advice: String,
}

impl Choosable {
    fn of(join: &JoinItem, chosen: bool) -> Self {
        let hindrance = join.candidate.hindrance.as_ref();
        Self {
            code: join.item.code.clone(),
            name: join.item.name.clone(),
            agency: join.agency_name.clone(),
            limit: join.item.effective_limit().words(),
            chosen: chosen && hindrance.is_none(),
            hindrance: hindrance.map(|r| r.message.clone()).unwrap_or_default(),
            article: hindrance.and_then(|r| r.article.clone().filter(|a| !r.message.contains(a.as_ref()))),
            advice: join.candidate.advice.iter().map(|b| b.because.as_str()).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "portal/group_choose.html")]
struct Choose {
    page: Page,
    id: ProjectId,
    project: String,
    code: String,
    active: bool,
    tabs: Tabs,
    stage: String,
    lead: String,
    items: Vec<Choosable>,
    free: usize,
    refusals: Vec<Refusal>,
}

async fn choose(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Html<String>, WebError> {
    draw_choice(&ctx, &project_id(&id)?, &Asked::of(&query), Vec::new()).await
}

/// The stage the page opens with: the first in which two items may join, else the unit's own choice.
fn opening_stage(joining: &JoiningPage) -> String {
    let free = |stage: &str| joining.items.iter().filter(|i| i.stage == stage && i.candidate.may_join()).count();
    let stage = joining.stages.iter().find(|stage| free(&stage.code) > 1);
    stage.map_or_else(|| FREE.to_owned(), |stage| stage.code.clone())
}

async fn draw_choice(
    ctx: &PortalContext,
    id: &ProjectId,
    asked: &Asked,
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let joining = ctx.platform.joining_page(&ctx.call, id).await?;
    let known = asked.stage == FREE || joining.stages.iter().any(|stage| stage.code == asked.stage);
    let stage = if known { asked.stage.clone() } else { opening_stage(&joining) };
    let address = |stage: &str| format!("/projects/{id}/join?stage={stage}");
    let count = |stage: &str| joining.items.iter().filter(|item| item.stage == stage).count();
    let tabs = joining.stages.iter().fold(Tabs::new("并联阶段"), |tabs, s| {
        tabs.tab(&s.name, count(&s.code), address(&s.code), s.code == stage)
    });
    let tabs = tabs.tab("自选事项", joining.items.len(), address(FREE), stage == FREE);
    let shown = joining.items.iter().filter(|item| stage == FREE || item.stage == stage);
    let is_chosen = |item: &JoinItem| match asked.items.is_empty() {
        true => stage != FREE, // a stage is preselected, a free choice is the unit's
        false => asked.items.contains(&item.item.code),
    };
    let items: Vec<Choosable> = shown.map(|item| Choosable::of(item, is_chosen(item))).collect();
    let lead = joining.stages.iter().find(|s| s.code == stage).map(|s| {
        let place = domain::region::RegionCode::parse(&joining.declared.region);
        let agency = place.and_then(|place| domain::department::agency_name(&s.lead, place));
        format!("本阶段由{}牵头，统一收件、统一出件。", agency.unwrap_or_default())
    });
    let page = ctx
        .page("projects", "并联申请：选择事项")
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(joining.declared.name.clone(), format!("/projects/{id}"))
        .failed(!refusals.is_empty());
    let html = Choose {
        page,
        id: id.clone(),
        project: joining.declared.name.clone(),
        code: joining.declared.code.clone(),
        active: joining.active,
        tabs,
        lead: lead.unwrap_or_else(|| "可以任意组合；办理事项最多的部门牵头。".to_owned()),
        free: items.iter().filter(|item| item.hindrance.is_empty()).count(),
        stage,
        items,
        refusals,
    };
    Ok(Html(html.render()?))
}

/// A material of the joint form with the items it goes to.
struct Shared {
    wanted: Wanted,
    items: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "portal/group_form.html")]
struct Form {
    page: Page,
    id: ProjectId,
    project: String,
    code: String,
    title: String,
    stage: String,
    lead: String,
    items: Vec<Choosable>,
    materials: Vec<Shared>,
    unclassified: Field,
    refusals: Vec<Refusal>,
    once: String,
    back: String,
}

async fn form(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    draw_form(&ctx, &project_id(&id)?, &Asked::of(&query), &ApplyForGroup::default(), Vec::new()).await
}

/// The joint form; when the items cannot be applied for together, the choice again with the reasons.
async fn draw_form(
    ctx: &PortalContext,
    id: &ProjectId,
    asked: &Asked,
    typed: &ApplyForGroup,
    refused: Vec<Refusal>,
) -> Result<Response, WebError> {
    let form = match refusals(ctx.platform.group_form(&ctx.call, id, asked.code(), &asked.items).await)? {
        Ok(form) if form.refusals.is_empty() => form,
        Ok(GroupForm { refusals: wrong, .. }) | Err(wrong) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, draw_choice(ctx, id, asked, wrong).await?).into_response());
        }
    };
    let csrf = ctx.csrf();
    let failed = !refused.is_empty();
    let materials = form.materials.iter().map(|shared| {
        let need = &shared.need;
        let chosen = typed.materials.get(&need.material.id).map(Vec::as_slice).unwrap_or_default();
        let action = slot_address(id, asked, &need.material.id);
        Shared { wanted: Wanted::of(need, id, &action, &csrf, chosen, &refused), items: shared.items.clone() }
    });
    let page = ctx
        .page("projects", "并联申请：提交材料")
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(form.declared.name.clone(), format!("/projects/{id}"))
        .crumb("选择事项", back(id, asked))
        .failed(failed);
    let html = Form {
        page,
        id: id.clone(),
        project: form.declared.name.clone(),
        code: form.declared.code.clone(),
        title: form.kind.title(),
        stage: asked.stage.clone(),
        lead: form.lead_name.clone(),
        items: form.items.iter().map(|item| Choosable::of(item, true)).collect(),
        materials: materials.collect(),
        unclassified: application::unclassified(typed.unclassified, &refused),
        refusals: refused,
        once: ctx.once(),
        back: back(id, asked),
    };
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(html.render()?)).into_response())
}

fn back(id: &ProjectId, asked: &Asked) -> String {
    form_address(id, asked.code(), &asked.items).replacen("/join/form?", "/join?", 1)
}

/// Where a file of the joint form is posted to.
fn slot_address(id: &ProjectId, asked: &Asked, material: &str) -> String {
    application::For::Join { stage: asked.code().to_owned(), items: asked.items.clone() }.address(id, material)
}

/// The joint form after an upload without a script, with what was wrong with the file.
pub(super) async fn after_upload(
    ctx: &PortalContext,
    id: &ProjectId,
    stage: &str,
    items: &[String],
    wrong: Vec<Refusal>,
) -> Result<Response, WebError> {
    let asked =
        Asked { stage: if stage.is_empty() { FREE.to_owned() } else { stage.to_owned() }, items: items.to_vec() };
    draw_form(ctx, id, &asked, &ApplyForGroup::default(), wrong).await
}

/// One slot of the joint form alone, for a script.
pub(super) async fn slot_alone(
    ctx: &PortalContext,
    id: &ProjectId,
    stage: &str,
    items: &[String],
    material: &str,
    wrong: &[Refusal],
) -> Result<String, WebError> {
    let form = ctx.platform.group_form(&ctx.call, id, stage, items).await?;
    let shared = form.materials.iter().find(|s| s.need.material.id == material).ok_or(WebError::NotFound)?;
    let asked = Asked { stage: stage.to_owned(), items: items.to_vec() };
    let action = slot_address(id, &asked, material);
    Ok(application::need_slot(&shared.need, &action, &ctx.csrf(), wrong).to_string())
}

async fn apply(Path(id): Path<String>, Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    let asked = Asked::of(&form.0);
    let mut wanted = ApplyForGroup {
        stage: asked.code().to_owned(),
        items: asked.items.clone(),
        unclassified: form.get("unclassified") == "yes",
        ..ApplyForGroup::default()
    };
    for (name, _) in &form.0 {
        if let Some(material) = name.strip_prefix("material-") {
            let files: Vec<AttachmentId> = application::chosen(&form, name);
            wanted.materials.insert(material.to_owned(), files);
        }
    }
    match refusals(ctx.platform.apply_for_group(&ctx.call, &id, &wanted).await)? {
        Ok(group) => Ok(Redirect::to(&format!("/groups/{group}?done=submitted")).into_response()),
        Err(wrong) => draw_form(&ctx, &id, &asked, &wanted, wrong).await,
    }
}

/// A branch as the tracker shows it.
struct Branch {
    name: String,
    href: String,
    agency: String,
    stage: Pill,
    light: Light,
    due: String,
}

#[derive(Template)]
#[template(path = "portal/group.html")]
struct Show {
    page: Page,
    as_of: String,
    project: ProjectId,
    title: String,
    name: String,
    state: Pill,
    next: Note,
    facts: Facts,
    branches: Vec<Branch>,
    clock: Option<(Light, String, ClockSheet)>,
    papers: Vec<(String, String, String)>,
    trail: Timeline,
}

/// State of a group in a word.
pub(super) fn state_pill(row: &GroupRow) -> Pill {
    match (row.handed_back_at, row.waiting, row.received_at) {
        (Some(_), _, _) => Pill::new(Tone::Green, "已统一出件"),
        (None, 1.., _) => Pill::new(Tone::Yellow, format!("{} 项待补正", row.waiting)),
        (None, _, Some(_)) => Pill::new(Tone::Blue, format!("办理中，已结束 {}/{}", row.ended, row.branches)),
        (None, _, None) => Pill::new(Tone::Blue, "待联合收件"),
    }
}

fn branch_pill(row: &CaseRow) -> Pill {
    let tone = match row.stage {
        Stage::CorrectionAsked => Tone::Yellow,
        Stage::Completed if row.outcome == Some(domain::case::Outcome::Granted) => Tone::Green,
        Stage::Completed | Stage::NotAccepted => Tone::Red,
        Stage::Withdrawn => Tone::Grey,
        _ => Tone::Blue,
    };
    match row.outcome {
        Some(outcome) => Pill::new(tone, format!("{}（{}）", row.stage.name(), outcome.name())),
        None => Pill::new(tone, row.stage.name()).meaning(row.stage.meaning()),
    }
}

/// The light of a branch; without a running period, whom it waits for.
fn row_light(row: &CaseRow, today: jiff::civil::Date) -> Light {
    use domain::clock::Light as L;
    match row.light(today) {
        Some(L::Normal) => Light::green("期限内"),
        Some(L::Yellow) => Light::yellow("即将到期"),
        Some(L::Red) => Light::red("已超期"),
        Some(L::Suspended) => Light::grey("暂停计时"),
        None if row.ended_at.is_some() => Light::grey("计时结束"),
        None if row.stage == Stage::CorrectionAsked => Light::grey("等待您补正"),
        None => Light::grey("收件后计时"),
    }
}

/// Who acts next, in one sentence.
fn next(page: &GroupPage) -> Note {
    let waiting: Vec<&str> = page
        .branches
        .iter()
        .filter(|b| b.row.stage == Stage::CorrectionAsked)
        .map(|b| b.branch.item_name.as_str())
        .collect();
    if page.group.handed_back_at.is_some() {
        return Note::new(Tone::Green, "已统一出件", "全部事项已经办理完毕，结果见联合办结告知书。");
    }
    if !waiting.is_empty() {
        let text = format!("请补正“{}”。其他事项照常办理，不受影响。", waiting.join("”“"));
        return Note::new(Tone::Yellow, "下一步：请您补正", text);
    }
    match (page.group.received_at, &page.clock) {
        (None, _) => Note::new(
            Tone::Blue,
            "下一步：等待联合收件",
            format!("由{}统一收件并转告各办理部门，收件后给您一份联合收件凭证。", page.formation.lead_name),
        ),
        (Some(_), JointClock::Waiting(open)) => Note::new(
            Tone::Blue,
            "下一步：各部门受理审查",
            format!("还有 {open} 个事项在受理审查。全部受理后起算联合办理期限。"),
        ),
        _ => Note::new(Tone::Blue, "下一步：各部门作出决定", "各事项分别办理，全部办完后统一出件。"),
    }
}

/// The joint clock in words.
pub(crate) fn clock_words(page: &GroupPage) -> String {
    match (&page.clock, &page.sheet) {
        (JointClock::Waiting(open), _) => format!("尚未起算：还有 {open} 个事项没有受理"),
        (JointClock::Never, _) | (_, None) => "没有事项被受理，不计算期限".to_owned(),
        (JointClock::Running(_), Some(sheet)) => match sheet.due {
            Some(due) if due.provisional => format!("{} 个工作日，至 {}（暂定）", sheet.limit, due.date),
            Some(due) => format!("{} 个工作日，至 {}", sheet.limit, due.date),
            None => format!("{} 个工作日，现暂停计时", sheet.limit),
        },
    }
}

async fn show(ctx: PortalContext, Path(id): Path<String>, Query(query): Query<Done>) -> Result<Html<String>, WebError> {
    let id = GroupId::parse(&id).ok_or(WebError::NotFound)?;
    let group = ctx.platform.group_page(&ctx.call, &id).await?;
    let f = &group.formation;
    let mut page = ctx
        .page("projects", f.kind.title())
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(f.project_name.clone(), format!("/projects/{}", f.project));
    if query.done == "submitted" {
        page =
            page.flash(Tone::Green, format!("并联申请已提交，共 {} 个事项，等待牵头部门联合收件。", f.branches.len()));
    }
    let today = ctx.platform.clock.now().date();
    let branches = group.branches.iter().map(|b| Branch {
        name: b.branch.item_name.clone(),
        href: format!("/cases/{}", b.row.id),
        agency: b.branch.agency_name.clone(),
        stage: branch_pill(&b.row),
        light: row_light(&b.row, today),
        due: b
            .row
            .due
            .map_or_else(String::new, |due| format!("{due}{}", if b.row.provisional { "（暂定）" } else { "" })),
    });
    let ended = group.branches.iter().filter(|b| b.row.stage.is_ended()).count();
    let (tone, word) = match (group.group.handed_back_at, group.group.received_at) {
        (Some(_), _) => (Tone::Green, "已统一出件".to_owned()),
        (None, Some(_)) => (Tone::Blue, format!("办理中，已结束 {ended}/{}", f.branches.len())),
        (None, None) => (Tone::Blue, "待联合收件".to_owned()),
    };
    let clock = group.sheet.as_ref().map(|sheet| {
        let light = match group.group.handed_back_at {
            Some(_) => Light::grey("计时结束"),
            None => application::light(sheet),
        };
        (light, sheet.explanation.clone(), application::clock_sheet("联合办理期限", sheet))
    });
    let papers = group.group.documents.iter().rev();
    let html = Show {
        page,
        as_of: format!("/groups/{id}/as-of"),
        project: f.project.clone(),
        title: f.kind.title(),
        name: f.project_name.clone(),
        state: Pill::new(tone, word),
        next: next(&group),
        facts: Facts::new()
            .row("牵头部门", &f.lead_name)
            .row("事项数量", format!("{} 项", f.branches.len()))
            .row("提交时间", group.group.formed_at.display())
            .row("联合收件", group.group.received_at.map_or_else(|| "尚未收件".to_owned(), |at| at.display()))
            .row("联合办理期限", clock_words(&group))
            .row("共享材料", format!("{} 项，同一材料只交一份", f.materials.len())),
        branches: branches.collect(),
        clock,
        papers: papers
            .map(|p| (paper::href(&p.number), p.kind.title().to_owned(), format!("{} · {}", p.number, p.at.date())))
            .collect(),
        trail: timeline(&group.trail),
    };
    Ok(Html(html.render()?))
}
