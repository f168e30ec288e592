//! File names (U-08): kept as a label only, never as a path; still they must not deceive whoever reads them.

use super::reason::{NAME_EMPTY, NAME_LONG, NAME_SIGNS};
use domain::Refusal;
use unicode_normalization::UnicodeNormalization;

/// Longest name, in characters.
const MAX_CHARS: usize = 200;

/// Refused on Windows or by a shell, or able to leave a folder.
const PATH_SIGNS: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// The name in NFC without outer spaces, or why it cannot be kept.
pub fn clean_name(raw: &str) -> Result<String, Refusal> {
    // Normalising cannot shrink a text more than this; longer ones are not worth the work.
    if raw.len() > MAX_CHARS * 16 {
        return Err(NAME_LONG.into());
    }
    let name: String = raw.nfc().collect();
    let name = name.trim();
    if name.trim_matches('.').is_empty() {
        return Err(NAME_EMPTY.into());
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c) || PATH_SIGNS.contains(&c)) || name.ends_with('.') {
        return Err(NAME_SIGNS.into());
    }
    if name.chars().count() > MAX_CHARS {
        return Err(NAME_LONG.into());
    }
    Ok(name.to_owned())
}

/// Turns the reading direction, joins, or shows nothing at all.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
