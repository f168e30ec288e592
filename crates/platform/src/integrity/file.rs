//! Stored files: the SM3 of the bytes as they lie, and the second copy they are written anew from.

use super::{Checked, Found, table::Table};
use crate::{Failure, Platform, upload::FilePart};
use ledger::{Unit, Value};
use sm3::{Digest, Sm3};
use tokio::io::AsyncReadExt;

/// Rows looked at together.
const PAGE: i64 = 200;
/// What a stored file is called.
const FILE: &str = "文件";

/// How a stored file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    /// As it was written.
    Right,
    /// Not so, and written anew from the second copy.
    Mended(&'static str),
    /// Not so, and there is no good copy.
    Lost(&'static str),
}

impl Platform {
    /// SM3 of a stored file's bytes; `None` when there is no such file.
    pub(crate) async fn stored_sm3(&self, place: &str) -> Result<Option<String>, Failure> {
        let mut content = match self.files.open(place).await {
            Ok((_, content)) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::fault(error)),
        };
        let (mut hash, mut piece) = (Sm3::new(), vec![0; 64 * 1024]);
        loop {
            let read = content.read(&mut piece).await.map_err(Failure::fault)?;
            match piece.get(..read) {
                Some([]) | None => return Ok(Some(hex::encode(hash.finalize()))),
                Some(bytes) => hash.update(bytes),
            }
        }
    }

    /// Compares a stored file with its hash and writes it anew from the second copy where it differs.
    pub(crate) async fn mend_file(&self, place: &str, sm3: &str) -> Result<Lies, Failure> {
        let what = match self.stored_sm3(place).await? {
            Some(lies) if lies == sm3 => return Ok(Lies::Right),
            Some(_) => "forged",
            None => "missing",
        };
        let mended = self.files.restore(place, sm3).await.map_err(Failure::fault)?;
        Ok(if mended { Lies::Mended(what) } else { Lies::Lost(what) })
    }

    /// Every stored file.
    pub(super) async fn check_files(&self) -> Result<Checked, Failure> {
        let (mut all, mut after) = (Checked::default(), String::new());
        loop {
            let sql = "SELECT id, place, sm3, preview_sm3 FROM object_keys WHERE id > $1 ORDER BY id LIMIT $2";
            let page = self.store.query(sql, [after.clone().into(), PAGE.into()]).await.map_err(Failure::fault)?;
            let Some(last) = page.last() else { return Ok(all) };
            let text = |row: &ledger::QueryResult, column| row.try_get::<String>("", column).map_err(Failure::fault);
            after = text(last, "id")?;
            for row in &page {
                let (id, place) = (text(row, "id")?, text(row, "place")?);
                for (part, sm3) in
                    [(FilePart::Content, text(row, "sm3")?), (FilePart::Preview, text(row, "preview_sm3")?)]
                {
                    if !sm3.is_empty() {
                        all.add(self.check_file(&id, &part.place(&place), &sm3).await?);
                    }
                }
            }
        }
    }

    /// The row of an object's key and one part of its file, because it does not open. How much was restored.
    pub(crate) async fn mend_object(&self, id: &str, part: FilePart) -> Result<u64, Failure> {
        let Some(table) = super::table::table("object_keys") else { return Ok(0) };
        let row = self.mend_kept(table, &[id.into()]).await?;
        let sql = "SELECT place, sm3, preview_sm3 FROM object_keys WHERE id = $1";
        let Some(stored) = self.store.query_one(sql, [id.into()]).await.map_err(Failure::fault)? else { return Ok(0) };
        let text = |column| stored.try_get::<String>("", column).map_err(Failure::fault);
        let sm3 = text(match part {
            FilePart::Content => "sm3",
            FilePart::Preview => "preview_sm3",
        })?;
        let file = self.check_file(id, &part.place(&text("place")?), &sm3).await?;
        Ok(row.mended + file.mended)
    }

    /// One part of a stored file; what was found is reported.
    pub(crate) async fn check_file(&self, id: &str, place: &str, sm3: &str) -> Result<Checked, Failure> {
        let (what, mended) = match self.mend_file(place, sm3).await? {
            Lies::Right => return Ok(Checked::default()),
            Lies::Mended(what) => (what, true),
            Lies::Lost(what) => (what, false),
        };
        // Taken away meanwhile, with its key.
        let known = "SELECT 1 AS one FROM object_keys WHERE id = $1";
        if self.store.query_one(known, [id.into()]).await.map_err(Failure::fault)?.is_none() {
            return Ok(Checked::default());
        }
        let name = self.name_of_row(super::table::FILE_NAME, &[id.into()]).await?;
        let mut unit = Unit::new();
        self.report(&mut unit, Found { place: FILE, what, key: place.to_owned(), name, mended }).await?;
        self.store.commit(unit).await.map_err(crate::stream::refused)?;
        Ok(Checked { mended: u64::from(mended), lost: u64::from(!mended) })
    }

    /// The values of a row of before, with the hashes of its files as they lie.
    pub(super) async fn with_hashes(&self, table: &Table, mut values: Vec<Value>) -> Result<Vec<Value>, Failure> {
        if table.guard != "object_keys" {
            return Ok(values);
        }
        let Some(Value::String(Some(place))) = values.get(1).cloned() else { return Ok(values) };
        for (at, part) in [(3, FilePart::Content), (4, FilePart::Preview)] {
            if let Some(value) = values.get_mut(at) {
                *value = self.stored_sm3(&part.place(&place)).await?.unwrap_or_default().into();
            }
        }
        Ok(values)
    }
}
