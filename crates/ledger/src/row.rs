//! A row that was read, whichever way it was read.

use rusqlite::types::Value as Sqlite;

use crate::{LedgerError, Result};

/// A row of a query.
#[derive(Debug)]
pub struct QueryResult(Way);

#[derive(Debug)]
enum Way {
    /// Through a pool of SeaORM.
    Pool(sea_orm::QueryResult),
    /// From SQLite itself: columns by name, in order.
    Direct(Vec<(String, Sqlite)>),
}

impl From<sea_orm::QueryResult> for QueryResult {
    fn from(row: sea_orm::QueryResult) -> Self {
        Self(Way::Pool(row))
    }
}

impl QueryResult {
    pub(crate) fn direct(columns: Vec<(String, Sqlite)>) -> Self {
        Self(Way::Direct(columns))
    }

    /// The column of that name; `prefix` stands before it in queries of several tables.
    ///
    /// # Errors
    /// When there is none, or it holds another type.
    pub fn try_get<T: Column>(&self, prefix: &str, column: &str) -> Result<T> {
        match &self.0 {
            Way::Pool(row) => Ok(row.try_get(prefix, column)?),
            Way::Direct(columns) => {
                let wanted = |name: &str| name.strip_prefix(prefix) == Some(column);
                let value = columns.iter().find(|(name, _)| wanted(name)).map(|(_, value)| value);
                value.and_then(T::read).ok_or_else(|| unreadable(column))
            }
        }
    }

    /// The column at that place, from 0.
    ///
    /// # Errors
    /// As [`QueryResult::try_get`].
    pub fn try_get_by<T: Column>(&self, place: usize) -> Result<T> {
        match &self.0 {
            Way::Pool(row) => Ok(row.try_get_by(place)?),
            Way::Direct(columns) => {
                columns.get(place).and_then(|(_, value)| T::read(value)).ok_or_else(|| unreadable(&place.to_string()))
            }
        }
    }
}

fn unreadable(column: &str) -> LedgerError {
    LedgerError::broken("", 0, format!("column {column} is not there, or of another type"))
}

/// A type a column can be read as.
pub trait Column: sea_orm::TryGetable {
    /// Reads what SQLite holds; `None` when it is of another type.
    fn read(value: &Sqlite) -> Option<Self>;
}

impl Column for i64 {
    fn read(value: &Sqlite) -> Option<Self> {
        if let Sqlite::Integer(n) = value { Some(*n) } else { None }
    }
}

impl Column for f64 {
    fn read(value: &Sqlite) -> Option<Self> {
        if let Sqlite::Real(n) = value { Some(*n) } else { None }
    }
}

impl Column for String {
    fn read(value: &Sqlite) -> Option<Self> {
        if let Sqlite::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn read(value: &Sqlite) -> Option<Self> {
        if let Sqlite::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: &Sqlite) -> Option<Self> {
        if matches!(value, Sqlite::Null) { Some(None) } else { T::read(value).map(Some) }
    }
}
