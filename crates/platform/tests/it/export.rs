//! 数据导出: reason, quota, second person, watermark (A-21, S-34), and the quota of contact data (S-34).

use domain::{
    account::Role,
    export::{State, What},
    ids::ExportId,
};
use platform::{
    Call, Failure, Platform,
    audit::AuditFilter,
    export::{ExportFilter, Wanted},
    settings::Quotas,
};
use std::io::{Cursor, Read};
use testkit::{
    Person, World, answers, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    a21_above_the_threshold_another_person_confirms,
    a21_a_confirmed_export_is_taken_within_its_hours,
    a21_a_quota_counts_the_rows_of_a_day_also_for_two_at_the_same_time,
    a21_a_file_is_taken_once_and_found_again_by_its_number,
    a21_an_export_holds_what_its_person_sees_and_nothing_newer,
    a21_only_whom_it_concerns_sees_an_export,
    s36_an_export_of_the_audit_holds_what_was_found_with_its_hashes,
    s34_contact_data_is_seen_so_often_a_day_and_no_more,
}

/// The same platform with other quotas.
fn with(world: &World, quotas: Quotas) -> Platform {
    world.with_settings(|settings| settings.quotas = quotas)
}

fn few() -> Quotas {
    Quotas { second_person_rows: 2, ..Quotas::default() }
}

fn wanted(what: What, terms: &[(&str, &str)]) -> Wanted {
    Wanted { what, terms: terms.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
}

fn cases() -> Wanted {
    wanted(What::Cases, &[])
}

async fn ask(p: &Platform, person: &Person) -> Result<ExportId, Failure> {
    p.ask_export(&person.call(), &cases(), "月度通报").await
}

async fn three_cases(world: &World) -> Person {
    let officer = world.all_hands("water", "150402").await;
    for _ in 0..3 {
        world.submitted().await;
    }
    officer
}

async fn manager(world: &World) -> Person {
    world.officer("water", "150402", &[Role::DepartmentManager]).await
}

/// Texts and numbers of the first sheet.
fn cells(file: &[u8]) -> Vec<Vec<String>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let plain =
        |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let inner = |text: &str, tag: &str| {
        let rest = text.split_once(&format!("<{tag}")).map_or("", |(_, rest)| rest);
        let (_, rest) = rest.split_once('>').unwrap_or_default();
        plain(rest.split_once(&format!("</{tag}>")).map_or("", |(text, _)| text))
    };
    let shared: Vec<String> = part("xl/sharedStrings.xml").split("<si>").skip(1).map(|si| inner(si, "t")).collect();
    let sheet = part("xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "no formula");
    let cell = |text: &str| match (text.contains("t=\"s\""), inner(text, "v")) {
        (true, value) => shared[value.parse::<usize>().unwrap()].clone(),
        (false, value) => value,
    };
    sheet.split("<row ").skip(1).map(|row| row.split("<c ").skip(1).map(cell).collect()).collect()
}

async fn a21_above_the_threshold_another_person_confirms(world: &World) {
    let p = with(world, few());
    let (officer, second) = (three_cases(world).await, manager(world).await);
    let preview = p.preview_export(&officer.call(), &cases()).await.unwrap();
    assert_eq!((preview.rows, preview.second_person, preview.used), (3, true, 0));
    refused(p.ask_export(&officer.call(), &cases(), "").await, "text.required");
    let id = ask(&p, &officer).await.unwrap();
    refused(p.take_export(&officer.call(), &id).await, "export.waiting");
    // The own confirmation is refused, also to a head of the department.
    refused(p.confirm_export(&officer.call(), &id).await, "export.four_eyes");
    for (department, region, role) in [
        ("water", "150402", Role::Undertaker),
        ("water", "150400", Role::DepartmentManager),
        ("ecology", "150402", Role::DepartmentManager),
        ("development_reform", "150502", Role::GeneralAdministration),
        ("development_reform", "150000", Role::SecurityAdministrator),
    ] {
        let wrong = world.officer(department, region, &[role]).await;
        not_there(p.confirm_export(&wrong.call(), &id).await);
        not_there(p.reject_export(&wrong.call(), &id, "不同意").await);
        not_there(p.withdraw_export(&wrong.call(), &id).await);
        not_there(p.take_export(&wrong.call(), &id).await);
    }
    sign_in_first(p.confirm_export(&world.public(), &id).await);
    assert_eq!(p.waiting_exports(&second.call()).await.unwrap(), Some(1));
    assert_eq!(p.waiting_exports(&officer.call()).await.unwrap(), Some(0), "not the own one");
    // Two confirm at the same time: one does.
    let third = world.officer("development_reform", "150400", &[Role::GeneralAdministration]).await;
    let (a, b) = (second.call(), third.call());
    let (one, other) = tokio::join!(p.confirm_export(&a, &id), p.confirm_export(&b, &id));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    not_there(p.take_export(&second.call(), &id).await);
    let file = p.take_export(&officer.call(), &id).await.unwrap();
    assert_eq!(cells(&file.content).len(), 3 + 3, "mark, headings, rows, mark");
    refused(p.withdraw_export(&officer.call(), &id).await, "export.over");
    // Refused with a reason, taken back.
    let id = ask(&p, &officer).await.unwrap();
    p.reject_export(&second.call(), &id, "用途不明").await.unwrap();
    let page = p.export_page(&officer.call(), &id).await.unwrap();
    assert_eq!((page.export.state, page.export.rejected.as_str()), (State::Rejected, "用途不明"));
    refused(p.take_export(&officer.call(), &id).await, "export.over");
    let id = ask(&p, &officer).await.unwrap();
    p.withdraw_export(&officer.call(), &id).await.unwrap();
    refused(p.confirm_export(&second.call(), &id).await, "export.over");
    // Sent twice, it is one.
    let call = Call { once: Some("0123456789abcdef0123456789abcdef".into()), ..officer.call() };
    let first = p.ask_export(&call, &cases(), "月度通报").await.unwrap();
    assert_eq!(p.ask_export(&call, &cases(), "月度通报").await.unwrap(), first);
}

async fn a21_a_confirmed_export_is_taken_within_its_hours(world: &World) {
    let p = with(world, few());
    let (officer, second) = (three_cases(world).await, manager(world).await);
    let id = ask(&p, &officer).await.unwrap();
    world.later(5 * 24 * 60);
    p.confirm_export(&second.call(), &id).await.unwrap();
    world.later(24 * 60 + 1);
    refused(p.take_export(&officer.call(), &id).await, "export.late");
    let id = ask(&p, &officer).await.unwrap();
    p.confirm_export(&second.call(), &id).await.unwrap();
    world.later(24 * 60);
    p.take_export(&officer.call(), &id).await.unwrap();
}

async fn a21_a_quota_counts_the_rows_of_a_day_also_for_two_at_the_same_time(world: &World) {
    let p = with(world, Quotas { export_rows: 7, ..Quotas::default() });
    let officer = three_cases(world).await;
    let ids = [ask(&p, &officer).await.unwrap(), ask(&p, &officer).await.unwrap(), ask(&p, &officer).await.unwrap()];
    let (a, b, c) = (officer.call(), officer.call(), officer.call());
    let taken = tokio::join!(p.take_export(&a, &ids[0]), p.take_export(&b, &ids[1]), p.take_export(&c, &ids[2]));
    let taken = [taken.0, taken.1, taken.2];
    assert_eq!(taken.iter().filter(|file| file.is_ok()).count(), 2, "six rows of seven");
    for file in taken.into_iter().filter(Result::is_err) {
        refused(file, "export.quota");
    }
    refused(ask(&p, &officer).await, "export.quota");
    // Others have a quota of their own; tomorrow is another day.
    let second = manager(world).await;
    let id = ask(&p, &second).await.unwrap();
    p.take_export(&second.call(), &id).await.unwrap();
    world.set_day(p.clock.now().date().tomorrow().unwrap());
    let id = ask(&p, &officer).await.unwrap();
    p.take_export(&officer.call(), &id).await.unwrap();
}

async fn a21_a_file_is_taken_once_and_found_again_by_its_number(world: &World) {
    let p = &world.platform;
    let officer = three_cases(world).await;
    let id = ask(p, &officer).await.unwrap();
    let (a, b) = (officer.call(), officer.call());
    let (one, other) = tokio::join!(p.take_export(&a, &id), p.take_export(&b, &id));
    let (file, refusal) = match (one, other) {
        (Ok(file), refusal) | (refusal, Ok(file)) => (file, refusal),
        (one, other) => panic!("{one:?} {other:?}"),
    };
    refused(refusal, "export.taken");
    refused(p.take_export(&officer.call(), &id).await, "export.taken");
    let rows = cells(&file.content);
    assert!(file.name.contains(id.as_str()) && file.name.ends_with(".xlsx"), "{}", file.name);
    let name = match &officer.actor {
        platform::Actor::Officer { name, .. } => name.clone(),
        other => other.tag(),
    };
    for line in [&rows[0][0], &rows[rows.len() - 1][0]] {
        for part in [id.as_str(), name.as_str(), "月度通报", &p.clock.now().display()] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    // The audit administrator finds it by what stands in the file.
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let page = p.export_page(&auditor.call(), &id).await.unwrap();
    let (_, count, sm3) = page.export.taken.unwrap();
    assert_eq!((page.asked.by, count), (officer.account().clone(), 3));
    assert_eq!(sm3, hex::encode(<sm3::Sm3 as sm3::Digest>::digest(&file.content)));
    let (every, _) = p.exports(&auditor.call(), ExportFilter::Every, None).await.unwrap();
    assert_eq!(every.len(), 1);
    not_there(p.exports(&officer.call(), ExportFilter::Every, None).await);
}

async fn a21_an_export_holds_what_its_person_sees_and_nothing_newer(world: &World) {
    let p = &world.platform;
    let officer = three_cases(world).await;
    let other = world.all_hands("ecology", "150402").await;
    refused(p.ask_export(&other.call(), &cases(), "月度通报").await, "export.nothing");
    let id = ask(p, &officer).await.unwrap();
    world.later(10);
    world.submitted().await;
    let rows = cells(&p.take_export(&officer.call(), &id).await.unwrap().content);
    assert_eq!(rows.len(), 3 + 3, "what came later is not among them");
    let text = rows.concat().join("|");
    assert!(text.contains("甲公司") && text.contains("水"), "{text}");
    for personal in [answers::CONTACT_MOBILE, answers::CONTACT_EMAIL] {
        assert!(!text.contains(personal), "{text}");
    }
    // A filter goes along, and is said in words.
    let named = wanted(What::Cases, &[("words", "没有这个项目")]);
    refused(p.ask_export(&officer.call(), &named, "月度通报").await, "export.nothing");
    let project = wanted(What::Projects, &[("region", "150402")]);
    let preview = p.preview_export(&officer.call(), &project).await.unwrap();
    assert_eq!((preview.rows, preview.words[0].0), (4, "地区"));
    let id = p.ask_export(&officer.call(), &project, "月度通报").await.unwrap();
    let rows = cells(&p.take_export(&officer.call(), &id).await.unwrap().content);
    assert_eq!((rows.len(), rows[1][0].as_str()), (4 + 3, "项目代码"));
    // Who lost the post gets no file any more.
    let id = p.ask_export(&officer.call(), &project, "月度通报").await.unwrap();
    let without = platform::Actor::Officer { account: officer.account().clone(), name: "甲".into(), posts: vec![] };
    forbidden_or_hidden(p.take_export(&Call::new(without, "x"), &id).await);
}

fn forbidden_or_hidden<T: std::fmt::Debug>(result: Result<T, Failure>) {
    assert!(matches!(result, Err(Failure::NotThere | Failure::Denied(_))), "{result:?}");
}

async fn a21_only_whom_it_concerns_sees_an_export(world: &World) {
    let p = with(world, few());
    let officer = three_cases(world).await;
    let id = ask(&p, &officer).await.unwrap();
    let second = manager(world).await;
    assert!(p.export_page(&second.call(), &id).await.unwrap().may_confirm);
    assert!(!p.export_page(&officer.call(), &id).await.unwrap().may_confirm);
    let colleague = world.officer("water", "150402", &[Role::Undertaker]).await;
    not_there(p.export_page(&colleague.call(), &id).await);
    let (mine, _) = p.exports(&colleague.call(), ExportFilter::Mine, None).await.unwrap();
    assert!(mine.is_empty());
    let (waiting, _) = p.exports(&second.call(), ExportFilter::Waiting, None).await.unwrap();
    assert_eq!(waiting[0].id, id);
    let (waiting, _) = p.exports(&colleague.call(), ExportFilter::Waiting, None).await.unwrap();
    assert!(waiting.is_empty());
    let system = world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await;
    forbidden(p.ask_export(&system.call(), &cases(), "月度通报").await);
    forbidden(p.exports(&system.call(), ExportFilter::Mine, None).await);
    forbidden(p.preview_export(&world.agent.call(), &cases()).await);
    not_there(p.exports(&world.agent.call(), ExportFilter::Mine, None).await);
    sign_in_first(p.exports(&world.public(), ExportFilter::Mine, None).await);
    // Pages follow one another.
    for _ in 0..21 {
        ask(&p, &colleague).await.unwrap();
    }
    let (first, next) = p.exports(&colleague.call(), ExportFilter::Mine, None).await.unwrap();
    let (rest, end) = p.exports(&colleague.call(), ExportFilter::Mine, next).await.unwrap();
    assert_eq!((first.len(), rest.len(), end.is_none()), (20, 1, true));
}

async fn s36_an_export_of_the_audit_holds_what_was_found_with_its_hashes(world: &World) {
    let p = &world.platform;
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    for path in ["=cmd|' /C calc'!A0", "/cases/c01"] {
        let (_, attempt) = crate::audit::recorded(world, &auditor, 1, path);
        p.close_attempt(&attempt, &auditor.actor, "denied", "http.forbidden").await.unwrap();
    }
    let found = wanted(What::Audit, &[("outcome", "denied")]);
    let id = p.ask_export(&auditor.call(), &found, "年度检查").await.unwrap();
    let rows = cells(&p.take_export(&auditor.call(), &id).await.unwrap().content);
    assert_eq!(rows.len(), 2 + 3);
    assert_eq!((rows[2][0].as_str(), rows[3][0].as_str()), ("1", "2"), "oldest first");
    assert!(rows[2].iter().any(|cell| cell.starts_with("=cmd")), "{:?}", rows[2]);
    let filter = AuditFilter { outcome: "denied".into(), ..AuditFilter::default() };
    let seen = p.audit_page(&auditor.call(), &filter, None).await.unwrap();
    assert_eq!(rows[3].last(), Some(&hex::encode(&seen.rows[0].record.hash)));
    // A large one is confirmed by another administrator of the audit, or of security; never by a business post.
    let p = with(world, Quotas { second_person_rows: 1, ..Quotas::default() });
    let id = p.ask_export(&auditor.call(), &found, "年度检查").await.unwrap();
    not_there(p.confirm_export(&world.supervisor().await.call(), &id).await);
    refused(p.confirm_export(&auditor.call(), &id).await, "export.four_eyes");
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    p.confirm_export(&security.call(), &id).await.unwrap();
    forbidden(p.ask_export(&security.call(), &found, "年度检查").await);
    not_there(p.take_export(&security.call(), &id).await);
    p.take_export(&auditor.call(), &id).await.unwrap();
}

async fn s34_contact_data_is_seen_so_often_a_day_and_no_more(world: &World) {
    let p = with(world, Quotas { unmask: 3, ..Quotas::default() });
    let officer = world.all_hands("water", "150402").await;
    let project = world.project().await;
    let see = async || p.unmask_contact(&officer.call(), &project, "电话告知补正内容").await;
    see().await.unwrap();
    // Of four at the same time two are let through.
    let four = tokio::join!(see(), see(), see(), see());
    let four = [four.0, four.1, four.2, four.3];
    assert_eq!(four.iter().filter(|lines| lines.is_ok()).count(), 2);
    for lines in four.into_iter().filter(Result::is_err) {
        let refusal = refused(lines, "contact.quota");
        assert!(refusal.message.contains("明天") && refusal.message.contains("安全管理员"), "{}", refusal.message);
    }
    refused(see().await, "contact.quota");
    // Others have a quota of their own, masked answers stay readable, and tomorrow is another day.
    let second = manager(world).await;
    p.unmask_contact(&second.call(), &project, "电话告知补正内容").await.unwrap();
    p.masked_contact(&officer.call(), &project).await.unwrap();
    world.set_day(p.clock.now().date().tomorrow().unwrap());
    see().await.unwrap();
}
