//! The page of one case: what was applied for, its clock, its trail, and the acts open now.

use super::{consultation, frame, licence, processing, show, step, supervision};
use crate::{
    Access, OfficeContext, Page, Posted, Route, WebError,
    html::{self, Action, ClockSheet, ErrorSummary, Facts, Markup, Note, Pill, Point, Points, Steps, Timeline, Tone},
    notification::Deliveries,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    case::{Act, Case, CodeCheck, File, Owed, Stage},
    clock::Sheet,
};
use jiff::civil::Date;
use platform::{attachment::AttachmentRow, case::CasePage, upload::FileType};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}", show_case).audited(),
        Route::post(Access::Owner, "/cases/{id}/receive", receive),
    ]
}

/// Days a sheet shows without being unfolded.
const SHORT_SHEET: usize = 15;

/// What the address says has just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
    /// Where the page of consultations begins.
    #[serde(default)]
    consultations: String,
}

/// One file of a material.
struct FileLine {
    name: String,
    href: String,
    view: Option<String>,
    about: String,
}

/// One material with its files.
struct MaterialLine {
    name: String,
    shared: bool,
    files: Vec<FileLine>,
}

/// One paper.
struct PaperLine {
    title: &'static str,
    number: String,
    at: String,
    href: String,
}

/// One act open now.
struct ActLine {
    label: &'static str,
    href: String,
    class: &'static str,
    icon: html::Icon,
}

/// The working of one period: the sentence, whose days they were, and the sheet, folded when it is long.
struct Working {
    explanation: String,
    holders: String,
    days: usize,
    open: bool,
    sheet: ClockSheet,
}

impl Working {
    fn new(caption: &str, start: Date, event: &str, sheet: &Sheet) -> Self {
        Self {
            explanation: sheet.explanation.clone(),
            holders: show::holders(sheet),
            days: sheet.rows.len() + 1,
            open: sheet.rows.len() <= SHORT_SHEET,
            sheet: show::sheet(caption, start, event, sheet),
        }
    }
}

#[derive(Template)]
#[template(path = "office/case.html")]
struct CaseView {
    page: Page,
    summary: ErrorSummary,
    heading: String,
    as_of: String,
    code: String,
    project: String,
    project_href: String,
    unit: String,
    stage: Pill,
    light: Option<html::Light>,
    due: String,
    steps: Steps,
    receive: Option<Action>,
    group: Option<Note>,
    claim: Option<Action>,
    acts: Vec<ActLine>,
    hint: &'static str,
    facts: Facts,
    materials: Vec<MaterialLine>,
    points: Option<Points>,
    points_lead: String,
    steps_taken: Option<Facts>,
    decision: Option<Facts>,
    licence: Option<Facts>,
    along: Option<Facts>,
    ended: Option<Note>,
    deemed: Option<Note>,
    days: html::Days,
    code_now: Note,
    code_last: String,
    check: Option<Working>,
    deciding: Option<Working>,
    periods: Vec<(String, String)>,
    papers: Vec<PaperLine>,
    consultations: Markup,
    deliveries: Deliveries,
    supervision: Markup,
    trail: Timeline,
    proofs: Vec<(String, String)>,
}

async fn show_case(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let case = ctx.platform.case_page(&ctx.call, &step::case_id(&id)?).await?;
    draw(&ctx, case, vec![], &said).await
}

async fn receive(Path(id): Path<String>, Posted { ctx, .. }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    match step::finish(ctx.platform.receive_case(&ctx.call, &id).await, &id, "received")? {
        Ok(response) => Ok(response),
        Err(errors) => redraw(&ctx, &id, errors).await,
    }
}

/// The case page with what was refused.
pub async fn redraw(ctx: &OfficeContext, id: &domain::ids::CaseId, errors: Vec<Refusal>) -> Result<Response, WebError> {
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    draw(ctx, case, errors, &Said::default()).await
}

async fn draw(ctx: &OfficeContext, case: CasePage, errors: Vec<Refusal>, said: &Said) -> Result<Response, WebError> {
    let a = &case.application;
    let failed = !errors.is_empty();
    let page = frame(ctx, "cases", a.item_name.clone()).await?.crumb("办件", "/cases").failed(failed);
    let page = match flash(&said.said, &case.case) {
        Some((tone, text)) => page.flash(tone, text),
        None => page,
    };
    let files = ctx.platform.case_files(&ctx.call, &case).await?;
    let acts = ctx.platform.open_acts(&ctx.call, &case);
    let base = format!("/cases/{}", case.id);
    let receive = acts.contains(&Act::Receive).then(|| {
        Action::post(format!("{base}/receive"), &page.csrf, "收件")
            .primary()
            .icon("clipboard-check")
            .with("_once", ctx.once())
            .confirm("确认收件？", "收件后系统向项目单位出具收件凭证，受理审查的 5 个工作日从次日起算。")
    });
    let claim = acts
        .contains(&Act::Claim)
        .then(|| Action::post(format!("{base}/claim"), &page.csrf, "领办").icon("user").with("_once", ctx.once()));
    let (trail, proofs) = trail(&case);
    let group = ctx.platform.group_of_case(&case.id).await?.map(|group| {
        Note::new(Tone::Blue, "并联审批", "本事项是并联申请的一部分，其他事项分别办理，互不影响。")
            .link("查看本组全部事项", format!("/groups/{group}"))
    });
    let view = CaseView {
        group,
        summary: ErrorSummary::new(&errors),
        heading: a.item_name.clone(),
        as_of: format!("{base}/as-of"),
        code: a.code.clone(),
        project: a.project_name.clone(),
        project_href: format!("/projects/{}", a.project),
        unit: a.unit_name.clone(),
        stage: show::stage(&case.case),
        light: show::case_light(&case),
        due: case.running_sheet().and_then(|s| s.due).map_or_else(String::new, |due| {
            format!("应于 {} 前（含当日）办完本步", show::due_words(Some(due.date), due.provisional))
        }),
        steps: steps(&case.case),
        receive,
        claim,
        steps_taken: processing::steps_taken(&case),
        licence: licence::facts(&case),
        along: along(&case),
        periods: periods(&case),
        hint: hint(&case.case, &acts),
        acts: act_lines(ctx, &case, &acts, &base),
        facts: facts(&case, &ctx.platform.region_name(a.agency.region.as_str())),
        materials: materials(&case, &files, &base),
        points: points(&case),
        points_lead: points_lead(&case.case),
        decision: decision(&case.case),
        ended: ended(&case.case),
        deemed: html::deemed(&case.case),
        days: html::Days::new(&case.days),
        code_now: code_now(&case),
        code_last: code_last(&case.case),
        check: check_sheet(&case),
        deciding: decision_sheet(&case),
        papers: papers(&case.case),
        consultations: consultation::case_box(ctx, &case.id, &said.consultations).await?,
        deliveries: Deliveries::new(&ctx.platform.deliveries_of_case(&ctx.call, &case.id).await?, true),
        supervision: supervision::case_box(ctx, &case).await?,
        trail,
        proofs,
        page,
    };
    step::drawn(view, failed)
}

/// Fixed sentences; the state of the case has the last word, so that a link from yesterday never lies.
fn flash(said: &str, case: &Case) -> Option<(Tone, String)> {
    let good = |text: &str| Some((Tone::Green, text.to_owned()));
    match said {
        "received" if case.received_at.is_some() => good("已收件，收件凭证已出具并告知项目单位。"),
        "asked" if case.correction.is_some() => good("补正材料通知书已出具并告知项目单位，等待其逐条补正。"),
        "accepted" if case.accepted_at.is_some() => {
            good("项目代码核验通过，已受理。受理通知书已出具并告知项目单位，办理时限从次日起算。")
        }
        "not-accepted" if case.stage == Stage::NotAccepted => good("已作出不予受理，通知书已出具并告知项目单位。"),
        "suspended" if case.is_suspended() => good("计时已暂停，并已告知项目单位。"),
        "resumed" if !case.is_suspended() => good("计时已恢复，并已告知项目单位。"),
        "decided" if case.stage == Stage::Completed => {
            good("决定已作出，办件已办结。系统已生成办结告知书并通知项目单位，可在“文书”中打开。")
        }
        "claimed" if case.undertaker.is_some() => good("已领办，本办件由您经办。"),
        "handed-over" if case.undertaker.is_some() => good("已转办，并记入痕迹。"),
        "proposed" if case.proposal.is_some() => good("拟办意见已提交，等待审核。"),
        "reviewed" if case.review.is_some() => good("审核已同意，等待审批岗决定。"),
        "sent-back" if case.sent_back.is_some() => good("已退回，由经办人重新拟办。"),
        "extended" if !case.extensions.is_empty() => good("办理期限已延长，通知书已出具并告知项目单位。"),
        "special-begun" if !case.specials.is_empty() => good("特别程序已启动，并已告知项目单位。"),
        "special-ended" => good("特别程序的结果已登记，并已告知项目单位。"),
        "hearing-offered" if case.hearing.is_some() => good("听证权利已告知项目单位，五个工作日内可以申请。"),
        "spot" if !case.spot_corrections.is_empty() => good("当场更正已登记。"),
        "delivered" if case.delivery.is_some() => good("送达已登记，并已告知项目单位。"),
        "started" if case.started_on.is_some() => good("开工建设已登记。"),
        "revoked" if case.revocation.is_some() => good("决定已作出，告知书已出具并告知项目单位。"),
        "commitment-checked" if !case.commitment_checks.is_empty() => {
            good("核查结论已登记，告知书已出具并告知项目单位。")
        }
        "amended" if case.open_amendment().is_none() => good("决定已作出，告知书已出具并告知项目单位。"),
        "taken" => Some((
            Tone::Yellow,
            format!(
                "该办件的状态已经变化，可能已被他人处理。现在的状态是“{}”，请按下面的最新情况办理。",
                case.stage.name()
            ),
        )),
        _ => None,
    }
}

/// The five steps, up to where the case stands.
pub(crate) fn steps(case: &Case) -> Steps {
    let day = |at: Option<domain::Moment>| at.map(|m| m.date().to_string()).unwrap_or_default();
    let now = match case.stage {
        Stage::Submitted => 1,
        Stage::Received | Stage::CorrectionAsked | Stage::Supplemented => 2,
        Stage::Processing | Stage::Proposed | Stage::Reviewed => 3,
        Stage::Decided => 4,
        Stage::Completed => 5,
        Stage::NotAccepted | Stage::Withdrawn if case.received_at.is_none() => 1,
        Stage::NotAccepted => 2,
        Stage::Withdrawn if case.accepted_at.is_some() => 3,
        Stage::Withdrawn => 2,
    };
    let third = match case.stage {
        Stage::NotAccepted => "不予受理",
        _ => "受理",
    };
    Steps::new("办理进度", now)
        .step("提交", day(Some(case.submitted_at)))
        .step("收件", day(case.received_at))
        .step(third, day(case.accepted_at))
        .step("决定", case.decision.as_ref().map(|d| d.decided_on.to_string()).unwrap_or_default())
        .step("办结告知", day(case.ended_at.filter(|_| case.stage == Stage::Completed)))
}

/// Acts with a page of their own, the likeliest first.
const BUTTONS: [Act; 22] = [
    Act::Accept,
    Act::Decide,
    Act::Review,
    Act::Propose,
    Act::Deliver,
    Act::DecideAmendment,
    Act::CheckCommitment,
    Act::Resume,
    Act::EndSpecial,
    Act::AskCorrection,
    Act::AskAgain,
    Act::CorrectOnSpot,
    Act::SendBack,
    Act::BeginSpecial,
    Act::Suspend,
    Act::Extend,
    Act::OfferHearing,
    Act::HandOver,
    Act::Transfer,
    Act::NoteStart,
    Act::NotAccept,
    Act::Revoke,
];

fn line(act: Act, case: &Case, base: &str) -> Option<ActLine> {
    let (label, place, class, icon) = match act {
        Act::Accept => ("核验代码并受理", "accept", "btn-primary", "shield-check"),
        Act::AskCorrection => ("一次性告知补正", "correction", "btn-outline-primary", "edit"),
        Act::NotAccept => ("不予受理", "refuse", "btn-outline-danger", "circle-x"),
        Act::Suspend => ("暂停计时", "suspend", "btn-outline-primary", "player-pause"),
        Act::Resume => ("恢复计时", "resume", "btn-primary", "clock"),
        Act::Decide if case.stage == Stage::Proposed => {
            ("未经审核直接决定", "decision", "btn-outline-danger", "certificate")
        }
        Act::Decide => ("作出决定", "decision", "btn-primary", "certificate"),
        Act::AskAgain => ("再次告知补正", "correction", "btn-outline-primary", "edit"),
        Act::CorrectOnSpot => ("登记当场更正", "spot", "btn-outline-primary", "edit"),
        Act::Transfer => ("转送", "transfer", "btn-outline-primary", "send"),
        Act::HandOver => ("转办", "hand-over", "btn-outline-primary", "user"),
        Act::Propose => ("提出拟办意见", "proposal", "btn-primary", "edit"),
        Act::Review => ("审核", "review", "btn-primary", "shield-check"),
        Act::SendBack => ("退回拟办", "send-back", "btn-outline-danger", "arrow-back-up"),
        Act::Extend => ("延长办理期限", "extension", "btn-outline-primary", "calendar"),
        Act::BeginSpecial => ("启动特别程序", "special", "btn-outline-primary", "plus"),
        Act::EndSpecial => ("登记程序结果", "special-result", "btn-primary", "clipboard-check"),
        Act::OfferHearing => ("告知听证权利", "hearing", "btn-outline-primary", "send"),
        Act::Deliver => ("登记送达", "delivery", "btn-primary", "send"),
        Act::NoteStart => ("登记开工", "start", "btn-outline-primary", "building"),
        Act::Revoke => ("撤销、撤回或注销", "revocation", "btn-outline-danger", "circle-x"),
        Act::DecideAmendment => ("决定变更或延续", "amendment", "btn-primary", "certificate"),
        Act::CheckCommitment => ("核查承诺", "commitment", "btn-primary", "clipboard-check"),
        _ => return None,
    };
    Some(ActLine { label, href: format!("{base}/{place}"), class, icon: html::icon(icon) })
}

/// The acts with a page of their own, and 督办 for whoever stands above the organ.
fn act_lines(ctx: &OfficeContext, case: &CasePage, acts: &[Act], base: &str) -> Vec<ActLine> {
    let owes = case.case.owed() != Owed::Nothing;
    let expedite = owes && ctx.platform.may_expedite(&ctx.call, &case.application.agency);
    let expedite = expedite.then(|| ActLine {
        label: "督办",
        href: format!("{base}/expedite"),
        class: "btn-outline-primary",
        icon: html::icon("bell"),
    });
    let consult = ctx.platform.may_consult(&ctx.call, &case.case).then(|| ActLine {
        label: "征求部门意见",
        href: format!("{base}/consultation"),
        class: "btn-outline-primary",
        icon: html::icon("send"),
    });
    let open = BUTTONS.iter().filter(|act| acts.contains(act)).filter_map(|act| line(*act, &case.case, base));
    open.chain(consult).chain(expedite).collect()
}

/// Why there is nothing to press, or what the buttons do.
fn hint(case: &Case, acts: &[Act]) -> &'static str {
    match case.stage {
        _ if case.is_suspended() => "计时已暂停。恢复计时后才能作出决定。",
        Stage::CorrectionAsked => "等待项目单位补正；补正后重新计算 5 个工作日的审查期限。",
        Stage::Completed if case.awaits_delivery() => "已办结。请在作出决定之日起 10 个工作日内送达许可证件并登记。",
        Stage::Completed if case.open_amendment().is_some() => "项目单位申请变更或者延续，请审批岗决定。",
        Stage::Completed if case.awaits_commitment_check() => {
            "本办件以告知承诺方式办结。请经办岗在期限内核查承诺是否履行，并登记结论。"
        }
        Stage::Completed if !acts.is_empty() => "本办件已办结。决定的效力发生变化时，在这里登记。",
        stage if stage.is_ended() => "本办件已结束，不再有可办理的操作。",
        _ if acts.is_empty() => "您的岗位可以查看本办件，但不负责本步骤的办理。",
        Stage::Received => "请在 5 个工作日内受理、一次性告知补正或者不予受理；逾期不告知的，自收件之日起即为受理。",
        Stage::Supplemented => "申请人已补正。补正只能告知一次，请复核后受理或者不予受理。",
        Stage::Processing if case.commitment().is_some() => {
            "项目单位以告知承诺方式申请：符合条件的，由审批岗直接准予；拟不予的，由经办岗拟办、审核岗审核后再决定。"
        }
        Stage::Processing if acts.contains(&Act::Propose) => "请审查后提出拟办意见，交审核岗审核。",
        Stage::Processing if case.is_one_step() => "本事项为简易事项，由审批岗直接作出决定。",
        Stage::Processing => "由经办岗提出拟办意见，审核岗审核，审批岗决定；三个步骤由三个人办理。",
        Stage::Proposed if acts.contains(&Act::Review) => "请审核拟办意见：同意的交审批岗决定，不同意的退回重新拟办。",
        Stage::Proposed => "等待审核岗审核。提出拟办意见的人不能审核。",
        Stage::Reviewed if acts.contains(&Act::Decide) => "审核已经同意。请决定；不同意拟办意见的，退回重新拟办。",
        Stage::Reviewed => "等待审批岗决定。拟办人和审核人不能决定。",
        _ => "",
    }
}

fn facts(case: &CasePage, region: &str) -> Facts {
    let a = &case.application;
    let facts = Facts::new()
        .row("申请事项", &a.item_name)
        .row("办理机关", &a.agency_name)
        .row("项目单位", &a.unit_name)
        .row("机关所在地", region)
        .row("提交时间", case.case.submitted_at.display())
        .row("收件时间", case.case.received_at.map(|m| m.display()).unwrap_or_else(|| "尚未收件".into()))
        .row("办理时限", a.limit.words())
        .row("时限依据", &a.limit.basis)
        .row("领办人", case.case.undertaker.as_ref().map_or("尚无人领办", |u| u.name.as_str()));
    let facts = match case.case.commitment() {
        Some(_) => facts.row("办理方式", "告知承诺：凭承诺准予，办结后核查"),
        None => facts,
    };
    let facts = match a.guide {
        Some(n) => facts.part("办事指南", Markup::link(format!("第 {n} 版"), format!("/cases/{}/guide", case.id))),
        None => facts,
    };
    match &case.project.declared {
        Some(d) => facts.row("管理方式", d.regime.name()).row("总投资", format!("{} 万元", d.total_investment.wan())),
        None => facts,
    }
}

fn file_line(file: &File, files: &[AttachmentRow], base: &str) -> FileLine {
    let row = files.iter().find(|row| row.id == file.id);
    let about = row.map(|row| {
        let digest: String = row.sm3.chars().take(12).collect();
        format!("{} · SM3 {digest}… · {} 上传", row.size_words(), row.at.display())
    });
    FileLine {
        name: file.name.clone(),
        href: format!("{base}/files/{}", file.id),
        view: row.and_then(|row| match row.file_type {
            FileType::Pdf => Some(format!("{base}/pages/{}", row.id)),
            _ => row.preview.then(|| format!("{base}/pictures/{}", row.id)),
        }),
        about: about.unwrap_or_default(),
    }
}

fn materials(case: &CasePage, files: &[AttachmentRow], base: &str) -> Vec<MaterialLine> {
    let given = case.application.materials.iter();
    given
        .map(|g| MaterialLine {
            name: g.name.clone(),
            shared: g.result_of.is_some(),
            files: g.files.iter().map(|f| file_line(f, files, base)).collect(),
        })
        .chain(case.case.correction.iter().filter(|c| c.answers.iter().any(|a| !a.files.is_empty())).map(|c| {
            let answers = c.answers.iter().flat_map(|a| &a.files);
            MaterialLine {
                name: "补正时提交的材料".into(),
                shared: false,
                files: answers.map(|f| file_line(f, files, base)).collect(),
            }
        }))
        .collect()
}

fn points(case: &CasePage) -> Option<Points> {
    let correction = case.case.correction.as_ref()?;
    let name = |id: &String| {
        let given = case.application.materials.iter().find(|g| g.material == *id);
        given.map_or_else(|| id.clone(), |g| g.name.clone())
    };
    let points = correction.points.iter().enumerate().map(|(i, point)| {
        let place = point.material.as_ref().map_or_else(|| "整个申请".to_owned(), name);
        let answer = correction.answers.get(i).map(|answer| {
            let files: Vec<_> = answer.files.iter().map(|f| format!("《{}》", f.name)).collect();
            let words = [answer.text.clone(), files.concat()];
            words.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" 附件：")
        });
        Point::new(place, &point.text).answer(answer)
    });
    Some(Points::new(points))
}

fn points_lead(case: &Case) -> String {
    case.correction.as_ref().map_or_else(String::new, |c| {
        let supplied =
            c.supplied_at.map_or_else(|| "申请人尚未回应".to_owned(), |at| format!("{} 申请人补正", at.display()));
        format!("{} 告知；{supplied}", c.asked_at.display())
    })
}

/// What was decided.
pub(crate) fn decision(case: &Case) -> Option<Facts> {
    let d = case.decision.as_deref()?;
    let (tone, word) = (show::stage_tone(Stage::Completed, Some(d.outcome)), d.outcome.name());
    Some(
        Facts::new()
            .part("办理结果", Pill::new(tone, word))
            .row("决定日期", d.decided_on)
            .row("文号", &d.document_number)
            .row("标题", &d.title)
            .row("有效期至", d.valid_until.map_or_else(|| "无".to_owned(), |day| day.to_string()))
            .row("系统记录时间", case.decided_at.map(|m| m.display()).unwrap_or_default())
            .wide("办结意见", &d.opinion),
    )
}

fn ended(case: &Case) -> Option<Note> {
    let reason = case.end_reason.as_ref()?;
    let tone = if case.stage == Stage::NotAccepted { Tone::Red } else { Tone::Grey };
    Some(Note::new(tone, case.stage.name(), reason))
}

fn code_now(case: &CasePage) -> Note {
    match &case.code_check {
        CodeCheck::Verified => Note::new(Tone::Green, "现在核验：通过", "代码真实、有效，与本项目和申请单位一致。")
            .article("办法第十三条、第十四条第（二）项"),
        CodeCheck::Fault { message, .. } => {
            Note::new(Tone::Red, "现在核验：未通过，不得受理", message).article("办法第十四条第（二）项")
        }
    }
}

fn code_last(case: &Case) -> String {
    match &case.code_check {
        None => "办理中尚未核验过；受理时系统会自动核验并留痕。".into(),
        Some(Ok(())) => "上次办理核验：通过（已留痕）。".into(),
        Some(Err(message)) => format!("上次办理核验：未通过（已留痕，并已告知项目单位）。{message}"),
    }
}

/// What happened along the way: on the spot, transfer, extension, special procedures, hearing.
pub(crate) fn along(page: &CasePage) -> Option<Facts> {
    let case = &page.case;
    let mut rows: Vec<(String, String)> = Vec::new();
    for c in &case.spot_corrections {
        rows.push(("当场更正".into(), format!("{} → {}（更正人：{}）", c.wrong, c.right, c.by)));
    }
    for t in &case.transfers {
        rows.push((format!("{} 转送", t.at.date()), format!("由{}转送{}", t.from.name(), t.to.name())));
    }
    for e in &case.extensions {
        let unit = page.application.limit.unit.label();
        rows.push(("延长期限".into(), format!("{} {unit}（{}；{}）", e.days, e.article, e.document)));
    }
    for s in &case.specials {
        let plan = &s.plan;
        let result = match &s.result {
            Some(r) => format!("{} 结束：{}（{}）", r.ended_on, r.result, r.paper),
            None => format!("正在进行，计划至 {}", plan.planned_until),
        };
        let counts = if plan.kind.ground.is_some() { "不计入时限" } else { "计入时限" };
        rows.push((
            plan.kind.name.clone(),
            format!(
                "{} 启动（{counts}），文书：{}，{} 以{}方式告知；{result}",
                plan.from,
                plan.paper,
                plan.told_on,
                plan.told_by.name()
            ),
        ));
    }
    if let Some(h) = &case.hearing {
        let asked = h.asked_on.map_or_else(|| "申请人尚未申请".to_owned(), |on| format!("申请人 {on} 申请听证"));
        rows.push(("听证权利".into(), format!("{} 以{}方式告知（{}）；{asked}", h.told_on, h.told_by.name(), h.paper)));
    }
    for (stop, notice) in case.suspensions.iter().zip(case.notices.iter()) {
        let told = stop
            .told_on
            .zip(notice.as_ref())
            .map(|(on, n)| format!("，{on} 以{}方式告知，预计至 {}", n.told_by.name(), n.planned_until));
        let to = stop.to.map_or_else(|| "至今".to_owned(), |to| format!("至 {to}"));
        rows.push((
            "暂停计时".into(),
            format!(
                "{} {to}，{}（{}），文书：{}{}",
                stop.from,
                stop.ground.name(),
                stop.ground.article(),
                stop.document,
                told.unwrap_or_default()
            ),
        ));
    }
    if rows.is_empty() {
        return None;
    }
    let facts = rows.into_iter().fold(Facts::new(), |facts, (name, value)| facts.wide(name, value));
    let papers = case.notices.iter().flatten().flat_map(|notice| &notice.files);
    Some(papers.fold(facts, |facts, file| {
        facts.part("暂停计时文书", Markup::link(&file.name, format!("/cases/{}/files/{}", page.id, file.id)))
    }))
}

/// Periods beside check and decision: what they are, and where they stand.
pub(crate) fn periods(page: &CasePage) -> Vec<(String, String)> {
    let named = [
        ("送达期限", &page.delivery_sheet),
        ("变更或者延续期限", &page.amendment_sheet),
        ("承诺核查期限", &page.commitment_sheet),
    ];
    let named = named.into_iter().filter_map(|(name, sheet)| Some((name.to_owned(), sheet.as_ref()?)));
    let others = page.other_sheets.iter().map(|(name, sheet)| (format!("{name}期限"), sheet));
    named.chain(others).map(|(name, sheet)| (name, sheet.explanation.clone())).collect()
}

fn check_sheet(case: &CasePage) -> Option<Working> {
    let sheet = case.check_sheet.as_ref()?;
    let supplied = case.case.correction.as_ref().and_then(|c| c.supplied_at);
    let (start, event) = match supplied {
        Some(at) => (at, "申请人补正"),
        None => (case.case.received_at?, "收件"),
    };
    Some(Working::new("受理审查期限计时单", start.date(), event, sheet))
}

fn decision_sheet(case: &CasePage) -> Option<Working> {
    let sheet = case.decision_sheet.as_ref()?;
    let start = case.case.accepted_at?.date();
    let event = if case.case.deemed_at.is_some() { "收到申请材料（视为受理）" } else { "受理" };
    Some(Working::new("办理时限计时单", start, event, sheet))
}

fn papers(case: &Case) -> Vec<PaperLine> {
    let line = |issued: &domain::case::Issued| PaperLine {
        title: issued.kind.title(),
        number: issued.number.clone(),
        at: issued.at.display(),
        href: format!("/papers/{}/pdf", crate::percent_encoded(&issued.number)),
    };
    case.documents.iter().rev().map(line).collect()
}

fn trail(case: &CasePage) -> (Timeline, Vec<(String, String)>) {
    let timeline = case.trail.iter().rev().fold(Timeline::new(), |timeline, entry| {
        let (icon, tone) = show::lane(entry.lane);
        let parts = [entry.actor.clone(), entry.detail.clone()];
        let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        timeline.entry_with(icon, tone, &entry.title, entry.at.display(), text)
    });
    let proofs = case.trail.iter().map(|entry| (entry.title.clone(), entry.proof.clone())).collect();
    (timeline, proofs)
}

/// A facts card as ready markup.
pub fn summary_facts(case: &CasePage) -> Markup {
    let a = &case.application;
    Markup::of(
        Facts::new()
            .row("项目名称", &a.project_name)
            .row("项目代码", &a.code)
            .row("申请事项", &a.item_name)
            .row("项目单位", &a.unit_name),
    )
}
