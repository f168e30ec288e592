//! 通知 beside the faces: queues what was said and sends what is due, again and again, until the system asks to stop. Every
//! node may do it: a lease in the table lets one of them send each letter.

use platform::{Call, Platform, notification::Delivered};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// Letters at a time.
const AT_ONCE: usize = 8;

/// Delivers until asked to stop.
pub async fn watch(platform: Platform, mut stopped: Receiver<bool>) {
    loop {
        match platform.deliver_due(&Call::system("notification"), AT_ONCE).await {
            Ok(done) if done == Delivered::default() => {}
            Ok(Delivered { queued, sent, failed, given_up, faults }) => {
                tracing::info!(queued, sent, failed, given_up, faults, "delivered");
            }
            Err(failure) => tracing::error!(error = %failure, "the delivery did not come to its end"),
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}
