//! An empty database of either engine, gone when the test is over.

use ledger::{Durability, Store};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

/// An empty database.
#[derive(Debug)]
pub struct Database {
    url: String,
    folder: TempDir,
    server: Option<String>,
}

#[expect(clippy::disallowed_methods, reason = "tests on PostgreSQL are switched on from outside")]
fn server() -> Option<String> {
    std::env::var("TZXM_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Database {
    /// A file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("tzxm.db").display()), folder, server: None }
    }

    /// A file in a folder of its own below `parent`: the benchmark chooses the medium.
    pub fn sqlite_below(parent: &std::path::Path) -> Self {
        let folder = tempfile::tempdir_in(parent).unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("tzxm.db").display()), folder, server: None }
    }

    /// A SQLite file another process made, to be opened once more; it stays when the test is over.
    pub fn existing(file: &std::path::Path) -> Self {
        Self { url: format!("sqlite:{}", file.display()), folder: tempfile::tempdir().unwrap(), server: None }
    }

    /// As many empty databases as there are engines here.
    pub async fn every() -> Vec<Self> {
        [Some(Self::sqlite()), Self::postgres().await].into_iter().flatten().collect()
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> Option<std::path::PathBuf> {
        self.url.strip_prefix("sqlite:").map(std::path::PathBuf::from)
    }

    /// A database of its own on the test server; `None` without one.
    pub async fn postgres() -> Option<Self> {
        let server = server()?;
        let folder = tempfile::tempdir().unwrap();
        // The folder's random name is as good for a database.
        let name = folder.path().file_name().unwrap().to_string_lossy().to_lowercase().replace('.', "t");
        let name = format!("{name}_{}", std::process::id());
        execute(&server, &format!("CREATE DATABASE \"{name}\"")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{base}/{name}"), folder, server: Some(server) })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder that goes with it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Opens it as a ledger.
    pub async fn open(&self, durability: Durability) -> Store {
        Store::open(&self.url, durability).await.unwrap()
    }

    /// Every text value of every table, as a person with the database file would find it.
    pub async fn dump(&self, tables: &[&str]) -> String {
        let db = sea_orm::Database::connect(&self.url).await.unwrap();
        let mut text = String::new();
        for table in tables {
            let sql = match db.get_database_backend() {
                sea_orm::DbBackend::Sqlite => {
                    let columns = rows(&db, &format!("SELECT name AS c FROM pragma_table_info('{table}')")).await;
                    let columns: Vec<_> = columns.iter().map(|c| format!("quote(\"{c}\")")).collect();
                    format!("SELECT {} AS c FROM \"{table}\"", columns.join(" || ',' || "))
                }
                _ => format!("SELECT t::text AS c FROM \"{table}\" t"),
            };
            let mut lines = rows(&db, &sql).await;
            lines.sort();
            text.push_str(&format!("== {table}\n{}\n", lines.join("\n")));
        }
        db.close().await.unwrap();
        text
    }

    /// Runs SQL past the ledger, as somebody with the owner's password could.
    pub async fn tamper(&self, statements: &[&str]) {
        for sql in statements {
            execute(&self.url, sql).await;
        }
    }

    /// Removes it.
    pub async fn remove(self) {
        if let Some(server) = &self.server {
            let (_, name) = self.url.rsplit_once('/').unwrap();
            execute(server, &format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await;
        }
    }
}

async fn execute(url: &str, sql: &str) {
    let db = sea_orm::Database::connect(url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the test looks past the ledger, as a thief of the file would")]
async fn rows(db: &sea_orm::DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "c").unwrap()).collect()
}
