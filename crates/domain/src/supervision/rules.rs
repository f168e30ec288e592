//! One pure function for each rule: facts → hit or nothing. A hit says in words what was seen, with dates and numbers.

use super::table::Rule;
use crate::{
    Meta, Moment,
    calendar::Calendar,
    case::{Case, check_clock, decision_clock, owed_clock},
    clock::{Light, Sheet, Thresholds},
    consultation::{Consultation, State},
    time::chinese_date,
};
use jiff::civil::Date;
use serde_json::Value;

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What makes this hit one of a kind: the same rule and occurrence never open a second card.
    pub occurrence: String,
    /// One Chinese sentence.
    pub sentence: String,
    /// Name and value of every fact it rests on.
    pub facts: Vec<(String, String)>,
}

/// An earlier event of the same case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its kind, such as `CorrectionAsked`.
    pub kind: String,
    /// When it happened.
    pub at: Moment,
    /// Who did it.
    pub actor: String,
}

/// One recorded event of a case, with what a rule may ask about it.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// Kind of the event.
    pub kind: &'a str,
    /// Its data. Rules about events that a slice adds later read it by name.
    pub data: &'a Value,
    /// Its number in the case's stream.
    pub version: i64,
    /// When and by whom.
    pub meta: &'a Meta,
    /// The person's name.
    pub person: &'a str,
    /// The case just before it.
    pub before: &'a Case,
    /// All earlier events of the case.
    pub earlier: &'a [Earlier],
    /// Working days.
    pub calendar: &'a Calendar,
    /// Materials of the guide the case is handled under: id and name.
    pub listed: &'a [(String, String)],
    /// Every material of the catalogue: id and name.
    pub known: &'a [(String, String)],
    /// The project code was in force when it was recorded.
    pub code_in_force: bool,
    /// Moments of this person's last entries, this one included, in any order.
    pub entries: &'a [Moment],
}

/// A running case on a day, for the rules that look at time.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The case.
    pub case: &'a Case,
    /// The day.
    pub today: Date,
    /// Working days.
    pub calendar: &'a Calendar,
    /// A consultation of another department about it, when that is what the rule looks at.
    pub consultation: Option<&'a Consultation>,
}

/// What carries a rule out.
#[derive(Clone, Copy)]
pub enum Consumer {
    /// Looks at an event.
    Event(fn(&Rule, &Happening<'_>) -> Option<Hit>),
    /// Looks at a running case on a day.
    Time(fn(&Rule, &Standing<'_>) -> Option<Hit>),
}

/// The function of a rule; a rule without one is data ahead of the program.
pub fn consumer(code: &str) -> Option<Consumer> {
    use Consumer::{Event, Time};
    Some(match code {
        "overdue" => Time(overdue),
        "near_overdue" => Time(near_overdue),
        "unanswered_consultation" => Time(unanswered_consultation),
        "late_check" => Event(late_check),
        "second_correction" => Event(second_correction),
        "suspension_near_due" => Event(suspension_near_due),
        "suspension_without_paper" => Event(suspension_without_paper),
        "material_outside" => Event(material_outside),
        "instant_decision" => Event(instant_decision),
        "back_entered" => Event(back_entered),
        "no_reviewer" => Event(no_reviewer),
        "burst" => Event(burst),
        "deemed_acceptance" => Event(deemed_acceptance),
        "code_not_verified" => Event(code_not_verified),
        _ => return None,
    })
}

fn fact(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn case_id(case: &Case) -> &str {
    case.application.as_ref().map_or("", |a| a.id.as_str())
}

/// A hit of one event of one case.
fn at_event(h: &Happening<'_>, sentence: String, mut facts: Vec<(String, String)>) -> Option<Hit> {
    facts.push(fact("记录时间", h.meta.recorded_at.display()));
    facts.push(fact("经办人员", h.person));
    Some(Hit { occurrence: format!("{}/{}", case_id(h.before), h.version), sentence, facts })
}

/// The running period of a case as of a day, with its light; nothing when none runs.
fn running(s: &Standing<'_>) -> Option<(Sheet, &'static str)> {
    let clock = owed_clock(s.case)?;
    let unit = clock.kind.unit.name();
    Some((clock.sheet(s.calendar, s.today, Thresholds::default()), unit))
}

fn at_due(s: &Standing<'_>, sheet: Sheet, facts: Vec<(String, String)>) -> Option<Hit> {
    let due = sheet.due?.date;
    let occurrence = format!("{}/{}/{due}", case_id(s.case), owed_clock(s.case)?.kind.id);
    Some(Hit { occurrence, sentence: sheet.explanation, facts })
}

fn overdue(_: &Rule, s: &Standing<'_>) -> Option<Hit> {
    let (sheet, unit) = running(s).filter(|(sheet, _)| sheet.light == Light::Red)?;
    let due = sheet.due?.date;
    let facts = vec![
        fact("应办事项", s.case.owed().name()),
        fact("期限", format!("{}{unit}", sheet.limit)),
        fact("届满日", chinese_date(due)),
        fact("核查日", chinese_date(s.today)),
        fact("已超期", format!("{}{unit}", sheet.overdue)),
    ];
    at_due(s, sheet, facts)
}

fn near_overdue(_: &Rule, s: &Standing<'_>) -> Option<Hit> {
    let (sheet, unit) = running(s).filter(|(sheet, _)| sheet.light == Light::Yellow)?;
    let due = sheet.due?.date;
    let facts = vec![
        fact("应办事项", s.case.owed().name()),
        fact("期限", format!("{}{unit}", sheet.limit)),
        fact("届满日", chinese_date(due)),
        fact("核查日", chinese_date(s.today)),
        fact("剩余", format!("{}{unit}", sheet.remaining)),
    ];
    at_due(s, sheet, facts)
}

fn unanswered_consultation(_: &Rule, s: &Standing<'_>) -> Option<Hit> {
    let consultation = s.consultation.filter(|c| c.state == State::Asked)?;
    let late = consultation.asked.as_deref().filter(|asked| asked.reply_by < s.today)?;
    let sentence = format!(
        "{}征求{}意见，应于{}前回复，至{}仍未回复（{}）。",
        late.from_name,
        late.to_name,
        chinese_date(late.reply_by),
        chinese_date(s.today),
        late.silence.name()
    );
    let facts = vec![
        fact("征求部门", &late.from_name),
        fact("被征求部门", &late.to_name),
        fact("征求日期", chinese_date(consultation.asked_at.date())),
        fact("应回复日期", chinese_date(late.reply_by)),
    ];
    Some(Hit { occurrence: late.id.to_string(), sentence, facts })
}

/// 受理审查: answered after the five working days.
fn late_check(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let clock = check_clock(h.before).filter(|clock| clock.finished.is_none())?;
    let (due, day) = (clock.due(h.calendar)?.date, h.meta.at.date());
    if day <= due {
        return None;
    }
    let late = h.calendar.working_days_between(due, day);
    let sentence = format!(
        "{}收到材料，应于{}前受理、一次性告知补正或者不予受理，实际于{}才作出，超过 {late} 个工作日。",
        chinese_date(clock.start),
        chinese_date(due),
        chinese_date(day)
    );
    let facts = vec![
        fact("起算日", chinese_date(clock.start)),
        fact("应当作出", chinese_date(due)),
        fact("实际作出", chinese_date(day)),
        fact("超过", format!("{late} 个工作日")),
    ];
    at_event(h, sentence, facts)
}

/// A second correction notice: flagged by the event, or found among the earlier ones.
fn second_correction(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let earlier = h.earlier.iter().filter(|e| e.kind == h.kind).collect::<Vec<_>>();
    let reason = h.data.get("repeated").and_then(Value::as_str);
    let flagged = reason.is_some() || h.data.get("repeated") == Some(&Value::Bool(true));
    if earlier.is_empty() && !flagged {
        return None;
    }
    let first = earlier.first().map_or_else(|| "此前".to_owned(), |e| chinese_date(e.at.date()));
    let times = earlier.len().max(1) + 1;
    let sentence = format!("{first}已告知过补正，又第 {times} 次告知，没有做到一次性告知。");
    let mut facts = vec![fact("首次告知", first), fact("告知次数", format!("{times} 次"))];
    if let Some(reason) = reason {
        facts.push(fact("部门说明", reason));
    }
    at_event(h, sentence, facts)
}

/// A suspension begun when hardly any time was left.
fn suspension_near_due(rule: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let days = rule.number("days", 2);
    let clock = decision_clock(h.before)?;
    let sheet = clock.sheet(h.calendar, h.meta.at.date(), Thresholds::default());
    if sheet.light == Light::Red || sheet.remaining > days {
        return None;
    }
    let (due, unit) = (sheet.due?.date, clock.kind.unit.name());
    let sentence = format!(
        "办理期限{}届满，在只剩 {} {unit}时暂停计时（预警线 {days} {unit}）。",
        chinese_date(due),
        sheet.remaining
    );
    let facts = vec![
        fact("届满日", chinese_date(due)),
        fact("暂停时剩余", format!("{} {unit}", sheet.remaining)),
        fact("暂停依据", ground(h.data)),
        fact("文书", paper(h.data)),
    ];
    at_event(h, sentence, facts)
}

fn ground(data: &Value) -> String {
    let ground = data.pointer("/suspension/ground").cloned().unwrap_or_default();
    serde_json::from_value::<crate::clock::Ground>(ground).map_or_else(|_| "未写明".into(), |g| g.name().to_owned())
}

fn paper(data: &Value) -> &str {
    match data.pointer("/suspension/document").and_then(Value::as_str).map(str::trim) {
        None | Some("") => "没有",
        Some(paper) => paper,
    }
}

/// Names of the files of a suspension's paper.
fn paper_files(data: &Value) -> Vec<&str> {
    let files = data.pointer("/notice/files").and_then(Value::as_array).into_iter().flatten();
    files.filter_map(|file| file.get("name").and_then(Value::as_str)).collect()
}

/// The suspension stands on its own, and its record says what the applicant was told: such a one has its paper uploaded. A
/// special procedure has its own paper; older records only name it.
fn has_own_paper(data: &Value) -> bool {
    data.pointer("/notice/special").and_then(Value::as_bool) == Some(false)
}

/// A suspension without paper, or without proof that the applicant was told.
fn suspension_without_paper(rule: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let told = h.data.pointer("/suspension/told_on").and_then(Value::as_str);
    let day = |text: Option<&str>| text.and_then(|text| text.parse::<Date>().ok());
    let from = day(h.data.pointer("/suspension/from").and_then(Value::as_str));
    let paper = paper(h.data);
    let afterwards = day(told).zip(from).is_some_and(|(told, from)| told > from);
    let files = paper_files(h.data);
    let bare = rule.number("upload", 0) == 1 && has_own_paper(h.data) && files.is_empty();
    let missing = match told {
        _ if paper == "没有" => "没有告知文书",
        None => "没有书面告知申请人的日期",
        Some(_) if afterwards => "开始以后才书面告知申请人",
        Some(_) if bare => "只登记了告知文书的名称，没有上传文书",
        Some(_) => return None,
    };
    let sentence = format!("因{}暂停计时，{missing}。暂停应当将所需时间书面告知申请人。", ground(h.data));
    let uploaded = if files.is_empty() { "没有".to_owned() } else { files.join("、") };
    let facts = vec![
        fact("暂停依据", ground(h.data)),
        fact("文书", paper),
        fact("上传的文书", uploaded),
        fact("书面告知日期", told.unwrap_or("没有")),
    ];
    at_event(h, sentence, facts)
}

/// Shortest name of a material that is looked for in free text.
const TELLING_NAME: usize = 4;

fn is_named(name: &str, text: &str) -> bool {
    name.chars().count() >= TELLING_NAME && text.contains(name)
}

/// A correction point about a material that is not in the guide, by its id or by its unified name in the text.
fn material_outside(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let points = h.data.get("points").and_then(Value::as_array)?;
    let listed = |id: &str| h.listed.iter().any(|(known, _)| known == id);
    let mut outside: Vec<&str> = Vec::new();
    for point in points {
        let id = point.get("material").and_then(Value::as_str).unwrap_or_default();
        let text = point.get("text").and_then(Value::as_str).unwrap_or_default();
        let named: Vec<_> = h.known.iter().filter(|(_, name)| is_named(name, text)).collect();
        // Of 可行性研究报告批复 and 可行性研究报告 the longer one is meant.
        let longest =
            named.iter().filter(|(_, name)| !named.iter().any(|(_, n)| n != name && n.contains(name.as_str())));
        let by_name = longest.filter(|(known, _)| !listed(known)).map(|(_, name)| name.as_str());
        let by_id = h.known.iter().filter(|(known, _)| known == id && !listed(known)).map(|(_, name)| name.as_str());
        outside.extend(by_id.chain(by_name));
    }
    outside.sort_unstable();
    outside.dedup();
    if outside.is_empty() {
        return None;
    }
    let names = outside.join("、");
    let sentence = format!("补正通知要求提交“{names}”，不在本事项办事指南的材料清单内。指南以外的材料不得要求。");
    let facts = vec![fact("指南外材料", names), fact("指南材料数", format!("{} 项", h.listed.len()))];
    at_event(h, sentence, facts)
}

/// Accepted and decided within a minute.
fn instant_decision(rule: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let limit = i64::from(rule.number("seconds", 60));
    // 告知承诺 is meant to be decided on the spot.
    let accepted = h.before.accepted_at.filter(|_| h.before.commitment().is_none())?;
    let seconds = (h.meta.recorded_at.0 - accepted.0) / 1000;
    if !(0..limit).contains(&seconds) {
        return None;
    }
    let sentence = format!("受理后 {seconds} 秒即作出决定（预警线 {limit} 秒），需要说明是否在系统外办理、事后补录。");
    let facts = vec![
        fact("受理时间", accepted.display()),
        fact("决定时间", h.meta.at.display()),
        fact("相隔", format!("{seconds} 秒")),
    ];
    at_event(h, sentence, facts)
}

/// A result entered days after it came about: by the date of the paper, or by the moment stated for the event.
fn back_entered(rule: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let most = i64::from(rule.number("days", 3));
    let dated = h.data.get("decided_on").and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
    let happened = dated.unwrap_or_else(|| h.meta.at.date()).min(h.meta.at.date());
    let recorded = h.meta.recorded_at.date();
    let days = h.calendar.working_days_between(happened, recorded);
    if recorded <= happened || days <= most {
        return None;
    }
    let sentence = format!(
        "结果形成于{}，{}才录入系统，相隔 {days} 个工作日（预警线 {most} 个工作日）。",
        chinese_date(happened),
        chinese_date(recorded)
    );
    let facts = vec![
        fact("结果形成日期", chinese_date(happened)),
        fact("录入日期", chinese_date(recorded)),
        fact("相隔", format!("{days} 个工作日")),
    ];
    at_event(h, sentence, facts)
}

/// The event that records a review.
const REVIEW: &str = "ProposalReviewed";

/// Decided without a review by somebody else. What its procedure lets one person decide needs none.
fn no_reviewer(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let mut reviews = h.earlier.iter().filter(|e| e.kind == REVIEW);
    if reviews.any(|review| review.actor != h.meta.actor) {
        return None;
    }
    // A simple item, or a promise: nothing was proposed, one person may decide.
    if h.before.proposal.is_none() && h.before.is_one_step() {
        return None;
    }
    let sentence = "作出决定前没有其他人员的审核记录，未做到经办、审核、审批分离。".to_owned();
    let mut facts = vec![fact("审核记录", "没有"), fact("决定时间", h.meta.at.display())];
    if let Some(reason) = h.data.get("unreviewed").and_then(Value::as_str) {
        facts.push(fact("部门说明", reason));
    }
    at_event(h, sentence, facts)
}

/// Many entries of one person in a few minutes; one hit a day at most.
fn burst(rule: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let (most, minutes) = (rule.number("entries", 6), rule.number("minutes", 5));
    let until = h.meta.recorded_at;
    let since = Moment(until.0 - i64::from(minutes) * 60_000);
    let within = h.entries.iter().filter(|at| **at > since && **at <= until);
    let (count, first) = within.fold((0u32, until), |(n, first), at| (n + 1, first.min(*at)));
    if count < most {
        return None;
    }
    let sentence = format!(
        "{}在 {minutes} 分钟内连续录入 {count} 项办理操作（预警线 {most} 项），需要说明是否集中补录。",
        h.person
    );
    let facts = vec![
        fact("起始", first.display()),
        fact("截止", until.display()),
        fact("操作数", format!("{count} 项")),
        fact("经办人员", h.person),
    ];
    Some(Hit { occurrence: format!("{}/{}", h.meta.actor, until.date()), sentence, facts })
}

/// 视为受理: the five days passed in silence.
fn deemed_acceptance(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let received = h.before.received_at?.date();
    let due = check_clock(h.before)?.due(h.calendar)?.date;
    let sentence = format!(
        "{}收件，至{}未受理、未告知补正，依法自收到申请材料之日起即为受理。",
        chinese_date(received),
        chinese_date(due)
    );
    at_event(h, sentence, vec![fact("收件日期", chinese_date(received)), fact("应当告知", chinese_date(due))])
}

/// A paper that carries a code which failed its check or is out of force.
fn code_not_verified(_: &Rule, h: &Happening<'_>) -> Option<Hit> {
    let number = h.data.pointer("/document/number").and_then(Value::as_str)?;
    let code = h.data.pointer("/document/project_code").and_then(Value::as_str).unwrap_or_default();
    let why = match &h.before.code_check {
        _ if !h.code_in_force => "该代码已经作废或者项目已经撤回".to_owned(),
        Some(Err(fault)) => format!("最近一次核验未通过：{}", fault.trim_end_matches('。')),
        _ => return None,
    };
    let sentence = format!("文书“{number}”标注的项目代码 {code} 未通过核验：{why}。");
    at_event(h, sentence, vec![fact("文书", number), fact("项目代码", code), fact("原因", why)])
}
