//! 告知承诺: applied for by promise, granted by one person, checked afterwards (国办发〔2020〕42号).

use domain::{
    account::Role,
    case::{Act, ApplicationWay, CommitmentCheck, Finding, Outcome, Owed, Revocation, RevocationGround, Stage},
    document::DocumentKind,
    ids::{CaseId, ProjectId},
};
use jiff::civil::{Date, date};
use platform::{
    Call, Failure,
    case::ApplyForItem,
    work_list::{Filter, Tab},
};
use testkit::{
    PROMISED, Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    gbf42_a_promise_spares_materials_and_one_person_grants_on_it,
    gbf42_the_check_is_owed_after_the_decision_and_prompted_like_any_period,
    gbf42_a_broken_promise_bars_the_unit_for_its_time_and_nobody_else,
    gbf42_an_item_without_promises_and_a_stranger_are_refused,
    gbf42_two_officers_check_at_once_and_one_conclusion_stands,
    art15_a_new_calendar_moves_the_periods_beside_and_tells_of_each_once,
}

async fn page(world: &World, case: &CaseId) -> platform::case::CasePage {
    world.platform.case_page(&Call::system("look"), case).await.unwrap()
}

async fn by_promise(world: &World, person: &Person, project: &ProjectId) -> Result<CaseId, Failure> {
    let form = world.filled(person, project, "soil_water").await;
    world.platform.apply_for_item(&person.call(), project, &ApplyForItem { way: PROMISED, ..form }).await
}

/// Applied for by promise and accepted.
async fn accepted(world: &World, officer: &Person) -> CaseId {
    let case = world.promised().await;
    world.receive(officer, &case).await;
    world.accept(officer, &case).await;
    case
}

async fn granted(world: &World, officer: &Person) -> CaseId {
    let case = accepted(world, officer).await;
    world.platform.decide_case(&officer.call(), &case, decision(world, Outcome::Granted)).await.unwrap();
    case
}

fn check(on: Date, finding: Finding, rectify_by: Option<Date>) -> CommitmentCheck {
    CommitmentCheck { on, finding, facts: "现场核查，对照承诺逐项检查。".into(), rectify_by }
}

async fn checked(world: &World, officer: &Person, case: &CaseId, finding: Finding) -> Result<(), Failure> {
    let today = world.platform.clock.now().date();
    world.platform.check_commitment(&officer.call(), case, check(today, finding, None)).await
}

async fn gbf42_a_promise_spares_materials_and_one_person_grants_on_it(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let page_of = p.application_page(&world.agent.call(), &project, "soil_water").await.unwrap();
    let offer = page_of.commitment.unwrap();
    assert!(offer.barred.is_none() && !offer.rule.promises.is_empty());
    let mut form = world.filled(&world.agent, &project, "soil_water").await;
    form.materials.remove("licence_application");
    let short = ApplyForItem { way: PROMISED, ..form };
    refused(p.apply_for_item(&world.agent.call(), &project, &short).await, "material.missing");
    let form = world.filled(&world.agent, &project, "soil_water").await;
    let unread = ApplyForItem { way: ApplicationWay::Commitment { promised: false }, ..form };
    let refusal = refused(p.apply_for_item(&world.agent.call(), &project, &unread).await, "commitment.not_promised");
    assert_eq!(refusal.field.as_deref(), Some("promised"));
    let case = by_promise(world, &world.agent, &project).await.unwrap();
    let state = page(world, &case).await.case;
    assert!(state.commitment().is_some());
    let letter = state.documents.iter().find(|issued| issued.kind == DocumentKind::CommitmentLetter).unwrap();
    let (mine, _) = p.print_document(&world.agent.call(), &letter.number).await.unwrap();
    assert!(mine.is_intact() && mine.points.iter().any(|point| point.contains("真实、准确、完整")));
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    let filter = Filter { tab: Tab::Owed(Owed::Decide), ..Filter::default() };
    assert_eq!(p.work_list(&officer.call(), &filter, None).await.unwrap().rows.len(), 1);
    refused(p.decide_case(&officer.call(), &case, decision(world, Outcome::Refused)).await, "commitment.refusal");
    p.decide_case(&officer.call(), &case, decision(world, Outcome::Granted)).await.unwrap();
    assert_eq!(page(world, &case).await.case.stage, Stage::Completed);
}

async fn gbf42_the_check_is_owed_after_the_decision_and_prompted_like_any_period(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = granted(world, &officer).await;
    assert_eq!(page(world, &case).await.case.owed(), Owed::Deliver);
    world.deliver(&officer, &case).await;
    let filter = Filter { tab: Tab::Owed(Owed::CheckCommitment), ..Filter::default() };
    let rows = p.work_list(&officer.call(), &filter, None).await.unwrap().rows;
    assert_eq!(rows[0].due, Some(date(2026, 5, 6)), "sixty days from 2 March end in a holiday");
    let left = p.days_left(&rows[0]).unwrap();
    assert_eq!((left.days, left.working), (65, false), "counted in calendar days");
    world.set_day(date(2026, 5, 7));
    p.sweep_deadlines(&Call::system("test"), 1).await.unwrap();
    let told = p.messages(&world.agent.call(), None, 50).await.unwrap();
    assert!(told.iter().any(|m| m.title == "办理已经超期" && m.body.contains("承诺核查")), "the unit sees who is late");
    assert!(p.open_acts(&officer.call(), &page(world, &case).await).contains(&Act::CheckCommitment));
    let rectify = check(date(2026, 5, 7), Finding::Rectify, Some(date(2026, 5, 20)));
    p.check_commitment(&officer.call(), &case, rectify).await.unwrap();
    assert_eq!(page(world, &case).await.case.owed(), Owed::CheckCommitment, "checked again after the rectification");
    world.set_day(date(2026, 5, 21));
    checked(world, &officer, &case, Finding::Kept).await.unwrap();
    let after = page(world, &case).await;
    assert_eq!((after.case.owed(), after.case.commitment_checks.len()), (Owed::Nothing, 2));
    refused(checked(world, &officer, &case, Finding::Kept).await, "commitment.checked");
    let told = p.messages(&world.agent.call(), None, 50).await.unwrap();
    assert!(told.iter().any(|m| m.title == "承诺核查结果" && m.body.contains("已履行承诺")));
}

async fn gbf42_a_broken_promise_bars_the_unit_for_its_time_and_nobody_else(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = granted(world, &officer).await;
    checked(world, &officer, &case, Finding::Broken).await.unwrap();
    assert!(page(world, &case).await.case.is_in_force(), "whether it is revoked is for a person to decide");
    let another = world.project().await;
    let refusal = refused(by_promise(world, &world.agent, &another).await, "commitment.barred");
    assert!(refusal.message.contains("2028-03-02") && refusal.field.as_deref() == Some("way"), "{refusal}");
    let page_of = p.application_page(&world.agent.call(), &another, "soil_water").await.unwrap();
    assert!(page_of.commitment.unwrap().barred.is_some());
    world.apply(&world.agent, &another, "soil_water").await;
    let theirs = world.declare(&world.rival, &testkit::answers::record_filing()).await;
    by_promise(world, &world.rival, &theirs).await.unwrap();
    let later = world.project().await;
    world.set_day(date(2028, 3, 2));
    refused(by_promise(world, &world.agent, &later).await, "commitment.barred");
    world.set_day(date(2028, 3, 3));
    by_promise(world, &world.agent, &later).await.unwrap();
}

async fn gbf42_an_item_without_promises_and_a_stranger_are_refused(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let form = world.filled(&world.agent, &project, "ent_file").await;
    let form = ApplyForItem { way: PROMISED, ..form };
    refused(p.apply_for_item(&world.agent.call(), &project, &form).await, "commitment.none");
    let kept = || check(date(2026, 3, 2), Finding::Kept, None);
    let ordinary = world.accepted(&officer).await;
    refused(p.check_commitment(&officer.call(), &ordinary, kept()).await, "case.wrong_state");
    let case = granted(world, &officer).await;
    let approver = world.officer("water", "150402", &[Role::Approver]).await;
    let elsewhere = world.officer("water", "150502", &[Role::Undertaker]).await;
    forbidden(p.check_commitment(&approver.call(), &case, kept()).await);
    not_there(p.check_commitment(&officer.call(), &CaseId::from_random([9; 16]), kept()).await);
    assert!(p.check_commitment(&elsewhere.call(), &case, kept()).await.is_err());
    forbidden(p.check_commitment(&world.agent.call(), &case, kept()).await);
    sign_in_first(p.check_commitment(&world.public(), &case, kept()).await);
    let future = check(date(2026, 3, 3), Finding::Kept, None);
    refused(p.check_commitment(&officer.call(), &case, future).await, "date.future");
    let silent = CommitmentCheck { facts: " ".into(), ..kept() };
    refused(p.check_commitment(&officer.call(), &case, silent).await, "text.required");
    let revocation = Revocation {
        ground: RevocationGround::Fraud,
        reason: "承诺时所附材料虚假。".into(),
        document_number: "赤水撤〔2026〕1号".into(),
        on: date(2026, 3, 2),
    };
    p.revoke_licence(&officer.call(), &case, revocation).await.unwrap();
    refused(p.check_commitment(&officer.call(), &case, kept()).await, "licence.revoked");
}

async fn gbf42_two_officers_check_at_once_and_one_conclusion_stands(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let other = world.officer("water", "150402", &[Role::Undertaker]).await;
    let case = granted(world, &officer).await;
    let (kept, broken) =
        tokio::join!(checked(world, &officer, &case, Finding::Kept), checked(world, &other, &case, Finding::Broken));
    assert_eq!([&kept, &broken].iter().filter(|done| done.is_ok()).count(), 1, "{kept:?} {broken:?}");
    refused(if kept.is_err() { kept } else { broken }, "commitment.checked");
    assert_eq!(page(world, &case).await.case.commitment_checks.len(), 1);
}

async fn art15_a_new_calendar_moves_the_periods_beside_and_tells_of_each_once(world: &World) {
    use platform::calendar::LoadNotice;
    let officer = world.all_hands("water", "150402").await;
    let case = granted(world, &officer).await;
    let keeper = world.officer("development_reform", "150000", &[Role::GeneralAdministration]).await;
    // The tenth working day of the delivery is 16 March; the sixtieth day of the check is moved by Labour Day to 6 May.
    let notice = LoadNotice {
        year: "2026".into(),
        title: "关于调整节假日安排的通知".into(),
        days: crate::calendar::shipped(2026) + "2026-03-16\tholiday\t临时放假\n2026-05-06\tholiday\t临时放假\n",
    };
    let (_, reissued) = world.platform.load_calendar(&keeper.call(), &notice).await.unwrap();
    assert_eq!((reissued.counted, reissued.moved), (2, 1), "two periods of one case");
    let trail = page(world, &case).await.trail;
    let moved: Vec<_> =
        trail.iter().filter(|e| e.title == "工作日历更新，届满日调整").map(|e| e.detail.as_str()).collect();
    assert_eq!(moved.len(), 2, "{moved:?}");
    assert!(moved.iter().any(|words| words.contains("承诺核查") && words.contains("2026-05-07")), "{moved:?}");
    let row = &world.platform.work_list(&officer.call(), &Filter::default(), None).await.unwrap().rows[0];
    assert_eq!((row.owed, row.due), (Owed::Deliver, Some(date(2026, 3, 17))), "the list shows what is owed");
}
