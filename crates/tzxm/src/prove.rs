//! 核验 beside the faces: a checkpoint each minute something happened, and the verifications that are due. Every node may do
//! it. Each checkpoint leaves the database signed, for the evidence folder in another zone, and in the log: it proves what stood here (S-14).

use platform::{Call, Failure, Platform};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often a verification somebody asked for is looked for.
const EVERY: Duration = Duration::from_secs(3);
/// A checkpoint is taken each so many rounds: every minute at most.
const ROUNDS: u32 = 20;

/// Watches until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    for round in 0_u32.. {
        if let Err(failure) = once(&platform, round.is_multiple_of(ROUNDS)).await {
            tracing::error!(error = %failure, "checkpoint or verification did not come to its end");
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn once(platform: &Platform, checkpoint: bool) -> Result<(), Failure> {
    let call = Call::system("evidence");
    let space = platform.watch_audit_space(&call).await?;
    if space.is_full() {
        tracing::error!(
            percent = space.percent,
            records = space.records,
            free = space.free,
            "the audit is full: nothing changes until it is archived"
        );
    }
    if checkpoint && let Some(kept) = platform.take_checkpoint(&call).await? {
        tracing::info!(
            checkpoint.root = hex::encode(kept.root.hash),
            checkpoint.events = kept.root.events,
            audit.seq = kept.audit.seq,
            audit.head = hex::encode(kept.audit.hash),
            "checkpoint"
        );
    }
    if checkpoint {
        // Also what could not be written while the folder was away.
        platform.keep_outside(&call).await?;
    }
    let archived = platform.archive_due(&call).await?;
    if archived > 0 {
        tracing::info!(archived, "audit records archived");
    }
    if checkpoint {
        platform.prune_deliveries(&call).await?;
    }
    let verified = platform.verify_due(&call).await?;
    if verified.is_some() {
        // Once a day, and whenever a verification was asked for: rows that give rights (S-25).
        match platform.check_posts(&call).await? {
            0 => {}
            found => tracing::error!(found, "posts were changed behind the platform"),
        }
        match platform.check_integrity(&call).await? {
            checked if checked.found() == 0 => {}
            checked => {
                tracing::error!(
                    mended = checked.mended,
                    lost = checked.lost,
                    "rows or files were changed behind the platform"
                );
            }
        }
    }
    match verified {
        Some(report) if !report.is_sound() => {
            tracing::error!(found = report.found, first = ?report.faults.first(), "the records were changed behind the platform");
        }
        Some(report) => tracing::info!(events = report.root.events, audited = report.audited, "verified"),
        None => {}
    }
    Ok(())
}
