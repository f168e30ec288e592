//! Reading scans (K-06): tesseract, another's program, in a process that can do nothing else. It gets a picture we painted, never a
//! file of anybody, by its standard input; it may read its own libraries and language data, and nothing may leave it but its text.

use crate::{COMMAND, limits, walls};
use async_trait::async_trait;
use platform::upload::{Reader, Reading};
use std::{
    env, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

/// The word that asks the child to become the reader.
pub(crate) const WORK: &str = "read";
/// Which program it becomes, and where its data lies.
const PROGRAM: &str = "TZXM_READER";
const DATA: &str = "TZXM_READER_DATA";
/// How it looks at the picture.
const WAY: &str = "TZXM_READER_WAY";
/// Longest time for one picture, read one way.
const TIME: Duration = Duration::from_secs(25);
/// How the picture is looked at: as one block of text, and as words anywhere. Each finds marks the other takes for dirt.
const WAYS: [&str; 2] = ["6", "11"];
/// Longest text, in bytes.
const MAX_TEXT: u64 = 256 * 1024;

/// Tesseract with simplified Chinese.
#[derive(Debug, Clone)]
pub struct Tesseract {
    ours: PathBuf,
    program: PathBuf,
    data: PathBuf,
}

impl Tesseract {
    /// That program with that folder of language data; `ours` answers [`COMMAND`].
    pub fn new(ours: PathBuf, program: &Path, data: &Path) -> Self {
        Self { ours, program: program.to_owned(), data: data.to_owned() }
    }

    /// By way of the program that is running.
    pub fn by_this_program(program: &Path, data: &Path) -> Self {
        Self::new("/proc/self/exe".into(), program, data)
    }

    async fn ask(&self, png: &[u8], way: &str) -> io::Result<String> {
        let mut child = Command::new(&self.ours)
            .args([COMMAND, WORK])
            .env_clear()
            .env(PROGRAM, &self.program)
            .env(DATA, &self.data)
            .env(WAY, way)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let mut stdin = child.stdin.take().ok_or_else(gone)?;
        let stdout = child.stdout.take().ok_or_else(gone)?;
        let send = async move {
            stdin.write_all(png).await?;
            stdin.shutdown().await
        };
        let mut text = String::new();
        let mut limited = stdout.take(MAX_TEXT + 1);
        let (sent, read) = tokio::join!(send, limited.read_to_string(&mut text));
        let status = child.wait().await?;
        if !status.success() {
            return Err(io::Error::other(format!("the reader ended with {status}")));
        }
        sent?;
        read?;
        if limited.limit() == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
    }
}

#[async_trait]
impl Reader for Tesseract {
    fn is_there(&self) -> bool {
        self.program.is_file() && self.data.is_dir()
    }

    async fn read(&self, png: Vec<u8>) -> Reading {
        let mut all = String::new();
        for way in WAYS {
            match timeout(TIME, self.ask(&png, way)).await {
                Ok(Ok(text)) => all.extend([text.as_str(), "\n"]),
                Ok(Err(error)) => return Reading::Nothing(error.to_string()),
                Err(_) => return Reading::Nothing("no answer in time".to_owned()),
            }
        }
        Reading::Text(all)
    }
}

/// Sets limits, builds the walls and becomes the reader; comes back only when that fails.
pub(crate) fn become_reader() -> io::Error {
    let (Some(program), Some(data), Some(way)) = (env::var_os(PROGRAM), env::var_os(DATA), env::var_os(WAY)) else {
        return io::ErrorKind::InvalidInput.into();
    };
    if let Err(error) = limits::set_for_reader() {
        return error;
    }
    // What the kernel lacks is reported by the inspections.
    let _ = walls::build_around(Path::new(&program), Path::new(&data));
    std::process::Command::new(&program)
        .env_clear()
        // One thread: another one could not be started.
        .env("OMP_THREAD_LIMIT", "1")
        .env("TESSDATA_PREFIX", &data)
        .current_dir(&data)
        .args(["stdin", "stdout", "-l", "chi_sim", "--psm"])
        .arg(way)
        .exec()
}
