//! A life in virtual time: units, projects and officers act through the same use cases as people do (办法 art. 14).
//!
//! The same seed gives the same ledger, byte for byte, on either engine: all chance comes from the seed, all time from a
//! clock that the simulation moves, and everything happens one after the other.

mod kinds;
mod life;
mod paper;
mod people;
mod watch;

pub use life::{Plan, Progress, Summary, live};
pub use paper::sample_pdf;
pub use people::{DemoOfficer, open_demo_officer};

use domain::Moment;
use platform::Failure;

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// A use case failed where a person would have succeeded: a fault of the platform or of the simulation.
    #[error("{act} at {}", .at.display())]
    Act {
        /// What was tried.
        act: String,
        /// When.
        at: Moment,
        /// Why not.
        #[source]
        source: Box<Failure>,
    },
    /// A case has not ended, but no work list shows it.
    #[error("the case {case} is on no work list at {}", .at.display())]
    Lost {
        /// The case.
        case: String,
        /// When.
        at: Moment,
    },
    /// The shipped list of kinds does not read.
    #[error("kinds.toml: {0}")]
    Kinds(String),
}
