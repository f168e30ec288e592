//! 回溯查看: what stood at a moment and what was known of it, and that nobody sees more of the past than of the present.

use domain::{
    Moment,
    as_of::{AsOf, Asked},
    case::{Decision, Outcome, Owed, Stage, Way},
    clock::{Ground, Light, Suspension},
    ids::{CaseId, ProjectId},
    project::ProjectState,
};
use jiff::civil::{Date, date};
use platform::{
    Call,
    as_of::{CaseThen, PAGE, SCAN},
    calendar::LoadNotice,
    case::CaseRow,
    work_list::{Filter, Tab},
};
use std::collections::BTreeSet;
use testkit::{
    Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused, sign_in_first},
    point, supplied,
};

both_engines! {
    a_case_is_shown_as_it_stood_on_each_day,
    a_decision_entered_late_is_seen_at_its_date_only_by_what_is_known_today,
    clocks_are_counted_with_the_calendar_that_was_known,
    s10_nobody_sees_more_of_the_past_than_of_the_present,
    a_moment_before_it_existed_is_refused,
    what_is_written_now_does_not_change_the_past,
    the_list_as_of_now_is_the_list_and_as_of_then_what_it_was,
    a_page_of_the_list_folds_no_more_than_its_bound,
    a_project_is_shown_with_its_cases_of_then,
}

/// The end of a day, as known then.
fn on(day: Date) -> AsOf {
    let stood = Moment(Moment::at(day, 23, 59).0 + 59_999);
    AsOf { stood, known: stood }
}

fn march(day: i8) -> Date {
    date(2026, 3, day)
}

async fn look(world: &World, person: &Person, case: &CaseId, as_of: AsOf) -> CaseThen {
    world.platform.case_as_of(&person.call(), case, as_of).await.unwrap()
}

/// Received on the 2nd, accepted on the 4th, entered on the 20th as decided on the 12th.
async fn decided_late(world: &World, officer: &Person) -> CaseId {
    let case = world.received(officer).await;
    world.set_day(march(4));
    world.accept(officer, &case).await;
    world.set_day(march(20));
    world.reviewed(&case, Outcome::Granted).await;
    let decision = Decision { decided_on: march(12), ..decision(world, Outcome::Granted) };
    world.platform.decide_case(&officer.call(), &case, decision).await.unwrap();
    case
}

async fn a_case_is_shown_as_it_stood_on_each_day(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let p = &world.platform;
    let case = world.received(&officer).await;
    world.set_day(march(3));
    p.ask_correction(&officer.call(), &case, vec![point("请补充附图")]).await.unwrap();
    world.set_day(march(5));
    p.supply_correction(&world.agent.call(), &case, supplied(1)).await.unwrap();
    world.set_day(march(6));
    world.accept(&officer, &case).await;
    let suspension = Suspension {
        from: march(9),
        to: None,
        ground: Ground::ExpertReview,
        document: "专家评审通知".into(),
        told_on: Some(march(9)),
    };
    world.set_day(march(9));
    p.suspend_clock(&officer.call(), &case, suspension, march(13), Way::Platform).await.unwrap();
    world.set_day(march(16));
    p.resume_clock(&officer.call(), &case, march(13)).await.unwrap();
    world.set_day(march(20));
    world.grant(&officer, &case).await;
    world.set_day(march(30));
    let mut trail = 0;
    for (day, stage, owed, light) in [
        (march(2), Stage::Received, Owed::Check, Some(Light::Normal)),
        (march(3), Stage::CorrectionAsked, Owed::Correct, None),
        (march(5), Stage::Supplemented, Owed::Recheck, Some(Light::Normal)),
        (march(6), Stage::Processing, Owed::Propose, Some(Light::Normal)),
        (march(10), Stage::Processing, Owed::Propose, Some(Light::Suspended)),
        (march(18), Stage::Processing, Owed::Propose, Some(Light::Normal)),
        (march(20), Stage::Completed, Owed::Deliver, Some(Light::Normal)),
    ] {
        let then = look(world, &officer, &case, on(day)).await;
        assert_eq!((then.page.case.stage, then.page.case.owed()), (stage, owed), "{day}");
        assert_eq!(then.page.running_sheet().map(|sheet| sheet.light), light, "{day}");
        assert!(then.page.trail.len() > trail, "the trail grows");
        trail = then.page.trail.len();
        assert!(then.page.trail.iter().all(|entry| entry.recorded_at.date() <= day));
    }
    let resumed = look(world, &officer, &case, AsOf { known: p.clock.now(), ..on(march(14)) }).await;
    assert!(!resumed.page.case.is_suspended(), "resumed on the 16th from the end of the 13th");
    assert!(look(world, &officer, &case, on(march(14))).await.page.case.is_suspended(), "nobody knew on the 14th");
    let now = look(world, &officer, &case, AsOf { stood: p.clock.now(), known: p.clock.now() }).await;
    let present = p.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(now.page.case, present.case);
    assert_eq!(now.page.decision_sheet, present.decision_sheet);
    assert_eq!(now.page.trail.len(), present.trail.len());
}

async fn a_decision_entered_late_is_seen_at_its_date_only_by_what_is_known_today(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = decided_late(world, &officer).await;
    let today = world.platform.clock.now();
    let as_known = look(world, &officer, &case, on(march(15))).await;
    assert_eq!(as_known.page.case.stage, Stage::Processing, "nobody had entered it");
    assert_eq!(as_known.by_today.stage, Stage::Decided, "and yet it was decided");
    let late: Vec<_> = as_known.entered_later.iter().map(|l| (l.happened.date(), l.entry.recorded_at.date())).collect();
    assert_eq!(late, [(march(12), march(20))]);
    let as_stood = look(world, &officer, &case, AsOf { known: today, ..on(march(15)) }).await;
    assert_eq!(as_stood.page.case.stage, Stage::Decided);
    assert!(as_stood.entered_later.is_empty());
    let counted = &as_stood.page.decision_sheet.as_ref().unwrap().rows;
    assert!(counted.iter().all(|row| row.date <= march(15)), "no later day is counted");
    assert!(as_stood.page.trail.iter().any(|entry| entry.title == "作出决定"));
    assert!(!as_stood.page.trail.iter().any(|entry| entry.title.starts_with("办结")), "its notice came on the 20th");
    let before = look(world, &officer, &case, AsOf { known: today, ..on(march(11)) }).await;
    assert_eq!((before.page.case.stage, before.by_today.stage), (Stage::Processing, Stage::Processing));
    let light = before.page.running_sheet().map(|sheet| sheet.light);
    assert_eq!(light, Some(Light::Normal));
}

async fn clocks_are_counted_with_the_calendar_that_was_known(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let admin = world.officer("development_reform", "150000", &[domain::account::Role::GeneralAdministration]).await;
    let case = world.accepted(&officer).await;
    let due = |then: &CaseThen| then.page.decision_sheet.as_ref().and_then(|sheet| sheet.due).map(|due| due.date);
    let first = due(&look(world, &officer, &case, on(march(2))).await);
    world.set_day(march(5));
    let days: String = (9..=13).map(|day| format!("2026-03-{day:02}\tholiday\t调整\n")).collect();
    let fixed = "2026-01-01\tholiday\t元旦\n2026-05-01\tholiday\t劳动节\n2026-10-01\tholiday\t国庆节\n";
    let title = "关于调整2026年部分节假日安排的通知".to_owned();
    let notice = LoadNotice { year: "2026".into(), title, days: format!("{fixed}{days}") };
    world.platform.load_calendar(&admin.call(), &notice).await.unwrap();
    let known_then = look(world, &officer, &case, on(march(4))).await;
    assert_eq!((known_then.then.calendar_number, due(&known_then)), (0, first));
    let known_now = AsOf { known: world.platform.clock.now(), ..on(march(4)) };
    let known_now = look(world, &officer, &case, known_now).await;
    assert_eq!(known_now.then.calendar_number, 1);
    assert!(due(&known_now) > first, "five days more");
}

async fn s10_nobody_sees_more_of_the_past_than_of_the_present(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let project = world.platform.case_page(&officer.call(), &case).await.unwrap().project.declared.unwrap().id.clone();
    world.set_day(march(10));
    let p = &world.platform;
    let as_of = on(march(5));
    let filter = Filter { tab: Tab::Every, ..Filter::default() };
    let elsewhere = world.all_hands("water", "150502").await;
    let other_department = world.all_hands("ecology", "150402").await;
    not_there(p.case_as_of(&world.rival.call(), &case, as_of).await);
    not_there(p.project_as_of(&world.rival.call(), &project, as_of).await);
    not_there(p.case_as_of(&elsewhere.call(), &case, as_of).await);
    forbidden(p.case_as_of(&other_department.call(), &case, as_of).await);
    sign_in_first(p.case_as_of(&world.public(), &case, as_of).await);
    sign_in_first(p.project_as_of(&world.public(), &project, as_of).await);
    sign_in_first(p.cases_as_of(&world.public(), &filter, as_of, None).await);
    forbidden(p.cases_as_of(&world.agent.call(), &filter, as_of, None).await);
    not_there(p.case_as_of(&officer.call(), &CaseId::from_random([9; 16]), as_of).await);
    not_there(p.project_as_of(&officer.call(), &ProjectId::from_random([9; 16]), as_of).await);
    let seen = async |person: &Person| p.cases_as_of(&person.call(), &filter, as_of, None).await.unwrap().rows.len();
    assert_eq!((seen(&officer).await, seen(&elsewhere).await, seen(&other_department).await), (1, 0, 0));
    assert_eq!(
        look(world, &world.agent, &case, as_of).await.page.case.stage,
        Stage::Processing,
        "the unit sees its own"
    );
    assert_eq!(seen(&world.supervisor().await).await, 1);
}

async fn a_moment_before_it_existed_is_refused(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let project = world.platform.case_page(&officer.call(), &case).await.unwrap().project.declared.unwrap().id.clone();
    let p = &world.platform;
    let refusal = refused(p.case_as_of(&officer.call(), &case, on(march(1))).await, "as_of.before");
    assert!(refusal.message.contains("2026-03-02"), "{}", refusal.message);
    assert_eq!(refusal.field.as_deref(), Some("on"));
    refused(p.project_as_of(&officer.call(), &project, on(march(1))).await, "as_of.before");
    let hindsight = AsOf { known: p.clock.now(), ..on(march(1)) };
    refused(p.case_as_of(&officer.call(), &case, hindsight).await, "as_of.before");
    let filter = Filter { tab: Tab::Every, ..Filter::default() };
    let list = p.cases_as_of(&officer.call(), &filter, on(march(1)), None).await.unwrap();
    assert_eq!((list.rows.len(), list.looked_at, list.next), (0, 0, None));
    let future = Asked { on: "2026-03-03".into(), ..Asked::default() };
    assert_eq!(future.read(p.clock.now()).unwrap_err()[0].code, "as_of.future");
}

async fn what_is_written_now_does_not_change_the_past(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.set_day(march(10));
    world.reviewed(&case, Outcome::Granted).await;
    let before = look(world, &officer, &case, on(march(5))).await;
    let writer = {
        let (platform, call, case) = (world.platform.clone(), officer.call(), case.clone());
        let decision = decision(world, Outcome::Granted);
        tokio::spawn(async move { platform.decide_case(&call, &case, decision).await })
    };
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (platform, call, case) = (world.platform.clone(), officer.call(), case.clone());
            tokio::spawn(async move { platform.case_as_of(&call, &case, on(march(5))).await })
        })
        .collect();
    for reader in readers {
        let then = reader.await.unwrap().unwrap();
        assert_eq!(then.page.case, before.page.case);
        assert_eq!(then.page.trail.len(), before.page.trail.len());
    }
    writer.await.unwrap().unwrap();
    assert_eq!(look(world, &officer, &case, on(march(5))).await.page.case, before.page.case);
    let now = world.platform.clock.now();
    assert_eq!(look(world, &officer, &case, AsOf { stood: now, known: now }).await.page.case.stage, Stage::Completed);
}

/// All pages of a look back.
async fn all_pages(world: &World, call: &Call, tab: Tab, as_of: AsOf) -> Vec<CaseRow> {
    let filter = Filter { tab, ..Filter::default() };
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = world.platform.cases_as_of(call, &filter, as_of, after).await.unwrap();
        assert!(page.rows.len() <= PAGE && page.looked_at <= SCAN);
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), rows.len(), "no case is on two pages");
    assert!(rows.windows(2).all(|pair| pair[0].submitted_at >= pair[1].submitted_at), "latest first");
    rows
}

async fn the_list_as_of_now_is_the_list_and_as_of_then_what_it_was(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let call = officer.call();
    let p = &world.platform;
    for n in 0..27 {
        world.set_day(march([2, 3, 4][n % 3]));
        let case = world.submitted().await;
        if n % 4 > 0 {
            world.receive(&officer, &case).await;
        }
        if n % 4 > 1 {
            world.accept(&officer, &case).await;
        }
        if n % 8 == 3 {
            p.claim_case(&call, &case).await.unwrap();
        }
    }
    let wednesday = on(march(4));
    let then = all_pages(world, &call, Tab::Every, wednesday).await;
    world.set_day(march(13));
    for row in then.iter().filter(|row| row.stage == Stage::Processing && row.holder_name.is_empty()).take(3) {
        world.grant(&officer, &row.id).await;
    }
    let now = AsOf { stood: p.clock.now(), known: p.clock.now() };
    for tab in Tab::ALL.into_iter().chain([Tab::Every]) {
        let past: BTreeSet<_> =
            all_pages(world, &call, tab, now).await.into_iter().map(|row| row.id.to_string()).collect();
        let (mut present, mut after) = (BTreeSet::new(), None);
        loop {
            let page = p.work_list(&call, &Filter { tab, ..Filter::default() }, after).await.unwrap();
            present.extend(page.rows.into_iter().map(|row| row.id.to_string()));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(past, present, "{}", tab.name());
    }
    let again = all_pages(world, &call, Tab::Every, wednesday).await;
    let shown = |rows: &[CaseRow]| -> Vec<_> { rows.iter().map(|r| (r.id.clone(), r.stage, r.due)).collect() };
    assert_eq!(shown(&again), shown(&then), "the past stands");
    assert_eq!(again.len(), 27);
    assert!(all_pages(world, &call, Tab::Ended, wednesday).await.is_empty());
    assert_eq!(all_pages(world, &call, Tab::Ended, now).await.len(), 3);
    let item = Filter { tab: Tab::Every, item: Some("eia_form".into()), ..Filter::default() };
    assert!(p.cases_as_of(&call, &item, wednesday, None).await.unwrap().rows.is_empty());
    let words = Filter { tab: Tab::Every, words: again[0].project_code.clone(), ..Filter::default() };
    assert_eq!(p.cases_as_of(&call, &words, wednesday, None).await.unwrap().rows.len(), 1);
}

async fn a_page_of_the_list_folds_no_more_than_its_bound(world: &World) {
    let officer = world.officer("water", "150402", &[domain::account::Role::Receptionist]).await;
    for _ in 0..SCAN + 3 {
        world.submitted().await;
    }
    let filter = Filter { tab: Tab::Red, ..Filter::default() };
    let today = on(march(1));
    let as_of = AsOf { stood: world.platform.clock.now(), known: world.platform.clock.now() };
    let page = world.platform.cases_as_of(&officer.call(), &filter, as_of, None).await.unwrap();
    assert_eq!((page.rows.len(), page.looked_at), (0, SCAN));
    let rest = world.platform.cases_as_of(&officer.call(), &filter, as_of, page.next).await.unwrap();
    assert_eq!((rest.looked_at, rest.next), (3, None));
    let none = world.platform.cases_as_of(&officer.call(), &filter, today, None).await.unwrap();
    assert_eq!(none.looked_at, 0, "what did not exist is not looked at");
}

async fn a_project_is_shown_with_its_cases_of_then(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let p = &world.platform;
    let project = world.project().await;
    world.set_day(march(3));
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    world.set_day(march(9));
    world.grant(&officer, &case).await;
    world.set_day(march(12));
    p.withdraw_project(&world.agent.call(), &project, "不再建设").await.unwrap();
    let look = async |day| p.project_as_of(&world.agent.call(), &project, on(march(day))).await.unwrap().page;
    let first = look(2).await;
    assert_eq!((first.project.state, first.cases.len()), (ProjectState::Active, 0));
    assert_eq!(first.trail.len(), 2, "the code and its certificate");
    assert_eq!(look(4).await.cases[0].stage, Stage::Processing);
    let ninth = look(9).await;
    assert_eq!((ninth.project.state, ninth.cases[0].stage), (ProjectState::Active, Stage::Completed));
    assert!(ninth.cases[0].in_force);
    let last = look(12).await;
    assert_eq!(last.project.state, ProjectState::Withdrawn);
    let present = p.project_page(&world.agent.call(), &project).await.unwrap();
    assert_eq!((last.project, last.trail.len()), (present.project, present.trail.len()));
}
