//! What a use case must answer.

use domain::Refusal;
use platform::{Failure, permission::Denied};
use std::fmt::Debug;

/// The refusal with this code.
///
/// # Panics
/// When there is none.
pub fn refused<T: Debug>(result: Result<T, Failure>, code: &str) -> Refusal {
    match result {
        Err(Failure::Refused(refusals)) => match refusals.iter().find(|r| r.code == code) {
            Some(refusal) => refusal.clone(),
            None => panic!("expected {code}, got {refusals:#?}"),
        },
        other => panic!("expected {code}, got {other:#?}"),
    }
}

/// It does not exist, or not for this person.
///
/// # Panics
/// When it does.
pub fn not_there<T: Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::NotThere)), "expected not there, got {result:#?}");
}

/// Known, but not allowed.
///
/// # Panics
/// When it is.
pub fn forbidden<T: Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::Denied(Denied::Forbidden(_)))), "expected forbidden, got {result:#?}");
}

/// Nobody is signed in.
///
/// # Panics
/// When it was let through.
pub fn sign_in_first<T: Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::Denied(Denied::NotSignedIn))), "expected sign in first, got {result:#?}");
}
