//! L-02: personal answers are erased when their time is over, and the ledger stays sound.

use domain::account::Role;
use jiff::civil::date;
use platform::Call;
use testkit::{
    World, answers, both_engines,
    outcome::{forbidden, sign_in_first},
};

both_engines! {
    l02_what_is_over_its_time_is_erased_and_the_chain_still_verifies,
    l02_a_project_in_force_keeps_its_answers,
    l02_the_page_shows_register_due_and_done,
}

async fn labels(world: &World, project: &domain::ids::ProjectId) -> Vec<String> {
    let lines = world.platform.masked_contact(&world.agent.call(), project).await.unwrap();
    lines.into_iter().map(|line| line.label).collect()
}

async fn l02_what_is_over_its_time_is_erased_and_the_chain_still_verifies(world: &World) {
    let (p, system) = (&world.platform, Call::system("test"));
    let project = world.project().await;
    p.withdraw_project(&world.agent.call(), &project, "不再建设了").await.unwrap();
    let all = labels(world, &project).await;
    assert!(all.len() >= 3, "{all:?}");
    forbidden(p.erase_due(&world.agent.call(), 10).await);
    world.set_day(date(2027, 3, 1));
    assert_eq!(p.erase_due(&system, 10).await.unwrap(), 0, "a year less a day");
    world.set_day(date(2027, 3, 3));
    let (a, b) = tokio::join!(p.erase_due(&system, 10), p.erase_due(&system, 10));
    assert!(a.is_ok() && b.is_ok(), "two nodes at the same time");
    assert_eq!(p.erase_due(&system, 10).await.unwrap(), 0, "once");
    let left = labels(world, &project).await;
    assert!(!left.is_empty() && left.len() < all.len(), "what is kept for five years is there: {left:?}");
    assert!(!left.iter().any(|label| label.contains("手机")), "{left:?}");
    world.set_day(date(2031, 3, 3));
    assert_eq!(p.erase_due(&system, 10).await.unwrap(), 1);
    assert!(labels(world, &project).await.is_empty());
    let report = world.verify().await;
    assert!(report.is_sound(), "{:#?}", report.faults);
    let dump = world.database.dump(&["event", "stream", "secret"]).await;
    assert!(!dump.contains(answers::CONTACT_MOBILE));
}

async fn l02_a_project_in_force_keeps_its_answers(world: &World) {
    let project = world.project().await;
    let before = labels(world, &project).await;
    world.set_day(date(2046, 3, 3));
    assert_eq!(world.platform.erase_due(&Call::system("test"), 10).await.unwrap(), 0);
    assert_eq!(labels(world, &project).await, before);
}

async fn l02_the_page_shows_register_due_and_done(world: &World) {
    let p = &world.platform;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    for _ in 0..2 {
        let project = world.project().await;
        p.withdraw_project(&world.agent.call(), &project, "不再建设了").await.unwrap();
    }
    let shown = async || {
        let page = p.retention_page(&security.call()).await.unwrap();
        (page.terms.iter().map(|t| (t.years, t.running, t.due, t.done)).collect::<Vec<_>>(), page.erased.len())
    };
    assert_eq!(shown().await, (vec![(1, 2, 0, 0), (5, 2, 0, 0)], 0));
    world.set_day(date(2027, 6, 1));
    assert_eq!(shown().await, (vec![(1, 0, 2, 0), (5, 2, 0, 0)], 0));
    assert_eq!(p.erase_due(&Call::system("test"), 1).await.unwrap(), 1, "at most so many");
    assert_eq!(shown().await, (vec![(1, 0, 1, 1), (5, 2, 0, 0)], 1));
    let officer = world.all_hands("water", "150402").await;
    assert!(p.retention_page(&officer.call()).await.is_err());
    sign_in_first(p.retention_page(&world.public()).await);
}
