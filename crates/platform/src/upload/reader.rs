//! Reads the head of a scan (K-06): a port, and none. What cannot be read has not been read; it is never clean for that.

use async_trait::async_trait;

/// What a reader says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It read to the end, and this is what it made out.
    Text(String),
    /// No answer; the reason is for operators.
    Nothing(String),
}

/// Reads what a picture of a page says.
#[async_trait]
pub trait Reader: Send + Sync {
    /// Whether it is installed. Asked for each upload: it may be installed while the platform runs.
    fn is_there(&self) -> bool;

    /// Reads a PNG. Never fails, and ends within a minute.
    async fn read(&self, png: Vec<u8>) -> Reading;
}

/// The setting says that nothing reads scans.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoReader;

#[async_trait]
impl Reader for NoReader {
    fn is_there(&self) -> bool {
        false
    }

    async fn read(&self, _: Vec<u8>) -> Reading {
        Reading::Nothing("no reader is installed".to_owned())
    }
}
