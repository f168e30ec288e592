//! The words of a text, framed for its channel.

use super::{Channel, FrameKind, Queued, Rules};

/// A subject and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    /// The text, with its link.
    pub text: String,
}

/// One message, or the digest of several. Links begin with `home`; `list` is the page where all of them stand.
pub fn compose(of: &[Queued], channel: &Channel, rules: &Rules, home: &str, list: &str) -> Text {
    let frame = &rules.frame;
    let link = |one: &Queued| format!("{home}{}", one.link);
    let composed = match of {
        [one] => {
            let kind = if channel.frame == FrameKind::Letter { &frame.letter } else { &frame.short };
            let text = fill(kind, &[("title", &one.title), ("body", &one.body), ("link", &link(one))]);
            Text { subject: one.title.clone(), text }
        }
        many => {
            let line = |one: &Queued| {
                let at = one.said_at.display();
                fill(
                    &frame.digest_line,
                    &[("at", &at), ("title", &one.title), ("body", &one.body), ("link", &link(one))],
                )
            };
            let count = many.len().to_string();
            let lines = many.iter().map(line).collect::<Vec<_>>().join("\n");
            let subject = fill(&frame.digest_subject, &[("count", &count)]);
            let text = match channel.frame {
                FrameKind::Letter => fill(&frame.letter, &[("body", &lines), ("link", &format!("{home}{list}"))]),
                FrameKind::Short => format!("{subject}\n{lines}"),
            };
            Text { subject, text }
        }
    };
    Text { subject: one_line(&composed.subject), text: cut(composed.text.trim(), channel.bounded) }
}

/// Puts values into the gaps of a frame, each gap once read: a value that looks like a gap stays as it is.
fn fill(frame: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = frame;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after
            .split_once('}')
            .and_then(|(name, after)| values.iter().find(|(gap, _)| *gap == name).map(|(_, value)| (*value, after)));
        match value {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}

/// A subject never has a second line: what is typed into a project's name cannot become a header.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(spaced.trim(), 200)
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}
