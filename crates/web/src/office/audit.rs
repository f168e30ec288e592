//! 安全审计: the console of the audit administrator — search, verification (S-36). Nobody else comes in.

use super::{frame, query, step, to};
use crate::{
    Access, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Action, Choice, Empty, ErrorSummary, Note, Pager, Pill, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use domain::{Refusal, department::Agency, export::What, region::RegionCode};
use platform::audit::{AuditFilter, AuditRow, OUTCOMES, Verification, VerificationResult, exact_time, outcome_name};
use serde::Deserialize;

/// Routes of this module. Whoever reads the audit leaves a record in it.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/audit", search).audited(),
        Route::get(Access::Owner, "/audit/evidence", evidence),
        Route::post(Access::Owner, "/audit/evidence", verify),
    ]
}

/// What the address asks for, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    until: String,
    person: String,
    face: String,
    outcome: String,
    what: String,
    source: String,
    before: String,
}

impl Asked {
    fn filter(&self) -> Result<AuditFilter, Vec<Refusal>> {
        let (from, until) = (step::day_or_none("from", &self.from), step::day_or_none("until", &self.until));
        match (from, until) {
            (Ok(Some(from)), Ok(Some(until))) if until < from => {
                Err(vec![Refusal::field("until", "audit.span", "截止日期早于起始日期，请核对。")])
            }
            (Ok(from), Ok(until)) => Ok(AuditFilter {
                from,
                until,
                person: self.person.clone(),
                face: self.face.clone(),
                outcome: self.outcome.clone(),
                what: self.what.clone(),
                source: self.source.clone(),
            }),
            (from, until) => Err([from.err(), until.err()].into_iter().flatten().collect()),
        }
    }

    fn is_narrowed(&self) -> bool {
        [&self.from, &self.until, &self.person, &self.face, &self.outcome, &self.what, &self.source]
            .iter()
            .any(|text| !text.trim().is_empty())
    }

    fn address(&self, path: &str, before: &str) -> String {
        let typed = [
            ("from", &self.from),
            ("until", &self.until),
            ("person", &self.person),
            ("face", &self.face),
            ("outcome", &self.outcome),
            ("what", &self.what),
            ("source", &self.source),
        ];
        let pairs = typed.map(|(name, value)| (name, value.trim().to_owned()));
        format!("{path}{}", query(pairs.into_iter().chain([("before", before.to_owned())])))
    }
}

/// One record.
struct Line {
    seq: i64,
    at: String,
    who: String,
    account: String,
    standing: String,
    action: String,
    object: String,
    outcome: Pill,
    reason: String,
    source: String,
    more: html::Facts,
}

impl Line {
    fn new(AuditRow { record, name }: AuditRow) -> Self {
        let entry = record.entry;
        let nobody = entry.actor == "public";
        let role = if nobody { String::new() } else { entry.role };
        let more = html::Facts::new()
            .row("请求编号", &entry.request)
            .row("会话", if entry.session.is_empty() { "无" } else { &entry.session })
            .wide("变更前后", change(&entry.before, &entry.after))
            .wide("记录哈希", hex::encode(&record.hash));
        Self {
            seq: record.seq,
            at: exact_time(entry.at).replace('T', " "),
            who: if nobody { "未登录".to_owned() } else { name },
            account: if nobody { String::new() } else { entry.actor },
            standing: format!("{} {}", organisations(&entry.organisation), role).trim().to_owned(),
            action: format!("{} {}", entry.method, entry.path),
            object: entry.object,
            outcome: Pill::new(tone(&entry.outcome), outcome_name(&entry.outcome)),
            reason: entry.reason,
            source: format!("{} {}", face_name(&entry.face), entry.source),
            more,
        }
    }
}

/// Organs by name; a unit by its id.
fn organisations(text: &str) -> String {
    let name = |part: &str| {
        let (department, region) = part.split_once('@')?;
        Some(Agency::new(department, RegionCode::parse(region)?).name())
    };
    let names: Vec<_> = text.split(' ').map(|part| name(part).unwrap_or_else(|| part.to_owned())).collect();
    names.join("、")
}

fn change(before: &str, after: &str) -> String {
    if after.is_empty() { "没有变更".to_owned() } else { format!("{before} → {after}") }
}

fn tone(outcome: &str) -> Tone {
    match outcome {
        "done" => Tone::Green,
        "read" => Tone::Blue,
        "refused" => Tone::Yellow,
        "denied" | "failed" => Tone::Red,
        _ => Tone::Grey,
    }
}

const FACES: [(&str, &str); 3] = [("portal", "门户"), ("office", "审批监管系统"), ("api", "数据交换接口")];

fn face_name(slug: &str) -> &str {
    FACES.iter().find(|(face, _)| *face == slug).map_or(slug, |(_, name)| name)
}

#[derive(Template)]
#[template(path = "office/audit.html")]
struct AuditPage {
    page: Page,
    summary: ErrorSummary,
    asked: Asked,
    faces: Vec<Choice>,
    outcomes: Vec<Choice>,
    narrowed: bool,
    export: String,
    lines: Vec<Line>,
    empty: Option<Empty>,
    pager: Pager,
}

async fn draw(ctx: &OfficeContext, asked: Asked, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    // Whoever may not is told so before anything is drawn.
    let nothing = AuditFilter { source: "-".to_owned(), ..AuditFilter::default() };
    let found = match asked.filter() {
        Ok(filter) if !failed => ctx.platform.audit_page(&ctx.call, &filter, asked.before.parse().ok()).await?,
        _ => ctx.platform.audit_page(&ctx.call, &nothing, None).await?,
    };
    let narrowed = asked.is_narrowed();
    let first = (!asked.before.is_empty()).then(|| asked.address("/audit", ""));
    let next = found.next.map(|seq| asked.address("/audit", &seq.to_string()));
    let view = AuditPage {
        page: frame(ctx, "audit", "安全审计").await?.failed(failed),
        summary: ErrorSummary::new(&errors),
        faces: FACES.map(|(slug, name)| Choice::new(slug, name)).to_vec(),
        outcomes: OUTCOMES.map(|slug| Choice::new(slug, outcome_name(slug))).to_vec(),
        narrowed,
        export: super::export::address(What::Audit, &asked.address("", "")),
        empty: found.rows.is_empty().then(|| empty(narrowed)),
        pager: Pager::new(format!("本页 {} 条", found.rows.len())).first(first).next(next),
        lines: found.rows.into_iter().map(Line::new).collect(),
        asked,
    };
    step::drawn(view, failed)
}

fn empty(narrowed: bool) -> Empty {
    if narrowed {
        return Empty::new("filter", "没有符合条件的记录", "可以放宽时间范围或者减少条件，或者清除条件再看。")
            .link("清除条件", "/audit");
    }
    Empty::new("shield-check", "还没有记录", "办理、查看敏感信息以及被拒绝的操作都会记录在这里。")
}

async fn search(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let errors = asked.filter().err().unwrap_or_default();
    draw(&ctx, asked, errors).await
}

/// One verification of the list.
struct Proof {
    asked: String,
    by: String,
    state: Pill,
    result: Option<ProofResult>,
}

struct ProofResult {
    at: String,
    counts: String,
    root: String,
    first: String,
}

impl Proof {
    fn new(verification: Verification) -> Self {
        let by = if verification.asked_by.is_empty() {
            "平台每日自动核验".to_owned()
        } else {
            verification.asked_by
        };
        let state = match &verification.result {
            None => Pill::new(Tone::Blue, "核验中"),
            Some(result) if result.found == 0 => Pill::new(Tone::Green, "核对无误"),
            Some(result) => Pill::new(Tone::Red, format!("{} 处不符", result.found)),
        };
        Self { asked: verification.asked_at.display(), by, state, result: verification.result.map(ProofResult::new) }
    }
}

impl ProofResult {
    fn new(result: VerificationResult) -> Self {
        Self {
            at: result.at.display(),
            counts: format!(
                "办件记录 {} 条，审计记录 {} 条，检查点 {} 个",
                result.events, result.records, result.checkpoints
            ),
            root: result.root,
            first: result.first,
        }
    }
}

#[derive(Template)]
#[template(path = "office/audit_evidence.html")]
struct EvidencePage {
    page: Page,
    summary: ErrorSummary,
    state: Note,
    action: Option<Action>,
    proofs: Vec<Proof>,
    empty: Empty,
}

/// What the last verification says, in one sentence.
fn state(verifications: &[Verification]) -> Note {
    let last = verifications.iter().find_map(|v| v.result.as_ref());
    match last {
        None => Note::new(Tone::Blue, "尚未核验", "平台每日自动核验一次，也可以立即核验。"),
        Some(result) if result.found == 0 => Note::new(
            Tone::Green,
            "核对无误",
            format!("最近一次核验于 {} 完成，全部记录与当时写入的一致。", result.at.display()),
        ),
        Some(result) => Note::new(
            Tone::Red,
            "记录被改动",
            format!(
                "最近一次核验于 {} 完成，发现 {} 处不符。第一处：{}。请立即保护现场，停止对数据库的直接操作，并报告安全管理员。",
                result.at.display(),
                result.found,
                result.first
            ),
        ),
    }
}

async fn draw_evidence(ctx: &OfficeContext, errors: Vec<Refusal>, said: &str) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let verifications = ctx.platform.verifications(&ctx.call).await?;
    let page = frame(ctx, "audit", "核验").await?.crumb("安全审计", "/audit").failed(failed);
    let page = match said {
        "asked" => page.flash(Tone::Green, "已开始核验，完成后结果列在下面，刷新本页即可看到。"),
        _ => page,
    };
    let waiting = verifications.iter().any(|v| v.result.is_none());
    let view = EvidencePage {
        summary: ErrorSummary::new(&errors),
        state: state(&verifications),
        action: (!waiting).then(|| Action::post("/audit/evidence", &page.csrf, "立即核验").with("_once", ctx.once())),
        proofs: verifications.into_iter().map(Proof::new).collect(),
        empty: Empty::new("shield-check", "还没有核验记录", "平台启动后会自动核验一次。"),
        page,
    };
    step::drawn(view, failed)
}

async fn evidence(ctx: OfficeContext, Query(said): Query<Said>) -> Result<Response, WebError> {
    draw_evidence(&ctx, vec![], &said.said).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
}

async fn verify(Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    match refusals(ctx.platform.ask_verification(&ctx.call).await)? {
        Ok(()) => Ok(to("/audit/evidence?said=asked")),
        Err(errors) => draw_evidence(&ctx, errors, "").await,
    }
}
