//! An audit record as an RFC 5424 message, and back.

use crate::STREAM;
use domain::Moment;
use ledger::{AuditEntry, AuditRecord};

/// SD-ID of the record's fields. The number is the one RFC 5612 reserves for examples: the platform has none of its own.
const SD_ID: &str = "tzxm@32473";
/// Facility 13, "log audit".
const FACILITY: u8 = 13;

/// A record with the hash it chains onto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Hash of the record before.
    pub prev: Vec<u8>,
    /// The record.
    pub record: AuditRecord,
}

/// The message of a record. It is one line: control characters of values are percent-encoded.
pub fn message(Carried { prev, record }: &Carried) -> String {
    let AuditRecord { seq, entry, hash } = record;
    let severity = match entry.outcome.as_str() {
        "failed" => 3,
        "denied" => 4,
        "refused" => 5,
        _ => 6,
    };
    let mut text = format!("<{}>1 {} - tzxm - {STREAM} [{SD_ID}", FACILITY * 8 + severity, timestamp(entry.at));
    let numbers = [("seq", seq.to_string()), ("at", entry.at.to_string())];
    let hashes = [("prev", hex::encode(prev)), ("hash", hex::encode(hash))];
    for (name, value) in [("stream", STREAM.to_owned())].into_iter().chain(numbers).chain(hashes) {
        parameter(&mut text, name, &value);
    }
    for (name, value) in texts(entry) {
        parameter(&mut text, name, value);
    }
    text.push_str("] \u{feff}");
    text.push_str(&encoded(&format!("{} {} {}", entry.method, entry.path, entry.outcome)));
    text
}

fn texts(entry: &AuditEntry) -> [(&'static str, &str); 14] {
    [
        ("request", &entry.request),
        ("face", &entry.face),
        ("source", &entry.source),
        ("session", &entry.session),
        ("actor", &entry.actor),
        ("role", &entry.role),
        ("organisation", &entry.organisation),
        ("method", &entry.method),
        ("path", &entry.path),
        ("object", &entry.object),
        ("outcome", &entry.outcome),
        ("reason", &entry.reason),
        ("before", &entry.before),
        ("after", &entry.after),
    ]
}

/// `2026-11-24T01:30:05.123Z`.
fn timestamp(at: i64) -> String {
    // Eight hours back: the local time of the platform is UTC+8.
    let utc = Moment(at.saturating_sub(8 * 3_600_000)).local();
    format!("{}T{:02}:{:02}:{:02}.{:03}Z", utc.date(), utc.hour(), utc.minute(), utc.second(), utc.millisecond())
}

/// Control characters, and the sign that stands for them.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || c == '%' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn decoded(text: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((byte, more)) = rest.split_first() {
        if *byte == b'%' {
            let (digits, more) = more.split_at_checked(2)?;
            out.extend(hex::decode(digits).ok()?);
            rest = more;
        } else {
            out.push(*byte);
            rest = more;
        }
    }
    String::from_utf8(out).ok()
}

/// ` name="value"`, with the three characters RFC 5424 escapes.
fn parameter(text: &mut String, name: &str, value: &str) {
    text.push(' ');
    text.push_str(name);
    text.push_str("=\"");
    for c in encoded(value).chars() {
        if matches!(c, '"' | '\\' | ']') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

/// Reads a message as [`message`] wrote it; `None` for any other.
pub fn parse(message: &str) -> Option<Carried> {
    let (_, rest) = message.split_once(&format!("[{SD_ID}"))?;
    let mut values = Parameters(rest);
    if values.next("stream")? != STREAM {
        return None;
    }
    let seq = values.next("seq")?.parse().ok()?;
    let at = values.next("at")?.parse().ok()?;
    let prev = hex::decode(values.next("prev")?).ok()?;
    let hash = hex::decode(values.next("hash")?).ok()?;
    let mut entry = AuditEntry { at, ..AuditEntry::default() };
    let fields: [(&str, &mut String); 14] = [
        ("request", &mut entry.request),
        ("face", &mut entry.face),
        ("source", &mut entry.source),
        ("session", &mut entry.session),
        ("actor", &mut entry.actor),
        ("role", &mut entry.role),
        ("organisation", &mut entry.organisation),
        ("method", &mut entry.method),
        ("path", &mut entry.path),
        ("object", &mut entry.object),
        ("outcome", &mut entry.outcome),
        ("reason", &mut entry.reason),
        ("before", &mut entry.before),
        ("after", &mut entry.after),
    ];
    for (name, field) in fields {
        *field = values.next(name)?;
    }
    values.0.starts_with(']').then_some(Carried { prev, record: AuditRecord { seq, entry, hash } })
}

/// What is left of the parameters.
struct Parameters<'a>(&'a str);

impl Parameters<'_> {
    fn next(&mut self, name: &str) -> Option<String> {
        let rest = self.0.strip_prefix(' ')?.strip_prefix(name)?.strip_prefix("=\"")?;
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        loop {
            match chars.next()? {
                (_, '\\') => value.push(chars.next()?.1),
                (at, '"') => {
                    self.0 = rest.get(at + 1..)?;
                    return decoded(&value);
                }
                (_, c) => value.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(reason: &str) -> Carried {
        let entry = AuditEntry {
            at: 1_700_000_000_123,
            request: "r1".into(),
            actor: "a".into(),
            method: "POST".into(),
            path: "/x".into(),
            outcome: "denied".into(),
            reason: reason.into(),
            ..AuditEntry::default()
        };
        Carried { prev: vec![1; 32], record: AuditRecord { seq: 7, entry, hash: vec![2; 32] } }
    }

    #[test]
    fn s40_a_record_is_an_rfc_5424_message() {
        let text = message(&carried("x"));
        let head = "<108>1 2023-11-14T22:13:20.123Z - tzxm - audit [tzxm@32473 stream=\"audit\" seq=\"7\" at=\"1700000000123\"";
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with("] \u{feff}POST /x denied"), "{text}");
    }

    #[test]
    fn a16_whatever_a_value_holds_the_message_is_one_line_and_reads_back() {
        for nasty in
            ["", "\"", "\\", "]", "\\\"]", "a\nb\r\u{0}", "100%", "%0A", "电话告知\u{85}", "x\" seq=\"9", "\u{7f}"]
        {
            let text = message(&carried(nasty));
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert_eq!(parse(&text), Some(carried(nasty)), "{text}");
        }
        for wrong in ["", "<110>1 - - - - - -", &message(&carried("x")).replace("seq", "sex")] {
            assert_eq!(parse(wrong), None);
        }
        let text = message(&carried("x"));
        let end = text.find("] ").unwrap();
        assert!((0..end).filter(|at| text.is_char_boundary(*at)).all(|at| parse(&text[..at]).is_none()));
    }
}
