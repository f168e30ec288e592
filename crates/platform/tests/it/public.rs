//! 信息公开: what anybody sees is what the policy names, and no person (办法第十八条; S-55, G-10).

use platform::public::CodeAnswer;
use testkit::{World, answers, both_engines, outcome::not_there};

both_engines! {
    art18_the_public_view_shows_only_named_fields,
    art18_a_result_is_public_once_it_is_final_and_a_withdrawn_case_never,
    art18_figures_count_what_is_there,
}

async fn art18_the_public_view_shows_only_named_fields(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let p = &world.platform;
    let anybody = world.public();
    let application = p.case_page(&officer.call(), &case).await.unwrap().application;
    let view = p.public_project(&anybody, &application.code).await.unwrap();
    let json = serde_json::to_value(&view).unwrap();
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut fields = names(&json);
    fields.sort();
    assert_eq!(fields, ["code", "declared_on", "name", "regime", "region", "results", "state", "unit"]);
    let mut fields = names(&json["results"][0]);
    fields.sort();
    assert_eq!(fields, ["agency", "decided_on", "document_number", "item", "outcome", "stage", "title"]);
    let mut seen = json.to_string();
    seen += &format!("{:?}", p.verify_code(&anybody, &application.code).await.unwrap());
    seen += &format!("{:?}", p.search_projects(&anybody, "负极材料", None, 20).await.unwrap());
    seen += &serde_json::to_string(
        &p.latest_results(&anybody, 10).await.unwrap().into_iter().map(|(_, r)| r).collect::<Vec<_>>(),
    )
    .unwrap();
    seen += &format!("{:?}", p.public_guide(&anybody, "soil_water", None).await.unwrap());
    for row in p.papers_of_project(&world.agent.call(), &application.project).await.unwrap() {
        let (paper, _) = p.print_document(&world.agent.call(), &row.number).await.unwrap();
        seen += &format!("{:?}", p.check_document(&anybody, &paper.number, &paper.check_value).await.unwrap());
    }
    assert!(seen.contains("负极材料"), "the search looked at something");
    let officer_name = match &officer.actor {
        platform::Actor::Officer { name, .. } => name.as_str(),
        _ => unreachable!(),
    };
    for secret in [
        answers::CONTACT_NAME,
        answers::CONTACT_MOBILE,
        answers::CONTACT_EMAIL,
        answers::LEGAL_REPRESENTATIVE,
        &world.agent.login,
        world.agent.account().as_str(),
        officer_name,
        &officer.login,
        "soil_water_plan.pdf",
    ] {
        assert!(!seen.contains(secret), "{secret} is public");
    }
}

async fn art18_a_result_is_public_once_it_is_final_and_a_withdrawn_case_never(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let p = &world.platform;
    let anybody = world.public();
    let case = world.accepted(&officer).await;
    let code = p.case_page(&officer.call(), &case).await.unwrap().application.code.clone();
    let view = p.public_project(&anybody, &code).await.unwrap();
    assert_eq!((view.results.len(), view.results[0].outcome.as_deref()), (1, None));
    assert!(p.latest_results(&anybody, 10).await.unwrap().is_empty());
    world.grant(&officer, &case).await;
    let view = p.public_project(&anybody, &code).await.unwrap();
    assert_eq!(view.results[0].outcome.as_deref(), Some("准予"));
    assert!(view.results[0].document_number.is_some() && view.results[0].decided_on.as_deref() == Some("2026-03-02"));
    assert_eq!(p.latest_results(&anybody, 10).await.unwrap().len(), 1);
    let withdrawn = world.submitted().await;
    let code = p.case_page(&world.agent.call(), &withdrawn).await.unwrap().application.code;
    p.withdraw_case(&world.agent.call(), &withdrawn, "不再建设").await.unwrap();
    assert!(p.public_project(&anybody, &code).await.unwrap().results.is_empty());
    not_there(p.public_project(&anybody, "2603-150402-04-01-000001").await);
    assert!(matches!(p.verify_code(&anybody, &code).await.unwrap(), CodeAnswer::Known { .. }));
}

async fn art18_figures_count_what_is_there(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    world.submitted().await;
    let figures = world.platform.figures(&world.public()).await.unwrap();
    assert_eq!((figures.projects, figures.running, figures.completed), (2, 1, 1));
    assert_eq!(figures.items as usize, world.platform.rules.catalogue.items().len());
}
