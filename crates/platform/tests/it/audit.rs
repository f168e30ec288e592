//! 安全审计: checkpoints, verification and search, for the audit administrator alone.

use domain::{account::Role, evidence::Zone, export::What};
use platform::{
    Actor, Call,
    audit::{Attempt, AuditFilter},
    export::Wanted,
};
use std::sync::Arc;
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused},
    point,
};

both_engines! {
    s12_a_change_and_its_record_are_bound_to_each_other,
    s14_a_checkpoint_is_taken_when_something_happened_and_only_then,
    s14_what_was_asked_for_is_verified_and_once_a_day_by_itself,
    s14_a_broken_record_is_named_to_the_audit_administrator,
    s36_records_are_found_by_what_is_asked_for,
    s36_nobody_but_the_audit_administrator_reads_the_audit,
}

async fn auditor(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await
}

/// A call as the web makes it, with its record around.
pub fn recorded(world: &World, person: &Person, n: u64, path: &str) -> (Call, Arc<Attempt>) {
    let attempt = Arc::new(Attempt::new(
        format!("r{n}"),
        "office",
        "POST".into(),
        path.into(),
        format!("10.0.0.{n}"),
        "5e55".into(),
        world.platform.clock.now(),
    ));
    (Call { attempt: Some(attempt.clone()), ..person.call() }, attempt)
}

async fn s12_a_change_and_its_record_are_bound_to_each_other(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let (call, attempt) = recorded(world, &officer, 1, "/cases/x/correction");
    let before = p.store.load(&format!("case:{case}")).await.unwrap();
    p.ask_correction(&call, &case, vec![point("补充附图")]).await.unwrap();
    assert!(attempt.is_written());
    p.close_attempt(&attempt, &officer.actor, "done", "").await.unwrap();
    let found = p.audit_page(&auditor(world).await.call(), &AuditFilter::default(), None).await.unwrap();
    assert_eq!(found.rows.len(), 1, "one record");
    let after = p.store.load(&format!("case:{case}")).await.unwrap();
    let entry = &found.rows[0].record.entry;
    assert_eq!(entry.object, format!("case:{case}"));
    assert_eq!((&entry.before, &entry.after), (&hex::encode(before.head), &hex::encode(after.head)));
    assert_eq!((entry.outcome.as_str(), entry.organisation.as_str()), ("done", "water@150402"));
    assert!(entry.role.contains("收件岗"), "{}", entry.role);
}

async fn s14_a_checkpoint_is_taken_when_something_happened_and_only_then(world: &World) {
    let p = &world.platform;
    let system = Call::system("evidence");
    world.project().await;
    // The horizon of PostgreSQL is the cluster's: other tests may hold it back for a moment.
    testkit::patiently("everything is covered", async || {
        p.take_checkpoint(&system).await.unwrap();
        let kept = p.store.last_checkpoint().await.unwrap()?;
        (kept.root == p.store.root().await.unwrap()).then_some(())
    })
    .await;
    assert_eq!(p.take_checkpoint(&system).await.unwrap(), None);
    let officer = world.all_hands("water", "150402").await;
    let (_, attempt) = recorded(world, &officer, 1, "/x");
    p.take_checkpoint(&system).await.unwrap();
    p.close_attempt(&attempt, &officer.actor, "denied", "http.forbidden").await.unwrap();
    let kept = p.take_checkpoint(&system).await.unwrap().unwrap();
    assert_eq!(kept.audit, p.store.audit_head().await.unwrap());
    forbidden(p.take_checkpoint(&officer.call()).await);
}

async fn s14_what_was_asked_for_is_verified_and_once_a_day_by_itself(world: &World) {
    let p = &world.platform;
    let (system, auditor) = (Call::system("evidence"), auditor(world).await);
    assert!(p.verify_due(&system).await.unwrap().is_some(), "the first by itself");
    assert!(p.verify_due(&system).await.unwrap().is_none(), "not again on that day");
    world.later(1);
    p.ask_verification(&auditor.call()).await.unwrap();
    refused(p.ask_verification(&auditor.call()).await, "audit.verifying");
    assert_eq!(p.verifications(&auditor.call()).await.unwrap()[0].result, None);
    assert!(p.verify_due(&system).await.unwrap().unwrap().is_sound());
    let verified = p.verifications(&auditor.call()).await.unwrap();
    assert_eq!(verified.len(), 2);
    let mine = verified.iter().find(|v| !v.asked_by.is_empty()).unwrap();
    let result = mine.result.as_ref().unwrap();
    assert_eq!((result.found, result.root.clone()), (0, hex::encode(p.store.root().await.unwrap().hash)));
    world.set_day(p.clock.now().date().tomorrow().unwrap().tomorrow().unwrap());
    assert!(p.verify_due(&system).await.unwrap().is_some(), "two days later");
    forbidden(p.verify_due(&auditor.call()).await);
}

async fn s14_a_broken_record_is_named_to_the_audit_administrator(world: &World) {
    let p = &world.platform;
    let (system, auditor) = (Call::system("evidence"), auditor(world).await);
    for n in 1..=3 {
        let (_, attempt) = recorded(world, &auditor, n, "/x");
        p.close_attempt(&attempt, &auditor.actor, "denied", "http.forbidden").await.unwrap();
    }
    let drop = ["DROP TRIGGER audit_entry_no_update", "DROP TRIGGER audit_entry_append_only ON audit_entry"]
        [usize::from(p.store.backend() == ledger::Backend::Postgres)];
    world.database.tamper(&[drop, "UPDATE audit_entry SET outcome = 'read' WHERE seq = 2"]).await;
    p.ask_verification(&auditor.call()).await.unwrap();
    assert!(!p.verify_due(&system).await.unwrap().unwrap().is_sound());
    let result = p.verifications(&auditor.call()).await.unwrap().remove(0).result.unwrap();
    assert_eq!((result.found, result.first.as_str()), (1, "审计记录第 2 号的内容或者次序被改动"));
    world.database.tamper(&["UPDATE audit_entry SET outcome = 'denied' WHERE seq = 2"]).await;
}

async fn s36_records_are_found_by_what_is_asked_for(world: &World) {
    let p = &world.platform;
    let (auditor, officer) = (auditor(world).await, world.all_hands("water", "150402").await);
    let first = p.clock.now().date();
    for n in 1..=120 {
        let (_, attempt) = recorded(world, &officer, n, &format!("/cases/c{n}/accept"));
        let outcome = if n % 2 == 0 { "denied" } else { "refused" };
        p.close_attempt(&attempt, &officer.actor, outcome, "case.state").await.unwrap();
    }
    world.set_day(first.tomorrow().unwrap());
    let (_, attempt) = recorded(world, &auditor, 200, "/audit_x%");
    p.close_attempt(&attempt, &Actor::Public, "denied", "http.sign_in_needed").await.unwrap();
    let count = async |filter: AuditFilter| {
        let (mut before, mut numbers) = (None, Vec::new());
        loop {
            let page = p.audit_page(&auditor.call(), &filter, before).await.unwrap();
            numbers.extend(page.rows.iter().map(|row| row.record.seq));
            before = page.next;
            if before.is_none() {
                assert!(numbers.is_sorted_by(|a, b| a > b), "newest first, none twice");
                return numbers.len();
            }
        }
    };
    let all = AuditFilter::default;
    assert_eq!(count(all()).await, 121);
    assert_eq!(count(AuditFilter { outcome: "denied".into(), ..all() }).await, 61);
    assert_eq!(count(AuditFilter { until: Some(first), ..all() }).await, 120);
    assert_eq!(count(AuditFilter { from: first.tomorrow().ok(), ..all() }).await, 1);
    assert_eq!(count(AuditFilter { person: officer.login.to_uppercase(), ..all() }).await, 120);
    assert_eq!(count(AuditFilter { person: officer.account().to_string(), ..all() }).await, 120);
    assert_eq!(count(AuditFilter { person: "public".into(), ..all() }).await, 1);
    assert_eq!(count(AuditFilter { source: " 10.0.0.7 ".into(), ..all() }).await, 1);
    assert_eq!(count(AuditFilter { zone: Some(Zone::Internet), ..all() }).await, 0);
    assert_eq!(count(AuditFilter { what: "/c12".into(), ..all() }).await, 2);
    assert_eq!(count(AuditFilter { what: "t_x%".into(), ..all() }).await, 1, "no wildcard");
    assert_eq!(count(AuditFilter { what: "_".into(), ..all() }).await, 1, "no wildcard");
}

async fn s36_nobody_but_the_audit_administrator_reads_the_audit(world: &World) {
    let p = &world.platform;
    let all = AuditFilter::default();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::AuditAdministrator) {
        let person = world.officer("development_reform", "150000", &[role]).await;
        forbidden(p.audit_page(&person.call(), &all, None).await);
        forbidden(p.ask_export(&person.call(), &Wanted { what: What::Audit, ..Wanted::default() }, "年度检查").await);
        forbidden(p.verifications(&person.call()).await);
        forbidden(p.ask_verification(&person.call()).await);
    }
    let county = world.officer("development_reform", "150402", &[Role::AuditAdministrator]).await;
    not_there(p.audit_page(&county.call(), &all, None).await);
    assert!(p.audit_page(&world.agent.call(), &all, None).await.is_err());
    assert!(p.audit_page(&Call::new(Actor::Public, "x"), &all, None).await.is_err());
}
