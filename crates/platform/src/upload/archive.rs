//! Archives and office files (U-03, U-06): everything is unfolded once, counted on real output, and read.

use super::{
    FileType, Slot,
    file_type::ZIP_MAGIC,
    inspect::{self, Budget, unreadable},
    markup::{self, Part},
    reason::{
        BROKEN, EMBEDDED, ENCRYPTED, ENTRIES, ENTRY_LINK, ENTRY_NAME, ENTRY_TWICE, ENTRY_TYPE, EXTERNAL, FAULT, MACRO,
        MAGIC, MIXED, OUTPUT, RATIO, Reason,
    },
    words::Words,
};
use domain::marking::Place;
use std::{
    collections::HashSet,
    io::{self, Cursor, Read, Seek, Write},
};
use zip::{ZipArchive, read::ZipFile, result::ZipError};

/// Most entries.
const MAX_ENTRIES: usize = 1000;
/// Unfolded at most so many times the packed size…
const MAX_RATIO: u64 = 100;
/// …which says nothing about an entry smaller than this, in bytes.
const RATIO_FROM: u64 = 1024 * 1024;
/// Size of the end record, and its mark.
const END_RECORD: usize = 22;
const END_MARK: &[u8] = b"PK\x05\x06";
/// Mark of the ZIP64 locator: no file of ours is large enough to need one.
const ZIP64_MARK: &[u8] = b"PK\x06\x07";
/// The longest archive comment.
const MAX_COMMENT: usize = 65_535;
/// Never inside an office file.
const PROGRAMS: [&str; 18] = [
    "exe", "dll", "com", "scr", "msi", "bat", "cmd", "ps1", "vbs", "js", "jse", "wsf", "hta", "lnk", "jar", "html",
    "htm", "swf",
];

/// Proves an archive of the given type.
pub(super) fn examine(
    bytes: &[u8],
    kind: FileType,
    budget: &Budget,
    depth: u8,
    words: &mut Words,
) -> Result<(), Reason> {
    let announced = entries(bytes)?;
    if announced > MAX_ENTRIES {
        return Err(ENTRIES);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(zip_reason)?;
    if archive.has_duplicate_names() {
        return Err(ENTRY_TWICE);
    }
    if archive.offset() != 0 {
        return Err(MIXED);
    }
    if archive.len() != announced {
        return Err(BROKEN);
    }
    if archive.has_overlapping_entries().map_err(zip_reason)? {
        return Err(ENTRY_TWICE);
    }
    archive.validate_header_consistency().map_err(zip_reason)?;
    let mut names = HashSet::new();
    let mut content_types = Vec::new();
    for index in 0..archive.len() {
        budget.check()?;
        let mut entry = match archive.by_index(index) {
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(ENCRYPTED),
            other => other.map_err(zip_reason)?,
        };
        let name = entry_name(&entry)?;
        if !names.insert(name.to_lowercase()) {
            return Err(ENTRY_TWICE);
        }
        if entry.encrypted() {
            return Err(ENCRYPTED);
        }
        if !is_plain(&entry) {
            return Err(ENTRY_LINK);
        }
        if entry.is_dir() {
            if entry.size() > 0 {
                return Err(BROKEN);
            }
            continue;
        }
        let mut found = if kind == FileType::Zip {
            member(&name, &mut entry, budget, depth, words)?;
            Vec::new()
        } else {
            part(&name, kind, &mut entry, budget, depth, words)?
        };
        content_types.append(&mut found);
    }
    let is_there = |name: &str| names.contains(&name.to_lowercase());
    let (main, main_type) = match kind {
        FileType::Docx => {
            ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml")
        }
        FileType::Xlsx => {
            ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")
        }
        FileType::Ofd => return if is_there("OFD.xml") { Ok(()) } else { Err(MAGIC) },
        _ => return if names.is_empty() { Err(BROKEN) } else { Ok(()) },
    };
    let whole = is_there("[Content_Types].xml") && is_there("_rels/.rels") && is_there(main);
    if whole && content_types.iter().any(|kind| kind == main_type) { Ok(()) } else { Err(MAGIC) }
}

/// The number of entries by the end record, which must be the last thing in the file.
fn entries(bytes: &[u8]) -> Result<usize, Reason> {
    let tail = bytes.get(bytes.len().saturating_sub(MAX_COMMENT + END_RECORD + 20)..).unwrap_or_default();
    let u16_at = |at: usize| tail.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let at = tail.windows(END_MARK.len()).rposition(|w| w == END_MARK).ok_or(BROKEN)?;
    let comment = usize::from(u16_at(at + 20).ok_or(BROKEN)?);
    if at + END_RECORD + comment != tail.len() {
        return Err(MIXED);
    }
    let before = tail.get(at.saturating_sub(20)..at).unwrap_or_default();
    if before.starts_with(ZIP64_MARK) {
        return Err(BROKEN);
    }
    u16_at(at + 10).map(usize::from).ok_or(BROKEN)
}

/// A file inside an archive obeys the rules of its own type; an archive in an archive is refused.
fn member(
    name: &str,
    entry: &mut ZipFile<'_, impl Read + Seek>,
    budget: &Budget,
    depth: u8,
    words: &mut Words,
) -> Result<(), Reason> {
    let kind = FileType::from_name(name).filter(|kind| *kind != FileType::Zip).ok_or(ENTRY_TYPE)?;
    words.add(Place::FileName, file_name(name).to_owned());
    nested(kind, entry, budget, depth, words)
}

/// The last step of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Unfolds one entry and inspects it.
fn nested(
    kind: FileType,
    entry: &mut ZipFile<'_, impl Read + Seek>,
    budget: &Budget,
    depth: u8,
    words: &mut Words,
) -> Result<(), Reason> {
    // An office file inside an archive may itself hold a workbook behind a chart, but not deeper.
    if depth > 1 {
        return Err(ENTRY_TYPE);
    }
    if entry.size() > Slot::MAX_BYTES {
        return Err(OUTPUT);
    }
    let mut copy = Vec::new();
    let mut metered = Metered::new(entry, budget);
    metered.most = Slot::MAX_BYTES;
    metered.drain(&mut copy)?;
    inspect::examine(copy, kind, budget, depth + 1, words).map(|_| ())
}

/// A part of an office file. Gives the content types it declares.
fn part(
    name: &str,
    kind: FileType,
    entry: &mut ZipFile<'_, impl Read + Seek>,
    budget: &Budget,
    depth: u8,
    words: &mut Words,
) -> Result<Vec<String>, Reason> {
    let lower = name.to_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if ["vbaproject", "vbadata", "macrosheets/"].iter().any(|word| lower.contains(word)) {
        return Err(MACRO);
    }
    if lower.contains("externallinks/") || lower == "xl/connections.xml" {
        return Err(EXTERNAL);
    }
    if lower.contains("activex/") || PROGRAMS.contains(&extension) {
        return Err(EMBEDDED);
    }
    if lower.contains("embeddings/") {
        // The data behind a chart is a workbook; anything else is an object to be run.
        let inner = FileType::parse(extension).filter(|t| matches!(t, FileType::Docx | FileType::Xlsx));
        return nested(inner.ok_or(EMBEDDED)?, entry, budget, depth, words).map(|()| Vec::new());
    }
    let mut metered = Metered::new(entry, budget);
    let reading = match extension {
        "rels" => Some(Part::Relationships),
        "xml" if lower == "[content_types].xml" => Some(Part::ContentTypes),
        "xml" if kind == FileType::Docx && lower.starts_with("word/") => Some(Part::Text),
        "xml" if lower.starts_with("docprops/") || lower == "ofd.xml" => Some(Part::Properties),
        "xml" if shows_words(kind, &lower) => Some(Part::Words),
        "xml" | "svg" => Some(Part::Other),
        _ => None,
    };
    let found = match reading {
        Some(part) => {
            let place = place_of(part, &lower);
            markup::examine(part, place, &mut metered, words).map_err(|reason| metered.failed.unwrap_or(reason))?
        }
        None => Vec::new(),
    };
    metered.drain(&mut io::sink())?;
    // An archive in disguise, or an object without its folder.
    if metered.head.starts_with(ZIP_MAGIC) || metered.head.starts_with(OLE_MAGIC) || metered.head.starts_with(b"MZ") {
        return Err(EMBEDDED);
    }
    Ok(found)
}

/// Parts of workbooks and fixed documents whose words people see.
fn shows_words(kind: FileType, name: &str) -> bool {
    let sheets =
        ["xl/sharedstrings.xml", "xl/workbook.xml", "xl/worksheets/", "xl/comments", "xl/drawings/", "xl/charts/"];
    match kind {
        FileType::Xlsx => sheets.iter().any(|start| name.starts_with(start)),
        FileType::Ofd => file_name(name) == "content.xml" || name.contains("/annots/"),
        _ => false,
    }
}

/// Where the words of a part stand.
fn place_of(part: Part, name: &str) -> Place {
    let file = file_name(name);
    match part {
        Part::Properties => Place::FileName,
        Part::Text if file.starts_with("header") || file.starts_with("footer") => Place::HeaderFooter,
        Part::Text if name == "word/document.xml" => Place::BodyTop,
        Part::Words if name == "xl/sharedstrings.xml" || name.starts_with("xl/worksheets/") => Place::BodyTop,
        Part::Words if file == "content.xml" => Place::BodyTop,
        Part::Words if name == "xl/workbook.xml" => Place::FileName,
        _ => Place::Body,
    }
}

/// Compound file, as OLE objects and old office files are.
const OLE_MAGIC: &[u8] = b"\xd0\xcf\x11\xe0";

/// An entry being unfolded: counts what really comes out.
struct Metered<'a, 'b, R: Read + Seek> {
    entry: &'a mut ZipFile<'b, R>,
    budget: &'a Budget,
    output: u64,
    /// Most bytes that may come out.
    most: u64,
    head: Vec<u8>,
    failed: Option<Reason>,
}

impl<'a, 'b, R: Read + Seek> Metered<'a, 'b, R> {
    fn new(entry: &'a mut ZipFile<'b, R>, budget: &'a Budget) -> Self {
        Self { entry, budget, output: 0, most: inspect::MAX_OUTPUT, head: Vec::new(), failed: None }
    }

    /// Unfolds what is left; then the true size and the announced one must agree (the checksum is compared on the way).
    fn drain(&mut self, to: &mut impl Write) -> Result<(), Reason> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = self.read(&mut piece).map_err(|_| self.failed.unwrap_or(BROKEN))?;
            if length == 0 {
                break;
            }
            to.write_all(piece.get(..length).unwrap_or_default()).map_err(unreadable)?;
        }
        to.flush().map_err(unreadable)?;
        if self.output == self.entry.size() { Ok(()) } else { Err(BROKEN) }
    }

    fn count(&mut self, length: usize) -> Result<(), Reason> {
        self.budget.spend(length)?;
        self.output += length as u64;
        if self.output > self.most {
            return Err(OUTPUT);
        }
        if self.output > RATIO_FROM && self.output / MAX_RATIO > self.entry.compressed_size() {
            return Err(RATIO);
        }
        Ok(())
    }
}

impl<R: Read + Seek> Read for Metered<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.entry.read(buffer)?;
        if self.head.len() < 4 {
            self.head.extend(buffer.iter().take(length).take(4 - self.head.len()));
        }
        if let Err(reason) = self.count(length) {
            self.failed = Some(reason);
            return Err(io::Error::other("limit"));
        }
        Ok(length)
    }
}

/// Neither link, device nor pipe.
fn is_plain(entry: &ZipFile<'_, impl Read>) -> bool {
    /// Bits of a Unix mode that tell the kind of file, and the kinds we take (none told, folder, file).
    const KIND: u32 = 0o170_000;
    !entry.is_symlink() && matches!(entry.unix_mode().unwrap_or(0) & KIND, 0 | 0o040_000 | 0o100_000)
}

/// The entry's name, if no program that unfolds the archive could be led astray by it.
fn entry_name(entry: &ZipFile<'_, impl Read>) -> Result<String, Reason> {
    let raw = entry.name_raw();
    let climbs = raw.split(|b| matches!(b, b'/' | b'\\')).any(|step| step == b".." || step == b".");
    let begins_wrong = matches!(raw, [] | [b'/' | b'\\', ..] | [_, b':', ..]);
    let control = raw.iter().any(|b| *b < 0x20 || *b == 0x7f);
    if climbs || begins_wrong || control || raw.len() > 1000 {
        return Err(ENTRY_NAME);
    }
    let Ok(name) = std::str::from_utf8(raw) else {
        // Chinese Windows packs names in GBK, where the second byte of a character may look like a backslash.
        // The hex keeps two such names apart.
        return Ok(format!("{} {}", hex::encode(raw), String::from_utf8_lossy(raw)));
    };
    if name.contains('\\') { Err(ENTRY_NAME) } else { Ok(name.to_owned()) }
}

fn zip_reason(error: ZipError) -> Reason {
    match error {
        ZipError::Io(error) if error.kind() == io::ErrorKind::StorageFull => FAULT,
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => BROKEN,
        ZipError::DecompressedSizeLimitExceeded { .. } => OUTPUT,
        _ => BROKEN,
    }
}
