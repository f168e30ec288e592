//! What every handler works with: the platform behind the faces.

use crate::WebError;
use platform::{Failure, Platform, permission::Denied};

/// Shared by all faces of one process.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub platform: Platform,
}

impl From<Failure> for WebError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotThere | Failure::Denied(Denied::Hidden) => Self::NotFound,
            Failure::Denied(Denied::NotSignedIn) => Self::SignInNeeded,
            Failure::Denied(Denied::Forbidden(refusal)) => Self::Forbidden(refusal),
            Failure::Refused(refusals) => Self::Refused(refusals),
            Failure::Wait(refusal) => Self::Wait(refusal),
            Failure::AuditFull => Self::AuditFull,
            Failure::Conflict | Failure::Busy => Self::Busy,
            Failure::Fault(cause) => Self::Fault(cause),
        }
    }
}

/// Splits what a form can draw again (refusals) from what it cannot.
pub fn refusals<T>(result: Result<T, Failure>) -> Result<Result<T, Vec<domain::Refusal>>, WebError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusals)) => {
            crate::audit::note_refusals(&refusals);
            Ok(Err(refusals))
        }
        Err(other) => Err(other.into()),
    }
}
