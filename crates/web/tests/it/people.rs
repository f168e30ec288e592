//! 机构人员: accounts, posts given by two and ended by one, page by page.

use axum::http::StatusCode;
use domain::{account::Role, ids::AccountId};
use testkit::{Answer, Client, Person, World, both_engines};

both_engines! {
    s06_an_account_is_opened_and_its_secret_shown_once,
    s08_two_security_administrators_give_a_post_page_by_page,
    s09_an_ended_post_is_gone_for_the_open_session,
    s37_others_see_no_more_than_their_organ,
    s25_a_changed_row_stands_on_the_page_of_the_security_administrator,
    s25_what_was_restored_stands_on_a_page_of_its_own,
}

async fn security(world: &World) -> Person {
    world.officer("information_centre", "150000", &[Role::SecurityAdministrator]).await
}

async fn desk(world: &World, person: &Person) -> Client {
    Client::office(world).signed_in(world, person).await
}

/// The form of a proposal, as a page sends it.
fn wish(role: &'static str) -> [(&'static str, &'static str); 6] {
    [
        ("region", "150402"),
        ("department", "water"),
        ("role", role),
        ("from", "2026-03-02"),
        ("to", "2026-12-31"),
        ("reason", "任命〔2026〕1号"),
    ]
}

/// Id of the person an answer leads to.
fn led_to(answer: &Answer) -> AccountId {
    let id = answer.location().strip_prefix("/people/").unwrap_or_default();
    AccountId::parse(id.split('?').next().unwrap_or_default()).unwrap()
}

async fn s06_an_account_is_opened_and_its_secret_shown_once(world: &World) {
    let system = world.officer("information_centre", "150000", &[Role::SystemAdministrator]).await;
    let mut browser = desk(world, &system).await;
    assert_eq!(browser.get("/").await.location(), "/organs");
    let tree = browser.get("/organs?region=150402").await.text();
    for words in ["综合管理部门", "应用管理部门", "建设运维部门", "办法第九条", "/organs/water-150402"]
    {
        assert!(tree.contains(words), "{words}");
    }
    let empty = browser.get("/organs/water-150402").await.text();
    assert!(empty.contains("还没有工作人员") && empty.contains("开设账号"));
    let wrong = browser.post("/organs/water-150402/open", &[("person", "王"), ("login", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("请填写姓名") && wrong.text().contains("value=\"王\""), "nothing typed is lost");
    let form = [("person", "王小明"), ("login", "wang.xm"), ("_once", "k1")];
    let slip = browser.post("/organs/water-150402/open", &form).await;
    assert_eq!(slip.status, StatusCode::OK);
    let text = slip.text();
    let secret = text.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(secret.len() == 40 && text.contains("王小明") && text.contains("/setup"));
    let again = browser.post("/organs/water-150402/open", &form).await;
    let id = led_to(&again);
    let person = browser.get(&format!("/people/{id}")).await.text();
    assert!(!person.contains(&secret) && person.contains("没有设置密码") && person.contains("没有岗位"));
    let renewed = browser.post(&format!("/people/{id}/secret"), &[]).await.text();
    let second = renewed.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_ne!(secret, second);
    let password = "Grassland Moon 77";
    let mut newcomer = Client::office(world);
    let old = newcomer.post("/setup", &[("secret", &secret), ("password", password), ("again", password)]).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY, "the first secret ended");
    let set = newcomer.post("/setup", &[("secret", &second), ("password", password), ("again", password)]).await;
    assert_eq!(set.location(), "/login?said=set");
    newcomer.post("/login", &[("login", "wang.xm"), ("password", password)]).await;
    assert_eq!(newcomer.get("/").await.location(), "/help#posts", "no post, no business");
    assert_eq!(newcomer.get("/cases").await.status, StatusCode::NOT_FOUND);
    assert_eq!(newcomer.get("/organs").await.status, StatusCode::NOT_FOUND);
    let form = [("name", "王晓明"), ("rename_reason", "")];
    let refused = browser.post(&format!("/people/{id}/rename"), &form).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("请填写更改的理由"));
    let form = [("name", "王晓明"), ("rename_reason", "更正录入错误")];
    assert_eq!(led_to(&browser.post(&format!("/people/{id}/rename"), &form).await), id);
    assert!(browser.get(&format!("/people/{id}")).await.text().contains("王小明 改为 王晓明"));
}

async fn s08_two_security_administrators_give_a_post_page_by_page(world: &World) {
    let (first, second) = (security(world).await, security(world).await);
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let page = format!("/people/{}", officer.account());
    let (mut one, mut two) = (desk(world, &first).await, desk(world, &second).await);
    let form = one.get(&format!("{page}/propose")).await.text();
    assert!(form.contains("value=\"2026-03-02\"") && form.contains("value=\"2027-03-01\""), "days to begin with");
    let wrong = one.post(&format!("{page}/propose"), &[("region", "150402"), ("department", "water")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("请选择岗位"));
    let bad = one.post(&format!("{page}/propose"), &wish("system_administrator")).await;
    assert!(bad.status == StatusCode::UNPROCESSABLE_ENTITY && bad.text().contains("互不兼任"));
    assert_eq!(
        one.post(&format!("{page}/propose"), &wish("approver")).await.location(),
        format!("{page}?said=proposed")
    );
    let waiting = two.get("/organs").await.text();
    assert!(waiting.contains("待确认的任职") && waiting.contains("任命〔2026〕1号"));
    let mine = one.get(&page).await.text();
    assert!(mine.contains("您本人不能确认") && !mine.contains(&format!("{page}/confirm")));
    let four_eyes = one.post(&format!("{page}/confirm"), &[("at", "0")]).await;
    assert_eq!(four_eyes.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(two.get(&page).await.text().contains(&format!("{page}/confirm")));
    let refused = two.post(&format!("{page}/reject"), &[("at", "0"), ("reject_reason", "")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("请填写不同意的理由"));
    assert_eq!(two.post(&format!("{page}/confirm"), &[("at", "0")]).await.location(), format!("{page}?said=confirmed"));
    let shown = two.get(&format!("{page}?said=confirmed")).await.text();
    assert!(shown.contains("在任") && shown.contains("提出，") && shown.contains("提出续任"));
    assert_eq!(two.post(&format!("{page}/confirm"), &[("at", "0")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let renew = format!("{page}/propose?renew=water/150402/approver/2026-03-02");
    assert!(one.get(&renew).await.text().contains("value=\"2027-01-01\""), "from the day after");
    one.post(&format!("{page}/propose"), &wish("reviewer")).await;
    assert_eq!(
        one.post(&format!("{page}/withdraw"), &[("at", "1")]).await.location(),
        format!("{page}?said=withdrawn")
    );
    assert_eq!(two.get(&format!("/people/{}/propose", second.account())).await.status, StatusCode::OK);
    let own = two.post(&format!("/people/{}/propose", second.account()), &wish("audit_administrator")).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn s09_an_ended_post_is_gone_for_the_open_session(world: &World) {
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let case = world.submitted().await;
    let mut working = desk(world, &officer).await;
    let case = format!("/cases/{case}");
    assert_eq!(working.get(&case).await.status, StatusCode::OK);
    let mut browser = desk(world, &security(world).await).await;
    let page = format!("/people/{}", officer.account());
    let key = "water/150402/receptionist/2026-01-01";
    let refused = browser.post(&format!("{page}/end"), &[("post", key), ("end_reason", " ")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("请填写结束任职的理由"));
    assert_eq!(working.get(&case).await.status, StatusCode::OK);
    let ended = browser.post(&format!("{page}/end"), &[("post", key), ("end_reason", "调离")]).await;
    assert_eq!(ended.location(), format!("{page}?said=ended"));
    assert!(matches!(working.get(&case).await.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND));
    assert!(matches!(
        working.post(&format!("{case}/receive"), &[]).await.status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
    ));
    assert!(browser.get(&page).await.text().contains("调离"));
    let over = browser.post(&format!("{page}/end"), &[("post", key), ("end_reason", "调离")]).await;
    assert_eq!(over.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn s37_others_see_no_more_than_their_organ(world: &World) {
    let head = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let stranger = world.officer("ecology", "150402", &[Role::Receptionist]).await;
    let mut browser = desk(world, &head).await;
    let tree = browser.get("/organs").await.text();
    assert!(tree.contains("/organs/water-150402") && !tree.contains("/organs/ecology-150402"));
    let own = browser.get("/organs/water-150402").await.text();
    assert!(own.contains(&head.login) && !own.contains("开设账号</h2>"));
    let me = browser.get(&format!("/people/{}", head.account())).await.text();
    assert!(!me.contains("结束任职</button>") && !me.contains("提出任职"));
    for path in ["/organs/ecology-150402", "/organs/water-150502", &format!("/people/{}", stranger.account())] {
        assert!(matches!(browser.get(path).await.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND), "{path}");
    }
    for path in ["/organs/nothing-150402", "/organs/water-999999", "/people/a0", "/organs/water"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for person in [&world.general_administration().await, &stranger] {
        let mut browser = desk(world, person).await;
        assert!(!browser.get("/account").await.text().contains("href=\"/organs\""));
        assert_eq!(browser.get("/organs").await.status, StatusCode::FORBIDDEN);
    }
    // The audit administrator sees who holds what and changes nothing.
    let audit = world.officer("information_centre", "150000", &[Role::AuditAdministrator]).await;
    let mut browser = desk(world, &audit).await;
    let page = format!("/people/{}", stranger.account());
    assert_eq!(browser.get(&page).await.status, StatusCode::OK);
    assert_eq!(browser.get(&format!("{page}/propose")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post(&format!("{page}/propose"), &wish("approver")).await.status, StatusCode::FORBIDDEN);
    let key = "ecology/150402/receptionist/2026-01-01";
    let end = [("post", key), ("end_reason", "调离")];
    assert_eq!(browser.post(&format!("{page}/end"), &end).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        browser.post("/organs/water-150402/open", &[("person", "王小明"), ("login", "wang.xm")]).await.status,
        StatusCode::FORBIDDEN
    );
}

async fn s25_a_changed_row_stands_on_the_page_of_the_security_administrator(world: &World) {
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let mut working = desk(world, &officer).await;
    assert_eq!(working.get("/").await.status, StatusCode::OK);
    let mut unit = ledger::Unit::new();
    let sql = "UPDATE posts SET role = 'approver' WHERE account_id = $1";
    unit.row(ledger::Row::new(sql, [officer.account().as_str().into()]));
    world.platform.store.commit(unit).await.unwrap();
    assert_eq!(working.get("/cases").await.status, StatusCode::NOT_FOUND, "neither the old nor the new right");
    let mut browser = desk(world, &security(world).await).await;
    assert!(browser.get("/organs").await.text().contains("岗位记录被绕过平台改动"));
    let page = format!("/people/{}", officer.account());
    assert!(browser.get(&page).await.text().contains("按台账恢复岗位记录"));
    assert_eq!(browser.post(&format!("{page}/restore"), &[]).await.location(), format!("{page}?said=restored"));
    assert_eq!(working.get("/cases").await.status, StatusCode::OK);
    assert!(!browser.get("/organs").await.text().contains("岗位记录被绕过平台改动"));
}

async fn s25_what_was_restored_stands_on_a_page_of_its_own(world: &World) {
    let project = world.project().await;
    let mut browser = desk(world, &security(world).await).await;
    assert!(browser.get("/integrity").await.text().contains("没有发现改动"));
    world.database.tamper(&["UPDATE projects SET name = '别的项目'"]).await;
    let checked = world.platform.check_integrity(&platform::Call::system("nightly")).await.unwrap();
    assert_eq!((checked.mended, checked.lost), (1, 0));
    assert!(browser.get("/organs").await.text().contains("数据曾被绕过平台改动"));
    let page = browser.get("/integrity").await.text();
    let code = &world.platform.project_page(&world.agent.call(), &project).await.unwrap().declared.code.clone();
    for words in ["项目及代码", code, "内容被改动，校验值不符", "已恢复"] {
        assert!(page.contains(words), "{words}");
    }
    let other = world.officer("water", "150402", &[Role::Receptionist]).await;
    assert_eq!(desk(world, &other).await.get("/integrity").await.status, StatusCode::NOT_FOUND);
}
