//! 可信验证 (S-23): the binary with its signed manifest and sealed configuration; one byte changed anywhere is found.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod program;

use ledger::{Durability, Store};
use program::{Running, run, text};
use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// An installation: a copy of the binary, its manifest, a sealed configuration.
struct Installed {
    folder: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let installed = Self { folder: tempfile::tempdir().unwrap() };
        let path = |name: &str| installed.path(name);
        let config = format!(
            "[platform]\nfiles = {:?}\ntemp = {:?}\nheld_keys = {:?}\n[keys]\nmaster = {:?}\n\
             [listen]\nportal = \"127.0.0.1:0\"\noffice = \"127.0.0.1:0\"\napi = \"127.0.0.1:0\"\n\
             [release]\nmanifest = {:?}\npublic_key = {:?}\nseal = {:?}\nseal_public_key = {:?}\ncheck_seconds = 1\n",
            path("files"),
            path("temp"),
            path("held"),
            path("master.key"),
            path("manifest"),
            path("release.key.pub"),
            path("tzxm.toml.seal"),
            path("seal.key.pub"),
        );
        std::fs::write(path("tzxm.toml"), config).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_tzxm"), path("tzxm")).unwrap();
        assert_eq!(run(&["key", "create", text(&path("master.key"))]).0, Some(0));
        for key in ["release.key", "seal.key"] {
            assert_eq!(run(&["key", "create-release", text(&path(key))]).0, Some(0));
        }
        let (key, out) = (path("release.key"), path("manifest"));
        installed.good(&["release", "manifest", "--key", text(&key), "--out", text(&out)]);
        let (config, key) = (path("tzxm.toml"), path("seal.key"));
        installed.good(&["release", "seal", "--config", text(&config), "--key", text(&key)]);
        installed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.path("tzxm"));
        command.args(args).env_remove("TZXM_DATABASE").env_remove("TZXM_CONFIG");
        command
    }

    fn good(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn database(&self) -> String {
        format!("sqlite:{}", text(&self.path("a.db")))
    }

    fn serve(&self) -> Command {
        self.command(&["serve", "--database", &self.database(), "--config", text(&self.path("tzxm.toml"))])
    }

    /// A start that must be refused, in words that name what was changed.
    fn refused(&self, why: &str) {
        let output = self.serve().output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        let told = words.contains("可信验证没有通过，不能启动") && words.contains(why);
        assert!(output.status.code() == Some(1) && told, "{why}: {words}");
    }

    /// Flips one bit of the byte at `at` of a file.
    fn flip(&self, name: &str, at: usize) {
        let file = File::options().read(true).write(true).open(self.path(name)).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at as u64).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at as u64).unwrap();
    }

    /// Flips it, looks, and flips it back.
    fn with_flipped(&self, name: &str, at: usize, look: impl FnOnce()) {
        self.flip(name, at);
        look();
        self.flip(name, at);
    }
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    store.query_one(sql, []).await.unwrap().unwrap().try_get("", "n").unwrap()
}

const RECORDS: &str = "SELECT COUNT(*) AS n FROM audit_entry WHERE reason = 'release.changed'";
const ALARMS: &str = "SELECT COUNT(*) AS n FROM alarms WHERE rule = 'release_changed'";

fn place(bytes: &[u8], part: &str) -> usize {
    let first = part.as_bytes()[0];
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first).map(|(at, _)| at);
    starts
        .find(|at| bytes[*at..].starts_with(part.as_bytes()))
        .unwrap_or_else(|| panic!("{part} is not in the program"))
}

/// Every byte counts: of a page, of data, of a migration, of a paper, of code; of configuration, manifest, seal and signatures.
#[tokio::test]
async fn s23_one_byte_changed_anywhere_refuses_the_start_and_leaves_a_record() {
    let installed = Installed::new();
    let config = installed.path("tzxm.toml");
    assert_eq!(installed.good(&["release", "check", "--config", text(&config)]), "核对无误。\n");
    let bytes = std::fs::read(installed.path("tzxm")).unwrap();
    let mut refused = 0;
    for part in ["确认，开始处置", "# 入侵检测规则", "CREATE TABLE detection_marks", "#let ", "用法错误"]
    {
        let at = place(&bytes, part);
        installed.with_flipped("tzxm", at, || installed.refused("program"));
        refused += 1;
    }
    for (file, why) in [
        ("tzxm.toml", "配置文件与配置封签不一致"),
        ("manifest", "签名与公钥不符"),
        ("manifest.sig", "签名与公钥不符"),
        ("tzxm.toml.seal", "签名与公钥不符"),
        ("tzxm.toml.seal.sig", "签名与公钥不符"),
    ] {
        // A letter of the first item of the configuration would be a misspelt item: the end is a line break.
        let length = std::fs::read(installed.path(file)).unwrap().len();
        if file == "tzxm.toml" {
            let sealed = std::fs::read(&config).unwrap();
            std::fs::write(&config, [&sealed[..], b" "].concat()).unwrap();
            installed.refused(why);
            std::fs::write(&config, sealed).unwrap();
        } else {
            installed.with_flipped(file, length / 2, || installed.refused(why));
        }
        refused += 1;
    }
    std::fs::rename(installed.path("manifest.sig"), installed.path("away")).unwrap();
    installed.refused("无法读取");
    std::fs::rename(installed.path("away"), installed.path("manifest.sig")).unwrap();
    std::fs::copy(installed.path("seal.key.pub"), installed.path("other.pub")).unwrap();
    std::fs::copy(installed.path("release.key.pub"), installed.path("seal.key.pub")).unwrap();
    installed.refused("配置封签");
    std::fs::copy(installed.path("other.pub"), installed.path("seal.key.pub")).unwrap();
    assert_eq!(installed.good(&["release", "check", "--config", text(&config)]), "核对无误。\n");
    let store = Store::open(&installed.database(), Durability::Full).await.unwrap();
    assert_eq!(count(&store, RECORDS).await, refused + 2, "one record for each start that was refused");
    store.close().await.unwrap();
}

#[tokio::test]
async fn s23_a_change_while_it_runs_leaves_a_record_and_raises_an_alarm() {
    let installed = Installed::new();
    let serving = Running::spawn(installed.serve());
    let store = Store::open(&installed.database(), Durability::Full).await.unwrap();
    let until = async |sql: &'static str| {
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let ready =
                store.query_one("SELECT 1 AS n FROM migration WHERE room = 'platform' AND version = 19", []).await;
            if matches!(ready, Ok(Some(_))) && count(&store, sql).await > 0 {
                return;
            }
        }
        panic!("{sql} stays empty");
    };
    until("SELECT COUNT(*) AS n FROM followers WHERE name = 'detection'").await;
    assert_eq!(count(&store, RECORDS).await, 0, "nothing was changed yet");
    let config = installed.path("tzxm.toml");
    let sealed = std::fs::read(&config).unwrap();
    // Without [release] altogether: whoever takes the check out of the file does not switch it off.
    std::fs::write(&config, "[listen]\n").unwrap();
    until(RECORDS).await;
    until(ALARMS).await;
    std::fs::write(&config, sealed).unwrap();
    // A program put in the place of the one that runs.
    let (program, other) = (installed.path("tzxm"), installed.path("other"));
    std::fs::write(&other, "#!/bin/sh\n").unwrap();
    std::fs::rename(&other, &program).unwrap();
    until("SELECT COUNT(*) AS n FROM audit_entry WHERE reason = 'release.changed' AND object LIKE '%program%'").await;
    assert_eq!(serving.stop(), Some(0), "people decide whether it goes on");
    store.close().await.unwrap();
}

#[test]
fn s23_openssl_verifies_manifest_and_seal() {
    let installed = Installed::new();
    let verified = |file: &str, key: &str| {
        let path = |name: String| installed.path(&name);
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-verify"]);
        openssl.arg(path(key.into())).arg("-signature").arg(path(format!("{file}.sig"))).arg(path(file.into()));
        openssl.output().unwrap().status.success()
    };
    assert!(verified("manifest", "release.key.pub") && verified("tzxm.toml.seal", "seal.key.pub"));
    assert!(!verified("manifest", "seal.key.pub"));
    installed.with_flipped("manifest", 40, || assert!(!verified("manifest", "release.key.pub")));
}

#[test]
fn s23_without_a_manifest_it_starts_with_a_warning_and_half_a_setting_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tzxm.toml");
    let check = |words: &str| {
        std::fs::write(&config, words).unwrap();
        run(&["release", "check", "--config", text(&config)])
    };
    assert_eq!(check("").0, Some(0));
    assert!(check("").1.contains("没有核对"));
    for half in ["manifest = \"a\"", "public_key = \"a\"", "seal = \"a\"\nseal_public_key = \"b\"", "check_seconds = 0"]
    {
        let (status, _, words) = check(&format!("[release]\n{half}\n"));
        assert!(status == Some(1) && words.contains("[release]"), "{half}: {words}");
    }
    let (status, _, words) = check("[release]\nmanifest = \"/nowhere\"\npublic_key = \"/nowhere\"\n");
    assert!(status == Some(1) && words.contains("公钥"), "{words}");
    assert!(Path::new(&config).exists());
}
