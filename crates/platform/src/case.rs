//! Use cases of cases: apply, receive, correct, accept, suspend, decide, withdraw; the case page; lists of a project.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    attachment::AttachmentRow,
    commitment::{CommitmentOffer, is_spared},
    consultation::nothing_awaited,
    failure::again,
    group::required,
    guide::GuideVersion,
    permission,
    project::{declaration_region, taken_is_conflict},
    read::{NEVER, from_day_number, outcome_of},
    stream::Stream,
    trail::TrailEntry,
    upload::FileState,
};
use domain::{
    Moment, Refusal,
    calendar::Calendar,
    case::{
        self, Acceptance, Act, Answer, Application, ApplicationWay, Case, CaseEvent, CodeCheck, Decision, File, Force,
        Given, NotAcceptedGround, Outcome, Owed, Papers, Point, Stage, Undertaker,
    },
    clock::{ClockFacts, DayLedger, Light, Sheet, Thresholds},
    department::Agency,
    document::Document,
    ids::{AttachmentId, CaseId, ProjectId},
    item::{Blocker, Item, Level, Material},
    project::{Declared, Project},
};
use jiff::civil::Date;
use ledger::{QueryResult, Refused, Row};
use std::{collections::BTreeMap, sync::Arc};

/// What a unit hands in for an item: for each material its files, in order.
#[derive(Debug, Clone, Default)]
pub struct ApplyForItem {
    /// Item code.
    pub item: String,
    /// Material id → files.
    pub materials: BTreeMap<String, Vec<AttachmentId>>,
    /// The ordinary way, or 告知承诺.
    pub way: ApplicationWay,
    /// The unit declares that nothing it hands in is classified (K-11).
    pub unclassified: bool,
}

/// One material on the application page.
#[derive(Debug, Clone)]
pub struct MaterialNeed {
    /// The material.
    pub material: &'static Material,
    /// What it should show, in the words of the guide.
    pub hint: String,
    /// Must be there.
    pub required: bool,
    /// Files uploaded in this project for this material and not part of any case yet, oldest first.
    pub fresh: Vec<AttachmentRow>,
    /// Files the unit handed in anywhere before for this material, newest first: offered again (发改投资〔2019〕268号).
    pub offered: Vec<AttachmentRow>,
    /// A result on the platform that stands for it: the case and its paper's title.
    pub shared: Option<(CaseId, String)>,
}

/// Everything the application page needs.
#[derive(Debug, Clone)]
pub struct ApplicationPage {
    /// What was declared.
    pub declared: Arc<Declared>,
    /// The item.
    pub item: &'static Item,
    /// Who will handle it.
    pub agency: Agency,
    /// Its full name.
    pub agency_name: String,
    /// The version of the guide in force, under which an application of today stands.
    pub guide: Option<GuideVersion>,
    /// Materials in the order of the guide.
    pub materials: Vec<MaterialNeed>,
    /// Earlier items that are not done yet.
    pub blockers: Vec<Blocker>,
    /// 告知承诺, if the item allows it.
    pub commitment: Option<CommitmentOffer>,
}

/// One point of a correction notice, with the files the unit has for it.
#[derive(Debug, Clone)]
pub struct PointNeed {
    /// The point.
    pub point: Point,
    /// The material its files are uploaded for: the one it is about, else the first one of the application.
    pub material: &'static Material,
    /// Files uploaded since the notice and not handed in yet, oldest first.
    pub fresh: Vec<AttachmentRow>,
    /// Other files of the unit for the material, newest first.
    pub offered: Vec<AttachmentRow>,
}

/// Everything about one case.
#[derive(Debug, Clone)]
pub struct CasePage {
    /// Its id.
    pub id: CaseId,
    /// Its state.
    pub case: Case,
    /// What was applied for.
    pub application: Arc<Application>,
    /// The project it belongs to.
    pub project: Project,
    /// The check clock as of today.
    pub check_sheet: Option<Sheet>,
    /// The decision clock as of today.
    pub decision_sheet: Option<Sheet>,
    /// Every working day since the application, and whose it was.
    pub days: DayLedger,
    /// The clock of the delivery as of today.
    pub delivery_sheet: Option<Sheet>,
    /// The clock of the change or renewal that was asked last, as of today.
    pub amendment_sheet: Option<Sheet>,
    /// The clock of the check of a promise, as of today.
    pub commitment_sheet: Option<Sheet>,
    /// The clocks of special procedures, of the transfer and of the hearing, with their names, as of today.
    pub other_sheets: Vec<(String, Sheet)>,
    /// Where a granted decision stands today.
    pub force: Option<Force>,
    /// Result of checking the code now (only shown to the office).
    pub code_check: CodeCheck,
    /// Names of who proposed and reviewed, by account.
    pub names: BTreeMap<String, String>,
    /// 痕迹, oldest first.
    pub trail: Vec<TrailEntry>,
}

impl CasePage {
    /// The clock that runs for what is owed now.
    pub fn running_sheet(&self) -> Option<&Sheet> {
        match self.case.owed() {
            Owed::Check | Owed::Recheck => self.check_sheet.as_ref(),
            Owed::Propose | Owed::Review | Owed::Decide => self.decision_sheet.as_ref(),
            Owed::Deliver => self.delivery_sheet.as_ref(),
            Owed::Amend => self.amendment_sheet.as_ref(),
            Owed::CheckCommitment => self.commitment_sheet.as_ref(),
            Owed::Receive | Owed::Correct | Owed::Nothing => None,
        }
    }
}

/// One row of a list of cases.
#[derive(Debug, Clone)]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// Project.
    pub project: ProjectId,
    /// Project code.
    pub project_code: String,
    /// Project name.
    pub project_name: String,
    /// Applicant.
    pub unit_name: String,
    /// Item code.
    pub item: String,
    /// Item name.
    pub item_name: String,
    /// Department code.
    pub department: String,
    /// Region code.
    pub region: String,
    /// Stage.
    pub stage: Stage,
    /// Who owes what.
    pub owed: Owed,
    /// Last day of the running period, if one runs.
    pub due: Option<Date>,
    /// The first yellow day.
    pub yellow: Option<Date>,
    /// The due date rests on an unpublished year.
    pub provisional: bool,
    /// The clock stands still.
    pub suspended: bool,
    /// Who undertakes it; empty while nobody does.
    pub holder_name: String,
    /// Granted, neither revoked nor lapsed.
    pub in_force: bool,
    /// Result.
    pub outcome: Option<Outcome>,
    /// 文号.
    pub document_number: String,
    /// Title of the paper.
    pub document_title: String,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// When it was applied for.
    pub submitted_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Last change.
    pub updated_at: Moment,
}

/// Columns of [`CaseRow`], for every query of them.
pub(crate) const CASE_COLUMNS: &str = "id, project_id, project_code, project_name, unit_name, item, item_name, department, region, stage, owed, \
     due_day, yellow_day, provisional, suspended, outcome, document_number, document_title, decided_day, submitted_at, ended_at, updated_at, \
     holder_name, in_force";

impl CaseRow {
    pub(crate) fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let day = |days: i64| if days == NEVER || days == 0 { None } else { from_day_number(days) };
        Ok(Self {
            id: CaseId(text("id")?),
            project: ProjectId(text("project_id")?),
            project_code: text("project_code")?,
            project_name: text("project_name")?,
            unit_name: text("unit_name")?,
            item: text("item")?,
            item_name: text("item_name")?,
            department: text("department")?,
            region: text("region")?,
            stage: Stage::parse(&text("stage")?).unwrap_or_default(),
            owed: Owed::parse(&text("owed")?).unwrap_or(Owed::Nothing),
            due: day(number("due_day")?),
            yellow: day(number("yellow_day")?),
            provisional: number("provisional")? != 0,
            suspended: number("suspended")? != 0,
            holder_name: text("holder_name")?,
            in_force: number("in_force")? != 0,
            outcome: outcome_of(&text("outcome")?),
            document_number: text("document_number")?,
            document_title: text("document_title")?,
            decided_on: day(number("decided_day")?),
            submitted_at: Moment(number("submitted_at")?),
            ended_at: Some(number("ended_at")?).filter(|at| *at > 0).map(Moment),
            updated_at: Moment(number("updated_at")?),
        })
    }

    /// The row of a case in this state, as of a day, counted with a calendar.
    pub(crate) fn of(case: &Case, (today, calendar): (Date, &Calendar), updated_at: Moment) -> Option<Self> {
        let a = case.application.as_deref()?;
        let clock = case::owed_clock(case);
        let due = clock.as_ref().and_then(|clock| clock.due(calendar));
        let decision = case.decision.as_deref();
        Some(Self {
            id: a.id.clone(),
            project: a.project.clone(),
            project_code: a.code.clone(),
            project_name: a.project_name.clone(),
            unit_name: a.unit_name.clone(),
            item: a.item.clone(),
            item_name: a.item_name.clone(),
            department: a.agency.department.clone(),
            region: a.agency.region.as_str().to_owned(),
            stage: case.stage,
            owed: case.owed(),
            due: due.map(|due| due.date),
            yellow: clock.as_ref().and_then(|clock| clock.first_yellow_day(calendar, Thresholds::default())),
            provisional: due.is_some_and(|due| due.provisional),
            suspended: case.is_suspended(),
            holder_name: case.undertaker.as_ref().map(|held| held.name.clone()).unwrap_or_default(),
            in_force: case.force(today).is_some_and(Force::is_in_force),
            outcome: decision.map(|d| d.outcome),
            document_number: decision.map(|d| d.document_number.clone()).unwrap_or_default(),
            document_title: decision.map(|d| d.title.clone()).unwrap_or_default(),
            decided_on: decision.map(|d| d.decided_on),
            submitted_at: case.submitted_at,
            ended_at: case.ended_at,
            updated_at,
        })
    }

    /// The light on that day; `None` when no period runs.
    pub fn light(&self, today: Date) -> Option<Light> {
        if self.suspended {
            return Some(Light::Suspended);
        }
        let due = self.due?;
        Some(match self.yellow {
            _ if today > due => Light::Red,
            Some(yellow) if today >= yellow => Light::Yellow,
            _ => Light::Normal,
        })
    }
}

/// The department's and the region's part of a case, for permission.
pub(crate) fn object(application: &Application) -> Object<'_> {
    Object {
        unit: Some(&application.unit),
        department: Some(&application.agency.department),
        region: Some(application.agency.region),
    }
}

impl Platform {
    /// Who handles an item of a project: the item's department at the item's level above the place of construction.
    pub fn agency_for(&self, item: &Item, declared: &Declared) -> Agency {
        let place = declaration_region(declared);
        let region = match item.level {
            Level::County => place,
            Level::Prefecture => place.prefecture(),
            Level::Province | Level::State => domain::region::INNER_MONGOLIA,
        };
        Agency::new(item.department.clone(), region)
    }

    pub(crate) fn papers(&self) -> Papers {
        Papers { date: self.clock.now().date(), serial: self.serial() }
    }

    /// The application page of an item: who handles it, which materials, what is already there.
    pub async fn application_page(
        &self,
        call: &Call,
        project: &ProjectId,
        item: &str,
    ) -> Result<ApplicationPage, Failure> {
        let (_, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
        let item =
            self.rules.catalogue.item(item).filter(|i| declared.needed.contains(&i.code)).ok_or(Failure::NotThere)?;
        let cases = self.cases_of_project(project).await?;
        let handed_in = self.handed_in(project).await?;
        let guide = self.guide_in_force(&item.code).await?;
        let mut materials = Vec::new();
        for (material, required) in self.demanded(item, &declared, guide.as_ref()) {
            let mut need = self.material_need(call, project, material, required, &handed_in, &cases).await?;
            let listed = guide.as_ref().and_then(|v| v.guide.materials.iter().find(|m| m.id == material.id));
            need.hint = listed.map_or(&material.hint, |m| &m.hint).clone();
            materials.push(need);
        }
        let blockers = self.blockers(&declared, item, &cases);
        let agency = self.agency_for(item, &declared);
        let agency_name = agency.name();
        let commitment = self.commitment_offer(&declared.unit, item).await?;
        Ok(ApplicationPage { declared, item, agency, agency_name, guide, materials, blockers, commitment })
    }

    /// The unit applies for an item. A second running application for the same item of a project is refused.
    pub async fn apply_for_item(
        &self,
        call: &Call,
        project: &ProjectId,
        form: &ApplyForItem,
    ) -> Result<CaseId, Failure> {
        let apply = again(|| async {
            let (project_stream, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
            let item = self.rules.catalogue.item(&form.item).ok_or(Failure::NotThere)?;
            if !declared.needed.contains(&item.code) {
                let message =
                    format!("本项目不需要办理“{}”，不能申请。如项目情况有变化，请先申请变更项目信息。", item.name);
                return Err(Refusal::new("item.not_needed", message).article("办法第十四条第（一）项").into());
            }
            let cases = self.cases_of_project(project).await?;
            self.check_order(&declared, item, &cases)?;
            let guide = self.guide_in_force(&item.code).await?;
            let needs = self.demanded(item, &declared, guide.as_ref());
            let materials = self.given(call, &needs, &form.materials, &cases).await?;
            self.within_item(materials.iter().flat_map(|given| &given.files)).await?;
            let application = self.application(&declared, item, guide.as_ref(), (materials, form.unclassified));
            let id = application.id.clone();
            let promise = self.promise(&application, form.way).await?;
            let spared = |id: &String| promise.is_some() && is_spared(&application, id);
            let required: Vec<_> = required(&needs).into_iter().filter(|(id, _)| !spared(id)).collect();
            let mut events = case::submit(application, &project_stream.state, &required)?;
            events.extend(promise);
            let stream = self.load::<Case>(id.as_str()).await?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.exactly_one(in_force(project, &project_stream));
            change
                .commit_or(id.as_str(), |refused| match refused {
                    Refused::Taken(what) if what.as_deref().is_some_and(|w| !w.contains("once")) => Refusal::new(
                        "case.running",
                        "该事项已有正在办理或已办结的申请，不能重复申请。请在项目页面查看进度。",
                    )
                    .into(),
                    other => crate::stream::refused(other),
                })
                .await?;
            Ok(id)
        });
        self.once(call, CaseId::parse, apply).await
    }

    /// What an application of today must bring: what the guide in force demands, nothing else (办法第八条). Without one
    /// (retired) the unified list stands in.
    pub(crate) fn demanded(
        &self,
        item: &Item,
        declared: &Declared,
        guide: Option<&GuideVersion>,
    ) -> Vec<(&'static Material, bool)> {
        let catalogue = self.rules.catalogue;
        match guide {
            Some(version) => catalogue.demanded(item, &declared.facts, &version.guide),
            None => catalogue.materials(item, &declared.facts),
        }
    }

    /// What is fixed when an item is applied for, with an id of its own.
    pub(crate) fn application(
        &self,
        declared: &Declared,
        item: &Item,
        guide: Option<&GuideVersion>,
        (materials, unclassified): (Vec<Given>, bool),
    ) -> Application {
        let agency = self.agency_for(item, declared);
        Application {
            id: CaseId::from_random(self.chance.id()),
            project: declared.id.clone(),
            project_name: declared.name.clone(),
            code: declared.code.clone(),
            unit: declared.unit.clone(),
            unit_name: declared.unit_name.clone(),
            item: item.code.clone(),
            item_name: item.name.clone(),
            agency_name: agency.name(),
            agency,
            limit: guide.map_or(item.effective_limit(), |v| v.guide.effective_limit()).clone(),
            rulebook: self.rules.version(),
            guide: guide.map(|v| v.row.number),
            procedure: case::procedures().of(item),
            materials,
            unclassified,
        }
    }

    fn blockers(&self, declared: &Declared, item: &Item, cases: &[CaseRow]) -> Vec<Blocker> {
        let needed = declared.needed.iter().cloned().collect();
        let done = cases.iter().filter(|c| c.in_force).map(|c| c.item.clone()).collect();
        self.rules.catalogue.blocked_by(&item.code, &needed, &done)
    }

    fn check_order(&self, declared: &Declared, item: &Item, cases: &[CaseRow]) -> Result<(), Failure> {
        match self.blockers(declared, item, cases).iter().find(|b| b.kind == domain::item::PrecedenceKind::Law) {
            Some(blocker) => Err(Refusal::new("item.blocked", blocker.because.clone()).article("办法第十四条").into()),
            None => Ok(()),
        }
    }

    pub(crate) async fn given(
        &self,
        call: &Call,
        needs: &[(&Material, bool)],
        chosen: &BTreeMap<String, Vec<AttachmentId>>,
        cases: &[CaseRow],
    ) -> Result<Vec<Given>, Failure> {
        let mut given = Vec::new();
        for (material, _) in needs {
            let files = match chosen.get(&material.id) {
                Some(ids) => self.own_files(call, ids).await?,
                None => Vec::new(),
            };
            let result_of = shared_result(material, cases).map(|(case, _)| case);
            if result_of.is_some() || !files.is_empty() {
                given.push(Given { material: material.id.clone(), name: material.name.clone(), files, result_of });
            }
        }
        Ok(given)
    }

    pub(crate) async fn load_case(
        &self,
        call: &Call,
        action: Action,
        id: &CaseId,
    ) -> Result<(Stream<Case>, Arc<Application>), Failure> {
        let stream = self.load::<Case>(id.as_str()).await?;
        let Some(application) = stream.state.application.clone() else { return Err(Failure::NotThere) };
        let _permit = permission::decide(&call.actor, action, object(&application), self.rules.regions)?;
        Ok((stream, application))
    }

    /// One act on one case: load, decide, append, commit; decided again when somebody was faster.
    pub(crate) async fn act(
        &self,
        call: &Call,
        action: Action,
        id: &CaseId,
        decide: impl Fn(&Case) -> Result<Vec<CaseEvent>, Failure>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_case(call, action, id).await?;
            self.settle(call, id, &stream.state).await?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit_or(id.as_str(), taken_is_conflict).await
        });
        self.once(call, |_| Some(()), act).await?;
        self.hand_back_after(call, id).await;
        Ok(())
    }

    /// 收件.
    pub async fn receive_case(&self, call: &Call, id: &CaseId) -> Result<(), Failure> {
        self.act(call, Action::ReceiveCase, id, |case| Ok(case::receive(case, &self.papers())?)).await
    }

    /// 一次性告知补正.
    pub async fn ask_correction(&self, call: &Call, id: &CaseId, points: Vec<Point>) -> Result<(), Failure> {
        self.act(call, Action::AskCorrection, id, |case| {
            Ok(case::ask_correction(case, points.clone(), &self.papers())?)
        })
        .await
    }

    /// The unit answers each marked point, with words, files or both.
    pub async fn supply_correction(
        &self,
        call: &Call,
        id: &CaseId,
        answers: Vec<(String, Vec<AttachmentId>)>,
    ) -> Result<(), Failure> {
        let mut checked = Vec::new();
        for (text, files) in answers {
            checked.push(Answer { text: text.trim().to_owned(), files: self.own_files(call, &files).await? });
        }
        self.act(call, Action::SupplyCorrection, id, |case| Ok(case::supply(case, checked.clone())?)).await
    }

    /// The points the unit has to answer, in order, with its files; empty when nothing is to be corrected.
    pub async fn correction_needs(&self, call: &Call, id: &CaseId) -> Result<Vec<PointNeed>, Failure> {
        let (stream, application) = self.load_case(call, Action::SupplyCorrection, id).await?;
        let Some(correction) = stream.state.correction.filter(|_| stream.state.stage == Stage::CorrectionAsked) else {
            return Ok(Vec::new());
        };
        let handed_in = self.handed_in(&application.project).await?;
        let first = application.materials.first().map(|given| given.material.as_str());
        let mut needs = Vec::new();
        for point in correction.points {
            let material = point.material.as_deref().or(first).and_then(|id| self.rules.catalogue.material(id));
            let material = material.or(self.rules.catalogue.all_materials().first()).ok_or(Failure::NotThere)?;
            let files = self.offered_files(call, &material.id, &application.project).await?;
            let is_fresh = |file: &AttachmentRow| {
                file.project == application.project && file.at >= correction.asked_at && !handed_in.contains(&file.id)
            };
            let (mut fresh, offered): (Vec<_>, Vec<_>) = files.into_iter().partition(is_fresh);
            fresh.reverse();
            needs.push(PointNeed { point, material, fresh, offered });
        }
        Ok(needs)
    }

    /// 受理: the code is verified in the same commit (办法第十四条第二项; S-52, A-15). `reviewed`: the officer ticked that the materials
    /// were looked through and contain nothing classified (K-11).
    pub async fn accept_case(&self, call: &Call, id: &CaseId, reviewed: bool) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, application) = self.load_case(call, Action::AcceptCase, id).await?;
            self.settle(call, id, &stream.state).await?;
            let project = self.load::<Project>(application.project.as_str()).await?;
            let check = CodeCheck::of(&application, &project.state);
            let due = self.due_if_accepted_today(&stream.state);
            let by = match &call.actor {
                Actor::Officer { account, name, .. } if reviewed => {
                    Some(Undertaker { account: account.clone(), name: name.clone() })
                }
                _ => None,
            };
            match case::accept(&stream.state, check, by, due, &self.papers())? {
                Acceptance::Accepted(events) => {
                    let mut change = self.change(call);
                    change.append(stream, &events)?;
                    change.exactly_one(in_force(&application.project, &project));
                    change.commit_or(id.as_str(), taken_is_conflict).await
                }
                Acceptance::CodeRefused(events, refusal) => {
                    // Nothing was accepted, so the key stays free: a repetition must not look like an acceptance.
                    let unkeyed = Call { once: None, ..call.clone() };
                    let mut change = self.change(&unkeyed);
                    change.append(stream, &events)?;
                    change.commit_or(id.as_str(), taken_is_conflict).await?;
                    Err(refusal.into())
                }
            }
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Last day of the limit if the case were accepted today, and whether it is provisional.
    pub fn due_if_accepted_today(&self, case: &Case) -> Option<(Date, bool)> {
        let accepted = Case { accepted_at: Some(self.clock.now()), ..case.clone() };
        let due = case::decision_clock(&accepted)?.due(self.rules.calendar)?;
        Some((due.date, due.provisional))
    }

    /// 不予受理.
    pub async fn not_accept_case(
        &self,
        call: &Call,
        id: &CaseId,
        ground: NotAcceptedGround,
        reason: &str,
        right_organ: Option<Agency>,
    ) -> Result<(), Failure> {
        self.act(call, Action::NotAcceptCase, id, |case| {
            Ok(case::not_accept(case, ground, reason, right_organ.clone(), &self.papers())?)
        })
        .await
    }

    /// 作出决定; the case completes by itself in the same commit (办法第十四条第四、五项). The commit itself looks for a reply
    /// that is still needed; only when it was refused is it asked which one.
    pub async fn decide_case(&self, call: &Call, id: &CaseId, decision: Decision) -> Result<(), Failure> {
        let by = call.actor.tag();
        let act = again(|| async {
            let (stream, _) = self.load_case(call, Action::DecideCase, id).await?;
            self.settle(call, id, &stream.state).await?;
            let events = case::decide(&stream.state, decision.clone(), &self.scene(&by), &self.papers())?;
            let mut change = self.change(call);
            let decided = change.append(stream, &events)?;
            self.publish_by_kind(&mut change, id, &decided.state).await?;
            change.exactly_one(nothing_awaited(id, self.clock.now().date()));
            match change.commit_or(id.as_str(), taken_is_conflict).await {
                Err(Failure::Conflict) => {
                    Err(self.waits_for_consultation(id).await?.map_or(Failure::Conflict, Failure::from))
                }
                done => done,
            }
        });
        self.once(call, |_| Some(()), act).await?;
        self.hand_back_after(call, id).await;
        Ok(())
    }

    /// The completion notice a decision would lead to, or what is wrong with it. Changes nothing; its number is not drawn yet.
    pub async fn preview_decision(&self, call: &Call, id: &CaseId, decision: Decision) -> Result<Document, Failure> {
        let (stream, _) = self.load_case(call, Action::DecideCase, id).await?;
        if let Some(refusal) = self.waits_for_consultation(id).await?.filter(|_| stream.state.may(Act::Decide)) {
            return Err(refusal.into());
        }
        let papers = Papers { serial: "×××××××××".into(), ..self.papers() };
        let by = call.actor.tag();
        let events = case::decide(&stream.state, decision, &self.scene(&by), &papers)?;
        let notice = events.into_iter().find_map(|event| match event {
            CaseEvent::CaseCompleted { document } => Some(*document),
            _ => None,
        });
        notice.ok_or(Failure::NotThere)
    }

    /// The unit takes its application back.
    pub async fn withdraw_case(&self, call: &Call, id: &CaseId, reason: &str) -> Result<(), Failure> {
        self.act(call, Action::WithdrawCase, id, |case| Ok(case::withdraw(case, reason)?)).await
    }

    /// Everything about one case.
    pub async fn case_page(&self, call: &Call, id: &CaseId) -> Result<CasePage, Failure> {
        let _ = self.load_case(call, Action::ReadCase, id).await?;
        self.case_view(id).await
    }

    /// The same, for whoever was let read it already.
    pub(crate) async fn case_view(&self, id: &CaseId) -> Result<CasePage, Failure> {
        let case = self.load::<Case>(id.as_str()).await?.state;
        let application = case.application.clone().ok_or(Failure::NotThere)?;
        let project = self.load::<Project>(application.project.as_str()).await?.state;
        let trail = self.case_trail(id).await?;
        self.case_on(id, (case, project), (self.clock.now().date(), self.rules.calendar), trail).await
    }

    /// Everything about a case and its project in these states, as of a day, counted with a calendar.
    pub(crate) async fn case_on(
        &self,
        id: &CaseId,
        (case, project): (Case, Project),
        (today, calendar): (Date, &Calendar),
        trail: Vec<TrailEntry>,
    ) -> Result<CasePage, Failure> {
        let application = case.application.clone().ok_or(Failure::NotThere)?;
        // Looked back at, a period may have been ended by an entry of a later day.
        let until = |facts: ClockFacts| ClockFacts { finished: facts.finished.map(|day| day.min(today)), ..facts };
        let sheet = |facts: Option<ClockFacts>| facts.map(|f| until(f).sheet(calendar, today, Thresholds::default()));
        Ok(CasePage {
            id: id.clone(),
            check_sheet: sheet(case::check_clock(&case)),
            decision_sheet: sheet(case::decision_clock(&case)),
            days: case::history(&case).map(|h| h.ledger(calendar, today)).unwrap_or_default(),
            delivery_sheet: sheet(case::delivery_clock(&case)),
            amendment_sheet: sheet(case::amendment_clock(&case)),
            commitment_sheet: sheet(case::commitment_clock(&case)),
            other_sheets: other_clocks(&case)
                .into_iter()
                .filter_map(|clock| Some((clock.kind.name.clone(), sheet(Some(clock))?)))
                .collect(),
            force: case.force(today),
            code_check: CodeCheck::of(&application, &project),
            names: {
                let proposed = case.proposal.as_ref().map(|p| p.by.as_str());
                let reviewed = case.review.as_ref().map(|r| r.by.as_str());
                self.names_of([proposed, reviewed].into_iter().flatten()).await?
            },
            trail,
            case,
            application,
            project,
        })
    }

    /// All cases of a project, oldest first.
    pub(crate) async fn cases_of_project(&self, project: &ProjectId) -> Result<Vec<CaseRow>, Failure> {
        let rows = self
            .store
            .query_few(
                "SELECT id, project_id, project_code, project_name, unit_name, item, item_name, department, region, stage, owed, due_day, \
                 yellow_day, provisional, suspended, outcome, document_number, document_title, decided_day, submitted_at, ended_at, updated_at, \
                 holder_name, in_force FROM cases WHERE project_id = $1 ORDER BY submitted_at, id",
                [project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(CaseRow::read).collect()
    }

    /// The unit's files behind ids, all its own and fit to be handed in.
    async fn own_files(&self, call: &Call, ids: &[AttachmentId]) -> Result<Vec<File>, Failure> {
        let mut files = Vec::new();
        for id in ids {
            let row = self.attachment(call, id).await?;
            if !row.state.is_usable() {
                let message = match row.state {
                    FileState::Received | FileState::Scanning => format!(
                        "文件“{}”正在检查，通常一分钟内完成。请稍候再提交；已填写的内容和已上传的文件都会保留。",
                        row.name
                    ),
                    _ => format!("文件“{}”未通过安全检查，不能作为申请材料，请重新上传。", row.name),
                };
                return Err(Refusal::new("file.not_clean", message).into());
            }
            files.push(File { id: row.id, name: row.name });
        }
        Ok(files)
    }
}

/// Clocks beside check, decision, delivery and amendment.
fn other_clocks(case: &Case) -> Vec<ClockFacts> {
    let specials = case.specials.iter().filter_map(domain::case::Special::clock);
    [case::transfer_clock(case), case::hearing_request_clock(case), case::hearing_clock(case)]
        .into_iter()
        .flatten()
        .chain(specials)
        .collect()
}

/// A completed, granted case whose result is this material.
pub(crate) fn shared_result(material: &Material, cases: &[CaseRow]) -> Option<(CaseId, String)> {
    let case = cases.iter().rev().find(|c| c.in_force && material.issued_by.contains(&c.item))?;
    Some((case.id.clone(), format!("{}({})", case.document_title, case.document_number)))
}

/// Holds the project in its present state until the commit, so that no acceptance slips past a voided code.
pub(crate) fn in_force(id: &ProjectId, project: &Stream<Project>) -> Row {
    Row::new(
        "UPDATE projects SET checks = checks + 1 WHERE id = $1 AND version = $2 AND state = 'active'",
        [id.as_str().into(), project.version().into()],
    )
}
