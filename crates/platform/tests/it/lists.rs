//! Lists: pages follow one another without overlap and cover everything; tabs show what is owed, and to whom.

use domain::{
    account::{Delegating, Role},
    case::{Delivery, Owed, Way},
    consultation::{Question, Silence},
    department::Agency,
    region::RegionCode,
};
use jiff::civil::date;
use platform::{
    Call, Failure,
    case::CaseRow,
    work_list::{Cursor, Filter, PAGE, Tab, WorkList},
};
use std::collections::BTreeSet;
use testkit::{
    Person, World, answers, both_engines,
    outcome::{forbidden, refused},
    point, supplied,
};

both_engines! {
    the_work_list_pages_follow_one_another_and_cover_everything,
    the_work_list_tabs_show_what_is_owed,
    s10_the_work_list_ends_where_the_posts_do,
    lists_of_projects_and_messages_page_without_overlap,
    lists_of_consultations_and_delegations_page_without_overlap,
    search_finds_exactly_the_names_that_contain_the_words,
}

/// All pages of a filter; fails on overlap and disorder.
async fn all_pages(world: &World, call: &Call, filter: &Filter) -> Vec<CaseRow> {
    let (mut rows, mut after, mut seen): (Vec<CaseRow>, _, BTreeSet<_>) = (Vec::new(), None, BTreeSet::new());
    loop {
        let page: WorkList = world.platform.work_list(call, filter, after).await.unwrap();
        assert!(page.rows.len() as u64 <= PAGE);
        assert!(page.next.is_none() || page.rows.len() as u64 == PAGE);
        for row in page.rows {
            assert!(seen.insert(row.id.clone()), "{} is on two pages", row.id);
            rows.push(row);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}

async fn many(world: &World, officer: &Person, n: usize) {
    let project_days = [2, 3, 4, 5, 6];
    for i in 0..n {
        world.set_day(date(2026, 3, project_days[i % project_days.len()]));
        let case = world.submitted().await;
        if i % 3 > 0 {
            world.receive(officer, &case).await;
        }
        if i % 3 > 1 {
            world.accept(officer, &case).await;
        }
        if i % 9 == 8 {
            world.grant(officer, &case).await;
            let on = world.platform.clock.now().date();
            let delivery = Delivery { on, by: Way::Mail, receiver: "李工".into() };
            world.platform.deliver_licence(&officer.call(), &case, delivery).await.unwrap();
        }
    }
}

async fn the_work_list_pages_follow_one_another_and_cover_everything(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    many(world, &officer, 54).await;
    let call = officer.call();
    let open = all_pages(world, &call, &Filter::default()).await;
    let ended = all_pages(world, &call, &Filter { tab: Tab::Ended, ..Filter::default() }).await;
    assert_eq!((open.len(), ended.len()), (48, 6));
    assert!(
        open.windows(2).all(|pair| match (pair[0].due, pair[1].due) {
            (Some(a), Some(b)) => a <= b,
            (None, Some(_)) => false,
            _ => true,
        }),
        "most urgent first"
    );
    assert!(ended.windows(2).all(|pair| pair[0].ended_at >= pair[1].ended_at), "latest first");
    let mut by_kind = 0;
    for owed in Owed::BY_ORGAN {
        let rows = all_pages(world, &call, &Filter { tab: Tab::Owed(owed), ..Filter::default() }).await;
        assert!(rows.iter().all(|row| row.owed == owed));
        let page = world.platform.work_list(&call, &Filter::default(), None).await.unwrap();
        let (_, count) = page.counts.iter().find(|(tab, _)| *tab == Tab::Owed(owed)).unwrap();
        assert_eq!(rows.len() as u64, *count, "{owed:?}");
        by_kind += rows.len();
    }
    assert_eq!(by_kind, 48);
    let narrowed = Filter { words: open[0].project_code.clone(), ..Filter::default() };
    assert_eq!(all_pages(world, &call, &narrowed).await.len(), 1);
    let nothing = Filter { words: "没有这个项目".into(), ..Filter::default() };
    assert!(all_pages(world, &call, &nothing).await.is_empty());
    let wild = Filter { words: "%".into(), ..Filter::default() };
    assert_eq!(all_pages(world, &call, &wild).await.len(), 48, "a wildcard is no word");
}

async fn the_work_list_tabs_show_what_is_owed(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let call = officer.call();
    let p = &world.platform;
    let received = world.received(&officer).await;
    let corrected = world.received(&officer).await;
    p.ask_correction(&call, &corrected, vec![point("补盖公章")]).await.unwrap();
    let on = async |tab| {
        let rows = all_pages(world, &call, &Filter { tab, ..Filter::default() }).await;
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(on(Tab::Waiting).await, std::slice::from_ref(&corrected));
    assert_eq!(on(Tab::All).await, std::slice::from_ref(&received), "what waits for the unit is not owed by the organ");
    assert!(on(Tab::DueToday).await.is_empty());
    world.set_day(date(2026, 3, 9));
    assert_eq!(on(Tab::DueToday).await, std::slice::from_ref(&received));
    assert_eq!(on(Tab::Yellow).await, std::slice::from_ref(&received));
    world.set_day(date(2026, 3, 10));
    assert_eq!(on(Tab::Red).await, std::slice::from_ref(&received));
    p.supply_correction(&world.agent.call(), &corrected, supplied(1)).await.unwrap();
    assert_eq!(on(Tab::Owed(Owed::Recheck)).await, [corrected]);
    assert!(on(Tab::Waiting).await.is_empty());
}

async fn s10_the_work_list_ends_where_the_posts_do(world: &World) {
    let project = world.project().await;
    for item in ["soil_water", "eia_form", "ent_file"] {
        world.apply(&world.agent, &project, item).await;
    }
    let items = async |person: &Person| {
        let rows = all_pages(world, &person.call(), &Filter::default()).await;
        rows.into_iter().map(|row| row.item).collect::<BTreeSet<_>>()
    };
    let set = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(items(&world.all_hands("water", "150402").await).await, set(&["soil_water"]));
    assert_eq!(items(&world.all_hands("water", "150400").await).await, set(&["soil_water"]), "a superior sees below");
    assert_eq!(items(&world.all_hands("water", "150502").await).await, set(&[]));
    assert_eq!(items(&world.all_hands("ecology", "150402").await).await, set(&[]), "the prefecture's case is above");
    assert_eq!(items(&world.supervisor().await).await, set(&["soil_water", "eia_form", "ent_file"]));
    let narrow = Filter { region: RegionCode::parse("150400"), ..Filter::default() };
    let rows = all_pages(world, &world.supervisor().await.call(), &narrow).await;
    assert_eq!(rows.len(), 1);
    let administrator = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    forbidden(world.platform.work_list(&administrator.call(), &Filter::default(), None).await);
    let unit = world.platform.work_list(&world.agent.call(), &Filter::default(), None).await;
    assert!(matches!(unit, Err(Failure::Denied(_))), "{unit:?}");
}

async fn lists_of_projects_and_messages_page_without_overlap(world: &World) {
    for n in 0..7 {
        if n % 2 == 0 {
            world.later(1);
        }
        world.project().await;
    }
    let call = world.agent.call();
    let (mut ids, mut before) = (BTreeSet::new(), None);
    loop {
        let page = world.platform.my_projects(&call, "", before.clone(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.declared_at.0, last.id.to_string()));
        assert!(page.iter().all(|row| ids.insert(row.id.to_string())));
    }
    assert_eq!(ids.len(), 7);
    let (mut ids, mut before) = (BTreeSet::new(), None);
    loop {
        let page = world.platform.messages(&call, before.clone(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.at.0, last.id.to_string()));
        assert!(page.iter().all(|row| ids.insert(row.id.to_string())));
    }
    assert_eq!(ids.len(), 7);
    assert_eq!(world.platform.unread_messages(&call).await.unwrap(), 7);
    let one = ids.first().unwrap();
    assert!(world.platform.open_message(&call, one).await.unwrap().starts_with("/projects/"));
    testkit::outcome::not_there(world.platform.open_message(&world.rival.call(), one).await);
    assert_eq!(world.platform.unread_messages(&call).await.unwrap(), 6);
    world.platform.read_all_messages(&call).await.unwrap();
    assert_eq!(world.platform.unread_messages(&call).await.unwrap(), 0);
}

async fn lists_of_consultations_and_delegations_page_without_overlap(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let today = p.clock.now().date();
    let question = Question {
        to: Agency::new("emergency", RegionCode::parse("150402").unwrap()),
        text: "是否影响行洪？".into(),
        reply_by: p.rules.calendar.add_working_days(today, 3),
        silence: Silence::Awaited,
        basis: String::new(),
    };
    let mut asked = Vec::new();
    for n in 0..45 {
        // Many in one moment, and some later.
        if n % 15 == 14 {
            world.set_day(p.clock.now().date().tomorrow().unwrap());
        }
        let question =
            Question { reply_by: p.rules.calendar.add_working_days(p.clock.now().date(), 3), ..question.clone() };
        let id = p.ask_consultation(&officer.call(), &case, &question).await.unwrap();
        refused(p.ask_consultation(&officer.call(), &case, &question).await, "consultation.twice");
        if n < 44 {
            p.recall_consultation(&officer.call(), &id, "另行征求").await.unwrap();
        }
        asked.push(id);
    }
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = p.consultations_of(&case, after).await.unwrap();
        assert!(page.len() as u64 <= PAGE && (next.is_none() || page.len() as u64 == PAGE));
        rows.extend(page);
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert!(rows.windows(2).all(|pair| pair[0].asked_at <= pair[1].asked_at), "oldest first");
    let seen: BTreeSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!((rows.len(), seen), (45, asked.into_iter().collect()));

    let head = world.officer("water", "150402", &[Role::Approver]).await;
    let colleagues = [Role::Receptionist, Role::Undertaker];
    let mut given = 0;
    for role in colleagues {
        let colleague = world.officer("water", "150402", &[role]).await;
        for n in 0..22 {
            let from = p.clock.now().date().checked_add(jiff::Span::new().days(n % 3)).unwrap();
            let agency = Agency::new("water", RegionCode::parse("150402").unwrap());
            let wish = Delegating { agency, role: Role::Approver, from, until: from, reason: "外出".into() };
            p.delegate_post(&head.call(), colleague.account(), &wish).await.unwrap();
            p.end_delegation(&head.call(), colleague.account(), n as usize).await.unwrap();
            given += 1;
        }
    }
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = p.delegations(&head.call(), after).await.unwrap();
        assert!(page.len() as u64 <= PAGE && (next.is_none() || page.len() as u64 == PAGE));
        rows.extend(page);
        match next {
            Some(next) => after = Cursor::parse(&next.to_string()),
            None => break,
        }
    }
    assert!(rows.windows(2).all(|pair| pair[0].from >= pair[1].from), "latest first");
    let seen: BTreeSet<_> = rows.iter().map(|row| (row.account.clone(), row.at)).collect();
    assert_eq!((rows.len(), seen.len()), (given, given));
    let nonsense = Cursor { key: 0, id: "nothing".into() };
    assert_eq!(p.delegations(&head.call(), Some(nonsense)).await.unwrap().0.len() as u64, PAGE);
}

async fn search_finds_exactly_the_names_that_contain_the_words(world: &World) {
    let names =
        ["红山区光伏电站项目", "松山区风光储一体化项目", "年产30万吨水泥熟料项目", "年产3万吨负极材料项目", "伏光工程"];
    for name in names {
        world.declare(&world.agent, &answers::with(answers::record_filing(), &[("project_name", name)])).await;
    }
    let find = async |words: &str| {
        let rows = world.platform.search_projects(&world.public(), words, None, 20).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<BTreeSet<_>>()
    };
    for words in ["光伏", "项目", "山区", "30万吨", "3万吨", "水泥熟料", "没有", "光伏电站项目"] {
        let expected: BTreeSet<_> = names.iter().filter(|n| n.contains(words)).map(|n| (*n).to_owned()).collect();
        let found = find(words).await;
        assert!(found.is_subset(&expected), "{words}: {found:?}");
        if words != "3万吨" {
            assert_eq!(found, expected, "{words}");
        }
    }
    for hostile in ["", "光", "%", "\" OR 1 --", "' | '", "(((", "光伏 & !"] {
        let _ = find(hostile).await;
    }
}
