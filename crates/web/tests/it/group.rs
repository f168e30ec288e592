//! 并联审批 and 最短办理路径 as people see them.

use axum::http::StatusCode;
use domain::ids::{GroupId, ProjectId};
use testkit::{Client, World, both_engines};

both_engines! {
    art14_the_choice_shows_what_may_join_and_why_the_rest_may_not,
    art26_2_a_unit_applies_for_several_items_on_one_form,
    art26_2_the_lead_receives_together_and_reads_foreign_branches,
    art42_2_the_extension_says_what_is_wrong_at_each_field,
    a_group_and_the_list_of_groups_are_looked_back_at,
    art14_the_path_answers_questions_without_a_script,
}

const ITEMS: &str = "item=ent_file&item=soil_water&item=eia_form";

/// Fills the slots of the joint form as a browser without scripts does, and sends it.
async fn applied(world: &World, client: &mut Client) -> (ProjectId, GroupId) {
    let project = world.project().await;
    let form = format!("/projects/{project}/join/form?stage=free&{ITEMS}");
    let page = client.get(&form).await.text();
    let slots: Vec<String> = page
        .split("action=\"/projects/")
        .skip(1)
        .filter_map(|rest| {
            rest.split_once('"').map(|(address, _)| format!("/projects/{}", address.replace("&#38;", "&")))
        })
        .filter(|address| address.contains("/files?material="))
        .collect();
    assert!(slots.len() > 5, "{slots:?}");
    for slot in &slots {
        let file = testkit::files::pdf(slot);
        let answer = client.post_files(slot, &[], &[("file", "材料.pdf", &file)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{slot}: {}", answer.text());
        assert!(answer.location().starts_with(&form), "back to the joint form: {}", answer.location());
    }
    let page = client.get(&form).await.text();
    let mut fields: Vec<(String, String)> =
        vec![("stage".into(), "free".into()), ("_once".into(), "join-1".into()), ("unclassified".into(), "yes".into())];
    fields.extend(["ent_file", "soil_water", "eia_form"].map(|item| ("item".to_owned(), item.to_owned())));
    for hidden in page.split("<input type=\"hidden\" form=\"apply\" name=\"").skip(1) {
        let (name, rest) = hidden.split_once("\" value=\"").unwrap();
        fields.push((name.to_owned(), rest.split_once('"').unwrap().0.to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = client.post(&format!("/projects/{project}/join"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let group = answer.location().strip_prefix("/groups/").unwrap().split('?').next().unwrap().to_owned();
    assert_eq!(client.post(&format!("/projects/{project}/join"), &fields).await.location(), answer.location());
    (project, GroupId::parse(&group).unwrap())
}

async fn art14_the_choice_shows_what_may_join_and_why_the_rest_may_not(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let project = world.project().await;
    let page = client.get(&format!("/projects/{project}/join")).await.text();
    assert!(page.contains("立项用地规划许可") && page.contains("自选事项"));
    assert!(page.contains("须先办结“企业投资项目备案”") && page.contains("城乡规划法第三十七条、第三十八条"));
    let boxed = |code: &str| {
        let from = page.split(&format!("id=\"field-item-{code}\"")).nth(1).unwrap();
        from.split_once('>').unwrap().0.to_owned()
    };
    assert!(boxed("ent_file").ends_with(" checked") && boxed("land_use_planning").ends_with(" disabled"));
    let free = client.get(&format!("/projects/{project}/join?stage=free")).await.text();
    assert!(free.contains("field-item-soil_water") && !free.contains(" checked"), "a free choice is the unit's");
    for (query, word) in [
        ("stage=free", "请先选择要一并申请的事项"),
        ("stage=free&item=soil_water", "2 至 30 个事项"),
        ("stage=initiation_land&item=ent_file&item=land_use_planning", "须先办结"),
    ] {
        let answer = client.get(&format!("/projects/{project}/join/form?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.text().contains(word) && answer.text().contains("选择事项"), "{query}");
    }
    let answer = client.get(&format!("/projects/{project}/join/form?stage=nonsense&{ITEMS}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

async fn art26_2_a_unit_applies_for_several_items_on_one_form(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let project = world.project().await;
    let items = [("stage", "free"), ("item", "ent_file"), ("item", "soil_water")];
    let answer = client.post(&format!("/projects/{project}/join"), &items).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("请上传“") && answer.text().contains("重新选择事项"), "the same form again");
    let (project, group) = applied(world, &mut client).await;
    let page = client.get(&format!("/groups/{group}?done=submitted")).await.text();
    for word in ["并联申请已提交，共 3 个事项", "等待联合收件", "企业投资项目备案", "赤峰市生态环境局", "尚未起算"]
    {
        assert!(page.contains(word), "{word}");
    }
    let page = client.get(&format!("/projects/{project}")).await.text();
    assert!(page.contains(&format!("/groups/{group}")) && page.contains("待联合收件"));
    let case = world.platform.group_page(&world.agent.call(), &group).await.unwrap().branches[0].row.id.clone();
    let page = client.get(&format!("/cases/{case}")).await.text();
    assert!(page.contains(&format!("/groups/{group}")), "the case leads to its group");
}

async fn art26_2_the_lead_receives_together_and_reads_foreign_branches(world: &World) {
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    let (_, group) = applied(world, &mut unit).await;
    let lead = world.all_hands("development_reform", "150402").await;
    let water = world.all_hands("water", "150402").await;
    let mut client = Client::office(world).signed_in(world, &lead).await;
    let list = client.get("/groups").await.text();
    assert!(list.contains(&format!("/groups/{group}")) && list.contains("待联合收件"));
    let answer = client.post(&format!("/groups/{group}/receive"), &[]).await;
    assert_eq!(answer.location(), format!("/groups/{group}?said=received"));
    let page = client.get(answer.location()).await.text();
    assert!(page.contains("已联合收件，联合收件凭证已出具") && page.contains("只读"));
    let again = client.post(&format!("/groups/{group}/receive"), &[]).await;
    assert_eq!(again.location(), format!("/groups/{group}?said=taken"));
    let branches = world.platform.group_page(&lead.call(), &group).await.unwrap().branches;
    let foreign = branches.iter().find(|branch| branch.branch.item == "soil_water").unwrap().row.id.clone();
    let page = client.get(&format!("/groups/{group}/branches/{foreign}")).await.text();
    assert!(page.contains("赤峰市红山区水利局办理，牵头部门可以查看进度"));
    let main = page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    assert!(!main.contains("<form") && !main.contains("/files/"), "nothing to press, nothing to fetch");
    assert_eq!(client.get(&format!("/cases/{foreign}")).await.status, StatusCode::FORBIDDEN);
    let mut client = Client::office(world).signed_in(world, &water).await;
    let page = client.get(&format!("/cases/{foreign}")).await.text();
    assert!(page.contains(&format!("/groups/{group}")), "the case leads to its group");
    let page = client.get(&format!("/groups/{group}")).await.text();
    assert!(page.contains("您的部门承办其中一个或者几个事项") && !page.contains("/receive"));
    assert!(client.get("/groups").await.text().contains("没有这样的并联审批组"));
}

async fn art42_2_the_extension_says_what_is_wrong_at_each_field(world: &World) {
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    let (_, group) = applied(world, &mut unit).await;
    let lead = world.all_hands("development_reform", "150402").await;
    let mut client = Client::office(world).signed_in(world, &lead).await;
    let extend = format!("/groups/{group}/extend");
    assert_eq!(client.get(&extend).await.location(), format!("/groups/{group}?said=taken"), "nothing runs yet");
    world.platform.receive_group(&lead.call(), &group).await.unwrap();
    for branch in world.platform.group_page(&lead.call(), &group).await.unwrap().branches {
        let officer = world.all_hands(&branch.row.department, &branch.row.region).await;
        world.accept(&officer, &branch.row.id).await;
    }
    assert!(client.get(&extend).await.text().contains("最多延长 15 个工作日"));
    let answer = client.post(&extend, &[("days", "二十"), ("document", ""), ("reason", "需要论证")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = answer.text();
    assert!(text.contains("延长天数应为 1 至 15 个工作日") && text.contains("请填写本级人民政府批准文件的文号"));
    assert!(text.contains("需要论证</textarea>"), "nothing typed is lost");
    let good = [("days", "15"), ("document", "红政函〔2026〕8号"), ("reason", "需要论证")];
    let answer = client.post(&extend, &good).await;
    assert_eq!(answer.location(), format!("/groups/{group}?said=extended"));
    assert!(client.get(answer.location()).await.text().contains("60 个工作日，至"));
}

async fn a_group_and_the_list_of_groups_are_looked_back_at(world: &World) {
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    let (_, group) = applied(world, &mut unit).await;
    let lead = world.all_hands("development_reform", "150402").await;
    world.set_day(jiff::civil::date(2026, 3, 5));
    world.platform.receive_group(&lead.call(), &group).await.unwrap();
    let past = format!("/groups/{group}/as-of");
    let mut desk = Client::office(world).signed_in(world, &lead).await;
    let mut unit = Client::portal(world).signed_in(world, &world.agent).await;
    for client in [&mut desk, &mut unit] {
        assert!(client.get(&format!("/groups/{group}")).await.text().contains(&format!("href=\"{past}\"")));
        let then = client.get(&format!("{past}?on=2026-03-03")).await.text();
        let main = then.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
        assert!(main.contains("历史视图，只读") && main.contains("待联合收件") && !main.contains("method=\"post\""));
        assert!(main.contains("尚未起算：还有 3 个事项没有受理") && main.contains("/as-of?on=2026-03-03\">"));
        assert!(client.get(&format!("{past}?on=2026-03-05")).await.text().contains("联合收件凭证（"));
        let early = client.get(&format!("{past}?on=2026-03-01")).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.text().contains("还没有这个并联申请"));
    }
    assert!(desk.get("/groups").await.text().contains("href=\"/groups/as-of\""));
    let then = desk.get("/groups/as-of?on=2026-03-03&tab=receive").await.text();
    assert!(then.contains(&format!("{past}?on=2026-03-03")) && then.contains("查了 1 组"));
    let later = desk.get("/groups/as-of?on=2026-03-05&tab=receive").await.text();
    assert!(later.contains("当时没有符合条件的并联申请") && !later.contains(&past));
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert_eq!(rival.get(&format!("{past}?on=2026-03-05")).await.status, StatusCode::NOT_FOUND);
}

async fn art14_the_path_answers_questions_without_a_script(world: &World) {
    let mut client = Client::portal(world).signed_in(world, &world.agent).await;
    let project = world.project().await;
    let address = format!("/projects/{project}/path");
    let page = client.get(&address).await.text();
    let start = page.split("最早开工日期：").nth(1).unwrap().split('<').next().unwrap().to_owned();
    for word in ["建筑工程施工许可证核发", "决定开工日期的一串事项", "<svg role=\"img\"", "关键", "怎么算的"]
    {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains(" style=") && !page.contains("<style"), "attributes only");
    let page = client.get(&format!("{address}?item=land_preexam_site&days=8")).await.text();
    assert!(page.contains("推迟 1") && !page.contains(&format!("最早开工日期：{start}")), "some working days later");
    let page = client.get(&format!("{address}?order=usual")).await.text();
    assert!(page.contains("推迟"));
    for (query, word) in [
        ("item=land_preexam_site&days=many", "补正天数请填写整数"),
        ("days=8", "请选择假设补正的事项"),
        ("item=land_preexam_site&days=999", "0 至 250"),
        ("with=land_preexam_site", "至少选择两个事项"),
        ("with=land_preexam_site&with=state_land_supply", "法定先后顺序"),
    ] {
        let answer = client.get(&format!("{address}?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.text().contains(word), "{query}");
        assert!(answer.text().contains(&format!("最早开工日期：{start}")), "{query}: the plan itself stays");
    }
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    assert_eq!(rival.get(&address).await.status, StatusCode::NOT_FOUND);
}
