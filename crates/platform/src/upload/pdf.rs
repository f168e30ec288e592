//! PDF (U-05), without rendering: every object a reader could reach is read for names that act.
//!
//! A reader reaches an object at `N G obj` or inside an object stream. So *every* `obj` in the file is read, also one that hides
//! inside a stream or a string, and every object stream is unfolded within limits; one we cannot unfold is refused. Names
//! are compared after undoing `#xx`. Page content, pictures and fonts are not decoded: they cannot carry these names.

use super::{
    inspect::Budget,
    reason::{BROKEN, ENCRYPTED, MIXED, PDF_ACTIVE, PDF_OPAQUE, Reason},
};
use flate2::{Decompress, FlushDecompress, Status};

/// Names that act, or carry what acts.
const ACTIVE: [&[u8]; 13] = [
    b"JavaScript",
    b"JS",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"FileAttachment",
    b"RichMedia",
    b"XFA",
    b"GoToE",
    b"ImportData",
    b"SubmitForm",
    b"Rendition",
    b"Movie",
];
/// Largest object stream, unfolded.
const MAX_OBJECT_STREAM: usize = 32 * 1024 * 1024;
/// Objects may overlap in a crafted file; an honest file is read once.
const READS: usize = 8;
/// How far from the end the last `%%EOF` may be, and where a reader looks for `startxref`.
const TAIL: usize = 1024;

/// Proves header and trailer, and reads every object.
pub(super) fn examine(bytes: &[u8], budget: &Budget) -> Result<(), Reason> {
    if !matches!(bytes, [b'%', b'P', b'D', b'F', b'-', b'1' | b'2', b'.', b'0'..=b'9', ..]) {
        return Err(BROKEN);
    }
    let tail = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    let end = rfind(tail, b"%%EOF").ok_or(BROKEN)?;
    let after = tail.get(end + 5..).unwrap_or_default();
    if after.iter().any(|b| !is_space(*b)) {
        return Err(MIXED);
    }
    rfind(tail, b"startxref").ok_or(BROKEN)?;
    let mut scan = Scan { budget, left: bytes.len().saturating_mul(READS), root: false, catalog: false };
    for at in places(bytes, b"obj").chain(places(bytes, b"trailer")) {
        scan.object(bytes, at)?;
    }
    if scan.root && scan.catalog { Ok(()) } else { Err(BROKEN) }
}

/// What is left of the budget, and what was seen.
struct Scan<'a> {
    budget: &'a Budget,
    left: usize,
    root: bool,
    catalog: bool,
}

/// What an object's dictionary says about its stream.
#[derive(Default)]
struct Dictionary {
    object_stream: bool,
    has_first: bool,
    first: Option<usize>,
    count: bool,
    filter: bool,
    flate: usize,
    predictor: bool,
    outside: bool,
}

impl Scan<'_> {
    /// Reads the object (or trailer) behind `at`, and its stream if that holds objects.
    fn object(&mut self, bytes: &[u8], at: usize) -> Result<(), Reason> {
        let mut lexer = Lexer { bytes, at };
        let mut dictionary = Dictionary::default();
        // How many tokens ago `/First` was.
        let mut since_first = usize::MAX;
        loop {
            let before = lexer.at;
            let token = lexer.next();
            self.spend(lexer.at - before)?;
            since_first = since_first.saturating_add(1);
            match token {
                Some(Token::Name(name)) => {
                    if name == b"First" {
                        since_first = 0;
                    }
                    self.name(&name, &mut dictionary)?;
                }
                Some(Token::Word(b"stream")) => return self.stream(bytes, lexer.at, &dictionary),
                Some(Token::Word(b"endobj" | b"startxref")) | None => return Ok(()),
                Some(Token::Word(word)) if since_first == 1 => dictionary.first = number(word),
                // A second word: the value is not here but in another object.
                Some(Token::Word(_)) if since_first == 2 => dictionary.first = None,
                Some(_) => {}
            }
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Reason> {
        self.left = self.left.checked_sub(bytes).ok_or(PDF_OPAQUE)?;
        self.budget.check()
    }

    fn name(&mut self, name: &[u8], dictionary: &mut Dictionary) -> Result<(), Reason> {
        if ACTIVE.contains(&name) {
            return Err(PDF_ACTIVE);
        }
        match name {
            b"Encrypt" => return Err(ENCRYPTED),
            b"Root" => self.root = true,
            b"Catalog" => self.catalog = true,
            b"ObjStm" => dictionary.object_stream = true,
            b"First" => dictionary.has_first = true,
            b"N" => dictionary.count = true,
            b"Filter" => dictionary.filter = true,
            b"FlateDecode" | b"Fl" => dictionary.flate += 1,
            b"Predictor" => dictionary.predictor = true,
            b"F" | b"FFilter" => dictionary.outside = true,
            _ => {}
        }
        Ok(())
    }

    /// Reads the objects in an object stream; some readers take a stream for one that only has `/N` and `/First`.
    fn stream(&mut self, bytes: &[u8], at: usize, dictionary: &Dictionary) -> Result<(), Reason> {
        if !(dictionary.object_stream || dictionary.has_first && dictionary.count) {
            return Ok(());
        }
        let Dictionary { first, filter, flate, predictor, outside, .. } = *dictionary;
        let first = first.ok_or(PDF_OPAQUE)?;
        if predictor || outside || filter && flate != 1 {
            return Err(PDF_OPAQUE);
        }
        let skip = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b'\r' | b'\n'), _) => 1,
            _ => 0,
        };
        let data = bytes.get(at + skip..).unwrap_or_default();
        if filter {
            let unfolded = inflate(data, self.budget)?;
            self.members(&unfolded, first)
        } else {
            let end = find(data, b"endstream").ok_or(BROKEN)?;
            self.members(data.get(..end).unwrap_or_default(), first)
        }
    }

    /// Reads the objects of an object stream: pairs of number and offset, then at `first` the objects. Each is read from its own
    /// offset (which may point into a string of another one), and all of them once more from the start.
    fn members(&mut self, bytes: &[u8], first: usize) -> Result<(), Reason> {
        self.left = self.left.saturating_add(bytes.len().saturating_mul(READS));
        self.values(bytes, 0, usize::MAX)?;
        let mut pairs = Lexer { bytes: bytes.get(..first).ok_or(BROKEN)?, at: 0 };
        while let (Some(Token::Word(_)), Some(Token::Word(offset))) = (pairs.next(), pairs.next()) {
            let start = number(offset).and_then(|offset| offset.checked_add(first)).ok_or(BROKEN)?;
            self.values(bytes, start, 1)?;
        }
        Ok(())
    }

    /// Reads so many values from `start` on.
    fn values(&mut self, bytes: &[u8], start: usize, count: usize) -> Result<(), Reason> {
        let mut lexer = Lexer { bytes, at: start };
        let (mut depth, mut done) = (0usize, 0usize);
        let mut ignored = Dictionary::default();
        while done < count {
            let before = lexer.at;
            let token = lexer.next();
            self.spend(lexer.at - before)?;
            match token {
                None => return Ok(()),
                Some(Token::Name(name)) => self.name(&name, &mut ignored)?,
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth = depth.saturating_sub(1),
                Some(Token::Word(_) | Token::Text) => {}
            }
            if depth == 0 {
                done += 1;
            }
        }
        Ok(())
    }
}

/// Unfolds a zlib stream that ends itself; what follows is not ours.
fn inflate(data: &[u8], budget: &Budget) -> Result<Vec<u8>, Reason> {
    let mut unfolded = Vec::new();
    let mut decoder = Decompress::new(true);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let input = usize::try_from(read).ok().and_then(|read| data.get(read..)).ok_or(BROKEN)?;
        let status = decoder.decompress(input, &mut piece, FlushDecompress::None).map_err(|_| PDF_OPAQUE)?;
        let fresh = usize::try_from(decoder.total_out() - written).map_err(|_| PDF_OPAQUE)?;
        budget.spend(fresh)?;
        unfolded.extend_from_slice(piece.get(..fresh).unwrap_or_default());
        if unfolded.len() > MAX_OBJECT_STREAM {
            return Err(PDF_OPAQUE);
        }
        match status {
            Status::StreamEnd => return Ok(unfolded),
            _ if fresh == 0 && decoder.total_in() == read => return Err(PDF_OPAQUE),
            _ => {}
        }
    }
}

enum Token<'a> {
    Name(Vec<u8>),
    Word(&'a [u8]),
    Text,
    Open,
    Close,
}

/// Splits PDF syntax into tokens. Total: any bytes give tokens, then `None`.
struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|b| !keep(*b)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.skip_while(is_space);
            if self.peek()? != b'%' {
                break;
            }
            self.skip_while(|b| b != b'\r' && b != b'\n');
        }
        let first = self.peek()?;
        if is_regular(first) {
            return Some(Token::Word(self.skip_while(is_regular)));
        }
        self.at += 1;
        match first {
            b'/' => Some(Token::Name(unescape(self.skip_while(is_regular)))),
            b'(' => {
                self.string();
                Some(Token::Text)
            }
            b'<' if self.peek() == Some(b'<') => {
                self.at += 1;
                Some(Token::Open)
            }
            b'<' => {
                self.skip_while(|b| b.is_ascii_hexdigit() || is_space(b));
                if self.peek() == Some(b'>') {
                    self.at += 1;
                }
                Some(Token::Text)
            }
            b'>' if self.peek() == Some(b'>') => {
                self.at += 1;
                Some(Token::Close)
            }
            b'[' => Some(Token::Open),
            b']' => Some(Token::Close),
            _ => Some(Token::Text),
        }
    }

    /// To the end of a literal string whose opening bracket is read.
    fn string(&mut self) {
        let mut depth = 1usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Undoes `#xx`.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut name = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        match (byte, digit(raw.get(at + 1)), digit(raw.get(at + 2))) {
            (b'#', Some(high), Some(low)) => {
                name.push(high << 4 | low);
                at += 3;
            }
            _ => {
                name.push(*byte);
                at += 1;
            }
        }
    }
    name
}

fn number(word: &[u8]) -> Option<usize> {
    std::str::from_utf8(word).ok().filter(|w| w.bytes().all(|b| b.is_ascii_digit())).and_then(|w| w.parse().ok())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

fn rfind(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|window| window == word)
}

/// Where a keyword ends, wherever it does not continue another word (as `obj` in `endobj`).
fn places<'a>(bytes: &'a [u8], word: &'static [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(word.len()).enumerate().filter(move |(_, window)| *window == word).filter_map(move |(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_none_or(|b| !b.is_ascii_alphabetic()).then_some(at + word.len())
    })
}
