//! Units: appended, loaded, refused, isolated from one another.

use ledger::{Loaded, Refused, Row, Unit, ZERO, event_hash, sea_query};

use crate::{
    engine::{ENTRY, Place, Sum, THING, add, count, fact, put, sealer, text},
    on_both_engines,
};

on_both_engines!(
    appended_facts_are_read_back_as_they_were,
    a_stale_version_is_a_conflict,
    a_forked_head_is_a_conflict,
    a_second_birth_is_a_conflict,
    a_unique_value_is_taken_and_named,
    a_refused_unit_leaves_nothing,
    compare_and_set_changes_exactly_one_row,
    a_unit_spans_streams_and_appends_twice,
    a_trail_is_ordered_by_record_time,
    reads_cannot_write,
    built_queries_run,
    refusals_beside_a_unit_do_not_touch_it,
    counters_count_units_and_statements,
    a_faulty_statement_fails_and_the_writer_goes_on,
    a_closed_store_is_busy,
);

async fn appended_facts_are_read_back_as_they_were(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.load("p/1").await.unwrap(), Loaded::none("p/1"));
    let after = put(&store, "p/1", &[5, 6]).await.unwrap();
    assert_eq!((after.version, after.state.as_deref()), (2, Some("11")));
    assert_eq!(store.load("p/1").await.unwrap(), after);
    let events = store.events("p/1").await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!((events[1].kind.as_str(), events[1].data.as_str(), events[1].version), ("Added", "6", 2));
    assert_eq!((events[1].at, events[1].recorded_at), (1_006, 2_006));
    assert_eq!((events[1].actor.as_str(), events[1].cause.as_str()), ("王工", "req-6"));
    assert_eq!(events[0].hash, event_hash(&ZERO, &events[0]));
    assert_eq!(events[1].hash, event_hash(&events[0].hash, &events[1]));
    assert_eq!(after.head, events[1].hash);
    let many = store.load_many(&["p/2".into(), "p/1".into()]).await.unwrap();
    assert_eq!(many, [Loaded::none("p/2"), after]);
}

async fn a_stale_version_is_a_conflict(place: &Place) {
    let store = place.open().await;
    let stale = put(&store, "s", &[1]).await.unwrap();
    put(&store, "s", &[2]).await.unwrap();
    let mut unit = Unit::new();
    add(&mut unit, &stale, &[3]);
    assert!(matches!(store.commit(unit).await, Err(Refused::Conflict)));
    assert_eq!(store.events("s").await.unwrap().len(), 2);
}

async fn a_forked_head_is_a_conflict(place: &Place) {
    let store = place.open().await;
    let mut forked = put(&store, "s", &[1]).await.unwrap();
    forked.head[0] ^= 1;
    let mut unit = Unit::new();
    add(&mut unit, &forked, &[2]);
    assert!(matches!(store.commit(unit).await, Err(Refused::Conflict)));
    assert!(store.verify(&Sum).await.unwrap().is_sound());
}

async fn a_second_birth_is_a_conflict(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    let mut unit = Unit::new();
    unit.append(&Loaded::none("s"), vec![fact(1)], "1".into(), &sealer()).unwrap();
    assert!(matches!(store.commit(unit).await, Err(Refused::Conflict)));
}

async fn a_unique_value_is_taken_and_named(place: &Place) {
    let store = place.open().await;
    let unit = |id: &str| {
        let mut unit = Unit::new();
        add(&mut unit, &Loaded::none(id), &[1]);
        unit.row(Row::new(THING, [text(id), text("2024-150100-01")]));
        unit
    };
    store.commit(unit("a")).await.unwrap();
    let Err(Refused::Taken(Some(named))) = store.commit(unit("b")).await else { panic!("must be taken") };
    assert!(named.contains("thing") && named.contains("code"), "{named}");
    assert!(!store.load("b").await.unwrap().exists());
}

async fn a_refused_unit_leaves_nothing(place: &Place) {
    let store = place.open().await;
    put(&store, "a", &[1]).await.unwrap();
    let before = store.root().await.unwrap();
    let mut unit = Unit::new();
    add(&mut unit, &store.load("a").await.unwrap(), &[2, 3]);
    add(&mut unit, &Loaded::none("b"), &[4]);
    unit.row(Row::new(ENTRY, [text("a"), 1.into(), 0.into()]));
    assert!(matches!(store.commit(unit).await, Err(Refused::Taken(_))));
    assert_eq!(store.root().await.unwrap(), before);
    assert_eq!(count(&store, "SELECT count(*) FROM entry").await, 1);
    assert_eq!(count(&store, "SELECT count(*) FROM event").await, 1);
}

async fn compare_and_set_changes_exactly_one_row(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    unit.row(Row::new(THING, [text("a"), text("A")]));
    unit.row(Row::new(THING, [text("b"), text("B")]));
    store.commit(unit).await.unwrap();
    let set = |to: i64, from: i64| {
        Row::new("UPDATE thing SET total = $1 WHERE id = 'a' AND total = $2", [to.into(), from.into()])
    };
    let commit = |row| {
        let mut unit = Unit::new();
        unit.exactly_one(row);
        store.commit(unit)
    };
    commit(set(1, 0)).await.unwrap();
    assert!(matches!(commit(set(2, 0)).await, Err(Refused::Conflict)));
    let both = Row::new("UPDATE thing SET total = $1", [9.into()]);
    assert!(matches!(commit(both).await, Err(Refused::Conflict)));
    assert_eq!(count(&store, "SELECT max(total) FROM thing").await, 1);
}

async fn a_unit_spans_streams_and_appends_twice(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    let a = add(&mut unit, &Loaded::none("a"), &[1]);
    add(&mut unit, &Loaded::none("b"), &[10]);
    let a = add(&mut unit, &a, &[2]);
    // The first Loaded is stale within the unit itself.
    assert!(unit.append(&Loaded::none("a"), vec![fact(3)], "3".into(), &sealer()).is_err());
    assert!(unit.append(&a, vec![], "3".into(), &sealer()).is_err());
    assert!(unit.append(&Loaded::none(""), vec![fact(3)], "3".into(), &sealer()).is_err());
    store.commit(unit).await.unwrap();
    assert_eq!(store.load("a").await.unwrap(), a);
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.root.streams, report.root.events), (2, 3));
}

async fn a_trail_is_ordered_by_record_time(place: &Place) {
    let store = place.open().await;
    for (stream, n) in [("case", 3), ("project", 1), ("case", 4), ("other", 2), ("project", 5)] {
        put(&store, stream, &[n]).await.unwrap();
    }
    let trail = store.events_of(&["project".into(), "case".into()]).await.unwrap();
    assert_eq!(trail.iter().map(|event| event.data.as_str()).collect::<Vec<_>>(), ["1", "3", "4", "5"]);
    assert!(store.events_of(&[]).await.unwrap().is_empty());
}

async fn reads_cannot_write(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    assert!(store.query("DELETE FROM entry RETURNING version", []).await.is_err());
    assert_eq!(count(&store, "SELECT count(*) FROM entry").await, 1);
}

async fn built_queries_run(place: &Place) {
    use sea_query::{Alias, Expr, ExprTrait, Query};
    let store = place.open().await;
    put(&store, "s", &[1, 2, 3]).await.unwrap();
    let mut select = Query::select();
    select
        .column(Alias::new("total"))
        .from(Alias::new("entry"))
        .and_where(Expr::col(Alias::new("version")).gt(1))
        .order_by(Alias::new("version"), sea_query::Order::Asc);
    let rows = store.select(&select).await.unwrap();
    let totals: Vec<i64> = rows.iter().map(|row| row.try_get_by(0).unwrap()).collect();
    assert_eq!(totals, [3, 6]);
}

/// On SQLite these share transactions: each refusal must undo its own savepoint only.
async fn refusals_beside_a_unit_do_not_touch_it(place: &Place) {
    let store = place.open().await;
    put(&store, "taken", &[1]).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|n: i64| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut unit = Unit::new();
                add(&mut unit, &Loaded::none(format!("s{n}")), &[n]);
                match n % 4 {
                    1 => drop(unit.append(&Loaded::none("taken"), vec![fact(n)], "0".into(), &sealer()).unwrap()),
                    2 => unit.row(Row::new(ENTRY, [text("taken"), 1.into(), 0.into()])),
                    3 => unit.exactly_one(Row::new("UPDATE thing SET total = 1", [])),
                    _ => {}
                }
                (n, store.commit(unit).await)
            })
        })
        .collect();
    for task in tasks {
        let (n, outcome) = task.await.unwrap();
        match n % 4 {
            0 => outcome.unwrap(),
            2 => assert!(matches!(outcome, Err(Refused::Taken(_))), "{outcome:?}"),
            _ => assert!(matches!(outcome, Err(Refused::Conflict)), "{outcome:?}"),
        }
        assert_eq!(store.load(&format!("s{n}")).await.unwrap().exists(), n % 4 == 0);
    }
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.root.streams, 51);
    assert_eq!(count(&store, "SELECT count(*) FROM entry").await, 51);
}

async fn counters_count_units_and_statements(place: &Place) {
    let store = place.open().await;
    let before = store.counters();
    put(&store, "s", &[1, 2]).await.unwrap();
    let after = store.counters();
    assert_eq!((after.commits - before.commits, after.groups - before.groups, after.events - before.events), (1, 1, 2));
    // load, stream, two events, two read rows
    assert_eq!(after.statements - before.statements, 6);
    store.commit(Unit::new()).await.unwrap();
    assert_eq!(store.counters(), after);
}

async fn a_faulty_statement_fails_and_the_writer_goes_on(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    add(&mut unit, &Loaded::none("s"), &[1]);
    unit.row(Row::new("INSERT INTO nowhere VALUES($1)", [1.into()]));
    assert!(matches!(store.commit(unit).await, Err(Refused::Failed(_))));
    put(&store, "s", &[1]).await.unwrap();
    assert!(store.verify(&Sum).await.unwrap().is_sound());
}

async fn a_closed_store_is_busy(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    let stale = store.load("s").await.unwrap();
    store.close().await.unwrap();
    let units = (0..20).map(|n| {
        let mut unit = Unit::new();
        add(&mut unit, &stale, &[n]);
        store.commit(unit)
    });
    let outcomes =
        tokio::time::timeout(std::time::Duration::from_secs(20), futures_util::future::join_all(units)).await;
    assert!(outcomes.unwrap().iter().all(|outcome| matches!(outcome, Err(Refused::Busy))));
    assert!(store.load("s").await.unwrap_err().is_busy());
}

/// A foreign process that holds the file's write lock longer than the writer waits for it: every caller is told, and
/// once the lock is free the writer goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_behind_a_foreign_lock_are_told_busy() {
    use sea_orm::ConnectionTrait;
    let place = Place::sqlite();
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    let foreign = place.raw().await;
    foreign.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let units = (0..30).map(|n| {
        let mut unit = Unit::new();
        add(&mut unit, &Loaded::none(format!("s{n}")), &[n]);
        store.commit(unit)
    });
    let outcomes =
        tokio::time::timeout(std::time::Duration::from_secs(30), futures_util::future::join_all(units)).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Refused::Busy))), "{outcomes:?}");
    foreign.execute_unprepared("ROLLBACK").await.unwrap();
    put(&store, "s", &[2]).await.unwrap();
    assert_eq!(store.root().await.unwrap().events, 2);
}

/// The server ends the writers' connections: callers hear of it, later ones get fresh connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_postgres_connection_is_busy_then_well_again() {
    use sea_orm::ConnectionTrait;
    let Some(place) = Place::postgres().await else { return };
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    let stale = store.load("s").await.unwrap();
    let db = place.raw().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.execute_unprepared(end).await.unwrap();
    let mut well = false;
    for _ in 0..40 {
        let mut unit = Unit::new();
        add(&mut unit, &stale, &[2]);
        match tokio::time::timeout(std::time::Duration::from_secs(20), store.commit(unit)).await.expect("must not hang")
        {
            Ok(()) => {
                well = true;
                break;
            }
            Err(refused) => assert!(matches!(refused, Refused::Busy), "{refused:?}"),
        }
    }
    assert!(well);
    place.remove().await;
}

#[tokio::test]
async fn a_memory_database_is_one_database() {
    let store = ledger::Store::open("sqlite::memory:", ledger::Durability::Relaxed).await.unwrap();
    store.migrate("test", &crate::engine::TABLES).await.unwrap();
    for n in 0..20 {
        put(&store, "s", &[n]).await.unwrap();
    }
    assert!(store.verify(&Sum).await.unwrap().is_sound());
    assert_eq!(store.root().await.unwrap().events, 20);
}

#[tokio::test]
async fn an_unknown_engine_is_refused() {
    assert!(ledger::Store::open("mysql://localhost/x", ledger::Durability::Full).await.is_err());
}
