//! 提醒: what the platform told officers about the periods of their cases. Written for posts; whoever holds the post reads it.

use crate::{Action, Actor, Call, Failure, Object, Platform, permission, read::slug, work_list::Cursor};
use domain::{Moment, account::Post, ids::CaseId};
use ledger::{
    QueryResult, Row, Value,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query},
};

/// Rows of one page.
pub const PAGE: u64 = 20;

/// One prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Moment,
    /// The case it is about.
    pub case: CaseId,
    /// `yellow`, `last_day`, `red`, `deemed_acceptance` or `moved`.
    pub mark: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Whether the officer has seen the list since.
    pub seen: bool,
}

fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

impl Platform {
    /// Prompts for the officer's posts, newest first; keyset by moment and id.
    pub async fn prompts(&self, call: &Call, after: Option<Cursor>) -> Result<(Vec<Prompt>, Option<Cursor>), Failure> {
        let posts = self.prompted(call)?;
        let seen_at = self.prompts_seen_at(call).await?;
        let mut select = Query::select();
        select.from(Alias::new("prompts")).cond_where(self.prompt_scope(posts));
        for name in ["at", "case_id", "mark", "title", "body"] {
            select.column(Alias::new(name));
        }
        // The same words for several posts of one person are one prompt.
        select.expr_as(Expr::cust("MIN(id)"), Alias::new("first"));
        for name in ["at", "case_id", "mark", "title", "body"] {
            select.group_by_col(Alias::new(name));
        }
        if let Some(cursor) = &after {
            let same = column("at").eq(cursor.key).and(column("case_id").lt(cursor.id.clone()));
            select.and_where(column("at").lt(cursor.key).or(same));
        }
        select.order_by(Alias::new("at"), Order::Desc).order_by(Alias::new("case_id"), Order::Desc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(|row| read(row, seen_at)).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.at.0, id: row.case.as_str().to_owned() });
        Ok((rows, next))
    }

    /// How many came since the officer last marked them seen, counted up to 100; 0 for whoever has none.
    pub async fn unseen_prompts(&self, call: &Call) -> Result<u64, Failure> {
        let Ok(posts) = self.prompted(call) else { return Ok(0) };
        let seen_at = self.prompts_seen_at(call).await?;
        let mut inner = Query::select();
        inner
            .distinct()
            .columns([Alias::new("at"), Alias::new("case_id"), Alias::new("mark")])
            .from(Alias::new("prompts"))
            .cond_where(self.prompt_scope(posts))
            .and_where(column("at").gt(seen_at))
            .limit(100);
        let mut outer = Query::select();
        outer.expr_as(Expr::cust("COUNT(*)"), Alias::new("n")).from_subquery(inner, Alias::new("unseen"));
        let rows = self.store.select(&outer).await.map_err(Failure::fault)?;
        let n: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// Marks everything up to now as seen.
    pub async fn see_prompts(&self, call: &Call) -> Result<(), Failure> {
        self.prompted(call)?;
        let mut change = self.change(call);
        change.row(Row::new(
            "INSERT INTO prompt_readers(account_id, seen_at) VALUES($1, $2) ON CONFLICT(account_id) DO UPDATE SET seen_at = excluded.seen_at",
            [call.actor.tag().into(), self.clock.now().0.into()],
        ));
        change.commit("prompts").await
    }

    fn prompted<'a>(&self, call: &'a Call) -> Result<&'a [Post], Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadWorkList, Object::default(), self.rules.regions)?;
        match &call.actor {
            Actor::Officer { posts, .. } => Ok(posts),
            _ => Err(Failure::NotThere),
        }
    }

    async fn prompts_seen_at(&self, call: &Call) -> Result<i64, Failure> {
        let sql = "SELECT seen_at FROM prompt_readers WHERE account_id = $1";
        let row = self.store.query_one(sql, [call.actor.tag().into()]).await.map_err(Failure::fault)?;
        row.map_or(Ok(0), |row| row.try_get("", "seen_at")).map_err(Failure::fault)
    }

    /// What the posts are told: a desk its own cases, a territorial post its territory.
    fn prompt_scope(&self, posts: &[Post]) -> Cond {
        let mut any = Cond::any();
        for post in posts.iter().filter(|p| !p.role.is_administrator()) {
            let one = Cond::all().add(column("role").eq(slug(&post.role)));
            any = any.add(if post.role.is_territorial() {
                let below = self.rules.regions.below(post.region).map(|r| r.code);
                let regions = std::iter::once(post.region).chain(below);
                one.add(column("region").is_in(regions.map(|c| Value::from(c.as_str().to_owned()))))
            } else {
                one.add(column("region").eq(post.region.as_str().to_owned()))
                    .add(column("department").eq(post.department.clone()))
            });
        }
        if any.is_empty() { Cond::all().add(Expr::val(1).eq(0)) } else { any }
    }
}

fn read(row: &QueryResult, seen_at: i64) -> Result<Prompt, Failure> {
    let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
    let at = row.try_get::<i64>("", "at").map_err(Failure::fault)?;
    Ok(Prompt {
        id: text("first")?,
        at: Moment(at),
        case: CaseId(text("case_id")?),
        mark: text("mark")?,
        title: text("title")?,
        body: text("body")?,
        seen: at <= seen_at,
    })
}
