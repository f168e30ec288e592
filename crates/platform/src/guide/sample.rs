//! 样表: files of guides. They come in through the same inspection as files of applications, and go out to everybody once
//! a version with them is published.

use crate::{
    Action, Actor, Call, Failure, Platform,
    attachment::Download,
    upload::{self, Allowance, FilePart, FileState, FileType, Marking, Received, Slot},
};
use domain::{
    Refusal,
    guide::{self, Guide, Sample},
    ids::AttachmentId,
};
use futures_util::Stream;
use ledger::Row;

/// Formats a sample may have.
const FORMATS: [FileType; 5] = [FileType::Pdf, FileType::Docx, FileType::Xlsx, FileType::Jpg, FileType::Png];
/// Largest sample in MB.
pub const SAMPLE_MB: u32 = 10;
/// One day, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

impl Platform {
    /// Takes a sample file for a material into the draft.
    pub async fn add_guide_sample<S, B, E>(
        &self,
        call: &Call,
        item: &str,
        material: &str,
        name: &str,
        declared_type: &str,
        stream: S,
    ) -> Result<(), Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let (guide, _) = self.load_guide(call, Action::WriteGuide, item).await?;
        let Actor::Officer { account, .. } = &call.actor else { return Err(Failure::NotThere) };
        let sample = |id: &AttachmentId, name: &str, size: u64, sm3: &str| Sample {
            id: id.clone(),
            material: material.to_owned(),
            name: name.to_owned(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            sm3: sm3.to_owned(),
        };
        let id = AttachmentId::from_random(self.chance.id());
        // What the draft would not take is not read at all.
        guide::add_sample(&guide.state, sample(&id, name, 0, ""))?;
        let slot = Slot { allowed: FORMATS.to_vec(), max_bytes: u64::from(SAMPLE_MB) * 1024 * 1024 };
        let day = self.settings.upload_per_day.saturating_sub(self.samples_today(account.as_str()).await?);
        let left = Allowance { day, ..Allowance::FULL };
        let mut taken = self.take_file(&slot, name, declared_type, stream, left).await?;
        if taken.to_read {
            // Whoever writes a guide waits for it: samples are few, and have no place to wait in.
            let Received { file, size, file_type, sm3 } = &taken.received;
            let read = self.read_top(file, *size, *file_type).await?;
            let (found, is_read) = read.unwrap_or_default();
            taken.marking = self.marking_of(&taken.name, &found, !is_read, sm3).await?;
        }
        if taken.marking != Marking::Clean {
            return Err(self.hold_sample(call, account, material, &taken).await?.into());
        }
        if taken.state != FileState::Clean {
            let message = "文件暂时无法完成安全检查，未予保存。请稍后重新上传。";
            return Err(Refusal::field("file", "file.not_clean", message).into());
        }
        let key = self.keep_file(&id, &taken).await?;
        let sample = sample(&id, &taken.name, taken.received.size, &taken.received.sm3);
        let row = Row::new(
            "INSERT INTO guide_files(id, item, account_id, name, file_type, size, preview, at) VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                id.as_str().into(),
                item.into(),
                account.as_str().into(),
                sample.name.clone().into(),
                taken.received.file_type.slug().into(),
                sample.size.into(),
                i64::from(taken.inspected.preview.is_some()).into(),
                self.clock.now().0.into(),
            ],
        );
        crate::failure::again(|| async {
            let (stream, _) = self.load_guide(call, Action::WriteGuide, item).await?;
            let events = guide::add_sample(&stream.state, sample.clone())?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.row(row.clone());
            for row in key.clone() {
                change.row(row);
            }
            change.commit_or(item, crate::project::taken_is_conflict).await
        })
        .await
    }

    async fn samples_today(&self, account: &str) -> Result<u64, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS total FROM guide_files WHERE account_id = $1 AND at > $2",
                [account.into(), (self.clock.now().0 - DAY).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let total: i64 = row.map_or(Ok(0), |row| row.try_get("", "total")).map_err(Failure::fault)?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    /// A sample of a published version, for everybody.
    pub async fn public_guide_sample(&self, call: &Call, item: &str, id: &AttachmentId) -> Result<Download, Failure> {
        self.public(call)?;
        let guide = self.load::<Guide>(item).await?.state;
        let published = guide.versions.iter().any(|version| version.guide.samples.iter().any(|s| s.id == *id));
        if published { self.sample_file(item, id).await } else { Err(Failure::NotThere) }
    }

    /// A sample of a draft or a version, for the department.
    pub async fn guide_sample(&self, call: &Call, item: &str, id: &AttachmentId) -> Result<Download, Failure> {
        self.load_guide(call, Action::ReadGuide, item).await?;
        self.sample_file(item, id).await
    }

    async fn sample_file(&self, item: &str, id: &AttachmentId) -> Result<Download, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT name, file_type, preview FROM guide_files WHERE id = $1 AND item = $2",
                [id.as_str().into(), item.into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let file_type = FileType::parse(&text("file_type")?).ok_or_else(|| Failure::fault("unknown file type"))?;
        let preview = row.try_get::<i64>("", "preview").map_err(Failure::fault)? != 0;
        let bytes = self.object(id.as_str(), FilePart::shown(preview)).await?;
        Ok(Download { headers: upload::download_headers(&text("name")?, file_type), bytes })
    }
}
