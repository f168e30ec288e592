//! 归档: the oldest audit records go into signed files outside of the database, and leave their table only when these lie there,
//! read back and proved. A crash leaves the file and the records, or the file without them; never neither.

use super::{EvidenceFolder, evidence::whole, outside::sign};
use crate::{Action, Call, Failure, Object, Platform, permission, ports::Signer, stream::refused};
use domain::{
    Moment, Refusal,
    evidence::{FLOOR_DAYS, archive_before},
};
use ledger::{ArchiveMark, AuditEntry, QueryResult, Refused, Row, Unit, read_archive};
use std::sync::Arc;

/// Records are archived this long after they may be, in milliseconds: one that began late may have a lower number.
const MARGIN: i64 = 3_600_000;
/// How long a node works alone after it last said so, in milliseconds: longer than one file takes.
const LEASE: i64 = 10 * 60_000;
/// Archivings shown.
const SHOWN: i64 = 20;
/// Rows of a table that are pruned in one commit.
const PRUNED_AT_ONCE: i64 = 1000;
const DAY: i64 = 24 * 3_600_000;

/// What would be archived now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivePlan {
    /// Records from before this moment go.
    pub before: Moment,
    /// Number of the last of them.
    pub until: i64,
    /// How many they are.
    pub records: i64,
}

/// An archiving that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archiving {
    /// When.
    pub asked_at: Moment,
    /// By whom.
    pub asked_by: String,
    /// Records that are to go.
    pub total: i64,
    /// Records that are gone.
    pub done: i64,
    /// Files written.
    pub files: i64,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Moment>,
    /// Why it ended early; empty when all is well.
    pub fault: String,
}

/// One that runs.
struct Running {
    id: String,
    asked_by: String,
    request: String,
    until: i64,
    lease: i64,
}

impl Platform {
    /// What would be archived now, for the audit administrator.
    pub async fn archive_plan(&self, call: &Call) -> Result<ArchivePlan, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions)?;
        self.plan_archive().await
    }

    async fn plan_archive(&self) -> Result<ArchivePlan, Failure> {
        let before = archive_before(self.clock.now(), self.evidence.settings.audit_days);
        let archived = self.store.last_archive().await.map_err(Failure::fault)?.map_or(0, |kept| kept.mark.last);
        let sql = "SELECT seq FROM audit_entry WHERE at >= $1 ORDER BY at, seq LIMIT 1";
        let young = self.store.query_one(sql, [(before.0 - MARGIN).into()]).await.map_err(Failure::fault)?;
        let last = match young {
            Some(row) => row.try_get::<i64>("", "seq").map_err(Failure::fault)? - 1,
            None => self.store.audit_head().await.map_err(Failure::fault)?.seq,
        };
        // What nobody has looked through, or sent on, stays.
        let seen = self.followed().await?;
        let until = last.min(seen).max(archived);
        Ok(ArchivePlan { before, until, records: until - archived })
    }

    /// How far every follower of the audit has come.
    async fn followed(&self) -> Result<i64, Failure> {
        let sql = if self.evidence.forwards {
            "SELECT MIN(seq) AS seq FROM (SELECT seq FROM followers WHERE name = 'detection' UNION ALL SELECT seq FROM forwarding) f"
        } else {
            "SELECT seq FROM followers WHERE name = 'detection'"
        };
        let row = self.store.query_one(sql, []).await.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        row.try_get("", "seq").map_err(Failure::fault)
    }

    /// Asks for the archiving of what is old enough; one at a time.
    pub async fn ask_archiving(&self, call: &Call) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::ArchiveAudit, whole(), self.rules.regions)?;
        if self.evidence.folder.is_none() || self.evidence.signer.is_none() {
            let words = "没有配置存证目录和存证密钥，不能归档。请系统管理员在配置文件中填写 [evidence] directory 和 [keys] evidence。";
            return Err(Refusal::new("archive.unready", words).into());
        }
        let plan = self.plan_archive().await?;
        if plan.records == 0 {
            let days = self.evidence.settings.audit_days.max(FLOOR_DAYS);
            let words = format!("没有满 {days} 天的审计记录，不需要归档。");
            return Err(Refusal::new("archive.nothing", words).article("网络安全法（2016年）第二十一条第三项").into());
        }
        let (id, now) = (hex::encode(self.chance.id()), self.clock.now().0);
        let mut change = self.change(call);
        change.row(Row::new(
            "INSERT INTO archivings(id, asked_at, asked_by, request, until_seq, total, done, files, ended_at, fault, lease) \
             VALUES($1, $2, $3, $4, $5, $6, 0, 0, 0, '', 0)",
            [
                id.clone().into(),
                now.into(),
                call.actor.tag().into(),
                call.cause.clone().into(),
                plan.until.into(),
                plan.records.into(),
            ],
        ));
        change.about(format!("archiving:{id}"));
        change
            .commit_or("", |refusal| match refusal {
                Refused::Taken(what) if !what.as_deref().is_some_and(|what| what.contains("once")) => {
                    Refusal::new("archive.running", "已有一次归档正在进行，请稍候查看进度。").into()
                }
                other => refused(other),
            })
            .await
    }

    /// The last archivings, newest first.
    pub async fn archivings(&self, call: &Call) -> Result<Vec<Archiving>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions)?;
        let rows = self
            .store
            .query_few(
                "SELECT v.asked_at, COALESCE(a.name, '') AS asked_by, v.total, v.done, v.files, v.ended_at, v.fault \
                 FROM archivings v LEFT JOIN accounts a ON a.id = v.asked_by ORDER BY v.asked_at DESC, v.id DESC LIMIT $1",
                [SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    /// Goes on with the archiving that was asked for, file by file, to its end. How many records were archived.
    pub async fn archive_due(&self, call: &Call) -> Result<i64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let Some(running) = self.lease_archiving().await? else { return Ok(0) };
        let (Some(folder), Some(signer)) = (self.evidence.folder.clone(), self.evidence.signer.clone()) else {
            return self.end_archiving(&running, "没有存证目录或者存证密钥").await.map(|()| 0);
        };
        let mut archived = 0;
        loop {
            match self.archive_file(&running, &folder, &signer).await {
                Ok(Some(records)) => archived += records,
                Ok(None) => {
                    self.end_archiving(&running, "").await?;
                    return Ok(archived);
                }
                // Another node holds the lease now and goes on.
                Err(Failure::Conflict) => return Ok(archived),
                Err(failure) => {
                    self.end_archiving(&running, "没有完成：存证目录写不进去，或者记录与哈希不符。已归档的部分有效，其余记录仍在库中，原因见运行日志").await?;
                    return Err(failure);
                }
            }
        }
    }

    async fn lease_archiving(&self) -> Result<Option<Running>, Failure> {
        let sql = "SELECT id, asked_by, request, until_seq, lease FROM archivings WHERE ended_at = 0";
        let Some(row) = self.store.query_one(sql, []).await.map_err(Failure::fault)? else { return Ok(None) };
        let text = |column| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column| row.try_get::<i64>("", column).map_err(Failure::fault);
        let (before, now) = (number("lease")?, self.clock.now().0);
        // A random end tells this node's lease from another's of the same moment.
        let lease = now + LEASE + i64::from(self.chance.below(1000));
        if before > now {
            return Ok(None);
        }
        let running = Running {
            id: text("id")?,
            asked_by: text("asked_by")?,
            request: text("request")?,
            until: number("until_seq")?,
            lease,
        };
        let mut unit = Unit::new();
        let sql = "UPDATE archivings SET lease = $3 WHERE id = $1 AND lease = $2 AND ended_at = 0";
        unit.exactly_one(Row::new(sql, [running.id.clone().into(), before.into(), lease.into()]));
        match self.store.commit(unit).await {
            Err(Refused::Conflict) => Ok(None),
            other => other.map(|()| Some(running)).map_err(refused),
        }
    }

    async fn end_archiving(&self, running: &Running, fault: &str) -> Result<(), Failure> {
        let mut unit = Unit::new();
        unit.row(Row::new(
            "UPDATE archivings SET ended_at = $3, fault = $4 WHERE id = $1 AND lease = $2 AND ended_at = 0",
            [running.id.clone().into(), running.lease.into(), self.clock.now().0.into(), fault.into()],
        ));
        self.store.commit(unit).await.map_err(refused)?;
        self.measure_audit().await.map(drop)
    }

    /// Writes the next file, proves it, and only then takes its records out. `None` when nothing is left.
    async fn archive_file(
        &self,
        running: &Running,
        folder: &EvidenceFolder,
        signer: &Arc<dyn Signer>,
    ) -> Result<Option<i64>, Failure> {
        let before = self.store.last_archive().await.map_err(Failure::fault)?.map(|kept| kept.mark);
        let (number, first) = before.map_or((1, 1), |mark| (mark.number + 1, mark.last + 1));
        // However it was asked for: never what is younger than the floor (L-11).
        let now = self.clock.now();
        let old = archive_before(now, self.evidence.settings.audit_days);
        let last = running.until.min(first + self.evidence.archive_records - 1);
        if first > last {
            return Ok(None);
        }
        let part = folder.path().join(format!(".audit-{number:06}-{}.part", hex::encode(self.chance.id())));
        let written = self.store.write_archive(&part, last, now.0).await;
        let mark = match written {
            Ok(mark) => mark,
            Err(error) => {
                remove(&part);
                return Err(Failure::fault(error));
            }
        };
        let file = format!("audit-{number:06}-{first}-{last}.jsonl");
        let mark = ArchiveMark { file: file.clone(), ..mark };
        let (folder, signer) = (folder.clone(), signer.clone());
        let place = move || {
            std::fs::rename(&part, folder.path().join(&mark.file)).inspect_err(|_| remove(&part))?;
            let line = sign(signer.as_ref(), mark.text())?;
            let mark = ArchiveMark { key: line.key.clone(), signature: line.signature.clone(), ..mark };
            folder.publish(signer.public_key())?;
            folder.replace(&mark.file.replace(".jsonl", ".txt"), format!("{line}\n").as_bytes())?;
            // Read back from where it will stay.
            let records = read_archive(&folder.path().join(&mark.file), &mark).map_err(std::io::Error::other)?;
            match records.iter().find(|record| record.entry.at >= old.0) {
                None => Ok(mark),
                Some(young) => Err(std::io::Error::other(format!("record {} is too young", young.seq))),
            }
        };
        let mark = tokio::task::spawn_blocking(place).await.map_err(Failure::fault)?.map_err(Failure::fault)?;
        let records = last - first + 1;
        let mut unit = Unit::new();
        unit.exactly_one(Row::new(
            "UPDATE archivings SET done = done + $3, files = files + 1 WHERE id = $1 AND lease = $2 AND ended_at = 0",
            [running.id.clone().into(), running.lease.into(), records.into()],
        ));
        unit.audit(AuditEntry {
            at: now.0,
            request: running.request.clone(),
            face: domain::evidence::Zone::Management.slug().to_owned(),
            actor: running.asked_by.clone(),
            role: "审计管理员".to_owned(),
            method: "ARCHIVE".to_owned(),
            path: "audit".to_owned(),
            object: format!("archive:{number}"),
            outcome: "done".to_owned(),
            reason: file,
            after: hex::encode(mark.digest),
            ..AuditEntry::default()
        });
        unit.archive(mark);
        unit.use_reserve();
        self.store.commit(unit).await.map_err(refused)?;
        self.measure_audit().await?;
        Ok(Some(records))
    }

    /// Takes deliveries that ended before the retention out of their table; their facts stay in the ledger. How many.
    pub async fn prune_deliveries(&self, call: &Call) -> Result<i64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let before = self.clock.now().0 - self.evidence.settings.audit_days.max(FLOOR_DAYS) * DAY;
        let mut pruned = 0;
        loop {
            let sql = "SELECT recorded_at, id FROM deliveries WHERE state <> 'waiting' AND recorded_at < $1 ORDER BY recorded_at, id LIMIT $2";
            let rows = self.store.query(sql, [before.into(), PRUNED_AT_ONCE.into()]).await.map_err(Failure::fault)?;
            let Some(last) = rows.last() else { return Ok(pruned) };
            let (at, id) = (last.try_get::<i64>("", "recorded_at"), last.try_get::<String>("", "id"));
            let mut unit = Unit::new();
            unit.row(Row::new(
                "DELETE FROM deliveries WHERE state <> 'waiting' AND (recorded_at < $1 OR (recorded_at = $1 AND id <= $2))",
                [at.map_err(Failure::fault)?.into(), id.map_err(Failure::fault)?.into()],
            ));
            self.store.commit(unit).await.map_err(refused)?;
            pruned += rows.len() as i64;
        }
    }
}

/// Takes away what was not finished. Where that fails, too, a hidden file stays and harms nobody.
fn remove(part: &std::path::Path) {
    if let Err(error) = std::fs::remove_file(part) {
        tracing::debug!(%error, "an unfinished archive file stays");
    }
}

fn read(row: &QueryResult) -> ledger::Result<Archiving> {
    let number = |column| row.try_get::<i64>("", column);
    let ended = number("ended_at")?;
    Ok(Archiving {
        asked_at: Moment(number("asked_at")?),
        asked_by: row.try_get("", "asked_by")?,
        total: number("total")?,
        done: number("done")?,
        files: number("files")?,
        ended_at: (ended > 0).then_some(Moment(ended)),
        fault: row.try_get("", "fault")?,
    })
}
