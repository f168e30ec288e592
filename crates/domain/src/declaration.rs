//! 项目申报: the form as data, the answers as typed text, the declaration as typed values (办法第十四条第一项).
//!
//! Raw [`Answers`] are kept as they were typed, so nothing is lost between two visits. [`validate_group`] judges one page,
//! [`Declaration::from_answers`] judges the whole and gives the typed value. Personal answers are kept apart and never
//! serialized by accident: the caller takes them out with [`Declaration::split_personal`] and seals them.

mod form;
mod likeness;
mod mask;
mod rules;
mod value;

#[cfg(test)]
mod tests;

pub use form::{Choice, Field, Form, Group, Kind, OptionSource, Personal, When};
pub use likeness::{Likeness, PROBABLE_DUPLICATE, similarity};
pub use mask::masked;

use crate::item::{Fact, Facts};
use crate::regime::{ForeignKind, Policy, RegimeFacts};
use crate::{Money, Refusal};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use value::Value;

/// What the person typed: field id to raw text. Check boxes are `yes`, several choices `a,b`.
pub type Answers = BTreeMap<String, String>;

/// The regions a project may be declared in.
pub trait Places {
    /// True for a region (or zone) the platform serves, down from the province itself.
    fn has_region(&self, code: &str) -> bool;
}

/// The industries of GB/T 4754.
pub trait Industries {
    /// True for a code of the classification, at any level.
    fn has_industry(&self, code: &str) -> bool;
}

/// What judging needs besides the answers.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Known regions.
    pub regions: &'a dyn Places,
    /// Known industries.
    pub industries: &'a dyn Industries,
    /// Today in UTC+8.
    pub today: Date,
}

/// The form shipped with the product.
pub fn form() -> &'static Form {
    Form::shipped()
}

/// Judges one page. Refusals come in form order and name their field; an unknown page is `declaration.unknown_group`.
pub fn validate_group(form: &Form, group: &str, answers: &Answers, context: &Context<'_>) -> Vec<Refusal> {
    let Some(group) = form.group(group) else {
        return vec![Refusal::new("declaration.unknown_group", "没有这一页,请回到申报表首页。")];
    };
    let here = |refusal: &Refusal| {
        let field = refusal.field.as_deref().unwrap_or_default();
        group.fields.iter().any(|f| f.id == field)
    };
    judge(form, answers, context).1.into_iter().filter(here).collect()
}

/// Reads every shown answer and applies the rules between fields.
fn judge(form: &Form, answers: &Answers, context: &Context<'_>) -> (BTreeMap<String, Value>, Vec<Refusal>) {
    let mut values = BTreeMap::new();
    let mut refusals = Vec::new();
    for field in form.fields().filter(|field| form.is_shown(field, answers)) {
        let raw = answers.get(&field.id).map_or("", String::as_str);
        match value::read(field, raw, context) {
            Err(refusal) => refusals.push(refusal),
            // A required check box is a commitment: unchecked counts as unanswered.
            Ok(None | Some(Value::Bool(false)))
                if form.is_required(field, answers) && (field.kind == Kind::Bool || raw.trim().is_empty()) =>
            {
                refusals.push(missing(field));
            }
            Ok(None) => {}
            Ok(Some(value)) => {
                values.insert(field.id.clone(), value);
            }
        }
    }
    let refused: BTreeSet<String> = refusals.iter().filter_map(|r: &Refusal| r.field.clone()).collect();
    refusals.extend(rules::between_fields(form, &values, &refused, context.today));
    let order: BTreeMap<&str, usize> = form.fields().enumerate().map(|(i, f)| (f.id.as_str(), i)).collect();
    refusals.sort_by_key(|r| order.get(r.field.as_deref().unwrap_or_default()).copied());
    (values, refusals)
}

fn missing(field: &Field) -> Refusal {
    let ask = match field.kind {
        Kind::Bool => "请确认并勾选。",
        Kind::Choice | Kind::Choices | Kind::YesNo | Kind::Region | Kind::Industry => "请选择。",
        _ => "请填写。",
    };
    value::refuse(field, "declaration.required", ask)
}

/// A calendar month, `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// Reads `2026-11`, `2026/11` or `2026年11月`, from 1949 to 2199.
    pub fn parse(text: &str) -> Option<Self> {
        match value::dashed(text)? {
            (year @ 1949..=2199, month @ 1..=12, None) => Some(Self { year, month }),
            _ => None,
        }
    }

    /// The month a date lies in.
    pub fn of(date: Date) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// `2026年11月`.
    pub fn chinese(self) -> String {
        format!("{}年{}月", self.year, self.month)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl TryFrom<String> for Month {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a month is written 2026-11")
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// 总投资 and what it consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Investment {
    /// 总投资; the sum of the parts.
    pub total: Money,
    /// 土建工程费.
    pub civil: Money,
    /// 设备购置费.
    pub equipment: Money,
    /// 安装工程费.
    pub installation: Money,
    /// 工程建设其他费用.
    pub other: Money,
    /// 建设期利息.
    pub interest: Money,
    /// 铺底流动资金.
    pub working_capital: Money,
}

/// 资金来源; their sum is the total investment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Funds {
    /// 财政资金.
    pub budget: Money,
    /// 自有资金.
    pub own: Money,
    /// 银行贷款.
    pub bank_loan: Money,
    /// 债券资金.
    pub bond: Money,
    /// 利用外资.
    pub foreign: Money,
    /// 其他资金.
    pub other: Money,
}

/// 一方投资者的出资.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// 投资者名称.
    pub investor: String,
    /// 国家或地区.
    pub country: String,
    /// 出资方式.
    pub mode: String,
    /// 出资额.
    pub amount: Money,
    /// 出资比例, in hundredths of a percent.
    pub ratio: u16,
}

impl Contribution {
    /// Reads `名称;国家或地区;出资方式;金额(万元);比例(%)`.
    pub fn parse(line: &str) -> Option<Self> {
        let mut cells = line.split(';').map(str::trim);
        let mut words = || cells.next().filter(|cell| !cell.is_empty()).map(str::to_owned);
        let (investor, country, mode) = (words()?, words()?, words()?);
        let (amount, ratio) = (words()?, words()?);
        let (whole, fraction) =
            ratio.trim_end_matches('%').split_once('.').unwrap_or((ratio.trim_end_matches('%'), ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let fits = (1..=3).contains(&whole.len()) && fraction.len() <= 2 && digits(whole) && digits(fraction);
        let ratio = format!("{whole}{fraction:0<2}").parse().ok().filter(|ratio| fits && *ratio <= 10_000)?;
        words().is_none().then_some(Self { investor, country, mode, amount: Money::parse_wan(&amount).ok()?, ratio })
    }
}

impl std::fmt::Display for Contribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { investor, country, mode, amount, ratio } = self;
        write!(f, "{investor};{country};{mode};{};{}.{:02}", amount.wan(), ratio / 100, ratio % 100)
    }
}

/// What only foreign and overseas projects declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// 总投资折合美元, in US cents.
    pub total_usd: Money,
    /// An overseas project in a sensitive country or sector.
    pub sensitive: bool,
    /// 投资者出资情况.
    pub contributions: Vec<Contribution>,
}

/// Answers about people. Prints and serializes nothing of its content.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PersonalAnswers(BTreeMap<String, String>);

impl PersonalAnswers {
    /// One answer.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }
}

impl std::fmt::Debug for PersonalAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonalAnswers({} sealed from print)", self.0.len())
    }
}

/// 项目申报信息: every rule of the form holds for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Version of the form it was made with.
    pub form_version: String,
    /// 项目名称.
    pub project_name: String,
    /// 主要建设内容.
    pub content: String,
    /// 建设规模.
    pub scale: String,
    /// 建设性质, such as `new`.
    pub construction_nature: String,
    /// 项目类型 of the project code, `01` to `05`.
    pub project_type: String,
    /// 国民经济行业, four digits.
    pub industry: String,
    /// 产业政策类别.
    pub policy: Policy,
    /// Item of the ratification catalogue, if in it.
    pub catalogue_item: Option<String>,
    /// 投资类别.
    pub foreign_kind: ForeignKind,
    /// 建设地点: region code.
    pub region: String,
    /// 详细地点.
    pub place_detail: String,
    /// 总投资及费用构成.
    pub investment: Investment,
    /// Government money as direct investment or capital injection.
    pub government_funds: bool,
    /// 资金来源.
    pub funds: Funds,
    /// 拟开工年月.
    pub start: Month,
    /// 拟建成年月.
    pub end: Month,
    /// 项目单位名称.
    pub unit_name: String,
    /// 统一社会信用代码 of the unit.
    pub unit_credit_code: String,
    /// Foreign or overseas part.
    pub foreign: Option<Foreign>,
    /// 项目特征: every field of the facts page, also those left empty.
    pub features: BTreeMap<String, Fact>,
    /// Canonical answers to the remaining questions of the form.
    pub extra: Answers,
    /// Answers about people; never serialized, see [`Declaration::split_personal`].
    #[serde(skip)]
    pub personal: PersonalAnswers,
}

/// Takes typed answers out of what was read; what remains goes to `extra`.
struct Taker(BTreeMap<String, Value>);

impl Taker {
    fn text(&mut self, id: &str) -> Result<String, Refusal> {
        self.maybe(id).ok_or_else(|| incomplete(id))
    }

    fn maybe(&mut self, id: &str) -> Option<String> {
        self.0.remove(id).map(|value| value.text())
    }

    fn one_of<T: Copy>(&mut self, id: &str, all: &[(&str, T)]) -> Result<T, Refusal> {
        let text = self.text(id)?;
        all.iter().find(|(value, _)| *value == text).map(|(_, kind)| *kind).ok_or_else(|| incomplete(id))
    }

    fn money(&mut self, id: &str) -> Money {
        match self.0.remove(id) {
            Some(Value::Money(money)) => money,
            _ => Money::default(),
        }
    }

    fn month(&mut self, id: &str) -> Result<Month, Refusal> {
        Month::parse(&self.text(id)?).ok_or_else(|| incomplete(id))
    }

    fn yes(&mut self, id: &str) -> bool {
        self.0.remove(id) == Some(Value::Bool(true))
    }
}

/// The form in use does not ask something the platform needs: a fault of the form, told as such.
fn incomplete(id: &str) -> Refusal {
    Refusal::field(id, "declaration.form_incomplete", "申报表缺少平台所需的字段,请联系平台运维单位。")
}

impl Declaration {
    /// Judges all answers and gives the typed declaration, or every refusal in form order.
    pub fn from_answers(form: &Form, answers: &Answers, context: &Context<'_>) -> Result<Self, Vec<Refusal>> {
        let (values, mut refusals) = judge(form, answers, context);
        let unknown = answers.keys().filter(|id| form.field(id).is_none());
        refusals.extend(
            unknown.map(|id| {
                Refusal::field(id, "declaration.unknown_field", "申报表中没有这个字段,请刷新页面后重新填写。")
            }),
        );
        if refusals.is_empty() { Self::build(form, values).map_err(|refusal| vec![refusal]) } else { Err(refusals) }
    }

    fn build(form: &Form, values: BTreeMap<String, Value>) -> Result<Self, Refusal> {
        let mut take = Taker(values);
        let mut declaration = Self {
            form_version: form.version.clone(),
            project_name: take.text("project_name")?,
            content: take.text("content")?,
            scale: take.text("scale")?,
            construction_nature: take.text("construction_nature")?,
            project_type: take.text("project_type")?,
            industry: take.text("industry")?,
            policy: take.one_of("industrial_policy", &Policy::ALL)?,
            catalogue_item: take.maybe("catalogue_item").filter(|id| id != form::NOT_LISTED),
            foreign_kind: take.one_of("foreign_kind", &ForeignKind::ALL)?,
            region: take.text("region")?,
            place_detail: take.text("place_detail")?,
            investment: Investment {
                total: take.money("total_investment"),
                civil: take.money("civil_cost"),
                equipment: take.money("equipment_cost"),
                installation: take.money("installation_cost"),
                other: take.money("other_cost"),
                interest: take.money("build_interest"),
                working_capital: take.money("working_capital"),
            },
            government_funds: take.yes("funding"),
            funds: Funds {
                budget: take.money("fund_budget"),
                own: take.money("fund_own"),
                bank_loan: take.money("fund_bank_loan"),
                bond: take.money("fund_bond"),
                foreign: take.money("fund_foreign"),
                other: take.money("fund_other"),
            },
            start: take.month("planned_start")?,
            end: take.month("planned_end")?,
            unit_name: take.text("unit_name")?,
            unit_credit_code: take.text("unit_credit_code")?,
            foreign: None,
            features: BTreeMap::new(),
            extra: Answers::new(),
            personal: PersonalAnswers::default(),
        };
        if declaration.foreign_kind != ForeignKind::Domestic {
            declaration.foreign = Some(Foreign {
                total_usd: take.money("total_usd_wan"),
                sensitive: take.yes("overseas_sensitive"),
                contributions: match take.0.remove("contributions") {
                    Some(Value::Contributions(list)) => list,
                    _ => Vec::new(),
                },
            });
        }
        for field in form.groups.iter().filter(|group| group.facts).flat_map(|group| &group.fields) {
            let fact = match (take.0.remove(&field.id), field.kind) {
                (Some(Value::Bool(yes)), _) => Fact::Bool(yes),
                (Some(Value::Number(number)), _) => Fact::Number(number),
                (Some(other), _) => Fact::Text(other.text()),
                (None, Kind::Bool | Kind::YesNo) => Fact::Bool(false),
                (None, Kind::Number) => Fact::Number(0.0),
                (None, _) => Fact::Text(String::new()),
            };
            declaration.features.insert(field.id.clone(), fact);
        }
        for (id, value) in take.0 {
            let personal = form.field(&id).is_some_and(|field| field.personal.is_some());
            let kept = if personal { &mut declaration.personal.0 } else { &mut declaration.extra };
            kept.insert(id, value.text());
        }
        Ok(declaration)
    }

    /// The answers it stands for, in canonical text: reading them with the same form gives the same declaration.
    pub fn to_answers(&self) -> Answers {
        let text = |id: &str, value: &str| (id.to_owned(), value.to_owned());
        let yes_no = |yes| if yes { "yes" } else { "no" };
        let mut answers = self.extra.clone();
        answers.extend(self.personal.0.clone());
        answers.extend([
            text("touches_secrets", "no"),
            text("project_name", &self.project_name),
            text("content", &self.content),
            text("scale", &self.scale),
            text("construction_nature", &self.construction_nature),
            text("project_type", &self.project_type),
            text("industry", &self.industry),
            text("industrial_policy", name_in(&Policy::ALL, self.policy)),
            text("catalogue_item", self.catalogue_item.as_deref().unwrap_or(form::NOT_LISTED)),
            text("foreign_kind", name_in(&ForeignKind::ALL, self.foreign_kind)),
            text("region", &self.region),
            text("place_detail", &self.place_detail),
            text("funding", yes_no(self.government_funds)),
            text("planned_start", &self.start.to_string()),
            text("planned_end", &self.end.to_string()),
            text("unit_name", &self.unit_name),
            text("unit_credit_code", &self.unit_credit_code),
        ]);
        let Investment { total, civil, equipment, installation, other, interest, working_capital } = self.investment;
        let Funds { budget, own, bank_loan, bond, foreign, other: fund_other } = self.funds;
        answers.extend(
            [
                ("total_investment", total),
                ("civil_cost", civil),
                ("equipment_cost", equipment),
                ("installation_cost", installation),
                ("other_cost", other),
                ("build_interest", interest),
                ("working_capital", working_capital),
                ("fund_budget", budget),
                ("fund_own", own),
                ("fund_bank_loan", bank_loan),
                ("fund_bond", bond),
                ("fund_foreign", foreign),
                ("fund_other", fund_other),
            ]
            .map(|(id, money)| text(id, &money.wan())),
        );
        if let Some(foreign) = &self.foreign {
            answers.extend([
                text("total_usd_wan", &foreign.total_usd.wan()),
                text("contributions", &Value::Contributions(foreign.contributions.clone()).text()),
            ]);
            if self.foreign_kind == ForeignKind::Overseas {
                answers.extend([text("overseas_sensitive", yes_no(foreign.sensitive))]);
            }
        }
        for (id, fact) in &self.features {
            match fact {
                Fact::Bool(true) => answers.extend([text(id, "yes")]),
                Fact::Number(number) if *number != 0.0 => answers.extend([text(id, &number.to_string())]),
                Fact::Text(value) if !value.is_empty() => answers.extend([text(id, value)]),
                _ => {}
            }
        }
        answers
    }

    /// The facts for the rules that derive the items: the facts page and what the rest of the form says. The regime is
    /// derived ([`crate::regime::choose`]) and added by the caller under `regime`.
    pub fn facts(&self) -> Facts {
        let mut facts = self.features.clone();
        let text = |value: &str| Fact::Text(value.to_owned());
        facts.extend(
            [
                ("funding_government", Fact::Bool(self.government_funds)),
                ("industry", text(&self.industry)),
                ("total_investment_wan", Fact::Number(self.investment.total.0 as f64 / 1_000_000.0)),
                ("project_type", text(&self.project_type)),
                ("construction_nature", text(&self.construction_nature)),
                ("catalogue_item", text(self.catalogue_item.as_deref().unwrap_or_default())),
                ("foreign_kind", text(name_in(&ForeignKind::ALL, self.foreign_kind))),
                ("region", text(&self.region)),
            ]
            .map(|(id, fact)| (id.to_owned(), fact)),
        );
        facts
    }

    /// What the choice of the regime rests on.
    pub fn regime_facts(&self) -> RegimeFacts {
        RegimeFacts {
            government_funds: self.government_funds,
            catalogue_item: self.catalogue_item.clone(),
            policy: self.policy,
            foreign_kind: self.foreign_kind,
            sensitive: self.foreign.as_ref().is_some_and(|foreign| foreign.sensitive),
            total: self.investment.total,
            total_usd: self.foreign.as_ref().map(|foreign| foreign.total_usd),
            industry: self.industry.clone(),
        }
    }

    /// Takes the answers about people out, to be sealed by the caller; the rest may be stored and shared.
    pub fn split_personal(mut self) -> (Self, Vec<(String, String)>) {
        let personal = std::mem::take(&mut self.personal).0;
        (self, personal.into_iter().collect())
    }

    /// Puts unsealed answers about people back.
    #[must_use]
    pub fn with_personal(mut self, personal: impl IntoIterator<Item = (String, String)>) -> Self {
        self.personal.0.extend(personal);
        self
    }

    /// What two declarations are compared by when a code is asked for.
    pub fn likeness(&self) -> Likeness<'_> {
        Likeness {
            unit_credit_code: &self.unit_credit_code,
            region: &self.region,
            place: &self.place_detail,
            name: &self.project_name,
            total: self.investment.total,
        }
    }
}

fn name_in<T: Copy + PartialEq>(all: &[(&'static str, T)], kind: T) -> &'static str {
    all.iter().find(|(_, other)| *other == kind).map_or("", |(name, _)| *name)
}

/// One field whose answer changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Field id.
    pub field: String,
    /// The question.
    pub label: String,
    /// Answer before, as a person reads it.
    pub before: String,
    /// Answer after.
    pub after: String,
}

/// What changed between two declarations, in form order, personal answers left out (办法第十二、十四条).
pub fn changes(form: &Form, before: &Declaration, after: &Declaration) -> Vec<Change> {
    let (before, after) = (before.to_answers(), after.to_answers());
    let at = |answers: &Answers, id: &str| answers.get(id).cloned().unwrap_or_default();
    form.fields()
        .filter(|field| field.personal.is_none() && at(&before, &field.id) != at(&after, &field.id))
        .map(|field| Change {
            field: field.id.clone(),
            label: field.label.clone(),
            before: field.display(&at(&before, &field.id)),
            after: field.display(&at(&after, &field.id)),
        })
        .collect()
}
