//! Files as they lie on a disk, also while they still come in: never in the clear (S-27, S-32, K-07).
//!
//! A mark, then pieces sealed under the file's data key ([`ObjectCipher`]). The key lies elsewhere, wrapped; without it the file is
//! noise.

use ledger::{DataKey, ObjectCipher};
use sm3::{Digest, Sm3};
use std::{io, path::Path};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufWriter};

/// How a sealed file begins.
const MARK: &[u8; 8] = b"TZXMOBJ1";
/// Bytes of a piece before it is sealed.
pub(crate) const PIECE: usize = 64 * 1024;

/// What is sealed under a file's key besides the content itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePart {
    /// What was uploaded.
    Content = 0,
    /// The re-encoded copy of a picture.
    Preview = 1,
}

impl FilePart {
    /// What people are shown of a file that has such a copy, or not.
    pub(crate) fn shown(preview: bool) -> Self {
        if preview { Self::Preview } else { Self::Content }
    }

    /// Where the part of an object lies.
    pub(crate) fn place(self, object: &str) -> String {
        match self {
            Self::Content => object.to_owned(),
            Self::Preview => format!("{object}-preview"),
        }
    }
}

/// A sealed file in the folder of uploads under way. Dropping it removes it.
pub struct SealedFile {
    place: TempPath,
    key: DataKey,
    part: FilePart,
    sm3: String,
}

/// Never shows the key.
impl std::fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedFile").field("place", &self.place).field("part", &self.part).finish_non_exhaustive()
    }
}

impl SealedFile {
    /// Whether these bytes are those of a sealed file.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MARK)
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// SM3 of its bytes, sealed as they are (S-25).
    pub fn sm3(&self) -> &str {
        &self.sm3
    }

    /// Its key.
    pub(crate) fn key(&self) -> &DataKey {
        &self.key
    }

    /// Opens it for reading.
    pub async fn content(&self) -> io::Result<Opened> {
        let file = tokio::fs::File::open(&self.place).await?;
        Opened::new(Box::new(file), &self.key, self.part).await
    }
}

impl SealedFile {
    /// A copy of what a store keeps, as it lies there, in the folder of uploads under way.
    pub(crate) async fn copy_of(
        mut stored: Box<dyn AsyncRead + Send + Unpin>,
        folder: &Path,
        key: DataKey,
        part: FilePart,
    ) -> io::Result<Self> {
        let (file, place) = NamedTempFile::new_in(folder)?.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        let (mut hash, mut piece) = (Sm3::new(), vec![0; PIECE]);
        loop {
            let length = stored.read(&mut piece).await?;
            let bytes = piece.get(..length).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            hash.update(bytes);
            file.write_all(bytes).await?;
        }
        file.flush().await?;
        Ok(Self { place, key, part, sm3: hex::encode(hash.finalize()) })
    }
}

/// A sealed file being written.
pub struct SealedWriter {
    file: BufWriter<tokio::fs::File>,
    place: TempPath,
    key: DataKey,
    part: FilePart,
    cipher: ObjectCipher,
    number: u32,
    pending: Vec<u8>,
    hash: Sm3,
}

impl SealedWriter {
    /// Begins a file in the folder.
    pub async fn create(folder: &Path, key: DataKey, part: FilePart) -> io::Result<Self> {
        let (file, place) = NamedTempFile::new_in(folder)?.into_parts();
        let mut file = BufWriter::with_capacity(4 * PIECE, tokio::fs::File::from_std(file));
        file.write_all(MARK).await?;
        let cipher = ObjectCipher::new(&key, part as u8);
        Ok(Self {
            file,
            place,
            key,
            part,
            cipher,
            number: 0,
            pending: Vec::with_capacity(PIECE),
            hash: Sm3::new_with_prefix(MARK),
        })
    }

    /// Takes more content.
    pub async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full piece waits until it is known that it is not the last.
            if self.pending.len() == PIECE {
                self.piece(false).await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes the last piece.
    pub async fn finish(mut self) -> io::Result<SealedFile> {
        self.piece(true).await?;
        self.file.flush().await?;
        let sm3 = hex::encode(self.hash.finalize());
        Ok(SealedFile { place: self.place, key: self.key, part: self.part, sm3 })
    }

    async fn piece(&mut self, last: bool) -> io::Result<()> {
        let sealed = self.cipher.seal(self.number, last, &self.pending).map_err(io::Error::other)?;
        self.number = self.number.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
        self.pending.clear();
        self.hash.update(&sealed);
        self.file.write_all(&sealed).await
    }
}

/// A sealed file being read, piece by piece: what does not open is an error, never content.
pub struct Opened {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    cipher: ObjectCipher,
    number: u32,
    /// The piece at hand, still sealed; `None` behind the last one.
    ahead: Option<Vec<u8>>,
}

impl Opened {
    /// Reads what a store gave.
    pub(crate) async fn new(
        mut reader: Box<dyn AsyncRead + Send + Unpin>,
        key: &DataKey,
        part: FilePart,
    ) -> io::Result<Self> {
        let mut mark = [0; MARK.len()];
        reader.read_exact(&mut mark).await?;
        if mark != *MARK {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a sealed file"));
        }
        let ahead = Some(sealed_piece(&mut reader).await?);
        Ok(Self { reader, cipher: ObjectCipher::new(key, part as u8), number: 0, ahead })
    }

    /// The next piece; `None` behind the last.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(sealed) = self.ahead.take() else { return Ok(None) };
        let following = sealed_piece(&mut self.reader).await?;
        let last = following.is_empty();
        let piece = self.cipher.open(self.number, last, &sealed);
        let piece = piece.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.number = self.number.saturating_add(1);
        self.ahead = (!last).then_some(following);
        Ok(Some(piece))
    }

    /// Everything that is left, in memory.
    pub async fn read_all(mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}

async fn sealed_piece(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let most = PIECE + ObjectCipher::OVERHEAD;
    let mut sealed = Vec::with_capacity(most);
    let mut limited = reader.take(most as u64);
    limited.read_to_end(&mut sealed).await?;
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sealed(folder: &Path, content: &[u8]) -> SealedFile {
        let mut writer = SealedWriter::create(folder, DataKey([3; 16]), FilePart::Content).await.unwrap();
        for piece in content.chunks(10_007) {
            writer.write(piece).await.unwrap();
        }
        writer.finish().await.unwrap()
    }

    async fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        Opened::new(Box::new(io::Cursor::new(bytes)), &DataKey([3; 16]), FilePart::Content).await?.read_all().await
    }

    #[tokio::test]
    async fn s27_a_file_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5] {
            let content: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let file = sealed(folder.path(), &content).await;
            assert_eq!(file.content().await.unwrap().read_all().await.unwrap(), content, "{size}");
            let bytes = std::fs::read(file.path()).unwrap();
            assert_eq!(read(bytes.clone()).await.unwrap(), content);
            assert!(size < 16 || !bytes.windows(16).any(|w| w == &content[..16]), "nothing in the clear");
            let piece = PIECE + ObjectCipher::OVERHEAD;
            let cut = bytes[..bytes.len() - 1].to_vec();
            let whole_pieces = MARK.len() + (bytes.len() - MARK.len()) / piece * piece;
            let mut swapped = bytes.clone();
            if size > 2 * PIECE {
                let (first, second) = swapped[MARK.len()..].split_at_mut(piece);
                first.swap_with_slice(&mut second[..piece]);
                assert!(read(swapped).await.is_err(), "pieces swapped");
            }
            assert!(read(cut).await.is_err(), "{size}: one byte cut off");
            if whole_pieces < bytes.len() {
                assert!(read(bytes[..whole_pieces].to_vec()).await.is_err(), "{size}: the last piece cut off");
            }
        }
        assert!(read(b"%PDF-1.7 in the clear".to_vec()).await.is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a guard");
    }
}
