//! 任职: a post is proposed by one security administrator and confirmed by another, for a time; it runs out by itself, and one
//! person ends it (办法第六至九条; S-05, S-07, S-08).

use super::{Account, AccountEvent, Holder, Post, Role, compatible};
use crate::{Moment, Refusal, department::Agency, ids::AccountId};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

/// How long a proposal waits for the second person, in days.
pub const POST_PROPOSAL_DAYS: i64 = 30;
const DAY: i64 = 86_400_000;
/// What the duties of the three administrators rest on.
const SEPARATION: &str = "GB/T 22239-2019 8.1.4.2";
/// What everything else rests on.
const ARTICLE: &str = "办法第八条";

/// Limits of a post's time, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostLimits {
    /// Length when no last day is given.
    pub default_days: i32,
    /// Longest time of one appointment; it can be renewed.
    pub longest_days: i32,
    /// So long before the last day the holder and the security administrators are reminded.
    pub remind_days: i32,
}

impl Default for PostLimits {
    fn default() -> Self {
        Self { default_days: 365, longest_days: 1096, remind_days: 30 }
    }
}

impl PostLimits {
    /// For demonstrations and tests whose clock leaps.
    pub fn lenient() -> Self {
        Self { longest_days: 36_500, ..Self::default() }
    }

    /// The last day of a post that begins on that day and was given none.
    pub fn last_day(&self, from: Date) -> Date {
        from.saturating_add(i64::from(self.default_days - 1).days())
    }

    /// Faults, in words an administrator understands.
    pub fn validate(&self) -> Vec<String> {
        let days = [
            ("default_days", self.default_days, self.longest_days),
            ("longest_days", self.longest_days, 1827),
            ("remind_days", self.remind_days, 180),
        ];
        let wrong = days.into_iter().filter(|(_, days, most)| !(1..=*most).contains(days));
        wrong.map(|(name, _, most)| format!("[platform.posts] {name} 应为 1 至 {most} 天")).collect()
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostWish {
    /// The organ.
    pub agency: Agency,
    /// The role.
    pub role: Role,
    /// First day.
    pub from: Date,
    /// Last day; `None`: as long as the settings say.
    pub to: Option<Date>,
    /// Appointment paper or other reason.
    pub reason: String,
}

/// What one person proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The post; `to` is always set.
    pub post: Post,
    /// Who proposed.
    pub by: AccountId,
    /// The name on that day.
    pub by_name: String,
    /// Appointment paper or other reason.
    pub reason: String,
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for the second person; it gives no right.
    Open,
    /// Confirmed: the post is given.
    Confirmed,
    /// The second person said no.
    Rejected,
    /// Whoever proposed took it back.
    Withdrawn,
}

/// A proposal with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostProposal {
    /// What was proposed.
    pub proposed: Proposed,
    /// When.
    pub at: Moment,
    /// How it stands.
    pub state: ProposalState,
}

impl PostProposal {
    /// Whether a second person may still confirm it.
    pub fn is_open(&self, now: Moment) -> bool {
        let late = self.proposed.post.to.is_some_and(|to| to < now.date());
        self.state == ProposalState::Open && now.0 - self.at.0 < POST_PROPOSAL_DAYS * DAY && !late
    }
}

/// Which post: a post is known by organ, role and first day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostKey {
    /// The organ.
    pub agency: Agency,
    /// The role.
    pub role: Role,
    /// First day.
    pub from: Date,
}

impl PostKey {
    /// The key of a post.
    pub fn of(post: &Post) -> Self {
        Self { agency: post.agency(), role: post.role, from: post.from }
    }

    fn names(&self, post: &Post) -> bool {
        post.role == self.role
            && post.from == self.from
            && post.department == self.agency.department
            && post.region == self.agency.region
    }
}

/// Whoever acts: account and name on that day.
pub type By<'a> = (&'a AccountId, &'a str);

impl Post {
    /// The organ.
    pub fn agency(&self) -> Agency {
        Agency::new(self.department.clone(), self.region)
    }

    /// Whether there is a day on which both are held.
    pub fn overlaps(&self, other: &Self) -> bool {
        let ends = |post: &Self| post.to.unwrap_or(Date::MAX);
        let first = self.from.max(other.from);
        first <= ends(self) && first <= ends(other)
    }

    /// Whether both cannot be in one hand (S-08): an administrator's role beside another one, on the same day.
    pub fn collides(&self, other: &Self) -> bool {
        !compatible(self.role, other.role) && self.overlaps(other)
    }

    /// Whether it is the same organ and role, on the same day.
    fn repeats(&self, other: &Self) -> bool {
        self.role == other.role
            && self.department == other.department
            && self.region == other.region
            && self.overlaps(other)
    }
}

fn refuse(field: &'static str, code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::field(field, code, words.into()).article(ARTICLE)
}

/// 三权分立, as it is said everywhere.
pub fn separation(field: &'static str) -> Refusal {
    let words = "系统、安全、审计管理员互不兼任，也不得兼任业务岗位。请先结束相冲突的岗位，或者另选人员。";
    Refusal::field(field, "account.separation", words).article(SEPARATION)
}

impl Account {
    /// What speaks against giving the post now: separation, and holding it already.
    fn against(&self, post: &Post) -> Option<Refusal> {
        if self.posts.iter().any(|held| held.collides(post)) {
            return Some(separation("role"));
        }
        let held = self.posts.iter().any(|held| held.repeats(post));
        held.then(|| refuse("role", "post.held", "该同志在这段时间已经担任这个岗位。续任的，请从原截止日的次日起算。"))
    }

    fn open_posts(&self, now: Moment) -> impl Iterator<Item = &PostProposal> {
        self.proposals.iter().filter(move |proposal| proposal.is_open(now))
    }

    fn open_post(&self, at: usize, now: Moment) -> Result<&Proposed, Refusal> {
        let open = self.proposals.get(at).filter(|proposal| proposal.is_open(now));
        open.map(|proposal| &proposal.proposed).ok_or_else(|| {
            let words = format!("这项任职建议已经处理，或者超过 {POST_PROPOSAL_DAYS} 天没有确认、任期已过而失效。");
            Refusal::new("post.not_open", words).article(ARTICLE)
        })
    }
}

/// One security administrator proposes a post.
pub fn propose_post(
    account: &Account,
    by: By<'_>,
    wish: &PostWish,
    limits: &PostLimits,
    now: Moment,
) -> Result<Vec<AccountEvent>, Vec<Refusal>> {
    let mut faults = Vec::new();
    if account.holder != Some(Holder::Officer) || account.disabled {
        faults.push(refuse("account", "post.account", "这个账号不是工作人员账号，或者已经停用。"));
    }
    if account.id == *by.0 {
        faults.push(refuse("account", "post.own", "不能为自己的账号提出任职，请另一位安全管理员办理。"));
    }
    let to = wish.to.unwrap_or_else(|| limits.last_day(wish.from));
    let post = Post {
        department: wish.agency.department.clone(),
        region: wish.agency.region,
        role: wish.role,
        from: wish.from,
        to: Some(to),
    };
    if wish.from < now.date() {
        faults.push(refuse("from", "post.past", "起始日不能早于今天。"));
    }
    match (to - wish.from).get_days() {
        days if days < 0 => faults.push(refuse("to", "post.order", "截止日不能早于起始日。")),
        days if days >= limits.longest_days => {
            let words = format!("任期最长 {} 天，期满前可以续任。请改早截止日。", limits.longest_days);
            faults.push(refuse("to", "post.long", words));
        }
        _ => {
            let waits = |other: fn(&Post, &Post) -> bool| {
                account.open_posts(now).any(|proposal| other(&proposal.proposed.post, &post))
            };
            if let Some(fault) = account.against(&post) {
                faults.push(fault);
            } else if waits(Post::collides) {
                faults.push(separation("role"));
            } else if waits(Post::repeats) {
                faults.push(refuse("role", "post.waits", "同一岗位已有一项待确认的任职建议。"));
            }
        }
    }
    match crate::refusal::words("reason", &wish.reason, "任职文件或者其他依据", 200) {
        Ok(reason) if faults.is_empty() => {
            let (by, by_name) = (by.0.clone(), by.1.to_owned());
            Ok(vec![AccountEvent::PostProposed { proposal: Box::new(Proposed { post, by, by_name, reason }) }])
        }
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(fault);
            Err(faults)
        }
    }
}

/// The second person confirms: from now on it is a post.
pub fn confirm_post(account: &Account, at: usize, by: By<'_>, now: Moment) -> Result<Vec<AccountEvent>, Refusal> {
    let proposed = account.open_post(at, now)?;
    if proposed.by == *by.0 || account.id == *by.0 {
        let words = "提出任职的人和本人不能确认，请另一位安全管理员办理。";
        return Err(Refusal::new("post.four_eyes", words).article(SEPARATION));
    }
    if account.disabled {
        return Err(Refusal::new("post.account", "这个账号已经停用，不能任职。").article(ARTICLE));
    }
    if let Some(fault) = account.against(&proposed.post) {
        return Err(fault);
    }
    Ok(vec![AccountEvent::PostConfirmed { at, by: by.0.clone(), by_name: by.1.to_owned() }])
}

/// The second person says no.
pub fn reject_post(
    account: &Account,
    at: usize,
    by: By<'_>,
    reason: &str,
    now: Moment,
) -> Result<Vec<AccountEvent>, Refusal> {
    let proposed = account.open_post(at, now)?;
    if proposed.by == *by.0 {
        return Err(refuse("reason", "post.own", "自己提出的任职建议请用“撤回”。"));
    }
    let reason = crate::refusal::words("reason", reason, "不同意的理由", 200)?;
    Ok(vec![AccountEvent::PostRejected { at, by: by.0.clone(), by_name: by.1.to_owned(), reason }])
}

/// Whoever proposed takes it back.
pub fn withdraw_post(account: &Account, at: usize, by: By<'_>, now: Moment) -> Result<Vec<AccountEvent>, Refusal> {
    if account.open_post(at, now)?.by != *by.0 {
        return Err(Refusal::new("post.not_yours", "只有提出的人可以撤回；其他安全管理员请选择确认或者不同意。")
            .article(ARTICLE));
    }
    Ok(vec![AccountEvent::PostWithdrawn { at }])
}

/// Ends a post at once: yesterday was its last day, or it never begins. Taking a right away needs one person, giving it two.
pub fn end_post(
    account: &Account,
    key: &PostKey,
    by: By<'_>,
    reason: &str,
    today: Date,
) -> Result<Vec<AccountEvent>, Refusal> {
    let over = |post: &Post| post.to.is_some_and(|to| to < today || to < post.from);
    let held = account.posts.iter().any(|post| key.names(post) && !over(post));
    if !held {
        return Err(Refusal::new("post.over", "没有这个岗位，或者已经结束。请刷新页面查看。").article(ARTICLE));
    }
    if account.id == *by.0 {
        return Err(Refusal::new("post.own", "不能结束自己的岗位，请另一位安全管理员办理。").article(ARTICLE));
    }
    let reason = crate::refusal::words("reason", reason, "结束任职的理由", 200)?;
    let (by, by_name) = (by.0.clone(), by.1.to_owned());
    let PostKey { agency, role, from } = key.clone();
    Ok(vec![AccountEvent::PostEnded { agency, role, from, on: today, by, by_name, reason }])
}

/// Another name, as after a correction or by deed.
pub fn rename(account: &Account, name: &str, reason: &str) -> Result<Vec<AccountEvent>, Vec<Refusal>> {
    let mut faults = Vec::new();
    let checked = check_person_name(name).map_err(|fault| faults.push(fault));
    if account.holder != Some(Holder::Officer) {
        faults.push(refuse("name", "post.account", "这个账号不是工作人员账号。"));
    }
    if name.trim() == account.name {
        faults.push(refuse("name", "account.same_name", "新的姓名和现在的相同。"));
    }
    let reason = crate::refusal::words("reason", reason, "更改的理由", 200).map_err(|fault| faults.push(fault));
    match (checked, reason) {
        (Ok(name), Ok(reason)) if faults.is_empty() => Ok(vec![AccountEvent::AccountRenamed { name, reason }]),
        _ => Err(faults),
    }
}

/// An officer's name: 2 to 50 characters, no control characters.
pub fn check_person_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if !(2..=50).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Refusal::field("name", "account.name", "请填写姓名（2 至 50 个字）。"));
    }
    Ok(name.to_owned())
}

impl Account {
    /// Sets the last day of a post to the day before `on`; of a delegated one too.
    pub(super) fn end(&mut self, key: &PostKey, on: Date) {
        let last = Some(on.saturating_sub(1.day()));
        for post in self.posts.iter_mut().filter(|post| key.names(post)) {
            post.to = last;
        }
        for delegation in self.delegations.iter_mut().filter(|delegation| key.names(&delegation.post)) {
            delegation.post.to = last;
        }
    }
}
