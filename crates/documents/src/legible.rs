//! Any text made printable: what cannot be seen goes, what cannot be drawn is named by its code point.

use serde_json::Value;
use std::fmt::Write as _;

/// Every string in `value` made printable with the characters `can_draw` knows.
pub(crate) fn legible(value: Value, can_draw: &impl Fn(char) -> bool) -> Value {
    match value {
        Value::String(text) => Value::String(legible_text(&text, can_draw)),
        Value::Array(items) => items.into_iter().map(|item| legible(item, can_draw)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, legible(field, can_draw))).collect(),
        other => other,
    }
}

/// Drops controls and invisible formatting (a bidi override could make a paper read other than its data), turns line ends
/// and tabs into spaces, and writes a character no font has as `[U+1F3D7]` rather than as an empty box.
fn legible_text(text: &str, can_draw: &impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            _ if c.is_control() || is_invisible(c) => {}
            _ if c == ' ' || can_draw(c) => out.push(c),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "[U+{:04X}]", u32::from(c))),
        }
    }
    out
}

/// Characters that take no room and change how others look: joiners, directions, variation selectors, tags.
/// The Mongolian selectors (U+180B–180F) are not among them: they are spelling.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unseen_characters_go_and_undrawable_ones_are_named() {
        let ascii_and_han = |c: char| c.is_ascii() || ('\u{3400}'..='\u{9FFF}').contains(&c);
        let cases = [
            ("a\u{0}b\u{7}\u{1b}c\u{7f}\u{85}", "abc"),
            ("一\r\n二\n三\t四", "一 二 三 四"),
            ("付\u{202E}款\u{200B}人\u{FE0F}", "付款人"),
            ("🏗️工程", "[U+1F3D7]工程"),
            ("㛃䶮 #*$<\"\\@_`", "㛃䶮 #*$<\"\\@_`"),
        ];
        for (text, printed) in cases {
            assert_eq!(legible_text(text, &ascii_and_han), printed);
        }
    }

    #[test]
    fn nested_strings_are_reached() {
        let value = json!({"a": ["x\u{0}", ["y\u{1}", 1]], "b": null});
        assert_eq!(legible(value, &|_| true), json!({"a": ["x", ["y", 1]], "b": null}));
    }
}
