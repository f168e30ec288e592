//! What content may be seen by whom: the declaration and the tick (K-11), pages as pictures (U-05), results that wait (S-55).

use axum::http::StatusCode;
use domain::account::Role;
use platform::{Parts, Platform, Settings};
use std::sync::Arc;
use testkit::{Client, World, both_engines};

both_engines!(
    k11_the_units_declaration_and_the_officers_tick_are_kept,
    u05_people_look_at_pages_and_never_open_the_file,
    s55_results_are_reviewed_page_by_page,
);

async fn k11_the_units_declaration_and_the_officers_tick_are_kept(world: &World) {
    let project = world.project().await;
    let mut form = world.filled(&world.agent, &project, "soil_water").await;
    form.unclassified = false;
    let refused = world.platform.apply_for_item(&world.agent.call(), &project, &form).await;
    testkit::outcome::refused(refused, "material.unclassified");
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    let apply = format!("/projects/{project}/items/soil_water/apply");
    assert!(unit.get(&apply).await.text().contains("本单位声明：所提交的材料（包括以后补正的材料）不含国家秘密"));
    form.unclassified = true;
    let case = world.platform.apply_for_item(&world.agent.call(), &project, &form).await.unwrap();
    let officer = world.all_hands("water", "150402").await;
    world.receive(&officer, &case).await;
    let mut office = Client::office(world).signed_in(world, &officer).await;
    let accept = format!("/cases/{case}/accept");
    assert!(office.get(&accept).await.text().contains("材料已核对，不含涉密内容"));
    let forgotten = office.post(&accept, &[("_once", "k11-0")]).await;
    assert_eq!(forgotten.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = office.post(&accept, &[("_once", "k11-1"), ("reviewed", "yes")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    let ticked = page.case.contents_reviewed.clone().unwrap();
    assert!(page.application.unclassified && page.case.accepted_at == Some(ticked.at));
    assert_eq!(ticked.by, officer.account().to_string());
    let shown = office.get(&format!("/cases/{case}")).await.text();
    assert!(
        shown.contains("核对材料，确认不含涉密内容") && shown.contains(&ticked.what),
        "who and when are in the trail"
    );
}

async fn u05_people_look_at_pages_and_never_open_the_file(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    let file = page.application.materials[0].files[0].id.clone();
    let mut office = Client::office(world).signed_in(world, &officer).await;
    let view = format!("/cases/{case}/pages/{file}");
    assert!(office.get(&format!("/cases/{case}")).await.text().contains(&view));
    let shown = office.get(&view).await;
    let text = shown.text();
    assert!(text.contains("data:image/png;base64,iVBORw0KGgo") && text.contains("第 1 页，共 1 页"));
    assert!(
        text.contains(&format!("/cases/{case}/files/{file}")) && !text.contains("<embed") && !text.contains("<object")
    );
    assert!(shown.header("content-security-policy").contains("object-src 'none'"));
    for number in ["0", "2", "65535"] {
        let none = office.get(&format!("{view}?page={number}")).await;
        assert!(!none.status.is_success() && !none.status.is_server_error(), "page {number}: {}", none.status);
    }
    assert_eq!(office.get(&format!("{view}?page=x")).await.status, StatusCode::BAD_REQUEST);
    let other = world.officer("ecology", "150402", &[Role::Undertaker]).await;
    let mut elsewhere = Client::office(world).signed_in(world, &other).await;
    assert_eq!(elsewhere.get(&view).await.status, StatusCode::FORBIDDEN);
    let own = format!("/files/{file}/pages");
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(unit.get(&own).await.text().contains("data:image/png;base64,"));
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert_eq!(rival.get(&own).await.status, StatusCode::NOT_FOUND);
}

async fn s55_results_are_reviewed_page_by_page(world: &World) {
    let settings = Settings { disclosure_reviewed: vec![], ..(*world.platform.settings).clone() };
    let p = Platform::new(Parts { settings: Arc::new(settings), ..(*world.platform).clone() });
    let officer = world.all_hands("water", "150402").await;
    let mut cases = Vec::new();
    for _ in 0..2 {
        let case = world.accepted(&officer).await;
        world.grant_on(&p, &officer, &case).await;
        cases.push(case);
    }
    let second = world.officer("water", "150402", &[Role::Reviewer]).await;
    let mut office = Client::office(world).signed_in(world, &second).await;
    let list = office.get("/publications").await.text();
    assert!(list.contains("公开审核") && list.contains(&format!("value=\"{}\"", cases[0])), "{list}");
    let none = office.post("/publications", &[("_once", "p0")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let held = format!("/publications/{}", cases[1]);
    let empty = office.post(&format!("{held}/hold"), &[("_once", "p1"), ("reason", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = office.post(&format!("{held}/hold"), &[("_once", "p2"), ("reason", "含商业秘密")]).await;
    assert_eq!(done.location(), format!("{held}?said=hold"));
    assert!(office.get(&held).await.text().contains("含商业秘密"));
    let all = office.post("/publications", &[("_once", "p3"), ("case", cases[0].as_str())]).await;
    assert_eq!(all.location(), "/publications?said=confirmed&done=1&left=0");
    assert!(office.get("/publications?state=public").await.text().contains(cases[0].as_str()));
    assert!(office.get("/publications?state=held_back").await.text().contains(cases[1].as_str()));
    let mut own = Client::office(world).signed_in(world, &officer).await;
    let refused = own.post(&format!("/publications/{}/confirm", cases[1]), &[("_once", "p4")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("应当由本部门的另一人"));
}
