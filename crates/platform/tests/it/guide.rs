//! Guides: each act works; works twice; wrong person; wrong state; not there; at the same time as another. A case keeps
//! the version under which it was received.

use domain::{
    account::Role,
    guide::{DraftStage, Page, demands_outside},
    ids::AttachmentId,
    item::{Certainty, Limit, LimitUnit},
};
use futures_util::{future::join_all, stream};
use jiff::civil::date;
use platform::{Call, Failure};
use std::convert::Infallible;
use testkit::{
    GuideKeepers, Person, World, both_engines, files, guide_contact,
    outcome::{forbidden, not_there, refused, sign_in_first},
    point,
};

both_engines! {
    art8_loading_the_catalogue_again_changes_nothing,
    art8_each_act_leads_to_its_stage_and_acts_once,
    art8_of_many_at_the_same_time_one_acts,
    art8_acts_of_the_wrong_person_leave_no_fact,
    art8_acts_in_the_wrong_state_or_on_nothing_are_refused,
    art8_whoever_wrote_does_not_review,
    art8_what_another_saved_meanwhile_is_not_overwritten,
    art8_a_version_is_in_force_from_its_day_and_the_public_sees_it,
    art8_a_case_keeps_the_version_it_was_applied_for_under,
    art8_samples_are_inspected_and_public_once_published,
    art8_a_retired_guide_is_shown_as_such_and_asks_for_the_unified_list,
    art8_the_list_is_of_ones_own_department,
    art8_the_trail_names_each_act_and_its_person,
}

const ITEM: &str = "soil_water";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Begin,
    Revise,
    Drop,
    Submit,
    Return,
    Approve,
    Publish,
    Unschedule,
    Retire,
}

const ACTS: [Act; 9] = [
    Act::Begin,
    Act::Revise,
    Act::Drop,
    Act::Submit,
    Act::Return,
    Act::Approve,
    Act::Publish,
    Act::Unschedule,
    Act::Retire,
];

async fn perform(world: &World, call: &Call, act: Act, item: &str) -> Result<(), Failure> {
    let p = &world.platform;
    let tomorrow = p.clock.now().date().tomorrow().unwrap();
    match act {
        Act::Begin => p.begin_guide(call, item).await,
        Act::Revise => {
            let seen = revision(world, item).await;
            p.revise_guide(call, item, guide_contact("0471-1234567"), seen).await
        }
        Act::Drop => p.drop_guide_draft(call, item).await,
        Act::Submit => p.submit_guide(call, item, "补充联系方式").await,
        Act::Return => p.return_guide(call, item, "请写明地址").await,
        Act::Approve => p.approve_guide(call, item, "同意").await,
        Act::Publish => p.publish_guide(call, item, tomorrow).await,
        Act::Unschedule => p.unschedule_guide(call, item, "有误").await,
        Act::Retire => p.retire_guide(call, item, tomorrow, "事项取消").await,
    }
}

async fn revision(world: &World, item: &str) -> u32 {
    let state = world.platform.store.load(&format!("guide:{item}")).await.unwrap().state;
    let guide: domain::guide::Guide = state.map(|json| serde_json::from_str(&json).unwrap()).unwrap_or_default();
    guide.draft.map_or(0, |draft| draft.revision)
}

fn doer(keepers: &GuideKeepers, act: Act) -> &Person {
    match act {
        Act::Begin | Act::Revise | Act::Drop | Act::Submit => &keepers.writer,
        Act::Return | Act::Approve => &keepers.reviewer,
        Act::Publish | Act::Unschedule | Act::Retire => &keepers.manager,
    }
}

/// Brings the guide of an item to where the act comes next.
async fn ready(world: &World, keepers: &GuideKeepers, act: Act, item: &str) {
    let before: &[Act] = match act {
        Act::Begin | Act::Retire => &[],
        Act::Revise | Act::Drop => &[Act::Begin],
        Act::Submit => &[Act::Begin, Act::Revise],
        Act::Return | Act::Approve => &[Act::Begin, Act::Revise, Act::Submit],
        Act::Publish => &[Act::Begin, Act::Revise, Act::Submit, Act::Approve],
        Act::Unschedule => &[Act::Begin, Act::Revise, Act::Submit, Act::Approve, Act::Publish],
    };
    for act in before {
        perform(world, &doer(keepers, *act).call(), *act, item).await.unwrap();
    }
}

/// Items of the housing department, one for each act.
fn items(world: &World) -> impl Iterator<Item = (Act, String)> {
    let housing = world.platform.rules.catalogue.items().iter().filter(|i| i.department == "housing");
    ACTS.into_iter().zip(housing.map(|item| item.code.clone()).collect::<Vec<_>>())
}

async fn facts(world: &World, item: &str) -> i64 {
    world.platform.store.load(&format!("guide:{item}")).await.unwrap().version
}

async fn art8_loading_the_catalogue_again_changes_nothing(world: &World) {
    let root = world.platform.store.root().await.unwrap();
    world.platform.load_guides().await.unwrap();
    assert_eq!(world.platform.store.root().await.unwrap(), root);
    for item in world.platform.rules.catalogue.items() {
        let guide = world.platform.public_guide(&world.public(), &item.code, None).await.unwrap();
        assert_eq!(guide.shown.guide, world.platform.rules.catalogue.guide(&item.code).unwrap());
        assert_eq!(guide.in_force().unwrap().number, 1);
    }
}

async fn art8_each_act_leads_to_its_stage_and_acts_once(world: &World) {
    let keepers = world.guide_keepers_of("housing").await;
    assert!(items(world).count() == ACTS.len(), "as many items as acts");
    for (act, item) in items(world) {
        ready(world, &keepers, act, &item).await;
        let call = doer(&keepers, act).once(&format!("{act:?}"));
        let before = facts(world, &item).await;
        for result in join_all((0..3).map(|_| perform(world, &call, act, &item))).await {
            result.unwrap_or_else(|failure| panic!("{act:?}: {failure:?}"));
        }
        assert_eq!(facts(world, &item).await, before + 1, "{act:?}");
        let page = world.platform.guide_page(&keepers.writer.call(), &item).await.unwrap();
        let stage = page.guide.draft.as_ref().map(|draft| draft.stage);
        let expected = match act {
            Act::Begin | Act::Revise | Act::Unschedule => Some(DraftStage::Writing),
            Act::Submit => Some(DraftStage::InReview),
            Act::Return => Some(DraftStage::Returned),
            Act::Approve => Some(DraftStage::Approved),
            Act::Drop | Act::Publish | Act::Retire => None,
        };
        assert_eq!(stage, expected, "{act:?}");
        assert_eq!(page.guide.scheduled(page.today).is_some(), act == Act::Publish, "{act:?}");
        assert_eq!(page.guide.retired_on().is_some(), act == Act::Retire, "{act:?}");
    }
}

async fn art8_of_many_at_the_same_time_one_acts(world: &World) {
    let keepers = world.guide_keepers_of("housing").await;
    for (act, item) in items(world).filter(|(act, _)| *act != Act::Begin) {
        ready(world, &keepers, act, &item).await;
        let before = facts(world, &item).await;
        let call = doer(&keepers, act).call();
        // Everybody began from the same words.
        let at_once = |_| async {
            match act {
                Act::Revise => world.platform.revise_guide(&call, &item, guide_contact("0471-1234567"), 0).await,
                act => perform(world, &call, act, &item).await,
            }
        };
        let results = join_all((0..4).map(at_once)).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{act:?}: {results:?}");
        assert_eq!(facts(world, &item).await, before + 1, "{act:?}");
    }
}

async fn art8_acts_of_the_wrong_person_leave_no_fact(world: &World) {
    let keepers = world.guide_keepers_of("housing").await;
    let everything = [Role::Undertaker, Role::Reviewer, Role::DepartmentManager];
    let below = world.officer("housing", "150400", &everything).await;
    let other_department = world.officer("ecology", "150000", &everything).await;
    let other_role = world.officer("housing", "150000", &[Role::Receptionist, Role::Approver]).await;
    for (act, item) in items(world) {
        ready(world, &keepers, act, &item).await;
        let before = facts(world, &item).await;
        sign_in_first(perform(world, &world.public(), act, &item).await);
        forbidden(perform(world, &world.agent.call(), act, &item).await);
        not_there(perform(world, &below.call(), act, &item).await);
        for person in [&other_department, &other_role] {
            forbidden(perform(world, &person.call(), act, &item).await);
        }
        assert_eq!(facts(world, &item).await, before, "{act:?} left a fact");
    }
    let (_, item) = items(world).next().unwrap();
    forbidden(perform(world, &keepers.writer.call(), Act::Approve, &item).await);
    forbidden(perform(world, &keepers.reviewer.call(), Act::Begin, &item).await);
    forbidden(perform(world, &keepers.writer.call(), Act::Publish, &item).await);
    not_there(world.platform.guide_page(&below.call(), &item).await);
    forbidden(world.platform.guide_page(&other_department.call(), &item).await);
}

async fn art8_acts_in_the_wrong_state_or_on_nothing_are_refused(world: &World) {
    let keepers = world.guide_keepers().await;
    for act in ACTS.into_iter().filter(|act| !matches!(act, Act::Begin | Act::Retire)) {
        refused(perform(world, &doer(&keepers, act).call(), act, ITEM).await, "guide.wrong_state");
    }
    for act in ACTS {
        not_there(perform(world, &doer(&keepers, act).call(), act, "no_such_item").await);
    }
    not_there(world.platform.public_guide(&world.public(), "no_such_item", None).await);
    not_there(world.platform.public_guide(&world.public(), ITEM, Some(7)).await);
    not_there(world.platform.guide_page(&keepers.writer.call(), "no_such_item").await);
    ready(world, &keepers, Act::Publish, ITEM).await;
    let past = world.platform.publish_guide(&keepers.manager.call(), ITEM, date(2026, 3, 1)).await;
    refused(past, "guide.past");
}

async fn art8_whoever_wrote_does_not_review(world: &World) {
    let keepers = world.guide_keepers().await;
    let both = world.officer("water", "150000", &[Role::Undertaker, Role::Reviewer]).await;
    perform(world, &both.call(), Act::Begin, ITEM).await.unwrap();
    perform(world, &both.call(), Act::Revise, ITEM).await.unwrap();
    perform(world, &keepers.writer.call(), Act::Submit, ITEM).await.unwrap();
    let refusal = refused(perform(world, &both.call(), Act::Approve, ITEM).await, "guide.four_eyes");
    assert_eq!(refusal.article.as_deref(), Some("办法第八条"));
    assert!(!world.platform.guide_page(&both.call(), ITEM).await.unwrap().may_review);
    assert!(world.platform.guide_page(&keepers.reviewer.call(), ITEM).await.unwrap().may_review);
    perform(world, &keepers.reviewer.call(), Act::Approve, ITEM).await.unwrap();
}

async fn art8_what_another_saved_meanwhile_is_not_overwritten(world: &World) {
    let keepers = world.guide_keepers().await;
    ready(world, &keepers, Act::Revise, ITEM).await;
    let p = &world.platform;
    p.revise_guide(&keepers.writer.call(), ITEM, guide_contact("0471-1111111"), 0).await.unwrap();
    let late = p.revise_guide(&keepers.manager.call(), ITEM, guide_contact("0471-2222222"), 0).await;
    refused(late, "guide.changed");
    let page = p.guide_page(&keepers.writer.call(), ITEM).await.unwrap();
    assert_eq!(page.guide.draft.unwrap().guide.contacts[0].phone, "0471-1111111");
}

async fn art8_a_version_is_in_force_from_its_day_and_the_public_sees_it(world: &World) {
    let keepers = world.guide_keepers().await;
    world.publish_guide(&keepers, vec![], date(2026, 3, 10)).await;
    let seen = || async { world.platform.public_guide(&world.public(), ITEM, None).await.unwrap() };
    let today = seen().await;
    assert_eq!((today.shown.row.number, today.scheduled().map(|v| v.number)), (1, Some(2)));
    let ahead = world.platform.public_guide(&world.public(), ITEM, Some(2)).await.unwrap();
    assert_eq!(ahead.shown.guide.contacts[0].phone, "0471-1234567");
    let words = world.platform.guides_in_force(&world.public()).await.unwrap();
    assert!(words.words(ITEM).contains("水土保持法"));

    world.set_day(date(2026, 3, 10));
    let then = seen().await;
    assert_eq!((then.shown.row.number, then.history.len(), then.scheduled().is_none()), (2, 2, true));
    assert_eq!(then.history[1].until, Some(date(2026, 3, 10)));
    assert!(then.shown.row.score > then.history[1].score);
    let rows = world.platform.guides(&keepers.writer.call()).await.unwrap();
    let row = rows.iter().find(|row| row.item == ITEM).unwrap();
    assert_eq!(row.in_force.map(|(number, from, _)| (number, from)), Some((2, date(2026, 3, 10))));
}

/// The guide asks for one material less and promises ten days.
fn leaner(world: &World) -> Vec<Page> {
    let catalogue = world.platform.rules.catalogue;
    let mut materials = catalogue.guide_materials(catalogue.item(ITEM).unwrap());
    materials.pop();
    materials[0].hint = "含附图，电子版一份".into();
    let committed = Limit { days: 10, unit: LimitUnit::Working, basis: String::new(), certainty: Certainty::Seen };
    let process = vec!["申请".into(), "审查".into(), "决定".into()];
    vec![
        Page::Materials { materials },
        Page::Process {
            process, committed: Some(committed), excluded: vec!["技术评审".into()], fee: "不收费".into()
        },
    ]
}

async fn art8_a_case_keeps_the_version_it_was_applied_for_under(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let keepers = world.guide_keepers().await;
    let before = world.submitted().await;
    let pages = leaner(world);
    world.publish_guide(&keepers, pages, date(2026, 3, 10)).await;
    world.set_day(date(2026, 3, 10));
    let catalogue = world.platform.rules.catalogue;
    let in_force = world.platform.guides_in_force(&world.public()).await.unwrap();
    assert_eq!(in_force.limit(catalogue.item(ITEM).unwrap()).days, 10, "lists show the promise");
    let project = world.project().await;
    let tasks = world.platform.project_page(&world.agent.call(), &project).await.unwrap().tasks;
    assert_eq!(tasks.iter().find(|task| task.item.code == ITEM).unwrap().limit.days, 10);
    let page = world.platform.application_page(&world.agent.call(), &project, ITEM).await.unwrap();
    assert_eq!(page.guide.as_ref().unwrap().row.number, 2);
    assert_eq!((page.materials.len(), page.materials[0].hint.as_str()), (2, "含附图，电子版一份"));
    let after = world.apply(&world.agent, &project, ITEM).await;
    // Received on the same day, each keeps what it was applied for under.
    let mut seen = Vec::new();
    for case in [&before, &after] {
        world.receive(&officer, case).await;
        let page = world.platform.case_page(&officer.call(), case).await.unwrap();
        seen.push((page.application.guide, page.application.limit.days));
        let sql = "SELECT guide_version FROM cases WHERE id = $1";
        let row = world.platform.store.query_one(sql, [case.as_str().into()]).await.unwrap().unwrap();
        let column: i64 = row.try_get("", "guide_version").unwrap();
        assert_eq!(Some(column), page.application.guide.map(i64::from));
    }
    assert_eq!(seen, [(Some(1), 20), (Some(2), 10)]);

    // What is asked for beyond the version shows.
    let dropped = catalogue.material("soil_water_promise").unwrap();
    world
        .platform
        .ask_correction(&officer.call(), &after, vec![point(&format!("请补充{}", dropped.name))])
        .await
        .unwrap();
    let page = world.platform.case_page(&officer.call(), &after).await.unwrap();
    let points = page.case.correction.unwrap().points;
    let version = |number| async move {
        world.platform.public_guide(&world.public(), ITEM, Some(number)).await.unwrap().shown.guide
    };
    let outside = demands_outside(&version(2).await, catalogue, &points);
    assert_eq!(outside.iter().map(|o| o.material.as_str()).collect::<Vec<_>>(), [dropped.name.as_str()]);
    assert!(demands_outside(&version(1).await, catalogue, &points).is_empty());
}

async fn add(world: &World, who: &Person, name: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let content = stream::iter([Ok::<_, Infallible>(bytes)]);
    world.platform.add_guide_sample(&who.call(), ITEM, "soil_water_plan", name, "", content).await
}

async fn art8_samples_are_inspected_and_public_once_published(world: &World) {
    let keepers = world.guide_keepers().await;
    let p = &world.platform;
    refused(add(world, &keepers.writer, "样表.pdf", files::pdf("样表")).await, "guide.wrong_state");
    ready(world, &keepers, Act::Revise, ITEM).await;
    assert!(matches!(
        add(world, &keepers.writer, "样表.pdf", b"MZ this is a program".to_vec()).await,
        Err(Failure::Refused(_))
    ));
    forbidden(add(world, &keepers.reviewer, "样表.pdf", files::pdf("样表")).await);
    forbidden(add(world, &world.agent, "样表.pdf", files::pdf("样表")).await);
    add(world, &keepers.writer, "样表.pdf", files::pdf("样表")).await.unwrap();
    let draft = p.guide_page(&keepers.writer.call(), ITEM).await.unwrap().guide.draft.unwrap();
    let sample = draft.guide.samples[0].clone();
    assert_eq!((sample.name.as_str(), draft.guide.samples.len()), ("样表.pdf", 1));
    let file = p.guide_sample(&keepers.reviewer.call(), ITEM, &sample.id).await.unwrap();
    assert_eq!(file.bytes, files::pdf("样表"));
    not_there(p.public_guide_sample(&world.public(), ITEM, &sample.id).await);
    not_there(p.public_guide_sample(&world.public(), "eia", &sample.id).await);

    world.publish_guide(&keepers, vec![], date(2026, 3, 2)).await;
    let public = p.public_guide_sample(&world.public(), ITEM, &sample.id).await.unwrap();
    assert_eq!(public.bytes, files::pdf("样表"));
    not_there(p.public_guide_sample(&world.public(), ITEM, &AttachmentId::from_random([9; 16])).await);

    // Taken out of the next draft, it stays with the version that shows it.
    p.begin_guide(&keepers.writer.call(), ITEM).await.unwrap();
    p.remove_guide_sample(&keepers.writer.call(), ITEM, &sample.id).await.unwrap();
    refused(p.remove_guide_sample(&keepers.writer.call(), ITEM, &sample.id).await, "guide.wrong_state");
    p.public_guide_sample(&world.public(), ITEM, &sample.id).await.unwrap();
}

async fn art8_a_retired_guide_is_shown_as_such_and_asks_for_the_unified_list(world: &World) {
    let keepers = world.guide_keepers().await;
    let p = &world.platform;
    p.retire_guide(&keepers.manager.call(), ITEM, date(2026, 3, 2), "事项取消").await.unwrap();
    let guide = p.public_guide(&world.public(), ITEM, None).await.unwrap();
    assert!(guide.in_force().is_none());
    assert_eq!(guide.shown.row.number, 1, "the last one is still to be read");
    assert!(!p.guides_in_force(&world.public()).await.unwrap().words(ITEM).contains("水土"));
    let project = world.project().await;
    let page = p.application_page(&world.agent.call(), &project, ITEM).await.unwrap();
    assert!(page.guide.is_none() && page.materials.len() == 3);
    let case = world.apply(&world.agent, &project, ITEM).await;
    let officer = world.all_hands("water", "150402").await;
    assert_eq!(p.case_page(&officer.call(), &case).await.unwrap().application.guide, None);
}

async fn art8_the_list_is_of_ones_own_department(world: &World) {
    let keepers = world.guide_keepers().await;
    let p = &world.platform;
    let all = p.rules.catalogue.items().len();
    let water = p.rules.catalogue.items().iter().filter(|i| i.department == "water").count();
    assert_eq!(p.guides(&keepers.writer.call()).await.unwrap().len(), water);
    let watcher = world.officer("development_reform", "150000", &[Role::Supervisor]).await;
    assert_eq!(p.guides(&watcher.call()).await.unwrap().len(), all);
    let below = world.all_hands("water", "150402").await;
    assert!(p.guides(&below.call()).await.unwrap().is_empty());
    sign_in_first(p.guides(&world.public()).await);
    ready(world, &keepers, Act::Approve, ITEM).await;
    let rows = p.guides(&keepers.reviewer.call()).await.unwrap();
    let row = rows.iter().find(|row| row.item == ITEM).unwrap();
    assert_eq!(row.draft.map(|(stage, _)| stage), Some(DraftStage::InReview));
    assert!(row.draft.unwrap().1 > row.in_force.unwrap().2, "the contact counts");
}

async fn art8_the_trail_names_each_act_and_its_person(world: &World) {
    let keepers = world.guide_keepers().await;
    world.publish_guide(&keepers, vec![], date(2026, 3, 2)).await;
    let trail = world.platform.guide_page(&keepers.writer.call(), ITEM).await.unwrap().trail;
    let titles: Vec<_> = trail.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["按事项目录生成第 1 版", "开始修订", "修改修订稿", "提交审核", "审核通过", "发布"]);
    assert_eq!(trail[0].actor, "在线平台");
    let name = |person: &Person| match &person.actor {
        platform::Actor::Officer { name, .. } => name.clone(),
        _ => unreachable!(),
    };
    assert_eq!((&trail[4].actor, &trail[5].actor), (&name(&keepers.reviewer), &name(&keepers.manager)));
}
