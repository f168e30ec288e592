//! The child's side.

use crate::{COMMAND, limits, reader, walls};
use platform::upload::{FileType, View, answer, answer_view};
use std::{
    env,
    fs::File,
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

/// Set in the environment of the second life; nothing else is.
const AGAIN: &str = "TZXM_CONFINED";
/// An allocator that reserves address space would run into the limit; one that is not ours ignores this.
const ALLOCATOR: [(&str, &str); 2] = [("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_ARENA_RESERVE", "16384")];
/// Instead of a file type: tell what is out of reach.
const PROBE: &str = "probe";
/// Most bytes taken in: the largest upload.
const MOST: u64 = 50 * 1024 * 1024;

/// Inspects standard input as a file of that type, or paints a view of it (`pdf/top`); exit status 0 if the answer on standard output is
/// whole. Must be called before any thread is started.
pub fn child(work: &str) -> ExitCode {
    let done = match (work, env::var_os(AGAIN)) {
        (reader::WORK, _) => Err(reader::become_reader()),
        (work, None) => Err(begin_anew(work)),
        (work, Some(_)) => inspect(work),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Words of ours or of the system, never of the file.
            eprintln!("inspect-file: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sets the limits and starts the same program again; comes back only when that fails.
fn begin_anew(work: &str) -> io::Error {
    match limits::set() {
        // By what it is, not by its name: the file may have been replaced since.
        Ok(()) => {
            let mut program = Command::new("/proc/self/exe");
            program.env_clear().env(AGAIN, "1").envs(ALLOCATOR).arg(COMMAND).arg(work).exec()
        }
        Err(error) => error,
    }
}

fn inspect(work: &str) -> io::Result<()> {
    if work == PROBE {
        return probe();
    }
    let (file_type, view) = work.split_once('/').map_or((work, None), |(file_type, view)| (file_type, Some(view)));
    let file_type = FileType::parse(file_type).ok_or(io::ErrorKind::InvalidInput)?;
    let view = view.map(|view| View::parse(view).ok_or(io::ErrorKind::InvalidInput)).transpose()?;
    // Opened before the walls stand; what it says is made when it is read.
    let status = File::open("/proc/self/status").ok();
    let missing = walls::build();
    let mut content = Vec::new();
    let mut input = io::stdin().lock();
    input.by_ref().take(8).read_to_end(&mut content)?;
    // The size comes first, so that no memory is spent on growing.
    let size = content.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    let room = usize::try_from(size.min(MOST)).map_err(io::Error::other)?;
    content = Vec::with_capacity(room);
    input.take(MOST + 1).read_to_end(&mut content)?;
    if content.len() as u64 != size || size > MOST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut out = io::stdout().lock();
    match view {
        Some(view) => answer_view(content, file_type, view, &mut out)?,
        None => answer(content, file_type, &mut out)?,
    }
    let mut words = io::stderr().lock();
    writeln!(words, "{}", serde_json::json!({"peak_kb": status.and_then(peak), "missing": missing}))
}

/// Most memory this process had resident, in KiB.
fn peak(mut status: File) -> Option<u64> {
    let mut text = String::new();
    status.read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Tries what must not be possible and tells what was: for tests, and for an operator who wants to know.
fn probe() -> io::Result<()> {
    let missing = walls::build();
    let mut memory = Vec::<u8>::new();
    let told = serde_json::json!({
        "missing": missing,
        "limits": limits::now(),
        "environment": env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect::<Vec<_>>(),
        "reads_files": File::open("/etc/hostname").is_ok() || File::open("/").is_ok(),
        "writes_files": File::create(env::temp_dir().join("tzxm-probe")).is_ok(),
        "opens_sockets": std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
        "starts_programs": Command::new("/bin/true").status().is_ok(),
        "takes_memory": memory.try_reserve_exact(usize::try_from(limits::MEMORY).unwrap_or(usize::MAX)).is_ok(),
    });
    writeln!(io::stdout().lock(), "{told}")
}
