//! From a stream to a temporary file: counted while reading, hashed and sealed on the way (U-01, U-02, K-07).

use super::{
    FilePart, FileType, SealedFile, SealedWriter, Slot,
    reason::{DECLARED, EMPTY, INTERRUPTED, MAGIC, NOT_ALLOWED, QUOTA_DAY, QUOTA_ITEM, SLOW, TOO_LARGE, fault},
};
use domain::Refusal;
use futures_util::{Stream, StreamExt};
use ledger::DataKey;
use sm3::{Digest, Sm3};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// Longest silence between two pieces.
const IDLE: Duration = Duration::from_secs(30);
/// Longest upload: 50 MB at 0.5 Mbit/s.
const TOTAL: Duration = Duration::from_secs(900);
/// Bytes enough to know a type.
const HEAD: usize = 8;

/// How many bytes may still come.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// From this account today.
    pub day: u64,
    /// For this item.
    pub item: u64,
}

impl Allowance {
    /// Whatever the slot takes.
    pub const FULL: Self = Self { day: u64::MAX, item: u64::MAX };
}

/// A received file. Dropping it removes the temporary file.
#[derive(Debug)]
pub struct Received {
    /// Where it lies, sealed.
    pub file: SealedFile,
    /// Bytes counted, not declared.
    pub size: u64,
    /// SM3 of the content, 64 hex digits.
    pub sm3: String,
    /// Type by extension, declaration and first bytes; [`super::inspect`] proves the rest.
    pub file_type: FileType,
}

/// Reads a stream of pieces into a temporary file in `temp_dir`, sealed under `key`, which is this file's alone.
///
/// `name` has passed [`super::clean_name`]; `declared` is the media type of the form part (empty if none). Refuses as soon as a limit is passed, whatever length was announced; memory stays under
/// 1 MB besides one piece; nothing is left behind on any way out, also when the future is dropped.
pub async fn receive<S, B, E>(
    stream: S,
    slot: &Slot,
    name: &str,
    declared: &str,
    (temp_dir, key): (&Path, DataKey),
    allowance: Allowance,
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
    match timeout(TOTAL, write(stream, file_type, slot.limit(), allowance, (temp_dir, key))).await {
        Ok(result) => result,
        Err(_) => Err(SLOW.into()),
    }
}

async fn write<S, B, E>(
    stream: S,
    file_type: FileType,
    limit: u64,
    allowance: Allowance,
    (temp_dir, key): (&Path, DataKey),
) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    let mut file = SealedWriter::create(temp_dir, key, FilePart::Content).await.map_err(fault)?;
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
        if size > allowance.day {
            return Err(QUOTA_DAY.into());
        }
        if size > allowance.item {
            return Err(QUOTA_ITEM.into());
        }
        if head.len() < HEAD {
            head.extend(piece.iter().take(HEAD - head.len()));
            if head.len() == HEAD && !file_type.begins(&head) {
                return Err(MAGIC.into());
            }
        }
        hash.update(piece);
        file.write(piece).await.map_err(fault)?;
    }
    match size {
        0 => return Err(EMPTY.into()),
        1..8 => return Err(MAGIC.into()),
        _ => {}
    }
    let file = file.finish().await.map_err(fault)?;
    Ok(Received { file, size, sm3: hex::encode(hash.finalize()), file_type })
}
