//! 征求意见 between organs: asked, replied to, taken back, waited for, and chased when nobody replies.

use domain::{
    account::Role,
    case::{Outcome, Stage},
    consultation::{Question, Silence, Standing, View},
    department::Agency,
    ids::{AttachmentId, CaseId, ConsultationId},
    region::RegionCode,
};
use jiff::civil::date;
use platform::{
    Call, Failure,
    consultation::Tab,
    supervision::{CardFilter, Owing},
};
use testkit::{
    Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    art17_a_department_is_asked_replies_and_the_decision_waits_for_it,
    art17_silence_counts_only_when_that_was_stated,
    art17_only_the_two_organs_take_part,
    art17_each_act_acts_once_and_at_the_same_time_one_wins,
    art17_what_is_over_or_not_there_is_not_acted_on,
    art17_of_a_question_and_a_decision_at_the_same_time_one_wins_round_after_round,
    art15_a_question_without_a_reply_opens_a_card_for_the_organ_that_was_asked,
}

/// 林草, beside the organ that handles the case.
fn forestry() -> Agency {
    Agency::new("forestry_grassland", RegionCode::parse("150402").unwrap())
}

fn question() -> Question {
    Question {
        to: forestry(),
        text: "项目是否占用林地、草原？".into(),
        reply_by: date(2026, 3, 11),
        silence: Silence::Awaited,
        basis: String::new(),
    }
}

/// A case in work, who works on it, and who answers for the other organ.
struct Scene {
    officer: Person,
    asked: Person,
    case: CaseId,
}

async fn scene(world: &World) -> Scene {
    let officer = world.all_hands("water", "150402").await;
    let asked = world.officer("forestry_grassland", "150402", &[Role::Undertaker]).await;
    let case = world.accepted(&officer).await;
    Scene { officer, asked, case }
}

async fn ask(world: &World, s: &Scene, question: Question) -> ConsultationId {
    world.platform.ask_consultation(&s.officer.call(), &s.case, &question).await.unwrap()
}

async fn standing(world: &World, s: &Scene) -> Vec<Standing> {
    world.platform.consultations_of(&s.case, None).await.unwrap().0.into_iter().map(|row| row.standing).collect()
}

async fn art17_a_department_is_asked_replies_and_the_decision_waits_for_it(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let id = ask(world, &s, question()).await;
    assert_eq!(p.consultations_to_reply(&s.asked.call()).await.unwrap(), 1);
    assert_eq!(p.consultations_to_reply(&s.officer.call()).await.unwrap(), 0, "whoever asked owes nothing");
    let (prompts, _) = p.prompts(&s.asked.call(), None).await.unwrap();
    assert!(prompts[0].title.contains("征求意见") && prompts[0].body.contains("2026-03-11"), "{prompts:?}");
    let page = p.consultation_page(&s.asked.call(), &id).await.unwrap();
    assert!(page.may_reply && !page.may_recall && !page.may_read_case);
    assert!(!page.files.is_empty(), "the material is there to be looked at");
    p.download_consulted_file(&s.asked.call(), &id, &page.files[0].1.id).await.unwrap();
    not_there(p.download_consulted_file(&s.asked.call(), &id, &AttachmentId::from_random([9; 16])).await);
    refused(p.ask_consultation(&s.officer.call(), &s.case, &question()).await, "consultation.twice");
    world.reviewed(&s.case, Outcome::Granted).await;
    let granted = decision(world, Outcome::Granted);
    refused(p.preview_decision(&s.officer.call(), &s.case, granted.clone()).await, "consultation.open");
    refused(p.decide_case(&s.officer.call(), &s.case, granted.clone()).await, "consultation.open");
    p.reply_consultation(&s.asked.call(), &id, View::AgreeIf, "避让公益林。").await.unwrap();
    let (prompts, _) = p.prompts(&s.officer.call(), None).await.unwrap();
    assert!(prompts.iter().any(|one| one.body.contains("避让公益林")), "{prompts:?}");
    let page = p.consultation_page(&s.officer.call(), &id).await.unwrap();
    assert_eq!((page.standing, page.reply.unwrap().view), (Standing::Replied, View::AgreeIf));
    p.decide_case(&s.officer.call(), &s.case, granted).await.unwrap();
    let tab = async |person: &Person, tab| p.consultations(&person.call(), tab, None).await.unwrap().0.len();
    assert_eq!((tab(&s.asked, Tab::ToReply).await, tab(&s.asked, Tab::Replied).await), (0, 1));
    assert_eq!((tab(&s.officer, Tab::Asked).await, tab(&s.officer, Tab::Replied).await), (1, 0));
}

async fn art17_silence_counts_only_when_that_was_stated(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let unfounded = Question { silence: Silence::NoObjection, ..question() };
    refused(p.ask_consultation(&s.officer.call(), &s.case, &unfounded).await, "text.required");
    ask(world, &s, Question { basis: "会商规则第五条".into(), ..unfounded }).await;
    let other = Question { to: Agency::new("emergency", forestry().region), ..question() };
    let awaited = ask(world, &s, other).await;
    world.reviewed(&s.case, Outcome::Granted).await;
    world.set_day(date(2026, 3, 12));
    let standings = standing(world, &s).await;
    assert!(standings.len() == 2 && standings.contains(&Standing::Silent), "{standings:?}");
    assert!(standings.contains(&Standing::Late), "{standings:?}");
    let refusal = refused(
        p.decide_case(&s.officer.call(), &s.case, decision(world, Outcome::Granted)).await,
        "consultation.open",
    );
    assert!(refusal.message.contains("应急"), "the one that is still needed: {refusal:?}");
    p.recall_consultation(&s.officer.call(), &awaited, "已现场查明").await.unwrap();
    p.decide_case(&s.officer.call(), &s.case, decision(world, Outcome::Granted)).await.unwrap();
}

async fn art17_only_the_two_organs_take_part(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let reviewer = world.officer("water", "150402", &[Role::Reviewer]).await;
    let elsewhere = world.officer("forestry_grassland", "150502", &[Role::Undertaker]).await;
    let window = world.officer("forestry_grassland", "150402", &[Role::Receptionist]).await;
    forbidden(p.ask_consultation(&reviewer.call(), &s.case, &question()).await);
    let strangers = [&s.asked, &elsewhere];
    for stranger in strangers {
        assert!(p.ask_consultation(&stranger.call(), &s.case, &question()).await.is_err());
    }
    forbidden(p.ask_consultation(&world.agent.call(), &s.case, &question()).await);
    let id = ask(world, &s, question()).await;
    p.consultation_page(&reviewer.call(), &id).await.unwrap();
    p.consultation_page(&window.call(), &id).await.unwrap();
    not_there(p.consultation_page(&elsewhere.call(), &id).await);
    assert!(p.consultation_page(&world.agent.call(), &id).await.is_err(), "opinions between organs are not the unit's");
    assert!(p.consultation_page(&Call::new(platform::Actor::Public, "test"), &id).await.is_err());
    forbidden(p.reply_consultation(&window.call(), &id, View::Agree, "同意").await);
    not_there(p.reply_consultation(&elsewhere.call(), &id, View::Agree, "同意").await);
    assert!(
        p.reply_consultation(&s.officer.call(), &id, View::Agree, "同意").await.is_err(),
        "nobody replies to himself"
    );
    assert!(p.recall_consultation(&s.asked.call(), &id, "不必").await.is_err());
    assert_eq!(standing(world, &s).await, [Standing::Waiting]);
}

async fn art17_each_act_acts_once_and_at_the_same_time_one_wins(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let once = Call { once: Some("q-1".into()), ..s.officer.call() };
    let first = p.ask_consultation(&once, &s.case, &question()).await.unwrap();
    assert_eq!(p.ask_consultation(&once, &s.case, &question()).await.unwrap(), first);
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (platform, asked, officer, id) = (p.clone(), s.asked.call(), s.officer.call(), first.clone());
            tokio::spawn(async move {
                match n % 2 {
                    0 => platform.reply_consultation(&asked, &id, View::Agree, "同意").await,
                    _ => platform.recall_consultation(&officer, &id, "不必了").await,
                }
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(Failure::Refused(faults)) => {
                assert!(["consultation.replied", "consultation.recalled"].contains(&faults[0].code.as_ref()));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(done, 1);
}

async fn art17_what_is_over_or_not_there_is_not_acted_on(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let nothing = ConsultationId::from_random([7; 16]);
    not_there(p.consultation_page(&s.asked.call(), &nothing).await);
    not_there(p.reply_consultation(&s.asked.call(), &nothing, View::Agree, "同意").await);
    let received = world.received(&s.officer).await;
    refused(p.ask_consultation(&s.officer.call(), &received, &question()).await, "consultation.not_in_work");
    let late = Question { reply_by: date(2026, 5, 29), ..question() };
    refused(p.ask_consultation(&s.officer.call(), &s.case, &late).await, "consultation.after_due");
    let id = ask(world, &s, question()).await;
    p.withdraw_case(&world.agent.call(), &s.case, "改址").await.unwrap();
    refused(p.reply_consultation(&s.asked.call(), &id, View::Agree, "同意").await, "consultation.over");
    assert_eq!(p.consultations_to_reply(&s.asked.call()).await.unwrap(), 0, "a case that ended asks nothing");
}

async fn art17_of_a_question_and_a_decision_at_the_same_time_one_wins_round_after_round(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (mut decided, mut waited) = (0, 0);
    for round in 0..24 {
        let case = world.accepted(&officer).await;
        world.reviewed(&case, Outcome::Granted).await;
        let (platform, call, id) = (world.platform.clone(), officer.call(), case.clone());
        let granted = decision(world, Outcome::Granted);
        let deciding = tokio::spawn(async move {
            // Sometimes the question is a little ahead, sometimes the decision.
            for _ in 0..round % 6 {
                tokio::task::yield_now().await;
            }
            platform.decide_case(&call, &id, granted).await
        });
        let (platform, call, id) = (world.platform.clone(), officer.call(), case.clone());
        let asking = tokio::spawn(async move { platform.ask_consultation(&call, &id, &question()).await });
        let (decision, question) = (deciding.await.unwrap(), asking.await.unwrap());
        let stage = world.platform.case_page(&officer.call(), &case).await.unwrap().case.stage;
        match (decision, question) {
            (Ok(()), question) => {
                refused(question, "consultation.not_in_work");
                assert_eq!(stage, Stage::Completed);
                assert!(world.platform.consultations_of(&case, None).await.unwrap().0.is_empty(), "round {round}");
                decided += 1;
            }
            (decision, Ok(_)) => {
                refused(decision, "consultation.open");
                assert_eq!(stage, Stage::Reviewed);
                waited += 1;
            }
            (decision, question) => panic!("round {round}: neither won: {decision:?}, {question:?}"),
        }
    }
    assert_eq!(decided + waited, 24);
}

async fn art15_a_question_without_a_reply_opens_a_card_for_the_organ_that_was_asked(world: &World) {
    let p = &world.platform;
    let s = scene(world).await;
    let supervisor = world.supervisor().await;
    let id = ask(world, &s, question()).await;
    let call = Call::system("test");
    let cards = async || {
        let filter = CardFilter { owing: Owing::Running, ..CardFilter::default() };
        p.cards(&supervisor.call(), &filter, None).await.unwrap().rows
    };
    p.supervise(&call).await.unwrap();
    assert!(cards().await.is_empty());
    world.set_day(date(2026, 3, 12));
    assert_eq!(p.supervise(&call).await.unwrap(), 1);
    let opened = cards().await;
    assert_eq!(
        (opened[0].rule.as_str(), opened[0].department.as_str()),
        ("unanswered_consultation", "forestry_grassland")
    );
    world.set_day(date(2026, 3, 13));
    assert_eq!(p.supervise(&call).await.unwrap(), 0, "one card for each question");
    p.reply_consultation(&s.asked.call(), &id, View::None, "不涉及。").await.unwrap();
    let late = p.consultation_page(&s.officer.call(), &id).await.unwrap();
    assert_eq!(late.standing, Standing::Replied, "a late reply is taken all the same");
}
