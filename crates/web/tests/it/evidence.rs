//! 审计不得中断 (S-15) and the console of the audit administrator, through the doors.

use axum::http::StatusCode;
use domain::account::Role;
use platform::{Call, Platform};
use testkit::{Client, PASSWORD, Person, World, both_engines};
use web::Face;

both_engines! {
    s15_when_the_audit_is_full_every_change_is_refused_and_reads_go_on,
    s15_of_many_changes_at_the_same_time_none_commits_without_its_record,
    s47_the_console_shows_each_zone_apart,
}

async fn auditor(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await
}

async fn count(world: &World, sql: &'static str) -> i64 {
    world.platform.store.query_one(sql, []).await.unwrap().unwrap().try_get("", "n").unwrap()
}

async fn events(world: &World) -> i64 {
    count(world, "SELECT COUNT(*) AS n FROM event").await
}

async fn records(world: &World) -> i64 {
    count(world, "SELECT COUNT(*) AS n FROM audit_entry").await
}

/// The platform with room for so many records.
async fn with_room(world: &World, most: i64) -> Platform {
    let p = world.with_evidence(|evidence| evidence.settings.audit_records = most);
    p.watch_audit_space(&Call::system("evidence")).await.unwrap();
    p
}

async fn s15_when_the_audit_is_full_every_change_is_refused_and_reads_go_on(world: &World) {
    let (officer, auditor) = (world.all_hands("water", "150402").await, auditor(world).await);
    let case = world.received(&officer).await;
    let project = world.project().await;
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    let p = with_room(world, 5).await;
    for _ in 0..5 {
        assert_eq!(desk.get(&format!("/cases/{case}")).await.status, StatusCode::OK, "a record each");
    }
    let (events_before, sessions) = (events(world).await, count(world, "SELECT COUNT(*) AS n FROM sessions").await);
    let correction = [("point", "补充附图"), ("points", "补充附图")];
    let answers = [
        desk.post(&format!("/cases/{case}/correction"), &correction).await,
        desk.post(&format!("/cases/{case}/accept"), &[("reviewed", "yes")]).await,
        desk.get(&format!("/cases/{case}")).await,
        agent.post("/declare", &[]).await,
        agent.post(&format!("/projects/{project}/withdraw"), &[]).await,
        Client::api(world).post("/api/v1/anything", &[]).await,
        Client::of(&p, Face::Portal).post("/login", &[("login", &world.agent.login), ("password", PASSWORD)]).await,
        Client::of(&p, Face::Office).post("/login", &[("login", &officer.login), ("password", PASSWORD)]).await,
        Client::of(&p, Face::Office).post("/login", &[("login", "nobody"), ("password", "wrong")]).await,
    ];
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{n}");
        assert!(answer.text().contains("审计存储空间已满") && answer.text().contains("审计管理员"), "{n}");
    }
    assert!(answers[0].text().contains("暂停办理"));
    assert_eq!((events(world).await, records(world).await), (events_before, 5), "nothing happened");
    assert_eq!(count(world, "SELECT COUNT(*) AS n FROM sessions").await, sessions);
    assert_eq!(count(world, "SELECT COUNT(*) AS n FROM sign_in_failures").await, 0);
    // What needs no record goes on.
    assert_eq!(Client::portal(world).get("/").await.status, StatusCode::OK);
    assert_eq!(Client::portal(world).get("/items").await.status, StatusCode::OK);
    assert_ne!(desk.get("/").await.status, StatusCode::SERVICE_UNAVAILABLE);
    // The audit administrator comes in and sees what to do.
    let mut console = Client::of(&p, Face::Office);
    let wrong = console.post("/login", &[("login", &auditor.login), ("password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let entered = console.post("/login", &[("login", &auditor.login), ("password", PASSWORD)]).await;
    assert!(entered.status.is_redirection(), "{}", entered.text());
    assert!(console.get("/audit/evidence").await.text().contains("存储已满"));
    assert_eq!(console.get("/audit").await.status, StatusCode::OK);
    assert!(records(world).await > 5, "from what is kept back");
    assert_eq!(
        desk.post(&format!("/cases/{case}/accept"), &[("reviewed", "yes")]).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    // Room again: everything goes on.
    with_room(world, 1000).await;
    let answer = desk.post(&format!("/cases/{case}/accept"), &[("reviewed", "yes")]).await;
    assert!(answer.status.is_redirection(), "{}", answer.text());
    assert!(events(world).await > events_before);
}

async fn s15_of_many_changes_at_the_same_time_none_commits_without_its_record(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(world.received(&officer).await);
    }
    let desk = Client::office(world).signed_in(world, &officer).await;
    let before = events(world).await;
    with_room(world, 3).await;
    let accept = cases.iter().map(|case| {
        let (mut desk, path) = (desk.clone(), format!("/cases/{case}/accept"));
        async move { desk.post(&path, &[("reviewed", "yes")]).await.status }
    });
    let answers = futures_util::future::join_all(accept).await;
    let done = answers.iter().filter(|status| status.is_redirection()).count() as i64;
    let full = answers.iter().filter(|status| **status == StatusCode::SERVICE_UNAVAILABLE).count() as i64;
    assert_eq!((done, full), (3, 5), "{answers:?}");
    assert_eq!(records(world).await, 3);
    let changed = count(world, "SELECT COUNT(*) AS n FROM event WHERE kind = 'CaseAccepted'").await;
    assert_eq!(changed, 3, "each change has its record");
    assert!(events(world).await > before);
    world.platform.store.limit_audit(0, i64::MAX, i64::MAX);
}

async fn s47_the_console_shows_each_zone_apart(world: &World) {
    let mut console = Client::office(world).signed_in(world, &auditor(world).await).await;
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    agent.get(&format!("/cases/{case}")).await;
    Client::office(world).signed_in(world, &officer).await.get(&format!("/cases/{case}")).await;
    Client::api(world).post("/api/v1/x", &[]).await;
    let all = console.get("/audit").await.text();
    for name in ["互联网", "内网", "远程管理", "接口", "平台自身"] {
        assert!(all.contains(name), "{name}");
    }
    for (zone, there, not_there) in [
        ("portal", "项目单位", "/audit"),
        ("office", "水利局", "POST /api/v1/x"),
        ("management", "GET /audit", "POST /api/v1/x"),
        ("api", "POST /api/v1/x", "GET /cases"),
    ] {
        let page = console.get(&format!("/audit?face={zone}")).await.text();
        let rows = page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
        assert!(rows.contains(there), "{zone}: {rows}");
        assert!(!rows.contains(not_there), "{zone}: {rows}");
    }
    let empty = console.get("/audit?face=platform").await.text();
    assert!(empty.contains("没有符合条件的记录") || empty.contains("还没有记录"));
    assert_eq!(console.get("/audit?face=nonsense").await.status, StatusCode::OK);
}
