//! 通行密钥 (WebAuthn): registered and asked by the browser, verified here by `webauthn-rs`. The relying party is the host of the
//! face's own address; its state lies beside the other challenges of a session (S-04).
//!
//! The random challenge is drawn by the library itself (from the operating system), not by our port.

use super::{
    Face,
    challenge::{owing, purpose},
    factor::{Confirmed, Found, Proof},
    key::{Key, NewKey},
    session::{Owed, Session},
    sign_in::used_meanwhile,
    throttle::Outcome,
};
use crate::{Call, Failure, Platform};
use domain::{
    Refusal,
    account::factor::{self, KeyKind, Purpose},
    ids::AccountId,
};
use ledger::Row;
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        CreationChallengeResponse, CredentialID, Passkey, PasskeyAuthentication, PasskeyRegistration,
        PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, WebauthnError,
    },
};

const ARTICLE: &str = "GB/T 22239-2019 8.1.4.1";
/// How browsers call the platform.
const NAME: &str = "内蒙古投资项目平台";

/// An enrolment under way.
#[derive(Serialize, Deserialize)]
struct Enrolment {
    options: CreationChallengeResponse,
    state: PasskeyRegistration,
}

fn unusable() -> Refusal {
    let words = "本平台的地址不是域名，不能使用通行密钥。请用其他方式。";
    Refusal::new("passkey.address", words).article(ARTICLE)
}

fn no_challenge() -> Refusal {
    let words = "通行密钥的核对已经超时，或者已经用过。请重新点按钮核对。";
    Refusal::field("passkey", "passkey.no_challenge", words).article(ARTICLE)
}

fn refused_first() -> Refusal {
    let words = "没有创建成功。请重新点“创建通行密钥”，按浏览器的提示用指纹、面容或者 PIN 确认。";
    Refusal::field("passkey", "passkey.first", words).article(ARTICLE)
}

/// The address a browser must show for passkeys of that site: a bare loopback address is called by its name.
fn origin(site: &str) -> Option<Url> {
    let mut url = Url::parse(site).ok()?;
    let is_loopback = url.host_str().is_some_and(|host| {
        host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    if is_loopback {
        url.set_host(Some("localhost")).ok()?;
    }
    url.domain().is_some().then_some(url)
}

fn mark(credential: &CredentialID) -> String {
    hex::encode(Sm3::digest(credential.as_slice()).as_slice()).chars().take(16).collect()
}

fn passkeys(keys: &[Key]) -> Result<Vec<(&Key, Passkey)>, Failure> {
    let mine = keys.iter().filter(|key| key.kind == KeyKind::Passkey);
    mine.map(|key| Ok((key, serde_json::from_str(&key.data).map_err(Failure::fault)?))).collect()
}

impl Platform {
    /// Where a browser must be to use passkeys of that face; `None` where they cannot be used.
    pub fn passkey_origin(&self, face: Face) -> Option<String> {
        origin(self.site(face)).map(|url| url.origin().ascii_serialization())
    }

    fn relying_party(&self, face: Face) -> Result<Webauthn, Failure> {
        let origin = origin(self.site(face)).ok_or_else(unusable)?;
        let host = origin.domain().ok_or_else(unusable)?.to_owned();
        let builder = WebauthnBuilder::new(&host, &origin).map_err(Failure::fault)?;
        builder.rp_name(NAME).build().map_err(Failure::fault)
    }

    /// Begins the enrolment of a passkey. Asks for the same proofs as every change of the factors.
    pub async fn begin_passkey(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        proofs: (&str, &str),
        source: &str,
    ) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let party = self.relying_party(face)?;
        let mut change = self.change(&call);
        self.prove_change(&mut change, face, &session, &account, proofs, source).await?;
        let keys = self.keys(&account).await?;
        factor::may_add_key(keys.len())?;
        let held = passkeys(&keys)?.into_iter().map(|(_, passkey)| passkey.cred_id().clone()).collect();
        // An opaque number of the account: the device keeps it, and it says nothing about the person.
        let digest = Sm3::digest(account.as_str().as_bytes());
        let mut number = [0; 16];
        number.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        let (options, state) = party
            .start_passkey_registration(Uuid::from_bytes(number), &session.login, &session.login, Some(held))
            .map_err(Failure::fault)?;
        let data = serde_json::to_string(&Enrolment { options, state }).map_err(Failure::fault)?;
        Self::no_enrolment_rows(&session.id, &account).into_iter().for_each(|row| change.row(row));
        for row in self.challenge_rows(&session.id, KeyKind::Passkey, Purpose::Enrol, data) {
            change.row(row);
        }
        change.about(format!("account:{account}"));
        change.commit_or("", used_meanwhile).await
    }

    /// What the browser needs to create the passkey whose enrolment waits (JSON of the WebAuthn options).
    pub(super) async fn new_passkey(&self, session: &Session) -> Result<Option<String>, Failure> {
        let waiting = self.waiting(&session.id, KeyKind::Passkey, Purpose::Enrol).await?;
        let options = |(data, _): (String, _)| {
            let enrolment: Enrolment = serde_json::from_str(&data).map_err(Failure::fault)?;
            serde_json::to_string(&enrolment.options).map_err(Failure::fault)
        };
        waiting.map(options).transpose()
    }

    /// Registers the passkey the browser created.
    pub async fn confirm_passkey(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        (name, answer): (&str, &str),
        source: &str,
    ) -> Result<Confirmed, Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let waiting = self.waiting(&session.id, KeyKind::Passkey, Purpose::Enrol).await?;
        let (data, _) = waiting.ok_or_else(no_challenge)?;
        let name = factor::key_name(name)?;
        let enrolment: Enrolment = serde_json::from_str(&data).map_err(Failure::fault)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| refused_first())?;
        let passkey = self.relying_party(face)?.finish_passkey_registration(&answer, &enrolment.state);
        let passkey = passkey.map_err(|error| {
            tracing::warn!(account.id = %account, %error, "a passkey was not registered");
            refused_first()
        })?;
        let new = NewKey {
            kind: KeyKind::Passkey,
            name,
            mark: mark(passkey.cred_id()),
            data: serde_json::to_string(&passkey).map_err(Failure::fault)?,
            until: None,
        };
        let answered = Self::answered_row(&session.id, KeyKind::Passkey, Purpose::Enrol, data);
        self.add_key(self.change(&call), face, (&session, &account), answered, new, source).await
    }

    /// A challenge for the passkeys of the person, as JSON of the WebAuthn options: at the second step of a sign-in, or before a
    /// change of the own factors.
    pub async fn ask_passkey(&self, call: &Call, face: Face, token: &str, purpose: Purpose) -> Result<String, Failure> {
        let (session, account, call) = self.own(call, face, token, owing(purpose)).await?;
        let keys = self.keys(&account).await?;
        let held: Vec<_> = passkeys(&keys)?.into_iter().map(|(_, passkey)| passkey).collect();
        if held.is_empty() {
            return Err(Failure::NotThere);
        }
        let party = self.relying_party(face)?;
        let (options, state) = party.start_passkey_authentication(&held).map_err(Failure::fault)?;
        let data = serde_json::to_string(&state).map_err(Failure::fault)?;
        let mut change = self.change(&call);
        for row in self.challenge_rows(&session.id, KeyKind::Passkey, purpose, data) {
            change.row(row);
        }
        change.about(format!("account:{account}"));
        change.commit("").await?;
        serde_json::to_string(&options).map_err(Failure::fault)
    }

    /// What the answer of a passkey proves.
    pub(super) async fn find_passkey(
        &self,
        session: &Session,
        account: &AccountId,
        answer: &str,
    ) -> Result<Found, Failure> {
        let nothing = || (Outcome::WrongPasskey, wrong_passkey());
        let purpose = purpose(session).ok_or(Failure::NotThere)?;
        let waiting = self.waiting(&session.id, KeyKind::Passkey, purpose).await?;
        let (data, _) = waiting.ok_or_else(no_challenge)?;
        let state: PasskeyAuthentication = serde_json::from_str(&data).map_err(Failure::fault)?;
        let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else { return Ok(Err(nothing())) };
        let keys = self.keys(account).await?;
        let held = passkeys(&keys)?;
        let result = match self.relying_party(session.face)?.finish_passkey_authentication(&answer, &state) {
            Ok(result) => result,
            Err(WebauthnError::CredentialPossibleCompromise) => {
                let copied = held.iter().find(|(_, passkey)| passkey.cred_id().as_slice() == answer.raw_id.as_slice());
                let name = copied.map_or("", |(key, _)| key.name.as_str());
                return Ok(Err((Outcome::Copied, self::copied(name))));
            }
            Err(error) => {
                tracing::warn!(account.id = %account, %error, "a passkey proved nothing");
                return Ok(Err(nothing()));
            }
        };
        let used = held.into_iter().find(|(_, passkey)| passkey.cred_id() == result.cred_id());
        // It was taken away since the challenge.
        let Some((key, mut passkey)) = used else { return Ok(Err(nothing())) };
        passkey.update_credential(&result);
        let fresh = serde_json::to_string(&passkey).map_err(Failure::fault)?;
        let rows = vec![
            Self::answered_row(&session.id, KeyKind::Passkey, purpose, data),
            Row::new(
                "UPDATE sign_in_keys SET used_at = $3, data = $4 WHERE id = $1 AND account_id = $2 AND data = $5",
                [
                    key.id.clone().into(),
                    account.as_str().into(),
                    self.clock.now().0.into(),
                    fresh.into(),
                    key.data.clone().into(),
                ],
            ),
        ];
        Ok(Ok(Proof::Key { rows }))
    }
}

/// What is said about an answer that proves nothing.
pub(super) fn wrong_passkey() -> Refusal {
    let words = "通行密钥没有通过核对。请重新点“用通行密钥”，或者改用其他方式。";
    Refusal::field("passkey", "sign_in.passkey", words).article(ARTICLE)
}

/// What is said about a key that may have been copied.
fn copied(name: &str) -> Refusal {
    let words = format!(
        "通行密钥“{name}”的使用次数比上次还少，可能已经被复制，没有予以登录。请改用其他方式登录，到“账户中心—双因素认证”移除它，并联系管理员。"
    );
    Refusal::field("passkey", "sign_in.copied", words).article(ARTICLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s04_the_relying_party_is_the_host_of_the_face_and_no_bare_address() {
        for (site, expected) in [
            ("https://tzxm.example.gov.cn", Some("https://tzxm.example.gov.cn")),
            ("http://127.0.0.1:8080", Some("http://localhost:8080")),
            ("http://[::1]:8081", Some("http://localhost:8081")),
            ("https://10.1.2.3", None),
            ("nonsense", None),
        ] {
            let found = origin(site).map(|url| url.origin().ascii_serialization());
            assert_eq!(found.as_deref(), expected, "{site}");
        }
    }
}
