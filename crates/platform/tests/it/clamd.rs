//! S-22, U-11 against a real clamd, started here with a signature of our own. Needs Debian's clamav-daemon (`scripts/setup.sh`); without
//! it the test fails.

use domain::ids::ProjectId;
use futures_util::stream;
use ledger::DataKey;
use platform::{
    Call, Failure, Parts, Platform,
    attachment::AttachmentRow,
    check::Checked,
    upload::{Clamd, ClamdAddress, FilePart, FileState, Scanner, SealedWriter, Verdict},
};
use samples::{docx_with, entry, pdf, pdf_with, stream_object, zip};
use std::{
    convert::Infallible,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use testkit::{
    World, both_engines,
    outcome::{not_there, refused},
    patiently,
};

both_engines! {
    s22_a_real_clamd_stops_malware_and_its_absence_stops_the_file,
}

/// The test file of the antivirus makers, in two halves, so that no scanner minds this source.
fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// One clamd, of one signature.
struct Daemon {
    folder: TempDir,
    child: Option<Child>,
}

impl Daemon {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir(at.join("db")).unwrap();
        fs::write(at.join("db/eicar.ndb"), format!("Eicar-Test-Signature:0:*:{}\n", hex::encode(eicar()))).unwrap();
        let config = format!(
            "Foreground yes\nLocalSocket {0}/clamd.sock\nDatabaseDirectory {0}/db\nTemporaryDirectory {0}\n\
             AlertExceedsMax yes\nStreamMaxLength 60M\nMaxFileSize 60M\nMaxScanSize 400M\nMaxThreads 2\n",
            at.display()
        );
        fs::write(at.join("clamd.conf"), config).unwrap();
        Self { folder, child: None }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("clamd.sock")
    }

    async fn start(&mut self) {
        let program = ["/usr/sbin/clamd", "/usr/bin/clamd"].into_iter().find(|program| Path::new(program).is_file());
        let program = program.unwrap_or_else(|| panic!("clamd is missing: run scripts/setup.sh"));
        let mut command = Command::new(program);
        command.arg(format!("--config-file={}", self.folder.path().join("clamd.conf").display()));
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let socket = self.socket();
        patiently("clamd listens", async || tokio::net::UnixStream::connect(&socket).await.ok()).await;
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn place(world: &World) -> (ProjectId, String) {
    let project = world.project().await;
    let rules = world.platform.rules.now();
    let both = ["pdf", "docx"];
    let takes =
        |material: &domain::item::Material| both.iter().all(|e| material.formats.iter().any(|f| f.extension() == *e));
    let material = rules.catalogue.all_materials().iter().find(|material| takes(material)).unwrap();
    (project, material.id.clone())
}

async fn upload(
    p: &Platform,
    world: &World,
    place: &(ProjectId, String),
    (name, bytes): (&str, Vec<u8>),
) -> Result<AttachmentRow, Failure> {
    let content = stream::iter([Ok::<_, Infallible>(bytes)]);
    p.upload_file(&world.agent.call(), &place.0, &place.1, name, "", content).await
}

async fn verdict(scanner: &Clamd, folder: &Path, bytes: &[u8]) -> Verdict {
    let mut writer = SealedWriter::create(folder, DataKey([3; 16]), FilePart::Content).await.unwrap();
    writer.write(bytes).await.unwrap();
    scanner.scan(&writer.finish().await.unwrap()).await
}

async fn s22_a_real_clamd_stops_malware_and_its_absence_stops_the_file(world: &World) {
    let mut daemon = Daemon::new();
    daemon.start().await;
    let clamd = Clamd { address: ClamdAddress::Unix(daemon.socket()), limit: Duration::from_secs(30) };
    let temp = world.database.folder();
    assert_eq!(verdict(&clamd, temp, b"a plain text").await, Verdict::Clean);
    let found = verdict(&clamd, temp, eicar().as_bytes()).await;
    assert!(matches!(&found, Verdict::Infected(name) if name.starts_with("Eicar")), "{found:?}");
    let archives = [
        zip(&[entry("说明.docx", docx_with(&eicar(), "", "").whole())]),
        zip(&[entry("a.pdf", pdf_with(&[&stream_object("", eicar().as_bytes())], "")), entry("b.pdf", pdf())]),
    ];
    for archive in archives {
        assert!(
            matches!(verdict(&clamd, temp, &archive).await, Verdict::Infected(_)),
            "no material takes archives yet"
        );
    }
    let p = Platform::new(Parts { scanner: Arc::new(clamd.clone()), ..(*world.platform).clone() });
    let place = place(world).await;
    let infected_docx = || docx_with(&eicar(), "", "").whole();
    let deflated = stream_object("", eicar().as_bytes());
    let infected = [
        ("甲.pdf", pdf_with(&[&deflated], "")),
        ("乙.pdf", pdf_with(&[format!("% {}", eicar()).as_bytes()], "")),
        ("丙.docx", infected_docx()),
    ];
    for (name, bytes) in infected {
        let refusal = refused(upload(&p, world, &place, (name, bytes)).await, "file.infected");
        assert!(refusal.message.contains("恶意代码"), "{name}");
    }
    assert!(
        p.offered_files(&world.agent.call(), &place.1, &place.0).await.unwrap().is_empty(),
        "nothing of it is kept"
    );
    let good = upload(&p, world, &place, ("好.pdf", pdf())).await.unwrap();
    assert_eq!(good.state, FileState::Clean);

    daemon.kill();
    let pending = upload(&p, world, &place, ("等.pdf", samples::pdf_text("一、概况"))).await.unwrap();
    let bad = upload(&p, world, &place, ("坏.docx", infected_docx())).await.unwrap();
    assert_eq!((pending.state, bad.state), (FileState::Scanning, FileState::Scanning));
    let system = Call::system("test");
    for _ in 0..3 {
        let done = p.check_waiting_files(&system, 10).await.unwrap();
        assert_eq!(done, Checked { waiting: 2, ..Checked::default() });
        for file in [&pending, &bad] {
            refused(p.download_own_file(&world.agent.call(), &file.id).await, "file.not_clean");
            not_there(p.download_own_file(&world.rival.call(), &file.id).await);
        }
        world.later(5);
    }

    daemon.start().await;
    let done = p.check_waiting_files(&system, 10).await.unwrap();
    assert_eq!(done, Checked { clean: 1, refused: 1, ..Checked::default() });
    assert!(p.download_own_file(&world.agent.call(), &pending.id).await.is_ok());
    refused(p.download_own_file(&world.agent.call(), &bad.id).await, "file.not_clean");
    let listed = p.offered_files(&world.agent.call(), &place.1, &place.0).await.unwrap();
    let states: Vec<_> = listed.iter().map(|file| (file.name.as_str(), file.state)).collect();
    assert!(
        states.contains(&("坏.docx", FileState::Refused)) && states.contains(&("等.pdf", FileState::Clean)),
        "{states:?}"
    );
    p.remove_file(&world.agent.call(), &bad.id).await.unwrap();
}
