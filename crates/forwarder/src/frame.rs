//! Octet counting (RFC 6587 section 3.4.1): the length in digits, a space, the message.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest message taken.
const LONGEST: usize = 64 * 1024;
/// Most digits of a length.
const DIGITS: usize = 6;

/// Writes a message.
pub async fn write(to: &mut (impl AsyncWrite + Unpin), message: &str) -> io::Result<()> {
    to.write_all(format!("{} ", message.len()).as_bytes()).await?;
    to.write_all(message.as_bytes()).await
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Reads a message; `None` at the end of the line.
pub async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut length = 0;
    for at in 0..=DIGITS {
        let byte = match from.read_u8().await {
            Err(error) if at == 0 && error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        };
        match byte {
            b'0'..=b'9' if at < DIGITS => length = length * 10 + usize::from(byte - b'0'),
            b' ' if at > 0 => break,
            _ => return Err(wrong("no length")),
        }
    }
    if length == 0 || length > LONGEST {
        return Err(wrong("a message of no length, or too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await?;
    String::from_utf8(bytes).map(Some).map_err(|_| wrong("no text"))
}

/// Reads an answer: a line of at most a few words.
pub async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = (&mut *from).take(512).read_until(b'\n', &mut bytes).await?;
    match bytes.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(bytes).map(Some).map_err(|_| wrong("no text")),
        Some(_) => Err(wrong(if read == 512 { "a line too long" } else { "a line cut off" })),
    }
}
