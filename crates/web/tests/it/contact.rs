//! 联系信息 (S-34): masked for everybody in the office, shown in full to whoever may and says why, with the reason in the audit.

use axum::http::StatusCode;
use domain::account::Role;
use testkit::{Client, World, answers, both_engines};

both_engines! { s34_contact_data_is_masked_until_a_reason_is_given }

async fn s34_contact_data_is_masked_until_a_reason_is_given(world: &World) {
    let project = world.declare(&world.agent, &answers::record_filing()).await;
    let page = format!("/projects/{project}");
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let mut browser = Client::office(world).signed_in(world, &officer).await;
    let (name, mobile) = (answers::CONTACT_NAME, answers::CONTACT_MOBILE);
    let hidden = format!("{}****{}", &mobile[..3], &mobile[7..]);
    let shown = browser.get(&page).await.text();
    assert!(shown.contains(&hidden) && !shown.contains(mobile) && !shown.contains(name), "masked by default");
    for reason in ["", "看看", &"长".repeat(101)] {
        let refused = browser.post(&format!("{page}/contact"), &[("reason", reason)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(&hidden) && !refused.text().contains(mobile));
    }
    let full = browser.post(&format!("{page}/contact"), &[("reason", "电话告知补正内容")]).await;
    assert_eq!(full.status, StatusCode::OK);
    assert!(full.text().contains(mobile) && full.text().contains(name));
    let sql = "SELECT actor, object, outcome, reason FROM audit_entry WHERE request = $1";
    let row = world.platform.store.query_one(sql, [full.header("x-request-id").into()]).await.unwrap().unwrap();
    let text = |column: &str| row.try_get::<String>("", column).unwrap();
    assert_eq!((text("actor"), text("outcome")), (officer.account().to_string(), "done".to_owned()));
    assert_eq!((text("object"), text("reason")), (format!("project:{project}"), "电话告知补正内容".to_owned()));
    assert!(!browser.get(&page).await.text().contains(mobile), "shown once");
    let reader = world.officer("water", "150402", &[Role::Reviewer]).await;
    let mut other = Client::office(world).signed_in(world, &reader).await;
    assert!(!other.get(&page).await.text().contains("查看完整信息"));
    let denied = other.post(&format!("{page}/contact"), &[("reason", "电话告知补正内容")]).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let stranger = world.officer("water", "150502", &[Role::Receptionist]).await;
    let mut stranger = Client::office(world).signed_in(world, &stranger).await;
    let gone = stranger.post(&format!("{page}/contact"), &[("reason", "电话告知补正内容")]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
