//! 安全开发 (S-49): no crate of ours holds `unsafe`, every crate takes the workspace's lints, and the release script packs, signs and
//! scans: here with the debug binary as a stand-in.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod program;

use program::{run, text};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn s49_every_crate_forbids_unsafe_and_takes_the_lints_of_the_workspace() {
    let workspace: toml::Table = toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let mut crates = 0;
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let table: toml::Table = toml::from_str(&std::fs::read_to_string(&manifest).unwrap()).unwrap();
        assert_eq!(table["lints"]["workspace"].as_bool(), Some(true), "{}", manifest.display());
        crates += 1;
    }
    assert!(crates >= 12);
    let gate = std::fs::read_to_string(root().join("scripts/test.sh")).unwrap();
    for step in ["cargo fmt --all --check", "cargo clippy --locked --workspace --all-targets -- -D warnings"] {
        assert!(gate.contains(step), "{step}");
    }
}

fn release(args: &[&str], signatures: Option<&Path>) -> Output {
    let mut command = Command::new(root().join("scripts/release.sh"));
    command.args(args).env_remove("CLAMAV_DATABASE");
    if let Some(folder) = signatures {
        command.env("CLAMAV_DATABASE", folder);
    }
    command.output().unwrap()
}

fn words(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].concat().iter().map(|byte| char::from(*byte)).collect()
}

/// A folder of signatures that knows one text: the real ones cannot be fetched everywhere.
fn signatures(folder: &Path) -> PathBuf {
    let place = folder.join("signatures");
    std::fs::create_dir(&place).unwrap();
    let digits: String = MALWARE.bytes().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(place.join("test.ndb"), format!("Tzxm.Test:0:*:{digits}\n")).unwrap();
    place
}

const MALWARE: &str = "tzxm-stand-in-for-malware-2026";

#[test]
fn s49_a_release_is_packed_listed_signed_and_verified_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(run(&["key", "create-release", text(&path("release.key"))]).0, Some(0));
    let (out, key, known) = (path("out"), path("release.key"), signatures(folder.path()));
    let pack = ["pack", env!("CARGO_BIN_EXE_tzxm"), text(&key), text(&out)];
    let packed = release(&pack, Some(&known));
    assert!(packed.status.success(), "{}", words(&packed));
    for file in
        ["tzxm", "manifest", "manifest.sig", "sbom.json", "sbom.txt", "FILES", "FILES.sig", "SCAN", "release.pub"]
    {
        assert!(out.join(file).exists(), "{file}");
    }
    let scan = std::fs::read_to_string(out.join("SCAN")).unwrap();
    assert!(scan.contains("found nothing") || scan.contains("NOT scanned"), "{scan}");
    for file in ["manifest", "FILES"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-verify"]).arg(out.join("release.pub"));
        let verified =
            openssl.arg("-signature").arg(out.join(format!("{file}.sig"))).arg(out.join(file)).output().unwrap();
        assert!(verified.status.success(), "{file}");
    }
    let listed = std::fs::read_to_string(out.join("FILES")).unwrap();
    assert!(listed.contains(" *./tzxm\n") && listed.contains(" *./sbom.json\n"), "{listed}");
    assert!(!listed.contains("release.key\n"), "the private key is not handed out");
    let bom: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("sbom.json")).unwrap()).unwrap();
    let components = bom["components"].as_array().unwrap();
    assert!(bom["bomFormat"] == "CycloneDX" && components.len() > 500);
    assert!(components.iter().all(|one| one["hashes"][0]["content"].as_str().is_some_and(|hash| hash.len() >= 64)));
    let again = release(&pack, Some(&known));
    assert!(!again.status.success() && words(&again).contains("never packed twice"));
}

#[test]
fn s49_malware_in_a_release_folder_stops_it_and_a_missing_scanner_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (known, handed) = (signatures(folder.path()), folder.path().join("handed"));
    std::fs::create_dir(&handed).unwrap();
    std::fs::write(handed.join("readme"), "harmless").unwrap();
    let scan = ["scan", text(&handed)];
    // Without a PATH that leads to it there is no scanner.
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    for tool in ["bash", "dirname"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().stdout;
        std::os::unix::fs::symlink(String::from_utf8(found).unwrap().trim(), tools.join(tool)).unwrap();
    }
    let bare = Command::new(root().join("scripts/release.sh")).args(scan).env("PATH", &tools).output();
    let bare = match bare {
        Ok(output) if output.status.success() => output,
        other => panic!("{other:?}"),
    };
    assert!(words(&bare).contains("NOT scanned"), "{}", words(&bare));
    let installed = Command::new("clamscan").arg("--version").output().is_ok_and(|output| output.status.success());
    if !installed {
        return;
    }
    let clean = release(&scan, Some(&known));
    assert!(clean.status.success() && words(&clean).contains("found nothing"), "{}", words(&clean));
    std::fs::write(handed.join("evil"), format!("xx{MALWARE}xx")).unwrap();
    let found = release(&scan, Some(&known));
    assert!(!found.status.success() && words(&found).contains("Tzxm.Test"), "{}", words(&found));
}
