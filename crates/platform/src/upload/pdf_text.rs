//! The words of a PDF (K-03, K-06): its properties and what stands on the first three pages, read glyph by glyph.
//!
//! Text is put together twice: in the order it is drawn, and line by line as it is seen. A page that shows pictures or outlines
//! but (almost) no letters is a scan: nothing was read of it.

use super::words::Words;
use domain::marking::Place;
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache, InterpreterSettings, Paint,
    PathDrawMode, SoftMask,
    font::Glyph,
    hayro_cmap::BfString,
    hayro_syntax::{Pdf, page::Page, xref::XRef},
    interpret_page,
};
use kurbo::{Affine, BezPath, Point, Rect};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Pages read.
const PAGES: usize = 3;
/// A page with a picture and fewer letters than this is a scan.
const FEW: usize = 50;
/// Most glyphs read of one page.
const MOST: usize = 200_000;
/// Share of the page's height that headers and footers have.
const MARGIN: f64 = 0.08;

/// Reads the words; a file that cannot be read counts as unread.
pub(super) fn read(bytes: Vec<u8>, words: &mut Words) {
    let mut pages = Vec::new();
    // The reader is another's: what it stumbles over is a file nobody has read, not an answer.
    let done = catch_unwind(AssertUnwindSafe(|| {
        let pdf = Pdf::new(bytes).ok()?;
        let metadata = pdf.metadata();
        let named = [&metadata.title, &metadata.subject, &metadata.keywords, &metadata.author];
        let named: Vec<String> = named.into_iter().flatten().map(|raw| property(raw)).collect();
        words.add(Place::FileName, named.join("\n"));
        pages.extend(pdf.pages().iter().take(PAGES).map(|page| see(page, pdf.xref())));
        Some(())
    }));
    words.unread |= !matches!(done, Ok(Some(())));
    for (number, page) in pages.into_iter().enumerate() {
        words.unread |= page.is_scan();
        words.add(Place::Body, page.drawn());
        let (body, margins) = page.lines();
        words.add(if number == 0 { Place::BodyTop } else { Place::Body }, body);
        words.add(Place::HeaderFooter, margins);
    }
}

/// What stands on a page, line by line.
pub(super) fn page_words<'a>(page: &'a Page<'a>, xref: &'a XRef) -> String {
    let (body, margins) = see(page, xref).lines();
    format!("{margins}{body}")
}

fn see<'a>(page: &'a Page<'a>, xref: &'a XRef) -> Seen {
    let cache = InterpreterCache::new();
    let bounds = Rect::new(0.0, 0.0, 1.0, 1.0);
    let mut context = Context::new(Affine::IDENTITY, bounds, &cache, xref, InterpreterSettings::default());
    let bounds = page.media_box();
    let mut seen = Seen { bottom: bounds.y0, top: bounds.y1, ..Seen::default() };
    interpret_page(page, &mut context, &mut seen);
    seen
}

/// A property of the document: UTF-16 with its mark, UTF-8, or letters.
fn property(raw: &[u8]) -> String {
    match raw {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        other => String::from_utf8_lossy(other).into_owned(),
    }
}

/// One glyph: where it stands and what it says.
struct Letter {
    x: f64,
    y: f64,
    height: f64,
    text: String,
}

/// What a page shows.
#[derive(Default)]
struct Seen {
    bottom: f64,
    top: f64,
    letters: Vec<Letter>,
    unknown: usize,
    drawings: usize,
    images: usize,
}

impl Seen {
    /// Whether what it shows was not read.
    fn is_scan(&self) -> bool {
        let letters = self.letters.iter().filter(|letter| !letter.text.trim().is_empty()).count();
        match (letters, self.images) {
            (0, 0) => self.unknown + self.drawings > 0,
            (letters, 0) => self.unknown > letters,
            (letters, _) => letters < FEW || self.unknown > letters,
        }
    }

    /// In the order it is drawn; a new line where the pen goes elsewhere.
    fn drawn(&self) -> String {
        let mut text = String::new();
        let mut before: Option<&Letter> = None;
        for letter in &self.letters {
            if before.is_some_and(|b| (b.y - letter.y).abs() > b.height.max(letter.height) * 0.5) {
                text.push('\n');
            }
            text.push_str(&letter.text);
            before = Some(letter);
        }
        text
    }

    /// Line by line as it is seen: between the margins, and in them.
    fn lines(mut self) -> (String, String) {
        self.letters.sort_by(|a, b| b.y.total_cmp(&a.y));
        let mut rows: Vec<Vec<Letter>> = Vec::new();
        for letter in self.letters {
            match rows.last_mut() {
                Some(row)
                    if row.first().is_some_and(|f| (f.y - letter.y).abs() <= f.height.max(letter.height) * 0.5) =>
                {
                    row.push(letter);
                }
                _ => rows.push(vec![letter]),
            }
        }
        let margin = (self.top - self.bottom) * MARGIN;
        let (mut body, mut margins) = (String::new(), String::new());
        for mut row in rows {
            row.sort_by(|a, b| a.x.total_cmp(&b.x));
            let y = row.first().map_or(0.0, |letter| letter.y);
            let to = if y > self.top - margin || y < self.bottom + margin { &mut margins } else { &mut body };
            let mut end = f64::NEG_INFINITY;
            for letter in row {
                // Columns far apart are not one word.
                if letter.x - end > letter.height * 2.0 && end.is_finite() {
                    to.push_str("  ");
                }
                end = letter.x;
                to.push_str(&letter.text);
            }
            to.push('\n');
        }
        (body, margins)
    }
}

impl Device<'_> for Seen {
    fn set_soft_mask(&mut self, _: Option<SoftMask<'_>>) {}

    fn set_blend_mode(&mut self, _: BlendMode) {}

    fn draw_path(&mut self, _: &BezPath, _: Affine, _: &Paint<'_>, _: &PathDrawMode) {
        self.drawings += 1;
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}

    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'_>,
        transform: Affine,
        glyph_transform: Affine,
        _: &Paint<'_>,
        _: &GlyphDrawMode,
    ) {
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => {
                self.unknown += 1;
                return;
            }
        };
        if self.letters.len() < MOST {
            let place = transform * glyph_transform;
            let at = place * Point::ORIGIN;
            // A glyph is a thousand units high.
            let height = (place * Point::new(0.0, 1000.0) - at).hypot();
            self.letters.push(Letter { x: at.x, y: at.y, height, text });
        }
    }

    fn draw_image(&mut self, _: Image<'_, '_>, _: Affine) {
        self.images += 1;
    }

    fn pop_clip_path(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
