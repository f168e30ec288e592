//! Another mail address or phone number: both factors again, a day of delay, a notice to the old address, and its owner stops it.

use domain::{account::Role, notification::Form};
use platform::{
    Call, Failure, Platform,
    account::{Chosen, Owed, Proving},
    ports::Clock,
};
use std::collections::BTreeMap;
use testkit::{
    Authenticator, Enrolled, PASSWORD, Person, World, both_engines, face,
    outcome::{not_there, refused, sign_in_first},
};

both_engines! {
    a08_a_new_address_takes_both_factors_and_a_day_and_the_old_one_is_told,
    a08_the_owner_stops_a_new_address_in_time,
    a08_scripted_takeovers_of_an_address_are_all_refused,
    a08_an_address_taken_away_is_told_and_opens_no_way_round,
    a08_what_is_no_address_needs_no_proof_and_no_day,
}

const OLD: &str = "li.si@unit.example";
const NEW: &str = "thief@elsewhere.example";

fn form(mail: &str) -> Form {
    Form {
        channels: BTreeMap::from([("mail".to_owned(), (mail.to_owned(), true))]),
        quiet_from: "21".into(),
        quiet_to: "8".into(),
        digest: String::new(),
    }
}

async fn choose(
    p: &Platform,
    person: &Person,
    token: &str,
    mail: &str,
    proofs: (&str, &str),
) -> Result<Chosen, Failure> {
    let by = Proving { face: face(person), token, proofs, source: "test" };
    p.choose_own_notifications(&person.call(), &form(mail), &by).await
}

/// A code that was not used yet.
fn fresh(world: &World, app: &Authenticator) -> String {
    world.later(1);
    app.code(world.clock.now())
}

/// A session that begins now, with both factors.
async fn session(world: &World, p: &Platform, person: &Person, app: &Authenticator) -> String {
    world.later(1);
    world.both_factors(p, person, app).await
}

/// The agent has an app since more than a day, and registered an address; a session of now.
async fn registered(world: &World, p: &Platform) -> (Enrolled, String) {
    world.postbox.open("mail");
    let enrolled = world.enrol(p, &world.agent).await;
    let code = fresh(world, &enrolled.app);
    let chosen = choose(p, &world.agent, &enrolled.token, OLD, (PASSWORD, &code)).await.unwrap();
    assert_eq!(chosen, Chosen::Now, "the first address counts at once");
    world.later(25 * 60);
    let token = session(world, p, &world.agent, &enrolled.app).await;
    (enrolled, token)
}

async fn address(p: &Platform, person: &Person) -> String {
    p.notification_preferences(&person.call()).await.unwrap().channels[0].address.clone()
}

/// Letters that tell of a change, by address.
fn told(world: &World) -> Vec<String> {
    let letters = world.postbox.carried().into_iter().filter(|letter| letter.subject == "通知地址即将变动");
    letters.map(|letter| letter.address).collect()
}

async fn sweep(p: &Platform) {
    p.deliver_due(&Call::system("test"), 4).await.unwrap();
}

async fn a08_a_new_address_takes_both_factors_and_a_day_and_the_old_one_is_told(world: &World) {
    let p = &world.strict();
    let agent = &world.agent;
    let (enrolled, token) = registered(world, p).await;
    refused(choose(p, agent, &token, NEW, ("not this one", "")).await, "account.wrong_password");
    refused(choose(p, agent, &token, NEW, (PASSWORD, "")).await, "sign_in.code");
    refused(choose(p, agent, &token, NEW, (PASSWORD, "000000")).await, "sign_in.code");
    let code = fresh(world, &enrolled.app);
    let due = match choose(p, agent, &token, NEW, (PASSWORD, &code)).await.unwrap() {
        Chosen::Later(due) => due,
        Chosen::Now => panic!("at once"),
    };
    assert_eq!(due.0 - p.clock.now().0, 24 * 3_600_000);
    refused(choose(p, agent, &token, NEW, (PASSWORD, &code)).await, "sign_in.code");
    assert_eq!(p.pending_addresses(&agent.call()).await.unwrap().unwrap().due, due);
    for _ in 0..2 {
        sweep(p).await;
    }
    assert_eq!((told(world), address(p, agent).await), (vec![OLD.to_owned()], OLD.to_owned()), "told once");
    world.later(24 * 60 - 1);
    sweep(p).await;
    assert_eq!(address(p, agent).await, OLD);
    world.later(1);
    // Two nodes at the same time.
    tokio::join!(sweep(p), sweep(p));
    assert_eq!(address(p, agent).await, NEW);
    assert_eq!(p.pending_addresses(&agent.call()).await.unwrap(), None);
    assert_eq!(told(world), [OLD]);
    let dump = world.database.dump(&["event", "stream", "address_changes", "address_notices"]).await;
    assert!(!dump.contains(OLD) && !dump.contains(NEW), "sealed");
}

async fn a08_the_owner_stops_a_new_address_in_time(world: &World) {
    let p = &world.strict();
    let agent = &world.agent;
    let (enrolled, token) = registered(world, p).await;
    let code = fresh(world, &enrolled.app);
    choose(p, agent, &token, NEW, (PASSWORD, &code)).await.unwrap();
    // Saving hours does not lose it, nor the notice.
    let by = Proving { face: face(agent), token: &token, proofs: ("", ""), source: "test" };
    let hours = Form { quiet_from: "22".into(), ..form(OLD) };
    assert_eq!(p.choose_own_notifications(&agent.call(), &hours, &by).await.unwrap(), Chosen::Now);
    sweep(p).await;
    assert_eq!(told(world), [OLD]);
    assert!(p.pending_addresses(&world.rival.call()).await.unwrap().is_none());
    refused(p.stop_addresses(&world.rival.call()).await, "address.none");
    sign_in_first(p.stop_addresses(&world.public()).await);
    let call = agent.call();
    let (one, two) = tokio::join!(p.stop_addresses(&call), p.stop_addresses(&call));
    assert!(one.is_ok() ^ two.is_ok());
    refused(p.stop_addresses(&call).await, "address.none");
    world.later(25 * 60);
    sweep(p).await;
    assert_eq!(address(p, agent).await, OLD, "the old one stays");
}

async fn a08_scripted_takeovers_of_an_address_are_all_refused(world: &World) {
    let p = &world.strict();
    let agent = &world.agent;
    let (enrolled, token) = registered(world, p).await;
    // A stolen session, without the password; with it, without the factor.
    refused(choose(p, agent, &token, NEW, ("", "")).await, "account.wrong_password");
    refused(choose(p, agent, &token, NEW, (PASSWORD, "123456")).await, "sign_in.code");
    // A session of somebody else; half a session; none.
    let rival = world.enrol(p, &world.rival).await;
    let code = fresh(world, &rival.app);
    not_there(choose(p, agent, &rival.token, NEW, (PASSWORD, &code)).await);
    let half = p.sign_in(&world.public(), face(agent), &agent.login, PASSWORD, "test").await.unwrap();
    assert_eq!(half.owed, Owed::Code);
    sign_in_first(choose(p, agent, &half.token, NEW, (PASSWORD, &code)).await);
    sign_in_first(choose(p, agent, "", NEW, (PASSWORD, &code)).await);
    // Password and stolen recovery codes.
    let recovered = p.prove_code(&world.public(), face(agent), &half.token, &enrolled.codes[0], "test").await.unwrap();
    refused(choose(p, agent, &recovered.token, NEW, (PASSWORD, &enrolled.codes[1])).await, "address.recovery");
    // A factor of the own, enrolled by recovery or after a reset by deceived administrators, is too young.
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    p.propose_factor_reset(&system.call(), agent.account(), "来电称手机丢失").await.unwrap();
    p.confirm_factor_reset(&security.call(), agent.account()).await.unwrap();
    let thief = world.enrol(p, agent).await;
    let code = fresh(world, &thief.app);
    refused(choose(p, agent, &thief.token, NEW, (PASSWORD, &code)).await, "address.young");
    sweep(p).await;
    world.later(20 * 60);
    sweep(p).await;
    assert_eq!(address(p, agent).await, OLD);
    assert_eq!(p.pending_addresses(&agent.call()).await.unwrap(), None);
}

async fn a08_an_address_taken_away_is_told_and_opens_no_way_round(world: &World) {
    let p = &world.strict();
    let agent = &world.agent;
    let (enrolled, token) = registered(world, p).await;
    refused(choose(p, agent, &token, "", (PASSWORD, "")).await, "sign_in.code");
    let code = fresh(world, &enrolled.app);
    assert_eq!(choose(p, agent, &token, "", (PASSWORD, &code)).await.unwrap(), Chosen::Now, "consent ends at once");
    assert_eq!(address(p, agent).await, "");
    // Another one at once after it waits like any other, and the one that left is told.
    let code = fresh(world, &enrolled.app);
    assert!(matches!(choose(p, agent, &token, NEW, (PASSWORD, &code)).await.unwrap(), Chosen::Later(_)));
    assert_eq!(address(p, agent).await, "");
    sweep(p).await;
    assert_eq!(told(world), [OLD]);
    world.later(24 * 60);
    sweep(p).await;
    assert_eq!((address(p, agent).await, told(world).len()), (NEW.to_owned(), 1));
}

async fn a08_what_is_no_address_needs_no_proof_and_no_day(world: &World) {
    let p = &world.strict();
    let agent = &world.agent;
    let (_, token) = registered(world, p).await;
    assert_eq!(choose(p, agent, &token, OLD, ("", "")).await.unwrap(), Chosen::Now, "the same address");
    let mut quiet = form(OLD);
    quiet.channels.insert("mail".into(), (OLD.into(), false));
    let by = Proving { face: face(agent), token: &token, proofs: ("", ""), source: "test" };
    assert_eq!(p.choose_own_notifications(&agent.call(), &quiet, &by).await.unwrap(), Chosen::Now);
    sweep(p).await;
    assert!(told(world).is_empty());
    // Without a second factor, where it is only offered, the password alone is asked for.
    let offered = world.with_settings(|settings| settings.sign_in.address_hours = 24);
    let rival = &world.rival;
    let session = offered.sign_in(&world.public(), face(rival), &rival.login, PASSWORD, "test").await.unwrap();
    refused(choose(&offered, rival, &session.token, OLD, ("", "")).await, "account.wrong_password");
    choose(&offered, rival, &session.token, OLD, (PASSWORD, "")).await.unwrap();
}
