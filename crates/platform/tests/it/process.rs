//! 收件, 受理, 补正, 计时, 决定, 办结, as 办法第十四条 orders them.

use domain::{
    case::{Outcome, Stage, Way},
    clock::{Ground, Light, Suspension},
    department::Agency,
    document::DocumentKind,
};
use jiff::civil::date;
use testkit::{World, both_engines, decision, outcome::refused, point, supplied};

both_engines! {
    art14_2_acceptance_starts_the_clock,
    art14_2_a_code_that_does_not_verify_is_refused_and_the_unit_is_told,
    a15_a_code_voided_while_a_case_is_accepted_never_slips_through,
    art14_4_a_decision_carries_opinion_number_and_title,
    art14_5_completion_notice_is_issued_by_itself,
    licence32_correction_is_asked_once_and_answered_point_by_point,
    licence32_the_five_days_count_anew_after_the_supplement,
    art15_days_on_hold_are_not_counted,
    licence38_not_accepting_gives_its_reason_and_remedy,
    every_paper_is_verified_by_anybody_and_forgeries_are_not,
}

async fn art14_2_acceptance_starts_the_clock(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let p = &world.platform;
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert!(page.decision_sheet.is_none());
    assert_eq!(page.check_sheet.unwrap().due.unwrap().date, date(2026, 3, 9), "five working days from Monday 2 March");
    world.set_day(date(2026, 3, 4));
    world.accept(&officer, &case).await;
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.case.accepted_at.unwrap().date(), date(2026, 3, 4));
    assert_eq!(page.case.code_check, Some(Ok(())));
    assert_eq!(page.decision_sheet.unwrap().due.unwrap().date, date(2026, 4, 1), "twenty working days");
    let row = &p.work_list(&officer.call(), &Default::default(), None).await.unwrap().rows[0];
    assert_eq!(row.due, Some(date(2026, 4, 1)));
    assert_eq!(row.light(date(2026, 3, 4)), Some(Light::Normal));
    assert_eq!(row.light(date(2026, 4, 2)), Some(Light::Red));
    let notice = page.case.documents.iter().find(|d| d.kind == DocumentKind::AcceptanceNotice).unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &notice.number).await.unwrap();
    assert!(paper.rows.iter().any(|(_, value)| value.contains("2026年4月1日")), "{:?}", paper.rows);
    assert!(told(world, "已受理").await);
}

async fn told(world: &World, word: &str) -> bool {
    let messages = world.platform.messages(&world.agent.call(), None, 50).await.unwrap();
    messages.iter().any(|m| m.title.contains(word) || m.body.contains(word))
}

async fn art14_2_a_code_that_does_not_verify_is_refused_and_the_unit_is_told(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let administration = world.general_administration().await;
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.platform.void_code(&administration.call(), &project, "项目备案已经失效").await.unwrap();
    let p = &world.platform;
    for _ in 0..2 {
        let refusal = refused(p.accept_case(&officer.once("accept-1"), &case, true).await, "case.code_not_verified");
        assert!(refusal.article.unwrap().contains("办法第十四条"));
    }
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!((page.case.stage, page.case.accepted_at), (Stage::Received, None));
    assert!(page.case.documents.iter().all(|d| d.kind != DocumentKind::AcceptanceNotice));
    let messages = p.messages(&world.agent.call(), None, 50).await.unwrap();
    let message = messages.iter().find(|m| m.title.contains("核验")).unwrap();
    assert!(message.body.contains("第十四条") && message.link.contains(case.as_str()), "{message:?}");
    assert!(page.trail.iter().any(|entry| entry.title.contains("核验") && entry.title.contains("未通过")));
}

async fn a15_a_code_voided_while_a_case_is_accepted_never_slips_through(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let administration = world.general_administration().await;
    for _ in 0..8 {
        let project = world.project().await;
        let case = world.apply(&world.agent, &project, "soil_water").await;
        world.receive(&officer, &case).await;
        let (accept_call, void_call) = (officer.call(), administration.call());
        let (accepted, voided) = tokio::join!(
            world.platform.accept_case(&accept_call, &case, true),
            world.platform.void_code(&void_call, &project, "项目备案已经失效"),
        );
        voided.unwrap();
        let events = world.platform.store.events(&format!("case:{case}")).await.unwrap();
        let is_accepted = events.iter().any(|event| event.kind == "CaseAccepted");
        match accepted {
            Ok(()) => assert!(is_accepted),
            Err(failure) => {
                refused::<()>(Err(failure), "case.code_not_verified");
                assert!(!is_accepted);
            }
        }
        // Whoever relies on a code is counted at the project while it is in force: the application, then the acceptance.
        let sql = "SELECT checks FROM projects WHERE id = $1 AND state = 'voided'";
        let row = world.platform.store.query_one(sql, [project.as_str().into()]).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "checks").unwrap(), 1 + i64::from(is_accepted));
    }
}

async fn art14_4_a_decision_carries_opinion_number_and_title(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let good = decision(world, Outcome::Granted);
    let blank = domain::case::Decision {
        opinion: " ".into(),
        document_number: String::new(),
        title: String::new(),
        ..good.clone()
    };
    let p = &world.platform;
    world.reviewed(&case, Outcome::Granted).await;
    let result = p.decide_case(&officer.call(), &case, blank).await;
    let Err(platform::Failure::Refused(refusals)) = result else { panic!("{result:?}") };
    for field in ["opinion", "document_number", "title"] {
        let refusal = refusals.iter().find(|r| r.field.as_deref() == Some(field)).unwrap();
        assert!(refusal.article.as_deref().unwrap().contains("办法第十四条"));
    }
    assert_eq!(p.case_page(&officer.call(), &case).await.unwrap().case.stage, Stage::Reviewed);
    p.decide_case(&officer.call(), &case, good.clone()).await.unwrap();
    let decided = p.case_page(&officer.call(), &case).await.unwrap().case.decision.unwrap();
    assert_eq!(*decided, good);
}

async fn art14_5_completion_notice_is_issued_by_itself(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let p = &world.platform;
    let page = p.case_page(&world.agent.call(), &case).await.unwrap();
    assert_eq!(page.case.stage, Stage::Completed);
    let notice = page.case.documents.iter().find(|d| d.kind == DocumentKind::CompletionNotice).unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &notice.number).await.unwrap();
    let decision = page.case.decision.unwrap();
    for text in [&decision.opinion, &decision.document_number, &decision.title] {
        assert!(paper.rows.iter().any(|(_, value)| value == text), "{text}");
    }
    assert!(told(world, "办结").await);
}

async fn licence32_correction_is_asked_once_and_answered_point_by_point(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let p = &world.platform;
    refused(p.ask_correction(&officer.call(), &case, vec![]).await, "correction.points");
    p.ask_correction(&officer.call(), &case, vec![point("补盖公章"), point("补充附图")]).await.unwrap();
    assert!(told(world, "补正").await);
    refused(p.supply_correction(&world.agent.call(), &case, supplied(1)).await, "correction.open_point");
    let application = p.case_page(&world.agent.call(), &case).await.unwrap().application;
    let file = world.upload(&world.agent.call(), &application.project, "soil_water_plan").await.unwrap();
    let answers = vec![("已盖章".to_owned(), vec![]), (String::new(), vec![file.id.clone()])];
    p.supply_correction(&world.agent.call(), &case, answers).await.unwrap();
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.case.stage, Stage::Supplemented);
    assert_eq!(page.case.correction.unwrap().answers[1].files[0].id, file.id);
    assert!(p.download_case_file(&officer.call(), &case, &file.id).await.is_ok());
    refused(p.ask_correction(&officer.call(), &case, vec![point("再补一次")]).await, "case.wrong_state");
    world.accept(&officer, &case).await;
}

async fn licence32_the_five_days_count_anew_after_the_supplement(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let p = &world.platform;
    world.set_day(date(2026, 3, 6));
    p.ask_correction(&officer.call(), &case, vec![point("补盖公章")]).await.unwrap();
    let waiting = p.case_page(&officer.call(), &case).await.unwrap();
    assert!(waiting.running_sheet().is_none(), "the organ's clock does not run while the unit corrects");
    world.set_day(date(2026, 3, 18));
    p.supply_correction(&world.agent.call(), &case, supplied(1)).await.unwrap();
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.running_sheet().unwrap().due.unwrap().date, date(2026, 3, 25));
    let row = &p.work_list(&officer.call(), &Default::default(), None).await.unwrap().rows[0];
    assert_eq!(row.due, Some(date(2026, 3, 25)));
}

async fn art15_days_on_hold_are_not_counted(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let p = &world.platform;
    let due = async || p.case_page(&officer.call(), &case).await.unwrap().decision_sheet.unwrap().due.map(|d| d.date);
    assert_eq!(due().await, Some(date(2026, 3, 30)));
    let suspension = Suspension {
        from: date(2026, 3, 9),
        to: None,
        ground: Ground::ExpertReview,
        document: "赤水评审〔2026〕1号".into(),
        told_on: Some(date(2026, 3, 6)),
    };
    world.set_day(date(2026, 3, 9));
    world.reviewed(&case, Outcome::Granted).await;
    p.suspend_clock(&officer.call(), &case, suspension, date(2026, 3, 20), Way::Mail).await.unwrap();
    assert!(p.work_list(&officer.call(), &Default::default(), None).await.unwrap().rows[0].suspended);
    let decided = p.decide_case(&officer.call(), &case, decision(world, Outcome::Granted)).await;
    refused(decided, "clock.suspended");
    world.set_day(date(2026, 3, 16));
    p.resume_clock(&officer.call(), &case, date(2026, 3, 13)).await.unwrap();
    assert_eq!(due().await, Some(date(2026, 4, 7)), "five working days later, Qingming (6 April) is a holiday");
    let row = &p.work_list(&officer.call(), &Default::default(), None).await.unwrap().rows[0];
    assert_eq!((row.suspended, row.due), (false, Some(date(2026, 4, 7))));
    assert!(told(world, "暂停").await && told(world, "恢复").await);
}

async fn licence38_not_accepting_gives_its_reason_and_remedy(world: &World) {
    use domain::case::NotAcceptedGround::{Incomplete, WrongOrgan};
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let p = &world.platform;
    let call = officer.call();
    refused(p.not_accept_case(&call, &case, WrongOrgan, "不属于本机关", None).await, "not_accept.right_organ");
    refused(p.not_accept_case(&call, &case, Incomplete, "不齐全", None).await, "not_accept.no_correction");
    p.not_accept_case(&call, &case, WrongOrgan, "不属于本机关", Agency::parse("water-150000")).await.unwrap();
    let page = p.case_page(&world.agent.call(), &case).await.unwrap();
    let notice = page.case.documents.iter().find(|d| d.kind == DocumentKind::NonAcceptanceNotice).unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &notice.number).await.unwrap();
    assert!(paper.rows.iter().any(|(_, value)| value.contains("水利厅")));
    assert!(paper.closing.iter().any(|words| words.contains("行政复议")));
    assert!(told(world, "不属于本机关").await);
}

async fn every_paper_is_verified_by_anybody_and_forgeries_are_not(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let p = &world.platform;
    let project = p.case_page(&officer.call(), &case).await.unwrap().application.project.clone();
    let papers = p.papers_of_project(&world.agent.call(), &project).await.unwrap();
    assert_eq!(papers.len(), 4, "certificate, receipt, acceptance, completion");
    for row in papers {
        let (paper, _) = p.print_document(&world.agent.call(), &row.number).await.unwrap();
        assert!(paper.verify_url.starts_with("https://tzxm.example/"));
        let check = p.check_document(&world.public(), &paper.number, &paper.check_value).await.unwrap().unwrap();
        assert!(check.intact);
        assert!(p.check_document(&world.public(), &paper.number, "0000000000000000").await.unwrap().is_none());
        assert!(
            p.check_document(&world.public(), "内投审〔2026〕受150402000000000号", &paper.check_value)
                .await
                .unwrap()
                .is_none()
        );
    }
}
