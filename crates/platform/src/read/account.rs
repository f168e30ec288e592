//! Rows of accounts and posts.

use super::{NewMessage, Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta, Moment,
    account::{Account, AccountEvent, Delegation, Holder, Post},
    ids::AccountId,
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
    fn rows(
        stream: &str,
        version: i64,
        _: &Self,
        event: &AccountEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
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
            AccountEvent::AccountEnabled { .. } => vec![
                Row::new("UPDATE accounts SET disabled = 0 WHERE id = $1", [after.id.as_str().into()]),
                used_row(&after.id, meta.recorded_at),
            ],
            AccountEvent::FactorResetProposed { by, by_name, reason } => vec![Row::new(
                "INSERT INTO factor_resets(account_id, by_account, by_name, reason, at, state) VALUES($1, $2, $3, $4, $5, 'open') \
                 ON CONFLICT(account_id) DO UPDATE SET by_account = excluded.by_account, by_name = excluded.by_name, \
                 reason = excluded.reason, at = excluded.at, state = 'open'",
                [
                    after.id.as_str().into(),
                    by.as_str().into(),
                    by_name.clone().into(),
                    reason.clone().into(),
                    meta.at.0.into(),
                ],
            )],
            AccountEvent::FactorReset { .. } => reset_rows(stream, version, after, meta.recorded_at),
            AccountEvent::FactorResetRejected { .. } => vec![reset_ends(after, "rejected")],
        }
    }
}

/// The account was used at that moment (S-07).
pub(crate) fn used_row(account: &AccountId, at: Moment) -> Row {
    Row::new(
        "INSERT INTO account_use(account_id, used_at) VALUES($1, $2) ON CONFLICT(account_id) DO UPDATE SET used_at = excluded.used_at",
        [account.as_str().into(), at.0.into()],
    )
}

fn reset_ends(account: &Account, state: &'static str) -> Row {
    Row::new("UPDATE factor_resets SET state = $2 WHERE account_id = $1", [account.id.as_str().into(), state.into()])
}

/// Every factor and the recovery codes are gone, every session ends, and the person is told: units by message, everybody in
/// the own sign-in history and on the page of the new enrolment.
fn reset_rows(stream: &str, version: i64, account: &Account, at: Moment) -> Vec<Row> {
    let id = || account.id.as_str().into();
    let mut rows = vec![
        reset_ends(account, "done"),
        Row::new("DELETE FROM second_factors WHERE account_id = $1", [id()]),
        Row::new("DELETE FROM recovery_codes WHERE account_id = $1", [id()]),
        Row::new("DELETE FROM sign_in_keys WHERE account_id = $1", [id()]),
        Row::new("DELETE FROM outside_subjects WHERE account_id = $1", [id()]),
        Row::new("UPDATE sessions SET ended = 1, why_ended = 'reset' WHERE account_id = $1 AND ended = 0", [id()]),
        Row::new(
            "INSERT INTO sign_ins(id, account_id, at, source, outcome) VALUES($1, $2, $3, '', 'reset')",
            [format!("{stream}-{version}").into(), id(), at.0.into()],
        ),
    ];
    if let Some(Holder::Unit(unit)) = &account.holder {
        let message = NewMessage {
            stream,
            version,
            unit: unit.as_str(),
            at,
            title: "登录的双因素认证已重置".into(),
            body: format!(
                "账号 {} 的双因素认证已由系统管理员提出、安全管理员确认重置，下次登录须重新启用。如非本单位申请，请立即修改密码并联系平台技术支持。",
                account.login
            ),
            link: "/account".into(),
        };
        rows.push(message.row());
    }
    rows
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
