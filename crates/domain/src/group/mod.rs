//! 并联审批组: cases of one project, applied for together under one lead department (许可法第二十六条第二款;
//! 国办发〔2019〕11号). The group only references its cases: each stays a machine of its own, and nothing that happens to
//! one disturbs another.
//!
//! `stages` is the data, `joining` says which items may join and why others not yet, `commands` what may be done to a
//! group, `papers` its two papers, `clocks` the joint clock.

mod clocks;
mod commands;
mod joining;
#[cfg(test)]
mod model;
mod papers;
mod stages;
#[cfg(test)]
mod tests;

pub use clocks::{JointClock, joint_clock};
pub use commands::{Prolongation, Reception, extend, form, hand_back, receive};
pub use joining::{Candidate, Standing, candidates, lead_of};
pub use stages::{JointLimit, ParallelRules, ParallelStage};

use crate::{
    Aggregate, Meta, Moment,
    case::Issued,
    clock::Extension,
    department::Agency,
    document::Document,
    ids::{CaseId, GroupId, ProjectId, UnitId},
};
use serde::{Deserialize, Serialize};

/// How a group came together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum GroupKind {
    /// The items of a stage (or those of them the unit chose).
    Stage {
        /// Code of the stage.
        code: String,
        /// Its name on that day.
        name: String,
    },
    /// 自选事项: any set the unit chose.
    Free,
}

impl GroupKind {
    /// `施工许可阶段并联` or `自选事项并联`.
    pub fn title(&self) -> String {
        match self {
            Self::Stage { name, .. } => format!("{name}阶段并联"),
            Self::Free => "自选事项并联".to_owned(),
        }
    }

    /// Code of the stage; empty for a free group.
    pub fn stage(&self) -> &str {
        match self {
            Self::Stage { code, .. } => code,
            Self::Free => "",
        }
    }
}

/// One case of a group, by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The case.
    pub case: CaseId,
    /// Item code.
    pub item: String,
    /// Item name on that day.
    pub item_name: String,
    /// Who handles it.
    pub agency: Agency,
    /// The organ's full name.
    pub agency_name: String,
}

/// What is fixed when a joint application is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formation {
    /// The group's id.
    pub id: GroupId,
    /// The project.
    pub project: ProjectId,
    /// Its name on that day.
    pub project_name: String,
    /// Its code.
    pub code: String,
    /// Applicant.
    pub unit: UnitId,
    /// The applicant's name on that day.
    pub unit_name: String,
    /// A stage or free.
    pub kind: GroupKind,
    /// 牵头部门.
    pub lead: Agency,
    /// The lead's full name.
    pub lead_name: String,
    /// Its cases, in lawful order.
    pub branches: Vec<Branch>,
    /// Names of the materials handed in, each once.
    pub materials: Vec<String>,
    /// Version of the rulebook.
    pub rulebook: String,
}

/// Facts about a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum GroupEvent {
    /// The unit applied for several items together.
    GroupFormed(Box<Formation>),
    /// 联合收件: the lead took the materials of all branches (许可法第二十六条第二款).
    GroupReceived {
        /// 联合收件凭证.
        document: Box<Document>,
    },
    /// The government at that level prolonged the joint limit (许可法第四十二条第二款).
    JointLimitExtended {
        /// By how much, on which article, by which paper.
        extension: Extension,
        /// The reason, told to the applicant.
        reason: String,
    },
    /// 统一出件: every branch has ended, one notice lists the results.
    GroupHandedBack {
        /// 联合办结告知书.
        document: Box<Document>,
    },
}

/// 并联审批组, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What was applied for together; `None` before `GroupFormed`.
    pub formation: Option<Box<Formation>>,
    /// When.
    pub formed_at: Moment,
    /// 联合收件.
    pub received_at: Option<Moment>,
    /// The one extension.
    pub extension: Option<Extension>,
    /// Its reason.
    pub extension_reason: Option<String>,
    /// 统一出件.
    pub handed_back_at: Option<Moment>,
    /// Papers handed out.
    pub documents: Vec<Issued>,
}

impl Group {
    fn issue(&mut self, document: &Document, at: Moment) {
        self.documents.push(Issued { kind: document.kind, number: document.number.clone(), at });
    }
}

impl Aggregate for Group {
    const KIND: &'static str = "group";
    type Event = GroupEvent;

    fn is_platform_act(event: &GroupEvent) -> bool {
        matches!(event, GroupEvent::GroupHandedBack { .. })
    }

    fn apply(&mut self, event: &GroupEvent, meta: &Meta) {
        match event {
            GroupEvent::GroupFormed(formation) => {
                self.formation = Some(formation.clone());
                self.formed_at = meta.at;
            }
            GroupEvent::GroupReceived { document } => {
                self.received_at = Some(meta.at);
                self.issue(document, meta.at);
            }
            GroupEvent::JointLimitExtended { extension, reason } => {
                self.extension = Some(extension.clone());
                self.extension_reason = Some(reason.clone());
            }
            GroupEvent::GroupHandedBack { document } => {
                self.handed_back_at = Some(meta.at);
                self.issue(document, meta.at);
            }
        }
    }
}
