//! 办理 in full: three persons, one holder, extension, special procedures, hearing, transfer, and what follows a decision.

use domain::{
    account::Role,
    case::{
        Act, AmendmentKind, AmendmentRequest, Delivery, ExtensionOrder, Force, Outcome, Owed, Proposal, Revocation,
        RevocationGround, SpecialResult, Stage, Way,
    },
    department::Agency,
    document::DocumentKind,
    ids::CaseId,
};
use jiff::civil::{Date, date};
use platform::{
    Call,
    processing::BeginSpecial,
    work_list::{Filter, Tab},
};
use testkit::{
    Person, World, answers, both_engines, decision,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    art37_three_persons_decide_and_none_of_them_twice,
    a_case_is_claimed_handed_over_and_found_in_ones_own_list,
    art42_an_extension_moves_the_due_day_and_is_told_with_its_reason,
    art45_a_special_procedure_stops_the_clock_and_starts_it_again,
    art47_the_unit_asks_for_a_hearing_and_the_decision_waits,
    o673_art8_a_transferred_application_lies_with_the_other_organ,
    art44_a_granted_licence_is_owed_until_it_is_delivered,
    art69_what_was_revoked_stands_in_nobodys_way,
    art50_o673_art12_time_alone_renews_or_ends_a_licence,
    a_licence_that_depends_on_the_start_stays_once_it_was_noted,
}

async fn page(world: &World, case: &CaseId) -> platform::case::CasePage {
    world.platform.case_page(&Call::system("look"), case).await.unwrap()
}

async fn told(world: &World, word: &str) -> bool {
    let messages = world.platform.messages(&world.agent.call(), None, 50).await.unwrap();
    messages.iter().any(|m| m.title.contains(word) || m.body.contains(word))
}

fn proposal(outcome: Outcome) -> Proposal {
    Proposal { outcome, opinion: "经审查，拟办如上。".into() }
}

async fn art37_three_persons_decide_and_none_of_them_twice(world: &World) {
    let p = &world.platform;
    let first = world.all_hands("water", "150402").await;
    let second = world.all_hands("water", "150402").await;
    let third = world.all_hands("water", "150402").await;
    let case = world.accepted(&first).await;
    refused(p.decide_case(&first.call(), &case, decision(world, Outcome::Granted)).await, "case.wrong_state");
    p.propose_decision(&first.call(), &case, proposal(Outcome::Granted)).await.unwrap();
    refused(p.review_proposal(&first.call(), &case, "同意").await, "case.four_eyes");
    let acts = async |person: &Person| p.open_acts(&person.call(), &page(world, &case).await);
    assert!(!acts(&first).await.contains(&Act::Review), "what cannot be done is not offered");
    assert!(acts(&second).await.contains(&Act::Review));
    p.send_back_proposal(&second.call(), &case, "请补充理由").await.unwrap();
    assert_eq!(page(world, &case).await.case.stage, Stage::Processing);
    p.propose_decision(&first.call(), &case, proposal(Outcome::Refused)).await.unwrap();
    p.review_proposal(&second.call(), &case, "同意").await.unwrap();
    for person in [&first, &second] {
        let decided = p.decide_case(&person.call(), &case, decision(world, Outcome::Refused)).await;
        refused(decided, "case.four_eyes");
    }
    refused(p.decide_case(&third.call(), &case, decision(world, Outcome::Granted)).await, "decision.differs");
    p.decide_case(&third.call(), &case, decision(world, Outcome::Refused)).await.unwrap();
    let page = page(world, &case).await;
    assert_eq!((page.case.stage, page.case.owed()), (Stage::Completed, Owed::Nothing));
    assert_eq!(page.names.len(), 3, "the platform, who proposed and who reviewed");
}

async fn a_case_is_claimed_handed_over_and_found_in_ones_own_list(world: &World) {
    let p = &world.platform;
    let one = world.officer("water", "150402", &[Role::Receptionist, Role::Undertaker]).await;
    let other = world.officer("water", "150402", &[Role::Undertaker]).await;
    let receptionist = world.officer("water", "150402", &[Role::Receptionist]).await;
    let stranger = world.officer("water", "150502", &[Role::Undertaker]).await;
    let case = world.accepted(&one).await;
    forbidden(p.claim_case(&receptionist.call(), &case).await);
    p.claim_case(&one.call(), &case).await.unwrap();
    refused(p.claim_case(&other.call(), &case).await, "case.claimed");
    let mine = async |person: &Person| {
        let filter = Filter { tab: Tab::Mine, ..Filter::default() };
        p.work_list(&person.call(), &filter, None).await.unwrap().rows.len()
    };
    assert_eq!((mine(&one).await, mine(&other).await), (1, 0));
    refused(p.propose_decision(&other.call(), &case, proposal(Outcome::Granted)).await, "case.not_holder");
    let people = p.undertakers(&one.call(), &case).await.unwrap();
    let accounts: Vec<_> = people.iter().map(|u| &u.account).collect();
    assert!(accounts.contains(&other.account()) && !accounts.contains(&stranger.account()));
    for nobody in [receptionist.account(), stranger.account(), world.agent.account()] {
        refused(p.hand_over_case(&one.call(), &case, nobody, "休假").await, "case.no_undertaker");
    }
    refused(p.hand_over_case(&other.call(), &case, other.account(), "休假").await, "case.not_holder");
    p.hand_over_case(&one.call(), &case, other.account(), "休假").await.unwrap();
    assert_eq!((mine(&one).await, mine(&other).await), (0, 1));
    let manager = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    p.hand_over_case(&manager.call(), &case, one.account(), "调整分工").await.unwrap();
    let row = &p.work_list(&one.call(), &Filter::default(), None).await.unwrap().rows[0];
    assert_eq!(row.holder_name, page(world, &case).await.case.undertaker.unwrap().name);
    p.propose_decision(&one.call(), &case, proposal(Outcome::Granted)).await.unwrap();
}

fn order(days: u32) -> ExtensionOrder {
    let [reason, approved_by, approval] = ["方案涉及两个流域。", "张局长", "签报8号"].map(str::to_owned);
    ExtensionOrder { days, reason, approved_by, approval }
}

async fn art42_an_extension_moves_the_due_day_and_is_told_with_its_reason(world: &World) {
    let p = &world.platform;
    let officer = world.officer("water", "150402", &[Role::Receptionist, Role::Undertaker, Role::Approver]).await;
    let manager = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let case = world.accepted(&officer).await;
    forbidden(p.extend_limit(&officer.call(), &case, order(10)).await);
    refused(p.extend_limit(&manager.call(), &case, order(11)).await, "extension.cap");
    p.extend_limit(&manager.call(), &case, order(10)).await.unwrap();
    refused(p.extend_limit(&manager.call(), &case, order(1)).await, "extension.twice");
    let row = &p.work_list(&officer.call(), &Filter::default(), None).await.unwrap().rows[0];
    assert_eq!(row.due, Some(date(2026, 4, 14)), "thirty working days");
    let open = page(world, &case).await;
    let notice = open.case.documents.iter().find(|d| d.kind == DocumentKind::ExtensionNotice).unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &notice.number).await.unwrap();
    assert!(paper.rows.iter().any(|(_, value)| value.contains("两个流域")));
    assert!(told(world, "两个流域").await);
    assert!(open.decision_sheet.unwrap().explanation.contains("延长10个工作日"));
    world.set_day(date(2026, 3, 31));
    let late = world.accepted(&officer).await;
    world.set_day(date(2026, 4, 30));
    refused(p.extend_limit(&manager.call(), &late, order(5)).await, "extension.late");
}

fn review(from: Date, planned_until: Date) -> BeginSpecial {
    BeginSpecial {
        kind: "expert_review".into(),
        from,
        planned_until,
        paper: "评审函1号".into(),
        told_on: from,
        told_by: Way::Electronic,
        longer: String::new(),
    }
}

async fn art45_a_special_procedure_stops_the_clock_and_starts_it_again(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    let unknown = BeginSpecial { kind: "dance".into(), ..review(date(2026, 3, 2), date(2026, 3, 3)) };
    refused(p.begin_special(&officer.call(), &case, unknown).await, "special.kind");
    world.set_day(date(2026, 3, 9));
    p.begin_special(&officer.call(), &case, review(date(2026, 3, 9), date(2026, 3, 13))).await.unwrap();
    let row = async || p.work_list(&officer.call(), &Filter::default(), None).await.unwrap().rows[0].clone();
    assert!(row().await.suspended);
    assert!(told(world, "专家评审").await && told(world, "评审函1号").await);
    refused(p.resume_clock(&officer.call(), &case, date(2026, 3, 9)).await, "special.running");
    world.set_day(date(2026, 3, 13));
    let result = SpecialResult { ended_on: date(2026, 3, 13), result: "同意".into(), paper: "意见".into() };
    p.end_special(&officer.call(), &case, 0, result.clone()).await.unwrap();
    refused(p.end_special(&officer.call(), &case, 0, result).await, "special.not_running");
    let row = row().await;
    assert_eq!((row.suspended, row.due), (false, Some(date(2026, 4, 7))));
}

async fn art47_the_unit_asks_for_a_hearing_and_the_decision_waits(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    refused(p.ask_hearing(&world.agent.call(), &case).await, "hearing.not_told");
    p.offer_hearing(&officer.call(), &case, date(2026, 3, 2), Way::Platform, "听证告知书").await.unwrap();
    assert!(told(world, "听证").await);
    not_there(p.ask_hearing(&world.rival.call(), &case).await);
    world.set_day(date(2026, 3, 9));
    p.ask_hearing(&world.agent.call(), &case).await.unwrap();
    world.reviewed(&case, Outcome::Granted).await;
    refused(p.decide_case(&officer.call(), &case, decision(world, Outcome::Granted)).await, "hearing.not_held");
    let clocks: Vec<_> = page(world, &case).await.other_sheets.into_iter().map(|(name, _)| name).collect();
    assert!(clocks.iter().any(|name| name.contains("听证")), "{clocks:?}");
    let hearing = BeginSpecial { kind: "hearing".into(), ..review(date(2026, 3, 9), date(2026, 3, 20)) };
    p.begin_special(&officer.call(), &case, hearing).await.unwrap();
    world.set_day(date(2026, 3, 20));
    let result =
        SpecialResult { ended_on: date(2026, 3, 20), result: "已举行".into(), paper: "听证笔录".into() };
    p.end_special(&officer.call(), &case, 0, result).await.unwrap();
    p.decide_case(&officer.call(), &case, decision(world, Outcome::Granted)).await.unwrap();
}

async fn o673_art8_a_transferred_application_lies_with_the_other_organ(world: &World) {
    let p = &world.platform;
    let land = world.all_hands("natural_resources", "150402").await;
    let window = world.all_hands("development_reform", "150402").await;
    let above = world.all_hands("development_reform", "150400").await;
    let project = world.declare(&world.agent, &answers::ratification()).await;
    let site = world.apply(&world.agent, &project, "land_preexam_site").await;
    world.receive(&land, &site).await;
    world.accept(&land, &site).await;
    world.grant(&land, &site).await;
    let case = world.apply(&world.agent, &project, "ent_ratify").await;
    world.receive(&window, &case).await;
    let to = Agency::parse("development_reform-150400").unwrap();
    forbidden(p.transfer_case(&above.call(), &case, &to, "由盟市核准").await);
    let key = window.once("transfer");
    p.transfer_case(&key, &case, &to, "由盟市核准").await.unwrap();
    p.transfer_case(&key, &case, &to, "由盟市核准").await.unwrap();
    assert!(told(world, "已转送").await);
    let row = &p.work_list(&above.call(), &Filter::default(), None).await.unwrap().rows;
    assert!(row.iter().any(|r| r.id == case && r.region == "150400" && r.owed == Owed::Receive));
    assert!(p.receive_case(&window.call(), &case).await.is_err(), "it is no longer theirs");
    world.receive(&above, &case).await;
    world.accept(&above, &case).await;
    let open = page(world, &case).await;
    assert_eq!(open.application.agency, to);
    assert_eq!(open.case.documents.iter().filter(|d| d.kind == DocumentKind::ReceiptSlip).count(), 2);
    let water = world.all_hands("water", "150402").await;
    let other = world.received(&water).await;
    refused(p.transfer_case(&water.call(), &other, &to, "不属于").await, "transfer.none");
}

async fn art44_a_granted_licence_is_owed_until_it_is_delivered(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let row = async |tab| {
        let rows = p.work_list(&officer.call(), &Filter { tab, ..Filter::default() }, None).await.unwrap().rows;
        rows.into_iter().next()
    };
    let owed = row(Tab::Owed(Owed::Deliver)).await.unwrap();
    assert_eq!((owed.stage, owed.due), (Stage::Completed, Some(date(2026, 3, 16))), "ten working days");
    assert!(row(Tab::Ended).await.is_some(), "the application itself has ended");
    let delivery = Delivery { on: date(2026, 3, 2), by: Way::InPerson, receiver: "李工".into() };
    forbidden(p.deliver_licence(&world.agent.call(), &case, delivery.clone()).await);
    p.deliver_licence(&officer.call(), &case, delivery.clone()).await.unwrap();
    refused(p.deliver_licence(&officer.call(), &case, delivery).await, "delivery.twice");
    assert!(row(Tab::Owed(Owed::Deliver)).await.is_none() && row(Tab::All).await.is_none());
    assert!(told(world, "已送达").await);
}

async fn art69_what_was_revoked_stands_in_nobodys_way(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let project = page(world, &case).await.application.project.clone();
    let form = world.filled(&world.agent, &project, "soil_water").await;
    refused(p.apply_for_item(&world.agent.call(), &project, &form).await, "case.running");
    let [reason, document_number] = ["材料虚假", "撤1号"].map(str::to_owned);
    let revocation = Revocation { ground: RevocationGround::Fraud, reason, document_number, on: date(2026, 3, 2) };
    let undertaker = world.officer("water", "150402", &[Role::Undertaker]).await;
    forbidden(p.revoke_licence(&undertaker.call(), &case, revocation.clone()).await);
    p.revoke_licence(&officer.call(), &case, revocation.clone()).await.unwrap();
    refused(p.revoke_licence(&officer.call(), &case, revocation).await, "licence.revoked");
    assert!(told(world, "材料虚假").await);
    p.apply_for_item(&world.agent.call(), &project, &form).await.unwrap();
}

/// 用地预审 of a fresh project, granted today: three years, renewal by 许可法第五十条.
async fn site_opinion(world: &World, officer: &Person) -> CaseId {
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "land_preexam_site").await;
    world.receive(officer, &case).await;
    world.accept(officer, &case).await;
    world.grant(officer, &case).await;
    case
}

async fn art50_o673_art12_time_alone_renews_or_ends_a_licence(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("natural_resources", "150402").await;
    let lapsing = site_opinion(world, &officer).await;
    let renewed = site_opinion(world, &officer).await;
    let end = date(2029, 3, 2);
    assert_eq!(page(world, &lapsing).await.force, Some(Force::InForce(Some(end))));
    world.set_day(date(2028, 12, 1));
    let request = AmendmentRequest { kind: AmendmentKind::Renewal, reason: "尚未开工".into(), until: None };
    not_there(p.ask_amendment(&world.rival.call(), &renewed, request.clone()).await);
    p.ask_amendment(&world.agent.call(), &renewed, request.clone()).await.unwrap();
    refused(p.ask_amendment(&world.agent.call(), &renewed, request.clone()).await, "amendment.running");
    let sweep = Call::system("sweep");
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 0, "nobody is reminded three months before");
    world.set_day(date(2028, 12, 25));
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 1, "whoever has asked already is not reminded");
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 0, "once");
    assert!(told(world, "有效期至 2029-03-02。需要延续的，请在").await);
    world.set_day(date(2029, 2, 1));
    refused(p.ask_amendment(&world.agent.call(), &lapsing, request).await, "renewal.late");
    world.set_day(end);
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 0, "the last day is still in time");
    world.set_day(date(2029, 3, 5));
    forbidden(p.settle_licence(&officer.call(), &lapsing).await);
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 2);
    assert_eq!(p.settle_licences(&sweep, 100).await.unwrap(), 0, "noted once");
    assert_eq!(page(world, &lapsing).await.force, Some(Force::Lapsed(end)));
    assert_eq!(page(world, &renewed).await.force, Some(Force::InForce(Some(date(2032, 3, 2)))));
    assert!(told(world, "视为准予延续").await && told(world, "届满失效").await);
    let trail = page(world, &lapsing).await.trail;
    assert_eq!(trail.last().unwrap().actor, "在线平台", "nobody did it: the law did");
}

async fn a_licence_that_depends_on_the_start_stays_once_it_was_noted(world: &World) {
    let p = &world.platform;
    let officer = world.all_hands("ecology", "150400").await;
    let project = world.project().await;
    let case = world.apply(&world.agent, &project, "eia_form").await;
    world.receive(&officer, &case).await;
    world.accept(&officer, &case).await;
    world.grant(&officer, &case).await;
    assert_eq!(page(world, &case).await.case.expires(), Some(date(2031, 3, 2)), "five years");
    let water = world.all_hands("water", "150402").await;
    let other = world.accepted(&water).await;
    world.grant(&water, &other).await;
    refused(p.note_start(&water.call(), &other, date(2026, 3, 2)).await, "start.none");
    world.set_day(date(2027, 5, 10));
    p.note_start(&officer.call(), &case, date(2027, 5, 6)).await.unwrap();
    refused(p.note_start(&officer.call(), &case, date(2027, 5, 6)).await, "start.twice");
    world.set_day(date(2031, 3, 5));
    assert_eq!(p.settle_licences(&Call::system("sweep"), 100).await.unwrap(), 0);
    assert_eq!(page(world, &case).await.force, Some(Force::InForce(None)));
}
