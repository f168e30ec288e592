//! The rules in force: everything of `data/`, as one version. A case keeps the version under which it was received.

use domain::{
    calendar::{Calendar, default_calendar},
    declaration::{Form, form},
    department::{Departments, default_departments},
    group::ParallelRules,
    industry::{Industries, default_industries},
    item::{Catalogue, catalogue},
    regime::RatificationCatalogue,
    region::{Regions, default_regions},
    supervision::{Rules, default_rules},
};

/// Rules as data. Shipped as version 1; later versions are loaded through the office with a preview.
#[derive(Clone, Copy)]
pub struct Rulebook {
    /// Regions and zones.
    pub regions: &'static Regions,
    /// GB/T 4754.
    pub industries: &'static Industries,
    /// Departments.
    pub departments: &'static Departments,
    /// Working days.
    pub calendar: &'static Calendar,
    /// Items and materials.
    pub catalogue: &'static Catalogue,
    /// The declaration form.
    pub form: &'static Form,
    /// Stages and limit of parallel approval.
    pub parallel: &'static ParallelRules,
    /// What needs ratification.
    pub ratification: &'static RatificationCatalogue,
    /// What electronic supervision looks for.
    pub supervision: &'static Rules,
}

impl Rulebook {
    /// What the product ships.
    pub fn shipped() -> Self {
        Self {
            regions: default_regions(),
            industries: default_industries(),
            departments: default_departments(),
            calendar: default_calendar(),
            catalogue: catalogue(),
            form: form(),
            parallel: ParallelRules::shipped(),
            ratification: RatificationCatalogue::shipped(),
            supervision: default_rules(),
        }
    }

    /// Name of this version, as written into projects and cases.
    pub fn version(&self) -> String {
        self.catalogue.version().to_owned()
    }
}
