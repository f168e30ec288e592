//! The whole ledger moves from one engine to the other: same root, same read rows.

use domain::case::Outcome;
use testkit::{Database, World, both_engines, decision, point};

both_engines! { storage_the_ledger_moves_to_the_other_engine_and_stays_the_same }

async fn storage_the_ledger_moves_to_the_other_engine_and_stays_the_same(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let granted = world.accepted(&officer).await;
    world.grant(&officer, &granted).await;
    let refused = world.accepted(&officer).await;
    world.reviewed(&refused, Outcome::Refused).await;
    world.platform.decide_case(&officer.call(), &refused, decision(world, Outcome::Refused)).await.unwrap();
    let corrected = world.received(&officer).await;
    world.platform.ask_correction(&officer.call(), &corrected, vec![point("补盖公章")]).await.unwrap();
    world.submitted().await;
    world.platform.store.checkpoint(world.platform.clock.now().0).await.unwrap();
    for target in Database::every().await {
        world.rebuild_and_compare(target).await;
    }
}
