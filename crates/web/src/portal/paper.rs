//! 文书 as PDF, with headers of their own (U-09).

use crate::{Access, Route, WebError, context::PortalContext};
use axum::{
    extract::{Path, Query},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::document::Document;
use platform::attachment::Download;
use serde::Deserialize;

/// Papers of the signed-in unit.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Owner, "/papers/{number}/pdf", pdf).audited()]
}

/// What our own PDF may do in the browser: be drawn by its viewer, which a `sandbox` would forbid.
const VIEWER_ONLY: &str = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'";

/// Address of a paper's PDF.
pub fn href(number: &str) -> String {
    format!("/papers/{}/pdf", crate::percent_encoded(number))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct How {
    download: Option<String>,
}

async fn pdf(ctx: PortalContext, Path(number): Path<String>, Query(how): Query<How>) -> Result<Response, WebError> {
    let (document, bytes) = ctx.platform.print_document(&ctx.call, &number).await?;
    let place = if how.download.is_some() { "attachment" } else { "inline" };
    Ok(answer(&document, place, bytes))
}

fn answer(document: &Document, place: &str, bytes: Vec<u8>) -> Response {
    let name = format!("{}-{}.pdf", document.kind.title(), document.number);
    let disposition = format!("{place}; filename=\"paper.pdf\"; filename*=UTF-8''{}", crate::percent_encoded(&name));
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(VIEWER_ONLY));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
    );
    response
}

/// A file with exactly the headers its kind asks for.
pub fn file(download: Download) -> Response {
    let mut response = download.bytes.into_response();
    for (name, value) in download.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_number_survives_the_address() {
        let number = "内投审〔2026〕码150402000123号";
        let href = href(number);
        assert!(href.is_ascii());
        let middle = href.strip_prefix("/papers/").and_then(|h| h.strip_suffix("/pdf")).unwrap();
        let bytes: Vec<u8> = middle
            .split('%')
            .enumerate()
            .flat_map(|(i, part)| match i {
                0 => part.as_bytes().to_vec(),
                _ => [vec![u8::from_str_radix(&part[..2], 16).unwrap()], part.as_bytes()[2..].to_vec()].concat(),
            })
            .collect();
        assert_eq!(String::from_utf8(bytes).unwrap(), number);
    }
}
