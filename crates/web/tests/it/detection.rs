//! Scripted attacks through the real doors, each with the alarm it raises (S-21), and the pages of the alarms (S-42, L-09).

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use domain::{
    Moment,
    account::Role,
    detection::{AlarmState, default_rules},
};
use platform::{
    Call,
    audit::Attempt,
    detection::{AlarmFilter, AlarmRow},
    ports::Clock,
    settings::Quotas,
};
use std::net::IpAddr;
use testkit::{Client, PASSWORD, Person, World, answers, both_engines};
use web::Face;

both_engines! {
    s21_guessed_passwords_and_codes_raise_their_alarms,
    s21_what_a_person_should_not_do_raises_its_alarm,
    s21_what_an_administrator_should_not_do_raises_its_alarm,
    a21_a_large_export_and_a_used_up_quota_raise_their_alarms,
    s21_what_the_platform_notices_itself_raises_its_alarm,
    s21_a_usual_day_through_the_doors_raises_nothing,
    s13_a_form_that_is_drawn_again_leaves_the_codes_of_its_refusals,
    s42_an_alarm_is_walked_from_its_list_to_its_end,
    l09_an_incident_is_reported_on_its_page,
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await
}

/// All alarms raised so far, newest first.
async fn alarms(world: &World, reader: &Person) -> Vec<AlarmRow> {
    world.platform.detect(&Call::system("detection")).await.unwrap();
    let mut rows = world.platform.alarms(&reader.call(), &AlarmFilter::default(), None).await.unwrap().rows;
    rows.sort_by_key(|row| -row.number);
    rows
}

/// The rules whose alarms came since the last time.
async fn raised(world: &World, reader: &Person, known: &mut usize) -> Vec<String> {
    let rows = alarms(world, reader).await;
    let mut names: Vec<_> = rows.iter().take(rows.len() - *known).map(|row| row.rule_name.clone()).collect();
    names.sort();
    *known = rows.len();
    names
}

fn named(codes: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = codes.iter().map(|code| default_rules().get(code).unwrap().name.clone()).collect();
    names.sort();
    names
}

async fn s21_guessed_passwords_and_codes_raise_their_alarms(world: &World) {
    let (reader, mut known) = (security(world).await, 0);
    let wrong = async |at: &str, login: &str| {
        let mut client = Client::office(world).at(address(at));
        let answer = client.post("/login", &[("login", login), ("password", "not this one")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    };
    for _ in 0..10 {
        wrong("203.0.113.1", "nobody-here").await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["password_guessing"]));
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(world.officer("water", "150402", &[Role::Undertaker]).await);
    }
    for person in &people {
        wrong("203.0.113.2", &person.login).await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["password_spraying"]));
    for n in 3..7 {
        wrong(&format!("203.0.113.{n}"), &people[0].login).await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["account_targeted"]), "with the one before: five");
    let shown = alarms(world, &reader).await;
    assert_eq!(shown[0].about, name_of(&people[0]), "the person is named, not the id");
    let p = world.strict();
    world.enrol(&p, &people[1]).await;
    let mut client = Client::of(&p, Face::Office).at(address("203.0.113.8"));
    client.post("/login", &[("login", &people[1].login), ("password", PASSWORD)]).await;
    for n in 0..5 {
        client.post("/sign-in/code", &[("code", &format!("00000{n}"))]).await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["code_guessing"]));
    let mut api = Client::api(world).at(address("203.0.113.9"));
    let codes = (100_000..).map(|serial| format!("2611-150402-04-01-{serial}"));
    let real = codes.filter(|code| domain::project_code::ProjectCode::parse(code).is_ok());
    for code in real.take(1 + world.platform.settings.code_misses as usize) {
        api.get(&format!("/api/v1/codes/{code}")).await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["enumeration"]));
}

fn name_of(person: &Person) -> String {
    match &person.actor {
        platform::Actor::Officer { name, .. } => name.clone(),
        other => other.tag(),
    }
}

async fn s21_what_a_person_should_not_do_raises_its_alarm(world: &World) {
    let (reader, mut known) = (security(world).await, 0);
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await.at(address("203.0.113.1"));
    for _ in 0..15 {
        assert_eq!(rival.get(&format!("/cases/{case}")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["denied_in_bulk"]));
    let project = world.declare(&world.agent, &answers::record_filing()).await;
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await.at(address("203.0.113.2"));
    for _ in 0..3 {
        let headers = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
        let answer = agent.send(Method::POST, "/declare", &headers, Body::from("_csrf=0")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["forged_request"]));
    let hostile = with_script(testkit::files::pdf("script"));
    for _ in 0..3 {
        let path = format!("/projects/{project}/files?item=soil_water&material=soil_water_plan");
        agent.post_files(&path, &[], &[("file", "a.pdf", &hostile)]).await;
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["hostile_uploads"]));
    let mut desk = Client::office(world).at(address("10.0.0.1"));
    desk.post("/login", &[("login", &officer.login), ("password", PASSWORD)]).await;
    for _ in 0..400 {
        assert_eq!(desk.get(&format!("/cases/{case}")).await.status, StatusCode::OK);
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["mass_reading"]));
    desk.at(address("203.0.113.66")).get(&format!("/cases/{case}")).await;
    assert_eq!(raised(world, &reader, &mut known).await, named(&["moved_session"]));
}

/// The same paper with a script that runs when it is opened.
fn with_script(pdf: Vec<u8>) -> Vec<u8> {
    let catalog = b"/Type /Catalog";
    let at = pdf.windows(catalog.len()).position(|part| part == catalog).unwrap() + catalog.len();
    let (head, rest) = pdf.split_at(at);
    [head, b" /OpenAction << /S /JavaScript /JS (app.alert) >>", rest].concat()
}

async fn s21_what_an_administrator_should_not_do_raises_its_alarm(world: &World) {
    let (reader, mut known) = (security(world).await, 0);
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let mut desk = Client::office(world).signed_in(world, &auditor).await;
    assert_eq!(desk.get("/audit").await.status, StatusCode::OK);
    for _ in 0..10 {
        let id = exported(&mut desk, "audit").await;
        assert_eq!(desk.post(&format!("{id}/file"), &[]).await.status, StatusCode::OK);
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["mass_export"]));
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let p = world.strict();
    let mut confirming = Client::office(world).signed_in(world, &reader).await;
    for _ in 0..5 {
        let officer = world.officer("water", "150402", &[Role::Undertaker]).await;
        world.enrol(&p, &officer).await;
        p.propose_factor_reset(&system.call(), officer.account(), "当面核对身份证").await.unwrap();
        let answer = confirming.post(&format!("/accounts/{}/reset/confirm", officer.account()), &[]).await;
        assert!(answer.status.is_redirection(), "{}", answer.status);
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["reset_burst"]));
    let today = world.clock.now().date();
    world.clock.set(Moment::at(today, 23, 10));
    let mut desk = Client::office(world).signed_in(world, &auditor).await;
    assert!(desk.post("/audit/evidence", &[]).await.status.is_redirection());
    assert_eq!(raised(world, &reader, &mut known).await, named(&["night_administrator"]));
}

/// Asks for an export; where its page is.
async fn exported(desk: &mut Client, kind: &str) -> String {
    let answer = desk.post("/exports/new", &[("kind", kind), ("reason", "年度检查")]).await;
    assert!(answer.status.is_redirection(), "{}", answer.status);
    answer.location().split('?').next().unwrap_or_default().to_owned()
}

async fn a21_a_large_export_and_a_used_up_quota_raise_their_alarms(world: &World) {
    let (reader, mut known) = (security(world).await, 0);
    let quotas = Quotas { export_rows: 5, second_person_rows: 2, unmask: 1, ..Quotas::default() };
    let p = world.with_settings(|settings| settings.quotas = quotas);
    let officer = world.all_hands("water", "150402").await;
    for _ in 0..3 {
        world.submitted().await;
    }
    let mut desk = Client::of(&p, Face::Office).signed_in(world, &officer).await;
    let page = desk.get("/cases").await.text();
    assert!(
        page.contains("/exports/new?kind=cases&amp;tab=every")
            || page.contains("/exports/new?kind=cases&#38;tab=every"),
        "{page}"
    );
    assert!(desk.get("/exports/new?kind=cases&tab=every").await.text().contains("需要另一人确认"));
    let id = exported(&mut desk, "cases").await;
    assert_eq!(desk.post(&format!("{id}/file"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.post(&format!("{id}/confirm"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(raised(world, &reader, &mut known).await, Vec::<String>::new());
    let manager = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let mut second = Client::of(&p, Face::Office).signed_in(world, &manager).await;
    assert!(second.get(&id).await.text().contains("确认导出"));
    assert!(second.post(&format!("{id}/confirm"), &[]).await.status.is_redirection());
    assert_eq!(raised(world, &reader, &mut known).await, named(&["large_export"]));
    let file = desk.post(&format!("{id}/file"), &[]).await;
    assert!(file.body.starts_with(b"PK") && file.header("content-disposition").contains(&id.replace("/exports/", "")));
    // Six rows are more than five a day.
    let answer = desk.post("/exports/new", &[("kind", "cases"), ("reason", "又一次通报")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("每人每天 5 行"), "{}", answer.text());
    assert_eq!(raised(world, &reader, &mut known).await, named(&["over_quota"]));
    let project = world.project().await;
    let contact = format!("/projects/{project}/contact");
    let reason = [("reason", "电话告知补正内容")];
    assert_eq!(second.post(&contact, &reason).await.status, StatusCode::OK);
    let answer = second.post(&contact, &reason).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("1 次的上限"));
    assert_eq!(raised(world, &reader, &mut known).await, named(&["over_quota"]));
}

async fn s21_what_the_platform_notices_itself_raises_its_alarm(world: &World) {
    let (reader, mut known) = (security(world).await, 0);
    let p = &world.platform;
    let system = Call::system("evidence");
    for n in 0..20 {
        let at = p.clock.now();
        let attempt =
            Attempt::new(format!("r{n}"), "office", "POST".into(), "/x".into(), "10.0.0.1".into(), String::new(), at);
        p.close_attempt(&attempt, &reader.actor, "failed", "http.fault").await.unwrap();
    }
    assert_eq!(raised(world, &reader, &mut known).await, named(&["many_faults"]));
    assert!(!p.watch_clock(&system, 5_100, 5_000).await.unwrap(), "a tenth of a second is no jump");
    assert_eq!(raised(world, &reader, &mut known).await, Vec::<String>::new());
    assert!(p.watch_clock(&system, 86_405_000, 5_000).await.unwrap());
    assert_eq!(raised(world, &reader, &mut known).await, named(&["clock_jump"]));
    p.watch_release(&Call::system("release"), &["程序文件与发布清单不一致：program".to_owned()]).await.unwrap();
    assert_eq!(raised(world, &reader, &mut known).await, named(&["release_changed"]));
    let drop = ["DROP TRIGGER audit_entry_no_update", "DROP TRIGGER audit_entry_append_only ON audit_entry"]
        [usize::from(p.store.backend() == ledger::Backend::Postgres)];
    world.database.tamper(&[drop, "UPDATE audit_entry SET outcome = 'read' WHERE seq = 2"]).await;
    assert!(!p.verify_due(&system).await.unwrap().unwrap().is_sound());
    assert_eq!(raised(world, &reader, &mut known).await, named(&["records_changed"]));
    world.database.tamper(&["UPDATE audit_entry SET outcome = 'failed' WHERE seq = 2"]).await;
}

async fn s21_a_usual_day_through_the_doors_raises_nothing(world: &World) {
    let reader = security(world).await;
    let officer = world.all_hands("water", "150402").await;
    for n in 0..4 {
        let case = world.received(&officer).await;
        let mut desk = Client::office(world).signed_in(world, &officer).await.at(address("10.0.0.1"));
        let mut agent = Client::portal(world).signed_in(world, &world.agent).await.at(address("203.0.113.1"));
        for client in [&mut desk, &mut agent] {
            for path in ["/", "/account", &format!("/cases/{case}"), &format!("/cases/{case}")] {
                client.get(path).await;
            }
        }
        // Somebody mistypes, forgets a field, opens a page that is not theirs.
        let mut clumsy = Client::office(world).at(address("10.0.0.1"));
        clumsy.post("/login", &[("login", &officer.login), ("password", "wrong")]).await;
        desk.post(&format!("/cases/{case}/correction"), &[]).await;
        desk.get("/audit").await;
        world.later(n);
    }
    assert!(alarms(world, &reader).await.is_empty());
}

async fn s13_a_form_that_is_drawn_again_leaves_the_codes_of_its_refusals(world: &World) {
    let mut stranger = Client::office(world).at(address("203.0.113.1"));
    let officer = world.officer("water", "150402", &[Role::Undertaker]).await;
    stranger.post("/login", &[("login", &officer.login), ("password", "wrong")]).await;
    stranger.post("/login", &[("login", "nobody-here"), ("password", "wrong")]).await;
    let sql = "SELECT reason, object, source FROM audit_entry WHERE path = '/login' ORDER BY seq";
    let rows = world.platform.store.query(sql, []).await.unwrap();
    let read = |n: usize, name: &str| rows[n].try_get::<String>("", name).unwrap();
    assert_eq!((read(0, "reason"), read(0, "source")), ("sign_in.wrong".to_owned(), "203.0.113.1".to_owned()));
    assert_eq!(read(0, "object"), format!("account:{}", officer.account()));
    assert_eq!((read(1, "reason"), read(1, "object")), ("sign_in.wrong".to_owned(), String::new()));
}

/// An alarm about guessed passwords, and a desk of the security administrator.
async fn guessed(world: &World) -> (Client, String) {
    let reader = security(world).await;
    let mut stranger = Client::office(world).at(address("203.0.113.1"));
    for _ in 0..10 {
        stranger.post("/login", &[("login", "nobody-here"), ("password", "wrong")]).await;
    }
    let id = alarms(world, &reader).await.remove(0).id;
    (Client::office(world).signed_in(world, &reader).await, id.to_string())
}

async fn s42_an_alarm_is_walked_from_its_list_to_its_end(world: &World) {
    let (mut desk, id) = guessed(world).await;
    let first = desk.get("/").await;
    assert_eq!(first.location(), "/alarms");
    let list = desk.get("/alarms").await.text();
    assert!(list.contains("同一来源猜测密码") && list.contains("203.0.113.1") && list.contains("第 1 号"));
    assert!(desk.get("/alarms?severity=high").await.text().contains("没有符合条件的告警"));
    let page = desk.get(&format!("/alarms/{id}")).await.text();
    assert!(page.contains("确认，开始处置") && page.contains("POST /login") && page.contains("sign_in.wrong"));
    assert!(!page.contains("认定为安全事件"), "first it is looked into");
    let early = desk.post(&format!("/alarms/{id}/close"), &[("finding", "handled"), ("measures", "已封堵")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    let seen = desk.post(&format!("/alarms/{id}/acknowledge"), &[]).await;
    assert!(desk.get(seen.location()).await.text().contains("已确认，请按建议查明情况后办结。"));
    let again = desk.post(&format!("/alarms/{id}/acknowledge"), &[]).await;
    assert!(again.text().contains("已经有人确认"));
    let bare = desk.post(&format!("/alarms/{id}/close"), &[("measures", "已封堵")]).await;
    assert!(bare.status == StatusCode::UNPROCESSABLE_ENTITY && bare.text().contains("请选择处置结论"));
    assert!(bare.text().contains("已封堵"), "nothing typed is lost");
    let closed = desk.post(&format!("/alarms/{id}/close"), &[("finding", "handled"), ("measures", "已封堵")]).await;
    assert!(desk.get(closed.location()).await.text().contains("告警已办结。"));
    assert!(desk.get("/alarms?state=closed").await.text().contains("同一来源猜测密码"));
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let mut other = Client::office(world).signed_in(world, &auditor).await;
    assert!(other.get(&format!("/alarms/{id}")).await.text().contains("办结：属实，已经处置"));
    let forbidden = other.post(&format!("/alarms/{id}/acknowledge"), &[]).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN, "the audit administrator reads along");
    assert_eq!(other.get("/alarms/w00000000000000000000000000").await.status, StatusCode::NOT_FOUND);
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let mut other = Client::office(world).signed_in(world, &system).await;
    assert_eq!(other.get("/alarms").await.status, StatusCode::FORBIDDEN);
}

async fn l09_an_incident_is_reported_on_its_page(world: &World) {
    let (mut desk, id) = guessed(world).await;
    desk.post(&format!("/alarms/{id}/acknowledge"), &[]).await;
    let empty = desk.post(&format!("/alarms/{id}/incident"), &[("what", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    desk.post(&format!("/alarms/{id}/incident"), &[("what", "账号被他人使用")]).await;
    let page = desk.get(&format!("/alarms/{id}")).await.text();
    assert!(page.contains("报告时限") && page.contains("登记报告") && !page.contains("处置结论"));
    world.clock.set(Moment(world.clock.now().0 + 4 * 3_600_000 + 60_000));
    let reader = security(world).await;
    let mut desk = Client::office(world).signed_in(world, &reader).await;
    assert!(desk.get("/alarms?state=incident").await.text().contains("有安全事件逾期未报告"));
    assert!(desk.get(&format!("/alarms/{id}")).await.text().contains("报告已经逾期"));
    let (to, number) = (("to", "自治区网信办"), ("number", "内网安〔2026〕1号"));
    desk.post(&format!("/alarms/{id}/report"), &[to, number]).await;
    let page = desk.get(&format!("/alarms/{id}")).await.text();
    assert!(page.contains("内网安〔2026〕1号") && !page.contains("误报，属于正常工作"));
    desk.post(&format!("/alarms/{id}/close"), &[("finding", "handled"), ("measures", "已重置密码")]).await;
    let filter = AlarmFilter { state: AlarmState::Closed, ..AlarmFilter::default() };
    let closed = world.platform.alarms(&reader.call(), &filter, None).await.unwrap();
    assert_eq!((closed.rows.len(), closed.rows[0].report_by), (1, None));
}
