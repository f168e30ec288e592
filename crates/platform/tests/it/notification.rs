//! 通知: what is said reaches a person by the channels they chose, once, with its result on both timelines (办法第十四条;
//! 行政许可法第三十二、三十八、四十四条).

use domain::{
    Moment,
    account::Role,
    ids::CaseId,
    notification::{DeliveryState, Form},
};
use jiff::civil::date;
use platform::{Call, notification::Delivered, ports::Undelivered};
use std::collections::BTreeMap;
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
    patiently,
};

both_engines! {
    art14_what_is_said_goes_out_once_to_whoever_registered_an_address,
    art14_a_result_stands_on_both_timelines_in_the_message_centre_and_at_the_case,
    art44_what_the_law_prescribes_goes_out_though_reminders_are_off,
    several_nodes_sweep_at_once_and_send_once,
    a_failure_for_a_while_is_tried_again_a_refusal_for_good_is_not,
    a_node_that_died_with_a_lease_leaves_the_letter_to_the_next,
    quiet_hours_put_a_letter_off_until_they_end,
    a_digest_carries_the_reminders_of_a_day_in_one_letter,
    art15_officers_get_the_prompts_of_their_posts,
    p05_an_address_is_sealed_erased_when_it_changes_and_taken_back_at_any_time,
    a_closed_channel_and_an_old_message_queue_nothing,
    s05_preferences_are_ones_own_and_only_the_platform_sends,
}

fn form(mail: &str, reminders: bool) -> Form {
    Form {
        channels: BTreeMap::from([("mail".to_owned(), (mail.to_owned(), reminders))]),
        quiet_from: "21".into(),
        quiet_to: "8".into(),
        digest: String::new(),
    }
}

const MAIL: &str = "li.si@example.com";

async fn choose(world: &World, person: &Person, form: &Form) {
    world.platform.choose_notifications(&person.call(), form).await.unwrap();
}

/// The agent of 甲公司 has registered an address; everything said so far has been looked at.
async fn ready(world: &World, reminders: bool) {
    world.postbox.open("mail");
    choose(world, &world.agent, &form(MAIL, reminders)).await;
    deliver(world).await;
}

async fn deliver(world: &World) -> Delivered {
    settled(world).await;
    let done = world.platform.deliver_due(&Call::system("test"), 4).await.unwrap();
    assert_eq!(done.faults, 0);
    done
}

/// Queues until everything was seen.
async fn settled(world: &World) {
    patiently("the follower sees everything", async || {
        let sql = "SELECT (SELECT COALESCE(MAX(seq), 0) FROM event) AS newest, seq FROM followers WHERE name = 'notification'";
        let row = world.platform.store.query_one(sql, []).await.unwrap().unwrap();
        let (newest, seen): (i64, i64) = (row.try_get("", "newest").unwrap(), row.try_get("", "seq").unwrap());
        if newest == seen {
            return Some(());
        }
        world.platform.queue_notifications(&Call::system("test")).await.unwrap();
        None
    })
    .await;
}

async fn execute(world: &World, sql: &'static str) {
    let mut unit = ledger::Unit::new();
    unit.row(ledger::Row::new(sql, []));
    world.platform.store.commit(unit).await.unwrap();
}

fn titles(world: &World) -> Vec<String> {
    world.postbox.carried().into_iter().map(|letter| letter.subject).collect()
}

async fn received(world: &World) -> (Person, CaseId) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    (officer, case)
}

fn temporary() -> Undelivered {
    Undelivered { reason: "邮件服务器暂时不能接收。".into(), permanent: false }
}

async fn art14_what_is_said_goes_out_once_to_whoever_registered_an_address(world: &World) {
    ready(world, true).await;
    let (_, case) = received(world).await;
    let done = deliver(world).await;
    assert_eq!((done.sent, done.failed), (2, 0));
    let carried = world.postbox.carried();
    let mut titles = titles(world);
    titles.sort_unstable();
    assert_eq!(titles, ["申请已收件", "项目已取得代码"]);
    let letter = carried.iter().find(|letter| letter.subject == "申请已收件").unwrap();
    assert_eq!((letter.address.as_str(), letter.channel.as_str()), (MAIL, "mail"));
    assert!(letter.text.contains(&format!("https://tzxm.example/cases/{case}")), "{}", letter.text);
    assert!(letter.id.starts_with(&format!("case-{case}-")), "{}", letter.id);
    assert_eq!(deliver(world).await, Delivered::default(), "a second pass has nothing left");
    assert_eq!(world.postbox.tried(), 2);
    let reset = "UPDATE followers SET tx = '0', seq = 0 WHERE name = 'notification'";
    execute(world, reset).await;
    assert_eq!(deliver(world).await, Delivered::default(), "not even when the follower begins anew");
}

async fn art14_a_result_stands_on_both_timelines_in_the_message_centre_and_at_the_case(world: &World) {
    ready(world, true).await;
    let (officer, case) = received(world).await;
    settled(world).await;
    let said = world.platform.clock.now();
    world.postbox.answer(Ok(Moment(said.0 + 60_000)));
    world.postbox.answer(Ok(Moment(said.0 + 60_000)));
    world.later(5);
    deliver(world).await;
    let p = &world.platform;
    let messages = p.messages(&world.agent.call(), None, 10).await.unwrap();
    let results = p.deliveries_of_messages(&world.agent.call(), &messages).await.unwrap();
    let receipt = messages.iter().find(|m| m.title == "申请已收件").unwrap();
    let result = &results[receipt.id.as_str()][0];
    assert_eq!((result.channel.as_str(), result.state, result.statutory), ("电子邮件", DeliveryState::Sent, true));
    let (happened, learnt) = (result.happened_at.unwrap(), result.recorded_at.unwrap());
    assert_eq!((happened.0 - said.0, learnt.0 - said.0), (60_000, 300_000));
    let at_case = p.deliveries_of_case(&officer.call(), &case).await.unwrap();
    assert_eq!(at_case.len(), 1);
    assert_eq!((at_case[0].happened_at, at_case[0].recorded_at), (Some(happened), Some(learnt)));
    let stream = format!("notification:{}-mail-{}", receipt.id.as_str(), world.agent.account());
    let events = p.store.events(&stream).await.unwrap();
    assert_eq!((events[1].kind.as_str(), events[1].actor.as_str()), ("NotificationSent", "system"));
    assert_eq!((events[1].at, events[1].recorded_at), (happened.0, learnt.0));
    // Others: a stranger sees no result of it, another organ not even the case.
    assert!(p.deliveries_of_messages(&world.rival.call(), &messages).await.unwrap().is_empty());
    not_there(p.deliveries_of_case(&world.rival.call(), &case).await);
    not_there(p.deliveries_of_case(&world.agent.call(), &CaseId("c-none".into())).await);
    sign_in_first(p.deliveries_of_case(&world.public(), &case).await);
}

async fn art44_what_the_law_prescribes_goes_out_though_reminders_are_off(world: &World) {
    ready(world, false).await;
    received(world).await;
    deliver(world).await;
    assert_eq!(titles(world), ["申请已收件"], "the code is a reminder, the receipt is the law's");
}

async fn several_nodes_sweep_at_once_and_send_once(world: &World) {
    ready(world, true).await;
    received(world).await;
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let platform = world.platform.clone();
            tokio::spawn(async move { platform.deliver_due(&Call::system("node"), 2).await.unwrap() })
        })
        .collect();
    let mut sent = 0;
    for node in nodes {
        let done = node.await.unwrap();
        assert_eq!(done.faults, 0);
        sent += done.sent;
    }
    sent += deliver(world).await.sent;
    assert_eq!((sent, world.postbox.tried()), (2, 2));
}

async fn a_failure_for_a_while_is_tried_again_a_refusal_for_good_is_not(world: &World) {
    ready(world, false).await;
    let (officer, case) = received(world).await;
    world.postbox.answer(Err(temporary()));
    assert_eq!(deliver(world).await.failed, 1);
    assert_eq!(deliver(world).await, Delivered::default(), "not before its time");
    let result = world.platform.deliveries_of_case(&officer.call(), &case).await.unwrap();
    assert_eq!((result[0].state, result[0].failures), (DeliveryState::Waiting, 1));
    assert_eq!(result[0].reason, "邮件服务器暂时不能接收。");
    world.later(1);
    assert_eq!(deliver(world).await.sent, 1);
    world.accept(&officer, &case).await;
    world.postbox.answer(Err(Undelivered { reason: "收件人地址不存在。".into(), permanent: true }));
    assert_eq!(deliver(world).await.given_up, 1);
    world.later(24 * 60);
    assert_eq!(deliver(world).await, Delivered::default());
    let result = world.platform.deliveries_of_case(&officer.call(), &case).await.unwrap();
    assert_eq!((result[0].state, result[0].reason.as_str()), (DeliveryState::GivenUp, "收件人地址不存在。"));
}

async fn a_node_that_died_with_a_lease_leaves_the_letter_to_the_next(world: &World) {
    ready(world, false).await;
    received(world).await;
    settled(world).await;
    let taken = "UPDATE deliveries SET lease = at + 300000 WHERE state = 'waiting'";
    execute(world, taken).await;
    assert_eq!(deliver(world).await, Delivered::default(), "another node has it");
    world.later(6);
    assert_eq!(deliver(world).await.sent, 1);
}

async fn quiet_hours_put_a_letter_off_until_they_end(world: &World) {
    ready(world, false).await;
    world.clock.set(Moment::at(date(2026, 3, 2), 22, 0));
    received(world).await;
    let done = deliver(world).await;
    assert_eq!((done.sent, world.postbox.tried()), (0, 0));
    world.clock.set(Moment::at(date(2026, 3, 3), 7, 59));
    assert_eq!(deliver(world).await.sent, 0);
    world.clock.set(Moment::at(date(2026, 3, 3), 8, 0));
    assert_eq!(deliver(world).await.sent, 1);
}

async fn a_digest_carries_the_reminders_of_a_day_in_one_letter(world: &World) {
    world.postbox.open("mail");
    choose(world, &world.agent, &Form { digest: "18".into(), ..form(MAIL, true) }).await;
    deliver(world).await;
    received(world).await;
    received(world).await;
    assert_eq!(deliver(world).await.sent, 2, "the two receipts go out at once");
    world.clock.set(Moment::at(date(2026, 3, 2), 18, 0));
    world.postbox.answer(Err(temporary()));
    assert_eq!(deliver(world).await.failed, 2);
    world.later(1);
    assert_eq!(deliver(world).await.sent, 2);
    let carried = world.postbox.carried();
    assert_eq!(carried.len(), 3, "two reminders in one letter");
    assert!(carried[2].subject.contains("2 条") && carried[2].text.matches("项目已取得代码").count() == 2);
}

async fn art15_officers_get_the_prompts_of_their_posts(world: &World) {
    world.postbox.open("mail");
    let (officer, _) = received(world).await;
    let elsewhere = world.all_hands("ecology", "150402").await;
    let supervisor = world.supervisor().await;
    for (person, mail) in [(&officer, "o@example.com"), (&elsewhere, "e@example.com"), (&supervisor, "s@example.com")] {
        choose(world, person, &form(mail, true)).await;
    }
    world.set_day(date(2026, 3, 10));
    let swept = world.platform.sweep_deadlines(&Call::system("test"), 1).await.unwrap();
    assert_eq!(swept.deemed, 1);
    deliver(world).await;
    let carried = world.postbox.carried();
    let mut to: Vec<_> = carried.iter().map(|letter| letter.address.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!(to, ["o@example.com", "s@example.com"]);
    let mine: Vec<_> = carried.iter().filter(|letter| letter.address == "o@example.com").collect();
    let mut ids: Vec<_> = mine.iter().map(|letter| &letter.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), mine.len(), "several posts of one person are told once");
    assert!(mine[0].text.contains("http://127.0.0.1:8081/cases/"), "{}", mine[0].text);
}

async fn p05_an_address_is_sealed_erased_when_it_changes_and_taken_back_at_any_time(world: &World) {
    ready(world, true).await;
    let p = &world.platform;
    let stream = format!("preferences:{}", world.agent.account());
    let events = p.store.events(&stream).await.unwrap();
    assert!(!events[0].data.contains("example.com") && events[0].commitment.is_some());
    let page = p.notification_preferences(&world.agent.call()).await.unwrap();
    assert_eq!(page.channels[0].address, MAIL);
    choose(world, &world.agent, &form("new@example.com", true)).await;
    let old = p.store.secret(&stream, 1, "address_mail", &p.sealer).await.unwrap();
    assert_eq!(old, None, "the address before is erased");
    received(world).await;
    settled(world).await;
    choose(world, &world.agent, &form("", true)).await;
    let done = deliver(world).await;
    assert_eq!((done.sent, done.given_up, world.postbox.tried()), (0, 2, 0), "queued, then taken back");
    let page = p.notification_preferences(&world.agent.call()).await.unwrap();
    assert_eq!(page.channels[0].address, "");
}

async fn a_closed_channel_and_an_old_message_queue_nothing(world: &World) {
    choose(world, &world.agent, &form(MAIL, true)).await;
    received(world).await;
    assert_eq!(deliver(world).await, Delivered::default(), "no channel is open");
    world.postbox.open("mail");
    let (_, _) = received(world).await;
    world.set_day(date(2026, 3, 9));
    assert_eq!(deliver(world).await, Delivered::default(), "it stands in the message centre since a week");
}

async fn s05_preferences_are_ones_own_and_only_the_platform_sends(world: &World) {
    let p = &world.platform;
    let officer = world.officer("water", "150402", &[Role::SystemAdministrator]).await;
    for person in [&world.agent, &officer] {
        forbidden(p.deliver_due(&person.call(), 1).await);
        forbidden(p.queue_notifications(&person.call()).await);
        let page = p.notification_preferences(&person.call()).await.unwrap();
        assert!(!page.chosen && page.channels.iter().all(|channel| !channel.open && channel.address.is_empty()));
    }
    sign_in_first(p.notification_preferences(&world.public()).await);
    sign_in_first(p.choose_notifications(&world.public(), &form(MAIL, true)).await);
    refused(p.choose_notifications(&world.agent.call(), &form("no mail", true)).await, "notification.mail");
    choose(world, &world.agent, &form(MAIL, true)).await;
    let rival = p.notification_preferences(&world.rival.call()).await.unwrap();
    assert_eq!(rival.channels[0].address, "");
    // The same form sent twice is one choice; two at the same time are both taken, one after the other.
    for _ in 0..2 {
        p.choose_notifications(&world.rival.once("key"), &form(MAIL, true)).await.unwrap();
    }
    let stream = format!("preferences:{}", world.rival.account());
    assert_eq!(p.store.events(&stream).await.unwrap().len(), 1);
    let (call, one, two) = (world.rival.call(), form("a@example.com", true), form("b@example.com", false));
    let (first, second) = tokio::join!(p.choose_notifications(&call, &one), p.choose_notifications(&call, &two));
    first.unwrap();
    second.unwrap();
    assert_eq!(p.store.events(&stream).await.unwrap().len(), 3);
}
