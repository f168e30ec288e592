//! What the child shuts itself out of: files and TCP by Landlock; sockets, programs and other processes by seccomp. A kernel that
//! lacks one of them leaves the other and the limits; what is missing is reported.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::{collections::BTreeMap, error::Error};

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

/// Builds the walls. Gives what could not be built.
pub(crate) fn build() -> Vec<String> {
    let mut missing = Vec::new();
    match files_and_tcp() {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => missing.push("landlock: partly".to_owned()),
        Ok(RulesetStatus::NotEnforced) => missing.push("landlock: none".to_owned()),
        Err(error) => missing.push(format!("landlock: {error}")),
    }
    if let Err(error) = calls() {
        missing.push(format!("seccomp: {error}"));
    }
    missing
}

/// No path may be opened, no address reached: rights are handled, none is granted.
fn files_and_tcp() -> Result<RulesetStatus, landlock::RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .create()?;
    Ok(rules.restrict_self()?.ruleset)
}

fn calls() -> Result<(), Box<dyn Error>> {
    let forbidden: BTreeMap<_, _> = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(forbidden, SeccompAction::Allow, refuse, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}
