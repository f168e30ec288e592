//! Administrative divisions 行政区划 and functional zones 功能区, as data (GB/T 2260 and its extensions).

use crate::{Refusal, tsv};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// 地区代码: six digits whose first two name a province-level unit, or `00` for a central department.
///
/// Its being listed in a table is another question ([`Regions::get`]): real codes use zones that no standard lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode([u8; 6]);

/// 内蒙古自治区, `150000`.
pub const INNER_MONGOLIA: RegionCode = RegionCode(*b"150000");

/// Province-level numbers of GB/T 2260, with 66 (新疆生产建设兵团, used in project codes).
const PROVINCES: [u8; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65, 66, 71, 81, 82,
];

impl RegionCode {
    /// Reads six ASCII digits with a known province number; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = <[u8; 6]>::try_from(text.as_bytes()).ok()?;
        let code = Self(digits);
        let known = code.is_central() || PROVINCES.contains(&code.province_number());
        (digits.iter().all(u8::is_ascii_digit) && known).then_some(code)
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// True for `0000xx`: not a place but a central department.
    pub fn is_central(self) -> bool {
        self.0.starts_with(b"0000")
    }

    /// The province-level unit it lies in (`150402` → `150000`).
    pub fn province(self) -> Self {
        let [a, b, ..] = self.0;
        Self([a, b, b'0', b'0', b'0', b'0'])
    }

    /// The prefecture-level code it lies in (`150402` → `150400`); of a province, itself.
    pub fn prefecture(self) -> Self {
        let [a, b, c, d, ..] = self.0;
        Self([a, b, c, d, b'0', b'0'])
    }

    /// The six digits as ASCII bytes.
    pub(crate) fn bytes(self) -> [u8; 6] {
        self.0
    }

    fn province_number(self) -> u8 {
        let [tens, ones, ..] = self.0.map(|b| b.wrapping_sub(b'0'));
        tens.wrapping_mul(10).wrapping_add(ones)
    }
}

impl std::fmt::Display for RegionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for RegionCode {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        Self::parse(&text).ok_or_else(|| Refusal::new("region.code", "地区代码应为六位数字，请从区划列表中选择。"))
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.as_str().to_owned()
    }
}

/// 区划层级.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省级.
    Province,
    /// 盟市.
    Prefecture,
    /// 旗县市区.
    County,
    /// 开发区、新区等功能区, outside GB/T 2260.
    Zone,
}

impl Level {
    /// As the people of Inner Mongolia call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Province => "自治区级",
            Self::Prefecture => "盟市级",
            Self::County => "旗县级",
            Self::Zone => "功能区",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "province" => Self::Province,
            "prefecture" => Self::Prefecture,
            "county" => Self::County,
            "zone" => Self::Zone,
            _ => return None,
        })
    }
}

/// One division or zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its own name, such as `松山区`; not unique in the country.
    pub name: String,
    /// The unit directly above; `None` for a province.
    pub parent: Option<RegionCode>,
    /// Its level.
    pub level: Level,
}

/// The table of all divisions and zones, in the order of their codes.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    by_code: BTreeMap<RegionCode, Region>,
}

const HEADER: [&str; 4] = ["code", "name", "parent", "level"];

impl Regions {
    /// Reads `regions.tsv` and `regions_zones.tsv`. Refuses unknown levels, doubled codes and parents that are not there.
    pub fn parse(regions: &str, zones: &str) -> Result<Self, Refusal> {
        let mut table = Self::default();
        for text in [regions, zones] {
            for (at, row) in tsv::rows(text, HEADER)?.into_iter().enumerate() {
                let region = read(row).ok_or_else(|| tsv::fault(at + 1, "代码、上级或层级有误"))?;
                table.add(region)?;
            }
        }
        Ok(table)
    }

    /// Adds one region, such as a park that no public list carries. Refuses a code already there or a parent that is not.
    pub fn add(&mut self, region: Region) -> Result<(), Refusal> {
        if region.parent.is_some_and(|p| !self.by_code.contains_key(&p)) {
            return Err(Refusal::field("parent", "region.parent", "上级区划不存在，请先登记上级区划。"));
        }
        if self.by_code.contains_key(&region.code) {
            let message = format!("地区代码{}已存在，请核对。", region.code);
            return Err(Refusal::field("code", "region.taken", message));
        }
        self.by_code.insert(region.code, region);
        Ok(())
    }

    /// The region of a code.
    pub fn get(&self, code: RegionCode) -> Option<&Region> {
        self.by_code.get(&code)
    }

    /// Whether the code is listed.
    pub fn exists(&self, code: RegionCode) -> bool {
        self.by_code.contains_key(&code)
    }

    /// Its own name.
    pub fn name(&self, code: RegionCode) -> Option<&str> {
        self.get(code).map(|r| r.name.as_str())
    }

    /// Its level.
    pub fn level(&self, code: RegionCode) -> Option<Level> {
        self.get(code).map(|r| r.level)
    }

    /// What lies above it, nearest first.
    pub fn ancestors(&self, code: RegionCode) -> Vec<&Region> {
        std::iter::successors(self.above(code), |r| self.above(r.code)).collect()
    }

    /// Whether `code` is `ancestor` or lies in it. An unlisted code is placed by its digits.
    pub fn within(&self, ancestor: RegionCode, code: RegionCode) -> bool {
        ancestor == code
            || match self.get(code) {
                Some(_) => self.ancestors(code).iter().any(|r| r.code == ancestor),
                None => ancestor == code.prefecture() || ancestor == code.province(),
            }
    }

    /// The units directly below, in the order of their codes.
    pub fn children(&self, parent: RegionCode) -> impl Iterator<Item = &Region> {
        self.below(parent).filter(move |r| r.parent == Some(parent))
    }

    /// Everything below a region, in the order of codes.
    pub fn below(&self, ancestor: RegionCode) -> impl Iterator<Item = &Region> {
        let province = ancestor.province();
        self.by_code
            .range(province..)
            .map(|(_, region)| region)
            .take_while(move |r| r.code.province() == province)
            .filter(move |r| r.code != ancestor && self.within(ancestor, r.code))
    }

    /// All regions, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.by_code.values()
    }

    /// The name as it begins an agency's title: `赤峰市松山区`, `赤峰市`, `内蒙古自治区`. The province is left out where a
    /// prefecture stands between; an unlisted code is its own name.
    pub fn full_name(&self, code: RegionCode) -> String {
        let Some(region) = self.get(code) else {
            return code.to_string();
        };
        let mut path: Vec<&str> = self
            .ancestors(code)
            .iter()
            .filter(|r| r.level != Level::Province || (Some(r.code) == region.parent && region.level == Level::County))
            .map(|r| r.name.as_str())
            .collect();
        path.reverse();
        path.push(&region.name);
        path.concat()
    }

    fn above(&self, code: RegionCode) -> Option<&Region> {
        self.get(self.get(code)?.parent?)
    }
}

fn read([code, name, parent, level]: [&str; 4]) -> Option<Region> {
    let parent = match parent {
        "" => None,
        text => Some(RegionCode::parse(text)?),
    };
    Some(Region { code: RegionCode::parse(code)?, name: name.to_owned(), parent, level: Level::parse(level)? })
}

/// The table shipped with the product (`data/regions.tsv`, `data/regions_zones.tsv`); a test proves that it reads.
pub fn default_regions() -> &'static Regions {
    static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
        Regions::parse(include_str!("../../../data/regions.tsv"), include_str!("../../../data/regions_zones.tsv"))
            .unwrap_or_default()
    });
    &REGIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn the_shipped_table_holds_all_of_inner_mongolia() {
        let regions = default_regions();
        assert_eq!(regions.iter().count(), 3214 + 129);
        let of = |level| regions.below(INNER_MONGOLIA).filter(|r| r.level == level).count();
        assert_eq!((of(Level::Prefecture), of(Level::County), of(Level::Zone)), (12, 103, 5));
        assert_eq!(regions.children(INNER_MONGOLIA).count(), 12);
        assert_eq!(regions.name(code("150781")), Some("满洲里市"));
        assert_eq!(regions.name(code("152501")), Some("二连浩特市"));
    }

    #[test]
    fn names_begin_at_the_prefecture() {
        let regions = default_regions();
        for (text, name) in [
            ("150000", "内蒙古自治区"),
            ("150400", "赤峰市"),
            ("150404", "赤峰市松山区"),
            ("152571", "锡林郭勒盟乌拉盖管理区管委会"),
            ("110105", "北京市朝阳区"),
            ("330110", "杭州市余杭区"),
            ("150499", "150499"),
        ] {
            assert_eq!(regions.full_name(code(text)), name);
        }
    }

    #[test]
    fn within_follows_the_tree_and_places_unlisted_zones_by_digits() {
        let regions = default_regions();
        let within = |a, b| regions.within(code(a), code(b));
        assert!(within("150000", "150404") && within("150400", "150404"));
        assert!(within("150400", "150499") && within("150000", "150499"));
        assert!(within("150404", "150404"));
        assert!(!within("150404", "150400") && !within("150500", "150404"));
        assert!(!within("130000", "150404") && !within("150500", "150499"));
    }

    #[test]
    fn outside_tables_are_refused_not_believed() {
        let head = "code\tname\tparent\tlevel\n";
        for (regions, fault) in [
            ("kode\tname\tparent\tlevel\n".to_owned(), "table.header"),
            (format!("{head}150000\t内蒙古自治区\tprovince\n"), "table.row"),
            (format!("{head}990000\t某省\t\tprovince\n"), "table.row"),
            (format!("{head}150000\t内蒙古\t\tstate\n"), "table.row"),
            (format!("{head}150100\t呼和浩特市\t150000\tprefecture\n"), "region.parent"),
            (format!("{head}150000\t甲\t\tprovince\n150000\t乙\t\tprovince\n"), "region.taken"),
        ] {
            assert_eq!(Regions::parse(&regions, head).unwrap_err().code, fault);
        }
    }

    #[test]
    fn region_codes_are_six_digits_of_a_province() {
        assert!(RegionCode::parse("000052").is_some_and(RegionCode::is_central));
        for bad in ["", "15040", "1504021", "99", "990000", "15040a", "15040\u{ff12}", "000152"] {
            assert_eq!(RegionCode::parse(bad), None, "{bad}");
        }
    }
}
