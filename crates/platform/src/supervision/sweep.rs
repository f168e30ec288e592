//! Rules over time: a pass over what is due, never over what is merely open.

use crate::{Call, Failure, Platform, failure::again, read::day_number};
use domain::{
    case::{Application, Case},
    consultation::Consultation,
    ids::CaseId,
    supervision::{Consumer, Rule, Severity, Standing, consumer},
};
use ledger::Row;
use std::collections::BTreeSet;

/// The rule over consultations: a question without a reply, not a period of the case.
const UNANSWERED: &str = "unanswered_consultation";

/// Cases of one step.
const STEP: usize = 200;

/// Cases a rule over time may be about: those due by the read table without a card of that period, in the order of a
/// keyset (`key_day`, `key_id`). `$1` today, `$2` and `$3` the last row of the step before, `$4` the rule.
fn due_of(rule: &str) -> Option<&'static str> {
    match rule {
        "overdue" => Some(
            "SELECT id, id AS key_id, owed, due_day, due_day AS key_day FROM cases WHERE owed <> 'nothing' AND suspended = 0 AND due_day < $1 \
             AND (due_day > $2 OR (due_day = $2 AND id > $3)) AND NOT EXISTS (SELECT 1 FROM supervision_cards k \
             WHERE k.rule = $4 AND k.case_id = cases.id AND k.opened_at >= cases.updated_at) ORDER BY due_day, id LIMIT 200",
        ),
        "near_overdue" => Some(
            "SELECT id, id AS key_id, owed, due_day, yellow_day AS key_day FROM cases WHERE owed <> 'nothing' AND suspended = 0 AND yellow_day <= $1 AND due_day >= $1 \
             AND (yellow_day > $2 OR (yellow_day = $2 AND id > $3)) AND NOT EXISTS (SELECT 1 FROM supervision_cards k \
             WHERE k.rule = $4 AND k.case_id = cases.id AND k.opened_at >= cases.updated_at) ORDER BY yellow_day, id LIMIT 200",
        ),
        UNANSWERED => Some(
            "SELECT c.id, q.id AS key_id, c.owed, c.due_day, q.reply_day AS key_day FROM consultations q JOIN cases c ON c.id = q.case_id \
             WHERE q.state = 'asked' AND q.reply_day < $1 AND c.owed IN ('propose', 'review', 'decide') \
             AND (q.reply_day > $2 OR (q.reply_day = $2 AND q.id > $3)) AND NOT EXISTS (SELECT 1 FROM supervision_cards k \
             WHERE k.rule = $4 AND k.occurrence = q.id) ORDER BY q.reply_day, q.id LIMIT 200",
        ),
        _ => None,
    }
}

/// A row of [`due_of`].
struct DueCase {
    id: CaseId,
    owed: String,
    due_day: i64,
    key_day: i64,
    key_id: String,
}

impl Platform {
    /// Evaluates the rules over time for today. How many cards were opened.
    pub(super) async fn sweep_days(&self, call: &Call) -> Result<u64, Failure> {
        let mut opened = 0;
        for rule in self.rules.supervision.iter().filter(|rule| rule.looks_at_time()) {
            if let Some(sql) = due_of(&rule.code) {
                opened += self.sweep_rule(call, rule, sql).await?;
            }
        }
        Ok(opened)
    }

    async fn sweep_rule(&self, call: &Call, rule: &Rule, sql: &'static str) -> Result<u64, Failure> {
        let today = day_number(self.clock.now().date());
        let (mut opened, mut day, mut after) = (0, i64::MIN, String::new());
        loop {
            let values = [today.into(), day.into(), after.into(), rule.code.clone().into()];
            let rows = self.store.query(sql, values).await.map_err(Failure::fault)?;
            let mut due = Vec::with_capacity(rows.len());
            for row in &rows {
                due.push(DueCase {
                    id: CaseId(row.try_get("", "id").map_err(Failure::fault)?),
                    owed: row.try_get("", "owed").map_err(Failure::fault)?,
                    due_day: row.try_get("", "due_day").map_err(Failure::fault)?,
                    key_day: row.try_get("", "key_day").map_err(Failure::fault)?,
                    key_id: row.try_get("", "key_id").map_err(Failure::fault)?,
                });
            }
            for case in &due {
                opened += again(|| self.sweep_case(call, rule, case)).await?;
            }
            match due.pop().filter(|_| rows.len() == STEP) {
                Some(last) => (day, after) = (last.key_day, last.key_id),
                None => return Ok(opened),
            }
        }
    }

    async fn sweep_case(&self, call: &Call, rule: &Rule, due: &DueCase) -> Result<u64, Failure> {
        let Some(Consumer::Time(look)) = consumer(&rule.code) else { return Ok(0) };
        let case = self.load::<Case>(due.id.as_str()).await?.state;
        let consultation = match rule.code.as_str() {
            UNANSWERED => Some(self.load::<Consultation>(&due.key_id).await?.state),
            _ => None,
        };
        let today = self.clock.now().date();
        let (calendar, consultation) = (self.rules.calendar, consultation.as_ref());
        let standing = Standing { case: &case, today, calendar, consultation };
        let (Some(hit), Some(about)) = (look(rule, &standing), case.application.as_deref()) else { return Ok(0) };
        // Whoever has to reply explains, not whoever asked.
        let asked = consultation.and_then(|c| c.asked.as_deref()).map(|asked| Application {
            agency: asked.to.clone(),
            agency_name: asked.to_name.clone(),
            ..about.clone()
        });
        let mut change = self.change(call);
        if self.open_card(&mut change, &mut BTreeSet::new(), rule, hit, asked.as_ref().unwrap_or(about)).await? == 0 {
            return Ok(0);
        }
        if rule.severity == Severity::Red {
            for warning in self.lapsing_cards(due.id.as_str(), self.clock.now()).await? {
                self.lapse_card(&mut change, &warning, "已经超期，转为红牌监察卡，平台自动销号。").await?;
            }
        }
        // Whoever acts on the case at the same time is faster or later, never both: the card is about the case as it stands.
        change.exactly_one(Row::new(
            "UPDATE cases SET updated_at = updated_at WHERE id = $1 AND owed = $2 AND due_day = $3",
            [due.id.as_str().into(), due.owed.clone().into(), due.due_day.into()],
        ));
        if consultation.is_some() {
            change.exactly_one(Row::new(
                "UPDATE consultations SET state = state WHERE id = $1 AND state = 'asked'",
                [due.key_id.clone().into()],
            ));
        }
        match change.commit(due.id.as_str()).await {
            // The case moved on: whatever is due of it now is the next sweep's.
            Err(Failure::Conflict) if self.has_moved(due).await? => Ok(0),
            other => other.map(|()| 1),
        }
    }

    async fn has_moved(&self, due: &DueCase) -> Result<bool, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT 1 AS one FROM cases WHERE id = $1 AND owed = $2 AND due_day = $3",
                [due.id.as_str().into(), due.owed.clone().into(), due.due_day.into()],
            )
            .await
            .map_err(Failure::fault)?;
        Ok(row.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::supervision::default_rules;

    #[test]
    fn art15_every_loaded_rule_over_time_is_swept() {
        for rule in default_rules().iter().filter(|rule| rule.looks_at_time()) {
            assert!(due_of(&rule.code).is_some(), "nobody sweeps for {}", rule.code);
        }
    }
}
