//! Where files stay: a port, and the local disk. A file's place is its random id; its name is only a label elsewhere (U-08).

use async_trait::async_trait;
use sm3::{Digest, Sm3};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    task::spawn_blocking,
};

/// A stored file being read: its size in bytes and its content.
pub type Content = (u64, Box<dyn AsyncRead + Send + Unpin>);

/// Keeps files by id. Ids are `[0-9a-z-]`, 6 to 64 characters; another id is [`io::ErrorKind::InvalidInput`].
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Moves a temporary file to its place. When this returns the file survives a power cut.
    async fn put(&self, id: &str, temporary: &Path) -> io::Result<()>;

    /// Opens a file. [`io::ErrorKind::NotFound`] if there is none.
    async fn open(&self, id: &str) -> io::Result<Content>;

    /// Removes a file. None there is no error.
    async fn delete(&self, id: &str) -> io::Result<()>;

    /// Writes a file anew from a second copy, if there is one whose SM3 (hexadecimal) is that. Whether it was.
    async fn restore(&self, _id: &str, _sm3: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// A whole file in memory.
    async fn get(&self, id: &str) -> io::Result<Vec<u8>> {
        let (_, mut content) = self.open(id).await?;
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

/// Files on the local disk, fanned out over 32 × 1024 folders. Temporary files must be on the same file system.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    root: PathBuf,
    /// Where each file lies a second time (S-25, S-29).
    copies: Option<PathBuf>,
}

impl LocalFiles {
    /// Keeps files below `root` and clears `temporary`, where a crash may have left uploads. Creates both folders.
    pub fn open(root: &Path, temporary: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        fs::create_dir_all(temporary)?;
        for entry in fs::read_dir(temporary)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root: root.to_owned(), copies: None })
    }

    /// Also keeps each file below `copies`: on another disk, better on another machine. A file is there before it is acknowledged.
    pub fn with_copies(self, copies: &Path) -> io::Result<Self> {
        fs::create_dir_all(copies)?;
        Ok(Self { copies: Some(copies.to_owned()), ..self })
    }

    /// Where a file lies the second time.
    fn copy(&self, id: &str) -> io::Result<Option<PathBuf>> {
        let place = self.place(id)?;
        Ok(self.copies.as_ref().zip(place.strip_prefix(&self.root).ok()).map(|(copies, place)| copies.join(place)))
    }

    /// The first letter of an id tells its kind and the second has three bits; fan out by those behind.
    fn place(&self, id: &str) -> io::Result<PathBuf> {
        let fits = (6..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'-');
        match (fits, id.get(1..3), id.get(3..5)) {
            (true, Some(first), Some(second)) => Ok(self.root.join(first).join(second).join(id)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file id")),
        }
    }
}

#[async_trait]
impl FileStore for LocalFiles {
    async fn put(&self, id: &str, temporary: &Path) -> io::Result<()> {
        let (place, copy, temporary) = (self.place(id)?, self.copy(id)?, temporary.to_owned());
        blocking(move || {
            if let Some(copy) = copy {
                write_anew(&temporary, &copy)?;
            }
            let folder = place.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            File::open(&temporary)?.sync_all()?;
            fs::rename(&temporary, &place)?;
            // The names of the file and of the two folders above it must be on disk too.
            folder.ancestors().take(3).try_for_each(sync_folder)
        })
        .await
    }

    async fn open(&self, id: &str) -> io::Result<Content> {
        let file = tokio::fs::File::open(self.place(id)?).await?;
        let size = file.metadata().await?.len();
        Ok((size, Box::new(file)))
    }

    async fn delete(&self, id: &str) -> io::Result<()> {
        let places = [Some(self.place(id)?), self.copy(id)?];
        blocking(move || places.iter().flatten().try_for_each(|place| remove(place))).await
    }

    async fn restore(&self, id: &str, sm3: &str) -> io::Result<bool> {
        let (place, copy, sm3) = (self.place(id)?, self.copy(id)?, sm3.to_owned());
        blocking(move || {
            let Some(copy) = copy else { return Ok(false) };
            match fs::read(&copy) {
                Ok(bytes) if hex::encode(Sm3::digest(&bytes)) == sm3 => {}
                Ok(_) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            }
            write_anew(&copy, &place).map(|()| true)
        })
        .await
    }
}

/// Copies a file to another place; whoever reads there finds the old one or the new one, never half of it.
fn write_anew(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut File::open(from)?, &mut new)?;
    new.as_file().sync_all()?;
    new.persist(to)?;
    folder.ancestors().take(3).try_for_each(sync_folder)
}

fn remove(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Ok(()) => place.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
