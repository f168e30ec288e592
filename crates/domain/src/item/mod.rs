//! 事项: the catalogue of matters a project may need, and the reasons why it needs them (办法第八条、第十四条第一项).

mod catalogue;
mod derivation;
mod facts;
mod guide;
mod precedence;
mod rule;

pub use catalogue::{
    Catalogue, CatalogueError, Certainties, Certainty, Copies, Department, Fee, FileType, Item, ItemKind, KindGuide,
    Level, Limit, LimitUnit, Material, MaterialSource, Stage, Trigger, catalogue,
};
pub use derivation::{Change, Derivation, FiredFact, Needed, NotNeeded};
pub use facts::{Fact, FactDefinition, FactKind, Facts};
pub use precedence::{Blocker, Precedence, PrecedenceKind};
pub use rule::{Demand, Rule, RuleError};

#[cfg(test)]
mod tests;
