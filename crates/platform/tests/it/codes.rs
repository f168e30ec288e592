//! Codes stay unique however many are asked for at once, and however few are left (办法第十条; A-14).

use ledger::Durability;
use platform::{Failure, ports::ChaChaChance};
use std::collections::BTreeSet;
use testkit::{Database, FewDraws, World, answers, both_engines};

both_engines! { art10_sixty_four_units_asking_at_once_get_sixty_four_codes }

/// Declares that many projects at once; the codes given and how many got none.
async fn declare_at_once(world: &World, tasks: usize) -> (Vec<String>, usize) {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let (platform, agent) = (world.platform.clone(), world.agent.clone());
            tokio::spawn(async move { platform.declare_project(&agent.call(), &answers::record_filing(), None).await })
        })
        .collect();
    let (mut codes, mut none) = (Vec::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(id) => codes.push(world.platform.project_page(&world.agent.call(), &id).await.unwrap().declared.code.clone()),
            Err(Failure::Busy) => none += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    (codes, none)
}

fn distinct(codes: &[String]) -> usize {
    codes.iter().collect::<BTreeSet<_>>().len()
}

async fn art10_sixty_four_units_asking_at_once_get_sixty_four_codes(world: &World) {
    let (codes, none) = declare_at_once(world, 64).await;
    assert_eq!((codes.len(), distinct(&codes), none), (64, 64, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn art10_a_nearly_exhausted_space_gives_no_code_twice() {
    for database in Database::every().await {
        let chance = FewDraws { inner: ChaChaChance::seeded(5), few: 24 };
        let world = World::durable(database, chance, Durability::Relaxed).await;
        let (codes, none) = declare_at_once(&world, 32).await;
        assert_eq!(distinct(&codes), codes.len(), "no code twice");
        assert_eq!(codes.len() + none, 32);
        assert!(codes.len() <= 24 && codes.len() >= 20, "{} of 24 codes were found", codes.len());
        world.finish().await;
    }
}
