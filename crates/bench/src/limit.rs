//! The limit: the very statements of a life, through prepared rusqlite, one writer thread, group commit, the same settings.

use ledger::{Durability, Store, TracedUnit, Value};
use rusqlite::{Connection, types::Value as Sql};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

/// Units that share one commit at most, as in the product.
const GROUP: usize = 256;

/// One statement, its values in the order of the text's placeholders.
type Statement = (&'static str, Vec<Sql>);
type Job = (Vec<Statement>, oneshot::Sender<()>);

/// A database with the product's schema and nothing else of it.
pub struct Limit {
    path: PathBuf,
    _folder: TempDir,
    number: AtomicU64,
}

impl Limit {
    /// Makes the schema with the product's own migrations.
    pub async fn open(folder: &Path) -> Self {
        let folder = tempfile::tempdir_in(folder).unwrap_or_else(|e| panic!("folder: {e}"));
        let path = folder.path().join("limit.db");
        let url = format!("sqlite:{}", path.display());
        let store = Store::open(&url, Durability::Full).await.unwrap_or_else(|e| panic!("schema: {e}"));
        store.migrate("platform", platform::read::MIGRATIONS).await.unwrap_or_else(|e| panic!("schema: {e}"));
        store.close().await.unwrap_or_else(|e| panic!("schema: {e}"));
        Self { path, _folder: folder, number: AtomicU64::new(0) }
    }

    /// Seconds that `clients` need for `lives` each.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub async fn run(&self, sample: &[TracedUnit], clients: usize, lives: usize) -> f64 {
        // Everything is made before the clock starts: a limit does nothing but write.
        let mut work: Vec<Vec<Vec<Statement>>> = Vec::new();
        let names = names(sample);
        for _ in 0..clients {
            let mut units = Vec::new();
            for _ in 0..lives {
                let number = self.number.fetch_add(1, Ordering::Relaxed);
                units.extend(sample.iter().map(|unit| renamed(unit, &names, number)));
            }
            work.push(units);
        }
        let (send, receive) = mpsc::channel::<Job>(1024);
        let path = self.path.clone();
        let writer = std::thread::spawn(move || write(&path, receive));
        let send = Arc::new(send);
        let start = Instant::now();
        let tasks: Vec<_> = work
            .into_iter()
            .map(|units| {
                let send = send.clone();
                tokio::spawn(async move {
                    for unit in units {
                        let (done, wait) = oneshot::channel();
                        if send.send((unit, done)).await.is_err() || wait.await.is_err() {
                            panic!("the limit's writer stopped");
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap_or_else(|e| panic!("limit: {e}"));
        }
        let seconds = start.elapsed().as_secs_f64();
        drop(send);
        writer.join().unwrap_or_else(|_| panic!("the limit's writer failed"));
        seconds
    }
}

fn write(path: &Path, mut jobs: mpsc::Receiver<Job>) {
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; \
 PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;",
        )?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    let db = open().unwrap_or_else(|e| panic!("limit: {e}"));
    let mut batch = Vec::new();
    while jobs.blocking_recv_many(&mut batch, GROUP) > 0 {
        group(&db, &batch).unwrap_or_else(|e| panic!("limit: {e}"));
        for (_, done) in batch.drain(..) {
            let _ = done.send(());
        }
    }
}

fn group(db: &Connection, batch: &[Job]) -> rusqlite::Result<()> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    for (sql, values) in batch.iter().flat_map(|(unit, _)| unit) {
        let mut statement = db.prepare_cached(sql)?;
        for (number, value) in (1..).zip(values) {
            // Placeholders are names to SQLite: `$3` need not be the third.
            if let Some(index) = statement.parameter_index(&format!("${number}"))? {
                statement.raw_bind_parameter(index, value)?;
            }
        }
        statement.raw_execute()?;
    }
    db.execute_batch("COMMIT")
}

/// Texts of a life that must be unique: ids, the project code, document numbers.
fn names(sample: &[TracedUnit]) -> Vec<String> {
    let is_id = |text: &str| text.len() == 27 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let mut names = BTreeSet::new();
    for (sql, values) in sample.iter().flatten() {
        for (position, value) in values.iter().enumerate() {
            let Value::String(Some(text)) = value else { continue };
            let keyed = (sql.contains("INTO projects(") && position <= 1)
                || (sql.contains("INTO cases(") && position == 0)
                || (sql.contains("INTO documents(") && position == 0);
            if keyed && (is_id(text) || !text.is_ascii() || text.contains('-')) {
                names.insert(text.to_string());
            }
        }
    }
    names.into_iter().collect()
}

/// The unit of another life: each unique text with the life's number woven in, same length.
fn renamed(unit: &TracedUnit, names: &[String], number: u64) -> Vec<Statement> {
    let other: BTreeMap<&str, String> = names.iter().map(|name| (name.as_str(), weave(name, number))).collect();
    let text = |text: &str| other.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let blob = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        // Nonces of sealed values are unique.
        if bytes.len() == 12 {
            for (byte, extra) in bytes.iter_mut().zip(number.to_le_bytes()) {
                *byte ^= extra;
            }
        }
        bytes
    };
    unit.iter()
        .map(|(sql, values)| {
            let values = values.iter().map(|value| match value {
                Value::String(Some(s)) => Sql::Text(text(s)),
                Value::BigInt(Some(n)) => Sql::Integer(*n),
                Value::Bytes(Some(b)) => Sql::Blob(blob(b)),
                _ => Sql::Null,
            });
            (*sql, values.collect())
        })
        .collect()
}

/// Replaces the last seven ASCII letters or digits before the end by the number.
fn weave(name: &str, number: u64) -> String {
    let digits: Vec<char> = format!("{number:07}").chars().collect();
    let mut left = digits.len();
    let mut characters: Vec<char> = name.chars().collect();
    for character in characters.iter_mut().rev() {
        if left > 0 && character.is_ascii_alphanumeric() {
            left -= 1;
            *character = digits.get(left).copied().unwrap_or('0');
        }
    }
    characters.into_iter().collect()
}
