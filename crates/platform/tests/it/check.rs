//! Files that wait after their upload: scans to be read (K-06), the states of a file (U-10). What reads is a stand-in here; the real one:
//! `confined/tests/reading.rs`.

use async_trait::async_trait;
use domain::{
    account::Role,
    ids::{AttachmentId, ProjectId},
};
use futures_util::stream;
use platform::{
    Call, Failure, Parts, Platform, Settings,
    attachment::AttachmentRow,
    check::Checked,
    hold::HoldFilter,
    settings::Scans,
    upload::{FileState, Reader, Reading},
};
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use testkit::{
    Person, World, both_engines,
    outcome::{forbidden, not_there, refused},
};

both_engines! {
    k06_a_scan_waits_until_it_was_read,
    k06_a_mark_that_was_read_seals_the_scan,
    k06_what_cannot_be_read_is_as_the_setting_says,
    u10_of_several_nodes_one_checks_a_file,
    u10_what_a_crash_left_is_taken_up_again,
    u10_a_file_taken_away_waits_no_more,
    s27_held_and_waiting_files_are_not_sealed_a_second_time,
}

/// Reads what the test says, and counts.
struct Says {
    words: Mutex<Result<String, String>>,
    asked: AtomicUsize,
    stuck: bool,
}

impl Says {
    fn text(words: &str) -> Arc<Self> {
        Arc::new(Self { words: Mutex::new(Ok(words.to_owned())), asked: AtomicUsize::new(0), stuck: false })
    }

    fn nothing() -> Arc<Self> {
        Arc::new(Self { words: Mutex::new(Err("broken".to_owned())), asked: AtomicUsize::new(0), stuck: false })
    }
}

#[async_trait]
impl Reader for Says {
    fn is_there(&self) -> bool {
        true
    }

    async fn read(&self, png: Vec<u8>) -> Reading {
        assert!(png.starts_with(b"\x89PNG"));
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.stuck {
            std::future::pending::<()>().await;
        }
        match &*self.words.lock().unwrap() {
            Ok(words) => Reading::Text(words.clone()),
            Err(why) => Reading::Nothing(why.clone()),
        }
    }
}

fn reading(world: &World, reader: Arc<Says>, scans: Scans) -> Platform {
    let settings = Settings { scans, ..(*world.platform.settings).clone() };
    Platform::new(Parts { reader, settings: Arc::new(settings), ..(*world.platform).clone() })
}

fn system() -> Call {
    Call::system("test")
}

/// The material tests upload for: takes pictures.
async fn place(world: &World) -> (ProjectId, String) {
    let project = world.project().await;
    let materials = world.platform.rules.now();
    let picture = |format: &domain::item::FileType| format.extension() == "jpg";
    let material = materials.catalogue.all_materials().iter().find(|m| m.formats.iter().any(picture)).unwrap();
    (project, material.id.clone())
}

async fn upload(p: &Platform, person: &Person, place: &(ProjectId, String)) -> Result<AttachmentRow, Failure> {
    let content = stream::iter([Ok::<_, Infallible>(samples::jpg())]);
    p.upload_file(&person.call(), &place.0, &place.1, "扫描件.jpg", "", content).await
}

async fn state(p: &Platform, file: &AttachmentId) -> String {
    let sql = "SELECT state AS it FROM attachments WHERE id = $1";
    p.store.query_one(sql, [file.as_str().into()]).await.unwrap().unwrap().try_get("", "it").unwrap()
}

async fn count(p: &Platform, sql: &'static str) -> i64 {
    p.store.query_one(sql, []).await.unwrap().unwrap().try_get("", "n").unwrap()
}

fn keys(p: &Platform) -> usize {
    std::fs::read_dir(&p.settings.held_keys).map_or(0, Iterator::count)
}

async fn security(world: &World) -> Person {
    world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await
}

const CLEAN: Checked = Checked { clean: 1, held: 0, refused: 0, waiting: 0 };
const WAITING: Checked = Checked { clean: 0, held: 0, refused: 0, waiting: 1 };
const HELD: Checked = Checked { clean: 0, held: 1, refused: 0, waiting: 0 };

async fn k06_a_scan_waits_until_it_was_read(world: &World) {
    let reader = Says::text("内蒙古自治区文件\n关于商业秘密保护的通知");
    let p = reading(world, reader.clone(), Scans::Held);
    let place = place(world).await;
    let file = upload(&p, &world.agent, &place).await.unwrap();
    assert_eq!((file.state, reader.asked.load(Ordering::SeqCst)), (FileState::Scanning, 0), "not in the request");
    refused(p.download_own_file(&world.agent.call(), &file.id).await, "file.not_clean");
    not_there(p.download_own_file(&world.rival.call(), &file.id).await);
    let key_rows = count(&p, "SELECT COUNT(*) AS n FROM object_keys").await;
    assert_eq!((keys(&p), key_rows), (1, 0), "its key lies where no backup takes it along");
    forbidden(p.check_waiting_files(&world.agent.call(), 10).await);
    assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), CLEAN);
    assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), Checked::default(), "once is enough");
    assert_eq!(keys(&p), 0);
    assert!(!p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes.is_empty());
    assert_eq!(count(&p, "SELECT COUNT(*) AS n FROM file_checks").await, 0);
}

async fn k06_a_mark_that_was_read_seals_the_scan(world: &World) {
    // How tesseract reads a star.
    let p = reading(world, Says::text("机密女10年\n内蒙古自治区文件"), Scans::Declared);
    let place = place(world).await;
    let file = upload(&p, &world.agent, &place).await.unwrap();
    let before = p.messages(&world.agent.call(), None, 20).await.unwrap().len();
    world.later(1);
    assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), HELD);
    assert_eq!((state(&p, &file.id).await.as_str(), keys(&p)), ("sealed", 1));
    let messages = p.messages(&world.agent.call(), None, 20).await.unwrap();
    assert_eq!(messages.len(), before + 1);
    let words = format!("{}{}", messages[0].title, messages[0].body);
    assert!(words.contains("正在核验") && !["密", "标志", "扫描件"].iter().any(|w| words.contains(w)), "{words}");
    let officer = security(world).await;
    let (rows, _) = p.held_content(&officer.call(), HoldFilter::default(), None).await.unwrap();
    assert_eq!((rows.len(), rows[0].rule.as_str(), rows[0].unit_name.as_str()), (1, "marking.level_in_name", "甲公司"));
    p.release_hold(&officer.call(), &rows[0].id, "是小说封面").await.unwrap();
    assert!(!p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes.is_empty());
    // What was released once passes the next time.
    let again = upload(&p, &world.agent, &place).await.unwrap();
    assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), CLEAN);
    assert_eq!(state(&p, &again.id).await, "clean");
}

async fn k06_what_cannot_be_read_is_as_the_setting_says(world: &World) {
    let place = place(world).await;
    for (scans, at_once) in [(Scans::Declared, CLEAN), (Scans::Held, HELD)] {
        let p = reading(world, Says::text("3 / \n"), scans);
        upload(&p, &world.agent, &place).await.unwrap();
        assert_eq!(
            p.check_waiting_files(&system(), 10).await.unwrap(),
            at_once,
            "{scans:?}: nothing was there to be read"
        );
    }
    for (scans, last) in [(Scans::Declared, CLEAN), (Scans::Held, HELD)] {
        let p = reading(world, Says::nothing(), scans);
        upload(&p, &world.agent, &place).await.unwrap();
        for _ in 0..2 {
            assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), WAITING, "{scans:?}");
            assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), Checked::default(), "a pause");
            world.later(1);
        }
        assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), last, "{scans:?}");
    }
}

async fn u10_of_several_nodes_one_checks_a_file(world: &World) {
    let reader = Says::text("内蒙古自治区文件");
    let p = reading(world, reader.clone(), Scans::Held);
    let place = place(world).await;
    for _ in 0..5 {
        upload(&p, &world.agent, &place).await.unwrap();
    }
    let call = system();
    let (a, b, c) = tokio::join!(
        p.check_waiting_files(&call, 10),
        p.check_waiting_files(&call, 10),
        p.check_waiting_files(&call, 10)
    );
    let clean = a.unwrap().clean + b.unwrap().clean + c.unwrap().clean;
    assert_eq!((clean, reader.asked.load(Ordering::SeqCst)), (5, 5));
}

async fn u10_what_a_crash_left_is_taken_up_again(world: &World) {
    let stuck = Says { words: Mutex::new(Ok(String::new())), asked: AtomicUsize::new(0), stuck: true };
    let p = reading(world, Arc::new(stuck), Scans::Held);
    let place = place(world).await;
    let file = upload(&p, &world.agent, &place).await.unwrap();
    let (system, other) = (system(), reading(world, Says::text("内蒙古自治区文件"), Scans::Held));
    // The node stops in the middle.
    assert!(tokio::time::timeout(Duration::from_millis(500), p.check_waiting_files(&system, 10)).await.is_err());
    assert_eq!(other.check_waiting_files(&system, 10).await.unwrap(), Checked::default(), "its lease runs");
    world.later(4);
    assert_eq!(other.check_waiting_files(&system, 10).await.unwrap(), CLEAN);
    assert_eq!(state(&p, &file.id).await, "clean");
}

async fn u10_a_file_taken_away_waits_no_more(world: &World) {
    let reader = Says::text("内蒙古自治区文件");
    let p = reading(world, reader.clone(), Scans::Held);
    let place = place(world).await;
    let file = upload(&p, &world.agent, &place).await.unwrap();
    not_there(p.remove_file(&world.rival.call(), &file.id).await);
    p.remove_file(&world.agent.call(), &file.id).await.unwrap();
    p.check_waiting_files(&system(), 10).await.unwrap();
    assert_eq!((reader.asked.load(Ordering::SeqCst), keys(&p)), (0, 0));
    assert_eq!(count(&p, "SELECT COUNT(*) AS n FROM file_checks").await, 0);
}

async fn s27_held_and_waiting_files_are_not_sealed_a_second_time(world: &World) {
    let p = reading(world, Says::text("秘密\n游戏设定"), Scans::Held);
    let place = place(world).await;
    let file = upload(&p, &world.agent, &place).await.unwrap();
    assert_eq!(p.seal_old_files(&system(), 10).await.unwrap(), 0, "waiting");
    assert_eq!(p.check_waiting_files(&system(), 10).await.unwrap(), HELD);
    assert_eq!(p.seal_old_files(&system(), 10).await.unwrap(), 0, "held");
    let officer = security(world).await;
    let (rows, _) = p.held_content(&officer.call(), HoldFilter::default(), None).await.unwrap();
    p.release_hold(&officer.call(), &rows[0].id, "是游戏").await.unwrap();
    let bytes = p.download_own_file(&world.agent.call(), &file.id).await.unwrap().bytes;
    assert!(bytes.starts_with(&[0xff, 0xd8, 0xff]), "still a picture");
}
