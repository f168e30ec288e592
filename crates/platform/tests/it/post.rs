//! 任职: two persons give a post, one ends it; the database keeps administrators apart; changed rows give no right.

use domain::{
    account::{PostKey, PostWish, Role},
    department::Agency,
    ids::AccountId,
    region::RegionCode,
};
use jiff::civil::date;
use ledger::{Refused, Row, Unit};
use platform::{
    Actor, Call, Failure,
    account::{OpenAccount, OpenOfficer, PeopleFilter},
};
use testkit::{
    PASSWORD, Person, World, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    s08_a_post_is_proposed_by_one_and_confirmed_by_another,
    s08_only_security_administrators_of_the_area_give_and_end_posts,
    s08_of_many_at_the_same_time_one_confirms,
    s08_two_colliding_proposals_confirmed_at_the_same_time_give_one_post,
    s08_the_database_refuses_every_bad_pair,
    a28_a_database_with_a_bad_pair_does_not_start,
    s09_an_ended_post_ends_with_the_next_request_and_what_was_handed_over_too,
    s07_a_post_runs_out_by_itself_after_a_reminder,
    s25_a_changed_or_inserted_row_gives_no_right_and_is_reported_once,
    s25_a_database_of_before_gets_its_check_values_from_the_ledger,
    s05_an_account_is_opened_without_rights_and_its_secret_told_once,
    s05_people_are_found_by_organ_name_and_role_page_by_page,
}

fn organ(department: &str, region: &str) -> Agency {
    Agency::new(department, RegionCode::parse(region).unwrap())
}

fn wish(role: Role) -> PostWish {
    PostWish {
        agency: organ("water", "150402"),
        role,
        from: date(2026, 3, 2),
        to: Some(date(2026, 12, 31)),
        reason: "任命〔2026〕1号".into(),
    }
}

fn key(role: Role) -> PostKey {
    PostKey { agency: organ("water", "150402"), role, from: date(2026, 3, 2) }
}

struct People {
    first: Person,
    second: Person,
    officer: Person,
}

async fn people(world: &World) -> People {
    People {
        first: world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await,
        second: world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await,
        officer: world.officer("water", "150402", &[Role::Receptionist]).await,
    }
}

/// The person as the next request finds them.
async fn now(world: &World, person: &Person) -> Call {
    Call::new(world.platform.actor(person.account()).await.unwrap(), "test")
}

async fn holds(world: &World, person: &Person, role: Role) -> bool {
    let Actor::Officer { posts, .. } = now(world, person).await.actor else { return false };
    posts.iter().any(|post| post.role == role)
}

async fn run(world: &World, row: Row) -> Result<(), Refused> {
    let mut unit = Unit::new();
    unit.row(row);
    world.platform.store.commit(unit).await
}

async fn s08_a_post_is_proposed_by_one_and_confirmed_by_another(world: &World) {
    let p = &world.platform;
    let People { first, second, officer } = people(world).await;
    let id = officer.account();
    p.propose_post(&first.once("k"), id, &wish(Role::Approver)).await.unwrap();
    p.propose_post(&first.once("k"), id, &wish(Role::Approver)).await.unwrap();
    let open = p.open_proposals(&second.call()).await.unwrap();
    assert_eq!((open.len(), open[0].at, open[0].by_name.as_str()), (1, 0, "公务员3"));
    assert!(!holds(world, &officer, Role::Approver).await, "a one-person grant stays proposed and gives no right");
    refused(p.propose_post(&first.call(), id, &wish(Role::Approver)).await, "post.waits");
    refused(p.confirm_post(&first.call(), id, 0).await, "post.four_eyes");
    not_there(p.confirm_post(&second.call(), id, 1).await);
    p.confirm_post(&second.once("c"), id, 0).await.unwrap();
    p.confirm_post(&second.once("c"), id, 0).await.unwrap();
    assert!(holds(world, &officer, Role::Approver).await);
    refused(p.confirm_post(&second.call(), id, 0).await, "post.not_open");
    assert!(p.open_proposals(&second.call()).await.unwrap().is_empty());
    let page = p.person(&first.call(), id).await.unwrap();
    let approver = page.posts.iter().find(|post| post.key.role == Role::Approver).unwrap();
    assert_eq!((approver.given_by.as_str(), approver.reason.as_str()), ("公务员3提出，公务员4确认", "任命〔2026〕1号"));
    assert_eq!(approver.to, Some(date(2026, 12, 31)));
    let titles: Vec<_> = page.history.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["确认任职", "提出任职", "平台开设岗位", "开设账号"]);
    p.propose_post(&first.call(), id, &wish(Role::Reviewer)).await.unwrap();
    refused(p.withdraw_post(&second.call(), id, 1).await, "post.not_yours");
    p.reject_post(&second.call(), id, 1, "文号有误").await.unwrap();
    p.propose_post(&first.call(), id, &wish(Role::Reviewer)).await.unwrap();
    p.withdraw_post(&first.call(), id, 2).await.unwrap();
    refused(p.confirm_post(&second.call(), id, 2).await, "post.not_open");
    assert!(!holds(world, &officer, Role::Reviewer).await);
}

async fn s08_only_security_administrators_of_the_area_give_and_end_posts(world: &World) {
    let p = &world.platform;
    let People { first, second, officer } = people(world).await;
    let id = officer.account();
    let elsewhere = world.officer("development_reform", "150100", &[Role::SecurityAdministrator]).await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::SecurityAdministrator) {
        let other = world.officer("water", "150402", &[role]).await;
        assert!(p.propose_post(&other.call(), id, &wish(Role::Approver)).await.is_err(), "{role:?}");
    }
    not_there(p.propose_post(&elsewhere.call(), id, &wish(Role::Approver)).await);
    forbidden(p.propose_post(&world.agent.call(), id, &wish(Role::Approver)).await);
    sign_in_first(p.propose_post(&world.public(), id, &wish(Role::Approver)).await);
    // Somebody of another area is not drawn into the own one either.
    let stranger = world.officer("water", "150102", &[Role::Receptionist]).await;
    not_there(p.propose_post(&first.call(), stranger.account(), &wish(Role::Approver)).await);
    not_there(p.propose_post(&first.call(), world.agent.account(), &wish(Role::Approver)).await);
    not_there(p.propose_post(&first.call(), &AccountId::from_random([7; 16]), &wish(Role::Approver)).await);
    refused(p.propose_post(&first.call(), first.account(), &wish(Role::SecurityAdministrator)).await, "post.own");
    let nowhere = PostWish { agency: organ("nothing", "150402"), ..wish(Role::Approver) };
    refused(p.propose_post(&first.call(), id, &nowhere).await, "account.post");
    p.propose_post(&first.call(), id, &wish(Role::Approver)).await.unwrap();
    not_there(p.confirm_post(&elsewhere.call(), id, 0).await);
    let system = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    forbidden(p.confirm_post(&system.call(), id, 0).await);
    p.confirm_post(&second.call(), id, 0).await.unwrap();
    forbidden(p.end_post(&system.call(), id, &key(Role::Approver), "调离").await);
    not_there(p.end_post(&elsewhere.call(), id, &key(Role::Approver), "调离").await);
    refused(p.end_post(&first.call(), id, &key(Role::Reviewer), "调离").await, "post.over");
    not_there(p.person(&elsewhere.call(), id).await);
    forbidden(p.person(&world.agent.call(), id).await);
    // Nobody gives a post by opening an account.
    let form = OpenOfficer {
        login: "short.cut".into(),
        name: "张三".into(),
        posts: vec![],
        reason: String::new(),
        password: None,
    };
    forbidden(p.open_officer(&first.call(), &form).await);
    sign_in_first(p.open_officer(&world.public(), &form).await);
}

async fn s08_of_many_at_the_same_time_one_confirms(world: &World) {
    let p = &world.platform;
    let People { first, second, officer } = people(world).await;
    p.propose_post(&first.call(), officer.account(), &wish(Role::Approver)).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (platform, call, id) = (p.clone(), second.call(), officer.account().clone());
            tokio::spawn(async move { platform.confirm_post(&call, &id, 0).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(Failure::Refused(faults)) => assert_eq!(faults[0].code, "post.not_open"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(done, 1);
}

async fn s08_two_colliding_proposals_confirmed_at_the_same_time_give_one_post(world: &World) {
    let p = &world.platform;
    let People { first, second, .. } = people(world).await;
    let form = OpenAccount { login: "newcomer".into(), name: "新同志".into(), agency: organ("water", "150402") };
    let (id, _) = p.open_account(&first.call(), &form).await.unwrap();
    let propose = async |role: Role| p.propose_post(&first.call(), &id, &wish(role)).await;
    // Both are proposed at the same moment: one is decided after the other and sees it.
    let (a, b) = tokio::join!(propose(Role::SystemAdministrator), propose(Role::AuditAdministrator));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    let call = second.call();
    let (a, b) = tokio::join!(p.confirm_post(&call, &id, 0), p.reject_post(&call, &id, 0, "不同意"));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
}

const INSERT: &str = "INSERT INTO posts(account_id, department, region, role, from_day, to_day) VALUES($1, 'water', '150402', $2, $3, $4)";

fn insert(account: &str, role: &str, from: i64, to: Option<i64>) -> Row {
    Row::new(INSERT, [account.into(), role.into(), from.into(), to.into()])
}

fn name(role: Role) -> String {
    serde_json::to_value(role).unwrap().as_str().unwrap().to_owned()
}

async fn s08_the_database_refuses_every_bad_pair(world: &World) {
    for (i, a) in Role::ALL.into_iter().enumerate() {
        for (j, b) in Role::ALL.into_iter().enumerate().filter(|(j, _)| *j != i) {
            let who = format!("pair-{i}-{j}");
            let bad = a.is_administrator() || b.is_administrator();
            run(world, insert(&who, &name(a), 100, Some(200))).await.unwrap();
            for (from, to) in [(100, Some(200)), (200, None), (1, Some(100)), (150, Some(160)), (1, None)] {
                let result = run(world, insert(&who, &name(b), from, to)).await;
                assert_eq!(result.is_err(), bad, "{a:?} beside {b:?} {from} {to:?}");
                let sql = "DELETE FROM posts WHERE account_id = $1 AND role = $2";
                run(world, Row::new(sql, [who.as_str().into(), name(b).into()])).await.unwrap();
            }
            // One after the other is lawful, until somebody moves the days together or changes the role.
            run(world, insert(&who, &name(b), 201, None)).await.unwrap();
            let longer = "UPDATE posts SET to_day = 201 WHERE account_id = $1 AND role = $2";
            assert_eq!(run(world, Row::new(longer, [who.as_str().into(), name(a).into()])).await.is_err(), bad);
            if !bad {
                let sql = "UPDATE posts SET role = 'audit_administrator' WHERE account_id = $1 AND role = $2";
                assert!(run(world, Row::new(sql, [who.as_str().into(), name(b).into()])).await.is_err());
            }
        }
    }
    run(world, Row::new("DELETE FROM posts WHERE account_id LIKE 'pair-%'", [])).await.unwrap();
}

async fn a28_a_database_with_a_bad_pair_does_not_start(world: &World) {
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let away = Row::per_engine("DROP TRIGGER posts_separation_insert", "DROP TRIGGER posts_separation ON posts", []);
    run(world, away).await.unwrap();
    run(world, insert(officer.account().as_str(), "system_administrator", 0, None)).await.unwrap();
    let refusal = refused(world.platform.migrate().await, "start.separation");
    assert!(refusal.message.contains(&officer.login), "{refusal}");
    let sql = "UPDATE posts SET to_day = 10 WHERE account_id = $1 AND role = 'system_administrator'";
    run(world, Row::new(sql, [officer.account().as_str().into()])).await.unwrap();
    world.platform.migrate().await.unwrap();
    run(world, Row::new("DELETE FROM posts WHERE role = 'system_administrator'", [])).await.unwrap();
}

async fn s09_an_ended_post_ends_with_the_next_request_and_what_was_handed_over_too(world: &World) {
    let p = &world.platform;
    let People { first, second, officer } = people(world).await;
    let colleague = world.officer("water", "150402", &[Role::Receptionist]).await;
    p.propose_post(&first.call(), officer.account(), &wish(Role::Approver)).await.unwrap();
    p.confirm_post(&second.call(), officer.account(), 0).await.unwrap();
    let handing = domain::account::Delegating {
        agency: organ("water", "150402"),
        role: Role::Approver,
        from: date(2026, 3, 2),
        until: date(2026, 3, 6),
        reason: "出差".into(),
    };
    p.delegate_post(&now(world, &officer).await, colleague.account(), &handing).await.unwrap();
    assert!(holds(world, &officer, Role::Approver).await && holds(world, &colleague, Role::Approver).await);
    let session = p.sign_in_office(world, &officer).await;
    refused(p.end_post(&first.call(), officer.account(), &key(Role::Approver), "").await, "text.required");
    p.end_post(&first.once("e"), officer.account(), &key(Role::Approver), "调离").await.unwrap();
    p.end_post(&first.once("e"), officer.account(), &key(Role::Approver), "调离").await.unwrap();
    let open = p.session(platform::account::Face::Office, &session).await.unwrap().unwrap();
    let Actor::Officer { posts, .. } = open.actor else { panic!() };
    assert!(posts.iter().all(|post| post.role != Role::Approver), "the open session has lost it");
    assert!(!holds(world, &officer, Role::Approver).await && !holds(world, &colleague, Role::Approver).await);
    refused(p.end_post(&second.call(), officer.account(), &key(Role::Approver), "调离").await, "post.over");
    p.propose_post(&first.call(), officer.account(), &wish(Role::Approver)).await.unwrap();
    p.confirm_post(&second.call(), officer.account(), 1).await.unwrap();
    let end = async |by: &Person| p.end_post(&by.call(), officer.account(), &key(Role::Approver), "调离").await;
    let (a, b) = tokio::join!(end(&first), end(&second));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    assert_eq!(p.check_posts(&Call::system("test")).await.unwrap(), 0, "rows and ledger agree");
}

/// Signing in, as far as these tests need it.
trait SignIn {
    async fn sign_in_office(&self, world: &World, person: &Person) -> String;
}

impl SignIn for platform::Platform {
    async fn sign_in_office(&self, world: &World, person: &Person) -> String {
        let face = platform::account::Face::Office;
        self.sign_in(&world.public(), face, &person.login, PASSWORD, "10.0.0.1").await.unwrap().token
    }
}

async fn s07_a_post_runs_out_by_itself_after_a_reminder(world: &World) {
    let p = &world.platform;
    let People { first, second, officer } = people(world).await;
    p.propose_post(&first.call(), officer.account(), &wish(Role::Approver)).await.unwrap();
    p.confirm_post(&second.call(), officer.account(), 0).await.unwrap();
    world.set_day(date(2026, 11, 30));
    assert!(p.ending_posts(&first.call()).await.unwrap().ending.is_empty());
    world.set_day(date(2026, 12, 1));
    let soon = p.ending_posts(&first.call()).await.unwrap().ending;
    assert_eq!((soon.len(), soon[0].2.to), (1, Some(date(2026, 12, 31))));
    assert_eq!(p.own_ending_posts(&now(world, &officer).await).await.unwrap().len(), 1, "the holder is told");
    world.set_day(date(2026, 12, 20));
    let next = PostWish { from: date(2027, 1, 1), to: None, ..wish(Role::Approver) };
    p.propose_post(&first.call(), officer.account(), &next).await.unwrap();
    world.set_day(date(2027, 1, 1));
    assert!(!holds(world, &officer, Role::Approver).await, "over on the day after its last one");
    p.confirm_post(&second.call(), officer.account(), 1).await.unwrap();
    assert!(holds(world, &officer, Role::Approver).await, "renewed");
    assert!(p.ending_posts(&first.call()).await.unwrap().ending.is_empty());
}

async fn s25_a_changed_or_inserted_row_gives_no_right_and_is_reported_once(world: &World) {
    let p = &world.platform;
    let region = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let other = world.officer("water", "150402", &[Role::Undertaker]).await;
    let (id, system) = (officer.account().as_str(), Call::system("nightly"));
    assert_eq!(p.check_posts(&system).await.unwrap(), 0);
    let changed = [
        "UPDATE posts SET role = 'approver' WHERE account_id = $1",
        "UPDATE posts SET region = '150000' WHERE account_id = $1",
        "UPDATE posts SET department = 'ecology' WHERE account_id = $1",
        "UPDATE posts SET to_day = to_day + 1 WHERE account_id = $1",
        "UPDATE posts SET from_day = from_day - 1 WHERE account_id = $1",
        "UPDATE posts SET mac = '' WHERE account_id = $1",
        "UPDATE posts SET mac = (SELECT mac FROM posts o WHERE o.account_id <> $1 LIMIT 1) WHERE account_id = $1",
    ];
    for sql in changed {
        run(world, Row::new(sql, [id.into()])).await.unwrap();
        let Actor::Officer { posts, .. } = now(world, &officer).await.actor else { panic!() };
        assert!(posts.is_empty(), "{sql}");
        assert!(p.check_posts(&system).await.unwrap() >= 1, "{sql}");
        let faults = p.post_faults(&region.call()).await.unwrap();
        assert!(faults.iter().any(|fault| fault.what == "forged" && fault.account == *officer.account()), "{sql}");
        p.restore_posts(&region.call(), officer.account()).await.unwrap();
        assert!(holds(world, &officer, Role::Receptionist).await, "{sql}");
        assert_eq!(p.check_posts(&system).await.unwrap(), 0, "{sql}");
    }
    let before = audited(world).await;
    run(world, insert(id, "approver", 0, None)).await.unwrap();
    for _ in 0..3 {
        assert!(!holds(world, &officer, Role::Approver).await, "an inserted row gives no right");
        assert!(holds(world, &officer, Role::Receptionist).await, "the true one still does");
    }
    assert_eq!(audited(world).await - before, 1, "reported once");
    // A row of another account with its true check value, a row that is gone, a row of nobody.
    let copy = "INSERT INTO posts(account_id, department, region, role, from_day, to_day, mac) \
                SELECT $1, department, region, role, from_day, to_day, mac FROM posts WHERE account_id = $2";
    run(world, Row::new(copy, [id.into(), other.account().as_str().into()])).await.unwrap();
    assert!(!holds(world, &officer, Role::Undertaker).await);
    run(world, Row::new("DELETE FROM posts WHERE account_id = $1", [other.account().as_str().into()])).await.unwrap();
    run(world, insert("nobody", "approver", 0, None)).await.unwrap();
    assert_eq!(p.check_posts(&system).await.unwrap(), 4);
    assert_eq!(p.check_posts(&system).await.unwrap(), 4, "found again, not reported again");
    let faults = p.post_faults(&region.call()).await.unwrap();
    let kinds: Vec<_> = faults.iter().map(|fault| fault.what.as_str()).collect();
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(kinds.contains(&"missing") && kinds.contains(&"orphan"));
    let local = world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await;
    not_there_or_denied(p.restore_posts(&local.call(), officer.account()).await);
    for account in [officer.account().clone(), other.account().clone(), AccountId("nobody".into())] {
        p.restore_posts(&region.call(), &account).await.unwrap();
    }
    assert_eq!(p.check_posts(&system).await.unwrap(), 0);
    assert!(p.post_faults(&region.call()).await.unwrap().is_empty());
    forbidden(p.check_posts(&region.call()).await);
}

fn not_there_or_denied<T: std::fmt::Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::NotThere | Failure::Denied(_))), "{result:?}");
}

async fn audited(world: &World) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM audit_entry WHERE reason = 'post.forged'";
    world.platform.store.query_one(sql, []).await.unwrap().unwrap().try_get("", "n").unwrap()
}

async fn s25_a_database_of_before_gets_its_check_values_from_the_ledger(world: &World) {
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    run(world, Row::new("UPDATE posts SET mac = ''", [])).await.unwrap();
    run(world, insert(officer.account().as_str(), "approver", 0, None)).await.unwrap();
    run(world, Row::new("DELETE FROM post_macs_since", [])).await.unwrap();
    world.platform.migrate().await.unwrap();
    assert!(holds(world, &officer, Role::Receptionist).await);
    assert!(!holds(world, &officer, Role::Approver).await, "only what the ledger says");
    run(world, Row::new("UPDATE posts SET mac = ''", [])).await.unwrap();
    world.platform.migrate().await.unwrap();
    assert!(!holds(world, &officer, Role::Receptionist).await, "once only");
    run(world, Row::new("DELETE FROM post_macs_since", [])).await.unwrap();
    world.platform.migrate().await.unwrap();
}

async fn s05_an_account_is_opened_without_rights_and_its_secret_told_once(world: &World) {
    let p = &world.platform;
    let system = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    let form = OpenAccount { login: "new.officer".into(), name: "新同志".into(), agency: organ("water", "150402") };
    let (id, secret) = p.open_account(&system.once("o"), &form).await.unwrap();
    let (again, nothing) = p.open_account(&system.once("o"), &form).await.unwrap();
    assert_eq!((&again, nothing.as_str(), secret.len()), (&id, "", 40), "opened once, told once");
    refused(p.open_account(&system.call(), &form).await, "account.taken");
    let short = OpenAccount { login: "x".into(), name: "王".into(), ..form.clone() };
    let faults = p.open_account(&system.call(), &short).await.unwrap_err();
    assert!(matches!(faults, Failure::Refused(faults) if faults.len() == 2));
    let far = OpenAccount { agency: organ("water", "150102"), ..form.clone() };
    not_there_or_denied(p.open_account(&system.call(), &far).await);
    let head = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    forbidden(p.open_account(&head.call(), &form).await);
    let second = p.renew_secret(&system.call(), &id).await.unwrap();
    refused(p.use_setup_secret(&world.public(), &secret, "Grassland 2026 Wind").await, "setup.secret");
    p.use_setup_secret(&world.public(), &second, "Grassland 2026 Wind").await.unwrap();
    refused(p.renew_secret(&system.call(), &id).await, "account.has_password");
    let Actor::Officer { posts, .. } = p.actor(&id).await.unwrap() else { panic!() };
    assert!(posts.is_empty());
    let person = p.person(&head.call(), &id).await.unwrap();
    assert!(!person.may_manage && person.has_password && person.agency == Some(form.agency.clone()));
    forbidden(p.rename_account(&head.call(), &id, "新名字", "更正").await);
    p.rename_account(&system.call(), &id, "新名字", "更正").await.unwrap();
    refused(p.rename_account(&system.call(), &id, "新名字", "更正").await, "account.same_name");
    assert_eq!(p.person(&system.call(), &id).await.unwrap().name, "新名字");
    let security = world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await;
    p.propose_post(&security.call(), &id, &wish(Role::Approver)).await.unwrap();
}

async fn s05_people_are_found_by_organ_name_and_role_page_by_page(world: &World) {
    let p = &world.platform;
    let system = world.officer("development_reform", "150400", &[Role::SystemAdministrator]).await;
    for number in 0..25 {
        let form = OpenAccount {
            login: format!("staff-{number:02}"),
            name: format!("职员{number:02}"),
            agency: organ("water", "150402"),
        };
        p.open_account(&system.call(), &form).await.unwrap();
    }
    let reviewer = world.officer("water", "150402", &[Role::Reviewer]).await;
    world.officer("water", "150102", &[Role::Reviewer]).await;
    let call = system.call();
    let of_organ = PeopleFilter { agency: Some(organ("water", "150402")), ..PeopleFilter::default() };
    let first = p.people(&call, &of_organ, None).await.unwrap();
    let second = p.people(&call, &of_organ, first.next.clone()).await.unwrap();
    assert_eq!((first.people.len(), second.people.len(), second.next), (20, 6, None));
    let named = PeopleFilter { words: "职员1".into(), ..PeopleFilter::default() };
    assert_eq!(p.people(&call, &named, None).await.unwrap().people.len(), 10);
    let by_login = PeopleFilter { words: "STAFF-0".into(), ..PeopleFilter::default() };
    assert_eq!(p.people(&call, &by_login, None).await.unwrap().people.len(), 10);
    let all = PeopleFilter { words: "%".into(), role: Some(Role::Reviewer), ..PeopleFilter::default() };
    let found = p.people(&call, &all, None).await.unwrap().people;
    assert_eq!(found.iter().map(|person| &person.id).collect::<Vec<_>>(), [reviewer.account()], "not of another area");
    let without = PeopleFilter { without: true, ..of_organ.clone() };
    let page = p.people(&call, &without, None).await.unwrap();
    assert!(page.people.iter().all(|person| person.posts.is_empty()));
    let counts = p.organ_counts(&call).await.unwrap();
    let water = counts.iter().find(|count| count.agency == organ("water", "150402")).unwrap();
    assert_eq!(water.people, 26);
    assert!(counts.iter().all(|count| count.agency.region.as_str() != "150102"));
    not_there_or_denied(p.people(&reviewer.call(), &of_organ, None).await);
    let head = world.officer("water", "150402", &[Role::DepartmentManager]).await;
    assert_eq!(p.people(&head.call(), &of_organ, None).await.unwrap().people.len(), 20);
    forbidden(p.organ_counts(&world.agent.call()).await);
}
