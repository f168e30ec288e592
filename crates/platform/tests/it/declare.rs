//! 项目申报.

use domain::{ids::ProjectId, project_code::ProjectCode};
use futures_util::future::join_all;
use platform::{Failure, public::CodeAnswer};
use testkit::{
    World, answers, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    art14_1_declaration_gives_a_code_and_the_items_needed,
    art10_a_project_has_one_code_for_life,
    art10_a_form_sent_twice_makes_one_project,
    art10_a_form_sent_twice_at_the_same_time_makes_one_project,
    art14_1_an_incomplete_declaration_names_each_fault_and_stores_nothing,
    a12_the_declaring_unit_is_the_one_signed_in,
    a01_only_units_declare_and_others_do_not_see_their_projects,
    art13_a_code_is_answered_for_anybody,
    k01_a_classified_project_is_refused_and_nothing_of_it_is_kept,
    drafts_are_kept_for_their_unit_and_gone_once_declared,
}

async fn code_of(world: &World, project: &ProjectId) -> String {
    world.platform.project_page(&world.agent.call(), project).await.unwrap().declared.code.clone()
}

async fn art14_1_declaration_gives_a_code_and_the_items_needed(world: &World) {
    let project = world.project().await;
    let page = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    let code = ProjectCode::parse(&page.declared.code).unwrap();
    assert!(page.declared.code.starts_with("2603-150402-04-01-"), "{}", code.code);
    for item in ["ent_file", "soil_water", "eia_form", "land_use_planning"] {
        let task = page.tasks.iter().find(|task| task.item.code == item).unwrap_or_else(|| panic!("{item}"));
        assert!(task.because.starts_with("因为"), "{item}: {}", task.because);
        assert!(!task.agency_name.is_empty());
    }
    let papers = world.platform.papers_of_project(&world.agent.call(), &project).await.unwrap();
    assert_eq!(papers.len(), 1);
    let (paper, pdf) = world.platform.print_document(&world.agent.call(), &papers[0].number).await.unwrap();
    assert_eq!(paper.project_code, page.declared.code);
    assert!(String::from_utf8_lossy(&pdf).contains(&page.declared.code));
    let messages = world.platform.messages(&world.agent.call(), None, 10).await.unwrap();
    assert!(messages.iter().any(|m| m.body.contains(&page.declared.code)));
}

async fn art10_a_project_has_one_code_for_life(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let code = code_of(world, &project).await;
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    world.grant(&officer, &case).await;
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.application.code, code);
    assert_eq!(code_of(world, &project).await, code);
    for issued in &page.case.documents {
        let (paper, _) = world.platform.print_document(&officer.call(), &issued.number).await.unwrap();
        assert_eq!(paper.project_code, code, "{:?}", issued.kind);
    }
    assert_ne!(code_of(world, &world.project().await).await, code, "another project, another code");
}

async fn art10_a_form_sent_twice_makes_one_project(world: &World) {
    let call = world.agent.once("declare-1");
    let first = world.platform.declare_project(&call, &answers::record_filing(), None).await.unwrap();
    let second = world.platform.declare_project(&call, &answers::record_filing(), None).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.platform.my_projects(&world.agent.call(), "", None, 10).await.unwrap().len(), 1);
    let stolen = world.platform.declare_project(&world.rival.once("declare-1"), &answers::record_filing(), None).await;
    refused(stolen, "request.repeated");
}

async fn art10_a_form_sent_twice_at_the_same_time_makes_one_project(world: &World) {
    let call = world.agent.once("declare-1");
    let sample = answers::record_filing();
    let results = join_all((0..6).map(|_| world.platform.declare_project(&call, &sample, None))).await;
    let ids: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(world.platform.my_projects(&world.agent.call(), "", None, 10).await.unwrap().len(), 1);
}

async fn art14_1_an_incomplete_declaration_names_each_fault_and_stores_nothing(world: &World) {
    let broken =
        answers::with(answers::record_filing(), &[("scale", ""), ("region", "999999"), ("contact_mobile", "12")]);
    let Err(Failure::Refused(refusals)) = world.platform.declare_project(&world.agent.call(), &broken, None).await
    else {
        panic!("refused")
    };
    for field in ["scale", "region", "contact_mobile"] {
        assert!(refusals.iter().any(|r| r.field.as_deref() == Some(field)), "{field}: {refusals:#?}");
    }
    assert!(world.platform.my_projects(&world.agent.call(), "", None, 10).await.unwrap().is_empty());
}

async fn a12_the_declaring_unit_is_the_one_signed_in(world: &World) {
    let forged =
        answers::with(answers::record_filing(), &[("unit_name", "乙公司"), ("unit_credit_code", "91150200MA0N1234XX")]);
    let project = world.declare(&world.agent, &forged).await;
    let page = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    assert_eq!(page.declared.unit_name, "甲公司");
    assert_eq!(&page.declared.unit, world.agent.unit());
    assert!(!page.declared.answers.values().any(|text| text == "乙公司"));
}

async fn a01_only_units_declare_and_others_do_not_see_their_projects(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let sample = answers::record_filing();
    sign_in_first(world.platform.declare_project(&world.public(), &sample, None).await);
    assert!(world.platform.declare_project(&officer.call(), &sample, None).await.is_err());
    let project = world.project().await;
    let p = &world.platform;
    not_there(p.project_page(&world.rival.call(), &project).await);
    not_there(p.project_page(&world.rival.call(), &ProjectId::from_random([7; 16])).await);
    sign_in_first(p.project_page(&world.public(), &project).await);
    not_there(p.papers_of_project(&world.rival.call(), &project).await);
    not_there(p.withdraw_project(&world.rival.call(), &project, "不再建设了").await);
    assert!(p.my_projects(&world.rival.call(), "", None, 10).await.unwrap().is_empty());
    let certificate = p.papers_of_project(&world.agent.call(), &project).await.unwrap()[0].number.clone();
    not_there(p.print_document(&world.rival.call(), &certificate).await);
    let elsewhere = world.general_administration().await;
    assert!(p.project_page(&elsewhere.call(), &project).await.is_ok(), "综合管理 of the prefecture reads below");
    let supervisor = world.supervisor().await;
    forbidden(p.void_code(&supervisor.call(), &project, "项目已经撤销").await);
}

async fn art13_a_code_is_answered_for_anybody(world: &World) {
    let project = world.project().await;
    let code = code_of(world, &project).await;
    let ask = async |code: &str| world.platform.verify_code(&world.public(), code).await.unwrap();
    assert!(matches!(ask(&code).await, CodeAnswer::Known { name, .. } if name.contains("负极材料")));
    assert!(matches!(ask(&format!(" {code}-000 ")).await, CodeAnswer::Known { .. }));
    let mut wrong = code.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    assert!(matches!(ask(&wrong).await, CodeAnswer::Fault(_) | CodeAnswer::Unknown(_)));
    for nonsense in ["", "1", "2603-150402-04-01-12345x", "'; DROP TABLE projects; --"] {
        assert!(matches!(ask(nonsense).await, CodeAnswer::Fault(_)), "{nonsense}");
    }
}

async fn k01_a_classified_project_is_refused_and_nothing_of_it_is_kept(world: &World) {
    let secret =
        answers::with(answers::record_filing(), &[("touches_secrets", "yes"), ("place_detail", "青山下的特别地点")]);
    assert!(matches!(
        world.platform.declare_project(&world.agent.call(), &secret, None).await,
        Err(Failure::Refused(_))
    ));
    assert!(matches!(world.platform.begin_draft(&world.agent.call(), secret.clone()).await, Err(Failure::Refused(_))));
    let draft = world.platform.begin_draft(&world.agent.call(), answers::record_filing()).await.unwrap();
    assert!(matches!(
        world.platform.save_draft(&world.agent.call(), &draft, secret, None).await,
        Err(Failure::Refused(_))
    ));
    let tables = ["event", "stream", "drafts", "projects", "audit_entry", "messages"];
    assert!(!world.database.dump(&tables).await.contains("青山下的特别地点"));
}

async fn drafts_are_kept_for_their_unit_and_gone_once_declared(world: &World) {
    let p = &world.platform;
    let call = world.agent.once("draft-1");
    let draft = p.begin_draft(&call, answers::record_filing()).await.unwrap();
    assert_eq!(p.begin_draft(&call, answers::record_filing()).await.unwrap(), draft);
    not_there(p.draft(&world.rival.call(), &draft).await);
    not_there(p.delete_draft(&world.rival.call(), &draft).await);
    not_there(p.save_draft(&world.rival.call(), &draft, answers::answers(&[("scale", "窃")]), None).await);
    let saved =
        p.save_draft(&world.agent.call(), &draft, answers::answers(&[("scale", "年产4万吨")]), Some(1)).await.unwrap();
    refused(
        p.save_draft(&world.agent.call(), &draft, answers::answers(&[("scale", "旧页")]), Some(1)).await,
        "draft.stale",
    );
    p.declare_project(&world.agent.call(), &saved.answers, Some(&draft)).await.unwrap();
    not_there(p.draft(&world.agent.call(), &draft).await);
    assert!(p.drafts(&world.agent.call()).await.unwrap().is_empty());
}
