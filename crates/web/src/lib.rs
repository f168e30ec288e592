//! The three faces over HTTP: `portal` for applicants, `office` for civil servants, `api` for other systems.
//!
//! What they share lives here: assets, the page frame, components, errors and the layers around every request.

pub mod assets;
pub mod csrf;
pub mod error;
pub mod html;
pub mod page;
pub mod request;
pub mod security_headers;

pub use error::WebError;
pub use page::{Face, Page};
