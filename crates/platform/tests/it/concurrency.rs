//! Clashing decisions: of sixty-four officers deciding one case at the same time, one wins, and the chain holds.

use domain::case::{Outcome, Stage};
use platform::Failure;
use testkit::{World, both_engines, decision};

both_engines! {
    a15_of_sixty_four_deciders_one_wins_round_after_round,
    g10_everything_at_once_leaves_a_sound_ledger,
}

async fn a15_of_sixty_four_deciders_one_wins_round_after_round(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for round in 0..6 {
        let case = world.accepted(&officer).await;
        let outcome = if round % 2 == 0 { Outcome::Granted } else { Outcome::Refused };
        world.reviewed(&case, outcome).await;
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let (platform, call, case) = (world.platform.clone(), officer.call(), case.clone());
                let decision = domain::case::Decision { title: format!("决定{n}"), ..decision(world, outcome) };
                tokio::spawn(async move { (n, platform.decide_case(&call, &case, decision).await) })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                (n, Ok(())) => winners.push(n),
                (_, Err(Failure::Refused(refusals))) => assert_eq!(refusals[0].code, "case.wrong_state"),
                (_, Err(other)) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
        assert_eq!(page.case.stage, Stage::Completed);
        assert_eq!(page.case.decision.unwrap().title, format!("决定{}", winners[0]));
        let events = world.platform.store.events(&format!("case:{case}")).await.unwrap();
        let decided = events.iter().filter(|e| e.kind == "CaseDecided").count();
        assert_eq!((decided, events.len()), (1, 9));
    }
}

async fn g10_everything_at_once_leaves_a_sound_ledger(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        let case = world.accepted(&officer).await;
        world.reviewed(&case, Outcome::Granted).await;
        cases.push(case);
    }
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (platform, officer, agent) = (world.platform.clone(), officer.clone(), world.agent.clone());
            let case = cases[n % cases.len()].clone();
            let decision = decision(world, Outcome::Granted);
            tokio::spawn(async move {
                match n % 3 {
                    0 => platform.decide_case(&officer.call(), &case, decision).await,
                    1 => platform.withdraw_case(&agent.call(), &case, "不再建设").await,
                    _ => platform
                        .declare_project(&agent.call(), &testkit::answers::record_filing(), None)
                        .await
                        .map(|_| ()),
                }
            })
        })
        .collect();
    for task in tasks {
        let result = task.await.unwrap();
        assert!(matches!(result, Ok(()) | Err(Failure::Refused(_))), "{result:?}");
    }
    for case in cases {
        let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
        assert!(matches!(page.case.stage, Stage::Completed | Stage::Withdrawn));
    }
}
