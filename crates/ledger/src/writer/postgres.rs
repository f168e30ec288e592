//! PostgreSQL: a unit is a transaction of its own.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};

use super::{Gate, Outcome, Planned, follow, plan, statement};
use crate::{
    Backend, Head, QueryResult, Refused, Unit,
    audit::{Chained, read_head},
    counters::Tally,
    error::{constraint, is_unique},
    sql,
};

/// After this long a transaction is given up: a lost peer must not hold a caller for ever.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs a unit to its end even if the caller goes away.
pub(crate) async fn run(db: DatabaseConnection, unit: Unit, gate: Arc<Gate>, tally: Arc<Tally>) -> Outcome {
    let events = unit.events.len() as u64;
    let (chained, reserve) = (unit.chained.clone(), unit.reserve);
    let statements = plan(Backend::Postgres, unit);
    let task = tokio::spawn(tokio::time::timeout(PATIENCE, async move {
        let transaction = db.begin().await?;
        match apply_all(&transaction, statements, &chained, |record, last| gate.admits(record, last, reserve), &tally)
            .await
        {
            Ok(()) => transaction.commit().await?,
            Err(refused) => {
                // The refusal is what matters; a transaction that cannot be rolled back goes down with its connection.
                let _ = transaction.rollback().await;
                return Err(refused);
            }
        }
        tally.group(1, events);
        Ok(())
    }));
    match task.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(Refused::Busy),
    }
}

/// The chained records come last: their heads are held from here to the COMMIT, and whoever holds one needs nothing more.
async fn apply_all(
    db: &DatabaseTransaction,
    statements: Vec<Planned>,
    chained: &[Chained],
    admits: impl Fn(&Chained, &Head) -> Outcome,
    tally: &Tally,
) -> Outcome {
    apply(db, statements, tally).await?;
    for record in chained {
        tally.statement();
        let held = statement(Backend::Postgres, sql::HEAD_HELD, [record.chain().name().into()]);
        let row = db.query_one_raw(held).await?.map(QueryResult::from);
        let last = read_head(row.as_ref(), record.chain())?;
        admits(record, &last)?;
        apply(db, follow(Backend::Postgres, record, &last), tally).await?;
    }
    Ok(())
}

async fn apply(db: &DatabaseTransaction, statements: Vec<Planned>, tally: &Tally) -> Outcome {
    for Planned { part, text, values } in statements {
        tally.statement();
        let done = db
            .execute_raw(statement(Backend::Postgres, text, values))
            .await
            .map_err(|error| if is_unique(&error) { part.taken(constraint(&error)) } else { error.into() })?;
        if !part.accepts(done.rows_affected()) {
            return Err(Refused::Conflict);
        }
    }
    Ok(())
}
