//! Everything between a stream of bytes and a stored, inspected file. Knows nothing of SQL or HTTP.
//!
//! The way of a file: [`clean_name`] → [`receive`] (counted, hashed, sealed as it comes) → [`inspect`] (structure and words, by an
//! [`Inspector`]) → [`Scanner`] → [`FileStore`]. Whatever ends early leaves nothing behind: the temporary files are guards. At no
//! time is content on a disk in the clear.
//!
//! What nothing could read is painted ([`View`]) and read by a [`Reader`] afterwards, outside of the request (K-06).
//!
//! What inspection does *not* do, so that nobody relies on it: pictures inside other files are not read (the setting `scans` decides
//! about them), DWG is only stored, and formulas of a workbook are not read (links need a part we refuse).

mod archive;
mod download;
mod file_type;
mod inspect;
mod markup;
mod name;
mod pdf;
mod pdf_text;
mod picture;
mod reader;
mod reason;
mod receive;
mod scanner;
mod sealed_file;
mod state;
mod store;
mod view;
mod words;

#[cfg(test)]
mod marking_tests;
#[cfg(test)]
mod tests;

pub use download::{download_headers, preview_headers};
pub use file_type::{FileType, Slot};
pub use inspect::{Answer, Found, InProcess, Inspected, Inspector, Marking, answer, answer_view, inspect, paint};
pub use name::clean_name;
pub use reader::{NoReader, Reader, Reading};
pub use receive::{Allowance, Received, receive};
pub use scanner::{Clamd, ClamdAddress, NoScanner, Scanner, Verdict};
pub use sealed_file::{FilePart, Opened, SealedFile, SealedWriter};
pub use state::FileState;
pub use store::{Content, FileStore, LocalFiles};
pub use view::{Painted, View};
