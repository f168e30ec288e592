//! 项目: declared once, with one code for life (办法第十条).

use crate::{
    Aggregate, Meta, Moment, Money, Refusal,
    document::{Document, DocumentKind},
    ids::{ProjectId, UnitId},
    item::Facts,
    regime::Regime,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Beside which event of a project the personal answers lie sealed: the first one, its declaration.
pub const SEALED_AT: i64 = 1;

/// Everything that is fixed when a project is declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its id.
    pub id: ProjectId,
    /// Declaring unit.
    pub unit: UnitId,
    /// The unit's name on that day.
    pub unit_name: String,
    /// Project code, 24 characters.
    pub code: String,
    /// 审批, 核准 or 备案.
    pub regime: Regime,
    /// Which rule chose the regime.
    pub regime_rule: String,
    /// Project name.
    pub name: String,
    /// Region code of the place of construction.
    pub region: String,
    /// Industry, GB/T 4754.
    pub industry: String,
    /// 总投资.
    pub total_investment: Money,
    /// The public answers of the declaration form, as typed; personal ones are sealed beside the event.
    pub answers: BTreeMap<String, String>,
    /// Facts the item rules were asked with.
    pub facts: Facts,
    /// Codes of the items needed, in the order of the catalogue.
    pub needed: Vec<String>,
    /// Version of the rulebook that was asked.
    pub rulebook: String,
}

/// Facts about a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum ProjectEvent {
    /// The unit declared the project and the platform gave it its code (办法第十四条第一项).
    ProjectDeclared(Arc<Declared>),
    /// The code certificate was issued.
    CodeCertificateIssued {
        /// The paper.
        document: Box<Document>,
    },
    /// The code lost its force (approval or filing lapsed, withdrawn in error …); it is never given again.
    CodeVoided {
        /// Why.
        reason: String,
    },
    /// The unit gave the project up.
    ProjectWithdrawn {
        /// Why.
        reason: String,
    },
    /// 保存期限届满, 已清除: personal answers are gone for good (个人信息保护法第十九条、第四十七条).
    PersonalErased {
        /// Those kept up to so many years after the end.
        years: i16,
        /// Fields of the declaration form.
        fields: Vec<String>,
    },
    /// 更正: the new value lies sealed beside this very event (个人信息保护法第四十六条).
    PersonalCorrected {
        /// Field of the declaration form.
        field: String,
        /// Number of this event in its stream.
        at: i64,
    },
    /// 锁定: kept as the law wants, and processed no more (第四十七条第二款).
    PersonalLocked {
        /// Field of the declaration form.
        field: String,
    },
}

/// 项目状态.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectState {
    /// 在办: the code is in force.
    #[default]
    Active,
    /// 代码已作废.
    Voided,
    /// 已撤回.
    Withdrawn,
}

impl ProjectState {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "有效",
            Self::Voided => "代码已作废",
            Self::Withdrawn => "项目已撤回",
        }
    }

    /// Machine name, as stored in read tables.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Voided => "voided",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        [Self::Active, Self::Voided, Self::Withdrawn].into_iter().find(|s| s.slug() == slug)
    }
}

/// 项目, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// What was declared; `None` before `ProjectDeclared`.
    pub declared: Option<Arc<Declared>>,
    /// When it was declared.
    pub declared_at: Moment,
    /// Whether its code is in force.
    pub state: ProjectState,
    /// Why it is not, if so.
    pub reason: Option<String>,
    /// Number of the code certificate.
    pub certificate: Option<String>,
    /// Personal answers kept up to so many years after the end are gone.
    #[serde(default)]
    pub erased_years: i16,
    /// Fields whose value is gone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub erased: BTreeSet<String>,
    /// Field → the event beside which its corrected value lies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrected: BTreeMap<String, i64>,
    /// Fields that are kept and processed no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locked: BTreeSet<String>,
}

impl Aggregate for Project {
    const KIND: &'static str = "project";
    type Event = ProjectEvent;

    fn is_platform_act(event: &ProjectEvent) -> bool {
        matches!(event, ProjectEvent::CodeCertificateIssued { .. } | ProjectEvent::PersonalErased { .. })
    }

    fn apply(&mut self, event: &ProjectEvent, meta: &Meta) {
        match event {
            ProjectEvent::ProjectDeclared(declared) => {
                self.declared = Some(declared.clone());
                self.declared_at = meta.at;
            }
            ProjectEvent::CodeCertificateIssued { document } => self.certificate = Some(document.number.clone()),
            ProjectEvent::CodeVoided { reason } => {
                self.state = ProjectState::Voided;
                self.reason = Some(reason.clone());
            }
            ProjectEvent::ProjectWithdrawn { reason } => {
                self.state = ProjectState::Withdrawn;
                self.reason = Some(reason.clone());
            }
            ProjectEvent::PersonalErased { years, fields } => {
                self.erased_years = *years;
                self.erased.extend(fields.iter().cloned());
            }
            ProjectEvent::PersonalCorrected { field, at } => {
                self.corrected.insert(field.clone(), *at);
            }
            ProjectEvent::PersonalLocked { field } => {
                self.locked.insert(field.clone());
            }
        }
    }
}

/// The unit gives the project up; its code stays in the books and is never given again.
pub fn withdraw(project: &Project, reason: &str) -> Result<Vec<ProjectEvent>, Refusal> {
    only_active(project)?;
    Ok(vec![ProjectEvent::ProjectWithdrawn { reason: needed_reason(reason)? }])
}

/// General administration takes the code out of force (办法第十一条; GB/T 40058 7.5, 7.6).
pub fn void_code(project: &Project, reason: &str) -> Result<Vec<ProjectEvent>, Refusal> {
    only_active(project)?;
    Ok(vec![ProjectEvent::CodeVoided { reason: needed_reason(reason)? }])
}

fn only_active(project: &Project) -> Result<(), Refusal> {
    match project.state {
        ProjectState::Active => Ok(()),
        state => {
            Err(Refusal::new("project.wrong_state", format!("该项目当前为“{}”，不能再进行此操作。", state.name())))
        }
    }
}

fn needed_reason(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    match reason.chars().count() {
        4..=500 => Ok(reason.to_owned()),
        _ => Err(Refusal::field("reason", "reason.length", "请写明原因（4 至 500 个字）。")),
    }
}

/// The certificate that shows the code (办法第十、十三条).
pub fn code_certificate(
    declared: &Declared,
    number: String,
    issuer: String,
    region_name: &str,
    at: Moment,
) -> Document {
    Document {
        kind: DocumentKind::CodeCertificate,
        number,
        issuer,
        addressee: declared.unit_name.clone(),
        issued_on: at.date(),
        project_name: declared.name.clone(),
        project_code: declared.code.clone(),
        paragraphs: vec![],
        rows: vec![
            ("项目单位".into(), declared.unit_name.clone()),
            ("建设地点".into(), region_name.to_owned()),
            ("总投资".into(), format!("{} 万元", declared.total_investment.wan())),
            ("管理方式".into(), declared.regime.name().into()),
        ],
        points: vec![],
        closing: vec![],
        check_value: String::new(),
        verify_url: String::new(),
    }
    .sealed_with_check_value()
}
