//! 检测规则 as data (`data/detection.toml`).

use crate::{Moment, Refusal, item::Certainty};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// One record of the security audit, as far as a rule looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    /// Its number.
    pub seq: i64,
    /// When the request began.
    pub at: Moment,
    /// `portal`, `office`, `api`; empty for what the platform noted itself.
    pub face: &'a str,
    /// Source address.
    pub source: &'a str,
    /// Hash of the session.
    pub session: &'a str,
    /// The account; `public` or `system`.
    pub actor: &'a str,
    /// Roles held, separated by spaces.
    pub role: &'a str,
    /// HTTP method.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// What it was about.
    pub object: &'a str,
    /// `done`, `read`, `refused`, `denied`, `failed`.
    pub outcome: &'a str,
    /// Codes of the refusals, separated by commas.
    pub reason: &'a str,
}

/// How grave an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 一般.
    Medium,
    /// 严重.
    High,
}

impl Severity {
    /// Both, the graver first.
    pub const ALL: [Self; 2] = [Self::High, Self::Medium];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Medium => "一般",
            Self::High => "严重",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.slug() == slug)
    }
}

/// What the records of one attack have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The source address.
    Source,
    /// The account that was signed in.
    Person,
    /// The session.
    Session,
    /// What it was about: the account somebody tried to get into.
    Object,
    /// Nothing: the platform as a whole.
    Platform,
}

impl Subject {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "来源地址",
            Self::Person => "账号",
            Self::Session => "登录",
            Self::Object => "被尝试的账号",
            Self::Platform => "平台",
        }
    }

    /// Its value in a record; `None` where the record has none.
    fn of<'a>(self, fact: &Fact<'a>) -> Option<&'a str> {
        let value = match self {
            Self::Source => fact.source,
            Self::Person if matches!(fact.actor, "public" | "system") => "",
            Self::Person => fact.actor,
            Self::Session => fact.session,
            Self::Object => fact.object,
            Self::Platform => return Some("platform"),
        };
        (!value.is_empty()).then_some(value)
    }
}

/// Which records count: every item given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    faces: Vec<String>,
    methods: Vec<String>,
    /// One of these patterns.
    paths: Vec<String>,
    /// None of these.
    except: Vec<String>,
    outcomes: Vec<String>,
    /// One of these codes is among the record's; a final `*` stands for any ending.
    reasons: Vec<String>,
    /// One of these is among the roles held.
    roles: Vec<String>,
}

impl When {
    fn fits(&self, fact: &Fact<'_>) -> bool {
        let any = |wanted: &[String], fits: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|w| fits(w));
        any(&self.faces, &|face| face == fact.face)
            && any(&self.methods, &|method| method == fact.method)
            && any(&self.outcomes, &|outcome| outcome == fact.outcome)
            && any(&self.paths, &|pattern| path_fits(pattern, fact.path))
            && !self.except.iter().any(|pattern| path_fits(pattern, fact.path))
            && any(&self.roles, &|role| fact.role.split(' ').any(|held| held == role))
            && any(&self.reasons, &|code| fact.reason.split(", ").any(|told| code_fits(code, told)))
    }
}

/// `*` is one part of the path; `**` is any number of them.
fn path_fits(pattern: &str, path: &str) -> bool {
    fn fits(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**", rest @ ..], _) => fits(rest, path) || matches!(path, [_, more @ ..] if fits(pattern, more)),
            ([one, rest @ ..], [part, more @ ..]) => (*one == "*" || one == part) && fits(rest, more),
            _ => false,
        }
    }
    fits(&split(pattern), &split(path))
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn code_fits(wanted: &str, told: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == told, |start| told.starts_with(start))
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Machine name.
    pub code: String,
    /// What an alarm of it is called.
    pub name: String,
    /// How grave it is.
    pub severity: Severity,
    /// What the records of one attack have in common.
    pub subject: Subject,
    /// Count different values of this field instead of records.
    #[serde(default)]
    pub distinct: Option<Subject>,
    /// How many raise an alarm.
    pub count: u32,
    /// Within how many minutes.
    pub minutes: u32,
    /// Only from the first of these hours to the second; past midnight when the first is the later one.
    #[serde(default)]
    pub hours: Option<(i8, i8)>,
    /// Records that count.
    pub when: Vec<When>,
    /// What it means, for a person who is no specialist.
    pub meaning: String,
    /// What to do.
    pub advice: String,
    /// How sure its numbers are.
    pub certainty: Certainty,
}

impl Rule {
    /// What a record counts towards under this rule: its subject and what is counted. `None` when it does not count.
    pub fn counts<'a>(&self, fact: &Fact<'a>) -> Option<(&'a str, &'a str)> {
        let fits = self.at_this_hour(fact.at) && self.when.iter().any(|when| when.fits(fact));
        let subject = self.subject.of(fact).filter(|_| fits)?;
        match self.distinct {
            Some(field) => Some((subject, field.of(fact)?)),
            None => Some((subject, "")),
        }
    }

    /// The window, in milliseconds.
    pub fn window(&self) -> i64 {
        i64::from(self.minutes) * 60_000
    }

    fn at_this_hour(&self, at: Moment) -> bool {
        let hour = at.local().hour();
        match self.hours {
            None => true,
            Some((from, until)) if from <= until => (from..until).contains(&hour),
            Some((from, until)) => hour >= from || hour < until,
        }
    }
}

/// All rules in force, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

impl Rules {
    /// Reads `detection.toml`. Refuses a doubled code, and a rule that could never raise an alarm.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let fault = |message: String| Refusal::new("detection.rules", message);
        let file: File = toml::from_str(text).map_err(|e| fault(format!("检测规则不能读取：{}", e.message())))?;
        for (at, rule) in file.rule.iter().enumerate() {
            if file.rule.iter().take(at).any(|other| other.code == rule.code) {
                return Err(fault(format!("检测规则“{}”重复，请删除其中一条。", rule.code)));
            }
            if rule.count == 0 || rule.minutes == 0 || rule.when.is_empty() {
                return Err(fault(format!("检测规则“{}”没有次数、时间或者条件，请补全。", rule.code)));
            }
        }
        Ok(Self { rules: file.rule })
    }

    /// The rule of a code.
    pub fn get(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }

    /// All rules.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The longest window, in milliseconds: what is older counts for no rule.
    pub fn longest_window(&self) -> i64 {
        self.rules.iter().map(Rule::window).max().unwrap_or_default()
    }
}

/// The rules shipped with the product (`data/detection.toml`); a test proves that they read.
pub fn default_rules() -> &'static Rules {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::parse(include_str!("../../../../data/detection.toml")).unwrap_or_default());
    &RULES
}
