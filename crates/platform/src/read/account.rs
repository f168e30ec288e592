//! Rows of accounts and posts.

use super::{NewMessage, Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta, Moment,
    account::{Account, AccountEvent, Delegation, Holder, Post, PostKey, Proposed},
    ids::AccountId,
};
use ledger::{Row, Value};

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
            AccountEvent::AccountOpened { id, login, name, holder, agency } => {
                let unit = match holder {
                    Holder::Unit(unit) => unit.as_str(),
                    Holder::Officer => "",
                };
                let (department, region) =
                    agency.as_ref().map(|a| (a.department.as_str(), a.region.as_str())).unwrap_or_default();
                let opened = Row::new(
                    "INSERT INTO accounts(id, face, login, name, unit_id, disabled, department, region) \
                     VALUES($1, $2, $3, $4, $5, 0, $6, $7)",
                    [
                        id.as_str().into(),
                        face(holder).into(),
                        login.clone().into(),
                        name.clone().into(),
                        unit.into(),
                        department.into(),
                        region.into(),
                    ],
                );
                vec![opened, proved_row(after)]
            }
            AccountEvent::PostGranted { post, reason } => {
                vec![post_row(after, post, "平台开设", reason), place_row(after, post)]
            }
            AccountEvent::PostProposed { proposal } => vec![proposal_row(after, proposal, meta.at)],
            AccountEvent::PostConfirmed { at, by_name, .. } => {
                let Some(proposal) = after.proposals.get(*at) else { return vec![] };
                let Proposed { post, by_name: proposer, reason, .. } = &proposal.proposed;
                let given_by = format!("{proposer}提出，{by_name}确认");
                vec![answer_row(after, *at), post_row(after, post, &given_by, reason), place_row(after, post)]
            }
            AccountEvent::PostRejected { at, .. } | AccountEvent::PostWithdrawn { at } => vec![answer_row(after, *at)],
            AccountEvent::PostEnded { agency, role, from, .. } => {
                let key = PostKey { agency: agency.clone(), role: *role, from: *from };
                let posts = after.posts.iter().filter(|post| PostKey::of(post) == key);
                let delegations = after.delegations.iter().enumerate().filter(|(_, d)| PostKey::of(&d.post) == key);
                posts
                    .map(|post| end_row(after, post))
                    .chain(delegations.map(|(at, delegation)| delegation_ends(after, at, delegation)))
                    .collect()
            }
            AccountEvent::AccountRenamed { name, .. } => vec![
                Row::new(
                    "UPDATE accounts SET name = $2 WHERE id = $1",
                    [after.id.as_str().into(), name.clone().into()],
                ),
                Row::new(
                    "UPDATE delegations SET name = $2 WHERE account_id = $1",
                    [after.id.as_str().into(), name.clone().into()],
                ),
            ],
            AccountEvent::PostDelegated { delegation } => {
                let Delegation { post, by, by_name, reason } = &**delegation;
                let row = Row::guarded(
                    DELEGATIONS,
                    "INSERT INTO delegations(account_id, at, department, region, role, from_day, to_day, by_account, mac, name, by_name, \
                     reason) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                    delegated(after, after.delegations.len().saturating_sub(1), post, by),
                );
                let row = row.beside([after.name.clone().into(), by_name.clone().into(), reason.clone().into()]);
                vec![post_row(after, post, &format!("{by_name}委托"), reason), row]
            }
            AccountEvent::DelegationEnded { at, .. } => {
                let Some(delegation) = after.delegations.get(*at) else { return vec![] };
                vec![end_row(after, &delegation.post), delegation_ends(after, *at, delegation)]
            }
            AccountEvent::AccountDisabled { .. } => {
                vec![proved_row(after)]
            }
            AccountEvent::AccountEnabled { .. } => vec![proved_row(after), used_row(&after.id, meta.recorded_at)],
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

/// Table of rows that carry rights.
pub(crate) const POSTS: &str = "posts";

/// What the check value of a post's row stands for, in this order: account, department, region, role, first and last day.
fn rights(account: &AccountId, post: &Post) -> [Value; 6] {
    [
        account.as_str().into(),
        post.department.clone().into(),
        post.region.as_str().into(),
        super::slug(&post.role).into(),
        day_number(post.from).into(),
        post.to.map(day_number).into(),
    ]
}

/// A post is held. The check value covers what gives the right; who gave it and why stand beside it for lists.
fn post_row(account: &Account, post: &Post, given_by: &str, reason: &str) -> Row {
    let row = Row::guarded(
        POSTS,
        "INSERT INTO posts(account_id, department, region, role, from_day, to_day, mac, given_by, reason) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT(account_id, department, region, role, from_day) DO UPDATE SET to_day = excluded.to_day, mac = excluded.mac, \
         given_by = excluded.given_by, reason = excluded.reason",
        rights(&account.id, post),
    );
    row.beside([given_by.into(), reason.into()])
}

/// Its last day is another one.
fn end_row(account: &Account, post: &Post) -> Row {
    Row::guarded(
        POSTS,
        "UPDATE posts SET to_day = $6, mac = $7 WHERE account_id = $1 AND department = $2 AND region = $3 AND role = $4 AND from_day = $5",
        rights(&account.id, post),
    )
}

/// Table of posts handed over.
const DELEGATIONS: &str = "delegations";

/// What the check value of a delegation covers.
fn delegated(account: &Account, at: usize, post: &Post, by: &AccountId) -> [Value; 8] {
    [
        account.id.as_str().into(),
        place(at).into(),
        post.department.clone().into(),
        post.region.as_str().into(),
        super::slug(&post.role).into(),
        day_number(post.from).into(),
        post.to.map(day_number).into(),
        by.as_str().into(),
    ]
}

fn delegation_ends(account: &Account, at: usize, delegation: &Delegation) -> Row {
    Row::guarded(
        DELEGATIONS,
        "UPDATE delegations SET department = $3, region = $4, role = $5, from_day = $6, to_day = $7, by_account = $8, mac = $9 \
         WHERE account_id = $1 AND at = $2",
        delegated(account, at, &delegation.post, &delegation.by),
    )
}

/// Who may sign in where, for whom: what the check value of an account covers.
fn proved_row(account: &Account) -> Row {
    let unit = match &account.holder {
        Some(Holder::Unit(unit)) => unit.as_str(),
        _ => "",
    };
    Row::guarded(
        "accounts",
        "UPDATE accounts SET face = $2, login = $3, unit_id = $4, disabled = $5, mac = $6 WHERE id = $1",
        [
            account.id.as_str().into(),
            account.holder.as_ref().map(face).unwrap_or_default().into(),
            account.login.clone().into(),
            unit.into(),
            i64::from(account.disabled).into(),
        ],
    )
}

/// Whoever has no organ yet works where the first post is.
fn place_row(account: &Account, post: &Post) -> Row {
    Row::new(
        "UPDATE accounts SET department = $2, region = $3 WHERE id = $1 AND department = ''",
        [account.id.as_str().into(), post.department.clone().into(), post.region.as_str().into()],
    )
}

fn proposal_row(account: &Account, proposed: &Proposed, at: Moment) -> Row {
    let Proposed { post, by, by_name, reason } = proposed;
    Row::new(
        "INSERT INTO post_proposals(account_id, at, department, region, role, from_day, to_day, by_account, by_name, reason, proposed_at, \
         state) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open')",
        [
            account.id.as_str().into(),
            place(account.proposals.len().saturating_sub(1)).into(),
            post.department.clone().into(),
            post.region.as_str().into(),
            super::slug(&post.role).into(),
            day_number(post.from).into(),
            post.to.map(day_number).into(),
            by.as_str().into(),
            by_name.clone().into(),
            reason.clone().into(),
            at.0.into(),
        ],
    )
}

fn answer_row(account: &Account, at: usize) -> Row {
    let state = account.proposals.get(at).map(|proposal| super::slug(&proposal.state)).unwrap_or_default();
    Row::new(
        "UPDATE post_proposals SET state = $3 WHERE account_id = $1 AND at = $2",
        [account.id.as_str().into(), place(at).into(), state.into()],
    )
}
