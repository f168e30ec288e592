//! A table of texts from a spreadsheet (xlsx) or a text file (csv): values only, with limits on everything that is read (S-05, U-03).

use super::{COLUMNS, MOST_ROWS};
use csv::ReaderBuilder;
use domain::Refusal;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use std::io::{BufRead, BufReader, Cursor, Read};
use zip::ZipArchive;

/// Largest file, in bytes.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Most bytes one part of a spreadsheet unfolds to.
const MOST_UNFOLDED: u64 = 16 * 1024 * 1024;
/// Most entries of a spreadsheet.
const MOST_ENTRIES: usize = 200;
/// Longest text of one cell, in characters.
const LONGEST: usize = 300;
/// Texts a spreadsheet may share.
const MOST_TEXTS: usize = 20_000;

/// Rows of cells, the heading first.
pub type Table = Vec<Vec<String>>;

fn wrong(code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::field("file", code, words.into())
}

fn broken() -> Refusal {
    wrong("staff.broken", "文件不是完整的 xlsx 电子表格，请用 WPS 或者 Excel 重新另存后再试。")
}

/// Reads the file; its content says which kind it is, not its name.
pub fn read(content: &[u8]) -> Result<Table, Refusal> {
    if content.is_empty() {
        return Err(wrong("staff.empty", "请选择填好的人员名册文件。"));
    }
    if content.len() > MOST_BYTES {
        return Err(wrong("staff.size", "文件超过 2 MB，请删除多余的行和图片，或者分几次导入。"));
    }
    if content.starts_with(b"PK") { spreadsheet(content) } else { text(&decoded(content)?) }
}

/// UTF-8, or GBK as Chinese office programs save csv files.
fn decoded(content: &[u8]) -> Result<String, Refusal> {
    let unreadable = || wrong("staff.encoding", "文件的文字编码无法识别，请另存为 UTF-8 编码的 csv 或者 xlsx。");
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if content.contains(&0) {
        return Err(unreadable());
    }
    match std::str::from_utf8(content) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => encoding_rs::GBK
            .decode_without_bom_handling_and_without_replacement(content)
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(unreadable),
    }
}

/// A table of comma or tab separated values.
pub fn text(text: &str) -> Result<Table, Refusal> {
    let tabs = text.lines().next().is_some_and(|line| line.contains('\t'));
    let separator = if tabs { b'\t' } else { b',' };
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut table = Table::new();
    for record in reader.records() {
        let record = record.map_err(|_| wrong("staff.broken", "文件的引号或者换行不成对，请检查后重试。"))?;
        push(&mut table, record.iter().take(COLUMNS.len()).map(cut).collect())?;
    }
    Ok(table)
}

/// At most so many characters; whatever is longer is refused later as too long, not kept.
fn cut(text: &str) -> String {
    text.trim().chars().take(LONGEST + 1).collect()
}

fn push(table: &mut Table, row: Vec<String>) -> Result<(), Refusal> {
    // Empty lines keep their number, so that people find the row again; those at the end are dropped.
    if table.len() > MOST_ROWS {
        let words = format!("一次最多导入 {MOST_ROWS} 行，请分几次导入。");
        return Err(wrong("staff.rows", words));
    }
    table.push(row);
    Ok(())
}

fn spreadsheet(content: &[u8]) -> Result<Table, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|_| broken())?;
    if archive.len() > MOST_ENTRIES {
        return Err(broken());
    }
    let texts = match part(&mut archive, "xl/sharedStrings.xml")? {
        Some(xml) => shared(&xml)?,
        None => Vec::new(),
    };
    let first = (1..=9).map(|number| format!("xl/worksheets/sheet{number}.xml"));
    for name in first {
        if let Some(xml) = part(&mut archive, &name)? {
            return sheet(&xml, &texts);
        }
    }
    Err(broken())
}

/// A part, unfolded within its limit.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let Ok(entry) = archive.by_name(name) else { return Ok(None) };
    let mut content = Vec::new();
    entry.take(MOST_UNFOLDED + 1).read_to_end(&mut content).map_err(|_| broken())?;
    if content.len() as u64 > MOST_UNFOLDED {
        return Err(wrong("staff.size", "表格展开后过大，请只保留人员名册一张表后再试。"));
    }
    Ok(Some(content))
}

type Xml<'a> = Reader<BufReader<&'a [u8]>>;

fn xml(content: &[u8]) -> Result<Xml<'_>, Refusal> {
    let mut reader = BufReader::new(content);
    // Office programs write UTF-8; another encoding would hide what is in it.
    if matches!(reader.fill_buf().map_err(|_| broken())?, [0xfe | 0xff | 0, ..] | [_, 0, ..]) {
        return Err(broken());
    }
    Ok(Reader::from_reader(reader))
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, Refusal> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| broken())?;
        if attribute.key.local_name().as_ref() == name {
            return attribute.normalized_value(XmlVersion::Implicit1_0).map(|v| v.into_owned()).map_err(|_| broken());
        }
    }
    Ok(String::new())
}

/// The texts that cells refer to; phonetic guides beside them are left out.
fn shared(content: &[u8]) -> Result<Vec<String>, Refusal> {
    let (mut reader, mut buffer) = (xml(content)?, Vec::new());
    let (mut texts, mut now, mut inside, mut phonetic) = (Vec::new(), String::new(), false, false);
    loop {
        match reader.read_event_into(&mut buffer).map_err(|_| broken())? {
            Event::DocType(_) => return Err(broken()),
            Event::Start(element) => match element.local_name().as_ref() {
                "si" => now.clear(),
                "rPh" => phonetic = true,
                "t" => inside = !phonetic,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "si" if texts.len() >= MOST_TEXTS => return Err(broken()),
                "si" => texts.push(cut(&now)),
                "rPh" => phonetic = false,
                "t" => inside = false,
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "si" => texts.push(String::new()),
            Event::Text(text) if inside => now.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if inside => now.push_str(&referred(&reference)?),
            Event::Eof => return Ok(texts),
            _ => {}
        }
        buffer.clear();
    }
}

fn referred(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, Refusal> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|_| broken())? {
        return Ok(letter.to_string());
    }
    let name: &str = reference;
    Ok(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return Err(broken()),
    }
    .to_owned())
}

/// Column of a cell such as `B7`, from 0; `None` beyond what is read.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_uppercase);
    let number = letters.fold(0_usize, |n, b| n.saturating_mul(26).saturating_add(usize::from(b - b'A') + 1));
    number.checked_sub(1).filter(|column| *column < COLUMNS.len())
}

/// A cell as it is being read.
#[derive(Default)]
struct Cell {
    column: Option<usize>,
    kind: String,
    value: String,
    formula: bool,
}

impl Cell {
    fn text(&self, texts: &[String]) -> String {
        if self.formula {
            // Told as a fault of its row; its last result is not believed.
            return format!("={}", cut(&self.value));
        }
        match self.kind.as_str() {
            "s" => self.value.trim().parse::<usize>().ok().and_then(|at| texts.get(at)).cloned().unwrap_or_default(),
            _ => cut(&self.value),
        }
    }
}

fn sheet(content: &[u8], texts: &[String]) -> Result<Table, Refusal> {
    let (mut reader, mut buffer) = (xml(content)?, Vec::new());
    let (mut table, mut row, mut cell, mut inside) =
        (Table::new(), vec![String::new(); COLUMNS.len()], Cell::default(), false);
    loop {
        match reader.read_event_into(&mut buffer).map_err(|_| broken())? {
            Event::DocType(_) => return Err(broken()),
            Event::Start(element) => match element.local_name().as_ref() {
                "row" => {
                    // A row that names its number keeps it, as far as the limit goes.
                    let number = attribute(&element, "r")?.parse::<usize>().unwrap_or(table.len() + 1);
                    while table.len() + 1 < number.min(MOST_ROWS + 2) {
                        push(&mut table, Vec::new())?;
                    }
                    row = vec![String::new(); COLUMNS.len()];
                }
                "c" => {
                    let column = column(&attribute(&element, "r")?);
                    cell = Cell { column, kind: attribute(&element, "t")?, ..Cell::default() };
                }
                "f" => cell.formula = true,
                "v" | "t" => inside = true,
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "f" => cell.formula = true,
            Event::Text(text) if inside => cell.value.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if inside => cell.value.push_str(&referred(&reference)?),
            Event::End(element) => match element.local_name().as_ref() {
                "v" | "t" => inside = false,
                "c" => {
                    if let Some(place) = cell.column.and_then(|column| row.get_mut(column)) {
                        *place = cell.text(texts);
                    }
                }
                "row" => push(&mut table, std::mem::take(&mut row))?,
                _ => {}
            },
            Event::Eof => return Ok(table),
            _ => {}
        }
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn workbook(sheet: &str, shared: &str) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, xml) in [("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", shared)] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(xml.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    const SHARED: &str = "<sst><si><t>姓名</t></si><si><r><t>王</t></r><r><t>小明</t></r><rPh><t>wang</t></rPh></si><si><t>A&amp;B</t></si></sst>";

    #[test]
    fn s05_a_spreadsheet_gives_its_values_and_never_its_formulas() {
        let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>\
                     <row r=\"3\"><c r=\"A3\" t=\"s\"><v>1</v></c><c r=\"B3\" t=\"inlineStr\"><is><t>wang.xm</t></is></c>\
                     <c r=\"C3\" t=\"s\"><v>2</v></c><c r=\"F3\"><v>46083</v></c><c r=\"H3\"><f>HYPERLINK(1)</f><v>9</v></c>\
                     <c r=\"ZZ3\"><v>x</v></c></row></sheetData></worksheet>";
        let table = read(&workbook(sheet, SHARED)).unwrap();
        assert_eq!(table.len(), 3);
        assert_eq!(table[2], ["王小明", "wang.xm", "A&B", "", "", "46083", "", "=9"]);
        assert!(table[1].is_empty() && table[0][0] == "姓名");
    }

    #[test]
    fn s05_text_files_of_chinese_offices_are_read() {
        let utf8 = "\u{feff}姓名,登录名\r\n\"王,小明\",wang\r\n";
        assert_eq!(read(utf8.as_bytes()).unwrap()[1], ["王,小明", "wang"]);
        let (gbk, _, _) = encoding_rs::GBK.encode("姓名\t登录名\n王小明\twang\n");
        assert_eq!(read(&gbk).unwrap()[1], ["王小明", "wang"]);
        assert_eq!(read(b"\xff\xff\xff").unwrap_err().code, "staff.encoding");
        assert_eq!(read(b"a\0b").unwrap_err().code, "staff.encoding");
        assert_eq!(read(b"").unwrap_err().code, "staff.empty");
    }

    #[test]
    fn u03_a_file_that_is_too_much_is_refused_early() {
        assert_eq!(read(&vec![b'a'; MOST_BYTES + 1]).unwrap_err().code, "staff.size");
        assert_eq!(read("a\n".repeat(MOST_ROWS + 2).as_bytes()).unwrap_err().code, "staff.rows");
        let bomb = format!("<worksheet>{}</worksheet>", " ".repeat(17 * 1024 * 1024));
        let packed = workbook(&bomb, SHARED);
        assert!(packed.len() < MOST_BYTES);
        assert_eq!(read(&packed).unwrap_err().code, "staff.size");
        let far = "<worksheet><row r=\"1048576\"><c r=\"A1\"><v>1</v></c></row></worksheet>";
        assert_eq!(read(&workbook(far, SHARED)).unwrap_err().code, "staff.rows");
        let entity = "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet/>";
        assert_eq!(read(&workbook(entity, SHARED)).unwrap_err().code, "staff.broken");
        assert_eq!(read(b"PK\x03\x04 not an archive").unwrap_err().code, "staff.broken");
        let long = read("x".repeat(5000).as_bytes()).unwrap();
        assert_eq!(long[0][0].chars().count(), LONGEST + 1);
    }
}
