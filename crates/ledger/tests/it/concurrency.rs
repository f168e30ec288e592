//! Many writers at once: one winner per version, nothing lost from the feed.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ledger::{Position, Refused, Unit};

use crate::{
    engine::{Place, Sum, add, count, put},
    on_both_engines,
};

on_both_engines!(contention_has_one_winner_per_version, the_feed_loses_nothing);

async fn contention_has_one_winner_per_version(place: &Place) {
    const TASKS: i64 = 64;
    const WINS: i64 = 5;
    let store = place.open().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let stream = format!("s{}", task % 4);
                let (mut won, mut lost) = (vec![], 0);
                while (won.len() as i64) < WINS {
                    match put(&store, &stream, &[1]).await {
                        Ok(after) => won.push((stream.clone(), after.version)),
                        Err(Refused::Conflict) => lost += 1,
                        Err(other) => panic!("{other:?}"),
                    }
                }
                (won, lost)
            })
        })
        .collect();
    let (mut winners, mut lost) = (vec![], 0);
    for task in tasks {
        let (won, conflicts) = task.await.unwrap();
        winners.extend(won);
        lost += conflicts;
    }
    let distinct: BTreeSet<_> = winners.iter().cloned().collect();
    assert_eq!(winners.len(), distinct.len(), "two winners of one version");
    assert_eq!(winners.len() as i64, TASKS * WINS);
    assert!(lost > 0, "the test must contend");
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.root.streams, report.root.events), (4, (TASKS * WINS) as u64));
    assert_eq!(report.root, store.root().await.unwrap());
    assert_eq!(count(&store, "SELECT count(*) FROM entry").await, TASKS * WINS);
}

async fn the_feed_loses_nothing(place: &Place) {
    const WRITERS: i64 = 32;
    const EACH: i64 = 40;
    let store = place.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let follower = {
        let (store, done) = (store.clone(), done.clone());
        tokio::spawn(async move {
            let (mut after, mut seen) = (Position::default(), vec![]);
            loop {
                let last = done.load(Ordering::SeqCst);
                let events = store.feed(after, 100).await.unwrap();
                if events.is_empty() && last {
                    return seen;
                }
                assert!(events.is_sorted_by_key(|event| event.position));
                after = events.last().map_or(after, |event| event.position);
                seen.extend(events.into_iter().map(|event| (event.stream, event.version)));
            }
        })
    };
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                let mut unit = Unit::new();
                // Read rows of differing number keep some transactions open longer than others.
                let numbers: Vec<_> = (0..=(n + writer) % 3).collect();
                add(&mut unit, &store.load(&format!("w{writer}")).await.unwrap(), &numbers);
                store.commit(unit).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    // PostgreSQL's horizon is that of the cluster: other tests' transactions may hold it back for a moment.
    let mut seen = follower.await.unwrap();
    let total = count(&store, "SELECT count(*) FROM event").await as usize;
    let mut after =
        store.feed(Position::default(), 1_000_000).await.unwrap().last().map(|event| event.position).unwrap();
    for _ in 0..3_600 {
        if seen.len() == total {
            break;
        }
        // What the follower stopped short of must all lie after its cursor.
        let known: BTreeSet<_> = seen.iter().cloned().collect();
        let late = store.feed(Position::default(), 1_000_000).await.unwrap();
        let (first, rest) = late.split_at(seen.len().min(late.len()));
        assert!(first.iter().all(|event| known.contains(&(event.stream.clone(), event.version))));
        after = rest.last().map_or(after, |event| event.position);
        seen.extend(rest.iter().map(|event| (event.stream.clone(), event.version)));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let distinct: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!((seen.len(), distinct.len()), (total, total));
    for writer in 0..WRITERS {
        let stream = format!("w{writer}");
        let versions: Vec<_> = seen.iter().filter(|(name, _)| *name == stream).map(|(_, version)| *version).collect();
        assert!(versions.is_sorted(), "{stream} out of order");
    }
    assert!(store.feed(after, 10).await.unwrap().is_empty());
}

/// A transaction that has its id but has not committed holds the feed and the checkpoint back, not the writers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_transaction_holds_the_horizon() {
    use sea_orm::{ConnectionTrait, TransactionTrait};
    let Some(place) = Place::postgres().await else { return };
    let store = place.open().await;
    put(&store, "early", &[1]).await.unwrap();
    put(&store, "grows", &[1]).await.unwrap();
    settle(&store, 2).await;
    let db = place.raw().await;
    let open = db.begin().await.unwrap();
    open.execute_unprepared("INSERT INTO thing(id, code, total) VALUES('x', 'x', 1)").await.unwrap();
    put(&store, "grows", &[2]).await.unwrap();
    put(&store, "late", &[3]).await.unwrap();
    assert_eq!(store.feed(Position::default(), 10).await.unwrap().len(), 2);
    let checkpoint = store.checkpoint(1).await.unwrap();
    assert_eq!((checkpoint.root.streams, checkpoint.root.events), (2, 2));
    assert_eq!(store.root().await.unwrap().events, 4);
    open.commit().await.unwrap();
    settle(&store, 4).await;
    // The checkpoint stays true although both its streams' rows have moved on since.
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.checkpoints, 1);
    db.close().await.unwrap();
    place.remove().await;
}

async fn settle(store: &ledger::Store, events: usize) {
    for _ in 0..3_600 {
        if store.feed(Position::default(), 100).await.unwrap().len() == events {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the horizon does not advance");
}
