//! A follower of the security audit. Marks, alarms and cursor are one commit; of two nodes one wins the cursor and the other
//! goes on from there.

use crate::{
    Action, Call, Failure, Object, Platform,
    failure::again,
    permission,
    stream::{Change, refused},
};
use domain::{
    Moment,
    detection::{Alarm, AlarmEvent, Fact, Hit, Mark, Raised, Rule, hit, repeat},
    ids::AlarmId,
};
use ledger::{
    AuditRecord, Refused, Row,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// Records of one batch.
const BATCH: u64 = 500;

/// Marks of one rule and subject: those kept from before and those of this batch.
#[derive(Default)]
struct Counted {
    marks: Vec<Mark>,
    /// The first so many lie in the table already.
    kept: usize,
    /// An alarm took what was there: it never counts again. One alarm or repetition of it is enough for a batch.
    taken: bool,
}

/// Rule and subject.
type Key = (String, String);

fn fact(record: &AuditRecord) -> Fact<'_> {
    let entry = &record.entry;
    Fact {
        seq: record.seq,
        at: Moment(entry.at),
        face: &entry.face,
        source: &entry.source,
        session: &entry.session,
        actor: &entry.actor,
        role: &entry.role,
        method: &entry.method,
        path: &entry.path,
        object: &entry.object,
        outcome: &entry.outcome,
        reason: &entry.reason,
    }
}

impl Platform {
    /// Evaluates the rules over every audit record since the last time. How many alarms were raised.
    pub async fn detect(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::WatchAudit, Object::default(), self.rules.regions)?;
        let mut raised = 0;
        while let Some(count) = again(|| self.detect_batch(call)).await? {
            raised += count;
        }
        Ok(raised)
    }

    /// One batch: `None` when there was nothing to see.
    async fn detect_batch(&self, call: &Call) -> Result<Option<u64>, Failure> {
        let from = self.detected_until().await?;
        let records = self.audit_after(from).await?;
        let Some(last) = records.last().map(|record| record.seq) else { return Ok(None) };
        let mut change = self.change(call);
        let mut counted: BTreeMap<Key, Counted> = BTreeMap::new();
        let mut raised = 0;
        for record in &records {
            for rule in self.rules.detection.iter() {
                let fact = fact(record);
                let Some((about, what)) = rule.counts(&fact) else { continue };
                let key = (rule.code.clone(), about.to_owned());
                if !counted.contains_key(&key) {
                    counted.insert(key.clone(), self.kept_marks(rule, about, fact.at).await?);
                }
                let Some(group) = counted.get_mut(&key) else { continue };
                group.marks.push(Mark { seq: fact.seq, at: fact.at, what: what.to_owned() });
                if let Some(hit) = hit(rule, &group.marks) {
                    let again = std::mem::replace(group, Counted { taken: true, ..Counted::default() }).taken;
                    if !again {
                        raised += self.raise(&mut change, rule, about, hit, raised).await?;
                    }
                }
            }
        }
        for (key, group) in counted {
            keep(&mut change, key, group);
        }
        let oldest = self.clock.now().0 - self.rules.detection.longest_window();
        change.row(Row::new("DELETE FROM detection_marks WHERE at < $1", [oldest.into()]));
        change.exactly_one(Row::new(
            "UPDATE followers SET seq = $2 WHERE name = 'detection' AND seq = $1",
            [from.into(), last.into()],
        ));
        // A number or a subject that is taken: another node raised it a moment ago.
        let faster = |refusal| match refusal {
            Refused::Taken(_) => Failure::Conflict,
            other => refused(other),
        };
        change.commit_or("detection", faster).await?;
        Ok(Some(raised))
    }

    async fn detected_until(&self) -> Result<i64, Failure> {
        let row = self.store.query_one("SELECT seq FROM followers WHERE name = 'detection'", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        row.try_get("", "seq").map_err(Failure::fault)
    }

    async fn audit_after(&self, seq: i64) -> Result<Vec<AuditRecord>, Failure> {
        let mut select = Query::select();
        select.from(Alias::new(AuditRecord::TABLE)).columns(AuditRecord::COLUMNS.map(Alias::new));
        select.and_where(Expr::col(Alias::new("seq")).gt(seq)).order_by(Alias::new("seq"), Order::Asc).limit(BATCH);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        rows.iter().map(AuditRecord::read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    async fn kept_marks(&self, rule: &Rule, about: &str, now: Moment) -> Result<Counted, Failure> {
        let rows = self
            .store
            .query(
                "SELECT seq, at, what FROM detection_marks WHERE rule = $1 AND about = $2 AND at > $3 ORDER BY seq",
                [rule.code.clone().into(), about.into(), (now.0 - rule.window()).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mark = |row: &ledger::QueryResult| {
            Ok(Mark {
                seq: row.try_get("", "seq")?,
                at: Moment(row.try_get("", "at")?),
                what: row.try_get("", "what")?,
            })
        };
        let marks = rows.iter().map(mark).collect::<ledger::Result<Vec<_>>>().map_err(Failure::fault)?;
        Ok(Counted { kept: marks.len(), marks, taken: false })
    }

    /// The alarm of a hit, or its repetition while one is running. How many were raised: one or none.
    async fn raise(
        &self,
        change: &mut Change<'_>,
        rule: &Rule,
        about: &str,
        hit: Hit,
        raised_before: u64,
    ) -> Result<u64, Failure> {
        let running = self
            .store
            .query_one(
                "SELECT id FROM alarms WHERE rule = $1 AND about = $2 AND state <> 'closed'",
                [rule.code.clone().into(), about.into()],
            )
            .await
            .map_err(Failure::fault)?;
        if let Some(row) = running {
            let id: String = row.try_get("", "id").map_err(Failure::fault)?;
            let stream = self.load::<Alarm>(&id).await?;
            let events = repeat(&stream.state, rule, &hit);
            if !events.is_empty() {
                change.append(stream, &events)?;
            }
            return Ok(0);
        }
        let row = self.store.query_one("SELECT COALESCE(MAX(number), 0) AS last FROM alarms", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        let last: i64 = row.try_get("", "last").map_err(Failure::fault)?;
        let number = last + 1 + i64::try_from(raised_before).unwrap_or_default();
        let id = AlarmId::from_random(self.chance.id());
        let stream = self.load::<Alarm>(id.as_str()).await?;
        tracing::warn!(rule = rule.code, number, count = hit.count, "security alarm");
        change.append(stream, &[AlarmEvent::AlarmRaised(Box::new(Raised::new(id, number, rule, about, hit)))])?;
        Ok(1)
    }
}

/// Writes down what counts on, and forgets what an alarm took.
fn keep(change: &mut Change<'_>, (rule, about): Key, group: Counted) {
    if group.taken {
        change.row(Row::new(
            "DELETE FROM detection_marks WHERE rule = $1 AND about = $2",
            [rule.clone().into(), about.clone().into()],
        ));
    }
    for mark in group.marks.into_iter().skip(group.kept) {
        change.row(Row::new(
            "INSERT INTO detection_marks(rule, about, seq, at, what) VALUES($1, $2, $3, $4, $5)",
            [rule.clone().into(), about.clone().into(), mark.seq.into(), mark.at.0.into(), mark.what.into()],
        ));
    }
}
