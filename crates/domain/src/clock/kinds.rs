//! Kinds of deadlines, as data: each has one name, one unit, one article.

use crate::{Refusal, tsv};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What a period counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 工作日.
    Working,
    /// 自然日.
    Calendar,
}

impl Unit {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Working => "个工作日",
            Self::Calendar => "日",
        }
    }

    /// Reads `working` or `calendar`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "working" => Some(Self::Working),
            "calendar" => Some(Self::Calendar),
            _ => None,
        }
    }
}

/// 期限类型.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineKind {
    /// Stable name, such as `correction_check`.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Usual limit; a case may carry another.
    pub days: u32,
    /// The event whose day starts the period and is not counted.
    pub start: String,
    /// The act that ends it.
    pub end: String,
    /// Whether a last day on which offices rest moves to the next working day (民法典第二百零三条).
    pub roll: bool,
    /// The article.
    pub article: String,
    /// How sure the rule is: `seen` in the law's text, or `inferred`.
    pub certainty: String,
}

/// The table of kinds.
#[derive(Debug, Clone, Default)]
pub struct DeadlineKinds {
    rows: Vec<DeadlineKind>,
}

const HEADER: [&str; 9] = ["id", "name", "unit", "days", "start", "end", "roll", "article", "certainty"];

impl DeadlineKinds {
    /// Reads `deadlines.tsv`. Refuses a doubled id, an unknown unit or a limit that is no number of days.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut table = Self::default();
        for (at, row) in tsv::rows(text, HEADER)?.into_iter().enumerate() {
            let kind = read(row).filter(|k| table.get(&k.id).is_none());
            table.rows.push(kind.ok_or_else(|| tsv::fault(at + 1, "期限类型重复或者内容有误"))?);
        }
        Ok(table)
    }

    /// The kind of an id.
    pub fn get(&self, id: &str) -> Option<&DeadlineKind> {
        self.rows.iter().find(|k| k.id == id)
    }

    /// All kinds.
    pub fn iter(&self) -> impl Iterator<Item = &DeadlineKind> {
        self.rows.iter()
    }
}

impl DeadlineKind {
    /// The limit of an item: the number comes with the item, so it is no row of the table. Where a sector law writes plain
    /// days, a last day of rest moves on by 民法典第二百零三条; that this holds for an agency's own limit is inferred.
    pub fn item(unit: Unit, days: u32) -> Self {
        let text = |s: &str| s.to_owned();
        let (id, certainty) = match unit {
            Unit::Working => ("item_working", "seen"),
            Unit::Calendar => ("item_calendar", "inferred"),
        };
        Self {
            id: text(id),
            name: text("事项办理"),
            unit,
            days,
            start: text("受理之日"),
            end: text("作出决定"),
            roll: unit == Unit::Calendar,
            article: text("办法第十五条"),
            certainty: text(certainty),
        }
    }
}

fn read([id, name, unit, days, start, end, roll, article, certainty]: [&str; 9]) -> Option<DeadlineKind> {
    let text = |s: &str| s.to_owned();
    Some(DeadlineKind {
        id: text(id),
        name: text(name),
        unit: Unit::parse(unit)?,
        days: days.parse().ok().filter(|n| (1..=super::LONGEST_LIMIT).contains(n))?,
        start: text(start),
        end: text(end),
        roll: match roll {
            "yes" => true,
            "no" => false,
            _ => return None,
        },
        article: text(article),
        certainty: text(certainty),
    })
}

/// The table shipped with the product (`data/deadlines.tsv`); a test proves that it reads.
pub fn default_deadlines() -> &'static DeadlineKinds {
    static KINDS: LazyLock<DeadlineKinds> =
        LazyLock::new(|| DeadlineKinds::parse(include_str!("../../../../data/deadlines.tsv")).unwrap_or_default());
    &KINDS
}
