//! One guide for its department: what is in force, the draft, the versions, the trail; preview and comparison.

use super::{frame, inner, list::draft_pill, open};
use crate::{
    OfficeContext, Page, WebError,
    html::{self, Action, Facts, GuideText, Markup, Note, Timeline, Tone},
    office::step,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::guide::{self, Comparison, Element, Fate, Score, Version, default_weights, score};
use platform::{guide::GuidePage, trail::TrailEntry};
use serde::Deserialize;

/// What the address says has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

/// One act open now.
struct ActLine {
    label: &'static str,
    href: String,
    class: &'static str,
    icon: html::Icon,
}

/// One published version.
struct Edition {
    name: String,
    days: String,
    note: String,
    score: u8,
    state: &'static str,
    tone: Tone,
    preview: String,
    compare: Option<String>,
}

#[derive(Template)]
#[template(path = "office/guide.html")]
struct GuideView {
    page: Page,
    lead: String,
    facts: Facts,
    score: Option<Gauge>,
    draft: Option<Draft>,
    begin: Option<Action>,
    acts: Vec<ActLine>,
    note: Option<Note>,
    editions: Vec<Edition>,
    trail: Timeline,
}

/// The draft as the page shows it.
struct Draft {
    stage: html::Pill,
    facts: Facts,
    score: Gauge,
    acts: Vec<ActLine>,
    hint: &'static str,
    returned: Option<Note>,
}

/// Completeness with what is missing.
struct Gauge {
    label: &'static str,
    points: u8,
    missing: Vec<(&'static str, &'static str)>,
}

impl Gauge {
    fn new(label: &'static str, score: &Score) -> Self {
        let missing = score.missing.iter().map(|element| (element.name(), element.wanted())).collect();
        Self { label, points: score.points, missing }
    }
}

fn flash(said: &str) -> Option<(Tone, &'static str)> {
    Some(match said {
        "submitted" => (Tone::Green, "已提交审核。请由没有参与编写的同事审核。"),
        "approved" => (Tone::Green, "审核通过。部门负责人可以确定生效日期并发布。"),
        "returned" => (Tone::Green, "已退回修改，退回理由写在修订稿上。"),
        "published" => (Tone::Green, "已发布。门户自生效之日起显示新版本。"),
        "unscheduled" => (Tone::Green, "已撤回待生效版本，内容保留为修订稿。"),
        "retired" => (Tone::Green, "已登记停用。"),
        "dropped" => (Tone::Green, "已放弃修订稿，现行版本不变。"),
        "taken" => (Tone::Yellow, "指南的状态已经变化，请按页面显示的最新状态办理。"),
        _ => return None,
    })
}

pub async fn show(
    ctx: OfficeContext,
    Path(item): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, WebError> {
    let guide = open(&ctx, &item).await?;
    let page = frame(&ctx, "guides", guide.item.name.clone()).await?.crumb("办事指南", "/guides");
    let page = match flash(&said.said) {
        Some((tone, text)) => page.flash(tone, text),
        None => page,
    };
    let base = format!("/guides/{}", guide.item.code);
    let begin = (guide.may_write && guide.guide.draft.is_none()).then(|| {
        Action::post(format!("{base}/draft"), &page.csrf, "开始修订").primary().icon("edit").with("_once", ctx.once())
    });
    let now = guide.guide.in_force(guide.today);
    let view = GuideView {
        lead: format!("办事指南 · {}", guide.agency.name()),
        facts: facts(&guide),
        score: now.map(|v| Gauge::new("现行版本完整度", &score(&v.guide, default_weights()))),
        draft: draft(&guide, &base),
        begin,
        acts: acts(&guide, &base),
        note: note(&guide),
        editions: guide.guide.versions.iter().rev().map(|v| edition(&guide, v, &base)).collect(),
        trail: trail(&guide.trail),
        page,
    };
    step::drawn(view, false)
}

fn facts(page: &GuidePage) -> Facts {
    let now = page.guide.in_force(page.today);
    Facts::new()
        .row("主管部门", page.agency.name())
        .row("受理层级", page.item.level.label())
        .row("现行版本", now.map_or("没有在用的版本".to_owned(), |v| format!("第 {} 版，{} 起", v.number, v.from)))
        .row(
            "待生效版本",
            page.guide.scheduled(page.today).map_or("无".to_owned(), |v| format!("第 {} 版，{} 起", v.number, v.from)),
        )
}

fn note(page: &GuidePage) -> Option<Note> {
    let on = page.guide.retired_on()?;
    let text = format!("本指南自 {on} 起停用。需要恢复时，修订后重新发布即可。");
    Some(Note::new(Tone::Yellow, "指南停用", text).article("办法第八条"))
}

fn act(label: &'static str, href: String, class: &'static str, icon: &'static str) -> ActLine {
    ActLine { label, href, class, icon: html::icon(icon) }
}

/// What the manager may do to the versions.
fn acts(page: &GuidePage, base: &str) -> Vec<ActLine> {
    let mut acts = Vec::new();
    let scheduled = page.guide.scheduled(page.today).is_some();
    if page.may_publish && scheduled {
        acts.push(act("撤回待生效版本", format!("{base}/unschedule"), "btn-outline-danger", "arrow-back-up"));
    }
    let in_use = page.guide.in_force(page.today).is_some() && page.guide.retired_on().is_none();
    if page.may_publish && in_use && !scheduled {
        acts.push(act("停用指南", format!("{base}/retire"), "btn-outline-danger", "hand-stop"));
    }
    acts
}

fn draft(page: &GuidePage, base: &str) -> Option<Draft> {
    use guide::DraftStage::{Approved, InReview, Returned, Writing};
    let draft = page.guide.draft.as_ref()?;
    let mut acts = Vec::new();
    if page.may_write && draft.stage.is_open() {
        acts.push(act("继续编写", format!("{base}/edit/basics"), "btn-primary", "edit"));
        acts.push(act("提交审核", format!("{base}/submit"), "btn-primary", "send"));
    }
    if page.may_review && draft.stage == InReview {
        acts.push(act("审核", format!("{base}/review"), "btn-primary", "clipboard-check"));
    }
    if page.may_publish && draft.stage == Approved {
        acts.push(act("发布", format!("{base}/publish"), "btn-primary", "check"));
    }
    acts.push(act("预览", format!("{base}/preview?version=draft"), "btn-outline-primary", "eye"));
    let compare = format!("{base}/compare?older={}&newer=draft", draft.base);
    acts.push(act("与原版本比较", compare, "btn-outline-primary", "git-merge"));
    if page.may_write {
        acts.push(act("放弃修订", format!("{base}/drop"), "btn-outline-danger", "trash"));
    }
    let hint = match draft.stage {
        Writing => "写完后提交审核，由没有参与编写的同事审核。",
        Returned => "请按退回理由修改，再次提交审核。",
        InReview if page.may_review => "请核对修订稿与原版本的差别，同意或者退回。",
        InReview => "正在等待没有参与编写的同事审核。",
        Approved if page.may_publish => "审核已通过，请确定生效日期并发布。",
        Approved => "审核已通过，等待部门负责人发布。",
    };
    let mut facts = Facts::new().row("底稿", format!("第 {} 版", draft.base));
    if !draft.note.is_empty() {
        facts = facts.wide("修订说明", &draft.note);
    }
    let returned = (draft.stage == Returned).then(|| Note::new(Tone::Red, "审核退回的理由", &draft.opinion));
    let score = score(&draft.guide, default_weights());
    Some(Draft {
        stage: draft_pill(draft.stage),
        facts,
        score: Gauge::new("修订稿完整度", &score),
        acts,
        hint,
        returned,
    })
}

fn edition(page: &GuidePage, version: &Version, base: &str) -> Edition {
    let (state, tone) = match version {
        v if v.is_in_force(page.today) => ("现行", Tone::Green),
        v if v.from > page.today => ("待生效", Tone::Blue),
        _ => ("已失效", Tone::Grey),
    };
    let before = page.guide.versions.iter().rev().find(|other| other.number < version.number);
    Edition {
        name: format!("第 {} 版", version.number),
        days: match version.until {
            Some(until) => format!("{} 起，至 {until} 前", version.from),
            None => format!("{} 起", version.from),
        },
        note: version.note.clone(),
        score: score(&version.guide, default_weights()).points,
        state,
        tone,
        preview: format!("{base}/preview?version={}", version.number),
        compare: before.map(|other| format!("{base}/compare?older={}&newer={}", other.number, version.number)),
    }
}

fn trail(entries: &[TrailEntry]) -> Timeline {
    entries.iter().rev().fold(Timeline::new(), |timeline, entry| {
        let at = format!("{} · {}", entry.at.display(), entry.actor);
        timeline.entry(Tone::Blue, &entry.title, at, &entry.detail)
    })
}

// ── 预览 ──

#[derive(Template)]
#[template(path = "office/guide_preview.html")]
struct Preview {
    page: Page,
    heading: String,
    lead: String,
    text: GuideText,
    back: String,
}

/// Which version.
#[derive(Debug, Default, Deserialize)]
pub struct Which {
    #[serde(default)]
    version: String,
}

pub async fn preview(
    ctx: OfficeContext,
    Path(item): Path<String>,
    Query(which): Query<Which>,
) -> Result<Html<String>, WebError> {
    let guide = open(&ctx, &item).await?;
    let newest = guide.guide.versions.last().map(|v| v.number.to_string()).unwrap_or_default();
    let which = if which.version.is_empty() { newest } else { which.version };
    let (name, text) = guide.find(&which).ok_or(WebError::NotFound)?;
    let view = Preview {
        page: inner(&ctx, &guide, &format!("{name}预览"), false).await?,
        heading: guide.item.name.clone(),
        lead: format!("办事指南 · {} · {name}", guide.agency.name()),
        text: GuideText::new(ctx.platform.rules.catalogue, guide.item, text, false),
        back: format!("/guides/{}", guide.item.code),
    };
    Ok(Html(view.render()?))
}

/// The version a case stands under, for those who handle it.
pub async fn of_case(ctx: OfficeContext, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = step::case_id(&id)?;
    let (application, version) = ctx.platform.case_guide(&ctx.call, &id).await?;
    let item = ctx.platform.rules.catalogue.item(&application.item).ok_or(WebError::NotFound)?;
    let back = format!("/cases/{id}");
    let page = frame(&ctx, "cases", "本办件适用的办事指南").await?.crumb("办件", "/cases");
    let view = Preview {
        page: page.crumb(application.item_name.clone(), back.clone()),
        heading: format!("{}：办事指南第 {} 版", application.item_name, version.row.number),
        lead: format!("{} · 申请时的版本，办理和补正都以此为准（办法第八条）", application.project_name),
        text: GuideText::new(ctx.platform.rules.catalogue, item, &version.guide, false),
        back,
    };
    Ok(Html(view.render()?))
}

// ── 比较 ──

/// Which two versions.
#[derive(Debug, Default, Deserialize)]
pub struct Pair {
    #[serde(default)]
    older: String,
    #[serde(default)]
    newer: String,
    #[serde(default)]
    all: String,
}

/// One row of the comparison.
struct Row {
    before: String,
    after: String,
    fate: Fate,
}

impl Row {
    fn tone(&self) -> Tone {
        match self.fate {
            Fate::Same => Tone::Grey,
            Fate::Added => Tone::Green,
            Fate::Removed => Tone::Red,
            Fate::Changed => Tone::Yellow,
        }
    }
}

#[derive(Template)]
#[template(path = "office/guide_compare.html")]
struct Compare {
    page: Page,
    lead: String,
    choices: Vec<(String, String)>,
    older: (String, String),
    newer: (String, String),
    all: bool,
    changed: usize,
    elements: Vec<(Element, Vec<Row>)>,
    base: String,
    actions: Markup,
}

fn rows(comparison: Comparison, all: bool) -> (Element, Vec<Row>) {
    let rows = comparison.lines.into_iter().map(|line| Row {
        fate: line.fate(),
        before: line.before.unwrap_or_default(),
        after: line.after.unwrap_or_default(),
    });
    (comparison.element, rows.filter(|row| all || row.fate != Fate::Same).collect())
}

pub async fn compare(
    ctx: OfficeContext,
    Path(item): Path<String>,
    Query(pair): Query<Pair>,
) -> Result<Html<String>, WebError> {
    let guide = open(&ctx, &item).await?;
    let numbers = guide.guide.versions.iter().map(|v| v.number.to_string());
    let which: Vec<String> = numbers.chain(guide.guide.draft.as_ref().map(|_| "draft".to_owned())).collect();
    let last = which.last().cloned().unwrap_or_default();
    let before_last = which.iter().rev().nth(1).unwrap_or(&last).clone();
    let pick = |asked: String, otherwise: String| if asked.is_empty() { otherwise } else { asked };
    let (older, newer) = (pick(pair.older, before_last), pick(pair.newer, last));
    let ((older_name, older_text), (newer_name, newer_text)) =
        guide.find(&older).zip(guide.find(&newer)).ok_or(WebError::NotFound)?;
    let all = pair.all == "yes";
    let elements: Vec<_> = guide::compare(older_text, newer_text).into_iter().map(|c| rows(c, all)).collect();
    let elements: Vec<_> = elements.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    let base = format!("/guides/{}", guide.item.code);
    let choices = which.iter().filter_map(|w| Some((w.clone(), guide.find(w)?.0))).collect();
    let view = Compare {
        page: inner(&ctx, &guide, "比较两个版本", false).await?,
        lead: format!("{} · {older_name}与{newer_name}", guide.item.name),
        changed: elements.iter().flat_map(|(_, rows)| rows).filter(|row| row.fate != Fate::Same).count(),
        choices,
        older: (older, older_name),
        newer: (newer, newer_name),
        all,
        elements,
        actions: Markup::link("返回指南", &base),
        base,
    };
    Ok(Html(view.render()?))
}
