//! 任职: posts are proposed by one security administrator and confirmed by another; one ends them (S-08, S-09, S-37).

use super::reset::officer;
use crate::{
    Action, Call, Failure, Object, Platform,
    failure::again,
    permission,
    read::{day_number, slug},
};
use domain::{
    account::{self, Account, AccountEvent, PostKey, PostWish},
    department::Agency,
    ids::AccountId,
};

fn at(agency: &Agency) -> Object<'_> {
    Object { unit: None, department: Some(&agency.department), region: Some(agency.region) }
}

impl Platform {
    /// Whether the caller keeps the account of this officer.
    pub(super) async fn may_manage(&self, call: &Call, account: &Account) -> Result<(), Failure> {
        let belongs = self.belongs(account).await?;
        if belongs.unit.is_some() {
            return Err(Failure::NotThere);
        }
        self.may_with(call, Action::ManageAccounts, &belongs)
    }

    /// Whether the caller may give posts to this officer.
    pub(crate) async fn may_propose_for(&self, call: &Call, id: &AccountId) -> Result<(), Failure> {
        let account = self.load::<Account>(id.as_str()).await?.state;
        self.may_manage(call, &account).await
    }

    fn may_at(&self, call: &Call, action: Action, agency: &Agency) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, action, at(agency), self.rules.regions)?;
        Ok(())
    }

    /// 提出任职. It gives no right until a second person confirms.
    pub async fn propose_post(&self, call: &Call, id: &AccountId, wish: &PostWish) -> Result<(), Failure> {
        self.may_at(call, Action::ProposePost, &wish.agency)?;
        let by = officer(call)?;
        self.check_agency(&wish.agency, "agency")?;
        let act = again(|| async {
            let stream = self.load::<Account>(id.as_str()).await?;
            self.may_manage(call, &stream.state).await?;
            let events = account::propose_post(&stream.state, by, wish, &self.settings.posts, self.clock.now())?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 确认任职, by a second security administrator.
    pub async fn confirm_post(&self, call: &Call, id: &AccountId, number: usize) -> Result<(), Failure> {
        let by = officer(call)?;
        let now = self.clock.now();
        self.answer_post(call, id, number, Action::ConfirmPost, |a| account::confirm_post(a, number, by, now)).await
    }

    /// 不同意任职, by a second security administrator.
    pub async fn reject_post(&self, call: &Call, id: &AccountId, number: usize, reason: &str) -> Result<(), Failure> {
        let by = officer(call)?;
        let now = self.clock.now();
        self.answer_post(call, id, number, Action::ConfirmPost, |a| account::reject_post(a, number, by, reason, now))
            .await
    }

    /// 撤回, by whoever proposed.
    pub async fn withdraw_post(&self, call: &Call, id: &AccountId, number: usize) -> Result<(), Failure> {
        let by = officer(call)?;
        let now = self.clock.now();
        self.answer_post(call, id, number, Action::ProposePost, |a| account::withdraw_post(a, number, by, now)).await
    }

    async fn answer_post(
        &self,
        call: &Call,
        id: &AccountId,
        number: usize,
        action: Action,
        decide: impl Fn(&Account) -> Result<Vec<AccountEvent>, domain::Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let stream = self.load::<Account>(id.as_str()).await?;
            let proposal = stream.state.proposals.get(number).ok_or(Failure::NotThere)?;
            self.may_at(call, action, &proposal.proposed.post.agency())?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 结束任职: at once, also what the person handed over to others from this post.
    pub async fn end_post(&self, call: &Call, id: &AccountId, key: &PostKey, reason: &str) -> Result<(), Failure> {
        self.may_at(call, Action::EndPost, &key.agency)?;
        let by = officer(call)?;
        let act = again(|| async {
            let stream = self.load::<Account>(id.as_str()).await?;
            let today = self.clock.now().date();
            let events = account::end_post(&stream.state, key, by, reason, today)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            for (colleague, number) in self.handed_over(id, key).await? {
                let stream = self.load::<Account>(colleague.as_str()).await?;
                change.append(stream, &[AccountEvent::DelegationEnded { at: number, on: today }])?;
            }
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Delegations of that post that are not over: whose, and which of the account's.
    async fn handed_over(&self, id: &AccountId, key: &PostKey) -> Result<Vec<(AccountId, usize)>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT account_id, at FROM delegations WHERE by_account = $1 AND department = $2 AND region = $3 AND role = $4 \
                 AND to_day >= $5 AND to_day >= from_day ORDER BY account_id, at",
                [
                    id.as_str().into(),
                    key.agency.department.clone().into(),
                    key.agency.region.as_str().into(),
                    slug(&key.role).into(),
                    day_number(self.clock.now().date()).into(),
                ],
            )
            .await
            .map_err(Failure::fault)?;
        let read = |row: &ledger::QueryResult| {
            let number: i64 = row.try_get("", "at").map_err(Failure::fault)?;
            let account = AccountId(row.try_get("", "account_id").map_err(Failure::fault)?);
            Ok((account, usize::try_from(number).map_err(Failure::fault)?))
        };
        rows.iter().map(read).collect()
    }
}
