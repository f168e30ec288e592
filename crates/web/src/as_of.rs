//! 回溯查看, the same on both faces: the form with the two moments, and a case, a project or a list as it stood. Read-only:
//! no form of a look back changes anything.

mod group;

pub use group::{GroupBody, group_address};

use crate::{
    WebError,
    app::refusals,
    html::{self, ErrorSummary, Facts, Field, Markup, Note, Pill, Steps, Timeline, Tone},
    office::{case as words, show},
};
use askama::{Template, filters::HtmlSafe};
use domain::{
    Moment, Refusal,
    as_of::{AsOf, Asked},
    case::Case,
    clock::Sheet,
};
use jiff::civil::{Date, Time};
use platform::{
    Failure, Platform,
    as_of::{CaseThen, EnteredLater, ProjectThen, Then},
    case::CaseRow,
    trail::TrailEntry,
};

/// Days a sheet shows without being unfolded.
const SHORT_SHEET: usize = 15;

/// What a look back shows, and what is wrong with the moments: neither before one was chosen.
pub async fn look<T, F: Future<Output = Result<T, Failure>>>(
    asked: &Asked,
    now: Moment,
    past: impl FnOnce(AsOf) -> F,
) -> Result<(Option<T>, Vec<Refusal>), WebError> {
    if asked.is_empty() {
        return Ok((None, vec![]));
    }
    let found = match asked.read(now) {
        Ok(as_of) => refusals(past(as_of).await)?,
        Err(errors) => Err(errors),
    };
    Ok(match found {
        Ok(found) => (Some(found), vec![]),
        Err(errors) => (None, errors),
    })
}

/// The part of an address that names the two moments.
pub fn pairs(asked: &Asked) -> [(&'static str, String); 4] {
    [("on", &asked.on), ("at", &asked.at), ("known_on", &asked.known_on), ("known_at", &asked.known_at)]
        .map(|(name, text)| (name, text.trim().to_owned()))
}

/// A page of the past, with the same moments.
pub fn address(path: &str, asked: &Asked) -> String {
    format!("{path}{}", crate::office::query(pairs(asked)))
}

/// The same moment by what is known today, and by what was known then.
fn by_today(asked: &Asked, today: Date) -> Asked {
    Asked { known_on: today.to_string(), known_at: String::new(), ..asked.clone() }
}

fn by_then(asked: &Asked) -> Asked {
    Asked { known_on: String::new(), known_at: String::new(), ..asked.clone() }
}

/// What was typed stays, also when it is no date or time at all, which a field of its kind would not show.
fn typed(field: fn(&str, &str) -> Field, reads: bool, name: &str, label: &str, text: &str) -> Field {
    let field = if reads || text.trim().is_empty() { field(name, label) } else { Field::text(name, label).max(20) };
    field.value(text)
}

fn day_field(name: &str, label: &str, text: &str) -> Field {
    typed(|name, label| Field::date(name, label), text.trim().parse::<Date>().is_ok(), name, label, text)
}

fn time_field(name: &str, label: &str, text: &str) -> Field {
    typed(|name, label| Field::time(name, label), text.trim().parse::<Time>().is_ok(), name, label, text)
}

/// The fields of the two moments.
pub fn fields(asked: &Asked, errors: &[Refusal]) -> Vec<Markup> {
    [
        day_field("on", "要看哪一天", &asked.on).required(),
        time_field("at", "时间", &asked.at).hint("不填按当天结束时；今天则到现在。"),
        day_field("known_on", "登记截至", &asked.known_on).hint("不填，即与要看的时点相同：当时在系统里看到的样子。"),
        time_field("known_at", "登记截至的时间", &asked.known_at).hint("不填按当天结束时；今天则到现在。"),
    ]
    .into_iter()
    .map(|field| Markup::of(field.errors(errors)))
    .collect()
}

/// The form of a look back at one thing.
#[derive(Template)]
#[template(path = "kit/as_of.html")]
pub struct LookForm {
    title: &'static str,
    path: String,
    fields: Vec<Markup>,
    summary: ErrorSummary,
    /// The explanation is unfolded: nothing is shown yet, or something is wrong.
    explained: bool,
}

impl LookForm {
    /// With what was typed, and what is wrong with it.
    pub fn new(path: &str, asked: &Asked, errors: &[Refusal]) -> Self {
        Self {
            title: "选择要看的时点",
            path: path.to_owned(),
            fields: fields(asked, errors),
            summary: ErrorSummary::new(errors),
            explained: asked.is_empty() || !errors.is_empty(),
        }
    }

    /// The same for a list, with the fields that narrow it.
    pub fn narrowed(path: &str, asked: &Asked, narrowing: Vec<Markup>, errors: &[Refusal]) -> Self {
        let mut form = Self { title: "选择时点和范围", ..Self::new(path, asked, errors) };
        form.fields.extend(narrowing);
        form
    }
}

impl HtmlSafe for LookForm {}

/// 历史视图，只读, with the way back to the present.
pub fn banner(as_of: AsOf, back: &str) -> Note {
    let (stood, known) = (as_of.stood.display(), as_of.known.display());
    let text = match as_of.is_hindsight() {
        false => format!("这里是 {stood} 的状态，只算到当时系统已登记的内容，也就是当时在系统里看到的样子。"),
        true => format!("这里是 {stood} 的实际状态，按截至 {known} 已登记的内容，包括当时已经发生、后来才补录的事。"),
    };
    Note::new(Tone::Yellow, "历史视图，只读", text).link("回到现在", back)
}

/// What the clocks of a look back were counted with.
pub fn counted_with(then: &Then) -> String {
    let calendar = match then.calendar_number {
        0 => "系统内置的工作日历".to_owned(),
        n => format!("第 {n} 次载入后的工作日历"),
    };
    format!("时限和灯色按 {} 当天计算，使用截至 {} 的{calendar}。", then.day(), then.as_of.known.display())
}

/// Both views beside each other when they differ: what is missing here, and the way to the other one.
fn compared(path: &str, asked: &Asked, then: &Then, today: Date, late: usize, differs: Option<String>) -> Note {
    match (then.as_of.is_hindsight(), late) {
        (true, _) => Note::new(
            Tone::Blue,
            "当时的实际状态",
            "要看当时在系统里看到的样子，请改按当时系统已登记的内容查看；两者不同的，就是当时还没有登记的事。",
        )
        .link("按当时系统已登记的内容看", address(path, &by_then(asked))),
        (false, 0) => Note::new(
            Tone::Grey,
            "两种口径一致",
            "在这个时点，当时系统已登记的状态，就是按今天已登记的内容所知的当时的实际状态。",
        ),
        (false, n) => Note::new(
            Tone::Red,
            format!("有 {n} 件事当时已经发生，但还没有登记"),
            format!("它们列在下面。{}", differs.unwrap_or_else(|| "当时的办理状态不因此改变。".to_owned())),
        )
        .link("按今天已登记的内容看当时的实际状态", address(path, &by_today(asked, today))),
    }
}

/// Entries of the trail, latest first, with both times where they are apart.
fn timeline(trail: &[TrailEntry]) -> Timeline {
    trail.iter().rev().fold(Timeline::new(), |timeline, entry| entry_line(timeline, entry, entry.at.display()))
}

fn entry_line(timeline: Timeline, entry: &TrailEntry, when: String) -> Timeline {
    let (icon, tone) = show::lane(entry.lane);
    let parts = [&entry.item, &entry.actor, &entry.detail];
    let text = parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" · ");
    timeline.entry_with(icon, tone, &entry.title, when, text)
}

fn late_lines(late: &[EnteredLater]) -> Timeline {
    late.iter().fold(Timeline::new(), |timeline, later| {
        let when = format!("{} 发生，{} 才登记", later.happened.date(), later.entry.recorded_at.display());
        entry_line(timeline, &later.entry, when)
    })
}

/// One period, day by day.
struct Working {
    title: &'static str,
    explanation: String,
    holders: String,
    days: usize,
    open: bool,
    sheet: html::ClockSheet,
}

impl Working {
    fn new(title: &'static str, start: Date, event: &str, sheet: &Sheet) -> Self {
        Self {
            title,
            explanation: sheet.explanation.clone(),
            holders: show::holders(sheet),
            days: sheet.rows.len() + 1,
            open: sheet.rows.len() <= SHORT_SHEET,
            sheet: show::sheet(title, start, event, sheet),
        }
    }
}

/// The periods of a case that had begun.
fn workings(then: &CaseThen) -> Vec<Working> {
    let case = &then.page.case;
    let accepted = if case.deemed_at.is_some() { "收到申请材料（视为受理）" } else { "受理" };
    let supplied = case.correction.as_ref().and_then(|c| c.supplied_at);
    let checked = supplied.map(|at| (at, "申请人补正")).or(case.received_at.map(|at| (at, "收件")));
    let decision = case.accepted_at.zip(then.page.decision_sheet.as_ref());
    let check = checked.zip(then.page.check_sheet.as_ref());
    let decision = decision.map(|(at, sheet)| Working::new("办理时限：逐日计时", at.date(), accepted, sheet));
    let check = check.map(|((at, event), sheet)| Working::new("受理审查：逐日计时", at.date(), event, sheet));
    decision.into_iter().chain(check).collect()
}

/// A case as it stood.
#[derive(Template)]
#[template(path = "kit/as_of_case.html")]
pub struct CaseBody {
    banner: Note,
    compared: Note,
    late: Option<Timeline>,
    stage: Pill,
    light: Option<html::Light>,
    due: String,
    steps: Steps,
    facts: Facts,
    decision: Option<Facts>,
    along: Option<Facts>,
    workings: Vec<Working>,
    periods: Vec<(String, String)>,
    days: html::Days,
    counted_with: String,
    papers: Vec<String>,
    trail: Timeline,
}

impl HtmlSafe for CaseBody {}

fn state_words(case: &Case) -> String {
    show::stage_words(case.stage, case.decision.as_ref().map(|d| d.outcome))
}

impl CaseBody {
    /// `base` is the page of the present.
    pub fn new(then: &CaseThen, asked: &Asked, base: &str, today: Date) -> Self {
        let (page, case) = (&then.page, &then.page.case);
        let a = &page.application;
        let path = format!("{base}/as-of");
        let differs = (then.by_today.stage != case.stage).then(|| {
            format!(
                "当时系统登记的状态是“{}”，按今天已登记的内容，当时的实际状态是“{}”。",
                state_words(case),
                state_words(&then.by_today)
            )
        });
        let moment = |at: Option<Moment>, none: &str| at.map_or_else(|| none.to_owned(), Moment::display);
        Self {
            banner: banner(then.then.as_of, base),
            compared: compared(&path, asked, &then.then, today, then.entered_later.len(), differs),
            late: (!then.entered_later.is_empty()).then(|| late_lines(&then.entered_later)),
            stage: show::stage(case),
            light: show::case_light(page),
            due: match page.running_sheet().and_then(|sheet| sheet.due) {
                Some(due) => {
                    let day = show::due_words(Some(due.date), due.provisional);
                    format!("{}，应于 {day} 前（含当日）办完本步", case.owed().name())
                }
                None => case.owed().name().to_owned(),
            },
            steps: words::steps(case),
            facts: Facts::new()
                .row("项目名称", &a.project_name)
                .row("项目单位", &a.unit_name)
                .row("办理机关", &a.agency_name)
                .row("领办人", case.undertaker.as_ref().map_or("尚无人领办", |held| held.name.as_str()))
                .row("提交时间", case.submitted_at.display())
                .row("收件时间", moment(case.received_at, "尚未收件"))
                .row("受理时间", moment(case.accepted_at, "尚未受理"))
                .row("办理时限", a.limit.words()),
            decision: words::decision(case),
            along: words::along(page),
            workings: workings(then),
            periods: words::periods(page),
            days: html::Days::new(&page.days),
            counted_with: counted_with(&then.then),
            papers: case.documents.iter().rev().map(|d| format!("{}（{}）", d.kind.title(), d.number)).collect(),
            trail: timeline(&page.trail),
        }
    }
}

/// One case in a table of the past.
pub struct RowThen {
    /// The case as it stood; empty when the reader may not open it.
    pub href: String,
    /// Project.
    pub project: String,
    /// Its code.
    pub code: String,
    /// Item.
    pub item: String,
    /// Applicant.
    pub unit: String,
    /// Stage then.
    pub stage: Pill,
    /// What was owed then.
    pub owed: &'static str,
    /// Light then.
    pub light: html::Light,
    /// Due day as of then.
    pub due: String,
}

impl RowThen {
    /// A row; it leads to the same moment of the case.
    pub fn new(platform: &Platform, then: &Then, asked: &Asked, row: &CaseRow, opens: bool) -> Self {
        let href = if opens { address(&format!("/cases/{}/as-of", row.id), asked) } else { String::new() };
        Self {
            href,
            project: row.project_name.clone(),
            code: row.project_code.clone(),
            item: row.item_name.clone(),
            unit: row.unit_name.clone(),
            stage: Pill::new(show::stage_tone(row.stage, row.outcome), show::stage_words(row.stage, row.outcome)),
            owed: row.owed.name(),
            light: show::light_of(row, then.day(), platform.days_left_on(row, then.day(), &then.calendar)),
            due: match row.ended_at {
                Some(at) => format!("{} 结束", at.date()),
                None => show::due_words(row.due, row.provisional),
            },
        }
    }
}

/// A project as it stood.
#[derive(Template)]
#[template(path = "kit/as_of_project.html")]
pub struct ProjectBody {
    banner: Note,
    compared: Note,
    late: Option<Timeline>,
    state: Pill,
    reason: Option<Note>,
    facts: Facts,
    tasks: html::Tasks,
    count: usize,
    cases: Vec<RowThen>,
    counted_with: String,
    trail: Timeline,
}

impl HtmlSafe for ProjectBody {}

impl ProjectBody {
    /// `base` is the page of the present; `opens` says which cases the reader may open.
    pub fn new(
        platform: &Platform,
        then: &ProjectThen,
        asked: &Asked,
        base: &str,
        opens: impl Fn(&CaseRow) -> bool,
    ) -> Self {
        let (page, declared) = (&then.page, &then.page.declared);
        let path = format!("{base}/as-of");
        let today = platform.clock.now().date();
        Self {
            banner: banner(then.then.as_of, base),
            compared: compared(&path, asked, &then.then, today, then.entered_later.len(), None),
            late: (!then.entered_later.is_empty()).then(|| late_lines(&then.entered_later)),
            state: show::project_state(page.project.state),
            reason: page.project.reason.as_ref().map(|r| Note::new(Tone::Red, page.project.state.name(), r)),
            facts: Facts::new()
                .row("项目代码", &declared.code)
                .row("项目单位", &declared.unit_name)
                .row("建设地点", platform.region_name(&declared.region))
                .row("管理方式", declared.regime.name())
                .row("总投资", format!("{} 万元", declared.total_investment.wan()))
                .row("申报时间", page.project.declared_at.display()),
            tasks: html::Tasks::new(page.tasks.iter().map(|task| {
                let case = task.case.as_ref().filter(|case| opens(case));
                let href = case.map_or_else(String::new, |case| address(&format!("/cases/{}/as-of", case.id), asked));
                html::Task::new(&task.item.name, href, show::task_state(task.state)).meta(&task.agency_name)
            })),
            count: page.tasks.len(),
            cases: page.cases.iter().map(|row| RowThen::new(platform, &then.then, asked, row, opens(row))).collect(),
            counted_with: counted_with(&then.then),
            trail: timeline(&page.trail),
        }
    }
}
