//! Rules between fields. A rule that would need a field already refused is silent: one fault, one message.

use super::form::Form;
use super::value::Value;
use super::{Contribution, Month};
use crate::{Money, Refusal};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What the rules look at.
struct Facts<'a> {
    values: &'a BTreeMap<String, Value>,
    refused: &'a BTreeSet<String>,
    now: Month,
}

const ENTERPRISE_13: &str = "《企业投资项目核准和备案管理条例》第十三条";
const TRUE_AND_COMPLETE: &str = "办法第十四条第一项";

const COSTS: [&str; 6] =
    ["civil_cost", "equipment_cost", "installation_cost", "other_cost", "build_interest", "working_capital"];
const FUNDS: [&str; 6] = ["fund_budget", "fund_own", "fund_bank_loan", "fund_bond", "fund_foreign", "fund_other"];

/// All refusals the rules give, in no particular order. A rule about a field the form lacks is silent.
pub(super) fn between_fields(
    form: &Form,
    values: &BTreeMap<String, Value>,
    refused: &BTreeSet<String>,
    today: Date,
) -> Vec<Refusal> {
    let facts = Facts { values, refused, now: Month::of(today) };
    let rules: [fn(&Facts<'_>) -> Option<Refusal>; 15] = [
        classified,
        total_positive,
        |f| sums_to_total(f, &COSTS, "declaration.costs_sum", "各项费用之和"),
        |f| sums_to_total(f, &FUNDS, "declaration.funds_sum", "各项资金来源之和"),
        capital_within_total,
        government_money,
        months_in_order,
        start_not_past,
        started_not_future,
        |f| area_matches(f, "land", "land_area_mu", "declaration.land_area"),
        |f| area_matches(f, "building", "building_area_m2", "declaration.building_area"),
        above_ground_within_total,
        building_kinds_need_building,
        technical_transformation,
        ratios_within_whole,
    ];
    let known = |refusal: &Refusal| refusal.field.as_deref().is_some_and(|id| form.field(id).is_some());
    rules.iter().filter_map(|rule| rule(&facts)).filter(known).collect()
}

impl Facts<'_> {
    fn yes(&self, id: &str) -> bool {
        self.values.get(id) == Some(&Value::Bool(true))
    }

    fn is(&self, id: &str, text: &str) -> bool {
        matches!(self.values.get(id), Some(Value::Text(value)) if value == text)
    }

    fn money(&self, id: &str) -> Option<Money> {
        match self.values.get(id) {
            Some(Value::Money(money)) => Some(*money),
            _ => None,
        }
    }

    /// Zero when left empty, `None` when refused.
    fn number(&self, id: &str) -> Option<f64> {
        match self.values.get(id) {
            Some(Value::Number(number)) => Some(*number),
            _ => self.readable(&[id]).then_some(0.0),
        }
    }

    fn readable(&self, ids: &[&str]) -> bool {
        ids.iter().all(|id| !self.refused.contains(*id))
    }

    fn month(&self, id: &str) -> Option<Month> {
        match self.values.get(id) {
            Some(Value::Month(month)) => Some(*month),
            _ => None,
        }
    }
}

fn refuse(field: &str, code: &'static str, message: impl Into<String>, article: &'static str) -> Option<Refusal> {
    Some(Refusal::field(field, code, message).article(article))
}

fn classified(facts: &Facts<'_>) -> Option<Refusal> {
    let message = "涉密项目及信息不得通过本平台办理和传递，请到项目所在地投资主管部门线下办理。";
    if facts.yes("touches_secrets") {
        refuse("touches_secrets", "declaration.classified", message, "办法第三条")
    } else {
        None
    }
}

fn total_positive(facts: &Facts<'_>) -> Option<Refusal> {
    match facts.money("total_investment")? {
        Money(0) => refuse("total_investment", "declaration.total_zero", "总投资应当大于零，请核对。", ENTERPRISE_13),
        _ => None,
    }
}

fn sums_to_total(facts: &Facts<'_>, parts: &[&str], code: &'static str, what: &str) -> Option<Refusal> {
    let total = facts.money("total_investment").filter(|_| facts.readable(parts))?;
    let sum = Money::sum(parts.iter().filter_map(|id| facts.money(id)))?;
    let difference = Money(sum.0.checked_sub(total.0)?);
    if difference.0 == 0 {
        return None;
    }
    let words = if difference.0 > 0 { "多" } else { "少" };
    let message = format!(
        "{what}为{}万元，比总投资{}万元{words}{}万元，请核对后改正。",
        sum.wan(),
        total.wan(),
        Money(difference.0.checked_abs()?).wan(),
    );
    refuse(parts.first()?, code, message, TRUE_AND_COMPLETE)
}

fn capital_within_total(facts: &Facts<'_>) -> Option<Refusal> {
    let (capital, total) = (facts.money("project_capital")?, facts.money("total_investment")?);
    let message = "项目资本金不能大于总投资，请核对。";
    if capital > total {
        refuse("project_capital", "declaration.capital_exceeds_total", message, TRUE_AND_COMPLETE)
    } else {
        None
    }
}

fn government_money(facts: &Facts<'_>) -> Option<Refusal> {
    let sources = ["fund_budget", "fund_bond"];
    let given = sources.iter().filter_map(|id| facts.money(id)).any(|m| m.0 > 0);
    let message = "使用政府直接投资或资本金注入的项目，请填写财政资金或债券资金的金额。";
    if facts.yes("funding") && facts.readable(&sources) && !given {
        refuse("funding", "declaration.government_money_missing", message, "《政府投资条例》第九条")
    } else {
        None
    }
}

fn months_in_order(facts: &Facts<'_>) -> Option<Refusal> {
    let (start, end) = (facts.month("planned_start")?, facts.month("planned_end")?);
    let message = format!("拟建成年月不能早于拟开工年月（{}），请改正。", start.chinese());
    if end < start { refuse("planned_end", "declaration.end_before_start", message, TRUE_AND_COMPLETE) } else { None }
}

fn start_not_past(facts: &Facts<'_>) -> Option<Refusal> {
    let start = facts.month("planned_start")?;
    let message = "拟开工年月不能早于本月；项目已经开工的，请在“项目当前阶段”中选择“已经开工，补办手续”。";
    if start < facts.now && facts.is("project_stage", "not_started") {
        refuse("planned_start", "declaration.start_in_past", message, ENTERPRISE_13)
    } else {
        None
    }
}

fn started_not_future(facts: &Facts<'_>) -> Option<Refusal> {
    let start = facts.month("planned_start")?;
    let message = "项目已经开工的，请填写实际开工年月，不能晚于本月。";
    if start > facts.now && facts.is("project_stage", "started") {
        refuse("planned_start", "declaration.start_in_future", message, TRUE_AND_COMPLETE)
    } else {
        None
    }
}

/// An area goes with its check box: checked needs one above zero, unchecked must not have one.
fn area_matches(facts: &Facts<'_>, flag: &str, area: &str, code: &'static str) -> Option<Refusal> {
    let message = match (facts.yes(flag), facts.number(area)? > 0.0) {
        (true, false) => "已勾选对应的情况，面积应当大于零。",
        (false, true) => "填写了面积，但没有勾选对应的情况；请勾选，或清空面积。",
        _ => return None,
    };
    refuse(area, code, message, TRUE_AND_COMPLETE)
}

/// Told at the later of the two pages: the earlier one must not wait for an answer that is still to come.
fn above_ground_within_total(facts: &Facts<'_>) -> Option<Refusal> {
    let message = "总建筑面积不能小于地上建筑面积（在“用地与规模”页填写），请核对。";
    if facts.number("above_ground_area_m2")? > facts.number("building_area_m2")? {
        refuse("building_area_m2", "declaration.above_ground_area", message, TRUE_AND_COMPLETE)
    } else {
        None
    }
}

fn building_kinds_need_building(facts: &Facts<'_>) -> Option<Refusal> {
    let kinds = ["civil_building", "highrise_over_limit"];
    let kind = kinds.into_iter().find(|kind| facts.yes(kind))?;
    let message = "勾选了这一项，说明项目含房屋建筑；请同时勾选“含房屋建筑”并填写总建筑面积。";
    if facts.yes("building") { None } else { refuse(kind, "declaration.building_missing", message, TRUE_AND_COMPLETE) }
}

fn technical_transformation(facts: &Facts<'_>) -> Option<Refusal> {
    let nature = facts.is("construction_nature", "technical_transformation");
    let kind = facts.is("project_type", "02");
    let answered = ["construction_nature", "project_type"].iter().all(|id| facts.values.contains_key(*id));
    let message = "建设性质与项目类型不一致：技术改造项目两处都应当选择“技术改造”。";
    if answered && nature != kind {
        refuse("project_type", "declaration.type_contradicts_nature", message, "办法第十一条")
    } else {
        None
    }
}

fn ratios_within_whole(facts: &Facts<'_>) -> Option<Refusal> {
    let Some(Value::Contributions(list)) = facts.values.get("contributions") else {
        return None;
    };
    let ratios: u32 = list.iter().map(|Contribution { ratio, .. }| u32::from(*ratio)).sum();
    let message = "各投资者的出资比例之和不能超过100%，请核对。";
    if ratios > 10_000 {
        refuse("contributions", "declaration.ratios_exceed_whole", message, TRUE_AND_COMPLETE)
    } else {
        None
    }
}
