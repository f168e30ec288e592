//! 并联审批: one application for several items, and each case still a machine of its own.

use domain::{
    account::Role,
    case::{Outcome, Stage, Way},
    clock::{Ground, Suspension},
    document::DocumentKind,
    group::{JointClock, Prolongation},
    ids::{CaseId, GroupId, ProjectId},
};
use futures_util::future::join_all;
use platform::{
    Failure,
    group::{ApplyForGroup, GroupAct, GroupTab},
};
use testkit::{
    Person, World, answers, both_engines, decision,
    outcome::{forbidden, not_there, refused},
    point, supplied,
};

both_engines! {
    art26_2_one_application_makes_a_case_for_each_item_and_one_group,
    notice268_a_shared_material_is_uploaded_once_and_goes_to_each_case,
    a14_a_joint_application_is_all_or_nothing,
    a14_a_joint_application_sent_twice_makes_one_group,
    a14_at_the_same_time_one_joint_application_wins,
    art14_what_the_law_puts_first_cannot_join_and_what_is_usual_can,
    art26_2_the_lead_receives_all_branches_with_one_slip,
    art14_returning_suspending_and_withdrawing_one_branch_disturbs_no_other,
    art14_5_the_last_result_hands_all_back_in_one_notice,
    art14_5_branches_that_end_at_the_same_time_are_handed_back_once,
    art42_2_the_government_prolongs_the_joint_limit_once,
    s10_a_group_is_read_by_its_unit_its_lead_and_its_organs_only,
    s10_the_lead_looks_at_foreign_branches_and_does_nothing_to_them,
    a_lead_finds_its_groups_and_no_others,
    art14_a_group_lives_at_random_and_no_case_is_unreachable,
}

/// Items of 甲公司's sample project that nothing stands before, of four organs. The first in lawful order leads.
pub const FOUR: [&str; 4] = ["ent_file", "eia_form", "soil_water", "land_preexam_site"];
const ORGANS: [(&str, &str); 4] =
    [("development_reform", "150402"), ("ecology", "150400"), ("water", "150402"), ("natural_resources", "150402")];

async fn filled(world: &World, project: &ProjectId, stage: &str, items: &[&str]) -> ApplyForGroup {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    let page = world.platform.group_form(&world.agent.call(), project, stage, &items).await.unwrap();
    assert_eq!(page.refusals, []);
    let mut form = ApplyForGroup { stage: stage.to_owned(), items, unclassified: true, ..ApplyForGroup::default() };
    for shared in page.materials.iter().filter(|shared| shared.need.required && shared.need.shared.is_none()) {
        let id = &shared.need.material.id;
        let file = world.upload(&world.agent.call(), project, id).await.unwrap();
        form.materials.insert(id.clone(), vec![file.id]);
    }
    form
}

/// A group of these items, with its cases.
pub async fn formed(world: &World, items: &[&str]) -> (GroupId, Vec<CaseId>) {
    let project = world.project().await;
    let form = filled(world, &project, "", items).await;
    let group = world.platform.apply_for_group(&world.agent.call(), &project, &form).await.unwrap();
    let page = world.platform.group_page(&world.agent.call(), &group).await.unwrap();
    let cases: Vec<CaseId> = page.branches.into_iter().map(|branch| branch.row.id).collect();
    assert_eq!(cases.len(), items.len());
    (group, cases)
}

/// One person for each organ of [`FOUR`], who does everything there.
pub async fn officers(world: &World) -> Vec<Person> {
    let mut officers = Vec::new();
    for (department, region) in ORGANS {
        officers.push(world.all_hands(department, region).await);
    }
    officers
}

async fn version(world: &World, stream: &str) -> usize {
    world.platform.store.events(stream).await.unwrap().len()
}

async fn art26_2_one_application_makes_a_case_for_each_item_and_one_group(world: &World) {
    let (group, cases) = formed(world, &FOUR).await;
    let page = world.platform.group_page(&world.agent.call(), &group).await.unwrap();
    assert_eq!(page.formation.lead.to_string(), "development_reform-150402", "the first of equals");
    for ((branch, item), (department, region)) in page.branches.iter().zip(FOUR).zip(ORGANS) {
        assert_eq!((branch.row.item.as_str(), branch.row.stage), (item, Stage::Submitted));
        assert_eq!((branch.row.department.as_str(), branch.row.region.as_str()), (department, region));
    }
    assert_eq!(page.clock, JointClock::Waiting(4));
    assert_eq!(page.trail[0].title, "提交并联申请");
    let project = page.formation.project;
    let tracked = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    assert!(tracked.trail.iter().any(|entry| entry.title == "提交并联申请"), "the project's tracker tells it");
    assert_eq!(world.platform.groups_of_project(&world.agent.call(), &project).await.unwrap().len(), 1);
    for case in &cases {
        assert_eq!(world.platform.group_of_case(case).await.unwrap(), Some(group.clone()));
    }
}

async fn notice268_a_shared_material_is_uploaded_once_and_goes_to_each_case(world: &World) {
    let flooded = answers::with(answers::record_filing(), &[("flood_area", "yes")]);
    let project = world.declare(&world.agent, &flooded).await;
    let items: Vec<String> = world.platform.rules.catalogue.items().iter().map(|i| i.code.clone()).collect();
    let joining = world.platform.joining_page(&world.agent.call(), &project).await.unwrap();
    let free: Vec<&str> =
        joining.items.iter().filter(|i| i.candidate.may_join()).map(|i| i.item.code.as_str()).collect();
    assert!(free.len() > 4 && free.len() < items.len());
    let form = filled(world, &project, "", &free).await;
    let group = world.platform.apply_for_group(&world.agent.call(), &project, &form).await.unwrap();
    let page = world.platform.group_page(&world.agent.call(), &group).await.unwrap();
    let mut shared = 0;
    for (material, files) in &form.materials {
        let mut takers = 0;
        for branch in &page.branches {
            let case = world.platform.case_page(&world.agent.call(), &branch.row.id).await.unwrap();
            let wants = world.platform.rules.catalogue.item(&branch.row.item).unwrap().materials.contains(material);
            let given = case.application.materials.iter().find(|given| given.material == *material);
            assert_eq!(given.is_some(), wants, "{material} and {}", branch.row.item);
            takers += usize::from(wants);
            if let Some(given) = given {
                assert_eq!(given.files[0].id, files[0], "the same file, uploaded once");
            }
        }
        shared += usize::from(takers > 1);
    }
    assert!(shared > 0, "some material of the sample is needed by several items");
    assert_eq!(page.formation.materials.len(), form.materials.len(), "each is named once");
}

async fn a14_a_joint_application_is_all_or_nothing(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let mut form = filled(world, &project, "", &FOUR).await;
    form.materials.remove("soil_water_plan");
    let refusal = refused(p.apply_for_group(&world.agent.call(), &project, &form).await, "material.missing");
    assert_eq!(refusal.field.as_deref(), Some("material-soil_water_plan"));
    assert!(p.project_page(&world.agent.call(), &project).await.unwrap().cases.is_empty());
    assert!(p.groups_of_project(&world.agent.call(), &project).await.unwrap().is_empty());
    let alone = ApplyForGroup { items: vec!["soil_water".into()], ..form.clone() };
    refused(p.apply_for_group(&world.agent.call(), &project, &alone).await, "group.size");
    let nothing = ApplyForGroup { items: vec![], ..form.clone() };
    refused(p.apply_for_group(&world.agent.call(), &project, &nothing).await, "group.size");
    let foreign = ApplyForGroup { items: vec!["soil_water".into(), "outfall".into()], ..form.clone() };
    refused(p.apply_for_group(&world.agent.call(), &project, &foreign).await, "item.not_needed");
    let stage = ApplyForGroup { stage: "nonsense".into(), ..form.clone() };
    not_there(p.apply_for_group(&world.agent.call(), &project, &stage).await);
    not_there(p.apply_for_group(&world.rival.call(), &project, &form).await);
    p.withdraw_project(&world.agent.call(), &project, "不再建设了").await.unwrap();
    let form = ApplyForGroup { materials: form.materials, ..form };
    refused(p.apply_for_group(&world.agent.call(), &project, &form).await, "project.wrong_state");
}

async fn a14_a_joint_application_sent_twice_makes_one_group(world: &World) {
    let project = world.project().await;
    let form = filled(world, &project, "", &FOUR).await;
    let call = world.agent.once("group-1");
    let first = world.platform.apply_for_group(&call, &project, &form).await.unwrap();
    assert_eq!(world.platform.apply_for_group(&call, &project, &form).await.unwrap(), first);
    let again = world.platform.apply_for_group(&world.agent.call(), &project, &form).await;
    refused(again, "group.running");
    assert_eq!(world.platform.project_page(&world.agent.call(), &project).await.unwrap().cases.len(), 4);
}

async fn a14_at_the_same_time_one_joint_application_wins(world: &World) {
    let project = world.project().await;
    let form = filled(world, &project, "", &FOUR).await;
    let call = world.agent.call();
    let results = join_all((0..6).map(|_| world.platform.apply_for_group(&call, &project, &form))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        let Err(Failure::Refused(refusals)) = result else { panic!("{result:?}") };
        assert!(matches!(refusals[0].code.as_ref(), "case.running" | "group.running"), "{refusals:?}");
    }
    assert_eq!(world.platform.groups_of_project(&call, &project).await.unwrap().len(), 1);
}

async fn art14_what_the_law_puts_first_cannot_join_and_what_is_usual_can(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let page = p.joining_page(&world.agent.call(), &project).await.unwrap();
    let of = |code: &str| page.items.iter().find(|join| join.item.code == code).unwrap();
    let hindrance = of("land_use_planning").candidate.hindrance.clone().unwrap();
    assert_eq!(hindrance.article.as_deref(), Some("城乡规划法第三十七条、第三十八条"));
    assert!(of("archive_accept").candidate.may_join(), "only usual");
    assert_eq!(of("archive_accept").candidate.advice.len(), 1);
    assert_eq!(of("ent_file").stage, "initiation_land");
    let items = vec!["ent_file".to_owned(), "land_use_planning".to_owned()];
    let form = p.group_form(&world.agent.call(), &project, "initiation_land", &items).await.unwrap();
    assert_eq!(form.refusals[0].code, "item.blocked", "not even inside one group");
    assert!(form.lead_name.ends_with("自然资源局"), "the stage's lead");
    let form = ApplyForGroup { stage: "initiation_land".into(), items, unclassified: true, ..ApplyForGroup::default() };
    refused(p.apply_for_group(&world.agent.call(), &project, &form).await, "item.blocked");
    not_there(p.joining_page(&world.rival.call(), &project).await);
    not_there(p.group_form(&world.rival.call(), &project, "", &[]).await);
}

async fn art26_2_the_lead_receives_all_branches_with_one_slip(world: &World) {
    let (group, cases) = formed(world, &FOUR).await;
    let p = &world.platform;
    let officers = officers(world).await;
    world.receive(&officers[2], &cases[2]).await;
    p.withdraw_case(&world.agent.call(), &cases[3], "材料要重做").await.unwrap();
    let untouched =
        (version(world, &format!("case:{}", cases[2])).await, version(world, &format!("case:{}", cases[3])).await);
    forbidden(p.receive_group(&officers[1].call(), &group).await);
    not_there(p.receive_group(&world.rival.call(), &group).await);
    not_there(p.receive_group(&officers[0].call(), &GroupId::from_random([0; 16])).await);
    let approver = world.officer("development_reform", "150402", &[Role::Approver]).await;
    forbidden(p.receive_group(&approver.call(), &group).await);
    let page = p.group_page(&officers[0].call(), &group).await.unwrap();
    assert_eq!(page.acts, [GroupAct::Receive]);
    let call = officers[0].once("receive-all");
    p.receive_group(&call, &group).await.unwrap();
    p.receive_group(&call, &group).await.unwrap();
    refused(p.receive_group(&officers[0].call(), &group).await, "group.received");
    let page = p.group_page(&officers[0].call(), &group).await.unwrap();
    let stages: Vec<Stage> = page.branches.iter().map(|branch| branch.row.stage).collect();
    assert_eq!(stages, [Stage::Received, Stage::Received, Stage::Received, Stage::Withdrawn]);
    let now =
        (version(world, &format!("case:{}", cases[2])).await, version(world, &format!("case:{}", cases[3])).await);
    assert_eq!(now, untouched, "what stood elsewhere is left as it is");
    assert_eq!(page.group.documents.len(), 1);
    let (paper, pdf) = p.print_document(&world.agent.call(), &page.group.documents[0].number).await.unwrap();
    assert_eq!((paper.kind, paper.points.len()), (DocumentKind::JointReceipt, 4));
    assert!(paper.is_intact() && !pdf.is_empty());
    let messages = p.messages(&world.agent.call(), None, 9).await.unwrap();
    assert!(messages.iter().any(|m| m.title == "并联申请已联合收件" && m.link == format!("/groups/{group}")));
}

async fn art14_returning_suspending_and_withdrawing_one_branch_disturbs_no_other(world: &World) {
    let (group, cases) = formed(world, &FOUR).await;
    let p = &world.platform;
    let officers = officers(world).await;
    p.receive_group(&officers[0].call(), &group).await.unwrap();
    let streams: Vec<String> = cases.iter().map(|case| format!("case:{case}")).collect();
    let versions = async || {
        let mut all = Vec::new();
        for stream in streams.iter().chain([&format!("group:{group}")]) {
            all.push(version(world, stream).await);
        }
        all
    };
    let before = versions().await;
    p.ask_correction(&officers[1].call(), &cases[1], vec![point("补充附图")]).await.unwrap();
    for i in [0, 2, 3] {
        world.accept(&officers[i], &cases[i]).await;
    }
    let today = p.clock.now().date();
    let stop = Suspension {
        from: today,
        to: None,
        ground: Ground::ExpertReview,
        document: "专家评审告知书".to_owned(),
        told_on: Some(today),
    };
    p.suspend_clock(&officers[2].call(), &cases[2], stop, today, Way::Platform).await.unwrap();
    p.withdraw_case(&world.agent.call(), &cases[3], "暂不用地").await.unwrap();
    world.grant(&officers[0], &cases[0]).await;
    let after = versions().await;
    let added: Vec<usize> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    assert_eq!(added, [5, 1, 4, 4, 0], "each acted on its own stream and no other, the group's included");
    let page = p.group_page(&world.agent.call(), &group).await.unwrap();
    let stages: Vec<Stage> = page.branches.iter().map(|branch| branch.row.stage).collect();
    assert_eq!(stages, [Stage::Completed, Stage::CorrectionAsked, Stage::Processing, Stage::Withdrawn]);
    assert_eq!(page.clock, JointClock::Waiting(1), "the joint clock waits for the returned branch, the others do not");
    assert!(page.branches[2].row.suspended);
    assert_eq!(p.unreachable_cases().await.unwrap(), []);
}

async fn art14_5_the_last_result_hands_all_back_in_one_notice(world: &World) {
    let (group, cases) = formed(world, &FOUR[1..]).await;
    let p = &world.platform;
    let officers = officers(world).await;
    p.receive_group(&officers[1].call(), &group).await.unwrap();
    for i in 0..3 {
        world.accept(&officers[i + 1], &cases[i]).await;
    }
    world.grant(&officers[1], &cases[0]).await;
    let refusal = decision(world, Outcome::Refused);
    world.reviewed(&cases[1], Outcome::Refused).await;
    p.decide_case(&officers[2].call(), &cases[1], refusal).await.unwrap();
    assert_eq!(p.group_page(&world.agent.call(), &group).await.unwrap().group.handed_back_at, None);
    p.withdraw_case(&world.agent.call(), &cases[2], "改用其他地块").await.unwrap();
    let page = p.group_page(&world.agent.call(), &group).await.unwrap();
    assert!(page.group.handed_back_at.is_some());
    assert_eq!(page.trail.last().unwrap().actor, "在线平台", "issued by the platform, not by a person");
    let notice = page.group.documents.last().unwrap();
    let (paper, _) = p.print_document(&officers[3].call(), &notice.number).await.unwrap();
    assert_eq!(paper.kind, DocumentKind::JointCompletionNotice);
    for (point, word) in paper.points.iter().zip(["准予", "不予", "已撤回"]) {
        assert!(point.contains(word), "{point}");
    }
    let messages = p.messages(&world.agent.call(), None, 3).await.unwrap();
    assert!(messages.iter().any(|message| message.title == "并联申请已全部办理完毕"));
    assert_eq!(p.hand_back_complete_groups().await.unwrap(), 0, "nothing is left to make up for");
    assert!(page.acts.is_empty());
    let paper = p.check_document(&world.public(), &paper.number, &paper.check_value).await.unwrap();
    assert!(paper.unwrap().intact, "anybody can check it");
}

async fn art14_5_branches_that_end_at_the_same_time_are_handed_back_once(world: &World) {
    let p = &world.platform;
    let officers = officers(world).await;
    for _ in 0..4 {
        let (group, cases) = formed(world, &FOUR).await;
        p.receive_group(&officers[0].call(), &group).await.unwrap();
        let call = world.agent.call();
        let ends = join_all(cases.iter().map(|case| p.withdraw_case(&call, case, "一起撤回"))).await;
        assert!(ends.iter().all(Result::is_ok), "{ends:?}");
        let events = p.store.events(&format!("group:{group}")).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["GroupFormed", "GroupReceived", "GroupHandedBack"]);
    }
}

async fn art42_2_the_government_prolongs_the_joint_limit_once(world: &World) {
    let (group, cases) = formed(world, &FOUR).await;
    let p = &world.platform;
    let officers = officers(world).await;
    let wanted =
        Prolongation { days: 15, document: "红政函〔2026〕8号".into(), reason: "涉及多部门论证".into() };
    refused(p.extend_group(&officers[0].call(), &group, &wanted).await, "group.not_running");
    p.receive_group(&officers[0].call(), &group).await.unwrap();
    for (officer, case) in officers.iter().zip(&cases) {
        world.accept(officer, case).await;
    }
    let before = p.group_page(&officers[0].call(), &group).await.unwrap();
    assert_eq!(before.acts, [GroupAct::Extend]);
    assert_eq!(before.sheet.as_ref().unwrap().limit, 45);
    let window = world.officer("development_reform", "150402", &[Role::Receptionist]).await;
    forbidden(p.extend_group(&window.call(), &group, &wanted).await);
    forbidden(p.extend_group(&officers[1].call(), &group, &wanted).await);
    not_there(p.extend_group(&world.rival.call(), &group, &wanted).await);
    let long = Prolongation { days: 16, ..wanted.clone() };
    refused(p.extend_group(&officers[0].call(), &group, &long).await, "group.extension_days");
    world.later(1);
    p.extend_group(&officers[0].call(), &group, &wanted).await.unwrap();
    refused(p.extend_group(&officers[0].call(), &group, &wanted).await, "group.extended");
    let page = p.group_page(&officers[0].call(), &group).await.unwrap();
    assert_eq!(page.sheet.unwrap().limit, 60);
    let told = p.messages(&world.agent.call(), None, 1).await.unwrap();
    assert!(told[0].body.contains("涉及多部门论证"), "the reason is told: {}", told[0].body);
}

async fn s10_a_group_is_read_by_its_unit_its_lead_and_its_organs_only(world: &World) {
    let (group, _) = formed(world, &FOUR).await;
    let p = &world.platform;
    let officers = officers(world).await;
    let supervisor = world.supervisor().await;
    for person in officers.iter().chain([&world.agent, &supervisor]) {
        assert!(p.group_page(&person.call(), &group).await.is_ok(), "{}", person.login);
    }
    let prefecture = world.all_hands("development_reform", "150400").await;
    assert!(p.group_page(&prefecture.call(), &group).await.is_ok(), "a superior department reads below");
    not_there(p.group_page(&world.rival.call(), &group).await);
    let housing = world.all_hands("housing", "150402").await;
    forbidden(p.group_page(&housing.call(), &group).await);
    not_there(p.group_page(&world.all_hands("water", "150502").await.call(), &group).await);
    let result = p.group_page(&world.public(), &group).await;
    testkit::outcome::sign_in_first(result);
}

async fn s10_the_lead_looks_at_foreign_branches_and_does_nothing_to_them(world: &World) {
    let (group, cases) = formed(world, &FOUR).await;
    let p = &world.platform;
    let officers = officers(world).await;
    let lead = &officers[0];
    p.receive_group(&lead.call(), &group).await.unwrap();
    let page = p.group_page(&lead.call(), &group).await.unwrap();
    assert!(page.sees_all);
    let open: Vec<bool> = page.branches.iter().map(|branch| branch.may_open).collect();
    assert_eq!(open, [true, false, false, false]);
    let branch = p.branch_page(&lead.call(), &group, &cases[2]).await.unwrap();
    assert_eq!((branch.case.stage, branch.trail.len()), (Stage::Received, 2));
    forbidden(p.case_page(&lead.call(), &cases[2]).await);
    forbidden(p.accept_case(&lead.call(), &cases[2], true).await);
    forbidden(p.ask_correction(&lead.call(), &cases[2], vec![point("补充附图")]).await);
    forbidden(p.download_case_file(&lead.call(), &cases[2], &branch.application.materials[0].files[0].id).await);
    // An organ that handles one branch sees that the group exists, and its own branch.
    let water = p.group_page(&officers[2].call(), &group).await.unwrap();
    assert!(!water.sees_all && water.acts.is_empty());
    assert!(p.branch_page(&officers[2].call(), &group, &cases[2]).await.is_ok());
    forbidden(p.branch_page(&officers[2].call(), &group, &cases[0]).await);
    let (other, theirs) = formed(world, &FOUR[..2]).await;
    not_there(p.branch_page(&lead.call(), &group, &theirs[0]).await);
    assert!(p.branch_page(&lead.call(), &other, &theirs[0]).await.is_ok());
}

async fn a_lead_finds_its_groups_and_no_others(world: &World) {
    let (first, cases) = formed(world, &FOUR).await;
    world.later(1);
    let (second, _) = formed(world, &FOUR[1..]).await;
    let p = &world.platform;
    let officers = officers(world).await;
    let listed = async |person: &Person, tab| -> Vec<GroupId> {
        p.led_groups(&person.call(), tab, None).await.unwrap().0.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(listed(&officers[0], GroupTab::Open).await, std::slice::from_ref(&first));
    assert_eq!(listed(&officers[1], GroupTab::Open).await, std::slice::from_ref(&second));
    assert_eq!(listed(&officers[2], GroupTab::Open).await, [], "it handles branches, it leads none");
    assert_eq!(listed(&world.supervisor().await, GroupTab::Open).await, [second, first.clone()], "newest first");
    assert_eq!(listed(&officers[0], GroupTab::ToReceive).await, std::slice::from_ref(&first));
    p.receive_group(&officers[0].call(), &first).await.unwrap();
    assert_eq!(listed(&officers[0], GroupTab::ToReceive).await, []);
    p.ask_correction(&officers[2].call(), &cases[2], vec![point("补充附图")]).await.unwrap();
    p.withdraw_case(&world.agent.call(), &cases[3], "不用地了").await.unwrap();
    let row = p.led_groups(&officers[0].call(), GroupTab::Open, None).await.unwrap().0.remove(0);
    assert_eq!((row.branches, row.ended, row.waiting), (4, 1, 1));
    for case in &cases[..3] {
        p.withdraw_case(&world.agent.call(), case, "都撤回").await.unwrap();
    }
    assert_eq!(listed(&officers[0], GroupTab::Open).await, []);
    assert_eq!(listed(&officers[0], GroupTab::HandedBack).await, [first]);
    not_there(p.led_groups(&world.agent.call(), GroupTab::Open, None).await.map_err(|failure| match failure {
        Failure::Denied(_) => Failure::NotThere,
        other => other,
    }));
}

/// Random acts on a group of four beside what each branch is expected to allow; after each, every list is complete.
async fn art14_a_group_lives_at_random_and_no_case_is_unreachable(world: &World) {
    let p = &world.platform;
    let officers = officers(world).await;
    let mut done = 0;
    for _ in 0..3 {
        let (group, cases) = formed(world, &FOUR).await;
        p.receive_group(&officers[0].call(), &group).await.unwrap();
        for _ in 0..40 {
            world.later(60);
            let dice = |end: u32| p.chance.below(end);
            let i = dice(4) as usize;
            let (officer, unit, case) = (officers[i].call(), world.agent.call(), &cases[i]);
            let today = p.clock.now().date();
            let before: Vec<_> = page_of(world, &cases).await;
            let acted = match dice(7) {
                0 => p.ask_correction(&officer, case, vec![point("补充附图")]).await,
                1 => p.supply_correction(&unit, case, supplied(1)).await,
                2 | 3 => p.accept_case(&officer, case, true).await,
                4 => {
                    let stop = Suspension {
                        from: today,
                        to: None,
                        ground: Ground::Testing,
                        document: "检测告知书".to_owned(),
                        told_on: Some(today),
                    };
                    p.suspend_clock(&officer, case, stop, today, Way::Platform).await
                }
                5 => p.resume_clock(&officer, case, today).await,
                _ if dice(4) == 0 => p.withdraw_case(&unit, case, "材料要重做").await,
                _ => {
                    let state = p.case_page(&unit, case).await.unwrap().case;
                    if state.stage == Stage::Processing {
                        world.reviewed(case, Outcome::Granted).await;
                    }
                    p.decide_case(&officer, case, decision(world, Outcome::Granted)).await
                }
            };
            assert!(matches!(acted, Ok(()) | Err(Failure::Refused(_))), "{acted:?}");
            done += u32::from(acted.is_ok());
            let after = page_of(world, &cases).await;
            for other in (0..4).filter(|other| *other != i) {
                assert_eq!(after[other], before[other], "{acted:?} on branch {i} disturbed branch {other}");
            }
            assert_eq!(p.unreachable_cases().await.unwrap(), []);
            let all_ended = after.iter().all(|case| case.ended_at.is_some());
            let page = p.group_page(&unit, &group).await.unwrap();
            assert_eq!(page.group.handed_back_at.is_some(), all_ended);
        }
    }
    assert!(done > 20, "only {done} acts were possible");
}

async fn page_of(world: &World, cases: &[CaseId]) -> Vec<domain::case::Case> {
    let mut all = Vec::new();
    for case in cases {
        all.push(world.platform.case_page(&world.agent.call(), case).await.unwrap().case);
    }
    all
}
