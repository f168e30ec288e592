//! 告知承诺: the organ tells the conditions, the unit promises to meet them, one person decides on its word, and the organ checks
//! afterwards whether the promise is kept (国办发〔2020〕42号). Which items allow it is data (`procedures.toml`).

use super::{Act, Application, Case, CaseEvent, Outcome, Papers, Scene, Steps, Term, allowed, licence, words};
use crate::{Refusal, clock::ClockFacts, item::Certainty};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where the general rules stand.
pub(super) const ARTICLE: &str = "国办发〔2020〕42号";

/// 告知承诺 of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentRule {
    /// What the unit promises, one sentence each.
    pub promises: Vec<String>,
    /// Materials that the promise stands for: they need not be handed in.
    #[serde(default)]
    pub spares: Vec<String>,
    /// How long after the decision, or after a rectification, the organ has for its check.
    pub check: Term,
    /// For how many months a broken promise bars the unit from this way.
    pub barred_months: u32,
    /// The article.
    pub article: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl CommitmentRule {
    /// The day until which a promise broken on that day bars the unit from this way.
    pub fn barred_until(&self, broken: Date) -> Date {
        licence::months_after(broken, self.barred_months)
    }
}

/// 核查结论.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// 已履行承诺.
    Kept,
    /// 责令限期整改: checked again afterwards.
    Rectify,
    /// 未履行承诺.
    Broken,
}

impl Finding {
    /// All findings.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Rectify, Self::Broken];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "已履行承诺",
            Self::Rectify => "责令限期整改",
            Self::Broken => "未履行承诺",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Rectify => "rectify",
            Self::Broken => "broken",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.slug() == slug)
    }
}

/// 承诺核查.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentCheck {
    /// The day of the check.
    pub on: Date,
    /// What came of it.
    pub finding: Finding,
    /// How it was checked and what was found.
    pub facts: String,
    /// For a rectification: its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rectify_by: Option<Date>,
}

impl Case {
    /// The rule under which the promise was given; `None` when the case goes the ordinary way.
    pub fn commitment(&self) -> Option<&CommitmentRule> {
        self.committed_at?;
        self.application.as_ref()?.procedure.commitment.as_ref()
    }

    /// Whether a decision now would rest on the promise alone: nothing was proposed, and the item is no simple one.
    pub fn stands_on_promise(&self) -> bool {
        let simple = self.application.as_ref().is_some_and(|a| a.procedure.steps == Steps::One);
        self.stage == super::Stage::Processing && self.commitment().is_some() && !simple
    }

    /// The check that settled the matter: kept or broken.
    pub fn commitment_settled(&self) -> Option<&CommitmentCheck> {
        self.commitment_checks.last().filter(|check| check.finding != Finding::Rectify)
    }

    /// Whether the organ has yet to check the promise. What is out of force needs no check any more.
    pub fn awaits_commitment_check(&self) -> bool {
        self.commitment().is_some() && self.is_in_force() && self.commitment_settled().is_none()
    }
}

/// 办理方式 of an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ApplicationWay {
    /// 一般程序.
    #[default]
    Ordinary,
    /// 告知承诺.
    Commitment {
        /// The unit read the promises and gives them.
        promised: bool,
    },
}

/// 告知承诺: the unit gives its promise together with its application; the ordinary way needs none.
pub fn promise(application: &Application, way: ApplicationWay, papers: &Papers) -> Result<Option<CaseEvent>, Refusal> {
    let ApplicationWay::Commitment { promised } = way else { return Ok(None) };
    match &application.procedure.commitment {
        Some(_) if !promised => {
            let message = "选择告知承诺的，请阅读承诺内容并勾选。";
            Err(Refusal::field("promised", "commitment.not_promised", message).article(ARTICLE))
        }
        Some(rule) => {
            let document = Box::new(papers.commitment_letter(application, rule));
            Ok(Some(CaseEvent::CommitmentGiven { document }))
        }
        None => {
            Err(Refusal::field("way", "commitment.none", "本事项不实行告知承诺，请选择一般程序。").article(ARTICLE))
        }
    }
}

/// On a promise alone one person may only grant; a refusal takes proposal and review like any other.
pub(super) fn decides_alone(case: &Case, outcome: Outcome) -> Result<(), Refusal> {
    if case.stands_on_promise() && outcome == Outcome::Refused {
        let message =
            "以告知承诺方式办理的，只有准予可以由一人直接决定。拟不予的，请由经办岗提出拟办意见，经审核后决定。";
        return Err(Refusal::field("outcome", "commitment.refusal", message).article("行政许可法第三十七条"));
    }
    Ok(())
}

/// The days the organ has for its check: from the decision, after a rectification from its last day.
pub fn commitment_clock(case: &Case) -> Option<ClockFacts> {
    let rule = case.commitment()?;
    let rectified = case.commitment_checks.iter().find_map(|check| check.rectify_by);
    let (start, event) = match rectified {
        Some(day) => (day, "整改期限届满之日"),
        None => (case.granted()?.decided_on, "作出决定之日"),
    };
    let kind = rule.check.deadline("commitment_check", "承诺核查", event, "作出核查结论");
    let settled = case.commitment_settled().map(|check| check.on);
    let finished = settled.or(case.revocation.as_ref().map(|r| r.on)).or(case.lapsed_on);
    Some(ClockFacts { finished, ..ClockFacts::new(kind, start) })
}

/// 承诺核查: kept, to be put right by a day (once), or broken.
pub fn check_commitment(
    case: &Case,
    check: CommitmentCheck,
    scene: &Scene<'_>,
    papers: &Papers,
) -> Result<Vec<CaseEvent>, Refusal> {
    let application = allowed(case, Act::CheckCommitment)?;
    let Some(rule) = case.commitment() else {
        let message = "本办件不是以告知承诺方式办理的，不需要核查承诺。";
        return Err(Refusal::new("commitment.none", message).article(ARTICLE));
    };
    let article = |refusal: Refusal| refusal.article(rule.check.article.clone());
    let decided_on = licence::in_force(case, Act::CheckCommitment, scene)?;
    if let Some(settled) = case.commitment_settled() {
        let message = format!("已于 {} 作出核查结论“{}”，不必再次核查。", settled.on, settled.finding.name());
        return Err(article(Refusal::new("commitment.checked", message)));
    }
    let earliest = case.commitment_checks.last().map_or(decided_on, |last| last.on);
    licence::day_fits("on", check.on, earliest, scene).map_err(article)?;
    let facts = words("facts", &check.facts, "核查的方式和情况", 1000).map_err(article)?;
    let rectify_by = match (check.finding, check.rectify_by) {
        (Finding::Rectify, _) if !case.commitment_checks.is_empty() => {
            let message = "已经责令整改过一次。整改期满，请作出“已履行承诺”或者“未履行承诺”的结论。";
            return Err(article(Refusal::field("finding", "commitment.rectified", message)));
        }
        (Finding::Rectify, Some(day)) if day > check.on => Some(day),
        (Finding::Rectify, _) => {
            let message = "责令限期整改的，请填写整改的最后一天，应当晚于核查日期。";
            return Err(article(Refusal::field("rectify_by", "commitment.rectify_by", message)));
        }
        (Finding::Kept | Finding::Broken, _) => None,
    };
    let check = CommitmentCheck { facts, rectify_by, ..check };
    let document = Box::new(papers.commitment_check_notice(application, &check));
    Ok(vec![CaseEvent::CommitmentChecked { check, document }])
}
