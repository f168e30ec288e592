//! Guides over HTTP: written, reviewed, published in the office; read by everybody on the portal and the interface.

use axum::http::StatusCode;
use domain::account::Role;
use jiff::civil::date;
use testkit::{Client, GuideKeepers, World, both_engines, files, guide_contact};

both_engines! {
    art8_a_guide_goes_from_the_form_through_review_to_the_portal,
    art8_what_is_typed_is_kept_when_it_is_refused,
    art8_a_form_saved_over_another_persons_words_says_so,
    art8_rows_are_added_without_a_script,
    art8_samples_come_and_go_with_and_without_a_script,
    art8_the_review_sends_back_with_a_reason,
    art8_versions_are_compared_side_by_side,
    art8_a_scheduled_version_is_taken_back_and_a_guide_retired,
    art8_the_list_filters_and_says_why_it_is_empty,
    art8_the_portal_finds_guides_by_what_they_say,
    art8_a_case_links_the_version_it_stands_under,
    art8_the_interface_gives_the_version_in_force,
    art8_pages_of_an_act_that_is_not_open_lead_back,
}

const GUIDE: &str = "/guides/soil_water";

struct Desk {
    writer: Client,
    reviewer: Client,
    manager: Client,
    keepers: GuideKeepers,
}

impl Desk {
    async fn of(world: &World) -> Self {
        let keepers = world.guide_keepers().await;
        let sit = |person| async move { Client::office(world).signed_in(world, person).await };
        Self {
            writer: sit(&keepers.writer).await,
            reviewer: sit(&keepers.reviewer).await,
            manager: sit(&keepers.manager).await,
            keepers,
        }
    }

    /// A draft with a contact, ready to be submitted.
    async fn written(world: &World) -> Self {
        let mut desk = Self::of(world).await;
        desk.writer.post(&format!("{GUIDE}/draft"), &[("_once", "b")]).await;
        let saved = desk.writer.post(&format!("{GUIDE}/edit/oversight"), &CONTACT).await;
        assert_eq!(saved.location(), format!("{GUIDE}/edit/help?said=saved"), "{}", saved.text());
        desk
    }

    /// The same, submitted.
    async fn submitted(world: &World) -> Self {
        let mut desk = Self::written(world).await;
        let sent = desk.writer.post(&format!("{GUIDE}/submit"), &[("note", "补充联系方式"), ("_once", "s")]).await;
        assert_eq!(sent.location(), format!("{GUIDE}?said=submitted"), "{}", sent.text());
        desk
    }

    /// The same, published from that day on.
    async fn published(world: &World, from: &str) -> Self {
        let mut desk = Self::submitted(world).await;
        let agreed = desk.reviewer.post(&format!("{GUIDE}/review"), &[("verdict", "agree"), ("_once", "r")]).await;
        assert_eq!(agreed.location(), format!("{GUIDE}?said=approved"), "{}", agreed.text());
        let out = desk.manager.post(&format!("{GUIDE}/publish"), &[("from", from), ("_once", "p")]).await;
        assert_eq!(out.location(), format!("{GUIDE}?said=published"), "{}", out.text());
        desk
    }
}

const CONTACT: [(&str, &str); 6] = [
    ("_revision", "0"),
    ("_rows", "3"),
    ("supervision", "按批复的方案实施。\n依法接受监督检查。"),
    ("window-0", "水利厅政务服务窗口"),
    ("phone-0", "0471-1234567"),
    ("address-0", "呼和浩特市；工作日 9:00 至 17:00"),
];

async fn art8_a_guide_goes_from_the_form_through_review_to_the_portal(world: &World) {
    let mut desk = Desk::of(world).await;
    let list = desk.writer.get("/guides").await.text();
    assert!(list.contains("生产建设项目水土保持方案审批") && list.contains("第 1 版"));
    let first = desk.writer.get(GUIDE).await.text();
    assert!(first.contains("开始修订") && first.contains("现行版本完整度") && first.contains("联系方式"));
    let begun = desk.writer.post(&format!("{GUIDE}/draft"), &[("_once", "b")]).await;
    assert_eq!(begun.location(), format!("{GUIDE}/edit/basics"));
    let basics = [
        ("_revision", "0"),
        ("basis", "水土保持法第二十五条"),
        ("content", "水土流失预防和治理的范围"),
        ("conditions", "项目开办可能造成水土流失\n已取得项目代码"),
    ];
    let saved = desk.writer.post(&format!("{GUIDE}/edit/basics"), &basics).await;
    assert_eq!(saved.location(), format!("{GUIDE}/edit/materials?said=saved"), "{}", saved.text());
    let materials = [
        ("_revision", "1"),
        ("materials", "soil_water_plan"),
        ("materials", "licence_application"),
        ("hint-soil_water_plan", "含附图"),
    ];
    assert!(desk.writer.post(&format!("{GUIDE}/edit/materials"), &materials).await.status.is_redirection());
    let process = [
        ("_revision", "2"),
        ("process", "申请\n审查\n决定"),
        ("committed_days", "10"),
        ("excluded", "技术评审"),
        ("fee", "不收费"),
    ];
    assert!(desk.writer.post(&format!("{GUIDE}/edit/process"), &process).await.status.is_redirection());
    let mut contact = CONTACT.to_vec();
    contact[0] = ("_revision", "3");
    assert!(desk.writer.post(&format!("{GUIDE}/edit/oversight"), &contact).await.status.is_redirection());
    let help = [
        ("_revision", "4"),
        ("_rows", "3"),
        ("question-0", "可以委托编制方案吗？"),
        ("answer-0", "可以。"),
        ("mistakes", "附图没有比例尺。"),
    ];
    let saved = desk.writer.post(&format!("{GUIDE}/edit/help"), &help).await;
    assert_eq!(saved.location(), format!("{GUIDE}/samples?said=saved"), "{}", saved.text());

    let preview = desk.writer.get(&format!("{GUIDE}/preview?version=draft")).await.text();
    assert!(
        preview.contains("可以委托编制方案吗？")
            && preview.contains("附图没有比例尺。")
            && preview.contains("10个工作日")
    );
    assert!(desk.writer.get(&format!("{GUIDE}/submit")).await.text().contains("九项要素齐全"));
    let sent = desk.writer.post(&format!("{GUIDE}/submit"), &[("note", "全面修订"), ("_once", "s")]).await;
    assert_eq!(sent.location(), format!("{GUIDE}?said=submitted"));
    let waiting = desk.writer.get(&format!("{GUIDE}?said=submitted")).await.text();
    assert!(waiting.contains("已提交审核") && waiting.contains("待审核") && !waiting.contains("继续编写"));
    let review = desk.reviewer.get(&format!("{GUIDE}/review")).await.text();
    assert!(review.contains("全面修订") && review.contains("有改动的要素"));
    desk.reviewer.post(&format!("{GUIDE}/review"), &[("verdict", "agree"), ("_once", "r")]).await;
    let out = desk.manager.post(&format!("{GUIDE}/publish"), &[("from", "2026-03-10"), ("_once", "p")]).await;
    assert_eq!(out.location(), format!("{GUIDE}?said=published"), "{}", out.text());

    let mut public = Client::portal(world);
    let before = public.get("/items/soil_water").await.text();
    assert!(before.contains("指南即将更新") && before.contains("第 1 版，2026-03-02 起生效"));
    let ahead = public.get("/items/soil_water/versions/2").await.text();
    assert!(ahead.contains("本版本尚未生效") && ahead.contains("附图没有比例尺。"));
    world.set_day(date(2026, 3, 10));
    let after = public.get("/items/soil_water").await.text();
    assert!(
        after.contains("第 2 版，2026-03-10 起生效") && after.contains("0471-1234567") && after.contains("全面修订")
    );
    assert!(public.get("/items/soil_water/versions/1").await.text().contains("这不是现行版本"));
    assert_eq!(public.get("/items/soil_water/versions/3").await.status, StatusCode::NOT_FOUND);
    assert_eq!(public.get("/items/soil_water/versions/x").await.status, StatusCode::NOT_FOUND);
}

async fn art8_what_is_typed_is_kept_when_it_is_refused(world: &World) {
    let mut desk = Desk::of(world).await;
    desk.writer.post(&format!("{GUIDE}/draft"), &[]).await;
    let unready = desk.writer.get(&format!("{GUIDE}/submit")).await.text();
    assert!(unready.contains("要素还不齐全") && unready.contains("联系方式"));
    let early = desk.writer.post(&format!("{GUIDE}/submit"), &[("note", "我的说明")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(early.text().contains("我的说明") && early.text().contains("办法第八条"));

    let wrong = [
        ("_revision", "0"),
        ("_rows", "3"),
        ("window-0", ""),
        ("phone-0", "请来电"),
        ("supervision", "我写的监管要求"),
    ];
    let refused = desk.writer.post(&format!("{GUIDE}/edit/oversight"), &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text();
    assert!(text.contains("请写明是哪个窗口") && text.contains("请来电") && text.contains("我写的监管要求"));

    let days = [("_revision", "0"), ("process", "申请"), ("committed_days", "十天"), ("fee", "不收费")];
    let refused = desk.writer.post(&format!("{GUIDE}/edit/process"), &days).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("十天") && refused.text().contains("整数天数"));
    let longer = [("_revision", "0"), ("process", "申请"), ("committed_days", "99"), ("fee", "不收费")];
    let refused = desk.writer.post(&format!("{GUIDE}/edit/process"), &longer).await;
    assert!(refused.text().contains("承诺时限不能长于法定时限"));
}

async fn art8_a_form_saved_over_another_persons_words_says_so(world: &World) {
    let mut desk = Desk::written(world).await;
    let form = [("_revision", "0"), ("_rows", "3"), ("mistakes", "我写的常见错误")];
    let late = desk.writer.post(&format!("{GUIDE}/edit/help"), &form).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = late.text();
    assert!(text.contains("已被他人修改") && text.contains("我写的常见错误"));
    assert!(text.contains("name=\"_revision\" value=\"1\""), "the next saving is meant");
}

async fn art8_rows_are_added_without_a_script(world: &World) {
    let mut desk = Desk::written(world).await;
    let form = [("_action", "more"), ("_rows", "3"), ("question-0", "刚写的问题"), ("_revision", "1")];
    let more = desk.writer.post(&format!("{GUIDE}/edit/help"), &form).await.text();
    assert!(more.contains("name=\"question-5\"") && more.contains("刚写的问题"));
    assert_eq!(desk.writer.get(&format!("{GUIDE}/edit/nothing")).await.status, StatusCode::NOT_FOUND);
}

async fn art8_samples_come_and_go_with_and_without_a_script(world: &World) {
    let mut desk = Desk::written(world).await;
    let to = format!("{GUIDE}/samples?material=soil_water_plan");
    let pdf = files::pdf("样表");
    let none = desk.writer.post_files(&to, &[], &[("file", "", b"")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let bad = desk.writer.post_files(&to, &[], &[("file", "样表.pdf", b"MZ a program")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let good = desk.writer.post_files(&to, &[], &[("file", "样表.pdf", &pdf)]).await;
    assert!(good.location().starts_with(&format!("{GUIDE}/samples#")), "{}", good.text());
    let page = desk.writer.get(&format!("{GUIDE}/samples")).await.text();
    let href = page.split("href=\"").find_map(|p| p.strip_prefix(&format!("{GUIDE}/samples/"))).unwrap();
    let id = href.split('"').next().unwrap().to_owned();
    let file = desk.reviewer.get(&format!("{GUIDE}/samples/{id}")).await;
    assert_eq!((file.status, file.body.to_vec()), (StatusCode::OK, pdf.clone()));
    assert!(file.header("content-disposition").starts_with("attachment"));
    let mut public = Client::portal(world);
    assert_eq!(public.get(&format!("/items/soil_water/samples/{id}")).await.status, StatusCode::NOT_FOUND);
    let gone = desk.writer.post_files(&to, &[("_remove", &id)], &[]).await;
    assert!(gone.status.is_redirection(), "{}", gone.text());
    assert!(!desk.writer.get(&format!("{GUIDE}/samples")).await.text().contains(&id));
}

async fn art8_the_review_sends_back_with_a_reason(world: &World) {
    let mut desk = Desk::submitted(world).await;
    let review = format!("{GUIDE}/review");
    assert_eq!(desk.reviewer.post(&review, &[("opinion", "好")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let silent = desk.reviewer.post(&review, &[("verdict", "return"), ("_once", "0")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.text().contains("请填写退回的理由"));
    assert_eq!(desk.writer.post(&review, &[("verdict", "agree")]).await.status, StatusCode::FORBIDDEN);
    let back =
        desk.reviewer.post(&review, &[("verdict", "return"), ("opinion", "请写明办公时间"), ("_once", "1")]).await;
    assert_eq!(back.location(), format!("{GUIDE}?said=returned"));
    let page = desk.writer.get(GUIDE).await.text();
    assert!(page.contains("审核退回的理由") && page.contains("请写明办公时间") && page.contains("继续编写"));
}

async fn art8_versions_are_compared_side_by_side(world: &World) {
    let mut desk = Desk::written(world).await;
    let page = desk.reviewer.get(&format!("{GUIDE}/compare")).await.text();
    assert!(page.contains("第 1 版与修订稿") && page.contains("<del>") && page.contains("<ins>"));
    assert!(
        page.contains("依法接受监督检查。") && !page.contains("项目开办可能造成水土流失"),
        "what is the same is left out"
    );
    let all = desk.reviewer.get(&format!("{GUIDE}/compare?older=1&newer=draft&all=yes")).await.text();
    assert!(all.contains("项目开办可能造成水土流失") && all.contains("未变"));
    let same = desk.reviewer.get(&format!("{GUIDE}/compare?older=1&newer=1")).await.text();
    assert!(same.contains("两个版本的内容相同"));
    assert_eq!(desk.reviewer.get(&format!("{GUIDE}/compare?older=9&newer=1")).await.status, StatusCode::NOT_FOUND);
}

async fn art8_a_scheduled_version_is_taken_back_and_a_guide_retired(world: &World) {
    let mut desk = Desk::published(world, "2026-03-10").await;
    let shown = desk.manager.get(GUIDE).await.text();
    assert!(shown.contains("撤回待生效版本") && !shown.contains("停用指南"));
    let silent = desk.manager.post(&format!("{GUIDE}/unschedule"), &[("reason", " ")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = desk.manager.post(&format!("{GUIDE}/unschedule"), &[("reason", "有误"), ("_once", "u")]).await;
    assert_eq!(back.location(), format!("{GUIDE}?said=unscheduled"));
    let past = desk.manager.post(&format!("{GUIDE}/retire"), &[("on", "2026-03-01"), ("reason", "事项取消")]).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(past.text().contains("事项取消") && past.text().contains("不能早于今天"));
    let done = desk
        .manager
        .post(&format!("{GUIDE}/retire"), &[("on", "2026-03-02"), ("reason", "事项取消"), ("_once", "t")])
        .await;
    assert_eq!(done.location(), format!("{GUIDE}?said=retired"));
    let public = Client::portal(world).get("/items/soil_water").await.text();
    assert!(public.contains("本指南已停用") && public.contains("办法第八条"));
    let gone = Client::api(world).get("/api/v1/items/soil_water").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let dropped = desk.writer.post(&format!("{GUIDE}/drop"), &[("_once", "d")]).await;
    assert_eq!(dropped.location(), format!("{GUIDE}?said=dropped"));
}

async fn art8_the_list_filters_and_says_why_it_is_empty(world: &World) {
    let mut desk = Desk::submitted(world).await;
    let waiting = desk.reviewer.get("/guides?state=in_review").await.text();
    assert!(waiting.contains(GUIDE) && waiting.contains("共 1 份"));
    assert!(!desk.reviewer.get("/guides?state=approved").await.text().contains(GUIDE));
    assert!(desk.reviewer.get("/guides?words=没有这个词").await.text().contains("清除筛选"));
    let below = world.officer("water", "150402", &[Role::Undertaker]).await;
    let mut below = Client::office(world).signed_in(world, &below).await;
    assert!(below.get("/guides").await.text().contains("自治区级主管部门统一编制"));
    assert_eq!(below.get(GUIDE).await.status, StatusCode::NOT_FOUND);
    assert!(!desk.keepers.writer.login.is_empty());
}

async fn art8_the_portal_finds_guides_by_what_they_say(world: &World) {
    let mut public = Client::portal(world);
    let before = public.get("/items?q=弃渣场").await.text();
    assert!(before.contains("没有符合条件的事项"));
    let keepers = world.guide_keepers().await;
    let help = domain::guide::Page::Help { faqs: vec![], mistakes: vec!["没有写明弃渣场的位置。".into()] };
    world.publish_guide(&keepers, vec![help], date(2026, 3, 2)).await;
    let after = public.get("/items?q=弃渣场&department=water").await.text();
    assert!(after.contains("/items/soil_water") && after.contains("找到 1 个事项"));
}

async fn art8_a_case_links_the_version_it_stands_under(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    assert!(desk.get(&format!("/cases/{case}")).await.text().contains(&format!("/cases/{case}/guide")));
    let guide = desk.get(&format!("/cases/{case}/guide")).await.text();
    assert!(guide.contains("办事指南第 1 版") && guide.contains("申请时的版本"));
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(unit.get(&format!("/cases/{case}")).await.text().contains("/items/soil_water/versions/1"));
}

async fn art8_the_interface_gives_the_version_in_force(world: &World) {
    let keepers = world.guide_keepers().await;
    world.publish_guide(&keepers, vec![guide_contact("0471-7654321")], date(2026, 3, 10)).await;
    let mut api = Client::api(world);
    let read = |answer: testkit::Answer| serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap();
    let before = read(api.get("/api/v1/items/soil_water").await);
    assert_eq!((&before["version"], &before["in_force_until"]), (&1.into(), &"2026-03-10".into()));
    world.set_day(date(2026, 3, 10));
    let after = read(api.get("/api/v1/items/soil_water").await);
    assert_eq!((&after["version"], &after["in_force_from"]), (&2.into(), &"2026-03-10".into()));
    assert_eq!(after["contacts"][0]["phone"], "0471-1234567");
    assert_eq!(api.get("/api/v1/items/nothing").await.status, StatusCode::NOT_FOUND);
}

async fn art8_pages_of_an_act_that_is_not_open_lead_back(world: &World) {
    let mut desk = Desk::of(world).await;
    let taken = format!("{GUIDE}?said=taken");
    for page in ["edit/basics", "samples", "submit", "drop"] {
        assert_eq!(desk.writer.get(&format!("{GUIDE}/{page}")).await.location(), taken, "{page}");
    }
    assert_eq!(desk.reviewer.get(&format!("{GUIDE}/review")).await.location(), taken);
    for page in ["publish", "unschedule"] {
        assert_eq!(desk.manager.get(&format!("{GUIDE}/{page}")).await.location(), taken, "{page}");
        let sent = desk.manager.post(&format!("{GUIDE}/{page}"), &[("from", "2026-03-10"), ("reason", "有误")]).await;
        assert_eq!(sent.location(), taken, "{page}");
    }
    assert!(desk.manager.get(&taken).await.text().contains("指南的状态已经变化"));
    assert_eq!(desk.writer.get("/guides/nothing").await.status, StatusCode::NOT_FOUND);
}
