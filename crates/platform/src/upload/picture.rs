//! Pictures (U-04): size from the header before decoding, structure from first to last byte, then a copy without metadata.

use super::{
    FileType,
    inspect::{Budget, unreadable},
    reason::{BROKEN, MIXED, PIXELS, Reason},
};
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits, codecs};
use std::io::{BufWriter, Cursor, Write};

/// Most pixels.
const MAX_PIXELS: u64 = 40_000_000;
/// Most memory for decoding: [`MAX_PIXELS`] of four 8-bit channels and some room.
const MAX_ALLOC: u64 = 164 * 1024 * 1024;
/// JPEG quality of the copy: no difference on a scan, a third of the size of 100.
const QUALITY: u8 = 88;
/// What has no business in a picture's metadata, lower case.
const MARKUP: [&[u8]; 7] = [b"<script", b"<html", b"<!doctype", b"<svg", b"<iframe", b"<?php", b"<body"];

/// A decoded picture, to be written again without metadata.
pub(super) struct Copy {
    picture: DynamicImage,
    format: ImageFormat,
}

/// Proves the structure and gives the copy to be shown (not of a picture inside an archive).
pub(super) fn examine(bytes: Vec<u8>, kind: FileType, budget: &Budget, depth: u8) -> Result<Option<Copy>, Reason> {
    let format = if kind == FileType::Png { ImageFormat::Png } else { ImageFormat::Jpeg };
    let (width, height) = if kind == FileType::Png { walk_png(&bytes)? } else { walk_jpeg(&bytes)? };
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PIXELS);
    }
    budget.check()?;
    let picture = decoded(&bytes, format)?;
    drop(bytes);
    budget.check()?;
    Ok((depth == 0).then_some(Copy { picture, format }))
}

/// A picture whose structure was proved before.
pub(super) fn decode(bytes: &[u8], kind: FileType) -> Result<DynamicImage, Reason> {
    decoded(bytes, if kind == FileType::Png { ImageFormat::Png } else { ImageFormat::Jpeg })
}

/// Decodes and turns it as its metadata says, because the metadata does not go with the copy.
fn decoded(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, Reason> {
    let broken = |error| if matches!(error, ImageError::Limits(_)) { PIXELS } else { BROKEN };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PIXELS);
    }
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

impl Copy {
    /// Writes it.
    pub fn write(self, out: impl Write) -> Result<(), Reason> {
        let mut out = BufWriter::new(out);
        let written = if self.format == ImageFormat::Png {
            let picture = self.picture.into_rgba8();
            let (width, height) = picture.dimensions();
            let kind = image::ExtendedColorType::Rgba8;
            codecs::png::PngEncoder::new(&mut out).write_image(&picture, width, height, kind)
        } else {
            let picture = self.picture.into_rgb8();
            codecs::jpeg::JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture)
        };
        written.map_err(|error| unreadable(std::io::Error::other(error)))?;
        out.flush().map_err(unreadable)
    }
}

fn has_markup(bytes: &[u8]) -> bool {
    MARKUP.iter().any(|word| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word)))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Reason> {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes).ok_or(BROKEN)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Reason> {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes).ok_or(BROKEN)
}

/// Walks the chunks from `IHDR` to `IEND`, behind which nothing may follow. Gives width and height.
fn walk_png(bytes: &[u8]) -> Result<(u32, u32), Reason> {
    if bytes.get(12..16) != Some(b"IHDR") {
        return Err(BROKEN);
    }
    let size = (u32_at(bytes, 16)?, u32_at(bytes, 20)?);
    let mut at = 8usize;
    loop {
        let length = u32_at(bytes, at)? as usize;
        let kind = bytes.get(at + 4..at + 8).ok_or(BROKEN)?;
        let end = length.checked_add(at + 12).ok_or(BROKEN)?;
        let data = bytes.get(at + 8..end.checked_sub(4).ok_or(BROKEN)?).ok_or(BROKEN)?;
        if kind != b"IDAT" && has_markup(data) {
            return Err(MIXED);
        }
        match (kind == b"IEND", end.cmp(&bytes.len())) {
            (_, std::cmp::Ordering::Greater) => return Err(BROKEN),
            (true, std::cmp::Ordering::Less) => return Err(MIXED),
            (true, _) => return Ok(size),
            (false, _) => at = end,
        }
    }
}

/// Walks the segments to the end-of-image mark, behind which only zeros or a further JPEG (a camera's depth map or thumbnail) may
/// follow. Gives width and height.
fn walk_jpeg(bytes: &[u8]) -> Result<(u32, u32), Reason> {
    let mut size = None;
    let mut at = 2usize;
    loop {
        if bytes.get(at) != Some(&0xff) {
            return Err(BROKEN);
        }
        let marker = *bytes.get(at + 1).ok_or(BROKEN)?;
        match marker {
            // Fill byte before a marker.
            0xff => at += 1,
            0xd9 => break,
            0x01 | 0xd0..=0xd8 | 0x00 => return Err(BROKEN),
            _ => {
                let length = usize::from(u16_at(bytes, at + 2)?);
                let data = bytes.get(at + 4..at + 2 + length).ok_or(BROKEN)?;
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    let frame = (u32::from(u16_at(data, 3)?), u32::from(u16_at(data, 1)?));
                    // A second frame header could announce another size than the one we checked.
                    if size.replace(frame).is_some() {
                        return Err(BROKEN);
                    }
                }
                if has_markup(data) {
                    return Err(MIXED);
                }
                at += 2 + length;
                if marker == 0xda {
                    at = end_of_scan(bytes, at)?;
                }
            }
        }
    }
    let rest = bytes.get(at + 2..).unwrap_or_default();
    let rest = rest.get(rest.iter().position(|b| *b != 0).unwrap_or(rest.len())..).unwrap_or_default();
    if !rest.is_empty() && !rest.starts_with(b"\xff\xd8\xff") || has_markup(rest) {
        return Err(MIXED);
    }
    size.ok_or(BROKEN)
}

/// Where the coded data that begins at `at` ends: the next marker that is neither stuffing nor a restart.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Result<usize, Reason> {
    loop {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(0xff), Some(0x00 | 0xd0..=0xd7)) => at += 2,
            (Some(0xff), Some(_)) => return Ok(at),
            (Some(_), Some(_)) => at += 1,
            _ => return Err(BROKEN),
        }
    }
}
