//! A page of an uploaded PDF as a picture, the same on both faces (U-05): the browser gets pixels we painted, never the file.

use askama::{Template, filters::HtmlSafe};
use base64::{Engine, engine::general_purpose::STANDARD};
use platform::upload::Painted;

/// One page with its way to the others.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/page_view.html")]
pub struct PageView {
    base: String,
    download: String,
    number: u16,
    pages: u32,
    words: Vec<String>,
    picture: String,
}

impl HtmlSafe for PageView {}

impl PageView {
    /// Page `number`; `base` is the address of the view without its query, `download` that of the file.
    pub fn new(base: String, download: String, number: u16, painted: &Painted) -> Self {
        Self {
            base,
            download,
            number,
            pages: painted.pages,
            words: painted.words.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            picture: STANDARD.encode(&painted.png),
        }
    }

    fn before(&self) -> Option<u16> {
        self.number.checked_sub(1).filter(|number| *number > 0)
    }

    fn after(&self) -> Option<u16> {
        self.number.checked_add(1).filter(|number| u32::from(*number) <= self.pages)
    }
}
