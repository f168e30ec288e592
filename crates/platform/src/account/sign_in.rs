//! Signing in: the password, then the second factor; between the two the session opens nothing but the page of the code.

use super::{
    Face, SignedIn,
    factor::{Offer, Proof},
    session::{Owed, Session, held, number, text, token_id},
    throttle::{CODES, FAILURES, Outcome, STRANGERS, counter},
};
use crate::{Call, Failure, Platform, settings::Demand, stream::Change};
use domain::{Moment, Refusal, ids::AccountId};
use ledger::{Refused, Row, Value};

/// A day, in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// An account as sign-in sees it.
pub(super) struct Found {
    pub id: AccountId,
    phc: String,
    used_at: i64,
    pub has_factor: bool,
}

fn wait(field: &'static str) -> Failure {
    Refusal::field(field, "sign_in.wait", "登录失败次数过多，请 30 分钟后再试。").into()
}

pub(super) fn wrong_code() -> Refusal {
    let words = "验证码不正确，或者已经用过。请等验证器显示下一个 6 位数字再试；也可以输入一个没有用过的恢复代码。";
    Refusal::field("code", "sign_in.code", words).article("GB/T 22239-2019 8.1.4.1")
}

/// An administrator who has proved everything, at a place where administrators do not work (S-18).
fn outside_management() -> Failure {
    let words = "管理员账号只能在管理网络登录，请换到管理网络后再试。确需从别处登录的，请联系平台运维人员。";
    Refusal::new("sign_in.network", words).article("GB/T 22239-2019 8.1.4.4").into()
}

impl Platform {
    /// The account of a name, as it and its credential were written; what was changed behind the platform is restored first, or nobody's.
    pub(super) async fn find_account(&self, face: Face, login: &str) -> Result<Option<Found>, Failure> {
        let Some(found) = self.sign_in_row(face, login).await? else { return Ok(None) };
        let Err(account) = found else { return Ok(found.ok()) };
        self.mend_account(&account).await?;
        Ok(self.sign_in_row(face, login).await?.and_then(Result::ok))
    }

    /// `Err` names the account whose row or credential is not as it was written.
    async fn sign_in_row(&self, face: Face, login: &str) -> Result<Option<Result<Found, AccountId>>, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT a.id, a.face, a.login, a.unit_id, a.disabled, a.mac AS account_mac, c.mac, c.phc, c.changed_at, COALESCE(u.used_at, 0) AS used_at, (SELECT COUNT(*) FROM second_factors f WHERE f.account_id = a.id AND f.state = 'live') + \
                 (SELECT COUNT(*) FROM sign_in_keys k WHERE k.account_id = a.id) AS factors FROM accounts a \
                 JOIN credentials c ON c.account_id = a.id LEFT JOIN account_use u ON u.account_id = a.id \
                 WHERE a.face = $1 AND a.login = $2 AND a.disabled = 0",
                [face.slug().into(), login.into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.map(|row| {
            let id = text(&row, "id")?;
            let account: [Value; 5] = [
                id.clone().into(),
                text(&row, "face")?.into(),
                text(&row, "login")?.into(),
                text(&row, "unit_id")?.into(),
                number(&row, "disabled")?.into(),
            ];
            let credential: [Value; 3] =
                [id.clone().into(), text(&row, "phc")?.into(), number(&row, "changed_at")?.into()];
            if !self.sealer.made("accounts", &account, &text(&row, "account_mac")?)
                || !self.sealer.made("credentials", &credential, &text(&row, "mac")?)
            {
                return Ok(Err(AccountId(id)));
            }
            Ok(Ok(Found {
                id: AccountId(id),
                phc: text(&row, "phc")?,
                used_at: number(&row, "used_at")?.max(number(&row, "changed_at")?),
                has_factor: number(&row, "factors")? > 0,
            }))
        })
        .transpose()
    }

    /// Takes name and password. Unknown names and wrong passwords get the same answer after the same work; five
    /// failures from one source make that source wait, never the account's owner elsewhere (S-02, A-26).
    pub async fn sign_in(
        &self,
        call: &Call,
        face: Face,
        login: &str,
        password: &str,
        source: &str,
    ) -> Result<SignedIn, Failure> {
        let login = login.trim().to_lowercase();
        let now = self.clock.now();
        let pair = counter(&[face.slug(), &login, source]);
        let all = counter(&["all", face.slug(), &login]);
        let flooded = self.must_wait(&all, STRANGERS, now).await?;
        if self.must_wait(&pair, FAILURES, now).await?
            || (flooded && !self.is_known_source(face.slug(), &login, source).await?)
        {
            return Err(wait("login"));
        }
        let found = self.find_account(face, &login).await?;
        if let (Some(attempt), Some(found)) = (&call.attempt, &found) {
            attempt.aims_at(format!("account:{}", found.id));
        }
        self.room_to_sign_in(call, found.as_ref().map(|found| &found.id)).await?;
        let fits = self.verify_password(password, found.as_ref().map(|found| found.phc.clone())).await?;
        let found = match found {
            Some(found) if fits => found,
            found => {
                // An unknown name leaves a line of nobody's history: the same rows as a known one.
                let tried = found.map_or_else(|| AccountId(String::new()), |found| found.id);
                self.note_failure(&[&pair, &all], Some((&tried, Outcome::WrongPassword)), source, now).await?;
                return Err(Refusal::field("login", "sign_in.wrong", "登录名或密码不正确，请核对后重试。").into());
            }
        };
        self.refuse_unused(face, &found, source, now).await?;
        let mut change = self.change(call);
        change.row(Row::new("DELETE FROM sign_in_failures WHERE id = $1", [pair.into()]));
        let half = found.has_factor || self.settings.sign_in.second_factor.of(face) == Demand::Required;
        let outcome = (!half).then_some(Outcome::Done);
        self.open_session(change, face, &found.id, outcome, source, now).await
    }

    /// S-07: what nobody has used for long opens only after somebody has looked at it.
    pub(super) async fn refuse_unused(
        &self,
        face: Face,
        found: &Found,
        source: &str,
        now: Moment,
    ) -> Result<(), Failure> {
        let days = self.settings.sign_in.unused_days.of(face);
        if now.0 - found.used_at < days * DAY {
            return Ok(());
        }
        self.note_failure(&[], Some((&found.id, Outcome::Unused)), source, now).await?;
        let whom = match face {
            Face::Portal => "请持单位介绍信到受理机关窗口，由系统管理员核对后重新启用。",
            Face::Office => "请联系本部门负责人或者系统管理员重新启用。",
        };
        let words = format!("这个账号已经 {days} 天没有使用，按规定停用。{whom}");
        Err(Refusal::field("login", "sign_in.unused", words).article("GB/T 22239-2019 8.1.4.2").into())
    }

    /// Begins a session in a change already under way and commits it. `outcome`: how the sign-in is complete; `None`
    /// while the second factor is owed.
    pub(super) async fn open_session(
        &self,
        mut change: Change<'_>,
        face: Face,
        account: &AccountId,
        outcome: Option<Outcome>,
        source: &str,
        now: Moment,
    ) -> Result<SignedIn, Failure> {
        let mut secret = [0; 32];
        self.chance.fill(&mut secret);
        let token = hex::encode(secret);
        let mut ended_elsewhere = false;
        let mut kept = String::new();
        if let Some(outcome) = outcome {
            for row in self.signed_in_rows(account, outcome, source, now) {
                change.row(row);
            }
            let posts = self.posts_today(account).await?;
            if !self.settings.may_work_from(&posts, source.parse().ok()) {
                return Err(outside_management());
            }
            kept = held(&posts);
            if posts.iter().any(|post| post.role.is_administrator()) {
                ended_elsewhere = !self.live_sessions(face, account).await?.is_empty();
                change.row(Row::new(
                    "UPDATE sessions SET ended = 1, why_ended = 'replaced' WHERE account_id = $1 AND ended = 0 AND half = 0",
                    [account.as_str().into()],
                ));
            }
        }
        change.row(Row::new(
            "INSERT INTO sessions(id, account_id, face, created_at, seen_at, ended, source, half, held) VALUES($1, $2, $3, $4, $4, 0, $5, $6, $7)",
            [
                token_id(&token).into(),
                account.as_str().into(),
                face.slug().into(),
                now.0.into(),
                source.into(),
                i64::from(outcome.is_none()).into(),
                kept.into(),
            ],
        ));
        change.about(format!("account:{account}"));
        change.commit(account.as_str()).await?;
        let owed = self.session(face, &token).await?.map_or(Owed::Nothing, |session| session.owed);
        Ok(SignedIn { token, account: account.clone(), owed, ended_elsewhere })
    }

    /// Takes the second factor: a code of the app, a recovery code, or the answer of a key. The half session ends, a new one begins.
    pub async fn prove_code(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        code: &str,
        source: &str,
    ) -> Result<SignedIn, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Code]).await?;
        let proof = self.check_code(&session, &account, code, source).await?;
        let outcome = if matches!(proof, Proof::Recovery { .. }) { Outcome::Recovered } else { Outcome::Done };
        let mut change = self.change(&call);
        let counted = counter(&["code", account.as_str(), source]);
        change.row(Row::new("DELETE FROM sign_in_failures WHERE id = $1", [counted.into()]));
        proof.spend(&mut change, &account, self.clock.now());
        change.exactly_one(Row::new(
            "UPDATE sessions SET ended = 1, why_ended = 'proved' WHERE id = $1 AND ended = 0 AND half = 1",
            [session.id.into()],
        ));
        match self.open_session(change, face, &account, Some(outcome), source, self.clock.now()).await {
            Err(Failure::Conflict) => Err(wrong_code().into()),
            other => other,
        }
    }

    /// The proof an offer is, be it a code or the answer of a key; five wrong ones from one source wait, as with passwords.
    pub(super) async fn check_code(
        &self,
        session: &Session,
        account: &AccountId,
        code: &str,
        source: &str,
    ) -> Result<Proof, Failure> {
        let now = self.clock.now();
        let pair = counter(&["code", account.as_str(), source]);
        let all = counter(&["code", account.as_str()]);
        if self.must_wait(&pair, FAILURES, now).await? || self.must_wait(&all, CODES, now).await? {
            return Err(wait("code"));
        }
        let offer = Offer::of(code);
        match self.find_proof(session, account, &offer, now).await? {
            Ok(proof) => Ok(proof),
            Err((outcome, refusal)) => {
                self.note_failure(&[&pair, &all], Some((account, outcome)), source, now).await?;
                Err(refusal.into())
            }
        }
    }

    /// The password once more, before something about the account changes.
    pub(super) async fn check_own_password(
        &self,
        face: Face,
        login: &str,
        account: &AccountId,
        password: &str,
        source: &str,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let pair = counter(&[face.slug(), login, source]);
        if self.must_wait(&pair, FAILURES, now).await? {
            return Err(wait("password"));
        }
        let found = self.find_account(face, login).await?;
        if self.verify_password(password, found.map(|found| found.phc)).await? {
            return Ok(());
        }
        self.note_failure(&[&pair], Some((account, Outcome::WrongPassword)), source, now).await?;
        Err(Refusal::field("password", "account.wrong_password", "现在的密码不正确，请重新输入。").into())
    }
}

/// What a lost race about a factor means: somebody used the same code at the same time.
pub(super) fn used_meanwhile(refused: Refused) -> Failure {
    match refused {
        Refused::Conflict => wrong_code().into(),
        other => crate::stream::refused(other),
    }
}
