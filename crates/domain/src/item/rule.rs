//! One rule in CEL: compiled once, evaluated by `cel`, explained from its syntax tree.
//!
//! Rules use the part of CEL that a person can check by reading: facts, `!`, `&&`, `||`, comparisons of a fact with a
//! literal, `in` a list of literals, and `startsWith`. Anything else is refused when the catalogue is read.

use super::facts::{Fact, FactDefinition, FactKind, Facts};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::{Context, Program, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

type Definitions = BTreeMap<String, FactDefinition>;

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not CEL at all.
    #[error("rule `{rule}` is not valid CEL: {message}")]
    Syntax {
        /// The rule as written.
        rule: String,
        /// The parser's words.
        message: String,
    },
    /// CEL, but beyond what can be explained.
    #[error("rule `{rule}` uses an expression that cannot be explained")]
    Unexplainable {
        /// The rule as written.
        rule: String,
    },
    /// A fact nobody is asked for.
    #[error("rule `{rule}` uses the unknown fact `{fact}`")]
    UnknownFact {
        /// The rule as written.
        rule: String,
        /// The fact.
        fact: String,
    },
    /// A fact compared with a value of another kind.
    #[error("rule `{rule}` compares the fact `{fact}` with a value of another kind")]
    WrongKind {
        /// The rule as written.
        rule: String,
        /// The fact.
        fact: String,
    },
    /// A fact compared with a code it never has.
    #[error("rule `{rule}` compares the fact `{fact}` with a code it never has")]
    UnknownCode {
        /// The rule as written.
        rule: String,
        /// The fact.
        fact: String,
    },
    /// No facts can make it true.
    #[error("rule `{rule}` can never be true")]
    Contradiction {
        /// The rule as written.
        rule: String,
    },
}

/// A condition over facts, written in CEL.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule {
    source: String,
    program: Arc<Program>,
    condition: Condition,
}

impl Rule {
    /// Compiles a rule. Errors: not CEL, or an expression that cannot be explained.
    pub fn compile(source: &str) -> Result<Self, RuleError> {
        let program = Program::compile(source)
            .map_err(|error| RuleError::Syntax { rule: source.to_owned(), message: error.to_string() })?;
        let condition = Condition::read(program.expression(), true)
            .ok_or_else(|| RuleError::Unexplainable { rule: source.to_owned() })?;
        Ok(Self { source: source.to_owned(), program: Arc::new(program), condition })
    }

    /// The rule as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The rule in words, for people who ask why an item may be needed.
    pub fn in_words(&self, definitions: &Definitions) -> Demand {
        self.condition.in_words(definitions)
    }

    /// The facts the rule looks at, each once, in order of id.
    pub fn facts(&self) -> Vec<&str> {
        let mut facts: Vec<&str> = self.condition.leaves().iter().map(|leaf| leaf.fact.as_str()).collect();
        facts.sort_unstable();
        facts.dedup();
        facts
    }

    /// Checks every fact and its kind, and that some facts make the rule true.
    pub(super) fn check(&self, definitions: &Definitions) -> Result<(), RuleError> {
        for leaf in self.condition.leaves() {
            let definition = definitions
                .get(&leaf.fact)
                .ok_or_else(|| RuleError::UnknownFact { rule: self.source.clone(), fact: leaf.fact.clone() })?;
            if !leaf.test.fits(definition.kind) {
                return Err(RuleError::WrongKind { rule: self.source.clone(), fact: leaf.fact.clone() });
            }
            if !leaf.test.names_known_codes(definition) {
                return Err(RuleError::UnknownCode { rule: self.source.clone(), fact: leaf.fact.clone() });
            }
        }
        let nothing = super::facts::complete(definitions, &Facts::new());
        match self.condition.repaired(&nothing, definitions) {
            Some(_) => Ok(()),
            None => Err(RuleError::Contradiction { rule: self.source.clone() }),
        }
    }

    /// Whether the rule is true, as CEL says.
    pub(super) fn holds(&self, context: &Context<'_, '_>) -> bool {
        matches!(self.program.execute(context), Ok(Value::Bool(true)))
    }

    /// The leaves that make a true rule true.
    pub(super) fn fired(&self, facts: &Facts) -> Vec<&Leaf> {
        self.condition.deciding(facts, true)
    }

    /// The leaves of the first failed condition of a false rule.
    pub(super) fn failed(&self, facts: &Facts) -> Vec<&Leaf> {
        let first = match &self.condition {
            Condition::All(parts) => parts.iter().find(|part| !part.holds(facts)).unwrap_or(&self.condition),
            other => other,
        };
        first.deciding(facts, false)
    }

    /// The least change of facts that makes a false rule true: the leaves to satisfy, each with a value that does.
    pub(super) fn repair<'a>(&'a self, facts: &Facts, definitions: &Definitions) -> Vec<(&'a Leaf, Fact)> {
        self.condition.repaired(facts, definitions).map(|(steps, _)| steps).unwrap_or_default()
    }

    /// Whether the syntax tree is true: must always agree with [`Rule::holds`].
    #[cfg(test)]
    pub(super) fn explained_as_true(&self, facts: &Facts) -> bool {
        self.condition.holds(facts)
    }
}

impl TryFrom<String> for Rule {
    type Error = RuleError;

    fn try_from(source: String) -> Result<Self, Self::Error> {
        Self::compile(&source)
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.source
    }
}

/// Binds complete facts as CEL variables.
pub(super) fn bind(context: &mut Context<'_, '_>, facts: &Facts) {
    for (id, fact) in facts {
        let value = match fact {
            Fact::Bool(yes) => Value::Bool(*yes),
            Fact::Number(number) => Value::Float(*number),
            Fact::Text(text) => Value::String(Arc::new(text.clone())),
        };
        context.add_variable_from_value(id.clone(), value);
    }
}

/// A rule in words: what must hold for it to be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Every part.
    All(Vec<Demand>),
    /// At least one part.
    Any(Vec<Demand>),
    /// One fact, as a Chinese clause such as `“用地面积”超过100亩`.
    One(String),
}

/// The rule's tree with every negation pushed down into the leaves.
#[derive(Debug, Clone)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Leaf(Leaf),
}

/// A test of one fact.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) fact: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    OneOf(Vec<Fact>),
    NoneOf(Vec<Fact>),
    Less(f64),
    AtMost(f64),
    More(f64),
    AtLeast(f64),
    StartsWith(String),
    StartsOtherwise(String),
}

/// Steps of a repair, and the facts after it.
type Repair<'a> = (Vec<(&'a Leaf, Fact)>, Facts);

impl Condition {
    /// Reads a tree; with `wanted` false its negation. `None` for anything beyond the allowed part of CEL.
    fn read(expression: &IdedExpr, wanted: bool) -> Option<Self> {
        let call = match &expression.expr {
            Expr::Ident(fact) => return Some(Self::one_of(fact, vec![Fact::Bool(true)], wanted)),
            Expr::Call(call) => call,
            _ => return None,
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => Self::read(inner, !wanted),
            (operators::LOGICAL_AND | operators::LOGICAL_OR, parts) => {
                let parts = parts.iter().map(|part| Self::read(part, wanted)).collect::<Option<Vec<_>>>()?;
                let all = (call.func_name == operators::LOGICAL_AND) == wanted;
                Some(if all { Self::all(parts) } else { Self::any(parts) })
            }
            (operators::EQUALS, [left, right]) => Some(Self::one_of(ident(left)?, vec![literal(right)?], wanted)),
            (operators::NOT_EQUALS, [left, right]) => Some(Self::one_of(ident(left)?, vec![literal(right)?], !wanted)),
            (operators::IN, [left, right]) => {
                let Expr::List(list) = &right.expr else {
                    return None;
                };
                let values = list.elements.iter().map(literal).collect::<Option<Vec<_>>>()?;
                Some(Self::one_of(ident(left)?, values, wanted))
            }
            ("startsWith", [prefix]) => Self::starts_with(call, prefix, wanted),
            (operator, [left, right]) => {
                let Fact::Number(bound) = literal(right)? else {
                    return None;
                };
                let test = match (operator, wanted) {
                    (operators::LESS, true) | (operators::GREATER_EQUALS, false) => Test::Less(bound),
                    (operators::LESS_EQUALS, true) | (operators::GREATER, false) => Test::AtMost(bound),
                    (operators::GREATER, true) | (operators::LESS_EQUALS, false) => Test::More(bound),
                    (operators::GREATER_EQUALS, true) | (operators::LESS, false) => Test::AtLeast(bound),
                    _ => return None,
                };
                Some(Self::leaf(ident(left)?, test))
            }
            _ => None,
        }
    }

    fn starts_with(call: &CallExpr, prefix: &IdedExpr, wanted: bool) -> Option<Self> {
        let Fact::Text(prefix) = literal(prefix)? else {
            return None;
        };
        let test = if wanted { Test::StartsWith(prefix) } else { Test::StartsOtherwise(prefix) };
        Some(Self::leaf(ident(call.target.as_deref()?)?, test))
    }

    fn one_of(fact: &str, values: Vec<Fact>, wanted: bool) -> Self {
        Self::leaf(fact, if wanted { Test::OneOf(values) } else { Test::NoneOf(values) })
    }

    fn leaf(fact: &str, test: Test) -> Self {
        Self::Leaf(Leaf { fact: fact.to_owned(), test })
    }

    /// A conjunction, flat: CEL nests `a && b && c` in pairs.
    fn all(parts: Vec<Self>) -> Self {
        Self::All(
            parts
                .into_iter()
                .flat_map(|part| match part {
                    Self::All(inner) => inner,
                    other => vec![other],
                })
                .collect(),
        )
    }

    /// A disjunction, flat.
    fn any(parts: Vec<Self>) -> Self {
        Self::Any(
            parts
                .into_iter()
                .flat_map(|part| match part {
                    Self::Any(inner) => inner,
                    other => vec![other],
                })
                .collect(),
        )
    }

    fn in_words(&self, definitions: &Definitions) -> Demand {
        let all = |parts: &[Self]| parts.iter().map(|part| part.in_words(definitions)).collect();
        match self {
            Self::All(parts) => Demand::All(all(parts)),
            Self::Any(parts) => Demand::Any(all(parts)),
            Self::Leaf(leaf) => Demand::One(leaf.in_words(definitions)),
        }
    }

    fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Leaf(leaf) => leaf.holds(facts),
        }
    }

    fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    /// The leaves that decide the outcome `truth`: those of the parts that came out so.
    fn deciding(&self, facts: &Facts, truth: bool) -> Vec<&Leaf> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts
                .iter()
                .filter(|part| part.holds(facts) == truth)
                .flat_map(|part| part.deciding(facts, truth))
                .collect(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    fn repaired<'a>(&'a self, facts: &Facts, definitions: &Definitions) -> Option<Repair<'a>> {
        match self {
            _ if self.holds(facts) => Some((Vec::new(), facts.clone())),
            Self::Leaf(leaf) => {
                let value = leaf.satisfying(definitions.get(&leaf.fact)?)?;
                let mut facts = facts.clone();
                facts.insert(leaf.fact.clone(), value.clone());
                Some((vec![(leaf, value)], facts))
            }
            Self::Any(parts) => {
                parts.iter().filter_map(|part| part.repaired(facts, definitions)).min_by_key(|(steps, _)| steps.len())
            }
            Self::All(parts) => {
                let start = (Vec::new(), facts.clone());
                let repaired = parts.iter().try_fold(start, |(mut steps, facts), part| {
                    let (more, facts) = part.repaired(&facts, definitions)?;
                    steps.extend(more);
                    Some((steps, facts))
                })?;
                // Two parts may ask opposite things of one fact.
                self.holds(&repaired.1).then_some(repaired)
            }
        }
    }
}

impl Leaf {
    fn holds(&self, facts: &Facts) -> bool {
        facts.get(&self.fact).is_some_and(|fact| self.test.accepts(fact))
    }

    /// A value that satisfies the test, preferably one that has a word.
    fn satisfying(&self, definition: &FactDefinition) -> Option<Fact> {
        let known = definition.values.keys().map(|code| Fact::Text(code.clone()));
        let usual = match definition.kind {
            FactKind::Bool => vec![Fact::Bool(true), Fact::Bool(false)],
            FactKind::Number => self.test.near_bounds(),
            FactKind::Text => vec![Fact::Text(String::new())],
        };
        self.test.named_values().into_iter().chain(known).chain(usual).find(|value| self.test.accepts(value))
    }

    /// The leaf as a demand on nobody in particular; a checked rule names defined facts only.
    fn in_words(&self, definitions: &Definitions) -> String {
        let Some(definition) = definitions.get(&self.fact) else { return self.fact.clone() };
        self.satisfying(definition).map_or_else(|| definition.label.clone(), |value| self.demands(definition, &value))
    }

    /// The leaf as it stands, for a reason: label, present value and, for a quantity, the bound it is measured by.
    pub(super) fn stands(&self, definition: &FactDefinition, value: &Fact) -> String {
        let now = definition.words(value);
        let label = &definition.label;
        match self.test.bound_words(definition) {
            Some(bound) => format!("“{label}”为“{now}”（标准：{bound}）"),
            None => format!("“{label}”为“{now}”"),
        }
    }

    /// The leaf as a demand: what the fact would have to be.
    pub(super) fn demands(&self, definition: &FactDefinition, value: &Fact) -> String {
        let label = &definition.label;
        match (&self.test, self.test.bound_words(definition)) {
            (_, Some(bound)) => format!("“{label}”{bound}"),
            (Test::NoneOf(values), None) if definition.kind != FactKind::Bool => {
                let values: Vec<String> = values.iter().map(|value| definition.words(value)).collect();
                format!("“{label}”不是“{}”", values.join("”“"))
            }
            (Test::OneOf(values), None) if values.len() > 1 => {
                let values: Vec<String> = values.iter().map(|value| definition.words(value)).collect();
                format!("“{label}”是“{}”之一", values.join("”“"))
            }
            _ => format!("“{label}”为“{}”", definition.words(value)),
        }
    }
}

impl Test {
    fn accepts(&self, fact: &Fact) -> bool {
        match (self, fact) {
            (Self::OneOf(values), fact) => values.contains(fact),
            (Self::NoneOf(values), fact) => !values.contains(fact),
            (Self::Less(bound), Fact::Number(number)) => number < bound,
            (Self::AtMost(bound), Fact::Number(number)) => number <= bound,
            (Self::More(bound), Fact::Number(number)) => number > bound,
            (Self::AtLeast(bound), Fact::Number(number)) => number >= bound,
            (Self::StartsWith(prefix), Fact::Text(text)) => text.starts_with(prefix),
            (Self::StartsOtherwise(prefix), Fact::Text(text)) => !text.starts_with(prefix),
            _ => false,
        }
    }

    fn fits(&self, kind: FactKind) -> bool {
        match self {
            Self::OneOf(values) | Self::NoneOf(values) => values.iter().all(|value| value.kind() == kind),
            Self::Less(_) | Self::AtMost(_) | Self::More(_) | Self::AtLeast(_) => kind == FactKind::Number,
            Self::StartsWith(_) | Self::StartsOtherwise(_) => kind == FactKind::Text,
        }
    }

    fn names_known_codes(&self, definition: &FactDefinition) -> bool {
        let (Self::OneOf(values) | Self::NoneOf(values)) = self else {
            return true;
        };
        let known = |value: &Fact| match value {
            Fact::Text(code) => definition.values.contains_key(code),
            _ => true,
        };
        definition.values.is_empty() || values.iter().all(known)
    }

    fn named_values(&self) -> Vec<Fact> {
        match self {
            Self::OneOf(values) => values.clone(),
            Self::StartsWith(prefix) => vec![Fact::Text(prefix.clone())],
            _ => Vec::new(),
        }
    }

    fn near_bounds(&self) -> Vec<Fact> {
        let around = |bound: &f64| vec![Fact::Number(*bound), Fact::Number(bound + 1.0), Fact::Number(bound - 1.0)];
        match self {
            Self::Less(bound) | Self::AtMost(bound) | Self::More(bound) | Self::AtLeast(bound) => around(bound),
            Self::OneOf(values) | Self::NoneOf(values) => values
                .iter()
                .filter_map(|value| match value {
                    Fact::Number(number) => Some(around(number)),
                    _ => None,
                })
                .flatten()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn bound_words(&self, definition: &FactDefinition) -> Option<String> {
        let (words, bound) = match self {
            Self::Less(bound) => ("不满", bound),
            Self::AtMost(bound) => ("不超过", bound),
            Self::More(bound) => ("超过", bound),
            Self::AtLeast(bound) => ("达到或者超过", bound),
            Self::StartsWith(prefix) => return Some(format!("以“{prefix}”开头")),
            Self::StartsOtherwise(prefix) => return Some(format!("不以“{prefix}”开头")),
            _ => return None,
        };
        Some(format!("{words}{bound}{}", definition.unit))
    }
}

fn ident(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Ident(name) => Some(name),
        _ => None,
    }
}

fn literal(expression: &IdedExpr) -> Option<Fact> {
    let Expr::Literal(value) = &expression.expr else {
        return None;
    };
    match value {
        LiteralValue::Boolean(yes) => Some(Fact::Bool(*yes.inner())),
        LiteralValue::Double(number) => Some(Fact::Number(*number.inner())),
        LiteralValue::Int(number) => Some(Fact::Number(*number.inner() as f64)),
        LiteralValue::String(text) => Some(Fact::Text(text.inner().to_owned())),
        _ => None,
    }
}
