//! 征求意见: asked from the case, listed for both organs, replied to or taken back.

use super::{frame, paper, query, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Choice, Empty, Facts, Field, Markup, Note, Pager, Pill, Tabs, Tone},
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::{Path, Query},
    response::{Html, Response},
};
use domain::{
    Refusal,
    consultation::{Question, Silence, Standing, View},
    ids::{AttachmentId, CaseId, ConsultationId},
};
use platform::{
    consultation::{ConsultationPage, ConsultationRow, Tab},
    work_list::Cursor,
};
use serde::Deserialize;

/// Working days proposed for the reply.
const REPLY_DAYS: u32 = 5;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/consultation", ask_form),
        Route::post(Access::Owner, "/cases/{id}/consultation", ask),
        Route::get(Access::SignedIn, "/consultations", list),
        Route::get(Access::Owner, "/consultations/{id}", show).audited(),
        Route::get(Access::Owner, "/consultations/{id}/reply", reply_form),
        Route::post(Access::Owner, "/consultations/{id}/reply", reply),
        Route::get(Access::Owner, "/consultations/{id}/recall", recall_form),
        Route::post(Access::Owner, "/consultations/{id}/recall", recall),
        Route::get(Access::Owner, "/consultations/{id}/files/{file}", file).audited(),
    ]
}

fn consultation_id(text: &str) -> Result<ConsultationId, WebError> {
    ConsultationId::parse(text).ok_or(WebError::NotFound)
}

/// How a standing looks.
pub fn pill(standing: Standing) -> Pill {
    let tone = match standing {
        Standing::Waiting => Tone::Yellow,
        Standing::Late => Tone::Red,
        Standing::Silent => Tone::Blue,
        Standing::Replied => Tone::Green,
        Standing::Recalled => Tone::Grey,
    };
    Pill::new(tone, standing.name())
}

/// One line of a list or of the box on a case.
struct Line {
    href: String,
    project: String,
    item: String,
    code: String,
    from: String,
    to: String,
    standing: Pill,
    due: String,
    asked: String,
}

fn line(row: &ConsultationRow) -> Line {
    Line {
        href: format!("/consultations/{}", row.id),
        project: row.project_name.clone(),
        item: row.item_name.clone(),
        code: row.project_code.clone(),
        from: row.from_name.clone(),
        to: row.to_name.clone(),
        standing: pill(row.standing),
        due: row.reply_by.to_string(),
        asked: row.asked_at.display(),
    }
}

/// The consultations about one case, for its page; empty when there are none.
#[derive(Template)]
#[template(path = "office/consultation_box.html")]
struct CaseBox {
    lines: Vec<Line>,
    /// Only when there is more than one page.
    pager: Option<Pager>,
}

impl HtmlSafe for CaseBox {}

/// The consultations about a case as a box on its page; `after` says where its page begins.
pub async fn case_box(ctx: &OfficeContext, case: &CaseId, after: &str) -> Result<Markup, WebError> {
    let (rows, next) = ctx.platform.consultations_of(case, Cursor::parse(after)).await?;
    if rows.is_empty() {
        return Ok(Markup::default());
    }
    let first = (!after.is_empty()).then(|| format!("/cases/{case}#consultations"));
    let next = next.map(|cursor| format!("/cases/{case}?consultations={cursor}#consultations"));
    let pager = (first.is_some() || next.is_some())
        .then(|| Pager::new(format!("本页 {} 件", rows.len())).first(first).next(next));
    Ok(Markup::of(CaseBox { lines: rows.iter().map(line).collect(), pager }))
}

/// Above the work list: what other organs wait for.
pub async fn to_reply(ctx: &OfficeContext) -> Result<Option<Note>, WebError> {
    let waiting = ctx.platform.consultations_to_reply(&ctx.call).await?;
    Ok((waiting > 0).then(|| {
        Note::new(Tone::Yellow, "征求意见", format!("其他部门征求本机关意见，{waiting} 件待回复。"))
            .article("办法第十七条")
            .link("去回复", "/consultations")
    }))
}

async fn draw_ask(ctx: &OfficeContext, id: &CaseId, form: &Fields, errors: Vec<Refusal>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (_, due) = ctx.platform.case_to_consult(&ctx.call, id).await?;
    let open = ctx.platform.case_page(&ctx.call, id).await?;
    if !ctx.platform.may_consult(&ctx.call, &open.case) {
        return Ok(step::back(id, "taken"));
    }
    let failed = !errors.is_empty();
    let today = ctx.platform.clock.now().date();
    let proposed = ctx.platform.rules.calendar.add_working_days(today, REPLY_DAYS);
    let proposed = due.map_or(proposed, |due| proposed.min(due)).to_string();
    let [department, region] = step::agency_fields(ctx, &open, true, form, &errors);
    let silence = Silence::ALL.map(|s| {
        Choice::new(s.slug(), s.name()).note(match s {
            Silence::Awaited => "没有回复以前，不能作出决定。",
            Silence::NoObjection => "期限届满没有回复的，可以作出决定。须有依据。",
        })
    });
    let last = due.map_or_else(String::new, |due| format!("本办件的届满日是 {due}。"));
    let shown = step::Step {
        page: step::act_frame(ctx, &open, "征求部门意见", failed).await?,
        lead: step::lead(&open),
        parts: vec![Markup::of(
            Note::new(
                Tone::Blue,
                "征求意见的时间计入办理时限",
                format!("被征求的部门可以查看本办件的申请材料并限期回复；逾期不回复的，由电子监察督促。{last}"),
            )
            .article("办法第十五条、第十七条"),
        )],
        fields: vec![
            department,
            region,
            step::text_field("text", "征求意见的内容", 2000, "写明需要该部门就哪些问题提出意见。", form, &errors),
            Markup::of(
                Field::date("reply_by", "回复期限")
                    .value(step::or(form.get("reply_by"), &proposed))
                    .required()
                    .errors(&errors),
            ),
            Markup::of(
                Field::radios("silence", "逾期不回复的", silence)
                    .value(step::or(form.get("silence"), Silence::Awaited.slug()))
                    .required()
                    .errors(&errors),
            ),
            Markup::of(
                Field::text("basis", "视为无意见的依据")
                    .value(form.get("basis"))
                    .max(200)
                    .hint("只有选择“逾期不回复视为无意见”时填写，例如法规、规章的条款。")
                    .errors(&errors),
            ),
        ],
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/consultation"),
        back: format!("/cases/{id}"),
        submit: "发出征求意见",
        danger: false,
        confirm: ("确认发出？", "系统告知被征求的部门，并记入痕迹。".into()),
    };
    step::drawn(shown, failed)
}

async fn ask_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_ask(&ctx, &step::case_id(&id)?, &Fields::default(), vec![]).await
}

fn read_question(form: &Fields) -> Result<Question, Vec<Refusal>> {
    let to =
        step::agency(form).ok_or_else(|| Refusal::field("department", "consultation.to", "请选择被征求意见的部门。"));
    let day = step::day("reply_by", form.get("reply_by"));
    let silence = Silence::parse(form.get("silence"))
        .ok_or_else(|| Refusal::field("silence", "consultation.silence", "请选择逾期不回复的后果。"));
    match (to, day, silence) {
        (Ok(to), Ok(reply_by), Ok(silence)) => {
            let text = |name: &str| form.get(name).to_owned();
            Ok(Question { to, text: text("text"), reply_by, silence, basis: text("basis") })
        }
        (to, day, silence) => Err([to.err(), day.err(), silence.err()].into_iter().flatten().collect()),
    }
}

/// A refusal about the organ belongs to the field that chooses it.
fn at_department(refusal: Refusal) -> Refusal {
    if refusal.field.as_deref() == Some("to") {
        Refusal { field: Some("department".into()), ..refusal }
    } else {
        refusal
    }
}

async fn ask(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let errors = match read_question(&form) {
        Err(errors) => errors,
        Ok(question) => match refusals(ctx.platform.ask_consultation(&ctx.call, &id, &question).await)? {
            Ok(asked) => return Ok(to(format!("/consultations/{asked}?said=asked"))),
            Err(errors) => errors.into_iter().map(at_department).collect(),
        },
    };
    draw_ask(&ctx, &id, &form, errors).await
}

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    after: String,
    said: String,
}

#[derive(Template)]
#[template(path = "office/consultations.html")]
struct ListPage {
    page: Page,
    tabs: Tabs,
    now: &'static str,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

fn address(tab: Tab, after: &str) -> String {
    format!("/consultations{}", query([("tab", tab.slug().to_owned()), ("after", after.to_owned())]))
}

async fn list(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    let page = frame(&ctx, "cases", "征求意见").await?;
    let tab = Tab::parse(&asked.tab).unwrap_or_default();
    let (rows, next) = ctx.platform.consultations(&ctx.call, tab, Cursor::parse(&asked.after)).await?;
    let waiting = ctx.platform.consultations_to_reply(&ctx.call).await?;
    let tabs = Tab::ALL.into_iter().fold(Tabs::new("征求意见"), |tabs, one| match one {
        Tab::ToReply => tabs.tab(one.name(), waiting, address(one, ""), one == tab),
        _ => tabs.plain(one.name(), address(one, ""), one == tab),
    });
    let shown = ListPage {
        page: page.crumb("办件", "/cases"),
        tabs,
        now: tab.name(),
        empty: rows.is_empty().then(|| {
            Empty::new("circle-check", "没有征求意见", "经办人在办件页点“征求部门意见”发出；被征求的部门在这里回复。")
        }),
        pager: Pager::new(format!("本页 {} 件", rows.len()))
            .first((!asked.after.is_empty()).then(|| address(tab, "")))
            .next(next.map(|cursor| address(tab, &cursor.to_string()))),
        lines: rows.iter().map(line).collect(),
    };
    Ok(Html(shown.render()?))
}

#[derive(Template)]
#[template(path = "office/consultation.html")]
struct ConsultationView {
    page: Page,
    lead: String,
    case_href: Option<String>,
    standing: Pill,
    question: Facts,
    reply: Option<Facts>,
    /// Material, file name, address.
    files: Vec<(String, String, String)>,
    reply_href: Option<String>,
    recall_href: Option<String>,
}

fn question(page: &ConsultationPage) -> Facts {
    let a = &page.asked;
    let facts = Facts::new()
        .row("征求部门", &a.from_name)
        .row("经办人", &a.asker)
        .row("被征求部门", &a.to_name)
        .row("征求时间", page.asked_at.display())
        .row("回复期限", a.reply_by)
        .row("逾期不回复的", a.silence.name());
    let facts = if a.basis.is_empty() { facts } else { facts.row("依据", &a.basis) };
    facts.row("项目代码", &a.project_code).wide("征求意见的内容", &a.question)
}

fn answer(page: &ConsultationPage) -> Option<Facts> {
    let at = page.ended_at.map(|at| at.display()).unwrap_or_default();
    match (&page.reply, &page.recalled) {
        (Some(reply), _) => Some(
            Facts::new()
                .row("回复", reply.view.name())
                .row("回复人", &reply.replier)
                .row("回复时间", at)
                .wide("意见和理由", &reply.opinion),
        ),
        (None, Some(reason)) => Some(Facts::new().row("撤回时间", at).wide("撤回的原因", reason)),
        (None, None) => None,
    }
}

fn name(page: &ConsultationPage) -> String {
    format!("{} · {}", page.asked.project_name, page.asked.item_name)
}

async fn show(ctx: OfficeContext, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let id = consultation_id(&id)?;
    let open = ctx.platform.consultation_page(&ctx.call, &id).await?;
    let page = frame(&ctx, "cases", "征求意见").await?.crumb("征求意见", "/consultations");
    let page = match asked.said.as_str() {
        "asked" => page.flash(Tone::Green, "已发出，并已告知被征求的部门。"),
        "replied" if open.reply.is_some() => page.flash(Tone::Green, "已回复，并已告知征求意见的部门。"),
        "recalled" if open.recalled.is_some() => page.flash(Tone::Green, "已撤回，并已告知被征求的部门。"),
        "taken" => page.flash(Tone::Yellow, "这件征求意见已经有了结果，请看下面的最新情况。"),
        _ => page,
    };
    let view = ConsultationView {
        page,
        lead: name(&open),
        case_href: open.may_read_case.then(|| format!("/cases/{}", open.asked.case)),
        standing: pill(open.standing),
        question: question(&open),
        reply: answer(&open),
        files: open
            .files
            .iter()
            .map(|(material, file)| {
                (material.clone(), file.name.clone(), format!("/consultations/{id}/files/{}", file.id))
            })
            .collect(),
        reply_href: open.may_reply.then(|| format!("/consultations/{id}/reply")),
        recall_href: open.may_recall.then(|| format!("/consultations/{id}/recall")),
    };
    step::drawn(view, false)
}

/// A form about one consultation.
struct Form {
    title: &'static str,
    place: &'static str,
    fields: Vec<Markup>,
    consequence: &'static str,
    danger: bool,
}

async fn draw_form(
    ctx: &OfficeContext,
    id: &ConsultationId,
    open: &ConsultationPage,
    form: Form,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let here = format!("/consultations/{id}");
    let page = frame(ctx, "cases", form.title).await?.failed(failed);
    let shown = step::Step {
        page: page.crumb("征求意见", "/consultations").crumb(open.asked.item_name.clone(), here.clone()),
        lead: name(open),
        parts: vec![Markup::of(question(open))],
        fields: form.fields,
        errors,
        once: ctx.once(),
        action: format!("{here}/{}", form.place),
        back: here,
        submit: form.title,
        danger: form.danger,
        confirm: ("请确认", form.consequence.into()),
    };
    step::drawn(shown, failed)
}

/// The consultation to be acted on; when it is over already, its page says so.
async fn opened(
    ctx: &OfficeContext,
    id: &ConsultationId,
    may: fn(&ConsultationPage) -> bool,
) -> Result<Result<ConsultationPage, Response>, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let open = ctx.platform.consultation_page(&ctx.call, id).await?;
    Ok(if may(&open) { Ok(open) } else { Err(to(format!("/consultations/{id}?said=taken"))) })
}

async fn draw_reply(
    ctx: &OfficeContext,
    id: &ConsultationId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let open = match opened(ctx, id, |page| page.may_reply).await? {
        Ok(open) => open,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let views = View::ALL.map(|v| Choice::new(v.slug(), v.name()));
    let fields = vec![
        Markup::of(Field::radios("view", "回复", views).value(form.get("view")).required().errors(&errors)),
        step::text_field("opinion", "意见和理由", 2000, "写明依据和需要修改的地方；无意见的也请说明。", form, &errors),
    ];
    let consequence = "回复后告知征求意见的部门，不能修改。";
    let form = Form { title: "回复征求意见", place: "reply", fields, consequence, danger: false };
    draw_form(ctx, id, &open, form, errors).await
}

async fn reply_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_reply(&ctx, &consultation_id(&id)?, &Fields::default(), vec![]).await
}

async fn reply(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = consultation_id(&id)?;
    let errors = match View::parse(form.get("view")) {
        None => vec![Refusal::field("view", "consultation.view", "请选择回复：同意、修改后同意、不同意或者无意见。")],
        Some(view) => {
            match refusals(ctx.platform.reply_consultation(&ctx.call, &id, view, form.get("opinion")).await)? {
                Ok(()) => return Ok(to(format!("/consultations/{id}?said=replied"))),
                Err(errors) => errors,
            }
        }
    };
    draw_reply(&ctx, &id, &form, errors).await
}

async fn draw_recall(
    ctx: &OfficeContext,
    id: &ConsultationId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let open = match opened(ctx, id, |page| page.may_recall).await? {
        Ok(open) => open,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let fields = vec![step::text_field("reason", "撤回的原因", 500, "", form, &errors)];
    let consequence = "撤回后被征求的部门不需要再回复。";
    let form = Form { title: "撤回征求意见", place: "recall", fields, consequence, danger: true };
    draw_form(ctx, id, &open, form, errors).await
}

async fn recall_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    draw_recall(&ctx, &consultation_id(&id)?, &Fields::default(), vec![]).await
}

async fn recall(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = consultation_id(&id)?;
    match refusals(ctx.platform.recall_consultation(&ctx.call, &id, form.get("reason")).await)? {
        Ok(()) => Ok(to(format!("/consultations/{id}?said=recalled"))),
        Err(errors) => draw_recall(&ctx, &id, &form, errors).await,
    }
}

async fn file(ctx: OfficeContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let (id, file) = (consultation_id(&id)?, AttachmentId::parse(&file).ok_or(WebError::NotFound)?);
    paper::sent(ctx.platform.download_consulted_file(&ctx.call, &id, &file).await?)
}
