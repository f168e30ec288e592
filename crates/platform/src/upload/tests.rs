//! The hostile set, rule by rule, and the good files beside it.

use super::{reason as r, reason::Reason, *};
use domain::Refusal;
use futures_util::stream::{self, Stream, StreamExt};
use ledger::DataKey;
use proptest::prelude::*;
use samples::*;
use std::{convert::Infallible, path::Path, time::Duration};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn left_behind(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

fn all_types() -> Slot {
    Slot { allowed: FileType::ALL.to_vec(), max_bytes: Slot::MAX_BYTES }
}

fn pieces(bytes: &[u8]) -> impl Stream<Item = Result<Vec<u8>, Infallible>> + use<> {
    let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(piece.to_vec())).collect();
    stream::iter(pieces)
}

/// The whole way through: receive, inspect.
async fn upload(name: &str, bytes: &[u8], folder: &Path) -> Result<(Received, Inspected), Refusal> {
    let received = receive(pieces(bytes), &all_types(), name, "", at(folder), Allowance::FULL).await?;
    inspect(&InProcess, received, folder).await
}

fn at(folder: &Path) -> (&Path, DataKey) {
    (folder, DataKey([5; 16]))
}

async fn content(file: &SealedFile) -> Vec<u8> {
    file.content().await.unwrap().read_all().await.unwrap()
}

/// Each file is refused by its rule, and leaves nothing behind.
async fn refused(cases: Vec<(&str, &str, Vec<u8>, Reason)>) {
    let folder = folder();
    for (what, name, bytes, Reason(code, message)) in cases {
        let refusal = upload(name, &bytes, folder.path()).await.expect_err(what);
        assert_eq!((refusal.code.as_ref(), refusal.message.as_str()), (code, message), "{what}");
        assert_eq!(left_behind(&folder), 0, "{what}");
    }
}

#[tokio::test]
async fn u01_good_files_of_every_type_are_taken() {
    let folder = folder();
    let chart = with(docx_parts(), "word/embeddings/Microsoft_Excel_Sheet.xlsx", zip(&xlsx_parts()));
    let packed = zip(&[
        entry("报告/", ""),
        entry("报告/可研.pdf", pdf()),
        entry("报告/申请.docx", zip(&chart)),
        entry(b"\xb1\x5c.jpg", jpg()),
    ]);
    let compressed =
        pdf_with(&[&stream_object("/Type /ObjStm /N 1 /First 5", b"10 0 << /Type /Annot /URI (http://a/JS) >>")], "");
    let mut depth_map = jpg();
    depth_map.extend(jpg());
    let many = zip(&(0..1000).map(|i| entry(format!("{i}.png"), png())).collect::<Vec<_>>());
    for (name, bytes) in [
        ("a.pdf", pdf()),
        ("压缩对象.PDF", compressed),
        ("a.jpg", jpg()),
        ("a.JPEG", depth_map),
        ("exif.jpg", jpg_with(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")),
        ("a.png", png()),
        ("a.docx", zip(&docx_parts())),
        ("chart.docx", zip(&chart)),
        ("a.xlsx", zip(&xlsx_parts())),
        ("a.ofd", zip(&ofd_parts())),
        ("a.dwg", dwg()),
        ("a.zip", packed),
        ("many.zip", many),
    ] {
        let (received, inspected) =
            upload(name, &bytes, folder.path()).await.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(received.size, bytes.len() as u64);
        let picture = matches!(received.file_type, FileType::Jpg | FileType::Png);
        assert_eq!(inspected.preview.is_some(), picture, "{name}");
    }
    assert_eq!(left_behind(&folder), 0, "temporary files and previews are guards");
}

#[tokio::test]
async fn u01_extension_declaration_magic_and_structure_agree() {
    let mut polyglot = b"GIF89a".to_vec();
    polyglot.extend(pdf());
    let mut cut_pdf = pdf();
    cut_pdf.truncate(cut_pdf.len() / 2);
    let mut cut_jpg = jpg();
    cut_jpg.truncate(cut_jpg.len() - 40);
    let mut cut_png = png();
    cut_png.truncate(cut_png.len() - 20);
    let mut cut_docx = zip(&docx_parts());
    cut_docx.truncate(cut_docx.len() - 30);
    let no_root = String::from_utf8_lossy(&pdf()).replace("/Root", "/Toor").into_bytes();
    refused(vec![
        ("program", "a.exe", b"MZ\x90\0\x03\0\0\0".to_vec(), r::NOT_ALLOWED),
        ("svg", "a.svg", b"<svg onload='x()'/>".to_vec(), r::NOT_ALLOWED),
        ("html", "a.html", b"<html></html>".to_vec(), r::NOT_ALLOWED),
        ("macro document", "a.docm", zip(&docx_parts()), r::NOT_ALLOWED),
        ("double extension", "a.pdf.exe", pdf(), r::NOT_ALLOWED),
        ("no extension", "pdf", pdf(), r::NOT_ALLOWED),
        ("only extension", ".pdf", pdf(), r::NOT_ALLOWED),
        ("empty", "a.pdf", vec![], r::EMPTY),
        ("three bytes", "a.jpg", b"\xff\xd8\xff".to_vec(), r::MAGIC),
        ("html as pdf", "a.pdf", b"<html><script>alert(1)</script></html>".to_vec(), r::MAGIC),
        ("program as docx", "a.docx", b"MZ\x90\0\x03\0\0\0\x04".to_vec(), r::MAGIC),
        ("png as jpg", "a.jpg", png(), r::MAGIC),
        ("jpg as png", "a.png", jpg(), r::MAGIC),
        ("gif and pdf", "a.pdf", polyglot, r::MAGIC),
        ("old word as docx", "a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), r::MAGIC),
        ("sheet as document", "a.docx", zip(&xlsx_parts()), r::MAGIC),
        ("document as sheet", "a.xlsx", zip(&docx_parts()), r::MAGIC),
        ("archive as ofd", "a.ofd", zip(&[entry("a.xml", "<a/>")]), r::MAGIC),
        ("archive as docx", "a.docx", zip(&[entry("a.txt", "a")]), r::MAGIC),
        ("unknown drawing", "a.dwg", b"AC9999 drawing".to_vec(), r::MAGIC),
        ("head of a drawing", "a.dwg", b"AC1032\0\0".to_vec(), r::BROKEN),
        ("cut pdf", "a.pdf", cut_pdf, r::BROKEN),
        ("pdf without root", "a.pdf", no_root, r::BROKEN),
        ("only a pdf header", "a.pdf", b"%PDF-1.7".to_vec(), r::BROKEN),
        ("cut jpg", "a.jpg", cut_jpg, r::BROKEN),
        ("cut png", "a.png", cut_png, r::BROKEN),
        ("cut docx", "a.docx", cut_docx, r::BROKEN),
    ])
    .await;
}

#[tokio::test]
async fn u01_declared_type_may_not_contradict() {
    let folder = folder();
    for (declared, fits) in [
        ("application/pdf", true),
        ("Application/PDF; charset=binary", true),
        ("application/octet-stream", true),
        ("", true),
        ("text/html", false),
        ("image/png", false),
        ("application/pdfx", false),
    ] {
        let result = receive(pieces(&pdf()), &all_types(), "a.pdf", declared, at(folder.path()), Allowance::FULL).await;
        assert_eq!(result.is_ok(), fits, "{declared}");
    }
    let only_pdf = Slot { allowed: vec![FileType::Pdf], max_bytes: 1000 };
    let result = receive(pieces(&zip(&ofd_parts())), &only_pdf, "a.zip", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::NOT_ALLOWED.0);
}

#[tokio::test]
async fn u02_bytes_are_counted_while_reading() {
    let folder = folder();
    let head = pdf();
    let endless = || stream::iter([head.clone()]).chain(stream::repeat(vec![b' '; 65_536])).map(Ok::<_, Infallible>);
    let generous = Slot { allowed: vec![FileType::Pdf], max_bytes: u64::MAX };
    let result = receive(endless(), &generous, "a.pdf", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::TOO_LARGE.0, "50 MB whatever the slot says");
    let result =
        receive(endless(), &generous, "a.pdf", "", at(folder.path()), Allowance { day: 100_000, ..Allowance::FULL })
            .await;
    assert_eq!(result.unwrap_err().code, r::QUOTA_DAY.0);
    let result =
        receive(endless(), &generous, "a.pdf", "", at(folder.path()), Allowance { item: 100_000, ..Allowance::FULL })
            .await;
    assert_eq!(result.unwrap_err().code, r::QUOTA_ITEM.0);
    let small = Slot { allowed: vec![FileType::Pdf], max_bytes: head.len() as u64 };
    assert!(
        receive(
            pieces(&head),
            &small,
            "a.pdf",
            "",
            at(folder.path()),
            Allowance { day: head.len() as u64, item: head.len() as u64 }
        )
        .await
        .is_ok()
    );
    let small = Slot { max_bytes: head.len() as u64 - 1, ..small };
    let result = receive(pieces(&head), &small, "a.pdf", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::TOO_LARGE.0);
    let torn = stream::iter([Ok(head), Err("connection reset")]);
    let result = receive(torn, &generous, "a.pdf", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::INTERRUPTED.0);
    assert_eq!(left_behind(&folder), 0);
}

#[tokio::test(start_paused = true)]
async fn a17_slow_uploads_end() {
    let folder = folder();
    let silent = stream::iter([Ok::<_, Infallible>(pdf())]).chain(stream::pending());
    let result = receive(silent, &all_types(), "a.pdf", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::SLOW.0, "silence");
    let drops = stream::iter(b"%PDF-1.7\n".iter().copied().chain(std::iter::repeat(b' '))).then(|byte| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>([byte])
    });
    let result = receive(drops, &all_types(), "a.pdf", "", at(folder.path()), Allowance::FULL).await;
    assert_eq!(result.unwrap_err().code, r::SLOW.0, "one byte a second");
    let silent = stream::iter([Ok::<_, Infallible>(pdf())]).chain(stream::pending());
    let slot = all_types();
    let gone = receive(silent, &slot, "a.pdf", "", at(folder.path()), Allowance::FULL);
    assert!(tokio::time::timeout(Duration::from_secs(1), gone).await.is_err(), "the client hangs up");
    assert_eq!(left_behind(&folder), 0);
}

#[tokio::test]
async fn u02_hash_is_that_of_the_content() {
    let folder = folder();
    let bytes = pdf();
    let received =
        receive(pieces(&bytes), &all_types(), "a.pdf", "", at(folder.path()), Allowance::FULL).await.unwrap();
    let whole = <sm3::Sm3 as sm3::Digest>::digest(&bytes);
    assert_eq!(received.sm3, hex::encode(whole));
    assert_eq!(content(&received.file).await, bytes);
    assert!(
        !std::fs::read(received.file.path()).unwrap().windows(5).any(|w| w == b"%PDF-"),
        "never in the clear (K-07)"
    );
}

#[tokio::test]
async fn u03_hostile_archives() {
    let file = |name: &str| zip(&[entry(name, pdf())]);
    let bomb = entry("xl/media/a.emf", vec![0u8; 20_000_000]);
    let flagged = |flags| zip(&[Entry { flags, ..entry("a.pdf", pdf()) }]);
    let mode = |mode| zip(&[Entry { mode, ..entry("a.pdf", "/etc/passwd") }]);
    let sized = |size| zip(&[Entry { size: Some(size), ..entry("a.pdf", pdf()) }]);
    let mut prefixed = b"PK\x03\x04 and then a program".to_vec();
    prefixed.extend(file("a.pdf"));
    let mut suffixed = file("a.pdf");
    suffixed.extend(b"<script>alert(1)</script>");
    let mut wrong_sum = file("a.pdf");
    wrong_sum[60] ^= 1;
    let two_names = Entry { local_name: Some(b"b.pdf".to_vec()), ..entry("a.pdf", pdf()) };
    let mut bomb_parts = xlsx_parts();
    bomb_parts.push(bomb);
    refused(vec![
        ("zip bomb", "a.xlsx", zip(&bomb_parts), r::RATIO),
        (
            "1001 entries",
            "a.zip",
            zip(&(0..1001).map(|i| entry(format!("{i}.pdf"), "")).collect::<Vec<_>>()),
            r::ENTRIES,
        ),
        ("zip-slip", "a.zip", file("../../etc/cron.d/a.pdf"), r::ENTRY_NAME),
        ("zip-slip inside", "a.zip", file("a/../../b.pdf"), r::ENTRY_NAME),
        ("zip-slip with backslash", "a.zip", file("..\\a.pdf"), r::ENTRY_NAME),
        ("backslash", "a.zip", file("a\\b.pdf"), r::ENTRY_NAME),
        ("absolute", "a.zip", file("/etc/a.pdf"), r::ENTRY_NAME),
        ("drive", "a.zip", file("C:a.pdf"), r::ENTRY_NAME),
        ("nul", "a.zip", file("a.pdf\0.exe"), r::ENTRY_NAME),
        ("line break", "a.zip", file("a\r\n.pdf"), r::ENTRY_NAME),
        ("no name", "a.zip", file(""), r::ENTRY_NAME),
        ("zip-slip in docx", "a.docx", zip(&with(docx_parts(), "../evil.xml", "<a/>")), r::ENTRY_NAME),
        ("duplicate", "a.zip", zip(&[entry("a.pdf", pdf()), entry("a.pdf", pdf())]), r::ENTRY_TWICE),
        ("duplicate on Windows", "a.zip", zip(&[entry("a.pdf", pdf()), entry("A.PDF", pdf())]), r::ENTRY_TWICE),
        ("overlap", "a.zip", zip_with(&[entry("a.pdf", pdf()), entry("b.pdf", pdf())], true), r::ENTRY_TWICE),
        ("symlink", "a.zip", mode(0o120_777), r::ENTRY_LINK),
        ("device", "a.zip", mode(0o020_666), r::ENTRY_LINK),
        ("encrypted entry", "a.zip", flagged(1), r::ENCRYPTED),
        ("encrypted docx", "a.docx", flagged(1), r::ENCRYPTED),
        ("size too small", "a.zip", sized(10), r::BROKEN),
        ("size too large", "a.zip", sized(1_000_000), r::BROKEN),
        ("checksum", "a.zip", wrong_sum, r::BROKEN),
        ("two names", "a.zip", zip(&[two_names]), r::BROKEN),
        ("bytes before", "a.zip", prefixed, r::MIXED),
        ("bytes behind", "a.zip", suffixed, r::MIXED),
        ("archive in archive", "a.zip", zip(&[entry("b.zip", file("a.pdf"))]), r::ENTRY_TYPE),
        ("program in archive", "a.zip", file("setup.exe"), r::ENTRY_TYPE),
        ("page in archive", "a.zip", file("index.html"), r::ENTRY_TYPE),
        ("renamed program in archive", "a.zip", zip(&[entry("a.pdf", "MZ\x01\0\x03\0\0\0")]), r::MAGIC),
        (
            "macro in archive",
            "a.zip",
            zip(&[entry("a.docx", zip(&with(docx_parts(), "word/vbaProject.bin", "x")))]),
            r::MACRO,
        ),
        ("empty archive", "a.zip", zip(&[]), r::MAGIC),
    ])
    .await;
}

#[test]
fn u03_output_is_counted_over_the_whole_inspection() {
    let budget = inspect::Budget::default();
    let half = (inspect::MAX_OUTPUT / 2) as usize;
    assert_eq!(budget.spend(half), Ok(()));
    assert_eq!(budget.clone().spend(half), Ok(()));
    assert_eq!(budget.spend(1), Err(r::OUTPUT));
}

#[tokio::test]
async fn u04_hostile_pictures() {
    let mut flood = png();
    flood[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let mut jpg_flood = jpg();
    let frame = jpg_flood.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    jpg_flood[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let sof: Vec<u8> = jpg_flood[frame + 4..frame + 19].to_vec();
    let mut html_behind = jpg();
    html_behind.extend(b"<html><script>alert(1)</script>");
    let mut html_behind_png = png();
    html_behind_png.extend(b"<script>alert(1)</script>");
    let mut zip_behind = jpg();
    zip_behind.extend(zip(&docx_parts()));
    let mut rotten = png();
    let data = rotten.windows(4).position(|w| w == b"IDAT").unwrap();
    rotten[data + 8] ^= 0xff;
    refused(vec![
        ("png flood", "a.png", flood, r::PIXELS),
        ("jpg flood", "a.jpg", jpg_flood, r::PIXELS),
        ("two frames", "a.jpg", jpg_with(0xc0, &sof), r::BROKEN),
        ("jpg+html behind", "a.jpg", html_behind, r::MIXED),
        ("jpg+html comment", "a.jpg", jpg_with(0xfe, b"<ScRiPt>alert(1)</script>"), r::MIXED),
        ("png+html behind", "a.png", html_behind_png, r::MIXED),
        ("png+html text", "a.png", png_with(b"tEXt", b"Comment\0<svg onload=x>"), r::MIXED),
        ("jpg+zip", "a.jpg", zip_behind, r::MIXED),
        ("rotten data", "a.png", rotten, r::BROKEN),
        ("only a head", "a.png", b"\x89PNG\r\n\x1a\n".to_vec(), r::BROKEN),
    ])
    .await;
}

#[tokio::test]
async fn u04_copy_has_no_metadata() {
    let folder = folder();
    let secret = b"GPS 39.9N 116.4E";
    for (name, bytes) in [("a.jpg", jpg_with(0xfe, secret)), ("a.png", png_with(b"tEXt", secret))] {
        let (received, inspected) = upload(name, &bytes, folder.path()).await.unwrap();
        let copy = content(inspected.preview.as_ref().unwrap()).await;
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|w| w == secret);
        assert!(holds(&content(&received.file).await) && !holds(&copy), "{name}");
        let picture = image::load_from_memory(&copy).unwrap();
        assert_eq!((picture.width(), picture.height()), (20, 10));
    }
}

#[tokio::test]
async fn u04_copy_stands_upright() {
    // Exif with the one entry "orientation: turn right".
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let folder = folder();
    let (_received, inspected) = upload("a.jpg", &jpg_with(0xe1, exif), folder.path()).await.unwrap();
    let picture = image::load_from_memory(&content(&inspected.preview.unwrap()).await).unwrap();
    assert_eq!((picture.width(), picture.height()), (10, 20));
}

#[tokio::test]
async fn u05_hostile_pdfs() {
    let with = |object: &str| pdf_with(&[object.as_bytes()], "");
    let packed = |dictionary: &str, data: &[u8]| pdf_with(&[&stream_object(dictionary, data)], "");
    let script = b"10 0 << /S /JavaScript /JS (app.alert(1)) >>";
    let mut behind = pdf();
    behind.extend(b"<html><script>alert(1)</script></html>");
    let bomb = vec![b' '; 33 * 1024 * 1024];
    refused(vec![
        ("javascript", "a.pdf", with("5 0 obj << /S /JavaScript >> endobj"), r::PDF_ACTIVE),
        ("js", "a.pdf", with("5 0 obj <</JS(app.alert(1))>> endobj"), r::PDF_ACTIVE),
        ("hex-escaped javascript", "a.pdf", with("5 0 obj <</S/#4aava#53cript>> endobj"), r::PDF_ACTIVE),
        ("hex-escaped js", "a.pdf", with("5 0 obj <</#4A#53 (x)>> endobj"), r::PDF_ACTIVE),
        ("launch", "a.pdf", with("5 0 obj <</S/Launch /F(cmd.exe)>> endobj"), r::PDF_ACTIVE),
        ("embedded file", "a.pdf", with("5 0 obj <</Type/EmbeddedFile>> endobj"), r::PDF_ACTIVE),
        ("rich media", "a.pdf", with("5 0 obj <</Subtype /RichMedia>> endobj"), r::PDF_ACTIVE),
        ("xfa", "a.pdf", with("5 0 obj <</AcroForm <</XFA 6 0 R>>>> endobj"), r::PDF_ACTIVE),
        ("in trailer", "a.pdf", pdf_with(&[], "/Names << /JavaScript 7 0 R >>"), r::PDF_ACTIVE),
        ("no space", "a.pdf", with("5 0obj<</JS 6 0 R>>endobj"), r::PDF_ACTIVE),
        ("comment before obj", "a.pdf", with("5 0 %x\nobj <</JS 6 0 R>> endobj"), r::PDF_ACTIVE),
        ("comment inside", "a.pdf", with("5 0 obj << % ) endobj\n/JS 6 0 R>> endobj"), r::PDF_ACTIVE),
        ("hidden in a string", "a.pdf", with("5 0 obj (6 0 obj <</JS 7 0 R>> endobj) endobj"), r::PDF_ACTIVE),
        (
            "hidden in a stream",
            "a.pdf",
            with("5 0 obj <<>> stream\n6 0 obj <</JS 7 0 R>>\nendstream endobj"),
            r::PDF_ACTIVE,
        ),
        ("unbalanced string", "a.pdf", with("5 0 obj (( endobj 6 0 obj <</JS 7 0 R>> endobj"), r::PDF_ACTIVE),
        ("object stream", "a.pdf", packed("/Type /ObjStm /N 1 /First 5", script), r::PDF_ACTIVE),
        ("object stream without type", "a.pdf", packed("/N 1 /First 5", script), r::PDF_ACTIVE),
        ("offset into a string", "a.pdf", packed("/Type /ObjStm /N 1 /First 5", b"10 1 (<</JS 1>>)"), r::PDF_ACTIVE),
        ("encrypted", "a.pdf", pdf_with(&[], "/Encrypt 8 0 R"), r::ENCRYPTED),
        ("hex-escaped encrypt", "a.pdf", pdf_with(&[], "/#45ncrypt 8 0 R"), r::ENCRYPTED),
        (
            "other filter",
            "a.pdf",
            with("5 0 obj <</Type/ObjStm/N 1/First 5/Filter/LZWDecode>> stream\nx\nendstream"),
            r::PDF_OPAQUE,
        ),
        (
            "indirect filter",
            "a.pdf",
            with("5 0 obj <</Type/ObjStm/N 1/First 5/Filter 6 0 R>> stream\nx\nendstream"),
            r::PDF_OPAQUE,
        ),
        (
            "indirect first",
            "a.pdf",
            with("5 0 obj <</Type/ObjStm/N 1/First 5 0 R>> stream\nx\nendstream"),
            r::PDF_OPAQUE,
        ),
        (
            "rotten object stream",
            "a.pdf",
            with("5 0 obj <</Type/ObjStm/N 1/First 5/Filter/FlateDecode>> stream\nxx"),
            r::PDF_OPAQUE,
        ),
        ("object stream bomb", "a.pdf", packed("/Type /ObjStm /N 1 /First 5", &bomb), r::PDF_OPAQUE),
        ("unbalanced strings over and over", "a.pdf", with(&"5 0 obj ( ".repeat(1000)), r::PDF_OPAQUE),
        ("pdf+html", "a.pdf", behind, r::MIXED),
    ])
    .await;
}

#[tokio::test]
async fn u06_hostile_office_files() {
    let docx = |name: &str, data: &str| zip(&with(docx_parts(), name, data));
    let xlsx = |name: &str, data: &str| zip(&with(xlsx_parts(), name, data));
    let relation = |inner: &str| docx("word/_rels/document.xml.rels", &relations(inner));
    let external = |kind: &str, target: &str, mode: &str| {
        relation(&format!(r#"<Relationship Id="r9" Type="{OFFICE}/{kind}" Target="{target}" {mode}/>"#))
    };
    let outside = r#"TargetMode="External""#;
    let field = |inner: &str| docx("word/document.xml", &document(inner));
    let macros = "application/vnd.ms-word.document.macroEnabled.main+xml";
    let dtd = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"#;
    let utf16: Vec<u8> = "\u{feff}<!DOCTYPE a><a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(vec![
        ("vba", "a.docx", docx("word/vbaProject.bin", "x"), r::MACRO),
        ("vba in other case", "a.xlsx", xlsx("xl/VBAPROJECT.BIN", "x"), r::MACRO),
        ("macro sheet", "a.xlsx", xlsx("xl/macrosheets/sheet1.xml", "<a/>"), r::MACRO),
        ("macro content type", "a.docx", docx("[Content_Types].xml", &content_types("/word/document.xml", macros)), r::MACRO),
        ("renamed vba", "a.docx", relation(r#"<Relationship Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="a.bin"/>"#), r::MACRO),
        ("template outside", "a.docx", external("attachedTemplate", "http://evil.example/a.dotm", outside), r::EXTERNAL),
        ("picture outside", "a.docx", external("image", "http://evil.example/a.png", outside), r::EXTERNAL),
        ("single quotes", "a.docx", external("image", "a.png", "TargetMode = 'External'"), r::EXTERNAL),
        ("character reference", "a.docx", external("image", "a.png", r#"TargetMode="&#69;xternal""#), r::EXTERNAL),
        ("mode left out", "a.docx", external("image", "https://evil.example/a.png", ""), r::EXTERNAL),
        ("network share", "a.docx", external("hyperlink", r"\\evil\share", outside), r::EXTERNAL),
        ("file link", "a.docx", external("hyperlink", "file:///c:/a.exe", outside), r::EXTERNAL),
        ("linked workbook", "a.xlsx", xlsx("xl/externalLinks/externalLink1.xml", "<a/>"), r::EXTERNAL),
        ("data connection", "a.xlsx", xlsx("xl/connections.xml", "<a/>"), r::EXTERNAL),
        ("ole object", "a.docx", docx("word/embeddings/oleObject1.bin", "x"), r::EMBEDDED),
        ("ole relation", "a.docx", external("oleObject", "a.bin", ""), r::EMBEDDED),
        ("active-x", "a.docx", docx("word/activeX/activeX1.xml", "<a/>"), r::EMBEDDED),
        ("program", "a.ofd", zip(&with(ofd_parts(), "Doc_0/Attachs/a.exe", "x")), r::EMBEDDED),
        ("program in disguise", "a.docx", docx("word/media/image1.png", "MZ\x01"), r::EMBEDDED),
        ("archive in disguise", "a.docx", docx("word/media/image1.png", "PK\x03\x04"), r::EMBEDDED),
        ("macro behind a chart", "a.docx", zip(&with(docx_parts(), "word/embeddings/a.xlsx", zip(&with(xlsx_parts(), "xl/vbaProject.bin", "x")))), r::MACRO),
        ("dtd", "a.docx", docx("word/document.xml", dtd), r::DTD),
        ("dtd in a sheet", "a.xlsx", xlsx("xl/worksheets/sheet1.xml", dtd), r::DTD),
        ("dtd in ofd", "a.ofd", zip(&with(ofd_parts(), "OFD.xml", dtd)), r::DTD),
        ("dtd in utf-16", "a.docx", zip(&with(docx_parts(), "word/document.xml", utf16)), r::DTD),
        ("utf-7", "a.docx", docx("word/document.xml", r#"<?xml version="1.0" encoding="UTF-7"?><a/>"#), r::DTD),
        ("dde", "a.docx", field(r"<w:instrText>DDEAUTO c:\\cmd.exe</w:instrText>"), r::FIELD_CODE),
        ("dde split", "a.docx", field(r"<w:fldChar/><w:instrText> D</w:instrText><w:r/><w:instrText>DE a</w:instrText>"), r::FIELD_CODE),
        ("dde by reference", "a.docx", field(r"<w:instrText>&#68;DE a</w:instrText>"), r::FIELD_CODE),
        ("simple field", "a.docx", field(r#"<w:fldSimple w:instr=" includetext http://a"/>"#), r::FIELD_CODE),
        ("spelt field", "a.docx", field(r"<w:fldChar/><w:fldChar/><w:instrText>QUOTE 68 68 69</w:instrText>"), r::FIELD_CODE),
        ("not xml", "a.docx", docx("word/document.xml", "a < b"), r::BROKEN),
        ("no content types", "a.docx", zip(&docx_parts()[1..]), r::MAGIC),
        ("no main part", "a.docx", zip(&docx_parts()[..3]), r::MAGIC),
    ])
    .await;
}

#[test]
fn u08_names() {
    let long = "长".repeat(196) + ".pdf";
    for (raw, clean) in [
        ("a.pdf", "a.pdf"),
        (" 可行性研究报告(终稿).PDF ", "可行性研究报告(终稿).PDF"),
        ("cafe\u{301}.pdf", "café.pdf"),
        (&long, &long),
    ] {
        assert_eq!(clean_name(raw).unwrap(), clean);
    }
    let signs = [
        "../a.pdf",
        "a/b.pdf",
        "..\\a.pdf",
        "C:\\fakepath\\a.pdf",
        "a\0.pdf",
        "a\r\nSet-Cookie: x.pdf",
        "a\u{202e}fdp.exe",
        "a\u{2066}.pdf",
        "a\u{200b}.pdf",
        "\u{feff}a.pdf",
        "a\u{2028}.pdf",
        "a\u{7f}.pdf",
        "a\u{85}b.pdf",
        "a\".pdf",
        "<script>.pdf",
        "a|b.pdf",
        "a?.pdf",
        "a*.pdf",
        "a.pdf:evil.exe",
        "a.exe.",
        "a\u{e0041}.pdf",
        "a\u{200f}.pdf",
    ];
    for name in signs {
        assert_eq!(clean_name(name).expect_err(name).code, r::NAME_SIGNS.0, "{name:?}");
    }
    for (name, reason) in [
        ("", r::NAME_EMPTY),
        ("  ", r::NAME_EMPTY),
        ("..", r::NAME_EMPTY),
        (&"a".repeat(300), r::NAME_LONG),
        (&"a".repeat(1_000_000), r::NAME_LONG),
        (&("长".repeat(197) + ".pdf"), r::NAME_LONG),
    ] {
        assert_eq!(clean_name(name).unwrap_err().code, reason.0);
    }
}

#[tokio::test]
async fn u08_files_lie_under_their_id() {
    let (root, temporary) = (folder(), folder());
    std::fs::write(temporary.path().join("left by a crash"), "x").unwrap();
    let store = LocalFiles::open(root.path(), temporary.path()).unwrap();
    assert_eq!(left_behind(&temporary), 0);
    let id = "f0123456789abcdefghjkmnpqrs";
    let source = temporary.path().join("upload");
    std::fs::write(&source, "content").unwrap();
    store.put(id, &source).await.unwrap();
    assert!(!source.exists());
    assert_eq!(std::fs::read(root.path().join("01/23").join(id)).unwrap(), b"content");
    assert_eq!(store.get(id).await.unwrap(), b"content");
    assert_eq!(store.open(id).await.unwrap().0, 7);
    store.delete(id).await.unwrap();
    store.delete(id).await.unwrap();
    assert_eq!(store.get(id).await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    for id in ["", "f", "../../etc/passwd", "f0123/../x", "f0123.x", "F01234567", "f0123\0abc", &"f".repeat(65)] {
        assert_eq!(store.get(id).await.unwrap_err().kind(), std::io::ErrorKind::InvalidInput, "{id:?}");
    }
}

#[test]
fn u09_no_browser_runs_a_download() {
    let value = |headers: &[(&str, String)], key: &str| {
        headers.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone()).unwrap()
    };
    for file_type in FileType::ALL {
        let headers = download_headers("a\"; x=\r\n报告.pdf", file_type);
        assert!(headers.iter().all(|(_, v)| v.bytes().all(|b| (0x20..0x7f).contains(&b))), "no header can be split");
        assert_eq!(
            value(&headers, "content-disposition"),
            "attachment; filename=\"a__ x_____.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%E6%8A%A5%E5%91%8A.pdf"
        );
        assert_eq!(value(&headers, "x-content-type-options"), "nosniff");
        assert_eq!(value(&headers, "content-security-policy"), "sandbox; default-src 'none'");
        let served = value(&headers, "content-type");
        assert!(!["svg", "html", "text/", "javascript"].iter().any(|word| served.contains(word)), "{served}");
        let inline = value(&preview_headers("a", file_type), "content-disposition").starts_with("inline");
        assert_eq!(inline, matches!(file_type, FileType::Jpg | FileType::Png));
    }
}

#[test]
fn u10_only_clean_is_usable() {
    for state in FileState::ALL {
        assert_eq!(state.is_usable(), state == FileState::Clean);
        assert_eq!(FileState::parse(state.slug()), Some(state));
        assert_eq!(serde_json::to_value(state).unwrap(), state.slug());
    }
    for file_type in FileType::ALL {
        assert_eq!(FileType::parse(file_type.slug()), Some(file_type));
    }
    let (found, unsure) = (Verdict::Infected("Eicar".into()), Verdict::Unsure("silence".into()));
    assert_eq!(FileState::Received.after(&Verdict::Clean), FileState::Clean);
    assert_eq!(FileState::Received.after(&Verdict::Skipped), FileState::Clean);
    assert_eq!(FileState::Received.after(&unsure), FileState::Scanning);
    assert_eq!(FileState::Scanning.after(&found), FileState::Refused);
    assert_eq!(FileState::Sealed.after(&Verdict::Clean), FileState::Sealed);
    assert_eq!(FileState::Refused.after(&Verdict::Clean), FileState::Refused);
}

mod clamd {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream, UnixListener},
    };

    /// What the stand-in does.
    #[derive(Clone, Copy)]
    enum Manner {
        /// Reads everything, then answers.
        Answers(&'static str),
        /// Reads some bytes, answers and hangs up, as at the size limit.
        Interrupts(&'static str),
        /// Never answers.
        Hangs,
    }

    /// Reads `INSTREAM` as clamd does; gives the content.
    async fn content(socket: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
        let mut command = [0; 10];
        socket.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        let mut content = Vec::new();
        loop {
            let mut piece = vec![0; socket.read_u32().await.unwrap() as usize];
            if piece.is_empty() {
                return content;
            }
            socket.read_exact(&mut piece).await.unwrap();
            content.extend(piece);
        }
    }

    async fn sealed(folder: &Path, bytes: &[u8]) -> SealedFile {
        let mut writer = SealedWriter::create(folder, DataKey([5; 16]), FilePart::Content).await.unwrap();
        writer.write(bytes).await.unwrap();
        writer.finish().await.unwrap()
    }

    async fn behave(mut socket: TcpStream, manner: Manner, sent: Vec<u8>) {
        match manner {
            Manner::Answers(answer) => {
                assert_eq!(content(&mut socket).await, sent);
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
            Manner::Interrupts(answer) => {
                socket.read_exact(&mut [0; 1000]).await.unwrap();
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
            Manner::Hangs => std::future::pending().await,
        }
    }

    async fn verdict(manner: Manner, size: usize) -> Verdict {
        let folder = folder();
        let bytes: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let file = sealed(folder.path(), &bytes).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ClamdAddress::Tcp(listener.local_addr().unwrap().to_string());
        let server = tokio::spawn(async move { behave(listener.accept().await.unwrap().0, manner, bytes).await });
        let verdict = Clamd { address, limit: Duration::from_millis(500) }.scan(&file).await;
        server.abort();
        verdict
    }

    fn is_unsure(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Unsure(_))
    }

    #[tokio::test]
    async fn u11_only_a_plain_ok_is_clean() {
        assert_eq!(verdict(Manner::Answers("stream: OK\0"), 200_000).await, Verdict::Clean);
        assert_eq!(verdict(Manner::Answers("stream: OK\0"), 0).await, Verdict::Clean);
        let found = verdict(Manner::Answers("stream: Win.Test.EICAR_HDB-1 FOUND\0"), 100).await;
        assert_eq!(found, Verdict::Infected("Win.Test.EICAR_HDB-1".into()));
        for answer in [
            "",
            "\0",
            "OK\0",
            "stream: OK",
            "stream: OK\n",
            "stream: ok\0",
            "stream: OK OK\0",
            "other: OK\0",
            "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
            "INSTREAM size limit exceeded. ERROR\0",
            "stream: Can't allocate memory ERROR\0",
            "UNKNOWN COMMAND\0",
        ] {
            let verdict = verdict(Manner::Answers(answer), 100).await;
            // Without its final NUL an answer may have been cut, so not even OK counts.
            assert!(is_unsure(&verdict), "{answer:?}: {verdict:?}");
        }
    }

    #[tokio::test]
    async fn u11_a_scanner_that_stops_midway_is_unsure() {
        assert!(is_unsure(&verdict(Manner::Interrupts("INSTREAM size limit exceeded. ERROR\0"), 20_000_000).await));
        assert!(is_unsure(&verdict(Manner::Interrupts(""), 20_000_000).await));
        assert!(is_unsure(&verdict(Manner::Interrupts("stream: OK\0"), 20_000_000).await), "OK before it saw all");
        assert!(is_unsure(&verdict(Manner::Hangs, 100).await));
        assert!(is_unsure(&verdict(Manner::Hangs, 20_000_000).await));
        let nobody = ClamdAddress::Unix("/nonexistent/clamd.sock".into());
        let folder = folder();
        let file = sealed(folder.path(), b"x").await;
        let clamd = Clamd { address: nobody, limit: Duration::from_millis(500) };
        assert!(is_unsure(&clamd.scan(&file).await));
        assert_eq!(NoScanner.scan(&file).await, Verdict::Skipped);
        std::fs::remove_file(file.path()).unwrap();
        assert!(is_unsure(&clamd.scan(&file).await));
    }

    #[tokio::test]
    async fn u11_clamd_by_unix_socket() {
        let folder = folder();
        let (file, socket) = (sealed(folder.path(), b"content").await, folder.path().join("clamd.sock"));
        let listener = UnixListener::bind(&socket).unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let content = content(&mut socket).await;
            socket.write_all(b"stream: OK\0").await.unwrap();
            content
        });
        let clamd = Clamd { address: ClamdAddress::Unix(socket), limit: Duration::from_secs(5) };
        assert_eq!(clamd.scan(&file).await, Verdict::Clean);
        assert_eq!(server.await.unwrap(), b"content");
    }
}

fn good(file_type: FileType) -> Vec<u8> {
    match file_type {
        FileType::Pdf => pdf_with(&[&stream_object("/Type /ObjStm /N 1 /First 5", b"10 0 << /A [1 (b)] >>")], ""),
        FileType::Jpg => jpg(),
        FileType::Png => png(),
        FileType::Docx => zip(&docx_parts()),
        FileType::Xlsx => zip(&xlsx_parts()),
        FileType::Ofd => zip(&ofd_parts()),
        FileType::Dwg => dwg(),
        FileType::Zip => zip(&[entry("a.pdf", pdf()), entry("b.jpg", jpg())]),
    }
}

fn examine(file_type: FileType, bytes: Vec<u8>) -> bool {
    inspect::look(bytes, file_type, &inspect::Budget::default()).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn u01_inspection_never_panics_on_random_bytes(
        index in 0..FileType::ALL.len(),
        keep in 0usize..64,
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let file_type = FileType::ALL[index];
        let mut start = good(file_type);
        start.truncate(keep);
        start.extend(bytes);
        let accepted = examine(file_type, start);
        prop_assert!(!accepted || file_type == FileType::Dwg);
    }

    #[test]
    fn u01_inspection_never_panics_on_damaged_files(
        index in 0..FileType::ALL.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let file_type = FileType::ALL[index];
        let mut bytes = good(file_type);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        examine(file_type, bytes);
    }

    #[test]
    fn u08_a_clean_name_is_clean_again_and_splits_no_header(name in "\\PC{0,40}") {
        if let Ok(clean) = clean_name(&name) {
            prop_assert_eq!(&clean_name(&clean).unwrap(), &clean);
            for (_, value) in download_headers(&clean, FileType::Pdf) {
                prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)));
            }
        }
    }
}
