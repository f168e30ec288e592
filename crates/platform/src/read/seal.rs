//! Rows of seals and of their keys.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    seal::{PaperSeal, PaperSealEvent, SealKey, SealKeyEvent},
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
            "INSERT INTO seal_keys(id, pem, mac, at) VALUES($1, $2, $3, $4)",
            [key.id.clone().into(), key.pem.clone().into()],
        );
        vec![row.beside([meta.at.0.into()])]
    }
}
