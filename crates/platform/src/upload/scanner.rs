//! Malware scanners: a port, clamd, and none (U-11). Whatever is not plainly clean is not clean.

use super::{Opened, SealedFile};
use async_trait::async_trait;
use std::{io, path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Looked through to the end, nothing found.
    Clean,
    /// Found, by this name.
    Infected(String),
    /// No certain answer; the file waits. The reason is for operators.
    Unsure(String),
    /// No scanner is installed: people are shown 未经病毒扫描.
    Skipped,
}

/// Looks for malware in a file. Never fails: a scanner that cannot answer is unsure.
#[async_trait]
pub trait Scanner: Send + Sync {
    /// Scans one file.
    async fn scan(&self, file: &SealedFile) -> Verdict;
}

/// The setting says that no scanner is installed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoScanner;

#[async_trait]
impl Scanner for NoScanner {
    async fn scan(&self, _file: &SealedFile) -> Verdict {
        Verdict::Skipped
    }
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// `host:port`.
    Tcp(String),
}

/// ClamAV's daemon, by `INSTREAM`. Set `StreamMaxLength` to at least 50 MB and `AlertExceedsMax yes`: clamd calls a file clean
/// that it skipped for its size.
#[derive(Debug, Clone)]
pub struct Clamd {
    /// Where it listens.
    pub address: ClamdAddress,
    /// Longest time for one file, from connecting to the answer.
    pub limit: Duration,
}

/// Longest answer read.
const MAX_ANSWER: u64 = 4096;
/// clamd's "virus" for a file it did not look through.
const LIMITS_EXCEEDED: &str = "Heuristics.Limits.Exceeded";

#[async_trait]
impl Scanner for Clamd {
    async fn scan(&self, file: &SealedFile) -> Verdict {
        match timeout(self.limit, self.ask(file)).await {
            Ok(Ok(answer)) => read_answer(&answer),
            Ok(Err(error)) => Verdict::Unsure(error.to_string()),
            Err(_) => Verdict::Unsure("no answer in time".to_owned()),
        }
    }
}

impl Clamd {
    async fn ask(&self, file: &SealedFile) -> io::Result<Vec<u8>> {
        let file = file.content().await?;
        match &self.address {
            ClamdAddress::Unix(path) => converse(UnixStream::connect(path).await?, file).await,
            ClamdAddress::Tcp(address) => converse(TcpStream::connect(address).await?, file).await,
        }
    }
}

/// Sends the file and reads the answer. clamd may answer and hang up before the end (size limit); its answer tells more than
/// the broken pipe, unless it says that all is well with what it did not see.
async fn converse(mut socket: impl AsyncRead + AsyncWrite + Unpin, file: Opened) -> io::Result<Vec<u8>> {
    let sent = send(&mut socket, file).await;
    let mut answer = Vec::new();
    let read = (&mut socket).take(MAX_ANSWER).read_to_end(&mut answer).await;
    if answer.is_empty() || read_answer(&answer) == Verdict::Clean {
        sent?;
        read?;
    }
    Ok(answer)
}

async fn send(socket: &mut (impl AsyncWrite + Unpin), mut file: Opened) -> io::Result<()> {
    socket.write_all(b"zINSTREAM\0").await?;
    while let Some(piece) = file.next().await? {
        // An empty piece would end the conversation.
        if !piece.is_empty() {
            let announced = u32::try_from(piece.len()).map_err(io::Error::other)?;
            socket.write_all(&announced.to_be_bytes()).await?;
            socket.write_all(&piece).await?;
        }
    }
    socket.write_all(&[0; 4]).await?;
    socket.flush().await
}

fn read_answer(answer: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(answer);
    // Without its final NUL the answer was cut.
    let Some(text) = text.strip_suffix('\0') else {
        return Verdict::Unsure(format!("incomplete answer: {text}"));
    };
    match text.strip_prefix("stream: ") {
        Some("OK") => Verdict::Clean,
        Some(rest) => match rest.strip_suffix(" FOUND") {
            Some(name) if !name.starts_with(LIMITS_EXCEEDED) => Verdict::Infected(name.to_owned()),
            _ => Verdict::Unsure(rest.to_owned()),
        },
        None => Verdict::Unsure(text.to_owned()),
    }
}
