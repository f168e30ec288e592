//! 存证 (S-14, A-06) and 审计留存 (S-15): signed copies outside of the database, and a store that is never full unnoticed.

use domain::{account::Role, evidence::Zone, export::What};
use ledger::{Backend, FaultKind, audit_hash};
use platform::{
    Actor, Call, Failure, Platform,
    audit::{Attempt, AuditFilter, EvidenceFolder, outside_faults},
    detection::AlarmFilter,
    export::Wanted,
    ports::{Signer as _, Space},
    read::PlatformFold,
    seal::USER_ID,
};
use std::{
    collections::BTreeSet,
    io::Read,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there},
};

both_engines! {
    s14_checkpoints_outside_are_signed_once_by_several_nodes_and_openssl_verifies_them,
    a06_a_tail_rewritten_with_its_checkpoints_contradicts_only_what_lies_outside,
    s14_what_was_changed_or_taken_away_outside_is_named,
    s14_an_export_of_the_audit_is_signed_and_openssl_verifies_it,
    s15_a_filling_store_raises_its_alarm_once_a_day,
    s15_a_full_disk_stops_what_changes_and_goes_on_when_there_is_room,
    s47_each_zone_is_found_and_counted_apart,
}

fn system() -> Call {
    Call::system("evidence")
}

async fn auditor(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await
}

fn attempt(world: &World, face: &'static str, n: u64) -> Attempt {
    let (method, path) = ("POST".to_owned(), format!("/x/{n}"));
    Attempt::new(format!("r{n}"), face, method, path, "10.0.0.1".into(), String::new(), world.platform.clock.now())
}

/// So many records, and a checkpoint over them, outside as well.
async fn records(world: &World, p: &Platform, from: u64, count: u64) {
    for n in from..from + count {
        let who = &world.agent.actor;
        p.close_attempt(&attempt(world, "portal", n), who, "denied", "http.forbidden").await.unwrap();
    }
    p.take_checkpoint(&system()).await.unwrap().unwrap();
    p.keep_outside(&system()).await.unwrap();
}

fn folder(p: &Platform) -> &EvidenceFolder {
    p.evidence.folder.as_ref().unwrap()
}

fn lines(p: &Platform) -> Vec<String> {
    let files = folder(p).checkpoint_files().unwrap();
    files
        .iter()
        .flat_map(|path| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn openssl_verifies(folder: &Path, key: &Path, text: &[u8], signature: &[u8]) -> bool {
    let (text_file, signature_file) = (folder.join("signed.txt"), folder.join("signed.sig"));
    std::fs::write(&text_file, text).unwrap();
    std::fs::write(&signature_file, signature).unwrap();
    let done = Command::new("openssl")
        .args(["dgst", "-sm3", "-verify"])
        .arg(key)
        .arg("-signature")
        .arg(&signature_file)
        .args(["-sigopt", &format!("distid:{USER_ID}")])
        .arg(&text_file)
        .output()
        .unwrap();
    done.status.success()
}

/// What the second verifier says; nothing on PostgreSQL, which it cannot read.
fn second_verifier(world: &World, p: &Platform) -> Option<BTreeSet<(String, String, i64)>> {
    let file = world.database.file()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify.py");
    let output =
        Command::new("python3").arg(script).arg("--evidence").arg(folder(p).path()).arg(file).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().filter_map(|line| {
        let parts: Vec<_> = line.split('\t').collect();
        (parts[1] != "sound").then(|| (parts[1].to_owned(), parts[2].to_owned(), parts[3].parse().unwrap()))
    });
    Some(found.collect())
}

/// What both say: the first must say the same as the second.
async fn found(world: &World, p: &Platform) -> Vec<(FaultKind, i64)> {
    let fold = PlatformFold { rules: p.rules.now() };
    let mut report = p.store.verify_all(&fold, None, Some(folder(p).path())).await.unwrap();
    report.add(outside_faults(&p.store, folder(p)).await.unwrap());
    if let Some(second) = second_verifier(world, p) {
        let ours: BTreeSet<_> =
            report.faults.iter().map(|f| (format!("{:?}", f.kind), f.stream.clone(), f.version)).collect();
        assert_eq!(second, ours);
    }
    report.faults.into_iter().map(|fault| (fault.kind, fault.version)).collect()
}

async fn s14_checkpoints_outside_are_signed_once_by_several_nodes_and_openssl_verifies_them(world: &World) {
    let p = world.with_evidence(|_| {});
    for n in 1..=3 {
        p.close_attempt(&attempt(world, "portal", n), &Actor::Public, "denied", "x").await.unwrap();
        p.take_checkpoint(&system()).await.unwrap().unwrap();
    }
    let call = system();
    let nodes = futures_util::future::join_all((0..4).map(|_| p.keep_outside(&call))).await;
    assert_eq!(nodes.into_iter().map(Result::unwrap).sum::<u64>(), 3, "each once");
    assert_eq!(p.keep_outside(&call).await.unwrap(), 0, "nothing twice");
    let kept = lines(&p);
    assert_eq!(kept.len(), 3);
    let key = folder(&p).path().join(format!("key-{}.pem", testkit::signer(2).public_key().id));
    for (line, number) in kept.iter().zip(1..) {
        let (text, rest) = line.split_once(" key=").unwrap();
        assert!(text.starts_with(&format!("tzxm/checkpoint/1 number={number} ")), "{text}");
        let signature = hex::decode(rest.split_once("signature=").unwrap().1).unwrap();
        assert!(openssl_verifies(world.database.folder(), &key, text.as_bytes(), &signature), "{text}");
        let other = text.replacen("number=", "number=1", 1);
        assert!(!openssl_verifies(world.database.folder(), &key, other.as_bytes(), &signature), "{other}");
    }
    assert_eq!(found(world, &p).await, []);
    forbidden(p.keep_outside(&auditor(world).await.call()).await);
    let unsigned = world.with_evidence(|evidence| evidence.signer = None);
    assert_eq!(unsigned.keep_outside(&call).await.unwrap(), 0, "without a key nothing is written");
}

fn blob(p: &Platform, bytes: &[u8]) -> String {
    match p.store.backend() {
        Backend::Sqlite => format!("x'{}'", hex::encode(bytes)),
        Backend::Postgres => format!("'\\x{}'", hex::encode(bytes)),
    }
}

/// The strongest forger: rights of the owner, every hash made to fit, and the table of checkpoints, too.
async fn rewrite_everything(world: &World, p: &Platform) {
    let triggers: &[&str] = match p.store.backend() {
        Backend::Sqlite => {
            &["DROP TRIGGER audit_entry_no_update", "DROP TRIGGER checkpoint_no_delete", "DROP TRIGGER chain_forward"]
        }
        Backend::Postgres => &[
            "DROP TRIGGER audit_entry_append_only ON audit_entry",
            "DROP TRIGGER checkpoint_append_only ON checkpoint",
            "DROP TRIGGER chain_forward ON chain",
        ],
    };
    world.database.tamper(triggers).await;
    let reader = auditor(world).await;
    let mut rows = p.audit_page(&reader.call(), &AuditFilter::default(), None).await.unwrap().rows;
    rows.reverse();
    let (mut prev, mut sql) = (ledger::ZERO, Vec::new());
    for row in rows {
        let mut entry = row.record.entry;
        if row.record.seq == 2 {
            entry.actor = "somebody else".to_owned();
            sql.push("UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 2".to_owned());
        }
        prev = audit_hash(&prev, row.record.seq, &entry);
        sql.push(format!("UPDATE audit_entry SET hash = {} WHERE seq = {}", blob(p, &prev), row.record.seq));
    }
    sql.push(format!("UPDATE chain SET head = {} WHERE name = 'audit'", blob(p, &prev)));
    sql.push("DELETE FROM checkpoint".to_owned());
    sql.push(format!("UPDATE chain SET seq = 0, head = {} WHERE name = 'checkpoint'", blob(p, &[0; 32])));
    let sql: Vec<&str> = sql.iter().map(String::as_str).collect();
    world.database.tamper(&sql).await;
    for _ in 0..2 {
        p.store.checkpoint(p.clock.now().0).await.unwrap();
    }
}

async fn a06_a_tail_rewritten_with_its_checkpoints_contradicts_only_what_lies_outside(world: &World) {
    let p = world.with_evidence(|_| {});
    records(world, &p, 1, 3).await;
    records(world, &p, 4, 3).await;
    assert_eq!(found(world, &p).await, []);
    rewrite_everything(world, &p).await;
    assert!(world.verify().await.is_sound(), "the database alone fits");
    let faults = found(world, &p).await;
    assert_eq!(faults, [(FaultKind::Outside, 1), (FaultKind::Outside, 2)]);
    // The platform itself finds it and raises the alarm.
    let report = p.verify_due(&system()).await.unwrap().unwrap();
    assert!(!report.is_sound());
    let said = p.verifications(&auditor(world).await.call()).await.unwrap().remove(0).result.unwrap();
    assert_eq!(said.first, "检查点第 1 号与存证目录中签名的不一致，记录连同检查点被整体改写");
}

async fn s14_what_was_changed_or_taken_away_outside_is_named(world: &World) {
    let p = world.with_evidence(|_| {});
    for round in 0..3 {
        records(world, &p, round * 10, 2).await;
    }
    let path = folder(&p).checkpoint_files().unwrap().remove(0);
    let sound = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<_> = sound.lines().collect();
    let write = |lines: &[&str]| std::fs::write(&path, format!("{}\n", lines.join("\n"))).unwrap();
    write(&[kept[0], kept[2]]);
    assert_eq!(found(world, &p).await, [(FaultKind::Outside, 3)], "one in between is missing");
    let forged = kept[1].replacen("events=", "events=1", 1);
    write(&[kept[0], &forged, kept[2]]);
    assert_eq!(found(world, &p).await, [(FaultKind::Signature, 2)], "changed, so its signature does not hold");
    let (text, _) = kept[1].split_once(" key=").unwrap();
    let unsigned = format!("{text} key=0123456789abcdef signature=3006020101020101");
    write(&[kept[0], &unsigned, kept[2]]);
    assert_eq!(found(world, &p).await, [(FaultKind::Signature, 2)], "signed by nobody");
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(found(world, &p).await, []);
}

async fn s14_an_export_of_the_audit_is_signed_and_openssl_verifies_it(world: &World) {
    let p = world.with_evidence(|_| {});
    records(world, &p, 1, 3).await;
    let reader = auditor(world).await;
    let wanted = Wanted { what: What::Audit, ..Wanted::default() };
    let export = async |p: &Platform| {
        let id = p.ask_export(&reader.call(), &wanted, "年度安全检查").await.unwrap();
        p.take_export(&reader.call(), &id).await.unwrap()
    };
    let plain = export(&world.platform).await;
    assert!(plain.name.ends_with(".xlsx") && plain.content.starts_with(b"PK"), "without a key it is the table alone");
    let signed = export(&p).await;
    assert!(signed.name.ends_with(".zip") && signed.kind == "application/zip", "{}", signed.name);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(signed.content)).unwrap();
    let mut file = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let (table, signature, pem) = (file("audit.xlsx"), file("audit.xlsx.sig"), file("public-key.pem"));
    assert!(String::from_utf8(file("readme.txt")).unwrap().contains("openssl dgst -sm3 -verify"));
    assert!(table.starts_with(b"PK"), "a spreadsheet");
    let key = world.database.folder().join("public.pem");
    std::fs::write(&key, &pem).unwrap();
    assert!(openssl_verifies(world.database.folder(), &key, &table, &signature));
    let mut changed = table;
    changed[40] ^= 1;
    assert!(!openssl_verifies(world.database.folder(), &key, &changed, &signature));
}

/// The rules of the alarms that were raised.
async fn alarms(world: &World, p: &Platform) -> Vec<String> {
    let reader = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    p.detect(&Call::system("detection")).await.unwrap();
    let rows = p.alarms(&reader.call(), &AlarmFilter::default(), None).await.unwrap().rows;
    rows.into_iter().map(|row| row.rule_name).collect()
}

async fn s15_a_filling_store_raises_its_alarm_once_a_day(world: &World) {
    let p = world.with_evidence(|evidence| evidence.settings.audit_records = 10);
    records(world, &p, 1, 7).await;
    assert!(!p.watch_audit_space(&system()).await.unwrap().is_filling());
    assert_eq!(alarms(world, &p).await, Vec::<String>::new());
    records(world, &p, 8, 1).await;
    let call = system();
    let nodes = futures_util::future::join_all((0..4).map(|_| p.watch_audit_space(&call))).await;
    assert!(nodes.into_iter().all(|space| space.unwrap().percent >= 80));
    assert_eq!(p.store.audit_head().await.unwrap().seq, 9, "one warning, whichever node");
    assert_eq!(alarms(world, &p).await, ["审计存储将满"]);
    let space = p.audit_space(&auditor(world).await.call()).await.unwrap();
    assert_eq!((space.percent, space.records, space.most), (90, 9, 10));
    forbidden(p.watch_audit_space(&auditor(world).await.call()).await);
    not_there(p.audit_space(&world.supervisor().await.call()).await);
    world.set_day(p.clock.now().date().tomorrow().unwrap().tomorrow().unwrap());
    p.watch_audit_space(&system()).await.unwrap();
    assert_eq!(p.store.audit_head().await.unwrap().seq, 10, "again two days later");
    p.watch_audit_space(&system()).await.unwrap();
    let refused = p.close_attempt(&attempt(world, "portal", 99), &Actor::Public, "denied", "x").await;
    assert!(matches!(refused, Err(Failure::AuditFull)), "{refused:?}");
    assert_eq!(alarms(world, &p).await.len(), 2);
    assert!(alarms(world, &p).await.contains(&"审计存储已满，平台暂停办理".to_owned()));
    world.platform.store.limit_audit(0, i64::MAX, i64::MAX);
}

/// A disk that a test fills.
struct Disk(AtomicU64);

impl Space for Disk {
    fn free(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed))
    }
}

async fn s15_a_full_disk_stops_what_changes_and_goes_on_when_there_is_room(world: &World) {
    let disk = Arc::new(Disk(AtomicU64::new(1000)));
    let p = world.with_evidence(|evidence| {
        evidence.settings.free_bytes = 100;
        evidence.space = disk.clone();
    });
    assert_eq!(p.watch_audit_space(&system()).await.unwrap().percent, 10);
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    disk.0.store(99, Ordering::Relaxed);
    assert!(p.watch_audit_space(&system()).await.unwrap().is_full());
    let (p, case) = (&p, &case);
    let ask = |n: u64| {
        let call = Call { attempt: Some(Arc::new(attempt(world, "office", n))), ..officer.call() };
        async move { p.ask_correction(&call, case, vec![testkit::point("补充附图")]).await }
    };
    let before = p.store.load(&format!("case:{case}")).await.unwrap();
    let tries = futures_util::future::join_all((0..8).map(ask)).await;
    assert!(tries.iter().all(|tried| matches!(tried, Err(Failure::AuditFull))), "{tries:?}");
    assert_eq!(p.store.load(&format!("case:{case}")).await.unwrap(), before, "nothing changed");
    disk.0.store(5000, Ordering::Relaxed);
    assert!(!p.watch_audit_space(&system()).await.unwrap().is_full());
    ask(50).await.unwrap();
}

async fn s47_each_zone_is_found_and_counted_apart(world: &World) {
    let p = &world.platform;
    let (reader, officer) = (auditor(world).await, world.all_hands("water", "150402").await);
    let note = async |face: &'static str, n: u64, who: &Actor, outcome: &str| {
        p.close_attempt(&attempt(world, face, n), who, outcome, "").await.unwrap();
    };
    for n in 0..3 {
        note("portal", n, &world.agent.actor, "done").await;
    }
    note("portal", 10, &Actor::Public, "denied").await;
    note("office", 11, &officer.actor, "done").await;
    note("office", 12, &officer.actor, "read").await;
    note("office", 13, &reader.actor, "read").await;
    note("api", 14, &Actor::Public, "refused").await;
    p.watch_clock(&Call::system("detection"), 100_000, 0).await.unwrap();
    let zones = |page: &platform::audit::AuditPage| page.zones.iter().map(|(_, n)| *n).collect::<Vec<_>>();
    let all = p.audit_page(&reader.call(), &AuditFilter::default(), None).await.unwrap();
    assert_eq!((all.rows.len(), zones(&all)), (9, vec![4, 2, 1, 1, 1]));
    for ((zone, count), faces) in all.zones.iter().zip(["portal", "office", "management", "api", "platform"]) {
        let filter = AuditFilter { zone: Some(*zone), ..AuditFilter::default() };
        let page = p.audit_page(&reader.call(), &filter, None).await.unwrap();
        assert_eq!(page.rows.len() as u64, *count, "{zone:?}");
        assert!(page.rows.iter().all(|row| row.record.entry.face == faces), "{zone:?}");
        assert_eq!(zones(&page), zones(&all), "the other views keep their counts");
    }
    let filter = AuditFilter { zone: Some(Zone::Internet), outcome: "denied".into(), ..AuditFilter::default() };
    let page = p.audit_page(&reader.call(), &filter, None).await.unwrap();
    assert_eq!((page.rows.len(), page.outcomes), (1, vec![("denied", 1)]));
    let filter = AuditFilter { zone: Some(Zone::Internet), ..AuditFilter::default() };
    let page = p.audit_page(&reader.call(), &filter, None).await.unwrap();
    assert_eq!(page.outcomes, [("done", 3), ("read", 0), ("refused", 0), ("denied", 1), ("failed", 0)]);
}
