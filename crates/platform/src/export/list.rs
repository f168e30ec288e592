//! The list of exports, newest first: one's own, those that wait for oneself, and all of them for the audit administrator.

use super::{officer, whole};
use crate::{
    Action, Call, Failure, Object, Platform, permission,
    work_list::{Cursor, column},
};
use domain::{
    Moment,
    account::{Post, Role},
    export::{State, What},
    ids::{AccountId, ExportId},
    region::INNER_MONGOLIA,
};
use ledger::{
    QueryResult, Value,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query},
};

/// Rows of one page.
pub const PAGE: u64 = 20;

/// Which exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExportFilter {
    /// 我的导出.
    #[default]
    Mine,
    /// 待我确认.
    Waiting,
    /// 全部: only for whoever reads the security audit.
    Every,
}

/// One row.
#[derive(Debug, Clone)]
pub struct ExportRow {
    /// Its id.
    pub id: ExportId,
    /// What.
    pub what: What,
    /// Whose.
    pub by_name: String,
    /// Rows asked for.
    pub rows: i64,
    /// What for.
    pub reason: String,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub asked_at: Moment,
    /// When it was downloaded.
    pub taken_at: Option<Moment>,
}

const COLUMNS: [&str; 8] = ["id", "what", "by_name", "rows_asked", "reason", "state", "asked_at", "taken_at"];

fn read(row: &QueryResult) -> ledger::Result<ExportRow> {
    let text = |name| row.try_get::<String>("", name);
    let number = |name| row.try_get::<i64>("", name);
    let taken_at = number("taken_at")?;
    Ok(ExportRow {
        id: ExportId(text("id")?),
        what: What::parse(&text("what")?).unwrap_or_default(),
        by_name: text("by_name")?,
        rows: number("rows_asked")?,
        reason: text("reason")?,
        state: State::parse(&text("state")?).unwrap_or_default(),
        asked_at: Moment(number("asked_at")?),
        taken_at: (taken_at > 0).then_some(Moment(taken_at)),
    })
}

impl Platform {
    /// Exports, newest first.
    pub async fn exports(
        &self,
        call: &Call,
        filter: ExportFilter,
        after: Option<Cursor>,
    ) -> Result<(Vec<ExportRow>, Option<Cursor>), Failure> {
        let (account, _, posts) = officer(call)?;
        if !self.may_export(call) {
            let _permit = permission::decide(&call.actor, Action::ExportLists, Object::default(), self.rules.regions)?;
        }
        let mut select = Query::select();
        select.from(Alias::new("exports")).columns(COLUMNS.map(Alias::new));
        match filter {
            ExportFilter::Mine => {
                select.and_where(column("account_id").eq(account.as_str().to_owned()));
            }
            ExportFilter::Waiting => {
                select.cond_where(self.waits_for(account, posts));
            }
            ExportFilter::Every => {
                let _permit = permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions)?;
            }
        }
        if let Some(cursor) = &after {
            let same = column("asked_at").eq(cursor.key).and(column("id").lt(cursor.id.clone()));
            select.and_where(column("asked_at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("asked_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(read).collect::<ledger::Result<Vec<_>>>().map_err(Failure::fault)?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.asked_at.0, id: row.id.to_string() });
        Ok((rows, next))
    }

    /// How many wait for the caller; `None` for whoever has nothing to do with exports.
    pub async fn waiting_exports(&self, call: &Call) -> Result<Option<u64>, Failure> {
        let Ok((account, _, posts)) = officer(call) else { return Ok(None) };
        if !self.may_export(call) {
            return Ok(None);
        }
        self.capped("exports", self.waits_for(account, posts)).await.map(Some)
    }

    /// What the posts may confirm, but not the own ones. The same as [`Action::ConfirmExport`] and
    /// [`Action::ConfirmAuditExport`] say of one.
    fn waits_for(&self, account: &AccountId, posts: &[Post]) -> Cond {
        let mut any = Cond::any().add(Expr::val(1).eq(0));
        for post in posts {
            let lists = || Cond::all().add(column("what").ne(What::Audit.slug()));
            match post.role {
                Role::DepartmentManager => {
                    let own = column("region").eq(post.region.as_str().to_owned());
                    any = any.add(lists().add(column("department").eq(post.department.clone())).add(own));
                }
                Role::GeneralAdministration => {
                    let below = self.rules.regions.below(post.region).map(|r| r.code);
                    let regions: Vec<Value> =
                        std::iter::once(post.region).chain(below).map(|c| c.as_str().to_owned().into()).collect();
                    any = any.add(lists().add(column("region").is_in(regions)));
                }
                Role::AuditAdministrator | Role::SecurityAdministrator if post.region == INNER_MONGOLIA => {
                    any = any.add(Cond::all().add(column("what").eq(What::Audit.slug())));
                }
                _ => {}
            }
        }
        let waiting = Cond::all().add(column("state").eq(State::Waiting.slug()));
        waiting.add(column("account_id").ne(account.as_str().to_owned())).add(any)
    }
}
