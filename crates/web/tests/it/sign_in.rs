//! Signing in, step by step, and the own account, page by page (S-01, S-02, S-04, S-07, A-08).

use axum::http::StatusCode;
use domain::{Moment, account::Role};
use platform::ports::Clock;
use testkit::{Authenticator, Client, PASSWORD, Person, World, both_engines};
use web::Face;

both_engines! {
    s04_the_first_sign_in_leads_to_enrolment_and_on_to_the_page_asked_for,
    s04_the_second_sign_in_asks_for_a_code_once,
    s04_what_is_wrong_is_said_and_nothing_is_opened,
    s02_own_sessions_are_ended_from_another_browser_which_is_told_why,
    s07_the_second_place_of_an_administrator_says_so_at_both,
    s01_a_changed_password_is_said_and_the_old_one_is_worth_nothing,
    a08_two_administrators_reset_on_the_page_of_accounts,
    s18_an_administrator_works_from_the_management_network_only,
    a22_an_office_session_ends_where_it_turns_up_in_another_network,
    a22_a_token_from_before_the_sign_in_opens_nothing_after,
    a22_a_further_post_ends_the_open_session,
}

fn password(person: &Person) -> [(&str, &str); 2] {
    [("login", &person.login), ("password", PASSWORD)]
}

fn secret(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"factor-seed\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// From the sign-in page through the enrolment; the app and the recovery codes.
async fn enrol(world: &World, client: &mut Client, person: &Person) -> (Authenticator, Vec<String>) {
    let first = client.post("/login", &password(person)).await;
    assert!(first.location().starts_with("/account/factor"), "{}", first.location());
    let begun = client.post("/account/factor", &[]).await;
    let page = client.get(begun.location()).await.text();
    let app = Authenticator::of(&secret(&page));
    let code = app.code(Moment(world.clock.now().0 - 30_000));
    let page = client.post("/account/factor/confirm", &[("code", &code)]).await;
    assert_eq!(page.status, StatusCode::OK);
    let codes = page.text().split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    (app, codes)
}

async fn s04_the_first_sign_in_leads_to_enrolment_and_on_to_the_page_asked_for(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for (face, person, next) in [(Face::Portal, &world.agent, "/messages"), (Face::Office, &officer, "/cases")] {
        let mut client = Client::of(&world.strict(), face);
        let mut form = password(person).to_vec();
        form.push(("next", next));
        let first = client.post("/login", &form).await;
        assert_eq!(first.location(), format!("/account/factor?next=%2F{}", &next[1..]));
        let before = client.token().to_owned();
        let page = client.get(first.location()).await.text();
        assert!(page.contains("开始启用") && page.contains("退出") && !page.contains("factor-seed"));
        let shut = client.get(next).await;
        assert!(shut.location().starts_with("/login?next="));
        assert!(client.get(shut.location()).await.location().starts_with("/account/factor?next="));
        let begun = client.post("/account/factor", &[("next", next)]).await;
        let page = client.get(begun.location()).await.text();
        assert!(page.contains("<svg class=\"qr\"") && !page.contains("style="), "drawn without inline style");
        let app = Authenticator::of(&secret(&page));
        let refused = client.post("/account/factor/confirm", &[("code", "000000"), ("next", next)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(secret(&refused.text()), secret(&page), "the seed stays");
        let code = app.code(world.clock.now());
        let done = client.post("/account/factor/confirm", &[("code", &code), ("next", next)]).await;
        let text = done.text();
        assert_eq!(text.matches("<code>").count(), 8);
        assert!(text.contains(&format!("href=\"{next}\"")) && client.token() != before);
        assert_eq!(client.get(next).await.status, StatusCode::OK);
        let page = client.get("/account/factor").await.text();
        assert!(page.contains("更换验证器") && !page.contains("factor-seed") && !page.contains("停用双因素认证"));
        let own = client.get("/account").await.text();
        assert!(own.contains("已启用") && own.contains("8 个") && own.contains("登录成功"));
    }
}

async fn s04_the_second_sign_in_asks_for_a_code_once(world: &World) {
    let p = world.strict();
    let (app, codes) = enrol(world, &mut Client::of(&p, Face::Portal), &world.agent).await;
    let mut client = Client::of(&p, Face::Portal);
    let half = client.post("/login", &password(&world.agent)).await;
    assert_eq!(half.location(), "/sign-in/code?next=%2Fprojects");
    assert_eq!(client.get("/login").await.location(), "/sign-in/code?next=%2Fprojects");
    let page = client.get(half.location()).await.text();
    assert!(page.contains("验证码") && !page.contains(&world.agent.login), "nothing of the account is shown yet");
    assert!(client.get("/projects").await.location().starts_with("/login"));
    let code = app.code(world.clock.now());
    let sent = [("code", code.as_str()), ("next", "/projects")];
    assert_eq!(client.clone().post("/sign-in/code", &sent).await.location(), "/projects");
    let mut other = Client::of(&p, Face::Portal);
    other.post("/login", &password(&world.agent)).await;
    let again = other.post("/sign-in/code", &sent).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "the same code once more");
    assert!(again.text().contains("已经用过"));
    let recovered = other.post("/sign-in/code", &[("code", &codes[0]), ("next", "//evil.example")]).await;
    assert_eq!(recovered.location(), "/projects", "and nobody is sent elsewhere");
    assert!(other.get("/account").await.text().contains("用恢复代码登录成功"));
}

async fn s04_what_is_wrong_is_said_and_nothing_is_opened(world: &World) {
    let p = world.strict();
    enrol(world, &mut Client::of(&p, Face::Portal), &world.agent).await;
    let mut client = Client::of(&p, Face::Portal);
    client.post("/login", &password(&world.agent)).await;
    let mut forger = client.clone();
    let forged = forger.send(
        axum::http::Method::POST,
        "/sign-in/code",
        &[("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")],
        "code=000000".into(),
    );
    assert_eq!(forged.await.status, StatusCode::FORBIDDEN, "half a session has a token of its own");
    for _ in 0..5 {
        assert!(client.post("/sign-in/code", &[("code", "abc")]).await.text().contains("验证码不正确"));
    }
    assert!(client.post("/sign-in/code", &[("code", "abc")]).await.text().contains("30 分钟后再试"));
    assert_eq!(client.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(client.get("/sign-in/code").await.location().starts_with("/login?next="));
}

async fn s02_own_sessions_are_ended_from_another_browser_which_is_told_why(world: &World) {
    let mut one = Client::portal(world);
    one.post("/login", &password(&world.agent)).await;
    world.later(1);
    let mut two = Client::portal(world);
    two.post("/login", &password(&world.agent)).await;
    let page = two.get("/account").await.text();
    assert!(page.contains("2 处") && page.contains("本处"));
    let (_, rest) = page.split_once("action=\"/account/sessions/").unwrap();
    let id = rest.split('/').next().unwrap();
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    let path = format!("/account/sessions/{id}/end");
    assert_eq!(rival.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(two.post(&path, &[]).await.location(), "/account?done=ended");
    let shut = one.get("/projects").await;
    assert!(shut.location().starts_with("/login"));
    assert!(one.get(shut.location()).await.text().contains("中被您结束"));
    assert!(two.get("/account").await.text().contains("1 处"));
    let mut three = Client::portal(world);
    three.post("/login", &password(&world.agent)).await;
    assert_eq!(two.post("/account/sessions/end-others", &[]).await.location(), "/account?done=ended");
    assert!(three.get("/projects").await.location().starts_with("/login"));
}

async fn s07_the_second_place_of_an_administrator_says_so_at_both(world: &World) {
    let admin = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let mut one = Client::office(world);
    assert_eq!(one.post("/login", &password(&admin)).await.location(), "/");
    let mut two = Client::office(world);
    let second = two.post("/login", &password(&admin)).await;
    assert_eq!(second.location(), "/account?done=replaced");
    assert!(two.get(second.location()).await.text().contains("您在另一处的登录已被结束"));
    let shut = one.get("/account").await;
    assert!(shut.location().starts_with("/login"));
    assert!(one.get(shut.location()).await.text().contains("刚刚在另一处登录"));
}

async fn s01_a_changed_password_is_said_and_the_old_one_is_worth_nothing(world: &World) {
    let mut client = Client::portal(world);
    client.post("/login", &password(&world.agent)).await;
    let new = "Ordos Lamb 7 stars!";
    let change = |present: &str, again: &str| {
        vec![("password", present.to_owned()), ("new_password", new.to_owned()), ("again", again.to_owned())]
    };
    for (present, again, words) in [("Wrong 1 word!", new, "现在的密码不正确"), (PASSWORD, "other", "不一致")]
    {
        let form = change(present, again);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = client.post("/account/password", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text();
        assert!(text.contains(words) && !text.contains(new), "secrets are not sent back");
    }
    let form = [("password", PASSWORD), ("new_password", new), ("again", new)];
    let done = client.post("/account/password", &form).await;
    assert_eq!(done.location(), "/account?done=password");
    let mut other = Client::portal(world);
    assert_eq!(other.post("/login", &password(&world.agent)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.post("/login", &[("login", &world.agent.login), ("password", new)]).await.location(), "/projects");
}

async fn a08_two_administrators_reset_on_the_page_of_accounts(world: &World) {
    let strict = world.strict();
    enrol(world, &mut Client::of(&strict, Face::Portal), &world.agent).await;
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let mut one = Client::office(world).signed_in(world, &system).await;
    let mut two = Client::office(world).signed_in(world, &security).await;
    let login = &world.agent.login;
    let address = format!("/accounts?q={login}");
    assert!(one.get("/accounts").await.text().contains("先查找账号"));
    let both = one.get("/accounts?q=%E7%BB%8F%E5%8A%9E%E4%BA%BA").await.text();
    assert!(both.matches("打开这个账号").count() == 2 && !both.contains("name=\"reason\""), "one form at a time");
    assert!(one.get("/accounts?q=nobody").await.text().contains("没有找到"));
    let page = one.get(&address).await.text();
    assert!(page.contains("提出重置双因素认证") && page.contains("甲公司") && !page.contains("确认重置"));
    let path = format!("/accounts/{}/reset", world.agent.account());
    let refused = one.post(&path, &[("q", login), ("reason", "")]).await;
    assert!(
        refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("请填写核对身份的方式和理由")
    );
    let proposed = one.post(&path, &[("q", login), ("reason", "经办人持介绍信到场")]).await;
    assert!(one.get(proposed.location()).await.text().contains("请安全管理员在 7 天内确认"));
    assert_eq!(one.post(&format!("{path}/confirm"), &[]).await.status, StatusCode::FORBIDDEN);
    let page = two.get("/accounts").await.text();
    assert!(page.contains("待确认的重置申请") && page.contains("经办人持介绍信到场") && page.contains("确认重置"));
    let done = two.post(&format!("{path}/confirm"), &[("q", login)]).await;
    assert!(two.get(done.location()).await.text().contains("已重置"));
    let mut agent = Client::of(&strict, Face::Portal);
    let first = agent.post("/login", &password(&world.agent)).await;
    assert!(agent.get(first.location()).await.text().contains("原来的验证器和证书已失效"), "the person is told");
    let officer = world.officer("water", "150402", &[Role::Undertaker]).await;
    let mut stranger = Client::office(world).signed_in(world, &officer).await;
    assert_eq!(stranger.get("/accounts").await.status, StatusCode::FORBIDDEN);
}

async fn s18_an_administrator_works_from_the_management_network_only(world: &World) {
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let officer = world.all_hands("water", "150402").await;
    let p = world.with_settings(|settings| {
        settings.administrator_networks = vec!["10.20.0.0/24".parse().unwrap(), "fd00:20::/64".parse().unwrap()];
    });
    let mut stranger = Client::of(&p, Face::Office).at("203.0.113.7".parse().unwrap());
    let refused = stranger.post("/login", &password(&auditor)).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("只能在管理网络登录"));
    let mut at_home = Client::of(&p, Face::Office).at("10.20.0.7".parse().unwrap());
    assert!(at_home.post("/login", &password(&auditor)).await.status.is_redirection());
    let session = Client::office(world).signed_in(world, &auditor).await.token().to_owned();
    let desk = Client::of(&p, Face::Office).with_token(&session);
    for (source, expected) in [
        ("10.20.0.7", StatusCode::OK),
        ("::ffff:10.20.0.7", StatusCode::OK),
        ("fd00:20::7", StatusCode::OK),
        ("10.20.1.7", StatusCode::NOT_FOUND),
        ("203.0.113.7", StatusCode::NOT_FOUND),
        ("fd00:21::7", StatusCode::NOT_FOUND),
    ] {
        let mut client = desk.clone().at(source.parse().unwrap());
        assert_eq!(client.get("/audit").await.status, expected, "{source}");
    }
    let mut nowhere = desk.clone();
    assert_eq!(nowhere.get("/audit").await.status, StatusCode::NOT_FOUND, "no address is no management network");
    let mut forged = desk.at("203.0.113.7".parse().unwrap());
    let headers = [("x-forwarded-for", "10.20.0.7"), ("x-real-ip", "10.20.0.7"), ("forwarded", "for=10.20.0.7")];
    let answer = forged.send(axum::http::Method::GET, "/audit", &headers, axum::body::Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "a header changes nothing");
    let token = Client::office(world).signed_in(world, &officer).await.token().to_owned();
    let mut other = Client::of(&p, Face::Office).with_token(&token).at("203.0.113.7".parse().unwrap());
    assert_eq!(other.get("/").await.status, StatusCode::OK, "officers work from where they are");
}

async fn a22_an_office_session_ends_where_it_turns_up_in_another_network(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let begin = async |at: &str| {
        let mut client = Client::office(world).at(at.parse().unwrap());
        assert!(client.post("/login", &password(&officer)).await.status.is_redirection());
        client
    };
    let mut desk = begin("10.1.2.3").await;
    assert_eq!(desk.get("/").await.status, StatusCode::OK);
    let mut next_door = desk.clone().at("10.1.2.99".parse().unwrap());
    assert_eq!(next_door.get("/").await.status, StatusCode::OK, "the same network");
    let token = desk.token().to_owned();
    let mut thief = Client::office(world).at("10.9.9.9".parse().unwrap()).with_token(&token);
    let headers = [("x-forwarded-for", "10.1.2.3")];
    let answer = thief.send(axum::http::Method::GET, "/", &headers, axum::body::Body::empty()).await;
    assert!(answer.location().starts_with("/login"), "a header changes nothing");
    let page = Client::office(world).at("10.1.2.3".parse().unwrap()).with_token(&token).get("/login").await.text();
    assert!(page.contains("另一个网络开始的") && page.contains("修改密码"), "{page}");
    assert!(desk.get("/").await.location().starts_with("/login"), "over at both places");
    let sql = "SELECT actor, source, session FROM audit_entry WHERE reason = 'session.moved'";
    let rows = world.platform.store.query(sql, []).await.unwrap();
    assert_eq!(rows.len(), 1, "noted once");
    assert_eq!(rows[0].try_get::<String>("", "actor").unwrap(), officer.account().to_string());
    assert_eq!(rows[0].try_get::<String>("", "source").unwrap(), "10.9.9.9");
    // Behind a proxy of our own the caller's address counts, from the right.
    let p = world.with_settings(|settings| settings.trusted_proxies = 1);
    let behind = async |token: &str, forwarded: &str| {
        let mut client = Client::of(&p, Face::Office).at("10.0.0.1".parse().unwrap()).with_token(token);
        let headers = [("x-forwarded-for", forwarded)];
        client.send(axum::http::Method::GET, "/", &headers, axum::body::Body::empty()).await.status
    };
    let token = begin("10.1.2.3").await.token().to_owned();
    assert_eq!(behind(&token, "10.1.2.7").await, StatusCode::OK);
    assert_eq!(behind(&token, "10.1.2.3, 10.9.9.9").await, StatusCode::SEE_OTHER, "what the caller wrote stands left");
    // People of units come by telephone networks.
    let mut agent = Client::portal(world).at("198.51.100.1".parse().unwrap());
    agent.post("/login", &password(&world.agent)).await;
    let mut elsewhere = agent.clone().at("203.0.113.1".parse().unwrap());
    assert_eq!(elsewhere.get("/messages").await.status, StatusCode::OK);
}

async fn a22_a_token_from_before_the_sign_in_opens_nothing_after(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let fixed = "ab".repeat(32);
    for (face, person, page) in [(Face::Portal, &world.agent, "/messages"), (Face::Office, &officer, "/cases")] {
        let mut victim = Client::new(world, face).with_token(&fixed);
        assert!(victim.post("/login", &password(person)).await.status.is_redirection());
        assert_ne!(victim.token(), fixed);
        assert_eq!(victim.get(page).await.status, StatusCode::OK);
        let mut thief = Client::new(world, face).with_token(&fixed);
        assert!(thief.get(page).await.location().starts_with("/login"));
        // Signing in again: another token, however the first one came about.
        let before = victim.token().to_owned();
        victim.post("/login", &password(person)).await;
        assert_ne!(victim.token(), before);
    }
    // The token between the two steps is worth nothing after the second.
    let strict = world.strict();
    let enrolled = world.enrol(&strict, &officer).await;
    world.later(1);
    let mut client = Client::of(&strict, Face::Office);
    client.post("/login", &password(&officer)).await;
    let half = client.token().to_owned();
    client.post("/sign-in/code", &[("code", &enrolled.app.code(world.clock.now()))]).await;
    assert_ne!(client.token(), half);
    assert_eq!(client.get("/cases").await.status, StatusCode::OK);
    for path in ["/cases", "/sign-in/code"] {
        let mut thief = Client::of(&strict, Face::Office).with_token(&half);
        assert!(thief.get(path).await.location().starts_with("/login"), "{path}");
    }
}

async fn a22_a_further_post_ends_the_open_session(world: &World) {
    let p = &world.platform;
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let first = world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await;
    let second = world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    assert_eq!(desk.get("/").await.status, StatusCode::OK);
    let today = world.clock.now().date();
    let agency = domain::department::Agency::new("water", domain::region::RegionCode::parse("150402").unwrap());
    let wish = domain::account::PostWish {
        agency: agency.clone(),
        role: Role::Approver,
        from: today,
        to: None,
        reason: "任命〔2026〕1号".into(),
    };
    p.propose_post(&first.call(), officer.account(), &wish).await.unwrap();
    assert_eq!(desk.get("/").await.status, StatusCode::OK, "a proposal gives no right");
    let key = domain::account::PostKey { agency, role: Role::Approver, from: today };
    p.confirm_post(&second.call(), officer.account(), 0).await.unwrap();
    let old = desk.token().to_owned();
    assert!(desk.get("/").await.location().starts_with("/login"));
    let page = Client::office(world).with_token(&old).get("/login").await.text();
    assert!(page.contains("岗位刚刚有所增加"), "{page}");
    let mut again = Client::office(world).signed_in(world, &officer).await;
    assert_ne!(again.token(), old);
    assert_eq!(again.get("/").await.status, StatusCode::OK);
    // Losing one ends nothing: the next request simply has it no more.
    p.end_post(&first.call(), officer.account(), &key, "调离").await.unwrap();
    assert_eq!(again.get("/").await.status, StatusCode::OK);
}
