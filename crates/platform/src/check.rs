//! What a file still waits for after its upload (U-10): the scanner that did not answer (U-11), or to be read, because it shows what no
//! rule can read (K-06). Until both are done it is `scanning`: only its uploader knows of it, and nobody can fetch it.
//!
//! A row of `file_checks` is the job. A node takes it by moving `next_at` on, so that of several nodes one does it, and a node that
//! stops leaves it to whoever comes after the lease. What must still be read has its key where keys of held content lie (K-09): if a
//! marking is found, nothing was ever in a backup that could open it.

use crate::{
    Action, Call, Failure, Object, Platform,
    attachment::{AttachmentRow, Taken},
    hold::{
        NAMELESS,
        key::{self, HeldKey},
    },
    permission,
    upload::{self, FilePart, FileState, FileType, Marking, Reading, SealedFile, Verdict, View},
};
use domain::{
    hold::{self, Content, Hold, What},
    ids::{AccountId, AttachmentId, HoldId},
    marking,
};
use ledger::{DataKey, QueryResult, Row};

/// How long a node has for one file; scanner, painter and reader together need less.
const LEASE: i64 = 3 * 60_000;
/// Pause after the first attempt that led to nothing; it grows with each.
const PAUSE: i64 = 15_000;
/// Pauses do not grow beyond so many.
const MOST_PAUSES: i64 = 40;
/// Fewer Chinese characters than this in the head of a page: a photo, or a page that lies on its side. Nothing was read of it.
const FEW: usize = 4;
/// Attempts to read a scan; then the setting `scans` decides.
const TRIES: i64 = 3;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files that may be used now.
    pub clean: u64,
    /// Files that were sealed.
    pub held: u64,
    /// Files with malware: their content is gone.
    pub refused: u64,
    /// Files that go on waiting.
    pub waiting: u64,
}

/// What must be known of a file to go on with it.
struct Waiting {
    file: AttachmentId,
    hold: Option<HoldId>,
    account: AccountId,
    source: String,
    of_unit: bool,
    tries: i64,
    next_at: i64,
}

impl Waiting {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Self {
            file: AttachmentId(text("file_id")?),
            hold: Some(text("hold_id")?).filter(|id| !id.is_empty()).map(HoldId),
            account: AccountId(text("account_id")?),
            source: text("source")?,
            of_unit: number("of_unit")? != 0,
            tries: number("tries")?,
            next_at: number("next_at")?,
        })
    }

    fn over(&self) -> Row {
        Row::new("DELETE FROM file_checks WHERE file_id = $1", [self.file.as_str().into()])
    }
}

/// How a file came out of its checks.
enum Outcome {
    Clean,
    Marked(Marking),
    Infected,
    /// Not yet; why, for operators.
    Undecided(String),
}

impl Platform {
    /// Keeps a file that may not be used yet, and gives the rows of the job. What must be read has its key beside those of held content.
    pub(crate) async fn keep_waiting(
        &self,
        call: &Call,
        account: &AccountId,
        row: &AttachmentRow,
        taken: &Taken,
    ) -> Result<Vec<Row>, Failure> {
        let (id, of_unit) = (row.id.as_str(), matches!(call.actor, crate::Actor::Unit { .. }));
        let (hold, keys): (String, Vec<Row>) = if taken.to_read {
            let hold = HoldId::from_random(self.chance.id());
            let key = HeldKey {
                key: self.wrap_key(id, taken.received.file.key())?,
                name: self.seal_column(&format!("hold:{hold}"), 1, "name", taken.name.clone())?,
            };
            key::write(&self.settings.held_keys, &hold, &key).await.map_err(Failure::fault)?;
            self.put_object(id, &taken.received.file, taken.inspected.preview.as_ref()).await?;
            (hold.to_string(), Vec::new())
        } else {
            (String::new(), self.keep_file(&row.id, taken).await?.into())
        };
        let source = call.source.map(|source| source.to_string()).unwrap_or_default();
        let check = Self::check_row(&row.id, &hold, account, &source, of_unit, self.clock.now().0);
        Ok(keys.into_iter().chain([check]).collect())
    }

    /// The row of the job.
    pub(crate) fn check_row(
        file: &AttachmentId,
        hold: &str,
        account: &AccountId,
        source: &str,
        of_unit: bool,
        at: i64,
    ) -> Row {
        Row::new(
            "INSERT INTO file_checks(file_id, hold_id, account_id, source, of_unit, tries, next_at) VALUES($1, $2, $3, $4, $5, 0, $6)",
            [
                file.as_str().into(),
                hold.into(),
                account.as_str().into(),
                source.into(),
                i64::from(of_unit).into(),
                at.into(),
            ],
        )
    }

    /// Goes on with files that wait, at most so many. Every node may do it.
    pub async fn check_waiting_files(&self, call: &Call, limit: u64) -> Result<Checked, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepFiles, Object::default(), self.rules.regions)?;
        let rows = self
            .store
            .query(
                "SELECT file_id, hold_id, account_id, source, of_unit, tries, next_at FROM file_checks WHERE next_at <= $1 \
                 ORDER BY next_at, file_id LIMIT $2",
                [self.clock.now().0.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut done = Checked::default();
        for row in &rows {
            let waiting = Waiting::read(row)?;
            if !self.take_check(call, &waiting).await? {
                continue;
            }
            match self.check_waiting_file(call, &waiting).await {
                Ok(count) => *count(&mut done) += 1,
                // One file that cannot be looked at must not keep the others waiting; the lease brings it back.
                Err(failure) => {
                    tracing::error!(file.id = %waiting.file, error = %failure, "a file could not be checked");
                    done.waiting += 1;
                }
            }
        }
        Ok(done)
    }

    /// Takes a file for this node; another one may have been faster.
    async fn take_check(&self, call: &Call, waiting: &Waiting) -> Result<bool, Failure> {
        let mut change = self.change(call);
        change.exactly_one(Row::new(
            "UPDATE file_checks SET tries = tries + 1, next_at = $3 WHERE file_id = $1 AND next_at = $2",
            [waiting.file.as_str().into(), waiting.next_at.into(), (self.clock.now().0 + LEASE).into()],
        ));
        match change.commit(waiting.file.as_str()).await {
            Ok(()) => Ok(true),
            Err(Failure::Conflict) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn check_waiting_file(
        &self,
        call: &Call,
        waiting: &Waiting,
    ) -> Result<fn(&mut Checked) -> &mut u64, Failure> {
        let row = self.attachment_row(&waiting.file).await?;
        if row.state != FileState::Scanning {
            // Taken away by its uploader meanwhile.
            self.forget_check(call, waiting).await?;
            return Ok(|done| &mut done.refused);
        }
        let held = match &waiting.hold {
            Some(hold) => {
                let key = key::read(&self.settings.held_keys, hold).await.map_err(Failure::fault)?;
                Some(key.ok_or_else(|| Failure::fault("the key of a file that waits is gone"))?)
            }
            None => None,
        };
        let file = self.stored(&waiting.file, held.as_ref()).await?;
        match self.outcome(waiting, &row, &file).await? {
            Outcome::Clean => self
                .pass_file(call, waiting, held)
                .await
                .map(|()| -> fn(&mut Checked) -> &mut u64 { |done| &mut done.clean }),
            Outcome::Marked(marking) => {
                self.seal_waiting(call, waiting, &row, &marking).await?;
                Ok(|done| &mut done.held)
            }
            Outcome::Infected => {
                self.refuse_file(call, waiting).await?;
                Ok(|done| &mut done.refused)
            }
            Outcome::Undecided(why) => {
                tracing::warn!(file.id = %waiting.file, tries = waiting.tries + 1, why, "a file goes on waiting");
                let pause = PAUSE * (waiting.tries + 1).min(MOST_PAUSES);
                let mut change = self.change(call);
                change.row(Row::new(
                    "UPDATE file_checks SET next_at = $2 WHERE file_id = $1",
                    [waiting.file.as_str().into(), (self.clock.now().0 + pause).into()],
                ));
                change.commit(waiting.file.as_str()).await?;
                Ok(|done| &mut done.waiting)
            }
        }
    }

    /// A copy of the sealed file, to be read from.
    async fn stored(&self, file: &AttachmentId, held: Option<&HeldKey>) -> Result<SealedFile, Failure> {
        let (place, key) = match held {
            Some(held) => (file.to_string(), self.unwrap_key(file.as_str(), &held.key)?),
            None => self.object_key(file.as_str()).await?,
        };
        self.copy_of(&place, key).await
    }

    async fn copy_of(&self, place: &str, key: DataKey) -> Result<SealedFile, Failure> {
        let (_, stored) = self.files.open(&FilePart::Content.place(place)).await.map_err(Failure::fault)?;
        SealedFile::copy_of(stored, &self.settings.temp, key, FilePart::Content).await.map_err(Failure::fault)
    }

    async fn outcome(&self, waiting: &Waiting, row: &AttachmentRow, file: &SealedFile) -> Result<Outcome, Failure> {
        match self.scanner.scan(file).await {
            Verdict::Clean | Verdict::Skipped => {}
            Verdict::Infected(_) => return Ok(Outcome::Infected),
            Verdict::Unsure(why) => return Ok(Outcome::Undecided(why)),
        }
        if waiting.hold.is_none() {
            return Ok(Outcome::Clean);
        }
        let size = u64::try_from(row.size).unwrap_or(0);
        let marking = match self.read_top(file, size, row.file_type).await? {
            Ok((marking, is_read)) => self.marking_of(&row.name, &marking, !is_read, &row.sm3).await?,
            Err(why) if waiting.tries + 1 < TRIES => return Ok(Outcome::Undecided(why)),
            Err(_) => self.marking_of(&row.name, &Marking::Clean, true, &row.sm3).await?,
        };
        Ok(if marking == Marking::Clean { Outcome::Clean } else { Outcome::Marked(marking) })
    }

    /// What the head of a scan says to the rules (it counts as a header), and whether there was anything to read. An error says why it
    /// could not be read.
    pub(crate) async fn read_top(
        &self,
        file: &SealedFile,
        size: u64,
        file_type: FileType,
    ) -> Result<Result<(Marking, bool), String>, Failure> {
        let content = file.content().await.map_err(Failure::fault)?;
        Ok(match upload::paint(&*self.inspector, content, size, file_type, View::Top).await {
            Ok(painted) => match self.reader.read(painted.png).await {
                Reading::Text(text) => {
                    let words = text.chars().filter(|c| matches!(c, '\u{4e00}'..='\u{9fff}')).count();
                    Ok((marking::check_scan(&text).into(), words >= FEW))
                }
                Reading::Nothing(why) => Err(why),
            },
            Err(why) => Err(why),
        })
    }

    async fn pass_file(&self, call: &Call, waiting: &Waiting, held: Option<HeldKey>) -> Result<(), Failure> {
        let id = waiting.file.as_str();
        let mut change = self.change(call);
        if let Some(held) = held {
            for row in self.released_key(id, held.key).await? {
                change.row(row);
            }
        }
        change.exactly_one(Row::new(
            "UPDATE attachments SET state = 'clean' WHERE id = $1 AND state = 'scanning'",
            [id.into()],
        ));
        change.row(waiting.over());
        change.commit(id).await?;
        self.drop_key(waiting).await
    }

    /// The key lies already where it belongs.
    async fn seal_waiting(
        &self,
        call: &Call,
        waiting: &Waiting,
        row: &AttachmentRow,
        marking: &Marking,
    ) -> Result<(), Failure> {
        let Some(id) = &waiting.hold else { return Err(Failure::fault("only what was read can carry a marking")) };
        let (blocked, rule) = match marking {
            Marking::Blocked(rule) => (true, rule.clone()),
            Marking::Held(rule) => (false, rule.clone()),
            Marking::Clean => return Err(Failure::fault("a clean file is not sealed")),
        };
        let content = Content {
            id: id.clone(),
            what: What::File(row.id.clone()),
            blocked,
            rule,
            sm3: row.sm3.clone(),
            size: row.size,
            file_type: row.file_type.slug().to_owned(),
            unit: waiting.of_unit.then(|| row.unit.clone()),
            project: waiting.of_unit.then(|| row.project.clone()),
            material: row.material.clone(),
            by: waiting.account.clone(),
            source: waiting.source.clone(),
            clean: true,
            later: true,
        };
        let stream = self.load::<Hold>(id.as_str()).await?;
        let events = hold::hold(&stream.state, content)?;
        let mut change = self.change(call);
        change.append(stream, &events)?;
        change.exactly_one(Row::new(
            "UPDATE attachments SET state = 'sealed', name = $2 WHERE id = $1 AND state = 'scanning'",
            [row.id.as_str().into(), NAMELESS.into()],
        ));
        change.row(waiting.over());
        change.commit(id.as_str()).await?;
        tracing::warn!(hold.id = %id, "a scan with a marking was sealed");
        Ok(())
    }

    /// Malware: key and content go.
    async fn refuse_file(&self, call: &Call, waiting: &Waiting) -> Result<(), Failure> {
        let id = waiting.file.as_str();
        let mut change = self.change(call);
        change.exactly_one(Row::new(
            "UPDATE attachments SET state = 'refused' WHERE id = $1 AND state = 'scanning'",
            [id.into()],
        ));
        let (place, rows) = self.removal_rows(id).await?;
        rows.into_iter().for_each(|row| change.row(row));
        change.row(waiting.over());
        change.commit(id).await?;
        tracing::warn!(file.id = id, "malware was found in a file that waited");
        self.drop_key(waiting).await?;
        self.finish_removal(&place).await;
        Ok(())
    }

    async fn forget_check(&self, call: &Call, waiting: &Waiting) -> Result<(), Failure> {
        let mut change = self.change(call);
        change.row(waiting.over());
        change.commit(waiting.file.as_str()).await?;
        self.drop_key(waiting).await
    }

    async fn drop_key(&self, waiting: &Waiting) -> Result<(), Failure> {
        match &waiting.hold {
            Some(hold) => key::destroy(&self.settings.held_keys, hold).await.map_err(Failure::fault),
            None => Ok(()),
        }
    }
}
