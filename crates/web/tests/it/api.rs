//! What other systems can ask.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use domain::ids::ProjectId;
use serde_json::Value;
use testkit::{Client, World};

testkit::both_engines!(
    art13_a_real_code_is_valid_with_or_without_its_suffix,
    art13_a_wrong_code_is_named_and_costs_no_statement,
    art13_an_unknown_and_a_voided_code_are_not_valid,
    art18_a_project_shows_what_the_policy_names_and_no_person,
    art08_items_and_guides_are_public,
    errors_are_problems_and_name_the_request,
    s56_no_other_origin_is_let_in_and_nothing_can_be_changed,
    the_machine_watchers_are_answered,
);

async fn ask(world: &World, path: &str) -> (StatusCode, Value) {
    let answer = Client::api(world).get(path).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn code_of(world: &World, project: &ProjectId) -> String {
    let page = world.platform.project_page(&world.agent.call(), project).await.unwrap();
    page.project.declared.unwrap().code.clone()
}

async fn art13_a_real_code_is_valid_with_or_without_its_suffix(world: &World) {
    let code = code_of(world, &world.project().await).await;
    for (asked, suffix) in [(code.clone(), Value::Null), (format!("{code}-000"), "000".into())] {
        let (status, answer) = ask(world, &format!("/api/v1/codes/{asked}")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!((&answer["valid"], &answer["fault"]), (&Value::Bool(true), &Value::Null));
        assert_eq!(answer["code"], code.as_str());
        assert_eq!(answer["suffix"], suffix);
        assert_eq!(answer["generation"], 2);
        assert_eq!(answer["state"], "active");
        assert!(!answer["project_name"].as_str().unwrap().is_empty());
    }
}

async fn art13_a_wrong_code_is_named_and_costs_no_statement(world: &World) {
    let mut client = Client::api(world);
    let before = world.platform.store.counters().statements;
    for (asked, fault) in [
        ("123", "length"),
        ("2611-150402-04-01-12345x", "character"),
        ("26111504020401123456", "grouping"),
        ("%E4%BB%A3%E7%A0%81", "character"),
        ("9999-150402-04-01-123456", "generation"),
    ] {
        let answer = client.get(&format!("/api/v1/codes/{asked}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{asked}");
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&answer["valid"], answer["fault"].as_str()), (&Value::Bool(false), Some(fault)), "{asked}");
    }
    assert_eq!(world.platform.store.counters().statements, before);
}

async fn art13_an_unknown_and_a_voided_code_are_not_valid(world: &World) {
    let project = world.project().await;
    let code = code_of(world, &project).await;
    let (last, rest) = (code.chars().last().unwrap(), &code[..code.len() - 1]);
    let neighbours = ('0'..='9').filter(|digit| *digit != last).map(|digit| format!("{rest}{digit}"));
    let mut seen = Vec::new();
    for neighbour in neighbours {
        let (status, answer) = ask(world, &format!("/api/v1/codes/{neighbour}")).await;
        assert_eq!((status, &answer["valid"]), (StatusCode::OK, &Value::Bool(false)));
        seen.push(answer["fault"].as_str().unwrap().to_owned());
    }
    assert!(seen.iter().all(|fault| fault == "unknown" || fault == "check_digit"), "{seen:?}");
    let officer = world.general_administration().await;
    world.platform.void_code(&officer.call(), &project, "项目重复申报。").await.unwrap();
    let (_, answer) = ask(world, &format!("/api/v1/codes/{code}")).await;
    assert_eq!(
        (&answer["valid"], &answer["fault"], &answer["state"]),
        (&false.into(), &"not_in_force".into(), &"voided".into())
    );
}

async fn art18_a_project_shows_what_the_policy_names_and_no_person(world: &World) {
    let code = code_of(world, &world.project().await).await;
    let (status, project) = ask(world, &format!("/api/v1/projects/{code}")).await;
    assert_eq!((status, project["code"].as_str()), (StatusCode::OK, Some(code.as_str())));
    let mut keys: Vec<_> = project.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["code", "declared_on", "name", "regime", "region", "results", "state", "unit"]);
    for private in ["13800000000", "张三", "李四", "总投资"] {
        assert!(!project.to_string().contains(private), "{private}");
    }
    let (status, _) = ask(world, "/api/v1/projects/2611-150402-04-01-000000").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn art08_items_and_guides_are_public(world: &World) {
    let (status, list) = ask(world, "/api/v1/items").await;
    let items = list["items"].as_array().unwrap();
    assert_eq!((status, items.len()), (StatusCode::OK, world.platform.rules.catalogue.items().len()));
    for item in items {
        let code = item["code"].as_str().unwrap();
        let (status, guide) = ask(world, &format!("/api/v1/items/{code}")).await;
        assert_eq!((status, &guide["name"]), (StatusCode::OK, &item["name"]));
    }
    assert_eq!(ask(world, "/api/v1/items/nothing").await.0, StatusCode::NOT_FOUND);
}

async fn errors_are_problems_and_name_the_request(world: &World) {
    for path in ["/api/v1/items/nothing", "/api/v1/projects/1", "/nowhere"] {
        let answer = Client::api(world).send(Method::GET, path, &[("accept", "text/html")], Body::empty()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], 404);
        assert_eq!(problem["instance"].as_str(), Some(answer.header("x-request-id")));
        assert!(problem["errors"][0]["message"].is_string());
    }
}

async fn s56_no_other_origin_is_let_in_and_nothing_can_be_changed(world: &World) {
    let headers = [("origin", "https://elsewhere.example"), ("access-control-request-method", "GET")];
    for route in web::api::routes() {
        let path = route.path.replace("{code}", "1");
        for method in [Method::GET, Method::OPTIONS] {
            let answer = Client::api(world).send(method, &path, &headers, Body::empty()).await;
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = Client::api(world).send(method.clone(), &path, &headers, Body::empty()).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

async fn the_machine_watchers_are_answered(world: &World) {
    assert_eq!(ask(world, "/health/live").await.0, StatusCode::OK);
    assert_eq!(ask(world, "/health/ready").await.0, StatusCode::OK);
    let page = Client::api(world).get("/docs").await;
    assert!(page.status == StatusCode::OK && page.text().contains(web::api::docs::ADDRESS));
}

/// The document is part of the contract: a change shows as a diff. Written anew with `TZXM_WRITE_SNAPSHOTS=1`.
#[tokio::test]
async fn the_document_is_what_was_promised() {
    let world = World::sqlite().await;
    let (_, served) = ask(&world, web::api::docs::ADDRESS).await;
    world.finish().await;
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openapi.json");
    if std::env::var_os("TZXM_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, format!("{served:#}\n")).unwrap();
    }
    let promised: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(served == promised, "the OpenAPI document changed: review it, then write it with TZXM_WRITE_SNAPSHOTS=1");
}
