//! Inspection of uploads in a child process that can do nothing else (U-05, G-16). Answers platform's `Inspector` port; only tzxm
//! depends on it.
//!
//! The parent starts its own binary with [`COMMAND`], an empty environment and three pipes. The child first gives up what it does
//! not need (`limits`) and begins itself anew, so that the limits hold from its first instruction; then it gives up files, network
//! and programs (`walls`), reads the content from standard input, looks through it (`platform::upload::answer`) and writes its
//! answer. Whoever is killed, crashes or is late has given no answer, and a file without an answer is refused.
//!
//! The same child paints views of a file; [`Tesseract`] reads the head of a scan in a child of its own kind (`reader`).

mod child;
mod limits;
mod parent;
mod reader;
mod walls;

pub use child::child;
pub use limits::{CPU_SECONDS, MEMORY};
pub use parent::{Confined, Usage};
pub use reader::Tesseract;

/// The hidden command of the child.
pub const COMMAND: &str = "inspect-file";
