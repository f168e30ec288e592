//! 文书打印: notices and certificates as PDF/A, from `domain::document::Document` and the Typst files in `templates/`.
//!
//! A paper is data; a template is its look. Data enters a template as one JSON input and never as Typst source, so no
//! text can become code. Equal papers give equal bytes, so whoever holds the data can print the same paper again.

mod error;
mod fonts;
mod legible;
mod printer;
mod qr;

pub use error::PrintError;
pub use fonts::FontSettings;
pub use printer::{Printer, TEMPLATES};
