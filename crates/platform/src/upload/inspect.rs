//! Looks inside a received file: extension, declaration, first bytes and structure must agree (U-01, U-03 … U-06), and its text
//! may carry no marking (K-03, K-07). [`look`] is pure: bytes in, findings out; where it runs is the [`Inspector`]'s choice.

use super::{
    FilePart, FileType, Opened, Painted, Received, SealedFile, SealedWriter, View, archive, pdf, pdf_text,
    picture::{self, Copy},
    reason::{BROKEN, BUSY, MAGIC, OUTPUT, Reason, TIME, fault},
    view,
    words::Words,
};
use async_trait::async_trait;
use domain::{Refusal, marking};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, task, time::timeout};

/// Files inspected at the same time: each may need 256 MB.
static PLACES: Semaphore = Semaphore::const_new(2);
/// Longest wait for a place.
const WAIT: Duration = Duration::from_secs(30);
/// Longest inspection on a thread.
const BUDGET: Duration = Duration::from_secs(20);
/// Most bytes an archive may unfold to (U-03).
pub(super) const MAX_OUTPUT: u64 = 500 * 1024 * 1024;

/// What the marking rules say about name or content (K-03, K-04); the rule is all that may be recorded (K-08).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marking {
    /// No mark.
    #[default]
    Clean,
    /// 待核验.
    Held(String),
    /// 拒收.
    Blocked(String),
}

impl From<marking::Verdict> for Marking {
    fn from(verdict: marking::Verdict) -> Self {
        match verdict {
            marking::Verdict::Clean => Self::Clean,
            marking::Verdict::Hold(rule) => Self::Held(rule.to_owned()),
            marking::Verdict::Block(rule) => Self::Blocked(rule.to_owned()),
        }
    }
}

/// What was found in a file that may stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What its text says.
    pub marking: Marking,
    /// It shows something no rule can read: a scan, a picture, a drawing (K-06).
    pub unread: bool,
    /// A copy to be shown was made.
    pub preview: bool,
}

/// What an inspector says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may stay.
    Found(Found),
    /// Refused, by this rule.
    Refused(String),
    /// It ended without an answer: never clean. The reason is for operators.
    Nothing(String),
}

/// Inspects content, wherever it is safe to do so.
#[async_trait]
pub trait Inspector: Send + Sync {
    /// Inspects so many bytes of the type their name claims. The copy of a picture goes to `preview`.
    async fn inspect(
        &self,
        content: Opened,
        size: u64,
        file_type: FileType,
        preview: Option<&mut SealedWriter>,
    ) -> Answer;

    /// Paints a view of a file that passed its inspection. An error is for operators: nothing was painted.
    async fn paint(&self, content: Opened, size: u64, file_type: FileType, view: View) -> Result<Painted, String>;
}

/// Inspects on a thread of this process: for tests and simulations, whose files are their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcess;

#[async_trait]
impl Inspector for InProcess {
    async fn inspect(
        &self,
        content: Opened,
        _: u64,
        file_type: FileType,
        preview: Option<&mut SealedWriter>,
    ) -> Answer {
        let bytes = match content.read_all().await {
            Ok(bytes) => bytes,
            Err(error) => return Answer::Nothing(error.to_string()),
        };
        let budget = Budget::default();
        let stop = budget.clone();
        let work = task::spawn_blocking(move || {
            let (found, copy) = look(bytes, file_type, &budget)?;
            let mut written = Vec::new();
            if let Some(copy) = copy {
                copy.write(&mut written)?;
            }
            Ok::<_, Reason>((found, written))
        });
        let (found, copy) = match timeout(BUDGET, work).await {
            Ok(Ok(Ok(done))) => done,
            Ok(Ok(Err(Reason(code, _)))) => return Answer::Refused(code.to_owned()),
            Ok(Err(error)) => return Answer::Nothing(error.to_string()),
            Err(_) => {
                stop.stopped.store(true, Ordering::Relaxed);
                return Answer::Nothing("no answer in time".to_owned());
            }
        };
        match preview {
            Some(preview) => match preview.write(&copy).await {
                Ok(()) => Answer::Found(found),
                Err(error) => Answer::Nothing(error.to_string()),
            },
            None => Answer::Found(found),
        }
    }

    async fn paint(&self, content: Opened, _: u64, file_type: FileType, view: View) -> Result<Painted, String> {
        let bytes = content.read_all().await.map_err(|error| error.to_string())?;
        let work = task::spawn_blocking(move || view::paint(bytes, file_type, view));
        let painted = work.await.map_err(|error| error.to_string())?;
        painted.map_err(|Reason(code, _)| code.to_owned())
    }
}

/// Has a view painted, within the same limit of places.
pub async fn paint(
    inspector: &dyn Inspector,
    content: Opened,
    size: u64,
    file_type: FileType,
    view: View,
) -> Result<Painted, String> {
    let place = timeout(WAIT, PLACES.acquire()).await;
    let _place = place.map_err(|_| "no place in time".to_owned())?.map_err(|error| error.to_string())?;
    inspector.paint(content, size, file_type, view).await
}

/// What inspection found.
#[derive(Debug, Default)]
pub struct Inspected {
    /// A copy of a picture without metadata: what people see (U-04).
    pub preview: Option<SealedFile>,
    /// What its text says.
    pub marking: Marking,
    /// It shows something no rule can read.
    pub unread: bool,
}

/// Has a file inspected, within a limit of places. Gives the file back when it may stay.
pub async fn inspect(
    inspector: &dyn Inspector,
    received: Received,
    temp_dir: &Path,
) -> Result<(Received, Inspected), Refusal> {
    let _place = timeout(WAIT, PLACES.acquire()).await.map_err(|_| BUSY)?.map_err(fault)?;
    let mut preview = match received.file_type {
        FileType::Jpg | FileType::Png => {
            let key = received.file.key().clone();
            Some(SealedWriter::create(temp_dir, key, FilePart::Preview).await.map_err(fault)?)
        }
        _ => None,
    };
    let content = received.file.content().await.map_err(fault)?;
    match inspector.inspect(content, received.size, received.file_type, preview.as_mut()).await {
        Answer::Found(Found { marking, unread, preview: made }) => {
            let preview = match preview {
                Some(copy) if made => Some(copy.finish().await.map_err(fault)?),
                _ => None,
            };
            Ok((received, Inspected { preview, marking, unread }))
        }
        Answer::Refused(code) => Err(Reason::of(&code).into()),
        Answer::Nothing(why) => {
            tracing::warn!(why, file.r#type = received.file_type.slug(), "upload: the inspection gave no answer");
            Err(TIME.into())
        }
    }
}

/// What a confined process does with the bytes it was given: a line of [`Answer`], then the copy of a picture.
pub fn answer(content: Vec<u8>, file_type: FileType, out: &mut dyn Write) -> io::Result<()> {
    let (answer, copy) = match look(content, file_type, &Budget::default()) {
        Ok((found, copy)) => (Answer::Found(found), copy),
        Err(Reason(code, _)) => (Answer::Refused(code.to_owned()), None),
    };
    serde_json::to_writer(&mut *out, &answer)?;
    out.write_all(b"\n")?;
    if let Some(copy) = copy {
        copy.write(&mut *out).map_err(|Reason(code, _)| io::Error::other(code))?;
    }
    out.flush()
}

/// The same for a view: a line with what was painted, then the PNG.
pub fn answer_view(content: Vec<u8>, file_type: FileType, view: View, out: &mut dyn Write) -> io::Result<()> {
    let painted = view::paint(content, file_type, view).map_err(|Reason(code, _)| io::Error::other(code))?;
    serde_json::to_writer(&mut *out, &painted)?;
    out.write_all(b"\n")?;
    out.write_all(&painted.png)?;
    out.flush()
}

/// What one inspection, with all files inside the file, may still use.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    stopped: Arc<AtomicBool>,
    output: Arc<AtomicU64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { stopped: Arc::default(), output: Arc::new(AtomicU64::new(MAX_OUTPUT)) }
    }
}

impl Budget {
    /// Goes on unless the time is over.
    pub fn check(&self) -> Result<(), Reason> {
        if self.stopped.load(Ordering::Relaxed) { Err(TIME) } else { Ok(()) }
    }

    /// Takes unfolded bytes from the budget.
    pub fn spend(&self, bytes: usize) -> Result<(), Reason> {
        self.check()?;
        let bytes = bytes as u64;
        let spent = self.output.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        spent.map(|_| ()).map_err(|_| OUTPUT)
    }
}

/// Looks through a file of the type its name claims.
pub(super) fn look(bytes: Vec<u8>, file_type: FileType, budget: &Budget) -> Result<(Found, Option<Copy>), Reason> {
    let mut words = Words::default();
    let copy = examine(bytes, file_type, budget, 0, &mut words)?;
    Ok((Found { marking: words.marking(), unread: words.unread, preview: copy.is_some() }, copy))
}

/// Inspects a file. `depth` is 0 for the uploaded file, 1 for a file inside it.
pub(super) fn examine(
    bytes: Vec<u8>,
    file_type: FileType,
    budget: &Budget,
    depth: u8,
    words: &mut Words,
) -> Result<Option<Copy>, Reason> {
    if !file_type.begins(bytes.get(..8).unwrap_or(&bytes)) {
        return Err(MAGIC);
    }
    match file_type {
        FileType::Pdf => {
            pdf::examine(&bytes, budget)?;
            pdf_text::read(bytes, words);
        }
        FileType::Jpg | FileType::Png => {
            words.unread = true;
            return picture::examine(bytes, file_type, budget, depth);
        }
        FileType::Docx | FileType::Xlsx | FileType::Ofd | FileType::Zip => {
            archive::examine(&bytes, file_type, budget, depth, words)?;
        }
        FileType::Dwg => {
            words.unread = true;
            drawing(&bytes)?;
        }
    }
    Ok(None)
}

/// The smallest header a drawing of any release has.
const DWG_HEADER: usize = 128;

fn drawing(bytes: &[u8]) -> Result<(), Reason> {
    if bytes.len() < DWG_HEADER { Err(BROKEN) } else { Ok(()) }
}

/// Our own machine failed, not the file.
pub(super) fn unreadable(error: io::Error) -> Reason {
    tracing::error!(%error, "upload: the inspection failed");
    super::reason::FAULT
}
