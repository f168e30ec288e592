//! What a guide says: the nine elements of 办法第八条, and what makes them easy to follow.

use crate::{
    ids::AttachmentId,
    item::{Certainty, Copies, Fee, FileType, Limit, MaterialSource},
};
use serde::{Deserialize, Serialize};

/// 指南要素: the nine of 办法第八条, then the three that help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// 审批依据.
    Basis,
    /// 审批内容.
    Content,
    /// 受理条件.
    Conditions,
    /// 申报材料.
    Materials,
    /// 办理流程.
    Process,
    /// 办理时限.
    Limit,
    /// 收费标准.
    Fee,
    /// 监管要求.
    Supervision,
    /// 联系方式.
    Contact,
    /// 样表.
    Samples,
    /// 常见问题.
    Faqs,
    /// 常见错误.
    Mistakes,
}

impl Element {
    /// Every element, in the order of the article.
    pub const ALL: [Self; 12] = [
        Self::Basis,
        Self::Content,
        Self::Conditions,
        Self::Materials,
        Self::Process,
        Self::Limit,
        Self::Fee,
        Self::Supervision,
        Self::Contact,
        Self::Samples,
        Self::Faqs,
        Self::Mistakes,
    ];

    /// Whether 办法第八条 demands it.
    pub fn is_demanded(self) -> bool {
        self < Self::Samples
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basis => "审批依据",
            Self::Content => "审批内容",
            Self::Conditions => "受理条件",
            Self::Materials => "申报材料",
            Self::Process => "办理流程",
            Self::Limit => "办理时限",
            Self::Fee => "收费标准",
            Self::Supervision => "监管要求",
            Self::Contact => "联系方式",
            Self::Samples => "样表范本",
            Self::Faqs => "常见问题",
            Self::Mistakes => "常见错误",
        }
    }

    /// What has to be there for it to be complete.
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Basis => "写明法律、法规、规章的名称和条款",
            Self::Content => "写明审批什么",
            Self::Conditions => "至少一项受理条件",
            Self::Materials => "至少列入一种材料",
            Self::Process => "至少一个步骤",
            Self::Limit => "写明时限及其依据",
            Self::Fee => "写明收费标准；不收费的写“不收费”",
            Self::Supervision => "至少一项监管要求",
            Self::Contact => "至少一个窗口，写明地址和电话",
            Self::Samples => "为申请人自备的材料提供至少一份空白表格或者范本",
            Self::Faqs => "至少一个常见问题及解答",
            Self::Mistakes => "至少一条常见错误",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Basis => "basis",
            Self::Content => "content",
            Self::Conditions => "conditions",
            Self::Materials => "materials",
            Self::Process => "process",
            Self::Limit => "limit",
            Self::Fee => "fee",
            Self::Supervision => "supervision",
            Self::Contact => "contact",
            Self::Samples => "samples",
            Self::Faqs => "faqs",
            Self::Mistakes => "mistakes",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.slug() == slug)
    }
}

/// One material as the guide lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideMaterial {
    /// Id of the material.
    pub id: String,
    /// Unified name.
    pub name: String,
    /// What it should show.
    pub hint: String,
    /// When it is required; empty means always.
    pub condition: String,
    /// Accepted formats.
    pub formats: Vec<FileType>,
    /// Largest size of one file in MB.
    pub max_mb: u16,
    /// Original or copy.
    pub copies: Copies,
    /// Who makes it.
    pub source: MaterialSource,
}

/// Where to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Whose window.
    pub window: String,
    /// Telephone; empty until the handling organ publishes it.
    pub phone: String,
    /// Address and office hours.
    pub address: String,
}

impl Contact {
    /// Telephone, or the sentence that stands for it.
    pub fn phone_words(&self) -> &str {
        if self.phone.is_empty() { "以受理机关公布为准" } else { &self.phone }
    }

    /// Whether somebody can be found with it.
    pub fn is_complete(&self) -> bool {
        ![&self.window, &self.phone, &self.address].into_iter().any(String::is_empty)
    }
}

/// 常见问题.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faq {
    /// 问.
    pub question: String,
    /// 答.
    pub answer: String,
}

/// 样表: an empty form or a filled-in example of a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The file.
    pub id: AttachmentId,
    /// Id of the material it belongs to.
    pub material: String,
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// SM3 of the content, hex.
    pub sm3: String,
}

/// 办事指南 (办法第八条): everything one version of it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceGuide {
    /// Code of the item.
    pub item: String,
    /// Name of the item.
    pub name: String,
    /// 审批依据.
    pub basis: String,
    /// 审批内容.
    pub content: String,
    /// 受理条件.
    pub conditions: Vec<String>,
    /// 申报材料.
    pub materials: Vec<GuideMaterial>,
    /// 办理流程.
    pub process: Vec<String>,
    /// 办理时限, by law.
    pub limit: Limit,
    /// 承诺时限, if any.
    pub committed: Option<Limit>,
    /// Steps outside the limit.
    pub excluded: Vec<String>,
    /// 收费标准.
    pub fee: Fee,
    /// 监管要求.
    pub supervision: Vec<String>,
    /// 联系方式.
    pub contacts: Vec<Contact>,
    /// 样表.
    pub samples: Vec<Sample>,
    /// 常见问题.
    pub faqs: Vec<Faq>,
    /// 常见错误.
    pub mistakes: Vec<String>,
    /// How sure we are of the basis.
    pub certainty: Certainty,
}

impl ServiceGuide {
    /// The limit the clock runs by: the promise if there is one.
    pub fn effective_limit(&self) -> &Limit {
        self.committed.as_ref().unwrap_or(&self.limit)
    }

    /// The department wrote, reviewed and published it: its words are no longer the catalogue's guess.
    pub(super) fn vouch(&mut self) {
        self.certainty = Certainty::Seen;
        self.fee.certainty = Certainty::Seen;
    }

    /// Whether it lists the material.
    pub fn lists(&self, material: &str) -> bool {
        self.materials.iter().any(|m| m.id == material)
    }

    /// The name of a material it lists.
    pub fn material_name(&self, material: &str) -> &str {
        self.materials.iter().find(|m| m.id == material).map_or("", |m| &m.name)
    }

    /// Everything that can be searched for, lower case.
    pub fn words(&self) -> String {
        let single = [&self.name, &self.item, &self.basis, &self.content];
        let lists = self.conditions.iter().chain(&self.process).chain(&self.mistakes);
        let materials = self.materials.iter().flat_map(|m| [&m.name, &m.hint]);
        let faqs = self.faqs.iter().flat_map(|f| [&f.question, &f.answer]);
        let all: Vec<&str> = single.into_iter().chain(lists).chain(materials).chain(faqs).map(String::as_str).collect();
        all.join("\n").to_lowercase()
    }
}
