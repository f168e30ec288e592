//! Ports as tests need them: files in memory, a printer without fonts, chance that runs out.

use async_trait::async_trait;
use domain::document::Document;
use platform::{
    ports::{Chance, Printer},
    upload::{Content, FileStore},
};
use std::{
    collections::BTreeMap,
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
