//! One posted form of a file slot: a file to be taken, or one to be taken out. What happens to it is the slot's own.

use crate::{WebError, app::refusals, csrf};
use async_trait::async_trait;
use axum::{
    extract::{Multipart, multipart::Field, multipart::MultipartError},
    http::HeaderMap,
};
use domain::{Refusal, ids::AttachmentId};
use platform::Failure;

/// Where a form's file belongs.
#[async_trait]
pub trait FileSlot: Sync {
    /// Takes a file in: its name, the type it is declared to be, its content.
    async fn add(&self, name: &str, kind: &str, content: Field<'_>) -> Result<(), Failure>;
    /// Takes a file out.
    async fn remove(&self, file: &AttachmentId) -> Result<(), Failure>;
}

/// The form was cut off on its way.
fn broken(_: MultipartError) -> Refusal {
    Refusal::field("file", "file.broken", "文件没有传完，请检查网络后重新上传。")
}

/// Carries a form out, or says what is wrong with it. The token comes before the file: nothing is read of a form that cannot
/// prove itself.
pub async fn take(
    token: &str,
    headers: &HeaderMap,
    mut form: Multipart,
    slot: &dyn FileSlot,
) -> Result<Result<(), Vec<Refusal>>, WebError> {
    // A script proves itself by the header; without one the token comes as the first part of the form.
    let mut proved = csrf::verify(token, headers, None);
    loop {
        let part = match form.next_field().await.map_err(broken) {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(refusal) => return Ok(Err(vec![refusal])),
        };
        match part.name().unwrap_or_default() {
            csrf::FIELD => match part.text().await.map_err(broken) {
                Ok(sent) => proved = csrf::verify(token, headers, Some(&sent)),
                Err(refusal) => return Ok(Err(vec![refusal])),
            },
            "_remove" => {
                proved.map_err(WebError::Forbidden)?;
                let sent = part.text().await.map_err(|error| WebError::from(broken(error)))?;
                let file = AttachmentId::parse(&sent).ok_or(WebError::NotFound)?;
                return refusals(slot.remove(&file).await);
            }
            "file" => {
                proved.clone().map_err(WebError::Forbidden)?;
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                let kind = part.content_type().unwrap_or_default().to_owned();
                return refusals(slot.add(&name, &kind, part).await);
            }
            _ => {}
        }
    }
    proved.map_err(WebError::Forbidden)?;
    Ok(Err(vec![Refusal::field("file", "file.missing", "请先选择文件，再点“上传”。")]))
}
