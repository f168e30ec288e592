//! Officers' accounts: opened with posts and a one-time secret (S-06); nobody ever has a default password.

use super::{Face, check_login, check_password};
use crate::{Action, Call, Failure, Object, Platform, permission};
use domain::{
    Refusal,
    account::{Account, AccountEvent, Holder, Post, compatible},
    ids::AccountId,
};
use ledger::{Refused, Row};
use sm3::{Digest, Sm3};

/// How long a one-time secret lives, in milliseconds.
const SECRET_LIFE: i64 = 24 * 3_600_000;

/// What is needed to open an officer's account.
#[derive(Debug, Clone)]
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
    pub password: Option<String>,
}

fn secret_id(secret: &str) -> String {
    hex::encode(Sm3::digest(secret.trim().as_bytes()).as_slice())
}

impl Platform {
    /// Opens the account. Gives its id and, without a password, the one-time secret to hand over.
    pub async fn open_officer(&self, call: &Call, form: &OpenOfficer) -> Result<(AccountId, Option<String>), Failure> {
        let _permit = permission::decide(&call.actor, Action::ManageAccounts, Object::default(), self.rules.regions)?;
        let login = check_login(&form.login)?;
        let name = form.name.trim().to_owned();
        if !(2..=50).contains(&name.chars().count()) {
            return Err(Refusal::field("name", "account.name", "请填写姓名（2 至 50 个字）。").into());
        }
        for (i, a) in form.posts.iter().enumerate() {
            if form.posts.iter().skip(i + 1).any(|b| !compatible(a.role, b.role)) {
                let message = "系统、安全、审计管理员互不兼任，也不得兼任业务岗位。";
                return Err(Refusal::field("posts", "account.separation", message)
                    .article("GB/T 22239-2019 8.1.4.2")
                    .into());
            }
            if self.rules.departments.get(&a.department).is_none() || !self.rules.regions.exists(a.region) {
                return Err(Refusal::field(
                    "posts",
                    "account.post",
                    format!("没有“{}-{}”这个机关。", a.department, a.region),
                )
                .into());
            }
        }
        let id = AccountId::from_random(self.chance.id());
        let account = self.load::<Account>(id.as_str()).await?;
        let opened = AccountEvent::AccountOpened { id: id.clone(), login, name, holder: Holder::Officer };
        let granted =
            form.posts.iter().map(|post| AccountEvent::PostGranted { post: post.clone(), reason: form.reason.clone() });
        let events: Vec<_> = std::iter::once(opened).chain(granted).collect();
        let mut change = self.change(call);
        change.append(account, &events)?;
        let secret = match &form.password {
            Some(password) => {
                let phc = self.hash_password(password).await?;
                change.row(self.credential_row(&id, phc));
                None
            }
            None => {
                let mut bytes = [0; 20];
                self.chance.fill(&mut bytes);
                let secret = hex::encode(bytes);
                change.row(Row::new(
                    "INSERT INTO setup_secrets(id, account_id, expires_at, used_at) VALUES($1, $2, $3, 0)",
                    [secret_id(&secret).into(), id.as_str().into(), (self.clock.now().0 + SECRET_LIFE).into()],
                ));
                Some(secret)
            }
        };
        change
            .commit_or(id.as_str(), |refused| match refused {
                Refused::Taken(_) => Refusal::field("login", "account.taken", "该登录名已被使用，请换一个。").into(),
                other => crate::stream::refused(other),
            })
            .await?;
        Ok((id, secret))
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
        for row in self.new_password_rows(&account, phc) {
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
