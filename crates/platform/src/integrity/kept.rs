//! Rows that follow from no event (credentials, keys of files): each has a sealed copy beside it, written in the same commit, and is
//! written anew from there.

use super::{
    Checked, Found, TABLES, in_words,
    table::{Table, table},
};
use crate::{
    Failure, Platform,
    stream::{refused, stream_id},
};
use domain::{account::Account, ids::AccountId};
use ledger::{Row, Unit, Value};

/// Copies looked at together.
const PAGE: i64 = 200;
/// Version and name a copy is sealed under.
const VERSION: i64 = 1;
const NAME: &str = "row";

fn copy_id(table: &Table, key: &[Value]) -> String {
    format!("{}:{}", table.guard, in_words(key))
}

/// Values as JSON, and back.
fn to_json(values: &[Value]) -> String {
    let json = values.iter().map(|value| match value {
        Value::BigInt(Some(number)) => (*number).into(),
        Value::String(Some(text)) => serde_json::Value::String(text.to_string()),
        _ => serde_json::Value::Null,
    });
    serde_json::Value::Array(json.collect()).to_string()
}

fn from_json(json: &[u8]) -> Option<Vec<Value>> {
    let values: Vec<serde_json::Value> = serde_json::from_slice(json).ok()?;
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(Value::from(text.as_str())),
        serde_json::Value::Number(number) => number.as_i64().map(Value::from),
        _ => None,
    };
    values.iter().map(value).collect()
}

impl Platform {
    /// A row that follows from no event, with its sealed copy.
    pub(crate) fn kept_rows(&self, guard: &'static str, values: Vec<Value>) -> Result<[Row; 2], Failure> {
        let table = table(guard).ok_or_else(|| Failure::fault("not such a table"))?;
        let id = copy_id(table, table.key_of(&values));
        let sealed = self.seal_column(&format!("copy:{id}"), VERSION, NAME, to_json(&values))?;
        let copy = Row::new(
            "INSERT INTO row_copies(id, sealed) VALUES($1, $2) ON CONFLICT(id) DO UPDATE SET sealed = excluded.sealed",
            [id.into(), sealed.into()],
        );
        Ok([Row::guarded(guard, table.again, values).keyed(&self.sealer), copy])
    }

    /// Takes the copy of a row away with it.
    pub(crate) fn copy_ends(guard: &str, key: &str) -> Row {
        Row::new("DELETE FROM row_copies WHERE id = $1", [format!("{guard}:{key}").into()])
    }

    /// The copy as it lies, and its values when it opens.
    async fn copy(&self, table: &Table, key: &[Value]) -> Result<Option<(String, Option<Vec<Value>>)>, Failure> {
        let id = copy_id(table, key);
        let sql = "SELECT sealed FROM row_copies WHERE id = $1";
        let row = self.store.query_one(sql, [id.clone().into()]).await.map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let sealed: String = row.try_get("", "sealed").map_err(Failure::fault)?;
        let opened = self.open_column(&format!("copy:{id}"), VERSION, NAME, &sealed).ok();
        let values = opened.as_deref().and_then(from_json).filter(|values| table.key_of(values) == key);
        Ok(Some((sealed, values)))
    }

    /// Compares a row with its copy: the row is written anew from the copy, or a copy that is none from the row.
    pub(crate) async fn mend_kept(&self, table: &'static Table, key: &[Value]) -> Result<Checked, Failure> {
        let row = self.store.query_one(table.one, key.iter().cloned()).await.map_err(Failure::fault)?;
        let stands = row.map(|row| table.read(&row)).transpose()?;
        let copy = self.copy(table, key).await?;
        let proved = stands.as_ref().filter(|row| self.sealer.made(table.guard, &row.values, &row.mac));
        let what = match (proved, &stands) {
            (Some(_), _) => "differs",
            (_, Some(_)) => "forged",
            _ => "missing",
        };
        let name = self.name_of_row(table.name, key).await?;
        let said = |place, what, mended| Found { place, what, key: in_words(key), name, mended };
        let mut unit = Unit::new();
        match (copy, proved) {
            (Some((_, Some(values))), Some(row)) if values == row.values => return Ok(Checked::default()),
            (Some((sealed, Some(values))), _) => {
                // Not over a row and a copy that were written meanwhile.
                unit.exactly_one(Row::new(
                    "UPDATE row_copies SET sealed = sealed WHERE id = $1 AND sealed = $2",
                    [copy_id(table, key).into(), sealed.into()],
                ));
                unit.row(Row::guarded(table.guard, table.again, values).keyed(&self.sealer));
                self.report(&mut unit, said(table.words, what, true)).await?;
            }
            (_, Some(row)) => {
                unit.exactly_one(Row::new(table.hold, key.iter().cloned().chain([row.mac.clone().into()])));
                for row in self.kept_rows(table.guard, row.values.clone())? {
                    unit.row(row);
                }
                self.report(&mut unit, said("备份行", "forged", true)).await?;
            }
            // Nobody of ours wrote it: a credential of nobody is taken away, then a new one may be given.
            (None, None) if table.guard == "credentials" && stands.is_some() => {
                unit.row(Row::new(table.delete, key.iter().cloned()));
                self.report(&mut unit, said(table.words, "orphan", true)).await?;
            }
            // Taken away in the meantime.
            (None, None) if stands.is_none() => return Ok(Checked::default()),
            _ => {
                self.report_lost(said(table.words, what, false)).await?;
                return Ok(Checked { mended: 0, lost: 1 });
            }
        }
        match self.store.commit(unit).await {
            Err(ledger::Refused::Conflict) => Ok(Checked::default()),
            other => other.map_err(refused).map(|()| Checked { mended: 1, lost: 0 }),
        }
    }

    /// The rows a sign-in stands on.
    pub(crate) async fn mend_account(&self, account: &AccountId) -> Result<(), Failure> {
        self.mend_stream(&stream_id::<Account>(account.as_str())).await?;
        if let Some(table) = table("credentials") {
            self.mend_kept(table, &[account.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Copies whose row is gone.
    pub(super) async fn check_copies(&self) -> Result<Checked, Failure> {
        let (mut all, mut after) = (Checked::default(), String::new());
        loop {
            let sql = "SELECT id FROM row_copies WHERE id > $1 ORDER BY id LIMIT $2";
            let page = self.store.query(sql, [after.clone().into(), PAGE.into()]).await.map_err(Failure::fault)?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.try_get("", "id").map_err(Failure::fault)?;
            for row in &page {
                let id: String = row.try_get("", "id").map_err(Failure::fault)?;
                let known = id.split_once(':').and_then(|(guard, key)| Some((table(guard)?, key)));
                if let Some((table, key)) = known.filter(|(table, _)| !table.follows_from_events()) {
                    let row = self.store.query_one(table.one, [key.into()]).await.map_err(Failure::fault)?;
                    if row.is_none() {
                        all.add(self.mend_kept(table, &[key.into()]).await?);
                    }
                }
            }
        }
    }

    /// Gives rows of before their check values and copies, as they stand; files get their hashes.
    pub(super) async fn begin_kept_rows(&self) -> Result<(), Failure> {
        for table in TABLES.iter().filter(|table| !table.follows_from_events()) {
            let mut after = String::new();
            loop {
                let values = [after.clone().into(), PAGE.into()];
                let page = self.store.query(table.page, values).await.map_err(Failure::fault)?;
                let Some(last) = page.last() else { break };
                after = last.try_get("", "after_id").map_err(Failure::fault)?;
                for row in &page {
                    let stands = table.read(row)?;
                    if stands.mac.is_empty() {
                        let values = self.with_hashes(table, stands.values).await?;
                        let mut unit = Unit::new();
                        for row in self.kept_rows(table.guard, values)? {
                            unit.row(row);
                        }
                        self.store.commit(unit).await.map_err(refused)?;
                    }
                }
            }
        }
        Ok(())
    }
}
