//! Use cases of projects: declaration with its code, withdrawal, voiding, and the project page.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    case::CaseRow,
    failure::again,
    guide::GuidesInForce,
    permission,
    stream::{Change, Stream},
    trail::TrailEntry,
};
use domain::{
    Refusal,
    case::{Outcome, Stage},
    declaration::{Answers, Context, Declaration, Form, Likeness, PROBABLE_DUPLICATE, similarity},
    department::agency_name,
    ids::{DraftId, ProjectId, UnitId},
    item::{Blocker, Derivation, Fact, Facts, Item, Limit, PrecedenceKind},
    marking,
    project::{self, Declared, Project, ProjectEvent},
    project_code::Issue,
    regime::{self, Choice},
    region::RegionCode,
    unit::ProjectUnit,
};
use ledger::{Refused, Row};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Random parts tried for a free code before giving up.
const CODE_TRIES: usize = 64;

/// What a declaration would lead to, before it is submitted (办法第十四条第一项: 强化事前服务).
#[derive(Debug, Clone)]
pub struct Preview {
    /// The declaration, checked.
    pub declaration: Declaration,
    /// How the project is handled, and why.
    pub regime: Choice,
    /// Items needed and not needed, and why.
    pub derivation: Derivation,
}

impl Platform {
    /// What the declaration rules look things up in.
    pub fn declaration_context(&self) -> Context<'_> {
        Context { regions: self.rules.regions, industries: self.rules.industries, today: self.clock.now().date() }
    }

    /// The form in force.
    pub fn form(&self) -> &'static Form {
        self.rules.form
    }

    /// Checks a declaration without submitting it. Stores nothing.
    pub fn preview(&self, answers: &Answers) -> Result<Preview, Vec<Refusal>> {
        let marked = marked_answers(self.rules.form, answers);
        if !marked.is_empty() {
            return Err(marked);
        }
        let declaration = Declaration::from_answers(self.rules.form, answers, &self.declaration_context())?;
        let regime = regime::choose(&declaration.regime_facts(), self.rules.ratification).map_err(|r| vec![r])?;
        let facts = facts_with_regime(&declaration, &regime);
        let derivation = self.rules.catalogue.derive(&facts);
        Ok(Preview { declaration, regime, derivation })
    }

    /// 项目申报: the unit declares, the platform gives the code and says which items are needed (办法第十四条第一项).
    /// With an idempotency key the same form never makes two projects.
    pub async fn declare_project(
        &self,
        call: &Call,
        answers: &Answers,
        draft: Option<&DraftId>,
    ) -> Result<ProjectId, Failure> {
        let _permit = permission::decide(&call.actor, Action::DeclareProject, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, .. } = &call.actor else { return Err(Failure::NotThere) };
        self.once(call, ProjectId::parse, self.declare(call, unit, answers, draft)).await
    }

    async fn declare(
        &self,
        call: &Call,
        unit: &UnitId,
        answers: &Answers,
        draft: Option<&DraftId>,
    ) -> Result<ProjectId, Failure> {
        let unit = self.load::<ProjectUnit>(unit.as_str()).await?.state;
        let preview = self.preview(&with_unit(answers, &unit))?;
        let id = ProjectId::from_random(self.chance.id());
        let facts = facts_with_regime(&preview.declaration, &preview.regime);
        let (declaration, personal) = preview.declaration.split_personal();
        let public = declaration.to_answers();
        for _ in 0..CODE_TRIES {
            let code = self.draw_code(&declaration)?;
            let declared = Declared {
                id: id.clone(),
                unit: unit.id.clone(),
                unit_name: unit.name.clone(),
                code,
                regime: preview.regime.regime,
                regime_rule: preview.regime.rule.clone(),
                name: declaration.project_name.clone(),
                region: declaration.region.clone(),
                industry: declaration.industry.clone(),
                total_investment: declaration.investment.total,
                answers: public.clone(),
                facts: facts.clone(),
                needed: preview.derivation.codes().into_iter().map(str::to_owned).collect(),
                rulebook: self.rules.version(),
            };
            match self.record_declaration(call, declared, personal.clone(), draft).await {
                Err(Failure::Conflict) => {} // the code or a paper's number was taken: draw again
                other => return other.map(|()| id),
            }
        }
        Err(Failure::Busy)
    }

    fn draw_code(&self, declaration: &Declaration) -> Result<String, Failure> {
        let today = self.clock.now().date();
        let number = |text: &str| text.parse::<u8>().unwrap_or(0);
        let issue = Issue {
            region: RegionCode::parse(&declaration.region).unwrap_or(domain::region::INNER_MONGOLIA),
            department: number(&self.settings.code_department),
            project_type: number(&declaration.project_type),
            year: today.year(),
            month: today.month(),
            random: self.chance.below(Issue::RANDOM),
        };
        Ok(issue.code()?.to_string())
    }

    async fn record_declaration(
        &self,
        call: &Call,
        declared: Declared,
        personal: Vec<(String, String)>,
        draft: Option<&DraftId>,
    ) -> Result<(), Failure> {
        let region = declaration_region(&declared);
        let issuer = agency_name("development_reform", region).unwrap_or_default();
        let now = self.clock.now();
        let number = format!("内投审〔{}〕码{}{}号", now.date().year(), region.as_str(), self.serial());
        let certificate =
            project::code_certificate(&declared, number, issuer, &self.rules.regions.full_name(region), now);
        let id = declared.id.clone();
        let stream = self.load::<Project>(id.as_str()).await?;
        let mut change = self.change(call);
        change.append_sealed(
            stream,
            &[
                ProjectEvent::ProjectDeclared(Arc::new(declared)),
                ProjectEvent::CodeCertificateIssued { document: Box::new(certificate) },
            ],
            personal,
        )?;
        if let Some(draft) = draft {
            change.row(Row::new("DELETE FROM drafts WHERE id = $1", [draft.as_str().into()]));
        }
        change.commit_or(id.as_str(), taken_is_conflict).await
    }

    /// Serial part of a document number: nine random digits; a taken one is drawn again.
    pub(crate) fn serial(&self) -> String {
        format!("{:09}", self.chance.below(1_000_000_000))
    }

    pub(crate) async fn load_project(
        &self,
        call: &Call,
        action: Action,
        id: &ProjectId,
    ) -> Result<(Stream<Project>, Arc<Declared>), Failure> {
        let stream = self.load::<Project>(id.as_str()).await?;
        let Some(declared) = stream.state.declared.clone() else { return Err(Failure::NotThere) };
        let object =
            Object { unit: Some(&declared.unit), department: None, region: Some(declaration_region(&declared)) };
        let _permit = permission::decide(&call.actor, action, object, self.rules.regions)?;
        Ok((stream, declared))
    }

    /// The unit gives the project up.
    pub async fn withdraw_project(&self, call: &Call, id: &ProjectId, reason: &str) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_project(call, Action::WithdrawProject, id).await?;
            let events = project::withdraw(&stream.state, reason)?;
            self.append_and_commit(self.change(call), stream, &events, id).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// General administration takes a code out of force.
    pub async fn void_code(&self, call: &Call, id: &ProjectId, reason: &str) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_project(call, Action::VoidCode, id).await?;
            let events = project::void_code(&stream.state, reason)?;
            self.append_and_commit(self.change(call), stream, &events, id).await
        });
        self.once(call, |_| Some(()), act).await
    }

    async fn append_and_commit(
        &self,
        mut change: Change<'_>,
        stream: Stream<Project>,
        events: &[ProjectEvent],
        id: &ProjectId,
    ) -> Result<(), Failure> {
        change.append(stream, events)?;
        change.commit(id.as_str()).await
    }

    /// Everything about one project, for its unit and the officers who may see it.
    pub async fn project_page(&self, call: &Call, id: &ProjectId) -> Result<ProjectPage, Failure> {
        let (stream, declared) = self.load_project(call, Action::ReadProject, id).await?;
        let cases = self.cases_of_project(id).await?;
        let derivation = self.rules.catalogue.derive(&declared.facts);
        let guides = self.guides_in_force(&Call::system("limits")).await?;
        let tasks = self.tasks(&declared, &derivation, &cases, &guides);
        let trail = self.project_trail(id, &cases).await?;
        Ok(ProjectPage { project: stream.state, declared, derivation, tasks, cases, trail })
    }

    pub(crate) fn tasks(
        &self,
        declared: &Declared,
        derivation: &Derivation,
        cases: &[CaseRow],
        guides: &GuidesInForce,
    ) -> Vec<Task> {
        let needed: BTreeSet<String> = declared.needed.iter().cloned().collect();
        let done: BTreeSet<String> = cases.iter().filter(|c| c.in_force).map(|c| c.item.clone()).collect();
        let because: BTreeMap<&str, &str> =
            derivation.needed.iter().map(|n| (n.item.as_str(), n.because.as_str())).collect();
        let codes: Vec<&str> = declared.needed.iter().map(String::as_str).collect();
        self.rules
            .catalogue
            .order(&codes)
            .into_iter()
            .filter_map(|code| {
                let item = self.rules.catalogue.item(code)?;
                let case = cases.iter().filter(|c| c.item == code).max_by_key(|c| c.submitted_at).cloned();
                let blockers = self.rules.catalogue.blocked_by(code, &needed, &done);
                let state = TaskState::of(case.as_ref(), &blockers);
                let agency = self.agency_for(item, declared);
                Some(Task {
                    item,
                    because: because.get(code).copied().unwrap_or_default().to_owned(),
                    state,
                    blockers,
                    agency_name: agency.name(),
                    limit: guides.limit(item).clone(),
                    case,
                })
            })
            .collect()
    }

    /// Projects of the signed-in unit, newest first; `before` is the last row of the page before.
    /// `words`, if any, must be part of the name or the code.
    pub async fn my_projects(
        &self,
        call: &Call,
        words: &str,
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<ProjectRow>, Failure> {
        let _permit = permission::decide(&call.actor, Action::DeclareProject, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, .. } = &call.actor else { return Err(Failure::NotThere) };
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let rows = self
            .store
            .query(
                "SELECT id, code, name, regime, state, region, unit_name, total_fen, declared_at FROM projects \
                 WHERE unit_id = $1 AND (declared_at < $2 OR (declared_at = $2 AND id < $3)) \
                 AND ($5 = '' OR REPLACE(name, $5, '') <> name OR REPLACE(code, $5, '') <> code) \
                 ORDER BY declared_at DESC, id DESC LIMIT $4",
                [
                    unit.as_str().into(),
                    at.into(),
                    id.into(),
                    i64::try_from(limit).unwrap_or(50).into(),
                    words.trim().to_owned().into(),
                ],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(ProjectRow::read).collect()
    }
}

/// How many projects a declaration is compared with.
const COMPARED: i64 = 300;
/// What the place of construction, known only from the declaration itself, can add to a likeness.
const PLACE: u8 = 10;

/// A project that a declaration is much like.
#[derive(Debug, Clone)]
pub struct Similar {
    /// The project.
    pub project: ProjectRow,
    /// From [`PROBABLE_DUPLICATE`] to 100.
    pub likeness: u8,
    /// It belongs to the declaring unit.
    pub own: bool,
}

impl Platform {
    /// Projects of the same unit or the same place a declaration is probably a second code for, most alike first
    /// (办法第十条: one project, one code). Shows nothing but what the public query shows.
    pub async fn similar_projects(&self, call: &Call, declaration: &Declaration) -> Result<Vec<Similar>, Failure> {
        let _permit = permission::decide(&call.actor, Action::DeclareProject, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, .. } = &call.actor else { return Err(Failure::NotThere) };
        let rows = self
            .store
            .query(
                "SELECT p.id, p.code, p.name, p.regime, p.state, p.region, p.unit_name, p.total_fen, p.declared_at, p.unit_id, u.credit_code \
                 FROM projects p JOIN units u ON u.id = p.unit_id \
                 WHERE p.state = 'active' AND (p.unit_id = $1 OR p.region = $2) ORDER BY p.declared_at DESC, p.id LIMIT $3",
                [unit.as_str().into(), declaration.region.clone().into(), COMPARED.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut found = Vec::new();
        for row in &rows {
            let project = ProjectRow::read(row)?;
            let credit_code: String = row.try_get("", "credit_code").map_err(Failure::fault)?;
            let owner: String = row.try_get("", "unit_id").map_err(Failure::fault)?;
            let mut other = Likeness {
                unit_credit_code: &credit_code,
                region: &project.region,
                place: "",
                name: &project.name,
                total: project.total,
            };
            if similarity(&declaration.likeness(), &other).saturating_add(PLACE) < PROBABLE_DUPLICATE {
                continue;
            }
            let declared = self.load::<Project>(project.id.as_str()).await?.state.declared;
            other.place = declared.as_ref().and_then(|d| d.answers.get("place_detail")).map_or("", String::as_str);
            let likeness = similarity(&declaration.likeness(), &other);
            if likeness >= PROBABLE_DUPLICATE {
                found.push(Similar { project, likeness, own: owner == unit.as_str() });
            }
        }
        found.sort_by_key(|s| std::cmp::Reverse(s.likeness));
        found.truncate(5);
        Ok(found)
    }

    /// For each project of the signed-in unit: cases under way, and those in which the unit owes a correction.
    pub async fn my_open_cases(&self, call: &Call) -> Result<BTreeMap<ProjectId, OpenCases>, Failure> {
        let _permit = permission::decide(&call.actor, Action::DeclareProject, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, .. } = &call.actor else { return Err(Failure::NotThere) };
        let rows = self
            .store
            .query(
                "SELECT project_id, COUNT(*) AS running, COALESCE(SUM(CASE WHEN owed = 'correct' THEN 1 ELSE 0 END), 0) AS waiting \
                 FROM cases WHERE unit_id = $1 AND ended_at = 0 GROUP BY project_id",
                [unit.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter()
            .map(|row| {
                let project: String = row.try_get("", "project_id").map_err(Failure::fault)?;
                let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
                Ok((
                    ProjectId(project),
                    OpenCases { running: number("running")?, waiting_for_unit: number("waiting")? },
                ))
            })
            .collect()
    }
}

/// How many cases of a project are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenCases {
    /// Under way.
    pub running: i64,
    /// Of these, waiting for a correction by the unit.
    pub waiting_for_unit: i64,
}

/// A number or code somebody else drew: not a fault, draw again.
pub(crate) fn taken_is_conflict(refused: Refused) -> Failure {
    match refused {
        Refused::Taken(what) if !what.as_deref().is_some_and(|w| w.contains("once")) => Failure::Conflict,
        other => crate::stream::refused(other),
    }
}

/// The declaring unit is the one that is signed in, whatever a form says.
fn with_unit(answers: &Answers, unit: &ProjectUnit) -> Answers {
    let mut answers = answers.clone();
    answers.insert("unit_name".to_owned(), unit.name.clone());
    answers.insert("unit_credit_code".to_owned(), unit.credit_code.clone());
    answers
}

/// The facts of a declaration together with the regime that was chosen for it.
fn facts_with_regime(declaration: &Declaration, regime: &Choice) -> Facts {
    let mut facts = declaration.facts();
    facts.insert("regime".to_owned(), Fact::Text(regime.regime.as_str().to_owned()));
    facts
}

/// The region of a declared project; declarations are checked, so the fallback never shows.
pub(crate) fn declaration_region(declared: &Declared) -> RegionCode {
    RegionCode::parse(&declared.region).unwrap_or(domain::region::INNER_MONGOLIA)
}

/// Answers that carry a state-secret mark: refused in neutral words, nothing of them is kept (办法第三条; K-03, K-04).
pub(crate) fn marked_answers(form: &Form, answers: &Answers) -> Vec<Refusal> {
    let refusal = |(id, text): (&String, &String)| {
        let alone = Answers::from([(id.clone(), text.clone())]);
        let refusal = marking::check_answers(form, &alone).refusal()?;
        Some(Refusal { field: Some(id.clone()), ..refusal })
    };
    answers.iter().filter_map(refusal).collect()
}

/// One row of a list of projects.
#[derive(Debug, Clone)]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// Project code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Regime, machine name.
    pub regime: String,
    /// State.
    pub state: project::ProjectState,
    /// Region code.
    pub region: String,
    /// Declaring unit.
    pub unit_name: String,
    /// Total investment.
    pub total: domain::Money,
    /// When it was declared.
    pub declared_at: domain::Moment,
}

/// Columns of [`ProjectRow`].
pub(crate) const PROJECT_COLUMNS: [&str; 9] =
    ["id", "code", "name", "regime", "state", "region", "unit_name", "total_fen", "declared_at"];

impl ProjectRow {
    pub(crate) fn read(row: &ledger::QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Self {
            id: ProjectId(text("id")?),
            code: text("code")?,
            name: text("name")?,
            regime: text("regime")?,
            state: project::ProjectState::parse(&text("state")?).unwrap_or_default(),
            region: text("region")?,
            unit_name: text("unit_name")?,
            total: domain::Money(number("total_fen")?),
            declared_at: domain::Moment(number("declared_at")?),
        })
    }
}

/// Where one needed item stands for the unit: five states, as a task list shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// 暂不能办理: an earlier item must be done first by law.
    CannotStartYet,
    /// 可以申请.
    Ready,
    /// 需要您处理: the unit owes something.
    ActionRequired,
    /// 办理中: the department owes something.
    InProgress,
    /// 已办结, granted.
    Done,
    /// 未通过: refused or not accepted; may be applied for again.
    Failed,
}

impl TaskState {
    fn of(case: Option<&CaseRow>, blockers: &[Blocker]) -> Self {
        let blocked = blockers.iter().any(|b| b.kind == PrecedenceKind::Law);
        match case {
            Some(case) => match case.stage {
                Stage::Completed if case.in_force => Self::Done,
                // Revoked or lapsed: it may be applied for anew.
                Stage::Completed if case.outcome == Some(Outcome::Granted) && blocked => Self::CannotStartYet,
                Stage::Completed if case.outcome == Some(Outcome::Granted) => Self::Ready,
                Stage::Completed | Stage::NotAccepted => Self::Failed,
                Stage::CorrectionAsked => Self::ActionRequired,
                Stage::Withdrawn if blocked => Self::CannotStartYet,
                Stage::Withdrawn => Self::Ready,
                _ => Self::InProgress,
            },
            None if blocked => Self::CannotStartYet,
            None => Self::Ready,
        }
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CannotStartYet => "暂不能办理",
            Self::Ready => "可以申请",
            Self::ActionRequired => "需要您处理",
            Self::InProgress => "办理中",
            Self::Done => "已办结",
            Self::Failed => "未通过",
        }
    }

    /// Whether the unit may apply now.
    pub fn may_apply(self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }
}

/// One needed item of a project, as a row of the task list.
#[derive(Debug, Clone)]
pub struct Task {
    /// The item.
    pub item: &'static Item,
    /// 因为……
    pub because: String,
    /// Where it stands.
    pub state: TaskState,
    /// What still stands before it.
    pub blockers: Vec<Blocker>,
    /// Who handles it.
    pub agency_name: String,
    /// The limit by the guide in force; a case keeps the limit it was applied for under.
    pub limit: Limit,
    /// The latest case, if one was ever opened.
    pub case: Option<CaseRow>,
}

/// Everything about one project.
#[derive(Debug, Clone)]
pub struct ProjectPage {
    /// Its state.
    pub project: Project,
    /// What was declared.
    pub declared: Arc<Declared>,
    /// Why each item is needed or not.
    pub derivation: Derivation,
    /// The task list in lawful order.
    pub tasks: Vec<Task>,
    /// All cases.
    pub cases: Vec<CaseRow>,
    /// 痕迹, oldest first.
    pub trail: Vec<TrailEntry>,
}
