//! Where files stay: a port, and the local disk. A file's place is its random id; its name is only a label elsewhere (U-08).

use async_trait::async_trait;
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
        Ok(Self { root: root.to_owned() })
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
        let (place, temporary) = (self.place(id)?, temporary.to_owned());
        blocking(move || {
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
        let place = self.place(id)?;
        blocking(move || match fs::remove_file(&place) {
            Ok(()) => place.parent().map_or(Ok(()), sync_folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
