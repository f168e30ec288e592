//! What the passing of time does: prompts, deemed acceptance, whose day it was (办法第十五条; 许可法第三十二条).

use domain::{account::Role, case::Stage, clock::Light, document::DocumentKind, ids::CaseId};
use jiff::civil::date;
use platform::{Call, deadline::Swept};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, refused, sign_in_first},
    point,
};

both_engines! {
    art32_4_five_days_of_silence_accept_from_the_day_of_receipt_and_both_sides_are_told,
    art32_4_whoever_acts_after_the_fifth_day_meets_an_accepted_case,
    art32_4_an_answer_in_time_leaves_nothing_to_silence,
    art14_2_silence_never_accepts_a_voided_code,
    art15_each_change_of_light_is_told_once_to_everybody_concerned,
    art15_several_nodes_sweep_at_once_and_record_each_fact_once,
    art15_the_sweep_reads_due_rows_and_puts_stale_ones_right,
    art15_rows_from_before_there_were_any_are_counted_at_the_first_start,
    art15_every_working_day_is_somebodys,
    s05_only_the_platform_sweeps,
}

async fn sweep(world: &World) -> Swept {
    let swept = world.platform.sweep_deadlines(&Call::system("test"), 4).await.unwrap();
    assert_eq!(swept.failed, 0);
    swept
}

async fn prompts_of(world: &World, person: &Person) -> Vec<String> {
    let (prompts, _) = world.platform.prompts(&person.call(), None).await.unwrap();
    prompts.into_iter().map(|prompt| prompt.mark).collect()
}

async fn told(world: &World, title: &str) -> usize {
    let messages = world.platform.messages(&world.agent.call(), None, 50).await.unwrap();
    messages.iter().filter(|m| m.title == title).count()
}

async fn kinds(world: &World, case: &CaseId) -> Vec<String> {
    let events = world.platform.store.events(&format!("case:{case}")).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

async fn art32_4_five_days_of_silence_accept_from_the_day_of_receipt_and_both_sides_are_told(world: &World) {
    // Received on Monday 2 March: the fifth working day is Monday 9 March.
    let officer = world.all_hands("water", "150402").await;
    let supervisor = world.supervisor().await;
    let case = world.received(&officer).await;
    world.set_day(date(2026, 3, 9));
    assert_eq!(sweep(world).await.deemed, 0, "the last day is still in time");
    world.clock.set(domain::Moment::at(date(2026, 3, 10), 0, 0));
    assert_eq!(sweep(world).await.deemed, 1);
    let p = &world.platform;
    let page = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.case.stage, Stage::Processing);
    assert_eq!(page.case.accepted_at.map(|at| at.date()), Some(date(2026, 3, 2)), "from the day of receipt");
    assert_eq!(page.decision_sheet.as_ref().unwrap().due.unwrap().date, date(2026, 3, 30), "twenty days from receipt");
    let check = page.check_sheet.as_ref().unwrap();
    assert_eq!((check.light, check.overdue), (Light::Red, 1));
    let row = &p.work_list(&officer.call(), &Default::default(), None).await.unwrap().rows[0];
    assert_eq!((row.stage, row.due), (Stage::Processing, Some(date(2026, 3, 30))));
    let notice = page.case.documents.iter().find(|d| d.kind == DocumentKind::DeemedAcceptanceNotice).unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &notice.number).await.unwrap();
    assert!(paper.is_intact() && paper.paragraphs[0].contains("第三十二条第一款第（四）项"));
    assert!(paper.rows.iter().any(|(_, value)| value.contains("2026年3月30日")));
    assert_eq!(told(world, "申请依法视为受理").await, 1);
    for person in [&officer, &supervisor] {
        assert_eq!(prompts_of(world, person).await.first().map(String::as_str), Some("deemed_acceptance"));
    }
    let events = world.platform.store.events(&format!("case:{case}")).await.unwrap();
    let deemed = events.iter().find(|event| event.kind == "CaseDeemedAccepted").unwrap();
    assert_eq!(deemed.actor, "system");
    assert!(page.trail.iter().any(|entry| entry.title.contains("视为受理") && entry.actor == "在线平台"));
    world.set_day(date(2026, 3, 16));
    world.grant(&officer, &case).await;
    assert_eq!(sweep(world).await, Swept::default(), "an ended case has no row");
}

async fn art32_4_whoever_acts_after_the_fifth_day_meets_an_accepted_case(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let p = &world.platform;
    for act in ["accept", "correct", "refuse"] {
        world.set_day(date(2026, 3, 2));
        let case = world.received(&officer).await;
        world.set_day(date(2026, 3, 11));
        // Nobody has swept yet: the law does not wait for that.
        let call = officer.once(act);
        let result = match act {
            "accept" => p.accept_case(&call, &case, true).await,
            "correct" => p.ask_correction(&call, &case, vec![point("补盖公章")]).await,
            _ => {
                let ground = domain::case::NotAcceptedGround::NotNeeded;
                p.not_accept_case(&call, &case, ground, "不需要办理", None).await
            }
        };
        refused(result, "case.wrong_state");
        let expected = ["CaseSubmitted", "CaseReceived", "CodeVerified", "CaseDeemedAccepted"];
        assert_eq!(kinds(world, &case).await, expected, "{act}");
        // The decision is already late when it is counted from the day of receipt? Not yet: it is due on 30 March.
        assert_eq!(sweep(world).await, Swept::default());
    }
}

async fn art32_4_an_answer_in_time_leaves_nothing_to_silence(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    world.set_day(date(2026, 3, 9));
    world.platform.ask_correction(&officer.call(), &case, vec![point("补盖公章")]).await.unwrap();
    world.set_day(date(2026, 4, 20));
    assert_eq!(sweep(world).await, Swept::default(), "the time is the applicant's");
    world.platform.supply_correction(&world.agent.call(), &case, testkit::supplied(1)).await.unwrap();
    world.set_day(date(2026, 5, 20));
    let swept = sweep(world).await;
    assert_eq!((swept.deemed, swept.prompts), (0, 1), "after a correction notice silence only turns red");
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.case.stage, Stage::Supplemented);
    world.accept(&officer, &case).await;
}

async fn art14_2_silence_never_accepts_a_voided_code(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let administration = world.general_administration().await;
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.platform.void_code(&administration.call(), &project, "项目备案已经失效").await.unwrap();
    world.set_day(date(2026, 3, 11));
    let swept = sweep(world).await;
    assert_eq!((swept.deemed, swept.prompts), (0, 1));
    assert_eq!(kinds(world, &case).await, ["CaseSubmitted", "CaseReceived", "CodeNotVerified", "DeadlinePrompted"]);
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!((page.case.stage, page.case.accepted_at), (Stage::Received, None));
    assert_eq!(told(world, "项目代码未通过核验").await, 1);
    world.set_day(date(2026, 4, 11));
    assert_eq!(sweep(world).await, Swept::default(), "said once");
    let ground = domain::case::NotAcceptedGround::CodeNotVerified;
    world.platform.not_accept_case(&officer.call(), &case, ground, "代码已作废", None).await.unwrap();
}

async fn art15_each_change_of_light_is_told_once_to_everybody_concerned(world: &World) {
    let roles = [Role::Receptionist, Role::Undertaker, Role::Approver];
    let officer = world.officer("water", "150402", &roles).await;
    let manager = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let (supervisor, above) =
        (world.supervisor().await, world.officer("development_reform", "150000", &[Role::Supervisor]).await);
    let approver = world.officer("water", "150402", &[Role::Approver]).await;
    let elsewhere = world.officer("ecology", "150402", &[Role::Undertaker, Role::DepartmentManager]).await;
    let case = world.accepted(&officer).await;
    // Accepted on 2 March: due on 30 March; four days are left from the end of 24 March on.
    for day in [
        date(2026, 3, 23),
        date(2026, 3, 24),
        date(2026, 3, 25),
        date(2026, 3, 30),
        date(2026, 3, 31),
        date(2026, 4, 20),
    ] {
        world.set_day(day);
        sweep(world).await;
        assert_eq!(sweep(world).await, Swept::default(), "a second sweep finds nothing on {day}");
    }
    let lights = kinds(world, &case).await.into_iter().filter(|kind| kind == "DeadlinePrompted").count();
    assert_eq!(lights, 3);
    for person in [&officer, &manager] {
        assert_eq!(prompts_of(world, person).await, ["red", "last_day", "yellow"]);
    }
    for person in [&supervisor, &above] {
        assert_eq!(prompts_of(world, person).await, ["red", "yellow"]);
    }
    for person in [&approver, &elsewhere] {
        assert!(prompts_of(world, person).await.is_empty());
    }
    assert_eq!((told(world, "办理时限临近").await, told(world, "办理已经超期").await), (1, 1));
    let p = &world.platform;
    assert_eq!(p.unseen_prompts(&manager.call()).await.unwrap(), 3);
    p.see_prompts(&manager.call()).await.unwrap();
    p.see_prompts(&manager.call()).await.unwrap();
    assert_eq!(p.unseen_prompts(&manager.call()).await.unwrap(), 0);
    assert_eq!(p.unseen_prompts(&officer.call()).await.unwrap(), 3, "everybody has an eye of their own");
    assert_eq!(p.unseen_prompts(&world.agent.call()).await.unwrap(), 0);
    forbidden(p.prompts(&world.agent.call(), None).await);
    sign_in_first(p.see_prompts(&world.public()).await);
}

async fn art15_several_nodes_sweep_at_once_and_record_each_fact_once(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let mut cases = Vec::new();
    for _ in 0..6 {
        cases.push(world.received(&officer).await);
    }
    world.set_day(date(2026, 3, 10));
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let platform = world.platform.clone();
            tokio::spawn(async move { platform.sweep_deadlines(&Call::system("node"), 8).await.unwrap() })
        })
        .collect();
    let (mut deemed, mut failed) = (0, 0);
    for node in nodes {
        let swept = node.await.unwrap();
        deemed += swept.deemed;
        failed += swept.failed;
    }
    assert_eq!((deemed, failed), (6, 0), "each is recorded by exactly one node");
    for case in &cases {
        let deemed = kinds(world, case).await.into_iter().filter(|kind| kind == "CaseDeemedAccepted").count();
        assert_eq!(deemed, 1);
    }
    assert_eq!(told(world, "申请依法视为受理").await, 6);
}

async fn art15_the_sweep_reads_due_rows_and_puts_stale_ones_right(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let p = &world.platform;
    let at = async || {
        let row = p.store.query_one("SELECT at FROM deadlines WHERE case_id = $1", [case.as_str().into()]).await;
        row.unwrap().unwrap().try_get::<i64>("", "at").unwrap()
    };
    let yellow = domain::Moment::at(date(2026, 3, 24), 0, 0).0;
    assert_eq!(at().await, yellow);
    let mut unit = ledger::Unit::new();
    unit.row(ledger::Row::new("UPDATE deadlines SET at = 1 WHERE case_id = $1", [case.as_str().into()]));
    unit.row(ledger::Row::new(
        "INSERT INTO deadlines(case_id, kind, at, what, yellow_day, due_day, provisional, calendar) VALUES('c-gone', 'x', 2, '', 0, 0, 0, 0)",
        [],
    ));
    p.store.commit(unit).await.unwrap();
    let swept = sweep(world).await;
    assert_eq!((swept.due, swept.prompts), (2, 0));
    assert_eq!(at().await, yellow, "the row says again what the case says");
    assert_eq!(sweep(world).await, Swept::default());
}

async fn art15_rows_from_before_there_were_any_are_counted_at_the_first_start(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let p = &world.platform;
    let mut unit = ledger::Unit::new();
    unit.row(ledger::Row::new("DELETE FROM deadlines", []));
    // What the migration of an older database leaves.
    unit.row(ledger::Row::new(
        "INSERT INTO deadlines(case_id, kind, at, what, yellow_day, due_day, provisional, calendar) \
         SELECT id, owed, 9223372036854775807, '', yellow_day, due_day, provisional, -1 FROM cases",
        [],
    ));
    p.store.commit(unit).await.unwrap();
    let done = p.reissue_dates(&Call::system("start")).await.unwrap();
    assert_eq!((done.counted, done.moved), (1, 0));
    let row = p.store.query_one("SELECT kind, at FROM deadlines WHERE case_id = $1", [case.as_str().into()]).await;
    let row = row.unwrap().unwrap();
    let found: (String, i64) = (row.try_get("", "kind").unwrap(), row.try_get("", "at").unwrap());
    assert_eq!(found, ("item_working".to_owned(), domain::Moment::at(date(2026, 3, 24), 0, 0).0));
}

async fn art15_every_working_day_is_somebodys(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let p = &world.platform;
    world.set_day(date(2026, 3, 4));
    p.ask_correction(&officer.call(), &case, vec![point("补盖公章")]).await.unwrap();
    world.set_day(date(2026, 3, 11));
    p.supply_correction(&world.agent.call(), &case, testkit::supplied(1)).await.unwrap();
    world.set_day(date(2026, 3, 13));
    world.accept(&officer, &case).await;
    world.set_day(date(2026, 3, 20));
    world.grant(&officer, &case).await;
    world.set_day(date(2026, 9, 1));
    for person in [&officer, &world.agent] {
        let page = p.case_page(&person.call(), &case).await.unwrap();
        let days: Vec<_> = page.days.by_bearer().into_iter().map(|(b, n)| (b.name.clone(), n)).collect();
        assert_eq!(days, [(page.application.agency_name.clone(), 9), ("甲公司".to_owned(), 5)]);
        let passed = p.rules.calendar.working_days_between(date(2026, 3, 2), date(2026, 3, 20));
        assert_eq!(i64::from(page.days.total()), passed);
    }
}

async fn s05_only_the_platform_sweeps(world: &World) {
    let supervisor = world.supervisor().await;
    let p = &world.platform;
    forbidden(p.sweep_deadlines(&supervisor.call(), 1).await);
    forbidden(p.sweep_deadlines(&world.agent.call(), 1).await);
    sign_in_first(p.reissue_dates(&world.public()).await);
}
