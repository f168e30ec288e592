//! 一项多码: how alike two declarations are, so that a second code for the same project is noticed (办法第十条).

use crate::Money;
use std::collections::BTreeMap;

/// What two declarations are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness<'a> {
    /// 统一社会信用代码 of the unit.
    pub unit_credit_code: &'a str,
    /// Region code.
    pub region: &'a str,
    /// 详细地点.
    pub place: &'a str,
    /// 项目名称.
    pub name: &'a str,
    /// 总投资.
    pub total: Money,
}

/// From this score on the unit and the officer are warned about a probable duplicate.
pub const PROBABLE_DUPLICATE: u8 = 70;

/// 0 (nothing alike) to 100 (the same). Name 40, unit 25, money 15, region 10, place 10.
///
/// Phases of one undertaking (一期, 二期) are alike in everything but are projects of their own: names that differ in the
/// phase stay below the threshold.
pub fn similarity(a: &Likeness<'_>, b: &Likeness<'_>) -> u8 {
    let name = dice(a.name, b.name).saturating_mul(40) / 100;
    let place = dice(a.place, b.place).saturating_mul(10) / 100;
    let unit = if a.unit_credit_code == b.unit_credit_code { 25 } else { 0 };
    let region = match (a.region == b.region, a.region.get(..4) == b.region.get(..4)) {
        (true, _) => 10,
        (false, true) => 5,
        _ => 0,
    };
    let score = name.saturating_add(place).saturating_add(unit + region).saturating_add(money(a.total, b.total));
    let score = u8::try_from(score).unwrap_or(100).min(100);
    if phase(a.name) == phase(b.name) { score } else { score.min(PROBABLE_DUPLICATE - 1) }
}

/// 15 for the same amount, 10 within 5 %, 5 within 20 %.
fn money(a: Money, b: Money) -> u32 {
    let (low, high) = (i128::from(a.0.min(b.0)), i128::from(a.0.max(b.0)));
    match high - low {
        0 => 15,
        difference if difference * 20 <= high => 10,
        difference if difference * 5 <= high => 5,
        _ => 0,
    }
}

/// Sørensen–Dice coefficient over character pairs, in percent; blanks and punctuation do not count.
fn dice(a: &str, b: &str) -> u32 {
    let (a, b) = (letters(a), letters(b));
    if a == b {
        return if a.is_empty() { 0 } else { 100 };
    }
    let mut pairs: BTreeMap<&[char], usize> = BTreeMap::new();
    for pair in a.windows(2) {
        *pairs.entry(pair).or_default() += 1;
    }
    let mut shared: usize = 0;
    for pair in b.windows(2) {
        if let Some(left) = pairs.get_mut(pair).filter(|left| **left > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    let all = a.len().saturating_sub(1) + b.len().saturating_sub(1);
    (shared * 200).checked_div(all).and_then(|percent| u32::try_from(percent).ok()).unwrap_or(0)
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The character in front of 期, as in 二期.
fn phase(name: &str) -> Option<char> {
    let number = |c: &char| "一二三四五六七八九十123456789ⅠⅡⅢⅣⅤI".contains(*c);
    let (before, _) = name.split_once('期')?;
    before.chars().next_back().filter(number)
}
