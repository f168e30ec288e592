//! 机关和人员: organs as a tree, the people of one, proposals that wait, posts that end soon (办法第六至九条).

use super::session::{number, text};
use crate::{
    Action, Call, Failure, Object, Platform, permission,
    read::{NEVER, day_number, from_day_number, slug},
};
use domain::{
    Moment,
    account::{POST_PROPOSAL_DAYS, PostKey, Role},
    department::Agency,
    ids::AccountId,
    region::{INNER_MONGOLIA, RegionCode},
};
use jiff::{ToSpan, civil::Date};
use ledger::QueryResult;

/// People of one page.
pub const PEOPLE: usize = 20;
/// Accounts read at a time while those outside of the caller's area are left out.
const READ: usize = 100;
/// Waiting proposals and ending posts shown.
const SHOWN: i64 = 50;

/// How many people work at an organ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganCount {
    /// The organ.
    pub agency: Agency,
    /// Accounts placed there or with a post there, now or later.
    pub people: i64,
}

/// A post as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRow {
    /// Which.
    pub key: PostKey,
    /// Last day; `None` for posts of before that have none.
    pub to: Option<Date>,
    /// Who gave it.
    pub given_by: String,
    /// Appointment paper or other reason.
    pub reason: String,
}

impl PostRow {
    /// Whether it is held on that day.
    pub fn held_on(&self, day: Date) -> bool {
        self.key.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// A person of an organ.
#[derive(Debug, Clone)]
pub struct PersonRow {
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
}

/// What a list of people is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// Only of this organ.
    pub agency: Option<Agency>,
    /// Beginning of the name or of the sign-in name.
    pub words: String,
    /// Only who holds this role now.
    pub role: Option<Role>,
    /// Only who holds no post now.
    pub without: bool,
}

/// A page of people.
#[derive(Debug, Clone, Default)]
pub struct OrganPage {
    /// The people, by name.
    pub people: Vec<PersonRow>,
    /// Name and id after which the next page begins.
    pub next: Option<(String, String)>,
}

/// A proposal that waits for the second person.
#[derive(Debug, Clone)]
pub struct OpenProposal {
    /// Whose post it would be.
    pub account: AccountId,
    /// The person's name.
    pub name: String,
    /// Which of the account's proposals.
    pub at: usize,
    /// The post.
    pub key: PostKey,
    /// Last day.
    pub to: Date,
    /// Who proposed.
    pub by: AccountId,
    /// That person's name.
    pub by_name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub proposed_at: Moment,
}

/// What the own posts have to tell: one that ends soon.
#[derive(Debug, Clone, Default)]
pub struct PostNotices {
    /// Whose, which, and its last day.
    pub ending: Vec<(AccountId, String, PostRow)>,
}

fn day(row: &QueryResult, column: &str) -> Result<Date, Failure> {
    from_day_number(number(row, column)?).ok_or_else(|| Failure::fault("day out of range"))
}

fn agency(row: &QueryResult) -> Result<Option<Agency>, Failure> {
    let (department, region) = (text(row, "department")?, text(row, "region")?);
    Ok(RegionCode::parse(&region).map(|region| Agency::new(department, region)))
}

fn key(row: &QueryResult) -> Result<Option<PostKey>, Failure> {
    let (Some(agency), Some(role)) = (agency(row)?, Role::parse(&text(row, "role")?)) else { return Ok(None) };
    Ok(Some(PostKey { agency, role, from: day(row, "from_day")? }))
}

fn post(row: &QueryResult) -> Result<Option<PostRow>, Failure> {
    let to: Option<i64> = row.try_get("", "to_day").map_err(Failure::fault)?;
    let Some(key) = key(row)? else { return Ok(None) };
    Ok(Some(PostRow {
        key,
        to: to.and_then(from_day_number),
        given_by: text(row, "given_by")?,
        reason: text(row, "reason")?,
    }))
}

impl Platform {
    fn today_number(&self) -> i64 {
        day_number(self.clock.now().date())
    }

    /// Whether the caller may see this organ's people.
    pub fn may_read_posts(&self, call: &Call, agency: &Agency) -> bool {
        let object = Object { unit: None, department: Some(&agency.department), region: Some(agency.region) };
        permission::decide(&call.actor, Action::ReadPosts, object, self.rules.regions).is_ok()
    }

    /// Whether the caller may do this at the organ.
    pub fn may_at_organ(&self, call: &Call, action: Action, agency: &Agency) -> bool {
        let object = Object { unit: None, department: Some(&agency.department), region: Some(agency.region) };
        permission::decide(&call.actor, action, object, self.rules.regions).is_ok()
    }

    /// Refuses whoever proposes posts nowhere.
    pub fn check_proposing(&self, call: &Call) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::ProposePost, Object::default(), self.rules.regions)?;
        Ok(())
    }

    /// Whether the caller may see people and posts somewhere.
    pub fn reads_posts(&self, call: &Call) -> bool {
        permission::decide(&call.actor, Action::ReadPosts, Object::default(), self.rules.regions).is_ok()
    }

    /// How many people each organ has, of the organs the caller may see.
    pub async fn organ_counts(&self, call: &Call) -> Result<Vec<OrganCount>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadPosts, Object::default(), self.rules.regions)?;
        let rows = self
            .store
            .query(
                "SELECT region, department, COUNT(*) AS people FROM ( \
                 SELECT region, department, id AS account_id FROM accounts WHERE face = 'office' AND department <> '' \
                 UNION SELECT region, department, account_id FROM posts WHERE to_day IS NULL OR to_day >= $1) placed \
                 GROUP BY region, department ORDER BY region, department",
                [self.today_number().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut counts = Vec::new();
        for row in &rows {
            if let Some(agency) = agency(row)?.filter(|agency| self.may_read_posts(call, agency)) {
                counts.push(OrganCount { agency, people: number(row, "people")? });
            }
        }
        Ok(counts)
    }

    /// People of an organ, or of everything the caller looks after, by name; keyset by name and id.
    pub async fn people(
        &self,
        call: &Call,
        filter: &PeopleFilter,
        after: Option<(String, String)>,
    ) -> Result<OrganPage, Failure> {
        let region = filter.agency.as_ref().map(|agency| agency.region);
        let department = filter.agency.as_ref().map(|agency| agency.department.as_str());
        let object = Object { unit: None, department, region };
        let _permit = permission::decide(&call.actor, Action::ReadPosts, object, self.rules.regions)?;
        let mut page = OrganPage::default();
        let mut after = after.unwrap_or_default();
        loop {
            let rows = self.people_after(filter, &after).await?;
            let more = rows.len() > READ;
            for row in rows.iter().take(READ) {
                if page.people.len() == PEOPLE {
                    page.next = Some(after);
                    return Ok(page);
                }
                let person = self.person_row(row).await?;
                after = (person.name.clone(), person.id.to_string());
                let seen = |agency: &Agency| self.may_read_posts(call, agency);
                if person.agency.iter().chain(person.posts.iter().map(|post| &post.key.agency)).any(seen) {
                    page.people.push(person);
                }
            }
            if !more {
                return Ok(page);
            }
        }
    }

    async fn people_after(&self, filter: &PeopleFilter, after: &(String, String)) -> Result<Vec<QueryResult>, Failure> {
        let agency = filter.agency.as_ref();
        let begins = |words: &str| {
            let plain = words.trim().replace(['\\', '%', '_'], "");
            if plain.is_empty() { String::new() } else { format!("{plain}%") }
        };
        self.store
            .query(
                "SELECT a.id, a.login, a.name, a.department, a.region, a.disabled, \
                 CAST(CASE WHEN c.account_id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_password \
                 FROM accounts a LEFT JOIN credentials c ON c.account_id = a.id WHERE a.face = 'office' \
                 AND (a.name > $1 OR (a.name = $1 AND a.id > $2)) \
                 AND ($3 = '' OR (a.region = $3 AND a.department = $4) OR EXISTS( \
                   SELECT 1 FROM posts p WHERE p.account_id = a.id AND p.region = $3 AND p.department = $4 AND COALESCE(p.to_day, $5) >= $6)) \
                 AND ($7 = '' OR a.name LIKE $7 OR a.login LIKE $8) \
                 AND ($9 = '' OR EXISTS(SELECT 1 FROM posts p WHERE p.account_id = a.id AND p.role = $9 AND p.from_day <= $6 \
                   AND COALESCE(p.to_day, $5) >= $6)) \
                 AND ($10 = 0 OR NOT EXISTS(SELECT 1 FROM posts p WHERE p.account_id = a.id AND p.from_day <= $6 \
                   AND COALESCE(p.to_day, $5) >= $6)) \
                 ORDER BY a.name, a.id LIMIT $11",
                [
                    after.0.clone().into(),
                    after.1.clone().into(),
                    agency.map(|a| a.region.as_str().to_owned()).unwrap_or_default().into(),
                    agency.map(|a| a.department.clone()).unwrap_or_default().into(),
                    NEVER.into(),
                    self.today_number().into(),
                    begins(&filter.words).into(),
                    begins(&filter.words.to_lowercase()).into(),
                    filter.role.map(|role| slug(&role)).unwrap_or_default().into(),
                    i64::from(filter.without).into(),
                    i64::try_from(READ + 1).unwrap_or(i64::MAX).into(),
                ],
            )
            .await
            .map_err(Failure::fault)
    }

    async fn person_row(&self, row: &QueryResult) -> Result<PersonRow, Failure> {
        let id = AccountId(text(row, "id")?);
        let posts = self.posts_from_today(&id).await?;
        Ok(PersonRow {
            login: text(row, "login")?,
            name: text(row, "name")?,
            agency: agency(row)?,
            disabled: number(row, "disabled")? == 1,
            has_password: number(row, "has_password")? == 1,
            posts,
            id,
        })
    }

    /// Posts held now or later.
    pub(super) async fn posts_from_today(&self, id: &AccountId) -> Result<Vec<PostRow>, Failure> {
        let rows = self
            .store
            .query_few(
                "SELECT department, region, role, from_day, to_day, given_by, reason FROM posts WHERE account_id = $1 \
                 AND COALESCE(to_day, $2) >= $3 AND COALESCE(to_day, $2) >= from_day ORDER BY region, department, role, from_day",
                [id.as_str().into(), NEVER.into(), self.today_number().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().filter_map(|row| post(row).transpose()).collect()
    }

    /// Proposals that wait for a second person, of the caller's area, the oldest first.
    pub async fn open_proposals(&self, call: &Call) -> Result<Vec<OpenProposal>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadPosts, Object::default(), self.rules.regions)?;
        let now = self.clock.now();
        let rows = self
            .store
            .query(
                "SELECT p.account_id, a.name, p.at, p.department, p.region, p.role, p.from_day, p.to_day, p.by_account, p.by_name, p.reason, \
                 p.proposed_at FROM post_proposals p JOIN accounts a ON a.id = p.account_id WHERE p.state = 'open' AND p.proposed_at > $1 \
                 AND p.to_day >= $2 ORDER BY p.proposed_at, p.account_id, p.at LIMIT 1000",
                [(now.0 - POST_PROPOSAL_DAYS * 86_400_000).into(), self.today_number().into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut open = Vec::new();
        for row in &rows {
            let Some(key) = key(row)?.filter(|key| self.may_read_posts(call, &key.agency)) else { continue };
            open.push(OpenProposal {
                account: AccountId(text(row, "account_id")?),
                name: text(row, "name")?,
                at: usize::try_from(number(row, "at")?).map_err(Failure::fault)?,
                key,
                to: day(row, "to_day")?,
                by: AccountId(text(row, "by_account")?),
                by_name: text(row, "by_name")?,
                reason: text(row, "reason")?,
                proposed_at: Moment(number(row, "proposed_at")?),
            });
        }
        Ok(open)
    }

    /// Posts of the caller's area that end within the time of the reminder, the next first.
    pub async fn ending_posts(&self, call: &Call) -> Result<PostNotices, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadPosts, Object::default(), self.rules.regions)?;
        let today = self.clock.now().date();
        let until = today.saturating_add(i64::from(self.settings.posts.remind_days).days());
        let rows = self
            .store
            .query(
                "SELECT p.account_id, a.name, p.department, p.region, p.role, p.from_day, p.to_day, p.given_by, p.reason FROM posts p \
                 JOIN accounts a ON a.id = p.account_id WHERE p.to_day >= $1 AND p.to_day <= $2 AND p.from_day <= $1 AND a.disabled = 0 \
                 AND NOT EXISTS(SELECT 1 FROM delegations d WHERE d.account_id = p.account_id AND d.department = p.department \
                   AND d.region = p.region AND d.role = p.role AND d.from_day = p.from_day) \
                 AND NOT EXISTS(SELECT 1 FROM posts n WHERE n.account_id = p.account_id AND n.department = p.department \
                   AND n.region = p.region AND n.role = p.role AND n.from_day > p.from_day) \
                 ORDER BY p.to_day, a.name, p.account_id LIMIT $3",
                [day_number(today).into(), day_number(until).into(), SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut notices = PostNotices::default();
        for row in &rows {
            if let Some(post) = post(row)?.filter(|post| self.may_read_posts(call, &post.key.agency)) {
                notices.ending.push((AccountId(text(row, "account_id")?), text(row, "name")?, post));
            }
        }
        Ok(notices)
    }

    /// The caller's own posts that end within the time of the reminder and are not renewed: so the holder knows before.
    pub async fn own_ending_posts(&self, call: &Call) -> Result<Vec<PostRow>, Failure> {
        let crate::Actor::Officer { account, .. } = &call.actor else { return Ok(vec![]) };
        let today = self.clock.now().date();
        let until = today.saturating_add(i64::from(self.settings.posts.remind_days).days());
        let posts = self.posts_from_today(account).await?;
        let delegated = self.standing_in(call).await?;
        let renewed = |post: &PostRow| {
            posts.iter().any(|next| {
                (&next.key.agency, next.key.role) == (&post.key.agency, post.key.role) && next.key.from > post.key.from
            })
        };
        let own = |post: &PostRow| {
            !delegated.iter().any(|d| (&d.agency, d.role, d.from) == (&post.key.agency, post.key.role, post.key.from))
        };
        let soon = |post: &&PostRow| post.held_on(today) && post.to.is_some_and(|to| to <= until);
        Ok(posts.iter().filter(soon).filter(|post| !renewed(post) && own(post)).cloned().collect())
    }

    /// Where the caller's area begins: the region of the highest post from which people are seen.
    pub fn area(&self, call: &Call) -> RegionCode {
        let crate::Actor::Officer { posts, .. } = &call.actor else { return INNER_MONGOLIA };
        let seen = posts.iter().filter(|post| post.role.is_administrator() || post.role == Role::DepartmentManager);
        let widest = seen.map(|post| post.region).min_by_key(|region| self.rules.regions.level(*region));
        widest.unwrap_or(INNER_MONGOLIA)
    }
}
