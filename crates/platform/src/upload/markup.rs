//! XML parts of office files (U-06): no DTD, no other encoding, no reference outside, no field that calls one.

use super::{
    reason::{BROKEN, DTD, EMBEDDED, EXTERNAL, FIELD_CODE, MACRO, OUTPUT, Reason},
    words::Words,
};
use domain::marking::Place;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use std::io::{BufRead, BufReader, Read};

/// Largest part read as a whole, in bytes.
const MAX_PART: u64 = 64 * 1024 * 1024;
/// Deepest nesting: tables in tables come to a few dozen.
const MAX_DEPTH: usize = 256;
/// Field instructions that fetch or run something (`QUOTE` can spell the others).
const CALLING_FIELDS: [&str; 7] = ["DDE", "DDEAUTO", "LINK", "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "QUOTE"];
/// Targets a link that a person clicks may have.
const LINK_SCHEMES: [&str; 5] = ["http://", "https://", "mailto:", "tel:", "#"];
/// Words in a content type or relationship type that name macros.
const MACRO_WORDS: [&str; 4] = ["vbaproject", "vbadata", "macroenabled", "macrosheet"];
/// The same for embedded objects.
const OBJECT_WORDS: [&str; 3] = ["oleobject", "activex", "attachedtoolbars"];

/// How much of a part is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `[Content_Types].xml`.
    ContentTypes,
    /// `*.rels`.
    Relationships,
    /// A text part of a document, where fields can be.
    Text,
    /// A part of a workbook or fixed document with words.
    Words,
    /// Properties of the document: whatever they say.
    Properties,
    /// Anything else: only up to the first element, behind which no DTD can come.
    Other,
}

/// Reads a part and refuses what it may not hold. Its words are kept for the marking rules. Gives the content types it declares.
pub(super) fn examine(part: Part, place: Place, reader: impl Read, words: &mut Words) -> Result<Vec<String>, Reason> {
    let mut reader = BufReader::new(reader.take(MAX_PART));
    // UTF-16 would hide everything below; office software writes UTF-8.
    if matches!(reader.fill_buf().map_err(|_| BROKEN)?, [0xfe | 0xff | 0, ..] | [_, 0, ..]) {
        return Err(DTD);
    }
    let mut xml = Reader::from_reader(reader);
    let (mut buffer, mut seen, mut depth) = (Vec::new(), Seen::default(), 0);
    loop {
        match xml.read_event_into(&mut buffer).map_err(|_| BROKEN)? {
            Event::DocType(_) => return Err(DTD),
            Event::Decl(declaration) => {
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|_| BROKEN)?.to_ascii_lowercase();
                    if !matches!(encoding.as_str(), "utf-8" | "utf8" | "us-ascii") {
                        return Err(DTD);
                    }
                }
            }
            Event::Start(_) if part == Part::Other => return Ok(Vec::new()),
            Event::Start(element) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(BROKEN);
                }
                seen.in_instruction = element.local_name().as_ref() == INSTRUCTION;
                seen.element(part, &element)?;
                seen.enter(part, &element)?;
            }
            Event::Empty(element) => {
                seen.element(part, &element)?;
                seen.enter(part, &element)?;
                seen.leave(part, element.local_name().as_ref());
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                seen.in_instruction = false;
                seen.leave(part, element.local_name().as_ref());
            }
            Event::Text(text) => seen.text(&text.xml10_content()),
            Event::CData(text) => seen.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref().map_err(|_| BROKEN)?;
                seen.text(letter.unwrap_or(' ').encode_utf8(&mut [0; 4]));
            }
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    // What lies behind the limit was not read; of words nobody reads so many.
    let cut = xml.get_ref().get_ref().limit() == 0;
    if cut && !matches!(part, Part::Words | Part::Properties) {
        return Err(OUTPUT);
    }
    if !seen.any || depth > 0 && !cut {
        return Err(BROKEN);
    }
    words.add(place, seen.words);
    words.add(Place::HeaderFooter, plain_margin(&seen.margins));
    if seen.instructions.lines().any(calls) { Err(FIELD_CODE) } else { Ok(seen.content_types) }
}

const INSTRUCTION: &str = "instrText";

/// What was seen of a part so far.
#[derive(Default)]
struct Seen {
    any: bool,
    in_instruction: bool,
    /// Field instructions, one per line; a field's text may be split over any number of runs.
    instructions: String,
    content_types: Vec<String>,
    words: String,
    /// Headers and footers of a sheet.
    margins: String,
    reading: Reading,
    /// The cell at hand holds a text, not a number.
    text_cell: bool,
}

/// Where text that comes next belongs.
#[derive(Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Nothing,
    Words,
    Margin,
}

/// Most bytes of words kept of one part.
const MOST_WORDS: usize = 4 * 1024 * 1024;
/// Headers and footers of a sheet.
const MARGINS: [&str; 6] = ["oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter"];
/// Where a line of words ends.
const LINE_ENDS: [&str; 8] = ["p", "br", "cr", "si", "is", "c", "TextCode", "sheet"];

/// A header of a sheet without its codes (`&C`, `&"font,style"`, `&12`).
fn plain_margin(text: &str) -> String {
    let (mut plain, mut letters) = (String::new(), text.chars().peekable());
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('&', Some('L' | 'C' | 'R')) => {
                letters.next();
                plain.push('\n');
            }
            ('&', Some('"')) => {
                letters.next();
                letters.by_ref().find(|c| *c == '"');
            }
            ('&', Some(digit)) if digit.is_ascii_digit() => while letters.next_if(char::is_ascii_digit).is_some() {},
            ('&', Some(_)) => {
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}

impl Seen {
    /// Decides where the text of an element belongs.
    fn enter(&mut self, part: Part, element: &BytesStart<'_>) -> Result<(), Reason> {
        let name = element.local_name();
        let name = name.as_ref();
        self.reading = match part {
            Part::Properties => Reading::Words,
            Part::Text if name == "t" => Reading::Words,
            Part::Words if MARGINS.contains(&name) => Reading::Margin,
            Part::Words if matches!(name, "t" | "TextCode") || name == "v" && self.text_cell => Reading::Words,
            _ => Reading::Nothing,
        };
        if part == Part::Words {
            match name {
                "c" => self.text_cell = attribute(element, "t")? == "str",
                "sheet" => self.words.push_str(&attribute(element, "name")?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends a line of words where an element ends one.
    fn leave(&mut self, part: Part, name: &str) {
        self.reading = Reading::Nothing;
        if part == Part::Properties || LINE_ENDS.contains(&name) {
            self.words.push('\n');
        }
        if MARGINS.contains(&name) {
            self.margins.push('\n');
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_instruction {
            self.instructions.push_str(text);
        }
        match self.reading {
            Reading::Words if self.words.len() < MOST_WORDS => self.words.push_str(text),
            Reading::Margin if self.margins.len() < MOST_WORDS => self.margins.push_str(text),
            _ => {}
        }
    }

    fn element(&mut self, part: Part, element: &BytesStart<'_>) -> Result<(), Reason> {
        self.any = true;
        match (part, element.local_name().as_ref()) {
            (Part::ContentTypes, "Default" | "Override") => {
                let kind = attribute(element, "ContentType")?;
                names_danger(&kind)?;
                self.content_types.push(kind);
            }
            (Part::Relationships, "Relationship") => {
                let kind = attribute(element, "Type")?;
                names_danger(&kind)?;
                let target = attribute(element, "Target")?.trim().to_ascii_lowercase();
                let external = attribute(element, "TargetMode")?.eq_ignore_ascii_case("external");
                let is_link =
                    kind.ends_with("/hyperlink") && LINK_SCHEMES.iter().any(|scheme| target.starts_with(scheme));
                let leaves = external || target.contains("://") || target.starts_with("\\\\");
                if kind.ends_with("/externalLink") || leaves && !is_link {
                    return Err(EXTERNAL);
                }
            }
            (Part::Text, "fldChar") => self.instructions.push('\n'),
            (Part::Text, "fldSimple") => {
                self.instructions.push('\n');
                self.instructions.push_str(&attribute(element, "instr")?);
                self.instructions.push('\n');
            }
            _ => {}
        }
        Ok(())
    }
}

/// An attribute by its local name, its character references undone; empty if it is not there.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, Reason> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| BROKEN)?;
        if attribute.key.local_name().as_ref() == name {
            return attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map(|value| value.into_owned())
                .map_err(|_| BROKEN);
        }
    }
    Ok(String::new())
}

fn names_danger(kind: &str) -> Result<(), Reason> {
    let kind = kind.to_ascii_lowercase();
    let last = kind.rsplit('/').next().unwrap_or_default();
    if MACRO_WORDS.iter().any(|word| last.contains(word)) {
        Err(MACRO)
    } else if last == "control" || OBJECT_WORDS.iter().any(|word| last.contains(word)) {
        Err(EMBEDDED)
    } else {
        Ok(())
    }
}

/// Whether a field's instruction begins with a calling word.
fn calls(instruction: &str) -> bool {
    let word = instruction.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    CALLING_FIELDS.iter().any(|field| word.eq_ignore_ascii_case(field))
}
