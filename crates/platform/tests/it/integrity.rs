//! 完整性: whoever changes rows or files behind the application is found, reported once, and what was there is restored
//! (GB/T 22239-2019 8.1.4.7; S-25, P-06).

use domain::{
    account::{Delegating, Role},
    department::Agency,
    ids::{CaseId, ProjectId},
    region::RegionCode,
};
use jiff::civil::date;
use ledger::{Row, Unit};
use platform::{
    Call, Parts, Platform,
    account::Face,
    integrity::{Checked, IntegrityFault},
    ports::{ChaChaChance, Chance},
    public::CodeAnswer,
    upload::LocalFiles,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};
use testkit::{
    PASSWORD, Person, World, both_engines,
    outcome::{forbidden, refused},
};

both_engines! {
    s25_random_edits_of_rows_are_all_found_reported_once_and_restored,
    s25_every_column_that_counts_is_covered,
    s25_a_changed_stream_decides_nothing,
    s25_a_changed_code_or_decision_is_answered_as_it_was_written,
    s25_a_changed_credential_opens_nothing_and_is_restored,
    s25_a_changed_or_lost_file_comes_back_from_the_second_copy,
    s25_a_file_without_a_second_copy_is_reported_with_its_name,
    s25_rows_of_before_get_their_check_values_from_the_events,
    s25_only_security_administrators_of_the_region_see_what_was_found,
    s24_a_download_carries_the_hash_of_what_was_sent,
}

/// Table, key column, columns the check value covers: text with a leading `t`, numbers with `n`.
const ROWS: [(&str, &str, &str, &[&str]); 9] = [
    ("accounts", "id", "mac", &["tface", "tlogin", "tunit_id", "ndisabled"]),
    ("delegations", "account_id", "mac", &["tdepartment", "tregion", "trole", "nfrom_day", "nto_day", "tby_account"]),
    (
        "projects",
        "id",
        "mac",
        &["tcode", "tname", "tregime", "tstate", "tregion", "tunit_id", "tunit_name", "ntotal_fen"],
    ),
    (
        "cases",
        "id",
        "mac",
        &[
            "tproject_id",
            "tproject_code",
            "tunit_id",
            "titem",
            "tdepartment",
            "tregion",
            "tstage",
            "toutcome",
            "tdocument_number",
            "tdocument_title",
            "ndecided_day",
        ],
    ),
    ("documents", "number", "mac", &["tkind", "tproject_id", "tcase_id", "tunit_id", "nissued_at", "tdata"]),
    ("documents", "number", "seal_mac", &["tseal_key", "tsignature", "nsealed_at"]),
    ("seal_keys", "id", "mac", &["tpem", "torgan", "tcertificate"]),
    ("credentials", "account_id", "mac", &["tphc", "nchanged_at"]),
    ("object_keys", "id", "mac", &["tplace", "tsealed", "tsm3", "tpreview_sm3"]),
];
const TABLES: [&str; 10] = [
    "accounts",
    "delegations",
    "projects",
    "cases",
    "documents",
    "seal_keys",
    "credentials",
    "object_keys",
    "row_copies",
    "stream",
];

struct Scene {
    region: Person,
    case: CaseId,
    project: ProjectId,
}

/// A decided case with sealed papers, a delegation, files.
async fn scene(world: &World) -> Scene {
    let region = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let head = world.officer("water", "150402", &[Role::Approver, Role::DepartmentManager]).await;
    let colleague = world.officer("water", "150402", &[Role::Receptionist]).await;
    let wish = Delegating {
        agency: Agency::new("water", RegionCode::parse("150402").unwrap()),
        role: Role::Approver,
        from: date(2026, 3, 2),
        until: date(2026, 3, 6),
        reason: "外出培训".into(),
    };
    world.platform.delegate_post(&head.call(), colleague.account(), &wish).await.unwrap();
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    world.platform.seal_papers(&Call::system("test")).await.unwrap();
    let project =
        world.platform.case_page(&officer.call(), &case).await.unwrap().case.application.unwrap().project.clone();
    Scene { region, case, project }
}

async fn check(platform: &Platform) -> Checked {
    platform.check_integrity(&Call::system("nightly")).await.unwrap()
}

async fn column(world: &World, sql: String) -> Vec<String> {
    // The text is made by this test; queries of the product are static.
    let rows = world.platform.store.query(Box::leak(sql.into_boxed_str()), []).await.unwrap();
    rows.iter().map(|row| row.try_get("", "it").unwrap()).collect()
}

async fn faults(platform: &Platform, person: &Person) -> Vec<IntegrityFault> {
    platform.integrity_faults(&person.call(), None).await.unwrap()
}

async fn audited(world: &World) -> usize {
    column(world, "SELECT reason AS it FROM audit_entry WHERE reason = 'audit.broken'".into()).await.len()
}

/// A statement that changes one column of one row.
fn edit(chance: &dyn Chance, table: &str, key: &str, id: &str, column: &str) -> String {
    let change = match column.split_at(1) {
        ("n", name) => format!("{name} = {name} + {}", 1 + chance.below(9)),
        (_, name) => match chance.below(3) {
            0 => format!("{name} = {name} || 'x'"),
            1 => format!("{name} = 'x{}' || {name}", chance.below(1000)),
            _ => format!("{name} = 'geändert {}'", chance.below(1_000_000)),
        },
    };
    format!("UPDATE {table} SET {change} WHERE {key} = '{id}'")
}

async fn s25_random_edits_of_rows_are_all_found_reported_once_and_restored(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    assert_eq!(check(p).await, Checked::default(), "nothing was changed yet");
    let before = world.database.dump(&TABLES).await;
    let chance = ChaChaChance::seeded(25);
    let mut all = 0;
    for round in 0..12 {
        let (mut statements, mut hit) = (Vec::new(), BTreeSet::new());
        while hit.len() < 5 {
            let (table, key, mac, columns) = ROWS[chance.below(ROWS.len() as u32) as usize];
            let ids = column(world, format!("SELECT {key} AS it FROM {table} ORDER BY {key}")).await;
            let id = ids[chance.below(ids.len() as u32) as usize].clone();
            // One change for each row, so that what was changed can be counted.
            let seals =
                column(world, format!("SELECT {key} AS it FROM {table} WHERE {mac} <> '' ORDER BY {key}")).await;
            if !seals.contains(&id) || !hit.insert((table, id.clone())) {
                continue;
            }
            let columns: Vec<&str> =
                columns.iter().copied().filter(|c| mac != "seal_mac" || *c != "tseal_key").collect();
            statements.push(match chance.below(6) {
                0 => format!("UPDATE {table} SET {mac} = 'test:00' WHERE {key} = '{id}'"),
                1 if table != "documents" && table != "accounts" => format!("DELETE FROM {table} WHERE {key} = '{id}'"),
                _ => edit(&chance, table, key, &id, columns[chance.below(columns.len() as u32) as usize]),
            });
        }
        let said = audited(world).await;
        world.database.tamper(&statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let found = check(p).await;
        assert_eq!(
            (found.mended, found.lost),
            (hit.len() as u64, 0),
            "round {round}: {statements:#?}\n{:#?}",
            faults(p, &scene.region).await
        );
        all += hit.len();
        assert_eq!(audited(world).await - said, hit.len(), "each reported once: {statements:#?}");
        assert_eq!(check(p).await, Checked::default(), "round {round}: all is well again");
        let after = world.database.dump(&TABLES[..8]).await;
        assert!(before.starts_with(&after), "round {round}: not as it was\n{statements:#?}");
    }
    let listed = p.integrity_faults(&scene.region.call(), None).await.unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|fault| fault.mended_at.is_some()));
    // The rule of changed records raises one alarm for all of it.
    assert_eq!((p.detect(&Call::system("test")).await.unwrap(), all), (1, 60));
}

async fn s25_every_column_that_counts_is_covered(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    let chance = ChaChaChance::seeded(26);
    let mut rows = 0;
    for (table, key, mac, columns) in ROWS {
        let ids = column(world, format!("SELECT {key} AS it FROM {table} WHERE {mac} <> '' ORDER BY {key}")).await;
        for name in columns {
            let statement = edit(&chance, table, key, &ids[ids.len() / 2], name);
            world.database.tamper(&[&statement]).await;
            let found = check(p).await;
            assert!(found.mended >= 1 && found.lost == 0, "{statement}: {found:?}");
            rows += 1;
        }
    }
    assert_eq!((rows, check(p).await), (47, Checked::default()));
    // Rows nobody wrote, with the check value of another row.
    world
        .database
        .tamper(&[
            "INSERT INTO accounts(id, face, login, name, unit_id, disabled, department, region, mac) \
             SELECT 'a-forged', face, 'forged', name, unit_id, 0, department, region, mac FROM accounts LIMIT 1",
            "INSERT INTO credentials(account_id, phc, changed_at, mac) SELECT 'a-forged', phc, changed_at, mac FROM credentials LIMIT 1",
            "INSERT INTO documents(number, kind, project_id, case_id, unit_id, issued_at, data, mac) \
             SELECT 'forged', kind, project_id, case_id, unit_id, issued_at, data, mac FROM documents LIMIT 1",
            "INSERT INTO seal_keys(id, pem, at, mac) SELECT 'forged', pem, at, mac FROM seal_keys LIMIT 1",
        ])
        .await;
    assert_eq!(check(p).await, Checked { mended: 4, lost: 0 });
    assert_eq!(check(p).await, Checked::default());
    assert!(faults(p, &scene.region).await.iter().filter(|fault| fault.what == "orphan").count() == 4);
}

async fn s25_a_changed_stream_decides_nothing(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    let stream = format!("project:{}", scene.project);
    let said = audited(world).await;
    for change in ["state = REPLACE(state, '甲公司', '乙公司')", "version = version + 1", "mac = ''", "state = '{}'"]
    {
        world.database.tamper(&[&format!("UPDATE stream SET {change} WHERE id = '{stream}'")]).await;
        let page = p.project_page(&world.agent.call(), &scene.project).await.unwrap();
        assert_eq!(page.declared.unit_name, "甲公司", "{change}: read from the events");
    }
    assert_eq!(audited(world).await - said, 4, "each found when it was read, and reported");
    // A row that is gone, one that never was.
    world
        .database
        .tamper(&[
            &format!("DELETE FROM stream WHERE id = 'case:{}'", scene.case),
            "INSERT INTO stream(id, version, head, state, mac) SELECT 'project:forged', version, head, state, mac FROM stream \
             WHERE id LIKE 'project:%' LIMIT 1",
        ])
        .await;
    assert_eq!(check(p).await, Checked { mended: 2, lost: 0 });
    assert_eq!(check(p).await, Checked::default());
    assert_eq!(
        p.case_page(&Call::system("look"), &scene.case).await.unwrap().case.stage,
        domain::case::Stage::Completed
    );
}

async fn s25_a_changed_code_or_decision_is_answered_as_it_was_written(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    let code = p.project_page(&world.agent.call(), &scene.project).await.unwrap().declared.code.clone();
    let before = p.public_project(&world.public(), &code).await.unwrap();
    world.database.tamper(&["UPDATE projects SET state = 'voided', name = '别的项目', unit_name = '乙公司'"]).await;
    let answer = p.verify_code(&world.public(), &code).await.unwrap();
    let CodeAnswer::Known { name, state, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((name, state.slug()), (before.name.clone(), "active"));
    world.database.tamper(&["UPDATE cases SET outcome = 'refused', document_number = '赤水许〔2026〕999号'"]).await;
    assert_eq!(p.public_project(&world.public(), &code).await.unwrap(), before);
    let papers = p.papers_of_project(&world.agent.call(), &scene.project).await.unwrap();
    let (paper, _) = p.print_document(&world.agent.call(), &papers[0].number).await.unwrap();
    world
        .database
        .tamper(&["UPDATE documents SET data = REPLACE(data, '甲公司', '乙公司')", "UPDATE seal_keys SET pem = ''"])
        .await;
    let check = p.check_document(&world.public(), &paper.number, &paper.check_value).await.unwrap().unwrap();
    assert!(check.intact && check.seal.unwrap().valid);
    assert_eq!(check.document.check_value, paper.check_value);
    let found = faults(p, &scene.region).await;
    assert!(found.len() >= 4 && found.iter().all(|fault| fault.times == 1), "{found:#?}");
    p.check_integrity(&Call::system("nightly")).await.unwrap();
}

async fn s25_a_changed_credential_opens_nothing_and_is_restored(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    let (victim, thief) = (&world.agent, world.unit("丙公司").await);
    // The thief gives the victim the password of an account of the own.
    let other = "Grassland 2026 Wind";
    p.change_password(
        &world.public(),
        Face::Portal,
        &p.sign_in(&world.public(), Face::Portal, &thief.login, PASSWORD, "10.0.0.9").await.unwrap().token,
        (PASSWORD, other),
        "10.0.0.9",
    )
    .await
    .unwrap();
    let (mine, theirs) = (victim.account(), thief.account());
    world
        .database
        .tamper(&[&format!(
            "UPDATE credentials SET phc = (SELECT phc FROM credentials c WHERE c.account_id = '{theirs}') WHERE account_id = '{mine}'"
        )])
        .await;
    refused(p.sign_in(&world.public(), Face::Portal, &victim.login, other, "10.0.0.9").await, "sign_in.wrong");
    p.sign_in(&world.public(), Face::Portal, &victim.login, PASSWORD, "10.0.0.1").await.unwrap();
    // The name of the one on the account of the other.
    world
        .database
        .tamper(&[
            &format!("UPDATE accounts SET login = 'elsewhere' WHERE id = '{mine}'"),
            &format!("UPDATE accounts SET login = '{}' WHERE id = '{theirs}'", victim.login),
        ])
        .await;
    refused(p.sign_in(&world.public(), Face::Portal, &victim.login, other, "10.0.0.8").await, "sign_in.wrong");
    check(p).await;
    p.sign_in(&world.public(), Face::Portal, &victim.login, PASSWORD, "10.0.0.1").await.unwrap();
    // Row and copy at once: nothing to restore from, so nobody signs in, and a new secret may be given.
    let officer = world.officer("water", "150402", &[Role::Receptionist]).await;
    let id = officer.account();
    world
        .database
        .tamper(&[
            &format!("UPDATE credentials SET phc = 'x' WHERE account_id = '{id}'"),
            &format!("UPDATE row_copies SET sealed = 'x' WHERE id = 'credentials:{id}'"),
        ])
        .await;
    refused(p.sign_in(&world.public(), Face::Office, &officer.login, PASSWORD, "10.0.0.1").await, "sign_in.wrong");
    assert_eq!((check(p).await, check(p).await), (Checked { mended: 0, lost: 1 }, Checked { mended: 0, lost: 1 }));
    let lost: Vec<_> = faults(p, &scene.region).await.into_iter().filter(|fault| fault.mended_at.is_none()).collect();
    assert!(lost.len() == 1 && lost[0].name == officer.login && lost[0].times == 1, "{lost:?}");
    assert_eq!(p.unmended_faults(&scene.region.call()).await.unwrap(), Some(1));
}

/// The same platform with files on a disk, with or without a second copy.
fn on_disk(world: &World, copies: bool) -> Platform {
    let folder = world.database.folder();
    let files = LocalFiles::open(&folder.join("files"), &folder.join("temp")).unwrap();
    let files = if copies { files.with_copies(&folder.join("copies")).unwrap() } else { files };
    let settings = platform::Settings { temp: folder.join("temp"), ..(*world.platform.settings).clone() };
    Platform::new(Parts { files: Arc::new(files), settings: Arc::new(settings), ..(*world.platform).clone() })
}

/// Every stored file below a folder.
fn stored(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.flat_map(|path| if path.is_dir() { stored(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

async fn upload(platform: &Platform, world: &World, project: &ProjectId, name: &str) -> domain::ids::AttachmentId {
    let page = platform.application_page(&world.agent.call(), project, "soil_water").await.unwrap();
    let material = page.materials.iter().find(|need| need.required).unwrap().material.id.clone();
    let bytes = testkit::files::pdf(name);
    let content = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
    platform.upload_file(&world.agent.call(), project, &material, name, "", content).await.unwrap().id
}

async fn s25_a_changed_or_lost_file_comes_back_from_the_second_copy(world: &World) {
    let region = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let project = world.project().await;
    let p = on_disk(world, true);
    let folder = world.database.folder();
    let mut files = Vec::new();
    for n in 0..8 {
        files.push(upload(&p, world, &project, &format!("材料{n}.pdf")).await);
    }
    let (here, there) = (stored(&folder.join("files")), stored(&folder.join("copies")));
    assert_eq!((here.len(), there.len()), (8, 8), "a file lies twice before it is acknowledged");
    assert_eq!(check(&p).await, Checked::default());
    // A bit of each class of place is turned; one is cut, one is gone.
    for (n, path) in here.iter().enumerate() {
        let mut bytes = std::fs::read(path).unwrap();
        let last = bytes.len() - 1;
        match n {
            0 => bytes[0] ^= 1,
            1 => bytes[7] ^= 0x80,
            2 => bytes[8] ^= 1,
            3 => bytes[last / 2] ^= 4,
            4 => bytes[last] ^= 1,
            5 => bytes.truncate(last),
            6 => bytes.push(0),
            _ => {
                std::fs::remove_file(path).unwrap();
                continue;
            }
        }
        std::fs::write(path, bytes).unwrap();
    }
    // Two are read before the night: they come as they were.
    for id in &files[..2] {
        assert!(!p.download_own_file(&world.agent.call(), id).await.unwrap().bytes.is_empty());
    }
    let found = check(&p).await;
    assert_eq!((found.mended, found.lost), (6, 0));
    assert_eq!(check(&p).await, Checked::default());
    for (n, id) in files.iter().enumerate() {
        let bytes = p.download_own_file(&world.agent.call(), id).await.unwrap().bytes;
        assert_eq!(bytes, testkit::files::pdf(&format!("材料{n}.pdf")));
    }
    let listed = faults(&p, &region).await;
    assert_eq!(listed.len(), 8);
    assert!(
        listed.iter().all(|fault| fault.place == "文件" && fault.mended_at.is_some() && fault.name.starts_with("材料"))
    );
}

async fn s25_a_file_without_a_second_copy_is_reported_with_its_name(world: &World) {
    let region = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let project = world.project().await;
    let p = on_disk(world, false);
    let id = upload(&p, world, &project, "可研报告.pdf").await;
    let path = stored(&world.database.folder().join("files")).remove(0);
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(p.download_own_file(&world.agent.call(), &id).await.is_err(), "never a byte of it");
    for _ in 0..3 {
        assert_eq!(check(&p).await, Checked { mended: 0, lost: 1 });
    }
    let listed = faults(&p, &region).await;
    assert_eq!(
        (listed.len(), listed[0].name.as_str(), listed[0].mended_at, listed[0].times),
        (1, "可研报告.pdf", None, 1)
    );
    assert_eq!(p.unmended_faults(&region.call()).await.unwrap(), Some(1));
    std::fs::write(&path, whole).unwrap();
    world.later(1);
    assert_eq!(check(&p).await, Checked::default(), "put back from a backup by hand");
    assert_eq!(p.unmended_faults(&region.call()).await.unwrap(), Some(0), "and confirmed");
}

async fn s25_rows_of_before_get_their_check_values_from_the_events(world: &World) {
    let scene = scene(world).await;
    let p = &world.platform;
    let said = audited(world).await;
    for table in [
        "stream",
        "accounts",
        "delegations",
        "projects",
        "cases",
        "documents",
        "seal_keys",
        "credentials",
        "object_keys",
    ] {
        world.database.tamper(&[&format!("UPDATE {table} SET mac = ''")]).await;
    }
    world
        .database
        .tamper(&[
            "UPDATE documents SET seal_mac = ''",
            "UPDATE object_keys SET sm3 = '', preview_sm3 = ''",
            "DELETE FROM row_copies",
            "DELETE FROM check_values_since",
            // What the events say wins over what stands there.
            "UPDATE projects SET unit_name = '乙公司'",
        ])
        .await;
    p.migrate().await.unwrap();
    assert_eq!(check(p).await, Checked::default());
    assert_eq!(audited(world).await, said, "nothing was changed by anybody");
    assert_eq!(p.project_page(&world.agent.call(), &scene.project).await.unwrap().declared.unit_name, "甲公司");
    p.sign_in(&world.public(), Face::Portal, &world.agent.login, PASSWORD, "10.0.0.1").await.unwrap();
}

async fn s25_only_security_administrators_of_the_region_see_what_was_found(world: &World) {
    let p = &world.platform;
    let region = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let mut unit = Unit::new();
    unit.row(Row::new("UPDATE projects SET mac = 'x'", []));
    p.store.commit(unit).await.unwrap();
    assert!(faults(p, &region).await.is_empty());
    for (department, place, role) in [
        ("development_reform", "150400", Role::SecurityAdministrator),
        ("development_reform", "150000", Role::AuditAdministrator),
        ("water", "150402", Role::Approver),
    ] {
        let other = world.officer(department, place, &[role]).await;
        assert!(p.integrity_faults(&other.call(), None).await.is_err());
        assert_eq!(p.unmended_faults(&other.call()).await.unwrap(), None);
    }
    assert!(p.integrity_faults(&world.agent.call(), None).await.is_err());
    assert!(p.integrity_faults(&world.public(), None).await.is_err());
    forbidden(p.check_integrity(&region.call()).await);
}

async fn s24_a_download_carries_the_hash_of_what_was_sent(world: &World) {
    let project = world.project().await;
    let p = on_disk(world, false);
    let id = upload(&p, world, &project, "可研报告.pdf").await;
    let sent = p.download_own_file(&world.agent.call(), &id).await.unwrap();
    let (_, said) = sent.headers.iter().find(|(name, _)| *name == "x-content-sm3").unwrap();
    assert_eq!(*said, hex::encode(<sm3::Sm3 as sm3::Digest>::digest(&sent.bytes)));
    let row = p.offered_files(&world.agent.call(), "project_decision", &project).await.unwrap();
    assert!(row.iter().all(|row| row.id != id || row.sm3 == *said), "what was received is what is sent");
}
