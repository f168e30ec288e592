//! The three faces over HTTP: `portal` for applicants, `office` for civil servants, `api` for other systems.
//!
//! What they share lives here: assets, the page frame, components, errors and the layers around every request.

pub mod account;
pub mod api;
pub mod app;
mod as_of;
pub mod assets;
pub mod audit;
pub mod context;
pub mod cookie;
pub mod csrf;
pub mod door;
pub mod error;
pub mod html;
pub mod notification;
pub mod office;
pub mod page;
pub mod portal;
pub mod posted;
pub mod request;
pub mod route;
mod slot;
mod source;

pub(crate) use platform::document::percent_encoded;

pub use app::App;
pub use context::{ApiContext, OfficeContext, PortalContext};
pub use error::WebError;
pub use page::{Face, Page};
pub use posted::{Fields, Posted, PostedFiles};
pub use route::{Access, Route};
