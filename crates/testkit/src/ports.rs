//! Ports as tests need them: files in memory, a printer without fonts, chance that runs out.

use async_trait::async_trait;
use domain::{Moment, document::Document};
use platform::{
    ports::{Chance, Courier, Letter, Printer, Receipt, Undelivered},
    upload::{Content, FileStore},
};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Files that last as long as the test.
#[derive(Debug, Default)]
pub struct MemoryFiles(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryFiles {
    /// How many files are kept.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[async_trait]
impl FileStore for MemoryFiles {
    async fn put(&self, id: &str, temporary: &Path) -> io::Result<()> {
        let bytes = tokio::fs::read(temporary).await?;
        tokio::fs::remove_file(temporary).await?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), bytes);
        Ok(())
    }

    async fn open(&self, id: &str) -> io::Result<Content> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = files.get(id).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok((bytes.len() as u64, Box::new(io::Cursor::new(bytes))))
    }

    async fn delete(&self, id: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }
}

/// "Prints" what a paper says as plain lines behind a PDF's first bytes: tests look for words in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainPrinter;

impl Printer for PlainPrinter {
    fn print(&self, document: &Document) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(format!("%PDF-1.7\n{}\n", serde_json::to_string_pretty(document)?).into_bytes())
    }
}

/// Chance that draws small numbers from `few` values only; ids stay unique.
pub struct FewDraws<C> {
    /// Where the bytes come from.
    pub inner: C,
    /// How many different draws there are.
    pub few: u32,
}

impl<C: Chance> Chance for FewDraws<C> {
    fn fill(&self, buffer: &mut [u8]) {
        self.inner.fill(buffer);
    }

    fn below(&self, end: u32) -> u32 {
        // Document numbers draw from a larger space and stay as they are.
        let end = if end == domain::project_code::Issue::RANDOM { self.few } else { end };
        self.inner.below(end)
    }
}

/// A courier that keeps what it carries. No channel is open until a test opens one; answers are given in advance.
#[derive(Debug, Default)]
pub struct Postbox(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    channels: Vec<String>,
    answers: VecDeque<Result<Moment, Undelivered>>,
    carried: Vec<Letter>,
    tried: usize,
}

impl Postbox {
    /// Opens a channel.
    pub fn open(&self, channel: &str) {
        self.inside(|inside| inside.channels.push(channel.to_owned()));
    }

    /// What the next attempt is answered; without one it is carried, "just now".
    pub fn answer(&self, answer: Result<Moment, Undelivered>) {
        self.inside(|inside| inside.answers.push_back(answer));
    }

    /// What was carried, in order.
    pub fn carried(&self) -> Vec<Letter> {
        self.inside(|inside| inside.carried.clone())
    }

    /// How many attempts there were.
    pub fn tried(&self) -> usize {
        self.inside(|inside| inside.tried)
    }

    fn inside<T>(&self, read: impl FnOnce(&mut Inside) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Courier for Postbox {
    fn serves(&self, channel: &str) -> bool {
        self.inside(|inside| inside.channels.iter().any(|open| open == channel))
    }

    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        // Time for another node to try the same.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        self.inside(|inside| {
            inside.tried += 1;
            let happened_at = inside.answers.pop_front().unwrap_or(Ok(Moment(i64::MAX)))?;
            inside.carried.push(letter.clone());
            Ok(Receipt { reference: format!("ref-{}", inside.carried.len()), happened_at })
        })
    }
}
