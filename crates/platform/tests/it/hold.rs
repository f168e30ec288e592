//! Sealed content: held, decided about, purged (K-04, K-06 … K-09), files at rest (S-27, S-32), sums of uploads (U-02).

use domain::{
    account::Role,
    hold::State,
    ids::{HoldId, ProjectId},
};
use futures_util::stream;
use platform::{
    Failure, Parts, Platform, Settings,
    attachment::AttachmentRow,
    hold::HoldFilter,
    settings::Scans,
    upload::{FileState, LocalFiles},
};
use samples::Marked;
use std::{convert::Infallible, path::Path, sync::Arc};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused, sign_in_first},
};

both_engines! {
    k08_a_marked_file_is_sealed_and_nothing_of_it_is_known,
    k04_a_false_alarm_goes_back_to_its_unit,
    k09_a_purge_destroys_key_and_content_for_good,
    k09_what_was_confirmed_is_destroyed_after_a_crash,
    k08_only_security_administrators_of_the_region_see_the_desk,
    k08_the_list_is_filtered_and_goes_on,
    k06_a_scan_is_held_where_nobody_vouches_for_it,
    k04_a_held_sample_may_be_uploaded_again_once_released,
    s27_a_stored_file_lies_nowhere_in_the_clear,
    s27_files_of_before_are_sealed_and_stay_readable,
    u02_an_account_and_an_item_have_their_limits,
}

/// The material tests upload for: takes PDF and Word documents.
async fn place(world: &World) -> (ProjectId, String) {
    let project = world.project().await;
    let page = world.platform.application_page(&world.agent.call(), &project, "soil_water").await.unwrap();
    let material = page.materials.iter().find(|need| need.required).unwrap().material.id.clone();
    (project, material)
}

async fn upload(
    platform: &Platform,
    person: &Person,
    (project, material): &(ProjectId, String),
    name: &str,
    bytes: Vec<u8>,
) -> Result<AttachmentRow, Failure> {
    let content = stream::iter([Ok::<_, Infallible>(bytes)]);
    platform.upload_file(&person.call(), project, material, name, "", content).await
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await
}

/// The same platform with files on a disk, and other settings.
fn on_disk(world: &World, change: impl FnOnce(&mut Settings)) -> Platform {
    let folder = world.database.folder();
    let temp = folder.join("temp");
    let files = LocalFiles::open(&folder.join("files"), &temp).unwrap();
    let mut settings = Settings { temp, ..(*world.platform.settings).clone() };
    change(&mut settings);
    Platform::new(Parts { files: Arc::new(files), settings: Arc::new(settings), ..(*world.platform).clone() })
}

/// Whether any file below the folder has these bytes.
fn lies_in(folder: &Path, bytes: &[u8]) -> Option<String> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = lies_in(&path, bytes) {
                return Some(found);
            }
        } else if std::fs::read(&path).unwrap_or_default().windows(bytes.len()).any(|w| w == bytes) {
            return Some(path.display().to_string());
        }
    }
    None
}

fn keys(platform: &Platform) -> usize {
    std::fs::read_dir(&platform.settings.held_keys).map_or(0, Iterator::count)
}

async fn only(platform: &Platform, officer: &Person) -> HoldId {
    let (rows, next) = platform.held_content(&officer.call(), HoldFilter::default(), None).await.unwrap();
    assert_eq!((rows.len(), next.is_none()), (1, true));
    rows[0].id.clone()
}

async fn column(world: &World, sql: &'static str) -> Vec<String> {
    let rows = world.platform.store.query(sql, []).await.unwrap();
    rows.iter().map(|row| row.try_get("", "it").unwrap()).collect()
}

async fn k08_a_marked_file_is_sealed_and_nothing_of_it_is_known(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    let canary = "金丝雀七号工程";
    let mut bytes = Marked::PdfPage.document("机密★十年\n关于下达计划的通知");
    bytes.splice(9..9, format!("% {canary}\n").bytes());
    let body = bytes.clone();
    let refusal = refused(upload(&p, &world.agent, &place, &format!("{canary}.pdf"), bytes).await, "marking.blocked");
    assert_eq!(refusal.field.as_deref(), Some("file"));
    assert!(["密", "标志", "星"].iter().all(|word| !refusal.message.contains(word)), "{}", refusal.message);
    assert!(p.offered_files(&world.agent.call(), &place.1, &place.0).await.unwrap().is_empty());
    let sealed = column(world, "SELECT id || name || state AS it FROM attachments").await;
    assert!(sealed.len() == 1 && sealed[0].ends_with("（核验中的文件）sealed"), "{sealed:?}");
    let file = domain::ids::AttachmentId(sealed[0][..27].to_owned());
    refused(p.download_own_file(&world.agent.call(), &file).await, "file.not_clean");
    let officer = security(world).await;
    let (rows, _) = p.held_content(&officer.call(), HoldFilter::default(), None).await.unwrap();
    let row = &rows[0];
    assert_eq!((row.blocked, row.rule.as_str(), row.state), (true, "marking.level_star", State::Open));
    assert_eq!(
        (row.size, row.unit_name.as_str(), row.login.as_str()),
        (body.len() as i64, "甲公司", world.agent.login.as_str())
    );
    assert_eq!(row.sm3, hex::encode(<sm3::Sm3 as sm3::Digest>::digest(&body)));
    let page = p.hold_page(&officer.call(), &row.id).await.unwrap();
    assert!(page.report_by.is_some() && page.may_decide);
    assert_eq!(p.waiting_holds(&officer.call()).await.unwrap(), Some(1));
    p.report_hold(&officer.call(), &row.id, "自治区国家保密局", "机要交换 3 号").await.unwrap();
    refused(p.report_hold(&officer.call(), &row.id, "自治区国家保密局", "又一次").await, "hold.reported");
    assert_eq!(p.hold_page(&officer.call(), &row.id).await.unwrap().report_by, None);
    // Neither the database, nor the files, nor what is under way has a word of it.
    let dump = world
        .database
        .dump(&["event", "stream", "attachments", "holds", "messages", "audit_entry", "object_keys"])
        .await;
    for word in [canary, "机密★", "下达计划"] {
        assert!(!dump.contains(word), "{word} in the database");
        assert_eq!(lies_in(world.database.folder(), word.as_bytes()), None, "{word}");
    }
    assert_eq!(std::fs::read_dir(&p.settings.temp).unwrap().count(), 0);
}

async fn k04_a_false_alarm_goes_back_to_its_unit(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    let bytes = Marked::PdfPage.document("秘密\n武器计划书（游戏设定集）");
    let marked = || upload(&p, &world.agent, &place, "设定.pdf", bytes.clone());
    refused(marked().await, "marking.held");
    let officer = security(world).await;
    let id = only(&p, &officer).await;
    refused(p.release_hold(&officer.call(), &id, " ").await, "text.required");
    let before = p.messages(&world.agent.call(), None, 20).await.unwrap().len();
    world.later(1);
    let once = officer.once("release");
    p.release_hold(&once, &id, "已线下核实，是游戏名称").await.unwrap();
    p.release_hold(&once, &id, "已线下核实，是游戏名称").await.unwrap();
    refused(p.release_hold(&officer.call(), &id, "再次").await, "hold.over");
    refused(p.propose_purge(&officer.call(), &id, "某局", "1号").await, "hold.over");
    let files = p.offered_files(&world.agent.call(), &place.1, &place.0).await.unwrap();
    assert_eq!((files.len(), files[0].name.as_str(), files[0].state), (1, "设定.pdf", FileState::Clean));
    assert_eq!(p.download_own_file(&world.agent.call(), &files[0].id).await.unwrap().bytes, bytes);
    let messages = p.messages(&world.agent.call(), None, 20).await.unwrap();
    assert_eq!(messages.len(), before + 1);
    assert!(messages[0].body.contains("已核验完毕") && !messages[0].body.contains("设定"), "{}", messages[0].body);
    assert_eq!(keys(&p), 0, "the key moved to where keys of files lie");
    assert_eq!(p.waiting_holds(&officer.call()).await.unwrap(), Some(0));
    marked().await.unwrap();
}

async fn k09_a_purge_destroys_key_and_content_for_good(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    let bytes = Marked::PdfPage.document("绝密★启用前\n试题");
    refused(upload(&p, &world.agent, &place, "a.pdf", bytes).await, "marking.blocked");
    let (first, second) = (security(world).await, security(world).await);
    let id = only(&p, &first).await;
    let file = p.hold_page(&first.call(), &id).await.unwrap().content.what.file().as_str().to_owned();
    // Yesterday's backup: database and files, as the manual says, without the folder of held keys.
    let backup = p.files.get(&file).await.unwrap();
    let wrapped = std::fs::read_to_string(p.settings.held_keys.join(format!("{id}.key"))).unwrap();
    let wrapped: serde_json::Value = serde_json::from_str(&wrapped).unwrap();
    let wrapped: serde_json::Value = serde_json::from_str(wrapped["key"].as_str().unwrap()).unwrap();
    let tables = ["event", "stream", "secret", "attachments", "holds", "object_keys", "once", "audit_entry"];
    let dump = world.database.dump(&tables).await;
    assert!(!dump.contains(wrapped["sealed"].as_str().unwrap()), "the key is in no backup of the database");
    refused(p.confirm_purge(&second.call(), &id, "国保〔2026〕1号").await, "hold.no_proposal");
    p.propose_purge(&first.call(), &id, "国家保密局", "国保〔2026〕1号").await.unwrap();
    refused(p.confirm_purge(&first.call(), &id, "国保〔2026〕1号").await, "hold.four_eyes");
    refused(p.confirm_purge(&second.call(), &id, "国保〔2026〕9号").await, "hold.order");
    refused(p.release_hold(&first.call(), &id, "误报").await, "hold.proposed");
    p.reject_purge(&second.call(), &id, "文号待核").await.unwrap();
    p.propose_purge(&first.call(), &id, "国家保密局", "国保〔2026〕1号").await.unwrap();
    // Two confirm at the same time: one purge.
    let third = security(world).await;
    let (second, third) = (second.call(), third.call());
    let both =
        tokio::join!(p.confirm_purge(&second, &id, "国保〔2026〕1号"), p.confirm_purge(&third, &id, "国保〔2026〕1号"));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    let page = p.hold_page(&first.call(), &id).await.unwrap();
    assert_eq!((page.hold.state, keys(&p)), (State::Purged, 0));
    assert_eq!(page.hold.purged.as_ref().unwrap().0.len(), 64, "the record names the key that was destroyed");
    assert_eq!(p.files.get(&file).await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    // The content of the backup has no key any more; with any other it does not open.
    let folder = tempfile::tempdir().unwrap();
    let restored = folder.path().join("restored");
    std::fs::write(&restored, &backup).unwrap();
    p.files.put(&file, &restored).await.unwrap();
    assert!(!backup.windows(8).any(|w| w == b"%PDF-1.7"));
    refused(p.release_hold(&first.call(), &id, "误报").await, "hold.over");
    assert!(column(world, "SELECT id AS it FROM object_keys").await.is_empty());
    let states = column(world, "SELECT state AS it FROM attachments").await;
    assert_eq!(states, ["refused"]);
}

async fn k09_what_was_confirmed_is_destroyed_after_a_crash(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    refused(upload(&p, &world.agent, &place, "a.pdf", Marked::PdfTitle.document("机密★长期")).await, "marking.blocked");
    let (first, second) = (security(world).await, security(world).await);
    let id = only(&p, &first).await;
    p.propose_purge(&first.call(), &id, "国家保密局", "1号").await.unwrap();
    // The store fails between confirmation and destruction.
    let broken = Platform::new(Parts { files: Arc::new(NoFiles), ..(*p).clone() });
    assert!(matches!(broken.confirm_purge(&second.call(), &id, "1号").await, Err(Failure::Fault(_))));
    assert_eq!(p.hold_page(&first.call(), &id).await.unwrap().hold.state, State::Confirmed);
    forbidden(p.finish_purges(&first.call()).await);
    assert_eq!(p.finish_purges(&platform::Call::system("sweep")).await.unwrap(), 1);
    assert_eq!(p.finish_purges(&platform::Call::system("sweep")).await.unwrap(), 0);
    assert_eq!(p.hold_page(&first.call(), &id).await.unwrap().hold.state, State::Purged);
}

/// A store that cannot be reached.
struct NoFiles;

#[async_trait::async_trait]
impl platform::upload::FileStore for NoFiles {
    async fn put(&self, _: &str, _: &Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::TimedOut.into())
    }

    async fn open(&self, _: &str) -> std::io::Result<platform::upload::Content> {
        Err(std::io::ErrorKind::TimedOut.into())
    }

    async fn delete(&self, _: &str) -> std::io::Result<()> {
        Err(std::io::ErrorKind::TimedOut.into())
    }
}

async fn k08_only_security_administrators_of_the_region_see_the_desk(world: &World) {
    let place = place(world).await;
    let p = &world.platform;
    refused(upload(p, &world.agent, &place, "机密.pdf", testkit::files::pdf("x")).await, "marking.held");
    let officer = security(world).await;
    let id = only(p, &officer).await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::SecurityAdministrator) {
        let other = world.officer("development_reform", "150000", &[role]).await;
        forbidden(p.held_content(&other.call(), HoldFilter::default(), None).await);
        forbidden(p.hold_page(&other.call(), &id).await);
        forbidden(p.release_hold(&other.call(), &id, "误报").await);
        assert_eq!(p.waiting_holds(&other.call()).await.unwrap(), None);
    }
    let elsewhere = world.officer("development_reform", "150400", &[Role::SecurityAdministrator]).await;
    not_there(p.hold_page(&elsewhere.call(), &id).await);
    assert!(p.hold_page(&world.agent.call(), &id).await.is_err());
    sign_in_first(p.held_content(&world.public(), HoldFilter::default(), None).await);
    not_there(p.hold_page(&officer.call(), &HoldId::from_random([7; 16])).await);
}

async fn k08_the_list_is_filtered_and_goes_on(world: &World) {
    let place = place(world).await;
    let p = &world.platform;
    for i in 0..23 {
        world.later(1);
        refused(
            upload(p, &world.agent, &place, &format!("机密{i}.pdf"), testkit::files::pdf(&format!("{i}"))).await,
            "marking.held",
        );
    }
    world.later(1);
    refused(upload(p, &world.agent, &place, "a.pdf", Marked::PdfTitle.document("机密★长期")).await, "marking.blocked");
    let officer = security(world).await;
    let (rows, next) = p.held_content(&officer.call(), HoldFilter::default(), None).await.unwrap();
    assert_eq!((rows.len(), rows[0].blocked), (20, true));
    let (rest, end) = p.held_content(&officer.call(), HoldFilter::default(), next).await.unwrap();
    assert_eq!((rest.len(), end.is_none()), (4, true));
    let blocked = HoldFilter { blocked: Some(true), ..HoldFilter::default() };
    assert_eq!(p.held_content(&officer.call(), blocked, None).await.unwrap().0.len(), 1);
    p.release_hold(&officer.call(), &rest[0].id, "误报").await.unwrap();
    let released = HoldFilter { state: Some(State::Released), blocked: None };
    assert_eq!(p.held_content(&officer.call(), released, None).await.unwrap().0.len(), 1);
    assert_eq!(p.waiting_holds(&officer.call()).await.unwrap(), Some(23));
}

async fn k06_a_scan_is_held_where_nobody_vouches_for_it(world: &World) {
    let place = place(world).await;
    let image = b"q 500 0 0 700 40 40 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q".as_slice();
    let scan = samples::pdf_with_text("扫描件", image);
    let strict = on_disk(world, |settings| settings.scans = Scans::Held);
    refused(upload(&strict, &world.agent, &place, "a.pdf", scan.clone()).await, "marking.held");
    upload(&strict, &world.agent, &place, "b.pdf", samples::pdf_text("一、项目概况")).await.unwrap();
    let lenient = on_disk(world, |settings| settings.scans = Scans::Declared);
    upload(&lenient, &world.agent, &place, "a.pdf", scan).await.unwrap();
    let officer = security(world).await;
    let id = only(&strict, &officer).await;
    assert_eq!(strict.hold_page(&officer.call(), &id).await.unwrap().content.rule, "marking.unread");
}

async fn k04_a_held_sample_may_be_uploaded_again_once_released(world: &World) {
    let keepers = world.guide_keepers().await;
    let p = on_disk(world, |_| {});
    p.begin_guide(&keepers.writer.call(), "soil_water").await.unwrap();
    let material = p.rules.catalogue.item("soil_water").unwrap().materials[0].clone();
    let sample = || {
        let content = stream::iter([Ok::<_, Infallible>(Marked::PdfPage.document("秘密\n花园设计样表"))]);
        let call = keepers.writer.call();
        let (p, material) = (p.clone(), material.clone());
        async move { p.add_guide_sample(&call, "soil_water", &material, "a.pdf", "", content).await }
    };
    refused(sample().await, "marking.held");
    let officer = security(world).await;
    let id = only(&p, &officer).await;
    p.release_hold(&officer.call(), &id, "误报").await.unwrap();
    assert_eq!(keys(&p), 0);
    sample().await.unwrap();
}

async fn s27_a_stored_file_lies_nowhere_in_the_clear(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    let bytes = samples::pdf_text("可行性研究报告");
    let file = upload(&p, &world.agent, &place, "a.pdf", bytes.clone()).await.unwrap();
    let picture = samples::png_with(b"tEXt", b"Comment\0canary-of-a-picture");
    let types = &p.rules.catalogue.material(&place.1).unwrap().formats;
    if types.iter().any(|format| format.extension() == "png") {
        let shown = upload(&p, &world.agent, &place, "a.png", picture).await.unwrap();
        let copy = p.download_own_file(&world.agent.call(), &shown.id).await.unwrap().bytes;
        assert!(copy.starts_with(b"\x89PNG"));
    }
    for clear in [&bytes[..40], &bytes[bytes.len() - 60..], b"canary-of-a-picture".as_slice(), b"\x89PNG\r\n\x1a\n"] {
        assert_eq!(lies_in(world.database.folder(), clear), None);
    }
    assert_eq!(p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes, bytes);
    // Changed, moved to another place or without its key it does not open.
    let stored = p.files.get(file.id.as_str()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = async |id: &str, bytes: &[u8]| {
        let copy = folder.path().join("copy");
        std::fs::write(&copy, bytes).unwrap();
        p.files.put(id, &copy).await.unwrap();
    };
    let mut changed = stored.clone();
    *changed.last_mut().unwrap() ^= 1;
    put(file.id.as_str(), &changed).await;
    assert!(matches!(p.download_own_file(&world.agent.call(), &file.id).await, Err(Failure::Fault(_))));
    let other = upload(&p, &world.agent, &place, "b.pdf", samples::pdf_text("另一份")).await.unwrap();
    put(other.id.as_str(), &stored).await;
    assert!(matches!(p.download_own_file(&world.agent.call(), &other.id).await, Err(Failure::Fault(_))));
    put(file.id.as_str(), &stored).await;
    assert_eq!(p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes, bytes);
}

async fn s27_files_of_before_are_sealed_and_stay_readable(world: &World) {
    let p = on_disk(world, |_| {});
    let place = place(world).await;
    let bytes = samples::pdf_text("旧版本留下的文件");
    let file = upload(&p, &world.agent, &place, "a.pdf", bytes.clone()).await.unwrap();
    // As an older version left it.
    world.database.tamper(&["DELETE FROM object_keys"]).await;
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, &bytes).unwrap();
    p.files.put(file.id.as_str(), &plain).await.unwrap();
    assert!(lies_in(world.database.folder(), &bytes[..40]).is_some());
    assert_eq!(p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes, bytes);
    let sweep = platform::Call::system("sweep");
    forbidden(p.seal_old_files(&security(world).await.call(), 10).await);
    assert_eq!(p.seal_old_files(&sweep, 10).await.unwrap(), 1);
    assert_eq!(p.seal_old_files(&sweep, 10).await.unwrap(), 0);
    assert_eq!(lies_in(world.database.folder(), &bytes[..40]), None);
    assert_eq!(p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes, bytes);
}

async fn u02_an_account_and_an_item_have_their_limits(world: &World) {
    let place = place(world).await;
    let size = testkit::files::pdf("x").len() as u64;
    let p = on_disk(world, |settings| settings.upload_per_item = 2 * size + 10);
    let file = |mark: &str| testkit::files::pdf(mark);
    upload(&p, &world.agent, &place, "1.pdf", file("1")).await.unwrap();
    let second = upload(&p, &world.agent, &place, "2.pdf", file("2")).await.unwrap();
    refused(upload(&p, &world.agent, &place, "3.pdf", file("3")).await, "file.quota_item");
    p.remove_file(&world.agent.call(), &second.id).await.unwrap();
    upload(&p, &world.agent, &place, "3.pdf", file("3")).await.unwrap();
    // What an application hands in counts together, also from several materials.
    let mut form = world.filled(&world.agent, &place.0, "soil_water").await;
    assert!(form.materials.len() > 1, "the item has several materials");
    let narrow = on_disk(world, |settings| settings.upload_per_item = size + 10);
    refused(narrow.apply_for_item(&world.agent.call(), &place.0, &form).await, "file.quota_item");
    // A day's sum is the account's, whatever was removed meanwhile.
    let day = on_disk(world, |settings| settings.upload_per_day = 4 * size);
    refused(upload(&day, &world.agent, &place, "4.pdf", file("4")).await, "file.quota_day");
    world.later(24 * 60 + 1);
    upload(&day, &world.agent, &place, "4.pdf", file("4")).await.unwrap();
    form.materials.clear();
}
