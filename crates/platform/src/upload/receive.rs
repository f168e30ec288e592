//! From a stream to a temporary file: counted while reading, hashed on the way (U-01, U-02).

use super::{
    FileType, Slot,
    reason::{DECLARED, EMPTY, INTERRUPTED, MAGIC, NOT_ALLOWED, QUOTA, SLOW, TOO_LARGE, fault},
};
use domain::Refusal;
use futures_util::{Stream, StreamExt};
use sm3::{Digest, Sm3};
use std::{path::Path, time::Duration};
use tempfile::{NamedTempFile, TempPath};
use tokio::{
    io::{AsyncWriteExt, BufWriter},
    time::timeout,
};

/// Longest silence between two pieces.
const IDLE: Duration = Duration::from_secs(30);
/// Longest upload: 50 MB at 0.5 Mbit/s.
const TOTAL: Duration = Duration::from_secs(900);
/// Memory per upload besides the piece at hand.
const BUFFER: usize = 256 * 1024;
/// Bytes enough to know a type.
const HEAD: usize = 8;

/// A received file. Dropping it removes the temporary file.
#[derive(Debug)]
pub struct Received {
    pub(super) file: TempPath,
    /// Bytes counted, not declared.
    pub size: u64,
    /// SM3 of the content, 64 hex digits.
    pub sm3: String,
    /// Type by extension, declaration and first bytes; [`super::inspect`] proves the rest.
    pub file_type: FileType,
}

impl Received {
    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.file
    }
}

/// Reads a stream of pieces into a temporary file in `temp_dir`.
///
/// `name` has passed [`super::clean_name`]; `declared` is the media type of the form part (empty if none); `quota` is how many bytes
/// the account may still upload. Refuses as soon as a limit is passed, whatever length was announced; memory stays under
/// 1 MB besides one piece; nothing is left behind on any way out, also when the future is dropped.
pub async fn receive<S, B, E>(
    stream: S,
    slot: &Slot,
    name: &str,
    declared: &str,
    temp_dir: &Path,
    quota: u64,
) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    let file_type = FileType::from_name(name).filter(|t| slot.allowed.contains(t)).ok_or(NOT_ALLOWED)?;
    if !file_type.may_be_declared(declared) {
        return Err(DECLARED.into());
    }
    match timeout(TOTAL, write(stream, file_type, slot.limit(), quota, temp_dir)).await {
        Ok(result) => result,
        Err(_) => Err(SLOW.into()),
    }
}

async fn write<S, B, E>(
    stream: S,
    file_type: FileType,
    limit: u64,
    quota: u64,
    temp_dir: &Path,
) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    let (file, path) = NamedTempFile::new_in(temp_dir).map_err(fault)?.into_parts();
    let mut file = BufWriter::with_capacity(BUFFER, tokio::fs::File::from_std(file));
    let mut stream = std::pin::pin!(stream);
    let (mut hash, mut size, mut head) = (Sm3::new(), 0u64, Vec::with_capacity(HEAD));
    while let Some(piece) = timeout(IDLE, stream.next()).await.map_err(|_| SLOW)? {
        let piece = piece.map_err(|error| {
            tracing::info!(%error, "upload: interrupted");
            INTERRUPTED
        })?;
        let piece = piece.as_ref();
        size = size.saturating_add(piece.len() as u64);
        if size > limit {
            return Err(TOO_LARGE.into());
        }
        if size > quota {
            return Err(QUOTA.into());
        }
        if head.len() < HEAD {
            head.extend(piece.iter().take(HEAD - head.len()));
            if head.len() == HEAD && !file_type.begins(&head) {
                return Err(MAGIC.into());
            }
        }
        hash.update(piece);
        file.write_all(piece).await.map_err(fault)?;
    }
    match size {
        0 => return Err(EMPTY.into()),
        1..8 => return Err(MAGIC.into()),
        _ => {}
    }
    file.flush().await.map_err(fault)?;
    Ok(Received { file: path, size, sm3: hex::encode(hash.finalize()), file_type })
}
