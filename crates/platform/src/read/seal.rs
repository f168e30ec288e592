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
        vec![Row::new(
            "UPDATE documents SET seal_key = $2, signature = $3, sealed_at = $4 WHERE number = $1",
            [seal.number.clone().into(), seal.key.clone().into(), seal.signature.clone().into(), meta.at.0.into()],
        )]
    }
}

impl Projected for SealKey {
    fn rows(_: &str, _: i64, _: &Self, event: &SealKeyEvent, meta: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        let SealKeyEvent::SealKeyPublished(key) = event;
        vec![Row::new(
            "INSERT INTO seal_keys(id, pem, at) VALUES($1, $2, $3)",
            [key.id.clone().into(), key.pem.clone().into(), meta.at.0.into()],
        )]
    }
}
