//! 双因素重置: whoever lost device and recovery codes gets the second factor taken away by two administrators, never by one,
//! and never without the password. A disused account is enabled again with a reason (S-07).

use super::{Account, AccountEvent};
use crate::{Moment, Refusal, ids::AccountId};
use serde::{Deserialize, Serialize};

/// How long a proposal waits for the second administrator, in days.
pub const PROPOSAL_DAYS: i64 = 7;
const DAY: i64 = 86_400_000;
/// What all refusals rest on.
const ARTICLE: &str = "GB/T 22239-2019 8.1.4.1";

/// A proposal that waits for the second administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetProposal {
    /// Who proposed.
    pub by: AccountId,
    /// The name on that day.
    pub by_name: String,
    /// How the person was identified, and why.
    pub reason: String,
    /// When.
    pub at: Moment,
}

impl ResetProposal {
    /// Whether nobody may confirm it any more.
    pub fn is_stale(&self, now: Moment) -> bool {
        now.0 - self.at.0 >= PROPOSAL_DAYS * DAY
    }
}

fn refuse(code: &'static str, words: &'static str) -> Refusal {
    Refusal::new(code, words).article(ARTICLE)
}

impl Account {
    fn open_proposal(&self, now: Moment) -> Result<&ResetProposal, Refusal> {
        self.reset.as_ref().filter(|proposal| !proposal.is_stale(now)).ok_or_else(|| {
            refuse("reset.none", "没有待确认的重置申请，或者申请已经超过 7 天失效。请系统管理员重新提出。")
        })
    }
}

/// The system administrator proposes.
pub fn propose_reset(
    account: &Account,
    by: (&AccountId, &str),
    reason: &str,
    now: Moment,
) -> Result<Vec<AccountEvent>, Refusal> {
    if account.id == *by.0 {
        return Err(refuse("reset.own", "不能为自己的账号提出重置，请另一位系统管理员办理。"));
    }
    if account.open_proposal(now).is_ok() {
        return Err(refuse("reset.waits", "这个账号已经有一项待安全管理员确认的重置申请。"));
    }
    let reason = crate::refusal::words("reason", reason, "核对身份的方式和理由", 200)?;
    let (by, by_name) = (by.0.clone(), by.1.to_owned());
    Ok(vec![AccountEvent::FactorResetProposed { by, by_name, reason }])
}

/// The security administrator confirms; from then on the person enrols anew after the password.
pub fn confirm_reset(account: &Account, by: (&AccountId, &str), now: Moment) -> Result<Vec<AccountEvent>, Refusal> {
    let proposal = account.open_proposal(now)?;
    if proposal.by == *by.0 || account.id == *by.0 {
        return Err(refuse("reset.four_eyes", "提出重置的人和账号本人不能确认，请另一位安全管理员办理。"));
    }
    Ok(vec![AccountEvent::FactorReset { by: by.0.clone(), by_name: by.1.to_owned() }])
}

/// The security administrator says no.
pub fn reject_reset(account: &Account, by: &AccountId, now: Moment) -> Result<Vec<AccountEvent>, Refusal> {
    account.open_proposal(now)?;
    Ok(vec![AccountEvent::FactorResetRejected { by: by.clone() }])
}

/// A disused account may sign in again.
pub fn enable(account: &Account, by: &AccountId, reason: &str) -> Result<Vec<AccountEvent>, Refusal> {
    if account.id == *by {
        return Err(refuse("enable.own", "不能启用自己的账号。"));
    }
    let reason = crate::refusal::words("reason", reason, "重新启用的理由", 200)?;
    Ok(vec![AccountEvent::AccountEnabled { reason }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Aggregate, Meta};

    const NOW: Moment = Moment(1_800_000_000_000);

    fn id(salt: u8) -> AccountId {
        AccountId::from_random([salt; 16])
    }

    fn after(account: &Account, events: Vec<AccountEvent>, at: Moment) -> Account {
        let meta = Meta { at, recorded_at: at, actor: String::new() };
        events.iter().fold(account.clone(), |mut account, event| {
            account.apply(event, &meta);
            account
        })
    }

    fn person() -> Account {
        Account { id: id(1), ..Account::default() }
    }

    fn proposed() -> Account {
        after(&person(), propose_reset(&person(), (&id(2), "系统管理员"), "当面核对身份证件", NOW).unwrap(), NOW)
    }

    #[test]
    fn a08_one_proposes_another_confirms() {
        let waiting = proposed();
        assert_eq!(waiting.reset.as_ref().unwrap().by, id(2));
        let reset = after(&waiting, confirm_reset(&waiting, (&id(3), "安全管理员"), NOW).unwrap(), NOW);
        assert_eq!(reset.reset, None);
        assert_eq!(confirm_reset(&reset, (&id(3), ""), NOW).unwrap_err().code, "reset.none");
    }

    #[test]
    fn a08_nobody_resets_alone_or_for_oneself() {
        let waiting = proposed();
        for by in [id(1), id(2)] {
            assert_eq!(confirm_reset(&waiting, (&by, ""), NOW).unwrap_err().code, "reset.four_eyes");
        }
        assert_eq!(propose_reset(&person(), (&id(1), ""), "理由充分", NOW).unwrap_err().code, "reset.own");
        assert_eq!(propose_reset(&waiting, (&id(4), ""), "理由充分", NOW).unwrap_err().code, "reset.waits");
        assert_eq!(propose_reset(&person(), (&id(2), ""), " ", NOW).unwrap_err().field.as_deref(), Some("reason"));
    }

    #[test]
    fn a08_a_proposal_waits_seven_days_and_can_be_rejected() {
        let waiting = proposed();
        let (last, late) = (Moment(NOW.0 + 7 * DAY - 1), Moment(NOW.0 + 7 * DAY));
        assert!(confirm_reset(&waiting, (&id(3), ""), last).is_ok());
        assert_eq!(confirm_reset(&waiting, (&id(3), ""), late).unwrap_err().code, "reset.none");
        assert!(propose_reset(&waiting, (&id(2), ""), "再次核对身份", late).is_ok());
        let rejected = after(&waiting, reject_reset(&waiting, &id(3), NOW).unwrap(), NOW);
        assert_eq!(reject_reset(&rejected, &id(3), NOW).unwrap_err().code, "reset.none");
    }

    #[test]
    fn s07_an_account_is_enabled_by_another_person_with_a_reason() {
        let off = after(&person(), vec![AccountEvent::AccountDisabled { reason: "离岗".into() }], NOW);
        let on = after(&off, enable(&off, &id(2), "返岗").unwrap(), NOW);
        assert!(off.disabled && !on.disabled);
        assert_eq!(enable(&off, &id(1), "返岗").unwrap_err().code, "enable.own");
        assert_eq!(enable(&off, &id(2), "").unwrap_err().field.as_deref(), Some("reason"));
    }
}
