//! 证书和通行密钥: the keys a person registers besides (or instead of) the authenticator app, and what they prove (S-04, P-01).

use super::{
    Face,
    certificate::{self, PublicSm2},
    challenge::{Challenge, purpose},
    factor::{Confirmed, Proof, end_others},
    session::{Owed, Session, number, text},
    throttle::Outcome,
};
use crate::{Call, Failure, Platform, seal::verifies, settings::Demand, stream::Change};
use domain::{
    Moment, Refusal,
    account::factor::{self, KeyKind, Purpose},
    ids::AccountId,
};
use ledger::{QueryResult, Row};

const ARTICLE: &str = "GB/T 39786-2021";

/// A key of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: KeyKind,
    /// The name the person gave it.
    pub name: String,
    /// Fingerprint.
    pub mark: String,
    /// Since when.
    pub at: Moment,
    /// When it last proved something.
    pub used_at: Option<Moment>,
    /// When its certificate ends.
    pub until: Option<Moment>,
    /// What verifies its answers.
    pub(super) data: String,
}

impl Key {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let some = |column: &str| number(row, column).map(|at| (at > 0).then_some(Moment(at)));
        Ok(Self {
            id: text(row, "id")?,
            kind: KeyKind::parse(&text(row, "kind")?).ok_or_else(|| Failure::fault("unknown kind of key"))?,
            name: text(row, "name")?,
            mark: text(row, "mark")?,
            at: Moment(number(row, "at")?),
            used_at: some("used_at")?,
            until: some("until")?,
            data: text(row, "data")?,
        })
    }

    /// Whether its certificate has ended.
    pub fn is_over(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What a person hands in to register an SM2 key.
#[derive(Debug, Clone, Default)]
pub struct NewSm2 {
    /// Name of the key.
    pub name: String,
    /// Public key or certificate.
    pub public_key: String,
    /// The signature over the challenge, base 64 of DER.
    pub signature: String,
}

/// A key that is about to be registered.
pub(super) struct NewKey {
    pub kind: KeyKind,
    pub name: String,
    pub mark: String,
    pub data: String,
    pub until: Option<Moment>,
}

/// Where a person may prove what with, in one session.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// The app.
    pub app: bool,
    /// Recovery codes that are left.
    pub recovery: bool,
    /// SM2 keys, and the challenge that waits.
    pub sm2: bool,
    /// The line to be signed, once it was asked for.
    pub challenge: Option<Challenge>,
    /// Passkeys.
    pub passkey: bool,
}

fn no_challenge() -> Refusal {
    let words = "没有等待签名的挑战，或者已经超时。请重新取得挑战，对新的内容签名。";
    Refusal::field("signature", "key.no_challenge", words).article(ARTICLE)
}

fn wrong_first_signature() -> Refusal {
    let words = "签名与所交的公钥不符。请核对：用的是同一把密钥；签的是本页此刻显示的挑战（不多空格和换行）；\
                 使用 SM3 摘要，用户标识（distid）为 1234567812345678。";
    Refusal::field("signature", "key.signature", words).article(ARTICLE)
}

impl Platform {
    /// The keys of an account, the oldest first.
    pub(super) async fn keys(&self, account: &AccountId) -> Result<Vec<Key>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id, kind, name, mark, at, used_at, until, data FROM sign_in_keys WHERE account_id = $1 ORDER BY at, id",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(Key::read).collect()
    }

    /// How many factors an account has: the app counts as one, each key as one.
    pub(super) async fn factors(&self, account: &AccountId) -> Result<usize, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT (SELECT COUNT(*) FROM second_factors f WHERE f.account_id = $1 AND f.state = 'live') + \
                 (SELECT COUNT(*) FROM sign_in_keys k WHERE k.account_id = $1) AS factors",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        Ok(usize::try_from(number(&row, "factors")?).unwrap_or(0))
    }

    /// What the person of this session may prove the second factor with.
    pub async fn ways(&self, call: &Call, face: Face, token: &str) -> Result<Ways, Failure> {
        let (session, account, _) = self.own(call, face, token, &[Owed::Nothing, Owed::Code]).await?;
        let row = self
            .store
            .query_one(
                "SELECT (SELECT COUNT(*) FROM second_factors f WHERE f.account_id = $1 AND f.state = 'live') AS apps, \
                 (SELECT COUNT(*) FROM recovery_codes r WHERE r.account_id = $1 AND r.used_at = 0) AS codes",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let keys = self.keys(&account).await?;
        let waiting = match purpose(&session) {
            Some(purpose) => self.waiting(&session.id, KeyKind::Sm2, purpose).await?,
            None => None,
        };
        Ok(Ways {
            app: number(&row, "apps")? > 0,
            recovery: number(&row, "codes")? > 0,
            sm2: keys.iter().any(|key| key.kind == KeyKind::Sm2),
            challenge: waiting.map(|(text, until)| Challenge { text, until }),
            passkey: keys.iter().any(|key| key.kind == KeyKind::Passkey),
        })
    }

    /// What a signature over the session's challenge proves, if anything. A certificate that has ended proves nothing.
    pub(super) async fn find_signature(
        &self,
        session: &Session,
        account: &AccountId,
        signature: &[u8],
        now: Moment,
    ) -> Result<Option<Proof>, Failure> {
        let purpose = purpose(session).ok_or(Failure::NotThere)?;
        let Some((line, _)) = self.waiting(&session.id, KeyKind::Sm2, purpose).await? else {
            return Err(no_challenge().into());
        };
        let keys = self.keys(account).await?;
        let signed = |key: &&Key| key.kind == KeyKind::Sm2 && verifies(&key.data, line.as_bytes(), signature);
        let Some(key) = keys.iter().find(signed) else { return Ok(None) };
        if key.is_over(now) {
            let words = format!(
                "证书“{}”已经到期，不能再用于登录。请用其他方式登录，再到“账户中心—双因素认证”换成新证书。",
                key.name
            );
            return Err(Refusal::field("signature", "key.over", words).article(ARTICLE).into());
        }
        Ok(Some(Proof::Key {
            rows: vec![
                Self::answered_row(&session.id, KeyKind::Sm2, purpose, line),
                Row::new(
                    "UPDATE sign_in_keys SET used_at = $3 WHERE id = $1 AND account_id = $2",
                    [key.id.clone().into(), account.as_str().into(), now.0.into()],
                ),
            ],
        }))
    }

    /// Begins the enrolment of an SM2 key: a challenge for it to sign. Asks for the same proofs as every change of the factors.
    pub async fn begin_sm2(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let mut change = self.change(&call);
        self.prove_change(&mut change, face, &session, &account, proofs, source).await?;
        factor::may_add_key(self.keys(&account).await?.len())?;
        Self::no_enrolment_rows(&session.id, &account).into_iter().for_each(|row| change.row(row));
        let line = self.line(face, &session, Purpose::Enrol);
        for row in self.challenge_rows(&session.id, KeyKind::Sm2, Purpose::Enrol, line) {
            change.row(row);
        }
        change.about(format!("account:{account}"));
        change.commit_or("", super::sign_in::used_meanwhile).await
    }

    /// Registers an SM2 key that has signed the challenge of its enrolment.
    pub async fn confirm_sm2(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        new: &NewSm2,
        source: &str,
    ) -> Result<Confirmed, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let waiting = self.waiting(&session.id, KeyKind::Sm2, Purpose::Enrol).await?;
        let (line, _) = waiting.ok_or_else(no_challenge)?;
        let name = factor::key_name(&new.name);
        let key = certificate::read_public_key(&new.public_key, self.clock.now());
        let (name, PublicSm2 { pem, mark, until }) = match (name, key) {
            (Ok(name), Ok(key)) => (name, key),
            (name, key) => return Err([name.err(), key.err()].into_iter().flatten().collect::<Vec<_>>().into()),
        };
        let signature = certificate::base64(&new.signature).unwrap_or_default();
        if !verifies(&pem, line.as_bytes(), &signature) {
            return Err(wrong_first_signature().into());
        }
        let change = self.change(&call);
        let answered = Self::answered_row(&session.id, KeyKind::Sm2, Purpose::Enrol, line);
        let new = NewKey { kind: KeyKind::Sm2, name, mark, data: pem, until };
        self.add_key(change, face, (&session, &account), answered, new, source).await
    }

    /// Writes a key whose first answer was right. Other sessions end, a half session becomes a whole one, and whoever had no
    /// factor yet gets recovery codes.
    pub(super) async fn add_key(
        &self,
        mut change: Change<'_>,
        face: Face,
        (session, account): (&Session, &AccountId),
        answered: Row,
        new: NewKey,
        source: &str,
    ) -> Result<Confirmed, Failure> {
        let now = self.clock.now();
        let held = self.keys(account).await?;
        factor::may_add_key(held.len())?;
        if held.iter().any(|key| key.kind == new.kind && key.mark == new.mark) {
            let words = format!("这个{}已经登记过，不需要重复登记。", new.kind.name());
            return Err(Refusal::new("key.twice", words).into());
        }
        let first = self.factors(account).await? == 0;
        change.exactly_one(answered);
        change.row(Row::new(
            "INSERT INTO sign_in_keys(id, account_id, kind, mark, name, data, until, at, used_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, 0)",
            [
                hex::encode(self.chance.id()).into(),
                account.as_str().into(),
                new.kind.slug().into(),
                new.mark.into(),
                new.name.into(),
                new.data.into(),
                new.until.map_or(0, |until| until.0).into(),
                now.0.into(),
            ],
        ));
        let codes = if first { self.new_recovery_codes(&mut change, account) } else { Vec::new() };
        let half = session.owed == Owed::Enrolment;
        end_others(&mut change, account, if half { "" } else { &session.id }, "changed");
        let session = if half {
            let opened = self.open_session(change, face, account, Some(Outcome::Done), source, now).await;
            Some(opened.map_err(answered_meanwhile)?)
        } else {
            change.about(format!("account:{account}"));
            change.commit("").await.map_err(answered_meanwhile)?;
            None
        };
        Ok(Confirmed { codes, session })
    }

    /// Another name for a key.
    pub async fn rename_key(&self, call: &Call, face: Face, token: &str, id: &str, name: &str) -> Result<(), Failure> {
        let (_, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        self.own_key(&account, id).await?;
        let name = factor::key_name(name)?;
        let mut change = self.change(&call);
        change.row(Row::new(
            "UPDATE sign_in_keys SET name = $3 WHERE id = $1 AND account_id = $2",
            [id.into(), account.as_str().into(), name.into()],
        ));
        change.about(format!("account:{account}"));
        change.commit("").await
    }

    /// Takes a key away. Asks for the password and a proof; where a factor is required the last one stays.
    pub async fn remove_key(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        id: &str,
        (proofs, source): ((&str, &str), &str),
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        self.own_key(&account, id).await?;
        let mut change = self.change(&call);
        let row = Row::new(
            "DELETE FROM sign_in_keys WHERE id = $1 AND account_id = $2",
            [id.into(), account.as_str().into()],
        );
        self.take_factor_away(&mut change, face, (&session, &account), (proofs, source), row).await?;
        change.commit_or("", super::sign_in::used_meanwhile).await
    }

    /// Takes one factor away; with the last one the recovery codes go.
    pub(super) async fn take_factor_away(
        &self,
        change: &mut Change<'_>,
        face: Face,
        (session, account): (&Session, &AccountId),
        (proofs, source): ((&str, &str), &str),
        row: Row,
    ) -> Result<(), Failure> {
        let held = self.factors(account).await?;
        factor::may_remove(held, self.settings.sign_in.second_factor.of(face) == Demand::Required)?;
        self.prove_change(change, face, session, account, proofs, source).await?;
        change.exactly_one(row);
        if held <= 1 {
            change.row(Row::new("DELETE FROM recovery_codes WHERE account_id = $1", [account.as_str().into()]));
        }
        end_others(change, account, &session.id, "changed");
        change.about(format!("account:{account}"));
        Ok(())
    }

    async fn own_key(&self, account: &AccountId, id: &str) -> Result<Key, Failure> {
        self.keys(account).await?.into_iter().find(|key| key.id == id).ok_or(Failure::NotThere)
    }

    /// The password, and where there is a factor a proof of it, before something about the factors changes. Whoever has just
    /// signed in to enrol has given the password.
    pub(super) async fn prove_change(
        &self,
        change: &mut Change<'_>,
        face: Face,
        session: &Session,
        account: &AccountId,
        (password, code): (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        if session.owed != Owed::Nothing {
            return Ok(());
        }
        self.check_own_password(face, &session.login, account, password, source).await?;
        if self.factors(account).await? > 0 {
            self.check_code(session, account, code, source).await?.spend(change, account, self.clock.now());
        }
        Ok(())
    }
}

/// A lost race about a challenge: it was answered meanwhile.
fn answered_meanwhile(failure: Failure) -> Failure {
    match failure {
        Failure::Conflict => no_challenge().into(),
        other => other,
    }
}
