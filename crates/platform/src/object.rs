//! Stored files (S-27): each sealed under a data key of its own, the key wrapped by the master key. Whoever destroys the key destroys
//! the file, also in every copy of the disk.

use crate::{
    Action, Call, Failure, Object, Platform, permission,
    stream::refused,
    upload::{FilePart, Opened, SealedFile, SealedWriter},
};
use domain::hidden::Hidden;
use ledger::{DataKey, QueryResult, Row, Unit};

/// Version a wrapped key is bound to: a key is never changed.
const VERSION: i64 = 1;
/// Name of the wrapped key.
const KEY: &str = "data_key";

fn text(row: &QueryResult, column: &str) -> Result<String, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

impl Platform {
    /// A key for one file.
    pub(crate) fn data_key(&self) -> DataKey {
        DataKey(self.chance.id())
    }

    /// Wraps a key for the object it belongs to; for another one it does not open.
    pub(crate) fn wrap_key(&self, object: &str, key: &DataKey) -> Result<String, Failure> {
        self.seal_column(&format!("object:{object}"), VERSION, KEY, hex::encode(key.0))
    }

    /// Unwraps it.
    pub(crate) fn unwrap_key(&self, object: &str, wrapped: &str) -> Result<DataKey, Failure> {
        let opened = Hidden::new(self.open_column(&format!("object:{object}"), VERSION, KEY, wrapped)?);
        let mut key = DataKey([0; 16]);
        hex::decode_to_slice(&*opened, &mut key.0).map_err(Failure::fault)?;
        Ok(key)
    }

    /// Moves a sealed file to its place. Gives the row of its key, to be written with whatever refers to the object.
    pub(crate) async fn keep_object(
        &self,
        id: &str,
        content: &SealedFile,
        preview: Option<&SealedFile>,
    ) -> Result<[Row; 2], Failure> {
        self.put_object(id, content, preview).await?;
        self.key_rows(id, id, self.wrap_key(id, content.key())?, (content, preview))
    }

    /// Moves a sealed file to its place.
    pub(crate) async fn put_object(
        &self,
        place: &str,
        content: &SealedFile,
        preview: Option<&SealedFile>,
    ) -> Result<(), Failure> {
        self.files.put(&FilePart::Content.place(place), content.path()).await.map_err(Failure::fault)?;
        if let Some(preview) = preview {
            self.files.put(&FilePart::Preview.place(place), preview.path()).await.map_err(Failure::fault)?;
        }
        Ok(())
    }

    /// The row of an object's key, with the hashes of what was stored, and its copy.
    pub(crate) fn key_rows(
        &self,
        id: &str,
        place: &str,
        wrapped: String,
        (content, preview): (&SealedFile, Option<&SealedFile>),
    ) -> Result<[Row; 2], Failure> {
        let preview = preview.map(|preview| preview.sm3().to_owned()).unwrap_or_default();
        self.key_rows_of(id, place, wrapped, (content.sm3().to_owned(), preview))
    }

    /// The same, of what lies in its place already.
    pub(crate) fn key_rows_of(
        &self,
        id: &str,
        place: &str,
        wrapped: String,
        (sm3, preview_sm3): (String, String),
    ) -> Result<[Row; 2], Failure> {
        let at = self.clock.now().0.into();
        let values = vec![id.into(), place.into(), wrapped.into(), sm3.into(), preview_sm3.into(), at];
        self.kept_rows("object_keys", values)
    }

    /// A part of a stored object. What came before objects were sealed is read as it lies.
    pub(crate) async fn object(&self, id: &str, part: FilePart) -> Result<Vec<u8>, Failure> {
        let row = self
            .store
            .query_one("SELECT place, sealed, sm3, preview_sm3 FROM object_keys WHERE id = $1", [id.into()])
            .await
            .map_err(Failure::fault)?;
        let Some(row) = row else { return self.clear_object(&part.place(id)).await };
        let place = part.place(&text(&row, "place")?);
        let key = self.unwrap_key(id, &text(&row, "sealed")?);
        match self.open_object(&place, key, part).await {
            Ok(content) => Ok(content),
            // Not as it was stored: its key and its file are looked at, and read once more when they could be restored.
            Err(failure) => {
                if self.mend_object(id, part).await? == 0 {
                    return Err(failure);
                }
                let row = self
                    .store
                    .query_one("SELECT place, sealed FROM object_keys WHERE id = $1", [id.into()])
                    .await
                    .map_err(Failure::fault)?
                    .ok_or(Failure::NotThere)?;
                let key = self.unwrap_key(id, &text(&row, "sealed")?);
                self.open_object(&part.place(&text(&row, "place")?), key, part).await
            }
        }
    }

    /// A file that came before files were sealed. A sealed one without its key is nothing any more.
    async fn clear_object(&self, place: &str) -> Result<Vec<u8>, Failure> {
        let bytes = self.files.get(place).await.map_err(Failure::fault)?;
        if SealedFile::is_one(&bytes) { Err(Failure::NotThere) } else { Ok(bytes) }
    }

    async fn open_object(
        &self,
        place: &str,
        key: Result<DataKey, Failure>,
        part: FilePart,
    ) -> Result<Vec<u8>, Failure> {
        let key = key?;
        let (_, reader) = self.files.open(place).await.map_err(Failure::fault)?;
        let opened = Opened::new(reader, &key, part).await.map_err(Failure::fault)?;
        opened.read_all().await.map_err(Failure::fault)
    }

    /// A stored object's content, to be read piece by piece.
    pub(crate) async fn opened(&self, id: &str) -> Result<Opened, Failure> {
        let (place, key) = self.object_key(id).await?;
        let (_, reader) = self.files.open(&FilePart::Content.place(&place)).await.map_err(Failure::fault)?;
        Opened::new(reader, &key, FilePart::Content).await.map_err(Failure::fault)
    }

    /// Where an object lies, and its key.
    pub(crate) async fn object_key(&self, id: &str) -> Result<(String, DataKey), Failure> {
        let row = self.store.query_one("SELECT place, sealed FROM object_keys WHERE id = $1", [id.into()]).await;
        let row = row.map_err(Failure::fault)?.ok_or_else(|| Failure::fault("a stored object has no key"))?;
        Ok((text(&row, "place")?, self.unwrap_key(id, &text(&row, "sealed")?)?))
    }

    /// The rows of a key that was kept apart while its content was held: the file lies in its place already.
    pub(crate) async fn released_key(&self, id: &str, wrapped: String) -> Result<[Row; 2], Failure> {
        let content = self.stored_sm3(&FilePart::Content.place(id)).await?.unwrap_or_default();
        let preview = self.stored_sm3(&FilePart::Preview.place(id)).await?.unwrap_or_default();
        self.key_rows_of(id, id, wrapped, (content, preview))
    }

    /// Removes everything of an object that lies in the store.
    pub(crate) async fn delete_object(&self, place: &str) -> Result<(), Failure> {
        for part in [FilePart::Content, FilePart::Preview] {
            self.files.delete(&part.place(place)).await.map_err(Failure::fault)?;
        }
        Ok(())
    }

    /// What destroys an object's key with its copy, in the commit that takes the object away, and remembers its file until it is gone. Gives
    /// its place, too.
    pub(crate) async fn removal_rows(&self, id: &str) -> Result<(String, [Row; 3]), Failure> {
        let sql = "SELECT place FROM object_keys WHERE id = $1";
        let row = self.store.query_one(sql, [id.into()]).await.map_err(Failure::fault)?;
        let place = row.map_or(Ok(id.to_owned()), |row| text(&row, "place"))?;
        let remember = "INSERT INTO removed_objects(place, at) VALUES($1, $2) ON CONFLICT(place) DO NOTHING";
        let rows = [
            Row::new(remember, [place.clone().into(), self.clock.now().0.into()]),
            Row::new("DELETE FROM object_keys WHERE id = $1", [id.into()]),
            Self::copy_ends("object_keys", id),
        ];
        Ok((place, rows))
    }

    /// Deletes a file whose key was destroyed; what cannot be deleted now is the next sweep's.
    pub(crate) async fn finish_removal(&self, place: &str) {
        if let Err(failure) = self.remove_now(place).await {
            tracing::warn!(place, error = %failure, "a file whose key was destroyed is not deleted yet");
        }
    }

    async fn remove_now(&self, place: &str) -> Result<(), Failure> {
        self.delete_object(place).await?;
        let mut unit = Unit::new();
        unit.row(Row::new("DELETE FROM removed_objects WHERE place = $1", [place.into()]));
        self.store.commit(unit).await.map_err(refused)
    }

    /// Deletes files whose key was destroyed before the machine stopped, and lets the database forget the keys. Gives how many.
    pub async fn finish_removals(&self, call: &Call, limit: u64) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepFiles, Object::default(), self.rules.regions)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT place FROM removed_objects ORDER BY at, place LIMIT $1";
        let rows = self.store.query(sql, [limit.into()]).await.map_err(Failure::fault)?;
        for row in &rows {
            self.remove_now(&text(row, "place")?).await?;
        }
        Ok(rows.len() as u64)
    }

    /// Seals files that were stored in the clear before this existed, at most so many. Gives how many. Held files and those that wait to
    /// be read have their keys elsewhere: they are sealed already.
    pub async fn seal_old_files(&self, call: &Call, limit: u64) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepFiles, Object::default(), self.rules.regions)?;
        let rows = self
            .store
            .query(
                "SELECT id, preview FROM (SELECT id, preview FROM attachments WHERE state <> 'sealed' \
                 AND NOT EXISTS(SELECT 1 FROM file_checks c WHERE c.file_id = attachments.id) \
                 UNION ALL SELECT id, preview FROM guide_files) AS files \
                 WHERE NOT EXISTS(SELECT 1 FROM object_keys k WHERE k.id = files.id) ORDER BY id LIMIT $1",
                [i64::try_from(limit).unwrap_or(i64::MAX).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut sealed = 0;
        for row in &rows {
            let preview = row.try_get::<i64>("", "preview").map_err(Failure::fault)? != 0;
            sealed += u64::from(self.seal_old_file(&text(row, "id")?, preview).await?);
        }
        Ok(sealed)
    }

    /// Seals one. The sealed content gets a place of its own, so that at any moment either the old file is read or the new one.
    async fn seal_old_file(&self, id: &str, preview: bool) -> Result<bool, Failure> {
        let (key, mut salt) = (self.data_key(), [0; 4]);
        self.chance.fill(&mut salt);
        let place = format!("{id}-{}", hex::encode(salt));
        let wrapped = self.wrap_key(id, &key)?;
        let rows = match self.sealed_copy(id, FilePart::Content, &key).await? {
            Some(content) => {
                let preview = if preview { self.sealed_copy(id, FilePart::Preview, &key).await? } else { None };
                self.put_object(&place, &content, preview.as_ref()).await?;
                self.key_rows(id, &place, wrapped, (&content, preview.as_ref()))?
            }
            None => self.key_rows_of(id, &place, wrapped, Default::default())?,
        };
        let mut unit = Unit::new();
        // Refused when another node was faster.
        unit.row(Row::new("INSERT INTO object_keys(id, place, sealed, at) VALUES($1, '', '', 0)", [id.into()]));
        for row in rows {
            unit.row(row);
        }
        match self.store.commit(unit).await {
            Ok(_) => self.delete_object(id).await.map(|()| true),
            // Another node was faster.
            Err(ledger::Refused::Taken(_)) => self.delete_object(&place).await.map(|()| false),
            Err(other) => Err(refused(other)),
        }
    }

    /// A sealed copy of what lies in the clear; `None` when nothing does.
    async fn sealed_copy(&self, id: &str, part: FilePart, key: &DataKey) -> Result<Option<SealedFile>, Failure> {
        let plain = match self.files.get(&part.place(id)).await {
            Ok(plain) => plain,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::fault(error)),
        };
        let writer = SealedWriter::create(&self.settings.temp, key.clone(), part).await;
        let mut writer = writer.map_err(Failure::fault)?;
        writer.write(&plain).await.map_err(Failure::fault)?;
        writer.finish().await.map(Some).map_err(Failure::fault)
    }
}
