//! Wrong passwords and codes: the source that guesses waits, never the person elsewhere (S-02, A-26).

use crate::{Failure, Platform, read::used_row};
use domain::{Moment, ids::AccountId};
use ledger::{Row, Unit};
use sm3::{Digest, Sm3};

/// Failures from one source at one account before it has to wait.
pub(super) const FAILURES: i64 = 5;
/// Failures from all sources together before sources that never signed in to this account have to wait.
pub(super) const STRANGERS: i64 = 100;
/// Wrong codes from all sources together: whoever gets that far knows the password.
pub(super) const CODES: i64 = 20;
/// How long it waits, in milliseconds.
const WAIT: i64 = 30 * 60_000;
/// How long the sign-in history is kept, in milliseconds.
const KEPT: i64 = 200 * 86_400_000;

/// What became of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Signed in.
    Done,
    /// Signed in with a recovery code.
    Recovered,
    /// Signed in by unified identity, which vouched for a second factor or none was owed.
    Outside,
    /// Wrong password.
    WrongPassword,
    /// Wrong one-time code.
    WrongCode,
    /// Wrong signature over a challenge.
    WrongSignature,
    /// A passkey that proved nothing.
    WrongPasskey,
    /// A passkey whose counter went back.
    Copied,
    /// Refused: not used for too long.
    Unused,
    /// Two administrators took the second factor away.
    Reset,
}

impl Outcome {
    const ALL: [Self; 10] = [
        Self::Done,
        Self::Recovered,
        Self::Outside,
        Self::WrongPassword,
        Self::WrongCode,
        Self::WrongSignature,
        Self::WrongPasskey,
        Self::Copied,
        Self::Unused,
        Self::Reset,
    ];

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Recovered => "recovered",
            Self::Outside => "outside",
            Self::WrongPassword => "wrong_password",
            Self::WrongCode => "wrong_code",
            Self::WrongSignature => "wrong_signature",
            Self::WrongPasskey => "wrong_passkey",
            Self::Copied => "copied",
            Self::Unused => "unused",
            Self::Reset => "reset",
        }
    }

    /// What the person reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "登录成功",
            Self::Recovered => "用恢复代码登录成功",
            Self::Outside => "用统一身份认证登录成功",
            Self::WrongPassword => "密码错误",
            Self::WrongCode => "验证码错误",
            Self::WrongSignature => "证书签名错误",
            Self::WrongPasskey => "通行密钥没有通过核对",
            Self::Copied => "通行密钥可能被复制，未予登录",
            Self::Unused => "账号长期未使用，未予登录",
            Self::Reset => "双因素认证被管理员重置",
        }
    }

    /// Reads the machine name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.slug() == text)
    }
}

/// The row a series of failures is counted in; its name gives neither account nor source away.
pub(super) fn counter(parts: &[&str]) -> String {
    hex::encode(Sm3::digest(parts.join("|").as_bytes()).as_slice())
}

impl Platform {
    /// Whether so many failures were counted there, the last one not long ago.
    pub(super) async fn must_wait(&self, counter: &str, most: i64, now: Moment) -> Result<bool, Failure> {
        let row = self
            .store
            .query_one("SELECT failed, last_at FROM sign_in_failures WHERE id = $1", [counter.into()])
            .await
            .map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(false) };
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(number("failed")? >= most && now.0 - number("last_at")? < WAIT)
    }

    /// Counts a failure, and writes it into the history of the account it was tried on.
    pub(super) async fn note_failure(
        &self,
        counters: &[&str],
        tried: Option<(&AccountId, Outcome)>,
        source: &str,
        now: Moment,
    ) -> Result<(), Failure> {
        let mut unit = Unit::new();
        for counter in counters {
            unit.row(Row::new(
                "INSERT INTO sign_in_failures(id, failed, last_at) VALUES($1, 1, $2) ON CONFLICT(id) DO UPDATE SET \
                 failed = CASE WHEN $2 - sign_in_failures.last_at >= 1800000 THEN 1 ELSE sign_in_failures.failed + 1 END, last_at = $2",
                [(*counter).into(), now.0.into()],
            ));
        }
        if let Some((account, outcome)) = tried {
            unit.row(self.history_row(account, outcome, source, now));
            // What was tried on nobody's account is kept no longer than the rest.
            unit.row(Row::new("DELETE FROM sign_ins WHERE account_id = '' AND at < $1", [(now.0 - KEPT).into()]));
        }
        self.store.commit(unit).await.map_err(crate::stream::refused)
    }

    /// A line of the account's sign-in history.
    pub(super) fn history_row(&self, account: &AccountId, outcome: Outcome, source: &str, now: Moment) -> Row {
        Row::new(
            "INSERT INTO sign_ins(id, account_id, at, source, outcome) VALUES($1, $2, $3, $4, $5)",
            [
                hex::encode(self.chance.id()).into(),
                account.as_str().into(),
                now.0.into(),
                source.into(),
                outcome.slug().into(),
            ],
        )
    }

    /// What a completed sign-in leaves behind. The first row also holds back another sign-in to the same account.
    pub(super) fn signed_in_rows(&self, account: &AccountId, outcome: Outcome, source: &str, now: Moment) -> [Row; 3] {
        let old = Row::new(
            "DELETE FROM sign_ins WHERE account_id = $1 AND at < $2",
            [account.as_str().into(), (now.0 - KEPT).into()],
        );
        [used_row(account, now), self.history_row(account, outcome, source, now), old]
    }

    /// Whether somebody ever signed in to this account from there.
    pub(super) async fn is_known_source(&self, face: &str, login: &str, source: &str) -> Result<bool, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT 1 AS one FROM sign_ins s JOIN accounts a ON a.id = s.account_id WHERE a.face = $1 AND a.login = $2 \
                 AND s.source = $3 AND s.outcome IN ('done', 'recovered', 'outside') LIMIT 1",
                [face.into(), login.into(), source.into()],
            )
            .await
            .map_err(Failure::fault)?;
        Ok(row.is_some())
    }
}
