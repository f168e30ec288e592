//! 最短合法路径 over a real project.

use domain::path::{Order, Progress, WhatIf};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{World, both_engines, outcome::not_there};

both_engines! {
    art14_the_path_follows_the_law_and_moves_with_the_cases,
    art14_a_question_changes_the_answer_and_nothing_else,
    s10_the_path_is_its_units_and_its_territorys,
}

async fn art14_the_path_follows_the_law_and_moves_with_the_cases(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let page = p.path_page(&world.agent.call(), &project, &WhatIf::default()).await.unwrap();
    let chain: Vec<&str> = page.plan.chain.iter().map(String::as_str).collect();
    assert_eq!(chain, ["land_preexam_site", "state_land_supply", "construction_planning", "construction_permit"]);
    // 2026-03-02: three items of 5 + 20 working days after each other, then five working days and seven days.
    let calendar = p.rules.calendar;
    let planned = calendar.add_working_days(p.clock.now().date(), 3 * 25 + 5);
    let permit = calendar.next_working_day(planned.checked_add(jiff::Span::new().days(7)).unwrap());
    assert_eq!((page.plan.start, page.plan.provisional), (permit, false));
    assert!(page.steps.iter().all(|step| step.item.code != "completion_file"), "what follows construction is left out");
    assert!(page.usual.start > page.base.start, "the usual order is longer");

    let officer = world.all_hands("natural_resources", "150402").await;
    let case = world.apply(&world.agent, &project, "land_preexam_site").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    let accepted = p.path_page(&world.agent.call(), &project, &WhatIf::default()).await.unwrap();
    let step = accepted.steps.iter().find(|step| step.item.code == "land_preexam_site").unwrap();
    assert!(matches!(step.progress, Progress::Deciding(_)) && step.step.file.is_none());
    assert!(accepted.plan.start < page.plan.start, "the check took no days");
    world.later(60);
    world.grant(&officer, &case).await;
    let granted = p.path_page(&world.agent.call(), &project, &WhatIf::default()).await.unwrap();
    assert!(granted.plan.start < accepted.plan.start);
    assert_ne!(granted.plan.chain[0], "land_preexam_site");
}

async fn art14_a_question_changes_the_answer_and_nothing_else(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let root = p.store.root().await.unwrap();
    let ask = async |what_if: &WhatIf| p.path_page(&world.agent.call(), &project, what_if).await.unwrap();
    let corrections = BTreeMap::from([("land_preexam_site".to_owned(), 8)]);
    let answer = ask(&WhatIf { corrections, ..WhatIf::default() }).await;
    let days = p.rules.calendar.working_days_between(answer.base.start, answer.plan.start);
    assert!((12..=14).contains(&days), "eight days and a new check of five, give or take a rest day: {days}");
    let together = BTreeSet::from(["construction_planning".to_owned(), "state_land_supply".to_owned()]);
    let answer = ask(&WhatIf { together, ..WhatIf::default() }).await;
    assert_eq!(answer.refusal.unwrap().code, "path.not_together");
    assert_eq!(answer.plan, answer.base, "the plan is shown as it is");
    let together = BTreeSet::from(["land_use_planning".to_owned(), "construction_planning".to_owned()]);
    let usual = ask(&WhatIf { order: Order::Usual, ..WhatIf::default() }).await;
    let joint = ask(&WhatIf { order: Order::Usual, together, ..WhatIf::default() }).await;
    assert!(joint.plan.start <= usual.plan.start);
    assert_eq!(p.store.root().await.unwrap(), root);
}

async fn s10_the_path_is_its_units_and_its_territorys(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let none = WhatIf::default();
    not_there(p.path_page(&world.rival.call(), &project, &none).await);
    assert!(p.path_page(&world.supervisor().await.call(), &project, &none).await.is_ok());
}
