//! 人员名册: a staff list from a spreadsheet is previewed row by row, then opens accounts and proposes posts; each post still
//! waits for the second security administrator (S-05, S-08).

mod table;

pub use table::MOST_BYTES;

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    account::{OpenAccount, check_login},
    permission,
};
use domain::{
    Aggregate, Meta, Refusal,
    account::{Account, AccountEvent, Holder, Post, PostWish, Role, check_person_name, propose_post},
    department::Agency,
    ids::AccountId,
    region::RegionCode,
};
use jiff::{ToSpan, civil::Date};
use std::collections::HashMap;
use table::Table;

/// Headings of the list, in order.
pub const COLUMNS: [&str; 8] = ["姓名", "登录名", "地区", "部门", "岗位", "起始日", "截止日", "任职依据"];
/// Most rows of one list.
pub const MOST_ROWS: usize = 1000;
/// Rows carried out in one request; the page goes on with the rest.
pub const AT_ONCE: usize = 100;

/// What a row would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffOutcome {
    /// Opens the account and proposes the post.
    Open,
    /// Proposes the post for an account that is there.
    Propose,
    /// It is so already, or proposed already.
    Same,
    /// It cannot be done.
    Refused(Vec<Refusal>),
}

/// A row of the list as it was read, and what it would do.
#[derive(Debug, Clone)]
pub struct StaffLine {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its cells, in the order of [`COLUMNS`].
    pub cells: Vec<String>,
    /// The organ and role in words; empty when they cannot be read.
    pub post: String,
    /// What it would do.
    pub outcome: StaffOutcome,
}

/// The list, looked through.
#[derive(Debug, Clone, Default)]
pub struct StaffPreview {
    /// Rows that are not empty.
    pub lines: Vec<StaffLine>,
}

impl StaffPreview {
    /// How many rows there are to be carried out.
    pub fn to_do(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.outcome, StaffOutcome::Open | StaffOutcome::Propose)).count()
    }

    /// The list as text, for the next step: tab separated, without anything a spreadsheet would run.
    pub fn text(&self) -> String {
        let clean = |cell: &String| cell.replace(['\t', '\r', '\n', '"'], " ");
        let row = |cells: &[String]| cells.iter().map(clean).collect::<Vec<_>>().join("\t") + "\n";
        let head = COLUMNS.map(str::to_owned);
        row(&head) + &self.lines.iter().map(|line| row(&line.cells)).collect::<String>()
    }
}

/// What was carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffDone {
    /// Rows carried out now.
    pub done: usize,
    /// Rows still to be carried out.
    pub left: usize,
}

/// A row that can be understood.
struct Entry {
    name: String,
    login: String,
    wish: PostWish,
}

fn cell(cells: &[String], at: usize) -> &str {
    cells.get(at).map_or("", |cell| cell.trim())
}

fn refuse(code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::new(code, words)
}

/// `2026-03-02`, `2026/3/2`, `2026.3.2`, `2026年3月2日`, or the number a spreadsheet keeps a day as.
fn day(text: &str) -> Option<Date> {
    if let Ok(serial) = text.parse::<i32>() {
        let known = (20_000..80_000).contains(&serial);
        return known.then(|| Date::constant(1899, 12, 30).saturating_add(serial.days()));
    }
    let plain = text.trim_end_matches('日').replace(['年', '月', '/', '.'], "-");
    let mut parts = plain.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if parts.next().is_some() { None } else { Date::new(year, month, day).ok() }
}

impl Platform {
    fn region_of(&self, text: &str) -> Option<RegionCode> {
        let regions = self.rules.regions;
        if let Some(code) = RegionCode::parse(text) {
            return Some(code).filter(|code| regions.exists(*code));
        }
        let named = |code: &RegionCode| regions.name(*code) == Some(text) || regions.full_name(*code) == text;
        let area = domain::region::INNER_MONGOLIA;
        let mut found = std::iter::once(area).chain(regions.below(area).map(|r| r.code)).filter(named);
        let first = found.next()?;
        // A name that two places bear says nothing.
        if found.next().is_some() { None } else { Some(first) }
    }

    fn read_row(&self, cells: &[String]) -> Result<Entry, Vec<Refusal>> {
        let mut faults = Vec::new();
        if cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])) {
            faults.push(refuse("staff.formula", "含有公式或者以 = + - @ 开头的内容，请改为普通文字。"));
        }
        let mut keep = |fault: Refusal| faults.push(fault);
        let name = check_person_name(cell(cells, 0)).map_err(&mut keep).ok();
        let login = check_login(cell(cells, 1)).map_err(&mut keep).ok();
        let region = self.region_of(cell(cells, 2));
        if region.is_none() {
            keep(refuse("staff.region", format!("没有地区“{}”，或者重名；请填六位地区代码。", cell(cells, 2))));
        }
        let departments = self.rules.departments;
        let department = departments.get(cell(cells, 3)).or_else(|| departments.by_short(cell(cells, 3)));
        if department.is_none() {
            keep(refuse("staff.department", format!("没有部门“{}”，请填部门简称，例如 水利。", cell(cells, 3))));
        }
        let role = Role::ALL.into_iter().find(|role| role.name() == cell(cells, 4)).or(Role::parse(cell(cells, 4)));
        if role.is_none() {
            keep(refuse("staff.role", format!("没有岗位“{}”，请填模板中列出的岗位。", cell(cells, 4))));
        }
        let from = day(cell(cells, 5));
        if from.is_none() {
            keep(refuse("staff.from", "请按 2026-03-02 的格式填写起始日。"));
        }
        let to = if cell(cells, 6).is_empty() { Some(None) } else { day(cell(cells, 6)).map(Some) };
        if to.is_none() {
            keep(refuse("staff.to", "请按 2026-12-31 的格式填写截止日，或者留空。"));
        }
        match (name, login, region, department, role, from, to) {
            (Some(name), Some(login), Some(region), Some(department), Some(role), Some(from), Some(to))
                if faults.is_empty() =>
            {
                let agency = Agency::new(department.code.clone(), region);
                let reason = cell(cells, 7).to_owned();
                Ok(Entry { name, login, wish: PostWish { agency, role, from, to, reason } })
            }
            _ => Err(faults),
        }
    }

    /// Refuses whoever loads staff lists nowhere.
    pub fn check_importing(&self, call: &Call) -> Result<(), Failure> {
        let _permit = permission::decide(&call.actor, Action::ImportStaff, Object::default(), self.rules.regions)?;
        Ok(())
    }

    /// Looks through a file; nothing is changed.
    pub async fn preview_staff(&self, call: &Call, content: &[u8]) -> Result<StaffPreview, Failure> {
        let _permit = permission::decide(&call.actor, Action::ImportStaff, Object::default(), self.rules.regions)?;
        let table = table::read(content)?;
        self.look_through(call, table).await
    }

    async fn look_through(&self, call: &Call, table: Table) -> Result<StaffPreview, Failure> {
        let head = table.first().map(|row| row.iter().map(|cell| cell.trim()).collect::<Vec<_>>()).unwrap_or_default();
        if head != COLUMNS {
            let words = format!("第一行应为表头：{}。请下载模板填写。", COLUMNS.join("、"));
            return Err(Refusal::field("file", "staff.head", words).into());
        }
        // Accounts as they would be after the rows above: two rows of one list may collide with each other.
        let mut accounts: HashMap<String, Account> = HashMap::new();
        let mut preview = StaffPreview::default();
        for (at, cells) in table.into_iter().enumerate().skip(1) {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let (post, outcome) = match self.read_row(&cells) {
                Err(faults) => (String::new(), StaffOutcome::Refused(faults)),
                Ok(entry) => {
                    let words = format!("{} · {}", entry.wish.agency.name(), entry.wish.role.name());
                    (words, self.weigh(call, &entry, &mut accounts).await?)
                }
            };
            preview.lines.push(StaffLine { number: at + 1, cells, post, outcome });
        }
        if preview.lines.is_empty() {
            return Err(Refusal::field("file", "staff.empty", "名册中没有人员，请从第二行起每行填写一个岗位。").into());
        }
        Ok(preview)
    }

    /// What a row would do to the accounts as the rows above leave them.
    async fn weigh(
        &self,
        call: &Call,
        entry: &Entry,
        accounts: &mut HashMap<String, Account>,
    ) -> Result<StaffOutcome, Failure> {
        let Entry { name, login, wish } = entry;
        for action in [Action::ProposePost, Action::ManageAccounts] {
            if !self.may_at_organ(call, action, &wish.agency) {
                let words = "这个机关不在您的管理范围内。";
                return Ok(StaffOutcome::Refused(vec![refuse("staff.area", words)]));
            }
        }
        if !accounts.contains_key(login) {
            accounts.insert(login.clone(), self.account_of(login).await?);
        }
        let Some(account) = accounts.get_mut(login) else { return Ok(StaffOutcome::Same) };
        let is_new = account.holder.is_none();
        if is_new {
            let agency = Some(wish.agency.clone());
            // A stand-in until the account is opened; its id meets nobody's.
            let id = AccountId(format!("new-{login}"));
            *account = Account {
                id,
                login: login.clone(),
                name: name.clone(),
                holder: Some(Holder::Officer),
                agency,
                ..Account::default()
            };
        } else if account.name != *name {
            let words = format!(
                "登录名 {login} 属于“{}”。同一人更名的，请先在人员页更改姓名；不同的人请另取登录名。",
                account.name
            );
            return Ok(StaffOutcome::Refused(vec![refuse("staff.name", words)]));
        }
        if let Some(id) = AccountId::parse(account.id.as_str())
            && let Err(failure) = self.may_propose_for(call, &id).await
        {
            return match failure {
                Failure::NotThere | Failure::Denied(_) => {
                    Ok(StaffOutcome::Refused(vec![refuse("staff.area", "这个账号不在您的管理范围内。")]))
                }
                other => Err(other),
            };
        }
        let now = self.clock.now();
        let to = wish.to.unwrap_or_else(|| self.settings.posts.last_day(wish.from));
        let same = |post: &Post| {
            post.role == wish.role && post.agency() == wish.agency && post.from == wish.from && post.to == Some(to)
        };
        let proposed = account.proposals.iter().any(|p| p.is_open(now) && same(&p.proposed.post));
        if proposed || account.posts.iter().any(same) {
            return Ok(StaffOutcome::Same);
        }
        let Actor::Officer { account: by, name: by_name, .. } = &call.actor else { return Err(Failure::NotThere) };
        match propose_post(account, (by, by_name), wish, &self.settings.posts, now) {
            Err(faults) => Ok(StaffOutcome::Refused(faults)),
            Ok(events) => {
                let meta = Meta { at: now, recorded_at: now, actor: String::new() };
                events.iter().for_each(|event: &AccountEvent| account.apply(event, &meta));
                Ok(if is_new { StaffOutcome::Open } else { StaffOutcome::Propose })
            }
        }
    }

    /// The officer's account of that sign-in name; an empty one when there is none.
    async fn account_of(&self, login: &str) -> Result<Account, Failure> {
        let sql = "SELECT id FROM accounts WHERE face = 'office' AND login = $1";
        match self.store.query_one(sql, [login.into()]).await.map_err(Failure::fault)? {
            None => Ok(Account::default()),
            Some(row) => {
                let id: String = row.try_get("", "id").map_err(Failure::fault)?;
                Ok(self.load::<Account>(&id).await?.state)
            }
        }
    }

    /// Carries the list out, at most [`AT_ONCE`] rows; what is so already is left alone, so it may be sent again and again.
    pub async fn apply_staff(&self, call: &Call, text: &str) -> Result<StaffDone, Failure> {
        let _permit = permission::decide(&call.actor, Action::ImportStaff, Object::default(), self.rules.regions)?;
        // Each row is a change of its own, with its own record; the key of the form is not used up by the first of them.
        let call = Call { once: None, ..call.clone() };
        let preview = self.look_through(&call, table::text(text)?).await?;
        let to_do = preview.to_do();
        let mut done = 0;
        for line in
            preview.lines.iter().filter(|line| matches!(line.outcome, StaffOutcome::Open | StaffOutcome::Propose))
        {
            if done == AT_ONCE {
                break;
            }
            let Ok(entry) = self.read_row(&line.cells) else { continue };
            let known = self.account_of(&entry.login).await?;
            let id = match known.holder {
                Some(_) => known.id,
                None => {
                    let form = OpenAccount {
                        login: entry.login.clone(),
                        name: entry.name.clone(),
                        agency: entry.wish.agency.clone(),
                    };
                    self.open_account(&call, &form).await?.0
                }
            };
            match self.propose_post(&call, &id, &entry.wish).await {
                // Somebody else was faster with the same row: the next look says so.
                Ok(()) | Err(Failure::Refused(_)) => done += 1,
                Err(other) => return Err(other),
            }
        }
        Ok(StaffDone { done, left: to_do - done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn s05_days_are_read_as_people_write_them() {
        for text in ["2026-03-02", "2026/3/2", "2026.3.2", "2026年3月2日", "46083"] {
            assert_eq!(day(text), Some(date(2026, 3, 2)), "{text}");
        }
        for text in ["", "2026-13-01", "明天", "2026-3", "2026-3-2-1", "7", "99999999"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
