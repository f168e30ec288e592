//! The bare child, for tests of the confinement; an installation runs the one binary (`tzxm inspect-file`).

use std::process::ExitCode;

fn main() -> ExitCode {
    confined::child(std::env::args().nth(2).unwrap_or_default().as_str())
}
