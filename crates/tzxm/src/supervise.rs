//! 电子监察 beside the faces: looks through what was recorded and what is due, again and again, until the system asks to
//! stop. Every node may do it.

use platform::{Call, Platform};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often. The law counts days; a card is never later than this after its event.
const EVERY: Duration = Duration::from_secs(15);

/// Watches until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    loop {
        match platform.supervise(&Call::system("supervision")).await {
            Ok(0) => {}
            Ok(opened) => tracing::info!(opened, "supervision cards opened"),
            Err(failure) => tracing::error!(error = %failure, "supervision did not come to its end"),
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}
