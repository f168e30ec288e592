//! The files of the `web/` package, inside the binary: one constant per logical name, such as [`THEME_CSS`].
//!
//! File names carry a hash of their content, so browsers may keep them for ever.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

pub use generated::*;

/// One built file and its two compressed forms.
struct Asset {
    file: &'static str,
    kind: &'static str,
    raw: &'static [u8],
    gz: &'static [u8],
    br: &'static [u8],
}

/// Routes of the files; the same on every face.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{file}", get(serve))
        .route("/favicon.ico", get(|| async { Redirect::permanent(LOGO_SVG) }))
}

/// Name and bytes of every file, so that a release can say what it consists of (S-23).
pub fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    generated::FILES.iter().map(|asset| (asset.file, asset.raw))
}

/// Answers with the best form the browser takes, to be kept for a year.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = generated::FILES.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (encoding, bytes) = asset.best(&headers);
    let mut response = (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "Accept-Encoding"),
        ],
        bytes,
    )
        .into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(encoding));
    }
    response
}

impl Asset {
    fn best(&self, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let takes = |name: &str| {
            accepted.split(',').any(|part| {
                let mut pieces = part.split(';').map(str::trim);
                pieces.next() == Some(name)
                    && !pieces.any(|piece| matches!(piece, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        if takes("br") {
            (Some("br"), self.br)
        } else if takes("gzip") {
            (Some("gzip"), self.gz)
        } else {
            (None, self.raw)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_asset_comes_in_the_form_the_browser_takes_and_may_be_kept() {
        let file = THEME_CSS.trim_start_matches("/assets/");
        for (accepted, encoding) in [("gzip, br", Some("br")), ("gzip", Some("gzip")), ("br;q=0", None), ("", None)] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            let response = serve(Path(file.to_owned()), headers).await;
            assert_eq!(response.status(), StatusCode::OK);
            let got = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(got, encoding, "for {accepted:?}");
            assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
            assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        }
        assert_eq!(serve(Path("../Cargo.toml".into()), HeaderMap::new()).await.status(), StatusCode::NOT_FOUND);
    }
}
