//! 删除: what was taken away is unreadable for good, in old copies too (GB/T 22239-2019 8.1.4.10; S-32).

use async_trait::async_trait;
use domain::ids::{AttachmentId, ProjectId};
use futures_util::{StreamExt, stream};
use platform::{
    Call, Failure, Parts, Platform,
    upload::{Content, FileStore, LocalFiles},
};
use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use testkit::{World, both_engines, outcome::refused, patiently};

both_engines! {
    s32_a_file_taken_away_is_unreadable_also_from_an_old_backup,
    s32_a_crash_between_key_and_file_is_made_up_for,
    s32_what_was_handed_in_anywhere_is_not_taken_away,
}

/// Files on a disk whose deletion may fail, as when the machine stops.
struct Stubborn(LocalFiles, AtomicBool);

#[async_trait]
impl FileStore for Stubborn {
    async fn put(&self, id: &str, temporary: &Path) -> io::Result<()> {
        self.0.put(id, temporary).await
    }

    async fn open(&self, id: &str) -> io::Result<Content> {
        self.0.open(id).await
    }

    async fn delete(&self, id: &str) -> io::Result<()> {
        if self.1.load(Ordering::Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { self.0.delete(id).await }
    }
}

fn on_disk(world: &World) -> (Platform, Arc<Stubborn>) {
    let folder = world.database.folder();
    let files = LocalFiles::open(&folder.join("files"), &folder.join("temp")).unwrap();
    let files = Arc::new(Stubborn(files.with_copies(&folder.join("copies")).unwrap(), AtomicBool::new(false)));
    let settings = platform::Settings { temp: folder.join("temp"), ..(*world.platform.settings).clone() };
    let parts = Parts { files: files.clone(), settings: Arc::new(settings), ..(*world.platform).clone() };
    (Platform::new(parts), files)
}

fn stored(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { stored(&path) } else { vec![path] }).collect()
}

async fn upload(platform: &Platform, world: &World, project: &ProjectId) -> AttachmentId {
    let content = stream::iter([Ok::<_, Infallible>(testkit::files::pdf("草原"))]);
    let call = world.agent.call();
    platform.upload_file(&call, project, "project_decision", "决定.pdf", "", content).await.unwrap().id
}

async fn column(world: &World, sql: &'static str) -> Vec<String> {
    let rows = world.platform.store.query(sql, []).await.unwrap();
    rows.iter().map(|row| row.try_get("", "it").unwrap()).collect()
}

/// Whether any file of the database has these bytes.
fn lies_in_database(world: &World, text: &str) -> bool {
    let Some(file) = world.database.file() else { return false };
    let folder = file.parent().unwrap().to_owned();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let parts = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let parts = parts.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&name));
    let mut parts = parts.map(|path| std::fs::read(path).unwrap());
    parts.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

async fn s32_a_file_taken_away_is_unreadable_also_from_an_old_backup(world: &World) {
    let (p, _) = on_disk(world);
    let folder = world.database.folder();
    let project = world.project().await;
    let id = upload(&p, world, &project).await;
    // What the key of the file looks like in the database, wrapped, and in the sealed copy of its row.
    let keys = column(world, "SELECT sealed AS it FROM object_keys").await;
    let copies = column(world, "SELECT sealed AS it FROM row_copies WHERE id LIKE 'object_keys:%'").await;
    let ciphertext = |column: &String| column.split("\"sealed\":\"").nth(1).unwrap()[..32].to_owned();
    let secrets = [ciphertext(&keys[0]), ciphertext(&copies[0])];
    let backup: Vec<_> =
        stored(&folder.join("files")).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    assert_eq!((backup.len(), stored(&folder.join("copies")).len()), (1, 1));
    p.store.forget_erased().await.unwrap();
    assert!(world.database.file().is_none() || secrets.iter().all(|secret| lies_in_database(world, secret)));
    p.remove_file(&world.agent.call(), &id).await.unwrap();
    p.remove_file(&world.agent.call(), &id).await.unwrap();
    assert_eq!((stored(&folder.join("files")).len(), stored(&folder.join("copies")).len()), (0, 0));
    assert!(column(world, "SELECT id AS it FROM object_keys").await.is_empty());
    assert!(column(world, "SELECT id AS it FROM row_copies WHERE id LIKE 'object_keys:%'").await.is_empty());
    // Yesterday's folder is put back, and the row made usable again by hand: still nothing opens.
    for (path, bytes) in &backup {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    world.database.tamper(&["UPDATE attachments SET state = 'clean'"]).await;
    assert!(matches!(p.download_own_file(&world.agent.call(), &id).await, Err(Failure::NotThere)));
    // The pages of the database hold nothing of the key any more, nor does its log.
    patiently("the log is cut", async || p.store.forget_erased().await.unwrap().then_some(())).await;
    for secret in &secrets {
        assert!(!lies_in_database(world, secret), "the key lingers");
    }
}

async fn s32_a_crash_between_key_and_file_is_made_up_for(world: &World) {
    let (p, files) = on_disk(world);
    let folder = world.database.folder();
    let project = world.project().await;
    let (id, other) = (upload(&p, world, &project).await, upload(&p, world, &project).await);
    files.1.store(true, Ordering::Relaxed);
    p.remove_file(&world.agent.call(), &id).await.unwrap();
    assert_eq!(stored(&folder.join("files")).len(), 2, "the machine stopped before the file was deleted");
    assert_eq!(column(world, "SELECT id AS it FROM object_keys").await, [other.to_string()], "but its key is gone");
    files.1.store(false, Ordering::Relaxed);
    let sweep = Call::system("sweep");
    assert_eq!(p.finish_removals(&sweep, 10).await.unwrap(), 1);
    assert_eq!(stored(&folder.join("files")).len(), 1);
    assert_eq!(p.finish_removals(&sweep, 10).await.unwrap(), 0);
    assert!(!p.download_own_file(&world.agent.call(), &other).await.unwrap().bytes.is_empty());
    assert!(p.finish_removals(&world.agent.call(), 10).await.is_err());
}

async fn s32_what_was_handed_in_anywhere_is_not_taken_away(world: &World) {
    let p = &world.platform;
    let (first, second) = (world.project().await, world.project().await);
    // A file uploaded in one project and handed in with a case of another one.
    let mut form = world.filled(&world.agent, &first, "soil_water").await;
    let mut elsewhere = Vec::new();
    for (material, files) in &mut form.materials {
        let file = world.upload(&world.agent.call(), &second, material).await.unwrap();
        *files = vec![file.id.clone()];
        elsewhere.push(file.id);
    }
    let call = world.agent.call();
    let taken = p.remove_file(&call, &elsewhere[0]);
    let applied = p.apply_for_item(&call, &first, &form);
    let (taken, applied) = tokio::join!(taken, applied);
    assert!(taken.is_err() || applied.is_err(), "either it was handed in or it was taken away: {taken:?} {applied:?}");
    if applied.is_ok() {
        for file in &elsewhere {
            refused(p.remove_file(&call, file).await, "file.handed_in");
            assert!(!p.download_own_file(&call, file).await.unwrap().bytes.is_empty());
        }
    }
}

/// Starts this test again as an upload that never ends, kills it without warning, and starts the store anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s32_an_upload_killed_midway_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let temp = folder.path().join("temp");
    std::fs::create_dir_all(&temp).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["removal::endless", "--exact", "--ignored", "--nocapture"])
        .env("TZXM_ENDLESS", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let under_way = async || {
        let file =
            stored(&temp).into_iter().find(|path| std::fs::metadata(path).is_ok_and(|file| file.len() > 100_000));
        file.map(|path| std::fs::read(path).unwrap())
    };
    let bytes = patiently("an upload under way", under_way).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!stored(&temp).is_empty(), "killed in the middle");
    let plain = b"grassland grassland";
    assert!(!bytes.windows(plain.len()).any(|window| window == plain), "sealed as it comes");
    LocalFiles::open(&folder.path().join("files"), &temp).unwrap();
    assert_eq!(stored(&temp), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started and killed by the test above"]
#[expect(clippy::disallowed_methods, reason = "the uploader is told where to write by its environment")]
async fn endless() {
    let folder = PathBuf::from(std::env::var("TZXM_ENDLESS").unwrap());
    let world = World::sqlite().await;
    let files = LocalFiles::open(&folder.join("files"), &folder.join("temp")).unwrap();
    let settings = platform::Settings { temp: folder.join("temp"), ..(*world.platform.settings).clone() };
    let p = Platform::new(Parts { files: Arc::new(files), settings: Arc::new(settings), ..(*world.platform).clone() });
    let project = world.project().await;
    let mut start = testkit::files::pdf("x");
    start.extend(b"grassland ".repeat(100_000));
    let first = stream::iter([Ok::<_, Infallible>(start)]);
    let content = first.chain(stream::pending());
    let _ = p.upload_file(&world.agent.call(), &project, "project_decision", "决定.pdf", "", content).await;
}
