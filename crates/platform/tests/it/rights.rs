//! L-06: persons get a copy, ask for correction and deletion, and are answered within the time with the reason.

use domain::{
    ids::ProjectId,
    personal::{Answer, Wish},
};
use jiff::civil::date;
use testkit::{
    World, answers, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    l06_a_copy_has_everything_with_purpose_and_time,
    l06_a_correction_is_asked_answered_and_holds,
    l06_a_deletion_is_done_after_the_project_or_locked_before,
    l06_only_general_administration_of_the_region_answers_and_once,
}

const FIELD: &str = "contact_mobile";

async fn value(world: &World, project: &ProjectId) -> Option<(String, bool)> {
    let copy = world.platform.personal_copy(&world.agent.call()).await.unwrap();
    let found = copy.projects.into_iter().find(|p| p.id == *project).unwrap();
    found.values.into_iter().find(|v| v.field == FIELD).map(|v| (v.value, v.locked))
}

async fn l06_a_copy_has_everything_with_purpose_and_time(world: &World) {
    let p = &world.platform;
    world.project().await;
    let copy = p.personal_copy(&world.agent.call()).await.unwrap();
    let json = serde_json::to_string(&copy).unwrap();
    for word in [answers::CONTACT_NAME, answers::CONTACT_MOBILE, answers::LEGAL_REPRESENTATIVE, &world.agent.login] {
        assert!(json.contains(word), "{word}");
    }
    assert!(copy.projects[0].values.iter().all(|v| !v.purpose.is_empty() && !v.retention.is_empty()));
    let theirs = serde_json::to_string(&p.personal_copy(&world.rival.call()).await.unwrap()).unwrap();
    assert!(!theirs.contains(answers::CONTACT_MOBILE) && !theirs.contains(&world.agent.login));
    sign_in_first(p.personal_copy(&world.public()).await);
}

async fn l06_a_correction_is_asked_answered_and_holds(world: &World) {
    let p = &world.platform;
    let project = world.project().await;
    let me = world.agent.call();
    refused(p.ask_rights(&me, &project, "project_name", Wish::Correct, ("错", "对")).await, "rights.field");
    refused(p.ask_rights(&me, &project, FIELD, Wish::Correct, (" ", "13911112222")).await, "text.required");
    refused(p.ask_rights(&me, &project, FIELD, Wish::Correct, ("换号", " ")).await, "text.required");
    not_there(p.ask_rights(&world.rival.call(), &project, FIELD, Wish::Correct, ("换号", "1")).await);
    let once = world.agent.once("ask");
    let id = p.ask_rights(&once, &project, FIELD, Wish::Correct, ("换号了", "13911112222")).await.unwrap();
    assert_eq!(p.ask_rights(&once, &project, FIELD, Wish::Correct, ("换号了", "13911112222")).await.unwrap(), id);
    refused(p.ask_rights(&me, &project, FIELD, Wish::Delete, ("删", "")).await, "rights.open");
    let row = &p.own_rights(&me).await.unwrap()[0];
    assert_eq!((row.due, row.answer), (Some(date(2026, 3, 23)), None), "fifteen working days");
    let desk = world.general_administration().await;
    let page = p.rights_page(&desk.call(), &id).await.unwrap();
    assert_eq!(
        (page.words.as_str(), page.value.as_str(), page.now.as_str()),
        ("换号了", "13911112222", answers::CONTACT_MOBILE)
    );
    let dump = world.database.dump(&["event", "stream", "rights_requests", "messages"]).await;
    assert!(!dump.contains("13911112222") && !dump.contains("换号了"), "only sealed");
    refused(p.answer_rights(&desk.call(), &id, Answer::Locked, "锁定").await, "rights.locked");
    refused(p.answer_rights(&desk.call(), &id, Answer::Done, "").await, "text.required");
    world.later(1);
    let once = desk.once("answer");
    p.answer_rights(&once, &id, Answer::Done, "已核对证照").await.unwrap();
    p.answer_rights(&once, &id, Answer::Done, "已核对证照").await.unwrap();
    refused(p.answer_rights(&desk.call(), &id, Answer::Refused, "又").await, "rights.answered");
    assert_eq!(value(world, &project).await, Some(("13911112222".to_owned(), false)));
    let messages = p.messages(&me, None, 20).await.unwrap();
    assert!(messages[0].title.contains("已办理") && messages[0].body.contains("已核对证照"), "{}", messages[0].title);
    let officer = world.all_hands("development_reform", "150402").await;
    let lines = p.unmask_contact(&officer.call(), &project, "电话核对").await.unwrap();
    assert!(lines.iter().any(|line| line.text == "13911112222"), "officers read the corrected one");
}

async fn l06_a_deletion_is_done_after_the_project_or_locked_before(world: &World) {
    let p = &world.platform;
    let desk = world.general_administration().await;
    let running = world.project().await;
    let id = p.ask_rights(&world.agent.call(), &running, FIELD, Wish::Delete, ("人员离职", "")).await.unwrap();
    refused(p.answer_rights(&desk.call(), &id, Answer::Done, "删除").await, "rights.in_force");
    p.answer_rights(&desk.call(), &id, Answer::Locked, "档案法要求保存").await.unwrap();
    assert_eq!(value(world, &running).await, Some((String::new(), true)));
    let officer = world.all_hands("development_reform", "150402").await;
    let shown = format!("{:?}", p.unmask_contact(&officer.call(), &running, "电话核对").await.unwrap());
    assert!(!shown.contains(answers::CONTACT_MOBILE) && shown.contains("已锁定"), "{shown}");
    let ended = world.project().await;
    p.withdraw_project(&world.agent.call(), &ended, "不再建设了").await.unwrap();
    let id = p.ask_rights(&world.agent.call(), &ended, FIELD, Wish::Delete, ("人员离职", "")).await.unwrap();
    p.answer_rights(&desk.call(), &id, Answer::Done, "已删除").await.unwrap();
    assert_eq!(value(world, &ended).await, None);
    let stream = format!("project:{ended}");
    let gone = p.store.secret(&stream, domain::project::SEALED_AT, FIELD, &p.sealer).await.unwrap();
    assert_eq!(gone, None, "no key opens what is not there");
    assert!(world.verify().await.is_sound());
}

async fn l06_only_general_administration_of_the_region_answers_and_once(world: &World) {
    let p = &world.platform;
    let project = world.project().await;
    let id = p.ask_rights(&world.agent.call(), &project, FIELD, Wish::Delete, ("删", "")).await.unwrap();
    let elsewhere =
        world.officer("development_reform", "150100", &[domain::account::Role::GeneralAdministration]).await;
    not_there(p.rights_page(&elsewhere.call(), &id).await);
    assert!(p.rights_list(&elsewhere.call(), true, None).await.unwrap().0.is_empty());
    let water = world.all_hands("water", "150402").await;
    forbidden(p.rights_list(&water.call(), true, None).await);
    assert_eq!(p.waiting_rights(&water.call()).await.unwrap(), None);
    forbidden(p.answer_rights(&world.agent.call(), &id, Answer::Refused, "不").await);
    let (a, b) = (world.general_administration().await, world.general_administration().await);
    assert_eq!(p.rights_list(&a.call(), true, None).await.unwrap().0.len(), 1);
    let (ca, cb) = (a.call(), b.call());
    let (one, two) = tokio::join!(
        p.answer_rights(&ca, &id, Answer::Refused, "仍需联系"),
        p.answer_rights(&cb, &id, Answer::Locked, "锁定")
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "one of two at the same time");
    assert!(p.rights_list(&a.call(), true, None).await.unwrap().0.is_empty());
    assert_eq!(p.rights_list(&a.call(), false, None).await.unwrap().0.len(), 1);
}
