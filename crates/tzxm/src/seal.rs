//! 电子签章 beside the faces: signs what was issued, again and again, until the system asks to stop. Every node may do it.

use platform::{Call, Platform};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often: a paper is signed at most this long after it was issued.
const EVERY: Duration = Duration::from_secs(5);

/// Time stamps are asked for each so many rounds: every minute.
const STAMPED: u32 = 12;

/// Signs until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    for round in 0_u32.. {
        match platform.seal_papers(&Call::system("seal")).await {
            Ok(0) => {}
            Ok(signed) => tracing::info!(signed, "papers signed"),
            Err(failure) => tracing::error!(error = %failure, "papers could not be signed"),
        }
        if round.is_multiple_of(STAMPED) {
            match platform.stamp_papers(&Call::system("stamp")).await {
                Ok(0) => {}
                Ok(stamped) => tracing::info!(stamped, "papers stamped"),
                Err(failure) => tracing::error!(error = %failure, "papers could not be stamped"),
            }
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}
