//! 回溯查看, page by page, on both faces.

use axum::http::StatusCode;
use domain::{
    case::{Decision, Outcome},
    ids::{CaseId, ProjectId},
};
use jiff::civil::date;
use testkit::{Client, Person, World, both_engines, decision};

both_engines! {
    a_case_is_looked_back_at_and_both_times_are_explained,
    what_was_typed_stays_when_the_moment_is_refused,
    the_list_is_looked_back_at_and_leads_to_the_cases_of_then,
    a_unit_looks_back_at_its_own_project_and_case,
    lists_of_projects_are_looked_back_at_on_both_faces,
}

/// A case of water × 150402: received on the 2nd, accepted on the 4th, entered on the 20th as decided on the 12th.
async fn decided_late(world: &World, officer: &Person) -> (CaseId, ProjectId) {
    let case = world.received(officer).await;
    world.set_day(date(2026, 3, 4));
    world.accept(officer, &case).await;
    world.set_day(date(2026, 3, 20));
    world.reviewed(&case, Outcome::Granted).await;
    let decision = Decision { decided_on: date(2026, 3, 12), ..decision(world, Outcome::Granted) };
    world.platform.decide_case(&officer.call(), &case, decision).await.unwrap();
    let project = world.platform.case_page(&officer.call(), &case).await.unwrap().application.project.clone();
    (case, project)
}

/// What stands between the frame's head and foot.
fn main_of(page: &str) -> &str {
    page.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap()
}

async fn a_case_is_looked_back_at_and_both_times_are_explained(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (case, _) = decided_late(world, &officer).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    let past = format!("/cases/{case}/as-of");
    assert!(desk.get(&format!("/cases/{case}")).await.text().contains(&format!("href=\"{past}\"")), "the entrance");
    let form = desk.get(&past).await.text();
    assert!(form.contains("要看的时点：当时的实际状态") && form.contains("登记截至：系统已登记的状态"));
    assert!(!form.contains("历史视图"), "nothing is shown before a moment is chosen");

    let then = desk.get(&format!("{past}?on=2026-03-15")).await.text();
    assert!(then.contains("历史视图，只读") && then.contains("2026-03-15 23:59"));
    assert!(then.contains("有 1 件事当时已经发生，但还没有登记"), "what was not known yet is named");
    assert!(then.contains("2026-03-12 发生，2026-03-20 09:00 才登记"));
    assert!(then.contains("当时系统登记的状态是“办理中”") || then.contains("当时的实际状态是“已决定"), "{then}");
    let by_today = format!("{past}?on=2026-03-15&amp;known_on=2026-03-20");
    let by_today = by_today.replace("&amp;", "&");
    assert!(then.replace("&#38;", "&").replace("&amp;", "&").contains(&by_today), "the way to the other view");
    assert!(!main_of(&then).contains("method=\"post\""), "a look back changes nothing");
    assert!(then.contains("系统内置的工作日历"));

    let stood = desk.get(&by_today).await.text();
    assert!(stood.contains("当时的实际状态") && stood.contains("按截至 2026-03-20 09:00 已登记的内容"));
    assert!(stood.contains("2026-03-12") && !stood.contains("还没有登记</"));
    let early = desk.get(&format!("{past}?on=2026-03-03&at=12:00")).await.text();
    assert!(early.contains("两种口径一致") && early.contains("尚未受理") && early.contains("2026-03-03 12:00"));
    assert_eq!(desk.get("/cases/c0000/as-of?on=2026-03-03").await.status, StatusCode::NOT_FOUND);
}

async fn what_was_typed_stays_when_the_moment_is_refused(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (case, project) = decided_late(world, &officer).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    for (path, query, words) in [
        (format!("/cases/{case}/as-of"), "on=3%E6%9C%8815%E6%97%A5&at=9%E7%82%B9", "请填写日期"),
        (format!("/cases/{case}/as-of"), "on=2026-03-21", "不能查看将来"),
        (format!("/cases/{case}/as-of"), "on=2026-03-15&known_on=2026-03-14", "不能早于要查看的时点"),
        (format!("/cases/{case}/as-of"), "on=2026-03-01", "还没有这个办件"),
        (format!("/projects/{project}/as-of"), "on=2026-03-01", "还没有这个项目"),
        ("/as-of".to_owned(), "on=2026-02-30", "请填写日期"),
        ("/projects/as-of".to_owned(), "on=2026-02-30&words=%E6%96%B0", "请填写日期"),
        ("/groups/as-of".to_owned(), "on=2026-03-21", "不能查看将来"),
    ] {
        let answer = desk.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {query}");
        let page = answer.text();
        assert!(page.contains(words), "{words}: {page}");
        assert!(!page.contains("历史视图"));
    }
    let typed = desk.get(&format!("/cases/{case}/as-of?on=3%E6%9C%8815%E6%97%A5&at=9%E7%82%B9")).await.text();
    assert!(typed.contains("value=\"3月15日\"") && typed.contains("value=\"9点\""), "nothing typed is lost");
}

async fn the_list_is_looked_back_at_and_leads_to_the_cases_of_then(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (case, _) = decided_late(world, &officer).await;
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    assert!(desk.get("/cases").await.text().contains("href=\"/as-of?tab=every\""));
    assert!(desk.get("/").await.text().contains("href=\"/as-of?tab=all\""));
    let open = desk.get("/as-of?on=2026-03-10&tab=propose").await.text();
    assert!(open.contains(&format!("/cases/{case}/as-of?on=2026-03-10")) && open.contains("查了 1 件"));
    let ended = desk.get("/as-of?on=2026-03-10&tab=ended").await.text();
    assert!(!ended.contains(&format!("/cases/{case}")) && ended.contains("当时没有符合条件的办件"));
    let now = desk.get("/as-of?on=2026-03-20&tab=ended").await.text();
    assert!(now.contains(&format!("/cases/{case}/as-of?on=2026-03-20")));
    let elsewhere = world.all_hands("water", "150502").await;
    let mut elsewhere = Client::office(world).signed_in(world, &elsewhere).await;
    assert!(!elsewhere.get("/as-of?on=2026-03-10&tab=every").await.text().contains(case.as_str()));
    assert_eq!(elsewhere.get(&format!("/cases/{case}/as-of?on=2026-03-10")).await.status, StatusCode::NOT_FOUND);
}

async fn a_unit_looks_back_at_its_own_project_and_case(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (case, project) = decided_late(world, &officer).await;
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    let (of_case, of_project) = (format!("/cases/{case}/as-of"), format!("/projects/{project}/as-of"));
    assert!(unit.get(&format!("/cases/{case}")).await.text().contains(&format!("href=\"{of_case}\"")));
    assert!(unit.get(&format!("/projects/{project}")).await.text().contains(&format!("href=\"{of_project}\"")));
    let then = unit.get(&format!("{of_case}?on=2026-03-15")).await.text();
    assert!(then.contains("历史视图，只读") && !main_of(&then).contains("method=\"post\""));
    let then = unit.get(&format!("{of_project}?on=2026-03-10")).await.text();
    assert!(then.contains("历史视图，只读") && then.contains(&format!("{of_case}?on=2026-03-10")));
    assert!(!main_of(&then).contains("method=\"post\""));
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    for path in [of_case, of_project] {
        assert_eq!(rival.get(&format!("{path}?on=2026-03-15")).await.status, StatusCode::NOT_FOUND);
    }
}

async fn lists_of_projects_are_looked_back_at_on_both_faces(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let (_, project) = decided_late(world, &officer).await;
    world.platform.withdraw_project(&world.agent.call(), &project, "不再建设").await.unwrap();
    let mut desk = Client::office(world).signed_in(world, &officer).await;
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    for client in [&mut desk, &mut unit] {
        assert!(client.get("/projects").await.text().contains("href=\"/projects/as-of\""), "the entrance");
        assert!(!client.get("/projects/as-of").await.text().contains("历史视图"), "nothing before a moment is chosen");
        let then = client.get("/projects/as-of?on=2026-03-10").await.text();
        assert!(then.contains("历史视图，只读") && !main_of(&then).contains("method=\"post\""));
        assert!(then.contains(&format!("href=\"/projects/{project}/as-of?on=2026-03-10")) && then.contains("有效"));
        assert!(!then.contains("项目已撤回"));
        assert!(client.get("/projects/as-of?on=2026-03-20").await.text().contains("项目已撤回"));
        assert!(client.get("/projects/as-of?on=2026-03-01").await.text().contains("当时没有符合条件的项目"));
    }
    assert!(unit.get("/projects/as-of?on=2026-03-10").await.text().contains("当时 1 件办理中"));
    let narrowed = unit.get("/projects/as-of?on=2026-03-10&q=%E6%B2%A1%E6%9C%89").await.text();
    assert!(narrowed.contains("当时没有符合条件的项目") && narrowed.contains("value=\"没有\""), "what was typed stays");
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert!(!rival.get("/projects/as-of?on=2026-03-20").await.text().contains(project.as_str()));
}
