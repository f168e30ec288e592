//! The deadline sweep: what the passing of time does to cases, recorded by the platform itself (办法第十五条; 许可法第三十二条).
//!
//! Each running period has one row with the next moment at which something changes for it. A sweep reads the rows whose moment
//! has come, never the others. Several nodes may sweep at once: the stream's version lets one of them record a fact, the
//! others find nothing left to do.

use crate::{
    Action, Call, Failure, Object, Platform, case::in_force, failure::again, permission, project::taken_is_conflict,
    read::recounted, stream::refused,
};
use domain::{
    case::{self, Case, CaseEvent, CodeCheck, Papers},
    ids::CaseId,
    project::Project,
};
use futures_util::{StreamExt, stream};

/// Rows read at once.
const PAGE: i64 = 500;
/// Cases worked on at once by a server: their commits share a flush.
pub const AT_ONCE: usize = 16;

/// What one sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows whose moment had come.
    pub due: u64,
    /// Prompts recorded.
    pub prompts: u64,
    /// Applications recorded as accepted by silence.
    pub deemed: u64,
    /// Cases that could not be worked on; the log says why, the next sweep tries again.
    pub failed: u64,
}

/// A row whose moment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DueRow {
    at: i64,
    case: String,
    kind: String,
    due_day: i64,
}

impl Platform {
    /// Records what time has done up to now. `at_once` cases at a time; one at a time gives the same ledger every time.
    pub async fn sweep_deadlines(&self, call: &Call, at_once: usize) -> Result<Swept, Failure> {
        let _permit = permission::decide(&call.actor, Action::SweepDeadlines, Object::default(), self.rules.regions)?;
        let mut swept = Swept::default();
        // What a round records may itself be late already (a case accepted by silence whose decision is late as well).
        loop {
            let round = self.sweep_round(call, at_once.max(1)).await?;
            swept = Swept {
                due: swept.due + round.due,
                prompts: swept.prompts + round.prompts,
                deemed: swept.deemed + round.deemed,
                failed: round.failed,
            };
            if round.prompts + round.deemed == 0 {
                return Ok(swept);
            }
        }
    }

    /// Every row that is due now, once.
    async fn sweep_round(&self, call: &Call, at_once: usize) -> Result<Swept, Failure> {
        let (now, mut swept) = (self.clock.now().0, Swept::default());
        let mut after = (i64::MIN, String::new());
        loop {
            let page = self.due_rows(now, &after).await?;
            let Some(last) = page.last() else { return Ok(swept) };
            after = (last.at, last.case.clone());
            swept.due += page.len() as u64;
            let mut work = stream::iter(page.into_iter().map(|row| self.elapse(call, row))).buffered(at_once);
            while let Some(done) = work.next().await {
                match done {
                    Ok(events) => {
                        let count = |test: fn(&CaseEvent) -> bool| events.iter().filter(|e| test(e)).count() as u64;
                        swept.prompts += count(|e| matches!(e, CaseEvent::DeadlinePrompted { .. }));
                        swept.deemed += count(|e| matches!(e, CaseEvent::CaseDeemedAccepted { .. }));
                    }
                    Err(failure) => {
                        tracing::error!(error = %failure, "a due case could not be swept");
                        swept.failed += 1;
                    }
                }
            }
        }
    }

    /// Rows whose moment has come, in order; of one case all or none on a page's end.
    async fn due_rows(&self, now: i64, after: &(i64, String)) -> Result<Vec<DueRow>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT at, case_id, kind, due_day FROM deadlines WHERE at <= $1 AND (at > $2 OR (at = $2 AND case_id > $3)) \
                 ORDER BY at, case_id LIMIT $4",
                [now.into(), after.0.into(), after.1.clone().into(), PAGE.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let read = |row: &ledger::QueryResult| -> Result<DueRow, Failure> {
            Ok(DueRow {
                at: row.try_get("", "at").map_err(Failure::fault)?,
                case: row.try_get("", "case_id").map_err(Failure::fault)?,
                kind: row.try_get("", "kind").map_err(Failure::fault)?,
                due_day: row.try_get("", "due_day").map_err(Failure::fault)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Records what time has done to one case; a row that says what is no longer so is put right.
    async fn elapse(&self, call: &Call, row: DueRow) -> Result<Vec<CaseEvent>, Failure> {
        again(|| async {
            let events = self.elapse_once(call, &CaseId(row.case.clone())).await?;
            if events.is_empty() {
                let state = self.load::<Case>(&row.case).await?.state;
                let mut change = self.change(call);
                for put in recounted(&row.case, &state, &row.kind, row.due_day, &self.rules) {
                    change.row(put);
                }
                change.commit_or(&row.case, refused).await?;
            }
            Ok(events)
        })
        .await
    }

    async fn elapse_once(&self, call: &Call, id: &CaseId) -> Result<Vec<CaseEvent>, Failure> {
        let stream = self.load::<Case>(id.as_str()).await?;
        let Some(application) = stream.state.application.clone() else { return Ok(vec![]) };
        let today = self.clock.now().date();
        let silent = case::is_accepted_by_silence(&stream.state, self.rules.calendar, today);
        let project = if silent { Some(self.load::<Project>(application.project.as_str()).await?) } else { None };
        let check = project.as_ref().map_or(CodeCheck::Verified, |p| CodeCheck::of(&application, &p.state));
        let papers = if silent { self.papers() } else { Papers { date: today, serial: String::new() } };
        let events = case::elapse(&stream.state, self.rules.calendar, today, &check, &papers);
        if events.is_empty() {
            return Ok(events);
        }
        let mut change = self.change(call);
        change.append(stream, &events)?;
        if let (Some(project), CodeCheck::Verified) = (&project, &check) {
            change.exactly_one(in_force(&application.project, project));
        }
        change.commit_or(id.as_str(), taken_is_conflict).await?;
        Ok(events)
    }

    /// Before anybody acts on a case that silence has already accepted, that is recorded: the law does not wait for the sweep.
    pub(crate) async fn settle(&self, call: &Call, id: &CaseId, state: &Case) -> Result<(), Failure> {
        if !case::is_accepted_by_silence(state, self.rules.calendar, self.clock.now().date()) {
            return Ok(());
        }
        self.elapse_once(&Call::system(call.cause.clone()), id).await?;
        Err(Failure::Conflict)
    }
}
