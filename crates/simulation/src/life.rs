//! The queue of what happens next, and what each thing does.

mod joint;

use crate::{
    SimulationError,
    kinds::{Kind, Kinds, between, counties},
    paper::sample_pdf,
    people::Desks,
};
use domain::{
    Moment,
    case::{Decision, Delivery, NotAcceptedGround, Outcome, Point, Proposal, Steps, Way, procedures},
    clock::{Ground, Suspension},
    credit_code::CreditCode,
    department::Agency,
    ids::{AttachmentId, CaseId, ExpeditingOrderId, ProjectId, SupervisionCardId},
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
    /// Licences delivered.
    pub delivered: u32,
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
    Accept { case: usize },
    NotAccept { case: usize },
    Suspend { case: usize },
    Resume { case: usize },
    Propose { case: usize },
    Review { case: usize },
    Decide { case: usize },
    Deliver { case: usize },
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
            Next::Accept { case } => self.accept(case).await,
            Next::NotAccept { case } => self.not_accept(case).await,
            Next::Suspend { case } => self.suspend(case).await,
            Next::Resume { case } => self.resume(case).await,
            Next::Propose { case } => self.propose(case).await,
            Next::Review { case } => self.review(case).await,
            Next::Decide { case } => self.decide(case).await,
            Next::Deliver { case } => self.deliver(case).await,
            Next::Withdraw { case } => self.withdraw(case).await,
            Next::AnswerCard { card } => self.answer_card(card).await,
            Next::CloseCard { card } => self.close_card(card).await,
            Next::Expedite { case } => self.expedite(case).await,
            Next::ReplyOrder { order } => self.reply_order(order).await,
        }
    }

    /// A unit of the wanted sort: one that is there already, or a new one.
    async fn unit(&mut self, government: bool, county: &Region) -> Result<usize, SimulationError> {
        let fits = |unit: &UnitLife| {
            unit.government == government && (!government || unit.unit.region == county.code.as_str())
        };
        let known: Vec<usize> = (0..self.units.len()).filter(|&i| self.units.get(i).is_some_and(fits)).collect();
        if !known.is_empty() && (government || self.percent(70)) {
            let index = self.chance.below(u32::try_from(known.len()).unwrap_or(1));
            return Ok(known.get(index as usize).copied().unwrap_or(0));
        }
        let serial = u32::try_from(self.units.len()).unwrap_or(0) + 1;
        let stem = Kinds::pick(&self.chance, &self.kinds.stems).to_owned();
        let name = if government {
            format!("{}基本建设项目服务中心", county.name)
        } else {
            format!(
                "{stem}{}{}",
                county.name.trim_end_matches(['市', '县', '旗', '区']),
                Kinds::pick(&self.chance, &self.kinds.legal_forms)
            )
        };
        let form = RegisterUnit {
            name,
            credit_code: CreditCode::simulated(county.code, serial).to_string(),
            region: county.code.as_str().to_owned(),
            nature: if government { NATURES[3].0 } else { NATURES[self.chance.below(2) as usize].0 }.to_owned(),
            contact_name: self.kinds.person(&self.chance),
            contact_phone: format!("13{:09}", self.chance.below(1_000_000_000)),
            login: format!("unit{serial:05}"),
            password: None,
            privacy_agreed: true,
        };
        let registered = self.platform.register_unit(&self.act(&Actor::Public, "register"), &form).await;
        let (id, account) = self.tried("register a unit", registered)?;
        let actor = self.platform.actor(&account).await;
        let actor = self.tried("read an account", actor)?;
        let unit = self.platform.unit(&self.act(&actor, "read"), &id).await;
        let unit = self.tried("read a unit", unit)?;
        self.summary.units += 1;
        self.units.push(UnitLife { actor, unit, government, files: BTreeMap::new() });
        Ok(self.units.len() - 1)
    }

    async fn declare(&mut self) -> Result<(), SimulationError> {
        let index = self.chance.below(u32::try_from(self.counties.len()).unwrap_or(1)) as usize;
        let Some(county) = self.counties.get(index).copied() else { return Ok(()) };
        let government = self.percent(38);
        let unit = self.unit(government, county).await?;
        let project = self.declare_kind(unit, county, |kind| kind.is_government() == government).await?;
        let Some(project) = project else { return Ok(()) };
        if self.percent(2) {
            self.after_working_days(6, Next::VoidCode { project });
        }
        self.plan_applications(project);
        Ok(())
    }

    /// A unit declares a project of a fitting kind in a county.
    async fn declare_kind(
        &mut self,
        unit: usize,
        county: &Region,
        fits: impl Fn(&Kind) -> bool,
    ) -> Result<Option<usize>, SimulationError> {
        let answers = {
            let kind = (0..50).find_map(|_| self.kinds.kind(&self.chance).filter(|kind| fits(kind)));
            let (Some(kind), Some(life)) = (kind, self.units.get(unit)) else { return Ok(None) };
            kind.answers(&self.chance, &self.kinds, &life.unit, county, self.clock_date())
        };
        let Some(actor) = self.units.get(unit).map(|u| u.actor.clone()) else { return Ok(None) };
        let call = self.act(&actor, "declare");
        let declared = self.platform.declare_project(&call, &answers, None).await;
        let id = self.tried("declare a project", declared)?;
        let page = self.platform.project_page(&call, &id).await;
        let page = self.tried("read a project", page)?;
        let needed: BTreeSet<String> = page.declared.needed.iter().cloned().collect();
        let most = between(&self.chance, [1, 9]) as usize;
        self.summary.projects += 1;
        self.projects.push(ProjectLife {
            unit,
            id,
            needed,
            done: BTreeSet::new(),
            asked: BTreeSet::new(),
            most,
            voided: false,
        });
        Ok(Some(self.projects.len() - 1))
    }

    /// A county files several small projects of one unit together; the window receives them all at once, days later.
    async fn campaign(&mut self) -> Result<(), SimulationError> {
        let index = self.chance.below(u32::try_from(self.counties.len()).unwrap_or(1)) as usize;
        let Some(county) = self.counties.get(index).copied() else { return Ok(()) };
        let unit = self.unit(false, county).await?;
        let first = self.cases.len();
        for _ in 0..CAMPAIGN {
            let Some(project) = self.declare_kind(unit, county, Kind::is_filed).await? else { continue };
            if let Some(life) = self.projects.get_mut(project) {
                life.asked.insert(FILING.to_owned());
            }
            self.hand_in(project, FILING).await?;
        }
        self.after_working_days(2, Next::ReceiveAll { first, last: self.cases.len() });
        Ok(())
    }

    async fn receive_all(&mut self, first: usize, last: usize) -> Result<(), SimulationError> {
        for case in first..last {
            self.receive(case).await?;
        }
        Ok(())
    }

    /// Schedules applications for the items that may be applied for now.
    fn plan_applications(&mut self, project: usize) {
        let Some(life) = self.projects.get(project) else { return };
        let free: Vec<String> = life
            .needed
            .iter()
            .filter(|item| !life.asked.contains(*item))
            .filter(|item| {
                let blockers = self.platform.rules.catalogue.blocked_by(item, &life.needed, &life.done);
                !blockers.iter().any(|b| b.kind == PrecedenceKind::Law)
            })
            .take(life.most.saturating_sub(life.asked.len()))
            .cloned()
            .collect();
        if let Some(life) = self.projects.get_mut(project) {
            life.asked.extend(free.iter().cloned());
        }
        if free.len() > 1 && self.percent(20) {
            let days = between(&self.chance, [1, 14]);
            self.after_working_days(days, Next::Join { project, items: free });
            return;
        }
        for item in free {
            let days = between(&self.chance, [1, 14]);
            self.after_working_days(days, Next::Apply { project, item });
        }
    }

    /// The unit's file for a material, uploaded when it is needed the first time and offered again ever after.
    async fn file(
        &mut self,
        unit: usize,
        project: &ProjectId,
        material: &str,
        name: &str,
    ) -> Result<AttachmentId, SimulationError> {
        let Some(life) = self.units.get(unit) else { return Ok(AttachmentId::default()) };
        if let Some(id) = life.files.get(material) {
            return Ok(id.clone());
        }
        let call = self.act(&life.actor, "upload");
        let content = stream::iter([Ok::<_, Infallible>(sample_pdf(&format!("Simulated material: {material}")))]);
        let uploaded = self
            .platform
            .upload_file(&call, project, material, &format!("{name}.pdf"), "application/pdf", content)
            .await;
        let id = self.tried("upload a file", uploaded)?.id;
        if let Some(life) = self.units.get_mut(unit) {
            life.files.insert(material.to_owned(), id.clone());
        }
        Ok(id)
    }

    async fn apply(&mut self, project: usize, item: &str) -> Result<(), SimulationError> {
        let Some(case) = self.hand_in(project, item).await? else { return Ok(()) };
        if self.percent(2) {
            self.after_working_days(1, Next::Withdraw { case });
        } else {
            self.after_working_days(1, Next::Receive { case });
        }
        Ok(())
    }

    /// An application with all its files; nothing when the platform refuses it.
    async fn hand_in(&mut self, project: usize, item: &str) -> Result<Option<usize>, SimulationError> {
        let Some(life) = self.projects.get(project) else { return Ok(None) };
        let (unit, id) = (life.unit, life.id.clone());
        let Some(actor) = self.units.get(unit).map(|u| u.actor.clone()) else { return Ok(None) };
        let call = self.act(&actor, "apply");
        let page = match self.platform.application_page(&call, &id, item).await {
            Err(Failure::Refused(_)) => return Ok(None),
            other => self.tried("open an application", other)?,
        };
        let mut materials = BTreeMap::new();
        for need in page.materials.iter().filter(|n| n.required && n.shared.is_none()) {
            let file = self.file(unit, &id, &need.material.id, &need.material.name).await?;
            materials.insert(need.material.id.clone(), vec![file]);
        }
        let form = ApplyForItem { item: item.to_owned(), materials };
        let case = match self.platform.apply_for_item(&call, &id, &form).await {
            // The project's code was taken out of force meanwhile.
            Err(Failure::Refused(_)) => return Ok(None),
            other => self.tried("apply for an item", other)?,
        };
        self.summary.cases += 1;
        self.cases.push(CaseLife {
            project,
            id: case,
            item: page.item,
            agency: page.agency,
            suspended_until: None,
            accepted_on: None,
            proposed: None,
        });
        Ok(Some(self.cases.len() - 1))
    }

    async fn void_code(&mut self, project: usize) -> Result<(), SimulationError> {
        let Some(life) = self.projects.get_mut(project) else { return Ok(()) };
        if std::mem::replace(&mut life.voided, true) {
            return Ok(());
        }
        let id = life.id.clone();
        let region = domain::region::INNER_MONGOLIA;
        let agency = Agency::new("development_reform", region);
        let general = self.general_administration(&agency).await?;
        let call = self.act(&general, "void");
        let voided = self.platform.void_code(&call, &id, "项目单位书面说明项目不再建设，按规定作废代码。").await;
        self.tried("void a code", voided)
    }

    /// The officer of general administration, opened at need.
    async fn general_administration(&mut self, agency: &Agency) -> Result<Actor, SimulationError> {
        use domain::account::{Post, Role};
        let login = "zonghe-150000";
        let known = self.platform.find_officer(login).await;
        if let Some(actor) = self.tried("find an officer", known)? {
            return Ok(actor);
        }
        let post = Post {
            department: agency.department.clone(),
            region: agency.region,
            role: Role::GeneralAdministration,
            from: self.plan.from,
            to: None,
        };
        let officer = crate::DemoOfficer {
            login: login.into(),
            name: self.kinds.person(&self.chance),
            posts: vec![post],
            password: None,
        };
        let id = crate::open_demo_officer(self.platform, &officer).await?;
        let actor = self.platform.actor(&id).await;
        self.tried("read an account", actor)
    }

    async fn window(&mut self, case: usize, what: &str) -> Result<Option<(Call, CaseId)>, SimulationError> {
        let Some(life) = self.cases.get(case) else { return Ok(None) };
        let (agency, id) = (life.agency.clone(), life.id.clone());
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        Ok(Some((self.act(&desk.window, what), id)))
    }

    async fn approver(&mut self, case: usize, what: &str) -> Result<Option<(Call, CaseId)>, SimulationError> {
        let Some(life) = self.cases.get(case) else { return Ok(None) };
        let (agency, id) = (life.agency.clone(), life.id.clone());
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        Ok(Some((self.act(&desk.approver, what), id)))
    }

    fn applicant(&self, case: usize, what: &str) -> Option<(Call, CaseId)> {
        let life = self.cases.get(case)?;
        let project = self.projects.get(life.project)?;
        let actor = &self.units.get(project.unit)?.actor;
        Some((self.act(actor, what), life.id.clone()))
    }

    async fn receive(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "receive").await? else { return Ok(()) };
        let received = self.platform.receive_case(&call, &id).await;
        self.tried("receive a case", received)?;
        self.after_receipt(case);
        Ok(())
    }

    /// What the organ does with a case it has received.
    fn after_receipt(&mut self, case: usize) {
        let days = if self.percent(6) { between(&self.chance, [6, 9]) } else { between(&self.chance, [1, 4]) };
        let next = match self.chance.below(100) {
            0..18 => Next::AskCorrection { case },
            18..20 => Next::NotAccept { case },
            _ => Next::Accept { case },
        };
        self.after_working_days(days, next);
    }

    async fn ask_correction(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "correction").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        let material = self.cases.get(case).and_then(|c| c.item.materials.first().cloned());
        let mut points =
            vec![Point { material, text: Kinds::pick(&self.chance, &self.kinds.correction_texts).to_owned() }];
        if self.percent(40) {
            points.push(Point {
                material: None,
                text: Kinds::pick(&self.chance, &self.kinds.correction_texts).to_owned(),
            });
        }
        if self.gives_way("outside the guide") {
            points.extend(self.outside_the_guide(case).map(|text| Point { material: None, text }));
        }
        let asked = self.platform.ask_correction(&call, &id, points).await;
        self.tried("ask for correction", asked)?;
        self.summary.corrections += 1;
        if self.percent(88) {
            let days = between(&self.chance, [1, 15]);
            self.after_working_days(days, Next::Supply { case });
        }
        Ok(())
    }

    /// A demand for a material that is not in the guide of the case's item.
    fn outside_the_guide(&self, case: usize) -> Option<String> {
        let item = self.cases.get(case)?.item;
        let mut outside = self.platform.rules.catalogue.all_materials().iter();
        let outside = outside.find(|m| m.name.chars().count() > 5 && !item.materials.contains(&m.id))?;
        Some(format!("请另外提交{}。", outside.name))
    }

    async fn supply(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.applicant(case, "supply") else { return Ok(()) };
        let page = self.platform.case_page(&call, &id).await;
        let page = self.tried("read a case", page)?;
        let points = page.case.correction.map_or(0, |c| c.points.len());
        let answers = vec![("已按要求补正，详见附件。".to_owned(), Vec::new()); points];
        let supplied = self.platform.supply_correction(&call, &id, answers).await;
        self.tried("supply a correction", supplied)?;
        let days = if self.gives_way("leave the supplement lying") { 7 } else { between(&self.chance, [1, 4]) };
        self.after_working_days(days, Next::Accept { case });
        Ok(())
    }

    async fn accept(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "accept").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        match self.platform.accept_case(&call, &id).await {
            Err(Failure::Refused(faults)) if faults.iter().any(|f| f.code == "case.code_not_verified") => {
                self.summary.codes_not_verified += 1;
                self.after_working_days(1, Next::NotAccept { case });
                return Ok(());
            }
            other => self.tried("accept a case", other)?,
        }
        self.plan_decision(case).await
    }

    /// What follows on an acceptance.
    async fn plan_decision(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((limit, excluded)) =
            self.cases.get(case).map(|c| (c.item.effective_limit().clone(), !c.item.excluded.is_empty()))
        else {
            return Ok(());
        };
        let today = self.clock_date();
        if let Some(life) = self.cases.get_mut(case) {
            life.accepted_on = Some(today);
        }
        let one_step = self.cases.get(case).is_some_and(|c| procedures().of(c.item).steps == Steps::One);
        if one_step && self.gives_way("decide at once") {
            return self.decide(case).await;
        }
        if let Some(project) = self.cases.get(case).map(|c| c.project).filter(|_| limit.days > 3)
            && self.gives_way("void while it runs")
        {
            self.after_working_days(1, Next::VoidCode { project });
        }
        if excluded && limit.unit == LimitUnit::Working && limit.days > 5 && self.gives_way("suspend at the end") {
            self.after_working_days(u32::from(limit.days) - 1, Next::Suspend { case });
            self.after_working_days(u32::from(limit.days), Next::Decide { case });
            return Ok(());
        }
        let days = match limit.unit {
            LimitUnit::Working => u32::from(limit.days),
            LimitUnit::Calendar => u32::from(limit.days) * 2 / 3,
        };
        if excluded && self.percent(9) {
            self.after_working_days(2, Next::Suspend { case });
        }
        match self.chance.below(100) {
            0..7 => {}
            7..12 => self.after_working_days(days + between(&self.chance, [1, 6]), Next::Decide { case }),
            _ => {
                let days = between(&self.chance, [1, days.max(2)]);
                self.after_working_days(days.min(u32::from(limit.days).max(1)), Next::Decide { case });
            }
        }
        Ok(())
    }

    async fn not_accept(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "not accept").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        let page = self.platform.case_page(&call, &id).await;
        let page = self.tried("read a case", page)?;
        let (ground, reason) = match page.case.code_check {
            Some(Err(fault)) => (NotAcceptedGround::CodeNotVerified, fault),
            _ => (NotAcceptedGround::NotNeeded, "经核对，项目已纳入区域评估成果，不需要单独办理该事项。".to_owned()),
        };
        let refused = self.platform.not_accept_case(&call, &id, ground, &reason, None).await;
        self.tried("not accept a case", refused)?;
        self.summary.not_accepted += 1;
        Ok(())
    }

    async fn suspend(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "suspend").await? else { return Ok(()) };
        let today = self.clock_date();
        let suspension = Suspension {
            from: today,
            to: None,
            ground: Ground::ExpertReview,
            document: format!("专家评审告知书〔{}〕{:04}号", today.year(), self.chance.below(10_000)),
            told_on: Some(today),
        };
        let days = between(&self.chance, [3, 12]);
        let until = self.platform.rules.calendar.add_working_days(today, days);
        match self.platform.suspend_clock(&call, &id, suspension, until, Way::Platform).await {
            // Decided already.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("suspend a clock", other)?,
        }
        if let Some(life) = self.cases.get_mut(case) {
            life.suspended_until = Some(until);
        }
        self.at(until, Next::Resume { case });
        Ok(())
    }

    async fn resume(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "resume").await? else { return Ok(()) };
        let resumed = self.platform.resume_clock(&call, &id, self.clock_date()).await;
        self.tried("resume a clock", resumed)?;
        if let Some(life) = self.cases.get_mut(case) {
            life.suspended_until = None;
        }
        Ok(())
    }

    async fn decide(&mut self, case: usize) -> Result<(), SimulationError> {
        if let Some(until) = self.cases.get(case).and_then(|c| c.suspended_until) {
            let day = self.platform.rules.calendar.add_working_days(until, 2);
            self.at(day, Next::Decide { case });
            return Ok(());
        }
        let Some((item, project, agency, proposed)) =
            self.cases.get(case).map(|c| (c.item, c.project, c.agency.clone(), c.proposed))
        else {
            return Ok(());
        };
        let procedure = procedures().of(item);
        if procedure.steps == Steps::Three && proposed.is_none() {
            self.soon(Next::Propose { case });
            return Ok(());
        }
        let Some((call, id)) = self.approver(case, "decide").await? else { return Ok(()) };
        let today = self.clock_date();
        let accepted_on = self.cases.get(case).and_then(|c| c.accepted_on).unwrap_or(today);
        let waited = self.platform.rules.calendar.working_days_between(accepted_on, today);
        let decided_on = if waited > BACK_ENTERED && self.gives_way("enter late") { accepted_on } else { today };
        let refused = match proposed {
            Some(outcome) => outcome == Outcome::Refused,
            None => self.percent(4),
        };
        let texts = if refused { &self.kinds.refusal_texts } else { &self.kinds.opinions };
        let decision = Decision {
            outcome: if refused { Outcome::Refused } else { Outcome::Granted },
            opinion: Kinds::pick(&self.chance, texts).to_owned(),
            document_number: format!(
                "{}审〔{}〕{}号",
                agency.region.as_str(),
                today.year(),
                self.chance.below(90_000) + 1
            ),
            title: format!("关于{}的{}", item.name, if refused { "不予许可决定" } else { "批复" }),
            decided_on,
            valid_until: (!refused && self.percent(40)).then(|| today.saturating_add(Span::new().years(2))),
        };
        let decided = self.platform.decide_case(&call, &id, decision).await;
        self.tried("decide a case", decided)?;
        if refused {
            self.summary.refused += 1;
        } else {
            self.summary.granted += 1;
            if procedure.delivery.is_some() && self.percent(90) {
                let days =
                    if self.percent(5) { between(&self.chance, [11, 14]) } else { between(&self.chance, [1, 8]) };
                self.after_working_days(days, Next::Deliver { case });
            }
            if let Some(life) = self.projects.get_mut(project) {
                life.done.insert(item.code.clone());
            }
            self.plan_applications(project);
        }
        Ok(())
    }

    /// The undertaker proposes; now and then the reviewer wants it anew.
    async fn propose(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "propose").await? else { return Ok(()) };
        let outcome = if self.percent(4) { Outcome::Refused } else { Outcome::Granted };
        let proposal = Proposal {
            outcome, opinion: "经审查申请材料和现场情况，拟办如上，请审核。".to_owned()
        };
        let proposed = self.platform.propose_decision(&call, &id, proposal).await;
        self.tried("propose a decision", proposed)?;
        if let Some(life) = self.cases.get_mut(case) {
            life.proposed = Some(outcome);
        }
        self.soon(Next::Review { case });
        Ok(())
    }

    async fn review(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some(agency) = self.cases.get(case).map(|c| c.agency.clone()) else { return Ok(()) };
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        let (Some(id), call) = (self.cases.get(case).map(|c| c.id.clone()), self.act(&desk.reviewer, "review")) else {
            return Ok(());
        };
        if self.percent(5) {
            let sent = self.platform.send_back_proposal(&call, &id, "请补充对审查要点的说明。").await;
            self.tried("send a proposal back", sent)?;
            self.summary.sent_back += 1;
            self.soon(Next::Propose { case });
            return Ok(());
        }
        let reviewed = self.platform.review_proposal(&call, &id, "事实清楚，同意拟办意见。").await;
        self.tried("review a proposal", reviewed)?;
        self.soon(Next::Decide { case });
        Ok(())
    }

    async fn deliver(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "deliver").await? else { return Ok(()) };
        let by = if self.percent(60) { Way::Electronic } else { Way::InPerson };
        let delivery = Delivery { on: self.clock_date(), by, receiver: "项目单位经办人".to_owned() };
        let delivered = self.platform.deliver_licence(&call, &id, delivery).await;
        self.tried("deliver a licence", delivered)?;
        self.summary.delivered += 1;
        Ok(())
    }

    async fn withdraw(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.applicant(case, "withdraw") else { return Ok(()) };
        let withdrawn = self.platform.withdraw_case(&call, &id, "申请材料需要重新编制，暂时撤回。").await;
        self.tried("withdraw a case", withdrawn)?;
        self.summary.withdrawn += 1;
        Ok(())
    }
}
