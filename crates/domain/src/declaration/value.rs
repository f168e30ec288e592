//! One answer: raw text in, a typed value or a refusal out.

use super::form::{Field, Kind, truth};
use super::{Context, Contribution, Month};
use crate::{Money, Refusal};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

/// A typed answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    Money(Money),
    Number(f64),
    Month(Month),
    Contributions(Vec<Contribution>),
}

impl Value {
    /// The canonical text: reading it again gives the same value.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bool(true) => "yes".to_owned(),
            Self::Bool(false) => "no".to_owned(),
            Self::Money(money) => money.wan(),
            Self::Number(number) => number.to_string(),
            Self::Month(month) => month.to_string(),
            Self::Contributions(list) => list.iter().map(Contribution::to_string).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// Reads one answer; `None` when nothing was answered.
pub(super) fn read(field: &Field, raw: &str, context: &Context<'_>) -> Result<Option<Value>, Refusal> {
    let text = tidy(field, raw)?;
    if text.is_empty() {
        return Ok(None);
    }
    let value = match field.kind {
        Kind::Text | Kind::LongText | Kind::Person => Value::Text(text),
        Kind::Choice => Value::Text(choice(field, &text)?),
        Kind::Choices => Value::Text(choices(field, &text)?),
        Kind::Bool | Kind::YesNo => {
            Value::Bool(truth(&text).ok_or_else(|| refuse(field, "declaration.option", "请选择“是”或“否”。"))?)
        }
        Kind::MoneyWan | Kind::UsdWan => Value::Money(
            Money::parse_wan(&text).map_err(|refusal| Refusal { field: Some(field.id.clone()), ..refusal })?,
        ),
        Kind::Number => Value::Number(number(field, &text)?),
        Kind::Date => Value::Text(date(field, &text)?.to_string()),
        Kind::Month => Value::Month(
            Month::parse(&text).ok_or_else(|| refuse(field, "declaration.month", "请按“年-月”填写，例如 2027-04。"))?,
        ),
        Kind::Region => Value::Text(region(field, text, context)?),
        Kind::Industry => Value::Text(industry(field, text, context)?),
        Kind::CreditCode => Value::Text(credit_code(field, &text)?),
        Kind::Phone => Value::Text(phone(field, &text)?),
        Kind::Email => Value::Text(email(field, text)?),
        Kind::Contributions => Value::Contributions(contributions(field, &text)?),
    };
    Ok(Some(value))
}

/// A refusal about a field, with its label in front and its article behind.
pub(super) fn refuse(field: &Field, code: &'static str, message: &str) -> Refusal {
    let refusal = Refusal::field(&field.id, code, format!("{}\u{ff1a}{message}", field.label));
    match &field.article {
        Some(article) => refusal.article(article.clone()),
        None => refusal,
    }
}

/// NFC (S-19), one kind of line end, no blanks around, no characters that hide or reorder text, within the limit.
fn tidy(field: &Field, raw: &str) -> Result<String, Refusal> {
    let limit = field.limit();
    let too_long = || refuse(field, "declaration.too_long", &format!("最多{limit}个字，请精简后再填。"));
    // Checked before the text is normalised: a character may take four bytes and NFC may shorten a long sequence.
    if raw.len() > limit.saturating_mul(16).max(4096) {
        return Err(too_long());
    }
    let text: String = match field.kind.is_prose() {
        true => raw.nfc().collect(),
        false => raw.nfkc().collect(),
    };
    let text = text.replace("\r\n", "\n").replace('\t', " ");
    let text = text.trim();
    let odd = |c: char| (c.is_control() && !(c == '\n' && field.kind.is_multiline())) || hides(c);
    if text.chars().any(odd) {
        return Err(refuse(field, "declaration.control_character", "含有不可见的控制字符或换行，请删除后重新填写。"));
    }
    if text.chars().count() > limit {
        return Err(too_long());
    }
    Ok(text.to_owned())
}

/// Characters that reorder or hide text, so that what is read differs from what is stored.
fn hides(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn choice(field: &Field, text: &str) -> Result<String, Refusal> {
    match field.option(text) {
        Some(option) => Ok(option.value.clone()),
        None => Err(refuse(field, "declaration.option", "请从列出的选项中选择。")),
    }
}

/// Chosen values in the order of the options, each once.
fn choices(field: &Field, text: &str) -> Result<String, Refusal> {
    let chosen: Vec<&str> = text.split(',').map(str::trim).filter(|v| !v.is_empty()).collect();
    for value in &chosen {
        choice(field, value)?;
    }
    let ordered = field.options.iter().map(|o| o.value.as_str()).filter(|v| chosen.contains(v));
    Ok(ordered.collect::<Vec<_>>().join(","))
}

/// Up to nine digits before the point and `decimals` behind it: short enough for a float to carry without loss.
fn number(field: &Field, text: &str) -> Result<f64, Refusal> {
    let text = text.replace(',', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=9).contains(&whole.len()) && fraction.len() <= field.decimals;
    match text.parse::<f64>() {
        Ok(number) if fits && digits(whole) && digits(fraction) => Ok(number),
        _ => Err(refuse(
            field,
            "declaration.number",
            &format!("请填写不为负的数字，单位{}，最多{}位小数。", field.unit, field.decimals),
        )),
    }
}

fn date(field: &Field, text: &str) -> Result<Date, Refusal> {
    dashed(text)
        .and_then(|(year, month, day)| Date::new(year, month, day?).ok())
        .filter(|date| (1949..=2199).contains(&date.year()))
        .ok_or_else(|| refuse(field, "declaration.date", "请按“年-月-日”填写，例如 2026-11-24。"))
}

/// Splits `2026-11-24`, `2026/11`, `2026.11` or `2026年11月24日` into numbers.
pub(super) fn dashed(text: &str) -> Option<(i16, i8, Option<i8>)> {
    let text = text.trim().trim_end_matches(['日', '月']).replace(['年', '月', '/', '.'], "-");
    let mut parts = text.split('-').map(str::trim);
    let year = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = match parts.next() {
        Some(day) => Some(day.parse().ok()?),
        None => None,
    };
    parts.next().is_none().then_some((year, month, day))
}

fn region(field: &Field, text: String, context: &Context<'_>) -> Result<String, Refusal> {
    if context.regions.has_region(&text) {
        Ok(text)
    } else {
        Err(refuse(field, "declaration.region", "请从列表中选择本自治区内的地区。"))
    }
}

fn industry(field: &Field, text: String, context: &Context<'_>) -> Result<String, Refusal> {
    let leaf = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    if leaf && context.industries.has_industry(&text) {
        Ok(text)
    } else {
        Err(refuse(field, "declaration.industry", "请选择到国民经济行业的四位小类。"))
    }
}

/// Shape only: the check digit is proved where the unit is registered.
fn credit_code(field: &Field, text: &str) -> Result<String, Refusal> {
    let code = text.to_ascii_uppercase();
    let allowed = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !b"IOSVZ".contains(&b);
    if code.len() == 18 && code.bytes().all(allowed) {
        Ok(code)
    } else {
        Err(refuse(
            field,
            "declaration.credit_code",
            "统一社会信用代码为18位数字或大写字母（不含 I、O、S、V、Z），请照证照核对。",
        ))
    }
}

/// `13800000000`, `0472-5123456` or `0472-5123456-8001`.
fn phone(field: &Field, text: &str) -> Result<String, Refusal> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let mobile = digits(&text, 11..=11) && text.starts_with('1');
    let landline = match text.split('-').collect::<Vec<_>>().as_slice() {
        [area, number] => area.starts_with('0') && digits(area, 3..=4) && digits(number, 7..=8),
        [area, number, extension] => {
            area.starts_with('0') && digits(area, 3..=4) && digits(number, 7..=8) && digits(extension, 1..=6)
        }
        _ => digits(&text, 10..=12) && text.starts_with('0'),
    };
    if mobile || landline {
        Ok(text)
    } else {
        Err(refuse(field, "declaration.phone", "请填写11位手机号码，或带区号的电话，例如 0472-5123456。"))
    }
}

fn email(field: &Field, text: String) -> Result<String, Refusal> {
    let good = text.split_once('@').is_some_and(|(name, host)| {
        let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_graphic() && !b"@<>()[]\\,;:\"".contains(&b))
            && host.contains('.')
            && host.split('.').all(label)
    });
    if good {
        Ok(text)
    } else {
        Err(refuse(field, "declaration.email", "请填写完整的邮箱地址，例如 lisi@example.com。"))
    }
}

fn contributions(field: &Field, text: &str) -> Result<Vec<Contribution>, Refusal> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let list = lines.enumerate().map(|(i, line)| {
        Contribution::parse(line).ok_or_else(|| {
            let row = i.saturating_add(1);
            refuse(
                field,
                "declaration.contributions",
                &format!("第{row}行请依次填写名称、国家或地区、出资方式、金额（万元）、比例（%），用分号隔开。"),
            )
        })
    });
    let list = list.collect::<Result<Vec<_>, _>>()?;
    match list.len() {
        0..=50 => Ok(list),
        _ => Err(refuse(field, "declaration.contributions", "最多填写50位投资者，其余合并为一行。")),
    }
}
