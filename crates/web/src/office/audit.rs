//! 安全审计: the console of the audit administrator — search, verification (S-36). Nobody else comes in.

mod archive;

use super::{frame, query, step, to};
use crate::{
    Access, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Action, Choice, Empty, ErrorSummary, Note, Pager, Pill, Tabs, Tone},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use domain::{Refusal, department::Agency, evidence::Zone, export::What, region::RegionCode};
use platform::{
    audit::{AuditFilter, AuditRow, AuditSpace, OUTCOMES, Verification, VerificationResult, exact_time, outcome_name},
    work_list::COUNT_CAP,
};
use serde::Deserialize;

/// Routes of this module. Whoever reads the audit leaves a record in it.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/audit", search).audited(),
        Route::get(Access::Owner, "/audit/evidence", evidence),
        Route::post(Access::Owner, "/audit/evidence", verify),
        Route::get(Access::Owner, "/audit/archive", archive::page),
        Route::post(Access::Owner, "/audit/archive", archive::ask),
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
                zone: Zone::parse(&self.face).filter(|_| !self.face.is_empty()),
                outcome: self.outcome.clone(),
                what: self.what.clone(),
                source: self.source.clone(),
            }),
            (from, until) => Err([from.err(), until.err()].into_iter().flatten().collect()),
        }
    }

    fn is_narrowed(&self) -> bool {
        [&self.from, &self.until, &self.person, &self.outcome, &self.what, &self.source]
            .iter()
            .any(|text| !text.trim().is_empty())
    }

    fn address(&self, path: &str, before: &str) -> String {
        self.address_in(path, &self.face, before)
    }

    fn address_in(&self, path: &str, zone: &str, before: &str) -> String {
        let zone = zone.to_owned();
        let typed = [
            ("from", &self.from),
            ("until", &self.until),
            ("person", &self.person),
            ("face", &zone),
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
        let zone = Zone::parse(&entry.face).map_or_else(|| entry.face.clone(), |zone| zone.name().to_owned());
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
            source: format!("{zone} {}", entry.source),
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

#[derive(Template)]
#[template(path = "office/audit.html")]
struct AuditPage {
    page: Page,
    summary: ErrorSummary,
    asked: Asked,
    tabs: Tabs,
    meaning: &'static str,
    counts: String,
    outcomes: Vec<Choice>,
    narrowed: bool,
    is_signed: bool,
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
        tabs: tabs(&asked, &found),
        meaning: Zone::parse(&asked.face).filter(|_| !asked.face.is_empty()).map_or("全部区域的操作", Zone::meaning),
        counts: counts(&found),
        outcomes: OUTCOMES.map(|slug| Choice::new(slug, outcome_name(slug))).to_vec(),
        narrowed,
        is_signed: ctx.platform.evidence.signer.is_some(),
        export: super::export::address(What::Audit, &asked.address("", "")),
        empty: found.rows.is_empty().then(|| empty(narrowed)),
        pager: Pager::new(format!("本页 {} 条", found.rows.len())).first(first).next(next),
        lines: found.rows.into_iter().map(Line::new).collect(),
        asked,
    };
    step::drawn(view, failed)
}

/// So many, up to where counting stops.
fn many(n: u64) -> String {
    if n >= COUNT_CAP { format!("{COUNT_CAP}+") } else { n.to_string() }
}

/// One view for each zone (S-47): the same filter, analysed apart.
fn tabs(asked: &Asked, found: &platform::audit::AuditPage) -> Tabs {
    let all = Tabs::new("按来源区域").plain("全部", asked.address_in("/audit", "", ""), asked.face.is_empty());
    found.zones.iter().fold(all, |tabs, (zone, n)| {
        let now = asked.face == zone.slug();
        tabs.tab(zone.name(), many(*n), asked.address_in("/audit", zone.slug(), ""), now)
    })
}

/// How what is shown ended.
fn counts(found: &platform::audit::AuditPage) -> String {
    let parts = found.outcomes.iter().map(|(outcome, n)| format!("{} {} 条", outcome_name(outcome), many(*n)));
    parts.collect::<Vec<_>>().join("，")
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
    space: Option<Note>,
    room: html::Facts,
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

/// Said while the store fills.
fn filling(space: &AuditSpace) -> Option<Note> {
    let what = format!("安全审计的存储已用 {} %。", space.percent);
    if space.is_full() {
        let words = "平台已停止办理，只有审计管理员还能进入。请立即归档；没有满 180 天的记录可以归档的，请系统管理员扩充磁盘、调高上限。";
        return Some(Note::new(Tone::Red, "存储已满", format!("{what}{words}")));
    }
    let words = "用满以后平台停止一切办理。请及早归档较早的记录，或者请系统管理员扩充磁盘。";
    space.is_filling().then(|| Note::new(Tone::Yellow, "存储将满", format!("{what}{words}")))
}

/// How full the store is and how long records stay.
fn room(space: &AuditSpace, evidence: &platform::audit::Evidence) -> html::Facts {
    const MIB: u64 = 1024 * 1024;
    let free = space.free.map_or_else(
        || "不能测得".to_owned(),
        |free| format!("{} MiB（不得少于 {} MiB）", free / MIB, space.least / MIB),
    );
    let outside = match (&evidence.folder, &evidence.signer) {
        (Some(folder), Some(signer)) => {
            format!("{}，用密钥 {} 签名", folder.path().display(), signer.public_key().id)
        }
        (Some(_), None) => "没有配置存证密钥（[keys] evidence），检查点不签名，也不写到平台之外".to_owned(),
        (None, _) => "没有配置存证目录（[evidence] directory），检查点只在数据库和运行日志中".to_owned(),
    };
    html::Facts::new()
        .row("在线记录", format!("{} 条（上限 {} 条）", space.records, space.most))
        .row("磁盘剩余", free)
        .row("已用", format!("{} %", space.percent))
        .row("在线留存", format!("{} 天（不得少于 180 天）", evidence.settings.audit_days))
        .wide("平台之外的存证", outside)
}

async fn draw_evidence(ctx: &OfficeContext, errors: Vec<Refusal>, said: &str) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let verifications = ctx.platform.verifications(&ctx.call).await?;
    let space = ctx.platform.audit_space(&ctx.call).await?;
    let page = frame(ctx, "audit", "核验与留存").await?.crumb("安全审计", "/audit").failed(failed);
    let page = match said {
        "asked" => page.flash(Tone::Green, "已开始核验，完成后结果列在下面，刷新本页即可看到。"),
        _ => page,
    };
    let waiting = verifications.iter().any(|v| v.result.is_none());
    let view = EvidencePage {
        summary: ErrorSummary::new(&errors),
        state: state(&verifications),
        space: filling(&space),
        room: room(&space, &ctx.platform.evidence),
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
