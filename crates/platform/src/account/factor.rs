//! 双因素认证: the authenticator app and the recovery codes of a person (S-04, A-08). The seed lies sealed, recovery codes
//! lie as hashes; each code proves something once.

use super::{
    Challenge, Face, Key, SignedIn, certificate,
    passkey::wrong_passkey,
    session::{Owed, Session, number, text},
    sign_in::{used_meanwhile, wrong_code},
    throttle::{Outcome, counter},
    totp,
};
use crate::{
    Action, Call, Failure, Object, Platform, permission, permission::Denied, settings::Demand, stream::Change,
};
use domain::{
    Moment, Refusal,
    account::factor::{ENROL_WITHIN, KeyKind, Purpose},
    hidden::Hidden,
    ids::AccountId,
};
use ledger::Row;

/// Recovery codes of a person.
pub const RECOVERY_CODES: usize = 8;
/// Name under which a seed is sealed.
const SEALED_NAME: &str = "seed";
/// How the app names the platform.
const ISSUER: &str = "内蒙古投资项目平台";
const ARTICLE: &str = "GB/T 22239-2019 8.1.4.1";

/// What a person gives as the second factor: which kind it is follows from its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// Six digits of the app.
    App(String),
    /// A signature over a challenge, DER.
    Signature(Vec<u8>),
    /// What a browser answered for a passkey, JSON.
    Passkey(String),
    /// Everything else may be a recovery code.
    Recovery(String),
}

/// Characters from which on a text is no recovery code any more.
const LONG: usize = 48;

impl Offer {
    /// Reads what was typed, pasted or uploaded.
    pub fn of(text: &str) -> Self {
        if text.trim_start().starts_with('{') {
            return Self::Passkey(text.to_owned());
        }
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if plain.len() == 6 && plain.bytes().all(|b| b.is_ascii_digit()) {
            Self::App(plain)
        } else if plain.len() >= LONG {
            Self::Signature(certificate::base64(&plain).unwrap_or_default())
        } else {
            Self::Recovery(plain)
        }
    }

    /// What is said when it proves nothing.
    pub fn wrong(&self) -> Refusal {
        match self {
            Self::App(_) | Self::Recovery(_) => wrong_code(),
            Self::Passkey(_) => wrong_passkey(),
            Self::Signature(_) => {
                let words = "签名不正确，或者不是用已登记的证书签的。请核对签的是本页此刻显示的挑战（不多空格和换行），\
                             使用 SM3 摘要，用户标识（distid）为 1234567812345678。";
                Refusal::field("signature", "sign_in.signature", words).article(ARTICLE)
            }
        }
    }

    /// How the history calls it then.
    pub fn failed(&self) -> Outcome {
        match self {
            Self::App(_) | Self::Recovery(_) => Outcome::WrongCode,
            Self::Signature(_) => Outcome::WrongSignature,
            Self::Passkey(_) => Outcome::WrongPasskey,
        }
    }
}

/// What an offer proves; else how the history calls the failure, and what is said.
pub(super) type Found = Result<Proof, (Outcome, Refusal)>;

/// What an offer turned out to be.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// The app's code of this step.
    App { step: i64 },
    /// A recovery code, by its hash.
    Recovery { id: String },
    /// An answer of a key: what takes its challenge away and notes its use.
    Key { rows: Vec<Row> },
}

impl Proof {
    /// Uses it up; each row must change exactly one, so of two at the same time one loses.
    pub fn spend(self, change: &mut Change<'_>, account: &AccountId, now: Moment) {
        match self {
            Self::App { step } => change.exactly_one(Row::new(
                "UPDATE second_factors SET step = $2 WHERE account_id = $1 AND state = 'live' AND step < $2",
                [account.as_str().into(), step.into()],
            )),
            Self::Recovery { id } => change.exactly_one(Row::new(
                "UPDATE recovery_codes SET used_at = $3 WHERE account_id = $1 AND id = $2 AND used_at = 0",
                [account.as_str().into(), id.into(), now.0.into()],
            )),
            Self::Key { rows } => rows.into_iter().for_each(|row| change.exactly_one(row)),
        }
    }
}

/// A seed with its place.
struct Seed {
    bytes: Hidden<Vec<u8>>,
    version: i64,
    step: i64,
}

/// An enrolment under way: what the person types or scans into the app.
#[derive(Clone)]
pub struct Enrolling {
    /// The seed in groups of four letters.
    pub secret: Hidden<String>,
    /// What the QR code says.
    pub address: Hidden<String>,
}

/// How the second factor of the person stands.
#[derive(Clone)]
pub struct FactorPage {
    /// Since when there is an app.
    pub since: Option<Moment>,
    /// Recovery codes not used yet.
    pub codes_left: u64,
    /// An enrolment that waits for its first code.
    pub enrolling: Option<Enrolling>,
    /// Certificates and passkeys.
    pub keys: Vec<Key>,
    /// The challenge an SM2 key has to sign to be registered.
    pub new_sm2: Option<Challenge>,
    /// What the browser needs to create a passkey whose enrolment was begun (JSON).
    pub new_passkey: Option<String>,
    /// Whether it may not be switched off.
    pub required: bool,
    /// Whether the person may do nothing else before.
    pub owed: bool,
    /// When administrators took the last one away, if there is none since.
    pub reset_at: Option<Moment>,
}

/// What a confirmed enrolment gives: shown once.
pub struct Confirmed {
    /// The recovery codes; none where there were some before.
    pub codes: Vec<String>,
    /// The session that goes on, when the old one was only half.
    pub session: Option<SignedIn>,
}

/// Never shows the codes.
impl std::fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Confirmed").field("session", &self.session).finish_non_exhaustive()
    }
}

fn place(account: &AccountId) -> String {
    format!("second-factor:{account}")
}

/// Letters and digits of a recovery code as it was typed.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn recovery_id(account: &AccountId, code: &str) -> String {
    counter(&["recovery", account.as_str(), &plain(code)])
}

fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

impl Platform {
    /// The own session, when nothing else is owed than what is allowed here; and the call in the person's own name.
    pub(super) async fn own(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        allowed: &[Owed],
    ) -> Result<(Session, AccountId, Call), Failure> {
        let session = self.session(face, token).await?.filter(|session| allowed.contains(&session.owed));
        let session = session.ok_or(Failure::Denied(Denied::NotSignedIn))?;
        let _permit = permission::decide(&session.actor, Action::KeepAccount, Object::default(), self.rules.regions)?;
        let account = session.actor.account().ok_or(Failure::NotThere)?.clone();
        if let Some(attempt) = &call.attempt {
            attempt.aims_at(format!("account:{account}"));
        }
        let call = Call { actor: session.actor.clone(), ..call.clone() };
        Ok((session, account, call))
    }

    async fn seed(&self, account: &AccountId, state: &'static str) -> Result<Option<Seed>, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT sealed, version, step, at FROM second_factors WHERE account_id = $1 AND state = $2",
                [account.as_str().into(), state.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let version = number(&row, "version")?;
        if state == "new" && self.clock.now().0 - number(&row, "at")? >= ENROL_WITHIN {
            return Ok(None);
        }
        let digits = Hidden::new(self.open_column(&place(account), version, SEALED_NAME, &text(&row, "sealed")?)?);
        let bytes = Hidden::new(hex::decode(&*digits).map_err(Failure::fault)?);
        Ok(Some(Seed { bytes, version, step: number(&row, "step")? }))
    }

    /// What the offer proves, if anything.
    pub(super) async fn find_proof(
        &self,
        session: &Session,
        account: &AccountId,
        offer: &Offer,
        now: Moment,
    ) -> Result<Found, Failure> {
        let proof = match offer {
            Offer::App(code) => self.seed(account, "live").await?.and_then(|seed| {
                totp::matching_step(&seed.bytes, code, now, seed.step).map(|step| Proof::App { step })
            }),
            Offer::Signature(signature) => self.find_signature(session, account, signature, now).await?,
            Offer::Passkey(answer) => return self.find_passkey(session, account, answer).await,
            Offer::Recovery(code) => self.find_recovery_code(account, code).await?,
        };
        Ok(proof.ok_or_else(|| (offer.failed(), offer.wrong())))
    }

    async fn find_recovery_code(&self, account: &AccountId, code: &str) -> Result<Option<Proof>, Failure> {
        let id = recovery_id(account, code);
        let row = self
            .store
            .query_one(
                "SELECT 1 AS one FROM recovery_codes WHERE account_id = $1 AND id = $2 AND used_at = 0",
                [account.as_str().into(), id.clone().into()],
            )
            .await
            .map_err(Failure::fault)?;
        Ok(row.map(|_| Proof::Recovery { id }))
    }

    /// How the own second factor stands.
    pub async fn factor_page(&self, call: &Call, face: Face, token: &str) -> Result<FactorPage, Failure> {
        let (session, account, _) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let row = self
            .store
            .query_one(
                "SELECT COALESCE((SELECT f.at FROM second_factors f WHERE f.account_id = $1 AND f.state = 'live'), 0) AS since, \
                 (SELECT COUNT(*) FROM recovery_codes r WHERE r.account_id = $1 AND r.used_at = 0) AS codes, \
                 COALESCE((SELECT MAX(h.at) FROM sign_ins h WHERE h.account_id = $1 AND h.outcome = 'reset'), 0) AS reset_at",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let some = |at: i64| (at > 0).then_some(Moment(at));
        let since = some(number(&row, "since")?);
        let enrolling = self.seed(&account, "new").await?.map(|seed| Enrolling {
            secret: Hidden::new(grouped(&totp::base32(&seed.bytes))),
            address: Hidden::new(totp::address(&seed.bytes, ISSUER, &session.login)),
        });
        let keys = self.keys(&account).await?;
        let new_sm2 = self.waiting(&session.id, KeyKind::Sm2, Purpose::Enrol).await?;
        let none = since.is_none() && keys.is_empty();
        Ok(FactorPage {
            since,
            codes_left: u64::try_from(number(&row, "codes")?).unwrap_or(0),
            enrolling,
            required: self.settings.sign_in.second_factor.of(face) == Demand::Required,
            owed: session.owed == Owed::Enrolment,
            new_passkey: self.new_passkey(&session).await?,
            reset_at: some(number(&row, "reset_at")?).filter(|_| none),
            keys,
            new_sm2: new_sm2.map(|(text, until)| Challenge { text, until }),
        })
    }

    /// Begins an enrolment; the present factor stays until the new one is confirmed. Asks for the password, and for a code
    /// where there is a factor already; whoever has just signed in to enrol has given the password.
    pub async fn begin_factor(
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
        Self::no_enrolment_rows(&session.id, &account).into_iter().for_each(|row| change.row(row));
        let mut seed = vec![0; totp::SEED];
        self.chance.fill(&mut seed);
        let seed = Hidden::new(seed);
        let version = self.clock.now().0;
        let sealed = self.seal_column(&place(&account), version, SEALED_NAME, hex::encode(&*seed))?;
        change.row(Row::new(
            "INSERT INTO second_factors(account_id, state, sealed, version, step, at) VALUES($1, 'new', $2, $3, 0, $3) \
             ON CONFLICT(account_id, state) DO UPDATE SET sealed = excluded.sealed, version = excluded.version, step = 0, at = excluded.at",
            [account.as_str().into(), sealed.into(), version.into()],
        ));
        change.about(format!("account:{account}"));
        change.commit_or("", used_meanwhile).await
    }

    /// Confirms it by a first code. Other sessions end, a half session becomes a whole one, and the recovery codes are new.
    pub async fn confirm_factor(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        code: &str,
        source: &str,
    ) -> Result<Confirmed, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let now = self.clock.now();
        let stale =
            || Refusal::new("factor.none", "没有正在启用的验证器，或者已经超过 30 分钟。请重新开始。").article(ARTICLE);
        let seed = self.seed(&account, "new").await?.ok_or_else(stale)?;
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let Some(step) = totp::matching_step(&seed.bytes, &code, now, 0) else {
            let words = "验证码不正确。请核对手机的时间是否准确，输入验证器此刻显示的 6 位数字。";
            return Err(Refusal::field("code", "factor.code", words).article(ARTICLE).into());
        };
        let mut change = self.change(&call);
        change.row(Row::new(
            "DELETE FROM second_factors WHERE account_id = $1 AND state = 'live'",
            [account.as_str().into()],
        ));
        change.exactly_one(Row::new(
            "UPDATE second_factors SET state = 'live', step = $3, at = $4 WHERE account_id = $1 AND state = 'new' AND version = $2",
            [account.as_str().into(), seed.version.into(), step.into(), now.0.into()],
        ));
        let codes = self.new_recovery_codes(&mut change, &account);
        let half = session.owed == Owed::Enrolment;
        end_others(&mut change, &account, if half { "" } else { &session.id }, "changed");
        let session = if half {
            let opened = self.open_session(change, face, &account, Some(Outcome::Done), source, now).await;
            Some(opened.map_err(lost(stale))?)
        } else {
            change.about(format!("account:{account}"));
            change.commit("").await.map_err(lost(stale))?;
            None
        };
        Ok(Confirmed { codes, session })
    }

    /// Takes the app away. Asks for password and code; where a factor is required the last one stays.
    pub async fn remove_factor(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        if self.seed(&account, "live").await?.is_none() {
            return Err(Failure::NotThere);
        }
        let mut change = self.change(&call);
        let row =
            Row::new("DELETE FROM second_factors WHERE account_id = $1 AND state = 'live'", [account.as_str().into()]);
        self.take_factor_away(&mut change, face, (&session, &account), (proofs, source), row).await?;
        change.commit_or("", used_meanwhile).await
    }

    /// Eight new recovery codes in the place of the old ones. Asks for password and code.
    pub async fn renew_recovery_codes(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<Vec<String>, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        if self.factors(&account).await? == 0 {
            return Err(Failure::NotThere);
        }
        let mut change = self.change(&call);
        self.prove_change(&mut change, face, &session, &account, proofs, source).await?;
        let codes = self.new_recovery_codes(&mut change, &account);
        change.about(format!("account:{account}"));
        change.commit_or("", used_meanwhile).await?;
        Ok(codes)
    }

    /// Ten random bytes each: a fast hash is enough for what nobody can guess.
    pub(super) fn new_recovery_codes(&self, change: &mut Change<'_>, account: &AccountId) -> Vec<String> {
        change.row(Row::new("DELETE FROM recovery_codes WHERE account_id = $1", [account.as_str().into()]));
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let mut bytes = [0; 10];
            self.chance.fill(&mut bytes);
            let code = grouped(&totp::base32(&bytes)).replace(' ', "-");
            change.row(Row::new(
                "INSERT INTO recovery_codes(account_id, id, used_at) VALUES($1, $2, 0)",
                [account.as_str().into(), recovery_id(account, &code).into()],
            ));
            codes.push(code);
        }
        codes
    }
}

/// A lost race in an enrolment: it was confirmed, or begun anew, meanwhile.
fn lost(stale: impl Fn() -> Refusal) -> impl Fn(Failure) -> Failure {
    move |failure| match failure {
        Failure::Conflict => stale().into(),
        other => other,
    }
}

/// Ends every session of the account but one.
pub(super) fn end_others(change: &mut Change<'_>, account: &AccountId, but: &str, why: &'static str) {
    change.row(Row::new(
        "UPDATE sessions SET ended = 1, why_ended = $3 WHERE account_id = $1 AND id <> $2 AND ended = 0",
        [account.as_str().into(), but.into(), why.into()],
    ));
}
