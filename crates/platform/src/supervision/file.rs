//! Files a department adds to its answer: uploaded to the card first, sent with the next answer.

use crate::{
    Action, Actor, Call, Failure, Platform,
    attachment::{AttachmentRow, Download, FilePlace},
    upload::{FileType, Slot},
};
use domain::{
    Refusal,
    case::File,
    ids::{AttachmentId, ProjectId, SupervisionCardId, UnitId},
    supervision::{Card, CardState},
};
use futures_util::Stream;
use ledger::Row;

/// What such a file is uploaded for.
const MATERIAL: &str = "supervision_answer";
/// Types taken.
const TYPES: [&str; 4] = ["pdf", "jpg", "png", "docx"];
/// Largest file.
const MEGABYTES: u64 = 20;

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
        let Actor::Officer { account, .. } = &call.actor else { return Err(Failure::NotThere) };
        let slot = Slot {
            allowed: TYPES.into_iter().filter_map(FileType::parse).collect(),
            max_bytes: MEGABYTES * 1024 * 1024,
        };
        let place = FilePlace {
            unit: UnitId(opened.agency.to_string()),
            project: ProjectId(id.to_string()),
            material: MATERIAL.to_owned(),
        };
        self.attach(call, account, place, &slot, file, stream).await
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
        let mut change = self.change(call);
        change.row(Row::new(
            "UPDATE attachments SET state = 'removed' WHERE id = $1 AND project_id = $2",
            [file.as_str().into(), id.as_str().into()],
        ));
        change.commit(file.as_str()).await
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
        let rows = self
            .store
            .query(
                "SELECT id, unit_id, project_id, material, name, file_type, size, sm3, state, preview, at FROM attachments \
                 WHERE unit_id = $1 AND material = $2 AND project_id = $3 AND state IN ('clean', 'scanning') ORDER BY at, id LIMIT 50",
                [opened.agency.to_string().into(), MATERIAL.into(), opened.id.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let rows = rows.iter().map(AttachmentRow::read).collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().filter(|row| !card.files.contains(&row.id)).collect())
    }

    /// The fresh files an answer takes with it.
    pub(super) async fn files_to_answer(&self, id: &SupervisionCardId) -> Result<Vec<File>, Failure> {
        let card = self.load::<Card>(id.as_str()).await?.state;
        let fresh = self.fresh_files(&card).await?.into_iter().filter(|row| row.state.is_usable());
        Ok(fresh.map(|row| File { id: row.id, name: row.name }).collect())
    }
}
