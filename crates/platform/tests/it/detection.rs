//! 入侵检测: every record is counted once, by however many nodes and after however many starts; alarms are handled by one.

use domain::{account::Role, detection::AlarmFinding, ids::AlarmId};
use platform::{
    Actor, Call,
    audit::Attempt,
    detection::{AlarmFilter, AlarmRow},
};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    s21_several_nodes_raise_one_alarm,
    s21_what_came_before_a_restart_counts_on,
    s21_a_running_alarm_takes_what_comes_and_a_closed_one_does_not,
    s21_only_the_platform_looks_and_only_the_region_reads,
    s42_of_two_who_acknowledge_at_the_same_time_one_does,
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await
}

/// So many wrong passwords from one source, as the web would record them.
async fn wrong_passwords(world: &World, source: &str, count: u32) {
    let p = &world.platform;
    for n in 0..count {
        let (method, path) = ("POST".to_owned(), "/login".to_owned());
        let attempt =
            Attempt::new(format!("r{n}"), "office", method, path, source.to_owned(), String::new(), p.clock.now());
        p.close_attempt(&attempt, &Actor::Public, "refused", "sign_in.wrong").await.unwrap();
    }
}

fn system() -> Call {
    Call::system("detection")
}

async fn open(world: &World, reader: &Person) -> Vec<AlarmRow> {
    world.platform.alarms(&reader.call(), &AlarmFilter::default(), None).await.unwrap().rows
}

async fn s21_several_nodes_raise_one_alarm(world: &World) {
    let (p, reader) = (&world.platform, security(world).await);
    wrong_passwords(world, "203.0.113.1", 10).await;
    wrong_passwords(world, "203.0.113.2", 10).await;
    let call = system();
    let nodes = futures_util::future::join_all((0..6).map(|_| p.detect(&call))).await;
    assert_eq!(nodes.into_iter().map(Result::unwrap).sum::<u64>(), 2);
    let mut rows = open(world, &reader).await;
    rows.sort_by_key(|row| row.number);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2], "numbers have no gap");
    assert_eq!(p.detect(&call).await.unwrap(), 0, "nothing twice");
}

async fn s21_what_came_before_a_restart_counts_on(world: &World) {
    let (p, reader) = (&world.platform, security(world).await);
    for round in 1..=3 {
        wrong_passwords(world, "203.0.113.1", 3).await;
        assert_eq!(p.detect(&system()).await.unwrap(), 0, "{round}");
    }
    // Every pass reads its marks from the database; a new node has no other memory.
    let other = world.strict();
    wrong_passwords(world, "203.0.113.1", 1).await;
    assert_eq!(other.detect(&system()).await.unwrap(), 1);
    let row = open(world, &reader).await.remove(0);
    let page = p.alarm_page(&reader.call(), &row.id).await.unwrap();
    assert_eq!((row.count, page.records.len()), (10, 10));
    world.later(11);
    wrong_passwords(world, "203.0.113.3", 1).await;
    p.detect(&system()).await.unwrap();
    world.set_day(p.clock.now().date().tomorrow().unwrap());
    wrong_passwords(world, "203.0.113.3", 1).await;
    p.detect(&system()).await.unwrap();
    let row = p.store.query_one("SELECT COUNT(*) AS n FROM detection_marks", []).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "n").unwrap(), 1, "what no window reaches any more is gone");
}

async fn s21_a_running_alarm_takes_what_comes_and_a_closed_one_does_not(world: &World) {
    let (p, reader) = (&world.platform, security(world).await);
    wrong_passwords(world, "203.0.113.1", 10).await;
    p.detect(&system()).await.unwrap();
    let first = open(world, &reader).await.remove(0);
    world.clock.set(domain::Moment(p.clock.now().0 + 15 * 60_000));
    wrong_passwords(world, "203.0.113.1", 30).await;
    assert_eq!(p.detect(&system()).await.unwrap(), 0);
    let again = open(world, &reader).await;
    assert_eq!((again.len(), again[0].count), (1, 20), "one alarm, one repetition in a window");
    p.acknowledge_alarm(&reader.call(), &first.id).await.unwrap();
    p.close_alarm(&reader.call(), &first.id, AlarmFinding::Handled, "已封堵").await.unwrap();
    refused(p.close_alarm(&reader.call(), &first.id, AlarmFinding::Handled, "再次").await, "alarm.closed");
    world.clock.set(domain::Moment(p.clock.now().0 + 15 * 60_000));
    wrong_passwords(world, "203.0.113.1", 10).await;
    assert_eq!(p.detect(&system()).await.unwrap(), 1);
    assert_eq!(open(world, &reader).await[0].number, 2);
}

async fn s21_only_the_platform_looks_and_only_the_region_reads(world: &World) {
    let (p, reader) = (&world.platform, security(world).await);
    forbidden(p.detect(&reader.call()).await);
    forbidden(p.watch_clock(&reader.call(), 0, 0).await);
    wrong_passwords(world, "203.0.113.1", 10).await;
    p.detect(&system()).await.unwrap();
    let id = open(world, &reader).await.remove(0).id;
    for role in Role::ALL {
        let person = world.officer("development_reform", "150000", &[role]).await;
        let reads = matches!(role, Role::SecurityAdministrator | Role::AuditAdministrator);
        assert_eq!(p.alarms(&person.call(), &AlarmFilter::default(), None).await.is_ok(), reads, "{role:?}");
        assert_eq!(p.alarm_page(&person.call(), &id).await.is_ok(), reads, "{role:?}");
        assert_eq!(p.waiting_alarms(&person.call()).await.unwrap().is_some(), reads, "{role:?}");
        if role != Role::SecurityAdministrator {
            forbidden(p.acknowledge_alarm(&person.call(), &id).await);
        }
    }
    let county = world.officer("development_reform", "150402", &[Role::SecurityAdministrator]).await;
    not_there(p.alarms(&county.call(), &AlarmFilter::default(), None).await);
    assert!(p.alarms(&world.public(), &AlarmFilter::default(), None).await.is_err());
    not_there(p.acknowledge_alarm(&reader.call(), &AlarmId::from_random([7; 16])).await);
}

async fn s42_of_two_who_acknowledge_at_the_same_time_one_does(world: &World) {
    let (p, reader) = (&world.platform, security(world).await);
    wrong_passwords(world, "203.0.113.1", 10).await;
    p.detect(&system()).await.unwrap();
    let id = open(world, &reader).await.remove(0).id;
    let call = reader.call();
    let (one, two) = tokio::join!(p.acknowledge_alarm(&call, &id), p.acknowledge_alarm(&call, &id));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
    refused(p.open_incident(&call, &id, "").await, "text.required");
    p.open_incident(&call, &id, "账号被他人使用").await.unwrap();
    refused(p.report_incident(&call, &id, "自治区网信办", "").await, "text.required");
    p.report_incident(&call, &id, "自治区网信办", "1").await.unwrap();
    refused(p.report_incident(&call, &id, "自治区网信办", "2").await, "alarm.reported");
}
