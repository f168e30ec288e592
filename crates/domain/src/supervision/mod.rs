//! 电子监察 (办法第十五、十七条): rules as data over what is recorded, the cards a hit opens, and expediting orders.
//!
//! `table` reads the rules, `rules` holds one pure function for each (facts → hit, with the facts in words), `card` is the
//! life of a 监察卡, `order` that of a 督办 order.

mod card;
mod order;
mod rules;
mod table;
#[cfg(test)]
mod tests;

pub use card::{Card, CardEvent, CardState, Finding, Opened, answer, close, escalate, lapse, open};
pub use order::{ExpeditingOrder, IssuedOrder, OrderEvent, OrderState, issue, reply};
pub use rules::{Consumer, Earlier, Happening, Hit, Standing, consumer};
pub use table::{Rule, Rules, Severity, default_rules};

use crate::Refusal;

/// A text that must be there and not too long.
fn words(field: &str, text: &str, what: &str, most: usize) -> Result<String, Refusal> {
    crate::refusal::words(field, text, what, most).map_err(|refusal| refusal.article("办法第十七条"))
}
