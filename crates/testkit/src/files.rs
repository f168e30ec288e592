//! Small files that pass inspection.

use platform::upload::FileType;

/// A one-page PDF that shows nothing; `mark` makes its content, and so its hash, different from others.
pub fn pdf(mark: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    bytes.extend(b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    bytes.extend(b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    bytes.extend(b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n");
    bytes.extend(format!("4 0 obj\n<{}>\nendobj\n", hex::encode(mark)).bytes());
    let xref = bytes.len();
    bytes.extend(b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 5 /Root 1 0 R >>\n");
    bytes.extend(format!("startxref\n{xref}\n%%EOF\n").bytes());
    bytes
}

/// A small picture.
///
/// # Panics
/// Never: a picture of that size can be encoded.
pub fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(20, 10, image::Rgb([9, 90, 180]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A file of any of these types, with a fitting name: PDF wherever it is allowed.
///
/// # Panics
/// When PDF is not among them: the catalogue has no such material.
pub fn one_of(types: &[FileType], name: &str) -> (String, Vec<u8>) {
    assert!(types.contains(&FileType::Pdf), "no sample file for {types:?}");
    (format!("{name}.pdf"), pdf(name))
}
