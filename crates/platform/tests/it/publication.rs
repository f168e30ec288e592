//! S-55: a result is public once a second person has looked at it, and while nobody takes it back (办法第十八条).

use domain::{
    account::Role,
    ids::CaseId,
    publication::{PublicationState, ReviewedKind},
};
use jiff::civil::date;
use platform::{Call, Parts, Platform, Settings, public::PublicResult, publication::Batch};
use std::sync::Arc;
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    s55_a_result_waits_for_a_second_person,
    s55_a_result_is_held_back_or_withdrawn_with_a_reason,
    s55_many_are_confirmed_at_once_and_each_stands_for_itself,
    s55_kinds_reviewed_once_are_public_with_who_and_when,
    s55_only_reviewers_of_the_organ_see_the_list,
}

/// The same platform with nothing reviewed by its kind.
fn strict(world: &World) -> Platform {
    with_kinds(world, vec![])
}

fn with_kinds(world: &World, disclosure_reviewed: Vec<ReviewedKind>) -> Platform {
    let settings = Settings { disclosure_reviewed, ..(*world.platform.settings).clone() };
    Platform::new(Parts { settings: Arc::new(settings), ..(*world.platform).clone() })
}

async fn completed(world: &World, p: &Platform, officer: &Person) -> CaseId {
    let case = world.accepted(officer).await;
    world.grant_on(p, officer, &case).await;
    case
}

async fn shown(p: &Platform, world: &World, case: &CaseId) -> PublicResult {
    let code = p.case_page(&world.agent.call(), case).await.unwrap().application.code.clone();
    p.public_project(&world.public(), &code).await.unwrap().results[0].clone()
}

async fn second(world: &World) -> Person {
    world.officer("water", "150402", &[Role::Reviewer]).await
}

async fn s55_a_result_waits_for_a_second_person(world: &World) {
    let (p, officer) = (strict(world), world.all_hands("water", "150402").await);
    let case = completed(world, &p, &officer).await;
    let before = shown(&p, world, &case).await;
    assert_eq!((before.outcome, before.title, before.document_number, before.decided_on), (None, None, None, None));
    assert!(p.latest_results(&world.public(), 10).await.unwrap().is_empty());
    let second = second(world).await;
    let (rows, _) = p.publications(&second.call(), PublicationState::Waiting, None).await.unwrap();
    assert_eq!((rows.len(), rows[0].case.id.clone(), rows[0].is_own), (1, case.clone(), false));
    assert_eq!(p.waiting_publications(&second.call()).await.unwrap(), Some(1));
    refused(p.publish_result(&officer.call(), &case).await, "publication.same_person");
    forbidden(p.publish_result(&world.agent.call(), &case).await);
    sign_in_first(p.publish_result(&world.public(), &case).await);
    let running = world.accepted(&officer).await;
    refused(p.publish_result(&second.call(), &running).await, "publication.not_final");
    let once = second.once("publish");
    p.publish_result(&once, &case).await.unwrap();
    p.publish_result(&once, &case).await.unwrap();
    refused(p.publish_result(&second.call(), &case).await, "publication.wrong_state");
    let after = shown(&p, world, &case).await;
    assert_eq!(after.outcome.as_deref(), Some("准予"));
    assert!(after.title.is_some() && after.document_number.is_some() && after.decided_on.is_some());
    assert_eq!(p.latest_results(&world.public(), 10).await.unwrap().len(), 1);
    assert_eq!(p.waiting_publications(&second.call()).await.unwrap(), Some(0));
}

async fn s55_a_result_is_held_back_or_withdrawn_with_a_reason(world: &World) {
    let (p, officer) = (strict(world), world.all_hands("water", "150402").await);
    let case = completed(world, &p, &officer).await;
    let second = second(world).await;
    refused(p.hold_result_back(&second.call(), &case, " ").await, "text.required");
    p.hold_result_back(&second.call(), &case, "含商业秘密").await.unwrap();
    refused(p.hold_result_back(&second.call(), &case, "再次").await, "publication.wrong_state");
    assert_eq!(shown(&p, world, &case).await.outcome, None);
    p.publish_result(&second.call(), &case).await.unwrap();
    assert!(shown(&p, world, &case).await.outcome.is_some());
    let general = world.general_administration().await;
    p.hold_result_back(&general.call(), &case, "标题含个人信息").await.unwrap();
    assert_eq!(shown(&p, world, &case).await.outcome, None);
    assert!(p.latest_results(&world.public(), 10).await.unwrap().is_empty());
    let page = p.publication_page(&second.call(), &case).await.unwrap();
    assert_eq!(page.publication.state, PublicationState::Withdrawn);
    let reasons: Vec<_> = page.publication.story.iter().map(|step| step.reason.as_str()).collect();
    assert_eq!(reasons, ["含商业秘密", "", "标题含个人信息"]);
}

async fn s55_many_are_confirmed_at_once_and_each_stands_for_itself(world: &World) {
    let (p, officer) = (strict(world), world.all_hands("water", "150402").await);
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(completed(world, &p, &officer).await);
    }
    let second = second(world).await;
    p.hold_result_back(&second.call(), &cases[2], "暂缓").await.unwrap();
    p.publish_result(&second.call(), &cases[0]).await.unwrap();
    let once = second.once("batch");
    let batch = p.publish_results(&once, &cases).await.unwrap();
    assert_eq!((batch.published, batch.refused.len()), (2, 1), "the first was public already");
    assert_eq!(batch.refused[0].0, cases[0]);
    let (a, b) = tokio::join!(p.publish_results(&once, &cases[1..2]), p.publish_results(&once, &cases[1..2]));
    assert!(a.is_ok() && b.is_ok());
    let own = p.publish_results(&officer.call(), &[]).await.unwrap();
    assert_eq!(own, Batch::default());
}

async fn s55_kinds_reviewed_once_are_public_with_who_and_when(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let strict = strict(world);
    let old = completed(world, &strict, &officer).await;
    let held = completed(world, &strict, &officer).await;
    strict.hold_result_back(&second(world).await.call(), &held, "暂缓").await.unwrap();
    let kind = ReviewedKind { item: "soil_water".into(), by: "水利厅 王审查".into(), on: date(2026, 1, 9) };
    let p = with_kinds(world, vec![kind]);
    let new = completed(world, &p, &officer).await;
    assert!(shown(&p, world, &new).await.outcome.is_some(), "with its completion");
    assert_eq!(shown(&p, world, &old).await.outcome, None);
    let system = Call::system("test");
    forbidden(p.publish_reviewed_kinds(&officer.call(), 10).await);
    assert_eq!(p.publish_reviewed_kinds(&system, 10).await.unwrap(), 1);
    assert_eq!(p.publish_reviewed_kinds(&system, 10).await.unwrap(), 0);
    assert!(shown(&p, world, &old).await.outcome.is_some());
    assert_eq!(shown(&p, world, &held).await.outcome, None, "what a person held back stays back");
    let page = p.publication_page(&second(world).await.call(), &new).await.unwrap();
    assert_eq!(page.publication.story[0].by, "按类别预审（水利厅 王审查，2026-01-09）");
}

async fn s55_only_reviewers_of_the_organ_see_the_list(world: &World) {
    let (p, officer) = (strict(world), world.all_hands("water", "150402").await);
    let case = completed(world, &p, &officer).await;
    let elsewhere = world.officer("water", "150100", &[Role::Reviewer]).await;
    assert!(p.publications(&elsewhere.call(), PublicationState::Waiting, None).await.unwrap().0.is_empty());
    not_there(p.publish_result(&elsewhere.call(), &case).await);
    let window = world.officer("water", "150402", &[Role::Receptionist]).await;
    forbidden(p.publications(&window.call(), PublicationState::Waiting, None).await);
    assert_eq!(p.waiting_publications(&window.call()).await.unwrap(), None);
    not_there(p.publish_result(&officer.call(), &CaseId("c000000000000000000000000".into())).await);
}
