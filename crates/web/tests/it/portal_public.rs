//! What anybody can do on the portal: look, ask, verify, register, sign in.

use axum::http::StatusCode;
use domain::{credit_code::CreditCode, ids::ProjectId, region::RegionCode};
use testkit::{Client, PASSWORD, World, answers};

testkit::both_engines!(
    art04_every_public_page_answers_without_signing_in,
    art13_the_box_tells_a_real_code_from_a_wrong_and_an_unknown_one,
    art18_what_is_public_names_no_person,
    art10_a_paper_is_verified_by_number_and_value_and_nothing_else_is_told,
    art14_1_a_unit_registers_and_is_signed_in,
    s02_a_wrong_password_keeps_the_name_and_tells_nothing,
    art14_3_messages_reach_their_unit_and_no_other,
);

async fn code_of(world: &World, project: &ProjectId) -> String {
    let page = world.platform.project_page(&world.agent.call(), project).await.unwrap();
    page.project.declared.unwrap().code.clone()
}

async fn art04_every_public_page_answers_without_signing_in(world: &World) {
    let mut anybody = Client::portal(world);
    for path in [
        "/",
        "/register",
        "/register/places?city=150400",
        "/login",
        "/public",
        "/public?q=%E8%B4%9F%E6%9E%81",
        "/check",
        "/items",
        "/items?stage=completion",
        "/items/construction_permit",
        "/clock",
        "/clock?start=2026-09-28&days=5&unit=working",
        "/help",
    ] {
        let answer = anybody.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.text().contains("style="), "{path} has inline style");
    }
    assert_eq!(anybody.get("/items/no_such_item").await.status, StatusCode::NOT_FOUND);
    assert_eq!(anybody.get("/clock?start=x&days=0&unit=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let guide = anybody.get("/items/construction_permit").await.text();
    for element in
        ["审批依据", "审批内容", "受理条件", "申报材料", "办理流程", "办理时限", "收费标准", "监管要求", "联系方式"]
    {
        assert!(guide.contains(element), "办法第八条: {element}");
    }
}

async fn art13_the_box_tells_a_real_code_from_a_wrong_and_an_unknown_one(world: &World) {
    let code = code_of(world, &world.project().await).await;
    let mut anybody = Client::portal(world);
    let real = anybody.get(&format!("/public?q={code}")).await.text();
    assert!(real.contains("核验通过") && real.contains("负极材料项目"));
    let typed = code.replace('-', "");
    assert!(anybody.get(&format!("/public?q={typed}")).await.text().contains("核验通过"));
    assert!(anybody.get(&format!("/public?q={code}-000")).await.text().contains("核验通过"));
    let wrong: String = code
        .chars()
        .rev()
        .enumerate()
        .map(|(n, c)| if n == 0 { if c == '0' { '1' } else { '0' } } else { c })
        .collect();
    let wrong: String = wrong.chars().rev().collect();
    assert!(anybody.get(&format!("/public?q={wrong}")).await.text().contains("校验码不符"));
    assert!(anybody.get("/public?q=2311-330109-04-01-789813").await.text().contains("查无此代码"));
    assert_eq!(anybody.get(&format!("/public/{code}")).await.status, StatusCode::OK);
    assert_eq!(anybody.get("/public/2311-330109-04-01-789813").await.status, StatusCode::NOT_FOUND);
    let named = anybody.get("/public?q=%E8%B4%9F%E6%9E%81%E6%9D%90%E6%96%99").await.text();
    assert!(named.contains(&code));
}

async fn art18_what_is_public_names_no_person(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let page = world.platform.case_page(&world.agent.call(), &case).await.unwrap();
    let code = page.project.declared.unwrap().code.clone();
    let mut anybody = Client::portal(world);
    for path in [
        "/".to_owned(),
        format!("/public/{code}"),
        format!("/public?q={code}"),
        "/public?q=%E8%B4%9F%E6%9E%81".to_owned(),
    ] {
        let text = anybody.get(&path).await.text();
        assert!(text.contains("负极材料项目"), "{path}");
        for secret in
            [answers::CONTACT_NAME, answers::CONTACT_MOBILE, answers::CONTACT_EMAIL, answers::LEGAL_REPRESENTATIVE]
        {
            assert!(!text.contains(secret), "{path} shows {secret}");
        }
    }
    let view = anybody.get(&format!("/public/{code}")).await.text();
    assert!(view.contains("准予") && view.contains("关于水土保持方案的行政许可决定"));
}

async fn art10_a_paper_is_verified_by_number_and_value_and_nothing_else_is_told(world: &World) {
    let project = world.project().await;
    let papers = world.platform.papers_of_project(&world.agent.call(), &project).await.unwrap();
    let number = papers.first().unwrap().number.clone();
    let (document, _) = world.platform.print_document(&world.agent.call(), &number).await.unwrap();
    let mut anybody = Client::portal(world);
    let address = |number: &str, value: &str| {
        format!("/check?{}", serde_urlencoded::to_string([("number", number), ("v", value)]).unwrap())
    };
    let genuine = anybody.get(&address(&number, &document.check_value)).await.text();
    assert!(genuine.contains("核验通过") && genuine.contains(&document.project_code));
    let scanned = document.verify_url.strip_prefix("https://tzxm.example").unwrap();
    let (path, query) = scanned.split_once('?').unwrap();
    let path = path.replace(&number, &serde_urlencoded::to_string([("", &number)]).unwrap()[1..]);
    assert!(anybody.get(&format!("{path}?{query}")).await.text().contains("核验通过"));
    let wrong = anybody.get(&address(&number, "0000000000000000")).await.text();
    let unknown = anybody.get(&address("内投审〔2026〕码150402999999号", "0000000000000000")).await.text();
    for told in [&wrong, &unknown] {
        assert!(told.contains("没有与此文号和核验码相符的文书") && !told.contains("负极材料"));
    }
}

fn registration(world: &World, serial: u32) -> Vec<(&'static str, String)> {
    let region = RegionCode::parse("150402").unwrap();
    assert!(world.platform.rules.regions.exists(region));
    vec![
        ("name", "赤峰草原科技有限公司".to_owned()),
        ("credit_code", CreditCode::simulated(region, serial).as_str().to_owned()),
        ("nature", "private".to_owned()),
        ("city", "150400".to_owned()),
        ("region", "150402".to_owned()),
        ("contact_name", "其其格".to_owned()),
        ("contact_phone", "0476-1234567".to_owned()),
        ("login", "caoyuan".to_owned()),
        ("password", PASSWORD.to_owned()),
        ("password_again", PASSWORD.to_owned()),
        ("privacy_agreed", "yes".to_owned()),
        ("_once", format!("key-{serial}")),
    ]
}

async fn art14_1_a_unit_registers_and_is_signed_in(world: &World) {
    let mut browser = Client::portal(world);
    let good = registration(world, 70_001);
    let send = |fields: &[(&'static str, String)]| fields.iter().map(|(n, v)| (*n, v.clone())).collect::<Vec<_>>();
    let change = |name: &str, value: &str| {
        let mut fields = send(&good);
        fields.iter_mut().filter(|(n, _)| *n == name).for_each(|(_, v)| value.clone_into(v));
        fields
    };
    for (name, value, told) in [
        ("credit_code", "91150402MA00000000", "credit_code"),
        ("password_again", "Another Wind 9!", "两次输入的密码不一致"),
        ("privacy_agreed", "", "个人信息保护法第十七条"),
    ] {
        let fields = change(name, value);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = browser.post("/register", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let text = answer.text();
        assert!(text.contains(told) && text.contains("赤峰草原科技有限公司") && !text.contains(PASSWORD), "{name}");
    }
    let mut refresh: Vec<(&str, &str)> = good.iter().map(|(n, v)| (*n, v.as_str())).collect();
    refresh.push(("_action", "refresh"));
    let again = browser.post("/register", &refresh).await;
    assert!(again.status == StatusCode::OK && again.text().contains("150404"));
    let fields: Vec<(&str, &str)> = good.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let done = browser.post("/register", &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/projects?done=registered"));
    assert!(browser.get("/").await.text().contains("caoyuan"));
    let out = browser.post("/logout", &[]).await;
    assert_eq!(out.location(), "/?done=signed_out");
    assert!(!browser.get("/").await.text().contains("caoyuan"));
}

async fn s02_a_wrong_password_keeps_the_name_and_tells_nothing(world: &World) {
    let mut browser = Client::portal(world);
    let login = world.agent.login.as_str();
    let known = browser.post("/login", &[("login", login), ("password", "Wrong Wind 9!")]).await;
    let unknown = browser.post("/login", &[("login", "nobody.here"), ("password", "Wrong Wind 9!")]).await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(known.text().contains(&format!("value=\"{login}\"")) && !known.text().contains("Wrong Wind"));
    assert_eq!(known.text().replace(login, "NAME"), unknown.text().replace("nobody.here", "NAME"));
    let foreign =
        browser.post("/login", &[("login", login), ("password", PASSWORD), ("next", "//evil.example/")]).await;
    assert_eq!(foreign.location(), "/projects");
    let mut other = Client::portal(world);
    let back = other.post("/login", &[("login", login), ("password", PASSWORD), ("next", "/messages")]).await;
    assert_eq!(back.location(), "/messages");
}

async fn art14_3_messages_reach_their_unit_and_no_other(world: &World) {
    world.project().await;
    let mut nobody = Client::portal(world);
    let browser_headers = [("accept", "text/html")];
    let asked = nobody.send(axum::http::Method::GET, "/messages", &browser_headers, axum::body::Body::empty()).await;
    assert_eq!(asked.location(), "/login?next=%2Fmessages");
    let messages = world.platform.messages(&world.agent.call(), None, 5).await.unwrap();
    let message = messages.first().unwrap();
    let mut agent = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(agent.get("/messages").await.text().contains(&message.title));
    assert!(agent.get("/messages?show=unread").await.text().contains(&message.title));
    let address = format!("/messages/{}", message.id.as_str());
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert_eq!(rival.post(&address, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(agent.post(&address, &[]).await.location(), message.link);
    assert!(
        world
            .platform
            .messages(&world.agent.call(), None, 5)
            .await
            .unwrap()
            .iter()
            .any(|m| m.id == message.id && m.read)
    );
    assert_eq!(agent.post("/messages/read", &[]).await.location(), "/messages?done=read");
    assert!(agent.get("/messages?show=unread").await.text().contains("没有未读消息"));
    assert_eq!(world.platform.unread_messages(&world.agent.call()).await.unwrap(), 0);
}
