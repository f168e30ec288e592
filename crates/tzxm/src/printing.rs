//! The platform's printing port, answered by `documents`.

use crate::{config::Fonts, stop::Stop};
use documents::FontSettings;
use domain::document::Document;
use platform::ports::Printer;
use std::error::Error;

/// 文书打印机.
pub struct Papers(documents::Printer);

impl Papers {
    /// Reads the fonts; a missing one is named with the package that brings it.
    pub fn open(fonts: &Fonts) -> Result<Self, Stop> {
        let settings = match fonts.paths.as_slice() {
            [] => FontSettings::default(),
            paths => FontSettings { paths: paths.to_vec() },
        };
        documents::Printer::new(&settings).map(Self).map_err(|error| Stop::because("不能打印文书，服务未启动", &error))
    }
}

impl Printer for Papers {
    fn print(&self, document: &Document) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.print(document)?)
    }
}

/// Where nobody prints: the simulation.
pub struct NoPapers;

impl Printer for NoPapers {
    fn print(&self, _: &Document) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Err("a simulation prints nothing".into())
    }
}
