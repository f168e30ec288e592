//! What the public is shown of results: a table of its own, filled by the publication alone, field by field (S-55).

use super::{Projected, day_number, slug};
use crate::Rulebook;
use domain::{
    Meta,
    publication::{Publication, PublicationEvent, PublicationState},
};
use ledger::Row;

fn mark(case: &str, state: PublicationState) -> Row {
    Row::new("UPDATE cases SET publication = $2 WHERE id = $1", [case.into(), state.slug().into()])
}

impl Projected for Publication {
    fn rows(
        stream: &str,
        _: i64,
        _: &Self,
        event: &PublicationEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let case = stream.split_once(':').map_or("", |(_, id)| id);
        let row = match event {
            PublicationEvent::ResultPublished { shown, .. } => Row::new(
                "INSERT INTO public_results(case_id, project_id, item_name, agency_name, outcome, document_number, title, decided_day, \
                 published_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                [
                    case.into(),
                    shown.project.as_str().into(),
                    shown.item_name.clone().into(),
                    shown.agency_name.clone().into(),
                    slug(&shown.outcome).into(),
                    shown.document_number.clone().into(),
                    shown.title.clone().into(),
                    day_number(shown.decided_on).into(),
                    meta.at.0.into(),
                ],
            ),
            // What is not public leaves no trace where the public looks.
            PublicationEvent::ResultHeldBack { .. } | PublicationEvent::ResultWithdrawn { .. } => {
                Row::new("DELETE FROM public_results WHERE case_id = $1", [case.into()])
            }
        };
        vec![row, mark(case, after.state)]
    }
}
