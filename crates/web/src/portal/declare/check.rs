//! 检查填写内容: everything typed, what it leads to, the promises, and the submission.

use super::{
    StepState,
    fields::{FIXED, PROMISES},
    open_points, progress, promised,
};
use crate::{
    Page, Posted, WebError,
    app::refusals,
    context::PortalContext,
    html::{self, Facts, Field},
};
use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    declaration::{Answers, Kind},
    ids::DraftId,
    region::RegionCode,
};
use platform::{
    Rulebook,
    draft::Draft,
    project::{Preview, Similar},
};

/// One page of the form, as answered.
struct Answered {
    title: &'static str,
    href: String,
    facts: Facts,
    open: bool,
}

/// An item the project needs.
struct NeededItem {
    name: String,
    because: String,
    handled: String,
}

/// An item it does not need.
struct OtherItem {
    name: String,
    would_change: String,
}

#[derive(Template)]
#[template(path = "portal/declare_check.html")]
struct Check {
    page: Page,
    base: String,
    groups: Vec<Answered>,
    /// Still to be put right, each with the page and place where.
    open: Vec<(String, Refusal)>,
    refusals: Vec<Refusal>,
    preview: Option<Preview>,
    needed: Vec<NeededItem>,
    others: Vec<OtherItem>,
    similar: Vec<Similar>,
    promises: Vec<Field>,
    once: String,
    last: usize,
}

pub(super) async fn show(ctx: PortalContext, Path(draft): Path<String>) -> Result<Html<String>, WebError> {
    let id = DraftId::parse(&draft).ok_or(WebError::NotFound)?;
    let draft = ctx.platform.draft(&ctx.call, &id).await?;
    draw(&ctx, &draft, &Answers::new(), Vec::new()).await
}

/// An answer as a person reads it, with regions and industries by name.
pub fn readable(rules: &Rulebook, field: &domain::declaration::Field, raw: &str) -> String {
    match field.kind {
        Kind::Region => RegionCode::parse(raw).map_or_else(|| raw.to_owned(), |code| rules.regions.full_name(code)),
        Kind::Industry => super::fields::named_industry(rules.industries, raw),
        _ => field.display(raw),
    }
}

fn answered(ctx: &PortalContext, answers: &Answers, base: &str) -> Vec<Answered> {
    let rules = &ctx.platform.rules;
    let known = promised(answers);
    progress(ctx, answers)
        .into_iter()
        .filter_map(|step| {
            let group = rules.form.group(step.id)?;
            let shown = group
                .fields
                .iter()
                .filter(|f| rules.form.is_shown(f, &known) && !PROMISES.contains(&f.id.as_str()))
                // of the check boxes only what was checked: sixty times "no" helps nobody
                .filter(|f| f.kind != Kind::Bool || answers.get(&f.id).is_some_and(|raw| raw == "yes"))
                .filter(|f| {
                    rules.form.is_required(f, &known) || answers.get(&f.id).is_some_and(|raw| !raw.trim().is_empty())
                });
            let facts = shown.fold(Facts::new().single(), |facts, field| {
                let raw = answers.get(&field.id).map_or("", String::as_str);
                let value = if raw.trim().is_empty() { String::new() } else { readable(rules, field, raw) };
                let facts = if field.kind.is_multiline() {
                    facts.wide(&field.label, value)
                } else {
                    facts.row(&field.label, value)
                };
                if FIXED.contains(&field.id.as_str()) {
                    return facts;
                }
                facts.change(format!("{base}/{}?back=check#{}", group.id, html::field_id(&field.id)))
            });
            Some(Answered {
                title: step.title,
                href: format!("{base}/{}?back=check", group.id),
                facts,
                open: step.state != StepState::Done,
            })
        })
        .collect()
}

async fn draw(
    ctx: &PortalContext,
    draft: &Draft,
    given: &Answers,
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let rules = &ctx.platform.rules;
    let base = format!("/declare/{}", draft.id);
    let place = |refusal: &Refusal| {
        let field = refusal.field.as_deref().unwrap_or_default();
        let group = rules.form.group_of(field).map_or("basics", |g| g.id.as_str());
        format!("{base}/{group}?back=check#{}", html::field_id(field))
    };
    let mut open = open_points(ctx, &draft.answers);
    let preview = match ctx.platform.preview(&promised(&draft.answers)) {
        Ok(preview) => Some(preview),
        Err(wrong) => {
            if open.is_empty() {
                open = wrong;
            }
            None
        }
    };
    let name = |code: &str| rules.catalogue.item(code).map_or_else(|| code.to_owned(), |item| item.name.clone());
    let guides = ctx.platform.guides_in_force(&ctx.call).await?;
    let mut needed = Vec::new();
    let mut others = Vec::new();
    let mut similar = Vec::new();
    if let Some(preview) = &preview {
        for code in rules.catalogue.order(&preview.derivation.codes()) {
            let (Some(item), Some(why)) =
                (rules.catalogue.item(code), preview.derivation.needed.iter().find(|n| n.item == code))
            else {
                continue;
            };
            let limit = guides.limit(item).words();
            needed.push(NeededItem {
                name: item.name.clone(),
                because: why.because.clone(),
                handled: format!("{}{} · {limit}", item.level.label(), rules.catalogue.department_name(item)),
            });
        }
        others = preview
            .derivation
            .not_needed
            .iter()
            .map(|n| OtherItem { name: name(&n.item), would_change: n.would_change.clone() })
            .collect();
        similar = ctx.platform.similar_projects(&ctx.call, &preview.declaration).await?;
    }
    let promises = PROMISES
        .iter()
        .filter_map(|id| rules.form.field(id))
        .map(|field| {
            let given = given.get(&field.id).map_or("", String::as_str);
            Field::check(&field.id, if field.id == PROMISES[0] { "产业政策" } else { "真实完整" }, &field.label)
                .value(given)
                .required()
                .error_list(&refusals)
        })
        .collect();
    let groups = answered(ctx, &draft.answers, &base);
    let page = ctx
        .page("declare", "检查并提交 - 项目申报")
        .await?
        .crumb("首页", "/")
        .crumb("项目申报", "/declare")
        .failed(!refusals.is_empty());
    let html = Check {
        page,
        last: groups.len().saturating_add(1),
        groups,
        open: open.into_iter().map(|r| (place(&r), r)).collect(),
        refusals,
        preview,
        needed,
        others,
        similar,
        promises,
        once: ctx.once(),
        base,
    };
    Ok(Html(html.render()?))
}

pub(super) async fn submit(
    Path(draft): Path<String>,
    Posted { ctx, form }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = DraftId::parse(&draft).ok_or(WebError::NotFound)?;
    // a repetition finds the draft gone; the idempotency key then leads to the project
    let draft = match ctx.platform.draft(&ctx.call, &id).await {
        Ok(draft) => Some(draft),
        Err(platform::Failure::NotThere) => None,
        Err(other) => return Err(other.into()),
    };
    let mut answers = draft.as_ref().map(|d| d.answers.clone()).unwrap_or_default();
    let given: Answers = PROMISES.iter().map(|id| ((*id).to_owned(), form.get(id).to_owned())).collect();
    answers.extend(given.clone());
    match (refusals(ctx.platform.declare_project(&ctx.call, &answers, Some(&id)).await)?, draft) {
        (Ok(project), _) => Ok(Redirect::to(&format!("/projects/{project}/declared")).into_response()),
        (Err(wrong), Some(draft)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, &draft, &given, wrong).await?).into_response())
        }
        (Err(_), None) => Err(WebError::NotFound),
    }
}
