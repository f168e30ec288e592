//! One page of the declaration form, drawn from the form data.

use crate::html::{Choice, Field, Markup};
use askama::{Template, filters::HtmlSafe};
use domain::{
    Refusal,
    declaration::{self, Answers, Form, Group, Kind, When},
    industry::Industries,
    region::{INNER_MONGOLIA, RegionCode, Regions},
};
use platform::Rulebook;

/// Name of the select that narrows the regions down; its own value is never stored.
pub const CITY: &str = "_city";
/// Name of the radio buttons with industries that fit what was typed.
pub const PICK: &str = "_industry";
/// The two promises are given on the last page, with the whole declaration in view.
pub const PROMISES: [&str; 2] = ["policy_commitment", "truth_commitment"];
/// What the platform knows better than a form: never taken from one.
pub const FIXED: [&str; 2] = ["unit_name", "unit_credit_code"];
/// Most industries offered at once.
const OFFERED: usize = 20;

/// Fields under one sub-heading.
pub struct Section {
    /// The sub-heading; may be empty.
    pub title: String,
    /// Its questions.
    pub rows: Vec<Row>,
}

/// One question.
pub struct Row {
    /// The earlier answer on the same page it depends on.
    pub when: Option<&'static When>,
    /// That condition in words.
    pub note: String,
    /// The control.
    pub markup: Markup,
    /// Industries to pick from, when what was typed fits several.
    pub picks: Option<Markup>,
}

impl Row {
    /// The values of the condition, for the page script.
    pub fn values(&self) -> String {
        self.when.map(|when| when.is.join(",")).unwrap_or_default()
    }
}

/// A check box of its own: the sentence is the question.
#[derive(Template)]
#[template(path = "portal/declare_check_box.html")]
struct CheckBox<'a> {
    field: &'a declaration::Field,
    checked: bool,
    errors: Vec<&'a Refusal>,
}

impl HtmlSafe for CheckBox<'_> {}

/// What drawing needs.
pub struct Drawing<'a> {
    /// The rules.
    pub rules: &'a Rulebook,
    /// Everything typed so far.
    pub answers: &'a Answers,
    /// What is wrong.
    pub refusals: &'a [Refusal],
    /// The city chosen to narrow the regions down, when no region is chosen yet.
    pub city: &'a str,
}

/// Whether a question stands on the page: asked now, or asked depending on another question of the same page.
fn is_drawn(form: &Form, group: &Group, field: &declaration::Field, answers: &Answers) -> bool {
    if PROMISES.contains(&field.id.as_str()) {
        return false;
    }
    match &field.show_when {
        Some(when) => match group.fields.iter().find(|f| f.id == when.field) {
            Some(earlier) => is_drawn(form, group, earlier, answers),
            None => form.is_shown(field, answers),
        },
        None => true,
    }
}

/// The sections of a page.
pub fn sections(group: &'static Group, drawing: &Drawing<'_>) -> Vec<Section> {
    let form = drawing.rules.form;
    group
        .sections()
        .into_iter()
        .map(|(title, fields)| Section {
            title: title.to_owned(),
            rows: fields
                .iter()
                .filter(|f| is_drawn(form, group, f, drawing.answers))
                .map(|f| row(group, f, drawing))
                .collect(),
        })
        .filter(|section| !section.rows.is_empty())
        .collect()
}

fn row(group: &Group, field: &'static declaration::Field, drawing: &Drawing<'_>) -> Row {
    let form = drawing.rules.form;
    let when = field.show_when.as_ref().filter(|when| group.fields.iter().any(|f| f.id == when.field));
    let errors: Vec<&Refusal> =
        drawing.refusals.iter().filter(|r| r.field.as_deref() == Some(field.id.as_str())).collect();
    let raw = drawing.answers.get(&field.id).map_or("", String::as_str);
    let markup = match field.kind {
        Kind::Bool => Markup::of(CheckBox { field, checked: raw == "yes", errors }),
        _ => Markup::of(control(field, raw, drawing)),
    };
    let picks = if field.kind == Kind::Industry { picks(drawing.rules, raw).map(Markup::of) } else { None };
    Row { when, note: when.map(|w| format!("仅当{}时填写", words(form, w))).unwrap_or_default(), markup, picks }
}

/// A condition in words: “A”为“B”或“C”.
fn words(form: &Form, when: &When) -> String {
    let Some(field) = form.field(&when.field) else { return String::new() };
    if when.is.is_empty() {
        return format!("填写了“{}”", field.label);
    }
    let values: Vec<String> = when.is.iter().map(|value| format!("“{}”", field.display(value))).collect();
    format!("“{}”为{}", field.label, values.join("或"))
}

fn control(field: &'static declaration::Field, raw: &str, drawing: &Drawing<'_>) -> Field {
    let form = drawing.rules.form;
    let mut made = bare(field, raw, drawing).error_list(drawing.refusals);
    let mut hints: Vec<String> = Vec::new();
    if let (Some(when), false) = (&field.required_when, field.required) {
        hints.push(format!("{}时必填。", words(form, when)));
    }
    if let (Kind::Industry, Some(path)) = (field.kind, drawing.rules.industries.path_name(raw)) {
        hints.push(format!("已选：{path}"));
    } else if FIXED.contains(&field.id.as_str()) {
        hints.push("取自单位注册信息，不能在此修改。".to_owned());
    } else if let Some(example) = field
        .example
        .as_deref()
        .filter(|_| field.options.is_empty() && !matches!(field.kind, Kind::YesNo | Kind::Region))
    {
        hints.push(format!("例如：{example}"));
    }
    if !hints.is_empty() {
        made = made.hint(hints.join(" "));
    }
    if form.is_required(field, drawing.answers) && !FIXED.contains(&field.id.as_str()) {
        made = made.required();
    }
    let (basis, how) = match &field.personal {
        Some(p) => {
            (p.basis.as_str(), format!("{}个人信息用途：{}；保存期限：{}。", field.measure, p.purpose, p.retention))
        }
        None => (field.article.as_deref().unwrap_or_default(), field.measure.clone()),
    };
    made.guide(&field.help, basis, how)
}

fn bare(field: &'static declaration::Field, raw: &str, drawing: &Drawing<'_>) -> Field {
    let (id, label) = (field.id.as_str(), field.label.as_str());
    let choices = || field.options.iter().map(|option| Choice::new(&option.value, &option.label));
    match field.kind {
        Kind::Text if FIXED.contains(&id) => Field::text(id, label).value(raw).readonly(),
        Kind::CreditCode if FIXED.contains(&id) => Field::text(id, label).value(raw).readonly(),
        Kind::Text | Kind::CreditCode | Kind::Phone | Kind::Email | Kind::Person => {
            Field::text(id, label).value(raw).max(field.limit())
        }
        Kind::LongText => {
            Field::textarea(id, label, if field.limit() > 600 { 5 } else { 3 }).value(raw).max(field.limit())
        }
        Kind::Contributions => Field::textarea(id, label, 4).value(raw).max(field.limit()),
        Kind::Choice if field.options.len() > 5 => Field::select(id, label, choices()).value(raw),
        Kind::Choice => Field::radios(id, label, choices()).value(raw),
        Kind::Choices => Field::checkboxes(id, label, choices()).values(raw.split(',').map(str::trim)),
        Kind::Bool => Field::check(id, label, label).value(raw),
        Kind::YesNo => Field::yes_no(id, label).value(raw),
        Kind::MoneyWan => Field::money(id, label).value(raw),
        Kind::UsdWan => Field::number(id, label, "万美元").value(raw),
        Kind::Number => Field::number(id, label, &field.unit).value(raw),
        Kind::Date => Field::date(id, label).value(raw),
        Kind::Month => Field::month(id, label).value(raw),
        Kind::Region => region(field, raw, drawing),
        Kind::Industry => {
            Field::search(id, label, "/declare/industries").value(named_industry(drawing.rules.industries, raw)).max(60)
        }
    }
}

fn region(field: &'static declaration::Field, raw: &str, drawing: &Drawing<'_>) -> Field {
    let regions = drawing.rules.regions;
    let chosen = RegionCode::parse(raw).filter(|code| regions.within(INNER_MONGOLIA, *code));
    let city = chosen.map_or(drawing.city, |_| "");
    let city = chosen.map_or(city.to_owned(), |code| city_of(regions, code));
    Field::region(CITY, &field.id, &field.label, cities(regions), counties(regions, &city), "/declare/counties")
        .value(&city)
        .value(raw)
}

/// The entry of the first list a region stands under.
fn city_of(regions: &Regions, code: RegionCode) -> String {
    let mut path = vec![code];
    path.extend(regions.ancestors(code).into_iter().map(|region| region.code));
    let top = path.into_iter().rev().nth(1).unwrap_or(INNER_MONGOLIA);
    top.as_str().to_owned()
}

/// The leagues and cities of Inner Mongolia, and the region itself for what crosses them.
pub fn cities(regions: &Regions) -> Vec<Choice> {
    let own = regions.children(INNER_MONGOLIA).map(|region| Choice::new(region.code.as_str(), &region.name));
    own.chain([Choice::new(INNER_MONGOLIA.as_str(), "跨盟市（自治区）")]).collect()
}

/// What lies below a league or city, zones included; the whole of it last.
pub fn counties(regions: &Regions, city: &str) -> Vec<Choice> {
    let Some(city) = RegionCode::parse(city).filter(|code| regions.within(INNER_MONGOLIA, *code)) else {
        return Vec::new();
    };
    if city == INNER_MONGOLIA {
        return vec![Choice::new(city.as_str(), "跨盟市项目")];
    }
    let name = |code| regions.name(code).unwrap_or_default().to_owned();
    let below = regions.below(city).map(|region| Choice::new(region.code.as_str(), &region.name));
    below.chain([Choice::new(city.as_str(), format!("{}（跨旗县项目）", name(city)))]).collect()
}

/// A code with its name, as the search field shows it; anything else as it is.
pub fn named_industry(industries: &Industries, raw: &str) -> String {
    match industries.get(raw) {
        Some(industry) => format!("{} {}", industry.code, industry.name),
        None => raw.to_owned(),
    }
}

/// The four-digit industries that fit what was typed, best first.
pub fn industries_like(industries: &'static Industries, typed: &str) -> Vec<&'static domain::industry::Industry> {
    let typed = typed.trim();
    let word = typed.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    let digits =
        typed.get(..typed.len() - typed.trim_start_matches(|c: char| c.is_ascii_digit()).len()).unwrap_or_default();
    let leaf = |code: &str| code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit());
    let mut found: Vec<_> = industries
        .iter()
        .filter(|i| leaf(&i.code))
        .filter(
            |i| if digits.is_empty() { !word.is_empty() && i.name.contains(word) } else { i.code.starts_with(digits) },
        )
        .collect();
    if found.is_empty() && !word.is_empty() {
        let above: Vec<_> = industries.iter().filter(|i| !leaf(&i.code) && i.name.contains(word)).collect();
        found = above
            .iter()
            .flat_map(|top| industries.iter().filter(|i| leaf(&i.code) && i.code.starts_with(&top.code)))
            .collect();
    }
    found.sort_by_key(|i| (i.name != word, !i.name.starts_with(word), i.code.clone()));
    found.truncate(OFFERED);
    found
}

/// What was typed into the search field: the code of the one industry it means, or the words themselves.
fn industry(industries: &'static Industries, typed: &str, picked: &str) -> String {
    if industries.get(picked).is_some() {
        return picked.to_owned();
    }
    let typed = typed.trim();
    let code = typed.get(..4).filter(|code| industries.exists(code) && code.bytes().all(|b| b.is_ascii_digit()));
    match (code, industries_like(industries, typed).as_slice()) {
        (Some(code), _) => code.to_owned(),
        (None, [one]) => one.code.clone(),
        (None, [first, ..]) if first.name == typed => first.code.clone(),
        _ => typed.to_owned(),
    }
}

/// The answers one posted page holds, and nothing else of what was sent.
pub fn typed(group: &Group, rules: &Rulebook, before: &Answers, sent: &crate::Fields) -> Answers {
    let mut answers = Answers::new();
    for field in
        group.fields.iter().filter(|f| is_drawn(rules.form, group, f, before) && !FIXED.contains(&f.id.as_str()))
    {
        let sent_here = sent.0.iter().any(|(name, _)| *name == field.id);
        let value = match field.kind {
            Kind::Bool if sent_here => "yes".to_owned(),
            // an unchecked box is not sent at all
            Kind::Bool => String::new(),
            Kind::Choices => sent.all(&field.id).join(","),
            _ if !sent_here => continue,
            Kind::Industry => industry(rules.industries, sent.get(&field.id), sent.get(PICK)),
            _ => sent.get(&field.id).replace("\r\n", "\n"),
        };
        answers.insert(field.id.clone(), value);
    }
    answers
}

/// When what was typed as the industry fits several: the choices to pick from without a script.
fn picks(rules: &Rulebook, raw: &str) -> Option<Field> {
    let is_settled = raw.is_empty() || rules.industries.get(raw).is_some_and(|industry| industry.code.len() == 4);
    let found = if is_settled { Vec::new() } else { industries_like(rules.industries, raw) };
    let choices = found.iter().map(|i| {
        Choice::new(&i.code, format!("{} {}", i.code, i.name))
            .note(rules.industries.path_name(&i.code).unwrap_or_default())
    });
    (!found.is_empty()).then(|| Field::radios(PICK, format!("与“{raw}”相近的行业，请选择一个"), choices).required())
}
