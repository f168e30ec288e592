//! The file: a spreadsheet whose cells are typed texts and numbers, never formulas, and whose first line, last line, page
//! footer and properties say which export it is.

use domain::{Moment, export::What, ids::ExportId};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text, whatever it begins with.
    Text(String),
    /// A number.
    Number(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Which export it is.
pub struct Mark<'a> {
    /// The watermark.
    pub id: &'a ExportId,
    /// Whose.
    pub by: &'a str,
    /// When it left.
    pub at: Moment,
    /// What for.
    pub reason: &'a str,
    /// What it holds.
    pub what: What,
}

impl Mark<'_> {
    fn line(&self, rows: usize) -> String {
        format!(
            "{}，共 {rows} 行。导出编号 {}，导出人 {}，导出时间 {}，用途：{}。仅供本用途使用，不得转发。",
            self.what.name(),
            self.id,
            self.by,
            self.at.display(),
            self.reason
        )
    }
}

/// A cell of Excel holds no more, in characters.
const CELL: usize = 32_767;
/// Width of a column, in characters.
const WIDTH: f64 = 22.0;

/// The spreadsheet, as bytes.
pub fn write(mark: &Mark<'_>, columns: &[&str], rows: &[Vec<Cell>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(mark.at.0.div_euclid(1000))?;
    let properties = DocProperties::new().set_title(mark.what.name()).set_author(mark.by).set_comment(mark.id.as_str());
    book.set_properties(&properties.set_creation_datetime(&made));
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(mark.what.name())?;
    let line = mark.line(rows.len());
    sheet.write_string(0, 0, &line)?;
    for (column, name) in (0u16..).zip(columns) {
        sheet.write_string_with_format(1, column, *name, &bold)?;
        sheet.set_column_width(column, WIDTH)?;
    }
    let mut at = 2;
    for row in rows {
        for (column, cell) in (0u16..).zip(row) {
            match cell {
                Cell::Text(text) if text.chars().count() > CELL => {
                    sheet.write_string(at, column, text.chars().take(CELL).collect::<String>())?
                }
                Cell::Text(text) => sheet.write_string(at, column, text)?,
                Cell::Number(number) => sheet.write_number(at, column, *number)?,
            };
        }
        at += 1;
    }
    sheet.write_string(at, 0, &line)?;
    sheet.set_freeze_panes(2, 0)?;
    // Every printed page carries it, too.
    sheet.set_footer(format!("&L{}&R&P / &N", mark.id));
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    fn part(file: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(file.to_vec())).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a11_no_cell_of_an_export_is_a_formula() {
        let hostile = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            "=cmd|' /C calc'!A0",
            "=HYPERLINK(\"http://x\")",
            "\u{0}=1",
        ];
        let rows: Vec<_> = hostile.iter().map(|text| vec![Cell::from(*text), Cell::Number(1.5)]).collect();
        let id = ExportId::from_random([3; 16]);
        let mark = Mark { id: &id, by: "=甲", at: Moment(1_790_000_000_000), reason: "=2+2", what: What::Cases };
        let file = write(&mark, &["=表头", "数"], &rows).unwrap();
        let sheet = part(&file, "xl/worksheets/sheet1.xml");
        assert!(!sheet.contains("<f>") && !sheet.contains("<f ") && !sheet.contains("<hyperlink"), "{sheet}");
        let texts = part(&file, "xl/sharedStrings.xml");
        assert!(texts.contains("=cmd|") && texts.contains(id.as_str()), "{texts}");
        let archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert!(!names.iter().any(|name| name.contains("calcChain") || name.contains("external")), "{names:?}");
    }

    #[test]
    fn a21_the_file_says_which_export_it_is_in_four_places() {
        let id = ExportId::from_random([3; 16]);
        let mark =
            Mark { id: &id, by: "甲", at: Moment(1_790_000_000_000), reason: "月度通报", what: What::Projects };
        let file = write(&mark, &["名称"], &[vec![Cell::from("某项目")]]).unwrap();
        assert!(part(&file, "docProps/core.xml").contains(id.as_str()));
        let sheet = part(&file, "xl/worksheets/sheet1.xml");
        assert!(sheet.contains(&format!("&amp;L{id}")), "{sheet}");
        let texts = part(&file, "xl/sharedStrings.xml");
        assert!(texts.contains(&format!("导出编号 {id}，导出人 甲，")), "{texts}");
        // The first line and the last one are the same text.
        assert!(
            sheet.contains("<c r=\"A1\" t=\"s\"><v>0</v></c>") && sheet.contains("<c r=\"A4\" t=\"s\"><v>0</v></c>"),
            "{sheet}"
        );
    }
}
