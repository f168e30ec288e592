//! What proves the records, on this machine: the folder outside of the database, its key, the disk.

use crate::{config::Config, key, stop::Stop};
use platform::{
    audit::{Evidence, EvidenceFolder},
    ports::Space,
};
use std::{path::PathBuf, sync::Arc};

/// The disk a folder lies on.
struct Disk(PathBuf);

impl Space for Disk {
    fn free(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.0).ok()?;
        stat.f_bavail.checked_mul(stat.f_frsize)
    }
}

/// Opens what the configuration names; says what is missing.
pub fn open(config: &Config) -> Result<Evidence, Stop> {
    let settings = config.evidence.clone();
    let signer = key::evidence_signer(&config.keys)?;
    let folder = if settings.directory.as_os_str().is_empty() {
        None
    } else {
        let shown = settings.directory.display();
        let opened = EvidenceFolder::open(&settings.directory);
        Some(opened.map_err(|error| Stop::because(format!("无法使用存证目录 {shown}"), &error))?)
    };
    match (&folder, &signer) {
        (Some(_), Some(_)) => {}
        (Some(_), None) => {
            tracing::warn!("[keys] evidence is not set: checkpoints are neither signed nor kept outside")
        }
        (None, _) => tracing::warn!("[evidence] directory is not set: checkpoints stay in the database and the log"),
    }
    let disk = if settings.disk.as_os_str().is_empty() { config.platform.files.clone() } else { settings.disk.clone() };
    let evidence = Evidence::new(settings, folder, signer, Arc::new(Disk(disk)));
    Ok(Evidence { forwards: config.forward.is_on(), ..evidence })
}
