//! 挑战: what a key of a person has to answer. Bound to one session, one kind of key and one purpose; it ends by itself, and its
//! answer takes it away (S-04, P-01).

use super::{
    Face,
    session::{Owed, Session, number, text},
    sign_in::DAY,
};
use crate::{Call, Failure, Platform};
use domain::{
    Moment,
    account::factor::{self, KeyKind, Purpose},
    ids::AccountId,
};
use ledger::Row;

/// A challenge that waits, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The line to be signed.
    pub text: String,
    /// Until when.
    pub until: Moment,
}

/// What a proof in a session is for; `None` where the session owes something else.
pub(super) fn purpose(session: &Session) -> Option<Purpose> {
    match session.owed {
        Owed::Code => Some(Purpose::SignIn),
        Owed::Nothing => Some(Purpose::Change),
        Owed::Enrolment | Owed::Password => None,
    }
}

/// What a session may owe that asks for a challenge.
pub(super) fn owing(purpose: Purpose) -> &'static [Owed] {
    match purpose {
        Purpose::SignIn => &[Owed::Code],
        Purpose::Change => &[Owed::Nothing],
        Purpose::Enrol => &[Owed::Nothing, Owed::Enrolment],
    }
}

impl Platform {
    /// The address of that face.
    pub(super) fn site(&self, face: Face) -> &str {
        match face {
            Face::Portal => &self.settings.portal_url,
            Face::Office => &self.settings.office_url,
        }
    }

    /// The line an SM2 key of the person signs.
    pub(super) fn line(&self, face: Face, session: &Session, purpose: Purpose) -> String {
        let mut nonce = [0; 32];
        self.chance.fill(&mut nonce);
        factor::challenge(purpose, self.site(face), &session.login, &nonce)
    }

    /// Rows that put a challenge in the place of an earlier one; what nobody answered for a day goes.
    pub(super) fn challenge_rows(&self, session: &str, kind: KeyKind, purpose: Purpose, data: String) -> [Row; 2] {
        let now = self.clock.now();
        [
            Row::new("DELETE FROM challenges WHERE at < $1", [(now.0 - DAY).into()]),
            Row::new(
                "INSERT INTO challenges(session_id, kind, purpose, data, at) VALUES($1, $2, $3, $4, $5) \
                 ON CONFLICT(session_id, kind, purpose) DO UPDATE SET data = excluded.data, at = excluded.at",
                [session.into(), kind.slug().into(), purpose.slug().into(), data.into(), now.0.into()],
            ),
        ]
    }

    /// The row that takes it away; must change exactly one, so of two answers at the same time one loses.
    pub(super) fn answered_row(session: &str, kind: KeyKind, purpose: Purpose, data: String) -> Row {
        Row::new(
            "DELETE FROM challenges WHERE session_id = $1 AND kind = $2 AND purpose = $3 AND data = $4",
            [session.into(), kind.slug().into(), purpose.slug().into(), data.into()],
        )
    }

    /// Rows that end every enrolment of the person that waits: there is one at a time.
    pub(super) fn no_enrolment_rows(session: &str, account: &AccountId) -> [Row; 2] {
        [
            Row::new("DELETE FROM second_factors WHERE account_id = $1 AND state = 'new'", [account.as_str().into()]),
            Row::new(
                "DELETE FROM challenges WHERE session_id = $1 AND purpose = $2",
                [session.into(), Purpose::Enrol.slug().into()],
            ),
        ]
    }

    /// Ends the enrolment that waits, if there is one.
    pub async fn cancel_enrolment(&self, call: &Call, face: Face, token: &str) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, &[Owed::Nothing, Owed::Enrolment]).await?;
        let mut change = self.change(&call);
        Self::no_enrolment_rows(&session.id, &account).into_iter().for_each(|row| change.row(row));
        change.about(format!("account:{account}"));
        change.commit("").await
    }

    /// What waits in the session, with the end of its time.
    pub(super) async fn waiting(
        &self,
        session: &str,
        kind: KeyKind,
        purpose: Purpose,
    ) -> Result<Option<(String, Moment)>, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT data, at FROM challenges WHERE session_id = $1 AND kind = $2 AND purpose = $3",
                [session.into(), kind.slug().into(), purpose.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let until = Moment(number(&row, "at")? + purpose.within());
        Ok(if self.clock.now() < until { Some((text(&row, "data")?, until)) } else { None })
    }

    /// A new challenge for the SM2 keys of the person, at the second step of a sign-in or before a change of the own factors.
    pub async fn issue_challenge(&self, call: &Call, face: Face, token: &str, purpose: Purpose) -> Result<(), Failure> {
        let (session, account, call) = self.own(call, face, token, owing(purpose)).await?;
        if !self.keys(&account).await?.iter().any(|key| key.kind == KeyKind::Sm2) {
            return Err(Failure::NotThere);
        }
        let mut change = self.change(&call);
        for row in self.challenge_rows(&session.id, KeyKind::Sm2, purpose, self.line(face, &session, purpose)) {
            change.row(row);
        }
        change.about(format!("account:{account}"));
        change.commit("").await
    }

    /// The line that waits to be signed by an SM2 key in this session.
    pub async fn challenge(
        &self,
        call: &Call,
        face: Face,
        token: &str,
        purpose: Purpose,
    ) -> Result<Option<Challenge>, Failure> {
        let (session, ..) = self.own(call, face, token, owing(purpose)).await?;
        let waiting = self.waiting(&session.id, KeyKind::Sm2, purpose).await?;
        Ok(waiting.map(|(text, until)| Challenge { text, until }))
    }
}
