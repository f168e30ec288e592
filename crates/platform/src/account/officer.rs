//! Officers' accounts: opened with posts and a one-time secret (S-06); nobody ever has a default password.

use super::{Face, check_login, check_password};
use crate::{Action, Call, Failure, Object, Platform, permission};
use domain::{
    Refusal,
    account::{self, Account, AccountEvent, Holder, Post, check_person_name, separation},
    department::Agency,
    hidden::Hidden,
    ids::AccountId,
};
use jiff::ToSpan;
use ledger::{Refused, Row};
use sm3::{Digest, Sm3};

/// How long a one-time secret lives, in milliseconds.
const SECRET_LIFE: i64 = 24 * 3_600_000;

/// What is needed to open an officer's account.
#[derive(Clone)]
pub struct OpenOfficer {
    /// Sign-in name.
    pub login: String,
    /// The officer's name.
    pub name: String,
    /// Posts to begin with.
    pub posts: Vec<Post>,
    /// Appointment paper or other reason.
    pub reason: String,
    /// Password, only where the caller may know it (demonstration); else a one-time secret is given.
    pub password: Option<Hidden<String>>,
}

/// What an administrator fills in to open an account; posts are proposed afterwards (S-08).
#[derive(Debug, Clone)]
pub struct OpenAccount {
    /// Sign-in name.
    pub login: String,
    /// The officer's name.
    pub name: String,
    /// The organ the officer works at.
    pub agency: Agency,
}

fn with_end(post: &Post, longest: i32) -> Post {
    let last = || post.from.saturating_add(i64::from(longest - 1).days());
    Post { to: post.to.or_else(|| Some(last())), ..post.clone() }
}

fn secret_id(secret: &str) -> String {
    hex::encode(Sm3::digest(secret.trim().as_bytes()).as_slice())
}

impl Platform {
    /// Opens an account with posts, by the platform itself alone: the first administrators, a demonstration. Gives its id and,
    /// without a password, the one-time secret to hand over.
    pub async fn open_officer(&self, call: &Call, form: &OpenOfficer) -> Result<(AccountId, Option<String>), Failure> {
        let _permit = permission::decide(&call.actor, Action::GrantPosts, Object::default(), self.rules.regions)?;
        // Each post ends some day, also one that the platform gives (S-07).
        let longest = self.settings.posts.longest_days;
        let posts: Vec<Post> = form.posts.iter().map(|post| with_end(post, longest)).collect();
        for (i, a) in posts.iter().enumerate() {
            if posts.iter().skip(i + 1).any(|b| a.collides(b)) {
                return Err(separation("posts").into());
            }
            self.check_agency(&a.agency(), "posts")?;
        }
        let granted =
            posts.iter().map(|post| AccountEvent::PostGranted { post: post.clone(), reason: form.reason.clone() });
        let password = match &form.password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let agency = posts.first().map(Post::agency);
        self.open(call, &form.login, &form.name, agency, granted.collect(), password).await
    }

    /// An administrator opens an account without any right. Gives its id and the one-time secret, which is told this once.
    pub async fn open_account(&self, call: &Call, form: &OpenAccount) -> Result<(AccountId, String), Failure> {
        let object = Object { region: Some(form.agency.region), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::ManageAccounts, object, self.rules.regions)?;
        self.check_agency(&form.agency, "agency")?;
        let agency = Some(form.agency.clone());
        // A form that was sent twice opened the account, but its secret was told to the first answer alone.
        let opened = |id: &str| AccountId::parse(id).map(|id| (id, None));
        let act = self.open(call, &form.login, &form.name, agency, vec![], None);
        let (id, secret) = self.once(call, opened, act).await?;
        Ok((id, secret.unwrap_or_default()))
    }

    /// A new one-time secret for whoever never set a password; older ones end.
    pub async fn renew_secret(&self, call: &Call, id: &AccountId) -> Result<String, Failure> {
        let stream = self.load::<Account>(id.as_str()).await?;
        self.may_manage(call, &stream.state).await?;
        let known = "SELECT 1 AS one FROM credentials WHERE account_id = $1";
        if self.store.query_one(known, [id.as_str().into()]).await.map_err(Failure::fault)?.is_some() {
            let words = "这个账号已经设置密码，不能再发一次性口令。忘记密码的，请本人在登录页办理。";
            return Err(Refusal::new("account.has_password", words).into());
        }
        let mut change = self.change(call);
        change.about(format!("account:{id}"));
        change.row(Row::new(
            "UPDATE setup_secrets SET used_at = $2 WHERE account_id = $1 AND used_at = 0",
            [id.as_str().into(), self.clock.now().0.into()],
        ));
        let (secret, row) = self.new_secret(id);
        change.row(row);
        change.commit(id.as_str()).await?;
        Ok(secret)
    }

    /// 更改姓名.
    pub async fn rename_account(&self, call: &Call, id: &AccountId, name: &str, reason: &str) -> Result<(), Failure> {
        let act = crate::failure::again(|| async {
            let stream = self.load::<Account>(id.as_str()).await?;
            self.may_manage(call, &stream.state).await?;
            let events = account::rename(&stream.state, name, reason)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Whether there is such an organ.
    pub(super) fn check_agency(&self, agency: &Agency, field: &'static str) -> Result<(), Refusal> {
        let known =
            self.rules.departments.get(&agency.department).is_some() && self.rules.regions.exists(agency.region);
        let words = || format!("没有“{}-{}”这个机关。", agency.department, agency.region);
        if known { Ok(()) } else { Err(Refusal::field(field, "account.post", words())) }
    }

    async fn open(
        &self,
        call: &Call,
        login: &str,
        name: &str,
        agency: Option<Agency>,
        more: Vec<AccountEvent>,
        password: Option<String>,
    ) -> Result<(AccountId, Option<String>), Failure> {
        let (login, name) = match (check_login(login), check_person_name(name)) {
            (Ok(login), Ok(name)) => (login, name),
            (login, name) => return Err(Failure::Refused([login.err(), name.err()].into_iter().flatten().collect())),
        };
        let id = AccountId::from_random(self.chance.id());
        let account = self.load::<Account>(id.as_str()).await?;
        let opened = AccountEvent::AccountOpened { id: id.clone(), login, name, holder: Holder::Officer, agency };
        let events: Vec<_> = std::iter::once(opened).chain(more).collect();
        let mut change = self.change(call);
        change.append(account, &events)?;
        let secret = match password {
            Some(phc) => {
                for row in self.credential_rows(&id, phc)? {
                    change.row(row);
                }
                None
            }
            None => {
                let (secret, row) = self.new_secret(&id);
                change.row(row);
                Some(secret)
            }
        };
        change
            .commit_or(id.as_str(), |refused| match refused {
                Refused::Taken(what) if !what.as_deref().is_some_and(|w| w.contains("once")) => {
                    Refusal::field("login", "account.taken", "该登录名已被使用，请换一个。").into()
                }
                other => crate::stream::refused(other),
            })
            .await?;
        Ok((id, secret))
    }

    fn new_secret(&self, id: &AccountId) -> (String, Row) {
        let mut bytes = [0; 20];
        self.chance.fill(&mut bytes);
        let secret = hex::encode(bytes);
        let row = Row::new(
            "INSERT INTO setup_secrets(id, account_id, expires_at, used_at) VALUES($1, $2, $3, 0)",
            [secret_id(&secret).into(), id.as_str().into(), (self.clock.now().0 + SECRET_LIFE).into()],
        );
        (secret, row)
    }

    /// An officer sets the first password with the one-time secret; the secret works once.
    pub async fn use_setup_secret(&self, call: &Call, secret: &str, password: &str) -> Result<(), Failure> {
        let wrong = || {
            Failure::from(Refusal::field(
                "secret",
                "setup.secret",
                "一次性口令不正确、已使用或已过期，请向管理员重新领取。",
            ))
        };
        let now = self.clock.now().0;
        let id = secret_id(secret);
        let rows = self
            .store
            .query(
                "SELECT a.id, a.login FROM setup_secrets s JOIN accounts a ON a.id = s.account_id \
                 WHERE s.id = $1 AND s.used_at = 0 AND s.expires_at > $2 AND a.face = $3",
                [id.clone().into(), now.into(), Face::Office.slug().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let row = rows.first().ok_or_else(wrong)?;
        let account = AccountId(row.try_get("", "id").map_err(Failure::fault)?);
        let login: String = row.try_get("", "login").map_err(Failure::fault)?;
        check_password(password, &login, 12)?;
        let phc = self.hash_password(password).await?;
        let mut change = self.change(call);
        change.exactly_one(Row::new(
            "UPDATE setup_secrets SET used_at = $2 WHERE id = $1 AND used_at = 0",
            [id.into(), now.into()],
        ));
        for row in self.new_password_rows(&account, phc)? {
            change.row(row);
        }
        change
            .commit_or(account.as_str(), |refused| match refused {
                Refused::Conflict => wrong(),
                other => crate::stream::refused(other),
            })
            .await
    }
}
