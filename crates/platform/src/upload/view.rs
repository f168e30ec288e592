//! What a page looks like: the head of a scan, to be read (K-06), and whole pages of a PDF, to be shown to people instead of the file
//! (U-05). Pure: bytes in, a picture out; it runs where the [`super::Inspector`] runs.

use super::{
    FileType,
    inspect::unreadable,
    pdf_text, picture,
    reason::{BROKEN, NO_PAGE, Reason},
};
use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf, render,
    vello_cpu::color::palette::css::WHITE,
};
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, codecs::png::PngEncoder, imageops::FilterType,
};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Share of the first page that is read: a mark stands in its head.
const TOP: u32 = 5;
/// Width of the head, in pixels: 200 dots per inch of an upright A4 page.
const TOP_WIDTH: u32 = 1654;
/// Longer side of a page that is shown, in pixels: 150 dots per inch of A4.
const PAGE_SIDE: f32 = 1754.0;
/// Largest side ever painted, in pixels.
const MOST: f32 = 4000.0;
/// Most characters of a page's own words.
const MOST_WORDS: usize = 8_000;

/// What of a file is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The top fifth of the first page, in grey.
    Top,
    /// A page of a PDF, counted from one.
    Page(u16),
}

impl View {
    /// Stable word.
    pub fn slug(self) -> String {
        match self {
            Self::Top => "top".to_owned(),
            Self::Page(number) => format!("page-{number}"),
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        match slug.strip_prefix("page-") {
            Some(number) => number.parse().ok().map(Self::Page),
            None => (slug == "top").then_some(Self::Top),
        }
    }

    /// Whether files of the type can be seen this way.
    pub fn shows(self, file_type: FileType) -> bool {
        match self {
            Self::Top => matches!(file_type, FileType::Pdf | FileType::Jpg | FileType::Png),
            Self::Page(_) => file_type == FileType::Pdf,
        }
    }
}

/// A painted view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Painted {
    /// Pages of the file.
    pub pages: u32,
    /// The page's own words, as far as it has any: for people who cannot see it.
    pub words: String,
    /// PNG.
    #[serde(skip)]
    pub png: Vec<u8>,
}

/// Paints it.
pub(super) fn paint(bytes: Vec<u8>, file_type: FileType, view: View) -> Result<Painted, Reason> {
    match (file_type, view) {
        (FileType::Pdf, view) => {
            // The painter is another's: what it stumbles over has no picture, and takes nobody along.
            catch_unwind(AssertUnwindSafe(|| pdf(bytes, view))).unwrap_or(Err(BROKEN))
        }
        (FileType::Jpg | FileType::Png, View::Top) => Ok(Painted { pages: 1, png: head(&bytes, file_type)?, ..Painted::default() }),
        _ => Err(NO_PAGE),
    }
}

fn pdf(bytes: Vec<u8>, view: View) -> Result<Painted, Reason> {
    let pdf = Pdf::new(bytes).map_err(|_| BROKEN)?;
    let (pages, number) = (pdf.pages(), if let View::Page(number) = view { number } else { 1 });
    let page = number.checked_sub(1).and_then(|at| pages.get(usize::from(at))).ok_or(NO_PAGE)?;
    let (width, height) = page.render_dimensions();
    if !(width >= 1.0 && height >= 1.0) {
        return Err(BROKEN);
    }
    let scale = match view {
        // A page that lies on its side is as wide as an upright one is high.
        View::Top if width > height => TOP_WIDTH as f32 * 1.414 / width,
        View::Top => TOP_WIDTH as f32 / width,
        View::Page(_) => PAGE_SIDE / width.max(height),
    };
    let scale = scale.min(MOST / width.max(height));
    let whole = (height * scale).ceil();
    let shown = if view == View::Top { (whole / TOP as f32).ceil() } else { whole };
    let settings = RenderSettings {
        x_scale: scale,
        y_scale: scale,
        width: Some((width * scale).ceil().max(1.0) as u16),
        height: Some(shown.max(1.0) as u16),
        bg_color: WHITE,
    };
    let pixmap = render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let pixels: Vec<u8> = pixmap.data().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
    drop(pixmap);
    let picture = image::RgbImage::from_raw(width, height, pixels).ok_or(BROKEN)?;
    let png = match view {
        View::Top => png(&DynamicImage::from(picture).into_luma8(), width, height, ExtendedColorType::L8)?,
        View::Page(_) => png(&picture, width, height, ExtendedColorType::Rgb8)?,
    };
    let words = match view {
        View::Top => String::new(),
        View::Page(_) => pdf_text::page_words(page, pdf.xref()).chars().take(MOST_WORDS).collect(),
    };
    Ok(Painted { pages: u32::try_from(pages.len()).unwrap_or(u32::MAX), words, png })
}

/// The top fifth of a picture, as wide as the head of a page.
fn head(bytes: &[u8], file_type: FileType) -> Result<Vec<u8>, Reason> {
    let picture = picture::decode(bytes, file_type)?;
    let (width, height) = (picture.width().max(1), picture.height());
    let top = picture.crop_imm(0, 0, width, height.div_ceil(TOP).max(1)).into_luma8();
    drop(picture);
    let height = u32::try_from(u64::from(top.height()) * u64::from(TOP_WIDTH) / u64::from(width)).unwrap_or(1).clamp(1, 4 * TOP_WIDTH);
    let top = if width == TOP_WIDTH { top } else { image::imageops::resize(&top, TOP_WIDTH, height, FilterType::Triangle) };
    png(&top, top.width(), top.height(), ExtendedColorType::L8)
}

fn png(pixels: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Result<Vec<u8>, Reason> {
    let mut written = Vec::new();
    let done = PngEncoder::new(&mut written).write_image(pixels, width, height, kind);
    done.map_err(|error| unreadable(std::io::Error::other(error)))?;
    Ok(written)
}
