//! Which regime a project falls under: 审批, 核准 or 备案, and what would change that.

use crate::{Money, Refusal};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// 项目管理方式.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// 审批: government investment (《政府投资条例》第九条).
    Approval,
    /// 核准: enterprise projects of the ratification catalogue (《企业投资项目核准和备案管理条例》第三条).
    Ratification,
    /// 备案: every other enterprise project (the same article).
    RecordFiling,
}

impl Regime {
    /// Every regime, the strictest first.
    pub const ALL: [Self; 3] = [Self::Approval, Self::Ratification, Self::RecordFiling];

    /// 审批, 核准 or 备案.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approval => "审批",
            Self::Ratification => "核准",
            Self::RecordFiling => "备案",
        }
    }

    /// Machine name, the same as in JSON and in the facts of the item rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Ratification => "ratification",
            Self::RecordFiling => "record_filing",
        }
    }
}

/// 产业政策类别.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// 鼓励类.
    Encouraged,
    /// 允许类.
    Permitted,
    /// 限制类.
    Restricted,
    /// 禁止(淘汰)类.
    Prohibited,
}

impl Policy {
    /// Every class, with the value the form uses.
    pub const ALL: [(&'static str, Self); 4] = [
        ("encouraged", Self::Encouraged),
        ("permitted", Self::Permitted),
        ("restricted", Self::Restricted),
        ("prohibited", Self::Prohibited),
    ];
}

/// 投资类别: where the money comes from and goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignKind {
    /// 内资.
    Domestic,
    /// 外商投资.
    Foreign,
    /// 境外投资.
    Overseas,
}

impl ForeignKind {
    /// Every kind, with the value the form uses.
    pub const ALL: [(&'static str, Self); 3] =
        [("domestic", Self::Domestic), ("foreign", Self::Foreign), ("overseas", Self::Overseas)];
}

/// 办理层级: who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 国务院或国务院投资主管部门.
    National,
    /// 自治区投资主管部门.
    Province,
    /// 盟市、旗县投资主管部门, by territory and authority.
    Local,
}

impl Level {
    /// The level in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::National => "国家",
            Self::Province => "自治区",
            Self::Local => "盟市或旗县（属地）",
        }
    }
}

/// What the choice of the regime rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegimeFacts {
    /// Government money as direct investment or capital injection. Aid and interest subsidy do not count (《政府投资条例》第十四条).
    pub government_funds: bool,
    /// Id of the catalogue item the unit found its project in.
    pub catalogue_item: Option<String>,
    /// Class under the industrial policy.
    pub policy: Policy,
    /// Domestic, foreign or overseas.
    pub foreign_kind: ForeignKind,
    /// An overseas project in a sensitive country or sector.
    pub sensitive: bool,
    /// Total investment.
    pub total: Money,
    /// Total investment in US cents, for foreign and overseas projects.
    pub total_usd: Option<Money>,
    /// GB/T 4754 code, to hint at catalogue items.
    pub industry: String,
}

/// The regime with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The regime.
    pub regime: Regime,
    /// Machine name of the rule that decided, such as `regime.catalogue`.
    pub rule: String,
    /// The article the rule rests on.
    pub article: String,
    /// Why, in one Chinese sentence.
    pub explanation: String,
    /// Who decides.
    pub level: Level,
    /// What would change the regime, each a Chinese sentence computed by deciding again with one fact altered.
    pub would_change: Vec<String>,
    /// How far the catalogue text may be relied on, such as `remembered`; empty when the catalogue was not consulted.
    pub certainty: String,
}

/// 政府核准的投资项目目录, as data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatificationCatalogue {
    /// Title with its edition.
    pub title: String,
    /// Document number.
    pub source: String,
    /// `remembered` until an administrator loads the published text.
    pub certainty: String,
    /// Amounts for foreign and overseas projects.
    pub foreign: ForeignLimits,
    /// The items in catalogue order.
    #[serde(rename = "item")]
    pub items: Vec<CatalogueItem>,
}

/// Amounts from which a foreign or overseas project is decided nationally.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignLimits {
    /// 万美元.
    pub national_usd_wan: i64,
    /// Where the amount comes from.
    pub source: String,
}

/// One line of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueItem {
    /// Stable id, stored in declarations.
    pub id: String,
    /// Chapter, such as 能源.
    pub group: String,
    /// Short name.
    pub name: String,
    /// What exactly is ratified.
    pub condition: String,
    /// Who ratifies.
    pub level: Level,
    /// GB/T 4754 prefixes of industries in which such projects occur; a hint, not a rule.
    pub industries: Vec<String>,
    /// Total investment in 万元 from which the line applies.
    pub min_total_wan: Option<i64>,
}

impl RatificationCatalogue {
    /// Reads a catalogue. Refuses a file of another shape, a repeated id and a negative amount.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = |why: String| Refusal::new("catalogue.format", format!("核准目录数据有误：{why}。"));
        let catalogue: Self = toml::from_str(text).map_err(|e| bad(e.message().to_owned()))?;
        let mut ids: Vec<&str> = catalogue.items.iter().map(|i| i.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(bad(format!("条目 {} 重复", pair.concat())));
        }
        let amounts = catalogue.items.iter().filter_map(|i| i.min_total_wan);
        match amounts.chain([catalogue.foreign.national_usd_wan]).find(|wan| *wan < 0) {
            Some(wan) => Err(bad(format!("金额 {wan} 为负"))),
            None => Ok(catalogue),
        }
    }

    /// The catalogue shipped with the product.
    #[expect(clippy::expect_used, reason = "compiled in, and read by a test")]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<RatificationCatalogue> = LazyLock::new(|| {
            RatificationCatalogue::parse(include_str!("../../../data/ratification_catalogue.toml"))
                .expect("the shipped catalogue is well formed")
        });
        &SHIPPED
    }

    /// The line with this id.
    pub fn item(&self, id: &str) -> Option<&CatalogueItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Lines in whose industries the given GB/T 4754 code lies: what the unit should compare its project with.
    pub fn hints<'a>(&'a self, industry: &'a str) -> impl Iterator<Item = &'a CatalogueItem> {
        self.items.iter().filter(move |item| item.industries.iter().any(|prefix| industry.starts_with(prefix.as_str())))
    }
}

/// A decision without its counterfactuals.
struct Outcome {
    regime: Regime,
    rule: &'static str,
    article: &'static str,
    explanation: String,
    level: Level,
}

const ENTERPRISE: &str = "《企业投资项目核准和备案管理条例》第三条";

/// 确定管理方式. Government money first, then prohibition, then the catalogue and the foreign lines; the rest is filed.
///
/// Refuses `regime.prohibited` for an enterprise project the industrial policy forbids, and `regime.unknown_item` for a
/// catalogue item that is not in this catalogue.
pub fn choose(facts: &RegimeFacts, catalogue: &RatificationCatalogue) -> Result<Choice, Refusal> {
    let Outcome { regime, rule, article, explanation, level } = decide(facts, catalogue)?;
    let consulted = regime != Regime::Approval;
    Ok(Choice {
        regime,
        rule: rule.to_owned(),
        article: article.to_owned(),
        explanation,
        level,
        would_change: counterfactuals(facts, catalogue, regime),
        certainty: if consulted { catalogue.certainty.clone() } else { String::new() },
    })
}

fn decide(facts: &RegimeFacts, catalogue: &RatificationCatalogue) -> Result<Outcome, Refusal> {
    if facts.government_funds {
        return Ok(Outcome {
            regime: Regime::Approval,
            rule: "regime.government_funds",
            article: "《政府投资条例》第九条",
            explanation: "项目使用政府直接投资或资本金注入，实行审批制。".to_owned(),
            level: Level::Local,
        });
    }
    if facts.policy == Policy::Prohibited {
        return Err(Refusal::field(
            "industrial_policy",
            "regime.prohibited",
            "该项目属于产业政策禁止投资建设的项目，不予核准或备案。请调整建设内容，或向项目所在地投资主管部门咨询。",
        )
        .article("《企业投资项目核准和备案管理条例》第二十条"));
    }
    let by_amount = |otherwise| {
        let usd = facts.total_usd.unwrap_or_default();
        if usd >= wan(catalogue.foreign.national_usd_wan) { Level::National } else { otherwise }
    };
    let ratified = |rule, level, explanation| {
        Ok(Outcome { regime: Regime::Ratification, rule, article: ENTERPRISE, explanation, level })
    };
    match (facts.foreign_kind, facts.policy) {
        (ForeignKind::Overseas, _) if facts.sensitive => {
            return Ok(Outcome {
                regime: Regime::Ratification,
                rule: "regime.overseas_sensitive",
                article: "《企业境外投资管理办法》第十三条",
                explanation: "涉及敏感国家和地区或敏感行业的境外投资项目实行核准。".to_owned(),
                level: Level::National,
            });
        }
        (ForeignKind::Foreign, Policy::Restricted) => {
            let why = "属于限制类的外商投资项目实行核准。".to_owned();
            return ratified("regime.foreign_restricted", by_amount(Level::Province), why);
        }
        (ForeignKind::Foreign, Policy::Encouraged) if by_amount(Level::Local) == Level::National => {
            let limit = catalogue.foreign.national_usd_wan;
            let why = format!("总投资{limit}万美元及以上的鼓励类外商投资项目实行核准。");
            return ratified("regime.foreign_large", Level::National, why);
        }
        _ => {}
    }
    let Some(id) = &facts.catalogue_item else {
        let level = match facts.foreign_kind {
            ForeignKind::Overseas => by_amount(Level::Province),
            _ => Level::Local,
        };
        return Ok(filed(level, format!("项目不在《{}》内，实行备案，由项目所在地备案机关办理。", catalogue.title)));
    };
    let item = catalogue.item(id).ok_or_else(|| {
        Refusal::field("catalogue_item", "regime.unknown_item", "所选的核准目录条目不在现行目录中，请重新选择。")
            .article(ENTERPRISE)
    })?;
    match item.min_total_wan {
        Some(limit) if facts.total < wan(limit) => Ok(filed(
            Level::Local,
            format!(
                "“{}”总投资{limit}万元及以上才须核准，本项目总投资{}万元，实行备案。",
                item.name,
                facts.total.wan()
            ),
        )),
        _ => ratified(
            "regime.catalogue",
            item.level,
            format!("项目属于《{}》“{}·{}”（{}），实行核准。", catalogue.title, item.group, item.name, item.condition),
        ),
    }
}

fn filed(level: Level, explanation: String) -> Outcome {
    Outcome { regime: Regime::RecordFiling, rule: "regime.filing", article: ENTERPRISE, explanation, level }
}

/// 万 units as money; saturates, since a catalogue limit can never be that large.
fn wan(wan: i64) -> Money {
    Money(wan.saturating_mul(1_000_000))
}

/// Decides again with one fact altered, and keeps the alterations that lead elsewhere.
fn counterfactuals(facts: &RegimeFacts, catalogue: &RatificationCatalogue, now: Regime) -> Vec<String> {
    let mut altered: Vec<(String, RegimeFacts)> = vec![(
        if facts.government_funds {
            "不使用政府直接投资或资本金注入（仅有投资补助、贷款贴息的不算）"
        } else {
            "使用政府直接投资或资本金注入"
        }
        .to_owned(),
        RegimeFacts { government_funds: !facts.government_funds, ..facts.clone() },
    )];
    match facts.catalogue_item.as_deref().and_then(|id| catalogue.item(id)) {
        Some(item) => {
            altered.push((
                format!("建设内容不属于“{}”（{}）", item.name, item.condition),
                RegimeFacts { catalogue_item: None, ..facts.clone() },
            ));
            if let Some(limit) = item.min_total_wan {
                let below = facts.total >= wan(limit);
                let total = if below { Money(wan(limit).0.saturating_sub(1)) } else { wan(limit) };
                let words = if below { "低于" } else { "达到" };
                altered.push((format!("总投资{words}{limit}万元"), RegimeFacts { total, ..facts.clone() }));
            }
        }
        None => altered.extend(catalogue.hints(&facts.industry).map(|item| {
            (
                format!("建设内容属于“{}”（{}）", item.name, item.condition),
                RegimeFacts { catalogue_item: Some(item.id.clone()), ..facts.clone() },
            )
        })),
    }
    match facts.foreign_kind {
        ForeignKind::Foreign => {
            let (words, policy) = match facts.policy {
                Policy::Restricted => ("不属于限制类", Policy::Permitted),
                _ => ("属于限制类", Policy::Restricted),
            };
            altered.push((words.to_owned(), RegimeFacts { policy, ..facts.clone() }));
        }
        ForeignKind::Overseas => {
            let words = if facts.sensitive { "不涉及" } else { "涉及" };
            altered.push((
                format!("{words}敏感国家和地区、敏感行业"),
                RegimeFacts { sensitive: !facts.sensitive, ..facts.clone() },
            ));
        }
        ForeignKind::Domestic => {}
    }
    if facts.policy != Policy::Prohibited {
        let policy = Policy::Prohibited;
        altered.push(("属于产业政策禁止类".to_owned(), RegimeFacts { policy, ..facts.clone() }));
    }
    altered
        .into_iter()
        .filter_map(|(words, facts)| match decide(&facts, catalogue) {
            Ok(other) if other.regime == now => None,
            Ok(other) => Some(format!("如果{words}，改为{}。", other.regime.name())),
            Err(_) => Some(format!("如果{words}，不予核准或备案。")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> RegimeFacts {
        RegimeFacts {
            government_funds: false,
            catalogue_item: None,
            policy: Policy::Permitted,
            foreign_kind: ForeignKind::Domestic,
            sensitive: false,
            total: wan(12_000),
            total_usd: None,
            industry: "3091".to_owned(),
        }
    }

    fn of(facts: &RegimeFacts) -> Choice {
        choose(facts, RatificationCatalogue::shipped()).unwrap()
    }

    #[test]
    fn government_investment_regulation_art9_is_approved() {
        let choice = of(&RegimeFacts { government_funds: true, ..facts() });
        assert_eq!((choice.regime, choice.article.as_str()), (Regime::Approval, "《政府投资条例》第九条"));
        assert!(choice.would_change.iter().any(|s| s.starts_with("如果不使用政府") && s.ends_with("改为备案。")));
        let in_catalogue =
            of(&RegimeFacts { government_funds: true, catalogue_item: Some("coal_mine".to_owned()), ..facts() });
        assert_eq!(in_catalogue.regime, Regime::Approval);
        assert!(in_catalogue.would_change.iter().any(|s| s.ends_with("改为核准。")));
    }

    #[test]
    fn enterprise_regulation_art3_splits_by_catalogue() {
        let filed = of(&facts());
        assert_eq!((filed.regime, filed.level), (Regime::RecordFiling, Level::Local));
        for item in &RatificationCatalogue::shipped().items {
            let choice = of(&RegimeFacts { catalogue_item: Some(item.id.clone()), ..facts() });
            assert_eq!((choice.regime, choice.level), (Regime::Ratification, item.level), "{}", item.id);
            assert!(choice.explanation.contains(&item.name));
            assert_eq!(choice.certainty, "remembered");
            assert!(choice.would_change.iter().any(|s| s.contains("不属于") && s.ends_with("改为备案。")));
        }
        let unknown = RegimeFacts { catalogue_item: Some("moon_base".to_owned()), ..facts() };
        let refusal = choose(&unknown, RatificationCatalogue::shipped()).unwrap_err();
        assert_eq!(refusal.code, "regime.unknown_item");
    }

    #[test]
    fn a_catalogue_threshold_turns_at_its_amount() {
        let at =
            |fen| of(&RegimeFacts { catalogue_item: Some("scenic_tourism".to_owned()), total: Money(fen), ..facts() });
        assert_eq!(at(wan(5000).0).regime, Regime::Ratification);
        assert!(at(wan(5000).0).would_change.contains(&"如果总投资低于5000万元，改为备案。".to_owned()));
        assert_eq!(at(wan(5000).0 - 1).regime, Regime::RecordFiling);
        assert!(at(0).would_change.contains(&"如果总投资达到5000万元，改为核准。".to_owned()));
    }

    #[test]
    fn enterprise_regulation_art20_prohibited_projects_are_refused() {
        let prohibited = RegimeFacts { policy: Policy::Prohibited, ..facts() };
        let refusal = choose(&prohibited, RatificationCatalogue::shipped()).unwrap_err();
        assert_eq!((refusal.code.as_ref(), refusal.field.as_deref()), ("regime.prohibited", Some("industrial_policy")));
        assert!(of(&facts()).would_change.contains(&"如果属于产业政策禁止类，不予核准或备案。".to_owned()));
    }

    #[test]
    fn foreign_and_overseas_projects_follow_class_and_amount() {
        let foreign = |policy, usd| {
            let choice =
                of(&RegimeFacts { foreign_kind: ForeignKind::Foreign, policy, total_usd: Some(wan(usd)), ..facts() });
            (choice.regime, choice.level)
        };
        assert_eq!(foreign(Policy::Restricted, 100), (Regime::Ratification, Level::Province));
        assert_eq!(foreign(Policy::Restricted, 30_000), (Regime::Ratification, Level::National));
        assert_eq!(foreign(Policy::Encouraged, 30_000), (Regime::Ratification, Level::National));
        assert_eq!(foreign(Policy::Encouraged, 29_999), (Regime::RecordFiling, Level::Local));
        let overseas = |sensitive| of(&RegimeFacts { foreign_kind: ForeignKind::Overseas, sensitive, ..facts() });
        assert_eq!(overseas(true).regime, Regime::Ratification);
        assert_eq!(overseas(false).level, Level::Province);
        assert!(overseas(false).would_change.contains(&"如果涉及敏感国家和地区、敏感行业，改为核准。".to_owned()));
    }

    #[test]
    fn industries_hint_at_catalogue_items_and_all_exist() {
        let choice = of(&RegimeFacts { industry: "0610".to_owned(), ..facts() });
        assert!(choice.would_change.iter().any(|s| s.contains("煤矿") && s.ends_with("改为核准。")));
        let known: Vec<&str> =
            include_str!("../../../data/industries.tsv").lines().filter_map(|line| line.split('\t').next()).collect();
        for item in &RatificationCatalogue::shipped().items {
            assert!(!item.industries.is_empty(), "{}", item.id);
            for prefix in &item.industries {
                assert!(known.contains(&prefix.as_str()), "{} {prefix}", item.id);
            }
        }
    }

    #[test]
    fn a_broken_catalogue_is_refused() {
        let shipped = include_str!("../../../data/ratification_catalogue.toml");
        for broken in [
            "title = 1".to_owned(),
            shipped.replacen("id = \"wind_power\"", "id = \"nuclear\"", 1),
            shipped.replacen("min_total_wan = 5000", "min_total_wan = -1", 1),
            shipped.replacen("level = \"local\"", "level = \"village\"", 1),
        ] {
            assert_eq!(RatificationCatalogue::parse(&broken).unwrap_err().code, "catalogue.format");
        }
    }

    #[test]
    fn a_choice_and_the_names_survive_serde() {
        let choice = of(&facts());
        let json = serde_json::to_string(&choice).unwrap();
        assert_eq!(serde_json::from_str::<Choice>(&json).unwrap(), choice);
        for regime in Regime::ALL {
            assert_eq!(serde_json::to_value(regime).unwrap(), regime.as_str());
        }
    }
}
