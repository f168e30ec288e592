//! Rows of accounts and posts.

use super::{Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    account::{Account, AccountEvent, Delegation, Holder, Post},
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
            AccountEvent::PostGranted { post, .. } => vec![post_row(after, post)],
            AccountEvent::PostDelegated { delegation } => {
                let Delegation { post, by, by_name, reason } = &**delegation;
                let row = Row::new(
                    "INSERT INTO delegations(account_id, at, name, department, region, role, from_day, to_day, by_account, by_name, reason) \
                     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                    [
                        after.id.as_str().into(),
                        place(after.delegations.len().saturating_sub(1)).into(),
                        after.name.clone().into(),
                        post.department.clone().into(),
                        post.region.as_str().into(),
                        super::slug(&post.role).into(),
                        day_number(post.from).into(),
                        post.to.map(day_number).into(),
                        by.as_str().into(),
                        by_name.clone().into(),
                        reason.clone().into(),
                    ],
                );
                vec![post_row(after, post), row]
            }
            AccountEvent::DelegationEnded { at, .. } => {
                let Some(delegation) = after.delegations.get(*at) else { return vec![] };
                let row = Row::new(
                    "UPDATE delegations SET to_day = $3 WHERE account_id = $1 AND at = $2",
                    [after.id.as_str().into(), place(*at).into(), delegation.post.to.map(day_number).into()],
                );
                vec![post_row(after, &delegation.post), row]
            }
            AccountEvent::AccountDisabled { .. } => {
                vec![Row::new("UPDATE accounts SET disabled = 1 WHERE id = $1", [after.id.as_str().into()])]
            }
        }
    }
}

fn place(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

fn post_row(account: &Account, post: &Post) -> Row {
    Row::new(
        "INSERT INTO posts(account_id, department, region, role, from_day, to_day) VALUES($1, $2, $3, $4, $5, $6) \
         ON CONFLICT(account_id, department, region, role, from_day) DO UPDATE SET to_day = excluded.to_day",
        [
            account.id.as_str().into(),
            post.department.clone().into(),
            post.region.as_str().into(),
            super::slug(&post.role).into(),
            day_number(post.from).into(),
            post.to.map(day_number).into(),
        ],
    )
}
