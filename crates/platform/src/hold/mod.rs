//! 封存 (K-04, K-07, K-08, K-09): a file whose name or words carry a marking is stored sealed, under a data key that lies in no database
//! and in no backup; its uploader reads neutral words; security administrators see where it came from, never what it says.

mod desk;
pub(crate) mod key;

pub use desk::{HoldFilter, HoldPage, HoldRow, PAGE};

use crate::{
    Actor, Call, Failure, Platform,
    attachment::{AttachmentRow, FilePlace, Taken},
    upload::{FileState, Marking},
};
use domain::{
    Refusal,
    hold::{self, Content, Hold, What},
    ids::{AccountId, AttachmentId, HoldId},
    marking,
};
use key::HeldKey;

/// K-06 has no words to show: nothing could be read.
const UNREAD: &str = "marking.unread";
/// What a sealed file is called where its name may not stand.
pub(crate) const NAMELESS: &str = "（核验中的文件）";

/// The neutral words for whoever handed it in.
fn neutral(marking: &Marking) -> Refusal {
    let refusal = marking::neutral(matches!(marking, Marking::Blocked(_)));
    Refusal { field: Some("file".to_owned()), ..refusal }
}

impl Platform {
    /// What name, words and rules together say: a scan counts as held where nobody vouches for it (K-06), and what was released once
    /// passes.
    pub(crate) async fn marking_of(
        &self,
        name: &str,
        found: &Marking,
        unread: bool,
        sm3: &str,
    ) -> Result<Marking, Failure> {
        let of_name = Marking::from(marking::check_text(name, marking::Place::FileName));
        let mut worst = of_name.max(found.clone());
        if worst == Marking::Clean && unread && self.settings.scans == crate::settings::Scans::Held {
            worst = Marking::Held(UNREAD.to_owned());
        }
        let (Marking::Held(rule) | Marking::Blocked(rule)) = &worst else { return Ok(worst) };
        let released = self
            .store
            .query_one(
                "SELECT 1 AS one FROM holds WHERE sm3 = $1 AND rule = $2 AND state = 'released' LIMIT 1",
                [sm3.into(), rule.clone().into()],
            )
            .await
            .map_err(Failure::fault)?;
        Ok(if released.is_some() { Marking::Clean } else { worst })
    }

    /// Seals a file of an application or of an organ. Gives what its uploader is told.
    pub(crate) async fn hold_file(
        &self,
        call: &Call,
        account: &AccountId,
        place: FilePlace,
        taken: &Taken,
    ) -> Result<Refusal, Failure> {
        let id = AttachmentId::from_random(self.chance.id());
        let (unit, project) = match &call.actor {
            Actor::Unit { unit, .. } => (Some(unit.clone()), Some(place.project.clone())),
            _ => (None, None),
        };
        let row = AttachmentRow {
            name: NAMELESS.to_owned(),
            state: FileState::Sealed,
            ..AttachmentRow::of(id.clone(), place, taken, self.clock.now())
        };
        let content = Content { unit, project, ..self.content(call, account, What::File(id), &row.material, taken) };
        self.keep_held(call, content, Some((row, account)), taken).await
    }

    /// Seals a sample file of a guide.
    pub(crate) async fn hold_sample(
        &self,
        call: &Call,
        account: &AccountId,
        material: &str,
        taken: &Taken,
    ) -> Result<Refusal, Failure> {
        let id = AttachmentId::from_random(self.chance.id());
        let content = self.content(call, account, What::Sample(id), material, taken);
        self.keep_held(call, content, None, taken).await
    }

    fn content(&self, call: &Call, account: &AccountId, what: What, material: &str, taken: &Taken) -> Content {
        let (blocked, rule) = match &taken.marking {
            Marking::Blocked(rule) => (true, rule.clone()),
            Marking::Held(rule) => (false, rule.clone()),
            Marking::Clean => (false, String::new()),
        };
        Content {
            id: HoldId::from_random(self.chance.id()),
            what,
            blocked,
            rule,
            sm3: taken.received.sm3.clone(),
            size: i64::try_from(taken.received.size).unwrap_or(i64::MAX),
            file_type: taken.received.file_type.slug().to_owned(),
            unit: None,
            project: None,
            material: material.to_owned(),
            by: account.clone(),
            source: call.source.map(|source| source.to_string()).unwrap_or_default(),
            clean: taken.state == FileState::Clean,
            later: false,
        }
    }

    /// The key first, then the content, then the record: a crash between them leaves nothing that opens.
    async fn keep_held(
        &self,
        call: &Call,
        content: Content,
        row: Option<(AttachmentRow, &AccountId)>,
        taken: &Taken,
    ) -> Result<Refusal, Failure> {
        let (id, file) = (content.id.clone(), content.what.file().as_str().to_owned());
        let key = HeldKey {
            key: self.wrap_key(&file, taken.received.file.key())?,
            name: self.seal_column(&format!("hold:{id}"), 1, "name", taken.name.clone())?,
        };
        key::write(&self.settings.held_keys, &id, &key).await.map_err(Failure::fault)?;
        self.put_object(&file, &taken.received.file, taken.inspected.preview.as_ref()).await?;
        let stream = self.load::<Hold>(id.as_str()).await?;
        let events = hold::hold(&stream.state, content)?;
        let mut change = self.change(call);
        change.append(stream, &events)?;
        if let Some((row, account)) = &row {
            change.row(row.insert(account));
        }
        change.commit(id.as_str()).await?;
        tracing::warn!(hold.id = %id, "content with a marking was sealed");
        Ok(neutral(&taken.marking))
    }
}
