//! 申请办理事项: materials, files, the case afterwards.

mod case;
mod files;

use super::project::project_id;
use crate::{
    Access, Page, Posted, Route, WebError,
    app::refusals,
    context::PortalContext,
    html::{self, Choice, ClockSheet, DayKind, ErrorSummary, Field, Light, Note, Tone, Upload, UploadedFile},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    case::ApplicationWay,
    clock::{self, Sheet, Status},
    guide::{Sample, ServiceGuide},
    ids::{AttachmentId, ProjectId},
    item::{Blocker, Material, PrecedenceKind},
};
pub(super) use files::For;
use platform::{
    attachment::AttachmentRow,
    case::{ApplicationPage, ApplyForItem, MaterialNeed},
    commitment::CommitmentOffer,
    upload::FileState,
};

/// Largest request of an upload, in bytes: the largest file (50 MB) and its wrapping.
const UPLOAD: usize = 52 << 20;
/// Id of the form that the files beside it are part of.
const FORM: &str = "apply";

/// Pages of applications and cases.
pub fn routes() -> Vec<Route> {
    use Access::Owner;
    vec![
        Route::get(Owner, "/projects/{id}/items/{item}/apply", show),
        Route::post(Owner, "/projects/{id}/items/{item}/apply", apply),
        Route::post(Owner, "/projects/{id}/files", files::upload).body_limit(UPLOAD),
        Route::get(Owner, "/files/{file}", files::download).audited(),
        Route::get(Owner, "/files/{file}/pages", files::pages).audited(),
        Route::get(Owner, "/cases/{id}/files/{file}", case::file).audited(),
        Route::get(Owner, "/cases/{id}", case::show).audited(),
        Route::post(Owner, "/cases/{id}/correction", case::supply),
        Route::get(Owner, "/cases/{id}/withdraw", case::ask_withdrawal),
        Route::post(Owner, "/cases/{id}/withdraw", case::withdraw),
        Route::post(Owner, "/cases/{id}/hearing", case::ask_hearing),
        Route::get(Owner, "/cases/{id}/amendment", case::amendment_form),
        Route::post(Owner, "/cases/{id}/amendment", case::ask_amendment),
    ]
}

/// The light of a period with the days left.
pub(super) fn light(sheet: &Sheet) -> Light {
    let left = match sheet.remaining {
        0 => "今日届满".to_owned(),
        days => format!("剩余 {days} 日"),
    };
    match sheet.light {
        clock::Light::Normal => Light::green(left),
        clock::Light::Yellow => Light::yellow(left),
        clock::Light::Red => Light::red(format!("逾期 {} 日", sheet.overdue)),
        clock::Light::Suspended => Light::grey("暂停计时"),
    }
}

/// 计时明细 of a period. Days after the limit up to the due date are those by which it moved off a rest day.
pub(super) fn clock_sheet(caption: &str, sheet: &Sheet) -> ClockSheet {
    let due = sheet.due.map(|due| due.date);
    sheet.rows.iter().fold(ClockSheet::new(format!("{caption}：逐日计时")), |made, row| {
        let counted = row.status.counted();
        let moved = counted.is_some_and(|n| n > sheet.limit) && due.is_some_and(|due| row.date <= due);
        let (kind, why) = match (&row.status, counted) {
            (_, Some(_)) if moved && due == Some(row.date) => {
                (DayKind::Due(sheet.limit), "最后一日为休息日，顺延至此".to_owned())
            }
            (_, Some(_)) if moved => (DayKind::Off, "休息日，届满日顺延".to_owned()),
            (Status::Counted { .. }, Some(n)) if due == Some(row.date) => (DayKind::Due(n), "届满日".to_owned()),
            (Status::Counted { .. }, Some(n)) => (DayKind::Counted(n), "计入".to_owned()),
            (status, Some(n)) if due == Some(row.date) => (DayKind::Due(n), status.describe()),
            (status, Some(n)) => (DayKind::Counted(n), status.describe()),
            (status @ Status::Suspended { .. }, None) => (DayKind::Paused, status.describe()),
            (status, None) => (DayKind::Off, status.describe()),
        };
        made.day(row.date, kind, why)
    })
}

/// A file as a slot lists it.
fn uploaded(row: &AttachmentRow) -> UploadedFile {
    let (state, tone) = match row.state {
        FileState::Clean => ("已接收", Tone::Green),
        FileState::Received | FileState::Scanning => ("正在检查，通常一分钟内完成，完成后即可提交", Tone::Yellow),
        FileState::Refused | FileState::Sealed => ("未通过检查，不能使用，请移除后重新上传", Tone::Red),
    };
    UploadedFile {
        id: row.id.to_string(),
        name: row.name.clone(),
        size: row.size_words(),
        state: state.to_owned(),
        tone,
        href: if row.state.is_usable() { format!("/files/{}", row.id) } else { String::new() },
    }
}

/// An earlier file that may be handed in again.
struct Earlier {
    id: String,
    name: String,
    note: String,
    chosen: bool,
}

fn earlier(rows: &[AttachmentRow], project: &ProjectId, chosen: &[&str]) -> Vec<Earlier> {
    rows.iter()
        .filter(|row| row.state.is_usable())
        .map(|row| Earlier {
            id: row.id.to_string(),
            name: row.name.clone(),
            note: format!(
                "{} · {} 上传{}",
                row.size_words(),
                row.at.date(),
                if row.project == *project { "" } else { " · 其他项目" }
            ),
            chosen: chosen.contains(&row.id.as_str()),
        })
        .collect()
}

/// Key of a material's slot; the domain's refusals name the same.
fn slot_key(material: &Material) -> String {
    format!("material-{}", material.id)
}

/// A slot for files.
fn slot(key: &str, name: &str, material: &Material, files: &[AttachmentRow], action: &str, csrf: &str) -> Upload {
    let accept: Vec<String> = material.formats.iter().map(|format| format!(".{}", format.extension())).collect();
    Upload::new(key, name, action, csrf)
        .hint(&material.hint)
        .accept(accept.join(","))
        .max_mb(u32::from(material.max_mb))
        .files(files.iter().map(uploaded))
        .part_of(FORM)
}

/// The slot of one material on the application page.
fn material_slot(need: &MaterialNeed, project: &ProjectId, item: &str, csrf: &str, wrong: &[Refusal]) -> Upload {
    let action = For::Item { item: item.to_owned() }.address(project, &need.material.id);
    need_slot(need, &action, csrf, wrong)
}

/// The slot of a material whose files are posted to that address.
pub(super) fn need_slot(need: &MaterialNeed, action: &str, csrf: &str, wrong: &[Refusal]) -> Upload {
    let key = slot_key(need.material);
    slot(&key, &need.material.name, need.material, &need.fresh, action, csrf)
        .hint(&need.hint)
        .required(need.required && need.shared.is_none())
        .errors(wrong.iter().filter(|r| r.field.as_deref() == Some(key.as_str())))
}

/// One material of an application.
#[derive(Template)]
#[template(path = "portal/wanted.html")]
pub(super) struct Wanted {
    key: String,
    name: String,
    upload: Upload,
    condition: String,
    about: String,
    samples: Vec<(String, String)>,
    earlier: Vec<Earlier>,
    shared: Option<(String, String)>,
}

impl HtmlSafe for Wanted {}

impl Wanted {
    /// A material with its slot, whose files are posted to that address; `chosen` are the files ticked before.
    pub(super) fn of(
        need: &MaterialNeed,
        project: &ProjectId,
        action: &str,
        csrf: &str,
        chosen: &[AttachmentId],
        wrong: &[Refusal],
    ) -> Self {
        let chosen: Vec<&str> = chosen.iter().map(AttachmentId::as_str).collect();
        Self {
            key: slot_key(need.material),
            name: need.material.name.clone(),
            upload: need_slot(need, action, csrf, wrong),
            condition: need.material.condition.clone(),
            about: format!("{} · {}", need.material.copies.label(), need.material.source.label()),
            samples: Vec::new(),
            earlier: earlier(&need.offered, project, &chosen),
            shared: need.shared.as_ref().map(|(case, title)| (format!("/cases/{case}"), title.clone())),
        }
    }

    /// A promise stands for it: with 告知承诺 it may be left out.
    fn spared(mut self, spared: bool) -> Self {
        if spared {
            self.about.push_str(" · 选择告知承诺的，免于提交");
        }
        self
    }

    /// With sample files of the guide: address and name.
    fn samples(mut self, samples: Vec<(String, String)>) -> Self {
        self.samples = samples;
        self
    }
}

#[derive(Template)]
#[template(path = "portal/application.html")]
struct Apply {
    page: Page,
    id: ProjectId,
    project: String,
    code: String,
    item: String,
    name: String,
    agency: String,
    limit: String,
    basis: String,
    guide: Option<ServiceGuide>,
    version: u32,
    blockers: Vec<Blocker>,
    blocked: bool,
    commitment: Option<Commitment>,
    unclassified: Field,
    materials: Vec<Wanted>,
    refusals: Vec<Refusal>,
    once: String,
}

/// 告知承诺 on the application page: why not, or the choice with what is promised.
struct Commitment {
    barred: Option<Note>,
    way: Field,
    promises: Vec<String>,
    promised: Field,
    article: String,
}

/// The way that is taken by promise, as the form sends it.
const BY_PROMISE: &str = "commitment";

fn way(form: &crate::Fields) -> ApplicationWay {
    match form.get("way") {
        BY_PROMISE => ApplicationWay::Commitment { promised: form.get("promised") == "yes" },
        _ => ApplicationWay::Ordinary,
    }
}

impl Commitment {
    fn of(offer: CommitmentOffer, form: &ApplyForItem, wrong: &[Refusal]) -> Self {
        let rule = offer.rule;
        let note = format!(
            "作出下面的承诺后，由审批岗直接决定，可以当场准予；办理部门在决定后 {}内核查。承诺不实的依法撤销，{} 个月内不再适用。",
            rule.check.words(),
            rule.barred_months
        );
        let ways = [
            Choice::new("ordinary", "一般程序").note("审查、审核、决定，在办理时限内办结。"),
            Choice::new(BY_PROMISE, "告知承诺").note(note),
        ];
        let (chosen, ticked) = match form.way {
            ApplicationWay::Ordinary => ("ordinary", false),
            ApplicationWay::Commitment { promised } => (BY_PROMISE, promised),
        };
        Self {
            barred: offer.barred.map(|refusal| Note::new(Tone::Yellow, "现在不适用告知承诺", refusal.message)),
            way: Field::radios("way", "办理方式", ways).value(chosen).required().errors(wrong),
            promises: rule.promises,
            promised: Field::check("promised", "作出承诺", "我单位已阅读并自愿作出以上承诺")
                .required_when("告知承诺必选")
                .value(if ticked { "yes" } else { "" })
                .errors(wrong),
            article: format!("{}（{}）", rule.article, rule.certainty.label()),
        }
    }
}

async fn show(ctx: PortalContext, Path((id, item)): Path<(String, String)>) -> Result<Html<String>, WebError> {
    draw(&ctx, &project_id(&id)?, &item, &ApplyForItem::default(), Vec::new()).await
}

/// The guide's samples for a material: address and name.
fn samples_of(samples: &[Sample], item: &str, material: &str) -> Vec<(String, String)> {
    let mine = samples.iter().filter(|sample| sample.material == material);
    mine.map(|sample| (format!("/items/{item}/samples/{}", sample.id), sample.name.clone())).collect()
}

/// 涉密声明 of an application (K-11).
pub(super) fn unclassified(ticked: bool, wrong: &[Refusal]) -> Field {
    Field::check("unclassified", "涉密声明", "本单位声明：所提交的材料（包括以后补正的材料）不含国家秘密")
        .hint("涉密材料不得通过本平台提交，请到项目所在地投资主管部门当面办理。")
        .value(if ticked { "yes" } else { "" })
        .required()
        .errors(wrong)
}

async fn draw(
    ctx: &PortalContext,
    id: &ProjectId,
    item: &str,
    form: &ApplyForItem,
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let ApplicationPage { declared, item, agency_name, guide, materials, blockers, commitment, .. } =
        ctx.platform.application_page(&ctx.call, id, item).await?;
    let limit = guide.as_ref().map_or(item.effective_limit(), |v| v.guide.effective_limit()).words();
    let basis = guide.as_ref().map_or(&item.basis, |v| &v.guide.basis).clone();
    let samples: Vec<Sample> = guide.iter().flat_map(|v| v.guide.samples.clone()).collect();
    let csrf = ctx.csrf();
    let wanted = materials.iter().map(|need| {
        let chosen = form.materials.get(&need.material.id).map(Vec::as_slice).unwrap_or_default();
        let action = For::Item { item: item.code.clone() }.address(id, &need.material.id);
        let samples = samples_of(&samples, &item.code, &need.material.id);
        let spared = commitment.as_ref().is_some_and(|offer| offer.rule.spares.contains(&need.material.id));
        Wanted::of(need, id, &action, &csrf, chosen, &refusals).samples(samples).spared(spared)
    });
    let page = ctx
        .page("projects", format!("申请办理{}", item.name))
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(declared.name.clone(), format!("/projects/{id}"))
        .failed(!refusals.is_empty());
    let html = Apply {
        page,
        id: id.clone(),
        item: item.code.clone(),
        name: item.name.clone(),
        agency: agency_name,
        limit,
        basis,
        version: guide.as_ref().map_or(0, |v| v.row.number),
        guide: guide.map(|v| v.guide),
        blocked: blockers.iter().any(|b| b.kind == PrecedenceKind::Law),
        blockers,
        materials: wanted.collect(),
        commitment: commitment.map(|offer| Commitment::of(offer, form, &refusals)),
        unclassified: unclassified(form.unclassified, &refusals),
        once: ctx.once(),
        project: declared.name.clone(),
        code: declared.code.clone(),
        refusals,
    };
    Ok(Html(html.render()?))
}

/// The files a form names under one key; anything that is no file id is left out.
pub(super) fn chosen(form: &crate::Fields, key: &str) -> Vec<AttachmentId> {
    let mut ids: Vec<AttachmentId> = Vec::new();
    for id in form.all(key).into_iter().filter_map(AttachmentId::parse) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

async fn apply(
    Path((id, item)): Path<(String, String)>,
    Posted { ctx, form }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = project_id(&id)?;
    let mut wanted = ApplyForItem {
        item: item.clone(),
        way: way(&form),
        unclassified: form.get("unclassified") == "yes",
        ..ApplyForItem::default()
    };
    for (name, _) in &form.0 {
        if let Some(material) = name.strip_prefix("material-") {
            wanted.materials.insert(material.to_owned(), chosen(&form, name));
        }
    }
    match refusals(ctx.platform.apply_for_item(&ctx.call, &id, &wanted).await)? {
        Ok(case) => Ok(Redirect::to(&format!("/cases/{case}?done=submitted")).into_response()),
        Err(wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, &id, &item, &wanted, wrong).await?).into_response())
        }
    }
}
