//! 统一身份认证: an account is bound once to a person at the outside provider; from then on the provider stands for the password.
//! The second factor stays owed unless the provider proved one and the administrator lets that count. No account is ever made
//! or found by name: only what was bound counts (S-04, A-08).

use super::{
    Face, SignedIn,
    session::{Owed, number, text, token_id},
    throttle::{FAILURES, Outcome, counter},
};
use crate::{
    Call, Failure, Platform,
    ports::{Arrival, Departure, IdentityProvider, NotVouched, OutsideIdentity},
    settings::Demand,
};
use domain::{Moment, Refusal, ids::AccountId};
use ledger::{Refused, Row, Unit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a journey may take, in milliseconds.
const JOURNEY: i64 = 10 * 60_000;
/// Name under which the secrets of a journey are sealed.
const SEALED_NAME: &str = "journey";
/// Our address a journey comes back to.
pub const RETURN: &str = "/sign-in/outside/return";
const ARTICLE: &str = "GB/T 22239-2019 8.1.4.1";

/// A person the account is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideBinding {
    /// What the person is called there.
    pub name: String,
    /// Since when.
    pub at: Moment,
    /// Last sign-in that way.
    pub used_at: Option<Moment>,
}

/// A journey that may begin.
#[derive(Debug, Clone)]
pub struct Journey {
    /// What the provider is called.
    pub provider: String,
    /// Where the browser goes.
    pub address: String,
    /// The secret of the browser's cookie.
    pub browser: String,
}

/// What the browser brought back.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// The secret of its cookie.
    pub browser: String,
    /// `state`.
    pub state: String,
    /// `code`; empty when the person turned back.
    pub code: String,
    /// `iss`.
    pub issuer: Option<String>,
}

/// How a journey ended.
#[derive(Debug)]
pub enum Arrived {
    /// Signed in, and where the person wanted to go.
    SignedIn(SignedIn, String),
    /// The account of the session is bound.
    Bound,
}

#[derive(Serialize, Deserialize)]
struct Secrets {
    state: String,
    nonce: String,
    verifier: String,
}

fn refuse(code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::new(code, words).article(ARTICLE)
}

fn lost() -> Failure {
    let words = "这次统一身份认证已经超时、已经用过，或者不是从本浏览器开始的。请重新开始。";
    refuse("outside.lost", words).into()
}

fn not_vouched(why: NotVouched) -> Failure {
    match why {
        NotVouched::Unavailable => {
            let words = "统一身份认证暂时连接不上，请稍后再试，或者用登录名和密码登录。";
            refuse("outside.unavailable", words).into()
        }
        NotVouched::Refused => {
            let words = "统一身份认证没有通过核对，没有予以登录。请重新开始；多次出现的，请联系系统管理员。";
            refuse("outside.refused", words).into()
        }
    }
}

impl Platform {
    fn provider(&self) -> Result<&Arc<dyn IdentityProvider>, Failure> {
        let words = "本平台没有开通统一身份认证，请用登录名和密码登录。";
        self.identity.as_ref().ok_or_else(|| refuse("outside.off", words).into())
    }

    /// What the provider of unified identity is called; `None`: it is not offered.
    pub fn outside_name(&self) -> Option<&str> {
        self.identity.as_ref().map(|provider| provider.name())
    }

    fn random(&self) -> String {
        let mut bytes = [0; 32];
        self.chance.fill(&mut bytes);
        hex::encode(bytes)
    }

    async fn begin_journey(
        &self,
        mut change: crate::stream::Change<'_>,
        face: Face,
        session: &str,
        next: &str,
    ) -> Result<Journey, Failure> {
        let provider = self.provider()?;
        let secrets = Secrets { state: self.random(), nonce: self.random(), verifier: self.random() };
        let leave = self.departure(face, &secrets);
        let address = provider.departure(&leave).await.map_err(not_vouched)?;
        let (browser, now) = (self.random(), self.clock.now());
        let id = token_id(&secrets.state);
        let sealed = serde_json::to_string(&secrets).map_err(Failure::fault)?;
        let sealed = self.seal_column(&format!("journey:{id}"), now.0, SEALED_NAME, sealed)?;
        change.row(Row::new("DELETE FROM journeys WHERE at < $1", [(now.0 - JOURNEY).into()]));
        change.row(Row::new(
            "INSERT INTO journeys(id, browser, session_id, face, sealed, next, at) VALUES($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                token_id(&browser).into(),
                session.into(),
                face.slug().into(),
                sealed.into(),
                next.into(),
                now.0.into(),
            ],
        ));
        change.commit_or("journey", crate::stream::refused).await?;
        Ok(Journey { provider: provider.name().to_owned(), address, browser })
    }

    fn departure(&self, face: Face, secrets: &Secrets) -> Departure {
        Departure {
            redirect: format!("{}{RETURN}", self.site(face)),
            state: secrets.state.clone(),
            nonce: secrets.nonce.clone(),
            verifier: secrets.verifier.clone(),
        }
    }

    /// Begins a sign-in at the provider.
    pub async fn leave_to_sign_in(&self, call: &Call, face: Face, next: &str) -> Result<Journey, Failure> {
        self.begin_journey(self.change(call), face, "", next).await
    }

    /// Begins the binding of the own account. Asks for the same proofs as a change of the factors.
    pub async fn leave_to_bind(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<Journey, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        self.provider()?;
        if self.outside_binding_of(&account).await?.is_some() {
            return Err(refuse("outside.bound", "本账号已经绑定。要换绑的，请先解除。").into());
        }
        let mut change = self.change(&call);
        self.prove_change(&mut change, face, &session, &account, proofs, source).await?;
        change.about(format!("account:{account}"));
        self.begin_journey(change, face, &session.id, "").await
    }

    /// The end of a journey. The journey is over whatever comes of it: what was brought back once is worth nothing twice.
    pub async fn arrive(&self, call: &Call, face: Face, brought: &Brought, source: &str) -> Result<Arrived, Failure> {
        let provider = self.provider()?;
        let now = self.clock.now();
        let id = token_id(&brought.state);
        let row = self
            .store
            .query_one(
                "SELECT session_id, sealed, next, at FROM journeys WHERE id = $1 AND browser = $2 AND face = $3",
                [id.clone().into(), token_id(&brought.browser).into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or_else(lost)?;
        let at = number(&row, "at")?;
        let (session, next) = (text(&row, "session_id")?, text(&row, "next")?);
        // A commit of its own, without an audit record: that of the request follows.
        let mut over = Unit::new();
        over.exactly_one(Row::new("DELETE FROM journeys WHERE id = $1", [id.clone().into()]));
        self.store.commit(over).await.map_err(|refused| match refused {
            Refused::Conflict => lost(),
            other => crate::stream::refused(other),
        })?;
        if now.0 - at >= JOURNEY {
            return Err(lost());
        }
        if brought.code.is_empty() {
            let words = "统一身份认证没有完成，没有予以登录。请重新开始，或者用登录名和密码登录。";
            return Err(refuse("outside.turned_back", words).into());
        }
        let secrets = self.open_column(&format!("journey:{id}"), at, SEALED_NAME, &text(&row, "sealed")?)?;
        let secrets: Secrets = serde_json::from_slice(&secrets).map_err(Failure::fault)?;
        let leave = self.departure(face, &secrets);
        let arrival = Arrival { leave, code: brought.code.clone(), issuer: brought.issuer.clone() };
        let identity = provider.arrival(&arrival).await.map_err(not_vouched)?;
        if session.is_empty() {
            self.sign_in_from_outside(call, face, &identity, source)
                .await
                .map(|session| Arrived::SignedIn(session, next))
        } else {
            self.bind(call, face, &session, &identity).await
        }
    }

    async fn sign_in_from_outside(
        &self,
        call: &Call,
        face: Face,
        identity: &OutsideIdentity,
        source: &str,
    ) -> Result<SignedIn, Failure> {
        let now = self.clock.now();
        let pair = counter(&["outside", face.slug(), &identity.issuer, &identity.subject, source]);
        if self.must_wait(&pair, FAILURES, now).await? {
            return Err(refuse("sign_in.wait", "登录失败次数过多，请 30 分钟后再试。").into());
        }
        let row = self
            .store
            .query_one(
                "SELECT a.login FROM outside_subjects o JOIN accounts a ON a.id = o.account_id \
                 WHERE o.face = $1 AND o.issuer = $2 AND o.subject = $3 AND a.disabled = 0",
                [face.slug().into(), identity.issuer.clone().into(), identity.subject.clone().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let login = row.map(|row| text(&row, "login")).transpose()?;
        let found = match login {
            Some(login) => self.find_account(face, &login).await?,
            None => None,
        };
        let Some(found) = found else {
            self.note_failure(&[&pair], None, source, now).await?;
            let words = format!(
                "统一身份“{}”还没有绑定本平台的账号。请先用登录名和密码登录，在“账户中心—统一身份认证”绑定，以后就可以这样登录。",
                identity.name
            );
            return Err(refuse("outside.unbound", words).into());
        };
        self.refuse_unused(face, &found, source, now).await?;
        let mut change = self.change(call);
        change.row(Row::new(
            "UPDATE outside_subjects SET used_at = $2 WHERE account_id = $1",
            [found.id.as_str().into(), now.0.into()],
        ));
        let owes = found.has_factor || self.settings.sign_in.second_factor.of(face) == Demand::Required;
        let outcome = (!owes || identity.second_factor).then_some(Outcome::Outside);
        self.open_session(change, face, &found.id, outcome, source, now).await
    }

    /// The session that began the journey must still be whole.
    async fn bind(
        &self,
        call: &Call,
        face: Face,
        session: &str,
        identity: &OutsideIdentity,
    ) -> Result<Arrived, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT s.account_id FROM sessions s JOIN accounts a ON a.id = s.account_id \
                 WHERE s.id = $1 AND s.face = $2 AND s.ended = 0 AND s.half = 0 AND a.disabled = 0",
                [session.into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or_else(lost)?;
        let account = AccountId(text(&row, "account_id")?);
        if self.outside_binding_of(&account).await?.is_some() {
            return Err(refuse("outside.bound", "本账号已经绑定。要换绑的，请先解除。").into());
        }
        let actor = self.actor(&account).await?;
        let call = Call { actor, ..call.clone() };
        let mut change = self.change(&call);
        change.row(Row::new(
            "INSERT INTO outside_subjects(account_id, face, issuer, subject, name, at, used_at) VALUES($1, $2, $3, $4, $5, $6, 0)",
            [
                account.as_str().into(),
                face.slug().into(),
                identity.issuer.clone().into(),
                identity.subject.clone().into(),
                identity.name.chars().filter(|c| !c.is_control()).take(60).collect::<String>().into(),
                self.clock.now().0.into(),
            ],
        ));
        change.about(format!("account:{account}"));
        change
            .commit_or("", |refused| match refused {
                Refused::Taken(_) => {
                    let words = "这个统一身份已经绑定了本平台的另一个账号，一个统一身份只能绑定一个账号。";
                    refuse("outside.taken", words).into()
                }
                other => crate::stream::refused(other),
            })
            .await?;
        Ok(Arrived::Bound)
    }

    async fn outside_binding_of(&self, account: &AccountId) -> Result<Option<OutsideBinding>, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT name, at, used_at FROM outside_subjects WHERE account_id = $1",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.map(|row| {
            let used = number(&row, "used_at")?;
            Ok(OutsideBinding {
                name: text(&row, "name")?,
                at: Moment(number(&row, "at")?),
                used_at: (used > 0).then_some(Moment(used)),
            })
        })
        .transpose()
    }

    /// The person the own account is bound to.
    pub async fn outside_binding(
        &self,
        call: &Call,
        face: Face,
        token: &str,
    ) -> Result<Option<OutsideBinding>, Failure> {
        let (_, account, _) = self.own(call, face, token, &[Owed::Nothing]).await?;
        self.outside_binding_of(&account).await
    }

    /// Unbinds the own account. Asks for the same proofs as a change of the factors.
    pub async fn unbind_outside(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing]).await?;
        if self.outside_binding_of(&account).await?.is_none() {
            return Err(refuse("outside.none", "本账号没有绑定统一身份。").into());
        }
        let mut change = self.change(&call);
        self.prove_change(&mut change, face, &session, &account, proofs, source).await?;
        change.row(Row::new("DELETE FROM outside_subjects WHERE account_id = $1", [account.as_str().into()]));
        change.about(format!("account:{account}"));
        change.commit_or("", super::sign_in::used_meanwhile).await
    }
}
