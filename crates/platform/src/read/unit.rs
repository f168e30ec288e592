//! Rows of project units.

use super::Projected;
use crate::Rulebook;
use domain::{
    Meta,
    unit::{ProjectUnit, UnitEvent},
};
use ledger::Row;

impl Projected for ProjectUnit {
    fn rows(_: &str, _: i64, _: &Self, event: &UnitEvent, meta: &Meta, _: &Self, _: &Rulebook) -> Vec<Row> {
        match event {
            UnitEvent::UnitRegistered { id, name, credit_code, region, .. } => vec![Row::new(
                "INSERT INTO units(id, name, credit_code, region, registered_at) VALUES($1, $2, $3, $4, $5)",
                [
                    id.as_str().into(),
                    name.clone().into(),
                    credit_code.clone().into(),
                    region.clone().into(),
                    meta.at.0.into(),
                ],
            )],
        }
    }
}
