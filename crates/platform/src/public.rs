//! 公开查询: what anybody may see. Nothing is public unless [`PublicProject`] and its neighbours name it (办法第十八条; S-55).

use crate::{
    Action, Call, Failure, Object, Platform,
    case::CaseRow,
    permission,
    project::ProjectRow,
    read::{from_day_number, outcome_of},
};
use domain::{
    case::{Outcome, Stage},
    ids::ProjectId,
    project::ProjectState,
    project_code::{Fault, Generation, ProjectCode},
    region::RegionCode,
};
use jiff::civil::Date;
use ledger::QueryResult;
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer to "is this code real?" (办法第十三条).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Not a code, and why; answered without asking the database.
    Fault(Fault),
    /// A well-formed code of which this platform has no project.
    Unknown(Generation),
    /// A project's code.
    Known {
        /// Generation.
        generation: Generation,
        /// Project name.
        name: String,
        /// Whether it is in force.
        state: ProjectState,
    },
}

/// A result of a project, as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicResult {
    /// 事项.
    pub item: String,
    /// 办理机关.
    pub agency: String,
    /// 办理状态.
    pub stage: String,
    /// 办理结果, once completed.
    pub outcome: Option<String>,
    /// 审批文件文号.
    pub document_number: Option<String>,
    /// 审批文件标题.
    pub title: Option<String>,
    /// 决定日期.
    pub decided_on: Option<String>,
}

/// A project, as the public sees it: no person, no money parts, no files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicProject {
    /// 项目代码.
    pub code: String,
    /// 项目名称.
    pub name: String,
    /// 项目单位.
    pub unit: String,
    /// 审批、核准、备案.
    pub regime: String,
    /// 建设地点.
    pub region: String,
    /// 代码状态.
    pub state: String,
    /// 申报日期.
    pub declared_on: String,
    /// 办理过程及审批结果.
    pub results: Vec<PublicResult>,
}

/// Figures on the first page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Projects with a code.
    pub projects: i64,
    /// Cases running.
    pub running: i64,
    /// Cases completed.
    pub completed: i64,
    /// Items in the catalogue.
    pub items: i64,
}

/// Overlapping pairs of characters, digit runs kept whole: exact substring truth for two-character words (design §4).
pub fn bigrams(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut digits = String::new();
    let mut previous: Option<char> = None;
    for c in text.to_lowercase().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            previous = None;
            continue;
        }
        if !digits.is_empty() {
            words.push(std::mem::take(&mut digits));
        }
        if !c.is_alphanumeric() {
            previous = None;
            continue;
        }
        if let Some(before) = previous {
            words.push([before, c].iter().collect());
        }
        previous = Some(c);
    }
    if !digits.is_empty() {
        words.push(digits);
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// What was published of one result.
struct Published {
    outcome: Option<Outcome>,
    document_number: String,
    title: String,
    decided_on: Option<Date>,
}

impl Published {
    fn read(row: &QueryResult) -> Result<(String, Self), Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let published = Self {
            outcome: outcome_of(&text("outcome")?),
            document_number: text("document_number")?,
            title: text("title")?,
            decided_on: from_day_number(row.try_get("", "decided_day").map_err(Failure::fault)?),
        };
        Ok((text("case_id")?, published))
    }
}

/// A project's row as its check value covers it.
const PROJECT: &str =
    "SELECT id, code, name, regime, state, region, unit_id, unit_name, total_fen, mac FROM projects WHERE code = $1";

impl Platform {
    /// Whether anybody may ask: the policy says yes, and says it in one place.
    pub(crate) fn public(&self, call: &Call) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::QueryPublic, Object::default(), self.rules.regions)?;
        Ok(())
    }

    /// Verifies a code: form first, then whether a project has it. A malformed code costs no statement.
    pub async fn verify_code(&self, call: &Call, code: &str) -> Result<CodeAnswer, Failure> {
        self.public(call)?;
        let answering = self.let_ask(call).await?;
        let code = match ProjectCode::parse(code) {
            Ok(parsed) => parsed.code,
            Err(fault) => return Ok(CodeAnswer::Fault(fault)),
        };
        let row = self.proved_row("projects", PROJECT, &code.to_string(), |row| row.streams("project")).await?;
        let row = row.filter(|row| answering.tells(call, &row.text(7)));
        if row.is_none() {
            self.note_miss(call).await?;
        }
        Ok(match row {
            None => CodeAnswer::Unknown(code.generation()),
            Some(row) => CodeAnswer::Known {
                generation: code.generation(),
                name: row.text(2),
                state: ProjectState::parse(&row.text(4)).unwrap_or_default(),
            },
        })
    }

    /// The public view of a project, by its code.
    pub async fn public_project(&self, call: &Call, code: &str) -> Result<PublicProject, Failure> {
        self.public(call)?;
        let answering = self.let_ask(call).await?;
        let code = ProjectCode::parse(code).map_err(|_| Failure::NotThere)?.code;
        self.prove_project(&code.to_string()).await?;
        let row = self
            .store
            .query_one(
                "SELECT id, code, name, regime, state, region, unit_name, total_fen, declared_at FROM projects WHERE code = $1",
                [code.to_string().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let project = row.map(|row| ProjectRow::read(&row)).transpose()?;
        let Some(project) = project.filter(|project| answering.tells(call, &project.unit_name)) else {
            self.note_miss(call).await?;
            return Err(Failure::NotThere);
        };
        let cases = self.cases_of_project(&ProjectId(project.id.to_string())).await?;
        let published = self.published_of(&project.id).await?;
        Ok(self.disclose(&project, &cases, &published))
    }

    /// What was published of a project's results, by case.
    async fn published_of(&self, project: &ProjectId) -> Result<BTreeMap<String, Published>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT case_id, outcome, document_number, title, decided_day FROM public_results WHERE project_id = $1",
                [project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(Published::read).collect()
    }

    /// Looks at the rows an answer about a code stands on; what was changed behind the platform is restored first (S-25).
    async fn prove_project(&self, code: &str) -> Result<(), Failure> {
        let cases = "SELECT c.id, c.project_id, c.project_code, c.unit_id, c.item, c.department, c.region, c.stage, c.outcome, \
                     c.document_number, c.document_title, c.decided_day, c.mac FROM cases c JOIN projects p ON p.id = c.project_id \
                     WHERE p.code = $1";
        self.prove_rows("projects", PROJECT, code, |row| row.streams("project")).await?;
        self.prove_rows("cases", cases, code, |row| row.streams("case")).await?;
        Ok(())
    }

    /// The disclosure policy, field by field.
    fn disclose(
        &self,
        project: &ProjectRow,
        cases: &[CaseRow],
        published: &BTreeMap<String, Published>,
    ) -> PublicProject {
        PublicProject {
            code: project.code.clone(),
            name: project.name.clone(),
            unit: project.unit_name.clone(),
            regime: regime_name(&project.regime).to_owned(),
            region: self.region_name(&project.region),
            state: project.state.name().to_owned(),
            declared_on: project.declared_at.date().to_string(),
            results: cases
                .iter()
                .filter(|c| c.stage != Stage::Withdrawn)
                .map(|case| self.disclose_case(case, published.get(case.id.as_str())))
                .collect(),
        }
    }

    /// A running case shows how far it is; its result stands there once it was published.
    fn disclose_case(&self, case: &CaseRow, published: Option<&Published>) -> PublicResult {
        let agency = RegionCode::parse(&case.region)
            .and_then(|region| domain::department::agency_name(&case.department, region))
            .unwrap_or_default();
        PublicResult {
            item: case.item_name.clone(),
            agency,
            stage: case.stage.name().to_owned(),
            outcome: published.and_then(|it| it.outcome).map(|outcome| match outcome {
                Outcome::Granted if !case.in_force => "准予，现已失效".to_owned(),
                other => other.name().to_owned(),
            }),
            document_number: published.map(|it| it.document_number.clone()),
            title: published.map(|it| it.title.clone()),
            decided_on: published.and_then(|it| it.decided_on).map(|day: Date| day.to_string()),
        }
    }

    /// Full Chinese name of a region code.
    pub fn region_name(&self, code: &str) -> String {
        RegionCode::parse(code).map(|c| self.rules.regions.full_name(c)).unwrap_or_default()
    }

    /// Projects whose name contains the words, newest first; a name shorter than two characters finds nothing.
    pub async fn search_projects(
        &self,
        call: &Call,
        words: &str,
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<ProjectRow>, Failure> {
        self.public(call)?;
        let words: String =
            words.trim().chars().filter(|c| !matches!(c, '%' | '_' | '\\' | '"' | '\'')).take(50).collect();
        let grams = bigrams(&words);
        if grams.is_empty() {
            return Ok(Vec::new());
        }
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let limit = i64::try_from(limit).unwrap_or(20);
        let rows = match self.store.backend() {
            ledger::Backend::Sqlite => {
                let query = grams.iter().map(|g| format!("\"{g}\"")).collect::<Vec<_>>().join(" AND ");
                self.store.query(
                    "SELECT p.id, p.code, p.name, p.regime, p.state, p.region, p.unit_name, p.total_fen, p.declared_at FROM project_search s \
                     JOIN projects p ON p.id = s.id WHERE s.words MATCH $1 AND p.name LIKE $2 \
                     AND (p.declared_at < $3 OR (p.declared_at = $3 AND p.id < $4)) ORDER BY p.declared_at DESC, p.id DESC LIMIT $5",
                    [query.into(), format!("%{words}%").into(), at.into(), id.into(), limit.into()],
                )
            }
            .await,
            ledger::Backend::Postgres => {
                let query = grams.iter().map(|g| format!("'{g}'")).collect::<Vec<_>>().join(" & ");
                self.store.query(
                    "SELECT p.id, p.code, p.name, p.regime, p.state, p.region, p.unit_name, p.total_fen, p.declared_at FROM project_search s \
                     JOIN projects p ON p.id = s.id WHERE s.words @@ $1::tsquery AND p.name ILIKE $2 \
                     AND (p.declared_at < $3 OR (p.declared_at = $3 AND p.id < $4)) ORDER BY p.declared_at DESC, p.id DESC LIMIT $5",
                    [query.into(), format!("%{words}%").into(), at.into(), id.into(), limit.into()],
                )
            }
            .await,
        };
        rows.map_err(Failure::fault)?.iter().map(ProjectRow::read).collect()
    }

    /// Results that were published lately, newest first (办法第十八条).
    pub async fn latest_results(&self, call: &Call, limit: u64) -> Result<Vec<(CaseRow, PublicResult)>, Failure> {
        self.public(call)?;
        let rows = self
            .store
            .query(
                "SELECT c.id, c.project_id, c.project_code, c.project_name, c.unit_name, c.item, c.item_name, c.department, c.region, c.stage, \
                 c.owed, c.due_day, c.yellow_day, c.provisional, c.suspended, c.outcome, c.document_number, c.document_title, c.decided_day, \
                 c.submitted_at, c.ended_at, c.updated_at, c.holder_name, c.in_force FROM public_results p \
                 JOIN cases c ON c.id = p.case_id ORDER BY p.published_at DESC, p.case_id LIMIT $1",
                [i64::try_from(limit).unwrap_or(10).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut results = Vec::new();
        for row in &rows {
            let case = CaseRow::read(row)?;
            let published = self.published_of(&case.project).await?;
            let result = self.disclose_case(&case, published.get(case.id.as_str()));
            results.push((case, result));
        }
        Ok(results)
    }

    /// Figures on the first page.
    pub async fn figures(&self, call: &Call) -> Result<Figures, Failure> {
        self.public(call)?;
        let row = self
            .store
            .query_one(
                "SELECT (SELECT COUNT(*) FROM projects) AS projects, (SELECT COUNT(*) FROM cases WHERE ended_at = 0) AS running, \
                 (SELECT COUNT(*) FROM cases WHERE stage = 'completed') AS completed",
                [],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Figures {
            projects: number("projects")?,
            running: number("running")?,
            completed: number("completed")?,
            items: i64::try_from(self.rules.catalogue.items().len()).unwrap_or(0),
        })
    }
}

/// Chinese name of a regime's machine name.
pub fn regime_name(slug: &str) -> &'static str {
    domain::regime::Regime::ALL.into_iter().find(|r| r.as_str() == slug).map_or("", |r| r.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bigrams_keep_digit_runs_whole() {
        assert_eq!(bigrams("年产30万吨"), ["30", "万吨", "年产"]);
        assert_eq!(bigrams("光伏"), ["光伏"]);
        assert!(bigrams("光").is_empty());
        assert_eq!(bigrams("A-B光伏"), ["b光", "光伏"]);
    }
}
