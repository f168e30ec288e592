//! 核验: checkpoints over events and audit records, and the proof that nothing was changed behind the platform (S-14).

use super::{EvidenceFolder, outside_faults};
use crate::{
    Action, Call, Failure, Object, Platform, detection::Noticed, permission, read::PlatformFold, stream::refused,
};
use domain::{Moment, Refusal, region::INNER_MONGOLIA};
use ledger::{Checkpoint, Fault, FaultKind, QueryResult, Report, Row, Unit};

/// Verifications shown.
const SHOWN: i64 = 20;
/// The platform verifies by itself when the last verification is older, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// One verification of the whole database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When it was asked for.
    pub asked_at: Moment,
    /// Who asked; empty when the platform did by itself.
    pub asked_by: String,
    /// What came of it; `None` while it is waiting or running.
    pub result: Option<VerificationResult>,
}

/// What a verification saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationResult {
    /// When it ended.
    pub at: Moment,
    /// Places that do not fit; none when all is well.
    pub found: i64,
    /// The first of them in one sentence; empty when all is well.
    pub first: String,
    /// Events checked.
    pub events: i64,
    /// Audit records checked.
    pub records: i64,
    /// Checkpoints checked.
    pub checkpoints: i64,
    /// The root, hexadecimal: to be compared with one noted elsewhere.
    pub root: String,
}

/// Everything of the platform: only a post at the autonomous region reaches it.
pub(super) fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}

impl Platform {
    /// Keeps a checkpoint over all events and audit records, unless nothing happened since the last one.
    pub async fn take_checkpoint(&self, call: &Call) -> Result<Option<Checkpoint>, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        if let Some(last) = self.store.last_checkpoint().await.map_err(Failure::fault)? {
            let audit = self.store.audit_head().await.map_err(Failure::fault)?;
            let later = self.store.feed(last.position, 1).await.map_err(Failure::fault)?;
            if audit == last.audit && later.is_empty() {
                return Ok(None);
            }
        }
        self.store.checkpoint(self.clock.now().0).await.map(Some).map_err(refused)
    }

    /// Asks for a verification now; one that waits already is enough.
    pub async fn ask_verification(&self, call: &Call) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::VerifyEvidence, whole(), self.rules.regions)?;
        if self.waiting_verification().await?.is_some() {
            return Err(Refusal::new("audit.verifying", "已有一次核验正在进行，请稍候查看结果。").into());
        }
        let mut change = self.change(call);
        change.row(self.new_verification(call.actor.tag()));
        change.commit("").await
    }

    /// The last verifications, newest first.
    pub async fn verifications(&self, call: &Call) -> Result<Vec<Verification>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAudit, whole(), self.rules.regions)?;
        let rows = self
            .store
            .query_few(
                "SELECT v.asked_at, COALESCE(a.name, '') AS asked_by, v.ended_at, v.found, v.first, v.events, v.records, v.checkpoints, v.root \
                 FROM verifications v LEFT JOIN accounts a ON a.id = v.asked_by ORDER BY v.asked_at DESC, v.id DESC LIMIT $1",
                [SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    /// Carries out a verification that was asked for, or the daily one. `None` when none is due.
    pub async fn verify_due(&self, call: &Call) -> Result<Option<Report>, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let id = match self.waiting_verification().await? {
            Some(id) => id,
            None if self.verified_within_a_day().await? => return Ok(None),
            None => {
                let mut unit = Unit::new();
                unit.row(self.new_verification(call.actor.tag()));
                self.store.commit(unit).await.map_err(refused)?;
                self.waiting_verification().await?.ok_or(Failure::Conflict)?
            }
        };
        let fold = PlatformFold { rules: self.rules.now() };
        let report = self.verified(&fold).await?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX).into();
        let mut unit = Unit::new();
        // Another node may have been faster: its result stands.
        unit.row(Row::new(
            "UPDATE verifications SET ended_at = $2, found = $3, first = $4, events = $5, records = $6, checkpoints = $7, root = $8 \
             WHERE id = $1 AND ended_at = 0",
            [
                id.into(),
                self.clock.now().0.into(),
                count(report.found),
                report.faults.first().map(fault_in_words).unwrap_or_default().into(),
                count(report.root.events),
                count(report.audited),
                count(report.checkpoints),
                hex::encode(report.root.hash).into(),
            ],
        ));
        if report.found > 0 {
            let object = report.faults.first().map(fault_in_words).unwrap_or_default();
            unit.audit(Noticed::BrokenRecords.entry(self.clock.now().0, "", object));
            unit.use_reserve();
        }
        self.store.commit(unit).await.map_err(refused)?;
        Ok(Some(report))
    }

    /// Everything verified, with what lies outside where there is a folder.
    async fn verified(&self, fold: &PlatformFold) -> Result<Report, Failure> {
        let folder = self.evidence.folder.as_ref();
        let report = self.store.verify_all(fold, None, folder.map(EvidenceFolder::path)).await;
        let mut report = report.map_err(Failure::fault)?;
        if let Some(folder) = folder {
            report.add(outside_faults(&self.store, folder).await?);
        }
        Ok(report)
    }

    fn new_verification(&self, asked_by: String) -> Row {
        Row::new(
            "INSERT INTO verifications(id, asked_at, asked_by, ended_at, found, first, events, records, checkpoints, root) \
             VALUES($1, $2, $3, 0, 0, '', 0, 0, 0, '')",
            [hex::encode(self.chance.id()).into(), self.clock.now().0.into(), asked_by.into()],
        )
    }

    async fn waiting_verification(&self) -> Result<Option<String>, Failure> {
        let sql = "SELECT id FROM verifications WHERE ended_at = 0 ORDER BY asked_at, id LIMIT 1";
        let row = self.store.query_one(sql, []).await.map_err(Failure::fault)?;
        row.map(|row| row.try_get("", "id")).transpose().map_err(Failure::fault)
    }

    async fn verified_within_a_day(&self) -> Result<bool, Failure> {
        let since = self.clock.now().0 - DAY;
        let sql = "SELECT id FROM verifications WHERE asked_at > $1 LIMIT 1";
        Ok(self.store.query_one(sql, [since.into()]).await.map_err(Failure::fault)?.is_some())
    }
}

fn read(row: &QueryResult) -> ledger::Result<Verification> {
    let number = |column| row.try_get::<i64>("", column);
    let text = |column| row.try_get::<String>("", column);
    let result = match number("ended_at")? {
        0 => None,
        at => Some(VerificationResult {
            at: Moment(at),
            found: number("found")?,
            first: text("first")?,
            events: number("events")?,
            records: number("records")?,
            checkpoints: number("checkpoints")?,
            root: text("root")?,
        }),
    };
    Ok(Verification { asked_at: Moment(number("asked_at")?), asked_by: text("asked_by")?, result })
}

/// A finding as the audit administrator reads it.
fn fault_in_words(fault: &Fault) -> String {
    let Fault { stream, version, .. } = fault;
    match fault.kind {
        FaultKind::AuditGap => format!("审计记录第 {version} 号之前有记录缺失"),
        FaultKind::AuditHash => format!("审计记录第 {version} 号的内容或者次序被改动"),
        FaultKind::AuditHead => format!("审计记录在第 {version} 号之后的部分缺失或者被添加"),
        FaultKind::AuditCheckpoint => format!("审计记录第 {version} 号与检查点留存的不一致，此前的记录被整体改写"),
        FaultKind::ArchiveChain => format!("审计归档第 {version} 号的登记缺失或者被改动"),
        FaultKind::Archive => format!("审计归档第 {version} 号的文件缺失或者被改动"),
        FaultKind::Outside => format!("检查点第 {version} 号与存证目录中签名的不一致，记录连同检查点被整体改写"),
        FaultKind::Signature => format!("存证目录中第 {version} 号的签名不成立"),
        FaultKind::CheckpointChain => format!("检查点第 {version} 号缺失或者被改动"),
        FaultKind::Checkpoint => "办件记录与检查点留存的根不一致，记录被整体改写".to_owned(),
        FaultKind::Gap => format!("记录 {stream} 第 {version} 条之前有记录缺失"),
        FaultKind::Hash => format!("记录 {stream} 第 {version} 条的内容或者次序被改动"),
        FaultKind::State | FaultKind::Version | FaultKind::Head => {
            format!("{stream} 的现状与其 {version} 条记录推算的结果不一致")
        }
        FaultKind::MissingStream | FaultKind::ExtraStream => format!("{stream} 的现状缺失，或者没有对应的记录"),
        FaultKind::Fold => format!("记录 {stream} 第 {version} 条无法解读"),
        FaultKind::Commitment | FaultKind::Secret => format!("记录 {stream} 第 {version} 条的密封字段被改动"),
    }
}
