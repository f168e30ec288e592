//! 回溯查看: a case, a project, a parallel group or a list of them as it stood, and as it was known, at a moment of the past.
//!
//! Nothing is kept for it: the streams are folded again up to then (`domain::as_of`). Permission is that of the present view:
//! whoever may not read a thing today may not read its past. Clocks are counted as of that day with the calendar that was
//! loaded by the moment of knowledge.

mod group;
mod project_list;

pub use group::{GroupThen, GroupsThen};
pub use project_list::ProjectsThen;

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    calendar::STREAM,
    case::{CasePage, CaseRow},
    permission,
    project::ProjectPage,
    stream::{join, stream_id},
    trail::TrailEntry,
    work_list::{Cursor, Filter, Tab, column, narrow},
};
use domain::{
    Aggregate, Meta, Moment, Refusal,
    as_of::{self, AsOf},
    calendar::{Calendar, WorkCalendar, default_calendar},
    case::{Case, CaseEvent, Owed},
    ids::{CaseId, ProjectId},
    project::Project,
};
use jiff::civil::Date;
use ledger::{
    Event,
    sea_query::{Alias, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// Rows of one page of the list.
pub const PAGE: usize = 20;
/// Cases folded for one page at most, however few of them fit.
pub const SCAN: usize = 200;
/// Cases whose events are read at once.
const CHUNK: usize = 25;

/// A moment looked back at, and what periods are counted with.
#[derive(Debug, Clone)]
pub struct Then {
    /// The two moments.
    pub as_of: AsOf,
    /// The calendar known then.
    pub calendar: Calendar,
    /// Its number: 0 as shipped, then one more with each notice.
    pub calendar_number: i64,
}

impl Then {
    /// The day looked at.
    pub fn day(&self) -> Date {
        self.as_of.stood.date()
    }
}

/// A fact that had happened by the moment looked at and was written down only after the moment of knowledge.
#[derive(Debug, Clone)]
pub struct EnteredLater {
    /// When it happened.
    pub happened: Moment,
    /// The entry.
    pub entry: TrailEntry,
}

/// A case as it stood.
#[derive(Debug, Clone)]
pub struct CaseThen {
    /// When.
    pub then: Then,
    /// Everything about it; its trail ends then.
    pub page: CasePage,
    /// What was not known yet.
    pub entered_later: Vec<EnteredLater>,
    /// The case as it stood at the same moment by all that is known today.
    pub by_today: Case,
}

/// A project as it stood, with its cases.
#[derive(Debug, Clone)]
pub struct ProjectThen {
    /// When.
    pub then: Then,
    /// Everything about it; its trail ends then.
    pub page: ProjectPage,
    /// What was not known yet.
    pub entered_later: Vec<EnteredLater>,
}

/// One page of the list of cases as it stood.
#[derive(Debug, Clone)]
pub struct CasesThen {
    /// When.
    pub then: Then,
    /// Rows, latest applications first.
    pub rows: Vec<CaseRow>,
    /// Cases that were looked at for this page.
    pub looked_at: usize,
    /// Where to go on, if there may be more.
    pub next: Option<Cursor>,
}

/// Facts of one stream, in order.
fn history<A: Aggregate>(events: &[Event]) -> Result<Vec<(A::Event, Meta)>, Failure> {
    let read = |event: &Event| Ok((join(&event.kind, &event.data).map_err(Failure::fault)?, meta(event)));
    events.iter().map(read).collect()
}

fn meta(event: &Event) -> Meta {
    Meta { at: Moment(event.at), recorded_at: Moment(event.recorded_at), actor: event.actor.clone() }
}

/// When an event of any stream happened.
fn happened(event: &Event) -> Result<Moment, Failure> {
    if !event.stream.starts_with("case:") {
        // Only events of cases carry legal days of their own.
        return Ok(Moment(event.at));
    }
    let parsed: CaseEvent = join(&event.kind, &event.data).map_err(Failure::fault)?;
    Ok(as_of::happened::<Case>(&parsed, &meta(event)))
}

/// Events apart by their stream, each in its order.
fn by_stream(events: Vec<Event>) -> BTreeMap<String, Vec<Event>> {
    let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in events {
        streams.entry(event.stream.clone()).or_default().push(event);
    }
    for stream in streams.values_mut() {
        stream.sort_by_key(|event| event.version);
    }
    streams
}

/// A case then, with the last moment anything happened to it.
fn case_then(events: &[Event], as_of: AsOf) -> Result<(Case, Moment), Failure> {
    let history = history::<Case>(events)?;
    let last = as_of::counted::<Case>(&history, as_of).last().map_or(Moment(0), |(_, meta)| meta.at);
    Ok((as_of::fold_case(&history, as_of), last))
}

fn not_yet(what: &str, since: Moment) -> Failure {
    let words = format!("在所选时点，系统中还没有这个{what}：它于 {} 提交。请选择这之后的时点。", since.display());
    Refusal::field("on", "as_of.before", words).into()
}

/// Whether a case was in a tab of the list on that day.
fn is_in(tab: Tab, case: &Case, row: &CaseRow, day: Date, me: &str) -> bool {
    let by_organ = Owed::BY_ORGAN.contains(&row.owed);
    let runs = by_organ && !row.suspended;
    match tab {
        Tab::All => by_organ,
        Tab::Mine => by_organ && case.undertaker.as_ref().is_some_and(|held| held.account.as_str() == me),
        Tab::Owed(owed) => row.owed == owed,
        Tab::DueToday => runs && row.due == Some(day),
        Tab::Yellow => runs && row.yellow.is_some_and(|yellow| yellow <= day) && row.due.is_some_and(|due| due >= day),
        Tab::Red => runs && row.due.is_some_and(|due| due < day),
        Tab::Waiting => row.owed == Owed::Correct,
        Tab::Ended => row.ended_at.is_some(),
        Tab::Every => true,
    }
}

impl Platform {
    /// One case as it stood.
    pub async fn case_as_of(&self, call: &Call, id: &CaseId, as_of: AsOf) -> Result<CaseThen, Failure> {
        let (stream, application) = self.load_case(call, Action::ReadCase, id).await?;
        let then = self.then(as_of).await?;
        let events = self.store.events(&stream.id).await.map_err(Failure::fault)?;
        let (case, _) = case_then(&events, as_of)?;
        if case.application.is_none() {
            return Err(not_yet("办件", stream.state.submitted_at));
        }
        let (by_today, _) = case_then(&events, as_of.known(self.clock.now()))?;
        let project = stream_id::<Project>(application.project.as_str());
        let project = self.store.events(&project).await.map_err(Failure::fault)?;
        let project: Project = as_of::fold(&history::<Project>(&project)?, as_of);
        let (trail, entered_later) = self.trail_then(events, &BTreeMap::new(), as_of).await?;
        let page = self.case_on(id, (case, project), (then.day(), &then.calendar), trail).await?;
        Ok(CaseThen { then, page, entered_later, by_today })
    }

    /// One project as it stood, with its cases of then.
    pub async fn project_as_of(&self, call: &Call, id: &ProjectId, as_of: AsOf) -> Result<ProjectThen, Failure> {
        let (stream, declared) = self.load_project(call, Action::ReadProject, id).await?;
        let then = self.then(as_of).await?;
        let present = self.cases_of_project(id).await?;
        let items: BTreeMap<String, &CaseRow> =
            present.iter().map(|row| (stream_id::<Case>(row.id.as_str()), row)).collect();
        let mut streams = vec![stream.id.clone()];
        streams.extend(items.keys().cloned());
        streams.extend(self.group_streams(id).await?);
        let events = self.store.events_of(&streams).await.map_err(Failure::fault)?;
        let by_stream = by_stream(events.clone());
        let of = |id: &str| by_stream.get(id).map_or(&[][..], Vec::as_slice);
        let project: Project = as_of::fold(&history::<Project>(of(&stream.id))?, as_of);
        if project.declared.is_none() {
            return Err(not_yet("项目", stream.state.declared_at));
        }
        let mut cases = Vec::new();
        for row in &present {
            let (case, last) = case_then(of(&stream_id::<Case>(row.id.as_str())), as_of)?;
            cases.extend(CaseRow::of(&case, (then.day(), &then.calendar), last));
        }
        let (trail, entered_later) = self.trail_then(events, &items, as_of).await?;
        let derivation = self.rules.catalogue.derive(&declared.facts);
        let guides = self.guides_in_force(&Call::system("limits")).await?;
        let tasks = self.tasks(&declared, &derivation, &cases, &guides);
        Ok(ProjectThen {
            then,
            page: ProjectPage { project, declared, derivation, tasks, cases, trail },
            entered_later,
        })
    }

    /// The cases the officer's posts reach today, as they stood: latest applications first. A page folds at most [`SCAN`]
    /// cases; it may be short and still have a next one.
    pub async fn cases_as_of(
        &self,
        call: &Call,
        filter: &Filter,
        as_of: AsOf,
        after: Option<Cursor>,
    ) -> Result<CasesThen, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadWorkList, Object::default(), self.rules.regions)?;
        let then = self.then(as_of).await?;
        let me = call.actor.tag();
        let found = self.applied_by(call, filter, as_of, after).await?;
        let complete = found.len() < SCAN;
        let mut page = CasesThen { then, rows: Vec::new(), looked_at: 0, next: None };
        for chunk in found.chunks(CHUNK) {
            let streams: Vec<String> = chunk.iter().map(|cursor| stream_id::<Case>(&cursor.id)).collect();
            let by_stream = by_stream(self.store.events_of(&streams).await.map_err(Failure::fault)?);
            for (cursor, stream) in chunk.iter().zip(&streams) {
                page.looked_at += 1;
                let (case, last) = case_then(by_stream.get(stream).map_or(&[], Vec::as_slice), as_of)?;
                let row = CaseRow::of(&case, (page.then.day(), &page.then.calendar), last);
                let fits = |row: &CaseRow| {
                    filter.region.is_none_or(|region| region.as_str() == row.region)
                        && is_in(filter.tab, &case, row, page.then.day(), &me)
                };
                page.rows.extend(row.filter(fits));
                if page.rows.len() == PAGE {
                    page.next = (!complete || page.looked_at < found.len()).then(|| cursor.clone());
                    return Ok(page);
                }
            }
        }
        page.next = found.last().filter(|_| !complete).cloned();
        Ok(page)
    }

    /// The next cases within reach that had been applied for, as places of the list.
    async fn applied_by(
        &self,
        call: &Call,
        filter: &Filter,
        as_of: AsOf,
        after: Option<Cursor>,
    ) -> Result<Vec<Cursor>, Failure> {
        let Actor::Officer { posts, .. } = &call.actor else { return Err(Failure::NotThere) };
        let mut select = Query::select();
        select.column(Alias::new("id")).column(Alias::new("submitted_at")).from(Alias::new("cases"));
        select.cond_where(self.scope(posts)).and_where(column("submitted_at").lte(as_of.stood.0));
        // The region of a case is what it was then; a transfer changes it.
        narrow(&mut select, &Filter { region: None, ..filter.clone() });
        if let Some(cursor) = after {
            let same = column("submitted_at").eq(cursor.key).and(column("id").lt(cursor.id));
            select.and_where(column("submitted_at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("submitted_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc);
        select.limit(SCAN as u64);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let place = |row: &ledger::QueryResult| {
            Ok(Cursor { key: row.try_get("", "submitted_at")?, id: row.try_get("", "id")? })
        };
        rows.iter().map(place).collect::<Result<_, ledger::LedgerError>>().map_err(Failure::fault)
    }

    /// The calendar as it was known.
    async fn then(&self, as_of: AsOf) -> Result<Then, Failure> {
        let events = self.store.events(&stream_id::<WorkCalendar>(STREAM)).await.map_err(Failure::fault)?;
        let known = AsOf { stood: as_of.known, ..as_of };
        let loaded: WorkCalendar = as_of::fold(&history::<WorkCalendar>(&events)?, known);
        Ok(Then { as_of, calendar: loaded.on(default_calendar()), calendar_number: loaded.number() })
    }

    /// The trail up to then, and what had happened by then without being known.
    async fn trail_then(
        &self,
        events: Vec<Event>,
        items: &BTreeMap<String, &CaseRow>,
        as_of: AsOf,
    ) -> Result<(Vec<TrailEntry>, Vec<EnteredLater>), Failure> {
        let (mut counted, mut later, mut days) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let happened = happened(&event)?;
            match (happened <= as_of.stood, event.recorded_at <= as_of.known.0) {
                (true, true) => counted.push(event),
                (true, false) => {
                    later.push(event);
                    days.push(happened);
                }
                _ => {}
            }
        }
        let trail = self.entries_of(&counted, items).await?;
        let later = self.entries_of(&later, items).await?;
        let later = later.into_iter().zip(days).map(|(entry, happened)| EnteredLater { happened, entry });
        Ok((trail, later.collect()))
    }
}
