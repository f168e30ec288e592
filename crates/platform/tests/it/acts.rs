//! Every act on a case, alike: it works; it works twice; wrong person; wrong state; not there; at the same time as another.

use domain::{
    account::Role,
    case::{
        Act, AmendmentDecision, AmendmentKind, AmendmentRequest, CommitmentCheck, Delivery, ExtensionOrder, Finding,
        NotAcceptedGround, Outcome, Proposal, Revocation, RevocationGround, SpecialResult, SpotCorrection, Stage, Way,
    },
    clock::{Ground, Suspension},
    department::Agency,
    ids::CaseId,
};
use futures_util::future::join_all;
use jiff::civil::Date;
use platform::{Call, Failure, processing::BeginSpecial};
use testkit::{
    Person, World, both_engines, decision,
    outcome::{forbidden, not_there, refused, sign_in_first},
    point, supplied,
};

both_engines! {
    a34_each_act_leads_to_its_stage,
    a14_an_act_sent_twice_acts_once,
    a14_an_act_sent_twice_at_the_same_time_acts_once,
    a15_of_many_officers_at_the_same_time_one_acts,
    a01_acts_on_what_is_not_ones_own,
    a34_acts_on_an_ended_case_are_refused,
    a01_acts_on_what_does_not_exist,
    s12_each_act_is_one_entry_of_the_trail_with_its_person,
}

/// Acts with a command; checking the code alone has none. What only some items know has tests of its own (`processing`).
fn acts() -> impl Iterator<Item = Act> {
    Act::ALL.into_iter().filter(|act| !matches!(act, Act::VerifyCode | Act::Transfer | Act::NoteStart))
}

fn water() -> Agency {
    Agency::parse("water-150402").unwrap()
}

fn special(today: Date) -> BeginSpecial {
    BeginSpecial {
        kind: "expert_review".into(),
        from: today,
        planned_until: today,
        paper: "评审通知".into(),
        told_on: today,
        told_by: Way::Platform,
        longer: String::new(),
    }
}

fn is_the_units(act: Act) -> bool {
    matches!(act, Act::Supply | Act::Withdraw | Act::AskHearing | Act::AskAmendment)
}

/// Acts on a decision that was made.
fn follows_the_decision(act: Act) -> bool {
    use Act as A;
    matches!(act, A::Deliver | A::NoteStart | A::Revoke | A::AskAmendment | A::DecideAmendment | A::CheckCommitment)
}

async fn perform(world: &World, call: &Call, act: Act, id: &CaseId) -> Result<(), Failure> {
    let p = &world.platform;
    let today = p.clock.now().date();
    match act {
        Act::Receive => p.receive_case(call, id).await,
        Act::VerifyCode => unreachable!("no command"),
        Act::AskCorrection => p.ask_correction(call, id, vec![point("补盖公章")]).await,
        Act::Supply => p.supply_correction(call, id, supplied(1)).await,
        Act::Accept => p.accept_case(call, id, true).await,
        Act::NotAccept => p.not_accept_case(call, id, NotAcceptedGround::NotNeeded, "不需要办理", None).await,
        Act::Suspend => {
            let document = "专家评审通知".to_owned();
            let suspension =
                Suspension { from: today, to: None, ground: Ground::ExpertReview, document, told_on: Some(today) };
            p.suspend_clock(call, id, suspension, today, Way::Platform).await
        }
        Act::CorrectOnSpot => {
            let [wrong, right, by] = ["错字", "正字", "李工"].map(str::to_owned);
            p.correct_on_spot(call, id, SpotCorrection { material: None, wrong, right, by }).await
        }
        Act::AskAgain => p.ask_correction_again(call, id, vec![point("补附图")], "补正带来新的问题").await,
        Act::Transfer => p.transfer_case(call, id, &Agency::parse("water-150400").unwrap(), "由上级核准").await,
        Act::Claim => p.claim_case(call, id).await,
        Act::HandOver => {
            let (colleague, _) = world.desk(&water()).await;
            p.hand_over_case(call, id, colleague.account(), "休假").await
        }
        Act::Propose => {
            p.propose_decision(call, id, Proposal { outcome: Outcome::Granted, opinion: "拟准予".into() }).await
        }
        Act::Review => p.review_proposal(call, id, "同意").await,
        Act::SendBack => p.send_back_proposal(call, id, "理由不足").await,
        Act::Extend => {
            let [reason, approved_by, approval] = ["情况复杂", "张局长", "签报1号"].map(str::to_owned);
            p.extend_limit(call, id, ExtensionOrder { days: 10, reason, approved_by, approval }).await
        }
        Act::BeginSpecial => p.begin_special(call, id, special(today)).await,
        Act::EndSpecial => {
            let result = SpecialResult { ended_on: today, result: "可行".into(), paper: "意见".into() };
            p.end_special(call, id, 0, result).await
        }
        Act::OfferHearing => p.offer_hearing(call, id, today, Way::Platform, "听证告知书").await,
        Act::AskHearing => p.ask_hearing(call, id).await,
        Act::Deliver => {
            p.deliver_licence(call, id, Delivery { on: today, by: Way::Mail, receiver: "李工".into() }).await
        }
        Act::NoteStart => p.note_start(call, id, today).await,
        Act::Revoke => {
            let ground = RevocationGround::Fraud;
            let [reason, document_number] = ["材料虚假", "撤1号"].map(str::to_owned);
            p.revoke_licence(call, id, Revocation { ground, reason, document_number, on: today }).await
        }
        Act::AskAmendment => {
            let request = AmendmentRequest { kind: AmendmentKind::Change, reason: "变更位置".into(), until: None };
            p.ask_amendment(call, id, request).await
        }
        Act::DecideAmendment => {
            let [opinion, document_number] = ["同意", "变1号"].map(str::to_owned);
            let outcome = Outcome::Granted;
            p.decide_amendment(call, id, AmendmentDecision { outcome, opinion, document_number, on: today }).await
        }
        Act::CheckCommitment => {
            let facts = "逐项检查，均已落实".to_owned();
            let check = CommitmentCheck { on: today, finding: Finding::Kept, facts, rectify_by: None };
            p.check_commitment(call, id, check).await
        }
        Act::Resume => p.resume_clock(call, id, today).await,
        Act::Decide => p.decide_case(call, id, decision(world, Outcome::Granted)).await,
        Act::Withdraw => p.withdraw_case(call, id, "不再建设").await,
    }
}

/// A case at the point where the act comes next.
async fn ready(world: &World, officer: &Person, act: Act) -> CaseId {
    use Act as A;
    let before: &[Act] = match act {
        A::Receive | A::Withdraw => &[],
        A::AskCorrection | A::Accept | A::NotAccept | A::VerifyCode | A::CorrectOnSpot | A::Transfer | A::Claim => {
            &[A::Receive]
        }
        A::Supply => &[A::Receive, A::AskCorrection],
        A::AskAgain => &[A::Receive, A::AskCorrection, A::Supply],
        A::HandOver => &[A::Receive, A::Accept, A::Claim],
        A::Suspend | A::Propose | A::Extend | A::BeginSpecial | A::OfferHearing => &[A::Receive, A::Accept],
        A::Resume => &[A::Receive, A::Accept, A::Suspend],
        A::EndSpecial => &[A::Receive, A::Accept, A::BeginSpecial],
        A::AskHearing => &[A::Receive, A::Accept, A::OfferHearing],
        A::Review | A::SendBack | A::Decide => &[A::Receive, A::Accept],
        A::Deliver | A::NoteStart | A::Revoke | A::AskAmendment | A::CheckCommitment => {
            &[A::Receive, A::Accept, A::Decide]
        }
        A::DecideAmendment => &[A::Receive, A::Accept, A::Decide, A::AskAmendment],
    };
    let case = if act == A::CheckCommitment { world.promised().await } else { world.submitted().await };
    for step in before {
        if *step == A::Decide {
            world.reviewed(&case, Outcome::Granted).await;
        }
        let doer = doer(world, officer, *step);
        perform(world, &doer.call(), *step, &case).await.unwrap();
    }
    let (undertaker, _) = world.desk(&water()).await;
    match act {
        A::Review | A::SendBack => perform(world, &undertaker.call(), A::Propose, &case).await.unwrap(),
        A::Decide => world.reviewed(&case, Outcome::Granted).await,
        _ => {}
    }
    case
}

fn doer<'a>(world: &'a World, officer: &'a Person, act: Act) -> &'a Person {
    if is_the_units(act) { &world.agent } else { officer }
}

/// Stream version of a case: how many facts there are.
async fn facts(world: &World, case: &CaseId) -> i64 {
    world.platform.store.load(&format!("case:{case}")).await.unwrap().version
}

async fn a34_each_act_leads_to_its_stage(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for act in acts() {
        let case = ready(world, &officer, act).await;
        perform(world, &doer(world, &officer, act).call(), act, &case).await.unwrap();
        let stage = world.platform.case_page(&officer.call(), &case).await.unwrap().case.stage;
        let expected = match act {
            Act::Receive | Act::CorrectOnSpot | Act::Claim => Stage::Received,
            Act::AskCorrection | Act::AskAgain => Stage::CorrectionAsked,
            Act::Supply => Stage::Supplemented,
            Act::NotAccept => Stage::NotAccepted,
            Act::Transfer => Stage::Submitted,
            Act::Propose => Stage::Proposed,
            Act::Review => Stage::Reviewed,
            Act::Decide => Stage::Completed,
            Act::Withdraw => Stage::Withdrawn,
            act if follows_the_decision(act) => Stage::Completed,
            _ => Stage::Processing,
        };
        assert_eq!(stage, expected, "{act:?}");
    }
}

async fn a14_an_act_sent_twice_acts_once(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for act in acts() {
        let case = ready(world, &officer, act).await;
        let call = doer(world, &officer, act).once(&format!("{act:?}"));
        perform(world, &call, act, &case).await.unwrap();
        let facts_then = facts(world, &case).await;
        perform(world, &call, act, &case).await.unwrap();
        assert_eq!(facts(world, &case).await, facts_then, "{act:?}");
    }
}

async fn a14_an_act_sent_twice_at_the_same_time_acts_once(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    for act in acts() {
        let case = ready(world, &officer, act).await;
        let before = facts(world, &case).await;
        let call = doer(world, &officer, act).once(&format!("{act:?}"));
        for result in join_all((0..4).map(|_| perform(world, &call, act, &case))).await {
            result.unwrap_or_else(|failure| panic!("{act:?}: {failure:?}"));
        }
        let added = facts(world, &case).await - before;
        let wanted = match act {
            Act::Accept => 3,
            Act::Decide | Act::BeginSpecial | Act::EndSpecial => 2,
            _ => 1,
        };
        assert_eq!(added, wanted, "{act:?}");
    }
}

async fn a15_of_many_officers_at_the_same_time_one_acts(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    // As many errors as there are may be corrected on the spot.
    for act in acts().filter(|act| *act != Act::CorrectOnSpot) {
        let case = ready(world, &officer, act).await;
        let call = doer(world, &officer, act).call();
        let results = join_all((0..6).map(|_| perform(world, &call, act, &case))).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{act:?}: {results:?}");
        for result in results.into_iter().filter(|r| r.is_err()) {
            assert!(matches!(result, Err(Failure::Refused(_))), "{act:?}: {result:?}");
        }
    }
}

async fn a01_acts_on_what_is_not_ones_own(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let everything = [Role::Receptionist, Role::Undertaker, Role::Reviewer, Role::Approver, Role::DepartmentManager];
    let elsewhere = world.officer("water", "150502", &everything).await;
    let other_department = world.officer("ecology", "150402", &everything).await;
    let superior = world.officer("water", "150400", &everything).await;
    let other_role = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    let supervisor = world.supervisor().await;
    for act in acts() {
        let case = ready(world, &officer, act).await;
        let before = facts(world, &case).await;
        sign_in_first(perform(world, &world.public(), act, &case).await);
        not_there(perform(world, &world.rival.call(), act, &case).await);
        not_there(perform(world, &elsewhere.call(), act, &case).await);
        let is_the_managers = matches!(act, Act::Extend | Act::HandOver);
        let managers = [&other_role].into_iter().filter(|_| !is_the_managers);
        for person in [&other_department, &superior, &supervisor].into_iter().chain(managers) {
            forbidden(perform(world, &person.call(), act, &case).await);
        }
        let opposite = if is_the_units(act) { &officer } else { &world.agent };
        forbidden(perform(world, &opposite.call(), act, &case).await);
        assert_eq!(facts(world, &case).await, before, "{act:?} left a fact");
    }
}

async fn a34_acts_on_an_ended_case_are_refused(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let granted = world.accepted(&officer).await;
    world.grant(&officer, &granted).await;
    let withdrawn = world.submitted().await;
    world.platform.withdraw_case(&world.agent.call(), &withdrawn, "不再建设").await.unwrap();
    for (case, decided) in [(granted, true), (withdrawn, false)] {
        for act in acts().filter(|act| !decided || !follows_the_decision(*act)) {
            let result = perform(world, &doer(world, &officer, act).call(), act, &case).await;
            refused(result, "case.wrong_state");
        }
    }
}

async fn a01_acts_on_what_does_not_exist(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let nothing = CaseId::from_random([7; 16]);
    for act in acts() {
        not_there(perform(world, &doer(world, &officer, act).call(), act, &nothing).await);
    }
    not_there(world.platform.case_page(&officer.call(), &nothing).await);
}

async fn s12_each_act_is_one_entry_of_the_trail_with_its_person(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let trail = world.platform.case_page(&officer.call(), &case).await.unwrap().trail;
    let titles: Vec<_> = trail.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles.len(), 9, "{titles:?}");
    for (title, word) in titles.iter().zip(["提交", "收件", "核对", "核验", "受理", "拟办", "审核", "决定", "办结"])
    {
        assert!(title.contains(word), "{titles:?}");
    }
    assert_eq!(trail[0].actor, "甲公司");
    let name = match &officer.actor {
        platform::Actor::Officer { name, .. } => name.clone(),
        _ => unreachable!(),
    };
    assert!(trail[1..5].iter().chain([&trail[7]]).all(|entry| entry.actor == name));
    let three: std::collections::BTreeSet<_> = trail[5..8].iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(three.len(), 3, "proposal, review and decision are three persons' (四眼原则)");
}
