//! Data keys of sealed content: one small file each, in a folder that belongs in no backup. Who destroys the file destroys the content,
//! also in every backup of database and files (K-09).

use domain::ids::HoldId;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// What only the key's file knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeldKey {
    /// The data key, wrapped.
    pub key: String,
    /// The file's name, sealed.
    pub name: String,
}

impl HeldKey {
    /// By which a copy of the key could be recognised.
    pub fn digest(&self) -> String {
        use sm3::{Digest, Sm3};
        hex::encode(Sm3::digest(self.key.as_bytes()))
    }
}

/// Writes a new key; it survives a power cut.
pub(crate) async fn write(folder: &Path, id: &HoldId, key: &HeldKey) -> io::Result<()> {
    let (folder, place, text) = (folder.to_owned(), place(folder, id), serde_json::to_vec(key)?);
    blocking(move || {
        fs::create_dir_all(&folder)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place)?;
        file.write_all(&text)?;
        file.sync_all()?;
        File::open(&folder)?.sync_all()
    })
    .await
}

/// Reads a key; `None` when it is gone.
pub(crate) async fn read(folder: &Path, id: &HoldId) -> io::Result<Option<HeldKey>> {
    let place = place(folder, id);
    blocking(move || match fs::read(place) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })
    .await
}

/// Writes over the key, then removes it. None there is no error.
pub(crate) async fn destroy(folder: &Path, id: &HoldId) -> io::Result<()> {
    let (folder, place) = (folder.to_owned(), place(folder, id));
    blocking(move || {
        let mut file = match OpenOptions::new().write(true).open(&place) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        file.write_all(&vec![0; size])?;
        file.sync_all()?;
        fs::remove_file(&place)?;
        File::open(&folder)?.sync_all()
    })
    .await
}

fn place(folder: &Path, id: &HoldId) -> PathBuf {
    folder.join(format!("{id}.key"))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
