//! Sign-in and sessions: opaque random tokens looked up on the server (security decision 4).

use crate::{Actor, Call, Failure, Platform};
use domain::{
    Moment, Refusal,
    account::{Account, Post, Role},
    ids::{AccountId, UnitId},
    region::RegionCode,
};
use ledger::{QueryResult, Row, Unit};
use sm3::{Digest, Sm3};

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
}

/// A session that just began: the token goes into the cookie and nowhere else.
#[derive(Debug)]
pub struct SignedIn {
    /// Secret of the cookie, 64 hex digits.
    pub token: String,
    /// Who signed in.
    pub account: AccountId,
}

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id: the hash of the token, fit for the audit record.
    pub id: String,
    /// Who.
    pub actor: Actor,
}

/// Failures from one source at one account before it has to wait.
const FAILURES: i64 = 5;
/// How long it waits, in milliseconds.
const WAIT: i64 = 30 * 60_000;
/// A session's last-seen time is written at most this often, in milliseconds.
const SEEN_EVERY: i64 = 60_000;

fn token_id(token: &str) -> String {
    hex::encode(Sm3::digest(token.as_bytes()).as_slice())
}

fn text(row: &QueryResult, column: &str) -> Result<String, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

fn number(row: &QueryResult, column: &str) -> Result<i64, Failure> {
    row.try_get("", column).map_err(Failure::fault)
}

impl Platform {
    /// Signs a person in. Unknown names and wrong passwords get the same answer; five failures from one source
    /// make that source wait, never the account's owner elsewhere (S-02, A-26).
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
        let pair = token_id(&format!("{}|{login}|{source}", face.slug()));
        if self.must_wait(&pair, now).await? {
            return Err(Refusal::field("login", "sign_in.wait", "登录失败次数过多，请 30 分钟后再试。").into());
        }
        let rows = self
            .store
            .query(
                "SELECT a.id, c.phc FROM accounts a JOIN credentials c ON c.account_id = a.id \
                 WHERE a.face = $1 AND a.login = $2 AND a.disabled = 0",
                [face.slug().into(), login.clone().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let found = rows.first().map(|row| Ok::<_, Failure>((text(row, "id")?, text(row, "phc")?))).transpose()?;
        let (account, phc) = found.map_or((None, None), |(a, p)| (Some(a), Some(p)));
        let fits = self.verify_password(password, phc).await?;
        match account {
            Some(account) if fits => self.begin_session(call, face, AccountId(account), &pair, now).await,
            _ => {
                self.note_failure(&pair, now).await?;
                Err(Refusal::field("login", "sign_in.wrong", "登录名或密码不正确，请核对后重试。").into())
            }
        }
    }

    async fn must_wait(&self, pair: &str, now: Moment) -> Result<bool, Failure> {
        let rows = self
            .store
            .query("SELECT failed, last_at FROM sign_in_failures WHERE id = $1", [pair.into()])
            .await
            .map_err(Failure::fault)?;
        let Some(row) = rows.first() else { return Ok(false) };
        Ok(number(row, "failed")? >= FAILURES && now.0 - number(row, "last_at")? < WAIT)
    }

    async fn note_failure(&self, pair: &str, now: Moment) -> Result<(), Failure> {
        let mut unit = Unit::new();
        unit.row(Row::new(
            "INSERT INTO sign_in_failures(id, failed, last_at) VALUES($1, 1, $2) ON CONFLICT(id) DO UPDATE SET \
             failed = CASE WHEN $2 - sign_in_failures.last_at >= 1800000 THEN 1 ELSE sign_in_failures.failed + 1 END, last_at = $2",
            [pair.into(), now.0.into()],
        ));
        self.store.commit(unit).await.map_err(crate::stream::refused)
    }

    async fn begin_session(
        &self,
        call: &Call,
        face: Face,
        account: AccountId,
        pair: &str,
        now: Moment,
    ) -> Result<SignedIn, Failure> {
        let mut secret = [0; 32];
        self.chance.fill(&mut secret);
        let token = hex::encode(secret);
        let mut change = self.change(call);
        change.row(Row::new("DELETE FROM sign_in_failures WHERE id = $1", [pair.into()]));
        change.row(Row::new(
            "INSERT INTO sessions(id, account_id, face, created_at, seen_at, ended) VALUES($1, $2, $3, $4, $4, 0)",
            [token_id(&token).into(), account.as_str().into(), face.slug().into(), now.0.into()],
        ));
        change.commit(account.as_str()).await?;
        Ok(SignedIn { token, account })
    }

    /// The live session of a cookie's token, with the rights its person has at this moment.
    pub async fn session(&self, face: Face, token: &str) -> Result<Option<Session>, Failure> {
        if token.len() != 64 {
            return Ok(None);
        }
        let id = token_id(token);
        let rows = self
            .store
            .query_few(
                "SELECT s.created_at, s.seen_at, a.id, a.login, a.name, a.unit_id, COALESCE(u.name, '') AS unit_name FROM sessions s \
                 JOIN accounts a ON a.id = s.account_id LEFT JOIN units u ON u.id = a.unit_id \
                 WHERE s.id = $1 AND s.face = $2 AND s.ended = 0 AND a.disabled = 0",
                [id.clone().into(), face.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let now = self.clock.now().0;
        let (idle, absolute) = face.limits();
        let seen = number(row, "seen_at")?;
        if now - seen > idle || now - number(row, "created_at")? > absolute {
            return Ok(None);
        }
        if now - seen > SEEN_EVERY {
            let mut unit = Unit::new();
            unit.row(Row::new("UPDATE sessions SET seen_at = $2 WHERE id = $1", [id.clone().into(), now.into()]));
            self.store.commit(unit).await.map_err(crate::stream::refused)?;
        }
        let account = AccountId(text(row, "id")?);
        let actor = match face {
            Face::Portal => Actor::Unit {
                account,
                unit: UnitId(text(row, "unit_id")?),
                login: text(row, "login")?,
                unit_name: text(row, "unit_name")?,
            },
            Face::Office => {
                let posts = self.posts_today(&account).await?;
                Actor::Officer { account, name: text(row, "name")?, posts }
            }
        };
        Ok(Some(Session { id, actor }))
    }

    async fn posts_today(&self, account: &AccountId) -> Result<Vec<Post>, Failure> {
        let today = crate::read::day_number(self.clock.now().date());
        let rows = self
            .store
            .query_few(
                "SELECT department, region, role, from_day, to_day FROM posts WHERE account_id = $1 AND from_day <= $2 \
                 AND (to_day IS NULL OR to_day >= $2) ORDER BY department, region, role",
                [account.as_str().into(), today.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let post = |row: &QueryResult| -> Result<Option<Post>, Failure> {
            let to: Option<i64> = row.try_get("", "to_day").map_err(Failure::fault)?;
            let (region, role) = (RegionCode::parse(&text(row, "region")?), Role::parse(&text(row, "role")?));
            let from = crate::read::from_day_number(number(row, "from_day")?);
            Ok(match (region, role, from) {
                (Some(region), Some(role), Some(from)) => Some(Post {
                    department: text(row, "department")?,
                    region,
                    role,
                    from,
                    to: to.and_then(crate::read::from_day_number),
                }),
                _ => None,
            })
        };
        rows.iter().filter_map(|row| post(row).transpose()).collect()
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
