//! The queue of what happens next, and what each thing does.

mod acceptance;
mod joint;
mod processing;
mod project;

use crate::{
    SimulationError,
    kinds::{Kind, Kinds, between, counties},
    paper::sample_pdf,
    people::Desks,
};
use domain::{
    Moment,
    case::{ApplicationWay, Decision, Delivery, NotAcceptedGround, Outcome, Point, Proposal, Steps, Way, procedures},
    clock::{Ground, Suspension},
    credit_code::CreditCode,
    department::Agency,
    ids::{AttachmentId, CaseId, ConsultationId, ExpeditingOrderId, ProjectId, SupervisionCardId},
    item::{Item, LimitUnit, PrecedenceKind},
    region::Region,
    unit::ProjectUnit,
};
use futures_util::stream;
use jiff::{Span, civil::Date};
use platform::{
    Actor, Call, Failure, Platform,
    case::ApplyForItem,
    ports::{ChaChaChance, Chance, ManualClock},
    unit::{NATURES, RegisterUnit},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Arc,
};

/// Projects that one county files together.
const CAMPAIGN: u32 = 6;
/// The item they are filed under.
const FILING: &str = "ent_file";
/// Working days between a decision and its entry from which it counts as late.
const BACK_ENTERED: i64 = 5;

/// How long a life, of how many projects.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Projects declared in all.
    pub projects: u32,
    /// First day.
    pub from: Date,
    /// Last day; what would come later is left open.
    pub until: Date,
    /// The seed of everything.
    pub seed: u64,
}

/// How far it has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The virtual day.
    pub day: Date,
    /// Projects declared so far.
    pub projects: u32,
    /// Acts done so far.
    pub acts: u64,
}

/// What happened, in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Project units.
    pub units: u32,
    /// Projects.
    pub projects: u32,
    /// Applications.
    pub cases: u32,
    /// Joint applications.
    pub groups: u32,
    /// Completed, granted.
    pub granted: u32,
    /// Completed, refused.
    pub refused: u32,
    /// Not accepted.
    pub not_accepted: u32,
    /// Corrections asked.
    pub corrections: u32,
    /// Acceptances that a bad code stopped.
    pub codes_not_verified: u32,
    /// Withdrawn by the unit.
    pub withdrawn: u32,
    /// Supervision cards opened.
    pub cards: u32,
    /// Supervision cards closed by the supervisor.
    pub cards_closed: u32,
    /// Expediting orders.
    pub orders: u32,
    /// Accepted by silence (许可法第三十二条第一款第四项).
    pub deemed: u64,
    /// Prompts at changes of light.
    pub prompts: u64,
    /// Proposals that went back.
    pub sent_back: u32,
    /// Other departments asked for their opinion.
    pub consultations: u32,
    /// Licences delivered.
    pub delivered: u32,
    /// Applications by promise (告知承诺).
    pub promised: u32,
    /// Checks of a promise.
    pub commitment_checks: u32,
    /// Everything that was done.
    pub acts: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Next {
    Declare,
    Campaign,
    ReceiveAll { first: usize, last: usize },
    Apply { project: usize, item: String },
    Join { project: usize, items: Vec<String> },
    ReceiveTogether { group: usize },
    VoidCode { project: usize },
    Receive { case: usize },
    AskCorrection { case: usize },
    Supply { case: usize },
    AskAgain { case: usize },
    Accept { case: usize },
    NotAccept { case: usize },
    Suspend { case: usize },
    Resume { case: usize },
    Propose { case: usize },
    Review { case: usize },
    Decide { case: usize },
    Consult { case: usize },
    ReplyConsultation { consultation: ConsultationId, to: Agency },
    Deliver { case: usize },
    CheckCommitment { case: usize, again: bool },
    Withdraw { case: usize },
    AnswerCard { card: SupervisionCardId },
    CloseCard { card: SupervisionCardId },
    Expedite { case: CaseId },
    ReplyOrder { order: ExpeditingOrderId },
}

struct UnitLife {
    actor: Actor,
    unit: ProjectUnit,
    government: bool,
    files: BTreeMap<String, AttachmentId>,
}

struct ProjectLife {
    unit: usize,
    id: ProjectId,
    needed: BTreeSet<String>,
    done: BTreeSet<String>,
    asked: BTreeSet<String>,
    most: usize,
    voided: bool,
}

struct CaseLife {
    project: usize,
    id: CaseId,
    item: &'static Item,
    agency: Agency,
    suspended_until: Option<Date>,
    accepted_on: Option<Date>,
    /// What was proposed.
    proposed: Option<Outcome>,
    /// It is to be decided without a review.
    unreviewed: bool,
    /// 告知承诺: one person grants it, and the promise is checked later.
    promised: bool,
}

/// Lives through the plan on a platform whose clock is `clock` and whose chance comes from the plan's seed.
pub async fn live(
    platform: &Platform,
    clock: Arc<ManualClock>,
    plan: Plan,
    progress: impl FnMut(Progress) + Send,
) -> Result<Summary, SimulationError> {
    let mut life = Life::new(platform, clock, plan)?;
    life.run(progress).await?;
    Ok(life.summary)
}

pub(crate) struct Life<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) plan: Plan,
    pub(crate) chance: ChaChaChance,
    pub(crate) kinds: Kinds,
    counties: Vec<&'static Region>,
    queue: BTreeSet<(Moment, u64, Next)>,
    sequence: u64,
    units: Vec<UnitLife>,
    projects: Vec<ProjectLife>,
    cases: Vec<CaseLife>,
    groups: Vec<joint::GroupLife>,
    pub(crate) desks: Desks,
    pub(crate) summary: Summary,
    /// The day up to which supervision has looked.
    pub(crate) watched: Date,
    /// Cards somebody already deals with.
    pub(crate) dealt_with: BTreeSet<SupervisionCardId>,
    /// How often each temptation came.
    temptations: BTreeMap<&'static str, u32>,
    /// The last day on which the deadlines were looked at.
    swept: Date,
}

impl<'a> Life<'a> {
    fn new(platform: &'a Platform, clock: Arc<ManualClock>, plan: Plan) -> Result<Self, SimulationError> {
        let mut life = Self {
            platform,
            clock,
            plan,
            chance: ChaChaChance::seeded(plan.seed ^ 0x5eed_11fe),
            kinds: Kinds::shipped()?,
            counties: counties(platform.rules.regions),
            queue: BTreeSet::new(),
            sequence: 0,
            units: Vec::new(),
            projects: Vec::new(),
            cases: Vec::new(),
            groups: Vec::new(),
            desks: Desks::default(),
            summary: Summary::default(),
            watched: plan.from,
            dealt_with: BTreeSet::new(),
            temptations: BTreeMap::new(),
            swept: plan.from,
        };
        // Not in the last days: the next working day must still lie within the plan.
        let days = (plan.until - plan.from).get_days().saturating_sub(20).max(1).unsigned_abs();
        let campaign = if plan.projects >= 2 * CAMPAIGN { CAMPAIGN } else { 0 };
        if campaign > 0 {
            life.after_days(plan.from, days / 3, Next::Campaign);
        }
        for _ in campaign..plan.projects {
            let offset = life.chance.below(days);
            life.after_days(plan.from, offset, Next::Declare);
        }
        Ok(life)
    }

    /// Whether somebody gives way: a few of the first times, so that a short life shows it, then rarely.
    fn gives_way(&mut self, temptation: &'static str) -> bool {
        let times = self.temptations.entry(temptation).or_default();
        *times += 1;
        matches!(times, 2 | 5 | 11) || self.percent(1)
    }

    /// One chance in a hundred, so many times.
    pub(crate) fn percent(&self, percent: u32) -> bool {
        self.chance.below(100) < percent
    }

    fn at(&mut self, day: Date, next: Next) {
        let minute = 30 + self.chance.below(8 * 60);
        let hour = i8::try_from(8 + minute / 60).unwrap_or(9);
        let moment = Moment::at(day, hour, i8::try_from(minute % 60).unwrap_or(0));
        self.sequence += 1;
        self.queue.insert((moment, self.sequence, next));
    }

    fn after_days(&mut self, day: Date, days: u32, next: Next) {
        let day = day.saturating_add(Span::new().days(i64::from(days)));
        let day = if self.platform.rules.calendar.is_working(day) {
            day
        } else {
            self.platform.rules.calendar.next_working_day(day)
        };
        self.at(day, next);
    }

    /// Later on the same day.
    fn soon(&mut self, next: Next) {
        use platform::ports::Clock;
        let minutes = 3 + i64::from(self.chance.below(25));
        self.sequence += 1;
        self.queue.insert((Moment(self.clock.now().0 + minutes * 60_000), self.sequence, next));
    }

    pub(crate) fn after_working_days(&mut self, days: u32, next: Next) {
        let today = self.clock_date();
        let day = self.platform.rules.calendar.add_working_days(today, days.max(1));
        self.at(day, next);
    }

    fn now(&self) -> Moment {
        use platform::ports::Clock;
        self.clock.now()
    }

    pub(crate) fn clock_date(&self) -> Date {
        self.now().date()
    }

    pub(crate) fn act(&self, actor: &Actor, what: &str) -> Call {
        Call::new(actor.clone(), format!("simulation:{what}"))
    }

    pub(crate) fn tried<T>(&self, act: &str, result: Result<T, Failure>) -> Result<T, SimulationError> {
        use platform::ports::Clock;
        result.map_err(|source| SimulationError::Act {
            act: act.to_owned(),
            at: self.clock.now(),
            source: Box::new(source),
        })
    }

    async fn run(&mut self, mut progress: impl FnMut(Progress) + Send) -> Result<(), SimulationError> {
        let end = Moment::at(self.plan.until, 23, 59);
        let mut checked = self.plan.from;
        while let Some((moment, _, next)) = self.queue.pop_first() {
            if moment > end {
                break;
            }
            if moment.date() > checked {
                self.check_lists().await?;
                checked = moment.date();
            }
            self.sweep_until(moment.date()).await?;
            self.watch_until(moment.date()).await?;
            self.clock.set(moment);
            self.step(next).await?;
            self.summary.acts += 1;
            if self.summary.acts.is_multiple_of(200) {
                progress(Progress { day: moment.date(), projects: self.summary.projects, acts: self.summary.acts });
            }
        }
        self.sweep_until(self.plan.until).await?;
        self.watch_until(self.plan.until).await?;
        self.clock.set(end);
        self.check_lists().await
    }

    /// The platform looks at the deadlines early every day, one case at a time: the same seed gives the same ledger.
    async fn sweep_until(&mut self, day: Date) -> Result<(), SimulationError> {
        while self.swept < day {
            self.swept = self.swept.tomorrow().unwrap_or(day);
            self.clock.set(Moment::at(self.swept, 0, 5));
            let swept = self.platform.sweep_deadlines(&Call::system("simulation:sweep"), 1).await;
            let swept = self.tried("sweep the deadlines", swept)?;
            self.summary.deemed += swept.deemed;
            self.summary.prompts += swept.prompts;
        }
        Ok(())
    }

    /// Whether the case was accepted before somebody came to answer.
    async fn is_deemed(&self, call: &Call, id: &CaseId) -> Result<bool, SimulationError> {
        let page = self.platform.case_page(call, id).await;
        Ok(self.tried("read a case", page)?.case.deemed_at.is_some())
    }

    async fn step(&mut self, next: Next) -> Result<(), SimulationError> {
        match next {
            Next::Declare => self.declare().await,
            Next::Campaign => self.campaign().await,
            Next::ReceiveAll { first, last } => self.receive_all(first, last).await,
            Next::Apply { project, item } => self.apply(project, &item).await,
            Next::Join { project, items } => self.join(project, &items).await,
            Next::ReceiveTogether { group } => self.receive_together(group).await,
            Next::VoidCode { project } => self.void_code(project).await,
            Next::Receive { case } => self.receive(case).await,
            Next::AskCorrection { case } => self.ask_correction(case).await,
            Next::Supply { case } => self.supply(case).await,
            Next::AskAgain { case } => self.ask_again(case).await,
            Next::Accept { case } => self.accept(case).await,
            Next::NotAccept { case } => self.not_accept(case).await,
            Next::Suspend { case } => self.suspend(case).await,
            Next::Resume { case } => self.resume(case).await,
            Next::Propose { case } => self.propose(case).await,
            Next::Review { case } => self.review(case).await,
            Next::Decide { case } => self.decide(case).await,
            Next::Consult { case } => self.consult(case).await,
            Next::ReplyConsultation { consultation, to } => self.reply_consultation(&consultation, &to).await,
            Next::Deliver { case } => self.deliver(case).await,
            Next::CheckCommitment { case, again } => self.check_commitment(case, again).await,
            Next::Withdraw { case } => self.withdraw(case).await,
            Next::AnswerCard { card } => self.answer_card(card).await,
            Next::CloseCard { card } => self.close_card(card).await,
            Next::Expedite { case } => self.expedite(case).await,
            Next::ReplyOrder { order } => self.reply_order(order).await,
        }
    }
}
