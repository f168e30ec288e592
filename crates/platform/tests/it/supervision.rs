//! 电子监察 (办法第十五、十七条): what opens a card and what does not, cards and orders by whoever may deal with them.

use domain::{
    account::Role,
    case::Outcome,
    clock::{Ground, Suspension},
    ids::{CaseId, ExpeditingOrderId, SupervisionCardId},
    region::RegionCode,
    supervision::{CardState, Finding, OrderState},
};
use futures_util::{future::join_all, stream};
use jiff::civil::date;
use platform::{
    Call, Failure,
    supervision::{CardFilter, CardRow, Owing, RankBy, SortBy},
};
use testkit::{
    Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused, sign_in_first},
    point, supplied,
};

both_engines! {
    art15_an_overdue_case_opens_one_red_card_however_often_and_by_how_many_nodes,
    art15_a_warning_closes_by_itself_when_the_step_is_done,
    art15_the_sweep_looks_at_what_is_due_and_at_nothing_else,
    art17_events_open_cards_once_also_after_a_restart_from_the_beginning,
    art17_a_burst_of_entries_opens_one_card_a_day,
    art17_a_card_is_answered_by_its_department_and_closed_by_the_supervisor,
    art17_files_go_with_the_answer_and_are_read_by_both_sides,
    art17_each_act_on_a_card_sent_twice_acts_once,
    art17_of_many_at_the_same_time_one_closes,
    art17_acts_on_a_card_that_is_not_ones_own,
    art17_acts_on_a_closed_card_and_on_none,
    art17_a_card_handed_up_is_closed_above,
    art17_an_order_is_issued_from_above_and_replied_to_once,
    art17_lists_show_the_territory_and_the_own_organ,
    art17_the_home_counts_lights_and_ranks_the_worst_first,
    art17_those_concerned_are_told,
}

async fn supervise(world: &World) -> u64 {
    let call = Call::system("test");
    let mut opened = 0;
    testkit::patiently("the follower sees everything", async || {
        opened += world.platform.supervise(&call).await.unwrap();
        (!world.platform.supervision_is_behind().await.unwrap()).then_some(opened)
    })
    .await
}

async fn cards(world: &World, person: &Person, owing: Owing) -> Vec<CardRow> {
    let filter = CardFilter { owing, ..CardFilter::default() };
    world.platform.cards(&person.call(), &filter, None).await.unwrap().rows
}

/// Supervisor of 赤峰市, officer of water × 150402, and an overdue case with its red card.
struct Scene {
    supervisor: Person,
    officer: Person,
    case: CaseId,
    card: SupervisionCardId,
}

async fn overdue(world: &World) -> Scene {
    let supervisor = world.supervisor().await;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.set_day(date(2026, 4, 1));
    assert_eq!(supervise(world).await, 1);
    let card = cards(world, &supervisor, Owing::Running).await.remove(0);
    assert_eq!((card.rule.as_str(), &card.case), ("overdue", &case));
    Scene { supervisor, officer, case, card: card.id }
}

async fn art15_an_overdue_case_opens_one_red_card_however_often_and_by_how_many_nodes(world: &World) {
    let supervisor = world.supervisor().await;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.set_day(date(2026, 3, 20));
    assert_eq!(supervise(world).await, 0, "in time");
    world.set_day(date(2026, 4, 1));
    let call = Call::system("test");
    let nodes = join_all((0..4).map(|_| world.platform.supervise(&call))).await;
    let opened: u64 = nodes.into_iter().map(Result::unwrap).sum();
    assert_eq!(opened + supervise(world).await, 1);
    world.set_day(date(2026, 4, 20));
    assert_eq!(supervise(world).await, 0, "one occurrence, one card");
    let rows = cards(world, &supervisor, Owing::Running).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].severity.slug(), &rows[0].case), ("red", &case));
    let page = world.platform.card_page(&supervisor.call(), &rows[0].id).await.unwrap();
    assert!(page.opened.sentence.contains("2026年3月30日届满"), "{}", page.opened.sentence);
    assert!(page.opened.facts.iter().any(|(name, _)| name == "已超期"));
    assert_eq!(page.timeline[0].actor, "在线平台");
}

async fn art15_a_warning_closes_by_itself_when_the_step_is_done(world: &World) {
    let supervisor = world.supervisor().await;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.set_day(date(2026, 3, 27));
    assert_eq!(supervise(world).await, 1);
    assert_eq!(cards(world, &supervisor, Owing::Running).await[0].rule, "near_overdue");
    world.grant(&officer, &case).await;
    world.deliver(&officer, &case).await;
    supervise(world).await;
    let done = cards(world, &supervisor, Owing::Done).await;
    assert_eq!((done.len(), done[0].finding.as_str()), (1, "lapsed"));
    let page = world.platform.card_page(&supervisor.call(), &done[0].id).await.unwrap();
    assert_eq!(page.timeline.last().unwrap().actor, "在线平台");
    // A red card takes the place of the warning.
    world.accepted(&officer).await;
    world.set_day(date(2026, 4, 23));
    assert_eq!(supervise(world).await, 1);
    world.set_day(date(2026, 5, 6));
    assert_eq!(supervise(world).await, 1);
    let left: Vec<_> = cards(world, &supervisor, Owing::Running).await.into_iter().map(|card| card.rule).collect();
    assert_eq!(left, ["overdue"]);
}

async fn art15_the_sweep_looks_at_what_is_due_and_at_nothing_else(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let waiting = world.submitted().await;
    let paused = world.accepted(&officer).await;
    let today = world.platform.clock.now().date();
    let suspension = Suspension {
        from: today,
        to: None,
        ground: Ground::Hearing,
        document: "听证通知书".into(),
        told_on: Some(today),
    };
    let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("notice"))]);
    world.platform.upload_suspension_paper(&officer.call(), &paused, ("通知书.pdf", ""), content).await.unwrap();
    world
        .platform
        .suspend_clock(&officer.call(), &paused, suspension, today, domain::case::Way::Platform)
        .await
        .unwrap();
    let ended = world.accepted(&officer).await;
    world.later(10);
    world.grant(&officer, &ended).await;
    world.deliver(&officer, &ended).await;
    world.set_day(date(2026, 6, 1));
    assert_eq!(supervise(world).await, 0, "{waiting} was not received, {paused} stands still, {ended} ended");
}

async fn art17_events_open_cards_once_also_after_a_restart_from_the_beginning(world: &World) {
    let supervisor = world.supervisor().await;
    let officer = world.all_hands("water", "150402").await;
    // A demand outside the guide, and the supplement left lying too long.
    let late = world.received(&officer).await;
    let outside = world
        .platform
        .rules
        .catalogue
        .all_materials()
        .iter()
        .find(|m| m.name.chars().count() > 5 && !m.name.contains("水土保持") && m.id != "project_decision")
        .unwrap();
    let text = format!("请另外提交{}。", outside.name);
    world.platform.ask_correction(&officer.call(), &late, vec![point(&text)]).await.unwrap();
    world.platform.supply_correction(&world.agent.call(), &late, supplied(1)).await.unwrap();
    world.set_day(date(2026, 3, 12));
    world.accept(&officer, &late).await;
    // Accepted and decided at once, and dated weeks before it was entered.
    let quick = world.accepted(&officer).await;
    world.grant(&officer, &quick).await;
    world.later(6);
    world.grant(&officer, &late).await;
    let dated = world.accepted(&officer).await;
    let accepted_on = world.platform.clock.now().date();
    world.set_day(date(2026, 3, 20));
    let back = domain::case::Decision { decided_on: accepted_on, ..decision(world, Outcome::Granted) };
    world.reviewed(&dated, Outcome::Granted).await;
    world.platform.decide_case(&officer.call(), &dated, back).await.unwrap();
    // Decided on a code that was taken out of force.
    let voided = world.accepted(&officer).await;
    let project = world.platform.case_page(&officer.call(), &voided).await.unwrap().application.project.clone();
    let office = world.general_administration().await;
    world.platform.void_code(&office.call(), &project, "重复申报，作废。").await.unwrap();
    world.later(10);
    world.grant(&officer, &voided).await;

    let opened = supervise(world).await;
    let mut rules: Vec<_> =
        cards(world, &supervisor, Owing::Running).await.into_iter().map(|card| (card.rule, card.case)).collect();
    rules.sort();
    let mut expected = [
        ("late_check", &late),
        ("material_outside", &late),
        ("instant_decision", &quick),
        ("back_entered", &dated),
        ("code_not_verified", &voided),
    ]
    .map(|(rule, case)| (rule.to_owned(), case.clone()))
    .to_vec();
    expected.sort();
    assert_eq!(rules, expected);
    assert_eq!(opened, 5);

    let mut unit = ledger::Unit::new();
    unit.row(ledger::Row::new("UPDATE followers SET tx = '0', seq = 0 WHERE name = 'supervision'", []));
    world.platform.store.commit(unit).await.unwrap();
    assert_eq!(supervise(world).await, 0, "seen a second time, nothing is opened twice");
    assert_eq!(cards(world, &supervisor, Owing::Running).await.len(), 5);
}

async fn art17_a_burst_of_entries_opens_one_card_a_day(world: &World) {
    let supervisor = world.supervisor().await;
    let officer = world.all_hands("water", "150402").await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(world.submitted().await);
    }
    for case in &cases[..5] {
        world.receive(&officer, case).await;
    }
    assert_eq!(supervise(world).await, 0, "five are no burst");
    for case in &cases[5..] {
        world.receive(&officer, case).await;
    }
    assert_eq!(supervise(world).await, 1, "the sixth is, also when the follower saw the first five before");
    let card = cards(world, &supervisor, Owing::Running).await.remove(0);
    assert_eq!((card.rule.as_str(), &card.case), ("burst", &cases[5]));
    world.later(4);
    world.accept(&officer, &cases[0]).await;
    assert_eq!(supervise(world).await, 0, "one a day");
}

async fn art17_a_card_is_answered_by_its_department_and_closed_by_the_supervisor(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let early = p.close_card(&s.supervisor.call(), &s.card, Finding::Upheld, "属实").await;
    refused(early, "card.unheard");
    p.answer_card(&s.officer.call(), &s.card, "已办理。").await.unwrap();
    let answered = p.card_page(&s.supervisor.call(), &s.card).await.unwrap();
    assert_eq!(answered.card.state, CardState::Answered);
    assert!(answered.may_close && !answered.may_answer);
    p.close_card(&s.supervisor.call(), &s.card, Finding::Upheld, "属实，请整改。").await.unwrap();
    let closed = p.card_page(&s.officer.call(), &s.card).await.unwrap();
    assert_eq!(closed.card.closed.unwrap().1, Finding::Upheld);
    assert!(!closed.may_answer && !closed.may_close && !closed.may_expedite);
    let home = p.supervision_home(&s.supervisor.call(), None, RankBy::Department, SortBy::Upheld).await.unwrap();
    assert_eq!((home.total.upheld, home.ranks[0].code.as_str()), (1, "water"), "it is counted");
}

async fn art17_files_go_with_the_answer_and_are_read_by_both_sides(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let upload = |person: &Person, name: &'static str| {
        let (call, card) = (person.call(), s.card.clone());
        async move {
            let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("proof"))]);
            p.upload_card_file(&call, &card, (name, ""), content).await
        }
    };
    let kept = upload(&s.officer, "说明.pdf").await.unwrap();
    let dropped = upload(&s.officer, "误传.pdf").await.unwrap();
    forbidden(upload(&s.supervisor, "说明.pdf").await);
    not_there(upload(&world.all_hands("water", "150502").await, "说明.pdf").await);
    p.remove_card_file(&s.officer.call(), &s.card, &dropped.id).await.unwrap();
    not_there(p.remove_card_file(&s.officer.call(), &s.card, &dropped.id).await);
    not_there(p.download_card_file(&s.supervisor.call(), &s.card, &kept.id).await);
    p.answer_card(&s.officer.call(), &s.card, "见附件。").await.unwrap();
    not_there(p.remove_card_file(&s.officer.call(), &s.card, &kept.id).await);
    for person in [&s.officer, &s.supervisor] {
        assert!(!p.download_card_file(&person.call(), &s.card, &kept.id).await.unwrap().bytes.is_empty());
    }
    let page = p.card_page(&s.officer.call(), &s.card).await.unwrap();
    assert_eq!((page.card.files.len(), page.fresh.len()), (1, 0));
    p.answer_card(&s.officer.call(), &s.card, "补充。").await.unwrap();
    assert_eq!(p.card_page(&s.officer.call(), &s.card).await.unwrap().card.files.len(), 1, "sent once");
    p.close_card(&s.supervisor.call(), &s.card, Finding::Explained, "已说明。").await.unwrap();
    refused(upload(&s.officer, "迟到.pdf").await, "card.closed");
}

async fn art17_each_act_on_a_card_sent_twice_acts_once(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    for _ in 0..2 {
        p.answer_card(&s.officer.once("a"), &s.card, "已办理。").await.unwrap();
    }
    for _ in 0..2 {
        p.escalate_card(&s.supervisor.once("e"), &s.card, "请上级核查。").await.unwrap();
    }
    let page = p.card_page(&s.officer.call(), &s.card).await.unwrap();
    assert_eq!((page.timeline.len(), page.card.escalations), (3, 1));
    let mut orders = Vec::new();
    for _ in 0..2 {
        let order = p.issue_order(&s.supervisor.once("o"), &s.case, "请办结。", date(2026, 4, 3)).await.unwrap();
        orders.push(order);
    }
    assert_eq!(orders[0], orders[1]);
    for _ in 0..2 {
        p.reply_order(&s.officer.once("r"), &orders[0], "已安排。").await.unwrap();
    }
}

async fn art17_of_many_at_the_same_time_one_closes(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    p.answer_card(&s.officer.call(), &s.card, "已办理。").await.unwrap();
    let call = s.supervisor.call();
    let results = join_all((0..6).map(|_| p.close_card(&call, &s.card, Finding::Explained, "已说明。"))).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        refused(result, "card.closed");
    }
}

async fn everything(world: &World, person: &Call, s: &Scene, order: &ExpeditingOrderId) -> Vec<Result<(), Failure>> {
    let p = &world.platform;
    vec![
        p.card_page(person, &s.card).await.map(drop),
        p.answer_card(person, &s.card, "x").await,
        p.close_card(person, &s.card, Finding::Explained, "x").await,
        p.escalate_card(person, &s.card, "x").await,
        p.issue_order(person, &s.case, "x", date(2026, 4, 9)).await.map(drop),
        p.order_page(person, order).await.map(drop),
        p.reply_order(person, order, "x").await,
        p.supervision_home(person, None, RankBy::Banner, SortBy::Red).await.map(drop),
    ]
}

async fn art17_acts_on_a_card_that_is_not_ones_own(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let order = p.issue_order(&s.supervisor.call(), &s.case, "请办结。", date(2026, 4, 3)).await.unwrap();
    let facts = |id: String| async move { world.platform.store.load(&id).await.unwrap().version };
    let case_work = [Role::Receptionist, Role::Undertaker, Role::Reviewer, Role::Approver, Role::DepartmentManager];
    let region = RegionCode::parse("150402").unwrap();
    for result in everything(world, &world.public(), &s, &order).await {
        sign_in_first(result);
    }
    for person in [
        world.officer("water", "150502", &case_work).await,
        world.officer("development_reform", "150500", &[Role::Supervisor]).await,
    ] {
        for (at, result) in everything(world, &person.call(), &s, &order).await.into_iter().enumerate() {
            // The home is one's own territory's, and a department has none.
            if at < 7 {
                not_there(result);
            }
        }
        not_there(p.supervision_home(&person.call(), Some(region), RankBy::Banner, SortBy::Red).await);
    }
    for person in [
        world.officer("ecology", "150402", &case_work).await,
        world.general_administration().await,
        world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await,
    ] {
        for result in everything(world, &person.call(), &s, &order).await {
            forbidden(result);
        }
    }
    for result in everything(world, &world.agent.call(), &s, &order).await {
        forbidden(result);
    }
    // Each side does its own part only.
    forbidden(p.answer_card(&s.supervisor.call(), &s.card, "x").await);
    forbidden(p.reply_order(&s.supervisor.call(), &order, "x").await);
    forbidden(p.close_card(&s.officer.call(), &s.card, Finding::Explained, "x").await);
    forbidden(p.issue_order(&s.officer.call(), &s.case, "x", date(2026, 4, 9)).await);
    forbidden(p.supervise(&s.supervisor.call()).await);
    assert_eq!(facts(format!("supervision:{}", s.card)).await, 1);
    assert_eq!(facts(format!("expediting:{order}")).await, 1);
}

async fn art17_acts_on_a_closed_card_and_on_none(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    p.close_card(&s.supervisor.call(), &s.card, Finding::Explained, "已说明。").await.unwrap();
    refused(p.answer_card(&s.officer.call(), &s.card, "x").await, "card.closed");
    refused(p.close_card(&s.supervisor.call(), &s.card, Finding::Explained, "x").await, "card.closed");
    refused(p.escalate_card(&s.supervisor.call(), &s.card, "x").await, "card.closed");
    world.grant(&s.officer, &s.case).await;
    p.issue_order(&s.supervisor.call(), &s.case, "请送达。", date(2026, 4, 9)).await.unwrap();
    world.deliver(&s.officer, &s.case).await;
    let ended = p.issue_order(&s.supervisor.call(), &s.case, "x", date(2026, 4, 9)).await;
    refused(ended.map(drop), "order.ended");
    let none = Scene {
        card: SupervisionCardId::from_random([7; 16]),
        case: CaseId::from_random([7; 16]),
        supervisor: s.supervisor.clone(),
        officer: s.officer.clone(),
    };
    let order = ExpeditingOrderId::from_random([7; 16]);
    not_there(p.card_page(&s.supervisor.call(), &none.card).await);
    not_there(p.answer_card(&s.officer.call(), &none.card, "x").await);
    not_there(p.close_card(&s.supervisor.call(), &none.card, Finding::Explained, "x").await);
    not_there(p.escalate_card(&s.supervisor.call(), &none.card, "x").await);
    not_there(p.issue_order(&s.supervisor.call(), &none.case, "x", date(2026, 4, 9)).await);
    not_there(p.order_page(&s.officer.call(), &order).await);
    not_there(p.reply_order(&s.officer.call(), &order, "x").await);
}

async fn art17_a_card_handed_up_is_closed_above(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let county = world.officer("development_reform", "150402", &[Role::Supervisor]).await;
    let region = world.officer("development_reform", "150000", &[Role::Supervisor]).await;
    p.escalate_card(&county.call(), &s.card, "部门不答复。").await.unwrap();
    refused(p.close_card(&county.call(), &s.card, Finding::Explained, "x").await, "card.escalated");
    assert!(!p.card_page(&county.call(), &s.card).await.unwrap().may_close, "it is still seen");
    p.escalate_card(&s.supervisor.call(), &s.card, "情况复杂。").await.unwrap();
    refused(p.escalate_card(&s.supervisor.call(), &s.card, "x").await, "card.escalated");
    refused(p.escalate_card(&region.call(), &s.card, "x").await, "card.highest");
    p.close_card(&region.call(), &s.card, Finding::Explained, "已说明。").await.unwrap();
}

async fn art17_an_order_is_issued_from_above_and_replied_to_once(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let superior = world.officer("water", "150400", &[Role::DepartmentManager]).await;
    let own = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    forbidden(p.issue_order(&own.call(), &s.case, "请办结。", date(2026, 4, 3)).await);
    refused(p.issue_order(&superior.call(), &s.case, "请办结。", date(2026, 3, 31)).await, "order.past");
    let order = p.issue_order(&superior.call(), &s.case, "请办结。", date(2026, 4, 3)).await.unwrap();
    let page = p.order_page(&s.officer.call(), &order).await.unwrap();
    assert_eq!(page.issued.issuer_organ, "赤峰市水利局");
    assert!(page.may_reply && !page.late);
    world.set_day(date(2026, 4, 7));
    assert!(p.order_page(&superior.call(), &order).await.unwrap().late);
    assert_eq!(p.asked_of_mine(&s.officer.call()).await.unwrap().orders, 1);
    let call = s.officer.call();
    let replies = join_all((0..4).map(|_| p.reply_order(&call, &order, "已作出决定。"))).await;
    assert_eq!(replies.iter().filter(|r| r.is_ok()).count(), 1);
    for result in replies.into_iter().filter(Result::is_err) {
        refused(result, "order.replied");
    }
    let replied = p.order_page(&superior.call(), &order).await.unwrap();
    assert_eq!(replied.order.state, OrderState::Replied);
    assert_eq!(p.orders(&superior.call(), Owing::Done, None).await.unwrap().rows.len(), 1);
}

async fn art17_lists_show_the_territory_and_the_own_organ(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let elsewhere = world.officer("development_reform", "150500", &[Role::Supervisor]).await;
    let ecology = world.all_hands("ecology", "150402").await;
    let superior = world.officer("water", "150400", &[Role::Approver]).await;
    for (person, count) in [(&s.supervisor, 1), (&s.officer, 1), (&elsewhere, 0), (&ecology, 0), (&superior, 0)] {
        assert_eq!(cards(world, person, Owing::Running).await.len(), count);
    }
    forbidden(p.cards(&world.general_administration().await.call(), &CardFilter::default(), None).await);
    let mine = p.asked_of_mine(&s.officer.call()).await.unwrap();
    assert_eq!((mine.cards, mine.red, mine.orders), (1, 1, 0));
    assert_eq!(p.supervision_tasks(&s.officer.call()).await.unwrap(), Some(1));
    assert_eq!(p.supervision_tasks(&s.supervisor.call()).await.unwrap(), Some(0));
    let nobody = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    assert_eq!(p.supervision_tasks(&nobody.call()).await.unwrap(), None);

    // Twenty-five more, paged without gap or double.
    for _ in 0..25 {
        world.submitted().await;
    }
    let rows = world.platform.store.query("SELECT id FROM cases WHERE owed = 'receive'", []).await.unwrap();
    for row in rows {
        world.receive(&s.officer, &CaseId(row.try_get("", "id").unwrap())).await;
        world.later(7);
    }
    world.set_day(date(2026, 5, 6));
    assert_eq!(supervise(world).await, 25);
    let filter = CardFilter { severity: Some(domain::supervision::Severity::Red), ..CardFilter::default() };
    let (mut seen, mut after) = (std::collections::BTreeSet::new(), None);
    loop {
        let page = p.cards(&s.supervisor.call(), &filter, after.as_ref()).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.id.clone()));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 26);
    for (filter, count) in [
        (CardFilter { rule: Some("burst".into()), ..CardFilter::default() }, 0),
        (CardFilter { department: Some("water".into()), ..CardFilter::default() }, 20),
        (CardFilter { region: RegionCode::parse("150403"), ..CardFilter::default() }, 0),
        (CardFilter { owing: Owing::Late, ..CardFilter::default() }, 1),
        (CardFilter { case: Some(s.case.clone()), ..CardFilter::default() }, 1),
    ] {
        assert_eq!(p.cards(&s.supervisor.call(), &filter, None).await.unwrap().rows.len(), count, "{filter:?}");
    }
}

async fn art17_the_home_counts_lights_and_ranks_the_worst_first(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    let fresh = world.accepted(&s.officer).await;
    let home = p.supervision_home(&s.supervisor.call(), None, RankBy::Banner, SortBy::Red).await.unwrap();
    assert_eq!(home.root.as_str(), "150400");
    assert_eq!((home.total.open, home.total.red, home.total.green(), home.total.cards), (2, 1, 1, 1));
    let tile = home.tiles.iter().find(|tile| tile.region.as_str() == "150402").unwrap();
    assert_eq!((tile.lights.open, tile.lights.red), (2, 1));
    assert_eq!(home.ranks[0].code, "150402");
    assert_eq!(home.red_cases.iter().map(|c| &c.id).collect::<Vec<_>>(), [&s.case]);
    assert_ne!(fresh, s.case);
    let region = world.officer("development_reform", "150000", &[Role::Supervisor]).await;
    let whole = p.supervision_home(&region.call(), None, RankBy::Department, SortBy::Cards).await.unwrap();
    assert_eq!(whole.tiles.iter().filter(|tile| !tile.own_level).count(), 12, "the leagues and cities");
    assert_eq!((whole.ranks[0].code.as_str(), whole.ranks[0].lights.cards), ("water", 1));
    let below =
        p.supervision_home(&region.call(), RegionCode::parse("150402"), RankBy::Banner, SortBy::Red).await.unwrap();
    assert_eq!((below.above.map(|r| r.to_string()).as_deref(), below.total.red), (Some("150400"), 1));
    not_there(p.supervision_home(&s.supervisor.call(), RegionCode::parse("150500"), RankBy::Banner, SortBy::Red).await);
}

async fn art17_those_concerned_are_told(world: &World) {
    let s = overdue(world).await;
    let p = &world.platform;
    p.answer_card(&s.officer.call(), &s.card, "已办理。").await.unwrap();
    p.escalate_card(&s.supervisor.call(), &s.card, "情况复杂。").await.unwrap();
    let order = p.issue_order(&s.supervisor.call(), &s.case, "请办结。", date(2026, 4, 3)).await.unwrap();
    p.reply_order(&s.officer.call(), &order, "已办结。").await.unwrap();
    let sql = "SELECT role || '@' || department || '-' || region || ' ' || title AS line FROM prompts ORDER BY at, id";
    let rows = p.store.query(sql, []).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.try_get("", "line").unwrap()).collect();
    for line in [
        "undertaker@water-150402 收到红牌监察卡：办理超期",
        "department_manager@water-150402 收到红牌监察卡：办理超期",
        "supervisor@-150402 监察卡待核查：办理超期",
        "supervisor@-150000 上报的监察卡：办理超期",
        "approver@water-150402 收到督办",
        "supervisor@-150402 督办已回复",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line} of {lines:#?}");
    }
}
