//! Use cases of 告知承诺: whether a unit may take this way, and the check after the decision (国办发〔2020〕42号).

use crate::{
    Action, Call, Failure, Platform,
    read::{day_number, from_day_number},
};
use domain::{
    Refusal,
    case::{self, Application, ApplicationWay, CaseEvent, CommitmentCheck, CommitmentRule},
    ids::{CaseId, UnitId},
    item::Item,
};
use jiff::civil::Date;

/// 告知承诺 as the application page offers it.
#[derive(Debug, Clone)]
pub struct CommitmentOffer {
    /// What is promised, what it spares, when it is checked.
    pub rule: CommitmentRule,
    /// Why the unit cannot take this way now.
    pub barred: Option<Refusal>,
}

/// Whether a promise stands for this material.
pub(crate) fn is_spared(application: &Application, material: &String) -> bool {
    application.procedure.commitment.as_ref().is_some_and(|rule| rule.spares.contains(material))
}

impl Platform {
    /// Whether the item allows a promise, and whether this unit may give one.
    pub(crate) async fn commitment_offer(
        &self,
        unit: &UnitId,
        item: &Item,
    ) -> Result<Option<CommitmentOffer>, Failure> {
        let Some(rule) = case::procedures().of(item).commitment else { return Ok(None) };
        let barred = self.barred(unit, &rule).await?;
        Ok(Some(CommitmentOffer { rule, barred }))
    }

    /// The promise that goes with an application of today; none on the ordinary way.
    pub(crate) async fn promise(
        &self,
        application: &Application,
        way: ApplicationWay,
    ) -> Result<Option<CaseEvent>, Failure> {
        let promise = case::promise_commitment(application, way, &self.papers())?;
        if let (Some(_), Some(rule)) = (&promise, &application.procedure.commitment)
            && let Some(refusal) = self.barred(&application.unit, rule).await?
        {
            return Err(refusal.into());
        }
        Ok(promise)
    }

    /// Why a unit is barred: it broke a promise, whatever the item, and the time has not passed.
    async fn barred(&self, unit: &UnitId, rule: &CommitmentRule) -> Result<Option<Refusal>, Failure> {
        let sql = "SELECT item_name, broken_day FROM cases WHERE unit_id = $1 AND broken_day > 0 ORDER BY broken_day DESC LIMIT 1";
        let Some(row) = self.store.query_one(sql, [unit.as_str().into()]).await.map_err(Failure::fault)? else {
            return Ok(None);
        };
        let item: String = row.try_get("", "item_name").map_err(Failure::fault)?;
        let broken = from_day_number(row.try_get("", "broken_day").map_err(Failure::fault)?).unwrap_or(Date::MAX);
        let until = rule.barred_until(broken);
        let refusal = || {
            let message = format!(
                "你单位就“{item}”作出的承诺经 {broken} 核查未履行，{until} 以前（含当日）不适用告知承诺。请选择一般程序。"
            );
            Refusal::field("way", "commitment.barred", message).article(rule.article.clone())
        };
        Ok((day_number(self.clock.now().date()) <= day_number(until)).then(refusal))
    }

    /// 核查承诺.
    pub async fn check_commitment(&self, call: &Call, id: &CaseId, check: CommitmentCheck) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::CheckCommitment, id, |case| {
            Ok(case::check_commitment(case, check.clone(), &self.scene(&by), &self.papers())?)
        })
        .await
    }
}
