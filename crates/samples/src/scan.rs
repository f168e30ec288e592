//! Scans of papers (K-06): words set in a font of the system, laid on the glass a little askew, and scanned with noise.

use crate::pdf_with;
use image::{ExtendedColorType, GrayImage, ImageEncoder, codecs};
use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Transform};
use ttf_parser::{Face, OutlineBuilder};

/// Where Debian's fonts-noto-cjk lies, and the simplified face of each collection.
const FOLDER: &str = "/usr/share/fonts/opentype/noto";
const SIMPLIFIED: u32 = 2;
/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);

/// What the paper says.
#[derive(Debug, Clone, Copy)]
pub struct Paper<'a> {
    /// In the upper left corner, line by line; may be empty.
    pub corner: &'a str,
    /// The red heading.
    pub heading: &'a str,
    /// Title and text.
    pub text: &'a str,
}

/// How it was scanned.
#[derive(Debug, Clone, Copy)]
pub struct Glass {
    /// Dots per inch.
    pub dpi: f32,
    /// Askew, in degrees.
    pub degrees: f32,
    /// Strength of the noise, in grey levels.
    pub noise: u8,
    /// Song instead of Hei.
    pub song: bool,
    /// Where noise begins.
    pub seed: u64,
}

/// The two faces a paper is set in.
pub struct Fonts {
    hei: Vec<u8>,
    song: Vec<u8>,
}

impl Fonts {
    /// From the system; a message when the package is missing.
    pub fn read() -> Result<Self, String> {
        let read = |name: &str| {
            std::fs::read(format!("{FOLDER}/{name}")).map_err(|error| format!("{name} of fonts-noto-cjk: {error}"))
        };
        Ok(Self { hei: read("NotoSansCJK-Bold.ttc")?, song: read("NotoSerifCJK-Bold.ttc")? })
    }

    fn face(&self, song: bool) -> Face<'_> {
        Face::parse(if song { &self.song } else { &self.hei }, SIMPLIFIED).unwrap()
    }
}

struct Pen(PathBuilder);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

fn outline(face: &Face<'_>, letter: char) -> Option<Path> {
    let mut pen = Pen(PathBuilder::new());
    face.outline_glyph(face.glyph_index(letter)?, &mut pen)?;
    pen.0.finish()
}

/// Sets a line that begins there, in points.
fn set(pixmap: &mut Pixmap, face: &Face<'_>, text: &str, (mut x, y): (f32, f32), size: f32, page: Transform) {
    let unit = size / f32::from(face.units_per_em());
    for letter in text.chars() {
        let advance = face.glyph_index(letter).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(500);
        if let Some(path) = outline(face, letter) {
            let place = page.pre_translate(x, y).pre_scale(unit, -unit);
            pixmap.fill_path(&path, &Paint::default(), FillRule::Winding, place, None);
        }
        x += f32::from(advance) * unit;
    }
}

/// The next number of a sequence that follows from its beginning.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

impl Glass {
    /// Scans the paper.
    pub fn scan(&self, fonts: &Fonts, paper: &Paper<'_>) -> GrayImage {
        let scale = self.dpi / 72.0;
        let (width, height) = ((PAGE.0 * scale) as u32, (PAGE.1 * scale) as u32);
        let mut pixmap = Pixmap::new(width, height).unwrap();
        let middle = (PAGE.0 / 2.0, PAGE.1 / 2.0);
        let page =
            Transform::from_scale(scale, scale).pre_concat(Transform::from_rotate_at(self.degrees, middle.0, middle.1));
        let (corner, body) = (fonts.face(self.song), fonts.face(true));
        for (i, line) in paper.corner.lines().enumerate() {
            set(&mut pixmap, &corner, line, (79.0, 62.0 + 22.0 * i as f32), 16.0, page);
        }
        let size = 30.0;
        let wide = paper.heading.chars().count() as f32 * size;
        set(&mut pixmap, &body, paper.heading, ((PAGE.0 - wide) / 2.0, 138.0), size, page);
        for (i, line) in paper.text.lines().enumerate() {
            set(&mut pixmap, &body, line, (79.0, 210.0 + 26.0 * i as f32), 14.0, page);
        }
        self.noise(&pixmap)
    }

    /// Grey paper, uneven ink, grain and dirt.
    fn noise(&self, pixmap: &Pixmap) -> GrayImage {
        let mut seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let (white, black) = (232 + (next(&mut seed) % 20) as i32, 25 + (next(&mut seed) % 45) as i32);
        let strength = i32::from(self.noise);
        // What is read is the head: below it grain would only cost time.
        let head = pixmap.height() * 3 / 10;
        let mut picture = GrayImage::from_fn(pixmap.width(), pixmap.height(), |x, y| {
            let ink = pixmap.pixel(x, y).map_or(0, |p| i32::from(p.alpha()));
            let grain = if strength == 0 || y > head {
                0
            } else {
                (next(&mut seed) >> 33) as i32 % (2 * strength + 1) - strength
            };
            image::Luma([(white + (black - white) * ink / 255 + grain).clamp(0, 255) as u8])
        });
        for _ in 0..u32::from(self.noise) * 3 {
            let (x, y) = (next(&mut seed) as u32 % picture.width(), next(&mut seed) as u32 % head);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1)] {
                if x + dx < picture.width() && y + dy < picture.height() {
                    picture.put_pixel(x + dx, y + dy, image::Luma([black as u8]));
                }
            }
        }
        picture
    }
}

/// The scan as a photo.
pub fn scan_jpg(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 70).encode_image(picture).unwrap();
    bytes
}

/// The scan as a picture.
pub fn scan_png(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::L8).unwrap();
    bytes
}

/// The scan as the one page of a PDF.
pub fn scan_pdf(picture: &GrayImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let stream = |head: String, data: &[u8]| [head.as_bytes(), b"\nstream\n", data, b"\nendstream\nendobj"].concat();
    let jpeg = scan_jpg(picture);
    let image = stream(
        format!(
            "10 0 obj << /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 /Filter /DCTDecode /Length {} >>",
            jpeg.len()
        ),
        &jpeg,
    );
    let content = b"q 595 0 0 842 0 0 cm /Im1 Do Q";
    let content = stream(format!("9 0 obj << /Length {} >>", content.len()), content);
    let page = b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 9 0 R \
                 /Resources << /XObject << /Im1 10 0 R >> >> >> endobj";
    pdf_with(&[&image, &content, page], "")
}
