//! 登录：统一身份认证. Bound once, the provider stands for the password and never for more than it may (S-04, A-08). The provider
//! here vouches for whom the code names; how a real one is checked is proven in `identity`.

use async_trait::async_trait;
use domain::account::Role;
use platform::{
    Failure, Parts, Platform,
    account::{Arrived, Brought, Face, Journey, Outcome, Owed},
    ports::{Arrival, Departure, IdentityProvider, NotVouched, OutsideIdentity},
};
use std::sync::Arc;
use testkit::{
    PASSWORD, Person, World, both_engines, face,
    outcome::{refused, sign_in_first},
};

both_engines! {
    s04_an_account_is_bound_once_and_the_second_factor_stays_owed,
    s04_a_journey_ends_once_in_its_own_browser_on_its_own_face_and_in_time,
    s04_a_second_factor_of_the_provider_counts_where_it_may,
    s04_one_person_outside_is_one_account_here,
    s04_what_the_provider_does_not_vouch_for_opens_nothing,
    s04_without_a_provider_nothing_is_offered,
    a08_a_reset_unbinds_too,
    s07_who_is_unused_or_disabled_does_not_come_in_from_outside,
}

struct Fake {
    second_factor: bool,
}

#[async_trait]
impl IdentityProvider for Fake {
    fn name(&self) -> &str {
        "统一身份认证"
    }

    async fn departure(&self, leave: &Departure) -> Result<String, NotVouched> {
        assert!(leave.redirect.ends_with("/sign-in/outside/return") && leave.verifier.len() == 64);
        Ok(format!("https://sso.example/auth?state={}", leave.state))
    }

    async fn arrival(&self, arrival: &Arrival) -> Result<OutsideIdentity, NotVouched> {
        match arrival.code.as_str() {
            "down" => Err(NotVouched::Unavailable),
            "wrong" => Err(NotVouched::Refused),
            subject => Ok(OutsideIdentity {
                issuer: "https://sso.example".into(),
                subject: subject.to_owned(),
                name: format!("外部 {subject}"),
                second_factor: self.second_factor,
            }),
        }
    }
}

fn with_provider(platform: &Platform, second_factor: bool) -> Platform {
    Platform::new(Parts { identity: Some(Arc::new(Fake { second_factor })), ..(**platform).clone() })
}

fn brought(journey: &Journey, code: &str) -> Brought {
    let (_, state) = journey.address.split_once("state=").unwrap();
    Brought { browser: journey.browser.clone(), state: state.to_owned(), code: code.to_owned(), issuer: None }
}

async fn leave(p: &Platform, world: &World, face: Face) -> Journey {
    p.leave_to_sign_in(&world.public(), face, "/cases").await.unwrap()
}

async fn come(p: &Platform, world: &World, face: Face, code: &str) -> Result<Arrived, Failure> {
    let journey = leave(p, world, face).await;
    p.arrive(&world.public(), face, &brought(&journey, code), "test").await
}

fn signed_in(arrived: Arrived) -> (String, Owed) {
    match arrived {
        Arrived::SignedIn(session, next) => {
            assert_eq!(next, "/cases");
            (session.token, session.owed)
        }
        Arrived::Bound => panic!("bound, not signed in"),
    }
}

/// Binds the account of a whole session.
async fn bind(
    p: &Platform,
    world: &World,
    person: &Person,
    token: &str,
    code: &str,
    subject: &str,
) -> Result<Arrived, Failure> {
    let (call, face) = (world.public(), face(person));
    let journey = p.leave_to_bind(&call, face, token, (PASSWORD, code), "test").await?;
    p.arrive(&call, face, &brought(&journey, subject), "test").await
}

async fn s04_an_account_is_bound_once_and_the_second_factor_stays_owed(world: &World) {
    let p = &with_provider(&world.strict(), false);
    let call = world.public();
    for (person, subject) in [(world.agent.clone(), "s1"), (world.all_hands("water", "150402").await, "s2")] {
        let at = face(&person);
        refused(come(p, world, at, subject).await, "outside.unbound");
        let enrolled = world.enrol(p, &person).await;
        refused(bind(p, world, &person, &enrolled.token, "", subject).await, "sign_in.code");
        let half = p.sign_in(&call, at, &person.login, PASSWORD, "test").await.unwrap().token;
        sign_in_first(p.leave_to_bind(&call, at, &half, (PASSWORD, &enrolled.codes[0]), "test").await);
        let bound = bind(p, world, &person, &enrolled.token, &enrolled.codes[0], subject).await.unwrap();
        assert!(matches!(bound, Arrived::Bound));
        refused(bind(p, world, &person, &enrolled.token, &enrolled.codes[1], "s9").await, "outside.bound");
        let (token, owed) = signed_in(come(p, world, at, subject).await.unwrap());
        assert_eq!(owed, Owed::Code, "the provider stands for the password alone");
        sign_in_first(p.account_page(&call, at, &token).await);
        let whole = p.prove_code(&call, at, &token, &enrolled.codes[2], "test").await.unwrap();
        assert_eq!(whole.owed, Owed::Nothing);
        let shown = p.outside_binding(&call, at, &whole.token).await.unwrap().unwrap();
        assert!(shown.name.contains(subject) && shown.used_at.is_some());
        refused(p.unbind_outside(&call, at, &whole.token, (PASSWORD, ""), "test").await, "sign_in.code");
        p.unbind_outside(&call, at, &whole.token, (PASSWORD, &enrolled.codes[3]), "test").await.unwrap();
        refused(
            p.unbind_outside(&call, at, &whole.token, (PASSWORD, &enrolled.codes[4]), "test").await,
            "outside.none",
        );
        refused(come(p, world, at, subject).await, "outside.unbound");
    }
}

async fn s04_a_journey_ends_once_in_its_own_browser_on_its_own_face_and_in_time(world: &World) {
    let p = &with_provider(&world.platform, false);
    let call = world.public();
    let person = &world.agent;
    let token = p.sign_in(&call, Face::Portal, &person.login, PASSWORD, "test").await.unwrap().token;
    bind(p, world, person, &token, "", "s1").await.unwrap();
    let journey = leave(p, world, Face::Portal).await;
    let good = brought(&journey, "s1");
    let arrive = async |face: Face, brought: &Brought| p.arrive(&call, face, brought, "test").await;
    for (face, wrong) in [
        (Face::Portal, Brought { browser: "another".into(), ..good.clone() }),
        (Face::Portal, Brought { browser: String::new(), ..good.clone() }),
        (Face::Portal, Brought { state: "another".into(), ..good.clone() }),
        (Face::Office, good.clone()),
    ] {
        refused(arrive(face, &wrong).await, "outside.lost");
    }
    let (a, b) = tokio::join!(arrive(Face::Portal, &good), arrive(Face::Portal, &good));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    refused(arrive(Face::Portal, &good).await, "outside.lost");
    let late = leave(p, world, Face::Portal).await;
    world.later(10);
    refused(arrive(Face::Portal, &brought(&late, "s1")).await, "outside.lost");
    let back = leave(p, world, Face::Portal).await;
    refused(arrive(Face::Portal, &brought(&back, "")).await, "outside.turned_back");
    refused(arrive(Face::Portal, &brought(&back, "s1")).await, "outside.lost");
}

async fn s04_a_second_factor_of_the_provider_counts_where_it_may(world: &World) {
    let p = &with_provider(&world.strict(), true);
    let person = &world.agent;
    let enrolled = world.enrol(p, person).await;
    bind(p, world, person, &enrolled.token, &enrolled.codes[0], "s1").await.unwrap();
    let (token, owed) = signed_in(come(p, world, Face::Portal, "s1").await.unwrap());
    assert_eq!(owed, Owed::Nothing);
    let page = p.account_page(&world.public(), Face::Portal, &token).await.unwrap();
    assert_eq!(page.history[0].outcome, Outcome::Outside);
    let (_, owed) = signed_in(come(&with_provider(p, false), world, Face::Portal, "s1").await.unwrap());
    assert_eq!(owed, Owed::Code, "without its word ours stays owed");
}

async fn s04_one_person_outside_is_one_account_here(world: &World) {
    let p = &with_provider(&world.platform, false);
    let call = world.public();
    let mut tokens = Vec::new();
    for person in [&world.agent, &world.rival] {
        tokens.push(p.sign_in(&call, Face::Portal, &person.login, PASSWORD, "test").await.unwrap().token);
    }
    bind(p, world, &world.agent, &tokens[0], "", "s1").await.unwrap();
    refused(bind(p, world, &world.rival, &tokens[1], "", "s1").await, "outside.taken");
    // Whoever signs out on the way is not bound.
    let journey = p.leave_to_bind(&call, Face::Portal, &tokens[1], (PASSWORD, ""), "test").await.unwrap();
    p.sign_out(&call, &tokens[1]).await.unwrap();
    refused(p.arrive(&call, Face::Portal, &brought(&journey, "s2"), "test").await, "outside.lost");
    refused(come(p, world, Face::Portal, "s2").await, "outside.unbound");
    refused(come(p, world, Face::Office, "s1").await, "outside.unbound");
}

async fn s04_what_the_provider_does_not_vouch_for_opens_nothing(world: &World) {
    let p = &with_provider(&world.platform, false);
    refused(come(p, world, Face::Portal, "down").await, "outside.unavailable");
    refused(come(p, world, Face::Portal, "wrong").await, "outside.refused");
    for _ in 0..5 {
        refused(come(p, world, Face::Portal, "s1").await, "outside.unbound");
    }
    refused(come(p, world, Face::Portal, "s1").await, "sign_in.wait");
}

async fn s04_without_a_provider_nothing_is_offered(world: &World) {
    let p = &world.platform;
    assert_eq!(p.outside_name(), None);
    refused(p.leave_to_sign_in(&world.public(), Face::Portal, "/").await, "outside.off");
    refused(p.arrive(&world.public(), Face::Portal, &Brought::default(), "test").await, "outside.off");
}

async fn a08_a_reset_unbinds_too(world: &World) {
    let p = &with_provider(&world.strict(), true);
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let person = &world.agent;
    let enrolled = world.enrol(p, person).await;
    bind(p, world, person, &enrolled.token, &enrolled.codes[0], "s1").await.unwrap();
    p.propose_factor_reset(&system.call(), person.account(), "当面核对身份证").await.unwrap();
    p.confirm_factor_reset(&security.call(), person.account()).await.unwrap();
    refused(come(p, world, Face::Portal, "s1").await, "outside.unbound");
}

async fn s07_who_is_unused_or_disabled_does_not_come_in_from_outside(world: &World) {
    let strict = with_provider(&world.strict(), true);
    let person = &world.agent;
    let enrolled = world.enrol(&strict, person).await;
    bind(&strict, world, person, &enrolled.token, &enrolled.codes[0], "s1").await.unwrap();
    world.later(90 * 24 * 60);
    refused(come(&strict, world, Face::Portal, "s1").await, "sign_in.unused");
}
