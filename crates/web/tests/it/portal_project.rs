//! What a project unit does on the portal: declare, apply, hand in, correct, follow.

use axum::http::StatusCode;
use domain::{
    case::Stage,
    declaration::{Answers, form},
    ids::{AttachmentId, CaseId, DraftId, ProjectId},
};
use testkit::{Client, World, answers, files, point};

testkit::both_engines!(
    k01_the_gate_keeps_nothing,
    k01_a_draft_that_turns_out_classified_is_thrown_away,
    art14_1_a_unit_declares_page_by_page_and_gets_a_code,
    art14_1_a_declaration_sent_twice_is_one_project,
    lesson13_an_older_page_does_not_overwrite_a_newer_one,
    art14_1_what_is_wrong_stands_at_its_field_and_is_kept,
    art14_2_a_unit_applies_with_files_and_corrects_once,
    a12_files_and_pages_of_others_do_not_exist,
    u09_files_and_papers_are_sent_with_a_policy_of_their_own,
    art14_5_what_is_handed_in_cannot_be_taken_out,
    art10_a_second_declaration_of_the_same_project_is_noticed,
    art09_nothing_wants_a_script,
);

/// Everything of one page of the form, as a browser sends it.
fn page<'a>(answers: &'a Answers, group: &str) -> Vec<(&'a str, &'a str)> {
    let group = form().group(group).unwrap();
    let filled = group.fields.iter().filter_map(|f| Some((f.id.as_str(), answers.get(&f.id)?.as_str())));
    filled.collect()
}

async fn begin(client: &mut Client) -> DraftId {
    let answer = client.post("/declare", &[("touches_secrets", "no"), ("foreign_kind", "domestic")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let draft = answer.location().strip_prefix("/declare/").unwrap().strip_suffix("/basics").unwrap();
    DraftId::parse(draft).unwrap()
}

/// What a page says is wrong.
fn errors(page: &str) -> Vec<&str> {
    page.split("<p class=\"field-error\">")
        .skip(1)
        .filter_map(|rest| rest.split_once("</p>").map(|(error, _)| error))
        .collect()
}

/// Fills in every page of the form, as it is asked, up to the check page.
async fn fill(client: &mut Client, draft: &DraftId, answers: &Answers) {
    let mut address = format!("/declare/{draft}/basics");
    for _ in 0..form().groups.len() {
        let group = address.rsplit('/').next().unwrap().to_owned();
        if group == "check" {
            return;
        }
        let answer = client.post(&address, &page(answers, &group)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{group}: {:?}", errors(&answer.text()));
        address = answer.location().to_owned();
    }
    assert!(address.ends_with("/check"), "{address}");
}

async fn declare(client: &mut Client, answers: &Answers) -> ProjectId {
    let draft = begin(client).await;
    fill(client, &draft, answers).await;
    let promises = [("policy_commitment", "yes"), ("truth_commitment", "yes"), ("_once", "declare-1")];
    let answer = client.post(&format!("/declare/{draft}/submit"), &promises).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    project_of(answer.location())
}

fn project_of(location: &str) -> ProjectId {
    ProjectId::parse(location.split('/').nth(2).unwrap()).unwrap()
}

async fn k01_the_gate_keeps_nothing(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let answer = client.post("/declare", &[("touches_secrets", "yes"), ("foreign_kind", "domestic")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("请通过线下渠道办理"));
    assert!(world.platform.drafts(&world.agent.call()).await.unwrap().is_empty());
    let answer = client.post("/declare", &[("foreign_kind", "domestic")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.platform.drafts(&world.agent.call()).await.unwrap().is_empty());
}

async fn k01_a_draft_that_turns_out_classified_is_thrown_away(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut client).await;
    // typing the answer alone stores nothing and throws nothing away: the person may have slipped
    let typed = [("_group", "gate"), ("touches_secrets", "yes"), ("foreign_kind", "domestic")];
    let answer = client.post(&format!("/declare/{draft}/save"), &typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().answers["touches_secrets"], "no");
    let answer = client.post(&format!("/declare/{draft}/gate"), &typed).await;
    assert!(answer.text().contains("请通过线下渠道办理"));
    assert!(world.platform.drafts(&world.agent.call()).await.unwrap().is_empty());
}

async fn art14_1_a_unit_declares_page_by_page_and_gets_a_code(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let answers = answers::record_filing();
    let draft = begin(&mut client).await;
    // each page carries every question of its group, and what was filled in of itself
    for group in &form().groups {
        let shown = client.get(&format!("/declare/{draft}/{}", group.id)).await;
        match group.id.as_str() {
            "foreign" => assert_eq!(shown.status, StatusCode::NOT_FOUND, "asked of foreign projects only"),
            id => {
                let text = shown.text();
                let asked = group.fields.iter().filter(|f| !f.id.ends_with("_commitment"));
                asked.for_each(|f| assert!(text.contains(&format!("name=\"{}\"", f.id)), "{id}: {}", f.id));
            }
        }
    }
    assert!(client.get(&format!("/declare/{draft}/unit")).await.text().contains("value=\"甲公司\""));
    fill(&mut client, &draft, &answers).await;
    let check = client.get(&format!("/declare/{draft}/check")).await.text();
    assert!(check.contains("为什么是备案"));
    for item in ["ent_file", "soil_water", "eia_form"] {
        let name = &world.platform.rules.catalogue.item(item).unwrap().name;
        assert!(check.contains(name.as_str()), "{name}");
    }
    let unpromised = client.post(&format!("/declare/{draft}/submit"), &[("_once", "declare-0")]).await;
    assert_eq!(unpromised.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unpromised.text().contains("#field-truth_commitment"));
    let promises = [("policy_commitment", "yes"), ("truth_commitment", "yes"), ("_once", "declare-1")];
    let answer = client.post(&format!("/declare/{draft}/submit"), &promises).await;
    let project = project_of(answer.location());
    let declared = client.get(answer.location()).await.text();
    let known = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
    assert!(declared.contains(&known.declared.code));
    assert_eq!(known.declared.unit_name, "甲公司", "the unit is the one signed in, whatever was typed");
    assert!(!declared.contains(answers::CONTACT_MOBILE));
    assert!(world.platform.drafts(&world.agent.call()).await.unwrap().is_empty(), "the draft went into the project");
    let shown = client.get(&format!("/projects/{project}")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(client.get("/projects").await.text().contains(&known.declared.code));
    assert!(client.get("/projects?q=%E6%97%A0%E6%AD%A4").await.text().contains("没有找到"));
}

async fn art14_1_a_declaration_sent_twice_is_one_project(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut client).await;
    fill(&mut client, &draft, &answers::record_filing()).await;
    let promises = [("policy_commitment", "yes"), ("truth_commitment", "yes"), ("_once", "twice")];
    let first = client.post(&format!("/declare/{draft}/submit"), &promises).await;
    let second = client.post(&format!("/declare/{draft}/submit"), &promises).await;
    assert_eq!(first.location(), second.location());
    assert_eq!(world.platform.my_projects(&world.agent.call(), "", None, 10).await.unwrap().len(), 1);
}

async fn lesson13_an_older_page_does_not_overwrite_a_newer_one(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut client).await;
    let save = format!("/declare/{draft}/save");
    let typed = |name: &'static str, version: &'static str| {
        [("_group", "basics"), ("project_name", name), ("_version", version)]
    };
    let first = client.post(&save, &typed("甲窗口的名称", "1")).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(first.text().contains("\"version\":2"), "{}", first.text());
    assert_eq!(client.post(&save, &typed("乙窗口的名称", "1")).await.status, StatusCode::CONFLICT);
    let refused = client.post(&format!("/declare/{draft}/basics"), &typed("乙窗口的名称", "1")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("乙窗口的名称"), "what was typed stays on the page");
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().name(), "甲窗口的名称");
}

async fn art14_1_what_is_wrong_stands_at_its_field_and_is_kept(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut client).await;
    let money = format!("/declare/{draft}/money");
    let answer = client.post(&money, &[("total_investment", "一千万"), ("civil_cost", "12")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("href=\"#field-total_investment\"") && answer.text().contains("value=\"一千万\""));
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().answers["civil_cost"], "12");
    // going back judges nothing
    let back = client.post(&money, &[("total_investment", "一千万"), ("_action", "back")]).await;
    assert_eq!(back.location(), format!("/declare/{draft}/place"));
    // a city narrows the counties down without a script, and only Inner Mongolia is on offer
    let city = client
        .post(&format!("/declare/{draft}/place"), &[("_city", "150700"), ("region", ""), ("_action", "refresh")])
        .await;
    let shown = client.get(city.location().split('#').next().unwrap()).await.text();
    assert!(shown.contains("海拉尔区") && !shown.contains("北京"));
    // an industry typed in words is understood when it means one, and offered when it means several
    let basics = format!("/declare/{draft}/basics");
    client.post(&basics, &[("industry", "石墨及碳素制品制造"), ("_action", "later")]).await;
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().answers["industry"], "3091");
    let several = client.post(&basics, &[("industry", "发电")]).await.text();
    assert!(several.contains("name=\"_industry\"") && several.contains("4415"));
    client.post(&basics, &[("industry", "发电"), ("_industry", "4415"), ("_action", "later")]).await;
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().answers["industry"], "4415");
    // a check box that is not sent is a check box taken back
    let facts = format!("/declare/{draft}/facts");
    client.post(&facts, &[("land", "yes"), ("_action", "later")]).await;
    client.post(&facts, &[("_action", "later")]).await;
    assert_eq!(world.platform.draft(&world.agent.call(), &draft).await.unwrap().answers["land"], "");
}

async fn art14_2_a_unit_applies_with_files_and_corrects_once(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let project = declare(&mut client, &answers::record_filing()).await;
    let apply = format!("/projects/{project}/items/soil_water/apply");
    let missing = client.post(&apply, &[("_once", "a0")]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let needed: Vec<_> = {
        let page = world.platform.application_page(&world.agent.call(), &project, "soil_water").await.unwrap();
        page.materials.iter().filter(|m| m.required).map(|m| m.material.id.clone()).collect()
    };
    for material in &needed {
        let address = format!("/projects/{project}/files?material={material}&item=soil_water");
        let wrong = client.post_files(&address, &[], &[("file", "程序.exe", b"MZ\x90\x00not a document")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{material}");
        assert!(wrong.text().contains(&format!("#field-material-{material}")), "the error leads to its slot");
        let pdf = files::pdf(material);
        let sent = client.post_files(&address, &[], &[("file", "方案.pdf", &pdf)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        assert_eq!(sent.location(), format!("{apply}#field-material-{material}"));
    }
    let fields = handed(&client.get(&apply).await.text());
    assert_eq!(fields.len(), needed.len(), "each uploaded file goes along");
    let mut form: Vec<(&str, &str)> = fields.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    form.push(("_once", "a1"));
    form.push(("unclassified", "yes"));
    let answer = client.post(&apply, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let case = CaseId::parse(answer.location().split(['/', '?']).nth(2).unwrap()).unwrap();
    assert!(client.get(answer.location()).await.text().contains("等待收件"));

    let officer = world.all_hands("water", "150402").await;
    world.receive(&officer, &case).await;
    world
        .platform
        .ask_correction(&officer.call(), &case, vec![point("补充弃渣场位置图"), point("写明编制单位")])
        .await
        .unwrap();
    let page = client.get(&format!("/cases/{case}")).await.text();
    assert!(page.contains("补充弃渣场位置图") && page.contains("name=\"answer-1\""));
    let correct = format!("/cases/{case}/correction");
    let half = client.post(&correct, &[("answer-0", "已补充"), ("_once", "c0")]).await;
    assert_eq!(half.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(half.text().contains("href=\"#field-answer-1\"") && half.text().contains("已补充"));
    let pdf = files::pdf("map");
    let material = &world.platform.correction_needs(&world.agent.call(), &case).await.unwrap()[1].material.id;
    let address = format!("/projects/{project}/files?material={material}&case={case}&point=1");
    let slot = client.post_files(&address, &[], &[("file", "位置图.pdf", &pdf)]).await;
    assert_eq!(slot.location(), format!("/cases/{case}#field-files-1"));
    let page = client.get(&format!("/cases/{case}")).await.text();
    let files = handed(&page);
    let mut form: Vec<(&str, &str)> = files.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    form.extend([("answer-0", "已补充"), ("_once", "c1")]);
    let answer = client.post(&correct, &form).await;
    assert_eq!(answer.location(), format!("/cases/{case}?done=supplied"), "{}", answer.text());
    let known = world.platform.case_page(&world.agent.call(), &case).await.unwrap();
    assert_eq!(known.case.stage, Stage::Supplemented);
    world.accept(&officer, &case).await;
    world.grant(&officer, &case).await;
    let page = client.get(&format!("/cases/{case}")).await.text();
    assert!(page.contains("已办结") && page.contains("办结告知书"));
    let list = client.get(&format!("/projects/{project}")).await.text();
    assert!(list.contains("已办结"));
}

/// The files a page sends along with its main form: hidden fields made part of it.
fn handed(page: &str) -> Vec<(String, String)> {
    let between = |text: &str, a: &str, b: &str| Some(text.split_once(a)?.1.split_once(b)?.0.to_owned());
    page.split("type=\"hidden\" form=\"apply\"")
        .skip(1)
        .map(|rest| (between(rest, "name=\"", "\"").unwrap(), between(rest, "value=\"", "\"").unwrap()))
        .collect()
}

async fn a12_files_and_pages_of_others_do_not_exist(world: &World) {
    let case = world.submitted().await;
    let page = world.platform.case_page(&world.agent.call(), &case).await.unwrap();
    let project = page.application.project.clone();
    let file: AttachmentId = page.application.materials[0].files[0].id.clone();
    let number = world.platform.project_page(&world.agent.call(), &project).await.unwrap().project.certificate.unwrap();
    let number: String = number.bytes().map(|b| format!("%{b:02X}")).collect();
    let mut mine = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut mine).await;
    let paths = [
        format!("/projects/{project}"),
        format!("/projects/{project}/declared"),
        format!("/projects/{project}/withdraw"),
        format!("/projects/{project}/items/ent_file/apply"),
        format!("/cases/{case}"),
        format!("/cases/{case}/withdraw"),
        format!("/files/{file}"),
        format!("/papers/{number}/pdf"),
        format!("/declare/{draft}/basics"),
        format!("/declare/{draft}/check"),
    ];
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    let mut nobody = Client::portal(world);
    for path in &paths {
        assert_eq!(mine.get(path).await.status, StatusCode::OK, "{path}");
        assert_eq!(rival.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_ne!(nobody.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in [
        format!("/projects/{project}/withdraw"),
        format!("/cases/{case}/withdraw"),
        format!("/cases/{case}/correction"),
        format!("/projects/{project}/items/ent_file/apply"),
        format!("/declare/{draft}/basics"),
        format!("/declare/{draft}/save"),
        format!("/declare/{draft}/submit"),
        format!("/declare/{draft}/delete"),
    ] {
        let answer = rival.post(&path, &[("reason", "别人的东西"), ("_group", "basics"), ("_once", "r")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let pdf = files::pdf("x");
    let address = format!("/projects/{project}/files?material=eia_report&item=ent_file");
    assert_eq!(rival.post_files(&address, &[], &[("file", "a.pdf", &pdf)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rival.post_files(&address, &[("_remove", file.as_str())], &[]).await.status, StatusCode::NOT_FOUND);
}

async fn u09_files_and_papers_are_sent_with_a_policy_of_their_own(world: &World) {
    let case = world.submitted().await;
    let page = world.platform.case_page(&world.agent.call(), &case).await.unwrap();
    let file = &page.application.materials[0].files[0].id;
    let mut mine = Client::portal(world).signed_in(world, &world.agent).await;
    let sent = mine.get(&format!("/files/{file}")).await;
    assert!(sent.header("content-disposition").starts_with("attachment"));
    assert!(sent.header("content-security-policy").contains("sandbox"));
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    let project = &page.application.project.clone();
    let number = world.platform.project_page(&world.agent.call(), project).await.unwrap().project.certificate.unwrap();
    let number: String = number.bytes().map(|b| format!("%{b:02X}")).collect();
    let paper = mine.get(&format!("/papers/{number}/pdf")).await;
    assert_eq!(paper.header("content-type"), "application/pdf");
    assert!(paper.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(paper.header("content-disposition").starts_with("inline"));
    assert!(
        mine.get(&format!("/papers/{number}/pdf?download=1"))
            .await
            .header("content-disposition")
            .starts_with("attachment")
    );
}

async fn art14_5_what_is_handed_in_cannot_be_taken_out(world: &World) {
    let case = world.submitted().await;
    let page = world.platform.case_page(&world.agent.call(), &case).await.unwrap();
    let (project, given) = (&page.application.project, &page.application.materials[0]);
    let file = &given.files[0].id;
    let mut mine = Client::portal(world).signed_in(world, &world.agent).await;
    let address = format!("/projects/{project}/files?material={}&item=soil_water", given.material);
    let refused = mine.post_files(&address, &[("_remove", file.as_str())], &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(mine.get(&format!("/files/{file}")).await.status, StatusCode::OK);
    // one that was not handed in goes
    let fresh = world.upload(&world.agent.call(), project, &given.material).await.unwrap();
    let gone = mine.post_files(&address, &[("_remove", fresh.id.as_str())], &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_ne!(mine.get(&format!("/files/{}", fresh.id)).await.status, StatusCode::OK);
}

async fn art10_a_second_declaration_of_the_same_project_is_noticed(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let project = declare(&mut client, &answers::record_filing()).await;
    let draft = begin(&mut client).await;
    fill(&mut client, &draft, &answers::record_filing()).await;
    let check = client.get(&format!("/declare/{draft}/check")).await.text();
    assert!(check.contains("与已申报的项目相似") && check.contains(&format!("/projects/{project}\"")));
    let draft = begin(&mut client).await;
    fill(&mut client, &draft, &answers::ratification()).await;
    assert!(!client.get(&format!("/declare/{draft}/check")).await.text().contains("与已申报的项目相似"));
}

async fn art09_nothing_wants_a_script(world: &World) {
    let case = world.submitted().await;
    let mut mine = Client::portal(world).signed_in(world, &world.agent).await;
    let draft = begin(&mut mine).await;
    let project = world.platform.case_page(&world.agent.call(), &case).await.unwrap().application.project.clone();
    for path in [
        "/declare".to_owned(),
        "/declare/new".to_owned(),
        format!("/declare/{draft}/facts"),
        format!("/projects/{project}"),
        format!("/projects/{project}/items/ent_file/apply"),
        format!("/cases/{case}"),
    ] {
        let text = mine.get(&path).await.text();
        for forbidden in ["style=", "onclick=", "<script>", "javascript:"] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
    }
}
