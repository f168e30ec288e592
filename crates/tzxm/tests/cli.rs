//! The binary as an administrator meets it: contract of the exit status, unsafe starts, the demonstration, the ledger.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod program;

use program::{Running, get, run, text, tzxm};
use serde_json::Value;
use std::{io::Write, process::Stdio};

#[test]
fn the_exit_status_is_0_good_1_not_good_2_wrong_usage() {
    assert_eq!(run(&["clock", "due", "--from", "2026-11-24", "--days", "5"]).0, Some(0));
    assert_eq!(run(&["code", "check", "123"]).0, Some(1));
    assert_eq!(run(&["ledger", "verify", "--database", "mysql://x"]).0, Some(1));
    for wrong in [&["fly"][..], &["ledger", "verify"], &["serve", "--face", "moon", "--database", "x", "--config", "x"]]
    {
        assert_eq!(run(wrong).0, Some(2), "{wrong:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let bad_post = ["admin", "create", "--login", "abcd", "--name", "张三", "--post", "ecology:king"];
    let place = ["--database", "sqlite::memory:", "--config", text(folder.path())];
    let (status, _, words) = run(&[&bad_post[..], &place].concat());
    assert!(status == Some(2) && words.contains("岗位的写法"), "{words}");
}

#[test]
fn an_unsafe_start_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let key = path("master.key");
    let database = format!("sqlite:{}", text(&path("a.db")));
    let refused = |config: &str, hint: &str| {
        std::fs::write(path("tzxm.toml"), config).unwrap();
        let (status, _, words) = run(&["serve", "--database", &database, "--config", text(&path("tzxm.toml"))]);
        assert!(status == Some(1) && words.contains(hint), "{hint}: {words}");
    };
    let ports = "[listen]\nportal = \"127.0.0.1:0\"\noffice = \"127.0.0.1:0\"\napi = \"127.0.0.1:0\"\n";
    let place = format!("[platform]\nfiles = {:?}\ntemp = {:?}\n", path("files"), path("temp"));
    let keys = format!("[keys]\nmaster = {:?}\n", key);
    refused("[platform]\nportal_ulr = \"x\"", "portal_ulr");
    refused("[platform]\nsecure_cookies = false\n[listen]\nportal = \"0.0.0.0:0\"", "secure_cookies");
    refused(&[ports, place.as_str(), keys.as_str()].concat(), "tzxm key create");
    assert_eq!(run(&["key", "create", text(&key)]).0, Some(0));
    let no_fonts = "[fonts]\npaths = [\"/nowhere/NotoSerifCJK-Regular.ttc\"]\n";
    refused(&[ports, place.as_str(), keys.as_str(), no_fonts].concat(), "fonts-noto-cjk");
}

#[test]
fn the_demonstration_serves_and_its_ledger_can_be_verified_moved_and_not_forged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let start =
        ["demo", "--json", "--data", text(&data), "--portal-port", "0", "--office-port", "0", "--api-port", "0"];
    let mut demo = Running::start(&start);
    let told = demo.json();
    let written: Value = serde_json::from_str(&std::fs::read_to_string(data.join("addresses.json")).unwrap()).unwrap();
    assert_eq!(told, written);
    let address = |face: &str| told[face].as_str().unwrap().to_owned();
    assert!(told["accounts"].as_array().unwrap().len() > 10);
    assert_eq!(get(&address("api"), "/health/ready"), (200, "{\"status\":\"ok\"}".to_owned()));
    for face in ["portal", "office"] {
        assert_eq!(get(&address(face), "/login").0, 200, "{face}");
    }
    assert_eq!(demo.stop(), Some(0));

    let url = |name: &str| format!("sqlite:{}", text(&folder.path().join(name)));
    let original = url("demo/tzxm.db");
    let (status, report, _) = run(&["ledger", "verify", "--json", "--database", &original]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, &report["sound"], &report["found"]), (Some(0), &true.into(), &0.into()));

    let lines = folder.path().join("ledger.txt");
    assert_eq!(run(&["ledger", "export", "--database", &original, text(&lines)]).0, Some(0));
    assert_eq!(
        run(&["ledger", "export", "--database", &original, text(&lines)]).0,
        Some(1),
        "never over an old export"
    );
    let (status, words, _) = run(&["ledger", "import", "--database", &url("copy.db"), text(&lines)]);
    assert!(status == Some(0) && words.contains(report["root"].as_str().unwrap()), "{words}");
    assert_eq!(
        run(&["ledger", "import", "--database", &url("copy.db"), text(&lines)]).0,
        Some(1),
        "only into an empty one"
    );

    let forged = std::fs::read_to_string(&lines).unwrap().replacen("负极材料", "正极材料", 1);
    std::fs::write(&lines, forged).unwrap();
    assert_eq!(run(&["ledger", "import", "--database", &url("forged.db"), text(&lines)]).0, Some(1));
}

#[test]
fn s06_the_first_administrator_gets_a_secret_once_and_nobody_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let database = format!("sqlite:{}", text(&path("a.db")));
    let config = format!(
        "[platform]\nfiles = {:?}\ntemp = {:?}\n[keys]\nmaster = {:?}\n",
        path("files"),
        path("temp"),
        path("master.key")
    );
    std::fs::write(path("tzxm.toml"), config).unwrap();
    assert_eq!(run(&["key", "create", text(&path("master.key"))]).0, Some(0));
    let toml = path("tzxm.toml");
    let place = ["--database", database.as_str(), "--config", text(&toml)];
    let create = |posts: &[&str]| {
        let posts: Vec<_> = posts.iter().flat_map(|post| ["--post", *post]).collect();
        run(&[&["admin", "create", "--login", "sysadmin", "--name", "张三"][..], &posts, &place].concat())
    };
    let system = "development_reform@150000:system_administrator";
    let (status, _, words) = create(&[system, "development_reform@150000:approver"]);
    assert!(status == Some(1) && words.contains("兼任"), "{words}");
    let (status, words, _) = create(&[system]);
    let secret = words.trim().chars().rev().take(40).all(|c| c.is_ascii_hexdigit());
    assert!(status == Some(0) && secret, "{words}");
    let (status, _, words) = create(&[system]);
    assert!(status == Some(1) && words.contains("已被使用"), "{words}");
}

#[test]
fn a_simulated_life_is_the_same_twice_and_needs_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", text(&folder.path().join(name)));
    let live = |url: &str| run(&["simulate", "--projects", "5", "--seed", "7", "--json", "--database", url]);
    let root = |words: &str| serde_json::from_str::<Value>(words).unwrap()["root"].clone();
    let (first, second) = (live(&url("a.db")), live(&url("b.db")));
    assert_eq!((first.0, second.0), (Some(0), Some(0)), "{}", first.2);
    assert_eq!(root(&first.1), root(&second.1));
    let again = live(&url("a.db"));
    assert!(again.0 == Some(1) && again.2.contains("空数据库"), "{}", again.2);
}

/// What the hidden command answers to a content of that type.
fn inspected(file_type: &str, content: &[u8]) -> Value {
    let mut command = tzxm(&["inspect-file", file_type]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&(content.len() as u64).to_be_bytes()).unwrap();
    input.write_all(content).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = output.stdout.split(|byte| *byte == b'\n').next().unwrap();
    serde_json::from_slice(line).unwrap()
}

/// With the allocator of the real binary, too.
#[test]
fn u05_the_one_binary_inspects_files_confined() {
    let objects =
        "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj 2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj";
    let pdf = |more: &str| format!("%PDF-1.7\n{objects}\n{more}\ntrailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n");
    assert!(inspected("pdf", pdf("").as_bytes())["found"].is_object());
    assert_eq!(inspected("pdf", pdf("5 0 obj << /JS (x) >> endobj").as_bytes())["refused"], "file.pdf_active");
    let large = pdf(&"% nothing but a comment\n".repeat(1_800_000));
    assert!(inspected("pdf", large.as_bytes())["found"].is_object(), "43 MB fit");
    let told = tzxm(&["inspect-file", "probe"]).env("TZXM_SECRET", "s3cret").output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(!told.to_string().contains("s3cret"));
    assert_eq!((&told["takes_memory"], &told["limits"][0]), (&Value::Bool(false), &Value::from(224 * 1024 * 1024)));
    assert_eq!(tzxm(&["--help"]).output().unwrap().stdout.windows(12).filter(|w| w == b"inspect-file").count(), 0);
}

#[test]
fn s26_a_database_elsewhere_without_tls_does_not_start() {
    for mode in ["", "?sslmode=require"] {
        let url = format!("postgres://tzxm@db.example/tzxm{mode}");
        let (status, _, words) = run(&["ledger", "verify", "--database", &url]);
        assert!(status == Some(1) && words.contains("必须通过 TLS 连接"), "{words}");
    }
}
