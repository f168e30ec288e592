//! 事项申请 and its materials.

use domain::case::{Outcome, Stage};
use futures_util::future::join_all;
use platform::{Failure, case::ApplyForItem, project::TaskState};
use testkit::{
    World, answers, both_engines,
    outcome::{not_there, refused},
};

both_engines! {
    art14_1_an_application_goes_to_the_competent_organ,
    art14_1_an_application_lacks_no_required_material,
    art14_1_only_needed_items_can_be_applied_for,
    a14_an_application_sent_twice_makes_one_case,
    a14_one_running_case_per_item,
    art14_items_wait_for_what_the_law_puts_before_them,
    notice268_a_file_given_once_is_offered_again,
    notice268_a_result_on_the_platform_stands_for_the_paper,
    a13_files_of_another_unit_cannot_be_handed_in_or_read,
    a_refused_item_may_be_applied_for_again,
}

async fn art14_1_an_application_goes_to_the_competent_organ(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    for (item, department, region) in [
        ("soil_water", "water", "150402"),
        ("eia_form", "ecology", "150400"),
        ("ent_file", "development_reform", "150402"),
    ] {
        let case = world.apply(&world.agent, &project, item).await;
        let page = p.case_page(&world.agent.call(), &case).await.unwrap();
        let agency = &page.application.agency;
        assert_eq!((agency.department.as_str(), agency.region.as_str()), (department, region));
        assert_eq!(page.case.stage, Stage::Submitted);
        let officer = world.all_hands(department, region).await;
        assert!(p.case_page(&officer.call(), &case).await.is_ok());
    }
}

async fn art14_1_an_application_lacks_no_required_material(world: &World) {
    let project = world.project().await;
    let mut form = world.filled(&world.agent, &project, "soil_water").await;
    let (missing, _) = form.materials.pop_first().unwrap();
    let result = world.platform.apply_for_item(&world.agent.call(), &project, &form).await;
    let refusal = refused(result, "material.missing");
    assert_eq!(refusal.field.unwrap(), format!("material-{missing}"));
    let nothing = ApplyForItem { item: "soil_water".into(), unclassified: true, ..ApplyForItem::default() };
    let Err(Failure::Refused(all)) = world.platform.apply_for_item(&world.agent.call(), &project, &nothing).await
    else {
        panic!()
    };
    assert_eq!(all.len(), form.materials.len() + 1, "all at once");
}

async fn art14_1_only_needed_items_can_be_applied_for(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let form = |item: &str| ApplyForItem { item: item.into(), unclassified: true, ..ApplyForItem::default() };
    refused(p.apply_for_item(&world.agent.call(), &project, &form("outfall")).await, "item.not_needed");
    not_there(p.apply_for_item(&world.agent.call(), &project, &form("nonsense")).await);
    not_there(p.apply_for_item(&world.rival.call(), &project, &form("soil_water")).await);
    p.withdraw_project(&world.agent.call(), &project, "不再建设了").await.unwrap();
    refused(p.apply_for_item(&world.agent.call(), &project, &form("soil_water")).await, "project.wrong_state");
}

async fn a14_an_application_sent_twice_makes_one_case(world: &World) {
    let project = world.project().await;
    let form = world.filled(&world.agent, &project, "soil_water").await;
    let call = world.agent.once("apply-1");
    let first = world.platform.apply_for_item(&call, &project, &form).await.unwrap();
    assert_eq!(world.platform.apply_for_item(&call, &project, &form).await.unwrap(), first);
    let form = world.filled(&world.agent, &project, "eia_form").await;
    let call = world.agent.once("apply-2");
    let results = join_all((0..6).map(|_| world.platform.apply_for_item(&call, &project, &form))).await;
    let ids: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(world.platform.project_page(&world.agent.call(), &project).await.unwrap().cases.len(), 2);
}

async fn a14_one_running_case_per_item(world: &World) {
    let project = world.project().await;
    let form = world.filled(&world.agent, &project, "soil_water").await;
    let call = world.agent.call();
    let results = join_all((0..6).map(|_| world.platform.apply_for_item(&call, &project, &form))).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    for result in results.into_iter().filter(|r| r.is_err()) {
        refused(result, "case.running");
    }
}

async fn art14_items_wait_for_what_the_law_puts_before_them(world: &World) {
    let officer = world.all_hands("development_reform", "150402").await;
    let project = world.project().await;
    let p = &world.platform;
    let state = async |item: &str| {
        let page = p.project_page(&world.agent.call(), &project).await.unwrap();
        page.tasks.iter().find(|task| task.item.code == item).unwrap().state
    };
    assert_eq!(state("land_use_planning").await, TaskState::CannotStartYet);
    let nothing = ApplyForItem { item: "land_use_planning".into(), unclassified: true, ..ApplyForItem::default() };
    refused(p.apply_for_item(&world.agent.call(), &project, &nothing).await, "item.blocked");
    assert_eq!(state("ent_file").await, TaskState::Ready);
    let case = world.apply(&world.agent, &project, "ent_file").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    refused(p.apply_for_item(&world.agent.call(), &project, &nothing).await, "item.blocked");
    world.grant(&officer, &case).await;
    assert_eq!(state("ent_file").await, TaskState::Done);
    assert_eq!(state("land_use_planning").await, TaskState::Ready);
    world.apply(&world.agent, &project, "land_use_planning").await;
    assert_eq!(state("land_use_planning").await, TaskState::InProgress);
}

async fn notice268_a_file_given_once_is_offered_again(world: &World) {
    let first = world.project().await;
    world.apply(&world.agent, &first, "soil_water").await;
    let second = world
        .declare(&world.agent, &answers::with(answers::record_filing(), &[("project_name", "红山区第二期扩建项目")]))
        .await;
    let page = world.platform.application_page(&world.agent.call(), &second, "soil_water").await.unwrap();
    let mut form = ApplyForItem { item: "soil_water".into(), unclassified: true, ..ApplyForItem::default() };
    for need in page.materials.iter().filter(|need| need.required) {
        assert_eq!(need.offered.len(), 1, "{}", need.material.id);
        form.materials.insert(need.material.id.clone(), vec![need.offered[0].id.clone()]);
    }
    world.platform.apply_for_item(&world.agent.call(), &second, &form).await.unwrap();
    let stranger = world.declare(&world.rival, &answers::record_filing()).await;
    let page = world.platform.application_page(&world.rival.call(), &stranger, "soil_water").await.unwrap();
    assert!(page.materials.iter().all(|need| need.offered.is_empty()), "only the unit's own");
}

async fn notice268_a_result_on_the_platform_stands_for_the_paper(world: &World) {
    let officer = world.all_hands("development_reform", "150402").await;
    let project = world.project().await;
    let filed = world.apply(&world.agent, &project, "ent_file").await;
    world.receive(&officer, &filed).await;
    world.accept(&officer, &filed).await;
    world.grant(&officer, &filed).await;
    let page = world.platform.application_page(&world.agent.call(), &project, "land_use_planning").await.unwrap();
    let need = page.materials.iter().find(|need| need.material.id == "project_decision").unwrap();
    assert_eq!(need.shared.as_ref().unwrap().0, filed);
    let case = world.apply(&world.agent, &project, "land_use_planning").await;
    let application = world.platform.case_page(&world.agent.call(), &case).await.unwrap().application;
    let given = application.materials.iter().find(|given| given.material == "project_decision").unwrap();
    assert_eq!((given.result_of.as_ref(), given.files.len()), (Some(&filed), 0));
}

async fn a13_files_of_another_unit_cannot_be_handed_in_or_read(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let form = world.filled(&world.agent, &project, "soil_water").await;
    let file = form.materials.values().next().unwrap()[0].clone();
    not_there(p.download_own_file(&world.rival.call(), &file).await);
    not_there(p.remove_file(&world.rival.call(), &file).await);
    not_there(world.upload(&world.rival.call(), &project, "soil_water_plan").await);
    let theirs = world.declare(&world.rival, &answers::record_filing()).await;
    not_there(p.apply_for_item(&world.rival.call(), &theirs, &form).await);
    let case = p.apply_for_item(&world.agent.call(), &project, &form).await.unwrap();
    assert!(p.download_own_file(&world.agent.call(), &file).await.is_ok());
    assert!(p.download_case_file(&officer.call(), &case, &file).await.is_ok());
    not_there(p.download_case_file(&world.rival.call(), &case, &file).await);
    let own_case = world.apply(&world.rival, &theirs, "soil_water").await;
    not_there(p.download_case_file(&world.rival.call(), &own_case, &file).await);
    not_there(p.download_case_file(&officer.call(), &own_case, &file).await);
    refused(p.remove_file(&world.agent.call(), &file).await, "file.handed_in");
}

async fn a_refused_item_may_be_applied_for_again(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    world.reviewed(&case, Outcome::Refused).await;
    let refusal = testkit::decision(world, Outcome::Refused);
    world.platform.decide_case(&officer.call(), &case, refusal).await.unwrap();
    let page = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    let task = page.tasks.iter().find(|task| task.item.code == "soil_water").unwrap();
    assert_eq!(task.state, TaskState::Failed);
    world.later(1);
    assert_ne!(world.apply(&world.agent, &project, "soil_water").await, case);
}
