//! 审计转发 beside the faces: sends every audit record to the collector in another zone (S-40). Every node may do it; one does.

use crate::{config::Config, stop::Stop};
use forwarder::Forwarder;
use platform::{Platform, ports::Chance};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How often new records are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// The pause after the collector could not be reached.
const PAUSE: Duration = Duration::from_secs(15);

/// Reads the settings; `None` when nothing is forwarded.
pub fn open(config: &Config, chance: &dyn Chance) -> Result<Option<Forwarder>, Stop> {
    Forwarder::open(&config.forward, hex::encode(chance.id())).map_err(|fault| Stop::new(fault.to_string()))
}

/// Sends until asked to stop.
pub async fn watch(platform: Platform, forwarder: Option<Forwarder>, mut stopped: Receiver<bool>) {
    let Some(forwarder) = forwarder else { return };
    loop {
        let pause = match forwarder.forward(&platform).await {
            Ok(_) => EVERY,
            Err(broken) => {
                let cause = std::error::Error::source(&broken).map(ToString::to_string).unwrap_or_default();
                tracing::error!(error = %broken, cause, "audit records could not be forwarded; tried again soon");
                PAUSE
            }
        };
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            // Another node need not wait for the lease to end.
            if let Err(broken) = forwarder.stop(&platform).await {
                tracing::debug!(error = %broken, "the lease ends by itself");
            }
            return;
        }
    }
}
