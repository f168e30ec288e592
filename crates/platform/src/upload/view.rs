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
    DynamicImage, ExtendedColorType, GrayImage, ImageEncoder,
    codecs::png::PngEncoder,
    imageops::{self, FilterType},
};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Share of the first page that is read: a mark stands in its head.
const TOP: u32 = 5;
/// Width of the head, in pixels: 200 dots per inch of an upright A4 page.
const TOP_WIDTH: u32 = 1654;
/// How far grain is smoothed, in pixels.
const BLUR: f32 = 0.8;
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
        (FileType::Jpg | FileType::Png, View::Top) => {
            Ok(Painted { pages: 1, png: head(&bytes, file_type)?, ..Painted::default() })
        }
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
        View::Top => {
            let head = cleaned(&DynamicImage::from(picture).into_luma8());
            png(&head, width, height, ExtendedColorType::L8)?
        }
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
    let height = u32::try_from(u64::from(top.height()) * u64::from(TOP_WIDTH) / u64::from(width))
        .unwrap_or(1)
        .clamp(1, 4 * TOP_WIDTH);
    let top = if width == TOP_WIDTH { top } else { imageops::resize(&top, TOP_WIDTH, height, FilterType::Triangle) };
    let top = cleaned(&top);
    png(&top, top.width(), top.height(), ExtendedColorType::L8)
}

/// Without grain and dirt, black on white: a reader loses words in noise that people read with ease.
fn cleaned(picture: &GrayImage) -> GrayImage {
    let mut smooth = imageops::blur(&median(picture), BLUR);
    let mut greys = [0u32; 256];
    smooth.pixels().for_each(|pixel| greys[usize::from(pixel.0[0])] += 1);
    let total = smooth.width() * smooth.height();
    // The paper is the grey most of it has; the ink the darkest few thousandths.
    let share = |thousandths: u32| {
        let wanted = u64::from(total) * u64::from(thousandths) / 1000;
        let mut seen = 0u64;
        let grey = greys.iter().position(|n| {
            seen += u64::from(*n);
            seen > wanted
        });
        grey.unwrap_or(255) as f32
    };
    let (ink, paper) = (share(3), share(600));
    let quarter = (paper - ink) / 4.0;
    let (black, white) = (ink + quarter, paper - quarter);
    if white - black > 1.0 {
        for pixel in smooth.pixels_mut() {
            let grey = (f32::from(pixel.0[0]) - black) / (white - black) * 255.0;
            pixel.0[0] = grey.clamp(0.0, 255.0) as u8;
        }
    }
    smooth
}

/// Each pixel as the middle one of the nine around it; the rim stays as it is.
fn median(picture: &GrayImage) -> GrayImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (from, mut to) = (picture.as_raw(), picture.clone());
    let rows = from.windows(3 * width).step_by(width.max(1)).zip(to.chunks_exact_mut(width.max(1)).skip(1));
    for (above, row) in rows.take(height.saturating_sub(2)) {
        for (x, pixel) in row.iter_mut().enumerate().skip(1).take(width.saturating_sub(2)) {
            let mut near = [0u8; 9];
            for (slot, line) in near.chunks_exact_mut(3).zip([0, width, 2 * width]) {
                slot.copy_from_slice(above.get(line + x - 1..line + x + 2).unwrap_or(&[0; 3]));
            }
            near.sort_unstable();
            *pixel = near[4];
        }
    }
    to
}

fn png(pixels: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Result<Vec<u8>, Reason> {
    let mut written = Vec::new();
    let done = PngEncoder::new(&mut written).write_image(pixels, width, height, kind);
    done.map_err(|error| unreadable(std::io::Error::other(error)))?;
    Ok(written)
}
