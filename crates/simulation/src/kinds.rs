//! Made-up owners and kinds of projects (`kinds.toml`), and the declaration forms they fill in.

use crate::SimulationError;
use domain::{
    declaration::Answers,
    region::{INNER_MONGOLIA, Level, Region, Regions},
    unit::ProjectUnit,
};
use jiff::civil::Date;
use platform::ports::Chance;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everything made up, as data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kinds {
    pub stems: Vec<String>,
    pub surnames: Vec<String>,
    pub given: Vec<String>,
    pub legal_forms: Vec<String>,
    pub correction_texts: Vec<String>,
    pub refusal_texts: Vec<String>,
    pub opinions: Vec<String>,
    pub kind: Vec<Kind>,
}

/// One kind of project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    name: String,
    industry: String,
    content: String,
    scale: String,
    n: [u32; 2],
    wan_per_n: [u32; 2],
    weight: u32,
    #[serde(default)]
    catalogue_item: Option<String>,
    #[serde(default)]
    government: bool,
    #[serde(default)]
    project_type: Option<String>,
    #[serde(default)]
    nature: Option<String>,
    facts: BTreeMap<String, String>,
}

impl Kinds {
    /// The shipped list.
    pub fn shipped() -> Result<Self, SimulationError> {
        toml::from_str(include_str!("kinds.toml")).map_err(|e| SimulationError::Kinds(e.to_string()))
    }

    /// One of a list; the lists are never empty.
    pub fn pick<'a>(chance: &dyn Chance, list: &'a [String]) -> &'a str {
        let index = chance.below(u32::try_from(list.len()).unwrap_or(1));
        list.get(index as usize).map_or("", String::as_str)
    }

    /// A kind, by weight.
    pub fn kind(&self, chance: &dyn Chance) -> Option<&Kind> {
        let total: u32 = self.kind.iter().map(|k| k.weight).sum();
        let mut left = chance.below(total);
        self.kind.iter().find(|k| {
            let hit = left < k.weight;
            left = left.saturating_sub(k.weight);
            hit
        })
    }

    /// 姓名.
    pub fn person(&self, chance: &dyn Chance) -> String {
        format!("{}{}", Self::pick(chance, &self.surnames), Self::pick(chance, &self.given))
    }
}

/// All counties, banners and districts of the region.
pub(crate) fn counties(regions: &Regions) -> Vec<&Region> {
    regions.below(INNER_MONGOLIA).filter(|r| r.level == Level::County).collect()
}

/// A number between both ends, ends included.
pub(crate) fn between(chance: &dyn Chance, [low, high]: [u32; 2]) -> u32 {
    low + chance.below(high.saturating_sub(low) + 1)
}

/// Splits a total into parts by percent; the last part takes what is left, so that the sum is exact.
fn split(total: u64, percents: &[u64]) -> Vec<u64> {
    let mut left = total;
    let mut parts: Vec<u64> = percents
        .iter()
        .map(|p| {
            let part = total * p / 100;
            left -= part;
            part
        })
        .collect();
    parts.push(left);
    parts
}

impl Kind {
    /// The declaration form of such a project in a county, filled in by a unit on a day.
    pub fn answers(
        &self,
        chance: &dyn Chance,
        kinds: &Kinds,
        unit: &ProjectUnit,
        county: &Region,
        today: Date,
    ) -> Answers {
        let n = between(chance, self.n);
        let total = u64::from(n) * u64::from(between(chance, self.wan_per_n));
        let stem = unit.name.chars().take(6).collect::<String>();
        let put =
            |text: &str| text.replace("{n}", &n.to_string()).replace("{place}", &county.name).replace("{stem}", &stem);
        let mut answers = Answers::new();
        let mut set = |id: &str, value: String| {
            answers.insert(id.to_owned(), value);
        };
        set("touches_secrets", "no".into());
        set("foreign_kind", "domestic".into());
        set("project_name", put(&self.name));
        set("content", put(&self.content));
        set("scale", put(&self.scale));
        set("construction_nature", self.nature.clone().unwrap_or_else(|| "new".into()));
        set("project_type", self.project_type.clone().unwrap_or_else(|| "01".into()));
        set("project_stage", "not_started".into());
        set("industry", self.industry.clone());
        set("industrial_policy", "permitted".into());
        set("catalogue_item", self.catalogue_item.clone().unwrap_or_else(|| "none".into()));
        let (start, months) = (1 + chance.below(10), 8 + chance.below(28));
        set("planned_start", month_after(today, start));
        set("planned_end", month_after(today, start + months));
        set("region", county.code.as_str().to_owned());
        set("place_detail", format!("{}工业园区经{}路以东", county.name, 1 + chance.below(9)));
        set("in_zone", "no".into());
        set("total_investment", total.to_string());
        let costs =
            ["civil_cost", "equipment_cost", "installation_cost", "other_cost", "build_interest", "working_capital"];
        for (id, part) in costs.into_iter().zip(split(total, &[40, 38, 8, 8, 2])) {
            set(id, part.to_string());
        }
        set("funding", if self.government { "yes" } else { "no" }.into());
        let funds: [&str; 2] =
            if self.government { ["fund_budget", "fund_bond"] } else { ["fund_own", "fund_bank_loan"] };
        for (id, part) in funds.into_iter().zip(split(total, &[if self.government { 70 } else { 35 }])) {
            set(id, part.to_string());
        }
        set("project_capital", (total * 30 / 100).to_string());
        let land = self.facts.get("land").is_some_and(|v| v == "yes");
        set("land_method", if land { "grant" } else { "existing" }.into());
        if !land {
            set("existing_land_area_mu", between(chance, [8, 90]).to_string());
        }
        for (id, value) in self.facts.iter().filter(|(_, v)| *v != "no") {
            set(id, value.clone());
        }
        set("unit_name", unit.name.clone());
        set("unit_credit_code", unit.credit_code.clone());
        set("unit_nature", if self.government { "government" } else { "private" }.into());
        set("unit_address", format!("{}政府大街{}号", county.name, 1 + chance.below(200)));
        set("legal_representative", kinds.person(chance));
        set("contact_name", kinds.person(chance));
        set("contact_mobile", format!("13{:09}", chance.below(1_000_000_000)));
        set("policy_commitment", "yes".into());
        set("truth_commitment", "yes".into());
        answers
    }

    /// Whether it is filed with the development and reform department: not built by government, not in the ratification
    /// catalogue, no technical transformation.
    pub fn is_filed(&self) -> bool {
        !self.government && self.catalogue_item.is_none() && self.project_type.is_none()
    }

    /// Whether a government organ or institution builds it.
    pub fn is_government(&self) -> bool {
        self.government
    }
}

fn month_after(date: Date, months: u32) -> String {
    let index = i32::from(date.year()) * 12 + i32::from(date.month()) - 1 + i32::try_from(months).unwrap_or(0);
    format!("{:04}-{:02}", index / 12, index % 12 + 1)
}
