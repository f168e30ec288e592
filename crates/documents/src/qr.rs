//! The QR code of the check page.

use crate::PrintError;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// `url` as SVG: level M survives a fold or a stamp, one unit a module, with the quiet zone readers need.
///
/// # Errors
/// An address longer than a QR code holds (about 2,300 bytes).
pub(crate) fn svg(url: &str) -> Result<String, PrintError> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M)
        .map_err(|_| PrintError::VerifyUrl { length: url.len() })?;
    Ok(code.render::<svg::Color>().module_dimensions(1, 1).build())
}
