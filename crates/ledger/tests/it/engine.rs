//! A fresh database per test on either engine, and the small fold the tests use.

use ledger::{
    Backend, Durability, Event, Fact, Fold, LedgerError, Loaded, Migration, Refused, Row, Sealer, Secret, Store, Unit,
    Value,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// Declares each async test function once per engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = $crate::engine::Place::sqlite();
                super::$name(&place).await;
                place.remove().await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(place) = $crate::engine::Place::postgres().await else { return };
                super::$name(&place).await;
                place.remove().await;
            })+
        }
    };
}

/// An empty database.
pub struct Place {
    pub url: String,
    pub folder: tempfile::TempDir,
    server: Option<String>,
}

#[allow(clippy::disallowed_methods)]
fn server() -> Option<String> {
    std::env::var("TZXM_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("ledger.db").display()), folder, server: None }
    }

    pub async fn postgres() -> Option<Self> {
        let server = server()?;
        let folder = tempfile::tempdir().unwrap();
        // The folder's random name is as good for a database.
        let name: String = folder.path().file_name().unwrap().to_string_lossy().to_lowercase().replace('.', "t");
        let name = format!("{name}_{}", std::process::id());
        execute(&server, &format!("CREATE DATABASE \"{name}\"")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{base}/{name}"), folder, server: Some(server) })
    }

    /// As many empty databases as there are engines here.
    pub async fn all() -> Vec<Self> {
        [Some(Self::sqlite()), Self::postgres().await].into_iter().flatten().collect()
    }

    pub async fn open(&self) -> Store {
        let store = Store::open(&self.url, Durability::Full).await.unwrap();
        store.migrate("test", &TABLES).await.unwrap();
        store
    }

    /// A connection past the ledger, for tampering.
    pub async fn raw(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.unwrap()
    }

    pub async fn remove(self) {
        if let Some(server) = &self.server {
            let (_, name) = self.url.rsplit_once('/').unwrap();
            execute(server, &format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await;
        }
    }
}

async fn execute(url: &str, sql: &str) {
    let db = Database::connect(url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

/// Takes the append-only triggers out of the way.
pub const TRIGGERS_SQLITE: &str = "DROP TRIGGER IF EXISTS event_no_update; DROP TRIGGER IF EXISTS event_no_delete; \
     DROP TRIGGER IF EXISTS audit_entry_no_update; DROP TRIGGER IF EXISTS audit_entry_no_delete; \
     DROP TRIGGER IF EXISTS checkpoint_no_update; DROP TRIGGER IF EXISTS checkpoint_no_delete; \
     DROP TRIGGER IF EXISTS audit_archive_no_update; DROP TRIGGER IF EXISTS audit_archive_no_delete; DROP TRIGGER IF EXISTS audit_archive_fits; \
     DROP TRIGGER IF EXISTS chain_forward; DROP TRIGGER IF EXISTS chain_no_delete;";

/// Runs SQL with the append-only triggers out of the way, as someone with the owner's password could.
pub async fn tamper(place: &Place, store: &Store, sql: &str) {
    let db = place.raw().await;
    let drop = match store.backend() {
        Backend::Sqlite => TRIGGERS_SQLITE,
        Backend::Postgres => {
            "DROP TRIGGER IF EXISTS event_append_only ON event; DROP TRIGGER IF EXISTS audit_entry_append_only ON audit_entry; \
             DROP TRIGGER IF EXISTS checkpoint_append_only ON checkpoint; DROP TRIGGER IF EXISTS chain_forward ON chain; \
             DROP TRIGGER IF EXISTS audit_entry_no_delete ON audit_entry; DROP TRIGGER IF EXISTS audit_archive_append_only ON audit_archive; \
             DROP TRIGGER IF EXISTS audit_archive_fits ON audit_archive; DROP TRIGGER IF EXISTS chain_no_delete ON chain;"
        }
    };
    db.execute_unprepared(drop).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

const SCHEMA: &str = "CREATE TABLE thing(id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, total BIGINT NOT NULL);
     CREATE TABLE entry(stream TEXT NOT NULL, version BIGINT NOT NULL, total BIGINT NOT NULL, PRIMARY KEY(stream, version));";

pub const TABLES: [Migration; 1] = [Migration { version: 1, name: "things", sqlite: SCHEMA, postgres: SCHEMA }];

pub const ENTRY: &str = "INSERT INTO entry(stream, version, total) VALUES($1, $2, $3)";
pub const THING: &str = "INSERT INTO thing(id, code, total) VALUES($1, $2, 0)";

pub fn sealer() -> Sealer {
    Sealer::new("k1", *b"0123456789abcdef")
}

/// A stream of numbers; its state is their sum.
pub struct Sum;

impl Fold for Sum {
    fn fold(&self, state: Option<&str>, event: &Event) -> Result<String, LedgerError> {
        let n: i64 = event.data.parse().map_err(|_| LedgerError::Fold(format!("{:?} is no number", event.data)))?;
        let sum: i64 = state.unwrap_or("0").parse().map_err(|_| LedgerError::Fold("state".to_owned()))?;
        Ok((sum + n).to_string())
    }

    fn rows(&self, _: Option<&str>, event: &Event, after: &str) -> Result<Vec<Row>, LedgerError> {
        Ok(vec![entry(&event.stream, event.version, after)])
    }
}

pub fn entry(stream: &str, version: i64, total: &str) -> Row {
    Row::new(ENTRY, [stream.into(), version.into(), total.parse::<i64>().unwrap().into()])
}

pub fn fact(n: i64) -> Fact {
    Fact {
        kind: "Added".to_owned(),
        data: n.to_string(),
        at: 1_000 + n,
        recorded_at: 2_000 + n,
        actor: "王工".to_owned(),
        cause: format!("req-{n}"),
        sealed: vec![],
    }
}

/// A secret with salt and nonce made of a number the test keeps unique.
pub fn secret(name: &str, value: &str, unique: u64) -> Secret {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&unique.to_be_bytes());
    let mut salt = [7; 16];
    salt[..8].copy_from_slice(&unique.to_be_bytes());
    Secret { name: name.to_owned(), value: value.as_bytes().to_vec(), salt, nonce }
}

/// Appends numbers and their read rows to a unit.
pub fn add(unit: &mut Unit, loaded: &Loaded, numbers: &[i64]) -> Loaded {
    add_facts(unit, loaded, numbers.iter().copied().map(fact).collect())
}

pub fn add_facts(unit: &mut Unit, loaded: &Loaded, facts: Vec<Fact>) -> Loaded {
    let mut total: i64 = loaded.state.as_deref().unwrap_or("0").parse().unwrap();
    for (version, fact) in (loaded.version + 1..).zip(&facts) {
        total += fact.data.parse::<i64>().unwrap();
        unit.row(entry(&loaded.stream, version, &total.to_string()));
    }
    unit.append(loaded, facts, total.to_string(), &sealer()).unwrap()
}

/// Loads a stream, adds numbers to it and commits.
pub async fn put(store: &Store, stream: &str, numbers: &[i64]) -> Result<Loaded, Refused> {
    let mut unit = Unit::new();
    let after = add(&mut unit, &store.load(stream).await?, numbers);
    store.commit(unit).await.map(|()| after)
}

/// As [`put`] with a sealed field in its only event.
pub async fn put_secret(store: &Store, stream: &str, name: &str, value: &str, unique: u64) -> Loaded {
    let mut unit = Unit::new();
    let sealed = vec![secret(name, value, unique)];
    let after = add_facts(&mut unit, &store.load(stream).await.unwrap(), vec![Fact { sealed, ..fact(1) }]);
    store.commit(unit).await.unwrap();
    after
}

pub async fn count(store: &Store, sql: &'static str) -> i64 {
    store.query_one(sql, []).await.unwrap().unwrap().try_get_by(0).unwrap()
}

pub fn text(value: &str) -> Value {
    value.into()
}
