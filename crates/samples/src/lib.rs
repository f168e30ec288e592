//! Good and hostile files, made byte by byte: for tests of whatever takes files.
#![expect(clippy::unwrap_used, reason = "writing to memory does not fail")]

mod hostile;
mod marked;
mod scan;

pub use hostile::{Hostile, hostile};
pub use marked::{Marked, docx_with, ofd_with, pdf_text, pdf_with_text, xlsx_with};
pub use scan::{Fonts, Glass, Paper, scan_jpg, scan_pdf, scan_png};

use flate2::{Compression, Crc, write::DeflateEncoder, write::ZlibEncoder};
use image::{ExtendedColorType, ImageEncoder, codecs};
use std::io::Write;

/// One entry of an archive, with everything a liar may want to set.
#[derive(Clone)]
pub struct Entry {
    /// Name, as bytes.
    pub name: Vec<u8>,
    /// Content.
    pub data: Vec<u8>,
    /// General purpose flags.
    pub flags: u16,
    /// Unix mode.
    pub mode: u32,
    /// Announced size instead of the true one.
    pub size: Option<u32>,
    /// Name in the local header, if another.
    pub local_name: Option<Vec<u8>>,
}

/// A plain entry.
pub fn entry(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Entry {
    Entry {
        name: name.as_ref().to_vec(),
        data: data.as_ref().to_vec(),
        flags: 0,
        mode: 0o100_644,
        size: None,
        local_name: None,
    }
}

/// An archive of deflated entries. `overlap` points all central records at the first local header.
pub fn zip_with(entries: &[Entry], overlap: bool) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = if overlap { 0 } else { body.len() as u32 };
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&entry.data).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(&entry.data);
        let size = entry.size.unwrap_or(entry.data.len() as u32);
        let shared = |name: &[u8]| {
            let mut fields = Vec::new();
            fields.extend(20u16.to_le_bytes());
            fields.extend(entry.flags.to_le_bytes());
            fields.extend(8u16.to_le_bytes());
            fields.extend([0, 0, 0x21, 0x58]);
            fields.extend(crc.sum().to_le_bytes());
            fields.extend((packed.len() as u32).to_le_bytes());
            fields.extend(size.to_le_bytes());
            fields.extend((name.len() as u16).to_le_bytes());
            fields.extend([0, 0]);
            fields
        };
        let local = entry.local_name.as_ref().unwrap_or(&entry.name);
        body.extend(b"PK\x03\x04");
        body.extend(shared(local));
        body.extend(local);
        body.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(shared(&entry.name));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
    }
    let start = body.len() as u32;
    body.extend(&directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend((entries.len() as u16).to_le_bytes());
    body.extend((entries.len() as u16).to_le_bytes());
    body.extend((directory.len() as u32).to_le_bytes());
    body.extend(start.to_le_bytes());
    body.extend([0, 0]);
    body
}

/// An archive of deflated entries.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    zip_with(entries, false)
}

const TYPES: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
/// Where relationship types of office files begin.
pub const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A part of relationships.
pub fn relations(inner: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{RELATIONS}">{inner}</Relationships>"#)
}

/// A list of content types with that main part.
pub fn content_types(main: &str, kind: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/><Override PartName="{main}" ContentType="{kind}"/></Types>"#
    )
}

/// A Word document part with one paragraph.
pub fn document(inner: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"><w:body><w:p>{inner}</w:p></w:body></w:document>"#
    )
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";

/// The parts of a good Word document.
pub fn docx_parts() -> Vec<Entry> {
    let main = format!(r#"<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>"#);
    let link = format!(
        r#"<Relationship Id="r1" Type="{OFFICE}/hyperlink" Target="https://www.tzxm.gov.cn/" TargetMode="External"/>"#
    );
    vec![
        entry("[Content_Types].xml", content_types("/word/document.xml", WORD)),
        entry("_rels/.rels", relations(&main)),
        entry("word/_rels/document.xml.rels", relations(&link)),
        entry(
            "word/document.xml",
            document(
                r#"<w:r><w:fldChar/></w:r><w:instrText> PAGE </w:instrText><w:fldChar/><w:t>项目申请报告 DDE &amp; 说明</w:t>"#,
            ),
        ),
    ]
}

/// The parts of a good workbook.
pub fn xlsx_parts() -> Vec<Entry> {
    vec![
        entry("[Content_Types].xml", content_types("/xl/workbook.xml", SHEET)),
        entry("_rels/.rels", relations("")),
        entry("xl/workbook.xml", "<workbook/>"),
        entry("xl/worksheets/sheet1.xml", format!("<sheet>{}</sheet>", "<c><v>1</v></c>".repeat(100))),
        entry("xl/printerSettings/printerSettings1.bin", [7u8; 64]),
    ]
}

/// The parts of a good fixed document.
pub fn ofd_parts() -> Vec<Entry> {
    vec![
        entry("OFD.xml", r#"<?xml version="1.0" encoding="UTF-8"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>"#),
        entry("Doc_0/Document.xml", "<ofd:Document xmlns:ofd='o'/>"),
    ]
}

/// The parts, with one replaced or added.
pub fn with(mut parts: Vec<Entry>, name: &str, data: impl AsRef<[u8]>) -> Vec<Entry> {
    parts.retain(|part| part.name != name.as_bytes());
    parts.push(entry(name, data));
    parts
}

/// A small picture.
pub fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels: Vec<u8> = (0..20 * 10 * 3).map(|i| i as u8).collect();
    codecs::png::PngEncoder::new(&mut bytes).write_image(&pixels, 20, 10, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A small photo.
pub fn jpg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels: Vec<u8> = (0..20 * 10 * 3).map(|i| i as u8).collect();
    codecs::jpeg::JpegEncoder::new(&mut bytes).encode(&pixels, 20, 10, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A JPEG with a further segment behind the start.
pub fn jpg_with(marker: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = jpg();
    let mut segment = vec![0xff, marker];
    segment.extend((data.len() as u16 + 2).to_be_bytes());
    segment.extend(data);
    bytes.splice(2..2, segment);
    bytes
}

/// A PNG with a further chunk behind the header.
pub fn png_with(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(data);
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    chunk.extend(crc.sum().to_be_bytes());
    let mut bytes = png();
    bytes.splice(33..33, chunk);
    bytes
}

/// A PDF with further objects, and further keys in the trailer.
pub fn pdf_with(objects: &[&[u8]], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    bytes.extend(b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    bytes.extend(b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    bytes.extend(b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /T (a \\) /JavaScript) >>\nendobj\n");
    for object in objects {
        bytes.extend(*object);
        bytes.push(b'\n');
    }
    let xref = bytes.len();
    bytes.extend(format!("xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 4 /Root 1 0 R {trailer} >>\n").bytes());
    bytes.extend(format!("startxref\n{xref}\n%%EOF\n").bytes());
    bytes
}

/// A PDF of one empty page.
pub fn pdf() -> Vec<u8> {
    pdf_with(&[], "")
}

/// An object whose stream is deflated.
pub fn stream_object(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    let packed = encoder.finish().unwrap();
    let mut object =
        format!("9 0 obj\n<< {dictionary} /Filter /FlateDecode /Length {} >>\nstream\n", packed.len()).into_bytes();
    object.extend(packed);
    object.extend(b"\nendstream\nendobj");
    object
}

/// The header of a drawing.
pub fn dwg() -> Vec<u8> {
    let mut bytes = b"AC1032".to_vec();
    bytes.resize(256, 0);
    bytes
}
