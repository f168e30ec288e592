//! 人员名册: previewed row by row, carried out in parts, twice without doubling.

use domain::{account::Role, department::Agency, region::RegionCode};
use platform::{
    Actor, Call,
    account::PeopleFilter,
    staff::{AT_ONCE, COLUMNS, StaffOutcome, StaffPreview},
};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, refused, sign_in_first},
};

both_engines! {
    s05_a_staff_list_is_previewed_row_by_row_and_changes_nothing,
    s08_a_staff_list_proposes_and_a_second_person_confirms,
    s05_a_long_list_is_carried_out_in_parts_and_twice_without_doubling,
    a28_a_staff_list_never_merges_administrators,
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await
}

fn list(rows: &[&str]) -> Vec<u8> {
    let lines: Vec<String> = rows.iter().map(|row| format!("{row}\n")).collect();
    format!("{}\n{}", COLUMNS.join(","), lines.concat()).into_bytes()
}

fn codes(preview: &StaffPreview) -> Vec<String> {
    let code = |outcome: &StaffOutcome| match outcome {
        StaffOutcome::Open => "open".to_owned(),
        StaffOutcome::Propose => "propose".to_owned(),
        StaffOutcome::Same => "same".to_owned(),
        StaffOutcome::Refused(faults) => faults.iter().map(|f| f.code.to_string()).collect::<Vec<_>>().join(" "),
    };
    preview.lines.iter().map(|line| code(&line.outcome)).collect()
}

async fn people(world: &World, call: &Call) -> usize {
    let organ = Agency::new("water", RegionCode::parse("150402").unwrap());
    let filter = PeopleFilter { agency: Some(organ), ..PeopleFilter::default() };
    let (mut count, mut after) = (0, None);
    loop {
        let page = world.platform.people(call, &filter, after).await.unwrap();
        count += page.people.len();
        match page.next {
            Some(next) => after = Some(next),
            None => return count,
        }
    }
}

async fn s05_a_staff_list_is_previewed_row_by_row_and_changes_nothing(world: &World) {
    let p = &world.platform;
    let by = security(world).await;
    let known = world.officer("water", "150402", &[Role::Receptionist]).await;
    let rows = [
        "王小明,wang.xm,150402,水利,收件岗,2026-03-02,2026-12-31,任命1号".to_owned(),
        "王小明,wang.xm,红山区,water,经办岗,2026年3月2日,,任命1号".to_owned(),
        format!("公务员4,{},150402,水利,审核岗,2026-03-02,,任命1号", known.login),
        format!("别人,{},150402,水利,审核岗,2026-03-02,,任命1号", known.login),
        "李四,li.si,150102,水利,审核岗,2026-03-02,,任命1号".to_owned(),
        "李四,li.si,999999,水务,厨师,昨天,明天,任命1号".to_owned(),
        "李,x,150402,水利,审核岗,2026-03-02,,".to_owned(),
        "李四,li.si,150402,水利,审核岗,2026-03-02,,=HYPERLINK(1)".to_owned(),
        "李四,li.si,150402,水利,审核岗,2026-03-01,,任命1号".to_owned(),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let before = p.store.root().await.unwrap();
    let preview = p.preview_staff(&by.call(), &list(&rows)).await.unwrap();
    assert_eq!(
        codes(&preview),
        [
            "open",
            "propose",
            "propose",
            "staff.name",
            "staff.area",
            "staff.region staff.department staff.role staff.from staff.to",
            "account.name account.login",
            "staff.formula",
            "post.past",
        ]
    );
    assert_eq!((preview.lines[0].number, preview.to_do()), (2, 3));
    assert!(preview.lines[0].post.contains("收件岗"));
    assert_eq!(p.store.root().await.unwrap(), before, "a preview changes nothing");
    refused(p.preview_staff(&by.call(), b"name,login\n").await, "staff.head");
    refused(p.preview_staff(&by.call(), &list(&[])).await, "staff.empty");
    let system = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    forbidden(p.preview_staff(&system.call(), &list(&rows)).await);
    forbidden(p.apply_staff(&known.call(), "").await);
    sign_in_first(p.apply_staff(&world.public(), "").await);
}

async fn s08_a_staff_list_proposes_and_a_second_person_confirms(world: &World) {
    let p = &world.platform;
    let (by, second) = (security(world).await, security(world).await);
    let rows = [
        "王小明,wang.xm,150402,水利,收件岗,2026-03-02,2026-12-31,任命1号",
        "王小明,wang.xm,150402,水利,经办岗,2026-03-02,2026-12-31,任命1号",
        "李四,li.si,150402,水利,厨师,2026-03-02,2026-12-31,任命1号",
    ];
    let preview = p.preview_staff(&by.call(), &list(&rows)).await.unwrap();
    let done = p.apply_staff(&by.call(), &preview.text()).await.unwrap();
    assert_eq!((done.done, done.left), (2, 0));
    let open = p.open_proposals(&second.call()).await.unwrap();
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|proposal| proposal.name == "王小明" && proposal.reason == "任命1号"));
    let held = async || {
        let Actor::Officer { posts, .. } = p.actor(&open[0].account).await.unwrap() else { panic!() };
        posts.len()
    };
    assert_eq!(held().await, 0, "a list gives no right");
    for proposal in &open {
        p.confirm_post(&second.call(), &proposal.account, proposal.at).await.unwrap();
    }
    assert_eq!(held().await, 2);
    let again = p.preview_staff(&by.call(), &list(&rows)).await.unwrap();
    assert_eq!(codes(&again), ["same", "same", "staff.role"]);
    assert_eq!(p.apply_staff(&by.call(), &again.text()).await.unwrap().done, 0);
}

async fn s05_a_long_list_is_carried_out_in_parts_and_twice_without_doubling(world: &World) {
    let p = &world.platform;
    let by = security(world).await;
    let rows: Vec<String> = (0..AT_ONCE + 5)
        .map(|n| format!("职员{n:03},staff-{n:03},150402,水利,收件岗,2026-03-02,2026-12-31,任命1号"))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = p.preview_staff(&by.call(), &list(&rows)).await.unwrap().text();
    let first = p.apply_staff(&by.once("same key"), &text).await.unwrap();
    assert_eq!((first.done, first.left), (AT_ONCE, 5));
    let second = p.apply_staff(&by.once("same key"), &text).await.unwrap();
    assert_eq!((second.done, second.left), (5, 0));
    assert_eq!(p.apply_staff(&by.call(), &text).await.unwrap().done, 0);
    assert_eq!(people(world, &by.call()).await, AT_ONCE + 5);
    assert_eq!(p.open_proposals(&by.call()).await.unwrap().len(), AT_ONCE + 5);
    // The same list from two desks at the same time.
    let rows = ["赵六,zhao.liu,150402,水利,收件岗,2026-03-02,2026-12-31,任命1号"];
    let text = p.preview_staff(&by.call(), &list(&rows)).await.unwrap().text();
    let call = by.call();
    let (one, two) = tokio::join!(p.apply_staff(&call, &text), p.apply_staff(&call, &text));
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    assert_eq!(people(world, &by.call()).await, AT_ONCE + 6);
    p.apply_staff(&by.call(), &text).await.unwrap();
    assert_eq!(p.open_proposals(&by.call()).await.unwrap().len(), AT_ONCE + 6);
}

async fn a28_a_staff_list_never_merges_administrators(world: &World) {
    let p = &world.platform;
    let by = security(world).await;
    let administrators = ["系统管理员", "安全管理员", "审计管理员"];
    for (at, one) in administrators.iter().enumerate() {
        for (other_at, other) in Role::ALL.iter().map(|role| role.name()).enumerate().filter(|(_, name)| name != one) {
            let login = format!("pair-{at}-{other_at}");
            let row = |role: &str| format!("张三,{login},150402,水利,{role},2026-03-02,2026-12-31,任命1号");
            for pair in [[row(one), row(other)], [row(other), row(one)]] {
                let rows: Vec<&str> = pair.iter().map(String::as_str).collect();
                let preview = p.preview_staff(&by.call(), &list(&rows)).await.unwrap();
                assert_eq!(codes(&preview), ["open", "account.separation"], "{one} {other}");
            }
        }
    }
}
