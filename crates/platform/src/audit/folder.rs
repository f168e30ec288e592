//! The folder outside of the database: signed checkpoints by month, archives, and the public keys they verify with. It is meant
//! to lie on a machine of another zone that lets files grow and nothing else (S-14, A-06).

use domain::seal::PublicKey;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const CHECKPOINTS: &str = "checkpoints-";
/// The end of a file that is read to find its last line.
const TAIL: u64 = 8192;

/// A signed line: what it says, which key signed, and the signature over the text in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLine {
    /// Everything that is signed.
    pub text: String,
    /// Id of the key.
    pub key: String,
    /// DER, hexadecimal.
    pub signature: String,
}

impl SignedLine {
    /// Reads a line as it was written.
    pub fn parse(line: &str) -> Option<Self> {
        let (text, rest) = line.split_once(" key=")?;
        let (key, signature) = rest.split_once(" signature=")?;
        let whole = |part: &str| !part.is_empty() && !part.contains(' ');
        (whole(key) && whole(signature)).then(|| Self {
            text: text.to_owned(),
            key: key.to_owned(),
            signature: signature.to_owned(),
        })
    }

    /// The number of the checkpoint it is about.
    pub fn number(&self) -> Option<i64> {
        self.text.strip_prefix("tzxm/checkpoint/1 number=")?.split(' ').next()?.parse().ok()
    }
}

impl std::fmt::Display for SignedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} key={} signature={}", self.text, self.key, self.signature)
    }
}

/// See the module. All calls block: give them to a thread of their own.
#[derive(Debug, Clone)]
pub struct EvidenceFolder(PathBuf);

impl EvidenceFolder {
    /// Uses a folder; makes it when it is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// One that must be there already.
    pub fn existing(path: &Path) -> io::Result<Self> {
        fs::read_dir(path).map(|_| Self(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts a public key beside what it verifies; once there it is never changed.
    pub fn publish(&self, key: &PublicKey) -> io::Result<()> {
        match self.write_new(&format!("key-{}.pem", key.id), key.pem.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    /// Writes a file of that name that is not there yet, and it to the disk.
    pub fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(self.0.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.sync()
    }

    /// Writes a file in one step over one of that name that a crash may have left.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.0.join(format!(".{name}.part"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, self.0.join(name))?;
        self.sync()
    }

    /// The folder itself to the disk: names survive a power cut.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// Public keys by id.
    pub fn keys(&self) -> io::Result<BTreeMap<String, String>> {
        let mut keys = BTreeMap::new();
        for name in self.names("key-", ".pem")? {
            let id = name.trim_start_matches("key-").trim_end_matches(".pem").to_owned();
            keys.insert(id, fs::read_to_string(self.0.join(name))?);
        }
        Ok(keys)
    }

    /// Files of checkpoints, oldest first.
    pub fn checkpoint_files(&self) -> io::Result<Vec<PathBuf>> {
        Ok(self.names(CHECKPOINTS, ".txt")?.into_iter().map(|name| self.0.join(name)).collect())
    }

    /// Number of the checkpoint kept last.
    pub fn last_checkpoint(&self) -> io::Result<Option<i64>> {
        for path in self.checkpoint_files()?.into_iter().rev() {
            if let Some(number) = last_number(&path)? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Adds lines after the checkpoint `after` and brings them to the disk. `false` when another node has gone on meanwhile.
    pub fn append(&self, after: Option<i64>, month: &str, lines: &[SignedLine]) -> io::Result<bool> {
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o640).open(self.0.join(".lock"))?;
        lock.lock()?;
        if self.last_checkpoint()? != after {
            return Ok(false);
        }
        let wanted = self.0.join(format!("{CHECKPOINTS}{month}.txt"));
        // A clock that went back must not bring the order of the files out.
        let path = self.checkpoint_files()?.pop().filter(|newest| *newest > wanted).unwrap_or(wanted);
        let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o640).open(&path)?;
        let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if !ends_with_line(&mut file)? {
            // A crash left half a line: it counts for nothing, and the next one begins afresh.
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        self.sync()?;
        Ok(true)
    }

    fn names(&self, begin: &str, end: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(begin) && name.ends_with(end) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// The signed lines of a file, in order; what is none is left out.
pub(super) fn signed_lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<SignedLine>>> {
    let lines = BufReader::new(File::open(path)?).split(b'\n');
    Ok(lines.filter_map(|line| {
        line.map(|line| SignedLine::parse(&String::from_utf8_lossy(&line)).filter(|line| line.number().is_some()))
            .transpose()
    }))
}

fn last_number(path: &Path) -> io::Result<Option<i64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail);
    // What has no end of line was not written to its end.
    let Some((whole, _)) = tail.rsplit_once('\n') else { return Ok(None) };
    Ok(whole.lines().rev().find_map(|line| SignedLine::parse(line)?.number()))
}

fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: i64) -> SignedLine {
        let text = format!("tzxm/checkpoint/1 number={number} at=1");
        SignedLine { text, key: "k".into(), signature: "00".into() }
    }

    #[test]
    fn s14_checkpoints_outside_are_appended_once_and_a_half_line_counts_for_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let folder = EvidenceFolder::open(&temp.path().join("outside")).unwrap();
        assert_eq!(folder.last_checkpoint().unwrap(), None);
        assert!(folder.append(None, "2026-11", &[line(1), line(2)]).unwrap());
        assert!(!folder.append(None, "2026-11", &[line(1)]).unwrap(), "another node was faster");
        assert!(folder.append(Some(2), "2026-12", &[line(3)]).unwrap());
        assert!(folder.append(Some(3), "2026-10", &[line(4)]).unwrap(), "a clock that went back");
        assert_eq!((folder.last_checkpoint().unwrap(), folder.checkpoint_files().unwrap().len()), (Some(4), 2));
        let newest = folder.checkpoint_files().unwrap().pop().unwrap();
        let mut text = fs::read_to_string(&newest).unwrap();
        text.push_str("tzxm/checkpoint/1 number=5 at=1 key=k sig");
        fs::write(&newest, text).unwrap();
        assert_eq!(folder.last_checkpoint().unwrap(), Some(4));
        assert!(folder.append(Some(4), "2026-12", &[line(5)]).unwrap());
        let numbers: Vec<_> = signed_lines(&newest).unwrap().map(|line| line.unwrap().number().unwrap()).collect();
        assert_eq!(numbers, [3, 4, 5]);
    }

    #[test]
    fn s14_a_line_is_read_as_it_was_written() {
        assert_eq!(SignedLine::parse(&line(7).to_string()), Some(line(7)));
        for wrong in ["", "x", "x key=", "x key=k signature=", "x key=k y signature=00", "x signature=00 key=k"] {
            assert_eq!(SignedLine::parse(wrong), None, "{wrong}");
        }
    }
}
