//! The types a material may have, as a table: extension, served and declared media types, first bytes.

use serde::{Deserialize, Serialize};

/// 文件类型. What is not here is never taken (U-07).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// Portable document.
    Pdf,
    /// Photo or scan.
    Jpg,
    /// Picture.
    Png,
    /// Word document without macros.
    Docx,
    /// Workbook without macros.
    Xlsx,
    /// 版式文件 (GB/T 33190).
    Ofd,
    /// Drawing: stored, never opened by us.
    Dwg,
    /// Archive of the other types, one level deep.
    Zip,
}

/// What an application's material may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Types taken.
    pub allowed: Vec<FileType>,
    /// Largest file, in bytes. Never more than [`Slot::MAX_BYTES`] in effect.
    pub max_bytes: u64,
}

impl Slot {
    /// The platform's own limit per file, 50 MB (U-02).
    pub const MAX_BYTES: u64 = 50 * 1024 * 1024;

    /// The limit in effect, in bytes.
    pub fn limit(&self) -> u64 {
        self.max_bytes.min(Self::MAX_BYTES)
    }
}

/// First bytes of every zip file that has at least one entry.
pub(super) const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// A browser that knows nothing about a file says this, or nothing.
const UNKNOWN: [&str; 2] = ["", "application/octet-stream"];

impl FileType {
    /// Every type.
    pub const ALL: [Self; 8] =
        [Self::Pdf, Self::Jpg, Self::Png, Self::Docx, Self::Xlsx, Self::Ofd, Self::Dwg, Self::Zip];

    /// Stable word for it, also its usual extension.
    pub fn slug(self) -> &'static str {
        self.extensions()[0]
    }

    /// Extensions, lower case, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Ofd => &["ofd"],
            Self::Dwg => &["dwg"],
            Self::Zip => &["zip"],
        }
    }

    /// The media type we serve it as.
    pub fn media_type(self) -> &'static str {
        self.media_types()[0]
    }

    /// Media types a browser may declare for it; the first is the one we serve.
    fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["application/pdf", "application/x-pdf"],
            Self::Jpg => &["image/jpeg", "image/jpg", "image/pjpeg"],
            Self::Png => &["image/png", "image/x-png"],
            Self::Docx => &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
            Self::Xlsx => &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
            Self::Ofd => &["application/ofd", "application/x-ofd"],
            Self::Dwg => &["image/vnd.dwg", "image/x-dwg", "application/acad", "application/x-acad", "application/dwg"],
            Self::Zip => &["application/zip", "application/x-zip-compressed", "application/x-zip"],
        }
    }

    /// The type an extension or [`FileType::slug`] stands for, whatever its case.
    pub fn parse(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        Self::ALL.into_iter().find(|t| t.extensions().contains(&extension.as_str()))
    }

    /// The type a file name claims.
    pub fn from_name(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() { None } else { Self::parse(extension) }
    }

    /// Whether a declared media type fits. No declaration contradicts nothing.
    pub(super) fn may_be_declared(self, declared: &str) -> bool {
        let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        UNKNOWN.contains(&declared.as_str()) || self.media_types().contains(&declared.as_str())
    }

    /// Whether a file of this type can begin so. Needs the first eight bytes.
    pub(super) fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Pdf => head.starts_with(b"%PDF-"),
            Self::Jpg => head.starts_with(b"\xff\xd8\xff"),
            Self::Png => head.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Docx | Self::Xlsx | Self::Ofd | Self::Zip => head.starts_with(ZIP_MAGIC),
            Self::Dwg => DWG_VERSIONS.iter().any(|version| head.starts_with(version)),
        }
    }
}

/// DWG from release 13 to 2018 and later.
const DWG_VERSIONS: [&[u8]; 8] =
    [b"AC1012", b"AC1014", b"AC1015", b"AC1018", b"AC1021", b"AC1024", b"AC1027", b"AC1032"];
