//! Rows of seals and of their keys.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    seal::{PaperSeal, PaperSealEvent, SealKey, SealKeyEvent},
    time_stamp::{TimeStamp, TimeStampEvent},
};
use ledger::Row;

impl Projected for PaperSeal {
    fn rows(_: &str, _: i64, _: &Self, event: &PaperSealEvent, meta: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        let PaperSealEvent::PaperSealed(seal) = event;
        vec![Row::guarded(
            "document_seals",
            "UPDATE documents SET seal_key = $2, signature = $3, sealed_at = $4, seal_mac = $5 WHERE number = $1",
            [seal.number.clone().into(), seal.key.clone().into(), seal.signature.clone().into(), meta.at.0.into()],
        )]
    }
}

impl Projected for SealKey {
    fn rows(_: &str, _: i64, _: &Self, event: &SealKeyEvent, meta: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        let SealKeyEvent::SealKeyPublished(key) = event;
        let row = Row::guarded(
            "seal_keys",
            "INSERT INTO seal_keys(id, pem, organ, certificate, mac, at) VALUES($1, $2, $3, $4, $5, $6)",
            [key.id.clone().into(), key.pem.clone().into(), key.organ.clone().into(), key.certificate.clone().into()],
        );
        vec![row.beside([meta.at.0.into()])]
    }
}

impl Projected for TimeStamp {
    fn rows(_: &str, _: i64, _: &Self, event: &TimeStampEvent, _: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        let TimeStampEvent::PapersStamped(stamp) = event;
        let kept = Row::new(
            "INSERT INTO time_stamps(id, said, digest, list, answer) VALUES($1, $2, $3, $4, $5)",
            [
                stamp.id.clone().into(),
                stamp.said.0.into(),
                super::slug(&stamp.digest).into(),
                stamp.list.clone().into(),
                stamp.answer.clone().into(),
            ],
        );
        let papers = stamp.papers.iter().map(|number| {
            let values = [number.clone().into(), stamp.id.clone().into()];
            Row::new("UPDATE documents SET stamp = $2 WHERE number = $1", values)
        });
        std::iter::once(kept).chain(papers).collect()
    }
}
