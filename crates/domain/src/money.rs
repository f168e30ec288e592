//! Money: whole 分 inside, 万元 with up to four decimals on the screen. Never a float.

use crate::Refusal;
use serde::{Deserialize, Serialize};

/// 金额, in 分 (0.01 元).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Money(pub i64);

/// 分 in one 万元.
const FEN_PER_WAN: i64 = 1_000_000;
/// The largest amount a form may carry: one hundred million 万元 (10^12 元).
pub const MAX_WAN: i64 = 100_000_000;

impl Money {
    /// Reads 万元 such as `1200`, `1,200.5` or `0.0001`. Refuses signs, exponents, more than six decimals' worth of loss and absurd sizes.
    pub fn parse_wan(text: &str) -> Result<Self, Refusal> {
        let bad = |message: &str| Err(Refusal::new("money.format", message));
        let text: String = text.trim().chars().filter(|c| !matches!(c, ',' | '\u{ff0c}')).collect();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if whole.is_empty()
            || !whole.bytes().all(|b| b.is_ascii_digit())
            || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return bad("请填写数字，单位为万元，例如 1200 或 1200.5。");
        }
        if fraction.len() > 4 {
            return bad("金额最多保留四位小数（万元）。");
        }
        match whole.parse::<i64>() {
            Ok(wan) if wan <= MAX_WAN => {
                let fraction = format!("{fraction:0<6}").parse::<i64>().unwrap_or(0);
                Ok(Self(wan * FEN_PER_WAN + fraction))
            }
            _ => bad("金额过大，请核对单位是否为万元。"),
        }
    }

    /// `1200.5`: 万元 without trailing zeros.
    pub fn wan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let text = format!("{sign}{whole}.{fraction:06}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Sum, or `None` on overflow.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().try_fold(0i64, |a, b| a.checked_add(b.0)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wan_is_read_and_written_without_loss() {
        for (text, fen, shown) in [
            ("1200", 1_200_000_000, "1200"),
            ("1,200.50", 1_200_500_000, "1200.5"),
            ("0.0001", 100, "0.0001"),
            ("0", 0, "0"),
        ] {
            let money = Money::parse_wan(text).unwrap();
            assert_eq!((money.0, money.wan().as_str()), (fen, shown));
        }
        for bad in ["", ".", "-1", "1e3", "1.00001", "九", "999999999999", "1.2.3", "+5"] {
            assert!(Money::parse_wan(bad).is_err(), "{bad}");
        }
    }
}
