//! The deadline sweep: its cost follows the rows that are due, not the ones that are open. Two databases in one run: a million
//! open and ten thousand due against ten thousand open and ten thousand due; then the same statements as raw SQL.

use crate::{Options, report::Report};
use ledger::{Durability, Row, Unit};
use platform::{Call, deadline, ports::ChaChaChance};
use rusqlite::Connection;
use std::{path::Path, time::Instant};
use testkit::{Database, World};

const DUE: i64 = 10_000;
const FEW: i64 = 10_000;
const MANY: i64 = 1_000_000;
/// Whole cost at a million open cases may be this much of the cost at ten thousand.
const MOST: f64 = 1.3;

/// Rows straight into the table: what is measured is the sweep, not the acts that lead to it. The cases behind them do not
/// exist, so a due row is looked up, found to be stale and removed: the least a due row costs.
async fn fill(world: &World, letter: &'static str, count: i64, at: i64) {
    let mut unit = Unit::new();
    unit.row(Row::new(
        "INSERT INTO deadlines(case_id, kind, at, what, yellow_day, due_day, provisional, calendar) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         SELECT $2 || i, 'item_working', $3, 'yellow', 20000, 20000 + i % 300, 0, 0 FROM n",
        [count.into(), letter.into(), at.into()],
    ));
    world.platform.store.commit(unit).await.unwrap_or_else(|e| panic!("fill: {e}"));
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn sweep(world: &World) -> f64 {
    fill(world, "d", DUE, 1).await;
    let start = Instant::now();
    let swept = world.platform.sweep_deadlines(&Call::system("bench"), deadline::AT_ONCE).await;
    let seconds = start.elapsed().as_secs_f64();
    let swept = swept.unwrap_or_else(|e| panic!("sweep: {e}"));
    assert_eq!((swept.due, swept.failed), (DUE as u64, 0));
    seconds
}

/// The same selection, look-ups and removals without the product: prepared statements, commits of as many as the sweep has at once.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn raw(path: &Path) -> rusqlite::Result<f64> {
    let db = Connection::open(path)?;
    db.execute_batch("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=1073741824;")?;
    let start = Instant::now();
    let (mut after, mut done) = ((i64::MIN, String::new()), 0);
    loop {
        let mut select = db.prepare_cached(
            "SELECT at, case_id, kind, due_day FROM deadlines WHERE at <= ?1 AND (at > ?2 OR (at = ?2 AND case_id > ?3)) \
             ORDER BY at, case_id LIMIT 500",
        )?;
        let rows = select.query_map((1, after.0, &after.1), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })?;
        let page = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let Some(last) = page.last() else { break };
        after = (last.0, last.1.clone());
        for group in page.chunks(deadline::AT_ONCE) {
            db.execute_batch("BEGIN IMMEDIATE")?;
            for (_, case, kind, due) in group {
                let mut load = db.prepare_cached("SELECT version, head, state FROM stream WHERE id = ?1")?;
                let stream = format!("case:{case}");
                for _ in 0..2 {
                    assert!(!load.exists([&stream])?);
                }
                let mut delete =
                    db.prepare_cached("DELETE FROM deadlines WHERE case_id = ?1 AND kind = ?2 AND due_day = ?3")?;
                done += delete.execute((case, kind, due))?;
            }
            db.execute_batch("COMMIT")?;
        }
    }
    assert_eq!(done, DUE as usize);
    Ok(start.elapsed().as_secs_f64())
}

/// Measures and reports.
pub async fn run(options: &Options, report: &mut Report) {
    let Some((medium, folder)) = options.stores.first() else { return };
    let mut worlds = Vec::new();
    for open in [FEW, MANY] {
        let world = World::durable(Database::sqlite_below(folder), ChaChaChance::seeded(7), Durability::Relaxed).await;
        fill(&world, "o", open, i64::MAX).await;
        worlds.push(world);
    }
    let [few, many] = worlds.as_slice() else { return };
    let (mut rounds, mut against_raw, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let (a, b, c, d) = (sweep(few).await, sweep(many).await, sweep(many).await, sweep(few).await);
        rounds.push((a + d) / (b + c));
        seconds.push((b + c) / 2.0);
        fill(many, "d", DUE, 1).await;
        let path = many.database.file().unwrap_or_default();
        let limit = raw(&path).unwrap_or_else(|e| panic!("raw: {e}"));
        against_raw.push(limit / ((b + c) / 2.0));
    }
    report.ratio(
        format!("sweep, 10 k due: 10 k open ÷ 1 M open, {medium}"),
        &rounds,
        1.0 / MOST,
        format!("{:.2} s at 1 M open", crate::report::median(&seconds)),
    );
    report.ratio(format!("sweep, 10 k due of 1 M: raw SQL ÷ ours, {medium}"), &against_raw, 0.02, "");
}
