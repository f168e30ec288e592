//! The session cookie of a face: opaque, not readable by scripts, never shared between faces.

use crate::Face;
use axum::http::{HeaderMap, HeaderValue, header};

fn name(face: Face, secure: bool) -> String {
    let face = face.slug();
    if secure { format!("__Host-tzxm-{face}") } else { format!("tzxm-{face}") }
}

/// The token a browser sent for this face.
pub fn read(face: Face, secure: bool, headers: &HeaderMap) -> Option<String> {
    find(&name(face, secure), headers)
}

/// The secret of a journey to the provider of unified identity that this browser is on.
pub fn read_journey(face: Face, secure: bool, headers: &HeaderMap) -> Option<String> {
    find(&(name(face, secure) + "-journey"), headers)
}

fn find(name: &str, headers: &HeaderMap) -> Option<String> {
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
    set(&name(face, secure), secure, token)
}

/// The same for a journey.
pub fn write_journey(face: Face, secure: bool, secret: &str) -> HeaderValue {
    set(&(name(face, secure) + "-journey"), secure, secret)
}

fn set(name: &str, secure: bool, token: &str) -> HeaderValue {
    let mut text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax");
    if secure {
        text.push_str("; Secure");
    }
    if token.is_empty() {
        text.push_str("; Max-Age=0");
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
