//! Daily quotas of one account (A-21, S-34): counted in the commit of what is counted, so two at the same time cannot both take the
//! last of it.

use crate::{Failure, Platform, read::day_number, stream::Change};
use domain::ids::AccountId;
use ledger::Row;

/// What has a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Daily {
    /// Rows exported.
    ExportRows,
    /// Contact data seen in full.
    Unmask,
}

impl Daily {
    fn slug(self) -> &'static str {
        match self {
            Self::ExportRows => "export_rows",
            Self::Unmask => "unmask",
        }
    }
}

/// Days a count is kept.
const KEPT: i64 = 30;

fn as_number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Platform {
    fn daily_key(&self, account: &AccountId, what: Daily) -> (String, i64) {
        let day = day_number(self.clock.now().date());
        (format!("{}|{account}|{day}", what.slug()), day)
    }

    /// How much an account has used up today.
    pub(crate) async fn used_today(&self, account: &AccountId, what: Daily) -> Result<u64, Failure> {
        let (id, _) = self.daily_key(account, what);
        let row = self.store.query_one("SELECT n FROM daily_use WHERE id = $1", [id.into()]).await;
        let Some(row) = row.map_err(Failure::fault)? else { return Ok(0) };
        let n: i64 = row.try_get("", "n").map_err(Failure::fault)?;
        Ok(n.try_into().unwrap_or(0))
    }

    /// Uses up `n` of it in this change. Nothing of the change happens when that would be more than `most` in all:
    /// it is then decided again, and refused.
    pub(crate) fn use_today(&self, change: &mut Change<'_>, account: &AccountId, what: Daily, n: u64, most: u64) {
        let (id, day) = self.daily_key(account, what);
        change.exactly_one(Row::new(
            "INSERT INTO daily_use(id, day, n) VALUES($1, $2, $3) ON CONFLICT(id) DO UPDATE SET n = daily_use.n + $3 \
             WHERE daily_use.n + $3 <= $4",
            [id.into(), day.into(), as_number(n).into(), as_number(most).into()],
        ));
        change.row(Row::new("DELETE FROM daily_use WHERE day < $1", [(day - KEPT).into()]));
    }
}
