//! The rules in force: everything of `data/`, as one version. A case keeps the version under which it was received.

use domain::{
    calendar::{Calendar, default_calendar},
    declaration::{Form, form},
    department::{Departments, default_departments},
    detection,
    group::ParallelRules,
    industry::{Industries, default_industries},
    item::{Catalogue, catalogue},
    notification,
    regime::RatificationCatalogue,
    region::{Regions, default_regions},
    supervision::{Rules as SupervisionRules, default_rules},
};
use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
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
    /// Number of the calendar: 0 as shipped, then one more with each notice loaded in the office.
    pub calendar_number: i64,
    /// Items and materials.
    pub catalogue: &'static Catalogue,
    /// The declaration form.
    pub form: &'static Form,
    /// Stages and limit of parallel approval.
    pub parallel: &'static ParallelRules,
    /// What needs ratification.
    pub ratification: &'static RatificationCatalogue,
    /// What electronic supervision looks for.
    pub supervision: &'static SupervisionRules,
    /// What is looked for in the security audit.
    pub detection: &'static detection::Rules,
    /// How messages go out.
    pub notification: &'static notification::Rules,
}

impl Rulebook {
    /// What the product ships.
    pub fn shipped() -> Self {
        Self {
            regions: default_regions(),
            industries: default_industries(),
            departments: default_departments(),
            calendar: default_calendar(),
            calendar_number: 0,
            catalogue: catalogue(),
            form: form(),
            parallel: ParallelRules::shipped(),
            ratification: RatificationCatalogue::shipped(),
            supervision: default_rules(),
            detection: detection::default_rules(),
            notification: notification::default_rules(),
        }
    }

    /// Name of this version, as written into projects and cases.
    pub fn version(&self) -> String {
        self.catalogue.version().to_owned()
    }
}

/// The rules in force, shared by all clones of a platform and replaced as a whole while it runs. A version that was once
/// in force stays in memory until the program ends: what was read from it may still be held, and there are few.
#[derive(Clone)]
pub struct Rules(Arc<RwLock<&'static Rulebook>>);

impl Rules {
    /// What the product ships.
    pub fn shipped() -> Self {
        Self(Arc::new(RwLock::new(Box::leak(Box::new(Rulebook::shipped())))))
    }

    /// The rules as they are now.
    pub fn now(&self) -> Rulebook {
        **self
    }

    /// Puts another calendar in force; an older one than the present is not taken.
    pub(crate) fn put_calendar(&self, number: i64, calendar: Calendar) {
        let mut present = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if number > present.calendar_number {
            let next = Rulebook { calendar: Box::leak(Box::new(calendar)), calendar_number: number, ..**present };
            *present = Box::leak(Box::new(next));
        }
    }
}

impl Deref for Rules {
    type Target = Rulebook;

    fn deref(&self) -> &Rulebook {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
