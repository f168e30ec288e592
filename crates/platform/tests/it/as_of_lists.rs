//! 回溯查看 of lists of projects and of parallel groups: as of now they are the present ones, as of then what they were.

use crate::group::{FOUR, formed, officers};
use domain::{
    Moment,
    account::Role,
    as_of::AsOf,
    case::{Owed, Stage},
    group::JointClock,
    ids::{GroupId, ProjectId},
    project::ProjectState,
};
use jiff::civil::date;
use platform::{
    Call,
    as_of::{GroupsThen, PAGE, ProjectsThen},
    desk::ProjectFilter,
    group::GroupTab,
    project::ProjectRow,
};
use std::collections::BTreeSet;
use testkit::{
    World, both_engines,
    outcome::{forbidden, not_there, refused},
    point,
};

both_engines! {
    projects_as_of_now_are_the_list_and_as_of_then_what_it_was,
    a_unit_sees_its_own_projects_with_what_it_had_to_do_then,
    s10_nobody_sees_more_projects_or_groups_of_the_past_than_of_the_present,
    a_group_is_shown_as_it_stood_on_each_day,
    groups_as_of_now_are_the_list_and_as_of_then_what_it_was,
    a_list_is_read_while_it_is_written,
}

fn on(day: i8) -> AsOf {
    let stood = Moment(Moment::at(date(2026, 3, day), 23, 59).0 + 59_999);
    AsOf { stood, known: stood }
}

fn now(world: &World) -> AsOf {
    let now = world.platform.clock.now();
    AsOf { stood: now, known: now }
}

/// All pages of the office's list.
async fn projects(world: &World, call: &Call, as_of: AsOf) -> Vec<ProjectRow> {
    let (mut rows, mut after) = (Vec::<ProjectRow>::new(), None);
    loop {
        let page: ProjectsThen =
            world.platform.projects_as_of(call, &ProjectFilter::default(), as_of, after).await.unwrap();
        assert!(page.rows.len() <= PAGE);
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let ids: BTreeSet<_> = rows.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(ids.len(), rows.len(), "no project is on two pages");
    assert!(rows.windows(2).all(|pair| pair[0].declared_at >= pair[1].declared_at), "latest first");
    rows
}

fn states(rows: &[ProjectRow]) -> Vec<(ProjectId, ProjectState)> {
    rows.iter().map(|row| (row.id.clone(), row.state)).collect()
}

async fn projects_as_of_now_are_the_list_and_as_of_then_what_it_was(world: &World) {
    let p = &world.platform;
    let administration = world.general_administration().await;
    let call = administration.call();
    let mut declared = Vec::new();
    for n in 0..25 {
        world.set_day(date(2026, 3, [2, 3, 4][n % 3]));
        declared.push(world.project().await);
    }
    let then = projects(world, &call, on(4)).await;
    assert_eq!(then.len(), 25);
    world.set_day(date(2026, 3, 10));
    p.withdraw_project(&world.agent.call(), &declared[0], "不再建设").await.unwrap();
    p.void_code(&call, &declared[1], "经核实予以作废").await.unwrap();
    let present = {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = p.office_projects(&call, &ProjectFilter::default(), after).await.unwrap();
            rows.extend(page);
            match next {
                Some(next) => after = Some(next),
                None => break rows,
            }
        }
    };
    assert_eq!(states(&projects(world, &call, now(world)).await), states(&present));
    let again = projects(world, &call, on(4)).await;
    assert_eq!(states(&again), states(&then), "the past stands");
    assert!(again.iter().all(|row| row.state == ProjectState::Active));
    // Nine of the twenty-five were declared on the 2nd, eight on the 3rd.
    assert_eq!(projects(world, &call, on(3)).await.len(), 17);
    assert!(projects(world, &call, on(1)).await.is_empty());
    let words = ProjectFilter { words: again[0].code.clone(), region: None };
    let found = p.projects_as_of(&call, &words, on(4), None).await.unwrap();
    assert_eq!((found.rows.len(), found.rows[0].id.clone()), (1, again[0].id.clone()));
}

async fn a_unit_sees_its_own_projects_with_what_it_had_to_do_then(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let call = world.agent.call();
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "soil_water").await;
    world.receive(&officer, &case).await;
    world.set_day(date(2026, 3, 4));
    p.ask_correction(&officer.call(), &case, vec![point("补盖公章")]).await.unwrap();
    world.set_day(date(2026, 3, 6));
    p.withdraw_case(&call, &case, "改址").await.unwrap();
    for _ in 0..21 {
        world.project().await;
    }
    let open = async |as_of| {
        let page = p.my_projects_as_of(&call, "", as_of, None).await.unwrap();
        let open = page.open.get(&project).copied().unwrap_or_default();
        (page.rows.len(), open.running, open.waiting_for_unit)
    };
    assert_eq!(open(on(1)).await, (0, 0, 0));
    assert_eq!(open(on(2)).await, (1, 1, 0));
    assert_eq!(open(on(4)).await, (1, 1, 1));
    let first = p.my_projects_as_of(&call, "", now(world), None).await.unwrap();
    let second = p.my_projects_as_of(&call, "", now(world), first.next.clone()).await.unwrap();
    assert_eq!((first.rows.len(), second.rows.len(), second.next), (PAGE, 2, None));
    let present = p.my_open_cases(&call).await.unwrap();
    assert_eq!(second.open, present, "none is open any more");
    assert!(p.my_projects_as_of(&call, "没有这个项目", now(world), None).await.unwrap().rows.is_empty());
    let rival = p.my_projects_as_of(&world.rival.call(), "", now(world), None).await.unwrap();
    assert!(rival.rows.is_empty(), "only one's own");
}

async fn s10_nobody_sees_more_projects_or_groups_of_the_past_than_of_the_present(world: &World) {
    let p = &world.platform;
    let (group, _) = formed(world, &FOUR).await;
    let filter = ProjectFilter::default();
    let elsewhere = world.all_hands("water", "150502").await;
    assert!(p.projects_as_of(&elsewhere.call(), &filter, now(world), None).await.unwrap().rows.is_empty());
    let administrator = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    forbidden(p.projects_as_of(&administrator.call(), &filter, now(world), None).await);
    forbidden(p.groups_as_of(&administrator.call(), GroupTab::Open, now(world), None).await);
    forbidden(p.my_projects_as_of(&elsewhere.call(), "", now(world), None).await);
    not_there(p.group_as_of(&elsewhere.call(), &group, now(world)).await);
    not_there(p.group_as_of(&world.rival.call(), &group, now(world)).await);
    not_there(p.group_as_of(&world.agent.call(), &GroupId::from_random([7; 16]), now(world)).await);
    // An organ with one branch reads the group, and opens only its own branch.
    let water = world.all_hands("water", "150402").await;
    let then = p.group_as_of(&water.call(), &group, now(world)).await.unwrap();
    assert_eq!((then.page.sees_all, then.page.branches.iter().filter(|b| b.may_open).count()), (false, 1));
    let led = p.groups_as_of(&water.call(), GroupTab::Open, now(world), None).await.unwrap();
    assert!(led.rows.is_empty(), "it does not lead");
}

async fn a_group_is_shown_as_it_stood_on_each_day(world: &World) {
    let p = &world.platform;
    let (group, cases) = formed(world, &FOUR).await;
    let hands = officers(world).await;
    let unit = world.agent.call();
    world.set_day(date(2026, 3, 3));
    p.receive_group(&hands[0].call(), &group).await.unwrap();
    world.set_day(date(2026, 3, 4));
    for (case, officer) in cases.iter().zip(&hands).take(3) {
        world.accept(officer, case).await;
    }
    world.set_day(date(2026, 3, 6));
    p.withdraw_case(&unit, &cases[3], "改址").await.unwrap();
    world.set_day(date(2026, 3, 10));
    for (case, officer) in cases.iter().zip(&hands).take(3) {
        world.grant(officer, case).await;
    }
    world.set_day(date(2026, 3, 12));
    let look = async |day| p.group_as_of(&unit, &group, on(day)).await.unwrap().page;
    let second = look(2).await;
    assert_eq!((second.group.received_at, second.clock.clone()), (None, JointClock::Waiting(4)));
    assert!(second.branches.iter().all(|branch| branch.row.stage == Stage::Submitted));
    let fourth = look(4).await;
    assert_eq!((fourth.group.received_at.is_some(), fourth.clock), (true, JointClock::Waiting(1)));
    let seventh = look(7).await;
    assert!(matches!(seventh.clock, JointClock::Running(_)) && seventh.sheet.is_some(), "all others were accepted");
    assert_eq!(seventh.branches[3].row.stage, Stage::Withdrawn);
    let mut counted = seventh.sheet.as_ref().unwrap().rows.iter().filter(|row| row.elapsed);
    assert!(counted.all(|row| row.date <= date(2026, 3, 7)), "no later day is counted");
    assert!(seventh.group.handed_back_at.is_none());
    let last = p.group_as_of(&unit, &group, now(world)).await.unwrap();
    let present = p.group_page(&unit, &group).await.unwrap();
    assert_eq!((&last.page.group, &last.page.sheet), (&present.group, &present.sheet));
    assert_eq!((last.page.trail.len(), last.entered_later.len()), (present.trail.len(), 0));
    assert!(last.page.group.handed_back_at.is_some() && last.page.acts.is_empty());
    let stages = |page: &platform::group::GroupPage| page.branches.iter().map(|b| b.row.stage).collect::<Vec<_>>();
    assert_eq!(stages(&last.page), stages(&present));
    refused(p.group_as_of(&unit, &group, on(1)).await, "as_of.before");
}

async fn groups_as_of_now_are_the_list_and_as_of_then_what_it_was(world: &World) {
    let p = &world.platform;
    let hands = officers(world).await;
    let call = hands[0].call();
    let mut groups = Vec::new();
    for day in [2, 3, 4] {
        world.set_day(date(2026, 3, day));
        groups.push(formed(world, &FOUR).await);
    }
    world.set_day(date(2026, 3, 5));
    p.receive_group(&call, &groups[0].0).await.unwrap();
    p.receive_group(&call, &groups[1].0).await.unwrap();
    world.set_day(date(2026, 3, 6));
    p.ask_correction(&hands[2].call(), &groups[0].1[2], vec![point("补盖公章")]).await.unwrap();
    world.set_day(date(2026, 3, 9));
    for case in &groups[1].1 {
        p.withdraw_case(&world.agent.call(), case, "改址").await.unwrap();
    }
    let ids = |page: &GroupsThen| page.rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let list = async |tab, as_of| p.groups_as_of(&call, tab, as_of, None).await.unwrap();
    for tab in GroupTab::ALL {
        let (present, _) = p.led_groups(&call, tab, None).await.unwrap();
        let past = list(tab, now(world)).await;
        let shown = |row: &platform::group::GroupRow| {
            (row.id.clone(), row.received_at, row.handed_back_at, row.ended, row.waiting)
        };
        let (past, present): (Vec<_>, Vec<_>) =
            (past.rows.iter().map(shown).collect(), present.iter().map(shown).collect());
        assert_eq!(past, present, "{}", tab.name());
    }
    assert_eq!(ids(&list(GroupTab::Open, on(1)).await), []);
    assert_eq!(ids(&list(GroupTab::ToReceive, on(3)).await), [groups[1].0.clone(), groups[0].0.clone()]);
    assert_eq!(ids(&list(GroupTab::ToReceive, on(5)).await), [groups[2].0.clone()]);
    assert_eq!(ids(&list(GroupTab::HandedBack, on(6)).await), []);
    assert_eq!(ids(&list(GroupTab::HandedBack, on(9)).await), [groups[1].0.clone()]);
    let sixth = list(GroupTab::Open, on(6)).await;
    assert_eq!((sixth.looked_at, sixth.rows.len(), sixth.next.clone()), (3, 3, None));
    assert_eq!((sixth.rows[2].waiting, sixth.rows[2].ended), (1, 0));
    let branch = p.case_as_of(&world.agent.call(), &groups[0].1[2], on(6)).await.unwrap();
    assert_eq!(branch.page.case.owed(), Owed::Correct, "the row says what the case says");
}

async fn a_list_is_read_while_it_is_written(world: &World) {
    let (group, _) = formed(world, &FOUR).await;
    let lead = officers(world).await.remove(0);
    world.set_day(date(2026, 3, 5));
    let writer = {
        let (platform, call, group) = (world.platform.clone(), lead.call(), group.clone());
        tokio::spawn(async move { platform.receive_group(&call, &group).await })
    };
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (platform, call) = (world.platform.clone(), lead.call());
            tokio::spawn(async move { platform.groups_as_of(&call, GroupTab::ToReceive, on(4), None).await })
        })
        .collect();
    for reader in readers {
        let then = reader.await.unwrap().unwrap();
        assert_eq!((then.rows.len(), then.rows[0].received_at), (1, None), "the past stands");
    }
    writer.await.unwrap().unwrap();
}
