//! A process killed in the middle of its work loses nothing it acknowledged, and leaves a sound ledger (storage "Crash").
//!
//! The test starts itself again as the writer (`writer`, ignored in ordinary runs), reads what it acknowledges from its
//! standard output, kills it without warning, opens the file and compares; the same file serves every round.

use domain::{
    Moment,
    case::Stage,
    ids::{AccountId, CaseId, ProjectId},
};
use jiff::civil::date;
use ledger::Durability;
use platform::{
    Call, Platform,
    case::ApplyForItem,
    ports::{ChaChaChance, ManualClock},
    read::PlatformFold,
};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use testkit::{Database, World, answers, platform};

const ROUNDS: u64 = 20;
const TASKS: usize = 32;

async fn open(file: &Path, seed: u64) -> (Platform, Database) {
    let database = Database::existing(file);
    let clock = Arc::new(ManualClock::at(Moment::at(date(2026, 3, 2), 9, 0)));
    let platform = platform(&database, clock, Arc::new(ChaChaChance::seeded(seed)), Durability::Full).await;
    (platform, database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storage_nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let database = Database::sqlite();
    let file = database.file().unwrap();
    let mut world = World::durable(database, ChaChaChance::seeded(0), Durability::Full).await;
    let officer = world.all_hands("water", "150402").await;
    let people = [world.agent.account().to_string(), officer.account().to_string()];
    world.platform.store.close().await.unwrap();
    let mut total = 0;
    for round in 1..=ROUNDS {
        let acknowledged = kill_a_writer(&file, &people, round);
        total += acknowledged.len();
        let (platform, _folder) = open(&file, 1_000_000 + round).await;
        for line in &acknowledged {
            assert!(is_there(&platform, line).await, "round {round}: {line} was acknowledged and is gone");
        }
        let report = platform.store.verify(&PlatformFold { rules: platform.rules.now() }).await.unwrap();
        assert!(report.is_sound(), "round {round}: {:#?}", report.faults);
        platform.store.close().await.unwrap();
    }
    assert!(total > 20 * ROUNDS as usize, "{total} writes are no load");
    let (platform, _folder) = open(&file, 0).await;
    world.platform = platform;
    world.finish().await;
}

/// Starts a writer, lets it acknowledge some writes, kills it; gives all lines it got out.
fn kill_a_writer(file: &Path, people: &[String; 2], round: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::writer", "--exact", "--ignored", "--nocapture"])
        .env("TZXM_CRASH", format!("{}|{}|{}|{round}", file.display(), people[0], people[1]))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let enough = 30 + (round * 37 % 90) as usize;
    let is_ack = |line: &String| line.starts_with("ack ");
    let mut acknowledged: Vec<String> = lines.by_ref().filter(is_ack).take(enough).collect();
    assert_eq!(acknowledged.len(), enough, "round {round}: the writer stopped by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    // A last line cut off by the kill is no acknowledgement.
    acknowledged.extend(lines.filter(is_ack).filter(|line| line.ends_with('.')));
    acknowledged
}

/// `ack project ID.` and `ack case ID STAGE.`
async fn is_there(platform: &Platform, line: &str) -> bool {
    let words: Vec<&str> = line.trim_end_matches('.').split(' ').collect();
    match words.as_slice() {
        ["ack", "project", id] => {
            let project = ProjectId::parse(id).unwrap();
            platform.project_page(&Call::system("check"), &project).await.is_ok()
        }
        ["ack", "case", id, stage] => {
            let page = platform.case_page(&Call::system("check"), &CaseId::parse(id).unwrap()).await;
            // Later acts of the same writer may have been committed too.
            let reached = |at: Stage| *stage == "submitted" || at == Stage::Received;
            page.is_ok_and(|page| reached(page.case.stage))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started and killed by the test above"]
#[expect(clippy::disallowed_methods, reason = "the writer is told what to do by its environment")]
async fn writer() {
    let orders = std::env::var("TZXM_CRASH").unwrap();
    let [file, agent, officer, round] = orders.split('|').collect::<Vec<_>>().try_into().unwrap();
    let (platform, _folder) = open(Path::new(file), round.parse().unwrap()).await;
    let actor = async |id: &str| platform.actor(&AccountId(id.to_owned())).await.unwrap();
    let (agent, officer) = (actor(agent).await, actor(officer).await);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let platform = platform.clone();
            let (agent, officer) = (Call::new(agent.clone(), "crash"), Call::new(officer.clone(), "crash"));
            tokio::spawn(async move {
                loop {
                    write(&platform, &agent, &officer).await;
                }
            })
        })
        .collect();
    futures_util::future::join_all(tasks).await;
}

async fn write(platform: &Platform, agent: &Call, officer: &Call) {
    let project = platform.declare_project(agent, &answers::record_filing(), None).await.unwrap();
    acknowledge(&format!("project {project}"));
    let mut form = ApplyForItem { item: "soil_water".into(), unclassified: true, ..ApplyForItem::default() };
    let page = platform.application_page(agent, &project, "soil_water").await.unwrap();
    for need in page.materials.iter().filter(|need| need.required) {
        let content = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("x"))]);
        let file = platform.upload_file(agent, &project, &need.material.id, "x.pdf", "", content).await.unwrap();
        form.materials.insert(need.material.id.clone(), vec![file.id]);
    }
    let case = platform.apply_for_item(agent, &project, &form).await.unwrap();
    acknowledge(&format!("case {case} submitted"));
    platform.receive_case(officer, &case).await.unwrap();
    acknowledge(&format!("case {case} received"));
}

fn acknowledge(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {what}.").unwrap();
    out.flush().unwrap();
}
