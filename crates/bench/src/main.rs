//! `make bench`: what the product costs, as ratios against a limit measured in the same run.
//!
//! The limit does the same work without the product: a bare axum handler for code verification, the very same statements
//! through prepared rusqlite with group commit for the life of a project. Rounds run in the order ours, limit, limit, ours;
//! a ratio is taken for each round and their median is printed with the spread. Absolute figures are for reading only.

mod deadline;
mod existence;
mod http;
mod lifecycle;
mod limit;
mod report;
mod verify;

use report::Report;
use std::path::{Path, PathBuf};

/// Threads that allocate and free for each other: what the system allocator does worst.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rounds of ours–limit–limit–ours.
    pub rounds: usize,
    /// Lives of a project per client and round.
    pub lives: usize,
    /// Seconds of one code-verification cell.
    pub seconds: u64,
    /// Where database files lie: memory files for the cost of software, a disk for durability.
    pub stores: Vec<(&'static str, PathBuf)>,
}

impl Options {
    fn read(arguments: &[String]) -> Self {
        let quick = !arguments.iter().any(|a| a == "--full");
        let memory = Path::new("/dev/shm");
        let mut stores = Vec::new();
        if memory.is_dir() {
            stores.push(("memory", memory.to_owned()));
        }
        stores.push(("disk", PathBuf::from("target")));
        let (rounds, lives, seconds) = if quick { (3, 4, 2) } else { (7, 12, 4) };
        Self { rounds, lives, seconds, stores }
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, clients, lives, folder] = arguments.as_slice()
        && flag == "--lives-only"
    {
        // Run under strace by the parent, so that system calls can be counted, and by hand under perf.
        let (clients, lives) = (clients.parse().unwrap_or(1), lives.parse().unwrap_or(1));
        let steps = lifecycle::only_lives(clients, lives, Path::new(folder)).await;
        println!("{steps}");
        return std::process::ExitCode::SUCCESS;
    }
    if let Some(at) = arguments.iter().position(|a| a == "--existence") {
        let samples = arguments.get(at + 1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
        return if existence::run(samples).await {
            std::process::ExitCode::SUCCESS
        } else {
            std::process::ExitCode::FAILURE
        };
    }
    let options = Options::read(&arguments);
    let mut report = Report::default();
    deadline::run(&options, &mut report).await;
    if arguments.iter().any(|a| a == "--deadlines") {
        println!("{report}");
        return if report.has_missed() { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS };
    }
    verify::run(&options, &mut report).await;
    lifecycle::run(&options, &mut report).await;
    println!("{report}");
    if report.write(Path::new("target/bench")).is_err() {
        eprintln!("target/bench could not be written");
        return std::process::ExitCode::FAILURE;
    }
    if report.has_missed() { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
