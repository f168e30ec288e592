//! Project codes 项目代码 of both generations (办法第十、十一条; 发改投资〔2020〕1439号; GB/T 40058-2021).
//!
//! Twenty digits in five groups, `4-6-2-2-6`. First generation: year, region, industry, handling type, serial.
//! Second: year and month (`YYMM`), region, central guiding department, project type, five random digits and a check digit.

use crate::Refusal;
use crate::department::default_departments;
use crate::region::{RegionCode, Regions, default_regions};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// 项目代码: always well-formed and, in the second generation, with a right check digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectCode {
    digits: [u8; DIGITS],
    region: RegionCode,
    generation: Generation,
}

/// Which coding rule a code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// 2013 to 2020, without a check digit.
    First,
    /// From November 2020, with one.
    Second,
}

impl Generation {
    /// `1` or `2`.
    pub fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }
}

/// What is wrong with a text that should be a project code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not twenty digits.
    #[error("项目代码应为20位数字，连同连接号共24个字符，请核对是否漏输或多输。")]
    Length,
    /// A character that is neither digit nor hyphen.
    #[error("项目代码只含数字和连接号“-”，请删去其他字符。")]
    Character,
    /// Twenty digits, but not in groups of 4-6-2-2-6.
    #[error("项目代码应按“4-6-2-2-6”分为五组，请按“2311-330109-04-01-789813”的样式填写。")]
    Grouping,
    /// The first group fits neither generation.
    #[error("项目代码第一组既不是年份也不是“年月”，请与赋码通知核对。")]
    Generation,
    /// The region begins with no known province.
    #[error("项目代码第二组的省级编号不存在，请与赋码通知核对。")]
    Province,
    /// The last digit does not match the others.
    #[error("项目代码校验码不符，至少有一位数字有误，请逐位核对。")]
    CheckDigit,
    /// What follows the code is no sub-project label.
    #[error("项目代码之后的附加内容无法识别，请只填写24个字符的项目代码。")]
    Suffix,
}

impl Fault {
    /// Stable name for programs: `check_digit`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Character => "character",
            Self::Grouping => "grouping",
            Self::Generation => "generation",
            Self::Province => "province",
            Self::CheckDigit => "check_digit",
            Self::Suffix => "suffix",
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let code = match fault {
            Fault::Length => "project_code.length",
            Fault::Character => "project_code.character",
            Fault::Grouping => "project_code.grouping",
            Fault::Generation => "project_code.generation",
            Fault::Province => "project_code.province",
            Fault::CheckDigit => "project_code.check_digit",
            Fault::Suffix => "project_code.suffix",
        };
        Self::field("project_code", code, fault.to_string()).article("办法第十一条")
    }
}

/// What is unusual about a code that may still be genuine: the tables behind it are not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The region is in no table; functional zones often are not.
    #[error("地区代码不在区划表中，可能是功能区或已撤销的区划。")]
    RegionUnknown,
    /// The department number is in no table.
    #[error("中央业务指导部门代码不在已知之列。")]
    DepartmentUnknown,
    /// A type other than the known ones.
    #[error("项目类型代码不在已知之列。")]
    TypeUnknown,
    /// A second-generation month before the rule was in force (2020-11).
    #[error("代码年月早于现行编码规则施行之时（2020年11月）。")]
    BeforeTheRule,
}

impl Warning {
    /// Stable name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::RegionUnknown => "region_unknown",
            Self::DepartmentUnknown => "department_unknown",
            Self::TypeUnknown => "type_unknown",
            Self::BeforeTheRule => "before_the_rule",
        }
    }
}

/// A code as found in the wild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The code itself.
    pub code: ProjectCode,
    /// Sub-project label that followed it, without its hyphen: `000`, `2001`, `FGQB`.
    pub suffix: Option<String>,
    /// What is unusual about it.
    pub warnings: Vec<Warning>,
}

/// Project types of locally issued codes, by number (GB/T 40058 3.4: non-classified projects).
pub const PROJECT_TYPES: [(u8, &str); 5] =
    [(1, "基本建设"), (2, "技术改造"), (3, "单纯购置"), (4, "信息化"), (5, "其他")];

/// Handling types of the first generation, by number.
pub const HANDLING_TYPES: [(u8, &str); 3] = [(1, "审批"), (2, "核准"), (3, "备案")];

const DIGITS: usize = 20;
/// Lengths of the five groups.
const GROUPS: [usize; 5] = [4, 6, 2, 2, 6];
/// Characters of the canonical form.
const LENGTH: usize = 24;
/// Longest text looked at: beyond it nothing can be a code, however it is written.
const LONGEST_INPUT: usize = 96;
const LONGEST_SUFFIX: usize = 16;
/// Year and month in which the second generation came into force.
const RULE_IN_FORCE: (i16, i8) = (2020, 11);

impl ProjectCode {
    /// Reads a code as people write it: full-width digits, any dash, blanks around it, a sub-project label behind it.
    /// Regions are looked up in the shipped table.
    pub fn parse(text: &str) -> Result<Parsed, Fault> {
        Self::parse_in(text, default_regions())
    }

    /// [`ProjectCode::parse`] with a table of regions of one's own.
    pub fn parse_in(text: &str, regions: &Regions) -> Result<Parsed, Fault> {
        let text = normalize(text).ok_or(Fault::Length)?;
        let (core, suffix) = split_suffix(&text)?;
        let code = Self::from_digits(shape(core)?)?;
        Ok(Parsed { code, suffix, warnings: code.warnings(regions) })
    }

    /// Reads the canonical form only.
    pub fn parse_exact(text: &str) -> Result<Self, Fault> {
        Self::from_digits(shape(text)?)
    }

    fn from_digits(digits: [u8; DIGITS]) -> Result<Self, Fault> {
        let generation = generation(&digits).ok_or(Fault::Generation)?;
        let [_, _, _, _, a, b, c, d, e, f, ..] = digits;
        let region: String = [a, b, c, d, e, f].iter().map(|n| char::from(b'0' + n)).collect();
        let region = RegionCode::parse(&region).ok_or(Fault::Province)?;
        let [body @ .., check] = &digits;
        if generation == Generation::Second && check_digit(body) != *check {
            return Err(Fault::CheckDigit);
        }
        Ok(Self { digits, region, generation })
    }

    /// Which rule it follows.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The region whose level handles the project; `0000xx` for a central department.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// The year it was obtained in.
    pub fn year(&self) -> i16 {
        let first = self.number(0, 4);
        match self.generation {
            Generation::First => first,
            Generation::Second => 2000 + first / 100,
        }
    }

    /// The month it was obtained in; the first generation does not say.
    pub fn month(&self) -> Option<i8> {
        let month = i8::try_from(self.number(0, 4) % 100).ok();
        month.filter(|_| self.generation == Generation::Second)
    }

    /// The number of the central guiding department (second generation).
    pub fn department(&self) -> Option<u8> {
        (self.generation == Generation::Second).then(|| self.pair(10))
    }

    /// The industry division 行业大类 (first generation); what units chose, often badly.
    pub fn industry(&self) -> Option<u8> {
        (self.generation == Generation::First).then(|| self.pair(10))
    }

    /// Group 4: the project type (second generation) or the handling type (first).
    pub fn type_number(&self) -> u8 {
        self.pair(12)
    }

    /// Chinese name of group 4, where the number is known.
    pub fn type_name(&self) -> Option<&'static str> {
        let table: &[(u8, &str)] = match self.generation {
            Generation::First => &HANDLING_TYPES,
            Generation::Second => &PROJECT_TYPES,
        };
        let number = self.type_number();
        table.iter().find(|(n, _)| *n == number).map(|(_, name)| *name)
    }

    /// What is unusual about it, given a table of regions.
    pub fn warnings(&self, regions: &Regions) -> Vec<Warning> {
        let department = self.department();
        let early = self.month().is_some_and(|month| (self.year(), month) < RULE_IN_FORCE);
        let found = [
            (!self.region.is_central() && !regions.exists(self.region), Warning::RegionUnknown),
            (department.is_some_and(|n| default_departments().by_number(n).is_none()), Warning::DepartmentUnknown),
            (self.type_name().is_none(), Warning::TypeUnknown),
            (early, Warning::BeforeTheRule),
        ];
        found.into_iter().filter(|(is, _)| *is).map(|(_, w)| w).collect()
    }

    fn pair(&self, from: usize) -> u8 {
        u8::try_from(self.number(from, 2)).unwrap_or(u8::MAX)
    }

    /// The value of up to four digits.
    fn number(&self, from: usize, len: usize) -> i16 {
        let digits = self.digits.iter().skip(from).take(len);
        digits.fold(0, |n, d| n * 10 + i16::from(*d))
    }
}

impl std::fmt::Display for ProjectCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(LENGTH);
        let mut digits = self.digits.iter();
        for (at, len) in GROUPS.into_iter().enumerate() {
            if at > 0 {
                text.push('-');
            }
            text.extend(digits.by_ref().take(len).map(|d| char::from(b'0' + d)));
        }
        f.pad(&text)
    }
}

impl std::fmt::Debug for ProjectCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for ProjectCode {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        Self::parse_exact(&text)
    }
}

impl From<ProjectCode> for String {
    fn from(code: ProjectCode) -> Self {
        code.to_string()
    }
}

/// ISO 7064 MOD 11,10 over the digits before it (fitted on 19 of 19 real codes). Detects every single wrong digit.
fn check_digit(body: &[u8]) -> u8 {
    let product = body.iter().fold(10u8, |p, digit| {
        let sum = (p + digit) % 10;
        2 * (if sum == 0 { 10 } else { sum }) % 11
    });
    (11 - product) % 10
}

/// `YYMM` with a month is the second generation; 13 to 20 in its place makes it a year, 2013 to 2020.
fn generation(digits: &[u8; DIGITS]) -> Option<Generation> {
    let [a, b, c, d, ..] = *digits;
    match c * 10 + d {
        1..=12 => Some(Generation::Second),
        13..=20 if (a, b) == (2, 0) => Some(Generation::First),
        _ => None,
    }
}

/// Full-width to half-width, every dash to `-`, blanks and invisible marks off both ends. `None` for what is far too long.
fn normalize(text: &str) -> Option<String> {
    let invisible = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    let text = text.trim_matches(invisible);
    if text.chars().nth(LONGEST_INPUT).is_some() {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.nfkc() {
        // Chinese keyboards type the dash of one key stroke as two.
        if !(c == '—' && before == '—') {
            plain.push(if is_dash(c) { '-' } else { c });
        }
        before = c;
    }
    Some(plain.trim_matches(invisible).to_owned())
}

fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{2500}' | '\u{30fc}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// Parts the 24 characters of a code from a label such as `-000` or `-FGQB`.
fn split_suffix(text: &str) -> Result<(&str, Option<String>), Fault> {
    match text.split_at_checked(LENGTH) {
        Some((core, "")) => Ok((core, None)),
        Some((core, rest)) if shape(core).is_ok() => match rest.strip_prefix('-') {
            Some(label) if is_label(label) => Ok((core, Some(label.to_owned()))),
            Some(_) => Err(Fault::Suffix),
            None => Err(shape(text).err().unwrap_or(Fault::Suffix)),
        },
        _ => Ok((text, None)),
    }
}

fn is_label(text: &str) -> bool {
    (1..=LONGEST_SUFFIX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The twenty digits of `4-6-2-2-6`, or what keeps the text from that shape.
fn shape(text: &str) -> Result<[u8; DIGITS], Fault> {
    if text.chars().any(|c| !c.is_ascii_digit() && c != '-') {
        return Err(Fault::Character);
    }
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').map(|b| b - b'0').collect();
    let digits = <[u8; DIGITS]>::try_from(digits).map_err(|_| Fault::Length)?;
    let grouped = text.split('-').map(str::len).eq(GROUPS);
    grouped.then_some(digits).ok_or(Fault::Grouping)
}

/// 赋码: what a locally issued code of the second generation is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// The region whose level handles the project.
    pub region: RegionCode,
    /// Number of the central guiding department, 0 to 99.
    pub department: u8,
    /// 1 to 5, see [`PROJECT_TYPES`].
    pub project_type: u8,
    /// Four-digit year, from 2020-11 to 2099.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// Five random digits, 0 to 99999.
    pub random: u32,
}

impl Issue {
    /// The number of codes that differ only in their random part.
    pub const RANDOM: u32 = 100_000;

    /// The code with its check digit. Refuses values the rule does not know (办法第十一条).
    pub fn code(&self) -> Result<ProjectCode, Refusal> {
        let refuse = |field: &'static str, code: &'static str, message: &'static str| {
            Err(Refusal::field(field, code, message).article("办法第十一条"))
        };
        if self.region.is_central() {
            return refuse("region", "issue.region", "地方平台不能为中央项目赋码，请通过中央平台申报。");
        }
        if self.department > 99 {
            return refuse("department", "issue.department", "业务指导部门代码应为两位数字，请核对部门表。");
        }
        if PROJECT_TYPES.iter().all(|(number, _)| *number != self.project_type) {
            return refuse("project_type", "issue.type", "项目类型应为01至05，请从项目类型表中选择。");
        }
        if !(1..=12).contains(&self.month) {
            return refuse("month", "issue.month", "赋码月份应为1至12，请核对。");
        }
        if (self.year, self.month) < RULE_IN_FORCE || self.year > 2099 {
            return refuse("year", "issue.year", "赋码年月应在2020年11月至2099年12月之间，请核对。");
        }
        if self.random >= Self::RANDOM {
            return refuse("random", "issue.random", "随机码应为五位数字，请重新取号。");
        }
        let Self { department, project_type, year, month, random, region } = *self;
        let text = format!("{:02}{month:02}{region}{department:02}{project_type:02}{random:05}", year - 2000);
        let check = check_digit(&text.bytes().map(|b| b - b'0').collect::<Vec<u8>>());
        let digits: Vec<u8> = text.bytes().map(|b| b - b'0').chain([check]).collect();
        let digits = <[u8; DIGITS]>::try_from(digits).map_err(|_| Refusal::from(Fault::Length))?;
        Ok(ProjectCode::from_digits(digits)?)
    }
}

#[cfg(test)]
mod tests;
