//! 登录：SM2 证书. A key made by OpenSSL is registered, proves sign-ins and changes, and nothing else does (S-04, P-01, A-08).

use domain::{
    Moment,
    account::{Role, factor::Purpose},
};
use platform::{
    Actor, Call, Failure, Platform,
    account::{Challenge, Confirmed, Face, NewSm2, Outcome, Owed},
    ports::Clock,
};
use testkit::{
    Enrolled, PASSWORD, Person, UsbKey, World, both_engines, face,
    outcome::{not_there, refused, sign_in_first},
};

both_engines! {
    p01_a_key_made_by_openssl_is_registered_and_signs_in,
    p01_a_certificate_is_taken_and_ends_with_its_last_day,
    s04_a_signature_is_good_for_one_challenge_one_session_one_purpose_once,
    s04_a_challenge_ends_after_ten_minutes_and_a_new_one_takes_its_place,
    s04_wrong_signatures_wait_like_wrong_codes_and_stand_in_the_history,
    s04_a_key_beside_the_app_is_added_named_and_removed_with_both_proofs,
    s04_where_a_factor_is_required_the_last_key_stays,
    s04_what_is_wrong_with_a_new_key_is_said,
    a08_a_reset_by_two_administrators_takes_keys_away_too,
}

async fn sign_in(platform: &Platform, person: &Person) -> (String, Owed) {
    let call = Call::new(Actor::Public, "test");
    let session = platform.sign_in(&call, face(person), &person.login, PASSWORD, "test").await.unwrap();
    (session.token, session.owed)
}

async fn prove(platform: &Platform, person: &Person, token: &str, signature: &str) -> Result<String, Failure> {
    let call = Call::new(Actor::Public, "test");
    platform.prove_code(&call, face(person), token, signature, "test").await.map(|session| session.token)
}

/// A fresh challenge of the session.
async fn challenge(platform: &Platform, person: &Person, token: &str) -> Challenge {
    let call = Call::new(Actor::Public, "test");
    let owed = platform.session(face(person), token).await.unwrap().unwrap().owed;
    let purpose = if owed == Owed::Code { Purpose::SignIn } else { Purpose::Change };
    platform.issue_challenge(&call, face(person), token, purpose).await.unwrap();
    platform.challenge(&call, face(person), token, purpose).await.unwrap().unwrap()
}

/// Begins the enrolment in this session and signs its challenge with the key.
async fn enrol_in(
    platform: &Platform,
    person: &Person,
    token: &str,
    proofs: (&str, &str),
    (key, name, public_key): (&UsbKey, &str, String),
) -> Result<Confirmed, Failure> {
    let call = Call::new(Actor::Public, "test");
    platform.begin_sm2(&call, face(person), token, proofs, "test").await?;
    let line = platform.challenge(&call, face(person), token, Purpose::Enrol).await?.unwrap().text;
    let new = NewSm2 { name: name.to_owned(), public_key, signature: key.sign(&line) };
    platform.confirm_sm2(&call, face(person), token, &new, "test").await
}

/// A person whose only factor is this key: the whole session and the recovery codes.
async fn enrolled(platform: &Platform, person: &Person, key: &UsbKey) -> (String, Vec<String>) {
    let (half, owed) = sign_in(platform, person).await;
    assert_eq!(owed, Owed::Enrolment);
    let done = enrol_in(platform, person, &half, ("", ""), (key, "办公室 USB Key", key.public_key())).await.unwrap();
    (done.session.unwrap().token, done.codes)
}

async fn p01_a_key_made_by_openssl_is_registered_and_signs_in(world: &World) {
    let p = &world.strict();
    let call = world.public();
    for person in [world.agent.clone(), world.all_hands("water", "150402").await] {
        let (face, key) = (face(&person), UsbKey::new());
        let (whole, codes) = enrolled(p, &person, &key).await;
        assert_eq!(codes.len(), 8, "the first factor comes with recovery codes");
        assert_eq!(p.session(face, &whole).await.unwrap().unwrap().owed, Owed::Nothing);
        let (half, owed) = sign_in(p, &person).await;
        assert_eq!(owed, Owed::Code);
        sign_in_first(p.account_page(&call, face, &half).await);
        sign_in_first(p.begin_sm2(&call, face, &half, (PASSWORD, ""), "test").await);
        let ways = p.ways(&call, face, &half).await.unwrap();
        assert!(ways.sm2 && ways.recovery && !ways.app && !ways.passkey && ways.challenge.is_none());
        let line = challenge(p, &person, &half).await.text;
        assert!(line.contains(&person.login) && line.starts_with("tzxm|sign-in|http"));
        let whole = prove(p, &person, &half, &key.sign(&line)).await.unwrap();
        let page = p.account_page(&call, face, &whole).await.unwrap();
        assert_eq!(page.history[0].outcome, Outcome::Done);
        assert_eq!(page.keys[0].used_at, Some(world.clock.now()));
        let (half, _) = sign_in(p, &person).await;
        prove(p, &person, &half, &codes[0]).await.unwrap();
    }
}

async fn p01_a_certificate_is_taken_and_ends_with_its_last_day(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let key = UsbKey::new();
    // OpenSSL dates the certificate by the machine's clock; the world stands there for this test.
    let machine = platform::ports::SystemClock.now();
    let begin = world.clock.now();
    let (half, _) = sign_in(p, person).await;
    let early = enrol_in(p, person, &half, ("", ""), (&key, "证书", key.certificate("30"))).await;
    if machine > begin {
        refused(early, "key.not_valid");
    }
    world.clock.set(Moment(machine.0.max(begin.0) + 60_000));
    let day = |days: i64| world.clock.set(Moment(machine.0.max(begin.0) + 60_000 + days * 86_400_000));
    let whole = world.platform.sign_in(&world.public(), Face::Portal, &person.login, PASSWORD, "test").await.unwrap();
    let p = &world.platform;
    let certificate = key.certificate("30");
    enrol_in(p, person, &whole.token, (PASSWORD, ""), (&key, "证书", certificate.clone())).await.unwrap();
    day(29);
    let (half, _) = sign_in(p, person).await;
    let line = challenge(p, person, &half).await.text;
    prove(p, person, &half, &key.sign(&line)).await.unwrap();
    day(31);
    let (half, owed) = sign_in(p, person).await;
    assert_eq!(owed, Owed::Code, "a certificate that ended still asks for a second factor");
    let line = challenge(p, person, &half).await.text;
    refused(prove(p, person, &half, &key.sign(&line)).await, "key.over");
    let other = UsbKey::new();
    let token = p.sign_in(&world.public(), Face::Portal, &world.rival.login, PASSWORD, "test").await.unwrap().token;
    let late = enrol_in(p, &world.rival, &token, (PASSWORD, ""), (&other, "证书", certificate)).await;
    refused(late, "key.not_valid");
}

async fn s04_a_signature_is_good_for_one_challenge_one_session_one_purpose_once(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let (key, other) = (UsbKey::new(), UsbKey::new());
    let (whole, _) = enrolled(p, person, &key).await;
    let (one, _) = sign_in(p, person).await;
    let (two, _) = sign_in(p, person).await;
    refused(prove(p, person, &one, &key.sign("tzxm")).await, "key.no_challenge");
    let mine = challenge(p, person, &one).await.text;
    let theirs = challenge(p, person, &two).await.text;
    let change = challenge(p, person, &whole).await.text;
    assert!(change.starts_with("tzxm|change|") && mine != theirs);
    let other_distid = key.sign_as(&mine, "distid:somebody");
    let with_line_end = key.sign(&format!("{mine}\n"));
    for wrong in [other.sign(&mine), key.sign(&theirs), key.sign(&change), other_distid] {
        refused(prove(p, person, &one, &wrong).await, "sign_in.signature");
    }
    // Five failures would wait; the fifth is looked at apart.
    world.later(31);
    let (one, _) = sign_in(p, person).await;
    let (two, _) = sign_in(p, person).await;
    refused(prove(p, person, &one, &with_line_end).await, "key.no_challenge");
    let mine = challenge(p, person, &one).await.text;
    challenge(p, person, &two).await;
    let signature = key.sign(&mine);
    let (a, b) = tokio::join!(prove(p, person, &one, &signature), prove(p, person, &one, &signature));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    sign_in_first(prove(p, person, &one, &signature).await);
    refused(prove(p, person, &two, &signature).await, "sign_in.signature");
    let rival = UsbKey::new();
    enrolled(p, &world.rival, &rival).await;
    let (half, _) = sign_in(p, &world.rival).await;
    let line = challenge(p, &world.rival, &half).await.text;
    refused(prove(p, &world.rival, &half, &key.sign(&line)).await, "sign_in.signature");
    sign_in_first(p.issue_challenge(&world.public(), Face::Portal, "no such session", Purpose::SignIn).await);
}

async fn s04_a_challenge_ends_after_ten_minutes_and_a_new_one_takes_its_place(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let key = UsbKey::new();
    enrolled(p, person, &key).await;
    let (half, _) = sign_in(p, person).await;
    let first = challenge(p, person, &half).await;
    world.later(9);
    assert_eq!(p.challenge(&world.public(), Face::Portal, &half, Purpose::SignIn).await.unwrap(), Some(first.clone()));
    world.later(1);
    assert_eq!(p.challenge(&world.public(), Face::Portal, &half, Purpose::SignIn).await.unwrap(), None);
    refused(prove(p, person, &half, &key.sign(&first.text)).await, "key.no_challenge");
    let second = challenge(p, person, &half).await;
    refused(prove(p, person, &half, &key.sign(&first.text)).await, "sign_in.signature");
    prove(p, person, &half, &key.sign(&second.text)).await.unwrap();
}

async fn s04_wrong_signatures_wait_like_wrong_codes_and_stand_in_the_history(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let (key, other) = (UsbKey::new(), UsbKey::new());
    let (whole, codes) = enrolled(p, person, &key).await;
    let (half, _) = sign_in(p, person).await;
    let line = challenge(p, person, &half).await.text;
    let (wrong, nonsense) = (other.sign(&line), "x".repeat(96));
    for _ in 0..3 {
        refused(prove(p, person, &half, &wrong).await, "sign_in.signature");
    }
    refused(prove(p, person, &half, "000000").await, "sign_in.code");
    refused(prove(p, person, &half, &nonsense).await, "sign_in.signature");
    refused(prove(p, person, &half, &key.sign(&line)).await, "sign_in.wait");
    refused(prove(p, person, &half, &codes[0]).await, "sign_in.wait");
    let history = p.account_page(&world.public(), Face::Portal, &whole).await.unwrap().history;
    let count = |outcome| history.iter().filter(|line| line.outcome == outcome).count();
    assert_eq!((count(Outcome::WrongSignature), count(Outcome::WrongCode)), (4, 1));
}

async fn s04_a_key_beside_the_app_is_added_named_and_removed_with_both_proofs(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let key = UsbKey::new();
    let Enrolled { app, token, codes } = world.enrol(p, person).await;
    let add =
        async |proofs: (&str, &str)| enrol_in(p, person, &token, proofs, (&key, "出差用", key.public_key())).await;
    refused(add(("Wrong Wind 9!", &codes[0])).await, "account.wrong_password");
    refused(add((PASSWORD, "")).await, "sign_in.code");
    let elsewhere = world.both_factors(p, person, &app).await;
    let done = add((PASSWORD, &codes[0])).await.unwrap();
    assert!(done.codes.is_empty() && done.session.is_none(), "the recovery codes stay, the session goes on");
    assert!(p.session(Face::Portal, &elsewhere).await.unwrap().is_none(), "every other session is over");
    refused(add((PASSWORD, &codes[1])).await, "key.twice");
    let page = p.factor_page(&call, Face::Portal, &token).await.unwrap();
    assert_eq!((page.keys.len(), page.keys[0].name.as_str(), page.codes_left), (1, "出差用", 6));
    let id = page.keys[0].id.clone();
    let rival = world.enrol(p, &world.rival).await.token;
    not_there(p.rename_key(&call, Face::Portal, &rival, &id, "别人的").await);
    not_there(p.remove_key(&call, Face::Portal, &rival, &id, ((PASSWORD, ""), "test")).await);
    refused(p.rename_key(&call, Face::Portal, &token, &id, " ").await, "text.required");
    p.rename_key(&call, Face::Portal, &token, &id, "抽屉里的").await.unwrap();
    assert_eq!(p.factor_page(&call, Face::Portal, &token).await.unwrap().keys[0].name, "抽屉里的");

    let remove = async |proofs: (&str, &str)| p.remove_key(&call, Face::Portal, &token, &id, (proofs, "test")).await;
    refused(remove((PASSWORD, "")).await, "sign_in.code");
    let line = challenge(p, person, &token).await.text;
    let signature = key.sign(&line);
    remove((PASSWORD, &signature)).await.unwrap();
    not_there(remove((PASSWORD, &codes[2])).await);
    let (half, _) = sign_in(p, person).await;
    not_there(p.issue_challenge(&call, Face::Portal, &half, Purpose::SignIn).await);
    world.later(1);
    prove(p, person, &half, &app.code(world.clock.now())).await.unwrap();
}

async fn s04_where_a_factor_is_required_the_last_key_stays(world: &World) {
    let strict = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let key = UsbKey::new();
    let (token, codes) = enrolled(strict, person, &key).await;
    let id = strict.factor_page(&call, Face::Portal, &token).await.unwrap().keys[0].id.clone();
    let remove = async |p: &Platform, code: &str| {
        p.remove_key(&call, Face::Portal, &token, &id, ((PASSWORD, code), "test")).await
    };
    refused(remove(strict, &codes[0]).await, "factor.required");
    not_there(strict.remove_factor(&call, Face::Portal, &token, (PASSWORD, &codes[0]), "test").await);
    let offered = &world.platform;
    remove(offered, &codes[0]).await.unwrap();
    let (whole, owed) = sign_in(offered, person).await;
    assert_eq!(owed, Owed::Nothing, "the password is enough where a factor is only offered");
    let page = offered.account_page(&call, Face::Portal, &whole).await.unwrap();
    assert_eq!((page.keys.len(), page.codes_left), (0, 0), "recovery codes go with the last factor");
    assert_eq!(sign_in(strict, person).await.1, Owed::Enrolment);
}

async fn s04_what_is_wrong_with_a_new_key_is_said(world: &World) {
    let p = &world.strict();
    let person = &world.agent;
    let call = world.public();
    let (key, other) = (UsbKey::new(), UsbKey::new());
    let (half, _) = sign_in(p, person).await;
    let confirm = async |new: NewSm2| p.confirm_sm2(&call, Face::Portal, &half, &new, "test").await;
    refused(confirm(NewSm2::default()).await, "key.no_challenge");
    p.begin_sm2(&call, Face::Portal, &half, ("", ""), "test").await.unwrap();
    let line = p.challenge(&call, Face::Portal, &half, Purpose::Enrol).await.unwrap().unwrap().text;
    let good = NewSm2 { name: "办公室".into(), public_key: key.public_key(), signature: key.sign(&line) };
    refused(confirm(NewSm2 { name: " ".into(), ..good.clone() }).await, "text.required");
    refused(confirm(NewSm2 { public_key: "x".into(), ..good.clone() }).await, "key.unreadable");
    refused(confirm(NewSm2 { public_key: other.public_key(), ..good.clone() }).await, "key.signature");
    refused(confirm(NewSm2 { signature: String::new(), ..good.clone() }).await, "key.signature");
    refused(confirm(NewSm2 { signature: key.sign("tzxm"), ..good.clone() }).await, "key.signature");
    let private = std::fs::read_to_string(key.path("key.pem")).unwrap();
    refused(confirm(NewSm2 { public_key: private, ..good.clone() }).await, "key.private");
    world.later(20);
    p.session(Face::Portal, &half).await.unwrap().unwrap();
    world.later(10);
    refused(confirm(good.clone()).await, "key.no_challenge");
    p.begin_sm2(&call, Face::Portal, &half, ("", ""), "test").await.unwrap();
    let line = p.challenge(&call, Face::Portal, &half, Purpose::Enrol).await.unwrap().unwrap().text;
    let good = NewSm2 { signature: key.sign(&line), ..good };
    let (a, b) = tokio::join!(confirm(good.clone()), confirm(good));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
}

async fn a08_a_reset_by_two_administrators_takes_keys_away_too(world: &World) {
    let p = &world.strict();
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let person = &world.agent;
    let key = UsbKey::new();
    let (whole, codes) = enrolled(p, person, &key).await;
    let (half, _) = sign_in(p, person).await;
    let line = challenge(p, person, &half).await.text;
    let found = p.find_accounts(&system.call(), &person.login).await.unwrap().rows;
    assert!(found[0].has_factor && found[0].may_propose);
    p.propose_factor_reset(&system.call(), person.account(), "当面核对身份证").await.unwrap();
    p.confirm_factor_reset(&security.call(), person.account()).await.unwrap();
    assert!(p.session(Face::Portal, &whole).await.unwrap().is_none());
    sign_in_first(prove(p, person, &half, &key.sign(&line)).await);
    sign_in_first(prove(p, person, &half, &codes[0]).await);
    let (half, owed) = sign_in(p, person).await;
    assert_eq!(owed, Owed::Enrolment);
    let page = p.factor_page(&world.public(), Face::Portal, &half).await.unwrap();
    assert!(page.keys.is_empty() && page.codes_left == 0 && page.reset_at.is_some());
}
