//! 工作日历管理: a year's notice is loaded, every running case whose date moves is shown, then the dates are issued anew.
//!
//! The notice is one event of the stream `calendar:work`. Putting it in force is a second, repeatable step: rows that were
//! counted with an older calendar are counted again, by whichever node comes first, also after a crash in between.

use crate::{
    Action, Call, Failure, Object, Platform,
    failure::again,
    permission,
    read::{NEVER, day_number, deadlines, from_day_number, recounted},
    stream::{Stream, refused, stream_id},
};
use domain::{
    calendar::{
        Calendar, CalendarEvent, CalendarVersion, HolidayNotice, WorkCalendar, default_calendar, load_notice,
        read_notice,
    },
    case::{Case, CaseEvent, DueMoved, running_clocks},
    ids::CaseId,
    region::INNER_MONGOLIA,
};
use jiff::civil::Date;
use ledger::{QueryResult, Row};
use std::collections::BTreeMap;

/// The one stream of its kind.
pub(crate) const STREAM: &str = "work";
/// Running periods read at once.
const PAGE: i64 = 500;
/// Cases issued anew in one commit.
const GROUP: i64 = 100;

/// What a person loads.
#[derive(Debug, Clone, Default)]
pub struct LoadNotice {
    /// The year.
    pub year: String,
    /// Title or number of the notice.
    pub title: String,
    /// Its days, one a line, as in `data/holidays.tsv`.
    pub days: String,
}

/// A running period whose last day moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedCase {
    /// The case.
    pub case: CaseId,
    /// Project name.
    pub project_name: String,
    /// Item name.
    pub item_name: String,
    /// Applicant.
    pub unit_name: String,
    /// Department code.
    pub department: String,
    /// Region code.
    pub region: String,
    /// Name of the period.
    pub period: String,
    /// Last day so far.
    pub from: Date,
    /// Last day then.
    pub to: Date,
}

/// What loading a notice would do. Nothing is changed yet.
#[derive(Debug, Clone)]
pub struct CalendarPreview {
    /// The notice as it was read.
    pub notice: HolidayNotice,
    /// Running periods that end on or after the first day it touches.
    pub looked_at: u64,
    /// Those that move, by their last day so far.
    pub moved: Vec<MovedCase>,
}

/// What putting a calendar in force did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reissued {
    /// Periods counted again.
    pub counted: u64,
    /// Cases whose last day moved; unit and desk were told.
    pub moved: u64,
}

/// A row of `deadlines` whose date may move.
struct Candidate {
    case: String,
    kind: String,
    due: i64,
}

impl Candidate {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        Ok(Self {
            case: row.try_get("", "case_id").map_err(Failure::fault)?,
            kind: row.try_get("", "kind").map_err(Failure::fault)?,
            due: row.try_get("", "due_day").map_err(Failure::fault)?,
        })
    }
}

impl Platform {
    fn may_manage_calendar(&self, call: &Call) -> Result<(), Failure> {
        let object = Object { region: Some(INNER_MONGOLIA), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::ManageCalendar, object, self.rules.regions)?;
        Ok(())
    }

    /// Versions loaded in the office, newest first.
    pub async fn calendar_versions(&self, call: &Call) -> Result<Vec<CalendarVersion>, Failure> {
        self.may_manage_calendar(call)?;
        let mut versions = self.load::<WorkCalendar>(STREAM).await?.state.versions;
        versions.reverse();
        Ok(versions)
    }

    /// Whether the caller may load holidays.
    pub fn manages_calendar(&self, call: &Call) -> bool {
        self.may_manage_calendar(call).is_ok()
    }

    /// Every running case whose date would move, or what is wrong with the notice.
    pub async fn preview_calendar(&self, call: &Call, form: &LoadNotice) -> Result<CalendarPreview, Failure> {
        self.may_manage_calendar(call)?;
        let notice = read_notice(&form.year, &form.title, &form.days)?;
        let stream = self.load::<WorkCalendar>(STREAM).await?;
        let current = stream.state.on(default_calendar());
        let events = load_notice(&stream.state, &current, notice.clone())?;
        let Some(CalendarEvent::NoticeLoaded { touches_from, .. }) = events.first() else {
            return Err(Failure::NotThere);
        };
        let years = BTreeMap::from([(notice.year, notice.days.clone())]);
        let next = current.with(String::new(), &years);
        let mut preview = CalendarPreview { notice, looked_at: 0, moved: Vec::new() };
        let mut after = (day_number(*touches_from), String::new(), String::new());
        loop {
            let page = self.ending_from(&after).await?;
            let Some(last) = page.last() else { return Ok(preview) };
            after = (last.due, last.case.clone(), last.kind.clone());
            preview.looked_at += page.len() as u64;
            let states = self.cases(page.iter().map(|c| c.case.clone()).collect()).await?;
            for (candidate, stream) in page.iter().zip(&states) {
                preview.moved.extend(moved(&stream.state, candidate, &next));
            }
        }
    }

    /// Running periods that end on or after a day, in order; suspended ones have no last day and do not move.
    async fn ending_from(&self, after: &(i64, String, String)) -> Result<Vec<Candidate>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT case_id, kind, due_day FROM deadlines WHERE due_day >= $1 AND due_day < $2 \
                 AND (due_day > $1 OR case_id > $3 OR (case_id = $3 AND kind > $4)) ORDER BY due_day, case_id, kind LIMIT $5",
                [after.0.into(), NEVER.into(), after.1.clone().into(), after.2.clone().into(), PAGE.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(Candidate::read).collect()
    }

    async fn cases(&self, ids: Vec<String>) -> Result<Vec<Stream<Case>>, Failure> {
        self.load_many::<Case>(&ids).await
    }

    /// Puts a notice in force: the event first, then the dates. The number of moved cases, and the number of the calendar.
    pub async fn load_calendar(&self, call: &Call, form: &LoadNotice) -> Result<(i64, Reissued), Failure> {
        self.may_manage_calendar(call)?;
        let notice = read_notice(&form.year, &form.title, &form.days)?;
        let load = again(|| async {
            let stream = self.load::<WorkCalendar>(STREAM).await?;
            let current = stream.state.on(default_calendar());
            let events = load_notice(&stream.state, &current, notice.clone())?;
            let mut change = self.change(call);
            let after = change.append(stream, &events)?;
            let number = after.state.number();
            change.commit_or(&number.to_string(), refused).await?;
            Ok(number)
        });
        let number = self.once(call, |text| text.parse().ok(), load).await?;
        self.refresh_calendar().await?;
        let reissued = self.reissue_dates(&Call::system(call.cause.clone())).await?;
        Ok((number, reissued))
    }

    /// Takes over the newest calendar, also one that another node loaded. Cheap when there is none.
    pub async fn refresh_calendar(&self) -> Result<(), Failure> {
        let stream = self.load::<WorkCalendar>(STREAM).await?;
        let number = stream.state.number();
        if number > self.rules.calendar_number {
            self.rules.put_calendar(number, stream.state.on(default_calendar()));
        }
        Ok(())
    }

    /// Counts every running period again that was counted with an older calendar. Repeatable: what is done is not done twice.
    pub async fn reissue_dates(&self, call: &Call) -> Result<Reissued, Failure> {
        let _permit = permission::decide(&call.actor, Action::SweepDeadlines, Object::default(), self.rules.regions)?;
        let mut done = Reissued::default();
        let number = self.rules.calendar_number;
        if self.counted_before(number).await?.is_empty() {
            return Ok(done);
        }
        let versions = self.load::<WorkCalendar>(STREAM).await?.state.versions;
        self.pass_over_untouched(&versions).await?;
        let notice = versions.last().map_or_else(String::new, |version| version.title.clone());
        loop {
            let group = again(|| async {
                let page = self.counted_before(number).await?;
                let moved = if page.is_empty() { 0 } else { self.reissue(call, number, &notice, &page).await? };
                Ok((page.len() as u64, moved))
            });
            let (counted, moved) = group.await?;
            if counted == 0 {
                return Ok(done);
            }
            done.counted += counted;
            done.moved += moved;
        }
    }

    async fn counted_before(&self, number: i64) -> Result<Vec<Candidate>, Failure> {
        let sql =
            "SELECT case_id, kind, due_day FROM deadlines WHERE calendar < $1 ORDER BY calendar, case_id LIMIT $2";
        let rows = self.store.query(sql, [number.into(), GROUP.into()]).await.map_err(Failure::fault)?;
        let mut group = rows.iter().map(Candidate::read).collect::<Result<Vec<_>, _>>()?;
        // All periods of a case go into one group: the calendar is said to have moved a case once.
        if group.len() == GROUP as usize
            && let Some(last) = group.last().map(|candidate| candidate.case.clone())
            && group.iter().any(|candidate| candidate.case != last)
        {
            group.retain(|candidate| candidate.case != last);
        }
        Ok(group)
    }

    /// Periods that end before the first day a version touches are as good as counted with it.
    async fn pass_over_untouched(&self, versions: &[CalendarVersion]) -> Result<(), Failure> {
        let call = Call::system("calendar");
        let mut change = self.change(&call);
        for version in versions {
            change.row(Row::new(
                "UPDATE deadlines SET calendar = $1 WHERE calendar = $2 AND due_day < $3",
                [version.number.into(), (version.number - 1).into(), day_number(version.touches_from).into()],
            ));
        }
        change.commit("calendar").await
    }

    /// One group in one commit: a fact for each case whose date moves, rows alone for the others.
    async fn reissue(&self, call: &Call, number: i64, notice: &str, page: &[Candidate]) -> Result<u64, Failure> {
        let rules = self.rules.now();
        let mut by_case: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
        for candidate in page {
            by_case.entry(&candidate.case).or_default().push(candidate);
        }
        let streams = self.cases(by_case.keys().map(|id| (*id).to_owned()).collect()).await?;
        let mut change = self.change(call);
        let mut count = 0;
        for ((case, candidates), stream) in by_case.into_iter().zip(streams) {
            let events: Vec<CaseEvent> =
                candidates.iter().filter_map(|c| moved_fact(&stream.state, c, number, notice, &rules)).collect();
            // Rows of kinds the event's own rows do not reach, and of cases that stay where they are.
            for candidate in candidates {
                for row in recounted(case, &stream.state, &candidate.kind, candidate.due, &rules) {
                    change.row(row);
                }
            }
            if !events.is_empty() {
                count += 1;
                change.append(stream, &events)?;
            }
        }
        change.commit_or("calendar", refused).await?;
        Ok(count)
    }

    /// Several streams at once, in the order asked for.
    async fn load_many<A: domain::Aggregate>(&self, ids: &[String]) -> Result<Vec<Stream<A>>, Failure> {
        let names: Vec<String> = ids.iter().map(|id| stream_id::<A>(id)).collect();
        let loaded = self.store.load_many(&names).await.map_err(Failure::fault)?;
        let mut streams = Vec::with_capacity(loaded.len());
        for loaded in loaded {
            streams.push(Stream::read(self.proved_stream(loaded).await?)?);
        }
        Ok(streams)
    }
}

/// The row for the preview, if the period's last day is another one in the next calendar.
fn moved(case: &Case, candidate: &Candidate, next: &Calendar) -> Option<MovedCase> {
    let a = case.application.as_deref()?;
    let clock = running_clocks(case).into_iter().find(|clock| clock.kind.id == candidate.kind)?;
    let (from, to) = (from_day_number(candidate.due)?, clock.due(next)?.date);
    (from != to).then(|| MovedCase {
        case: a.id.clone(),
        project_name: a.project_name.clone(),
        item_name: a.item_name.clone(),
        unit_name: a.unit_name.clone(),
        department: a.agency.department.clone(),
        region: a.agency.region.as_str().to_owned(),
        period: clock.kind.name,
        from,
        to,
    })
}

/// The fact that a period's last day moved; none when it did not, or when this calendar has said so already.
fn moved_fact(
    case: &Case,
    candidate: &Candidate,
    number: i64,
    notice: &str,
    rules: &crate::Rulebook,
) -> Option<CaseEvent> {
    if case.moved_by >= Some(number) || candidate.due == NEVER {
        return None;
    }
    let now = deadlines(case, rules).into_iter().find(|row| row.kind == candidate.kind)?;
    let name = running_clocks(case).into_iter().find(|clock| clock.kind.id == candidate.kind)?.kind.name;
    let (from, to) = (from_day_number(candidate.due)?, from_day_number(now.due).filter(|_| now.due != NEVER)?);
    (from != to).then(|| {
        CaseEvent::DueDateMoved(DueMoved {
            calendar: number,
            notice: notice.to_owned(),
            period: name,
            from,
            to,
            provisional: now.provisional,
        })
    })
}
