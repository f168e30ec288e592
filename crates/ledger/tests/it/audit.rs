//! The audit chain: numbered without gaps in the order of the commits, with the change it belongs to, and provable.

use ledger::{AuditEntry, AuditRecord, FaultKind, Head, Loaded, Refused, Row, Store, Unit, ZERO, audit_hash};

use crate::{
    engine::{Place, Sum, THING, add, count, put, tamper, text},
    on_both_engines,
};

on_both_engines!(
    s14_records_are_numbered_and_chained_in_the_order_of_the_commits,
    s12_a_change_and_its_record_are_there_together_or_not_at_all,
    s14_no_number_is_lost_when_units_of_a_group_are_refused,
    s14_every_field_of_a_record_is_covered,
    s14_a_missing_record_is_named,
    s14_a_cut_tail_contradicts_the_head,
    s14_a_rewritten_tail_contradicts_the_checkpoint,
    s14_a_changed_checkpoint_is_found,
    s14_verification_of_the_chain_crosses_its_pages,
);

pub fn entry(n: i64) -> AuditEntry {
    AuditEntry {
        at: 1_700_000_000_000 + n,
        request: format!("r{n}"),
        face: "office".to_owned(),
        source: "10.0.0.8".to_owned(),
        session: format!("s{}", n % 3),
        actor: format!("account-{}", n % 4),
        role: "受理员".to_owned(),
        organisation: "water@150402".to_owned(),
        method: "POST".to_owned(),
        path: format!("/cases/c{n}/accept"),
        object: format!("case:c{n}"),
        outcome: "refused".to_owned(),
        reason: "case.state".to_owned(),
        before: "00".to_owned(),
        after: "01".to_owned(),
    }
}

pub async fn log(store: &Store, n: i64) {
    let mut unit = Unit::new();
    unit.audit(entry(n));
    store.commit(unit).await.unwrap();
}

pub async fn records(store: &Store) -> Vec<AuditRecord> {
    let sql = "SELECT seq, at, request, face, source, session, actor, role, organisation, method, path, object, outcome, reason, before, after, hash \
               FROM audit_entry ORDER BY seq";
    store.query(sql, []).await.unwrap().iter().map(|row| AuditRecord::read(row).unwrap()).collect()
}

async fn found(store: &Store) -> Vec<(FaultKind, String, i64)> {
    let report = store.verify(&Sum).await.unwrap();
    report.faults.into_iter().map(|fault| (fault.kind, fault.stream, fault.version)).collect()
}

fn at(kind: FaultKind, seq: i64) -> (FaultKind, String, i64) {
    (kind, "audit".to_owned(), seq)
}

async fn history(place: &Place) -> Store {
    let store = place.open().await;
    for n in 1..=6 {
        log(&store, n).await;
    }
    let checkpoint = store.checkpoint(1).await.unwrap();
    assert_eq!(checkpoint.audit, store.audit_head().await.unwrap());
    assert_eq!(store.last_checkpoint().await.unwrap(), Some(checkpoint));
    log(&store, 7).await;
    assert_eq!(found(&store).await, []);
    store
}

async fn s14_records_are_numbered_and_chained_in_the_order_of_the_commits(place: &Place) {
    let store = place.open().await;
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..12 {
                log(&store, writer * 100 + n).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let records = records(&store).await;
    assert_eq!(records.len(), 96);
    let mut prev = ZERO;
    for (record, seq) in records.iter().zip(1..) {
        assert_eq!(record.seq, seq);
        prev = audit_hash(&prev, seq, &record.entry);
        assert_eq!(record.hash, prev);
    }
    assert_eq!(store.audit_head().await.unwrap(), Head { seq: 96, hash: prev });
    let report = store.verify(&Sum).await.unwrap();
    assert_eq!((report.audited, report.found), (96, 0));
}

async fn s12_a_change_and_its_record_are_there_together_or_not_at_all(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    add(&mut unit, &Loaded::none("a"), &[1]);
    unit.audit(entry(1));
    store.commit(unit).await.unwrap();
    // A lost race takes the record with it.
    let mut late = Unit::new();
    add(&mut late, &Loaded::none("a"), &[2]);
    late.audit(entry(2));
    assert!(matches!(store.commit(late).await, Err(Refused::Conflict)));
    let records = records(&store).await;
    assert_eq!(records.iter().map(|record| &record.entry).collect::<Vec<_>>(), [&entry(1)]);
    assert_eq!(count(&store, "SELECT count(*) FROM event").await, 1);
}

async fn s14_no_number_is_lost_when_units_of_a_group_are_refused(place: &Place) {
    let store = place.open().await;
    let units = (0..60).map(|n: i64| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut unit = Unit::new();
            // Every third wants a name that is taken.
            unit.audit(entry(n));
            let name = if n % 3 == 0 { "taken".to_owned() } else { format!("free {n}") };
            unit.row(Row::new(THING, [text(&name), text(&name)]));
            store.commit(unit).await.is_ok()
        })
    });
    let mut done = 0;
    for unit in units.collect::<Vec<_>>() {
        done += i64::from(unit.await.unwrap());
    }
    assert_eq!(done, 41);
    assert_eq!(store.audit_head().await.unwrap().seq, done);
    assert_eq!(found(&store).await, []);
}

async fn s14_every_field_of_a_record_is_covered(place: &Place) {
    let store = history(place).await;
    for column in &AuditRecord::COLUMNS[1..] {
        let edit = match *column {
            "at" => "at = at + 1".to_owned(),
            "hash" => "hash = (SELECT hash FROM audit_entry WHERE seq = 1)".to_owned(),
            text => format!("{text} = {text} || ' '"),
        };
        let store = place.open().await;
        tamper(place, &store, "CREATE TABLE kept AS SELECT * FROM audit_entry WHERE seq = 3").await;
        tamper(place, &store, &format!("UPDATE audit_entry SET {edit} WHERE seq = 3")).await;
        let faults = found(&store).await;
        assert_eq!(faults[0], at(FaultKind::AuditHash, 3), "{column}: {faults:?}");
        let undo =
            "DELETE FROM audit_entry WHERE seq = 3; INSERT INTO audit_entry SELECT * FROM kept; DROP TABLE kept;";
        tamper(place, &store, undo).await;
        assert_eq!(found(&store).await, []);
    }
    drop(store);
}

async fn s14_a_missing_record_is_named(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "DELETE FROM audit_entry WHERE seq = 4").await;
    assert_eq!(found(&store).await, [at(FaultKind::AuditGap, 5)]);
}

async fn s14_a_cut_tail_contradicts_the_head(place: &Place) {
    let store = history(place).await;
    tamper(place, &store, "DELETE FROM audit_entry WHERE seq = 7").await;
    assert_eq!(found(&store).await, [at(FaultKind::AuditHead, 6)]);
    let fit = "DELETE FROM audit_entry WHERE seq > 5; UPDATE chain SET seq = 5, head = (SELECT hash FROM audit_entry WHERE seq = 5) WHERE name = 'audit';";
    tamper(place, &store, fit).await;
    assert_eq!(found(&store).await, [at(FaultKind::AuditCheckpoint, 6)]);
}

async fn s14_a_rewritten_tail_contradicts_the_checkpoint(place: &Place) {
    let store = history(place).await;
    let mut sql = String::new();
    let mut prev = ZERO;
    for mut record in records(&store).await {
        if record.seq >= 5 {
            record.entry.actor = "somebody else".to_owned();
        }
        prev = audit_hash(&prev, record.seq, &record.entry);
        let blob = blob(&store, &prev);
        sql += &format!(
            "UPDATE audit_entry SET actor = '{}', hash = {blob} WHERE seq = {};",
            record.entry.actor, record.seq
        );
    }
    sql += &format!("UPDATE chain SET head = {} WHERE name = 'audit';", blob(&store, &prev));
    tamper(place, &store, &sql).await;
    assert_eq!(found(&store).await, [at(FaultKind::AuditCheckpoint, 6)]);
}

fn blob(store: &Store, bytes: &[u8]) -> String {
    match store.backend() {
        ledger::Backend::Sqlite => format!("x'{}'", hex::encode(bytes)),
        ledger::Backend::Postgres => format!("'\\x{}'", hex::encode(bytes)),
    }
}

async fn s14_a_changed_checkpoint_is_found(place: &Place) {
    let store = history(place).await;
    put(&store, "a", &[1]).await.unwrap();
    store.checkpoint(2).await.unwrap();
    store.checkpoint(3).await.unwrap();
    let chain = |n| (FaultKind::CheckpointChain, "checkpoint".to_owned(), n);
    tamper(place, &store, "UPDATE checkpoint SET at = 9 WHERE number = 2").await;
    assert_eq!(found(&store).await, [chain(2)]);
    tamper(place, &store, "DELETE FROM checkpoint WHERE number = 2").await;
    assert_eq!(found(&store).await, [chain(3)]);
    tamper(place, &store, "DELETE FROM checkpoint WHERE number = 3").await;
    assert_eq!(found(&store).await, [chain(1)]);
}

async fn s14_verification_of_the_chain_crosses_its_pages(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    for n in 0..2_001 {
        unit.audit(entry(n));
    }
    store.commit(unit).await.unwrap();
    let report = store.verify(&Sum).await.unwrap();
    assert_eq!((report.audited, report.found), (2_001, 0));
    tamper(place, &store, "UPDATE audit_entry SET path = '/' WHERE seq = 1999").await;
    assert_eq!(found(&store).await, [at(FaultKind::AuditHash, 1_999)]);
}
