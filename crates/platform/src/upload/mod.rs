//! Everything between a stream of bytes and a stored, inspected file. Knows nothing of SQL or HTTP.
//!
//! The way of a file: [`clean_name`] → [`receive`] (counted, hashed, to a temporary file) → [`inspect`] (structure) →
//! [`Scanner`] → [`FileStore`]. Whatever ends early leaves nothing behind: the temporary files are guards.
//!
//! What inspection does *not* do, so that nobody relies on it: content and image data inside a PDF is not decoded, no
//! document is rendered, DWG is only stored, and formulas of a workbook are not read (links need a part we refuse).

mod archive;
mod download;
mod file_type;
mod inspect;
mod markup;
mod name;
mod pdf;
mod picture;
mod reason;
mod receive;
mod scanner;
mod state;
mod store;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use download::{download_headers, preview_headers};
pub use file_type::{FileType, Slot};
pub use inspect::{Inspected, Preview, inspect};
pub use name::clean_name;
pub use receive::{Received, receive};
pub use scanner::{Clamd, ClamdAddress, NoScanner, Scanner, Verdict};
pub use state::FileState;
pub use store::{Content, FileStore, LocalFiles};
