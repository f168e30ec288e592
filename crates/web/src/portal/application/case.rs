//! 办件, as its unit sees it: where it stands, who acts next, the clock, the correction, the result.

use super::{Earlier, FORM, For, chosen, clock_sheet, earlier, light, slot};
use crate::{
    Fields, Page, Posted, WebError,
    app::refusals,
    context::PortalContext,
    html::{
        self, Action, Choice, ClockSheet, ErrorSummary, Facts, Field, Lanes, Light, Markup, Note, Pill, Point, Points,
        Timeline, Tone, Upload,
    },
    portal::{
        paper,
        project::{Done, Withdrawal, draw_withdrawal, timeline},
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Refusal,
    case::{Act, AmendmentKind, AmendmentRequest, Case, Force, Given, Outcome, Owed, Stage},
    clock::Sheet,
    ids::{AttachmentId, CaseId, ProjectId},
};
use platform::case::{CasePage, PointNeed};

/// Days of a clock shown without being asked for.
const SHORT: usize = 12;

fn case_id(text: &str) -> Result<CaseId, WebError> {
    CaseId::parse(text).ok_or(WebError::NotFound)
}

/// Colour of a stage, for the unit.
fn stage_pill(case: &Case) -> Pill {
    let tone = match case.stage {
        Stage::Submitted | Stage::Received | Stage::Supplemented | Stage::Decided => Tone::Blue,
        Stage::Processing | Stage::Proposed | Stage::Reviewed => Tone::Blue,
        Stage::CorrectionAsked => Tone::Yellow,
        Stage::Completed if case.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted) => Tone::Green,
        Stage::Completed | Stage::NotAccepted => Tone::Red,
        Stage::Withdrawn => Tone::Grey,
    };
    Pill::new(tone, case.stage.name()).meaning(case.stage.meaning())
}

/// The version of the guide the case stands under.
fn under_guide(item: &str, guide: Option<u32>) -> Markup {
    match guide {
        Some(n) => Markup::link(format!("第 {n} 版"), format!("/items/{item}/versions/{n}")),
        None => Markup::text("按统一材料名录"),
    }
}

/// Who acts next and by when, in one sentence.
fn next(page: &CasePage) -> Note {
    let agency = &page.application.agency_name;
    let by = |sheet: Option<&Sheet>| match sheet.and_then(|s| s.due) {
        Some(due) if due.provisional => format!("应于 {} 前完成（该年度放假安排公布前为暂定）", due.date),
        Some(due) => format!("应于 {} 前完成", due.date),
        None => "暂停计时，恢复后重新确定届满日".to_owned(),
    };
    match page.case.owed() {
        Owed::Receive => Note::new(
            Tone::Blue,
            "下一步：等待收件",
            format!("{agency}收件后会给您发收件凭证，并开始计算五个工作日的受理审查期限。"),
        ),
        Owed::Check => Note::new(
            Tone::Blue,
            "下一步：受理审查",
            format!("由{agency}决定是否受理或者一次性告知补正，{}。", by(page.check_sheet.as_ref())),
        ),
        Owed::Recheck => Note::new(
            Tone::Blue,
            "下一步：复核补正材料",
            format!("由{agency}复核，{}。", by(page.check_sheet.as_ref())),
        ),
        Owed::Propose | Owed::Review | Owed::Decide => {
            Note::new(Tone::Blue, "下一步：作出决定", format!("由{agency}办理，{}。", by(page.decision_sheet.as_ref())))
        }
        Owed::Deliver => Note::new(
            Tone::Green,
            "已办结，准予；等待送达",
            format!("结果文件见下方。许可证件由{agency}送达，{}。", by(page.delivery_sheet.as_ref())),
        ),
        Owed::Amend => Note::new(
            Tone::Blue,
            "下一步：决定变更或者延续",
            match &page.amendment_sheet {
                Some(sheet) => format!("由{agency}决定，{}。", by(Some(sheet))),
                None => format!("由{agency}在有效期届满前决定；逾期未作决定的，视为准予延续。"),
            },
        ),
        Owed::CheckCommitment => Note::new(
            Tone::Green,
            "已办结，准予；等待核查承诺",
            format!(
                "结果文件见下方。{agency}将核查承诺是否履行，{}。请按承诺施工并保存证明材料。",
                by(page.commitment_sheet.as_ref())
            ),
        ),
        Owed::Correct => Note::new(
            Tone::Yellow,
            "下一步：请您补正",
            "请在下面逐条回应，全部回应后一次提交。补正期间不计入办理时限。",
        ),
        Owed::Nothing => match (page.case.stage, &page.case.decision) {
            (Stage::Completed, Some(d)) if d.outcome == Outcome::Granted => {
                Note::new(Tone::Green, "已办结，准予", "结果文件见下方。")
            }
            (Stage::Completed, _) => {
                Note::new(Tone::Red, "已办结，不予", "理由和救济途径见办结告知书。问题解决后可以重新申请。")
            }
            (Stage::NotAccepted, _) => {
                Note::new(Tone::Red, "未予受理", "理由见不予受理通知书。问题解决后可以重新申请。")
            }
            _ => Note::new(Tone::Grey, "已撤回", "本次申请已撤回，需要时可以重新申请。"),
        },
    }
}

/// The tracker: whose time each stretch was.
fn lanes(page: &CasePage) -> Lanes {
    use html::Lane::{Applicant, Department, Excluded};
    let case = &page.case;
    let days =
        |sheet: Option<&Sheet>| sheet.map(|s| format!("已计 {} 日，期限 {} 日", s.used, s.limit)).unwrap_or_default();
    let span = |from: domain::Moment, to: Option<domain::Moment>| match to {
        Some(to) if to.date() == from.date() => from.date().to_string(),
        Some(to) => format!("{} 至 {}", from.date(), to.date()),
        None => format!("{} 起", from.date()),
    };
    let ended = case.ended_at;
    let mut lanes = Lanes::new().stretch(Applicant, case.submitted_at.date(), "提交申请", "");
    lanes = lanes.stretch(Department, span(case.submitted_at, case.received_at.or(ended)), "等待收件", "");
    let correction = case.correction.as_ref();
    if let Some(received) = case.received_at {
        let until = correction.map(|c| c.asked_at).or(case.deemed_at).or(case.accepted_at).or(ended);
        let note = if correction.is_none() { days(page.check_sheet.as_ref()) } else { String::new() };
        lanes = lanes.stretch(Department, span(received, until), "受理审查", note);
    }
    if let Some(correction) = correction {
        lanes = lanes.stretch(
            Applicant,
            span(correction.asked_at, correction.supplied_at.or(ended)),
            "补正材料",
            "不计入办理时限",
        );
        if let Some(supplied) = correction.supplied_at {
            lanes = lanes.stretch(
                Department,
                span(supplied, case.accepted_at.or(ended)),
                "复核补正材料",
                days(page.check_sheet.as_ref()),
            );
        }
    }
    if let Some(accepted) = case.accepted_at {
        lanes = lanes.stretch(
            Department,
            span(accepted, case.decided_at.or(ended)),
            "办理",
            days(page.decision_sheet.as_ref()),
        );
    }
    for stop in &case.suspensions {
        let when = stop.to.map_or_else(|| format!("{} 起", stop.from), |to| format!("{} 至 {to}", stop.from));
        lanes = lanes.stretch(Excluded, when, stop.ground.name(), stop.ground.article());
    }
    lanes
}

/// Papers of suspensions, the latest first: address, title, name of the file and when it was told.
fn suspension_papers(page: &CasePage) -> Vec<(String, String, String)> {
    let told = page.case.suspensions.iter().zip(&page.case.notices).rev();
    told.filter_map(|(stop, notice)| Some((stop, notice.as_ref()?)))
        .flat_map(|(stop, notice)| notice.files.iter().map(move |file| (stop, file)))
        .map(|(stop, file)| {
            let on = stop.told_on.map(|on| format!(" · {on} 告知")).unwrap_or_default();
            let title = format!("暂停计时文书（{}）", stop.ground.name());
            (format!("/cases/{}/files/{}", page.id, file.id), title, format!("{}{on}", file.name))
        })
        .collect()
}

/// A file of the organ's that is part of the case.
pub(super) async fn file(ctx: PortalContext, Path((id, file)): Path<(String, String)>) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let file = AttachmentId::parse(&file).ok_or(WebError::NotFound)?;
    Ok(paper::file(ctx.platform.download_case_file(&ctx.call, &case_id(&id)?, &file).await?))
}

/// A clock of the case with its days.
struct Clock {
    title: &'static str,
    running: bool,
    /// Short enough to be shown at once.
    open: bool,
    light: Light,
    explanation: String,
    sheet: ClockSheet,
}

/// A material handed in.
struct Handed {
    name: String,
    files: Vec<(String, String)>,
    shared: Option<String>,
}

impl Handed {
    fn of(given: &Given) -> Self {
        Self {
            name: given.name.clone(),
            files: given.files.iter().map(|f| (f.name.clone(), format!("/files/{}", f.id))).collect(),
            shared: given.result_of.as_ref().map(|case| format!("/cases/{case}")),
        }
    }
}

/// One point to answer.
struct Asked {
    number: usize,
    place: String,
    text: String,
    field: Field,
    files_key: String,
    upload: Upload,
    earlier: Vec<Earlier>,
}

#[derive(Template)]
#[template(path = "portal/application_case.html")]
struct Show {
    page: Page,
    id: CaseId,
    project: ProjectId,
    name: String,
    stage: Pill,
    next: Note,
    group: Option<Note>,
    facts: Facts,
    asked: Vec<Asked>,
    answered: Option<Points>,
    clocks: Vec<Clock>,
    lanes: Lanes,
    deemed: Option<Note>,
    days: html::Days,
    handed: Vec<Handed>,
    result: Option<Facts>,
    papers: Vec<(String, String, String)>,
    trail: Timeline,
    may_withdraw: bool,
    hearing: Option<Action>,
    may_amend: bool,
    refusals: Vec<Refusal>,
    once: String,
}

/// What was typed into the answers: text, chosen files.
pub(super) type Typed = (String, Vec<AttachmentId>);

pub(super) async fn show(
    ctx: PortalContext,
    Path(id): Path<String>,
    Query(query): Query<Done>,
) -> Result<Html<String>, WebError> {
    draw(&ctx, &case_id(&id)?, &query.done, &[], Vec::new()).await
}

/// The slot of one point.
pub(super) fn point_slot(
    need: &PointNeed,
    at: usize,
    project: &ProjectId,
    case: &CaseId,
    csrf: &str,
    wrong: &[Refusal],
) -> Upload {
    let key = format!("files-{at}");
    let action = For::Point { case: case.clone(), point: at }.address(project, &need.material.id);
    slot(&key, "补正文件", need.material, &need.fresh, &action, csrf)
        .errors(wrong.iter().filter(|r| r.field.as_deref() == Some(key.as_str())))
}

fn place(page: &CasePage, material: Option<&String>) -> String {
    let name = |id: &String| {
        page.application.materials.iter().find(|g| g.material == *id).map_or(id.clone(), |g| g.name.clone())
    };
    material.map_or_else(|| "申请整体".to_owned(), name)
}

fn to_answer(
    ctx: &PortalContext,
    page: &CasePage,
    needs: &[PointNeed],
    typed: &[Typed],
    wrong: &[Refusal],
) -> Vec<Asked> {
    let csrf = ctx.csrf();
    let project = &page.application.project;
    needs
        .iter()
        .enumerate()
        .map(|(at, need)| {
            let (text, files) = typed.get(at).map_or(("", Vec::new()), |(text, files)| {
                (text.as_str(), files.iter().map(AttachmentId::as_str).collect())
            });
            Asked {
                number: at.saturating_add(1),
                place: place(page, need.point.material.as_ref()),
                text: need.point.text.clone(),
                field: Field::textarea(format!("answer-{at}"), "说明", 2)
                    .value(text)
                    .max(1000)
                    .errors(wrong)
                    .hint("上传文件或填写说明，至少一项。")
                    .part_of(FORM),
                files_key: format!("files-{at}"),
                upload: point_slot(need, at, project, &page.id, &csrf, wrong),
                earlier: earlier(&need.offered, project, &files),
            }
        })
        .collect()
}

fn answered(page: &CasePage) -> Option<Points> {
    let correction = page.case.correction.as_ref().filter(|_| page.case.stage != Stage::CorrectionAsked)?;
    let points = correction.points.iter().enumerate().map(|(at, point)| {
        let answer = correction.answers.get(at).map(|answer| {
            let files: Vec<&str> = answer.files.iter().map(|f| f.name.as_str()).collect();
            let files = if files.is_empty() { String::new() } else { format!(" 文件：{}", files.join("、")) };
            format!("{}{files}", answer.text)
        });
        Point::new(place(page, point.material.as_ref()), &point.text).answer(answer)
    });
    Some(Points::new(points))
}

fn clocks(page: &CasePage) -> Vec<Clock> {
    let running = page.running_sheet();
    [("受理审查期限", &page.check_sheet), ("办理时限", &page.decision_sheet)]
        .into_iter()
        .filter_map(|(title, sheet)| Some((title, sheet.as_ref()?)))
        .map(|(title, sheet)| Clock {
            title,
            running: running.is_some_and(|r| std::ptr::eq(r, sheet)),
            open: running.is_some_and(|r| std::ptr::eq(r, sheet)) && sheet.rows.len() <= SHORT,
            light: light(sheet),
            explanation: sheet.explanation.clone(),
            sheet: clock_sheet(title, sheet),
        })
        .collect()
}

fn result(page: &CasePage) -> Option<Facts> {
    let d = page.case.decision.as_deref()?;
    let force = page.force.map(force_words);
    let facts = Facts::new()
        .row("办理结果", d.outcome.name())
        .row("决定日期", d.decided_on)
        .row("审批文件文号", &d.document_number)
        .row("审批文件标题", &d.title)
        .wide("办结意见", &d.opinion);
    let facts = match force {
        Some(words) => facts.row("效力", words),
        None => facts,
    };
    let facts = match &page.case.delivery {
        Some(sent) => facts.row("送达", format!("{}，{}，签收人：{}", sent.on, sent.by.name(), sent.receiver)),
        None => facts,
    };
    let facts = page.case.commitment_checks.iter().fold(facts, |facts, check| {
        let rectify = check.rectify_by.map(|day| format!("，请于 {day} 前改正")).unwrap_or_default();
        facts.wide(format!("承诺核查（{}）", check.on), format!("{}{rectify}。{}", check.finding.name(), check.facts))
    });
    Some(page.case.amendments.iter().fold(facts, |facts, amendment| {
        let decided = match &amendment.decision {
            Some(d) => format!("{} {}：{}", d.on, d.outcome.name(), d.opinion),
            None => "等待决定".to_owned(),
        };
        let name = format!("{}申请（{}）", amendment.request.kind.name(), amendment.asked_at.date());
        facts.wide(name, format!("{} —— {decided}", amendment.request.reason))
    }))
}

pub(super) async fn draw(
    ctx: &PortalContext,
    id: &CaseId,
    done: &str,
    typed: &[Typed],
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    let needs = ctx.platform.correction_needs(&ctx.call, id).await?;
    let application = &case.application;
    let mut page = ctx
        .page("projects", format!("{}办理情况", application.item_name))
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(application.project_name.clone(), format!("/projects/{}", application.project))
        .failed(!refusals.is_empty());
    page = match done {
        "submitted" => page.flash(Tone::Green, "申请已提交，等待办理部门收件。收件后会给您发消息。"),
        "supplied" => page.flash(Tone::Green, "补正已提交，办理部门将重新审查。"),
        "withdrawn" => page.flash(Tone::Green, "申请已撤回。"),
        "hearing" => page.flash(Tone::Green, "听证申请已提交，办理部门应当在二十个工作日内组织听证。"),
        "amendment" => page.flash(Tone::Green, "变更或者延续申请已提交，等待办理部门决定。"),
        _ => page,
    };
    let papers = case.case.documents.iter().rev();
    let open = ctx.platform.open_acts(&ctx.call, &case);
    let hearing = open.contains(&Act::AskHearing).then(|| {
        Action::post(format!("/cases/{id}/hearing"), ctx.csrf(), "申请听证")
            .icon("send")
            .with("_once", ctx.once())
            .confirm("确认申请听证？", "办理部门应当在二十个工作日内组织听证，听证时间不计入办理时限。")
    });
    let html = Show {
        page,
        id: id.clone(),
        project: application.project.clone(),
        name: application.item_name.clone(),
        stage: stage_pill(&case.case),
        next: next(&case),
        group: ctx.platform.group_of_case(id).await?.map(|group| {
            Note::new(Tone::Blue, "并联申请", "本事项和其他事项一并申请，分别办理，互不影响。")
                .link("查看整组进度", format!("/groups/{group}"))
        }),
        facts: Facts::new()
            .row("办理部门", &application.agency_name)
            .row("办理时限", application.limit.words())
            .row("办理方式", if case.case.commitment().is_some() { "告知承诺" } else { "一般程序" })
            .row("项目代码", &application.code)
            .row("提交时间", case.case.submitted_at.display())
            .part("办事指南", under_guide(&application.item, application.guide)),
        asked: to_answer(ctx, &case, &needs, typed, &refusals),
        answered: answered(&case),
        clocks: clocks(&case),
        lanes: lanes(&case),
        deemed: html::deemed(&case.case),
        days: html::Days::new(&case.days),
        handed: application.materials.iter().map(Handed::of).collect(),
        result: result(&case),
        papers: papers
            .map(|p| (paper::href(&p.number), p.kind.title().to_owned(), format!("{} · {}", p.number, p.at.date())))
            .chain(suspension_papers(&case))
            .collect(),
        trail: timeline(&case.trail),
        may_withdraw: open.contains(&Act::Withdraw),
        hearing,
        may_amend: open.contains(&Act::AskAmendment),
        refusals,
        once: ctx.once(),
    };
    Ok(Html(html.render()?))
}

pub(super) async fn supply(
    Path(id): Path<String>,
    Posted { ctx, form }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = case_id(&id)?;
    let points = ctx.platform.correction_needs(&ctx.call, &id).await?.len();
    let typed: Vec<Typed> = (0..points)
        .map(|at| (form.get(&format!("answer-{at}")).to_owned(), chosen(&form, &format!("files-{at}"))))
        .collect();
    match refusals(ctx.platform.supply_correction(&ctx.call, &id, typed.clone()).await)? {
        Ok(()) => Ok(Redirect::to(&format!("/cases/{id}?done=supplied")).into_response()),
        Err(wrong) => Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, &id, "", &typed, wrong).await?).into_response()),
    }
}

async fn withdrawal(
    ctx: &PortalContext,
    id: &CaseId,
    typed: &str,
    refusals: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    let of = Withdrawal {
        title: "撤回申请",
        subject: case.application.item_name.clone(),
        consequence: "撤回后，本次申请的办理终止，已经提交的材料保留；需要时可以重新申请。".to_owned(),
        action: format!("/cases/{id}/withdraw"),
        back: format!("/cases/{id}"),
        typed,
        refusals,
    };
    draw_withdrawal(ctx, of).await
}

pub(super) async fn ask_withdrawal(ctx: PortalContext, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    withdrawal(&ctx, &case_id(&id)?, "", Vec::new()).await
}

pub(super) async fn withdraw(
    Path(id): Path<String>,
    Posted { ctx, form }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = case_id(&id)?;
    let reason = form.get("reason");
    match refusals(ctx.platform.withdraw_case(&ctx.call, &id, reason).await)? {
        Ok(()) => Ok(Redirect::to(&format!("/cases/{id}?done=withdrawn")).into_response()),
        Err(wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, withdrawal(&ctx, &id, reason, wrong).await?).into_response())
        }
    }
}

pub(super) async fn ask_hearing(
    Path(id): Path<String>,
    Posted { ctx, .. }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = case_id(&id)?;
    match refusals(ctx.platform.ask_hearing(&ctx.call, &id).await)? {
        Ok(()) => Ok(Redirect::to(&format!("/cases/{id}?done=hearing")).into_response()),
        Err(wrong) => Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&ctx, &id, "", &[], wrong).await?).into_response()),
    }
}

/// Where a granted decision stands, in words for its unit.
fn force_words(force: Force) -> String {
    match force {
        Force::InForce(None) => "有效".to_owned(),
        Force::InForce(Some(until)) => format!("有效，至 {until}"),
        Force::RenewedBySilence(until) => format!("视为准予延续，至 {until}"),
        Force::Lapsed(on) => format!("已于 {on} 届满失效"),
        Force::Revoked(on) => format!("已于 {on} 撤销、撤回或者注销"),
    }
}

#[derive(Template)]
#[template(path = "portal/application_amend.html")]
struct Amend {
    page: Page,
    id: CaseId,
    lead: String,
    fields: Vec<Markup>,
    note: Note,
    summary: ErrorSummary,
    once: String,
}

async fn draw_amendment(
    ctx: &PortalContext,
    id: &CaseId,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Html<String>, WebError> {
    let case = ctx.platform.case_page(&ctx.call, id).await?;
    let a = &case.application;
    let renewal = a.procedure.validity.as_ref().and_then(|v| v.renewal.as_ref());
    let last = case.case.last_day_to_renew(ctx.platform.rules.calendar);
    let (words, article) = match (renewal, last) {
        (Some(rule), Some(last)) => (
            format!("延续应当在届满 {} {}前提出，最晚 {last}。", rule.ask_before, rule.unit.name()),
            rule.article.clone(),
        ),
        _ => ("本事项的决定没有可以延续的期限，只能申请变更。".to_owned(), "行政许可法第四十九条".to_owned()),
    };
    let mut kinds = vec![
        Choice::new(AmendmentKind::Change.slug(), "变更").note("建设地点、规模、内容等发生变化，申请变更原决定。"),
    ];
    if renewal.is_some() {
        kinds.push(Choice::new(AmendmentKind::Renewal.slug(), "延续").note("有效期届满前不能完成，申请延长有效期。"));
    }
    let fields = vec![
        Markup::of(Field::radios("kind", "申请什么", kinds).value(form.get("kind")).required().errors(&errors)),
        Markup::of(
            Field::textarea("reason", "申请的内容和理由", 5)
                .value(form.get("reason"))
                .required()
                .max(2000)
                .errors(&errors),
        ),
        Markup::of(
            Field::date("until", "延续至")
                .value(form.get("until"))
                .hint("只有申请延续时填写；留空的，按规则允许的最长期限申请。")
                .errors(&errors),
        ),
    ];
    let page = ctx
        .page("projects", "申请变更或者延续")
        .await?
        .crumb("首页", "/")
        .crumb("我的项目", "/projects")
        .crumb(a.item_name.clone(), format!("/cases/{id}"))
        .failed(!errors.is_empty());
    let html = Amend {
        page,
        id: id.clone(),
        lead: format!("{} · {}", a.project_name, a.item_name),
        fields,
        note: Note::new(Tone::Blue, "申请之前", words).article(article),
        summary: ErrorSummary::new(&errors),
        once: ctx.once(),
    };
    Ok(Html(html.render()?))
}

pub(super) async fn amendment_form(ctx: PortalContext, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    draw_amendment(&ctx, &case_id(&id)?, &Fields::default(), Vec::new()).await
}

fn read_amendment(form: &Fields) -> Result<AmendmentRequest, Vec<Refusal>> {
    let kind = AmendmentKind::parse(form.get("kind"));
    let kind = kind.ok_or_else(|| Refusal::field("kind", "amendment.kind", "请选择申请变更还是延续。"));
    let until = match form.get("until").trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Refusal::field("until", "date.format", "请按“2026-11-24”的格式填写日期。")),
    };
    match (kind, until) {
        (Ok(kind), Ok(until)) => Ok(AmendmentRequest { kind, until, reason: form.get("reason").to_owned() }),
        (kind, until) => Err([kind.err(), until.err()].into_iter().flatten().collect()),
    }
}

pub(super) async fn ask_amendment(
    Path(id): Path<String>,
    Posted { ctx, form }: Posted<PortalContext>,
) -> Result<Response, WebError> {
    let id = case_id(&id)?;
    let wrong = match read_amendment(&form) {
        Ok(request) => match refusals(ctx.platform.ask_amendment(&ctx.call, &id, request).await)? {
            Ok(()) => return Ok(Redirect::to(&format!("/cases/{id}?done=amendment")).into_response()),
            Err(wrong) => wrong,
        },
        Err(wrong) => wrong,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, draw_amendment(&ctx, &id, &form, wrong).await?).into_response())
}
