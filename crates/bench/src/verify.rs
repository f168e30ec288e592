//! Code verification over HTTP ÷ a bare axum handler that answers a constant of the same size.

use crate::{
    Options,
    http::{Connection, request},
    report::{Report, median},
};
use axum::{Router, routing::get};
use ledger::Durability;
use platform::ports::ChaChaChance;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::{Database, World, answers};

/// Connections that ask at once.
const CLIENTS: usize = 16;
/// Projects whose codes are asked for.
const PROJECTS: usize = 200;

/// Measures and reports.
pub async fn run(options: &Options, report: &mut Report) {
    let Some((_, folder)) = options.stores.first() else { return };
    let world = World::durable(Database::sqlite_below(folder), ChaChaChance::seeded(1), Durability::Relaxed).await;
    let mut paths = Vec::new();
    for _ in 0..PROJECTS {
        let project = world.declare(&world.agent, &answers::record_filing()).await;
        let Ok(page) = world.platform.project_page(&world.agent.call(), &project).await else { continue };
        let code = page.declared.code.clone();
        // Half of the questions are for a code whose check digit is wrong.
        let (body, last) = code.split_at(code.len().saturating_sub(1));
        let wrong = (last.parse::<u32>().unwrap_or(0) + 1) % 10;
        paths.push(request(&format!("/api/v1/codes/{code}")));
        paths.push(request(&format!("/api/v1/codes/{body}{wrong}")));
    }
    let app = web::App { platform: world.platform.clone() };
    let ours = serve(web::api::service(app)).await;
    let Ok(mut probe) = Connection::open(ours).await else { return };
    let mut sizes = Vec::new();
    for path in paths.iter().take(20) {
        if let Ok((200, size)) = probe.get(path).await {
            sizes.push(size as f64);
        }
    }
    assert_eq!(sizes.len(), 20, "every code, good or bad, is answered");
    let body = "x".repeat(median(&sizes) as usize);
    let bare = serve(Router::new().route("/{*any}", get(move || std::future::ready(body.clone())))).await;
    let paths = Arc::new(paths);
    let before = world.platform.store.counters().statements;
    let mut rounds = Vec::new();
    let mut speed = Vec::new();
    let mut asked = 0;
    for _ in 0..options.rounds {
        let first = load(ours, &paths, options.seconds).await;
        let limit = load(bare, &paths, options.seconds).await + load(bare, &paths, options.seconds).await;
        let second = load(ours, &paths, options.seconds).await;
        asked += first + second;
        rounds.push((first + second) as f64 / limit as f64);
        speed.push((first + second) as f64 / (2 * options.seconds) as f64);
    }
    let statements = world.platform.store.counters().statements - before;
    report.ratio("verify a code over HTTP, 16 clients", &rounds, 0.5, format!("{:.0} answers/s", median(&speed)));
    report.count("SQL statements per verification (half bad)", format!("{:.2}", statements as f64 / asked as f64));
    world.finish().await;
}

async fn serve(router: Router) -> SocketAddr {
    let listener = match tokio::net::TcpListener::bind("127.0.0.1:0").await {
        Ok(listener) => listener,
        Err(error) => panic!("loopback: {error}"),
    };
    let address = listener.local_addr().unwrap_or_else(|error| panic!("loopback: {error}"));
    tokio::spawn(
        async move { axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await },
    );
    address
}

/// Answers in so many seconds.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn load(address: SocketAddr, paths: &Arc<Vec<Vec<u8>>>, seconds: u64) -> u64 {
    let until = Instant::now() + Duration::from_secs(seconds);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let paths = paths.clone();
            tokio::spawn(async move {
                let Ok(mut connection) = Connection::open(address).await else { return 0 };
                let mut answers = 0;
                for path in paths.iter().cycle().skip(client * 7) {
                    if Instant::now() >= until || connection.get(path).await.is_err() {
                        break;
                    }
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    let mut total = 0;
    for client in clients {
        total += client.await.unwrap_or(0);
    }
    total
}
