//! Lists of projects as they stood: the office's, and a unit's own with what it had to do then.

use super::{PAGE, Then, by_stream, case_then, history};
use crate::{
    Call, Failure, Platform,
    desk::ProjectFilter,
    project::{OpenCases, ProjectRow},
    stream::stream_id,
    work_list::{Cursor, column},
};
use domain::{
    as_of::{self, AsOf},
    case::{Case, Owed},
    ids::ProjectId,
    project::Project,
};
use ledger::{
    Event,
    sea_query::{Alias, ExprTrait, Query},
};
use std::collections::BTreeMap;

/// Cases whose events are read at once.
const CHUNK: usize = 50;

/// One page of a list of projects as they stood.
#[derive(Debug, Clone)]
pub struct ProjectsThen {
    /// When.
    pub then: Then,
    /// Rows with their state of then, latest declarations first.
    pub rows: Vec<ProjectRow>,
    /// Cases of each project that were open then; only in a unit's own list.
    pub open: BTreeMap<ProjectId, OpenCases>,
    /// Where to go on, if there is more.
    pub next: Option<Cursor>,
}

/// A list that ends at the moment looked at begins just behind it.
fn from(as_of: AsOf, after: Option<Cursor>) -> Cursor {
    after.unwrap_or_else(|| Cursor { key: as_of.stood.0.saturating_add(1), id: String::new() })
}

/// Projects as they stood; what nobody knew of yet is left out.
fn stood(
    rows: Vec<ProjectRow>,
    events: &BTreeMap<String, Vec<Event>>,
    as_of: AsOf,
) -> Result<Vec<ProjectRow>, Failure> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let events = events.get(&stream_id::<Project>(row.id.as_str())).map_or(&[][..], Vec::as_slice);
        let project: Project = as_of::fold(&history::<Project>(events)?, as_of);
        if project.declared.is_some() {
            found.push(ProjectRow { state: project.state, ..row });
        }
    }
    Ok(found)
}

impl Platform {
    /// The projects the officer's territory reaches today, as they stood: those declared by then, latest first.
    pub async fn projects_as_of(
        &self,
        call: &Call,
        filter: &ProjectFilter,
        as_of: AsOf,
        after: Option<Cursor>,
    ) -> Result<ProjectsThen, Failure> {
        let (rows, next) = self.office_projects(call, filter, Some(from(as_of, after))).await?;
        let rows = self.projects_then(rows, as_of).await?;
        Ok(ProjectsThen { then: self.then(as_of).await?, rows, open: BTreeMap::new(), next })
    }

    /// The unit's own projects as they stood, with the cases that were open then.
    pub async fn my_projects_as_of(
        &self,
        call: &Call,
        words: &str,
        as_of: AsOf,
        after: Option<Cursor>,
    ) -> Result<ProjectsThen, Failure> {
        let Cursor { key, id } = from(as_of, after);
        let mut rows = self.my_projects(call, words, Some((key, id)), PAGE as u64 + 1).await?;
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| Cursor { key: row.declared_at.0, id: row.id.to_string() });
        let rows = self.projects_then(rows, as_of).await?;
        let open = self.open_then(&rows, as_of).await?;
        Ok(ProjectsThen { then: self.then(as_of).await?, rows, open, next })
    }

    async fn projects_then(&self, rows: Vec<ProjectRow>, as_of: AsOf) -> Result<Vec<ProjectRow>, Failure> {
        let streams: Vec<String> = rows.iter().map(|row| stream_id::<Project>(row.id.as_str())).collect();
        let events = self.store.events_of(&streams).await.map_err(Failure::fault)?;
        stood(rows, &by_stream(events), as_of)
    }

    /// Cases of these projects that were under way then, and those of them that waited for the unit.
    async fn open_then(&self, rows: &[ProjectRow], as_of: AsOf) -> Result<BTreeMap<ProjectId, OpenCases>, Failure> {
        let mut open = BTreeMap::new();
        if rows.is_empty() {
            return Ok(open);
        }
        let mut select = Query::select();
        select.column(Alias::new("id")).column(Alias::new("project_id")).from(Alias::new("cases"));
        select.and_where(column("project_id").is_in(rows.iter().map(|row| row.id.to_string())));
        select.and_where(column("submitted_at").lte(as_of.stood.0));
        let found = self.store.select(&select).await.map_err(Failure::fault)?;
        for chunk in found.chunks(CHUNK) {
            let mut projects = BTreeMap::new();
            for row in chunk {
                let id: String = row.try_get("", "id").map_err(Failure::fault)?;
                let project: String = row.try_get("", "project_id").map_err(Failure::fault)?;
                projects.insert(stream_id::<Case>(&id), ProjectId(project));
            }
            let streams: Vec<String> = projects.keys().cloned().collect();
            for (stream, events) in by_stream(self.store.events_of(&streams).await.map_err(Failure::fault)?) {
                let (case, _) = case_then(&events, as_of)?;
                let is_open = case.application.is_some() && case.ended_at.is_none();
                let Some(project) = projects.remove(&stream).filter(|_| is_open) else { continue };
                let count: &mut OpenCases = open.entry(project).or_default();
                count.running += 1;
                count.waiting_for_unit += i64::from(case.owed() == Owed::Correct);
            }
        }
        Ok(open)
    }
}
