//! Departments 部门 as data, and agencies: one department in one region.

use crate::region::{Level, RegionCode, Regions, default_regions};
use crate::{Refusal, tsv};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Why a department stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// An application department the regulation names (办法第八条).
    Listed,
    /// Owns items of the process but is not named there.
    Outside,
    /// Met only as a department number inside project codes of other places; owns no item here.
    CodeOnly,
    /// Builds and runs the platform (办法第九条); owns no item.
    Operation,
}

/// 部门类别: the three kinds the platform's organisation is made of (办法第六条).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 综合管理部门 (办法第七条).
    General,
    /// 应用管理部门 (办法第八条).
    Application,
    /// 建设运维部门 (办法第九条).
    Operation,
}

impl Kind {
    /// All three, in the order of the articles.
    pub const ALL: [Self; 3] = [Self::General, Self::Application, Self::Operation];

    /// Chinese name with its article.
    pub fn name(self) -> &'static str {
        match self {
            Self::General => "综合管理部门",
            Self::Application => "应用管理部门",
            Self::Operation => "建设运维部门",
        }
    }

    /// The article that describes its duties.
    pub fn article(self) -> &'static str {
        match self {
            Self::General => "办法第七条",
            Self::Application => "办法第八条",
            Self::Operation => "办法第九条",
        }
    }
}

/// How sure we are of a central department number: no source of the standard's table was at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Derived from real project codes.
    Fitted,
    /// Concluded from a neighbouring numbering.
    Inferred,
    /// Remembered, not re-read.
    Remembered,
}

/// The number a department has in group 3 of a second-generation project code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CentralCode {
    /// Two digits, 00 to 99.
    pub number: u8,
    /// How sure the number is.
    pub certainty: Certainty,
}

/// 部门: a line of government work, at whatever level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// English slug, such as `ecology`; the key used everywhere.
    pub code: String,
    /// Short Chinese name, such as `生态环境`.
    pub short: String,
    /// Its number in project codes, where known.
    pub central: Option<CentralCode>,
    /// Why it stands in the table.
    pub group: Group,
    /// Which of the three kinds it is.
    pub kind: Kind,
    /// Full-name patterns at region, prefecture and county level.
    names: [String; 3],
}

/// The table of departments, in the order of the regulation.
#[derive(Debug, Clone, Default)]
pub struct Departments {
    rows: Vec<Department>,
}

const HEADER: [&str; 9] =
    ["code", "short", "central_code", "certainty", "group", "region_name", "prefecture_name", "county_name", "kind"];

impl Departments {
    /// Reads `departments.tsv`. Refuses a doubled slug or number and unknown words in its columns.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut table = Self::default();
        for (at, row) in tsv::rows(text, HEADER)?.into_iter().enumerate() {
            let department = read(row).ok_or_else(|| tsv::fault(at + 1, "部门代码、编号或类别有误"))?;
            let number = department.central.map(|c| c.number);
            if table.get(&department.code).is_some() || number.is_some_and(|n| table.by_number(n).is_some()) {
                return Err(tsv::fault(at + 1, "部门代码或编号重复"));
            }
            table.rows.push(department);
        }
        Ok(table)
    }

    /// The department of a slug.
    pub fn get(&self, code: &str) -> Option<&Department> {
        self.rows.iter().find(|d| d.code == code)
    }

    /// The department with this short Chinese name.
    pub fn by_short(&self, short: &str) -> Option<&Department> {
        self.rows.iter().find(|d| d.short == short)
    }

    /// The department with this number in project codes.
    pub fn by_number(&self, number: u8) -> Option<&Department> {
        self.rows.iter().find(|d| d.central.is_some_and(|c| c.number == number))
    }

    /// Those that own items here: listed by the regulation first, then the others.
    pub fn owners(&self) -> impl Iterator<Item = &Department> {
        self.rows.iter().filter(|d| !matches!(d.group, Group::CodeOnly | Group::Operation))
    }

    /// All rows of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Department> {
        self.rows.iter()
    }
}

impl Department {
    /// Full Chinese name of its agency in a region, such as `赤峰市生态环境局松山区分局`.
    pub fn agency_name(&self, regions: &Regions, region: RegionCode) -> String {
        let [at_region, at_prefecture, at_county] = &self.names;
        let pattern = match regions.level(region) {
            Some(Level::Province) => at_region,
            Some(Level::Prefecture) => at_prefecture,
            Some(Level::County | Level::Zone) | None => at_county,
        };
        pattern
            .replace("{region}", &regions.full_name(region))
            .replace("{prefecture}", &regions.full_name(region.prefecture()))
            .replace("{county}", regions.name(region).unwrap_or(region.as_str()))
    }
}

fn read([code, short, number, certainty, group, a, b, c, kind]: [&str; 9]) -> Option<Department> {
    let central = match (number, certainty) {
        ("", "") => None,
        _ => Some(CentralCode {
            number: two_digits(number)?,
            certainty: match certainty {
                "fitted" => Certainty::Fitted,
                "inferred" => Certainty::Inferred,
                "remembered" => Certainty::Remembered,
                _ => return None,
            },
        }),
    };
    let group = match group {
        "listed" => Group::Listed,
        "outside" => Group::Outside,
        "code_only" => Group::CodeOnly,
        "operation" => Group::Operation,
        _ => return None,
    };
    let kind = match kind {
        "general" => Kind::General,
        "application" => Kind::Application,
        "operation" => Kind::Operation,
        _ => return None,
    };
    is_slug(code).then(|| Department {
        code: code.to_owned(),
        short: short.to_owned(),
        central,
        group,
        kind,
        names: [a, b, c].map(str::to_owned),
    })
}

fn two_digits(text: &str) -> Option<u8> {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The table shipped with the product (`data/departments.tsv`); a test proves that it reads.
pub fn default_departments() -> &'static Departments {
    static DEPARTMENTS: LazyLock<Departments> =
        LazyLock::new(|| Departments::parse(include_str!("../../../data/departments.tsv")).unwrap_or_default());
    &DEPARTMENTS
}

/// Full Chinese name of a department's agency in a region by the shipped tables; `None` for an unknown slug.
pub fn agency_name(department: &str, region: RegionCode) -> Option<String> {
    let department = default_departments().get(department)?;
    Some(department.agency_name(default_regions(), region))
}

/// 办理机关: one department in one region, written `ecology-150402`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Agency {
    /// Slug of the department.
    pub department: String,
    /// Its region.
    pub region: RegionCode,
}

impl Agency {
    /// The agency of a department in a region.
    pub fn new(department: impl Into<String>, region: RegionCode) -> Self {
        Self { department: department.into(), region }
    }

    /// Reads `ecology-150402`. `None` for another shape; whether the department is in the table is [`Departments::get`]'s answer.
    pub fn parse(text: &str) -> Option<Self> {
        let (department, region) = text.rsplit_once('-')?;
        let region = RegionCode::parse(region)?;
        is_slug(department).then(|| Self::new(department, region))
    }

    /// Whether the department stands in the shipped table.
    pub fn is_known(&self) -> bool {
        default_departments().get(&self.department).is_some()
    }

    /// Full Chinese name by the shipped tables; the id itself when the department is unknown.
    pub fn name(&self) -> String {
        agency_name(&self.department, self.region).unwrap_or_else(|| self.to_string())
    }
}

impl std::fmt::Display for Agency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.department, self.region)
    }
}

impl TryFrom<String> for Agency {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        let message = "机关编号应形如 ecology-150402，请从机关列表中选择。";
        Self::parse(&text).ok_or_else(|| Refusal::new("agency.id", message))
    }
}

impl From<Agency> for String {
    fn from(agency: Agency) -> Self {
        agency.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn art06_09_the_shipped_table_names_every_department_and_its_kind() {
        let table = Departments::parse(include_str!("../../../data/departments.tsv")).unwrap();
        let listed: Vec<&str> = table.iter().filter(|d| d.group == Group::Listed).map(|d| d.short.as_str()).collect();
        assert_eq!(
            listed.join(" "),
            "发改 工信 自然资源 生态环境 住建 交通运输 水利 农牧 能源 林草 应急 人防 气象 地震 文物"
        );
        assert_eq!(table.owners().count(), 19);
        let of = |kind: Kind| table.iter().filter(move |d| d.kind == kind).map(|d| d.code.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Kind::General), ["development_reform"], "art. 7");
        assert_eq!(of(Kind::Operation), ["information_centre"], "art. 9");
        assert_eq!(of(Kind::Application).len(), 19, "art. 8");
        assert_eq!(table.by_number(4).map(|d| d.code.as_str()), Some("development_reform"));
        assert!(table.by_number(89).is_some() && table.by_number(88).is_none());
    }

    #[test]
    fn agencies_have_their_usual_names() {
        for (department, at, name) in [
            ("development_reform", "150000", "内蒙古自治区发展和改革委员会"),
            ("development_reform", "150400", "赤峰市发展和改革委员会"),
            ("ecology", "150000", "内蒙古自治区生态环境厅"),
            ("ecology", "150404", "赤峰市生态环境局松山区分局"),
            ("housing", "152502", "锡林郭勒盟锡林浩特市住房和城乡建设局"),
            ("military", "150000", "内蒙古军区"),
        ] {
            assert_eq!(agency_name(department, region(at)).as_deref(), Some(name));
        }
        assert_eq!(agency_name("nobody", region("150000")), None);
    }

    #[test]
    fn agency_ids_are_read_back() {
        let agency = Agency::new("forestry_grassland", region("150402"));
        assert_eq!(agency.to_string(), "forestry_grassland-150402");
        assert_eq!(Agency::parse(&agency.to_string()), Some(agency));
        for bad in ["", "ecology", "ecology-15040", "Ecology-150402", "-150402", "eco-logy-150402", "生态-150402"] {
            assert_eq!(Agency::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn outside_tables_are_refused_not_believed() {
        let head = HEADER.join("\t");
        for row in [
            "a\tb\t4\tinferred\tlisted\tx\ty\tz\tapplication",
            "a\tb\t04\tsure\tlisted\tx\ty\tz\tapplication",
            "a\tb\t\t\tfriends\tx\ty\tz\tapplication",
            "a\tb\t\t\tlisted\tx\ty\tz\tking",
            "a\tb\t\t\tlisted\tx\ty\tz\tgeneral\na\tb\t\t\tlisted\tx\ty\tz\tgeneral",
        ] {
            let fault = Departments::parse(&format!("{head}\n{row}\n")).unwrap_err();
            assert_eq!(fault.code, "table.row", "{row}");
        }
    }
}
