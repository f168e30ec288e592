//! Files a department adds to its answer: uploaded to the card first, sent with the next answer.

use crate::{
    Action, Call, Failure, Platform,
    attachment::{AttachmentRow, Download, FilePlace},
};
use domain::{
    Refusal,
    case::File,
    ids::{AttachmentId, ProjectId, SupervisionCardId, UnitId},
    supervision::{Card, CardState, Opened},
};
use futures_util::Stream;

/// What such a file is uploaded for.
const MATERIAL: &str = "supervision_answer";
/// Types taken.
const TYPES: [&str; 4] = ["pdf", "jpg", "png", "docx"];

/// Where the files of a card lie.
fn place(opened: &Opened) -> FilePlace {
    FilePlace {
        unit: UnitId(opened.agency.to_string()),
        project: ProjectId(opened.id.to_string()),
        material: MATERIAL.to_owned(),
    }
}

impl Platform {
    /// Takes a file for the department's next answer.
    pub async fn upload_card_file<S, B, E>(
        &self,
        call: &Call,
        id: &SupervisionCardId,
        file: (&str, &str),
        stream: S,
    ) -> Result<AttachmentRow, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let (card, opened) = self.load_card(call, Action::AnswerCard, id).await?;
        if card.state.state == CardState::Closed {
            let closed = Refusal::new("card.closed", "监察卡已经销号，不能再上传附件。请刷新页面查看结果。");
            return Err(closed.article("办法第十七条").into());
        }
        self.attach_for_organ(call, place(&opened), &TYPES, file, stream).await
    }

    /// Takes a file out that was not sent with an answer yet.
    pub async fn remove_card_file(
        &self,
        call: &Call,
        id: &SupervisionCardId,
        file: &AttachmentId,
    ) -> Result<(), Failure> {
        let (card, _) = self.load_card(call, Action::AnswerCard, id).await?;
        if !self.fresh_files(&card.state).await?.iter().any(|row| row.id == *file) {
            return Err(Failure::NotThere);
        }
        self.take_away(call, file).await
    }

    /// A file of a card, for those who may read the card: sent ones for all, fresh ones for the department.
    pub async fn download_card_file(
        &self,
        call: &Call,
        id: &SupervisionCardId,
        file: &AttachmentId,
    ) -> Result<Download, Failure> {
        let page = self.card_page(call, id).await?;
        if !page.card.files.contains(file) && !page.fresh.iter().any(|row| row.id == *file) {
            return Err(Failure::NotThere);
        }
        self.download(&self.attachment_row(file).await?).await
    }

    /// Files of the card that were sent with no answer yet, oldest first.
    pub(super) async fn fresh_files(&self, card: &Card) -> Result<Vec<AttachmentRow>, Failure> {
        let Some(opened) = &card.opened else { return Ok(Vec::new()) };
        let rows = self.files_at(&place(opened)).await?;
        Ok(rows.into_iter().filter(|row| !card.files.contains(&row.id)).collect())
    }

    /// The fresh files an answer takes with it.
    pub(super) async fn files_to_answer(&self, id: &SupervisionCardId) -> Result<Vec<File>, Failure> {
        let card = self.load::<Card>(id.as_str()).await?.state;
        let fresh = self.fresh_files(&card).await?.into_iter().filter(|row| row.state.is_usable());
        Ok(fresh.map(|row| File { id: row.id, name: row.name }).collect())
    }
}
