//! How a file is sent to a person so that no browser runs it (U-07, U-09).

use super::FileType;
use std::fmt::Write;

/// Headers of every answer that carries a file's bytes.
const GUARDS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "sandbox; default-src 'none'"),
    ("cache-control", "private, no-store"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
];

/// Headers for the file itself: always an attachment, always a media type of our table.
pub fn download_headers(name: &str, file_type: FileType) -> Vec<(&'static str, String)> {
    headers("attachment", name, file_type)
}

/// Headers for a re-encoded picture (U-04), the only thing ever shown inside a page.
pub fn preview_headers(name: &str, file_type: FileType) -> Vec<(&'static str, String)> {
    let disposition = if matches!(file_type, FileType::Jpg | FileType::Png) { "inline" } else { "attachment" };
    headers(disposition, name, file_type)
}

fn headers(disposition: &str, name: &str, file_type: FileType) -> Vec<(&'static str, String)> {
    let disposition = format!("{disposition}; filename=\"{}\"; filename*=UTF-8''{}", plain(name), encoded(name));
    let own = [("content-type", file_type.media_type().to_owned()), ("content-disposition", disposition)];
    own.into_iter().chain(GUARDS.map(|(key, value)| (key, value.to_owned()))).collect()
}

/// RFC 6266 fallback for old agents: ASCII letters, digits and `.-_ `; the rest becomes `_`.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect()
}

/// RFC 8187 value: everything but unreserved characters percent-encoded.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
