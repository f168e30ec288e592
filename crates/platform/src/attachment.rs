//! 申请材料 files: uploaded to their own place first, then handed in by id. A file given once is offered everywhere.

use crate::{
    Action, Actor, Call, Failure, Object, Platform, permission,
    suspension::suspension_files,
    upload::{self, Allowance, FilePart, FileState, FileType, Inspected, Marking, Painted, Received, Slot, View},
};
use domain::{
    Moment, Refusal,
    case::{Case, File},
    ids::{AccountId, AttachmentId, CaseId, ProjectId, UnitId},
};
use futures_util::Stream;
use ledger::{QueryResult, Row};
use sm3::{Digest, Sm3};
use std::collections::BTreeSet;

/// Largest file an organ adds to something of its own, in megabytes.
const ORGAN_MEGABYTES: u64 = 20;
/// One day, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// Whose a file is, and what it was uploaded for.
pub(crate) struct FilePlace {
    /// The unit; for an organ's own files its agency id.
    pub unit: UnitId,
    /// The project; for an organ's own files the card.
    pub project: ProjectId,
    /// The material.
    pub material: String,
}

/// One uploaded file.
#[derive(Debug, Clone)]
pub struct AttachmentRow {
    /// Its id.
    pub id: AttachmentId,
    /// Whose.
    pub unit: UnitId,
    /// The project it was uploaded in.
    pub project: ProjectId,
    /// The material it was uploaded for.
    pub material: String,
    /// File name.
    pub name: String,
    /// Type, decided by content.
    pub file_type: FileType,
    /// Bytes.
    pub size: i64,
    /// SM3 of the content, hex.
    pub sm3: String,
    /// Whether it may be used.
    pub state: FileState,
    /// A re-encoded copy exists: people see that one.
    pub preview: bool,
    /// When it came.
    pub at: Moment,
}

impl AttachmentRow {
    /// `1.2 MB`.
    pub fn size_words(&self) -> String {
        match self.size {
            0..1024 => format!("{} 字节", self.size),
            1024..1_048_576 => format!("{:.0} KB", self.size as f64 / 1024.0),
            _ => format!("{:.1} MB", self.size as f64 / 1_048_576.0),
        }
    }

    /// The row of a file that was taken.
    pub(crate) fn of(id: AttachmentId, place: FilePlace, taken: &Taken, at: Moment) -> Self {
        Self {
            id,
            unit: place.unit,
            project: place.project,
            material: place.material,
            name: taken.name.clone(),
            file_type: taken.received.file_type,
            size: i64::try_from(taken.received.size).unwrap_or(i64::MAX),
            sm3: taken.received.sm3.clone(),
            state: if taken.to_read { FileState::Scanning } else { taken.state },
            preview: taken.inspected.preview.is_some(),
            at,
        }
    }

    /// Writes it.
    pub(crate) fn insert(&self, account: &AccountId) -> Row {
        Row::new(
            "INSERT INTO attachments(id, unit_id, project_id, account_id, material, name, file_type, size, sm3, state, preview, at) \
             VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            [
                self.id.as_str().into(),
                self.unit.as_str().into(),
                self.project.as_str().into(),
                account.as_str().into(),
                self.material.clone().into(),
                self.name.clone().into(),
                self.file_type.slug().into(),
                self.size.into(),
                self.sm3.clone().into(),
                self.state.slug().into(),
                i64::from(self.preview).into(),
                self.at.0.into(),
            ],
        )
    }

    pub(crate) fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Self {
            id: AttachmentId(text("id")?),
            unit: UnitId(text("unit_id")?),
            project: ProjectId(text("project_id")?),
            material: text("material")?,
            name: text("name")?,
            file_type: FileType::parse(&text("file_type")?).ok_or_else(|| Failure::fault("unknown file type"))?,
            size: number("size")?,
            sm3: text("sm3")?,
            state: FileState::parse(&text("state")?).unwrap_or(FileState::Refused),
            preview: number("preview")? != 0,
            at: Moment(number("at")?),
        })
    }
}

/// A file that came in and may be stored.
pub(crate) struct Taken {
    /// Clean name.
    pub name: String,
    /// Content, size, hash, type.
    pub received: Received,
    /// What inspection made of it.
    pub inspected: Inspected,
    /// Whether it may be used.
    pub state: FileState,
    /// Whether name or content carry a marking; then it must be sealed, and nothing else.
    pub marking: Marking,
    /// It shows what no rule can read, and a reader is there: it may be used once it was read (K-06).
    pub to_read: bool,
}

/// A file to be sent to a person: its bytes' place and how it must be sent (U-09).
#[derive(Debug)]
pub struct Download {
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Content.
    pub bytes: Vec<u8>,
}

impl Platform {
    /// The slot a material's files must fit.
    fn slot(&self, material: &str) -> Result<Slot, Failure> {
        let material = self.rules.catalogue.material(material).ok_or(Failure::NotThere)?;
        let allowed = material.formats.iter().filter_map(|f| FileType::parse(f.extension())).collect();
        Ok(Slot { allowed, max_bytes: u64::from(material.max_mb) * 1024 * 1024 })
    }

    /// Takes a file for a material of a project (U-01…U-04, U-08, U-10…U-12). `stream` is read as it comes; what is refused
    /// leaves nothing behind.
    pub async fn upload_file<S, B, E>(
        &self,
        call: &Call,
        project: &ProjectId,
        material: &str,
        name: &str,
        declared_type: &str,
        stream: S,
    ) -> Result<AttachmentRow, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let (_, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
        let Actor::Unit { account, .. } = &call.actor else { return Err(Failure::NotThere) };
        let slot = self.slot(material)?;
        let place = FilePlace { unit: declared.unit.clone(), project: project.clone(), material: material.to_owned() };
        self.attach(call, account, place, &slot, (name, declared_type), stream).await
    }

    /// Takes a file that its place was found for: counted, hashed, looked through, kept, written down.
    pub(crate) async fn attach<S, B, E>(
        &self,
        call: &Call,
        account: &AccountId,
        place: FilePlace,
        slot: &Slot,
        (name, declared_type): (&str, &str),
        stream: S,
    ) -> Result<AttachmentRow, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let _uploading = self.begin_upload(account)?;
        let left = self.allowance(account, &place).await?;
        let taken = self.take_file(slot, name, declared_type, stream, left).await?;
        if taken.marking != Marking::Clean {
            return Err(self.hold_file(call, account, place, &taken).await?.into());
        }
        let id = AttachmentId::from_random(self.chance.id());
        let row = AttachmentRow::of(id.clone(), place, &taken, self.clock.now());
        let rows = match row.state {
            FileState::Clean => self.keep_file(&id, &taken).await?.into(),
            _ => self.keep_waiting(call, account, &row, &taken).await?,
        };
        let mut change = self.change(call);
        rows.into_iter().for_each(|row| change.row(row));
        change.row(row.insert(account));
        change.commit(id.as_str()).await?;
        Ok(row)
    }

    /// Takes a stream as a file: counted, hashed, inspected, looked at for malware; not stored yet.
    pub(crate) async fn take_file<S, B, E>(
        &self,
        slot: &Slot,
        name: &str,
        declared_type: &str,
        stream: S,
        left: Allowance,
    ) -> Result<Taken, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let name = upload::clean_name(name)?;
        let at = (self.settings.temp.as_path(), self.data_key());
        let received = upload::receive(stream, slot, &name, declared_type, at, left).await?;
        let (received, inspected) = upload::inspect(&*self.inspector, received, &self.settings.temp).await?;
        let state = match self.scanner.scan(&received.file).await {
            upload::Verdict::Clean | upload::Verdict::Skipped => FileState::Clean,
            upload::Verdict::Infected(_) => {
                return Err(Refusal::field(
                    "file",
                    "file.infected",
                    "文件中发现恶意代码，未予保存。请查杀病毒后重新上传。",
                )
                .into());
            }
            upload::Verdict::Unsure(_) => FileState::Scanning,
        };
        let Inspected { marking, unread, .. } = &inspected;
        let may_read = *unread && View::Top.shows(received.file_type) && self.reader.is_there();
        let marking = self.marking_of(&name, marking, *unread && !may_read, &received.sm3).await?;
        let to_read = may_read && marking == Marking::Clean;
        Ok(Taken { name, received, inspected, state, marking, to_read })
    }

    /// Takes a file an officer adds to something of the own organ, of the types and the size such files have.
    pub(crate) async fn attach_for_organ<S, B, E>(
        &self,
        call: &Call,
        place: FilePlace,
        types: &[&str],
        file: (&str, &str),
        stream: S,
    ) -> Result<AttachmentRow, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let Actor::Officer { account, .. } = &call.actor else { return Err(Failure::NotThere) };
        let slot = Slot {
            allowed: types.iter().filter_map(|name| FileType::parse(name)).collect(),
            max_bytes: ORGAN_MEGABYTES * 1024 * 1024,
        };
        self.attach(call, account, place, &slot, file, stream).await
    }

    /// Files at a place that may still be taken along, oldest first.
    pub(crate) async fn files_at(&self, place: &FilePlace) -> Result<Vec<AttachmentRow>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id, unit_id, project_id, material, name, file_type, size, sm3, state, preview, at FROM attachments \
                 WHERE unit_id = $1 AND material = $2 AND project_id = $3 AND state IN ('clean', 'scanning') ORDER BY at, id LIMIT 50",
                [place.unit.as_str().into(), place.material.clone().into(), place.project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(AttachmentRow::read).collect()
    }

    /// Takes a file away again that nothing has taken along yet; the caller has seen to that. Its key is destroyed in the same commit: it
    /// opens nowhere any more, in no backup either (S-32).
    pub(crate) async fn take_away(&self, call: &Call, file: &AttachmentId) -> Result<(), Failure> {
        let (place, rows) = self.removal_rows(file.as_str()).await?;
        let mut change = self.change(call);
        change.exactly_one(Row::new(
            "UPDATE attachments SET state = 'removed' WHERE id = $1 AND taken = 0",
            [file.as_str().into()],
        ));
        for row in rows {
            change.row(row);
        }
        let taken = Refusal::new("file.handed_in", "文件已经随申请或者文书提交，不能移除。请刷新页面查看。");
        change
            .commit_or(file.as_str(), |refused| match refused {
                ledger::Refused::Conflict => taken.into(),
                other => crate::stream::refused(other),
            })
            .await?;
        self.finish_removal(&place).await;
        Ok(())
    }

    /// Stores what was taken under an id, with its re-encoded copy if there is one. Gives the row of its key.
    pub(crate) async fn keep_file(&self, id: &AttachmentId, taken: &Taken) -> Result<[Row; 2], Failure> {
        self.keep_object(id.as_str(), &taken.received.file, taken.inspected.preview.as_ref()).await
    }

    /// What the account may still upload today, and for this material of the project (U-02).
    async fn allowance(&self, account: &AccountId, place: &FilePlace) -> Result<Allowance, Failure> {
        let total = |row: Option<QueryResult>| -> Result<u64, Failure> {
            let total: i64 = row.map_or(Ok(0), |row| row.try_get("", "total")).map_err(Failure::fault)?;
            Ok(u64::try_from(total).unwrap_or(0))
        };
        let today = self
            .store
            .query_one(
                "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS total FROM attachments WHERE account_id = $1 AND at > $2",
                [account.as_str().into(), (self.clock.now().0 - DAY).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let here = self
            .store
            .query_one(
                "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS total FROM attachments \
                 WHERE unit_id = $1 AND material = $2 AND project_id = $3 AND state <> 'removed'",
                [place.unit.as_str().into(), place.material.clone().into(), place.project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        Ok(Allowance {
            day: self.settings.upload_per_day.saturating_sub(total(today)?),
            item: self.settings.upload_per_item.saturating_sub(total(here)?),
        })
    }

    /// Whether files together are small enough for one application (U-02).
    pub(crate) async fn within_item(&self, files: impl Iterator<Item = &File>) -> Result<(), Failure> {
        let mut total = 0u64;
        for file in files {
            total = total.saturating_add(u64::try_from(self.attachment_row(&file.id).await?.size).unwrap_or(0));
        }
        let most = self.settings.upload_per_item;
        if total <= most {
            return Ok(());
        }
        let message = format!(
            "本次申请的文件合计 {} MB，超过每个事项 {} MB 的上限，请压缩或减少文件后再提交。",
            total.div_ceil(1024 * 1024),
            most / (1024 * 1024)
        );
        Err(Refusal::new("file.quota_item", message).into())
    }

    /// The row of a file, for its own unit.
    pub(crate) async fn attachment(&self, call: &Call, id: &AttachmentId) -> Result<AttachmentRow, Failure> {
        let row = self.attachment_row(id).await?;
        let object = Object { unit: Some(&row.unit), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::ApplyForItem, object, self.rules.regions)?;
        Ok(row)
    }

    pub(crate) async fn attachment_row(&self, id: &AttachmentId) -> Result<AttachmentRow, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT id, unit_id, project_id, material, name, file_type, size, sm3, state, preview, at FROM attachments WHERE id = $1",
                [id.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        AttachmentRow::read(&row.ok_or(Failure::NotThere)?)
    }

    /// The unit's files for a material, newest first, those of this project before others (at most twenty). Of other
    /// projects only what may be used.
    pub async fn offered_files(
        &self,
        call: &Call,
        material: &str,
        project: &ProjectId,
    ) -> Result<Vec<AttachmentRow>, Failure> {
        let Actor::Unit { unit, .. } = &call.actor else { return Ok(Vec::new()) };
        let rows = self
            .store
            .query(
                "SELECT id, unit_id, project_id, material, name, file_type, size, sm3, state, preview, at FROM attachments \
                 WHERE unit_id = $1 AND material = $2 AND (state = 'clean' OR (state IN ('scanning', 'refused') AND project_id = $3)) \
                 ORDER BY CASE WHEN project_id = $3 THEN 0 ELSE 1 END, at DESC, id LIMIT 20",
                [unit.as_str().into(), material.into(), project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(AttachmentRow::read).collect()
    }

    /// Removes a file that was not handed in yet; what is part of an application stays.
    pub async fn remove_file(&self, call: &Call, id: &AttachmentId) -> Result<(), Failure> {
        let row = self.attachment(call, id).await?;
        if self.handed_in(&row.project).await?.contains(id) {
            let message = format!("文件“{}”已经随申请提交，不能移除。需要更换时，请在补正时重新上传。", row.name);
            return Err(Refusal::new("file.handed_in", message).into());
        }
        self.take_away(call, id).await
    }

    /// Files that are part of a case of the project, in the application or in an answer.
    pub(crate) async fn handed_in(&self, project: &ProjectId) -> Result<BTreeSet<AttachmentId>, Failure> {
        let mut files = BTreeSet::new();
        for row in self.cases_of_project(project).await? {
            let case = self.load::<Case>(row.id.as_str()).await?.state;
            let given = case.application.iter().flat_map(|a| &a.materials).flat_map(|g| &g.files);
            let answered = case.correction.iter().flat_map(|c| &c.answers).flat_map(|a| &a.files);
            files.extend(given.chain(answered).map(|file| file.id.clone()));
        }
        Ok(files)
    }

    /// A file of the unit's own, for the unit.
    pub async fn download_own_file(&self, call: &Call, id: &AttachmentId) -> Result<Download, Failure> {
        let row = self.attachment(call, id).await?;
        self.download(&row).await
    }

    /// A file that is part of a case, for those who may read the case.
    pub async fn download_case_file(&self, call: &Call, case: &CaseId, id: &AttachmentId) -> Result<Download, Failure> {
        let row = self.case_file(call, case, id).await?;
        self.download(&row).await
    }

    /// A picture of a case to be looked at in the browser: only ever its re-encoded copy (U-04).
    pub async fn view_case_picture(&self, call: &Call, case: &CaseId, id: &AttachmentId) -> Result<Download, Failure> {
        let row = self.case_file(call, case, id).await?;
        if !row.preview {
            return Err(Failure::NotThere);
        }
        let Download { bytes, .. } = self.download(&row).await?;
        Ok(Download { headers: upload::preview_headers(&row.name, row.file_type), bytes })
    }

    /// A page of a PDF of a case as a picture (U-05), for those who may read the case.
    pub async fn view_case_page(
        &self,
        call: &Call,
        case: &CaseId,
        id: &AttachmentId,
        number: u16,
    ) -> Result<(AttachmentRow, Painted), Failure> {
        let row = self.case_file(call, case, id).await?;
        self.page_of(row, number).await
    }

    /// A page of a PDF of the unit's own as a picture (U-05).
    pub async fn view_own_page(
        &self,
        call: &Call,
        id: &AttachmentId,
        number: u16,
    ) -> Result<(AttachmentRow, Painted), Failure> {
        let row = self.attachment(call, id).await?;
        self.page_of(row, number).await
    }

    /// Painted where files are inspected: whoever looks never opens what somebody uploaded.
    async fn page_of(&self, row: AttachmentRow, number: u16) -> Result<(AttachmentRow, Painted), Failure> {
        let view = View::Page(number);
        if !view.shows(row.file_type) {
            return Err(Failure::NotThere);
        }
        if !row.state.is_usable() {
            return Err(Refusal::new("file.not_clean", "文件正在进行安全检查，暂不能查看，请稍后再试。").into());
        }
        let content = self.opened(row.id.as_str()).await?;
        let size = u64::try_from(row.size).unwrap_or(0);
        match upload::paint(&*self.inspector, content, size, row.file_type, view).await {
            Ok(painted) => Ok((row, painted)),
            Err(why) => {
                tracing::info!(file.id = %row.id, page = number, why, "a page could not be painted");
                let message = "这一页不能按图片显示：没有这一页，或者文件过于复杂。请下载原文件查看。";
                Err(Refusal::new("file.no_page", message).into())
            }
        }
    }

    /// The row of a file that is part of a case, for those who may read the case.
    async fn case_file(&self, call: &Call, case: &CaseId, id: &AttachmentId) -> Result<AttachmentRow, Failure> {
        let page = self.load::<Case>(case.as_str()).await?.state;
        let application = page.application.as_deref().ok_or(Failure::NotThere)?;
        let object = Object {
            unit: Some(&application.unit),
            department: Some(&application.agency.department),
            region: Some(application.agency.region),
        };
        let _permit = permission::decide(&call.actor, Action::ReadFile, object, self.rules.regions)?;
        let answers = page.correction.iter().flat_map(|c| &c.answers).flat_map(|a| &a.files);
        let given = application.materials.iter().flat_map(|g| &g.files);
        if !given.chain(answers).chain(suspension_files(&page)).any(|file| file.id == *id) {
            return Err(Failure::NotThere);
        }
        self.attachment_row(id).await
    }

    pub(crate) async fn download(&self, row: &AttachmentRow) -> Result<Download, Failure> {
        if !row.state.is_usable() {
            return Err(Refusal::new("file.not_clean", "文件正在进行安全检查，暂不能下载，请稍后再试。").into());
        }
        let bytes = self.object(row.id.as_str(), FilePart::shown(row.preview)).await?;
        let mut headers = upload::download_headers(&row.name, row.file_type);
        // What was received can be compared with what was sent (S-24).
        headers.push(("x-content-sm3", hex::encode(Sm3::digest(&bytes))));
        Ok(Download { headers, bytes })
    }
}
