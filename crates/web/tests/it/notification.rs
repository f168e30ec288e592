//! 通知, page by page: what a person chooses, and what became of what was sent (办法第十四条; 行政许可法第四十四条).

use axum::http::StatusCode;
use platform::Call;
use testkit::{Client, World, both_engines};

both_engines!(
    art14_an_agent_chooses_and_sees_both_times_of_each_result,
    art44_the_letters_of_the_law_are_shown_as_fixed_and_a_closed_channel_as_closed,
    what_is_typed_stays_when_it_is_refused,
    an_officer_chooses_for_the_own_account,
);

/// What the form of preferences sends.
fn form(mail: &str) -> Vec<(&str, &str)> {
    vec![("mail", mail), ("reminders_mail", "yes"), ("quiet_from", "21"), ("quiet_to", "8"), ("digest", "none")]
}

async fn delivered(world: &World, wanted: u64) {
    let mut sent = 0;
    testkit::patiently("the letters go out", async || {
        sent += world.platform.deliver_due(&Call::system("test"), 2).await.unwrap().sent;
        (sent >= wanted).then_some(())
    })
    .await;
}

async fn art14_an_agent_chooses_and_sees_both_times_of_each_result(world: &World) {
    world.postbox.open("mail");
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(agent.get("/messages").await.text().contains("href=\"/notifications\""));
    let saved = agent.post("/notifications", &form("li.si@example.com")).await;
    assert_eq!(saved.location(), "/notifications?done=saved");
    let page = agent.get(saved.location()).await.text();
    assert!(page.contains("通知设置已保存") && page.contains("value=\"li.si@example.com\""));
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    delivered(world, 2).await;
    let list = agent.get("/messages").await.text();
    assert!(list.contains("其他渠道的发送结果") && list.contains("电子邮件") && list.contains("已发送"));
    assert!(
        list.contains("data-label=\"发送时间\">2026-03-02 09:00")
            && list.contains("data-label=\"登记时间\">2026-03-02 09:00")
    );
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    let shown = desk.get(&format!("/cases/{case}")).await.text();
    assert!(shown.contains("通知发送结果") && shown.contains("申请已收件") && shown.contains("法定告知"));
    assert!(!shown.contains("li.si@example.com"), "an address is its owner's");
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert!(!rival.get("/notifications").await.text().contains("li.si@example.com"));
}

async fn art44_the_letters_of_the_law_are_shown_as_fixed_and_a_closed_channel_as_closed(world: &World) {
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    let page = agent.get("/notifications").await.text();
    assert!(page.contains("一次性补正告知") && page.contains("行政许可法第三十二条") && page.contains("固定发送"));
    assert_eq!(page.matches("未开通").count(), 3, "mail, short message, messenger");
    assert!(!page.contains("name=\"mail\""), "nothing is asked for that cannot be used");
    world.postbox.open("sms");
    let page = agent.get("/notifications").await.text();
    assert!(page.contains("name=\"sms\"") && page.matches("未开通").count() == 2);
}

async fn what_is_typed_stays_when_it_is_refused(world: &World) {
    world.postbox.open("mail");
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    let mut wrong = form("li.si@example");
    wrong.retain(|(name, _)| *name != "digest");
    wrong.push(("digest", "22"));
    let refused = agent.post("/notifications", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text();
    assert!(page.contains("value=\"li.si@example\"") && page.contains("请填写完整的电子邮件地址"));
    assert!(page.contains("免打扰时段之内") && page.contains("value=\"22\" selected"));
}

async fn an_officer_chooses_for_the_own_account(world: &World) {
    world.postbox.open("mail");
    let officer = world.all_hands("water", "150402").await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    assert!(desk.get("/prompts").await.text().contains("href=\"/notifications\""));
    let saved = desk.post("/notifications", &form("zhang.san@example.com")).await;
    assert_eq!(saved.location(), "/notifications?done=saved");
    assert!(desk.get("/notifications").await.text().contains("value=\"zhang.san@example.com\""));
    let other = world.all_hands("ecology", "150402").await;
    let mut elsewhere = Client::office(world).signed_in(world, &other).await;
    assert!(!elsewhere.get("/notifications").await.text().contains("zhang.san@example.com"));
}
