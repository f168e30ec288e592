//! K-06 and G-17: scans are painted, read and judged in confined children. Needs tesseract with simplified Chinese and fonts-noto-cjk
//! (`scripts/setup.sh`); without them these tests fail, they are never skipped.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use confined::{Confined, Tesseract};
use domain::marking::{Verdict, check_scan};
use futures_util::{StreamExt, stream};
use ledger::DataKey;
use platform::upload::{
    Answer, FilePart, FileType, Found, Inspector, Marking, Painted, Reader, Reading, SealedWriter, View,
};
use samples::{Fonts, Glass, Paper, scan_jpg, scan_pdf, scan_png};
use std::path::Path;

const PROGRAM: &str = "/usr/bin/tesseract";
const DATA: &str = "/usr/share/tesseract-ocr/5/tessdata";
const OURS: &str = env!("CARGO_BIN_EXE_inspect-file");

fn reader() -> Tesseract {
    let reader = Tesseract::new(OURS.into(), Path::new(PROGRAM), Path::new(DATA));
    assert!(
        reader.is_there() && Path::new(DATA).join("chi_sim.traineddata").is_file(),
        "tesseract with simplified Chinese is missing: run scripts/setup.sh"
    );
    reader
}

/// What becomes of a file: inspected where asked, painted and read.
async fn judged(reader: &Tesseract, bytes: &[u8], file_type: FileType, is_looked_at: bool) -> (Verdict, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SealedWriter::create(folder.path(), DataKey([9; 16]), FilePart::Content).await.unwrap();
    writer.write(bytes).await.unwrap();
    let file = writer.finish().await.unwrap();
    let (child, size) = (Confined::new(OURS.into()), bytes.len() as u64);
    if is_looked_at {
        let answer = child.inspect(file.content().await.unwrap(), size, file_type, None).await;
        let Answer::Found(Found { marking, unread, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!((marking, unread), (Marking::Clean, true), "no rule can read it as it is");
    }
    let Painted { png, .. } = child.paint(file.content().await.unwrap(), size, file_type, View::Top).await.unwrap();
    let text = match reader.read(png).await {
        Reading::Text(text) => text,
        Reading::Nothing(why) => panic!("not read: {why}"),
    };
    (check_scan(&text), text)
}

const MARKS: [&str; 20] = [
    "绝密★",
    "机密★",
    "秘密★",
    "绝密★长期",
    "机密★长期",
    "秘密★长期",
    "绝密★30年",
    "机密★20年",
    "机密★10年",
    "秘密★10年",
    "秘密★5年",
    "秘密★6个月",
    "机密★启用前",
    "秘密★解密前",
    "机密★公布前",
    "机  密",
    "000012\n机密★10年",
    "秘密 3年",
    "机密级★20年\n特急",
    "涉密文件  注意保存",
];
const CORNERS: [&str; 20] = [
    "",
    "000012",
    "特急",
    "平急",
    "公开",
    "依申请公开",
    "主动公开",
    "附件1",
    "附件：项目申报表",
    "申报材料（二）",
    "编号：2026-018",
    "商业秘密 注意保护",
    "内部资料",
    "第3页 共12页",
    "共印20份",
    "正本",
    "副本",
    "投资项目备案证",
    "加急",
    "No.2026031",
];
const HEADINGS: [&str; 5] =
    ["内蒙古自治区文件", "赤峰市发展和改革委员会", "建设项目用地预审意见书", "营业执照", "关于商业秘密保护的承诺书"];
const TEXT: &str = "关于某风电场项目核准的请示\n内发改〔2026〕128号\n自治区发展和改革委员会：\n根据企业投资项目核准和备案管理条例，\n现将项目有关情况报告如下。\n一、建设地点：赤峰市克什克腾旗。\n二、建设规模：总装机容量10万千瓦。\n三、总投资：65000万元。";

/// The way the i-th paper is scanned: dots, angle, noise and kind of file vary independently.
fn scanned(fonts: &Fonts, corner: &str, i: usize) -> (Vec<u8>, FileType) {
    let glass = Glass {
        dpi: [150.0, 200.0, 240.0][i % 3],
        degrees: [-2.0, -1.0, 0.0, 1.0, 1.5, 2.0][i % 6] * if i % 4 == 3 { 0.5 } else { 1.0 },
        noise: [8, 20, 32, 40][i / 3 % 4],
        song: i % 2 == 1,
        seed: 1 + i as u64,
    };
    let picture = glass.scan(fonts, &Paper { corner, heading: HEADINGS[i / 20 % HEADINGS.len()], text: TEXT });
    match i / 2 % 3 {
        0 => (scan_pdf(&picture), FileType::Pdf),
        1 => (scan_jpg(&picture), FileType::Jpg),
        _ => (scan_png(&picture), FileType::Png),
    }
}

/// Scans every corner five times, each time otherwise; gives what was read of those that came out as they should not.
async fn wrong(corners: &[&str], marked: bool) -> (usize, Vec<String>) {
    let (reader, fonts) = (reader(), Fonts::read().unwrap());
    let jobs = stream::iter((0..corners.len() * HEADINGS.len()).map(|i| {
        let (reader, fonts) = (&reader, &fonts);
        async move {
            let corner = corners[i % corners.len()];
            let (bytes, file_type) = scanned(fonts, corner, i);
            let (verdict, text) = judged(reader, &bytes, file_type, i % 12 == 0).await;
            ((verdict != Verdict::Clean) != marked).then(|| format!("{i} {corner:?}: {verdict:?} {text:?}"))
        }
    }));
    let outcomes: Vec<_> = jobs.buffer_unordered(2).collect().await;
    (outcomes.len(), outcomes.into_iter().flatten().collect())
}

#[tokio::test]
async fn k06_marks_on_noised_scans_are_found() {
    let (tried, missed) = wrong(&MARKS, true).await;
    println!("{tried} scans with a mark, {} missed", missed.len());
    assert!(tried >= 100 && missed.len() * 100 <= tried * 2, "{missed:#?}");
}

#[tokio::test]
async fn k06_scans_without_a_mark_pass() {
    // 商业秘密 is no marking, but on a noisy scan its first character may be read as another one: a person then decides.
    let (tried, held) = wrong(&CORNERS, false).await;
    assert!(tried >= 100 && held.len() * 100 <= tried * 3, "{held:#?}");
}

#[tokio::test]
async fn k06_the_reader_reaches_nothing_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    std::fs::write(&canary, "secret\n").unwrap();
    // A shell in the place of tesseract runs the script that is called as the first word tesseract would get.
    let script = format!(
        "read a < data && echo own:$a\nread a < {canary} && echo outside:$a\nread a < /etc/passwd && echo etc:$a\n\
         echo x > written && echo wrote\nulimit -t\nulimit -f\n",
        canary = canary.display()
    );
    std::fs::write(folder.path().join("stdin"), script).unwrap();
    std::fs::write(folder.path().join("data"), "words\n").unwrap();
    let shell = std::fs::canonicalize("/bin/sh").unwrap();
    let reader = Tesseract::new(OURS.into(), &shell, folder.path());
    let said = reader.read(Vec::new()).await;
    assert_eq!(said, Reading::Text("own:words\n20\n0\n\nown:words\n20\n0\n\n".to_owned()));
    for (script, what) in [
        ("exec /bin/true\n", "no other program in its place"),
        ("/bin/true\n", "no other process"),
        ("exit 3\n", "an end that is not good is no answer"),
    ] {
        std::fs::write(folder.path().join("stdin"), script).unwrap();
        assert!(matches!(reader.read(Vec::new()).await, Reading::Nothing(_)), "{what}");
    }
    let missing = Tesseract::new(OURS.into(), Path::new("/usr/bin/no-such-reader"), folder.path());
    assert!(!missing.is_there() && matches!(missing.read(Vec::new()).await, Reading::Nothing(_)));
}

#[tokio::test]
async fn u05_pages_are_painted_in_the_child() {
    let child = Confined::new(OURS.into());
    let folder = tempfile::tempdir().unwrap();
    let bytes = samples::pdf_text("一、项目概况\n二、建设规模");
    let mut writer = SealedWriter::create(folder.path(), DataKey([9; 16]), FilePart::Content).await.unwrap();
    writer.write(&bytes).await.unwrap();
    let file = writer.finish().await.unwrap();
    let paint = async |view| child.paint(file.content().await.unwrap(), bytes.len() as u64, FileType::Pdf, view).await;
    let page = paint(View::Page(1)).await.unwrap();
    assert!(page.pages == 1 && page.words.contains("一、项目概况"), "{:?}", page.words);
    let picture = image::load_from_memory(&page.png).unwrap();
    assert!(picture.height() <= 1754 && picture.width() > 1000, "{}", picture.height());
    for view in [View::Page(0), View::Page(2)] {
        assert!(paint(view).await.is_err(), "{view:?}");
    }
    let broken = child.paint(file.content().await.unwrap(), 7, FileType::Pdf, View::Page(1)).await;
    assert!(broken.is_err(), "the size was a lie");
}
