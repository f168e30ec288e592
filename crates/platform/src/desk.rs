//! What an officer's desk needs beside the acts themselves: which acts are open, the files of a case, the projects of
//! the territory, days left.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    attachment::AttachmentRow,
    case::{CasePage, CaseRow, object},
    permission,
    processing::{is_manager, is_open_to},
    project::{PROJECT_COLUMNS, ProjectRow},
    suspension::suspension_files,
    work_list::{Cursor, column},
};
use domain::{
    account::Post,
    calendar::Calendar,
    case::{self, Act, Force, Lapse, Owed},
    clock::Unit,
    ids::AttachmentId,
    item::LimitUnit,
    project_code::ProjectCode,
    region::RegionCode,
};
use jiff::civil::Date;
use ledger::{
    Value,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeSet;

/// Rows of one page of projects.
pub const PAGE: u64 = 20;

/// Filters of the list of projects.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// Part of a project's or unit's name, or a whole project code.
    pub words: String,
    /// Region below the officer's own; its own regions are meant, too.
    pub region: Option<RegionCode>,
}

/// What the lists can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Items of the officer's departments: code and name.
    pub items: Vec<(String, String)>,
    /// Regions in reach: code and full name.
    pub regions: Vec<(String, String)>,
}

/// Days to the due date, or past it, in the unit of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysLeft {
    /// How many; 0 on the last day.
    pub days: i64,
    /// The last day has passed.
    pub late: bool,
    /// Counted in working days.
    pub working: bool,
}

/// The permission an act on a case needs.
fn action_of(act: Act) -> Action {
    match act {
        Act::Receive => Action::ReceiveCase,
        Act::VerifyCode => Action::VerifyCode,
        Act::AskCorrection => Action::AskCorrection,
        Act::Supply => Action::SupplyCorrection,
        Act::Accept => Action::AcceptCase,
        Act::NotAccept => Action::NotAcceptCase,
        Act::Suspend => Action::SuspendClock,
        Act::Resume => Action::ResumeClock,
        Act::Decide => Action::DecideCase,
        Act::Withdraw => Action::WithdrawCase,
        Act::CorrectOnSpot => Action::AcceptCase,
        Act::AskAgain => Action::AskCorrection,
        Act::Transfer => Action::TransferCase,
        Act::Claim => Action::ClaimCase,
        Act::HandOver => Action::HandOverCase,
        Act::Propose => Action::ProposeDecision,
        Act::Review => Action::ReviewProposal,
        Act::SendBack => Action::SendBackProposal,
        Act::Extend => Action::ExtendLimit,
        Act::BeginSpecial | Act::EndSpecial | Act::OfferHearing => Action::RunSpecial,
        Act::AskHearing => Action::AskHearing,
        Act::Deliver | Act::NoteStart => Action::DeliverLicence,
        Act::Revoke => Action::RevokeLicence,
        Act::AskAmendment => Action::AskAmendment,
        Act::DecideAmendment => Action::DecideCase,
        Act::CheckCommitment => Action::CheckCommitment,
    }
}

/// Whether the state of the case lets the act through, its clock and its procedure included.
fn fits(page: &CasePage, act: Act, today: Date) -> bool {
    let case = &page.case;
    let procedure = &page.application.procedure;
    let force = case.force(today);
    let running = |s: &domain::case::Special| s.result.is_none();
    let unstarted = |v: &domain::case::ValidityRule| v.lapses == Lapse::Unstarted;
    case.may(act)
        && match act {
            Act::Suspend | Act::Decide => !case.is_suspended(),
            Act::Resume => case.is_suspended(),
            Act::Claim => case.undertaker.is_none(),
            Act::AskAgain => case.earlier_corrections.is_empty(),
            Act::Transfer => procedure.transfer.is_some(),
            Act::Extend => {
                procedure.extension.is_some() && page.application.limit.days > 0 && case.extensions.is_empty()
            }
            Act::EndSpecial => case.specials.iter().any(running),
            Act::OfferHearing => case.hearing.is_none(),
            Act::AskHearing => case.hearing.as_ref().is_some_and(|h| h.asked_on.is_none()),
            Act::Deliver => case.awaits_delivery(),
            Act::NoteStart => {
                case.started_on.is_none()
                    && procedure.validity.as_ref().is_some_and(unstarted)
                    && force.is_some_and(Force::is_in_force)
            }
            Act::Revoke => force.is_some_and(|f| !matches!(f, Force::Revoked(_))),
            Act::AskAmendment => force.is_some_and(Force::is_in_force) && case.open_amendment().is_none(),
            Act::DecideAmendment => case.open_amendment().is_some(),
            Act::CheckCommitment => case.awaits_commitment_check() && force.is_some_and(Force::is_in_force),
            _ => true,
        }
}

/// Whether the person may take the act: whose case it is, and that nobody takes two of the three steps.
fn is_theirs(page: &CasePage, act: Act, actor: &Actor) -> bool {
    let case = &page.case;
    let by = actor.tag();
    let proposed = case.proposal.as_ref().is_some_and(|p| p.by == by);
    let reviewed = case.review.as_ref().is_some_and(|r| r.by == by);
    match act {
        Act::Propose => is_open_to(case, actor),
        Act::HandOver => {
            case.undertaker.as_ref().is_some_and(|held| held.account.as_str() == by)
                || is_manager(actor, &page.application.agency)
        }
        Act::Review | Act::SendBack | Act::Decide => !proposed && !reviewed,
        _ => true,
    }
}

impl Platform {
    /// Acts open to the caller now: what the state allows, as far as the person's posts do.
    pub fn open_acts(&self, call: &Call, page: &CasePage) -> Vec<Act> {
        let today = self.clock.now().date();
        let open = |act: &Act| fits(page, *act, today) && is_theirs(page, *act, &call.actor);
        Act::ALL.into_iter().filter(|act| open(act) && self.permit(call, *act, page).is_ok()).collect()
    }

    /// Whether the caller's posts allow the act on this case. `Ok(false)`: they do, but its state does not (any more).
    pub fn check_act(&self, call: &Call, act: Act, page: &CasePage) -> Result<bool, Failure> {
        self.permit(call, act, page)?;
        Ok(fits(page, act, self.clock.now().date()))
    }

    fn permit(&self, call: &Call, act: Act, page: &CasePage) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, action_of(act), object(&page.application), self.rules.regions)?;
        Ok(())
    }

    /// Whether the caller may open this case from a list that shows more than its own.
    pub fn may_read(&self, call: &Call, case: &CaseRow) -> bool {
        let object = Object { unit: None, department: Some(&case.department), region: RegionCode::parse(&case.region) };
        permission::decide(&call.actor, Action::ReadCase, object, self.rules.regions).is_ok()
    }

    /// Whether the caller may take the code of a project in this region out of force.
    pub fn may_void(&self, call: &Call, region: &str) -> bool {
        let object = Object { unit: None, department: None, region: RegionCode::parse(region) };
        permission::decide(&call.actor, Action::VoidCode, object, self.rules.regions).is_ok()
    }

    /// Size, digest and arrival of every file of a case the caller was already let read.
    pub async fn case_files(&self, call: &Call, page: &CasePage) -> Result<Vec<AttachmentRow>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadFile, object(&page.application), self.rules.regions)?;
        let given = page.application.materials.iter().flat_map(|g| &g.files);
        let answers = page.case.correction.iter().flat_map(|c| &c.answers).flat_map(|a| &a.files);
        let ids: BTreeSet<&AttachmentId> =
            given.chain(answers).chain(suspension_files(&page.case)).map(|file| &file.id).collect();
        let mut rows = Vec::new();
        for id in ids {
            rows.push(self.attachment_row(id).await?);
        }
        Ok(rows)
    }

    /// Items and regions the officer's lists can be narrowed by.
    pub fn choices(&self, call: &Call) -> Choices {
        let Actor::Officer { posts, .. } = &call.actor else { return Choices::default() };
        let everything = posts.iter().any(|p| p.role.is_territorial());
        let items = self.rules.catalogue.items().iter();
        let items = items.filter(|i| everything || posts.iter().any(|p| p.department == i.department));
        Choices {
            items: items.map(|i| (i.code.clone(), i.name.clone())).collect(),
            regions: self
                .territory(posts)
                .into_iter()
                .map(|c| (c.to_string(), self.rules.regions.full_name(c)))
                .collect(),
        }
    }

    /// Regions the posts reach: their own and all below.
    fn territory(&self, posts: &[Post]) -> BTreeSet<RegionCode> {
        let posts = posts.iter().filter(|p| !p.role.is_administrator());
        posts
            .flat_map(|p| std::iter::once(p.region).chain(self.rules.regions.below(p.region).map(|r| r.code)))
            .collect()
    }

    /// Which projects a list of these posts shows.
    pub(crate) fn project_condition(&self, posts: &[Post], filter: &ProjectFilter) -> Cond {
        let wanted = |code: &RegionCode| filter.region.is_none_or(|r| self.rules.regions.within(r, *code));
        let regions: Vec<Value> =
            self.territory(posts).into_iter().filter(wanted).map(|c| c.as_str().to_owned().into()).collect();
        if regions.is_empty() {
            return Cond::all().add(Expr::val(1).eq(0));
        }
        let all = Cond::all().add(column("region").is_in(regions));
        let words: String = filter.words.trim().chars().filter(|c| !matches!(c, '%' | '_' | '\\')).take(50).collect();
        if let Ok(parsed) = ProjectCode::parse(&words) {
            return all.add(column("code").eq(parsed.code.to_string()));
        }
        if words.is_empty() {
            return all;
        }
        let pattern = format!("%{words}%");
        let like = |name| column(name).like(pattern.clone());
        all.add(Cond::any().add(like("name")).add(like("unit_name")).add(like("code")))
    }

    /// Projects of the officer's territory, newest first; keyset by declaration and id.
    pub async fn office_projects(
        &self,
        call: &Call,
        filter: &ProjectFilter,
        after: Option<Cursor>,
    ) -> Result<(Vec<ProjectRow>, Option<Cursor>), Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadWorkList, Object::default(), self.rules.regions)?;
        let Actor::Officer { posts, .. } = &call.actor else { return Err(Failure::NotThere) };
        let mut select = Query::select();
        select.from(Alias::new("projects")).cond_where(self.project_condition(posts, filter));
        select.columns(PROJECT_COLUMNS.map(Alias::new));
        if let Some(cursor) = &after {
            let same = column("declared_at").eq(cursor.key).and(column("id").lt(cursor.id.clone()));
            select.and_where(column("declared_at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("declared_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(ProjectRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.declared_at.0, id: row.id.to_string() });
        Ok((rows, next))
    }

    /// Days to the due date of a row, counted as its period is: the check in working days, the decision as its item says.
    pub fn days_left(&self, row: &CaseRow) -> Option<DaysLeft> {
        self.days_left_on(row, self.clock.now().date(), self.rules.calendar)
    }

    /// The same as of a day, counted with a calendar.
    pub fn days_left_on(&self, row: &CaseRow, today: Date, calendar: &Calendar) -> Option<DaysLeft> {
        let due = row.due?;
        let item = self.rules.catalogue.item(&row.item);
        let working = item.is_none_or(|item| match row.owed {
            Owed::CheckCommitment => {
                case::procedures().of(item).commitment.is_none_or(|rule| rule.check.unit == Unit::Working)
            }
            owed => !owed.is_deciding() || item.effective_limit().unit == LimitUnit::Working,
        });
        let late = today > due;
        let (from, to) = if late { (due, today) } else { (today, due) };
        let days = if working { calendar.working_days_between(from, to) } else { i64::from((to - from).get_days()) };
        Some(DaysLeft { days, late, working })
    }
}
