//! 项目申报: the gate, the pages of the form, the check page, the code.

mod check;
mod fields;

use crate::{
    Access, Page, Posted, Route, WebError,
    app::refusals,
    context::PortalContext,
    html::{self, Choice, Tone},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
pub(super) use check::readable;
use domain::{
    Refusal,
    declaration::{self, Answers, Declaration, Form, Group},
    ids::DraftId,
    marking::{self, Gate, OfflineNotice},
};
use fields::{Drawing, PROMISES, Section};
use platform::{Actor, draft::Draft};
use serde::Deserialize;

/// The page of the form that is answered before anything is stored (K-01).
const GATE: &str = "gate";

/// Pages of the declaration.
pub fn routes() -> Vec<Route> {
    use Access::{Owner, Public, SignedIn};
    vec![
        Route::get(SignedIn, "/declare", start),
        Route::get(SignedIn, "/declare/new", new),
        Route::post(SignedIn, "/declare", begin),
        Route::get(Public, "/declare/counties", counties),
        Route::get(Public, "/declare/industries", industries),
        Route::get(Owner, "/declare/{draft}/check", check::show).audited(),
        Route::post(Owner, "/declare/{draft}/submit", check::submit),
        Route::post(Owner, "/declare/{draft}/save", autosave),
        Route::post(Owner, "/declare/{draft}/delete", delete),
        Route::get(Owner, "/declare/{draft}/{group}", show).audited(),
        Route::post(Owner, "/declare/{draft}/{group}", save),
    ]
}

/// A draft as the start page lists it.
pub(super) struct DraftRow {
    pub id: DraftId,
    pub name: String,
    pub saved: String,
    pub done: usize,
    pub of: usize,
    pub next: String,
}

impl DraftRow {
    pub(super) fn of(ctx: &PortalContext, draft: Draft) -> Self {
        let steps = progress(ctx, &draft.answers);
        let next = steps.iter().find(|s| s.state != StepState::Done).map_or("check", |s| s.id);
        Self {
            name: if draft.name().is_empty() {
                "（未填写项目名称）".to_owned()
            } else {
                draft.name().to_owned()
            },
            saved: draft.updated_at.display(),
            done: steps.iter().filter(|s| s.state == StepState::Done).count(),
            of: steps.len(),
            next: format!("/declare/{}/{next}", draft.id),
            id: draft.id,
        }
    }
}

#[derive(Template)]
#[template(path = "portal/declare_start.html")]
struct Start {
    page: Page,
    drafts: Vec<DraftRow>,
}

async fn start(ctx: PortalContext, Query(query): Query<Asked>) -> Result<Html<String>, WebError> {
    let drafts = ctx.platform.drafts(&ctx.call).await?;
    let drafts = drafts.into_iter().map(|draft| DraftRow::of(&ctx, draft)).collect();
    let mut page = ctx.page("declare", "项目申报").await?.crumb("首页", "/");
    if query.done == "deleted" {
        page = page.flash(Tone::Green, "草稿已删除。");
    }
    Ok(Html(Start { page, drafts }.render()?))
}

/// What a page of the form may be asked with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// City to list the counties of.
    city: String,
    /// `check`: go back to the check page afterwards.
    back: String,
    /// Key of the sentence about what has just happened.
    pub done: String,
}

#[derive(Template)]
#[template(path = "portal/declare_group.html")]
struct GroupPage {
    page: Page,
    title: &'static str,
    intro: &'static str,
    sections: Vec<Section>,
    refusals: Vec<Refusal>,
    action: String,
    /// Autosave address; empty on the gate page, where nothing may be stored.
    autosave: String,
    check: String,
    version: i64,
    saved: String,
    once: String,
    steps: Vec<Step>,
    number: usize,
    last: usize,
    back_to_check: bool,
}

/// How far a page of the form is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepState {
    Untouched,
    Open(usize),
    Done,
}

/// A page of the form, in the list beside it.
pub(super) struct Step {
    pub id: &'static str,
    pub title: &'static str,
    pub href: String,
    pub state: StepState,
    pub now: bool,
}

impl Step {
    fn tone(&self) -> Tone {
        match self.state {
            StepState::Done => Tone::Green,
            StepState::Open(_) => Tone::Yellow,
            StepState::Untouched => Tone::Grey,
        }
    }

    fn words(&self) -> String {
        match self.state {
            StepState::Done => "已填好".to_owned(),
            StepState::Open(count) => format!("还有 {count} 处"),
            StepState::Untouched => "未填写".to_owned(),
        }
    }
}

/// Answers as if the promises were given: they come on the last page.
fn promised(answers: &Answers) -> Answers {
    let mut answers = answers.clone();
    answers.extend(PROMISES.map(|id| (id.to_owned(), "yes".to_owned())));
    answers
}

/// Everything still to be put right, in form order.
fn open_points(ctx: &PortalContext, answers: &Answers) -> Vec<Refusal> {
    let context = ctx.platform.declaration_context();
    Declaration::from_answers(ctx.platform.form(), &promised(answers), &context).err().unwrap_or_default()
}

fn progress(ctx: &PortalContext, answers: &Answers) -> Vec<Step> {
    let form = ctx.platform.form();
    let open = open_points(ctx, answers);
    let known = promised(answers);
    let groups: Vec<&'static Group> =
        form.groups.iter().filter(|g| form.shown_groups(&known).any(|s| s.id == g.id)).collect();
    groups
        .into_iter()
        .map(|group| {
            let here = |id: &str| group.fields.iter().any(|f| f.id == id);
            let wrong = open.iter().filter(|r| r.field.as_deref().is_some_and(here)).count();
            let own = |id: &str| here(id) && !id.starts_with("unit_name") && !id.starts_with("unit_credit");
            let touched = answers.iter().any(|(id, raw)| own(id) && !raw.trim().is_empty());
            let state = match (wrong, touched) {
                (0, _) => StepState::Done,
                (_, false) => StepState::Untouched,
                (count, true) => StepState::Open(count),
            };
            Step { id: &group.id, title: &group.title, href: String::new(), state, now: false }
        })
        .collect()
}

fn group_of(form: &'static Form, id: &str, answers: &Answers) -> Result<&'static Group, WebError> {
    let shown = form.shown_groups(answers).any(|group| group.id == id);
    form.group(id).filter(|_| shown).ok_or(WebError::NotFound)
}

struct Shown<'a> {
    draft: Option<&'a DraftId>,
    group: &'static Group,
    answers: &'a Answers,
    refusals: Vec<Refusal>,
    version: i64,
    saved: String,
    asked: &'a Asked,
}

async fn draw(ctx: &PortalContext, shown: Shown<'_>) -> Result<Html<String>, WebError> {
    let Shown { draft, group, answers, refusals, version, saved, asked } = shown;
    let rules = &ctx.platform.rules;
    let base = draft.map(|id| format!("/declare/{id}"));
    let drawing = Drawing { rules, answers, refusals: &refusals, city: &asked.city };
    let sections = fields::sections(group, &drawing);
    let mut steps = progress(ctx, answers);
    for step in &mut steps {
        step.now = step.id == group.id;
        step.href = base.as_ref().map(|base| format!("{base}/{}", step.id)).unwrap_or_default();
    }
    let number = steps.iter().position(|s| s.now).map_or(1, |at| at.saturating_add(1));
    let query = if asked.back == "check" { "?back=check" } else { "" };
    let mut page = ctx
        .page("declare", format!("{} - 项目申报", group.title))
        .await?
        .crumb("首页", "/")
        .crumb("项目申报", "/declare")
        .failed(!refusals.is_empty());
    if asked.done == "saved" {
        page = page.flash(Tone::Green, "已保存。可以离开，下次从“项目申报”继续填写。");
    }
    let html = GroupPage {
        page,
        title: &group.title,
        intro: &group.intro,
        sections,
        refusals,
        action: base.as_ref().map_or("/declare".to_owned(), |base| format!("{base}/{}{query}", group.id)),
        autosave: base.as_ref().map(|base| format!("{base}/save")).unwrap_or_default(),
        check: base.as_ref().map(|base| format!("{base}/check")).unwrap_or_default(),
        version,
        saved,
        once: ctx.once(),
        last: steps.len().saturating_add(1),
        steps,
        number,
        back_to_check: asked.back == "check",
    };
    Ok(Html(html.render()?))
}

async fn new(ctx: PortalContext) -> Result<Html<String>, WebError> {
    // asks for the permission to declare, so that nobody fills the gate in for nothing
    let _ = ctx.platform.drafts(&ctx.call).await?;
    let group = ctx.platform.form().group(GATE).ok_or(WebError::NotFound)?;
    let (answers, asked) = (Answers::new(), Asked::default());
    draw(
        &ctx,
        Shown {
            draft: None,
            group,
            answers: &answers,
            refusals: vec![],
            version: 0,
            saved: String::new(),
            asked: &asked,
        },
    )
    .await
}

#[derive(Template)]
#[template(path = "portal/declare_offline.html")]
struct Offline {
    page: Page,
    notice: OfflineNotice,
}

async fn offline(ctx: &PortalContext, notice: OfflineNotice) -> Result<Response, WebError> {
    let page = ctx.page("declare", notice.title).await?;
    Ok(Html(Offline { page, notice }.render()?).into_response())
}

async fn begin(Posted { ctx, form }: Posted<PortalContext>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let rules = ctx.platform.rules.now();
    let group = rules.form.group(GATE).ok_or(WebError::NotFound)?;
    let mut answers = fields::typed(group, &rules, &Answers::new(), &form);
    let mut wrong = declaration::validate_group(rules.form, GATE, &answers, &ctx.platform.declaration_context());
    match marking::gate(answers.get("touches_secrets").map_or("", String::as_str)) {
        Ok(Gate::Closed(notice)) => return offline(&ctx, notice).await,
        Ok(Gate::Open) => {}
        Err(refusal) if wrong.is_empty() => wrong.push(refusal),
        Err(_) => {}
    }
    if wrong.is_empty() {
        if let Actor::Unit { unit, .. } = &ctx.call.actor {
            let unit = ctx.platform.unit(&ctx.call, unit).await?;
            answers.insert("unit_name".to_owned(), unit.name);
            answers.insert("unit_credit_code".to_owned(), unit.credit_code);
            answers.insert("region".to_owned(), unit.region);
        }
        match refusals(ctx.platform.begin_draft(&ctx.call, answers.clone()).await)? {
            Ok(id) => return Ok(Redirect::to(&format!("/declare/{id}/basics")).into_response()),
            Err(refused) => wrong = refused,
        }
    }
    let asked = Asked::default();
    let shown = Shown {
        draft: None,
        group,
        answers: &answers,
        refusals: wrong,
        version: 0,
        saved: String::new(),
        asked: &asked,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, shown).await?).into_response())
}

fn draft_id(text: &str) -> Result<DraftId, WebError> {
    DraftId::parse(text).ok_or(WebError::NotFound)
}

async fn show(
    ctx: PortalContext,
    Path((draft, group)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let draft = ctx.platform.draft(&ctx.call, &draft_id(&draft)?).await?;
    let group = group_of(ctx.platform.form(), &group, &draft.answers)?;
    let shown = Shown {
        draft: Some(&draft.id),
        group,
        answers: &draft.answers,
        refusals: vec![],
        version: draft.revision,
        saved: draft.updated_at.display(),
        asked: &asked,
    };
    draw(&ctx, shown).await
}

/// The page before (`-1`) or after (`1`) one, among those to go through.
fn neighbour(form: &Form, group: &str, answers: &Answers, step: isize) -> Option<String> {
    let shown: Vec<&str> = form.shown_groups(answers).map(|g| g.id.as_str()).collect();
    let at = shown.iter().position(|id| *id == group)?;
    shown.get(at.checked_add_signed(step)?).map(|id| (*id).to_owned())
}

async fn save(
    Path((draft, group)): Path<(String, String)>,
    Query(mut asked): Query<Asked>,
    Posted { ctx, form: sent }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = draft_id(&draft)?;
    let rules = ctx.platform.rules.now();
    let before = ctx.platform.draft(&ctx.call, &id).await?;
    let group = group_of(rules.form, &group, &before.answers)?;
    let typed = fields::typed(group, &rules, &before.answers, &sent);
    if let Some(Ok(Gate::Closed(notice))) = typed.get("touches_secrets").map(|answer| marking::gate(answer)) {
        // nothing of such a project stays here, not even what was typed before the answer (K-01)
        ctx.platform.delete_draft(&ctx.call, &id).await?;
        return offline(&ctx, notice).await;
    }
    let version = sent.get("_version").parse().ok();
    let saved = refusals(ctx.platform.save_draft(&ctx.call, &id, typed.clone(), version).await)?;
    let base = format!("/declare/{id}");
    let (answers, version, saved, wrong) = match saved {
        Ok(draft) => {
            let wrong = match sent.get("_action") {
                "refresh" => {
                    let city: String = sent.get(fields::CITY).chars().filter(char::is_ascii_digit).take(6).collect();
                    return Ok(Redirect::to(&format!("{base}/{}?city={city}#field-region", group.id)).into_response());
                }
                "back" => {
                    let page = neighbour(rules.form, &group.id, &draft.answers, -1).unwrap_or_else(|| group.id.clone());
                    return Ok(Redirect::to(&format!("{base}/{page}")).into_response());
                }
                "later" => return Ok(Redirect::to(&format!("{base}/{}?done=saved", group.id)).into_response()),
                _ => declaration::validate_group(
                    rules.form,
                    &group.id,
                    &promised(&draft.answers),
                    &ctx.platform.declaration_context(),
                ),
            };
            if wrong.is_empty() {
                let next = neighbour(rules.form, &group.id, &draft.answers, 1).filter(|_| asked.back != "check");
                let next = next.unwrap_or_else(|| "check".to_owned());
                return Ok(Redirect::to(&format!("{base}/{next}")).into_response());
            }
            (draft.answers, draft.revision, draft.updated_at.display(), wrong)
        }
        Err(wrong) => {
            let mut answers = before.answers;
            answers.extend(typed);
            (answers, version.unwrap_or(before.revision), String::new(), wrong)
        }
    };
    asked.city = sent.get(fields::CITY).to_owned();
    let shown = Shown { draft: Some(&id), group, answers: &answers, refusals: wrong, version, saved, asked: &asked };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, shown).await?).into_response())
}

/// Autosave: the page as it is typed, without judging it.
async fn autosave(
    Path(draft): Path<String>,
    Posted { ctx, form: sent }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = draft_id(&draft)?;
    let rules = ctx.platform.rules.now();
    let before = ctx.platform.draft(&ctx.call, &id).await?;
    let group = group_of(rules.form, sent.get("_group"), &before.answers)?;
    let typed = fields::typed(group, &rules, &before.answers, &sent);
    let version = sent.get("_version").parse().ok();
    match refusals(ctx.platform.save_draft(&ctx.call, &id, typed, version).await)? {
        Ok(draft) => {
            let time = draft.updated_at.display();
            let saved = time.split(' ').nth(1).unwrap_or_default();
            Ok(Json(serde_json::json!({ "saved": saved, "version": draft.revision })).into_response())
        }
        Err(wrong) if wrong.iter().any(|r| r.code == "draft.stale") => Ok(StatusCode::CONFLICT.into_response()),
        Err(wrong) => Err(wrong.into()),
    }
}

async fn delete(Path(draft): Path<String>, Posted { ctx, .. }: Posted<PortalContext>) -> Result<Redirect, WebError> {
    ctx.platform.delete_draft(&ctx.call, &draft_id(&draft)?).await?;
    Ok(Redirect::to("/declare?done=deleted"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CityQuery {
    #[serde(rename = "_city")]
    city: String,
}

async fn counties(ctx: PortalContext, Query(query): Query<CityQuery>) -> Html<String> {
    Html(html::Options::new(fields::counties(ctx.platform.rules.regions, &query.city), "").to_string())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IndustryQuery {
    industry: String,
}

#[derive(Template)]
#[template(path = "portal/declare_industries.html")]
struct Suggestions {
    choices: Vec<Choice>,
}

async fn industries(ctx: PortalContext, Query(query): Query<IndustryQuery>) -> Result<Html<String>, WebError> {
    let all = ctx.platform.rules.industries;
    let choices = fields::industries_like(all, &query.industry)
        .into_iter()
        .map(|i| Choice::new(format!("{} {}", i.code, i.name), all.path_name(&i.code).unwrap_or_default()))
        .collect();
    Ok(Html(Suggestions { choices }.render()?))
}
