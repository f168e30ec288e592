//! Parallel groups as they stood: one group with its branches, and the list of groups.

use super::{CHUNK, EnteredLater, PAGE, SCAN, Then, by_stream, case_then, history, not_yet};
use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    case::CaseRow,
    group::{BranchView, GroupPage, GroupRow, GroupTab, lead_object},
    permission,
    stream::stream_id,
    work_list::{Cursor, column},
};
use domain::{
    as_of::{self, AsOf},
    case::{Case, Owed},
    clock::{ClockFacts, Thresholds},
    group::{Group, joint_clock},
    ids::GroupId,
};
use ledger::{
    Event,
    sea_query::{Alias, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// A group as it stood.
#[derive(Debug, Clone)]
pub struct GroupThen {
    /// When.
    pub then: Then,
    /// Everything about it; nothing can be done to the past.
    pub page: GroupPage,
    /// What had happened to the group and to the branches the reader may see without being known yet.
    pub entered_later: Vec<EnteredLater>,
}

/// One page of the list of groups as they stood.
#[derive(Debug, Clone)]
pub struct GroupsThen {
    /// When.
    pub then: Then,
    /// Rows, latest applications first.
    pub rows: Vec<GroupRow>,
    /// Groups that were looked at for this page.
    pub looked_at: usize,
    /// Where to go on, if there may be more.
    pub next: Option<Cursor>,
}

fn is_in(tab: GroupTab, group: &Group) -> bool {
    match tab {
        GroupTab::Open => group.handed_back_at.is_none(),
        GroupTab::ToReceive => group.handed_back_at.is_none() && group.received_at.is_none(),
        GroupTab::HandedBack => group.handed_back_at.is_some(),
    }
}

fn group_then(events: Option<&Vec<Event>>, as_of: AsOf) -> Result<Group, Failure> {
    Ok(as_of::fold(&history::<Group>(events.map_or(&[][..], Vec::as_slice))?, as_of))
}

impl Platform {
    /// One group as it stood, for whoever may read it today.
    pub async fn group_as_of(&self, call: &Call, id: &GroupId, as_of: AsOf) -> Result<GroupThen, Failure> {
        let loaded = self.read_group(call, id).await?;
        let then = self.then(as_of).await?;
        let stream = &loaded.stream.id;
        let mut streams = vec![stream.clone()];
        streams.extend(loaded.cases.iter().map(|case| case.id.clone()));
        let by_stream = by_stream(self.store.events_of(&streams).await.map_err(Failure::fault)?);
        let group = group_then(by_stream.get(stream), as_of)?;
        let Some(f) = group.formation.as_deref().cloned() else {
            return Err(not_yet("并联申请", loaded.stream.state.formed_at));
        };
        let lead = permission::decide(&call.actor, Action::ReadGroup, lead_object(&f), self.rules.regions);
        let mut page = GroupPage {
            id: id.clone(),
            clock: joint_clock(&group, &[], self.rules.parallel),
            sheet: None,
            branches: Vec::new(),
            sees_all: lead.is_ok(),
            acts: Vec::new(),
            trail: Vec::new(),
            formation: f,
            group,
        };
        let (mut states, mut items, mut seen) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (branch, present) in page.formation.branches.iter().zip(&loaded.cases) {
            let events = by_stream.get(&present.id).map_or(&[][..], Vec::as_slice);
            let (case, last) = case_then(events, as_of)?;
            let row = CaseRow::of(&case, (then.day(), &then.calendar), last);
            states.push(case);
            let Some(row) = row else { continue };
            let may_open = self.may_open_case(call, &present.state);
            if may_open || page.sees_all {
                items.insert(present.id.clone(), row.clone());
                seen.extend_from_slice(events);
            }
            page.branches.push(BranchView { branch: branch.clone(), row, may_open });
        }
        page.clock = joint_clock(&page.group, &states, self.rules.parallel);
        // Looked back at, the period may have been ended by an entry of a later day.
        let until =
            |facts: &ClockFacts| ClockFacts { finished: facts.finished.map(|d| d.min(then.day())), ..facts.clone() };
        let sheet = |facts: &ClockFacts| until(facts).sheet(&then.calendar, then.day(), Thresholds::default());
        page.sheet = page.clock.facts().map(sheet);
        let own = by_stream.get(stream).cloned().unwrap_or_default();
        page.trail = self.trail_then(own.clone(), &BTreeMap::new(), as_of).await?.0;
        seen.extend(own);
        seen.sort_by_key(|event| (event.recorded_at, event.position));
        let items = items.iter().map(|(stream, row)| (stream.clone(), row)).collect();
        let (_, entered_later) = self.trail_then(seen, &items, as_of).await?;
        Ok(GroupThen { then, page, entered_later })
    }

    /// The groups led from where the officer's posts reach today, as they stood: latest applications first. A page folds at
    /// most [`SCAN`] groups; it may be short and still have a next one.
    pub async fn groups_as_of(
        &self,
        call: &Call,
        tab: GroupTab,
        as_of: AsOf,
        after: Option<Cursor>,
    ) -> Result<GroupsThen, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadWorkList, Object::default(), self.rules.regions)?;
        let then = self.then(as_of).await?;
        let found = self.formed_by(call, as_of, after).await?;
        let complete = found.len() < SCAN;
        let mut page = GroupsThen { then, rows: Vec::new(), looked_at: 0, next: None };
        for chunk in found.chunks(CHUNK) {
            let streams: Vec<String> = chunk.iter().map(|row| stream_id::<Group>(row.id.as_str())).collect();
            let by_stream = by_stream(self.store.events_of(&streams).await.map_err(Failure::fault)?);
            for (row, stream) in chunk.iter().zip(&streams) {
                page.looked_at += 1;
                let group = group_then(by_stream.get(stream), as_of)?;
                if group.formation.is_some() && is_in(tab, &group) {
                    page.rows.push(self.group_row_then(row, &group, as_of).await?);
                }
                if page.rows.len() == PAGE {
                    page.next = (!complete || page.looked_at < found.len()).then(|| place(row));
                    return Ok(page);
                }
            }
        }
        page.next = found.last().filter(|_| !complete).map(place);
        Ok(page)
    }

    /// A row with what the group and its branches were then.
    async fn group_row_then(&self, row: &GroupRow, group: &Group, as_of: AsOf) -> Result<GroupRow, Failure> {
        let branches = group.formation.iter().flat_map(|f| &f.branches);
        let streams: Vec<String> = branches.map(|branch| stream_id::<Case>(branch.case.as_str())).collect();
        let mut row = GroupRow {
            received_at: group.received_at,
            handed_back_at: group.handed_back_at,
            ended: 0,
            waiting: 0,
            ..row.clone()
        };
        for events in by_stream(self.store.events_of(&streams).await.map_err(Failure::fault)?).values() {
            let (case, _) = case_then(events, as_of)?;
            row.ended += i64::from(case.ended_at.is_some());
            row.waiting += i64::from(case.owed() == Owed::Correct);
        }
        Ok(row)
    }

    /// The next groups within reach that had been applied for.
    async fn formed_by(&self, call: &Call, as_of: AsOf, after: Option<Cursor>) -> Result<Vec<GroupRow>, Failure> {
        let Actor::Officer { posts, .. } = &call.actor else { return Err(Failure::NotThere) };
        let mut select = Query::select();
        select.from(Alias::new("case_groups")).cond_where(self.scope_on(posts, "lead_department", "lead_region"));
        for name in crate::group::COLUMNS {
            select.column(Alias::new(name));
        }
        select.and_where(column("formed_at").lte(as_of.stood.0));
        if let Some(cursor) = after {
            let same = column("formed_at").eq(cursor.key).and(column("id").lt(cursor.id));
            select.and_where(column("formed_at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("formed_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc);
        select.limit(SCAN as u64);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(GroupRow::read).collect()
    }
}

fn place(row: &GroupRow) -> Cursor {
    Cursor { key: row.formed_at.0, id: row.id.to_string() }
}
