//! 审批监管系统: what officers see and do, page by page.

use axum::http::StatusCode;
use domain::{account::Role, case::Outcome, ids::CaseId};
use jiff::civil::date;
use testkit::{Client, Person, World, both_engines, point, supplied};

both_engines!(
    art14_2_to_5_a_case_is_received_accepted_and_decided_page_by_page,
    art14_2_a_voided_code_is_not_accepted_and_the_unit_is_told,
    art32_corrections_are_told_once_with_what_was_typed_kept,
    art15_the_clock_stops_and_runs_again_with_its_paper,
    art37_three_people_decide_page_by_page,
    art17_many_consultations_of_a_case_are_paged,
    art37_without_a_review_the_page_asks_why_and_shows_it_again,
    art42_45_the_limit_is_extended_and_a_review_is_run_page_by_page,
    art49_the_unit_asks_for_a_change_and_the_office_decides,
    art32_what_is_wrong_on_the_spot_and_what_is_not_the_organs,
    a_case_is_handed_over_to_a_colleague_page_by_page,
    art13_a_code_is_checked_with_its_fault_by_name,
    s05_another_department_and_a_watcher_do_not_act,
    s06_a_one_time_secret_sets_the_first_password,
    l10_the_work_list_shows_what_is_owed_and_its_filters_hold,
    a_lost_race_is_told_kindly,
    art7_general_administration_takes_a_code_out_of_force,
    s08_an_administrator_begins_with_people_and_sees_no_case,
    u09_a_file_is_only_ever_sent_as_an_attachment_and_only_to_its_officers,
    l14_lists_go_on_from_the_last_row_and_miss_nothing,
    art15_prompts_stand_on_their_page_until_they_are_seen,
    art15_due_days_are_downloaded_behind_the_session_only,
    art15_a_notice_is_previewed_corrected_and_put_in_force,
);

async fn water(world: &World) -> Person {
    world.all_hands("water", "150402").await
}

async fn desk(world: &World, person: &Person) -> Client {
    Client::office(world).signed_in(world, person).await
}

fn case_page(case: &CaseId) -> String {
    format!("/cases/{case}")
}

const DECISION: [(&str, &str); 5] = [
    ("outcome", "granted"),
    ("opinion", "符合法定条件。"),
    ("document_number", "红水许〔2026〕1号"),
    ("title", "水土保持方案行政许可决定书"),
    ("decided_on", "2026-03-02"),
];

async fn art14_2_to_5_a_case_is_received_accepted_and_decided_page_by_page(world: &World) {
    let officer = water(world).await;
    let case = world.submitted().await;
    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);

    let list = browser.get("/").await.text();
    assert!(list.contains("红山区新材料公司") && list.contains("待收件"));
    assert!(browser.get(&page).await.text().contains(&format!("{page}/receive")));
    let received = browser.post(&format!("{page}/receive"), &[("_once", "r1")]).await;
    assert_eq!(
        (received.status, received.location()),
        (StatusCode::SEE_OTHER, format!("{page}?said=received").as_str())
    );
    assert!(browser.get(received.location()).await.text().contains("已收件，收件凭证已出具"));

    let before = browser.get(&format!("{page}/accept")).await.text();
    assert!(before.contains("项目代码核验通过") && before.contains("2026-03-30"), "the due date is told before");
    let unticked = browser.post(&format!("{page}/accept"), &[("_once", "a0")]).await;
    assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY, "K-11: nothing is accepted before the tick");
    assert!(unticked.text().contains("确认不含涉密内容后勾选"));
    let accepted = browser.post(&format!("{page}/accept"), &[("_once", "a1"), ("reviewed", "yes")]).await;
    assert_eq!(accepted.location(), format!("{page}?said=accepted"));
    let shown = browser.get(accepted.location()).await.text();
    assert!(shown.contains("办理时限计时单") && shown.contains("计入：办理部门"));

    assert!(!shown.contains(&format!("{page}/decision")), "nothing is decided before proposal and review");
    world.reviewed(&case, Outcome::Granted).await;
    let faulty = browser.post(&format!("{page}/decision"), &[("outcome", "granted"), ("opinion", "写了一半")]).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.text().contains("写了一半"), "nothing typed is lost");
    let preview = browser.post(&format!("{page}/decision"), &DECISION).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.text().contains("办结告知书") && preview.text().contains("红水许〔2026〕1号"));
    assert!(browser.get(&page).await.text().contains("作出决定"), "a preview decides nothing");
    let sure: Vec<_> = DECISION.into_iter().chain([("_step", "confirm"), ("_once", "d1")]).collect();
    let decided = browser.post(&format!("{page}/decision"), &sure).await;
    assert_eq!(decided.location(), format!("{page}?said=decided"));
    let done = browser.get(decided.location()).await.text();
    assert!(done.contains("系统已生成办结告知书") && done.contains("红水许〔2026〕1号"));

    let link = done.split("href=\"").find(|part| part.starts_with("/papers/")).unwrap().split('"').next().unwrap();
    let paper = browser.get(link).await;
    assert_eq!((paper.status, paper.header("content-type")), (StatusCode::OK, "application/pdf"));
    let list = browser.get("/").await.text();
    assert!(list.contains("待送达") && !list.contains("都办完了"), "the licence is still to be delivered");
    let delivery = [("on", "2026-03-02"), ("by", "in_person"), ("receiver", "李工"), ("_once", "v1")];
    let delivered = browser.post(&format!("{page}/delivery"), &delivery).await;
    assert_eq!(delivered.location(), format!("{page}?said=delivered"));
    assert!(browser.get(delivered.location()).await.text().contains("签收人：李工"));
    let list = browser.get("/").await.text();
    assert!(list.contains("都办完了"), "nothing left is good news");
    assert!(browser.get("/cases?tab=ended").await.text().contains("红山区新材料公司"));
}

async fn art14_2_a_voided_code_is_not_accepted_and_the_unit_is_told(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let project = world.platform.case_page(&officer.call(), &case).await.unwrap().application.project.clone();
    let office = world.general_administration().await;
    world.platform.void_code(&office.call(), &project, "立项文件已失效。").await.unwrap();

    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);
    assert!(browser.get(&format!("{page}/accept")).await.text().contains("项目代码未通过核验，不得受理"));
    for _ in 0..2 {
        let refused = browser.post(&format!("{page}/accept"), &[("_once", "same-key")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a repetition is no acceptance either");
        let text = refused.text();
        assert!(text.contains("不得受理") && text.contains("办法第十四条第") && text.contains("告知项目单位"));
    }
    let told = world.platform.messages(&world.agent.call(), None, 20).await.unwrap();
    assert!(told.iter().any(|m| m.title == "项目代码未通过核验"));
}

async fn art32_corrections_are_told_once_with_what_was_typed_kept(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);
    let form = format!("{page}/correction");

    let empty = browser.get(&form).await.text();
    assert!(empty.matches("name=\"point-").count() >= 8, "eight rows without a script");
    let more = browser.post(&form, &[("_action", "more"), ("_rows", "8"), ("point-0", "补盖公章")]).await;
    assert!(more.text().contains("name=\"point-11\"") && more.text().contains("补盖公章"));
    let none = browser.post(&form, &[("_rows", "8"), ("_once", "k0")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let strange = browser.post(&form, &[("_rows", "8"), ("material-0", "gov_secret"), ("point-0", "补盖公章")]).await;
    assert_eq!(strange.status, StatusCode::UNPROCESSABLE_ENTITY, "a point is about a material of this application");
    let asked = browser
        .post(
            &form,
            &[
                ("_rows", "8"),
                ("material-0", "whole"),
                ("point-0", "补盖公章"),
                ("point-3", "补充附图"),
                ("_once", "k1"),
            ],
        )
        .await;
    assert_eq!(asked.location(), format!("{page}?said=asked"));
    let shown = browser.get(&page).await.text();
    assert!(shown.contains("补盖公章") && shown.contains("补充附图") && !shown.contains(&form));

    world.platform.supply_correction(&world.agent.call(), &case, supplied(2)).await.unwrap();
    let answered = browser.get(&page).await.text();
    assert!(answered.contains("已按第1条补正。"), "answers stand beside their points");
    let twice = browser.post(&form, &[("_rows", "8"), ("point-0", "再补一次"), ("_once", "k2")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "a second notice needs its reason");
    assert!(twice.text().contains("再次告知补正的理由") && twice.text().contains("再补一次"));
    let again = [("_rows", "8"), ("point-0", "再补一次"), ("reason", "补正带来新的问题"), ("_once", "k3")];
    assert_eq!(browser.post(&form, &again).await.location(), format!("{page}?said=asked"));
    assert!(browser.get(&page).await.text().contains("理由：补正带来新的问题"), "the trail says why");
}

async fn art15_the_clock_stops_and_runs_again_with_its_paper(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    world.reviewed(&case, Outcome::Granted).await;
    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);
    let form = format!("{page}/suspend");
    let wrong =
        browser.post(&form, &[("ground", ""), ("from", "昨天"), ("told_on", "2026-03-02"), ("document", "函")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("请选择暂停计时的法定情形") && wrong.text().contains("昨天"));
    // The paper comes first, by the plain form; what is no paper is refused at its slot.
    let papers = format!("{form}/papers");
    let broken = browser.post_files(&papers, &[], &[("file", "函.pdf", b"not a pdf")]).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.text().contains("id=\"field-papers\"") && broken.text().contains("href=\"#field-papers\""));
    let sent = browser.post_files(&papers, &[], &[("file", "评审函.pdf", &testkit::files::pdf("函"))]).await;
    assert_eq!(sent.location(), format!("{form}#field-papers"));
    let again = browser.post(&form, &[("ground", ""), ("document", "评审函")]).await;
    assert!(again.text().contains("评审函.pdf") && again.text().contains("value=\"评审函\""), "nothing is lost");
    let fields = [
        ("ground", "expert_review"),
        ("from", "2026-03-03"),
        ("told_on", "2026-03-02"),
        ("told_by", "mail"),
        ("planned_until", "2026-03-09"),
        ("document", "评审函1号"),
        ("_once", "s1"),
    ];
    assert_eq!(browser.post(&form, &fields).await.location(), format!("{page}?said=suspended"));
    let still = browser.get(&page).await.text();
    assert!(still.contains("暂停计时") && still.contains("恢复计时") && !still.contains(&format!("{page}/decision")));
    assert_eq!(browser.get(&format!("{page}/decision")).await.location(), format!("{page}?said=taken"));
    world.set_day(jiff::civil::date(2026, 3, 10));
    let mut browser = desk(world, &officer).await;
    let resumed = browser.post(&format!("{page}/resume"), &[("to", "2026-03-09"), ("_once", "s2")]).await;
    assert_eq!(resumed.location(), format!("{page}?said=resumed"));
    let shown = browser.get(&page).await.text();
    assert!(shown.contains("评审函1号") && shown.contains("以邮寄方式告知"), "the paper and how it was told");
    let file = world.platform.case_page(&officer.call(), &case).await.unwrap().case.notices[0].clone().unwrap().files;
    let link = format!("{page}/files/{}", file[0].id);
    assert!(shown.contains(&link) && shown.contains("评审函.pdf"));
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(unit.get(&page).await.text().contains(&link));
    assert!(unit.get(&link).await.header("content-disposition").contains("attachment"));
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert_eq!(rival.get(&link).await.status, StatusCode::NOT_FOUND);
}

async fn art37_three_people_decide_page_by_page(world: &World) {
    let (one, two, three) = (water(world).await, water(world).await, water(world).await);
    let case = world.accepted(&one).await;
    let page = case_page(&case);
    let mut first = desk(world, &one).await;
    let claimed = first.post(&format!("{page}/claim"), &[("_once", "c1")]).await;
    assert_eq!(claimed.location(), format!("{page}?said=claimed"));
    assert!(first.get("/?tab=mine").await.text().contains(&page));
    let empty = first.post(&format!("{page}/proposal"), &[("opinion", "写了一半")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("请选择结果") && empty.text().contains("写了一半"), "nothing typed is lost");
    let proposal = [("outcome", "granted"), ("opinion", "拟准予，理由如下。"), ("_once", "p1")];
    let proposed = first.post(&format!("{page}/proposal"), &proposal).await;
    assert_eq!(proposed.location(), format!("{page}?said=proposed"));
    let own = first.get(&page).await.text();
    assert!(
        own.contains("拟准予，理由如下。") && !own.contains(&format!("{page}/review\"")),
        "not one's own to review"
    );
    let refused = first.post(&format!("{page}/review"), &[("opinion", "同意")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("四眼原则"));
    let mut second = desk(world, &two).await;
    let back = second.post(&format!("{page}/send-back"), &[("opinion", "请补充理由"), ("_once", "b1")]).await;
    assert_eq!(back.location(), format!("{page}?said=sent-back"));
    assert!(first.get(&format!("{page}/proposal")).await.text().contains("请补充理由"), "why it came back");
    let proposal = [("outcome", "granted"), ("opinion", "补充后拟准予。"), ("_once", "p2")];
    first.post(&format!("{page}/proposal"), &proposal).await;
    let reviewed = second.post(&format!("{page}/review"), &[("opinion", "同意"), ("_once", "r1")]).await;
    assert_eq!(reviewed.location(), format!("{page}?said=reviewed"));
    let mut third = desk(world, &three).await;
    assert!(
        third.get(&format!("{page}/decision")).await.text().contains("补充后拟准予。"),
        "what is decided on is shown"
    );
    let sure: Vec<_> = DECISION.into_iter().chain([("_step", "confirm"), ("_once", "d1")]).collect();
    assert_eq!(third.post(&format!("{page}/decision"), &sure).await.location(), format!("{page}?said=decided"));
}

async fn art37_without_a_review_the_page_asks_why_and_shows_it_again(world: &World) {
    let (one, two) = (water(world).await, water(world).await);
    let case = world.accepted(&one).await;
    let page = case_page(&case);
    let form = format!("{page}/decision");
    let mut first = desk(world, &one).await;
    let proposal = [("outcome", "granted"), ("opinion", "拟准予。"), ("_once", "u1")];
    first.post(&format!("{page}/proposal"), &proposal).await;
    let own = first.post(&form, &[&DECISION[..], &[("unreviewed", "审核人出差")]].concat()).await;
    assert!(own.status == StatusCode::UNPROCESSABLE_ENTITY && own.text().contains("四眼原则"), "not one's own");
    let mut second = desk(world, &two).await;
    assert!(second.get(&page).await.text().contains("未经审核直接决定"));
    let asked = second.get(&form).await.text();
    assert!(asked.contains("<h1>未经审核直接决定</h1>") && asked.contains("拟办意见还没有审核"));
    let without = second.post(&form, &DECISION).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(without.text().contains("href=\"#field-unreviewed\"") && without.text().contains(DECISION[2].1));
    let with = [&DECISION[..], &[("unreviewed", "审核人出差，明日届满。")]].concat();
    let preview = second.post(&form, &with).await;
    assert!(preview.status == StatusCode::OK && preview.text().contains("原因：审核人出差，明日届满。"));
    let sure = [&with[..], &[("_step", "confirm"), ("_once", "u2")]].concat();
    assert_eq!(second.post(&form, &sure).await.location(), format!("{page}?said=decided"));
    assert!(first.get(&page).await.text().contains("没有审核，直接决定。原因：审核人出差，明日届满。"));
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(!unit.get(&page).await.text().contains("审核人出差"), "an inner matter of the organ");
}

async fn art17_many_consultations_of_a_case_are_paged(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    let page = case_page(&case);
    let mut browser = desk(world, &officer).await;
    for n in 0..21 {
        let key = format!("q{n}");
        let question = [
            ("department", "emergency"),
            ("region", "150402"),
            ("text", "是否影响行洪？"),
            ("reply_by", "2026-03-05"),
            ("silence", "awaited"),
            ("_once", &key),
        ];
        let asked = browser.post(&format!("{page}/consultation"), &question).await;
        let id = asked.location().split('?').next().unwrap().to_owned();
        let (recall, key) = (format!("{id}/recall"), format!("r{n}"));
        browser.post(&recall, &[("reason", "另行征求"), ("_once", &key)]).await;
    }
    let first = browser.get(&page).await.text();
    let at = first.find("?consultations=").unwrap();
    let cursor: String = first[at + "?consultations=".len()..].chars().take_while(|c| *c != '#').collect();
    assert!(first.contains("本页 20 件"));
    let second = browser.get(&format!("{page}?consultations={cursor}")).await.text();
    assert!(second.contains("本页 1 件") && second.contains(&format!("href=\"{page}#consultations\"")));
}

async fn art42_45_the_limit_is_extended_and_a_review_is_run_page_by_page(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    let page = case_page(&case);
    let mut browser = desk(world, &officer).await;
    assert!(browser.get(&format!("{page}/extension")).await.text().contains("最多延长 10 个工作日"));
    let mut order = vec![
        ("days", "11"),
        ("reason", "两个流域"),
        ("approved_by", "张局长"),
        ("approval", "签报8号"),
        ("_once", "e1"),
    ];
    let over = browser.post(&format!("{page}/extension"), &order).await;
    assert!(over.status == StatusCode::UNPROCESSABLE_ENTITY && over.text().contains("两个流域"));
    order[0] = ("days", "10");
    let extended = browser.post(&format!("{page}/extension"), &order).await;
    assert_eq!(extended.location(), format!("{page}?said=extended"));
    let shown = browser.get(extended.location()).await.text();
    assert!(shown.contains("延长10个工作日") && shown.contains("延长办理期限通知书"));
    assert!(browser.get(&format!("{page}/special")).await.text().contains("行政许可法第四十五条"));
    let plan = [
        ("kind", "expert_review"),
        ("from", "2026-03-02"),
        ("planned_until", "2026-03-06"),
        ("paper", "评审函1号"),
        ("told_on", "2026-03-02"),
        ("told_by", "platform"),
        ("_once", "s1"),
    ];
    let begun = browser.post(&format!("{page}/special"), &plan).await;
    assert_eq!(begun.location(), format!("{page}?said=special-begun"));
    assert!(browser.get(begun.location()).await.text().contains("登记程序结果"));
    let result =
        [("at", "0"), ("ended_on", "2026-03-02"), ("result", "专家组同意"), ("paper", "评审意见"), ("_once", "s2")];
    let ended = browser.post(&format!("{page}/special-result"), &result).await;
    assert_eq!(ended.location(), format!("{page}?said=special-ended"));
    assert!(browser.get(ended.location()).await.text().contains("专家组同意"));
    let told = [("told_on", "2026-03-02"), ("told_by", "mail"), ("paper", "听证告知书"), ("_once", "h1")];
    let offered = browser.post(&format!("{page}/hearing"), &told).await;
    assert_eq!(offered.location(), format!("{page}?said=hearing-offered"));
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(unit.get(&page).await.text().contains("您有权申请听证"));
    let asked = unit.post(&format!("{page}/hearing"), &[("_once", "h2")]).await;
    assert_eq!(asked.location(), format!("{page}?done=hearing"));
    assert!(browser.get(&page).await.text().contains("申请听证"));
}

async fn art49_the_unit_asks_for_a_change_and_the_office_decides(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let page = case_page(&case);
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    assert!(unit.get(&page).await.text().contains("申请变更或者延续"));
    let half = unit.post(&format!("{page}/amendment"), &[("reason", "写了一半")]).await;
    assert!(half.status == StatusCode::UNPROCESSABLE_ENTITY && half.text().contains("写了一半"));
    let request = [("kind", "change"), ("reason", "弃渣场改址"), ("_once", "m1")];
    let asked = unit.post(&format!("{page}/amendment"), &request).await;
    assert_eq!(asked.location(), format!("{page}?done=amendment"));
    let mut browser = desk(world, &officer).await;
    assert!(browser.get(&format!("{page}/amendment")).await.text().contains("弃渣场改址"));
    let decision = [
        ("outcome", "granted"),
        ("opinion", "同意变更"),
        ("document_number", "变1号"),
        ("on", "2026-03-02"),
        ("_once", "m2"),
    ];
    let amended = browser.post(&format!("{page}/amendment"), &decision).await;
    assert_eq!(amended.location(), format!("{page}?said=amended"));
    assert!(unit.get(&page).await.text().contains("同意变更"));
    let revocation = [
        ("ground", "circumstances_changed"),
        ("reason", "规划调整"),
        ("document_number", "撤1号"),
        ("on", "2026-03-02"),
        ("_once", "m3"),
    ];
    let revoked = browser.post(&format!("{page}/revocation"), &revocation).await;
    assert_eq!(revoked.location(), format!("{page}?said=revoked"));
    assert!(unit.get(&page).await.text().contains("撤回"), "the unit sees that it is no longer in force");
}

async fn art32_what_is_wrong_on_the_spot_and_what_is_not_the_organs(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let page = case_page(&case);
    let mut browser = desk(world, &officer).await;
    let fix = [("material", "whole"), ("wrong", "姓名有误"), ("right", "王建国"), ("by", "李工"), ("_once", "x1")];
    let fixed = browser.post(&format!("{page}/spot"), &fix).await;
    assert_eq!(fixed.location(), format!("{page}?said=spot"));
    assert!(browser.get(&page).await.text().contains("姓名有误 → 王建国"));
    assert_eq!(browser.get(&format!("{page}/transfer")).await.location(), format!("{page}?said=taken"));
    let wrong = [("ground", "wrong_organ"), ("reason", "属于盟市"), ("department", ""), ("_once", "x2")];
    let nameless = browser.post(&format!("{page}/refuse"), &wrong).await;
    assert!(nameless.status == StatusCode::UNPROCESSABLE_ENTITY && nameless.text().contains("属于盟市"));
    let named = [
        ("ground", "wrong_organ"),
        ("reason", "属于盟市"),
        ("department", "water"),
        ("region", "150400"),
        ("_once", "x3"),
    ];
    assert_eq!(browser.post(&format!("{page}/refuse"), &named).await.location(), format!("{page}?said=not-accepted"));
}

async fn a_case_is_handed_over_to_a_colleague_page_by_page(world: &World) {
    let officer = water(world).await;
    let colleague = world.officer("water", "150402", &[Role::Undertaker]).await;
    let case = world.accepted(&officer).await;
    let page = case_page(&case);
    world.platform.claim_case(&officer.call(), &case).await.unwrap();
    let mut browser = desk(world, &officer).await;
    let form = format!("{page}/hand-over");
    assert!(browser.get(&form).await.text().contains(colleague.account().as_str()));
    let nobody = browser.post(&form, &[("to", ""), ("reason", "休假")]).await;
    assert!(nobody.status == StatusCode::UNPROCESSABLE_ENTITY && nobody.text().contains("休假"));
    let to = [("to", colleague.account().as_str()), ("reason", "休假"), ("_once", "o1")];
    assert_eq!(browser.post(&form, &to).await.location(), format!("{page}?said=handed-over"));
    assert!(browser.get(&page).await.text().contains("转由"));
}

async fn art13_a_code_is_checked_with_its_fault_by_name(world: &World) {
    let officer = water(world).await;
    let project = world.project().await;
    let code = world.platform.project_page(&world.agent.call(), &project).await.unwrap().declared.code.clone();
    let mut browser = desk(world, &officer).await;
    let good = browser.get(&format!("/verify?code={code}")).await.text();
    assert!(good.contains("核验通过") && good.contains(&format!("/projects/{project}")));
    let bad = browser.get("/verify?code=2611-150402").await.text();
    assert!(bad.contains("不是有效的项目代码") && bad.contains("错误类别"));
    let far = world.all_hands("water", "152502").await;
    let elsewhere = desk(world, &far).await.get(&format!("/verify?code={code}")).await.text();
    assert!(elsewhere.contains("核验通过") && elsewhere.contains("不在您的辖区内"));
    assert!(!elsewhere.contains(&format!("/projects/{project}")));
}

async fn s05_another_department_and_a_watcher_do_not_act(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let page = case_page(&case);
    let ecology = world.all_hands("ecology", "150402").await;
    let mut browser = desk(world, &ecology).await;
    assert_eq!(browser.get(&page).await.status, StatusCode::FORBIDDEN);
    assert!(!browser.get("/cases").await.text().contains(&page));
    let far = world.all_hands("water", "152502").await;
    assert_eq!(
        desk(world, &far).await.get(&page).await.status,
        StatusCode::NOT_FOUND,
        "its existence is not theirs to know"
    );

    let watcher = world.supervisor().await;
    let mut browser = desk(world, &watcher).await;
    let seen = browser.get(&page).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(!seen.text().contains(&format!("{page}/accept")));
    assert_eq!(browser.get(&format!("{page}/accept")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post(&format!("{page}/accept"), &[]).await.status, StatusCode::FORBIDDEN);
    let receptionist = world.officer("water", "150402", &[Role::Receptionist]).await;
    world.accept(&officer, &case).await;
    let mut browser = desk(world, &receptionist).await;
    assert_eq!(browser.get(&format!("{page}/decision")).await.status, StatusCode::FORBIDDEN);
    let mut nobody = Client::office(world);
    for path in ["/", "/cases", "/projects", "/verify", "/help", &page, "/papers/x/pdf"] {
        let answer = nobody.get(path).await;
        assert!(answer.location().starts_with("/login?next="), "{path}: {}", answer.status);
    }
}

async fn s06_a_one_time_secret_sets_the_first_password(world: &World) {
    use domain::{account::Post, region::RegionCode};
    let form = platform::account::OpenOfficer {
        login: "first.timer".into(),
        name: "新来的".into(),
        posts: vec![Post {
            department: "water".into(),
            region: RegionCode::parse("150402").unwrap(),
            role: Role::Receptionist,
            from: jiff::civil::date(2026, 1, 1),
            to: None,
        }],
        reason: "任命".into(),
        password: None,
    };
    let (_, secret) = world.platform.open_officer(&platform::Call::system("t"), &form).await.unwrap();
    let secret = secret.unwrap();
    let password = "Grassland Moon 77";
    let mut browser = Client::office(world);
    let unequal = browser.post("/setup", &[("secret", &secret), ("password", password), ("again", "x")]).await;
    assert_eq!(unequal.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = browser.post("/setup", &[("secret", &secret), ("password", password), ("again", password)]).await;
    assert_eq!(set.location(), "/login?said=set");
    let again = browser.post("/setup", &[("secret", &secret), ("password", password), ("again", password)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it works once");
    let wrong = browser.post("/login", &[("login", "first.timer"), ("password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("first.timer"));
    let into =
        browser.post("/login", &[("login", "first.timer"), ("password", password), ("next", "//evil.example")]).await;
    assert_eq!(into.location(), "/");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_eq!(browser.post("/logout", &[]).await.location(), "/login?said=out");
    assert!(browser.get("/").await.location().starts_with("/login"));
}

async fn l10_the_work_list_shows_what_is_owed_and_its_filters_hold(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);
    for (path, there) in [
        ("/?tab=check", true),
        ("/?tab=receive", false),
        ("/?tab=red", false),
        ("/?words=%E6%96%B0%E6%9D%90%E6%96%99", true),
        ("/?words=%E6%B2%A1%E6%9C%89", false),
        ("/?item=soil_water", true),
        ("/?item=eia", false),
        ("/?region=150402", true),
        ("/cases", true),
        ("/cases?tab=ended", false),
    ] {
        let text = browser.get(path).await.text();
        assert_eq!(text.contains(&format!("\"{page}\"")), there, "{path}");
    }
    let empty = browser.get("/?words=%E6%B2%A1%E6%9C%89").await.text();
    assert!(empty.contains("没有符合条件的办件") && empty.contains("清除筛选"));
    assert!(browser.get("/?tab=red").await.text().contains("没有红灯"));

    world.set_day(jiff::civil::date(2026, 3, 9));
    assert!(desk(world, &officer).await.get("/?tab=today").await.text().contains("今日到期"));
    world.set_day(jiff::civil::date(2026, 3, 11));
    let red = desk(world, &officer).await.get("/?tab=red").await.text();
    assert!(red.contains("红灯 · 超期 2 个工作日"), "days late are told in the unit of the period");
}

async fn a_lost_race_is_told_kindly(world: &World) {
    let officer = water(world).await;
    let case = world.submitted().await;
    let mut browser = desk(world, &officer).await;
    let page = case_page(&case);
    world.receive(&officer, &case).await;
    let late = browser.post(&format!("{page}/receive"), &[("_once", "late")]).await;
    assert_eq!(late.location(), format!("{page}?said=taken"));
    let told = browser.get(late.location()).await.text();
    assert!(told.contains("可能已被他人处理") && told.contains("已收件"));
    world.platform.ask_correction(&officer.call(), &case, vec![point("补章")]).await.unwrap();
    assert_eq!(browser.get(&format!("{page}/accept")).await.location(), format!("{page}?said=taken"));
}

async fn art7_general_administration_takes_a_code_out_of_force(world: &World) {
    let project = world.project().await;
    let path = format!("/projects/{project}");
    let officer = water(world).await;
    let mut browser = desk(world, &officer).await;
    assert!(browser.get("/projects").await.text().contains(&path));
    let shown = browser.get(&path).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text().contains("应办事项") && !shown.text().contains(&format!("{path}/void")));
    assert_eq!(browser.get(&format!("{path}/void")).await.status, StatusCode::FORBIDDEN);
    for secret in [testkit::answers::CONTACT_MOBILE, testkit::answers::CONTACT_EMAIL] {
        assert!(!shown.text().contains(secret), "personal answers are sealed");
    }

    let office = world.general_administration().await;
    let mut browser = desk(world, &office).await;
    assert!(browser.get(&path).await.text().contains(&format!("{path}/void")));
    let short = browser.post(&format!("{path}/void"), &[("reason", "错")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let voided = browser.post(&format!("{path}/void"), &[("reason", "立项文件已失效。")]).await;
    assert_eq!(voided.location(), format!("{path}?said=voided"));
    assert!(browser.get(voided.location()).await.text().contains("代码已作废"));
    assert_eq!(
        browser.post(&format!("{path}/void"), &[("reason", "再作废一次")]).await.location(),
        format!("{path}?said=taken")
    );
    assert!(browser.get("/projects?words=%E6%B2%A1%E6%9C%89").await.text().contains("没有找到项目"));
}

/// Every address of a list's rows, over all its pages, with the number of pages.
async fn walk(browser: &mut Client, first: &str, row: &str) -> (Vec<String>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(first.to_owned()));
    while let Some(path) = next {
        let text = browser.get(&path).await.text();
        let links = |prefix: &str| -> Vec<String> {
            let of = |part: &str| part.split('"').next().unwrap_or_default().replace("&#38;", "&");
            text.split("href=\"").skip(1).map(of).filter(|link| link.starts_with(prefix)).collect()
        };
        rows.extend(links(row));
        pages += 1;
        next = text
            .contains("rel=\"next\"")
            .then(|| links(first.split('?').next().unwrap_or_default()))
            .and_then(|all| all.into_iter().rfind(|link| link.contains("after=")));
        assert!(pages < 10, "the list has an end");
    }
    (rows, pages)
}

async fn l14_lists_go_on_from_the_last_row_and_miss_nothing(world: &World) {
    let officer = water(world).await;
    for n in 0..21 {
        let mut answers = testkit::answers::record_filing();
        answers.insert("project_name".into(), format!("红山区第{n}号项目"));
        let project = world.declare(&world.agent, &answers).await;
        world.apply(&world.agent, &project, "soil_water").await;
        world.later(i64::from(n % 2));
    }
    let mut browser = desk(world, &officer).await;
    for (first, row) in [("/?tab=receive", "/cases/c"), ("/cases", "/cases/c"), ("/projects", "/projects/p")] {
        let (mut rows, pages) = walk(&mut browser, first, row).await;
        assert_eq!((rows.len(), pages), (21, 2), "{first}");
        rows.sort();
        rows.dedup();
        assert_eq!(rows.len(), 21, "{first}: no row twice");
    }
}

async fn u09_a_file_is_only_ever_sent_as_an_attachment_and_only_to_its_officers(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    let file = page.application.materials.iter().flat_map(|given| &given.files).next().unwrap().id.clone();
    let path = format!("/cases/{case}/files/{file}");
    let mut browser = desk(world, &officer).await;
    assert!(browser.get(&case_page(&case)).await.text().contains(&path));
    let sent = browser.get(&path).await;
    assert_eq!(sent.status, StatusCode::OK);
    assert!(sent.header("content-disposition").starts_with("attachment"));
    assert_eq!(sent.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    let picture = browser.get(&format!("/cases/{case}/pictures/{file}")).await;
    assert_eq!(picture.status, StatusCode::NOT_FOUND, "only a re-encoded picture is ever shown");
    let other = world.submitted().await;
    assert_eq!(browser.get(&format!("/cases/{other}/files/{file}")).await.status, StatusCode::NOT_FOUND);
    let ecology = world.all_hands("ecology", "150402").await;
    assert_eq!(desk(world, &ecology).await.get(&path).await.status, StatusCode::FORBIDDEN);
    assert!(Client::office(world).get(&path).await.location().starts_with("/login"));
}

async fn s08_an_administrator_begins_with_people_and_sees_no_case(world: &World) {
    let case = world.submitted().await;
    let person = world.officer("water", "150402", &[Role::SystemAdministrator]).await;
    let mut browser = desk(world, &person).await;
    assert_eq!(browser.get("/").await.location(), "/organs");
    assert_eq!(browser.get("/help").await.status, StatusCode::OK);
    for path in ["/cases", "/projects", &case_page(&case)] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

async fn art15_prompts_stand_on_their_page_until_they_are_seen(world: &World) {
    let officer = water(world).await;
    let case = world.received(&officer).await;
    world.set_day(date(2026, 3, 10));
    world.platform.sweep_deadlines(&platform::Call::system("test"), 1).await.unwrap();
    let mut browser = desk(world, &officer).await;
    let page = browser.get("/prompts").await.text();
    assert!(page.contains("视为受理") && page.contains("未看") && page.contains(&case_page(&case)), "{page}");
    let seen = browser.post("/prompts/seen", &[("_once", "s1")]).await;
    assert_eq!(seen.location(), "/prompts?said=seen");
    let page = browser.get(seen.location()).await.text();
    assert!(page.contains("已全部标为看过") && !page.contains("未看</span>"));
    let page = browser.get(&case_page(&case)).await.text();
    assert!(page.contains("依法视为受理") && page.contains("行政许可法第三十二条第一款第（四）项"));
    assert!(page.contains("全程：每一天算谁的") && page.contains("办理时限计时单"));
    assert!(page.contains(r#"<dd class="num">6 个工作日</dd>"#), "the ledger of days is drawn, not printed: {page}");
    let mut portal = Client::portal(world).signed_in(world, &world.agent).await;
    let page = portal.get(&case_page(&case)).await.text();
    assert!(page.contains("依法视为受理") && page.contains("每一天算谁的") && page.contains("视为受理通知书"));
    assert!(page.contains(r#"<dd class="num">6 个工作日</dd>"#), "{page}");
}

async fn art15_due_days_are_downloaded_behind_the_session_only(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    let answer = desk(world, &officer).await.get("/deadlines.ics").await;
    assert!(answer.header("content-type").starts_with("text/calendar"));
    assert!(answer.header("content-disposition").contains("attachment"));
    let text = answer.text();
    assert!(text.contains("DTSTART;VALUE=DATE:20260330") && text.contains(case.as_str()), "{text}");
    let nobody = Client::office(world).get("/deadlines.ics").await;
    assert!(nobody.location().starts_with("/login"));
    let elsewhere = world.all_hands("ecology", "150402").await;
    assert!(!desk(world, &elsewhere).await.get("/deadlines.ics").await.text().contains("BEGIN:VEVENT"));
}

async fn art15_a_notice_is_previewed_corrected_and_put_in_force(world: &World) {
    let officer = water(world).await;
    let case = world.accepted(&officer).await;
    let administration = world.officer("development_reform", "150000", &[Role::GeneralAdministration]).await;
    let mut browser = desk(world, &administration).await;
    assert!(browser.get("/calendar").await.text().contains("还没有装载过"));
    let title = "国务院办公厅关于2027年部分节假日安排的通知";
    let days = "2027-01-01 holiday 元旦\n2027-05-01 holiday 劳动节\n2027-10-01 holiday 国庆节\n";
    let wrong = format!("{days}2027-02-30 holiday 春节\n");
    let form = |days: &str| vec![("year", "2027".to_owned()), ("title", title.to_owned()), ("days", days.to_owned())];
    let refused = post(&mut browser, "/calendar/preview", form(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text();
    assert!(page.contains("第 4 行") && page.contains("2027-02-30 holiday 春节") && page.contains(title), "{page}");
    let page = post(&mut browser, "/calendar/preview", form(days)).await.text();
    assert!(page.contains("没有在办办件的届满日变化") && page.contains("尚未生效"));
    // A correction of this year's notice moves the case.
    let mut year = String::new();
    let mut day = date(2026, 1, 1);
    while day < date(2026, 12, 1) {
        use domain::calendar::DayKind;
        match world.platform.rules.calendar.kind(day) {
            DayKind::Holiday(name) => year += &format!("{day}\tholiday\t{name}\n"),
            DayKind::MakeUpWorkday(name) => year += &format!("{day}\tworkday\t{name}\n"),
            _ => {}
        }
        day = day.tomorrow().unwrap();
    }
    year += "2026-03-20\tholiday\t调整\n";
    let form = |once: &str| {
        let title = "国务院办公厅关于调整2026年放假安排的通知".to_owned();
        vec![("year", "2026".to_owned()), ("title", title), ("days", year.clone()), ("_once", once.to_owned())]
    };
    let page = post(&mut browser, "/calendar/preview", form("")).await.text();
    assert!(page.contains("2026-03-30") && page.contains("2026-03-31") && page.contains(&case_page(&case)), "{page}");
    let table = post(&mut browser, "/calendar/moved", form("")).await;
    assert!(table.header("content-type").starts_with("text/tab-separated-values"));
    assert!(table.text().contains("2026-03-30\t2026-03-31"));
    for _ in 0..2 {
        let loaded = post(&mut browser, "/calendar/load", form("k1")).await;
        assert!(loaded.location().starts_with("/calendar?said=loaded"), "{} {}", loaded.status, loaded.location());
    }
    let page = browser.get("/calendar?said=loaded&moved=1").await.text();
    assert!(page.contains("第 1 版工作日历已生效") && page.contains("调整2026年放假安排"));
    let case = desk(world, &officer).await.get(&case_page(&case)).await.text();
    assert!(case.contains("2026-03-31") && case.contains("工作日历更新"));
    let county = world.general_administration().await;
    assert_eq!(desk(world, &county).await.get("/calendar").await.status, StatusCode::NOT_FOUND);
}

async fn post(browser: &mut Client, path: &str, form: Vec<(&'static str, String)>) -> testkit::Answer {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &form).await
}
