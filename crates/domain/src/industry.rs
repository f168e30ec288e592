//! The national economy's industries 国民经济行业分类 (GB/T 4754-2017 with amendment no. 1), as a tree.

use crate::{Refusal, tsv};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Depth in the tree: 门类 (a letter), 大类 (two digits), 中类 (three), 小类 (four).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// 门类.
    Section,
    /// 大类.
    Division,
    /// 中类.
    Group,
    /// 小类.
    Class,
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Industry {
    /// `A`, `01`, `011` or `0111`.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// The node above; `None` for a section.
    pub parent: Option<String>,
    /// Its depth.
    pub rank: Rank,
}

/// The classification, in the depth-first order of its source.
#[derive(Debug, Clone, Default)]
pub struct Industries {
    nodes: Vec<Industry>,
    by_code: BTreeMap<String, usize>,
}

impl Industries {
    /// Reads `industries.tsv`. Refuses unknown ranks, doubled codes and a parent that does not stand before its children.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut tree = Self::default();
        let rows = tsv::rows(text, ["code", "name", "parent", "level"])?;
        for (at, [code, name, parent, rank]) in rows.into_iter().enumerate() {
            let rank = match rank {
                "门类" => Rank::Section,
                "大类" => Rank::Division,
                "中类" => Rank::Group,
                "小类" => Rank::Class,
                _ => return Err(tsv::fault(at + 1, "行业层级有误")),
            };
            let parent = (!parent.is_empty()).then(|| parent.to_owned());
            let orphan = match &parent {
                Some(above) => tree.get(above).is_none_or(|p| p.rank >= rank),
                None => rank != Rank::Section,
            };
            if orphan {
                return Err(tsv::fault(at + 1, "上级行业不存在或层级不符"));
            }
            if tree.by_code.insert(code.to_owned(), tree.nodes.len()).is_some() {
                return Err(tsv::fault(at + 1, "行业代码重复"));
            }
            tree.nodes.push(Industry { code: code.to_owned(), name: name.to_owned(), parent, rank });
        }
        Ok(tree)
    }

    /// The node of a code.
    pub fn get(&self, code: &str) -> Option<&Industry> {
        self.by_code.get(code).and_then(|at| self.nodes.get(*at))
    }

    /// Whether the code is in the classification.
    pub fn exists(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// From the section down to the node itself; empty for an unknown code.
    pub fn path(&self, code: &str) -> Vec<&Industry> {
        let above = |node: &&Industry| self.get(node.parent.as_deref()?);
        let mut path: Vec<&Industry> = std::iter::successors(self.get(code), above).collect();
        path.reverse();
        path
    }

    /// `制造业 / 汽车制造业 / 汽车整车制造`; `None` for an unknown code.
    pub fn path_name(&self, code: &str) -> Option<String> {
        let names: Vec<&str> = self.path(code).iter().map(|n| n.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(" / "))
    }

    /// The two-digit division 大类 a code lies in; `None` for a section or an unknown code.
    pub fn division(&self, code: &str) -> Option<&Industry> {
        self.path(code).into_iter().find(|n| n.rank == Rank::Division)
    }

    /// The section 门类 a code lies in.
    pub fn section(&self, code: &str) -> Option<&Industry> {
        self.path(code).into_iter().next()
    }

    /// The nodes directly below; of `None`, the sections.
    pub fn children<'a>(&'a self, parent: Option<&'a str>) -> impl Iterator<Item = &'a Industry> {
        self.nodes.iter().filter(move |n| n.parent.as_deref() == parent)
    }

    /// All nodes, depth first.
    pub fn iter(&self) -> impl Iterator<Item = &Industry> {
        self.nodes.iter()
    }
}

/// The classification shipped with the product (`data/industries.tsv`); a test proves that it reads.
pub fn default_industries() -> &'static Industries {
    static INDUSTRIES: LazyLock<Industries> =
        LazyLock::new(|| Industries::parse(include_str!("../../../data/industries.tsv")).unwrap_or_default());
    &INDUSTRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_classification_is_whole() {
        let industries = default_industries();
        let of = |rank| industries.iter().filter(|n| n.rank == rank).count();
        let counts = [Rank::Section, Rank::Division, Rank::Group, Rank::Class].map(of);
        assert_eq!(counts, [20, 97, 473, 1382]);
        assert_eq!(industries.children(None).count(), 20);
    }

    #[test]
    fn a_class_knows_its_path_and_division() {
        let industries = default_industries();
        let path = industries.path_name("0111");
        assert_eq!(path.as_deref(), Some("农、林、牧、渔业 / 农业 / 谷物种植 / 稻谷种植"));
        assert_eq!(industries.division("0111").map(|d| d.code.as_str()), Some("01"));
        assert_eq!(industries.section("4415").map(|s| s.code.as_str()), Some("D"));
        assert!(industries.division("A").is_none() && !industries.exists("9999"));
        assert_eq!(industries.path_name("9999"), None);
    }

    #[test]
    fn outside_tables_are_refused_not_believed() {
        let head = "code\tname\tparent\tlevel\n";
        for rows in ["A\t农业\t\t大类\n", "01\t农业\tA\t大类\n", "A\t农业\t\t科目\n", "A\t甲\t\t门类\nA\t乙\t\t门类\n"]
        {
            let text = format!("{head}{rows}");
            assert_eq!(Industries::parse(&text).unwrap_err().code, "table.row", "{rows}");
        }
    }
}
