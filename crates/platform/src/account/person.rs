//! 人员: one officer with the posts of now, the proposals that wait, and everything that was ever done to the account's rights,
//! read from the ledger itself.

use super::{
    organ::{OpenProposal, PostRow},
    session::{number, text},
};
use crate::{
    Action, Actor, Call, Failure, Platform,
    stream::{join, stream_id},
};
use domain::{
    Moment,
    account::{Account, AccountEvent, Holder, Post, PostKey},
    department::Agency,
    ids::AccountId,
};
use jiff::civil::Date;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonEntry {
    /// When.
    pub at: Moment,
    /// In a few words.
    pub title: String,
    /// Which post, why, by whom.
    pub text: String,
    /// Something was taken away or refused.
    pub against: bool,
}

/// An officer, for whoever looks after the account.
#[derive(Debug, Clone)]
pub struct PersonPage {
    /// The account.
    pub id: AccountId,
    /// Sign-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// Where the person works.
    pub agency: Option<Agency>,
    /// No longer signs in.
    pub disabled: bool,
    /// Whether a password was set.
    pub has_password: bool,
    /// Posts held now or later.
    pub posts: Vec<PostRow>,
    /// Proposals that wait.
    pub open: Vec<OpenProposal>,
    /// What was done, newest first.
    pub history: Vec<PersonEntry>,
    /// Whether the caller may change the name and hand a secret over.
    pub may_manage: bool,
    /// Whether it is the caller's own account.
    pub own: bool,
}

fn days(post: &Post) -> String {
    match post.to {
        Some(to) if to < post.from => "没有开始".to_owned(),
        Some(to) => format!("{} 至 {to}", post.from),
        None => format!("{} 起", post.from),
    }
}

fn words(post: &Post) -> String {
    format!("{} {}（{}）", post.agency().name(), post.role.name(), days(post))
}

/// The line of an event; `None` for what is told elsewhere.
fn entry(at: Moment, by: &str, before: &Account, event: &AccountEvent) -> Option<PersonEntry> {
    let proposed = |number: usize| before.proposals.get(number).map(|p| words(&p.proposed.post)).unwrap_or_default();
    let (title, text, against) = match event {
        AccountEvent::AccountOpened { login, .. } => ("开设账号", format!("登录名 {login}；办理：{by}"), false),
        AccountEvent::PostGranted { post, reason } => {
            ("平台开设岗位", format!("{}；依据：{reason}", words(post)), false)
        }
        AccountEvent::PostProposed { proposal } => {
            let text = format!("{}；依据：{}；提出：{}", words(&proposal.post), proposal.reason, proposal.by_name);
            ("提出任职", text, false)
        }
        AccountEvent::PostConfirmed { at, by_name, .. } => {
            ("确认任职", format!("{}；确认：{by_name}", proposed(*at)), false)
        }
        AccountEvent::PostRejected { at, by_name, reason, .. } => {
            ("不同意任职", format!("{}；理由：{reason}；办理：{by_name}", proposed(*at)), true)
        }
        AccountEvent::PostWithdrawn { at } => ("撤回任职建议", format!("{}；办理：{by}", proposed(*at)), true),
        AccountEvent::PostEnded { agency, role, from, by_name, reason, .. } => {
            let text = format!("{} {}（{from} 起）；理由：{reason}；办理：{by_name}", agency.name(), role.name());
            ("结束任职", text, true)
        }
        AccountEvent::AccountRenamed { name, reason } => {
            ("更改姓名", format!("{} 改为 {name}；理由：{reason}；办理：{by}", before.name), false)
        }
        AccountEvent::PostDelegated { delegation } => {
            let text =
                format!("{}；原因：{}；委托：{}", words(&delegation.post), delegation.reason, delegation.by_name);
            ("受委托代行职责", text, false)
        }
        AccountEvent::DelegationEnded { at, .. } => {
            let post = before.delegations.get(*at).map(|d| words(&d.post)).unwrap_or_default();
            ("委托结束", format!("{post}；办理：{by}"), true)
        }
        AccountEvent::AccountDisabled { reason } => ("停用账号", format!("{reason}；办理：{by}"), true),
        AccountEvent::AccountEnabled { reason } => ("重新启用账号", format!("{reason}；办理：{by}"), false),
        AccountEvent::FactorReset { by_name, .. } => ("重置双因素认证", format!("确认：{by_name}"), true),
        AccountEvent::FactorResetProposed { .. } | AccountEvent::FactorResetRejected { .. } => return None,
    };
    Some(PersonEntry { at, title: title.to_owned(), text, against })
}

impl Platform {
    /// One officer. Who looks after none of the organs the person is or was placed at does not see that there is one.
    pub async fn person(&self, call: &Call, id: &AccountId) -> Result<PersonPage, Failure> {
        let account = self.load::<Account>(id.as_str()).await?.state;
        if account.holder != Some(Holder::Officer) {
            return Err(Failure::NotThere);
        }
        let belongs = self.belongs(&account).await?;
        let places = account.agency.clone().into_iter().chain(account.posts.iter().map(Post::agency));
        let seen = places.into_iter().any(|agency| self.may_read_posts(call, &agency));
        if !seen {
            self.may_with(call, Action::ReadPosts, &belongs)?;
        }
        let row = self
            .store
            .query_one(
                "SELECT a.department, a.region, CAST(CASE WHEN c.account_id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_password \
                 FROM accounts a LEFT JOIN credentials c ON c.account_id = a.id WHERE a.id = $1",
                [id.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?
            .ok_or(Failure::NotThere)?;
        let region = domain::region::RegionCode::parse(&text(&row, "region")?);
        let department = text(&row, "department")?;
        let now = self.clock.now();
        let open = account.proposals.iter().enumerate().filter(|(_, p)| p.is_open(now)).map(|(at, p)| OpenProposal {
            account: id.clone(),
            name: account.name.clone(),
            at,
            key: PostKey::of(&p.proposed.post),
            to: p.proposed.post.to.unwrap_or(Date::MAX),
            by: p.proposed.by.clone(),
            by_name: p.proposed.by_name.clone(),
            reason: p.proposed.reason.clone(),
            proposed_at: p.at,
        });
        Ok(PersonPage {
            agency: region.map(|region| Agency::new(department, region)),
            has_password: number(&row, "has_password")? == 1,
            posts: self.posts_from_today(id).await?,
            open: open.collect(),
            history: self.person_history(id).await?,
            may_manage: self.may_with(call, Action::ManageAccounts, &belongs).is_ok(),
            own: call.actor.account() == Some(id),
            id: id.clone(),
            login: account.login,
            name: account.name,
            disabled: account.disabled,
        })
    }

    async fn person_history(&self, id: &AccountId) -> Result<Vec<PersonEntry>, Failure> {
        let events = self.store.events(&stream_id::<Account>(id.as_str())).await.map_err(Failure::fault)?;
        let mut account = Account::default();
        let mut history = Vec::new();
        for event in &events {
            let parsed = join::<AccountEvent>(&event.kind, &event.data).map_err(Failure::fault)?;
            let by = self.name_of(&event.actor).await?;
            history.extend(entry(Moment(event.at), &by, &account, &parsed));
            let meta = domain::Meta {
                at: Moment(event.at),
                recorded_at: Moment(event.recorded_at),
                actor: event.actor.clone(),
            };
            domain::Aggregate::apply(&mut account, &parsed, &meta);
        }
        history.reverse();
        Ok(history)
    }

    /// Who is behind the tag of an event.
    async fn name_of(&self, tag: &str) -> Result<String, Failure> {
        if tag == Actor::System.tag() {
            return Ok("平台".to_owned());
        }
        let sql = "SELECT name FROM accounts WHERE id = $1";
        let row = self.store.query_one(sql, [tag.into()]).await.map_err(Failure::fault)?;
        row.map_or(Ok(tag.to_owned()), |row| text(&row, "name"))
    }
}
