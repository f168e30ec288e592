//! Archives of the audit chain, and the limit at which nothing unaudited commits (A-33, S-15).

use std::path::{Path, PathBuf};

use ledger::{ArchiveMark, Backend, FaultKind, Loaded, Refused, Report, Store, Unit};
use sea_orm::ConnectionTrait;

use crate::{
    audit::{entry, log},
    engine::{Place, Sum, add, count, tamper},
    on_both_engines,
};

on_both_engines!(
    a33_archived_records_leave_their_table_and_the_chain_goes_on,
    a33_nothing_but_an_archive_takes_records_out,
    a33_an_archive_that_was_not_noted_is_written_again,
    a33_of_two_nodes_that_archive_one_does,
    a33_a_forged_archive_is_found,
    a33_a_checkpoint_holds_archived_records_to_account,
    s15_when_the_audit_is_full_no_change_commits_also_under_concurrency,
);

/// 180 days after the records of [`entry`] and more.
const LATER: i64 = 1_700_000_000_000 + 400 * 86_400_000;

fn folder(place: &Place) -> PathBuf {
    place.folder.path().to_owned()
}

/// Writes the file of the next archive.
pub async fn write(store: &Store, folder: &Path, last: i64) -> ArchiveMark {
    let file = format!("audit-until-{last}.jsonl");
    let mark = store.write_archive(&folder.join(&file), last, LATER).await.unwrap();
    ArchiveMark { file, key: "k".to_owned(), signature: "00".to_owned(), ..mark }
}

/// Archives the records up to a number.
pub async fn archive(store: &Store, folder: &Path, last: i64) -> Result<(), Refused> {
    let mut unit = Unit::new();
    unit.archive(write(store, folder, last).await);
    store.commit(unit).await
}

async fn verify(store: &Store, archives: Option<&Path>) -> Report {
    store.verify_all(&Sum, None, archives).await.unwrap()
}

fn kinds(report: &Report) -> Vec<FaultKind> {
    report.faults.iter().map(|fault| fault.kind).collect()
}

async fn history(place: &Place, records: i64) -> Store {
    let store = place.open().await;
    for n in 1..=records {
        log(&store, n).await;
    }
    store
}

async fn a33_archived_records_leave_their_table_and_the_chain_goes_on(place: &Place) {
    let (store, folder) = (history(place, 6).await, folder(place));
    store.checkpoint(1).await.unwrap();
    archive(&store, &folder, 4).await.unwrap();
    assert_eq!(count(&store, "SELECT count(*) FROM audit_entry").await, 2);
    log(&store, 7).await;
    let report = verify(&store, Some(&folder)).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.audited, report.elsewhere), (7, 0));
    let report = verify(&store, None).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.audited, report.elsewhere), (3, 4));
    archive(&store, &folder, 6).await.unwrap();
    store.checkpoint(2).await.unwrap();
    let report = verify(&store, Some(&folder)).await;
    assert_eq!((report.audited, report.found), (7, 0), "{report:?}");
    let kept = store.archives_after(0, 9).await.unwrap();
    assert_eq!(
        kept.iter().map(|k| (k.mark.number, k.mark.first, k.mark.last)).collect::<Vec<_>>(),
        [(1, 1, 4), (2, 5, 6)]
    );
    assert_eq!(store.last_archive().await.unwrap().as_ref(), kept.last());
}

async fn a33_nothing_but_an_archive_takes_records_out(place: &Place) {
    let (store, folder) = (history(place, 6).await, folder(place));
    let mark = write(&store, &folder, 4).await;
    for forged in [
        ArchiveMark { at: 1_700_000_000_004 + 180 * 86_400_000 - 1, ..mark.clone() },
        ArchiveMark { first: 2, ..mark.clone() },
        ArchiveMark { last: 7, ..mark.clone() },
        ArchiveMark { last: 0, ..mark.clone() },
        ArchiveMark { head: [7; 32], ..mark.clone() },
        ArchiveMark { number: 2, ..mark.clone() },
    ] {
        let mut unit = Unit::new();
        unit.archive(forged.clone());
        assert!(store.commit(unit).await.is_err(), "{forged:?}");
    }
    let db = place.raw().await;
    let delete = "DELETE FROM audit_entry WHERE seq = 1";
    assert!(db.execute_unprepared(delete).await.unwrap_err().to_string().contains("append-only"));
    assert_eq!(count(&store, "SELECT count(*) FROM audit_entry").await, 6);
    let mut unit = Unit::new();
    unit.archive(ArchiveMark { at: 1_700_000_000_004 + 180 * 86_400_000, ..mark });
    store.commit(unit).await.unwrap();
    for sql in [
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE seq = 5",
        "UPDATE audit_archive SET last = 6",
        "DELETE FROM audit_archive",
        "INSERT INTO audit_archive SELECT 2, at, 5, 6, head, head, file, digest, key, signature, hash FROM audit_archive",
    ] {
        assert!(db.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    if store.backend() == Backend::Postgres {
        db.execute_unprepared("SELECT audit_prune(6)").await.unwrap();
        for sql in ["TRUNCATE audit_archive", "TRUNCATE audit_entry"] {
            assert!(db.execute_unprepared(sql).await.is_err(), "{sql}");
        }
    }
    assert_eq!(count(&store, "SELECT count(*) FROM audit_entry").await, 2);
}

async fn a33_an_archive_that_was_not_noted_is_written_again(place: &Place) {
    let (store, folder) = (history(place, 6).await, folder(place));
    // The crash is here: the file lies there, the records, too.
    write(&store, &folder, 4).await;
    assert_eq!(verify(&store, Some(&folder)).await.found, 0);
    assert_eq!(count(&store, "SELECT count(*) FROM audit_entry").await, 6);
    archive(&store, &folder, 5).await.unwrap();
    assert_eq!((verify(&store, Some(&folder)).await.audited, verify(&store, Some(&folder)).await.found), (6, 0));
}

async fn a33_of_two_nodes_that_archive_one_does(place: &Place) {
    let (store, folder) = (history(place, 6).await, folder(place));
    let (one, other) = (write(&store, &folder, 4).await, write(&store, &folder, 5).await);
    let mut units = [one, other].map(|mark| {
        let mut unit = Unit::new();
        unit.archive(mark);
        unit
    });
    let [one, other] = &mut units;
    let (one, other) = tokio::join!(store.commit(std::mem::take(one)), store.commit(std::mem::take(other)));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(verify(&store, Some(&folder)).await.found, 0);
}

async fn a33_a_forged_archive_is_found(place: &Place) {
    let (store, folder) = (history(place, 6).await, folder(place));
    archive(&store, &folder, 4).await.unwrap();
    let path = folder.join("audit-until-4.jsonl");
    let sound = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = sound.lines().collect();
    let without =
        |at: usize| lines.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, l)| *l).collect::<Vec<_>>().join("\n");
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    for forged in [
        sound.replace("account-2", "account-3"),
        sound.replace("\"first\":1", "\"first\":2"),
        sound.replace("\"last\":4", "\"last\":3"),
        sound.replacen(':', ": ", 1),
        without(1),
        without(3),
        without(5),
        swapped.join("\n"),
        String::new(),
        format!("{sound}\n"),
    ] {
        assert_ne!(forged, sound);
        std::fs::write(&path, &forged).unwrap();
        assert_eq!(kinds(&verify(&store, Some(&folder)).await), [FaultKind::Archive], "{forged}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(kinds(&verify(&store, Some(&folder)).await), [FaultKind::Archive]);
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(kinds(&verify(&store, Some(&folder)).await), []);
    // The note itself, and records that came back.
    tamper(place, &store, "UPDATE audit_archive SET file = 'other'").await;
    assert_eq!(kinds(&verify(&store, None).await), [FaultKind::ArchiveChain]);
    let back = "INSERT INTO audit_entry SELECT 4, at, request, face, source, session, actor, role, organisation, method, path, object, outcome, \
                reason, before, after, hash FROM audit_entry WHERE seq = 5";
    tamper(place, &store, back).await;
    assert_eq!(kinds(&verify(&store, None).await)[..2], [FaultKind::ArchiveChain, FaultKind::AuditGap]);
    tamper(place, &store, "DELETE FROM audit_archive; DELETE FROM audit_entry WHERE seq = 4").await;
    assert_eq!(kinds(&verify(&store, None).await), [FaultKind::ArchiveChain, FaultKind::AuditGap]);
}

async fn a33_a_checkpoint_holds_archived_records_to_account(place: &Place) {
    let (store, folder) = (history(place, 3).await, folder(place));
    store.checkpoint(1).await.unwrap();
    log(&store, 4).await;
    store.checkpoint(2).await.unwrap();
    // Rewritten so that every hash fits, and archived by the platform itself afterwards.
    let mut prev = ledger::ZERO;
    let mut sql = String::new();
    for mut record in crate::audit::records(&store).await {
        record.entry.actor = "somebody else".to_owned();
        prev = ledger::audit_hash(&prev, record.seq, &record.entry);
        let blob = match store.backend() {
            Backend::Sqlite => format!("x'{}'", hex::encode(prev)),
            Backend::Postgres => format!("'\\x{}'", hex::encode(prev)),
        };
        sql += &format!("UPDATE audit_entry SET actor = 'somebody else', hash = {blob} WHERE seq = {};", record.seq);
        if record.seq == 4 {
            sql += &format!("UPDATE chain SET head = {blob} WHERE name = 'audit';");
        }
    }
    tamper(place, &store, &sql).await;
    archive(&store, &folder, 4).await.unwrap();
    let both = [FaultKind::AuditCheckpoint, FaultKind::AuditCheckpoint];
    assert_eq!(kinds(&verify(&store, Some(&folder)).await), both);
    assert_eq!(kinds(&verify(&store, None).await), both[..1], "without the file only its end is known");
}

async fn s15_when_the_audit_is_full_no_change_commits_also_under_concurrency(place: &Place) {
    let (store, folder) = (place.open().await, folder(place));
    store.limit_audit(0, 10, 12);
    assert!(!store.audit_is_full());
    let change = |n: i64, reserve: bool| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut unit = Unit::new();
            add(&mut unit, &Loaded::none(format!("s{n}")), &[1]);
            unit.audit(entry(n));
            if reserve {
                unit.use_reserve();
            }
            store.commit(unit).await
        })
    };
    let changes: Vec<_> = (0..40).map(|n| change(n, false)).collect();
    let mut done = 0;
    for change in changes {
        match change.await.unwrap() {
            Ok(()) => done += 1,
            Err(refused) => assert!(matches!(refused, Refused::Full), "{refused}"),
        }
    }
    let events = async || count(&store, "SELECT count(*) FROM event").await;
    let records = async || count(&store, "SELECT count(*) FROM audit_entry").await;
    assert_eq!((done, events().await, records().await), (10, 10, 10));
    assert!(matches!(change(50, false).await.unwrap(), Err(Refused::Full)));
    assert!(change(51, true).await.unwrap().is_ok() && change(52, true).await.unwrap().is_ok());
    assert!(matches!(change(53, true).await.unwrap(), Err(Refused::Full)));
    assert_eq!((events().await, records().await), (12, 12));
    // What needs no record goes on; archives make room.
    let mut unit = Unit::new();
    add(&mut unit, &Loaded::none("system"), &[1]);
    store.commit(unit).await.unwrap();
    archive(&store, &folder, 6).await.unwrap();
    assert!(store.audit_is_full());
    store.limit_audit(12, 6 + 10, 6 + 12);
    assert!(!store.audit_is_full());
    assert!(change(54, false).await.unwrap().is_ok());
    let report = verify(&store, Some(&folder)).await;
    assert_eq!((report.audited, report.found), (13, 0), "{report:?}");
}
