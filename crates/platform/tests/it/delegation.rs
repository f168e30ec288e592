//! 委托: a post handed to a colleague for a time, and taken back.

use domain::{
    account::{Delegating, Role},
    case::{Outcome, Stage},
    department::Agency,
    ids::AccountId,
    region::RegionCode,
};
use jiff::civil::date;
use platform::{Actor, Call, Failure};
use testkit::{
    Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    art8_a_colleague_decides_while_the_post_is_delegated_and_no_longer,
    art8_whoever_reviewed_does_not_decide_by_a_delegated_post,
    art8_only_the_holder_delegates_and_takes_back,
    art8_of_many_at_the_same_time_one_delegates,
}

fn agency() -> Agency {
    Agency::new("water", RegionCode::parse("150402").unwrap())
}

fn wish() -> Delegating {
    Delegating {
        agency: agency(),
        role: Role::Approver,
        from: date(2026, 3, 2),
        until: date(2026, 3, 6),
        reason: "外出培训".into(),
    }
}

/// The person signed in anew: posts are read at sign-in and at each request, never kept.
async fn now(world: &World, person: &Person) -> Call {
    Call::new(world.platform.actor(person.account()).await.unwrap(), "test")
}

async fn people(world: &World) -> (Person, Person) {
    let head = world.officer("water", "150402", &[Role::Approver, Role::DepartmentManager]).await;
    let colleague = world.officer("water", "150402", &[Role::Receptionist]).await;
    world.set_day(date(2026, 3, 2));
    (head, colleague)
}

async fn art8_a_colleague_decides_while_the_post_is_delegated_and_no_longer(world: &World) {
    let p = &world.platform;
    let (head, colleague) = people(world).await;
    let (first, second) = (world.accepted(&world.all_hands("water", "150402").await).await, {
        let officer = world.all_hands("water", "150402").await;
        world.accepted(&officer).await
    });
    for case in [&first, &second] {
        world.reviewed(case, Outcome::Granted).await;
    }
    let granted = || decision(world, Outcome::Granted);
    forbidden(p.decide_case(&now(world, &colleague).await, &first, granted()).await);
    p.delegate_post(&head.call(), colleague.account(), &wish()).await.unwrap();
    let standing_in = p.standing_in(&now(world, &colleague).await).await.unwrap();
    assert_eq!((standing_in.len(), standing_in[0].until), (1, date(2026, 3, 6)));
    p.decide_case(&now(world, &colleague).await, &first, granted()).await.unwrap();
    assert_eq!(p.case_page(&head.call(), &first).await.unwrap().case.stage, Stage::Completed);
    world.set_day(date(2026, 3, 9));
    forbidden(p.decide_case(&now(world, &colleague).await, &second, granted()).await);
    assert!(p.standing_in(&now(world, &colleague).await).await.unwrap().is_empty(), "it ends by itself");
    assert_eq!(p.delegations(&head.call(), None).await.unwrap().0.len(), 1, "and stays on record");
}

async fn art8_whoever_reviewed_does_not_decide_by_a_delegated_post(world: &World) {
    let p = &world.platform;
    let (head, _) = people(world).await;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.reviewed(&case, Outcome::Granted).await;
    let (_, reviewer) = world.desk(&agency()).await;
    p.delegate_post(&head.call(), reviewer.account(), &wish()).await.unwrap();
    let decided = p.decide_case(&now(world, &reviewer).await, &case, decision(world, Outcome::Granted)).await;
    refused(decided, "case.four_eyes");
}

async fn art8_only_the_holder_delegates_and_takes_back(world: &World) {
    let p = &world.platform;
    let (head, colleague) = people(world).await;
    let stranger = world.officer("water", "150502", &[Role::Approver]).await;
    let found = p.delegable(&head.call()).await.unwrap();
    assert_eq!(found.posts.len(), 2);
    assert!(found.colleagues.iter().any(|(id, _)| id == colleague.account()));
    assert!(!found.colleagues.iter().any(|(id, _)| id == head.account() || id == stranger.account()));
    forbidden(p.delegate_post(&colleague.call(), head.account(), &wish()).await);
    not_there(p.delegate_post(&stranger.call(), colleague.account(), &wish()).await);
    forbidden(p.delegate_post(&world.agent.call(), colleague.account(), &wish()).await);
    refused(p.delegate_post(&head.call(), stranger.account(), &wish()).await, "delegation.to");
    refused(p.delegate_post(&head.call(), &AccountId::from_random([7; 16]), &wish()).await, "delegation.to");
    p.delegate_post(&head.call(), colleague.account(), &wish()).await.unwrap();
    refused(p.delegate_post(&head.call(), colleague.account(), &wish()).await, "delegation.held");
    assert!(p.delegable(&now(world, &colleague).await).await.unwrap().posts.is_empty(), "it is not handed on");
    not_there(p.end_delegation(&now(world, &colleague).await, colleague.account(), 0).await);
    not_there(p.end_delegation(&head.call(), colleague.account(), 1).await);
    p.end_delegation(&head.call(), colleague.account(), 0).await.unwrap();
    let Actor::Officer { posts, .. } = now(world, &colleague).await.actor else { panic!() };
    assert!(posts.iter().all(|post| post.role != Role::Approver), "at once");
    refused(p.end_delegation(&head.call(), colleague.account(), 0).await, "delegation.over");
}

async fn art8_of_many_at_the_same_time_one_delegates(world: &World) {
    let p = &world.platform;
    let (head, colleague) = people(world).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (platform, call, to) = (p.clone(), head.call(), colleague.account().clone());
            tokio::spawn(async move { platform.delegate_post(&call, &to, &wish()).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(Failure::Refused(faults)) => assert_eq!(faults[0].code, "delegation.held"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(done, 1);
}
