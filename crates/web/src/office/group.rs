//! 并联审批: groups led from here, one group with all branches, joint receipt, extension of the joint limit. Foreign
//! branches are looked at, never acted on.

use super::{frame, query, show, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{
        self, Action, ClockSheet, Empty, ErrorSummary, Facts, Field, Light, Markup, Note, Pager, Pill, Tabs, Timeline,
        Tone,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{
    Moment, Refusal, department,
    group::{JointClock, Prolongation},
    ids::GroupId,
    region::RegionCode,
};
use platform::{
    group::{GroupAct, GroupPage, GroupRow, GroupTab},
    trail::TrailEntry,
    work_list::Cursor,
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/groups", list),
        Route::get(Access::Owner, "/groups/{id}", show_group).audited(),
        Route::post(Access::Owner, "/groups/{id}/receive", receive),
        Route::get(Access::Owner, "/groups/{id}/extend", extend_form),
        Route::post(Access::Owner, "/groups/{id}/extend", extend),
        Route::get(Access::Owner, "/groups/{id}/branches/{case}", branch).audited(),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    after: String,
    said: String,
}

/// One line of the list.
pub struct Line {
    pub href: String,
    pub title: String,
    pub project: String,
    pub code: String,
    pub unit: String,
    pub state: Pill,
    pub progress: String,
    pub lead: String,
    pub formed: String,
}

#[derive(Template)]
#[template(path = "office/groups.html")]
struct GroupsPage {
    page: Page,
    tabs: Tabs,
    now: &'static str,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

fn address(tab: GroupTab, after: &str) -> String {
    format!("/groups{}", query([("tab", tab.slug().to_owned()), ("after", after.to_owned())]))
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "groups", "并联审批").await?;
    let tab = GroupTab::parse(&asked.tab).unwrap_or_default();
    let (rows, next) = ctx.platform.led_groups(&ctx.call, tab, Cursor::parse(&asked.after)).await?;
    let tabs = GroupTab::ALL
        .into_iter()
        .fold(Tabs::new("并联审批组"), |tabs, other| tabs.plain(other.name(), address(other, ""), other == tab));
    let first = (!asked.after.is_empty()).then(|| address(tab, ""));
    let shown = GroupsPage {
        page,
        tabs,
        now: tab.name(),
        empty: rows.is_empty().then(|| {
            let text = "由本部门牵头的并联申请会出现在这里。本部门承办的单个事项在“待办”中办理。";
            Empty::new("git-merge", "没有这样的并联审批组", text)
        }),
        lines: rows.iter().map(Line::new).collect(),
        pager: Pager::new(format!("本页 {} 组", rows.len()))
            .first(first)
            .next(next.map(|c| address(tab, &c.to_string()))),
    };
    Ok(Html(shown.render()?))
}

/// Where a group stands, by its two moments.
pub(crate) fn state(handed_back_at: Option<Moment>, received_at: Option<Moment>) -> Pill {
    match (handed_back_at, received_at) {
        (Some(_), _) => Pill::new(Tone::Green, "已统一出件"),
        (None, Some(_)) => Pill::new(Tone::Blue, "办理中"),
        (None, None) => Pill::new(Tone::Yellow, "待联合收件"),
    }
}

impl Line {
    /// A row of the list.
    pub fn new(row: &GroupRow) -> Self {
        let region = RegionCode::parse(&row.lead_region);
        let waiting = if row.waiting > 0 { format!("，{} 项待补正", row.waiting) } else { String::new() };
        Self {
            href: format!("/groups/{}", row.id),
            title: row.title.clone(),
            project: row.project_name.clone(),
            code: row.project_code.clone(),
            unit: row.unit_name.clone(),
            state: state(row.handed_back_at, row.received_at),
            progress: format!("{} 项，已结束 {} 项{waiting}", row.branches, row.ended),
            lead: region.and_then(|region| department::agency_name(&row.lead_department, region)).unwrap_or_default(),
            formed: row.formed_at.date().to_string(),
        }
    }
}

/// The group of a path.
pub(super) fn group_id(text: &str) -> Result<GroupId, WebError> {
    GroupId::parse(text).ok_or(WebError::NotFound)
}

/// One branch of the group's page.
struct Branch {
    name: String,
    href: String,
    own: bool,
    agency: String,
    stage: Pill,
    owed: &'static str,
    light: Light,
    due: String,
    result: String,
}

#[derive(Template)]
#[template(path = "office/group.html")]
struct GroupView {
    page: Page,
    summary: ErrorSummary,
    as_of: String,
    heading: String,
    project: String,
    project_href: String,
    code: String,
    unit: String,
    state: Pill,
    receive: Option<Action>,
    extend: Option<String>,
    hint: &'static str,
    branches: Vec<Branch>,
    facts: Facts,
    clock: Option<(Light, String, ClockSheet)>,
    papers: Vec<(String, &'static str, String, String)>,
    trail: Timeline,
}

async fn show_group(
    ctx: OfficeContext,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    draw(&ctx, &group_id(&id)?, &asked.said, vec![]).await
}

/// The light of the joint clock.
fn joint_light(page: &GroupPage) -> Option<Light> {
    use domain::clock::Light as L;
    let sheet = page.sheet.as_ref()?;
    if page.group.handed_back_at.is_some() {
        return Some(Light::grey("计时结束"));
    }
    Some(match sheet.light {
        L::Normal => Light::green(format!("剩余 {} 个工作日", sheet.remaining)),
        L::Yellow => Light::yellow(format!("剩余 {} 个工作日", sheet.remaining)),
        L::Red => Light::red(format!("超期 {} 个工作日", sheet.overdue)),
        L::Suspended => Light::grey("暂停计时"),
    })
}

fn hint(page: &GroupPage) -> &'static str {
    if page.group.handed_back_at.is_some() {
        return "本组已统一出件，各事项的结果见联合办结告知书。";
    }
    if page.acts.contains(&GroupAct::Receive) {
        return "牵头部门统一收件后，系统给项目单位一份联合收件凭证，并转告各办理部门；各部门的受理审查从次日起算。";
    }
    match page.sees_all {
        true => {
            "各部门分别办理各自的事项。牵头部门可以查看全部事项，不能代替其他部门办理。全部办完后系统自动统一出件。"
        }
        false => "您的部门承办其中一个或者几个事项，请在本部门的办件中办理。",
    }
}

/// What has just happened; the state of the group has the last word.
fn said(said: &str, page: &GroupPage) -> Option<(Tone, &'static str)> {
    match said {
        "received" if page.group.received_at.is_some() => {
            Some((Tone::Green, "已联合收件，联合收件凭证已出具并告知项目单位和各办理部门。"))
        }
        "extended" if page.group.extension.is_some() => {
            Some((Tone::Green, "联合办理期限已延长，并已将理由告知项目单位。"))
        }
        "taken" => Some((Tone::Yellow, "本组的状态已经变化，可能已被他人处理，请按最新情况办理。")),
        _ => None,
    }
}

async fn draw(ctx: &OfficeContext, id: &GroupId, told: &str, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let group = ctx.platform.group_page(&ctx.call, id).await?;
    let f = &group.formation;
    let failed = !errors.is_empty();
    let page = frame(ctx, "groups", f.kind.title()).await?.crumb("并联审批", "/groups").failed(failed);
    let page = match said(told, &group) {
        Some((tone, text)) => page.flash(tone, text),
        None => page,
    };
    let today = ctx.platform.clock.now().date();
    let branches = group.branches.iter().map(|b| Branch {
        name: b.branch.item_name.clone(),
        href: match (b.may_open, group.sees_all) {
            (true, _) => format!("/cases/{}", b.row.id),
            (false, true) => format!("/groups/{id}/branches/{}", b.row.id),
            (false, false) => String::new(),
        },
        own: b.may_open,
        agency: b.branch.agency_name.clone(),
        stage: Pill::new(show::stage_tone(b.row.stage, b.row.outcome), show::stage_words(b.row.stage, b.row.outcome)),
        owed: b.row.owed.name(),
        light: show::row_light(&ctx.platform, &b.row, today),
        due: show::due_words(b.row.due, b.row.provisional),
        result: b.row.document_number.clone(),
    });
    let receive = group.acts.contains(&GroupAct::Receive).then(|| {
        Action::post(format!("/groups/{id}/receive"), &page.csrf, "联合收件")
            .primary()
            .icon("clipboard-check")
            .with("_once", ctx.once())
            .confirm(
                "确认联合收件？",
                "统一收下本组全部申请材料，出具一份联合收件凭证，各部门受理审查的 5 个工作日从次日起算。",
            )
    });
    let clock = joint_light(&group).zip(group.sheet.as_ref()).and_then(|(light, sheet)| {
        let start = group.clock.facts()?.start;
        Some((light, sheet.explanation.clone(), show::sheet("联合办理期限计时单", start, "最后一项受理", sheet)))
    });
    let papers = group.group.documents.iter().rev();
    let view = GroupView {
        summary: ErrorSummary::new(&errors),
        as_of: format!("/groups/{id}/as-of"),
        heading: f.kind.title(),
        project: f.project_name.clone(),
        project_href: format!("/projects/{}", f.project),
        code: f.code.clone(),
        unit: f.unit_name.clone(),
        state: state(group.group.handed_back_at, group.group.received_at),
        receive,
        extend: group.acts.contains(&GroupAct::Extend).then(|| format!("/groups/{id}/extend")),
        hint: hint(&group),
        branches: branches.collect(),
        facts: facts(&group),
        clock,
        papers: papers
            .map(|p| {
                (
                    format!("/papers/{}/pdf", crate::percent_encoded(&p.number)),
                    p.kind.title(),
                    p.number.clone(),
                    p.at.display(),
                )
            })
            .collect(),
        trail: trail(&group.trail),
        page,
    };
    step::drawn(view, failed)
}

fn clock_words(page: &GroupPage) -> String {
    match (&page.clock, page.sheet.as_ref().map(|sheet| (sheet.limit, sheet.due))) {
        (JointClock::Waiting(open), _) => format!("尚未起算：还有 {open} 个事项没有受理"),
        (JointClock::Never, _) | (_, None) => "没有事项被受理，不计算期限".to_owned(),
        (JointClock::Running(_), Some((limit, Some(due)))) => {
            format!("{limit} 个工作日，至 {}", show::due_words(Some(due.date), due.provisional))
        }
        (JointClock::Running(_), Some((limit, None))) => format!("{limit} 个工作日，现暂停计时"),
    }
}

/// What was applied for, and where it stands.
pub(crate) fn facts(page: &GroupPage) -> Facts {
    let f = &page.formation;
    let facts = Facts::new()
        .row("牵头部门", &f.lead_name)
        .row("事项数量", format!("{} 项", f.branches.len()))
        .row("提交时间", page.group.formed_at.display())
        .row("联合收件", page.group.received_at.map_or_else(|| "尚未收件".to_owned(), |at| at.display()))
        .row("联合办理期限", clock_words(page))
        .row(
            "统一出件",
            page.group.handed_back_at.map_or_else(|| "全部事项办完后自动出件".to_owned(), |at| at.display()),
        )
        .wide("共享材料", if f.materials.is_empty() { "无".to_owned() } else { f.materials.join("、") });
    match (&page.group.extension, &page.group.extension_reason) {
        (Some(extension), Some(reason)) => facts.wide(
            "期限延长",
            format!(
                "延长 {} 个工作日，{}（{}）。理由：{reason}",
                extension.days, extension.document, extension.article
            ),
        ),
        _ => facts,
    }
}

fn trail(entries: &[TrailEntry]) -> Timeline {
    entries.iter().rev().fold(Timeline::new(), |timeline, entry| {
        let (icon, tone) = show::lane(entry.lane);
        let parts = [entry.actor.clone(), entry.detail.clone(), format!("存证 {}", entry.proof)];
        let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        timeline.entry_with(icon, tone, &entry.title, entry.at.display(), text)
    })
}

async fn receive(Path(id): Path<String>, Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = group_id(&id)?;
    match refusals(ctx.platform.receive_group(&ctx.call, &id).await)? {
        Ok(()) => Ok(to(format!("/groups/{id}?said=received"))),
        Err(list) if list.iter().any(|r| r.code == "group.received") => Ok(to(format!("/groups/{id}?said=taken"))),
        Err(errors) => draw(&ctx, &id, "", errors).await,
    }
}

async fn extend_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_extension(&ctx, &group_id(&id)?, &Fields::default(), vec![]).await
}

async fn draw_extension(
    ctx: &OfficeContext,
    id: &GroupId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let group = ctx.platform.group_page(&ctx.call, id).await?;
    if !group.acts.contains(&GroupAct::Extend) {
        return Ok(to(format!("/groups/{id}?said=taken")));
    }
    let most = ctx.platform.rules.parallel.joint.extension_days;
    let failed = !errors.is_empty();
    let page = frame(ctx, "groups", "延长联合办理期限").await?.failed(failed);
    let page = page.crumb("并联审批", "/groups").crumb(group.formation.kind.title(), format!("/groups/{id}"));
    let shown = step::Step {
        page,
        lead: format!("{} · {}", group.formation.project_name, group.formation.unit_name),
        parts: vec![Markup::of(
            Note::new(
                Tone::Yellow,
                "只能延长一次",
                format!("现在的期限：{}。须经本级人民政府负责人批准，最多延长 {most} 个工作日。", clock_words(&group)),
            )
            .article(&ctx.platform.rules.parallel.joint.extension_article),
        )],
        fields: vec![
            Markup::of(
                Field::number("days", "延长多少", "个工作日").value(form.get("days")).required().errors(&errors),
            ),
            Markup::of(
                Field::text("document", "本级人民政府批准文件的文号")
                    .value(form.get("document"))
                    .required()
                    .max(100)
                    .errors(&errors),
            ),
            Markup::of(
                Field::textarea("reason", "延长期限的理由", 3)
                    .value(form.get("reason"))
                    .required()
                    .max(500)
                    .hint("理由会告知项目单位并留痕。")
                    .errors(&errors),
            ),
        ],
        errors,
        once: ctx.once(),
        action: format!("/groups/{id}/extend"),
        back: format!("/groups/{id}"),
        submit: "延长期限",
        danger: false,
        confirm: ("确认延长联合办理期限？", "延长的天数、批准文件和理由将告知项目单位。".to_owned()),
    };
    step::drawn(shown, failed)
}

async fn extend(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = group_id(&id)?;
    let wanted = Prolongation {
        days: form.get("days").trim().parse().unwrap_or(0),
        document: form.get("document").to_owned(),
        reason: form.get("reason").to_owned(),
    };
    match refusals(ctx.platform.extend_group(&ctx.call, &id, &wanted).await)? {
        Ok(()) => Ok(to(format!("/groups/{id}?said=extended"))),
        Err(list) if list.iter().all(|r| r.field.is_none()) => Ok(to(format!("/groups/{id}?said=taken"))),
        Err(errors) => draw_extension(&ctx, &id, &form, errors).await,
    }
}

#[derive(Template)]
#[template(path = "office/branch.html")]
struct BranchPage {
    page: Page,
    heading: String,
    lead: String,
    note: Note,
    stage: Pill,
    light: Option<Light>,
    facts: Facts,
    materials: Vec<String>,
    decision: Option<Facts>,
    clock: Option<(String, ClockSheet)>,
    trail: Timeline,
}

/// A branch as the lead sees it: nothing to press.
async fn branch(ctx: OfficeContext, Path((id, case)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, case) = (group_id(&id)?, step::case_id(&case)?);
    let found = ctx.platform.branch_page(&ctx.call, &id, &case).await?;
    let a = &found.application;
    let page = frame(&ctx, "groups", a.item_name.clone())
        .await?
        .crumb("并联审批", "/groups")
        .crumb("本组", format!("/groups/{id}"));
    let start = match found.case.accepted_at {
        Some(at) => Some((at.date(), "受理", "办理时限计时单", found.decision_sheet.as_ref())),
        None => found.case.received_at.map(|at| (at.date(), "收件", "受理审查期限计时单", found.check_sheet.as_ref())),
    };
    let clock = start.and_then(|(day, event, caption, sheet)| {
        let sheet = sheet?;
        Some((sheet.explanation.clone(), show::sheet(caption, day, event, sheet)))
    });
    let decision = found.case.decision.as_deref().map(|d| {
        Facts::new()
            .row("办理结果", d.outcome.name())
            .row("决定日期", d.decided_on)
            .row("文号", &d.document_number)
            .row("标题", &d.title)
            .wide("办结意见", &d.opinion)
    });
    let view = BranchPage {
        page,
        heading: a.item_name.clone(),
        lead: format!("{} · {}", a.project_name, a.unit_name),
        note: Note::new(
            Tone::Blue,
            "只读",
            format!("本事项由{}办理，牵头部门可以查看进度和结果，材料文件由办理部门保管。", a.agency_name),
        ),
        stage: show::stage(&found.case),
        light: show::case_light(&found),
        facts: Facts::new()
            .row("办理机关", &a.agency_name)
            .row("办理时限", a.limit.words())
            .row("提交时间", found.case.submitted_at.display())
            .row("收件时间", found.case.received_at.map_or_else(|| "尚未收件".to_owned(), |at| at.display()))
            .row("受理时间", found.case.accepted_at.map_or_else(|| "尚未受理".to_owned(), |at| at.display()))
            .row("下一步", found.case.owed().name()),
        materials: a.materials.iter().map(|given| given.name.clone()).collect(),
        decision,
        clock,
        trail: trail(&found.trail),
    };
    step::drawn(view, false)
}
