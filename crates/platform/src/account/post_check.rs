//! Rows of posts give a right only with the platform's check value, and only one side of the separation at a time: what does
//! not fit is reported once, found again each night, and written anew from the ledger (S-08, S-25, P-02, A-28).

use super::session::{number, text};
use crate::{
    Action, Actor, Call, Failure, Object, Platform, permission,
    read::{POSTS, Projected, day_number, from_day_number, slug},
    stream::{join, refused, stream_id},
};
use domain::{
    Aggregate, Meta, Moment,
    account::{Account, AccountEvent, Post, PostKey, Role},
    ids::AccountId,
    region::{INNER_MONGOLIA, RegionCode},
};
use ledger::{AuditEntry, QueryResult, Refused, Row, Unit, Value};

/// Accounts looked at together.
const PAGE: i64 = 200;

/// A row of posts that is not as the platform wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostFault {
    /// Whose.
    pub account: AccountId,
    /// The person's name; empty when there is no such account.
    pub name: String,
    /// Which post: organ and role in words, as far as they can be read.
    pub post: String,
    /// `forged`, `missing`, `differs` or `orphan`.
    pub what: String,
    /// When it was found.
    pub found_at: Moment,
}

/// A row as it stands in the table.
struct Stored {
    values: Vec<Value>,
    mac: String,
    /// `None` when the row names no role, region or day of ours.
    post: Option<Post>,
    /// For people: organ, role, first day.
    words: String,
}

fn stored(row: &QueryResult) -> Result<Stored, Failure> {
    let (account, department) = (text(row, "account_id")?, text(row, "department")?);
    let (region, role, from) = (text(row, "region")?, text(row, "role")?, number(row, "from_day")?);
    let to: Option<i64> = row.try_get("", "to_day").map_err(Failure::fault)?;
    let parsed = (RegionCode::parse(&region), Role::parse(&role), from_day_number(from));
    let post = match parsed {
        (Some(region), Some(role), Some(from)) => {
            Some(Post { department: department.clone(), region, role, from, to: to.and_then(from_day_number) })
        }
        _ => None,
    };
    let words = match &post {
        Some(post) => format!("{} {} {}", post.agency().name(), post.role.name(), post.from),
        None => format!("{department}-{region} {role} {from}"),
    };
    let values = vec![account.into(), department.into(), region.into(), role.into(), from.into(), Value::BigInt(to)];
    Ok(Stored { values, mac: text(row, "mac")?, post, words })
}

impl Platform {
    fn is_proved(&self, row: &Stored) -> bool {
        self.sealer.made(POSTS, &row.values, &row.mac)
    }

    /// The posts of these rows that carry their check value; the others are reported.
    pub(super) async fn proved_posts(&self, account: &AccountId, rows: &[QueryResult]) -> Result<Vec<Post>, Failure> {
        let mut posts = Vec::with_capacity(rows.len());
        for row in rows {
            let row = stored(row)?;
            match row.post.clone().filter(|_| self.is_proved(&row)) {
                Some(post) => posts.push(post),
                None => self.report_post(account.as_str(), &row.words, "forged").await.map(drop)?,
            }
        }
        Ok(posts)
    }

    /// Reports a fault once: a row the security administrators see, an audit record, a line of the log. Whether it was new.
    async fn report_post(&self, account: &str, post: &str, what: &'static str) -> Result<bool, Failure> {
        let known = "SELECT 1 AS one FROM post_faults WHERE account_id = $1 AND post = $2 AND what = $3";
        let key = || [account.into(), post.into(), what.into()];
        if self.store.query_one(known, key()).await.map_err(Failure::fault)?.is_some() {
            return Ok(false);
        }
        let now = self.clock.now();
        let mut unit = Unit::new();
        unit.row(Row::new(
            "INSERT INTO post_faults(account_id, post, what, found_at) VALUES($1, $2, $3, $4)",
            key().into_iter().chain([now.0.into()]),
        ));
        unit.audit(AuditEntry {
            at: now.0,
            face: domain::evidence::Zone::Platform.slug().to_owned(),
            request: format!("post-check-{}", now.0),
            actor: Actor::System.tag(),
            role: "系统".to_owned(),
            method: "CHECK".to_owned(),
            path: "posts".to_owned(),
            object: format!("account:{account}"),
            outcome: "failed".to_owned(),
            reason: format!("post.{what}"),
            ..AuditEntry::default()
        });
        unit.use_reserve();
        match self.store.commit(unit).await {
            // Somebody else reported it at the same moment.
            Err(Refused::Taken(_)) => Ok(false),
            Err(other) => Err(refused(other)),
            Ok(()) => {
                tracing::error!(account, post, what, "a post was changed behind the platform; it gives no right");
                Ok(true)
            }
        }
    }

    /// Compares every row of posts with its check value and with the ledger. How many faults there are, known ones included.
    pub async fn check_posts(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let mut faults = 0;
        let mut after = String::new();
        loop {
            let rows = self
                .store
                .query(
                    "SELECT id FROM accounts WHERE face = 'office' AND id > $1 ORDER BY id LIMIT $2",
                    [after.clone().into(), PAGE.into()],
                )
                .await
                .map_err(Failure::fault)?;
            let Some(last) = rows.last() else { break };
            after = text(last, "id")?;
            for row in &rows {
                faults += self.check_account(&AccountId(text(row, "id")?)).await?;
            }
        }
        let orphans = "SELECT account_id, department, region, role, from_day, to_day, mac FROM posts p \
                       WHERE NOT EXISTS(SELECT 1 FROM accounts a WHERE a.id = p.account_id AND a.face = 'office') LIMIT 1000";
        for row in &self.store.query(orphans, []).await.map_err(Failure::fault)? {
            self.report_post(&text(row, "account_id")?, &stored(row)?.words, "orphan").await?;
            faults += 1;
        }
        Ok(faults)
    }

    async fn check_account(&self, id: &AccountId) -> Result<u64, Failure> {
        let account = self.load::<Account>(id.as_str()).await?.state;
        let rows = self.post_rows(id).await?;
        let mut faults = 0;
        let mut seen = Vec::new();
        for row in &rows {
            let row = stored(row)?;
            let key = row.post.as_ref().map(PostKey::of);
            // Of several posts with one key the last one is the row.
            let given = account.posts.iter().rfind(|post| key.as_ref() == Some(&PostKey::of(post)));
            let fits = given.is_some() && given == row.post.as_ref();
            if !self.is_proved(&row) {
                self.report_post(id.as_str(), &row.words, "forged").await?;
                faults += 1;
            } else if !fits {
                self.report_post(id.as_str(), &row.words, "differs").await?;
                faults += 1;
            }
            seen.extend(key);
        }
        for post in account.posts.iter().filter(|post| !seen.contains(&PostKey::of(post))) {
            let words = format!("{} {} {}", post.agency().name(), post.role.name(), post.from);
            self.report_post(id.as_str(), &words, "missing").await?;
            faults += 1;
        }
        Ok(faults)
    }

    async fn post_rows(&self, id: &AccountId) -> Result<Vec<QueryResult>, Failure> {
        let sql = "SELECT account_id, department, region, role, from_day, to_day, mac FROM posts WHERE account_id = $1 \
                   ORDER BY department, region, role, from_day";
        self.store.query(sql, [id.as_str().into()]).await.map_err(Failure::fault)
    }

    /// Faults that were found and not yet mended, newest first.
    pub async fn post_faults(&self, call: &Call) -> Result<Vec<PostFault>, Failure> {
        let _permit = permission::decide(&call.actor, Action::RestorePosts, whole(), self.rules.regions)?;
        let sql = "SELECT f.account_id, COALESCE(a.name, '') AS name, f.post, f.what, f.found_at FROM post_faults f \
                   LEFT JOIN accounts a ON a.id = f.account_id ORDER BY f.found_at DESC, f.account_id, f.post LIMIT 100";
        let rows = self.store.query(sql, []).await.map_err(Failure::fault)?;
        let read = |row: &QueryResult| {
            Ok(PostFault {
                account: AccountId(text(row, "account_id")?),
                name: text(row, "name")?,
                post: text(row, "post")?,
                what: text(row, "what")?,
                found_at: Moment(number(row, "found_at")?),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Writes the rows of an account's posts anew, as the events of the ledger say.
    pub async fn restore_posts(&self, call: &Call, id: &AccountId) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::RestorePosts, whole(), self.rules.regions)?;
        let rows = self.rows_by_events(id).await?;
        let mut change = self.change(call);
        change.about(stream_id::<Account>(id.as_str()));
        for row in rows {
            change.row(row);
        }
        change.row(Row::new("DELETE FROM post_faults WHERE account_id = $1", [id.as_str().into()]));
        change.commit(id.as_str()).await
    }

    /// The rows of an account's posts as its events give them, whatever the tables or the working state say.
    async fn rows_by_events(&self, id: &AccountId) -> Result<Vec<Row>, Failure> {
        let events = self.store.events(&stream_id::<Account>(id.as_str())).await.map_err(Failure::fault)?;
        let rules = self.rules.now();
        let mut account = Account::default();
        let mut rows = vec![Row::new("DELETE FROM posts WHERE account_id = $1", [id.as_str().into()])];
        for event in &events {
            let parsed = join::<AccountEvent>(&event.kind, &event.data).map_err(Failure::fault)?;
            let meta =
                Meta { at: Moment(event.at), recorded_at: Moment(event.recorded_at), actor: event.actor.clone() };
            let before = account.clone();
            account.apply(&parsed, &meta);
            let all = Account::rows(&event.stream, event.version, &before, &parsed, &meta, &account, &rules);
            rows.extend(all.into_iter().filter(|row| row.guard.is_some()));
        }
        Ok(rows)
    }

    /// Once in the life of a database, after this step was applied or a ledger was imported: gives the rows their check values.
    pub(crate) async fn begin_post_macs(&self) -> Result<(), Failure> {
        let begun = self.store.query_one("SELECT 1 AS one FROM post_macs_since", []).await.map_err(Failure::fault)?;
        if begun.is_some() {
            return Ok(());
        }
        let rows = self.store.query("SELECT DISTINCT account_id FROM posts", []).await.map_err(Failure::fault)?;
        for row in &rows {
            let rows = self.rows_by_events(&AccountId(text(row, "account_id")?)).await?;
            let mut unit = Unit::new();
            for row in rows {
                unit.row(row.keyed(&self.sealer));
            }
            self.store.commit(unit).await.map_err(refused)?;
        }
        let mut unit = Unit::new();
        unit.row(Row::new(
            "INSERT INTO post_macs_since(id, at) VALUES('posts', $1) ON CONFLICT(id) DO NOTHING",
            [self.clock.now().0.into()],
        ));
        self.store.commit(unit).await.map_err(refused)
    }

    /// Accounts that hold what nobody may hold together, now or some day: sign-in names. With one the program does not start.
    pub async fn separation_faults(&self) -> Result<Vec<String>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT DISTINCT p.account_id, COALESCE(a.login, p.account_id) AS login FROM posts p \
                 JOIN posts o ON o.account_id = p.account_id AND o.role <> p.role LEFT JOIN accounts a ON a.id = p.account_id \
                 WHERE p.role IN ($1, $2, $3) AND p.from_day <= COALESCE(o.to_day, 9999999) AND o.from_day <= COALESCE(p.to_day, 9999999) \
                 AND p.from_day <= COALESCE(p.to_day, 9999999) AND o.from_day <= COALESCE(o.to_day, 9999999) \
                 AND COALESCE(p.to_day, 9999999) >= $4 AND COALESCE(o.to_day, 9999999) >= $4 ORDER BY 2 LIMIT 20",
                Role::ALL
                    .into_iter()
                    .filter(|role| role.is_administrator())
                    .map(|role| slug(&role).into())
                    .chain([day_number(self.clock.now().date()).into()]),
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(|row| text(row, "login")).collect()
    }
}

/// Everything: only a post at the autonomous region reaches it.
fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}
