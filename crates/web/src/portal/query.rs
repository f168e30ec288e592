//! 公开查询: one box for codes and names, the public view of a project, and the check of papers (办法第十、十三、十八条).

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{Empty, Facts, Field, Note, Pager, Pill, Plate, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use domain::{
    Moment, Refusal,
    document::Document,
    project::ProjectState,
    project_code::{Fault, Generation, ProjectCode},
};
use platform::{
    Failure,
    document::PaperCheck,
    guess::{BITS, Shown},
    project::ProjectRow,
    public::{CodeAnswer, PublicProject, regime_name},
    seal::{SealCheck, USER_ID},
};
use serde::Deserialize;
use std::sync::Arc;

/// Every route of these pages.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Public, "/public", ask),
        Route::get(Access::Public, "/public/{code}", project),
        Route::get(Access::Public, "/check", check_form),
        Route::get(Access::Public, "/check/{number}", check),
        Route::get(Access::Public, "/check/{number}/seal/{value}/text", sealed_text),
        Route::get(Access::Public, "/check/{number}/seal/{value}/signature", signature),
        Route::get(Access::Public, "/check/{number}/seal/{value}/key", public_key),
        Route::get(Access::Public, "/check/{number}/seal/{value}/certificate", certificate),
        Route::get(Access::Public, "/check/{number}/seal/{value}/stamp", stamp),
        Route::get(Access::Public, "/check/{number}/seal/{value}/stamped", stamped_list),
    ]
}

/// The place in a list after which the next page begins: moment and id of the last row shown.
pub(super) struct Cursor;

impl Cursor {
    /// As it stands in an address; ids are letters and digits.
    pub(super) fn write(at: Moment, id: &str) -> String {
        format!("{}.{id}", at.0)
    }

    /// Reads it back; anything else begins the list anew.
    pub(super) fn parse(text: &str) -> Option<(i64, String)> {
        let (at, id) = text.split_once('.')?;
        Some((at.parse().ok()?, id.to_owned()))
    }
}

// ── 查询 ──

/// Projects on one page.
const PAGE: usize = 20;

#[derive(Template)]
#[template(path = "portal/query.html")]
struct Ask {
    page: Page,
    q: String,
    answer: Answer,
}

/// What the box is answered with.
enum Answer {
    /// Nothing was asked.
    Nothing,
    /// A sentence about a code of which we have no project.
    Told(Note),
    /// A project's code.
    Project(Box<PublicView>),
    /// A proof of work, or the unit's name, is asked for first.
    Prove(Box<Prove>),
    /// Projects whose name contains the words.
    List { rows: Vec<Found>, empty: Empty, pager: Pager },
}

/// What is asked for before an answer.
struct Prove {
    challenge: String,
    bits: u32,
    unit: Field,
    told: Note,
}

/// A row of the list.
struct Found {
    code: String,
    name: String,
    unit: String,
    region: String,
    regime: &'static str,
    state: Pill,
    day: String,
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
    #[serde(default)]
    before: String,
    /// A proof of work: challenge and answer.
    #[serde(default)]
    work: String,
    /// The project's unit.
    #[serde(default)]
    unit: String,
}

async fn ask(
    mut ctx: PortalContext,
    Query(Question { q, before, work, unit }): Query<Question>,
) -> Result<Response, WebError> {
    ctx.0.call.shown = Arc::new(Shown::new(work, unit));
    answer(&ctx, &grouped(q.trim()), &before, StatusCode::OK).await
}

/// Twenty digits and nothing else are a code whose hyphens were left out; they are put back before it is read.
fn grouped(q: &str) -> String {
    let digits: String = q
        .chars()
        .filter(|c| !c.is_whitespace())
        .filter_map(|c| half_width(c).to_digit(10))
        .map(|d| d.to_string())
        .collect();
    if digits.len() != 20 || q.chars().any(|c| !c.is_whitespace() && half_width(c).to_digit(10).is_none()) {
        return q.to_owned();
    }
    [0..4, 4..10, 10..12, 12..14, 14..20]
        .into_iter()
        .filter_map(|group| digits.get(group))
        .collect::<Vec<_>>()
        .join("-")
}

/// A full-width digit as the plain one.
fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        _ => c,
    }
}

async fn answer(ctx: &PortalContext, q: &str, before: &str, status: StatusCode) -> Result<Response, WebError> {
    let page = ctx.page("public", "公开查询").await?.crumb("首页", "/");
    let answer = if q.is_empty() {
        Answer::Nothing
    } else if looks_like_code(q) {
        match by_code(ctx, q).await {
            Err(WebError::Wait(refusal)) if refusal.code == "query.proof" => {
                let answer = Answer::Prove(Box::new(prove(ctx, refusal)));
                let asking = Ask { page: page.failed(true), q: q.to_owned(), answer };
                return Ok((StatusCode::TOO_MANY_REQUESTS, Html(asking.render()?)).into_response());
            }
            other => other?,
        }
    } else {
        by_words(ctx, q, before).await?
    };
    Ok((status, Html(Ask { page, q: q.to_owned(), answer }.render()?)).into_response())
}

/// Whether somebody means a code: it reads as one, or it is mostly digits.
fn looks_like_code(q: &str) -> bool {
    let (mut digits, mut others) = (0, 0);
    for c in q.chars() {
        match c {
            c if half_width(c).is_ascii_digit() => digits += 1,
            c if c.is_alphanumeric() => others += 1,
            _ => {}
        }
    }
    ProjectCode::parse(q).is_ok() || (digits >= 8 && digits > 2 * others)
}

async fn by_code(ctx: &PortalContext, q: &str) -> Result<Answer, WebError> {
    Ok(match ctx.platform.verify_code(&ctx.call, q).await? {
        CodeAnswer::Fault(fault) => Answer::Told(fault_note(fault)),
        CodeAnswer::Unknown(generation) => Answer::Told(unknown_note(generation)),
        CodeAnswer::Known { .. } => {
            let project = ctx.platform.public_project(&ctx.call, q).await?;
            Answer::Project(Box::new(PublicView::new(ctx, project)))
        }
    })
}

/// The form that comes before the answer. It says nothing about the code.
fn prove(ctx: &PortalContext, refusal: Refusal) -> Prove {
    let words = "您所在的网络在十分钟内查询了很多不存在的项目代码。为防止有人逐个试探代码，请先完成下面任意一项核对，再显示结果。";
    Prove {
        challenge: ctx.platform.work_challenge(&ctx.call),
        bits: BITS,
        unit: Field::text("unit", "项目单位名称")
            .value(&ctx.call.shown.unit)
            .max(100)
            .hint("与代码证、受理通知书上写的一致。填写了单位名称的，不需要计算。"),
        told: Note::new(Tone::Yellow, "请先完成一次核对", words).article(refusal.article.unwrap_or_default()),
    }
}

fn fault_note(fault: Fault) -> Note {
    Note::new(Tone::Red, "核验未通过：这不是有效的项目代码", fault.to_string()).article("办法第十一条")
}

fn unknown_note(generation: Generation) -> Note {
    let rule = match generation {
        Generation::First => "2020 年 11 月以前的编码规则",
        Generation::Second => "现行编码规则，校验码正确",
    };
    let text = format!(
        "代码的形式正确（{rule}），但本平台没有这个代码的项目。请逐位核对；其他省份或者中央平台赋予的代码请到赋码的平台核验。"
    );
    Note::new(Tone::Yellow, "本平台查无此代码", text).article("办法第十三条")
}

async fn by_words(ctx: &PortalContext, q: &str, before: &str) -> Result<Answer, WebError> {
    let mut found = ctx.platform.search_projects(&ctx.call, q, Cursor::parse(before), PAGE as u64 + 1).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let address = |before: &str| {
        serde_urlencoded::to_string([("q", q), ("before", before)]).map(|query| format!("/public?{query}"))
    };
    let next = match found.last().filter(|_| more) {
        Some(last) => Some(address(&Cursor::write(last.declared_at, last.id.as_str())).map_err(WebError::fault)?),
        None => None,
    };
    let first = if before.is_empty() { None } else { Some(address("").map_err(WebError::fault)?) };
    let short = q.chars().filter(|c| c.is_alphanumeric()).count() < 2;
    let (title, text) = if short {
        ("请多输入几个字", "项目名称至少输入两个连续的字；也可以输入完整的项目代码。")
    } else {
        (
            "没有找到名称中含有这些字的项目",
            "请换用名称中连续的几个字，例如“光伏”“污水处理”；知道项目代码时，直接输入代码最准确。",
        )
    };
    Ok(Answer::List {
        empty: Empty::new("search", title, text),
        pager: Pager::new(format!("本页 {} 个项目", found.len())).first(first).next(next),
        rows: found.into_iter().map(|row| listed(ctx, row)).collect(),
    })
}

fn listed(ctx: &PortalContext, row: ProjectRow) -> Found {
    Found {
        region: ctx.platform.region_name(&row.region),
        regime: regime_name(&row.regime),
        state: state_pill(row.state),
        day: row.declared_at.date().to_string(),
        code: row.code,
        name: row.name,
        unit: row.unit_name,
    }
}

fn state_pill(state: ProjectState) -> Pill {
    match state {
        ProjectState::Active => Pill::new(Tone::Green, "代码有效"),
        ProjectState::Voided | ProjectState::Withdrawn => Pill::new(Tone::Red, state.name()),
    }
}

// ── 项目公开信息 ──

/// The public view of a project, on its own page and under the query box.
#[derive(Template)]
#[template(path = "portal/query_view.html")]
struct PublicView {
    name: String,
    verdict: Note,
    plate: Plate,
    facts: Facts,
    results: Vec<Row>,
}

impl askama::filters::HtmlSafe for PublicView {}

struct Row {
    item: String,
    agency: String,
    state: Pill,
    number: String,
    title: String,
    day: String,
}

impl PublicView {
    fn new(ctx: &PortalContext, project: PublicProject) -> Self {
        let valid = project.state == ProjectState::Active.name();
        let verdict = if valid {
            Note::new(
                Tone::Green,
                "核验通过：代码真实有效",
                "本平台已为下面的项目赋予此代码，请核对名称和单位是否与您手中的材料一致。",
            )
        } else {
            let text = format!("{}，不能再用于申报、受理和下达资金。", project.state);
            Note::new(Tone::Red, "代码真实，但已经失效", text)
        };
        let decided = project.results.iter().filter(|r| r.outcome.is_some()).count();
        let progress = match project.results.len() {
            0 => "尚未提出事项申请".to_owned(),
            all => format!("已提出 {all} 个事项的申请，其中 {decided} 个已经办结"),
        };
        Self {
            verdict: verdict.article("办法第十三条"),
            plate: Plate::new("项目代码", &project.code)
                .text("扫码或者打开本页网址，随时查看最新办理情况。")
                .qr(format!("{}/public/{}", ctx.platform.settings.portal_url, project.code)),
            facts: Facts::new()
                .row("项目单位", &project.unit)
                .row("建设地点", &project.region)
                .row("管理方式", &project.regime)
                .row("申报日期", &project.declared_on)
                .row("代码状态", &project.state)
                .row("办理进度", &progress),
            name: project.name,
            results: project.results.into_iter().map(Row::from).collect(),
        }
    }
}

impl From<platform::public::PublicResult> for Row {
    fn from(result: platform::public::PublicResult) -> Self {
        let state = match &result.outcome {
            Some(outcome) => Pill::new(
                if outcome == domain::case::Outcome::Granted.name() { Tone::Green } else { Tone::Red },
                outcome,
            ),
            None => Pill::new(Tone::Blue, &result.stage),
        };
        Self {
            item: result.item,
            agency: result.agency,
            state,
            number: result.document_number.unwrap_or_default(),
            title: result.title.unwrap_or_default(),
            day: result.decided_on.unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "portal/query_project.html")]
struct Project {
    page: Page,
    view: PublicView,
}

async fn project(ctx: PortalContext, Path(code): Path<String>) -> Result<Response, WebError> {
    match ctx.platform.public_project(&ctx.call, &code).await {
        // The box says what is wrong with the code.
        Err(Failure::NotThere) => answer(&ctx, code.trim(), "", StatusCode::NOT_FOUND).await,
        // The box asks for the proof.
        Err(Failure::Wait(refusal)) if refusal.code == "query.proof" => {
            answer(&ctx, code.trim(), "", StatusCode::TOO_MANY_REQUESTS).await
        }
        Err(other) => Err(other.into()),
        Ok(project) => {
            let page = ctx.page("public", project.name.clone()).await?.crumb("首页", "/").crumb("公开查询", "/public");
            Ok(Html(Project { page, view: PublicView::new(&ctx, project) }.render()?).into_response())
        }
    }
}

// ── 核验文书 ──

#[derive(Template)]
#[template(path = "portal/query_check.html")]
struct Check {
    page: Page,
    number: Field,
    value: Field,
    paper: Option<Paper>,
    told: Option<Note>,
}

/// A genuine paper and what it says.
struct Paper {
    document: Document,
    facts: Facts,
    table: Facts,
    seal: Note,
    proof: Option<Proof>,
}

/// What anybody needs to verify the seal without this platform.
struct Proof {
    /// Addresses of text, signature and public key.
    text: String,
    signature: String,
    key: String,
    /// What to type.
    command: String,
    /// Address of the certificate; empty without one.
    certificate: String,
    /// Addresses of the time stamp and of what it is over, and what to type.
    stamp: Option<(String, String, String)>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    v: String,
}

async fn check_form(ctx: PortalContext, Query(asked): Query<Asked>) -> Result<Html<String>, WebError> {
    draw_check(&ctx, &asked.number, &asked.v).await
}

async fn check(
    ctx: PortalContext,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    draw_check(&ctx, &number, &asked.v).await
}

async fn draw_check(ctx: &PortalContext, number: &str, value: &str) -> Result<Html<String>, WebError> {
    let (number, value) = (number.trim(), value.trim());
    let asked = !number.is_empty() && !value.is_empty();
    let found = if asked { ctx.platform.check_document(&ctx.call, number, value).await? } else { None };
    let told = match &found {
        _ if !asked => None,
        // One answer for an unknown number and for a wrong value: nobody learns which numbers exist.
        None => Some(
            Note::new(
                Tone::Yellow,
                "没有与此文号和核验码相符的文书",
                "请照文书逐字核对文号（含六角括号）和核验码。核对无误仍不相符的，请勿采信这份文书，并向落款机关核实。",
            )
            .link("文书在哪里看文号和核验码", "/help#papers"),
        ),
        Some(paper) if paper.intact => Some(Note::new(
            Tone::Green,
            "核验通过：本平台制发过这份文书",
            "请将下面的内容与您手中的文书逐项核对，两者应当完全一致。",
        )),
        Some(_) => Some(Note::new(
            Tone::Red,
            "留存内容与核验码不一致",
            "本平台留存的这份文书可能被改动过，请勿采信，并立即告知落款机关。",
        )),
    };
    let page = ctx.page("public", "核验文书").await?.crumb("首页", "/").crumb("公开查询", "/public");
    let view = Check {
        page,
        number: Field::text("number", "文号")
            .value(number)
            .required()
            .max(60)
            .hint("例如 内投审〔2026〕受150402000123号，可以从文书上复制。"),
        value: Field::text("v", "核验码")
            .value(value)
            .required()
            .max(16)
            .hint("印在文书二维码旁的 16 位数字和字母，不区分大小写。"),
        paper: found.filter(|p| p.intact).map(|p| Paper::new(p, value)),
        told,
    };
    Ok(Html(view.render()?))
}

/// What the time stamp says, in words.
fn stamp_words(seal: &SealCheck) -> String {
    match &seal.stamp {
        Some(stamp) if stamp.valid => format!("时间戳机构证明签章在 {} 已经存在。", stamp.at.display()),
        Some(_) => "时间戳与文书不符，请以签章为准并告知落款机关。".to_owned(),
        None => String::new(),
    }
}

/// What the seal says, in words.
fn seal_words(seal: Option<&SealCheck>) -> Note {
    match seal {
        Some(seal) if seal.valid => Note::new(
            Tone::Green,
            "电子签章有效",
            format!(
                "{}于 {} 用自己的 SM2 密钥 {} 对文书内容签章，签章后内容没有改动。{}",
                seal.key.holder(),
                seal.at.display(),
                seal.key.id,
                stamp_words(seal)
            ),
        ),
        Some(_) => Note::new(Tone::Red, "电子签章与内容不符", "请勿采信这份文书，并立即告知落款机关。"),
        None => Note::new(Tone::Grey, "尚未签章", "平台出具文书后随即签章；未启用签章的，请以文号和核验码为准。"),
    }
}

impl Proof {
    fn new(document: &Document, seal: &SealCheck, value: &str) -> Self {
        let number = crate::percent_encoded(&document.number);
        let at = |what: &str| format!("/check/{number}/seal/{}/{what}", crate::percent_encoded(value));
        let id = &seal.key.id;
        Self {
            text: at("text"),
            signature: at("signature"),
            key: at("key"),
            command: format!(
                "openssl dgst -sm3 -verify seal-{id}.pem -signature paper.sig -sigopt distid:{USER_ID} paper.json"
            ),
            certificate: if seal.key.certificate.is_empty() { String::new() } else { at("certificate") },
            stamp: seal.stamp.as_ref().map(|_| {
                let command =
                    "openssl ts -verify -data stamp.txt -in stamp.tsr -CAfile 时间戳机构根证书.pem".to_owned();
                (at("stamp"), at("stamped"), command)
            }),
        }
    }
}

/// The paper of a public address with its seal, for whoever holds number and check value; else it is not there.
async fn sealed(ctx: &PortalContext, number: &str, value: &str) -> Result<(Document, SealCheck), WebError> {
    let paper = ctx.platform.check_document(&ctx.call, number, value).await?.ok_or(WebError::NotFound)?;
    Ok((paper.document, paper.seal.ok_or(WebError::NotFound)?))
}

fn attached(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

async fn sealed_text(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (document, _) = sealed(&ctx, &number, &value).await?;
    Ok(attached("application/json", "paper.json", document.text()))
}

async fn signature(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (_, seal) = sealed(&ctx, &number, &value).await?;
    Ok(attached("application/octet-stream", "paper.sig", seal.signature))
}

async fn public_key(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (_, seal) = sealed(&ctx, &number, &value).await?;
    Ok(attached("application/x-pem-file", &format!("seal-{}.pem", seal.key.id), seal.key.pem.into_bytes()))
}

async fn certificate(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (_, SealCheck { key, .. }) = sealed(&ctx, &number, &value).await?;
    // A key without a certificate answers with itself: that is all there is to it.
    let (name, pem) = match key.certificate.is_empty() {
        true => (format!("seal-{}.pem", key.id), key.pem),
        false => (format!("seal-{}.crt", key.id), key.certificate),
    };
    Ok(attached("application/x-pem-file", &name, pem.into_bytes()))
}

async fn stamp(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (_, seal) = sealed(&ctx, &number, &value).await?;
    let stamp = seal.stamp.ok_or(WebError::NotFound)?;
    Ok(attached("application/timestamp-reply", "stamp.tsr", stamp.answer))
}

async fn stamped_list(ctx: PortalContext, Path((number, value)): Path<(String, String)>) -> Result<Response, WebError> {
    let (_, seal) = sealed(&ctx, &number, &value).await?;
    let stamp = seal.stamp.ok_or(WebError::NotFound)?;
    Ok(attached("text/plain; charset=utf-8", "stamp.txt", stamp.list.into_bytes()))
}

impl Paper {
    fn new(paper: PaperCheck, value: &str) -> Self {
        let PaperCheck { document, issued_at, seal, .. } = paper;
        let proof = seal.as_ref().map(|seal| Proof::new(&document, seal, value));
        let seal = seal_words(seal.as_ref());
        let facts = Facts::new()
            .row("文书", document.kind.title())
            .row("文号", &document.number)
            .row("制发机关", &document.issuer)
            .row("送达单位", &document.addressee)
            .row("落款日期", document.issued_on)
            .row("制发时间", issued_at.display())
            .row("项目名称", &document.project_name)
            .row("项目代码", &document.project_code);
        let table = document.rows.iter().fold(Facts::new().single(), |facts, (name, value)| facts.row(name, value));
        Self { facts, table, document, seal, proof }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn art13_a_code_is_known_as_one_however_it_is_typed() {
        for code in [
            "2311-330109-04-01-789813",
            "２３１１-330109-04-01-789813",
            "23113301090401789813",
            "2311-330109-04-01-78981",
            "2311 330109 04 01",
        ] {
            assert!(looks_like_code(code), "{code}");
        }
        for name in ["光伏", "年产30万吨负极材料项目", "2026年第3期光伏项目", ""] {
            assert!(!looks_like_code(name), "{name}");
        }
    }

    #[test]
    fn art13_twenty_bare_digits_get_their_hyphens_back() {
        for bare in ["23113301090401789813", "２３１１330109 0401 789813"] {
            assert_eq!(grouped(bare), "2311-330109-04-01-789813");
        }
        for other in ["2311-330109-04-01-789813", "2311330109040178981", "光伏23113301090401789813"] {
            assert_eq!(grouped(other), other);
        }
    }

    #[test]
    fn a_cursor_survives_the_address_and_nothing_else_is_one() {
        let text = Cursor::write(Moment(1_764_000_000_000), "ab12");
        assert_eq!(Cursor::parse(&text), Some((1_764_000_000_000, "ab12".to_owned())));
        assert_eq!(Cursor::parse("abc"), None);
        assert_eq!(Cursor::parse("x.y"), None);
    }
}
