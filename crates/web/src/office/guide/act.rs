//! The steps to a new version and away from it: begin, submit, review, publish, take back, retire, give up.

use super::{back, inner, open};
use crate::{
    Fields, OfficeContext, Posted, WebError,
    app::refusals,
    html::{Choice, Facts, Field, Markup, Note, Tone},
    office::{
        step::{self, Step},
        to,
    },
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    guide::{DraftStage, Element, Fate, compare, is_complete},
};
use platform::{Failure, guide::GuidePage};

pub async fn begin(Path(item): Path<String>, Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    match refusals(ctx.platform.begin_guide(&ctx.call, &item).await)? {
        Ok(()) => Ok(to(format!("/guides/{item}/edit/basics"))),
        Err(_) => Ok(back(&item, "taken")),
    }
}

/// What became of an act: on to the guide, or the refusals to draw the form with.
fn finish(result: Result<(), Failure>, item: &str, said: &str) -> Result<Result<Response, Vec<Refusal>>, WebError> {
    Ok(match refusals(result)? {
        Ok(()) => Ok(back(item, said)),
        Err(list) if list.iter().any(|r| r.code == "guide.wrong_state") => Ok(back(item, "taken")),
        Err(list) => Err(list),
    })
}

/// The page of an act: what it means, its fields, its button.
struct Act<'a> {
    guide: &'a GuidePage,
    slug: &'static str,
    title: &'static str,
    submit: &'static str,
    danger: bool,
    confirm: (&'static str, String),
    parts: Vec<Markup>,
    fields: Vec<Field>,
}

impl Act<'_> {
    async fn draw(self, ctx: &OfficeContext, errors: Vec<Refusal>) -> Result<Response, WebError> {
        let failed = !errors.is_empty();
        let base = format!("/guides/{}", self.guide.item.code);
        let shown = Step {
            page: inner(ctx, self.guide, self.title, failed).await?,
            lead: self.guide.item.name.clone(),
            parts: self.parts,
            fields: self.fields.into_iter().map(|field| Markup::of(field.errors(&errors))).collect(),
            once: ctx.once(),
            action: format!("{base}/{}", self.slug),
            back: base,
            submit: self.submit,
            danger: self.danger,
            confirm: self.confirm,
            errors,
        };
        step::drawn(shown, failed)
    }
}

/// The guide if the act is open on it for this person; else where to go instead.
async fn at(
    ctx: &OfficeContext,
    item: &str,
    open_now: impl Fn(&GuidePage) -> bool,
) -> Result<Result<GuidePage, Response>, WebError> {
    let guide = open(ctx, item).await?;
    Ok(if open_now(&guide) { Ok(guide) } else { Err(back(item, "taken")) })
}

fn stage(guide: &GuidePage) -> Option<DraftStage> {
    guide.guide.draft.as_ref().map(|draft| draft.stage)
}

/// How the draft differs from the version it began from.
fn differences(guide: &GuidePage) -> Option<Markup> {
    let draft = guide.guide.draft.as_ref()?;
    let base = guide.guide.version(draft.base)?;
    let changes = compare(&base.guide, &draft.guide);
    let changed: Vec<_> = changes
        .iter()
        .filter(|c| c.differs())
        .map(|c| format!("{}（{} 处）", c.element.name(), c.lines.iter().filter(|l| l.fate() != Fate::Same).count()))
        .collect();
    let words = if changed.is_empty() { "与原版本相同".to_owned() } else { changed.join("、") };
    let href = format!("/guides/{}/compare?older={}&newer=draft", guide.item.code, draft.base);
    let facts = Facts::new().single().row("底稿", format!("第 {} 版", draft.base)).row("有改动的要素", words);
    let facts = if draft.note.is_empty() { facts } else { facts.row("修订说明", &draft.note) };
    Some(Markup::of(facts.part("逐条比较", Markup::link("打开比较页", href))))
}

// ── 提交审核 ──

async fn draw_submit(
    ctx: &OfficeContext,
    guide: &GuidePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let draft = guide.guide.draft.as_ref().ok_or(WebError::NotFound)?;
    let missing: Vec<_> = Element::ALL
        .into_iter()
        .filter(|e| e.is_demanded() && !is_complete(&draft.guide, *e))
        .map(|e| format!("{}（{}）", e.name(), e.wanted()))
        .collect();
    let note = if missing.is_empty() {
        Note::new(Tone::Green, "九项要素齐全", "可以提交审核。审核应当由没有参与编写的同事进行。")
    } else {
        Note::new(Tone::Red, "要素还不齐全，不能提交", format!("请先补充：{}。", missing.join("、")))
    };
    let act = Act {
        guide,
        slug: "submit",
        title: "提交审核",
        submit: "提交审核",
        danger: false,
        confirm: ("提交审核？", "提交后修订稿不能再改，直到审核退回。".into()),
        parts: [Some(Markup::of(note.article("办法第八条"))), differences(guide)].into_iter().flatten().collect(),
        fields: vec![
            Field::textarea("note", "修订说明", 3)
                .value(form.get("note"))
                .required()
                .max(500)
                .hint("改了什么、为什么改。发布后随版本公开。"),
        ],
    };
    act.draw(ctx, errors).await
}

fn may_submit(guide: &GuidePage) -> bool {
    guide.may_write && stage(guide).is_some_and(DraftStage::is_open)
}

pub async fn submit_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, may_submit).await? {
        Ok(guide) => draw_submit(&ctx, &guide, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn submit(
    Path(item): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    match finish(ctx.platform.submit_guide(&ctx.call, &item, form.get("note")).await, &item, "submitted")? {
        Ok(response) => Ok(response),
        Err(errors) => draw_submit(&ctx, &open(&ctx, &item).await?, &form, errors).await,
    }
}

// ── 审核 ──

async fn draw_review(
    ctx: &OfficeContext,
    guide: &GuidePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let preview = Markup::link("打开修订稿预览", format!("/guides/{}/preview?version=draft", guide.item.code));
    let note = Note::new(
        Tone::Blue,
        "请逐条核对",
        "参与编写的人不能审核。同意后由部门负责人确定生效日期并发布；退回的应当写明理由。",
    );
    let act = Act {
        guide,
        slug: "review",
        title: "审核修订稿",
        submit: "提交审核意见",
        danger: false,
        confirm: ("提交审核意见？", "同意后修订稿即可发布；退回后由编写人修改。".into()),
        parts: [
            Some(Markup::of(note.article("办法第八条"))),
            differences(guide),
            Some(Markup::of(Facts::new().single().part("全文", preview))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        fields: vec![
            Field::radios("verdict", "审核结论", [Choice::new("agree", "同意"), Choice::new("return", "退回修改")])
                .value(form.get("verdict"))
                .required(),
            Field::textarea("opinion", "审核意见", 3)
                .value(form.get("opinion"))
                .max(500)
                .hint("退回的，请写明要改什么；同意的可以留空。"),
        ],
    };
    act.draw(ctx, errors).await
}

pub async fn review_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, |guide| guide.may_review && stage(guide) == Some(DraftStage::InReview)).await? {
        Ok(guide) => draw_review(&ctx, &guide, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn review(
    Path(item): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    let opinion = form.get("opinion");
    let done = match form.get("verdict") {
        "agree" => finish(ctx.platform.approve_guide(&ctx.call, &item, opinion).await, &item, "approved")?,
        "return" => finish(ctx.platform.return_guide(&ctx.call, &item, opinion).await, &item, "returned")?,
        _ => Err(vec![Refusal::field("verdict", "guide.verdict", "请选择同意或者退回修改。").article("办法第八条")]),
    };
    match done {
        Ok(response) => Ok(response),
        Err(errors) => draw_review(&ctx, &open(&ctx, &item).await?, &form, errors).await,
    }
}

// ── 发布 ──

async fn draw_publish(
    ctx: &OfficeContext,
    guide: &GuidePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let typed = form.get("from");
    let from = if typed.is_empty() { guide.today.to_string() } else { typed.to_owned() };
    let note = Note::new(
        Tone::Blue,
        "发布后",
        "门户自生效之日起显示新版本；生效前申请的办件仍按当时的版本办理。生效日之前可以撤回。",
    );
    let act = Act {
        guide,
        slug: "publish",
        title: "发布指南",
        submit: "发布",
        danger: false,
        confirm: ("发布这个版本？", "所填日期起，新的申请按这个版本办理。".into()),
        parts: [Some(Markup::of(note.article("办法第八条"))), differences(guide)].into_iter().flatten().collect(),
        fields: vec![Field::date("from", "生效日期").value(from).required().hint("今天或者一年以内的某一天。")],
    };
    act.draw(ctx, errors).await
}

pub async fn publish_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, |guide| guide.may_publish && stage(guide) == Some(DraftStage::Approved)).await? {
        Ok(guide) => draw_publish(&ctx, &guide, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn publish(
    Path(item): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    let done = match step::day("from", form.get("from")) {
        Ok(from) => finish(ctx.platform.publish_guide(&ctx.call, &item, from).await, &item, "published")?,
        Err(wrong) => Err(vec![wrong]),
    };
    match done {
        Ok(response) => Ok(response),
        Err(errors) => draw_publish(&ctx, &open(&ctx, &item).await?, &form, errors).await,
    }
}

// ── 撤回、停用、放弃 ──

fn reason(form: &Fields, label: &str) -> Field {
    Field::textarea("reason", label, 3).value(form.get("reason")).required().max(500)
}

async fn draw_unschedule(
    ctx: &OfficeContext,
    guide: &GuidePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let words = guide.guide.scheduled(guide.today).map(|v| format!("第 {} 版原定于 {} 生效。", v.number, v.from));
    let text = format!("{}撤回后该版本不再生效，内容保留为修订稿。", words.unwrap_or_default());
    let act = Act {
        guide,
        slug: "unschedule",
        title: "撤回待生效版本",
        submit: "撤回",
        danger: true,
        confirm: ("撤回这个版本？", "该版本不再生效，版本号不再使用。".into()),
        parts: vec![Markup::of(Note::new(Tone::Yellow, "撤回待生效版本", text))],
        fields: vec![reason(form, "撤回的理由")],
    };
    act.draw(ctx, errors).await
}

pub async fn unschedule_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, |guide| guide.may_publish && guide.guide.scheduled(guide.today).is_some()).await? {
        Ok(guide) => draw_unschedule(&ctx, &guide, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn unschedule(
    Path(item): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    match finish(ctx.platform.unschedule_guide(&ctx.call, &item, form.get("reason")).await, &item, "unscheduled")? {
        Ok(response) => Ok(response),
        Err(errors) => draw_unschedule(&ctx, &open(&ctx, &item).await?, &form, errors).await,
    }
}

async fn draw_retire(
    ctx: &OfficeContext,
    guide: &GuidePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let typed = form.get("on");
    let on = if typed.is_empty() { guide.today.to_string() } else { typed.to_owned() };
    let text =
        "停用后门户注明本指南已停用，新的申请按统一材料名录办理；已经申请的办件不受影响。需要恢复时，修订后重新发布。";
    let act = Act {
        guide,
        slug: "retire",
        title: "停用指南",
        submit: "停用",
        danger: true,
        confirm: ("停用这份指南？", "所填日期起，门户不再显示现行版本。".into()),
        parts: vec![Markup::of(Note::new(Tone::Red, "停用的后果", text).article("办法第八条"))],
        fields: vec![
            Field::date("on", "停用日期").value(on).required().hint("这一天起不再适用。"),
            reason(form, "停用的理由"),
        ],
    };
    act.draw(ctx, errors).await
}

fn may_retire(guide: &GuidePage) -> bool {
    let state = &guide.guide;
    let in_use = state.in_force(guide.today).is_some() && state.retired_on().is_none();
    guide.may_publish && in_use && state.scheduled(guide.today).is_none()
}

pub async fn retire_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, may_retire).await? {
        Ok(guide) => draw_retire(&ctx, &guide, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn retire(
    Path(item): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    let done = match step::day("on", form.get("on")) {
        Ok(on) => finish(ctx.platform.retire_guide(&ctx.call, &item, on, form.get("reason")).await, &item, "retired")?,
        Err(wrong) => Err(vec![wrong]),
    };
    match done {
        Ok(response) => Ok(response),
        Err(errors) => draw_retire(&ctx, &open(&ctx, &item).await?, &form, errors).await,
    }
}

async fn draw_drop(ctx: &OfficeContext, guide: &GuidePage, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let text = "修订稿中的全部改动将不再保留，现行版本不变。痕迹仍会记录谁在何时放弃了修订。";
    let act = Act {
        guide,
        slug: "drop",
        title: "放弃修订",
        submit: "放弃修订",
        danger: true,
        confirm: ("放弃这份修订稿？", "改动将不再保留。".into()),
        parts: [Some(Markup::of(Note::new(Tone::Yellow, "放弃修订稿", text))), differences(guide)]
            .into_iter()
            .flatten()
            .collect(),
        fields: vec![],
    };
    act.draw(ctx, errors).await
}

pub async fn drop_form(ctx: OfficeContext, Path(item): Path<String>) -> Result<Response, WebError> {
    match at(&ctx, &item, |guide| guide.may_write && guide.guide.draft.is_some()).await? {
        Ok(guide) => draw_drop(&ctx, &guide, vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

pub async fn drop_draft(
    Path(item): Path<String>,
    Posted { ctx, .. }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    match finish(ctx.platform.drop_guide_draft(&ctx.call, &item).await, &item, "dropped")? {
        Ok(response) => Ok(response),
        Err(errors) => draw_drop(&ctx, &open(&ctx, &item).await?, errors).await,
    }
}
