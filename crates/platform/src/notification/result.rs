//! 发送结果 as pages show it: channel, result, when it happened and when the platform learnt it.

use crate::{Action, Actor, Call, Failure, Object, Platform, case::object, message::Message, permission};
use domain::{Moment, case::Case, ids::CaseId, notification::DeliveryState};
use ledger::{
    QueryResult,
    sea_query::{Alias, Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// Rows shown of one case.
const SHOWN: i64 = 100;

/// One delivery.
#[derive(Debug, Clone)]
pub struct DeliveryResult {
    /// The message it carries.
    pub message: String,
    /// Title of the message.
    pub title: String,
    /// Name of the channel.
    pub channel: String,
    /// Name of the class.
    pub statutory: bool,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is due, while it waits.
    pub due: Moment,
    /// When the last attempt or its result happened, as the channel says.
    pub happened_at: Option<Moment>,
    /// When the platform learnt it.
    pub recorded_at: Option<Moment>,
    /// Attempts that failed.
    pub failures: i64,
    /// Why it failed last; empty otherwise.
    pub reason: String,
}

const COLUMNS: [&str; 10] =
    ["message_id", "title", "channel", "class", "state", "at", "happened_at", "recorded_at", "failures", "reason"];

impl Platform {
    fn delivery_result(&self, row: &QueryResult) -> Result<DeliveryResult, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let moment = |column: &str| Ok::<_, Failure>(Some(number(column)?).filter(|at| *at != 0).map(Moment));
        Ok(DeliveryResult {
            message: text("message_id")?,
            title: text("title")?,
            channel: self.rules.notification.channel_name(&text("channel")?).to_owned(),
            statutory: text("class")? == "statutory",
            state: DeliveryState::parse(&text("state")?).unwrap_or_default(),
            due: Moment(number("at")?),
            happened_at: moment("happened_at")?,
            recorded_at: moment("recorded_at")?,
            failures: number("failures")?,
            reason: text("reason")?,
        })
    }

    /// What became of these messages of the signed-in unit on each channel; messages of others give nothing.
    pub async fn deliveries_of_messages(
        &self,
        call: &Call,
        messages: &[Message],
    ) -> Result<BTreeMap<String, Vec<DeliveryResult>>, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadMessages, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, .. } = &call.actor else { return Err(Failure::NotThere) };
        let mut results = BTreeMap::<_, Vec<_>>::new();
        if messages.is_empty() {
            return Ok(results);
        }
        let column = |name: &'static str| Expr::col(Alias::new(name));
        let mut mine = Query::select();
        mine.column(Alias::new("id"))
            .from(Alias::new("messages"))
            .and_where(column("unit_id").eq(unit.as_str()))
            .and_where(column("id").is_in(messages.iter().map(|m| m.id.as_str().to_owned())));
        let mut select = Query::select();
        select
            .columns(COLUMNS.map(Alias::new))
            .from(Alias::new("deliveries"))
            .and_where(column("message_id").in_subquery(mine))
            .order_by(Alias::new("queued_at"), Order::Asc)
            .order_by(Alias::new("id"), Order::Asc);
        for row in self.store.select(&select).await.map_err(Failure::fault)? {
            let result = self.delivery_result(&row)?;
            results.entry(result.message.clone()).or_default().push(result);
        }
        Ok(results)
    }

    /// What became of every message about a case, newest first.
    pub async fn deliveries_of_case(&self, call: &Call, case: &CaseId) -> Result<Vec<DeliveryResult>, Failure> {
        let state = self.load::<Case>(case.as_str()).await?.state;
        let application = state.application.as_deref().ok_or(Failure::NotThere)?;
        let _permit = permission::decide(&call.actor, Action::ReadCase, object(application), self.rules.regions)?;
        let rows = self
            .store
            .query(
                "SELECT message_id, title, channel, class, state, at, happened_at, recorded_at, failures, reason FROM deliveries \
                 WHERE case_id = $1 AND case_id <> '' ORDER BY queued_at DESC, id DESC LIMIT $2",
                [case.as_str().into(), SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(|row| self.delivery_result(row)).collect()
    }
}
