//! Files that wait beside the faces: the scanner that did not answer, scans to be read (U-10, K-06). Every node may do it.

use platform::{Call, Failure, Platform, check::Checked};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often. Whoever uploaded a scan waits for it.
const EVERY: Duration = Duration::from_secs(2);
/// Files looked at in one pass.
const AT_ONCE: u64 = 20;

/// Watches until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    loop {
        match once(&platform).await {
            Ok(done) if done == Checked::default() => {}
            Ok(done) => tracing::info!(
                clean = done.clean,
                held = done.held,
                refused = done.refused,
                waiting = done.waiting,
                "checked files that waited"
            ),
            Err(failure) => tracing::error!(error = %failure, "checking files did not come to its end"),
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn once(platform: &Platform) -> Result<Checked, Failure> {
    platform.check_waiting_files(&Call::system("file checks"), AT_ONCE).await
}
