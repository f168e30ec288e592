//! Documents that carry a text in one of the places where a marking may stand (K-03, K-04), and their harmless counterparts.

use crate::{Entry, document, docx_parts, entry, ofd_parts, pdf_with, stream_object, with, xlsx_parts, zip};
use std::fmt::Write;

/// A kind of document with a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// PDF, on the first page.
    PdfPage,
    /// PDF, every character drawn on its own.
    PdfScattered,
    /// PDF, title.
    PdfTitle,
    /// Word document, body.
    DocxBody,
    /// Word document, each character in a run of its own.
    DocxRuns,
    /// Word document, header.
    DocxHeader,
    /// Word document, title.
    DocxTitle,
    /// Workbook, shared text.
    XlsxCell,
    /// Workbook, text in the cell itself.
    XlsxInline,
    /// Workbook, footer with its codes.
    XlsxFooter,
    /// Workbook, property.
    XlsxTitle,
    /// Fixed document, page.
    OfdPage,
    /// Archive: a Word document in it.
    ZipDocx,
    /// Archive: the name of a file in it.
    ZipName,
}

impl Marked {
    /// Every place.
    pub const ALL: [Self; 14] = [
        Self::PdfPage,
        Self::PdfScattered,
        Self::PdfTitle,
        Self::DocxBody,
        Self::DocxRuns,
        Self::DocxHeader,
        Self::DocxTitle,
        Self::XlsxCell,
        Self::XlsxInline,
        Self::XlsxFooter,
        Self::XlsxTitle,
        Self::OfdPage,
        Self::ZipDocx,
        Self::ZipName,
    ];

    /// Extension of the document.
    pub fn extension(self) -> &'static str {
        match self {
            Self::PdfPage | Self::PdfScattered | Self::PdfTitle => "pdf",
            Self::DocxBody | Self::DocxRuns | Self::DocxHeader | Self::DocxTitle => "docx",
            Self::XlsxCell | Self::XlsxInline | Self::XlsxFooter | Self::XlsxTitle => "xlsx",
            Self::OfdPage => "ofd",
            Self::ZipDocx | Self::ZipName => "zip",
        }
    }

    /// Whether the rules read the place as a header or a name, where a level word alone is a trace.
    pub fn is_named(self) -> bool {
        matches!(
            self,
            Self::PdfTitle | Self::DocxHeader | Self::DocxTitle | Self::XlsxFooter | Self::XlsxTitle | Self::ZipName
        )
    }

    /// The document with that text in that place.
    pub fn document(self, text: &str) -> Vec<u8> {
        match self {
            Self::PdfPage => pdf_text(text),
            Self::PdfScattered => pdf_scattered(text),
            Self::PdfTitle => {
                let title: String = text.encode_utf16().fold("FEFF".to_owned(), |mut hex, unit| {
                    let _ = write!(hex, "{unit:04X}");
                    hex
                });
                pdf_with(&[format!("8 0 obj << /Title <{title}> >> endobj").as_bytes()], "/Info 8 0 R")
            }
            Self::DocxBody => docx_with(text, "", "").whole(),
            Self::DocxRuns => {
                let runs: String =
                    text.chars().map(|c| format!("<w:r><w:t>{}</w:t></w:r>", plain(&c.to_string()))).collect();
                zip(&with(docx_parts(), "word/document.xml", document(&runs)))
            }
            Self::DocxHeader => docx_with("正文", text, "").whole(),
            Self::DocxTitle => docx_with("正文", "", text).whole(),
            Self::XlsxCell => xlsx_with(text, "", ""),
            Self::XlsxInline => {
                let cell = format!(r#"<sheet><c t="inlineStr"><is><t>{}</t></is></c></sheet>"#, plain(text));
                zip(&with(xlsx_parts(), "xl/worksheets/sheet1.xml", cell))
            }
            Self::XlsxFooter => xlsx_with("正文", text, ""),
            Self::XlsxTitle => xlsx_with("正文", "", text),
            Self::OfdPage => ofd_with(text),
            Self::ZipDocx => zip(&[entry("a.docx", docx_with(text, "", "").whole())]),
            Self::ZipName => zip(&[entry(format!("{text}.pdf"), pdf_text("正文"))]),
        }
    }
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A Word document in the making.
pub struct Docx(Vec<Entry>);

impl Docx {
    /// The document.
    pub fn whole(&self) -> Vec<u8> {
        zip(&self.0)
    }

    /// The document with another main part.
    pub fn map_main(self, main: &str) -> Vec<u8> {
        zip(&with(self.0, "word/document.xml", main))
    }
}

/// A Word document with body (a paragraph for each line), header and title.
pub fn docx_with(body: &str, header: &str, title: &str) -> Docx {
    let paragraphs: Vec<_> = body.lines().map(|line| format!("<w:r><w:t>{}</w:t></w:r>", plain(line))).collect();
    let mut parts = with(docx_parts(), "word/document.xml", document(&paragraphs.join("</w:p><w:p>")));
    if !header.is_empty() {
        let header = format!(r#"<w:hdr xmlns:w="w"><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:hdr>"#, plain(header));
        parts.push(entry("word/header1.xml", header));
    }
    if !title.is_empty() {
        parts.push(entry(
            "docProps/core.xml",
            format!("<cp><title>{}</title><creator>某人</creator></cp>", plain(title)),
        ));
    }
    Docx(parts)
}

/// A workbook with a shared text, a footer and a title.
pub fn xlsx_with(cell: &str, footer: &str, title: &str) -> Vec<u8> {
    let cells: String = cell.lines().map(|line| format!("<si><t>{}</t></si>", plain(line))).collect();
    let mut parts = with(xlsx_parts(), "xl/sharedStrings.xml", format!("<sst>{cells}</sst>"));
    if !footer.is_empty() {
        let footer = format!(
            r#"<sheet><headerFooter><oddFooter>&amp;C&amp;"宋体,常规"&amp;12{}&amp;R&amp;P</oddFooter></headerFooter></sheet>"#,
            plain(footer)
        );
        parts = with(parts, "xl/worksheets/sheet1.xml", footer);
    }
    if !title.is_empty() {
        parts.push(entry("docProps/core.xml", format!("<cp><subject>{}</subject></cp>", plain(title))));
    }
    zip(&parts)
}

/// A fixed document with a text on its page, one object for each line.
pub fn ofd_with(text: &str) -> Vec<u8> {
    let objects: String = text
        .lines()
        .map(|line| format!("<ofd:TextObject><ofd:TextCode>{}</ofd:TextCode></ofd:TextObject>", plain(line)))
        .collect();
    let page = format!("<ofd:Page xmlns:ofd='o'>{objects}</ofd:Page>");
    zip(&with(ofd_parts(), "Doc_0/Pages/Page_0/Content.xml", page))
}

/// A font of empty glyphs that says what its codes mean: object 10, its table 11, its one glyph 12. Gives the codes of the text.
fn font(text: &str) -> (Vec<Vec<u8>>, impl Fn(char) -> usize + use<>) {
    let mut letters: Vec<char> = text.chars().filter(|c| *c != '\n').collect();
    letters.sort_unstable();
    letters.dedup();
    let (mut differences, mut glyphs, mut table) = (String::new(), String::new(), String::new());
    for (i, letter) in letters.iter().enumerate() {
        let code = i + 1;
        let units: String = letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("{unit:04X}")).collect();
        let _ = write!(differences, " /g{code}");
        let _ = write!(glyphs, " /g{code} 12 0 R");
        let _ = writeln!(table, "<{code:02X}> <{units}>");
    }
    let widths = "1000 ".repeat(letters.len());
    let font = format!(
        "10 0 obj << /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 1 /LastChar {} \
         /Widths [{widths}] /Encoding << /Type /Encoding /Differences [1{differences}] >> /CharProcs <<{glyphs} >> /Resources << >> \
         /ToUnicode 11 0 R >> endobj",
        letters.len()
    );
    let table = format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def 1 begincodespacerange <00> <FF> \
         endcodespacerange {} beginbfchar\n{table}endbfchar endcmap CMapName currentdict /CMap defineresource pop end end",
        letters.len()
    );
    let stream = |number: usize, data: &str| {
        format!("{number} 0 obj << /Length {} >>\nstream\n{data}\nendstream\nendobj", data.len()).into_bytes()
    };
    let objects = vec![font.into_bytes(), stream(11, &table), stream(12, "1000 0 d0")];
    (objects, move |letter| letters.iter().position(|other| *other == letter).map_or(0, |i| i + 1))
}

fn page(objects: Vec<Vec<u8>>, content: &[u8]) -> Vec<u8> {
    let content = stream_object("", content);
    let mut all = vec![content];
    all.extend(objects);
    all.push(
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 9 0 R /Resources << /Font << /F1 10 0 R >> >> >> endobj"
            .to_vec(),
    );
    let objects: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    pdf_with(&objects, "")
}

/// A PDF whose page shows the lines of a text from the top.
pub fn pdf_text(text: &str) -> Vec<u8> {
    let (objects, code) = font(text);
    let mut content = String::new();
    for (i, line) in text.lines().enumerate() {
        let codes: String = line.chars().map(|c| format!("{:02X}", code(c))).collect();
        let y = 740 - 24 * i;
        let _ = writeln!(content, "BT /F1 12 Tf 80 {y} Td <{codes}> Tj ET");
    }
    page(objects, content.as_bytes())
}

/// The same, each character placed on its own, the last one first.
fn pdf_scattered(text: &str) -> Vec<u8> {
    let (objects, code) = font(text);
    let mut content = String::new();
    for (i, line) in text.lines().enumerate() {
        let y = 740 - 24 * i;
        let letters: Vec<_> = line.chars().enumerate().collect();
        for (place, letter) in letters.into_iter().rev() {
            let _ = writeln!(content, "BT /F1 12 Tf {} {y} Td <{:02X}> Tj ET", 80 + 12 * place, code(letter));
        }
    }
    page(objects, content.as_bytes())
}

/// A PDF whose page has that content, deflated.
pub fn pdf_with_text(text: &str, content: &[u8]) -> Vec<u8> {
    page(font(text).0, content)
}
