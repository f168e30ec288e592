//! Looks inside a received file: extension, declaration, first bytes and structure must agree (U-01, U-03 … U-06).

use super::{
    FileType, Received, archive, pdf, picture,
    reason::{BROKEN, BUSY, MAGIC, OUTPUT, Reason, TIME, fault},
};
use domain::Refusal;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempPath;
use tokio::{sync::Semaphore, task, time::timeout};

/// Files inspected at the same time: each may need 300 MB (a picture of 40 million pixels with 16 bits per channel).
static PLACES: Semaphore = Semaphore::const_new(2);
/// Longest wait for a place.
const WAIT: Duration = Duration::from_secs(30);
/// Longest inspection.
const BUDGET: Duration = Duration::from_secs(20);
/// Most bytes an archive may unfold to (U-03).
pub(super) const MAX_OUTPUT: u64 = 500 * 1024 * 1024;

/// What inspection found.
#[derive(Debug, Default)]
pub struct Inspected {
    /// A copy of a picture without metadata: what people see (U-04).
    pub preview: Option<Preview>,
}

/// A re-encoded picture in a temporary file; dropping it removes the file.
#[derive(Debug)]
pub struct Preview(pub(super) TempPath);

impl Preview {
    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Inspects a file on a thread of its own, within a limit of places and time. Gives the file back when it may stay.
pub async fn inspect(received: Received) -> Result<(Received, Inspected), Refusal> {
    let place = timeout(WAIT, PLACES.acquire()).await.map_err(|_| BUSY)?.map_err(fault)?;
    let budget = Budget::default();
    let stop = budget.clone();
    // The place goes with the thread: work that outlives its time still counts.
    let work = task::spawn_blocking(move || {
        let _place = place;
        examine(received.path(), received.file_type, &budget, 0).map(|inspected| (received, inspected))
    });
    match timeout(BUDGET, work).await {
        Ok(done) => Ok(done.map_err(fault)??),
        Err(_) => {
            stop.stopped.store(true, Ordering::Relaxed);
            Err(TIME.into())
        }
    }
}

/// What one inspection, with all files inside the file, may still use.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    stopped: Arc<AtomicBool>,
    output: Arc<AtomicU64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { stopped: Arc::default(), output: Arc::new(AtomicU64::new(MAX_OUTPUT)) }
    }
}

impl Budget {
    /// Goes on unless the time is over.
    pub fn check(&self) -> Result<(), Reason> {
        if self.stopped.load(Ordering::Relaxed) { Err(TIME) } else { Ok(()) }
    }

    /// Takes unfolded bytes from the budget.
    pub fn spend(&self, bytes: usize) -> Result<(), Reason> {
        self.check()?;
        let bytes = bytes as u64;
        let spent = self.output.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        spent.map(|_| ()).map_err(|_| OUTPUT)
    }
}

/// Inspects a file of the type its name claims. `depth` is 0 for the uploaded file, 1 for a file inside it.
pub(super) fn examine(path: &Path, file_type: FileType, budget: &Budget, depth: u8) -> Result<Inspected, Reason> {
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(8).read_to_end(&mut head)).map_err(unreadable)?;
    if !file_type.begins(&head) {
        return Err(MAGIC);
    }
    match file_type {
        FileType::Pdf => pdf::examine(&std::fs::read(path).map_err(unreadable)?, budget)?,
        FileType::Jpg | FileType::Png => return picture::examine(path, file_type, budget, depth),
        FileType::Docx | FileType::Xlsx | FileType::Ofd | FileType::Zip => {
            archive::examine(path, file_type, budget, depth)?;
        }
        FileType::Dwg => drawing(path)?,
    }
    Ok(Inspected::default())
}

/// The smallest header a drawing of any release has.
const DWG_HEADER: u64 = 128;

fn drawing(path: &Path) -> Result<(), Reason> {
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size < DWG_HEADER { Err(BROKEN) } else { Ok(()) }
}

/// Our own disk failed, not the file.
pub(super) fn unreadable(error: io::Error) -> Reason {
    tracing::error!(%error, "upload: the temporary file failed");
    super::reason::FAULT
}
