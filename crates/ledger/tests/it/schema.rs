//! Migrations, and history that cannot be changed.

use ledger::{AuditEntry, Backend, LedgerError, Migration, Unit};
use sea_orm::ConnectionTrait;

use crate::{
    engine::{Place, TABLES, add, count, put},
    on_both_engines,
};

on_both_engines!(
    s14_events_checkpoints_and_audit_records_cannot_be_updated_or_deleted,
    migrations_run_once,
    a_changed_migration_is_refused,
    a_newer_database_is_refused,
    a_failing_step_leaves_nothing,
    two_nodes_may_migrate_at_once,
);

async fn s14_events_checkpoints_and_audit_records_cannot_be_updated_or_deleted(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    store.checkpoint(1).await.unwrap();
    let mut unit = Unit::new();
    unit.audit(AuditEntry::default());
    store.commit(unit).await.unwrap();
    let db = place.raw().await;
    for sql in [
        "UPDATE audit_entry SET actor = 'x'",
        "UPDATE audit_entry SET actor = actor",
        "DELETE FROM audit_entry",
        "UPDATE event SET data = '2'",
        "UPDATE event SET kind = kind",
        "DELETE FROM event",
        "UPDATE checkpoint SET at = 2",
        "DELETE FROM checkpoint",
    ] {
        let refused = db.execute_unprepared(sql).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
    for sql in [
        "UPDATE chain SET seq = seq - 1 WHERE name = 'audit'",
        "UPDATE chain SET name = 'x' WHERE name = 'audit'",
        "DELETE FROM chain",
    ] {
        assert!(db.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    if store.backend() == Backend::Postgres {
        for sql in ["TRUNCATE event", "TRUNCATE audit_entry", "TRUNCATE checkpoint", "TRUNCATE chain"] {
            assert!(db.execute_unprepared(sql).await.is_err(), "{sql}");
        }
    }
    // Nor through a unit.
    let mut unit = Unit::new();
    unit.row(ledger::Row::new("UPDATE event SET data = $1", ["2".into()]));
    assert!(store.commit(unit).await.is_err());
    assert_eq!(store.events("s").await.unwrap()[0].data, "1");
}

/// The serving role on PostgreSQL: it runs the application but owns nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s14_the_serving_role_can_append_but_not_change_history() {
    let Some(place) = Place::postgres().await else { return };
    let owner = place.raw().await;
    // Roles belong to the cluster: another test process may be making the same one.
    let role =
        "DO $$ BEGIN CREATE ROLE tzxm_app LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
    owner.execute_unprepared(role).await.unwrap();
    place.open().await.close().await.unwrap();
    let (scheme, rest) = place.url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    let url = format!("{scheme}://tzxm_app@{host}");
    let store = ledger::Store::open(&url, ledger::Durability::Full).await.unwrap();
    store.migrate("test", &TABLES).await.unwrap();
    put(&store, "s", &[1]).await.unwrap();
    let mut unit = Unit::new();
    add(&mut unit, &store.load("s").await.unwrap(), &[2]);
    unit.audit(AuditEntry::default());
    store.commit(unit).await.unwrap();
    store.checkpoint(1).await.unwrap();
    let app = sea_orm::Database::connect(&url).await.unwrap();
    for sql in [
        "UPDATE event SET data = '2'",
        "DELETE FROM event",
        "TRUNCATE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "DELETE FROM checkpoint",
        "UPDATE audit_entry SET actor = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DELETE FROM chain",
        "INSERT INTO chain(name, seq, head) VALUES('x', 1, '')",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "UPDATE migration SET sm3 = ''",
    ] {
        let refused = app.execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{sql}: {refused}");
    }
    app.close().await.unwrap();
    store.close().await.unwrap();
    owner.close().await.unwrap();
    place.remove().await;
}

async fn migrations_run_once(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    store.migrate("test", &TABLES).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.load("s").await.unwrap().version, 1);
    assert_eq!(count(&store, "SELECT count(*) FROM migration").await, 5);
    let more = Migration { version: 2, name: "colour", sqlite: COLOUR, postgres: COLOUR };
    store.migrate("test", &[TABLES[0], more]).await.unwrap();
    store.migrate("test", &[TABLES[0], more]).await.unwrap();
    assert_eq!(count(&store, "SELECT count(*) FROM colour").await, 1);
}

const COLOUR: &str = "CREATE TABLE colour(name TEXT NOT NULL); INSERT INTO colour VALUES('red');";

async fn a_changed_migration_is_refused(place: &Place) {
    let store = place.open().await;
    let changed = Migration { sqlite: COLOUR, postgres: COLOUR, ..TABLES[0] };
    assert!(matches!(store.migrate("test", &[changed]).await, Err(LedgerError::Migration { version: 1, .. })));
    // Another room has its own numbers.
    store.migrate("other", &[changed]).await.unwrap();
    let descending = [Migration { version: 3, ..changed }, Migration { version: 2, ..changed }];
    assert!(store.migrate("third", &descending).await.is_err());
}

async fn a_newer_database_is_refused(place: &Place) {
    let store = place.open().await;
    let more = Migration { version: 3, name: "colour", sqlite: COLOUR, postgres: COLOUR };
    store.migrate("test", &[TABLES[0], more]).await.unwrap();
    assert!(matches!(store.migrate("test", &TABLES).await, Err(LedgerError::Migration { version: 3, .. })));
    let between = Migration { version: 2, ..more };
    assert!(matches!(
        store.migrate("test", &[TABLES[0], between, more]).await,
        Err(LedgerError::Migration { version: 2, .. })
    ));
}

async fn a_failing_step_leaves_nothing(place: &Place) {
    let store = place.open().await;
    let text = "CREATE TABLE half(name TEXT NOT NULL); INSERT INTO nowhere VALUES(1);";
    let half = Migration { version: 2, name: "half", sqlite: text, postgres: text };
    assert!(store.migrate("test", &[TABLES[0], half]).await.is_err());
    assert!(store.query("SELECT * FROM half", []).await.is_err());
    assert_eq!(count(&store, "SELECT count(*) FROM migration").await, 5);
    put(&store, "s", &[1]).await.unwrap();
}

async fn two_nodes_may_migrate_at_once(place: &Place) {
    let stores = futures_util::future::join_all((0..4).map(|_| place.open())).await;
    assert_eq!(count(&stores[0], "SELECT count(*) FROM migration").await, 5);
    for (n, store) in stores.iter().enumerate() {
        put(store, &format!("s{n}"), &[1]).await.unwrap();
    }
    assert_eq!(stores[3].root().await.unwrap().streams, 4);
}

/// Switching a new file to WAL needs a lock that SQLite does not wait for: the one who comes second asks again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_nodes_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let place = Place::sqlite();
        let opening = (0..8).map(|_| {
            let url = place.url.clone();
            tokio::spawn(async move { ledger::Store::open(&url, ledger::Durability::Full).await })
        });
        for opened in futures_util::future::join_all(opening).await {
            opened.unwrap().unwrap().close().await.unwrap();
        }
        place.remove().await;
    }
}

/// The two schemas have the same tables and columns, but for PostgreSQL's transaction column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_tables_and_columns() {
    let mut schemas = vec![];
    for place in Place::all().await {
        let store = place.open().await;
        let sql = match store.backend() {
            Backend::Sqlite => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1"
            }
            Backend::Postgres => {
                "SELECT (table_name || '.' || column_name) COLLATE \"C\" FROM information_schema.columns WHERE table_schema = 'public' AND (table_name, column_name) <> ('event', 'tx') ORDER BY 1"
            }
        };
        let rows = store.query(sql, []).await.unwrap();
        schemas.push(rows.iter().map(|row| row.try_get_by(0).unwrap()).collect::<Vec<String>>());
        store.close().await.unwrap();
        place.remove().await;
    }
    assert!(schemas[0].contains(&"event.hash".to_owned()));
    assert!(schemas.iter().all(|schema| *schema == schemas[0]), "{schemas:#?}");
}
