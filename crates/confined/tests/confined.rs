//! G-16: the hostile set through the confined child, and the proof that the child is confined.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use confined::{Confined, MEMORY};
use futures_util::stream;
use ledger::DataKey;
use platform::upload::{
    Allowance, Answer, FilePart, FileType, Inspector, Marking, Opened, Received, SealedWriter, Slot, clean_name,
    inspect, receive,
};
use samples::{Hostile, Marked};
use std::{collections::BTreeMap, convert::Infallible, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;

/// Most memory resident, in KiB (256 MB).
const MOST_KB: u64 = 256 * 1024;

fn child() -> Confined {
    Confined::new(env!("CARGO_BIN_EXE_inspect-file").into())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Takes a file in; the code of the rule that refuses it.
async fn received(name: &str, bytes: &[u8], folder: &Path) -> Result<Received, String> {
    let name = clean_name(name).map_err(|refusal| refusal.code.into_owned())?;
    let slot = Slot { allowed: FileType::ALL.to_vec(), max_bytes: Slot::MAX_BYTES };
    let pieces: Vec<Result<Vec<u8>, Infallible>> = bytes.chunks(65_536).map(|piece| Ok(piece.to_vec())).collect();
    let at = (folder, DataKey([9; 16]));
    let received = receive(stream::iter(pieces), &slot, &name, "", at, Allowance::FULL).await;
    received.map_err(|refusal| refusal.code.into_owned())
}

#[derive(Debug)]
struct Seen {
    answer: Answer,
    peak_kb: Option<u64>,
    copy: Vec<u8>,
}

async fn seen(received: &Received, folder: &Path) -> Seen {
    let mut preview = SealedWriter::create(folder, DataKey([9; 16]), FilePart::Preview).await.unwrap();
    let content = received.file.content().await.unwrap();
    let (answer, usage) = child().measured(content, received.size, received.file_type, Some(&mut preview)).await;
    let copy = preview.finish().await.unwrap().content().await.unwrap().read_all().await.unwrap();
    Seen { answer, peak_kb: usage.peak_kb, copy }
}

#[tokio::test]
async fn g16_every_hostile_file_is_refused_or_neutralised_within_the_limits() {
    let folder = folder();
    let all = samples::hostile();
    assert!(all.len() >= 500, "{}", all.len());
    let distinct: std::collections::BTreeSet<_> = all.iter().map(|file| (&file.name, &file.bytes)).collect();
    assert!(distinct.len() >= 500, "{} are different", distinct.len());
    let (mut by_rule, mut most, mut came_in) = (BTreeMap::<String, usize>::new(), 0, Vec::new());
    for Hostile { what, name, bytes, harmless_without } in &all {
        let rule = match received(name, bytes, folder.path()).await {
            Err(code) => code,
            Ok(received) => {
                let seen = seen(&received, folder.path()).await;
                // One that was killed cannot say what it had; the kernel's limit is lower than ours.
                most = most.max(seen.peak_kb.unwrap_or(MEMORY / 1024));
                match (seen.answer, harmless_without) {
                    (Answer::Refused(code), _) => code,
                    (Answer::Nothing(_), _) => "no answer".to_owned(),
                    (Answer::Found(_), Some(without)) => {
                        assert!(!seen.copy.windows(without.len()).any(|w| w == without), "{what}");
                        "neutralised".to_owned()
                    }
                    (Answer::Found(found), None) => {
                        came_in.push(format!("{what}: {found:?}"));
                        continue;
                    }
                }
            }
        };
        assert_ne!(rule, "file.fault", "{what}");
        *by_rule.entry(rule).or_default() += 1;
    }
    println!("{} hostile files, at most {most} KiB resident: {by_rule:#?}", all.len());
    assert!(came_in.is_empty(), "came in: {came_in:#?}");
    assert!(most <= MOST_KB, "{most} KiB");
    assert!(by_rule.len() >= 20, "by different rules: {by_rule:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn g16_the_harmless_counterparts_are_taken() {
    let folder = folder();
    let big = image(2400, 1800);
    for (name, bytes, picture) in [
        ("a.pdf", samples::pdf_text("项目申请报告\n一、项目概况"), false),
        ("a.jpg", samples::jpg(), true),
        ("a.png", samples::png(), true),
        ("大图.png", big, true),
        ("a.docx", samples::zip(&samples::docx_parts()), false),
        ("a.xlsx", samples::zip(&samples::xlsx_parts()), false),
        ("a.ofd", samples::zip(&samples::ofd_parts()), false),
        ("a.dwg", samples::dwg(), false),
        ("a.zip", samples::zip(&[samples::entry("a.pdf", samples::pdf())]), false),
    ] {
        let received = received(name, &bytes, folder.path()).await.unwrap();
        let seen = seen(&received, folder.path()).await;
        let Answer::Found(found) = &seen.answer else { panic!("{name}: {:?}", seen.answer) };
        assert_eq!((&found.marking, found.preview), (&Marking::Clean, picture), "{name}");
        assert_eq!(seen.copy.is_empty(), !picture, "{name}");
        let read = !matches!(received.file_type, FileType::Jpg | FileType::Png | FileType::Dwg);
        assert_eq!(found.unread, !read, "{name}: K-06");
        assert!(seen.peak_kb.unwrap() <= MOST_KB, "{name}: {:?} KiB", seen.peak_kb);
        if picture {
            image::load_from_memory(&seen.copy).unwrap();
        }
    }
}

fn image(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn k03_a_marked_document_is_found_in_the_child_and_its_words_stay_there() {
    let folder = folder();
    let received = received("a.docx", &Marked::DocxHeader.document("机密★十年"), folder.path()).await.unwrap();
    let inspected = inspect(&child(), received, folder.path()).await.unwrap().1;
    assert_eq!(inspected.marking, Marking::Blocked("marking.level_star".to_owned()));
    assert!(!format!("{inspected:?}").contains("十年"));
}

/// A child of ours that does something else, as a shell script.
async fn misbehaving(folder: &Path, script: &str) -> Answer {
    let program = folder.join("child");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let received = received("a.pdf", &samples::pdf(), folder).await.unwrap();
    Confined::new(program).inspect(content(&received).await, received.size, FileType::Pdf, None).await
}

async fn content(received: &Received) -> Opened {
    received.file.content().await.unwrap()
}

#[tokio::test]
async fn u05_a_child_that_dies_lies_or_stalls_has_given_no_answer() {
    let folder = folder();
    let fine = r#"{"found":{"marking":"clean","unread":false,"preview":false}}"#;
    let good = misbehaving(folder.path(), &format!("cat >/dev/null; echo '{fine}'")).await;
    assert!(matches!(good, Answer::Found(_)), "the stand-in can answer: {good:?}");
    for (what, script) in [
        ("killed by a signal behind its answer", format!("cat >/dev/null; echo '{fine}'; kill -9 $$")),
        ("failed behind its answer", format!("cat >/dev/null; echo '{fine}'; exit 3")),
        ("said nothing", "cat >/dev/null".to_owned()),
        ("half a line", "cat >/dev/null; printf '{\"found\":{\"mark'".to_owned()),
        ("did not listen", format!("exec <&-; echo '{fine}'; exit 1")),
        ("stalled", "exec sleep 60".to_owned()),
        ("talks without end", "cat /dev/zero".to_owned()),
    ] {
        let answer = misbehaving(folder.path(), &script).await;
        assert!(matches!(answer, Answer::Nothing(_)), "{what}: {answer:?}");
    }
    let nobody = Confined::new("/nonexistent/program".into());
    let received = received("a.pdf", &samples::pdf(), folder.path()).await.unwrap();
    let answer = nobody.inspect(content(&received).await, received.size, FileType::Pdf, None).await;
    assert!(matches!(answer, Answer::Nothing(_)));
    let refusal = inspect(&nobody, received, folder.path()).await.unwrap_err();
    assert_eq!(refusal.code, "file.time", "no answer is never clean");
}

/// What the child may do is asked of a child: it reports its environment and limits, and what it was refused.
#[tokio::test]
async fn u05_the_child_has_no_environment_files_network_or_programs() {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_inspect-file"))
        .args(["inspect-file", "probe"])
        .env("TZXM_DATABASE", "postgres://secret")
        .output()
        .await
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{told:#}");
    assert!(!told.to_string().contains("secret"), "its environment is empty");
    assert_eq!(told["limits"], serde_json::json!([MEMORY, confined::CPU_SECONDS, 0, 0]));
    let missing = told["missing"].as_array().unwrap();
    if !missing.iter().any(|wall| wall.as_str().unwrap().starts_with("landlock")) {
        assert_eq!(told["reads_files"], false);
        assert_eq!(told["writes_files"], false);
    }
    if !missing.iter().any(|wall| wall.as_str().unwrap().starts_with("seccomp")) {
        assert_eq!(told["opens_sockets"], false);
        assert_eq!(told["starts_programs"], false);
    }
    assert_eq!(told["takes_memory"], false, "more than the limit is not to be had");
}
