//! A follower of the ledger's feed: what an event told a unit or a post is queued for whoever registered an address.
//! Deliveries and cursor are one commit; of two nodes one wins the cursor and the other goes on from there.

use crate::{Call, Failure, Platform, failure::again, read::day_number};
use domain::{
    Moment,
    account::Role,
    ids::{AccountId, MessageId},
    notification::{Class, Notification, NotificationEvent, Plan, Preferences, Queued, when_to_send},
    region::RegionCode,
};
use ledger::{
    Event, Position, QueryResult, Row,
    sea_query::{Alias, Expr, ExprTrait, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// Events of one batch.
const BATCH: u64 = 100;

/// Something that was said, before it is known to whom it goes.
struct Said {
    message: String,
    case: String,
    at: Moment,
    title: String,
    body: String,
    link: String,
    class: Class,
    to: To,
}

/// To whom it was said.
enum To {
    Unit(String),
    Post { role: String, department: String, region: String },
}

fn text(row: &QueryResult, column: &str) -> Result<String, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

/// Id of the message an event leaves, as `read` writes it.
fn message_id(event: &Event) -> String {
    format!("{}-{}", event.stream.replace(':', "-"), event.version)
}

fn case_of(event: &Event) -> String {
    event.stream.strip_prefix("case:").unwrap_or_default().to_owned()
}

impl Platform {
    /// Queues what was said since the last time. How many deliveries were queued.
    pub(super) async fn queue_messages(&self, call: &Call) -> Result<u64, Failure> {
        let mut queued = 0;
        while let Some(count) = again(|| self.queue_batch(call)).await? {
            queued += count;
        }
        Ok(queued)
    }

    /// One batch: `None` when there was nothing to see.
    async fn queue_batch(&self, call: &Call) -> Result<Option<u64>, Failure> {
        let row = self.store.query_one("SELECT tx, seq FROM followers WHERE name = 'notification'", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        let tx = text(&row, "tx")?;
        let from =
            Position { tx: tx.parse().map_err(Failure::fault)?, seq: row.try_get("", "seq").map_err(Failure::fault)? };
        let events = self.store.feed(from, BATCH).await.map_err(Failure::fault)?;
        let Some(last) = events.last().map(|event| event.position) else { return Ok(None) };
        let mut change = self.change(call);
        let (mut count, mut seen) = (0, BTreeSet::new());
        let fresh = self.clock.now().0 - self.rules.notification.stale_hours * 3_600_000;
        for said in self.said(&events).await?.into_iter().filter(|said| said.at.0 >= fresh) {
            for account in self.told(&said).await? {
                for (id, queued) in self.planned(&said, &account).await? {
                    let stream = self.load::<Notification>(&id).await?;
                    if !stream.exists() && seen.insert(id) {
                        change.append(stream, &[NotificationEvent::NotificationQueued(Box::new(queued))])?;
                        count += 1;
                    }
                }
            }
        }
        change.exactly_one(Row::new(
            "UPDATE followers SET tx = $3, seq = $4 WHERE name = 'notification' AND tx = $1 AND seq = $2",
            [tx.into(), from.seq.into(), last.tx.to_string().into(), last.seq.into()],
        ));
        change.commit("notification").await?;
        Ok(Some(count))
    }

    /// What the events told anybody.
    async fn said(&self, events: &[Event]) -> Result<Vec<Said>, Failure> {
        let by_id: BTreeMap<String, &Event> = events.iter().map(|event| (message_id(event), event)).collect();
        let mut select = Query::select();
        for name in ["id", "unit_id", "at", "title", "body", "link"] {
            select.column(Alias::new(name));
        }
        select.from(Alias::new("messages")).and_where(Expr::col(Alias::new("id")).is_in(by_id.keys().cloned()));
        let mut said = Vec::new();
        for row in self.store.select(&select).await.map_err(Failure::fault)? {
            let id = text(&row, "id")?;
            let Some(event) = by_id.get(&id) else { continue };
            said.push(Said {
                case: case_of(event),
                at: Moment(row.try_get("", "at").map_err(Failure::fault)?),
                title: text(&row, "title")?,
                body: text(&row, "body")?,
                link: text(&row, "link")?,
                class: self.rules.notification.class(&event.kind),
                to: To::Unit(text(&row, "unit_id")?),
                message: id,
            });
        }
        said.extend(self.prompted_by(events).await?);
        Ok(said)
    }

    /// What they told posts: always reminders.
    async fn prompted_by(&self, events: &[Event]) -> Result<Vec<Said>, Failure> {
        let prompting =
            events.iter().filter(|event| ["case:", "hold:"].iter().any(|kind| event.stream.starts_with(kind)));
        let by_id: BTreeMap<String, &Event> = prompting
            .flat_map(|event| {
                let id = message_id(event);
                Role::ALL.map(|role| (format!("{id}-{}", crate::read::slug(&role)), event))
            })
            .collect();
        if by_id.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = Query::select();
        for name in ["id", "at", "title", "body", "role", "department", "region"] {
            select.column(Alias::new(name));
        }
        select.from(Alias::new("prompts")).and_where(Expr::col(Alias::new("id")).is_in(by_id.keys().cloned()));
        let mut said = Vec::new();
        for row in self.store.select(&select).await.map_err(Failure::fault)? {
            let Some(event) = by_id.get(&text(&row, "id")?) else { continue };
            let case = case_of(event);
            said.push(Said {
                message: message_id(event),
                link: match event.stream.strip_prefix("hold:") {
                    Some(hold) => format!("/holds/{hold}"),
                    None => format!("/cases/{case}"),
                },
                case,
                at: Moment(row.try_get("", "at").map_err(Failure::fault)?),
                title: text(&row, "title")?,
                body: text(&row, "body")?,
                class: Class::Reminder,
                to: To::Post {
                    role: text(&row, "role")?,
                    department: text(&row, "department")?,
                    region: text(&row, "region")?,
                },
            });
        }
        Ok(said)
    }

    /// Accounts with an address that it was said to.
    async fn told(&self, said: &Said) -> Result<Vec<AccountId>, Failure> {
        match &said.to {
            To::Unit(unit) => {
                let rows = self
                    .store
                    .query(
                        "SELECT a.id FROM accounts a JOIN recipients r ON r.account_id = a.id WHERE a.unit_id = $1 AND a.disabled = 0 ORDER BY a.id",
                        [unit.clone().into()],
                    )
                    .await
                    .map_err(Failure::fault)?;
                rows.iter().map(|row| Ok(AccountId(text(row, "id")?))).collect()
            }
            To::Post { role, department, region } => self.holders(role, department, region).await,
        }
    }

    /// Officers with an address who hold the post today.
    async fn holders(&self, role: &str, department: &str, region: &str) -> Result<Vec<AccountId>, Failure> {
        let territorial = Role::parse(role).is_some_and(|role| role.is_territorial() || role.is_administrator());
        let rows = self
            .store
            .query(
                "SELECT DISTINCT p.account_id AS id, p.region AS region FROM posts p JOIN recipients r ON r.account_id = p.account_id \
                 JOIN accounts a ON a.id = p.account_id WHERE p.role = $1 AND ($2 = 1 OR (p.department = $3 AND p.region = $4)) \
                 AND p.from_day <= $5 AND (p.to_day IS NULL OR p.to_day >= $5) AND a.disabled = 0 ORDER BY p.account_id, p.region",
                [
                    role.into(),
                    i64::from(territorial).into(),
                    department.into(),
                    region.into(),
                    day_number(self.clock.now().date()).into(),
                ],
            )
            .await
            .map_err(Failure::fault)?;
        let mut accounts = BTreeSet::new();
        for row in &rows {
            let post = RegionCode::parse(&text(row, "region")?);
            let reaches = match (post, RegionCode::parse(region)) {
                (Some(post), Some(region)) => self.rules.regions.within(post, region),
                _ => false,
            };
            if reaches {
                accounts.insert(AccountId(text(row, "id")?));
            }
        }
        Ok(accounts.into_iter().collect())
    }

    /// One delivery for each open channel the person wants it on.
    async fn planned(&self, said: &Said, account: &AccountId) -> Result<Vec<(String, Queued)>, Failure> {
        let preferences = self.load::<Preferences>(account.as_str()).await?.state;
        if said.at < preferences.since {
            return Ok(Vec::new());
        }
        let mut planned = Vec::new();
        for channel in self.rules.notification.channels.iter().filter(|c| self.courier.serves(&c.id)) {
            let (due, digest) = match when_to_send(&preferences, &channel.id, said.class, self.clock.now()) {
                Plan::At(due) => (due, false),
                Plan::Digest(due) => (due, true),
                Plan::Never => continue,
            };
            let queued = Queued {
                message: MessageId(said.message.clone()),
                case: said.case.clone(),
                account: account.clone(),
                officer: matches!(said.to, To::Post { .. }),
                channel: channel.id.clone(),
                class: said.class,
                digest,
                said_at: said.at,
                title: said.title.clone(),
                body: said.body.clone(),
                link: said.link.clone(),
                due,
            };
            planned.push((format!("{}-{}-{account}", said.message, channel.id), queued));
        }
        Ok(planned)
    }
}
