//! 登录: two factors, passwords that run out, disused accounts, one place at a time for administrators (S-01, S-02, S-04, S-07, A-08).

use domain::{Moment, account::Role};
use platform::{
    Actor, Call, Failure, Platform,
    account::{Face, OpenOfficer, Outcome, Owed, SHOWN},
    ports::Clock,
};
use std::collections::BTreeSet;
use testkit::{
    Authenticator, Enrolled, PASSWORD, Person, World, both_engines, face,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    s04_either_factor_alone_opens_nothing,
    s04_a_code_is_used_once_also_by_two_at_the_same_time,
    s04_five_wrong_codes_wait_and_only_there,
    s04_the_seed_lies_sealed_and_recovery_codes_as_hashes,
    s04_where_it_is_required_it_is_not_switched_off_where_it_is_offered_it_is,
    s04_a_new_phone_takes_the_place_of_the_old_one,
    s04_two_enrolments_at_the_same_time_leave_one_factor,
    a08_a_recovery_code_stands_for_a_code_once_and_never_for_the_password,
    a08_a_one_time_secret_for_a_new_password_does_not_skip_the_second_factor,
    a08_two_administrators_take_a_factor_away_and_the_person_is_told,
    s01_on_day_91_a_password_opens_only_its_change,
    s01_the_last_five_passwords_are_refused,
    s02_after_a_change_of_the_password_every_other_session_is_over,
    s02_own_sessions_are_listed_and_ended_one_by_one_or_all,
    s07_an_administrator_is_signed_in_at_one_place_only,
    s07_of_two_sign_ins_at_the_same_time_one_stays,
    s07_disused_accounts_sign_in_again_only_after_somebody_enabled_them,
    a26_a_flood_of_wrong_passwords_stops_strangers_and_not_the_owner,
}

const NEW: &str = "Ordos Lamb 7 stars!";

async fn sign_in(platform: &Platform, person: &Person, password: &str) -> Result<(String, Owed), Failure> {
    let call = Call::new(Actor::Public, "test");
    let session = platform.sign_in(&call, face(person), &person.login, password, "test").await?;
    Ok((session.token, session.owed))
}

async fn prove(platform: &Platform, person: &Person, token: &str, code: &str) -> Result<String, Failure> {
    let call = Call::new(Actor::Public, "test");
    platform.prove_code(&call, face(person), token, code, "test").await.map(|session| session.token)
}

/// What is owed in the session; `None` when it is over.
async fn owed(platform: &Platform, person: &Person, token: &str) -> Option<Owed> {
    platform.session(face(person), token).await.unwrap().map(|session| session.owed)
}

/// The next code of the app is a fresh one.
fn next_code(world: &World, app: &Authenticator) -> String {
    world.later(1);
    app.code(world.clock.now())
}

async fn s04_either_factor_alone_opens_nothing(world: &World) {
    let p = &world.strict();
    for person in [world.agent.clone(), world.all_hands("water", "150402").await] {
        let Enrolled { app, token, .. } = world.enrol(p, &person).await;
        assert_eq!(owed(p, &person, &token).await, Some(Owed::Nothing), "enrolled and signed in");
        let (half, still) = sign_in(p, &person, PASSWORD).await.unwrap();
        assert_eq!(still, Owed::Code, "the password alone");
        let face = face(&person);
        let call = world.public();
        sign_in_first(p.account_page(&call, face, &half).await);
        sign_in_first(p.factor_page(&call, face, &half).await.map(|_| ()));
        sign_in_first(p.begin_factor(&call, face, &half, (PASSWORD, ""), "test").await);
        sign_in_first(p.confirm_factor(&call, face, &half, "000000", "test").await);
        sign_in_first(p.remove_factor(&call, face, &half, (PASSWORD, ""), "test").await);
        sign_in_first(p.renew_recovery_codes(&call, face, &half, (PASSWORD, ""), "test").await);
        sign_in_first(p.change_password(&call, face, &half, (PASSWORD, NEW), "test").await);
        sign_in_first(p.end_other_sessions(&call, face, &half).await);
        refused(sign_in(p, &person, "Wrong Wind 9!").await, "sign_in.wrong");
        sign_in_first(prove(p, &person, "no such session", &app.code(world.clock.now())).await);
        let whole = prove(p, &person, &half, &app.code(world.clock.now())).await.unwrap();
        assert_eq!(owed(p, &person, &whole).await, Some(Owed::Nothing));
        assert_ne!(half, whole, "the cookie of the half session is worth nothing afterwards");
        assert_eq!(owed(p, &person, &half).await, None);
        sign_in_first(prove(p, &person, &whole, &next_code(world, &app)).await);
    }
}

async fn s04_a_code_is_used_once_also_by_two_at_the_same_time(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let app = world.enrol(p, person).await.app;
    let code = app.code(world.clock.now());
    let (one, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let (two, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let (first, second) = tokio::join!(prove(p, person, &one, &code), prove(p, person, &two, &code));
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1, "{first:?} {second:?}");
    let (loser, lost) = if first.is_ok() { (&two, second) } else { (&one, first) };
    refused(lost, "sign_in.code");
    refused(prove(p, person, loser, &code).await, "sign_in.code");
    let old = app.code(Moment(world.clock.now().0 - 30_000));
    refused(prove(p, person, loser, &old).await, "sign_in.code");
    prove(p, person, loser, &next_code(world, &app)).await.unwrap();
}

async fn s04_five_wrong_codes_wait_and_only_there(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let app = world.enrol(p, person).await.app;
    let (half, _) = sign_in(p, person, PASSWORD).await.unwrap();
    for _ in 0..5 {
        refused(prove(p, person, &half, "12345 ").await, "sign_in.code");
    }
    let code = app.code(world.clock.now());
    refused(prove(p, person, &half, &code).await, "sign_in.wait");
    let elsewhere = p.prove_code(&world.public(), Face::Portal, &half, &code, "elsewhere").await;
    assert_eq!(elsewhere.unwrap().owed, Owed::Nothing, "the owner at another place");
    world.later(30);
    let (half, _) = sign_in(p, person, PASSWORD).await.unwrap();
    prove(p, person, &half, &app.code(world.clock.now())).await.unwrap();
}

async fn s04_the_seed_lies_sealed_and_recovery_codes_as_hashes(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let (half, _) = sign_in(p, person, PASSWORD).await.unwrap();
    p.begin_factor(&call, Face::Portal, &half, ("", ""), "test").await.unwrap();
    let enrolling = p.factor_page(&call, Face::Portal, &half).await.unwrap().enrolling.unwrap();
    let secret = enrolling.secret.replace(' ', "");
    assert_eq!(secret.len(), 32);
    assert!(enrolling.address.contains(&secret));
    let app = Authenticator::of(&secret);
    let code = app.code(world.clock.now());
    let confirmed = p.confirm_factor(&call, Face::Portal, &half, &code, "test").await.unwrap();
    assert_eq!(confirmed.codes.iter().collect::<BTreeSet<_>>().len(), 8);
    let sql = "SELECT sealed AS it FROM second_factors UNION ALL SELECT id FROM recovery_codes";
    let rows = p.store.query(sql, []).await.unwrap();
    let stored: Vec<String> = rows.iter().map(|row| row.try_get("", "it").unwrap()).collect();
    assert_eq!(stored.len(), 9);
    for text in stored {
        let shown = text.to_uppercase();
        assert!(!shown.contains(&secret), "the seed is sealed");
        for code in &confirmed.codes {
            assert!(!shown.contains(code.as_str()) && !shown.contains(&code.replace('-', "")), "hashed");
        }
    }
    let page = p.account_page(&call, Face::Portal, &confirmed.session.unwrap().token).await.unwrap();
    assert!(page.factor_since.is_some() && page.codes_left == 8 && page.factor_required);
}

async fn s04_where_it_is_required_it_is_not_switched_off_where_it_is_offered_it_is(world: &World) {
    let strict = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let Enrolled { app, token, codes } = world.enrol(strict, person).await;
    let remove = |p: Platform, code: String| {
        let (call, token) = (call.clone(), token.clone());
        async move { p.remove_factor(&call, Face::Portal, &token, (PASSWORD, &code), "test").await }
    };
    refused(remove(strict.clone(), app.code(world.clock.now())).await, "factor.required");
    let offered = &world.platform;
    refused(
        offered.remove_factor(&call, Face::Portal, &token, ("Wrong Wind 9!", &codes[0]), "test").await,
        "account.wrong_password",
    );
    refused(remove(offered.clone(), "000000".into()).await, "sign_in.code");
    remove(offered.clone(), app.code(world.clock.now())).await.unwrap();
    assert_eq!(sign_in(offered, person, PASSWORD).await.unwrap().1, Owed::Nothing, "the password is enough again");
    assert_eq!(
        owed(strict, person, &token).await,
        Some(Owed::Enrolment),
        "where it is required it is asked for at once"
    );
    not_there(remove(offered.clone(), codes[1].clone()).await);
}

async fn s04_a_new_phone_takes_the_place_of_the_old_one(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let Enrolled { app: old, token, codes } = world.enrol(p, person).await;
    let elsewhere = world.both_factors(p, person, &old).await;
    let begin =
        async |password: &str, code: &str| p.begin_factor(&call, Face::Portal, &token, (password, code), "test").await;
    refused(begin("Wrong Wind 9!", &next_code(world, &old)).await, "account.wrong_password");
    refused(begin(PASSWORD, "").await, "sign_in.code");
    begin(PASSWORD, &codes[3]).await.unwrap();
    let page = p.factor_page(&call, Face::Portal, &token).await.unwrap();
    assert!(page.since.is_some(), "the old one stays until the new one is confirmed");
    let new = Authenticator::of(&page.enrolling.unwrap().secret);
    let wrong = old.code(world.clock.now());
    refused(p.confirm_factor(&call, Face::Portal, &token, &wrong, "test").await, "factor.code");
    world.later(1);
    let confirmed = p.confirm_factor(&call, Face::Portal, &token, &new.code(world.clock.now()), "test").await.unwrap();
    assert!(confirmed.session.is_none(), "the session goes on");
    assert_eq!(owed(p, person, &token).await, Some(Owed::Nothing));
    assert_eq!(owed(p, person, &elsewhere).await, None, "every other session is over");
    assert!(p.farewell(Face::Portal, &elsewhere).await.unwrap().unwrap().contains("已经更改"));
    let (half, _) = sign_in(p, person, PASSWORD).await.unwrap();
    refused(prove(p, person, &half, &next_code(world, &old)).await, "sign_in.code");
    refused(prove(p, person, &half, &codes[4]).await, "sign_in.code");
    prove(p, person, &half, &next_code(world, &new)).await.unwrap();
    begin(PASSWORD, &next_code(world, &new)).await.unwrap();
    world.later(25);
    p.session(Face::Portal, &token).await.unwrap().unwrap();
    world.later(25);
    refused(p.confirm_factor(&call, Face::Portal, &token, "000000", "test").await, "factor.none");
}

async fn s04_two_enrolments_at_the_same_time_leave_one_factor(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let (one, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let (two, _) = sign_in(p, person, PASSWORD).await.unwrap();
    p.begin_factor(&call, Face::Portal, &one, ("", ""), "test").await.unwrap();
    let secret = p.factor_page(&call, Face::Portal, &two).await.unwrap().enrolling.unwrap().secret;
    let code = Authenticator::of(&secret).code(world.clock.now());
    let (a, b) = tokio::join!(
        p.confirm_factor(&call, Face::Portal, &one, &code, "test"),
        p.confirm_factor(&call, Face::Portal, &two, &code, "test")
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    let row = p.store.query_one("SELECT COUNT(*) AS n FROM second_factors WHERE state = 'live'", []).await.unwrap();
    assert_eq!(row.unwrap().try_get::<i64>("", "n").unwrap(), 1);
    let row = p.store.query_one("SELECT COUNT(*) AS n FROM recovery_codes", []).await.unwrap();
    assert_eq!(row.unwrap().try_get::<i64>("", "n").unwrap(), 8);
}

async fn a08_a_recovery_code_stands_for_a_code_once_and_never_for_the_password(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let codes = world.enrol(p, person).await.codes;
    refused(sign_in(p, person, &codes[0]).await, "sign_in.wrong");
    let (one, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let (two, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let typed = codes[0].to_lowercase().replace('-', " ");
    let (a, b) = tokio::join!(prove(p, person, &one, &typed), prove(p, person, &two, &codes[0]));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    let loser = if a.is_ok() { &two } else { &one };
    refused(prove(p, person, loser, &codes[0]).await, "sign_in.code");
    world.later(1);
    let whole = prove(p, person, loser, &codes[1]).await.unwrap();
    let page = p.account_page(&world.public(), Face::Portal, &whole).await.unwrap();
    assert_eq!(page.codes_left, 6);
    assert_eq!(page.history[0].outcome, Outcome::Recovered);
    let call = world.public();
    let renew = async |code: &str| p.renew_recovery_codes(&call, Face::Portal, &whole, (PASSWORD, code), "test").await;
    let fresh = renew(&codes[2]).await.unwrap();
    assert!(fresh.len() == 8 && fresh.iter().all(|code| !codes.contains(code)));
    refused(renew(&codes[3]).await, "sign_in.code");
    let rival = world.enrol(p, &world.rival).await;
    let (half, _) = sign_in(p, person, PASSWORD).await.unwrap();
    refused(prove(p, person, &half, &rival.codes[0]).await, "sign_in.code");
}

async fn a08_a_one_time_secret_for_a_new_password_does_not_skip_the_second_factor(world: &World) {
    let p = &world.strict();
    let officer = world.all_hands("water", "150402").await;
    let app = world.enrol(p, &officer).await.app;
    let sql = "INSERT INTO setup_secrets(id, account_id, expires_at, used_at) VALUES($1, $2, $3, 0)";
    let id = hex(&sm3("a one-time secret"));
    let until = p.clock.now().0 + 60_000;
    let mut unit = ledger::Unit::new();
    unit.row(ledger::Row::new(sql, [id.into(), officer.account().as_str().into(), until.into()]));
    p.store.commit(unit).await.unwrap();
    p.use_setup_secret(&world.public(), "a one-time secret", NEW).await.unwrap();
    let (half, still) = sign_in(p, &officer, NEW).await.unwrap();
    assert_eq!(still, Owed::Code);
    prove(p, &officer, &half, &app.code(world.clock.now())).await.unwrap();
}

fn sm3(text: &str) -> Vec<u8> {
    use sm3::{Digest, Sm3};
    Sm3::digest(text.as_bytes()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a08_two_administrators_take_a_factor_away_and_the_person_is_told(world: &World) {
    let p = &world.strict();
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let elsewhere = world.officer("development_reform", "150500", &[Role::SecurityAdministrator]).await;
    let head = world.all_hands("water", "150402").await;
    let officer = world.officer("water", "150402", &[Role::Undertaker]).await;
    for person in [&world.agent, &officer] {
        let id = person.account();
        let before = world.enrol(p, person).await;
        let propose = async |by: &Person| p.propose_factor_reset(&by.call(), id, "当面核对身份证").await;
        let confirm = async |by: &Person| p.confirm_factor_reset(&by.call(), id).await;
        for by in [&security, &head, &elsewhere] {
            assert!(propose(by).await.is_err(), "{}", by.login);
        }
        refused(p.propose_factor_reset(&system.call(), id, "").await, "text.required");
        refused(confirm(&security).await, "reset.none");
        propose(&system).await.unwrap();
        refused(propose(&system).await, "reset.waits");
        let waiting = p.open_resets(&security.call()).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].may_confirm && !waiting[0].may_propose && waiting[0].reset.is_some());
        for by in [&system, &head, &elsewhere] {
            assert!(confirm(by).await.is_err(), "{}", by.login);
        }
        assert_eq!(owed(p, person, &before.token).await, Some(Owed::Nothing), "a proposal alone changes nothing");
        p.reject_factor_reset(&security.call(), id).await.unwrap();
        refused(confirm(&security).await, "reset.none");
        propose(&system).await.unwrap();
        let (one, two) = tokio::join!(confirm(&security), confirm(&security));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
        refused(propose(&system).await, "reset.no_factor");
        assert_eq!(owed(p, person, &before.token).await, None, "every session is over");
        assert!(p.farewell(face(person), &before.token).await.unwrap().unwrap().contains("重置"));
        let (half, still) = sign_in(p, person, PASSWORD).await.unwrap();
        assert_eq!(still, Owed::Enrolment, "after the password, a new enrolment");
        assert!(p.factor_page(&world.public(), face(person), &half).await.unwrap().reset_at.is_some(), "told");
        world.later(1);
        let after = world.enrol(p, person).await;
        let page = p.account_page(&world.public(), face(person), &after.token).await.unwrap();
        assert!(page.history.iter().any(|line| line.outcome == Outcome::Reset));
    }
    let messages = p.messages(&world.agent.call(), None, 5).await.unwrap();
    assert!(messages.iter().any(|message| message.title.contains("双因素认证已重置")));
    let found = p.find_accounts(&system.call(), &world.agent.login).await.unwrap().rows;
    assert!(found.len() == 1 && found[0].has_factor && found[0].may_propose && !found[0].may_confirm);
    assert!(
        p.find_accounts(&head.call(), &world.agent.login).await.unwrap().rows.is_empty(),
        "units are not a department's"
    );
    assert_eq!(p.find_accounts(&head.call(), &officer.login).await.unwrap().rows.len(), 1);
    forbidden(p.find_accounts(&officer.call(), &officer.login).await);
    for number in 0..=SHOWN {
        let namesake = OpenOfficer {
            login: format!("namesake-{number}"),
            name: "李娜".to_owned(),
            posts: vec![],
            reason: "测试".to_owned(),
            password: None,
        };
        p.open_officer(&Call::system("test"), &namesake).await.unwrap();
    }
    let many = p.find_accounts(&system.call(), "李娜").await.unwrap();
    assert_eq!((many.rows.len(), many.more), (SHOWN, true), "who is not shown is spoken of");
}

async fn s01_on_day_91_a_password_opens_only_its_change(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let app = world.enrol(p, person).await.app;
    let day = |n: i64| world.later(n * 24 * 60);
    day(89);
    let whole = world.both_factors(p, person, &app).await;
    assert_eq!(owed(p, person, &whole).await, Some(Owed::Nothing), "day 90");
    day(1);
    let late = world.both_factors(p, person, &app).await;
    assert_eq!(owed(p, person, &late).await, Some(Owed::Password), "day 91");
    sign_in_first(p.account_page(&call, Face::Portal, &late).await);
    sign_in_first(p.factor_page(&call, Face::Portal, &late).await.map(|_| ()));
    let change =
        async |present: &str, new: &str| p.change_password(&call, Face::Portal, &late, (present, new), "test").await;
    refused(change("Wrong Wind 9!", NEW).await, "account.wrong_password");
    refused(change(PASSWORD, PASSWORD).await, "account.password_used");
    assert_eq!(refused(change(PASSWORD, "short").await, "account.password").field.as_deref(), Some("new_password"));
    change(PASSWORD, NEW).await.unwrap();
    assert_eq!(owed(p, person, &late).await, Some(Owed::Nothing), "the session goes on");
    refused(sign_in(p, person, PASSWORD).await, "sign_in.wrong");
    assert_eq!(sign_in(p, person, NEW).await.unwrap().1, Owed::Code);
}

async fn s01_the_last_five_passwords_are_refused(world: &World) {
    let p = &world.platform;
    let person = &world.agent;
    let call = world.public();
    let (token, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let name = |n: usize| if n == 0 { PASSWORD.to_owned() } else { format!("Steppe Wind {n} #") };
    for n in 1..=5 {
        p.change_password(&call, Face::Portal, &token, (&name(n - 1), &name(n)), "test").await.unwrap();
        for old in n.saturating_sub(4)..=n {
            let again = p.change_password(&call, Face::Portal, &token, (&name(n), &name(old)), "test").await;
            refused(again, "account.password_used");
        }
    }
    p.change_password(&call, Face::Portal, &token, (&name(5), PASSWORD), "test").await.unwrap();
}

async fn s02_after_a_change_of_the_password_every_other_session_is_over(world: &World) {
    let p = &world.platform;
    let person = &world.agent;
    let (here, _) = sign_in(p, person, PASSWORD).await.unwrap();
    let (there, _) = sign_in(p, person, PASSWORD).await.unwrap();
    p.change_password(&world.public(), Face::Portal, &here, (PASSWORD, NEW), "test").await.unwrap();
    assert_eq!(owed(p, person, &there).await, None);
    assert_eq!(owed(p, person, &here).await, Some(Owed::Nothing));
    world.later(31);
    assert_eq!(owed(p, person, &here).await, None, "idle");
    assert!(p.farewell(Face::Portal, &here).await.unwrap().unwrap().contains("很久没有操作"));
}

async fn s02_own_sessions_are_listed_and_ended_one_by_one_or_all(world: &World) {
    let p = &world.platform;
    let person = &world.agent;
    let call = world.public();
    let mut tokens = Vec::new();
    for from in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        world.later(1);
        tokens.push(p.sign_in(&call, Face::Portal, &person.login, PASSWORD, from).await.unwrap().token);
    }
    let (rival, _) = sign_in(p, &world.rival, PASSWORD).await.unwrap();
    let page = p.account_page(&call, Face::Portal, &tokens[2]).await.unwrap();
    let sources: Vec<_> = page.sessions.iter().map(|row| row.source.as_str()).collect();
    assert_eq!(sources, ["10.0.0.3", "10.0.0.2", "10.0.0.1"]);
    assert_eq!(page.sessions[0].id, page.current);
    assert!(page.history.iter().all(|line| line.outcome == Outcome::Done) && page.history.len() == 3);
    let first = &page.sessions[2].id;
    not_there(p.end_session(&call, Face::Portal, &rival, first).await);
    p.end_session(&call, Face::Portal, &tokens[2], first).await.unwrap();
    not_there(p.end_session(&call, Face::Portal, &tokens[2], first).await);
    assert_eq!(owed(p, person, &tokens[0]).await, None);
    assert!(p.farewell(Face::Portal, &tokens[0]).await.unwrap().unwrap().contains("被您结束"));
    p.end_other_sessions(&call, Face::Portal, &tokens[2]).await.unwrap();
    assert_eq!(owed(p, person, &tokens[1]).await, None);
    assert_eq!(owed(p, person, &tokens[2]).await, Some(Owed::Nothing));
    assert_eq!(owed(p, &world.rival, &rival).await, Some(Owed::Nothing), "others are not touched");
}

async fn s07_an_administrator_is_signed_in_at_one_place_only(world: &World) {
    let p = &world.strict();
    let admin = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let Enrolled { app, token: first, .. } = world.enrol(p, &admin).await;
    let (half, _) = sign_in(p, &admin, PASSWORD).await.unwrap();
    assert_eq!(owed(p, &admin, &first).await, Some(Owed::Nothing), "half a sign-in ends nothing");
    let call = world.public();
    let code = app.code(world.clock.now());
    let second = p.prove_code(&call, Face::Office, &half, &code, "test").await.unwrap();
    assert!(second.ended_elsewhere, "and is said");
    assert_eq!(owed(p, &admin, &first).await, None);
    assert!(p.farewell(Face::Office, &first).await.unwrap().unwrap().contains("另一处登录"));
    assert_eq!(p.account_page(&call, Face::Office, &second.token).await.unwrap().sessions.len(), 1);
    let officer = world.all_hands("water", "150402").await;
    let Enrolled { app, token, .. } = world.enrol(p, &officer).await;
    world.both_factors(p, &officer, &app).await;
    assert_eq!(owed(p, &officer, &token).await, Some(Owed::Nothing), "others may be signed in twice");
}

async fn s07_of_two_sign_ins_at_the_same_time_one_stays(world: &World) {
    let p = &world.platform;
    let admin = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let (a, b) = tokio::join!(sign_in(p, &admin, PASSWORD), sign_in(p, &admin, PASSWORD));
    let mut live = 0;
    for (token, _) in [a.unwrap(), b.unwrap()] {
        live += usize::from(owed(p, &admin, &token).await.is_some());
    }
    assert_eq!(live, 1);
}

async fn s07_disused_accounts_sign_in_again_only_after_somebody_enabled_them(world: &World) {
    let p = &world.strict();
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let head = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let other = world.officer("ecology", "150402", &[Role::DepartmentManager]).await;
    let officer = world.officer("water", "150402", &[Role::Undertaker]).await;
    for (person, days, enabling, stranger) in [(&officer, 60, &head, &other), (&world.agent, 90, &system, &head)] {
        let begin = world.clock.now();
        let day = |n: i64| world.clock.set(Moment(begin.0 + n * 86_400_000));
        // Passwords are younger than the account's last use, so that only the disuse is looked at.
        sign_in(p, person, PASSWORD).await.unwrap();
        day(days - 1);
        assert!(sign_in(p, person, PASSWORD).await.is_ok(), "a day before");
        day(days);
        refused(sign_in(p, person, "Wrong Wind 9!").await, "sign_in.wrong");
        let words = refused(sign_in(p, person, PASSWORD).await, "sign_in.unused").message;
        assert!(words.contains(&format!("{days} 天")) && words.contains("重新启用"), "{words}");
        let id = person.account();
        forbidden_or_hidden(p.enable_account(&stranger.call(), id, "返岗").await);
        forbidden_or_hidden(p.enable_account(&person.call(), id, "返岗").await);
        let call = Call::new(p.actor(enabling.account()).await.unwrap(), "test");
        refused(p.enable_account(&call, id, " ").await, "text.required");
        let found = p.find_accounts(&call, &person.login).await.unwrap().rows;
        assert!(found[0].unused && found[0].may_enable);
        p.enable_account(&call, id, "核对身份后启用").await.unwrap();
        assert!(sign_in(p, person, PASSWORD).await.is_ok());
        assert!(!p.find_accounts(&call, &person.login).await.unwrap().rows[0].unused);
        world.clock.set(begin);
    }
}

fn forbidden_or_hidden<T: std::fmt::Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::Denied(_) | Failure::NotThere)), "{result:?}");
}

async fn a26_a_flood_of_wrong_passwords_stops_strangers_and_not_the_owner(world: &World) {
    let p = &world.platform;
    let call = world.public();
    let login = &world.agent.login;
    let at = async |source: String, password: &str| p.sign_in(&call, Face::Portal, login, password, &source).await;
    at("home".into(), PASSWORD).await.unwrap();
    for n in 0..100 {
        refused(at(format!("stranger-{}", n / 4), "Wrong Wind 9!").await, "sign_in.wrong");
    }
    refused(at("another stranger".into(), PASSWORD).await, "sign_in.wait");
    at("home".into(), PASSWORD).await.unwrap();
    world.later(30);
    at("another stranger".into(), PASSWORD).await.unwrap();
}
