//! The sweep: takes what is due under a lease, sends it, records what became of it. A node that wins a row's lease sends
//! it; a node that dies leaves a lease that ends.

use crate::{
    Call, Failure, Platform,
    failure::again,
    ports::{Letter, Receipt, Undelivered},
    stream::Stream,
};
use domain::{
    Moment,
    account::Account,
    ids::AccountId,
    notification::{
        Notification, NotificationEvent, Plan, Preferences, Queued, compose, failed, give_up, sealed_name, sent,
        when_to_send,
    },
};
use futures_util::{StreamExt, stream};
use ledger::{QueryResult, Row};
use std::{collections::BTreeSet, time::Duration};

/// Rows read at once.
const PAGE: i64 = 200;
/// Reminders of one digest; the rest goes out as another.
const DIGEST: i64 = 50;
/// How long a node keeps what it took, ms: longer than any attempt.
const LEASE: i64 = 5 * 60_000;
/// No attempt takes longer, whatever the courier does.
const ATTEMPT: Duration = Duration::from_secs(90);

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Deliveries queued.
    pub queued: u64,
    /// Taken over by their channel.
    pub sent: u64,
    /// Failed for a while.
    pub failed: u64,
    /// Given up.
    pub given_up: u64,
    /// Could not be worked on; the log says why, the next pass tries again.
    pub faults: u64,
}

/// A row that is due.
#[derive(Debug, Clone)]
struct Due {
    id: String,
    at: i64,
    lease: i64,
    digest: bool,
    account: String,
    channel: String,
}

fn due_row(row: &QueryResult) -> Result<Due, Failure> {
    let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
    let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
    Ok(Due {
        id: text("id")?,
        at: number("at")?,
        lease: number("lease")?,
        digest: number("digest")? != 0,
        account: text("account_id")?,
        channel: text("channel")?,
    })
}

impl Platform {
    /// Sends what is due now, each row once.
    pub(super) async fn send_due(&self, call: &Call, at_once: usize) -> Result<Delivered, Failure> {
        let (now, mut done) = (self.clock.now(), Delivered::default());
        let (mut after, mut digests) = ((i64::MIN, String::new()), BTreeSet::new());
        loop {
            let page = self.due_deliveries(now, &after).await?;
            let Some(last) = page.last() else { return Ok(done) };
            after = (last.at, last.id.clone());
            // A person's digest is one piece of work, whichever of its rows comes first.
            let work = page
                .into_iter()
                .filter(|row| !row.digest || digests.insert((row.account.clone(), row.channel.clone())));
            let mut work = stream::iter(work.map(|row| self.send_one(call, now, row))).buffer_unordered(at_once);
            while let Some(one) = work.next().await {
                match one {
                    Ok(events) => count(&mut done, &events),
                    Err(failure) => {
                        tracing::error!(error = %failure, "a delivery could not be worked on");
                        done.faults += 1;
                    }
                }
            }
        }
    }

    async fn due_deliveries(&self, now: Moment, after: &(i64, String)) -> Result<Vec<Due>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id, at, lease, digest, account_id, channel FROM deliveries WHERE state = 'waiting' AND at <= $1 AND lease <= $1 \
                 AND (at > $2 OR (at = $2 AND id > $3)) ORDER BY at, id LIMIT $4",
                [now.0.into(), after.0.into(), after.1.clone().into(), PAGE.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(due_row).collect()
    }

    /// Every due row of the digest that a row belongs to; the row alone when it belongs to none.
    async fn together(&self, now: Moment, row: Due) -> Result<Vec<Due>, Failure> {
        if !row.digest {
            return Ok(vec![row]);
        }
        let rows = self
            .store
            .query(
                "SELECT id, at, lease, digest, account_id, channel FROM deliveries WHERE state = 'waiting' AND digest = 1 AND account_id = $1 \
                 AND channel = $2 AND at <= $3 AND lease <= $3 ORDER BY at, id LIMIT $4",
                [row.account.into(), row.channel.into(), now.0.into(), DIGEST.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(due_row).collect()
    }

    /// Takes a row (a digest: its rows), sends it and records the result. Nothing when another node was faster.
    async fn send_one(&self, call: &Call, now: Moment, row: Due) -> Result<Vec<NotificationEvent>, Failure> {
        let mut rows = self.together(now, row).await?;
        if rows.is_empty() || !self.take(call, now, &rows).await? {
            return Ok(Vec::new());
        }
        let mut queued = Vec::with_capacity(rows.len());
        for row in &rows {
            queued.extend(self.load::<Notification>(&row.id).await?.state.queued.map(|queued| *queued));
        }
        let ids: Vec<String> = rows.drain(..).map(|row| row.id).collect();
        let verdict = self.attempt(&ids, &queued).await?;
        again(|| self.record(call, &ids, &verdict)).await
    }

    /// Puts a lease on the rows, all or none.
    async fn take(&self, call: &Call, now: Moment, rows: &[Due]) -> Result<bool, Failure> {
        let mut change = self.change(call);
        for row in rows {
            change.exactly_one(Row::new(
                "UPDATE deliveries SET lease = $3 WHERE id = $1 AND lease = $2 AND state = 'waiting'",
                [row.id.clone().into(), row.lease.into(), (now.0 + LEASE).into()],
            ));
        }
        match change.commit("notification").await {
            Ok(()) => Ok(true),
            Err(Failure::Conflict) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// One attempt: composed with the preferences of now, for the person may have changed them since.
    async fn attempt(&self, ids: &[String], of: &[Queued]) -> Result<Verdict, Failure> {
        let (Some(first), Some(id)) = (of.first(), ids.first()) else {
            return Ok(Verdict::Stop("没有可以发送的内容。"));
        };
        let Some(channel) = self.rules.notification.channel(&first.channel) else {
            return Ok(Verdict::Stop("该渠道已从平台取消。"));
        };
        let Some(address) = self.address(first).await? else {
            return Ok(Verdict::Stop("收件人已撤回该渠道的地址或者关闭了该渠道的提醒。"));
        };
        let (home, list) = if first.officer {
            (&self.settings.office_url, "/prompts")
        } else {
            (&self.settings.portal_url, "/messages")
        };
        let text = compose(of, channel, self.rules.notification, home, list);
        let digest = if of.len() > 1 { format!("-{}", of.len()) } else { String::new() };
        let letter = Letter {
            id: format!("{id}{digest}"),
            channel: first.channel.clone(),
            address,
            subject: text.subject,
            text: text.text,
        };
        let late = Undelivered { reason: "渠道没有在规定时间内答复。".into(), permanent: false };
        let result = match tokio::time::timeout(ATTEMPT, self.courier.deliver(&letter)).await {
            _ if !self.courier.serves(&letter.channel) => {
                Err(Undelivered { reason: "渠道未开通。".into(), permanent: false })
            }
            Ok(result) => result,
            Err(_) => Err(late),
        };
        Ok(Verdict::Answer(result))
    }

    /// The person's address on the channel, if the message is still wanted there.
    async fn address(&self, of: &Queued) -> Result<Option<String>, Failure> {
        let account = self.load::<Account>(of.account.as_str()).await?.state;
        let preferences = self.load::<Preferences>(of.account.as_str()).await?.state;
        let plan = when_to_send(&preferences, &of.channel, of.class, self.clock.now());
        if account.disabled || plan == Plan::Never {
            return Ok(None);
        }
        self.sealed_address(&of.account, &preferences, &of.channel).await
    }

    /// An address as it lies sealed beside the last choice.
    pub(crate) async fn sealed_address(
        &self,
        account: &AccountId,
        preferences: &Preferences,
        channel: &str,
    ) -> Result<Option<String>, Failure> {
        let stream = crate::stream::stream_id::<Preferences>(account.as_str());
        let opened = self.store.secret(&stream, preferences.version, &sealed_name(channel), &self.sealer).await;
        opened.map_err(Failure::fault)?.map(|bytes| String::from_utf8(bytes).map_err(Failure::fault)).transpose()
    }

    async fn record(&self, call: &Call, ids: &[String], verdict: &Verdict) -> Result<Vec<NotificationEvent>, Failure> {
        let mut change = self.change(call);
        if let Verdict::Answer(Ok(receipt)) = verdict {
            change.happened(receipt.happened_at);
        }
        let mut recorded = Vec::new();
        for id in ids {
            let stream: Stream<Notification> = self.load(id).await?;
            let events = match verdict {
                Verdict::Answer(Ok(receipt)) => sent(&stream.state, &receipt.reference),
                Verdict::Answer(Err(why)) => {
                    failed(&stream.state, &why.reason, why.permanent, self.clock.now(), self.rules.notification)
                }
                Verdict::Stop(reason) => give_up(&stream.state, reason),
            };
            if !events.is_empty() {
                change.append(stream, &events)?;
                recorded.extend(events);
            }
        }
        if !recorded.is_empty() {
            change.commit("notification").await?;
        }
        Ok(recorded)
    }
}

/// What is to be recorded of an attempt.
enum Verdict {
    /// What the channel answered.
    Answer(Result<Receipt, Undelivered>),
    /// Nothing is sent any more.
    Stop(&'static str),
}

fn count(done: &mut Delivered, events: &[NotificationEvent]) {
    for event in events {
        match event {
            NotificationEvent::NotificationSent { .. } => done.sent += 1,
            NotificationEvent::NotificationFailed { next: Some(_), .. } => done.failed += 1,
            NotificationEvent::NotificationGivenUp { .. } => done.given_up += 1,
            _ => {}
        }
    }
}
