//! The paper of a suspension: uploaded before the clock is stopped, kept with it, read by both sides, looked for by supervision.

use domain::{
    Refusal,
    account::Role,
    case::Way,
    clock::{Ground, Suspension},
    ids::{AttachmentId, CaseId},
};
use futures_util::stream;
use jiff::civil::date;
use platform::{
    Call, Failure,
    attachment::AttachmentRow,
    supervision::{CardFilter, Owing},
};
use testkit::{
    Person, World, both_engines, files,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    art45_the_paper_is_kept_with_the_suspension_and_both_sides_read_it,
    art45_only_who_may_suspend_brings_the_paper_and_only_while_it_can_be,
    u02_what_is_no_paper_is_refused_and_leaves_what_was_there,
    art15_a_paper_that_was_only_named_opens_a_card,
    a15_two_suspensions_at_the_same_time_take_the_paper_once,
}

async fn upload(
    world: &World,
    person: &Person,
    case: &CaseId,
    name: &str,
    bytes: Vec<u8>,
) -> Result<AttachmentRow, Failure> {
    let content = stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
    world.platform.upload_suspension_paper(&person.call(), case, (name, ""), content).await
}

async fn suspend(world: &World, call: &Call, case: &CaseId) -> Result<(), Failure> {
    let today = world.platform.clock.now().date();
    let document = "评审函1号".to_owned();
    let stop = Suspension { from: today, to: None, ground: Ground::ExpertReview, document, told_on: Some(today) };
    world.platform.suspend_clock(call, case, stop, date(2026, 3, 20), Way::Platform).await
}

async fn art45_the_paper_is_kept_with_the_suspension_and_both_sides_read_it(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let kept = upload(world, &officer, &case, "评审函.pdf", files::pdf("one")).await.unwrap();
    let dropped = upload(world, &officer, &case, "误传.png", files::png()).await.unwrap();
    p.remove_suspension_paper(&officer.call(), &case, &dropped.id).await.unwrap();
    not_there(p.remove_suspension_paper(&officer.call(), &case, &dropped.id).await);
    assert!(!p.download_suspension_paper(&officer.call(), &case, &kept.id).await.unwrap().bytes.is_empty());
    not_there(p.download_case_file(&world.agent.call(), &case, &kept.id).await);
    let once = Call { once: Some("s-1".into()), ..officer.call() };
    suspend(world, &once, &case).await.unwrap();
    suspend(world, &once, &case).await.unwrap();
    let page = p.case_page(&world.agent.call(), &case).await.unwrap();
    let notice = page.case.notices[0].clone().unwrap();
    assert_eq!((page.case.notices.len(), notice.files.len(), notice.files[0].id.clone()), (1, 1, kept.id.clone()));
    let told = p.messages(&world.agent.call(), None, 20).await.unwrap();
    assert!(told.iter().any(|message| message.body.contains("文书可在办件页面下载")), "{told:?}");
    for person in [&officer, &world.agent] {
        assert!(!p.download_case_file(&person.call(), &case, &kept.id).await.unwrap().bytes.is_empty());
    }
    not_there(p.download_case_file(&world.rival.call(), &case, &kept.id).await);
    assert!(p.case_files(&officer.call(), &page).await.unwrap().iter().any(|row| row.id == kept.id));
    // What was told stays; the next suspension begins with an empty slot.
    not_there(p.remove_suspension_paper(&officer.call(), &case, &kept.id).await);
    assert!(p.suspension_papers(&officer.call(), &case).await.unwrap().is_empty());
}

async fn art45_only_who_may_suspend_brings_the_paper_and_only_while_it_can_be(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let window = world.officer("water", "150402", &[Role::Receptionist]).await;
    let elsewhere = world.all_hands("water", "150502").await;
    let received = world.received(&officer).await;
    refused(upload(world, &officer, &received, "函.pdf", files::pdf("a")).await, "case.wrong_state");
    world.accept(&officer, &received).await;
    forbidden(upload(world, &window, &received, "函.pdf", files::pdf("a")).await);
    forbidden(p.suspension_papers(&window.call(), &received).await);
    not_there(upload(world, &elsewhere, &received, "函.pdf", files::pdf("a")).await);
    let nothing = CaseId::from_random([7; 16]);
    not_there(upload(world, &officer, &nothing, "函.pdf", files::pdf("a")).await);
    let file = AttachmentId::from_random([9; 16]);
    not_there(p.download_suspension_paper(&officer.call(), &received, &file).await);
    let kept = upload(world, &officer, &received, "函.pdf", files::pdf("a")).await.unwrap();
    forbidden(p.remove_suspension_paper(&window.call(), &received, &kept.id).await);
    // The paper of one case is none of another's.
    let other = world.accepted(&officer).await;
    not_there(p.remove_suspension_paper(&officer.call(), &other, &kept.id).await);
    suspend(world, &officer.call(), &other).await.unwrap();
    let page = p.case_page(&officer.call(), &other).await.unwrap();
    assert!(page.case.notices[0].as_ref().unwrap().files.is_empty());
}

async fn u02_what_is_no_paper_is_refused_and_leaves_what_was_there(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let kept = upload(world, &officer, &case, "函.pdf", files::pdf("a")).await.unwrap();
    let code = |result: Result<AttachmentRow, Failure>| -> Refusal {
        match result {
            Err(Failure::Refused(mut refusals)) => refusals.remove(0),
            other => panic!("{other:?}"),
        }
    };
    for (name, bytes) in [("函.exe", b"MZ".to_vec()), ("函.pdf", b"not a pdf".to_vec()), ("函.pdf", Vec::new())] {
        let refusal = code(upload(world, &officer, &case, name, bytes).await);
        assert!(refusal.code.starts_with("file."), "{name}: {refusal:?}");
    }
    // A refused suspension takes nothing with it.
    let today = p.clock.now().date();
    let bare =
        Suspension { from: today, to: None, ground: Ground::Hearing, document: " ".into(), told_on: Some(today) };
    refused(p.suspend_clock(&officer.call(), &case, bare, today, Way::Mail).await, "clock.no_paper");
    let fresh = p.suspension_papers(&officer.call(), &case).await.unwrap();
    assert_eq!(fresh.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), [kept.id]);
}

async fn art15_a_paper_that_was_only_named_opens_a_card(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let supervisor = world.supervisor().await;
    let (shown, named) = (world.accepted(&officer).await, world.accepted(&officer).await);
    upload(world, &officer, &shown, "函.pdf", files::pdf("a")).await.unwrap();
    suspend(world, &officer.call(), &shown).await.unwrap();
    suspend(world, &officer.call(), &named).await.unwrap();
    let filter = CardFilter { owing: Owing::Running, ..CardFilter::default() };
    let cards = testkit::patiently("the card of the paper that was only named", async || {
        p.supervise(&Call::system("test")).await.unwrap();
        let rows = p.cards(&supervisor.call(), &filter, None).await.unwrap().rows;
        (!rows.is_empty()).then_some(rows)
    });
    let cards = cards.await;
    let found: Vec<_> = cards.iter().map(|card| (card.rule.as_str(), &card.case)).collect();
    assert_eq!(found, [("suspension_without_paper", &named)]);
}

async fn a15_two_suspensions_at_the_same_time_take_the_paper_once(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for _ in 0..6 {
        let case = world.accepted(&officer).await;
        upload(world, &officer, &case, "函.pdf", files::pdf("a")).await.unwrap();
        let today = world.platform.clock.now().date();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (platform, call, case) = (world.platform.clone(), officer.call(), case.clone());
                let document = "函".to_owned();
                let stop =
                    Suspension { from: today, to: None, ground: Ground::ExpertReview, document, told_on: Some(today) };
                tokio::spawn(async move { platform.suspend_clock(&call, &case, stop, today, Way::Platform).await })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => done += 1,
                Err(Failure::Refused(refusals)) => assert_eq!(refusals[0].code, "clock.suspended"),
                Err(other) => panic!("{other:?}"),
            }
        }
        let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
        let files = page.case.notices.iter().flatten().map(|notice| notice.files.len()).sum::<usize>();
        assert_eq!((done, page.case.notices.len(), files), (1, 1, 1));
    }
}
