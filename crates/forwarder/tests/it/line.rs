//! Without TLS: what the line does is the test's.

use domain::account::Role;
use forwarder::{Broken, Keeper, collect, parse, session};
use platform::{Actor, Call, Platform, audit::Attempt, detection::AlarmFilter};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use testkit::{World, both_engines};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split},
    sync::Mutex,
};

both_engines! {
    s40_a_dropped_record_raises_the_alarm_and_the_resend_fills_the_gap,
    s40_a_restart_of_either_side_loses_nothing_and_doubles_nothing,
    s40_of_several_nodes_one_sends,
    s40_a_collector_that_lost_records_gets_them_again_with_an_alarm,
    s40_a_history_rewritten_after_it_was_sent_is_refused_by_the_collector,
}

const GAP: &str = "审计转发缺号";

/// So many records in the audit.
pub async fn records(p: &Platform, count: i64) {
    for n in 0..count {
        let (method, path) = ("POST".to_owned(), format!("/x/\"{n}]"));
        let source = "203.0.113.1".to_owned();
        let attempt = Attempt::new(format!("r{n}"), "portal", method, path, source, String::new(), p.clock.now());
        p.close_attempt(&attempt, &Actor::Public, "read", "一\n二").await.unwrap();
    }
}

pub async fn head(p: &Platform) -> i64 {
    p.store.audit_head().await.unwrap().seq
}

/// Numbers kept, in the order of the files.
pub fn kept(folder: &Path) -> Vec<i64> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let lines = files.iter().flat_map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(|line| parse(line).unwrap().record.seq).collect::<Vec<_>>()
    });
    lines.collect()
}

async fn alarms(world: &World, p: &Platform) -> Vec<String> {
    let reader = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    p.detect(&Call::system("detection")).await.unwrap();
    let rows = p.alarms(&reader.call(), &AlarmFilter::default(), None).await.unwrap().rows;
    rows.into_iter().map(|row| row.rule_name).collect()
}

async fn frame(from: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.last() != Some(&b' ') {
        bytes.push(from.read_u8().await.ok()?);
    }
    let length: usize = std::str::from_utf8(&bytes[..bytes.len() - 1]).unwrap().parse().unwrap();
    let start = bytes.len();
    bytes.resize(start + length, 0);
    from.read_exact(&mut bytes[start..]).await.ok()?;
    Some(bytes)
}

/// A line that loses the frame of one number, once.
async fn losing(sender: DuplexStream, collector: DuplexStream, lost: i64) {
    let (mut from_sender, mut to_sender) = split(sender);
    let (mut from_collector, mut to_collector) = split(collector);
    let there = async {
        let mut loses = true;
        while let Some(bytes) = frame(&mut from_sender).await {
            let text = String::from_utf8(bytes.clone()).unwrap();
            if loses && text.contains(&format!("seq=\"{lost}\"")) {
                loses = false;
                continue;
            }
            if to_collector.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to_collector.shutdown().await;
    };
    let back = async {
        let _ = tokio::io::copy(&mut from_collector, &mut to_sender).await;
        let _ = to_sender.shutdown().await;
    };
    tokio::join!(there, back);
}

/// A line that breaks after so many bytes on the way there.
async fn breaking(sender: DuplexStream, collector: DuplexStream, after: u64) {
    let (from_sender, mut to_sender) = split(sender);
    let (mut from_collector, mut to_collector) = split(collector);
    let mut limited = from_sender.take(after);
    tokio::select! {
        _ = tokio::io::copy(&mut limited, &mut to_collector) => {}
        _ = tokio::io::copy(&mut from_collector, &mut to_sender) => {}
    }
}

/// One connection over a line; both ends start anew. What the sender said.
async fn connection<F: Future<Output = ()>>(
    p: &Platform,
    node: &str,
    folder: &Path,
    line: impl FnOnce(DuplexStream, DuplexStream) -> F,
) -> Result<u64, Broken> {
    let keeper = Mutex::new(Keeper::open(folder).unwrap());
    let (ours, near) = duplex(1 << 16);
    let (far, theirs) = duplex(1 << 16);
    // The line ends with the sender.
    let (sent, _, ()) =
        tokio::join!(session(ours, p, node), collect(theirs, &keeper, p.clock.as_ref()), line(near, far));
    sent
}

async fn sound(sender: DuplexStream, collector: DuplexStream) {
    losing(sender, collector, -1).await;
}

async fn s40_a_dropped_record_raises_the_alarm_and_the_resend_fills_the_gap(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder().join("kept"));
    records(p, 12).await;
    let sent = connection(p, "n1", &folder, |a, b| losing(a, b, 5)).await.unwrap();
    assert_eq!(sent, 13, "with the notice of the gap itself");
    assert_eq!(kept(&folder), (1..=13).collect::<Vec<_>>(), "in order, none twice, none left out");
    assert_eq!(alarms(world, p).await, [GAP]);
    let sql = "SELECT object FROM audit_entry WHERE reason = 'audit.gap'";
    let rows = p.store.query(sql, []).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].try_get::<String>("", "object").unwrap(), "收集端缺少第 5 至 5 号，已重新发送");
    // The last one of all: nothing after it shows the gap, but it is not confirmed either.
    records(p, 3).await;
    let last = head(p).await;
    let unconfirmed = connection(p, "n1", &folder, |a, b| losing(a, b, last));
    assert!(tokio::time::timeout(Duration::from_secs(1), unconfirmed).await.is_err());
    assert_eq!(kept(&folder), (1..last).collect::<Vec<_>>());
    connection(p, "n1", &folder, sound).await.unwrap();
    assert_eq!(kept(&folder), (1..=last).collect::<Vec<_>>());
}

async fn s40_a_restart_of_either_side_loses_nothing_and_doubles_nothing(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder().join("kept"));
    let mut broken = 0;
    for round in 0..30_u64 {
        records(p, 4).await;
        // Somewhere in a message, in its length, between two, after all of them.
        broken += u64::from(connection(p, "n1", &folder, |a, b| breaking(a, b, round * 131)).await.is_err());
        let so_far = kept(&folder);
        assert_eq!(so_far, (1..=so_far.len() as i64).collect::<Vec<_>>(), "round {round}");
    }
    assert!(broken > 5, "the line did break: {broken}");
    // A crash of the collector in the middle of a line.
    let newest = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let whole = std::fs::read(&newest).unwrap();
    std::fs::write(
        &newest,
        [&whole[..], b"<110>1 2026-03-02T01:00:00.000Z - tzxm - audit [tzxm@32473 stream=\"au"].concat(),
    )
    .unwrap();
    connection(p, "n1", &folder, sound).await.unwrap();
    assert_eq!(kept(&folder), (1..=head(p).await).collect::<Vec<_>>());
    world.set_day(p.clock.now().date().tomorrow().unwrap());
    records(p, 2).await;
    assert_eq!(connection(p, "n1", &folder, sound).await.unwrap(), 2, "only what is new");
    assert_eq!(kept(&folder), (1..=head(p).await).collect::<Vec<_>>());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "a file a day");
    assert_eq!(alarms(world, p).await, Vec::<String>::new(), "nothing was lost");
}

async fn s40_of_several_nodes_one_sends(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder().join("kept"));
    records(p, 3).await;
    let call = Call::system("forward");
    let nodes: Vec<String> = (0..6).map(|n| format!("n{n}")).collect();
    let leases = futures_util::future::join_all(nodes.iter().map(|node| p.lease_forwarding(&call, node))).await;
    let holds: Vec<bool> = leases.into_iter().map(|lease| lease.unwrap().is_some()).collect();
    assert_eq!(holds.iter().filter(|held| **held).count(), 1);
    let holder = &nodes[holds.iter().position(|held| *held).unwrap()];
    let other = nodes.iter().find(|node| *node != holder).unwrap();
    // The other one does not even open its mouth.
    let (ours, _theirs) = duplex(64);
    assert_eq!(session(ours, p, other).await.unwrap(), 0);
    assert_eq!(connection(p, holder, &folder, sound).await.unwrap(), 3);
    // The holder died: after the lease another goes on where it was.
    records(p, 2).await;
    world.later(1);
    assert_eq!(connection(p, other, &folder, sound).await.unwrap(), 2);
    assert!(!p.confirm_forwarded(&call, holder, 5).await.unwrap(), "it woke up too late");
    p.end_forwarding(&call, other).await.unwrap();
    assert!(p.lease_forwarding(&call, holder).await.unwrap().is_some(), "given back, nobody waits");
    assert_eq!(kept(&folder), [1, 2, 3, 4, 5]);
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    assert_eq!(p.forwarding(&auditor.call()).await.unwrap().seq, 5);
    assert!(p.lease_forwarding(&auditor.call(), "x").await.is_err());
    assert!(p.forwarding(&world.agent.call()).await.is_err());
}

async fn s40_a_collector_that_lost_records_gets_them_again_with_an_alarm(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder().join("kept"));
    records(p, 6).await;
    connection(p, "n1", &folder, sound).await.unwrap();
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap();
    let fewer: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, fewer).unwrap();
    records(p, 1).await;
    connection(p, "n1", &folder, sound).await.unwrap();
    assert_eq!(kept(&folder), (1..=head(p).await).collect::<Vec<_>>());
    assert_eq!(alarms(world, p).await, [GAP]);
    std::fs::remove_file(&file).unwrap();
    connection(p, "n1", &folder, sound).await.unwrap();
    assert_eq!(kept(&folder), (1..=head(p).await).collect::<Vec<_>>(), "an empty collector gets everything");
}

async fn s40_a_history_rewritten_after_it_was_sent_is_refused_by_the_collector(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder().join("kept"));
    records(p, 3).await;
    connection(p, "n1", &folder, sound).await.unwrap();
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    // What the collector keeps and what the platform holds part ways: here it is the collector's side that is made to differ.
    let kept_text = std::fs::read_to_string(&file).unwrap();
    let last = parse(kept_text.lines().last().unwrap()).unwrap();
    let mut other = last.clone();
    other.record.entry.actor = "somebody else".to_owned();
    let prev: [u8; 32] = other.prev.clone().try_into().unwrap();
    other.record.hash = ledger::audit_hash(&prev, other.record.seq, &other.record.entry).to_vec();
    let lines: Vec<&str> = kept_text.lines().take(2).collect();
    std::fs::write(&file, format!("{}\n{}\n", lines.join("\n"), forwarder::message(&other))).unwrap();
    records(p, 1).await;
    let broken = connection(p, "n1", &folder, sound).await.unwrap_err();
    assert!(broken.to_string().contains("holds another record 3"), "{broken}");
    assert_eq!(alarms(world, p).await, [GAP]);
    assert_eq!(kept(&folder), [1, 2, 3], "nothing is added to it");
}
