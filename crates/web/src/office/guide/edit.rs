//! The editing form, page by page. What is typed stays in the form until it is saved, also when it is refused.

use super::{back, inner, open};
use crate::{
    Fields, OfficeContext, Page as Frame, Posted, WebError,
    app::refusals,
    html::{self, Choice, ErrorSummary, Facts, Field, Markup, Note, Tabs, Tone},
    office::{step, to},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    guide::{Contact, Faq, Page, ServiceGuide},
    item::{Certainty, Limit, LimitUnit},
};
use platform::guide::GuidePage;
use serde::Deserialize;

/// Pages of the form: machine name, title, what stands on it.
pub const PAGES: [(&str, &str); 5] = [
    ("basics", "依据、内容和条件"),
    ("materials", "申报材料"),
    ("process", "流程、时限和收费"),
    ("oversight", "监管和联系方式"),
    ("help", "常见问题和错误"),
];

/// Rows of an empty list.
const ROWS: usize = 3;
/// Rows added at a time.
const MORE: usize = 3;
/// Most rows.
const MOST: usize = 50;

/// What the address says has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

#[derive(Template)]
#[template(path = "office/guide_edit.html")]
struct EditPage {
    page: Frame,
    lead: String,
    title: &'static str,
    tabs: Tabs,
    summary: ErrorSummary,
    note: Option<Note>,
    parts: Vec<Markup>,
    groups: Vec<(String, Vec<Markup>)>,
    more: bool,
    base: String,
    slug: String,
    once: String,
    revision: u32,
    rows: usize,
    last: bool,
}

/// The tabs over the form; samples have a page of their own.
pub fn tabs(base: &str, now: &str) -> Tabs {
    let pages = PAGES.iter().map(|(slug, title)| (*slug, *title, format!("{base}/edit/{slug}")));
    let samples = ("samples", "样表范本", format!("{base}/samples"));
    pages
        .chain([samples])
        .fold(Tabs::new("指南的各部分"), |tabs, (slug, title, href)| tabs.plain(title, href, slug == now))
}

/// The draft, if the reader may write in it now; else where to go instead.
pub async fn writable(
    ctx: &OfficeContext,
    item: &str,
) -> Result<Result<(GuidePage, ServiceGuide, u32), Response>, WebError> {
    let guide = open(ctx, item).await?;
    let draft = guide.guide.draft.as_ref().filter(|draft| guide.may_write && draft.stage.is_open());
    Ok(match draft.map(|draft| ((*draft.guide).clone(), draft.revision)) {
        Some((text, revision)) => Ok((guide, text, revision)),
        None => Err(back(item, "taken")),
    })
}

pub async fn form(
    ctx: OfficeContext,
    Path((item, slug)): Path<(String, String)>,
    Query(said): Query<Said>,
) -> Result<Response, WebError> {
    let (guide, text, revision) = match writable(&ctx, &item).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let typed = written(&slug, &text).ok_or(WebError::NotFound)?;
    draw(&ctx, &guide, &text, &slug, &typed, revision, vec![], said.said == "saved").await
}

pub async fn save(
    Path((item, slug)): Path<(String, String)>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    if form.get("_action") == "more" {
        return redraw(&ctx, &item, &slug, form, vec![], true).await;
    }
    let guide = open(&ctx, &item).await?;
    let page = match read(&slug, &form, &guide) {
        Ok(page) => page.ok_or(WebError::NotFound)?,
        Err(wrong) => return redraw(&ctx, &item, &slug, form, vec![wrong], false).await,
    };
    let seen = form.get("_revision").parse().unwrap_or(0);
    let result = ctx.platform.revise_guide(&ctx.call, &item, page, seen).await;
    match refusals(result)? {
        Ok(()) => Ok(to(format!("/guides/{item}/{}?said=saved", after(&slug, form.get("_action"))))),
        Err(list) if list.iter().any(|r| r.code == "guide.wrong_state") => Ok(back(&item, "taken")),
        Err(list) => redraw(&ctx, &item, &slug, form, list, false).await,
    }
}

/// The page after this one, or the same again.
fn after(slug: &str, action: &str) -> String {
    let at = PAGES.iter().position(|(page, _)| *page == slug).unwrap_or(0);
    match (action, PAGES.get(at + 1)) {
        ("stay", _) => format!("edit/{slug}"),
        (_, Some((next, _))) => format!("edit/{next}"),
        (_, None) => "samples".to_owned(),
    }
}

async fn redraw(
    ctx: &OfficeContext,
    item: &str,
    slug: &str,
    mut form: Fields,
    errors: Vec<Refusal>,
    more: bool,
) -> Result<Response, WebError> {
    let (guide, text, revision) = match writable(ctx, item).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if more {
        let rows = (row_count(&form) + MORE).min(MOST);
        form.0.push(("_rows".to_owned(), rows.to_string()));
    }
    // After somebody else's change the next saving is meant: the notice has said so.
    let changed = errors.iter().any(|r| r.code == "guide.changed");
    let seen = if changed { revision } else { form.get("_revision").parse().unwrap_or(revision) };
    draw(ctx, &guide, &text, slug, &form, seen, errors, false).await
}

fn row_count(form: &Fields) -> usize {
    form.get("_rows").parse().unwrap_or(ROWS).clamp(ROWS, MOST)
}

#[expect(clippy::too_many_arguments, reason = "one page: whose, what, what was typed, what is wrong")]
async fn draw(
    ctx: &OfficeContext,
    guide: &GuidePage,
    text: &ServiceGuide,
    slug: &str,
    typed: &Fields,
    revision: u32,
    errors: Vec<Refusal>,
    saved: bool,
) -> Result<Response, WebError> {
    let title = PAGES.iter().find(|(page, _)| *page == slug).map(|(_, title)| *title).ok_or(WebError::NotFound)?;
    let failed = !errors.is_empty();
    let base = format!("/guides/{}", guide.item.code);
    let page = inner(ctx, guide, &format!("修订：{title}"), failed).await?;
    let rows = row_count(typed);
    let shown = EditPage {
        page: if saved { page.flash(Tone::Green, "已保存。") } else { page },
        lead: format!("{} · 修订稿", guide.item.name),
        title,
        tabs: tabs(&base, slug),
        summary: ErrorSummary::new(&errors),
        note: hint(slug),
        parts: parts(slug, text),
        groups: groups(slug, typed, rows, guide, ctx, &errors),
        more: matches!(slug, "oversight" | "help") && rows < MOST,
        base,
        slug: slug.to_owned(),
        once: ctx.once(),
        revision,
        rows,
        last: slug == "help",
    };
    step::drawn(shown, failed)
}

fn hint(slug: &str) -> Option<Note> {
    let (title, text, article) = match slug {
        "materials" => (
            "只能从统一材料名录中选择",
            "名录以外的材料不得要求申请人提交，补正时也不得要求；材料的名称、格式和来源按名录，不能修改。",
            "发改投资〔2019〕268号",
        ),
        "process" => {
            ("平台按承诺时限计时", "承诺时限只能短于法定时限。发布后受理的办件按新的承诺时限计时。", "办法第十五条")
        }
        _ => return None,
    };
    Some(Note::new(Tone::Blue, title, text).article(article))
}

fn parts(slug: &str, text: &ServiceGuide) -> Vec<Markup> {
    match slug {
        "process" => {
            let law = format!("{}（{}）", text.limit.words(), text.limit.basis);
            vec![Markup::of(Facts::new().single().row("法定时限", law))]
        }
        _ => vec![],
    }
}

// ── 填写内容 ↔ 表单 ──

/// What the draft says, as if it had been typed.
fn written(slug: &str, text: &ServiceGuide) -> Option<Fields> {
    let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let list = |name: &str, values: &[String]| (name.to_owned(), values.join("\n"));
    let fields = match slug {
        "basics" => {
            vec![one("basis", &text.basis), one("content", &text.content), list("conditions", &text.conditions)]
        }
        "materials" => text
            .materials
            .iter()
            .flat_map(|m| [one("materials", &m.id), (format!("hint-{}", m.id), m.hint.clone())])
            .collect(),
        "process" => {
            let committed = text.committed.as_ref();
            vec![
                list("process", &text.process),
                one("committed_days", &committed.map(|limit| limit.days.to_string()).unwrap_or_default()),
                one("committed_basis", committed.map_or("", |limit| &limit.basis)),
                list("excluded", &text.excluded),
                one("fee", &text.fee.text),
            ]
        }
        "oversight" => {
            let contact = |(i, c): (usize, &Contact)| {
                let name = |field: &str| format!("{field}-{i}");
                [
                    (name("window"), c.window.clone()),
                    (name("phone"), c.phone.clone()),
                    (name("address"), c.address.clone()),
                ]
            };
            let contacts = text.contacts.iter().enumerate().flat_map(contact);
            let rows = ("_rows".to_owned(), (text.contacts.len() + 1).to_string());
            [list("supervision", &text.supervision), rows].into_iter().chain(contacts).collect()
        }
        "help" => {
            let faq = |(i, f): (usize, &Faq)| {
                [(format!("question-{i}"), f.question.clone()), (format!("answer-{i}"), f.answer.clone())]
            };
            let faqs = text.faqs.iter().enumerate().flat_map(faq);
            let rows = ("_rows".to_owned(), (text.faqs.len() + 1).to_string());
            [list("mistakes", &text.mistakes), rows].into_iter().chain(faqs).collect()
        }
        _ => return None,
    };
    Some(Fields(fields))
}

/// What was typed, as a page of the guide; `None` for a page that does not exist.
fn read(slug: &str, form: &Fields, guide: &GuidePage) -> Result<Option<Page>, Refusal> {
    let text = |name: &str| form.get(name).to_owned();
    let list = |name: &str| form.get(name).lines().map(str::to_owned).collect::<Vec<_>>();
    let rows = 0..row_count(form);
    Ok(Some(match slug {
        "basics" => Page::Basics { basis: text("basis"), content: text("content"), conditions: list("conditions") },
        "materials" => Page::Materials { materials: chosen(form, guide) },
        "process" => Page::Process {
            process: list("process"),
            committed: committed(form, guide.item.limit.unit)?,
            excluded: list("excluded"),
            fee: text("fee"),
        },
        "oversight" => {
            let contact = |i: usize| Contact {
                window: text(&format!("window-{i}")),
                phone: text(&format!("phone-{i}")),
                address: text(&format!("address-{i}")),
            };
            Page::Oversight { supervision: list("supervision"), contacts: rows.map(contact).collect() }
        }
        "help" => {
            let faq = |i: usize| Faq { question: text(&format!("question-{i}")), answer: text(&format!("answer-{i}")) };
            Page::Help { faqs: rows.map(faq).collect(), mistakes: list("mistakes") }
        }
        _ => return Ok(None),
    }))
}

/// The ticked materials of the unified list, in its order.
fn chosen(form: &Fields, guide: &GuidePage) -> Vec<domain::guide::GuideMaterial> {
    let ticked = form.all("materials");
    let unified = domain::item::catalogue().guide_materials(guide.item).into_iter();
    unified
        .filter(|m| ticked.contains(&m.id.as_str()))
        .map(|m| domain::guide::GuideMaterial { hint: form.get(&format!("hint-{}", m.id)).to_owned(), ..m })
        .collect()
}

/// The promise counts the same kind of days as the law.
fn committed(form: &Fields, unit: LimitUnit) -> Result<Option<Limit>, Refusal> {
    let days = form.get("committed_days").trim();
    if days.is_empty() {
        return Ok(None);
    }
    let days = days.parse().map_err(|_| {
        Refusal::field("committed_days", "guide.committed_days", "承诺时限请填写整数天数；没有承诺时限的留空。")
            .article("办法第八条")
    })?;
    Ok(Some(Limit { days, unit, basis: form.get("committed_basis").to_owned(), certainty: Certainty::Seen }))
}

/// The fields of a page, in groups with a heading.
fn groups(
    slug: &str,
    typed: &Fields,
    rows: usize,
    guide: &GuidePage,
    ctx: &OfficeContext,
    errors: &[Refusal],
) -> Vec<(String, Vec<Markup>)> {
    let shown = |field: Field| Markup::of(field.errors(errors));
    let lines = |name: &str, label: &str, rows: u8, hint: &str| {
        shown(Field::textarea(name, label, rows).value(typed.get(name)).hint(hint))
    };
    let group = |title: &str, fields: Vec<Markup>| (title.to_owned(), fields);
    match slug {
        "basics" => vec![
            group(
                "审批依据",
                vec![shown(
                    Field::textarea("basis", "审批依据", 3)
                        .value(typed.get("basis"))
                        .required()
                        .max(1000)
                        .hint("写明法律、法规、规章的名称和条款，例如：水土保持法第二十五条、第二十六条。"),
                )],
            ),
            group(
                "审批内容和受理条件",
                vec![
                    shown(Field::textarea("content", "审批内容", 3).value(typed.get("content")).required().max(1000)),
                    shown(
                        Field::textarea("conditions", "受理条件", 5)
                            .value(typed.get("conditions"))
                            .required()
                            .hint("每行写一条。"),
                    ),
                ],
            ),
        ],
        "materials" => vec![group("统一材料名录", materials(typed, guide, ctx, errors))],
        "process" => vec![
            group(
                "办理流程",
                vec![shown(
                    Field::textarea("process", "办理流程", 6)
                        .value(typed.get("process"))
                        .required()
                        .hint("每行写一步，按先后顺序。"),
                )],
            ),
            group(
                "办理时限",
                vec![
                    shown(
                        Field::number("committed_days", "承诺时限", guide.item.limit.unit.label())
                            .value(typed.get("committed_days"))
                            .hint("没有承诺时限的留空。"),
                    ),
                    shown(
                        Field::text("committed_basis", "承诺的依据")
                            .value(typed.get("committed_basis"))
                            .max(200)
                            .hint("例如：本部门公开承诺。"),
                    ),
                    lines("excluded", "不计入时限的环节", 3, "每行写一个，例如：技术评审。没有的留空。"),
                ],
            ),
            group(
                "收费",
                vec![shown(
                    Field::textarea("fee", "收费标准", 2)
                        .value(typed.get("fee"))
                        .required()
                        .max(1000)
                        .hint("不收费的写“不收费”；收费的写明标准和依据。"),
                )],
            ),
        ],
        "oversight" => {
            let supervision = shown(
                Field::textarea("supervision", "监管要求", 5)
                    .value(typed.get("supervision"))
                    .required()
                    .hint("每行写一条。"),
            );
            let contact = |i: usize| {
                let field = |name: &str, label: &str, hint: &str| {
                    let name = format!("{name}-{i}");
                    let field = Field::text(&name, label).value(typed.get(&name)).max(200);
                    shown(if hint.is_empty() { field } else { field.hint(hint) })
                };
                let fields = vec![
                    field("window", "窗口名称", ""),
                    field("phone", "电话", "例如：0471-1234567。"),
                    field("address", "地址和办公时间", ""),
                ];
                (format!("联系方式 {}", i + 1), fields)
            };
            std::iter::once(group("监管要求", vec![supervision])).chain((0..rows).map(contact)).collect()
        }
        "help" => {
            let faq = |i: usize| {
                let (question, answer) = (format!("question-{i}"), format!("answer-{i}"));
                let fields = vec![
                    shown(Field::text(&question, "问题").value(typed.get(&question)).max(200)),
                    shown(Field::textarea(&answer, "解答", 3).value(typed.get(&answer)).max(1000)),
                ];
                (format!("常见问题 {}", i + 1), fields)
            };
            let mistakes = lines("mistakes", "常见错误", 5, "每行写一条，写明错在哪里、怎样才对。");
            (0..rows).map(faq).chain([group("常见错误", vec![mistakes])]).collect()
        }
        _ => vec![],
    }
}

fn materials(typed: &Fields, guide: &GuidePage, ctx: &OfficeContext, errors: &[Refusal]) -> Vec<Markup> {
    let unified = ctx.platform.rules.catalogue.guide_materials(guide.item);
    let note = |m: &domain::guide::GuideMaterial| {
        let when = if m.condition.is_empty() { "必交" } else { &m.condition };
        format!("{}；{}；{when}", m.source.label(), m.copies.label())
    };
    let choices: Vec<Choice> = unified.iter().map(|m| Choice::new(&m.id, &m.name).note(note(m))).collect();
    let ticked = Field::checkboxes("materials", "列入指南的材料", choices)
        .values(typed.all("materials"))
        .required()
        .errors(errors);
    let hint = |m: &domain::guide::GuideMaterial| {
        let name = format!("hint-{}", m.id);
        let field = Field::text(&name, format!("“{}”的要求", m.name)).value(typed.get(&name)).max(1000);
        Markup::of(field.hint("写明应当载明什么、几份、是否盖章；没有特别要求的留空。").errors(errors))
    };
    std::iter::once(Markup::of(ticked)).chain(unified.iter().map(hint)).collect()
}
