//! Checkpoints, export, import and backup.

use ledger::{Backend, Durability, LedgerError, Loaded, Position, Refused, Store, Unit};

use crate::{
    engine::{Place, Sum, TABLES, add, count, put, put_secret, sealer},
    on_both_engines,
};

on_both_engines!(
    checkpoints_are_kept_and_proved,
    a_ledger_moves_to_every_engine,
    an_export_that_was_changed_is_refused,
    an_import_needs_an_empty_ledger,
    an_empty_ledger_moves_too,
);

async fn settled(store: &Store, events: usize) {
    while store.feed(Position::default(), 10_000).await.unwrap().len() < events {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Interleaved streams, a secret, an erased secret, and checkpoints on the way.
async fn history(place: &Place) -> Store {
    let store = place.open().await;
    for n in 0..10 {
        put(&store, &format!("s{}", n % 3), &[n, n + 1]).await.unwrap();
    }
    put_secret(&store, "p", "phone", "13800000000", 1).await;
    settled(&store, 21).await;
    store.checkpoint(10).await.unwrap();
    put_secret(&store, "q", "phone", "13800000001", 2).await;
    store.erase_secret("q", 1, "phone").await.unwrap();
    let mut unit = Unit::new();
    add(&mut unit, &Loaded::none("long"), &(0..1_200).collect::<Vec<_>>());
    store.commit(unit).await.unwrap();
    settled(&store, 1_222).await;
    store.checkpoint(20).await.unwrap();
    put(&store, "s0", &[77]).await.unwrap();
    settled(&store, 1_223).await;
    store
}

async fn export(store: &Store) -> Vec<u8> {
    let mut file = Vec::new();
    assert_eq!(store.export(&mut file).await.unwrap(), store.root().await.unwrap());
    file
}

async fn import(place: &Place, file: &[u8]) -> (Store, Result<ledger::Imported, Refused>) {
    let store = place.open().await;
    let outcome = store.import(&mut &*file, &Sum).await;
    (store, outcome)
}

async fn checkpoints_are_kept_and_proved(place: &Place) {
    let store = place.open().await;
    let empty = store.checkpoint(1).await.unwrap();
    assert_eq!((empty.root.streams, empty.root.events, empty.position), (0, 0, Position::default()));
    put(&store, "s", &[1]).await.unwrap();
    settled(&store, 1).await;
    let one = store.checkpoint(2).await.unwrap();
    assert_eq!(one.root, store.root().await.unwrap());
    assert_ne!(one.root.hash, empty.root.hash);
    for n in 0..5 {
        put(&store, &format!("s{n}"), &[n]).await.unwrap();
    }
    assert_eq!(store.checkpoints().await.unwrap(), [empty, one]);
    let report = store.verify(&Sum).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.checkpoints, 2);
}

async fn a_ledger_moves_to_every_engine(place: &Place) {
    let store = history(place).await;
    let file = export(&store).await;
    for target in Place::all().await {
        let (moved, imported) = import(&target, &file).await;
        let imported = imported.unwrap();
        assert_eq!((imported.root, imported.checkpoints), (store.root().await.unwrap(), 2));
        let report = moved.verify_with(&Sum, Some(&sealer())).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.faults);
        assert_eq!((report.root, report.checkpoints, report.secrets, report.opened), (imported.root, 2, 2, 1));
        assert_eq!(moved.secret("p", 1, "phone", &sealer()).await.unwrap().as_deref(), Some(b"13800000000".as_slice()));
        assert_eq!(moved.secret("q", 1, "phone", &sealer()).await.unwrap(), None);
        // Check values do not move: whoever has the key gives them anew.
        let bare = |loaded: Loaded| Loaded { mac: String::new(), ..loaded };
        assert_eq!(moved.load("s1").await.unwrap(), bare(store.load("s1").await.unwrap()));
        assert_eq!(count(&moved, "SELECT count(*) FROM entry").await, 1_223);
        assert_eq!(
            count(&moved, "SELECT CAST(sum(total) AS BIGINT) FROM entry").await,
            count(&store, "SELECT CAST(sum(total) AS BIGINT) FROM entry").await
        );
        // The feed keeps its order, and what follows comes after it.
        put(&moved, "s0", &[5]).await.unwrap();
        settled(&moved, 1_224).await;
        let feed = moved.feed(Position::default(), 10_000).await.unwrap();
        assert!(feed[..1_223].iter().all(|event| event.position.tx == 0));
        let before = store.feed(Position::default(), 10_000).await.unwrap();
        let name = |event: &ledger::Event| (event.stream.clone(), event.version);
        assert_eq!(feed[..1_223].iter().map(name).collect::<Vec<_>>(), before.iter().map(name).collect::<Vec<_>>());
        assert_eq!(feed[1_223].data, "5");
        // An export of the import is the same file but for the later event.
        let again = String::from_utf8(export(&moved).await).unwrap();
        let lines: Vec<_> = std::str::from_utf8(&file).unwrap().lines().collect();
        assert!(again.lines().zip(&lines[..lines.len() - 1]).all(|(a, b)| a == *b));
        moved.close().await.unwrap();
        target.remove().await;
    }
}

async fn an_export_that_was_changed_is_refused(place: &Place) {
    let store = history(place).await;
    let file = String::from_utf8(export(&store).await).unwrap();
    let lines: Vec<_> = file.lines().collect();
    let without = |n: usize| {
        lines.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let checkpoint = lines.iter().position(|line| line.contains("checkpoint")).unwrap();
    for (what, damaged) in [
        ("no header", without(0)),
        ("an event less", without(3)),
        ("cut off", without(lines.len() - 1)),
        ("the last event less", without(lines.len() - 2)),
        ("a word changed", file.replacen("王工", "李工", 1)),
        ("a sealed field less", file.replacen("\"secrets\":[{", "\"x\":[{", 1)),
        ("another commitment", file.replacen("\"name\":\"phone\"", "\"name\":\"fax\"", 1)),
        ("a checkpoint moved", {
            let mut lines = lines.clone();
            lines.swap(checkpoint, checkpoint + 1);
            lines.iter().map(|line| format!("{line}\n")).collect()
        }),
        ("more after the root", format!("{file}{}\n", lines[1])),
        ("no lines at all", String::new()),
        ("no JSON", "hello\n".to_owned()),
    ] {
        assert_ne!(damaged, file, "{what}");
        let target = Place::sqlite();
        let (_, outcome) = import(&target, damaged.as_bytes()).await;
        assert!(
            matches!(outcome, Err(Refused::Failed(LedgerError::Format { .. } | LedgerError::Broken { .. }))),
            "{what}: {outcome:?}"
        );
    }
}

async fn an_import_needs_an_empty_ledger(place: &Place) {
    let store = place.open().await;
    put(&store, "s", &[1]).await.unwrap();
    settled(&store, 1).await;
    let file = export(&store).await;
    assert!(matches!(store.import(&mut &*file, &Sum).await, Err(Refused::Failed(LedgerError::NotEmpty))));
    assert_eq!(store.root().await.unwrap().events, 1);
}

async fn an_empty_ledger_moves_too(place: &Place) {
    let store = place.open().await;
    let file = export(&store).await;
    for target in Place::all().await {
        let (moved, imported) = import(&target, &file).await;
        assert_eq!(imported.unwrap().root, store.root().await.unwrap());
        moved.close().await.unwrap();
        target.remove().await;
    }
}

/// A copy taken under load is a sound ledger of some moment in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_sound() {
    let place = Place::sqlite();
    let store = history(&place).await;
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..200 {
                put(&store, &format!("w{}", n % 7), &[n]).await.unwrap();
            }
        })
    };
    let copy = place.folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    writer.await.unwrap();
    assert!(store.backup(&copy).await.is_err(), "a backup does not overwrite");
    let copied = Store::open(&format!("sqlite:{}", copy.display()), Durability::Full).await.unwrap();
    copied.migrate("test", &TABLES).await.unwrap();
    let report = copied.verify_with(&Sum, Some(&sealer())).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
    assert!((1_223..=1_423).contains(&report.root.events));
    put(&copied, "s0", &[1]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_backed_up_by_its_own_tools() {
    let Some(place) = Place::postgres().await else { return };
    let store = place.open().await;
    assert_eq!(store.backend(), Backend::Postgres);
    assert!(store.backup(&place.folder.path().join("copy.db")).await.is_err());
    store.close().await.unwrap();
    place.remove().await;
}
