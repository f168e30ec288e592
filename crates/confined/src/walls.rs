//! What the child shuts itself out of: files and TCP by Landlock; sockets, programs and other processes by seccomp. A kernel that
//! lacks one of them leaves the other and the limits; what is missing is reported.
//!
//! A reader of scans is another's program: its walls leave it its own file, its libraries and its data, to be read and no more.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// Calls that begin something new or reach something outside.
const FORBIDDEN: [i64; 19] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_unshare,
    libc::SYS_memfd_create,
];

/// Where programs find their libraries.
const LIBRARIES: [&str; 4] = ["/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"];

/// Builds the walls. Gives what could not be built.
pub(crate) fn build() -> Vec<String> {
    walls(&[], &FORBIDDEN)
}

/// Builds the walls around what becomes that program, which may read that data. No other program can be started: the right to
/// execute is granted to it and to the loader alone.
pub(crate) fn build_around(program: &Path, data: &Path) -> Vec<String> {
    let own = [program.to_owned()].into_iter().chain(loaders()).collect();
    let read = LIBRARIES.iter().map(PathBuf::from).chain([data.to_owned()]).collect();
    let granted = [(own, AccessFs::Execute | AccessFs::ReadFile), (read, AccessFs::ReadFile | AccessFs::ReadDir)];
    let forbidden: Vec<_> = FORBIDDEN.into_iter().filter(|call| *call != libc::SYS_execve).collect();
    walls(&granted, &forbidden)
}

/// The programs that load programs.
fn loaders() -> Vec<PathBuf> {
    let files = ["/lib64", "/lib"].into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    files.filter(|file| file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"ld-"))).collect()
}

/// Paths, and what may be done with what lies there.
type Grant = (Vec<PathBuf>, BitFlags<AccessFs>);

fn walls(granted: &[Grant], forbidden: &[i64]) -> Vec<String> {
    let mut missing = Vec::new();
    match files_and_tcp(granted) {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => missing.push("landlock: partly".to_owned()),
        Ok(RulesetStatus::NotEnforced) => missing.push("landlock: none".to_owned()),
        Err(error) => missing.push(format!("landlock: {error}")),
    }
    if let Err(error) = calls(forbidden) {
        missing.push(format!("seccomp: {error}"));
    }
    missing
}

/// No path may be opened but those granted, no address reached: all rights are handled.
fn files_and_tcp(granted: &[Grant]) -> Result<RulesetStatus, landlock::RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .create()?;
    for (paths, rights) in granted {
        rules = rules.add_rules(path_beneath_rules(paths, *rights))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

fn calls(forbidden: &[i64]) -> Result<(), Box<dyn Error>> {
    let forbidden: BTreeMap<_, _> = forbidden.iter().map(|call| (*call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(forbidden, SeccompAction::Allow, refuse, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}
