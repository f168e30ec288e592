//! The log writes one line for one event, whatever people typed into it: nobody can forge a line, or colour a terminal.

use std::io::{self, Write};
use tracing_subscriber::fmt::MakeWriter;

/// Longest line, in characters; the rest is cut off and said to be.
const LONGEST: usize = 16_000;

/// Standard error, an event at a time.
#[derive(Debug, Clone, Copy)]
pub struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Line<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(io::stderr())
    }
}

/// Writes what it is given as one line. The formatter hands over a whole event at once.
pub struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&String::from_utf8_lossy(event));
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text on one line: what would begin another, move the cursor or turn the direction of writing is spelt out.
fn one_line(event: &str) -> String {
    let event = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len() + 1);
    for (at, c) in event.chars().enumerate() {
        if at == LONGEST {
            line.push_str("…(cut)");
            break;
        }
        match c {
            '\t' => line.push(' '),
            c if c.is_control() || is_mark(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line.push('\n');
    line
}

/// Line and paragraph separators, zero-width and direction marks.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PAYLOADS: [&str; 9] = [
        "a\r\n2026-11-24T00:00:00Z  INFO decided: forged",
        "\n\n\n",
        "\u{1b}[2J\u{1b}[31mred",
        "\u{2028}next\u{2029}",
        "\u{85}next line",
        "\u{202e}txt.exe",
        "\0\u{7}\u{8}",
        "\u{9b}31m",
        "plain",
    ];

    #[test]
    fn a16_an_event_is_one_line_whatever_is_typed_into_it() {
        for json in [false, true] {
            let kept = Kept::default();
            let writer = kept.clone();
            let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Line(writer.clone()));
            let send = || {
                for payload in PAYLOADS {
                    tracing::info!(typed = payload, shown = %payload, asked = ?payload, "{payload}");
                }
            };
            if json {
                tracing::subscriber::with_default(log.json().flatten_event(true).finish(), send);
            } else {
                tracing::subscriber::with_default(log.compact().finish(), send);
            }
            let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.matches('\n').count(), PAYLOADS.len(), "{text}");
            assert!(text.ends_with('\n'));
            assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || is_mark(c))), "{text:?}");
        }
    }

    #[test]
    fn a16_a_line_is_not_longer_than_it_may_be() {
        let line = one_line(&"字".repeat(LONGEST + 1));
        assert_eq!(line.chars().filter(|c| *c == '字').count(), LONGEST);
        assert!(line.ends_with("…(cut)\n"));
        assert_eq!(one_line("a\tb\n"), "a b\n");
    }
}
