//! The tables in which the declaration form looks regions and industries up.

use crate::{
    declaration,
    industry::Industries,
    region::{INNER_MONGOLIA, RegionCode, Regions},
};

impl declaration::Places for Regions {
    fn has_region(&self, code: &str) -> bool {
        RegionCode::parse(code).is_some_and(|code| self.exists(code) && self.within(INNER_MONGOLIA, code))
    }
}

impl declaration::Industries for Industries {
    fn has_industry(&self, code: &str) -> bool {
        self.exists(code)
    }
}
