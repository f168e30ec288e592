//! What the kernel grants the child.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Bytes of memory the child may take.
pub const MEMORY: u64 = 224 * 1024 * 1024;
/// Seconds of processor time.
pub const CPU_SECONDS: u64 = 5;
/// Open files: the three pipes, the walls and what reports its memory.
const FILES: u64 = 16;

/// Bytes of memory a reader of scans may take, and seconds of its processor time.
const READER: (u64, u64) = (512 * 1024 * 1024, 20);
/// Open files of a reader: its libraries, one after the other, and its data.
const READER_FILES: u64 = 64;

/// Sets all limits; they are inherited by whatever this process becomes.
pub(crate) fn set() -> io::Result<()> {
    put(MEMORY, CPU_SECONDS, FILES)
}

/// The same for the program that reads scans.
pub(crate) fn set_for_reader() -> io::Result<()> {
    put(READER.0, READER.1, READER_FILES)
}

fn put(memory: u64, seconds: u64, files: u64) -> io::Result<()> {
    let limits = [
        (Resource::Data, memory),
        (Resource::Cpu, seconds),
        (Resource::Core, 0),
        // Pipes are no files: the answer still gets out.
        (Resource::Fsize, 0),
        (Resource::Nofile, files),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Memory, processor time, core and file size as they are now; 0 where there is no limit would be a lie, so that is the largest number.
pub(crate) fn now() -> [u64; 4] {
    [Resource::Data, Resource::Cpu, Resource::Core, Resource::Fsize]
        .map(|resource| getrlimit(resource).maximum.unwrap_or(u64::MAX))
}
