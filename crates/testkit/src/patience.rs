//! Waiting for what comes in its own time.

use std::time::Duration;

/// How long a test waits for the server before it says that something is stuck.
const PATIENCE: Duration = Duration::from_secs(180);

/// Asks again until there is an answer. On PostgreSQL the feed of events ends before the oldest transaction that runs
/// anywhere on the server, and other tests make and drop whole databases there: how long that takes is not ours to say.
pub async fn patiently<T>(wanted: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answered).await;
    answer.unwrap_or_else(|_| panic!("waited in vain: {wanted}"))
}
