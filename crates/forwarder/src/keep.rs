//! What the collector keeps: a file for each day, a message a line, in the order of the numbers, none twice and none left out.

use crate::syslog::{Carried, parse};
use ledger::audit_hash;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const BEGIN: &str = "audit-";
/// The end of a file that is searched for its last line; longer than any message.
const TAIL: u64 = 256 * 1024;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is written; on the disk after [`Keeper::sync`].
    Kept,
    /// It was here before.
    Known,
    /// These numbers are missing before it: it was not written.
    Missing {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// It does not chain onto the record before it.
    Conflict,
}

/// The files of a folder.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    last: Option<(i64, Vec<u8>)>,
    file: Option<(String, File)>,
}

impl Keeper {
    /// Goes on where the newest file ends. Half a line at its end was never confirmed: it goes, and comes again.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut names: Vec<_> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?;
        names.retain(|name| name.starts_with(BEGIN) && name.ends_with(".log"));
        names.sort_unstable();
        let mut last = None;
        while let (None, Some(name)) = (&last, names.pop()) {
            last = end_of(&folder.join(name))?.map(|carried| (carried.record.seq, carried.record.hash));
        }
        Ok(Self { folder: folder.to_owned(), last, file: None })
    }

    /// Number and hash of the record kept last.
    pub fn last(&self) -> Option<(i64, &[u8])> {
        self.last.as_ref().map(|(seq, hash)| (*seq, hash.as_slice()))
    }

    /// Takes a message that came on `day` (`2026-11-24`). An empty folder begins with whatever number comes first.
    pub fn take(&mut self, day: &str, message: &str, Carried { prev, record }: &Carried) -> io::Result<Taken> {
        let before = match &self.last {
            Some((seq, _)) if record.seq <= *seq => return Ok(Taken::Known),
            Some((seq, _)) if record.seq > seq + 1 => return Ok(Taken::Missing { from: seq + 1, to: record.seq - 1 }),
            Some((_, hash)) => hash.clone(),
            None => prev.clone(),
        };
        let Ok(before) = <[u8; 32]>::try_from(before) else { return Ok(Taken::Conflict) };
        if record.hash != audit_hash(&before, record.seq, &record.entry) {
            return Ok(Taken::Conflict);
        }
        let file = self.file_of(day)?;
        file.write_all(format!("{message}\n").as_bytes())?;
        self.last = Some((record.seq, record.hash.clone()));
        Ok(Taken::Kept)
    }

    /// Brings what was taken to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |(_, file)| file.sync_data())
    }

    fn file_of(&mut self, day: &str) -> io::Result<&mut File> {
        if self.file.as_ref().is_none_or(|(of, _)| of != day) {
            self.sync()?;
            let path = self.folder.join(format!("{BEGIN}{day}.log"));
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
            File::open(&self.folder)?.sync_all()?;
            self.file = Some((day.to_owned(), file));
        }
        let file = self.file.as_mut().map(|(_, file)| file);
        file.ok_or_else(|| io::Error::other("no file"))
    }
}

/// The last message of a file; what comes after the last end of line is cut off.
fn end_of(path: &Path) -> io::Result<Option<Carried>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if end < tail.len() {
        file.set_len(start + end as u64)?;
        file.sync_all()?;
    }
    let Some(whole) = tail.get(..end.saturating_sub(1)).filter(|whole| !whole.is_empty()) else { return Ok(None) };
    let line = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let carried = std::str::from_utf8(line).ok().and_then(parse);
    carried.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the last line is no audit record"))
}
