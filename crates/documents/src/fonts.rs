//! Fonts: files named in the settings, read once, and the families each role of text is set in.

use crate::PrintError;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// 字体设置: the font files a printer uses, all kept in memory.
///
/// Licensed faces of official papers (方正小标宋, 仿宋_GB2312, 黑体) are preferred as soon as their files are listed; any
/// other file listed (a Mongolian or an emoji font, say) fills in for characters the first ones lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontSettings {
    /// Font files (`.ttf`, `.otf`) or collections (`.ttc`), of which only the Simplified Chinese faces are kept.
    pub paths: Vec<PathBuf>,
}

impl Default for FontSettings {
    /// Three collections of Debian's `fonts-noto-cjk`.
    fn default() -> Self {
        let folder = Path::new("/usr/share/fonts/opentype/noto");
        let files = ["NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc", "NotoSansCJK-Bold.ttc"];
        Self { paths: files.iter().map(|file| folder.join(file)).collect() }
    }
}

/// Which package brings a font file, by the start of its name.
const PACKAGES: [(&str, &str); 5] = [
    ("NotoSerifCJK", "fonts-noto-cjk"),
    ("NotoSansCJK", "fonts-noto-cjk"),
    ("NotoColorEmoji", "fonts-noto-color-emoji"),
    ("Noto", "fonts-noto-core"),
    ("DejaVu", "fonts-dejavu-core"),
];

/// The roles of text in a template and the families each prefers (GB/T 9704 first, then their stand-ins).
const ROLES: [(&str, &[&str]); 3] = [
    ("mark", &["FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "Noto Serif CJK SC"]),
    ("body", &["FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "FZFangSong-Z02S", "Noto Serif CJK SC"]),
    ("code", &["Noto Sans CJK SC", "SimHei"]),
];

/// The fonts in memory.
pub(crate) struct Fonts {
    pub(crate) faces: Vec<Font>,
    pub(crate) book: LazyHash<FontBook>,
    /// Role to families, as the templates read it. Only families that are present: an unknown one would be a warning.
    pub(crate) roles: Value,
}

impl Fonts {
    /// Reads every file of the settings.
    ///
    /// # Errors
    /// A file that cannot be read or holds no usable face, or no file at all.
    pub(crate) fn read(settings: &FontSettings) -> Result<Self, PrintError> {
        let mut faces = Vec::new();
        for path in &settings.paths {
            faces.extend(faces_in(path)?);
        }
        if faces.is_empty() {
            return Err(PrintError::NoFonts);
        }
        let book = FontBook::from_fonts(&faces);
        let roles =
            ROLES.iter().map(|(role, preferred)| ((*role).to_owned(), json!(families(&faces, preferred)))).collect();
        Ok(Self { faces, book: LazyHash::new(book), roles })
    }

    /// Whether any face can draw `c`.
    pub(crate) fn can_draw(&self, c: char) -> bool {
        self.faces.iter().any(|face| face.info().coverage.contains(u32::from(c)))
    }
}

/// The preferred families that are present, then all others in the order of the settings.
fn families<'a>(faces: &'a [Font], preferred: &[&'a str]) -> Vec<&'a str> {
    let present = || faces.iter().map(|face| face.info().family.as_str());
    let wanted = preferred.iter().copied().filter(|family| present().any(|other| other == *family));
    let mut found: Vec<&str> = Vec::new();
    for family in wanted.chain(present()) {
        if !found.contains(&family) {
            found.push(family);
        }
    }
    found
}

fn faces_in(path: &Path) -> Result<Vec<Font>, PrintError> {
    let data = std::fs::read(path).map_err(|source| PrintError::FontUnreadable {
        path: path.to_owned(),
        advice: advice(path),
        source,
    })?;
    let mut faces: Vec<Font> = Font::iter(Bytes::new(data)).collect();
    if faces.len() > 1 {
        faces.retain(|face| face.info().family.ends_with(" SC"));
    }
    if faces.is_empty() {
        return Err(PrintError::NoFontInFile { path: path.to_owned() });
    }
    Ok(faces)
}

fn advice(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match PACKAGES.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, package)) => {
            format!("请安装软件包 {package}（apt-get install {package}），或在设置中改写字体路径")
        }
        None => "请检查设置中的字体路径和读取权限".to_owned(),
    }
}
