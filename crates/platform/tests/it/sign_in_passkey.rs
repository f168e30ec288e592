//! 登录：通行密钥, as far as it goes without a browser: what is asked for, and what is refused. The whole of it walks through
//! Chromium's virtual authenticator in `e2e/keys.test.mjs` (S-04).

use domain::account::factor::Purpose;
use platform::{
    Parts, Platform, Settings,
    account::{Face, Owed},
};
use std::sync::Arc;
use testkit::{
    PASSWORD, World, both_engines,
    outcome::{not_there, refused, sign_in_first},
};

both_engines! {
    s04_a_passkey_is_asked_for_with_a_fresh_challenge_and_nonsense_registers_nothing,
    s04_where_there_is_no_passkey_none_is_asked_for_and_no_answer_counts,
    s04_at_a_bare_address_passkeys_are_not_offered,
}

async fn s04_a_passkey_is_asked_for_with_a_fresh_challenge_and_nonsense_registers_nothing(world: &World) {
    let p = &world.strict();
    let call = world.public();
    let half = p.sign_in(&call, Face::Portal, &world.agent.login, PASSWORD, "test").await.unwrap();
    assert_eq!(half.owed, Owed::Enrolment);
    let confirm = async |name: &str, answer: &str| {
        p.confirm_passkey(&call, Face::Portal, &half.token, (name, answer), "test").await
    };
    refused(confirm("我的电脑", "{}").await, "passkey.no_challenge");
    let mut seen = Vec::new();
    for _ in 0..2 {
        p.begin_passkey(&call, Face::Portal, &half.token, ("", ""), "test").await.unwrap();
        let options = p.factor_page(&call, Face::Portal, &half.token).await.unwrap().new_passkey.unwrap();
        let options: serde_json::Value = serde_json::from_str(&options).unwrap();
        let options = &options["publicKey"];
        assert_eq!(options["rp"]["id"], "tzxm.example", "{options}");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert!(!options["user"]["id"].as_str().unwrap().contains(world.agent.account().as_str()));
        seen.push(options["challenge"].as_str().unwrap().to_owned());
    }
    assert_ne!(seen[0], seen[1]);
    refused(confirm("", "{}").await, "text.required");
    refused(confirm("我的电脑", "{}").await, "passkey.first");
    refused(confirm("我的电脑", "nonsense").await, "passkey.first");
    // One enrolment at a time: the app takes its place.
    p.begin_factor(&call, Face::Portal, &half.token, ("", ""), "test").await.unwrap();
    refused(confirm("我的电脑", "{}").await, "passkey.no_challenge");
    p.begin_passkey(&call, Face::Portal, &half.token, ("", ""), "test").await.unwrap();
    let page = p.factor_page(&call, Face::Portal, &half.token).await.unwrap();
    assert!(page.enrolling.is_none() && page.new_passkey.is_some());
    p.cancel_enrolment(&call, Face::Portal, &half.token).await.unwrap();
    assert!(p.factor_page(&call, Face::Portal, &half.token).await.unwrap().new_passkey.is_none());
    world.later(20);
    p.session(Face::Portal, &half.token).await.unwrap().unwrap();
}

async fn s04_where_there_is_no_passkey_none_is_asked_for_and_no_answer_counts(world: &World) {
    let p = &world.strict();
    let call = world.public();
    let enrolled = world.enrol(p, &world.agent).await;
    let half = p.sign_in(&call, Face::Portal, &world.agent.login, PASSWORD, "test").await.unwrap().token;
    not_there(p.ask_passkey(&call, Face::Portal, &half, Purpose::SignIn).await);
    not_there(p.ask_passkey(&call, Face::Portal, &enrolled.token, Purpose::Change).await);
    sign_in_first(p.ask_passkey(&call, Face::Portal, &half, Purpose::Change).await);
    sign_in_first(p.ask_passkey(&call, Face::Portal, &enrolled.token, Purpose::SignIn).await);
    refused(p.prove_code(&call, Face::Portal, &half, "{\"id\":\"x\"}", "test").await, "passkey.no_challenge");
}

async fn s04_at_a_bare_address_passkeys_are_not_offered(world: &World) {
    let settings = Settings { portal_url: "https://10.1.2.3".into(), ..(*world.platform.settings).clone() };
    let p = &Platform::new(Parts { settings: Arc::new(settings), ..(*world.platform).clone() });
    assert_eq!(p.passkey_origin(Face::Portal), None);
    assert!(p.passkey_origin(Face::Office).is_some());
    let call = world.public();
    let token = p.sign_in(&call, Face::Portal, &world.agent.login, PASSWORD, "test").await.unwrap().token;
    refused(p.begin_passkey(&call, Face::Portal, &token, (PASSWORD, ""), "test").await, "passkey.address");
}
