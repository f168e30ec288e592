//! Rows of notifications: who has an address, what waits for its channel and what became of it.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    notification::{Choice, Notification, NotificationEvent, Preferences, PreferencesEvent},
};
use ledger::Row;

/// The part of a stream's id behind its kind.
fn bare(stream: &str) -> &str {
    stream.split_once(':').map_or(stream, |(_, id)| id)
}

impl Projected for Preferences {
    fn rows(stream: &str, _: i64, _: &Self, event: &PreferencesEvent, meta: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        let account = bare(stream);
        let nothing_pending = || Row::new("DELETE FROM address_changes WHERE account_id = $1", [account.into()]);
        match event {
            PreferencesEvent::PreferencesChosen(choice) => vec![recipient(account, choice, meta)],
            PreferencesEvent::AddressesTaken(choice) => vec![recipient(account, choice, meta), nothing_pending()],
            PreferencesEvent::AddressesStopped { .. } => vec![nothing_pending()],
            PreferencesEvent::AddressesProposed { due, .. } => vec![Row::new(
                "INSERT INTO address_changes(account_id, due_at) VALUES($1, $2) \
                 ON CONFLICT(account_id) DO UPDATE SET due_at = excluded.due_at",
                [account.into(), due.0.into()],
            )],
        }
    }
}

fn recipient(account: &str, choice: &Choice, meta: &Meta) -> Row {
    if choice.channels.is_empty() {
        return Row::new("DELETE FROM recipients WHERE account_id = $1", [account.into()]);
    }
    Row::new(
        "INSERT INTO recipients(account_id, chosen_at) VALUES($1, $2) \
         ON CONFLICT(account_id) DO UPDATE SET chosen_at = excluded.chosen_at",
        [account.into(), meta.at.0.into()],
    )
}

impl Projected for Notification {
    fn rows(
        stream: &str,
        _: i64,
        _: &Self,
        event: &NotificationEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let id = bare(stream);
        vec![if let NotificationEvent::NotificationQueued(queued) = event {
            Row::new(
                "INSERT INTO deliveries(id, message_id, case_id, account_id, channel, class, digest, state, at, failures, queued_at, happened_at, \
                 recorded_at, title, reason, lease) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, 0, $11, '', 0)",
                [
                    id.into(),
                    queued.message.as_str().into(),
                    queued.case.clone().into(),
                    queued.account.as_str().into(),
                    queued.channel.clone().into(),
                    queued.class.slug().into(),
                    i64::from(queued.digest).into(),
                    after.state.slug().into(),
                    after.due.0.into(),
                    meta.at.0.into(),
                    queued.title.clone().into(),
                ],
            )
        } else {
            Row::new(
                "UPDATE deliveries SET state = $2, at = $3, failures = $4, happened_at = $5, recorded_at = $6, reason = $7, lease = 0 WHERE id = $1",
                [
                    id.into(),
                    after.state.slug().into(),
                    after.due.0.into(),
                    i64::from(after.failures).into(),
                    after.happened_at.0.into(),
                    after.recorded_at.0.into(),
                    after.reason.clone().into(),
                ],
            )
        }]
    }
}
