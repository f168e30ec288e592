//! Sign-in and sessions: opaque random tokens looked up on the server (security decision 4).

use super::sign_in::DAY;
use crate::{Actor, Call, Failure, Platform, detection::Noticed, settings::Demand};
use domain::{
    Moment,
    account::{Account, Post},
    ids::{AccountId, UnitId},
};
use ledger::{AuditEntry, QueryResult, Row, Unit};
use sm3::{Digest, Sm3};
use std::{collections::BTreeSet, net::IpAddr};

/// Which face a session belongs to; sessions are never shared between faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Internet portal.
    Portal,
    /// Government office.
    Office,
}

impl Face {
    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Office => "office",
        }
    }

    /// Idle and absolute limits, in milliseconds (S-02).
    fn limits(self) -> (i64, i64) {
        match self {
            Self::Portal => (30 * 60_000, 12 * 3_600_000),
            Self::Office => (15 * 60_000, 8 * 3_600_000),
        }
    }

    /// Whether a session that began and was last seen then is over.
    fn is_over(self, now: i64, created: i64, seen: i64) -> bool {
        let (idle, absolute) = self.limits();
        now - seen > idle || now - created > absolute
    }

    /// Least characters of a password (S-01).
    pub fn password_length(self) -> usize {
        match self {
            Self::Portal => 10,
            Self::Office => 12,
        }
    }
}

/// What a person still owes before the session opens anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// Nothing: signed in.
    Nothing,
    /// The code of the second factor.
    Code,
    /// A second factor of the own (S-04).
    Enrolment,
    /// A new password: the present one is too old (S-01).
    Password,
}

impl Owed {
    /// `half`: the second factor was not proved in this session.
    fn of(half: bool, has_factor: bool, demand: Demand, password_too_old: bool) -> Self {
        match (half, has_factor) {
            (true, true) => Self::Code,
            (true, false) => Self::Enrolment,
            (false, false) if demand == Demand::Required => Self::Enrolment,
            _ if password_too_old => Self::Password,
            _ => Self::Nothing,
        }
    }
}

/// A session that just began: the token goes into the cookie and nowhere else.
pub struct SignedIn {
    /// Secret of the cookie, 64 hex digits.
    pub token: String,
    /// Who signed in.
    pub account: AccountId,
    /// What is still owed.
    pub owed: Owed,
    /// Whether a session elsewhere ended by it (S-07).
    pub ended_elsewhere: bool,
}

/// Never shows the token.
impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("account", &self.account).field("owed", &self.owed).finish_non_exhaustive()
    }
}

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id: the hash of the token, fit for the audit record.
    pub id: String,
    /// Its face.
    pub face: Face,
    /// Who.
    pub actor: Actor,
    /// Sign-in name.
    pub login: String,
    /// What is still owed: until then the actor may do nothing else.
    pub owed: Owed,
}

/// One of the own live sessions.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Where from.
    pub source: String,
    /// Since when.
    pub created_at: Moment,
    /// Last seen.
    pub seen_at: Moment,
}

/// A session's last-seen time is written at most this often, in milliseconds.
const SEEN_EVERY: i64 = 60_000;

/// The posts of a session as they are kept with it.
pub(super) fn held(posts: &[Post]) -> String {
    let words: BTreeSet<String> =
        posts.iter().map(|post| format!("{:?}@{}@{}", post.role, post.department, post.region)).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Whether a post came since.
fn has_gained(before: &str, posts: &[Post]) -> bool {
    let before: BTreeSet<&str> = before.split(' ').collect();
    held(posts).split(' ').any(|post| !post.is_empty() && !before.contains(post))
}

pub(super) fn token_id(token: &str) -> String {
    hex::encode(Sm3::digest(token.as_bytes()).as_slice())
}

pub(super) fn text(row: &QueryResult, column: &str) -> Result<String, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

pub(super) fn number(row: &QueryResult, column: &str) -> Result<i64, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

impl Platform {
    /// The live session of a cookie's token, with the rights its person has at this moment, and with what is still owed.
    pub async fn session(&self, face: Face, token: &str) -> Result<Option<Session>, Failure> {
        self.find_session(face, token, None).await
    }

    /// The same for a request from there: a session of the office is good in the network it began in; from elsewhere it ends.
    pub async fn session_from(
        &self,
        face: Face,
        token: &str,
        source: Option<IpAddr>,
    ) -> Result<Option<Session>, Failure> {
        self.find_session(face, token, source).await
    }

    async fn find_session(&self, face: Face, token: &str, source: Option<IpAddr>) -> Result<Option<Session>, Failure> {
        if token.len() != 64 {
            return Ok(None);
        }
        let id = token_id(token);
        let rows = self
            .store
            .query_few(
                "SELECT s.created_at, s.seen_at, s.half, s.source, s.held, a.id, a.login, a.name, a.unit_id, COALESCE(u.name, '') AS unit_name, \
                 COALESCE(c.changed_at, 0) AS changed_at, (SELECT COUNT(*) FROM second_factors f WHERE f.account_id = a.id AND f.state = 'live') + \
                 (SELECT COUNT(*) FROM sign_in_keys k WHERE k.account_id = a.id) AS factors FROM sessions s \
                 JOIN accounts a ON a.id = s.account_id LEFT JOIN units u ON u.id = a.unit_id \
                 LEFT JOIN credentials c ON c.account_id = a.id \
                 WHERE s.id = $1 AND s.face = $2 AND s.ended = 0 AND a.disabled = 0",
                [id.clone().into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let now = self.clock.now().0;
        let (seen, created) = (number(row, "seen_at")?, number(row, "created_at")?);
        if face.is_over(now, created, seen) {
            return Ok(None);
        }
        if now - seen > SEEN_EVERY {
            let mut unit = Unit::new();
            unit.row(Row::new("UPDATE sessions SET seen_at = $2 WHERE id = $1", [id.clone().into(), now.into()]));
            self.store.commit(unit).await.map_err(crate::stream::refused)?;
        }
        let (account, login) = (AccountId(text(row, "id")?), text(row, "login")?);
        let rules = &self.settings.sign_in;
        let too_old = now - number(row, "changed_at")? >= rules.password_days * DAY;
        let has_factor = number(row, "factors")? > 0;
        let owed = Owed::of(number(row, "half")? == 1, has_factor, rules.second_factor.of(face), too_old);
        let actor = match face {
            Face::Portal => Actor::Unit {
                account,
                unit: UnitId(text(row, "unit_id")?),
                login: login.clone(),
                unit_name: text(row, "unit_name")?,
            },
            Face::Office => {
                let posts = self.posts_today(&account).await?;
                let began = text(row, "source")?.parse().ok();
                if began.zip(source).is_some_and(|(began, now)| !rules.session_network.holds(began, now)) {
                    self.end_moved(&id, &account, source).await?;
                    return Ok(None);
                }
                if number(row, "half")? == 0 && has_gained(&text(row, "held")?, &posts) {
                    self.end_promoted(&id).await?;
                    return Ok(None);
                }
                Actor::Officer { account, name: text(row, "name")?, posts }
            }
        };
        Ok(Some(Session { id, face, actor, login, owed }))
    }

    /// Ends a session that turned up in another network, and notes it for the detection.
    async fn end_moved(&self, id: &str, account: &AccountId, source: Option<IpAddr>) -> Result<(), Failure> {
        let mut unit = Unit::new();
        unit.row(Row::new(
            "UPDATE sessions SET ended = 1, why_ended = 'moved' WHERE id = $1 AND ended = 0",
            [id.into()],
        ));
        let source = source.map(|source| source.to_string()).unwrap_or_default();
        let entry = Noticed::MovedSession.entry(self.clock.now().0, &source, format!("account:{account}"));
        unit.audit(AuditEntry {
            face: Face::Office.slug().to_owned(),
            session: id.to_owned(),
            actor: account.to_string(),
            ..entry
        });
        self.store.commit(unit).await.map_err(crate::stream::refused)
    }

    /// Ends a session whose person may do more than when it began: the next one has another token.
    async fn end_promoted(&self, id: &str) -> Result<(), Failure> {
        let mut unit = Unit::new();
        unit.row(Row::new(
            "UPDATE sessions SET ended = 1, why_ended = 'promoted' WHERE id = $1 AND ended = 0",
            [id.into()],
        ));
        self.store.commit(unit).await.map_err(crate::stream::refused)
    }

    /// Live sessions of an account, the one seen last first.
    pub(super) async fn live_sessions(&self, face: Face, account: &AccountId) -> Result<Vec<SessionRow>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id, source, created_at, seen_at FROM sessions WHERE account_id = $1 AND face = $2 AND ended = 0 AND half = 0 \
                 ORDER BY seen_at DESC, id LIMIT 100",
                [account.as_str().into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let now = self.clock.now().0;
        let mut live = Vec::new();
        for row in &rows {
            let (created, seen) = (number(row, "created_at")?, number(row, "seen_at")?);
            if !face.is_over(now, created, seen) {
                let (id, source) = (text(row, "id")?, text(row, "source")?);
                live.push(SessionRow { id, source, created_at: Moment(created), seen_at: Moment(seen) });
            }
        }
        Ok(live)
    }

    /// Why the session of this token is no more, in words for its person; `None` when there is nothing to say.
    pub async fn farewell(&self, face: Face, token: &str) -> Result<Option<&'static str>, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT ended, why_ended, created_at, seen_at FROM sessions WHERE id = $1 AND face = $2",
                [token_id(token).into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = row else { return Ok(None) };
        let over = face.is_over(self.clock.now().0, number(&row, "created_at")?, number(&row, "seen_at")?);
        Ok(match text(&row, "why_ended")?.as_str() {
            "replaced" => Some("您的账号刚刚在另一处登录。管理员账号同一时间只能在一处登录，本处已经退出。"),
            "ended" => Some("这次登录已在“账户中心”中被您结束。"),
            "changed" => Some("您的密码或者双因素认证已经更改，请重新登录。"),
            "moved" => Some(
                "您的登录是在另一个网络开始的。为防止登录凭据被盗用，更换网络后须重新登录；不是您本人更换网络的，请立即修改密码。",
            ),
            "promoted" => Some("您的岗位刚刚有所增加，请重新登录，登录后即可使用新的岗位。"),
            "reset" => Some("您的双因素认证已由管理员重置，请用密码登录后重新启用。"),
            _ if number(&row, "ended")? == 0 && over => Some("很久没有操作，已自动退出。请重新登录。"),
            _ => None,
        })
    }

    /// Posts held today, by rows that carry the platform's check value; any other row gives no right and is reported (S-25).
    pub(crate) async fn posts_today(&self, account: &AccountId) -> Result<Vec<Post>, Failure> {
        let today = crate::read::day_number(self.clock.now().date());
        let rows = self
            .store
            .query_few(
                "SELECT account_id, department, region, role, from_day, to_day, mac FROM posts WHERE account_id = $1 AND from_day <= $2 \
                 AND (to_day IS NULL OR to_day >= $2) ORDER BY department, region, role",
                [account.as_str().into(), today.into()],
            )
            .await
            .map_err(Failure::fault)?;
        self.proved_posts(account, &rows).await
    }

    /// The actor an account is, outside of a session: command line and simulation.
    pub async fn actor(&self, account: &AccountId) -> Result<Actor, Failure> {
        use domain::account::Holder;
        let stream = self.load::<Account>(account.as_str()).await?;
        let Account { id, login, name, holder, disabled, .. } = stream.state;
        match holder {
            Some(Holder::Unit(unit)) if !disabled => {
                let unit_name = self.load::<domain::unit::ProjectUnit>(unit.as_str()).await?.state.name;
                Ok(Actor::Unit { account: id, unit, login, unit_name })
            }
            Some(Holder::Officer) if !disabled => {
                let posts = self.posts_today(&id).await?;
                Ok(Actor::Officer { account: id, name, posts })
            }
            _ => Err(Failure::NotThere),
        }
    }

    /// The officer with that sign-in name, if there is one: command line and simulation.
    pub async fn find_officer(&self, login: &str) -> Result<Option<Actor>, Failure> {
        let row = self
            .store
            .query_one("SELECT id FROM accounts WHERE face = 'office' AND login = $1", [login.into()])
            .await
            .map_err(Failure::fault)?;
        match row {
            Some(row) => Ok(Some(self.actor(&AccountId(text(&row, "id")?)).await?)),
            None => Ok(None),
        }
    }

    /// Ends a session.
    pub async fn sign_out(&self, call: &Call, token: &str) -> Result<(), Failure> {
        let mut change = self.change(call);
        change.row(Row::new("UPDATE sessions SET ended = 1 WHERE id = $1", [token_id(token).into()]));
        change.commit("").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s04_what_is_owed_follows_from_session_factor_and_setting() {
        use Demand::{Offered, Required};
        for (half, has_factor, demand, too_old, owed) in [
            (false, false, Offered, false, Owed::Nothing),
            (false, true, Required, false, Owed::Nothing),
            (false, false, Required, false, Owed::Enrolment),
            (false, false, Required, true, Owed::Enrolment),
            (false, true, Required, true, Owed::Password),
            (false, false, Offered, true, Owed::Password),
            (true, true, Offered, true, Owed::Code),
            (true, true, Required, false, Owed::Code),
            (true, false, Required, true, Owed::Enrolment),
            (true, false, Offered, false, Owed::Enrolment),
        ] {
            assert_eq!(Owed::of(half, has_factor, demand, too_old), owed, "{half} {has_factor} {demand:?} {too_old}");
        }
    }
}
