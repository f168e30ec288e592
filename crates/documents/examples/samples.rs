//! Prints one paper of each kind into a folder: `cargo run -p documents --example samples -- FOLDER`.

#[path = "../tests/samples/mod.rs"]
mod samples;

use documents::{FontSettings, Printer};
use domain::document::DocumentKind;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: samples FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let printer = Printer::new(&FontSettings::default())?;
    for kind in DocumentKind::ALL {
        let paper = samples::paper(kind);
        std::fs::write(folder.join(format!("{kind:?}.pdf")), printer.print(&paper)?)?;
    }
    Ok(())
}
