//! 委托: an officer hands a post to a colleague of the same organ for a time, and takes it back.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    failure::again,
    permission,
    read::{NEVER, day_number, from_day_number},
    work_list::{Cursor, PAGE},
};
use domain::{
    account::{self, Account, DELEGATED, Delegating, Role},
    department::Agency,
    ids::AccountId,
    region::RegionCode,
};
use jiff::civil::Date;
use ledger::QueryResult;

/// One delegation, given or received.
#[derive(Debug, Clone)]
pub struct DelegationRow {
    /// Who stands in.
    pub account: AccountId,
    /// Which of that account's.
    pub at: usize,
    /// The name of who stands in.
    pub name: String,
    /// The organ.
    pub agency: Agency,
    /// The role.
    pub role: Role,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Who handed it over.
    pub by: AccountId,
    /// That person's name.
    pub by_name: String,
    /// Why.
    pub reason: String,
}

/// What an officer can delegate, and to whom.
#[derive(Debug, Clone, Default)]
pub struct Delegable {
    /// Posts: organ and role.
    pub posts: Vec<(Agency, Role)>,
    /// Colleagues of those organs.
    pub colleagues: Vec<(AccountId, String)>,
}

fn at(agency: &Agency) -> Object<'_> {
    Object { unit: None, department: Some(&agency.department), region: Some(agency.region) }
}

fn officer(call: &Call) -> Result<&AccountId, Failure> {
    match &call.actor {
        Actor::Officer { account, .. } => Ok(account),
        _ => Err(Failure::NotThere),
    }
}

fn read(row: &QueryResult) -> Result<DelegationRow, Failure> {
    let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
    let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
    let day = |column: &str| from_day_number(number(column)?).ok_or_else(|| Failure::fault("day out of range"));
    let region = RegionCode::parse(&text("region")?).ok_or_else(|| Failure::fault("unknown region"))?;
    Ok(DelegationRow {
        account: AccountId(text("account_id")?),
        at: usize::try_from(number("at")?).map_err(Failure::fault)?,
        name: text("name")?,
        agency: Agency::new(text("department")?, region),
        role: Role::parse(&text("role")?).ok_or_else(|| Failure::fault("unknown role"))?,
        from: day("from_day")?,
        until: day("to_day")?,
        by: AccountId(text("by_account")?),
        by_name: text("by_name")?,
        reason: text("reason")?,
    })
}

/// First day, account and number of the row a page begins after.
fn place(cursor: &Cursor) -> Option<(i64, &str, i64)> {
    let (account, number) = cursor.id.split_once('.')?;
    Some((cursor.key, account, number.parse().ok()?))
}

impl Platform {
    /// Posts the caller can delegate today, and the colleagues who could stand in.
    pub async fn delegable(&self, call: &Call) -> Result<Delegable, Failure> {
        let me = officer(call)?;
        let Actor::Officer { posts, .. } = &call.actor else { return Ok(Delegable::default()) };
        let own = self.load::<Account>(me.as_str()).await?.state;
        let mut found = Delegable::default();
        for post in posts.iter().filter(|post| DELEGATED.contains(&post.role)) {
            if !own.delegations.iter().any(|d| d.post == *post) {
                found.posts.push((Agency::new(post.department.clone(), post.region), post.role));
            }
        }
        let mut agencies: Vec<_> = found.posts.iter().map(|(agency, _)| agency.clone()).collect();
        agencies.sort_unstable();
        agencies.dedup();
        for agency in agencies {
            let rows = self
                .store
                .query(
                    "SELECT DISTINCT a.id, a.name FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.department = $1 \
                     AND p.region = $2 AND p.from_day <= $3 AND (p.to_day IS NULL OR p.to_day >= $3) AND a.disabled = 0 AND a.id <> $4 \
                     ORDER BY a.name, a.id LIMIT 200",
                    [
                        agency.department.clone().into(),
                        agency.region.as_str().into(),
                        day_number(self.clock.now().date()).into(),
                        me.as_str().into(),
                    ],
                )
                .await
                .map_err(Failure::fault)?;
            for row in &rows {
                let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
                let colleague = (AccountId(text("id")?), text("name")?);
                if !found.colleagues.contains(&colleague) {
                    found.colleagues.push(colleague);
                }
            }
        }
        Ok(found)
    }

    /// Delegations the caller gave or received, the latest first; keyset by first day, account and number.
    pub async fn delegations(
        &self,
        call: &Call,
        after: Option<Cursor>,
    ) -> Result<(Vec<DelegationRow>, Option<Cursor>), Failure> {
        let (day, account, number) = after.as_ref().and_then(place).unwrap_or((NEVER, "", 0));
        let rows = self
            .store
            .query(
                "SELECT account_id, at, name, department, region, role, from_day, to_day, by_account, by_name, reason FROM delegations \
                 WHERE (account_id = $1 OR by_account = $1) \
                 AND (from_day < $2 OR (from_day = $2 AND (account_id > $3 OR (account_id = $3 AND at > $4)))) \
                 ORDER BY from_day DESC, account_id, at LIMIT $5",
                [
                    officer(call)?.as_str().into(),
                    day.into(),
                    account.into(),
                    number.into(),
                    i64::try_from(PAGE + 1).unwrap_or(i64::MAX).into(),
                ],
            )
            .await
            .map_err(Failure::fault)?;
        let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| Cursor { key: day_number(row.from), id: format!("{}.{}", row.account, row.at) });
        Ok((rows, next))
    }

    /// Posts the caller holds today for somebody else.
    pub async fn standing_in(&self, call: &Call) -> Result<Vec<DelegationRow>, Failure> {
        let Ok(me) = officer(call) else { return Ok(Vec::new()) };
        let rows = self
            .store
            .query(
                "SELECT account_id, at, name, department, region, role, from_day, to_day, by_account, by_name, reason FROM delegations \
                 WHERE account_id = $1 AND from_day <= $2 AND to_day >= $2 ORDER BY to_day, at LIMIT 20",
                [me.as_str().into(), day_number(self.clock.now().date()).into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(read).collect()
    }

    /// 委托.
    pub async fn delegate_post(&self, call: &Call, to: &AccountId, wish: &Delegating) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::DelegatePost, at(&wish.agency), self.rules.regions)?;
        let me = officer(call)?;
        let act = again(|| async {
            let delegator = self.load::<Account>(me.as_str()).await?.state;
            let stream = self.load::<Account>(to.as_str()).await?;
            let events = account::delegate(&delegator, &stream.state, wish, self.clock.now().date())?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(to.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Takes it back.
    pub async fn end_delegation(&self, call: &Call, account: &AccountId, number: usize) -> Result<(), Failure> {
        let me = officer(call)?;
        let act = again(|| async {
            let stream = self.load::<Account>(account.as_str()).await?;
            let delegation = stream.state.delegations.get(number).filter(|d| d.by == *me).ok_or(Failure::NotThere)?;
            let agency = Agency::new(delegation.post.department.clone(), delegation.post.region);
            let _permit = permission::decide(&call.actor, Action::DelegatePost, at(&agency), self.rules.regions)?;
            let events = account::end_delegation(&stream.state, me, number, self.clock.now().date())?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(account.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }
}
