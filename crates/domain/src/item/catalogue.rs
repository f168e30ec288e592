//! The catalogue: items, materials and facts, read from data and checked as a whole.

use super::facts::FactDefinition;
use super::precedence::{self, Precedence};
use super::rule::{Rule, RuleError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

/// How sure we are of a statement of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Read in a source.
    Seen,
    /// Remembered, not read again.
    Remembered,
    /// Our own conclusion.
    Inferred,
    /// No rule of its own: the general rule stands in.
    Fallback,
}

impl Certainty {
    /// Words for readers of the guide.
    pub fn label(self) -> &'static str {
        match self {
            Self::Seen => "已核对原文",
            Self::Remembered => "待核对原文",
            Self::Inferred => "推定",
            Self::Fallback => "无专门规定，按一般规定",
        }
    }
}

/// 办理阶段.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 立项.
    Initiation,
    /// 报建.
    Application,
    /// 开工前.
    BeforeStart,
    /// 竣工.
    Completion,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 4] = [Self::Initiation, Self::Application, Self::BeforeStart, Self::Completion];

    /// The stage's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Initiation => "立项",
            Self::Application => "报建",
            Self::BeforeStart => "开工前",
            Self::Completion => "竣工",
        }
    }
}

/// The level of government that handles an item unless a region's rules say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 旗县级.
    County,
    /// 盟市级.
    Prefecture,
    /// 自治区级.
    Province,
    /// 国家级.
    State,
}

impl Level {
    /// The level's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::County => "旗县级",
            Self::Prefecture => "盟市级",
            Self::Province => "自治区级",
            Self::State => "国家级",
        }
    }
}

/// 事项类别 (办法第三条).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// 行政许可.
    Licence,
    /// 政府内部审批.
    InternalApproval,
    /// 备案.
    RecordFiling,
    /// 评估评审、技术审查.
    Review,
}

impl ItemKind {
    /// The kind's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Licence => "行政许可",
            Self::InternalApproval => "政府内部审批",
            Self::RecordFiling => "备案",
            Self::Review => "评估评审与技术审查",
        }
    }
}

/// What makes an item come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The facts of the declaration.
    #[default]
    Declaration,
    /// An event of the project's later life; never derived at declaration.
    Change,
}

/// Unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// 工作日.
    Working,
    /// 日, as the law writes it.
    Calendar,
}

impl LimitUnit {
    /// The unit's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Working => "个工作日",
            Self::Calendar => "日",
        }
    }
}

/// 办理时限.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many days; 0 is at once.
    pub days: u16,
    /// Which days.
    pub unit: LimitUnit,
    /// The article that sets it.
    pub basis: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl Limit {
    /// The limit in words: 20个工作日, 60日, 当场办结.
    pub fn words(&self) -> String {
        match self.days {
            0 => "当场办结".to_owned(),
            days => format!("{days}{}", self.unit.label()),
        }
    }
}

/// 收费.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Sentence for the guide.
    pub text: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl Default for Fee {
    fn default() -> Self {
        Self { text: "不收费".to_owned(), certainty: Certainty::Inferred }
    }
}

/// How sure we are of the parts of an item that carry no mark of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certainties {
    /// Name and legal basis.
    pub basis: Certainty,
    /// Level of government.
    pub level: Certainty,
    /// List of materials.
    pub materials: Certainty,
}

/// 事项.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Stable English slug, such as `land_preexam_site`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Slug of the responsible kind of department, a key of [`Catalogue::departments`].
    pub department: String,
    /// Stage.
    pub stage: Stage,
    /// Level of government.
    pub level: Level,
    /// Kind.
    pub kind: ItemKind,
    /// What makes it come up.
    #[serde(default)]
    pub trigger: Trigger,
    /// For [`Trigger::Change`]: the event, in words.
    #[serde(default)]
    pub trigger_when: String,
    /// When it is needed.
    pub applies: Rule,
    /// Id of that rule with its version, such as `eia@1`.
    pub rule: String,
    /// Legal basis.
    pub basis: String,
    /// 因为……: why a project needs it, without the full stop.
    pub why: String,
    /// 审批内容.
    pub content: String,
    /// 受理条件.
    pub conditions: Vec<String>,
    /// Statutory limit, or the rule that stands in.
    pub limit: Limit,
    /// Limit that the department promises, if shorter.
    #[serde(default)]
    pub committed: Option<Limit>,
    /// Steps outside the limit (办法第十五条).
    #[serde(default)]
    pub excluded: Vec<String>,
    /// Ids of materials, in order of the list.
    pub materials: Vec<String>,
    /// Items that come before.
    #[serde(default)]
    pub after: Vec<Precedence>,
    /// Fee.
    #[serde(default)]
    pub fee: Fee,
    /// Supervision that differs from the kind's.
    #[serde(default)]
    pub supervision: Vec<String>,
    /// How sure we are.
    pub certainty: Certainties,
    /// Where the row comes from (English, for maintainers).
    pub source: String,
}

impl Item {
    /// The limit the clock runs by: the promise if there is one.
    pub fn effective_limit(&self) -> &Limit {
        self.committed.as_ref().unwrap_or(&self.limit)
    }
}

/// File formats a material may be uploaded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the file extensions")]
pub enum FileType {
    Pdf,
    Jpg,
    Png,
    Docx,
    Xlsx,
    Ofd,
}

impl FileType {
    /// File extension, lower case, without dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Ofd => "ofd",
        }
    }
}

/// 原件或者复印件.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copies {
    /// 原件.
    Original,
    /// 复印件.
    Copy,
}

impl Copies {
    /// The word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Original => "原件",
            Self::Copy => "复印件",
        }
    }
}

/// 材料来源.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialSource {
    /// 申请人自备.
    Applicant,
    /// 政府部门核发.
    Government,
}

impl MaterialSource {
    /// The words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Applicant => "申请人自备",
            Self::Government => "政府部门核发",
        }
    }
}

/// 申请材料.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Stable English slug.
    pub id: String,
    /// Unified name.
    pub name: String,
    /// What it should show; empty when the name says it.
    #[serde(default)]
    pub hint: String,
    /// Accepted formats.
    pub formats: Vec<FileType>,
    /// Largest size of one file in MB, at most 50.
    pub max_mb: u16,
    /// Original or copy.
    pub copies: Copies,
    /// Who makes it.
    pub source: MaterialSource,
    /// Items whose result it is: once issued on the platform it is offered, not asked for.
    #[serde(default)]
    pub issued_by: Vec<String>,
    /// When it is required; always, if there is no rule.
    #[serde(default)]
    pub when: Option<Rule>,
    /// Words of that condition, or of a condition that no fact decides (then the applicant judges).
    #[serde(default)]
    pub condition: String,
}

impl Material {
    /// Whether it is asked of every applicant.
    pub fn is_always_required(&self) -> bool {
        self.when.is_none() && self.condition.is_empty()
    }
}

/// A kind of department, as far as the catalogue needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Name, such as 生态环境主管部门.
    pub name: String,
}

/// What the guides of one kind of item have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindGuide {
    /// 办理流程, step by step.
    pub process: Vec<String>,
    /// 监管要求.
    pub supervision: Vec<String>,
}

/// Why a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML of the right shape.
    #[error("{file} cannot be read: {message}")]
    Syntax {
        /// `items.toml` or `materials.toml`.
        file: &'static str,
        /// The reader's words.
        message: String,
    },
    /// Two rows with one id.
    #[error("the id `{0}` is used twice")]
    Duplicate(String),
    /// A row that names something that is not there.
    #[error("`{place}` names `{id}`, which does not exist")]
    Unknown {
        /// Item or material.
        place: String,
        /// What it names.
        id: String,
    },
    /// A row that lacks or contradicts something.
    #[error("`{place}`: {fault}")]
    Fault {
        /// Item or material.
        place: String,
        /// What is wrong.
        fault: &'static str,
    },
    /// A rule that cannot be used.
    #[error("`{place}`: {error}")]
    Rule {
        /// Item or material.
        place: String,
        /// Why.
        error: RuleError,
    },
    /// Items that wait for each other.
    #[error("these items wait for each other: {}", .0.join(", "))]
    Cycle(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsFile {
    version: String,
    facts: BTreeMap<String, FactDefinition>,
    departments: BTreeMap<String, Department>,
    kinds: BTreeMap<String, KindGuide>,
    item: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaterialsFile {
    material: Vec<Material>,
}

/// 事项目录: a version of the items with their materials, facts and rules, complete and consistent.
pub struct Catalogue {
    pub(super) version: String,
    pub(super) facts: BTreeMap<String, FactDefinition>,
    pub(super) departments: BTreeMap<String, Department>,
    pub(super) kinds: BTreeMap<String, KindGuide>,
    pub(super) items: Vec<Item>,
    pub(super) materials: Vec<Material>,
    /// Position of each item in one order that respects every precedence.
    pub(super) ranks: BTreeMap<String, usize>,
    pub(super) environment: Arc<cel::Env>,
    /// Place of each item in `items`, of each material in `materials`.
    places: (HashMap<String, usize>, HashMap<String, usize>),
}

/// The catalogue shipped with the product.
#[expect(clippy::expect_used, reason = "compiled-in data; a test reads it")]
pub fn catalogue() -> &'static Catalogue {
    static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::parse(include_str!("../../../../data/items.toml"), include_str!("../../../../data/materials.toml"))
            .expect("the shipped catalogue is consistent")
    });
    &SHIPPED
}

fn places<'a>(ids: impl Iterator<Item = &'a String>) -> HashMap<String, usize> {
    ids.enumerate().map(|(place, id)| (id.clone(), place)).collect()
}

impl Catalogue {
    /// Reads the two files and checks every reference, rule and precedence.
    ///
    /// # Errors
    /// The first fault found.
    pub fn parse(items: &str, materials: &str) -> Result<Self, CatalogueError> {
        let file: ItemsFile = read("items.toml", items)?;
        let materials: MaterialsFile = read("materials.toml", materials)?;
        let ranks = precedence::ranks(&file.item)?;
        let places = (
            places(file.item.iter().map(|item| &item.code)),
            places(materials.material.iter().map(|material| &material.id)),
        );
        let catalogue = Self {
            places,
            version: file.version,
            facts: file.facts,
            departments: file.departments,
            kinds: file.kinds,
            items: file.item,
            materials: materials.material,
            ranks,
            environment: Arc::new(cel::Env::stdlib()),
        };
        catalogue.check()?;
        Ok(catalogue)
    }

    /// Version of the catalogue, kept with every case received under it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every item, in order of the catalogue.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item with this code.
    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.get(*self.places.0.get(code)?)
    }

    /// Every material, in order of the catalogue.
    pub fn all_materials(&self) -> &[Material] {
        &self.materials
    }

    /// The material with this id.
    pub fn material(&self, id: &str) -> Option<&Material> {
        self.materials.get(*self.places.1.get(id)?)
    }

    /// The facts that rules may look at, by id.
    pub fn facts(&self) -> &BTreeMap<String, FactDefinition> {
        &self.facts
    }

    /// The kinds of departments, by slug.
    pub fn departments(&self) -> &BTreeMap<String, Department> {
        &self.departments
    }

    /// Name of the department that handles the item.
    pub fn department_name(&self, item: &Item) -> &str {
        self.departments.get(&item.department).map_or("", |department| &department.name)
    }

    fn check(&self) -> Result<(), CatalogueError> {
        unique(self.items.iter().map(|item| item.code.as_str()))?;
        unique(self.items.iter().map(|item| item.rule.as_str()))?;
        unique(self.materials.iter().map(|material| material.id.as_str()))?;
        self.items.iter().try_for_each(|item| self.check_item(item))?;
        self.materials.iter().try_for_each(|material| self.check_material(material))
    }

    fn check_item(&self, item: &Item) -> Result<(), CatalogueError> {
        let place = &item.code;
        known(place, &item.department, self.departments.contains_key(&item.department))?;
        known(place, kind_key(item.kind), self.kinds.contains_key(kind_key(item.kind)))?;
        for id in &item.materials {
            known(place, id, self.material(id).is_some())?;
        }
        self.check_rule(place, &item.applies)?;
        let texts = [&item.name, &item.basis, &item.why, &item.content, &item.limit.basis];
        require(place, texts.iter().all(|text| !text.is_empty()), "a text is empty")?;
        require(place, !item.conditions.is_empty(), "it has no conditions of acceptance")?;
        require(place, !item.materials.is_empty(), "it has no materials")?;
        let told = item.trigger_when.is_empty() == (item.trigger == Trigger::Declaration);
        require(place, told, "`trigger_when` belongs to `trigger = \"change\"`")
    }

    fn check_material(&self, material: &Material) -> Result<(), CatalogueError> {
        let place = &material.id;
        for code in &material.issued_by {
            known(place, code, self.item(code).is_some())?;
        }
        if let Some(rule) = &material.when {
            self.check_rule(place, rule)?;
            require(place, !material.condition.is_empty(), "its rule has no words")?;
        }
        let issued = material.issued_by.is_empty() || material.source == MaterialSource::Government;
        require(place, issued, "an item issues it, so its source is the government")?;
        require(place, !material.formats.is_empty(), "it accepts no format")?;
        require(place, (1..=50).contains(&material.max_mb), "its size limit is not 1 to 50 MB")
    }

    fn check_rule(&self, place: &str, rule: &Rule) -> Result<(), CatalogueError> {
        rule.check(&self.facts).map_err(|error| CatalogueError::Rule { place: place.to_owned(), error })
    }
}

pub(super) fn kind_key(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Licence => "licence",
        ItemKind::InternalApproval => "internal_approval",
        ItemKind::RecordFiling => "record_filing",
        ItemKind::Review => "review",
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catalogue({})", self.version)
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, CatalogueError> {
    toml::from_str(text).map_err(|error| CatalogueError::Syntax { file, message: error.to_string() })
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), CatalogueError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(CatalogueError::Duplicate(id.to_owned()));
        }
    }
    Ok(())
}

fn known(place: &str, id: &str, exists: bool) -> Result<(), CatalogueError> {
    if exists {
        return Ok(());
    }
    Err(CatalogueError::Unknown { place: place.to_owned(), id: id.to_owned() })
}

fn require(place: &str, holds: bool, fault: &'static str) -> Result<(), CatalogueError> {
    if holds {
        return Ok(());
    }
    Err(CatalogueError::Fault { place: place.to_owned(), fault })
}
