//! 完整性 (S-25, P-06): what stands in the database and on the disk is what the platform wrote. Rows that rights, codes, decisions and
//! papers stand on carry a check value under a key outside of the database; files carry the SM3 of their stored bytes. Each night, and
//! wherever a right or a public answer depends on one, what does not fit is found, reported once, and written anew: rows from the events
//! or from their sealed copy, files from the second copy.

mod file;
mod kept;
mod mend;
mod table;

use crate::{Action, Call, Failure, Object, Platform, detection::Noticed, permission, stream::refused};
use domain::{Moment, region::INNER_MONGOLIA};
use ledger::{QueryResult, Row, Unit, Value};
pub(crate) use table::Stands;
use table::{TABLES, in_words};

/// Faults on one page.
pub const PAGE: i64 = 50;

/// What one check came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows and files that were not as the platform wrote them, and are again.
    pub mended: u64,
    /// Those that could not be restored.
    pub lost: u64,
}

impl Checked {
    /// How much was found.
    pub fn found(self) -> u64 {
        self.mended + self.lost
    }

    fn add(&mut self, other: Self) {
        self.mended += other.mended;
        self.lost += other.lost;
    }
}

/// A row or file that was changed behind the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityFault {
    /// Its id: what one goes on from.
    pub id: String,
    /// What it is, for people.
    pub place: String,
    /// `forged`, `differs`, `missing`, `orphan` or `events`.
    pub what: String,
    /// Which one.
    pub key: String,
    /// The name people know it by; empty when the key is all there is.
    pub name: String,
    /// When it was last found.
    pub found_at: Moment,
    /// When it was restored; `None`: it could not be.
    pub mended_at: Option<Moment>,
    /// How often it was found.
    pub times: i64,
}

/// What is to be said about one thing.
struct Found<'a> {
    place: &'a str,
    what: &'static str,
    key: String,
    name: String,
    mended: bool,
}

/// Everything of the platform: only a post at the autonomous region reaches it.
fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}

impl Platform {
    /// Compares every row and file with what the platform wrote, and restores what differs.
    pub async fn check_integrity(&self, call: &Call) -> Result<Checked, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepEvidence, Object::default(), self.rules.regions)?;
        let (mut all, begun) = (Checked::default(), self.clock.now());
        // A row somebody put in may stand in the way of one that is to be restored: then the second round finds it.
        for _ in 0..2 {
            let mut round = self.check_streams().await?;
            round.add(self.check_rows().await?);
            all.mended += round.mended;
            all.lost = round.lost;
            if round.found() == 0 {
                break;
            }
        }
        all.add(self.check_files().await?);
        // What could not be restored before and was not found now was restored by hand.
        let mut unit = Unit::new();
        unit.row(Row::new(
            "UPDATE integrity_faults SET mended_at = $2 WHERE mended_at = 0 AND found_at < $1",
            [begun.0.into(), self.clock.now().0.into()],
        ));
        self.store.commit(unit).await.map_err(refused)?;
        Ok(all)
    }

    /// Adds a report to the unit that restores the thing, unless it is known and could not be restored then either. Whether it was added.
    async fn report(&self, unit: &mut Unit, found: Found<'_>) -> Result<bool, Failure> {
        let id = format!("{}|{}|{}", found.place, found.what, found.key);
        if !found.mended {
            let known = "SELECT 1 AS one FROM integrity_faults WHERE id = $1 AND mended_at = 0";
            if self.store.query_one(known, [id.clone().into()]).await.map_err(Failure::fault)?.is_some() {
                unit.row(Row::new(
                    "UPDATE integrity_faults SET found_at = $2 WHERE id = $1",
                    [id.into(), self.clock.now().0.into()],
                ));
                return Ok(false);
            }
        }
        let now = self.clock.now().0;
        tracing::error!(place = found.place, what = found.what, key = %found.key, mended = found.mended, "changed behind the platform");
        unit.audit(Noticed::BrokenRecords.entry(now, "", format!("{} {}", found.place, found.key)));
        unit.row(Row::new(
            "INSERT INTO integrity_faults(id, place, what, row_key, name, found_at, mended_at, times) VALUES($1, $2, $3, $4, $5, $6, $7, 1) \
             ON CONFLICT(id) DO UPDATE SET name = excluded.name, found_at = excluded.found_at, mended_at = excluded.mended_at, \
             times = integrity_faults.times + 1",
            [
                id.into(),
                found.place.into(),
                found.what.into(),
                found.key.into(),
                found.name.into(),
                now.into(),
                if found.mended { now } else { 0 }.into(),
            ],
        ));
        Ok(true)
    }

    /// Reports what cannot be restored.
    async fn report_lost(&self, found: Found<'_>) -> Result<(), Failure> {
        let mut unit = Unit::new();
        self.report(&mut unit, found).await?;
        self.store.commit(unit).await.map_err(refused)
    }

    /// The name people know a row by.
    async fn name_of_row(&self, sql: &'static str, key: &[Value]) -> Result<String, Failure> {
        if sql.is_empty() {
            return Ok(String::new());
        }
        let row = self.store.query_one(sql, key.first().cloned()).await.map_err(Failure::fault)?;
        row.map_or(Ok(String::new()), |row| row.try_get("", "name").map_err(Failure::fault))
    }

    /// What was found, newest first; from `before` on.
    pub async fn integrity_faults(
        &self,
        call: &Call,
        before: Option<(i64, String)>,
    ) -> Result<Vec<IntegrityFault>, Failure> {
        let _permit = permission::decide(&call.actor, Action::RestorePosts, whole(), self.rules.regions)?;
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let sql = "SELECT id, place, what, row_key, name, found_at, mended_at, times FROM integrity_faults \
                   WHERE found_at < $1 OR (found_at = $1 AND id < $2) ORDER BY found_at DESC, id DESC LIMIT $3";
        let rows = self.store.query(sql, [at.into(), id.into(), PAGE.into()]).await.map_err(Failure::fault)?;
        rows.iter().map(read).collect::<ledger::Result<_>>().map_err(Failure::fault)
    }

    /// How many could not be restored; `None` for whoever has nothing to do with it.
    pub async fn unmended_faults(&self, call: &Call) -> Result<Option<u64>, Failure> {
        if permission::decide(&call.actor, Action::RestorePosts, whole(), self.rules.regions).is_err() {
            return Ok(None);
        }
        let sql = "SELECT COUNT(*) AS n FROM integrity_faults WHERE mended_at = 0";
        let row = self.store.query_one(sql, []).await.map_err(Failure::fault)?;
        let n: i64 = row.map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        Ok(Some(u64::try_from(n).unwrap_or(0)))
    }

    /// Once in the life of a database, after this step was applied or a ledger was imported: gives rows and streams their check values
    /// as the events say, and files their hashes as they lie.
    pub(crate) async fn begin_check_values(&self) -> Result<(), Failure> {
        let since = "SELECT 1 AS one FROM check_values_since";
        if self.store.query_one(since, []).await.map_err(Failure::fault)?.is_some() {
            return Ok(());
        }
        self.begin_streams().await?;
        self.begin_kept_rows().await?;
        let mut unit = Unit::new();
        unit.row(Row::new(
            "INSERT INTO check_values_since(id, at) VALUES('rows', $1) ON CONFLICT(id) DO NOTHING",
            [self.clock.now().0.into()],
        ));
        self.store.commit(unit).await.map_err(refused)
    }
}

fn read(row: &QueryResult) -> ledger::Result<IntegrityFault> {
    let text = |column| row.try_get::<String>("", column);
    let number = |column| row.try_get::<i64>("", column);
    Ok(IntegrityFault {
        id: text("id")?,
        place: text("place")?,
        what: text("what")?,
        key: text("row_key")?,
        name: text("name")?,
        found_at: Moment(number("found_at")?),
        mended_at: Some(number("mended_at")?).filter(|at| *at > 0).map(Moment),
        times: number("times")?,
    })
}
