//! What several subcommands share: arguments one by one, or the lines of standard input for `-`.

use std::io::{BufRead, Result};

/// Calls `each` for every argument, or for every line of `input` where the argument is `-`. Bytes that are no UTF-8
/// become replacement characters, so that a line is always answered by a line.
pub fn for_each(texts: &[String], input: &mut dyn BufRead, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    for text in texts {
        if text != "-" {
            each(text)?;
            continue;
        }
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            each(text.trim_end_matches(['\n', '\r']))?;
            line.clear();
        }
    }
    Ok(())
}

/// The text as a cell of a table: whatever would break a column or a line becomes a blank.
pub fn cell(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// Exit status: everything was good.
pub const GOOD: u8 = 0;
/// Exit status: something was not.
pub const BAD: u8 = 1;
