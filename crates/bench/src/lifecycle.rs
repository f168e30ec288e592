//! The life of a project: declaration, four cases applied for, received, accepted, proposed, reviewed and decided, with
//! their notices.
//! 25 durable steps through the use cases ÷ the same statements through prepared rusqlite with group commit.

use crate::{
    Options, limit,
    report::{Report, median},
};
use domain::{
    account::Role,
    case::{Outcome, Proposal, Steps, procedures},
    department::Agency,
    ids::ProjectId,
};
use ledger::{Durability, TracedUnit};
use platform::{case::ApplyForItem, ports::ChaChaChance};
use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc, time::Instant};
use testkit::{Database, Person, World, answers, decision};

/// Cases of one life.
const CASES: usize = 4;
/// Durable steps of one life: one declaration and six acts on each case.
pub const STEPS: usize = 1 + 6 * CASES;

/// What one client needs: its unit, the forms it hands in again and again, and the officers.
struct Client {
    person: Person,
    forms: Vec<(ApplyForItem, Agency)>,
}

struct Stage {
    world: World,
    desks: BTreeMap<Agency, Person>,
    clients: Vec<Client>,
}

impl Stage {
    /// Opens a platform with so many clients; files are uploaded here once, as in life they are offered again.
    async fn open(folder: &Path, clients: usize) -> Self {
        let world = World::durable(Database::sqlite_below(folder), ChaChaChance::seeded(7), Durability::Full).await;
        let mut stage = Self { world, desks: BTreeMap::new(), clients: Vec::new() };
        for number in 0..clients {
            let person = stage.world.unit(&format!("性能测试{number}公司")).await;
            let project = stage.world.declare(&person, &answers::record_filing()).await;
            let mut forms = Vec::new();
            for item in stage.free_items(&person, &project).await {
                let form = stage.world.filled(&person, &project, &item).await;
                let page = stage.world.platform.application_page(&person.call(), &project, &item).await;
                let agency = page.unwrap_or_else(|e| panic!("{item}: {e}")).agency;
                if !stage.desks.contains_key(&agency) {
                    let roles = [Role::Receptionist, Role::Undertaker, Role::Approver];
                    let officer = stage.world.officer(&agency.department, agency.region.as_str(), &roles).await;
                    stage.world.desk(&agency).await;
                    stage.desks.insert(agency.clone(), officer);
                }
                forms.push((form, agency));
            }
            assert_eq!(
                forms.len(),
                CASES,
                "the sample project has four items of three steps that may be applied for at once"
            );
            stage.clients.push(Client { person, forms });
        }
        stage
    }

    async fn free_items(&self, person: &Person, project: &ProjectId) -> Vec<String> {
        let page = self.world.platform.project_page(&person.call(), project).await;
        let page = page.unwrap_or_else(|e| panic!("project page: {e}"));
        let three = |item| procedures().of(item).steps == Steps::Three;
        let free = page.tasks.iter().filter(|task| task.state.may_apply() && three(task.item));
        free.map(|task| task.item.code.clone()).take(CASES).collect()
    }

    async fn life(&self, client: &Client) {
        let project = self.world.declare(&client.person, &answers::record_filing()).await;
        for (form, agency) in &client.forms {
            let Some(desk) = self.desks.get(agency) else { continue };
            let platform = &self.world.platform;
            let applied = platform.apply_for_item(&client.person.call(), &project, form).await;
            let case = applied.unwrap_or_else(|e| panic!("apply: {e}"));
            self.world.receive(desk, &case).await;
            self.world.accept(desk, &case).await;
            let (undertaker, reviewer) = self.world.desk(agency).await;
            let proposal = Proposal { outcome: Outcome::Granted, opinion: "经审查，拟办如上。".to_owned() };
            let proposed = platform.propose_decision(&undertaker.call(), &case, proposal).await;
            proposed.unwrap_or_else(|e| panic!("propose: {e}"));
            let reviewed = platform.review_proposal(&reviewer.call(), &case, "同意拟办意见。").await;
            reviewed.unwrap_or_else(|e| panic!("review: {e}"));
            let decided = platform.decide_case(&desk.call(), &case, decision(&self.world, Outcome::Granted)).await;
            decided.unwrap_or_else(|e| panic!("decide: {e}"));
        }
    }
}

/// Measures and reports, on each store, at 1, 16 and 64 clients.
pub async fn run(options: &Options, report: &mut Report) {
    for (medium, folder) in &options.stores {
        for clients in [1, 16, 64] {
            measure(options, report, medium, folder, clients).await;
        }
    }
    if let Some((_, folder)) = options.stores.first() {
        for clients in [1, 16, 64] {
            count_flushes(report, folder, clients);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn measure(options: &Options, report: &mut Report, medium: &str, folder: &Path, clients: usize) {
    let stage = Arc::new(Stage::open(folder, clients).await);
    let sample = trace_of_one_life(folder).await;
    let limit = limit::Limit::open(folder).await;
    // Fewer clients live more lives, so that each cell lasts long enough.
    let lives = (options.lives * 64 / clients.max(8)).max(options.lives);
    let before = stage.world.platform.store.counters();
    let (mut rounds, mut speed, mut limits, mut lived) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..options.rounds {
        let mut ours = 0.0;
        let mut raw = 0.0;
        for turn in ["ours", "limit", "limit", "ours"] {
            if turn == "ours" {
                let start = Instant::now();
                let tasks: Vec<_> = (0..clients)
                    .map(|number| {
                        let stage = stage.clone();
                        tokio::spawn(async move {
                            for _ in 0..lives {
                                if let Some(client) = stage.clients.get(number) {
                                    stage.life(client).await;
                                }
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap_or_else(|e| panic!("client: {e}"));
                }
                ours += start.elapsed().as_secs_f64();
                lived += clients * lives;
            } else {
                raw += limit.run(&sample, clients, lives).await;
            }
        }
        rounds.push(raw / ours);
        speed.push((2 * clients * lives * STEPS) as f64 / ours);
        limits.push((2 * clients * lives * STEPS) as f64 / raw);
    }
    let counters = stage.world.platform.store.counters();
    let steps = (lived * STEPS) as f64;
    report.ratio(
        format!("life of a project, {clients} clients, {medium}"),
        &rounds,
        0.3,
        format!("{:.0} steps/s ÷ {:.0}", median(&speed), median(&limits)),
    );
    report.count(
        format!("  statements per step, {clients} clients, {medium}"),
        format!("{:.1}", (counters.statements - before.statements) as f64 / steps),
    );
    report.count(
        format!("  COMMITs per step, {clients} clients, {medium}"),
        format!("{:.3}", (counters.groups - before.groups) as f64 / steps),
    );
    if let Ok(stage) = Arc::try_unwrap(stage) {
        stage.world.finish().await;
    }
}

/// The statements of one life, unit by unit.
async fn trace_of_one_life(folder: &Path) -> Vec<TracedUnit> {
    let stage = Stage::open(folder, 1).await;
    stage.world.platform.store.start_trace();
    if let Some(client) = stage.clients.first() {
        stage.life(client).await;
    }
    let trace = stage.world.platform.store.take_trace();
    assert_eq!(trace.len(), STEPS, "each step is one commit");
    trace
}

/// Lives of each client without anything around them; gives the number of steps.
pub async fn only_lives(clients: usize, lives: usize, folder: &Path) -> usize {
    let stage = Arc::new(Stage::open(folder, clients).await);
    println!("begin");
    let tasks: Vec<_> = (0..clients)
        .map(|number| {
            let stage = stage.clone();
            tokio::spawn(async move {
                if let Some(client) = stage.clients.get(number) {
                    for _ in 0..lives {
                        stage.life(client).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap_or_else(|e| panic!("client: {e}"));
    }
    println!("end");
    clients * lives * STEPS
}

/// Counts fsync and fdatasync of one round, between its first and last word, with strace where it is installed.
fn count_flushes(report: &mut Report, folder: &Path, clients: usize) {
    let name = format!("  fsyncs per step, {clients} clients");
    let Ok(program) = std::env::current_exe() else { return };
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,write", "-e", "signal=none", "-s", "8"])
        .arg(program)
        .arg("--lives-only")
        .arg(clients.to_string())
        .arg("1")
        .arg(folder)
        .output();
    let Ok(output) = traced else {
        report.count(name, "not run (strace is not installed)");
        return;
    };
    let log = String::from_utf8_lossy(&output.stderr);
    let inside =
        log.lines().skip_while(|line| !line.contains("\"begin\\n\"")).take_while(|line| !line.contains("\"end\\n\""));
    let flushes = inside.filter(|line| line.contains("fsync(") || line.contains("fdatasync(")).count();
    report.count(name, format!("{:.3}", flushes as f64 / (clients * STEPS) as f64));
}
