//! Lives through the plan in virtual time, through the same use cases as people use.

use super::{
    guides::{self, Keepers},
    people::{GUIDE_KEEPERS, OFFICERS, PASSWORD, UNITS, desk},
    plan::{Act, PLANS, Plan},
};
use crate::{config::Config, stop::Stop, world};
use domain::{
    Moment,
    account::{PostWish, Role},
    case::{
        Act as Step, AmendmentKind, AmendmentRequest, ApplicationWay, Decision, Delivery, Outcome, Point, Proposal, Way,
    },
    clock::{Ground, Suspension},
    credit_code::CreditCode,
    department::Agency,
    ids::{AccountId, AttachmentId, CaseId, ProjectId},
    region::{INNER_MONGOLIA, Level, RegionCode},
    supervision::{CardState, Finding},
};
use jiff::civil::Date;
use ledger::Store;
use platform::{
    Actor, Call, Failure, Platform,
    account::{Face, OpenAccount, OpenOfficer},
    audit::Attempt,
    case::ApplyForItem,
    ports::ManualClock,
    supervision::{CardFilter, Owing},
    unit::RegisterUnit,
};
use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
};

/// Whoever was taken on today: sign-in name and name.
const NEWCOMER: (&str, &str) = ("hongshan-fagai-xin", "哈斯");
/// Officers take up their posts on this day of the year before, long before anything happens.
const POSTS_FROM: (i8, i8) = (1, 1);
/// Where chance comes from: on the same day the demonstration is the same.
const SEED: u64 = 2_018_861;
/// Where somebody guesses passwords from, and how often.
const STRANGER: &str = "203.0.113.25";
const GUESSES: i64 = 12;
/// Working days before today on which everybody registered.
const REGISTERED: u32 = 90;

/// Fills an empty database with the whole plan, as if it had happened in the months before `now`.
pub async fn fill(config: &Config, store: Store, now: Moment) -> Result<(), Stop> {
    // The catalogue was loaded long before anything happens: every application finds its guide.
    let long_ago = now.date().saturating_sub(jiff::Span::new().years(1));
    let clock = Arc::new(ManualClock::at(Moment::at(long_ago, 9, 0)));
    let platform = world::virtual_platform(config, store, clock.clone(), SEED).await?;
    let mut town = Town {
        today: now.date(),
        platform,
        clock,
        units: Vec::new(),
        officers: Vec::new(),
        projects: HashMap::new(),
        cases: HashMap::new(),
        swept: None,
    };
    town.settle().await?;
    let mut watched = REGISTERED;
    for (days, hour, project, act) in order() {
        while watched > days {
            town.supervise(watched).await?;
            watched -= 1;
        }
        town.sweep_until(town.day(days)).await?;
        town.go_to(days, hour, now);
        town.act(project, act).await.map_err(|failure| match failure {
            Failure::Refused(refusals) => {
                let words: Vec<_> =
                    refusals.iter().map(|r| format!("[{}] {r}", r.field.as_deref().unwrap_or_default())).collect();
                Stop::new(format!("演示数据第 {project} 个项目的 {act:?} 未能完成：{}", words.join(" ")))
            }
            other => Stop::because(format!("演示数据第 {project} 个项目的 {act:?} 未能完成"), &other),
        })?;
    }
    town.sweep_until(now.date()).await?;
    town.take_on().await?;
    while watched > 0 {
        town.supervise(watched).await?;
        watched -= 1;
    }
    town.clock.set(now);
    town.platform.supervise(&Call::system("demo")).await?;
    town.guess_passwords(now).await?;
    Ok(())
}

/// Every act of every plan in the order of time: days ago, hour, project, act.
fn order() -> Vec<(u32, i8, usize, Act)> {
    let of = |(project, plan): (usize, &'static Plan)| {
        let mut hour = 9;
        let mut last = u32::MAX;
        plan.story.iter().map(move |(days, act)| {
            hour = if *days == last { (hour + 1).min(17) } else { 9 };
            last = *days;
            (*days, hour, project, *act)
        })
    };
    let mut acts: Vec<_> = PLANS.iter().enumerate().flat_map(of).collect();
    acts.sort_by_key(|(days, hour, project, _)| (std::cmp::Reverse(*days), *hour, *project));
    acts
}

struct Town {
    today: Date,
    platform: Platform,
    clock: Arc<ManualClock>,
    units: Vec<Actor>,
    officers: Vec<Actor>,
    projects: HashMap<usize, ProjectId>,
    cases: HashMap<(usize, &'static str), CaseId>,
    /// The last day on which the platform looked at the deadlines.
    swept: Option<Date>,
}

impl Town {
    /// A stranger tries to sign in, so that the security administrator has something to look into.
    async fn guess_passwords(&self, now: Moment) -> Result<(), Failure> {
        for n in 0..GUESSES {
            let at = Moment(now.0 - (GUESSES - n) * 20_000);
            self.clock.set(at);
            let (method, path, source) = ("POST".to_owned(), "/login".to_owned(), STRANGER.to_owned());
            let attempt = Attempt::new(format!("demo-{n}"), "office", method, path, source, String::new(), at);
            let call = Call { attempt: Some(Arc::new(attempt)), ..Call::new(Actor::Public, "demo") };
            let tried = self.platform.sign_in(&call, Face::Office, "admin", "admin123", STRANGER).await;
            if let (Err(Failure::Refused(refusals)), Some(attempt)) = (tried, &call.attempt) {
                let codes: Vec<_> = refusals.iter().map(|refusal| refusal.code.as_ref()).collect();
                self.platform.close_attempt(attempt, &Actor::Public, "refused", &codes.join(", ")).await?;
            }
        }
        self.clock.set(now);
        self.platform.detect(&Call::system("demo")).await?;
        Ok(())
    }

    /// That many working days ago, at that hour; never later than `now`.
    fn go_to(&self, days: u32, hour: i8, now: Moment) {
        self.clock.set(now.min(Moment::at(self.day(days), hour, 10)));
    }

    /// Ends a working day with a look by the supervision. Departments of the region and its cities then answer, and the
    /// supervisor closes a part; the cards of counties are left to the visitor.
    async fn supervise(&mut self, days: u32) -> Result<(), Failure> {
        self.clock.set(Moment::at(self.day(days), 19, 0));
        self.platform.supervise(&Call::system("demo")).await?;
        let supervisor = self.officer_with(|post| post.role == Role::Supervisor, |_| true)?;
        let supervisor = Call::new(supervisor, "demo");
        let filter = CardFilter { owing: Owing::Running, ..CardFilter::default() };
        for card in self.platform.cards(&supervisor, &filter, None).await?.rows {
            let page = self.platform.card_page(&supervisor, &card.id).await?;
            let waited = self.platform.rules.calendar.working_days_between(card.opened_at.date(), self.clock_date());
            let region = page.opened.agency.region;
            let level = self.platform.rules.regions.level(region);
            match page.card.state {
                CardState::Open if waited == 1 && level != Some(Level::County) => {
                    let call = Call::new(self.officer(&page.opened.agency, Step::Suspend).await?, "demo");
                    let text = "因材料审查量大未能及时办理，已明确专人限期办结。";
                    self.platform.answer_card(&call, &card.id, text).await?;
                }
                CardState::Answered if waited > 2 && level == Some(Level::Province) => {
                    let opinion = "情况属实，请举一反三，按期办理。";
                    self.platform.close_card(&supervisor, &card.id, Finding::Upheld, opinion).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Somebody new: an account without rights yet, and a post that waits for the second security administrator.
    async fn take_on(&mut self) -> Result<(), Failure> {
        let by = async |login: &str| {
            let officer = self.platform.find_officer(login).await?;
            Ok::<_, Failure>(Call::new(officer.ok_or(Failure::NotThere)?, "demo"))
        };
        let (system, security) = (by("zizhiqu-xitong").await?, by("zizhiqu-anquan").await?);
        let region = RegionCode::parse("150402").unwrap_or(INNER_MONGOLIA);
        let agency = Agency::new("development_reform", region);
        let form = OpenAccount { login: NEWCOMER.0.into(), name: NEWCOMER.1.into(), agency: agency.clone() };
        let (id, _) = self.platform.open_account(&system, &form).await?;
        let wish = PostWish {
            agency,
            role: Role::Receptionist,
            from: self.clock_date(),
            to: None,
            reason: "红发改党组〔2026〕8号（演示）".into(),
        };
        self.platform.propose_post(&security, &id, &wish).await
    }

    /// Early every day the platform records what time has done, as it does when it runs.
    async fn sweep_until(&mut self, day: Date) -> Result<(), Failure> {
        let mut next = self.swept.map_or(day, |last| last.tomorrow().unwrap_or(day));
        while next <= day {
            self.clock.set(Moment::at(next, 0, 1));
            self.platform.sweep_deadlines(&Call::system("demo:sweep"), 1).await?;
            self.swept = Some(next);
            next = next.tomorrow().unwrap_or(Date::MAX);
        }
        Ok(())
    }

    fn day(&self, days: u32) -> Date {
        let calendar = self.platform.rules.calendar;
        let mut day = self.today;
        let mut left = days;
        while left > 0 {
            match day.yesterday() {
                Ok(before) => day = before,
                Err(_) => return day,
            }
            if calendar.is_working(day) {
                left -= 1;
            }
        }
        day
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        self.clock.set(Moment::at(self.day(REGISTERED), 9, 0));
        for (serial, unit) in UNITS.iter().enumerate() {
            let region = RegionCode::parse(unit.region).unwrap_or(INNER_MONGOLIA);
            let form = RegisterUnit {
                name: unit.name.into(),
                credit_code: CreditCode::simulated(region, u32::try_from(serial).unwrap_or(0)).as_str().into(),
                region: unit.region.into(),
                nature: unit.nature.into(),
                contact_name: unit.contact.into(),
                contact_phone: "0471-1234567".into(),
                login: unit.login.into(),
                password: Some(PASSWORD.into()),
                privacy_agreed: true,
            };
            let (_, account) = self.platform.register_unit(&Call::new(Actor::Public, "demo"), &form).await?;
            self.units.push(self.platform.actor(&account).await?);
        }
        for officer in &OFFICERS {
            self.open(officer.login.into(), officer.name.into(), officer.posts(self.since())).await?;
        }
        let [writer, reviewer, manager] = GUIDE_KEEPERS.map(|login| self.platform.find_officer(login));
        let (writer, reviewer, manager) = (writer.await?, reviewer.await?, manager.await?);
        match (writer, reviewer, manager) {
            (Some(writer), Some(reviewer), Some(manager)) => {
                guides::write(&self.platform, &Keepers { writer, reviewer, manager }).await
            }
            _ => Err(Failure::NotThere),
        }
    }

    fn since(&self) -> Date {
        Date::new(self.today.year(), POSTS_FROM.0, POSTS_FROM.1).unwrap_or(self.today).min(self.day(REGISTERED))
    }

    async fn open(&mut self, login: String, name: String, posts: Vec<domain::account::Post>) -> Result<Actor, Failure> {
        let form = OpenOfficer { login, name, posts, reason: "演示".into(), password: Some(PASSWORD.into()) };
        let (id, _): (AccountId, _) = self.platform.open_officer(&Call::system("demo"), &form).await?;
        let actor = self.platform.actor(&id).await?;
        self.officers.push(actor.clone());
        Ok(actor)
    }

    async fn act(&mut self, project: usize, act: Act) -> Result<(), Failure> {
        let plan = PLANS.get(project).ok_or(Failure::NotThere)?;
        let unit = self.units.get(plan.unit).cloned().ok_or(Failure::NotThere)?;
        let applicant = Call::new(unit, "demo");
        match act {
            Act::Declare => {
                let id = self.platform.declare_project(&applicant, &plan.form(self.today), None).await?;
                self.projects.insert(project, id);
                Ok(())
            }
            Act::Apply(item) | Act::Promise(item) => {
                let way = match act {
                    Act::Promise(_) => ApplicationWay::Commitment { promised: true },
                    _ => ApplicationWay::Ordinary,
                };
                let case = self.apply(&applicant, project, item, way).await?;
                self.cases.insert((project, item), case);
                Ok(())
            }
            Act::GiveUp => {
                self.platform.withdraw_project(&applicant, self.project(project)?, "市场变化，企业决定不再建设。").await
            }
            Act::Void => {
                let officer =
                    Call::new(self.officer_with(|post| post.role == Role::GeneralAdministration, |_| true)?, "demo");
                self.platform.void_code(&officer, self.project(project)?, "项目重复申报，原代码停止使用。").await
            }
            Act::Supply(item) => {
                let answer = ("已按要求补齐，请查收。".to_owned(), Vec::new());
                self.platform
                    .supply_correction(&applicant, self.case(project, item)?, vec![answer.clone(), answer])
                    .await
            }
            Act::Change(item) => {
                let request = AmendmentRequest {
                    kind: AmendmentKind::Change,
                    reason: "升压站位置因地质条件需要向北移动两公里，申请变更。".into(),
                    until: None,
                };
                self.platform.ask_amendment(&applicant, self.case(project, item)?, request).await
            }
            Act::Withdraw(item) => {
                self.platform.withdraw_case(&applicant, self.case(project, item)?, "选址调整，另行申请。").await
            }
            Act::Receive(item)
            | Act::Ask(item)
            | Act::Accept(item)
            | Act::NotAccept(item, _)
            | Act::Suspend(item)
            | Act::Resume(item)
            | Act::Grant(item)
            | Act::Refuse(item)
            | Act::Propose(item)
            | Act::Agree(item)
            | Act::Deliver(item) => self.office(&applicant, project, item, act).await,
        }
    }

    fn project(&self, project: usize) -> Result<&ProjectId, Failure> {
        self.projects.get(&project).ok_or(Failure::NotThere)
    }

    fn case(&self, project: usize, item: &'static str) -> Result<&CaseId, Failure> {
        self.cases.get(&(project, item)).ok_or(Failure::NotThere)
    }

    async fn apply(
        &self,
        applicant: &Call,
        project: usize,
        item: &str,
        way: ApplicationWay,
    ) -> Result<CaseId, Failure> {
        let project = self.project(project)?;
        let page = self.platform.application_page(applicant, project, item).await?;
        let mut materials: BTreeMap<String, Vec<AttachmentId>> = BTreeMap::new();
        for need in page.materials.iter().filter(|need| need.required && need.shared.is_none()) {
            let file = match need.offered.first() {
                Some(file) => file.id.clone(),
                None => {
                    let name = format!("{}.pdf", need.material.name);
                    let bytes = futures_util::stream::iter([Ok::<_, Infallible>(bytes::Bytes::from(
                        simulation::sample_pdf("Simulated file for demonstration"),
                    ))]);
                    self.platform
                        .upload_file(applicant, project, &need.material.id, &name, "application/pdf", bytes)
                        .await?
                        .id
                }
            };
            materials.insert(need.material.id.clone(), vec![file]);
        }
        let form = ApplyForItem { item: item.to_owned(), materials, way, unclassified: true };
        self.platform.apply_for_item(applicant, project, &form).await
    }

    /// One act of the office, by an officer whose post may do it.
    async fn office(&mut self, applicant: &Call, project: usize, item: &'static str, act: Act) -> Result<(), Failure> {
        let case = self.case(project, item)?.clone();
        let page = self.platform.case_page(applicant, &case).await?;
        let agency = page.application.agency.clone();
        let step = match act {
            Act::Grant(_) | Act::Refuse(_) => Step::Decide,
            Act::Suspend(_) | Act::Resume(_) => Step::Suspend,
            _ => Step::Receive,
        };
        let call = Call::new(self.officer(&agency, step).await?, "demo");
        let today = self.clock_date();
        let platform = &self.platform;
        match act {
            Act::Receive(_) => platform.receive_case(&call, &case).await,
            Act::Ask(_) => {
                let material = page.application.materials.first().map(|given| given.material.clone());
                let points = vec![
                    Point { material, text: "材料缺少单位盖章，请补盖公章后重新上传。".into() },
                    Point {
                        material: None, text: "申请表中的用地面积与平面图不一致，请核对并说明。".into()
                    },
                ];
                platform.ask_correction(&call, &case, points).await
            }
            Act::Accept(_) => platform.accept_case(&call, &case, true).await,
            Act::NotAccept(_, ground) => {
                platform
                    .not_accept_case(
                        &call,
                        &case,
                        ground,
                        "项目在现有厂区内建设，不新增建设用地，依法不需要办理此项许可。",
                        None,
                    )
                    .await
            }
            Act::Suspend(_) => {
                let suspension = Suspension {
                    from: today,
                    to: None,
                    ground: Ground::ExpertReview,
                    document: "关于组织专家评审的告知书".into(),
                    told_on: Some(today),
                };
                let until = platform.rules.calendar.add_working_days(today, 10);
                let bytes = bytes::Bytes::from(simulation::sample_pdf("Notice of an expert review, for demonstration"));
                let content = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
                let file = ("关于组织专家评审的告知书.pdf", "application/pdf");
                platform.upload_suspension_paper(&call, &case, file, content).await?;
                platform.suspend_clock(&call, &case, suspension, until, Way::Platform).await
            }
            Act::Resume(_) => platform.resume_clock(&call, &case, today).await,
            Act::Grant(_) | Act::Refuse(_) => {
                let granted = matches!(act, Act::Grant(_));
                let decision = Decision {
                    outcome: if granted { Outcome::Granted } else { Outcome::Refused },
                    opinion: if granted {
                        "经审查，申请材料齐全，符合法定条件，准予许可。"
                    } else {
                        "方案的防治措施不能满足水土保持要求，不予许可。"
                    }
                    .into(),
                    document_number: format!("演审〔{}〕{}号", today.year(), project * 10 + self.cases.len()),
                    title: format!("关于{}{}的批复", page.application.project_name, page.application.item_name),
                    decided_on: today,
                    valid_until: None,
                    unreviewed: None,
                };
                if !page.case.is_one_step() {
                    self.propose(&agency, &case, decision.outcome).await?;
                    self.agree(&agency, &case).await?;
                }
                let call = Call::new(self.officer(&agency, Step::Decide).await?, "demo");
                self.platform.decide_case(&call, &case, decision).await
            }
            Act::Propose(_) => self.propose(&agency, &case, Outcome::Granted).await,
            Act::Agree(_) => self.agree(&agency, &case).await,
            Act::Deliver(_) => {
                let delivery = Delivery { on: today, by: Way::InPerson, receiver: "项目单位经办人".into() };
                platform.deliver_licence(&call, &case, delivery).await
            }
            _ => Err(Failure::NotThere),
        }
    }

    /// 审核 by an officer who neither proposes nor decides.
    async fn agree(&mut self, agency: &Agency, case: &CaseId) -> Result<(), Failure> {
        let reviewer = Call::new(self.officer(agency, Step::Review).await?, "demo");
        self.platform.review_proposal(&reviewer, case, "事实清楚，同意拟办意见。").await
    }

    /// 拟办 by an officer of the agency.
    async fn propose(&mut self, agency: &Agency, case: &CaseId, outcome: Outcome) -> Result<(), Failure> {
        let undertaker = Call::new(self.officer(agency, Step::Propose).await?, "demo");
        let opinion = match outcome {
            Outcome::Granted => "经审查，材料齐全、符合法定条件，拟准予许可。",
            Outcome::Refused => "经审查，方案不能满足法定要求，拟不予许可。",
        };
        let proposal = Proposal { outcome, opinion: opinion.into() };
        self.platform.propose_decision(&undertaker, case, proposal).await
    }

    fn clock_date(&self) -> Date {
        self.platform.clock.now().date()
    }

    fn officer_with(
        &self,
        fits: impl Fn(&domain::account::Post) -> bool,
        who: impl Fn(&Actor) -> bool,
    ) -> Result<Actor, Failure> {
        let found = self.officers.iter().find(|officer| match officer {
            Actor::Officer { posts, .. } => posts.iter().any(&fits) && who(officer),
            _ => false,
        });
        found.cloned().ok_or(Failure::NotThere)
    }

    /// An officer of the agency who may take the step; the desk is filled when nobody sits there yet.
    async fn officer(&mut self, agency: &Agency, step: Step) -> Result<Actor, Failure> {
        let role = match step {
            Step::Decide => Role::Approver,
            Step::Review => Role::Reviewer,
            Step::Suspend | Step::Propose => Role::Undertaker,
            _ => Role::Receptionist,
        };
        // Whoever proposes does not decide: an approver who undertakes, too, leaves the decision to a colleague.
        let alone = |actor: &Actor| match actor {
            Actor::Officer { posts, .. } => role != Role::Approver || posts.iter().all(|p| p.role != Role::Undertaker),
            _ => false,
        };
        let here = |post: &domain::account::Post| {
            post.department == agency.department && post.region == agency.region && post.role == role
        };
        if let Ok(actor) = self.officer_with(here, alone) {
            return Ok(actor);
        }
        for (login, name, posts) in desk(&agency.department, agency.region, self.since()) {
            self.open(login, name.into(), posts).await?;
        }
        self.officer_with(here, alone)
    }
}
