//! The parent's side.

use crate::COMMAND;
use async_trait::async_trait;
use platform::upload::{Answer, FileType, Inspector, Opened, SealedWriter};
use serde_json::Value;
use std::{io, path::PathBuf, process::Stdio, sync::Once, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Longest time a child has, whatever it does with it.
const TIME: Duration = Duration::from_secs(5);
/// Longest answer, in bytes.
const MAX_ANSWER: u64 = 4096;
/// Longest words on standard error.
const MAX_WORDS: u64 = 4096;
/// Largest copy of a picture: raw pixels of the largest one taken.
const MAX_COPY: u64 = 200 * 1024 * 1024;
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
        let answer = match self.start(file_type) {
            Ok(mut child) => {
                let answer = timeout(TIME, converse(&mut child, content, size, preview, &mut usage)).await;
                // Late or early, nothing of it stays.
                if answer.is_err() {
                    let _ = child.kill().await;
                }
                answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            }
            Err(error) => Err(error),
        };
        (answer.unwrap_or_else(|error| Answer::Nothing(error.to_string())), usage)
    }

    fn start(&self, file_type: FileType) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(COMMAND)
            .arg(file_type.slug())
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
}

/// Sends the content, reads the answer and the copy, waits for the end. Anything but a good end is an error.
async fn converse(
    child: &mut Child,
    content: Opened,
    size: u64,
    preview: Option<&mut SealedWriter>,
    usage: &mut Usage,
) -> io::Result<Answer> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let stdin = child.stdin.take().ok_or_else(gone)?;
    let stdout = child.stdout.take().ok_or_else(gone)?;
    let stderr = child.stderr.take().ok_or_else(gone)?;
    // All three at once: a pipe that nobody empties would hold the others up.
    let (sent, answer, words) = tokio::join!(send(stdin, content, size), receive(stdout, preview), listen(stderr));
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

async fn receive(stdout: ChildStdout, preview: Option<&mut SealedWriter>) -> io::Result<Answer> {
    let mut out = BufReader::new(stdout);
    let mut line = Vec::new();
    (&mut out).take(MAX_ANSWER).read_until(b'\n', &mut line).await?;
    let answer = serde_json::from_slice(&line)?;
    let mut copy = out.take(MAX_COPY + 1);
    let mut piece = vec![0; 64 * 1024];
    let mut preview = preview;
    loop {
        let length = copy.read(&mut piece).await?;
        if length == 0 {
            return if copy.limit() == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(answer) };
        }
        if let Some(preview) = &mut preview {
            preview.write(piece.get(..length).unwrap_or_default()).await?;
        }
    }
}

async fn listen(stderr: ChildStderr) -> io::Result<String> {
    let mut words = String::new();
    stderr.take(MAX_WORDS).read_to_string(&mut words).await?;
    Ok(words)
}
