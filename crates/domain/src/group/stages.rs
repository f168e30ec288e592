//! 并联阶段: the stages of the engineering-project reform and the joint limit, as data (`data/parallel_stages.toml`).

use crate::{
    clock::{DeadlineKind, default_deadlines},
    department::default_departments,
    item::{Catalogue, Certainty, Trigger, catalogue},
};
use serde::Deserialize;
use std::{collections::BTreeSet, sync::LazyLock};

/// 并联审批阶段 (国办发〔2019〕11号): which items belong together, and who leads them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelStage {
    /// Stable English slug, such as `construction`.
    pub code: String,
    /// Name, such as 施工许可.
    pub name: String,
    /// Department that leads (一家牵头), a key of the table of departments.
    pub lead: String,
    /// How sure the lead is.
    pub lead_certainty: Certainty,
    /// What the stage rests on.
    pub article: String,
    /// Item codes, in the order shown.
    pub items: Vec<String>,
}

/// The joint limit and its extension (许可法第四十二条第二款).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointLimit {
    /// Id of the kind of deadline.
    pub deadline: String,
    /// Most working days the government at that level may add.
    pub extension_days: u32,
    /// The article that allows it.
    pub extension_article: String,
    /// How sure limit and extension are.
    pub certainty: Certainty,
    /// How sure the start rule is.
    pub start_certainty: Certainty,
    /// Fewest items of one joint application.
    pub fewest: usize,
    /// Most items of one joint application.
    pub most: usize,
}

/// 并联审批规则, one version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelRules {
    /// The joint limit.
    pub joint: JointLimit,
    /// Stages in their order.
    #[serde(rename = "stage")]
    pub stages: Vec<ParallelStage>,
}

impl ParallelRules {
    /// Reads the file and checks that every item stands in exactly one stage and every name is known.
    ///
    /// # Errors
    /// The first fault, in English, for the administrator who edits the file.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Self, String> {
        let rules: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut seen = BTreeSet::new();
        for stage in &rules.stages {
            if default_departments().get(&stage.lead).is_none() {
                return Err(format!("stage `{}`: no department `{}`", stage.code, stage.lead));
            }
            for item in &stage.items {
                if catalogue.item(item).is_none() {
                    return Err(format!("stage `{}`: no item `{item}`", stage.code));
                }
                if !seen.insert(item.as_str()) {
                    return Err(format!("item `{item}` stands in two stages"));
                }
            }
        }
        let declared = catalogue.items().iter().filter(|item| item.trigger == Trigger::Declaration);
        if let Some(missing) = declared.map(|item| item.code.as_str()).find(|code| !seen.contains(code)) {
            return Err(format!("item `{missing}` stands in no stage"));
        }
        if default_deadlines().get(&rules.joint.deadline).is_none() {
            return Err(format!("no kind of deadline `{}`", rules.joint.deadline));
        }
        Ok(rules)
    }

    /// What the product ships.
    #[expect(clippy::expect_used, reason = "compiled-in data; a test reads it")]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<ParallelRules> = LazyLock::new(|| {
            ParallelRules::parse(include_str!("../../../../data/parallel_stages.toml"), catalogue())
                .expect("the shipped stages are consistent")
        });
        &SHIPPED
    }

    /// The stage of this code.
    pub fn stage(&self, code: &str) -> Option<&ParallelStage> {
        self.stages.iter().find(|stage| stage.code == code)
    }

    /// The stage an item belongs to.
    pub fn stage_of(&self, item: &str) -> Option<&ParallelStage> {
        self.stages.iter().find(|stage| stage.items.iter().any(|code| code == item))
    }

    /// The kind of the joint deadline.
    pub fn deadline(&self) -> Option<&'static DeadlineKind> {
        default_deadlines().get(&self.joint.deadline)
    }
}
