//! The chain as evidence: what was changed past the ledger is found, and the root says the same for the same history.

use std::collections::HashMap;

use ledger::{Event, FaultKind, LedgerError, Loaded, Merkle, Position, Root, Store, Unit, ZERO, event_hash};
use proptest::prelude::*;

use crate::{
    engine::{Place, Sum, add, fact, put, put_secret, sealer, tamper},
    on_both_engines,
};

on_both_engines!(
    an_untouched_ledger_is_sound,
    an_edited_event_is_found,
    every_field_of_an_event_is_covered,
    a_deleted_event_is_found,
    an_inserted_event_is_found,
    swapped_events_are_found,
    a_cut_tail_is_found,
    a_cut_tail_with_its_stream_row_set_back_contradicts_the_checkpoint,
    a_rewritten_chain_contradicts_the_checkpoint,
    a_deleted_stream_is_found,
    an_invented_stream_row_is_found,
    an_edited_state_is_found,
    an_unfoldable_event_is_found,
    verification_crosses_its_pages,
    verification_may_run_beside_writers,
    the_root_does_not_depend_on_how_units_were_split,
);

/// `a` … `d` with three events each, a checkpoint over them, and one event more in `d`.
async fn history(place: &Place) -> Store {
    let store = place.open().await;
    for stream in ["a", "b", "c", "d"] {
        put(&store, stream, &[1, 2, 3]).await.unwrap();
    }
    // The PostgreSQL horizon is the cluster's: wait until other tests' transactions are past.
    while store.feed(Position::default(), 100).await.unwrap().len() < 12 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(store.checkpoint(1).await.unwrap().root, store.root().await.unwrap());
    put(&store, "d", &[4]).await.unwrap();
    store
}

async fn found(store: &Store) -> Vec<(FaultKind, String, i64)> {
    let report = store.verify(&Sum).await.unwrap();
    assert_eq!(report.found as usize, report.faults.len());
    report.faults.into_iter().map(|fault| (fault.kind, fault.stream, fault.version)).collect()
}

fn at(kind: FaultKind, stream: &str, version: i64) -> (FaultKind, String, i64) {
    (kind, stream.to_owned(), version)
}

async fn an_untouched_ledger_is_sound(place: &Place) {
    let store = history(place).await;
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.root, report.checkpoints), (store.root().await.unwrap(), 1));
    assert_eq!((report.root.streams, report.root.events), (4, 13));
}

async fn an_edited_event_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "UPDATE event SET data = '20' WHERE stream_id = 'b' AND version = 2").await;
    assert_eq!(found(&store).await, [at(FaultKind::Hash, "b", 2), at(FaultKind::State, "b", 3)]);
}

async fn every_field_of_an_event_is_covered(place: &Place) {
    let store = history(place).await;
    for (sql, undo) in [
        ("kind = 'Removed'", "kind = 'Added'"),
        ("at = at + 1", "at = at - 1"),
        ("recorded_at = recorded_at + 1", "recorded_at = recorded_at - 1"),
        ("actor = '李工'", "actor = '王工'"),
        ("cause = 'req-9'", "cause = 'req-2'"),
        ("commitment = hash", "commitment = NULL"),
    ] {
        let place_sql = "WHERE stream_id = 'b' AND version = 2";
        tamper(place, &store, &format!("UPDATE event SET {sql} {place_sql}")).await;
        let faults = found(&store).await;
        assert!(faults.contains(&at(FaultKind::Hash, "b", 2)), "{sql}: {faults:?}");
        tamper(place, &store, &format!("UPDATE event SET {undo} {place_sql}")).await;
        assert_eq!(found(&store).await, []);
    }
}

async fn a_deleted_event_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "DELETE FROM event WHERE stream_id = 'b' AND version = 2").await;
    assert_eq!(found(&store).await, [at(FaultKind::Gap, "b", 3), at(FaultKind::State, "b", 3)]);
    tamper(place, &store, "DELETE FROM event WHERE stream_id = 'c' AND version = 1").await;
    assert!(found(&store).await.contains(&at(FaultKind::Gap, "c", 2)));
}

const COPY: &str = "INSERT INTO event(stream_id, version, kind, data, at, recorded_at, actor, cause, hash) \
     SELECT stream_id, VERSION, kind, data, at, recorded_at, actor, cause, hash FROM event WHERE stream_id = 'b' AND version = 3";

async fn an_inserted_event_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, &COPY.replace("VERSION", "4")).await;
    let faults = found(&store).await;
    for fault in [at(FaultKind::Hash, "b", 4), at(FaultKind::Version, "b", 4), at(FaultKind::State, "b", 4)] {
        assert!(faults.contains(&fault), "{faults:?}");
    }
    tamper(place, &store, &COPY.replace("VERSION", "0")).await;
    assert!(found(&store).await.contains(&at(FaultKind::Gap, "b", 0)));
}

async fn swapped_events_are_found(place: &Place) {
    let store = history(place).await;
    let swap = "UPDATE event SET version = 12 WHERE stream_id = 'b' AND version = 2; \
                UPDATE event SET version = 2 WHERE stream_id = 'b' AND version = 3; \
                UPDATE event SET version = 3 WHERE stream_id = 'b' AND version = 12;";
    tamper(place, &store, swap).await;
    let faults = found(&store).await;
    for fault in [at(FaultKind::Hash, "b", 2), at(FaultKind::Hash, "b", 3), at(FaultKind::Head, "b", 3)] {
        assert!(faults.contains(&fault), "{faults:?}");
    }
    // Between streams, too.
    let store = place.open().await;
    let swap = "UPDATE event SET stream_id = 'x' WHERE stream_id = 'a' AND version = 2; \
                UPDATE event SET stream_id = 'a' WHERE stream_id = 'c' AND version = 2; \
                UPDATE event SET stream_id = 'c' WHERE stream_id = 'x' AND version = 2;";
    tamper(place, &store, swap).await;
    let faults = found(&store).await;
    assert!(
        faults.contains(&at(FaultKind::Hash, "a", 2)) && faults.contains(&at(FaultKind::Hash, "c", 2)),
        "{faults:?}"
    );
}

async fn a_cut_tail_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "DELETE FROM event WHERE stream_id = 'd' AND version = 4").await;
    let faults = found(&store).await;
    assert_eq!(faults, [at(FaultKind::Version, "d", 3), at(FaultKind::Head, "d", 3), at(FaultKind::State, "d", 3)]);
}

async fn a_cut_tail_with_its_stream_row_set_back_contradicts_the_checkpoint(place: &Place) {
    let store = history(place).await;
    let cut = "DELETE FROM event WHERE stream_id = 'b' AND version = 3; \
               UPDATE stream SET version = 2, state = '3', head = (SELECT hash FROM event WHERE stream_id = 'b' AND version = 2) WHERE id = 'b';";
    tamper(place, &store, cut).await;
    assert_eq!(found(&store).await, [at(FaultKind::Checkpoint, "1", 0)]);
}

/// The strongest forger: new data, every later hash and the stream row made to fit. Only the kept root disagrees.
async fn a_rewritten_chain_contradicts_the_checkpoint(place: &Place) {
    let store = history(place).await;
    let mut prev = ZERO;
    let mut sql = String::new();
    for mut event in store.events("b").await.unwrap() {
        event.data = "7".to_owned();
        event.hash = event_hash(&prev, &event);
        prev = event.hash;
        let blob = blob(&store, &event.hash);
        sql += &format!(
            "UPDATE event SET data = '7', hash = {blob} WHERE stream_id = 'b' AND version = {};",
            event.version
        );
    }
    sql += &format!("UPDATE stream SET state = '21', head = {} WHERE id = 'b';", blob(&store, &prev));
    tamper(place, &store, &sql).await;
    assert_eq!(found(&store).await, [at(FaultKind::Checkpoint, "1", 0)]);
}

fn blob(store: &Store, bytes: &[u8]) -> String {
    match store.backend() {
        ledger::Backend::Sqlite => format!("x'{}'", hex::encode(bytes)),
        ledger::Backend::Postgres => format!("'\\x{}'", hex::encode(bytes)),
    }
}

async fn a_deleted_stream_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "DELETE FROM stream WHERE id = 'b'; DELETE FROM stream WHERE id = 'd'").await;
    assert_eq!(found(&store).await, [at(FaultKind::MissingStream, "b", 3), at(FaultKind::MissingStream, "d", 4)]);
    tamper(place, &store, "DELETE FROM event WHERE stream_id IN ('b', 'd')").await;
    assert_eq!(found(&store).await, [at(FaultKind::Checkpoint, "1", 0)]);
}

async fn an_invented_stream_row_is_found(place: &Place) {
    let store = history(place).await;
    tamper(
        place,
        &store,
        "INSERT INTO stream(id, version, head, state) SELECT 'bb', version, head, state FROM stream WHERE id = 'b'",
    )
    .await;
    tamper(
        place,
        &store,
        "INSERT INTO stream(id, version, head, state) SELECT 'z', version, head, state FROM stream WHERE id = 'b'",
    )
    .await;
    assert_eq!(found(&store).await, [at(FaultKind::ExtraStream, "bb", 3), at(FaultKind::ExtraStream, "z", 3)]);
}

async fn an_edited_state_is_found(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "UPDATE stream SET state = '99' WHERE id = 'c'").await;
    assert_eq!(found(&store).await, [at(FaultKind::State, "c", 3)]);
}

async fn an_unfoldable_event_is_found(place: &Place) {
    let store = history(place).await;
    let mut unit = Unit::new();
    let strange = ledger::Fact { data: "\"x\"".to_owned(), ..fact(1) };
    unit.append(&store.load("c").await.unwrap(), vec![strange, fact(2)], "8".into(), &sealer()).unwrap();
    store.commit(unit).await.unwrap();
    assert_eq!(found(&store).await, [at(FaultKind::Fold, "c", 4)]);
}

/// More events and streams than a page holds, streams that end exactly with a page, and a fault behind several pages.
async fn verification_crosses_its_pages(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    let mut tree = Merkle::new();
    for (stream, events) in [("a", 999), ("b", 1), ("c", 1_000), ("d", 2_500), ("e", 1)] {
        let after = add(&mut unit, &Loaded::none(stream), &(0..events).collect::<Vec<_>>());
        tree.push(stream, after.version, &after.head);
    }
    store.commit(unit).await.unwrap();
    put_secret(&store, "z", "phone", "1", 1).await;
    let after = store.load("z").await.unwrap();
    tree.push("z", after.version, &after.head);
    let report = store.verify_with(&Sum, Some(&sealer())).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.root, tree.root());
    assert_eq!(report.root, store.root().await.unwrap());
    assert_eq!(report.opened, 1);
    tamper(place, &store, "UPDATE event SET data = '1' WHERE stream_id = 'd' AND version = 2400").await;
    tamper(place, &store, "DELETE FROM stream WHERE id = 'a'").await;
    let expected =
        [at(FaultKind::MissingStream, "a", 999), at(FaultKind::Hash, "d", 2_400), at(FaultKind::State, "d", 2_500)];
    assert_eq!(found(&store).await, expected);
}

async fn verification_may_run_beside_writers(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    for n in 0..40 {
        add(&mut unit, &Loaded::none(format!("s{n:02}")), &(0..60).collect::<Vec<_>>());
    }
    store.commit(unit).await.unwrap();
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..300 {
                put(&store, &format!("s{:02}", n * 7 % 40), &[n]).await.unwrap();
                put(&store, &format!("s{:02}-{n}", n * 11 % 40), &[n]).await.unwrap();
            }
        })
    };
    let mut verified = 0;
    while !writer.is_finished() || verified == 0 {
        let report = store.verify(&Sum).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.faults);
        verified += 1;
    }
    writer.await.unwrap();
}

/// The same history gives the same root however it is cut into units, and whatever the order of the streams.
async fn the_root_does_not_depend_on_how_units_were_split(place: &Place) {
    use proptest::test_runner::{Config, TestRunner};
    let store = place.open().await;
    let history = prop::collection::vec((0..4_usize, 0..100_i64), 1..24);
    let cuts = prop::collection::vec(any::<bool>(), 24);
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 24, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let runtime = tokio::runtime::Handle::current();
    let case = std::sync::atomic::AtomicU32::new(0);
    tokio::task::block_in_place(|| {
        runner
            .run(&(history, cuts), |(history, cuts)| {
                let case = case.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let name = |stream: usize| format!("{case:04}-{stream}");
                let whole = expected(&history, name);
                let split = runtime.block_on(async {
                    let (mut unit, mut ahead) = (Unit::new(), HashMap::new());
                    for ((stream, n), cut) in history.iter().zip(cuts) {
                        let loaded = match ahead.remove(stream) {
                            Some(loaded) => loaded,
                            None => store.load(&name(*stream)).await.unwrap(),
                        };
                        ahead.insert(*stream, add(&mut unit, &loaded, &[*n]));
                        if cut {
                            store.commit(std::mem::take(&mut unit)).await.unwrap();
                            ahead.clear();
                        }
                    }
                    store.commit(unit).await.unwrap();
                    let mut tree = Merkle::new();
                    for stream in 0..4 {
                        let loaded = store.load(&name(stream)).await.unwrap();
                        if loaded.exists() {
                            tree.push(&loaded.stream, loaded.version, &loaded.head);
                        }
                    }
                    tree.root()
                });
                prop_assert_eq!(whole, split);
                Ok(())
            })
            .unwrap();
    });
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
    assert_eq!(report.root, store.root().await.unwrap());
}

/// The root of a history computed in memory, stream by stream.
fn expected(history: &[(usize, i64)], name: impl Fn(usize) -> String) -> Root {
    let mut tree = Merkle::new();
    for stream in 0..4 {
        let numbers: Vec<_> = history.iter().filter(|(of, _)| *of == stream).map(|(_, n)| *n).collect();
        if !numbers.is_empty() {
            let after = add(&mut Unit::new(), &Loaded::none(name(stream)), &numbers);
            tree.push(&after.stream, after.version, &after.head);
        }
    }
    tree.root()
}

#[test]
fn the_tree_is_that_of_rfc_6962() {
    use sm3::{Digest, Sm3};
    let leaf = |n: usize| {
        let name = format!("s{n}");
        let head = [n as u8; 32];
        let bytes =
            [&[0], (name.len() as u64).to_be_bytes().as_slice(), name.as_bytes(), &(n as i64).to_be_bytes(), &head]
                .concat();
        <[u8; 32]>::from(Sm3::digest(bytes))
    };
    fn tree(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sm3::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                Sm3::digest([&[1], tree(left).as_slice(), &tree(right)].concat()).into()
            }
        }
    }
    let mut built = Merkle::new();
    let mut leaves = vec![];
    for n in 0..70 {
        assert_eq!(built.root().hash, tree(&leaves), "{n} leaves");
        assert_eq!(built.root().streams, n as u64);
        built.push(&format!("s{n}"), n as i64, &[n as u8; 32]);
        leaves.push(leaf(n));
    }
}

/// The test vector of docs/decisions/0002-chain.md, computed by another program from that page.
#[test]
fn the_hashes_are_those_of_the_written_decision() {
    let mut event = Event {
        position: Position::default(),
        stream: "项目/1".to_owned(),
        version: 2,
        kind: "Added".to_owned(),
        data: "{\"n\":1}".to_owned(),
        at: -1,
        recorded_at: 1_700_000_000_000,
        actor: "a".to_owned(),
        cause: String::new(),
        commitment: None,
        hash: ZERO,
    };
    assert_eq!(
        hex::encode(event_hash(&[3; 32], &event)),
        "9cd1550da49d32ef164efec90afc20bbcee68b7697efffc7765c911cb4e86f98"
    );
    event.commitment = Some([5; 32]);
    assert_eq!(
        hex::encode(event_hash(&[3; 32], &event)),
        "437cefcc68778a757b47fcd7656df439d4bac93b901506873f3d2e02adb34ea1"
    );
    let one = ledger::secret_commitment(&[7; 16], "id", b"x");
    assert_eq!(hex::encode(one), "82c1dff7d0a4c82432c6d0bd5c0eddaf91c1abede6eac6ec027ce8da9fca8cba");
    let both = ledger::sealed_commitment([("z", [9; 32]), ("id", one)]).unwrap();
    assert_eq!(hex::encode(both), "f17b064fe42e34c888a56097b2281d6505ab1cf3976155f958f97ff5cb2d9641");
    assert_eq!(ledger::sealed_commitment([]), None);
    let mut tree = Merkle::new();
    tree.push("s1", 1, &[1; 32]);
    assert_eq!(hex::encode(tree.root().hash), "14db5b6e9647b7465e6fd6f92bcd3e13cdd2cdac0617e90ab82b6aa6e6bf1d4d");
}

#[test]
fn p05_a_sealed_field_opens_only_in_its_place() {
    let sealed = sealer().seal("s", 1, &crate::engine::secret("phone", "138", 1)).unwrap();
    assert_eq!(sealer().open("s", 1, &sealed).unwrap().as_deref(), Some(b"138".as_slice()));
    let refuse = |stream: &str, version, sealed: &ledger::Sealed| {
        assert!(matches!(sealer().open(stream, version, sealed), Err(LedgerError::Seal(_))));
    };
    refuse("t", 1, &sealed);
    refuse("s", 2, &sealed);
    refuse("s", 1, &ledger::Sealed { name: "mail".into(), ..sealed.clone() });
    refuse("s", 1, &ledger::Sealed { commitment: [0; 32], ..sealed.clone() });
    let mut flipped = sealed.clone();
    flipped.sealed.as_mut().unwrap()[0] ^= 1;
    refuse("s", 1, &flipped);
    refuse("s", 1, &ledger::Sealed { sealed: Some(vec![1, 2, 3]), ..sealed });
}
