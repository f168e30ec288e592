//! What follows a granted decision: delivery, revocation, change, renewal, and the end that comes by itself
//! (许可法第四十四、四十九、五十、六十九、七十条; 673号令第十一、十二条).

use super::{Act, Case, CaseEvent, Lapse, Outcome, Papers, RenewalRule, Scene, Silence, Way, allowed, words};
use crate::{
    Moment, Refusal,
    calendar::Calendar,
    clock::{ClockFacts, Unit, default_deadlines},
};
use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

/// 送达.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The day.
    pub on: Date,
    /// How.
    pub by: Way,
    /// Who received it.
    pub receiver: String,
}

/// How a decision is taken out of force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoking {
    /// 撤销: it should not have been made (许可法第六十九条).
    Annul,
    /// 撤回: law or circumstances changed (许可法第八条第二款).
    Recall,
    /// 注销: struck off the register (许可法第七十条).
    StrikeOff,
}

/// 撤销、撤回、注销的法定情形.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationGround {
    /// 滥用职权、玩忽职守作出的.
    Abuse,
    /// 超越法定职权作出的.
    BeyondPowers,
    /// 违反法定程序作出的.
    AgainstProcedure,
    /// 对不具备申请资格或者不符合法定条件的申请人准予的.
    NotEligible,
    /// 以欺骗、贿赂等不正当手段取得的.
    Fraud,
    /// 所依据的法律、法规、规章修改或者废止.
    LawChanged,
    /// 准予所依据的客观情况发生重大变化.
    CircumstancesChanged,
    /// 有效期届满未延续.
    Expired,
    /// 法人或者其他组织依法终止.
    UnitDissolved,
    /// 依法被撤销、撤回，或者许可证件依法被吊销.
    Withdrawn,
    /// 因不可抗力导致许可事项无法实施.
    ForceMajeure,
}

impl RevocationGround {
    /// All grounds.
    pub const ALL: [Self; 11] = [
        Self::Abuse,
        Self::BeyondPowers,
        Self::AgainstProcedure,
        Self::NotEligible,
        Self::Fraud,
        Self::LawChanged,
        Self::CircumstancesChanged,
        Self::Expired,
        Self::UnitDissolved,
        Self::Withdrawn,
        Self::ForceMajeure,
    ];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abuse => "工作人员滥用职权、玩忽职守作出准予决定",
            Self::BeyondPowers => "超越法定职权作出准予决定",
            Self::AgainstProcedure => "违反法定程序作出准予决定",
            Self::NotEligible => "对不具备申请资格或者不符合法定条件的申请人准予",
            Self::Fraud => "以欺骗、贿赂等不正当手段取得",
            Self::LawChanged => "所依据的法律、法规、规章修改或者废止",
            Self::CircumstancesChanged => "准予所依据的客观情况发生重大变化",
            Self::Expired => "有效期届满未延续",
            Self::UnitDissolved => "法人或者其他组织依法终止",
            Self::Withdrawn => "依法被撤销、撤回，或者证件依法被吊销",
            Self::ForceMajeure => "因不可抗力导致许可事项无法实施",
        }
    }

    /// What it leads to.
    pub fn revoking(self) -> Revoking {
        match self {
            Self::Abuse | Self::BeyondPowers | Self::AgainstProcedure | Self::NotEligible | Self::Fraud => {
                Revoking::Annul
            }
            Self::LawChanged | Self::CircumstancesChanged => Revoking::Recall,
            Self::Expired | Self::UnitDissolved | Self::Withdrawn | Self::ForceMajeure => Revoking::StrikeOff,
        }
    }

    /// The article.
    pub fn article(self) -> &'static str {
        match (self, self.revoking()) {
            (Self::Fraud, _) => "行政许可法第六十九条第二款",
            (_, Revoking::Annul) => "行政许可法第六十九条第一款",
            (_, Revoking::Recall) => "行政许可法第八条第二款",
            (_, Revoking::StrikeOff) => "行政许可法第七十条",
        }
    }

    /// Machine name.
    pub fn slug(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.slug() == slug)
    }
}

impl Revoking {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Annul => "撤销",
            Self::Recall => "撤回",
            Self::StrikeOff => "注销",
        }
    }
}

/// A decision that was taken out of force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Legal ground.
    pub ground: RevocationGround,
    /// Facts and reason.
    pub reason: String,
    /// 文号 of the organ's paper.
    pub document_number: String,
    /// The day of the paper.
    pub on: Date,
}

/// What is asked after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentKind {
    /// 变更.
    Change,
    /// 延续 (延期).
    Renewal,
}

impl AmendmentKind {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "变更",
            Self::Renewal => "延续",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Renewal => "renewal",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        [Self::Change, Self::Renewal].into_iter().find(|k| k.slug() == slug)
    }
}

/// What the unit asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentRequest {
    /// Change or renewal.
    pub kind: AmendmentKind,
    /// What is to be changed, or why more time is needed.
    pub reason: String,
    /// For a renewal: until when.
    pub until: Option<Date>,
}

/// What the organ decided on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentDecision {
    /// Granted or refused.
    pub outcome: Outcome,
    /// Opinion; for a refusal its reason.
    pub opinion: String,
    /// 文号.
    pub document_number: String,
    /// The day of the paper.
    pub on: Date,
}

/// 变更, 延续: asked, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// What was asked.
    pub request: AmendmentRequest,
    /// When.
    pub asked_at: Moment,
    /// What was decided.
    pub decision: Option<AmendmentDecision>,
}

/// Calendar days of the reminder where no rule of the item says otherwise (inferred).
const DEFAULT_REMINDER: u32 = 30;

/// Where a granted decision stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// 有效, to that day; `None`: without end.
    InForce(Option<Date>),
    /// 视为准予延续: the organ was silent on a renewal asked in time; in force to that day.
    RenewedBySilence(Date),
    /// 自动失效 on the day after this one.
    Lapsed(Date),
    /// 已撤销、撤回或者注销.
    Revoked(Date),
}

impl Force {
    /// Whether it may still be relied on.
    pub fn is_in_force(self) -> bool {
        matches!(self, Self::InForce(_) | Self::RenewedBySilence(_))
    }
}

pub(super) fn months_after(day: Date, months: u32) -> Date {
    Span::new().try_months(months).map_or(day, |span| day.saturating_add(span))
}

/// The day a decision of that day is valid to when the rulebook sets a term.
pub fn valid_until(case: &Case, decided_on: Date) -> Option<Date> {
    let rule = case.application.as_ref()?.procedure.validity.as_ref()?;
    Some(months_after(decided_on, rule.months))
}

impl Case {
    pub(super) fn granted(&self) -> Option<&super::Decision> {
        self.decision.as_deref().filter(|d| d.outcome == Outcome::Granted)
    }

    fn renewal_rule(&self) -> Option<&RenewalRule> {
        self.application.as_ref()?.procedure.validity.as_ref()?.renewal.as_ref()
    }

    /// Construction has begun, so that a term for beginning it ends nothing any more.
    fn stays(&self) -> bool {
        let rule = self.application.as_ref().and_then(|a| a.procedure.validity.as_ref());
        self.started_on.is_some() && rule.is_some_and(|r| r.lapses == Lapse::Unstarted)
    }

    /// The last day the decision is valid by what was decided; silence is not in it.
    fn term(&self) -> Option<Date> {
        let granted = |a: &&Amendment| a.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted);
        let renewed = self.amendments.iter().rev().filter(granted).find_map(|a| a.request.until);
        renewed.or(self.granted()?.valid_until)
    }

    /// The amendment that waits for its decision.
    pub fn open_amendment(&self) -> Option<&Amendment> {
        self.amendments.last().filter(|a| a.decision.is_none() && self.lapsed_on.is_none() && self.revocation.is_none())
    }

    /// Whether the licence has yet to be delivered.
    pub fn awaits_delivery(&self) -> bool {
        let owed = self.application.as_ref().is_some_and(|a| a.procedure.delivery.is_some());
        owed && self.granted().is_some() && self.delivery.is_none() && self.revocation.is_none()
    }

    /// Where the granted decision stands on that day; `None` when nothing was granted. A function of the facts and the day:
    /// what lapses by itself needs no act.
    pub fn force(&self, today: Date) -> Option<Force> {
        self.granted()?;
        if let Some(revoked) = &self.revocation {
            return Some(Force::Revoked(revoked.on));
        }
        let Some(end) = self.term().filter(|_| !self.stays()) else { return Some(Force::InForce(None)) };
        if today <= end {
            return Some(Force::InForce(Some(end)));
        }
        let asked = self
            .amendments
            .last()
            .filter(|a| a.decision.is_none() && a.request.kind == AmendmentKind::Renewal && a.asked_at.date() <= end);
        let silent = asked.filter(|_| self.renewal_rule().is_some_and(|r| r.silence == Silence::Renewed));
        Some(match silent.and_then(|a| a.request.until) {
            Some(until) if today <= until => Force::RenewedBySilence(until),
            Some(until) => Force::Lapsed(until),
            None => Force::Lapsed(end),
        })
    }

    /// The last day of a decision in force that ends by itself, so that its end can be noted in time.
    pub fn expires(&self) -> Option<Date> {
        self.term().filter(|_| self.is_in_force() && !self.stays())
    }

    /// The day on which the unit is to be reminded that the decision ends; `None` when it was, when it has already asked for
    /// a renewal, or when nothing ends.
    pub fn reminder_day(&self, calendar: &Calendar) -> Option<Date> {
        let end = self.expires().filter(|end| self.reminded != Some(*end) && self.open_amendment().is_none())?;
        let last = self.last_day_to_renew(calendar).unwrap_or(end);
        let rule = self.application.as_ref()?.procedure.validity.as_ref();
        let days = rule.map_or(DEFAULT_REMINDER, |rule| rule.remind_before);
        Some(last.saturating_sub(Span::new().days(i64::from(days))))
    }

    /// The last day on which time alone has done nothing new to the decision: after it [`settle`] has something to note.
    pub fn settled_until(&self, calendar: &Calendar) -> Option<Date> {
        let end = self.expires()?;
        let before = |day: Date| day.saturating_sub(Span::new().days(1));
        Some(self.reminder_day(calendar).map_or(end, before))
    }

    /// The last day on which a renewal can be asked; `None` when it cannot.
    pub fn last_day_to_renew(&self, calendar: &Calendar) -> Option<Date> {
        let (rule, end) = (self.renewal_rule()?, self.term()?);
        let renewed = |a: &Amendment| {
            a.request.kind == AmendmentKind::Renewal
                && a.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted)
        };
        if rule.once && self.amendments.iter().any(renewed) {
            return None;
        }
        Some(match rule.unit {
            Unit::Calendar => end.saturating_sub(Span::new().days(i64::from(rule.ask_before))),
            Unit::Working => working_days_before(calendar, end, rule.ask_before),
        })
    }
}

/// The latest day after which at least `n` working days remain up to and including `end`.
fn working_days_before(calendar: &Calendar, end: Date, n: u32) -> Date {
    let longest = i64::from(n) * 4 + 30;
    (0..=longest)
        .map(|back| end.saturating_sub(Span::new().days(back)))
        .find(|day| calendar.working_days_between(*day, end) >= i64::from(n))
        .unwrap_or(end)
}

/// Ten working days to deliver the licence (许可法第四十四条).
pub fn delivery_clock(case: &Case) -> Option<ClockFacts> {
    let decided = case.granted()?.decided_on;
    let term = case.application.as_ref()?.procedure.delivery.as_ref()?;
    let kind = default_deadlines().get("delivery")?.clone();
    let kind = crate::clock::DeadlineKind { unit: term.unit, days: term.days, article: term.article.clone(), ..kind };
    let finished = case.delivery.as_ref().map(|d| d.on).or(case.revocation.as_ref().map(|r| r.on));
    Some(ClockFacts { finished, ..ClockFacts::new(kind, decided) })
}

/// The days in which the organ decides on a change or a renewal, where the rules give a number; the latest that was asked.
pub fn amendment_clock(case: &Case) -> Option<ClockFacts> {
    let amendment = case.amendments.last()?;
    let procedure = &case.application.as_ref()?.procedure;
    let kind = match amendment.request.kind {
        AmendmentKind::Change => {
            procedure.change.as_ref()?.deadline("change_decision", "变更决定", "收到变更申请之日", "作出决定")
        }
        AmendmentKind::Renewal => {
            let rule = case.renewal_rule()?;
            let kind = default_deadlines().get("ratification_extension")?.clone();
            crate::clock::DeadlineKind {
                id: "renewal_decision".into(),
                name: "延续决定".into(),
                days: rule.decide?,
                start: "收到延续申请之日".into(),
                article: rule.article.clone(),
                ..kind
            }
        }
    };
    let finished = amendment.decision.as_ref().map(|d| d.on);
    Some(ClockFacts { finished, ..ClockFacts::new(kind, amendment.asked_at.date()) })
}

fn granted(case: &Case, act: Act) -> Result<&super::Decision, Refusal> {
    allowed(case, act)?;
    case.granted()
        .ok_or_else(|| Refusal::new("licence.none", format!("本办件没有准予的决定，不能进行“{}”。", act.name())))
}

pub(super) fn in_force(case: &Case, act: Act, scene: &Scene<'_>) -> Result<Date, Refusal> {
    let decided_on = granted(case, act)?.decided_on;
    match case.force(scene.today()) {
        Some(Force::Lapsed(end)) => {
            Err(Refusal::new("licence.lapsed", format!("该决定已于 {end} 届满失效，不能进行“{}”。", act.name())))
        }
        Some(Force::Revoked(on)) => {
            Err(Refusal::new("licence.revoked", format!("该决定已于 {on} 撤销、撤回或者注销。")))
        }
        _ => Ok(decided_on),
    }
}

pub(super) fn day_fits(field: &'static str, on: Date, earliest: Date, scene: &Scene<'_>) -> Result<(), Refusal> {
    if on > scene.today() {
        return Err(Refusal::field(field, "date.future", "日期不能晚于今天。"));
    }
    if on < earliest {
        return Err(Refusal::field(field, "date.too_early", format!("日期不能早于 {earliest}。")));
    }
    Ok(())
}

/// 登记送达: once.
pub fn deliver(case: &Case, delivery: Delivery, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    let decided_on = granted(case, Act::Deliver)?.decided_on;
    const ARTICLE: &str = "行政许可法第四十四条";
    if let Some(done) = &case.delivery {
        let words = format!("已于 {} 送达，不必再次登记。", done.on);
        return Err(Refusal::new("delivery.twice", words).article(ARTICLE));
    }
    if !case.awaits_delivery() {
        return Err(Refusal::new("delivery.none", "本办件没有需要送达的许可证件。").article(ARTICLE));
    }
    day_fits("on", delivery.on, decided_on, scene)?;
    let receiver = words("receiver", &delivery.receiver, "签收人", 100).map_err(|r| r.article(ARTICLE))?;
    Ok(vec![CaseEvent::LicenceDelivered { delivery: Delivery { receiver, ..delivery } }])
}

/// 登记开工建设: from then on a decision that lapses when construction has not begun stays.
pub fn note_start(case: &Case, on: Date, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    let decided_on = in_force(case, Act::NoteStart, scene)?;
    let rule = case.application.as_ref().and_then(|a| a.procedure.validity.as_ref());
    let Some(rule) = rule.filter(|r| r.lapses == Lapse::Unstarted) else {
        return Err(Refusal::new("start.none", "本事项的有效期与开工建设无关，不必登记开工。"));
    };
    if case.started_on.is_some() {
        return Err(Refusal::new("start.twice", "已经登记过开工建设。").article(rule.article.clone()));
    }
    day_fits("on", on, decided_on, scene)?;
    Ok(vec![CaseEvent::StartNoted { on }])
}

/// 撤销、撤回、注销, on legal ground with its paper.
pub fn revoke(
    case: &Case,
    revocation: Revocation,
    scene: &Scene<'_>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Refusal> {
    let decided_on = granted(case, Act::Revoke)?.decided_on;
    let application = allowed(case, Act::Revoke)?;
    let article = revocation.ground.article();
    if case.revocation.is_some() {
        return Err(Refusal::new("licence.revoked", "该决定已经撤销、撤回或者注销。").article(article));
    }
    let lapsed = matches!(case.force(scene.today()), Some(Force::Lapsed(_)));
    if revocation.ground == RevocationGround::Expired && !lapsed {
        return Err(Refusal::field("ground", "revoke.not_expired", "有效期还没有届满，不能以此注销。").article(article));
    }
    day_fits("on", revocation.on, decided_on, scene)?;
    let text = |field, value: &str, what, most| words(field, value, what, most).map_err(|r| r.article(article));
    let revocation = Revocation {
        reason: text("reason", &revocation.reason, "事实和理由", 1000)?,
        document_number: text("document_number", &revocation.document_number, "决定文书文号", 100)?,
        ..revocation
    };
    let document = Box::new(papers.revocation_notice(application, &revocation));
    Ok(vec![CaseEvent::LicenceRevoked { revocation, document }])
}

/// 申请变更或者延续.
pub fn ask_amendment(case: &Case, request: AmendmentRequest, scene: &Scene<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    in_force(case, Act::AskAmendment, scene)?;
    let today = scene.today();
    if case.open_amendment().is_some() {
        return Err(Refusal::new("amendment.running", "已有一项变更或者延续申请正在办理，请等待决定。"));
    }
    let reason = words("reason", &request.reason, "申请的内容和理由", 2000)?;
    let until = match request.kind {
        AmendmentKind::Change => {
            let rule = case.application.as_ref().and_then(|a| a.procedure.change.as_ref());
            rule.ok_or_else(|| Refusal::new("amendment.none", "本事项的决定不能变更，请重新申请。"))?;
            None
        }
        AmendmentKind::Renewal => Some(renewed_until(case, request.until, today, scene.calendar)?),
    };
    Ok(vec![CaseEvent::AmendmentAsked { request: AmendmentRequest { reason, until, ..request } }])
}

/// The day a renewal asked today leads to, or why it cannot be asked.
fn renewed_until(case: &Case, asked: Option<Date>, today: Date, calendar: &Calendar) -> Result<Date, Refusal> {
    let Some((rule, end)) = case.renewal_rule().zip(case.term()) else {
        return Err(Refusal::new("renewal.none", "本事项的决定没有期限或者不能延续。").article("行政许可法第五十条"));
    };
    let refuse = |refusal: Refusal| Err(refusal.article(rule.article.clone()));
    let granted = |a: &&Amendment| {
        a.request.kind == AmendmentKind::Renewal && a.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted)
    };
    let times = u32::try_from(case.amendments.iter().filter(granted).count()).unwrap_or(u32::MAX);
    if let Some(most) = rule.times().filter(|most| times >= *most) {
        return refuse(Refusal::new("renewal.again", format!("最多可以延续 {most} 次，已经用完。")));
    }
    if let Some(last) = case.last_day_to_renew(calendar).filter(|last| today > *last) {
        let words = format!("延续应当在届满 {}{}前提出，最晚为 {last}，现已超过。", rule.ask_before, rule.unit.name());
        return refuse(Refusal::new("renewal.late", words));
    }
    let most = rule.months.or(case.application.as_ref().and_then(|a| a.procedure.validity.as_ref()).map(|v| v.months));
    let longest = most.map_or(end, |months| months_after(end, months));
    match asked {
        None => Ok(longest),
        Some(until) if until <= end || until > longest => refuse(Refusal::field(
            "until",
            "renewal.until",
            format!("延续后的截止日应当在 {end} 之后，最晚为 {longest}。"),
        )),
        Some(until) => Ok(until),
    }
}

/// 决定变更或者延续. After the end of the term there is nothing left to decide on a renewal: it has been renewed or has lapsed.
pub fn decide_amendment(
    case: &Case,
    decision: AmendmentDecision,
    scene: &Scene<'_>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::DecideAmendment)?;
    let Some(amendment) = case.open_amendment() else {
        return Err(Refusal::new("amendment.not_asked", "没有待决定的变更或者延续申请。"));
    };
    if amendment.request.kind == AmendmentKind::Renewal && !matches!(case.force(scene.today()), Some(Force::InForce(_)))
    {
        let article = case.renewal_rule().map(|r| r.article.clone()).unwrap_or_default();
        let words = "有效期已经届满：逾期未作决定的后果已依法自行发生，不能再作决定。";
        return Err(Refusal::new("renewal.over", words).article(article));
    }
    day_fits("on", decision.on, amendment.asked_at.date(), scene)?;
    let decision = AmendmentDecision {
        opinion: words("opinion", &decision.opinion, "决定的意见", 2000)?,
        document_number: words("document_number", &decision.document_number, "决定文书文号", 100)?,
        ..decision
    };
    let document = Box::new(papers.amendment_notice(application, &amendment.request, &decision));
    Ok(vec![CaseEvent::AmendmentDecided { decision, document }])
}

/// What time alone has done to a granted decision, as a fact for the ledger: 自动失效, 视为准予延续, or that its end is near and
/// the unit has to be told. Recorded by the platform.
pub fn settle(case: &Case, calendar: &Calendar, today: Date) -> Vec<CaseEvent> {
    match case.force(today) {
        Some(Force::InForce(Some(until))) if case.reminder_day(calendar).is_some_and(|day| day <= today) => {
            let renew_by = case.last_day_to_renew(calendar).filter(|last| *last >= today);
            vec![CaseEvent::ExpiryReminded { until, renew_by }]
        }
        Some(Force::Lapsed(on)) if case.lapsed_on.is_none() => vec![CaseEvent::LicenceLapsed { on }],
        Some(Force::RenewedBySilence(until)) => vec![CaseEvent::RenewedBySilence { until }],
        _ => vec![],
    }
}
