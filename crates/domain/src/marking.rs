//! 国家秘密标志检查: nothing classified enters the platform (办法第三条; controls K-01 to K-05).
//!
//! [`gate`] is the question before everything else; [`check_text`] looks at names, form fields and extracted text. A
//! *block* is a mark in the form the rules on state-secret marks prescribe; a *hold* is a trace only a security officer may
//! judge; words in running text (商业秘密, 机密性) are neither. The vocabulary is `data/marking.toml`.

use crate::Refusal;
use crate::declaration::{Answers, Form};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The answer to 是否涉及国家秘密 (K-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The declaration may begin.
    Open,
    /// Store nothing; show this page instead.
    Closed(OfflineNotice),
}

/// What a person reads when the gate is closed. Carries no word of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineNotice {
    /// Heading.
    pub title: &'static str,
    /// Paragraphs: neutral, and telling where to go.
    pub paragraphs: [&'static str; 3],
    /// The article.
    pub article: &'static str,
}

/// 涉密声明 (K-01): `yes` closes the gate, `no` opens it, anything else asks again.
pub fn gate(answer: &str) -> Result<Gate, Refusal> {
    match answer.trim() {
        "no" => Ok(Gate::Open),
        "yes" => Ok(Gate::Closed(OfflineNotice {
            title: "请通过线下渠道办理",
            paragraphs: [
                "涉密项目及信息不得通过本平台办理和传递。",
                "请按保密规定，到项目所在地投资主管部门当面咨询和办理，不要在本平台或通过电话、邮件说明具体内容。",
                "本次操作没有保存任何内容，可以直接关闭页面。",
            ],
            article: "办法第三条",
        })),
        _ => Err(Refusal::field("touches_secrets", "declaration.required", "请先回答项目或申报内容是否涉及国家秘密。")
            .article("办法第三条")),
    }
}

/// Where the text comes from: the same word weighs differently in a header and in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A file name, or a title in the metadata.
    FileName,
    /// An answer in a form.
    Field,
    /// Text from the beginning of a document: its first five lines count as its top.
    BodyTop,
    /// A header or footer.
    HeaderFooter,
    /// Text further inside.
    Body,
}

/// What to do with the text. The rule id is all that may be recorded about it (K-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "verdict", content = "rule", rename_all = "snake_case")]
pub enum Verdict {
    /// No mark.
    Clean,
    /// 待核验: a security officer decides, nobody else sees it (K-04).
    Hold(&'static str),
    /// 拒收 (K-03).
    Block(&'static str),
}

impl Verdict {
    /// The neutral words for the person (K-08); `None` when clean.
    pub fn refusal(self) -> Option<Refusal> {
        (self != Self::Clean).then(|| neutral(matches!(self, Self::Block(_))))
    }
}

/// The neutral words for whoever handed something in: refused, or held until a person has decided.
pub fn neutral(blocked: bool) -> Refusal {
    let refusal = if blocked {
        Refusal::new(
            "marking.blocked",
            "该内容不能通过本平台提交。请核对后重新准备，或到项目所在地投资主管部门当面咨询。",
        )
    } else {
        Refusal::new(
            "marking.held",
            "该内容正在核验，核验完成前不能使用，完成后会在消息中告知。如有疑问，请联系项目所在地投资主管部门。",
        )
    };
    refusal.article("办法第三条")
}

/// Checks one text (K-02 to K-05).
pub fn check_text(text: &str, place: Place) -> Verdict {
    Rules::shipped().check(text, place)
}

/// Checks what was read of a scan's head (K-06). It counts as a header; and because a reader takes 密 for 窗 or 党 and a star for 女, a line
/// that has the shape of a mark and one of its two characters is a trace as well.
pub fn check_scan(text: &str) -> Verdict {
    let rules = Rules::shipped();
    let traced = rules.lines(text).iter().any(|line| rules.resembles(line));
    let shaped = if traced { Verdict::Hold("marking.scan_trace") } else { Verdict::Clean };
    match rules.check(text, Place::HeaderFooter) {
        Verdict::Clean => shaped,
        certain => certain,
    }
}

/// Checks every answer of a form, to be done before anything of it is stored; the worst verdict counts.
pub fn check_answers(form: &Form, answers: &Answers) -> Verdict {
    let typed = |id: &str| form.field(id).is_none_or(|field| field.options.is_empty());
    let texts = answers.iter().filter(|(id, _)| typed(id));
    texts.map(|(_, text)| check_text(text, Place::Field)).max().unwrap_or(Verdict::Clean)
}

/// Lines that count as the top of a document.
const TOP_LINES: usize = 5;
/// Lines this short may be pieces of one mark, set vertically or in table cells.
const SHORT_LINE: usize = 4;

/// The vocabulary, as data.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vocabulary {
    levels: Vec<String>,
    stars: String,
    asterisks: String,
    fold: Vec<String>,
    terms: Vec<String>,
    running_before: Vec<String>,
    running_after: Vec<String>,
    story_after: Vec<String>,
    phrases: Vec<Vec<String>>,
    denied_before: Vec<String>,
    copy_words: Vec<String>,
}

/// A set of words, ready to be compared with glyphs.
type Words = Vec<Vec<char>>;

struct Rules {
    levels: Words,
    folded: BTreeMap<char, char>,
    terms: Words,
    running_before: Words,
    running_after: Words,
    story_after: Words,
    phrases: Vec<Words>,
    denied_before: Words,
    copy_words: Words,
}

/// A visible character, and whether a blank or a line start stands before it.
#[derive(Debug, Clone, Copy)]
struct Glyph {
    c: char,
    gap: bool,
}

const STAR: char = '★';
const ASTERISK: char = '*';

impl Rules {
    #[expect(clippy::expect_used, reason = "compiled in, and read by every test")]
    fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Rules> = LazyLock::new(|| {
            let text = include_str!("../../../data/marking.toml");
            Rules::new(&toml::from_str(text).expect("the shipped vocabulary is well formed"))
        });
        &SHIPPED
    }

    fn new(vocabulary: &Vocabulary) -> Self {
        let words = |list: &[String]| list.iter().map(|word| word.chars().collect()).collect::<Words>();
        let mut folded = BTreeMap::new();
        folded.extend(vocabulary.stars.chars().map(|c| (c, STAR)));
        folded.extend(vocabulary.asterisks.chars().map(|c| (c, ASTERISK)));
        for row in &vocabulary.fold {
            let simplified = row.chars().next_back();
            folded.extend(row.chars().zip(simplified.into_iter().cycle()));
        }
        Self {
            levels: words(&vocabulary.levels),
            folded,
            terms: words(&vocabulary.terms),
            running_before: words(&vocabulary.running_before),
            running_after: words(&vocabulary.running_after),
            story_after: words(&vocabulary.story_after),
            phrases: vocabulary.phrases.iter().map(|row| words(row)).collect(),
            denied_before: words(&vocabulary.denied_before),
            copy_words: words(&vocabulary.copy_words),
        }
    }

    fn check(&self, text: &str, place: Place) -> Verdict {
        let lines = self.lines(text);
        let stacked = stacks(&lines);
        let block = lines
            .iter()
            .find_map(|line| self.block(line, false))
            .or_else(|| stacked.iter().find_map(|line| self.block(line, true)));
        if let Some(rule) = block {
            return Verdict::Block(rule);
        }
        let top = match place {
            Place::Body => 0,
            Place::BodyTop => TOP_LINES,
            Place::FileName | Place::Field | Place::HeaderFooter => usize::MAX,
        };
        let named = matches!(place, Place::FileName | Place::HeaderFooter);
        let tops = lines.iter().take(top).chain(if top == 0 { &[] } else { stacked.as_slice() });
        tops.into_iter().find_map(|line| self.hold(line, named)).map_or(Verdict::Clean, Verdict::Hold)
    }

    /// K-02: visible characters by line, folded; lines without any are left out.
    fn lines(&self, text: &str) -> Vec<Vec<Glyph>> {
        let mut lines = vec![Vec::new()];
        let mut gap = true;
        for c in text.nfkc() {
            match c {
                '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    gap = true;
                    lines.push(Vec::new());
                }
                c if is_invisible(c) => {}
                c if c.is_whitespace() || c.is_control() || c == '\u{2800}' => gap = true,
                c => {
                    let c = self.folded.get(&c).copied().unwrap_or(c);
                    if let Some(line) = lines.last_mut() {
                        line.push(Glyph { c, gap });
                    }
                    gap = false;
                }
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Positions right after a level word, with its start.
    fn level_words<'a>(&'a self, line: &'a [Glyph]) -> impl Iterator<Item = (usize, usize)> + 'a {
        (0..line.len()).filter_map(move |at| {
            let length = self.levels.iter().find_map(|level| starts(line, at, level))?;
            Some((at, at + length))
        })
    }

    /// K-03: a level with a star, or with a term. In a stack of short lines a starless term must stand alone.
    fn block(&self, line: &[Glyph], stacked: bool) -> Option<&'static str> {
        let explains = self.explains(line);
        self.level_words(line).find_map(|(at, after)| {
            let running = ends(line, at, &self.running_before);
            let after = after + usize::from(is(line, after, |c| c == '级'));
            let closed = skip(line, after, 2, |c| "】〕]〉》)」』|:\"”’'".contains(c));
            if is(line, closed, |c| c == STAR) {
                return Some("marking.level_star");
            }
            let starred = is(line, closed, |c| c == ASTERISK);
            let from = skip(line, closed, 2, |c| c == ASTERISK);
            if starred && (!running || self.term(line, from, true).is_some()) {
                return Some("marking.level_star");
            }
            let from = skip(line, from, 1, |c| "·•・‧-–—_/|:([".contains(c));
            (!running && !explains && self.term(line, from, stacked).is_some()).then_some("marking.level_term")
        })
    }

    /// A mark has one level: a longer line with several is a regulation that explains them.
    fn explains(&self, line: &[Glyph]) -> bool {
        let named = |level: &&Vec<char>| (0..line.len()).any(|at| starts(line, at, level).is_some());
        line.len() > 3 * SHORT_LINE && self.levels.iter().filter(named).count() > 1
    }

    /// The end of a term of secrecy that starts at `at`.
    fn term(&self, line: &[Glyph], at: usize, alone: bool) -> Option<usize> {
        let stands = |end: usize| !is(line, end, is_word) || line.get(end).is_some_and(|glyph| glyph.gap);
        if let Some((i, length)) =
            self.terms.iter().enumerate().find_map(|(i, term)| Some((i, starts(line, at, term)?)))
        {
            let end = at + length;
            // "…前" is unmistakable; "长期" also occurs as an adverb, then a word follows at once.
            let adverb = self.terms.get(i).is_some_and(|term| term.last() != Some(&'前'));
            return (stands(end) || (!adverb && !alone)).then_some(end);
        }
        let digits = skip(line, at, 3, |c| "0123456789".contains(c));
        let number = match digits - at {
            0 => skip(line, at, 3, |c| "零一二三四五六七八九十廿卅百两".contains(c)),
            1 | 2 => digits,
            _ => return None,
        };
        if number == at {
            return None;
        }
        let units = ["年", "个月"].map(|unit| unit.chars().collect::<Vec<_>>());
        let end = number + units.iter().find_map(|unit| starts(line, number, unit))?;
        let story = self.story_after.iter().any(|word| starts(line, end, word).is_some());
        (stands(end) || !(alone || story)).then_some(end)
    }

    /// K-04: traces near the top. `named` is stricter: any level word in a file name or header counts.
    fn hold(&self, line: &[Glyph], named: bool) -> Option<&'static str> {
        let numbered = self.copy_words.iter().any(|word| find(line, word).is_some()) || has_copy_number(line);
        let explains = !named && self.explains(line);
        let level = self.level_words(line).find_map(|(at, after)| {
            let running = explains
                || ends(line, at, &self.running_before)
                || self.running_after.iter().any(|word| starts(line, after, word).is_some());
            match running {
                true => None,
                false if self.lone(line, at, after) => Some("marking.lone_level"),
                false if numbered => Some("marking.copy_number"),
                false if named => Some("marking.level_in_name"),
                false => None,
            }
        });
        level.or_else(|| {
            let stated = |word: &Vec<char>| {
                (0..line.len()).any(|at| starts(line, at, word).is_some() && !ends(line, at, &self.denied_before))
            };
            self.phrases.iter().any(|row| row.iter().all(stated)).then_some("marking.phrase")
        })
    }

    /// One character of a level right at its place, in a line that is a mark and nothing else: two characters, perhaps one for a star, and
    /// perhaps a term.
    fn resembles(&self, line: &[Glyph]) -> bool {
        let at = |i: usize| line.get(i).map(|glyph| glyph.c);
        let first = self.levels.iter().any(|level| level.first().copied() == at(0));
        let second = self.levels.iter().any(|level| level.get(1).copied() == at(1));
        // 涉密文件 with its second character lost: what it asks for stands behind it all the same.
        let asks = self.phrases.iter().filter_map(|row| row.get(1)).any(|word| find(line, word).is_some());
        if at(0) == Some('涉') && asks {
            return true;
        }
        let hanzi = line.iter().take(2).filter(|glyph| is_hanzi(glyph.c)).count() == 2;
        if !hanzi || !(first || second) {
            return false;
        }
        let from = 2 + usize::from(is(line, 2, |c| c == '级'));
        let ended = |end: usize| end == line.len();
        let termed = |from: usize| self.term(line, from, true).is_some_and(ended);
        (first && line.len() == 2) || termed(from) || (line.len() > from && termed(from + 1))
    }

    /// The level is a word of its own: no Chinese character, quotation mark or enumeration touches it.
    fn lone(&self, line: &[Glyph], at: usize, after: usize) -> bool {
        let touches = |c: char| is_hanzi(c) || "、“”‘’\"'".contains(c);
        let left = line.get(at).is_some_and(|glyph| glyph.gap)
            || at.checked_sub(1).is_none_or(|before| !is(line, before, touches));
        let suffixes = ["级文件", "级", "件", "文件", "资料", "材料"];
        let right = |end: usize| !is(line, end, touches) || line.get(end).is_some_and(|glyph| glyph.gap);
        let suffixed = suffixes.iter().any(|suffix| {
            let suffix: Vec<char> = suffix.chars().collect();
            starts(line, after, &suffix).is_some_and(|length| right(after + length))
        });
        left && (right(after) || suffixed)
    }
}

/// Runs of short lines, each joined with the line that follows: a mark set vertically, or broken after its level.
fn stacks(lines: &[Vec<Glyph>]) -> Vec<Vec<Glyph>> {
    let mut stacks = Vec::new();
    let mut stack: Vec<Glyph> = Vec::new();
    for line in lines {
        let joined = !stack.is_empty();
        if line.len() <= SHORT_LINE {
            stack.extend(line);
            continue;
        }
        if joined {
            stack.extend(line.iter().take(2 * SHORT_LINE));
            stacks.push(std::mem::take(&mut stack));
        }
    }
    stacks.extend((!stack.is_empty()).then_some(stack));
    stacks
}

/// `第12份`, or `No.000012`.
fn has_copy_number(line: &[Glyph]) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let numbered = |at: usize| {
        let end = skip(line, at + 1, 8, digit);
        is(line, at, |c| c == '第') && end > at + 1 && is(line, end, |c| c == '份')
    };
    let latin = |at: usize| {
        let from = skip(line, at + 2, 2, |c| ".:".contains(c));
        is(line, at, |c| matches!(c, 'N' | 'n'))
            && is(line, at + 1, |c| matches!(c, 'O' | 'o'))
            && skip(line, from, 3, digit) == from + 3
    };
    (0..line.len()).any(|at| numbered(at) || latin(at))
}

/// Characters that leave no trace on paper: zero width, joiners, direction marks, variation selectors, combining marks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{20d0}'..='\u{20ff}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_hanzi(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

fn is(line: &[Glyph], at: usize, test: impl Fn(char) -> bool) -> bool {
    line.get(at).is_some_and(|glyph| test(glyph.c))
}

/// The position after at most `most` glyphs that pass the test.
fn skip(line: &[Glyph], at: usize, most: usize, test: impl Fn(char) -> bool) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take(most).take_while(|glyph| test(glyph.c)).count()
}

/// The length of the word if it starts at this position; blanks inside do not matter.
fn starts(line: &[Glyph], at: usize, word: &[char]) -> Option<usize> {
    let piece = line.get(at..at.checked_add(word.len())?)?;
    piece.iter().map(|glyph| glyph.c).eq(word.iter().copied()).then_some(word.len())
}

/// Whether one of the words ends right before this position.
fn ends(line: &[Glyph], at: usize, words: &Words) -> bool {
    words.iter().any(|word| at.checked_sub(word.len()).is_some_and(|from| starts(line, from, word).is_some()))
}

fn find(line: &[Glyph], word: &[char]) -> Option<usize> {
    (0..line.len()).find(|at| starts(line, *at, word).is_some())
}

#[cfg(test)]
mod tests;
