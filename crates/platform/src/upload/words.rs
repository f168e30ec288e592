//! The words of a file, as far as the marking rules read them (K-03, K-04): body, headers and footers, properties, names of
//! files inside it. They are looked at where they were found and go nowhere else (K-07).

use super::inspect::Marking;
use domain::marking::{Place, check_text};

/// Most bytes of text kept of one file.
const MOST: usize = 4 * 1024 * 1024;

/// What was read so far.
#[derive(Debug)]
pub(super) struct Words {
    pieces: Vec<(Place, String)>,
    left: usize,
    /// Something in the file shows what no rule can read.
    pub unread: bool,
}

impl Default for Words {
    fn default() -> Self {
        Self { pieces: Vec::new(), left: MOST, unread: false }
    }
}

impl Words {
    /// Keeps a text; what is too much to be read by anybody is left out.
    pub fn add(&mut self, place: Place, mut text: String) {
        if text.len() > self.left {
            let end = (0..=self.left).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
        }
        self.left -= text.len();
        if !text.trim().is_empty() {
            self.pieces.push((place, text));
        }
    }

    /// What the rules say; the worst counts.
    pub fn marking(&self) -> Marking {
        let verdicts = self.pieces.iter().map(|(place, text)| check_text(text, *place));
        verdicts.max().map_or(Marking::Clean, Marking::from)
    }
}
