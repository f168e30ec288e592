//! A year's notice: which running cases move, and that their dates are issued anew (办法第十五条; 许可法第八十二条).

use domain::{
    Aggregate, Meta, Moment,
    account::Role,
    calendar::{Calendar, DayKind, default_calendar},
    case::{Application, Case, CaseEvent, Papers, running_clocks},
    clock::{Ground, Suspension},
    department::Agency,
    ids::{CaseId, ProjectId},
    item::catalogue,
    region::RegionCode,
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use ledger::{Fact, Loaded, Unit};
use platform::{Call, Rules, calendar::LoadNotice, ports::ManualClock, read::Projected};
use std::{collections::BTreeMap, sync::Arc};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    art15_a_notice_moves_exactly_the_cases_brute_force_finds_and_issues_their_dates_anew,
    art15_whoever_is_concerned_is_told_once_and_the_case_says_why,
    art15_another_node_takes_the_calendar_over_and_finishes_what_a_crash_left,
    s05_only_the_region_loads_a_notice,
    art15_wrong_lines_and_unchanged_notices_are_refused,
}

async fn region_administration(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::GeneralAdministration]).await
}

/// Lines of the shipped notice of a year.
pub(crate) fn shipped(year: i16) -> String {
    let mut days = String::new();
    let mut day = date(year - 1, 12, 1);
    while day < date(year, 12, 1) {
        match default_calendar().kind(day) {
            DayKind::Holiday(name) => days += &format!("{day}\tholiday\t{name}\n"),
            DayKind::MakeUpWorkday(name) => days += &format!("{day}\tworkday\t{name}\n"),
            _ => {}
        }
        day = day.tomorrow().unwrap();
    }
    days
}

/// The shipped notice of a year with more lines.
fn notice(year: i16, more: &str) -> LoadNotice {
    LoadNotice {
        year: year.to_string(),
        title: format!("国务院办公厅关于{year}年部分节假日安排的通知"),
        days: shipped(year) + more,
    }
}

/// Days off that the shipped calendar does not know, in spring and autumn.
const MORE: &str = "2026-03-20\tholiday\t调整\n2026-04-25\tworkday\t调整\n";

fn application(n: u32) -> Application {
    let item = catalogue().item("soil_water").unwrap();
    let agency = Agency::new("water", RegionCode::parse("150402").unwrap());
    let id = |salt: u8| {
        let mut bytes = [salt; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        bytes
    };
    Application {
        unclassified: true,
        id: CaseId::from_random(id(1)),
        project: ProjectId::from_random(id(2)),
        project_name: format!("第{n}号项目"),
        code: "2603-150402-04-01-123456".into(),
        unit: domain::ids::UnitId::from_random(id(3)),
        unit_name: "甲公司".into(),
        item: item.code.clone(),
        item_name: item.name.clone(),
        agency_name: agency.name(),
        agency,
        limit: item.effective_limit().clone(),
        rulebook: "1".into(),
        guide: None,
        procedure: domain::case::procedures().of(item),
        materials: vec![],
    }
}

/// What happened to the n-th case, and on which day: some only received, some suspended, some resumed.
fn history(n: u32) -> Vec<(Date, CaseEvent)> {
    let begun = date(2026, 1, 12) + i64::from(n % 110).days();
    let (a, papers) = (application(n), Papers { date: begun, serial: format!("{n:09}") });
    let slip = CaseEvent::CaseReceived { document: Box::new(papers.receipt_slip(&a)) };
    let notice = CaseEvent::CaseAccepted { document: Box::new(papers.acceptance_notice(&a, None)) };
    let mut events = vec![(begun, CaseEvent::CaseSubmitted(Arc::new(a))), (begun, slip)];
    if n.is_multiple_of(5) {
        return events;
    }
    events.push((begun, notice));
    if n.is_multiple_of(7) {
        let from = begun + 3.days();
        let suspension =
            Suspension {
                from, to: None, ground: Ground::Hearing, document: "听证通知".into(), told_on: Some(from)
            };
        events.push((from, CaseEvent::ClockSuspended { suspension, notice: None }));
        if n.is_multiple_of(2) {
            events.push((from + 6.days(), CaseEvent::ClockResumed { to: from + 5.days() }));
        }
    }
    events
}

/// Many running cases, straight into the ledger: events, states and the rows that follow from them.
async fn running_cases(world: &World, count: u32) -> Vec<Case> {
    let rules = world.platform.rules.now();
    let mut cases = Vec::new();
    let mut unit = Unit::new();
    for n in 0..count {
        let events = history(n);
        let stream = format!("case:{}", application(n).id);
        let (mut case, mut facts) = (Case::default(), Vec::new());
        for ((day, event), version) in events.iter().zip(1..) {
            let at = Moment::at(*day, 10, 0);
            let meta = Meta { at, recorded_at: at, actor: "system".into() };
            let before = case.clone();
            case.apply(event, &meta);
            for row in Case::rows(&stream, version, &before, event, &meta, &case, &rules) {
                unit.row(row);
            }
            let json = serde_json::to_value(event).unwrap();
            facts.push(Fact {
                kind: json["kind"].as_str().unwrap().to_owned(),
                data: json["data"].to_string(),
                at: at.0,
                recorded_at: at.0,
                actor: meta.actor,
                cause: "test".into(),
                sealed: vec![],
            });
        }
        let state = serde_json::to_string(&case).unwrap();
        unit.append(&Loaded::none(stream), facts, state, &world.platform.sealer).unwrap();
        cases.push(case);
        if n % 200 == 199 {
            world.platform.store.commit(std::mem::take(&mut unit)).await.unwrap();
        }
    }
    world.platform.store.commit(unit).await.unwrap();
    cases
}

/// The oracle: every running period of every case, counted with both calendars.
fn brute_force(cases: &[Case], old: &Calendar, new: &Calendar) -> BTreeMap<CaseId, (Date, Date)> {
    let mut moved = BTreeMap::new();
    for case in cases {
        for clock in running_clocks(case) {
            if let (Some(from), Some(to)) = (clock.due(old), clock.due(new))
                && from.date != to.date
            {
                moved.insert(case.application.as_ref().unwrap().id.clone(), (from.date, to.date));
            }
        }
    }
    moved
}

#[expect(clippy::disallowed_methods, reason = "the time is printed, nothing depends on it")]
async fn exactly_the_cases_that_move(world: &World, count: u32) {
    let administration = region_administration(world).await;
    let cases = running_cases(world, count).await;
    world.set_day(date(2026, 3, 2));
    let (p, call, form) = (&world.platform, administration.call(), notice(2026, MORE));
    let start = std::time::Instant::now();
    let preview = p.preview_calendar(&call, &form).await.unwrap();
    let previewed = start.elapsed();
    let old = p.rules.calendar;
    let (number, done) = p.load_calendar(&call, &form).await.unwrap();
    let loaded = start.elapsed() - previewed;
    let new = p.rules.calendar;
    let expected = brute_force(&cases, old, new);
    println!("{count} cases: {} move; preview {previewed:?}, load and re-issue {loaded:?}", expected.len());
    assert!(expected.len() * 10 > cases.len() && expected.len() < cases.len(), "{}", expected.len());
    let found: BTreeMap<_, _> = preview.moved.iter().map(|m| (m.case.clone(), (m.from, m.to))).collect();
    assert_eq!(found, expected, "the preview lists exactly the cases that move");
    assert_eq!((number, done.moved), (1, expected.len() as u64));
    let rows = p.store.query("SELECT id, due_day FROM cases", []).await.unwrap();
    let shown: BTreeMap<String, i64> =
        rows.iter().map(|r| (r.try_get("", "id").unwrap(), r.try_get("", "due_day").unwrap())).collect();
    for case in &cases {
        let id = &case.application.as_ref().unwrap().id;
        let due = running_clocks(case)[0].due(new).map(|due| platform::read::day_number(due.date));
        assert_eq!(shown[id.as_str()], due.unwrap_or(9_999_999), "{id}");
    }
    let left = p.store.query_one("SELECT COUNT(*) AS n FROM deadlines WHERE calendar < 1", []).await.unwrap().unwrap();
    assert_eq!(left.try_get::<i64>("", "n").unwrap(), 0);
    assert_eq!(p.reissue_dates(&Call::system("again")).await.unwrap().counted, 0, "done is done");
}

async fn art15_a_notice_moves_exactly_the_cases_brute_force_finds_and_issues_their_dates_anew(world: &World) {
    exactly_the_cases_that_move(world, 330).await;
}

/// Done-when 4 of issue 3: `cargo nextest run -p platform --run-ignored only -E 'test(ten_thousand)' --no-capture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ten thousand cases"]
async fn art15_ten_thousand_running_cases_move_in_seconds() {
    let world = World::sqlite().await;
    exactly_the_cases_that_move(&world, 10_000).await;
    assert!(world.verify().await.is_sound());
    if let Some(world) = World::postgres().await {
        exactly_the_cases_that_move(&world, 10_000).await;
    }
}

async fn art15_whoever_is_concerned_is_told_once_and_the_case_says_why(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let administration = region_administration(world).await;
    let moving = world.accepted(&officer).await;
    let staying = world.received(&officer).await;
    let p = &world.platform;
    let call = administration.once("notice-1");
    p.load_calendar(&call, &notice(2026, MORE)).await.unwrap();
    p.load_calendar(&call, &notice(2026, MORE)).await.unwrap();
    let page = p.case_page(&officer.call(), &moving).await.unwrap();
    assert_eq!(page.decision_sheet.unwrap().due.unwrap().date, date(2026, 3, 31), "was 30 March");
    let why = page.trail.iter().filter(|entry| entry.title.contains("工作日历更新")).collect::<Vec<_>>();
    assert_eq!(why.len(), 1);
    assert!(why[0].detail.contains("2026-03-30") && why[0].detail.contains("2026年部分节假日"), "{}", why[0].detail);
    let messages = p.messages(&world.agent.call(), None, 50).await.unwrap();
    assert_eq!(messages.iter().filter(|m| m.title == "办理时限届满日调整").count(), 1);
    let (prompts, _) = p.prompts(&officer.call(), None).await.unwrap();
    assert_eq!(prompts.iter().filter(|prompt| prompt.mark == "moved").count(), 1);
    let page = p.case_page(&officer.call(), &staying).await.unwrap();
    assert!(page.trail.iter().all(|entry| !entry.title.contains("工作日历更新")));
    let versions = p.calendar_versions(&administration.call()).await.unwrap();
    assert_eq!(versions.iter().map(|v| (v.number, v.year)).collect::<Vec<_>>(), [(1, 2026)]);
    assert_eq!(versions[0].actor, administration.account().to_string());
    // The new date is the one that turns yellow and red.
    world.set_day(date(2026, 3, 31));
    assert_eq!(p.sweep_deadlines(&Call::system("test"), 1).await.unwrap().failed, 0);
    let row = p.work_list(&officer.call(), &Default::default(), None).await.unwrap();
    let row = row.rows.iter().find(|row| row.id == moving).unwrap();
    assert_eq!((row.due, row.light(date(2026, 3, 31))), (Some(date(2026, 3, 31)), Some(domain::clock::Light::Yellow)));
}

async fn art15_another_node_takes_the_calendar_over_and_finishes_what_a_crash_left(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let administration = region_administration(world).await;
    let case = world.accepted(&officer).await;
    let other = platform::Platform::new(platform::Parts {
        rules: Rules::shipped(),
        clock: Arc::new(ManualClock::at(world.platform.clock.now())),
        ..(*world.platform).clone()
    });
    world.platform.load_calendar(&administration.call(), &notice(2026, MORE)).await.unwrap();
    // The other node does not know yet: it counts with its old calendar, and says so in the row.
    assert_eq!(other.rules.calendar_number, 0);
    let suspension = Suspension {
        from: date(2026, 3, 9),
        to: None,
        ground: Ground::ExpertReview,
        document: "评审通知".into(),
        told_on: Some(date(2026, 3, 2)),
    };
    other
        .suspend_clock(&officer.call(), &case, suspension, date(2026, 3, 13), domain::case::Way::Platform)
        .await
        .unwrap();
    other.resume_clock(&officer.call(), &case, date(2026, 3, 13)).await.unwrap();
    let due = async || {
        let sql = "SELECT due_day FROM deadlines WHERE case_id = $1";
        let row = world.platform.store.query_one(sql, [case.as_str().into()]).await.unwrap().unwrap();
        platform::read::from_day_number(row.try_get("", "due_day").unwrap())
    };
    assert_eq!(due().await, Some(date(2026, 4, 7)));
    other.refresh_calendar().await.unwrap();
    assert_eq!(other.rules.calendar_number, 1);
    let done = other.reissue_dates(&Call::system("node")).await.unwrap();
    assert_eq!((done.counted, done.moved), (1, 0), "the calendar's move was said already");
    assert_eq!(due().await, Some(date(2026, 4, 8)));
}

async fn s05_only_the_region_loads_a_notice(world: &World) {
    let p = &world.platform;
    let form = notice(2026, MORE);
    let county = world.general_administration().await;
    not_there(p.load_calendar(&county.call(), &form).await);
    let supervisor = world.officer("development_reform", "150000", &[Role::Supervisor]).await;
    forbidden(p.preview_calendar(&supervisor.call(), &form).await);
    forbidden(p.calendar_versions(&world.agent.call()).await);
    sign_in_first(p.load_calendar(&world.public(), &form).await);
    assert_eq!(p.rules.calendar_number, 0);
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    assert!(p.manages_calendar(&system.call()) && !p.manages_calendar(&county.call()));
    p.preview_calendar(&system.call(), &form).await.unwrap();
    assert_eq!(p.rules.calendar_number, 0, "a preview changes nothing");
}

async fn art15_wrong_lines_and_unchanged_notices_are_refused(world: &World) {
    let administration = region_administration(world).await;
    let p = &world.platform;
    let wrong = refused(
        p.preview_calendar(&administration.call(), &notice(2026, "2026-13-01 holiday 甲\n")).await,
        "calendar.line",
    );
    assert!(wrong.message.starts_with("第 ") && wrong.field.as_deref() == Some("days"));
    refused(p.load_calendar(&administration.call(), &notice(2026, "")).await, "calendar.same");
    p.load_calendar(&administration.call(), &notice(2026, MORE)).await.unwrap();
    refused(p.load_calendar(&administration.call(), &notice(2026, MORE)).await, "calendar.same");
    // Two people load different notices at the same time: both come in, one after the other.
    let (a, b) = (administration.call(), administration.call());
    let (one, two) = (notice(2026, "2026-06-01 holiday 甲\n"), notice(2026, "2026-06-02 holiday 乙\n"));
    let (first, second) = tokio::join!(p.load_calendar(&a, &one), p.load_calendar(&b, &two));
    let mut numbers = [first.unwrap().0, second.unwrap().0];
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
}
