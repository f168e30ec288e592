//! Accounts as administrators and heads of departments see them: a second factor taken away by two administrators, a
//! disused account enabled again (S-07).

use super::{
    Face,
    session::{number, text},
    sign_in::DAY,
};
use crate::{Action, Actor, Call, Failure, Object, Platform, failure::again, permission};
use domain::{
    Moment, Refusal,
    account::{self, Account, Holder},
    ids::{AccountId, UnitId},
    region::{INNER_MONGOLIA, RegionCode},
    unit::ProjectUnit,
};
use ledger::QueryResult;

/// Most accounts one search shows.
pub const SHOWN: usize = 20;

/// A proposal that waits.
#[derive(Debug, Clone)]
pub struct OpenReset {
    /// Who proposed.
    pub by: AccountId,
    /// That person's name.
    pub by_name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// An account as it is found.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Which face.
    pub face: Face,
    /// Sign-in name.
    pub login: String,
    /// Name of the officer; of the unit on the portal.
    pub name: String,
    /// Where the officer sits, or the unit's region.
    pub place: String,
    /// Whether there is a second factor.
    pub has_factor: bool,
    /// Last use; `None` for whoever never set a password.
    pub used_at: Option<Moment>,
    /// Whether it was not used for too long.
    pub unused: bool,
    /// Whether it was disabled.
    pub disabled: bool,
    /// A proposal to take the factor away that waits.
    pub reset: Option<OpenReset>,
    /// Whether the caller may enable it.
    pub may_enable: bool,
    /// Whether the caller may propose a reset.
    pub may_propose: bool,
    /// Whether the caller may confirm one.
    pub may_confirm: bool,
}

/// What a search for accounts found.
#[derive(Debug, Clone, Default)]
pub struct FoundAccounts {
    /// Those the caller looks after.
    pub rows: Vec<AccountRow>,
    /// More accounts go by that name than were looked at.
    pub more: bool,
}

/// Where an account belongs, as far as permission must know it.
pub(super) struct Belongs {
    pub unit: Option<UnitId>,
    /// Department and region of each post held today; only the region for a unit.
    pub places: Vec<(Option<String>, RegionCode)>,
}

fn nothing_to_reset() -> Refusal {
    Refusal::new("reset.no_factor", "这个账号没有启用双因素认证，不需要重置。")
}

pub(super) fn officer(call: &Call) -> Result<(&AccountId, &str), Failure> {
    match &call.actor {
        Actor::Officer { account, name, .. } => Ok((account, name)),
        _ => Err(Failure::NotThere),
    }
}

impl Platform {
    pub(super) async fn belongs(&self, account: &Account) -> Result<Belongs, Failure> {
        match &account.holder {
            None => Err(Failure::NotThere),
            Some(Holder::Unit(unit)) => {
                let region = self.load::<ProjectUnit>(unit.as_str()).await?.state.region;
                // Units from other provinces are looked after by the region itself.
                let region = RegionCode::parse(&region).filter(|r| self.rules.regions.within(INNER_MONGOLIA, *r));
                Ok(Belongs { unit: Some(unit.clone()), places: vec![(None, region.unwrap_or(INNER_MONGOLIA))] })
            }
            Some(Holder::Officer) => {
                let posts = self.posts_today(&account.id).await?;
                let mut places: Vec<_> = posts.into_iter().map(|p| (Some(p.department), p.region)).collect();
                places.dedup();
                if places.is_empty() {
                    places.push(match &account.agency {
                        Some(agency) => (Some(agency.department.clone()), agency.region),
                        None => (None, INNER_MONGOLIA),
                    });
                }
                Ok(Belongs { unit: None, places })
            }
        }
    }

    /// Whether the caller may do this to everything the account is.
    pub(super) fn may_with(&self, call: &Call, action: Action, belongs: &Belongs) -> Result<(), Failure> {
        for (department, region) in &belongs.places {
            let object = Object { unit: None, department: department.as_deref(), region: Some(*region) };
            let _permit = permission::decide(&call.actor, action, object, self.rules.regions)?;
        }
        Ok(())
    }

    fn enabling(belongs: &Belongs) -> Action {
        if belongs.unit.is_some() { Action::ProposeReset } else { Action::EnableOfficer }
    }

    /// Accounts of that sign-in name, officer's or unit's name, or id. Only what the caller looks after is shown.
    pub async fn find_accounts(&self, call: &Call, words: &str) -> Result<FoundAccounts, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAccounts, Object::default(), self.rules.regions)?;
        let words = words.trim();
        if words.is_empty() {
            return Ok(FoundAccounts::default());
        }
        let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
        let mut rows = self
            .store
            .query(
                "SELECT a.id FROM accounts a LEFT JOIN units u ON u.id = a.unit_id \
                 WHERE a.login = $1 OR a.name = $2 OR u.name = $2 OR a.id = $2 ORDER BY a.face, a.login LIMIT $3",
                [words.to_lowercase().into(), words.into(), limit.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let more = rows.len() > SHOWN;
        rows.truncate(SHOWN);
        Ok(FoundAccounts { rows: self.account_rows(call, &rows).await?, more })
    }

    /// Accounts with a proposal that waits for the second administrator, the oldest first.
    pub async fn open_resets(&self, call: &Call) -> Result<Vec<AccountRow>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadAccounts, Object::default(), self.rules.regions)?;
        let since = self.clock.now().0 - account::PROPOSAL_DAYS * DAY;
        let rows = self
            .store
            .query(
                "SELECT account_id AS id FROM factor_resets WHERE state = 'open' AND at > $1 ORDER BY at LIMIT 100",
                [since.into()],
            )
            .await
            .map_err(Failure::fault)?;
        self.account_rows(call, &rows).await
    }

    async fn account_rows(&self, call: &Call, rows: &[QueryResult]) -> Result<Vec<AccountRow>, Failure> {
        let mut found = Vec::new();
        for row in rows {
            if let Some(row) = self.account_row(call, &AccountId(text(row, "id")?)).await? {
                found.push(row);
            }
        }
        Ok(found)
    }

    async fn account_row(&self, call: &Call, id: &AccountId) -> Result<Option<AccountRow>, Failure> {
        let account = self.load::<Account>(id.as_str()).await?.state;
        let belongs = self.belongs(&account).await?;
        // A head of a department looks after officers of the own organ, not after units.
        let head = belongs.unit.is_some()
            && self.may_with(call, Action::ProposeReset, &belongs).is_err()
            && self.may_with(call, Action::ConfirmReset, &belongs).is_err();
        if head || self.may_with(call, Action::ReadAccounts, &belongs).is_err() {
            return Ok(None);
        }
        let stands = self
            .store
            .query_one(
                "SELECT COALESCE(c.changed_at, 0) AS changed_at, COALESCE(u.used_at, 0) AS used_at, (SELECT COUNT(*) FROM second_factors f WHERE f.account_id = a.id AND f.state = 'live') + \
                 (SELECT COUNT(*) FROM sign_in_keys k WHERE k.account_id = a.id) AS factors, \
                 COALESCE(n.name, '') AS unit_name FROM accounts a LEFT JOIN credentials c ON c.account_id = a.id \
                 LEFT JOIN account_use u ON u.account_id = a.id LEFT JOIN units n ON n.id = a.unit_id WHERE a.id = $1",
                [id.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let face = if belongs.unit.is_some() { Face::Portal } else { Face::Office };
        let used = number(&stands, "used_at")?.max(number(&stands, "changed_at")?);
        let now = self.clock.now();
        let place = |(department, region): &(Option<String>, RegionCode)| match department {
            Some(department) => domain::department::Agency::new(department.clone(), *region).name(),
            None => self.rules.regions.get(*region).map(|r| r.name.clone()).unwrap_or_default(),
        };
        let waiting = account.reset.filter(|proposal| !proposal.is_stale(now));
        Ok(Some(AccountRow {
            id: id.clone(),
            face,
            login: account.login,
            name: if belongs.unit.is_some() { text(&stands, "unit_name")? } else { account.name },
            place: belongs.places.iter().map(place).collect::<Vec<_>>().join("、"),
            has_factor: number(&stands, "factors")? > 0,
            used_at: (used > 0).then_some(Moment(used)),
            unused: used > 0 && now.0 - used >= self.settings.sign_in.unused_days.of(face) * DAY,
            disabled: account.disabled,
            may_enable: self.may_with(call, Self::enabling(&belongs), &belongs).is_ok(),
            may_propose: self.may_with(call, Action::ProposeReset, &belongs).is_ok(),
            may_confirm: self.may_with(call, Action::ConfirmReset, &belongs).is_ok(),
            reset: waiting.map(|p| OpenReset { by: p.by, by_name: p.by_name, reason: p.reason, at: p.at }),
        }))
    }

    /// Decides about an account and records what was decided.
    async fn decide_account(
        &self,
        call: &Call,
        id: &AccountId,
        action: impl Fn(&Belongs) -> Action,
        decide: impl Fn(&Account) -> Result<Vec<account::AccountEvent>, Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let stream = self.load::<Account>(id.as_str()).await?;
            let belongs = self.belongs(&stream.state).await?;
            self.may_with(call, action(&belongs), &belongs)?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 系统管理员提出重置.
    pub async fn propose_factor_reset(&self, call: &Call, id: &AccountId, reason: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        let now = self.clock.now();
        let has_factor = self.factors(id).await? > 0;
        let decide = |account: &Account| {
            if has_factor { account::propose_reset(account, by, reason, now) } else { Err(nothing_to_reset()) }
        };
        self.decide_account(call, id, |_| Action::ProposeReset, decide).await
    }

    /// 安全管理员确认重置.
    pub async fn confirm_factor_reset(&self, call: &Call, id: &AccountId) -> Result<(), Failure> {
        let by = officer(call)?;
        let now = self.clock.now();
        self.decide_account(call, id, |_| Action::ConfirmReset, |a| account::confirm_reset(a, by, now)).await
    }

    /// 安全管理员不同意重置.
    pub async fn reject_factor_reset(&self, call: &Call, id: &AccountId) -> Result<(), Failure> {
        let (by, _) = officer(call)?;
        let now = self.clock.now();
        self.decide_account(call, id, |_| Action::ConfirmReset, |a| account::reject_reset(a, by, now)).await
    }

    /// 重新启用 a disused account.
    pub async fn enable_account(&self, call: &Call, id: &AccountId, reason: &str) -> Result<(), Failure> {
        let (by, _) = officer(call)?;
        self.decide_account(call, id, Self::enabling, |a| account::enable(a, by, reason)).await
    }
}
