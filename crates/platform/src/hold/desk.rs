//! The desk of the security administrators: list, report, release, purge by two persons.

use super::key;
use crate::{
    Action, Actor, Call, Failure, Object, Platform, failure::again, permission, stream::Stream, work_list::Cursor,
};
use domain::{
    Moment,
    hold::{self, Content, Hold, HoldEvent, State, What},
    ids::{AccountId, HoldId},
    region::INNER_MONGOLIA,
};
use ledger::{
    QueryResult, Row,
    sea_query::{Alias, Cond, Expr, ExprTrait, JoinType, Order, Query},
};

/// Rows of one page.
pub const PAGE: u64 = 20;
/// Purges finished in one sweep.
const AT_ONCE: i64 = 50;

/// Which of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// In this state; `None`: what waits for somebody.
    pub state: Option<State>,
    /// Only marks, or only traces.
    pub blocked: Option<bool>,
}

/// One row of the list.
#[derive(Debug, Clone)]
pub struct HoldRow {
    /// Its id.
    pub id: HoldId,
    /// A mark, or a trace of one.
    pub blocked: bool,
    /// The rule that found it.
    pub rule: String,
    /// Bytes.
    pub size: i64,
    /// SM3 of the content.
    pub sm3: String,
    /// Whose it is; empty for an organ's.
    pub unit_name: String,
    /// Sign-in name of who handed it in.
    pub login: String,
    /// From where.
    pub source: String,
    /// Where it stands.
    pub state: State,
    /// When it was sealed.
    pub held_at: Moment,
    /// Until when it must be reported; `None` once it was or need not be.
    pub report_by: Option<Moment>,
}

/// Everything about one.
#[derive(Debug, Clone)]
pub struct HoldPage {
    /// What was sealed.
    pub content: Content,
    /// Its story.
    pub hold: Hold,
    /// The unit's name; empty for an organ's.
    pub unit_name: String,
    /// The project's code; empty without.
    pub project_code: String,
    /// Sign-in name of who handed it in.
    pub login: String,
    /// Until when it must be reported.
    pub report_by: Option<Moment>,
    /// The caller may decide about it.
    pub may_decide: bool,
    /// The caller may confirm its purge: somebody else proposed it.
    pub may_confirm: bool,
}

fn column(name: &'static str) -> Expr {
    Expr::col((Alias::new("h"), Alias::new(name)))
}

/// Only a post at the autonomous region reaches it.
fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}

fn officer(call: &Call) -> Result<(&AccountId, &str), Failure> {
    match &call.actor {
        Actor::Officer { account, name, .. } => Ok((account, name)),
        _ => Err(Failure::NotThere),
    }
}

fn waiting() -> Vec<&'static str> {
    [State::Open, State::Proposed, State::Confirmed].map(State::slug).to_vec()
}

impl Platform {
    fn may_hold(&self, call: &Call, action: Action) -> bool {
        permission::decide(&call.actor, action, whole(), self.rules.regions).is_ok()
    }

    /// How many wait for somebody, counted up to 100; `None` for whoever does not look after them.
    pub async fn waiting_holds(&self, call: &Call) -> Result<Option<u64>, Failure> {
        if !self.may_hold(call, Action::ReadHolds) {
            return Ok(None);
        }
        let mut inner = Query::select();
        inner.expr(Expr::val(1)).from_as(Alias::new("holds"), Alias::new("h"));
        inner.and_where(column("state").is_in([State::Open, State::Proposed].map(State::slug))).limit(100);
        let mut outer = Query::select();
        outer.expr_as(Expr::cust("COUNT(*)"), Alias::new("n")).from_subquery(inner, Alias::new("waiting"));
        let rows = self.store.select(&outer).await.map_err(Failure::fault)?;
        let n: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        Ok(Some(u64::try_from(n).unwrap_or(0)))
    }

    /// Sealed content, the latest first; keyset by moment and id.
    pub async fn held_content(
        &self,
        call: &Call,
        filter: HoldFilter,
        after: Option<Cursor>,
    ) -> Result<(Vec<HoldRow>, Option<Cursor>), Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadHolds, whole(), self.rules.regions)?;
        let (h, a, u) = (Alias::new("h"), Alias::new("a"), Alias::new("u"));
        let mut select = Query::select();
        select.from_as(Alias::new("holds"), h.clone());
        for name in ["id", "blocked", "rule", "size", "sm3", "source", "state", "held_at", "reported_at"] {
            select.column((h.clone(), Alias::new(name)));
        }
        select.expr_as(Expr::cust("COALESCE(a.login, '')"), Alias::new("login"));
        select.expr_as(Expr::cust("COALESCE(u.name, '')"), Alias::new("unit_name"));
        select.join_as(
            JoinType::LeftJoin,
            Alias::new("accounts"),
            a,
            Cond::all().add(Expr::cust("a.id = h.account_id")),
        );
        select.join_as(JoinType::LeftJoin, Alias::new("units"), u, Cond::all().add(Expr::cust("u.id = h.unit_id")));
        match filter.state {
            Some(state) => select.and_where(column("state").eq(state.slug())),
            None => select.and_where(column("state").is_in(waiting())),
        };
        if let Some(blocked) = filter.blocked {
            select.and_where(column("blocked").eq(i64::from(blocked)));
        }
        if let Some(cursor) = &after {
            let same = column("held_at").eq(cursor.key).and(column("id").lt(cursor.id.clone()));
            select.and_where(column("held_at").lt(cursor.key).or(same));
        }
        select.order_by((h.clone(), Alias::new("held_at")), Order::Desc).order_by((h, Alias::new("id")), Order::Desc);
        let rows = self.store.select(select.limit(PAGE + 1)).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(|row| self.hold_row(row)).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.held_at.0, id: row.id.to_string() });
        Ok((rows, next))
    }

    fn hold_row(&self, row: &QueryResult) -> Result<HoldRow, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let (state, held_at) = (State::parse(&text("state")?).unwrap_or_default(), number("held_at")?);
        let owed = number("reported_at")? == 0 && state != State::Released;
        Ok(HoldRow {
            id: HoldId(text("id")?),
            blocked: number("blocked")? != 0,
            rule: text("rule")?,
            size: number("size")?,
            sm3: text("sm3")?,
            unit_name: text("unit_name")?,
            login: text("login")?,
            source: text("source")?,
            state,
            held_at: Moment(held_at),
            report_by: owed.then_some(Moment(held_at + self.settings.secrecy_report_hours * 3_600_000)),
        })
    }

    async fn load_hold(&self, call: &Call, action: Action, id: &HoldId) -> Result<(Stream<Hold>, Content), Failure> {
        let _permit = permission::decide(&call.actor, action, whole(), self.rules.regions)?;
        let stream = self.load::<Hold>(id.as_str()).await?;
        let content = stream.state.content.clone().ok_or(Failure::NotThere)?;
        Ok((stream, content))
    }

    /// One as it stands.
    pub async fn hold_page(&self, call: &Call, id: &HoldId) -> Result<HoldPage, Failure> {
        let (stream, content) = self.load_hold(call, Action::ReadHolds, id).await?;
        let row = self
            .store
            .query_one(
                "SELECT COALESCE(a.login, '') AS login, COALESCE(u.name, '') AS unit_name, COALESCE(p.code, '') AS code FROM holds h \
                 LEFT JOIN accounts a ON a.id = h.account_id LEFT JOIN units u ON u.id = h.unit_id LEFT JOIN projects p ON p.id = $2 \
                 WHERE h.id = $1",
                [id.as_str().into(), content.project.as_ref().map_or("", |project| project.as_str()).into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let proposer = stream.state.purge.as_ref().map(|proposal| &proposal.by);
        Ok(HoldPage {
            unit_name: text("unit_name")?,
            project_code: text("code")?,
            login: text("login")?,
            report_by: hold::report_by(&stream.state, self.settings.secrecy_report_hours),
            may_decide: self.may_hold(call, Action::DecideHold),
            may_confirm: self.may_hold(call, Action::ConfirmPurge) && proposer != call.actor.account(),
            hold: stream.state,
            content,
        })
    }

    async fn decide_hold(
        &self,
        call: &Call,
        action: Action,
        id: &HoldId,
        decide: impl Fn(&Hold) -> Result<Vec<HoldEvent>, domain::Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_hold(call, action, id).await?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 登记报告.
    pub async fn report_hold(&self, call: &Call, id: &HoldId, office: &str, note: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        self.decide_hold(call, Action::DecideHold, id, |held| hold::report(held, by, office, note)).await
    }

    /// 提出销毁.
    pub async fn propose_purge(&self, call: &Call, id: &HoldId, office: &str, order: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        self.decide_hold(call, Action::DecideHold, id, |held| hold::propose_purge(held, by, office, order)).await
    }

    /// 不同意销毁.
    pub async fn reject_purge(&self, call: &Call, id: &HoldId, reason: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        self.decide_hold(call, Action::DecideHold, id, |held| hold::reject_purge(held, by, reason)).await
    }

    /// 确认销毁; what was confirmed is destroyed at once, or by the next sweep if the machine stops in between.
    pub async fn confirm_purge(&self, call: &Call, id: &HoldId, order: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        self.decide_hold(call, Action::ConfirmPurge, id, |held| hold::confirm_purge(held, by, order)).await?;
        self.destroy_held(&Call::system(call.cause.clone()), id).await
    }

    /// 解除封存: the content becomes what it would have been; a sample may be uploaded again.
    pub async fn release_hold(&self, call: &Call, id: &HoldId, reason: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        let act = again(|| async {
            let (stream, content) = self.load_hold(call, Action::DecideHold, id).await?;
            let events = hold::release(&stream.state, by, reason)?;
            let key = key::read(&self.settings.held_keys, id).await.map_err(Failure::fault)?;
            let key = key.ok_or_else(|| Failure::fault("the key of sealed content is gone"))?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            if let What::File(file) = &content.what {
                let name = self.open_column(&format!("hold:{id}"), 1, "name", &key.name)?;
                let state = if content.clean { "clean" } else { "scanning" };
                if !content.clean {
                    let (source, of_unit) = (content.source.as_str(), content.unit.is_some());
                    change.row(Self::check_row(file, "", &content.by, source, of_unit, self.clock.now().0));
                }
                for row in self.released_key(file.as_str(), key.key.clone()).await? {
                    change.row(row);
                }
                change.exactly_one(Row::new(
                    "UPDATE attachments SET state = $2, name = $3 WHERE id = $1 AND state = 'sealed'",
                    [file.as_str().into(), state.into(), String::from_utf8(name).map_err(Failure::fault)?.into()],
                ));
            }
            change.commit(id.as_str()).await?;
            if let What::Sample(file) = &content.what {
                self.delete_object(file.as_str()).await?;
            }
            key::destroy(&self.settings.held_keys, id).await.map_err(Failure::fault)
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Destroys what was confirmed before the machine stopped. Gives how much.
    pub async fn finish_purges(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepFiles, Object::default(), self.rules.regions)?;
        let rows = self
            .store
            .query("SELECT id FROM holds WHERE state = 'confirmed' ORDER BY held_at, id LIMIT $1", [AT_ONCE.into()])
            .await
            .map_err(Failure::fault)?;
        for row in &rows {
            let id: String = row.try_get("", "id").map_err(Failure::fault)?;
            self.destroy_held(call, &HoldId(id)).await?;
        }
        Ok(rows.len() as u64)
    }

    /// Key, then content, then the record of it (K-09).
    async fn destroy_held(&self, call: &Call, id: &HoldId) -> Result<(), Failure> {
        again(|| async {
            let stream = self.load::<Hold>(id.as_str()).await?;
            let Some(content) = stream.state.content.clone().filter(|_| stream.state.state == State::Confirmed) else {
                return Ok(());
            };
            let key = key::read(&self.settings.held_keys, id).await.map_err(Failure::fault)?;
            key::destroy(&self.settings.held_keys, id).await.map_err(Failure::fault)?;
            self.delete_object(content.what.file().as_str()).await?;
            let events = hold::purged(&stream.state, key.map(|key| key.digest()).unwrap_or_default())?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.row(Row::new(
                "UPDATE attachments SET state = 'refused' WHERE id = $1 AND state = 'sealed'",
                [content.what.file().as_str().into()],
            ));
            change.commit(id.as_str()).await
        })
        .await
    }
}
