//! Whether an account exists is told neither by an answer nor by the work it takes (ASVS 6.3.8; A-27). Work is counted, not timed: a clock
//! would make this test lie on a busy machine. The real time is measured by `make security`.

use domain::Refusal;
use ledger::Counters;
use platform::{Failure, account::Face};
use std::{collections::BTreeMap, net::Ipv4Addr};
use testkit::{PASSWORD, World, both_engines};

both_engines! {
    a27_ten_thousand_wrong_sign_ins_cost_the_same_whether_the_account_exists,
    a27_secrets_that_never_were_and_secrets_that_were_used_answer_alike,
}

/// All that an attempt costs: statements, commits, hashes, and the texts of what it wrote with the kinds of their values.
type Work = (u64, u64, u64, Vec<(&'static str, Vec<String>)>);
/// What is answered: codes and words.
type Shape = Vec<(String, Option<String>, String)>;

fn shape(failure: Failure) -> Shape {
    let Failure::Refused(refusals) = failure else { panic!("{failure:?}") };
    refusals.into_iter().map(|Refusal { code, field, message, .. }| (code.to_string(), field, message)).collect()
}

/// A value's kind and length: what it weighs.
fn weight(value: &ledger::Value) -> String {
    match value {
        ledger::Value::String(Some(text)) => format!("text {}", if text.len() > 20 { "id" } else { "word" }),
        ledger::Value::BigInt(_) => "number".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Counts what one attempt costs and answers.
async fn attempt(world: &World, face: Face, login: &str, source: &str) -> (Work, Shape) {
    let p = &world.platform;
    let (before, hashed) = (p.store.counters(), p.passwords_hashed());
    p.store.take_trace();
    let refused = p.sign_in(&world.public(), face, login, "A wrong 2026 password", source).await.unwrap_err();
    let Counters { commits, statements, .. } = p.store.counters();
    let written = p.store.take_trace().concat();
    // The account of a line of history is an id, or nobody's empty one.
    let weighed = |(text, values): (&'static str, Vec<ledger::Value>)| {
        let history = text.starts_with("INSERT INTO sign_ins");
        (
            text,
            values
                .iter()
                .enumerate()
                .map(|(at, v)| if history && at == 1 { "account".to_owned() } else { weight(v) })
                .collect::<Vec<_>>(),
        )
    };
    let written = written.into_iter().map(weighed).collect();
    ((statements - before.statements, commits - before.commits, p.passwords_hashed() - hashed, written), shape(refused))
}

/// How often each kind of work and answer was seen.
async fn seen(world: &World, face: Face, logins: &[String], samples: usize, net: u8) -> BTreeMap<(Work, Shape), usize> {
    let mut seen = BTreeMap::new();
    for sample in 0..samples {
        let at = u16::try_from(sample).unwrap().to_be_bytes();
        // A source of its own for each attempt: nobody has to wait for the counters.
        let source = Ipv4Addr::new(10, net, at[0], at[1]).to_string();
        *seen.entry(attempt(world, face, &logins[sample % logins.len()], &source).await).or_insert(0) += 1;
    }
    seen
}

async fn a27_ten_thousand_wrong_sign_ins_cost_the_same_whether_the_account_exists(world: &World) {
    // Ten thousand of each on the engine without a network between: the count is the same for every one of them.
    let samples: usize = if world.database.file().is_some() { 10_000 } else { 300 };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..samples.div_ceil(60) {
        let person = world.unit(&format!("企业{n}")).await;
        unknown.push(person.login.replace("agent", "ghost"));
        known.push(person.login);
    }
    world.platform.store.start_trace();
    let (first, second) =
        (seen(world, Face::Portal, &known, samples, 1).await, seen(world, Face::Portal, &unknown, samples, 2).await);
    assert_eq!(first, second, "work and answers of known and unknown names");
    assert_eq!(first.len(), 1, "one kind of work, one answer: {first:#?}");
    let ((_, commits, hashes, written), answer) = first.keys().next().unwrap();
    assert_eq!((*commits, *hashes, written.len(), answer.len()), (1, 1, 4, 1));
    assert_eq!(first.values().sum::<usize>(), samples);
    // An account that may not sign in is no other case.
    let officer = world.officer("water", "150402", &[domain::account::Role::Receptionist]).await;
    let absent = attempt(world, Face::Office, "nobody.here", "10.3.0.1").await;
    assert_eq!(attempt(world, Face::Office, &officer.login, "10.3.0.2").await, absent);
    assert_eq!(attempt(world, Face::Office, &known[0], "10.3.0.3").await, absent, "an account of the other face");
    // And the right password opens, so that the test is about something.
    world.platform.sign_in(&world.public(), Face::Portal, &known[0], PASSWORD, "10.4.0.1").await.unwrap();
}

async fn a27_secrets_that_never_were_and_secrets_that_were_used_answer_alike(world: &World) {
    let p = &world.platform;
    let system = world.officer("development_reform", "150400", &[domain::account::Role::SystemAdministrator]).await;
    let form = platform::account::OpenAccount {
        login: "new.officer".into(),
        name: "新同志".into(),
        agency: domain::department::Agency::parse("water-150402").unwrap(),
    };
    let (_, secret) = p.open_account(&system.call(), &form).await.unwrap();
    p.use_setup_secret(&world.public(), &secret, "Grassland 2026 Wind").await.unwrap();
    let tried = async |secret: &str| {
        let (before, hashed) = (p.store.counters(), p.passwords_hashed());
        let failure = p.use_setup_secret(&world.public(), secret, "Grassland 2026 Wind").await.unwrap_err();
        let after = p.store.counters();
        (
            after.statements - before.statements,
            after.commits - before.commits,
            p.passwords_hashed() - hashed,
            shape(failure),
        )
    };
    let used = tried(&secret).await;
    for other in ["", "00", &"f".repeat(40), &secret.to_uppercase().replace('0', "1")] {
        assert_eq!(tried(other).await, used, "{other}");
    }
}
