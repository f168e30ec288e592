//! 归档 (A-33): records leave their table only into files that prove them; nothing is ever lost.

use domain::account::Role;
use platform::{
    Actor, Call, Failure, Platform,
    audit::{Attempt, EvidenceFolder, outside_faults},
    read::PlatformFold,
    seal::{USER_ID, verifies},
};
use std::process::Command;
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    a33_old_records_go_into_signed_files_that_both_verifiers_follow,
    l11_nothing_younger_than_180_days_iprogress_whatever_is_set,
    a33_only_the_audit_administrator_archives_and_once_at_a_time,
    a33_a_crash_in_the_middle_loses_nothing,
    a33_of_several_nodes_one_archives,
    a33_what_was_not_looked_through_or_sent_on_stays,
    a33_archiving_makes_room_when_the_audit_is_full,
}

fn system() -> Call {
    Call::system("evidence")
}

async fn auditor(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await
}

/// Files of three records each.
fn node(world: &World) -> Platform {
    world.with_evidence(|evidence| evidence.archive_records = 3)
}

async fn records(p: &Platform, count: u64) {
    for n in 0..count {
        let (method, path) = ("POST".to_owned(), format!("/x/{n}"));
        let attempt =
            Attempt::new(format!("r{n}"), "portal", method, path, "10.0.0.1".into(), String::new(), p.clock.now());
        p.close_attempt(&attempt, &Actor::Public, "denied", "http.forbidden").await.unwrap();
    }
    p.detect(&Call::system("detection")).await.unwrap();
}

/// So many days later.
fn days(world: &World, days: i64) {
    world.clock.set(domain::Moment(world.platform.clock.now().0 + days * 86_400_000));
}

async fn online(p: &Platform) -> Vec<i64> {
    let rows = p.store.query("SELECT seq FROM audit_entry ORDER BY seq", []).await.unwrap();
    rows.iter().map(|row| row.try_get("", "seq").unwrap()).collect()
}

fn folder(p: &Platform) -> &EvidenceFolder {
    p.evidence.folder.as_ref().unwrap()
}

/// Everything fits, archives included, and the second verifier says so, too. Records seen.
async fn verified(world: &World, p: &Platform) -> u64 {
    let fold = PlatformFold { rules: p.rules.now() };
    let mut report = p.store.verify_all(&fold, None, Some(folder(p).path())).await.unwrap();
    report.add(outside_faults(&p.store, folder(p)).await.unwrap());
    assert!(report.is_sound(), "{:#?}", report.faults);
    if let Some(file) = world.database.file() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify.py");
        let done =
            Command::new("python3").arg(script).arg("--evidence").arg(folder(p).path()).arg(file).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(
            said.contains(&format!("\tsound\t{} events, {} audit records", report.root.events, report.audited)),
            "{said}"
        );
    }
    report.audited
}

async fn progress(p: &Platform, reader: &Person) -> (i64, i64, i64, bool, String) {
    let last = p.archivings(&reader.call()).await.unwrap().remove(0);
    (last.total, last.done, last.files, last.ended_at.is_some(), last.fault)
}

async fn a33_old_records_go_into_signed_files_that_both_verifiers_follow(world: &World) {
    let (p, reader) = (node(world), auditor(world).await);
    records(&p, 8).await;
    p.take_checkpoint(&system()).await.unwrap();
    p.keep_outside(&system()).await.unwrap();
    days(world, 1100);
    records(&p, 2).await;
    assert_eq!(p.archive_plan(&reader.call()).await.unwrap().records, 8);
    p.ask_archiving(&reader.call()).await.unwrap();
    assert_eq!(progress(&p, &reader).await, (8, 0, 0, false, String::new()));
    assert_eq!(p.archive_due(&system()).await.unwrap(), 8);
    assert_eq!(progress(&p, &reader).await, (8, 8, 3, true, String::new()));
    assert_eq!(online(&p).await, [9, 10, 11, 12, 13], "two young ones and a record of each file");
    assert_eq!(verified(world, &p).await, 13);
    // Each note is signed so that OpenSSL verifies it, and names the file by its SM3.
    for kept in p.store.archives_after(0, 9).await.unwrap() {
        let mark = kept.mark;
        let path = folder(&p).path().join(&mark.file);
        let line = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(line.trim_end(), format!("{} key={} signature={}", mark.text(), mark.key, mark.signature));
        let (text, signature) = (world.database.folder().join("mark"), world.database.folder().join("mark.sig"));
        std::fs::write(&text, mark.text()).unwrap();
        std::fs::write(&signature, hex::decode(&mark.signature).unwrap()).unwrap();
        let key = folder(&p).path().join(format!("key-{}.pem", mark.key));
        let distid = format!("distid:{USER_ID}");
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sm3", "-sigopt", &distid, "-verify"]).arg(&key);
        let done = openssl.arg("-signature").arg(&signature).arg(&text).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let digest = Command::new("openssl").args(["dgst", "-sm3", "-r"]).arg(&path).output().unwrap();
        assert!(String::from_utf8(digest.stdout).unwrap().starts_with(&hex::encode(mark.digest)));
        assert!(verifies(
            &std::fs::read_to_string(key).unwrap(),
            mark.text().as_bytes(),
            &hex::decode(&mark.signature).unwrap()
        ));
    }
    // Twice: nothing is left to do. Three years later there is.
    refused(p.ask_archiving(&reader.call()).await, "archive.nothing");
    assert_eq!(p.archive_due(&system()).await.unwrap(), 0);
    p.detect(&Call::system("detection")).await.unwrap();
    days(world, 1100);
    records(&p, 1).await;
    p.ask_archiving(&reader.call()).await.unwrap();
    assert_eq!(p.archive_due(&system()).await.unwrap(), 5);
    assert_eq!(verified(world, &p).await, 16);
    p.take_checkpoint(&system()).await.unwrap();
    assert!(p.verify_due(&system()).await.unwrap().unwrap().is_sound());
    // A forged file is found by the platform itself.
    let file = folder(&p).path().join(&p.store.last_archive().await.unwrap().unwrap().mark.file);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"done\"", "\"read\"", 1)).unwrap();
    world.later(1);
    p.ask_verification(&reader.call()).await.unwrap();
    assert!(!p.verify_due(&system()).await.unwrap().unwrap().is_sound());
    let said = p.verifications(&reader.call()).await.unwrap().remove(0).result.unwrap().first;
    assert_eq!(said, "审计归档第 5 号的文件缺失或者被改动");
    std::fs::write(&file, text).unwrap();
}

async fn l11_nothing_younger_than_180_days_iprogress_whatever_is_set(world: &World) {
    let p = world.with_evidence(|evidence| evidence.settings.audit_days = 1);
    let reader = auditor(world).await;
    records(&p, 4).await;
    days(world, 179);
    refused(p.ask_archiving(&reader.call()).await, "archive.nothing");
    days(world, 1);
    records(&p, 1).await;
    days(world, 1);
    p.ask_archiving(&reader.call()).await.unwrap();
    assert_eq!(p.archive_due(&system()).await.unwrap(), 4);
    assert_eq!(online(&p).await, [5, 6], "the young one and the record of the archiving");
    assert_eq!(verified(world, &p).await, 6);
}

async fn a33_only_the_audit_administrator_archives_and_once_at_a_time(world: &World) {
    let (p, reader) = (node(world), auditor(world).await);
    records(&p, 4).await;
    days(world, 1100);
    for role in Role::ALL.into_iter().filter(|role| *role != Role::AuditAdministrator) {
        let person = world.officer("development_reform", "150000", &[role]).await;
        forbidden(p.ask_archiving(&person.call()).await);
        forbidden(p.archive_plan(&person.call()).await);
        forbidden(p.archivings(&person.call()).await);
    }
    let county = world.officer("development_reform", "150402", &[Role::AuditAdministrator]).await;
    not_there(p.ask_archiving(&county.call()).await);
    assert!(p.ask_archiving(&world.agent.call()).await.is_err());
    forbidden(p.archive_due(&reader.call()).await);
    refused(
        world.with_evidence(|evidence| evidence.folder = None).ask_archiving(&reader.call()).await,
        "archive.unready",
    );
    refused(
        world.with_evidence(|evidence| evidence.signer = None).ask_archiving(&reader.call()).await,
        "archive.unready",
    );
    let call = reader.call();
    let asked = futures_util::future::join_all((0..4).map(|_| p.ask_archiving(&call))).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 1, "{asked:?}");
    refused(p.ask_archiving(&call).await, "archive.running");
    assert_eq!(p.archive_due(&system()).await.unwrap(), 4);
}

async fn a33_a_crash_in_the_middle_loses_nothing(world: &World) {
    let (p, reader) = (node(world), auditor(world).await);
    records(&p, 5).await;
    days(world, 1100);
    p.ask_archiving(&reader.call()).await.unwrap();
    // The power went after the first file was in its place and before its records left: both are there.
    let leftover = folder(&p).path().join("audit-000001-1-3.jsonl");
    p.store.write_archive(&leftover, 3, p.clock.now().0).await.unwrap();
    std::fs::write(folder(&p).path().join("audit-000001-1-3.txt"), "half a li").unwrap();
    assert_eq!((online(&p).await.len(), verified(world, &p).await), (5, 5));
    assert_eq!(p.archive_due(&system()).await.unwrap(), 5, "the next start goes on over it");
    assert_eq!(verified(world, &p).await, 7);
    // The folder cannot be written to: the archiving ends, every record stays, and it can be asked for again.
    records(&p, 4).await;
    days(world, 1100);
    p.detect(&Call::system("detection")).await.unwrap();
    p.ask_archiving(&reader.call()).await.unwrap();
    let before = online(&p).await;
    let blocked = folder(&p).path().join("audit-000003-6-8.jsonl");
    std::fs::create_dir(&blocked).unwrap();
    assert!(p.archive_due(&system()).await.is_err());
    assert_eq!(online(&p).await, before);
    let (_, done, _, ended, fault) = progress(&p, &reader).await;
    assert!(done == 0 && ended && fault.contains("其余记录仍在库中"), "{fault}");
    assert_eq!(verified(world, &p).await, 11);
    std::fs::remove_dir(&blocked).unwrap();
    p.ask_archiving(&reader.call()).await.unwrap();
    assert_eq!(p.archive_due(&system()).await.unwrap(), 6);
    // A record that was changed is not archived away: it stays for whoever looks into it.
    records(&p, 1).await;
    days(world, 1100);
    p.detect(&Call::system("detection")).await.unwrap();
    let drop = ["DROP TRIGGER audit_entry_no_update", "DROP TRIGGER audit_entry_append_only ON audit_entry"]
        [usize::from(p.store.backend() == ledger::Backend::Postgres)];
    let last = p.store.audit_head().await.unwrap().seq;
    world.database.tamper(&[drop, &format!("UPDATE audit_entry SET outcome = 'read' WHERE seq = {last}")]).await;
    p.ask_archiving(&reader.call()).await.unwrap();
    assert!(p.archive_due(&system()).await.is_err());
    assert_eq!(online(&p).await, [last - 2, last - 1, last]);
    world.database.tamper(&[&format!("UPDATE audit_entry SET outcome = 'denied' WHERE seq = {last}")]).await;
}

async fn a33_of_several_nodes_one_archives(world: &World) {
    let (p, reader) = (node(world), auditor(world).await);
    records(&p, 10).await;
    days(world, 1100);
    p.ask_archiving(&reader.call()).await.unwrap();
    let call = system();
    let nodes = futures_util::future::join_all((0..5).map(|_| p.archive_due(&call))).await;
    assert_eq!(nodes.into_iter().map(Result::unwrap).sum::<i64>(), 10, "each record once");
    assert_eq!(progress(&p, &reader).await, (10, 10, 4, true, String::new()));
    assert_eq!(verified(world, &p).await, 14);
}

async fn a33_what_was_not_looked_through_or_sent_on_stays(world: &World) {
    let p = world.with_evidence(|evidence| evidence.forwards = true);
    let reader = auditor(world).await;
    records(&p, 4).await;
    days(world, 1100);
    refused(p.ask_archiving(&reader.call()).await, "archive.nothing");
    let call = Call::system("forward");
    p.lease_forwarding(&call, "n1").await.unwrap().unwrap();
    assert!(p.confirm_forwarded(&call, "n1", 3).await.unwrap());
    assert_eq!(p.archive_plan(&reader.call()).await.unwrap().records, 3, "the collector has three");
    let attempt =
        Attempt::new("r".into(), "portal", "POST".into(), "/".into(), String::new(), String::new(), p.clock.now());
    p.close_attempt(&attempt, &Actor::Public, "denied", "x").await.unwrap();
    assert!(p.confirm_forwarded(&call, "n1", 5).await.unwrap());
    days(world, 1100);
    assert_eq!(p.archive_plan(&reader.call()).await.unwrap().records, 4, "nobody looked through the fifth");
}

async fn a33_archiving_makes_room_when_the_audit_is_full(world: &World) {
    let p = world.with_evidence(|evidence| evidence.settings.audit_records = 6);
    let reader = auditor(world).await;
    p.watch_audit_space(&system()).await.unwrap();
    records(&p, 6).await;
    days(world, 1100);
    let attempt = |n: u64| {
        Attempt::new(
            format!("full{n}"),
            "portal",
            "POST".into(),
            "/".into(),
            String::new(),
            String::new(),
            p.clock.now(),
        )
    };
    let full = p.close_attempt(&attempt(1), &Actor::Public, "denied", "x").await;
    assert!(matches!(full, Err(Failure::AuditFull)), "{full:?}");
    p.ask_archiving(&reader.call()).await.unwrap();
    assert_eq!(p.archive_due(&system()).await.unwrap(), 6);
    p.close_attempt(&attempt(2), &Actor::Public, "denied", "x").await.unwrap();
    assert_eq!(verified(world, &p).await, 8);
}

/// The read table is not what the events say any more: so this world is not finished as the others are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a33_deliveries_that_ended_long_ago_leave_their_table() {
    for world in [Some(World::sqlite().await), World::postgres().await].into_iter().flatten() {
        let p = node(&world);
        let delivery = |id: &str, state: &str, recorded_at: i64| {
            format!(
                "INSERT INTO deliveries(id, message_id, case_id, account_id, channel, class, digest, state, at, failures, queued_at, happened_at, \
                 recorded_at, title, reason, lease) VALUES('{id}', 'm', '', 'a', 'mail', 'must', 0, '{state}', 0, 0, 0, 0, {recorded_at}, '', '', 0)"
            )
        };
        let now = p.clock.now().0;
        let old = now - 1096 * 86_400_000;
        let mut rows: Vec<String> = (0..2100).map(|n| delivery(&format!("old{n}"), "sent", old - n % 7)).collect();
        rows.push(delivery("given-up", "given_up", old));
        rows.push(delivery("waiting", "waiting", old));
        rows.push(delivery("young", "sent", now - 1094 * 86_400_000));
        let rows = rows.join(";");
        world.database.tamper(&[&rows]).await;
        forbidden(p.prune_deliveries(&auditor(&world).await.call()).await);
        assert_eq!(p.prune_deliveries(&system()).await.unwrap(), 2101);
        let left = p.store.query("SELECT id FROM deliveries ORDER BY id", []).await.unwrap();
        let left: Vec<String> = left.iter().map(|row| row.try_get("", "id").unwrap()).collect();
        assert_eq!(left, ["waiting", "young"]);
        assert_eq!(p.prune_deliveries(&system()).await.unwrap(), 0, "nothing twice");
        p.store.close().await.unwrap();
        world.database.remove().await;
    }
}
