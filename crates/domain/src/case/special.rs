//! 特别程序 as recorded sub-steps: hearing, expert review, inspection, evaluation, public notice, visit (许可法第三十四、四十三、
//! 四十五、四十七条; 673号令第九条). Which there are, how long each may take and whether it stops the clock is data.

use super::{Act, Case, CaseEvent, Notice, Scene, Way, allowed, suspension::stopped, words};
use crate::{
    Refusal,
    clock::{ClockFacts, DeadlineKind, Ground, Suspension, Unit, default_deadlines},
    tsv,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A kind of special procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialKind {
    /// Stable name, such as `expert_review`.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// The ground on which it stops the clock; `None`: its days count.
    pub ground: Option<Ground>,
    /// Unit of its own limit.
    pub unit: Unit,
    /// Its own limit; 0: the law sets none, the planned end binds.
    pub days: u32,
    /// The day its limit is counted from.
    pub start: String,
    /// The article.
    pub article: String,
    /// `seen` in the law, or `inferred`.
    pub certainty: String,
}

const HEADER: [&str; 8] = ["id", "name", "ground", "unit", "days", "start", "article", "certainty"];

/// The kind that 许可法第四十七条 has rules for.
pub const HEARING: &str = "hearing";

/// The table of kinds.
#[derive(Debug, Clone, Default)]
pub struct SpecialKinds {
    rows: Vec<SpecialKind>,
}

impl SpecialKinds {
    /// Reads `special_procedures.tsv`. Refuses a doubled id and unknown words.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut table = Self::default();
        for (at, row) in tsv::rows(text, HEADER)?.into_iter().enumerate() {
            let kind = read(row).filter(|k| table.get(&k.id).is_none());
            table.rows.push(kind.ok_or_else(|| tsv::fault(at + 1, "特别程序重复或者内容有误"))?);
        }
        Ok(table)
    }

    /// The kind of an id.
    pub fn get(&self, id: &str) -> Option<&SpecialKind> {
        self.rows.iter().find(|k| k.id == id)
    }

    /// All kinds.
    pub fn iter(&self) -> impl Iterator<Item = &SpecialKind> {
        self.rows.iter()
    }
}

fn read([id, name, ground, unit, days, start, article, certainty]: [&str; 8]) -> Option<SpecialKind> {
    let text = |s: &str| s.to_owned();
    Some(SpecialKind {
        id: text(id),
        name: text(name),
        ground: match ground {
            "-" => None,
            slug => Some(Ground::parse(slug)?),
        },
        unit: Unit::parse(unit)?,
        days: days.parse().ok()?,
        start: text(start),
        article: text(article),
        certainty: text(certainty),
    })
}

/// The table shipped with the product (`data/special_procedures.tsv`); a test proves that it reads.
pub fn special_kinds() -> &'static SpecialKinds {
    static KINDS: LazyLock<SpecialKinds> = LazyLock::new(|| {
        SpecialKinds::parse(include_str!("../../../../data/special_procedures.tsv")).unwrap_or_default()
    });
    &KINDS
}

/// What is written down when a special procedure begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialPlan {
    /// Which.
    pub kind: SpecialKind,
    /// First day.
    pub from: Date,
    /// Last day as planned, told to the applicant.
    pub planned_until: Date,
    /// Title or number of the paper that orders it.
    pub paper: String,
    /// The day the applicant was told in writing.
    pub told_on: Date,
    /// How.
    pub told_by: Way,
    /// Why it needs longer than its limit (673号令第九条: 项目情况复杂的); empty when it does not.
    pub longer: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialResult {
    /// Last day.
    pub ended_on: Date,
    /// Result in words.
    pub result: String,
    /// Title or number of the paper: minutes, report, opinion.
    pub paper: String,
}

/// A special procedure of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Special {
    /// How it began.
    pub plan: SpecialPlan,
    /// How it ended; `None` while it lasts.
    pub result: Option<SpecialResult>,
}

impl Special {
    /// Its own limit as a clock; `None` when the law sets none.
    pub fn clock(&self) -> Option<ClockFacts> {
        self.plan.kind.clock(self.plan.from, self.result.as_ref().map(|r| r.ended_on))
    }

    fn stops_the_clock(&self) -> bool {
        self.plan.kind.ground.is_some()
    }
}

impl SpecialKind {
    fn clock(&self, start: Date, finished: Option<Date>) -> Option<ClockFacts> {
        let kind = DeadlineKind {
            id: self.id.clone(),
            name: self.name.clone(),
            unit: self.unit,
            days: self.days,
            start: self.start.clone(),
            end: format!("完成{}", self.name),
            roll: false,
            article: self.article.clone(),
            certainty: self.certainty.clone(),
        };
        (self.days > 0).then(|| ClockFacts { finished, ..ClockFacts::new(kind, start) })
    }
}

/// 听证 (许可法第四十七条): told, asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    /// The day the right was told.
    pub told_on: Date,
    /// How.
    pub told_by: Way,
    /// The paper that told it.
    pub paper: String,
    /// The day the applicant asked for it.
    pub asked_on: Option<Date>,
}

/// The five days in which the applicant may ask for a hearing.
pub fn hearing_request_clock(case: &Case) -> Option<ClockFacts> {
    let hearing = case.hearing.as_ref()?;
    let kind = default_deadlines().get("hearing_request")?.clone();
    Some(ClockFacts { finished: hearing.asked_on, ..ClockFacts::new(kind, hearing.told_on) })
}

/// The twenty days in which the organ holds the hearing that was asked for.
pub fn hearing_clock(case: &Case) -> Option<ClockFacts> {
    let asked = case.hearing.as_ref()?.asked_on?;
    let kind = default_deadlines().get("hearing")?.clone();
    let held = case.specials.iter().filter(|s| s.plan.kind.id == HEARING).find_map(|s| s.result.as_ref());
    Some(ClockFacts { finished: held.map(|r| r.ended_on), ..ClockFacts::new(kind, asked) })
}

/// 告知听证权利: once, with its paper.
pub fn offer_hearing(
    case: &Case,
    told_on: Date,
    told_by: Way,
    paper: &str,
    scene: &Scene<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::OfferHearing)?;
    if case.hearing.is_some() {
        return Err(Refusal::new("hearing.told_twice", "听证权利已经告知过，不必再次告知。").article(ART47));
    }
    within(case, "told_on", told_on, scene)?;
    let paper = words("paper", paper, "告知听证权利的文书", 200)?;
    Ok(vec![CaseEvent::HearingOffered { told_on, told_by, paper }])
}

const ART47: &str = "行政许可法第四十七条";

/// 申请听证: within five days of being told.
pub fn ask_hearing(case: &Case, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::AskHearing)?;
    let today = scene.today();
    let refuse = |code, words: String| Err(Refusal::new(code, words).article(ART47));
    match (&case.hearing, hearing_request_clock(case).and_then(|c| c.due(scene.calendar))) {
        (None, _) => refuse("hearing.not_told", "办理机关没有告知听证权利，暂不能申请听证。".into()),
        (Some(hearing), _) if hearing.asked_on.is_some() => {
            refuse("hearing.asked_twice", "已经申请过听证，请等待办理机关组织。".into())
        }
        (Some(_), Some(due)) if today > due.date => refuse(
            "hearing.late",
            format!("申请听证的期限（被告知之日起五个工作日）已于 {} 届满，不能再申请。", due.date),
        ),
        _ => Ok(vec![CaseEvent::HearingAsked { asked_on: today }]),
    }
}

/// Why a decision must still wait for a hearing, if it must.
pub(super) fn hearing_open(case: &Case, scene: &Scene<'_>) -> Option<Refusal> {
    let hearing = case.hearing.as_ref()?;
    let refusal = |code, words: String| Some(Refusal::new(code, words).article(ART47));
    match hearing.asked_on {
        None => {
            let due = hearing_request_clock(case)?.due(scene.calendar)?.date;
            let words = format!("申请人在 {due} 前（含当日）可以申请听证，期限届满前不能作出决定。");
            if scene.today() <= due { refusal("hearing.waiting", words) } else { None }
        }
        Some(_) if hearing_clock(case)?.finished.is_none() => {
            refusal("hearing.not_held", "申请人已经申请听证，应当在听证结束后根据听证笔录作出决定。".into())
        }
        Some(_) => None,
    }
}

fn within(case: &Case, field: &'static str, day: Date, scene: &Scene<'_>) -> Result<(), Refusal> {
    if day > scene.today() {
        return Err(Refusal::field(field, "date.future", "日期不能晚于今天。"));
    }
    if case.accepted_at.is_some_and(|at| day < at.date()) {
        return Err(Refusal::field(field, "date.before_acceptance", "日期不能早于受理日。"));
    }
    Ok(())
}

/// 启动特别程序. One that the law does not count stops the clock by a suspension of its own.
pub fn begin_special(case: &Case, plan: SpecialPlan, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::BeginSpecial)?;
    let article = plan.kind.article.clone();
    let paper = words("paper", &plan.paper, "启动特别程序的文书", 200)?;
    let longer = plan.longer.trim().to_owned();
    within(case, "from", plan.from, scene)?;
    if plan.told_on > scene.today() {
        return Err(Refusal::field("told_on", "date.future", "日期不能晚于今天。"));
    }
    if plan.planned_until < plan.from {
        let words = "计划结束日不能早于启动日。";
        return Err(Refusal::field("planned_until", "special.order", words).article(article));
    }
    if case.specials.iter().any(|s| s.result.is_none() && s.plan.kind.id == plan.kind.id) {
        let words = format!("{}正在进行，请先登记其结果。", plan.kind.name);
        return Err(Refusal::field("kind", "special.running", words).article(article));
    }
    if let Some(asked) = hearing_clock(case).filter(|_| plan.kind.id == HEARING) {
        limit(&asked, "special.hearing_late", &plan, scene)?;
    } else if let Some(own) = plan.kind.clock(plan.from, None).filter(|_| longer.is_empty()) {
        limit(&own, "special.too_long", &plan, scene)?;
    }
    let stop = plan.kind.ground.filter(|_| !case.is_suspended()).map(|ground| CaseEvent::ClockSuspended {
        suspension: Suspension {
            from: plan.from,
            to: None,
            ground,
            document: paper.clone(),
            told_on: Some(plan.told_on),
        },
        notice: Some(Notice { special: true, ..Notice::new(plan.planned_until, plan.told_by, vec![]) }),
    });
    let begun = CaseEvent::SpecialBegun { plan: Box::new(SpecialPlan { paper, longer, ..plan }) };
    Ok(std::iter::once(begun).chain(stop).collect())
}

fn limit(clock: &ClockFacts, code: &'static str, plan: &SpecialPlan, scene: &Scene<'_>) -> Result<(), Refusal> {
    match clock.due(scene.calendar) {
        Some(due) if plan.planned_until > due.date => {
            let words = format!(
                "{}应当在 {} 前（含当日）完成（{} {}）；项目情况复杂确需更长时间的，请写明理由。",
                plan.kind.name,
                due.date,
                clock.limit(),
                clock.kind.unit.name()
            );
            Err(Refusal::field("planned_until", code, words).article(clock.kind.article.clone()))
        }
        _ => Ok(()),
    }
}

/// 结束特别程序 with its result and paper; the clock runs again when nothing else stops it.
pub fn end_special(
    case: &Case,
    at: usize,
    result: SpecialResult,
    scene: &Scene<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    allowed(case, Act::EndSpecial)?;
    let Some(special) = case.specials.get(at).filter(|s| s.result.is_none()) else {
        return Err(Refusal::new("special.not_running", "没有正在进行的这项特别程序，请刷新页面查看最新状态。"));
    };
    let words_of = |field: &str, text: &str, what| words(field, text, what, 1000);
    let result = SpecialResult {
        ended_on: result.ended_on,
        result: words_of("result", &result.result, "特别程序的结果")?,
        paper: words("paper", &result.paper, "结果文书", 200)?,
    };
    within(case, "ended_on", result.ended_on, scene)?;
    if result.ended_on < special.plan.from {
        return Err(Refusal::field("ended_on", "special.order", "结束日不能早于启动日。"));
    }
    let ended_on = result.ended_on;
    let mut events = vec![CaseEvent::SpecialEnded { at, name: special.plan.kind.name.clone(), result }];
    let others = case.specials.iter().enumerate().filter(|(i, s)| *i != at && s.stops_the_clock());
    let (running, done): (Vec<_>, Vec<_>) = others.map(|(_, s)| s).partition(|s| s.result.is_none());
    let own = stopped(case).filter(|(_, notice)| notice.is_some_and(|n| n.special));
    if let Some((stop, _)) = own.filter(|_| special.stops_the_clock() && running.is_empty()) {
        let last = done.iter().filter_map(|s| s.result.as_ref()).map(|r| r.ended_on).max();
        let to = last.map_or(ended_on, |last| last.max(ended_on)).max(stop.from);
        events.push(CaseEvent::ClockResumed { to });
    }
    Ok(events)
}

/// The special procedures that still run.
pub(super) fn running(case: &Case) -> Option<Refusal> {
    let special = case.specials.iter().find(|s| s.result.is_none())?;
    let words = format!("{}还没有结束，请先登记其结果。", special.plan.kind.name);
    Some(Refusal::new("special.running", words).article(special.plan.kind.article.clone()))
}

/// The same, of those only that stop the clock.
pub(super) fn stopping(case: &Case) -> Option<Refusal> {
    let special = case.specials.iter().find(|s| s.result.is_none() && s.stops_the_clock())?;
    let words = format!("{}还没有结束，登记其结果后计时自动恢复。", special.plan.kind.name);
    Some(Refusal::new("special.running", words).article(special.plan.kind.article.clone()))
}
