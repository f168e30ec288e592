//! Papers as their holder gets them: read back by poppler, scanned by zbar.

#![allow(clippy::expect_used)] // helpers of tests

mod samples;

use documents::{FontSettings, PrintError, Printer};
use domain::document::{Document, DocumentKind};
use samples::paper;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

static PRINTER: LazyLock<Printer> =
    LazyLock::new(|| Printer::new(&FontSettings::default()).expect("the fonts of fonts-noto-cjk"));

/// One kind for each template.
const LOOKS: [DocumentKind; 3] =
    [DocumentKind::CodeCertificate, DocumentKind::ReceiptSlip, DocumentKind::CorrectionNotice];

fn print(paper: &Document) -> Vec<u8> {
    PRINTER.print(paper).unwrap_or_else(|fault| panic!("{:?}: {fault}", paper.kind))
}

/// Runs a tool the tests cannot do without.
fn run(program: &str, package: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|fault| panic!("cannot start {program} ({fault}): install the package {package}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A PDF in a folder of its own.
struct Printed(tempfile::TempDir);

impl Printed {
    fn new(pdf: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("paper.pdf"), pdf).expect("written");
        Self(folder)
    }

    /// All text without blanks and page numbers, in the order it was set.
    fn text(&self) -> String {
        let all = run("pdftotext", "poppler-utils", &["-raw", "paper.pdf", "-"], self.0.path());
        let pages = all.split('\u{c}').enumerate();
        pages.map(|(n, page)| squeezed(page).replace(&format!("—{}—", n + 1), "")).collect()
    }

    fn pages(&self) -> usize {
        let info = run("pdfinfo", "poppler-utils", &["paper.pdf"], self.0.path());
        let line = info.lines().find_map(|line| line.strip_prefix("Pages:")).expect("a page count");
        line.trim().parse().expect("a number")
    }

    fn scanned(&self) -> String {
        let folder = self.0.path();
        let last = self.pages().to_string();
        run(
            "pdftoppm",
            "poppler-utils",
            &["-r", "150", "-png", "-singlefile", "-f", &last, "paper.pdf", "page"],
            folder,
        );
        run("zbarimg", "zbar-tools", &["--quiet", "--raw", "page.png"], folder).trim_end().to_owned()
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Every text of a paper that must be readable on it.
fn texts(paper: &Document) -> Vec<&str> {
    let head = [paper.kind.title(), &paper.number, &paper.issuer, &paper.addressee];
    let project = [&*paper.project_name, &paper.project_code, &paper.check_value, "扫码核验"];
    let long = paper.paragraphs.iter().chain(&paper.points).chain(&paper.closing);
    let cells = paper.rows.iter().flat_map(|(label, value)| [label, value]);
    head.into_iter().chain(project).chain(long.chain(cells).map(String::as_str)).collect()
}

fn assert_readable(paper: &Document, text: &str) {
    for wanted in texts(paper) {
        assert!(text.contains(&squeezed(wanted)), "{:?} lacks {wanted:?} in {text}", paper.kind);
    }
}

#[test]
fn every_kind_is_one_page_that_can_be_read_back_and_scanned() {
    for kind in DocumentKind::ALL {
        let paper = paper(kind);
        let printed = Printed::new(&print(&paper));
        let text = printed.text();
        assert_readable(&paper, &text);
        assert!(text.contains("2026年11月24日"), "{kind:?}: no date of issue");
        assert_eq!(printed.pages(), 1, "{kind:?}");
        assert_eq!(printed.scanned(), paper.verify_url, "{kind:?}");
    }
}

#[test]
fn papers_declare_archival_pdf_and_embed_subset_fonts_with_unicode_maps() {
    for kind in DocumentKind::ALL {
        let pdf = print(&paper(kind));
        let printed = Printed::new(&pdf);
        let metadata = run("pdfinfo", "poppler-utils", &["-meta", "paper.pdf"], printed.0.path());
        assert!(metadata.contains("<pdfaid:part>2</pdfaid:part>"), "{metadata}");
        assert!(metadata.contains("<pdfaid:conformance>U</pdfaid:conformance>"), "{metadata}");
        let fonts = run("pdffonts", "poppler-utils", &["paper.pdf"], printed.0.path());
        for font in fonts.lines().skip(2) {
            // Columns: … emb sub uni object id
            let columns: Vec<&str> = font.split_whitespace().rev().skip(2).take(3).collect();
            assert_eq!(columns, ["yes", "yes", "yes"], "{font}");
        }
    }
}

#[test]
fn art13_a_project_name_never_stands_without_its_code() {
    for kind in LOOKS {
        let bare = Document {
            rows: Vec::new(),
            paragraphs: Vec::new(),
            points: Vec::new(),
            closing: Vec::new(),
            ..paper(kind)
        };
        assert_readable(&bare, &Printed::new(&print(&bare)).text());
    }
}

#[test]
fn permit_law_art32_2_only_the_organs_own_papers_name_a_place_for_its_seal() {
    let sealed: Vec<_> = DocumentKind::ALL
        .into_iter()
        .filter(|kind| Printed::new(&print(&paper(*kind))).text().contains("（印章）"))
        .collect();
    assert_eq!(
        sealed,
        [
            DocumentKind::AcceptanceNotice,
            DocumentKind::CorrectionNotice,
            DocumentKind::NonAcceptanceNotice,
            DocumentKind::CompletionNotice,
            DocumentKind::JointCompletionNotice,
            DocumentKind::ExtensionNotice,
            DocumentKind::TransferNotice,
            DocumentKind::RevocationNotice,
            DocumentKind::AmendmentNotice,
            DocumentKind::CommitmentCheckNotice,
        ]
    );
}

#[test]
fn hostile_text_comes_out_literally() {
    let hostile = r##"#panic("x") *粗* $x^2$ <标签> @引用 _斜_ `码` \u{41} = 标题 // 注 /* 注 */ "直" '单' -- --- ~ [方] {花} %s &amp; \"##;
    for kind in LOOKS {
        let mut paper = paper(kind);
        paper.project_name = format!("{hostile}㛃䶮");
        paper.addressee = hostile.to_owned();
        paper.number.push_str("#1");
        paper.paragraphs.push(hostile.to_owned());
        paper.rows.push((hostile.to_owned(), hostile.to_owned()));
        paper.points.push(hostile.to_owned());
        paper.closing.push(hostile.to_owned());
        assert_readable(&paper, &Printed::new(&print(&paper)).text());
    }
}

#[test]
fn controls_vanish_and_characters_without_a_glyph_are_named() {
    let mut paper = paper(DocumentKind::CorrectionNotice);
    paper.points = vec![
        "甲\u{0}乙\u{202E}丙\u{1b}[31m丁\u{FE0F}戊".to_owned(),
        "风机🏗️基础\u{FFFE}".to_owned(),
        "上行\r\n下行".to_owned(),
    ];
    let text = Printed::new(&print(&paper)).text();
    for wanted in ["1.甲乙丙[31m丁戊", "2.风机[U+1F3D7]基础[U+FFFE]", "3.上行下行"] {
        assert!(text.contains(wanted), "{wanted:?} in {text}");
    }
}

#[test]
fn very_long_names_wrap_inside_the_page() {
    let name = "内蒙古自治区锡林郭勒盟西乌珠穆沁旗巴拉嘎尔高勒镇".repeat(6);
    let key = "KEY-".repeat(60);
    for kind in LOOKS {
        let paper = Document {
            issuer: name.chars().take(60).collect(),
            addressee: name.clone(),
            project_name: name.clone(),
            rows: vec![(name.chars().take(20).collect(), name.clone()), ("密钥".into(), key.clone())],
            ..paper(kind)
        };
        let printed = Printed::new(&print(&paper));
        assert_readable(&paper, &printed.text());
        assert_eq!(printed.scanned(), paper.verify_url);
        // Text cut to the page less 15 mm all round is still all there: nothing runs over the edge.
        let inside = ["-raw", "-x", "42", "-y", "0", "-W", "511", "-H", "842", "paper.pdf", "-"];
        let cut = squeezed(&run("pdftotext", "poppler-utils", &inside, printed.0.path()).replace('\u{c}', ""));
        assert!(cut.contains(&name) && cut.contains(&key), "{kind:?}: {cut}");
    }
}

#[test]
fn forty_points_and_rows_run_over_pages_and_the_sign_off_is_not_alone() {
    for kind in LOOKS {
        let mut paper = paper(kind);
        paper.points = (1..=40)
            .map(|n| format!("第{n}项需要补正的材料：请按照办事指南的样表重新填写并加盖公章后上传。"))
            .collect();
        paper.rows =
            (1..=40).map(|n| (format!("事项{n}"), format!("第{n}行的内容写得稍微长一些，以便占满整整一行"))).collect();
        let printed = Printed::new(&print(&paper));
        assert!(printed.pages() >= 3, "{kind:?}");
        assert_readable(&paper, &printed.text());
        assert_eq!(printed.scanned(), paper.verify_url);
        let last = printed.pages().to_string();
        let end = run("pdftotext", "poppler-utils", &["-raw", "-f", &last, "paper.pdf", "-"], printed.0.path());
        assert!(end.lines().count() > 6, "{kind:?} signs on a page of its own: {end}");
    }
}

#[test]
fn equal_papers_give_equal_bytes_and_different_papers_do_not() {
    let fresh = Printer::new(&FontSettings::default()).expect("fonts");
    for kind in LOOKS {
        let mut paper = paper(kind);
        let first = print(&paper);
        assert_eq!(first, print(&paper));
        assert_eq!(first, fresh.print(&paper).expect("printed"), "{kind:?}: another printer");
        paper.check_value = "0000000000000000".to_owned();
        assert_ne!(first, print(&paper));
    }
}

#[test]
fn a_completion_notice_is_small_enough_to_mail() {
    let bytes = print(&paper(DocumentKind::CompletionNotice)).len();
    assert!(bytes <= 60_000, "{bytes} bytes");
}

#[test]
fn a_check_address_too_long_for_a_qr_code_is_refused() {
    let paper = Document { verify_url: "x".repeat(3000), ..paper(DocumentKind::ReceiptSlip) };
    assert!(matches!(PRINTER.print(&paper), Err(PrintError::VerifyUrl { length: 3000 })));
}

#[test]
fn a_missing_font_names_the_package_to_install() {
    let missing = |file: &str| {
        let settings = FontSettings { paths: vec![PathBuf::from("nowhere").join(file)] };
        Printer::new(&settings).err().expect("refused").to_string()
    };
    assert!(missing("NotoSerifCJK-Bold.ttc").contains("apt-get install fonts-noto-cjk"));
    assert!(missing("FZXBSJW.ttf").contains("请检查设置中的字体路径"));
}

#[test]
fn a_file_that_is_no_font_and_no_file_at_all_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ttf");
    std::fs::write(&path, "no font").expect("written");
    assert!(matches!(Printer::new(&FontSettings { paths: vec![path] }), Err(PrintError::NoFontInFile { .. })));
    assert!(matches!(Printer::new(&FontSettings { paths: Vec::new() }), Err(PrintError::NoFonts)));
}
