//! The declaration form as data: groups (one page each) of fields, read from `data/declaration.toml`.

use super::Answers;
use crate::{Refusal, regime::RatificationCatalogue};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// 项目申报表. A draft pins its `version`, so that a newer form never loses an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Version of the form, kept in every declaration made with it.
    pub version: String,
    /// The pages in order.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
    /// Page and place on it of each field.
    #[serde(skip)]
    places: HashMap<String, (usize, usize)>,
}

/// One page of the form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Stable id, part of the page's address.
    pub id: String,
    /// Heading of the page.
    pub title: String,
    /// One or two sentences below the heading.
    pub intro: String,
    /// Shown only when this holds.
    pub show_when: Option<When>,
    /// Its answers are facts for the rules that derive the items; unchecked means no.
    #[serde(default)]
    pub facts: bool,
    /// The questions in order.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Stable id in snake case; the name of the input and the key of the answer.
    pub id: String,
    /// The question as the person reads it.
    pub label: String,
    /// What kind of answer it takes.
    pub kind: Kind,
    /// Sub-heading on the page; empty for none.
    #[serde(default)]
    pub section: String,
    /// An answer is always needed.
    #[serde(default)]
    pub required: bool,
    /// An answer is needed when this holds.
    pub required_when: Option<When>,
    /// Asked only when this holds; a hidden answer is kept in the draft and left out of the declaration.
    pub show_when: Option<When>,
    /// Longest answer in characters; see [`Field::limit`].
    max_len: Option<usize>,
    /// Unit of a number, such as 亩.
    #[serde(default)]
    pub unit: String,
    /// Decimals a number may have.
    #[serde(default)]
    pub decimals: usize,
    /// What a choice offers.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Other data the options come from.
    pub options_from: Option<OptionSource>,
    /// 为什么要填.
    pub help: String,
    /// 怎么填: how to measure or where to find the answer.
    pub measure: String,
    /// The article the question rests on.
    pub article: Option<String>,
    /// A good answer.
    pub example: Option<String>,
    /// Entry in the register of personal data (S-33); present exactly when the answer is about a person.
    pub personal: Option<Personal>,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What the person reads.
    pub label: String,
}

/// A condition on another, earlier answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The earlier field.
    pub field: String,
    /// The values for which it holds; none listed means any answer.
    pub is: Vec<String>,
}

/// Why personal data is collected and for how long (个人信息保护法第六、十七、十九条).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// 处理目的.
    pub purpose: String,
    /// 处理依据.
    pub basis: String,
    /// 保存期限, in words.
    pub retention: String,
    /// The same in years after the project's end; then it is erased (L-02).
    pub years: i16,
}

/// Where options come from when the form does not list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionSource {
    /// The ratification catalogue, with 不属于目录 first.
    RatificationCatalogue,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// One of the options.
    Choice,
    /// Any of the options, typed as `a,b`.
    Choices,
    /// A check box: `yes`, or nothing for no.
    Bool,
    /// A question that must be answered with `yes` or `no`.
    YesNo,
    /// 万元, up to four decimals.
    MoneyWan,
    /// 万美元, up to four decimals.
    UsdWan,
    /// A number that is not negative, in the field's unit.
    Number,
    /// `2026-11-24`.
    Date,
    /// `2026-11`.
    Month,
    /// A region code the platform serves.
    Region,
    /// A four-digit GB/T 4754 code.
    Industry,
    /// 统一社会信用代码.
    CreditCode,
    /// A mobile or landline number.
    Phone,
    /// An e-mail address.
    Email,
    /// A person's name.
    Person,
    /// One investor a line: 名称;国家或地区;出资方式;金额(万元);比例(%).
    Contributions,
}

impl Kind {
    /// Answers of this kind are about a person wherever they occur.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Person | Self::Phone | Self::Email)
    }

    /// Words of the person's own, kept as typed; everything else is code-like and may be folded to half width.
    pub(super) fn is_prose(self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Person)
    }

    /// Answers may have several lines.
    pub fn is_multiline(self) -> bool {
        matches!(self, Self::LongText | Self::Contributions)
    }
}

/// Value of the catalogue option that stands for 不属于目录.
pub(super) const NOT_LISTED: &str = "none";

impl Field {
    /// Longest answer, in characters.
    pub fn limit(&self) -> usize {
        self.max_len.unwrap_or(match self.kind {
            Kind::LongText | Kind::Contributions => 2000,
            Kind::Text => 200,
            Kind::Email => 254,
            Kind::Choices => 500,
            _ => 50,
        })
    }

    /// The answer as a person reads it: labels instead of option values, 是 and 否, the unit behind a number.
    pub fn display(&self, raw: &str) -> String {
        let raw = raw.trim();
        match self.kind {
            Kind::Choice | Kind::Choices => {
                let label = |value: &str| self.option(value).map_or(value, |o| o.label.as_str()).to_owned();
                raw.split(',').map(str::trim).map(label).collect::<Vec<_>>().join("、")
            }
            Kind::Bool | Kind::YesNo => match truth(raw) {
                Some(true) => "是".to_owned(),
                Some(false) => "否".to_owned(),
                None => raw.to_owned(),
            },
            _ if raw.is_empty() => String::new(),
            Kind::MoneyWan => format!("{raw}万元"),
            Kind::UsdWan => format!("{raw}万美元"),
            Kind::Number => format!("{raw}{}", self.unit),
            _ => raw.to_owned(),
        }
    }

    pub(super) fn option(&self, value: &str) -> Option<&Choice> {
        self.options.iter().find(|option| option.value == value)
    }
}

/// Reads a check box or a yes-no answer; an empty one is no, anything odd `None`.
pub(super) fn truth(raw: &str) -> Option<bool> {
    match raw.trim() {
        "yes" | "on" | "true" | "1" => Some(true),
        "no" | "off" | "false" | "0" | "" => Some(false),
        _ => None,
    }
}

impl Group {
    /// The fields under their sub-headings, in order; a heading may be empty.
    pub fn sections(&self) -> Vec<(&str, &[Field])> {
        self.fields
            .chunk_by(|a, b| a.section == b.section)
            .filter_map(|fields| fields.first().map(|first| (first.section.as_str(), fields)))
            .collect()
    }
}

fn places(groups: &[Group]) -> HashMap<String, (usize, usize)> {
    let fields = |(page, group): (usize, &Group)| {
        let ids: Vec<_> = group.fields.iter().map(|field| field.id.clone()).collect();
        ids.into_iter().enumerate().map(move |(place, id)| (id, (page, place)))
    };
    groups.iter().enumerate().flat_map(fields).collect()
}

impl Form {
    /// Reads a form. Refuses (`form.format`) unknown keys, repeated or oddly written ids, a choice without options, a
    /// condition on a later or missing field, and personal data without an entry in the register (S-33).
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = |why: String| Refusal::new("form.format", format!("申报表数据有误:{why}。"));
        let mut form: Self = toml::from_str(text).map_err(|e| bad(e.message().to_owned()))?;
        for field in form.groups.iter_mut().flat_map(|group| &mut group.fields) {
            if let Some(OptionSource::RatificationCatalogue) = field.options_from {
                field.options = catalogue_options();
            }
        }
        form.places = places(&form.groups);
        form.check().map_err(bad)?;
        Ok(form)
    }

    /// The form shipped with the product.
    #[expect(clippy::expect_used, reason = "compiled in, and read by a test")]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Form> = LazyLock::new(|| {
            Form::parse(include_str!("../../../../data/declaration.toml")).expect("the shipped form is well formed")
        });
        &SHIPPED
    }

    /// The page with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// Every field in form order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.groups.iter().flat_map(|group| &group.fields)
    }

    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        let (group, field) = self.places.get(id)?;
        self.groups.get(*group)?.fields.get(*field)
    }

    /// The page a field is on.
    pub fn group_of(&self, field: &str) -> Option<&Group> {
        self.groups.get(self.places.get(field)?.0)
    }

    /// The pages to go through, given what has been answered so far.
    pub fn shown_groups<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'a Group> {
        self.groups.iter().filter(|group| self.met(group.show_when.as_ref(), answers))
    }

    /// Whether the field is asked, given the answers so far.
    pub fn is_shown(&self, field: &Field, answers: &Answers) -> bool {
        let group = self.group_of(&field.id);
        self.met(group.and_then(|group| group.show_when.as_ref()), answers)
            && self.met(field.show_when.as_ref(), answers)
    }

    /// Whether the field must be answered, given the answers so far.
    pub fn is_required(&self, field: &Field, answers: &Answers) -> bool {
        field.required || field.required_when.is_some() && self.met(field.required_when.as_ref(), answers)
    }

    /// The register of personal data: field and its entry (S-33).
    pub fn personal_register(&self) -> impl Iterator<Item = (&Field, &Personal)> {
        self.fields().filter_map(|field| Some((field, field.personal.as_ref()?)))
    }

    /// No condition is met by default. Ends, because a condition only looks back (checked when the form is read).
    fn met(&self, when: Option<&When>, answers: &Answers) -> bool {
        let Some(when) = when else { return true };
        let Some(field) = self.field(&when.field).filter(|field| self.is_shown(field, answers)) else {
            return false;
        };
        let raw = answers.get(&field.id).map_or("", |raw| raw.trim());
        let value = match (field.kind, truth(raw)) {
            (Kind::Bool | Kind::YesNo, Some(true)) => "yes",
            (Kind::Bool, Some(false)) => "no",
            _ => raw,
        };
        if when.is.is_empty() { !value.is_empty() } else { when.is.iter().any(|is| is == value) }
    }

    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for group in &self.groups {
            looks_back(group.show_when.as_ref(), &seen, &group.id)?;
            if !is_snake(&group.id) || self.groups.iter().filter(|g| g.id == group.id).count() != 1 {
                return Err(format!("页 {} 的编号不合规或重复", group.id));
            }
            for field in &group.fields {
                let id = field.id.as_str();
                for when in [&field.show_when, &field.required_when] {
                    looks_back(when.as_ref(), &seen, id)?;
                }
                if !is_snake(id) || !seen.insert(id) {
                    return Err(format!("字段 {id} 的编号不合规或重复"));
                }
                if matches!(field.kind, Kind::Choice | Kind::Choices) == field.options.is_empty() {
                    return Err(format!("字段 {id} 的选项缺失或多余"));
                }
                let register = |p: &Personal| {
                    [&p.purpose, &p.basis, &p.retention].iter().all(|t| !t.trim().is_empty())
                        && (1..=30).contains(&p.years)
                };
                if field.kind.is_personal() != field.personal.is_some() || !field.personal.iter().all(register) {
                    return Err(format!("字段 {id} 的个人信息登记不完整"));
                }
                if field.decimals > 6 {
                    return Err(format!("字段 {id} 的小数位数过多"));
                }
            }
        }
        Ok(())
    }
}

fn looks_back(when: Option<&When>, seen: &BTreeSet<&str>, id: &str) -> Result<(), String> {
    match when {
        Some(when) if !seen.contains(when.field.as_str()) => {
            Err(format!("{id} 的条件引用了后面或不存在的字段 {}", when.field))
        }
        _ => Ok(()),
    }
}

fn is_snake(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn catalogue_options() -> Vec<Choice> {
    let none = Choice { value: NOT_LISTED.to_owned(), label: "不属于目录".to_owned() };
    let items = RatificationCatalogue::shipped().items.iter().map(|item| Choice {
        value: item.id.clone(),
        label: format!("{}·{}:{}", item.group, item.name, item.condition),
    });
    std::iter::once(none).chain(items).collect()
}
