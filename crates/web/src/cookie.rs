//! The session cookie of a face: opaque, not readable by scripts, never shared between faces.

use crate::Face;
use axum::http::{HeaderMap, HeaderValue, header};

fn name(face: Face, secure: bool) -> String {
    let face = face.slug();
    if secure { format!("__Host-tzxm-{face}") } else { format!("tzxm-{face}") }
}

/// The token a browser sent for this face.
pub fn read(face: Face, secure: bool, headers: &HeaderMap) -> Option<String> {
    let name = name(face, secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, token)| token.to_owned())
}

/// `Set-Cookie` that begins a session; an empty token ends it.
pub fn write(face: Face, secure: bool, token: &str) -> HeaderValue {
    let mut text = format!("{}={token}; Path=/; HttpOnly; SameSite=Lax", name(face, secure));
    if secure {
        text.push_str("; Secure");
    }
    if token.is_empty() {
        text.push_str("; Max-Age=0");
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
