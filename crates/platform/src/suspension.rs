//! Use cases of a suspension: its paper is uploaded first, then the clock is stopped with it, then it runs again.

use crate::{
    Action, Call, Failure, Platform,
    attachment::{AttachmentRow, Download, FilePlace},
};
use domain::{
    Refusal,
    case::{self, Act, Application, Case, File, Notice, Way},
    clock::Suspension,
    ids::{AttachmentId, CaseId, ProjectId, UnitId},
};
use futures_util::Stream;
use jiff::civil::Date;

/// What such a file is uploaded for.
const MATERIAL: &str = "suspension_paper";
/// Types taken.
const TYPES: [&str; 5] = ["pdf", "jpg", "png", "docx", "ofd"];

impl Platform {
    /// 暂停计时, with how long it is to take, how the applicant was told, and the files uploaded for its paper.
    pub async fn suspend_clock(
        &self,
        call: &Call,
        id: &CaseId,
        suspension: Suspension,
        planned_until: Date,
        told_by: Way,
    ) -> Result<(), Failure> {
        let today = self.clock.now().date();
        let case = self.load::<Case>(id.as_str()).await?.state;
        let fresh = self.fresh_papers(&case).await?;
        let unsure = fresh.iter().any(|row| !row.state.is_usable());
        let files: Vec<_> = fresh.into_iter().map(|row| File { id: row.id, name: row.name }).collect();
        self.act(call, Action::SuspendClock, id, |case| {
            let notice = Notice::new(planned_until, told_by, files.clone());
            let events = case::suspend(case, suspension.clone(), notice, today)?;
            if unsure {
                let words = "文书正在进行安全检查，请稍后再提交，或者移除后另行上传。";
                return Err(Refusal::field("papers", "file.not_clean", words).into());
            }
            Ok(events)
        })
        .await
    }

    /// 恢复计时: `to` is the last day not counted.
    pub async fn resume_clock(&self, call: &Call, id: &CaseId, to: Date) -> Result<(), Failure> {
        self.act(call, Action::ResumeClock, id, |case| Ok(case::resume(case, to)?)).await
    }

    /// Takes a file of the paper that tells the applicant of the suspension to come.
    pub async fn upload_suspension_paper<S, B, E>(
        &self,
        call: &Call,
        id: &CaseId,
        file: (&str, &str),
        stream: S,
    ) -> Result<AttachmentRow, Failure>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: AsRef<[u8]> + Send,
        E: std::fmt::Display + Send,
    {
        let (case, application) = self.load_case(call, Action::SuspendClock, id).await?;
        if !case.state.may(Act::Suspend) {
            let closed =
                Refusal::new("case.wrong_state", "办件现在不能暂停计时，不能上传暂停文书。请刷新页面查看进度。");
            return Err(closed.article("办法第十五条").into());
        }
        self.attach_for_organ(call, place(&application), &TYPES, file, stream).await
    }

    /// Takes a file out that no suspension has taken with it yet.
    pub async fn remove_suspension_paper(&self, call: &Call, id: &CaseId, file: &AttachmentId) -> Result<(), Failure> {
        self.fresh_paper(call, id, file).await?;
        self.take_away(call, file).await
    }

    /// A file that no suspension has taken with it yet, for whoever may suspend.
    pub async fn download_suspension_paper(
        &self,
        call: &Call,
        id: &CaseId,
        file: &AttachmentId,
    ) -> Result<Download, Failure> {
        self.download(&self.fresh_paper(call, id, file).await?).await
    }

    /// Files of the paper of the suspension to come, oldest first, for whoever may suspend.
    pub async fn suspension_papers(&self, call: &Call, id: &CaseId) -> Result<Vec<AttachmentRow>, Failure> {
        let (case, _) = self.load_case(call, Action::SuspendClock, id).await?;
        self.fresh_papers(&case.state).await
    }

    async fn fresh_paper(&self, call: &Call, id: &CaseId, file: &AttachmentId) -> Result<AttachmentRow, Failure> {
        let fresh = self.suspension_papers(call, id).await?;
        fresh.into_iter().find(|row| row.id == *file).ok_or(Failure::NotThere)
    }

    async fn fresh_papers(&self, case: &Case) -> Result<Vec<AttachmentRow>, Failure> {
        let Some(application) = &case.application else { return Ok(Vec::new()) };
        let rows = self.files_at(&place(application)).await?;
        Ok(rows.into_iter().filter(|row| !suspension_files(case).any(|file| file.id == row.id)).collect())
    }
}

/// Where the papers of a case's suspensions lie.
fn place(application: &Application) -> FilePlace {
    FilePlace {
        unit: UnitId(application.agency.to_string()),
        project: ProjectId(application.id.to_string()),
        material: MATERIAL.to_owned(),
    }
}

/// Files of the papers of all suspensions.
pub(crate) fn suspension_files(case: &Case) -> impl Iterator<Item = &File> {
    case.notices.iter().flatten().flat_map(|notice| &notice.files)
}
