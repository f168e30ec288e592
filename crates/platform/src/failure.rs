//! Why a use case gave no result. HTTP decides at its edge how each looks.

use crate::permission::Denied;
use domain::Refusal;
use std::error::Error;

/// The ways a use case can fail.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It does not exist, or not for this person.
    #[error("not there")]
    NotThere,
    /// Known or not, this person may not.
    #[error("denied")]
    Denied(#[source] Denied),
    /// A rule says no; nothing was changed.
    #[error("refused")]
    Refused(Vec<Refusal>),
    /// Somebody was faster; the use case decides again by itself, this leaves it only after many tries.
    #[error("lost the race")]
    Conflict,
    /// This caller has asked too often and has to wait.
    #[error("must wait")]
    Wait(#[source] Refusal),
    /// There is no room for the audit record: nothing changes until the audit administrator archives (S-15).
    #[error("the audit is full")]
    AuditFull,
    /// Too much to do at the moment.
    #[error("busy")]
    Busy,
    /// Something is broken; the log has the chain.
    #[error("fault")]
    Fault(#[source] Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A fault with its cause.
    pub fn fault(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Fault(cause.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Vec<Refusal>> for Failure {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::NotThere,
            other => Self::Denied(other),
        }
    }
}

/// How often a lost race is decided again.
const TRIES: usize = 16;

/// Runs a use case again when somebody else was faster.
pub(crate) async fn again<T, F>(act: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>, // not `AsyncFn`: the compiler could not see that a handler's future is `Send`
{
    for _ in 0..TRIES {
        match act().await {
            Err(Failure::Conflict) => tokio::task::yield_now().await,
            other => return other,
        }
    }
    Err(Failure::Busy)
}
