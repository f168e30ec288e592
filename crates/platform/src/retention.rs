//! 保存期限 (L-02): personal answers are erased when their time after the project's end is over. The register of the form says for how
//! long (S-33); what was erased is an event of the project, and the chain verifies without it.

use crate::{Action, Call, Failure, Object, Platform, failure::again, permission};
use domain::{
    Moment,
    ids::ProjectId,
    project::{Project, ProjectEvent},
    region::INNER_MONGOLIA,
};
use jiff::ToSpan;

/// Projects shown as done.
const SHOWN: i64 = 50;
/// Counts stop here.
const MOST: i64 = 1000;

/// Personal answers with the same time: how many projects are due, and how many are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Years after the end of a project.
    pub years: i16,
    /// Labels of the answers.
    pub fields: Vec<String>,
    /// Projects whose time is over and whose answers are still there, counted up to a thousand.
    pub due: i64,
    /// Projects whose answers were erased, counted up to a thousand.
    pub done: i64,
    /// Ended projects whose time still runs, counted up to a thousand.
    pub running: i64,
}

/// A project whose answers were erased.
#[derive(Debug, Clone)]
pub struct ErasedRow {
    /// Its code.
    pub code: String,
    /// When it ended.
    pub ended_at: Moment,
    /// Answers kept up to so many years are gone.
    pub years: i64,
    /// When they were erased.
    pub erased_at: Moment,
}

/// What the security administrator sees.
#[derive(Debug, Clone)]
pub struct RetentionPage {
    /// By time, the shortest first.
    pub terms: Vec<Term>,
    /// Erased lately, the latest first.
    pub erased: Vec<ErasedRow>,
}

impl Platform {
    /// The times of the register, the shortest first.
    fn terms(&self) -> Vec<i16> {
        let mut years: Vec<i16> = self.form().personal_register().map(|(_, entry)| entry.years).collect();
        years.sort_unstable();
        years.dedup();
        years
    }

    /// Projects that ended before this moment have waited so many years.
    fn cutoff(&self, years: i16) -> i64 {
        let now = self.clock.now();
        now.date().checked_sub(i32::from(years).years()).map_or(i64::MIN, |day| Moment::at(day, 0, 0).0)
    }

    /// Erases what is over its time, for at most so many projects. Gives how many. Every node may do it.
    pub async fn erase_due(&self, call: &Call, limit: u64) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepFiles, Object::default(), self.rules.regions)?;
        let mut erased = 0;
        for years in self.terms() {
            let rows = self
                .store
                .query(
                    "SELECT id FROM projects WHERE state <> 'active' AND ended_at > 0 AND erased_years < $1 AND ended_at < $2 \
                     ORDER BY ended_at, id LIMIT $3",
                    [
                        i64::from(years).into(),
                        self.cutoff(years).into(),
                        i64::try_from(limit.saturating_sub(erased)).unwrap_or(i64::MAX).into(),
                    ],
                )
                .await
                .map_err(Failure::fault)?;
            for row in &rows {
                let id = ProjectId(row.try_get("", "id").map_err(Failure::fault)?);
                self.erase_answers(call, &id, years).await?;
                erased += 1;
            }
        }
        Ok(erased)
    }

    /// First the values, then the record that they are gone: a crash in between is made up for by the next run.
    async fn erase_answers(&self, call: &Call, id: &ProjectId, years: i16) -> Result<(), Failure> {
        let over = self.form().personal_register().filter(|(_, entry)| entry.years <= years);
        let fields: Vec<String> = over.map(|(field, _)| field.id.clone()).collect();
        for field in &fields {
            self.erase_everywhere(id, field).await?;
        }
        again(|| async {
            let stream = self.load::<Project>(id.as_str()).await?;
            if stream.state.erased_years >= years {
                return Ok(());
            }
            let mut change = self.change(call);
            change.append(stream, &[ProjectEvent::PersonalErased { years, fields: fields.clone() }])?;
            change.commit(id.as_str()).await
        })
        .await
    }

    /// The register with what is due and done.
    pub async fn retention_page(&self, call: &Call) -> Result<RetentionPage, Failure> {
        let whole = Object { region: Some(INNER_MONGOLIA), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::ReadRetention, whole, self.rules.regions)?;
        let mut terms = Vec::new();
        for years in self.terms() {
            let fields = self.form().personal_register().filter(|(_, entry)| entry.years == years);
            let row = self
                .store
                .query_one(
                    "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM projects WHERE state <> 'active' AND ended_at > 0 AND erased_years < $1 \
                     AND ended_at < $2 LIMIT $3) AS a) AS due, \
                     (SELECT COUNT(*) FROM (SELECT 1 AS one FROM projects WHERE erased_years >= $1 LIMIT $3) AS b) AS done, \
                     (SELECT COUNT(*) FROM (SELECT 1 AS one FROM projects WHERE state <> 'active' AND ended_at > 0 AND erased_years < $1 \
                     AND ended_at >= $2 LIMIT $3) AS c) AS running",
                    [i64::from(years).into(), self.cutoff(years).into(), MOST.into()],
                )
                .await
                .map_err(Failure::fault)?
                .ok_or(Failure::NotThere)?;
            let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
            terms.push(Term {
                years,
                fields: fields.map(|(field, _)| field.label.clone()).collect(),
                due: number("due")?,
                done: number("done")?,
                running: number("running")?,
            });
        }
        let rows = self
            .store
            .query(
                "SELECT code, ended_at, erased_years, erased_at FROM projects WHERE erased_years > 0 ORDER BY erased_at DESC, id LIMIT $1",
                [SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let erased = rows.iter().map(|row| {
            let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
            Ok(ErasedRow {
                code: row.try_get("", "code").map_err(Failure::fault)?,
                ended_at: Moment(number("ended_at")?),
                years: number("erased_years")?,
                erased_at: Moment(number("erased_at")?),
            })
        });
        Ok(RetentionPage { terms, erased: erased.collect::<Result<_, Failure>>()? })
    }

    /// Whether the caller sees the page.
    pub fn reads_retention(&self, call: &Call) -> bool {
        let whole = Object { region: Some(INNER_MONGOLIA), ..Object::default() };
        permission::decide(&call.actor, Action::ReadRetention, whole, self.rules.regions).is_ok()
    }
}
