//! Floods through the doors (A-17, S-46): one account or network that asks too much waits, nobody else does, and it is noticed.

use axum::http::StatusCode;
use domain::{account::Role, detection::default_rules};
use platform::{Call, Platform, detection::AlarmFilter, flood::FloodLimits};
use std::net::IpAddr;
use testkit::{Client, Person, World, both_engines};
use web::Face;

both_engines! {
    a17_one_account_floods_and_everybody_else_is_answered,
    a17_one_network_floods_and_every_other_is_answered,
    a17_an_account_sends_so_many_files_at_once,
    s46_an_inside_user_who_floods_or_probes_raises_an_alarm,
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn with(world: &World, floods: FloodLimits) -> Platform {
    world.with_settings(|settings| settings.floods = floods)
}

async fn alarms(p: &Platform, reader: &Person) -> Vec<String> {
    p.detect(&Call::system("detection")).await.unwrap();
    let rows = p.alarms(&reader.call(), &AlarmFilter::default(), None).await.unwrap().rows;
    let mut names: Vec<_> = rows.into_iter().map(|row| row.rule_name).collect();
    names.sort();
    names
}

fn named(codes: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = codes.iter().map(|code| default_rules().get(code).unwrap().name.clone()).collect();
    names.sort();
    names
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await
}

/// How many of so many requests were answered, and the last that was not.
async fn asked(client: &mut Client, path: &str, n: usize) -> (usize, Option<testkit::Answer>) {
    let (mut answered, mut last) = (0, None);
    for _ in 0..n {
        let answer = client.get(path).await;
        match answer.status {
            StatusCode::OK => answered += 1,
            StatusCode::TOO_MANY_REQUESTS => last = Some(answer),
            other => panic!("{other}"),
        }
    }
    (answered, last)
}

async fn a17_one_account_floods_and_everybody_else_is_answered(world: &World) {
    let p = with(world, FloodLimits { account_requests: 60, ..FloodLimits::lenient() });
    let (flooder, other) = (world.all_hands("water", "150402").await, world.all_hands("ecology", "150402").await);
    let mut one = Client::of(&p, Face::Office).signed_in(world, &flooder).await;
    let mut two = Client::of(&p, Face::Office).signed_in(world, &flooder).await;
    let (answered, last) = asked(&mut one, "/cases", 100).await;
    assert_eq!(answered, 60);
    let last = last.unwrap();
    assert!(last.text().contains("您的账号的操作过于频繁，请 2 秒后再试"), "{}", last.text());
    assert_eq!(last.header("retry-after"), "2");
    assert_eq!(two.get("/cases").await.status, StatusCode::TOO_MANY_REQUESTS, "another session of the same account");
    let mut neighbour = Client::of(&p, Face::Office).signed_in(world, &other).await;
    let mut agent = Client::of(&p, Face::Portal).signed_in(world, &world.agent).await;
    assert_eq!(asked(&mut neighbour, "/cases", 50).await.0, 50, "all of them");
    assert_eq!(asked(&mut agent, "/messages", 50).await.0, 50, "all of them");
    world.later(1);
    assert_eq!(asked(&mut one, "/cases", 10).await.0, 10, "it goes on");
}

async fn a17_one_network_floods_and_every_other_is_answered(world: &World) {
    let p = with(world, FloodLimits { network_requests: 100, ..FloodLimits::lenient() });
    let reader = security(world).await;
    let (mut answered, mut last) = (0, None);
    for n in 0..150u8 {
        let mut client = Client::of(&p, Face::Portal).at(IpAddr::from([203, 0, 113, n]));
        match client.get("/public").await {
            answer if answer.status == StatusCode::OK => answered += 1,
            answer => last = Some(answer),
        }
    }
    assert_eq!(answered, 100);
    let last = last.unwrap();
    assert_eq!((last.status, last.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"));
    assert!(last.text().contains("您所在的网络的操作过于频繁"));
    assert!(last.headers.contains_key("content-security-policy") && last.headers.contains_key("x-request-id"));
    let mut other = Client::of(&p, Face::Portal).at(address("203.0.114.1"));
    assert_eq!(asked(&mut other, "/public", 50).await.0, 50, "all of them");
    // A change that is stopped leaves one note for the flood, not one for each request.
    let mut same = Client::of(&p, Face::Office).at(address("203.0.113.9"));
    let count = async || {
        let sql = "SELECT COUNT(*) AS n FROM audit_entry";
        world.platform.store.query_one(sql, []).await.unwrap().unwrap().try_get::<i64>("", "n").unwrap()
    };
    let before = count().await;
    for _ in 0..20 {
        assert_eq!(same.post("/login", &[("login", "x")]).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(count().await, before);
    assert_eq!(alarms(&p, &reader).await, named(&["network_flood"]));
}

async fn a17_an_account_sends_so_many_files_at_once(world: &World) {
    use futures_util::{FutureExt, StreamExt, stream};
    use std::convert::Infallible;
    let p = with(world, FloodLimits { uploads_at_once: 2, ..FloodLimits::lenient() });
    let project = world.project().await;
    let page = p.application_page(&world.agent.call(), &project, "soil_water").await.unwrap();
    let material = page.materials.iter().find(|need| need.required).unwrap().material.id.clone();
    let call = world.agent.call();
    let slow = || {
        let pieces = stream::iter([Ok::<_, Infallible>(testkit::files::pdf("a"))]).chain(stream::pending());
        p.upload_file(&call, &project, &material, "a.pdf", "", pieces).boxed()
    };
    let whole = || {
        let pieces = stream::iter([Ok::<_, Infallible>(testkit::files::pdf("b"))]);
        p.upload_file(&call, &project, &material, "b.pdf", "", pieces)
    };
    let mut under_way = vec![slow(), slow()];
    for upload in &mut under_way {
        // As far as it comes before it waits for its sender.
        let begun = tokio::time::timeout(std::time::Duration::from_millis(500), upload).await;
        assert!(begun.is_err());
    }
    testkit::outcome::refused(whole().await, "file.at_once");
    under_way.pop();
    whole().await.unwrap();
}

async fn s46_an_inside_user_who_floods_or_probes_raises_an_alarm(world: &World) {
    let p = with(world, FloodLimits { account_requests: 60, ..FloodLimits::lenient() });
    let reader = security(world).await;
    let flooder = world.all_hands("water", "150402").await;
    let mut desk = Client::of(&p, Face::Office).signed_in(world, &flooder).await.at(address("10.1.2.3"));
    asked(&mut desk, "/cases", 80).await;
    assert_eq!(alarms(&p, &reader).await, named(&["account_flood"]));
    // A colleague tries one thing after the other that is not theirs.
    let case = world.received(&flooder).await;
    let prober = world.officer("ecology", "150402", &[Role::Undertaker]).await;
    let mut desk = Client::of(&p, Face::Office).signed_in(world, &prober).await.at(address("10.1.2.4"));
    for _ in 0..15 {
        assert_eq!(desk.get(&format!("/cases/{case}")).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(alarms(&p, &reader).await, named(&["account_flood", "denied_in_bulk"]));
}
