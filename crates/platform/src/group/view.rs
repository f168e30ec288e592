//! What is shown of groups: one group with all branches, a branch for its lead, lists.

use super::{GroupAct, branch_object, lead_object};
use crate::{
    Action, Actor, Call, Failure, Platform,
    case::{CasePage, CaseRow},
    permission,
    trail::TrailEntry,
    work_list::Cursor,
};
use domain::{
    Moment,
    clock::{Sheet, Thresholds},
    group::{self, Branch, Formation, Group, JointClock},
    ids::{CaseId, GroupId, ProjectId},
};
use ledger::{
    QueryResult,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};

/// Rows of one page of groups.
pub const PAGE: u64 = 20;

/// One branch of a group.
#[derive(Debug, Clone)]
pub struct BranchView {
    /// Which.
    pub branch: Branch,
    /// Its case as lists show it.
    pub row: CaseRow,
    /// The caller may open the case on its own page.
    pub may_open: bool,
}

/// Everything about one group.
#[derive(Debug, Clone)]
pub struct GroupPage {
    /// Its id.
    pub id: GroupId,
    /// Its state.
    pub group: Group,
    /// What was applied for.
    pub formation: Formation,
    /// Branches in lawful order.
    pub branches: Vec<BranchView>,
    /// The joint clock.
    pub clock: JointClock,
    /// The joint clock day by day, as of today.
    pub sheet: Option<Sheet>,
    /// The caller reads it as its lead (or as its unit): every branch may be looked at.
    pub sees_all: bool,
    /// Acts open to the caller.
    pub acts: Vec<GroupAct>,
    /// 痕迹 of the group itself, oldest first.
    pub trail: Vec<TrailEntry>,
}

/// Which groups of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupTab {
    /// Not handed back yet.
    #[default]
    Open,
    /// 待联合收件.
    ToReceive,
    /// 已统一出件.
    HandedBack,
}

impl GroupTab {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::Open, Self::ToReceive, Self::HandedBack];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "正在办理",
            Self::ToReceive => "待联合收件",
            Self::HandedBack => "已统一出件",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ToReceive => "receive",
            Self::HandedBack => "done",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.slug() == slug)
    }
}

/// One row of a list of groups.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// `施工许可阶段并联`.
    pub title: String,
    /// Project name.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Applicant.
    pub unit_name: String,
    /// The lead's department.
    pub lead_department: String,
    /// The lead's region.
    pub lead_region: String,
    /// Number of branches.
    pub branches: i64,
    /// Of these, ended.
    pub ended: i64,
    /// Of these, waiting for the unit.
    pub waiting: i64,
    /// When it was applied for.
    pub formed_at: Moment,
    /// 联合收件.
    pub received_at: Option<Moment>,
    /// 统一出件.
    pub handed_back_at: Option<Moment>,
}

impl GroupRow {
    pub(crate) fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let moment = |at: i64| Some(at).filter(|at| *at > 0).map(Moment);
        Ok(Self {
            id: GroupId(text("id")?),
            title: text("title")?,
            project_name: text("project_name")?,
            project_code: text("project_code")?,
            unit_name: text("unit_name")?,
            lead_department: text("lead_department")?,
            lead_region: text("lead_region")?,
            branches: number("branches")?,
            ended: 0,
            waiting: 0,
            formed_at: Moment(number("formed_at")?),
            received_at: moment(number("received_at")?),
            handed_back_at: moment(number("handed_back_at")?),
        })
    }
}

pub(crate) const COLUMNS: [&str; 11] = [
    "id",
    "title",
    "project_name",
    "project_code",
    "unit_name",
    "lead_department",
    "lead_region",
    "branches",
    "formed_at",
    "received_at",
    "handed_back_at",
];

impl Platform {
    /// Everything about one group, for its unit, its lead and every organ that handles a branch.
    pub async fn group_page(&self, call: &Call, id: &GroupId) -> Result<GroupPage, Failure> {
        let loaded = self.read_group(call, id).await?;
        let states = loaded.states();
        let acts = self.open_group_acts(call, &loaded);
        let clock = group::joint_clock(&loaded.stream.state, &states, self.rules.parallel);
        let today = self.clock.now().date();
        let sheet = clock.facts().map(|f| f.sheet(self.rules.calendar, today, Thresholds::default()));
        let f = loaded.formation;
        let lead = permission::decide(&call.actor, Action::ReadGroup, lead_object(&f), self.rules.regions);
        let rows = self.cases_of_project(&f.project).await?;
        let branches = f.branches.iter().zip(&states).filter_map(|(branch, case)| {
            let row = rows.iter().find(|row| row.id == branch.case)?.clone();
            Some(BranchView { branch: branch.clone(), row, may_open: self.may_open_case(call, case) })
        });
        Ok(GroupPage {
            id: id.clone(),
            branches: branches.collect(),
            sees_all: lead.is_ok(),
            trail: self.group_trail(id).await?,
            group: loaded.stream.state,
            formation: f,
            clock,
            sheet,
            acts,
        })
    }

    /// One branch, read-only, for the group's lead: where it stands, its clock, its trail. Its files stay with the organ
    /// that handles it.
    pub async fn branch_page(&self, call: &Call, id: &GroupId, case: &CaseId) -> Result<CasePage, Failure> {
        let loaded = self.read_group(call, id).await?;
        let f = &loaded.formation;
        let branch = f.branches.iter().find(|branch| branch.case == *case).ok_or(Failure::NotThere)?;
        let may = |object| permission::decide(&call.actor, Action::ReadGroup, object, self.rules.regions);
        if may(lead_object(f)).is_err() {
            let _permit = may(branch_object(f, branch))?;
        }
        self.case_view(case).await
    }

    /// Groups led from where the officer's posts reach, newest first.
    pub async fn led_groups(
        &self,
        call: &Call,
        tab: GroupTab,
        after: Option<Cursor>,
    ) -> Result<(Vec<GroupRow>, Option<Cursor>), Failure> {
        let _permit =
            permission::decide(&call.actor, Action::ReadWorkList, crate::Object::default(), self.rules.regions)?;
        let Actor::Officer { posts, .. } = &call.actor else { return Err(Failure::NotThere) };
        let column = |name: &'static str| Expr::col(Alias::new(name));
        let mut select = Query::select();
        select.from(Alias::new("case_groups")).cond_where(self.scope_on(posts, "lead_department", "lead_region"));
        for name in COLUMNS {
            select.column(Alias::new(name));
        }
        match tab {
            GroupTab::Open => select.and_where(column("handed_back_at").eq(0)),
            GroupTab::ToReceive => {
                select.and_where(column("handed_back_at").eq(0)).and_where(column("received_at").eq(0))
            }
            GroupTab::HandedBack => select.and_where(column("handed_back_at").gt(0)),
        };
        if let Some(cursor) = &after {
            let same = column("formed_at").eq(cursor.key).and(column("id").lt(cursor.id.clone()));
            select.and_where(column("formed_at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("formed_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(GroupRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.formed_at.0, id: row.id.to_string() });
        for row in &mut rows {
            self.count_branches(row).await?;
        }
        Ok((rows, next))
    }

    /// Groups of a project, newest first.
    pub async fn groups_of_project(&self, call: &Call, project: &ProjectId) -> Result<Vec<GroupRow>, Failure> {
        let _ = self.load_project(call, Action::ReadProject, project).await?;
        let rows = self
            .store
            .query(
                "SELECT id, title, project_name, project_code, unit_name, lead_department, lead_region, branches, formed_at, received_at, \
                 handed_back_at FROM case_groups WHERE project_id = $1 ORDER BY formed_at DESC, id DESC",
                [project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut rows = rows.iter().map(GroupRow::read).collect::<Result<Vec<_>, _>>()?;
        for row in &mut rows {
            self.count_branches(row).await?;
        }
        Ok(rows)
    }

    async fn count_branches(&self, row: &mut GroupRow) -> Result<(), Failure> {
        let counted = self
            .store
            .query_one(
                "SELECT COALESCE(SUM(CASE WHEN c.ended_at > 0 THEN 1 ELSE 0 END), 0) AS ended, \
                 COALESCE(SUM(CASE WHEN c.owed = 'correct' THEN 1 ELSE 0 END), 0) AS waiting \
                 FROM case_group_branches b JOIN cases c ON c.id = b.case_id WHERE b.group_id = $1",
                [row.id.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        if let Some(counted) = counted {
            row.ended = counted.try_get("", "ended").map_err(Failure::fault)?;
            row.waiting = counted.try_get("", "waiting").map_err(Failure::fault)?;
        }
        Ok(())
    }
}
