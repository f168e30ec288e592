//! The parent's side.

use crate::COMMAND;
use async_trait::async_trait;
use platform::upload::{Answer, FileType, Inspector, Opened, Painted, SealedWriter, View};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{io, path::PathBuf, process::Stdio, sync::Once, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Longest time an inspection has, whatever it does with it.
const TIME: Duration = Duration::from_secs(5);
/// Longest time to paint a view: as much work, but nobody hands it in, and a busy machine must not make scans unreadable.
const TIME_TO_PAINT: Duration = Duration::from_secs(60);
/// Longest answer, in bytes: a page has thousands of characters.
const MAX_ANSWER: u64 = 64 * 1024;
/// Longest words on standard error.
const MAX_WORDS: u64 = 4096;
/// Largest copy of a picture: raw pixels of the largest one taken.
const MAX_COPY: u64 = 200 * 1024 * 1024;
/// Largest painted page, in bytes of its PNG.
const MAX_PAGE: u64 = 40 * 1024 * 1024;
/// What the kernel lacks is said once.
static SAID: Once = Once::new();

/// What a child used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Most memory it had resident, in KiB; `None` when it ended before it could say.
    pub peak_kb: Option<u64>,
    /// Files, network and programs are out of its reach: nothing was missing.
    pub walled: bool,
}

/// Inspects each file in a confined child process.
#[derive(Debug, Clone)]
pub struct Confined {
    program: PathBuf,
}

impl Confined {
    /// With that program, which must answer [`COMMAND`].
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// With the program that is running. It is opened by what it is, not by its name, so that it may be replaced meanwhile.
    pub fn this_program() -> Self {
        Self::new("/proc/self/exe".into())
    }

    /// Inspects, and says what it took.
    pub async fn measured(
        &self,
        content: Opened,
        size: u64,
        file_type: FileType,
        preview: Option<&mut SealedWriter>,
    ) -> (Answer, Usage) {
        let mut usage = Usage::default();
        let rest = preview.map_or(Rest::Nowhere, Rest::Sealed);
        let answer = self.ask(file_type.slug(), (content, size), rest, &mut usage, TIME).await;
        (answer.unwrap_or_else(|error| Answer::Nothing(error.to_string())), usage)
    }

    /// Has one piece of work done on the content.
    async fn ask<A: DeserializeOwned>(
        &self,
        work: &str,
        (content, size): (Opened, u64),
        rest: Rest<'_>,
        usage: &mut Usage,
        limit: Duration,
    ) -> io::Result<A> {
        let mut child = self.start(work)?;
        let answer = timeout(limit, converse(&mut child, content, size, rest, usage)).await;
        // Late or early, nothing of it stays.
        if answer.is_err() {
            let _ = child.kill().await;
        }
        answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    fn start(&self, work: &str) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(COMMAND)
            .arg(work)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

#[async_trait]
impl Inspector for Confined {
    async fn inspect(
        &self,
        content: Opened,
        size: u64,
        file_type: FileType,
        preview: Option<&mut SealedWriter>,
    ) -> Answer {
        let (answer, usage) = self.measured(content, size, file_type, preview).await;
        tracing::debug!(peak_kb = usage.peak_kb, file.r#type = file_type.slug(), "inspected");
        answer
    }

    async fn paint(&self, content: Opened, size: u64, file_type: FileType, view: View) -> Result<Painted, String> {
        let (mut png, mut usage) = (Vec::new(), Usage::default());
        let work = format!("{}/{}", file_type.slug(), view.slug());
        let painted = self.ask(&work, (content, size), Rest::Memory(&mut png), &mut usage, TIME_TO_PAINT).await;
        let painted: Painted = painted.map_err(|error| error.to_string())?;
        Ok(Painted { png, ..painted })
    }
}

/// Where goes what comes after the answer.
enum Rest<'a> {
    Sealed(&'a mut SealedWriter),
    Memory(&'a mut Vec<u8>),
    Nowhere,
}

impl Rest<'_> {
    fn most(&self) -> u64 {
        if matches!(self, Self::Memory(_)) { MAX_PAGE } else { MAX_COPY }
    }

    async fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Sealed(preview) => preview.write(piece).await,
            Self::Memory(memory) => {
                memory.extend_from_slice(piece);
                Ok(())
            }
            Self::Nowhere => Ok(()),
        }
    }
}

/// Sends the content, reads the answer and the copy, waits for the end. Anything but a good end is an error.
async fn converse<A: DeserializeOwned>(
    child: &mut Child,
    content: Opened,
    size: u64,
    rest: Rest<'_>,
    usage: &mut Usage,
) -> io::Result<A> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let stdin = child.stdin.take().ok_or_else(gone)?;
    let stdout = child.stdout.take().ok_or_else(gone)?;
    let stderr = child.stderr.take().ok_or_else(gone)?;
    // All three at once: a pipe that nobody empties would hold the others up.
    let (sent, answer, words) = tokio::join!(send(stdin, content, size), receive(stdout, rest), listen(stderr));
    let status = child.wait().await?;
    let said: Option<Value> = words.ok().and_then(|words| serde_json::from_str(&words).ok());
    if let Some(said) = &said {
        let missing: Vec<_> = said["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        usage.peak_kb = said["peak_kb"].as_u64();
        usage.walled = missing.is_empty();
        if !missing.is_empty() {
            SAID.call_once(|| tracing::warn!(?missing, "the kernel does not confine inspections as far as it could"));
        }
    }
    if !status.success() {
        return Err(io::Error::other(format!("the inspection ended with {status}")));
    }
    sent?;
    answer
}

async fn send(mut stdin: ChildStdin, mut content: Opened, size: u64) -> io::Result<()> {
    stdin.write_all(&size.to_be_bytes()).await?;
    while let Some(piece) = content.next().await? {
        stdin.write_all(&piece).await?;
    }
    stdin.shutdown().await
}

async fn receive<A: DeserializeOwned>(stdout: ChildStdout, mut rest: Rest<'_>) -> io::Result<A> {
    let mut out = BufReader::new(stdout);
    let mut line = Vec::new();
    (&mut out).take(MAX_ANSWER).read_until(b'\n', &mut line).await?;
    let answer = serde_json::from_slice(&line)?;
    let mut copy = out.take(rest.most() + 1);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = copy.read(&mut piece).await?;
        if length == 0 {
            return if copy.limit() == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(answer) };
        }
        rest.take(piece.get(..length).unwrap_or_default()).await?;
    }
}

async fn listen(stderr: ChildStderr) -> io::Result<String> {
    let mut words = String::new();
    stderr.take(MAX_WORDS).read_to_string(&mut words).await?;
    Ok(words)
}
