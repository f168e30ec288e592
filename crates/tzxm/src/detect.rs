//! 入侵检测 beside the faces: looks through the security audit again and again, so that an alarm is there within seconds (S-21),
//! and watches the clock. Every node may do it.

use platform::{Call, Failure, Platform};
use std::time::Duration;
use tokio::{sync::watch::Receiver, time::Instant};

/// How often. An alarm is never later than this after the record that makes it, and one pass.
const EVERY: Duration = Duration::from_secs(5);

/// Watches until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    let mut before = (platform.clock.now().0, Instant::now());
    loop {
        if let Err(failure) = once(&platform, &mut before).await {
            tracing::error!(error = %failure, "detection did not come to its end");
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn once(platform: &Platform, before: &mut (i64, Instant)) -> Result<(), Failure> {
    let now = (platform.clock.now().0, Instant::now());
    let passed = i64::try_from(now.1.duration_since(before.1).as_millis()).unwrap_or(i64::MAX);
    let wall = now.0 - before.0;
    *before = now;
    let call = Call::system("detection");
    if platform.watch_clock(&call, wall, passed).await? {
        tracing::error!(wall, passed, "the clock jumped");
    }
    platform.detect(&call).await.map(|_| ())
}
