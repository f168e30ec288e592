//! 账户中心: the own password, sessions and sign-in history.

use super::{
    Face, Key, PendingView, check_password,
    factor::end_others,
    session::{Owed, SessionRow, number, text},
    sign_in::DAY,
    throttle::Outcome,
};
use crate::{Call, Failure, Platform};
use domain::{Moment, Refusal, ids::AccountId};
use ledger::Row;

/// Lines of the sign-in history that are shown.
const SHOWN: u64 = 20;
/// Passwords that may not be taken again, the present one included (S-01).
const REMEMBERED: i64 = 5;

/// One line of the sign-in history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// When.
    pub at: Moment,
    /// What became of it.
    pub outcome: Outcome,
    /// Where from.
    pub source: String,
}

/// Everything the account centre shows.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// Sign-in name.
    pub login: String,
    /// When the password was set.
    pub password_at: Moment,
    /// From when on it must be changed; `None` in a demonstration, whose password stands beside it.
    pub password_until: Option<Moment>,
    /// Since when there is an authenticator app.
    pub factor_since: Option<Moment>,
    /// Certificates and passkeys.
    pub keys: Vec<Key>,
    /// Recovery codes not used yet.
    pub codes_left: u64,
    /// Whether a second factor is required.
    pub factor_required: bool,
    /// Live sessions.
    pub sessions: Vec<SessionRow>,
    /// New addresses of notifications that do not count yet.
    pub pending: Option<PendingView>,
    /// Which of them is this one.
    pub current: String,
    /// The latest sign-ins first.
    pub history: Vec<Attempted>,
}

impl Platform {
    /// The own account.
    pub async fn account_page(&self, call: &Call, face: Face, token: &str) -> Result<AccountPage, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        let factor = self.factor_page(&call, face, token).await?;
        let row = self
            .store
            .query_one("SELECT changed_at FROM credentials WHERE account_id = $1", [account.as_str().into()])
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let password_at = Moment(number(&row, "changed_at")?);
        Ok(AccountPage {
            login: session.login,
            password_at,
            password_until: (!self.settings.demo)
                .then(|| Moment(password_at.0 + self.settings.sign_in.password_days * DAY)),
            factor_since: factor.since,
            keys: factor.keys,
            codes_left: factor.codes_left,
            factor_required: factor.required,
            sessions: self.live_sessions(face, &account).await?,
            pending: self.pending_addresses(&call).await?,
            current: session.id,
            history: self.sign_in_history(&account).await?,
        })
    }

    async fn sign_in_history(&self, account: &AccountId) -> Result<Vec<Attempted>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT at, source, outcome FROM sign_ins WHERE account_id = $1 ORDER BY at DESC, id LIMIT $2",
                [account.as_str().into(), SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let line = |row| {
            let outcome = Outcome::parse(&text(row, "outcome")?).ok_or_else(|| Failure::fault("unknown outcome"))?;
            Ok(Attempted { at: Moment(number(row, "at")?), outcome, source: text(row, "source")? })
        };
        rows.iter().map(line).collect()
    }

    /// Changes the own password: the present one is asked for, the last five are refused, every other session ends.
    pub async fn change_password(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        (present, new): (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Password]).await?;
        self.check_own_password(face, &session.login, &account, present, source).await?;
        check_password(new, &session.login, face.password_length()).map_err(|mut refusal| {
            refusal.field = Some("new_password".into());
            refusal
        })?;
        for phc in self.remembered_passwords(&account).await? {
            if self.verify_password(new, Some(phc)).await? {
                let words = format!("新密码不能与最近 {REMEMBERED} 次用过的密码相同，请换一个。");
                return Err(Refusal::field("new_password", "account.password_used", words)
                    .article("GB/T 22239-2019 8.1.4.1")
                    .into());
            }
        }
        let phc = self.hash_password(new).await?;
        let mut change = self.change(&call);
        for row in self.new_password_rows(&account, phc)? {
            change.row(row);
        }
        end_others(&mut change, &account, &session.id, "changed");
        change.about(format!("account:{account}"));
        change.commit("").await
    }

    async fn remembered_passwords(&self, account: &AccountId) -> Result<Vec<String>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT phc FROM credentials WHERE account_id = $1 UNION ALL SELECT phc FROM old_passwords WHERE account_id = $1",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(|row| text(row, "phc")).collect()
    }

    /// A new password in the place of the present one, which is remembered with the ones before it.
    pub(super) fn new_password_rows(&self, account: &AccountId, phc: String) -> Result<[Row; 4], Failure> {
        let [credential, copy] = self.credential_rows(account, phc)?;
        Ok([
            Row::new(
                "INSERT INTO old_passwords(account_id, place, phc) SELECT c.account_id, \
                 COALESCE((SELECT MAX(o.place) FROM old_passwords o WHERE o.account_id = $1), 0) + 1, c.phc \
                 FROM credentials c WHERE c.account_id = $1",
                [account.as_str().into()],
            ),
            Row::new(
                "DELETE FROM old_passwords WHERE account_id = $1 AND place <= \
                 (SELECT MAX(o.place) FROM old_passwords o WHERE o.account_id = $1) - $2",
                [account.as_str().into(), (REMEMBERED - 1).into()],
            ),
            credential,
            copy,
        ])
    }

    /// Ends one of the own sessions.
    pub async fn end_session(&self, call: &Call, face: Face, token: &str, id: &str) -> Result<(), Failure> {
        let (_, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        let mine = self.live_sessions(face, &account).await?.into_iter().any(|row| row.id == id);
        if !mine {
            return Err(Failure::NotThere);
        }
        let mut change = self.change(&call);
        change.row(Row::new(
            "UPDATE sessions SET ended = 1, why_ended = 'ended' WHERE id = $1 AND account_id = $2 AND ended = 0",
            [id.into(), account.as_str().into()],
        ));
        change.about(format!("account:{account}"));
        change.commit("").await
    }

    /// Ends all own sessions but this one.
    pub async fn end_other_sessions(&self, call: &Call, face: Face, token: &str) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        let mut change = self.change(&call);
        end_others(&mut change, &account, &session.id, "ended");
        change.about(format!("account:{account}"));
        change.commit("").await
    }
}
