//! 防枚举: a source that asks for codes that do not exist has to wait; nobody else has.

use platform::{Call, Failure, Parts, Platform, guess::Guesses, public::CodeAnswer};
use std::{net::IpAddr, sync::Arc};
use testkit::{World, both_engines};

both_engines! {
    a07_a_source_that_guesses_waits_and_nobody_else,
    a07_the_wait_ends_and_a_slow_asker_never_waits,
    a07_another_node_and_a_restart_know_the_count,
}

fn from(world: &World, last: u8) -> Call {
    Call { source: Some(IpAddr::from([203, 0, 113, last])), ..world.public() }
}

/// Codes that are well formed and belong to no project.
fn guesses(n: u32) -> impl Iterator<Item = String> {
    use domain::project_code::ProjectCode;
    (0..n).filter_map(|serial| {
        let base = format!("2603-150402-04-01-{serial:05}");
        (0..10).map(|digit| format!("{base}{digit}")).find(|code| ProjectCode::parse(code).is_ok())
    })
}

async fn guess(platform: &Platform, call: &Call, n: u32) -> usize {
    let mut refused = 0;
    for code in guesses(n) {
        refused += usize::from(matches!(platform.verify_code(call, &code).await, Err(Failure::Wait(_))));
    }
    refused
}

async fn code_of(world: &World) -> String {
    let project = world.project().await;
    let page = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    page.declared.code.clone()
}

async fn a07_a_source_that_guesses_waits_and_nobody_else(world: &World) {
    let p = &world.platform;
    let code = code_of(world).await;
    let most = p.settings.code_misses;
    let (guesser, other) = (from(world, 7), from(world, 8));
    assert_eq!(guess(p, &guesser, most).await, 0);
    let failure = p.verify_code(&guesser, &code).await.unwrap_err();
    assert!(
        matches!(&failure, Failure::Wait(refusal) if refusal.code == "query.wait"),
        "a true code as well: {failure:?}"
    );
    assert!(matches!(p.public_project(&guesser, &code).await, Err(Failure::Wait(_))));
    assert!(matches!(p.verify_code(&other, &code).await, Ok(CodeAnswer::Known { .. })));
    let officer = world.all_hands("water", "150402").await;
    let at_work = Call { source: guesser.source, ..officer.call() };
    assert!(matches!(p.verify_code(&at_work, &code).await, Ok(CodeAnswer::Known { .. })), "a person is known");
}

async fn a07_the_wait_ends_and_a_slow_asker_never_waits(world: &World) {
    let p = &world.platform;
    let call = from(world, 9);
    let most = p.settings.code_misses;
    assert_eq!(guess(p, &call, most + 3).await, 3);
    world.later(10);
    assert_eq!(guess(p, &call, most - 1).await, 0, "counted from the beginning");
    world.later(10);
    assert_eq!(guess(p, &call, most - 1).await, 0);
    world.later(10);
    guess(p, &from(world, 11), 1).await;
    let row = p.store.query_one("SELECT COUNT(*) AS n FROM query_misses", []).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "n").unwrap(), 1, "what no longer counts is gone");
}

async fn a07_another_node_and_a_restart_know_the_count(world: &World) {
    let p = &world.platform;
    let call = from(world, 10);
    assert_eq!(guess(p, &call, p.settings.code_misses).await, 0);
    let restarted = Platform::new(Parts { guesses: Arc::new(Guesses::default()), ..(**p).clone() });
    let wrong = guesses(1).next().unwrap();
    assert!(matches!(restarted.verify_code(&call, &wrong).await, Ok(CodeAnswer::Unknown(_))));
    assert!(matches!(restarted.verify_code(&call, &wrong).await, Err(Failure::Wait(_))));
}
