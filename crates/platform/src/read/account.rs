//! Rows of accounts and posts.

use super::{Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    account::{Account, AccountEvent, Holder},
};
use ledger::Row;

/// Which face an account signs in on.
pub(crate) fn face(holder: &Holder) -> &'static str {
    match holder {
        Holder::Unit(_) => "portal",
        Holder::Officer => "office",
    }
}

impl Projected for Account {
    fn rows(_: &str, _: i64, _: &Self, event: &AccountEvent, _: &Meta, after: &Self, _: &Rulebook) -> Vec<Row> {
        match event {
            AccountEvent::AccountOpened { id, login, name, holder } => {
                let unit = match holder {
                    Holder::Unit(unit) => unit.as_str(),
                    Holder::Officer => "",
                };
                vec![Row::new(
                    "INSERT INTO accounts(id, face, login, name, unit_id, disabled) VALUES($1, $2, $3, $4, $5, 0)",
                    [id.as_str().into(), face(holder).into(), login.clone().into(), name.clone().into(), unit.into()],
                )]
            }
            AccountEvent::PostGranted { post, .. } => vec![Row::new(
                "INSERT INTO posts(account_id, department, region, role, from_day, to_day) VALUES($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT(account_id, department, region, role, from_day) DO UPDATE SET to_day = excluded.to_day",
                [
                    after.id.as_str().into(),
                    post.department.clone().into(),
                    post.region.as_str().into(),
                    super::slug(&post.role).into(),
                    day_number(post.from).into(),
                    post.to.map(day_number).into(),
                ],
            )],
            AccountEvent::AccountDisabled { .. } => {
                vec![Row::new("UPDATE accounts SET disabled = 1 WHERE id = $1", [after.id.as_str().into()])]
            }
        }
    }
}
